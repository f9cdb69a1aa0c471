#include "services/stock/reading_store.h"

#include <absl/strings/numbers.h>
#include <absl/strings/str_cat.h>

#include "libs/calendar/date.h"
#include "libs/errors/macros.h"
#include "libs/ids/ids.h"
#include "libs/paging/paging.h"
#include "services/stock/sql.h"

namespace kubari::stock {
namespace {

// Filters that are not set fold away when the plan is made for the actual values, so each list needs one statement
// only.
constexpr pg::Statement kPlanForValues{"SET LOCAL plan_cache_mode = force_custom_plan"};

#define KUBARI_FITTING_LOTS                                                                       \
  "l.network_id = $1 AND ($2::text IS NULL OR l.gtin = $2) "                                      \
  "AND ($3::text IS NULL OR (l.donor_lot_number = $3 AND l.donor_lot_number <> '')) "             \
  "AND ($4::uuid IS NULL OR l.donor_id = $4) AND ($5::uuid IS NULL OR l.offer_id = $5) "          \
  "AND ($6::uuid IS NULL OR l.product_id = $6) AND ($7::uuid[] IS NULL OR l.donor_id = ANY($7)) " \
  "AND ($8::date IS NULL OR (l.last_good_day, l.lot_id) > ($8, $9::uuid)) "                       \
  "ORDER BY l.last_good_day, l.lot_id LIMIT $10"
constexpr pg::Statement kLots{"SELECT " KUBARI_LOT_COLUMNS "FROM lots l WHERE " KUBARI_FITTING_LOTS};
// From the shelves: of a product's lots most are gone.
constexpr pg::Statement kLotsInStock{
    "SELECT " KUBARI_LOT_COLUMNS
    "FROM (SELECT DISTINCT b.lot FROM balances b WHERE b.ledger = (SELECT g.ledger FROM ledgers g WHERE g.network_id = "
    "$1) AND b.present AND b.place % 10 = 1 AND ($6::uuid IS NULL OR b.product_id = $6)) b "
    "CROSS JOIN LATERAL (SELECT * FROM lots l WHERE l.network_id = $1 AND l.number = b.lot OFFSET 0) l "
    "WHERE " KUBARI_FITTING_LOTS};
#undef KUBARI_FITTING_LOTS
// The page first, as an index has it; then what it shows.
constexpr pg::Statement kBalances{
    "SELECT b.on_hand, b.reserved, " KUBARI_LOT_COLUMNS ", " KUBARI_PLACE_COLUMNS
    "FROM (SELECT * FROM balances b "
    "WHERE b.ledger = (SELECT g.ledger FROM ledgers g WHERE g.network_id = $1) AND b.present AND b.place % 10 = 1 "
    "AND ($2::uuid IS NULL OR b.warehouse_id = $2) "
    "AND ($3::uuid IS NULL OR b.lot = (SELECT x.number FROM lots x WHERE x.network_id = $1 AND x.lot_id = $3)) "
    "AND ($4::uuid IS NULL OR b.product_id = $4) AND (NOT $5::boolean OR b.on_hand > b.reserved) "
    "AND ($6::date IS NULL OR (b.last_good_day, b.lot, b.place) > ($6, $7::integer, $8::integer)) "
    "ORDER BY b.last_good_day, b.lot, b.place LIMIT $9) b "
    "CROSS JOIN LATERAL (SELECT * FROM lots l WHERE l.network_id = $1 AND l.number = b.lot OFFSET 0) l "
    "JOIN places p ON p.network_id = $1 AND p.number = b.place "
    "ORDER BY b.last_good_day, b.lot, b.place"};
constexpr pg::Statement kReservations{
    "SELECT " KUBARI_RESERVATION_COLUMNS
    "FROM reservations r WHERE r.network_id = $1 AND r.open AND ($2::uuid IS NULL OR EXISTS (SELECT FROM "
    "places p "
    "WHERE p.network_id = r.network_id AND p.place_id = r.place_id AND p.warehouse_id = $2)) "
    "AND ($3::uuid IS NULL OR r.delivery_id = $3) AND ($4::uuid IS NULL OR r.group_id = $4) "
    "AND ($5::timestamptz IS NULL OR (r.expire_time, r.reservation_id) > ($5, $6::uuid)) "
    "ORDER BY r.expire_time, r.reservation_id LIMIT $7"};

// Movements, newest first: by an index that leads to them, each with whether the other filters let it through. $1
// ledger, $2 positions before this one, $3 so many, $4 lot, $5 place, $6 delivery, $7 recipient, $8 actor.
#define KUBARI_FITS                                                                                                \
  "SELECT m.position, ($4::integer IS NULL OR m.lot = $4) AND ($5::integer IS NULL OR $5 IN (m.from_place, "       \
  "m.to_place)) AND ($6::uuid IS NULL OR m.delivery_id IS NOT DISTINCT FROM $6) AND ($7::integer IS NULL OR "      \
  "m.recipient IS NOT DISTINCT FROM $7) AND ($8::integer IS NULL OR m.actor = $8) AS fits FROM movements m WHERE " \
  "m.ledger = $1::integer AND m.position < $2 AND "
#define KUBARI_NEWEST " ORDER BY m.position DESC LIMIT $3 "
constexpr pg::Statement kByLot{KUBARI_FITS "m.lot = $4" KUBARI_NEWEST};
constexpr pg::Statement kByDelivery{KUBARI_FITS "m.delivery_id = $6" KUBARI_NEWEST};
constexpr pg::Statement kByRecipient{KUBARI_FITS "m.recipient = $7" KUBARI_NEWEST};
// Each end has its index, and each gives its newest.
constexpr pg::Statement kByShelf{"SELECT m.position, m.fits FROM ((" KUBARI_FITS
                                 "m.from_place = $5 AND m.from_place % 10 = 1" KUBARI_NEWEST ") UNION ALL (" KUBARI_FITS
                                 "m.to_place = $5 AND m.to_place % 10 = 1 AND m.from_place <> m.to_place" KUBARI_NEWEST
                                 ")) m" KUBARI_NEWEST};
constexpr pg::Statement kByPosition{KUBARI_FITS "true" KUBARI_NEWEST};
#undef KUBARI_FITS
#undef KUBARI_NEWEST
constexpr pg::Statement kMovementNumbers{
    "SELECT (SELECT ledger FROM ledgers WHERE network_id = $1) AS ledger, "
    "(SELECT number FROM lots WHERE network_id = $1 AND lot_id = $2) AS lot, "
    "(SELECT number FROM places WHERE network_id = $1 AND place_id = $3) AS place, "
    "(SELECT number FROM recipients WHERE network_id = $1 AND group_id = $4) AS recipient, "
    "(SELECT number FROM actors WHERE network_id = $1 AND actor = $5) AS actor"};
constexpr pg::Statement kMovements{
    "SELECT " KUBARI_MOVEMENT_COLUMNS
    "FROM ledger_entries m WHERE m.network_id = $1 AND m.position = ANY($2::bigint[]) ORDER BY m.position DESC"};
// Rows of an index looked at in one step, and for one page.
constexpr int kStep = 1'000;
constexpr int kLookAtMost = 20'000;

constexpr pg::Statement kDeliveries{
    "SELECT " KUBARI_DELIVERY_COLUMNS
    "FROM deliveries d WHERE d.network_id = $1 AND d.issued AND d.ship_position < $2 "
    "AND ($3::uuid IS NULL OR d.group_id = $3) AND ($4::boolean IS NULL OR d.open = $4) "
    "AND ($5::uuid[] IS NULL OR d.group_id = ANY($5)) ORDER BY d.ship_position DESC LIMIT $6"};
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
// Parts of a key, converted with care: they come from outside.
std::optional<int64_t> Number(const std::string& text) {
  int64_t value = 0;
  return absl::SimpleAtoi(text, &value) ? std::optional(value) : std::nullopt;
}

bool IsDay(const std::string& text) {
  absl::CivilDay day;
  return absl::ParseCivilTime(text, &day);
}

// The i-th part of the key, or NULL on the first page.
Filter Part(const Page& page, size_t i) { return i < page.after.size() ? Filter(page.after[i]) : std::nullopt; }

// "newest first": before this number.
absl::StatusOr<int64_t> Before(const Page& page) {
  if (page.after.empty()) return std::numeric_limits<int64_t>::max();
  const std::optional<int64_t> number = page.after.size() == 1 ? Number(page.after[0]) : std::nullopt;
  if (!number) return paging::InvalidToken();
  return *number;
}

std::string DayOf(const Lot& lot) { return absl::FormatCivilTime(LastGoodDay(lot.facts)); }

}  // namespace

std::vector<std::string> KeyOf(const Lot& lot) { return {DayOf(lot), lot.id}; }
std::vector<std::string> KeyOf(const BalanceRow& row) {
  return {DayOf(row.lot), absl::StrCat(row.lot.number), absl::StrCat(row.place.number)};
}
std::vector<std::string> KeyOf(const Reservation& r) { return {absl::StrCat(absl::ToUnixMicros(r.expire_time)), r.id}; }
std::vector<std::string> KeyOf(const Movement& movement) { return {absl::StrCat(movement.position)}; }
std::vector<std::string> KeyOf(const DeliveryRow& row) { return {absl::StrCat(row.ship_position)}; }
std::vector<std::string> KeyOf(const ShipmentRow& row) { return {absl::StrCat(row.send_position)}; }

absl::StatusOr<std::vector<Lot>> ReadingStore::Lots(const std::string& network_id, const LotFilter& f, const Page& page,
                                                    absl::Time deadline) {
  if (!page.after.empty() && !(page.after.size() == 2 && IsDay(page.after[0]) && ids::IsUuid(page.after[1])))
    return paging::InvalidToken();
  return pool_.Read(
      {.network_id = network_id, .deadline = deadline}, [&](pg::Transaction& tx) -> absl::StatusOr<std::vector<Lot>> {
        tx.Defer(kPlanForValues);
        ASSIGN_OR_RETURN(const pg::Result rows,
                         tx.Query(f.in_stock ? kLotsInStock : kLots, network_id, f.gtin, f.donor_lot_number, f.donor,
                                  f.offer, f.product, f.own_donors, Part(page, 0), Part(page, 1), page.size + 1));
        std::vector<Lot> lots;
        for (const pg::Row row : rows) lots.push_back(sql::ReadLot(row));
        return lots;
      });
}

absl::StatusOr<std::vector<BalanceRow>> ReadingStore::Balances(const std::string& network_id, const BalanceFilter& f,
                                                               const Page& page, absl::Time deadline) {
  std::optional<int64_t> lot, place;
  if (page.after.size() == 3 && IsDay(page.after[0])) lot = Number(page.after[1]), place = Number(page.after[2]);
  if (!page.after.empty() && !(lot && place)) return paging::InvalidToken();
  return pool_.Read({.network_id = network_id, .deadline = deadline},
                    [&](pg::Transaction& tx) -> absl::StatusOr<std::vector<BalanceRow>> {
                      tx.Defer(kPlanForValues);
                      ASSIGN_OR_RETURN(const pg::Result rows,
                                       tx.Query(kBalances, network_id, f.warehouse, f.lot, f.product, f.free_only,
                                                Part(page, 0), lot, place, page.size + 1));
                      std::vector<BalanceRow> balances;
                      for (const pg::Row row : rows) {
                        balances.push_back({sql::ReadLot(row), sql::ReadPlace(row), sql::ReadBalance(row)});
                      }
                      return balances;
                    });
}

absl::StatusOr<std::vector<Reservation>> ReadingStore::Reservations(const std::string& network_id,
                                                                    const ReservationFilter& f, const Page& page,
                                                                    absl::Time deadline) {
  std::optional<absl::Time> time;
  if (!page.after.empty()) {
    const std::optional<int64_t> micros = Number(page.after[0]);
    if (page.after.size() != 2 || !micros || !ids::IsUuid(page.after[1])) return paging::InvalidToken();
    time = absl::FromUnixMicros(*micros);
  }
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
  std::optional<int64_t> seen_down_to;
};

absl::StatusOr<Positions> Look(pg::Transaction& tx, const MovementFilter& f, int64_t before, int size) {
  ASSIGN_OR_RETURN(const pg::Result rows,
                   tx.Query(kMovementNumbers, tx.network_id(), f.lot, f.place, f.group, f.actor));
  const auto number = [&](const char* column) { return rows[0].Get<std::optional<int32_t>>(column); };
  const auto ledger = number("ledger"), lot = number("lot"), place = number("place"), recipient = number("recipient"),
             actor = number("actor");
  // What is not there has moved nothing.
  if (!ledger || (f.lot && !lot) || (f.place && !place) || (f.group && !recipient) || (f.actor && !actor))
    return Positions{};
  const bool shelf = place && *place % 10 == pb::PLACE_KIND_SHELF;
  const pg::Statement& by = f.delivery ? kByDelivery
                            : lot      ? kByLot
                            : shelf    ? kByShelf
                            : f.group  ? kByRecipient
                                       : kByPosition;
  const bool led_by_all =
      f.delivery.has_value() + f.lot.has_value() + f.place.has_value() + f.group.has_value() + f.actor.has_value() <=
          1 &&
      !(place && !shelf) && !actor;
  const int step = led_by_all ? size + 1 : kStep;
  Positions positions;
  for (int looked = 0; looked < kLookAtMost; looked += step) {
    ASSIGN_OR_RETURN(const pg::Result some,
                     tx.Query(by, *ledger, before, step, lot, place, f.delivery, recipient, actor));
    for (const pg::Row row : some) {
      before = row.Get<int64_t>("position");
      if (row.Get<bool>("fits")) positions.found.push_back(before);
      if (static_cast<int>(positions.found.size()) > size) return positions;
    }
    if (some.size() < step) return positions;
  }
  positions.seen_down_to = before;
  return positions;
}

}  // namespace

