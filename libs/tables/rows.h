// Rows of a file before anybody knows which of them is the header: what CSV and .xlsx have in common.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "libs/tables/errors.h"

namespace kubari::tables {

// Something about one cell that its text does not say.
enum class Mark : uint8_t {
  kFormula,           // the text is the value that the spreadsheet stored
  kFormulaUnvalued,   // a formula, and no value was stored
  kSpreadsheetError,  // the text is "#N/A" or the like
};

struct CellMark {
  int column = 0;  // from 0
  Mark mark = Mark::kFormula;
};

struct RawRow {
  int number = 0;                  // as the spreadsheet shows it; the first is 1
  std::vector<std::string> cells;  // UTF-8, trimmed of surrounding white space
  std::vector<CellMark> marks;
  std::optional<CellError> error;  // the row is wrong in itself; without its number
};

// Rows without any content are left out.
struct RawTable {
  std::vector<RawRow> rows;
  bool more = false;  // reading stopped at RawLimits.rows, and there is at least one row more
  std::string sheet;
  std::vector<std::string> sheets;
  std::vector<CellError> warnings;
};

struct RawLimits {
  int rows = 0;
  int columns = 0;  // further cells of a row are not kept, but for one
};

// RFC 4180, a little wider: a line may also end with CR alone, and a quote in the middle of an unquoted cell is just a character.
RawTable ReadCsv(std::string_view text, char separator, const RawLimits& limits);

// `sheet`: its name; empty: the first one that is not hidden. Nothing when the file is no workbook or does more than a table may; then
// `errors` says why. Safe for hostile files: no entity, no external part, bounded when inflated.
std::optional<RawTable> ReadXlsx(std::string_view bytes, const std::string& sheet, const RawLimits& limits, CellErrors& errors);

}  // namespace kubari::tables
