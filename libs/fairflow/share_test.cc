#include "libs/fairflow/share.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "libs/fairflow/testing/expect_shared.h"
#include "libs/fairflow/testing/instances.h"
#include "libs/fairflow/testing/random_problem.h"

namespace kubari::fairflow {
namespace {

using testing::Arcs;
using testing::ExpectAFlow;
using testing::ExpectProof;
using testing::Instance;
using testing::RandomProblem;
using testing::Shape;

// Every way to give out the food, unit by unit.
class Everything {
 public:
  explicit Everything(const Network& network) : network_(network) {
    room_ = network.room;
    food_.assign(network.groups(), 0);
    Try(0);
  }
  // What is saved of each urgency class, then the levels that food up to the floors makes, then all levels, the lowest
  // first: the best there is.
  std::vector<int64_t> saved;
  std::vector<Level> floor_levels, levels;

 private:
  void Try(int lot) {
    if (lot == network_.lots()) return Judge();
    const int kind = network_.kind_of[lot];
    Give(lot, network_.arc_begin[kind], network_.cases[lot] * network_.value[lot]);
  }
  void Give(int lot, int64_t arc, int64_t left) {
    if (arc == network_.arc_begin[network_.kind_of[lot] + 1]) {
      unsaved_[network_.urgency[lot]] += left;
      Try(lot + 1);
      unsaved_[network_.urgency[lot]] -= left;
      return;
    }
    const int bin = network_.head[arc], group = network_.group_of[bin];
    const int64_t most = std::min({left, room_[bin], network_.cap[group] - food_[group]});
    for (int64_t amount = 0; amount <= most; ++amount) {
      room_[bin] -= amount, food_[group] += amount;
      Give(lot, arc + 1, left - amount);
      room_[bin] += amount, food_[group] -= amount;
    }
  }
  void Judge() {
    std::vector<int64_t> saved_now = {-unsaved_[0], -unsaved_[1], -unsaved_[2]};
    std::vector<Level> floors_now, now;
    for (int group = 0; group < network_.groups(); ++group) {
      const int64_t history = network_.history[group], weight = network_.weight[group];
      floors_now.push_back({history + std::min(food_[group], network_.floor[group]), weight});
      now.push_back({history + food_[group], weight});
    }
    std::sort(floors_now.begin(), floors_now.end(), Less);
    std::sort(now.begin(), now.end(), Less);
    int order = saved.empty() || saved_now > saved ? 1 : saved_now < saved ? -1 : 0;
    if (order == 0) order = Order(floors_now, floor_levels);
    if (order == 0) order = Order(now, levels);
    if (order > 0) saved = saved_now, floor_levels = floors_now, levels = now;
  }
  static int Order(const std::vector<Level>& a, const std::vector<Level>& b) {
    for (size_t i = 0; i < a.size(); ++i) {
      if (const int order = Compare(a[i], b[i]); order != 0) return order;
    }
    return 0;
  }

