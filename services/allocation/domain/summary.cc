// A run in figures; see propose.h.
#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <tuple>
#include <utility>

#include "services/allocation/domain/explain.h"
#include "services/allocation/domain/propose.h"

namespace kubari::allocation {
namespace {

// The code that keeps most groups from the supply; of equals the first. Without any group: none of them is active.
eligibility::Code CommonestCode(const Judgement& judgement, int supply) {
  std::array<int, eligibility::kCodes> counts{};
  for (int group = 0; group < static_cast<int>(judgement.demands().size()); ++group) {
    const uint32_t bits = judgement.CodesOf(supply, group).bits();
    for (int code = 0; code < eligibility::kCodes; ++code) counts[code] += bits >> code & 1;
  }
  const auto most = std::max_element(counts.begin(), counts.end());
  return *most == 0 ? eligibility::Code::kGroupNotActive : static_cast<eligibility::Code>(most - counts.begin());
}

std::string ReasonOf(const Judgement& judgement, const Unallocated& rest) {
  switch (rest.reason) {
    case Leftover::kNoEligibleGroup:
      return std::string(eligibility::CodeName(CommonestCode(judgement, rest.supply)));
    case Leftover::kNoRoom:
      return "NO_CAPACITY";
    case Leftover::kHubFull:
      return "HUB_FULL";
    case Leftover::kBelowMinimumLot:
      return "BELOW_MINIMUM_LOT";
    case Leftover::kAtCap:
      return "AT_CAP";
    case Leftover::kLeftOut:
      return "LEFT_OUT";
    case Leftover::kHeldBack:
      return "HELD_BACK";
    case Leftover::kKeptForLater:
      return "KEPT_FOR_LATER";
    case Leftover::kNotTaken:
      return "NOT_TAKEN";
  }
  return "";
}

// See Staying::metres.
int64_t MetresThatMatter(const Judgement& judgement, int supply, const std::string& reason) {
  eligibility::Codes only_far;
  only_far.Add(eligibility::Code::kTooFar);
  int64_t metres = -1;
  for (int group = 0; group < static_cast<int>(judgement.demands().size()); ++group) {
    const int64_t way = judgement.Metres(supply, group);
    if (way < 0) continue;
    if (reason == "NO_CAPACITY" && judgement.May(supply, group)) metres = std::max(metres, way);
    if (reason == "TOO_FAR" && judgement.CodesOf(supply, group) == only_far)
      metres = metres < 0 ? way : std::min(metres, way);
  }
  return metres;
}

// Items that stay, by reason and zone.
class Stays {
 public:
  explicit Stays(const Judgement& judgement) : judgement_(judgement) {}

  void Add(int supply, const std::string& reason, int64_t items) {
    const Supply& facts = judgement_.supplies()[supply];
    Staying& staying = staying_[{reason, facts.zone}];
    staying.reason = reason;
    staying.zone = facts.zone;
    staying.items += items;
    staying.cases += (items + facts.items_per_case - 1) / facts.items_per_case;
    if (reason != "NO_CAPACITY" && reason != "TOO_FAR") return;
    const int64_t metres = MetresThatMatter(judgement_, supply, reason);
    if (metres < 0) return;
    const bool farthest = reason == "NO_CAPACITY";
    staying.metres = staying.metres < 0 ? metres
                     : farthest         ? std::max(staying.metres, metres)
                                        : std::min(staying.metres, metres);
  }

  void Tell(int64_t free_items, pb::RunSummary& summary) const {
    std::vector<Staying> ranked;
    for (const auto& [key, staying] : staying_) ranked.push_back(staying);
    std::stable_sort(ranked.begin(), ranked.end(),
                     [](const Staying& a, const Staying& b) { return a.items > b.items; });
    for (const Staying& staying : ranked) {
      pb::UnallocatedReason& entry = *summary.add_unallocated();
      entry.set_reason(staying.reason);
      entry.set_items(staying.items);
      entry.set_cases(staying.cases);
      entry.set_temperature_zone(static_cast<type::v1::TemperatureZone>(staying.zone + 1));
      entry.set_permille(
          static_cast<int32_t>(static_cast<__int128>(staying.items) * 1000 / std::max<int64_t>(1, free_items)));
      const Sentence why = ExplainStaying(staying);
      entry.set_message(why.english);
      entry.set_message_ja(why.japanese);
    }
  }