absl::StatusOr<MovementPage> ReadingStore::Movements(const std::string& network_id, const MovementFilter& f,
                                                     const Page& page, absl::Time deadline) {
  ASSIGN_OR_RETURN(const int64_t before, Before(page));
  return pool_.Read({.network_id = network_id, .deadline = deadline},
                    [&](pg::Transaction& tx) -> absl::StatusOr<MovementPage> {
                      ASSIGN_OR_RETURN(const Positions positions, Look(tx, f, before, page.size));
                      MovementPage found{.seen_down_to = positions.seen_down_to};
                      if (positions.found.empty()) return found;
                      ASSIGN_OR_RETURN(const pg::Result rows, tx.Query(kMovements, network_id, positions.found));
                      found.movements = sql::ReadMovements(rows);
                      return found;
                    });
}

absl::StatusOr<std::vector<DeliveryRow>> ReadingStore::Deliveries(const std::string& network_id,
                                                                  const DeliveryFilter& f, const Page& page,
                                                                  absl::Time deadline) {
  ASSIGN_OR_RETURN(const int64_t before, Before(page));
  return pool_.Read({.network_id = network_id, .deadline = deadline},
                    [&](pg::Transaction& tx) -> absl::StatusOr<std::vector<DeliveryRow>> {
                      tx.Defer(kPlanForValues);
                      ASSIGN_OR_RETURN(const pg::Result rows, tx.Query(kDeliveries, network_id, before, f.group, f.open,
                                                                       f.own_groups, page.size + 1));
                      std::vector<DeliveryRow> deliveries;
                      std::vector<std::string> delivery_ids;
                      std::map<std::string, size_t> at;
                      for (const pg::Row row : rows) {
                        deliveries.push_back({sql::ReadDelivery(row), row.Get<int64_t>("ship_position")});
                        delivery_ids.push_back(deliveries.back().delivery.id);
                        at[delivery_ids.back()] = deliveries.size() - 1;
                      }
                      ASSIGN_OR_RETURN(const pg::Result lines, tx.Query(kDeliveryLines, network_id, delivery_ids));
                      for (const pg::Row row : lines)
                        sql::ReadLine(row, deliveries[at[row.Get<std::string>("delivery_id")]].delivery);
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
