// Shapes that donors and groups have in common.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "absl/time/civil_time.h"
#include "google/protobuf/repeated_field.h"
#include "kubari/type/v1/contact.pb.h"
#include "kubari/type/v1/food.pb.h"
#include "libs/errors/errors.h"

namespace kubari::registry {

inline constexpr int kMaxCode = 40;
inline constexpr int kMaxName = 200;
inline constexpr int kMaxEmail = 254;
inline constexpr int kMaxContacts = 10;

// Five digits that begin with a prefecture, 01 to 47 (JIS X 0402, JIS X 0401): the shape alone.
bool IsMunicipalityCode(std::string_view code);
// Why a code is not one of a municipality in force: NOT_A_MUNICIPALITY (its shape), MUNICIPALITY_ABOLISHED (the sentences name what it
// became) or MUNICIPALITY_UNKNOWN. Nothing if it is.
struct MunicipalityProblem {
  std::string reason, english, japanese;
};
std::optional<MunicipalityProblem> JudgeMunicipality(std::string_view code);
// "01" to "47".
bool IsPrefectureCode(std::string_view code);
// "1000001" or "100-0001".
bool IsPostalCode(std::string_view code);
// Something@something without blanks, up to 254 bytes. Whether mail arrives there only mail can tell.
bool IsEmail(std::string_view email);
// 6 to 20 digits, blanks and + - ( ), at least 4 of them digits.
bool IsPhone(std::string_view phone);
// "2027-03-31"; month precision is not a day.
std::optional<absl::CivilDay> ParseDay(std::string_view text);
// ("donors", "agreements", "donors/{a}/agreements/{b}") → (a, b), both UUIDs.
std::optional<std::pair<std::string, std::string>> ParseChildName(std::string_view collection, std::string_view child,
                                                                  std::string_view name);

// Each adds what is wrong; `field` is the path from the request.
void CheckCode(errors::Violations& violations, const std::string& field, const std::string& code);
void CheckEmail(errors::Violations& violations, const std::string& field, const std::string& email);
// JudgeMunicipality. Whether it is in force.
bool CheckMunicipality(errors::Violations& violations, const std::string& field, std::string_view code);
// With a role, an office, and a telephone number or e-mail address.
void CheckContact(errors::Violations& violations, const std::string& path, const type::v1::Contact& contact);
// At most kMaxContacts.
void CheckContacts(errors::Violations& violations, const std::string& field,
                   const google::protobuf::RepeatedPtrField<type::v1::Contact>& contacts);
// Adds REQUIRED or NOT_A_DAY; returns the day.
std::optional<absl::CivilDay> CheckDay(errors::Violations& violations, const std::string& field,
                                       const std::string& day);
// Of a filter: first and last day, each if it is set. Adds NOT_A_DAY, and ENDS_EARLY if the last comes before the
// first.
struct DayRange {
  std::optional<absl::CivilDay> first, last;
};
DayRange CheckDays(errors::Violations& violations, const std::string& first_field, const std::string& first,
                   const std::string& last_field, const std::string& last);
void CheckChildName(errors::Violations& violations, std::string_view collection, std::string_view child,
                    const std::string& field, const std::string& name);
// All parts may be empty, the municipality only if `municipality_required` is false.
void CheckAddress(errors::Violations& violations, const std::string& field, const type::v1::Address& address,
                  bool municipality_required);

}  // namespace kubari::registry
