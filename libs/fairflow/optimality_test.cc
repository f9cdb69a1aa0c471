// Stages A, B and C judged from outside, up to 1,000 groups and 3.4 million arcs: by LEMON's flows and by reachability
// in them, without a line of the solver. The judge sees the problem, what each group has, and what is saved of each
// class.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <numeric>
#include <string>
#include <tuple>
#include <vector>

#include "libs/fairflow/network.h"
#include "libs/fairflow/share.h"
#include "libs/fairflow/testing/instances.h"
#include "libs/fairflow/testing/lemon.h"
#include "libs/fairflow/testing/random_problem.h"
#include "libs/fairflow/transport.h"

namespace kubari::fairflow {
namespace {

using testing::Instance;
using testing::MaximumFlow;
using testing::MinimumCostFlow;
using testing::RandomProblem;
using testing::ReferenceArc;
using testing::ReferenceFlow;
using testing::ReferenceMaximum;
using testing::Shape;

// Indexes are the problem's. No pins, no floors.
struct Verdict {
  std::vector<int64_t> food;         // by group
  std::map<int32_t, int64_t> saved;  // by urgency
};

class Judge {
 public:
  Judge(const Problem& problem, const Verdict& verdict) : problem_(problem), verdict_(verdict) {
    for (const Lot& lot : problem.lots) class_of_.emplace(lot.urgency, 0);
    int node = 2;
    for (auto& [urgency, class_node] : class_of_) class_node = node++;
    first_lot_ = node;
    first_bin_ = first_lot_ + static_cast<int>(problem.lots.size());
    first_group_ = first_bin_ + static_cast<int>(problem.bins.size());
    nodes_ = first_group_ + static_cast<int>(problem.groups.size());
  }

  // What is wrong; empty: nothing.
  std::string Complaint() const {
    const int64_t all = std::accumulate(verdict_.food.begin(), verdict_.food.end(), int64_t{0});
    // Class by class no more can be saved.
    int64_t saved = 0;
    for (const auto& [urgency, node] : class_of_) {
      saved += verdict_.saved.at(urgency);
      if (const int64_t most = MaximumFlow(nodes_, kSource, kSink, Arcs(Limit::kNone, urgency)).value; most != saved)
        return "Up to class " + std::to_string(urgency) + " " + std::to_string(most) + " can be saved, not " +
               std::to_string(saved);
    }
    if (saved != all) return "Groups have " + std::to_string(all) + ", saved is " + std::to_string(saved);
    // So much for each class and group can be had together.
    const std::vector<ReferenceArc> arcs = Arcs(Limit::kVerdict, class_of_.empty() ? 0 : class_of_.rbegin()->first);
    const ReferenceMaximum flow = MaximumFlow(nodes_, kSource, kSink, arcs);
    if (flow.value != all) return "Of " + std::to_string(all) + " only " + std::to_string(flow.value) + " can be had";
    return Unfair(arcs, flow.flow);
  }

 private:
  static constexpr int kSource = 0, kSink = 1;
  enum class Limit { kNone, kVerdict };

  // Source, classes, lots, bins, groups, sink.
  std::vector<ReferenceArc> Arcs(Limit limit, int32_t last_class) const {
    std::vector<ReferenceArc> arcs;
    const bool exact = limit == Limit::kVerdict;
    for (const auto& [urgency, node] : class_of_) {
      if (urgency <= last_class) arcs.push_back({kSource, node, exact ? verdict_.saved.at(urgency) : kMostFood});
    }
    for (size_t l = 0; l < problem_.lots.size(); ++l) {
      const Lot& lot = problem_.lots[l];
      const int node = first_lot_ + static_cast<int>(l);
      const int64_t amount = (lot.cases - lot.held_back) * lot.value;
      arcs.push_back({class_of_.at(lot.urgency), node, amount});
      for (int64_t i = problem_.arc_begin[l]; i < problem_.arc_begin[l + 1]; ++i)
        arcs.push_back({node, first_bin_ + problem_.arcs[i].bin, amount});
    }
    for (size_t b = 0; b < problem_.bins.size(); ++b)
      arcs.push_back(
          {first_bin_ + static_cast<int>(b), first_group_ + problem_.bins[b].group, problem_.bins[b].capacity});
    for (size_t g = 0; g < problem_.groups.size(); ++g)
      arcs.push_back({first_group_ + static_cast<int>(g), kSink,
                      exact ? verdict_.food[g] : std::min(problem_.groups[g].cap, kMostFood)});
    return arcs;
  }

  // A unit of food by the level before it; of equal ones the smaller weight is served first, then the smaller id.
  bool Before(int group, int64_t food, int other, int64_t other_food) const {
    const Group &a = problem_.groups[group], &b = problem_.groups[other];
    const int order = Compare({a.history + food, a.weight}, {b.history + other_food, b.weight});
    return order != 0 ? order < 0 : std::tie(a.weight, a.id) < std::tie(b.weight, b.id);
  }

