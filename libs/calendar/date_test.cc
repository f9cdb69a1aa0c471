#include "libs/calendar/date.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kubari::calendar {
namespace {

using ::testing::HasSubstr;

TEST(Date, ADayHoldsOnThatDay) {
  const Date date = Date::Parse("2027-03-31").value();
  EXPECT_FALSE(date.month_precision());
  EXPECT_EQ(date.LastGoodDay(), absl::CivilDay(2027, 3, 31));
  EXPECT_EQ(date.Format(), "2027-03-31");
  EXPECT_EQ(date.JapaneseText(), "2027年3月31日");
  EXPECT_EQ(date.DaysUntil(absl::CivilDay(2027, 3, 1)), 30);
  EXPECT_EQ(date.DaysUntil(absl::CivilDay(2027, 3, 31)), 0);
  EXPECT_EQ(date.DaysUntil(absl::CivilDay(2027, 4, 1)), -1);
}

TEST(Date, AMonthHoldsToItsEnd) {
  const Date date = Date::Parse("2027-03").value();
  EXPECT_TRUE(date.month_precision());
  EXPECT_EQ(date.LastGoodDay(), absl::CivilDay(2027, 3, 31));
  EXPECT_EQ(date.Format(), "2027-03");
  EXPECT_EQ(date.JapaneseText(), "2027年3月");
  EXPECT_EQ(Date::Parse("2027-12")->LastGoodDay(), absl::CivilDay(2027, 12, 31));
  EXPECT_EQ(Date::Parse("2027-02")->LastGoodDay(), absl::CivilDay(2027, 2, 28));
  EXPECT_EQ(Date::Parse("2028-02")->LastGoodDay(), absl::CivilDay(2028, 2, 29));
}

TEST(Date, LeapYears) {
  for (const char* good : {"2028-02-29", "2000-02-29", "1904-02-29"}) EXPECT_TRUE(Date::Parse(good).ok()) << good;
  for (const char* bad : {"2027-02-29", "1900-02-29", "2100-02-29"}) EXPECT_FALSE(Date::Parse(bad).ok()) << bad;
}

TEST(Date, RefusesEverythingElse) {
  for (const char* bad : {"", "2027", "2027-3-31", "2027-03-1", "2027/03/31", "20270331", "2027-00", "2027-13",
                          "2027-03-00", "2027-03-32", "2027-04-31", "1899-12-31", "2200-01-01", " 2027-03", "2027-03 ",
                          "2027-03-", "+027-03-31", "2027-03-31T00:00", "２０２７-03-31"}) {
    EXPECT_FALSE(Date::Parse(bad).ok()) << bad;
    ASSERT_TRUE(Date::ProblemWith(bad).has_value()) << bad;
    EXPECT_EQ(Date::Parse(bad).status().message(), Date::ProblemWith(bad)->english);
  }
  for (const char* good : {"1900-01-01", "2199-12-31", "1900-01", "2199-12"}) {
    EXPECT_TRUE(Date::Parse(good).ok()) << good;
    EXPECT_FALSE(Date::ProblemWith(good).has_value()) << good;
  }
}

TEST(Date, SaysWhatIsWrong) {
  EXPECT_THAT(Date::ProblemWith("2027-04-31")->english, HasSubstr("01 to 30"));
  EXPECT_THAT(Date::ProblemWith("2027-04-31")->japanese, HasSubstr("1日から30日"));
  EXPECT_THAT(Date::ProblemWith("2027-13")->english, HasSubstr("no month 13"));
  EXPECT_THAT(Date::ProblemWith("0027-12")->english, HasSubstr("1900 to 2199"));
  EXPECT_THAT(Date::ProblemWith("soon")->english, HasSubstr("2027-03-31"));
  EXPECT_THAT(Date::ProblemWith("二〇二七年三月三十一日まで有効")->japanese,
              HasSubstr("「二〇二七年三月三十一日まで」"))
      << "cut, not broken";
}

TEST(Date, EveryDayOfThreeHundredYearsReadsBackAsWritten) {
  int days = 0;
  for (absl::CivilDay day(1900, 1, 1); day < absl::CivilDay(2200, 1, 1); ++day, ++days) {
    const Date date = Date::Day(day);
    const auto again = Date::Parse(date.Format());
    ASSERT_TRUE(again.ok() && *again == date) << date;
  }
  EXPECT_EQ(days, 109573);
  for (absl::CivilMonth month(1900, 1); month < absl::CivilMonth(2200, 1); ++month) {
    const Date date = Date::Month(month);
    ASSERT_EQ(Date::Parse(date.Format()).value(), date);
    ASSERT_EQ(absl::CivilMonth(date.LastGoodDay()), month);
    ASSERT_NE(absl::CivilMonth(date.LastGoodDay() + 1), month);
  }
}

TEST(Date, OrderIsByLastGoodDayThenPrecision) {
  const Date day = Date::Parse("2027-03-31").value(), month = Date::Parse("2027-03").value();
  EXPECT_NE(day, month);
  EXPECT_LT(day, month);
  EXPECT_LT(Date::Parse("2027-03-30").value(), day);
  EXPECT_LT(month, Date::Parse("2027-04-01").value());
}

TEST(Weekday, IsoNumbersAndNames) {
  const absl::CivilDay monday(2026, 11, 16);
  EXPECT_EQ(IsoWeekday(monday), 1);
  EXPECT_EQ(IsoWeekday(monday + 6), 7);
  EXPECT_EQ(JapaneseWeekday(monday), "月");
  EXPECT_EQ(JapaneseWeekday(monday + 6), "日");
  EXPECT_EQ(OnOrAfter(monday, 1), monday);
  EXPECT_EQ(OnOrAfter(monday, 3), monday + 2);
  EXPECT_EQ(OnOrAfter(monday + 6, 1), monday + 7);
}

}  // namespace
}  // namespace kubari::calendar
