#include "libs/tables/xlsx_writer.h"

#include <sys/mman.h>
#include <unistd.h>
#include <xlsxwriter.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "libs/tables/text.h"

namespace kubari::tables {

// The library writes to a name; the name is that of a file in memory.
struct XlsxWriter::Book {
  int file = -1;
  lxw_workbook* workbook = nullptr;
  lxw_worksheet* sheet = nullptr;
  lxw_format* head = nullptr;
  lxw_format* text = nullptr;
  lxw_row_t row = 0;
  lxw_col_t column = 0;
};

XlsxWriter::XlsxWriter() : book_(std::make_unique<Book>()) {
  book_->file = memfd_create("table.xlsx", MFD_CLOEXEC);
  if (book_->file < 0) return;
  book_->workbook = workbook_new(absl::StrCat("/proc/self/fd/", book_->file).c_str());
  if (book_->workbook == nullptr) return;
  book_->head = workbook_add_format(book_->workbook);
  format_set_bold(book_->head);
  format_set_text_wrap(book_->head);
  format_set_align(book_->head, LXW_ALIGN_VERTICAL_TOP);
  // "@": a code that is typed below, such as 01101, keeps its zero.
  book_->text = workbook_add_format(book_->workbook);
  format_set_num_format(book_->text, "@");
}

XlsxWriter::~XlsxWriter() {
  if (book_->workbook != nullptr) workbook_close(book_->workbook);
  if (book_->file >= 0) close(book_->file);
}

XlsxWriter& XlsxWriter::Sheet(const std::string& name, const std::vector<int>& widths) {
  if (book_->workbook == nullptr) return *this;
  book_->sheet = workbook_add_worksheet(book_->workbook, name.c_str());
  book_->row = 0;
  book_->column = 0;
  if (book_->sheet == nullptr) return *this;
  for (size_t i = 0; i < widths.size(); ++i) {
    worksheet_set_column(book_->sheet, static_cast<lxw_col_t>(i), static_cast<lxw_col_t>(i), widths[i], book_->text);
  }
  worksheet_freeze_panes(book_->sheet, 1, 0);
  return *this;
}

XlsxWriter& XlsxWriter::Text(std::string_view text) {
  if (book_->sheet == nullptr) return *this;
  // A cell holds 32,767 characters.
  worksheet_write_string(book_->sheet, book_->row, book_->column++, FirstCharacters(text, 32'000).c_str(),
                         book_->row == 0 ? book_->head : book_->text);
  return *this;
}

XlsxWriter& XlsxWriter::Int(int64_t number) {
  if (book_->sheet == nullptr) return *this;
  // Above 15 digits a spreadsheet would round.
  if (number > 999'999'999'999'999 || number < -999'999'999'999'999) return Text(std::to_string(number));
  worksheet_write_number(book_->sheet, book_->row, book_->column++, static_cast<double>(number), nullptr);
  return *this;
}

XlsxWriter& XlsxWriter::EndRow() {
  ++book_->row;
  book_->column = 0;
  return *this;
}

XlsxWriter& XlsxWriter::TextRow(const std::vector<std::string>& cells) {
  for (const std::string& cell : cells) Text(cell);
  return EndRow();
}

std::optional<std::string> XlsxWriter::Take() {
  if (book_->workbook == nullptr) return std::nullopt;
  const lxw_error error = workbook_close(std::exchange(book_->workbook, nullptr));
  book_->sheet = nullptr;
  if (error != LXW_NO_ERROR) return std::nullopt;
  const off_t size = lseek(book_->file, 0, SEEK_END);
  std::string bytes(size < 0 ? 0 : size, '\0');
  if (bytes.empty() || pread(book_->file, bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size())) return std::nullopt;
  return bytes;
}

}  // namespace kubari::tables
