// Lists over lots, balances, reservations, movements and deliveries: by key, newest or first-to-expire first.
#pragma once

#include <absl/status/statusor.h>
#include <absl/time/time.h>

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "libs/pg/pool.h"
#include "libs/registry/search.h"
#include "services/stock/domain/types.h"

namespace kubari::stock {

// One page: at most `size` + 1 values, so that the caller sees whether more follow. `after` is the key of the last
// value before it; empty: from the start. A key that does not convert gives INVALID_ARGUMENT / PAGE_TOKEN_INVALID.
struct Page {
  int size = 50;
  std::vector<std::string> after;
};
using Filter = std::optional<std::string>;  // a UUID, if set

// Words of a product's name, kana or maker, a GTIN, or a lot's own code.
struct GoodsQuery {
  kubari::registry::SearchWords words;
  Filter lot_code;  // if the text can be read as one
};
struct LotFilter {
  Filter gtin, donor_lot_number;  // texts
  Filter donor, offer, product;
  std::optional<std::vector<std::string>> own_donors;  // only lots of these donors
  bool in_stock = false;                               // only what stands on a shelf
  GoodsQuery query;
  bool latest_first = false;  // by date, else first to expire first
};
// A figure or a name puts the rows in order only among what is in stock now: these orders read all of it that fits, and
// nothing of the past. What is equal comes by date, lot and shelf.
enum class BalanceOrder { kGoodUntil, kProduct, kPlace, kOnHand, kFree };
struct BalanceFilter {
  Filter warehouse, lot, product, place;
  bool free_only = false;
  GoodsQuery query;
  std::optional<absl::CivilDay> good_until_before;
  kubari::type::v1::TemperatureZone zone = kubari::type::v1::TEMPERATURE_ZONE_UNSPECIFIED;
  BalanceOrder order = BalanceOrder::kGoodUntil;
  bool descending = false;
};
struct ReservationFilter {
  Filter warehouse, delivery, group;
};
struct MovementFilter {
  Filter lot, place, delivery, group, warehouse;
  Filter actor;                           // "people/{uuid}" …
  std::optional<std::vector<int>> kinds;  // MovementKind
  std::optional<absl::Time> recorded_from, recorded_before;
  bool oldest_first = false;
};
// Where no index leads to what was asked for, only so many movements are looked at for one page.
struct MovementPage {
  std::vector<Movement> movements;
  // Set if the look ended early: what is beyond this position was not looked at. Then `movements` may be few or none.
  std::optional<int64_t> seen_to;
};
struct DeliveryFilter {
  Filter group;
  std::optional<bool> open;
  std::optional<std::vector<std::string>> own_groups;
  std::optional<absl::Time> shipped_from, shipped_before;
  bool oldest_first = false;
};
struct TransferFilter {
  Filter warehouse;  // sent from it or to it
  std::optional<bool> open;
};
struct BalanceRow {
  Lot lot;
  Place place;
  Balance balance;
};
// What stands at a place that is no shelf.
struct HoldingRow {
  Lot lot;
  int64_t items = 0;
};
struct ShipmentRow {
  Shipment shipment;
  int64_t send_position = 0;
};
// What has come of an offer line, directly delivered goods included; net of what went back to the donor or was
// reversed.
struct Intake {
  int64_t received_items = 0;
  int64_t refused_items = 0;
};

class ReadingStore {
 public:
  explicit ReadingStore(pg::Pool& pool) : pool_(pool) {}

  // Keys: lots (last good day, lot id), balances (last good day, lot number, place number, and before them the figure
  // or name that orders them, if one does), reservations (expire time in µs, id), movements (position), deliveries
  // (ship time in µs, id), transfers (position of the first SEND).
  absl::StatusOr<std::vector<Lot>> Lots(const std::string& network_id, const LotFilter& filter, const Page& page,
                                        absl::Time deadline);
  absl::StatusOr<std::vector<BalanceRow>> Balances(const std::string& network_id, const BalanceFilter& filter,
                                                   const Page& page, absl::Time deadline);
  // At a place (UUID), first to expire first; the key is (last good day, lot number).
  absl::StatusOr<std::vector<HoldingRow>> Holdings(const std::string& network_id, const std::string& place_id,
                                                   const Page& page, absl::Time deadline);
  absl::StatusOr<std::vector<Reservation>> Reservations(const std::string& network_id, const ReservationFilter& filter,
                                                        const Page& page, absl::Time deadline);
  absl::StatusOr<MovementPage> Movements(const std::string& network_id, const MovementFilter& filter, const Page& page,
                                         absl::Time deadline);
  absl::StatusOr<std::vector<Delivery>> Deliveries(const std::string& network_id, const DeliveryFilter& filter,
                                                   const Page& page, absl::Time deadline);
  absl::StatusOr<std::vector<ShipmentRow>> Transfers(const std::string& network_id, const TransferFilter& filter,
                                                     const Page& page, absl::Time deadline);
  // A lot's movements, oldest first, and who has received it.
  absl::StatusOr<std::vector<Movement>> LotHistory(const std::string& network_id, const std::string& lot_id, int limit,
                                                   absl::Time deadline);
  absl::StatusOr<bool> AnyReceived(const std::string& network_id, const std::string& lot_id,
                                   const std::vector<std::string>& group_ids, absl::Time deadline);
  // "offers/{uuid}/lines/{uuid}"
  absl::StatusOr<Intake> OfferLineIntake(const std::string& network_id, const std::string& offer_line,
                                         absl::Time deadline);

 private:
  pg::Pool& pool_;
};

// The keys above, of a value.
std::vector<std::string> KeyOf(const Lot& lot);
std::vector<std::string> KeyOf(const BalanceRow& row, BalanceOrder order = BalanceOrder::kGoodUntil);
std::vector<std::string> KeyOf(const HoldingRow& row);
std::vector<std::string> KeyOf(const Reservation& reservation);
std::vector<std::string> KeyOf(const Movement& movement);
std::vector<std::string> KeyOf(const Delivery& delivery);
std::vector<std::string> KeyOf(const ShipmentRow& row);

}  // namespace kubari::stock
