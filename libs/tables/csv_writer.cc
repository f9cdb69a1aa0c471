#include "libs/tables/csv_writer.h"

#include <utility>

#include "libs/tables/text.h"

namespace kubari::tables {

CsvWriter::CsvWriter() : out_("\uFEFF") {}

void CsvWriter::Cell(std::string_view content) {
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

CsvWriter& CsvWriter::Text(std::string_view text) {
  Cell(LooksLikeFormula(text) ? "'" + std::string(text) : std::string(text));
  return *this;
}

CsvWriter& CsvWriter::Int(int64_t number) {
  Cell(std::to_string(number));
  return *this;
}

CsvWriter& CsvWriter::EndRow() {
  out_.append("\r\n");
  row_started_ = false;
  return *this;
}

CsvWriter& CsvWriter::TextRow(const std::vector<std::string>& cells) {
  for (const std::string& cell : cells) Text(cell);
  return EndRow();
}

std::string CsvWriter::Take() { return std::exchange(out_, {}); }

}  // namespace kubari::tables
