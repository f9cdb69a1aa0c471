// How good and how fast sharing is, on the same made-up networks: ops/bench allocation.
//
// Tables in Markdown: policies for a single hand-over over networks of three sizes and for three years of days, the
// solver beside LEMON, its plans beside their bounds and beside HiGHS (solver_bench.h); on request a picture of the
// years. Figures are for people, so they are floating point; the policies themselves count in integers.
#include <algorithm>
#include <array>
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
#include "ops/benchmarks/market_policies.h"
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
// Sealed bids have accounts, so they are made anew for each network and year.
std::vector<NamedPolicy> Policies() {
  return {{"first come, first expiring", FirstCome}, {"in proportion to households", Proportional},
          {"neediest first", NeediestFirst},         {"claims, up to 1.25 of the fair share", ClaimPolicy(250)},
          {"sealed bids in shares", BidPolicy()},    {"fair share, whole cases", FairShare}};
}

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
  for (const NamedPolicy& policy : Policies()) {
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

constexpr int kYears = 3;  // seeds 1, 2, 3

struct Row {
  std::string name;
  std::array<Year::Outcome, kYears> years;
};

// "20.7 / 30.7 / 11.6"
std::string Figures(const Row& row, double Year::Outcome::*figure, int digits) {
  std::string text;
  for (const Year::Outcome& outcome : row.years) {
    char number[32];
    std::snprintf(number, sizeof number, "%s%.*f", text.empty() ? "" : " / ", digits, outcome.*figure);
    text += number;
  }
  return text;
}

// Three columns of bars, one bar for each year: who has least, how uneven it is, what expired. Bars of fair share are
// full, all others are outlines; a dashed line is what no plan can exceed.
void Draw(const std::string& file, const std::vector<Row>& rows, const std::array<double, kYears>& hindsight) {
  struct Column {
    const char* title;
    double Year::Outcome::*figure;
    int digits;
  };
  constexpr Column kColumns[] = {{"lowest level, person-days per household", &Year::Outcome::lowest, 0},
                                 {"Gini coefficient (0: all the same)", &Year::Outcome::gini, 3},
                                 {"expired, percent of the food", &Year::Outcome::expired, 1}};
  constexpr int kLeft = 290, kWide = 130, kGap = 130, kBar = 6, kHigh = 34, kTop = 58;
  const int width = kLeft + 3 * (kWide + kGap), height = kTop + static_cast<int>(rows.size()) * kHigh + 8;
  std::ofstream out(file);
  out << "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 " << width << ' ' << height
      << "\" font-family=\"sans-serif\" font-size=\"13\" fill=\"#1a1a1a\" role=\"img\">\n"
         "<title>Three years of days: fairness and waste of each policy</title>\n"
         "<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n"
         "<text x=\"8\" y=\"20\">Three made-up years, a bar for each; dashed: the most that is possible. Full bars: "
         "fair share."
         "</text>\n";
  for (int c = 0; c < 3; ++c) {
    const Column& column = kColumns[c];
    const int x = kLeft + c * (kWide + kGap);
    double most = 0;
    for (const Row& row : rows) {
      for (const Year::Outcome& outcome : row.years) most = std::max(most, outcome.*column.figure);
    }
    if (c == 0) most = std::max(most, *std::max_element(hindsight.begin(), hindsight.end()));
    const auto length = [&](double figure) { return most > 0 ? std::max(1.0, kWide * figure / most) : 1.0; };
    out << "<text x=\"" << x << "\" y=\"44\" font-size=\"12\">" << column.title << "</text>\n";
    for (size_t r = 0; r < rows.size(); ++r) {
      const int y = kTop + static_cast<int>(r) * kHigh;
      if (c == 0)
        out << "<text x=\"" << kLeft - 10 << "\" y=\"" << y + 16 << "\" text-anchor=\"end\">" << rows[r].name
            << "</text>\n";
      const bool fair = rows[r].name.starts_with("fair share");
      double longest = 0;
      for (int year = 0; year < kYears; ++year) {
        const double bar = length(rows[r].years[year].*column.figure);
        const int top = y + 2 + year * (kBar + 2);
        longest = std::max(longest, c == 0 ? length(hindsight[year]) : bar);
        out << "<rect x=\"" << x << "\" y=\"" << top << "\" width=\"" << bar << "\" height=\"" << kBar << "\" fill=\""
            << (fair ? "#00418a" : "#ffffff") << "\" stroke=\"#00418a\"/>\n";
        if (c == 0) {
          const double limit = x + length(hindsight[year]);
          out << "<path d=\"M" << limit << ' ' << top - 1 << "v" << kBar + 2
              << "\" stroke=\"#1a1a1a\" stroke-width=\"2\" stroke-dasharray=\"2 1\"/>\n";
        }
      }
      out << "<text x=\"" << x + longest + 8 << "\" y=\"" << y + 17 << "\" font-size=\"11\">"
          << Figures(rows[r], column.figure, column.digits) << "</text>\n";
    }
  }
  out << "</svg>\n";
}

void ThreeYears(const std::string& plot) {
  std::vector<Year> years;
  for (uint64_t seed = 1; seed <= kYears; ++seed) years.emplace_back(seed);
  std::vector<Row> rows;
  std::printf(
      "\n| a year: 100 groups, 4,000 lots; seeds 1 / 2 / 3 | lowest level | Gini | expired |\n|---|---|---|---|\n");
  const auto row = [&](const char* name, const auto& live) {
    Row row{name, {}};
    for (int year = 0; year < kYears; ++year) row.years[year] = live(years[year]);
    std::printf("| %s | %s | %s | %s %% |\n", name, Figures(row, &Year::Outcome::lowest, 1).c_str(),
                Figures(row, &Year::Outcome::gini, 3).c_str(), Figures(row, &Year::Outcome::expired, 2).c_str());
    std::fflush(stdout);
    rows.push_back(std::move(row));
  };
  for (size_t policy = 0; policy < Policies().size(); ++policy)
    row(Policies()[policy].name, [&](const Year& year) { return year.Live(Policies()[policy].share, 0); });
  row("fair share, 2 weeks ahead", [](const Year& year) { return year.Live(FairShare, 2); });
  row("fair share, 4 weeks ahead", [](const Year& year) { return year.Live(FairShare, 4); });
  row("fair share, 4 weeks, smallest quantities",
      [](const Year& year) { return year.Live(FairShare, 4, /*smallest=*/true); });
  std::array<double, kYears> hindsight;
  for (int year = 0; year < kYears; ++year) hindsight[year] = years[year].Hindsight();
  std::printf("| no plan can exceed (hindsight, divisible food) | %.1f / %.1f / %.1f | | |\n", hindsight[0],
              hindsight[1], hindsight[2]);
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
  if (runs("plans") && !ComparePlansWithBounds(country)) {
    std::fprintf(stderr, "A plan is not what it promises: see the table of plans.\n");
    return 1;
  }
  if (runs("changes")) CompareChangedPlans();
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
  if (runs("year")) ThreeYears(plot);
  return 0;
}

}  // namespace
}  // namespace kubari::bench

int main(int argc, char** argv) { return kubari::bench::Main(argc, argv); }
