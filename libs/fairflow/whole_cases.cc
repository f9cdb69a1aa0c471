#include "libs/fairflow/whole_cases.h"

#include <algorithm>
#include <map>
#include <optional>
#include <queue>
#include <set>
#include <tuple>

namespace kubari::fairflow {
namespace {

using Wide = __int128;

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
  Rounding(const Problem& problem, const Network& network, const Aim& aim)
      : problem_(problem), network_(network), aim_(aim), free_(network.room), food_(network.groups(), 0) {
    lines_.resize(network.lots());
    in_bin_.resize(network.bins());
    left_.assign(network.cases.begin(), network.cases.end());
  }

  void Round(const std::vector<Carried::Part>& parts) {
    RoundDown(parts);
    GiveDividedCases();
    GiveTheRest();
    LiftTheLowest();
  }

  void Take(const std::vector<Line>& lines) {
    for (const Line& line : lines) Put(line.lot, line.bin, line.cases);
    GiveTheRest();
  }

  std::vector<Line> Improve() {
    for (const int64_t worth : kWorths) {
      for (int round = 0; round < kFillings && FillUp(worth * aim_.way); ++round) GiveTheRest();
      if (NearlyAll()) break;
    }
    LiftTheLowest();
    std::vector<Line> result;
    for (const auto& lines : lines_) {
      for (const auto& [bin, cases] : lines) result.push_back({LotOf(lines), bin, cases});
    }
    return result;
  }

 private:
  using Lines = std::map<int32_t, int64_t>;  // bin, cases
  static constexpr int kFillings = 3;        // more hardly ever find anything
  static constexpr int64_t kMostOut = 6;     // cases of a lot that make room for another's at once
  // A milli-person-day that would stay is worth so many times the way that one goes on average; more if too much stays.
  static constexpr int64_t kWorths[] = {30, 120, 480};
  // So little of the food at hand, as a part of it, may stay although there would be room for it.
  static constexpr int64_t kNearly = 20'000;
  // Nor is a group that is below the lowest level by so little of it lifted at any price.
  static constexpr int64_t kClose = 2'000;

  int32_t LotOf(const Lines& lines) const { return static_cast<int32_t>(&lines - lines_.data()); }
  int64_t Value(int lot) const { return network_.value[lot]; }
  int64_t Amount(int lot, int64_t cases) const { return cases == 0 ? 0 : cases * Value(lot); }
  Level LevelOf(int group, int64_t more = 0) const {
    return {network_.history[group] + food_[group] + more, network_.weight[group]};
  }
  bool MayStay(int lot) const { return aim_.may_stay[lot] != 0; }
  // What the group lacks of its total in stage C.
  int64_t LackOf(int group) const { return aim_.total[group] - food_[group]; }
  int64_t RoomOf(int bin) const {
    const int group = network_.group_of[bin];
    return std::min(free_[bin], network_.cap[group] - food_[group]);
  }
  bool HasRoom(int bin, int64_t amount) const { return RoomOf(bin) >= amount; }

  // ── Smallest quantities: a door that is open stays open, and none is opened.

  int64_t Least(int lot) const { return problem_.lots[network_.lot_index[lot]].min_cases; }
  static int32_t DoorOf(const Arc& arc, int bin) { return arc.door < 0 ? -1 - bin : arc.door; }
  int64_t Through(int lot, int32_t door) const {
    const auto found = through_.find({lot, door});
    return found == through_.end() ? 0 : found->second;
  }
  bool Open(int lot, const Arc& arc, int bin) const { return Least(lot) == 1 || Through(lot, DoorOf(arc, bin)) > 0; }
  // Of the cases in the bin so many may leave it.
  int64_t Spare(int lot, int bin) const {
    const auto found = lines_[lot].find(bin);
    if (found == lines_[lot].end()) return 0;
    if (Least(lot) == 1) return found->second;
    const Arc* const arc = ArcTo(lot, bin);
    return arc == nullptr ? 0 : std::min(found->second, Through(lot, DoorOf(*arc, bin)) - Least(lot));
  }

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
    if (Least(lot) > 1) {
      if (const Arc* const arc = ArcTo(lot, bin); arc != nullptr) through_[{lot, DoorOf(*arc, bin)}] += cases;
    }
  }

