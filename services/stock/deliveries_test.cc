// Goods on their way to groups over the wire: promised, issued, straight from the donor, handed on, received, returned.
#include "services/stock/handlers/reservations.h"
#include "services/stock/movements_testing.h"

namespace kubari::stock {
namespace {

using namespace testing;  // NOLINT
using ::testing::SizeIs;

class DeliveriesTest : public MovementsTest {
 protected:
  pb::Delivery Get(const std::string& name, const std::string& who = "coordinator") {
    pb::GetDeliveryRequest request;
    request.set_name(name);
    const auto delivery = Call(&Stub::GetDelivery, who, request);
    EXPECT_THAT(delivery, IsOk());
    return delivery.ok() ? *delivery : pb::Delivery();
  }
  pb::IssueStockRequest Posting(const pb::Reservation& reservation, int64_t items) {
    pb::IssueStockRequest request;
    request.set_request_id(ids::NewUuid());
    request.set_reservation(reservation.name());
    request.set_items(items);
    return request;
  }
  pb::VoidReservationRequest GivingUp(const pb::Reservation& reservation, int64_t items = 0) {
    pb::VoidReservationRequest request;
    request.set_request_id(ids::NewUuid());
    request.set_name(reservation.name());
    request.set_items(items);
    return request;
  }
  pb::Reservation Now(const std::string& name) {
    pb::GetReservationRequest request;
    request.set_name(name);
    const auto reservation = Call(&Stub::GetReservation, "volunteer", request);
    EXPECT_THAT(reservation, IsOk());
    return reservation.ok() ? *reservation : pb::Reservation();
  }
  pb::Reservation Reserve(const pb::Lot& lot, int64_t items) {
    const auto reserved = Call(&Stub::ReserveStock, "coordinator", Reserving(lot, items));
    EXPECT_THAT(reserved, IsOk());
    return reserved.ok() ? reserved->reservation() : pb::Reservation();
  }
  type::v1::Conditions& Conditions() { return *registers_.offer.mutable_conditions(); }
};

TEST_F(DeliveriesTest, APromiseIsPostedInPartsAndGivenUpInParts) {
  const pb::Lot lot = Receive(100);
  pb::ReserveStockRequest reserve = Reserving(lot, 60);
  const auto reserved = Call(&Stub::ReserveStock, "coordinator", reserve);
  ASSERT_THAT(reserved, IsOk());
  EXPECT_EQ(reserved->movement().kind(), pb::MOVEMENT_KIND_RESERVE);
  EXPECT_EQ(On(shelf_, lot), (Balance{100, 60}));
  const pb::Reservation& reservation = reserved->reservation();

  const pb::IssueStockRequest post = Posting(reservation, 20);
  const auto posted = Call(&Stub::IssueStock, "volunteer", post);
  ASSERT_THAT(posted, IsOk());
  EXPECT_EQ(posted->movement().reservation(), reservation.name());
  EXPECT_EQ(posted->movement().delivery(), reservation.delivery());
  RepeatsAlike(&Stub::IssueStock, "volunteer", post, *posted);
  EXPECT_EQ(On(shelf_, lot), (Balance{80, 40}));
  const auto exceeded = Call(&Stub::IssueStock, "volunteer", Posting(reservation, 41));
  ASSERT_THAT(exceeded, FailsBecause("RESERVATION_EXCEEDED"));
  EXPECT_THAT(exceeded, SaysInBoth("still holds 40; 41", "残りは40点ですが、41点"));
  EXPECT_EQ(errors::MetadataOf(exceeded.status())["open"], "40");

  const pb::VoidReservationRequest give_up = GivingUp(reservation, 15);
  const auto given_up = Call(&Stub::VoidReservation, "coordinator", give_up);
  ASSERT_THAT(given_up, IsOk());
  EXPECT_EQ(given_up->movement().kind(), pb::MOVEMENT_KIND_VOID);
  RepeatsAlike(&Stub::VoidReservation, "coordinator", give_up, *given_up);
  EXPECT_THAT(Call(&Stub::VoidReservation, "coordinator", GivingUp(reservation, 26)),
              FailsBecause("RESERVATION_EXCEEDED"));
  EXPECT_THAT(Call(&Stub::VoidReservation, "manager", GivingUp(reservation)), FailsBecause("ROLE_NOT_ALLOWED"));
  ASSERT_THAT(Call(&Stub::VoidReservation, "coordinator", GivingUp(reservation)), IsOk());
  EXPECT_EQ(Now(reservation.name()).open_items(), 0);
  EXPECT_EQ(On(shelf_, lot), (Balance{80, 0}));
  const auto closed = Call(&Stub::IssueStock, "volunteer", Posting(reservation, 1));
  ASSERT_THAT(closed, FailsBecause("RESERVATION_CLOSED"));
  EXPECT_EQ(errors::MetadataOf(closed.status())["cause"], "POSTED_OR_VOIDED");
  // The promise, repeated late, is answered as it was made.
  const auto late = Call(&Stub::ReserveStock, "coordinator", reserve);
  ASSERT_THAT(late, IsOk());
  EXPECT_TRUE(Same(*late, *reserved));
  reserve.set_items(61);
  EXPECT_THAT(Call(&Stub::ReserveStock, "coordinator", reserve), FailsBecause("REQUEST_ID_REUSED"));
  reserve = Reserving(lot, 1);
  reserve.set_reservation_id(reservation.name().substr(13));
  EXPECT_THAT(Call(&Stub::ReserveStock, "coordinator", reserve), FailsBecause("RESERVATION_EXISTS"));
}

TEST_F(DeliveriesTest, AForgottenPromiseExpires) {
  const pb::Lot lot = Receive(100);
  const pb::Reservation reservation = Reserve(lot, 60);
  clock_.Advance(absl::Hours(25));
  const auto over = Call(&Stub::IssueStock, "volunteer", Posting(reservation, 1));
  ASSERT_THAT(over, FailsBecause("RESERVATION_CLOSED"));
  EXPECT_EQ(errors::MetadataOf(over.status())["cause"], "EXPIRED");
  EXPECT_THAT(over, SaysInBoth("expired", "期限が切れています"));
  EXPECT_EQ(On(shelf_, lot), (Balance{100, 60}));
  EXPECT_EQ(*ExpireOverdue(ledger_, writer_, clock_), 1);
  EXPECT_EQ(*ExpireOverdue(ledger_, writer_, clock_), 0);
  EXPECT_EQ(On(shelf_, lot), (Balance{100, 0}));
  pb::ListMovementsRequest newest;
  newest.set_lot(lot.name());
  const auto movements = Call(&Stub::ListMovements, "coordinator", newest);
  ASSERT_THAT(movements, IsOk());
  EXPECT_EQ(movements->movements(0).kind(), pb::MOVEMENT_KIND_EXPIRE);
  EXPECT_EQ(movements->movements(0).occurred_time().SerializeAsString(), reservation.expire_time().SerializeAsString())
      << "when it ran out, not when it was found";
}

TEST_F(DeliveriesTest, APromiseIsExtendedWhileItHolds) {
  const pb::Lot lot = Receive(100);
  const pb::Reservation reservation = Reserve(lot, 60);
  pb::ExtendReservationRequest request;
  request.set_request_id(ids::NewUuid());
  request.set_name(reservation.name());
  EXPECT_THAT(Call(&Stub::ExtendReservation, "coordinator", request), Violates("expire_time", "REQUIRED"));
  request.mutable_expire_time()->set_seconds(absl::ToUnixSeconds(clock_.Now() + absl::Hours(48)));
  EXPECT_THAT(Call(&Stub::ExtendReservation, "manager", request), FailsBecause("ROLE_NOT_ALLOWED"));
  const auto extended = Call(&Stub::ExtendReservation, "coordinator", request);
  ASSERT_THAT(extended, IsOk());
  EXPECT_EQ(extended->reservation().expire_time().seconds(), request.expire_time().seconds());
  EXPECT_EQ(extended->reservation().open_items(), 60);
  clock_.Advance(absl::Hours(30));
  EXPECT_EQ(*ExpireOverdue(ledger_, writer_, clock_), 0);
  clock_.Advance(absl::Hours(17) + absl::Minutes(59) + absl::Seconds(30));
  // Repeated so late that the time itself would not be taken any more.
  const auto again = Call(&Stub::ExtendReservation, "coordinator", request);
  ASSERT_THAT(again, IsOk());
  EXPECT_TRUE(Same(*again, *extended));
  request.mutable_expire_time()->set_seconds(absl::ToUnixSeconds(clock_.Now() + absl::Hours(2)));
  EXPECT_THAT(Call(&Stub::ExtendReservation, "coordinator", request), FailsBecause("REQUEST_ID_REUSED"));
  clock_.Advance(absl::Minutes(1));
  request.set_request_id(ids::NewUuid());
  const auto over = Call(&Stub::ExtendReservation, "coordinator", request);
  ASSERT_THAT(over, FailsBecause("RESERVATION_CLOSED"));
  EXPECT_EQ(errors::MetadataOf(over.status())["cause"], "EXPIRED");
  request.set_name(ids::Name("reservations", Id(11, 99)));
  EXPECT_THAT(Call(&Stub::ExtendReservation, "coordinator", request), FailsBecause("RESERVATION_NOT_FOUND"));
}

TEST_F(DeliveriesTest, PromisesAreRefusedInTheDocumentedOrder) {
  const pb::Lot lot = Receive(100);
  pb::ReserveStockRequest request = Reserving(lot, 0);
  request.clear_expire_time();
  request.set_reservation_id("x");
  request.set_departure_reason(std::string(201, 'x'));
  const auto shape = Call(&Stub::ReserveStock, "coordinator", request);
  EXPECT_THAT(shape, Violates("items", "OUT_OF_RANGE"));
  EXPECT_THAT(shape, Violates("expire_time", "REQUIRED"));
  EXPECT_THAT(shape, Violates("reservation_id", "NOT_A_UUID"));
  EXPECT_THAT(shape, Violates("departure_reason", "TOO_LONG"));
  request = Reserving(lot, 101);
  request.mutable_expire_time()->set_seconds(absl::ToUnixSeconds(clock_.Now() + absl::Hours(24 * 61)));
  EXPECT_THAT(Call(&Stub::ReserveStock, "coordinator", request), Violates("expire_time", "OUT_OF_RANGE"));
  request = Reserving(lot, 101);
  request.set_place(ids::Name("places", Id(6, 99)));
  request.set_lot(ids::Name("lots", Id(8, 99)));
  request.set_group(ids::Name("groups", Id(7, 99)));
  EXPECT_THAT(Call(&Stub::ReserveStock, "manager", request), FailsBecause("ROLE_NOT_ALLOWED"));
  EXPECT_THAT(Call(&Stub::ReserveStock, "coordinator", request), FailsBecause("PLACE_NOT_FOUND"));
  request.set_place(shelf_);
  EXPECT_THAT(Call(&Stub::ReserveStock, "coordinator", request), FailsBecause("LOT_NOT_FOUND"));
  request.set_lot(lot.name());
  EXPECT_THAT(Call(&Stub::ReserveStock, "coordinator", request), FailsBecause("GROUP_NOT_FOUND"));
  request.set_group(ids::Name("groups", kGroup));
  EXPECT_THAT(Call(&Stub::ReserveStock, "coordinator", request), FailsBecause("INSUFFICIENT_STOCK"));
  EXPECT_THAT(Call(&Stub::VoidReservation, "coordinator", GivingUp(pb::Reservation())), Violates("name", "REQUIRED"));
  pb::Reservation unknown;
  unknown.set_name(ids::Name("reservations", Id(11, 99)));
  EXPECT_THAT(Call(&Stub::VoidReservation, "coordinator", GivingUp(unknown)), FailsBecause("RESERVATION_NOT_FOUND"));
}

TEST_F(DeliveriesTest, IssuingIsRefusedInTheDocumentedOrder) {
  const pb::Lot lot = Receive(100);
  const pb::Reservation reservation = Reserve(lot, 60);
  pb::IssueStockRequest request = Posting(reservation, 60);
  request.set_lot(ids::Name("lots", Id(8, 99)));
  request.set_place(second_);
  const auto mismatch = Call(&Stub::IssueStock, "volunteer", request);
  EXPECT_THAT(mismatch, Violates("lot", "MISMATCH"));
  EXPECT_THAT(mismatch, Violates("place", "MISMATCH"));
  request = Posting(reservation, 1);
  request.set_reservation(ids::Name("reservations", Id(11, 99)));
  EXPECT_THAT(Call(&Stub::IssueStock, "volunteer", request), FailsBecause("RESERVATION_NOT_FOUND"));

  request = Issuing(lot, 41);
  request.set_place(ids::Name("places", Id(6, 99)));
  request.set_lot(ids::Name("lots", Id(8, 99)));
  request.set_group(ids::Name("groups", Id(7, 99)));
  EXPECT_THAT(Call(&Stub::IssueStock, "group", request), FailsBecause("ROLE_NOT_ALLOWED"));
  EXPECT_THAT(Call(&Stub::IssueStock, "stranger", request), FailsBecause("PLACE_NOT_FOUND"));
  request.set_place(shelf_);
  EXPECT_THAT(Call(&Stub::IssueStock, "stranger", request), FailsBecause("LOT_NOT_FOUND"));
  request.set_lot(lot.name());
  EXPECT_THAT(Call(&Stub::IssueStock, "stranger", request), FailsBecause("GROUP_NOT_FOUND"));
  request.set_group(ids::Name("groups", kGroup));
  EXPECT_THAT(Call(&Stub::IssueStock, "stranger", request), FailsBecause("NOT_YOUR_ORGANISATION"));
  EXPECT_THAT(Call(&Stub::IssueStock, "volunteer", request), FailsBecause("RESERVATION_REQUIRED"));
  EXPECT_THAT(Call(&Stub::IssueStock, "manager", request), FailsBecause("INSUFFICIENT_STOCK"));
  request.set_items(40);
  request.set_group(ids::Name("groups", kOtherGroup));
  const auto other = Call(&Stub::IssueStock, "manager", request);
  ASSERT_THAT(other, FailsBecause("DELIVERY_NOT_FOUND"));  // it is promised to the first group
  EXPECT_THAT(other, SaysInBoth("goes to another group", "別の団体宛て"));
}

TEST_F(DeliveriesTest, ADonorDeliversStraightToAGroup) {
  const pb::DeliverDirectRequest request = Directly(48);
  const auto direct = Call(&Stub::DeliverDirect, "coordinator", request);
  ASSERT_THAT(direct, IsOk());
  EXPECT_EQ(direct->movement().kind(), pb::MOVEMENT_KIND_DIRECT);
  EXPECT_EQ(direct->movement().households(), 30);
  EXPECT_EQ(direct->movement().municipality_code(), "13101");
  EXPECT_EQ(direct->progress().received_items(), 48);
  EXPECT_EQ(direct->progress().difference_items(), -72);
  RepeatsAlike(&Stub::DeliverDirect, "coordinator", request, *direct);
  EXPECT_EQ(On(shelf_, direct->lot()), Balance{});
  const pb::Delivery delivery = Get(request.delivery(), "group");
  EXPECT_EQ(delivery.source().kind(), pb::PLACE_KIND_DONOR);
  EXPECT_EQ(delivery.source().display_name(), "寄付者");  // the donor may not be named
  EXPECT_EQ(Get(request.delivery()).source().display_name(), "架空食品");
  // The same goods in a warehouse are the same lot.
  EXPECT_EQ(Receive(12).name(), direct->lot().name());
  ASSERT_THAT(Call(&Stub::ConfirmReceipt, "group", Confirming(request.delivery())), IsOk());
  EXPECT_EQ(Held(direct->lot(), pb::PLACE_KIND_GROUP), 48);
  EXPECT_THAT(Call(&Stub::ReverseMovement, "coordinator", Reversing(direct->movement())),
              FailsBecause("NOT_REVERSIBLE"));
}

TEST_F(DeliveriesTest, DirectDeliveriesAreRefusedInTheDocumentedOrder) {
  registers_.offer.set_state(donors::v1::OFFER_STATE_SUBMITTED);
  registers_.donor.clear_agreements();
  TheGroup().set_state(groups::v1::GROUP_STATE_SUSPENDED);
  pb::DeliverDirectRequest request = Directly(0);
  EXPECT_THAT(Call(&Stub::DeliverDirect, "coordinator", request), Violates("items", "OUT_OF_RANGE"));
  request = Directly(10);
  request.set_offer_line(registers_.offer.name() + "/lines/" + Id(31, 9));
  request.set_group(ids::Name("groups", Id(7, 99)));
  EXPECT_THAT(Call(&Stub::DeliverDirect, "manager", request), FailsBecause("ROLE_NOT_ALLOWED"));
  EXPECT_THAT(Call(&Stub::DeliverDirect, "coordinator", request), FailsBecause("OFFER_LINE_NOT_FOUND"));
  request.set_offer_line(registers_.offer.lines(0).name());
  EXPECT_THAT(Call(&Stub::DeliverDirect, "coordinator", request), FailsBecause("GROUP_NOT_FOUND"));
  request.set_group(ids::Name("groups", kGroup));
  EXPECT_THAT(Call(&Stub::DeliverDirect, "coordinator", request), FailsBecause("OFFER_NOT_ACCEPTED"));
  registers_.offer.set_state(donors::v1::OFFER_STATE_ACCEPTED);
  EXPECT_THAT(Call(&Stub::DeliverDirect, "coordinator", request), FailsBecause("NO_AGREEMENT"));
  *registers_.donor.add_agreements() = InForce();
  const auto suspended = Call(&Stub::DeliverDirect, "coordinator", request);
  ASSERT_THAT(suspended, FailsBecause("CONDITION_NOT_MET"));
  EXPECT_THAT(suspended, SaysInBoth("みなみ食堂 may not have lot", "みなみ食堂には"));
  TheGroup().set_state(groups::v1::GROUP_STATE_ACTIVE);
  *request.mutable_good_until() = UseBy("2026-11-30");
  EXPECT_THAT(Call(&Stub::DeliverDirect, "coordinator", request), FailsBecause("LOT_EXPIRED"));
  request.clear_good_until();
  EXPECT_THAT(Call(&Stub::DeliverDirect, "coordinator", request), IsOk());
}

TEST_F(DeliveriesTest, AHubBreaksBulkForTheGroupsItServes) {
  registers_.groups[ids::Name("groups", kOtherGroup)].set_hub(ids::Name("groups", kGroup));
  Conditions().set_onward_transfer_allowed(true);
  const pb::Lot lot = GroupHolds(48);
  const pb::PassOnRequest request = PassingOn(lot, 12);
  const auto passed = Call(&Stub::PassOn, "group", request);
  ASSERT_THAT(passed, IsOk());
  EXPECT_EQ(passed->movement().kind(), pb::MOVEMENT_KIND_PASS_ON);
  EXPECT_EQ(passed->movement().from_display_name(), "みなみ食堂");
  EXPECT_EQ(passed->movement().delivery(), request.delivery());
  RepeatsAlike(&Stub::PassOn, "group", request, *passed);
  EXPECT_EQ(Get(request.delivery()).source().kind(), pb::PLACE_KIND_GROUP);
  EXPECT_EQ(Get(request.delivery()).group(), request.to_group());
  // The group knows its hub; without it, or while the register is away, it is another group.
  const auto source = [&] {
    pb::ListDeliveriesRequest list;
    const auto listed = Call(&Stub::ListDeliveries, "other group", list);
    EXPECT_THAT(listed, IsOk());
    pb::GetDeliveryRequest get;
    get.set_name(request.delivery());
    const auto got = Call(&Stub::GetDelivery, "other group", get);
    EXPECT_THAT(got, IsOk());
    if (!listed.ok() || listed->deliveries_size() != 1 || !got.ok()) return std::string();
    EXPECT_EQ(listed->deliveries(0).source().SerializeAsString(), got->source().SerializeAsString());
    return absl::StrCat(got->source().display_name(), " ", got->source().party());
  };
  EXPECT_EQ(source(), absl::StrCat("みなみ食堂 ", request.from_group()));
  const groups::v1::Group receiver = registers_.groups[request.to_group()];
  registers_.groups[request.to_group()].clear_hub();
  EXPECT_EQ(source(), "他の団体 ");
  registers_.groups.erase(request.to_group());
  EXPECT_EQ(source(), "他の団体 ");
  registers_.groups[request.to_group()] = receiver;
  EXPECT_THAT(Call(&Stub::ConfirmReceipt, "group", Confirming(request.delivery())),
              FailsBecause("NOT_YOUR_ORGANISATION"));
  EXPECT_THAT(Call(&Stub::ConfirmReceipt, "other group", Confirming(request.delivery())), IsOk());
  EXPECT_EQ(Held(lot, pb::PLACE_KIND_GROUP), 48);
  const auto too_many = Call(&Stub::PassOn, "group", PassingOn(lot, 37));
  ASSERT_THAT(too_many, FailsBecause("INSUFFICIENT_STOCK"));
  EXPECT_THAT(too_many, SaysInBoth("on みなみ食堂: 36 on hand", "みなみ食堂の在庫は36点"));
}

TEST_F(DeliveriesTest, AHubHandsNothingOnThatTheDonorForbids) {
  registers_.groups[ids::Name("groups", kOtherGroup)].set_hub(ids::Name("groups", kGroup));
  const pb::Lot lot = GroupHolds(48);
  ASSERT_FALSE(lot.conditions().onward_transfer_allowed());
  pb::PassOnRequest request = PassingOn(lot, 12);
  for (const char* who : {"group", "coordinator"}) {
    for (const char* consent : {"", "拠点の担当者 2026-11-28"}) {
      request.set_consent(consent);
      const auto refused = Call(&Stub::PassOn, who, request);
      ASSERT_THAT(refused, FailsBecause("ONWARD_NOT_ALLOWED")) << who;
      EXPECT_EQ(errors::MetadataOf(refused.status())["cause"], "CONDITIONS");
    }
  }
  EXPECT_EQ(Held(lot, pb::PLACE_KIND_GROUP), 48) << "nothing moved";
}

TEST_F(DeliveriesTest, OnwardTransferNeedsTheDonorsWillAndAConsent) {
  pb::Lot lot = GroupHolds(48);
  pb::PassOnRequest request = PassingOn(lot, 49);
  request.set_to_group(request.from_group());
  EXPECT_THAT(Call(&Stub::PassOn, "group", request), Violates("to_group", "MISMATCH"));
  request = PassingOn(lot, 49);
  request.set_to_group(ids::Name("groups", Id(7, 99)));
  EXPECT_THAT(Call(&Stub::PassOn, "manager", request), FailsBecause("ROLE_NOT_ALLOWED"));
  EXPECT_THAT(Call(&Stub::PassOn, "other group", request), FailsBecause("GROUP_NOT_FOUND"));
  request.set_to_group(ids::Name("groups", kOtherGroup));
  EXPECT_THAT(Call(&Stub::PassOn, "other group", request), FailsBecause("NOT_YOUR_ORGANISATION"));
  request.set_consent("寄付者の担当者 2026-11-28");
  const auto by_donor = Call(&Stub::PassOn, "group", request);
  ASSERT_THAT(by_donor, FailsBecause("ONWARD_NOT_ALLOWED"));
  EXPECT_EQ(errors::MetadataOf(by_donor.status())["cause"], "CONDITIONS");
  EXPECT_THAT(by_donor, SaysInBoth("lot " + lot.code(), "ロット" + lot.code()));

  // Goods of another offer, whose donor allows it.
  Conditions().set_onward_transfer_allowed(true);
  registers_.offer.mutable_lines(0)->set_donor_lot_number("X2");
  lot = GroupHolds(48);
  EXPECT_TRUE(lot.conditions().onward_transfer_allowed());
  request = PassingOn(lot, 10);
  const auto no_consent = Call(&Stub::PassOn, "group", request);
  ASSERT_THAT(no_consent, FailsBecause("ONWARD_NOT_ALLOWED"));
  EXPECT_EQ(errors::MetadataOf(no_consent.status())["cause"], "NO_CONSENT");
  request.set_consent("寄付者の担当者 2026-11-28");
  const auto passed = Call(&Stub::PassOn, "group", request);
  ASSERT_THAT(passed, IsOk());
  EXPECT_EQ(passed->movement().reason(), "寄付者の担当者 2026-11-28");
}

TEST_F(DeliveriesTest, AConfirmationIsAnsweredAgainAndCorrectedByACoordinator) {
  const pb::Lot lot = Receive(48);
  const pb::IssueStockRequest issue = Issuing(lot, 48);
  const auto issued = Call(&Stub::IssueStock, "manager", issue);
  ASSERT_THAT(issued, IsOk());
  pb::ConfirmReceiptRequest request = Confirming(issue.delivery());
  pb::ArrivedLine& line = *request.add_lines();
  line.set_lot(lot.name());
  line.set_items(50);
  EXPECT_THAT(Call(&Stub::ConfirmReceipt, "group", request), Violates("lines[0].items", "OUT_OF_RANGE"));
  line.set_items(40);
  EXPECT_THAT(Call(&Stub::ConfirmReceipt, "group", request), Violates("lines[0].reason", "REQUIRED"));
  line.set_reason("EATEN");
  EXPECT_THAT(Call(&Stub::ConfirmReceipt, "group", request), Violates("lines[0].reason", "UNKNOWN_VALUE"));
  line.set_reason("MISSING");
  *request.add_lines() = request.lines(0);
  EXPECT_THAT(Call(&Stub::ConfirmReceipt, "group", request), Violates("lines[1].lot", "DUPLICATE"));
  request.mutable_lines()->RemoveLast();
  const auto confirmed = Call(&Stub::ConfirmReceipt, "group", request);
  ASSERT_THAT(confirmed, IsOk());
  RepeatsAlike(&Stub::ConfirmReceipt, "group", request, *confirmed);
  const auto otherwise = Call(&Stub::ConfirmReceipt, "group", Confirming(issue.delivery()));
  ASSERT_THAT(otherwise, FailsBecause("DELIVERY_CONFIRMED"));
  EXPECT_THAT(otherwise, SaysInBoth("coordinator reverses", "コーディネーターが訂正"));
  for (const pb::Movement& movement : confirmed->movements())
    ASSERT_THAT(Call(&Stub::ReverseMovement, "coordinator", Reversing(movement)), IsOk());
  ASSERT_THAT(Call(&Stub::ConfirmReceipt, "group", Confirming(issue.delivery())), IsOk());
  EXPECT_EQ(Held(lot, pb::PLACE_KIND_GROUP), 48);
  // Even when nothing is left of the delivery, the phone's first request has its answer.
  pb::ListMovementsRequest newest;
  newest.set_delivery(issue.delivery());
  const auto movements = Call(&Stub::ListMovements, "coordinator", newest);
  ASSERT_THAT(movements, IsOk());
  ASSERT_THAT(Call(&Stub::ReverseMovement, "coordinator", Reversing(movements->movements(0))), IsOk());
  ASSERT_THAT(Call(&Stub::ReverseMovement, "manager", Reversing(issued->movement())), IsOk());
  const auto late = Call(&Stub::ConfirmReceipt, "group", request);
  ASSERT_THAT(late, IsOk());
  EXPECT_TRUE(Same(late->movements(0), confirmed->movements(0)));
  EXPECT_THAT(Call(&Stub::ConfirmReceipt, "group", Confirming(issue.delivery())), FailsBecause("DELIVERY_NOT_FOUND"));
}

TEST_F(DeliveriesTest, GoodsComeBackFromADeliveryAGroupAndTheShelf) {
  const pb::Lot lot = Receive(100);
  const pb::IssueStockRequest issue = Issuing(lot, 40);
  ASSERT_THAT(Call(&Stub::IssueStock, "manager", issue), IsOk());
  // Nobody was there.
  pb::ReturnStockRequest request = Returning(lot, 10, issue.delivery(), second_);
  request.set_reason("NOBODY_THERE");
  const auto undelivered = Call(&Stub::ReturnStock, "volunteer", request);
  ASSERT_THAT(undelivered, IsOk());
  EXPECT_EQ(undelivered->movement().delivery(), issue.delivery());
  EXPECT_EQ(undelivered->movement().reason(), "NOBODY_THERE");
  RepeatsAlike(&Stub::ReturnStock, "volunteer", request, *undelivered);
  EXPECT_EQ(On(second_, lot), (Balance{10, 0}));
  EXPECT_EQ(Get(issue.delivery()).lines(0).returned_items(), 10);
  EXPECT_EQ(Get(issue.delivery()).state(), pb::DELIVERY_STATE_SHIPPED);
  const auto too_many = Call(&Stub::ReturnStock, "volunteer", Returning(lot, 31, issue.delivery(), second_));
  ASSERT_THAT(too_many, FailsBecause("INSUFFICIENT_STOCK"));
  EXPECT_EQ(errors::MetadataOf(too_many.status())["on_hand"], "30");

  // The group does not need them.
  ASSERT_THAT(Call(&Stub::ConfirmReceipt, "group", Confirming(issue.delivery())), IsOk());
  const std::string group = ids::Name("groups", kGroup);
  const auto given_back = Call(&Stub::ReturnStock, "volunteer", Returning(lot, 6, group, shelf_));
  ASSERT_THAT(given_back, IsOk());
  EXPECT_EQ(given_back->movement().group(), group);
  EXPECT_EQ(Held(lot, pb::PLACE_KIND_GROUP), 24);
  EXPECT_THAT(Call(&Stub::ReturnStock, "volunteer", Returning(lot, 25, group, shelf_)),
              FailsBecause("INSUFFICIENT_STOCK"));

  // The donor takes them back.
  const auto to_donor = Call(&Stub::ReturnStock, "volunteer", Returning(lot, 5, shelf_, registers_.donor.name()));
  ASSERT_THAT(to_donor, IsOk());
  EXPECT_EQ(to_donor->movement().to_kind(), pb::PLACE_KIND_DONOR);
  EXPECT_EQ(Held(lot, pb::PLACE_KIND_DONOR), -95);
  ASSERT_THAT(Call(&Stub::ReverseMovement, "volunteer", Reversing(to_donor->movement())), IsOk());
  EXPECT_EQ(Held(lot, pb::PLACE_KIND_DONOR), -100);
}

TEST_F(DeliveriesTest, ReturnsAreRefusedInTheDocumentedOrder) {
  const pb::Lot lot = GroupHolds(40);
  const std::string group = ids::Name("groups", kGroup);
  pb::ReturnStockRequest request = Returning(lot, 0, "people/" + Id(10, 1), "");
  request.set_reason("BORED");
  request.set_recall("x");
  const auto shape = Call(&Stub::ReturnStock, "volunteer", request);
  EXPECT_THAT(shape, Violates("from", "NOT_A_NAME"));
  EXPECT_THAT(shape, Violates("to", "REQUIRED"));
  EXPECT_THAT(shape, Violates("items", "OUT_OF_RANGE"));
  EXPECT_THAT(shape, Violates("reason", "UNKNOWN_VALUE"));
  EXPECT_THAT(shape, Violates("recall", "NOT_A_NAME"));
  EXPECT_THAT(Call(&Stub::ReturnStock, "volunteer", Returning(lot, 1, shelf_, shelf_)), Violates("to", "NOT_A_NAME"));
  EXPECT_THAT(Call(&Stub::ReturnStock, "volunteer", Returning(lot, 1, shelf_, ids::Name("donors", Id(5, 9)))),
              Violates("to", "MISMATCH"));
  EXPECT_THAT(Call(&Stub::ReturnStock, "group", Returning(lot, 1, group, shelf_)), FailsBecause("ROLE_NOT_ALLOWED"));
  request = Returning(lot, 41, ids::Name("deliveries", Id(12, 99)), ids::Name("places", Id(6, 99)));
  EXPECT_THAT(Call(&Stub::ReturnStock, "stranger", request), FailsBecause("PLACE_NOT_FOUND"));
  request.set_to(frozen_);
  EXPECT_THAT(Call(&Stub::ReturnStock, "stranger", request), FailsBecause("DELIVERY_NOT_FOUND"));
  request.set_from(ids::Name("groups", Id(7, 99)));
  EXPECT_THAT(Call(&Stub::ReturnStock, "stranger", request), FailsBecause("GROUP_NOT_FOUND"));
  request.set_from(group);
  EXPECT_THAT(Call(&Stub::ReturnStock, "stranger", request), FailsBecause("NOT_YOUR_ORGANISATION"));
  EXPECT_THAT(Call(&Stub::ReturnStock, "volunteer", request), FailsBecause("TEMPERATURE_MISMATCH"));
  request.set_to(shelf_);
  EXPECT_THAT(Call(&Stub::ReturnStock, "volunteer", request), FailsBecause("INSUFFICIENT_STOCK"));
}

}  // namespace
}  // namespace kubari::stock
