#include "libs/tables/table.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "libs/tables/encoding.h"
#include "libs/tables/rows.h"
#include "libs/tables/text.h"

namespace kubari::tables {
namespace {

// A title and an empty row or two may stand above the headers.
constexpr int kHeaderWithin = 20;
constexpr size_t kFirstRows = 10;
constexpr size_t kWarnings = 100;

void FailFile(CellErrors& errors, int row, std::string reason, std::string english, std::string japanese) {
  errors.Add({.row = row, .reason = std::move(reason), .english = std::move(english), .japanese = std::move(japanese)});
}

std::vector<std::string> NamesOf(const Column& column) {
  std::vector<std::string> names;
  for (const std::string* name : {&column.name, &column.title, &column.title_ja}) {
    if (!name->empty()) names.push_back(FoldHeader(*name));
  }
  for (const std::string& alias : column.aliases) names.push_back(FoldHeader(alias));
  return names;
}

bool IsAscii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= 0; });
}

}  // namespace

// Reads one file: rows first, then which of them is the header, then what its columns are.
class TableReader {
 public:
  TableReader(const std::vector<Column>& columns, const Limits& limits, const Options& options, CellErrors& errors, Reading& reading)
      : columns_(columns), limits_(limits), options_(options), errors_(errors), reading_(reading) {
    for (const Column& column : columns) names_.push_back(NamesOf(column));
  }

  std::optional<Table> Read(std::string_view bytes) {
    std::optional<RawTable> raw = Rows(bytes);
    if (!raw) return std::nullopt;
    const size_t at = HeaderAt(raw->rows);
    if (at == raw->rows.size()) {
      FailFile(errors_, std::max(options_.header_row, 1), "NO_HEADER", "This row must hold the column names, but it is empty.",
               "この行には列の名前が必要ですが、空です。");
      return std::nullopt;
    }
    const RawRow& header = raw->rows[at];
    reading_.header_row = header.number;
    if (header.error) {
      CellError error = *header.error;
      error.row = header.number;
      errors_.Add(error);
      return std::nullopt;
    }
    Table table;
    table.columns_ = columns_;
    table.header_ = header.cells;
    while (!table.header_.empty() && table.header_.back().empty()) table.header_.pop_back();
    reading_.headers = table.header_;
    const bool good = Match(table);
    reading_.columns = table.column_names_;
    const bool few = Take(std::move(*raw), at, table);
    return good && few ? std::optional(std::move(table)) : std::nullopt;
  }

 private:
  std::optional<RawTable> Rows(std::string_view bytes) {
    if (bytes.size() > limits_.bytes) {
      FailFile(errors_, 0, "FILE_TOO_LARGE",
               absl::StrCat("The file has ", bytes.size(), " bytes; at most ", limits_.bytes, " are allowed. Split it."),
               absl::StrCat("ファイルは", bytes.size(), "バイトです。", limits_.bytes, "バイト以下に分けてください。"));
      return std::nullopt;
    }
    const RawLimits limits = {.rows = limits_.rows + kHeaderWithin + 1, .columns = limits_.columns};
    if (bytes.starts_with("PK\x03\x04")) {
      reading_.format = "xlsx";
      std::optional<RawTable> raw = ReadXlsx(bytes, options_.sheet, limits, errors_);
      if (raw) {
        reading_.sheet = raw->sheet;
        reading_.sheets = raw->sheets;
        reading_.warnings = raw->warnings;
      }
      return raw;
    }
    if (bytes.starts_with("\xD0\xCF\x11\xE0")) {
      FailFile(errors_, 0, "OLD_OR_LOCKED_WORKBOOK",
               "This is an old Excel file (.xls), or one with a password. Open it and save it as \"Excel workbook (.xlsx)\" without a password.",
               "古い形式の Excel（.xls）か、パスワードのかかったファイルです。開いて「Excel ブック（.xlsx）」としてパスワードなしで保存し直してください。");
      return std::nullopt;
    }
    reading_.format = "csv";
    const std::optional<Decoded> decoded = Decode(bytes, errors_);
    if (!decoded) return std::nullopt;
    reading_.encoding = decoded->encoding;
    return ReadCsv(decoded->text, SeparatorOf(decoded->text), limits);
  }

