// Tables that people upload: CSV in the encodings that are met in Japan (encoding.h), separated by comma, tab or semicolon, or .xlsx; a
// header row, columns in any order.
//
//   tables::CellErrors errors;
//   auto table = tables::Table::Read(bytes, {{.name = "name", .title_ja = "品名"}, {.name = "items", .title_ja = "数量"}}, {}, errors);
//   if (table) for (const tables::Row& row : table->rows()) {
//     tables::Cells cells(*table, row, errors);
//     auto name = cells.Text("name", 200);
//     auto items = cells.Int("items", 1, 1'000'000);
//   }
//   if (!errors.empty()) …everything that is wrong, at once
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "libs/calendar/date.h"
#include "libs/tables/errors.h"

namespace kubari::tables {

// What a cell may say, besides its `value`, in place of it.
struct Choice {
  std::string value;
  std::string title = {}, title_ja = {};
  std::vector<std::string> others = {};
};

enum class Kind : uint8_t { kText, kNumber, kDegrees, kDay, kDayOrMonth, kYesNo, kChoice, kChoices, kTexts };

// A column: how it is found in a file, and what people are told of it.
struct Column {
  std::string name;                  // how the program calls it
  std::vector<std::string> aliases;  // how it may be called in the file, besides by name and titles
  bool required = true;              // must the file have this column?
  std::string title = {}, title_ja = {};
  Kind kind = Kind::kText;
  std::string hint = {}, hint_ja = {};  // how to write it
  std::string example = {};
  std::vector<Choice> choices = {};
};

struct Limits {
  size_t bytes = 20'000'000;
  int rows = 50'000;  // data rows, without the header
  int columns = 200;
};

struct Row {
  int number = 0;                  // as the spreadsheet shows it
  std::vector<std::string> cells;  // in the file's order, trimmed of surrounding white space; as many as the header has
  std::vector<int> told = {};      // cells of which an error was told while reading; nothing more is said of them
};

// How the reader is to go about it.
struct Options {
  std::string sheet = {};                           // of an .xlsx; empty: the first that is not hidden
  std::map<std::string, std::string> columns = {};  // header of the file → name of a Column, or "" for none
  int header_row = 0;                               // 0: the row of the first twenty that has the most names we know
  bool all_rows = false;                            // Reading.rows has all rows, not only the first ten
};

// What was understood, also of a file that is no table in the end.
struct Reading {
  std::string format;    // "csv", "xlsx"; empty if not even that is known
  std::string encoding;  // of CSV
  std::string sheet;
  std::vector<std::string> sheets;
  int header_row = 0;
  std::vector<std::string> headers;
  std::vector<std::string> columns;  // per header the Column's name, or empty
  int row_count = 0;
  std::vector<Row> rows;
  std::vector<CellError> warnings;
};

class Table {
 public:
  // Nothing is returned when the file cannot be read as a table with the required columns; then `errors` says why. Rows that are wrong in
  // themselves (more cells than the header) are reported and left out. Rows without any content are skipped. Header names are compared
  // without regard to case, width (ＡＢＣ = ABC), blanks, marks (＊ ※) and what stands in brackets; where no name fits, a header that contains
  // a Japanese title or alias does (「団体の名称」 for 「名称」), the longest first.
  static std::optional<Table> Read(std::string_view bytes, const std::vector<Column>& columns, const Limits& limits, CellErrors& errors,
                                   const Options& options = {}, Reading* reading = nullptr);

  const std::vector<Row>& rows() const { return rows_; }

  // Header names of the file that no Column asked for. A warning, not an error.
  std::vector<std::string> unknown_columns() const;

  // Does the file have the column of this (program) name?
  bool Has(std::string_view column) const { return IndexOf(column) >= 0; }

  // The cell as it stands; empty when the file does not have the column.
  std::string_view Cell(const Row& row, std::string_view column) const;

  // How the file calls the column; the program's name when it does not have it.
  std::string HeaderOf(std::string_view column) const;

  // Was an error of this cell told while the file was read?
  bool Told(const Row& row, std::string_view column) const;

  // The Column of this (program) name; null if there is none.
  const Column* Find(std::string_view column) const;

 private:
  friend class TableReader;
  int IndexOf(std::string_view column) const;

  std::vector<Column> columns_;
  std::vector<std::string> header_;        // as in the file
  std::vector<std::string> column_names_;  // per file column the program's name, or empty
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

  // One of the column's choices, by value or title, without regard to case and width; gives its value.
  std::optional<std::string> Choice(std::string_view column);

  // As List, each part one of the column's choices, given once.
  std::optional<std::vector<std::string>> Choices(std::string_view column);

  // yes/no, y/n, true/false, 1/0, はい/いいえ, ○/×, 有/無, 可/不可, あり/なし.
  std::optional<bool> Bool(std::string_view column);

  // Parts separated by ";", "、" or a line break, each trimmed, empty ones left out; each part up to `max_characters`.
  std::optional<std::vector<std::string>> List(std::string_view column, int max_characters);

  // For rules of the caller: an error at this row and column; silent about a cell of which one was told while the file was read.
  void Fail(std::string_view column, std::string reason, std::string english, std::string japanese);

 private:
  bool Filled(std::string_view column);
  bool Fits(std::string_view column, std::string_view text, int max_characters);
  std::optional<std::string> ChoiceOf(std::string_view column, std::string_view text);

  const Table& table_;
  const Row& row_;
  CellErrors& errors_;
};

}  // namespace kubari::tables
