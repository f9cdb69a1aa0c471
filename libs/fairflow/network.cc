#include "libs/fairflow/network.h"

#include <algorithm>
#include <numeric>
#include <unordered_map>

namespace kubari::fairflow {
namespace {

std::vector<int32_t> Inverse(const std::vector<int32_t>& order) {
  std::vector<int32_t> rank(order.size());
  for (size_t i = 0; i < order.size(); ++i) rank[order[i]] = static_cast<int32_t>(i);
  return rank;
}

template <typename Before>
std::vector<int32_t> Sorted(size_t count, const Before& before) {
  std::vector<int32_t> order(count);
  std::iota(order.begin(), order.end(), 0);
  if (!std::is_sorted(order.begin(), order.end(), before)) std::sort(order.begin(), order.end(), before);
  return order;
}

void Order(const Problem& problem, Network& network) {
  const auto by_id = [](const auto& items) {
    return [&items](int32_t a, int32_t b) { return items[a].id < items[b].id; };
  };
  network.group_index = Sorted(problem.groups.size(), by_id(problem.groups));
  network.group_rank = Inverse(network.group_index);
  network.lot_index = Sorted(problem.lots.size(), by_id(problem.lots));
  network.lot_rank = Inverse(network.lot_index);
  network.bin_index = Sorted(problem.bins.size(), [&](int32_t a, int32_t b) {
    const Bin& left = problem.bins[a];
    const Bin& right = problem.bins[b];
    return std::pair(network.group_rank[left.group], left.key) < std::pair(network.group_rank[right.group], right.key);
  });
  network.bin_rank = Inverse(network.bin_index);
}

void AddGroups(const Problem& problem, Network& network) {
  for (const int32_t index : network.group_index) {
    const Group& group = problem.groups[index];
    network.weight.push_back(group.weight);
    network.history.push_back(group.history);
    network.floor.push_back(group.floor);
    network.cap.push_back(group.cap);
  }
  network.bin_begin.assign(problem.groups.size() + 1, 0);
  for (const int32_t index : network.bin_index) {
    const Bin& bin = problem.bins[index];
    network.group_of.push_back(network.group_rank[bin.group]);
    network.room.push_back(bin.capacity);
    ++network.bin_begin[network.group_of.back() + 1];
  }
  std::partial_sum(network.bin_begin.begin(), network.bin_begin.end(), network.bin_begin.begin());
}

void AddLots(const Problem& problem, Network& network) {
  for (const int32_t index : network.lot_index) {
    const Lot& lot = problem.lots[index];
    network.cases.push_back(lot.cases - lot.held_back);
    network.value.push_back(lot.value);
    network.urgency.push_back(lot.urgency);
  }
}

// A pinned case is history already: its lot, its bin and its group have it behind them.
void TakeOutPins(const Problem& problem, Network& network) {
  for (const Pin& pin : problem.pins) {
    const int32_t lot = network.lot_rank[pin.lot];
    const int32_t bin = network.bin_rank[pin.bin];
    const int32_t group = network.group_of[bin];
    const int64_t amount = pin.cases * network.value[lot];
    network.cases[lot] -= pin.cases;
    network.room[bin] -= amount;
    network.history[group] += amount;
    network.floor[group] = std::max<int64_t>(0, network.floor[group] - amount);
    if (network.cap[group] != kNoLimit) network.cap[group] = std::max<int64_t>(0, network.cap[group] - amount);
  }
}

// Lots with the same bins become one kind.
void AddKinds(const Problem& problem, Network& network) {
  std::unordered_multimap<uint64_t, int32_t> known;
  std::vector<int32_t> bins;
  network.arc_begin.push_back(0);
  network.kind_of.resize(network.lots());
  for (int lot = 0; lot < network.lots(); ++lot) {
    const int32_t index = network.lot_index[lot];
    bins.clear();
    uint64_t hash = 0;
    for (int64_t a = problem.arc_begin[index]; a < problem.arc_begin[index + 1]; ++a) {
      bins.push_back(network.bin_rank[problem.arcs[a].bin]);
      const uint64_t mixed = (static_cast<uint64_t>(bins.back()) + 1) * 0x9E3779B97F4A7C15u;
      hash += mixed ^ (mixed >> 29);  // a sum: the order of the arcs does not matter
    }
    if (!std::is_sorted(bins.begin(), bins.end())) std::sort(bins.begin(), bins.end());
    int32_t kind = -1;
    const auto [first, last] = known.equal_range(hash);
    for (auto it = first; it != last && kind < 0; ++it) {
      const auto begin = network.head.begin() + network.arc_begin[it->second];
      const auto end = network.head.begin() + network.arc_begin[it->second + 1];
      if (std::equal(begin, end, bins.begin(), bins.end())) kind = it->second;
    }
    if (kind < 0) {
      kind = network.kinds();
      known.emplace(hash, kind);
      network.head.insert(network.head.end(), bins.begin(), bins.end());
      network.tail.insert(network.tail.end(), bins.size(), kind);
      network.arc_begin.push_back(static_cast<int64_t>(network.head.size()));
      network.supply.push_back(0);
      network.lots_of.emplace_back();
    }
    network.kind_of[lot] = kind;
    network.supply[kind] += network.cases[lot] * network.value[lot];
    network.lots_of[kind].push_back(lot);
  }
}

}  // namespace

Network MakeNetwork(const Problem& problem) {
  Network network;
  Order(problem, network);
  AddGroups(problem, network);
  AddLots(problem, network);
  TakeOutPins(problem, network);
  AddKinds(problem, network);
  return network;
}

Flow Transfer(const Network& before, const Flow& flow, const Network& after) {
  Flow result;
  result.on_arc.assign(after.head.size(), 0);
  result.into_bin.assign(after.bins(), 0);
  result.to_group.assign(after.groups(), 0);
  result.left = after.supply;
  for (int kind = 0; kind < after.kinds(); ++kind) {
    // The kind that its first old lot was of.
    int old = -1;
    for (const int32_t lot : after.lots_of[kind]) {
      const int32_t index = after.lot_index[lot];
      if (old < 0 && index < before.lots()) old = before.kind_of[before.lot_rank[index]];
    }
    if (old < 0) continue;
    for (int64_t i = before.arc_begin[old]; i < before.arc_begin[old + 1]; ++i) {
      if (flow.on_arc[i] == 0) continue;
      const int32_t index = before.bin_index[before.head[i]];
      if (index >= after.bins()) continue;
      const int32_t bin = after.bin_rank[index], group = after.group_of[bin];
      const int64_t arc = std::lower_bound(after.head.begin() + after.arc_begin[kind],
                                           after.head.begin() + after.arc_begin[kind + 1], bin) -
                          after.head.begin();
      if (arc == after.arc_begin[kind + 1] || after.head[arc] != bin) continue;
      const int64_t room = std::min(after.room[bin] - result.into_bin[bin], after.cap[group] - result.to_group[group]);
      const int64_t amount = std::min({flow.on_arc[i], result.left[kind], room});
      result.on_arc[arc] += amount;
      result.into_bin[bin] += amount;
      result.to_group[group] += amount;
      result.left[kind] -= amount;
    }
  }
  return result;
}

}  // namespace kubari::fairflow
