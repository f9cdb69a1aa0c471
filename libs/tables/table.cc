#include "libs/tables/table.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "libs/tables/text.h"

namespace kubari::tables {
namespace {

using Record = std::vector<std::string>;

// RFC 4180, a little wider: a line may also end with CR alone, and a quote in the middle of an unquoted cell is just a
// character.
struct RecordResult {
  Record record;
  std::optional<CellError> error;  // without its row
};

// Reads the record that begins at `next`, and moves `next` to the following one.
RecordResult ReadRecord(std::string_view bytes, size_t& next) {
  RecordResult result;
  std::string cell;
  bool quoted = false;  // the cell began with a quote that has been closed
  const auto end_cell = [&] {
    // Only now is the cell whole, and with it its last character.
    if (result.error && result.error->value.empty()) result.error->value = cell;
    result.record.emplace_back(Trim(cell));
    cell.clear();
    quoted = false;
  };
  while (next < bytes.size()) {
    const char c = bytes[next++];
    if (c == ',') {
      end_cell();
    } else if (c == '\r' || c == '\n') {
      if (c == '\r' && next < bytes.size() && bytes[next] == '\n') ++next;
      end_cell();
      return result;
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
        result.error =
            CellError{.value = cell,
                      .reason = "QUOTE_NOT_CLOSED",
                      .english = "A quote (\") is opened in this row and never closed; close it or take it out.",
                      .japanese = "この行で始まる引用符（\"）が閉じられていません。閉じるか取り除いてください。"};
      }
    } else if (quoted && c != ' ' && c != '\t') {
      // Kept going to the end of the row, so that the rows after it are still read.
      if (!result.error) {
        result.error =
            CellError{.reason = "TEXT_AFTER_QUOTE",
                      .english = "There is text after a closing quote; write a quote within a cell as \"\".",
                      .japanese = "閉じた引用符の後に文字があります。セル内の引用符は \"\" と書いてください。"};
      }
      cell.push_back(c);
    } else if (!quoted) {
      cell.push_back(c);
    }
  }
  end_cell();
  return result;
}

bool Blank(const Record& record) {
  return std::all_of(record.begin(), record.end(), [](const std::string& cell) { return cell.empty(); });
}

void FailFile(CellErrors& errors, int row, std::string reason, std::string english, std::string japanese) {
  errors.Add({.row = row, .reason = std::move(reason), .english = std::move(english), .japanese = std::move(japanese)});
}

bool CheckFile(std::string_view bytes, const Limits& limits, CellErrors& errors) {
  if (bytes.size() > limits.bytes) {
    FailFile(errors, 0, "FILE_TOO_LARGE",
             absl::StrCat("The file has ", bytes.size(), " bytes; at most ", limits.bytes, " are allowed. Split it."),
             absl::StrCat("ファイルは", bytes.size(), "バイトです。", limits.bytes, "バイト以下に分けてください。"));
    return false;
  }
  if (!IsUtf8(bytes)) {
    FailFile(errors, 0, "NOT_UTF8",
             "The file is not UTF-8 text. In the spreadsheet choose \"Save as\" and \"CSV UTF-8\".",
             "ファイルの文字コードが UTF-8 ではありません。表計算ソフトで「CSV "
             "UTF-8（コンマ区切り）」として保存してください。");
    return false;
  }
  return true;
}

}  // namespace

