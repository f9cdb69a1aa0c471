#include "services/stock/alert_store.h"

#include <absl/strings/numbers.h>
#include <absl/strings/str_cat.h>

#include <array>

#include "libs/errors/macros.h"
#include "libs/ids/ids.h"
#include "libs/paging/paging.h"

namespace kubari::stock {
namespace {

// Filters that are not set fold away when the plan is made for the actual values.
constexpr pg::Statement kPlanForValues{"SET LOCAL plan_cache_mode = force_custom_plan"};

// Shelves by date: what to read, which of them ($5 … $7 the key, $8 the limit).
#define KUBARI_SHELVES(which)                                                                                 \
  "SELECT l.lot_id, p.place_id, s.last_good_day, s.on_hand, s.reserved, s.lot, s.place "                      \
  "FROM alert_shelves($1, $2, $3, $4) s JOIN lots l ON l.network_id = $1 AND l.number = s.lot "               \
  "JOIN places p ON p.network_id = $1 AND p.number = s.place "                                                \
  "WHERE ($5::date IS NULL OR (s.last_good_day, s.lot, s.place) > ($5, $6::integer, $7::integer)) AND " which \
  " "                                                                                                         \
  "ORDER BY s.last_good_day, s.lot, s.place LIMIT $8"
constexpr pg::Statement kShelves{KUBARI_SHELVES("true")};
constexpr pg::Statement kUnreservedShelves{KUBARI_SHELVES("s.reserved < s.on_hand")};
constexpr pg::Statement kReservedShelves{KUBARI_SHELVES("s.reserved = s.on_hand")};
#undef KUBARI_SHELVES
constexpr pg::Statement kPromises{
    "SELECT l.lot_id, p.place_id, s.last_good_day, s.on_hand, s.open_items AS reserved, s.reservation_id, s.group_id, "
    "s.delivery_id, s.lot, s.place FROM alert_promises($1, $2, $3, $4) s "
    "JOIN lots l ON l.network_id = $1 AND l.number = s.lot JOIN places p ON p.network_id = $1 AND p.number = s.place "
    "WHERE ($5::date IS NULL OR (s.last_good_day, s.lot, s.place, s.reservation_id) > ($5, $6::integer, $7::integer, "
    "$8::uuid)) ORDER BY s.last_good_day, s.lot, s.place, s.reservation_id LIMIT $9"};
// The share of the minimum that is there, in thousandths: the least first.
constexpr pg::Statement kMinimumsMissed{
    "SELECT s.product_id, s.warehouse_id, s.wanted, s.free, s.share FROM (SELECT m.*, m.free * 1000 / m.wanted AS "
    "share, coalesce(m.warehouse_id, '00000000-0000-0000-0000-000000000000') AS place FROM alert_minimums($1, $2, $3) "
    "m) s WHERE ($4::bigint IS NULL OR (s.share, s.product_id, s.place) > ($4, $5::uuid, $6::uuid)) "
    "ORDER BY s.share, s.product_id, s.place LIMIT $7"};
// The last attempt first.
constexpr pg::Statement kAttempts{
    "SELECT s.*, l.last_good_day FROM alert_attempts($1, $2, $3) s "
    "JOIN lots l ON l.network_id = $1 AND l.lot_id = s.lot_id "
    "WHERE ($4::timestamptz IS NULL OR s.attempt_time < $4 OR (s.attempt_time = $4 AND (s.lot_id, s.place_id) > "
    "($5::uuid, $6::uuid))) ORDER BY s.attempt_time DESC, s.lot_id, s.place_id LIMIT $7"};
constexpr pg::Statement kDeliveries{
    "SELECT s.* FROM alert_deliveries($1, $2) s "
    "WHERE ($3::timestamptz IS NULL OR (s.ship_time, s.delivery_id) > ($3, $4::uuid)) "
    "ORDER BY s.ship_time, s.delivery_id LIMIT $5"};
constexpr pg::Statement kTransfers{
    "SELECT s.* FROM alert_transfers($1, $2, $3) s "
    "WHERE ($4::timestamptz IS NULL OR (s.send_time, s.transfer_id) > ($4, $5::uuid)) "
    "ORDER BY s.send_time, s.transfer_id LIMIT $6"};
// The most first.
constexpr pg::Statement kRecalled{
    "SELECT l.lot_id, p.place_id, s.last_good_day, s.on_hand, s.reserved, s.lot, s.place "
    "FROM alert_recalled($1, $2) s JOIN lots l ON l.network_id = $1 AND l.number = s.lot "
    "JOIN places p ON p.network_id = $1 AND p.number = s.place "
    "WHERE ($3::bigint IS NULL OR s.on_hand < $3 OR (s.on_hand = $3 AND (s.lot, s.place) > ($4::integer, "
    "$5::integer))) ORDER BY s.on_hand DESC, s.lot, s.place LIMIT $6"};
constexpr pg::Statement kCount{"SELECT kind, alerts FROM count_alerts($1, $2, $3, $4, $5, $6, $7)"};
constexpr pg::Statement kCountByNetwork{"SELECT network_id, kind, alerts FROM count_alerts_of_networks($1, $2, $3)"};

constexpr pg::Statement kMinimums{
    "SELECT m.product_id, p.display_name, coalesce(m.warehouse_id::text, '') AS warehouse_id, m.items "
    "FROM minimums m JOIN products p USING (network_id, product_id) "
    "WHERE m.network_id = $1 AND ($2::uuid IS NULL OR m.warehouse_id = $2) AND ($3::text IS NULL OR "
    "(p.display_name, m.product_id::text, coalesce(m.warehouse_id::text, '')) > ($3, $4, $5)) "
    "ORDER BY p.display_name, m.product_id::text, coalesce(m.warehouse_id::text, '') LIMIT $6"};
constexpr pg::Statement kSetMinimum{
    "INSERT INTO minimums (network_id, product_id, warehouse_id, items) VALUES ($1, $2, $3, $4) "
    "ON CONFLICT ON CONSTRAINT minimums_one DO UPDATE SET items = excluded.items"};
constexpr pg::Statement kRemoveMinimum{
    "DELETE FROM minimums WHERE network_id = $1 AND product_id = $2 AND warehouse_id IS NOT DISTINCT FROM $3::uuid"};

int UtcOffset(const AlertMoment& moment) { return moment.zone.At(moment.now).offset; }

// A page's key, part by part. What comes from outside is converted with care.
class Key {
 public:
  Key(const Page& page, size_t parts) : parts_(page.after), valid_(parts_.empty() || parts_.size() == parts) {}

