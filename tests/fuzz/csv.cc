#include <limits>
#include <string>
#include <vector>

#include "libs/tables/table.h"
#include "libs/tables/text.h"
#include "libs/tables/csv_writer.h"
#include "tests/fuzz/targets.h"

namespace kubari::fuzz {
namespace {

constexpr tables::Limits kLimits = {.bytes = 100'000, .rows = 1000, .columns = 50};

void IsHelpful(const tables::CellErrors& errors) {
  for (const tables::CellError& error : errors.all()) {
    Require(!error.reason.empty() && !error.english.empty() && !error.japanese.empty(), "the error says why");
    for (const std::string& text : {error.column, error.value, error.english, error.japanese})
      Require(tables::IsUtf8(text), "the error can be shown", text);
  }
}

// Every typed reader, for its answer or its error.
void ReadAll(const tables::Table& table, const tables::Row& row) {
  tables::CellErrors errors;
  tables::Cells cells(table, row, errors);
  for (const char* column : {"a", "b", "absent"}) {
    cells.Text(column, 20);
    cells.Int(column, -5, 5);
    cells.Date(column);
    cells.Choice(column);
    cells.Choices(column);
    cells.Bool(column);
    cells.List(column, 5);
  }
  IsHelpful(errors);
}

}  // namespace

void Csv(std::string_view bytes) {
  tables::CellErrors errors;
  const auto table = tables::Table::Read(bytes, {{.name = "a", .aliases = {"A1"}, .choices = {{"one"}, {"two", "Two", "二"}}}, {.name = "b", .required = false}}, kLimits, errors);
  IsHelpful(errors);
  Require(table.has_value() || !errors.empty(), "a table, or why not");
  if (!table || table->rows().empty()) return;
  for (const tables::Row& row : table->rows()) ReadAll(*table, row);

  const size_t width = table->rows().front().cells.size();
  std::vector<tables::Column> columns;
  std::vector<std::string> header;
  for (size_t i = 0; i < width; ++i) {
    header.push_back("c" + std::to_string(i));
    columns.push_back({header.back()});
  }
  tables::CsvWriter writer;
  writer.TextRow(header);
  for (const tables::Row& row : table->rows()) {
    Require(row.cells.size() == width, "every row is as wide as the header");
    writer.TextRow(row.cells);
  }
  const std::string written = writer.Take();
  tables::CellErrors none;
  const tables::Limits enough = {.bytes = written.size(), .rows = kLimits.rows, .columns = kLimits.columns};
  const auto again = tables::Table::Read(written, columns, enough, none);
  Require(again.has_value() && none.empty(), "what is written can be read", written);
  Require(again->rows().size() == table->rows().size(), "with all its rows", written);
  for (size_t i = 0; i < again->rows().size(); ++i) {
    tables::CellErrors refused;
    tables::Cells cells(*again, again->rows()[i], refused);
    for (size_t j = 0; j < width; ++j) {
      const std::string& cell = table->rows()[i].cells[j];
      if (cell.empty()) continue;
      const auto text = cells.Text(header[j], std::numeric_limits<int>::max());
      Require(!text || *text == cell, "with the same content", written);
    }
  }
}

void Xlsx(std::string_view bytes) {
  tables::CellErrors errors;
  tables::Reading reading;
  const auto table = tables::Table::Read(bytes, {{.name = "a"}, {.name = "date", .required = false, .kind = tables::Kind::kDay}}, kLimits, errors,
                                         {.all_rows = true}, &reading);
  IsHelpful(errors);
  Require(table.has_value() || !errors.empty(), "a table, or why not");
  for (const std::string& header : reading.headers) Require(tables::IsUtf8(header), "headers are text", header);
  for (const tables::Row& row : reading.rows) {
    Require(row.cells.size() == reading.headers.size(), "every row is as wide as the header");
    for (const std::string& cell : row.cells) Require(tables::IsUtf8(cell), "cells are text", cell);
  }
}

}  // namespace kubari::fuzz
