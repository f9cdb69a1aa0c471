// Stages A and B: save as much food as can be saved, urgent lots first, and share it fairly.
//
// Fair means: the smallest level (food, history included, ÷ weight) is as large as it can be, then the next smallest,
// and so on (leximin). The feasible totals of the groups are the integral points of a base polyhedron, for which such a
// point is also one of least weighted square sum, and is found by giving each next unit to the group of the lowest
// level that can still have it (Megiddo 1974 and Fujishige 1980 for fractions; Frank & Murota, "Decreasing minimization
// on M-convex sets", 2021, for integers). A unit is one milli-person-day; equal levels are served in the order of the
// ids, so the totals are unique.
//
// Units are not given one by one. For any threshold t every group has a target: as many units as start below t. A
// maximum flow from the groups above their target to those below it splits the network in two (Groenevelt 1991, "Two
// algorithms for maximizing a separable concave function over a polymatroid feasible region"): what is still above its
// target and all that it could pass food to ends at t or above, the rest at t or below. Each side is split further by
// itself, until a side meets its targets. Two rules keep the sides apart and cannot be left out:
//
//   * lots of the poor side do not go to bins of the rich side any more: their food is needed where the level is lower;
//   * a bin of the rich side whose group is on the poor side is full, and stays full: its food counts as given to the
//   group.
//
// The flow starts from a good guess (each kind of lots poured like water over the levels of its groups), so that few
// units move.
#pragma once

#include <cstdint>
#include <vector>

#include "libs/fairflow/network.h"

namespace kubari::fairflow {

// Groups that ended together: they share the food of the kinds of that part, and no unit of it could lift a poorer
// group.
struct Tie {
  Level level;  // where the food of the part stands; groups that storage or caps hold back are below, rich ones above
  bool stuck = false;  // food that nobody has room for; level means nothing
};

struct Shared {
  Flow flow;
  // By lot: what is given out of it; urgent lots first.
  std::vector<int64_t> saved;
  std::vector<Tie> ties;  // what is stuck, then from the richest to the poorest; no food could flow to a later one
  // Index into ties. A bin's may differ from its group's: above it the bin is full, below it the bin is not used.
  std::vector<int32_t> tie_of_group, tie_of_bin, tie_of_kind;
};

// Starts from `start` if it is given (a flow on this network within its rooms and supplies), from a guess otherwise.
Shared ShareFood(const Network& network, const Flow* start = nullptr);

}  // namespace kubari::fairflow
