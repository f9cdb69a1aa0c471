#include "libs/fairflow/solve.h"

#include <algorithm>
#include <map>
#include <utility>

#include "libs/fairflow/network.h"
#include "libs/fairflow/portions.h"
#include "libs/fairflow/share.h"
#include "libs/fairflow/whole_cases.h"

namespace kubari::fairflow {
namespace {

struct Relaxed {
  Network network;
  Shared shared;
  Carried carried;
};

// Adds to the problem those of the further arcs that matter.
Relaxed Relax(Problem& problem, const Options& options, const MoreArcs* more) {
  Relaxed relaxed{.network = MakeNetwork(problem)};
  relaxed.shared = ShareFood(relaxed.network);
  while (more != nullptr) {
    std::vector<NewArc> added = ArcsThatHelp(*more, relaxed.network, relaxed.shared);
    if (added.empty()) break;
    AddArcs(problem, std::move(added));
    Network wider = MakeNetwork(problem);
    const Flow start = Transfer(relaxed.network, relaxed.shared.flow, wider);
    relaxed.network = std::move(wider);
    relaxed.shared = ShareFood(relaxed.network, &start);
  }
  relaxed.carried = Carry(problem, relaxed.network, relaxed.shared, more, options.tolerance_ppm);
  return relaxed;
}

std::vector<Line> Canonical(const Network& network, std::vector<Line> lines) {
  for (Line& line : lines) line = {network.lot_rank[line.lot], network.bin_rank[line.bin], line.cases};
  return lines;
}
std::vector<Line> InProblem(const Network& network, std::vector<Line> lines) {
  for (Line& line : lines) line = {network.lot_index[line.lot], network.bin_index[line.bin], line.cases};
  return lines;
}

std::vector<Line> WholeLines(const Problem& problem, const Relaxed& relaxed) {
  const Aim aim = MakeAim(relaxed.network, relaxed.shared, relaxed.carried);
  return InProblem(relaxed.network, WholeCases(problem, relaxed.network, aim, relaxed.carried));
}

// Lots with a smallest quantity as pins, and everything else around them; then both together once more.
std::vector<Line> LinesAroundPortions(Problem& problem, Relaxed& relaxed, const Options& options,
                                      const MoreArcs* more) {
  const std::vector<Pin> portions = Portions(problem, relaxed.network, relaxed.shared, relaxed.carried);
  const Aim aim = MakeAim(relaxed.network, relaxed.shared, relaxed.carried);
  // Nobody asks for these any more, and a large problem is about to need the memory.
  for (auto* arcs : {&relaxed.network.head, &relaxed.network.tail}) *arcs = std::vector<int32_t>();
  relaxed.shared.flow.on_arc = std::vector<int64_t>();
  relaxed.carried.parts = std::vector<Carried::Part>();
  const std::vector<Pin> pins = problem.pins;
  const std::vector<Lot> lots = problem.lots;
  problem.pins.insert(problem.pins.end(), portions.begin(), portions.end());
  std::vector<int64_t> pinned(lots.size(), 0);
  for (const Pin& pin : problem.pins) pinned[pin.lot] += pin.cases;
  for (size_t lot = 0; lot < lots.size(); ++lot) {
    if (lots[lot].min_cases > 1) problem.lots[lot].held_back = lots[lot].cases - pinned[lot];
  }
  std::vector<Line> lines = WholeLines(problem, Relax(problem, options, more));
  for (const Pin& pin : portions) lines.push_back({pin.lot, pin.bin, pin.cases});
  problem.pins = pins;
  problem.lots = lots;
  const Network network = MakeNetwork(problem);
  return InProblem(network, Improved(problem, network, aim, Canonical(network, std::move(lines))));
}

class Telling {
 public:
  Telling(const Problem& problem, const Relaxed& relaxed, const std::vector<Line>& lines)
      : problem_(problem), network_(relaxed.network), shared_(relaxed.shared), carried_(relaxed.carried) {
    for (const Bin& bin : problem.bins) free_.push_back(bin.capacity);
    food_.assign(problem.groups.size(), 0);
    for (const Line& line : lines) Take(line);
    for (const Pin& pin : problem.pins) Take({pin.lot, pin.bin, pin.cases});
  }

  Plan Tell() {
    TellLines();
    TellGroups();
    TellTies();
    TellReport();
    return std::move(plan_);
  }

 private:
  void Take(const Line& line) {
    if (line.cases == 0) return;
    const int64_t amount = line.cases * problem_.lots[line.lot].value;
    cases_[{line.lot, line.bin}] += line.cases;
    free_[line.bin] -= amount;
    food_[problem_.bins[line.bin].group] += amount;
  }
  Level LevelOf(int group) const {
    return {problem_.groups[group].history + food_[group], problem_.groups[group].weight};
  }
  // `group` is a canonical number; pins are part of the network's history.
  Level FairLevelOf(int group) const {
    return {network_.history[group] + shared_.flow.to_group[group], network_.weight[group]};
  }

