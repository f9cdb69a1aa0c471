// Stocktakes that are decided and posted: refused, interrupted, done twice, opened again.
#include <thread>

#include "services/stock/stocktakes_fixture.h"

namespace kubari::stock {
namespace {

// A store whose connection is lost after so many appends, before or after the commit.
class FlakyStore final : public LedgerStore {
 public:
  explicit FlakyStore(LedgerStore& store) : store_(store) {}
  int healthy_appends = 1'000;
  bool after_commit = false;

  absl::Status Append(const std::string& network_id, const Needs& needs, absl::Time deadline, Decide decide) override {
    if (healthy_appends-- > 0) return store_.Append(network_id, needs, deadline, decide);
    if (after_commit) (void)store_.Append(network_id, needs, deadline, decide);
    return absl::UnavailableError("the connection was lost");
  }
  absl::StatusOr<State> Peek(const std::string& network_id, const Needs& needs, absl::Time deadline) override {
    return store_.Peek(network_id, needs, deadline);
  }
  absl::StatusOr<std::vector<Movement>> Feed(const std::string& network_id, int64_t position, int limit,
                                             absl::Time deadline) override {
    return store_.Feed(network_id, position, limit, deadline);
  }
  absl::StatusOr<std::map<std::string, Balance>> Holders(const std::string& network_id, const std::string& lot_id,
                                                         absl::Time deadline) override {
    return store_.Holders(network_id, lot_id, deadline);
  }
  absl::StatusOr<std::vector<Overdue>> OverdueReservations(absl::Time now, int limit, absl::Time deadline) override {
    return store_.OverdueReservations(now, limit, deadline);
  }

