// Warehouses and their shelves.
#pragma once

#include <absl/status/statusor.h>

#include "libs/rpc/call.h"
#include "services/stock/handlers/context.h"

namespace kubari::stock {

class WarehousesHandler {
 public:
  explicit WarehousesHandler(const Context& context) : context_(context) {}

  absl::StatusOr<pb::Warehouse> CreateWarehouse(const rpc::Call& call, const pb::CreateWarehouseRequest& request);
  absl::StatusOr<pb::ListWarehousesResponse> ListWarehouses(const rpc::Call& call,
                                                            const pb::ListWarehousesRequest& request);
  absl::StatusOr<pb::Place> CreatePlace(const rpc::Call& call, const pb::CreatePlaceRequest& request);
  absl::StatusOr<pb::ListPlacesResponse> ListPlaces(const rpc::Call& call, const pb::ListPlacesRequest& request);
  absl::StatusOr<pb::ImportWarehousesResponse> ImportWarehouses(const rpc::Call& call,
                                                                const pb::ImportWarehousesRequest& request);

 private:
  const Context context_;
};

}  // namespace kubari::stock
