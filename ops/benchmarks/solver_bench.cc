#include "ops/benchmarks/solver_bench.h"

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "libs/fairflow/network.h"
#include "libs/fairflow/share.h"
#include "libs/fairflow/solve.h"
#include "libs/fairflow/standing_shares.h"
#include "libs/fairflow/testing/instances.h"
#include "libs/fairflow/testing/lemon.h"
#include "libs/fairflow/testing/random_problem.h"
#include "libs/fairflow/transport.h"
#include "ops/benchmarks/in_child.h"

namespace kubari::bench {
namespace {

using fairflow::Arc;
using fairflow::Level;
using fairflow::Lot;
using fairflow::Network;
using fairflow::Plan;
using fairflow::Problem;
using fairflow::Report;
using fairflow::Shared;
using fairflow::testing::Arcs;
using fairflow::testing::Instance;
using fairflow::testing::ProcessorSeconds;
using fairflow::testing::ReferenceArc;
using fairflow::testing::ReferenceFlow;
using fairflow::testing::ReferenceMethod;

constexpr Arcs kNear = {Arcs::Choice::kNearest, 32}, kNearAndOthers = {Arcs::Choice::kNearestAndHashed, 64};

struct Graph {
  const char* name;
  fairflow::testing::Size size;
  Arcs arcs;
  bool country;
};
constexpr Graph kGraphs[] = {
    {"T: 20 groups, all arcs", fairflow::testing::kTiny, fairflow::testing::kEverybody, false},
    {"S: 100 groups, all arcs", fairflow::testing::kSmall, fairflow::testing::kEverybody, false},
    {"M: 1,000 groups, all arcs", fairflow::testing::kMedium, fairflow::testing::kEverybody, false},
    {"M: 1,000 groups, 32 nearest + 32 others", fairflow::testing::kMedium, kNearAndOthers, false},
    {"XL: 10,000 groups, nearest 32", fairflow::testing::kCountry, kNear, true},
    {"XL: 10,000 groups, 32 nearest + 32 others", fairflow::testing::kCountry, kNearAndOthers, true},
};

Problem WithoutSmallestQuantities(Problem problem) {
  for (Lot& lot : problem.lots) lot.min_cases = 1;
  return problem;
}

template <typename F>
double Seconds(const F& f) {
  const double start = ProcessorSeconds();
  f();
  return ProcessorSeconds() - start;
}

// Of whole runs; the shortest of a few, as another process may have got in between.
template <typename F>
double ShortestSeconds(int runs, const F& f) {
  double shortest = Seconds(f);
  for (int i = 1; i < runs; ++i) shortest = std::min(shortest, Seconds(f));
  return shortest;
}

// Stage C of the same totals.
double SecondsOfLemon(const Problem& problem, const Network& network, const Shared& shared, ReferenceMethod method) {
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
  return fairflow::testing::MinimumCostFlow(static_cast<int>(supply.size()), supply, arcs, method).seconds;
}

struct Times {
  double share, carry, again;
  int64_t arcs;
};

Times MeasureOurs(const Graph& graph) {
  Problem problem = WithoutSmallestQuantities(Instance(graph.size, 1).ToProblem(graph.arcs));
  Times times{.arcs = static_cast<int64_t>(problem.arcs.size())};
  const Network network = MakeNetwork(problem);
  Shared shared;
  times.share = ShortestSeconds(3, [&] { shared = ShareFood(network); });
  // Lots all over the network: a third is withdrawn, the others have a hundred cases more.
  fairflow::StandingShares standing(network);
  constexpr int kChanges = 60;
  times.again = Seconds([&] {
    for (int i = 0; i < kChanges; ++i) {
      const auto lot = static_cast<int>(int64_t{i} * network.lots() / kChanges);
      standing.SetCases(lot, i % 3 == 0 ? 0 : network.cases[lot] + 100);
      standing.Resolve();
    }
  });
  times.again /= kChanges;
  times.carry = ShortestSeconds(graph.country ? 1 : 3, [&] { Carry(problem, network, shared); });
  return times;
}

double MeasureLemon(const Graph& graph, ReferenceMethod method) {
  const Problem problem = WithoutSmallestQuantities(Instance(graph.size, 1).ToProblem(graph.arcs));
  const Network network = MakeNetwork(problem);
  return SecondsOfLemon(problem, network, ShareFood(network), method);
}

std::string Text(const char* format, double number) {
  char text[64];
  std::snprintf(text, sizeof text, format, number);
  return text;
}

std::string SecondsText(const Measured<double>& measured, int limit) {
  return measured.result ? Text("%.3f s", *measured.result) : "> " + std::to_string(limit) + " s";
}
std::string RatioText(double ours, const Measured<double>& theirs, int limit) {
  return theirs.result ? Text("%.3f", ours / *theirs.result) : "< " + Text("%.3f", ours / limit);
}

double Percent(double part, double whole) { return whole == 0 ? 0 : 100 * part / whole; }

double PersonDays(const Level& level) {
  return static_cast<double>(level.food) / 1000 / static_cast<double>(level.weight);
}

// FNV-1a over a plan's lines, by ids: two plans with equal hashes are the same plan.
uint64_t HashOf(const Problem& problem, const Plan& plan) {
  uint64_t hash = 1469598103934665603u;
  const auto add = [&hash](const std::string& text) {
    for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3u;
  };
  for (const fairflow::PlannedLine& planned : plan.lines) {
    const fairflow::Bin& bin = problem.bins[planned.line.bin];
    add(problem.lots[planned.line.lot].id + ' ' + problem.groups[bin.group].id + ' ' + std::to_string(bin.key) + ' ' +
        std::to_string(planned.line.cases) + '\n');
  }
  return hash;
}

// Deliveries smaller than the smallest quantity of their lot.
int64_t TooSmall(const Problem& problem, const Plan& plan) {
  std::map<std::pair<int32_t, int32_t>, int64_t> through;  // lot, door
  for (const fairflow::PlannedLine& planned : plan.lines) {
    const fairflow::Line& line = planned.line;
    int32_t door = -1 - line.bin;
    for (int64_t i = problem.arc_begin[line.lot]; i < problem.arc_begin[line.lot + 1]; ++i) {
      if (problem.arcs[i].bin == line.bin && problem.arcs[i].door >= 0) door = problem.arcs[i].door;
    }
    through[{line.lot, door}] += line.cases;
  }
  return std::count_if(through.begin(), through.end(), [&](const auto& delivery) {
    return delivery.second < problem.lots[delivery.first.first].min_cases;
  });
}

struct PlanCase {
  const char* name;
  fairflow::testing::Size size;
  Arcs arcs;
  bool on_request, smallest_quantities, hubs, country;
};
constexpr Arcs kAll = fairflow::testing::kEverybody;
constexpr PlanCase kPlans[] = {
    {"T", fairflow::testing::kTiny, kAll, false, false, false, false},
    {"S", fairflow::testing::kSmall, kAll, false, false, false, false},
    {"M", fairflow::testing::kMedium, kAll, false, false, false, false},
    {"M, 32 + 32 arcs, the others on request", fairflow::testing::kMedium, kNearAndOthers, true, false, false, false},
    {"T, smallest quantities", fairflow::testing::kTiny, kAll, false, true, false, false},
    {"S, smallest quantities", fairflow::testing::kSmall, kAll, false, true, false, false},
    {"M, smallest quantities", fairflow::testing::kMedium, kAll, false, true, false, false},
    {"S, smallest quantities, hubs", fairflow::testing::kSmall, kAll, false, true, true, false},
    {"M, 32 + 32 arcs, smallest quantities, hubs", fairflow::testing::kMedium, kNearAndOthers, false, true, true,
     false},
    {"XL, nearest 32", fairflow::testing::kCountry, kNear, false, false, false, true},
    {"XL, 32 + 32 arcs", fairflow::testing::kCountry, kNearAndOthers, false, false, false, true},
    {"XL, 32 + 32 arcs, the others on request", fairflow::testing::kCountry, kNearAndOthers, true, false, false, true},
};

struct Quality {
  double seconds, undistributed, more_than_bound, lowest, below_bound, case_km, longer_than_bound;
  int64_t too_small;
  bool replayed;  // the shuffled problem had the same plan
};

Quality MeasurePlan(const PlanCase& c) {
  const Instance instance(c.size, 1);
  Problem problem = instance.ToProblem(c.arcs);
  if (!c.smallest_quantities) problem = WithoutSmallestQuantities(std::move(problem));
  if (c.hubs) instance.AddHubs(problem);
  const fairflow::testing::Everybody everybody(instance);
  absl::StatusOr<Plan> plan;
  Quality quality{};
  quality.seconds = Seconds([&] { plan = Solve(problem, {}, c.on_request ? &everybody : nullptr); });
  if (!plan.ok()) {
    std::fprintf(stderr, "%s\n", plan.status().ToString().c_str());
    std::exit(1);
  }
  const Report& report = plan->report;
  const auto food = static_cast<double>(report.food);
  quality.undistributed = Percent(food - static_cast<double>(report.saved), food);
  quality.more_than_bound = Percent(static_cast<double>(report.saved_bound - report.saved), food);
  quality.lowest = PersonDays(report.lowest);
  quality.below_bound =
      Percent(PersonDays(report.lowest_bound) - PersonDays(report.lowest), PersonDays(report.lowest_bound));
  quality.case_km = static_cast<double>(report.case_metres) / 1000;
  quality.longer_than_bound = Percent(static_cast<double>(report.case_metres - report.case_metres_bound),
                                      static_cast<double>(report.case_metres_bound));
  quality.too_small = TooSmall(problem, *plan);
  quality.replayed = true;
  if (!c.country && !c.on_request) {
    const Problem shuffled = fairflow::testing::RandomProblem(1).Shuffled(problem);
    quality.replayed = HashOf(problem, *plan) == HashOf(shuffled, *Solve(shuffled));
  }
  return quality;
}

// The problem as JSON, for whoever judges it elsewhere.
void Write(const Problem& problem, const std::string& file) {
  std::ofstream out(file);
  const auto list = [&out](const char* name, const auto& items, const auto& write) {
    out << '"' << name << "\":[";
    for (size_t i = 0; i < items.size(); ++i) {
      out << (i > 0 ? "," : "") << '[';
      write(items[i]);
      out << ']';
    }
    out << ']';
  };
  out << '{';
  list("groups", problem.groups, [&](const fairflow::Group& g) { out << g.weight << ',' << g.history; });
  out << ',';
  list("bins", problem.bins, [&](const fairflow::Bin& b) { out << b.group << ',' << b.capacity; });
  out << ',';
  list("lots", problem.lots, [&](const Lot& l) { out << l.cases << ',' << l.value << ',' << l.min_cases; });
  out << ",\"arcs\":[";
  for (size_t lot = 0; lot < problem.lots.size(); ++lot) {
    for (int64_t i = problem.arc_begin[lot]; i < problem.arc_begin[lot + 1]; ++i)
      out << (i > 0 ? "," : "") << '[' << lot << ',' << problem.arcs[i].bin << ']';
  }
  out << "]}";
}

void PrintHighs(const char* name, const fairflow::testing::Size& size, bool smallest_quantities, bool whole,
                int limit) {
  Problem problem = Instance(size, 1).ToProblem(kAll);
  if (!smallest_quantities) problem = WithoutSmallestQuantities(std::move(problem));
  absl::StatusOr<Plan> plan;
  const double seconds = Seconds([&] { plan = Solve(problem); });
  const std::string file = "/tmp/kubari-bench-allocation-" + std::to_string(getpid()) + ".json";
  Write(problem, file);
  std::printf(
      "| %s | %.3f %% | %.3f | %.2f s ", name,
      Percent(static_cast<double>(plan->report.food - plan->report.saved), static_cast<double>(plan->report.food)),
      PersonDays(plan->report.lowest), seconds);
  std::fflush(stdout);
  const std::string command = std::string("/usr/bin/python3 ") + KUBARI_BENCHMARKS + "/highs.py " + file + ' ' +
                              (whole ? "whole " : "divisible ") + std::to_string(limit);
  if (std::system(command.c_str()) != 0) std::printf("| | | (HiGHS needs python3-scipy) |\n");
  std::fflush(stdout);
  std::remove(file.c_str());
}

struct Churn {
  double same_lines, moved_cases, seconds;  // means; parts of all
};

Churn MeasureChurn(const fairflow::testing::Size& size) {
  const Problem before = WithoutSmallestQuantities(Instance(size, 1).ToProblem(kAll));
  std::map<std::pair<int32_t, int32_t>, int64_t> had;  // lot, bin; cases
  int64_t all = 0;
  const absl::StatusOr<Plan> first = Solve(before);
  for (const fairflow::PlannedLine& planned : first->lines) {
    had[{planned.line.lot, planned.line.bin}] = planned.line.cases;
    all += planned.line.cases;
  }
  constexpr int kChanges = 12;
  Churn churn{};
  for (int i = 0; i < kChanges; ++i) {
    Problem after = before;
    Lot& lot = after.lots[after.lots.size() * i / kChanges];
    fairflow::Bin& bin = after.bins[after.bins.size() * i / kChanges];
    if (i % 3 == 0) lot.cases += 100;
    if (i % 3 == 1) lot.cases = 0;
    if (i % 3 == 2) bin.capacity /= 2;
    absl::StatusOr<Plan> plan;
    churn.seconds += Seconds([&] { plan = Solve(after); }) / kChanges;
    int64_t same = 0, kept = 0;
    for (const fairflow::PlannedLine& planned : plan->lines) {
      const auto found = had.find({planned.line.lot, planned.line.bin});
      if (found == had.end()) continue;
      same += found->second == planned.line.cases ? 1 : 0;
      kept += std::min(found->second, planned.line.cases);
    }
    churn.same_lines += Percent(static_cast<double>(same), static_cast<double>(had.size())) / kChanges;
    churn.moved_cases += Percent(static_cast<double>(all - kept), static_cast<double>(all)) / kChanges;
  }
  return churn;
}

}  // namespace

void CompareChangedPlans() {
  std::printf(
      "\n| network, one change | A – D | lines that stay as they were | cases that go elsewhere "
      "|\n|---|---|---|---|\n");
  for (const PlanCase& c : kPlans) {
    if (c.country || c.on_request || c.smallest_quantities) continue;
    const Measured<Churn> churn = InChild(120, [&] { return MeasureChurn(c.size); });
    if (!churn.result) continue;
    std::printf("| %s | %.2f s | %.1f %% | %.2f %% |\n", c.name, churn.result->seconds, churn.result->same_lines,
                churn.result->moved_cases);
    std::fflush(stdout);
  }
}

void CompareWithLemon(bool country) {
  std::printf(
      "\n| network | arcs | A, B | C | LEMON network simplex | LEMON cost scaling | A, B ÷ network simplex | C ÷ "
      "network "
      "simplex | one lot changed: A, B again (of 60) | of A – C | memory "
      "|\n|---|---|---|---|---|---|---|---|---|---|---|\n");
  for (const Graph& graph : kGraphs) {
    if (graph.country && !country) continue;
    const int limit = graph.country ? 150 : 60;
    const Measured<Times> ours = InChild(600, [&] { return MeasureOurs(graph); });
    if (!ours.result) continue;
    const Measured<double> simplex =
        InChild(limit, [&] { return MeasureLemon(graph, ReferenceMethod::kNetworkSimplex); });
    const Measured<double> scaling = InChild(limit, [&] { return MeasureLemon(graph, ReferenceMethod::kCostScaling); });
    std::printf("| %s | %lld | %.4f s | %.3f s | %s | %s | %s | %s | %.4f s | %.2f %% | %ld MB |\n", graph.name,
                static_cast<long long>(ours.result->arcs), ours.result->share, ours.result->carry,
                SecondsText(simplex, limit).c_str(), SecondsText(scaling, limit).c_str(),
                RatioText(ours.result->share, simplex, limit).c_str(),
                RatioText(ours.result->carry, simplex, limit).c_str(), ours.result->again,
                Percent(ours.result->again, ours.result->share + ours.result->carry), ours.megabytes);
    std::fflush(stdout);
  }
}

bool ComparePlansWithBounds(bool country) {
  bool sound = true;
  std::printf(
      "\n| network | A – D | undistributed (points above the bound) | lowest level (below the bound) | case-kilometres "
      "(above the bound) | deliveries below their smallest quantity | shuffled input | memory |\n"
      "|---|---|---|---|---|---|---|---|\n");
  for (const PlanCase& c : kPlans) {
    if (c.country && !country) continue;
    const Measured<Quality> measured = InChild(600, [&] { return MeasurePlan(c); });
    if (!measured.result) {
      std::printf("| %s | not finished |\n", c.name);
      continue;
    }
    const Quality& q = *measured.result;
    sound &= q.too_small == 0 && q.replayed;
    std::printf("| %s | %.2f s | %.4f %% (+ %.4f) | %.3f (− %.4f %%) | %.4g (%+.3f %%) | %lld | %s | %ld MB |\n",
                c.name, q.seconds, q.undistributed, q.more_than_bound, q.lowest, q.below_bound, q.case_km,
                q.longer_than_bound, static_cast<long long>(q.too_small),
                c.country || c.on_request ? "–"
                : q.replayed              ? "the same plan"
                                          : "ANOTHER PLAN",
                measured.megabytes);
    std::fflush(stdout);
  }
  return sound;
}

void CompareWithHighs() {
  std::printf(
      "\n| network | undistributed | lowest level | A – D | HiGHS: undistributed | HiGHS: lowest level at that | HiGHS "
      "|\n|---|---|---|---|---|---|---|\n");
  std::fflush(stdout);
  PrintHighs("T, divisible (linear program)", fairflow::testing::kTiny, false, false, 60);
  PrintHighs("T, whole cases (mixed integer program)", fairflow::testing::kTiny, false, true, 60);
  PrintHighs("T, smallest quantities (mixed integer program)", fairflow::testing::kTiny, true, true, 60);
  PrintHighs("S, divisible (linear program)", fairflow::testing::kSmall, false, false, 60);
}

}  // namespace kubari::bench
