#include "services/allocation/domain/market.h"

#include <algorithm>
#include <limits>
#include <map>
#include <optional>
#include <tuple>

namespace kubari::allocation {
namespace {

using Wide = __int128;

int64_t Clamp(Wide value) {
  return static_cast<int64_t>(std::clamp<Wide>(value, 0, std::numeric_limits<int64_t>::max()));
}

MarketTerms TermsOf(const pb::Snapshot& snapshot, const Judgement& judgement, const Outcome& fair) {
  MarketTerms terms;
  std::map<std::string, int64_t> lowest;
  for (const pb::LowestPrice& price : snapshot.options().lowest_prices())
    lowest[price.lot()] = price.milli_shares_per_case();
  for (int s = 0; s < judgement.stock(); ++s) {
    terms.offered.push_back(judgement.LotLeftOut(s) ? 0 : judgement.supplies()[s].items);
    const auto found = lowest.find(snapshot.stock(s).lot().name());
    terms.lowest.push_back(found == lowest.end() ? 0 : found->second);
  }
  for (const Unallocated& rest : fair.unallocated) {
    if (rest.reason == Leftover::kHeldBack)
      terms.offered[rest.supply] = std::max<int64_t>(0, terms.offered[rest.supply] - rest.items);
  }
  std::vector<int64_t> whole(fair.groups.size());
  for (const Share& share : fair.shares) whole[share.group] += share.items * judgement.supplies()[share.supply].value;
  const int64_t allowance = 1000 + snapshot.options().claim_allowance_permille();
  for (size_t g = 0; g < fair.groups.size(); ++g) {
    const GroupOutcome& group = fair.groups[g];
    // fair is a level over the group's own weight, or a fraction of it; exact but for the last milli-person-day.
    const Wide level =
        static_cast<Wide>(group.fair.food) * group.before.weight / std::max<int64_t>(1, group.fair.weight);
    terms.fair.push_back(Clamp(level - group.before.food));
    terms.cap.push_back(std::max(Clamp(static_cast<Wide>(terms.fair.back()) * allowance / 1000), whole[g]));
  }
  return terms;
}

}  // namespace

bool IsMarket(pb::Policy policy) { return policy == pb::POLICY_CLAIMS || policy == pb::POLICY_BIDS; }

std::string CodeOf(BidVerdict verdict) {
  switch (verdict) {
    case BidVerdict::kWon:
      return "";
    case BidVerdict::kOutbid:
      return "OUTBID";
    case BidVerdict::kTie:
      return "TIE";
    case BidVerdict::kNoRoom:
      return "NO_CAPACITY";
    case BidVerdict::kBelowMinimumLot:
      return "BELOW_MINIMUM_LOT";
    case BidVerdict::kNotJoined:
      return "NOT_JOINED";
    case BidVerdict::kNothingLeft:
      return "NOTHING_LEFT";
    case BidVerdict::kNotEnoughShares:
      return "NOT_ENOUGH_SHARES";
    case BidVerdict::kNotEligible:
      return "NOT_ELIGIBLE";
    case BidVerdict::kBelowLowestPrice:
      return "BELOW_LOWEST_PRICE";
  }
  return "";
}

MarketBook::MarketBook(const Judgement& judgement, const MarketTerms& terms)
    : judgement_(judgement), terms_(terms), free_(terms.offered), food_(judgement.demands().size()) {
  for (const Demand& demand : judgement.demands()) room_.push_back(demand.room);
}

bool MarketBook::May(int supply, int group) const { return judgement_.May(supply, group); }

No MarketBook::Judge(int supply, int group, int64_t items, bool with_cap) const {
  const Supply& facts = judgement_.supplies()[supply];
  if (judgement_.LeftOut(supply, group)) return No::kLeftOut;
  if (!May(supply, group)) return No::kNotEligible;
  if (free_[supply] <= 0) return No::kNothingLeft;
  if (items > free_[supply]) return No::kTooMany;
  if (items <= 0 || (items % facts.items_per_case != 0 && items != free_[supply])) return No::kNotWholeCases;
  if (items < Least(supply, group)) return No::kBelowMinimumLot;
  if (items > room_[group][facts.zone]) return No::kNoRoom;
  if (with_cap && !facts.urgent && facts.value > 0 && static_cast<Wide>(items) * facts.value > CapLeft(group))
    return No::kCap;
  return No::kNothing;
}

MarketBook::Most MarketBook::MostOf(int supply, int group, bool claim) const {
  const Supply& facts = judgement_.supplies()[supply];
  if (judgement_.LeftOut(supply, group)) return {0, No::kLeftOut};
  if (!May(supply, group)) return {0, No::kNotEligible};
  if (free_[supply] <= 0) return {0, No::kNothingLeft};
  Most most{free_[supply], No::kNothing};
  const auto limit = [&](int64_t items, No stop) {
    if (items < most.items) most = {items / facts.items_per_case * facts.items_per_case, stop};
  };
  limit(std::max<int64_t>(0, room_[group][facts.zone]), No::kNoRoom);
  if (claim && !facts.urgent && facts.value > 0) limit(std::max<int64_t>(0, CapLeft(group)) / facts.value, No::kCap);
  if (claim && most.items < Least(supply, group)) {
    return {0, most.stop == No::kNothing ? No::kBelowMinimumLot : most.stop};
  }
  return most;
}

void MarketBook::Take(int supply, int group, int64_t items) {
  const Supply& facts = judgement_.supplies()[supply];
  free_[supply] -= items;
  room_[group][facts.zone] -= items;
  food_[group] += items * facts.value;
  if (const int door = judgement_.DoorOf(supply, group); judgement_.IsHub(door)) at_hub_[{supply, door}] += items;
}

int64_t MarketBook::Least(int supply, int group) const {
  const int64_t least = judgement_.supplies()[supply].min_lot_items;
  const auto there = at_hub_.find({supply, judgement_.DoorOf(supply, group)});
  return std::max<int64_t>(0, there == at_hub_.end() ? least : least - there->second);
}

Level MarketBook::LevelOf(int group) const {
  const Demand& demand = judgement_.demands()[group];
  return {demand.history + food_[group], demand.weight};
}

namespace {

// ── Claims: again in their order.

std::vector<ClaimResult> SettleClaims(const pb::Snapshot& snapshot, const Judgement& judgement, MarketBook& book) {
  std::vector<ClaimResult> results;
  const auto& claims = snapshot.market().claims();
  // By when they ended.
  std::multimap<int, int> ends;
  for (int i = 0; i < claims.size(); ++i) {
    if (claims.Get(i).ended_before() > 0) ends.emplace(claims.Get(i).ended_before(), i);
  }
  auto end = ends.begin();
  const auto end_until = [&](int number) {
    for (; end != ends.end() && end->first <= number; ++end) {
      if (end->second >= static_cast<int>(results.size())) continue;  // it says that it ended before it was made
      ClaimResult& ended = results[end->second];
      if (!ended.holds) continue;
      book.GiveBack(ended.supply, ended.group, claims.Get(end->second).items());
      ended.holds = false;
    }
  };
  for (const pb::SnapshotClaim& claim : claims) {
    end_until(claim.number());
    ClaimResult result;
    result.supply = judgement.SupplyNamed(claim.lot(), claim.place()).value_or(-1);
    result.group = judgement.GroupNamed(claim.group()).value_or(-1);
    if (result.supply >= 0 && result.group >= 0 &&
        book.Judge(result.supply, result.group, claim.items(), /*with_cap=*/true) == No::kNothing) {
      book.Take(result.supply, result.group, claim.items());
      result.holds = true;
      result.food_with = book.Food(result.group);
    }
    results.push_back(result);
  }
  end_until(std::numeric_limits<int>::max());
  return results;
}

// ── Bids.

// Σ price × cases, and Σ cases: the price for a case of all parts together.
struct UnitPrice {
  Wide total = 0;
  Wide cases = 0;
};
int Compare(const UnitPrice& a, const UnitPrice& b) {
  const Wide left = a.total * b.cases, right = b.total * a.cases;
  return left < right ? -1 : left > right ? 1 : 0;
}
int64_t Floor(const UnitPrice& price) {
  const Wide quotient = price.total / price.cases;
  return static_cast<int64_t>(price.total % price.cases < 0 ? quotient - 1 : quotient);
}

constexpr int64_t kMostCases = 1'000'000, kMostPrice = 1'000'000'000;

class Bidding {
 public:
  Bidding(const pb::Snapshot& snapshot, const Judgement& judgement, const MarketTerms& terms, MarketBook& book)
      : snapshot_(snapshot), judgement_(judgement), terms_(terms), book_(book), shares_(judgement.demands().size()) {
    for (const pb::SnapshotBalance& balance : snapshot.market().balances()) {
      if (const auto group = judgement.GroupNamed(balance.group())) shares_[*group] = balance.milli_shares();
    }
  }

