// Products, warehouses, places and lots: facts that never change once they are there. So they are kept in memory after
// the first look, and a scan in steady state asks the database for balances only.
#pragma once

#include <absl/status/statusor.h>
#include <absl/time/time.h>

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "kubari/stock/v1/stock.pb.h"
#include "libs/pg/pool.h"
#include "services/stock/domain/types.h"

namespace kubari::stock {

// Values by (network, id); emptied when it is full.
template <typename T>
class FactCache {
 public:
  explicit FactCache(size_t capacity) : capacity_(capacity) {}
  std::optional<T> Find(const std::string& network_id, const std::string& id) const {
    const std::lock_guard lock(mutex_);
    const auto found = values_.find(network_id + id);
    return found == values_.end() ? std::nullopt : std::optional<T>(found->second);
  }
  void Put(const std::string& network_id, const std::string& id, const T& value) {
    const std::lock_guard lock(mutex_);
    if (values_.size() >= capacity_) values_.clear();
    values_.insert_or_assign(network_id + id, value);
  }

 private:
  const size_t capacity_;
  mutable std::mutex mutex_;
  std::unordered_map<std::string, T> values_;
};

class Catalogue {
 public:
  explicit Catalogue(pg::Pool& pool);

  // Those of `ids` (UUIDs) that exist in the network.
  using Ids = std::set<std::string>;
  absl::StatusOr<std::map<std::string, Lot>> Lots(const std::string& network_id, const Ids& ids, absl::Time deadline);
  absl::StatusOr<std::map<std::string, Place>> Places(const std::string& network_id, const Ids& ids,
                                                      absl::Time deadline);
  absl::StatusOr<std::map<std::string, pb::Warehouse>> Warehouses(const std::string& network_id, const Ids& ids,
                                                                  absl::Time deadline);
  absl::StatusOr<std::map<std::string, pb::Product>> Products(const std::string& network_id, const Ids& ids,
                                                              absl::Time deadline);
  absl::StatusOr<std::optional<Lot>> LotByCode(const std::string& network_id, const std::string& code,
                                               absl::Time deadline);

  // Lots that came in by this offer line, or without an offer from this donor (UUIDs).
  absl::StatusOr<std::vector<Lot>> LotsOfOrigin(const std::string& network_id, const std::string& product_id,
                                                const std::string& origin_id, absl::Time deadline);
  // Of these lots those that a recall stops, and which: lot → recall. As it is now; never kept.
  absl::StatusOr<std::map<std::string, std::string>> Stopped(const std::string& network_id, const Ids& lot_ids,
                                                             absl::Time deadline);

  // What was just recorded.
  void Remember(const std::string& network_id, const Lot& lot) { lots_.Put(network_id, lot.id, lot); }

 private:
  pg::Pool& pool_;
  FactCache<Lot> lots_{50'000};
  FactCache<Place> places_{50'000};
  FactCache<pb::Warehouse> warehouses_{5'000};
  FactCache<pb::Product> products_{20'000};
};

// "warehouses/{id}" with its address.
pb::Warehouse ReadWarehouse(const pg::Row& row);
pb::Product ReadProduct(const pg::Row& row);
#define KUBARI_WAREHOUSE_COLUMNS "w.warehouse_id, w.code, w.display_name, w.organisation_id, w.address "

}  // namespace kubari::stock
