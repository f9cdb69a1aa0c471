#include "libs/fairflow/whole_cases.h"

#include <algorithm>
#include <map>
#include <optional>
#include <queue>
#include <set>
#include <tuple>

namespace kubari::fairflow {
namespace {

// What a group still lacks of its fair total, for each unit of weight; the largest comes first, of equals the smaller
// number.
struct Lack {
  Level lack;  // may be negative
  int32_t group;
  friend bool operator<(const Lack& a, const Lack& b) {
    const int order = Compare(a.lack, b.lack);
    return order != 0 ? order < 0 : a.group > b.group;
  }
};

class Rounding {
 public:
  Rounding(const Problem& problem, const Network& network, const Shared& shared)
      : problem_(problem), network_(network), shared_(shared), free_(network.room), food_(network.groups(), 0) {
    lines_.resize(network.lots());
    in_bin_.resize(network.bins());
    left_.assign(network.cases.begin(), network.cases.end());
  }

  std::vector<Line> Run(const Carried& carried) {
    total_.assign(network_.groups(), 0);
    for (const Carried::Part& part : carried.parts) total_[network_.group_of[part.bin]] += part.amount;
    RoundDown(carried);
    GiveDividedCases();
    GiveTheRest();
    LiftTheLowest();
    for (int round = 0; round < kFillings && FillUp(); ++round) GiveTheRest();
    LiftTheLowest();
    std::vector<Line> result;
    for (const auto& lines : lines_) {
      for (const auto& [bin, cases] : lines) result.push_back({LotOf(lines), bin, cases});
    }
    return result;
  }

 private:
  using Lines = std::map<int32_t, int64_t>;  // bin, cases
  static constexpr int kFillings = 4;        // more hardly ever find anything

  int32_t LotOf(const Lines& lines) const { return static_cast<int32_t>(&lines - lines_.data()); }
  int64_t Value(int lot) const { return network_.value[lot]; }
  Level LevelOf(int group, int64_t more = 0) const {
    return {network_.history[group] + food_[group] + more, network_.weight[group]};
  }
  // Stage A found room for all of it.
  bool Whole(int lot) const { return !shared_.ties[shared_.tie_of_kind[network_.kind_of[lot]]].stuck; }
  int64_t RoomOf(int bin) const {
    const int group = network_.group_of[bin];
    return std::min(free_[bin], network_.cap[group] - food_[group]);
  }
  bool HasRoom(int bin, int64_t amount) const { return RoomOf(bin) >= amount; }

  void Put(int lot, int bin, int64_t cases) {
    if (cases == 0) return;
    int64_t& there = lines_[lot][bin];
    there += cases;
    if (there == 0) lines_[lot].erase(bin);
    if (there == 0) {
      in_bin_[bin].erase(lot);
    } else {
      in_bin_[bin].insert(lot);
    }
    left_[lot] -= cases;
    free_[bin] -= cases * Value(lot);
    food_[network_.group_of[bin]] += cases * Value(lot);
  }

  // All bins of the lot, with distances; canonical numbers.
  std::vector<Arc> ArcsOf(int lot) const {
    const int index = network_.lot_index[lot];
    std::vector<Arc> arcs(problem_.arcs.begin() + problem_.arc_begin[index],
                          problem_.arcs.begin() + problem_.arc_begin[index + 1]);
    for (Arc& arc : arcs) arc.bin = network_.bin_rank[arc.bin];
    std::sort(arcs.begin(), arcs.end(),
              [](const Arc& a, const Arc& b) { return std::tie(a.metres, a.bin) < std::tie(b.metres, b.bin); });
    return arcs;
  }

  void RoundDown(const Carried& carried) {
    divided_.resize(network_.groups());
    for (const Carried::Part& part : carried.parts) {
      Put(part.lot, part.bin, part.amount / Value(part.lot));
      if (const int64_t rest = part.amount % Value(part.lot); rest > 0) {
        divided_[network_.group_of[part.bin]].push_back({part.lot, part.bin, rest});
      }
    }
  }