  std::vector<BidResult> Settle() {
    std::vector<std::vector<int>> bids_of(judgement_.stock());
    for (int i = 0; i < snapshot_.market().bids_size(); ++i) {
      Read(i);
      if (results_[i].verdict == BidVerdict::kWon) bids_of[results_[i].supply].push_back(i);  // so far
    }
    for (const int supply : Order()) SettleLot(supply, bids_of[supply]);
    return std::move(results_);
  }

 private:
  const pb::SnapshotBid& BidAt(int bid) const { return snapshot_.market().bids(bid); }

  // Does it count at all?
  void Read(int index) {
    const pb::SnapshotBid& bid = BidAt(index);
    BidResult& result = results_.emplace_back();
    UnitPrice& price = prices_.emplace_back();
    result.supply = judgement_.SupplyNamed(bid.lot(), bid.place()).value_or(-1);
    result.won.assign(bid.parts_size(), 0);
    bool fits = result.supply >= 0 && bid.parts_size() > 0;
    for (const pb::SnapshotBidPart& part : bid.parts()) {
      const int group = judgement_.GroupNamed(part.group()).value_or(-1);
      fits = fits && group >= 0 && part.cases() > 0 && part.cases() <= kMostCases &&
             std::abs(part.milli_shares_per_case()) <= kMostPrice && book_.May(result.supply, group) &&
             std::ranges::count(result.groups, group) == 0;
      result.groups.push_back(group);
      price.total += static_cast<Wide>(part.cases()) * part.milli_shares_per_case();
      price.cases += part.cases();
    }
    const auto floor = [&] { return UnitPrice{terms_.lowest[result.supply], 1}; };
    result.verdict = !fits                                                 ? BidVerdict::kNotEligible
                     : bid.parts_size() != std::max<int>(1, bid.parties()) ? BidVerdict::kNotJoined
                     : Compare(price, floor()) < 0                         ? BidVerdict::kBelowLowestPrice
                                                                           : BidVerdict::kWon;
  }

