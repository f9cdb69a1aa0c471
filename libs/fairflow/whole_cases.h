// Stage D: whole cases.
//
// Dividing food into whole cases fairly is NP-hard already for two groups, so this stage rounds the result of stage C,
// which is a vertex (about one divided case for each bin), and improves it step by step; how far it is from the relaxed
// bound is always reported.
//
//   1. Every part is rounded down.
//   2. The cases left over go to the bins among which they were divided, each time to the group that is farthest below
//   its total in stage C (the fair one, or with a tolerance a little less).
//   3. What found no room there: of lots that may stay, the cheapest case comes to who lacks at least half of it; the
//   others go to the lowest, and if nobody has room, another case moves out of the way.
//   4. Room that is too small for a case is used by exchange: cases of a lot that stays take the place of a few others.
//   How much way that may cost depends on how much of what stage A saved is still missing.
//   5. While the lowest group is below the lowest level of stage C, it gets a case from a group that stays above it, or
//   a larger case for a smaller one. If it is still clearly below, it trades several for a few, even with a group that
//   falls below that level itself, as long as it stays above where the poorer one was: leximin by local search.
//
// No line is ever below the smallest quantity of its lot (see minimum lots in solve.h): through a door that is open
// more may go, or less down to that quantity; none is opened or shut.
#pragma once

#include <vector>

#include "libs/fairflow/network.h"
#include "libs/fairflow/transport.h"

namespace kubari::fairflow {

// What whole cases come close to. Canonical numbers.
struct Aim {
  std::vector<int64_t> total;  // by group, in stage C
  std::vector<char> may_stay;  // by lot: nobody has room for all food of its tie
  int64_t way = 1;             // that a milli-person-day goes on average; in 2^-14 metres
};

Aim MakeAim(const Network& network, const Shared& shared, const Carried& carried);

// Lines in canonical numbers, by lot, then bin.
std::vector<Line> WholeCases(const Problem& problem, const Network& network, const Aim& aim, const Carried& carried);

// Steps 4 and 5 for lines that are there already, some of them perhaps of lots with a smallest quantity.
std::vector<Line> Improved(const Problem& problem, const Network& network, const Aim& aim,
                           const std::vector<Line>& lines);

}  // namespace kubari::fairflow
