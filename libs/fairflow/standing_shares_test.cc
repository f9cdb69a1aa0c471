#include "libs/fairflow/standing_shares.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "libs/fairflow/testing/expect_shared.h"
#include "libs/fairflow/testing/random_problem.h"

namespace kubari::fairflow {
namespace {

using testing::ExpectAFlow;
using testing::ExpectProof;
using testing::RandomProblem;
using testing::Shape;

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

}  // namespace
}  // namespace kubari::fairflow