  // How many of the cells are names that we know.
  int Hits(const RawRow& row) const {
    int hits = 0;
    for (const std::string& cell : row.cells) hits += !cell.empty() && IsName(cell);
    return hits;
  }
  bool IsName(const std::string& cell) const {
    if (options_.columns.contains(cell)) return true;
    const std::string folded = FoldHeader(cell);
    return std::any_of(names_.begin(), names_.end(),
                       [&](const auto& names) { return std::find(names.begin(), names.end(), folded) != names.end(); });
  }

  // The separator with which the first rows have the most names we know; else the one that the first row has most of.
  char SeparatorOf(std::string_view text) const {
    char best = ',';
    std::pair<int, int> most = {-1, -1};
    for (const char separator : {',', '\t', ';'}) {
      const RawTable head = ReadCsv(text, separator, {.rows = kHeaderWithin, .columns = limits_.columns});
      int hits = 0;
      for (const RawRow& row : head.rows) hits = std::max(hits, Hits(row));
      const int width = head.rows.empty() ? 0 : static_cast<int>(head.rows[0].cells.size());
      if (std::pair(hits, width) > most) {
        most = {hits, width};
        best = separator;
      }
    }
    return best;
  }

  // The place of the header among the rows; their number if there is none.
  size_t HeaderAt(const std::vector<RawRow>& rows) const {
    if (options_.header_row > 0) {
      const auto found = std::find_if(rows.begin(), rows.end(), [&](const RawRow& row) { return row.number == options_.header_row; });
      return found - rows.begin();
    }
    size_t best = rows.empty() || rows[0].number > kHeaderWithin ? rows.size() : 0;
    int most = 0;
    for (size_t i = 0; i < rows.size() && rows[i].number <= kHeaderWithin; ++i) {
      const int hits = Hits(rows[i]);
      if (hits > most) {
        most = hits;
        best = i;
      }
    }
    // Nothing that we know anywhere: then only the first row can be meant.
    return most == 0 && !rows.empty() && rows[0].number != 1 ? rows.size() : best;
  }

  bool Match(Table& table) {
    if (table.header_.size() > static_cast<size_t>(limits_.columns)) {
      FailFile(errors_, reading_.header_row, "TOO_MANY_COLUMNS",
               absl::StrCat("The table has more than ", limits_.columns, " columns; keep those that are needed."),
               absl::StrCat("列が", limits_.columns, "を超えています。必要な列だけにしてください。"));
      return false;
    }
    const size_t width = table.header_.size();
    table.column_names_.assign(width, "");
    std::vector<std::string> folded;
    for (const std::string& header : table.header_) folded.push_back(FoldHeader(header));
    std::vector<bool> settled(width, false);
    bool good = true;

    for (const auto& [header, name] : options_.columns) {
      const bool known = name.empty() || std::any_of(columns_.begin(), columns_.end(), [&](const Column& each) { return each.name == name; });
      const auto at = std::find(table.header_.begin(), table.header_.end(), header) - table.header_.begin();
      if (!known) {
        good = Fail(header, name, "UNKNOWN_COLUMN", absl::StrCat("There is no column called ", name, "."),
                    absl::StrCat("「", name, "」という列はありません。"));
      } else if (at < static_cast<int>(width)) {
        settled[at] = true;
        if (!name.empty()) good = Assign(table, at, name) && good;
      }
    }
    // Called exactly so goes before called so but for marks and brackets: 「から」 before 「から（種類）」, which is then another column.
    std::vector<bool> exact(columns_.size(), false);
    for (size_t c = 0; c < columns_.size(); ++c) {
      if (NamedByOptions(columns_[c].name)) continue;
      for (size_t i = 0; i < width; ++i) {
        if (settled[i] || Fold(table.header_[i]) != Fold(columns_[c].name)) continue;
        exact[c] = settled[i] = true;
        good = Assign(table, i, columns_[c].name) && good;
      }
    }
    for (size_t c = 0; c < columns_.size(); ++c) {
      if (exact[c]) continue;
      for (size_t i = 0; i < width; ++i) {
        if (settled[i] || folded[i].empty() || std::find(names_[c].begin(), names_[c].end(), folded[i]) == names_[c].end()) continue;
        // What was said to stand for this column goes before what is called so.
        if (NamedByOptions(columns_[c].name)) continue;
        settled[i] = true;
        good = Assign(table, i, columns_[c].name) && good;
      }
    }
    for (size_t i = 0; i < width; ++i) {
      if (settled[i] || folded[i].empty()) continue;
      std::string_view longest;
      for (size_t c = 0; c < columns_.size(); ++c) {
        if (table.Has(columns_[c].name) || NamedByOptions(columns_[c].name)) continue;
        for (const std::string& name : names_[c]) {
          if (IsAscii(name) || CountCharacters(name) < 2 || name.size() <= longest.size() || folded[i].find(name) == std::string::npos) continue;
          longest = name;
          table.column_names_[i] = columns_[c].name;
        }
      }
    }
    for (const Column& column : columns_) {
      if (!column.required || table.Has(column.name)) continue;
      good = false;
      const std::string& title = column.title_ja.empty() ? column.name : column.title_ja;
      errors_.Add({.row = reading_.header_row,
                   .column = column.name,
                   .value = absl::StrJoin(table.header_, ", "),
                   .reason = "MISSING_COLUMN",
                   .english = absl::StrCat("The column \"", column.name, "\" is missing from the header."),
                   .japanese = absl::StrCat("見出しに「", title, "」の列がありません。")});
    }
    return good;
  }

