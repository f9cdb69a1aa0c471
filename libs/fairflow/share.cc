#include "libs/fairflow/share.h"

#include <algorithm>
#include <limits>
#include <map>
#include <numeric>
#include <queue>
#include <set>
#include <tuple>
#include <utility>

#include "libs/fairflow/pouring.h"

namespace kubari::fairflow {
namespace {

using Wide = __int128;

constexpr int64_t kPlenty = int64_t{1} << 62;
// Parts smaller than this are split at their mean level; larger ones at a gap between their levels, if they have one.
constexpr size_t kSmallPart = 12;

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
constexpr Level kLowest = {-1, 1};  // below every level

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

class Sharing {
 public:
  Sharing(const Network& network, Shared& shared)
      : network_(network),
        shared_(shared),
        flow_(shared.flow),
        first_bin_(network.groups()),
        first_kind_(network.groups() + network.bins()),
        nodes_(first_kind_ + network.kinds()) {
    part_of_.assign(nodes_, 0);
    distance_.assign(nodes_, -1);
    next_.assign(nodes_, 0);
    target_.assign(network.groups(), 0);
    listed_.assign(network.head.size(), 0);
    filled_by_.resize(network.bins());
  }

  void Run(const Flow* start) {
    if (start != nullptr) {
      flow_ = *start;
    } else {
      Guess();
    }
    for (size_t arc = 0; arc < flow_.on_arc.size(); ++arc) List(static_cast<int32_t>(arc));
    Part all;
    all.groups.resize(network_.groups());
    all.bins.resize(network_.bins());
    all.kinds.resize(network_.kinds());
    std::iota(all.groups.begin(), all.groups.end(), 0);
    std::iota(all.bins.begin(), all.bins.end(), first_bin_);
    std::iota(all.kinds.begin(), all.kinds.end(), first_kind_);
    Share(std::move(all));
    Finish();
  }

 protected:
  void Share(Part part) {
    Save(std::move(part));
    while (!waiting_.empty()) {
      Part next = std::move(waiting_.back());
      waiting_.pop_back();
      SplitOrSettle(std::move(next));
    }
  }

  // ── The guess.

  void Guess() {
    flow_.on_arc.assign(network_.head.size(), 0);
    flow_.into_bin.assign(network_.bins(), 0);
    flow_.to_group.assign(network_.groups(), 0);
    flow_.left = network_.supply;
    // Food that few can use goes first.
    std::vector<int32_t> order(network_.kinds());
    std::iota(order.begin(), order.end(), 0);
    std::stable_sort(order.begin(), order.end(), [this](int a, int b) { return Degree(a) < Degree(b); });
    Pouring pouring(network_, flow_);
    for (const int32_t kind : order) pouring.Pour(kind);
  }
  int64_t Degree(int kind) const { return network_.arc_begin[kind + 1] - network_.arc_begin[kind]; }

  // ── Stage A. Everything that can be saved, then the stuck part once more by urgency.

  void Save(Part all) {
    for (const int32_t group : all.groups) target_[group] = Most(group);
    MaximumFlow(all);
    Part stuck, rest;
    Split(all, stuck, rest);
    if (!stuck.kinds.empty()) {
      SaveUrgentFirst(stuck);
      Settle(std::move(stuck), {.stuck = true});
    }
    Enqueue(std::move(rest));
  }

  // All room of this part is used, so only whose food uses it can change. Opening the lots class by class, each time
  // with a maximum flow that goes on from the last one, never takes back what is saved of an earlier class.
  void SaveUrgentFirst(const Part& part) {
    unsaved_.resize(network_.lots(), 0);
    std::vector<std::pair<int32_t, int32_t>> lots;  // urgency, lot
    for (const int32_t node : part.kinds) {
      for (const int32_t lot : network_.lots_of[node - first_kind_]) lots.emplace_back(network_.urgency[lot], lot);
    }
    std::sort(lots.begin(), lots.end());
    for (const int32_t node : part.kinds) Empty(node - first_kind_);
    refilling_ = true;
    for (size_t first = 0, last = 0; first < lots.size(); first = last) {
      while (last < lots.size() && lots[last].first == lots[first].first) ++last;
      for (size_t i = first; i < last; ++i) flow_.left[KindOf(lots[i])] += Amount(lots[i].second);
      MaximumFlow(part);
      // Of equally urgent lots of a kind the first ones are saved.
      for (size_t i = last; i-- > first;) {
        const int32_t lot = lots[i].second;
        int64_t& left = flow_.left[KindOf(lots[i])];
        unsaved_[lot] = std::min(left, Amount(lot));
        left -= unsaved_[lot];
      }
    }
    for (const auto& [urgency, lot] : lots) flow_.left[network_.kind_of[lot]] += unsaved_[lot];
    refilling_ = false;
  }
  int32_t KindOf(const std::pair<int32_t, int32_t>& lot) const { return network_.kind_of[lot.second]; }
  int64_t Amount(int32_t lot) const { return network_.cases[lot] * network_.value[lot]; }

