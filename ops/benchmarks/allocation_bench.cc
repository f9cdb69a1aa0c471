// How good and how fast sharing is, on the same made-up networks: ops/bench allocation.
//
// Tables in Markdown: policies for a single hand-over over networks of three sizes and for a year of days, the solver
// beside LEMON, its plans beside their bounds and beside HiGHS (solver_bench.h); on request a picture of the first
// year. Figures are for people, so they are floating point; the policies themselves count in integers.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <numeric>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "libs/fairflow/network.h"
#include "libs/fairflow/share.h"
#include "libs/fairflow/solve.h"
#include "libs/fairflow/testing/instances.h"
#include "libs/fairflow/transport.h"
#include "ops/benchmarks/solver_bench.h"

namespace kubari::bench {
namespace {

using fairflow::Arc;
using fairflow::Level;
using fairflow::Line;
using fairflow::Problem;
using fairflow::testing::Instance;

// What is left while lots are handed out one after the other.
struct Stores {
  explicit Stores(const Problem& problem) : problem(problem), food(problem.groups.size()) {
    for (const fairflow::Bin& bin : problem.bins) room.push_back(bin.capacity);
    for (const fairflow::Lot& lot : problem.lots) left.push_back(lot.cases);
  }
  int64_t Fits(int lot, const Arc& arc) const { return std::min(left[lot], room[arc.bin] / problem.lots[lot].value); }
  void Give(int lot, const Arc& arc, int64_t cases) {
    if (cases == 0) return;
    left[lot] -= cases;
    room[arc.bin] -= cases * problem.lots[lot].value;
    food[problem.bins[arc.bin].group] += cases * problem.lots[lot].value;
    lines.push_back({lot, arc.bin, cases});
  }
  std::vector<Arc> ArcsOf(int lot) const {
    return {problem.arcs.begin() + problem.arc_begin[lot], problem.arcs.begin() + problem.arc_begin[lot + 1]};
  }