  Filter Day() {
    absl::CivilDay day;
    return Next([&](const std::string& text) { return absl::ParseCivilTime(text, &day); });
  }
  Filter Number() {
    int64_t number = 0;
    return Next([&](const std::string& text) { return absl::SimpleAtoi(text, &number); });
  }
  // Fits the database's integer.
  Filter Small() {
    int32_t number = 0;
    return Next([&](const std::string& text) { return absl::SimpleAtoi(text, &number); });
  }
  Filter Uuid() { return Next(ids::IsUuid); }
  // Microseconds since 1970.
  std::optional<absl::Time> Time() {
    int64_t micros = 0;
    if (!Next([&](const std::string& text) { return absl::SimpleAtoi(text, &micros); })) return std::nullopt;
    return absl::FromUnixMicros(micros);
  }
  absl::Status status() const { return valid_ ? absl::OkStatus() : paging::InvalidToken(); }

 private:
  template <typename F>
  Filter Next(F&& fits) {
    if (next_ >= parts_.size()) return std::nullopt;
    const std::string& part = parts_[next_++];
    if (fits(part)) return part;
    valid_ = false;
    return std::nullopt;
  }

  const std::vector<std::string>& parts_;
  bool valid_;
  size_t next_ = 0;
};

std::string Day(absl::CivilDay day) { return absl::FormatCivilTime(day); }
std::string Micros(absl::Time time) { return absl::StrCat(absl::ToUnixMicros(time)); }

// The goods that an alert is about, of a row with lot_id … reserved.
AlertRow Goods(const pg::Row& row) {
  AlertRow alert{.lot_id = row.Get<std::string>("lot_id"),
                 .place_id = row.Get<std::string>("place_id"),
                 .on_hand = row.Get<int64_t>("on_hand"),
                 .reserved = row.Get<int64_t>("reserved"),
                 .last_good_day = row.Get<absl::CivilDay>("last_good_day")};
  alert.free = alert.on_hand - alert.reserved;
  return alert;
}
std::string Number(const pg::Row& row, const char* column) { return absl::StrCat(row.Get<int64_t>(column)); }

using Rows = absl::StatusOr<std::vector<AlertRow>>;
struct Asked {
  pg::Transaction& tx;
  const Filter& warehouse;
  const AlertMoment& moment;
  const Page& page;
  int limit() const { return page.size + 1; }
};

Rows Shelves(const Asked& asked, const pg::Statement& which, const std::string& first, absl::CivilDay last) {
  Key key(asked.page, 3);
  const Filter day = key.Day(), lot = key.Small(), place = key.Small();
  RETURN_IF_ERROR(key.status());
  ASSIGN_OR_RETURN(const pg::Result rows, asked.tx.Query(which, asked.tx.network_id(), asked.warehouse, first, last,
                                                         day, lot, place, asked.limit()));
  std::vector<AlertRow> alerts;
  for (const pg::Row& row : rows) {
    AlertRow& alert = alerts.emplace_back(Goods(row));
    alert.key = {Day(alert.last_good_day), Number(row, "lot"), Number(row, "place")};
  }
  return alerts;
}

Rows Promises(const Asked& asked) {
  Key key(asked.page, 4);
  const Filter day = key.Day(), lot = key.Small(), place = key.Small(), reservation = key.Uuid();
  RETURN_IF_ERROR(key.status());
  ASSIGN_OR_RETURN(const pg::Result rows,
                   asked.tx.Query(kPromises, asked.tx.network_id(), asked.warehouse, asked.moment.today(),
                                  UtcOffset(asked.moment), day, lot, place, reservation, asked.limit()));
  std::vector<AlertRow> alerts;
  for (const pg::Row& row : rows) {
    AlertRow& alert = alerts.emplace_back(Goods(row));
    alert.free = 0;  // all that it speaks of is promised
    alert.reservation_id = row.Get<std::string>("reservation_id");
    alert.group_id = row.Get<std::string>("group_id");
    alert.delivery_id = row.Get<std::string>("delivery_id");
    alert.key = {Day(alert.last_good_day), Number(row, "lot"), Number(row, "place"), alert.reservation_id};
  }
  return alerts;
}

Rows MinimumsMissed(const Asked& asked) {
  Key key(asked.page, 3);
  const Filter share = key.Number(), product = key.Uuid(), place = key.Uuid();
  RETURN_IF_ERROR(key.status());
  ASSIGN_OR_RETURN(const pg::Result rows, asked.tx.Query(kMinimumsMissed, asked.tx.network_id(), asked.warehouse,
                                                         asked.moment.today(), share, product, place, asked.limit()));
  std::vector<AlertRow> alerts;
  for (const pg::Row& row : rows) {
    AlertRow& alert = alerts.emplace_back();
    alert.product_id = row.Get<std::string>("product_id");
    alert.warehouse_id = row.Get<std::optional<std::string>>("warehouse_id").value_or("");
    alert.wanted = row.Get<int64_t>("wanted");
    alert.free = row.Get<int64_t>("free");
    alert.key = {Number(row, "share"), alert.product_id,
                 alert.warehouse_id.empty() ? "00000000-0000-0000-0000-000000000000" : alert.warehouse_id};
  }
  return alerts;
}

Rows Attempts(const Asked& asked) {
  Key key(asked.page, 3);
  const std::optional<absl::Time> time = key.Time();
  const Filter lot = key.Uuid(), place = key.Uuid();
  RETURN_IF_ERROR(key.status());
  ASSIGN_OR_RETURN(const pg::Result rows,
                   asked.tx.Query(kAttempts, asked.tx.network_id(), asked.warehouse,
                                  asked.moment.now - absl::Hours(24 * 7), time, lot, place, asked.limit()));
  std::vector<AlertRow> alerts;
  for (const pg::Row& row : rows) {
    AlertRow& alert = alerts.emplace_back(Goods(row));
    alert.wanted = row.Get<int64_t>("requested");
    alert.time = row.Get<absl::Time>("attempt_time");
    alert.actor = row.Get<std::string>("actor");
    alert.times = row.Get<int64_t>("times");
    alert.key = {Micros(alert.time), alert.lot_id, alert.place_id};
  }
  return alerts;
}

Rows Deliveries(const Asked& asked) {
  Key key(asked.page, 2);
  const std::optional<absl::Time> time = key.Time();
  const Filter delivery = key.Uuid();
  RETURN_IF_ERROR(key.status());
  ASSIGN_OR_RETURN(const pg::Result rows,
                   asked.tx.Query(kDeliveries, asked.tx.network_id(),
                                  asked.moment.now - absl::Hours(24 * asked.moment.unconfirmed_days), time, delivery,
                                  asked.limit()));
  std::vector<AlertRow> alerts;
  for (const pg::Row& row : rows) {
    AlertRow& alert = alerts.emplace_back();
    alert.delivery_id = row.Get<std::string>("delivery_id");
    alert.group_id = row.Get<std::string>("group_id");
    alert.on_hand = row.Get<int64_t>("open_items");
    alert.wanted = row.Get<int64_t>("issued_items");
    alert.time = row.Get<absl::Time>("ship_time");
    alert.key = {Micros(alert.time), alert.delivery_id};
  }
  return alerts;
}

Rows Transfers(const Asked& asked) {
  Key key(asked.page, 2);
  const std::optional<absl::Time> time = key.Time();
  const Filter transfer = key.Uuid();
  RETURN_IF_ERROR(key.status());
  ASSIGN_OR_RETURN(const pg::Result rows, asked.tx.Query(kTransfers, asked.tx.network_id(), asked.warehouse,
                                                         asked.moment.now - absl::Hours(24 * asked.moment.transit_days),
                                                         time, transfer, asked.limit()));
  std::vector<AlertRow> alerts;
  for (const pg::Row& row : rows) {
    AlertRow& alert = alerts.emplace_back();
    alert.transfer_id = row.Get<std::string>("transfer_id");
    alert.warehouse_id = row.Get<std::string>("to_warehouse_id");
    alert.on_hand = row.Get<int64_t>("open_items");
    alert.wanted = row.Get<int64_t>("sent_items");
    alert.time = row.Get<absl::Time>("send_time");
    alert.key = {Micros(alert.time), alert.transfer_id};
  }
  return alerts;
}

Rows Recalled(const Asked& asked) {
  Key key(asked.page, 3);
  const Filter on_hand = key.Number(), lot = key.Small(), place = key.Small();
  RETURN_IF_ERROR(key.status());
  ASSIGN_OR_RETURN(const pg::Result rows, asked.tx.Query(kRecalled, asked.tx.network_id(), asked.warehouse, on_hand,
                                                         lot, place, asked.limit()));
  std::vector<AlertRow> alerts;
  for (const pg::Row& row : rows) {
    AlertRow& alert = alerts.emplace_back(Goods(row));
    alert.key = {absl::StrCat(alert.on_hand), Number(row, "lot"), Number(row, "place")};
  }
  return alerts;
}

Rows OfKind(pb::AlertKind kind, const Asked& asked) {
  const absl::CivilDay today = asked.moment.today();
  const absl::CivilDay near = today + asked.moment.near_expiry_days;
  switch (kind) {
    case pb::ALERT_KIND_EXPIRED:
      return Shelves(asked, kShelves, "-infinity", today - 1);
    case pb::ALERT_KIND_NEAR_EXPIRY_UNRESERVED:
      return Shelves(asked, kUnreservedShelves, Day(today), near);
    case pb::ALERT_KIND_NEAR_EXPIRY:
      return Shelves(asked, kReservedShelves, Day(today), near);
    case pb::ALERT_KIND_RESERVED_EXPIRING:
      return Promises(asked);
    case pb::ALERT_KIND_BELOW_MINIMUM:
      return MinimumsMissed(asked);
    case pb::ALERT_KIND_NEGATIVE_ATTEMPT:
      return Attempts(asked);
    case pb::ALERT_KIND_UNCONFIRMED_DELIVERY:
      return Deliveries(asked);
    case pb::ALERT_KIND_LATE_TRANSFER:
      return Transfers(asked);
    case pb::ALERT_KIND_RECALLED_STOCK:
      return Recalled(asked);
    default:
      return absl::InvalidArgumentError("no such kind of alert");
  }
}

}  // namespace

Rows AlertStore::List(const std::string& network_id, pb::AlertKind kind, const Filter& warehouse,
                      const AlertMoment& moment, const Page& page, absl::Time deadline) {
  return pool_.Read({.network_id = network_id, .deadline = deadline}, [&](pg::Transaction& tx) -> Rows {
    tx.Defer(kPlanForValues);
    return OfKind(kind, {tx, warehouse, moment, page});
  });
}

absl::StatusOr<AlertStore::Counts> AlertStore::Count(const std::string& network_id, const Filter& warehouse,
                                                     const AlertMoment& moment, absl::Time deadline) {
  return pool_.Read({.network_id = network_id, .deadline = deadline},
                    [&](pg::Transaction& tx) -> absl::StatusOr<Counts> {
                      ASSIGN_OR_RETURN(const pg::Result rows,
                                       tx.Query(kCount, network_id, warehouse, moment.now, UtcOffset(moment),
                                                moment.near_expiry_days, moment.unconfirmed_days, moment.transit_days));
                      Counts counts;
                      for (const pg::Row& row : rows)
                        counts[static_cast<pb::AlertKind>(row.Get<int>("kind"))] = row.Get<int64_t>("alerts");
                      return counts;
                    });
}

absl::StatusOr<std::map<std::string, AlertStore::Counts>> AlertStore::CountByNetwork(absl::Time now,
                                                                                     absl::TimeZone zone, int at_most,
                                                                                     absl::Time deadline) {
  using ByNetwork = std::map<std::string, Counts>;
  return pool_.Transact({.deadline = deadline}, [&](pg::Transaction& tx) -> absl::StatusOr<ByNetwork> {
    ASSIGN_OR_RETURN(const pg::Result rows, tx.Query(kCountByNetwork, now, zone.At(now).offset, at_most));
    ByNetwork counts;
    for (const pg::Row& row : rows) {
      counts[row.Get<std::string>("network_id")][static_cast<pb::AlertKind>(row.Get<int>("kind"))] =
          row.Get<int64_t>("alerts");
    }
    return counts;
  });
}

absl::StatusOr<std::vector<AlertStore::MinimumRow>> AlertStore::Minimums(const std::string& network_id,
                                                                         const Filter& warehouse, const Page& page,
                                                                         absl::Time deadline) {
  if (!page.after.empty() && page.after.size() != 3) return paging::InvalidToken();
  const auto part = [&](size_t i) { return page.after.empty() ? Filter() : Filter(page.after[i]); };
  return pool_.Read({.network_id = network_id, .deadline = deadline},
                    [&](pg::Transaction& tx) -> absl::StatusOr<std::vector<MinimumRow>> {
                      tx.Defer(kPlanForValues);
                      ASSIGN_OR_RETURN(const pg::Result rows, tx.Query(kMinimums, network_id, warehouse, part(0),
                                                                       part(1), part(2), page.size + 1));
                      std::vector<MinimumRow> minimums;
                      for (const pg::Row& row : rows) {
                        minimums.push_back({.product_id = row.Get<std::string>("product_id"),
                                            .product_display_name = row.Get<std::string>("display_name"),
                                            .warehouse_id = row.Get<std::string>("warehouse_id"),
                                            .items = row.Get<int64_t>("items")});
                      }
                      return minimums;
                    });
}

void AlertStore::SetMinimum(pg::Transaction& tx, const std::string& product_id, const Filter& warehouse,
                            int64_t items) {
  if (items == 0) {
    tx.Defer(kRemoveMinimum, tx.network_id(), product_id, warehouse);
  } else {
    tx.Defer(kSetMinimum, tx.network_id(), product_id, warehouse, items);
  }
}

std::vector<std::string> KeyOf(const AlertRow& row) { return row.key; }
std::vector<std::string> KeyOf(const AlertStore::MinimumRow& row) {
  return {row.product_display_name, row.product_id, row.warehouse_id};
}

}  // namespace kubari::stock
