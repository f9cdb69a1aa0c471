#include "services/allocation/domain/share_story.h"

#include <algorithm>
#include <limits>
#include <map>
#include <optional>
#include <set>
#include <utility>

namespace kubari::allocation {
namespace {

class Telling {
 public:
  Telling(const Books& books, const FoodProblem& problem)
      : books_(books), judgement_(books.judgement()), problem_(problem) {}

  Outcome Tell() {
    TellGroups();
    TellShares();
    TellUnallocated();
    TellWanting();
    TellTies();
    TellBounds();
    return std::move(outcome_);
  }

 private:
  void TellGroups() {
    for (int group = 0; group < books_.groups(); ++group) {
      const Demand& demand = books_.demand(group);
      GroupOutcome& told = outcome_.groups.emplace_back();
      told.before = {demand.history, demand.weight};
      told.after = {demand.history + books_.Food(group), demand.weight};
      told.fair = problem_.plan().groups[group].fair;
    }
    for (int s = 0; s < judgement_.stock(); ++s) {
      outcome_.eligible_groups.push_back(static_cast<int>(books_.Eligible(s).size()));
      for (const int group : books_.Eligible(s)) ++outcome_.groups[group].eligible_supplies;
      for (const auto& [group, items] : books_.Shares(s)) {
        outcome_.groups[group].taken[books_.supply(s).zone] += items;
        // What was pinned was not among the eligible.
        if (books_.PinOf(s, group) >= 0) ++outcome_.groups[group].eligible_supplies;
      }
    }
  }

  void TellShares() {
    for (int s = 0; s < judgement_.stock(); ++s) {
      if (books_.Shares(s).empty()) continue;
      std::optional<Candidate> next;
      for (const int group : books_.Eligible(s)) {
        if (books_.NextChunk(s, group, std::numeric_limits<int64_t>::max()) == 0) continue;
        const Candidate candidate = books_.CandidateOf(s, group);
        if (!next || candidate < *next) next = candidate;
      }
      std::map<int, int> groups_of_door;
      for (const auto& [group, items] : books_.Shares(s)) ++groups_of_door[judgement_.DoorOf(s, group)];
      for (const auto& [group, items] : books_.Shares(s)) {
        const int door = judgement_.DoorOf(s, group);
        outcome_.shares.push_back({.supply = s,
                                   .group = group,
                                   .items = items,
                                   .pin = books_.PinOf(s, group),
                                   .next_group = next ? next->group : -1,
                                   .hub = judgement_.HubFor(s, group),
                                   .door_items = books_.ThroughDoor(s, door),
                                   .door_groups = groups_of_door[door]});
      }
    }
  }

  Leftover WhyLeft(int s) const {
    if (judgement_.LotLeftOut(s)) return Leftover::kLeftOut;
    if (books_.Eligible(s).empty()) {
      for (int group = 0; group < books_.groups(); ++group) {
        if (judgement_.CodesOf(s, group).empty()) return Leftover::kLeftOut;  // but for the options it would have gone
      }
      return Leftover::kNoEligibleGroup;
    }
    const Supply& supply = books_.supply(s);
    if (books_.Left(s) < supply.min_lot_items && books_.Shares(s).empty()) return Leftover::kBelowMinimumLot;
    bool room = false, hub_full = false;
    for (const int group : books_.Eligible(s)) {
      const int64_t chunk = std::min(supply.items_per_case, books_.Left(s));
      if (books_.OwnRoom(group, supply.zone) < chunk) continue;
      if (books_.Room(s, group) < chunk) {
        hub_full = true;
        continue;
      }
      room = true;
      if (!books_.FitsCap(group, chunk * supply.value)) return Leftover::kAtCap;
    }
    return room ? Leftover::kBelowMinimumLot : hub_full ? Leftover::kHubFull : Leftover::kNoRoom;
  }

  void TellUnallocated() {
    for (int s = 0; s < judgement_.stock(); ++s) {
      if (books_.Left(s) > 0) outcome_.unallocated.push_back({s, books_.Left(s), WhyLeft(s)});
      if (books_.HeldBack(s) > 0) outcome_.unallocated.push_back({s, books_.HeldBack(s), Leftover::kHeldBack});
      if (books_.Later(s) > 0) outcome_.unallocated.push_back({s, books_.Later(s), Leftover::kKeptForLater});
    }
  }

