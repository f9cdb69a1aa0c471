#include "services/allocation/domain/propose.h"

#include <absl/strings/escaping.h>
#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <sodium.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "services/allocation/domain/explain.h"

namespace kubari::allocation {
namespace {

// Where the distance is not known the group stands behind all others of the same level.
constexpr int64_t kUnknownMetres = 100'000'000;

template <typename Field, typename KeyOf>
void SortUnique(Field& field, KeyOf key_of) {
  std::map<decltype(key_of(field.Get(0))), typename Field::value_type> sorted;
  for (auto& entry : field) {
    auto key = key_of(entry);
    sorted[key] = std::move(entry);
  }
  field.Clear();
  for (auto& [key, entry] : sorted) *field.Add() = std::move(entry);
}

uint16_t Bits(eligibility::Codes codes) {
  static_assert(eligibility::kCodes <= 16);
  uint16_t bits = 0;
  for (const eligibility::Code code : codes.All()) bits |= static_cast<uint16_t>(1u << static_cast<int>(code));
  return bits;
}

std::optional<double> Kilometres(int64_t metres) {
  return metres < 0 ? std::nullopt : std::optional(static_cast<double>(metres) / 1000);
}

Supply SupplyOf(const pb::SnapshotStock& stock, const eligibility::LotFacts& facts,
                const eligibility::HandOverRules& rules) {
  const stock::v1::Lot& lot = stock.lot();
  Supply supply{.items = std::max<int64_t>(0, stock.free_items()),
                .items_per_case = std::max<int64_t>(1, lot.items_per_case()),
                .value = std::max<int64_t>(0, lot.milli_person_days()),
                .min_lot_items = lot.min_lot_items(),
                .zone = std::clamp(static_cast<int>(lot.temperature_zone()) - 1, 0, kZones - 1)};
  if (const auto last = eligibility::LastHandOverDay(facts, {}, rules))
    supply.last_day = *last - absl::CivilDay(1970, 1, 1);
  return supply;
}

Demand DemandOf(const pb::SnapshotGroup& seen) {
  const groups::v1::Group& group = seen.group();
  const int64_t percent = group.need_percent() == 0 ? 100 : group.need_percent();
  Demand demand{.weight = std::max<int64_t>(1, group.households() * percent),
                .history = seen.history_milli_person_days()};
  for (const groups::v1::Site& site : group.sites()) {
    demand.capacity[0] += site.ambient_items();
    demand.capacity[1] += site.chilled_items();
    demand.capacity[2] += site.frozen_items();
  }
  demand.capacity[0] = std::max<int64_t>(0, demand.capacity[0] - seen.claimed_ambient_items());
  demand.capacity[1] = std::max<int64_t>(0, demand.capacity[1] - seen.claimed_chilled_items());
  demand.capacity[2] = std::max<int64_t>(0, demand.capacity[2] - seen.claimed_frozen_items());
  return demand;
}

void MeasureDistances(const pb::Snapshot& snapshot, Judgement& judgement) {
  std::map<std::string, int> index;
  for (const stock::v1::Warehouse& warehouse : snapshot.warehouses()) {
    index[warehouse.name()] = static_cast<int>(judgement.metres.size());
    std::vector<int64_t>& row = judgement.metres.emplace_back();
    for (const pb::SnapshotGroup& seen : snapshot.groups()) {
      std::optional<double> km;
      if (seen.group().sites_size() > 0) {
        km = eligibility::DistanceKm(warehouse.address().position(), seen.group().sites(0).address().position());
      }
      row.push_back(km ? std::llround(*km * 1000) : -1);
    }
  }
  for (const pb::SnapshotStock& stock : snapshot.stock()) {
    const auto found = index.find(stock.place().warehouse());
    judgement.warehouse_of_supply.push_back(found == index.end() ? -1 : found->second);
  }
}

// The code that keeps most groups from the lot; of equals the first. Without any group: none of them is active.
eligibility::Code CommonestCode(const std::vector<uint16_t>& exclusions) {
  std::array<int, eligibility::kCodes> counts{};
  for (const uint16_t bits : exclusions) {
    for (int code = 0; code < eligibility::kCodes; ++code) counts[code] += bits >> code & 1;
  }
  const auto most = std::max_element(counts.begin(), counts.end());
  return *most == 0 ? eligibility::Code::kGroupNotActive : static_cast<eligibility::Code>(most - counts.begin());
}

}  // namespace

void Canonicalise(pb::Snapshot& snapshot) {
  SortUnique(*snapshot.mutable_stock(), [](const auto& s) { return std::pair(s.lot().name(), s.place().name()); });
  SortUnique(*snapshot.mutable_groups(), [](const auto& g) { return g.group().name(); });
  SortUnique(*snapshot.mutable_warehouses(), [](const auto& w) { return w.name(); });
}

std::string CanonicalBytes(const google::protobuf::Message& message) {
  std::string bytes;
  google::protobuf::io::StringOutputStream stream(&bytes);
  google::protobuf::io::CodedOutputStream out(&stream);
  out.SetSerializationDeterministic(true);
  message.SerializeToCodedStream(&out);
  out.Trim();
  return bytes;
}

std::string Sha256(std::string_view bytes) {
  std::string hash(crypto_hash_sha256_BYTES, '\0');
  crypto_hash_sha256(reinterpret_cast<unsigned char*>(hash.data()),
                     reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size());
  return absl::BytesToHexString(hash);
}

absl::CivilDay HandOverDay(const pb::Snapshot& snapshot) {
  const absl::StatusOr<calendar::Date> date = calendar::Date::Parse(snapshot.hand_over_date());
  return date.ok() ? date->LastGoodDay() : absl::CivilDay(1970, 1, 1);
}

int64_t Judgement::Metres(int supply, int group) const {
  const int warehouse = warehouse_of_supply[supply];
  return warehouse < 0 ? -1 : metres[warehouse][group];
}

Judgement JudgeAll(const pb::Snapshot& snapshot) {
  Judgement judgement;
  MeasureDistances(snapshot, judgement);
  const absl::CivilDay day = HandOverDay(snapshot);
  const eligibility::HandOverRules rules = eligibility::HandOverRulesOf(snapshot.stock_rules());
  std::vector<eligibility::GroupFacts> groups;
  for (const pb::SnapshotGroup& seen : snapshot.groups()) {
    groups.push_back(eligibility::GroupFactsOf(seen.group()));
    judgement.problem.demands.push_back(DemandOf(seen));
  }
  for (int s = 0; s < snapshot.stock_size(); ++s) {
    const pb::SnapshotStock& stock = snapshot.stock(s);
    const eligibility::LotFacts lot = eligibility::LotFactsOf(stock.lot(), stock.donor_agreement_in_force());
    judgement.problem.supplies.push_back(SupplyOf(stock, lot, rules));
    if (judgement.lots.empty() || judgement.lots.back() != stock.lot().name()) {
      judgement.lots.push_back(stock.lot().name());
      judgement.supplies_of_lot.emplace_back();
      judgement.exclusions.emplace_back(groups.size(), uint16_t{0xFFFF});
    }
    judgement.supplies_of_lot.back().push_back(s);
    std::vector<Arc>& arcs = judgement.problem.arcs.emplace_back();
    for (int g = 0; g < static_cast<int>(groups.size()); ++g) {
      const int64_t metres = judgement.Metres(s, g);
      const eligibility::Codes codes = eligibility::Check(lot, groups[g], rules, day, Kilometres(metres));
      judgement.exclusions.back()[g] &= Bits(codes);
      if (codes.empty()) arcs.push_back({.group = g, .metres = metres < 0 ? kUnknownMetres : metres});
    }
  }
  return judgement;
}

std::vector<eligibility::Reason> WhyNot(const pb::Snapshot& snapshot, const Judgement& judgement, int supply,
                                        int group) {
  const pb::SnapshotStock& stock = snapshot.stock(supply);
  return eligibility::Judge(eligibility::LotFactsOf(stock.lot(), stock.donor_agreement_in_force()),
                            eligibility::GroupFactsOf(snapshot.groups(group).group()),
                            eligibility::HandOverRulesOf(snapshot.stock_rules()), HandOverDay(snapshot),
                            Kilometres(judgement.Metres(supply, group)));
}

pb::Line LineOf(const pb::Snapshot& snapshot, const Judgement& judgement, const Assignment& assignment) {
  const pb::SnapshotStock& stock = snapshot.stock(assignment.supply);
  const groups::v1::Group& group = snapshot.groups(assignment.group).group();
  pb::Line line;
  line.set_group(group.name());
  line.set_group_display_name(group.display_name());
  line.set_lot(stock.lot().name());
  line.set_lot_code(stock.lot().code());
  line.set_product_display_name(stock.lot().product_display_name());
  *line.mutable_good_until() = stock.lot().good_until();
  line.set_temperature_zone(stock.lot().temperature_zone());
  line.set_place(stock.place().name());
  line.set_place_display_name(stock.place().display_name());
  line.set_warehouse(stock.place().warehouse());
  line.set_items(assignment.items);
  line.set_items_per_case(judgement.problem.supplies[assignment.supply].items_per_case);
  line.set_distance_metres(std::max<int64_t>(0, judgement.Metres(assignment.supply, assignment.group)));
  return line;
}

Proposal Propose(const pb::Snapshot& snapshot) {
  Proposal proposal{.judgement = JudgeAll(snapshot)};
  const Judgement& judgement = proposal.judgement;
  proposal.outcome = FairShare(judgement.problem);
  std::vector<Assignment> assignments;
  for (const Share& share : proposal.outcome.shares) {
    const Assignment assignment{.supply = share.supply, .group = share.group, .items = share.items};
    assignments.push_back(assignment);
    pb::Line line = LineOf(snapshot, judgement, assignment);
    line.set_proposed_items(share.items);
    const Sentence why = ExplainShare(share, judgement.problem.supplies[share.supply]);
    line.set_explanation(why.english);
    line.set_explanation_ja(why.japanese);
    proposal.lines.push_back(
        {.assignment = assignment,
         .line = std::move(line),
         .next_group = share.next_group < 0 ? "" : snapshot.groups(share.next_group).group().display_name()});
  }
  // Shares come by supply, which is by lot and place.
  std::stable_sort(proposal.lines.begin(), proposal.lines.end(),
                   [](const auto& a, const auto& b) { return a.assignment.group < b.assignment.group; });
  proposal.summary = Summarise(snapshot, proposal, assignments);
  pb::ListLinesResponse result;
  for (const ProposedLine& proposed : proposal.lines) {
    pb::Line& line = *result.add_lines();
    line = proposed.line;
    AppendNext(proposed.next_group, line);
  }
  proposal.result_hash = Sha256(CanonicalBytes(result));
  return proposal;
}

pb::RunSummary Summarise(const pb::Snapshot& snapshot, const Proposal& proposal,
                         const std::vector<Assignment>& assignments) {
  const Judgement& judgement = proposal.judgement;
  const Problem& problem = judgement.problem;
  pb::RunSummary summary;
  summary.set_lots(static_cast<int>(judgement.lots.size()));
  summary.set_groups(snapshot.groups_size());
  summary.set_lines(static_cast<int>(assignments.size()));

  std::vector<int64_t> left, food(problem.demands.size()), served(problem.demands.size());
  for (const Supply& supply : problem.supplies) left.push_back(supply.items);
  int64_t case_metres = 0;
  for (const Assignment& a : assignments) {
    const Supply& supply = problem.supplies[a.supply];
    left[a.supply] -= a.items;
    food[a.group] += a.items * supply.value;
    served[a.group] = 1;
    summary.set_allocated_items(summary.allocated_items() + a.items);
    summary.set_allocated_grams(summary.allocated_grams() + a.items * snapshot.stock(a.supply).lot().item_grams());
    const int64_t cases = (a.items + supply.items_per_case - 1) / supply.items_per_case;
    case_metres += cases * std::max<int64_t>(0, judgement.Metres(a.supply, a.group));
  }
  for (const int64_t one : served) summary.set_groups_served(summary.groups_served() + static_cast<int>(one));
  summary.set_case_kilometres((case_metres + 500) / 1000);
  for (int s = 0; s < snapshot.stock_size(); ++s) {
    summary.set_free_items(summary.free_items() + problem.supplies[s].items);
    summary.set_free_grams(summary.free_grams() + problem.supplies[s].items * snapshot.stock(s).lot().item_grams());
  }

  std::vector<char> eligible(problem.demands.size());
  for (const std::vector<Arc>& arcs : problem.arcs) {
    for (const Arc& arc : arcs) eligible[arc.group] = 1;
  }
  std::vector<Level> before, after;
  for (size_t g = 0; g < problem.demands.size(); ++g) {
    if (!eligible[g]) continue;
    before.push_back({problem.demands[g].history, problem.demands[g].weight});
    after.push_back({problem.demands[g].history + food[g], problem.demands[g].weight});
  }
  if (!before.empty()) {
    summary.set_least_served_before(ShownLevel(*std::min_element(before.begin(), before.end(), &Less)));
    summary.set_least_served_after(ShownLevel(*std::min_element(after.begin(), after.end(), &Less)));
    summary.set_gini_before_e6(GiniE6(before));
    summary.set_gini_after_e6(GiniE6(after));
  }

  std::map<std::string, int64_t> unallocated;
  for (const Unallocated& rest : proposal.outcome.unallocated) {
    const int64_t by_policy = std::min(rest.items, left[rest.supply]);
    left[rest.supply] -= by_policy;
    if (by_policy <= 0) continue;
    std::string reason = rest.reason == Leftover::kNoCapacity ? "NO_CAPACITY" : "BELOW_MINIMUM_LOT";
    if (rest.reason == Leftover::kNoEligibleGroup) {
      const auto lot =
          std::find(judgement.lots.begin(), judgement.lots.end(), snapshot.stock(rest.supply).lot().name());
      reason = eligibility::CodeName(CommonestCode(judgement.exclusions[lot - judgement.lots.begin()]));
    }
    unallocated[reason] += by_policy;
  }
  for (const int64_t items : left) {
    if (items > 0) unallocated["ADJUSTED"] += items;
  }
  std::vector<std::pair<std::string, int64_t>> ranked(unallocated.begin(), unallocated.end());
  std::stable_sort(ranked.begin(), ranked.end(), [](const auto& a, const auto& b) { return a.second > b.second; });
  for (const auto& [reason, items] : ranked) {
    pb::UnallocatedReason& entry = *summary.add_unallocated();
    entry.set_reason(reason);
    entry.set_items(items);
    const Sentence why = ExplainLeftover(reason, items);
    entry.set_message(why.english);
    entry.set_message_ja(why.japanese);
  }
  return summary;
}

}  // namespace kubari::allocation
