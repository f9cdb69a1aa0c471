// Stage D: whole cases.
//
// Dividing food into whole cases fairly is NP-hard already for two groups, so this stage rounds the result of stage C,
// which is a vertex (about one divided case for each bin), and improves it step by step; how far it is from the relaxed
// bound is always reported.
//
//   1. Every part is rounded down.
//   2. The cases left over go to the bins among which they were divided, each time to the group that is farthest below
//   its total in stage C (the fair one, or with a tolerance a little less).
//   3. What found no room there goes to the nearest group that lacks at least half a case, or else to the lowest; if
//   nobody has room, another case moves out of the way.
//   4. Room that is too small for a case is used by exchange: a case of a lot that stays takes the place of a smaller
//   one.
//   5. While the lowest group is below the lowest level of stage C, it gets a case from a group that stays above it, or
//   a larger case for a smaller one.
//
// No line is ever below the smallest quantity of its lot: see minimum lots in solve.h.
#pragma once

#include <vector>

#include "libs/fairflow/network.h"
#include "libs/fairflow/transport.h"

namespace kubari::fairflow {

// Lines in canonical numbers, by lot, then bin.
std::vector<Line> WholeCases(const Problem& problem, const Network& network, const Shared& shared,
                             const Carried& carried);

}  // namespace kubari::fairflow
