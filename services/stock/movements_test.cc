// Commands over the wire: rights, existence, the wall, replays, reversals, reservations.
#include <gmock/gmock.h>
#include <google/protobuf/util/message_differencer.h>
#include <gtest/gtest.h>

#include <thread>

#include "services/stock/service_testing.h"

namespace kubari::stock {
namespace {

using namespace testing;  // NOLINT
using errors::FailsBecause;
using errors::FailsWith;
using errors::Violates;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

TEST_F(ServiceTest, FromDonorToGroupAndBackToTheProof) {
  const pb::Lot lot = Receive(120);
  EXPECT_EQ(lot.min_lot_items(), 24);
  EXPECT_EQ(lot.good_until().date(), "2027-03-31");
  EXPECT_EQ(lot.donor_display_name(), "");  // volunteers do not see who may not be named
  const auto reserved = Call(&Stub::ReserveStock, "coordinator", Reserving(lot, 60));
  ASSERT_THAT(reserved, IsOk());
  EXPECT_EQ(reserved->reservation().group_display_name(), "みなみ食堂");
  EXPECT_EQ(reserved->reservation().lot_details().donor_display_name(), "架空食品");
  pb::IssueStockRequest issue;
  issue.set_request_id(ids::NewUuid());
  issue.set_reservation(reserved->reservation().name());
  issue.set_items(60);
  const auto issued = Call(&Stub::IssueStock, "volunteer", issue);
  ASSERT_THAT(issued, IsOk());
  EXPECT_EQ(issued->movement().households(), 30);
  EXPECT_EQ(issued->movement().municipality_code(), "13101");
  EXPECT_EQ(issued->movement().from_display_name(), "東倉庫 A-01");

  pb::ConfirmReceiptRequest confirm;
  confirm.set_request_id(ids::NewUuid());
  confirm.set_delivery(issued->movement().delivery());
  pb::ArrivedLine& line = *confirm.add_lines();
  line.set_lot(lot.name());
  line.set_items(58);
  line.set_reason("MISSING");
  EXPECT_THAT(Call(&Stub::ConfirmReceipt, "other group", confirm), FailsBecause("NOT_YOUR_ORGANISATION"));
  EXPECT_THAT(Call(&Stub::ConfirmReceipt, "volunteer", confirm), FailsBecause("ROLE_NOT_ALLOWED"));
  const auto confirmed = Call(&Stub::ConfirmReceipt, "group", confirm);
  ASSERT_THAT(confirmed, IsOk());
  EXPECT_EQ(confirmed->delivery().state(), pb::DELIVERY_STATE_CONFIRMED);
  EXPECT_EQ(confirmed->delivery().lines(0).short_items(), 2);
  EXPECT_EQ(confirmed->delivery().lines(0).lot().donor_display_name(), "");
  EXPECT_THAT(confirmed->movements(), SizeIs(2));
  const auto replayed = Call(&Stub::ConfirmReceipt, "group", confirm);
  ASSERT_THAT(replayed, IsOk());
  EXPECT_TRUE(google::protobuf::util::MessageDifferencer::Equals(*replayed, *confirmed));

  pb::TraceLotRequest trace;
  trace.set_lot(lot.code());
  const auto traced = Call(&Stub::TraceLot, "donor", trace);
  ASSERT_THAT(traced, IsOk());
  EXPECT_EQ(traced->offer_title(), "春の寄付");
  EXPECT_THAT(traced->movements(), SizeIs(5));
  int64_t sum = 0;
  for (const pb::Holder& holder : traced->holders()) sum += holder.items();
  EXPECT_EQ(sum, 0);
  EXPECT_THAT(Call(&Stub::TraceLot, "other group", trace), FailsBecause("NOT_YOUR_ORGANISATION"));
  const auto own = Call(&Stub::TraceLot, "group", trace);
  ASSERT_THAT(own, IsOk());
  EXPECT_EQ(own->movements(0).from_display_name(), "寄付者");

  pb::ReadFeedRequest feed;
  const auto read = Call(&Stub::ReadFeed, "service", feed);
  ASSERT_THAT(read, IsOk());
  EXPECT_EQ(read->next_position(), 5);
  EXPECT_EQ(read->entries(2).from_kind(), pb::PLACE_KIND_SHELF);
  EXPECT_EQ(read->entries(2).to_kind(), pb::PLACE_KIND_DELIVERY);
  EXPECT_EQ(read->entries(2).group_display_name(), "みなみ食堂");
  EXPECT_EQ(read->entries(0).lot().donor_display_name(), "架空食品");
  EXPECT_THAT(Call(&Stub::ReadFeed, "coordinator", feed), FailsBecause("ROLE_NOT_ALLOWED"));
}

TEST_F(ServiceTest, TheWallRefusesInItsOrder) {
  const pb::Lot lot = Receive(120);
  // All at once; each step mends the first problem.
  TheGroup().clear_agreements();
  TheGroup().set_state(groups::v1::GROUP_STATE_SUSPENDED);
  TheGroup().add_excluded_allergens(type::v1::ALLERGEN_EGG);
  clock_.Set(absl::FromCivil(absl::CivilSecond(2027, 4, 1, 9, 0, 0), absl::FixedTimeZone(9 * 3600)));
  pb::ReserveStockRequest unknown = Reserving(lot, 10);
  unknown.set_group(ids::Name("groups", Id(7, 9)));
  EXPECT_THAT(Call(&Stub::ReserveStock, "coordinator", unknown), FailsBecause("GROUP_NOT_FOUND"));
  const auto no_agreement = Call(&Stub::ReserveStock, "coordinator", Reserving(lot, 10));
  ASSERT_THAT(no_agreement, FailsBecause("NO_AGREEMENT"));
  EXPECT_EQ(errors::MetadataOf(no_agreement.status())["party"], ids::Name("groups", kGroup));
  *TheGroup().add_agreements() = InForce();
  const auto conditions = Call(&Stub::ReserveStock, "coordinator", Reserving(lot, 10));
  ASSERT_THAT(conditions, FailsBecause("CONDITION_NOT_MET"));
  EXPECT_EQ(errors::MetadataOf(conditions.status())["conditions"], "GROUP_NOT_ACTIVE,ALLERGEN_UNKNOWN");
  TheGroup().set_state(groups::v1::GROUP_STATE_ACTIVE);
  TheGroup().clear_excluded_allergens();
  EXPECT_THAT(Call(&Stub::ReserveStock, "coordinator", Reserving(lot, 10)), FailsBecause("LOT_EXPIRED"));
  EXPECT_THAT(Call(&Stub::IssueStock, "manager", Issuing(lot, 10)), FailsBecause("LOT_EXPIRED"));
  // Expired goods are still moved and thrown away.
  pb::DiscardStockRequest discard;
  discard.set_request_id(ids::NewUuid());
  discard.set_lot(lot.name());
  discard.set_place(shelf_);
  discard.set_items(120);
  discard.set_reason("EXPIRED");
  EXPECT_THAT(Call(&Stub::DiscardStock, "volunteer", discard), IsOk());
  clock_.Set(absl::FromCivil(absl::CivilSecond(2026, 12, 1, 9, 0, 0), absl::FixedTimeZone(9 * 3600)));
  EXPECT_THAT(Call(&Stub::IssueStock, "volunteer", Issuing(lot, 10)), FailsBecause("RESERVATION_REQUIRED"));
  EXPECT_THAT(Call(&Stub::IssueStock, "manager", Issuing(lot, 10)), FailsBecause("INSUFFICIENT_STOCK"));
  registers_.down = true;
  EXPECT_THAT(Call(&Stub::IssueStock, "manager", Issuing(lot, 10)), FailsWith(absl::StatusCode::kUnavailable));
}

TEST_F(ServiceTest, ReceivingIsRefusedInItsOrder) {
  pb::ReceiveStockRequest bad;
  bad.set_items(0);
  bad.set_offer_line("offers/x");
  bad.mutable_good_until()->set_kind(type::v1::DATE_KIND_USE_BY);
  const auto shape = Call(&Stub::ReceiveStock, "volunteer", bad);
  EXPECT_THAT(shape, Violates("request_id", "REQUIRED"));
  EXPECT_THAT(shape, Violates("items", "OUT_OF_RANGE"));
  EXPECT_THAT(shape, Violates("offer_line", "NOT_A_NAME"));
  EXPECT_THAT(shape, Violates("good_until.date", "REQUIRED"));

  registers_.offer.set_state(donors::v1::OFFER_STATE_SUBMITTED);
  registers_.donor.clear_agreements();
  pb::ReceiveStockRequest request = Receiving(10);
  request.set_place(frozen_);
  request.set_offer_line(registers_.offer.name() + "/lines/" + Id(31, 9));
  EXPECT_THAT(Call(&Stub::ReceiveStock, "stranger", request), FailsBecause("OFFER_LINE_NOT_FOUND"));
  request.set_offer_line(registers_.offer.lines(0).name());
  EXPECT_THAT(Call(&Stub::ReceiveStock, "stranger", request), FailsBecause("NOT_YOUR_ORGANISATION"));
  EXPECT_THAT(Call(&Stub::ReceiveStock, "volunteer", request), FailsBecause("OFFER_NOT_ACCEPTED"));
  registers_.offer.set_state(donors::v1::OFFER_STATE_ACCEPTED);
  EXPECT_THAT(Call(&Stub::ReceiveStock, "volunteer", request), FailsBecause("NO_AGREEMENT"));
  *registers_.donor.add_agreements() = InForce();
  EXPECT_THAT(Call(&Stub::ReceiveStock, "volunteer", request), FailsBecause("TEMPERATURE_MISMATCH"));
  request.set_place(shelf_);
  const auto first = Call(&Stub::ReceiveStock, "volunteer", request);
  ASSERT_THAT(first, IsOk());
  // The replay is the first answer, even though the offer is closed by now.
  registers_.offer.set_state(donors::v1::OFFER_STATE_CLOSED);
  const auto replay = Call(&Stub::ReceiveStock, "volunteer", request);
  ASSERT_THAT(replay, IsOk());
  EXPECT_TRUE(google::protobuf::util::MessageDifferencer::Equals(*replay, *first));
  request.set_items(11);
  EXPECT_THAT(Call(&Stub::ReceiveStock, "volunteer", request), FailsBecause("REQUEST_ID_REUSED"));

  // Without an offer the agreement's conditions travel with the lot.
  registers_.donor.mutable_agreements(0)->mutable_conditions()->set_donor_may_be_named(true);
  pb::ReceiveStockRequest direct;
  direct.set_request_id(ids::NewUuid());
  direct.set_place(shelf_);
  direct.set_items(5);
  direct.set_donor(registers_.donor.name());
  direct.set_product(ids::Name("products", kProduct));
  EXPECT_THAT(Call(&Stub::ReceiveStock, "volunteer", direct), Violates("good_until", "REQUIRED"));
  direct.mutable_good_until()->set_kind(type::v1::DATE_KIND_NONE);
  const auto received = Call(&Stub::ReceiveStock, "volunteer", direct);
  ASSERT_THAT(received, IsOk());
  EXPECT_EQ(received->lot().donor_display_name(), "架空食品");
}

TEST_F(ServiceTest, VolunteersReverseTheirOwnOnly) {
  const pb::Lot lot = Receive(12);
  pb::ListMovementsRequest mine;
  mine.set_mine(true);
  const auto movements = Call(&Stub::ListMovements, "volunteer", mine);
  ASSERT_THAT(movements, IsOk());
  ASSERT_THAT(movements->movements(), SizeIs(1));
  pb::TransferStockRequest transfer;
  transfer.set_request_id(ids::NewUuid());
  transfer.set_lot(lot.name());
  transfer.set_from_place(shelf_);
  transfer.set_to_place(second_);
  transfer.set_items(2);
  const auto moved = Call(&Stub::TransferStock, "manager", transfer);
  ASSERT_THAT(moved, IsOk());
  transfer.set_request_id(ids::NewUuid());
  transfer.set_to_place(frozen_);
  EXPECT_THAT(Call(&Stub::TransferStock, "manager", transfer), FailsBecause("TEMPERATURE_MISMATCH"));
  pb::ReverseMovementRequest reverse;
  reverse.set_request_id(ids::NewUuid());
  reverse.set_movement(moved->movement().name());
  reverse.set_reason("MISTAKE");
  EXPECT_THAT(Call(&Stub::ReverseMovement, "volunteer", reverse), FailsBecause("NOT_YOUR_MOVEMENT"));
  EXPECT_THAT(Call(&Stub::ReverseMovement, "stranger", reverse), FailsBecause("NOT_YOUR_ORGANISATION"));
  EXPECT_THAT(Call(&Stub::ReverseMovement, "manager", reverse), IsOk());
  reverse.set_request_id(ids::NewUuid());
  EXPECT_THAT(Call(&Stub::ReverseMovement, "manager", reverse), FailsBecause("ALREADY_REVERSED"));
  reverse.set_movement(movements->movements(0).name());
  EXPECT_THAT(Call(&Stub::ReverseMovement, "volunteer", reverse), IsOk());
  pb::ReadFeedRequest feed;
  feed.set_position(2);
  const auto read = Call(&Stub::ReadFeed, "auditor", feed);
  ASSERT_THAT(read, IsOk());
  EXPECT_EQ(read->entries(0).reversed_kind(), pb::MOVEMENT_KIND_TRANSFER);
}

TEST_F(ServiceTest, ReservationsAreExtendedVoidedAndListed) {
  const pb::Lot lot = Receive(120);
  pb::ReserveStockRequest request = Reserving(lot, 10);
  const auto reserved = Call(&Stub::ReserveStock, "coordinator", request);
  ASSERT_THAT(reserved, IsOk());
  ASSERT_THAT(Call(&Stub::ReserveStock, "coordinator", Reserving(lot, 20, kOtherGroup)), IsOk());
  pb::ReserveStockRequest wrong = Reserving(lot, 1, kOtherGroup);
  wrong.set_delivery(request.delivery());
  EXPECT_THAT(Call(&Stub::ReserveStock, "coordinator", wrong), FailsBecause("DELIVERY_NOT_FOUND"));
  pb::ExtendReservationRequest extend;
  extend.set_request_id(ids::NewUuid());
  extend.set_name(reserved->reservation().name());
  extend.mutable_expire_time()->set_seconds(absl::ToUnixSeconds(clock_.Now() + absl::Hours(48)));
  const auto extended = Call(&Stub::ExtendReservation, "coordinator", extend);
  ASSERT_THAT(extended, IsOk());
  EXPECT_EQ(extended->reservation().group_display_name(), "みなみ食堂");
  clock_.Advance(absl::Hours(25));
  EXPECT_EQ(*ExpireOverdue(ledger_, writer_, clock_), 1);  // the other one
  pb::ListReservationsRequest list;
  list.set_warehouse(ids::Name("warehouses", kWarehouse));
  const auto open = Call(&Stub::ListReservations, "volunteer", list);
  ASSERT_THAT(open, IsOk());
  ASSERT_THAT(open->reservations(), SizeIs(1));
  EXPECT_EQ(open->reservations(0).name(), reserved->reservation().name());
  pb::VoidReservationRequest give_up;
  give_up.set_request_id(ids::NewUuid());
  give_up.set_name(reserved->reservation().name());
  EXPECT_THAT(Call(&Stub::VoidReservation, "coordinator", give_up), IsOk());
  extend.set_request_id(ids::NewUuid());
  extend.mutable_expire_time()->set_seconds(absl::ToUnixSeconds(clock_.Now() + absl::Hours(48)));
  EXPECT_THAT(Call(&Stub::ExtendReservation, "coordinator", extend), FailsBecause("RESERVATION_CLOSED"));
}

}  // namespace
}  // namespace kubari::stock
