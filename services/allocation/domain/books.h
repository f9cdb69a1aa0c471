// What everybody has so far of a run: shares of the supplies, what is left of them, room, and levels. It starts with
// what is decided beforehand, and keeps the rules of a single hand-out: room, caps, smallest quantities.
//
// A supply comes to a group through a door: its hub's, or its own (Judgement::DoorOf). What goes through a door is one
// delivery: it is nothing, or at least the supply's smallest quantity. It stands in the hub's storage until it is
// handed on, so it takes room there, too.
//
// Integers only, total order in every comparison.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <map>
#include <set>
#include <tuple>
#include <utility>
#include <vector>

#include "services/allocation/domain/judge.h"
#include "services/allocation/domain/levels.h"

namespace kubari::allocation {

// Where the distance is not known the group stands behind all others of the same level.
inline constexpr int32_t kUnknownMetres = 30'000'000;

inline int64_t RoundUp(int64_t items, int64_t unit) { return (items + unit - 1) / unit * unit; }

// Items as the need counts them, an opened case as one; what is taken away below zero.
int64_t InUnitOf(const groups::v1::Need& need, int64_t items, int64_t items_per_case);

// A group waiting for its next case. Of goods without food value those first who asked for them: nobody's level is at
// stake. Of equal levels the smaller weight comes first: the same food lifts it higher. Then the nearer (those who
// asked are so much nearer), then by index.
struct Candidate {
  bool after_those_who_asked = false;
  Level level;
  int64_t metres = 0;
  int group = 0;
  friend bool operator<(const Candidate& a, const Candidate& b) {
    if (a.after_those_who_asked != b.after_those_who_asked) return b.after_those_who_asked;
    if (const int order = fairflow::Compare(a.level, b.level); order != 0) return order < 0;
    return std::tie(a.level.weight, a.metres, a.group) < std::tie(b.level.weight, b.metres, b.group);
  }
};

class Books {
 public:
  // Pins are given, and what is held back is put aside. Both must outlive it.
  Books(const pb::Snapshot& snapshot, const Judgement& judgement);

  const Judgement& judgement() const { return judgement_; }
  const pb::RunOptions& options() const { return options_; }
  int groups() const { return static_cast<int>(demands_.size()); }
  const Supply& supply(int s) const { return supplies_[s]; }
  const Demand& demand(int group) const { return demands_[group]; }
  int64_t Value(int s) const { return supplies_[s].value; }
  bool AtHand(int s) const { return s < judgement_.stock(); }

  // By the rules, and not decided by a pin.
  bool MayHave(int s, int group, int week) const {
    return !pins_.contains({s, group}) && judgement_.May(s, group, week);
  }
  // Of a supply of the stock: who may have it in the first week.
  const std::vector<int32_t>& Eligible(int s) const { return eligible_[s]; }
  // Index into RunOptions.pins, or -1.
  int PinOf(int s, int group) const {
    const auto pin = pins_.find({s, group});
    return pin == pins_.end() ? -1 : pin->second;
  }

  // Items by group, pins included, and of pins alone; by door; what is left, held back, planned for later weeks.
  const std::map<int, int64_t>& Shares(int s) const { return shares_[s]; }
  const std::map<int, int64_t>& Pinned(int s) const { return pinned_[s]; }
  const std::map<int, int64_t>& Doors(int s) const { return doors_[s]; }
  int64_t ThroughDoor(int s, int door) const {
    const auto found = doors_[s].find(door);
    return found == doors_[s].end() ? 0 : found->second;
  }
  int64_t Left(int s) const { return left_[s]; }
  int64_t HeldBack(int s) const { return held_[s]; }
  int64_t Later(int s) const { return later_[s]; }
  int64_t planned_later() const { return planned_later_; }  // milli-person-days

  // Others asked for the supply, and the group did not, or needs no more of it.
  bool Unasked(int s, int group, int week = 0) const {
    return judgement_.need_metres() > 0 && judgement_.IsAskedFor(s) &&
           (judgement_.NeedOf(s, group, week) == nullptr || enough_.contains({s, group}));
  }
  // Pairs in which the group asked, and gets as much as it asked for of other supplies already.
  void KnowEnough(const std::set<std::pair<int, int>>& enough) { enough_ = enough; }
  // Metres that count: farther by RunOptions.need_kilometres for those who did not ask.
  int64_t Way(int s, int group, int week = 0) const;
  // How many cases of what others asked for go to groups that did not.
  int64_t UnaskedCases() const;

  // `items` may be negative.
  void Give(int s, int group, int64_t items);
  // Planned for a coming week.
  void Plan(int s, int group, int64_t items);

  // Free storage of the group itself (of a hub: behind its door), negative while too much is in it.
  int64_t OwnRoom(int group, int zone) const { return room_[group][zone]; }
  // … and of the hub by which the supply comes.
  int64_t Room(int s, int group) const {
    const int zone = supplies_[s].zone;
    return std::min(room_[group][zone], room_[judgement_.DoorOf(s, group)][zone]);
  }
  // Milli-person-days of this run; of that, of pins.
  int64_t Food(int group) const { return food_[group]; }
  int64_t PinnedFood(int group) const { return pinned_food_[group]; }
  // Bounds of what it gets beside its pins; a cap also of what is planned for it.
  int64_t Floor(int group) const { return floor_[group]; }
  int64_t Cap(int group) const { return cap_[group]; }
  bool FitsCap(int group, int64_t food) const {
    return cap_[group] == fairflow::kNoLimit ||
           food_[group] + coming_[group] - pinned_food_[group] + food <= cap_[group];
  }

  Candidate CandidateOf(int s, int group) const;
  // Items of the next hand-out of the supply to the group if so many are left; 0: it cannot take it.
  int64_t NextChunk(int s, int group, int64_t left) const;
  // A whole case. `same_door`: it goes from one group to another behind the same door.
  bool MayGiveUp(int s, int group, bool same_door = false) const;
  bool MayTakeOver(int s, int group, bool same_door = false) const;

 private:
  bool AsksForMore(int s, int group) const;
  void ReadBounds();
  void TakePins();
  void PutAside();
  void FindEligible();

  const pb::Snapshot& snapshot_;
  const pb::RunOptions& options_;
  const Judgement& judgement_;
  const std::vector<Supply>& supplies_;
  const std::vector<Demand>& demands_;
  // By supply.
  std::vector<std::map<int, int64_t>> shares_, pinned_, doors_;
  std::vector<int64_t> left_, held_, later_;
  std::vector<std::vector<int32_t>> eligible_;  // of the stock: groups, in the first week
  // By group.
  std::vector<std::array<int64_t, kZones>> room_;
  std::vector<int64_t> food_, pinned_food_, coming_, worthless_, floor_, cap_;
  std::map<std::pair<int, int>, int> pins_;                        // supply, group → index of the option
  std::set<std::pair<int, int>> enough_;                           // supply, group
  std::map<const groups::v1::Need*, int64_t> worthless_for_need_;  // in the need's unit
  int64_t planned_later_ = 0;
};

}  // namespace kubari::allocation
