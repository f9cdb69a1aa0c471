// What lists, looks and the feed cost beside years of history: a page reads a page.
#include "services/stock/plans_testing.h"

namespace kubari::stock {
namespace {

using namespace testing;  // NOLINT

// Where no index leads to what was asked for: ListMovements looks at so many movements for a page (kLookAtMost in
// reading_store.cc), and at those it shows.
constexpr int kLookedAt = 20'000 + kAtMost;
// What stands on shelves now: of every tenth lot of the past something is left.
constexpr int kInStock = kLots / 10 + kAtMost;
constexpr int kOneStep = 1'000 + kAtMost;  // the least of it
// A page of deliveries, ten lots each.
constexpr int kDeliveryLines = 10 * 50 + kAtMost;

class PlansReadingTest : public PlansTest {
 protected:
  // The first page, and the one after it.
  template <typename Request, typename Response>
  void CostsPaged(const std::string& what,
                  grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Response*), const std::string& who,
                  Request request, int at_most = kAtMost) {
    Costs(what, method, who, request, at_most);
    const auto first = Ask(method, who, request);
    ASSERT_THAT(first, IsOk());
    ASSERT_NE(first->next_page_token(), "") << what;
    request.set_page_token(first->next_page_token());
    Costs(what + ", second page", method, who, request, at_most);
  }
  // places/{uuid} of a group, a donor, …
  std::string PlaceOf(const std::string& where) {
    return "places/" + Sql("SELECT place_id FROM stock.places WHERE " + where);
  }
};

TEST_F(PlansReadingTest, ListsOfLots) {
  CostsPaged("all", &Stub::ListLots, "auditor", pb::ListLotsRequest());
  CostsPaged("a donor's own", &Stub::ListLots, "donor", pb::ListLotsRequest());
  pb::ListLotsRequest by_gtin;
  by_gtin.set_gtin("77000000000002");
  CostsPaged("by GTIN", &Stub::ListLots, "auditor", by_gtin);
  CostsPaged("by GTIN, a donor's own", &Stub::ListLots, "donor", by_gtin);
  by_gtin.set_donor_lot_number("H30");
  Costs("by GTIN and number", &Stub::ListLots, "auditor", by_gtin);
  pb::ListLotsRequest by_number;
  by_number.set_donor_lot_number("X1");
  Costs("by number", &Stub::ListLots, "auditor", by_number);
  by_number.set_donor_lot_number("no such number");
  Costs("by a number that is not there", &Stub::ListLots, "donor", by_number);
  pb::ListLotsRequest by_donor;
  by_donor.set_donor(registers_.donor.name());
  CostsPaged("by donor", &Stub::ListLots, "auditor", by_donor);
  by_donor.set_donor(ids::Name("donors", ids::NewUuid()));
  Costs("by a donor who gave nothing", &Stub::ListLots, "auditor", by_donor);
  pb::ListLotsRequest by_offer;
  by_offer.set_offer(registers_.offer.name());
  Costs("by offer", &Stub::ListLots, "auditor", by_offer);
  by_offer.set_donor(registers_.donor.name());
  Costs("by offer and donor", &Stub::ListLots, "donor", by_offer);
}

TEST_F(PlansReadingTest, ListsOfLotsTheOtherWayRoundAndByWhatTheyAre) {
  // A page of each product that the text names; the past has a hundred of them, and a third of all lots is of one.
  constexpr int kFound = 101 * 51 + kAtMost;
  for (const std::string order : {"good_until", "good_until desc"}) {
    SCOPED_TRACE(order);
    pb::ListLotsRequest all;
    all.set_order_by(order);
    CostsPaged("all", &Stub::ListLots, "auditor", all);
    CostsPaged("a donor's own", &Stub::ListLots, "donor", all);
    pb::ListLotsRequest by_product = all;
    by_product.set_product(Past("products", "p2"));
    CostsPaged("of a product", &Stub::ListLots, "auditor", by_product);
    pb::ListLotsRequest found = all;
    found.set_query("p77");
    CostsPaged("of the product that is called so", &Stub::ListLots, "auditor", found);
    CostsPaged("of the donor's, called so", &Stub::ListLots, "donor", found);
    found.set_query(lot_.code());
    Costs("with this code", &Stub::ListLots, "auditor", found);
    found.set_query("no such goods");
    Costs("called as nothing is", &Stub::ListLots, "auditor", found);
    found.set_query("p");
    CostsPaged("called as all are", &Stub::ListLots, "auditor", found, kFound);
    pb::ListLotsRequest in_stock = all;
    in_stock.set_in_stock(true);
    CostsPaged("in stock", &Stub::ListLots, "auditor", in_stock, kInStock);
    in_stock.set_query("p2");
    CostsPaged("in stock, called so", &Stub::ListLots, "auditor", in_stock, kInStock);
    in_stock.set_product(Past("products", "p2"));
    CostsPaged("in stock, of a product", &Stub::ListLots, "auditor", in_stock, kInStock);
  }
}

TEST_F(PlansReadingTest, OneLot) {
  pb::GetLotRequest get;
  get.set_name(kits_.code());
  Costs("GetLot", &Stub::GetLot, "auditor", get);
  pb::TraceLotRequest trace;
  trace.set_lot(kits_.code());
  Costs("TraceLot", &Stub::TraceLot, "auditor", trace);
  Costs("TraceLot of a group", &Stub::TraceLot, "group", trace);
  trace.set_lot(Past("lots", "l77"));
  Costs("TraceLot of the past", &Stub::TraceLot, "donor", trace);
  pb::LookUpCodeRequest look;
  look.set_code(lot_.code());
  Costs("LookUpCode of a lot", &Stub::LookUpCode, "volunteer", look);
  look.set_code("9520000000004");
  Costs("LookUpCode of a product", &Stub::LookUpCode, "volunteer", look);
  // Thousands of lots of it have come and gone.
  look.set_code("77000000000002");
  Costs("LookUpCode of what has come and gone", &Stub::LookUpCode, "volunteer", look);
  const auto found = Ask(&Stub::LookUpCode, "volunteer", look);
  ASSERT_THAT(found, IsOk());
  EXPECT_EQ(found->product().name(), Past("products", "p2"));
  EXPECT_EQ(found->lots_size(), 20);
  look.set_code("(01)77000000000002(10)H30");
  Costs("LookUpCode of a donor's lot", &Stub::LookUpCode, "volunteer", look);
}

TEST_F(PlansReadingTest, ListsOfBalances) {
  for (const bool free_only : {false, true}) {
    SCOPED_TRACE(free_only);
    pb::ListBalancesRequest all;
    all.set_free_only(free_only);
    CostsPaged("all", &Stub::ListBalances, "auditor", all);
    pb::ListBalancesRequest by_warehouse = all;
    by_warehouse.set_warehouse(east_house_);
    CostsPaged("of a warehouse", &Stub::ListBalances, "auditor", by_warehouse);
    by_warehouse.set_warehouse(west_house_);
    Costs("of another", &Stub::ListBalances, "auditor", by_warehouse);
    pb::ListBalancesRequest by_lot = all;
    by_lot.set_lot(lot_.name());
    Costs("of a lot", &Stub::ListBalances, "auditor", by_lot);
    by_lot.set_lot(Past("lots", "l77"));
    Costs("of a lot that is gone", &Stub::ListBalances, "auditor", by_lot);
    pb::ListBalancesRequest by_product = all;
    by_product.set_product(Past("products", "p2"));
    CostsPaged("of a product", &Stub::ListBalances, "auditor", by_product);
    by_product.set_warehouse(west_house_);
    Costs("of a product in a warehouse", &Stub::ListBalances, "auditor", by_product);
  }
}

TEST_F(PlansReadingTest, BalancesByDateAreAsCheapTheOtherWayRoundAndByAShelf) {
  pb::ListBalancesRequest all;
  all.set_order_by("good_until desc");
  CostsPaged("all", &Stub::ListBalances, "auditor", all);
  all.set_warehouse(east_house_);
  CostsPaged("of a warehouse", &Stub::ListBalances, "auditor", all);
  for (const std::string order : {"good_until", "good_until desc"}) {
    pb::ListBalancesRequest narrowed;
    narrowed.set_order_by(order);
    narrowed.set_temperature_zone(type::v1::TEMPERATURE_ZONE_AMBIENT);
    CostsPaged("of a zone", &Stub::ListBalances, "auditor", narrowed);
    narrowed.set_place(Past("places", "h3"));
    Costs("of a shelf", &Stub::ListBalances, "auditor", narrowed);
    pb::ListBalancesRequest soon;
    soon.set_order_by(order);
    soon.set_good_until_before_date("2027-01-31");
    Costs("soon to expire", &Stub::ListBalances, "auditor", soon);
    soon.set_good_until_before_date("2028-12-31");
    CostsPaged("not so soon", &Stub::ListBalances, "auditor", soon);
  }
}

TEST_F(PlansReadingTest, HoldingsOfAGroup) {
  pb::ListHoldingsRequest own;
  Costs("its own", &Stub::ListHoldings, "group", own);
  own.set_group(Past("groups", "g5"));
  // Past places have ids of their own; this one gets the id that a group's place has.
  Sql("UPDATE stock.places SET place_id = '" + StandInPlaceId(kNetwork, pb::PLACE_KIND_GROUP, own.group()) +
      "' WHERE kind = 4 AND party = '" + own.group() + "'");
  CostsPaged("of a group with a long past", &Stub::ListHoldings, "auditor", own);
}

// What is ordered by a figure or a name, or searched, costs what is in stock; of the past nothing.
TEST_F(PlansReadingTest, BalancesInOtherOrdersReadWhatIsInStock) {
  for (const std::string order :
       {"product", "product desc", "place", "place desc", "on_hand", "on_hand desc", "free", "free desc"}) {
    SCOPED_TRACE(order);
    pb::ListBalancesRequest all;
    all.set_order_by(order);
    CostsPaged("all", &Stub::ListBalances, "auditor", all, kInStock);
    all.set_warehouse(east_house_);
    all.set_free_only(true);
    CostsPaged("free in a warehouse", &Stub::ListBalances, "auditor", all, kInStock);
  }
  pb::ListBalancesRequest found;
  found.set_query("p2");
  CostsPaged("called so", &Stub::ListBalances, "auditor", found, kInStock);
  found.set_query("no such goods");
  Costs("called as nothing is", &Stub::ListBalances, "auditor", found, kInStock);
  found.set_temperature_zone(type::v1::TEMPERATURE_ZONE_FROZEN);
  found.clear_query();
  Costs("of a zone that is empty", &Stub::ListBalances, "auditor", found, kInStock);
}

TEST_F(PlansReadingTest, ListsOfMovements) {
  CostsPaged("all", &Stub::ListMovements, "auditor", pb::ListMovementsRequest());
  pb::ListMovementsRequest by_lot;
  by_lot.set_lot(lot_.name());
  Costs("of a lot", &Stub::ListMovements, "auditor", by_lot);
  by_lot.set_lot(Past("lots", "l77"));
  by_lot.set_page_size(10);
  CostsPaged("of a lot of the past", &Stub::ListMovements, "auditor", by_lot);
  pb::ListMovementsRequest by_place;
  by_place.set_place(shelf_);
  Costs("of a shelf", &Stub::ListMovements, "auditor", by_place);
  by_place.set_place(Past("places", "h3"));
  CostsPaged("of a shelf with a long past", &Stub::ListMovements, "auditor", by_place);
  pb::ListMovementsRequest by_delivery;
  by_delivery.set_delivery(delivery_);
  Costs("of a delivery", &Stub::ListMovements, "auditor", by_delivery);
  by_delivery.set_delivery(Past("deliveries", "d5 5"));
  Costs("of a delivery of the past", &Stub::ListMovements, "auditor", by_delivery);
  by_delivery.set_lot(Past("lots", "l55"));
  Costs("of a delivery's lot", &Stub::ListMovements, "auditor", by_delivery);
  pb::ListMovementsRequest by_group;
  by_group.set_group(hub_);
  Costs("of a group", &Stub::ListMovements, "auditor", by_group);
  by_group.set_group(Past("groups", "g5"));
  CostsPaged("of a group with a long past", &Stub::ListMovements, "auditor", by_group);
  // As the fixture calls them: who acts for it did all of the past, too.
  pb::ListMovementsRequest mine;
  mine.set_mine(true);
  Costs(
      "mine", [&] { return Call(&Stub::ListMovements, "coordinator", mine).status(); }, kOneStep);
  Costs("mine, who did nothing", &Stub::ListMovements, "auditor", mine);
}

TEST_F(PlansReadingTest, ListsOfMovementsOldestFirstAndByDay) {
  pb::ListMovementsRequest all;
  all.set_order_by("position");
  CostsPaged("all", &Stub::ListMovements, "auditor", all);
  pb::ListMovementsRequest by_place = all;
  by_place.set_place(Past("places", "h3"));
  CostsPaged("of a shelf with a long past", &Stub::ListMovements, "auditor", by_place);
  pb::ListMovementsRequest by_group = all;
  by_group.set_group(Past("groups", "g5"));
  CostsPaged("of a group with a long past", &Stub::ListMovements, "auditor", by_group);
  for (const std::string order : {"position desc", "position"}) {
    SCOPED_TRACE(order);
    pb::ListMovementsRequest by_day;
    by_day.set_order_by(order);
    by_day.set_recorded_from_date("2026-12-01");
    by_day.set_recorded_to_date("2026-12-01");
    CostsPaged("of a day", &Stub::ListMovements, "auditor", by_day);
    by_day.set_group(Past("groups", "g5"));
    CostsPaged("of a day and a group", &Stub::ListMovements, "auditor", by_day);
    pb::ListMovementsRequest before;
    before.set_order_by(order);
    before.set_recorded_to_date("2026-11-30");
    Costs("before everything", &Stub::ListMovements, "auditor", before);
  }
}

TEST_F(PlansReadingTest, ListsOfMovementsThatNoIndexLeadsToEndEarly) {
  pb::ListMovementsRequest mine;
  mine.set_mine(true);
  Costs(
      "mine, of long ago", [&] { return Call(&Stub::ListMovements, "manager", mine).status(); }, kLookedAt);
  const auto page = Call(&Stub::ListMovements, "manager", mine);
  ASSERT_THAT(page, IsOk());
  EXPECT_EQ(page->movements_size(), 0);
  EXPECT_NE(page->next_page_token(), "");
  pb::ListMovementsRequest by_place;
  by_place.set_place(PlaceOf("kind = 4 AND party = '" + hub_ + "'"));
  Costs("of a group's place", &Stub::ListMovements, "auditor", by_place, kLookedAt);
  by_place.set_place(PlaceOf("kind = 2"));
  Costs("of a donor's place", &Stub::ListMovements, "auditor", by_place, kLookedAt);
  for (const std::string order : {"position desc", "position"}) {
    SCOPED_TRACE(order);
    pb::ListMovementsRequest of_kinds;
    of_kinds.set_order_by(order);
    of_kinds.add_kinds(pb::MOVEMENT_KIND_ADJUST);
    Costs("of a kind that is rare", &Stub::ListMovements, "auditor", of_kinds, kLookedAt);
    of_kinds.set_kinds(0, pb::MOVEMENT_KIND_DISCARD);
    Costs("of a kind", &Stub::ListMovements, "auditor", of_kinds, kOneStep);
    pb::ListMovementsRequest of_warehouse;
    of_warehouse.set_order_by(order);
    of_warehouse.set_warehouse(west_house_);
    Costs("of a warehouse where little moves", &Stub::ListMovements, "auditor", of_warehouse, kLookedAt);
    of_warehouse.set_warehouse(east_house_);
    Costs("of a warehouse", &Stub::ListMovements, "auditor", of_warehouse, kOneStep);
  }
  pb::ListMovementsRequest both;
  both.set_place(Past("places", "h3"));
  both.set_group(Past("groups", "g5"));
  Costs("of a shelf and a group", &Stub::ListMovements, "auditor", both, kLookedAt);
  both.clear_group();
  both.set_mine(true);
  Costs(
      "mine, of a shelf", [&] { return Call(&Stub::ListMovements, "manager", both).status(); }, kLookedAt);
}

TEST_F(PlansReadingTest, Deliveries) {
  pb::GetDeliveryRequest get;
  get.set_name(delivery_);
  Costs("GetDelivery", &Stub::GetDelivery, "group", get);
  get.set_name(Past("deliveries", "d5 5"));
  Costs("GetDelivery of the past", &Stub::GetDelivery, "auditor", get);
  const std::string past_group = Past("groups", "g5");
  for (const pb::DeliveryState state :
       {pb::DELIVERY_STATE_UNSPECIFIED, pb::DELIVERY_STATE_SHIPPED, pb::DELIVERY_STATE_CONFIRMED}) {
    SCOPED_TRACE(pb::DeliveryState_Name(state));
    pb::ListDeliveriesRequest list;
    list.set_state(state);
    Costs("all", &Stub::ListDeliveries, "auditor", list, kDeliveryLines);
    Costs("a group's own", &Stub::ListDeliveries, "group", list, kDeliveryLines);
    list.set_group(past_group);
    Costs("of a group with a long past", &Stub::ListDeliveries, "auditor", list, kDeliveryLines);
    list.set_group(other_);
    Costs("of another group", &Stub::ListDeliveries, "auditor", list, kDeliveryLines);
  }
  CostsPaged("all", &Stub::ListDeliveries, "auditor", pb::ListDeliveriesRequest(), kDeliveryLines);
  for (const std::string order : {"ship_time desc", "ship_time"}) {
    SCOPED_TRACE(order);
    pb::ListDeliveriesRequest list;
    list.set_order_by(order);
    CostsPaged("all", &Stub::ListDeliveries, "auditor", list, kDeliveryLines);
    list.set_ship_from_date("2025-12-01");
    list.set_ship_to_date("2025-12-01");
    CostsPaged("of a day", &Stub::ListDeliveries, "auditor", list, kDeliveryLines);
    list.set_group(past_group);
    Costs("of a day and a group", &Stub::ListDeliveries, "auditor", list, kDeliveryLines);
    list.set_ship_from_date("2020-01-01");
    list.set_ship_to_date("2020-01-31");
    Costs("of a month without any", &Stub::ListDeliveries, "auditor", list, kDeliveryLines);
    list.clear_group();
    Costs("of all groups in it", &Stub::ListDeliveries, "auditor", list, kDeliveryLines);
  }
}

TEST_F(PlansReadingTest, ReservationsAndTransfers) {
  pb::ListReservationsRequest reserved;
  Costs("ListReservations", &Stub::ListReservations, "auditor", reserved);
  reserved.set_warehouse(east_house_);
  Costs("ListReservations of a warehouse", &Stub::ListReservations, "volunteer", reserved);
  reserved.clear_warehouse();
  reserved.set_group(hub_);
  Costs("ListReservations for a group", &Stub::ListReservations, "auditor", reserved);
  reserved.clear_group();
  reserved.set_delivery(ids::Name("deliveries", Id(12, 1)));
  Costs("ListReservations of a delivery", &Stub::ListReservations, "auditor", reserved);
  const auto one = Ask(&Stub::ListReservations, "auditor", reserved);
  ASSERT_THAT(one, IsOk());
  ASSERT_EQ(one->reservations_size(), 1);
  pb::GetReservationRequest get_reservation;
  get_reservation.set_name(one->reservations(0).name());
  Costs("GetReservation", &Stub::GetReservation, "auditor", get_reservation);

  pb::GetTransferRequest get;
  get.set_name(Past("transfers", "t77"));
  Costs("GetTransfer", &Stub::GetTransfer, "auditor", get);
  for (const pb::TransferState state :
       {pb::TRANSFER_STATE_UNSPECIFIED, pb::TRANSFER_STATE_SENT, pb::TRANSFER_STATE_ARRIVED}) {
    SCOPED_TRACE(pb::TransferState_Name(state));
    pb::ListTransfersRequest list;
    list.set_state(state);
    Costs("ListTransfers", &Stub::ListTransfers, "auditor", list);
    list.set_warehouse(east_house_);
    Costs("ListTransfers from a warehouse", &Stub::ListTransfers, "auditor", list);
    list.set_warehouse(west_house_);
    Costs("ListTransfers to a warehouse", &Stub::ListTransfers, "auditor", list);
  }
  CostsPaged("ListTransfers", &Stub::ListTransfers, "auditor", pb::ListTransfersRequest());
}

TEST_F(PlansReadingTest, TheFeed) {
  pb::ReadFeedRequest read;
  Costs("from the start", &Stub::ReadFeed, "auditor", read);
  read.set_position(kLots * 10);
  Costs("from the middle", &Stub::ReadFeed, "auditor", read);
  read.set_page_size(1'000);
  Costs("much from the middle", &Stub::ReadFeed, "auditor", read, 3 * 1'000);
  read.set_position(kLots * 20 + 1'000);
  Costs("nothing new", &Stub::ReadFeed, "auditor", read);
}

}  // namespace
}  // namespace kubari::stock
