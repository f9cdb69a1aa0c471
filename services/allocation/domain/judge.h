// What a snapshot means: supplies, groups with their day, storage and history, and who may have what. Pure.
#pragma once

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
  int64_t min_lot_items = 0;   // smallest quantity for one group; 0 or 1: no demand
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

  // When the group receives: its first receiving day from the hand-over date on.
  absl::CivilDay DayOf(int group) const { return days_[group]; }
  // The rules that keep a supply from a group on its day of that week.
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

  // Whole metres from the supply's warehouse to the group's first site; -1: unknown.
  int64_t Metres(int supply, int group) const;

  // Distinct lots of the stock in the order of their names, and the supplies of each.
  const std::vector<std::string>& lots() const { return lots_; }
  const std::vector<std::vector<int>>& supplies_of_lot() const { return supplies_of_lot_; }
  int LotOf(int supply) const { return lot_of_supply_[supply]; }
  // By lot, then group: the codes that hold at every place of the lot, as bits (1 << Code); 0: they go together.
  std::vector<std::vector<uint16_t>> Exclusions() const;

  // By "lots/…" and "places/…"; by "groups/…".
  std::optional<int> SupplyNamed(const std::string& lot, const std::string& place) const;
  std::optional<int> GroupNamed(const std::string& group) const;

 private:
  void ReadGroups();
  void ReadSupplies();
  void MeasureDistances();
  void ReadLeftOut();
  const stock::v1::Lot& LotAt(int supply) const;

  const pb::Snapshot* snapshot_ = nullptr;
  eligibility::HandOverRules rules_;
  std::vector<Supply> supplies_;
  std::vector<Demand> demands_;
  std::vector<absl::CivilDay> days_;
  std::vector<eligibility::Table> tables_;  // by week
  std::vector<std::string> lots_;
  std::vector<std::vector<int>> supplies_of_lot_;
  std::vector<int> lot_of_supply_;
  std::map<std::pair<std::string, std::string>, int> supply_by_name_;
  std::map<std::string, int> group_by_name_;
  std::vector<int> warehouse_of_supply_;      // index into snapshot.warehouses; -1: unknown
  std::vector<std::vector<int64_t>> metres_;  // by warehouse, then group
  // Reasons, by what they are about.
  std::map<int, std::string> group_left_out_, lot_left_out_;
  std::map<std::pair<int, int>, std::string> pair_left_out_;  // lot, group
};

}  // namespace kubari::allocation