  bool NamedByOptions(const std::string& column) const {
    return std::any_of(options_.columns.begin(), options_.columns.end(), [&](const auto& each) { return each.second == column; });
  }

  bool Fail(const std::string& header, const std::string& value, std::string reason, std::string english, std::string japanese) {
    errors_.Add({.row = reading_.header_row,
                 .column = header,
                 .value = value,
                 .reason = std::move(reason),
                 .english = std::move(english),
                 .japanese = std::move(japanese)});
    return false;
  }

  bool Assign(Table& table, size_t at, const std::string& name) {
    if (!table.Has(name)) {
      table.column_names_[at] = name;
      return true;
    }
    const std::string& header = table.header_[at];
    return Fail(header, header, "DUPLICATE_COLUMN", absl::StrCat("The column \"", name, "\" is there twice; keep one."),
                absl::StrCat("「", name, "」の列が二つあります。一つにしてください。"));
  }

  // The rows below the header. False if there are too many.
  bool Take(RawTable raw, size_t header_at, Table& table) {
    const size_t width = table.header_.size();
    for (size_t i = header_at + 1; i < raw.rows.size(); ++i) {
      RawRow& from = raw.rows[i];
      if (from.error) {
        from.error->row = from.number;
        errors_.Add(*from.error);
        ++reading_.row_count;
        continue;
      }
      while (from.cells.size() > width && from.cells.back().empty()) from.cells.pop_back();
      if (from.cells.size() > width) {
        FailFile(errors_, from.number, "TOO_MANY_CELLS",
                 absl::StrCat("The row has ", from.cells.size(), " cells, the header ", width, ". Put quotes around cells with commas."),
                 absl::StrCat("この行のセルは", from.cells.size(), "個、見出しは", width, "個です。コンマを含むセルは引用符で囲んでください。"));
        ++reading_.row_count;
        continue;
      }
      if (table.rows_.size() >= static_cast<size_t>(limits_.rows) || raw.more) {
        FailFile(errors_, 0, "TOO_MANY_ROWS", absl::StrCat("The table has more than ", limits_.rows, " rows; split it into several files."),
                 absl::StrCat("表が", limits_.rows, "行を超えています。いくつかのファイルに分けてください。"));
        return false;
      }
      from.cells.resize(width);
      Row row = {.number = from.number, .cells = std::move(from.cells)};
      Days(table, row);
      Marks(table, from.marks, row);
      if (reading_.rows.size() < kFirstRows || options_.all_rows) reading_.rows.push_back(row);
      ++reading_.row_count;
      table.rows_.push_back(std::move(row));
    }
    return true;
  }

