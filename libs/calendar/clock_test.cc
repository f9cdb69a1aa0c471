#include "libs/calendar/clock.h"

#include <gtest/gtest.h>

namespace kubari::calendar {
namespace {

TEST(Zone, KnowsTheDatabasesNamesOnly) {
  for (const char* good : {"Asia/Tokyo", "UTC", "America/Argentina/Buenos_Aires", "Etc/GMT+9"}) {
    EXPECT_TRUE(LoadZone(good).ok()) << good;
  }
  for (const char* bad : {"", "Asia/Kubari", "localtime", "Fixed/UTC+09:00:00", "/etc/passwd", "../zoneinfo/UTC",
                          "Asia/../UTC", "libc:localtime", "JST-9x", "file:UTC"}) {
    EXPECT_FALSE(LoadZone(bad).ok()) << bad;
  }
}

TEST(Zone, TodayTurnsAtTheZonesMidnight) {
  const absl::TimeZone tokyo = LoadZone("Asia/Tokyo").value();
  const absl::Time before = absl::FromCivil(absl::CivilSecond(2026, 11, 21, 14, 59, 59), absl::UTCTimeZone());
  EXPECT_EQ(Today(before, tokyo), absl::CivilDay(2026, 11, 21));
  EXPECT_EQ(Today(before + absl::Seconds(1), tokyo), absl::CivilDay(2026, 11, 22));
  EXPECT_EQ(Today(before + absl::Seconds(1), absl::UTCTimeZone()), absl::CivilDay(2026, 11, 21));
}

TEST(Clock, TheFixedOneMovesOnlyWhenTold) {
  const absl::Time start = absl::FromUnixSeconds(1'800'000'000);
  FixedClock clock(start);
  EXPECT_EQ(clock.Now(), start);
  clock.Advance(absl::Hours(1));
  EXPECT_EQ(clock.Now(), start + absl::Hours(1));
  clock.Set(start);
  EXPECT_EQ(clock.Now(), start);
}

TEST(Clock, TheSystemsOneMoves) {
  const SystemClock clock;
  const absl::Time first = clock.Now();
  EXPECT_GT(first, absl::FromUnixSeconds(1'700'000'000));
  EXPECT_GE(clock.Now(), first);
}

}  // namespace
}  // namespace kubari::calendar