  // What ends first, then by name; the stock is sorted by lot and place.
  std::vector<int> Order() const {
    std::vector<int> order;
    for (int s = 0; s < judgement_.stock(); ++s) order.push_back(s);
    std::stable_sort(order.begin(), order.end(), [&](int a, int b) {
      constexpr int64_t kNever = std::numeric_limits<int64_t>::max();
      return judgement_.supplies()[a].days_left.value_or(kNever) < judgement_.supplies()[b].days_left.value_or(kNever);
    });
    return order;
  }

  // Of all parts together, before the lot is settled.
  Level LevelOf(int bid) const {
    Level level{0, 0};
    for (const int group : results_[bid].groups) {
      level.food += book_.LevelOf(group).food;
      level.weight += book_.LevelOf(group).weight;
    }
    return level;
  }

  void SettleLot(int supply, std::vector<int>& bids) {
    std::map<int, Level> levels;
    for (const int bid : bids) levels[bid] = LevelOf(bid);
    std::sort(bids.begin(), bids.end(), [&](int a, int b) {
      if (const int order = Compare(prices_[a], prices_[b])) return order > 0;
      if (const int order = fairflow::Compare(levels[a], levels[b])) return order < 0;
      return BidAt(a).name() < BidAt(b).name();
    });
    const int64_t unit = judgement_.supplies()[supply].items_per_case;
    const int64_t all = book_.Free(supply) / unit;
    std::optional<UnitPrice> lowest;
    for (const int bid : bids) {
      BidResult& result = results_[bid];
      const int64_t left = book_.Free(supply) / unit;
      result.won_before = all - left;
      result.verdict = BidAt(bid).parts_size() == 1 ? Alone(bid, supply, left) : Together(bid, supply, left);
      if (result.verdict == BidVerdict::kNothingLeft && lowest)
        result.verdict = Compare(prices_[bid], *lowest) == 0 ? BidVerdict::kTie : BidVerdict::kOutbid;
      if (result.verdict == BidVerdict::kWon) lowest = prices_[bid];
    }
    for (const int bid : bids) {
      results_[bid].has_price = lowest.has_value();
      if (lowest) results_[bid].lowest_won = Floor(*lowest);
    }
  }