  void Empty(int kind) {
    for (int64_t arc = network_.arc_begin[kind]; arc < network_.arc_begin[kind + 1]; ++arc) {
      const int64_t amount = std::exchange(flow_.on_arc[arc], 0);
      if (amount > 0) emptied_.push_back(static_cast<int32_t>(arc));
      flow_.into_bin[network_.head[arc]] -= amount;
      flow_.to_group[network_.group_of[network_.head[arc]]] -= amount;
    }
    flow_.left[kind] = 0;
  }

  // ── Stage B.

  void SplitOrSettle(Part part) {
    const bool at_gap = !part.gap_failed && SetTargetsAtGap(part);
    const Level level = at_gap ? part.threshold : SetTargetsAtMean(part);
    MaximumFlow(part);
    int64_t above = 0, below = 0;
    for (const int32_t group : part.groups) {
      above += std::max<int64_t>(0, flow_.to_group[group] - target_[group]);
      below += std::max<int64_t>(0, target_[group] - flow_.to_group[group]);
    }
    if (!at_gap && above == 0 && below == 0) return Settle(std::move(part), {.level = level});
    const size_t all = part.groups.size();
    Part rich, poor;
    Split(part, rich, poor);
    rich.gap_failed = at_gap && rich.groups.size() == all;
    poor.gap_failed = at_gap && poor.groups.size() == all;
    rich.threshold = poor.threshold = level;
    poor.least = part.least;
    rich.least = at_gap ? Unit{level, -1, 0} : threshold_;
    Enqueue(std::move(poor));
    Enqueue(std::move(rich));  // comes off first
  }

  void Enqueue(Part part) {
    if (part.groups.empty()) {
      Settle(std::move(part), {.level = part.threshold});  // unused bins and lots that nobody may have
    } else {
      waiting_.push_back(std::move(part));
    }
  }

  // What the group has in bins that belong to another part; it stays.
  int64_t Fixed(int group) const {
    int64_t fixed = 0;
    for (int bin = network_.bin_begin[group]; bin < network_.bin_begin[group + 1]; ++bin) {
      if (part_of_[first_bin_ + bin] != part_of_[group]) fixed += flow_.into_bin[bin];
    }
    return fixed;
  }
  int64_t Most(int group) const {
    Wide most = 0;
    for (int bin = network_.bin_begin[group]; bin < network_.bin_begin[group + 1]; ++bin) {
      most += part_of_[first_bin_ + bin] != part_of_[group] ? flow_.into_bin[bin] : network_.room[bin];
    }
    return static_cast<int64_t>(std::min<Wide>({most, network_.cap[group], kPlenty}));
  }
  // What is promised beforehand, as far as there is room for it.
  int64_t Floor(int group) const { return std::max(Fixed(group), std::min(network_.floor[group], Most(group))); }

  Level LevelOf(int group) const { return {network_.history[group] + flow_.to_group[group], network_.weight[group]}; }

  // As many units as start below food ÷ weight.
  int64_t Target(int group, const Range& range, Wide food, Wide weight) const {
    const Wide units = (food * network_.weight[group] + weight - 1) / weight - network_.history[group];
    return static_cast<int64_t>(std::clamp<Wide>(units, range.least, range.most));
  }

  // The widest gap in the middle half of the levels, if the levels are far from equal.
  bool SetTargetsAtGap(Part& part) {
    const size_t size = part.groups.size();
    if (size < kSmallPart) return false;
    std::vector<std::pair<int64_t, int32_t>> levels;  // fractions do not matter for the choice
    for (const int32_t group : part.groups) {
      const Level level = LevelOf(group);
      levels.emplace_back(level.food / level.weight, group);
    }
    std::sort(levels.begin(), levels.end());
    const int64_t spread = levels[size - 1 - size / 8].first - levels[size / 8].first;
    if (spread < levels[size / 2].first / 256) return false;
    const size_t first = std::max<size_t>(1, size / 4);
    size_t widest = first;
    const auto gap = [&levels](size_t i) { return levels[i].first - levels[i - 1].first; };
    for (size_t i = first; i < size - size / 4; ++i) {
      if (gap(i) > gap(widest)) widest = i;
    }
    const Level threshold = LevelOf(levels[widest].second);
    for (const int32_t group : part.groups)
      target_[group] = Target(group, {Floor(group), Most(group)}, threshold.food, threshold.weight);
    part.threshold = threshold;
    return true;
  }

  // Floors come before everything else: as long as the part's food does not suffice for them, only they are filled.
  std::vector<Range> Ranges(const Part& part) const {
    std::vector<Range> ranges;
    Wide above_floors = 0;
    for (const int32_t group : part.groups) {
      ranges.push_back({Floor(group), Most(group)});
      above_floors += flow_.to_group[group] - ranges.back().least;
    }
    if (above_floors >= 0) return ranges;
    for (size_t i = 0; i < ranges.size(); ++i) ranges[i] = {Fixed(part.groups[i]), ranges[i].least};
    return ranges;
  }

