// What comes in over the wire: whole, in part, too much, refused at the door, with too few days left; and put away.
#include "services/stock/movements_testing.h"

namespace kubari::stock {
namespace {

using namespace testing;  // NOLINT
using ::testing::SizeIs;

class ReceivingTest : public MovementsTest {
 protected:
  pb::RefusedGoods& AddRefused(pb::ReceiveStockRequest& request, int64_t items, const std::string& reason) {
    pb::RefusedGoods& refused = *request.add_refused();
    refused.set_items(items);
    refused.set_reason(reason);
    return refused;
  }
  void SetRules(const std::function<void(pb::StockRules&)>& change) {
    const auto now = Call(&Stub::GetStockRules, "coordinator", pb::GetStockRulesRequest());
    ASSERT_THAT(now, IsOk());
    pb::UpdateStockRulesRequest update;
    update.set_request_id(ids::NewUuid());
    *update.mutable_rules() = *now;
    change(*update.mutable_rules());
    ASSERT_THAT(Call(&Stub::UpdateStockRules, "coordinator", update), IsOk());
  }
  pb::OfferLineProgress ProgressAfter(const pb::ReceiveStockRequest& request) {
    const auto received = Call(&Stub::ReceiveStock, "volunteer", request);
    EXPECT_THAT(received, IsOk());
    return received.ok() ? received->progress() : pb::OfferLineProgress();
  }
};

TEST_F(ReceivingTest, AnOfferLineComesInPartInWholeAndInExcess) {
  const pb::ReceiveStockRequest first = Receiving(60);
  const auto part = Call(&Stub::ReceiveStock, "volunteer", first);
  ASSERT_THAT(part, IsOk());
  EXPECT_EQ(part->movement().items(), 60);
  EXPECT_EQ(part->movement().from_kind(), pb::PLACE_KIND_DONOR);
  EXPECT_EQ(part->movement().to_place(), shelf_);
  EXPECT_EQ(part->progress().offer_line(), first.offer_line());
  EXPECT_EQ(part->progress().expected_items(), 120);
  EXPECT_EQ(part->progress().received_items(), 60);
  EXPECT_EQ(part->progress().difference_items(), -60);
  RepeatsAlike(&Stub::ReceiveStock, "volunteer", first, *part);
  EXPECT_EQ(ProgressAfter(Receiving(60)).difference_items(), 0);
  EXPECT_EQ(ProgressAfter(Receiving(5)).difference_items(), 5);
  // What goes back, or was a mistake, was not received.
  ASSERT_THAT(Call(&Stub::ReverseMovement, "volunteer", Reversing(part->movement())), IsOk());
  ASSERT_THAT(Call(&Stub::ReturnStock, "volunteer", Returning(part->lot(), 4, shelf_, registers_.donor.name())),
              IsOk());
  pb::ReceiveStockRequest refused = Receiving(0);
  AddRefused(refused, 7, "OPENED");
  const pb::OfferLineProgress progress = ProgressAfter(refused);
  EXPECT_EQ(progress.received_items(), 61);
  EXPECT_EQ(progress.refused_items(), 7);
  EXPECT_EQ(progress.difference_items(), -52);
}

TEST_F(ReceivingTest, WhatIsRefusedAtTheDoorIsOnRecordAndNotInStock) {
  pb::ReceiveStockRequest request = Receiving(0);
  AddRefused(request, 7, "OPENED").set_note("袋が破れている");
  AddRefused(request, 2, "NO_JAPANESE_LABEL");
  const auto refused = Call(&Stub::ReceiveStock, "volunteer", request);
  ASSERT_THAT(refused, IsOk());
  EXPECT_FALSE(refused->has_movement());
  ASSERT_THAT(refused->refusals(), SizeIs(2));
  EXPECT_EQ(refused->refusals(0).kind(), pb::MOVEMENT_KIND_REFUSE);
  EXPECT_EQ(refused->refusals(0).reason(), "OPENED");
  EXPECT_EQ(refused->refusals(0).note(), "袋が破れている");
  EXPECT_EQ(refused->refusals(1).reason(), "NO_JAPANESE_LABEL");
  EXPECT_FALSE(refused->lot().code().empty());
  EXPECT_EQ(On(shelf_, refused->lot()), Balance{});
  RepeatsAlike(&Stub::ReceiveStock, "volunteer", request, *refused);
  // With others that were taken: one lot.
  request = Receiving(30);
  AddRefused(request, 3, "TEMPERATURE");
  const auto both = Call(&Stub::ReceiveStock, "volunteer", request);
  ASSERT_THAT(both, IsOk());
  EXPECT_EQ(both->lot().name(), refused->lot().name());
  EXPECT_EQ(both->movement().items(), 30);
  EXPECT_THAT(both->refusals(), SizeIs(1));
  EXPECT_EQ(On(shelf_, both->lot()), (Balance{30, 0}));
  // A refusal is a judgement that may be wrong as well.
  EXPECT_THAT(Call(&Stub::ReverseMovement, "manager", Reversing(both->refusals(0))),
              FailsBecause("NOT_YOUR_ORGANISATION"));  // it came to no shelf of theirs
  EXPECT_THAT(Call(&Stub::ReverseMovement, "volunteer", Reversing(both->refusals(0))), IsOk());
  EXPECT_THAT(Call(&Stub::ReverseMovement, "coordinator", Reversing(refused->refusals(0))), IsOk());

  // What is refused needs no shelf of its temperature.
  request = Receiving(0);
  request.set_place(frozen_);
  AddRefused(request, 1, "TEMPERATURE");
  EXPECT_THAT(Call(&Stub::ReceiveStock, "volunteer", request), IsOk());
}

TEST_F(ReceivingTest, EverythingWrongWithTheShapeIsSaidAtOnce) {
  pb::ReceiveStockRequest request = Receiving(0);
  request.set_short_dated_reason(std::string(201, 'x'));
  request.set_note(std::string(501, 'x'));
  request.mutable_occurred_time()->set_seconds(absl::ToUnixSeconds(clock_.Now() + absl::Minutes(6)));
  const auto nothing = Call(&Stub::ReceiveStock, "volunteer", request);
  EXPECT_THAT(nothing, FailsWith(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(nothing, Violates("items", "OUT_OF_RANGE"));
  EXPECT_THAT(nothing, Violates("short_dated_reason", "TOO_LONG"));
  EXPECT_THAT(nothing, Violates("note", "TOO_LONG"));
  EXPECT_THAT(nothing, Violates("occurred_time", "OUT_OF_RANGE"));
  request.mutable_occurred_time()->set_seconds(absl::ToUnixSeconds(clock_.Now() - absl::Hours(24 * 91)));
  AddRefused(request, 0, "");
  AddRefused(request, 100'000'001, "UGLY");
  const auto refusals = Call(&Stub::ReceiveStock, "volunteer", request);
  EXPECT_THAT(refusals, Violates("occurred_time", "OUT_OF_RANGE"));
  EXPECT_THAT(refusals, Violates("refused[0].items", "OUT_OF_RANGE"));
  EXPECT_THAT(refusals, Violates("refused[0].reason", "REQUIRED"));
  EXPECT_THAT(refusals, Violates("refused[1].items", "OUT_OF_RANGE"));
  EXPECT_THAT(refusals, Violates("refused[1].reason", "UNKNOWN_VALUE"));
  for (int i = 0; i < 60; ++i) AddRefused(request, 1, "OTHER");
  EXPECT_THAT(Call(&Stub::ReceiveStock, "volunteer", request), Violates("refused", "TOO_MANY"));
  request = Receiving(1);
  request.set_donor(registers_.donor.name());
  EXPECT_THAT(Call(&Stub::ReceiveStock, "volunteer", request), Violates("offer_line", "MISMATCH"));
}

TEST_F(ReceivingTest, OnlyThoseOfTheWarehouseReceive) {
  EXPECT_THAT(Call(&Stub::ReceiveStock, "group", Receiving(1)), FailsBecause("ROLE_NOT_ALLOWED"));
  EXPECT_THAT(Call(&Stub::ReceiveStock, "donor", Receiving(1)), FailsBecause("ROLE_NOT_ALLOWED"));
  EXPECT_THAT(Call(&Stub::ReceiveStock, "auditor", Receiving(1)), FailsBecause("ROLE_NOT_ALLOWED"));
  EXPECT_THAT(Call(&Stub::ReceiveStock, "stranger", Receiving(1)), FailsBecause("NOT_YOUR_ORGANISATION"));
  EXPECT_THAT(Call(&Stub::ReceiveStock, "coordinator", Receiving(1)), IsOk());
  // Somebody else's request is not answered for them.
  const pb::ReceiveStockRequest request = Receiving(1);
  ASSERT_THAT(Call(&Stub::ReceiveStock, "volunteer", request), IsOk());
  EXPECT_THAT(Call(&Stub::ReceiveStock, "stranger", request), FailsBecause("NOT_YOUR_ORGANISATION"));
}

TEST_F(ReceivingTest, GoodsWithTooFewDaysLeftNeedAReason) {
  // 2026-12-01; the offer says 2027-03-31: 120 days.
  SetRules([](pb::StockRules& rules) { rules.set_min_remaining_days_intake(121); });
  const auto refused = Call(&Stub::ReceiveStock, "volunteer", Receiving(10));
  ASSERT_THAT(refused, FailsBecause("TOO_FEW_DAYS"));
  EXPECT_EQ(errors::MetadataOf(refused.status())["left"], "120");
  EXPECT_EQ(errors::MetadataOf(refused.status())["required"], "121");
  EXPECT_THAT(refused, SaysInBoth("架空めん (2027-03-31) has 120 days left", "架空めん（2027-03-31）の残日数は120日"));
  pb::ReceiveStockRequest request = Receiving(10);
  request.set_short_dated_reason("明日の配布で使い切る");
  const auto taken = Call(&Stub::ReceiveStock, "volunteer", request);
  ASSERT_THAT(taken, IsOk());
  EXPECT_EQ(taken->movement().reason(), "明日の配布で使い切る");
  // Refusing them needs none.
  request = Receiving(0);
  AddRefused(request, 10, "TOO_SHORT");
  EXPECT_THAT(Call(&Stub::ReceiveStock, "volunteer", request), IsOk());
  // The category's rule stands in for the network's, and is met on the day itself.
  SetRules([](pb::StockRules& rules) {
    pb::CategoryRule& rule = *rules.add_categories();
    rule.set_category(type::v1::FOOD_CATEGORY_NOODLES);
    rule.set_min_remaining_days_intake(120);
  });
  EXPECT_THAT(Call(&Stub::ReceiveStock, "volunteer", Receiving(10)), IsOk());
  clock_.Advance(absl::Hours(24));
  EXPECT_THAT(Call(&Stub::ReceiveStock, "volunteer", Receiving(10)), FailsBecause("TOO_FEW_DAYS"));
  // The day counts on which they came.
  request = Receiving(10);
  request.mutable_occurred_time()->set_seconds(absl::ToUnixSeconds(clock_.Now() - absl::Hours(20)));
  EXPECT_THAT(Call(&Stub::ReceiveStock, "volunteer", request), IsOk());
  // Past the date they come in only with a reason, whatever the rule.
  SetRules([](pb::StockRules& rules) {
    rules.clear_categories();
    rules.set_min_remaining_days_intake(0);
  });
  clock_.Set(absl::FromCivil(absl::CivilSecond(2027, 4, 1, 9, 0, 0), absl::FixedTimeZone(9 * 3600)));
  const auto past = Call(&Stub::ReceiveStock, "volunteer", Receiving(10));
  ASSERT_THAT(past, FailsBecause("TOO_FEW_DAYS"));
  EXPECT_THAT(past, SaysInBoth("passed 1 days ago", "期限を1日過ぎています"));
}

TEST_F(ReceivingTest, PuttingAwayMovesFreeItemsWithinTheWarehouse) {
  const pb::Lot lot = Receive(60);
  const pb::TransferStockRequest request = Moving(lot, 20);
  const auto moved = Call(&Stub::TransferStock, "volunteer", request);
  ASSERT_THAT(moved, IsOk());
  EXPECT_EQ(moved->movement().from_display_name(), "東倉庫 A-01");
  EXPECT_EQ(moved->movement().to_display_name(), "東倉庫 A-02");
  RepeatsAlike(&Stub::TransferStock, "volunteer", request, *moved);
  EXPECT_EQ(On(shelf_, lot), (Balance{40, 0}));
  EXPECT_EQ(On(second_, lot), (Balance{20, 0}));

  ASSERT_THAT(Call(&Stub::ReserveStock, "coordinator", Reserving(lot, 30)), IsOk());
  const auto too_many = Call(&Stub::TransferStock, "volunteer", Moving(lot, 11));
  ASSERT_THAT(too_many, FailsBecause("INSUFFICIENT_STOCK"));
  EXPECT_THAT(too_many,
              SaysInBoth("Lot " + lot.code() + " (架空めん) on 東倉庫 A-01: 40 on hand, 30 reserved, 10 free; 11",
                         "ロット" + lot.code() + "（架空めん）の東倉庫 A-01の在庫は40点、うち引当30点、空き10点"));
}

TEST_F(ReceivingTest, PuttingAwayIsRefusedInTheDocumentedOrder) {
  const pb::Lot lot = Receive(60);
  pb::TransferStockRequest request = Moving(lot, 61);
  request.set_to_place(request.from_place());
  EXPECT_THAT(Call(&Stub::TransferStock, "volunteer", request), Violates("to_place", "MISMATCH"));
  request.set_from_place(ids::Name("places", Id(6, 99)));
  request.set_lot(ids::Name("lots", Id(8, 99)));
  request.set_to_place(frozen_);
  EXPECT_THAT(Call(&Stub::TransferStock, "stranger", request), FailsBecause("PLACE_NOT_FOUND"));
  request.set_from_place(shelf_);
  EXPECT_THAT(Call(&Stub::TransferStock, "stranger", request), FailsBecause("LOT_NOT_FOUND"));
  request.set_lot(lot.name());
  EXPECT_THAT(Call(&Stub::TransferStock, "stranger", request), FailsBecause("NOT_YOUR_ORGANISATION"));
  const auto warm = Call(&Stub::TransferStock, "volunteer", request);
  ASSERT_THAT(warm, FailsBecause("TEMPERATURE_MISMATCH"));
  EXPECT_THAT(warm, SaysInBoth("東倉庫 F-01 is", "東倉庫 F-01は"));
  request.set_to_place(west_);
  const auto elsewhere = Call(&Stub::TransferStock, "volunteer", request);
  ASSERT_THAT(elsewhere, FailsBecause("OTHER_WAREHOUSE"));
  EXPECT_THAT(elsewhere, SaysInBoth("SendTransfer", "倉庫間移動"));
  request.set_to_place(second_);
  EXPECT_THAT(Call(&Stub::TransferStock, "volunteer", request), FailsBecause("INSUFFICIENT_STOCK"));
}

}  // namespace
}  // namespace kubari::stock
