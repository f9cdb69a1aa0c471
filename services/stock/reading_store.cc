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

constexpr pg::Statement kLots{
    "SELECT " KUBARI_LOT_COLUMNS
    "FROM lots l WHERE l.network_id = $1 AND ($2::text IS NULL OR l.gtin = $2) "
    "AND ($3::text IS NULL OR (l.donor_lot_number = $3 AND l.donor_lot_number <> '')) "
    "AND ($4::uuid IS NULL OR l.donor_id = $4) AND ($5::uuid IS NULL OR l.offer_id = $5) "
    "AND ($6::uuid IS NULL OR l.product_id = $6) AND ($7::uuid[] IS NULL OR l.donor_id = ANY($7)) "
    "AND (NOT $8::boolean OR EXISTS (SELECT FROM balances b WHERE b.network_id = l.network_id "
    "AND b.lot_id = l.lot_id AND b.shelf AND b.on_hand > 0)) "
    "AND ($9::date IS NULL OR (l.last_good_day, l.lot_id) > ($9, $10::uuid)) "
    "ORDER BY l.last_good_day, l.lot_id LIMIT $11"};
constexpr pg::Statement kBalances{
    "SELECT b.on_hand, b.reserved, " KUBARI_LOT_COLUMNS ", " KUBARI_PLACE_COLUMNS
    "FROM balances b JOIN lots l ON l.network_id = b.network_id AND l.lot_id = b.lot_id "
    "JOIN places p ON p.network_id = b.network_id AND p.place_id = b.place_id "
    "WHERE b.network_id = $1 AND b.shelf AND b.on_hand > 0 AND ($2::uuid IS NULL OR b.warehouse_id = $2) "
    "AND ($3::uuid IS NULL OR b.lot_id = $3) AND ($4::uuid IS NULL OR l.product_id = $4) AND (NOT $5::boolean OR "
    "b.on_hand > b.reserved) "
    "AND ($6::date IS NULL OR (b.last_good_day, b.lot_id, b.place_id) > ($6, $7::uuid, $8::uuid)) "
    "ORDER BY b.last_good_day, b.lot_id, b.place_id LIMIT $9"};
constexpr pg::Statement kReservations{
    "SELECT " KUBARI_RESERVATION_COLUMNS
    "FROM reservations r WHERE r.network_id = $1 AND r.open_items > 0 AND ($2::uuid IS NULL OR EXISTS (SELECT FROM "
    "places p "
    "WHERE p.network_id = r.network_id AND p.place_id = r.place_id AND p.warehouse_id = $2)) "
    "AND ($3::uuid IS NULL OR r.delivery_id = $3) AND ($4::uuid IS NULL OR r.group_id = $4) "
    "AND ($5::timestamptz IS NULL OR (r.expire_time, r.reservation_id) > ($5, $6::uuid)) "
    "ORDER BY r.expire_time, r.reservation_id LIMIT $7"};
constexpr pg::Statement kMovements{
    "SELECT " KUBARI_MOVEMENT_COLUMNS
    "FROM movements m WHERE m.network_id = $1 AND m.position < $2 AND ($3::uuid IS NULL OR m.lot_id = $3) "
    "AND ($4::uuid IS NULL OR m.delivery_id = $4) AND ($5::uuid IS NULL OR m.group_id = $5) AND ($6::text IS NULL OR "
    "m.actor = $6) "
    "ORDER BY m.position DESC LIMIT $7"};
// Of a place: from and to have an index each, and each gives its newest.
constexpr pg::Statement kMovementsOfPlace{
    "SELECT " KUBARI_MOVEMENT_COLUMNS
    "FROM movements m JOIN ("
    "(SELECT m.position FROM movements m WHERE m.network_id = $1 AND m.position < $2 AND m.from_place = $8 "
    "AND ($3::uuid IS NULL OR m.lot_id = $3) AND ($4::uuid IS NULL OR m.delivery_id = $4) AND ($5::uuid IS NULL OR "
    "m.group_id = $5) "
    "AND ($6::text IS NULL OR m.actor = $6) ORDER BY m.position DESC LIMIT $7) UNION ALL "
    "(SELECT m.position FROM movements m WHERE m.network_id = $1 AND m.position < $2 AND m.to_place = $8 AND "
    "m.from_place <> m.to_place "
    "AND ($3::uuid IS NULL OR m.lot_id = $3) AND ($4::uuid IS NULL OR m.delivery_id = $4) AND ($5::uuid IS NULL OR "
    "m.group_id = $5) "
    "AND ($6::text IS NULL OR m.actor = $6) ORDER BY m.position DESC LIMIT $7)) k ON k.position = m.position "
    "WHERE m.network_id = $1 ORDER BY m.position DESC LIMIT $7"};
