// The service over the wire, with a real database and made-up registers: rights, existence, the wall, names, codes, lists, imports.
#include <gmock/gmock.h>
#include <google/protobuf/util/message_differencer.h>
#include <gtest/gtest.h>

#include "libs/calendar/clock.h"
#include "libs/errors/testing.h"
#include "libs/rpc/testing.h"
#include "services/stock/domain/lot_code.h"
#include "services/stock/migrations/migrations.h"
#include "services/stock/pg_ledger_store.h"
#include "services/stock/service.h"
#include "services/stock/testing.h"

namespace kubari::stock {
namespace {

using namespace testing;  // NOLINT
using errors::FailsBecause;
using errors::FailsWith;
using errors::IsOk;
using errors::Violates;
using kubari::type::v1::Role;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using Stub = v1::StockService::Stub;

const std::string kGroup = Id(7, 1);
const std::string kOtherGroup = Id(7, 2);
const std::string kOtherOperator = Id(2, 2);

type::v1::Agreement InForce() {
  type::v1::Agreement agreement;
  agreement.set_state(type::v1::AGREEMENT_STATE_SIGNED);
  agreement.set_valid_from_date("2026-01-01");
  return agreement;
}

class FakeRegisters final : public Registers {
 public:
  FakeRegisters() {
    donor.set_name(ids::Name("donors", kDonor));
    donor.set_display_name("架空食品");
    *donor.add_agreements() = InForce();
    offer.set_name(ids::Name("offers", Id(30, 1)));
    offer.set_donor(donor.name());
    offer.set_title("春の寄付");
    offer.set_state(donors::v1::OFFER_STATE_ACCEPTED);
    donors::v1::OfferLine& line = *offer.add_lines();
    line.set_name(offer.name() + "/lines/" + Id(31, 1));
    line.set_cases(10);
    line.set_accepted_cases(10);
    line.set_items_per_case(12);
    line.set_min_lot_cases(2);
    line.mutable_good_until()->set_kind(type::v1::DATE_KIND_BEST_BEFORE);
    line.mutable_good_until()->set_date("2027-03-31");
    line.set_donor_lot_number("X1");
    for (const std::string& id : {kGroup, kOtherGroup}) {
      groups::v1::Group& group = groups[ids::Name("groups", id)];
      group.set_name(ids::Name("groups", id));
      group.set_display_name(id == kGroup ? "みなみ食堂" : "きた食堂");
      group.set_state(groups::v1::GROUP_STATE_ACTIVE);
      group.set_households(30);
      *group.add_agreements() = InForce();
      groups::v1::Site& site = *group.add_sites();
      site.set_ambient_items(100);
      site.mutable_address()->set_municipality_code("13101");
    }
  }
  absl::StatusOr<donors::v1::Offer> GetOffer(const rpc::Call&, const std::string& name) override {
    return name == offer.name() ? absl::StatusOr<donors::v1::Offer>(offer) : absl::NotFoundError("");
  }
  absl::StatusOr<donors::v1::Donor> GetDonor(const rpc::Call&, const std::string& name) override {
    if (down) return absl::UnavailableError("down");
    return name == donor.name() ? absl::StatusOr<donors::v1::Donor>(donor) : absl::NotFoundError("");
  }
  absl::StatusOr<groups::v1::Group> GetGroup(const rpc::Call&, const std::string& name) override {
    const auto found = groups.find(name);
    return found != groups.end() ? absl::StatusOr<groups::v1::Group>(found->second) : absl::NotFoundError("");
  }
  absl::Status CreateOperator(const rpc::Call&, const std::string&, const std::string& id, const std::string& name) override {
    operators[id] = name;
    return absl::OkStatus();
  }