  // The level to which the part's food would rise if every group could have all of it, up to its room.
  Level SetTargetsAtMean(const Part& part) {
    struct Bend {  // below least or above most a group takes no part
      Level at;
      Wide food, weight;
    };
    const std::vector<Range> ranges = Ranges(part);
    std::vector<Bend> bends;
    Wide total = 0;
    for (size_t i = 0; i < ranges.size(); ++i) {
      const auto [least, most] = ranges[i];
      const int64_t history = network_.history[part.groups[i]], weight = network_.weight[part.groups[i]];
      total += flow_.to_group[part.groups[i]] - least;
      if (most <= least) continue;
      bends.push_back({{history + least, weight}, history + least, weight});
      bends.push_back({{history + most, weight}, -Wide{history + most}, -Wide{weight}});
    }
    std::sort(bends.begin(), bends.end(), [](const Bend& a, const Bend& b) { return Less(a.at, b.at); });
    Wide food = total, weight = 0;  // the level is food ÷ weight
    Level last{0, 1};
    for (const Bend& bend : bends) {
      if (weight > 0 && Wide{bend.at.food} * weight >= food * bend.at.weight) break;
      food += bend.food;
      weight += bend.weight;
      last = bend.at;
    }
    if (weight == 0) food = last.food, weight = last.weight;
    for (size_t i = 0; i < ranges.size(); ++i)
      target_[part.groups[i]] = Target(part.groups[i], ranges[i], food, weight);
    const Level level{static_cast<int64_t>(food), static_cast<int64_t>(weight)};
    threshold_ = {level, -1, 0};
    TakeLastUnits(part, ranges);
    return level;
  }

  // Targets are whole units that start below the level, so they add up to a little more than there is; the units that
  // would be given last are taken away.
  void TakeLastUnits(const Part& part, const std::vector<Range>& ranges) {
    Wide over = 0;
    for (const int32_t group : part.groups) over += target_[group] - flow_.to_group[group];
    if (over == 0) return;
    std::priority_queue<std::pair<Unit, size_t>> last;  // with the group's place in the part
    const auto push = [&](size_t i) {
      const int32_t group = part.groups[i];
      if (target_[group] > ranges[i].least)
        last.push({{{network_.history[group] + target_[group] - 1, network_.weight[group]}, group}, i});
    };
    for (size_t i = 0; i < ranges.size(); ++i) push(i);
    for (; over > 0; --over) {
      const size_t i = last.top().second;
      threshold_ = last.top().first;
      last.pop();
      --target_[part.groups[i]];
      push(i);
    }
  }

  // ── Maximum flow within a part, from groups above their target and kinds with food left to groups below their target
  //    (Dinic 1970: breadth first for the distances, then depth first along shortest paths only).

  void MaximumFlow(const Part& part) {
    while (FindDistances(part)) {
      part.ForEach([this](int32_t node) { next_[node] = 0; });
      for (const int32_t group : part.groups) PushFrom(group);
      for (const int32_t kind : part.kinds) PushFrom(kind);
    }
  }

  bool IsGroup(int node) const { return node < first_bin_; }
  bool IsBin(int node) const { return node >= first_bin_ && node < first_kind_; }
  int64_t Surplus(int node) const {
    return IsGroup(node) ? flow_.to_group[node] - target_[node] : IsBin(node) ? 0 : flow_.left[node - first_kind_];
  }
  // While the stuck part is filled anew, its bins are where the food ends.
  int64_t Wanted(int node) const {
    if (IsGroup(node)) return target_[node] - flow_.to_group[node];
    if (!IsBin(node)) return 0;
    const int bin = node - first_bin_;
    return refilling_ && part_of_[network_.group_of[bin]] != part_of_[node] ? network_.room[bin] - flow_.into_bin[bin]
                                                                            : 0;
  }

  // Calls visit(neighbour, residual capacity) for each neighbour to which a unit at `node` could move and that is
  // `wanted`, from entry `i` on, until it returns true. `wanted` comes first: it needs one look at a small table.
  template <typename Wanted, typename Visit>
  bool Neighbours(int node, int64_t& i, const Wanted& wanted, const Visit& visit) {
    const int32_t part = part_of_[node];
    if (IsGroup(node)) {
      const int64_t count = network_.bin_begin[node + 1] - network_.bin_begin[node];
      for (; i < count; ++i) {  // taken back out of a bin
        const int bin = network_.bin_begin[node] + static_cast<int>(i);
        const int64_t amount = flow_.into_bin[bin];
        if (wanted(first_bin_ + bin) && part_of_[first_bin_ + bin] == part && amount > 0 &&
            visit(first_bin_ + bin, amount))
          return true;
      }
    } else if (IsBin(node)) {
      const int bin = node - first_bin_;
      if (i == 0) {  // on to the group
        const int group = network_.group_of[bin];
        const int64_t room = network_.room[bin] - flow_.into_bin[bin];
        if (wanted(group) && part_of_[group] == part && room > 0 && visit(group, room)) return true;
        i = 1;
      }
      const std::vector<Filling>& fillings = filled_by_[bin];
      for (; i <= static_cast<int64_t>(fillings.size()); ++i) {  // back to lots that filled it
        const auto [arc, kind] = fillings[i - 1];
        if (!wanted(kind) || part_of_[kind] != part) continue;
        if (const int64_t amount = flow_.on_arc[arc]; amount > 0 && visit(kind, amount)) return true;
      }
    } else {
      const int kind = node - first_kind_;
      const int32_t* heads = network_.head.data() + network_.arc_begin[kind];
      const int64_t count = Degree(kind);
      for (; i < count; ++i) {
        const int bin = first_bin_ + heads[i];
        if (wanted(bin) && part_of_[bin] == part && visit(bin, kPlenty)) return true;
      }
    }
    return false;
  }

