#include "libs/registry/import.h"

#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "libs/tables/text.h"
#include "libs/registry/fields.h"

namespace kubari::registry {

void CheckImport(errors::Violations& violations, const std::string& request_id, const std::string& table) {
  violations.RequestId("request_id", request_id);
  violations.Require(!table.empty(), "table", "REQUIRED", "The table is empty; send a CSV file with a header row.",
                     "表が空です。見出し行のある CSV を送ってください。");
  violations.Require(
      table.size() <= kMaxTableBytes, "table", "TOO_LONG",
      absl::StrCat("The table has ", table.size(), " bytes; at most ", kMaxTableBytes, " are allowed. Split it."),
      absl::StrCat("表は ", table.size(), " バイトです。", kMaxTableBytes, " バイト以内に分けてください。"));
}

void Report(const tables::CellErrors& errors, google::protobuf::RepeatedPtrField<type::v1::ImportProblem>& problems) {
  for (const tables::CellError& error : errors.all()) {
    type::v1::ImportProblem& problem = *problems.Add();
    problem.set_row(error.row);
    problem.set_column(error.column);
    problem.set_value(error.value);
    problem.set_reason(error.reason);
    problem.set_message(error.english);
    problem.set_message_ja(error.japanese);
  }
}

void UniqueCodes::Claim(tables::Cells& cells, std::string_view column, const std::string& code, int row) {
  const auto [at, is_new] = rows_.emplace(code, row);
  if (is_new) return;
  cells.Fail(column, "DUPLICATE", absl::StrCat("Row ", at->second, " has the same code; codes are unique."),
             absl::StrCat(at->second, "行目と同じコードです。コードは重複できません。"));
}

std::string OptionalText(tables::Cells& cells, std::string_view column, int max_characters) {
  return cells.Empty(column) ? "" : cells.Text(column, max_characters).value_or("");
}

int64_t OptionalInt(tables::Cells& cells, std::string_view column, int64_t min, int64_t max, int64_t if_empty) {
  return cells.Empty(column) ? if_empty : cells.Int(column, min, max).value_or(if_empty);
}

bool OptionalBool(tables::Cells& cells, std::string_view column, bool if_empty) {
  return cells.Empty(column) ? if_empty : cells.Bool(column).value_or(if_empty);
}

std::optional<std::string> Day(tables::Cells& cells, std::string_view column) {
  const std::optional<calendar::Date> date = cells.Date(column);
  if (!date) return std::nullopt;
  if (date->month_precision()) {
    cells.Fail(column, "NOT_A_DAY", "A day is needed, for instance 2027-03-31; this is a month.",
               "日まで書いてください（例: 2027-03-31）。月だけになっています。");
    return std::nullopt;
  }
  return date->Format();
}

void CheckOrder(tables::Cells& cells, std::string_view to_column, const std::string& from, const std::string& to) {
  if (from.empty() || to.empty() || from <= to) return;
  cells.Fail(to_column, "OUT_OF_ORDER", absl::StrCat("The last day is before the first, ", from, "."),
             absl::StrCat("終了日が開始日（", from, "）より前です。"));
}

std::optional<int32_t> Degrees(tables::Cells& cells, std::string_view column, int limit) {
  const std::optional<std::string> cell = cells.Text(column, 30);
  if (!cell) return std::nullopt;
  const auto fail = [&]() -> std::optional<int32_t> {
    cells.Fail(column, "NOT_DEGREES",
               absl::StrCat("Write decimal degrees from -", limit, " to ", limit, ", for instance 35.689501."),
               absl::StrCat("-", limit, "から", limit, "までの十進の度で書いてください（例: 35.689501）。"));
    return std::nullopt;
  };
  const std::string text = tables::Narrow(*cell);
  const bool negative = text.starts_with('-');
  int64_t micro = 0;
  int decimals = -1;  // digits seen behind the point; -1: no point yet
  int digits = 0;
  for (size_t i = negative ? 1 : 0; i < text.size(); ++i) {
    if (text[i] == '.' && decimals < 0 && digits > 0) {
      decimals = 0;
    } else if (text[i] >= '0' && text[i] <= '9') {
      ++digits;
      if (decimals >= 6) continue;  // finer than 11 cm
      if (decimals >= 0) ++decimals;
      micro = micro * 10 + (text[i] - '0');
      if (micro > int64_t{1'000'000'000}) return fail();
    } else {
      return fail();
    }
  }
  if (digits == 0) return fail();
  for (int i = std::max(decimals, 0); i < 6; ++i) micro *= 10;
  if (micro > int64_t{limit} * 1'000'000) return fail();
  return static_cast<int32_t>(negative ? -micro : micro);
}

type::v1::Address ReadAddress(tables::Cells& cells, bool position_required) {
  type::v1::Address address;
  if (const auto code = cells.Text("municipality_code", 10)) {
    address.set_municipality_code(tables::Narrow(*code));
    if (!IsMunicipalityCode(address.municipality_code())) {
      cells.Fail("municipality_code", "NOT_A_MUNICIPALITY",
                 "Not a municipality code: five digits that begin with a prefecture, 01 to 47.",
                 "市区町村コードではありません。都道府県 01〜47 で始まる5桁の数字にしてください。");
    }
  }
  address.set_postal_code(tables::Narrow(OptionalText(cells, "postal_code", 10)));
  if (!address.postal_code().empty() && !IsPostalCode(address.postal_code())) {
    cells.Fail("postal_code", "NOT_A_POSTAL_CODE", "Not a postal code; write it as 100-0001.",
               "郵便番号ではありません。100-0001 の形で書いてください。");
  }
  address.set_text(OptionalText(cells, "address", 200));
  if (position_required || !cells.Empty("latitude") || !cells.Empty("longitude")) {
    const std::optional<int32_t> latitude = Degrees(cells, "latitude", 90);
    const std::optional<int32_t> longitude = Degrees(cells, "longitude", 180);
    address.mutable_position()->set_latitude_e6(latitude.value_or(0));
    address.mutable_position()->set_longitude_e6(longitude.value_or(0));
  }
  return address;
}

std::string OptionalEmail(tables::Cells& cells, std::string_view column) {
  const std::string email = OptionalText(cells, column, kMaxEmail);
  if (!email.empty() && !IsEmail(email)) {
    cells.Fail(column, "NOT_AN_EMAIL", "Not an e-mail address; write it as name@example.org.",
               "メールアドレスではありません。name@example.org の形で書いてください。");
  }
  return email;
}

std::map<std::string, int> EnumWords(const google::protobuf::EnumDescriptor& type) {
  // The value 0 is named PREFIX_UNSPECIFIED.
  const std::string& unspecified = type.FindValueByNumber(0)->name();
  const size_t prefix = unspecified.size() - std::string_view("UNSPECIFIED").size();
  std::map<std::string, int> words;
  for (int i = 0; i < type.value_count(); ++i) {
    if (type.value(i)->number() != 0)
      words[absl::AsciiStrToLower(type.value(i)->name().substr(prefix))] = type.value(i)->number();
  }
  return words;
}

std::vector<int> EnumListNumbers(tables::Cells& cells, std::string_view column, const std::map<std::string, int>& words) {
  std::vector<int> numbers;
  if (cells.Empty(column)) return numbers;
  const std::optional<std::vector<std::string>> parts = cells.List(column, 40);
  if (!parts) return numbers;
  std::set<int> seen;
  for (const std::string& part : *parts) {
    const auto word = words.find(tables::Fold(part));
    if (word == words.end()) {
      const std::string known =
          absl::StrJoin(words, ", ", [](std::string* out, const auto& each) { out->append(each.first); });
      cells.Fail(column, "NOT_A_CHOICE", absl::StrCat("'", part, "' is not known; choose from: ", known, "."),
                 absl::StrCat("「", part, "」は選べません。次から選んでください: ", known));
    } else if (!seen.insert(word->second).second) {
      cells.Fail(column, "DUPLICATE", absl::StrCat("'", part, "' is given twice."),
                 absl::StrCat("「", part, "」が二度書かれています。"));
    } else {
      numbers.push_back(word->second);
    }
  }
  return numbers;
}

}  // namespace kubari::registry
