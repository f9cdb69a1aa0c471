#include "services/allocation/domain/fair_share.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <map>
#include <random>

namespace kubari::allocation {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

Demand Group(int64_t weight, int64_t history = 0, int64_t capacity = 1'000'000) {
  return {.weight = weight, .history = history, .capacity = {capacity, capacity, capacity}};
}

std::vector<Arc> Everyone(const Problem& problem) {
  std::vector<Arc> arcs;
  for (int g = 0; g < static_cast<int>(problem.demands.size()); ++g) arcs.push_back({.group = g, .metres = 1'000});
  return arcs;
}

std::vector<int64_t> ItemsByGroup(const Problem& problem, const Outcome& outcome) {
  std::vector<int64_t> items(problem.demands.size());
  for (const Share& share : outcome.shares) items[share.group] += share.items;
  return items;
}

TEST(FairShare, SharesByWeightedHouseholds) {
  Problem problem{.supplies = {{.items = 60, .items_per_case = 10, .value = 100}}, .demands = {Group(100), Group(200)}};
  problem.arcs = {Everyone(problem)};
  EXPECT_THAT(ItemsByGroup(problem, FairShare(problem)), ElementsAre(20, 40));
}

TEST(FairShare, WhoGotLessBeforeGetsMoreNow) {
  Problem problem{.supplies = {{.items = 40, .items_per_case = 10, .value = 100}},
                  .demands = {Group(1, 4'000), Group(1, 0)}};
  problem.arcs = {Everyone(problem)};
  EXPECT_THAT(ItemsByGroup(problem, FairShare(problem)), ElementsAre(0, 40));
}

TEST(FairShare, GivesOutFirstWhatEndsFirst) {
  // Storage for one case only: the urgent lot takes it.
  Problem problem{.supplies = {{.items = 10, .items_per_case = 10, .value = 1, .last_day = 90},
                               {.items = 10, .items_per_case = 10, .value = 1, .last_day = 30}},
                  .demands = {Group(1, 0, 10)}};
  problem.arcs = {Everyone(problem), Everyone(problem)};
  const Outcome outcome = FairShare(problem);
  ASSERT_THAT(outcome.shares, SizeIs(1));
  EXPECT_EQ(outcome.shares[0].supply, 1);
  ASSERT_THAT(outcome.unallocated, SizeIs(1));
  EXPECT_EQ(outcome.unallocated[0].reason, Leftover::kNoCapacity);
}

TEST(FairShare, TheNearestOfEqualsComesFirst) {
  Problem problem{.supplies = {{.items = 10, .items_per_case = 10, .value = 1}}, .demands = {Group(1), Group(1)}};
  problem.arcs = {{{.group = 0, .metres = 9'000}, {.group = 1, .metres = 2'000}}};
  EXPECT_THAT(ItemsByGroup(problem, FairShare(problem)), ElementsAre(0, 10));
}

TEST(FairShare, CountsWhoHadLessWithoutEquals) {
  Problem problem{.supplies = {{.items = 30, .items_per_case = 1, .value = 1}},
                  .demands = {Group(1, 5), Group(1, 5), Group(1, 9)}};
  problem.arcs = {Everyone(problem)};
  std::map<int, int> poorer;
  for (const Share& share : FairShare(problem).shares) poorer[share.group] = share.poorer_groups;
  EXPECT_THAT(poorer, ElementsAre(std::pair(0, 0), std::pair(1, 0), std::pair(2, 2)));
}

TEST(FairShare, NobodyGetsLessThanTheSmallestQuantity) {
  Problem problem{.supplies = {{.items = 100, .items_per_case = 10, .value = 1, .min_lot_items = 45}},
                  .demands = {Group(1), Group(1), Group(1)}};
  problem.arcs = {Everyone(problem)};
  EXPECT_THAT(ItemsByGroup(problem, FairShare(problem)), ElementsAre(50, 50, 0));
}

TEST(FairShare, AnOpenedCaseGoesToOneGroupWhole) {
  Problem problem{.supplies = {{.items = 13, .items_per_case = 10, .value = 1}}, .demands = {Group(1), Group(1)}};
  problem.arcs = {Everyone(problem)};
  EXPECT_THAT(ItemsByGroup(problem, FairShare(problem)), ElementsAre(10, 3));
}

TEST(FairShare, SaysWhyFoodStays) {
  Problem problem{
      .supplies = {{.items = 5, .value = 1}, {.items = 5, .items_per_case = 5, .value = 1, .min_lot_items = 8}},
      .demands = {Group(1)}};
  problem.arcs = {{}, Everyone(problem)};
  const Outcome outcome = FairShare(problem);
  EXPECT_THAT(outcome.shares, IsEmpty());
  ASSERT_THAT(outcome.unallocated, SizeIs(2));
  EXPECT_EQ(outcome.unallocated[0].reason, Leftover::kNoEligibleGroup);
  EXPECT_EQ(outcome.unallocated[1].reason, Leftover::kBelowMinimumLot);
}

TEST(FairShare, ExtremeInputHasAnAnswer) {
  EXPECT_THAT(FairShare({}).shares, IsEmpty());
  Problem giant{.supplies = {{.items = 1'000'000'000, .items_per_case = 1'000'000, .value = 1'000'000}},
                .demands = {Group(1, 0, 2'000'000'000), Group(20'000'000, 0, 2'000'000'000)}};
  giant.arcs = {Everyone(giant)};
  const std::vector<int64_t> items = ItemsByGroup(giant, FairShare(giant));
  EXPECT_EQ(items[0] + items[1], 1'000'000'000);
  Problem nothing{.supplies = {{.items = 0}}, .demands = {Group(1, 0, 0)}};
  nothing.arcs = {Everyone(nothing)};
  EXPECT_THAT(FairShare(nothing).shares, IsEmpty());
}

TEST(Gini, IsZeroForEqualsAndGrowsWithInequality) {
  EXPECT_EQ(GiniE6({{100, 1}, {100, 1}}), 0);
  EXPECT_EQ(GiniE6({{0, 1}, {100, 1}}), 500'000);
  EXPECT_EQ(GiniE6({{0, 1}, {0, 1}, {0, 1}, {100, 1}}), 750'000);
  EXPECT_EQ(GiniE6({{300, 3}, {100, 1}}), 0);
  EXPECT_EQ(GiniE6({}), 0);
}

// One lot, storage that does not bind: compared with every division of the cases there is. The sorted levels are the
// largest possible, lexicographically.
TEST(FairShare, OneLotIsLeximinOptimal) {
  std::mt19937 random(20261121);
  for (int round = 0; round < 500; ++round) {
    Problem problem;
    const int groups = 1 + static_cast<int>(random() % 4);
    const int cases = 1 + static_cast<int>(random() % 7);
    for (int g = 0; g < groups; ++g) problem.demands.push_back(Group(1 + random() % 5, random() % 20));
    problem.supplies = {{.items = cases * 2, .items_per_case = 2, .value = 1 + static_cast<int64_t>(random() % 4)}};
    problem.arcs = {Everyone(problem)};
    const auto sorted = [](std::vector<Level> levels) {
      std::sort(levels.begin(), levels.end(), &Less);
      return levels;
    };
    const auto better = [](const std::vector<Level>& a, const std::vector<Level>& b) {
      return std::lexicographical_compare(b.begin(), b.end(), a.begin(), a.end(), &Less);
    };
    const std::vector<Level> ours = sorted(FairShare(problem).levels);
    std::vector<Level> levels;
    for (const Demand& demand : problem.demands) levels.push_back({demand.history, demand.weight});
    const std::function<void(int, int)> divide = [&](int group, int left) {
      if (group + 1 == groups) {
        std::vector<Level> all = levels;
        all[group].food += left * 2 * problem.supplies[0].value;
        ASSERT_FALSE(better(sorted(all), ours)) << "round " << round;
        return;
      }
      for (int give = 0; give <= left; ++give) {
        levels[group].food += give * 2 * problem.supplies[0].value;
        divide(group + 1, left - give);
        levels[group].food -= give * 2 * problem.supplies[0].value;
      }
    };
    divide(0, cases);
  }
}

// What must hold for every outcome, on random problems.
TEST(FairShare, KeepsEveryRuleOnRandomProblems) {
  std::mt19937 random(7);
  for (int round = 0; round < 300; ++round) {
    Problem problem;
    const int groups = static_cast<int>(random() % 12);
    for (int g = 0; g < groups; ++g)
      problem.demands.push_back(Group(1 + random() % 300, random() % 5'000, random() % 200));
    for (int s = 0; s < static_cast<int>(random() % 10); ++s) {
      problem.supplies.push_back({.items = static_cast<int64_t>(random() % 300),
                                  .items_per_case = 1 + static_cast<int64_t>(random() % 24),
                                  .value = static_cast<int64_t>(random() % 1'000),
                                  .min_lot_items = static_cast<int64_t>(random() % 40),
                                  .zone = static_cast<int>(random() % 3),
                                  .last_day = static_cast<int64_t>(random() % 60)});
      problem.arcs.emplace_back();
      for (int g = 0; g < groups; ++g) {
        if (random() % 3 != 0)
          problem.arcs.back().push_back({.group = g, .metres = static_cast<int64_t>(random() % 100'000)});
      }
    }
    const Outcome outcome = FairShare(problem);
    std::vector<int64_t> given(problem.supplies.size());
    std::map<std::pair<int, int>, int64_t> stored;
    std::map<int, int> opened;
    for (const Share& share : outcome.shares) {
      const Supply& supply = problem.supplies[share.supply];
      given[share.supply] += share.items;
      stored[{share.group, supply.zone}] += share.items;
      ASSERT_GT(share.items, 0);
      ASSERT_GE(share.items, supply.min_lot_items > 1 ? supply.min_lot_items : 0);
      ASSERT_TRUE(std::any_of(problem.arcs[share.supply].begin(), problem.arcs[share.supply].end(),
                              [&](const Arc& arc) { return arc.group == share.group; }));
      if (share.items % supply.items_per_case != 0) {
        ASSERT_EQ(++opened[share.supply], 1);
      }
    }
    for (const Unallocated& rest : outcome.unallocated) given[rest.supply] += rest.items;
    for (size_t s = 0; s < given.size(); ++s) ASSERT_EQ(given[s], problem.supplies[s].items);
    for (const auto& [bin, items] : stored) ASSERT_LE(items, problem.demands[bin.first].capacity[bin.second]);
  }
}

}  // namespace
}  // namespace kubari::allocation
