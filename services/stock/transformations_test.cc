// Goods become other goods over the wire: kits, kits of kits, splits, repacking; and back.
#include "services/stock/movements_testing.h"

namespace kubari::stock {
namespace {

using namespace testing;  // NOLINT
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class TransformationsTest : public MovementsTest {
 protected:
  TransformationsTest() {
    kit_ = AddProduct("架空セット", "9520000000011", 500);
    small_ = AddProduct("架空めん小袋", "9520000000028", 70);
  }
  pb::TransformStockRequest Repacking(const pb::Lot& lot, int64_t items, const std::string& product, int64_t out) {
    pb::TransformStockRequest request = Kitting({{lot, items}}, out, product);
    request.set_kind(pb::TRANSFORMATION_KIND_REPACK);
    return request;
  }
  pb::TransformStockRequest Splitting(const pb::Lot& lot, const std::vector<int64_t>& parts) {
    pb::TransformStockRequest request;
    request.set_request_id(ids::NewUuid());
    request.set_transformation_id(ids::NewUuid());
    request.set_kind(pb::TRANSFORMATION_KIND_SPLIT);
    int64_t all = 0;
    for (size_t i = 0; i < parts.size(); ++i) {
      AddOutput(request, "", parts[i]);
      request.mutable_outputs(static_cast<int>(i))->set_donor_lot_number(absl::StrCat("P", i + 1));
      all += parts[i];
    }
    AddGoods(*request.mutable_inputs(), lot, shelf_, all);
    return request;
  }
  pb::Lot Get(const std::string& name) {
    pb::GetLotRequest request;
    request.set_name(name);
    const auto lot = Call(&Stub::GetLot, "coordinator", request);
    EXPECT_THAT(lot, IsOk());
    return lot.ok() ? *lot : pb::Lot();
  }
  std::string kit_, small_;
};

TEST_F(TransformationsTest, AKitKeepsItsPartsTheEarliestDateAndTheStrictestConditions) {
  registers_.offer.mutable_conditions()->set_onward_transfer_allowed(true);
  const pb::Lot plain = ReceiveDated(40, "2027-05-31");
  registers_.offer.mutable_conditions()->set_onward_transfer_allowed(false);
  registers_.offer.mutable_conditions()->set_min_remaining_days(30);
  const pb::Lot strict = ReceiveDated(40, "2027-04", "", "X9");
  const pb::TransformStockRequest request = Kitting({{plain, 20}, {strict, 10}}, 10, kit_);
  const auto made = Call(&Stub::TransformStock, "volunteer", request);
  ASSERT_THAT(made, IsOk());
  EXPECT_EQ(made->transformation(), ids::Name("transformations", request.transformation_id()));
  ASSERT_THAT(made->movements(), SizeIs(3));
  EXPECT_EQ(made->movements(0).kind(), pb::MOVEMENT_KIND_CONSUME);
  EXPECT_EQ(made->movements(2).kind(), pb::MOVEMENT_KIND_PRODUCE);
  EXPECT_EQ(made->movements(2).operation(), made->transformation());
  ASSERT_THAT(made->lots(), SizeIs(1));
  const pb::Lot& kit = made->lots(0);
  EXPECT_EQ(kit.product_display_name(), "架空セット");
  EXPECT_EQ(kit.good_until().date(), "2027-04");
  EXPECT_EQ(kit.conditions().min_remaining_days(), 30);
  EXPECT_FALSE(kit.conditions().onward_transfer_allowed());
  EXPECT_EQ(kit.item_grams(), 3 * 140);
  ASSERT_THAT(kit.parts(), SizeIs(2));
  int64_t of_plain = 0, of_strict = 0;
  for (const pb::LotPart& part : kit.parts()) (part.lot() == plain.name() ? of_plain : of_strict) += part.items();
  EXPECT_EQ(of_plain, 2);
  EXPECT_EQ(of_strict, 1);
  EXPECT_EQ(On(shelf_, plain), (Balance{20, 0}));
  EXPECT_EQ(On(shelf_, strict), (Balance{30, 0}));
  EXPECT_EQ(On(shelf_, kit), (Balance{10, 0}));
  RepeatsAlike(&Stub::TransformStock, "volunteer", request, *made);
  // The id belongs to this one.
  pb::TransformStockRequest other = Kitting({{plain, 2}}, 2, kit_);
  other.set_transformation_id(request.transformation_id());
  EXPECT_THAT(Call(&Stub::TransformStock, "volunteer", other), FailsBecause("ID_TAKEN"));
  // A kit goes to groups by all of its parts' conditions, on the day of the hand-over.
  clock_.Set(absl::FromCivil(absl::CivilSecond(2027, 4, 1, 9, 0, 0), absl::FixedTimeZone(9 * 3600)));
  const auto too_late = Call(&Stub::ReserveStock, "coordinator", Reserving(kit, 1));
  ASSERT_THAT(too_late, FailsBecause("CONDITION_NOT_MET"));
  EXPECT_EQ(errors::MetadataOf(too_late.status())["conditions"], "REMAINING_DAYS");
}

TEST_F(TransformationsTest, AKitOfKitsKnowsItsInnermostParts) {
  const pb::Lot noodles = ReceiveDated(40, "2027-05-31"), others = ReceiveDated(40, "2027-06-30", "", "X9");
  const auto inner = Call(&Stub::TransformStock, "manager", Kitting({{noodles, 20}}, 10, kit_));
  ASSERT_THAT(inner, IsOk());
  const auto outer =
      Call(&Stub::TransformStock, "manager", Kitting({{inner->lots(0), 6}, {others, 9}, {noodles, 3}}, 3, kit_));
  ASSERT_THAT(outer, IsOk());
  const pb::Lot& kit = outer->lots(0);
  ASSERT_THAT(kit.parts(), SizeIs(2));
  for (const pb::LotPart& part : kit.parts()) {
    EXPECT_EQ(part.items(), part.lot() == noodles.name() ? 2 * 2 + 1 : 3);
    EXPECT_EQ(part.donor(), registers_.donor.name());
  }
  EXPECT_EQ(kit.donor(), registers_.donor.name());
  // Taken apart from the outside in.
  const auto refused = Call(&Stub::ReverseMovement, "manager", Reversing(inner->movements(0)));
  ASSERT_THAT(refused, FailsBecause("NOT_REVERSIBLE"));
  EXPECT_THAT(refused, SaysInBoth("lot " + inner->lots(0).code(), "ロット" + inner->lots(0).code()));
  const auto apart = Call(&Stub::ReverseMovement, "manager", Reversing(outer->movements(1)));
  ASSERT_THAT(apart, IsOk());
  EXPECT_THAT(apart->movements(), SizeIs(4));
  EXPECT_EQ(apart->movement().reverses(), outer->movements(1).name());
  EXPECT_EQ(On(shelf_, others), (Balance{40, 0}));
  EXPECT_EQ(On(shelf_, kit), Balance{});
  ASSERT_THAT(Call(&Stub::ReverseMovement, "manager", Reversing(inner->movements(0))), IsOk());
  EXPECT_EQ(On(shelf_, noodles), (Balance{40, 0}));
  // And packed again by taking that back.
  const auto again = Call(&Stub::ReverseMovement, "manager", Reversing(apart->movement()));
  EXPECT_THAT(again, FailsBecause("NOT_REVERSIBLE"));  // the inner kits are not there
}

TEST_F(TransformationsTest, ASplitKeepsEverythingButTheLotNumber) {
  const pb::Lot lot = Receive(60);
  const pb::TransformStockRequest request = Splitting(lot, {20, 10});
  const auto split = Call(&Stub::TransformStock, "volunteer", request);
  ASSERT_THAT(split, IsOk());
  ASSERT_THAT(split->lots(), SizeIs(2));
  for (const pb::Lot& part : split->lots()) {
    EXPECT_NE(part.code(), lot.code());
    EXPECT_EQ(part.product(), lot.product());
    EXPECT_EQ(part.offer_line(), lot.offer_line());
    EXPECT_EQ(part.donor(), lot.donor());
    EXPECT_EQ(part.item_grams(), lot.item_grams());
    EXPECT_EQ(part.min_lot_items(), lot.min_lot_items());
    EXPECT_TRUE(Same(part.good_until(), lot.good_until()));
    EXPECT_TRUE(Same(part.conditions(), lot.conditions()));
    EXPECT_THAT(part.parts(), IsEmpty());
  }
  EXPECT_EQ(split->lots(0).donor_lot_number(), "P1");
  EXPECT_EQ(On(shelf_, split->lots(1)), (Balance{10, 0}));
  EXPECT_EQ(On(shelf_, lot), (Balance{30, 0}));
  // Of the offer line no more came in by it.
  const auto more = Call(&Stub::ReceiveStock, "volunteer", Receiving(1));
  ASSERT_THAT(more, IsOk());
  EXPECT_EQ(more->progress().received_items(), 61);
  pb::TransformStockRequest uneven = Splitting(lot, {20, 10});
  uneven.mutable_inputs(0)->set_items(31);
  const auto refused = Call(&Stub::TransformStock, "volunteer", uneven);
  EXPECT_THAT(refused, Violates("outputs", "MISMATCH"));
  uneven = Splitting(lot, {20, 10});
  uneven.mutable_outputs(0)->set_product(kit_);
  EXPECT_THAT(Call(&Stub::TransformStock, "volunteer", uneven), Violates("outputs[0].product", "MISMATCH"));
}

TEST_F(TransformationsTest, RepackingLosesGramsButNeverGainsAny) {
  const pb::Lot lot = Receive(60);
  const auto repacked = Call(&Stub::TransformStock, "volunteer", Repacking(lot, 10, small_, 19));
  ASSERT_THAT(repacked, IsOk());
  const pb::Lot& small = repacked->lots(0);
  EXPECT_EQ(small.item_grams(), 70);
  EXPECT_EQ(small.donor(), lot.donor());
  EXPECT_EQ(small.donor_lot_number(), lot.donor_lot_number());
  EXPECT_TRUE(Same(small.good_until(), lot.good_until()));
  EXPECT_EQ(On(shelf_, small), (Balance{19, 0}));
  const auto heavier = Call(&Stub::TransformStock, "volunteer", Repacking(lot, 10, small_, 21));
  ASSERT_THAT(heavier, FailsBecause("WEIGHT_EXCEEDED"));
  EXPECT_THAT(heavier, SaysInBoth("1400 g go in, 1470 g", "材料は1400gですが、できる品物は1470g"));
  // Opened goods keep less long; longer they never keep.
  pb::TransformStockRequest request = Repacking(lot, 10, small_, 20);
  *request.mutable_outputs(0)->mutable_good_until() = BestBefore("2027-04-01");
  const auto later = Call(&Stub::TransformStock, "volunteer", request);
  ASSERT_THAT(later, FailsBecause("DATE_TOO_LATE"));
  EXPECT_THAT(later, SaysInBoth("good until 2027-03-31 (best-before)", "材料の期限は2027-03-31（賞味期限）"));
  *request.mutable_outputs(0)->mutable_good_until() = UseBy("2026-12-20");
  const auto earlier = Call(&Stub::TransformStock, "volunteer", request);
  ASSERT_THAT(earlier, IsOk());
  EXPECT_EQ(earlier->lots(0).good_until().date(), "2026-12-20");
  EXPECT_EQ(earlier->lots(0).good_until().kind(), type::v1::DATE_KIND_USE_BY);
}

TEST_F(TransformationsTest, TheyAreRefusedInTheDocumentedOrder) {
  const pb::Lot lot = Receive(60), west = ReceiveDated(10, "2027-05-31", west_, "W1");
  pb::TransformStockRequest request = Kitting({{lot, 0}, {lot, 1}}, 0, "");
  request.set_transformation_id("");
  request.clear_kind();
  const auto shape = Call(&Stub::TransformStock, "volunteer", request);
  EXPECT_THAT(shape, Violates("transformation_id", "REQUIRED"));
  EXPECT_THAT(shape, Violates("kind", "REQUIRED"));
  EXPECT_THAT(shape, Violates("inputs[0].items", "OUT_OF_RANGE"));
  EXPECT_THAT(shape, Violates("inputs[1]", "DUPLICATE"));
  EXPECT_THAT(shape, Violates("outputs[0].product", "REQUIRED"));
  EXPECT_THAT(shape, Violates("outputs[0].items", "OUT_OF_RANGE"));
  request = Kitting({{lot, 61}}, 4, ids::Name("products", Id(4, 99)));
  request.mutable_outputs(0)->set_place(frozen_);
  EXPECT_THAT(Call(&Stub::TransformStock, "donor", request), FailsBecause("ROLE_NOT_ALLOWED"));
  EXPECT_THAT(Call(&Stub::TransformStock, "stranger", request), FailsBecause("PRODUCT_NOT_FOUND"));
  request.mutable_outputs(0)->set_product(kit_);
  EXPECT_THAT(Call(&Stub::TransformStock, "stranger", request), FailsBecause("NOT_YOUR_ORGANISATION"));
  const auto uneven = Call(&Stub::TransformStock, "volunteer", request);
  ASSERT_THAT(uneven, FailsBecause("UNEVEN_KIT"));
  EXPECT_THAT(uneven, SaysInBoth("61 of lot " + lot.code(), "ロット" + lot.code() + "（架空めん）の61点"));
  request.mutable_inputs(0)->set_items(64);
  EXPECT_THAT(Call(&Stub::TransformStock, "volunteer", request), FailsBecause("TEMPERATURE_MISMATCH"));
  request.mutable_outputs(0)->set_place(west_);
  EXPECT_THAT(Call(&Stub::TransformStock, "volunteer", request), FailsBecause("OTHER_WAREHOUSE"));
  request.mutable_outputs(0)->set_place(shelf_);
  AddGoods(*request.mutable_inputs(), west, west_, 4);
  EXPECT_THAT(Call(&Stub::TransformStock, "volunteer", request), FailsBecause("OTHER_WAREHOUSE"));
  request.mutable_inputs()->RemoveLast();
  EXPECT_THAT(Call(&Stub::TransformStock, "volunteer", request), FailsBecause("INSUFFICIENT_STOCK"));
  const std::string ice = AddProduct("架空アイス", "9520000000035", 100, type::v1::TEMPERATURE_ZONE_FROZEN);
  request = Kitting({{lot, 60}}, 4, ice);
  const auto cold = Call(&Stub::TransformStock, "volunteer", request);
  ASSERT_THAT(cold, FailsBecause("TEMPERATURE_MISMATCH"));
  EXPECT_THAT(cold, SaysInBoth("架空めん is kept", "架空アイスは"));
  // Promised items are not packed.
  ASSERT_THAT(Call(&Stub::ReserveStock, "coordinator", Reserving(lot, 58)), IsOk());
  const auto promised = Call(&Stub::TransformStock, "volunteer", Kitting({{lot, 3}}, 3, kit_));
  ASSERT_THAT(promised, FailsBecause("INSUFFICIENT_STOCK"));
  EXPECT_THAT(promised, SaysInBoth("Lot " + lot.code(), "ロット" + lot.code()));
}

}  // namespace
}  // namespace kubari::stock
