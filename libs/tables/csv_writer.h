// Tables for people to download: UTF-8 with BOM (Excel needs it), CRLF, RFC 4180 quoting.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace kubari::tables {

// Writes cells one after the other. Text that a spreadsheet would run as a formula (it begins with = + - @ or a control
// character) gets a ' before it; numbers do not. Cells::Text takes that quote off again, so an exported table can be
// read back.
class CsvWriter {
 public:
  CsvWriter();

  CsvWriter& Text(std::string_view text);
  CsvWriter& Int(int64_t number);
  CsvWriter& EndRow();
  // Text for each, then EndRow.
  CsvWriter& TextRow(const std::vector<std::string>& cells);

  // What was written since the last Take(): for streaming, or all of it at the end.
  std::string Take();

 private:
  void Cell(std::string_view content);

  std::string out_;
  bool row_started_ = false;
};

}  // namespace kubari::tables
