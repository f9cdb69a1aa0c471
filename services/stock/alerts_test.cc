// Alerts over the wire: what in stock needs attention, as lists, as counts and as metrics; minimums.
#include <gmock/gmock.h>
#include <google/protobuf/util/message_differencer.h>
#include <gtest/gtest.h>

#include "kubari/notifications/v1/notice.pb.h"
#include "libs/errors/macros.h"
#include "services/stock/alert_digest.h"
#include "services/stock/world_testing.h"

namespace kubari::stock {
namespace {

using namespace testing;  // NOLINT
using errors::FailsBecause;
using errors::Violates;
using google::protobuf::util::MessageDifferencer;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class AlertsTest : public WorldTest {
 protected:
  // In Japan, as the fixture's people are.
  void SetDay(int month, int day, int hour = 10) {
    const int year = month == 12 ? 2026 : 2027;
    clock_.Set(absl::FromCivil(absl::CivilSecond(year, month, day, hour, 0, 0), absl::FixedTimeZone(9 * 3600)));
  }
  absl::StatusOr<pb::ListAlertsResponse> List(pb::AlertKind kind, const std::string& warehouse = "", int page_size = 0,
                                              const std::string& token = "", const std::string& who = "auditor") {
    pb::ListAlertsRequest request;
    request.set_kind(kind);
    request.set_warehouse(warehouse);
    request.set_page_size(page_size);
    request.set_page_token(token);
    return Ask(&Alerts::ListAlerts, who, request);
  }
  int64_t Count(pb::AlertKind kind, const std::string& warehouse = "") {
    pb::CountAlertsRequest request;
    request.set_warehouse(warehouse);
    const auto counted = Ask(&Alerts::CountAlerts, "volunteer", request);
    EXPECT_THAT(counted, IsOk());
    if (!counted.ok()) return -1;
    EXPECT_THAT(counted->counts(), SizeIs(9));
    for (const pb::AlertCount& count : counted->counts()) {
      if (count.kind() == kind) return count.count();
    }
    return -1;
  }
  // All of them: in one page, one by one, and counted; the same each time.
  std::vector<pb::Alert> All(pb::AlertKind kind, const std::string& warehouse = "") {
    const auto whole = List(kind, warehouse);
    EXPECT_THAT(whole, IsOk());
    if (!whole.ok()) return {};
    EXPECT_EQ(whole->next_page_token(), "");
    std::vector<pb::Alert> all(whole->alerts().begin(), whole->alerts().end()), walked;
    std::string token;
    do {
      const auto page = List(kind, warehouse, 1, token);
      EXPECT_THAT(page, IsOk());
      if (!page.ok()) return {};
      EXPECT_LE(page->alerts_size(), 1);
      walked.insert(walked.end(), page->alerts().begin(), page->alerts().end());
      token = page->next_page_token();
    } while (!token.empty() && walked.size() <= all.size());
    EXPECT_EQ(walked.size(), all.size());
    for (size_t i = 0; i < std::min(walked.size(), all.size()); ++i)
      EXPECT_TRUE(MessageDifferencer::Equals(walked[i], all[i])) << walked[i].DebugString();
    EXPECT_EQ(Count(kind, warehouse), static_cast<int64_t>(all.size()));
    for (const pb::Alert& alert : all) EXPECT_EQ(alert.kind(), kind);
    return all;
  }
  // "number days on hand/reserved/free" of each.
  std::vector<std::string> Goods(pb::AlertKind kind, const std::string& warehouse = "") {
    std::vector<std::string> goods;
    for (const pb::Alert& alert : All(kind, warehouse)) {
      goods.push_back(absl::StrCat(alert.lot().donor_lot_number(), " ", alert.days(), " ", alert.on_hand(), "/",
                                   alert.reserved(), "/", alert.free()));
    }
    return goods;
  }
  // As Reserving, until so many days from now; whatever else expires earlier.
  pb::Reservation Promise(const pb::Lot& lot, int64_t items, int days = 1) {
    pb::ReserveStockRequest request = Reserving(lot, items);
    request.set_departure_reason("試験");
    request.mutable_expire_time()->set_seconds(absl::ToUnixSeconds(clock_.Now() + absl::Hours(24 * days)));
    const auto reserved = Call(&Stub::ReserveStock, "coordinator", request);
    EXPECT_THAT(reserved, IsOk());
    return reserved.ok() ? reserved->reservation() : pb::Reservation();
  }
  absl::StatusOr<pb::Minimum> SetMinimum(int64_t items, const std::string& warehouse = "",
                                         const std::string& who = "coordinator",
                                         const std::string& product = ids::Name("products", kProduct)) {
    pb::SetMinimumRequest request;
    request.mutable_minimum()->set_product(product);
    request.mutable_minimum()->set_warehouse(warehouse);
    request.mutable_minimum()->set_items(items);
    return Do(&Alerts::SetMinimum, who, request);
  }
  // Takes from the first shelf, by a phone whose attempts are noted.
  absl::StatusOr<pb::DiscardStockResponse> Take(const pb::DiscardStockRequest& request) {
    const auto taken = Ask(&Stub::DiscardStock, "volunteer", request);
    EXPECT_THAT(attempts_.Flush(), IsOk());
    return taken;
  }
  pb::DiscardStockRequest Taking(const pb::Lot& lot, int64_t items) {
    pb::DiscardStockRequest request;
    request.set_request_id(ids::NewUuid());
    request.set_lot(lot.name());
    request.set_place(shelf_);
    request.set_items(items);
    request.set_reason("DAMAGED");
    return request;
  }
};

// Dates --------------------------------------------------------------------------------------------------------------

TEST_F(AlertsTest, GoodsNearTheirDateAndPastIt) {
  Bring(10, "past", "2026-12-05");
  Bring(10, "today", "2026-12-06");
  const pb::Lot half = Bring(10, "half", "2026-12-20"), all = Bring(10, "all", "2026-12-25");
  Bring(10, "month", "2026-12");
  Bring(10, "last", "2027-01-05");
  Bring(10, "far", "2027-01-06");
  pb::ReceiveStockRequest none = Bringing(10, "none");
  none.mutable_good_until()->set_kind(type::v1::DATE_KIND_NONE);
  ASSERT_THAT(Call(&Stub::ReceiveStock, "coordinator", none), IsOk());
  Promise(half, 4, 6);
  Promise(all, 10, 6);
  SetDay(12, 6, 0);
  EXPECT_THAT(Goods(pb::ALERT_KIND_EXPIRED), ElementsAre("past -1 10/0/10"));
  EXPECT_THAT(Goods(pb::ALERT_KIND_NEAR_EXPIRY_UNRESERVED),
              ElementsAre("today 0 10/0/10", "half 14 10/4/6", "month 25 10/0/10", "last 30 10/0/10"));
  EXPECT_THAT(Goods(pb::ALERT_KIND_NEAR_EXPIRY), ElementsAre("all 19 10/10/0"));
  const pb::Alert alert = All(pb::ALERT_KIND_EXPIRED)[0];
  EXPECT_EQ(alert.place().name(), shelf_);
  EXPECT_EQ(alert.product_display_name(), "架空めん");
  EXPECT_EQ(alert.product(), ids::Name("products", kProduct));
  EXPECT_EQ(alert.warehouse(), east_house_);
  EXPECT_EQ(alert.warehouse_display_name(), "東倉庫");
  EXPECT_EQ(alert.lot().donor_display_name(), "架空食品");
  // Days begin at midnight in Japan, not in Greenwich.
  SetDay(12, 5, 23);
  EXPECT_THAT(Goods(pb::ALERT_KIND_EXPIRED), IsEmpty());
  EXPECT_THAT(All(pb::ALERT_KIND_NEAR_EXPIRY_UNRESERVED), SizeIs(4));  // past and today; not last any more
  SetDay(12, 7);
  EXPECT_THAT(Goods(pb::ALERT_KIND_EXPIRED), ElementsAre("past -2 10/0/10", "today -1 10/0/10"));
  // What is thrown away or sent away needs no attention there any more.
  ASSERT_THAT(Discard(Look([&] {
                        pb::Lot lot;
                        lot.set_name(alert.lot().name());
                        return lot;
                      }()),
                      shelf_, 10),
              IsOk());
  EXPECT_THAT(Goods(pb::ALERT_KIND_EXPIRED), ElementsAre("today -1 10/0/10"));
  Arrive(Send(half, 3), half, 3);
  EXPECT_THAT(Goods(pb::ALERT_KIND_NEAR_EXPIRY_UNRESERVED, west_house_), ElementsAre("half 13 3/0/3"));
  EXPECT_THAT(Goods(pb::ALERT_KIND_EXPIRED, west_house_), IsEmpty());
  EXPECT_THAT(Goods(pb::ALERT_KIND_NEAR_EXPIRY_UNRESERVED, east_house_),
              ElementsAre("half 13 7/4/3", "month 24 10/0/10", "last 29 10/0/10", "far 30 10/0/10"));
}

TEST_F(AlertsTest, PromisesThatOutliveTheirGoods) {
  const pb::Lot soon = Bring(10, "soon", "2026-12-10"), later = Bring(10, "later", "2026-12-15");
  const pb::Reservation kept = Promise(soon, 4, 14), in_time = Promise(soon, 1, 9);
  Promise(later, 2, 20);
  Promise(later, 3, 14);  // to the fifteenth
  const std::vector<pb::Alert> alerts = All(pb::ALERT_KIND_RESERVED_EXPIRING);
  ASSERT_THAT(alerts, SizeIs(2));
  EXPECT_EQ(alerts[0].reservation(), kept.name());
  EXPECT_EQ(alerts[0].reserved(), 4);
  EXPECT_EQ(alerts[0].on_hand(), 10);
  EXPECT_EQ(alerts[0].free(), 0);
  EXPECT_EQ(alerts[0].days(), 9);
  EXPECT_EQ(alerts[0].delivery(), kept.delivery());
  EXPECT_EQ(alerts[0].group_display_name(), "みなみ食堂");
  EXPECT_EQ(alerts[0].place().name(), shelf_);
  EXPECT_EQ(alerts[1].reserved(), 2);
  EXPECT_EQ(alerts[1].days(), 14);
  EXPECT_THAT(All(pb::ALERT_KIND_RESERVED_EXPIRING, east_house_), SizeIs(2));
  EXPECT_THAT(All(pb::ALERT_KIND_RESERVED_EXPIRING, west_house_), IsEmpty());
  pb::IssueStockRequest pick;
  pick.set_request_id(ids::NewUuid());
  pick.set_reservation(kept.name());
  pick.set_items(1);
  ASSERT_THAT(Call(&Stub::IssueStock, "volunteer", pick), IsOk());
  EXPECT_EQ(All(pb::ALERT_KIND_RESERVED_EXPIRING)[0].reserved(), 3);
  pb::VoidReservationRequest give_up;
  give_up.set_request_id(ids::NewUuid());
  give_up.set_name(kept.name());
  ASSERT_THAT(Call(&Stub::VoidReservation, "coordinator", give_up), IsOk());
  EXPECT_THAT(All(pb::ALERT_KIND_RESERVED_EXPIRING), SizeIs(1));
}

// Minimums -----------------------------------------------------------------------------------------------------------

TEST_F(AlertsTest, LessThanTheMinimum) {
  const pb::Lot lot = Bring(30, "X1"), old = Bring(20, "X2", "2026-12-05"), bad = Bring(40, "X3");
  Arrive(Send(lot, 10), lot, 10);
  const std::string soup = AddProduct("架空スープ", "9520000000011");
  ASSERT_THAT(SetMinimum(100), IsOk());
  ASSERT_THAT(SetMinimum(90, east_house_), IsOk());
  ASSERT_THAT(SetMinimum(10, west_house_), IsOk());
  ASSERT_THAT(SetMinimum(5, "", "coordinator", soup), IsOk());
  // 90 are there, 80 of them in the east: 90 of 100, 80 of 90, 10 of 10, none of 5. The least share first.
  std::vector<pb::Alert> alerts = All(pb::ALERT_KIND_BELOW_MINIMUM);
  ASSERT_THAT(alerts, SizeIs(3));
  EXPECT_EQ(alerts[0].product(), soup);
  EXPECT_EQ(alerts[0].product_display_name(), "架空スープ");
  EXPECT_EQ(alerts[0].free(), 0);
  EXPECT_EQ(alerts[0].wanted(), 5);
  EXPECT_EQ(alerts[0].warehouse(), "");
  EXPECT_EQ(alerts[1].free(), 80);
  EXPECT_EQ(alerts[1].wanted(), 90);
  EXPECT_EQ(alerts[1].warehouse(), east_house_);
  EXPECT_EQ(alerts[1].warehouse_display_name(), "東倉庫");
  EXPECT_EQ(alerts[2].free(), 90);
  EXPECT_FALSE(alerts[2].has_lot());
  EXPECT_THAT(All(pb::ALERT_KIND_BELOW_MINIMUM, east_house_), SizeIs(1));
  EXPECT_THAT(All(pb::ALERT_KIND_BELOW_MINIMUM, west_house_), IsEmpty());
  // What is past its date, stopped by a recall, promised or gone feeds nobody else.
  SetDay(12, 6);
  Open(GoodsOf({bad}));
  Promise(lot, 5);
  Give(lot, 3);
  alerts = All(pb::ALERT_KIND_BELOW_MINIMUM, east_house_);
  ASSERT_THAT(alerts, SizeIs(1));
  EXPECT_EQ(alerts[0].free(), 12);
  Give(lot, 1, kGroup, west_);
  EXPECT_EQ(All(pb::ALERT_KIND_BELOW_MINIMUM, west_house_)[0].free(), 9);
  // A minimum that is set again replaces the other; 0 removes it.
  ASSERT_THAT(SetMinimum(12, east_house_), IsOk());
  EXPECT_THAT(All(pb::ALERT_KIND_BELOW_MINIMUM, east_house_), IsEmpty());
  ASSERT_THAT(SetMinimum(0), IsOk());
  ASSERT_THAT(SetMinimum(0), IsOk());
  EXPECT_THAT(All(pb::ALERT_KIND_BELOW_MINIMUM), SizeIs(2));
}

TEST_F(AlertsTest, MinimumsAreSetByThoseWhoAnswerForThem) {
  const std::string soup = AddProduct("あスープ", "9520000000011"), noodles = ids::Name("products", kProduct);
  ASSERT_THAT(SetMinimum(30, east_house_, "manager"), IsOk());
  ASSERT_THAT(SetMinimum(40, west_house_, "stranger"), IsOk());
  ASSERT_THAT(SetMinimum(50, "", "administrator", soup), IsOk());
  ASSERT_THAT(SetMinimum(60), IsOk());
  EXPECT_THAT(SetMinimum(30, west_house_, "manager"), FailsBecause("NOT_YOUR_ORGANISATION"));
  EXPECT_THAT(SetMinimum(30, "", "manager"), FailsBecause("NOT_YOUR_ORGANISATION"));
  for (const char* who : {"volunteer", "auditor", "group", "donor"})
    EXPECT_THAT(SetMinimum(30, east_house_, who), FailsBecause("ROLE_NOT_ALLOWED")) << who;
  EXPECT_THAT(SetMinimum(30, "", "coordinator of another network"), FailsBecause("PRODUCT_NOT_FOUND"));
  EXPECT_THAT(SetMinimum(30, "", "coordinator", ids::Name("products", ids::NewUuid())),
              FailsBecause("PRODUCT_NOT_FOUND"));
  EXPECT_THAT(SetMinimum(30, ids::Name("warehouses", ids::NewUuid())), FailsBecause("WAREHOUSE_NOT_FOUND"));
  EXPECT_THAT(SetMinimum(-1), Violates("minimum.items", "OUT_OF_RANGE"));
  EXPECT_THAT(SetMinimum(100'000'001), Violates("minimum.items", "OUT_OF_RANGE"));
  EXPECT_THAT(SetMinimum(1, "EAST"), Violates("minimum.warehouse", "NOT_A_NAME"));
  pb::SetMinimumRequest request;
  request.set_request_id(ids::NewUuid());
  request.mutable_minimum()->set_product(noodles);
  request.mutable_minimum()->set_items(70);
  const auto set = Ask(&Alerts::SetMinimum, "coordinator", request);
  ASSERT_THAT(set, IsOk());
  EXPECT_EQ(set->product_display_name(), "架空めん");
  ASSERT_THAT(SetMinimum(60), IsOk());
  EXPECT_THAT(Ask(&Alerts::SetMinimum, "coordinator", request), IsOk());  // a replay changes nothing
  request.mutable_minimum()->set_items(71);
  EXPECT_THAT(Ask(&Alerts::SetMinimum, "coordinator", request), FailsBecause("REQUEST_ID_REUSED"));

  // By product name, page by page.
  pb::ListMinimumsRequest list;
  list.set_page_size(1);
  std::vector<std::string> seen;
  do {
    const auto page = Ask(&Alerts::ListMinimums, "volunteer", list);
    ASSERT_THAT(page, IsOk());
    for (const pb::Minimum& minimum : page->minimums())
      seen.push_back(absl::StrCat(minimum.product_display_name(), " ", minimum.items()));
    list.set_page_token(page->next_page_token());
  } while (!list.page_token().empty());
  EXPECT_THAT(seen, ElementsAre("あスープ 50", "架空めん 60", "架空めん 30", "架空めん 40"));
  list.Clear();
  list.set_warehouse(west_house_);
  const auto west = Ask(&Alerts::ListMinimums, "auditor", list);
  ASSERT_THAT(west, IsOk());
  ASSERT_THAT(west->minimums(), SizeIs(1));
  EXPECT_EQ(west->minimums(0).items(), 40);
  EXPECT_THAT(Ask(&Alerts::ListMinimums, "group", list), FailsBecause("ROLE_NOT_ALLOWED"));
  EXPECT_THAT(Ask(&Alerts::ListMinimums, "coordinator of another network", pb::ListMinimumsRequest())->minimums(),
              IsEmpty());
}

// Shelf and ledger ---------------------------------------------------------------------------------------------------

TEST_F(AlertsTest, AttemptsToTakeMoreThanThereIs) {
  const pb::Lot lot = Bring(30, "X1"), other = Bring(10, "X2");
  const absl::Time begin = clock_.Now();
  const pb::DiscardStockRequest first = Taking(lot, 50);
  EXPECT_THAT(Take(first), FailsBecause("INSUFFICIENT_STOCK"));
  EXPECT_THAT(Take(first), FailsBecause("INSUFFICIENT_STOCK"));  // the same attempt
  std::vector<pb::Alert> alerts = All(pb::ALERT_KIND_NEGATIVE_ATTEMPT);
  ASSERT_THAT(alerts, SizeIs(1));
  EXPECT_EQ(alerts[0].wanted(), 50);
  EXPECT_EQ(alerts[0].on_hand(), 30);
  EXPECT_EQ(alerts[0].reserved(), 0);
  EXPECT_EQ(alerts[0].times(), 1);
  EXPECT_EQ(alerts[0].actor(), Subject("volunteer"));
  EXPECT_EQ(absl::FromUnixSeconds(alerts[0].time().seconds()), begin);
  EXPECT_EQ(alerts[0].lot().name(), lot.name());
  EXPECT_EQ(alerts[0].place().name(), shelf_);
  EXPECT_EQ(alerts[0].warehouse(), east_house_);
  // What is there but promised is no difference between shelf and ledger; a promise takes nothing from a shelf.
  Promise(lot, 10);
  EXPECT_THAT(Take(Taking(lot, 25)), FailsBecause("INSUFFICIENT_STOCK"));
  EXPECT_THAT(Ask(&Stub::ReserveStock, "coordinator", Reserving(lot, 40)), FailsBecause("INSUFFICIENT_STOCK"));
  EXPECT_THAT(attempts_.Flush(), IsOk());
  EXPECT_EQ(All(pb::ALERT_KIND_NEGATIVE_ATTEMPT)[0].times(), 1);
  // Another phone, an hour later: the last attempt counts; the newest shelf first. In batches as well.
  clock_.Set(begin + absl::Hours(1));
  EXPECT_THAT(Ask(&Stub::IssueStock, "manager", Giving(lot, 31)), FailsBecause("INSUFFICIENT_STOCK"));
  clock_.Set(begin + absl::Hours(2));
  pb::RecordMovementsRequest batch;
  *batch.add_requests()->mutable_discard() = Taking(other, 11);
  ASSERT_THAT(Ask(&Stub::RecordMovements, "volunteer", batch), IsOk());
  EXPECT_THAT(attempts_.Flush(), IsOk());
  alerts = All(pb::ALERT_KIND_NEGATIVE_ATTEMPT);
  ASSERT_THAT(alerts, SizeIs(2));
  EXPECT_EQ(alerts[0].lot().name(), other.name());
  EXPECT_EQ(alerts[1].times(), 2);
  EXPECT_EQ(alerts[1].wanted(), 31);
  EXPECT_EQ(alerts[1].reserved(), 10);
  EXPECT_EQ(alerts[1].actor(), Subject("manager"));
  EXPECT_THAT(All(pb::ALERT_KIND_NEGATIVE_ATTEMPT, west_house_), IsEmpty());
  // Counted and adjusted: settled. Adjusting one lot settles no other.
  clock_.Set(begin + absl::Hours(3));
  ASSERT_THAT(Adjust(lot, shelf_, 1), IsOk());
  EXPECT_THAT(attempts_.Flush(), IsOk());
  alerts = All(pb::ALERT_KIND_NEGATIVE_ATTEMPT);
  ASSERT_THAT(alerts, SizeIs(1));
  EXPECT_EQ(alerts[0].lot().name(), other.name());
  // After a week it is history, and forgotten.
  clock_.Set(begin + absl::Hours(2 + 7 * 24));
  EXPECT_THAT(All(pb::ALERT_KIND_NEGATIVE_ATTEMPT), SizeIs(1));
  clock_.Set(begin + absl::Hours(3 + 7 * 24));
  EXPECT_THAT(All(pb::ALERT_KIND_NEGATIVE_ATTEMPT), IsEmpty());
  EXPECT_EQ(pg::testing::Sql(database_.superuser, "SELECT count(*) FROM stock.short_attempts"), "1");
  EXPECT_THAT(attempts_.Prune(), IsOk());
  EXPECT_EQ(pg::testing::Sql(database_.superuser, "SELECT count(*) FROM stock.short_attempts"), "0");
}

TEST_F(AlertsTest, AnAttemptThatCameTooEarlyIsNone) {
  const pb::Lot lot = Bring(30, "X1");
  const pb::DiscardStockRequest early = Taking(lot, 40);
  EXPECT_THAT(Take(early), FailsBecause("INSUFFICIENT_STOCK"));
  EXPECT_THAT(All(pb::ALERT_KIND_NEGATIVE_ATTEMPT), SizeIs(1));
  Bring(20, "X1");  // the other phone had no signal
  EXPECT_THAT(Take(early), IsOk());
  EXPECT_THAT(All(pb::ALERT_KIND_NEGATIVE_ATTEMPT), IsEmpty());
}

// On its way ---------------------------------------------------------------------------------------------------------

TEST_F(AlertsTest, DeliveriesThatNobodyConfirmed) {
  const pb::Lot lot = Bring(60, "X1");
  const absl::Time begin = clock_.Now();
  const std::string first = Give(lot, 20);
  clock_.Set(begin + absl::Hours(1));
  const std::string second = Give(lot, 5, kOtherGroup);
  clock_.Set(begin + absl::Hours(72));
  EXPECT_THAT(All(pb::ALERT_KIND_UNCONFIRMED_DELIVERY), IsEmpty());
  clock_.Set(begin + absl::Hours(72) + absl::Seconds(1));
  std::vector<pb::Alert> alerts = All(pb::ALERT_KIND_UNCONFIRMED_DELIVERY);
  ASSERT_THAT(alerts, SizeIs(1));
  EXPECT_EQ(alerts[0].delivery(), first);
  EXPECT_EQ(alerts[0].group_display_name(), "みなみ食堂");
  EXPECT_EQ(alerts[0].on_hand(), 20);
  EXPECT_EQ(alerts[0].wanted(), 20);
  EXPECT_EQ(alerts[0].days(), 3);
  EXPECT_EQ(absl::FromUnixSeconds(alerts[0].time().seconds()), begin);
  clock_.Set(begin + absl::Hours(100));
  alerts = All(pb::ALERT_KIND_UNCONFIRMED_DELIVERY);
  ASSERT_THAT(alerts, SizeIs(2));
  EXPECT_EQ(alerts[0].delivery(), first);
  EXPECT_EQ(alerts[1].delivery(), second);
  ASSERT_THAT(Return(lot, first, shelf_, 8), IsOk());
  EXPECT_EQ(All(pb::ALERT_KIND_UNCONFIRMED_DELIVERY)[0].on_hand(), 12);
  Confirm(first);
  alerts = All(pb::ALERT_KIND_UNCONFIRMED_DELIVERY);
  ASSERT_THAT(alerts, SizeIs(1));
  EXPECT_EQ(alerts[0].delivery(), second);
  // They belong to no warehouse.
  EXPECT_THAT(List(pb::ALERT_KIND_UNCONFIRMED_DELIVERY, east_house_), Violates("warehouse", "MISMATCH"));
  EXPECT_EQ(Count(pb::ALERT_KIND_UNCONFIRMED_DELIVERY, east_house_), 0);
}

TEST_F(AlertsTest, TransfersThatDidNotArrive) {
  const pb::Lot lot = Bring(60, "X1");
  const absl::Time begin = clock_.Now();
  const std::string transfer = Send(lot, 20), other = Send(lot, 4);
  clock_.Set(begin + absl::Hours(72));
  EXPECT_THAT(All(pb::ALERT_KIND_LATE_TRANSFER), IsEmpty());
  clock_.Set(begin + absl::Hours(96));
  Arrive(transfer, lot, 15);
  for (const std::string& warehouse : {std::string(), east_house_, west_house_}) {
    const std::vector<pb::Alert> alerts = All(pb::ALERT_KIND_LATE_TRANSFER, warehouse);
    ASSERT_THAT(alerts, SizeIs(2));
    const pb::Alert& late = alerts[0].transfer() == transfer ? alerts[0] : alerts[1];
    EXPECT_EQ(late.transfer(), transfer);
    EXPECT_EQ(late.warehouse(), west_house_);  // where it goes
    EXPECT_EQ(late.warehouse_display_name(), "西倉庫");
    EXPECT_EQ(late.on_hand(), 5);
    EXPECT_EQ(late.wanted(), 20);
    EXPECT_EQ(late.days(), 4);
  }
  Arrive(transfer, lot, 4, 1);
  Arrive(other, lot, 4);
  EXPECT_THAT(All(pb::ALERT_KIND_LATE_TRANSFER), IsEmpty());
}

TEST_F(AlertsTest, RecalledGoodsThatStillStandOnAShelf) {
  const pb::Lot lot = Bring(30, "X1"), more = Bring(40, "X2");
  Bring(5, "X3");
  Arrive(Send(more, 10), more, 10);
  Open(GoodsOf({Bring(7, "drill")}), /*drill=*/true);
  EXPECT_THAT(All(pb::ALERT_KIND_RECALLED_STOCK), IsEmpty());
  Promise(more, 3);
  const pb::Recall recall = Open(GoodsOf({lot, more}));
  Open(GoodsOf({lot}));  // twice stopped stands there once
  std::vector<pb::Alert> alerts = All(pb::ALERT_KIND_RECALLED_STOCK);
  ASSERT_THAT(alerts, SizeIs(3));
  EXPECT_EQ(alerts[0].on_hand(), 30);
  EXPECT_EQ(alerts[1].on_hand(), 30);
  EXPECT_EQ(alerts[2].on_hand(), 10);
  EXPECT_EQ(alerts[2].place().name(), west_);
  EXPECT_EQ(alerts[2].lot().recall(), recall.name());
  EXPECT_EQ(alerts[0].reserved() + alerts[1].reserved(), 3);
  EXPECT_THAT(All(pb::ALERT_KIND_RECALLED_STOCK, west_house_), SizeIs(1));
  ASSERT_THAT(Discard(lot, shelf_, 30), IsOk());
  EXPECT_THAT(All(pb::ALERT_KIND_RECALLED_STOCK), SizeIs(2));
}

// Who, and how
// ---------------------------------------------------------------------------------------------------------

TEST_F(AlertsTest, TheyAreForThoseWhoKeepTheStock) {
  Bring(10, "X1", "2026-12-10");
  EXPECT_EQ(Count(pb::ALERT_KIND_NEAR_EXPIRY_UNRESERVED), 1);
  for (const char* who : {"volunteer", "manager", "stranger", "coordinator", "auditor", "administrator"}) {
    const auto listed = List(pb::ALERT_KIND_NEAR_EXPIRY_UNRESERVED, "", 0, "", who);
    ASSERT_THAT(listed, IsOk()) << who;
    EXPECT_THAT(listed->alerts(), SizeIs(1)) << who;
    EXPECT_EQ(listed->alerts(0).lot().donor_display_name(), std::string(who) == "volunteer" ? "" : "架空食品") << who;
  }
  for (const char* who : {"group", "donor"}) {
    EXPECT_THAT(List(pb::ALERT_KIND_EXPIRED, "", 0, "", who), FailsBecause("ROLE_NOT_ALLOWED")) << who;
    EXPECT_THAT(Ask(&Alerts::CountAlerts, who, pb::CountAlertsRequest()), FailsBecause("ROLE_NOT_ALLOWED")) << who;
  }
  const auto neighbour = List(pb::ALERT_KIND_NEAR_EXPIRY_UNRESERVED, "", 0, "", "coordinator of another network");
  ASSERT_THAT(neighbour, IsOk());
  EXPECT_THAT(neighbour->alerts(), IsEmpty());
  EXPECT_THAT(List(pb::ALERT_KIND_UNSPECIFIED), Violates("kind", "REQUIRED"));
  EXPECT_THAT(List(pb::ALERT_KIND_EXPIRED, "EAST"), Violates("warehouse", "NOT_A_NAME"));
  EXPECT_THAT(List(pb::ALERT_KIND_EXPIRED, "", 0, "nonsense"), FailsBecause("PAGE_TOKEN_INVALID"));
  Bring(10, "X2", "2026-12-11");
  const std::string token = List(pb::ALERT_KIND_NEAR_EXPIRY_UNRESERVED, "", 1)->next_page_token();
  EXPECT_NE(token, "");
  EXPECT_THAT(List(pb::ALERT_KIND_NEAR_EXPIRY_UNRESERVED, "", 1, token), IsOk());
  for (const pb::AlertKind other : {pb::ALERT_KIND_EXPIRED, pb::ALERT_KIND_BELOW_MINIMUM, pb::ALERT_KIND_LATE_TRANSFER})
    EXPECT_THAT(List(other, "", 1, token), FailsBecause("PAGE_TOKEN_INVALID"));
}

TEST_F(AlertsTest, TheyAreMetricsAsWell) {
  AlertStore store(pool_);
  prometheus::Registry registry;
  AlertMetrics metrics(store, clock_, registry);
  const auto gauge = [&](const std::string& name, const std::string& kind) -> double {
    for (const prometheus::MetricFamily& family : registry.Collect()) {
      if (family.name != name) continue;
      for (const prometheus::ClientMetric& metric : family.metric) {
        bool fits = kind.empty();
        for (const auto& label : metric.label) fits |= label.name == "kind" && label.value == kind;
        for (const auto& label : metric.label) fits &= label.name != "network" || label.value == kNetwork;
        if (fits) return metric.gauge.value;
      }
    }
    return -1;
  };
  EXPECT_EQ(gauge("kubari_stock_alerts_refreshed_timestamp_seconds", ""), 0);
  const pb::Lot lot = Bring(10, "X1", "2026-12-10");
  ASSERT_THAT(SetMinimum(100), IsOk());
  ASSERT_THAT(metrics.Refresh(), IsOk());
  EXPECT_EQ(gauge("kubari_stock_alerts", "near_expiry_unreserved"), 1);
  EXPECT_EQ(gauge("kubari_stock_alerts", "near_expiry"), 0);
  EXPECT_EQ(gauge("kubari_stock_alerts", "below_minimum"), 1);
  EXPECT_EQ(gauge("kubari_stock_alerts", "unconfirmed_delivery"), 0);
  EXPECT_EQ(gauge("kubari_stock_alerts", "negative_attempt"), 0);
  EXPECT_EQ(gauge("kubari_stock_alerts", "recalled_stock"), 0);
  EXPECT_EQ(gauge("kubari_stock_alerts_refreshed_timestamp_seconds", ""),
            static_cast<double>(absl::ToUnixSeconds(clock_.Now())));
  Give(lot, 4);
  Take(Taking(lot, 100)).IgnoreError();
  Open(GoodsOf({lot}));
  clock_.Set(clock_.Now() + absl::Hours(24 * 5));
  ASSERT_THAT(metrics.Refresh(), IsOk());
  EXPECT_EQ(gauge("kubari_stock_alerts", "unconfirmed_delivery"), 1);
  EXPECT_EQ(gauge("kubari_stock_alerts", "negative_attempt"), 1);
  EXPECT_EQ(gauge("kubari_stock_alerts", "recalled_stock"), 1);
  // Each network by its own rules: here, only the last two days matter.
  pb::GetStockRulesRequest get;
  auto rules = Ask(&Stub::GetStockRules, "coordinator", get);
  ASSERT_THAT(rules, IsOk());
  pb::UpdateStockRulesRequest update;
  *update.mutable_rules() = *rules;
  update.mutable_rules()->set_near_expiry_days(2);
  update.mutable_rules()->set_unconfirmed_days(30);
  ASSERT_THAT(Do(&Stub::UpdateStockRules, "coordinator", update), IsOk());
  ASSERT_THAT(metrics.Refresh(), IsOk());
  EXPECT_EQ(gauge("kubari_stock_alerts", "near_expiry_unreserved"), 0);
  EXPECT_EQ(gauge("kubari_stock_alerts", "unconfirmed_delivery"), 0);
}

// Telling ------------------------------------------------------------------------------------------------------------

TEST_F(AlertsTest, PeopleAreToldOnceADayOfWhatIsTheirs) {
  AlertStore store(pool_);
  AlertDigest digest(pool_, store, rules_, clock_);
  const auto tell = [&] { ASSERT_THAT(digest.Tell(kNetwork, "Asia/Tokyo"), IsOk()); };
  const auto notices = [&] {
    std::vector<notifications::v1::Notice> all;
    EXPECT_THAT(pool_.Transact({.network_id = kNetwork},
                               [&](pg::Transaction& tx) -> absl::Status {
                                 static constexpr pg::Statement kRead{"SELECT notice FROM outbox ORDER BY notice_id"};
                                 static constexpr pg::Statement kEmpty{"DELETE FROM outbox"};
                                 all.clear();
                                 ASSIGN_OR_RETURN(const pg::Result rows, tx.Query(kRead));
                                 for (const pg::Row row : rows)
                                   EXPECT_TRUE(all.emplace_back().ParseFromString(row.Get<pg::Bytes>("notice").value));
                                 return tx.Execute(kEmpty).status();
                               }),
                IsOk());
    return all;
  };
  SetDay(12, 6, kAlertsHour);
  tell();
  EXPECT_THAT(notices(), IsEmpty()) << "nothing needs attention";
  Bring(10, "past", "2026-12-08");
  Bring(10, "near", "2026-12-20");
  tell();
  EXPECT_THAT(notices(), IsEmpty()) << "the day was looked at already";
  SetDay(12, 9, kAlertsHour - 1);
  tell();
  EXPECT_THAT(notices(), IsEmpty()) << "too early";
  SetDay(12, 9, kAlertsHour);
  tell();
  tell();
  const auto told = notices();
  ASSERT_THAT(told, SizeIs(2)) << "the coordinators, and the managers of the warehouse where it is";
  for (const notifications::v1::Notice& notice : told) {
    EXPECT_EQ(notice.kind(), notifications::v1::NOTICE_KIND_STOCK_ALERTS);
    EXPECT_EQ(notice.link(), "/alerts");
    EXPECT_EQ(notice.facts().at("EXPIRED"), "1");
    EXPECT_EQ(notice.facts().at("NEAR_EXPIRY_UNRESERVED"), "1");
    ASSERT_EQ(notice.audiences_size(), 1);
    const notifications::v1::Holders& holders = notice.audiences(0).holders();
    const bool office = holders.organisation().empty();
    EXPECT_EQ(holders.role(), office ? type::v1::ROLE_COORDINATOR : type::v1::ROLE_WAREHOUSE_MANAGER);
    const std::string lines = "・期限が過ぎた在庫：1件\n・期限が近く、行き先がない：1件\n";
    EXPECT_EQ(notice.text().ja(), (office ? "" : "東倉庫\n") + lines);
    EXPECT_EQ(notice.subject().en(), "Stock: 2 things need attention");
  }
  EXPECT_NE(told[0].audiences(0).holders().organisation(), told[1].audiences(0).holders().organisation());
  SetDay(12, 10);
  tell();
  EXPECT_THAT(notices(), SizeIs(2)) << "again the next day, as it is still so";
}

}  // namespace
}  // namespace kubari::stock
