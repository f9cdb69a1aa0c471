// The service over the wire with a real database and made-up registers: the fixture of its tests.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>

#include "libs/calendar/clock.h"
#include "libs/errors/testing.h"
#include "libs/rpc/testing.h"
#include "services/stock/migrations/migrations.h"
#include "services/stock/pg_ledger_store.h"
#include "services/stock/service.h"
#include "services/stock/testing.h"

namespace kubari::stock::testing {

using errors::IsOk;
using kubari::type::v1::Role;
using Stub = v1::StockService::Stub;

inline const std::string kGroup = Id(7, 1);
inline const std::string kOtherGroup = Id(7, 2);
inline const std::string kOtherOperator = Id(2, 2);

inline type::v1::Agreement InForce() {
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
  absl::StatusOr<std::string> NetworkName(const rpc::Call&) override { return std::string("模擬ネットワーク"); }
  absl::Status CreateOperator(const rpc::Call&, const std::string&, const std::string& id,
                              const std::string& name) override {
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
  absl::StatusOr<Response> Call(grpc::Status (Base::*method)(grpc::ClientContext*, const Request&, Response*),
                                const std::string& who, const Request& request) {
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
  // A shelf in a second warehouse, of another operator.
  std::string AddWest() {
    pb::CreateWarehouseRequest warehouse;
    warehouse.set_request_id(ids::NewUuid());
    warehouse.set_warehouse_id(kOtherWarehouse);
    warehouse.mutable_warehouse()->set_code("WEST");
    warehouse.mutable_warehouse()->set_display_name("西倉庫");
    warehouse.mutable_warehouse()->set_organisation(ids::Name("organisations", kOtherOperator));
    EXPECT_THAT(Call(&Stub::CreateWarehouse, "coordinator", warehouse), IsOk());
    pb::CreatePlaceRequest place;
    place.set_request_id(ids::NewUuid());
    place.mutable_place()->set_warehouse(ids::Name("warehouses", kOtherWarehouse));
    place.mutable_place()->set_code("W-01");
    place.mutable_place()->set_temperature_zone(type::v1::TEMPERATURE_ZONE_AMBIENT);
    const auto made = Call(&Stub::CreatePlace, "stranger", place);
    EXPECT_THAT(made, IsOk());
    return made.ok() ? made->name() : "";
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
  RulesStore rules_{pool_};
  FakeRegisters registers_;
  rpc::TestServer server_;
  StockService service_{server_.dispatcher(),
                        Context{pool_, ledger_, writer_, catalogue_, reading_, registers_, clock_, rules_}, 2};
  std::unique_ptr<Stub> stub_;
  std::string shelf_, second_, frozen_;
};

}  // namespace kubari::stock::testing
