// Runs over the real wire: proposing, adjusting, publishing (also half way), looking at reasons, replay.
#include <absl/strings/escaping.h>

#include <algorithm>

#include "services/allocation/allocation_fixture.h"
#include "services/allocation/domain/propose.h"

namespace kubari::allocation {
namespace {

using errors::FailsBecause;
using errors::IsOk;
using errors::Violates;
using ::testing::AllOf;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

TEST_F(AllocationTest, ARunProposesAndHasNoEffectOutside) {
  const pb::Run run = MakeRun();
  EXPECT_EQ(run.state(), pb::RUN_STATE_PROPOSED);
  EXPECT_EQ(run.policy(), pb::POLICY_FAIR_SHARE);
  EXPECT_EQ(run.policy_version(), kPolicyVersion);
  EXPECT_EQ(run.hand_over_date(), kToday);
  EXPECT_EQ(run.creator(), rpc::Person(kNetwork, Uuid(80), type::v1::ROLE_COORDINATOR).subject);
  EXPECT_EQ(run.summary().lots(), 3);
  EXPECT_EQ(run.summary().lines(), 6);
  EXPECT_EQ(run.summary().allocated_items(), 180);
  EXPECT_FALSE(run.has_answer_due_time());
  EXPECT_EQ(groups_.token, "Bearer coordinator");  // read with the caller's own rights
  EXPECT_EQ(stock_.mutations, 0);
  const std::vector<pb::Line> lines = Lines(run);
  ASSERT_THAT(lines, SizeIs(6));
  int next_to_itself = 0;
  for (const pb::Line& line : lines) {
    EXPECT_EQ(line.state(), pb::LINE_STATE_PROPOSED);
    EXPECT_EQ(line.items(), 30);
    EXPECT_EQ(line.reservation(), "");
    EXPECT_THAT(line.explanation(), HasSubstr("30 of 60 free items (3 cases)"));
    if (line.lot() == LotName(1)) {
      // One of the two groups is next; its own line does not name it.
      const bool own = line.explanation().find("would have gone to it as well.") != std::string::npos;
      next_to_itself += own ? 1 : 0;
      EXPECT_THAT(line.explanation(), HasSubstr(own ? "The next case" : "would have gone to こども食堂"));
      EXPECT_THAT(line.explanation_ja(), HasSubstr("次の1ケース"));
    } else {  // cold rooms are full
      EXPECT_THAT(line.explanation(), HasSubstr("No group could take another case."));
    }
  }
  EXPECT_EQ(next_to_itself, 1);
  EXPECT_THAT(Lines(run, "group 1"), IsEmpty());  // nothing is offered yet
  EXPECT_THAT(Do(&Stub::GetRun, "stranger",
                 [&] {
                   pb::GetRunRequest r;
                   r.set_name(run.name());
                   return r;
                 }()),
              FailsBecause("RUN_NOT_FOUND"));
}

TEST_F(AllocationTest, TheSameRequestIsTheSameRun) {
  const pb::CreateRunRequest request = NewRun();
  const pb::Run first = Must(&Stub::CreateRun, "coordinator", request);
  AddBalance(4, 10);  // the world goes on
  EXPECT_EQ(Must(&Stub::CreateRun, "coordinator", request).SerializeAsString(), first.SerializeAsString());
  pb::CreateRunRequest changed = request;
  changed.set_title("別の題");
  EXPECT_THAT(Do(&Stub::CreateRun, "coordinator", changed), FailsBecause("REQUEST_ID_REUSED"));
  pb::CreateRunRequest same_id = NewRun();
  same_id.set_run_id(IdOf(first.name()));
  EXPECT_THAT(Do(&Stub::CreateRun, "coordinator", same_id), FailsBecause("ID_TAKEN"));
  const pb::ListRunsResponse runs = Must(&Stub::ListRuns, "auditor", pb::ListRunsRequest());
  EXPECT_THAT(runs.runs(), SizeIs(1));
}

TEST_F(AllocationTest, TheSnapshotIsNamedByItsHash) {
  const pb::Run run = MakeRun();
  pb::GetSnapshotRequest request;
  request.set_run(run.name());
  const pb::GetSnapshotResponse stored = Must(&Stub::GetSnapshot, "auditor", request);
  EXPECT_EQ(stored.snapshot_hash(), run.snapshot_hash());
  EXPECT_EQ(Sha256(stored.snapshot()), run.snapshot_hash());
  pb::Snapshot snapshot;
  ASSERT_TRUE(snapshot.ParseFromString(stored.snapshot()));
  EXPECT_THAT(snapshot.stock(), SizeIs(3));
  EXPECT_THAT(snapshot.groups(), SizeIs(3));
  for (const pb::SnapshotGroup& group : snapshot.groups()) EXPECT_EQ(group.group().contact_email(), "");
  // An equal world in another order gives an equal snapshot and result.
  std::ranges::reverse(groups_.groups);
  std::ranges::reverse(stock_.balances);
  const pb::Run again = MakeRun();
  EXPECT_EQ(again.snapshot_hash(), run.snapshot_hash());
  EXPECT_EQ(again.result_hash(), run.result_hash());
}

TEST_F(AllocationTest, AReplayProvesTheRun) {
  const pb::Run run = MakeRun();
  pb::ReplayRunRequest request;
  request.set_run(run.name());
  pb::ReplayRunResponse replay = Must(&Stub::ReplayRun, "auditor", request);
  EXPECT_TRUE(replay.identical());
  EXPECT_EQ(replay.replayed_hash(), run.result_hash());
  // Adjusting by hand does not touch what was first proposed.
  Must(&Stub::AdjustLine, "coordinator", Adjust(run, 1, 1, 10));
  EXPECT_TRUE(Must(&Stub::ReplayRun, "auditor", request).identical());
  // Somebody with the database in hand changes what the run saw.
  pb::GetSnapshotRequest stored;
  stored.set_run(run.name());
  pb::Snapshot snapshot;
  snapshot.ParseFromString(Must(&Stub::GetSnapshot, "auditor", stored).snapshot());
  snapshot.mutable_groups(0)->mutable_group()->set_households(500);
  pg::testing::Sql(database_.superuser, absl::StrCat("UPDATE allocation.snapshots SET snapshot = '\\x",
                                                     absl::BytesToHexString(CanonicalBytes(snapshot)), "'"));
  replay = Must(&Stub::ReplayRun, "auditor", request);
  EXPECT_FALSE(replay.identical());
  EXPECT_NE(replay.replayed_hash(), replay.result_hash());
}

TEST_F(AllocationTest, TheServiceItselfCannotChangeASnapshot) {
  MakeRun();
  static constexpr pg::Statement kChange{"UPDATE snapshots SET snapshot = ''"};
  EXPECT_FALSE(
      pool_.Transact({.network_id = kNetwork}, [&](pg::Transaction& tx) { return tx.Execute(kChange).status(); }).ok());
}

TEST_F(AllocationTest, TellsEverythingWrongWithARun) {
  pb::CreateRunRequest request;
  request.set_hand_over_date("2026-11-17");
  request.set_answer_hours(337);
  request.set_pick_up_hours(-1);
  request.add_warehouses("東");
  request.set_run_id("x");
  const auto refused = Do(&Stub::CreateRun, "coordinator", request);
  EXPECT_THAT(refused, Violates("request_id", "REQUIRED"));
  EXPECT_THAT(refused, Violates("run_id", "NOT_A_UUID"));
  EXPECT_THAT(refused, Violates("title", "REQUIRED"));
  EXPECT_THAT(refused, Violates("hand_over_date", "OUT_OF_RANGE"));
  EXPECT_THAT(refused, Violates("answer_hours", "OUT_OF_RANGE"));
  EXPECT_THAT(refused, Violates("pick_up_hours", "OUT_OF_RANGE"));
  EXPECT_THAT(refused, Violates("warehouses[0]", "NOT_A_NAME"));
  request = NewRun();
  request.set_hand_over_date("2027-01");
  EXPECT_THAT(Do(&Stub::CreateRun, "coordinator", request), Violates("hand_over_date", "NOT_A_DAY"));
  request = NewRun();
  request.add_warehouses("warehouses/" + Uuid(77));
  EXPECT_THAT(Do(&Stub::CreateRun, "coordinator", request), FailsBecause("WAREHOUSE_NOT_FOUND"));
  stock_.balances.clear();
  EXPECT_THAT(Do(&Stub::CreateRun, "coordinator", NewRun()), FailsBecause("NOTHING_TO_ALLOCATE"));
  EXPECT_THAT(Do(&Stub::CreateRun, "auditor", NewRun()), FailsBecause("ROLE_NOT_ALLOWED"));
}

TEST_F(AllocationTest, AgreementsAreJudgedForTheDayOfTheHandOver) {
  donors_.donors[0].mutable_agreements(0)->set_valid_to_date("2026-11-30");
  pb::CreateRunRequest request = NewRun();
  request.set_hand_over_date("2026-12-01");
  const pb::Run run = Must(&Stub::CreateRun, "coordinator", request);
  EXPECT_EQ(run.summary().lines(), 0);
  ASSERT_THAT(run.summary().unallocated(), SizeIs(3));  // by zone
  for (const pb::UnallocatedReason& reason : run.summary().unallocated()) {
    EXPECT_EQ(reason.reason(), "NO_DONOR_AGREEMENT");
    EXPECT_EQ(reason.items(), 60);
  }
}

TEST_F(AllocationTest, AdjustingByHandKeepsTheRules) {
  for (groups::v1::Group& group : groups_.groups) group = WithColdRooms(group, 1'000);
  groups_.groups[1].add_excluded_tags(type::v1::DIETARY_TAG_STOCKPILE);
  stock_.balances[1].mutable_lot()->add_tags(type::v1::DIETARY_TAG_STOCKPILE);
  stock_.balances[2].mutable_lot()->set_min_lot_items(30);
  const pb::Run run = MakeRun();
  const auto adjust = [&](int group, int lot, int64_t items) {
    return Do(&Stub::AdjustLine, "coordinator", Adjust(run, group, lot, items));
  };

  const auto forbidden = adjust(3, 1, 10);  // undeclared wheat: hard
  EXPECT_THAT(forbidden, FailsBecause("GROUP_NOT_ELIGIBLE"));
  EXPECT_EQ(errors::MetadataOf(forbidden.status()).at("conditions"), "ALLERGEN_UNKNOWN");
  EXPECT_THAT(adjust(9, 1, 10), FailsBecause("GROUP_NOT_ELIGIBLE"));
  EXPECT_THAT(adjust(1, 9, 10), FailsBecause("QUANTITY_TOO_LARGE"));
  // Lot 2 goes to group 1 alone, so group 2 catches up with lot 1.
  const auto too_much = adjust(1, 1, 10);
  EXPECT_THAT(too_much, FailsBecause("QUANTITY_TOO_LARGE"));
  EXPECT_EQ(errors::MetadataOf(too_much.status()).at("free"), "0");

  const pb::Line less = Must(&Stub::AdjustLine, "coordinator", Adjust(run, 2, 1, 10));
  EXPECT_EQ(less.items(), 10);
  EXPECT_EQ(less.proposed_items(), 60);
  EXPECT_EQ(less.reason(), "電話で確認");
  EXPECT_THAT(less.explanation_ja(), HasSubstr("10点に直しました：電話で確認"));
  // Told once, and no longer when it is as it was proposed.
  EXPECT_THAT(Must(&Stub::AdjustLine, "coordinator", Adjust(run, 2, 1, 20)).explanation_ja(),
              AllOf(HasSubstr("20点に直しました"), Not(HasSubstr("10点に直しました"))));
  EXPECT_THAT(Must(&Stub::AdjustLine, "coordinator", Adjust(run, 2, 1, 60)).explanation_ja(),
              Not(HasSubstr("直しました")));
  Must(&Stub::AdjustLine, "coordinator", Adjust(run, 2, 1, 10));
  EXPECT_THAT(adjust(1, 1, 15), FailsBecause("NOT_WHOLE_CASES"));
  EXPECT_THAT(adjust(2, 3, 20), FailsBecause("BELOW_MINIMUM_LOT"));
  // Soft: the coordinator talked to the group. First the other group's share must go.
  const pb::Line dropped = Must(&Stub::AdjustLine, "coordinator", Adjust(run, 1, 2, 0));
  EXPECT_EQ(dropped.state(), pb::LINE_STATE_DROPPED);
  EXPECT_THAT(dropped.explanation(), HasSubstr("A coordinator took it out: "));
  const pb::Line added = Must(&Stub::AdjustLine, "coordinator", Adjust(run, 2, 2, 60));
  EXPECT_EQ(added.state(), pb::LINE_STATE_PROPOSED);
  EXPECT_EQ(added.proposed_items(), 0);
  EXPECT_THAT(added.explanation(), HasSubstr("Added by hand."));
  EXPECT_THAT(adjust(3, 2, 0), FailsBecause("LINE_NOT_FOUND"));
  Must(&Stub::AdjustLine, "coordinator", Adjust(run, 2, 2, 0));
  EXPECT_EQ(Must(&Stub::AdjustLine, "coordinator", Adjust(run, 1, 2, 60)).state(),
            pb::LINE_STATE_PROPOSED);  // and back again

  pb::GetRunRequest get;
  get.set_name(run.name());
  const pb::Run now = Must(&Stub::GetRun, "coordinator", get);
  EXPECT_NE(now.etag(), run.etag());
  int64_t items = 0;
  for (const pb::Line& line : Lines(run)) items += line.state() == pb::LINE_STATE_PROPOSED ? line.items() : 0;
  EXPECT_EQ(now.summary().allocated_items(), items);
  EXPECT_EQ(now.result_hash(), run.result_hash());
  EXPECT_THAT(Do(&Stub::PublishRun, "coordinator", Publish(run)), FailsBecause("STALE_ETAG"));
}

TEST_F(AllocationTest, AdjustingTwiceIsOnce) {
  const pb::Run run = MakeRun();
  const pb::AdjustLineRequest request = Adjust(run, 1, 1, 10);
  const pb::Line first = Must(&Stub::AdjustLine, "coordinator", request);
  EXPECT_EQ(Must(&Stub::AdjustLine, "coordinator", request).SerializeAsString(), first.SerializeAsString());
  EXPECT_EQ(LineOf(run, 1, 1).etag(), first.etag());
}

TEST_F(AllocationTest, PublishingReservesInThePersonsName) {
  const pb::Run run = Published();
  EXPECT_EQ(absl::FromUnixSeconds(run.answer_due_time().seconds()), clock_.Now() + absl::Hours(48));
  EXPECT_EQ(absl::FromUnixSeconds(run.pick_up_due_time().seconds()), clock_.Now() + absl::Hours(48 + 168));
  EXPECT_THAT(stock_.actors, Each(rpc::Person(kNetwork, Uuid(80), type::v1::ROLE_COORDINATOR).subject));
  ASSERT_THAT(stock_.reservations, SizeIs(6));
  std::map<std::string, std::string> deliveries;
  for (const pb::Line& line : Lines(run)) {
    EXPECT_EQ(line.state(), pb::LINE_STATE_OFFERED);
    const stock::v1::Reservation& reservation = stock_.reservations.at(line.reservation());
    EXPECT_EQ(reservation.items(), line.items());
    EXPECT_EQ(reservation.lot(), line.lot());
    EXPECT_EQ(reservation.group(), line.group());
    EXPECT_EQ(reservation.delivery(), line.delivery());
    EXPECT_EQ(absl::FromUnixSeconds(reservation.expire_time().seconds()),
              clock_.Now() + absl::Hours(48) + absl::Minutes(10));
    const auto [known, is_new] = deliveries.try_emplace(line.group(), line.delivery());
    EXPECT_EQ(known->second, line.delivery());  // one hand-over for one group from one warehouse
  }
  EXPECT_THAT(deliveries, SizeIs(2));
  EXPECT_THAT(Do(&Stub::PublishRun, "coordinator", Publish(run)), FailsBecause("RUN_STATE"));
  EXPECT_THAT(Do(&Stub::AdjustLine, "coordinator", Adjust(run, 1, 1, 10)), FailsBecause("RUN_STATE"));
}

TEST_F(AllocationTest, WhereTheRunPassesOverAnEarlierLotTheReservationSaysWhichLineDidIt) {
  const std::string departing = stock_.balances.front().lot().name();
  stock_.departures = {departing};
  const pb::Run run = Published();
  for (const pb::Line& line : Lines(run)) {
    EXPECT_EQ(line.state(), pb::LINE_STATE_OFFERED);
    EXPECT_EQ(stock_.departure_reasons.at(line.reservation()),
              line.lot() == departing ? "配分 (allocation): " + line.name() : "");
  }
}

TEST_F(AllocationTest, PublishingAgainDoesNotReserveAgain) {
  const pb::PublishRunRequest request = Publish(MakeRun());
  Must(&Stub::PublishRun, "coordinator", request);
  EXPECT_EQ(Must(&Stub::PublishRun, "coordinator", request).state(), pb::RUN_STATE_PUBLISHED);
  EXPECT_EQ(stock_.mutations, 6);
}

TEST_F(AllocationTest, StockThatIsGoneDropsItsLine) {
  const pb::Run run = MakeRun();
  stock_.balances[0].set_free(35);  // somebody took some of lot 1
  const pb::Run published = Must(&Stub::PublishRun, "coordinator", Publish(run));
  EXPECT_EQ(published.state(), pb::RUN_STATE_PUBLISHED);
  int dropped = 0;
  for (const pb::Line& line : Lines(run)) {
    if (line.state() != pb::LINE_STATE_DROPPED) continue;
    ++dropped;
    EXPECT_EQ(line.lot(), LotName(1));
    EXPECT_EQ(line.reason(), "INSUFFICIENT_STOCK: 在庫が足りません。 / Not enough.");
    EXPECT_EQ(line.reservation(), "");
  }
  EXPECT_EQ(dropped, 1);
  EXPECT_THAT(Lines(run, "group 1").size() + Lines(run, "group 2").size(), 5);  // never offered, so not shown
}

TEST_F(AllocationTest, HalfPublishedRunsAreFinishedInTheBackground) {
  stock_.reachable_reserves = 3;
  const pb::Run run = MakeRun();
  const pb::Run half = Must(&Stub::PublishRun, "coordinator", Publish(run));
  EXPECT_EQ(half.state(), pb::RUN_STATE_PUBLISHING);
  EXPECT_EQ(stock_.mutations, 3);
  ASSERT_THAT(publisher_.FinishWhatIsLeft(), IsOk());  // still away
  stock_.reachable_reserves = 1'000'000;
  // Two processes find it at once.
  Publisher other(pool_, ledger_, clock_);
  std::thread thread([&] { EXPECT_THAT(other.FinishWhatIsLeft(), IsOk()); });
  EXPECT_THAT(publisher_.FinishWhatIsLeft(), IsOk());
  thread.join();
  pb::GetRunRequest get;
  get.set_name(run.name());
  EXPECT_EQ(Must(&Stub::GetRun, "coordinator", get).state(), pb::RUN_STATE_PUBLISHED);
  EXPECT_EQ(stock_.mutations, 6);
  for (const pb::Line& line : Lines(run)) EXPECT_EQ(line.state(), pb::LINE_STATE_OFFERED);
  EXPECT_THAT(stock_.actors, Each(rpc::Person(kNetwork, Uuid(80), type::v1::ROLE_COORDINATOR).subject));
}

TEST_F(AllocationTest, LostAnswersNeverReserveTwice) {
  stock_.lost_answers = 4;
  const pb::PublishRunRequest request = Publish(MakeRun());
  EXPECT_EQ(Must(&Stub::PublishRun, "coordinator", request).state(), pb::RUN_STATE_PUBLISHING);
  for (int i = 0; i < 5; ++i) ASSERT_THAT(publisher_.FinishWhatIsLeft(), IsOk());
  EXPECT_EQ(Must(&Stub::PublishRun, "coordinator", request).state(), pb::RUN_STATE_PUBLISHED);
  EXPECT_EQ(stock_.mutations, 6);
}

TEST_F(AllocationTest, ACancelledRunStaysSo) {
  const pb::Run run = MakeRun();
  pb::CancelRunRequest request;
  request.set_request_id(ids::NewUuid());
  request.set_name(run.name());
  request.set_etag("7");
  EXPECT_THAT(Do(&Stub::CancelRun, "coordinator", request), FailsBecause("STALE_ETAG"));
  request.set_etag(run.etag());
  const pb::Run cancelled = Must(&Stub::CancelRun, "coordinator", request);
  EXPECT_EQ(cancelled.state(), pb::RUN_STATE_CANCELLED);
  EXPECT_THAT(Do(&Stub::PublishRun, "coordinator", Publish(cancelled)), FailsBecause("RUN_STATE"));
}

TEST_F(AllocationTest, WhatWasPromisedCountsInTheNextRun) {
  const pb::Run first = Published();
  ASSERT_THAT(Lines(first), SizeIs(6));
  AddBalance(4, 40);
  groups_.groups.push_back(MakeGroup(4));
  const pb::Run second = MakeRun();
  // Groups 1 and 2 were promised 90 items each; the newcomer catches up first.
  EXPECT_EQ(LineOf(second, 4, 4).items(), 40);
  pb::GetSnapshotRequest request;
  request.set_run(second.name());
  pb::Snapshot snapshot;
  snapshot.ParseFromString(Must(&Stub::GetSnapshot, "auditor", request).snapshot());
  EXPECT_EQ(snapshot.groups(0).history_milli_person_days(), 9'000);
  EXPECT_EQ(snapshot.groups(0).claimed_ambient_items(), 30);
  EXPECT_EQ(snapshot.groups(3).history_milli_person_days(), 0);
}

TEST_F(AllocationTest, ExclusionsTellEveryReason) {
  groups_.groups[2].set_min_remaining_days(500);
  const pb::Run run = MakeRun();
  pb::ListExclusionsRequest request;
  request.set_run(run.name());
  const pb::ListExclusionsResponse all = Must(&Stub::ListExclusions, "coordinator", request);
  ASSERT_THAT(all.exclusions(), SizeIs(3));
  for (const pb::Exclusion& exclusion : all.exclusions()) {
    EXPECT_EQ(exclusion.group(), GroupName(3));
    EXPECT_EQ(exclusion.group_display_name(), "こども食堂003");
    ASSERT_THAT(exclusion.reasons(), SizeIs(2));
    EXPECT_EQ(exclusion.reasons(0).code(), "REMAINING_DAYS");
    EXPECT_EQ(exclusion.reasons(1).code(), "ALLERGEN_UNKNOWN");
    EXPECT_THAT(exclusion.reasons(1).message(), HasSubstr("wheat"));
    EXPECT_THAT(exclusion.reasons(1).message_ja(), HasSubstr("小麦"));
  }
  request.set_page_size(2);
  const pb::ListExclusionsResponse first = Must(&Stub::ListExclusions, "coordinator", request);
  EXPECT_THAT(first.exclusions(), SizeIs(2));
  request.set_page_token(first.next_page_token());
  const pb::ListExclusionsResponse second = Must(&Stub::ListExclusions, "coordinator", request);
  ASSERT_THAT(second.exclusions(), SizeIs(1));
  EXPECT_EQ(second.exclusions(0).lot(), LotName(3));
  EXPECT_EQ(second.next_page_token(), "");
  request.clear_page_token();
  request.set_lot(LotName(2));
  EXPECT_THAT(Must(&Stub::ListExclusions, "coordinator", request).exclusions(), SizeIs(1));

  // A group: its own reasons, and not before the run is published.
  pb::ListExclusionsRequest own;
  own.set_run(run.name());
  server_.authenticator().Add("group 3", rpc::Person(kNetwork, GroupName(3).substr(7), type::v1::ROLE_GROUP));
  EXPECT_THAT(Do(&Stub::ListExclusions, "group 3", own), FailsBecause("RUN_NOT_FOUND"));
  Must(&Stub::PublishRun, "coordinator", Publish(run));
  EXPECT_THAT(Must(&Stub::ListExclusions, "group 3", own).exclusions(), SizeIs(3));
  EXPECT_THAT(Must(&Stub::ListExclusions, "group 1", own).exclusions(), IsEmpty());
  own.set_group(GroupName(3));
  EXPECT_THAT(Do(&Stub::ListExclusions, "group 1", own), FailsBecause("NOT_YOUR_ORGANISATION"));
}

TEST_F(AllocationTest, RunsAreListedNewestFirst) {
  std::vector<std::string> made;
  for (int i = 0; i < 3; ++i) {
    clock_.Advance(absl::Seconds(1));
    made.push_back(MakeRun().name());
  }
  pb::ListRunsRequest request;
  request.set_page_size(2);
  const pb::ListRunsResponse first = Must(&Stub::ListRuns, "auditor", request);
  ASSERT_THAT(first.runs(), SizeIs(2));
  EXPECT_EQ(first.runs(0).name(), made[2]);
  EXPECT_EQ(first.runs(1).name(), made[1]);
  request.set_page_token(first.next_page_token());
  const pb::ListRunsResponse second = Must(&Stub::ListRuns, "auditor", request);
  ASSERT_THAT(second.runs(), SizeIs(1));
  EXPECT_EQ(second.runs(0).name(), made[0]);
  EXPECT_THAT(Must(&Stub::ListRuns, "stranger", pb::ListRunsRequest()).runs(), IsEmpty());
}

TEST_F(AllocationTest, RunsOfAStateAndThoseThatFollowAnother) {
  const pb::Run kept = MakeRun(), cancelled = MakeRun();
  pb::CancelRunRequest cancel;
  cancel.set_request_id(ids::NewUuid());
  cancel.set_name(cancelled.name());
  cancel.set_etag(cancelled.etag());
  Must(&Stub::CancelRun, "coordinator", cancel);
  pb::ListRunsRequest request;
  request.add_states(pb::RUN_STATE_PROPOSED);
  request.add_states(pb::RUN_STATE_PUBLISHED);
  const pb::ListRunsResponse open = Must(&Stub::ListRuns, "auditor", request);
  ASSERT_THAT(open.runs(), SizeIs(1));
  EXPECT_EQ(open.runs(0).name(), kept.name());
  request.set_follow_up_of(kept.name());
  EXPECT_THAT(Must(&Stub::ListRuns, "auditor", request).runs(), IsEmpty());

  request.set_follow_up_of("lots/1");
  request.add_states(static_cast<pb::RunState>(77));
  EXPECT_THAT(Do(&Stub::ListRuns, "auditor", request), Violates("follow_up_of", "NOT_A_NAME"));
  EXPECT_THAT(Do(&Stub::ListRuns, "auditor", request), Violates("states[2]", "UNKNOWN_VALUE"));
}

}  // namespace
}  // namespace kubari::allocation
