#include "services/stock/handlers/warehouses.h"

#include <absl/strings/str_cat.h>

#include "libs/auth/access.h"
#include "libs/errors/macros.h"
#include "libs/ids/ids.h"
#include "libs/paging/paging.h"
#include "libs/pg/idempotency.h"
#include "services/stock/domain/refusals.h"
#include "services/stock/registry_store.h"
#include "services/stock/view.h"

namespace kubari::stock {
namespace {

void CheckShelf(const pb::Place& place, const std::string& field, errors::Violations& violations) {
  violations.Text(field + ".code", place.code(), 1, 40);
  violations.Enum(field + ".temperature_zone", place.temperature_zone());
}

Place ShelfOf(const pb::Place& place, const std::string& id, const std::string& warehouse_id,
              const std::string& warehouse_display_name) {
  return {.id = id,
          .kind = pb::PLACE_KIND_SHELF,
          .warehouse_id = warehouse_id,
          .code = place.code(),
          .zone = place.temperature_zone(),
          .display_name = absl::StrCat(warehouse_display_name, " ", place.code())};
}

}  // namespace

absl::StatusOr<pb::Warehouse> WarehousesHandler::CreateWarehouse(const rpc::Call& call,
                                                                 const pb::CreateWarehouseRequest& request) {
  const pb::Warehouse& asked = request.warehouse();
  errors::Violations violations;
  violations.RequestId("request_id", request.request_id());
  if (!request.warehouse_id().empty()) violations.Uuid("warehouse_id", request.warehouse_id());
  violations.Text("warehouse.code", asked.code(), 1, 40);
  violations.Text("warehouse.display_name", asked.display_name(), 1, 200);
  violations.Name("organisations", "warehouse.organisation", asked.organisation());
  violations.Text("warehouse.address.text", asked.address().text(), 0, 200);
  const std::string& municipality = asked.address().municipality_code();
  violations.Require(municipality.empty() || (municipality.size() == 5 &&
                                              municipality.find_first_not_of("0123456789") == std::string::npos),
                     "warehouse.address.municipality_code", "NOT_A_CODE",
                     "Expected the five digits of JIS X 0402, for instance 13101.",
                     "全国地方公共団体コードの5桁（例：13101）を指定してください。");
  violations.Range("places", request.places_size(), 0, 500);
  for (int i = 0; i < request.places_size(); ++i)
    CheckShelf(request.places(i), absl::StrCat("places[", i, "]"), violations);
  RETURN_IF_ERROR(violations.status());
  const absl::Time now = context_.clock.Now();
  return context_.pool.Transact(
      {.network_id = call.principal.network_id, .deadline = call.deadline}, [&](pg::Transaction& tx) {
        return pg::Idempotent<pb::Warehouse>(
            tx, request.request_id(), call.method->full_name(), request,
            [&](pg::Transaction& tx) -> absl::StatusOr<pb::Warehouse> {
              const std::string id = request.warehouse_id().empty() ? ids::NewV7(now) : request.warehouse_id();
              pb::Warehouse warehouse = asked;
              warehouse.set_name(ids::Name("warehouses", id));
              RETURN_IF_ERROR(registry::InsertWarehouses(tx, {warehouse}));
              std::vector<Place> shelves;
              for (const pb::Place& place : request.places())
                shelves.push_back(ShelfOf(place, ids::NewV7(now), id, warehouse.display_name()));
              RETURN_IF_ERROR(registry::InsertShelves(tx, shelves));
              return warehouse;
            });
      });
}

absl::StatusOr<pb::ListWarehousesResponse> WarehousesHandler::ListWarehouses(const rpc::Call& call,
                                                                             const pb::ListWarehousesRequest& request) {
  ASSIGN_OR_RETURN(const int size, paging::PageSize(request.page_size()));
  const std::string fingerprint = paging::Fingerprint(request, call.principal.network_id);
  ASSIGN_OR_RETURN(const std::vector<std::string> after, paging::Decode(request.page_token(), fingerprint));
  return context_.pool.Read({.network_id = call.principal.network_id, .deadline = call.deadline},
                            [&](pg::Transaction& tx) -> absl::StatusOr<pb::ListWarehousesResponse> {
                              const auto key = after.empty() ? std::nullopt : std::optional(after[0]);
                              ASSIGN_OR_RETURN(std::vector<pb::Warehouse> found,
                                               registry::ListWarehouses(tx, key, size + 1));
                              pb::ListWarehousesResponse response;
                              if (static_cast<int>(found.size()) > size) {
                                found.resize(size);
                                response.set_next_page_token(paging::Encode(fingerprint, {found.back().code()}));
                              }
                              response.mutable_warehouses()->Assign(found.begin(), found.end());
                              return response;
                            });
}

absl::StatusOr<pb::Place> WarehousesHandler::CreatePlace(const rpc::Call& call, const pb::CreatePlaceRequest& request) {
  errors::Violations violations;
  violations.RequestId("request_id", request.request_id());
  if (!request.place_id().empty()) violations.Uuid("place_id", request.place_id());
  violations.Name("warehouses", "place.warehouse", request.place().warehouse());
  CheckShelf(request.place(), "place", violations);
  RETURN_IF_ERROR(violations.status());
  ASSIGN_OR_RETURN(const pb::Warehouse warehouse, FindWarehouse(context_, call, request.place().warehouse()));
  if (!call.scope.whole_network && !call.scope.Includes(IdOf(warehouse.organisation())))
    return auth::NotYourOrganisation(warehouse.name());
  const absl::Time now = context_.clock.Now();
  return context_.pool.Transact(
      {.network_id = call.principal.network_id, .deadline = call.deadline}, [&](pg::Transaction& tx) {
        return pg::Idempotent<pb::Place>(
            tx, request.request_id(), call.method->full_name(), request,
            [&](pg::Transaction& tx) -> absl::StatusOr<pb::Place> {
              const std::string id = request.place_id().empty() ? ids::NewV7(now) : request.place_id();
              const Place shelf = ShelfOf(request.place(), id, IdOf(warehouse.name()), warehouse.display_name());
              RETURN_IF_ERROR(registry::InsertShelves(tx, {shelf}));
              return View(context_.catalogue, call).ToProto(shelf, nullptr);
            });
      });
}

absl::StatusOr<pb::ListPlacesResponse> WarehousesHandler::ListPlaces(const rpc::Call& call,
                                                                     const pb::ListPlacesRequest& request) {
  errors::Violations violations;
  violations.Name("warehouses", "warehouse", request.warehouse());
  RETURN_IF_ERROR(violations.status());
  ASSIGN_OR_RETURN(const int size, paging::PageSize(request.page_size()));
  const std::string fingerprint = paging::Fingerprint(request, call.principal.network_id);
  ASSIGN_OR_RETURN(const std::vector<std::string> after, paging::Decode(request.page_token(), fingerprint));
  RETURN_IF_ERROR(FindWarehouse(context_, call, request.warehouse()));
  return context_.pool.Read({.network_id = call.principal.network_id, .deadline = call.deadline},
                            [&](pg::Transaction& tx) -> absl::StatusOr<pb::ListPlacesResponse> {
                              const auto key = after.empty() ? std::nullopt : std::optional(after[0]);
                              ASSIGN_OR_RETURN(std::vector<Place> found,
                                               registry::ListShelves(tx, IdOf(request.warehouse()), key, size + 1));
                              pb::ListPlacesResponse response;
                              if (static_cast<int>(found.size()) > size) {
                                found.resize(size);
                                response.set_next_page_token(paging::Encode(fingerprint, {found.back().code}));
                              }
                              const View view(context_.catalogue, call);
                              for (const Place& place : found) *response.add_places() = view.ToProto(place, nullptr);
                              return response;
                            });
}

}  // namespace kubari::stock