  // Full storage without which the group would have got more: of what stays, of what a richer group has, or by a chain
  // of such exchanges that fairflow saw.
  void TellWanting() {
    std::vector<std::array<bool, kZones>> seen(books_.groups());
    for (int group = 0; group < books_.groups(); ++group) {
      for (const int32_t bin : problem_.plan().groups[group].wanting_bins)
        seen[group][bin % kZones] = seen[group][bin % kZones] || problem_.WeekOf(bin) == 0;
    }
    for (int s = 0; s < judgement_.stock(); ++s) {
      const Supply& supply = books_.supply(s);
      const int64_t unit = supply.items_per_case, worth = unit * supply.value;
      std::optional<Level> richest;  // after giving a case
      for (const auto& [group, items] : books_.Shares(s)) {
        const Level level = books_.CandidateOf(s, group).level;
        if (books_.MayGiveUp(s, group) && (!richest || Less(*richest, {level.food - worth, level.weight})))
          richest = {level.food - worth, level.weight};
      }
      for (const int group : books_.Eligible(s)) {
        if (books_.Room(s, group) >= unit || !books_.FitsCap(group, worth)) continue;
        if (books_.Left(s) == 0 && !(richest && Less(books_.CandidateOf(s, group).level, *richest)) &&
            !seen[group][supply.zone]) {
          continue;
        }
        GroupOutcome& told = outcome_.groups[group];
        (books_.OwnRoom(group, supply.zone) < unit ? told.wanting : told.wanting_at_hub)[supply.zone] = true;
      }
    }
  }

  void TellTies() {
    for (const fairflow::TieStory& tie : problem_.plan().ties) {
      TieOf& told = outcome_.ties.emplace_back();
      told.level = tie.level;
      std::set<int> supplies;
      for (const int32_t lot : tie.lots) supplies.insert(problem_.pieces()[lot].supply);
      told.supplies.assign(supplies.begin(), supplies.end());
      for (const int32_t group : tie.groups) {
        if (outcome_.groups[group].eligible_supplies == 0) continue;
        told.groups.push_back(group);
        outcome_.groups[group].tie = static_cast<int>(outcome_.ties.size()) - 1;
      }
      std::sort(told.groups.begin(), told.groups.end());
    }
  }

  void TellBounds() {
    for (size_t s = 0; s < judgement_.supplies().size(); ++s) {
      const Supply& supply = books_.supply(static_cast<int>(s));
      if (books_.AtHand(static_cast<int>(s)) || supply.first_week < judgement_.weeks())
        outcome_.food += (supply.items - books_.HeldBack(static_cast<int>(s))) * supply.value;
    }
    int64_t pinned = 0, pinned_case_metres = 0;
    for (int s = 0; s < judgement_.stock(); ++s) {
      for (const auto& [group, items] : books_.Pinned(s)) {
        pinned += items * books_.Value(s);
        pinned_case_metres += RoundUp(items, books_.supply(s).items_per_case) / books_.supply(s).items_per_case *
                              std::max<int64_t>(0, judgement_.Metres(s, group));
      }
      for (const auto& [group, items] : books_.Shares(s)) outcome_.given_out += items * books_.Value(s);
    }
    outcome_.given_out += books_.planned_later();
    outcome_.given_out_bound = problem_.bounds().saved_bound + pinned;
    outcome_.lowest_bound = {0, 0};
    for (int group = 0; group < books_.groups(); ++group) {
      if (outcome_.groups[group].eligible_supplies == 0) continue;
      const Level& fair = problem_.fair_bounds()[group];
      if (outcome_.lowest_bound.weight == 0 || Less(fair, outcome_.lowest_bound)) outcome_.lowest_bound = fair;
    }
    if (judgement_.weeks() == 1 && problem_.all_metres_known())
      outcome_.case_metres_bound = std::max<int64_t>(0, problem_.plan().report.case_metres_bound -
                                                            judgement_.need_metres() * books_.UnaskedCases()) +
                                   pinned_case_metres;
  }

  const Books& books_;
  const Judgement& judgement_;
  const FoodProblem& problem_;
  Outcome outcome_;
};

}  // namespace

Outcome TellOutcome(const Books& books, const FoodProblem& problem) { return Telling(books, problem).Tell(); }

}  // namespace kubari::allocation
