// Claims and sealed bids: rule by rule, and over random ones against a judge that was written for itself.
#include "services/allocation/domain/market.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <numeric>
#include <random>
#include <set>

#include "services/allocation/domain/group_story.h"
#include "services/allocation/domain/market_words.h"
#include "services/allocation/domain/propose.h"
#include "services/allocation/domain/replay.h"
#include "services/allocation/domain/shares.h"
#include "services/allocation/test_network.h"

namespace kubari::allocation {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

Proposal ProposeOf(const pb::Snapshot& snapshot) {
  absl::StatusOr<Proposal> proposal = Propose(snapshot);
  EXPECT_TRUE(proposal.ok()) << proposal.status();
  return *std::move(proposal);
}

// Ten items a case, 100 milli-person-days an item, ten households a group.
pb::Snapshot Network(pb::Policy policy, int groups, const std::vector<int64_t>& free_items) {
  pb::Snapshot snapshot = EmptySnapshot();
  snapshot.set_policy(policy);
  for (int group = 1; group <= groups; ++group) AddGroup(snapshot, group);
  for (size_t lot = 0; lot < free_items.size(); ++lot) AddStock(snapshot, static_cast<int>(lot) + 1, free_items[lot]);
  Canonicalise(snapshot);
  return snapshot;
}

pb::SnapshotClaim& AddClaim(pb::Snapshot& snapshot, int group, int lot, int64_t items) {
  pb::SnapshotClaim& claim = *snapshot.mutable_market()->add_claims();
  claim.set_number(snapshot.market().claims_size());
  claim.set_group(GroupName(group));
  claim.set_lot(LotName(lot));
  claim.set_place(kPlace);
  claim.set_items(items);
  return claim;
}

struct Part {
  int group;
  int64_t cases;
  int64_t price;
};
pb::SnapshotBid& AddBid(pb::Snapshot& snapshot, int number, int lot, const std::vector<Part>& parts, int parties = 0) {
  pb::SnapshotBid& bid = *snapshot.mutable_market()->add_bids();
  bid.set_name("bids/" + Uuid(number));
  bid.set_lot(LotName(lot));
  bid.set_place(kPlace);
  bid.set_parties(parties == 0 ? static_cast<int>(parts.size()) : parties);
  for (const Part& own : parts) {
    pb::SnapshotBidPart& part = *bid.add_parts();
    part.set_group(GroupName(own.group));
    part.set_cases(own.cases);
    part.set_milli_shares_per_case(own.price);
  }
  return bid;
}
void SetBalance(pb::Snapshot& snapshot, int group, int64_t milli_shares) {
  pb::SnapshotBalance& balance = *snapshot.mutable_market()->add_balances();
  balance.set_group(GroupName(group));
  balance.set_milli_shares(milli_shares);
}
void MakeRich(pb::Snapshot& snapshot, int64_t milli_shares = 1'000'000) {
  for (int group = 1; group <= snapshot.groups_size(); ++group) SetBalance(snapshot, group, milli_shares);
}

// Won cases by bid, of all parts; in the order of names.
std::vector<int64_t> Won(const pb::Snapshot& snapshot, const Proposal& proposal) {
  std::vector<int64_t> won;
  for (int bid = 0; bid < snapshot.market().bids_size(); ++bid) {
    const std::vector<int64_t>& parts = proposal.market.bids[bid].won;
    won.push_back(std::accumulate(parts.begin(), parts.end(), int64_t{0}));
  }
  return won;
}
std::vector<std::string> Verdicts(const Proposal& proposal) {
  std::vector<std::string> codes;
  for (const BidResult& result : proposal.market.bids) codes.push_back(CodeOf(result.verdict));
  return codes;
}

// ── Claims.

TEST(Claims, TheCapIsTheFairShareAndAnAllowance) {
  pb::Snapshot snapshot = Network(pb::POLICY_CLAIMS, 2, {80});
  snapshot.mutable_options()->set_claim_allowance_permille(500);
  const Proposal proposal = ProposeOf(snapshot);
  EXPECT_THAT(proposal.market.terms.fair, ElementsAre(4'000, 4'000));
  EXPECT_THAT(proposal.market.terms.cap, ElementsAre(6'000, 6'000));
  EXPECT_THAT(proposal.lines, IsEmpty());
  EXPECT_EQ(proposal.summary.given_out_milli_person_days(), 0);
  EXPECT_EQ(proposal.summary.given_out_bound_milli_person_days(), 8'000);
  ASSERT_THAT(proposal.summary.unallocated(), SizeIs(1));
  EXPECT_EQ(proposal.summary.unallocated(0).reason(), "NOT_TAKEN");
}

TEST(Claims, ThePastCountsInTheFairShareAndIsNotMultiplied) {
  pb::Snapshot snapshot = Network(pb::POLICY_CLAIMS, 2, {80});
  snapshot.mutable_options()->set_claim_allowance_permille(500);
  snapshot.mutable_groups(0)->set_history_milli_person_days(4'000);
  // Fair: 2,000 and 6,000.
  EXPECT_THAT(ProposeOf(snapshot).market.terms.cap, ElementsAre(3'000, 9'000));
  // One that had more than anybody will have: nothing of it, however great its past.
  snapshot.mutable_groups(0)->set_history_milli_person_days(1'000'000);
  EXPECT_THAT(ProposeOf(snapshot).market.terms.cap, ElementsAre(0, 12'000));
}

TEST(Claims, NeverLessThanFairShareInWholeCases) {
  // One case for two: half each, and somebody must be able to take it.
  pb::Snapshot snapshot = Network(pb::POLICY_CLAIMS, 2, {10});
  const std::vector<int64_t> cap = ProposeOf(snapshot).market.terms.cap;
  EXPECT_EQ(std::max(cap[0], cap[1]), 1'000);
}

TEST(Claims, FirstComeFirstServedUpToTheCap) {
  pb::Snapshot snapshot = Network(pb::POLICY_CLAIMS, 2, {40, 40});
  AddClaim(snapshot, 1, 1, 40);
  AddClaim(snapshot, 2, 1, 10);  // nothing left
  AddClaim(snapshot, 1, 2, 10);  // beyond its cap of 4,000
  AddClaim(snapshot, 2, 2, 40);
  const Proposal proposal = ProposeOf(snapshot);
  std::vector<bool> holds;
  for (const ClaimResult& claim : proposal.market.claims) holds.push_back(claim.holds);
  EXPECT_THAT(holds, ElementsAre(true, false, false, true));
  ASSERT_THAT(proposal.lines, SizeIs(2));
  EXPECT_EQ(proposal.lines[0].line.claim_number(), 1);
  EXPECT_EQ(proposal.lines[1].line.claim_number(), 4);
  EXPECT_THAT(proposal.lines[0].line.explanation(), HasSubstr("4.00 of the 4.00 person-days"));
  EXPECT_THAT(proposal.lines[0].line.explanation_ja(), HasSubstr("40点（この回の1番目の申込み）"));
  EXPECT_EQ(proposal.summary.allocated_items(), 80);
}

TEST(Claims, UrgentFoodGoesBeyondTheCapAndCounts) {
  pb::Snapshot snapshot = Network(pb::POLICY_CLAIMS, 2, {40, 40});
  snapshot.mutable_stock(0)->mutable_lot()->mutable_good_until()->set_date("2026-11-25");
  AddClaim(snapshot, 1, 1, 40);
  AddClaim(snapshot, 1, 2, 10);
  Proposal proposal = ProposeOf(snapshot);
  EXPECT_TRUE(proposal.market.claims[0].holds);
  EXPECT_FALSE(proposal.market.claims[1].holds);  // the cap is used up
  snapshot.mutable_market()->mutable_claims(0)->set_items(30);
  snapshot.mutable_market()->mutable_claims(1)->set_items(10);
  AddClaim(snapshot, 1, 1, 10);
  proposal = ProposeOf(snapshot);
  for (const ClaimResult& claim : proposal.market.claims) EXPECT_TRUE(claim.holds);
  // By lot: the third claim stands before the second.
  ASSERT_THAT(proposal.lines, SizeIs(3));
  EXPECT_EQ(proposal.lines[1].line.claim_number(), 3);
  EXPECT_THAT(proposal.lines[1].line.explanation(), HasSubstr("The cap does not stop food whose date is near"));
}

TEST(Claims, WhatWasTakenBackIsThereForTheNextClaim) {
  pb::Snapshot snapshot = Network(pb::POLICY_CLAIMS, 2, {40});
  snapshot.mutable_options()->set_claim_allowance_permille(1'000);
  AddClaim(snapshot, 1, 1, 40).set_ended_before(3);
  AddClaim(snapshot, 2, 1, 40);  // while the first one held
  AddClaim(snapshot, 2, 1, 40);
  const Proposal proposal = ProposeOf(snapshot);
  ASSERT_THAT(proposal.lines, SizeIs(1));
  EXPECT_EQ(proposal.lines[0].line.claim_number(), 3);
}

TEST(Claims, WholeCasesSmallestQuantitiesStorageAndRules) {
  pb::Snapshot snapshot = Network(pb::POLICY_CLAIMS, 3, {45});
  snapshot.mutable_options()->set_claim_allowance_permille(5'000);
  snapshot.mutable_stock(0)->mutable_lot()->set_min_lot_items(20);
  snapshot.mutable_groups(1)->mutable_group()->mutable_sites(0)->set_ambient_items(25);
  snapshot.mutable_groups(2)->mutable_group()->add_excluded_allergens(type::v1::ALLERGEN_WHEAT);
  const Proposal proposal = ProposeOf(snapshot);
  const MarketBook book(proposal.judgement, proposal.market.terms);
  EXPECT_EQ(book.Judge(0, 0, 15, true), No::kNotWholeCases);
  EXPECT_EQ(book.Judge(0, 0, 10, true), No::kBelowMinimumLot);
  EXPECT_EQ(book.Judge(0, 0, 50, true), No::kTooMany);
  EXPECT_EQ(book.Judge(0, 0, 45, true), No::kNothing);  // all there is
  EXPECT_EQ(book.Judge(0, 1, 30, true), No::kNoRoom);
  EXPECT_EQ(book.Judge(0, 1, 20, true), No::kNothing);
  EXPECT_EQ(book.Judge(0, 2, 20, true), No::kNotEligible);
  EXPECT_EQ(book.MostOf(0, 0, true).items, 45);
  EXPECT_EQ(book.MostOf(0, 1, true).items, 20);
  EXPECT_EQ(book.MostOf(0, 1, true).stop, No::kNoRoom);
  EXPECT_EQ(book.MostOf(0, 2, true).items, 0);
}

// Groups 2 and 3 get what may be handed on by group 1.
pb::Snapshot NetworkWithHub(pb::Policy policy) {
  pb::Snapshot snapshot = Network(policy, 3, {100});
  stock::v1::Lot& lot = *snapshot.mutable_stock(0)->mutable_lot();
  lot.set_min_lot_items(40);
  lot.mutable_conditions()->set_onward_transfer_allowed(true);
  for (const int group : {1, 2}) snapshot.mutable_groups(group)->mutable_group()->set_hub(GroupName(1));
  return snapshot;
}

TEST(Claims, BehindAHubTheSmallestQuantityIsReachedTogether) {
  pb::Snapshot snapshot = NetworkWithHub(pb::POLICY_CLAIMS);
  snapshot.mutable_options()->set_claim_allowance_permille(5'000);
  const Proposal nothing = ProposeOf(snapshot);
  MarketBook book(nothing.judgement, nothing.market.terms);
  EXPECT_EQ(book.Judge(0, 2, 10, true), No::kBelowMinimumLot);
  book.Take(0, 1, 30);
  EXPECT_EQ(book.Least(0, 2), 10);
  EXPECT_EQ(book.Judge(0, 2, 10, true), No::kNothing) << "40 come to the hub";
  EXPECT_EQ(book.Judge(0, 0, 10, true), No::kNothing) << "and the hub is its own door";
  book.GiveBack(0, 1, 30);
  EXPECT_EQ(book.Judge(0, 2, 10, true), No::kBelowMinimumLot);

  AddClaim(snapshot, 3, 1, 10);  // too soon
  AddClaim(snapshot, 2, 1, 40);
  AddClaim(snapshot, 3, 1, 20);
  const Proposal proposal = ProposeOf(snapshot);
  ASSERT_THAT(proposal.market.claims, SizeIs(3));
  EXPECT_FALSE(proposal.market.claims[0].holds);
  EXPECT_TRUE(proposal.market.claims[1].holds);
  EXPECT_TRUE(proposal.market.claims[2].holds);
}

TEST(Bids, BehindAHubTheSmallestQuantityIsReachedTogether) {
  for (const bool first : {true, false}) {
    pb::Snapshot snapshot = NetworkWithHub(pb::POLICY_BIDS);
    MakeRich(snapshot);
    AddBid(snapshot, 1, 1, {{2, 4, 5'000}});
    AddBid(snapshot, 2, 1, {{3, 1, first ? 4'000 : 6'000}});
    Canonicalise(snapshot);
    const Proposal proposal = ProposeOf(snapshot);
    EXPECT_EQ(proposal.market.bids[0].verdict, BidVerdict::kWon);
    EXPECT_EQ(proposal.market.bids[1].verdict, first ? BidVerdict::kWon : BidVerdict::kBelowMinimumLot)
        << "it counts with the better ones";
  }
}

TEST(Claims, WhatIsHeldBackAndLeftOutIsNotOffered) {
  pb::Snapshot snapshot = Network(pb::POLICY_CLAIMS, 2, {40, 40});
  pb::HoldBack& hold = *snapshot.mutable_options()->add_hold_backs();
  hold.set_items(20);
  hold.set_reason("予備");
  pb::LeftOut& left_out = *snapshot.mutable_options()->add_left_out();
  left_out.set_lot(LotName(1));
  left_out.set_reason("検品中");
  snapshot.mutable_stock(1)->mutable_lot()->mutable_good_until()->set_date("2028-12");  // keeps longest
  const Proposal proposal = ProposeOf(snapshot);
  EXPECT_EQ(proposal.market.terms.offered[0], 0);
  EXPECT_EQ(proposal.market.terms.offered[0] + proposal.market.terms.offered[1], 20);
  int64_t stays = 0;
  for (const pb::UnallocatedReason& reason : proposal.summary.unallocated()) stays += reason.items();
  EXPECT_EQ(stays, 80);
  EXPECT_EQ(proposal.summary.held_back_items(), 20);
}

// ── Bids.

TEST(Bids, TheHighestPriceFirstAndEverybodyPaysItsOwn) {
  pb::Snapshot snapshot = Network(pb::POLICY_BIDS, 3, {50});
  MakeRich(snapshot);
  AddBid(snapshot, 1, 1, {{1, 3, 1'500}});
  AddBid(snapshot, 2, 1, {{2, 3, 2'000}});
  AddBid(snapshot, 3, 1, {{3, 1, 1'000}});
  Canonicalise(snapshot);
  const Proposal proposal = ProposeOf(snapshot);
  EXPECT_THAT(Won(snapshot, proposal), ElementsAre(2, 3, 0));
  EXPECT_THAT(Verdicts(proposal), ElementsAre("", "", "OUTBID"));
  ASSERT_THAT(proposal.lines, SizeIs(2));
  EXPECT_EQ(proposal.lines[0].line.milli_shares_per_case(), 1'500);
  EXPECT_THAT(proposal.lines[0].line.explanation(), HasSubstr("1.5 shares for a case: 2 cases of 3 wanted"));
  const Sentence why =
      ExplainBid(snapshot.market().bids(2), 0, proposal.market.bids[2], proposal.judgement.supplies()[0]);
  EXPECT_THAT(why.english, HasSubstr("1.5 shares or more; this bid was 1."));
  EXPECT_THAT(why.japanese, HasSubstr("1ケース1.5ポイント以上"));
  EXPECT_THAT(why.english, Not(HasSubstr("こども食堂")));
}

TEST(Bids, OfEqualPricesWhoHasLessThenTheName) {
  pb::Snapshot snapshot = Network(pb::POLICY_BIDS, 3, {10});
  MakeRich(snapshot);
  snapshot.mutable_groups(0)->set_history_milli_person_days(500);
  AddBid(snapshot, 1, 1, {{1, 1, 1'000}});
  AddBid(snapshot, 3, 1, {{2, 1, 1'000}});
  AddBid(snapshot, 2, 1, {{3, 1, 1'000}});
  Canonicalise(snapshot);
  const Proposal proposal = ProposeOf(snapshot);
  EXPECT_THAT(Won(snapshot, proposal), ElementsAre(0, 1, 0));
  EXPECT_THAT(Verdicts(proposal), ElementsAre("TIE", "", "TIE"));
}

TEST(Bids, JointBidsHoldAsAWholeAndCountTogether) {
  pb::Snapshot snapshot = Network(pb::POLICY_BIDS, 3, {50, 50});
  MakeRich(snapshot);
  for (pb::SnapshotStock& stock : *snapshot.mutable_stock()) stock.mutable_lot()->set_min_lot_items(30);
  AddBid(snapshot, 1, 1, {{1, 2, 1'000}, {2, 1, 3'000}});     // 3 cases together, 1,666 each
  AddBid(snapshot, 2, 1, {{3, 3, 1'600}});                    // 2 are left, fewer than the smallest quantity
  AddBid(snapshot, 3, 2, {{1, 2, 1'000}, {2, 1, 1'000}}, 3);  // one has not joined
  AddBid(snapshot, 4, 2, {{3, 2, 1'000}});                    // below the smallest quantity
  Canonicalise(snapshot);
  const Proposal proposal = ProposeOf(snapshot);
  EXPECT_THAT(Won(snapshot, proposal), ElementsAre(3, 0, 0, 0));
  EXPECT_THAT(Verdicts(proposal), ElementsAre("", "OUTBID", "NOT_JOINED", "BELOW_MINIMUM_LOT"));
  EXPECT_THAT(proposal.market.bids[0].won, ElementsAre(2, 1));
  ASSERT_THAT(proposal.lines, SizeIs(2));
  EXPECT_EQ(proposal.lines[1].line.milli_shares_per_case(), 3'000);
}

TEST(Bids, StorageSharesAndLowestPrices) {
  pb::Snapshot snapshot = Network(pb::POLICY_BIDS, 4, {100});
  snapshot.mutable_groups(0)->mutable_group()->mutable_sites(0)->set_ambient_items(25);
  SetBalance(snapshot, 1, 100'000);
  SetBalance(snapshot, 2, 5'000);
  SetBalance(snapshot, 3, 100'000);
  pb::LowestPrice& lowest = *snapshot.mutable_options()->add_lowest_prices();
  lowest.set_lot(LotName(1));
  lowest.set_milli_shares_per_case(500);
  AddBid(snapshot, 1, 1, {{1, 5, 3'000}});  // room for two
  AddBid(snapshot, 2, 1, {{2, 5, 2'000}});  // can pay two
  AddBid(snapshot, 3, 1, {{3, 5, 499}});
  AddBid(snapshot, 4, 1, {{4, 5, 600}});  // has no shares
  Canonicalise(snapshot);
  const Proposal proposal = ProposeOf(snapshot);
  EXPECT_THAT(Won(snapshot, proposal), ElementsAre(2, 2, 0, 0));
  EXPECT_THAT(Verdicts(proposal), ElementsAre("", "", "BELOW_LOWEST_PRICE", "NOT_ENOUGH_SHARES"));
}

TEST(Bids, BelowZeroIsPaidToWhoTakesIt) {
  pb::Snapshot snapshot = Network(pb::POLICY_BIDS, 2, {40});
  pb::LowestPrice& lowest = *snapshot.mutable_options()->add_lowest_prices();
  lowest.set_lot(LotName(1));
  lowest.set_milli_shares_per_case(-2'000);
  AddBid(snapshot, 1, 1, {{1, 4, -1'500}});  // with nothing in its account
  AddBid(snapshot, 2, 1, {{2, 2, -500}});
  Canonicalise(snapshot);
  const Proposal proposal = ProposeOf(snapshot);
  EXPECT_THAT(Won(snapshot, proposal), ElementsAre(2, 2));
}

TEST(Bids, WhatEndsFirstIsSettledFirst) {
  pb::Snapshot snapshot = Network(pb::POLICY_BIDS, 1, {10, 10});
  snapshot.mutable_stock(1)->mutable_lot()->mutable_good_until()->set_date("2027-01");
  SetBalance(snapshot, 1, 1'000);
  AddBid(snapshot, 1, 1, {{1, 1, 1'000}});
  AddBid(snapshot, 2, 2, {{1, 1, 1'000}});
  Canonicalise(snapshot);
  EXPECT_THAT(Won(snapshot, ProposeOf(snapshot)), ElementsAre(0, 1));
}

TEST(Bids, FiguresAreComparedWithFairShare) {
  pb::Snapshot snapshot = Network(pb::POLICY_BIDS, 2, {40, 40});
  MakeRich(snapshot);
  AddBid(snapshot, 1, 1, {{1, 4, 1'000}});
  Canonicalise(snapshot);
  const pb::RunSummary summary = ProposeOf(snapshot).summary;
  EXPECT_EQ(summary.given_out_milli_person_days(), 4'000);
  EXPECT_EQ(summary.given_out_bound_milli_person_days(), 8'000);
  EXPECT_EQ(summary.least_served_after(), 0);
  EXPECT_EQ(summary.least_served_bound(), 400);
  EXPECT_EQ(summary.gini_after_e6(), 500'000);
}

// ── Random ones.

std::string Iso(std::mt19937& random) { return absl::StrFormat("2027-%02d", 1 + random() % 12); }

pb::Snapshot RandomNetwork(pb::Policy policy, std::mt19937& random) {
  pb::Snapshot snapshot = EmptySnapshot();
  snapshot.set_policy(policy);
  const int groups = 1 + static_cast<int>(random() % 4), lots = 1 + static_cast<int>(random() % 3);
  for (int number = 1; number <= groups; ++number) {
    pb::SnapshotGroup& group = AddGroup(snapshot, number);
    group.mutable_group()->set_households(1 + random() % 5);
    group.mutable_group()->mutable_sites(0)->set_ambient_items(static_cast<int64_t>(random() % 60));
    group.set_history_milli_person_days(random() % 3 == 0 ? 0 : static_cast<int64_t>(random() % 4) * 1'000);
    if (random() % 5 == 0) group.mutable_group()->add_excluded_allergens(type::v1::ALLERGEN_WHEAT);
  }
  for (int number = 1; number <= lots; ++number) {
    stock::v1::Lot& lot = *AddStock(snapshot, number, 1 + static_cast<int64_t>(random() % 50)).mutable_lot();
    lot.set_items_per_case(1 + random() % 10);
    lot.mutable_good_until()->set_date(random() % 4 == 0 ? "2026-11-29" : Iso(random));
    if (random() % 3 == 0) lot.set_min_lot_items(1 + random() % 20);
    if (random() % 4 == 0) lot.set_milli_person_days(0);
    if (random() % 3 != 0) lot.mutable_allergens()->add_free_from(type::v1::ALLERGEN_WHEAT);
    if (policy == pb::POLICY_BIDS && random() % 3 == 0) {
      pb::LowestPrice& lowest = *snapshot.mutable_options()->add_lowest_prices();
      lowest.set_lot(lot.name());
      lowest.set_milli_shares_per_case(static_cast<int64_t>(random() % 4) - 2);
    }
  }
  snapshot.mutable_options()->set_claim_allowance_permille(static_cast<int>(random() % 3) * 500);
  return snapshot;
}

// The rules again, straight from their text: of all bids for the lot that nobody has looked at, the best one; what can
// it get? Storage, shares and stock are counted in maps of names.
std::map<std::string, std::vector<int64_t>> JudgeBids(const pb::Snapshot& snapshot) {
  const Judgement judgement(snapshot);
  std::map<std::string, int64_t> room, shares, food;
  std::map<std::string, std::vector<int64_t>> won;
  for (const pb::SnapshotGroup& group : snapshot.groups()) {
    room[group.group().name()] = group.group().sites(0).ambient_items();
    food[group.group().name()] = group.history_milli_person_days();
  }
  for (const pb::SnapshotBalance& balance : snapshot.market().balances())
    shares[balance.group()] = balance.milli_shares();
  std::vector<const pb::SnapshotStock*> stocks;
  for (const pb::SnapshotStock& stock : snapshot.stock()) stocks.push_back(&stock);
  const auto last_day = [&](const pb::SnapshotStock* stock) {
    return judgement.supplies()[*judgement.SupplyNamed(stock->lot().name(), stock->place().name())].days_left.value_or(
        1 << 30);
  };
  std::stable_sort(stocks.begin(), stocks.end(), [&](auto* a, auto* b) { return last_day(a) < last_day(b); });
  for (const pb::SnapshotStock* stock : stocks) {
    const stock::v1::Lot& lot = stock->lot();
    const int64_t unit = std::max<int64_t>(1, lot.items_per_case());
    int64_t left = stock->free_items() / unit;
    int64_t lowest = 0;
    for (const pb::LowestPrice& price : snapshot.options().lowest_prices()) {
      if (price.lot() == lot.name()) lowest = price.milli_shares_per_case();
    }
    const int supply = *judgement.SupplyNamed(lot.name(), stock->place().name());
    std::vector<const pb::SnapshotBid*> open;
    for (const pb::SnapshotBid& bid : snapshot.market().bids()) {
      bool counts = bid.lot() == lot.name() && bid.parts_size() == bid.parties();
      double sum = 0, cases = 0;
      for (const pb::SnapshotBidPart& part : bid.parts()) {
        counts = counts && judgement.May(supply, *judgement.GroupNamed(part.group()));
        sum += static_cast<double>(part.cases() * part.milli_shares_per_case());
        cases += static_cast<double>(part.cases());
      }
      if (bid.lot() == lot.name()) won[bid.name()].assign(bid.parts_size(), 0);
      if (counts && sum >= static_cast<double>(lowest) * cases) open.push_back(&bid);
    }
    const std::map<std::string, int64_t> before = food;
    // Small numbers: exact in doubles.
    const auto key = [&](const pb::SnapshotBid& bid) {
      double sum = 0, cases = 0, had = 0, weight = 0;
      for (const pb::SnapshotBidPart& part : bid.parts()) {
        sum += static_cast<double>(part.cases() * part.milli_shares_per_case());
        cases += static_cast<double>(part.cases());
        had += static_cast<double>(before.at(part.group()));
        weight += static_cast<double>(judgement.demands()[*judgement.GroupNamed(part.group())].weight);
      }
      return std::tuple(-sum / cases, had / weight, bid.name());
    };
    while (!open.empty()) {
      const auto best = std::ranges::min_element(open, [&](auto* a, auto* b) { return key(*a) < key(*b); });
      const pb::SnapshotBid& bid = **best;
      open.erase(best);
      std::vector<int64_t> get;
      int64_t all = 0;
      for (const pb::SnapshotBidPart& part : bid.parts()) {
        int64_t most = part.cases();
        most = std::min(most, room[part.group()] / unit);
        if (part.milli_shares_per_case() > 0)
          most = std::min(most, shares[part.group()] / part.milli_shares_per_case());
        get.push_back(most);
        all += most;
      }
      if (bid.parts_size() == 1) {
        get[0] = all = std::min(all, left);
      } else {
        for (int p = 0; p < bid.parts_size(); ++p) {
          if (get[p] < bid.parts(p).cases()) all = 0;
        }
      }
      if (all == 0 || all > left || all * unit < lot.min_lot_items()) continue;
      left -= all;
      won[bid.name()] = get;
      for (int p = 0; p < bid.parts_size(); ++p) {
        const pb::SnapshotBidPart& part = bid.parts(p);
        room[part.group()] -= get[p] * unit;
        shares[part.group()] -= get[p] * std::max<int64_t>(0, part.milli_shares_per_case());
        food[part.group()] += get[p] * unit * lot.milli_person_days();
      }
    }
  }
  return won;
}

TEST(Bids, AsTheJudgeSays) {
  int settled = 0;
  for (unsigned seed = 0; seed < 1'500; ++seed) {
    std::mt19937 random(seed);
    pb::Snapshot snapshot = RandomNetwork(pb::POLICY_BIDS, random);
    const int groups = snapshot.groups_size(), lots = snapshot.stock_size();
    for (int group = 1; group <= groups; ++group) SetBalance(snapshot, group, static_cast<int64_t>(random() % 40));
    for (int number = 1; number <= 6; ++number) {
      std::vector<int> members(groups);
      std::iota(members.begin(), members.end(), 1);
      std::shuffle(members.begin(), members.end(), random);
      members.resize(random() % 3 == 0 ? std::min(groups, 2) : 1);
      std::vector<Part> parts;
      for (const int group : members)
        parts.push_back({group, 1 + static_cast<int64_t>(random() % 6), static_cast<int64_t>(random() % 9) - 3});
      AddBid(snapshot, number, 1 + static_cast<int>(random() % lots), parts,
             static_cast<int>(parts.size()) + (random() % 10 == 0 ? 1 : 0));
    }
    Canonicalise(snapshot);
    const Proposal proposal = ProposeOf(snapshot);
    const std::map<std::string, std::vector<int64_t>> judged = JudgeBids(snapshot);
    std::map<std::string, std::vector<int64_t>> got;
    for (int bid = 0; bid < snapshot.market().bids_size(); ++bid) {
      got[snapshot.market().bids(bid).name()] = proposal.market.bids[bid].won;
      settled += proposal.market.bids[bid].verdict == BidVerdict::kWon;
      EXPECT_EQ(proposal.market.bids[bid].verdict == BidVerdict::kWon,
                std::ranges::any_of(proposal.market.bids[bid].won, [](int64_t cases) { return cases > 0; }));
    }
    ASSERT_EQ(got, judged) << "seed " << seed;
    // Nobody pays what it has not, and nothing is given out twice.
    int64_t free = 0, left = 0;
    for (const pb::SnapshotStock& stock : snapshot.stock()) free += stock.free_items();
    for (const pb::UnallocatedReason& reason : proposal.summary.unallocated()) left += reason.items();
    ASSERT_EQ(left + proposal.summary.allocated_items(), free) << "seed " << seed;
  }
  EXPECT_GT(settled, 1'000);
}

TEST(Claims, KeepEveryRuleInAnyOrder) {
  int held = 0;
  for (unsigned seed = 0; seed < 1'500; ++seed) {
    std::mt19937 random(seed);
    pb::Snapshot snapshot = RandomNetwork(pb::POLICY_CLAIMS, random);
    for (int number = 1; number <= 12; ++number) {
      pb::SnapshotClaim& claim =
          AddClaim(snapshot, 1 + static_cast<int>(random() % snapshot.groups_size()),
                   1 + static_cast<int>(random() % snapshot.stock_size()), 1 + static_cast<int64_t>(random() % 20));
      if (random() % 4 == 0) claim.set_ended_before(number + 1 + static_cast<int>(random() % 3));
    }
    Canonicalise(snapshot);
    const Proposal proposal = ProposeOf(snapshot);
    const Judgement& judgement = proposal.judgement;
    std::vector<int64_t> given(snapshot.stock_size()), food(snapshot.groups_size()), usual(snapshot.groups_size()),
        stored(snapshot.groups_size());
    for (const Share& share : proposal.outcome.shares) {
      ++held;
      const Supply& supply = judgement.supplies()[share.supply];
      ASSERT_TRUE(judgement.May(share.supply, share.group));
      ASSERT_GE(share.items, supply.min_lot_items);
      given[share.supply] += share.items;
      stored[share.group] += share.items;
      food[share.group] += share.items * supply.value;
      if (!supply.urgent) usual[share.group] += share.items * supply.value;
    }
    for (int s = 0; s < snapshot.stock_size(); ++s)
      ASSERT_LE(given[s], snapshot.stock(s).free_items()) << "seed " << seed;
    for (int g = 0; g < snapshot.groups_size(); ++g) {
      ASSERT_LE(stored[g], std::max<int64_t>(0, judgement.demands()[g].room[0])) << "seed " << seed;
      ASSERT_LE(usual[g], proposal.market.terms.cap[g]) << "seed " << seed;
    }
    // The caps cover what fair share gives out: nobody is kept from it.
    int64_t caps = 0;
    for (const int64_t cap : proposal.market.terms.cap) caps += cap;
    pb::Snapshot fair = snapshot;
    fair.clear_policy();
    fair.clear_market();
    ASSERT_GE(caps, ProposeOf(fair).summary.given_out_milli_person_days()) << "seed " << seed;
  }
  EXPECT_GT(held, 1'000);
}

TEST(Market, TheSameAgainToTheByteInAnyOrder) {
  for (const pb::Policy policy : {pb::POLICY_CLAIMS, pb::POLICY_BIDS}) {
    for (unsigned seed = 0; seed < 30; ++seed) {
      std::mt19937 random(seed);
      pb::Snapshot snapshot = RandomNetwork(policy, random);
      for (int number = 1; number <= 6; ++number) {
        const int group = 1 + static_cast<int>(random() % snapshot.groups_size());
        const int lot = 1 + static_cast<int>(random() % snapshot.stock_size());
        if (policy == pb::POLICY_CLAIMS) {
          AddClaim(snapshot, group, lot, 1 + static_cast<int64_t>(random() % 20));
        } else {
          AddBid(snapshot, number, lot,
                 {{group, 1 + static_cast<int64_t>(random() % 4), static_cast<int64_t>(random() % 3)}});
        }
      }
      MakeRich(snapshot);
      snapshot.set_policy_version(kPolicyVersion);
      Canonicalise(snapshot);
      const absl::StatusOr<Replay> replay = ReplaySnapshot(CanonicalBytes(snapshot));
      ASSERT_TRUE(replay.ok()) << replay.status();
      EXPECT_EQ(replay->result_hash, ProposeOf(snapshot).result_hash);
      EXPECT_EQ(replay->permuted_hash, replay->result_hash);
    }
  }
}

TEST(Market, NonsenseIsNoCrash) {
  pb::Snapshot snapshot = Network(pb::POLICY_BIDS, 1, {10});
  AddBid(snapshot, 1, 9, {{1, 1, 1}});
  AddBid(snapshot, 2, 1, {{9, 1, 1}});
  AddBid(snapshot, 3, 1, {});
  AddBid(snapshot, 4, 1, {{1, -5, 1}});
  AddBid(snapshot, 5, 1, {{1, 5, int64_t{1} << 62}});
  Canonicalise(snapshot);
  EXPECT_THAT(ProposeOf(snapshot).lines, IsEmpty());
  pb::Snapshot claims = Network(pb::POLICY_CLAIMS, 1, {10});
  AddClaim(claims, 9, 1, 10);
  AddClaim(claims, 1, 9, 10);
  AddClaim(claims, 1, 1, -10);
  AddClaim(claims, 1, 1, 10).set_ended_before(1);  // before it was made: it holds
  EXPECT_THAT(ProposeOf(claims).lines, SizeIs(1));
  EXPECT_THAT(ProposeOf(Network(pb::POLICY_BIDS, 0, {10})).lines, IsEmpty());
}

// ── Arithmetic of shares.

TEST(SharesBack, AllOfItByWeight) {
  EXPECT_THAT(GiveBack(10, {1, 1, 1}), ElementsAre(4, 3, 3));
  EXPECT_THAT(GiveBack(100, {3, 0, 1}), ElementsAre(75, 0, 25));
  EXPECT_THAT(GiveBack(0, {1}), ElementsAre(0));
  EXPECT_THAT(GiveBack(-5, {1, 2}), ElementsAre(0, 0));
  EXPECT_THAT(GiveBack(5, {0, 0}), ElementsAre(0, 0));
  std::mt19937_64 random(1);
  for (int round = 0; round < 1'000; ++round) {
    std::vector<int64_t> weights(1 + random() % 30);
    for (int64_t& weight : weights) weight = static_cast<int64_t>(random() % 1'000'000'001);
    weights[0] += 1;
    const int64_t pool = static_cast<int64_t>(random() >> 4);
    const std::vector<int64_t> parts = GiveBack(pool, weights);
    ASSERT_EQ(std::accumulate(parts.begin(), parts.end(), int64_t{0}), pool);
  }
}

TEST(SharesBack, ALineCostsWhatComesOfIt) {
  LineFacts line{.state = v1::LINE_STATE_ACCEPTED, .items = 40};
  EXPECT_EQ(CostOf(line, 1'500, 10, 6'000), 6'000);
  line.missing = 15;  // a case and a half
  EXPECT_EQ(CostOf(line, 1'500, 10, 6'000), 3'750);
  line.missing = 0;
  EXPECT_EQ(CostOf(line, 1'500, 10, 3'750), 3'750);  // found again: it stays as it is
  line.state = v1::LINE_STATE_REFUSED;
  EXPECT_EQ(CostOf(line, 1'500, 10, 6'000), 0);
  line.state = v1::LINE_STATE_EXPIRED;
  line.shipped = 10;
  EXPECT_EQ(CostOf(line, 1'500, 10, 6'000), 1'500);
  // Below zero: earned by what has arrived.
  LineFacts hard{.state = v1::LINE_STATE_ACCEPTED, .items = 40};
  EXPECT_EQ(CostOf(hard, -500, 10, 0), 0);
  hard.confirmed = 35;
  EXPECT_EQ(CostOf(hard, -500, 10, 0), -1'750);
  hard.confirmed = 0;
  EXPECT_EQ(CostOf(hard, -500, 10, -1'750), -1'750);
}

TEST(SharesBack, InWords) {
  EXPECT_EQ(ShareText(12'500), "12.5");
  EXPECT_EQ(ShareText(-70), "-0.07");
  EXPECT_EQ(ShareText(3'000), "3");
}

}  // namespace
}  // namespace kubari::allocation