  // A spreadsheet keeps a day as a number; where its cell was not formatted as a date, the column tells that one is meant.
  void Days(const Table& table, Row& row) const {
    if (reading_.format != "xlsx") return;
    for (size_t i = 0; i < row.cells.size(); ++i) {
      const Column* column = table.Find(table.column_names_[i]);
      if (column == nullptr || (column->kind != Kind::kDay && column->kind != Kind::kDayOrMonth)) continue;
      std::string& cell = row.cells[i];
      // 1982 to 2119: no year and no six-digit date looks like that.
      if (cell.size() != 5 || cell[0] < '3' || cell[0] > '7' || cell.find_first_not_of("0123456789") != std::string::npos) continue;
      cell = absl::FormatCivilTime(absl::CivilDay(1899, 12, 30) + std::stoi(cell));
    }
  }

  void Marks(const Table& table, const std::vector<CellMark>& marks, Row& row) {
    for (const CellMark& mark : marks) {
      if (mark.column >= static_cast<int>(row.cells.size())) continue;
      const bool used = !table.column_names_[mark.column].empty();
      CellError error = {.row = row.number, .column = table.header_[mark.column], .value = row.cells[mark.column]};
      switch (mark.mark) {
        case Mark::kFormula:
          error.reason = "FORMULA";
          error.english = "A formula; the value that the spreadsheet stored last is taken.";
          error.japanese = "数式です。表計算ソフトが最後に保存した値を使います。";
          if (used && reading_.warnings.size() < kWarnings) reading_.warnings.push_back(std::move(error));
          continue;
        case Mark::kFormulaUnvalued:
          error.reason = "FORMULA_WITHOUT_VALUE";
          error.english = "A formula whose value is not stored in the file. Open it in the spreadsheet and save it, or type the value.";
          error.japanese = "値が保存されていない数式です。表計算ソフトで開いて保存し直すか、値を入力してください。";
          break;
        case Mark::kSpreadsheetError:
          error.reason = "SPREADSHEET_ERROR";
          error.english = absl::StrCat("The spreadsheet shows the error ", error.value, " here; mend it there or type the value.");
          error.japanese = absl::StrCat("表計算ソフトのエラー（", error.value, "）です。直すか、値を入力してください。");
          break;
      }
      if (!used) continue;
      row.told.push_back(mark.column);
      errors_.Add(std::move(error));
    }
  }

  const std::vector<Column>& columns_;
  const Limits& limits_;
  const Options& options_;
  CellErrors& errors_;
  Reading& reading_;
  std::vector<std::vector<std::string>> names_;  // of each column, folded
};

std::optional<Table> Table::Read(std::string_view bytes, const std::vector<Column>& columns, const Limits& limits, CellErrors& errors,
                                 const Options& options, Reading* reading) {
  Reading unwanted;
  return TableReader(columns, limits, options, errors, reading == nullptr ? unwanted : *reading).Read(bytes);
}

std::vector<std::string> Table::unknown_columns() const {
  std::vector<std::string> unknown;
  for (size_t i = 0; i < header_.size(); ++i) {
    if (column_names_[i].empty() && !header_[i].empty()) unknown.push_back(header_[i]);
  }
  return unknown;
}

int Table::IndexOf(std::string_view column) const {
  if (column.empty()) return -1;
  const auto found = std::find(column_names_.begin(), column_names_.end(), column);
  return found == column_names_.end() ? -1 : static_cast<int>(found - column_names_.begin());
}

const Column* Table::Find(std::string_view column) const {
  const auto found = std::find_if(columns_.begin(), columns_.end(), [&](const Column& each) { return each.name == column; });
  return found == columns_.end() ? nullptr : &*found;
}

std::string_view Table::Cell(const Row& row, std::string_view column) const {
  const int index = IndexOf(column);
  return index < 0 ? std::string_view() : std::string_view(row.cells[index]);
}

std::string Table::HeaderOf(std::string_view column) const {
  const int index = IndexOf(column);
  return index < 0 ? std::string(column) : header_[index];
}

bool Table::Told(const Row& row, std::string_view column) const {
  const int index = IndexOf(column);
  return index >= 0 && std::find(row.told.begin(), row.told.end(), index) != row.told.end();
}

}  // namespace kubari::tables