  void GiveDividedCases() {
    std::priority_queue<Lack> waiting;
    const auto push = [&](int group) {
      if (!divided_[group].empty()) waiting.push({{total_[group] - food_[group], network_.weight[group]}, group});
    };
    for (int group = 0; group < network_.groups(); ++group) push(group);
    while (!waiting.empty()) {
      const int group = waiting.top().group;
      waiting.pop();
      auto& divided = divided_[group];
      std::erase_if(divided, [this](const Divided& d) { return left_[d.lot] == 0 || !HasRoom(d.bin, Value(d.lot)); });
      if (divided.empty()) continue;
      // Of which the group should have had the largest part.
      const auto largest = std::max_element(divided.begin(), divided.end(), [this](const Divided& a, const Divided& b) {
        const auto left = static_cast<__int128>(a.rest) * Value(b.lot),
                   right = static_cast<__int128>(b.rest) * Value(a.lot);
        return left != right ? left < right : std::tie(a.lot, a.bin) > std::tie(b.lot, b.bin);
      });
      Put(largest->lot, largest->bin, 1);
      divided.erase(largest);
      push(group);
    }
  }

  void GiveTheRest() {
    std::vector<std::pair<int32_t, int32_t>> lots;
    for (int lot = 0; lot < network_.lots(); ++lot) {
      if (left_[lot] > 0) lots.emplace_back(network_.urgency[lot], lot);
    }
    std::sort(lots.begin(), lots.end());
    for (const auto& [urgency, lot] : lots) {
      const std::vector<Arc> arcs = ArcsOf(lot);
      while (left_[lot] > 0 && (Whole(lot) ? GiveToTheLowest(lot, arcs) || MakeRoom(lot, arcs)
                                           : GiveToTheNearest(lot, arcs) || GiveToTheLowest(lot, arcs))) {
      }
    }
  }

  // The nearest of those who lack at least half a case.
  bool GiveToTheNearest(int lot, const std::vector<Arc>& arcs) {
    const int64_t value = Value(lot);
    for (const Arc& arc : arcs) {
      const int group = network_.group_of[arc.bin];
      const int64_t lack = total_[group] - food_[group];
      if (lack < value - lack || !HasRoom(arc.bin, value)) continue;
      Put(lot, arc.bin, std::min({left_[lot], RoomOf(arc.bin) / value, std::max<int64_t>(1, lack / value)}));
      return true;
    }
    return false;
  }

  // Of very many cases several at a time: the last ones, one by one, still make the levels even.
  bool GiveToTheLowest(int lot, const std::vector<Arc>& arcs) {
    int best = -1;
    for (const Arc& arc : arcs) {
      if (!HasRoom(arc.bin, Value(lot))) continue;
      if (best < 0 || Less(LevelOf(network_.group_of[arc.bin]), LevelOf(network_.group_of[best]))) best = arc.bin;
    }
    if (best < 0) return false;
    const int64_t several = left_[lot] / (2 * static_cast<int64_t>(arcs.size()));
    Put(lot, best, std::min(RoomOf(best) / Value(lot), std::max<int64_t>(1, several)));
    return true;
  }

  // Room into which no case fits any more: cases of lots that stay take the place of smaller ones that are not more
  // urgent.
  bool FillUp() {
    std::vector<std::vector<int32_t>> staying(network_.bins());
    for (int lot = 0; lot < network_.lots(); ++lot) {
      if (left_[lot] == 0) continue;
      const int kind = network_.kind_of[lot];
      for (int64_t arc = network_.arc_begin[kind]; arc < network_.arc_begin[kind + 1]; ++arc) {
        if (RoomOf(network_.head[arc]) > 0) staying[network_.head[arc]].push_back(lot);
      }
    }
    bool any = false;
    for (int bin = 0; bin < network_.bins(); ++bin) {
      while (Replace(bin, staying[bin])) any = true;
    }
    return any;
  }

  bool Replace(int bin, const std::vector<int32_t>& staying) {
    const int64_t room = RoomOf(bin);
    int64_t most = 0;
    int32_t in = -1, out = -1;
    for (const int32_t larger : staying) {
      if (left_[larger] == 0) continue;
      for (const int32_t smaller : in_bin_[bin]) {
        const int64_t gain = Value(larger) - Value(smaller);
        if (gain <= most || gain > room || network_.urgency[larger] > network_.urgency[smaller]) continue;
        most = gain, in = larger, out = smaller;
      }
    }
    if (in < 0) return false;
    const int64_t cases = std::min({left_[in], lines_[out][bin], room / most});
    Put(out, bin, -cases);
    Put(in, bin, cases);
    return true;
  }

