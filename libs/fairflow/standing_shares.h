// Shares that stand while food comes and goes.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "libs/fairflow/share.h"

namespace kubari::fairflow {

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
