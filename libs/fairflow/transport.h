// Stage C: the same totals for every group, carried as short a way as possible.
//
// A minimum cost flow from lots through bins to groups; a case costs its distance, so a milli-person-day costs distance
// ÷ value. Each group's total is that of stage B (or, with a tolerance, at least most of its level), each urgency class
// saves as much as before. At fixed totals nothing flows between different ties of stage B, so arcs between them are
// left out.
//
// The simplex method begins with few arcs of each lot: those of stage B and good ones by the prices that an auction
// guesses (with all of the problem's, if the guess is no good). Where the problem holds a part of the eligible pairs
// only (more_arcs.h), some auctions follow each other, each over arcs that are good by the prices of the one before.
// All other arcs are priced with the potentials; the best of those that would pay are added, and so on until none would
// pay. That last round proves that the result is optimal over all of them, provided that they could not improve stage B
// either.
#pragma once

#include <cstdint>
#include <vector>

#include "libs/fairflow/more_arcs.h"
#include "libs/fairflow/network.h"
#include "libs/fairflow/share.h"

namespace kubari::fairflow {

struct Carried {
  // So much of a lot for a bin; canonical numbers, by lot, then bin. Amounts are in milli-person-days.
  struct Part {
    int32_t lot, bin, metres;
    int64_t amount;
  };
  std::vector<Part> parts;
  // Σ amount × metres ÷ value, rounded down: nothing can have less at these totals.
  int64_t case_metres = 0;
  int64_t pivots = 0, rounds = 0;  // of the simplex method; in which lots were asked for arcs that pay
  int64_t used = 0;                // arcs in the simplex
};

// Adds to the problem those of the further arcs that would pay at some time. `tolerance_ppm`: a group's level may be so
// many millionths lower than its fair level if that saves way.
Carried Carry(Problem& problem, const Network& network, const Shared& shared, const MoreArcs* more = nullptr,
              int64_t tolerance_ppm = 0);

}  // namespace kubari::fairflow
