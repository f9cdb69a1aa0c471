#include "services/allocation/domain/books.h"

#include <algorithm>
#include <limits>
#include <numeric>
#include <optional>

namespace kubari::allocation {
namespace {

using Wide = __int128;

}  // namespace

int64_t InUnitOf(const groups::v1::Need& need, int64_t items, int64_t items_per_case) {
  if (need.unit() != groups::v1::NEED_UNIT_CASES) return items;
  return items < 0 ? -InUnitOf(need, -items, items_per_case) : RoundUp(items, items_per_case) / items_per_case;
}

Books::Books(const pb::Snapshot& snapshot, const Judgement& judgement)
    : snapshot_(snapshot),
      options_(snapshot.options()),
      judgement_(judgement),
      supplies_(judgement.supplies()),
      demands_(judgement.demands()),
      shares_(supplies_.size()),
      doors_(supplies_.size()),
      held_(supplies_.size()),
      later_(supplies_.size()),
      food_(demands_.size()),
      coming_(demands_.size()),
      worthless_(demands_.size()),
      floor_(demands_.size()),
      cap_(demands_.size(), fairflow::kNoLimit) {
  for (const Supply& supply : supplies_) left_.push_back(supply.items);
  for (const Demand& demand : demands_) room_.push_back(demand.room);
  ReadBounds();
  TakePins();
  PutAside();
  FindEligible();
}

void Books::ReadBounds() {
  for (const pb::GroupBound& bound : options_.group_bounds()) {
    const std::optional<int> group = judgement_.GroupNamed(bound.group());
    if (!group) continue;
    const auto food = [&](int64_t shown) {
      return static_cast<int64_t>(std::min<Wide>(Wide{shown} * demands_[*group].weight / 100, fairflow::kMostFood));
    };
    floor_[*group] = food(std::max<int64_t>(0, bound.floor()));
    if (bound.cap() > 0) cap_[*group] = std::max(floor_[*group], food(bound.cap()));
  }
}

void Books::TakePins() {
  for (int i = 0; i < options_.pins_size(); ++i) {
    const pb::Pin& pin = options_.pins(i);
    const std::optional<int> supply = judgement_.SupplyNamed(pin.lot(), pin.place());
    const std::optional<int> group = judgement_.GroupNamed(pin.group());
    if (!supply || !group || !pins_.try_emplace({*supply, *group}, i).second) continue;
    if (const int64_t items = std::clamp<int64_t>(pin.items(), 0, left_[*supply]); items > 0)
      Give(*supply, *group, items);
  }
  pinned_food_ = food_;
  for (int group = 0; group < groups(); ++group) {
    for (int64_t& room : room_[group]) room = std::max<int64_t>(0, room);
    floor_[group] = std::max<int64_t>(0, floor_[group] - food_[group]);
    if (cap_[group] != fairflow::kNoLimit) cap_[group] = std::max<int64_t>(0, cap_[group] - food_[group]);
  }
  pinned_ = shares_;
}

// What keeps longest stays; urgent food never does.
void Books::PutAside() {
  std::vector<int> order(judgement_.stock());
  std::iota(order.begin(), order.end(), 0);
  const auto days = [&](int s) { return supplies_[s].days_left.value_or(std::numeric_limits<int64_t>::max()); };
  std::stable_sort(order.begin(), order.end(), [&](int a, int b) { return days(a) > days(b); });
  for (const pb::HoldBack& hold : options_.hold_backs()) {
    const auto concerns = [&](int s) {
      const stock::v1::Lot& lot = snapshot_.stock(s).lot();
      return !supplies_[s].urgent &&
             (hold.category() == type::v1::FOOD_CATEGORY_UNSPECIFIED || hold.category() == lot.category()) &&
             (hold.temperature_zone() == type::v1::TEMPERATURE_ZONE_UNSPECIFIED ||
              hold.temperature_zone() == lot.temperature_zone());
    };
    int64_t wanted = std::max<int64_t>(0, hold.items());
    if (hold.permille() > 0) {
      Wide all = 0;
      for (const int s : order) all += concerns(s) ? supplies_[s].items : 0;
      wanted = static_cast<int64_t>(all * hold.permille() / 1000);
    }
    for (const int s : order) {
      if (!concerns(s)) continue;
      const int64_t unit = supplies_[s].items_per_case;
      const int64_t cases = std::min(wanted / unit, left_[s] / unit);
      held_[s] += cases * unit;
      left_[s] -= cases * unit;
      wanted -= cases * unit;
    }
  }
}

void Books::FindEligible() {
  eligible_.resize(judgement_.stock());
  for (int s = 0; s < judgement_.stock(); ++s) {
    for (int group = 0; group < groups(); ++group) {
      if (MayHave(s, group, 0)) eligible_[s].push_back(group);
    }
  }
}

void Books::Give(int s, int group, int64_t items) {
  const auto add = [items](std::map<int, int64_t>& amounts, int key) {
    int64_t& amount = amounts[key];
    amount += items;
    if (amount == 0) amounts.erase(key);
  };
  const int door = judgement_.DoorOf(s, group);
  add(shares_[s], group);
  add(doors_[s], door);
  left_[s] -= items;
  room_[group][supplies_[s].zone] -= items;
  if (door != group) room_[door][supplies_[s].zone] -= items;
  food_[group] += items * Value(s);
  if (Value(s) > 0) return;
  worthless_[group] += items;
  if (const groups::v1::Need* need = judgement_.NeedOf(s, group); need != nullptr && need->quantity() > 0)
    worthless_for_need_[need] += InUnitOf(*need, items, supplies_[s].items_per_case);
}

// Of goods without food value.
bool Books::AsksForMore(int s, int group) const {
  const groups::v1::Need* need = judgement_.NeedOf(s, group);
  if (need == nullptr || need->quantity() == 0) return need != nullptr;
  const auto had = worthless_for_need_.find(need);
  return had == worthless_for_need_.end() || had->second < need->quantity();
}

int64_t Books::Way(int s, int group, int week) const {
  const int64_t metres = judgement_.Metres(s, group);
  return (metres < 0 ? kUnknownMetres : std::min<int64_t>(metres, kUnknownMetres)) +
         (Unasked(s, group, week) ? judgement_.need_metres() : 0);
}

int64_t Books::UnaskedCases() const {
  int64_t cases = 0;
  for (int s = 0; s < judgement_.stock(); ++s) {
    for (const auto& [group, items] : shares_[s]) {
      if (Value(s) > 0 && PinOf(s, group) < 0 && Unasked(s, group))
        cases += RoundUp(items, supplies_[s].items_per_case) / supplies_[s].items_per_case;
    }
  }
  return cases;
}

void Books::Plan(int s, int group, int64_t items) {
  planned_later_ += items * Value(s);
  coming_[group] += items * Value(s);
  later_[s] += items;
  left_[s] -= items;
}

Candidate Books::CandidateOf(int s, int group) const {
  const bool worthless = Value(s) == 0;
  const bool others_asked = worthless && judgement_.need_metres() > 0 && judgement_.IsAskedFor(s);
  const int64_t had = worthless ? worthless_[group] : demands_[group].history + food_[group] + coming_[group];
  return {.after_those_who_asked = others_asked && !AsksForMore(s, group),
          .level = {had, demands_[group].weight},
          .metres = Way(s, group),
          .group = group};
}

int64_t Books::NextChunk(int s, int group, int64_t left) const {
  const Supply& supply = supplies_[s];
  int64_t chunk = std::min(supply.items_per_case, left);
  if (const int64_t lacking = supply.min_lot_items - ThroughDoor(s, judgement_.DoorOf(s, group));
      supply.min_lot_items > 1 && lacking > 0) {
    chunk = std::min(RoundUp(lacking, supply.items_per_case), left);
    if (chunk < lacking) return 0;
  }
  return chunk > 0 && chunk <= Room(s, group) && FitsCap(group, chunk * supply.value) ? chunk : 0;
}

bool Books::MayGiveUp(int s, int group, bool same_door) const {
  const Supply& supply = supplies_[s];
  const auto share = shares_[s].find(group);
  if (share == shares_[s].end() || share->second < supply.items_per_case || pins_.contains({s, group})) return false;
  if (food_[group] - pinned_food_[group] - supply.items_per_case * supply.value < floor_[group]) return false;
  if (same_door) return true;
  const int64_t rest = ThroughDoor(s, judgement_.DoorOf(s, group)) - supply.items_per_case;
  return rest == 0 || rest >= supply.min_lot_items;
}

bool Books::MayTakeOver(int s, int group, bool same_door) const {
  const int64_t unit = supplies_[s].items_per_case;
  if (!FitsCap(group, unit * supplies_[s].value)) return false;
  // In the hub's storage it stands already.
  if (same_door) return judgement_.DoorOf(s, group) == group || unit <= room_[group][supplies_[s].zone];
  return unit <= Room(s, group) && ThroughDoor(s, judgement_.DoorOf(s, group)) + unit >= supplies_[s].min_lot_items;
}

}  // namespace kubari::allocation