  const Problem& problem;
  std::vector<int64_t> room, left, food;
  std::vector<Line> lines;
};

// Lots in the order in which they expire (urgency is the day here; see Prepare).
std::vector<int> ByDate(const Problem& problem) {
  std::vector<int> order(problem.lots.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(),
                   [&](int a, int b) { return problem.lots[a].urgency < problem.lots[b].urgency; });
  return order;
}

using Policy = std::function<std::vector<Line>(const Problem&)>;

// First come: groups in a drawn order, another one for each lot, take a tenth of the lot each, as far as they have
// room.
std::vector<Line> FirstCome(const Problem& problem) {
  Stores stores(problem);
  for (const int lot : ByDate(problem)) {
    std::vector<Arc> arcs = stores.ArcsOf(lot);
    const auto drawn = [&](const Arc& arc) {
      uint64_t x = (static_cast<uint64_t>(lot) << 32 | static_cast<uint32_t>(arc.bin)) * 0x9E3779B97F4A7C15;
      return x ^ x >> 29;
    };
    std::sort(arcs.begin(), arcs.end(), [&](const Arc& a, const Arc& b) { return drawn(a) < drawn(b); });
    const int64_t tenth = (problem.lots[lot].cases + 9) / 10;
    for (const Arc& arc : arcs) stores.Give(lot, arc, std::min(tenth, stores.Fits(lot, arc)));
  }
  return stores.lines;
}

// Each lot in proportion to the weights of those who may have it.
std::vector<Line> Proportional(const Problem& problem) {
  Stores stores(problem);
  for (const int lot : ByDate(problem)) {
    const std::vector<Arc> arcs = stores.ArcsOf(lot);
    int64_t weights = 0;
    const auto weight = [&](const Arc& arc) { return problem.groups[problem.bins[arc.bin].group].weight; };
    for (const Arc& arc : arcs) weights += weight(arc);
    const int64_t cases = problem.lots[lot].cases;
    for (const Arc& arc : arcs) {
      const auto part = static_cast<int64_t>(static_cast<__int128>(cases) * weight(arc) / weights);
      stores.Give(lot, arc, std::min(std::max<int64_t>(part, 1), stores.Fits(lot, arc)));
    }
  }
  return stores.lines;
}

// Each next case to the group with the lowest level that has room.
std::vector<Line> NeediestFirst(const Problem& problem) {
  Stores stores(problem);
  for (const int lot : ByDate(problem)) {
    const std::vector<Arc> arcs = stores.ArcsOf(lot);
    const auto level = [&](int i) {
      const int group = problem.bins[arcs[i].bin].group;
      return Level{problem.groups[group].history + stores.food[group], problem.groups[group].weight};
    };
    const auto later = [&](const std::pair<Level, int>& a, const std::pair<Level, int>& b) {
      const int order = fairflow::Compare(a.first, b.first);
      return order != 0 ? order > 0 : a.second > b.second;
    };
    std::vector<std::pair<Level, int>> waiting;
    for (int i = 0; i < static_cast<int>(arcs.size()); ++i) waiting.emplace_back(level(i), i);
    std::make_heap(waiting.begin(), waiting.end(), later);
    while (stores.left[lot] > 0 && !waiting.empty()) {
      std::pop_heap(waiting.begin(), waiting.end(), later);
      const int i = waiting.back().second;
      waiting.pop_back();
      if (stores.Fits(lot, arcs[i]) == 0) continue;
      stores.Give(lot, arcs[i], 1);
      waiting.emplace_back(level(i), i);
      std::push_heap(waiting.begin(), waiting.end(), later);
    }
  }
  return stores.lines;
}

std::vector<Line> FairShare(const Problem& problem) {
  const absl::StatusOr<fairflow::Plan> plan = fairflow::Solve(problem);
  std::vector<Line> lines;
  if (!plan.ok()) {
    std::fprintf(stderr, "%s\n", std::string(plan.status().message()).c_str());
    std::exit(1);
  }
  for (const fairflow::PlannedLine& planned : plan->lines) lines.push_back(planned.line);
  return lines;
}

struct NamedPolicy {
  const char* name;
  Policy share;
};
const NamedPolicy kPolicies[] = {{"first come, first expiring", FirstCome},
                                 {"in proportion to households", Proportional},
                                 {"neediest first", NeediestFirst},
                                 {"fair share, whole cases", FairShare}};

double PersonDays(const Level& level) {
  return static_cast<double>(level.food) / 1000 / static_cast<double>(level.weight);
}

double Lowest(const std::vector<Level>& levels) {
  return PersonDays(
      *std::min_element(levels.begin(), levels.end(), [](const Level& a, const Level& b) { return Less(a, b); }));
}

double Gini(std::vector<Level> levels) {
  std::sort(levels.begin(), levels.end(), [](const Level& a, const Level& b) { return Less(a, b); });
  double weight = 0, food = 0, area = 0, below = 0;
  for (const Level& level : levels) {
    weight += static_cast<double>(level.weight);
    food += static_cast<double>(level.food);
  }
  for (const Level& level : levels) {
    area += static_cast<double>(level.weight) * (2 * below + static_cast<double>(level.food));
    below += static_cast<double>(level.food);
  }
  return food == 0 ? 0 : 1 - area / (weight * food);
}

// Urgency becomes the day, and smallest quantities are forgotten: the simple policies know none.
void Prepare(const Instance& instance, Problem& problem) {
  for (size_t lot = 0; lot < problem.lots.size(); ++lot) {
    problem.lots[lot].urgency = instance.parcels()[lot].days_left;
    problem.lots[lot].min_cases = 1;
  }
}

void PrintHandOver(const char* policy, double undistributed, const std::vector<Level>& levels, double case_km) {
  std::printf("| %s | %.3f %% | %.3f | %.4f | %.3g |\n", policy, 100 * undistributed, Lowest(levels), Gini(levels),
              case_km);
  std::fflush(stdout);
}

// What divisible food could reach at the shortest way: no plan saves more, and none has a higher lowest level.
void PrintBound(Problem problem) {
  const fairflow::Network network = fairflow::MakeNetwork(problem);
  const fairflow::Shared shared = fairflow::ShareFood(network);
  const fairflow::Carried carried = fairflow::Carry(problem, network, shared);
  std::vector<Level> levels;
  for (int group = 0; group < network.groups(); ++group)
    levels.push_back({network.history[group] + shared.flow.to_group[group], network.weight[group]});
  double food = 0, left = 0;
  for (const int64_t supply : network.supply) food += static_cast<double>(supply);
  for (const int64_t amount : shared.flow.left) left += static_cast<double>(amount);
  PrintHandOver("fair share, divisible food: the bound", left / food, levels,
                static_cast<double>(carried.case_metres) / 1000);
}

void OneHandOver(const char* name, const fairflow::testing::Size& size, const fairflow::testing::Arcs& arcs) {
  const Instance instance(size, 1);
  Problem problem = instance.ToProblem(arcs);
  Prepare(instance, problem);
  std::printf(
      "\n| %s: %d groups, %d lots | undistributed | lowest level | Gini | case-kilometres |\n|---|---|---|---|---|\n",
      name, size.recipients, size.parcels);
  for (const NamedPolicy& policy : kPolicies) {
    std::vector<Level> levels;
    for (const fairflow::Group& group : problem.groups) levels.push_back({group.history, group.weight});
    double food = 0, given = 0, case_km = 0;
    for (const fairflow::Lot& lot : problem.lots) food += static_cast<double>(lot.cases * lot.value);
    for (const Line& line : policy.share(problem)) {
      const int64_t amount = line.cases * problem.lots[line.lot].value;
      given += static_cast<double>(amount);
      levels[problem.bins[line.bin].group].food += amount;
      for (int64_t i = problem.arc_begin[line.lot]; i < problem.arc_begin[line.lot + 1]; ++i) {
        if (problem.arcs[i].bin == line.bin) case_km += static_cast<double>(line.cases) * problem.arcs[i].metres / 1000;
      }
    }
    PrintHandOver(policy.name, 1 - given / food, levels, case_km);
  }
  PrintBound(std::move(problem));
}

// ── A year: lots arrive through it, each group receives once a week and has eaten by then.

constexpr int kDays = 364;
// Accepted offers are known so many days before they arrive.
constexpr int kKnownAhead = 28;

class Year {
 public:
  explicit Year(uint64_t seed) : instance_({100, 4'000, 30, 8}, seed) {
    for (size_t lot = 0; lot < instance_.parcels().size(); ++lot) {
      std::vector<std::pair<int, int>>& reach = reach_.emplace_back();
      for (const auto& [distance, group] : instance_.Chosen(static_cast<int>(lot), fairflow::testing::kEverybody))
        reach.emplace_back(group, static_cast<int>(distance * 100));
    }
  }

  int ArrivalOf(int lot) const { return static_cast<int>(int64_t{lot} * kDays / Lots()); }
  int LastDayOf(int lot) const { return ArrivalOf(lot) + instance_.parcels()[lot].days_left; }
  int Lots() const { return static_cast<int>(instance_.parcels().size()); }

  struct Outcome {
    double lowest, gini, expired;
  };

  // `weeks`: how many coming hand-overs of each group are planned beside today's; 0: only those who receive today.
  // `smallest`: with the smallest quantities of the lots.
  Outcome Live(const Policy& policy, int weeks, bool smallest = false) const {
    std::vector<int64_t> left, food(instance_.recipients().size());
    for (const fairflow::testing::Parcel& parcel : instance_.parcels()) left.push_back(parcel.cases);
    for (int day = 0; day < kDays; ++day) {
      std::vector<int> lots;
      Problem problem = ProblemOf(day, weeks, left, food, lots);
      for (size_t lot = 0; lot < lots.size() && smallest; ++lot)  // a rest may go out as it is
        problem.lots[lot].min_cases = std::min(instance_.parcels()[lots[lot]].min_cases, problem.lots[lot].cases);
      for (const Line& line : policy(problem)) {
        const int bin = line.bin, lot = lots[line.lot];
        if (problem.bins[bin].key >= fairflow::testing::kZones || DayOf(problem.bins[bin].group, day, 0) != day ||
            ArrivalOf(lot) > day)
          continue;  // planned for later
        left[lot] -= line.cases;
        food[problem.bins[bin].group] += line.cases * problem.lots[line.lot].value;
      }
    }
    return Judge(left, food);
  }

  // Divisible food and everything known from the first day: the lowest level that nobody can exceed.
  double Hindsight() const {
    std::vector<int64_t> left, food(instance_.recipients().size());
    for (const fairflow::testing::Parcel& parcel : instance_.parcels()) left.push_back(parcel.cases);
    std::vector<int> lots;
    const Problem problem = ProblemOf(0, kDays / 7 - 1, left, food, lots, /*known_ahead=*/kDays);
    const fairflow::Network network = fairflow::MakeNetwork(problem);
    const fairflow::Shared shared = fairflow::ShareFood(network);
    std::vector<Level> levels;
    for (int group = 0; group < network.groups(); ++group)
      levels.push_back({shared.flow.to_group[group], network.weight[group]});
    return Lowest(levels);
  }

 private:
  // The group's next hand-over from `day` on, and so many weeks later.
  static int DayOf(int group, int day, int week) { return day + (group % 7 - day % 7 + 7) % 7 + 7 * week; }

  Problem ProblemOf(int day, int weeks, const std::vector<int64_t>& left, const std::vector<int64_t>& food,
                    std::vector<int>& lots, int known_ahead = kKnownAhead) const {
    constexpr int kZones = fairflow::testing::kZones;
    const int groups = static_cast<int>(instance_.recipients().size());
    Problem problem;
    for (int group = 0; group < groups; ++group) {
      const fairflow::testing::Recipient& recipient = instance_.recipients()[group];
      problem.groups.push_back(
          {.id = std::to_string(10'000 + group), .weight = recipient.weight, .history = food[group]});
      for (int week = 0; week <= weeks; ++week) {
        for (int zone = 0; zone < kZones; ++zone)
          problem.bins.push_back({.group = group, .key = week * kZones + zone, .capacity = recipient.capacity[zone]});
      }
    }
    for (int lot = 0; lot < Lots(); ++lot) {
      const int arrival = ArrivalOf(lot), last = LastDayOf(lot);
      if (left[lot] == 0 || last < day || arrival > (weeks == 0 ? day : day + known_ahead)) continue;
      const fairflow::testing::Parcel& parcel = instance_.parcels()[lot];
      lots.push_back(lot);
      problem.lots.push_back(
          {.id = std::to_string(1'000'000 + lot), .cases = left[lot], .value = parcel.value, .urgency = last - day});
      for (const auto& [group, metres] : reach_[lot]) {
        for (int week = 0; week <= weeks; ++week) {
          const int then = DayOf(group, day, week);
          if (then < arrival || then > last || then >= kDays || (weeks == 0 && then != day)) continue;
          // A metre for each day: of equal ways the earlier one.
          problem.arcs.push_back(
              {.bin = (group * (weeks + 1) + week) * kZones + parcel.zone, .metres = metres + then - day});
        }
      }
      problem.arc_begin.push_back(static_cast<int64_t>(problem.arcs.size()));
    }
    return problem;
  }

  Outcome Judge(const std::vector<int64_t>& left, const std::vector<int64_t>& food) const {
    std::vector<Level> levels;
    for (size_t group = 0; group < food.size(); ++group)
      levels.push_back({food[group], instance_.recipients()[group].weight});
    double all = 0, expired = 0;
    for (int lot = 0; lot < Lots(); ++lot) {
      const fairflow::testing::Parcel& parcel = instance_.parcels()[lot];
      all += static_cast<double>(parcel.cases * parcel.value);
      if (LastDayOf(lot) < kDays) expired += static_cast<double>(left[lot] * parcel.value);
    }
    return {Lowest(levels), Gini(levels), 100 * expired / all};
  }

  Instance instance_;
  std::vector<std::vector<std::pair<int, int>>> reach_;  // by lot: group, metres
};

struct Row {
  std::string name;
  Year::Outcome outcome;
};

// Three columns of bars: who has least, how uneven it is, what expired.
void Draw(const std::string& file, const std::vector<Row>& rows, double hindsight) {
  struct Column {
    const char* title;
    double Year::Outcome::*value;
    double most;
    int digits;
  };
  double expired = 0, gini = 0;
  for (const Row& row : rows) {
    expired = std::max(expired, row.outcome.expired);
    gini = std::max(gini, row.outcome.gini);
  }
  const Column columns[] = {{"lowest level, person-days per household", &Year::Outcome::lowest, hindsight, 0},
                            {"Gini coefficient", &Year::Outcome::gini, gini, 3},
                            {"expired, percent of the food", &Year::Outcome::expired, expired, 1}};
  constexpr int kLeft = 190, kWide = 190, kGap = 60, kHigh = 26, kTop = 34;
  std::ofstream out(file);
  const int width = kLeft + 3 * (kWide + kGap), height = kTop + static_cast<int>(rows.size()) * kHigh + 10;
  out << "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 " << width << ' ' << height
      << "\" font-family=\"sans-serif\" font-size=\"12\" role=\"img\">\n<title>A year of days: fairness and waste of "
         "each "
         "policy</title>\n<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n";
  for (int c = 0; c < 3; ++c) {
    const Column& column = columns[c];
    const int x = kLeft + c * (kWide + kGap);
    out << "<text x=\"" << x << "\" y=\"18\" font-size=\"11\" fill=\"#333333\">" << column.title << "</text>\n";
    for (size_t r = 0; r < rows.size(); ++r) {
      const int y = kTop + static_cast<int>(r) * kHigh;
      if (c == 0)
        out << "<text x=\"" << kLeft - 8 << "\" y=\"" << y + 14 << "\" text-anchor=\"end\" fill=\"#333333\">"
            << rows[r].name << "</text>\n";
      const double value = rows[r].outcome.*column.value;
      char text[32];
      std::snprintf(text, sizeof text, "%.*f", column.digits, value);
      const int length = column.most > 0 ? static_cast<int>(kWide * value / column.most) : 0;
      out << "<rect x=\"" << x << "\" y=\"" << y << "\" width=\"" << std::max(1, length) << "\" height=\"18\" fill=\""
          << (rows[r].name.starts_with("fair share") ? "#00418a" : "#8aa7c7") << "\"/>\n<text x=\"" << x + length + 5
          << "\" y=\"" << y + 14 << "\" fill=\"#333333\">" << text << "</text>\n";
    }
  }
  out << "</svg>\n";
}

void AYear(uint64_t seed, const std::string& plot) {
  const Year year(seed);
  std::vector<Row> rows;
  std::printf("\n| a year: 100 groups, 4,000 lots, seed %d | lowest level | Gini | expired |\n|---|---|---|---|\n",
              static_cast<int>(seed));
  const auto print = [](const char* name, const Year::Outcome& outcome) {
    std::printf("| %s | %.2f | %.4f | %.2f %% |\n", name, outcome.lowest, outcome.gini, outcome.expired);
    std::fflush(stdout);
  };
  const auto row = [&](const char* name, const Year::Outcome& outcome) {
    rows.push_back({name, outcome});
    print(name, outcome);
  };
  for (const NamedPolicy& policy : kPolicies) row(policy.name, year.Live(policy.share, 0));
  row("fair share, 2 weeks ahead", year.Live(FairShare, 2));
  row("fair share, 4 weeks ahead", year.Live(FairShare, 4));
  print("fair share, 4 weeks ahead, smallest quantities", year.Live(FairShare, 4, /*smallest=*/true));
  const double hindsight = year.Hindsight();
  std::printf("| bound with hindsight | %.2f | | |\n", hindsight);
  std::fflush(stdout);
  if (!plot.empty()) Draw(plot, rows, hindsight);
}

int Main(int argc, char** argv) {
  std::set<std::string_view> wanted;
  std::string plot;
  for (int i = 1; i < argc; ++i) {
    if (std::string_view(argv[i]) == "--plot" && i + 1 < argc) {
      plot = argv[++i];
    } else {
      wanted.insert(argv[i]);
    }
  }
  const bool country = wanted.erase("--country") > 0;
  const auto runs = [&](std::string_view name) { return wanted.empty() || wanted.contains(name); };
  if (runs("solver")) CompareWithLemon(country);
  if (runs("plans")) ComparePlansWithBounds(country);
  if (runs("highs")) CompareWithHighs();
  if (runs("policies")) {
    OneHandOver("T", fairflow::testing::kTiny, fairflow::testing::kEverybody);
    OneHandOver("S", fairflow::testing::kSmall, fairflow::testing::kEverybody);
    OneHandOver("M", fairflow::testing::kMedium, fairflow::testing::kEverybody);
    if (country) {
      OneHandOver("XL, 32 nearest + 32 others", fairflow::testing::kCountry,
                  {fairflow::testing::Arcs::Choice::kNearestAndHashed, 64});
    }
  }
  for (const uint64_t seed : {1, 2, 3}) {
    if (runs("year")) AYear(seed, seed == 1 ? plot : "");
  }
  return 0;
}

}  // namespace
}  // namespace kubari::bench

int main(int argc, char** argv) { return kubari::bench::Main(argc, argv); }
