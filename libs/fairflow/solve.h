// From a problem to a plan: who gets how many cases of which lot, and why.
//
//   Problem ─▶ ShareFood (A save food, B be fair) ─▶ Carry (C the shortest way) ─▶ WholeCases (D) ─▶ Plan
//
// Pure: no clock, no I/O, no chance, integers only. Equal problems, in whatever order, have equal plans on every
// machine.
#pragma once

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "libs/fairflow/more_arcs.h"
#include "libs/fairflow/problem.h"

namespace kubari::fairflow {

struct Options {
  // A group's level may be so many millionths below its fair level if that saves way; 0 to 1,000,000.
  int64_t tolerance_ppm = 0;
};

// A relaxed bound (food divisible, no smallest quantities) and what the plan has. Nothing that hands out whole cases
// can be better than the bounds of food and of the lowest level; the bound of the way holds for plans with the fair
// totals.
struct Report {
  int64_t food = 0;  // milli-person-days at hand: without what is held back, pins included
  int64_t saved_bound = 0, saved = 0;
  Level lowest_bound, lowest;  // over all groups, history included
  int64_t case_metres_bound = 0, case_metres = 0;
};

// Groups that share the same food: nothing of these lots could lift a poorer group, as none may have it or their
// storage is full. Groups may be richer than `level` by their history, or poorer where their own storage is full.
struct TieStory {
  Level level;
  bool stuck = false;                 // what nobody has room for; no groups, unless their caps are reached
  std::vector<int32_t> groups, lots;  // indexes of the problem, in the order of the ids
};

struct GroupStory {
  int32_t tie = -1;
  Level fair, level;  // as divisible food would have it, and with whole cases
  // Full bins for which there would have been food: more room there would have raised the group. Indexes of the
  // problem.
  std::vector<int32_t> wanting_bins;
};

struct PlannedLine {
  Line line;  // indexes of the problem
  int64_t metres = 0;
  // Another group that may have the lot, has room for a case more, and has the lowest level of those; −1: there is
  // none. It would have had the next case.
  int32_t runner_up = -1;
};

struct Plan {
  std::vector<PlannedLine> lines;  // pins included; by lot id, group id and key of the bin
  std::vector<GroupStory> groups;  // by index of the problem
  std::vector<TieStory> ties;
  std::vector<int64_t> left;  // by index of the problem: cases of a lot that stay, without what is held back
  Report report;
};

// INVALID_ARGUMENT as Validate() says.
//
// Smallest quantities (Lot::min_cases): deciding whether all food can go out in such portions is NP-hard, so they are
// met by a heuristic whose distance from the relaxed bound the report shows. Lots that have one come first: their parts
// in the relaxed solution are rounded to whole portions and fixed like pins, then everything else is shared out around
// them. In the end cases of both are exchanged, where that saves food or lifts the lowest; portions stay large enough.
//
// `more`: eligible pairs beyond those written down in the problem (more_arcs.h); the plan's lines may use them, and the
// bounds are those over all pairs.
absl::StatusOr<Plan> Solve(const Problem& problem, const Options& options = {}, const MoreArcs* more = nullptr);

}  // namespace kubari::fairflow
