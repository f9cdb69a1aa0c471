// Lists as tables show them: in every order, narrowed by every filter, page by page; over the wire.
#include <absl/strings/str_join.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <set>

#include "services/stock/world_testing.h"

namespace kubari::stock {
namespace {

using namespace testing;  // NOLINT
using errors::FailsBecause;
using errors::Violates;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;

using Names = std::vector<std::string>;

class ListsTest : public WorldTest {
 protected:
  // Whatever the page size, the pages together are the list. Returns it, each row as `name_of` says.
  template <typename Request, typename Response, typename NameOf>
  Names All(grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Response*), const std::string& who,
            Request request, NameOf name_of) {
    request.set_page_size(200);
    const auto whole = Call(method, who, request);
    EXPECT_THAT(whole, IsOk());
    if (!whole.ok()) return {};
    EXPECT_EQ(whole->next_page_token(), "");
    const Names all = name_of(*whole);
    for (const int size : {1, 2, 3}) {
      Names paged;
      request.set_page_size(size);
      request.clear_page_token();
      for (int pages = 0; pages < 100; ++pages) {
        const auto page = Call(method, who, request);
        EXPECT_THAT(page, IsOk());
        if (!page.ok()) return all;
        const Names more = name_of(*page);
        paged.insert(paged.end(), more.begin(), more.end());
        if (page->next_page_token().empty()) break;
        request.set_page_token(page->next_page_token());
      }
      EXPECT_EQ(paged, all) << size << " a page";
    }
    return all;
  }
  Names Balances(const pb::ListBalancesRequest& request) {
    return All(&Stub::ListBalances, "volunteer", request, [](const pb::ListBalancesResponse& page) {
      Names rows;
      for (const pb::Balance& b : page.balances()) {
        rows.push_back(absl::StrCat(b.lot().donor_lot_number(), "@", b.place().code(), "=", b.on_hand()));
        EXPECT_EQ(b.free(), b.on_hand() - b.reserved());
      }
      return rows;
    });
  }
  Names Balances(const std::string& order_by) {
    pb::ListBalancesRequest request;
    request.set_order_by(order_by);
    return Balances(request);
  }
  Names Lots(const pb::ListLotsRequest& request, const std::string& who = "auditor") {
    return All(&Stub::ListLots, who, request, [](const pb::ListLotsResponse& page) {
      Names rows;
      for (const pb::Lot& lot : page.lots()) rows.push_back(lot.donor_lot_number());
      return rows;
    });
  }
  Names Movements(const pb::ListMovementsRequest& request, const std::string& who = "auditor") {
    return All(&Stub::ListMovements, who, request, [](const pb::ListMovementsResponse& page) {
      Names rows;
      for (const pb::Movement& m : page.movements())
        rows.push_back(absl::StrCat(m.position(), " ", pb::MovementKind_Name(m.kind()).substr(14)));
      return rows;
    });
  }
  Names Deliveries(const pb::ListDeliveriesRequest& request, const std::string& who = "auditor") {
    return All(&Stub::ListDeliveries, who, request, [](const pb::ListDeliveriesResponse& page) {
      Names rows;
      for (const pb::Delivery& d : page.deliveries()) rows.push_back(d.name());
      return rows;
    });
  }
  // Goods of a product that were not offered before.
  pb::Lot BringOf(const std::string& product, int64_t items, const std::string& number, const std::string& date,
                  const std::string& place) {
    pb::ReceiveStockRequest request;
    request.set_request_id(ids::NewUuid());
    request.set_donor(registers_.donor.name());
    request.set_product(product);
    request.set_items(items);
    request.set_place(place);
    request.set_donor_lot_number(number);
    request.mutable_good_until()->set_kind(date.empty() ? type::v1::DATE_KIND_NONE : type::v1::DATE_KIND_BEST_BEFORE);
    request.mutable_good_until()->set_date(date);
    const auto received = Call(&Stub::ReceiveStock, "coordinator", request);
    EXPECT_THAT(received, IsOk());
    return received.ok() ? received->lot() : pb::Lot();
  }
  // めん: A (2027-02, 10 on A-01), B (2027-03-31, 30 on A-02 and 5 on W-01 in the west), of which 28 on A-02 are
  // promised. かに缶: C (2027-03-31, 20 on A-02). 塩: D (no date, 10 on A-01).
  void Fill() {
    crab_ = AddProduct("架空かに缶", "9520000000028");
    salt_ = AddProduct("架空しお", "");
    a_ = Bring(10, "A", "2027-02");
    b_ = Bring(30, "B", "", second_);
    Bring(5, "B", "", west_);
    c_ = BringOf(crab_, 20, "C", "2027-03-31", second_);
    d_ = BringOf(salt_, 10, "D", "", shelf_);
    pb::ReserveStockRequest promised = Reserving(b_, 28);
    promised.set_place(second_);
    promised.set_departure_reason("試験");
    EXPECT_THAT(Call(&Stub::ReserveStock, "coordinator", promised), IsOk());
  }
  void At(const std::string& day) {
    absl::CivilDay civil;
    ASSERT_TRUE(absl::ParseCivilTime(day, &civil));
    const absl::Time time = absl::FromCivil(absl::CivilSecond(civil) + 10 * 3600, absl::FixedTimeZone(9 * 3600));
    clock_.Advance(time - clock_.Now());
  }
  static Names Sorted(Names names) {
    std::sort(names.begin(), names.end());
    return names;
  }
  static Names Reversed(Names names) {
    std::reverse(names.begin(), names.end());
    return names;
  }

