#include "services/allocation/domain/states.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <utility>

namespace kubari::allocation {
namespace {

using namespace v1;  // NOLINT: enum values

const absl::Time kNow = absl::FromUnixSeconds(1'795'000'000);

TEST(States, EveryRunStateAndAction) {
  const std::set<std::pair<RunState, RunAction>> allowed = {{RUN_STATE_PROPOSED, RunAction::kAdjust},
                                                            {RUN_STATE_PROPOSED, RunAction::kCancel},
                                                            {RUN_STATE_PROPOSED, RunAction::kPublish},
                                                            {RUN_STATE_PUBLISHING, RunAction::kPublish}};
  for (int state = RunState_MIN; state <= RunState_MAX; ++state) {
    for (const RunAction action : {RunAction::kAdjust, RunAction::kPublish, RunAction::kCancel}) {
      const auto pair = std::pair(static_cast<RunState>(state), action);
      EXPECT_EQ(Allows(pair.first, action), allowed.contains(pair)) << state << " " << static_cast<int>(action);
    }
  }
}

TEST(States, EveryLineStateAndAction) {
  const std::set<std::pair<LineState, LineAction>> allowed = {{LINE_STATE_PROPOSED, LineAction::kAdjust},
                                                              {LINE_STATE_DROPPED, LineAction::kAdjust},
                                                              {LINE_STATE_OFFERED, LineAction::kAccept},
                                                              {LINE_STATE_OFFERED, LineAction::kRefuse},
                                                              {LINE_STATE_ACCEPTED, LineAction::kRefuse}};
  for (int state = LineState_MIN; state <= LineState_MAX; ++state) {
    for (const LineAction action : {LineAction::kAdjust, LineAction::kAccept, LineAction::kRefuse}) {
      const auto pair = std::pair(static_cast<LineState>(state), action);
      EXPECT_EQ(Allows(pair.first, action), allowed.contains(pair)) << state << " " << static_cast<int>(action);
    }
  }
}

LineFacts Offered(int64_t items) {
  LineFacts line{.state = LINE_STATE_PROPOSED, .items = items};
  Reserved(line, items);
  return line;
}

LineFacts Accepted(int64_t items) {
  LineFacts line = Offered(items);
  Accept(line, items);
  return line;
}

TEST(States, TheUsualWay) {
  LineFacts line = Offered(30);
  EXPECT_EQ(line.state, LINE_STATE_OFFERED);
  Released(line, 10, Release::kOwn);
  Accept(line, 20);
  EXPECT_EQ(line.state, LINE_STATE_ACCEPTED);
  EXPECT_EQ(line.items, 20);
  EXPECT_EQ(line.open, 20);
  Issued(line, 20, kNow);
  EXPECT_EQ(line.state, LINE_STATE_SHIPPED);
  EXPECT_EQ(line.ship_time, kNow);
  EXPECT_EQ(Arrived(line, 18, Leg::kToDoor), 18);
  EXPECT_EQ(line.state, LINE_STATE_SHIPPED);
  EXPECT_EQ(Missed(line, 2, Leg::kToDoor), 2);
  EXPECT_EQ(line.state, LINE_STATE_CONFIRMED);
  EXPECT_EQ(line.confirmed, 18);
}

TEST(States, ShippedInTwoParts) {
  LineFacts line = Accepted(20);
  Issued(line, 5, kNow);
  EXPECT_EQ(line.state, LINE_STATE_ACCEPTED);
  Arrived(line, 5, Leg::kToDoor);
  EXPECT_EQ(line.state, LINE_STATE_ACCEPTED);
  Issued(line, 15, kNow);
  EXPECT_EQ(line.state, LINE_STATE_SHIPPED);
  EXPECT_EQ(Arrived(line, 100, Leg::kToDoor), 15);  // the rest belongs to other lines
  EXPECT_EQ(line.state, LINE_STATE_CONFIRMED);
}

TEST(States, ForgottenRefusedVoided) {
  LineFacts forgotten = Offered(10);
  Released(forgotten, 10, Release::kExpired);
  EXPECT_EQ(forgotten.state, LINE_STATE_EXPIRED);
  LineFacts not_fetched = Accepted(10);
  Released(not_fetched, 10, Release::kExpired);
  EXPECT_EQ(not_fetched.state, LINE_STATE_EXPIRED);
  LineFacts voided = Accepted(10);
  Released(voided, 10, Release::kVoided);
  EXPECT_EQ(voided.state, LINE_STATE_REFUSED);
  EXPECT_EQ(voided.reason, "VOIDED");
  LineFacts cut = Offered(10);
  Released(cut, 4, Release::kVoided);
  EXPECT_EQ(cut.state, LINE_STATE_OFFERED);
  EXPECT_EQ(cut.items, 6);
  LineFacts refused = Offered(10);
  Released(refused, 10, Release::kOwn);
  EXPECT_EQ(refused.state, LINE_STATE_OFFERED);  // the answer itself is written by its own step
  Refuse(refused, "NO_SPACE");
  EXPECT_EQ(refused.state, LINE_STATE_REFUSED);
  EXPECT_EQ(refused.reason, "NO_SPACE");
}

TEST(States, TheRestOfAPartlyShippedLineExpires) {
  LineFacts line = Accepted(20);
  Issued(line, 5, kNow);
  Released(line, 15, Release::kExpired);
  EXPECT_EQ(line.state, LINE_STATE_SHIPPED);
  Arrived(line, 5, Leg::kToDoor);
  EXPECT_EQ(line.state, LINE_STATE_CONFIRMED);
}

TEST(States, ReversalsGoBack) {
  LineFacts line = Accepted(20);
  Issued(line, 20, kNow);
  Arrived(line, 15, Leg::kToDoor);
  Missed(line, 5, Leg::kToDoor);
  EXPECT_EQ(MissReversed(line, 5, Leg::kToDoor), 5);
  EXPECT_EQ(line.state, LINE_STATE_SHIPPED);
  EXPECT_EQ(ArrivalReversed(line, 15, Leg::kToDoor), 15);
  EXPECT_EQ(line.under_way(), 20);
  IssueReversed(line, 20);
  EXPECT_EQ(line.state, LINE_STATE_EXPIRED);  // free stock again; the promise is used up
  EXPECT_EQ(line.reason, "REVERSED");
  EXPECT_EQ(line.ship_time, std::nullopt);

  LineFacts part = Accepted(20);
  Issued(part, 5, kNow);
  IssueReversed(part, 5);
  EXPECT_EQ(part.state, LINE_STATE_ACCEPTED);  // 15 are still promised
}

LineFacts ByHub(int64_t items) {
  LineFacts line = Accepted(items);
  line.by_hub = true;
  Issued(line, items, kNow);
  return line;
}

TEST(States, ByHubTheGoodsAreThereTwice) {
  LineFacts line = ByHub(20);
  EXPECT_EQ(line.state, LINE_STATE_SHIPPED);
  EXPECT_EQ(HandedOn(line, 5), 0);  // nothing arrived yet
  EXPECT_EQ(Arrived(line, 18, Leg::kToDoor), 18);
  EXPECT_EQ(line.state, LINE_STATE_SHIPPED);
  EXPECT_EQ(Missed(line, 5, Leg::kToDoor), 2);
  EXPECT_EQ(line.state, LINE_STATE_AT_HUB);
  EXPECT_EQ(line.confirmed, 0);
  EXPECT_EQ(HandedOn(line, 10), 10);
  EXPECT_EQ(line.state, LINE_STATE_AT_HUB);
  EXPECT_EQ(HandedOn(line, 10), 8);  // the rest is another line's, or the hub's own
  EXPECT_EQ(line.state, LINE_STATE_HANDED_ON);
  EXPECT_EQ(Arrived(line, 15, Leg::kFromHub), 15);
  EXPECT_EQ(Missed(line, 3, Leg::kFromHub), 3);
  EXPECT_EQ(line.state, LINE_STATE_CONFIRMED);
  EXPECT_EQ(line.confirmed, 15);
  EXPECT_EQ(line.missing, 2);
  EXPECT_EQ(line.missing_on, 3);
  // And back.
  EXPECT_EQ(MissReversed(line, 3, Leg::kFromHub), 3);
  EXPECT_EQ(ArrivalReversed(line, 15, Leg::kFromHub), 15);
  EXPECT_EQ(HandOnReversed(line, 10), 10);
  EXPECT_EQ(line.state, LINE_STATE_AT_HUB);
  EXPECT_EQ(ArrivalReversed(line, 18, Leg::kToDoor), 10);  // 8 are handed on
  EXPECT_EQ(HandOnReversed(line, 8), 8);
  EXPECT_EQ(ArrivalReversed(line, 8, Leg::kToDoor), 8);
  EXPECT_EQ(MissReversed(line, 2, Leg::kToDoor), 2);
  EXPECT_EQ(line.state, LINE_STATE_SHIPPED);
  IssueReversed(line, 20);
  EXPECT_EQ(line.state, LINE_STATE_EXPIRED);
  EXPECT_EQ(line.reason, "REVERSED");
}

TEST(States, WhatComesBackFromTheWayOnIsFreeStock) {
  LineFacts line = ByHub(20);
  Arrived(line, 20, Leg::kToDoor);
  HandedOn(line, 20);
  EXPECT_EQ(Returned(line, 20, Leg::kFromHub), 20);
  EXPECT_EQ(line.state, LINE_STATE_EXPIRED);
  EXPECT_EQ(line.reason, "RETURNED");
  EXPECT_EQ(ReturnReversed(line, 20, kNow, Leg::kFromHub), 20);
  EXPECT_EQ(line.state, LINE_STATE_HANDED_ON);
}

TEST(States, TheHubDecidesWhoGoesWithout) {
  LineFacts first = ByHub(20), second = ByHub(20), own = Accepted(10);
  Issued(own, 10, kNow);
  for (LineFacts* line : {&first, &second, &own}) Arrived(*line, 20, Leg::kToDoor);
  ArrivalReversed(second, 10, Leg::kToDoor);
  Missed(second, 10, Leg::kToDoor);
  EXPECT_EQ(Exchange(second, first, 4), 4);
  EXPECT_EQ(Exchange(second, own, 100), 6);
  EXPECT_EQ(second.standing(), 20);
  EXPECT_EQ(first.missing, 4);
  EXPECT_EQ(own.confirmed, 4);
  HandedOn(first, 16);
  EXPECT_EQ(Exchange(second, first, 5), 0);  // nothing is missing any more
}

TEST(States, GoodsThatLeftCountMoreThanAnAnswer) {
  LineFacts line = Offered(10);
  Issued(line, 10, kNow);
  EXPECT_EQ(line.state, LINE_STATE_SHIPPED);
  Refuse(line, "NO_SPACE");
  EXPECT_EQ(line.state, LINE_STATE_SHIPPED);
  Accept(line, 10);
  EXPECT_EQ(line.state, LINE_STATE_SHIPPED);
}

}  // namespace
}  // namespace kubari::allocation
