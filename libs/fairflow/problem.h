// What is to be shared out: food in lots, among groups that keep it in bins.
//
//   lots ── arcs (who may have it, how far) ──▶ bins (one group's storage: a temperature zone, perhaps a week) ──▶
//   groups
//
// One unit for everything that flows: the milli-person-day of food, a thousandth of what one person eats in a day. A
// case of a lot is worth the same to every group that may have it; where groups value food differently, that is a
// matter of who may have it and of the distance, not of the worth. This one unit is what makes saving food and sharing
// it fairly agree (README.md).
//
// Everything has an id, and the answer depends on the ids alone: an equal problem in another order has the same answer.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "absl/status/status.h"

namespace kubari::fairflow {

// Once round the Earth.
inline constexpr int32_t kFarthest = 40'000'000;

inline constexpr int64_t kNoLimit = std::numeric_limits<int64_t>::max();

struct Group {
  std::string id;
  int64_t weight = 1;      // households × need; ≥ 1
  int64_t history = 0;     // what it had before, in milli-person-days; ≥ 0
  int64_t floor = 0;       // it is raised to this much of the food at hand before anybody is raised further; ≥ 0
  int64_t cap = kNoLimit;  // it gets no more than this of the food at hand; ≥ floor
};

struct Bin {
  int32_t group = 0;     // index into Problem::groups
  int32_t key = 0;       // tells the bins of a group apart: zone, week, …
  int64_t capacity = 0;  // milli-person-days; ≥ 0
};

struct Lot {
  std::string id;
  int64_t cases = 0;      // ≥ 0
  int64_t value = 1;      // milli-person-days in one case; ≥ 1
  int32_t urgency = 0;    // class 0 is saved first
  int64_t min_cases = 1;  // a door through which any go gets at least so many; ≥ 1
  int64_t held_back = 0;  // cases of it that stay in reserve; 0 ≤ held_back ≤ cases
};

// This lot may go into this bin.
struct Arc {
  int32_t bin = 0;     // index into Problem::bins
  int32_t metres = 0;  // 0 ≤ metres ≤ kFarthest
  // What goes through the same door is one delivery: the smallest quantity of the lot is asked of all of it together.
  // Any number ≥ 0; −1: this bin is a door by itself.
  int32_t door = -1;
};

// A decision taken beforehand: so many cases of the lot go into the bin, whatever else follows.
struct Pin {
  int32_t lot = 0;
  int32_t bin = 0;
  int64_t cases = 0;
};

struct Problem {
  std::vector<Group> groups;
  std::vector<Bin> bins;
  std::vector<Lot> lots;
  // Lot l's arcs are arcs[arc_begin[l]] … arcs[arc_begin[l + 1] - 1]; lots.size() + 1 entries.
  std::vector<int64_t> arc_begin = {0};
  std::vector<Arc> arcs;
  std::vector<Pin> pins;
};

// So many cases of a lot for a bin.
struct Line {
  int32_t lot = 0;
  int32_t bin = 0;
  int64_t cases = 0;
  friend bool operator==(const Line&, const Line&) = default;
};

// Food ÷ weight in milli-person-days for each weighted household: an exact fraction.
struct Level {
  int64_t food = 0;
  int64_t weight = 1;  // ≥ 1
};
int Compare(const Level& a, const Level& b);  // −1, 0, 1
inline bool Less(const Level& a, const Level& b) { return Compare(a, b) < 0; }

// The sum of all food, history and caps below which every sum in this library stays exact.
inline constexpr int64_t kMostFood = int64_t{1} << 60;
// And of all weights.
inline constexpr int64_t kMostWeight = int64_t{1} << 60;

// The sum of all cases, so that every sum of case-metres stays exact, and of groups, bins and lots, so that prices of
// stage C do.
inline constexpr int64_t kMostCases = 100'000'000'000;
inline constexpr int64_t kMostNodes = 4'000'000;

// INVALID_ARGUMENT, naming the first field out of its range, an index that leads nowhere, an id or an arc that is there
// twice, or a sum beyond kMostFood, kMostWeight, kMostCases or kMostNodes.
absl::Status Validate(const Problem& problem);

}  // namespace kubari::fairflow