  donors::v1::Donor donor;
  donors::v1::Offer offer;
  std::map<std::string, groups::v1::Group> groups;
  std::map<std::string, std::string> operators;
  bool down = false;
};

class ServiceTest : public ::testing::Test {
 protected:
  ServiceTest() {
    const auto add = [&](const char* token, const std::string& organisation, Role role) {
      auth::Principal who = rpc::Person(kNetwork, organisation, role);
      who.subject = "people/" + Id(10, ++people_);
      server_.authenticator().Add(token, who);
    };
    add("volunteer", kOperator, type::v1::ROLE_VOLUNTEER);
    add("manager", kOperator, type::v1::ROLE_WAREHOUSE_MANAGER);
    add("stranger", kOtherOperator, type::v1::ROLE_WAREHOUSE_MANAGER);
    add("coordinator", Id(2, 9), type::v1::ROLE_COORDINATOR);
    add("auditor", Id(2, 8), type::v1::ROLE_AUDITOR);
    add("group", kGroup, type::v1::ROLE_GROUP);
    add("other group", kOtherGroup, type::v1::ROLE_GROUP);
    add("donor", kDonor, type::v1::ROLE_DONOR);
    server_.authenticator().Add("service", rpc::Service());
    server_.Start({&service_});
    stub_ = v1::StockService::NewStub(server_.channel());

    // A product, a warehouse with an ambient and a frozen shelf.
    pb::CreateProductRequest product;
    product.set_request_id(ids::NewUuid());
    product.set_product_id(kProduct);
    product.mutable_product()->set_gtin("9520000000004");
    product.mutable_product()->set_display_name("架空めん");
    product.mutable_product()->set_category(type::v1::FOOD_CATEGORY_NOODLES);
    product.mutable_product()->set_item_grams(140);
    product.mutable_product()->set_items_per_case(12);
    product.mutable_product()->set_temperature_zone(type::v1::TEMPERATURE_ZONE_AMBIENT);
    const auto made = Call(&Stub::CreateProduct, "coordinator", product);
    EXPECT_THAT(made, IsOk());
    EXPECT_EQ(made->milli_person_days(), 100);
    registers_.offer.mutable_lines(0)->set_product(made->name());
    pb::CreateWarehouseRequest warehouse;
    warehouse.set_request_id(ids::NewUuid());
    warehouse.set_warehouse_id(kWarehouse);
    warehouse.mutable_warehouse()->set_code("EAST");
    warehouse.mutable_warehouse()->set_display_name("東倉庫");
    warehouse.mutable_warehouse()->set_organisation(ids::Name("organisations", kOperator));
    EXPECT_THAT(Call(&Stub::CreateWarehouse, "coordinator", warehouse), IsOk());
    shelf_ = AddShelf("A-01", type::v1::TEMPERATURE_ZONE_AMBIENT);
    second_ = AddShelf("A-02", type::v1::TEMPERATURE_ZONE_AMBIENT);
    frozen_ = AddShelf("F-01", type::v1::TEMPERATURE_ZONE_FROZEN);
  }

  ~ServiceTest() override { server_.Stop(); }

