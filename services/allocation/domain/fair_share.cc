#include "services/allocation/domain/fair_share.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <set>
#include <tuple>

namespace kubari::allocation {
namespace {

using Wide = __int128;

int Compare(const Level& a, const Level& b) {
  const Wide left = static_cast<Wide>(a.food) * b.weight;
  const Wide right = static_cast<Wide>(b.food) * a.weight;
  return left < right ? -1 : left > right ? 1 : 0;
}

int64_t RoundUp(int64_t items, int64_t unit) { return (items + unit - 1) / unit * unit; }

// A group waiting for its next case of the supply at hand. Of equal levels the smaller weight comes first: the same
// food lifts it higher, so the levels, sorted, come out lexicographically larger. Then the nearer, then by index.
struct Candidate {
  Level level;
  int64_t metres;
  int group;
  friend bool operator<(const Candidate& a, const Candidate& b) {
    if (const int order = Compare(a.level, b.level); order != 0) return order < 0;
    return std::tie(a.level.weight, a.metres, a.group) < std::tie(b.level.weight, b.metres, b.group);
  }
};

// Shares one supply out; `levels` and `capacity` are those of all groups and go on from supply to supply.
class OneSupply {
 public:
  OneSupply(const Problem& problem, int index, std::vector<Level>& levels,
            std::vector<std::array<int64_t, kZones>>& capacity)
      : supply_(problem.supplies[index]),
        index_(index),
        arcs_(problem.arcs[index]),
        levels_(levels),
        capacity_(capacity),
        left_(supply_.items) {}

  void Run(Outcome& outcome) {
    for (const Arc& arc : arcs_) waiting_.insert({levels_[arc.group], arc.metres, arc.group});
    eligible_ = static_cast<int>(waiting_.size());
    RankBefore();
    while (left_ > 0 && !waiting_.empty()) {
      const Candidate first = *waiting_.begin();
      waiting_.erase(waiting_.begin());
      const int64_t chunk = NextChunk(first.group);
      if (chunk == 0) continue;
      Give(first, chunk);
      waiting_.insert({levels_[first.group], first.metres, first.group});
    }
    const int next = NextInLine();
    for (auto& [group, share] : shares_) {
      share.after = levels_[group];
      share.next_group = next;
      outcome.shares.push_back(share);
    }
    if (left_ > 0) {
      const Leftover reason = eligible_ == 0   ? Leftover::kNoEligibleGroup
                              : below_minimum_ ? Leftover::kBelowMinimumLot
                                               : Leftover::kNoCapacity;
      outcome.unallocated.push_back({index_, left_, reason});
    }
  }

 private:
  // Items of the next hand-out to the group: a case, the opened case that is left, or at first the smallest quantity; 0
  // if it cannot take that.
  int64_t NextChunk(int group) {
    const bool first_time = !shares_.contains(group);
    const int64_t unit = std::min(supply_.items_per_case, left_);
    int64_t chunk = unit;
    if (first_time && supply_.min_lot_items > 1) {
      chunk = std::min(RoundUp(supply_.min_lot_items, supply_.items_per_case), left_);
      if (chunk < supply_.min_lot_items) {
        below_minimum_ = true;
        return 0;
      }
    }
    return chunk <= capacity_[group][supply_.zone] ? chunk : 0;
  }

  void Give(const Candidate& to, int64_t items) {
    Share& share = shares_[to.group];
    if (share.items == 0) {
      share = {.supply = index_,
               .group = to.group,
               .items = 0,
               .metres = to.metres,
               .before = levels_[to.group],
               .after = {},
               .poorer_groups = poorer_[to.group],
               .eligible_groups = eligible_,
               .next_group = -1};
    }
    share.items += items;
    left_ -= items;
    levels_[to.group].food += items * supply_.value;
    capacity_[to.group][supply_.zone] -= items;
  }

  void RankBefore() {
    int rank = 0, poorer = 0;
    const Candidate* previous = nullptr;
    for (const Candidate& candidate : waiting_) {
      if (previous != nullptr && Less(previous->level, candidate.level)) poorer = rank;
      poorer_[candidate.group] = poorer;
      previous = &candidate;
      ++rank;
    }
  }

  int NextInLine() {
    for (const Candidate& candidate : waiting_) {
      if (capacity_[candidate.group][supply_.zone] >= supply_.items_per_case) return candidate.group;
    }
    return -1;
  }

  const Supply& supply_;
  const int index_;
  const std::vector<Arc>& arcs_;
  std::vector<Level>& levels_;
  std::vector<std::array<int64_t, kZones>>& capacity_;
  int64_t left_;
  int eligible_ = 0;
  bool below_minimum_ = false;
  std::set<Candidate> waiting_;
  std::map<int, int> poorer_;
  std::map<int, Share> shares_;
};

}  // namespace

bool Less(const Level& a, const Level& b) { return Compare(a, b) < 0; }

int64_t ShownLevel(const Level& level) {
  return static_cast<int64_t>(static_cast<Wide>(level.food) * 100 / level.weight);
}

Outcome FairShare(const Problem& problem) {
  Outcome outcome;
  for (const Demand& demand : problem.demands) outcome.levels.push_back({demand.history, demand.weight});
  std::vector<std::array<int64_t, kZones>> capacity;
  for (const Demand& demand : problem.demands) capacity.push_back(demand.capacity);
  // The lot that ends first goes first; of those that end together the one that fewest groups can use, then by index.
  std::vector<int> order(problem.supplies.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&problem](int a, int b) {
    const int64_t day_a = problem.supplies[a].last_day;
    const int64_t day_b = problem.supplies[b].last_day;
    return day_a != day_b ? day_a < day_b : problem.arcs[a].size() < problem.arcs[b].size();
  });
  for (const int index : order) OneSupply(problem, index, outcome.levels, capacity).Run(outcome);
  std::sort(outcome.shares.begin(), outcome.shares.end(),
            [](const Share& a, const Share& b) { return std::pair(a.supply, a.group) < std::pair(b.supply, b.group); });
  std::sort(outcome.unallocated.begin(), outcome.unallocated.end(),
            [](const Unallocated& a, const Unallocated& b) { return a.supply < b.supply; });
  return outcome;
}

int64_t GiniE6(std::vector<Level> levels) {
  std::sort(levels.begin(), levels.end(), &Less);
  Wide weight = 0, food = 0;
  for (const Level& level : levels) {
    weight += level.weight;
    food += level.food;
  }
  if (weight == 0 || food == 0) return 0;
  // 1 − Σ w_i (F_{i−1} + F_i) ÷ (W F), with F_i the food of the i poorest: twice the area under the Lorenz curve.
  Wide area = 0, below = 0;
  for (const Level& level : levels) {
    area += level.weight * (2 * below + level.food);
    below += level.food;
  }
  return static_cast<int64_t>((weight * food - area) * 1'000'000 / (weight * food));
}

}  // namespace kubari::allocation
