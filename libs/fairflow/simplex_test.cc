#include "libs/fairflow/simplex.h"

#include <gtest/gtest.h>

#include <random>

#include "libs/fairflow/testing/lemon.h"

namespace kubari::fairflow {
namespace {

using testing::MinimumCostFlow;
using testing::ReferenceArc;
using testing::ReferenceFlow;

TEST(Simplex, AgreesWithLemonOnRandomNetworks) {
  int feasible = 0;
  for (uint64_t seed = 1; seed <= 2000; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937_64 random(seed);
    const auto below = [&random](int limit) { return static_cast<int>(random() % static_cast<uint64_t>(limit)); };
    const int nodes = 2 + below(9);
    std::vector<int64_t> supply(nodes, 0);
    for (int i = 0; i < nodes; ++i) {
      const int amount = below(5);
      supply[below(nodes)] += amount;
      supply[below(nodes)] -= amount;
    }
    std::vector<ReferenceArc> arcs;
    for (int i = below(40); i > 0; --i) arcs.push_back({below(nodes), below(nodes), below(9), below(20)});
    std::vector<int64_t> guess;
    for (int i = 0; i < nodes; ++i) guess.push_back(below(41) - 20);
    Simplex simplex = below(2) == 0 ? Simplex(supply) : Simplex(supply, guess, below(4));
    std::vector<int> numbers;
    const size_t half = arcs.size() / 2;
    for (size_t i = 0; i < half; ++i)
      numbers.push_back(simplex.Add(arcs[i].from, arcs[i].to, arcs[i].capacity, arcs[i].cost));
    simplex.Run();  // arcs may come later
    for (size_t i = half; i < arcs.size(); ++i)
      numbers.push_back(simplex.Add(arcs[i].from, arcs[i].to, arcs[i].capacity, arcs[i].cost));
    const bool ok = simplex.Run();
    const ReferenceFlow reference = MinimumCostFlow(nodes, supply, arcs);
    ASSERT_EQ(ok, reference.optimal);
    if (!ok) continue;
    ++feasible;
    int64_t cost = 0;
    std::vector<int64_t> balance = supply;
    for (size_t i = 0; i < arcs.size(); ++i) {
      const int64_t flow = simplex.Flow(numbers[i]);
      ASSERT_GE(flow, 0);
      ASSERT_LE(flow, arcs[i].capacity);
      cost += flow * arcs[i].cost;
      balance[arcs[i].from] -= flow;
      balance[arcs[i].to] += flow;
    }
    EXPECT_EQ(balance, std::vector<int64_t>(nodes, 0));
    EXPECT_EQ(cost, reference.cost);
  }
  EXPECT_GT(feasible, 300);
}

TEST(Simplex, HasAnAnswerForNothing) {
  Simplex simplex({});
  EXPECT_TRUE(simplex.Run());
}

}  // namespace
}  // namespace kubari::fairflow