std::optional<Table> Table::Read(std::string_view bytes, const std::vector<Column>& columns, const Limits& limits,
                                 CellErrors& errors) {
  if (!CheckFile(bytes, limits, errors)) return std::nullopt;
  if (bytes.substr(0, 3) == "\uFEFF") bytes.remove_prefix(3);

  Table table;
  size_t next = 0;
  RecordResult header = ReadRecord(bytes, next);
  if (header.error) {
    header.error->row = 1;
    errors.Add(*header.error);
    return std::nullopt;
  }
  table.header_ = std::move(header.record);
  while (!table.header_.empty() && table.header_.back().empty()) table.header_.pop_back();
  if (!table.ReadHeader(columns, limits, errors)) return std::nullopt;

  const size_t width = table.header_.size();
  for (int number = 2; next < bytes.size(); ++number) {
    RecordResult result = ReadRecord(bytes, next);
    if (result.error) {
      result.error->row = number;
      errors.Add(*result.error);
      continue;
    }
    Record& cells = result.record;
    if (Blank(cells)) continue;
    while (cells.size() > width && cells.back().empty()) cells.pop_back();
    if (cells.size() > width) {
      FailFile(errors, number, "TOO_MANY_CELLS",
               absl::StrCat("The row has ", cells.size(), " cells, the header ", width,
                            ". Put quotes around cells with commas."),
               absl::StrCat("この行のセルは", cells.size(), "個、見出しは", width,
                            "個です。コンマを含むセルは引用符で囲んでください。"));
      continue;
    }
    if (table.rows_.size() >= static_cast<size_t>(limits.rows)) {
      FailFile(errors, number, "TOO_MANY_ROWS",
               absl::StrCat("The table has more than ", limits.rows, " rows; split it."),
               absl::StrCat("表が", limits.rows, "行を超えています。分けてください。"));
      return std::nullopt;
    }
    cells.resize(width);
    table.rows_.push_back({number, std::move(cells)});
  }
  return table;
}

bool Table::ReadHeader(const std::vector<Column>& columns, const Limits& limits, CellErrors& errors) {
  if (header_.empty()) {
    FailFile(errors, 1, "NO_HEADER", "The first row must hold the column names, but it is empty.",
             "1行目には列の名前が必要ですが、空です。");
    return false;
  }
  if (header_.size() > static_cast<size_t>(limits.columns)) {
    FailFile(errors, 1, "TOO_MANY_COLUMNS",
             absl::StrCat("The table has ", header_.size(), " columns; at most ", limits.columns, " are allowed."),
             absl::StrCat("列が", header_.size(), "あります。", limits.columns, "列以下にしてください。"));
    return false;
  }
  bool good = true;
  column_names_.resize(header_.size());
  for (const Column& column : columns) {
    std::vector<std::string> names = {Fold(column.name)};
    for (const std::string& alias : column.aliases) names.push_back(Fold(alias));
    int found = 0;
    for (size_t i = 0; i < header_.size(); ++i) {
      if (std::find(names.begin(), names.end(), Fold(header_[i])) == names.end()) continue;
      if (++found == 1) {
        column_names_[i] = column.name;
        continue;
      }
      good = false;
      errors.Add({.row = 1,
                  .column = header_[i],
                  .value = header_[i],
                  .reason = "DUPLICATE_COLUMN",
                  .english = absl::StrCat("The column \"", column.name, "\" is there twice; keep one."),
                  .japanese = absl::StrCat("「", column.name, "」の列が二つあります。一つにしてください。")});
    }
    if (found == 0 && column.required) {
      good = false;
      const std::string there = absl::StrJoin(header_, ", ");
      errors.Add({.row = 1,
                  .column = column.name,
                  .value = there,
                  .reason = "MISSING_COLUMN",
                  .english = absl::StrCat("The column \"", column.name, "\" is missing from the header."),
                  .japanese = absl::StrCat("見出しに「", column.name, "」の列がありません。")});
    }
  }
  for (size_t i = 0; i < header_.size(); ++i) {
    if (column_names_[i].empty() && !header_[i].empty()) unknown_columns_.push_back(header_[i]);
  }
  return good;
}

int Table::IndexOf(std::string_view column) const {
  const auto found = std::find(column_names_.begin(), column_names_.end(), column);
  return found == column_names_.end() ? -1 : static_cast<int>(found - column_names_.begin());
}

std::string_view Table::Cell(const Row& row, std::string_view column) const {
  const int index = IndexOf(column);
  return index < 0 ? std::string_view() : std::string_view(row.cells[index]);
}

std::string Table::HeaderOf(std::string_view column) const {
  const int index = IndexOf(column);
  return index < 0 ? std::string(column) : header_[index];
}

}  // namespace kubari::tables
