#include "libs/fairflow/share.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "libs/fairflow/testing/instances.h"
#include "libs/fairflow/testing/random_problem.h"

namespace kubari::fairflow {
namespace {

using testing::Arcs;
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

void ExpectAFlow(const Network& network, const Shared& shared) {
  std::vector<int64_t> out(network.kinds(), 0), in(network.bins(), 0), to(network.groups(), 0);
  for (size_t arc = 0; arc < network.head.size(); ++arc) {
    ASSERT_GE(shared.flow.on_arc[arc], 0);
    out[network.tail[arc]] += shared.flow.on_arc[arc];
    in[network.head[arc]] += shared.flow.on_arc[arc];
  }
  for (int bin = 0; bin < network.bins(); ++bin) {
    EXPECT_LE(in[bin], network.room[bin]);
    to[network.group_of[bin]] += in[bin];
  }
  EXPECT_EQ(in, shared.flow.into_bin);
  EXPECT_EQ(to, shared.flow.to_group);
  std::vector<int64_t> saved(network.kinds(), 0);
  for (int lot = 0; lot < network.lots(); ++lot) saved[network.kind_of[lot]] += shared.saved[lot];
  EXPECT_EQ(saved, out);
  for (int kind = 0; kind < network.kinds(); ++kind)
    EXPECT_EQ(out[kind] + shared.flow.left[kind], network.supply[kind]);
}

// Nobody has room for what stays, and nothing flows between ties.
void ExpectProof(const Network& network, const Shared& shared) {
  for (size_t arc = 0; arc < network.head.size(); ++arc) {
    const Tie& from = shared.ties[shared.tie_of_kind[network.tail[arc]]];
    const int bin = network.head[arc], group = network.group_of[bin];
    if (from.stuck) {
      EXPECT_TRUE(shared.flow.into_bin[bin] == network.room[bin] || shared.flow.to_group[group] == network.cap[group])
          << arc;
    }
    if (shared.flow.on_arc[arc] > 0) {
      EXPECT_EQ(shared.tie_of_kind[network.tail[arc]], shared.tie_of_bin[bin]) << arc;
    }
  }
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

// Many small changes, each solved again from what stands, beside a solution from nothing.
class Standing : public ::testing::TestWithParam<int> {};

TEST_P(Standing, IsWhatASolutionFromNothingWouldBe) {
  const int64_t unit = GetParam();  // with 1 many levels are about equal, with more few are
  for (uint64_t seed = 1; seed <= 150; ++seed) {
    SCOPED_TRACE(seed);
    RandomProblem random(seed);
    const int groups = 2 + random.Below(12);
    Problem problem =
        random.Make(Shape{.groups = groups, .lots = 1 + random.Below(20), .most_cases = 12, .most_value = 4});
    std::vector<Arc> few;  // three for each lot, so that not everything hangs together
    for (size_t lot = 0; lot < problem.lots.size(); ++lot) {
      const int64_t begin = problem.arc_begin[lot], end = problem.arc_begin[lot + 1];
      problem.arc_begin[lot] = static_cast<int64_t>(few.size());
      for (int64_t i = begin; i < end; ++i) {
        if (random.Below(groups) < 3) few.push_back(problem.arcs[i]);
      }
      problem.lots[lot].id = std::to_string(1'000 + lot);
      problem.lots[lot].value *= unit;
    }
    problem.arcs = few;
    problem.arc_begin.back() = static_cast<int64_t>(few.size());
    for (Bin& bin : problem.bins) bin.capacity *= unit * (1 + random.Below(3));
    for (Group& group : problem.groups) {
      group.history *= unit;
      if (random.Below(6) == 0) group.cap = random.Below(30) * unit;
      if (seed % 8 == 0 && random.Below(4) == 0) group.floor = std::min<int64_t>(group.cap, random.Below(5) * unit);
    }
    const Network first = MakeNetwork(problem);
    StandingShares standing(first);
    for (int change = 0; change < 20; ++change) {
      const int lot = random.Below(static_cast<int>(problem.lots.size()));
      const int bin = random.Below(static_cast<int>(problem.bins.size()));
      const int kind = random.Below(4);
      if (kind <= 1) {
        problem.lots[lot].cases = random.Below(3) == 0 ? 0 : random.Below(20);
        standing.SetCases(lot, problem.lots[lot].cases);
      } else if (kind == 2) {
        problem.bins[bin].capacity = random.Below(4) == 0 ? 0 : random.Below(20) * unit;
        standing.SetRoom(first.bin_rank[bin], problem.bins[bin].capacity);
      } else {
        const Lot added{.id = std::to_string(1'000 + problem.lots.size()),
                        .cases = random.Below(15),
                        .value = (1 + random.Below(4)) * unit,
                        .urgency = random.Below(3)};
        std::vector<int32_t> bins;
        for (size_t b = 0; b < problem.bins.size(); ++b) {
          if (random.Below(groups) < 2) bins.push_back(static_cast<int32_t>(b));
        }
        for (const int32_t b : bins) problem.arcs.push_back({.bin = b});
        for (int32_t& b : bins) b = first.bin_rank[b];
        problem.lots.push_back(added);
        problem.arc_begin.push_back(static_cast<int64_t>(problem.arcs.size()));
        ASSERT_EQ(standing.AddLot(added.cases, added.value, added.urgency, bins),
                  static_cast<int>(problem.lots.size()) - 1);
      }
      if (random.Below(3) == 0) continue;  // several changes at once
      standing.Resolve();
      const Network network = MakeNetwork(problem);
      const Shared fresh = ShareFood(network);
      const Shared& told = standing.Tell();
      ASSERT_EQ(told.flow.to_group, fresh.flow.to_group) << change;
      std::map<int32_t, int64_t> saved, saved_fresh;  // by urgency
      for (int l = 0; l < network.lots(); ++l) {
        saved[network.urgency[l]] += told.saved[l];
        saved_fresh[network.urgency[l]] += fresh.saved[l];
      }
      ASSERT_EQ(saved, saved_fresh) << change;
      ExpectAFlow(standing.network(), told);
      ExpectProof(standing.network(), told);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Units, Standing, ::testing::Values(1, 10'000));

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