  // From the group that got the very last unit on: wherever its food could go instead, nobody may have been waiting.
  // What was reached from a group before it was judged by a stricter rule already, so every arc is looked at once.
  std::string Unfair(const std::vector<ReferenceArc>& arcs, const std::vector<int64_t>& flow) const {
    std::vector<std::vector<int>> ways(nodes_);  // arcs, both ways
    for (size_t i = 0; i < arcs.size(); ++i) {
      if (arcs[i].to == kSink) continue;
      ways[arcs[i].from].push_back(static_cast<int>(i));
      if (flow[i] > 0) ways[arcs[i].to].push_back(static_cast<int>(i));
    }
    std::vector<int> givers;
    for (size_t g = 0; g < problem_.groups.size(); ++g) {
      if (verdict_.food[g] > 0) givers.push_back(static_cast<int>(g));
    }
    std::sort(givers.begin(), givers.end(),
              [this](int a, int b) { return Before(b, verdict_.food[b] - 1, a, verdict_.food[a] - 1); });
    std::vector<bool> reached(nodes_);
    for (const int giver : givers) {
      std::vector<int> queue = {first_group_ + giver};
      reached[queue[0]] = true;
      while (!queue.empty()) {
        const int node = queue.back();
        queue.pop_back();
        if (const int group = node - first_group_; group >= 0 && group != giver) {
          if (verdict_.food[group] < problem_.groups[group].cap &&
              Before(group, verdict_.food[group], giver, verdict_.food[giver] - 1))
            return "A unit of " + problem_.groups[giver].id + " could be for " + problem_.groups[group].id;
        }
        for (const int i : ways[node]) {
          const bool forward = arcs[i].from == node;
          const int next = forward ? arcs[i].to : arcs[i].from;
          if (reached[next] || (forward ? flow[i] == arcs[i].capacity && !IsClassArc(arcs[i]) : flow[i] == 0)) continue;
          reached[next] = true;
          queue.push_back(next);
        }
      }
    }
    return "";
  }
  // Other food of any class may take the place of what is saved: fairness does not hang on the classes.
  bool IsClassArc(const ReferenceArc& arc) const { return arc.from == kSource; }

