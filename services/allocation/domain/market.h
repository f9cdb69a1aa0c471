// Claims and sealed bids: the groups choose, this decides who gets what. Pure: it sees the snapshot, in which
// everything that groups did stands in its order, and what fair share would do with it.
//
// Claims, one after the other. Each must be a lot that the group may have, in whole cases (or all that is free), not
// below the smallest quantity (behind a hub with what comes by the hub already: one delivery), within its storage and
// within its cap. Cap: (1 + allowance) × its fair share of this
// run, and never less than what fair share would give it in whole cases. So the caps together cover all food, and
// whoever comes late finds its fair share if the others leave it. (An allowance on the level as a whole, history
// included, would let those take most who had most already.) Urgent food counts, but the cap does not stop it.
//
// Bids, lot by lot, what ends first before what ends later. The highest price for a case goes first; of equal prices
// the group that has less food, then the bid's name. A bid by one group takes as many cases as are left, as it can
// store and pay; a joint bid all of its parts or none. Everybody pays the price it bid.
//
// Integers only, total order in every comparison.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "services/allocation/domain/judge.h"
#include "services/allocation/domain/share_out.h"

namespace kubari::allocation {

// What holds for a run from its opening to its end.
struct MarketTerms {
  std::vector<int64_t> offered;  // by supply of the stock: items, less what is held back
  std::vector<int64_t> lowest;   // by supply: milli-shares for a case
  std::vector<int64_t> fair;     // by group: milli-person-days of this run, divisible
  std::vector<int64_t> cap;      // by group: milli-person-days; claims only
};

// Why not, or not so many; in the order in which it is looked for.
enum class No {
  kNothing,  // it may
  kNotEligible,
  kLeftOut,
  kNothingLeft,
  kTooMany,
  kNotWholeCases,
  kBelowMinimumLot,
  kNoRoom,
  kCap,
};

// A run as far as it got: what is free, what each group has, what it can still take.
class MarketBook {
 public:
  // Both must outlive it.
  MarketBook(const Judgement& judgement, const MarketTerms& terms);

  // By the rules of every run, by its hub if the supply comes by one.
  bool May(int supply, int group) const;
  No Judge(int supply, int group, int64_t items, bool with_cap) const;
  // The most that Judge lets through, and what stops it there.
  struct Most {
    int64_t items = 0;
    No stop = No::kNothing;
  };
  // `claim`: with the cap, and at least the smallest quantity; a bid may reach that together with others.
  Most MostOf(int supply, int group, bool claim) const;

  void Take(int supply, int group, int64_t items);
  void GiveBack(int supply, int group, int64_t items) { Take(supply, group, -items); }

  int64_t Free(int supply) const { return free_[supply]; }
  // How much the group must take at once at least: the smallest quantity, behind a hub's door less what comes through
  // it already; ≥ 0.
  int64_t Least(int supply, int group) const;
  int64_t Room(int group, int zone) const { return room_[group][zone]; }
  // Milli-person-days, and items, that it has taken in this run.
  int64_t Food(int group) const { return food_[group]; }
  int64_t CapLeft(int group) const { return terms_.cap[group] - food_[group]; }
  Level LevelOf(int group) const;

 private:
  const Judgement& judgement_;
  const MarketTerms& terms_;
  std::vector<int64_t> free_, food_;
  std::vector<std::array<int64_t, kZones>> room_;
  std::map<std::pair<int, int>, int64_t> at_hub_;  // supply, hub → items
};

// A claim of the snapshot, by its index.
struct ClaimResult {
  int supply = -1, group = -1;  // -1: not of this run
  // It keeps the rules and nobody took it back.
  bool holds = false;
  // Of the group, in milli-person-days, with this claim.
  int64_t food_with = 0;
};

enum class BidVerdict {
  kWon,
  kOutbid,
  kTie,
  kNoRoom,
  kBelowMinimumLot,
  kNotJoined,
  kNothingLeft,
  kNotEnoughShares,
  kNotEligible,
  kBelowLowestPrice,
};
// "OUTBID" …; empty: won.
std::string CodeOf(BidVerdict verdict);

// A bid of the snapshot, by its index.
struct BidResult {
  BidVerdict verdict = BidVerdict::kNotEligible;
  int supply = -1;
  std::vector<int> groups;   // by part
  std::vector<int64_t> won;  // by part: cases
  int64_t won_before = 0;    // cases of the lot that better bids had won
  bool has_price = false;    // something of the lot was won …
  int64_t lowest_won = 0;    // … for at least this price for a case, in milli-shares, rounded down
};

struct MarketResult {
  pb::Policy policy = pb::POLICY_UNSPECIFIED;
  MarketTerms terms;
  std::vector<ClaimResult> claims;
  std::vector<BidResult> bids;
};

// Is it a policy of groups that choose?
bool IsMarket(pb::Policy policy);

// Settles what the snapshot holds and puts it in place of the fair shares: `outcome` comes as ShareOut made it and
// keeps its bounds and fair levels.
MarketResult SettleMarket(const pb::Snapshot& snapshot, const Judgement& judgement, Outcome& outcome);

}  // namespace kubari::allocation
