// What is known of a lot, over the wire: dates, lot numbers and conditions, and what they stop.
#include <functional>

#include "services/stock/movements_testing.h"

namespace kubari::stock {
namespace {

using namespace testing;  // NOLINT

class LotsTest : public MovementsTest {
 protected:
  donors::v1::OfferLine& Line() { return *registers_.offer.mutable_lines(0); }
  void On(int year, int month, int day) {
    clock_.Set(absl::FromCivil(absl::CivilSecond(year, month, day, 10, 0, 0), absl::FixedTimeZone(9 * 3600)));
  }
  pb::Lot Get(const pb::Lot& lot) {
    pb::GetLotRequest request;
    request.set_name(lot.name());
    const auto found = Call(&Stub::GetLot, "coordinator", request);
    EXPECT_THAT(found, IsOk());
    return found.ok() ? *found : pb::Lot();
  }
  absl::StatusOr<pb::ReserveStockResponse> Promise(const pb::Lot& lot, const std::string& group = kGroup) {
    return Call(&Stub::ReserveStock, "coordinator", Reserving(lot, 1, group));
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
};

TEST_F(LotsTest, AMissingValueNeverOverwritesAKnownOne) {
  Line().clear_good_until();
  Line().clear_donor_lot_number();
  const auto unknown = Call(&Stub::ReceiveStock, "volunteer", Receiving(1));
  ASSERT_THAT(unknown, Violates("good_until", "REQUIRED"));
  EXPECT_THAT(unknown, SaysInBoth("The offer does not say the date", "寄付申出に期限がありません"));
  const pb::Lot full = ReceiveDated(10, "2027-05", "", "L7");
  EXPECT_EQ(full.good_until().date(), "2027-05");
  // A bare code, and a code with the date alone: both are the lot that is known.
  const pb::Lot bare = ReceiveDated(10, "");
  EXPECT_EQ(bare.name(), full.name());
  EXPECT_EQ(bare.good_until().date(), "2027-05");
  EXPECT_EQ(bare.donor_lot_number(), "L7");
  EXPECT_EQ(ReceiveDated(10, "2027-05").name(), full.name());
  EXPECT_EQ(ReceiveDated(10, "", "", "L7").name(), full.name());
  EXPECT_TRUE(Same(Get(full), full));
  EXPECT_EQ(MovementsTest::On(shelf_, full), (Balance{40, 0}));

  // What says something else is something else; then a bare code does not tell which.
  const pb::Lot other = ReceiveDated(10, "2027-06-30", "", "L8");
  EXPECT_NE(other.name(), full.name());
  const auto which = Call(&Stub::ReceiveStock, "volunteer", Receiving(1));
  ASSERT_THAT(which, Violates("good_until", "REQUIRED"));
  EXPECT_THAT(which, SaysInBoth("came in with different dates", "期限の異なる品物が入庫"));
  EXPECT_EQ(ReceiveDated(1, "", "", "L8").name(), other.name());
  EXPECT_EQ(ReceiveDated(1, "2027-05").name(), full.name());
  // The same month to the day is another date: it is printed differently.
  EXPECT_NE(ReceiveDated(1, "2027-05-31", "", "L7").name(), full.name());
}

TEST_F(LotsTest, WhatTheOfferSaysStandsUnlessTheLabelSaysOtherwise) {
  const pb::Lot offered = Receive(10);
  EXPECT_EQ(offered.good_until().date(), "2027-03-31");
  EXPECT_EQ(offered.donor_lot_number(), "X1");
  EXPECT_EQ(offered.items_per_case(), 12);
  EXPECT_EQ(offered.min_lot_items(), 24);
  const pb::Lot printed = ReceiveDated(10, "2027-04-15");
  EXPECT_NE(printed.name(), offered.name());
  EXPECT_EQ(printed.good_until().date(), "2027-04-15");
  EXPECT_EQ(printed.donor_lot_number(), "X1");
  EXPECT_EQ(printed.offer_line(), offered.offer_line());
  // Goods without a printed date are told so, and come last.
  pb::ReceiveStockRequest undated = Receiving(5);
  undated.mutable_good_until()->set_kind(type::v1::DATE_KIND_NONE);
  const auto without = Call(&Stub::ReceiveStock, "volunteer", undated);
  ASSERT_THAT(without, IsOk());
  EXPECT_NE(without->lot().name(), offered.name());
  EXPECT_EQ(without->lot().good_until().date(), "");
  const auto later = Promise(without->lot());
  ASSERT_THAT(later, FailsBecause("FEFO_DEPARTURE"));
  EXPECT_EQ(errors::MetadataOf(later.status())["lot"], offered.name());
}

TEST_F(LotsTest, AMonthIsGoodToItsEndAndADayToItself) {
  const pb::Lot month = ReceiveDated(10, "2027-02", "", "M"), day = ReceiveDated(10, "2027-02-15", "", "D");
  On(2027, 2, 15);
  EXPECT_THAT(Promise(day), IsOk());
  On(2027, 2, 16);
  const auto over = Promise(day);
  ASSERT_THAT(over, FailsBecause("LOT_EXPIRED"));
  EXPECT_EQ(errors::MetadataOf(over.status())["date"], "2027-02-15");
  EXPECT_EQ(errors::MetadataOf(over.status())["day"], "2027-02-16");
  EXPECT_THAT(over, SaysInBoth("Lot " + day.code() + " (架空めん)", "ロット" + day.code() + "（架空めん）"));
  On(2027, 2, 28);
  EXPECT_THAT(Promise(month), IsOk());  // and the other one, past its date, is passed over
  On(2027, 3, 1);
  EXPECT_THAT(Promise(month), FailsBecause("LOT_EXPIRED"));
}

TEST_F(LotsTest, UseByIsAWallForHandOverAndNothingElse) {
  registers_.offer.mutable_conditions()->set_past_best_before_allowed(true);
  registers_.offer.mutable_conditions()->set_onward_transfer_allowed(true);
  *Line().mutable_good_until() = UseBy("2026-12-03");
  const pb::Lot lot = GroupHolds(10);
  ASSERT_EQ(Receive(50).name(), lot.name());
  pb::ReserveStockRequest promise = Reserving(lot, 10);
  promise.mutable_expire_time()->set_seconds(absl::ToUnixSeconds(clock_.Now() + absl::Hours(24 * 7)));
  const auto promised = Call(&Stub::ReserveStock, "coordinator", promise);
  ASSERT_THAT(promised, IsOk());
  On(2026, 12, 4);
  EXPECT_THAT(Promise(lot), FailsBecause("LOT_EXPIRED"));
  EXPECT_THAT(Call(&Stub::IssueStock, "manager", Issuing(lot, 1)), FailsBecause("LOT_EXPIRED"));
  pb::IssueStockRequest post;
  post.set_request_id(ids::NewUuid());
  post.set_reservation(promised->reservation().name());
  post.set_items(1);
  EXPECT_THAT(Call(&Stub::IssueStock, "volunteer", post), FailsBecause("LOT_EXPIRED"));
  EXPECT_THAT(Call(&Stub::DeliverDirect, "coordinator", Directly(1)), FailsBecause("LOT_EXPIRED"));
  pb::PassOnRequest onward = PassingOn(lot, 1);
  onward.set_consent("寄付者");
  EXPECT_THAT(Call(&Stub::PassOn, "group", onward), FailsBecause("LOT_EXPIRED"));
  // A phone without signal that handed it over in time says so.
  post.mutable_occurred_time()->set_seconds(absl::ToUnixSeconds(clock_.Now() - absl::Hours(11)));
  EXPECT_THAT(Call(&Stub::IssueStock, "volunteer", post), IsOk());
  // It is moved, counted, sent back and thrown away all the same.
  EXPECT_THAT(Call(&Stub::TransferStock, "volunteer", Moving(lot, 5)), IsOk());
  EXPECT_THAT(Call(&Stub::SendTransfer, "volunteer", Sending(lot, 5)), IsOk());
  EXPECT_THAT(Call(&Stub::AdjustStock, "manager", Adjusting(lot, -1)), IsOk());
  EXPECT_THAT(Call(&Stub::ReturnStock, "volunteer", Returning(lot, 1, shelf_, registers_.donor.name())), IsOk());
  EXPECT_THAT(Call(&Stub::ReturnStock, "volunteer", Returning(lot, 1, ids::Name("groups", kGroup), shelf_)), IsOk());
  EXPECT_THAT(Call(&Stub::DiscardStock, "volunteer", Discarding(lot, 10, shelf_)), IsOk());
  EXPECT_THAT(Call(&Stub::DiscardStock, "group", Discarding(lot, 1, ids::Name("groups", kGroup))), IsOk());
}

TEST_F(LotsTest, BestBeforeIsAWallUnlessDonorAndNetworkAllowIt) {
  const pb::Lot strict = ReceiveDated(10, "2027-01-31", "", "S");
  registers_.offer.mutable_conditions()->set_past_best_before_allowed(true);
  const pb::Lot stockpile = ReceiveDated(10, "2027-01-30", "", "P");
  On(2027, 2, 1);
  EXPECT_THAT(Promise(strict), FailsBecause("LOT_EXPIRED"));
  EXPECT_THAT(Promise(stockpile), IsOk());
  SetRules([](pb::StockRules& rules) { rules.set_best_before_is_a_wall(true); });
  EXPECT_THAT(Promise(stockpile), FailsBecause("LOT_EXPIRED"));
}

TEST_F(LotsTest, TheGreatestOfAllDemandsOnDaysHolds) {
  // 2026-12-01 to 2027-03-31 are 120 days.
  const pb::Lot lot = Receive(50);
  const auto left = [&](int required) {
    const auto refused = Promise(lot);
    EXPECT_THAT(refused, FailsBecause("CONDITION_NOT_MET"));
    EXPECT_EQ(errors::MetadataOf(refused.status())["conditions"], "REMAINING_DAYS");
    EXPECT_THAT(refused, SaysInBoth(absl::StrCat(required), absl::StrCat(required)));
    EXPECT_THAT(refused, SaysInBoth("120", "120"));
  };
  EXPECT_THAT(Promise(lot), IsOk());
  SetRules([](pb::StockRules& rules) { rules.set_min_remaining_days_hand_over(121); });
  left(121);
  SetRules([](pb::StockRules& rules) {
    pb::CategoryRule& rule = *rules.add_categories();
    rule.set_category(type::v1::FOOD_CATEGORY_NOODLES);
    rule.set_min_remaining_days_hand_over(30);
  });
  EXPECT_THAT(Promise(lot), IsOk());  // stands in for the network's
  TheGroup().set_min_remaining_days(150);
  left(150);
  EXPECT_THAT(Promise(lot, kOtherGroup), IsOk());  // the group's own
  SetRules([](pb::StockRules& rules) { rules.mutable_categories(0)->set_min_remaining_days_hand_over(160); });
  left(160);
  TheGroup().set_min_remaining_days(0);
  SetRules([](pb::StockRules& rules) { rules.mutable_categories(0)->set_min_remaining_days_hand_over(120); });
  EXPECT_THAT(Promise(lot), IsOk());
  // The donor's own demand travels with the lot.
  registers_.offer.mutable_conditions()->set_min_remaining_days(130);
  const pb::Lot demanding = ReceiveDated(10, "2027-03-30", second_, "Y");
  pb::ReserveStockRequest request = Reserving(demanding, 1);
  request.set_place(second_);
  EXPECT_THAT(Call(&Stub::ReserveStock, "coordinator", request), FailsBecause("CONDITION_NOT_MET"));
  // Throwing away asks for no days.
  EXPECT_THAT(Call(&Stub::DiscardStock, "volunteer", Discarding(lot, 1, shelf_)), IsOk());
}

TEST_F(LotsTest, ConditionsAreTheOffersAndStayWithTheLot) {
  type::v1::Conditions& conditions = *registers_.offer.mutable_conditions();
  conditions.add_only_groups(ids::Name("groups", kOtherGroup));
  conditions.set_min_remaining_days(30);
  const pb::Lot lot = Receive(50);
  EXPECT_TRUE(Same(lot.conditions(), conditions));
  // What the donor says later holds for what comes later, not for goods that are here.
  conditions.clear_only_groups();
  EXPECT_EQ(Receive(10).name(), lot.name());
  EXPECT_EQ(Get(lot).conditions().only_groups_size(), 1);
  const auto refused = Promise(lot);
  ASSERT_THAT(refused, FailsBecause("CONDITION_NOT_MET"));
  EXPECT_EQ(errors::MetadataOf(refused.status())["conditions"], "GROUP_NOT_NAMED");
  EXPECT_THAT(Promise(lot, kOtherGroup), IsOk());
  // Through another warehouse and a split they are the same.
  const auto sent = Call(&Stub::SendTransfer, "volunteer", Sending(lot, 20));
  ASSERT_THAT(sent, IsOk());
  ASSERT_THAT(Call(&Stub::ReceiveTransfer, "stranger", Arriving(sent->transfer().name(), lot, 20)), IsOk());
  pb::ReserveStockRequest west = Reserving(lot, 1);
  west.set_place(west_);
  EXPECT_THAT(Call(&Stub::ReserveStock, "coordinator", west), FailsBecause("CONDITION_NOT_MET"));
  pb::TransformStockRequest split;
  split.set_request_id(ids::NewUuid());
  split.set_transformation_id(ids::NewUuid());
  split.set_kind(pb::TRANSFORMATION_KIND_SPLIT);
  AddGoods(*split.mutable_inputs(), lot, shelf_, 6);
  AddOutput(split, "", 6);
  const auto parts = Call(&Stub::TransformStock, "volunteer", split);
  ASSERT_THAT(parts, IsOk());
  EXPECT_TRUE(Same(parts->lots(0).conditions(), Get(lot).conditions()));
  EXPECT_THAT(Promise(parts->lots(0)), FailsBecause("CONDITION_NOT_MET"));
}

}  // namespace
}  // namespace kubari::stock
