// Stage C: the same totals for every group, carried as short a way as possible.
//
// A minimum cost flow from lots through bins to groups; a case costs its distance, so a milli-person-day costs distance
// ÷ value. Each group's total is that of stage B (or, with a tolerance, at least most of its level), each urgency class
// saves as much as before. At fixed totals nothing flows between different ties of stage B, so arcs between them are
// left out.
//
// Where there are too many eligible pairs to write them all down, the problem holds some of them. All are priced with
// the potentials then, the best of those that would pay are added, and so on until none would pay (column generation).
// That last round proves that the result is optimal over all of them.
#pragma once

#include <cstdint>
#include <vector>

#include "libs/fairflow/network.h"
#include "libs/fairflow/share.h"

namespace kubari::fairflow {

// Eligible pairs that are too many to be written down in Problem::arcs.
class MoreArcs {
 public:
  virtual ~MoreArcs() = default;
  // All bins, as indexes into Problem::bins, into which the lot (an index into Problem::lots) may go, each once; a
  // superset of the lot's arcs in the problem. Equal calls have equal answers.
  virtual void Of(int lot, std::vector<Arc>& arcs) const = 0;
};

struct Carried {
  // So much of a lot for a bin; canonical numbers, by lot, then bin. Amounts are in milli-person-days.
  struct Part {
    int32_t lot, bin, metres;
    int64_t amount;
  };
  std::vector<Part> parts;
  int64_t case_metres =
      0;  // Σ amount × metres ÷ value, rounded down: no division into whole cases can have less at these totals
  int64_t pivots = 0, rounds = 0;
  int64_t priced = 0, used = 0;  // arcs looked at in the last round, if `more` was asked; arcs in the simplex
};

// `tolerance_ppm`: a group's level may be so many millionths lower than its fair level if that saves way.
Carried Carry(const Problem& problem, const Network& network, const Shared& shared, const MoreArcs* more = nullptr,
              int64_t tolerance_ppm = 0);

}  // namespace kubari::fairflow
