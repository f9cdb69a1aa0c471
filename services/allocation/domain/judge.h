// What a snapshot means: supplies, groups with their day, storage and history, and who may have what, by which door.
// Pure.
//
// Hubs: the hub is the door of the groups that name it. A supply comes to a group by its hub if
//
//   * the donor lets it be handed on, and nobody left the hub out,
//   * the hub may receive it on its own day, straight from the warehouse: all rules but those of what the hub itself
//     eats (categories, tags). Allergens count: what is excluded at the hub is not in its rooms, nor in opened cases,
//   * the group may have it on its first receiving day from the hub's day on, at its distance from the hub.
//
// Everything else it fetches itself, by its own rules. So every pair has one door, and nothing goes by two hubs.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/time/civil_time.h"
#include "kubari/allocation/v1/snapshot.pb.h"
#include "libs/eligibility/table.h"
#include "services/allocation/domain/needs.h"

namespace kubari::allocation {

namespace pb = kubari::allocation::v1;

// Ambient, chilled, frozen.
inline constexpr int kZones = 3;
// 0 … 2; what has no zone counts as ambient.
int ZoneIndex(type::v1::TemperatureZone zone);

// Free stock of one lot on one shelf, or goods that are expected.
struct Supply {
  int64_t items = 0;           // free; ≥ 0
  int64_t items_per_case = 1;  // ≥ 1
  int64_t value = 0;           // milli-person-days of one item; ≥ 0
  int64_t min_lot_items = 0;   // smallest quantity for one door; 0 or 1: no demand
  bool onward = false;         // the donor lets it be handed on
  int zone = 0;
  // Days from the hand-over date to the last day on which it may be handed over; nothing: no end.
  std::optional<int64_t> days_left;
  bool urgent = false;
  int first_week = 0;  // in which it is there; > 0: expected, and never given out by this run
};

struct Demand {
  int64_t weight = 1;   // households × need percent; ≥ 1
  int64_t history = 0;  // milli-person-days received or promised in the past year; ≥ 0
  // Items it can store: in this run, after what is under way to it; and in a usual week.
  std::array<int64_t, kZones> room{}, weekly_room{};
};

// The day for which the snapshot was made.
absl::CivilDay HandOverDay(const pb::Snapshot& snapshot);

class Judgement {
 public:
  Judgement() = default;  // of nothing
  // `snapshot`, which is canonical (propose.h), must outlive it.
  explicit Judgement(const pb::Snapshot& snapshot);

  // snapshot.stock by index, then snapshot.expected.
  const std::vector<Supply>& supplies() const { return supplies_; }
  int stock() const { return snapshot_->stock_size(); }
  // snapshot.groups by index.
  const std::vector<Demand>& demands() const { return demands_; }
  // The first week, and RunOptions.horizon_weeks more.
  int weeks() const { return static_cast<int>(tables_.size()); }

  // The active hub that a group names, or -1; and the hub by which the supply comes to the group, or -1.
  int HubOf(int group) const { return hub_[group]; }
  const std::vector<int>& hubs() const { return hubs_; }
  bool IsHub(int group) const { return std::ranges::find(hubs_, group) != hubs_.end(); }
  int HubFor(int supply, int group, int week = 0) const;
  // Who receives the delivery: that hub, or the group itself.
  int DoorOf(int supply, int group, int week = 0) const {
    const int hub = HubFor(supply, group, week);
    return hub < 0 ? group : hub;
  }
  // Why the supply does not come by the hub; nothing: it does, or there is no hub.
  struct NotByHub {
    std::string english, japanese;
  };
  std::optional<NotByHub> WhyNotByHub(int supply, int group) const;

  // When the group receives: its first receiving day from the hand-over date on, or from its hub's day on.
  absl::CivilDay DayOf(int group) const { return days_[group]; }
  absl::CivilDay DayOf(int supply, int group) const {
    return HubFor(supply, group) < 0 ? days_[group] : days_by_hub_[group];
  }
  // The rules that keep a supply from a group on its day of that week; empty if it comes by the hub.
  eligibility::Codes CodesOf(int supply, int group, int week = 0) const;
  // No rule speaks against it, and nobody left it out.
  bool May(int supply, int group, int week = 0) const {
    return !LeftOut(supply, group) && CodesOf(supply, group, week).empty();
  }
  // Why not, in words; empty: no rule speaks against it.
  std::vector<eligibility::Reason> WhyNot(int supply, int group) const;

