// What sharing costs, and how good it is: nice build/bin/fairflow-bench [small|medium|country]…
//
// Every instance is solved by this library and, for scale, LEMON's network simplex carries the same food over the same
// arcs in the same run. Processor time of one thread. The country takes minutes and about a gigabyte.
#include <sys/resource.h>

#include <algorithm>
#include <cstdio>
#include <string_view>

#include "libs/fairflow/network.h"
#include "libs/fairflow/share.h"
#include "libs/fairflow/solve.h"
#include "libs/fairflow/testing/instances.h"
#include "libs/fairflow/testing/lemon.h"
#include "libs/fairflow/transport.h"

namespace kubari::fairflow {
namespace {

using testing::Arcs;
using testing::Instance;
using testing::ProcessorSeconds;
using testing::ReferenceArc;
using testing::ReferenceFlow;

struct Case {
  std::string_view size;
  const char* name;
  testing::Size numbers;
  Arcs arcs;
  bool lemon, on_request;  // compare with LEMON; solve with all other arcs on request
};
constexpr Case kCases[] = {
    {"small", "20 groups, all arcs", testing::kTiny, testing::kEverybody, true, false},
    {"small", "100 groups, all arcs", testing::kSmall, testing::kEverybody, true, false},
    {"medium", "1,000 groups, all arcs", testing::kMedium, testing::kEverybody, true, false},
    {"medium", "1,000 groups, 32 + 32 arcs", testing::kMedium, {Arcs::Choice::kNearestAndHashed, 64}, true, true},
    {"country", "10,000 groups, nearest 32", testing::kCountry, {Arcs::Choice::kNearest, 32}, true, false},
    {"country", "10,000 groups, 8 + 8 arcs", testing::kCountry, {Arcs::Choice::kNearestAndHashed, 16}, false, true},
};

template <typename F>
double Seconds(const F& f) {
  const double start = ProcessorSeconds();
  f();
  return ProcessorSeconds() - start;
}

// NaN and infinity are not for reading.
double Percent(double part, double whole) { return whole == 0 ? 0 : 100 * part / whole; }

double Ratio(const Level& level) { return static_cast<double>(level.food) / static_cast<double>(level.weight); }

// Stage C of the same totals.
ReferenceFlow CarryWithLemon(const Problem& problem, const Network& network, const Shared& shared) {
  const int first_bin = network.lots(), first_group = first_bin + network.bins();
  std::vector<int64_t> supply(first_group + network.groups(), 0);
  std::vector<ReferenceArc> arcs;
  for (int lot = 0; lot < network.lots(); ++lot) {
    supply[lot] = shared.saved[lot];
    const int index = network.lot_index[lot];
    for (int64_t i = problem.arc_begin[index]; i < problem.arc_begin[index + 1]; ++i) {
      const Arc& arc = problem.arcs[i];
      arcs.push_back(
          {lot, first_bin + network.bin_rank[arc.bin], supply[lot], (int64_t{arc.metres} << 14) / network.value[lot]});
    }
  }
  for (int bin = 0; bin < network.bins(); ++bin)
    arcs.push_back({first_bin + bin, first_group + network.group_of[bin], network.room[bin], 0});
  for (int group = 0; group < network.groups(); ++group) supply[first_group + group] = -shared.flow.to_group[group];
  return MinimumCostFlow(static_cast<int>(supply.size()), supply, arcs);
}

void PrintShare(const Case& c, Problem problem) {
  const Network network = MakeNetwork(problem);
  Shared shared;
  const double share = Seconds([&] { shared = ShareFood(network); });
  const double carry = Seconds([&] { Carry(problem, network, shared); });
  std::printf("  A, B %.3f s; C %.2f s", share, carry);
  Problem changed = problem;
  changed.lots[changed.lots.size() / 2].cases += 100;
  const Network after = MakeNetwork(changed);
  const Flow start = Transfer(network, shared.flow, after);
  const double again = Seconds([&] { ShareFood(after, &start); });
  std::printf("; A, B again after one lot changed %.3f s", again);
  if (c.lemon) {
    const ReferenceFlow lemon = CarryWithLemon(problem, network, shared);
    std::printf("; LEMON %.2f s; A, B ÷ LEMON %.3f; C ÷ LEMON %.2f", lemon.seconds, share / lemon.seconds,
                carry / lemon.seconds);
  }
  std::printf("\n");
  std::fflush(stdout);
}

void PrintPlan(const char* what, const Problem& problem, const MoreArcs* more) {
  absl::StatusOr<Plan> plan;
  const double seconds = Seconds([&] { plan = Solve(problem, {}, more); });
  if (!plan.ok()) {
    std::printf("  %s: %s\n", what, plan.status().ToString().c_str());
    return;
  }
  const Report& report = plan->report;
  const double food = static_cast<double>(report.food);
  std::printf("  %s: %.2f s; undistributed %.4f %% (bound + %.4f); lowest %.3f (bound − %.4f %%); ", what, seconds,
              Percent(food - report.saved, food), Percent(report.saved_bound - report.saved, food),
              Ratio(report.lowest) / 1000,
              Percent(Ratio(report.lowest_bound) - Ratio(report.lowest), Ratio(report.lowest_bound)));
  std::printf("case-km %.4g (bound + %.4f %%)\n", static_cast<double>(report.case_metres) / 1000,
              Percent(report.case_metres - report.case_metres_bound, report.case_metres_bound));
  std::fflush(stdout);
}

void Run(const Case& c) {
  const Instance instance(c.numbers, 1);
  const Problem with_portions = instance.ToProblem(c.arcs);
  Problem problem = with_portions;
  for (Lot& lot : problem.lots) lot.min_cases = 1;
  std::printf("%s (%zu)\n", c.name, problem.arcs.size());
  if (c.lemon) PrintShare(c, problem);
  const testing::Everybody everybody(instance);
  const MoreArcs* more = c.on_request ? &everybody : nullptr;
  PrintPlan(c.on_request ? "whole cases, over all arcs" : "whole cases", problem, more);
  if (c.size != "country") PrintPlan("smallest quantities", with_portions, more);
  rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  std::printf("  %ld MB so far\n", usage.ru_maxrss / 1024);
}

}  // namespace
}  // namespace kubari::fairflow

int main(int argc, char** argv) {
  for (const auto& c : kubari::fairflow::kCases) {
    if (argc == 1 ? c.size != "country" : std::find(argv + 1, argv + argc, c.size) != argv + argc)
      kubari::fairflow::Run(c);
  }
}
