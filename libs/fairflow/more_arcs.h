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
class Wish {
 public:
  // `worth`: of a unit in each bin of the problem; none is above `most_worth`. Of the lot: what a unit is worth there,
  // and milli-person-days in a case.
  Wish(const std::vector<int64_t>& worth, int64_t most_worth, int64_t here, int64_t value)
      : worth_(worth.data()), here_(here), value_(value), enough_((int64_t{1} << 62) / value + 1) {
    const auto farthest = static_cast<__int128>(Gain(most_worth)) * value >> kCostBits;
    farthest_ = static_cast<int32_t>(std::min<__int128>(farthest, kFarthest));
  }

  // It is asked of every pair, so it has no branches.
  bool operator()(const Arc& arc) const { return int64_t{arc.metres} << kCostBits < Gain(worth_[arc.bin]) * value_; }
  // No arc beyond is wanted: who keeps arcs by distance may stop there.
  int32_t farthest() const { return farthest_; }

 private:
  // Of a unit that goes there; what would pay for any way is told as `enough_`, so that products fit.
  int64_t Gain(int64_t worth) const { return std::clamp<int64_t>(worth - here_, 0, enough_); }

  const int64_t* worth_;
  int64_t here_, value_, enough_;
  int32_t farthest_;
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