 private:
  LedgerStore& store_;
};

TEST_F(StocktakesTest, WhatIsPromisedStays) {
  const pb::Lot promised = Stock(100, "P"), free = Stock(100, "F");
  const auto reservation = Call(&Stub::ReserveStock, "coordinator", Reserving(promised, 60));
  ASSERT_THAT(reservation, IsOk());
  const std::string stocktake = Open();
  SetMinute(5);
  const pb::StocktakeLine line = Count("aki", Counting(stocktake, promised, 50));
  EXPECT_EQ(line.reserved_items(), 60);
  Count("aki", Counting(stocktake, free, 90));
  ASSERT_THAT(Review(stocktake), IsOk());
  ASSERT_THAT(Settle(Settling(stocktake, promised, "LOST")), IsOk());
  ASSERT_THAT(Settle(Settling(stocktake, free, "DAMAGED")), IsOk());
  const pb::PostStocktakeRequest request = Named<pb::PostStocktakeRequest>(stocktake);
  const auto first = Ask(&Stocktakes::PostStocktake, "manager", request);
  ASSERT_THAT(first, IsOk());
  ASSERT_THAT(first->errors(), SizeIs(1));
  EXPECT_EQ(first->errors(0).lot(), promised.name());
  EXPECT_EQ(first->errors(0).place(), shelf_);
  EXPECT_EQ(first->errors(0).error().code(), static_cast<int>(absl::StatusCode::kFailedPrecondition));
  EXPECT_THAT(first->errors(0).error().message(), HasSubstr(promised.code()));
  EXPECT_EQ(first->stocktake().state(), pb::STOCKTAKE_STATE_REVIEW);
  EXPECT_EQ(first->stocktake().posted_lines(), 1);
  EXPECT_EQ(OnHand(promised), 100);
  EXPECT_EQ(OnHand(free), 90);
  EXPECT_EQ(LineOf(stocktake, free).state(), pb::LINE_STATE_POSTED);
  EXPECT_EQ(LineOf(stocktake, promised).state(), pb::LINE_STATE_DIFFERENT);
  EXPECT_EQ(LineOf(stocktake, promised).reason(), "LOST");

  pb::VoidReservationRequest give_up;
  give_up.set_request_id(ids::NewUuid());
  give_up.set_name(reservation->reservation().name());
  ASSERT_THAT(Call(&Stub::VoidReservation, "coordinator", give_up), IsOk());
  // The same request is the same answer; a new one goes on with what is left.
  const auto replayed = Ask(&Stocktakes::PostStocktake, "manager", request);
  ASSERT_THAT(replayed, IsOk());
  EXPECT_TRUE(MessageDifferencer::Equals(*first, *replayed));
  const auto rest = Post(stocktake);
  ASSERT_THAT(rest, IsOk());
  EXPECT_THAT(rest->errors(), IsEmpty());
  EXPECT_EQ(rest->stocktake().state(), pb::STOCKTAKE_STATE_POSTED);
  EXPECT_EQ(rest->stocktake().posted_lines(), 2);
  EXPECT_EQ(OnHand(promised), 50);
  EXPECT_EQ(OnHand(free), 90);
  EXPECT_THAT(Adjustments(free), SizeIs(1));
}

// The process dies, or the database goes, at some point of posting; whoever repeats the request finishes it.
TEST_F(StocktakesTest, PostingInterruptedIsPostedOnce) {
  for (const bool after_commit : {false, true}) {
    SCOPED_TRACE(after_commit);
    std::vector<pb::Lot> lots;
    for (int i = 0; i < 12; ++i) lots.push_back(Stock(100, absl::StrCat("L", after_commit, i)));
    const std::string stocktake = Open({shelf_});
    for (const pb::Lot& lot : lots) Count("aki", Counting(stocktake, lot, 98));
    ASSERT_THAT(Review(stocktake), IsOk());
    for (const pb::Lot& lot : lots) ASSERT_THAT(Settle(Settling(stocktake, lot, "LOST")), IsOk());

    FlakyStore flaky(ledger_);
    flaky.healthy_appends = 1;  // of batches of four; the writer tries a lost one twice
    flaky.after_commit = after_commit;
    prometheus::Registry metrics;
    LedgerWriter writer(flaky, clock_, metrics, {.max_batch = 4});
    rpc::TestServer server;
    auth::Principal manager = rpc::Person(kNetwork, kOperator, type::v1::ROLE_WAREHOUSE_MANAGER);
    manager.subject = Subject("manager");
    server.authenticator().Add("manager", manager);
    StocktakesService service(server.dispatcher(), ContextWith(writer));
    server.Start({&service});
    const auto stub = v1::StocktakesService::NewStub(server.channel());
    const pb::PostStocktakeRequest request = Named<pb::PostStocktakeRequest>(stocktake);
    const auto lost = rpc::Invoke(&Stocktakes::PostStocktake, *stub, server.As("manager"), request);
    server.Stop();
    EXPECT_THAT(lost, FailsWith(absl::StatusCode::kUnavailable));
    const pb::Stocktake half = Get(stocktake);
    EXPECT_EQ(half.state(), pb::STOCKTAKE_STATE_REVIEW);
    EXPECT_EQ(half.posted_lines(), after_commit ? 12 : 4);
    // While it may still be under way it is not taken away from under it.
    EXPECT_THAT(Cancel(stocktake), FailsBecause("STOCKTAKE_CLOSED"));
    EXPECT_THAT(Reopen(stocktake), FailsBecause("STOCKTAKE_CLOSED"));

    const auto posted = Ask(&Stocktakes::PostStocktake, "manager", request);
    ASSERT_THAT(posted, IsOk());
    EXPECT_EQ(posted->stocktake().state(), pb::STOCKTAKE_STATE_POSTED);
    EXPECT_EQ(posted->stocktake().posted_lines(), 12);
    for (const pb::Lot& lot : lots) {
      EXPECT_EQ(OnHand(lot), 98);
      EXPECT_THAT(Adjustments(lot), SizeIs(1));
    }
  }
}

TEST_F(StocktakesTest, AnInterruptedPostingLetsGo) {
  const pb::Lot lot = Stock(100, "L");
  const std::string stocktake = Open();
  Count("aki", Counting(stocktake, lot, 98));
  ASSERT_THAT(Review(stocktake), IsOk());
  pg::testing::Sql(database_.superuser, absl::StrCat("UPDATE stock.stocktakes SET posting_until = '",
                                                     absl::FormatTime(At(1), absl::UTCTimeZone()), "'"));
  EXPECT_THAT(Cancel(stocktake), FailsBecause("STOCKTAKE_CLOSED"));
  SetMinute(2);
  EXPECT_THAT(Reopen(stocktake), IsOk());
}

TEST_F(StocktakesTest, ManagersWhoPostAtOncePostOnce) {
  std::vector<pb::Lot> lots;
  for (int i = 0; i < 10; ++i) lots.push_back(Stock(100, absl::StrCat("L", i)));
  const std::string stocktake = Open();
  for (const pb::Lot& lot : lots) Count("aki", Counting(stocktake, lot, 103));
  ASSERT_THAT(Review(stocktake), IsOk());
  for (const pb::Lot& lot : lots) ASSERT_THAT(Settle(Settling(stocktake, lot, "FOUND")), IsOk());
  std::vector<std::thread> managers;
  std::atomic<int> done = 0;
  for (int i = 0; i < 6; ++i) {
    managers.emplace_back([&, i] {
      const auto posted = Do(&Stocktakes::PostStocktake, i % 2 == 0 ? "manager" : "coordinator",
                             Named<pb::PostStocktakeRequest>(stocktake));
      // Whoever came too late to plan finds it posted.
      if (posted.ok() && posted->errors().empty()) {
        EXPECT_EQ(posted->stocktake().state(), pb::STOCKTAKE_STATE_POSTED);
        ++done;
      } else {
        EXPECT_THAT(posted, FailsBecause("STOCKTAKE_CLOSED"));
      }
    });
  }
  for (std::thread& manager : managers) manager.join();
  EXPECT_GE(done, 1);
  for (const pb::Lot& lot : lots) {
    EXPECT_EQ(OnHand(lot), 103);
    EXPECT_THAT(Adjustments(lot), SizeIs(1));
  }
}

TEST_F(StocktakesTest, ReviewersDecide) {
  const pb::Lot conflict = Stock(100, "C"), wrong = Stock(100, "W"), left = Stock(100, "L"), uncounted = Stock(7, "U");
  const std::string stocktake = Open();
  SetMinute(5);
  Count("aki", Counting(stocktake, conflict, 97));
  Count("ben", Counting(stocktake, conflict, 98));
  Count("aki", Counting(stocktake, wrong, 10));
  Count("aki", Counting(stocktake, left, 1));
  EXPECT_THAT(Settle(Settling(stocktake, wrong, "LOST")), FailsBecause("STOCKTAKE_CLOSED"));
  ASSERT_THAT(Review(stocktake), IsOk());
  EXPECT_EQ(Get(stocktake).unsettled_lines(), 3);

  EXPECT_THAT(Settle(Settling(stocktake, conflict, "LOST")), Violates("counted_items", "REQUIRED"));
  pb::SettleLineRequest settle = Settling(stocktake, conflict, "");
  settle.set_counted_items(98);
  auto line = Settle(settle);
  ASSERT_THAT(line, IsOk());
  EXPECT_EQ(line->state(), pb::LINE_STATE_DIFFERENT);
  EXPECT_EQ(line->difference_items(), -2);
  EXPECT_EQ(Get(stocktake).unsettled_lines(), 3);        // no reason yet
  line = Settle(Settling(stocktake, conflict, "LOST"));  // the figure stays
  ASSERT_THAT(line, IsOk());
  EXPECT_EQ(line->difference_items(), -2);
  EXPECT_EQ(line->reason(), "LOST");

  settle = Settling(stocktake, wrong, "");
  settle.set_counted_items(100);
  line = Settle(settle);
  ASSERT_THAT(line, IsOk());
  EXPECT_EQ(line->state(), pb::LINE_STATE_EQUAL);
  settle = Settling(stocktake, left, "");
  settle.set_leave_out(true);
  line = Settle(settle);
  ASSERT_THAT(line, IsOk());
  EXPECT_EQ(line->state(), pb::LINE_STATE_LEFT_OUT);
  EXPECT_THAT(Settle(Settling(stocktake, uncounted, "LOST")), FailsBecause("COUNT_NOT_FOUND"));
  EXPECT_EQ(Get(stocktake).left_out_lines(), 1);
  EXPECT_EQ(Get(stocktake).unsettled_lines(), 0);

  const auto posted = Post(stocktake);
  ASSERT_THAT(posted, IsOk());
  EXPECT_EQ(posted->stocktake().left_out_lines(), 1);
  EXPECT_EQ(OnHand(conflict), 98);
  EXPECT_EQ(OnHand(wrong), 100);
  EXPECT_EQ(OnHand(left), 100);
  EXPECT_EQ(OnHand(uncounted), 7);
}

TEST_F(StocktakesTest, AReasonHoldsForTheDifferenceItWasGivenFor) {
  const pb::Lot lot = Stock(100, "L");
  const std::string stocktake = Open();
  SetMinute(10);
  Count("aki", Counting(stocktake, lot, 95, 9));
  ASSERT_THAT(Review(stocktake), IsOk());
  ASSERT_THAT(Settle(Settling(stocktake, lot, "LOST")), IsOk());
  // Two of the five were not lost: a phone had not yet said that they left.
  ASSERT_THAT(TakeAway(lot, 2, 8), IsOk());
  const auto unsettled = Post(stocktake);
  ASSERT_THAT(unsettled, FailsBecause("NOT_SETTLED"));
  EXPECT_EQ(LineOf(stocktake, lot).difference_items(), -3);
  EXPECT_EQ(LineOf(stocktake, lot).reason(), "");
  // Nor the other three.
  ASSERT_THAT(TakeAway(lot, 3, 7), IsOk());
  EXPECT_EQ(LineOf(stocktake, lot).state(), pb::LINE_STATE_EQUAL);
  ASSERT_THAT(Post(stocktake), IsOk());
  EXPECT_EQ(OnHand(lot), 95);
  EXPECT_THAT(Adjustments(lot), IsEmpty());
}

TEST_F(StocktakesTest, CorrectionsSinceTheCount) {
  const pb::Lot undone = Stock(100, "U"), anew = Stock(100, "A"), returned = Stock(100, "R");
  SetMinute(1);
  // Each is said to have left; only the last did.
  std::vector<std::string> movements;
  for (const pb::Lot& lot : {undone, anew, returned}) {
    const auto moved = TakeAway(lot, 10, 1);
    ASSERT_THAT(moved, IsOk());
    movements.push_back(moved->movement().name());
  }
  const std::string stocktake = Open();
  SetMinute(5);
  EXPECT_EQ(Count("aki", Counting(stocktake, undone, 100)).difference_items(), 10);
  EXPECT_EQ(Count("aki", Counting(stocktake, anew, 90)).state(), pb::LINE_STATE_EQUAL);
  EXPECT_EQ(Count("aki", Counting(stocktake, returned, 90)).state(), pb::LINE_STATE_EQUAL);
  SetMinute(10);
  // The cause of the difference was found and corrected: so there is none.
  ASSERT_THAT(Undo(movements[0], "MISTAKE"), IsOk());
  EXPECT_EQ(LineOf(stocktake, undone).state(), pb::LINE_STATE_EQUAL);
  // Corrected and booked once more, with the time of that: which of them is right nobody can tell.
  ASSERT_THAT(Undo(movements[1], "WRONG_QUANTITY"), IsOk());
  ASSERT_THAT(TakeAway(anew, 10, 10), IsOk());
  EXPECT_EQ(LineOf(stocktake, anew).state(), pb::LINE_STATE_CONFLICT);
  EXPECT_EQ(LineOf(stocktake, anew).conflict(), pb::LINE_CONFLICT_CORRECTED_SINCE);
  // It came back after the count.
  ASSERT_THAT(Undo(movements[2], "RETURNED"), IsOk());
  EXPECT_EQ(LineOf(stocktake, returned).state(), pb::LINE_STATE_EQUAL);
  // And that was a mistake, twice.
  const auto wrong = Undo(movements[2], "RETURNED");
  EXPECT_THAT(wrong, FailsBecause("ALREADY_REVERSED"));
  SetMinute(11);
  EXPECT_EQ(Count("ben", Counting(stocktake, anew, 90, -1, pb::COUNT_MODE_AGAIN)).state(), pb::LINE_STATE_EQUAL);
  ASSERT_THAT(Review(stocktake), IsOk());
  ASSERT_THAT(Post(stocktake), IsOk());
  EXPECT_EQ(OnHand(undone), 100);
  EXPECT_EQ(OnHand(anew), 90);
  EXPECT_EQ(OnHand(returned), 100);
}

TEST_F(StocktakesTest, ReopenedAndPostedAgain) {
  const pb::Lot lot = Stock(100, "L"), promised = Stock(100, "P");
  ASSERT_THAT(Call(&Stub::ReserveStock, "coordinator", Reserving(promised, 100)), IsOk());
  const std::string stocktake = Open();
  SetMinute(5);
  Count("aki", Counting(stocktake, lot, 90));
  Count("aki", Counting(stocktake, promised, 99));
  ASSERT_THAT(Review(stocktake), IsOk());
  ASSERT_THAT(Settle(Settling(stocktake, lot, "LOST")), IsOk());
  ASSERT_THAT(Settle(Settling(stocktake, promised, "LOST")), IsOk());
  auto posted = Post(stocktake);
  ASSERT_THAT(posted, IsOk());
  ASSERT_THAT(posted->errors(), SizeIs(1));
  EXPECT_EQ(OnHand(lot), 90);

  // One was wrong, so they count again: four more turn up.
  ASSERT_THAT(Reopen(stocktake), IsOk());
  SetMinute(9);
  Count("aki", Counting(stocktake, promised, 100));
  EXPECT_EQ(Count("aki", Counting(stocktake, lot, 94)).difference_items(), 4);
  ASSERT_THAT(Review(stocktake), IsOk());
  EXPECT_THAT(Post(stocktake), FailsBecause("NOT_SETTLED"));
  ASSERT_THAT(Settle(Settling(stocktake, lot, "FOUND")), IsOk());
  posted = Post(stocktake);
  ASSERT_THAT(posted, IsOk());
  EXPECT_EQ(posted->stocktake().state(), pb::STOCKTAKE_STATE_POSTED);
  EXPECT_EQ(OnHand(lot), 94);
  EXPECT_EQ(OnHand(promised), 100);
  const std::vector<pb::Movement> adjustments = Adjustments(lot);  // newest first
  ASSERT_THAT(adjustments, SizeIs(2));
  EXPECT_EQ(adjustments[0].items(), 4);
  EXPECT_EQ(adjustments[1].items(), 10);
  const pb::StocktakeLine line = LineOf(stocktake, lot);
  EXPECT_EQ(line.expected_items(), 100);
  EXPECT_EQ(line.counted_items(), 94);
  EXPECT_EQ(line.movement(), adjustments[0].name());
}

// An adjustment that someone reverses in the ledger is not booked again behind their back.
TEST_F(StocktakesTest, AReversedAdjustmentWantsAnotherDecision) {
  const pb::Lot lot = Stock(100, "L"), promised = Stock(100, "P");
  const auto reservation = Call(&Stub::ReserveStock, "coordinator", Reserving(promised, 100));
  ASSERT_THAT(reservation, IsOk());
  const std::string stocktake = Open();
  Count("aki", Counting(stocktake, lot, 90));
  Count("aki", Counting(stocktake, promised, 99));
  ASSERT_THAT(Review(stocktake), IsOk());
  ASSERT_THAT(Settle(Settling(stocktake, lot, "LOST")), IsOk());
  ASSERT_THAT(Settle(Settling(stocktake, promised, "LOST")), IsOk());
  ASSERT_THAT(Post(stocktake), IsOk());
  SetMinute(5);
  ASSERT_THAT(Undo(Adjustments(lot).at(0).name(), "MISTAKE"), IsOk());
  EXPECT_EQ(OnHand(lot), 100);
  EXPECT_EQ(LineOf(stocktake, lot).state(), pb::LINE_STATE_DIFFERENT);
  EXPECT_THAT(Post(stocktake), FailsBecause("NOT_SETTLED"));
  EXPECT_EQ(OnHand(lot), 100);
  ASSERT_THAT(Settle(Settling(stocktake, lot, "MISLABELLED")), IsOk());
  pb::SettleLineRequest leave = Settling(stocktake, promised, "");
  leave.set_leave_out(true);
  ASSERT_THAT(Settle(leave), IsOk());
  const auto posted = Post(stocktake);
  ASSERT_THAT(posted, IsOk());
  EXPECT_EQ(posted->stocktake().state(), pb::STOCKTAKE_STATE_POSTED);
  EXPECT_EQ(OnHand(lot), 90);
}

TEST_F(StocktakesTest, CancelledNothingIsPosted) {
  const pb::Lot lot = Stock(100, "L"), other = Stock(5, "O");
  const std::string stocktake = Open();
  Count("aki", Counting(stocktake, lot, 90));
  const auto cancelled = Cancel(stocktake);
  ASSERT_THAT(cancelled, IsOk());
  EXPECT_EQ(cancelled->state(), pb::STOCKTAKE_STATE_CANCELLED);
  EXPECT_EQ(cancelled->different_lines(), 1);
  EXPECT_EQ(OnHand(lot), 100);
  ASSERT_THAT(TakeAway(lot, 100, 0), IsOk());
  EXPECT_EQ(LineOf(stocktake, lot).state(), pb::LINE_STATE_DIFFERENT);
  EXPECT_EQ(LineOf(stocktake, lot).expected_items(), 100);
  EXPECT_EQ(LineOf(stocktake, other).state(), pb::LINE_STATE_UNCOUNTED);
  EXPECT_TRUE(MessageDifferencer::Equals(Get(stocktake), *cancelled));
  EXPECT_THAT(Review(stocktake), FailsBecause("STOCKTAKE_CLOSED"));
  EXPECT_THAT(Reopen(stocktake), FailsBecause("STOCKTAKE_CLOSED"));
  EXPECT_THAT(Cancel(stocktake), FailsBecause("STOCKTAKE_CLOSED"));
  // In review too.
  const std::string reviewed = Open();
  ASSERT_THAT(Review(reviewed), IsOk());
  EXPECT_THAT(Review(reviewed), FailsBecause("STOCKTAKE_CLOSED"));
  EXPECT_THAT(Cancel(reviewed), IsOk());
}

}  // namespace
}  // namespace kubari::stock
