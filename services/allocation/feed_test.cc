// What the ledger's feed does to published lines.
#include "services/allocation/allocation_fixture.h"

namespace kubari::allocation {
namespace {

using errors::IsOk;

TEST_F(AllocationTest, ShippedAndConfirmed) {
  const pb::Run run = Published();
  const pb::Line line = LineOf(run, 1, 1);
  Must(&Stub::AcceptLine, "group 1", Accept(line, 20));
  stock_.Issue(line.reservation(), 10);
  Follow();
  EXPECT_EQ(Again(line).state(), pb::LINE_STATE_ACCEPTED);
  EXPECT_EQ(Again(line).shipped_items(), 10);
  stock_.Issue(line.reservation(), 10);
  Follow();
  EXPECT_EQ(Again(line).state(), pb::LINE_STATE_SHIPPED);
  stock_.Arrive(stock::v1::MOVEMENT_KIND_CONFIRM, line.reservation(), 18);
  Follow();
  EXPECT_EQ(Again(line).state(), pb::LINE_STATE_SHIPPED);
  EXPECT_EQ(Again(line).confirmed_items(), 18);
  stock_.Arrive(stock::v1::MOVEMENT_KIND_SHORTAGE, line.reservation(), 2);
  Follow();
  EXPECT_EQ(Again(line).state(), pb::LINE_STATE_CONFIRMED);
  EXPECT_EQ(LineOf(run, 1, 2).state(), pb::LINE_STATE_OFFERED);  // another lot of the same delivery
}

TEST_F(AllocationTest, OnePageOfTheFeedMayHoldEverything) {
  const pb::Run run = Must(&Stub::PublishRun, "coordinator", Publish(MakeRun()));
  const pb::Line line = LineOf(run, 1, 1);
  Must(&Stub::AcceptLine, "group 1", Accept(line));
  const std::string issue = stock_.Issue(line.reservation(), 30);
  stock_.Reverse(line.reservation(), issue, stock::v1::MOVEMENT_KIND_ISSUE, 30);
  const pb::Line other = LineOf(run, 2, 1);
  stock_.Issue(other.reservation(), 30);
  stock_.Arrive(stock::v1::MOVEMENT_KIND_CONFIRM, other.reservation(), 30);
  Follow();
  EXPECT_EQ(Again(line).state(), pb::LINE_STATE_EXPIRED);
  EXPECT_EQ(Again(line).reason(), "REVERSED");
  EXPECT_EQ(Again(line).shipped_items(), 0);
  EXPECT_EQ(Again(other).state(), pb::LINE_STATE_CONFIRMED);
}

TEST_F(AllocationTest, ReversalsOfLaterPagesFindTheirLine) {
  const pb::Run run = Published();
  const pb::Line line = LineOf(run, 1, 1);
  Must(&Stub::AcceptLine, "group 1", Accept(line));
  const std::string first = stock_.Issue(line.reservation(), 10);
  Follow();
  const std::string arrival = stock_.Arrive(stock::v1::MOVEMENT_KIND_CONFIRM, line.reservation(), 10);
  Follow();
  stock_.Reverse(line.reservation(), arrival, stock::v1::MOVEMENT_KIND_CONFIRM, 10);
  Follow();
  EXPECT_EQ(Again(line).confirmed_items(), 0);
  stock_.Reverse(line.reservation(), first, stock::v1::MOVEMENT_KIND_ISSUE, 10);
  Follow();
  EXPECT_EQ(Again(line).shipped_items(), 0);
  EXPECT_EQ(Again(line).state(), pb::LINE_STATE_ACCEPTED);  // 20 are still promised
  // A movement that has nothing to do with any line.
  stock_.Reverse(line.reservation(), "movements/" + Uuid(5), stock::v1::MOVEMENT_KIND_ISSUE, 10);
  Follow();
  EXPECT_EQ(Again(line).state(), pb::LINE_STATE_ACCEPTED);
}

TEST_F(AllocationTest, VoidedStraightInTheLedger) {
  const pb::Run run = Published();
  const pb::Line all = LineOf(run, 1, 1), part = LineOf(run, 1, 2);
  stock_.Give(stock::v1::MOVEMENT_KIND_VOID, all.reservation(), 30);
  stock_.Give(stock::v1::MOVEMENT_KIND_VOID, part.reservation(), 10);
  Follow();
  EXPECT_EQ(Again(all).state(), pb::LINE_STATE_REFUSED);
  EXPECT_EQ(Again(all).reason(), "VOIDED");
  EXPECT_EQ(Again(part).state(), pb::LINE_STATE_OFFERED);
  EXPECT_EQ(Again(part).items(), 20);
  EXPECT_EQ(Must(&Stub::AcceptLine, "group 1", Accept(part)).items(), 20);
}

TEST_F(AllocationTest, NotFetched) {
  const pb::Run run = Published();
  const pb::Line line = LineOf(run, 1, 1);
  Must(&Stub::AcceptLine, "group 1", Accept(line));
  stock_.Give(stock::v1::MOVEMENT_KIND_EXPIRE, line.reservation(), 30);
  Follow();
  EXPECT_EQ(Again(line).state(), pb::LINE_STATE_EXPIRED);
}

TEST_F(AllocationTest, AReservationMakesTheOfferEvenIfThePublisherStopped) {
  stock_.lost_answers = 6;
  const pb::Run run = Must(&Stub::PublishRun, "coordinator", Publish(MakeRun()));
  EXPECT_EQ(run.state(), pb::RUN_STATE_PUBLISHING);
  const int reserved = stock_.mutations;
  ASSERT_GT(reserved, 0);
  Follow();
  int offered = 0;
  for (const pb::Line& line : Lines(run)) offered += line.state() == pb::LINE_STATE_OFFERED;
  EXPECT_EQ(offered, reserved);
  stock_.lost_answers = 0;
  ASSERT_THAT(publisher_.FinishWhatIsLeft(), IsOk());
  EXPECT_EQ(stock_.mutations, 6);
  for (const pb::Line& line : Lines(run)) EXPECT_EQ(line.state(), pb::LINE_STATE_OFFERED);
}

TEST_F(AllocationTest, WhatArrivedStaysHistoryAndFreesTheStorage) {
  const pb::Run run = Published();
  for (int lot = 1; lot <= 3; ++lot) {
    const pb::Line line = LineOf(run, 1, lot);
    Must(&Stub::AcceptLine, "group 1", Accept(line));
    stock_.Issue(line.reservation(), 30);
    stock_.Arrive(stock::v1::MOVEMENT_KIND_CONFIRM, line.reservation(), 30);
    Must(&Stub::RefuseLine, "group 2", Refuse(LineOf(run, 2, lot)));
  }
  Follow();
  const auto groups_seen = [&] {
    pb::GetSnapshotRequest request;
    request.set_run(MakeRun().name());
    pb::Snapshot snapshot;
    snapshot.ParseFromString(Must(&Stub::GetSnapshot, "auditor", request).snapshot());
    return snapshot.groups();
  };
  auto groups = groups_seen();
  EXPECT_EQ(groups[0].history_milli_person_days(), 9'000);
  EXPECT_EQ(groups[0].claimed_ambient_items(), 0);
  EXPECT_EQ(groups[1].history_milli_person_days(), 0);  // refused
  EXPECT_EQ(groups[1].claimed_ambient_items(), 0);
  clock_.Advance(absl::Hours(24 * 366));
  EXPECT_EQ(groups_seen()[0].history_milli_person_days(), 0);  // a year later
}

TEST_F(AllocationTest, WhatCameBackFromTheWayWasNotShipped) {
  const pb::Run run = Published();
  const pb::Line line = LineOf(run, 1, 1);
  Must(&Stub::AcceptLine, "group 1", Accept(line));
  stock_.Issue(line.reservation(), 30);
  stock_.Arrive(stock::v1::MOVEMENT_KIND_RETURN, line.reservation(), 10);
  Follow();
  EXPECT_EQ(Again(line).shipped_items(), 20);
  EXPECT_EQ(Again(line).state(), pb::LINE_STATE_SHIPPED);
  const std::string rest = stock_.Arrive(stock::v1::MOVEMENT_KIND_RETURN, line.reservation(), 20);
  Follow();
  EXPECT_EQ(Again(line).state(), pb::LINE_STATE_EXPIRED);
  EXPECT_EQ(Again(line).reason(), "RETURNED");
  stock_.Reverse(line.reservation(), rest, stock::v1::MOVEMENT_KIND_RETURN, 20);
  Follow();
  EXPECT_EQ(Again(line).state(), pb::LINE_STATE_SHIPPED);
  EXPECT_EQ(Again(line).shipped_items(), 20);
}

TEST_F(AllocationTest, AReversalThatIsReversedChangesNothing) {
  const pb::Run run = Published();
  const pb::Line line = LineOf(run, 1, 1);
  Must(&Stub::AcceptLine, "group 1", Accept(line));
  const std::string issue = stock_.Issue(line.reservation(), 30);
  stock_.Reverse(line.reservation(), issue, stock::v1::MOVEMENT_KIND_ISSUE, 30);
  const std::string reversal = stock_.LastMovement();
  Follow();
  EXPECT_EQ(Again(line).state(), pb::LINE_STATE_EXPIRED);
  stock_.ReverseAgain(line.reservation(), reversal, stock::v1::MOVEMENT_KIND_ISSUE, 30);
  Follow();
  EXPECT_EQ(Again(line).state(), pb::LINE_STATE_SHIPPED);
  EXPECT_EQ(Again(line).shipped_items(), 30);
  const std::string arrival = stock_.Arrive(stock::v1::MOVEMENT_KIND_CONFIRM, line.reservation(), 30);
  stock_.Reverse(line.reservation(), arrival, stock::v1::MOVEMENT_KIND_CONFIRM, 30);
  stock_.ReverseAgain(line.reservation(), stock_.LastMovement(), stock::v1::MOVEMENT_KIND_CONFIRM, 30);
  Follow();
  EXPECT_EQ(Again(line).state(), pb::LINE_STATE_CONFIRMED);
}

TEST_F(AllocationTest, WhatGroupsGotWithoutALineIsHistoryToo) {
  using namespace stock::v1;  // NOLINT
  const std::string hub = GroupName(1), other = GroupName(2), place = "places/" + hub.substr(hub.find('/') + 1);
  const auto history = [&] {
    Follow();
    pb::GetSnapshotRequest request;
    request.set_run(MakeRun().name());
    pb::Snapshot snapshot;
    snapshot.ParseFromString(Must(&Stub::GetSnapshot, "auditor", request).snapshot());
    std::map<std::string, int64_t> of;
    for (const auto& group : snapshot.groups()) of[group.group().name()] = group.history_milli_person_days();
    return of;
  };
  const auto groups = history();
  ASSERT_EQ(groups.count(hub) + groups.count(other), 2u);
  stock_.HandOut(MOVEMENT_KIND_DIRECT, hub, 50, "deliveries/" + Uuid(91));
  stock_.HandOut(MOVEMENT_KIND_ISSUE, hub, 10, "deliveries/" + Uuid(91));
  EXPECT_EQ(history()[hub], 6'000);
  stock_.HandOut(MOVEMENT_KIND_SHORTAGE, hub, 2, "deliveries/" + Uuid(91));
  stock_.HandOut(MOVEMENT_KIND_RETURN, hub, 8, "deliveries/" + Uuid(91));
  stock_.HandOut(MOVEMENT_KIND_CONFIRM, hub, 50, "deliveries/" + Uuid(91));
  EXPECT_EQ(history()[hub], 5'000);  // what arrived was counted when it left
  stock_.HandOut(MOVEMENT_KIND_PASS_ON, other, 20, "deliveries/" + Uuid(92), place);
  EXPECT_EQ(history()[hub], 3'000);
  EXPECT_EQ(history()[other], 2'000);
  stock_.HandOut(MOVEMENT_KIND_RETURN, hub, 5, "", place);
  EXPECT_EQ(history()[hub], 2'500);
  clock_.Advance(absl::Hours(24 * 367));
  EXPECT_EQ(history()[hub], 0);  // a year later
}

}  // namespace
}  // namespace kubari::allocation