  // By RunOptions.left_out: its reason, or nothing.
  const std::string* LeftOut(int supply, int group) const;
  // The lot as a whole: nobody gets it.
  bool LotLeftOut(int supply) const;

  // Whole metres from the supply's warehouse to the group's first site, by the hub if it comes by it; -1: unknown.
  int64_t Metres(int supply, int group) const;

  // What the group asked for and the supply answers, of use on the group's day in that week; nothing: it did not ask.
  const groups::v1::Need* NeedOf(int supply, int group, int week = 0) const;
  // Still of use on the group's day.
  bool IsOfUse(int group, const groups::v1::Need& need) const { return days_[group] <= LastDayOf(need); }
  // Does any group that may have the supply, in whatever week, ask for it? Only then it matters who did.
  bool IsAskedFor(int supply) const { return asked_for_[supply]; }
  // By so much nearer are those who asked; 0: needs do not count in this run.
  int64_t need_metres() const { return need_metres_; }

  // Distinct lots of the stock in the order of their names, and the supplies of each.
  const std::vector<std::string>& lots() const { return lots_; }
  const std::vector<std::vector<int>>& supplies_of_lot() const { return supplies_of_lot_; }
  int LotOf(int supply) const { return lot_of_supply_[supply]; }
  // By lot, then group: the codes that hold at every place of the lot, as bits (1 << Code); 0: they go together.
  std::vector<std::vector<uint32_t>> Exclusions() const;

  // By "lots/…" and "places/…"; by "groups/…".
  std::optional<int> SupplyNamed(const std::string& lot, const std::string& place) const;
  std::optional<int> GroupNamed(const std::string& group) const;

 private:
  void ReadGroups();
  void ReadSupplies();
  void MeasureDistances();
  void FindHubs(const std::vector<eligibility::LotFacts>& lots, const std::vector<eligibility::GroupFacts>& groups);
  void OpenHubs();
  int64_t Straight(int supply, int group) const;
  eligibility::Codes CodesOnTheWay(int supply, int hub, int week) const;
  eligibility::Codes CodesBehindHub(int supply, int group, int week) const;
  void ReadLeftOut();
  void ReadNeeds();
  const stock::v1::Lot& LotAt(int supply) const;

  const pb::Snapshot* snapshot_ = nullptr;
  eligibility::HandOverRules rules_;
  std::vector<Supply> supplies_;
  std::vector<Demand> demands_;
  std::vector<absl::CivilDay> days_;
  std::vector<eligibility::Table> tables_;  // by week
  // By group: the hub that it names, its day and its way from there.
  std::vector<int> hub_;
  std::vector<absl::CivilDay> days_by_hub_;
  std::vector<int64_t> metres_from_hub_;
  std::vector<int> hubs_;                          // all of them
  std::vector<int> hub_index_;                     // by group: where its hub is among them
  std::vector<eligibility::Table> tables_by_hub_;  // by week; empty without hubs
  std::vector<std::vector<bool>> through_;         // by week: may the supply come to the hub; by supply, then hub
  std::vector<std::string> lots_;
  std::vector<std::vector<int>> supplies_of_lot_;
  std::vector<int> lot_of_supply_;
  std::map<std::pair<std::string, std::string>, int> supply_by_name_;
  std::map<std::string, int> group_by_name_;
  std::vector<int> warehouse_of_supply_;      // index into snapshot.warehouses; -1: unknown
  std::vector<std::vector<int64_t>> metres_;  // by warehouse, then group
  Needs needs_;
  int64_t need_metres_ = 0;
  std::vector<bool> asked_for_;
  // Reasons, by what they are about.
  std::map<int, std::string> group_left_out_, lot_left_out_;
  std::map<std::pair<int, int>, std::string> pair_left_out_;  // lot, group
};

}  // namespace kubari::allocation
