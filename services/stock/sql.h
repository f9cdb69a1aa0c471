// Rows of stock's schema as values, and back; shared by the stores.
#pragma once

#include <absl/time/time.h>

#include <optional>
#include <string>
#include <vector>

#include "libs/pg/result.h"
#include "services/stock/domain/types.h"

namespace kubari::stock::sql {

// Column lists that the Read… functions expect; `m` (the view ledger_entries), `l`, `p`, `r`, `d` and `t` are the
// tables' names in the query. Literals, so that statements stay literals too.
#define KUBARI_MOVEMENT_COLUMNS                                                                                       \
  "m.network_id, m.position, m.kind, m.lot_id, m.from_place, m.to_place, m.items, m.reservation_id, m.delivery_id, "  \
  "m.group_id, m.operation_id, m.reverses, m.effect_kind, m.takes_back, m.reason, m.note, m.actor, m.occurred_time, " \
  "m.recorded_time, m.households, m.municipality_code, m.request_id, m.request_hash, m.leaf_hash "
#define KUBARI_LOT_COLUMNS "l.lot_id, l.number AS lot_number, l.facts, l.offer_title "
#define KUBARI_PLACE_COLUMNS                                                                                          \
  "p.place_id, p.number AS place_number, p.kind AS place_kind, p.warehouse_id, p.code, p.temperature_zone, p.party, " \
  "p.display_name "
#define KUBARI_RESERVATION_COLUMNS                                                                            \
  "r.reservation_id, r.lot_id, r.place_id, r.group_id, r.delivery_id, r.items, r.open_items, r.expire_time, " \
  "r.create_time "
#define KUBARI_DELIVERY_COLUMNS \
  "d.delivery_id, d.group_id, d.source_place, d.ship_position, d.ship_time, d.confirm_time "
#define KUBARI_DELIVERY_LINE_COLUMNS \
  "d.delivery_id, d.lot_id, d.issued_items, d.confirmed_items, d.short_items, d.returned_items "
#define KUBARI_SHIPMENT_COLUMNS \
  "t.transfer_id, t.from_warehouse_id, t.to_warehouse_id, t.send_position, t.send_time, t.arrive_time "
#define KUBARI_SHIPMENT_LINE_COLUMNS "t.transfer_id, t.lot_id, t.sent_items, t.arrived_items, t.short_items "

Movement ReadMovement(const pg::Row& row);
std::vector<Movement> ReadMovements(const pg::Result& rows);
Lot ReadLot(const pg::Row& row);
Place ReadPlace(const pg::Row& row);
Reservation ReadReservation(const pg::Row& row);
// Columns on_hand and reserved.
Balance ReadBalance(const pg::Row& row);
// Without lines; each is read of a row of its own.
Delivery ReadDelivery(const pg::Row& row);
void ReadLine(const pg::Row& row, Delivery& delivery);
Shipment ReadShipment(const pg::Row& row);
void ReadLine(const pg::Row& row, Shipment& shipment);

// "" as NULL.
std::optional<std::string> OrNull(const std::string& text);

// A message as proto JSON, for jsonb columns, and back. What an older or newer binary wrote is read as far as it is
// known.
std::string ToJson(const google::protobuf::Message& message);
void FromJson(const std::string& json, google::protobuf::Message& message);

}  // namespace kubari::stock::sql
