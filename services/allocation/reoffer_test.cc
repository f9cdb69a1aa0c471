// What comes back is offered again, to others, in a run of its own.
#include <thread>

#include "services/allocation/allocation_fixture.h"

namespace kubari::allocation {
namespace {

using errors::IsOk;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class ReofferTest : public AllocationTest {
 protected:
  pb::Run PublishedWithOffers(bool offer_again = true) {
    pb::CreateRunRequest request = NewRun();
    request.mutable_options()->set_offer_again(offer_again);
    const pb::Run run = Must(&Stub::PublishRun, "coordinator", Publish(Must(&Stub::CreateRun, "coordinator", request)));
    Follow();
    return run;
  }
  std::vector<pb::Run> Runs() {
    const pb::ListRunsResponse response = Must(&Stub::ListRuns, "coordinator", pb::ListRunsRequest());
    return {response.runs().begin(), response.runs().end()};
  }
  void OfferAgain() {
    for (groups::v1::Group& group : groups_.groups) group = WithColdRooms(group, 1'000);
    clock_.Advance(absl::Minutes(1));
    ASSERT_THAT(reoffer_.OfferWhatCameBack(), IsOk());
    Follow();
  }
};

TEST_F(ReofferTest, WhatOneRefusesGoesToTheNext) {
  const pb::Run run = PublishedWithOffers();
  const pb::Line refused = LineOf(run, 1, 1);
  Must(&Stub::RefuseLine, "group 1", Refuse(refused));
  OfferAgain();
  const std::vector<pb::Run> runs = Runs();
  ASSERT_THAT(runs, SizeIs(2));
  const pb::Run& again = runs[0];
  EXPECT_EQ(again.follow_up_of(), run.name());
  pb::ListRunsRequest following;
  following.set_follow_up_of(run.name());
  const pb::ListRunsResponse followed = Must(&Stub::ListRuns, "auditor", following);
  ASSERT_THAT(followed.runs(), SizeIs(1));
  EXPECT_EQ(followed.runs(0).name(), again.name());
  EXPECT_EQ(again.state(), pb::RUN_STATE_PUBLISHED);
  EXPECT_EQ(again.title(), "再案内 (again): 11月の配分");
  EXPECT_EQ(again.creator(), run.creator());
  EXPECT_EQ(again.hand_over_date(), run.hand_over_date());
  EXPECT_EQ(again.pick_up_due_time().seconds(), run.pick_up_due_time().seconds());
  EXPECT_LE(again.answer_due_time().seconds(), again.pick_up_due_time().seconds());
  EXPECT_TRUE(again.options().offer_again());
  const std::vector<pb::Line> lines = Lines(again);
  ASSERT_THAT(lines, SizeIs(1));
  EXPECT_EQ(lines[0].group(), GroupName(2));
  EXPECT_EQ(lines[0].lot(), LotName(1));
  EXPECT_EQ(lines[0].items(), refused.items());
  EXPECT_EQ(lines[0].state(), pb::LINE_STATE_OFFERED);
  EXPECT_EQ(Again(refused).offered_again_in(), again.name());
  EXPECT_THAT(stock_.reservations, SizeIs(7));
  // Once: not every minute, and not by another process at the same time.
  std::thread other([&] { EXPECT_THAT(reoffer_.OfferWhatCameBack(), IsOk()); });
  EXPECT_THAT(reoffer_.OfferWhatCameBack(), IsOk());
  other.join();
  EXPECT_THAT(Runs(), SizeIs(2));
}

TEST_F(ReofferTest, OnlyIfTheRunSaysSo) {
  const pb::Run run = PublishedWithOffers(/*offer_again=*/false);
  Must(&Stub::RefuseLine, "group 1", Refuse(LineOf(run, 1, 1)));
  OfferAgain();
  EXPECT_THAT(Runs(), SizeIs(1));
}

TEST_F(ReofferTest, WhoRefusedIsNotAskedAgainAndNobodyMeansItStays) {
  const pb::Run run = PublishedWithOffers();
  Must(&Stub::RefuseLine, "group 1", Refuse(LineOf(run, 1, 1)));
  OfferAgain();
  const pb::Run second = Runs()[0];
  const pb::Line offered = LineOf(second, 2, 1);
  Must(&Stub::RefuseLine, "group 2", Refuse(offered));
  OfferAgain();
  // Both have said no.
  EXPECT_THAT(Runs(), SizeIs(2));
  EXPECT_EQ(Again(offered).offered_again_in(), "");
  EXPECT_THAT(second.options().left_out(), SizeIs(1));
}

TEST_F(ReofferTest, WhatIsGivenBackInPartAndWhatExpiresCounts) {
  const pb::Run run = PublishedWithOffers();
  const pb::Line part = LineOf(run, 1, 1), expired = LineOf(run, 1, 2);
  Must(&Stub::AcceptLine, "group 1", Accept(part, 10));
  stock_.Give(stock::v1::MOVEMENT_KIND_EXPIRE, expired.reservation(), expired.items());
  Follow();
  ASSERT_EQ(Again(expired).state(), pb::LINE_STATE_EXPIRED);
  OfferAgain();
  const pb::Run again = Runs()[0];
  ASSERT_EQ(again.follow_up_of(), run.name());
  EXPECT_EQ(LineOf(again, 2, 1).items(), 20);
  EXPECT_EQ(LineOf(again, 2, 2).items(), 30);
  EXPECT_EQ(Again(part).offered_again_in(), again.name());
}

TEST_F(ReofferTest, ADayOfAnswersMakesFewRuns) {
  const pb::Run run = PublishedWithOffers();
  Must(&Stub::RefuseLine, "group 1", Refuse(LineOf(run, 1, 1)));
  OfferAgain();
  Must(&Stub::RefuseLine, "group 1", Refuse(LineOf(run, 1, 2)));
  OfferAgain();
  Must(&Stub::RefuseLine, "group 1", Refuse(LineOf(run, 1, 3)));
  OfferAgain();
  EXPECT_THAT(Runs(), SizeIs(2));
  clock_.Advance(absl::Hours(1));
  OfferAgain();
  ASSERT_THAT(Runs(), SizeIs(3));
  EXPECT_THAT(Lines(Runs()[0]), SizeIs(2));
}

TEST_F(ReofferTest, WhatSomebodyTookBackInTheLedgerIsNotOffered) {
  const pb::Run run = PublishedWithOffers();
  const pb::Line voided = LineOf(run, 1, 1);
  stock_.Give(stock::v1::MOVEMENT_KIND_VOID, voided.reservation(), voided.items());
  Follow();
  ASSERT_EQ(Again(voided).reason(), "VOIDED");
  OfferAgain();
  EXPECT_THAT(Runs(), SizeIs(1));
}

TEST_F(ReofferTest, NotWhenNobodyCouldAnswerAnyMore) {
  const pb::Run run = PublishedWithOffers();
  Must(&Stub::RefuseLine, "group 1", Refuse(LineOf(run, 1, 1)));
  clock_.Advance(absl::Hours(48 + 168 - 1));
  OfferAgain();
  EXPECT_THAT(Runs(), SizeIs(1));
}

}  // namespace
}  // namespace kubari::allocation