  template <typename Base, typename Request, typename Response>
  absl::StatusOr<Response> Call(grpc::Status (Base::*method)(grpc::ClientContext*, const Request&, Response*), const std::string& who,
                                const Request& request) {
    return rpc::Invoke(method, *stub_, server_.As(who, who == "service" ? kNetwork : ""), request);
  }
  std::string AddShelf(const std::string& code, type::v1::TemperatureZone zone) {
    pb::CreatePlaceRequest request;
    request.set_request_id(ids::NewUuid());
    request.mutable_place()->set_warehouse(ids::Name("warehouses", kWarehouse));
    request.mutable_place()->set_code(code);
    request.mutable_place()->set_temperature_zone(zone);
    const auto place = Call(&Stub::CreatePlace, "manager", request);
    EXPECT_THAT(place, IsOk());
    return place.ok() ? place->name() : "";
  }
  pb::ReceiveStockRequest Receiving(int64_t items) {
    pb::ReceiveStockRequest request;
    request.set_request_id(ids::NewUuid());
    request.set_place(shelf_);
    request.set_items(items);
    request.set_offer_line(registers_.offer.lines(0).name());
    return request;
  }
  pb::Lot Receive(int64_t items) {
    const auto response = Call(&Stub::ReceiveStock, "volunteer", Receiving(items));
    EXPECT_THAT(response, IsOk());
    return response.ok() ? response->lot() : pb::Lot();
  }
  pb::ReserveStockRequest Reserving(const pb::Lot& lot, int64_t items, const std::string& group = kGroup) {
    pb::ReserveStockRequest request;
    request.set_request_id(ids::NewUuid());
    request.set_lot(lot.name());
    request.set_place(shelf_);
    request.set_items(items);
    request.set_group(ids::Name("groups", group));
    request.set_delivery(ids::Name("deliveries", group == kGroup ? Id(12, 1) : Id(12, 2)));
    request.mutable_expire_time()->set_seconds(absl::ToUnixSeconds(clock_.Now() + absl::Hours(24)));
    return request;
  }
  pb::IssueStockRequest Issuing(const pb::Lot& lot, int64_t items) {
    pb::IssueStockRequest request;
    request.set_request_id(ids::NewUuid());
    request.set_lot(lot.name());
    request.set_place(shelf_);
    request.set_items(items);
    request.set_group(ids::Name("groups", kGroup));
    request.set_delivery(ids::Name("deliveries", Id(12, 1)));
    return request;
  }
  groups::v1::Group& TheGroup() { return registers_.groups[ids::Name("groups", kGroup)]; }