  // A case of another lot moves from one of the bins to another bin of its own, so that this lot's case fits.
  bool MakeRoom(int lot, const std::vector<Arc>& arcs) {
    for (const Arc& arc : arcs) {
      const int group = network_.group_of[arc.bin];
      for (const int32_t other : in_bin_[arc.bin]) {
        const int64_t gained = Value(lot) - Value(other);
        if (free_[arc.bin] < gained || network_.cap[group] - food_[group] < gained) continue;
        for (const Arc& way : ArcsOf(other)) {
          if (way.bin == arc.bin || !HasRoom(way.bin, Value(other))) continue;
          Put(other, arc.bin, -1);
          Put(other, way.bin, 1);
          Put(lot, arc.bin, 1);
          return true;
        }
      }
    }
    return false;
  }

  // ── Lifting.

  void LiftTheLowest() {
    if (network_.groups() == 0) return;
    Level fair{network_.history[0] + total_[0], network_.weight[0]};
    for (int group = 1; group < network_.groups(); ++group) {
      const Level level{network_.history[group] + total_[group], network_.weight[group]};
      if (Less(level, fair)) fair = level;
    }
    std::vector<int32_t> low;
    for (int group = 0; group < network_.groups(); ++group) {
      if (Less(LevelOf(group), fair)) low.push_back(group);
    }
    if (low.empty()) return;
    FindLotsInto(low);
    // The lowest first; a group that cannot be lifted stays where it is.
    const auto higher = [this](int32_t a, int32_t b) {
      const int order = Compare(LevelOf(a), LevelOf(b));
      return order != 0 ? order > 0 : a > b;
    };
    while (!low.empty()) {
      const auto lowest = std::max_element(low.begin(), low.end(), higher);
      if (!Less(LevelOf(*lowest), fair)) return;
      if (!Lift(*lowest, fair)) low.erase(lowest);
    }
  }

  // The lots that may go to one of these groups, with the bin and the way there.
  void FindLotsInto(const std::vector<int32_t>& groups) {
    into_.assign(network_.groups(), {});
    std::vector<char> wanted(network_.groups(), 0);
    for (const int32_t group : groups) wanted[group] = 1;
    for (int lot = 0; lot < network_.lots(); ++lot) {
      const int index = network_.lot_index[lot];
      for (int64_t arc = problem_.arc_begin[index]; arc < problem_.arc_begin[index + 1]; ++arc) {
        const int32_t bin = network_.bin_rank[problem_.arcs[arc].bin];
        const int32_t group = network_.group_of[bin];
        if (wanted[group] != 0) into_[group].push_back({lot, bin, problem_.arcs[arc].metres});
      }
    }
  }

  int64_t MetresTo(int lot, int bin) const {
    const int index = network_.lot_index[lot];
    for (int64_t arc = problem_.arc_begin[index]; arc < problem_.arc_begin[index + 1]; ++arc) {
      if (network_.bin_rank[problem_.arcs[arc].bin] == bin) return problem_.arcs[arc].metres;
    }
    return 0;
  }

  // What the group has beyond the level; negative: what it lacks.
  int64_t Beyond(int group, const Level& level) const {
    const auto least = (static_cast<__int128>(level.food) * network_.weight[group] + level.weight - 1) / level.weight;
    return static_cast<int64_t>(network_.history[group] + food_[group] - least);
  }
  // So many of a change that moves `amount` from one group to the other: as many as leave the one above the level and
  // are not enough to lift the other there; at least one.
  int64_t Repeated(int64_t amount, int giver, int group, const Level& fair) const {
    return std::max<int64_t>(1, std::min(Beyond(giver, fair), -Beyond(group, fair)) / amount);
  }