  // Distances from the surplus, as far as the nearest wanting node. False: none can be reached; then exactly the
  // reachable nodes have a distance.
  bool FindDistances(const Part& part) {
    part.ForEach([this](int32_t node) { distance_[node] = -1; });
    Unlist();
    queue_.clear();
    const auto start = [this](int32_t node) {
      if (Surplus(node) <= 0) return;
      distance_[node] = 0;
      queue_.push_back(node);
    };
    for (const int32_t group : part.groups) start(group);
    for (const int32_t kind : part.kinds) start(kind);
    int32_t end = std::numeric_limits<int32_t>::max();
    for (size_t i = 0; i < queue_.size() && distance_[queue_[i]] < end; ++i) {
      const int32_t node = queue_[i];
      int64_t entry = 0;
      const auto unseen = [this](int32_t neighbour) { return distance_[neighbour] < 0; };
      Neighbours(node, entry, unseen, [&](int32_t neighbour, int64_t) {
        distance_[neighbour] = distance_[node] + 1;
        if (Wanted(neighbour) > 0) end = distance_[neighbour];
        queue_.push_back(neighbour);
        return false;
      });
    }
    return end != std::numeric_limits<int32_t>::max();
  }

  // Pushes as much as goes along shortest paths. The path is kept on a stack of its own: it may be as long as the
  // network.
  void PushFrom(int32_t source) {
    if (Surplus(source) <= 0 || distance_[source] != 0) return;
    path_.assign(1, {source, Surplus(source)});
    while (!path_.empty()) {
      const auto [node, most] = path_.back();
      if (const int64_t wanted = Wanted(node); wanted > 0 && path_.size() > 1) {
        Move(std::min(most, wanted));
        if (Surplus(source) <= 0) return;
        path_.assign(1, {source, Surplus(source)});
        continue;
      }
      const auto farther = [this, distance = distance_[node] + 1](int32_t neighbour) {
        return distance_[neighbour] == distance;
      };
      const bool found =
          Neighbours(node, next_[node], farther, [this, carried = most](int32_t neighbour, int64_t residual) {
            path_.emplace_back(neighbour, std::min(carried, residual));
            return true;
          });
      if (found) continue;
      distance_[node] = -1;  // a dead end for this phase
      path_.pop_back();
    }
  }

  void Move(int64_t amount) {
    for (size_t i = 0; i + 1 < path_.size(); ++i) {
      const int32_t from = path_[i].first, to = path_[i + 1].first;
      if (IsGroup(from)) {
        flow_.into_bin[to - first_bin_] -= amount;
      } else if (IsGroup(to)) {
        flow_.into_bin[from - first_bin_] += amount;
      } else if (IsBin(from)) {
        const int32_t arc = filled_by_[from - first_bin_][next_[from] - 1].arc;
        flow_.on_arc[arc] -= amount;
        if (flow_.on_arc[arc] == 0) emptied_.push_back(arc);
      } else {
        const int64_t arc = network_.arc_begin[from - first_kind_] + next_[from];
        flow_.on_arc[arc] += amount;
        List(static_cast<int32_t>(arc));
      }
    }
    const int32_t source = path_.front().first, sink = path_.back().first;
    if (IsGroup(source)) {
      flow_.to_group[source] -= amount;
    } else {
      flow_.left[source - first_kind_] -= amount;
    }
    if (IsGroup(sink)) {
      flow_.to_group[sink] += amount;
    } else {
      flow_.into_bin[sink - first_bin_] += amount;
      flow_.to_group[network_.group_of[sink - first_bin_]] += amount;
    }
  }

  // What fills a bin. Arcs with nothing on them any more are taken off the list between phases.
  struct Filling {
    int32_t arc, kind;
  };
  void List(int32_t arc) {
    if (flow_.on_arc[arc] == 0 || listed_[arc] != 0) return;
    listed_[arc] = 1;
    filled_by_[network_.head[arc]].push_back({arc, first_kind_ + network_.tail[arc]});
  }
  void Unlist() {
    for (const int32_t emptied : emptied_) {
      std::erase_if(filled_by_[network_.head[emptied]], [this](const Filling& filling) {
        if (flow_.on_arc[filling.arc] > 0) return false;
        listed_[filling.arc] = 0;
        return true;
      });
    }
    emptied_.clear();
  }

