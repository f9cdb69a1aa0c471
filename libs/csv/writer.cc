#include "libs/csv/writer.h"

#include <utility>

#include "libs/csv/text.h"

namespace kubari::csv {

Writer::Writer() : out_("\uFEFF") {}

void Writer::Cell(std::string_view content) {
  if (row_started_) out_.push_back(',');
  row_started_ = true;
  // Also quoted: what other spreadsheets take for a separator, and spaces that they would trim.
  const bool plain = content.find_first_of(",;\t\"\r\n") == std::string_view::npos && Trim(content) == content;
  if (plain) {
    out_.append(content);
    return;
  }
  out_.push_back('"');
  for (const char c : content) {
    if (c == '"') out_.push_back('"');
    out_.push_back(c);
  }
  out_.push_back('"');
}

Writer& Writer::Text(std::string_view text) {
  Cell(LooksLikeFormula(text) ? "'" + std::string(text) : std::string(text));
  return *this;
}

Writer& Writer::Int(int64_t number) {
  Cell(std::to_string(number));
  return *this;
}

Writer& Writer::EndRow() {
  out_.append("\r\n");
  row_started_ = false;
  return *this;
}

Writer& Writer::TextRow(const std::vector<std::string>& cells) {
  for (const std::string& cell : cells) Text(cell);
  return EndRow();
}

std::string Writer::Take() { return std::exchange(out_, {}); }

}  // namespace kubari::csv
