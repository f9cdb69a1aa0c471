// The fair-share policy: who gets how many items of which lot.
//
// In this order: save food (the lot that ends first is given out first), be fair (each next case goes to the eligible
// group with the least food per weighted household, what it got in the past year included; of equals to the one with
// fewer households, whom a case lifts most), save transport (among equals in that too, the nearest).
//
// Whole cases: a shelf's free items are cases and at most one opened case; each of these goes to one group whole.
// Integers only, total order in every comparison: equal problems give equal outcomes on every machine.
//
// For one lot with no demand for a smallest quantity and storage that does not bind, giving each next case to the group
// with the lowest level is leximin-optimal among whole-case divisions (an exchange argument: moving a case from a group
// that took it to any other can only lower the lower of the two). Over several lots it is a heuristic;
// kFairShareVersion names it in every run.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

namespace kubari::allocation {

// Names the policy and its rules; changes whenever an equal problem may come out differently.
inline constexpr char kFairShareVersion[] = "fair-share/1";

// Ambient, chilled, frozen.
inline constexpr int kZones = 3;

// Free stock of one lot on one shelf.
struct Supply {
  int64_t items = 0;           // free; ≥ 0
  int64_t items_per_case = 1;  // ≥ 1
  int64_t value = 0;           // milli-person-days of one item; ≥ 0
  int64_t min_lot_items = 0;   // smallest quantity for one group; 0 or 1: no demand
  int zone = 0;                // 0 ≤ zone < kZones
  // Last day on which it may be handed over, as days since 1970; INT64_MAX: no end.
  int64_t last_day = INT64_MAX;
};

// A group.
struct Demand {
  int64_t weight = 1;                      // households × need percent; ≥ 1
  int64_t history = 0;                     // milli-person-days received or promised in the past year
  std::array<int64_t, kZones> capacity{};  // items it can still store
};

// A group that may have a supply.
struct Arc {
  int group = 0;
  int64_t metres = 0;
};

// Supplies and demands in a stable order (by name): their indexes break ties.
struct Problem {
  std::vector<Supply> supplies;
  std::vector<Demand> demands;
  std::vector<std::vector<Arc>> arcs;  // by supply
};

// milli-person-days × 1000 per weight unit, compared without rounding.
struct Level {
  int64_t food = 0;
  int64_t weight = 1;
};
bool Less(const Level& a, const Level& b);
// food ÷ weight in thousandths of a person-day per household of need 100: what people are shown.
int64_t ShownLevel(const Level& level);

// What one group gets of one supply, and what explains it.
struct Share {
  int supply = 0;
  int group = 0;
  int64_t items = 0;
  int64_t metres = 0;
  // Of the group, before and after this supply.
  Level before, after;
  // How many of the eligible groups had less than this group before the supply was given out, and how many were
  // eligible.
  int poorer_groups = 0;
  int eligible_groups = 0;
  // Who would have had the next case; -1: nobody was left.
  int next_group = -1;
};

enum class Leftover { kNoEligibleGroup, kNoCapacity, kBelowMinimumLot };

// Items that stay, and why.
struct Unallocated {
  int supply = 0;
  int64_t items = 0;
  Leftover reason = Leftover::kNoEligibleGroup;
};

struct Outcome {
  std::vector<Share> shares;             // by supply, then group
  std::vector<Unallocated> unallocated;  // by supply
  std::vector<Level> levels;             // of every group, afterwards
};

Outcome FairShare(const Problem& problem);

// Gini coefficient of the levels weighted by `weight`, in millionths (0: all equal); 0 if nobody has anything.
int64_t GiniE6(std::vector<Level> levels);

}  // namespace kubari::allocation
