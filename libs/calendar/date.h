// Civil dates as food carries them: a day, or only a month ("2027-03" is good to the end of that month).
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/time/civil_time.h"

namespace kubari::calendar {

// Why a text is not a date, in a sentence for people.
struct Problem {
  std::string english;
  std::string japanese;
};

// A date of the years 1900 to 2199, with the precision it was written with. Immutable, cheap to copy.
class Date {
 public:
  // Both require a year of 1900 to 2199; anything else is a mistake of the program (assert).
  static Date Day(absl::CivilDay day);
  static Date Month(absl::CivilMonth month);

  // Reads exactly "YYYY-MM-DD" or "YYYY-MM", zero-padded, nothing around it. INVALID_ARGUMENT with the English sentence
  // of ProblemWith otherwise.
  static absl::StatusOr<Date> Parse(std::string_view text);

  // What is wrong with the text, or nothing when Parse accepts it. For errors that are shown in both languages.
  static std::optional<Problem> ProblemWith(std::string_view text);

  // The last day on which the date still holds: the day itself, or the last day of the month.
  absl::CivilDay LastGoodDay() const { return last_good_day_; }
  bool month_precision() const { return month_precision_; }

  // Days left after `today`: 0 on the last good day, negative when it has passed.
  int64_t DaysUntil(absl::CivilDay today) const { return last_good_day_ - today; }

  // "2027-03-31" or "2027-03": what Parse reads.
  std::string Format() const;

  // "2027年3月31日" or "2027年3月".
  std::string JapaneseText() const;

  // "2027-03" and "2027-03-31" are different dates with the same last good day. Order: last good day, then day before
  // month.
  friend bool operator==(const Date&, const Date&) = default;
  friend std::strong_ordering operator<=>(const Date& a, const Date& b);
  friend std::ostream& operator<<(std::ostream& out, const Date& date) { return out << date.Format(); }

 private:
  Date(absl::CivilDay last_good_day, bool month_precision)
      : last_good_day_(last_good_day), month_precision_(month_precision) {}

  absl::CivilDay last_good_day_;
  bool month_precision_;
};

// 1 = Monday … 7 = Sunday (ISO 8601).
int IsoWeekday(absl::CivilDay day);

// The first day on or after `day` that falls on the ISO weekday (1 to 7; others are a mistake of the program).
absl::CivilDay OnOrAfter(absl::CivilDay day, int iso_weekday);

// "月" … "日".
std::string JapaneseWeekday(absl::CivilDay day);

}  // namespace kubari::calendar