  // How many cases the group can pay.
  int64_t Payable(int group, int64_t price) const {
    return price <= 0 ? kMostCases : std::max<int64_t>(0, shares_[group]) / price;
  }
  void Win(int bid, int part, int supply, int64_t cases) {
    const int group = results_[bid].groups[part];
    book_.Take(supply, group, cases * judgement_.supplies()[supply].items_per_case);
    // What is paid for hard-to-place goods comes when they have arrived.
    shares_[group] -= cases * std::max<int64_t>(0, BidAt(bid).parts(part).milli_shares_per_case());
    results_[bid].won[part] = cases;
  }

  BidVerdict Alone(int bid, int supply, int64_t left) {
    const Supply& facts = judgement_.supplies()[supply];
    const pb::SnapshotBidPart& part = BidAt(bid).parts(0);
    const int group = results_[bid].groups[0];
    const int64_t least =
        std::max<int64_t>(1, (book_.Least(supply, group) + facts.items_per_case - 1) / facts.items_per_case);
    if (left == 0) return BidVerdict::kNothingLeft;
    if (part.cases() < least) return BidVerdict::kBelowMinimumLot;
    if (left < least) return BidVerdict::kNothingLeft;
    const int64_t fits = std::max<int64_t>(0, book_.Room(group, facts.zone)) / facts.items_per_case;
    if (fits < least) return BidVerdict::kNoRoom;
    const int64_t pays = Payable(group, part.milli_shares_per_case());
    if (pays < least) return BidVerdict::kNotEnoughShares;
    Win(bid, 0, supply, std::min({part.cases(), left, fits, pays}));
    return BidVerdict::kWon;
  }

  BidVerdict Together(int bid, int supply, int64_t left) {
    const Supply& facts = judgement_.supplies()[supply];
    const pb::SnapshotBid& joint = BidAt(bid);
    int64_t cases = 0;
    for (const pb::SnapshotBidPart& part : joint.parts()) cases += part.cases();
    if (cases > left) return BidVerdict::kNothingLeft;
    if (cases * facts.items_per_case < facts.min_lot_items) return BidVerdict::kBelowMinimumLot;
    for (int p = 0; p < joint.parts_size(); ++p) {
      if (joint.parts(p).cases() * facts.items_per_case > book_.Room(results_[bid].groups[p], facts.zone))
        return BidVerdict::kNoRoom;
    }
    for (int p = 0; p < joint.parts_size(); ++p) {
      if (joint.parts(p).cases() > Payable(results_[bid].groups[p], joint.parts(p).milli_shares_per_case()))
        return BidVerdict::kNotEnoughShares;
    }
    for (int p = 0; p < joint.parts_size(); ++p) Win(bid, p, supply, joint.parts(p).cases());
    return BidVerdict::kWon;
  }

