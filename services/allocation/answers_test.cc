// Answers of groups over the real wire, also when the ledger is away in the middle; pick lists; who sees what.
#include "services/allocation/allocation_fixture.h"

namespace kubari::allocation {
namespace {

using errors::FailsBecause;
using errors::IsOk;
using errors::Violates;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

TEST_F(AllocationTest, AGroupAcceptsAll) {
  const pb::Run run = Published();
  const pb::Line line = LineOf(run, 1, 1);
  const pb::AcceptLineRequest request = Accept(line);
  const pb::Line accepted = Must(&Stub::AcceptLine, "group 1", request);
  EXPECT_EQ(accepted.state(), pb::LINE_STATE_ACCEPTED);
  EXPECT_EQ(accepted.items(), 30);
  EXPECT_NE(accepted.etag(), line.etag());
  const stock::v1::Reservation& reservation = stock_.reservations.at(line.reservation());
  EXPECT_EQ(reservation.open_items(), 30);
  EXPECT_EQ(reservation.expire_time().seconds(), run.pick_up_due_time().seconds());
  EXPECT_EQ(Must(&Stub::AcceptLine, "group 1", request).SerializeAsString(), accepted.SerializeAsString());
  EXPECT_THAT(Do(&Stub::AcceptLine, "group 1", Accept(line)), FailsBecause("LINE_STATE"));
  pb::AcceptLineRequest changed = request;
  changed.set_items(10);
  EXPECT_THAT(Do(&Stub::AcceptLine, "group 1", changed), FailsBecause("REQUEST_ID_REUSED"));
}

TEST_F(AllocationTest, AGroupAcceptsAPart) {
  const pb::Run run = Published();
  const pb::Line line = LineOf(run, 1, 1);
  EXPECT_THAT(Do(&Stub::AcceptLine, "group 1", Accept(line, 40)), FailsBecause("QUANTITY_TOO_LARGE"));
  EXPECT_THAT(Do(&Stub::AcceptLine, "group 1", Accept(line, 15)), FailsBecause("NOT_WHOLE_CASES"));
  EXPECT_THAT(Do(&Stub::AcceptLine, "group 1", Accept(line, -1)), Violates("items", "OUT_OF_RANGE"));
  const pb::Line accepted = Must(&Stub::AcceptLine, "group 1", Accept(line, 20));
  EXPECT_EQ(accepted.items(), 20);
  EXPECT_EQ(accepted.proposed_items(), 30);
  EXPECT_EQ(stock_.reservations.at(line.reservation()).open_items(), 20);
  Follow();  // our own VOID is no refusal
  EXPECT_EQ(Again(line).state(), pb::LINE_STATE_ACCEPTED);
  EXPECT_EQ(Again(line).items(), 20);
}

TEST_F(AllocationTest, AGroupRefuses) {
  const pb::Run run = Published();
  const pb::Line offered = LineOf(run, 1, 1), accepted = LineOf(run, 1, 2);
  EXPECT_THAT(Do(&Stub::RefuseLine, "group 1", Refuse(offered, "NO")), Violates("reason", "UNKNOWN_VALUE"));
  pb::RefuseLineRequest request = Refuse(offered);
  request.set_note("冷蔵庫が故障");
  const pb::Line refused = Must(&Stub::RefuseLine, "group 1", request);
  EXPECT_EQ(refused.state(), pb::LINE_STATE_REFUSED);
  EXPECT_EQ(refused.reason(), "NO_SPACE: 冷蔵庫が故障");
  EXPECT_EQ(stock_.reservations.at(offered.reservation()).open_items(), 0);
  Must(&Stub::AcceptLine, "group 1", Accept(accepted));
  EXPECT_EQ(Must(&Stub::RefuseLine, "coordinator", Refuse(accepted, "CANNOT_FETCH")).state(), pb::LINE_STATE_REFUSED);
  EXPECT_THAT(Do(&Stub::RefuseLine, "group 1", Refuse(offered)), FailsBecause("LINE_STATE"));
  EXPECT_THAT(Do(&Stub::AcceptLine, "group 1", Accept(offered)), FailsBecause("LINE_STATE"));
  Follow();
  EXPECT_EQ(Again(offered).reason(), "NO_SPACE: 冷蔵庫が故障");  // not "VOIDED"
}

TEST_F(AllocationTest, AGroupSeesOnlyWhatWasOfferedToIt) {
  const pb::Run proposed = MakeRun();
  const pb::Line secret = Lines(proposed)[0];
  EXPECT_THAT(Do(&Stub::AcceptLine, "group 1", Accept(LineOf(proposed, 1, 1))), FailsBecause("LINE_NOT_FOUND"));
  Must(&Stub::CancelRun, "coordinator", [&] {
    pb::CancelRunRequest request;
    request.set_request_id(ids::NewUuid());
    request.set_name(proposed.name());
    request.set_etag(proposed.etag());
    return request;
  }());
  const pb::Run run = Published();
  const std::vector<pb::Line> own = Lines(run, "group 1");
  ASSERT_THAT(own, SizeIs(3));
  for (const pb::Line& line : own) {
    EXPECT_EQ(line.group(), GroupName(1));
    EXPECT_THAT(line.explanation(), HasSubstr("30 of 60 free items"));
    EXPECT_THAT(line.explanation(), Not(HasSubstr("こども食堂")));  // no other group's name
    EXPECT_THAT(line.explanation_ja(), Not(HasSubstr("こども食堂")));
  }
  pb::ListLinesRequest all;  // of all runs
  EXPECT_THAT(Must(&Stub::ListLines, "group 1", all).lines(), SizeIs(3));
  all.set_group(GroupName(2));
  EXPECT_THAT(Do(&Stub::ListLines, "group 1", all), FailsBecause("NOT_YOUR_ORGANISATION"));
  const pb::Line others = LineOf(run, 2, 1);
  EXPECT_THAT(Do(&Stub::AcceptLine, "group 1", Accept(others)), FailsBecause("NOT_YOUR_ORGANISATION"));
  EXPECT_THAT(Do(&Stub::RefuseLine, "group 1", Refuse(others)), FailsBecause("NOT_YOUR_ORGANISATION"));
  EXPECT_THAT(Do(&Stub::RefuseLine, "stranger", Refuse(others)), FailsBecause("LINE_NOT_FOUND"));
  EXPECT_THAT(Do(&Stub::RefuseLine, "auditor", Refuse(others)), FailsBecause("ROLE_NOT_ALLOWED"));
  pb::Line of_other_run = others;
  of_other_run.set_name(absl::StrCat(proposed.name(), others.name().substr(others.name().find("/lines/"))));
  EXPECT_THAT(Do(&Stub::AcceptLine, "coordinator", Accept(of_other_run)), FailsBecause("LINE_NOT_FOUND"));
}

TEST_F(AllocationTest, TheTimeToAnswerEnds) {
  const pb::Run run = Published();
  clock_.Advance(absl::Hours(48) + absl::Seconds(1));
  EXPECT_THAT(Do(&Stub::AcceptLine, "group 1", Accept(LineOf(run, 1, 1))), FailsBecause("LINE_STATE"));
}

TEST_F(AllocationTest, AnAnswerWhoseLedgerCallWasLostIsRepeatedSafely) {
  const pb::Line line = LineOf(Published(), 1, 1);
  stock_.lost_answers = 1;  // the VOID of the rest
  const pb::AcceptLineRequest request = Accept(line, 10);
  EXPECT_THAT(Do(&Stub::AcceptLine, "group 1", request), errors::FailsWith(absl::StatusCode::kUnavailable));
  // Meanwhile another answer would contradict the one on its way.
  const auto other = Do(&Stub::AcceptLine, "coordinator", Accept(line, 20));
  EXPECT_THAT(other, FailsBecause("LINE_STATE"));
  EXPECT_EQ(errors::MetadataOf(other.status()).at("items"), "10");
  EXPECT_THAT(Do(&Stub::RefuseLine, "coordinator", Refuse(line)), FailsBecause("LINE_STATE"));
  Follow();
  EXPECT_EQ(Again(line).state(), pb::LINE_STATE_OFFERED);
  const pb::Line accepted = Must(&Stub::AcceptLine, "group 1", request);
  EXPECT_EQ(accepted.state(), pb::LINE_STATE_ACCEPTED);
  EXPECT_EQ(accepted.items(), 10);
  EXPECT_EQ(stock_.reservations.at(line.reservation()).open_items(), 10);
}

TEST_F(AllocationTest, AnAnswerLeftHalfWayIsSettledInTheBackground) {
  const pb::Line line = LineOf(Published(), 1, 1);
  stock_.extend_fails = true;
  const pb::AcceptLineRequest request = Accept(line, 10);
  EXPECT_THAT(Do(&Stub::AcceptLine, "group 1", request), errors::FailsWith(absl::StatusCode::kUnavailable));
  stock_.extend_fails = false;
  ASSERT_THAT(publisher_.FinishWhatIsLeft(), IsOk());
  EXPECT_EQ(Again(line).state(), pb::LINE_STATE_OFFERED);  // it may still be under way
  clock_.Advance(absl::Seconds(31));
  ASSERT_THAT(publisher_.FinishWhatIsLeft(), IsOk());
  EXPECT_EQ(Again(line).state(), pb::LINE_STATE_ACCEPTED);
  EXPECT_EQ(Again(line).items(), 10);
  // The phone repeats its request and hears that all is well.
  EXPECT_EQ(Must(&Stub::AcceptLine, "group 1", request).state(), pb::LINE_STATE_ACCEPTED);
  EXPECT_EQ(stock_.reservations.at(line.reservation()).open_items(), 10);
}

TEST_F(AllocationTest, AReservationThatIsGoneIsSaid) {
  const pb::Line line = LineOf(Published(), 1, 1);
  stock_.Give(stock::v1::MOVEMENT_KIND_EXPIRE, line.reservation(), 30);
  const auto refused = Do(&Stub::AcceptLine, "group 1", Accept(line));  // the feed has not told yet
  EXPECT_THAT(refused, FailsBecause("LINE_STATE"));
  EXPECT_EQ(errors::MetadataOf(refused.status()).at("ledger_reason"), "RESERVATION_CLOSED");
  Follow();
  EXPECT_EQ(Again(line).state(), pb::LINE_STATE_EXPIRED);
  EXPECT_THAT(Do(&Stub::AcceptLine, "group 1", Accept(line)), FailsBecause("LINE_STATE"));
}

TEST_F(AllocationTest, TheSameAnswerAtTheSameTimeIsGivenOnce) {
  const pb::Line line = LineOf(Published(), 1, 1);
  std::vector<std::thread> threads;
  std::atomic<int> accepted = 0;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      const auto answer = Do(&Stub::AcceptLine, "group 1", Accept(line, 20));
      if (answer.ok())
        ++accepted;
      else
        EXPECT_THAT(answer, FailsBecause("LINE_STATE"));
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_GE(accepted, 1);
  EXPECT_EQ(stock_.reservations.at(line.reservation()).open_items(), 20);
}

TEST_F(AllocationTest, ThePickListHoldsWhatWasAccepted) {
  const pb::Run run = Published();
  pb::GetPickListRequest request;
  request.set_warehouse(kWarehouse);
  EXPECT_THAT(Must(&Stub::GetPickList, "volunteer", request).deliveries(), IsEmpty());
  Must(&Stub::AcceptLine, "group 1", Accept(LineOf(run, 1, 1)));
  Must(&Stub::AcceptLine, "group 1", Accept(LineOf(run, 1, 2), 10));
  Must(&Stub::AcceptLine, "group 2", Accept(LineOf(run, 2, 3)));
  const pb::GetPickListResponse list = Must(&Stub::GetPickList, "volunteer", request);
  ASSERT_THAT(list.deliveries(), SizeIs(2));
  int64_t items = 0;
  for (const pb::PickDelivery& delivery : list.deliveries()) {
    for (const pb::Line& line : delivery.lines()) {
      EXPECT_EQ(line.delivery(), delivery.delivery());
      EXPECT_EQ(line.group(), delivery.group());
      items += line.items();
    }
  }
  EXPECT_EQ(items, 70);
  const pb::Line picked = LineOf(run, 2, 3);
  request.set_delivery(picked.delivery());
  EXPECT_THAT(Must(&Stub::GetPickList, "volunteer", request).deliveries(), SizeIs(1));
  stock_.Issue(picked.reservation(), 30);
  Follow();
  EXPECT_THAT(Must(&Stub::GetPickList, "volunteer", request).deliveries(), IsEmpty());
  EXPECT_THAT(Do(&Stub::GetPickList, "group 1", request), FailsBecause("ROLE_NOT_ALLOWED"));
}

TEST_F(AllocationTest, LinesComePageByPageAndByFilter) {
  const pb::Run run = Published();
  Must(&Stub::AcceptLine, "group 1", Accept(LineOf(run, 1, 1)));
  pb::ListLinesRequest request;
  request.set_run(run.name());
  request.set_page_size(4);
  std::set<std::string> names;
  do {
    const pb::ListLinesResponse page = Must(&Stub::ListLines, "coordinator", request);
    for (const pb::Line& line : page.lines()) names.insert(line.name());
    request.set_page_token(page.next_page_token());
  } while (!request.page_token().empty());
  EXPECT_THAT(names, SizeIs(6));
  request.set_lot(LotName(1));
  request.add_states(pb::LINE_STATE_ACCEPTED);
  EXPECT_THAT(Must(&Stub::ListLines, "coordinator", request).lines(), SizeIs(1));
  request.set_page_token("x");
  EXPECT_THAT(Do(&Stub::ListLines, "coordinator", request), FailsBecause("PAGE_TOKEN_INVALID"));
}

}  // namespace
}  // namespace kubari::allocation
