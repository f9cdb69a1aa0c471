// Tables that people upload: UTF-8 (with or without BOM), RFC 4180 quoting, CRLF or LF, a header row, columns in any
// order.
//
//   tables::CellErrors errors;
//   auto table = tables::Table::Read(bytes, {{.name = "品名"}, {.name = "数量", .aliases = {"quantity"}}}, {}, errors);
//   if (table) for (const tables::Row& row : table->rows()) {
//     tables::Cells cells(*table, row, errors);
//     auto name = cells.Text("品名", 200);
//     auto quantity = cells.Int("数量", 1, 1'000'000);
//   }
//   if (!errors.empty()) …everything that is wrong, at once
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "libs/calendar/date.h"
#include "libs/tables/errors.h"

namespace kubari::tables {

struct Column {
  std::string name;                  // how the program calls it, and how it may be called in the file
  std::vector<std::string> aliases;  // other names it may have in the file
  bool required = true;              // must the file have this column?
};

struct Limits {
  size_t bytes = 20'000'000;
  int rows = 50'000;  // data rows, without the header
  int columns = 200;
};

struct Row {
  int number = 0;                  // as the spreadsheet shows it; the header is 1
  std::vector<std::string> cells;  // in the file's order, trimmed of surrounding white space; as many as the header has
};

class Table {
 public:
  // Nothing is returned when the file cannot be read as a table with the required columns; then `errors` says why. Rows
  // that are wrong in themselves (more cells than the header) are reported and left out. Rows without any content are
  // skipped. Header names are compared without regard to case, width (ＡＢＣ = ABC) and surrounding white space.
  static std::optional<Table> Read(std::string_view bytes, const std::vector<Column>& columns, const Limits& limits,
                                   CellErrors& errors);

  const std::vector<Row>& rows() const { return rows_; }

  // Header names of the file that no Column asked for. A warning, not an error.
  const std::vector<std::string>& unknown_columns() const { return unknown_columns_; }

  // Does the file have the column of this (program) name?
  bool Has(std::string_view column) const { return IndexOf(column) >= 0; }

  // The cell as it stands; empty when the file does not have the column.
  std::string_view Cell(const Row& row, std::string_view column) const;

  // How the file calls the column; the program's name when it does not have it.
  std::string HeaderOf(std::string_view column) const;

 private:
  bool ReadHeader(const std::vector<Column>& columns, const Limits& limits, CellErrors& errors);
  int IndexOf(std::string_view column) const;

  std::vector<std::string> header_;        // as in the file
  std::vector<std::string> column_names_;  // per file column the program's name, or empty
  std::vector<std::string> unknown_columns_;
  std::vector<Row> rows_;
};

// Typed access to one row. Each reader returns the value, or adds to `errors` and returns nothing. An empty cell is an
// error (EMPTY); ask Empty() first where a cell may be empty. Numbers, dates and choices are also read in full-width
// characters.
class Cells {
 public:
  Cells(const Table& table, const Row& row, CellErrors& errors) : table_(table), row_(row), errors_(errors) {}

  // Nothing but white space, or the file does not have the column.
  bool Empty(std::string_view column) const;

  // Up to `max_characters` code points, no control characters but line breaks and tabs. The quote that the Writer puts
  // before a formula is taken off.
  std::optional<std::string> Text(std::string_view column, int max_characters);

  // A whole number, "1200" or "1,200".
  std::optional<int64_t> Int(std::string_view column, int64_t min, int64_t max);

  // 2027-03-31, 2027/3/31, 2027.3.31, 2027年3月31日, and the same without the day.
  std::optional<calendar::Date> Date(std::string_view column);

  // One of `choices`, without regard to case and width; gives the choice as written in `choices`.
  std::optional<std::string> Choice(std::string_view column, const std::vector<std::string>& choices);

  // yes/no, y/n, true/false, 1/0, はい/いいえ, ○/×, 有/無.
  std::optional<bool> Bool(std::string_view column);

  // Parts separated by ";" (or "；"), each trimmed, empty ones left out; each part up to `max_characters`.
  std::optional<std::vector<std::string>> List(std::string_view column, int max_characters);

  // For rules of the caller: an error at this row and column.
  void Fail(std::string_view column, std::string reason, std::string english, std::string japanese);

 private:
  bool Filled(std::string_view column);
  bool Fits(std::string_view column, std::string_view text, int max_characters);

  const Table& table_;
  const Row& row_;
  CellErrors& errors_;
};

}  // namespace kubari::tables