  const Network& network_;
  std::vector<int64_t> room_, food_;
  std::map<int, int64_t> unsaved_;
};

std::vector<Level> LevelsOf(const Network& network, const Flow& flow) {
  std::vector<Level> levels;
  for (int group = 0; group < network.groups(); ++group)
    levels.push_back({network.history[group] + flow.to_group[group], network.weight[group]});
  std::sort(levels.begin(), levels.end(), Less);
  return levels;
}

TEST(ShareFood, IsTheBestOfAllWaysThereAre) {
  for (uint64_t seed = 1; seed <= 3000; ++seed) {
    SCOPED_TRACE(seed);
    RandomProblem random(seed);
    const Problem problem = random.Make(
        Shape{.groups = 1 + random.Below(3), .lots = 1 + random.Below(3), .most_cases = 3, .most_value = 2});
    const Network network = MakeNetwork(problem);
    const Shared shared = ShareFood(network);
    ExpectAFlow(network, shared);
    ExpectProof(network, shared);
    const Everything everything(network);
    std::map<int, int64_t> unsaved;
    for (int lot = 0; lot < network.lots(); ++lot) {
      unsaved[network.urgency[lot]] += network.cases[lot] * network.value[lot] - shared.saved[lot];
    }
    ASSERT_EQ(everything.saved, (std::vector<int64_t>{-unsaved[0], -unsaved[1], -unsaved[2]}));
    const std::vector<Level> levels = LevelsOf(network, shared.flow);
    for (size_t i = 0; i < levels.size(); ++i) ASSERT_EQ(Compare(levels[i], everything.levels[i]), 0) << i;
  }
}

TEST(ShareFood, KeepsCapsAndFloorsAndStillSavesAndSharesBest) {
  for (uint64_t seed = 1; seed <= 1500; ++seed) {
    SCOPED_TRACE(seed);
    RandomProblem random(seed);
    const Problem problem =
        random.Make(Shape{.groups = 2 + random.Below(2), .lots = 2, .most_cases = 3, .most_value = 2, .limits = true});
    const Network network = MakeNetwork(problem);
    const Shared shared = ShareFood(network);
    ExpectAFlow(network, shared);
    const Everything everything(network);
    const std::vector<Level> levels = LevelsOf(network, shared.flow);
    for (size_t i = 0; i < levels.size(); ++i) ASSERT_EQ(Compare(levels[i], everything.levels[i]), 0) << i;
    for (int group = 0; group < network.groups(); ++group) EXPECT_LE(shared.flow.to_group[group], network.cap[group]);
  }
}

// The published figures of the relaxed optimum.
TEST(ShareFood, ReachesTheKnownFiguresOfTheSmallInstance) {
  const Problem problem = Instance(testing::kSmall, 1).ToProblem(testing::kEverybody);
  const Network network = MakeNetwork(problem);
  const Shared shared = ShareFood(network);
  ExpectAFlow(network, shared);
  ExpectProof(network, shared);
  int64_t food = 0, left = 0;
  for (const int64_t supply : network.supply) food += supply;
  for (const int64_t amount : shared.flow.left) left += amount;
  EXPECT_EQ(left * 100'000 / food, 1'901);  // 1.901 %
  const Level lowest = LevelsOf(network, shared.flow).front();
  EXPECT_NEAR(static_cast<double>(lowest.food) / lowest.weight, 28'961, 0.5);  // 28.961 person-days
}

TEST(ShareFood, FloorsComeFirst) {
  Problem problem;
  problem.groups = {{.id = "poor", .weight = 1}, {.id = "rich", .weight = 1, .history = 100, .floor = 4}};
  problem.bins = {{.group = 0, .capacity = 100}, {.group = 1, .capacity = 100}};
  problem.lots = {{.id = "lot", .cases = 10}};
  problem.arcs = {{.bin = 0}, {.bin = 1}};
  problem.arc_begin = {0, 2};
  EXPECT_EQ(ShareFood(MakeNetwork(problem)).flow.to_group, (std::vector<int64_t>{6, 4}));
}

TEST(ShareFood, GoesOnFromAnotherFlow) {
  for (uint64_t seed = 1; seed <= 300; ++seed) {
    SCOPED_TRACE(seed);
    RandomProblem random(seed);
    Problem problem = random.Make(Shape{.groups = 8, .lots = 12, .most_cases = 20, .most_value = 5});
    const Network before = MakeNetwork(problem);
    const Shared first = ShareFood(before);
    problem.lots[random.Below(12)].cases = random.Below(30);
    problem.bins[random.Below(8)].capacity = random.Below(20);
    const Network after = MakeNetwork(problem);
    const Flow start = Transfer(before, first.flow, after);
    const Shared again = ShareFood(after, &start), fresh = ShareFood(after);
    ExpectAFlow(after, again);
    EXPECT_EQ(again.flow.to_group, fresh.flow.to_group);
  }
}

TEST(ShareFood, HasAnAnswerForNothing) {
  EXPECT_TRUE(ShareFood(MakeNetwork({})).ties.empty());
  Problem no_lots;
  no_lots.groups = {{.id = "a"}};
  EXPECT_EQ(ShareFood(MakeNetwork(no_lots)).flow.to_group, (std::vector<int64_t>{0}));
  Problem no_groups;
  no_groups.lots = {{.id = "a", .cases = 7}};
  no_groups.arc_begin = {0, 0};
  EXPECT_EQ(ShareFood(MakeNetwork(no_groups)).flow.left, (std::vector<int64_t>{7}));
}

TEST(ShareFood, HoldsABillionItemsOfAMillionEach) {
  Problem problem;
  problem.groups = {{.id = "a", .weight = 1'000'000'000},
                    {.id = "b", .weight = 3, .history = 1'000},
                    {.id = "c", .weight = 999'999'937}};
  for (int g = 0; g < 3; ++g) problem.bins.push_back({.group = g, .capacity = kMostFood});
  problem.lots = {{.id = "lot", .cases = 1'000'000'000, .value = 1'000'000}};
  problem.arcs = {{.bin = 0}, {.bin = 1}, {.bin = 2}};
  problem.arc_begin = {0, 3};
  ASSERT_TRUE(Validate(problem).ok());
  const Shared shared = ShareFood(MakeNetwork(problem));
  const std::vector<int64_t>& food = shared.flow.to_group;
  EXPECT_EQ(food[0] + food[1] + food[2], 1'000'000'000'000'000);
  // Levels differ by less than the unit of the other group.
  EXPECT_LE(std::abs(food[0] * 999'999'937.0L - food[2] * 1e9L), 1e9L);
  EXPECT_EQ(food[1], 3 * food[0] / 1'000'000'000 - 1'000 + 1);
}

}  // namespace
}  // namespace kubari::fairflow
