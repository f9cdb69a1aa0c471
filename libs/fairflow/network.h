// The problem as the solver sees it: everything in the order of the ids, lots with the same bins merged into one kind,
// what is pinned or held back taken out.
#pragma once

#include <cstdint>
#include <vector>

#include "libs/fairflow/problem.h"

namespace kubari::fairflow {

// Nodes are numbered in canonical order: groups by id, bins by group and key, kinds by the first of their lots, lots by
// id.
struct Network {
  // By group.
  std::vector<int64_t> weight, history, floor, cap;
  std::vector<int32_t> bin_begin;  // group g has the bins bin_begin[g] … bin_begin[g + 1] - 1
  // By bin.
  std::vector<int32_t> group_of;
  std::vector<int64_t> room;
  // By kind: lots that may go into the same bins. Arcs are sorted by bin.
  std::vector<int64_t> supply;
  std::vector<int64_t> arc_begin;
  std::vector<std::vector<int32_t>> lots_of;
  // By arc.
  std::vector<int32_t> head;  // bin
  std::vector<int32_t> tail;  // kind
  // By lot.
  std::vector<int64_t> cases, value;
  std::vector<int32_t> urgency, kind_of;
  // From the problem's indexes to these and back.
  std::vector<int32_t> group_rank, bin_rank, lot_rank;
  std::vector<int32_t> group_index, bin_index, lot_index;

  int groups() const { return static_cast<int>(weight.size()); }
  int bins() const { return static_cast<int>(group_of.size()); }
  int kinds() const { return static_cast<int>(supply.size()); }
  int lots() const { return static_cast<int>(cases.size()); }
};

// Of a valid problem.
Network MakeNetwork(const Problem& problem);

// What goes where, in milli-person-days.
struct Flow {
  std::vector<int64_t> on_arc;    // by arc
  std::vector<int64_t> into_bin;  // by bin
  std::vector<int64_t> to_group;  // by group
  std::vector<int64_t> left;      // by kind: not given out
};

// The part of a flow that still fits after the network changed: cut back to what supplies and rooms are now. Groups,
// bins and lots that both problems have must have the same indexes in both; new ones stand behind them.
Flow Transfer(const Network& before, const Flow& flow, const Network& after);

}  // namespace kubari::fairflow