  // ── Parts.

  // After a maximum flow: what can still be reached from surplus, and the rest.
  void Split(const Part& part, Part& reached, Part& rest) {
    const int32_t first = ++parts_, second = ++parts_;
    const auto assign = [&](int32_t node, std::vector<int32_t> Part::*where) {
      const bool side = distance_[node] >= 0;
      part_of_[node] = side ? first : second;
      ((side ? reached : rest).*where).push_back(node);
    };
    for (const int32_t node : part.groups) assign(node, &Part::groups);
    for (const int32_t node : part.bins) assign(node, &Part::bins);
    for (const int32_t node : part.kinds) assign(node, &Part::kinds);
  }

  void Settle(Part part, const Tie& tie) {
    if (part.groups.empty() && part.bins.empty() && part.kinds.empty()) return;
    const int32_t label = Label(settled_.size());
    part.ForEach([&](int32_t node) { part_of_[node] = label; });
    settled_.push_back({std::move(part), tie});
  }
  static int32_t Label(size_t settled) { return -1 - static_cast<int32_t>(settled); }  // no waiting part has such a one

  void Finish() {
    for (const Settled& settled : settled_) shared_.ties.push_back(settled.tie);
    for (int node = 0; node < nodes_; ++node) {
      auto& ties = IsGroup(node) ? shared_.tie_of_group : IsBin(node) ? shared_.tie_of_bin : shared_.tie_of_kind;
      ties.push_back(-1 - part_of_[node]);
    }
    SetSaved();
  }
  void SetSaved() {
    shared_.saved.clear();
    for (int lot = 0; lot < network_.lots(); ++lot)
      shared_.saved.push_back(Amount(lot) - (unsaved_.empty() ? 0 : unsaved_[lot]));
  }

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
  std::vector<int32_t> distance_, queue_;
  std::vector<int64_t> next_;                      // by node: the entry of Neighbours to look at next
  std::vector<std::vector<Filling>> filled_by_;    // by bin
  std::vector<int32_t> emptied_;                   // arcs
  std::vector<char> listed_;                       // by arc
  std::vector<std::pair<int32_t, int64_t>> path_;  // node, what can be carried so far
};

}  // namespace

Shared ShareFood(const Network& network, const Flow* start) {
  Shared shared;
  Sharing(network, shared).Run(start);
  return shared;
}

class StandingShares::Work : public Sharing {
 public:
  Work(Network& network, Shared& shared) : Sharing(network, shared), changing_(network) {
    Run(nullptr);
    for (const int32_t urgency : network_.urgency) last_class_ = std::max(last_class_, urgency);
    kinds_into_.resize(network_.bins());
    for (size_t arc = 0; arc < network_.head.size(); ++arc)
      kinds_into_[network_.head[arc]].push_back(network_.tail[arc]);
    for (size_t i = 0, count = settled_.size(); i < count; ++i) {
      if (settled_[i].tie.stuck) TakeApart(i);
    }
    for (Settled& settled : settled_) SetLabel(settled);
    for (int kind = 0; kind < network_.kinds(); ++kind) {
      if (network_.supply[kind] == 0) part_of_[KindNode(kind)] = kIdle;
    }
    has_floors_ = std::any_of(network_.floor.begin(), network_.floor.end(), [](int64_t floor) { return floor > 0; });
  }

  void SetCases(int lot, int64_t cases) {
    const int kind = network_.kind_of[lot];
    int64_t more = (cases - network_.cases[lot]) * network_.value[lot];
    changing_.cases[lot] = cases;
    changing_.supply[kind] += more;
    // Of what not all goes out anyway there may be more, or less of what stays: nothing else changes.
    if (!unsaved_.empty() && unsaved_[lot] > 0 && unsaved_[lot] + more > 0) {
      unsaved_[lot] += more;
      flow_.left[kind] += more;
      return;
    }
    if (!unsaved_.empty()) unsaved_[lot] = 0;  // until it is known again
    if (part_of_[KindNode(kind)] == kIdle && more > 0) {
      part_of_[KindNode(kind)] = Label(settled_.size());
      settled_.push_back({Part{.kinds = {KindNode(kind)}}, {}});
    }
    if (more != 0) Touch(KindNode(kind));
    const int64_t from_what_stays = std::max(more, -flow_.left[kind]);
    flow_.left[kind] += from_what_stays;
    more -= from_what_stays;
    for (int64_t arc = network_.arc_begin[kind]; more < 0; ++arc) {
      const int64_t amount = std::min(flow_.on_arc[arc], -more);
      TakeBack(static_cast<int32_t>(arc), amount);
      more += amount;
    }
    if (network_.supply[kind] == 0) BecomeIdle(kind);
  }

  void SetRoom(int bin, int64_t room) {
    for (const Filling& filling : filled_by_[bin]) {
      const int64_t amount = std::min(flow_.on_arc[filling.arc], flow_.into_bin[bin] - room);
      if (amount <= 0) continue;
      TakeBack(filling.arc, amount);
      flow_.left[filling.kind - first_kind_] += amount;
      Touch(filling.kind);
    }
    changing_.room[bin] = room;
    if (flow_.into_bin[bin] > 0) Touch(first_bin_ + bin);
    Touch(network_.group_of[bin]);
  }

