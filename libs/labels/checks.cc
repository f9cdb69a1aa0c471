#include "libs/labels/checks.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

namespace kubari::labels {

void CheckLotCode(const std::string& field, const std::string& code, errors::Violations& violations) {
  const bool good =
      code.size() == 8 && std::all_of(code.begin(), code.end(), [](char c) {
        return absl::ascii_isdigit(static_cast<unsigned char>(c)) || absl::ascii_isupper(static_cast<unsigned char>(c));
      });
  violations.Require(good, field, "NOT_A_LOT_CODE", "must be 8 characters of A to Z and 0 to 9, such as 7KQ2M9XP",
                     "は 7KQ2M9XP のような英大文字と数字の8文字で入れてください");
}

std::optional<calendar::Date> CheckDate(const std::string& field, const type::v1::GoodUntil& good_until,
                                        errors::Violations& violations) {
  const std::string date_field = absl::StrCat(field, ".date");
  switch (good_until.kind()) {
    case type::v1::DATE_KIND_USE_BY:
    case type::v1::DATE_KIND_BEST_BEFORE:
      break;
    case type::v1::DATE_KIND_UNSPECIFIED:
    case type::v1::DATE_KIND_NONE:
      violations.Require(good_until.date().empty(), date_field, "NOT_EMPTY",
                         "must be empty unless the date is a use-by or best-before date",
                         "は、消費期限・賞味期限でないときは空にしてください");
      return std::nullopt;
    default:
      violations.Enum(absl::StrCat(field, ".kind"), good_until.kind());
      return std::nullopt;
  }
  if (!violations.Require(!good_until.date().empty(), date_field, "REQUIRED",
                          "is empty; the printed date was expected, as 2027-03-31 or 2027-03",
                          "が空です。表示されている日付を 2027-03-31 か 2027-03 の形で入れてください")) {
    return std::nullopt;
  }
  if (const auto problem = calendar::Date::ProblemWith(good_until.date())) {
    violations.Add(date_field, "NOT_A_DATE", problem->english, problem->japanese);
    return std::nullopt;
  }
  return *calendar::Date::Parse(good_until.date());
}

std::optional<Qr> CheckQr(const std::string& field, const std::string& uri, int max_modules,
                          errors::Violations& violations) {
  if (!violations.Require(!uri.empty(), field, "REQUIRED", "is empty; the URI for the QR code was expected",
                          "が空です。QRコードにする URI を入れてください")) {
    return std::nullopt;
  }
  const bool printable = std::all_of(uri.begin(), uri.end(), [](char c) { return c > ' ' && c < '\x7F'; });
  if (!violations.Require(printable, field, "NOT_A_URI",
                          "must be a URI: ASCII without spaces, other characters percent-encoded",
                          "は URI で入れてください。ASCII 以外の文字と空白はパーセント符号にします")) {
    return std::nullopt;
  }
  std::optional<Qr> qr = EncodeQr(uri, max_modules);
  violations.Require(
      qr.has_value(), field, "QR_TOO_LONG",
      absl::StrCat("has ", uri.size(), " characters; its QR code would be too fine to scan in this format"),
      absl::StrCat("が ", uri.size(), " 文字あり、この用紙では QR コードが細かすぎて読み取れません"));
  return qr;
}

}  // namespace kubari::labels