 private:
  const Judgement& judgement_;
  std::map<std::pair<std::string, int>, Staying> staying_;
};

void SummariseLevels(const Outcome& outcome, const std::vector<int64_t>& food, pb::RunSummary& summary) {
  std::vector<Level> before, after;
  for (size_t g = 0; g < outcome.groups.size(); ++g) {
    const GroupOutcome& group = outcome.groups[g];
    if (group.eligible_supplies == 0) continue;
    before.push_back(group.before);
    after.push_back({group.before.food + food[g], group.before.weight});
  }
  summary.set_groups_eligible(static_cast<int>(before.size()));
  if (before.empty()) return;
  const auto less = [](const Level& a, const Level& b) { return Less(a, b); };
  summary.set_least_served_before(ShownLevel(*std::min_element(before.begin(), before.end(), less)));
  summary.set_least_served_after(ShownLevel(*std::min_element(after.begin(), after.end(), less)));
  // A coordinator may overrule soft rules, and so a bound.
  summary.set_least_served_bound(std::max(ShownLevel(outcome.lowest_bound), summary.least_served_after()));
  summary.set_gini_before_e6(GiniE6(before));
  summary.set_gini_after_e6(GiniE6(after));
  summary.set_jain_before_e6(JainE6(before));
  summary.set_jain_after_e6(JainE6(after));
}

}  // namespace

pb::RunSummary Summarise(const pb::Snapshot& snapshot, const Proposal& proposal,
                         const std::vector<Assignment>& assignments) {
  const Judgement& judgement = proposal.judgement;
  const Outcome& outcome = proposal.outcome;
  pb::RunSummary summary;
  summary.set_lots(static_cast<int>(judgement.lots().size()));
  for (const pb::SnapshotGroup& group : snapshot.groups())
    summary.set_groups(summary.groups() + (group.group().state() == groups::v1::GROUP_STATE_ACTIVE ? 1 : 0));
  summary.set_lines(static_cast<int>(assignments.size()));

  std::vector<int64_t> left, food(outcome.groups.size());
  for (int s = 0; s < judgement.stock(); ++s) {
    const Supply& supply = judgement.supplies()[s];
    left.push_back(supply.items);
    summary.set_free_items(summary.free_items() + supply.items);
    summary.set_free_grams(summary.free_grams() + supply.items * snapshot.stock(s).lot().item_grams());
  }
  std::set<int> served, hubs;
  int64_t case_metres = 0, given_out = outcome.given_out;
  for (const Share& share : outcome.shares) given_out -= share.items * judgement.supplies()[share.supply].value;
  for (const Assignment& a : assignments) {
    const Supply& supply = judgement.supplies()[a.supply];
    left[a.supply] -= a.items;
    food[a.group] += a.items * supply.value;
    given_out += a.items * supply.value;
    served.insert(a.group);
    if (const int hub = judgement.HubFor(a.supply, a.group); hub >= 0) {
      hubs.insert(hub);
      summary.set_items_by_hub(summary.items_by_hub() + a.items);
    }
    if (judgement.NeedOf(a.supply, a.group) != nullptr)
      summary.set_items_asked_for(summary.items_asked_for() + a.items);
    summary.set_allocated_items(summary.allocated_items() + a.items);
    summary.set_allocated_grams(summary.allocated_grams() + a.items * snapshot.stock(a.supply).lot().item_grams());
    const int64_t cases = (a.items + supply.items_per_case - 1) / supply.items_per_case;
    case_metres += cases * std::max<int64_t>(0, judgement.Metres(a.supply, a.group));
  }
  summary.set_groups_served(static_cast<int>(served.size()));
  summary.set_hubs(static_cast<int>(hubs.size()));
  summary.set_case_kilometres((case_metres + 500) / 1000);
  summary.set_case_kilometres_bound((outcome.case_metres_bound + 500) / 1000);
  summary.set_food_milli_person_days(outcome.food);
  summary.set_given_out_milli_person_days(given_out);
  summary.set_given_out_bound_milli_person_days(std::max(outcome.given_out_bound, given_out));
  SummariseLevels(outcome, food, summary);

  Stays stays(judgement);
  for (const Unallocated& rest : outcome.unallocated) {
    const int64_t by_policy = std::min(rest.items, left[rest.supply]);
    if (by_policy <= 0) continue;
    left[rest.supply] -= by_policy;
    stays.Add(rest.supply, ReasonOf(judgement, rest), by_policy);
    if (rest.reason == Leftover::kHeldBack) summary.set_held_back_items(summary.held_back_items() + by_policy);
    if (rest.reason == Leftover::kKeptForLater)
      summary.set_kept_for_later_items(summary.kept_for_later_items() + by_policy);
  }
  for (int s = 0; s < judgement.stock(); ++s) {
    if (left[s] > 0) stays.Add(s, "ADJUSTED", left[s]);
  }
  stays.Tell(summary.free_items(), summary);
  return summary;
}

}  // namespace kubari::allocation