  int AddLot(int64_t cases, int64_t value, int32_t urgency, const std::vector<int32_t>& bins) {
    const int lot = network_.lots(), kind = network_.kinds();
    changing_.cases.push_back(0);
    changing_.value.push_back(value);
    changing_.urgency.push_back(urgency);
    changing_.kind_of.push_back(kind);
    changing_.lot_index.push_back(lot);
    changing_.lot_rank.push_back(lot);
    changing_.supply.push_back(0);
    changing_.lots_of.push_back({lot});
    for (const int32_t bin : bins) {
      changing_.head.push_back(bin);
      changing_.tail.push_back(kind);
      kinds_into_[bin].push_back(kind);
    }
    std::sort(changing_.head.end() - static_cast<int64_t>(bins.size()), changing_.head.end());
    changing_.arc_begin.push_back(static_cast<int64_t>(network_.head.size()));
    flow_.on_arc.resize(network_.head.size(), 0);
    flow_.left.push_back(0);
    listed_.resize(network_.head.size(), 0);
    part_of_.push_back(kIdle);
    distance_.push_back(-1);
    next_.push_back(0);
    nodes_ = first_kind_ + network_.kinds();
    if (!unsaved_.empty()) unsaved_.push_back(0);
    if (urgency > last_class_) {  // what was of the last class no longer is
      last_class_ = urgency;
      for (Settled& settled : settled_) settled.urgent = settled.tie.stuck;
    }
    SetCases(lot, cases);
    return lot;
  }

  int64_t Resolve() {
    int64_t looked_at = 0;
    if (has_floors_ && !touched_.empty()) {
      for (size_t i = 0; i < settled_.size(); ++i) touched_.insert(static_cast<int32_t>(i));
    }
    while (!touched_.empty()) {
      const size_t before = settled_.size();
      Part part = Gather();
      looked_at += static_cast<int64_t>(part.groups.size() + part.bins.size() + part.kinds.size());
      Share(std::move(part));
      for (size_t i = before, count = settled_.size(); i < count; ++i) {
        if (settled_[i].tie.stuck) TakeApart(i);
      }
      for (size_t i = before; i < settled_.size(); ++i) SetLabel(settled_[i]);
      for (const auto& [group, food] : owed_) {
        if (PieceOf(group) < static_cast<int32_t>(before) && flow_.to_group[group] != food) Touch(group);
      }
      for (size_t i = before; i < settled_.size(); ++i) LookAround(static_cast<int32_t>(i), before);
      if (touched_.empty()) break;
      for (size_t i = before; i < settled_.size(); ++i) touched_.insert(static_cast<int32_t>(i));
    }
    owed_.clear();
    return looked_at;
  }

  void Tell() {
    // Numbered as ShareFood() does: what is stuck, then from the richest; what has no food last.
    std::vector<int32_t> order;
    for (size_t i = 0; i < settled_.size(); ++i) {
      if (!settled_[i].part.groups.empty() || !settled_[i].part.kinds.empty()) order.push_back(static_cast<int32_t>(i));
    }
    std::stable_sort(order.begin(), order.end(), [this](int32_t a, int32_t b) {
      const Tie &left = settled_[a].tie, &right = settled_[b].tie;
      return left.stuck != right.stuck ? left.stuck : !left.stuck && Less(right.level, left.level);
    });
    std::vector<int32_t> tie_of(settled_.size(), -1);
    shared_.ties.clear();
    for (const int32_t i : order) {
      const Tie& tie = settled_[i].tie;
      if (shared_.ties.empty() || !tie.stuck || !shared_.ties.back().stuck) shared_.ties.push_back(tie);
      tie_of[i] = static_cast<int32_t>(shared_.ties.size()) - 1;
    }
    const auto none = static_cast<int32_t>(shared_.ties.size());
    shared_.ties.push_back({});
    const auto tie_of_node = [&](int32_t node) {
      if (IsBin(node) && flow_.into_bin[node - first_bin_] == 0) node = network_.group_of[node - first_bin_];
      return part_of_[node] == kIdle || tie_of[PieceOf(node)] < 0 ? none : tie_of[PieceOf(node)];
    };
    for (auto* ties : {&shared_.tie_of_group, &shared_.tie_of_bin, &shared_.tie_of_kind}) ties->clear();
    for (int node = 0; node < nodes_; ++node) {
      auto& ties = IsGroup(node) ? shared_.tie_of_group : IsBin(node) ? shared_.tie_of_bin : shared_.tie_of_kind;
      ties.push_back(tie_of_node(node));
    }
    SetSaved();
  }

 private:
  // Kinds without food belong nowhere.
  static constexpr int32_t kIdle = std::numeric_limits<int32_t>::min();

