#include "libs/registry/fields.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "libs/calendar/date.h"
#include "libs/ids/ids.h"
#include "libs/municipalities/municipalities.h"

namespace kubari::registry {
namespace {

bool AllDigits(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

bool IsPrefectureCode(std::string_view code) {
  return code.size() == 2 && AllDigits(code) && code >= "01" && code <= "47";
}

bool IsMunicipalityCode(std::string_view code) {
  return code.size() == 5 && AllDigits(code) && IsPrefectureCode(code.substr(0, 2));
}

std::optional<MunicipalityProblem> JudgeMunicipality(std::string_view code) {
  const std::string text(code);
  if (!IsMunicipalityCode(code)) {
    return MunicipalityProblem{
        "NOT_A_MUNICIPALITY",
        absl::StrCat("'", text, "' is not a municipality code: five digits that begin with a prefecture, 01 to 47."),
        absl::StrCat("「", text,
                     "」は市区町村コードではありません。都道府県 01〜47 で始まる5桁の数字にしてください。")};
  }
  if (municipalities::Find(code) != nullptr) return std::nullopt;
  const municipalities::Abolished* gone = municipalities::FindAbolished(code);
  if (gone == nullptr) {
    return MunicipalityProblem{
        "MUNICIPALITY_UNKNOWN",
        absl::StrCat("There is no municipality with the code ", text, "; it may have been merged. Choose it by its name."),
        absl::StrCat("市区町村コード ", text,
                     " の市区町村はありません（合併でなくなった可能性があります）。名前で選び直してください。")};
  }
  std::vector<std::string> names;
  for (const std::string_view successor : gone->successors) {
    names.push_back(absl::StrCat(municipalities::FullName(successor), " (", std::string(successor), ")"));
  }
  const std::string day(gone->date);
  return MunicipalityProblem{
      "MUNICIPALITY_ABOLISHED",
      absl::StrCat("The municipality with the code ", text, " is no more since ", day, "; it is part of ",
                   absl::StrJoin(names, " or "), " now. Use that code."),
      absl::StrCat("市区町村コード ", text, " の市区町村は ", day, " に廃止され、現在は ", absl::StrJoin(names, " または "),
                   " です。現在のコードにしてください。")};
}

bool CheckMunicipality(errors::Violations& violations, const std::string& field, std::string_view code) {
  const std::optional<MunicipalityProblem> problem = JudgeMunicipality(code);
  if (!problem) return true;
  return violations.Require(false, field, problem->reason, problem->english, problem->japanese);
}

bool IsPostalCode(std::string_view code) {
  if (code.size() == 8 && code[3] == '-') return AllDigits(code.substr(0, 3)) && AllDigits(code.substr(4));
  return code.size() == 7 && AllDigits(code);
}

bool IsEmail(std::string_view email) {
  const size_t at = email.find('@');
  return email.size() <= kMaxEmail && at != std::string_view::npos && at > 0 && at + 1 < email.size() &&
         email.find('@', at + 1) == std::string_view::npos &&
         std::none_of(email.begin(), email.end(), [](unsigned char c) { return c <= ' ' || c == 0x7F; });
}

bool IsPhone(std::string_view phone) {
  return phone.size() >= 6 && phone.size() <= 20 &&
         std::count_if(phone.begin(), phone.end(), [](char c) { return c >= '0' && c <= '9'; }) >= 4 &&
         std::all_of(phone.begin(), phone.end(), [](char c) {
           return (c >= '0' && c <= '9') || c == ' ' || c == '+' || c == '-' || c == '(' || c == ')';
         });
}

std::optional<absl::CivilDay> ParseDay(std::string_view text) {
  const absl::StatusOr<calendar::Date> date = calendar::Date::Parse(text);
  if (!date.ok() || date->month_precision()) return std::nullopt;
  return date->LastGoodDay();
}

std::optional<std::pair<std::string, std::string>> ParseChildName(std::string_view collection, std::string_view child,
                                                                  std::string_view name) {
  const size_t first = name.find('/');
  const size_t second = first == std::string_view::npos ? first : name.find('/', first + 1);
  if (second == std::string_view::npos) return std::nullopt;
  const std::optional<std::string> parent_id = ids::IdFromName(collection, name.substr(0, second));
  const std::optional<std::string> child_id = ids::IdFromName(child, name.substr(second + 1));
  if (!parent_id || !child_id) return std::nullopt;
  return std::pair(*parent_id, *child_id);
}

void CheckCode(errors::Violations& violations, const std::string& field, const std::string& code) {
  violations.Text(field, code, 1, kMaxCode);
}

void CheckEmail(errors::Violations& violations, const std::string& field, const std::string& email) {
  violations.Require(
      email.empty() || IsEmail(email), field, "NOT_AN_EMAIL",
      absl::StrCat("'", email, "' is not an e-mail address; write it as name@example.org, or leave it empty."),
      absl::StrCat("「", email, "」はメールアドレスではありません。name@example.org の形で書くか、空にしてください。"));
}

std::optional<absl::CivilDay> CheckDay(errors::Violations& violations, const std::string& field,
                                       const std::string& day) {
  if (!violations.Require(!day.empty(), field, "REQUIRED", "A date is required, for instance 2027-03-31.",
                          "日付が必要です（例: 2027-03-31）。")) {
    return std::nullopt;
  }
  const std::optional<absl::CivilDay> parsed = ParseDay(day);
  violations.Require(parsed.has_value(), field, "NOT_A_DAY",
                     absl::StrCat("'", day, "' is not a calendar day; write it as 2027-03-31."),
                     absl::StrCat("「", day, "」は日付ではありません。2027-03-31 の形で書いてください。"));
  return parsed;
}

DayRange CheckDays(errors::Violations& violations, const std::string& first_field, const std::string& first,
                   const std::string& last_field, const std::string& last) {
  DayRange range;
  if (!first.empty()) range.first = CheckDay(violations, first_field, first);
  if (!last.empty()) range.last = CheckDay(violations, last_field, last);
  violations.Require(!range.first || !range.last || *range.first <= *range.last, last_field, "ENDS_EARLY",
                     absl::StrCat("The last day, ", last, ", comes before the first, ", first, "."),
                     absl::StrCat("終わりの日（", last, "）が始まりの日（", first, "）より前です。"));
  return range;
}

void CheckChildName(errors::Violations& violations, std::string_view collection, std::string_view child,
                    const std::string& field, const std::string& name) {
  const std::string form = absl::StrCat(std::string(collection), "/{uuid}/", std::string(child), "/{uuid}");
  if (!violations.Require(!name.empty(), field, "REQUIRED", absl::StrCat("A name of the form ", form, " is required."),
                          absl::StrCat(form, " の形の名前が必要です。"))) {
    return;
  }
  violations.Require(ParseChildName(collection, child, name).has_value(), field, "NOT_A_NAME",
                     absl::StrCat("'", name, "' is not a name of the form ", form, "."),
                     absl::StrCat("「", name, "」は ", form, " の形ではありません。"));
}

void CheckAddress(errors::Violations& violations, const std::string& field, const type::v1::Address& address,
                  bool municipality_required) {
  const std::string& municipality = address.municipality_code();
  if (municipality.empty()) {
    violations.Require(!municipality_required, field + ".municipality_code", "REQUIRED",
                       "The municipality code (JIS X 0402, five digits, for instance 13101) is required.",
                       "市区町村コード（JIS X 0402、5桁、例: 13101）が必要です。");
  } else {
    CheckMunicipality(violations, field + ".municipality_code", municipality);
  }
  const std::string& postal = address.postal_code();
  violations.Require(
      postal.empty() || IsPostalCode(postal), field + ".postal_code", "NOT_A_POSTAL_CODE",
      absl::StrCat("'", postal, "' is not a postal code; write it as 100-0001 or 1000001."),
      absl::StrCat("「", postal, "」は郵便番号ではありません。100-0001 または 1000001 の形で書いてください。"));
  violations.Text(field + ".text", address.text(), 0, 200);
  violations.Range(field + ".position.latitude_e6", address.position().latitude_e6(), -90'000'000, 90'000'000);
  violations.Range(field + ".position.longitude_e6", address.position().longitude_e6(), -180'000'000, 180'000'000);
}

void CheckContact(errors::Violations& violations, const std::string& path, const type::v1::Contact& contact) {
  violations.Enum(path + ".role", contact.role());
  violations.Text(path + ".office", contact.office(), 1, 100);
  violations.Text(path + ".hours", contact.hours(), 0, 200);
  violations.Require(!contact.phone().empty() || !contact.email().empty(), path + ".phone", "REQUIRED",
                     "A telephone number or an e-mail address is needed.",
                     "電話番号かメールアドレスのどちらかが必要です。");
  violations.Require(contact.phone().empty() || IsPhone(contact.phone()), path + ".phone", "NOT_A_PHONE",
                     absl::StrCat("'", contact.phone(), "' is not a telephone number; write it as 03-1234-5678."),
                     absl::StrCat("「", contact.phone(), "」は電話番号ではありません。03-1234-5678 の形で書いてください。"));
  CheckEmail(violations, path + ".email", contact.email());
}

void CheckContacts(errors::Violations& violations, const std::string& field,
                   const google::protobuf::RepeatedPtrField<type::v1::Contact>& contacts) {
  violations.Range(field, contacts.size(), 0, kMaxContacts);
  for (int i = 0; i < std::min(contacts.size(), kMaxContacts); ++i)
    CheckContact(violations, absl::StrCat(field, "[", i, "]"), contacts[i]);
}

}  // namespace kubari::registry
