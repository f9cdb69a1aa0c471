// What in stock needs someone's attention now, read from what is in stock and on its way (migrations/0004), and the
// minimums that people set.
#pragma once

#include <absl/status/statusor.h>
#include <absl/time/civil_time.h>
#include <absl/time/time.h>

#include <map>
#include <string>
#include <vector>

#include "kubari/stock/v1/alerts.pb.h"
#include "libs/pg/pool.h"
#include "services/stock/reading_store.h"

namespace kubari::stock {

// When, and by which rules.
struct AlertMoment {
  absl::Time now;
  absl::TimeZone zone;
  int near_expiry_days = 30;
  int unconfirmed_days = 3;
  int transit_days = 3;

  absl::CivilDay today() const { return absl::ToCivilDay(now, zone); }
};

// One alert; ids are UUIDs, "" where the kind has none. Quantities as in kubari.stock.v1.Alert.
struct AlertRow {
  std::string lot_id, place_id, product_id, warehouse_id, delivery_id, group_id, transfer_id, reservation_id;
  int64_t on_hand = 0, reserved = 0, free = 0, wanted = 0;
  absl::CivilDay last_good_day;  // with a lot
  absl::Time time;               // shipped, sent, or tried last
  std::string actor;
  int64_t times = 0;
  std::vector<std::string> key;  // of its list
};

class AlertStore {
 public:
  explicit AlertStore(pg::Pool& pool) : pool_(pool) {}

  // One page, most urgent first. `warehouse`: nothing for all; deliveries have none.
  absl::StatusOr<std::vector<AlertRow>> List(const std::string& network_id, pb::AlertKind kind, const Filter& warehouse,
                                             const AlertMoment& moment, const Page& page, absl::Time deadline);
  // Of every kind.
  using Counts = std::map<pb::AlertKind, int64_t>;
  absl::StatusOr<Counts> Count(const std::string& network_id, const Filter& warehouse, const AlertMoment& moment,
                               absl::Time deadline);
  // Of the first `at_most` networks, each by its own rules and days that begin in `zone`; by network id.
  absl::StatusOr<std::map<std::string, Counts>> CountByNetwork(absl::Time now, absl::TimeZone zone, int at_most,
                                                               absl::Time deadline);

  // Minimums by product name; key: (display name, product id, warehouse id or ""). Only those of `warehouse`, if set.
  struct MinimumRow {
    std::string product_id, product_display_name, warehouse_id;
    int64_t items = 0;
  };
  absl::StatusOr<std::vector<MinimumRow>> Minimums(const std::string& network_id, const Filter& warehouse,
                                                   const Page& page, absl::Time deadline);
  // 0 items: removes it. Written with the transaction.
  static void SetMinimum(pg::Transaction& tx, const std::string& product_id, const Filter& warehouse, int64_t items);

 private:
  pg::Pool& pool_;
};

std::vector<std::string> KeyOf(const AlertRow& row);
std::vector<std::string> KeyOf(const AlertStore::MinimumRow& row);

}  // namespace kubari::stock
