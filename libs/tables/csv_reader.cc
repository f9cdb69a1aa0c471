#include <algorithm>
#include <utility>

#include "libs/tables/rows.h"
#include "libs/tables/text.h"

namespace kubari::tables {
namespace {

// Reads the record that begins at `next`, and moves `next` to the following one.
RawRow ReadRecord(std::string_view bytes, char separator, size_t most_cells, size_t& next) {
  RawRow row;
  std::string cell;
  bool quoted = false;  // the cell began with a quote that has been closed
  const auto end_cell = [&] {
    // Only now is the cell whole, and with it its last character.
    if (row.error && row.error->value.empty()) row.error->value = cell;
    const std::string_view content = Trim(cell);
    if (row.cells.size() < most_cells) {
      row.cells.emplace_back(content);
    } else if (!content.empty()) {
      row.cells.back() = content;  // one too many is enough to be told
    }
    cell.clear();
    quoted = false;
  };
  while (next < bytes.size()) {
    const char c = bytes[next++];
    if (c == separator) {
      end_cell();
    } else if (c == '\r' || c == '\n') {
      if (c == '\r' && next < bytes.size() && bytes[next] == '\n') ++next;
      end_cell();
      return row;
    } else if (c == '"' && !quoted && Trim(cell).empty()) {
      cell.clear();
      quoted = true;
      bool closed = false;
      while (next < bytes.size() && !closed) {
        if (bytes[next] != '"') {
          cell.push_back(bytes[next++]);
        } else if (next + 1 < bytes.size() && bytes[next + 1] == '"') {
          cell.push_back('"');
          next += 2;
        } else {
          closed = true;
          ++next;
        }
      }
      if (!closed) {
        row.error = CellError{.value = cell,
                              .reason = "QUOTE_NOT_CLOSED",
                              .english = "A quote (\") is opened in this row and never closed; close it or take it out.",
                              .japanese = "この行で始まる引用符（\"）が閉じられていません。閉じるか取り除いてください。"};
      }
    } else if (quoted && c != ' ' && c != '\t') {
      // Kept going to the end of the row, so that the rows after it are still read.
      if (!row.error) {
        row.error = CellError{.reason = "TEXT_AFTER_QUOTE",
                              .english = "There is text after a closing quote; write a quote within a cell as \"\".",
                              .japanese = "閉じた引用符の後に文字があります。セル内の引用符は \"\" と書いてください。"};
      }
      cell.push_back(c);
    } else if (!quoted) {
      cell.push_back(c);
    }
  }
  end_cell();
  return row;
}

}  // namespace

RawTable ReadCsv(std::string_view text, char separator, const RawLimits& limits) {
  RawTable table;
  size_t next = 0;
  for (int number = 1; next < text.size(); ++number) {
    RawRow row = ReadRecord(text, separator, static_cast<size_t>(limits.columns) + 1, next);
    if (!row.error && std::all_of(row.cells.begin(), row.cells.end(), [](const auto& cell) { return cell.empty(); })) continue;
    if (table.rows.size() == static_cast<size_t>(limits.rows)) {
      table.more = true;
      return table;
    }
    row.number = number;
    table.rows.push_back(std::move(row));
  }
  return table;
}

}  // namespace kubari::tables
