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
#include <memory>
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

// Shares that stand while food comes and goes: after a change only those ties are solved again whose food could be
// another's now. What is saved of each urgency class and the totals of all groups are those that ShareFood() would find
// from nothing. Where groups have floors everything is solved again, from the flow there is.
//
// Each tie has a label: a unit of food that is not before the last one given there, and not behind the next one that
// could be. Wherever food could move from one tie to another, the other's label is not lower, which proves the optimum.
// After a change the ties it touched are split anew, as one part; then all ways between what came out and its
// neighbours are looked at. A neighbour where food could move towards a lower label joins the part, and so on. What is
// stuck counts as the highest, and is kept in as many pieces as have nothing to do with each other.
class StandingShares {
 public:
  explicit StandingShares(Network network);
  ~StandingShares();

  // Canonical numbers. A lot has so many cases at hand now (0: it was refused, withdrawn, …); a bin has so much room.
  void SetCases(int lot, int64_t cases);
  void SetRoom(int bin, int64_t room);
  // A new lot that may go into these bins, each named once. It is numbered behind all others, whatever its id.
  int AddLot(int64_t cases, int64_t value, int32_t urgency, std::vector<int32_t> bins);

  // Makes good what the changes since the last time did. Returns how many groups, bins and kinds it looked at.
  int64_t Resolve();

  const Network& network() const { return network_; }
  const Flow& flow() const { return shared_.flow; }
  // With ties and what is saved of each lot: takes time in proportion to the whole network.
  const Shared& Tell();

 private:
  class Work;
  Network network_;
  Shared shared_;
  std::unique_ptr<Work> work_;
};

}  // namespace kubari::fairflow
