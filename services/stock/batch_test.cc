// A phone's queue or a wholesaler's list over the wire: many movements, each with its own answer.
#include "services/stock/movements_testing.h"

namespace kubari::stock {
namespace {

using namespace testing;  // NOLINT
using ::testing::SizeIs;

class BatchTest : public MovementsTest {
 protected:
  pb::RecordMovementsResponse Record(const std::string& who, const pb::RecordMovementsRequest& request) {
    const auto recorded = Call(&Stub::RecordMovements, who, request);
    EXPECT_THAT(recorded, IsOk());
    return recorded.ok() ? *recorded : pb::RecordMovementsResponse();
  }
  // Why the entry was refused; "" if it was not.
  static std::string Reason(const pb::MovementOutcome& outcome) { return errors::ReasonOf(StatusOf(outcome)); }
  static absl::Status StatusOf(const pb::MovementOutcome& outcome) {
    if (!outcome.has_error()) return absl::OkStatus();
    return errors::FromGrpc(grpc::Status(static_cast<grpc::StatusCode>(outcome.error().code()),
                                         outcome.error().message(), outcome.error().SerializeAsString()));
  }
  // The lot that goods of the offer line with this number are, or will be.
  pb::Lot LotNumbered(const std::string& number) {
    Lot lot;
    lot.facts.set_product(ids::Name("products", kProduct));
    lot.facts.set_offer_line(registers_.offer.lines(0).name());
    *lot.facts.mutable_good_until() = registers_.offer.lines(0).good_until();
    lot.facts.set_donor_lot_number(number);
    lot.facts.set_name(ids::Name("lots", LotId(kNetwork, lot)));
    return lot.facts;
  }
  pb::ReceiveStockRequest ReceivingNumbered(int64_t items, const std::string& number) {
    pb::ReceiveStockRequest request = Receiving(items);
    request.set_donor_lot_number(number);
    *request.mutable_good_until() = registers_.offer.lines(0).good_until();
    return request;
  }
};

TEST_F(BatchTest, EachEntryHasItsOwnAnswerAndNoneTouchesItsNeighbours) {
  const pb::Lot lot = Receive(60);
  pb::RecordMovementsRequest request;
  *request.add_requests()->mutable_receive() = Receiving(10);
  *request.add_requests()->mutable_transfer() = Moving(lot, 20);
  *request.add_requests()->mutable_discard() = Discarding(lot, 51, shelf_);  // 50 are left there
  *request.add_requests()->mutable_adjust() = Adjusting(lot, -1);
  request.add_requests();
  *request.add_requests()->mutable_discard() = Discarding(lot, 0, shelf_);
  *request.add_requests()->mutable_issue() = Issuing(lot, 9);
  *request.add_requests()->mutable_return_() = Returning(lot, 4, shelf_, registers_.donor.name());
  const pb::RecordMovementsResponse recorded = Record("manager", request);
  ASSERT_THAT(recorded.outcomes(), SizeIs(8));
  const char* const reasons[] = {"", "", "INSUFFICIENT_STOCK", "", "INVALID_REQUEST", "INVALID_REQUEST", "", ""};
  int64_t position = 0;
  for (int i = 0; i < 8; ++i) {
    EXPECT_EQ(Reason(recorded.outcomes(i)), reasons[i]) << i;
    EXPECT_EQ(recorded.outcomes(i).movements_size(), *reasons[i] == '\0' ? 1 : 0);
    for (const pb::Movement& movement : recorded.outcomes(i).movements()) {
      EXPECT_GT(movement.position(), position);  // in the order of the requests
      position = movement.position();
    }
  }
  EXPECT_EQ(recorded.outcomes(0).lot().code(), lot.code());
  EXPECT_THAT(StatusOf(recorded.outcomes(2)), SaysInBoth("Lot " + lot.code(), "ロット" + lot.code()));
  EXPECT_THAT(StatusOf(recorded.outcomes(4)), Violates("request", "REQUIRED"));
  EXPECT_THAT(StatusOf(recorded.outcomes(5)), Violates("items", "OUT_OF_RANGE"));
  EXPECT_EQ(On(shelf_, lot), (Balance{60 + 10 - 20 - 1 - 9 - 4, 0}));
  // All of it again, as after a lost connection: what was recorded is answered the same, what was refused is judged
  // anew.
  const pb::RecordMovementsResponse again = Record("manager", request);
  ASSERT_THAT(again.outcomes(), SizeIs(8));
  for (int i = 0; i < 8; ++i) {
    EXPECT_EQ(Reason(again.outcomes(i)), reasons[i]) << i;
    if (*reasons[i] == '\0') EXPECT_TRUE(Same(again.outcomes(i), recorded.outcomes(i))) << i;
  }
  EXPECT_EQ(On(shelf_, lot), (Balance{36, 0}));
}

TEST_F(BatchTest, AnEntryThatIsThereTwiceHappensOnce) {
  const pb::Lot lot = Receive(60);
  pb::RecordMovementsRequest request;
  *request.add_requests()->mutable_transfer() = Moving(lot, 20);
  *request.add_requests() = request.requests(0);
  *request.add_requests() = request.requests(0);
  request.mutable_requests(2)->mutable_transfer()->set_items(21);
  const pb::RecordMovementsResponse recorded = Record("volunteer", request);
  ASSERT_THAT(recorded.outcomes(), SizeIs(3));
  EXPECT_TRUE(Same(recorded.outcomes(0), recorded.outcomes(1)));
  EXPECT_EQ(Reason(recorded.outcomes(2)), "REQUEST_ID_REUSED");
  EXPECT_EQ(On(second_, lot), (Balance{20, 0}));
  // One that went through by itself before.
  const pb::TransferStockRequest alone = Moving(lot, 5);
  const auto moved = Call(&Stub::TransferStock, "volunteer", alone);
  ASSERT_THAT(moved, IsOk());
  pb::RecordMovementsRequest late;
  *late.add_requests()->mutable_transfer() = alone;
  EXPECT_TRUE(Same(Record("volunteer", late).outcomes(0).movements(0), moved->movement()));
}

TEST_F(BatchTest, AnEntryMayNeedWhatAnEarlierOneMakes) {
  const pb::Lot lot = LotNumbered("L7");
  pb::RecordMovementsRequest request;
  *request.add_requests()->mutable_transfer() = Moving(lot, 1);  // too early
  *request.add_requests()->mutable_receive() = ReceivingNumbered(30, "L7");
  *request.add_requests()->mutable_transfer() = Moving(lot, 10);
  pb::Movement second;  // the transfer's, by its position
  second.set_name(ids::Name("movements", MovementId(kNetwork, 1)));
  *request.add_requests()->mutable_reverse() = Reversing(second);
  *request.add_requests()->mutable_issue() = Issuing(lot, 12);
  *request.add_requests()->mutable_return_() = Returning(lot, 5, ids::Name("deliveries", Id(12, 1)), second_);
  const pb::RecordMovementsResponse recorded = Record("manager", request);
  ASSERT_THAT(recorded.outcomes(), SizeIs(6));
  EXPECT_EQ(Reason(recorded.outcomes(0)), "LOT_NOT_FOUND");
  for (int i = 1; i < 6; ++i) EXPECT_EQ(Reason(recorded.outcomes(i)), "") << i;
  EXPECT_EQ(recorded.outcomes(3).movements(0).reverses(), second.name());
  EXPECT_EQ(On(shelf_, lot), (Balance{18, 0}));
  EXPECT_EQ(On(second_, lot), (Balance{5, 0}));
}

TEST_F(BatchTest, ABareScanJoinsTheFullerOneBeforeIt) {
  registers_.offer.mutable_lines(0)->clear_good_until();
  registers_.offer.mutable_lines(0)->clear_donor_lot_number();
  pb::RecordMovementsRequest request;
  *request.add_requests()->mutable_receive() = Receiving(1);
  pb::ReceiveStockRequest full = Receiving(10);
  *full.mutable_good_until() = BestBefore("2027-04-30");
  full.set_donor_lot_number("L7");
  *request.add_requests()->mutable_receive() = full;
  *request.add_requests()->mutable_receive() = Receiving(2);
  *request.add_requests()->mutable_receive() = Receiving(3);
  const pb::RecordMovementsResponse recorded = Record("volunteer", request);
  EXPECT_THAT(StatusOf(recorded.outcomes(0)), Violates("good_until", "REQUIRED"));
  for (int i = 1; i < 4; ++i) {
    EXPECT_EQ(Reason(recorded.outcomes(i)), "");
    EXPECT_EQ(recorded.outcomes(i).lot().donor_lot_number(), "L7");
    EXPECT_EQ(recorded.outcomes(i).lot().name(), recorded.outcomes(1).lot().name());
  }
  EXPECT_EQ(On(shelf_, recorded.outcomes(1).lot()), (Balance{15, 0}));
}

TEST_F(BatchTest, AccessIsJudgedEntryByEntry) {
  const pb::Lot lot = GroupHolds(20);
  ASSERT_EQ(Receive(50).name(), lot.name());
  pb::ReceiveStockRequest elsewhere = Receiving(1);
  elsewhere.set_place(west_);
  pb::RecordMovementsRequest request;
  *request.add_requests()->mutable_adjust() = Adjusting(lot, 1);
  *request.add_requests()->mutable_receive() = elsewhere;
  *request.add_requests()->mutable_issue() = Issuing(lot, 1);
  *request.add_requests()->mutable_discard() = Discarding(lot, 1, shelf_);
  const pb::RecordMovementsResponse volunteer = Record("volunteer", request);
  EXPECT_EQ(Reason(volunteer.outcomes(0)), "ROLE_NOT_ALLOWED");
  EXPECT_EQ(Reason(volunteer.outcomes(1)), "NOT_YOUR_ORGANISATION");
  EXPECT_EQ(Reason(volunteer.outcomes(2)), "RESERVATION_REQUIRED");
  EXPECT_EQ(Reason(volunteer.outcomes(3)), "");

  pb::RecordMovementsRequest of_group;
  *of_group.add_requests()->mutable_discard() = Discarding(lot, 2, ids::Name("groups", kGroup));
  *of_group.add_requests()->mutable_discard() = Discarding(lot, 2, ids::Name("groups", kOtherGroup));
  *of_group.add_requests()->mutable_discard() = Discarding(lot, 2, shelf_);
  *of_group.add_requests()->mutable_receive() = Receiving(1);
  const pb::RecordMovementsResponse group = Record("group", of_group);
  EXPECT_EQ(Reason(group.outcomes(0)), "");
  EXPECT_EQ(Reason(group.outcomes(1)), "NOT_YOUR_ORGANISATION");
  EXPECT_EQ(Reason(group.outcomes(2)), "NOT_YOUR_ORGANISATION");
  EXPECT_EQ(Reason(group.outcomes(3)), "ROLE_NOT_ALLOWED");
  EXPECT_EQ(Held(lot, pb::PLACE_KIND_GROUP), 18);
  // Another's recorded requests are not answered for those who may not make them.
  const pb::RecordMovementsResponse stranger = Record("stranger", request);
  EXPECT_EQ(Reason(stranger.outcomes(3)), "NOT_YOUR_ORGANISATION");
  // Nothing at all for a donor.
  const pb::RecordMovementsResponse donor = Record("donor", request);
  for (const pb::MovementOutcome& outcome : donor.outcomes()) EXPECT_EQ(Reason(outcome), "ROLE_NOT_ALLOWED");
}

TEST_F(BatchTest, TheOrderHoldsThoughGoodsThatExpireEarlierMustBeJudged) {
  // What expires earlier may not go to the group, so it is passed over once it is judged.
  registers_.offer.mutable_conditions()->add_only_groups(ids::Name("groups", kOtherGroup));
  ReceiveDated(5, "2027-01-31", "", "X0");
  registers_.offer.mutable_conditions()->clear_only_groups();
  const pb::Lot lot = Receive(10);
  pb::RecordMovementsRequest request;
  *request.add_requests()->mutable_issue() = Issuing(lot, 10);
  *request.add_requests()->mutable_discard() = Discarding(lot, 10, shelf_);
  pb::RecordMovementsResponse recorded = Record("manager", request);
  EXPECT_EQ(Reason(recorded.outcomes(0)), "");
  EXPECT_EQ(Reason(recorded.outcomes(1)), "INSUFFICIENT_STOCK");
  // What comes in with the same list is seen.
  ASSERT_EQ(Receive(10).name(), lot.name());
  pb::RecordMovementsRequest second;
  pb::ReceiveStockRequest earlier = ReceivingNumbered(4, "X3");
  *earlier.mutable_good_until() = BestBefore("2027-02-28");
  *second.add_requests()->mutable_receive() = earlier;
  *second.add_requests()->mutable_issue() = Issuing(lot, 10);
  *second.add_requests()->mutable_discard() = Discarding(lot, 10, shelf_);
  recorded = Record("manager", second);
  EXPECT_EQ(Reason(recorded.outcomes(1)), "FEFO_DEPARTURE");
  EXPECT_EQ(Reason(recorded.outcomes(2)), "");
}

TEST_F(BatchTest, AListHasOneToFiveHundredEntries) {
  EXPECT_THAT(Call(&Stub::RecordMovements, "manager", pb::RecordMovementsRequest()),
              Violates("requests", "OUT_OF_RANGE"));
  const pb::Lot lot = Receive(400);
  pb::RecordMovementsRequest request;
  for (int i = 0; i < 500; ++i) {
    if (i % 5 == 4) {
      *request.add_requests()->mutable_receive() = ReceivingNumbered(1, absl::StrCat("N", i));
    } else {
      *request.add_requests()->mutable_transfer() = Moving(lot, 1);
    }
  }
  pb::RecordMovementsResponse recorded = Record("volunteer", request);
  ASSERT_THAT(recorded.outcomes(), SizeIs(500));
  for (int i = 0; i < 500; ++i) {
    ASSERT_EQ(Reason(recorded.outcomes(i)), "") << i;
    ASSERT_EQ(recorded.outcomes(i).movements(0).position(), 1 + i);
  }
  EXPECT_EQ(On(second_, lot), (Balance{400, 0}));
  EXPECT_TRUE(Same(Record("volunteer", request), recorded));
  *request.add_requests()->mutable_transfer() = Moving(lot, 1);
  EXPECT_THAT(Call(&Stub::RecordMovements, "volunteer", request), Violates("requests", "OUT_OF_RANGE"));
}

}  // namespace
}  // namespace kubari::stock
