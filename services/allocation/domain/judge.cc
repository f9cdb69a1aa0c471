#include "services/allocation/domain/judge.h"

#include <algorithm>
#include <limits>

#include "libs/calendar/date.h"

namespace kubari::allocation {
namespace {

constexpr int kUrgentDays = 14;
constexpr int kMostWeeks = 12;
constexpr int64_t kNeedKilometres = 20;

// Sums of what people typed stay far from overflow.
constexpr int64_t kMostItems = int64_t{1} << 40;
constexpr int64_t kMostValue = int64_t{1} << 20;

absl::CivilDay DayFrom(const std::string& text) {
  const absl::StatusOr<calendar::Date> date = calendar::Date::Parse(text);
  return date.ok() ? date->LastGoodDay() : absl::CivilDay(1970, 1, 1);
}

// The first receiving day from `day` on.
absl::CivilDay ReceivingDay(const groups::v1::Group& group, absl::CivilDay day) {
  if (group.receiving_days().empty()) return day;
  for (int later = 0; later < 7; ++later) {
    // absl counts from Monday, the contract too, with 1 for it.
    const int weekday = static_cast<int>(absl::GetWeekday(day + later)) + 1;
    if (std::ranges::count(group.receiving_days(), weekday) > 0) return day + later;
  }
  return day;
}

Demand DemandOf(const pb::SnapshotGroup& seen) {
  const groups::v1::Group& group = seen.group();
  const int64_t percent = group.need_percent() <= 0 ? 100 : group.need_percent();
  Demand demand{.weight = std::max<int64_t>(1, std::min(group.households(), kMostItems) * percent),
                .history = std::max<int64_t>(0, seen.history_milli_person_days())};
  for (const groups::v1::Site& site : group.sites()) {
    demand.weekly_room[0] += std::clamp<int64_t>(site.ambient_items(), 0, kMostItems);
    demand.weekly_room[1] += std::clamp<int64_t>(site.chilled_items(), 0, kMostItems);
    demand.weekly_room[2] += std::clamp<int64_t>(site.frozen_items(), 0, kMostItems);
  }
  const std::array<int64_t, kZones> claimed = {seen.claimed_ambient_items(), seen.claimed_chilled_items(),
                                               seen.claimed_frozen_items()};
  for (int zone = 0; zone < kZones; ++zone)
    demand.room[zone] = std::max<int64_t>(0, demand.weekly_room[zone] - claimed[zone]);
  return demand;
}

Supply SupplyOf(const stock::v1::Lot& lot, int64_t items, const eligibility::LotFacts& facts,
                const eligibility::HandOverRules& rules, absl::CivilDay day, int urgent_days) {
  Supply supply{.items = std::clamp<int64_t>(items, 0, kMostItems),
                .items_per_case = std::clamp<int64_t>(lot.items_per_case(), 1, kMostItems),
                .value = std::clamp<int64_t>(lot.milli_person_days(), 0, kMostValue),
                .min_lot_items = std::clamp<int64_t>(lot.min_lot_items(), 0, kMostItems),
                .onward = lot.conditions().onward_transfer_allowed(),
                .zone = ZoneIndex(lot.temperature_zone())};
  if (const auto last = eligibility::LastHandOverDay(facts, {}, rules)) supply.days_left = *last - day;
  supply.urgent = supply.days_left && *supply.days_left <= urgent_days;
  return supply;
}

std::optional<int64_t> IfKnown(int64_t metres) { return metres < 0 ? std::nullopt : std::optional(metres); }

// Of the hub's own table: what it does not eat itself it may hand on.
eligibility::Codes OfWhoEats() {
  eligibility::Codes codes;
  codes.Add(eligibility::Code::kCategoryNotAccepted);
  codes.Add(eligibility::Code::kTagExcluded);
  return codes;
}

}  // namespace

int ZoneIndex(type::v1::TemperatureZone zone) { return std::clamp(static_cast<int>(zone) - 1, 0, kZones - 1); }

absl::CivilDay HandOverDay(const pb::Snapshot& snapshot) { return DayFrom(snapshot.hand_over_date()); }

Judgement::Judgement(const pb::Snapshot& snapshot)
    : snapshot_(&snapshot), rules_(eligibility::HandOverRulesOf(snapshot.stock_rules())) {
  ReadGroups();
  ReadSupplies();
  MeasureDistances();
  ReadLeftOut();
  OpenHubs();
  ReadNeeds();
}

void Judgement::ReadGroups() {
  const absl::CivilDay day = HandOverDay(*snapshot_);
  for (const pb::SnapshotGroup& seen : snapshot_->groups()) {
    group_by_name_[seen.group().name()] = static_cast<int>(demands_.size());
    demands_.push_back(DemandOf(seen));
    days_.push_back(ReceivingDay(seen.group(), day));
  }
  for (const pb::CapacityOverride& own : snapshot_->options().capacities()) {
    if (const std::optional<int> group = GroupNamed(own.group()))
      demands_[*group].room[ZoneIndex(own.temperature_zone())] = std::clamp<int64_t>(own.items(), 0, kMostItems);
  }
}

void Judgement::ReadSupplies() {
  const absl::CivilDay day = HandOverDay(*snapshot_);
  const int urgent_days = snapshot_->options().urgent_days() == 0 ? kUrgentDays : snapshot_->options().urgent_days();
  std::vector<eligibility::LotFacts> lots;
  for (const pb::SnapshotStock& stock : snapshot_->stock()) {
    const stock::v1::Lot& lot = stock.lot();
    lots.push_back(eligibility::LotFactsOf(lot, stock.donor_agreement_in_force()));
    supply_by_name_[{lot.name(), stock.place().name()}] = static_cast<int>(supplies_.size());
    if (lots_.empty() || lots_.back() != lot.name()) {
      lots_.push_back(lot.name());
      supplies_of_lot_.emplace_back();
    }
    supplies_of_lot_.back().push_back(static_cast<int>(supplies_.size()));
    lot_of_supply_.push_back(static_cast<int>(lots_.size()) - 1);
    supplies_.push_back(SupplyOf(lot, stock.free_items(), lots.back(), rules_, day, urgent_days));
  }
  for (const pb::SnapshotExpected& expected : snapshot_->expected()) {
    lots.push_back(eligibility::LotFactsOf(expected.lot(), expected.donor_agreement_in_force()));
    lot_of_supply_.push_back(-1);
    supplies_.push_back(SupplyOf(expected.lot(), expected.items(), lots.back(), rules_, day, urgent_days));
    const int64_t days = DayFrom(expected.ready_date()) - day;
    supplies_.back().first_week = static_cast<int>(std::clamp<int64_t>((days + 6) / 7, 1, 1'000));
  }
  std::vector<eligibility::GroupFacts> groups;
  for (const pb::SnapshotGroup& seen : snapshot_->groups()) groups.push_back(eligibility::GroupFactsOf(seen.group()));
  std::vector<absl::CivilDay> days = days_;
  for (int week = 0; week <= std::clamp(snapshot_->options().horizon_weeks(), 0, kMostWeeks); ++week) {
    tables_.emplace_back(lots, groups, rules_, days);
    for (absl::CivilDay& one : days) one += 7;
  }
  FindHubs(lots, groups);
}

void Judgement::FindHubs(const std::vector<eligibility::LotFacts>& lots,
                         const std::vector<eligibility::GroupFacts>& groups) {
  days_by_hub_ = days_;
  metres_from_hub_.assign(groups.size(), -1);
  hub_index_.assign(groups.size(), -1);
  std::map<int, int> index;
  for (int group = 0; group < snapshot_->groups_size(); ++group) {
    const groups::v1::Group& seen = snapshot_->groups(group).group();
    const int hub = seen.hub() == seen.name() ? -1 : GroupNamed(seen.hub()).value_or(-1);
    hub_.push_back(hub);
    if (hub < 0) continue;
    const auto [known, is_new] = index.try_emplace(hub, static_cast<int>(hubs_.size()));
    if (is_new) hubs_.push_back(hub);
    hub_index_[group] = known->second;
    days_by_hub_[group] = ReceivingDay(seen, days_[hub]);
    const groups::v1::Group& from = snapshot_->groups(hub).group();
    if (from.sites_size() > 0 && seen.sites_size() > 0) {
      metres_from_hub_[group] =
          eligibility::DistanceMetres(from.sites(0).address().position(), seen.sites(0).address().position())
              .value_or(-1);
    }
  }
  if (hubs_.empty()) return;
  std::vector<absl::CivilDay> days = days_by_hub_;
  for (int week = 0; week < weeks(); ++week) {
    tables_by_hub_.emplace_back(lots, groups, rules_, days);
    for (absl::CivilDay& one : days) one += 7;
  }
}

void Judgement::OpenHubs() {
  for (int week = 0; week < weeks() && !hubs_.empty(); ++week) {
    std::vector<bool>& open = through_.emplace_back();
    for (int supply = 0; supply < static_cast<int>(supplies_.size()); ++supply) {
      for (const int hub : hubs_) {
        open.push_back(supplies_[supply].onward && LeftOut(supply, hub) == nullptr &&
                       CodesOnTheWay(supply, hub, week).empty());
      }
    }
  }
}

void Judgement::MeasureDistances() {
  std::map<std::string, int> index;
  for (const stock::v1::Warehouse& warehouse : snapshot_->warehouses()) {
    index[warehouse.name()] = static_cast<int>(metres_.size());
    std::vector<int64_t>& row = metres_.emplace_back();
    for (const pb::SnapshotGroup& seen : snapshot_->groups()) {
      std::optional<int64_t> metres;
      if (seen.group().sites_size() > 0) {
        metres =
            eligibility::DistanceMetres(warehouse.address().position(), seen.group().sites(0).address().position());
      }
      row.push_back(metres.value_or(-1));
    }
  }
  const auto add = [&](const std::string& warehouse) {
    const auto found = index.find(warehouse);
    warehouse_of_supply_.push_back(found == index.end() ? -1 : found->second);
  };
  for (const pb::SnapshotStock& stock : snapshot_->stock()) add(stock.place().warehouse());
  for (const pb::SnapshotExpected& expected : snapshot_->expected()) add(expected.warehouse());
}

void Judgement::ReadLeftOut() {
  for (const pb::LeftOut& left_out : snapshot_->options().left_out()) {
    const auto lot = std::ranges::lower_bound(lots_, left_out.lot());
    const int lot_index = lot != lots_.end() && *lot == left_out.lot() ? static_cast<int>(lot - lots_.begin()) : -1;
    const int group = GroupNamed(left_out.group()).value_or(-1);
    if (left_out.lot().empty()) {
      if (group >= 0) group_left_out_[group] = left_out.reason();
    } else if (left_out.group().empty()) {
      if (lot_index >= 0) lot_left_out_[lot_index] = left_out.reason();
    } else if (lot_index >= 0 && group >= 0) {
      pair_left_out_[{lot_index, group}] = left_out.reason();
    }
  }
}

void Judgement::ReadNeeds() {
  const pb::RunOptions& options = snapshot_->options();
  need_metres_ =
      1000 * (options.has_need_kilometres() ? std::clamp(options.need_kilometres(), 0, 1000) : kNeedKilometres);
  std::vector<const stock::v1::Lot*> lots;
  for (size_t s = 0; s < supplies_.size(); ++s) lots.push_back(&LotAt(static_cast<int>(s)));
  needs_ = Needs(*snapshot_, lots);
  asked_for_.assign(supplies_.size(), false);
  for (int supply = 0; supply < static_cast<int>(supplies_.size()); ++supply) {
    if (!needs_.Any(supply)) continue;
    const auto asks = [&](int group) {
      for (int week = 0; week < weeks(); ++week) {
        if (NeedOf(supply, group, week) != nullptr && May(supply, group, week)) return true;
      }
      return false;
    };
    for (int group = 0; group < static_cast<int>(demands_.size()) && !asked_for_[supply]; ++group)
      asked_for_[supply] = asks(group);
  }
}

const groups::v1::Need* Judgement::NeedOf(int supply, int group, int week) const {
  if (!needs_.Any(supply)) return nullptr;
  const absl::CivilDay day = (HubFor(supply, group, week) < 0 ? days_[group] : days_by_hub_[group]) + 7 * week;
  const int need = needs_.Of(supply, group, day);
  return need < 0 ? nullptr : &snapshot_->groups(group).needs(need);
}

eligibility::Codes Judgement::CodesOnTheWay(int supply, int hub, int week) const {
  return tables_[week].Of(supply, hub, IfKnown(Straight(supply, hub))).Without(OfWhoEats());
}

eligibility::Codes Judgement::CodesBehindHub(int supply, int group, int week) const {
  return tables_by_hub_[week].Of(supply, group, IfKnown(metres_from_hub_[group]));
}

int Judgement::HubFor(int supply, int group, int week) const {
  const int hub = hub_[group];
  if (hub < 0 || !through_[week][supply * hubs_.size() + hub_index_[group]]) return -1;
  return CodesBehindHub(supply, group, week).empty() ? hub : -1;
}

std::optional<Judgement::NotByHub> Judgement::WhyNotByHub(int supply, int group) const {
  const int hub = hub_[group];
  if (hub < 0 || HubFor(supply, group) >= 0) return std::nullopt;
  const std::string& name = snapshot_->groups(hub).group().display_name();
  std::string english, japanese;
  const bool agreement = supply < stock() ? snapshot_->stock(supply).donor_agreement_in_force()
                                          : snapshot_->expected(supply - stock()).donor_agreement_in_force();
  const auto judge = [&](int whom, absl::CivilDay day, int64_t metres, eligibility::Codes codes) {
    for (const eligibility::Reason& reason :
         eligibility::Judge(eligibility::LotFactsOf(LotAt(supply), agreement),
                            eligibility::GroupFactsOf(snapshot_->groups(whom).group()), rules_, day, IfKnown(metres))) {
      if (!codes.Has(reason.code)) continue;
      english = reason.english;
      japanese = reason.japanese;
      return;
    }
  };
  if (!supplies_[supply].onward) {
    english = "The donor does not let it be handed on.";
    japanese = "寄付者が二次配布を認めていません。";
  } else if (LeftOut(supply, hub) != nullptr) {
    english = "A coordinator left the hub out of this run.";
    japanese = "コーディネーターが拠点をこの配分から外しました。";
  } else if (const eligibility::Codes codes = CodesOnTheWay(supply, hub, 0); !codes.empty()) {
    judge(hub, days_[hub], Straight(supply, hub), codes);
  } else {
    judge(group, days_by_hub_[group], metres_from_hub_[group], CodesBehindHub(supply, group, 0));
  }
  return NotByHub{"By its hub (" + name + ") it cannot come either: " + english,
                  "拠点（" + name + "）経由でも受け取れません：" + japanese};
}

eligibility::Codes Judgement::CodesOf(int supply, int group, int week) const {
  if (HubFor(supply, group, week) >= 0) return {};
  const int64_t metres = Straight(supply, group);
  return tables_[week].Of(supply, group, metres < 0 ? std::nullopt : std::optional(metres));
}

const stock::v1::Lot& Judgement::LotAt(int supply) const {
  return supply < stock() ? snapshot_->stock(supply).lot() : snapshot_->expected(supply - stock()).lot();
}

std::vector<eligibility::Reason> Judgement::WhyNot(int supply, int group) const {
  const bool agreement = supply < stock() ? snapshot_->stock(supply).donor_agreement_in_force()
                                          : snapshot_->expected(supply - stock()).donor_agreement_in_force();
  if (HubFor(supply, group) >= 0) return {};
  const int64_t metres = Straight(supply, group);
  return eligibility::Judge(eligibility::LotFactsOf(LotAt(supply), agreement),
                            eligibility::GroupFactsOf(snapshot_->groups(group).group()), rules_, DayOf(group),
                            metres < 0 ? std::nullopt : std::optional(metres));
}

const std::string* Judgement::LeftOut(int supply, int group) const {
  if (const auto found = group_left_out_.find(group); found != group_left_out_.end()) return &found->second;
  const int lot = LotOf(supply);
  if (const auto found = lot_left_out_.find(lot); found != lot_left_out_.end()) return &found->second;
  if (const auto found = pair_left_out_.find({lot, group}); found != pair_left_out_.end()) return &found->second;
  return nullptr;
}

bool Judgement::LotLeftOut(int supply) const { return lot_left_out_.contains(LotOf(supply)); }

int64_t Judgement::Metres(int supply, int group) const {
  const int hub = HubFor(supply, group);
  if (hub < 0) return Straight(supply, group);
  const int64_t there = Straight(supply, hub), on = metres_from_hub_[group];
  return there < 0 || on < 0 ? -1 : there + on;
}

int64_t Judgement::Straight(int supply, int group) const {
  const int warehouse = warehouse_of_supply_[supply];
  return warehouse < 0 ? -1 : metres_[warehouse][group];
}

std::vector<std::vector<uint32_t>> Judgement::Exclusions() const {
  std::vector<std::vector<uint32_t>> exclusions;
  for (const std::vector<int>& supplies : supplies_of_lot_) {
    std::vector<uint32_t>& of_lot = exclusions.emplace_back(demands_.size(), ~uint32_t{0});
    for (const int supply : supplies) {
      for (size_t group = 0; group < demands_.size(); ++group)
        of_lot[group] &= CodesOf(supply, static_cast<int>(group)).bits();
    }
  }
  return exclusions;
}

std::optional<int> Judgement::SupplyNamed(const std::string& lot, const std::string& place) const {
  const auto found = supply_by_name_.find({lot, place});
  return found == supply_by_name_.end() ? std::nullopt : std::optional(found->second);
}

std::optional<int> Judgement::GroupNamed(const std::string& group) const {
  const auto found = group_by_name_.find(group);
  return found == group_by_name_.end() ? std::nullopt : std::optional(found->second);
}

}  // namespace kubari::allocation
