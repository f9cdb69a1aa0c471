// How stages A and B work (share.h tells the idea): one object for one network, its flow, and the parts into which it
// falls. StandingShares goes on from there.
#pragma once

#include <algorithm>
#include <cstdint>
#include <tuple>
#include <utility>
#include <vector>

#include "libs/fairflow/network.h"
#include "libs/fairflow/share.h"

namespace kubari::fairflow {

class Sharing {
 public:
  Sharing(const Network& network, Shared& shared);
  void Run(const Flow* start);

 protected:
  using Wide = __int128;

  // A unit of food that a group might get, in the order in which units are given: by the level before it; of equal ones
  // the smaller weight, whose level rises more; then by id.
  struct Unit {
    Level before;
    int32_t group;
    int64_t weight = before.weight;  // 0: before all units at this level
    friend bool operator<(const Unit& a, const Unit& b) {
      const int order = Compare(a.before, b.before);
      return order != 0 ? order < 0 : std::tie(a.weight, a.group) < std::tie(b.weight, b.group);
    }
  };
  static constexpr Level kLowest = {-1, 1};  // below every level

  // Nodes that are still in one piece. Nodes are numbered through: groups, then bins, then kinds.
  struct Part {
    std::vector<int32_t> groups, bins, kinds;
    bool gap_failed = false;  // the last split at a gap split nothing
    Level threshold;          // of the last split: the rich part ends there or above, the poor one there or below
    Unit least{kLowest, -1};  // its groups were given all units before this one, as far as they can have them

    template <typename F>
    void ForEach(const F& f) const {
      for (const int32_t node : groups) f(node);
      for (const int32_t node : bins) f(node);
      for (const int32_t node : kinds) f(node);
    }
  };

  // Nodes that will not be split any more.
  struct Settled {
    Part part;
    Tie tie;
    bool urgent = false;      // stuck, and not only food of the last class stays
    Unit label{kLowest, -1};  // not before the last unit that was given here, not behind the next one that could be
  };

  // What a group may have of the food at hand, at least and at most.
  struct Range {
    int64_t least, most;
  };

  // What fills a bin. Arcs with nothing on them any more are taken off the list between phases; until then the bin
  // itself stands for the kind, which is never at the next distance. (No phase fills what it emptied.)
  struct Filling {
    int32_t arc, kind;
  };

  void Share(Part part);
  void Guess();
  void Finish();
  void SetSaved();

  // Stage A.
  void Save(Part all);
  void SaveUrgentFirst(const Part& part);
  void Empty(int kind);

  // Stage B.
  void SplitOrSettle(Part part);
  bool SetTargetsAtGap(Part& part);
  Level SetTargetsAtMean(const Part& part);
  void TakeLastUnits(const Part& part, const std::vector<Range>& ranges);
  int64_t Target(int group, const Range& range, Wide food, Wide weight) const;
  std::vector<Range> Ranges(const Part& part) const;
  int64_t Fixed(int group) const;
  int64_t Most(int group) const;
  // What is promised beforehand, as far as there is room for it.
  int64_t Floor(int group) const { return std::max(Fixed(group), std::min(network_.floor[group], Most(group))); }

  // The maximum flow within a part.
  void MaximumFlow(const Part& part);
  bool FindDistances(const Part& part);
  template <typename Visit>
  bool Neighbours(int node, int64_t& i, int32_t at, const Visit& visit);
  void SetDistance(int32_t node, int32_t distance);
  void SetBits();
  const uint64_t* BitsOf(int kind) const;  // nullptr: it has none
  uint64_t* BinsAt(int32_t distance);
  int32_t ArcTo(int kind, int bin) const;
  void PushFrom(int32_t source);
  void MoveAlongPath();
  Filling& FillingAt(int32_t bin_node);
  void List(int32_t arc);
  void Unlist();
  int64_t Surplus(int node) const;
  int64_t Wanted(int node) const;

  // Parts.
  void Split(const Part& part, Part& reached, Part& rest);
  void Enqueue(Part part);
  void Settle(Part part, const Tie& tie);
  static int32_t Label(size_t settled) { return -1 - static_cast<int32_t>(settled); }  // no waiting part has such a one

  bool IsGroup(int node) const { return node < first_bin_; }
  bool IsBin(int node) const { return node >= first_bin_ && node < first_kind_; }
  int64_t Degree(int kind) const { return network_.arc_begin[kind + 1] - network_.arc_begin[kind]; }
  int64_t Amount(int32_t lot) const { return network_.cases[lot] * network_.value[lot]; }
  Level LevelOf(int group) const { return {network_.history[group] + flow_.to_group[group], network_.weight[group]}; }

  const Network& network_;
  Shared& shared_;
  Flow& flow_;
  const int first_bin_, first_kind_;
  int nodes_;

  std::vector<Part> waiting_;
  std::vector<Settled> settled_;
  std::vector<int32_t> part_of_;  // by node
  int32_t parts_ = 0;
  std::vector<int64_t> target_;   // by group
  Unit threshold_{kLowest, -1};   // targets are the units before it
  std::vector<int64_t> unsaved_;  // by lot; empty: all is saved
  bool refilling_ = false;

  // Of the flow at hand.
  static constexpr int32_t kElsewhere = -1, kUnseen = -2, kNear = 63;
  std::vector<int32_t> distance_;  // by node: from surplus; or kUnseen; kElsewhere: not of the part that is looked at
  std::vector<int32_t> queue_;
  // Sets of bins, a bit for each: those of a kind, if they are many; those at a distance below kNear, or unseen.
  const int64_t words_;
  std::vector<uint64_t> bits_, bins_at_;
  std::vector<int64_t> bits_begin_;              // by kind; -1: it has none
  std::vector<int64_t> next_;                    // by node: the entry of Neighbours to look at next
  std::vector<std::vector<Filling>> filled_by_;  // by bin
  std::vector<int32_t> emptied_;                 // arcs
  std::vector<char> listed_;                     // by arc
  std::vector<int32_t> path_;
};

}  // namespace kubari::fairflow