  // One case more for the group, taken from where no group falls below the fair minimum; the shortest detour of those
  // that lift it there, or else the one that lifts it most.
  bool Lift(int group, const Level& fair) {
    struct Move {
      bool enough;
      int64_t key;  // metres of detour, or minus what it lifts
      int32_t lot, bin, from;
      auto operator<=>(const Move&) const = default;
    };
    std::optional<Move> best;
    for (const Into& into : into_[group]) {
      const int64_t value = Value(into.lot);
      if (!HasRoom(into.bin, value)) continue;
      const bool enough = !Less(LevelOf(group, value), fair);
      for (const auto& [from, cases] : lines_[into.lot]) {
        const int giver = network_.group_of[from];
        if (giver == group || Less(LevelOf(giver, -value), fair)) continue;
        const int64_t detour = into.metres - MetresTo(into.lot, from);
        const Move move{!enough, enough ? detour : -value, into.lot, into.bin, from};
        if (!best || move < *best) best = move;
      }
    }
    if (best) {
      const int64_t value = Value(best->lot);
      const int64_t cases = std::min({Repeated(value, network_.group_of[best->from], group, fair),
                                      lines_[best->lot][best->from], RoomOf(best->bin) / value});
      Put(best->lot, best->from, -cases);
      Put(best->lot, best->bin, cases);
      return true;
    }
    return Exchange(group, fair);
  }

  // A larger case for a smaller one, with a group that stays above the fair minimum: what is just enough, or else what
  // lifts it most.
  bool Exchange(int group, const Level& fair) {
    struct Swap {
      bool enough;
      int64_t key;  // what it lifts, or minus that
      int32_t lot, bin, from, other, other_bin, back;
      auto operator<=>(const Swap&) const = default;
    };
    std::optional<Swap> best;
    for (const Into& into : into_[group]) {
      const int64_t value = Value(into.lot);
      for (const auto& [from, cases] : lines_[into.lot]) {
        const int giver = network_.group_of[from];
        if (giver == group) continue;
        for (int bin = network_.bin_begin[group]; bin < network_.bin_begin[group + 1]; ++bin) {
          for (const int32_t other : in_bin_[bin]) {
            const int64_t smaller = Value(other), gain = value - smaller;
            if (gain <= 0 || network_.cap[group] - food_[group] < gain || Less(LevelOf(giver, -gain), fair)) continue;
            if (free_[into.bin] + (bin == into.bin ? smaller : 0) < value) continue;
            const int32_t back = BinOf(other, giver);
            if (back < 0 || free_[back] + (back == from ? value : 0) < smaller) continue;
            const bool enough = !Less(LevelOf(group, gain), fair);
            const Swap swap{!enough, enough ? gain : -gain, into.lot, into.bin, from, other, bin, back};
            if (!best || swap < *best) best = swap;
          }
        }
      }
    }
    if (!best) return false;
    const int64_t value = Value(best->lot), smaller = Value(best->other), gain = value - smaller;
    const int64_t into = free_[best->bin] / (best->bin == best->other_bin ? gain : value);
    const int64_t back = best->back == best->from ? into : free_[best->back] / smaller;
    const int64_t cases =
        std::min({Repeated(gain, network_.group_of[best->from], group, fair), lines_[best->lot][best->from],
                  lines_[best->other][best->other_bin], into, back, (network_.cap[group] - food_[group]) / gain});
    Put(best->lot, best->from, -cases);
    Put(best->other, best->other_bin, -cases);
    Put(best->lot, best->bin, cases);
    Put(best->other, best->back, cases);
    return true;
  }

  // A bin of the group into which the lot may go; -1: none.
  int32_t BinOf(int lot, int group) const {
    const int kind = network_.kind_of[lot];
    const auto begin = network_.head.begin() + network_.arc_begin[kind],
               end = network_.head.begin() + network_.arc_begin[kind + 1];
    const auto found = std::lower_bound(begin, end, network_.bin_begin[group]);
    return found != end && *found < network_.bin_begin[group + 1] ? *found : -1;
  }

  struct Divided {
    int32_t lot, bin;
    int64_t rest;
  };
  struct Into {
    int32_t lot, bin, metres;
  };

  const Problem& problem_;
  const Network& network_;
  const Shared& shared_;
  std::vector<int64_t> total_;                 // by group, in the solution of stage C
  std::vector<int64_t> free_;                  // by bin
  std::vector<int64_t> food_;                  // by group
  std::vector<int64_t> left_;                  // by lot, cases
  std::vector<Lines> lines_;                   // by lot
  std::vector<std::set<int32_t>> in_bin_;      // lots
  std::vector<std::vector<Divided>> divided_;  // by group
  std::vector<std::vector<Into>> into_;        // by group
};

}  // namespace

std::vector<Line> WholeCases(const Problem& problem, const Network& network, const Shared& shared,
                             const Carried& carried) {
  return Rounding(problem, network, shared).Run(carried);
}

}  // namespace kubari::fairflow
