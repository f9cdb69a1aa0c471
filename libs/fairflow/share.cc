#include "libs/fairflow/share.h"

#include <algorithm>
#include <bit>
#include <limits>
#include <numeric>
#include <queue>
#include <utility>

#include "libs/fairflow/pouring.h"
#include "libs/fairflow/sharing.h"

namespace kubari::fairflow {
namespace {

constexpr int64_t kPlenty = int64_t{1} << 62;
// Parts smaller than this are split at their mean level; larger ones at a gap between their levels, if they have one.
constexpr size_t kSmallPart = 12;

}  // namespace

Sharing::Sharing(const Network& network, Shared& shared)
    : network_(network),
      shared_(shared),
      flow_(shared.flow),
      first_bin_(network.groups()),
      first_kind_(network.groups() + network.bins()),
      nodes_(first_kind_ + network.kinds()),
      words_((network.bins() + 63) / 64) {
  part_of_.assign(nodes_, 0);
  distance_.assign(nodes_, kElsewhere);
  next_.assign(nodes_, 0);
  target_.assign(network.groups(), 0);
  listed_.assign(network.head.size(), 0);
  filled_by_.resize(network.bins());
  SetBits();
}

void Sharing::Run(const Flow* start) {
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

void Sharing::Share(Part part) {
  Save(std::move(part));
  while (!waiting_.empty()) {
    Part next = std::move(waiting_.back());
    waiting_.pop_back();
    SplitOrSettle(std::move(next));
  }
}

// ── The guess.

void Sharing::Guess() {
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

// ── Stage A. Everything that can be saved, then the stuck part once more by urgency.

void Sharing::Save(Part all) {
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
void Sharing::SaveUrgentFirst(const Part& part) {
  unsaved_.resize(network_.lots(), 0);
  std::vector<std::pair<int32_t, int32_t>> lots;  // urgency, lot
  for (const int32_t node : part.kinds) {
    for (const int32_t lot : network_.lots_of[node - first_kind_]) lots.emplace_back(network_.urgency[lot], lot);
  }
  std::sort(lots.begin(), lots.end());
  const auto left_of = [this](int32_t lot) -> int64_t& { return flow_.left[network_.kind_of[lot]]; };
  for (const int32_t node : part.kinds) Empty(node - first_kind_);
  refilling_ = true;
  for (size_t first = 0, last = 0; first < lots.size(); first = last) {
    while (last < lots.size() && lots[last].first == lots[first].first) ++last;
    for (size_t i = first; i < last; ++i) left_of(lots[i].second) += Amount(lots[i].second);
    MaximumFlow(part);
    // Of equally urgent lots of a kind the first ones are saved.
    for (size_t i = last; i-- > first;) {
      const int32_t lot = lots[i].second;
      int64_t& left = left_of(lot);
      unsaved_[lot] = std::min(left, Amount(lot));
      left -= unsaved_[lot];
    }
  }
  for (const auto& [urgency, lot] : lots) left_of(lot) += unsaved_[lot];
  refilling_ = false;
}

void Sharing::Empty(int kind) {
  for (int64_t arc = network_.arc_begin[kind]; arc < network_.arc_begin[kind + 1]; ++arc) {
    const int64_t amount = std::exchange(flow_.on_arc[arc], 0);
    if (amount > 0) emptied_.push_back(static_cast<int32_t>(arc));
    flow_.into_bin[network_.head[arc]] -= amount;
    flow_.to_group[network_.group_of[network_.head[arc]]] -= amount;
  }
  flow_.left[kind] = 0;
}

// ── Stage B.

void Sharing::SplitOrSettle(Part part) {
  const bool at_gap = !part.gap_failed && SetTargetsAtGap(part);
  const Level level = at_gap ? part.threshold : SetTargetsAtMean(part);
  MaximumFlow(part);
  const bool met = std::all_of(part.groups.begin(), part.groups.end(),
                               [this](int32_t group) { return flow_.to_group[group] == target_[group]; });
  if (!at_gap && met) return Settle(std::move(part), {.level = level});
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

void Sharing::Enqueue(Part part) {
  if (part.groups.empty()) {
    Settle(std::move(part), {.level = part.threshold});  // unused bins and lots that nobody may have
  } else {
    waiting_.push_back(std::move(part));
  }
}

// What the group has in bins that belong to another part; it stays.
int64_t Sharing::Fixed(int group) const {
  int64_t fixed = 0;
  for (int bin = network_.bin_begin[group]; bin < network_.bin_begin[group + 1]; ++bin) {
    if (part_of_[first_bin_ + bin] != part_of_[group]) fixed += flow_.into_bin[bin];
  }
  return fixed;
}

int64_t Sharing::Most(int group) const {
  Wide most = 0;
  for (int bin = network_.bin_begin[group]; bin < network_.bin_begin[group + 1]; ++bin) {
    most += part_of_[first_bin_ + bin] != part_of_[group] ? flow_.into_bin[bin] : network_.room[bin];
  }
  return static_cast<int64_t>(std::min<Wide>({most, network_.cap[group], kPlenty}));
}

// As many units as start below food ÷ weight.
int64_t Sharing::Target(int group, const Range& range, Wide food, Wide weight) const {
  const Wide units = (food * network_.weight[group] + weight - 1) / weight - network_.history[group];
  return static_cast<int64_t>(std::clamp<Wide>(units, range.least, range.most));
}

// The widest gap in the middle half of the levels, if the levels are far from equal.
bool Sharing::SetTargetsAtGap(Part& part) {
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
std::vector<Sharing::Range> Sharing::Ranges(const Part& part) const {
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
Level Sharing::SetTargetsAtMean(const Part& part) {
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
  for (size_t i = 0; i < ranges.size(); ++i) target_[part.groups[i]] = Target(part.groups[i], ranges[i], food, weight);
  const Level level{static_cast<int64_t>(food), static_cast<int64_t>(weight)};
  threshold_ = {level, -1, 0};
  TakeLastUnits(part, ranges);
  return level;
}

// Targets are whole units that start below the level, so they add up to a little more than there is; the units that
// would be given last are taken away.
void Sharing::TakeLastUnits(const Part& part, const std::vector<Range>& ranges) {
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

void Sharing::MaximumFlow(const Part& part) {
  while (FindDistances(part)) {
    part.ForEach([this](int32_t node) { next_[node] = 0; });
    for (const int32_t group : part.groups) PushFrom(group);
    for (const int32_t kind : part.kinds) PushFrom(kind);
  }
}

int64_t Sharing::Surplus(int node) const {
  return IsGroup(node) ? flow_.to_group[node] - target_[node] : IsBin(node) ? 0 : flow_.left[node - first_kind_];
}

// While the stuck part is filled anew, its bins are where the food ends.
int64_t Sharing::Wanted(int node) const {
  if (IsGroup(node)) return target_[node] - flow_.to_group[node];
  if (!IsBin(node)) return 0;
  const int bin = node - first_bin_;
  return refilling_ && part_of_[network_.group_of[bin]] != part_of_[node] ? network_.room[bin] - flow_.into_bin[bin]
                                                                          : 0;
}

// Calls visit(neighbour) for each neighbour at distance `at` to which a unit at `node` could move, from entry `i` on,
// until it returns true. The distance comes first: it needs one look at a small table, which says of nodes of other
// parts that they are elsewhere.
template <typename Visit>
bool Sharing::Neighbours(int node, int64_t& i, int32_t at, const Visit& visit) {
  if (IsGroup(node)) {
    const int64_t count = network_.bin_begin[node + 1] - network_.bin_begin[node];
    for (; i < count; ++i) {  // taken back out of a bin
      const int bin = network_.bin_begin[node] + static_cast<int>(i);
      if (distance_[first_bin_ + bin] == at && flow_.into_bin[bin] > 0 && visit(first_bin_ + bin)) return true;
    }
  } else if (IsBin(node)) {
    const int bin = node - first_bin_;
    if (i == 0) {  // on to the group
      const int group = network_.group_of[bin];
      if (distance_[group] == at && flow_.into_bin[bin] < network_.room[bin] && visit(group)) return true;
      i = 1;
    }
    const std::vector<Filling>& fillings = filled_by_[bin];
    for (; i <= static_cast<int64_t>(fillings.size()); ++i) {  // back to lots that filled it
      if (distance_[fillings[i - 1].kind] == at && visit(fillings[i - 1].kind)) return true;
    }
  } else if (const uint64_t* bits = BitsOf(node - first_kind_); bits != nullptr && at < kNear) {
    const uint64_t* there = BinsAt(at);
    for (; i < network_.bins(); i = (i / 64 + 1) * 64) {
      if (there[i / 64] == 0) continue;  // most of the time, and without a look at a large table
      for (uint64_t both = bits[i / 64] & there[i / 64] & ~uint64_t{0} << i % 64; both != 0; both &= both - 1) {
        i = i / 64 * 64 + std::countr_zero(both);
        if (visit(first_bin_ + static_cast<int32_t>(i))) return true;
      }
    }
  } else {
    const int kind = node - first_kind_;
    const int32_t* heads = network_.head.data() + network_.arc_begin[kind];
    const int32_t* distances = distance_.data() + first_bin_;
    const int64_t count = Degree(kind);
    for (; i < count; ++i) {
      if (distances[heads[i]] == at && visit(first_bin_ + heads[i])) return true;
    }
  }
  return false;
}

// Kinds that may go into many bins have these as bits, too: 64 bins are looked at together.
void Sharing::SetBits() {
  for (int kind = 0; kind < network_.kinds(); ++kind) {
    const bool many = Degree(kind) >= 2 * words_;  // the bits take no more memory than the arcs
    bits_begin_.push_back(many ? static_cast<int64_t>(bits_.size()) : -1);
    if (!many) continue;
    bits_.resize(bits_.size() + words_, 0);
    uint64_t* bits = bits_.data() + bits_begin_.back();
    for (int64_t arc = network_.arc_begin[kind]; arc < network_.arc_begin[kind + 1]; ++arc)
      bits[network_.head[arc] / 64] |= uint64_t{1} << network_.head[arc] % 64;
  }
  bins_at_.assign(bits_.empty() ? 0 : words_ * (kNear + 1), 0);
}
const uint64_t* Sharing::BitsOf(int kind) const {
  const bool many = kind < static_cast<int>(bits_begin_.size()) && bits_begin_[kind] >= 0;
  return many ? bits_.data() + bits_begin_[kind] : nullptr;
}
uint64_t* Sharing::BinsAt(int32_t distance) {
  return bins_at_.data() + words_ * (distance == kUnseen ? kNear : distance);
}

void Sharing::SetDistance(int32_t node, int32_t distance) {
  const int32_t before = std::exchange(distance_[node], distance);
  if (!IsBin(node) || bins_at_.empty()) return;
  const int bin = node - first_bin_;
  for (const int32_t changed : {before, distance}) {
    if (changed != kElsewhere && changed < kNear) BinsAt(changed)[bin / 64] ^= uint64_t{1} << bin % 64;
  }
}

// Distances from the surplus, as far as the nearest wanting node. False: none can be reached; then exactly the
// reachable nodes have a distance.
bool Sharing::FindDistances(const Part& part) {
  part.ForEach([this](int32_t node) { SetDistance(node, kUnseen); });
  Unlist();
  queue_.clear();
  const auto start = [this](int32_t node) {
    if (Surplus(node) <= 0) return;
    SetDistance(node, 0);
    queue_.push_back(node);
  };
  for (const int32_t group : part.groups) start(group);
  for (const int32_t kind : part.kinds) start(kind);
  int32_t end = std::numeric_limits<int32_t>::max();
  for (size_t i = 0; i < queue_.size() && distance_[queue_[i]] < end; ++i) {
    const int32_t node = queue_[i];
    int64_t entry = 0;
    Neighbours(node, entry, kUnseen, [&](int32_t neighbour) {
      SetDistance(neighbour, distance_[node] + 1);
      if (Wanted(neighbour) > 0) end = distance_[neighbour];
      queue_.push_back(neighbour);
      return false;
    });
  }
  return end != std::numeric_limits<int32_t>::max();
}

// Pushes as much as goes along shortest paths. The path is kept on a stack of its own: it may be as long as the
// network.
void Sharing::PushFrom(int32_t source) {
  if (distance_[source] != 0) return;
  path_.assign(1, source);
  while (!path_.empty() && Surplus(source) > 0) {
    const int32_t node = path_.back();
    if (path_.size() > 1 && Wanted(node) > 0) {
      MoveAlongPath();
      path_.assign(1, source);
      continue;
    }
    const auto go_on = [this](int32_t neighbour) {
      path_.push_back(neighbour);
      return true;
    };
    if (Neighbours(node, next_[node], distance_[node] + 1, go_on)) continue;
    SetDistance(node, kElsewhere);  // a dead end for this phase
    path_.pop_back();
  }
}

void Sharing::MoveAlongPath() {
  const int32_t source = path_.front(), sink = path_.back();
  int64_t amount = std::min(Surplus(source), Wanted(sink));
  for (size_t i = 0; i + 1 < path_.size(); ++i) {
    const int32_t from = path_[i], to = path_[i + 1];
    if (IsGroup(from)) {
      amount = std::min(amount, flow_.into_bin[to - first_bin_]);
    } else if (IsGroup(to)) {
      amount = std::min(amount, network_.room[from - first_bin_] - flow_.into_bin[from - first_bin_]);
    } else if (IsBin(from)) {
      amount = std::min(amount, flow_.on_arc[FillingAt(from).arc]);
    }
  }
  for (size_t i = 0; i + 1 < path_.size(); ++i) {
    const int32_t from = path_[i], to = path_[i + 1];
    if (IsGroup(from)) {
      flow_.into_bin[to - first_bin_] -= amount;
    } else if (IsGroup(to)) {
      flow_.into_bin[from - first_bin_] += amount;
    } else if (IsBin(from)) {
      Filling& filling = FillingAt(from);
      flow_.on_arc[filling.arc] -= amount;
      if (flow_.on_arc[filling.arc] > 0) continue;
      emptied_.push_back(filling.arc);
      filling.kind = from;
    } else {
      const int32_t arc = ArcTo(from - first_kind_, to - first_bin_);
      flow_.on_arc[arc] += amount;
      List(arc);
    }
  }
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

// Where Neighbours() stopped.
Sharing::Filling& Sharing::FillingAt(int32_t bin_node) {
  return filled_by_[bin_node - first_bin_][next_[bin_node] - 1];
}

int32_t Sharing::ArcTo(int kind, int bin) const {
  const auto begin = network_.head.begin() + network_.arc_begin[kind],
             end = network_.head.begin() + network_.arc_begin[kind + 1];
  return static_cast<int32_t>(std::lower_bound(begin, end, bin) - network_.head.begin());
}

void Sharing::List(int32_t arc) {
  if (flow_.on_arc[arc] == 0 || listed_[arc] != 0) return;
  listed_[arc] = 1;
  filled_by_[network_.head[arc]].push_back({arc, first_kind_ + network_.tail[arc]});
}

void Sharing::Unlist() {
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
void Sharing::Split(const Part& part, Part& reached, Part& rest) {
  const int32_t first = ++parts_, second = ++parts_;
  const auto assign = [&](int32_t node, std::vector<int32_t> Part::*where) {
    const bool side = distance_[node] >= 0;
    SetDistance(node, kElsewhere);
    part_of_[node] = side ? first : second;
    ((side ? reached : rest).*where).push_back(node);
  };
  for (const int32_t node : part.groups) assign(node, &Part::groups);
  for (const int32_t node : part.bins) assign(node, &Part::bins);
  for (const int32_t node : part.kinds) assign(node, &Part::kinds);
}

void Sharing::Settle(Part part, const Tie& tie) {
  if (part.groups.empty() && part.bins.empty() && part.kinds.empty()) return;
  const int32_t label = Label(settled_.size());
  part.ForEach([&](int32_t node) { part_of_[node] = label, SetDistance(node, kElsewhere); });
  settled_.push_back({std::move(part), tie});
}

void Sharing::Finish() {
  for (const Settled& settled : settled_) shared_.ties.push_back(settled.tie);
  for (int node = 0; node < nodes_; ++node) {
    auto& ties = IsGroup(node) ? shared_.tie_of_group : IsBin(node) ? shared_.tie_of_bin : shared_.tie_of_kind;
    ties.push_back(-1 - part_of_[node]);
  }
  SetSaved();
}

void Sharing::SetSaved() {
  shared_.saved.clear();
  for (int lot = 0; lot < network_.lots(); ++lot)
    shared_.saved.push_back(Amount(lot) - (unsaved_.empty() ? 0 : unsaved_[lot]));
}

Shared ShareFood(const Network& network, const Flow* start) {
  Shared shared;
  Sharing(network, shared).Run(start);
  return shared;
}

}  // namespace kubari::fairflow
