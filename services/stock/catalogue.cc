#include "services/stock/catalogue.h"

#include "libs/errors/macros.h"
#include "libs/ids/ids.h"
#include "services/stock/sql.h"

namespace kubari::stock {
namespace {

constexpr pg::Statement kLots{"SELECT " KUBARI_LOT_COLUMNS
                              "FROM lots l WHERE l.network_id = $1 AND l.lot_id = ANY($2::uuid[])"};
constexpr pg::Statement kLotByCode{"SELECT " KUBARI_LOT_COLUMNS "FROM lots l WHERE l.network_id = $1 AND l.code = $2"};
constexpr pg::Statement kLotsOfOrigin{
    "SELECT " KUBARI_LOT_COLUMNS
    "FROM lots l WHERE l.network_id = $1 AND l.product_id = $2 AND l.origin_id = $3 AND l.transformation_id IS NULL"};
constexpr pg::Statement kStopped{
    "SELECT lot_id, min(recall_id::text) AS recall_id FROM stopped_lots WHERE network_id = $1 AND lot_id = "
    "ANY($2::uuid[]) GROUP BY lot_id"};
constexpr pg::Statement kPlaces{"SELECT " KUBARI_PLACE_COLUMNS
                                "FROM places p WHERE p.network_id = $1 AND p.place_id = ANY($2::uuid[])"};
constexpr pg::Statement kWarehouses{"SELECT " KUBARI_WAREHOUSE_COLUMNS
                                    "FROM warehouses w WHERE w.network_id = $1 AND w.warehouse_id = ANY($2::uuid[])"};
constexpr pg::Statement kProducts{
    "SELECT product_id, facts FROM products WHERE network_id = $1 AND product_id = ANY($2::uuid[])"};

// From the cache what it has, the rest by one query. `read` makes a (id, value) of a row.
template <typename T, typename F>
absl::StatusOr<std::map<std::string, T>> Fetch(pg::Pool& pool, FactCache<T>& cache, const pg::Statement& statement,
                                               const std::string& network_id, const std::set<std::string>& ids,
                                               absl::Time deadline, F read) {
  std::map<std::string, T> found;
  std::vector<std::string> missing;
  for (const std::string& id : ids) {
    if (id.empty()) continue;
    if (std::optional<T> value = cache.Find(network_id, id)) {
      found.emplace(id, *std::move(value));
    } else {
      missing.push_back(id);
    }
  }
  if (missing.empty()) return found;
  const auto rows = pool.Read({.network_id = network_id, .deadline = deadline},
                              [&](pg::Transaction& tx) -> absl::StatusOr<pg::Result> {
                                pg::Batch batch;
                                batch.Add(statement, network_id, missing);
                                ASSIGN_OR_RETURN(const std::vector<pg::Result> results, tx.PipelineAndCommit(batch));
                                return results[0];
                              });
  RETURN_IF_ERROR(rows);
  for (const pg::Row row : *rows) {
    std::pair<std::string, T> value = read(row);
    cache.Put(network_id, value.first, value.second);
    found.insert(std::move(value));
  }
  return found;
}

}  // namespace

pb::Warehouse ReadWarehouse(const pg::Row& row) {
  pb::Warehouse warehouse;
  warehouse.set_name(ids::Name("warehouses", row.Get<std::string>("warehouse_id")));
  warehouse.set_code(row.Get<std::string>("code"));
  warehouse.set_display_name(row.Get<std::string>("display_name"));
  warehouse.set_organisation(ids::Name("organisations", row.Get<std::string>("organisation_id")));
  sql::FromJson(row.Get<std::string>("address"), *warehouse.mutable_address());
  return warehouse;
}

pb::Product ReadProduct(const pg::Row& row) {
  pb::Product product;
  sql::FromJson(row.Get<std::string>("facts"), product);
  return product;
}

Catalogue::Catalogue(pg::Pool& pool) : pool_(pool) {}

absl::StatusOr<std::map<std::string, Lot>> Catalogue::Lots(const std::string& network_id, const Ids& ids,
                                                           absl::Time deadline) {
  return Fetch(pool_, lots_, kLots, network_id, ids, deadline, [](const pg::Row& row) {
    Lot lot = sql::ReadLot(row);
    return std::pair(lot.id, std::move(lot));
  });
}

absl::StatusOr<std::map<std::string, Place>> Catalogue::Places(const std::string& network_id, const Ids& ids,
                                                               absl::Time deadline) {
  return Fetch(pool_, places_, kPlaces, network_id, ids, deadline, [](const pg::Row& row) {
    Place place = sql::ReadPlace(row);
    return std::pair(place.id, std::move(place));
  });
}

absl::StatusOr<std::map<std::string, pb::Warehouse>> Catalogue::Warehouses(const std::string& network_id,
                                                                           const Ids& ids, absl::Time deadline) {
  return Fetch(pool_, warehouses_, kWarehouses, network_id, ids, deadline,
               [](const pg::Row& row) { return std::pair(row.Get<std::string>("warehouse_id"), ReadWarehouse(row)); });
}

absl::StatusOr<std::map<std::string, pb::Product>> Catalogue::Products(const std::string& network_id, const Ids& ids,
                                                                       absl::Time deadline) {
  return Fetch(pool_, products_, kProducts, network_id, ids, deadline,
               [](const pg::Row& row) { return std::pair(row.Get<std::string>("product_id"), ReadProduct(row)); });
}

absl::StatusOr<std::optional<Lot>> Catalogue::LotByCode(const std::string& network_id, const std::string& code,
                                                        absl::Time deadline) {
  return pool_.Read({.network_id = network_id, .deadline = deadline},
                    [&](pg::Transaction& tx) -> absl::StatusOr<std::optional<Lot>> {
                      ASSIGN_OR_RETURN(const pg::Result rows, tx.Query(kLotByCode, network_id, code));
                      if (rows.empty()) return std::nullopt;
                      return sql::ReadLot(rows[0]);
                    });
}

absl::StatusOr<std::vector<Lot>> Catalogue::LotsOfOrigin(const std::string& network_id, const std::string& product_id,
                                                         const std::string& origin_id, absl::Time deadline) {
  return pool_.Read(
      {.network_id = network_id, .deadline = deadline}, [&](pg::Transaction& tx) -> absl::StatusOr<std::vector<Lot>> {
        ASSIGN_OR_RETURN(const pg::Result rows, tx.Query(kLotsOfOrigin, network_id, product_id, origin_id));
        std::vector<Lot> lots;
        for (const pg::Row row : rows) lots.push_back(sql::ReadLot(row));
        return lots;
      });
}

absl::StatusOr<std::map<std::string, std::string>> Catalogue::Stopped(const std::string& network_id,
                                                                      const Ids& lot_ids, absl::Time deadline) {
  using Stopped = std::map<std::string, std::string>;
  if (lot_ids.empty()) return Stopped();
  return pool_.Read({.network_id = network_id, .deadline = deadline},
                    [&](pg::Transaction& tx) -> absl::StatusOr<Stopped> {
                      const std::vector<std::string> lots(lot_ids.begin(), lot_ids.end());
                      ASSIGN_OR_RETURN(const pg::Result rows, tx.Query(kStopped, network_id, lots));
                      Stopped stopped;
                      for (const pg::Row row : rows)
                        stopped[row.Get<std::string>("lot_id")] = row.Get<std::string>("recall_id");
                      return stopped;
                    });
}

}  // namespace kubari::stock
