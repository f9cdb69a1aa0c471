#include "libs/imports/cells.h"

#include "absl/strings/str_cat.h"
#include "libs/registry/fields.h"
#include "libs/tables/text.h"

namespace kubari::imports {

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

void CheckMunicipality(tables::Cells& cells, std::string_view column, const std::string& code) {
  const auto problem = registry::JudgeMunicipality(code);
  if (problem) cells.Fail(column, problem->reason, problem->english, problem->japanese);
}

type::v1::Address ReadAddress(tables::Cells& cells, bool municipality_required, bool position_required) {
  type::v1::Address address;
  const bool has_municipality = municipality_required || !cells.Empty("municipality_code");
  if (const auto code = has_municipality ? cells.Text("municipality_code", 10) : std::nullopt) {
    std::string digits = tables::Narrow(*code);
    if (digits.size() == 4) digits.insert(0, 1, '0');  // a spreadsheet takes 01101 for a number
    address.set_municipality_code(digits);
    CheckMunicipality(cells, "municipality_code", digits);
  }
  address.set_postal_code(tables::Narrow(OptionalText(cells, "postal_code", 10)));
  if (!address.postal_code().empty() && !registry::IsPostalCode(address.postal_code())) {
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
  const std::string email = OptionalText(cells, column, registry::kMaxEmail);
  if (!email.empty() && !registry::IsEmail(email)) {
    cells.Fail(column, "NOT_AN_EMAIL", "Not an e-mail address; write it as name@example.org.",
               "メールアドレスではありません。name@example.org の形で書いてください。");
  }
  return email;
}

}  // namespace kubari::imports
