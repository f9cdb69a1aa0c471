#include "libs/imports/upload.h"

#include "absl/strings/str_cat.h"

namespace kubari::imports {
namespace {

void Fill(const tables::CellError& error, type::v1::ImportProblem& problem) {
  problem.set_row(error.row);
  problem.set_column(error.column);
  problem.set_value(error.value);
  problem.set_reason(error.reason);
  problem.set_message(error.english);
  problem.set_message_ja(error.japanese);
}

tables::Options OptionsOf(const type::v1::TableOptions& options, bool dry_run) {
  return {.sheet = options.sheet(),
          .columns = {options.columns().begin(), options.columns().end()},
          .header_row = options.header_row(),
          // The answer to a written import is kept; all rows of the table need not be.
          .all_rows = options.all_rows() && dry_run};
}

}  // namespace

Upload::Upload(const std::string& bytes, const type::v1::TableOptions& options, bool dry_run,
               const std::vector<tables::Column>& columns)
    : columns_(columns),
      skip_bad_rows_(options.skip_bad_rows()),
      table_(tables::Table::Read(bytes, columns, {.bytes = kMaxTableBytes, .rows = kMaxTableRows}, problems_,
                                 OptionsOf(options, dry_run), &reading_)) {}

const std::vector<tables::Row>& Upload::rows() const {
  static const std::vector<tables::Row> none;
  return table_ ? table_->rows() : none;
}

void Upload::Report(google::protobuf::RepeatedPtrField<type::v1::ImportProblem>& problems) const {
  for (const tables::CellError& error : problems_.all()) Fill(error, *problems.Add());
}

void Upload::Describe(type::v1::TableReading& reading) const {
  reading.set_format(reading_.format);
  reading.set_encoding(reading_.encoding);
  reading.set_sheet(reading_.sheet);
  for (const std::string& sheet : reading_.sheets) reading.add_sheets(sheet);
  reading.set_header_row(reading_.header_row);
  for (const std::string& header : reading_.headers) reading.add_headers(header);
  for (const std::string& column : reading_.columns) reading.add_columns(column);
  reading.set_row_count(reading_.row_count);
  for (const tables::Row& row : reading_.rows) {
    type::v1::TableRow& out = *reading.add_first_rows();
    out.set_number(row.number);
    for (const std::string& cell : row.cells) out.add_cells(cell);
  }
  for (const tables::Column& column : columns_) {
    reading.add_known_columns(column.name);
    if (column.required) reading.add_required_columns(column.name);
  }
  for (const tables::CellError& warning : reading_.warnings) Fill(warning, *reading.add_warnings());
  for (const int row : problems_.rows()) {
    if (row > reading_.header_row) reading.set_bad_row_count(reading.bad_row_count() + 1);
  }
}

void CheckTable(errors::Violations& violations, const std::string& table) {
  violations.Require(!table.empty(), "table", "REQUIRED",
                     "The table is empty; send a CSV or .xlsx file with a header row.",
                     "表が空です。見出し行のある CSV か Excel（.xlsx）を送ってください。");
  violations.Require(
      table.size() <= kMaxTableBytes, "table", "TOO_LONG",
      absl::StrCat("The table has ", table.size(), " bytes; at most ", kMaxTableBytes, " are allowed. Split it."),
      absl::StrCat("表は ", table.size(), " バイトです。", kMaxTableBytes, " バイト以内に分けてください。"));
}

}  // namespace kubari::imports
