// What is left to decide, as a problem for libs/fairflow: pieces of supplies, bins of storage by group, zone and week.
//
// Two things about storage fairflow does not know. It is told in items, and fairflow counts person-days: the problem
// begins with the most food that the items could be, which gives bounds that nothing can exceed. And what comes by a
// hub stands in the hub's storage, too: the problem begins as if it did not. Where a solution overfills storage, the
// bin is narrowed to what its items were worth; where it overfills a hub's, the bins behind the hub are narrowed, those
// of the highest levels first. Then it is solved again, some rounds.
//
// A group that asked for goods is nearer to them (Books::Way). Where a solution brings it more than it asked for, it is
// as far as everybody else from what is beyond that, from the next round on.
#pragma once

#include <cstdint>
#include <set>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "libs/fairflow/solve.h"
#include "services/allocation/domain/books.h"

namespace kubari::allocation {

// Cases of a supply that are given out whole: a lot of fairflow.
struct Piece {
  int supply = 0;
  int64_t items = 0;  // in one case
  int64_t cases = 0;
  int64_t min_cases = 1;
  bool on_top = false;  // only through doors that get some of the supply anyway
};

class FoodProblem final : public fairflow::MoreArcs {
 public:
  // `books`: with what is decided beforehand; must outlive it. `many_pairs`: see ShareOut().
  FoodProblem(const Books& books, int64_t many_pairs);

  // INVALID_ARGUMENT as fairflow::Solve() says.
  absl::Status Settle();

  const std::vector<Piece>& pieces() const { return pieces_; }
  int GroupOf(int bin) const { return bin / kZones % groups_; }
  int WeekOf(int bin) const { return bin / kZones / groups_; }
  // The last solution; the report and the fair levels of the first, which are the bounds.
  const fairflow::Plan& plan() const { return plan_; }
  const fairflow::Report& bounds() const { return first_; }
  const std::vector<Level>& fair_bounds() const { return first_fair_; }
  bool all_metres_known() const { return all_metres_known_; }
  // See Books::KnowEnough(): as the last solution was asked for.
  const std::set<std::pair<int, int>>& enough() const { return enough_; }

 private:
  void MakePieces();
  template <typename F>
  void ForEachArc(const Piece& piece, const F& f) const;
  void Of(int lot, const fairflow::Wish& wanted, std::vector<fairflow::Arc>& arcs) const override;
  std::vector<int32_t> Urgencies() const;
  void MakeProblem();
  bool Narrow();
  bool NarrowBins();
  bool NarrowHubs();
  bool NarrowNeeds();
  int32_t WayOf(int s, int group, int week) const;

  int64_t Value(int s) const { return books_.Value(s); }
  int BinOf(int group, int zone, int week) const { return (week * groups_ + group) * kZones + zone; }
  int64_t RoomOf(int bin) const;
  // Of a line of the plan.
  int64_t ItemsOf(const fairflow::PlannedLine& planned) const {
    return planned.line.cases * pieces_[planned.line.lot].items;
  }

  const Books& books_;
  const Judgement& judgement_;
  const int groups_, weeks_;
  const int64_t many_pairs_;
  std::vector<Piece> pieces_;
  fairflow::Problem problem_;
  bool sparse_ = false, all_metres_known_ = true;
  int64_t pairs_ = 0;
  fairflow::Plan plan_;
  fairflow::Report first_;
  std::vector<Level> first_fair_;
  std::set<std::pair<int, int>> enough_;  // supply, group
};

}  // namespace kubari::allocation
