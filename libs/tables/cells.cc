// Cells: from text to values.
#include <algorithm>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "libs/tables/table.h"
#include "libs/tables/text.h"

namespace kubari::tables {
namespace {

bool AllDigits(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

// "1,234,567" → "1234567"; empty if the commas do not stand before groups of three.
std::string WithoutGrouping(const std::string& text) {
  const std::vector<std::string> groups = absl::StrSplit(text, ',');
  for (size_t i = 0; i < groups.size(); ++i) {
    const std::string& group = groups[i];
    const bool sized = groups.size() == 1 || (i == 0 ? group.size() <= 3 : group.size() == 3);
    if (!sized || !AllDigits(group)) return {};
  }
  return absl::StrJoin(groups, "");
}

// The ways people write dates → the one way that calendar::Date reads; anything else stays as it is and is refused
// there.
std::string IsoDate(std::string_view cell) {
  std::string text = absl::StrReplaceAll(Narrow(cell), {{"年", "-"}, {"月", "-"}, {"日", ""}, {"/", "-"}, {".", "-"}});
  if (cell.ends_with("月")) text.pop_back();
  std::vector<std::string> parts = absl::StrSplit(text, '-');
  if (parts.size() < 2 || parts.size() > 3) return std::string(cell);
  for (size_t i = 1; i < parts.size(); ++i) {
    if (parts[i].size() == 1) parts[i].insert(0, 1, '0');
  }
  return absl::StrJoin(parts, "-");
}

bool HasControlCharacter(std::string_view text) {
  return std::any_of(text.begin(), text.end(),
                     [](char c) { return (c >= 0 && c < ' ' && c != '\n' && c != '\r' && c != '\t') || c == 0x7F; });
}

}  // namespace

bool Cells::Empty(std::string_view column) const { return table_.Cell(row_, column).empty(); }

void Cells::Fail(std::string_view column, std::string reason, std::string english, std::string japanese) {
  if (table_.Told(row_, column)) return;
  errors_.Add({.row = row_.number,
               .column = table_.HeaderOf(column),
               .value = std::string(table_.Cell(row_, column)),
               .reason = std::move(reason),
               .english = std::move(english),
               .japanese = std::move(japanese)});
}

bool Cells::Filled(std::string_view column) {
  if (!Empty(column)) return true;
  Fail(column, "EMPTY", "The cell is empty; fill it in.", "空欄です。記入してください。");
  return false;
}

bool Cells::Fits(std::string_view column, std::string_view text, int max_characters) {
  if (HasControlCharacter(text)) {
    Fail(column, "CONTROL_CHARACTER", "The text has a control character; type it anew.",
         "制御文字が含まれています。入力し直してください。");
    return false;
  }
  const size_t characters = CountCharacters(text);
  if (characters <= static_cast<size_t>(max_characters)) return true;
  Fail(column, "TOO_LONG",
       absl::StrCat("The text has ", characters, " characters; at most ", max_characters, " are allowed."),
       absl::StrCat(characters, "文字あります。", max_characters, "文字以内にしてください。"));
  return false;
}

std::optional<std::string> Cells::Text(std::string_view column, int max_characters) {
  if (!Filled(column)) return std::nullopt;
  std::string_view text = table_.Cell(row_, column);
  if (text[0] == '\'' && LooksLikeFormula(text)) text.remove_prefix(1);
  if (!Fits(column, text, max_characters)) return std::nullopt;
  return std::string(text);
}

std::optional<int64_t> Cells::Int(std::string_view column, int64_t min, int64_t max) {
  if (!Filled(column)) return std::nullopt;
  std::string text = Narrow(table_.Cell(row_, column));
  std::string sign;
  if (text[0] == '-' || text[0] == '+') {
    sign = text.substr(0, text[0] == '-' ? 1 : 0);
    text.erase(0, 1);
  }
  const std::string digits = WithoutGrouping(text);
  if (digits.empty()) {
    Fail(column, "NOT_A_NUMBER", "Not a whole number; write digits only, for instance 120.",
         "整数ではありません。120 のように数字だけで書いてください。");
    return std::nullopt;
  }
  int64_t value = 0;
  if (!absl::SimpleAtoi(sign + digits, &value) || value < min || value > max) {
    Fail(column, "OUT_OF_RANGE", absl::StrCat("The number must be from ", min, " to ", max, "."),
         absl::StrCat(min, "から", max, "までの数にしてください。"));
    return std::nullopt;
  }
  return value;
}

std::optional<calendar::Date> Cells::Date(std::string_view column) {
  if (!Filled(column)) return std::nullopt;
  const std::string iso = IsoDate(table_.Cell(row_, column));
  if (auto problem = calendar::Date::ProblemWith(iso)) {
    Fail(column, "NOT_A_DATE", std::move(problem->english), std::move(problem->japanese));
    return std::nullopt;
  }
  return *calendar::Date::Parse(iso);
}

std::optional<std::string> Cells::ChoiceOf(std::string_view column, std::string_view text) {
  const Column* const found = table_.Find(column);
  const std::vector<tables::Choice> none;
  const std::vector<tables::Choice>& choices = found == nullptr ? none : found->choices;
  const std::string there = Fold(text);
  for (const tables::Choice& choice : choices) {
    if (Fold(choice.value) == there || Fold(choice.title) == there || Fold(choice.title_ja) == there) return choice.value;
    for (const std::string& other : choice.others) {
      if (Fold(other) == there) return choice.value;
    }
  }
  const auto list = [&](const char* separator, std::string tables::Choice::*title) {
    return absl::StrJoin(choices, separator, [&](std::string* out, const tables::Choice& choice) {
      absl::StrAppend(out, (choice.*title).empty() ? choice.value : choice.*title);
    });
  };
  Fail(column, "NOT_A_CHOICE", absl::StrCat("'", FirstCharacters(text, 40), "' is not known; write one of: ", list(", ", &tables::Choice::value), "."),
       absl::StrCat("「", FirstCharacters(text, 40), "」は選べません。次のいずれかにしてください: ", list("、", &tables::Choice::title_ja)));
  return std::nullopt;
}

std::optional<std::string> Cells::Choice(std::string_view column) {
  if (!Filled(column)) return std::nullopt;
  return ChoiceOf(column, table_.Cell(row_, column));
}

std::optional<std::vector<std::string>> Cells::Choices(std::string_view column) {
  const std::optional<std::vector<std::string>> parts = List(column, 100);
  if (!parts) return std::nullopt;
  std::vector<std::string> values;
  bool good = true;
  for (const std::string& part : *parts) {
    const std::optional<std::string> value = ChoiceOf(column, part);
    if (!value) {
      good = false;
    } else if (std::find(values.begin(), values.end(), *value) != values.end()) {
      good = false;
      Fail(column, "DUPLICATE", absl::StrCat("'", part, "' is given twice."), absl::StrCat("「", part, "」が二度書かれています。"));
    } else {
      values.push_back(*value);
    }
  }
  return good ? std::optional(values) : std::nullopt;
}

std::optional<bool> Cells::Bool(std::string_view column) {
  if (!Filled(column)) return std::nullopt;
  // The circle of a Japanese form is typed as any of three characters.
  static const std::vector<std::string> kYes = {"yes", "y", "true", "1", "はい", "有", "あり", "可", "○", "◯", "〇", "✓", "レ"};
  static const std::vector<std::string> kNo = {"no", "n", "false", "0", "いいえ", "無", "なし", "不可", "×", "✕", "✖"};
  const std::string there = Fold(table_.Cell(row_, column));
  if (std::find(kYes.begin(), kYes.end(), there) != kYes.end()) return true;
  if (std::find(kNo.begin(), kNo.end(), there) != kNo.end()) return false;
  Fail(column, "NOT_YES_OR_NO", "Write yes or no.", "「はい」か「いいえ」（または ○ ×）にしてください。");
  return std::nullopt;
}

std::optional<std::vector<std::string>> Cells::List(std::string_view column, int max_characters) {
  if (!Filled(column)) return std::nullopt;
  std::string cell(table_.Cell(row_, column));
  if (cell[0] == '\'' && LooksLikeFormula(cell)) cell.erase(0, 1);
  std::vector<std::string> parts;
  const std::string text = absl::StrReplaceAll(cell, {{"；", ";"}, {"、", ";"}, {"\n", ";"}, {"\r", ";"}});
  for (const auto piece : absl::StrSplit(text, ';')) {
    const std::string_view part = Trim(std::string_view(piece.data(), piece.size()));
    if (part.empty()) continue;
    if (!Fits(column, part, max_characters)) return std::nullopt;
    parts.emplace_back(part);
  }
  return parts;
}

}  // namespace kubari::tables
