// Spreadsheets for people to download.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kubari::tables {

// Writes cells one after the other, as CsvWriter does. Text stays text, whatever it begins with: nothing becomes a formula or a link.
class XlsxWriter {
 public:
  XlsxWriter();
  ~XlsxWriter();
  XlsxWriter(const XlsxWriter&) = delete;
  XlsxWriter& operator=(const XlsxWriter&) = delete;

  // Begins a sheet; its name has at most 31 characters, without []:*?/\. Columns are as wide as given (in digits); the first row is bold and
  // stays in sight.
  XlsxWriter& Sheet(const std::string& name, const std::vector<int>& widths);
  XlsxWriter& Text(std::string_view text);
  XlsxWriter& Int(int64_t number);
  XlsxWriter& EndRow();
  XlsxWriter& TextRow(const std::vector<std::string>& cells);

  // The file; nothing if the machine has no memory left for it. To be called once, last.
  std::optional<std::string> Take();

 private:
  struct Book;
  std::unique_ptr<Book> book_;
};

}  // namespace kubari::tables
