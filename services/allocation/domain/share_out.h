// The fair-share policy: who gets how many items of which supply. What is decided beforehand (pins, what is left out or
// held back) is taken out, the rest is a problem for libs/fairflow:
//
//   save as much food as can be saved, what ends first before what ends later; share it as fairly as it can be shared,
//   the past year included (leximin); carry it the shortest way; in whole cases
//
//   Books (what is decided) ─▶ FoodProblem (fairflow, some rounds) ─▶ Filling (what fits, case by case) ─▶ Outcome
//
// Some things fairflow does not know are settled around it:
//
//   * Storage in items, and the storage of hubs: food_problem.h. What still does not fit after some rounds is taken
//     out, and goes where there is room.
//   * An opened case goes to one group whole: a lot of one case.
//   * Goods without food value go, case by case, to who asked for them, then to whoever has had fewest of them in this
//     run.
//   * What groups asked for makes them nearer (Books::Way): it decides among ways, never how much a group gets.
//
// Integers only, total order in every comparison: equal problems have equal outcomes on every machine.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "libs/fairflow/solve.h"
#include "services/allocation/domain/judge.h"
#include "services/allocation/domain/levels.h"

namespace kubari::allocation {

// Names the policy and its rules; changes whenever an equal snapshot may come out differently.
inline constexpr char kPolicyVersion[] = "fair-share/6";

// What one group gets of one supply.
struct Share {
  int supply = 0;
  int group = 0;
  int64_t items = 0;
  // Decided by a pin of the options; index, or -1.
  int pin = -1;
  // Who would have had the next case; -1: nobody could take it.
  int next_group = -1;
  // By which hub it comes, or -1. All that goes through the door (the hub's, or the group's own), and for how many
  // groups.
  int hub = -1;
  int64_t door_items = 0;
  int door_groups = 0;
  // Of a run in which groups choose (market.h): the claim or bid of the snapshot, and which part of the bid. -1: none.
  int entry = -1;
  int part = 0;
};

enum class Leftover {
  kNoEligibleGroup,
  kNoRoom,
  kHubFull,  // those with room get it by hubs that have none
  kBelowMinimumLot,
  kAtCap,    // those with room are at their cap
  kLeftOut,  // the lot, or every group that might have it, is left out by the options
  kHeldBack,
  kKeptForLater,  // the plan gives it out in a coming week
  kNotTaken,      // groups chose, and none wanted it (any more)
};

// Items that stay, and why.
struct Unallocated {
  int supply = 0;
  int64_t items = 0;
  Leftover reason = Leftover::kNoEligibleGroup;
};

// Groups and supplies that ended together, see fairflow::TieStory.
struct TieOf {
  Level level;
  std::vector<int> groups, supplies;  // in order; expected supplies among them
};

struct GroupOutcome {
  Level before, after;                        // with this run's shares, pins included; after: of the first week
  Level fair;                                 // as divisible food would have it (over all weeks)
  int tie = -1;                               // -1: it may have nothing
  std::array<bool, kZones> wanting{};         // full storage without which it would have got more
  std::array<bool, kZones> wanting_at_hub{};  // … of its hub
  std::array<int64_t, kZones> taken{};        // items of this run
  int eligible_supplies = 0;                  // of the stock, at hand and not left out
};

struct Outcome {
  std::vector<Share> shares;             // by supply, then group
  std::vector<Unallocated> unallocated;  // by supply, then reason
  std::vector<GroupOutcome> groups;
  std::vector<TieOf> ties;
  std::vector<int> eligible_groups;  // by supply of the stock: how many groups may have it
  // In milli-person-days, over all weeks: at hand (less what is held back), given out, and the most that could be.
  int64_t food = 0, given_out = 0, given_out_bound = 0;
  Level lowest_bound;  // of eligible groups; weight 0: there are none
  // 0 with a horizon. Where needs count: of ways on which as many cases go to groups that asked for them.
  int64_t case_metres_bound = 0;
};

// With more pairs of supplies and groups than this, not all are written down at once: some for each supply, and
// fairflow asks for those others that matter. The bounds are those over all pairs either way.
inline constexpr int64_t kManyPairs = 8'000'000;

// INVALID_ARGUMENT if numbers are beyond what fairflow counts exactly.
absl::StatusOr<Outcome> ShareOut(const pb::Snapshot& snapshot, const Judgement& judgement,
                                 int64_t many_pairs = kManyPairs);

}  // namespace kubari::allocation
