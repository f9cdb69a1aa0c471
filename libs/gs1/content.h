// What a part of a value must be besides its length and its characters. Internal to this room.
//
// Not here, on purpose: lists that others change every year (countries, currencies, package types) and North American
// coupons. A reader with an old list would turn away good food.
#pragma once

#include <optional>
#include <string_view>

#include "libs/calendar/date.h"

namespace kubari::gs1 {

struct ContentRule {
  std::string_view name;    // as in AiRule::format
  std::string_view reason;  // BARCODE_DATE or BARCODE_VALUE
  // The part has passed its character set; fixed-length parts have their length. `current_year` as in ReadDate.
  bool (*holds)(std::string_view part, int current_year);
  // "271332 should be …" / "271332は…のはずです".
  std::string_view english;
  std::string_view japanese;
};

// Nothing for "digit", the check digit: it has a sentence of its own. Asserts that the name exists.
const ContentRule* FindContentRule(std::string_view name);

// YYMMDD, day 00 → month precision; the century as Parse says (0: the year is not known, take 20YY). Nothing for a day
// that the calendar does not have.
std::optional<calendar::Date> ReadDate(std::string_view yymmdd, int current_year);

}  // namespace kubari::gs1
