#include "services/stock/reading_store.h"

#include <absl/strings/str_cat.h>

#include <algorithm>

#include "libs/calendar/date.h"
#include "libs/errors/macros.h"
#include "libs/ids/ids.h"
#include "libs/paging/paging.h"
#include "services/stock/lists_sql.h"
#include "services/stock/sql.h"

namespace kubari::stock {
namespace {

using lists::kPlanForValues;
using lists::Number;
using lists::Part;

constexpr pg::Statement kReservations{
    "SELECT " KUBARI_RESERVATION_COLUMNS
    "FROM reservations r WHERE r.network_id = $1 AND r.open AND ($2::uuid IS NULL OR EXISTS (SELECT FROM "
    "places p "
    "WHERE p.network_id = r.network_id AND p.place_id = r.place_id AND p.warehouse_id = $2)) "
    "AND ($3::uuid IS NULL OR r.delivery_id = $3) AND ($4::uuid IS NULL OR r.group_id = $4) "
    "AND ($5::timestamptz IS NULL OR (r.expire_time, r.reservation_id) > ($5, $6::uuid)) "
    "ORDER BY r.expire_time, r.reservation_id LIMIT $7"};

// Movements of a ledger by an index that leads to them, each with whether the other filters let it through.
struct MovementLooks {
  pg::Statement by_lot, by_delivery, by_recipient, by_shelf, by_position;
};
// $1 ledger, $2 and $3 positions between these, $4 so many, $5 lot, $6 place, $7 delivery, $8 recipient, $9 actor, $10
// kinds, $11 network and $12 warehouse.
#define KUBARI_FITS                                                                                                \
  "SELECT m.position, ($5::integer IS NULL OR m.lot = $5) AND ($6::integer IS NULL OR $6 IN (m.from_place, "       \
  "m.to_place)) AND ($7::uuid IS NULL OR m.delivery_id IS NOT DISTINCT FROM $7) AND ($8::integer IS NULL OR "      \
  "m.recipient IS NOT DISTINCT FROM $8) AND ($9::integer IS NULL OR m.actor = $9) "                                \
  "AND ($10::smallint[] IS NULL OR m.kind = ANY($10)) AND ($12::uuid IS NULL OR m.from_place IN (SELECT p.number " \
  "FROM places p WHERE p.network_id = $11::uuid AND p.warehouse_id = $12) OR m.to_place IN (SELECT p.number FROM " \
  "places p WHERE p.network_id = $11 AND p.warehouse_id = $12)) AS fits FROM movements m WHERE m.ledger = "        \
  "$1::integer AND m.position > $2::bigint AND m.position < $3::bigint AND "
#define KUBARI_SOME(desc) " ORDER BY m.position" desc " LIMIT $4 "
// Each end of a shelf has its index, and each gives its first.
#define KUBARI_MOVEMENT_LOOKS(behind, desc)                                                                        \
  {                                                                                                                \
    .by_lot = KUBARI_FITS "m.lot = $5" KUBARI_SOME(desc),                                                          \
    .by_delivery = KUBARI_FITS "m.delivery_id = $7" KUBARI_SOME(desc),                                             \
    .by_recipient = KUBARI_FITS "m.recipient = $8" KUBARI_SOME(desc),                                              \
    .by_shelf =                                                                                                    \
        "SELECT m.position, m.fits FROM ((" KUBARI_FITS "m.from_place = $6 AND m.from_place % 10 = 1" KUBARI_SOME( \
            desc) ") UNION ALL (" KUBARI_FITS                                                                      \
                  "m.to_place = $6 AND m.to_place % 10 = 1 AND m.from_place <> m.to_place" KUBARI_SOME(            \
                      desc) ")) m" KUBARI_SOME(desc),                                                              \
    .by_position = KUBARI_FITS "true" KUBARI_SOME(desc)                                                            \
  }
constexpr MovementLooks kOldestMovements KUBARI_FORWARD(KUBARI_MOVEMENT_LOOKS);
constexpr MovementLooks kNewestMovements KUBARI_BACKWARD(KUBARI_MOVEMENT_LOOKS);
#undef KUBARI_MOVEMENT_LOOKS
#undef KUBARI_SOME
#undef KUBARI_FITS
constexpr pg::Statement kMovementNumbers{
    "SELECT (SELECT ledger FROM ledgers WHERE network_id = $1) AS ledger, "
    "(SELECT number FROM lots WHERE network_id = $1 AND lot_id = $2) AS lot, "
    "(SELECT number FROM places WHERE network_id = $1 AND place_id = $3) AS place, "
    "(SELECT number FROM recipients WHERE network_id = $1 AND group_id = $4) AS recipient, "
    "(SELECT number FROM actors WHERE network_id = $1 AND actor = $5) AS actor, "
    "CASE WHEN $6::timestamptz IS NOT NULL THEN position_at($1, $6) END AS first_position, "
    "CASE WHEN $7::timestamptz IS NOT NULL THEN position_at($1, $7) END AS end_position"};
constexpr pg::Statement kMovements{
    "SELECT " KUBARI_MOVEMENT_COLUMNS
    "FROM ledger_entries m WHERE m.network_id = $1 AND m.position = ANY($2::bigint[]) ORDER BY m.position"};
// Rows of an index looked at in one step, and for one page.
constexpr int kStep = 1'000;
constexpr int kLookAtMost = 20'000;

#define KUBARI_DELIVERIES(behind, desc)                                                                     \
  {                                                                                                         \
    "SELECT " KUBARI_DELIVERY_COLUMNS                                                                       \
    "FROM deliveries d WHERE d.network_id = $1 AND d.issued AND ($2::uuid IS NULL OR d.group_id = $2) "     \
    "AND ($3::uuid[] IS NULL OR d.group_id = ANY($3)) AND ($4::boolean IS NULL OR d.open = $4) "            \
    "AND ($5::timestamptz IS NULL OR d.ship_time >= $5) AND ($6::timestamptz IS NULL OR d.ship_time < $6) " \
    "AND ($7::timestamptz IS NULL OR (d.ship_time, d.delivery_id) " behind                                  \
    " ($7, $8::uuid)) "                                                                                     \
    "ORDER BY d.ship_time" desc ", d.delivery_id" desc " LIMIT $9"                                          \
  }
constexpr pg::Statement kOldestDeliveries KUBARI_FORWARD(KUBARI_DELIVERIES);
constexpr pg::Statement kNewestDeliveries KUBARI_BACKWARD(KUBARI_DELIVERIES);
#undef KUBARI_DELIVERIES
constexpr pg::Statement kDeliveryLines{
    "SELECT " KUBARI_DELIVERY_LINE_COLUMNS
    "FROM delivery_lines d WHERE d.network_id = $1 AND d.delivery_id = ANY($2::uuid[])"};
constexpr pg::Statement kTransfers{"SELECT " KUBARI_SHIPMENT_COLUMNS
                                   "FROM transfers t WHERE t.network_id = $1 AND t.sent AND t.send_position < $2 "
                                   "AND ($3::boolean IS NULL OR t.open = $3) ORDER BY t.send_position DESC LIMIT $4"};
// From or to a warehouse; each has its index.
constexpr pg::Statement kTransfersOfWarehouse{
    "SELECT " KUBARI_SHIPMENT_COLUMNS
    "FROM ((SELECT * FROM transfers t WHERE t.network_id = $1 AND t.sent AND t.send_position < $2 "
    "AND t.from_warehouse_id = $5 AND ($3::boolean IS NULL OR t.open = $3) "
    "ORDER BY t.send_position DESC LIMIT $4) UNION ALL "
    "(SELECT * FROM transfers t WHERE t.network_id = $1 AND t.sent AND t.send_position < $2 "
    "AND t.to_warehouse_id = $5 AND ($3::boolean IS NULL OR t.open = $3) "
    "ORDER BY t.send_position DESC LIMIT $4)) t ORDER BY t.send_position DESC LIMIT $4"};
constexpr pg::Statement kTransferLines{
    "SELECT " KUBARI_SHIPMENT_LINE_COLUMNS
    "FROM transfer_lines t WHERE t.network_id = $1 AND t.transfer_id = ANY($2::uuid[])"};
constexpr pg::Statement kLotHistory{
    "SELECT " KUBARI_MOVEMENT_COLUMNS
    "FROM ledger_entries m WHERE m.network_id = $1 AND m.lot_id = $2 ORDER BY m.position LIMIT $3"};
constexpr pg::Statement kAnyReceived{
    "SELECT EXISTS (SELECT FROM delivery_lines l JOIN deliveries d USING (network_id, delivery_id) "
    "WHERE l.network_id = $1 AND l.lot_id = $2 AND l.issued_items > 0 AND d.group_id = ANY($3::uuid[])) AS found"};
// What the donor gave by this line and did not get back is missing from the donor's place; refusals have an index. So
// neither grows dearer with what became of the goods.
constexpr pg::Statement kIntake{
    "SELECT coalesce((SELECT -sum(b.on_hand) FROM lots l "
    "JOIN places p ON p.network_id = l.network_id AND p.kind = 2 AND p.party = 'donors/' || l.donor_id "
    "JOIN balances b ON b.ledger = (SELECT g.ledger FROM ledgers g WHERE g.network_id = $1) AND b.lot = l.number "
    "AND b.place = p.number "
    "WHERE l.network_id = $1 AND l.offer_id = $2 AND l.origin_id = $3), 0)::bigint AS received, "
    "coalesce((SELECT sum(CASE WHEN m.takes_back THEN -m.items ELSE m.items END) FROM lots l "
    "JOIN movements m ON m.ledger = (SELECT g.ledger FROM ledgers g WHERE g.network_id = $1) AND m.lot = l.number "
    "AND coalesce(m.effect_kind, m.kind) = 11 "
    "WHERE l.network_id = $1 AND l.offer_id = $2 AND l.origin_id = $3), 0)::bigint AS refused"};

// "newest first": before this number.
absl::StatusOr<int64_t> Before(const Page& page) {
  if (page.after.empty()) return std::numeric_limits<int64_t>::max();
  const std::optional<int64_t> number = page.after.size() == 1 ? Number(page.after[0]) : std::nullopt;
  if (!number) return paging::InvalidToken();
  return *number;
}

// The time of a key of time in µs and id.
absl::StatusOr<std::optional<absl::Time>> TimeKey(const Page& page) {
  if (page.after.empty()) return std::nullopt;
  const std::optional<int64_t> micros = Number(page.after[0]);
  if (page.after.size() != 2 || !micros || !ids::IsUuid(page.after[1])) return paging::InvalidToken();
  return absl::FromUnixMicros(*micros);
}

}  // namespace

std::vector<std::string> KeyOf(const Reservation& r) { return {absl::StrCat(absl::ToUnixMicros(r.expire_time)), r.id}; }
std::vector<std::string> KeyOf(const Movement& movement) { return {absl::StrCat(movement.position)}; }
std::vector<std::string> KeyOf(const Delivery& delivery) {
  return {absl::StrCat(absl::ToUnixMicros(delivery.ship_time)), delivery.id};
}
std::vector<std::string> KeyOf(const ShipmentRow& row) { return {absl::StrCat(row.send_position)}; }

absl::StatusOr<std::vector<Reservation>> ReadingStore::Reservations(const std::string& network_id,
                                                                    const ReservationFilter& f, const Page& page,
                                                                    absl::Time deadline) {
  ASSIGN_OR_RETURN(const std::optional<absl::Time> time, TimeKey(page));
  return pool_.Read({.network_id = network_id, .deadline = deadline},
                    [&](pg::Transaction& tx) -> absl::StatusOr<std::vector<Reservation>> {
                      tx.Defer(kPlanForValues);
                      ASSIGN_OR_RETURN(const pg::Result rows,
                                       tx.Query(kReservations, network_id, f.warehouse, f.delivery, f.group, time,
                                                Part(page, 1), page.size + 1));
                      std::vector<Reservation> reservations;
                      for (const pg::Row row : rows) reservations.push_back(sql::ReadReservation(row));
                      return reservations;
                    });
}

namespace {

// Positions that fit, at most `size` + 1, and how far the look went.
struct Positions {
  std::vector<int64_t> found;
  std::optional<int64_t> seen_to;
};

absl::StatusOr<Positions> Look(pg::Transaction& tx, const MovementFilter& f, std::optional<int64_t> after, int size) {
  ASSIGN_OR_RETURN(const pg::Result rows, tx.Query(kMovementNumbers, tx.network_id(), f.lot, f.place, f.group, f.actor,
                                                   f.recorded_from, f.recorded_before));
  const auto number = [&](const char* column) { return rows[0].Get<std::optional<int32_t>>(column); };
  const auto ledger = number("ledger"), lot = number("lot"), place = number("place"), recipient = number("recipient"),
             actor = number("actor");
  // What is not there has moved nothing.
  if (!ledger || (f.lot && !lot) || (f.place && !place) || (f.group && !recipient) || (f.actor && !actor))
    return Positions{};
  // Between these two, and beyond what the page before has seen.
  int64_t low = rows[0].Get<std::optional<int64_t>>("first_position").value_or(0) - 1;
  int64_t high = rows[0].Get<std::optional<int64_t>>("end_position").value_or(std::numeric_limits<int64_t>::max());
  int64_t& seen = f.oldest_first ? low : high;
  if (after) seen = f.oldest_first ? std::max(low, *after) : std::min(high, *after);
  const bool shelf = place && *place % 10 == pb::PLACE_KIND_SHELF;
  const MovementLooks& looks = f.oldest_first ? kOldestMovements : kNewestMovements;
  const pg::Statement& by = f.delivery ? looks.by_delivery
                            : lot      ? looks.by_lot
                            : shelf    ? looks.by_shelf
                            : f.group  ? looks.by_recipient
                                       : looks.by_position;
  const bool led_by_all = f.delivery.has_value() + f.lot.has_value() + f.place.has_value() + f.group.has_value() <= 1 &&
                          !(place && !shelf) && !actor && !f.kinds && !f.warehouse;
  const int step = led_by_all ? size + 1 : kStep;
  Positions positions;
  for (int looked = 0; looked < kLookAtMost; looked += step) {
    ASSIGN_OR_RETURN(const pg::Result some, tx.Query(by, *ledger, low, high, step, lot, place, f.delivery, recipient,
                                                     actor, f.kinds, tx.network_id(), f.warehouse));
    for (const pg::Row row : some) {
      seen = row.Get<int64_t>("position");
      if (row.Get<bool>("fits")) positions.found.push_back(seen);
      if (static_cast<int>(positions.found.size()) > size) return positions;
    }
    if (some.size() < step) return positions;
  }
  positions.seen_to = seen;
  return positions;
}

}  // namespace

absl::StatusOr<MovementPage> ReadingStore::Movements(const std::string& network_id, const MovementFilter& f,
                                                     const Page& page, absl::Time deadline) {
  std::optional<int64_t> after;
  if (page.after.size() == 1) after = Number(page.after[0]);
  if (!page.after.empty() && !after) return paging::InvalidToken();
  return pool_.Read({.network_id = network_id, .deadline = deadline},
                    [&](pg::Transaction& tx) -> absl::StatusOr<MovementPage> {
                      ASSIGN_OR_RETURN(const Positions positions, Look(tx, f, after, page.size));
                      MovementPage found{.seen_to = positions.seen_to};
                      if (positions.found.empty()) return found;
                      ASSIGN_OR_RETURN(const pg::Result rows, tx.Query(kMovements, network_id, positions.found));
                      found.movements = sql::ReadMovements(rows);
                      if (!f.oldest_first) std::reverse(found.movements.begin(), found.movements.end());
                      return found;
                    });
}

absl::StatusOr<std::vector<Delivery>> ReadingStore::Deliveries(const std::string& network_id, const DeliveryFilter& f,
                                                               const Page& page, absl::Time deadline) {
  ASSIGN_OR_RETURN(const std::optional<absl::Time> time, TimeKey(page));
  return pool_.Read({.network_id = network_id, .deadline = deadline},
                    [&](pg::Transaction& tx) -> absl::StatusOr<std::vector<Delivery>> {
                      tx.Defer(kPlanForValues);
                      ASSIGN_OR_RETURN(const pg::Result rows,
                                       tx.Query(f.oldest_first ? kOldestDeliveries : kNewestDeliveries, network_id,
                                                f.group, f.own_groups, f.open, f.shipped_from, f.shipped_before, time,
                                                Part(page, 1), page.size + 1));
                      std::vector<Delivery> deliveries;
                      std::vector<std::string> delivery_ids;
                      std::map<std::string, size_t> at;
                      for (const pg::Row row : rows) {
                        deliveries.push_back(sql::ReadDelivery(row));
                        delivery_ids.push_back(deliveries.back().id);
                        at[delivery_ids.back()] = deliveries.size() - 1;
                      }
                      ASSIGN_OR_RETURN(const pg::Result lines, tx.Query(kDeliveryLines, network_id, delivery_ids));
                      for (const pg::Row row : lines)
                        sql::ReadLine(row, deliveries[at[row.Get<std::string>("delivery_id")]]);
                      return deliveries;
                    });
}

absl::StatusOr<std::vector<ShipmentRow>> ReadingStore::Transfers(const std::string& network_id, const TransferFilter& f,
                                                                 const Page& page, absl::Time deadline) {
  ASSIGN_OR_RETURN(const int64_t before, Before(page));
  return pool_.Read({.network_id = network_id, .deadline = deadline},
                    [&](pg::Transaction& tx) -> absl::StatusOr<std::vector<ShipmentRow>> {
                      tx.Defer(kPlanForValues);
                      ASSIGN_OR_RETURN(const pg::Result rows,
                                       f.warehouse ? tx.Query(kTransfersOfWarehouse, network_id, before, f.open,
                                                              page.size + 1, f.warehouse)
                                                   : tx.Query(kTransfers, network_id, before, f.open, page.size + 1));
                      std::vector<ShipmentRow> shipments;
                      std::vector<std::string> transfer_ids;
                      std::map<std::string, size_t> at;
                      for (const pg::Row row : rows) {
                        shipments.push_back({sql::ReadShipment(row), row.Get<int64_t>("send_position")});
                        transfer_ids.push_back(shipments.back().shipment.id);
                        at[transfer_ids.back()] = shipments.size() - 1;
                      }
                      ASSIGN_OR_RETURN(const pg::Result lines, tx.Query(kTransferLines, network_id, transfer_ids));
                      for (const pg::Row row : lines)
                        sql::ReadLine(row, shipments[at[row.Get<std::string>("transfer_id")]].shipment);
                      return shipments;
                    });
}

absl::StatusOr<std::vector<Movement>> ReadingStore::LotHistory(const std::string& network_id, const std::string& lot_id,
                                                               int limit, absl::Time deadline) {
  return pool_.Read({.network_id = network_id, .deadline = deadline},
                    [&](pg::Transaction& tx) -> absl::StatusOr<std::vector<Movement>> {
                      ASSIGN_OR_RETURN(const pg::Result rows, tx.Query(kLotHistory, network_id, lot_id, limit));
                      return sql::ReadMovements(rows);
                    });
}

absl::StatusOr<bool> ReadingStore::AnyReceived(const std::string& network_id, const std::string& lot_id,
                                               const std::vector<std::string>& group_ids, absl::Time deadline) {
  return pool_.Read({.network_id = network_id, .deadline = deadline}, [&](pg::Transaction& tx) -> absl::StatusOr<bool> {
    ASSIGN_OR_RETURN(const pg::Result rows, tx.Query(kAnyReceived, network_id, lot_id, group_ids));
    return rows[0].Get<bool>("found");
  });
}

absl::StatusOr<Intake> ReadingStore::OfferLineIntake(const std::string& network_id, const std::string& offer_line,
                                                     absl::Time deadline) {
  // "offers/{uuid}/lines/{uuid}"
  const std::string offer = offer_line.substr(7, 36), line = offer_line.substr(offer_line.size() - 36);
  return pool_.Read({.network_id = network_id, .deadline = deadline},
                    [&](pg::Transaction& tx) -> absl::StatusOr<Intake> {
                      ASSIGN_OR_RETURN(const pg::Result rows, tx.Query(kIntake, network_id, offer, line));
                      return Intake{.received_items = rows[0].Get<int64_t>("received"),
                                    .refused_items = rows[0].Get<int64_t>("refused")};
                    });
}

}  // namespace kubari::stock
