// Writing and listing products, warehouses and shelves. Functions of a transaction, so that one request is one
// transaction.
#pragma once

#include <absl/status/statusor.h>

#include <optional>
#include <string>
#include <vector>

#include "kubari/stock/v1/stock.pb.h"
#include "libs/pg/transaction.h"
#include "services/stock/domain/types.h"

namespace kubari::stock::registry {

// All of them in one statement; names must be set. Errors: ALREADY_EXISTS / GTIN_TAKEN (metadata "product"), ID_TAKEN.
absl::Status InsertProducts(pg::Transaction& tx, const std::vector<pb::Product>& products);
// Which of these GTINs (14 digits) have a product: gtin → "products/{uuid}".
absl::StatusOr<std::map<std::string, std::string>> ProductsByGtin(pg::Transaction& tx,
                                                                  const std::vector<std::string>& gtins);
// Up to `limit` products whose GTIN or case GTIN is one of these.
absl::StatusOr<std::vector<pb::Product>> FindByCodes(pg::Transaction& tx, const std::vector<std::string>& gtins,
                                                     int limit);
// By display name, then id; `query` as in the contract, empty: all. `after` is (display name, id) or empty.
absl::StatusOr<std::vector<pb::Product>> ListProducts(pg::Transaction& tx, const std::string& query,
                                                      const std::vector<std::string>& after, int limit);

// Errors: ALREADY_EXISTS / WAREHOUSE_CODE_TAKEN, ID_TAKEN.
absl::Status InsertWarehouses(pg::Transaction& tx, const std::vector<pb::Warehouse>& warehouses);
// Shelves. Errors: ALREADY_EXISTS / PLACE_CODE_TAKEN, ID_TAKEN.
absl::Status InsertShelves(pg::Transaction& tx, const std::vector<Place>& shelves);
// By code. `after` is the code of the last one, or empty.
absl::StatusOr<std::vector<pb::Warehouse>> ListWarehouses(pg::Transaction& tx, const std::optional<std::string>& after,
                                                          int limit);
absl::StatusOr<std::vector<Place>> ListShelves(pg::Transaction& tx, const std::string& warehouse_id,
                                               const std::optional<std::string>& after, int limit);
// Those with these codes.
absl::StatusOr<std::vector<pb::Warehouse>> WarehousesByCode(pg::Transaction& tx, const std::vector<std::string>& codes);
// All shelves of these warehouses.
absl::StatusOr<std::vector<Place>> ShelvesOf(pg::Transaction& tx, const std::vector<std::string>& warehouse_ids);

}  // namespace kubari::stock::registry
