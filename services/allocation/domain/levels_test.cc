#include "services/allocation/domain/levels.h"

#include <gtest/gtest.h>

#include <limits>

namespace kubari::allocation {
namespace {

TEST(Levels, AreShownInThousandthsPerHouseholdOfUsualNeed) {
  EXPECT_EQ(ShownLevel({.food = 3'000, .weight = 1'000}), 300);
  EXPECT_EQ(ShownLevel({.food = 1, .weight = 300}), 0);
  EXPECT_EQ(ShownLevel({.food = fairflow::kMostFood, .weight = 1}), std::numeric_limits<int64_t>::max());
}

TEST(Levels, Gini) {
  EXPECT_EQ(GiniE6({}), 0);
  EXPECT_EQ(GiniE6({{0, 1}, {0, 5}}), 0);
  EXPECT_EQ(GiniE6({{10, 1}, {20, 2}, {30, 3}}), 0);
  EXPECT_EQ(GiniE6({{0, 1}, {10, 1}}), 500'000);
  EXPECT_EQ(GiniE6({{10, 1}, {0, 3}}), 750'000);
  // As large as sums may become.
  EXPECT_EQ(GiniE6({{0, fairflow::kMostWeight / 2}, {fairflow::kMostFood, fairflow::kMostWeight / 2}}), 500'000);
}

TEST(Levels, Jain) {
  EXPECT_EQ(JainE6({}), 1'000'000);
  EXPECT_EQ(JainE6({{0, 100}, {0, 100}}), 1'000'000);
  EXPECT_EQ(JainE6({{700, 100}, {1'400, 200}}), 1'000'000);
  EXPECT_EQ(JainE6({{700, 100}, {0, 100}, {0, 100}, {0, 100}}), 250'000);
  EXPECT_EQ(JainE6({{100, 100}, {300, 100}}), 800'000);  // 400² ÷ (2 × 100,000)
  EXPECT_EQ(JainE6({{fairflow::kMostFood, 100}, {0, 100}}), 500'000);
}

}  // namespace
}  // namespace kubari::allocation