constexpr pg::Statement kDeliveries{
    "SELECT delivery_id, group_id, ship_position, ship_time, confirm_time FROM deliveries WHERE network_id = $1 AND "
    "issued_items > 0 "
    "AND ship_position < $2 AND ($3::uuid IS NULL OR group_id = $3) AND ($4::boolean IS NULL OR (open_items > 0) = $4) "
    "AND ($5::uuid[] IS NULL OR group_id = ANY($5)) ORDER BY ship_position DESC LIMIT $6"};
constexpr pg::Statement kDeliveryLines{
    "SELECT delivery_id, lot_id, issued_items, confirmed_items, short_items FROM delivery_lines "
    "WHERE network_id = $1 AND delivery_id = ANY($2::uuid[])"};
constexpr pg::Statement kLotHistory{
    "SELECT " KUBARI_MOVEMENT_COLUMNS
    "FROM movements m WHERE m.network_id = $1 AND m.lot_id = $2 ORDER BY m.position LIMIT $3"};
constexpr pg::Statement kAnyReceived{
    "SELECT EXISTS (SELECT FROM delivery_lines l JOIN deliveries d USING (network_id, delivery_id) "
    "WHERE l.network_id = $1 AND l.lot_id = $2 AND l.issued_items > 0 AND d.group_id = ANY($3::uuid[])) AS found"};

// Parts of a key, converted with care: they come from outside.
std::optional<int64_t> Number(const std::string& text) {
  int64_t value = 0;
  return absl::SimpleAtoi(text, &value) ? std::optional(value) : std::nullopt;
}

bool IsDayAndIds(const std::vector<std::string>& key, size_t size) {
  if (key.size() != size) return false;
  absl::CivilDay day;
  if (!absl::ParseCivilTime(key[0], &day)) return false;
  for (size_t i = 1; i < size; ++i) {
    if (!ids::IsUuid(key[i])) return false;
  }
  return true;
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

std::string DayOf(const Lot& lot) {
  const auto date = calendar::Date::Parse(lot.facts.good_until().date());
  return absl::FormatCivilTime(date.ok() ? date->LastGoodDay() : absl::CivilDay(9999, 12, 31));
}

}  // namespace

std::vector<std::string> KeyOf(const Lot& lot) { return {DayOf(lot), lot.id}; }
std::vector<std::string> KeyOf(const BalanceRow& row) { return {DayOf(row.lot), row.lot.id, row.place.id}; }
std::vector<std::string> KeyOf(const Reservation& r) { return {absl::StrCat(absl::ToUnixMicros(r.expire_time)), r.id}; }
std::vector<std::string> KeyOf(const Movement& movement) { return {absl::StrCat(movement.position)}; }
std::vector<std::string> KeyOf(const DeliveryRow& row) { return {absl::StrCat(row.ship_position)}; }

absl::StatusOr<std::vector<Lot>> ReadingStore::Lots(const std::string& network_id, const LotFilter& f, const Page& page,
                                                    absl::Time deadline) {
  if (!page.after.empty() && !IsDayAndIds(page.after, 2)) return paging::InvalidToken();
  return pool_.Read(
      {.network_id = network_id, .deadline = deadline}, [&](pg::Transaction& tx) -> absl::StatusOr<std::vector<Lot>> {
        tx.Defer(kPlanForValues);
        ASSIGN_OR_RETURN(const pg::Result rows,
                         tx.Query(kLots, network_id, f.gtin, f.donor_lot_number, f.donor, f.offer, f.product,
                                  f.own_donors, f.in_stock, Part(page, 0), Part(page, 1), page.size + 1));
        std::vector<Lot> lots;
        for (const pg::Row row : rows) lots.push_back(sql::ReadLot(row));
        return lots;
      });
}

