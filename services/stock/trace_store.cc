#include "services/stock/trace_store.h"

#include "libs/errors/macros.h"
#include "services/stock/sql.h"

namespace kubari::stock::trace {
namespace {

// Plans are made for the actual values: one lot is not a thousand.
constexpr pg::Statement kPlanForValues{"SET LOCAL plan_cache_mode = force_custom_plan"};

// Kinds as in kubari.stock.v1.MovementKind: 18 CONSUME, 19 PRODUCE.
constexpr pg::Statement kForward{
    "SELECT m.operation_id, m.lot_id, "
    "coalesce(sum(CASE WHEN m.takes_back THEN -m.items ELSE m.items END) FILTER (WHERE m.effect_kind = 18), 0)::bigint "
    "AS consumed, "
    "coalesce(sum(CASE WHEN m.takes_back THEN -m.items ELSE m.items END) FILTER (WHERE m.effect_kind = 19), 0)::bigint "
    "AS produced "
    "FROM ledger_entries m WHERE m.network_id = $1 AND m.effect_kind IN (18, 19) AND m.operation_id = ANY(ARRAY("
    "SELECT DISTINCT c.operation_id FROM ledger_entries c WHERE c.network_id = $1 AND c.lot_id = ANY($2::uuid[]) "
    "AND c.kind = 18)) GROUP BY m.operation_id, m.lot_id ORDER BY m.operation_id, m.lot_id"};
constexpr pg::Statement kBackward{
    "SELECT m.operation_id, m.lot_id, "
    "coalesce(sum(CASE WHEN m.takes_back THEN -m.items ELSE m.items END) FILTER (WHERE m.effect_kind = 18), 0)::bigint "
    "AS consumed, "
    "coalesce(sum(CASE WHEN m.takes_back THEN -m.items ELSE m.items END) FILTER (WHERE m.effect_kind = 19), 0)::bigint "
    "AS produced "
    "FROM ledger_entries m WHERE m.network_id = $1 AND m.effect_kind IN (18, 19) AND m.operation_id = ANY(ARRAY("
    "SELECT l.transformation_id FROM lots l WHERE l.network_id = $1 AND l.lot_id = ANY($2::uuid[]) "
    "AND l.transformation_id IS NOT NULL)) GROUP BY m.operation_id, m.lot_id ORDER BY m.operation_id, m.lot_id"};
// Kinds as in PlaceKind: 1 shelf, 2 donor, 3 delivery, 4 group, 7 transit, 8 workshop.
constexpr pg::Statement kHoldings{
    "SELECT b.lot_id, b.place_id, b.on_hand, b.reserved FROM stock_balances b WHERE b.network_id = $1 "
    "AND b.lot_id = ANY($2::uuid[]) AND b.present AND b.place_kind NOT IN (2, 8) "
    "AND (NOT $3::boolean OR b.place_kind IN (1, 3, 4, 7)) ORDER BY b.on_hand DESC, b.lot_id, b.place_id LIMIT $4"};
// 1 RECEIVE, 14 DIRECT.
constexpr pg::Statement kArrivals{
    "SELECT m.lot_id, sum(CASE WHEN m.takes_back THEN -m.items ELSE m.items END)::bigint AS items, "
    "min(m.occurred_time) AS first_time FROM ledger_entries m WHERE m.network_id = $1 AND m.lot_id = ANY($2::uuid[]) "
    "AND m.effect_kind IN (1, 14) GROUP BY m.lot_id"};
constexpr pg::Statement kDeliveries{
    "SELECT d.delivery_id FROM deliveries d WHERE d.network_id = $1 AND d.issued AND d.delivery_id = ANY(ARRAY("
    "SELECT l.delivery_id FROM delivery_lines l WHERE l.network_id = $1 AND l.lot_id = ANY($2::uuid[]) "
    "AND l.issued_items > 0)) ORDER BY d.ship_position DESC LIMIT $3"};
// 15 PASS_ON: the group whose place the goods left had got them by an earlier delivery.
constexpr pg::Statement kDeliveriesBehind{
    "WITH RECURSIVE behind (delivery_id) AS (SELECT $2::uuid UNION "
    "SELECT d.delivery_id FROM behind b "
    "JOIN movements m ON m.ledger = (SELECT g.ledger FROM ledgers g WHERE g.network_id = $1) "
    "AND m.delivery_id = b.delivery_id AND m.kind = 15 "
    "JOIN lots i ON i.network_id = $1 AND i.number = m.lot AND i.lot_id = ANY($3::uuid[]) "
    "JOIN places p ON p.network_id = $1 AND p.number = m.from_place "
    "JOIN delivery_lines l ON l.network_id = $1 AND l.lot_id = i.lot_id AND l.issued_items > 0 "
    "JOIN deliveries d ON d.network_id = $1 AND d.delivery_id = l.delivery_id AND 'groups/' || d.group_id = p.party) "
    "SELECT d.delivery_id FROM behind b JOIN deliveries d ON d.network_id = $1 AND d.delivery_id = b.delivery_id "
    "WHERE d.issued ORDER BY d.ship_position DESC LIMIT $4"};
constexpr pg::Statement kMovements{
    "SELECT " KUBARI_MOVEMENT_COLUMNS
    "FROM ledger_entries m WHERE m.network_id = $1 AND m.position = ANY(ARRAY("
    "SELECT c.position FROM ledger_entries c WHERE c.network_id = $1 AND c.lot_id = ANY($2::uuid[]) UNION "
    "SELECT o.position FROM ledger_entries o WHERE o.network_id = $1 AND o.operation_id = ANY(ARRAY("
    "SELECT DISTINCT c.operation_id FROM ledger_entries c WHERE c.network_id = $1 AND c.lot_id = ANY($2::uuid[]) "
    "AND c.effect_kind IN (18, 19))) LIMIT $3)) ORDER BY m.position"};

}  // namespace

absl::StatusOr<Lineage> FollowLots(pg::Transaction& tx, const std::vector<std::string>& seeds, Direction direction,
                                   int limit) {
  tx.Defer(kPlanForValues);
  const auto step = [&](const std::vector<std::string>& lots) -> absl::StatusOr<std::vector<Transformed>> {
    ASSIGN_OR_RETURN(const pg::Result rows, direction == Direction::kForward
                                                ? tx.Query(kForward, tx.network_id(), lots)
                                                : tx.Query(kBackward, tx.network_id(), lots));
    std::vector<Transformed> found;
    for (const pg::Row row : rows) {
      found.push_back({row.Get<std::string>("operation_id"), row.Get<std::string>("lot_id"),
                       row.Get<int64_t>("consumed"), row.Get<int64_t>("produced")});
    }
    return found;
  };
  return Follow(seeds, direction, limit, step);
}

absl::StatusOr<std::vector<Holding>> HoldingsOf(pg::Transaction& tx, const std::vector<std::string>& lots, Where where,
                                                int limit) {
  ASSIGN_OR_RETURN(const pg::Result rows,
                   tx.Query(kHoldings, tx.network_id(), lots, where == Where::kWithHolders, limit));
  std::vector<Holding> holdings;
  for (const pg::Row row : rows) {
    holdings.push_back({row.Get<std::string>("lot_id"), row.Get<std::string>("place_id"), row.Get<int64_t>("on_hand"),
                        row.Get<int64_t>("reserved")});
  }
  return holdings;
}

absl::StatusOr<std::map<std::string, Arrival>> ArrivalsOf(pg::Transaction& tx, const std::vector<std::string>& lots) {
  ASSIGN_OR_RETURN(const pg::Result rows, tx.Query(kArrivals, tx.network_id(), lots));
  std::map<std::string, Arrival> arrivals;
  for (const pg::Row row : rows) {
    arrivals[row.Get<std::string>("lot_id")] = {row.Get<int64_t>("items"), row.Get<absl::Time>("first_time")};
  }
  return arrivals;
}

absl::StatusOr<std::vector<std::string>> DeliveriesOf(pg::Transaction& tx, const std::vector<std::string>& lots,
                                                      int limit) {
  ASSIGN_OR_RETURN(const pg::Result rows, tx.Query(kDeliveries, tx.network_id(), lots, limit));
  std::vector<std::string> found;
  for (const pg::Row row : rows) found.push_back(row.Get<std::string>("delivery_id"));
  return found;
}

absl::StatusOr<std::vector<std::string>> DeliveriesBehind(pg::Transaction& tx, const std::string& delivery_id,
                                                          const std::vector<std::string>& lots, int limit) {
  ASSIGN_OR_RETURN(const pg::Result rows, tx.Query(kDeliveriesBehind, tx.network_id(), delivery_id, lots, limit));
  std::vector<std::string> found;
  for (const pg::Row row : rows) found.push_back(row.Get<std::string>("delivery_id"));
  return found;
}

absl::StatusOr<std::vector<Movement>> MovementsOf(pg::Transaction& tx, const std::vector<std::string>& lots,
                                                  int limit) {
  ASSIGN_OR_RETURN(const pg::Result rows, tx.Query(kMovements, tx.network_id(), lots, limit));
  return sql::ReadMovements(rows);
}

}  // namespace kubari::stock::trace
