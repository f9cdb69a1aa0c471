// What was wrong, lost or thrown away, over the wire: discards, adjustments, reversals.
#include "services/stock/movements_testing.h"

namespace kubari::stock {
namespace {

using namespace testing;  // NOLINT
using ::testing::HasSubstr;
using ::testing::SizeIs;

class CorrectionsTest : public MovementsTest {
 protected:
  // There and back twice; both times the same.
  void GoesBackAndForth(const std::string& who, const pb::Movement& movement) {
    const auto undone = Call(&Stub::ReverseMovement, who, Reversing(movement));
    ASSERT_THAT(undone, IsOk());
    EXPECT_EQ(undone->movement().reverses(), movement.name());
    EXPECT_EQ(undone->movement().kind(), pb::MOVEMENT_KIND_REVERSAL);
    EXPECT_EQ(undone->movement().effect_kind(), movement.kind());
    EXPECT_EQ(undone->movement().effect_items(), -movement.items());
    EXPECT_EQ(undone->movement().from_place(), movement.to_place());
    EXPECT_EQ(undone->movement().to_place(), movement.from_place());
    const auto again = Call(&Stub::ReverseMovement, who, Reversing(undone->movement()));
    ASSERT_THAT(again, IsOk());
    EXPECT_EQ(again->movement().effect_kind(), movement.kind());
    EXPECT_EQ(again->movement().effect_items(), movement.items());
    EXPECT_THAT(Call(&Stub::ReverseMovement, who, Reversing(undone->movement())), FailsBecause("ALREADY_REVERSED"));
  }
};

TEST_F(CorrectionsTest, DiscardingTakesFreeItemsOfAShelf) {
  const pb::Lot lot = Receive(60);
  ASSERT_THAT(Call(&Stub::ReserveStock, "coordinator", Reserving(lot, 50)), IsOk());
  const pb::DiscardStockRequest request = Discarding(lot, 4, shelf_);
  const auto discarded = Call(&Stub::DiscardStock, "volunteer", request);
  ASSERT_THAT(discarded, IsOk());
  EXPECT_EQ(discarded->movement().reason(), "DAMAGED");
  EXPECT_EQ(discarded->movement().to_kind(), pb::PLACE_KIND_WASTE);
  RepeatsAlike(&Stub::DiscardStock, "volunteer", request, *discarded);
  EXPECT_EQ(On(shelf_, lot), (Balance{56, 50}));
  const auto promised = Call(&Stub::DiscardStock, "volunteer", Discarding(lot, 7, shelf_));
  ASSERT_THAT(promised, FailsBecause("INSUFFICIENT_STOCK"));
  EXPECT_THAT(promised, SaysInBoth("Lot " + lot.code(), "うち引当50点、空き6点"));
  GoesBackAndForth("volunteer", discarded->movement());
}

TEST_F(CorrectionsTest, AGroupDiscardsWhatItHolds) {
  const pb::Lot lot = GroupHolds(20);
  const std::string group = ids::Name("groups", kGroup);
  const pb::DiscardStockRequest request = Discarding(lot, 5, group);
  const auto discarded = Call(&Stub::DiscardStock, "group", request);
  ASSERT_THAT(discarded, IsOk());
  EXPECT_EQ(discarded->movement().group(), group);
  EXPECT_EQ(discarded->movement().from_kind(), pb::PLACE_KIND_GROUP);
  RepeatsAlike(&Stub::DiscardStock, "group", request, *discarded);
  EXPECT_EQ(Held(lot, pb::PLACE_KIND_GROUP), 15);
  EXPECT_THAT(Call(&Stub::DiscardStock, "group", Discarding(lot, 16, group)), FailsBecause("INSUFFICIENT_STOCK"));
  EXPECT_THAT(Call(&Stub::DiscardStock, "other group", Discarding(lot, 1, group)),
              FailsBecause("NOT_YOUR_ORGANISATION"));
  EXPECT_THAT(Call(&Stub::DiscardStock, "volunteer", Discarding(lot, 1, group)), FailsBecause("NOT_YOUR_ORGANISATION"));
  EXPECT_THAT(Call(&Stub::DiscardStock, "group", Discarding(lot, 1, shelf_)), FailsBecause("NOT_YOUR_ORGANISATION"));
  EXPECT_THAT(Call(&Stub::DiscardStock, "coordinator", Discarding(lot, 1, group)), IsOk());
  GoesBackAndForth("coordinator", discarded->movement());
}

TEST_F(CorrectionsTest, DiscardingIsRefusedInTheDocumentedOrder) {
  const pb::Lot lot = Receive(10);
  pb::DiscardStockRequest request = Discarding(lot, 0, "");
  request.set_reason("");
  const auto shape = Call(&Stub::DiscardStock, "volunteer", request);
  EXPECT_THAT(shape, Violates("place", "REQUIRED"));
  EXPECT_THAT(shape, Violates("items", "OUT_OF_RANGE"));
  EXPECT_THAT(shape, Violates("reason", "REQUIRED"));
  request = Discarding(lot, 11, ids::Name("places", Id(6, 99)));
  request.set_lot(ids::Name("lots", Id(8, 99)));
  EXPECT_THAT(Call(&Stub::DiscardStock, "donor", request), FailsBecause("ROLE_NOT_ALLOWED"));
  EXPECT_THAT(Call(&Stub::DiscardStock, "stranger", request), FailsBecause("PLACE_NOT_FOUND"));
  request.set_place(shelf_);
  EXPECT_THAT(Call(&Stub::DiscardStock, "stranger", request), FailsBecause("LOT_NOT_FOUND"));
  request.set_lot(lot.name());
  EXPECT_THAT(Call(&Stub::DiscardStock, "stranger", request), FailsBecause("NOT_YOUR_ORGANISATION"));
  EXPECT_THAT(Call(&Stub::DiscardStock, "volunteer", request), FailsBecause("INSUFFICIENT_STOCK"));
  request.set_place(ids::Name("groups", Id(7, 99)));
  EXPECT_THAT(Call(&Stub::DiscardStock, "group", request), FailsBecause("GROUP_NOT_FOUND"));
}

TEST_F(CorrectionsTest, AnAdjustmentSaysWhatWasFoundOrLost) {
  const pb::Lot lot = Receive(60);
  const pb::AdjustStockRequest request = Adjusting(lot, -4);
  const auto lost = Call(&Stub::AdjustStock, "manager", request);
  ASSERT_THAT(lost, IsOk());
  EXPECT_EQ(lost->movement().items(), 4);
  EXPECT_EQ(lost->movement().from_place(), shelf_);
  EXPECT_EQ(lost->movement().reason(), "COUNTED");
  RepeatsAlike(&Stub::AdjustStock, "manager", request, *lost);
  const auto found = Call(&Stub::AdjustStock, "manager", Adjusting(lot, 7));
  ASSERT_THAT(found, IsOk());
  EXPECT_EQ(found->movement().to_place(), shelf_);
  EXPECT_EQ(On(shelf_, lot), (Balance{63, 0}));
  GoesBackAndForth("manager", lost->movement());
  GoesBackAndForth("manager", found->movement());
  // Goods that stood on another shelf all the time.
  pb::AdjustStockRequest elsewhere = Adjusting(lot, 2);
  elsewhere.set_place(second_);
  EXPECT_THAT(Call(&Stub::AdjustStock, "manager", elsewhere), IsOk());

  pb::AdjustStockRequest bad = Adjusting(lot, 0);
  bad.set_reason("MAGIC");
  const auto shape = Call(&Stub::AdjustStock, "manager", bad);
  EXPECT_THAT(shape, Violates("difference", "OUT_OF_RANGE"));
  EXPECT_THAT(shape, Violates("reason", "UNKNOWN_VALUE"));
  EXPECT_THAT(Call(&Stub::AdjustStock, "volunteer", Adjusting(lot, 1)), FailsBecause("ROLE_NOT_ALLOWED"));
  EXPECT_THAT(Call(&Stub::AdjustStock, "stranger", Adjusting(lot, 1)), FailsBecause("NOT_YOUR_ORGANISATION"));
  ASSERT_THAT(Call(&Stub::ReserveStock, "coordinator", Reserving(lot, 60)), IsOk());
  const auto promised = Call(&Stub::AdjustStock, "manager", Adjusting(lot, -4));
  ASSERT_THAT(promised, FailsBecause("INSUFFICIENT_STOCK"));
  EXPECT_EQ(errors::MetadataOf(promised.status())["free"], "3");
}

TEST_F(CorrectionsTest, EveryMovementGoesBackAndForth) {
  registers_.offer.mutable_conditions()->set_onward_transfer_allowed(true);
  const auto received = Call(&Stub::ReceiveStock, "volunteer", Receiving(100));
  ASSERT_THAT(received, IsOk());
  const pb::Lot& lot = received->lot();
  GoesBackAndForth("volunteer", received->movement());
  const auto moved = Call(&Stub::TransferStock, "volunteer", Moving(lot, 10));
  ASSERT_THAT(moved, IsOk());
  GoesBackAndForth("volunteer", moved->movement());
  const auto issued = Call(&Stub::IssueStock, "manager", Issuing(lot, 20));
  ASSERT_THAT(issued, IsOk());
  GoesBackAndForth("manager", issued->movement());
  const auto confirmed = Call(&Stub::ConfirmReceipt, "group", Confirming(issued->movement().delivery()));
  ASSERT_THAT(confirmed, IsOk());
  GoesBackAndForth("coordinator", confirmed->movements(0));
  const auto given_back =
      Call(&Stub::ReturnStock, "volunteer", Returning(lot, 5, ids::Name("groups", kGroup), second_));
  ASSERT_THAT(given_back, IsOk());
  GoesBackAndForth("volunteer", given_back->movement());
  const auto direct = Call(&Stub::DeliverDirect, "coordinator", Directly(8));
  ASSERT_THAT(direct, IsOk());
  GoesBackAndForth("coordinator", direct->movement());
  registers_.groups[ids::Name("groups", kOtherGroup)].set_hub(ids::Name("groups", kGroup));
  const auto passed = Call(&Stub::PassOn, "group", PassingOn(lot, 3));
  ASSERT_THAT(passed, IsOk());
  GoesBackAndForth("coordinator", passed->movement());
  const auto sent = Call(&Stub::SendTransfer, "volunteer", Sending(lot, 12));
  ASSERT_THAT(sent, IsOk());
  GoesBackAndForth("volunteer", sent->movements(0));
  const auto arrived = Call(&Stub::ReceiveTransfer, "stranger", Arriving(sent->transfer().name(), lot, 11, 1));
  ASSERT_THAT(arrived, IsOk());
  for (const pb::Movement& movement : arrived->movements()) GoesBackAndForth("coordinator", movement);
  // Nothing of all this made or lost an item.
  EXPECT_EQ(Held(lot, pb::PLACE_KIND_SHELF), 100 - 20 + 5 - 12 + 11);
  EXPECT_EQ(Held(lot, pb::PLACE_KIND_GROUP), 20 - 5 - 3);
  EXPECT_EQ(Held(lot, pb::PLACE_KIND_DELIVERY), 8 + 3);
  EXPECT_EQ(Held(lot, pb::PLACE_KIND_ADJUSTMENT), 1);
  EXPECT_EQ(Held(lot, pb::PLACE_KIND_DONOR), -108);
}

TEST_F(CorrectionsTest, AReversedIssueComesBackAsFreeStock) {
  const pb::Lot lot = Receive(60);
  const auto reserved = Call(&Stub::ReserveStock, "coordinator", Reserving(lot, 60));
  ASSERT_THAT(reserved, IsOk());
  pb::IssueStockRequest issue;
  issue.set_request_id(ids::NewUuid());
  issue.set_reservation(reserved->reservation().name());
  issue.set_items(60);
  const auto issued = Call(&Stub::IssueStock, "volunteer", issue);
  ASSERT_THAT(issued, IsOk());
  const pb::ReverseMovementRequest reverse = Reversing(issued->movement());
  const auto undone = Call(&Stub::ReverseMovement, "volunteer", reverse);
  ASSERT_THAT(undone, IsOk());
  RepeatsAlike(&Stub::ReverseMovement, "volunteer", reverse, *undone);
  EXPECT_EQ(On(shelf_, lot), (Balance{60, 0}));
  const auto promise = Call(&Stub::ReverseMovement, "coordinator", Reversing(reserved->movement()));
  ASSERT_THAT(promise, FailsBecause("NOT_REVERSIBLE"));
  EXPECT_THAT(promise, SaysInBoth("VoidReservation", "引当を解除"));
}

TEST_F(CorrectionsTest, WhatHasMovedOnIsNotReversedAndTheErrorSaysWhereItWent) {
  const auto received = Call(&Stub::ReceiveStock, "volunteer", Receiving(100));
  ASSERT_THAT(received, IsOk());
  const pb::Lot& lot = received->lot();
  ASSERT_THAT(Call(&Stub::TransferStock, "volunteer", Moving(lot, 30)), IsOk());
  const auto issued = Call(&Stub::IssueStock, "manager", Issuing(lot, 20));
  ASSERT_THAT(issued, IsOk());
  ASSERT_THAT(Call(&Stub::ConfirmReceipt, "group", Confirming(issued->movement().delivery())), IsOk());
  ASSERT_THAT(Call(&Stub::DiscardStock, "volunteer", Discarding(lot, 5, shelf_)), IsOk());
  ASSERT_THAT(Call(&Stub::ReserveStock, "coordinator", Reserving(lot, 6)), IsOk());
  const auto refused = Call(&Stub::ReverseMovement, "volunteer", Reversing(received->movement()));
  ASSERT_THAT(refused, FailsBecause("NOT_REVERSIBLE"));
  auto metadata = errors::MetadataOf(refused.status());
  EXPECT_EQ(metadata["movement"], received->movement().name());
  EXPECT_EQ(metadata["lot"], lot.name());
  EXPECT_THAT(metadata["went_to"], HasSubstr(shelf_ + "=45"));
  EXPECT_THAT(metadata["went_to"], HasSubstr(second_ + "=30"));
  EXPECT_THAT(metadata["went_to"], HasSubstr("=20"));
  EXPECT_THAT(metadata["went_to"], HasSubstr("=5"));
  EXPECT_THAT(refused, SaysInBoth("Of the 100 items of lot " + lot.code() + " that came to 東倉庫 A-01, 39 are still",
                                  "東倉庫 A-01に移したロット" + lot.code() + "の100点のうち、残っているのは39点"));
  EXPECT_THAT(refused, SaysInBoth("東倉庫 A-02 30", "東倉庫 A-02 30点"));
  EXPECT_THAT(refused, SaysInBoth("みなみ食堂 20", "みなみ食堂 20点"));
  EXPECT_THAT(refused, SaysInBoth("(6 more are promised)", "ほかに引当6点"));
  const auto delivered = Call(&Stub::ReverseMovement, "manager", Reversing(issued->movement()));
  ASSERT_THAT(delivered, FailsBecause("NOT_REVERSIBLE"));
  EXPECT_THAT(delivered, SaysInBoth("みなみ食堂（配送中）, 0 are still there", "みなみ食堂（配送中）"));
}

TEST_F(CorrectionsTest, ReversalsAreRefusedInTheDocumentedOrder) {
  const auto received = Call(&Stub::ReceiveStock, "manager", Receiving(100));
  ASSERT_THAT(received, IsOk());
  pb::ReverseMovementRequest request = Reversing(received->movement());
  request.set_movement("lots/" + Id(8, 1));
  request.set_reason("BORED");
  EXPECT_THAT(Call(&Stub::ReverseMovement, "volunteer", request), Violates("movement", "NOT_A_NAME"));
  EXPECT_THAT(Call(&Stub::ReverseMovement, "volunteer", request), Violates("reason", "UNKNOWN_VALUE"));
  request = Reversing(received->movement());
  request.set_movement(ids::Name("movements", MovementId(kNetwork, 99)));
  EXPECT_THAT(Call(&Stub::ReverseMovement, "group", request), FailsBecause("ROLE_NOT_ALLOWED"));
  EXPECT_THAT(Call(&Stub::ReverseMovement, "volunteer", request), FailsBecause("MOVEMENT_NOT_FOUND"));
  request.set_movement(ids::Name("movements", ids::NewUuid()));
  EXPECT_THAT(Call(&Stub::ReverseMovement, "volunteer", request), FailsBecause("MOVEMENT_NOT_FOUND"));
  request.set_movement(received->movement().name());
  EXPECT_THAT(Call(&Stub::ReverseMovement, "stranger", request), FailsBecause("NOT_YOUR_ORGANISATION"));
  EXPECT_THAT(Call(&Stub::ReverseMovement, "volunteer", request), FailsBecause("NOT_YOUR_MOVEMENT"));
  ASSERT_THAT(Call(&Stub::ReverseMovement, "manager", request), IsOk());
  const auto twice = Call(&Stub::ReverseMovement, "manager", Reversing(received->movement()));
  ASSERT_THAT(twice, FailsBecause("ALREADY_REVERSED"));
  EXPECT_THAT(twice, SaysInBoth("2026-12-01T01:00:00Z", "2026-12-01T01:00:00Z"));
}

}  // namespace
}  // namespace kubari::stock
