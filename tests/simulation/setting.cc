#include "tests/simulation/setting.h"

#include <absl/strings/numbers.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_format.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

namespace kubari::simulation {
namespace {

std::string FixedUuid(int kind, int n) { return absl::StrFormat("%08x-0000-4000-8000-%012x", kind, n); }

// One call of the coordinator's, until it is answered. Ends the program if it is refused.
template <typename Request, typename Response>
void Must(pb::StockService::Stub& stub, const Setting& setting,
          grpc::Status (pb::StockService::Stub::*method)(grpc::ClientContext*, const Request&, Response*),
          const Request& request, Response& response) {
  for (int tries = 0; tries < 200; ++tries) {
    grpc::ClientContext context;
    context.set_wait_for_ready(true);
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(5));
    context.AddMetadata("authorization", "Bearer " + setting.Coordinator());
    response.Clear();
    const grpc::Status status = (stub.*method)(&context, request, &response);
    if (status.ok()) return;
    if (status.error_code() == grpc::StatusCode::UNAVAILABLE || status.error_code() == grpc::StatusCode::ABORTED ||
        status.error_code() == grpc::StatusCode::DEADLINE_EXCEEDED)
      continue;
    std::fprintf(stderr, "simulation: cannot furnish the network: %s\n", status.error_message().c_str());
    std::abort();
  }
  std::fprintf(stderr, "simulation: the service does not answer\n");
  std::abort();
}

}  // namespace

std::string Setting::Coordinator() const {
  return Token(network, type::v1::ROLE_COORDINATOR, FixedUuid(8, 1), FixedUuid(9, 1));
}
std::string Setting::Auditor() const {
  return Token(network, type::v1::ROLE_AUDITOR, FixedUuid(8, 2), FixedUuid(9, 2));
}
std::string Setting::Volunteer(int phone) const {
  return Token(network, type::v1::ROLE_VOLUNTEER, FixedUuid(8, 3), FixedUuid(10, phone));
}
std::string Setting::Outsider() const {
  return Token(network, type::v1::ROLE_VOLUNTEER, FixedUuid(8, 4), FixedUuid(9, 4));
}

size_t Setting::WarehouseOf(const std::string& shelf) const {
  return std::count(shelves[0].begin(), shelves[0].end(), shelf) > 0 ? 0 : 1;
}

Setting Furnish(House& house, const std::string& network) {
  Setting setting{.network = network};
  const auto stub = pb::StockService::NewStub(house.Connect());
  int step = 0;
  // The network's own, so that repeating is safe.
  const auto request_id = [&] { return absl::StrCat(network.substr(0, 24), absl::Hex(++step, absl::kZeroPad12)); };
  for (int n = 1; n <= kProducts; ++n) {
    pb::CreateProductRequest request;
    request.set_request_id(request_id());
    request.set_product_id(ProductName(n).substr(ProductName(n).find('/') + 1));
    request.mutable_product()->set_display_name(absl::StrCat("模擬の品", n));
    request.mutable_product()->set_category(type::v1::FOOD_CATEGORY_NOODLES);
    request.mutable_product()->set_item_grams(100 * n);
    request.mutable_product()->set_items_per_case(12);
    request.mutable_product()->set_temperature_zone(type::v1::TEMPERATURE_ZONE_AMBIENT);
    pb::Product product;
    Must(*stub, setting, &pb::StockService::Stub::CreateProduct, request, product);
  }
  for (int w = 1; w <= 2; ++w) {
    pb::CreateWarehouseRequest request;
    request.set_request_id(request_id());
    request.set_warehouse_id(FixedUuid(6, w));
    request.mutable_warehouse()->set_code(absl::StrCat("W", w));
    request.mutable_warehouse()->set_display_name(absl::StrCat("模擬倉庫", w));
    request.mutable_warehouse()->set_organisation("organisations/" + FixedUuid(8, 3));
    for (int s = 1; s <= 3; ++s) {
      pb::Place& place = *request.add_places();
      place.set_code(absl::StrCat("A-", s));
      place.set_temperature_zone(s == 3 ? type::v1::TEMPERATURE_ZONE_FROZEN : type::v1::TEMPERATURE_ZONE_AMBIENT);
    }
    pb::Warehouse warehouse;
    Must(*stub, setting, &pb::StockService::Stub::CreateWarehouse, request, warehouse);
    setting.warehouses.push_back(warehouse.name());
    pb::ListPlacesRequest list;
    list.set_warehouse(warehouse.name());
    pb::ListPlacesResponse places;
    Must(*stub, setting, &pb::StockService::Stub::ListPlaces, list, places);
    std::vector<std::string>& shelves = setting.shelves.emplace_back();
    for (const pb::Place& place : places.places()) {
      if (place.temperature_zone() == type::v1::TEMPERATURE_ZONE_AMBIENT) {
        shelves.push_back(place.name());
      } else {
        setting.cold_shelf = place.name();
      }
    }
  }
  return setting;
}

}  // namespace kubari::simulation