  const pb::Snapshot& snapshot_;
  const Judgement& judgement_;
  const MarketTerms& terms_;
  MarketBook& book_;
  std::vector<int64_t> shares_;
  std::vector<BidResult> results_;
  std::vector<UnitPrice> prices_;
};

// ── In place of the fair shares.

std::vector<Share> SharesOf(const pb::Snapshot& snapshot, const Judgement& judgement, const MarketResult& result) {
  std::vector<Share> shares;
  const auto add = [&](int supply, int group, int64_t items) -> Share& {
    Share& share = shares.emplace_back();
    share.supply = supply;
    share.group = group;
    share.items = items;
    return share;
  };
  for (size_t i = 0; i < result.claims.size(); ++i) {
    const ClaimResult& claim = result.claims[i];
    if (!claim.holds) continue;
    const pb::SnapshotClaim& made = snapshot.market().claims(static_cast<int>(i));
    add(claim.supply, claim.group, made.items()).entry = static_cast<int>(i);
  }
  for (size_t i = 0; i < result.bids.size(); ++i) {
    const BidResult& bid = result.bids[i];
    for (size_t part = 0; part < bid.won.size(); ++part) {
      if (bid.won[part] == 0) continue;
      Share& share = add(bid.supply, bid.groups[part], bid.won[part] * judgement.supplies()[bid.supply].items_per_case);
      share.entry = static_cast<int>(i);
      share.part = static_cast<int>(part);
    }
  }
  std::sort(shares.begin(), shares.end(), [](const Share& a, const Share& b) {
    return std::tie(a.supply, a.group, a.entry, a.part) < std::tie(b.supply, b.group, b.entry, b.part);
  });
  return shares;
}

}  // namespace

MarketResult SettleMarket(const pb::Snapshot& snapshot, const Judgement& judgement, Outcome& outcome) {
  MarketResult result{.policy = snapshot.policy(), .terms = TermsOf(snapshot, judgement, outcome)};
  MarketBook book(judgement, result.terms);
  if (result.policy == pb::POLICY_CLAIMS) result.claims = SettleClaims(snapshot, judgement, book);
  if (result.policy == pb::POLICY_BIDS) result.bids = Bidding(snapshot, judgement, result.terms, book).Settle();

  // Why nobody at all could have it is the same as for fair share.
  std::map<int, Leftover> nobody;
  std::map<int, int64_t> held_back;
  for (const Unallocated& rest : outcome.unallocated) {
    rest.reason == Leftover::kHeldBack ? static_cast<void>(held_back[rest.supply] = rest.items)
                                       : static_cast<void>(nobody.emplace(rest.supply, rest.reason));
  }
  outcome.shares = SharesOf(snapshot, judgement, result);
  outcome.unallocated.clear();
  outcome.ties.clear();
  outcome.case_metres_bound = 0;  // that of other totals
  outcome.given_out = 0;
  for (GroupOutcome& group : outcome.groups) {
    group.after = group.before;
    group.tie = -1;
    group.wanting = {};
    group.taken = {};
  }
  for (const Share& share : outcome.shares) {
    const Supply& supply = judgement.supplies()[share.supply];
    outcome.groups[share.group].after.food += share.items * supply.value;
    outcome.groups[share.group].taken[supply.zone] += share.items;
    outcome.given_out += share.items * supply.value;
  }
  for (int s = 0; s < judgement.stock(); ++s) {
    const int64_t held = held_back[s];
    const int64_t left = judgement.LotLeftOut(s) ? judgement.supplies()[s].items - held : book.Free(s);
    const auto found = nobody.find(s);
    const bool somebody = outcome.eligible_groups[s] > 0;
    if (left > 0)
      outcome.unallocated.push_back({s, left, somebody || found == nobody.end() ? Leftover::kNotTaken : found->second});
    if (held > 0) outcome.unallocated.push_back({s, held, Leftover::kHeldBack});
  }
  return result;
}

}  // namespace kubari::allocation