  // Calls act(bin, arc) for every open arc of the lot.
  template <typename Act>
  void ForEachArc(int lot, const Act& act) const {
    const int index = network_.lot_index[lot];
    const bool any = Least(lot) == 1;
    for (int64_t i = problem_.arc_begin[index]; i < problem_.arc_begin[index + 1]; ++i) {
      const Arc& arc = problem_.arcs[i];
      if (const int32_t bin = network_.bin_rank[arc.bin]; any || Open(lot, arc, bin)) act(bin, arc);
    }
  }
  const Arc* ArcTo(int lot, int bin) const {
    const int index = network_.lot_index[lot];
    const auto begin = problem_.arcs.begin() + problem_.arc_begin[index],
               end = problem_.arcs.begin() + problem_.arc_begin[index + 1];
    const auto found = std::find_if(begin, end, [&](const Arc& arc) { return arc.bin == network_.bin_index[bin]; });
    return found == end ? nullptr : &*found;
  }
  int64_t MetresTo(int lot, int bin) const {
    const Arc* const arc = ArcTo(lot, bin);
    return arc == nullptr ? 0 : arc->metres;
  }

  // With canonical numbers, the nearest first.
  std::vector<Arc> ArcsOf(int lot) const {
    std::vector<Arc> arcs;
    ForEachArc(lot, [&](int bin, Arc arc) {
      arc.bin = bin;
      arcs.push_back(arc);
    });
    std::sort(arcs.begin(), arcs.end(),
              [](const Arc& a, const Arc& b) { return std::tie(a.metres, a.bin) < std::tie(b.metres, b.bin); });
    return arcs;
  }

  void RoundDown(const std::vector<Carried::Part>& parts) {
    divided_.resize(network_.groups());
    for (const Carried::Part& part : parts) {
      Put(part.lot, part.bin, part.amount / Value(part.lot));
      if (const int64_t rest = part.amount % Value(part.lot); rest > 0) {
        divided_[network_.group_of[part.bin]].push_back({part.lot, part.bin, rest});
      }
    }
  }

