#include "services/allocation/domain/food_problem.h"

#include <absl/strings/str_format.h>

#include <algorithm>
#include <limits>
#include <map>
#include <set>
#include <tuple>
#include <utility>

#include "libs/errors/macros.h"
#include "libs/fairflow/mixed.h"

namespace kubari::allocation {
namespace {

using Wide = __int128;
using fairflow::kMostFood;

// How often fairflow is asked while storage is narrowed, before what does not fit is taken out: as often as nobody has
// to wait for it.
int Rounds(int64_t pairs) { return pairs <= 300'000 ? 5 : pairs <= 2'000'000 ? 3 : 2; }
// Of many pairs, the groups with which each piece starts.
constexpr int kNearest = 32, kByChance = 32;

// The nearest, and some that are spread over everybody: nearest ones alone would strand food.
void KeepSome(size_t piece, std::vector<fairflow::Arc>& arcs) {
  if (arcs.size() <= kNearest + kByChance) return;
  const auto hash = [piece](const fairflow::Arc& arc) {
    return fairflow::Mixed((static_cast<uint64_t>(piece) << 32 | static_cast<uint32_t>(arc.bin)) + 0x9E3779B97F4A7C15);
  };
  std::nth_element(arcs.begin(), arcs.begin() + kNearest, arcs.end(),
                   [](const auto& a, const auto& b) { return std::tie(a.metres, a.bin) < std::tie(b.metres, b.bin); });
  std::nth_element(arcs.begin() + kNearest, arcs.begin() + kNearest + kByChance, arcs.end(),
                   [&](const auto& a, const auto& b) { return std::pair(hash(a), a.bin) < std::pair(hash(b), b.bin); });
  arcs.resize(kNearest + kByChance);
  std::sort(arcs.begin(), arcs.end(), [](const auto& a, const auto& b) { return a.bin < b.bin; });
}

}  // namespace

FoodProblem::FoodProblem(const Books& books, int64_t many_pairs)
    : books_(books),
      judgement_(books.judgement()),
      groups_(books.groups()),
      weeks_(books.judgement().weeks()),
      many_pairs_(many_pairs) {
  MakePieces();
  MakeProblem();
}

void FoodProblem::MakePieces() {
  for (int s = 0; s < static_cast<int>(judgement_.supplies().size()); ++s) {
    const Supply& supply = books_.supply(s);
    if (supply.value == 0 || supply.first_week >= weeks_) continue;
    const int64_t left = books_.Left(s), cases = left / supply.items_per_case, rest = left % supply.items_per_case;
    const int64_t least =
        supply.min_lot_items <= 1 ? 1 : RoundUp(supply.min_lot_items, supply.items_per_case) / supply.items_per_case;
    if (cases >= least) {
      pieces_.push_back({.supply = s, .items = supply.items_per_case, .cases = cases, .min_cases = least});
      // Of a lot with a smallest quantity an opened case is too little by itself: it goes on top of somebody's share.
      if (rest > 0) pieces_.push_back({.supply = s, .items = rest, .cases = 1, .on_top = supply.min_lot_items > 1});
    } else if (supply.min_lot_items <= 1 ? rest > 0 : left >= supply.min_lot_items) {
      // All of it goes to one group, or is an opened case.
      pieces_.push_back({.supply = s, .items = left, .cases = 1});
    }
  }
}

// Every bin that the piece may go into.
template <typename F>
void FoodProblem::ForEachArc(const Piece& piece, const F& f) const {
  const Supply& supply = books_.supply(piece.supply);
  const auto arc = [&](int group, int week) {
    f(fairflow::Arc{.bin = BinOf(group, supply.zone, week),
                    .metres = WayOf(piece.supply, group, week),
                    .door = week * groups_ + judgement_.DoorOf(piece.supply, group, week)});
  };
  if (books_.AtHand(piece.supply)) {
    for (const int group : books_.Eligible(piece.supply)) arc(group, 0);
    if (supply.urgent) return;
  }
  for (int week = std::max(1, supply.first_week); week < weeks_; ++week) {
    for (int group = 0; group < groups_; ++group) {
      if (books_.MayHave(piece.supply, group, week)) arc(group, week);
    }
  }
}

// A metre for each week: of equal ways the earlier one.
int32_t FoodProblem::WayOf(int s, int group, int week) const {
  int64_t way = books_.Way(s, group, week) + week;
  if (enough_.contains({s, group}) && !books_.Unasked(s, group, week)) way += judgement_.need_metres();
  return static_cast<int32_t>(way);
}

void FoodProblem::Of(int lot, const fairflow::Wish& wanted, std::vector<fairflow::Arc>& arcs) const {
  ForEachArc(pieces_[lot], [&](const fairflow::Arc& arc) {
    if (wanted(arc)) arcs.push_back(arc);
  });
}

// Urgent food day by day, the rest by months; what has no end comes last.
std::vector<int32_t> FoodProblem::Urgencies() const {
  std::set<int64_t> days;
  const auto day_of = [&](int s) {
    const Supply& supply = books_.supply(s);
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

void FoodProblem::MakeProblem() {
  for (int group = 0; group < groups_; ++group) {
    problem_.groups.push_back({.id = absl::StrFormat("%07d", group),
                               .weight = books_.demand(group).weight,
                               .history = books_.demand(group).history + books_.Food(group),
                               .floor = books_.Floor(group),
                               .cap = books_.Cap(group)});
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
      all_metres_known_ = all_metres_known_ && judgement_.Metres(piece.supply, GroupOf(arc.bin)) >= 0;
      arcs.push_back(arc);
    });
    if (sparse_) KeepSome(i, arcs);
    problem_.arcs.insert(problem_.arcs.end(), arcs.begin(), arcs.end());
    problem_.arc_begin.push_back(static_cast<int64_t>(problem_.arcs.size()));
  }
  for (int bin = 0; bin < static_cast<int>(best.size()); ++bin) {
    problem_.bins.push_back(
        {.group = GroupOf(bin),
         .key = static_cast<int32_t>(WeekOf(bin) * kZones + bin % kZones),
         .capacity = static_cast<int64_t>(std::min<Wide>(Wide{RoomOf(bin)} * best[bin], kMostFood))});
  }
}

int64_t FoodProblem::RoomOf(int bin) const {
  const int group = GroupOf(bin), zone = bin % kZones;
  return std::max<int64_t>(0, WeekOf(bin) == 0 ? books_.OwnRoom(group, zone) : books_.demand(group).weekly_room[zone]);
}

absl::Status FoodProblem::Settle() {
  for (int round = 0;; ++round) {
    ASSIGN_OR_RETURN(plan_,
                     fairflow::Solve(problem_, {.tolerance_ppm = books_.options().tolerance_permille() * int64_t{1000}},
                                     sparse_ ? this : nullptr));
    if (round == 0) {
      first_ = plan_.report;
      for (const fairflow::GroupStory& story : plan_.groups) first_fair_.push_back(story.fair);
    }
    if (round + 1 >= Rounds(pairs_) || !Narrow()) return absl::OkStatus();
  }
}

// False: everything fits.
bool FoodProblem::Narrow() {
  const bool bins = NarrowBins(), hubs = NarrowHubs(), needs = NarrowNeeds();
  return bins || hubs || needs;
}

// Groups that get more than they asked for.
bool FoodProblem::NarrowNeeds() {
  if (judgement_.need_metres() == 0) return false;
  std::map<const groups::v1::Need*, int64_t> had;  // in the need's unit
  const auto counts = [&](int s, int group, int week) -> const groups::v1::Need* {
    const groups::v1::Need* need = judgement_.NeedOf(s, group, week);
    return need == nullptr || need->quantity() == 0 || enough_.contains({s, group}) ? nullptr : need;
  };
  const auto add = [&](const groups::v1::Need* need, int s, int64_t items) {
    had[need] += InUnitOf(*need, items, books_.supply(s).items_per_case);
  };
  for (int s = 0; s < judgement_.stock(); ++s) {
    for (const auto& [group, items] : books_.Pinned(s)) {
      if (const groups::v1::Need* need = counts(s, group, 0)) add(need, s, items);
    }
  }
  std::set<int> changed;                                      // supplies
  for (const fairflow::PlannedLine& planned : plan_.lines) {  // by lot: what was there first is what it asked for
    const int s = pieces_[planned.line.lot].supply, group = GroupOf(planned.line.bin);
    const groups::v1::Need* need = counts(s, group, WeekOf(planned.line.bin));
    if (need == nullptr) continue;
    if (had[need] < need->quantity()) {
      add(need, s, ItemsOf(planned));
    } else {
      enough_.emplace(s, group);
      changed.insert(s);
    }
  }
  for (size_t i = 0; i < pieces_.size(); ++i) {
    if (!changed.contains(pieces_[i].supply)) continue;
    for (int64_t a = problem_.arc_begin[i]; a < problem_.arc_begin[i + 1]; ++a) {
      fairflow::Arc& arc = problem_.arcs[a];
      arc.metres = WayOf(pieces_[i].supply, GroupOf(arc.bin), WeekOf(arc.bin));
    }
  }
  return !changed.empty();
}

// Bins that hold more items than fit.
bool FoodProblem::NarrowBins() {
  std::map<int, std::pair<int64_t, int64_t>> used;  // by bin: items and what they are worth
  for (const fairflow::PlannedLine& planned : plan_.lines) {
    auto& [items, worth] = used[planned.line.bin];
    items += ItemsOf(planned);
    worth += ItemsOf(planned) * Value(pieces_[planned.line.lot].supply);
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

// Hubs whose storage is overfilled by what stands behind their doors. The level above which nobody behind the door may
// be is lowered until it fits.
bool FoodProblem::NarrowHubs() {
  struct Behind {
    int64_t items = 0, worth = 0;
  };
  std::map<int, std::map<int, Behind>> doors;  // by the hub's bin, then the group's
  std::vector<int64_t> used(problem_.bins.size(), 0);
  for (const fairflow::PlannedLine& planned : plan_.lines) {
    const int bin = planned.line.bin, s = pieces_[planned.line.lot].supply;
    const int64_t worth = ItemsOf(planned) * Value(s);
    used[bin] += worth;
    const int door = judgement_.DoorOf(s, GroupOf(bin), WeekOf(bin));
    // What a hub has for itself stands there, too, by whatever door it came.
    for (const int where : {door, GroupOf(bin)}) {
      Behind& behind = doors[BinOf(where, bin % kZones, WeekOf(bin))][bin];
      behind.items += ItemsOf(planned);
      behind.worth += worth;
      if (door == GroupOf(bin)) break;
    }
  }
  bool any = false;
  for (const auto& [hub, behind] : doors) {
    if (behind.size() == 1 && behind.begin()->first == hub) continue;  // NarrowBins saw it
    // What is kept at a highest level of `level` ÷ 2^16, for each unit of weight.
    const auto kept = [&](int bin, const Behind& of, Wide level) {
      const Level now = plan_.groups[GroupOf(bin)].level;
      const Wide over = std::max<Wide>(0, now.food - (level * now.weight >> 16));
      return static_cast<int64_t>(std::max<Wide>(0, of.worth - over));
    };
    const auto items = [&](Wide level) {
      Wide sum = 0;
      for (const auto& [bin, of] : behind)
        sum += Wide{of.items} * kept(bin, of, level) / std::max<int64_t>(1, of.worth);
      return sum;
    };
    Wide low = 0, high = 0;
    for (const auto& [bin, of] : behind) {
      const Level now = plan_.groups[GroupOf(bin)].level;
      high = std::max(high, (Wide{now.food} << 16) / now.weight + 1);
    }
    if (items(high) <= RoomOf(hub)) continue;
    while (low < high) {
      const Wide middle = (low + high + 1) / 2;
      if (items(middle) <= RoomOf(hub)) {
        low = middle;
      } else {
        high = middle - 1;
      }
    }
    for (const auto& [bin, of] : behind) {
      const int64_t room = used[bin] - (of.worth - kept(bin, of, low));
      problem_.bins[bin].capacity = std::min(problem_.bins[bin].capacity, room);
    }
    any = true;
  }
  return any;
}

}  // namespace kubari::allocation
