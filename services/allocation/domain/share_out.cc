#include "services/allocation/domain/share_out.h"

#include <absl/strings/str_format.h>

#include <algorithm>
#include <limits>
#include <numeric>
#include <optional>
#include <set>
#include <tuple>
#include <utility>

#include "libs/errors/macros.h"

namespace kubari::allocation {
namespace {

using Wide = __int128;
using fairflow::kMostFood;

// Where the distance is not known the group stands behind all others of the same level.
constexpr int32_t kUnknownMetres = 30'000'000;
// How often fairflow is asked while storage is narrowed, before what does not fit is taken out: as often as nobody has
// to wait for it.
int Rounds(int64_t pairs) { return pairs <= 300'000 ? 5 : pairs <= 2'000'000 ? 3 : 2; }
// Of many pairs, the groups with which each piece starts.
constexpr int kNearest = 32, kByChance = 32;

int64_t RoundUp(int64_t items, int64_t unit) { return (items + unit - 1) / unit * unit; }

// Cases of a supply that are given out whole: a lot of fairflow.
struct Piece {
  int supply = 0;
  int64_t items = 0;  // in one case
  int64_t cases = 0;
  int64_t min_cases = 1;
  bool on_top = false;  // only for groups that get some of the supply anyway
};

// A group waiting for its next case. Of equal levels the smaller weight comes first: the same food lifts it higher.
// Then the nearer, then by index.
struct Candidate {
  Level level;
  int64_t metres;
  int group;
  friend bool operator<(const Candidate& a, const Candidate& b) {
    if (const int order = fairflow::Compare(a.level, b.level); order != 0) return order < 0;
    return std::tie(a.level.weight, a.metres, a.group) < std::tie(b.level.weight, b.metres, b.group);
  }
};

class Sharing final : public fairflow::MoreArcs {
 public:
  Sharing(const pb::Snapshot& snapshot, const Judgement& judgement, int64_t many_pairs)
      : snapshot_(snapshot),
        options_(snapshot.options()),
        judgement_(judgement),
        supplies_(judgement.supplies()),
        demands_(judgement.demands()),
        groups_(static_cast<int>(judgement.demands().size())),
        weeks_(judgement.weeks()),
        many_pairs_(many_pairs),
        shares_(supplies_.size()),
        held_(supplies_.size()),
        later_(supplies_.size()),
        food_(demands_.size()),
        coming_(demands_.size()),
        worthless_(demands_.size()),
        floor_(demands_.size()),
        cap_(demands_.size(), fairflow::kNoLimit) {
    for (const Supply& supply : supplies_) left_.push_back(supply.items);
    for (const Demand& demand : demands_) room_.push_back(demand.room);
  }

  absl::StatusOr<Outcome> Run() {
    RETURN_IF_ERROR(CheckSize());
    ReadBounds();
    TakePins();
    HoldBack();
    FindEligible();
    MakePieces();
    MakeProblem();
    RETURN_IF_ERROR(Settle());
    Apply();
    TakeOutWhatDoesNotFit();
    Fill();
    Polish();
    Tell();
    return std::move(outcome_);
  }

 private:
  // So that no sum below can overflow.
  absl::Status CheckSize() const {
    Wide food = 0;
    for (const Supply& supply : supplies_) food += Wide{supply.items} * supply.value;
    for (const Demand& demand : demands_) food += demand.history;
    if (food <= kMostFood) return absl::OkStatus();
    return absl::InvalidArgumentError("Stock and history are more food than can be counted exactly.");
  }

  // ── What is decided beforehand.

  void ReadBounds() {
    for (const pb::GroupBound& bound : options_.group_bounds()) {
      const std::optional<int> group = judgement_.GroupNamed(bound.group());
      if (!group) continue;
      const auto food = [&](int64_t shown) {
        return static_cast<int64_t>(std::min<Wide>(Wide{shown} * demands_[*group].weight / 100, kMostFood));
      };
      floor_[*group] = food(std::max<int64_t>(0, bound.floor()));
      if (bound.cap() > 0) cap_[*group] = std::max(floor_[*group], food(bound.cap()));
    }
  }

  void TakePins() {
    for (int i = 0; i < options_.pins_size(); ++i) {
      const pb::Pin& pin = options_.pins(i);
      const std::optional<int> supply = judgement_.SupplyNamed(pin.lot(), pin.place());
      const std::optional<int> group = judgement_.GroupNamed(pin.group());
      if (!supply || !group || !pins_.try_emplace({*supply, *group}, i).second) continue;
      if (const int64_t items = std::clamp<int64_t>(pin.items(), 0, left_[*supply]); items > 0)
        Give(*supply, *group, items);
    }
    pinned_food_ = food_;
    for (int group = 0; group < groups_; ++group) {
      for (int64_t& room : room_[group]) room = std::max<int64_t>(0, room);
      floor_[group] = std::max<int64_t>(0, floor_[group] - food_[group]);
      if (cap_[group] != fairflow::kNoLimit) cap_[group] = std::max<int64_t>(0, cap_[group] - food_[group]);
    }
    pinned_ = shares_;
  }

  // What keeps longest stays; urgent food never does.
  void HoldBack() {
    std::vector<int> order(judgement_.stock());
    std::iota(order.begin(), order.end(), 0);
    const auto days = [&](int s) { return supplies_[s].days_left.value_or(std::numeric_limits<int64_t>::max()); };
    std::stable_sort(order.begin(), order.end(), [&](int a, int b) { return days(a) > days(b); });
    for (const pb::HoldBack& hold : options_.hold_backs()) {
      const auto concerns = [&](int s) {
        const stock::v1::Lot& lot = snapshot_.stock(s).lot();
        return !supplies_[s].urgent &&
               (hold.category() == type::v1::FOOD_CATEGORY_UNSPECIFIED || hold.category() == lot.category()) &&
               (hold.temperature_zone() == type::v1::TEMPERATURE_ZONE_UNSPECIFIED ||
                hold.temperature_zone() == lot.temperature_zone());
      };
      int64_t wanted = std::max<int64_t>(0, hold.items());
      if (hold.permille() > 0) {
        Wide all = 0;
        for (const int s : order) all += concerns(s) ? supplies_[s].items : 0;
        wanted = static_cast<int64_t>(all * hold.permille() / 1000);
      }
      for (const int s : order) {
        if (!concerns(s)) continue;
        const int64_t unit = supplies_[s].items_per_case;
        const int64_t cases = std::min(wanted / unit, left_[s] / unit);
        held_[s] += cases * unit;
        left_[s] -= cases * unit;
        wanted -= cases * unit;
      }
    }
  }

  // ── The problem.

  bool MayHave(int supply, int group, int week) const {
    return !pins_.contains({supply, group}) && judgement_.May(supply, group, week);
  }
  int64_t Value(int supply) const { return supplies_[supply].value; }
  bool AtHand(int supply) const { return supply < judgement_.stock(); }
  int BinOf(int group, int zone, int week) const { return (week * groups_ + group) * kZones + zone; }
  int GroupOf(int bin) const { return bin / kZones % groups_; }
  int WeekOf(int bin) const { return bin / kZones / groups_; }

  void FindEligible() {
    eligible_.resize(judgement_.stock());
    for (int s = 0; s < judgement_.stock(); ++s) {
      for (int group = 0; group < groups_; ++group) {
        if (MayHave(s, group, 0)) eligible_[s].push_back(group);
      }
    }
  }

  void MakePieces() {
    for (size_t s = 0; s < supplies_.size(); ++s) {
      const Supply& supply = supplies_[s];
      if (supply.value == 0 || supply.first_week >= weeks_) continue;
      const int64_t cases = left_[s] / supply.items_per_case, rest = left_[s] % supply.items_per_case;
      const int index = static_cast<int>(s);
      const int64_t least =
          supply.min_lot_items <= 1 ? 1 : (supply.min_lot_items + supply.items_per_case - 1) / supply.items_per_case;
      if (cases >= least) {
        pieces_.push_back({.supply = index, .items = supply.items_per_case, .cases = cases, .min_cases = least});
        // Of a lot with a smallest quantity an opened case is too little by itself: it goes on top of somebody's share.
        if (rest > 0)
          pieces_.push_back({.supply = index, .items = rest, .cases = 1, .on_top = supply.min_lot_items > 1});
      } else if (supply.min_lot_items <= 1 ? rest > 0 : left_[s] >= supply.min_lot_items) {
        // All of it goes to one group, or is an opened case.
        pieces_.push_back({.supply = index, .items = left_[s], .cases = 1});
      }
    }
  }

  // Every bin that the piece may go into.
  template <typename F>
  void ForEachArc(const Piece& piece, const F& f) const {
    const Supply& supply = supplies_[piece.supply];
    const auto arc = [&](int group, int week) {
      const int64_t metres = judgement_.Metres(piece.supply, group);
      // A metre for each week: of equal ways the earlier one.
      f(fairflow::Arc{
          .bin = BinOf(group, supply.zone, week),
          .metres =
              static_cast<int32_t>(metres < 0 ? kUnknownMetres : std::min<int64_t>(metres, kUnknownMetres)) + week});
    };
    if (AtHand(piece.supply)) {
      for (const int group : eligible_[piece.supply]) arc(group, 0);
      if (supply.urgent) return;
    }
    for (int week = std::max(1, supply.first_week); week < weeks_; ++week) {
      for (int group = 0; group < groups_; ++group) {
        if (MayHave(piece.supply, group, week)) arc(group, week);
      }
    }
  }

  void Of(int lot, absl::FunctionRef<bool(const fairflow::Arc&)> wanted,
          std::vector<fairflow::Arc>& arcs) const override {
    ForEachArc(pieces_[lot], [&](const fairflow::Arc& arc) {
      if (wanted(arc)) arcs.push_back(arc);
    });
  }

  // Urgent food day by day, the rest by months; what has no end comes last.
  std::vector<int32_t> Urgencies() const {
    std::set<int64_t> days;
    const auto day_of = [&](int s) {
      const Supply& supply = supplies_[s];
      if (!supply.days_left) return std::numeric_limits<int64_t>::max();
      return supply.urgent ? *supply.days_left : *supply.days_left / 30 * 30 + 1'000'000;
    };
    for (const Piece& piece : pieces_) days.insert(day_of(piece.supply));
    std::map<int64_t, int32_t> rank;
    for (const int64_t day : days) rank.emplace(day, static_cast<int32_t>(rank.size()));
    std::vector<int32_t> urgencies;
    for (const Piece& piece : pieces_) urgencies.push_back(rank.at(day_of(piece.supply)));
    return urgencies;
  }

  void MakeProblem() {
    for (int group = 0; group < groups_; ++group) {
      problem_.groups.push_back({.id = absl::StrFormat("%07d", group),
                                 .weight = demands_[group].weight,
                                 .history = demands_[group].history + food_[group],
                                 .floor = floor_[group],
                                 .cap = cap_[group]});
    }
    const std::vector<int32_t> urgencies = Urgencies();
    pairs_ = static_cast<int64_t>(pieces_.size()) * groups_ * weeks_;
    sparse_ = pairs_ > many_pairs_;
    std::vector<int64_t> best(static_cast<size_t>(weeks_) * groups_ * kZones, 0);  // worth of an item, by bin
    for (size_t i = 0; i < pieces_.size(); ++i) {
      const Piece& piece = pieces_[i];
      problem_.lots.push_back({.id = absl::StrFormat("%08d", i),
                               .cases = piece.cases,
                               .value = piece.items * Value(piece.supply),
                               .urgency = urgencies[i],
                               .min_cases = piece.min_cases});
      std::vector<fairflow::Arc> arcs;
      ForEachArc(piece, [&](const fairflow::Arc& arc) {
        best[arc.bin] = std::max(best[arc.bin], Value(piece.supply));
        all_metres_known_ = all_metres_known_ && arc.metres < kUnknownMetres;
        arcs.push_back(arc);
      });
      if (sparse_) KeepSome(i, arcs);
      problem_.arcs.insert(problem_.arcs.end(), arcs.begin(), arcs.end());
      problem_.arc_begin.push_back(static_cast<int64_t>(problem_.arcs.size()));
    }
    for (size_t bin = 0; bin < best.size(); ++bin) {
      const int group = GroupOf(static_cast<int>(bin)), week = WeekOf(static_cast<int>(bin));
      problem_.bins.push_back({.group = group,
                               .key = static_cast<int32_t>(week * kZones + bin % kZones),
                               .capacity = static_cast<int64_t>(
                                   std::min<Wide>(Wide{RoomOf(static_cast<int>(bin))} * best[bin], kMostFood))});
    }
  }
  int64_t RoomOf(int bin) const {
    const int group = GroupOf(bin), zone = bin % kZones;
    return WeekOf(bin) == 0 ? room_[group][zone] : demands_[group].weekly_room[zone];
  }

  // The nearest, and some that are spread over everybody: nearest ones alone would strand food.
  static void KeepSome(size_t piece, std::vector<fairflow::Arc>& arcs) {
    if (arcs.size() <= kNearest + kByChance) return;
    const auto hash = [piece](const fairflow::Arc& arc) {
      uint64_t x = (static_cast<uint64_t>(piece) << 32 | static_cast<uint32_t>(arc.bin)) + 0x9E3779B97F4A7C15;
      x = (x ^ x >> 30) * 0xBF58476D1CE4E5B9;
      x = (x ^ x >> 27) * 0x94D049BB133111EB;
      return x ^ x >> 31;
    };
    std::nth_element(arcs.begin(), arcs.begin() + kNearest, arcs.end(), [](const auto& a, const auto& b) {
      return std::tie(a.metres, a.bin) < std::tie(b.metres, b.bin);
    });
    std::nth_element(
        arcs.begin() + kNearest, arcs.begin() + kNearest + kByChance, arcs.end(),
        [&](const auto& a, const auto& b) { return std::pair(hash(a), a.bin) < std::pair(hash(b), b.bin); });
    arcs.resize(kNearest + kByChance);
    std::sort(arcs.begin(), arcs.end(), [](const auto& a, const auto& b) { return a.bin < b.bin; });
  }

  // ── The solution.

  absl::Status Settle() {
    for (int round = 0;; ++round) {
      ASSIGN_OR_RETURN(plan_,
                       fairflow::Solve(problem_, {.tolerance_ppm = options_.tolerance_permille() * int64_t{1000}},
                                       sparse_ ? this : nullptr));
      if (round == 0) {
        first_ = plan_.report;
        for (const fairflow::GroupStory& story : plan_.groups) first_fair_.push_back(story.fair);
      }
      if (round + 1 >= Rounds(pairs_) || !Narrow()) return absl::OkStatus();
    }
  }

  // Bins that hold more items than fit. False: there are none.
  bool Narrow() {
    std::map<int, std::pair<int64_t, int64_t>> used;  // by bin: items and what they are worth
    for (const fairflow::PlannedLine& planned : plan_.lines) {
      const Piece& piece = pieces_[planned.line.lot];
      auto& [items, worth] = used[planned.line.bin];
      items += planned.line.cases * piece.items;
      worth += planned.line.cases * piece.items * Value(piece.supply);
    }
    bool any = false;
    for (const auto& [bin, use] : used) {
      const auto& [items, worth] = use;
      if (items <= RoomOf(bin)) continue;
      problem_.bins[bin].capacity = static_cast<int64_t>(Wide{RoomOf(bin)} * worth / items);
      any = true;
    }
    return any;
  }

  void Give(int supply, int group, int64_t items) {
    int64_t& share = shares_[supply][group];
    share += items;
    if (share == 0) shares_[supply].erase(group);
    left_[supply] -= items;
    room_[group][supplies_[supply].zone] -= items;
    food_[group] += items * Value(supply);
    if (Value(supply) == 0) worthless_[group] += items;
  }

  // A supply's pieces follow each other, what comes on top behind the rest.
  void Apply() {
    for (const fairflow::PlannedLine& planned : plan_.lines) {
      const Piece& piece = pieces_[planned.line.lot];
      const int64_t items = planned.line.cases * piece.items;
      const int group = GroupOf(planned.line.bin);
      if (AtHand(piece.supply) && WeekOf(planned.line.bin) == 0) {
        if (!piece.on_top || shares_[piece.supply].contains(group)) Give(piece.supply, group, items);
      } else {
        planned_later_ += items * Value(piece.supply);
        coming_[group] += items * Value(piece.supply);
        later_[piece.supply] += items;
        left_[piece.supply] -= items;
      }
    }
  }

  // What is worth least for its room goes first, then what keeps longest.
  void TakeOutWhatDoesNotFit() {
    std::vector<int> order(judgement_.stock());
    std::iota(order.begin(), order.end(), 0);
    const auto key = [&](int s) {
      return std::tuple(Value(s), -supplies_[s].days_left.value_or(std::numeric_limits<int64_t>::max()), s);
    };
    std::sort(order.begin(), order.end(), [&](int a, int b) { return key(a) < key(b); });
    for (const int s : order) {
      const Supply& supply = supplies_[s];
      const std::map<int, int64_t> shares = shares_[s];
      for (const auto& [group, items] : shares) {
        if (pins_.contains({s, group})) continue;
        const int64_t over = -room_[group][supply.zone];
        if (over <= 0) continue;
        int64_t out = std::min(items, RoundUp(over, supply.items_per_case));
        if (items - out < supply.min_lot_items) out = items;
        Give(s, group, -out);
      }
    }
  }

  // ── What is left: to whoever has room for it, the lowest level first.

  void Fill() {
    std::vector<int> order(judgement_.stock());
    std::iota(order.begin(), order.end(), 0);
    std::stable_sort(order.begin(), order.end(), [&](int a, int b) {
      const auto days = [&](int s) { return supplies_[s].days_left.value_or(std::numeric_limits<int64_t>::max()); };
      return days(a) < days(b);
    });
    for (const int s : order) {
      if (left_[s] > 0) FillFrom(s);
    }
  }

  Candidate CandidateOf(int supply, int group) const {
    const int64_t weight = demands_[group].weight;
    const int64_t metres = judgement_.Metres(supply, group);
    const int64_t had =
        Value(supply) == 0 ? worthless_[group] : demands_[group].history + food_[group] + coming_[group];
    return {{had, weight}, metres < 0 ? kUnknownMetres : metres, group};
  }

  // Items of the next hand-out of the supply to the group; 0: it cannot take it.
  int64_t NextChunk(int s, int group, int64_t left) const {
    const Supply& supply = supplies_[s];
    int64_t chunk = std::min(supply.items_per_case, left);
    if (supply.min_lot_items > 1 && !shares_[s].contains(group)) {
      chunk = std::min(RoundUp(supply.min_lot_items, supply.items_per_case), left);
      if (chunk < supply.min_lot_items) return 0;
    }
    return chunk > 0 && chunk <= room_[group][supply.zone] && FitsCap(group, chunk * supply.value) ? chunk : 0;
  }
  bool FitsCap(int group, int64_t food) const {
    return cap_[group] == fairflow::kNoLimit || food_[group] - pinned_food_[group] + food <= cap_[group];
  }

  void FillFrom(int s) {
    std::set<Candidate> waiting;
    for (const int group : eligible_[s]) waiting.insert(CandidateOf(s, group));
    while (left_[s] > 0 && !waiting.empty()) {
      const int group = waiting.begin()->group;
      waiting.erase(waiting.begin());
      int64_t chunk = NextChunk(s, group, left_[s]);
      if (chunk == 0) continue;
      // Mountains are moved by more than a case at a time.
      const int64_t unit = supplies_[s].items_per_case;
      const int64_t many = left_[s] / unit / (static_cast<int64_t>(eligible_[s].size()) * 64) * unit;
      if (many > chunk && many <= room_[group][supplies_[s].zone] && FitsCap(group, many * Value(s))) chunk = many;
      Give(s, group, chunk);
      waiting.insert(CandidateOf(s, group));
    }
  }

  // ── Whole cases once more: fairflow lifts the lowest group as far as it can. Here a case moves whenever that makes
  // the two levels concerned more even, or leaves them as even and the way shorter. For one lot nothing is fairer then:
  // of integral points of a base polyhedron one is best if no exchange of one unit is better (Murota 2003,
  // M-convexity). Every move makes the sorted levels larger, or keeps them and shortens the way, so this ends.

  void Polish() {
    for (int group = 0; group < groups_; ++group) LiftToFloor(group);
    if (options_.tolerance_permille() > 0) return;  // uneven on purpose
    constexpr int kPasses = 6;
    bool moved = true;
    for (int pass = 0; moved && pass < kPasses; ++pass) {
      moved = false;
      for (int s = 0; s < judgement_.stock(); ++s) moved = PolishShares(s) || moved;
    }
  }

  // Case by case from whoever is richest after giving one; a floor may end in the middle of a case, so up to there.
  void LiftToFloor(int group) {
    while (food_[group] - pinned_food_[group] < floor_[group]) {
      std::optional<Candidate> richest;
      int from = -1;
      for (int s = 0; s < judgement_.stock(); ++s) {
        if (Value(s) == 0 || !MayTakeOver(s, group) || !std::ranges::binary_search(eligible_[s], group)) continue;
        for (const auto& [giver, items] : shares_[s]) {
          if (giver == group || !MayGiveUp(s, giver)) continue;
          Candidate candidate = CandidateOf(s, giver);
          candidate.level.food -= supplies_[s].items_per_case * Value(s);
          if (!richest || *richest < candidate) richest = candidate, from = s;
        }
      }
      if (!richest) return;
      Give(from, richest->group, -supplies_[from].items_per_case);
      Give(from, group, supplies_[from].items_per_case);
    }
  }

  bool MayGiveUp(int s, int group) const {
    const Supply& supply = supplies_[s];
    const auto share = shares_[s].find(group);
    if (share == shares_[s].end() || share->second < supply.items_per_case || pins_.contains({s, group})) return false;
    const int64_t rest = share->second - supply.items_per_case;
    const int64_t food = food_[group] - pinned_food_[group] - supply.items_per_case * supply.value;
    return (rest == 0 || rest >= supply.min_lot_items) && food >= floor_[group];
  }
  bool MayTakeOver(int s, int group) const {
    const int64_t unit = supplies_[s].items_per_case;
    return (supplies_[s].min_lot_items <= unit || shares_[s].contains(group)) &&
           unit <= room_[group][supplies_[s].zone] && FitsCap(group, unit * supplies_[s].value);
  }

  // Cheaply, and mostly no: is anybody as poor as the richest would be after giving a case?
  bool CouldPolish(int s) const {
    const int64_t worth = supplies_[s].items_per_case * Value(s);
    std::optional<Level> richest;
    for (const auto& [group, items] : shares_[s]) {
      Level level = CandidateOf(s, group).level;
      level.food -= worth;
      if ((!richest || Less(*richest, level)) && MayGiveUp(s, group)) richest = level;
    }
    return richest && std::ranges::any_of(eligible_[s], [&](int group) {
             return !Less(*richest, CandidateOf(s, group).level) && MayTakeOver(s, group);
           });
  }

  bool PolishShares(int s) {
    if (Value(s) == 0 || !CouldPolish(s)) return false;
    const int64_t unit = supplies_[s].items_per_case, worth = unit * Value(s);
    std::set<Candidate> givers, takers;  // by the level after giving, and before taking
    const auto put = [&](int group, bool in) {
      const auto change = [&](std::set<Candidate>& set, const Candidate& candidate) {
        in ? static_cast<void>(set.insert(candidate)) : static_cast<void>(set.erase(candidate));
      };
      Candidate candidate = CandidateOf(s, group);
      if (MayTakeOver(s, group)) change(takers, candidate);
      candidate.level.food -= worth;
      if (MayGiveUp(s, group)) change(givers, candidate);
    };
    for (const int group : eligible_[s]) put(group, true);
    bool moved = false;
    while (!givers.empty() && !takers.empty()) {
      const Candidate giver = *givers.rbegin(), taker = *takers.begin();
      if (giver.group == taker.group) break;
      const int order = fairflow::Compare(giver.level, taker.level);
      if (order < 0) break;
      if (order == 0) {
        // The poorer of the two stays as poor; what counts is the richer one.
        const int richer = fairflow::Compare({taker.level.food + worth, taker.level.weight},
                                             {giver.level.food + worth, giver.level.weight});
        if (richer < 0 || (richer == 0 && taker.metres >= giver.metres)) break;
      }
      put(giver.group, false);
      put(taker.group, false);
      Give(s, giver.group, -unit);
      Give(s, taker.group, unit);
      put(giver.group, true);
      put(taker.group, true);
      moved = true;
    }
    return moved;
  }

  // ── The story.

  void Tell() {
    TellGroups();
    TellShares();
    TellUnallocated();
    TellWanting();
    TellTies();
    TellBounds();
  }

  void TellGroups() {
    for (int group = 0; group < groups_; ++group) {
      const Demand& demand = demands_[group];
      GroupOutcome& told = outcome_.groups.emplace_back();
      told.before = {demand.history, demand.weight};
      told.after = {demand.history + food_[group], demand.weight};
      told.fair = plan_.groups[group].fair;
    }
    for (int s = 0; s < judgement_.stock(); ++s) {
      outcome_.eligible_groups.push_back(static_cast<int>(eligible_[s].size()));
      for (const int group : eligible_[s]) ++outcome_.groups[group].eligible_supplies;
      for (const auto& [group, items] : shares_[s]) {
        outcome_.groups[group].taken[supplies_[s].zone] += items;
        // What was pinned was not among the eligible.
        if (pins_.contains({s, group})) ++outcome_.groups[group].eligible_supplies;
      }
    }
  }

  void TellShares() {
    for (int s = 0; s < judgement_.stock(); ++s) {
      if (shares_[s].empty()) continue;
      std::optional<Candidate> next;
      for (const int group : eligible_[s]) {
        if (NextChunk(s, group, std::numeric_limits<int64_t>::max()) == 0) continue;
        const Candidate candidate = CandidateOf(s, group);
        if (!next || candidate < *next) next = candidate;
      }
      for (const auto& [group, items] : shares_[s]) {
        const auto pin = pins_.find({s, group});
        outcome_.shares.push_back({.supply = s,
                                   .group = group,
                                   .items = items,
                                   .pin = pin == pins_.end() ? -1 : pin->second,
                                   .next_group = next ? next->group : -1});
      }
    }
  }

  Leftover WhyLeft(int s) const {
    if (judgement_.LotLeftOut(s)) return Leftover::kLeftOut;
    if (eligible_[s].empty()) {
      for (int group = 0; group < groups_; ++group) {
        if (judgement_.CodesOf(s, group).empty()) return Leftover::kLeftOut;  // but for the options it would have gone
      }
      return Leftover::kNoEligibleGroup;
    }
    const Supply& supply = supplies_[s];
    if (left_[s] < supply.min_lot_items && shares_[s].empty()) return Leftover::kBelowMinimumLot;
    bool room = false;
    for (const int group : eligible_[s]) {
      const int64_t chunk = std::min(supply.items_per_case, left_[s]);
      if (room_[group][supply.zone] < chunk) continue;
      room = true;
      if (!FitsCap(group, chunk * supply.value)) return Leftover::kAtCap;
    }
    return room ? Leftover::kBelowMinimumLot : Leftover::kNoRoom;
  }

  void TellUnallocated() {
    for (int s = 0; s < judgement_.stock(); ++s) {
      if (left_[s] > 0) {
        const Leftover why = WhyLeft(s);
        outcome_.unallocated.push_back({s, left_[s], why});
      }
      if (held_[s] > 0) outcome_.unallocated.push_back({s, held_[s], Leftover::kHeldBack});
      if (later_[s] > 0) outcome_.unallocated.push_back({s, later_[s], Leftover::kKeptForLater});
    }
  }

  // Full storage without which the group would have got more: of what stays, of what a richer group has, or by a chain
  // of such exchanges that fairflow saw.
  void TellWanting() {
    std::vector<std::array<bool, kZones>> seen(groups_);
    for (int group = 0; group < groups_; ++group) {
      for (const int32_t bin : plan_.groups[group].wanting_bins)
        seen[group][bin % kZones] = seen[group][bin % kZones] || WeekOf(bin) == 0;
    }
    for (int s = 0; s < judgement_.stock(); ++s) {
      const Supply& supply = supplies_[s];
      const int64_t unit = supply.items_per_case, worth = unit * supply.value;
      std::optional<Level> richest;  // after giving a case
      for (const auto& [group, items] : shares_[s]) {
        const Level level = CandidateOf(s, group).level;
        if (MayGiveUp(s, group) && (!richest || Less(*richest, {level.food - worth, level.weight})))
          richest = {level.food - worth, level.weight};
      }
      for (const int group : eligible_[s]) {
        if (room_[group][supply.zone] >= unit || !FitsCap(group, worth)) continue;
        if (left_[s] > 0 || (richest && Less(CandidateOf(s, group).level, *richest)) || seen[group][supply.zone])
          outcome_.groups[group].wanting[supply.zone] = true;
      }
    }
  }

  void TellTies() {
    for (const fairflow::TieStory& tie : plan_.ties) {
      TieOf& told = outcome_.ties.emplace_back();
      told.level = tie.level;
      std::set<int> supplies;
      for (const int32_t lot : tie.lots) supplies.insert(pieces_[lot].supply);
      told.supplies.assign(supplies.begin(), supplies.end());
      for (const int32_t group : tie.groups) {
        if (outcome_.groups[group].eligible_supplies == 0) continue;
        told.groups.push_back(group);
        outcome_.groups[group].tie = static_cast<int>(outcome_.ties.size()) - 1;
      }
      std::sort(told.groups.begin(), told.groups.end());
    }
  }

  void TellBounds() {
    for (size_t s = 0; s < supplies_.size(); ++s) {
      const bool seen = AtHand(static_cast<int>(s)) || supplies_[s].first_week < weeks_;
      if (seen) outcome_.food += (supplies_[s].items - held_[s]) * supplies_[s].value;
    }
    int64_t pinned = 0, pinned_case_metres = 0;
    for (int s = 0; s < judgement_.stock(); ++s) {
      for (const auto& [group, items] : pinned_[s]) {
        pinned += items * Value(s);
        pinned_case_metres += (items + supplies_[s].items_per_case - 1) / supplies_[s].items_per_case *
                              std::max<int64_t>(0, judgement_.Metres(s, group));
      }
      for (const auto& [group, items] : shares_[s]) outcome_.given_out += items * Value(s);
    }
    outcome_.given_out += planned_later_;
    outcome_.given_out_bound = first_.saved_bound + pinned;
    outcome_.lowest_bound = {0, 0};
    for (int group = 0; group < groups_; ++group) {
      if (outcome_.groups[group].eligible_supplies == 0) continue;
      if (outcome_.lowest_bound.weight == 0 || Less(first_fair_[group], outcome_.lowest_bound))
        outcome_.lowest_bound = first_fair_[group];
    }
    if (weeks_ == 1 && all_metres_known_)
      outcome_.case_metres_bound = plan_.report.case_metres_bound + pinned_case_metres;
  }

  const pb::Snapshot& snapshot_;
  const pb::RunOptions& options_;
  const Judgement& judgement_;
  const std::vector<Supply>& supplies_;
  const std::vector<Demand>& demands_;
  const int groups_, weeks_;
  const int64_t many_pairs_;

  // By supply: what each group has, what is left of the items, what is held back, what goes out in later weeks.
  std::vector<std::map<int, int64_t>> shares_, pinned_;
  std::vector<int64_t> left_, held_, later_;
  // By group: room by zone (negative while too much is in it), milli-person-days of this run, of the plan for later
  // weeks, items without food value, and bounds of what it gets beside its pins.
  std::vector<std::array<int64_t, kZones>> room_;
  std::vector<int64_t> food_, pinned_food_, coming_, worthless_, floor_, cap_;
  std::map<std::pair<int, int>, int> pins_;     // supply, group → index of the option
  std::vector<std::vector<int32_t>> eligible_;  // by supply of the stock: groups, in the first week

  std::vector<Piece> pieces_;
  fairflow::Problem problem_;
  bool sparse_ = false, all_metres_known_ = true;
  int64_t pairs_ = 0, planned_later_ = 0;
  fairflow::Plan plan_;
  fairflow::Report first_;
  std::vector<Level> first_fair_;
  Outcome outcome_;
};

}  // namespace

absl::StatusOr<Outcome> ShareOut(const pb::Snapshot& snapshot, const Judgement& judgement, int64_t many_pairs) {
  return Sharing(snapshot, judgement, many_pairs).Run();
}

}  // namespace kubari::allocation
