// One element against the table, and the problems found on the way. Internal to this room.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "libs/calendar/date.h"
#include "libs/gs1/ai_table.h"
#include "libs/gs1/gs1.h"

namespace kubari::gs1 {

// Gathers what is wrong with one code.
class Problems {
 public:
  // `ai` may be empty; `position` counts from 1 in what was scanned, 0: there is none (writers).
  void Add(std::string_view reason, std::string_view ai, size_t position, std::string english, std::string japanese);
  void Add(Problems others);
  bool empty() const { return all_.empty(); }
  // The first problem's reason; the sentences of all.
  absl::Status status() const;

 private:
  struct Problem {
    std::string reason;
    std::string ai;
    size_t position;
    std::string english;
    std::string japanese;
  };
  std::vector<Problem> all_;
};

bool AllDigits(std::string_view text);  // false for ""

// How long a value of this format may be.
struct LengthRange {
  size_t min;
  size_t max;
};
LengthRange LengthOf(const AiRule& rule);

// "(15) BEST BEFORE" / "(15) 賞味期限".
std::string EnglishName(std::string_view ai);
std::string JapaneseName(std::string_view ai);

// Unknown AI, length, characters, check digit, date. Countries, currencies, times and IBANs within a value are not
// looked at.
void CheckElement(const Element& element, size_t position, Problems& problems);

// YYMMDD, day 00 → month precision; the century as Parse says. Nothing for a day that the calendar does not have.
std::optional<calendar::Date> ReadDate(std::string_view yymmdd, int current_year);

// "must be 7" for check digits, wherever one fails.
void AddCheckDigitProblem(std::string_view digits, std::string_view ai, size_t position, Problems& problems);

}  // namespace kubari::gs1