  int32_t KindNode(int kind) const { return first_kind_ + kind; }
  int32_t PieceOf(int32_t node) const { return -1 - part_of_[node]; }
  void Touch(int32_t node) { touched_.insert(PieceOf(node)); }

  void BecomeIdle(int kind) {
    part_of_[KindNode(kind)] = kIdle;
    for (const int32_t lot : network_.lots_of[kind]) {
      if (!unsaved_.empty()) unsaved_[lot] = 0;
    }
  }

  void TakeBack(int32_t arc, int64_t amount) {
    if (amount == 0) return;
    const int32_t bin = network_.head[arc], group = network_.group_of[bin];
    Touch(first_bin_ + bin);
    // A group elsewhere may well get it back.
    if (part_of_[group] == part_of_[first_bin_ + bin]) {
      Touch(group);
    } else {
      owed_.emplace(group, flow_.to_group[group]);
    }
    flow_.on_arc[arc] -= amount;
    flow_.into_bin[bin] -= amount;
    flow_.to_group[group] -= amount;
    if (flow_.on_arc[arc] == 0) emptied_.push_back(arc);
  }

  // All that is touched as one part. Bins without food go where their groups are.
  Part Gather() {
    const int32_t label = ++parts_;
    Part all;
    for (const int32_t piece : touched_) {
      Part part = std::move(settled_[piece].part);
      settled_[piece].part = {};
      const int32_t old = Label(static_cast<size_t>(piece));
      for (const int32_t group : part.groups) part_of_[group] = label, all.groups.push_back(group);
      for (const int32_t node : part.bins) {
        if (part_of_[node] == old && flow_.into_bin[node - first_bin_] > 0)
          part_of_[node] = label, all.bins.push_back(node);
      }
      for (const int32_t node : part.kinds) {
        if (part_of_[node] == old) part_of_[node] = label, all.kinds.push_back(node);
      }
    }
    touched_.clear();
    for (const int32_t group : all.groups) {
      for (int bin = network_.bin_begin[group]; bin < network_.bin_begin[group + 1]; ++bin) {
        if (flow_.into_bin[bin] == 0) part_of_[first_bin_ + bin] = label, all.bins.push_back(first_bin_ + bin);
      }
    }
    for (const int32_t node : all.bins) {
      const int32_t group = network_.group_of[node - first_bin_];
      if (part_of_[group] != label) owed_.emplace(group, flow_.to_group[group]);
    }
    for (auto* nodes : {&all.groups, &all.bins, &all.kinds}) std::sort(nodes->begin(), nodes->end());
    for (const int32_t node : all.kinds) {
      for (const int32_t lot : network_.lots_of[node - first_kind_]) {
        if (!unsaved_.empty()) unsaved_[lot] = 0;
      }
    }
    return all;
  }

  // The piece falls into those that no way connects.
  void TakeApart(size_t piece) {
    Part whole = std::move(settled_[piece].part);
    settled_[piece].part = {};
    const Tie tie = settled_[piece].tie;
    const int32_t old = Label(piece);
    whole.ForEach([&](int32_t first) {
      if (part_of_[first] != old) return;
      const int32_t label = Label(settled_.size());
      Part part;
      queue_.assign(1, first);
      part_of_[first] = label;
      const auto go_on = [&](int32_t node) {
        if (part_of_[node] == old) part_of_[node] = label, queue_.push_back(node);
      };
      for (size_t i = 0; i < queue_.size(); ++i) {
        const int32_t node = queue_[i];
        if (IsGroup(node)) {
          part.groups.push_back(node);
          for (int bin = network_.bin_begin[node]; bin < network_.bin_begin[node + 1]; ++bin) go_on(first_bin_ + bin);
        } else if (IsBin(node)) {
          part.bins.push_back(node);
          go_on(network_.group_of[node - first_bin_]);
          for (const int32_t kind : kinds_into_[node - first_bin_]) go_on(KindNode(kind));
        } else {
          part.kinds.push_back(node);
          const int kind = node - first_kind_;
          for (int64_t arc = network_.arc_begin[kind]; arc < network_.arc_begin[kind + 1]; ++arc)
            go_on(first_bin_ + network_.head[arc]);
        }
      }
      const bool urgent = UrgentFoodStays(part);
      settled_.push_back({std::move(part), tie, urgent});
    });
  }
  bool UrgentFoodStays(const Part& part) const {
    for (const int32_t node : part.kinds) {
      for (const int32_t lot : network_.lots_of[node - first_kind_]) {
        if (unsaved_[lot] > 0 && network_.urgency[lot] < last_class_) return true;
      }
    }
    return false;
  }

  // Food can move from one to the other. Is that no improvement? It is none towards a level that is not lower, nor
  // among what is stuck, if all that stays is of the last class.
  static bool MayStay(const Settled& from, const Settled& to) {
    if (from.tie.stuck) return to.tie.stuck && !from.urgent;
    return to.tie.stuck || !(to.label < from.label);
  }
  const Settled& At(int32_t node) const { return settled_[PieceOf(node)]; }
  Unit LastUnit(int group) const { return {{LevelOf(group).food - 1, network_.weight[group]}, group}; }
  Unit NextUnit(int group) const { return {LevelOf(group), group}; }

