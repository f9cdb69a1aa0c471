// The nouns of the ledger. Ids are UUIDs in lower-case text; an empty id means none.
#pragma once

#include <absl/time/civil_time.h>
#include <absl/time/time.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "kubari/stock/v1/stock.pb.h"

namespace kubari::stock {

namespace pb = kubari::stock::v1;

struct Place {
  std::string id;
  int32_t number = 0;  // its number in the network's ledger, from 1; 0: not stored yet
  pb::PlaceKind kind = pb::PLACE_KIND_UNSPECIFIED;
  std::string warehouse_id;                                                                 // shelves only
  std::string code;                                                                         // shelves only
  kubari::type::v1::TemperatureZone zone = kubari::type::v1::TEMPERATURE_ZONE_UNSPECIFIED;  // shelves only
  std::string party;  // "donors/{uuid}", "groups/{uuid}" or, in transit, "warehouses/{uuid}"
  std::string display_name;

  bool shelf() const { return kind == pb::PLACE_KIND_SHELF; }
};

// Never changes once made.
struct Lot {
  std::string id;
  int32_t number = 0;  // its number in the network's ledger, from 1; 0: not stored yet
  // As the contract shows it to those who may know everything: donor_display_name is always there.
  pb::Lot facts;
  // The title of the offer it came by; empty without one.
  std::string offer_title;
  // The transformation that made it; empty for lots that came in.
  std::string transformation_id;

  const std::string& code() const { return facts.code(); }
  // What makes two arrivals the same lot: product, printed date, donor lot number, and where it came from (the
  // transformation, the offer line, or the donor); with separators that the parts cannot contain.
  std::string Origin() const;
};

// Lots' ids are derived from what makes them the same lot, so two phones cannot make one twice.
std::string LotId(const std::string& network_id, const Lot& lot);
// The last day on which the printed date still holds; 9999-12-31 for goods without a date, which so come last.
absl::CivilDay LastGoodDay(const pb::Lot& facts);

struct Movement {
  std::string network_id;
  int64_t position = -1;
  std::string id;  // follows from network and position: MovementId()
  pb::MovementKind kind = pb::MOVEMENT_KIND_UNSPECIFIED;
  std::string lot_id;
  std::string from_place;
  std::string to_place;
  int64_t items = 0;
  std::string reservation_id;
  std::string delivery_id;
  std::string group_id;
  std::string operation_id;  // see OperationName()
  std::string reverses;
  // Its own kind, or of a reversal that of what it takes back or, as the reversal of a reversal, gives again.
  pb::MovementKind effect_kind = pb::MOVEMENT_KIND_UNSPECIFIED;
  bool takes_back = false;
  std::string reason;
  std::string note;
  std::string actor;         // "people/{uuid}" …
  absl::Time occurred_time;  // both in whole microseconds
  absl::Time recorded_time;
  int64_t households = 0;
  std::string municipality_code;
  std::string request_id;
  std::string request_hash;  // 16 bytes
  std::string leaf_hash;     // 32 bytes

  int64_t effect_items() const { return takes_back ? -items : items; }
};

// The movement at a position of a network's ledger: a UUID of version 8 (RFC 9562, section 5.8) of which both follow,
// so that no index is needed to find it. Its bits, from the left: 48 + 12 (around the version) are the first 60 of
// SHA-256(the network's UUID as text), 62 (behind the variant) the position: "…-8…-8000-00000000002a" is at 42.
// PositionOf: nothing if the id is not of this network or not of a movement.
std::string MovementId(const std::string& network_id, int64_t position);
std::optional<int64_t> PositionOf(const std::string& network_id, const std::string& movement_id);
// "transfers/{uuid}", "transformations/{uuid}", "stocktakes/{uuid}" or "recalls/{uuid}", by its effect; empty without
// one.
std::string OperationName(const Movement& movement);

struct Balance {
  int64_t on_hand = 0;
  int64_t reserved = 0;

  int64_t free() const { return on_hand - reserved; }
  friend bool operator==(const Balance&, const Balance&) = default;
};
// (lot, place)
using BalanceKey = std::pair<std::string, std::string>;

struct Reservation {
  std::string id;
  std::string lot_id;
  std::string place_id;
  std::string group_id;
  std::string delivery_id;
  int64_t items = 0;
  int64_t open_items = 0;
  absl::Time expire_time;
  absl::Time create_time;
};

struct DeliveryLine {
  int64_t issued = 0;
  int64_t confirmed = 0;
  int64_t missing = 0;
  int64_t returned = 0;

  int64_t open() const { return issued - confirmed - missing - returned; }
  friend bool operator==(const DeliveryLine&, const DeliveryLine&) = default;
};

struct Delivery {
  std::string id;
  std::string group_id;
  std::string source_place;                     // of the first that was issued: a shelf, a donor or a group
  std::map<std::string, DeliveryLine> lines;    // by lot
  absl::Time ship_time = absl::InfinitePast();  // InfinitePast: not yet
  absl::Time confirm_time = absl::InfinitePast();

  int64_t issued() const;
  int64_t open() const;
  // What a movement of this delivery changes in its lines.
  void Count(const Movement& movement);
};

struct ShipmentLine {
  int64_t sent = 0;
  int64_t arrived = 0;
  int64_t missing = 0;

  int64_t open() const { return sent - arrived - missing; }
  friend bool operator==(const ShipmentLine&, const ShipmentLine&) = default;
};

// Goods that go from one warehouse to another: pb::Transfer.
struct Shipment {
  std::string id;
  std::string from_warehouse_id;
  std::string to_warehouse_id;
  std::map<std::string, ShipmentLine> lines;  // by lot
  absl::Time send_time = absl::InfinitePast();
  absl::Time arrive_time = absl::InfinitePast();

  int64_t sent() const;
  int64_t open() const;
  bool anything_arrived() const;
  // What a movement of this transfer changes in its lines.
  void Count(const Movement& movement);
};

// The transfer that a movement belongs to; empty: none.
std::string ShipmentOf(const Movement& movement);
// How the movement changes what is promised of its lot at `from_place`, and what its reservation still holds.
int64_t PromisedBy(const Movement& movement);

// The id of the one place of a network that stands for a donor, a group, deliveries to a group, waste or adjustment:
// the same wherever it is derived. `party` is as in Place, or "".
std::string StandInPlaceId(const std::string& network_id, pb::PlaceKind kind, const std::string& party);
// Such a place, complete.
Place StandInPlace(const std::string& network_id, pb::PlaceKind kind, const std::string& party,
                   const std::string& display_name);

}  // namespace kubari::stock