absl::StatusOr<std::vector<BalanceRow>> ReadingStore::Balances(const std::string& network_id, const BalanceFilter& f,
                                                               const Page& page, absl::Time deadline) {
  if (!page.after.empty() && !IsDayAndIds(page.after, 3)) return paging::InvalidToken();
  return pool_.Read(
      {.network_id = network_id, .deadline = deadline},
      [&](pg::Transaction& tx) -> absl::StatusOr<std::vector<BalanceRow>> {
        tx.Defer(kPlanForValues);
        ASSIGN_OR_RETURN(const pg::Result rows,
                         tx.Query(kBalances, network_id, f.warehouse, f.lot, f.product, f.free_only, Part(page, 0),
                                  Part(page, 1), Part(page, 2), page.size + 1));
        std::vector<BalanceRow> balances;
        for (const pg::Row row : rows) {
          balances.push_back(
              {sql::ReadLot(row), sql::ReadPlace(row), {row.Get<int64_t>("on_hand"), row.Get<int64_t>("reserved")}});
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

absl::StatusOr<std::vector<Movement>> ReadingStore::Movements(const std::string& network_id, const MovementFilter& f,
                                                              const Page& page, absl::Time deadline) {
  ASSIGN_OR_RETURN(const int64_t before, Before(page));
  return pool_.Read({.network_id = network_id, .deadline = deadline},
                    [&](pg::Transaction& tx) -> absl::StatusOr<std::vector<Movement>> {
                      tx.Defer(kPlanForValues);
                      ASSIGN_OR_RETURN(const pg::Result rows,
                                       f.place ? tx.Query(kMovementsOfPlace, network_id, before, f.lot, f.delivery,
                                                          f.group, f.actor, page.size + 1, f.place)
                                               : tx.Query(kMovements, network_id, before, f.lot, f.delivery, f.group,
                                                          f.actor, page.size + 1));
                      return sql::ReadMovements(rows);
                    });
}

absl::StatusOr<std::vector<DeliveryRow>> ReadingStore::Deliveries(const std::string& network_id,
                                                                  const DeliveryFilter& f, const Page& page,
                                                                  absl::Time deadline) {
  ASSIGN_OR_RETURN(const int64_t before, Before(page));
  return pool_.Read(
      {.network_id = network_id, .deadline = deadline},
      [&](pg::Transaction& tx) -> absl::StatusOr<std::vector<DeliveryRow>> {
        tx.Defer(kPlanForValues);
        ASSIGN_OR_RETURN(const pg::Result rows,
                         tx.Query(kDeliveries, network_id, before, f.group, f.open, f.own_groups, page.size + 1));
        std::vector<DeliveryRow> deliveries;
        std::map<std::string, size_t> at;
        std::vector<std::string> delivery_ids;
        for (const pg::Row row : rows) {
          Delivery delivery{
              .id = row.Get<std::string>("delivery_id"),
              .group_id = row.Get<std::string>("group_id"),
              .ship_time = row.Get<std::optional<absl::Time>>("ship_time").value_or(absl::InfinitePast()),
              .confirm_time = row.Get<std::optional<absl::Time>>("confirm_time").value_or(absl::InfinitePast())};
          at[delivery.id] = deliveries.size();
          delivery_ids.push_back(delivery.id);
          deliveries.push_back({std::move(delivery), row.Get<int64_t>("ship_position")});
        }
        ASSIGN_OR_RETURN(const pg::Result lines, tx.Query(kDeliveryLines, network_id, delivery_ids));
        for (const pg::Row row : lines) {
          deliveries[at[row.Get<std::string>("delivery_id")]].delivery.lines[row.Get<std::string>("lot_id")] = {
              row.Get<int64_t>("issued_items"), row.Get<int64_t>("confirmed_items"), row.Get<int64_t>("short_items")};
        }
        return deliveries;
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

}  // namespace kubari::stock
