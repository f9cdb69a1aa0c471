#include "services/allocation/domain/filling.h"

#include <algorithm>
#include <limits>
#include <map>
#include <numeric>
#include <optional>
#include <set>
#include <tuple>
#include <utility>
#include <vector>

namespace kubari::allocation {
namespace {

int64_t DaysLeft(const Books& books, int s) {
  return books.supply(s).days_left.value_or(std::numeric_limits<int64_t>::max());
}

std::vector<int> Stock(const Books& books) {
  std::vector<int> order(books.judgement().stock());
  std::iota(order.begin(), order.end(), 0);
  return order;
}

// ── Taking out.

// Without its smallest quantity nothing of the supply goes through the door.
void CloseDoorIfTooLittle(Books& books, int s, int door) {
  const int64_t through = books.ThroughDoor(s, door);
  if (through == 0 || through >= books.supply(s).min_lot_items) return;
  const std::map<int, int64_t> shares = books.Shares(s);
  for (const auto& [group, items] : shares) {
    if (books.PinOf(s, group) < 0 && books.judgement().DoorOf(s, group) == door) books.Give(s, group, -items);
  }
}

// Of the supply, where its own or its hub's storage is overfilled.
void TakeOutOf(Books& books, int s) {
  const Supply& supply = books.supply(s);
  std::vector<Candidate> highest_first;
  for (const auto& [group, items] : books.Shares(s)) {
    if (books.PinOf(s, group) < 0 && books.Room(s, group) < 0) highest_first.push_back(books.CandidateOf(s, group));
  }
  std::sort(highest_first.rbegin(), highest_first.rend());
  for (const Candidate& candidate : highest_first) {
    const int group = candidate.group;
    const int64_t over = -books.Room(s, group), items = books.Shares(s).contains(group) ? books.Shares(s).at(group) : 0;
    if (over <= 0 || items == 0) continue;
    books.Give(s, group, -std::min(items, RoundUp(over, supply.items_per_case)));
    CloseDoorIfTooLittle(books, s, books.judgement().DoorOf(s, group));
  }
}

// ── Filling.

// A door through which too little goes yet is opened for several groups together. False: none could be.
bool OpenDoors(Books& books, int s) {
  const Supply& supply = books.supply(s);
  if (supply.min_lot_items <= supply.items_per_case || books.judgement().hubs().empty()) return false;
  bool opened = false;
  std::map<int, std::vector<int>> behind;  // by door of a hub
  for (const int group : books.Eligible(s)) {
    const int door = books.judgement().DoorOf(s, group);
    if (books.ThroughDoor(s, door) < supply.min_lot_items) behind[door].push_back(group);
  }
  std::vector<std::pair<Candidate, int>> doors;
  for (const auto& [door, groups] : behind) {
    if (groups.size() < 2) continue;
    Candidate lowest = books.CandidateOf(s, groups.front());
    for (const int group : groups) lowest = std::min(lowest, books.CandidateOf(s, group));
    doors.emplace_back(lowest, door);
  }
  std::sort(doors.begin(), doors.end());
  for (const auto& [lowest, door] : doors) {
    std::vector<std::pair<int, int64_t>> given;
    std::set<Candidate> waiting;
    for (const int group : behind[door]) waiting.insert(books.CandidateOf(s, group));
    while (books.ThroughDoor(s, door) < supply.min_lot_items && !waiting.empty()) {
      const int group = waiting.begin()->group;
      waiting.erase(waiting.begin());
      const int64_t chunk = std::min(supply.items_per_case, books.Left(s));
      if (chunk == 0 || chunk > books.Room(s, group) || !books.FitsCap(group, chunk * supply.value)) continue;
      books.Give(s, group, chunk);
      given.emplace_back(group, chunk);
      waiting.insert(books.CandidateOf(s, group));
    }
    if (books.ThroughDoor(s, door) >= supply.min_lot_items) {
      opened = true;
    } else {
      for (const auto& [group, items] : given) books.Give(s, group, -items);
    }
  }
  return opened;
}

void FillFrom(Books& books, int s) {
  std::set<Candidate> waiting;
  for (const int group : books.Eligible(s)) waiting.insert(books.CandidateOf(s, group));
  while (books.Left(s) > 0 && !waiting.empty()) {
    const int group = waiting.begin()->group;
    waiting.erase(waiting.begin());
    int64_t chunk = books.NextChunk(s, group, books.Left(s));
    if (chunk == 0) continue;
    // Mountains are moved by more than a case at a time.
    const int64_t unit = books.supply(s).items_per_case;
    const int64_t many = books.Left(s) / unit / (static_cast<int64_t>(books.Eligible(s).size()) * 64) * unit;
    if (many > chunk && many <= books.Room(s, group) && books.FitsCap(group, many * books.Value(s))) chunk = many;
    books.Give(s, group, chunk);
    waiting.insert(books.CandidateOf(s, group));
  }
}

// ── Polishing.

// Case by case from whoever is richest after giving one; a floor may end in the middle of a case, so up to there.
void LiftToFloor(Books& books, int group) {
  while (books.Food(group) - books.PinnedFood(group) < books.Floor(group)) {
    std::optional<Candidate> richest;
    int from = -1;
    for (int s = 0; s < books.judgement().stock(); ++s) {
      if (books.Value(s) == 0 || !std::ranges::binary_search(books.Eligible(s), group)) continue;
      for (const auto& [giver, items] : books.Shares(s)) {
        const bool same = books.judgement().DoorOf(s, giver) == books.judgement().DoorOf(s, group);
        if (giver == group || !books.MayGiveUp(s, giver, same) || !books.MayTakeOver(s, group, same)) continue;
        Candidate candidate = books.CandidateOf(s, giver);
        candidate.level.food -= books.supply(s).items_per_case * books.Value(s);
        if (!richest || *richest < candidate) richest = candidate, from = s;
      }
    }
    if (!richest) return;
    books.Give(from, richest->group, -books.supply(from).items_per_case);
    books.Give(from, group, books.supply(from).items_per_case);
  }
}

// Cheaply, and mostly no: is anybody as poor as the richest would be after giving a case?
bool CouldPolish(const Books& books, int s, const std::vector<int32_t>& groups, bool same_door) {
  const int64_t worth = books.supply(s).items_per_case * books.Value(s);
  std::optional<Level> richest;
  for (const auto& [group, items] : books.Shares(s)) {
    Level level = books.CandidateOf(s, group).level;
    level.food -= worth;
    if ((!richest || Less(*richest, level)) && books.MayGiveUp(s, group, same_door)) richest = level;
  }
  return richest && std::ranges::any_of(groups, [&](int group) {
           return !Less(*richest, books.CandidateOf(s, group).level) && books.MayTakeOver(s, group, same_door);
         });
}

// Among `groups`; `same_door`: they are all behind one.
bool PolishShares(Books& books, int s, const std::vector<int32_t>& groups, bool same_door) {
  if (!CouldPolish(books, s, groups, same_door)) return false;
  const int64_t unit = books.supply(s).items_per_case, worth = unit * books.Value(s);
  std::set<Candidate> givers, takers;  // by the level after giving, and before taking
  const auto put = [&](int group, bool in) {
    const auto change = [&](std::set<Candidate>& set, const Candidate& candidate) {
      in ? static_cast<void>(set.insert(candidate)) : static_cast<void>(set.erase(candidate));
    };
    Candidate candidate = books.CandidateOf(s, group);
    if (!in || books.MayTakeOver(s, group, same_door)) change(takers, candidate);
    candidate.level.food -= worth;
    if (!in || books.MayGiveUp(s, group, same_door)) change(givers, candidate);
  };
  for (const int group : groups) put(group, true);
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
    // A hub's door is shared: what others gave through it or took since may forbid it now.
    if (books.MayGiveUp(s, giver.group, same_door)) {
      books.Give(s, giver.group, -unit);
      if (books.MayTakeOver(s, taker.group, same_door)) {
        books.Give(s, taker.group, unit);
        moved = true;
        put(giver.group, true);
        put(taker.group, true);
        continue;
      }
      books.Give(s, giver.group, unit);
      put(giver.group, true);  // somebody else may take it
    } else {
      put(taker.group, true);  // … or give it
    }
  }
  return moved;
}

// First among the groups behind each hub's door, where no room and no smallest quantity is in the way.
bool PolishSupply(Books& books, int s) {
  if (books.Value(s) == 0) return false;
  bool moved = false;
  std::map<int, std::vector<int32_t>> behind;
  for (const int32_t group : books.Eligible(s)) {
    if (books.judgement().hubs().empty()) break;
    const int door = books.judgement().DoorOf(s, group);
    if (books.judgement().IsHub(door) && books.ThroughDoor(s, door) > 0) behind[door].push_back(group);
  }
  for (const auto& [door, groups] : behind) {
    if (groups.size() > 1) moved = PolishShares(books, s, groups, /*same_door=*/true) || moved;
  }
  return PolishShares(books, s, books.Eligible(s), /*same_door=*/false) || moved;
}

}  // namespace

void TakeOutWhatDoesNotFit(Books& books) {
  std::vector<int> order = Stock(books);
  const auto key = [&](int s) { return std::tuple(books.Value(s), -DaysLeft(books, s), s); };
  std::sort(order.begin(), order.end(), [&](int a, int b) { return key(a) < key(b); });
  for (const int s : order) TakeOutOf(books, s);
}

void Fill(Books& books) {
  std::vector<int> order = Stock(books);
  std::stable_sort(order.begin(), order.end(), [&](int a, int b) { return DaysLeft(books, a) < DaysLeft(books, b); });
  for (const int s : order) {
    if (books.Left(s) > 0) FillFrom(books, s);
    if (books.Left(s) > 0 && OpenDoors(books, s)) FillFrom(books, s);
  }
}

void Polish(Books& books) {
  for (int group = 0; group < books.groups(); ++group) LiftToFloor(books, group);
  if (books.options().tolerance_permille() > 0) return;  // uneven on purpose
  constexpr int kPasses = 6;
  bool moved = true;
  for (int pass = 0; moved && pass < kPasses; ++pass) {
    moved = false;
    for (int s = 0; s < books.judgement().stock(); ++s) moved = PolishSupply(books, s) || moved;
  }
}

}  // namespace kubari::allocation
