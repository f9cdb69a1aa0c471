#include "libs/calendar/date.h"

#include <algorithm>
#include <array>
#include <cassert>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace kubari::calendar {
namespace {

constexpr int kFirstYear = 1900;
constexpr int kLastYear = 2199;

absl::CivilDay LastDay(absl::CivilMonth month) { return absl::CivilDay(month + 1) - 1; }

struct Parts {
  int year = 0;
  int month = 0;
  int day = 0;  // 0: not given
};

// "YYYY-MM" or "YYYY-MM-DD" by shape alone.
std::optional<Parts> Split(std::string_view text) {
  if (text.size() != 7 && text.size() != 10) return std::nullopt;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool dash = i == 4 || i == 7;
    if (dash ? text[i] != '-' : text[i] < '0' || text[i] > '9') return std::nullopt;
  }
  const auto number = [text](size_t from, size_t digits) {
    int value = 0;
    for (const char c : text.substr(from, digits)) value = value * 10 + (c - '0');
    return value;
  };
  return Parts{number(0, 4), number(5, 2), text.size() == 10 ? number(8, 2) : 0};
}

Problem Describe(std::string_view text, std::string_view english, std::string_view japanese) {
  size_t end = std::min<size_t>(text.size(), 40);
  while (end < text.size() && end > 0 && (text[end] & 0xC0) == 0x80) --end;  // not in the middle of a UTF-8 character
  const std::string shown(text.substr(0, end));
  return {absl::StrCat("\"", shown, "\" is not a date: ", absl::string_view(english.data(), english.size())),
          absl::StrCat("「", shown, "」は日付ではありません。", absl::string_view(japanese.data(), japanese.size()))};
}

}  // namespace

Date Date::Day(absl::CivilDay day) {
  assert(day.year() >= kFirstYear && day.year() <= kLastYear);
  return Date(day, false);
}

Date Date::Month(absl::CivilMonth month) {
  assert(month.year() >= kFirstYear && month.year() <= kLastYear);
  return Date(LastDay(month), true);
}

std::optional<Problem> Date::ProblemWith(std::string_view text) {
  const std::optional<Parts> parts = Split(text);
  if (!parts) {
    return Describe(text, "write it as 2027-03-31, or as 2027-03 for a month.",
                    "2027-03-31 のように、年月だけなら 2027-03 のように書いてください。");
  }
  if (parts->year < kFirstYear || parts->year > kLastYear) {
    return Describe(text, absl::StrFormat("the year must be from %d to %d.", kFirstYear, kLastYear),
                    absl::StrFormat("年は%d年から%d年までです。", kFirstYear, kLastYear));
  }
  if (parts->month < 1 || parts->month > 12) {
    return Describe(text, absl::StrFormat("there is no month %02d.", parts->month),
                    absl::StrFormat("%d月はありません。", parts->month));
  }
  if (text.size() == 7) return std::nullopt;
  const int last = LastDay(absl::CivilMonth(parts->year, parts->month)).day();
  if (parts->day < 1 || parts->day > last) {
    return Describe(text, absl::StrFormat("the month has the days 01 to %02d.", last),
                    absl::StrFormat("この月の日は1日から%d日までです。", last));
  }
  return std::nullopt;
}

absl::StatusOr<Date> Date::Parse(std::string_view text) {
  if (const auto problem = ProblemWith(text)) return absl::InvalidArgumentError(problem->english);
  const Parts parts = *Split(text);
  if (text.size() == 7) return Month(absl::CivilMonth(parts.year, parts.month));
  return Day(absl::CivilDay(parts.year, parts.month, parts.day));
}

std::string Date::Format() const {
  const absl::CivilDay day = last_good_day_;
  if (month_precision_) return absl::StrFormat("%04d-%02d", day.year(), day.month());
  return absl::StrFormat("%04d-%02d-%02d", day.year(), day.month(), day.day());
}

std::string Date::JapaneseText() const {
  const absl::CivilDay day = last_good_day_;
  if (month_precision_) return absl::StrFormat("%d年%d月", day.year(), day.month());
  return absl::StrFormat("%d年%d月%d日", day.year(), day.month(), day.day());
}

std::strong_ordering operator<=>(const Date& a, const Date& b) {
  if (a.last_good_day_ < b.last_good_day_) return std::strong_ordering::less;
  if (b.last_good_day_ < a.last_good_day_) return std::strong_ordering::greater;
  return a.month_precision_ <=> b.month_precision_;
}

int IsoWeekday(absl::CivilDay day) {
  return static_cast<int>(absl::GetWeekday(day)) + 1;  // absl counts from Monday = 0
}

absl::CivilDay OnOrAfter(absl::CivilDay day, int iso_weekday) {
  assert(iso_weekday >= 1 && iso_weekday <= 7);
  return day + (iso_weekday - IsoWeekday(day) + 7) % 7;
}

std::string JapaneseWeekday(absl::CivilDay day) {
  static constexpr std::array<const char*, 7> kNames = {"月", "火", "水", "木", "金", "土", "日"};
  return kNames[IsoWeekday(day) - 1];
}

}  // namespace kubari::calendar