  // From where a group's food can be taken: from its piece, or from itself if it is richer.
  Settled Giving(int group) const {
    Settled giving{.tie = At(group).tie, .urgent = At(group).urgent, .label = At(group).label};
    giving.label = std::max(giving.label, LastUnit(group));
    return giving;
  }
  // Where more food for it would be: in its piece, or with itself if it is poorer.
  Settled Taking(int group) const {
    Settled taking{.tie = At(group).tie, .urgent = At(group).urgent, .label = At(group).label};
    if (flow_.to_group[group] >= network_.cap[group]) return taking;
    if (taking.tie.stuck || NextUnit(group) < taking.label) taking.label = NextUnit(group);
    taking.tie.stuck = false;
    return taking;
  }

  // After the piece was settled.
  void SetLabel(Settled& settled) const {
    settled.label = settled.part.least;
    for (const int32_t group : settled.part.groups) {
      bool given = false;  // from this piece
      for (int bin = network_.bin_begin[group]; bin < network_.bin_begin[group + 1]; ++bin)
        given |= part_of_[first_bin_ + bin] == part_of_[group] && flow_.into_bin[bin] > 0;
      if (given) settled.label = std::max(settled.label, LastUnit(group));
    }
  }

  // Touches what lies around a piece, was settled before, and may not stay as it is.
  void LookAround(int32_t piece, size_t before) {
    const Settled& here = settled_[piece];
    const Part& part = here.part;
    const int32_t label = Label(static_cast<size_t>(piece));
    const auto outside = [&](int32_t node) {
      return part_of_[node] != kIdle && PieceOf(node) < static_cast<int32_t>(before);
    };
    const auto check = [&](const Settled& from, const Settled& to, int32_t other) {
      if (!MayStay(from, to)) Touch(other);
    };
    // Food that comes into a bin ends with its group or with those who fill it.
    const auto into_others = [&](int bin) {
      const int32_t node = first_bin_ + bin, group = network_.group_of[bin];
      if (flow_.into_bin[bin] > 0 && outside(node)) check(here, At(node), node);
      if (flow_.into_bin[bin] < network_.room[bin] && outside(group)) check(here, Taking(group), group);
    };
    const auto from_others = [&](int bin) {
      const int32_t node = first_bin_ + bin, group = network_.group_of[bin];
      for (const int32_t kind : kinds_into_[bin]) {
        const int32_t other = KindNode(kind);
        if (!outside(other)) continue;
        if (flow_.into_bin[bin] > 0) check(At(other), At(node), other);
        if (flow_.into_bin[bin] < network_.room[bin]) check(At(other), Taking(group), other);
      }
    };
    const auto between = [&](int group, int bin) {  // in two pieces
      const int32_t node = first_bin_ + bin;
      if (flow_.into_bin[bin] == 0 || part_of_[node] == part_of_[group] || (!outside(node) && !outside(group))) return;
      const int32_t other = outside(node) ? node : group;
      check(Giving(group), At(node), other);
      if (flow_.into_bin[bin] < network_.room[bin]) check(At(node), Taking(group), other);
    };
    for (const int32_t node : part.kinds) {
      const int kind = node - first_kind_;
      for (int64_t arc = network_.arc_begin[kind]; arc < network_.arc_begin[kind + 1]; ++arc)
        into_others(network_.head[arc]);
    }
    for (const int32_t node : part.bins) {
      if (part_of_[node] != label) continue;
      from_others(node - first_bin_);
      between(network_.group_of[node - first_bin_], node - first_bin_);
    }
    for (const int32_t group : part.groups) {
      for (int bin = network_.bin_begin[group]; bin < network_.bin_begin[group + 1]; ++bin) {
        between(group, bin);
        if (part_of_[first_bin_ + bin] != label) from_others(bin);
      }
    }
  }

  Network& changing_;  // network_
  bool has_floors_ = false;
  int32_t last_class_ = std::numeric_limits<int32_t>::min();
  std::vector<std::vector<int32_t>> kinds_into_;  // by bin
  std::set<int32_t> touched_;                     // places in settled_
  std::map<int32_t, int64_t> owed_;               // what groups had whose bins were solved without them
};

StandingShares::StandingShares(Network network)
    : network_(std::move(network)), work_(std::make_unique<Work>(network_, shared_)) {}
StandingShares::~StandingShares() = default;
void StandingShares::SetCases(int lot, int64_t cases) { work_->SetCases(lot, cases); }
void StandingShares::SetRoom(int bin, int64_t room) { work_->SetRoom(bin, room); }
int StandingShares::AddLot(int64_t cases, int64_t value, int32_t urgency, std::vector<int32_t> bins) {
  return work_->AddLot(cases, value, urgency, bins);
}
int64_t StandingShares::Resolve() { return work_->Resolve(); }
const Shared& StandingShares::Tell() {
  work_->Tell();
  return shared_;
}

}  // namespace kubari::fairflow