  int people_ = 0;
  calendar::FixedClock clock_{absl::FromCivil(absl::CivilSecond(2026, 12, 1, 10, 0, 0), absl::FixedTimeZone(9 * 3600))};
  pg::testing::Database database_ = pg::testing::CreateDatabase("stock", kMigrations);
  pg::Pool pool_{{.conninfo = database_.service, .schema = "stock", .size = 4}};
  PgLedgerStore ledger_{pool_};
  prometheus::Registry metrics_;
  LedgerWriter writer_{ledger_, clock_, metrics_};
  Catalogue catalogue_{pool_};
  ReadingStore reading_{pool_};
  FakeRegisters registers_;
  rpc::TestServer server_;
  StockService service_{server_.dispatcher(), Context{pool_, ledger_, writer_, catalogue_, reading_, registers_, clock_}, 2};
  std::unique_ptr<Stub> stub_;
  std::string shelf_, second_, frozen_;
};

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

TEST_F(ServiceTest, CodesAreLookedUp) {
  const pb::Lot lot = Receive(24);
  const auto look = [&](const std::string& code) {
    pb::LookUpCodeRequest request;
    request.set_code(code);
    return Call(&Stub::LookUpCode, "volunteer", request);
  };
  const auto item = look("9520000000004");
  ASSERT_THAT(item, IsOk());
  EXPECT_EQ(item->product().name(), ids::Name("products", kProduct));
  EXPECT_EQ(item->items(), 1);
  ASSERT_THAT(item->lots(), SizeIs(1));
  const auto scanned_case = look("19520000000001");  // an ITF-14 made from the item's number
  ASSERT_THAT(scanned_case, IsOk());
  EXPECT_EQ(scanned_case->items(), 12);
  const auto element = look("]C1010952000000000417280101");
  ASSERT_THAT(element, IsOk());
  EXPECT_EQ(element->good_until().kind(), type::v1::DATE_KIND_USE_BY);
  EXPECT_THAT(element->lots(), IsEmpty());  // another date
  for (const std::string& own : {lot.code(), "https://example.org/#/lots/" + lot.code()}) {
    const auto found = look(own);
    ASSERT_THAT(found, IsOk());
    ASSERT_THAT(found->lots(), SizeIs(1));
    EXPECT_EQ(found->lots(0).name(), lot.name());
  }
  EXPECT_THAT(look("9520000000005"), FailsBecause("CODE_INVALID"));
  const auto unknown = look("9520000000011");
  ASSERT_THAT(unknown, IsOk());
  EXPECT_FALSE(unknown->has_product());
}

TEST_F(ServiceTest, ListsArePagedAndScoped) {
  const pb::Lot lot = Receive(10);
  pb::ReceiveStockRequest other = Receiving(10);
  other.set_donor_lot_number("X2");
  other.mutable_good_until()->set_kind(type::v1::DATE_KIND_BEST_BEFORE);
  other.mutable_good_until()->set_date("2027-02");
  ASSERT_THAT(Call(&Stub::ReceiveStock, "volunteer", other), IsOk());
  pb::ListBalancesRequest balances;
  balances.set_page_size(1);
  const auto first = Call(&Stub::ListBalances, "volunteer", balances);
  ASSERT_THAT(first, IsOk());
  ASSERT_THAT(first->balances(), SizeIs(1));
  EXPECT_EQ(first->balances(0).lot().good_until().date(), "2027-02");  // first to expire first
  balances.set_page_token(first->next_page_token());
  const auto second = Call(&Stub::ListBalances, "volunteer", balances);
  ASSERT_THAT(second, IsOk());
  EXPECT_EQ(second->balances(0).lot().name(), lot.name());
  EXPECT_EQ(second->next_page_token(), "");
  balances.set_free_only(true);
  EXPECT_THAT(Call(&Stub::ListBalances, "volunteer", balances), FailsBecause("PAGE_TOKEN_INVALID"));
  pb::ListLotsRequest lots;
  EXPECT_THAT(Call(&Stub::ListLots, "donor", lots)->lots(), SizeIs(2));
  lots.set_donor_lot_number("X1");
  EXPECT_THAT(Call(&Stub::ListLots, "coordinator", lots)->lots(), SizeIs(1));
  pb::ListMovementsRequest movements;
  movements.set_place(shelf_);
  EXPECT_THAT(Call(&Stub::ListMovements, "auditor", movements)->movements(), SizeIs(2));
  pb::ListProductsRequest products;
  products.set_query("架空");
  EXPECT_THAT(Call(&Stub::ListProducts, "group", products)->products(), SizeIs(1));
  products.set_query("%");
  EXPECT_THAT(Call(&Stub::ListProducts, "group", products)->products(), IsEmpty());
  pb::GetLotRequest get;
  get.set_name(lot.code());
  EXPECT_THAT(Call(&Stub::GetLot, "volunteer", get), IsOk());
  get.set_name("nothing");
  EXPECT_THAT(Call(&Stub::GetLot, "volunteer", get), FailsBecause("LOT_NOT_FOUND"));
  ASSERT_THAT(Call(&Stub::IssueStock, "manager", Issuing(lot, 4)), IsOk());
  pb::ListDeliveriesRequest deliveries;
  EXPECT_THAT(Call(&Stub::ListDeliveries, "group", deliveries)->deliveries(), SizeIs(1));
  EXPECT_THAT(Call(&Stub::ListDeliveries, "other group", deliveries)->deliveries(), IsEmpty());
}

TEST_F(ServiceTest, TheFeedWaitsForNews) {
  pb::ReadFeedRequest feed;
  feed.set_wait_milliseconds(5'000);
  std::thread later([&] {
    absl::SleepFor(absl::Milliseconds(150));
    Receive(5);
  });
  const absl::Time start = absl::Now();
  const auto read = Call(&Stub::ReadFeed, "service", feed);
  later.join();
  ASSERT_THAT(read, IsOk());
  EXPECT_THAT(read->entries(), SizeIs(1));
  EXPECT_LT(absl::Now() - start, absl::Seconds(4));
}

TEST_F(ServiceTest, TablesAreImportedOnce) {
  pb::ImportProductsRequest request;
  request.set_request_id(ids::NewUuid());
  request.set_table(
      "barcode,name,category,grams,items_per_case,temperature,allergens_contained,allergens_free\n"
      "9520000000011,架空カレー,retort,200,24,ambient,wheat;milk,egg\n"
      "9520000000004,架空めん,noodles,140,12,ambient,,\n");
  const auto imported = Call(&Stub::ImportProducts, "coordinator", request);
  ASSERT_THAT(imported, IsOk());
  EXPECT_THAT(imported->problems(), IsEmpty());
  EXPECT_EQ(imported->created_count(), 1);
  EXPECT_EQ(imported->skipped_count(), 1);
  request.set_request_id(ids::NewUuid());
  EXPECT_EQ(Call(&Stub::ImportProducts, "coordinator", request)->created_count(), 0);
  request.set_request_id(ids::NewUuid());
  request.set_table("barcode,name,category,grams,items_per_case,temperature\n9520000000012,,nothing,0,24,warm\n");
  const auto bad = Call(&Stub::ImportProducts, "coordinator", request);
  ASSERT_THAT(bad, IsOk());
  EXPECT_EQ(bad->problems_size(), 5);

  pb::ImportWarehousesRequest warehouses;
  warehouses.set_request_id(ids::NewUuid());
  warehouses.set_table(
      "warehouse_code,warehouse_name,operator_name,place_code,temperature\nEAST,東倉庫,ひがし,A-01,ambient\n"
      "WEST,西倉庫,にし運営,W-01,ambient\nWEST,西倉庫,にし運営,W-02,chilled\n");
  const auto places = Call(&Stub::ImportWarehouses, "coordinator", warehouses);
  ASSERT_THAT(places, IsOk());
  EXPECT_THAT(places->problems(), IsEmpty());
  EXPECT_EQ(places->created_count(), 2);
  EXPECT_EQ(places->skipped_count(), 1);
  ASSERT_THAT(registers_.operators, SizeIs(1));
  EXPECT_EQ(registers_.operators.begin()->second, "にし運営");
  EXPECT_THAT(Call(&Stub::ImportWarehouses, "coordinator", warehouses), IsOk());
}

TEST_F(ServiceTest, TakenNumbersAndCodesAreRefused) {
  pb::CreateProductRequest product;
  product.set_request_id(ids::NewUuid());
  *product.mutable_product() = *Call(&Stub::GetProduct, "donor", [] {
    pb::GetProductRequest get;
    get.set_name(ids::Name("products", kProduct));
    return get;
  }());
  const auto taken = Call(&Stub::CreateProduct, "coordinator", product);
  ASSERT_THAT(taken, FailsBecause("GTIN_TAKEN"));
  EXPECT_EQ(errors::MetadataOf(taken.status())["product"], ids::Name("products", kProduct));
  product.mutable_product()->set_gtin("9520000000005");
  product.mutable_product()->set_item_grams(0);
  const auto shape = Call(&Stub::CreateProduct, "coordinator", product);
  EXPECT_THAT(shape, Violates("product.gtin", "NOT_A_GTIN"));
  EXPECT_THAT(shape, Violates("product.item_grams", "OUT_OF_RANGE"));
  pb::CreatePlaceRequest place;
  place.set_request_id(ids::NewUuid());
  place.mutable_place()->set_warehouse(ids::Name("warehouses", kWarehouse));
  place.mutable_place()->set_code("A-01");
  place.mutable_place()->set_temperature_zone(type::v1::TEMPERATURE_ZONE_AMBIENT);
  EXPECT_THAT(Call(&Stub::CreatePlace, "stranger", place), FailsBecause("NOT_YOUR_ORGANISATION"));
  EXPECT_THAT(Call(&Stub::CreatePlace, "manager", place), FailsBecause("PLACE_CODE_TAKEN"));
}

}  // namespace
}  // namespace kubari::stock
