// Nothing, everything at once, and numbers at the edge of what Validate() lets in: a clear answer or a clear refusal.
// Also worth running with -fsanitize=undefined,address.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <numeric>
#include <string>
#include <vector>

#include "libs/fairflow/solve.h"

namespace kubari::fairflow {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr int64_t kHuge = std::numeric_limits<int64_t>::max();

// So many groups with a bin each, and so many lots that may go anywhere.
Problem Everywhere(int groups, int lots, const Group& group, int64_t capacity, const Lot& lot, int32_t metres = 1'000) {
  Problem problem;
  for (int g = 0; g < groups; ++g) {
    problem.groups.push_back(group);
    problem.groups.back().id = "g" + std::to_string(1'000 + g);
    problem.bins.push_back({.group = g, .capacity = capacity});
  }
  for (int l = 0; l < lots; ++l) {
    problem.lots.push_back(lot);
    problem.lots.back().id = "l" + std::to_string(1'000 + l);
    for (int g = 0; g < groups; ++g) problem.arcs.push_back({.bin = g, .metres = metres});
    problem.arc_begin.push_back(static_cast<int64_t>(problem.arcs.size()));
  }
  return problem;
}

// Every plan keeps this, and says what it did.
Plan SoundPlan(const Problem& problem, const Options& options = {}) {
  const absl::StatusOr<Plan> plan = Solve(problem, options);
  if (!plan.ok()) {
    ADD_FAILURE() << plan.status();
    return {};
  }
  std::vector<int64_t> given(problem.lots.size(), 0), in(problem.bins.size(), 0), food(problem.groups.size(), 0);
  int64_t all = 0, saved = 0, case_metres = 0;
  for (const PlannedLine& planned : plan->lines) {
    const auto& [lot, bin, cases] = planned.line;
    EXPECT_GE(cases, problem.lots[lot].min_cases);
    given[lot] += cases;
    in[bin] += cases * problem.lots[lot].value;
    food[problem.bins[bin].group] += cases * problem.lots[lot].value;
    saved += cases * problem.lots[lot].value;
    case_metres += cases * planned.metres;
  }
  for (size_t lot = 0; lot < given.size(); ++lot) {
    EXPECT_EQ(plan->left[lot], problem.lots[lot].cases - problem.lots[lot].held_back - given[lot]);
    EXPECT_GE(plan->left[lot], 0);
    all += (problem.lots[lot].cases - problem.lots[lot].held_back) * problem.lots[lot].value;
  }
  for (size_t bin = 0; bin < in.size(); ++bin) EXPECT_LE(in[bin], problem.bins[bin].capacity);
  for (size_t group = 0; group < food.size(); ++group) {
    EXPECT_LE(food[group], problem.groups[group].cap);
    EXPECT_EQ(plan->groups[group].level.food, problem.groups[group].history + food[group]);
  }
  EXPECT_EQ(plan->report.food, all);
  EXPECT_EQ(plan->report.saved, saved);
  EXPECT_LE(saved, plan->report.saved_bound);
  EXPECT_LE(plan->report.saved_bound, all);
  EXPECT_EQ(plan->report.case_metres, case_metres);
  EXPECT_GE(plan->report.case_metres_bound, 0);
  EXPECT_FALSE(Less(plan->report.lowest_bound, plan->report.lowest));
  return *plan;
}

TEST(Extremes, NothingToShareOrNobodyToShareWith) {
  EXPECT_THAT(SoundPlan({}).lines, IsEmpty());
  EXPECT_THAT(SoundPlan(Everywhere(50, 0, {}, 1'000, {})).lines, IsEmpty());
  const Plan nobody = SoundPlan(Everywhere(0, 50, {}, 0, {.cases = 7}));
  EXPECT_THAT(nobody.lines, IsEmpty());
  EXPECT_EQ(std::accumulate(nobody.left.begin(), nobody.left.end(), int64_t{0}), 350);
  EXPECT_THAT(SoundPlan(Everywhere(50, 50, {}, 1'000, {.cases = 0})).lines, IsEmpty());
  EXPECT_THAT(SoundPlan(Everywhere(50, 50, {}, 1'000, {.cases = 9, .held_back = 9})).lines, IsEmpty());
}

TEST(Extremes, NoRoomAnywhere) {
  const Plan plan = SoundPlan(Everywhere(30, 30, {.history = 5}, 0, {.cases = 1'000'000'000}));
  EXPECT_THAT(plan.lines, IsEmpty());
  EXPECT_EQ(plan.report.saved_bound, 0);
  const Plan capped = SoundPlan(Everywhere(30, 30, {.cap = 0}, kMostFood, {.cases = 10}));
  EXPECT_THAT(capped.lines, IsEmpty());
}

TEST(Extremes, AllWeightsEqual) {
  // 61 lots of 10 cases for 40 groups: 15 each, and 10 groups with one more.
  const Plan plan = SoundPlan(Everywhere(40, 61, {.weight = 7}, 1'000'000, {.cases = 10, .value = 1'000}));
  int more = 0;
  for (const GroupStory& group : plan.groups) {
    EXPECT_TRUE(group.level.food == 15'000 || group.level.food == 16'000) << group.level.food;
    more += group.level.food == 16'000 ? 1 : 0;
  }
  EXPECT_EQ(more, 10);
}

TEST(Extremes, EverythingEndsTodayAndUrgencyIsAnyNumber) {
  for (const int32_t urgency : {std::numeric_limits<int32_t>::min(), 0, std::numeric_limits<int32_t>::max()}) {
    const Plan plan = SoundPlan(Everywhere(20, 30, {}, 5'000, {.cases = 10, .value = 1'000, .urgency = urgency}));
    EXPECT_EQ(plan.report.saved, 100'000) << urgency;
  }
  Problem problem = Everywhere(20, 2, {}, 5'000, {.cases = 100, .value = 1'000});
  problem.lots[0].urgency = std::numeric_limits<int32_t>::max();
  problem.lots[1].urgency = std::numeric_limits<int32_t>::min();
  EXPECT_EQ(SoundPlan(problem).left, (std::vector<int64_t>{100, 0}));
}

TEST(Extremes, OneGiantLotAtEveryLimit) {
  const Lot giant{.cases = kMostCases, .value = kMostFood / kMostCases};
  Problem problem = Everywhere(1'000, 1, {}, kMostFood, giant, kFarthest);
  for (int g = 0; g < 1'000; ++g) problem.groups[g].weight = kMostWeight / 1'000 - g;
  for (const int64_t ppm : {0, 1, 1'000'000}) {
    const Plan plan = SoundPlan(problem, {.tolerance_ppm = ppm});
    EXPECT_EQ(plan.left[0], 0);
    EXPECT_EQ(plan.report.case_metres, kMostCases * kFarthest);
  }
  problem.groups[0].history = kMostFood - giant.cases * giant.value;
  SoundPlan(problem);
  for (Group& group : problem.groups) group.floor = kHuge;
  EXPECT_EQ(SoundPlan(problem).left[0], 0);
  for (Group& group : problem.groups) group.floor = 0, group.cap = 1;
  EXPECT_THAT(SoundPlan(problem).lines, IsEmpty());
}

TEST(Extremes, TheHeaviestAndTheLightestGroup) {
  Problem problem = Everywhere(2, 1, {}, kMostFood, {.cases = 1'000'000'000, .value = 1'000'000});
  problem.groups[0].weight = kMostWeight - 1;
  const Plan plan = SoundPlan(problem);
  EXPECT_EQ(plan.left[0], 0);
  EXPECT_LE(plan.groups[1].level.food, 1'000'000);
}

TEST(Extremes, ACaseThatIsEverything) {
  const Plan plan = SoundPlan(Everywhere(9, 1, {}, kMostFood, {.cases = 1, .value = kMostFood}));
  EXPECT_EQ(plan.lines.size(), 1u);
  // Nobody has room for a whole one, though all together would have.
  EXPECT_THAT(SoundPlan(Everywhere(9, 1, {}, kMostFood - 1, {.cases = 1, .value = kMostFood})).lines, IsEmpty());
}

// A hundred lots of ten million cases: no step may take the cases one by one.
TEST(Extremes, ABillionCases) {
  const Plan plan = SoundPlan(Everywhere(200, 100, {}, kMostFood, {.cases = 10'000'000, .value = 3'000}));
  for (const GroupStory& group : plan.groups) EXPECT_NEAR(group.level.food, 5'000'000 * 3'000.0, 3'000.0);
}

TEST(Extremes, ABillionSmallCasesTakeThePlaceOfADividedLargeOne) {
  // Half a large case could go into each bin; the small ones fill what stays free.
  Problem problem = Everywhere(30, 2, {}, 1'500'000'000, {});
  problem.lots[0].cases = 60, problem.lots[0].value = 1'000'000'000;
  problem.lots[1].cases = kMostCases / 2, problem.lots[1].value = 1;
  EXPECT_EQ(SoundPlan(problem).report.saved, 30 * int64_t{1'500'000'000});
}

TEST(Extremes, ABillionCasesByTheHundredMillion) {
  Problem problem =
      Everywhere(40, 3, {}, kMostFood, {.cases = 1'000'000'000, .value = 1'000, .min_cases = 300'000'000});
  EXPECT_EQ(SoundPlan(problem).left, (std::vector<int64_t>{0, 0, 0}));
  for (Arc& arc : problem.arcs) arc.door = arc.bin % 2;
  const absl::StatusOr<Plan> doors = Solve(problem);
  ASSERT_TRUE(doors.ok());
  EXPECT_EQ(doors->left, (std::vector<int64_t>{0, 0, 0}));
  for (Lot& lot : problem.lots) lot.min_cases = kHuge;
  EXPECT_THAT(SoundPlan(problem).lines, IsEmpty());
}

// The poorest group is a large case short of its level, and only small cases can lift it.
TEST(Extremes, ManySmallCasesLiftTheLowest) {
  Problem problem = Everywhere(3, 2, {}, kMostFood, {});
  problem.lots[0].cases = 2, problem.lots[0].value = 1'000'000'000;
  problem.lots[1].cases = 500'000'000, problem.lots[1].value = 2;
  const Plan plan = SoundPlan(problem);
  EXPECT_EQ(plan.report.lowest.food, 1'000'000'000);
}

TEST(Extremes, WhatIsTooMuchIsNamed) {
  const auto complaint = [](const auto& spoil) {
    Problem problem = Everywhere(2, 2, {}, 5, {.cases = 1});
    spoil(problem);
    return std::string(Solve(problem).status().message());
  };
  EXPECT_EQ(complaint([](Problem&) {}), "");
  EXPECT_THAT(complaint([](Problem& p) { p.groups[1].weight = kHuge; }), HasSubstr("weights add up to more than"));
  EXPECT_THAT(complaint([](Problem& p) { p.groups[0].weight = p.groups[1].weight = kHuge; }),
              HasSubstr("weights add up to more than"));
  EXPECT_THAT(complaint([](Problem& p) { p.groups[0].history = p.groups[1].history = kHuge; }),
              HasSubstr("Lots and history add up to more than"));
  EXPECT_THAT(complaint([](Problem& p) { p.groups[0].history = -1; }), HasSubstr("groups[0].history is -1"));
  EXPECT_THAT(complaint([](Problem& p) { p.groups[0].cap = -1; }), HasSubstr("groups[0].floor is 0"));
  EXPECT_THAT(complaint([](Problem& p) { p.bins[1].capacity = kMostFood + 1; }), HasSubstr("bins[1].capacity"));
  EXPECT_THAT(complaint([](Problem& p) { p.bins[1].capacity = -1; }), HasSubstr("bins[1].capacity is -1"));
  EXPECT_THAT(complaint([](Problem& p) { p.lots[1].cases = -1; }), HasSubstr("lots[1].cases is -1"));
  EXPECT_THAT(complaint([](Problem& p) { p.lots[1].cases = kHuge; }), HasSubstr("cases of all lots"));
  EXPECT_THAT(complaint([](Problem& p) { p.lots[0].cases = p.lots[1].cases = kHuge; }), HasSubstr("cases of all lots"));
  EXPECT_THAT(complaint([](Problem& p) { p.lots[1].value = kHuge; }), HasSubstr("Lots and history add up"));
  EXPECT_THAT(complaint([](Problem& p) { p.lots[1].value = 0; }), HasSubstr("lots[1].value is 0"));
  EXPECT_THAT(complaint([](Problem& p) { p.arcs[3].metres = kFarthest + 1; }), HasSubstr("arcs[3].metres"));
  EXPECT_THAT(complaint([](Problem& p) { p.pins = {{0, 0, kHuge}}; }), HasSubstr("pins[0].cases"));
  EXPECT_THAT(complaint([](Problem& p) {
                p.lots[0].cases = 100, p.lots[0].value = kMostFood / 200;
                p.pins = {{0, 0, 100}};
              }),
              HasSubstr("pins[0] is more than fits"));
  EXPECT_THAT(complaint([](Problem& p) { p.bins.resize(kMostNodes); }), HasSubstr("groups, bins and lots"));
  EXPECT_EQ(Solve({}, {.tolerance_ppm = 1'000'001}).status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(Solve({}, {.tolerance_ppm = -1}).status().code(), absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace kubari::fairflow