  std::string crab_, salt_;
  pb::Lot a_, b_, c_, d_;
};

TEST_F(ListsTest, BalancesInEveryOrder) {
  Fill();
  // B came before C, and stands on two shelves, the eastern one first.
  const Names by_date = {"A@A-01=10", "B@A-02=30", "B@W-01=5", "C@A-02=20", "D@A-01=10"};
  EXPECT_EQ(Balances(""), by_date);
  EXPECT_EQ(Balances("good_until"), by_date);
  EXPECT_EQ(Balances("good_until desc"), Reversed(by_date));
  EXPECT_THAT(Balances("product"), ElementsAre("C@A-02=20", "D@A-01=10", "A@A-01=10", "B@A-02=30", "B@W-01=5"));
  EXPECT_THAT(Balances("product desc"), ElementsAre("A@A-01=10", "B@A-02=30", "B@W-01=5", "D@A-01=10", "C@A-02=20"));
  EXPECT_THAT(Balances("place"), ElementsAre("A@A-01=10", "D@A-01=10", "B@A-02=30", "C@A-02=20", "B@W-01=5"));
  EXPECT_THAT(Balances("place desc"), ElementsAre("B@W-01=5", "B@A-02=30", "C@A-02=20", "A@A-01=10", "D@A-01=10"));
  EXPECT_THAT(Balances("on_hand"), ElementsAre("B@W-01=5", "A@A-01=10", "D@A-01=10", "C@A-02=20", "B@A-02=30"));
  EXPECT_THAT(Balances("on_hand desc"), ElementsAre("B@A-02=30", "C@A-02=20", "A@A-01=10", "D@A-01=10", "B@W-01=5"));
  EXPECT_THAT(Balances("free"), ElementsAre("B@A-02=30", "B@W-01=5", "A@A-01=10", "D@A-01=10", "C@A-02=20"));
  EXPECT_THAT(Balances("free desc"), ElementsAre("C@A-02=20", "A@A-01=10", "D@A-01=10", "B@W-01=5", "B@A-02=30"));
}

TEST_F(ListsTest, BalancesByEveryFilterInEveryOrder) {
  Fill();
  const auto narrowed = [&](const std::function<void(pb::ListBalancesRequest&)>& narrow) {
    pb::ListBalancesRequest request;
    narrow(request);
    const Names first = Sorted(Balances(request));
    for (const char* order : {"good_until desc", "product", "product desc", "place", "place desc", "on_hand",
                              "on_hand desc", "free", "free desc"}) {
      request.set_order_by(order);
      EXPECT_EQ(Sorted(Balances(request)), first) << order;
    }
    return first;
  };
  EXPECT_THAT(narrowed([&](auto& r) { r.set_query("かに"); }), ElementsAre("C@A-02=20"));
  EXPECT_THAT(narrowed([&](auto& r) { r.set_query("ｶﾆ 缶"); }), ElementsAre("C@A-02=20"));
  EXPECT_THAT(narrowed([&](auto& r) { r.set_query("架空"); }), SizeIs(5));
  EXPECT_THAT(narrowed([&](auto& r) { r.set_query("000000002"); }), ElementsAre("C@A-02=20"));
  EXPECT_THAT(narrowed([&](auto& r) { r.set_query(b_.code()); }), ElementsAre("B@A-02=30", "B@W-01=5"));
  EXPECT_THAT(narrowed([&](auto& r) { r.set_query("%"); }), IsEmpty());
  EXPECT_THAT(narrowed([&](auto& r) { r.set_query("\\"); }), IsEmpty());
  EXPECT_THAT(narrowed([&](auto& r) { r.set_temperature_zone(type::v1::TEMPERATURE_ZONE_AMBIENT); }), SizeIs(5));
  EXPECT_THAT(narrowed([&](auto& r) { r.set_temperature_zone(type::v1::TEMPERATURE_ZONE_FROZEN); }), IsEmpty());
  EXPECT_THAT(narrowed([&](auto& r) { r.set_good_until_before_date("2027-03-01"); }), ElementsAre("A@A-01=10"));
  EXPECT_THAT(narrowed([&](auto& r) { r.set_good_until_before_date("2027-02-28"); }), IsEmpty());
  EXPECT_THAT(narrowed([&](auto& r) { r.set_good_until_before_date("2099-01-01"); }), SizeIs(4));  // D has no date
  EXPECT_THAT(narrowed([&](auto& r) { r.set_place(second_); }), ElementsAre("B@A-02=30", "C@A-02=20"));
  EXPECT_THAT(narrowed([&](auto& r) { r.set_place(ids::Name("places", ids::NewUuid())); }), IsEmpty());
  EXPECT_THAT(narrowed([&](auto& r) { r.set_warehouse(west_house_); }), ElementsAre("B@W-01=5"));
  EXPECT_THAT(narrowed([&](auto& r) { r.set_product(salt_); }), ElementsAre("D@A-01=10"));
  EXPECT_THAT(narrowed([&](auto& r) { r.set_lot(b_.name()); }), SizeIs(2));
  // Together they all hold.
  EXPECT_THAT(narrowed([&](auto& r) {
                r.set_query("めん");
                r.set_warehouse(east_house_);
                r.set_good_until_before_date("2027-04-01");
                r.set_place(second_);
                r.set_free_only(true);
              }),
              ElementsAre("B@A-02=30"));
  ASSERT_THAT(Discard(b_, second_, 2), IsOk());  // now all of it is promised
  EXPECT_THAT(narrowed([&](auto& r) { r.set_free_only(true); }),
              ElementsAre("A@A-01=10", "B@W-01=5", "C@A-02=20", "D@A-01=10"));
}

TEST_F(ListsTest, AnOrderThatIsNotThereSaysWhichAre) {
  pb::ListBalancesRequest balances;
  balances.set_order_by("reserved desc");
  const auto refused = Call(&Stub::ListBalances, "volunteer", balances);
  EXPECT_THAT(refused, Violates("order_by", "UNKNOWN_ORDER"));
  EXPECT_THAT(refused.status().message(), ::testing::HasSubstr("on_hand desc"));
  pb::ListLotsRequest lots;
  lots.set_order_by("code");
  EXPECT_THAT(Call(&Stub::ListLots, "auditor", lots), Violates("order_by", "UNKNOWN_ORDER"));
  pb::ListMovementsRequest movements;
  movements.set_order_by("items");
  EXPECT_THAT(Call(&Stub::ListMovements, "auditor", movements), Violates("order_by", "UNKNOWN_ORDER"));
  pb::ListDeliveriesRequest deliveries;
  deliveries.set_order_by("group");
  EXPECT_THAT(Call(&Stub::ListDeliveries, "auditor", deliveries), Violates("order_by", "UNKNOWN_ORDER"));
}

TEST_F(ListsTest, ATokenHoldsForItsOrderAndFilters) {
  Fill();
  pb::ListBalancesRequest request;
  request.set_page_size(1);
  request.set_order_by("on_hand desc");
  request.set_page_token(Call(&Stub::ListBalances, "volunteer", request)->next_page_token());
  EXPECT_THAT(Call(&Stub::ListBalances, "volunteer", request), IsOk());
  for (const auto& change : std::vector<std::function<void(pb::ListBalancesRequest&)>>{
           [](auto& r) { r.set_order_by("on_hand"); }, [](auto& r) { r.clear_order_by(); },
           [](auto& r) { r.set_query("架空"); }, [&](auto& r) { r.set_place(shelf_); },
           [](auto& r) { r.set_good_until_before_date("2027-05-01"); },
           [](auto& r) { r.set_temperature_zone(type::v1::TEMPERATURE_ZONE_AMBIENT); }}) {
    pb::ListBalancesRequest changed = request;
    change(changed);
    EXPECT_THAT(Call(&Stub::ListBalances, "volunteer", changed), FailsBecause("PAGE_TOKEN_INVALID"));
  }
}

TEST_F(ListsTest, WhatIsNoFilterIsTold) {
  pb::ListBalancesRequest balances;
  balances.set_place("places/here");
  balances.set_query(std::string(201, 'x'));
  balances.set_good_until_before_date("2027-03");
  balances.set_temperature_zone(static_cast<type::v1::TemperatureZone>(9));
  const auto refused = Call(&Stub::ListBalances, "volunteer", balances);
  EXPECT_THAT(refused, Violates("place", "NOT_A_NAME"));
  EXPECT_THAT(refused, Violates("query", "TOO_LONG"));
  EXPECT_THAT(refused, Violates("good_until_before_date", "NOT_A_DAY"));
  EXPECT_THAT(refused, Violates("temperature_zone", "UNKNOWN_VALUE"));
  pb::ListMovementsRequest movements;
  movements.add_kinds(pb::MOVEMENT_KIND_ISSUE);
  movements.add_kinds(static_cast<pb::MovementKind>(99));
  movements.set_actor("somebody");
  movements.set_recorded_from_date("2026-12-02");
  movements.set_recorded_to_date("2026-12-01");
  const auto odd = Call(&Stub::ListMovements, "auditor", movements);
  EXPECT_THAT(odd, Violates("kinds[1]", "UNKNOWN_VALUE"));
  EXPECT_THAT(odd, Violates("actor", "NOT_A_NAME"));
  EXPECT_THAT(odd, Violates("recorded_to_date", "ENDS_EARLY"));
  pb::ListMovementsRequest both;
  both.set_actor("people/" + ids::NewUuid());
  both.set_mine(true);
  EXPECT_THAT(Call(&Stub::ListMovements, "auditor", both), Violates("mine", "NOT_BOTH"));
  pb::ListDeliveriesRequest deliveries;
  deliveries.set_ship_from_date("yesterday");
  EXPECT_THAT(Call(&Stub::ListDeliveries, "auditor", deliveries), Violates("ship_from_date", "NOT_A_DAY"));
}

TEST_F(ListsTest, LotsAreSearchedAndTurnedRound) {
  Fill();
  ASSERT_THAT(Discard(c_, second_, 20), IsOk());  // C is gone
  pb::ListLotsRequest request;
  const Names all = Lots(request);
  ASSERT_THAT(all, SizeIs(4));
  EXPECT_EQ(all.front(), "A");
  EXPECT_EQ(all.back(), "D");
  request.set_order_by("good_until desc");
  EXPECT_EQ(Lots(request), Reversed(all));
  EXPECT_EQ(Lots(request, "donor"), Reversed(all));
  for (const char* order : {"good_until", "good_until desc"}) {
    SCOPED_TRACE(order);
    for (const bool in_stock : {false, true}) {
      pb::ListLotsRequest asked;
      asked.set_order_by(order);
      asked.set_in_stock(in_stock);
      EXPECT_THAT(Lots(asked), SizeIs(in_stock ? 3 : 4));
      asked.set_query("架空");
      EXPECT_THAT(Sorted(Lots(asked)), in_stock ? Names({"A", "B", "D"}) : Names({"A", "B", "C", "D"}));
      asked.set_query("めん");
      EXPECT_THAT(Sorted(Lots(asked)), ElementsAre("A", "B"));
      asked.set_donor(ids::Name("donors", ids::NewUuid()));
      EXPECT_THAT(Lots(asked), IsEmpty());
      asked.clear_donor();
      asked.set_query("かに");
      EXPECT_THAT(Lots(asked), SizeIs(in_stock ? 0 : 1));
      asked.set_query(c_.code());
      EXPECT_THAT(Lots(asked), SizeIs(in_stock ? 0 : 1));
      asked.set_query(a_.code());
      EXPECT_THAT(Lots(asked, "donor"), ElementsAre("A"));
      asked.set_product(crab_);
      EXPECT_THAT(Lots(asked), IsEmpty());
      asked.clear_query();
      EXPECT_THAT(Lots(asked), SizeIs(in_stock ? 0 : 1));
      asked.set_product(salt_);
      EXPECT_THAT(Lots(asked), ElementsAre("D"));
    }
  }
  // A product that is called nearly as the lot is no answer to who asks for the lot; to who misspells the product it is.
  std::string nearly = a_.code(), misspelt = a_.code();
  nearly.back() = a_.code().back() == 'A' ? 'B' : 'A';
  misspelt.back() = a_.code().back() == 'C' ? 'D' : 'C';
  BringOf(AddProduct(nearly, ""), 5, "E", "2027-05-31", shelf_);
  pb::ListLotsRequest asked;
  asked.set_query(a_.code());
  EXPECT_THAT(Lots(asked), ElementsAre("A"));
  asked.set_query(misspelt);
  EXPECT_THAT(Lots(asked), ElementsAre("E"));
}

TEST_F(ListsTest, MovementsByKindPlaceDayAndActor) {
  At("2026-12-02");
  const pb::Lot lot = Receive(50);  // 0, by the volunteer
  At("2026-12-03");
  const std::string delivery = Give(lot, 8);  // 1
  Confirm(delivery);                          // 2
  At("2026-12-05");
  const std::string transfer = Send(lot, 6);  // 3
  Arrive(transfer, lot, 6);                   // 4
  const auto discarded = Discard(lot, shelf_, 2);
  ASSERT_THAT(discarded, IsOk());                           // 5
  ASSERT_THAT(Undo(discarded->movement().name()), IsOk());  // 6
  const Names oldest = {"0 RECEIVE", "1 ISSUE", "2 CONFIRM", "3 SEND", "4 ARRIVE", "5 DISCARD", "6 REVERSAL"};
  const auto narrowed = [&](const std::function<void(pb::ListMovementsRequest&)>& narrow) {
    pb::ListMovementsRequest request;
    narrow(request);
    request.set_order_by("position");
    const Names forward = Movements(request);
    request.set_order_by("position desc");
    EXPECT_EQ(Movements(request), Reversed(forward));
    request.clear_order_by();
    EXPECT_EQ(Movements(request), Reversed(forward));
    return forward;
  };
  EXPECT_EQ(narrowed([](auto&) {}), oldest);
  EXPECT_THAT(narrowed([](auto& r) { r.add_kinds(pb::MOVEMENT_KIND_ISSUE); }), ElementsAre("1 ISSUE"));
  EXPECT_THAT(narrowed([](auto& r) {
                r.add_kinds(pb::MOVEMENT_KIND_REVERSAL);
                r.add_kinds(pb::MOVEMENT_KIND_RECEIVE);
              }),
              ElementsAre("0 RECEIVE", "6 REVERSAL"));
  EXPECT_THAT(narrowed([](auto& r) { r.set_recorded_from_date("2026-12-03"); }), SizeIs(6));
  EXPECT_THAT(narrowed([](auto& r) { r.set_recorded_from_date("2026-12-04"); }), SizeIs(4));
  EXPECT_THAT(narrowed([](auto& r) { r.set_recorded_to_date("2026-12-03"); }),
              ElementsAre("0 RECEIVE", "1 ISSUE", "2 CONFIRM"));
  EXPECT_THAT(narrowed([](auto& r) {
                r.set_recorded_from_date("2026-12-03");
                r.set_recorded_to_date("2026-12-03");
              }),
              ElementsAre("1 ISSUE", "2 CONFIRM"));
  EXPECT_THAT(narrowed([](auto& r) { r.set_recorded_to_date("2026-12-01"); }), IsEmpty());
  EXPECT_THAT(narrowed([](auto& r) { r.set_recorded_from_date("2026-12-06"); }), IsEmpty());
  EXPECT_THAT(narrowed([&](auto& r) { r.set_warehouse(west_house_); }), ElementsAre("4 ARRIVE"));
  EXPECT_THAT(narrowed([&](auto& r) { r.set_warehouse(east_house_); }),
              ElementsAre("0 RECEIVE", "1 ISSUE", "3 SEND", "5 DISCARD", "6 REVERSAL"));
  EXPECT_THAT(narrowed([&](auto& r) { r.set_place(shelf_); }),
              ElementsAre("0 RECEIVE", "1 ISSUE", "3 SEND", "5 DISCARD", "6 REVERSAL"));
  EXPECT_THAT(narrowed([&](auto& r) { r.set_lot(lot.name()); }), SizeIs(7));
  EXPECT_THAT(narrowed([&](auto& r) { r.set_delivery(delivery); }), ElementsAre("1 ISSUE", "2 CONFIRM"));
  EXPECT_THAT(narrowed([&](auto& r) { r.set_group(ids::Name("groups", kGroup)); }),
              ElementsAre("1 ISSUE", "2 CONFIRM"));
  EXPECT_THAT(narrowed([&](auto& r) {
                r.set_place(shelf_);
                r.add_kinds(pb::MOVEMENT_KIND_DISCARD);
                r.add_kinds(pb::MOVEMENT_KIND_CONFIRM);
                r.set_warehouse(east_house_);
                r.set_recorded_from_date("2026-12-05");
              }),
              ElementsAre("5 DISCARD"));
  // Who it was is a filter of its own, and the same as asking for one's own.
  const auto received = Call(&Stub::ListMovements, "auditor", [] {
    pb::ListMovementsRequest request;
    request.add_kinds(pb::MOVEMENT_KIND_RECEIVE);
    return request;
  }());
  ASSERT_THAT(received, IsOk());
  const std::string volunteer = received->movements(0).actor();
  EXPECT_THAT(narrowed([&](auto& r) { r.set_actor(volunteer); }), ElementsAre("0 RECEIVE"));
  EXPECT_THAT(narrowed([&](auto& r) { r.set_actor("devices/" + ids::NewUuid()); }), IsEmpty());
  pb::ListMovementsRequest mine;
  mine.set_mine(true);
  EXPECT_THAT(Movements(mine, "volunteer"), ElementsAre("0 RECEIVE"));
  mine.set_order_by("position");
  EXPECT_THAT(Movements(mine, "coordinator"), SizeIs(6));
}

TEST_F(ListsTest, MovementsOfALedgerWithoutAny) {
  pb::ListMovementsRequest request;
  request.set_recorded_from_date("2026-12-01");
  request.set_recorded_to_date("2026-12-31");
  EXPECT_THAT(Movements(request), IsEmpty());
}

TEST_F(ListsTest, DeliveriesByWhenTheyLeft) {
  const pb::Lot lot = Receive(100);
  // One that left on the second was recorded last: by a phone that had no signal.
  At("2026-12-03");
  const std::string third = Give(lot, 4);
  At("2026-12-06");
  const std::string sixth = Give(lot, 4, kOtherGroup);
  pb::IssueStockRequest late = Giving(lot, 4);
  late.mutable_occurred_time()->set_seconds(
      absl::ToUnixSeconds(absl::FromCivil(absl::CivilSecond(2026, 12, 2, 23, 59, 59), absl::FixedTimeZone(9 * 3600))));
  const auto issued = Call(&Stub::IssueStock, "coordinator", late);
  ASSERT_THAT(issued, IsOk());
  const std::string second = issued->movement().delivery();
  Confirm(third);
  const auto narrowed = [&](const std::function<void(pb::ListDeliveriesRequest&)>& narrow,
                            const std::string& who = "auditor") {
    pb::ListDeliveriesRequest request;
    narrow(request);
    request.set_order_by("ship_time");
    const Names forward = Deliveries(request, who);
    request.set_order_by("ship_time desc");
    EXPECT_EQ(Deliveries(request, who), Reversed(forward));
    request.clear_order_by();
    EXPECT_EQ(Deliveries(request, who), Reversed(forward));
    return forward;
  };
  EXPECT_THAT(narrowed([](auto&) {}), ElementsAre(second, third, sixth));
  EXPECT_THAT(narrowed([](auto& r) { r.set_ship_from_date("2026-12-03"); }), ElementsAre(third, sixth));
  EXPECT_THAT(narrowed([](auto& r) { r.set_ship_to_date("2026-12-02"); }), ElementsAre(second));
  EXPECT_THAT(narrowed([](auto& r) {
                r.set_ship_from_date("2026-12-03");
                r.set_ship_to_date("2026-12-05");
              }),
              ElementsAre(third));
  EXPECT_THAT(narrowed([](auto& r) { r.set_state(pb::DELIVERY_STATE_CONFIRMED); }), ElementsAre(third));
  EXPECT_THAT(narrowed([](auto& r) { r.set_state(pb::DELIVERY_STATE_SHIPPED); }), ElementsAre(second, sixth));
  EXPECT_THAT(narrowed([](auto& r) { r.set_group(ids::Name("groups", kGroup)); }), ElementsAre(second, third));
  EXPECT_THAT(narrowed([](auto&) {}, "group"), ElementsAre(second, third));
  EXPECT_THAT(narrowed([](auto&) {}, "other group"), ElementsAre(sixth));
  EXPECT_THAT(narrowed([](auto& r) { r.set_group(ids::Name("groups", kOtherGroup)); }, "group"), IsEmpty());
  EXPECT_THAT(narrowed([](auto& r) { r.set_ship_from_date("2026-12-03"); }, "group"), ElementsAre(third));
}

TEST_F(ListsTest, AGroupSeesWhatItHolds) {
  const auto holdings = [&](const std::string& who, const std::string& group = "") {
    pb::ListHoldingsRequest request;
    request.set_group(group);
    return All(&Stub::ListHoldings, who, request, [](const pb::ListHoldingsResponse& page) {
      Names rows;
      for (const pb::Holding& h : page.holdings())
        rows.push_back(absl::StrCat(h.lot().donor_lot_number(), "=", h.items()));
      return rows;
    });
  };
  EXPECT_THAT(holdings("group"), IsEmpty());
  const pb::Lot late = Bring(100, "late", "2027-06"), soon = Bring(100, "soon", "2027-02-01");
  Confirm(Give(late, 24));
  Confirm(Give(soon, 12));
  const std::string on_its_way = Give(soon, 12);
  EXPECT_THAT(holdings("group"), ElementsAre("soon=12", "late=24"));
  Confirm(on_its_way);
  ASSERT_THAT(Discard(late, hub_, 4), IsOk());
  const std::string passed = PassOn(soon, 5);
  EXPECT_THAT(holdings("group"), ElementsAre("soon=19", "late=20"));
  EXPECT_THAT(holdings("other group"), IsEmpty());
  Confirm(passed);
  EXPECT_THAT(holdings("other group"), ElementsAre("soon=5"));
  EXPECT_THAT(holdings("coordinator", other_), ElementsAre("soon=5"));
  EXPECT_THAT(holdings("auditor", hub_), ElementsAre("soon=19", "late=20"));
  Open(GoodsOf({late}));
  pb::ListHoldingsRequest request;
  EXPECT_NE(Call(&Stub::ListHoldings, "group", request)->holdings(1).lot().recall(), "");
  request.set_group(other_);
  EXPECT_THAT(Call(&Stub::ListHoldings, "group", request), FailsBecause("NOT_YOUR_ORGANISATION"));
  request.clear_group();
  EXPECT_THAT(Call(&Stub::ListHoldings, "coordinator", request), Violates("group", "REQUIRED"));
  EXPECT_THAT(Call(&Stub::ListHoldings, "donor", request), FailsBecause("ROLE_NOT_ALLOWED"));
}

TEST_F(ListsTest, DonorsAreToldTheNamesOfGroupsThatAgree) {
  const pb::Lot lot = Receive(100);
  Confirm(Give(lot, 12));
  Confirm(Give(lot, 12, kOtherGroup));
  registers_.groups[other_].set_may_be_named_to_donors(true);
  const auto named = [&](const std::string& who) {
    pb::TraceLotRequest request;
    request.set_lot(lot.name());
    const auto trace = Call(&Stub::TraceLot, who, request);
    EXPECT_THAT(trace, IsOk());
    std::set<std::string> names;
    if (!trace.ok()) return names;
    for (const pb::Holder& holder : trace->holders()) {
      const pb::PlaceKind kind = holder.place().kind();
      if (kind != pb::PLACE_KIND_GROUP || holder.items() == 0) continue;
      names.insert(holder.place().display_name() + " " + holder.place().party());
    }
    for (const pb::Movement& movement : trace->movements()) {
      if (movement.kind() != pb::MOVEMENT_KIND_CONFIRM) continue;
      names.insert(movement.to_display_name() + " " + movement.group());
    }
    return names;
  };
  EXPECT_THAT(named("donor"), UnorderedElementsAre("受取団体 ", "きた食堂 " + other_));
  EXPECT_THAT(named("auditor"), UnorderedElementsAre("みなみ食堂 " + hub_, "きた食堂 " + other_));
  EXPECT_THAT(named("group"), UnorderedElementsAre("みなみ食堂 " + hub_, "他の団体 "));
  // It can think again; and what a group says of itself holds for groups that are gone from the register, too.
  registers_.groups[other_].set_may_be_named_to_donors(false);
  registers_.groups.erase(hub_);
  EXPECT_THAT(named("donor"), ElementsAre("受取団体 "));
}

}  // namespace
}  // namespace kubari::stock
