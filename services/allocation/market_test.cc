// Runs in which groups choose, over the real wire and a real PostgreSQL.
#include <random>
#include <thread>

#include "services/allocation/allocation_fixture.h"

namespace kubari::allocation {
namespace {

using errors::FailsBecause;
using errors::IsOk;
using ::testing::AnyOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

using MarketStub = pb::MarketService::Stub;

// Three groups; lots 1 to 3 of 60 items each, ambient, chilled and frozen; the third group may have none of them.
class MarketTest : public AllocationTest {
 protected:
  template <typename Method, typename Request>
  auto Ask(Method method, const std::string& token, const Request& request) {
    return rpc::Invoke(method, *market_stub_, server_.As(token), request);
  }
  template <typename Method, typename Request>
  auto MustAsk(Method method, const std::string& token, const Request& request) {
    auto answer = Ask(method, token, request);
    EXPECT_THAT(answer, IsOk());
    if (!answer.ok()) std::abort();
    return *std::move(answer);
  }

  pb::Run Opened(pb::Policy policy, const pb::RunOptions& options = {}) {
    pb::CreateRunRequest request = NewRun();
    request.set_policy(policy);
    *request.mutable_options() = options;
    const pb::Run run = Must(&Stub::CreateRun, "coordinator", request);
    const pb::Run open = Must(&Stub::PublishRun, "coordinator", Publish(run));
    EXPECT_EQ(open.state(), pb::RUN_STATE_PUBLISHED);
    return open;
  }
  static pb::RunOptions Allowance(int permille) {
    pb::RunOptions options;
    options.set_claim_allowance_permille(permille);
    return options;
  }
  static pb::ClaimRequest NewClaim(const pb::Run& run, int lot, int64_t items) {
    pb::ClaimRequest request;
    request.set_request_id(ids::NewUuid());
    request.set_run(run.name());
    request.set_lot(LotName(lot));
    request.set_place(kPlace);
    request.set_items(items);
    return request;
  }
  static pb::PlaceBidRequest NewBid(const pb::Run& run, int lot, int64_t cases, int64_t price, int parties = 1) {
    pb::PlaceBidRequest request;
    request.set_request_id(ids::NewUuid());
    request.set_run(run.name());
    request.set_lot(LotName(lot));
    request.set_place(kPlace);
    request.set_cases(cases);
    request.set_milli_shares_per_case(price);
    request.set_parties(parties);
    return request;
  }
  pb::Market MarketOf(const pb::Run& run, const std::string& token = "coordinator") {
    pb::GetMarketRequest request;
    request.set_run(run.name());
    return MustAsk(&MarketStub::GetMarket, token, request);
  }
  std::vector<pb::MarketStock> StockOf(const pb::Run& run, const std::string& token) {
    std::vector<pb::MarketStock> all;
    pb::ListMarketStockRequest request;
    request.set_run(run.name());
    request.set_page_size(2);
    do {
      const pb::ListMarketStockResponse page = MustAsk(&MarketStub::ListMarketStock, token, request);
      all.insert(all.end(), page.stock().begin(), page.stock().end());
      request.set_page_token(page.next_page_token());
    } while (!request.page_token().empty());
    return all;
  }
  pb::Market CloseNow(const pb::Run& run) {
    pb::CloseMarketRequest request;
    request.set_request_id(ids::NewUuid());
    request.set_run(run.name());
    request.set_etag(MarketOf(run).etag());
    const pb::Market closed = MustAsk(&MarketStub::CloseMarket, "coordinator", request);
    Follow();
    return closed;
  }
  pb::Run RunOf(const pb::Run& run) {
    pb::GetRunRequest request;
    request.set_name(run.name());
    return Must(&Stub::GetRun, "coordinator", request);
  }
  void ExpectReplays(const pb::Run& run) {
    pb::ReplayRunRequest request;
    request.set_run(run.name());
    EXPECT_TRUE(Must(&Stub::ReplayRun, "auditor", request).identical());
  }
  std::vector<pb::Run> FollowUpsOf(const pb::Run& run) {
    std::vector<pb::Run> found;
    const pb::ListRunsResponse all = Must(&Stub::ListRuns, "coordinator", pb::ListRunsRequest());
    for (const pb::Run& one : all.runs()) {
      if (one.follow_up_of() == run.name()) found.push_back(one);
    }
    return found;
  }
  pb::ListShareAccountsResponse Accounts(const std::string& token = "coordinator") {
    return MustAsk(&MarketStub::ListShareAccounts, token, pb::ListShareAccountsRequest());
  }
  int64_t BalanceOf(int group) {
    const pb::ListShareAccountsResponse accounts = Accounts();
    for (const pb::ShareAccount& account : accounts.accounts()) {
      if (account.group() == GroupName(group)) return account.balance_milli_shares();
    }
    return -1;
  }
  // Σ accounts + pool.
  int64_t AllShares() {
    const pb::ListShareAccountsResponse accounts = Accounts();
    int64_t all = accounts.pool_milli_shares();
    for (const pb::ShareAccount& account : accounts.accounts()) all += account.balance_milli_shares();
    return all;
  }
  std::vector<pb::Bid> BidsOf(const pb::Run& run, const std::string& token) {
    pb::ListBidsRequest request;
    request.set_run(run.name());
    const pb::ListBidsResponse bids = MustAsk(&MarketStub::ListBids, token, request);
    return {bids.bids().begin(), bids.bids().end()};
  }
};

// ── Claims.

TEST_F(MarketTest, AClaimIsReservedAtOnceAndAcceptedAlready) {
  const pb::Run run = Opened(pb::POLICY_CLAIMS);
  EXPECT_EQ(run.summary().allocated_items(), 0);
  EXPECT_THAT(stock_.reservations, IsEmpty());
  const pb::Market mine = MarketOf(run, "group 1");
  EXPECT_EQ(mine.state(), pb::MARKET_STATE_OPEN);
  EXPECT_EQ(mine.standing().group(), GroupName(1));
  EXPECT_GT(mine.standing().cap_milli_person_days(), 0);
  EXPECT_EQ(mine.entries(), 0);
  const std::vector<pb::MarketStock> stock = StockOf(run, "group 1");
  ASSERT_THAT(stock, SizeIs(3));
  EXPECT_EQ(stock[0].free_items(), 60);
  EXPECT_EQ(stock[0].warehouse_display_name(), "東倉庫");

  const pb::ClaimRequest request = NewClaim(run, 1, 20);
  const pb::Line line = MustAsk(&MarketStub::Claim, "group 1", request);
  EXPECT_EQ(line.state(), pb::LINE_STATE_ACCEPTED);
  EXPECT_EQ(line.items(), 20);
  EXPECT_EQ(line.claim_number(), 1);
  EXPECT_EQ(line.pick_up_due_time().seconds(), run.pick_up_due_time().seconds());
  EXPECT_THAT(line.explanation(), HasSubstr("Claimed by the group itself: 20 items"));
  ASSERT_THAT(stock_.reservations, SizeIs(1));
  EXPECT_EQ(stock_.reservations.begin()->second.expire_time().seconds(), run.pick_up_due_time().seconds());
  // The same request again is the same claim; another content is not.
  EXPECT_EQ(MustAsk(&MarketStub::Claim, "group 1", request).name(), line.name());
  pb::ClaimRequest changed = request;
  changed.set_items(30);
  EXPECT_THAT(Ask(&MarketStub::Claim, "group 1", changed), FailsBecause("REQUEST_ID_REUSED"));
  EXPECT_THAT(stock_.reservations, SizeIs(1));
  Follow();
  EXPECT_EQ(Again(line).state(), pb::LINE_STATE_ACCEPTED);
  EXPECT_EQ(StockOf(run, "group 2")[0].free_items(), 40);
  EXPECT_EQ(StockOf(run, "group 1")[0].own_items(), 20);
  EXPECT_EQ(MarketOf(run, "group 1").standing().claimed_milli_person_days(), 2'000);
  EXPECT_EQ(MarketOf(run).entries(), 1);
  // It is to be picked.
  pb::GetPickListRequest pick;
  pick.set_warehouse(kWarehouse);
  EXPECT_THAT(Must(&Stub::GetPickList, "volunteer", pick).deliveries(), SizeIs(1));
}

TEST_F(MarketTest, EveryNoHasItsReason) {
  const pb::Run run = Opened(pb::POLICY_CLAIMS);
  EXPECT_THAT(Ask(&MarketStub::Claim, "group 1", NewClaim(run, 1, 15)), FailsBecause("NOT_WHOLE_CASES"));
  EXPECT_THAT(Ask(&MarketStub::Claim, "group 1", NewClaim(run, 1, 70)), FailsBecause("QUANTITY_TOO_LARGE"));
  EXPECT_THAT(Ask(&MarketStub::Claim, "group 1", NewClaim(run, 2, 40)), FailsBecause("NO_CAPACITY"));
  EXPECT_THAT(Ask(&MarketStub::Claim, "group 1", NewClaim(run, 9, 10)), FailsBecause("LOT_NOT_SEEN"));
  EXPECT_THAT(Ask(&MarketStub::Claim, "coordinator", NewClaim(run, 1, 10)), FailsBecause("INVALID_REQUEST"));
  pb::ClaimRequest other = NewClaim(run, 1, 10);
  other.set_group(GroupName(2));
  EXPECT_THAT(Ask(&MarketStub::Claim, "group 1", other), FailsBecause("NOT_YOUR_ORGANISATION"));
  EXPECT_THAT(Ask(&MarketStub::Claim, "volunteer", NewClaim(run, 1, 10)), FailsBecause("ROLE_NOT_ALLOWED"));
  other.set_group(GroupName(3));
  EXPECT_THAT(Ask(&MarketStub::Claim, "coordinator", other), FailsBecause("GROUP_NOT_ELIGIBLE"));
  // Its fair share is a half: 9,000. 60 ambient items, and 30 chilled ones.
  MustAsk(&MarketStub::Claim, "group 1", NewClaim(run, 1, 60));
  EXPECT_THAT(Ask(&MarketStub::Claim, "group 1", NewClaim(run, 2, 30)), IsOk());
  EXPECT_THAT(Ask(&MarketStub::Claim, "group 1", NewClaim(run, 3, 10)), FailsBecause("CLAIM_CAP"));
  EXPECT_THAT(Ask(&MarketStub::Claim, "group 2", NewClaim(run, 1, 10)), FailsBecause("QUANTITY_TOO_LARGE"));
  const std::vector<pb::MarketStock> third = StockOf(run, "group 1");
  EXPECT_EQ(third[2].takeable_items(), 0);
  EXPECT_EQ(third[2].reasons(0).code(), "CLAIM_CAP");
  // Nothing of a run that is not published, or of another kind.
  EXPECT_THAT(Ask(&MarketStub::Claim, "group 1", NewClaim(MakeRun(), 1, 10)), FailsBecause("RUN_NOT_FOUND"));
  EXPECT_THAT(Ask(&MarketStub::PlaceBid, "group 1", NewBid(run, 1, 1, 1)), FailsBecause("RUN_POLICY"));
  EXPECT_THAT(Ask(&MarketStub::GetMarket, "stranger",
                  [&] {
                    pb::GetMarketRequest request;
                    request.set_run(run.name());
                    return request;
                  }()),
              FailsBecause("RUN_NOT_FOUND"));
}

TEST_F(MarketTest, WhatIsTakenBackIsFreeForTheNext) {
  const pb::Run run = Opened(pb::POLICY_CLAIMS, Allowance(1'000));
  const pb::Line line = MustAsk(&MarketStub::Claim, "group 1", NewClaim(run, 1, 60));
  EXPECT_THAT(Ask(&MarketStub::Claim, "group 2", NewClaim(run, 1, 10)), FailsBecause("QUANTITY_TOO_LARGE"));
  Must(&Stub::RefuseLine, "group 1", Refuse(line));
  Follow();
  EXPECT_EQ(StockOf(run, "group 2")[0].free_items(), 60);
  EXPECT_EQ(MustAsk(&MarketStub::Claim, "group 2", NewClaim(run, 1, 40)).claim_number(), 2);
  EXPECT_EQ(MustAsk(&MarketStub::Claim, "group 1", NewClaim(run, 1, 20)).claim_number(), 3);
  EXPECT_EQ(MarketOf(run).entries(), 2);
  CloseNow(run);
  const pb::Run closed = RunOf(run);
  EXPECT_EQ(closed.summary().allocated_items(), 60);
  EXPECT_NE(closed.snapshot_hash(), run.snapshot_hash());
  ExpectReplays(run);
}

TEST_F(MarketTest, ManyAtOnceStandInOneOrder) {
  groups_.groups[0] = WithColdRooms(groups_.groups[0], 1'000);
  groups_.groups[1] = WithColdRooms(groups_.groups[1], 1'000);
  const pb::Run run = Opened(pb::POLICY_CLAIMS, Allowance(5'000));
  std::vector<std::thread> threads;
  std::atomic<int> took = 0, late = 0;
  for (int worker = 0; worker < 6; ++worker) {
    threads.emplace_back([&, worker] {
      for (int round = 0; round < 6; ++round) {
        const auto answer =
            Ask(&MarketStub::Claim, worker % 2 == 0 ? "group 1" : "group 2", NewClaim(run, 1 + round % 3, 10));
        if (answer.ok()) {
          ++took;
        } else {
          EXPECT_THAT(answer, FailsBecause("QUANTITY_TOO_LARGE"));
          ++late;
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  // Eighteen cases for thirty-six claims: each goes once.
  EXPECT_EQ(took, 18);
  EXPECT_EQ(late, 18);
  std::set<int> numbers;
  for (const pb::Line& line : Lines(run)) numbers.insert(line.claim_number());
  EXPECT_THAT(numbers, SizeIs(18));
  EXPECT_EQ(*numbers.begin(), 1);
  EXPECT_EQ(*numbers.rbegin(), 18);
  for (const stock::v1::Balance& balance : stock_.balances) EXPECT_EQ(balance.free(), 0);
  CloseNow(run);
  EXPECT_EQ(RunOf(run).summary().allocated_items(), 180);
  ExpectReplays(run);
}

TEST_F(MarketTest, AClaimSurvivesALostAnswerAndIsFinishedByOthers) {
  const pb::Run run = Opened(pb::POLICY_CLAIMS);
  stock_.lost_answers = 1;
  const pb::ClaimRequest request = NewClaim(run, 1, 20);
  EXPECT_FALSE(Ask(&MarketStub::Claim, "group 1", request).ok());
  ASSERT_THAT(Lines(run), SizeIs(1));
  // Nobody else can have it meanwhile.
  EXPECT_EQ(StockOf(run, "group 2")[0].free_items(), 40);
  clock_.Advance(absl::Minutes(1));
  ASSERT_THAT(publisher_.FinishWhatIsLeft(), IsOk());
  Follow();
  EXPECT_EQ(Lines(run)[0].state(), pb::LINE_STATE_ACCEPTED);
  EXPECT_EQ(MustAsk(&MarketStub::Claim, "group 1", request).name(), Lines(run)[0].name());
  EXPECT_THAT(stock_.reservations, SizeIs(1));
}

TEST_F(MarketTest, WhatTheLedgerHasNotIsNotClaimed) {
  const pb::Run run = Opened(pb::POLICY_CLAIMS);
  stock_.balances[0].set_free(0);  // somebody took it straight from the shelf
  const pb::ClaimRequest request = NewClaim(run, 1, 20);
  EXPECT_THAT(Ask(&MarketStub::Claim, "group 1", request), FailsBecause("LINE_STATE"));
  EXPECT_THAT(Ask(&MarketStub::Claim, "group 1", request), FailsBecause("LINE_STATE"));
  EXPECT_EQ(Lines(run)[0].state(), pb::LINE_STATE_DROPPED);
  EXPECT_THAT(Lines(run, "group 1"), IsEmpty());
  CloseNow(run);
  EXPECT_EQ(RunOf(run).summary().allocated_items(), 0);
  ExpectReplays(run);
}

TEST_F(MarketTest, ItClosesWhenItsTimeIsOverAndUrgentFoodGoesOn) {
  stock_.balances[0].mutable_lot()->mutable_good_until()->set_date("2026-12-01");
  const pb::Run run = Opened(pb::POLICY_CLAIMS);
  MustAsk(&MarketStub::Claim, "group 1", NewClaim(run, 1, 20));
  ASSERT_THAT(closer_.CloseWhatIsDue(), IsOk());
  EXPECT_EQ(MarketOf(run).state(), pb::MARKET_STATE_OPEN);
  clock_.Advance(absl::Hours(48));
  EXPECT_THAT(Ask(&MarketStub::Claim, "group 1", NewClaim(run, 1, 10)), FailsBecause("MARKET_CLOSED"));
  // Two processes at once close it once.
  std::thread other([&] { EXPECT_THAT(closer_.CloseWhatIsDue(), IsOk()); });
  EXPECT_THAT(closer_.CloseWhatIsDue(), IsOk());
  other.join();
  ASSERT_THAT(closer_.CloseWhatIsDue(), IsOk());
  Follow();
  EXPECT_EQ(MarketOf(run, "group 1").state(), pb::MARKET_STATE_CLOSED);
  const std::vector<pb::Run> rest = FollowUpsOf(run);
  ASSERT_THAT(rest, SizeIs(1));
  EXPECT_EQ(rest[0].policy(), pb::POLICY_FAIR_SHARE);
  EXPECT_EQ(rest[0].state(), pb::RUN_STATE_PUBLISHED);
  int64_t offered = 0;
  for (const pb::Line& line : Lines(rest[0])) {
    EXPECT_EQ(line.lot(), LotName(1));
    EXPECT_EQ(line.state(), pb::LINE_STATE_OFFERED);
    offered += line.items();
  }
  EXPECT_EQ(offered, 40);
  ExpectReplays(run);
}

TEST_F(MarketTest, OptionsAndStepsOfOtherPoliciesAreRefused) {
  pb::CreateRunRequest request = NewRun();
  request.set_policy(pb::POLICY_CLAIMS);
  request.mutable_options()->set_horizon_weeks(2);
  EXPECT_THAT(Do(&Stub::CreateRun, "coordinator", request), FailsBecause("INVALID_REQUEST"));
  request.mutable_options()->Clear();
  request.mutable_options()->add_lowest_prices()->set_lot(LotName(1));
  EXPECT_THAT(Do(&Stub::CreateRun, "coordinator", request), FailsBecause("INVALID_REQUEST"));
  request.mutable_options()->Clear();
  const pb::Run run = Must(&Stub::CreateRun, "coordinator", request);
  EXPECT_THAT(Do(&Stub::AdjustLine, "coordinator", Adjust(run, 1, 1, 10)), FailsBecause("RUN_POLICY"));
  pb::ReviseRunRequest revise;
  revise.set_request_id(ids::NewUuid());
  revise.set_name(run.name());
  revise.set_etag(run.etag());
  revise.mutable_options()->set_claim_allowance_permille(250);
  const pb::Run revised = Must(&Stub::ReviseRun, "coordinator", revise);
  EXPECT_EQ(revised.policy(), pb::POLICY_CLAIMS);
  EXPECT_EQ(revised.options().claim_allowance_permille(), 250);
  // What would fair share do?
  pb::TryOptionsRequest compare;
  compare.set_run(run.name());
  const pb::TryOptionsResponse fair = Must(&Stub::TryOptions, "coordinator", compare);
  EXPECT_EQ(fair.before().allocated_items(), 0);
  EXPECT_EQ(fair.after().allocated_items(), 180);
}

TEST_F(MarketTest, AGroupIsToldWhy) {
  const pb::Run run = Opened(pb::POLICY_CLAIMS);
  MustAsk(&MarketStub::Claim, "group 1", NewClaim(run, 1, 20));
  CloseNow(run);
  pb::ExplainGroupRequest request;
  request.set_run(run.name());
  request.set_group(GroupName(1));
  const pb::ExplainGroupResponse story = Must(&Stub::ExplainGroup, "group 1", request);
  EXPECT_EQ(story.items(), 20);
  EXPECT_THAT(story.text(), HasSubstr("chose for itself"));
  EXPECT_THAT(story.text_ja(), HasSubstr("自分で選ぶ"));
  EXPECT_THAT(story.text(), Not(HasSubstr("こども食堂002")));
  request.set_group(GroupName(2));
  EXPECT_THAT(Must(&Stub::ExplainGroup, "group 2", request).text(), HasSubstr("has claimed nothing"));
}

// ── Bids.

TEST_F(MarketTest, BidsAreSealedSettledAndPaid) {
  const pb::Run run = Opened(pb::POLICY_BIDS);
  // Ten households of need 100: a hundred shares each.
  EXPECT_EQ(BalanceOf(1), 100'000);
  EXPECT_EQ(AllShares(), 300'000);
  const pb::Bid first = MustAsk(&MarketStub::PlaceBid, "group 1", NewBid(run, 1, 4, 2'000));
  EXPECT_EQ(first.state(), pb::BID_STATE_OPEN);
  EXPECT_EQ(first.parts(0).milli_shares_per_case(), 2'000);
  const pb::Bid second = MustAsk(&MarketStub::PlaceBid, "group 2", NewBid(run, 1, 4, 3'000));
  EXPECT_EQ(MarketOf(run, "group 1").standing().bid_milli_shares(), 8'000);
  // Nobody else knows of it.
  EXPECT_THAT(BidsOf(run, "coordinator"), IsEmpty());
  EXPECT_THAT(BidsOf(run, "auditor"), IsEmpty());
  EXPECT_THAT(BidsOf(run, "group 1"), SizeIs(1));
  EXPECT_EQ(MarketOf(run).entries(), 2);
  EXPECT_EQ(MarketOf(run).groups(), 2);
  const pb::ListShareAccountsResponse accounts = Accounts();
  for (const pb::ShareAccount& account : accounts.accounts()) EXPECT_EQ(account.bid_milli_shares(), 0);
  pb::ListPricesRequest prices;
  prices.set_run(run.name());
  EXPECT_THAT(MustAsk(&MarketStub::ListPrices, "coordinator", prices).prices(), IsEmpty());
  pb::ChangeBidRequest change;
  change.set_request_id(ids::NewUuid());
  change.set_name(second.name());
  change.set_etag(second.etag());
  change.set_cases(1);
  change.set_milli_shares_per_case(1'000);
  EXPECT_THAT(Ask(&MarketStub::ChangeBid, "group 1", change), FailsBecause("BID_NOT_FOUND"));

  EXPECT_EQ(CloseNow(run).state(), pb::MARKET_STATE_CLOSED);
  // Six cases: four for the higher bid, two for the other.
  const std::vector<pb::Line> lines = Lines(run);
  ASSERT_THAT(lines, SizeIs(2));
  for (const pb::Line& line : lines) EXPECT_EQ(line.state(), pb::LINE_STATE_ACCEPTED);
  EXPECT_EQ(LineOf(run, 1, 1).items(), 20);
  EXPECT_EQ(LineOf(run, 2, 1).items(), 40);
  EXPECT_EQ(BalanceOf(1), 96'000);
  EXPECT_EQ(BalanceOf(2), 88'000);
  EXPECT_EQ(Accounts().pool_milli_shares(), 16'000);
  EXPECT_EQ(AllShares(), 300'000);
  const std::vector<pb::Bid> told = BidsOf(run, "group 1");
  EXPECT_EQ(told[0].state(), pb::BID_STATE_WON);
  EXPECT_EQ(told[0].parts(0).won_cases(), 2);
  EXPECT_THAT(told[0].message_ja(), HasSubstr("希望4ケースのうち2ケース"));
  EXPECT_THAT(BidsOf(run, "coordinator"), SizeIs(2));
  const pb::LotPrice price = MustAsk(&MarketStub::ListPrices, "group 1", prices).prices(0);
  EXPECT_EQ(price.cases_wanted(), 8);
  EXPECT_EQ(price.cases_won(), 6);
  EXPECT_EQ(price.lowest_milli_shares_per_case(), 2'000);
  EXPECT_EQ(price.highest_milli_shares_per_case(), 3'000);
  EXPECT_EQ(RunOf(run).summary().allocated_items(), 60);
  ExpectReplays(run);

  // What is refused is paid back; what is short in part; nothing twice.
  Must(&Stub::RefuseLine, "group 1", Refuse(LineOf(run, 1, 1)));
  Follow();
  EXPECT_EQ(BalanceOf(1), 100'000);
  const pb::Line shipped = LineOf(run, 2, 1);
  stock_.Issue(shipped.reservation(), 40);
  stock_.Arrive(stock::v1::MOVEMENT_KIND_SHORTAGE, shipped.reservation(), 15);
  stock_.Arrive(stock::v1::MOVEMENT_KIND_CONFIRM, shipped.reservation(), 25);
  Follow();
  EXPECT_EQ(BalanceOf(2), 88'000 + 4'500);
  EXPECT_EQ(AllShares(), 300'000);
  pb::ListShareEntriesRequest entries;
  entries.set_group(GroupName(2));
  const pb::ListShareEntriesResponse told_entries = MustAsk(&MarketStub::ListShareEntries, "group 2", entries);
  ASSERT_THAT(told_entries.entries(), SizeIs(3));
  int64_t sum = 0;
  for (const pb::ShareEntry& entry : told_entries.entries()) sum += entry.milli_shares();
  EXPECT_EQ(sum, BalanceOf(2));
  EXPECT_THAT(Ask(&MarketStub::ListShareEntries, "group 1", entries), FailsBecause("NOT_YOUR_ORGANISATION"));
}

TEST_F(MarketTest, NobodyBidsWhatItHasNot) {
  const pb::Run run = Opened(pb::POLICY_BIDS);
  EXPECT_THAT(Ask(&MarketStub::PlaceBid, "group 1", NewBid(run, 1, 4, 25'001)), FailsBecause("NOT_ENOUGH_SHARES"));
  EXPECT_THAT(Ask(&MarketStub::PlaceBid, "group 1", NewBid(run, 1, 1, -1)), FailsBecause("BELOW_LOWEST_PRICE"));
  EXPECT_THAT(Ask(&MarketStub::PlaceBid, "group 1", NewBid(run, 2, 4, 1)), FailsBecause("NO_CAPACITY"));
  EXPECT_THAT(Ask(&MarketStub::PlaceBid, "group 1", NewBid(run, 1, 7, 1)), FailsBecause("QUANTITY_TOO_LARGE"));
  EXPECT_THAT(Ask(&MarketStub::PlaceBid, "coordinator", NewBid(run, 1, 1, 1)), FailsBecause("ROLE_NOT_ALLOWED"));
  const pb::PlaceBidRequest request = NewBid(run, 1, 4, 20'000);
  pb::Bid bid = MustAsk(&MarketStub::PlaceBid, "group 1", request);
  EXPECT_EQ(MustAsk(&MarketStub::PlaceBid, "group 1", request).name(), bid.name());
  EXPECT_THAT(Ask(&MarketStub::PlaceBid, "group 1", NewBid(run, 1, 1, 1)), FailsBecause("BID_TAKEN"));
  EXPECT_THAT(Ask(&MarketStub::PlaceBid, "group 1", NewBid(run, 2, 3, 7'000)), FailsBecause("NOT_ENOUGH_SHARES"));
  pb::ChangeBidRequest change;
  change.set_request_id(ids::NewUuid());
  change.set_name(bid.name());
  change.set_etag(bid.etag());
  change.set_cases(4);
  change.set_milli_shares_per_case(15'000);
  bid = MustAsk(&MarketStub::ChangeBid, "group 1", change);
  EXPECT_EQ(bid.parts(0).milli_shares_per_case(), 15'000);
  change.set_request_id(ids::NewUuid());
  EXPECT_THAT(Ask(&MarketStub::ChangeBid, "group 1", change), FailsBecause("STALE_ETAG"));
  MustAsk(&MarketStub::PlaceBid, "group 1", NewBid(run, 2, 3, 7'000));
  pb::WithdrawBidRequest withdraw;
  withdraw.set_request_id(ids::NewUuid());
  withdraw.set_name(bid.name());
  EXPECT_THAT(Ask(&MarketStub::WithdrawBid, "group 2", withdraw), FailsBecause("BID_NOT_FOUND"));
  EXPECT_EQ(MustAsk(&MarketStub::WithdrawBid, "group 1", withdraw).state(), pb::BID_STATE_WITHDRAWN);
  EXPECT_EQ(MarketOf(run, "group 1").standing().bid_milli_shares(), 21'000);
  MustAsk(&MarketStub::PlaceBid, "group 1", NewBid(run, 1, 1, 1));
  CloseNow(run);
  withdraw.set_request_id(ids::NewUuid());
  withdraw.set_name(BidsOf(run, "group 1")[0].name());
  EXPECT_THAT(Ask(&MarketStub::WithdrawBid, "group 1", withdraw), FailsBecause("BID_STATE"));
  EXPECT_THAT(Ask(&MarketStub::PlaceBid, "group 1", NewBid(run, 1, 1, 1)), FailsBecause("MARKET_CLOSED"));
}

TEST_F(MarketTest, GroupsBidTogether) {
  for (stock::v1::Balance& balance : stock_.balances) balance.mutable_lot()->set_min_lot_items(50);
  const pb::Run run = Opened(pb::POLICY_BIDS);
  EXPECT_THAT(Ask(&MarketStub::PlaceBid, "group 1", NewBid(run, 2, 3, 1'000)), FailsBecause("BELOW_MINIMUM_LOT"));
  const pb::Bid bid = MustAsk(&MarketStub::PlaceBid, "group 1", NewBid(run, 2, 3, 1'000, 2));
  ASSERT_THAT(bid.join_code(), SizeIs(9));
  pb::JoinBidRequest join;
  join.set_request_id(ids::NewUuid());
  join.set_join_code("nope");
  join.set_cases(2);
  join.set_milli_shares_per_case(500);
  EXPECT_THAT(Ask(&MarketStub::JoinBid, "group 2", join), FailsBecause("INVALID_REQUEST"));
  join.set_join_code("2222-2222");
  EXPECT_THAT(Ask(&MarketStub::JoinBid, "group 2", join), FailsBecause("BID_NOT_FOUND"));
  join.set_join_code(" " + absl::AsciiStrToLower(bid.join_code()) + " ");
  const pb::Bid joined = MustAsk(&MarketStub::JoinBid, "group 2", join);
  ASSERT_THAT(joined.parts(), SizeIs(2));
  EXPECT_EQ(joined.parts(0).group(), GroupName(1));
  join.set_request_id(ids::NewUuid());
  EXPECT_THAT(Ask(&MarketStub::JoinBid, "group 2", join), FailsBecause("BID_TAKEN"));
  // Who joined may leave, and come again.
  pb::WithdrawBidRequest leave;
  leave.set_request_id(ids::NewUuid());
  leave.set_name(bid.name());
  EXPECT_THAT(MustAsk(&MarketStub::WithdrawBid, "group 2", leave).join_code(), IsEmpty());
  EXPECT_THAT(BidsOf(run, "group 2"), IsEmpty());
  MustAsk(&MarketStub::JoinBid, "group 2", join);
  CloseNow(run);
  EXPECT_EQ(LineOf(run, 1, 2).items(), 30);
  EXPECT_EQ(LineOf(run, 2, 2).items(), 20);
  EXPECT_EQ(BalanceOf(1), 97'000);
  EXPECT_EQ(BalanceOf(2), 99'000);
  ExpectReplays(run);
}

TEST_F(MarketTest, HardToPlaceGoodsPayWhoTookThem) {
  pb::RunOptions options;
  pb::LowestPrice& lowest = *options.add_lowest_prices();
  lowest.set_lot(LotName(1));
  lowest.set_milli_shares_per_case(-2'000);
  const pb::Run run = Opened(pb::POLICY_BIDS, options);
  MustAsk(&MarketStub::PlaceBid, "group 1", NewBid(run, 1, 2, -1'500));
  CloseNow(run);
  const pb::Line line = LineOf(run, 1, 1);
  EXPECT_EQ(line.milli_shares_per_case(), -1'500);
  EXPECT_EQ(BalanceOf(1), 100'000);
  stock_.Issue(line.reservation(), 20);
  Follow();
  EXPECT_EQ(BalanceOf(1), 100'000);
  stock_.Arrive(stock::v1::MOVEMENT_KIND_CONFIRM, line.reservation(), 20);
  Follow();
  EXPECT_EQ(BalanceOf(1), 103'000);
  EXPECT_EQ(Accounts().pool_milli_shares(), -3'000);
  EXPECT_EQ(AllShares(), 300'000);
}

TEST_F(MarketTest, WhatWasSpentComesBackOnceANight) {
  const pb::Run run = Opened(pb::POLICY_BIDS);
  MustAsk(&MarketStub::PlaceBid, "group 1", NewBid(run, 1, 4, 2'500));
  ASSERT_THAT(closer_.GiveBackShares(), IsOk());  // of this day: nothing was spent yet
  CloseNow(run);
  ASSERT_THAT(closer_.GiveBackShares(), IsOk());
  EXPECT_EQ(BalanceOf(1), 90'000);
  clock_.Advance(absl::Hours(24));
  groups_.groups.pop_back();               // one has left …
  groups_.groups.push_back(MakeGroup(4));  // … one has come
  groups_.groups.back().set_households(5);
  std::thread other([&] { EXPECT_THAT(closer_.GiveBackShares(), IsOk()); });
  EXPECT_THAT(closer_.GiveBackShares(), IsOk());
  other.join();
  EXPECT_THAT(closer_.GiveBackShares(), IsOk());
  // 10,000 by 1000 : 1000 : 500.
  EXPECT_EQ(BalanceOf(1), 94'000);
  EXPECT_EQ(BalanceOf(2), 104'000);
  EXPECT_EQ(BalanceOf(3), 100'000);
  EXPECT_EQ(BalanceOf(4), 50'000 + 2'000);
  EXPECT_EQ(Accounts().pool_milli_shares(), 0);
  EXPECT_EQ(AllShares(), 350'000);
}

TEST_F(MarketTest, ACrashInTheMiddleOfClosingIsFinished) {
  const pb::Run run = Opened(pb::POLICY_BIDS);
  MustAsk(&MarketStub::PlaceBid, "group 1", NewBid(run, 1, 4, 2'000));
  MustAsk(&MarketStub::PlaceBid, "group 2", NewBid(run, 2, 3, 2'000));
  stock_.reachable_reserves = stock_.reserve_calls + 1;  // the ledger goes away after one line
  EXPECT_EQ(CloseNow(run).state(), pb::MARKET_STATE_CLOSED);
  EXPECT_EQ(BalanceOf(1) + BalanceOf(2), 200'000 - 14'000);
  stock_.reachable_reserves = 1'000'000;
  ASSERT_THAT(closer_.CloseWhatIsDue(), IsOk());
  Follow();
  for (const pb::Line& line : Lines(run)) EXPECT_EQ(line.state(), pb::LINE_STATE_ACCEPTED);
  EXPECT_THAT(stock_.reservations, SizeIs(2));
  EXPECT_EQ(AllShares(), 300'000);
  // What the ledger has not is not paid.
  const pb::Run next = Opened(pb::POLICY_BIDS);
  const int64_t before = BalanceOf(1);
  MustAsk(&MarketStub::PlaceBid, "group 1", NewBid(next, 3, 3, 2'000));
  stock_.balances[2].set_free(0);
  CloseNow(next);
  EXPECT_EQ(LineOf(next, 1, 3).state(), pb::LINE_STATE_DROPPED);
  EXPECT_EQ(BalanceOf(1), before);
  EXPECT_EQ(AllShares(), 300'000);
}

TEST_F(MarketTest, SharesAreConservedThroughRandomSeasons) {
  for (groups::v1::Group& group : groups_.groups) {
    group = WithColdRooms(group, 1'000);
    group.clear_excluded_allergens();
  }
  for (stock::v1::Balance& balance : stock_.balances) {
    balance.set_on_hand(600);
    balance.set_free(600);
  }
  const unsigned seed = std::random_device()();
  SCOPED_TRACE(absl::StrCat("seed ", seed));
  std::mt19937 random(seed);
  for (int season = 0; season < 6; ++season) {
    pb::RunOptions options;
    pb::LowestPrice& lowest = *options.add_lowest_prices();
    lowest.set_lot(LotName(1));
    lowest.set_milli_shares_per_case(-1'000);
    const pb::Run run = Opened(pb::POLICY_BIDS, options);
    for (int bid = 0; bid < 6; ++bid) {
      const std::string token = random() % 2 == 0 ? "group 1" : "group 2";
      const int lot = 1 + static_cast<int>(random() % 3);
      const int64_t price =
          lot == 1 ? -static_cast<int64_t>(random() % 1'000) : static_cast<int64_t>(random() % 40'000);
      EXPECT_THAT(Ask(&MarketStub::PlaceBid, token, NewBid(run, lot, 1 + static_cast<int64_t>(random() % 5), price)),
                  AnyOf(IsOk(), FailsBecause("BID_TAKEN"), FailsBecause("NOT_ENOUGH_SHARES"),
                        FailsBecause("QUANTITY_TOO_LARGE")));
    }
    CloseNow(run);
    ExpectReplays(run);
    for (const pb::Line& line : Lines(run)) {
      const std::string token = line.group() == GroupName(1) ? "group 1" : "group 2";
      switch (random() % 4) {
        case 0:
          Must(&Stub::RefuseLine, token, Refuse(line));
          break;
        case 1:
          stock_.Give(stock::v1::MOVEMENT_KIND_EXPIRE, line.reservation(), line.items());
          break;
        case 2:
          stock_.Issue(line.reservation(), line.items());
          stock_.Arrive(stock::v1::MOVEMENT_KIND_SHORTAGE, line.reservation(), 3);
          stock_.Arrive(stock::v1::MOVEMENT_KIND_CONFIRM, line.reservation(), line.items() - 3);
          break;
        default:
          break;
      }
    }
    Follow();
    clock_.Advance(absl::Hours(24));
    ASSERT_THAT(closer_.GiveBackShares(), IsOk());
    ASSERT_EQ(AllShares(), 300'000);
    const pb::ListShareAccountsResponse accounts = Accounts();
    for (const pb::ShareAccount& account : accounts.accounts()) {
      pb::ListShareEntriesRequest request;
      request.set_group(account.group());
      request.set_page_size(200);
      int64_t sum = 0;
      const pb::ListShareEntriesResponse entries = MustAsk(&MarketStub::ListShareEntries, "auditor", request);
      for (const pb::ShareEntry& entry : entries.entries()) {
        sum += entry.milli_shares();
        EXPECT_GE(entry.balance_milli_shares(), 0);
      }
      EXPECT_EQ(sum, account.balance_milli_shares());
    }
  }
}

}  // namespace
}  // namespace kubari::allocation
