// Where there are too many eligible pairs to write them all down, the problem holds some of them, and the rest is asked
// for when it matters (column generation).
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "libs/fairflow/network.h"
#include "libs/fairflow/problem.h"
#include "libs/fairflow/share.h"

namespace kubari::fairflow {

// A way costs so much for a milli-person-day: metres ÷ value, in 2^-14.
inline constexpr int kCostBits = 14;

// Which arcs of a lot are wanted: those that gain more worth than the way costs.
struct Wish {
  const int64_t* worth;  // of a unit in each bin of the problem
  int64_t most_worth;    // of them: no less than any
  int64_t here, value;   // of the lot: what a unit is worth there; milli-person-days in a case

  bool operator()(const Arc& arc) const {
    const int64_t gain = worth[arc.bin] - here;
    return gain > 0 && int64_t{arc.metres} << kCostBits < static_cast<__int128>(gain) * value;
  }
  // No arc beyond is wanted: who keeps arcs by distance may stop there. Negative: none at all.
  int32_t Farthest() const {
    if (most_worth <= here) return -1;
    const auto farthest = static_cast<__int128>(most_worth - here) * value >> kCostBits;
    return static_cast<int32_t>(std::min<__int128>(farthest, kFarthest));
  }
};

class MoreArcs {
 public:
  virtual ~MoreArcs() = default;
  // Appends the arcs of the lot (an index into Problem::lots) that are `wanted`, each bin once. The lot's arcs in the
  // problem are among those to choose from. `wanted` is cheap: ask it before judging whether a pair is eligible. Equal
  // calls have equal answers.
  virtual void Of(int lot, const Wish& wanted, std::vector<Arc>& arcs) const = 0;
};

// Where a unit that comes into the bin ends: with its group, or, if the bin is full, among those who fill it. −1: it
// has no room at all.
int32_t ReachedTie(const Network& network, const Shared& shared, int bin);

struct NewArc {
  int32_t lot = 0;  // index into Problem::lots
  Arc arc;
};

// The problem with these arcs too; those that it has already stay as they are.
void AddArcs(Problem& problem, std::vector<NewArc> added);

// Arcs, a few for each lot, over which food could flow from a tie to a poorer one, or into other bins within a tie; and
// all arcs among what is stuck if more urgent food stays there than some that goes out. None: then more arcs would
// neither save more, nor more urgent food, nor share it better. (Every tie together with all richer ones is closed: it
// could pass on food to nobody outside, which proves its totals; arcs that stay within such unions do not open them.)
std::vector<NewArc> ArcsThatHelp(const MoreArcs& more, const Network& network, const Shared& shared);

}  // namespace kubari::fairflow