  const Problem& problem_;
  const Verdict& verdict_;
  std::map<int32_t, int> class_of_;  // node by urgency
  int first_lot_, first_bin_, first_group_, nodes_;
};

Verdict VerdictOf(const Network& network, const Shared& shared) {
  Verdict verdict{std::vector<int64_t>(network.groups()), {}};
  for (int group = 0; group < network.groups(); ++group)
    verdict.food[network.group_index[group]] = shared.flow.to_group[group];
  for (int lot = 0; lot < network.lots(); ++lot) verdict.saved[network.urgency[lot]] += shared.saved[lot];
  return verdict;
}

int64_t UnitCost(const Arc& arc, const Lot& lot) { return (int64_t{arc.metres} << 14) / lot.value; }

// The least that these totals can cost, over all arcs; what stays of a class stays on its shelf.
ReferenceFlow CheapestByLemon(const Problem& problem, const Verdict& verdict) {
  const int first_bin = static_cast<int>(problem.lots.size());
  const int first_group = first_bin + static_cast<int>(problem.bins.size());
  const int first_shelf = first_group + static_cast<int>(problem.groups.size());
  std::map<int32_t, int> shelf_of;
  for (const auto& [urgency, saved] : verdict.saved)
    shelf_of.emplace(urgency, first_shelf + static_cast<int>(shelf_of.size()));
  std::vector<int64_t> supply(first_shelf + shelf_of.size(), 0);
  std::vector<ReferenceArc> arcs;
  for (size_t l = 0; l < problem.lots.size(); ++l) {
    const Lot& lot = problem.lots[l];
    const int shelf = shelf_of.at(lot.urgency), node = static_cast<int>(l);
    supply[node] = lot.cases * lot.value;
    supply[shelf] -= supply[node];
    arcs.push_back({node, shelf, supply[node], 0});
    for (int64_t i = problem.arc_begin[l]; i < problem.arc_begin[l + 1]; ++i)
      arcs.push_back({node, first_bin + problem.arcs[i].bin, supply[node], UnitCost(problem.arcs[i], lot)});
  }
  for (const auto& [urgency, saved] : verdict.saved) supply[shelf_of.at(urgency)] += saved;
  for (size_t b = 0; b < problem.bins.size(); ++b)
    arcs.push_back({first_bin + static_cast<int>(b), first_group + problem.bins[b].group, problem.bins[b].capacity, 0});
  for (size_t g = 0; g < problem.groups.size(); ++g) supply[first_group + g] = -verdict.food[g];
  return MinimumCostFlow(static_cast<int>(supply.size()), supply, arcs);
}

// The ways of stage C are ways there are, and lead to these totals.
int64_t CostOf(const Problem& problem, const Network& network, const Verdict& verdict, const Carried& carried) {
  int64_t cost = 0;
  std::vector<int64_t> in(problem.bins.size(), 0), to(problem.groups.size(), 0), out(problem.lots.size(), 0);
  std::map<int32_t, int64_t> saved;
  for (const Carried::Part& part : carried.parts) {
    const int lot = network.lot_index[part.lot], bin = network.bin_index[part.bin];
    const auto begin = problem.arcs.begin() + problem.arc_begin[lot],
               end = problem.arcs.begin() + problem.arc_begin[lot + 1];
    const auto arc = std::find_if(begin, end, [bin](const Arc& a) { return a.bin == bin; });
    if (arc == end) {
      ADD_FAILURE() << "There is no way from lot " << lot << " to bin " << bin;
      return -1;
    }
    EXPECT_GT(part.amount, 0);
    out[lot] += part.amount;
    in[bin] += part.amount;
    to[problem.bins[bin].group] += part.amount;
    saved[problem.lots[lot].urgency] += part.amount;
    cost += part.amount * UnitCost(*arc, problem.lots[lot]);
  }
  for (size_t lot = 0; lot < out.size(); ++lot) EXPECT_LE(out[lot], problem.lots[lot].cases * problem.lots[lot].value);
  for (size_t bin = 0; bin < in.size(); ++bin) EXPECT_LE(in[bin], problem.bins[bin].capacity);
  EXPECT_EQ(to, verdict.food);
  for (const auto& [urgency, amount] : verdict.saved) EXPECT_EQ(saved[urgency], amount) << urgency;
  return cost;
}

void ExpectOptimal(Problem problem) {
  const Network network = MakeNetwork(problem);
  const Shared shared = ShareFood(network);
  const Verdict verdict = VerdictOf(network, shared);
  EXPECT_EQ(Judge(problem, verdict).Complaint(), "");
  const ReferenceFlow cheapest = CheapestByLemon(problem, verdict);
  ASSERT_TRUE(cheapest.optimal);
  const Carried carried = Carry(problem, network, shared);
  EXPECT_EQ(CostOf(problem, network, verdict, carried), cheapest.cost);
  EXPECT_EQ(carried.case_metres, cheapest.cost >> 14);
}

TEST(Optimality, OfRandomProblems) {
  for (uint64_t seed = 1; seed <= 2000; ++seed) {
    SCOPED_TRACE(seed);
    RandomProblem random(seed);
    Problem problem = random.Make(
        Shape{.groups = 1 + random.Below(8), .lots = 1 + random.Below(9), .most_cases = 9, .most_value = 6});
    for (Group& group : problem.groups) {
      if (random.Below(4) == 0) group.cap = random.Below(20);
    }
    ExpectOptimal(std::move(problem));
  }
}

TEST(Optimality, OfTheTinyInstances) {
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    SCOPED_TRACE(seed);
    ExpectOptimal(Instance(testing::kTiny, seed).ToProblem(testing::kEverybody));
  }
}

TEST(Optimality, OfTheSmallInstances) {
  for (uint64_t seed = 1; seed <= 5; ++seed) {
    SCOPED_TRACE(seed);
    ExpectOptimal(Instance(testing::kSmall, seed).ToProblem(testing::kEverybody));
  }
}

TEST(Optimality, OfTheMediumInstance) { ExpectOptimal(Instance(testing::kMedium, 1).ToProblem(testing::kEverybody)); }

// A judge that cannot say no says nothing.
TEST(Optimality, TheJudgeSeesASingleUnit) {
  const Problem problem = Instance(testing::kSmall, 1).ToProblem(testing::kEverybody);
  const Network network = MakeNetwork(problem);
  const Verdict right = VerdictOf(network, ShareFood(network));
  ASSERT_EQ(Judge(problem, right).Complaint(), "");
  int refused = 0;
  for (size_t group = 0; group < problem.groups.size(); ++group) {
    Verdict wrong = right;
    --wrong.food[group];
    ++wrong.food[(group + 1) % problem.groups.size()];
    refused += Judge(problem, wrong).Complaint().empty() ? 0 : 1;
  }
  EXPECT_EQ(refused, static_cast<int>(problem.groups.size()));
  Verdict less = right;
  --less.food[0];
  --less.saved.rbegin()->second;
  EXPECT_NE(Judge(problem, less).Complaint(), "");
}

}  // namespace
}  // namespace kubari::fairflow