  void GiveDividedCases() {
    std::priority_queue<Lack> waiting;
    const auto push = [&](int group) {
      if (!divided_[group].empty()) waiting.push({{LackOf(group), network_.weight[group]}, group});
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
        const auto left = static_cast<Wide>(a.rest) * Value(b.lot), right = static_cast<Wide>(b.rest) * Value(a.lot);
        return left != right ? left < right : std::tie(a.lot, a.bin) > std::tie(b.lot, b.bin);
      });
      Put(largest->lot, largest->bin, 1);
      divided.erase(largest);
      push(group);
    }
  }

  void GiveTheRest() {
    GiveWhatMayStay();
    std::vector<std::pair<int32_t, int32_t>> lots;
    for (int lot = 0; lot < network_.lots(); ++lot) {
      if (left_[lot] > 0) lots.emplace_back(network_.urgency[lot], lot);
    }
    std::sort(lots.begin(), lots.end());
    for (const auto& [urgency, lot] : lots) {
      const std::vector<Arc> arcs = ArcsOf(lot);
      while (left_[lot] > 0 && (GiveToTheLowest(lot, arcs) || (!MayStay(lot) && MakeRoom(lot, arcs)))) {
      }
    }
  }

  // Of lots that may stay there is more than anybody has room for. So a group that lacks at least half a case has it of
  // the lot that comes cheapest, for a milli-person-day.
  void GiveWhatMayStay() {
    struct Offer {
      int32_t urgency;
      int64_t cost;  // of a milli-person-day
      int32_t lot, bin;
      auto operator<=>(const Offer&) const = default;
    };
    const auto wanted = [&](int lot, int bin) {
      const int64_t value = Value(lot), lack = LackOf(network_.group_of[bin]), room = RoomOf(bin);
      if (room < value) return int64_t{0};
      return std::min({left_[lot], room / value, lack / value + (lack % value >= value - lack % value)});
    };
    std::vector<Offer> offers;
    for (int lot = 0; lot < network_.lots(); ++lot) {
      if (left_[lot] == 0 || !MayStay(lot)) continue;
      ForEachArc(lot, [&](int bin, const Arc& arc) {
        const int64_t cost = (int64_t{arc.metres} << kCostBits) / Value(lot);
        if (wanted(lot, bin) > 0) offers.push_back({network_.urgency[lot], cost, lot, bin});
      });
    }
    std::sort(offers.begin(), offers.end());
    for (const Offer& offer : offers) {
      if (const int64_t cases = wanted(offer.lot, offer.bin); cases > 0) Put(offer.lot, offer.bin, cases);
    }
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

  // ── Filling up.

  bool NearlyAll() const {
    int64_t food = 0, lack = 0;
    for (int lot = 0; lot < network_.lots(); ++lot) food += Amount(lot, network_.cases[lot]);
    for (int group = 0; group < network_.groups(); ++group) lack += LackOf(group);
    return lack <= food / kNearly;
  }

  struct Staying {
    int32_t lot;
    int64_t metres;
  };

  // Room into which no case fits any more: cases of lots that stay take the place of others that are not more urgent.
  // `price`: of a milli-person-day that stays, in 2⁻¹⁴ metres.
  bool FillUp(int64_t price) {
    std::vector<std::vector<Staying>> staying(network_.bins());
    for (int lot = 0; lot < network_.lots(); ++lot) {
      if (left_[lot] == 0) continue;
      ForEachArc(lot, [&](int bin, const Arc& arc) {
        if (RoomOf(bin) > 0) staying[bin].push_back({lot, arc.metres});
      });
    }
    bool any = false;
    for (int bin = 0; bin < network_.bins(); ++bin) {
      while (Replace(bin, staying[bin], price)) any = true;
    }
    return any;
  }

  // Several cases of one lot for a few of another (so that all but a remainder of the room may be of use, as with coins
  // of two kinds): where the price of the food that is gained is most above the way.
  bool Replace(int bin, const std::vector<Staying>& staying, int64_t price) {
    if (staying.empty()) return false;
    const int64_t room = RoomOf(bin);
    Wide most = 0;
    int32_t in = -1, out = -1;
    int64_t ins = 0, outs = 0;
    for (const int32_t old : in_bin_[bin]) {
      const int64_t metres_saved = MetresTo(old, bin), there = std::min(kMostOut, Spare(old, bin));
      for (const auto& [lot, metres] : staying) {
        if (left_[lot] == 0 || network_.urgency[lot] > network_.urgency[old]) continue;
        for (int64_t o = 1; o <= there; ++o) {
          const int64_t i = std::min((room + o * Value(old)) / Value(lot), left_[lot]);
          const int64_t more = i * Value(lot) - o * Value(old);
          if (more < 0) continue;
          const Wide gain =
              static_cast<Wide>(more) * price - (static_cast<Wide>(i * metres - o * metres_saved) << kCostBits);
          if (gain > most) most = gain, in = lot, out = old, ins = i, outs = o;
        }
      }
    }
    if (in < 0) return false;
    const int64_t more = ins * Value(in) - outs * Value(out);
    int64_t times = std::min(left_[in] / ins, Spare(out, bin) / outs);
    if (more > 0) times = std::min(times, room / more);
    Put(out, bin, -outs * times);
    Put(in, bin, ins * times);
    return true;
  }

  // A case of another lot moves from one of the bins to another bin of its own, so that this lot's case fits.
  bool MakeRoom(int lot, const std::vector<Arc>& arcs) {
    for (const Arc& arc : arcs) {
      const int group = network_.group_of[arc.bin];
      for (const int32_t other : in_bin_[arc.bin]) {
        const int64_t gained = Value(lot) - Value(other);
        if (other == lot || Spare(other, arc.bin) == 0) continue;
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
    Level fair{network_.history[0] + aim_.total[0], network_.weight[0]};
    for (int group = 1; group < network_.groups(); ++group) {
      const Level level{network_.history[group] + aim_.total[group], network_.weight[group]};
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
    const Level close{fair.food - fair.food / kClose, fair.weight};
    while (!low.empty()) {
      const auto lowest = std::max_element(low.begin(), low.end(), higher);
      if (!Less(LevelOf(*lowest), fair)) return;
      const bool lifted = Lift(*lowest, fair, How::kMove) || Lift(*lowest, fair, How::kSwap) ||
                          (Less(LevelOf(*lowest), close) && Lift(*lowest, close, How::kTrade));
      if (!lifted) low.erase(lowest);
    }
  }

  // The lots that may go to one of these groups, with the bin.
  void FindLotsInto(const std::vector<int32_t>& groups) {
    into_.assign(network_.groups(), {});
    std::vector<char> wanted(network_.groups(), 0);
    for (const int32_t group : groups) wanted[group] = 1;
    for (int lot = 0; lot < network_.lots(); ++lot) {
      ForEachArc(lot, [&](int bin, const Arc&) {
        if (const int group = network_.group_of[bin]; wanted[group] != 0) into_[group].emplace_back(lot, bin);
      });
    }
  }

  // What the group has beyond the level; negative: what it lacks.
  int64_t Beyond(int group, const Level& level) const {
    const auto least = (static_cast<Wide>(level.food) * network_.weight[group] + level.weight - 1) / level.weight;
    return static_cast<int64_t>(network_.history[group] + food_[group] - least);
  }

  enum class How {
    kMove,   // a case from a group that stays at the goal
    kSwap,   // a case for a smaller one, with such a group
    kTrade,  // several for none or a few, with a group that stays above where the poor one was
  };

  // Cases of `in` come from a bin of the giver's, and cases of `out` go back to one.
  struct Exchange {
    int32_t in = -1, from = -1, into = -1;
    int32_t out = -1, out_of = -1, back = -1;
    int64_t ins = 0, outs = 0;
    bool enough = false;  // both groups reach the goal
    Level poorer;         // of the two, afterwards
    int64_t detour = 0;

    // The shortest detour of those that are enough, or else what leaves the poorer highest.
    bool Better(const Exchange& other) const {
      if (enough != other.enough) return enough;
      if (const int order = enough ? 0 : Compare(poorer, other.poorer); order != 0) return order > 0;
      const auto key = [](const Exchange& e) {
        return std::tie(e.detour, e.in, e.into, e.from, e.out, e.out_of, e.back, e.outs, e.ins);
      };
      return key(*this) < key(other);
    }
  };

  // Every time the lowest of those concerned is higher than before, so this comes to an end.
  bool Lift(int group, const Level& goal, How how) {
    std::optional<Exchange> best;
    const auto consider = [&](Exchange exchange) {
      const int giver = network_.group_of[exchange.from];
      const int64_t gain = Gain(exchange);
      if (exchange.ins <= 0 || gain <= 0 || !HasRoomFor(exchange)) return;
      const Level lowered = LevelOf(giver, -gain), lifted = LevelOf(group, gain);
      if (how == How::kTrade ? !Less(LevelOf(group), lowered) : Less(lowered, goal)) return;
      exchange.poorer = Less(lowered, lifted) ? lowered : lifted;
      exchange.enough = !Less(exchange.poorer, goal);
      if (best && best->enough && !exchange.enough) return;
      exchange.detour = Detour(exchange);
      if (!best || exchange.Better(*best)) best = exchange;
    };
    // Just enough cases for what goes back, or one less, so that the giver keeps more.
    const auto consider_several = [&](Exchange exchange, int64_t spare) {
      const int64_t value = Value(exchange.in), out = Amount(exchange.out, exchange.outs);
      const int64_t room = free_[exchange.into] + (exchange.out_of == exchange.into ? out : 0);
      const int64_t enough = (out - Beyond(group, goal) + value - 1) / value, fits = std::min(room / value, spare);
      exchange.ins = std::min(enough, fits);
      consider(exchange);
      exchange.ins = enough - 1;
      if (enough <= fits) consider(exchange);
    };
    for (const auto& [lot, into] : into_[group]) {
      for (const auto& [from, cases] : lines_[lot]) {
        const int64_t spare = network_.group_of[from] == group ? 0 : Spare(lot, from);
        if (spare <= 0) continue;
        Exchange exchange{.in = lot, .from = from, .into = into, .ins = 1};
        if (how == How::kMove) consider(exchange);
        if (how == How::kTrade) consider_several(exchange, spare);
        if (how != How::kMove) {
          ForEachReturn(group, exchange, [&](int64_t most) {
            for (exchange.outs = 1; exchange.outs <= most; ++exchange.outs) {
              if (how == How::kTrade) {
                consider_several(exchange, spare);
              } else if (exchange.outs == 1) {
                consider(exchange);
              }
            }
          });
        }
      }
    }
    if (best) Do(Repeated(*best, group, goal));
    return best.has_value();
  }

  // Sets what may go back to the giver, and calls act(how many cases of it at most).
  template <typename Act>
  void ForEachReturn(int group, Exchange& exchange, const Act& act) const {
    const int giver = network_.group_of[exchange.from];
    for (int bin = network_.bin_begin[group]; bin < network_.bin_begin[group + 1]; ++bin) {
      for (const int32_t out : in_bin_[bin]) {
        const int32_t back = out == exchange.in ? -1 : BinOf(out, giver);
        if (back < 0) continue;
        exchange.out = out, exchange.out_of = bin, exchange.back = back;
        act(std::min(kMostOut, Spare(out, bin)));
      }
    }
  }

  int64_t Gain(const Exchange& e) const { return Amount(e.in, e.ins) - Amount(e.out, e.outs); }
  int64_t Detour(const Exchange& e) const {
    const int64_t there = e.ins * (MetresTo(e.in, e.into) - MetresTo(e.in, e.from));
    return e.outs == 0 ? there : there + e.outs * (MetresTo(e.out, e.back) - MetresTo(e.out, e.out_of));
  }
  bool HasRoomFor(const Exchange& e) const {
    const int64_t in = Amount(e.in, e.ins), out = Amount(e.out, e.outs);
    const int group = network_.group_of[e.into];
    if (network_.cap[group] - food_[group] < in - out) return false;
    if (free_[e.into] + (e.out_of == e.into ? out : 0) < in) return false;
    return e.outs == 0 || free_[e.back] + (e.back == e.from ? in : 0) >= out;
  }
  void Do(const Exchange& e) {
    Put(e.in, e.from, -e.ins);
    if (e.outs > 0) Put(e.out, e.out_of, -e.outs);
    Put(e.in, e.into, e.ins);
    if (e.outs > 0) Put(e.out, e.back, e.outs);
  }

  // As often as leaves the giver at the goal and does not lift the group beyond it; at least once.
  Exchange Repeated(const Exchange& once, int group, const Level& goal) const {
    const int giver = network_.group_of[once.from];
    int64_t times = std::min(Beyond(giver, goal), -Beyond(group, goal)) / Gain(once);
    times = std::min(times, Spare(once.in, once.from) / once.ins);
    if (once.outs > 0) times = std::min(times, Spare(once.out, once.out_of) / once.outs);
    for (Exchange several = once; times > 1; times /= 2) {
      several.ins = once.ins * times, several.outs = once.outs * times;
      if (HasRoomFor(several)) return several;
    }
    return once;
  }

  // An open bin of the group into which the lot may go; −1: none.
  int32_t BinOf(int lot, int group) const {
    const int kind = network_.kind_of[lot];
    const auto begin = network_.head.begin() + network_.arc_begin[kind],
               end = network_.head.begin() + network_.arc_begin[kind + 1];
    const auto found = std::lower_bound(begin, end, network_.bin_begin[group]);
    if (found == end || *found >= network_.bin_begin[group + 1]) return -1;
    return Least(lot) == 1 || Open(lot, *ArcTo(lot, *found), *found) ? *found : -1;
  }

  struct Divided {
    int32_t lot, bin;
    int64_t rest;
  };

  const Problem& problem_;
  const Network& network_;
  const Aim& aim_;
  std::vector<int64_t> free_;                                   // by bin
  std::vector<int64_t> food_;                                   // by group
  std::vector<int64_t> left_;                                   // by lot, cases
  std::vector<Lines> lines_;                                    // by lot
  std::map<std::pair<int32_t, int32_t>, int64_t> through_;      // lots with a smallest quantity: lot, door; cases
  std::vector<std::set<int32_t>> in_bin_;                       // lots
  std::vector<std::vector<Divided>> divided_;                   // by group
  std::vector<std::vector<std::pair<int32_t, int32_t>>> into_;  // by group: lot, bin
};

}  // namespace

Aim MakeAim(const Network& network, const Shared& shared, const Carried& carried) {
  Aim aim;
  aim.total.assign(network.groups(), 0);
  int64_t food = 0;
  for (const Carried::Part& part : carried.parts) {
    aim.total[network.group_of[part.bin]] += part.amount;
    food += part.amount;
  }
  if (food > 0) aim.way += static_cast<int64_t>((Wide{carried.case_metres} << kCostBits) / food);
  for (const int32_t kind : network.kind_of)
    aim.may_stay.push_back(shared.ties[shared.tie_of_kind[kind]].stuck ? 1 : 0);
  return aim;
}

std::vector<Line> WholeCases(const Problem& problem, const Network& network, const Aim& aim, const Carried& carried) {
  Rounding rounding(problem, network, aim);
  rounding.Round(carried.parts);
  return rounding.Improve();
}

std::vector<Line> Improved(const Problem& problem, const Network& network, const Aim& aim,
                           const std::vector<Line>& lines) {
  Rounding rounding(problem, network, aim);
  rounding.Take(lines);
  return rounding.Improve();
}

}  // namespace kubari::fairflow