  void TellLines() {
    for (const Lot& lot : problem_.lots) plan_.left.push_back(lot.cases - lot.held_back);
    for (const auto& [where, cases] : cases_) {
      plan_.left[where.first] -= cases;
      PlannedLine line{.line = {where.first, where.second, cases}};
      TellRunnerUp(line);
      plan_.report.case_metres += cases * line.metres;
      plan_.lines.push_back(line);
    }
    std::sort(plan_.lines.begin(), plan_.lines.end(), [this](const PlannedLine& a, const PlannedLine& b) {
      return std::pair(network_.lot_rank[a.line.lot], network_.bin_rank[a.line.bin]) <
             std::pair(network_.lot_rank[b.line.lot], network_.bin_rank[b.line.bin]);
    });
  }

  void TellRunnerUp(PlannedLine& line) const {
    const int receiver = problem_.bins[line.line.bin].group;
    const Lot& lot = problem_.lots[line.line.lot];
    for (int64_t i = problem_.arc_begin[line.line.lot]; i < problem_.arc_begin[line.line.lot + 1]; ++i) {
      const Arc& arc = problem_.arcs[i];
      if (arc.bin == line.line.bin) line.metres = arc.metres;
      const int group = problem_.bins[arc.bin].group;
      if (group == receiver || free_[arc.bin] < lot.value || problem_.groups[group].cap - food_[group] < lot.value)
        continue;
      if (line.runner_up >= 0) {
        const int order = Compare(LevelOf(group), LevelOf(line.runner_up));
        if (order > 0 || (order == 0 && network_.group_rank[group] > network_.group_rank[line.runner_up])) continue;
      }
      line.runner_up = group;
    }
  }

  void TellGroups() {
    for (size_t index = 0; index < problem_.groups.size(); ++index) {
      const int group = network_.group_rank[index];
      GroupStory story{
          .tie = shared_.tie_of_group[group], .fair = FairLevelOf(group), .level = LevelOf(static_cast<int>(index))};
      for (int bin = network_.bin_begin[group]; bin < network_.bin_begin[group + 1]; ++bin) {
        const bool full = network_.room[bin] == shared_.flow.into_bin[bin];
        if (full && shared_.tie_of_bin[bin] != story.tie) story.wanting_bins.push_back(network_.bin_index[bin]);
      }
      plan_.groups.push_back(std::move(story));
    }
  }

  void TellTies() {
    for (const Tie& tie : shared_.ties) plan_.ties.push_back({.level = tie.level, .stuck = tie.stuck});
    for (int group = 0; group < network_.groups(); ++group) {
      plan_.ties[shared_.tie_of_group[group]].groups.push_back(network_.group_index[group]);
    }
    for (int lot = 0; lot < network_.lots(); ++lot) {
      if (network_.cases[lot] > 0)
        plan_.ties[shared_.tie_of_kind[network_.kind_of[lot]]].lots.push_back(network_.lot_index[lot]);
    }
  }

  void TellReport() {
    Report& report = plan_.report;
    for (const Lot& lot : problem_.lots) report.food += (lot.cases - lot.held_back) * lot.value;
    report.saved_bound = report.saved = report.food;
    for (const int64_t left : shared_.flow.left) report.saved_bound -= left;
    for (size_t lot = 0; lot < problem_.lots.size(); ++lot) report.saved -= plan_.left[lot] * problem_.lots[lot].value;
    report.case_metres_bound = carried_.case_metres;
    for (const Pin& pin : problem_.pins) report.case_metres_bound += pin.cases * MetresOf(pin);
    for (size_t group = 0; group < problem_.groups.size(); ++group) {
      const GroupStory& story = plan_.groups[group];
      if (group == 0 || Less(story.fair, report.lowest_bound)) report.lowest_bound = story.fair;
      if (group == 0 || Less(story.level, report.lowest)) report.lowest = story.level;
    }
  }
  int64_t MetresOf(const Pin& pin) const {
    for (int64_t i = problem_.arc_begin[pin.lot]; i < problem_.arc_begin[pin.lot + 1]; ++i) {
      if (problem_.arcs[i].bin == pin.bin) return problem_.arcs[i].metres;
    }
    return 0;  // decided beforehand against the rules, or beyond the arcs that were written down
  }

  const Problem& problem_;
  const Network& network_;
  const Shared& shared_;
  const Carried& carried_;
  std::map<std::pair<int32_t, int32_t>, int64_t> cases_;  // lot, bin
  std::vector<int64_t> free_;                             // by bin of the problem
  std::vector<int64_t> food_;                             // by group of the problem
  Plan plan_;
};

}  // namespace

absl::StatusOr<Plan> Solve(const Problem& given, const Options& options, const MoreArcs* more) {
  if (absl::Status status = Validate(given); !status.ok()) return status;
  if (options.tolerance_ppm < 0 || options.tolerance_ppm > 1'000'000) {
    return absl::InvalidArgumentError("tolerance_ppm is between 0 and 1,000,000.");
  }
  Problem problem = given;
  Relaxed relaxed = Relax(problem, options, more);
  const bool portions =
      std::any_of(problem.lots.begin(), problem.lots.end(), [](const Lot& lot) { return lot.min_cases > 1; });
  const std::vector<Line> lines =
      portions ? LinesAroundPortions(problem, relaxed, options, more) : WholeLines(problem, relaxed);
  return Telling(problem, relaxed, lines).Tell();
}

}  // namespace kubari::fairflow
