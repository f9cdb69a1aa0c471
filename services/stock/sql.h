// Rows of stock's schema as values, and back; shared by the stores.
#pragma once

#include <absl/time/time.h>

#include <optional>
#include <string>
#include <vector>

#include "libs/pg/result.h"
#include "services/stock/domain/types.h"

namespace kubari::stock::sql {

// Column lists that the Read… functions expect; `m`, `l` and `p` are the tables' names in the query. Literals, so that
// statements stay literals too.
#define KUBARI_MOVEMENT_COLUMNS                                                                                      \
  "m.network_id, m.position, m.movement_id, m.kind, m.lot_id, m.from_place, m.to_place, m.items, m.reservation_id, " \
  "m.delivery_id, "                                                                                                  \
  "m.group_id, m.reverses, m.reason, m.note, m.actor, m.occurred_time, m.recorded_time, m.households, "              \
  "m.municipality_code, "                                                                                            \
  "m.request_id, m.request_hash, m.leaf_hash "
#define KUBARI_LOT_COLUMNS "l.lot_id, l.facts, l.offer_title "
#define KUBARI_PLACE_COLUMNS "p.place_id, p.kind, p.warehouse_id, p.code, p.temperature_zone, p.party, p.display_name "
#define KUBARI_RESERVATION_COLUMNS                                                                            \
  "r.reservation_id, r.lot_id, r.place_id, r.group_id, r.delivery_id, r.items, r.open_items, r.expire_time, " \
  "r.create_time "

Movement ReadMovement(const pg::Row& row);
std::vector<Movement> ReadMovements(const pg::Result& rows);
Lot ReadLot(const pg::Row& row);
Place ReadPlace(const pg::Row& row);
Reservation ReadReservation(const pg::Row& row);

// "" as NULL.
std::optional<std::string> OrNull(const std::string& text);

// A message as proto JSON, for jsonb columns, and back. What an older or newer binary wrote is read as far as it is
// known.
std::string ToJson(const google::protobuf::Message& message);
void FromJson(const std::string& json, google::protobuf::Message& message);

}  // namespace kubari::stock::sql
