#include "services/stock/stocktake_store.h"

#include <algorithm>
#include <limits>
#include <tuple>

#include "libs/errors/macros.h"
#include "libs/ids/ids.h"
#include "services/stock/domain/refusals.h"
#include "services/stock/domain/stocktake_refusals.h"
#include "services/stock/sql.h"

namespace kubari::stock::stocktakes {
namespace {

// How far a phone's clock may be off (CheckOccurred in handlers/hand_over.h grants it to movements, RecordCount to
// counts).
constexpr absl::Duration kClockTolerance = absl::Minutes(5);

// One stocktake after the other is opened in a network, so that each sees which places the others count.
constexpr pg::Statement kLockOpening{"SELECT pg_advisory_xact_lock(hashtextextended('kubari.stocktakes.' || $1, 0))"};
constexpr pg::Statement kCountedBy{
    "SELECT sp.stocktake_id, s.title, p.display_name FROM stocktake_places sp "
    "JOIN stocktakes s ON s.network_id = sp.network_id AND s.stocktake_id = sp.stocktake_id "
    "JOIN places p ON p.network_id = sp.network_id AND p.place_id = sp.place_id "
    "WHERE sp.network_id = $1 AND sp.place_id = ANY($2::uuid[]) AND sp.counting ORDER BY p.code LIMIT 1"};
constexpr pg::Statement kIdTaken{
    "SELECT EXISTS (SELECT FROM stocktakes WHERE network_id = $1 AND stocktake_id = $2) AS taken"};
// The first position that was recorded at $2 or later. Positions have no gap and recorded times do not go back, so it
// is found by halving: a few look-ups, however long the ledger is. (OFFSET 0 makes PostgreSQL look up instead of
// joining.)
constexpr pg::Statement kPositionAt{
    "WITH RECURSIVE search (low, high, middle) AS ("
    "SELECT 0::bigint, next_position, next_position / 2 FROM ledgers WHERE network_id = $1 UNION ALL "
    "SELECT t.low, t.high, (t.low + t.high) / 2 FROM (SELECT CASE WHEN m.before THEN s.middle + 1 ELSE s.low END AS "
    "low, "
    "CASE WHEN m.before THEN s.high ELSE s.middle END AS high FROM search s "
    "CROSS JOIN LATERAL (SELECT m.recorded_time < $2 AS before FROM movements m "
    "WHERE m.ledger = (SELECT ledger FROM ledgers WHERE network_id = $1) AND m.position = s.middle OFFSET 0) m "
    "WHERE s.low < s.high) t) "
    "SELECT low AS position FROM search WHERE low = high"};
constexpr pg::Statement kInsertStocktake{
    "INSERT INTO stocktakes (network_id, stocktake_id, title, warehouse_id, organisation_id, open_time, state_time, "
    "opened_by, read_from) VALUES ($1, $2, $3, $4, $5, $6, $6, $7, $8)"};
constexpr pg::Statement kInsertPlaces{
    "INSERT INTO stocktake_places (network_id, stocktake_id, place_id) SELECT $1::uuid, $2::uuid, unnest($3::uuid[])"};

#define KUBARI_STOCKTAKE                                                                                      \
  "SELECT s.stocktake_id, s.title, s.warehouse_id, w.display_name, s.organisation_id, s.state, s.open_time, " \
  "s.state_time, s.opened_by, s.read_from, s.posting_until, s.figures, "                                      \
  "(SELECT count(*) FROM stocktake_places sp WHERE sp.network_id = s.network_id "                             \
  "AND sp.stocktake_id = s.stocktake_id) AS place_count "                                                     \
  "FROM stocktakes s JOIN warehouses w ON w.network_id = s.network_id AND w.warehouse_id = s.warehouse_id "
constexpr pg::Statement kFind{KUBARI_STOCKTAKE "WHERE s.network_id = $1 AND s.stocktake_id = $2"};
constexpr pg::Statement kFindForShare{KUBARI_STOCKTAKE
                                      "WHERE s.network_id = $1 AND s.stocktake_id = $2 FOR SHARE OF s"};
constexpr pg::Statement kFindForUpdate{KUBARI_STOCKTAKE
                                       "WHERE s.network_id = $1 AND s.stocktake_id = $2 FOR UPDATE OF s"};
constexpr pg::Statement kList{
    KUBARI_STOCKTAKE
    "WHERE s.network_id = $1 AND ($2::uuid IS NULL OR s.warehouse_id = $2) AND ($3::smallint IS NULL OR s.state = $3) "
    "AND ($4::timestamptz IS NULL OR (s.open_time, s.stocktake_id) < ($4, $5::uuid)) "
    "ORDER BY s.open_time DESC, s.stocktake_id DESC LIMIT $6"};

constexpr pg::Statement kPlacesOf{
    "SELECT sp.place_id FROM stocktake_places sp "
    "JOIN places p ON p.network_id = sp.network_id AND p.place_id = sp.place_id "
    "WHERE sp.network_id = $1 AND sp.stocktake_id = $2 ORDER BY p.code"};
constexpr pg::Statement kPlaceOf{
    "SELECT " KUBARI_PLACE_COLUMNS
    "FROM stocktake_places sp JOIN places p ON p.network_id = sp.network_id AND p.place_id = sp.place_id "
    "WHERE sp.network_id = $1 AND sp.stocktake_id = $2 AND sp.place_id = $3"};
constexpr pg::Statement kLotOf{"SELECT " KUBARI_LOT_COLUMNS "FROM lots l WHERE l.network_id = $1 AND l.lot_id = $2"};
constexpr pg::Statement kLedgerPosition{"SELECT next_position FROM ledgers WHERE network_id = $1"};

constexpr pg::Statement kInsertCount{
    "INSERT INTO stocktake_counts (network_id, stocktake_id, count_id, place_id, lot_id, mode, cases, items_per_case, "
    "loose_items, actor, counted_time, recorded_time, ledger_position, note) "
    "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)"};
#define KUBARI_COUNT                                                                                       \
  "SELECT c.stocktake_id, c.count_id, c.number, c.place_id, c.lot_id, c.mode, c.cases, c.items_per_case, " \
  "c.loose_items, c.actor, c.counted_time, c.recorded_time, c.ledger_position, c.note, "                   \
  "c.retract_time IS NOT NULL AS retracted "
constexpr pg::Statement kFindCount{
    KUBARI_COUNT "FROM stocktake_counts c WHERE c.network_id = $1 AND c.stocktake_id = $2 AND c.count_id = $3"};
constexpr pg::Statement kRetract{
    "UPDATE stocktake_counts SET retract_time = $4, retracted_by = $5 "
    "WHERE network_id = $1 AND stocktake_id = $2 AND count_id = $3"};
constexpr pg::Statement kInsertDecision{
    "INSERT INTO stocktake_decisions (network_id, stocktake_id, place_id, lot_id, counted_items, reason, note, "
    "leave_out, basis_items, changes, actor, decide_time) "
    "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)"};

// Filters that are not set fold away when the plan is made for the actual values.
constexpr pg::Statement kPlanForValues{"SET LOCAL plan_cache_mode = force_custom_plan"};
// These read the tables behind ledger_entries and stock_balances, by their numbers: for a whole warehouse the views
// would look up ten times as much as is asked for.
//
// Lines: what was counted at each place, and what stands there. Here for a page of them or for one of them: place by
// place and each row looked up (OFFSET 0 keeps PostgreSQL from joining whole tables instead), so it ends with the place
// where the page is full. It is WITH TIES, by place alone, since the places come in that order: by place and lot it
// would sort everything first.
constexpr pg::Statement kLines{
    "SELECT p.stocktake_id, p.place_id, p.code AS place_code, k.lot_id, k.code AS lot_code, k.on_hand, k.reserved "
    "FROM (SELECT sp.stocktake_id, sp.place_id, p.number, p.code FROM stocktake_places sp "
    "JOIN places p ON p.network_id = sp.network_id AND p.place_id = sp.place_id "
    "WHERE sp.network_id = $1 AND sp.stocktake_id = ANY($2::uuid[]) AND ($3::uuid IS NULL OR sp.place_id = $3) "
    "AND p.code >= $5 ORDER BY p.code OFFSET 0) p "
    "CROSS JOIN LATERAL (SELECT l.lot_id, l.code, sum(x.on_hand)::bigint AS on_hand, sum(x.reserved)::bigint AS "
    "reserved "
    "FROM (SELECT b.lot AS number, NULL::uuid AS lot_id, b.on_hand, b.reserved FROM balances b "
    "WHERE b.ledger = (SELECT ledger FROM ledgers WHERE network_id = $1) AND b.place = p.number AND b.present "
    "UNION ALL SELECT DISTINCT NULL::integer, c.lot_id, 0::bigint, 0::bigint FROM stocktake_counts c "
    "WHERE c.network_id = $1 AND c.stocktake_id = p.stocktake_id AND c.place_id = p.place_id) x "
    "CROSS JOIN LATERAL (SELECT l.lot_id, l.code FROM lots l WHERE l.network_id = $1 AND l.number = x.number "
    "UNION ALL SELECT l.lot_id, l.code FROM lots l WHERE l.network_id = $1 AND l.lot_id = x.lot_id) l "
    "WHERE $4::uuid IS NULL OR l.lot_id = $4 GROUP BY l.lot_id, l.code) k "
    "WHERE (p.code, k.code) > ($5, $6) ORDER BY p.code FETCH FIRST $7 ROWS WITH TIES"};
// The same, all of them and in no order. Lots are looked up too: a warehouse's past has many more than stand there.
// (Nor does any index lead from what a FULL JOIN merges, unless OFFSET 0 sets it apart: COALESCE is not known to be
// leakproof, which row-level security asks for.)
constexpr pg::Statement kAllLines{
    "WITH counted AS (SELECT DISTINCT c.stocktake_id, c.place_id, c.lot_id FROM stocktake_counts c "
    "WHERE c.network_id = $1 AND c.stocktake_id = ANY($2::uuid[])), "
    "standing AS (SELECT sp.stocktake_id, sp.place_id, l.lot_id, l.code, b.on_hand, b.reserved "
    "FROM stocktake_places sp JOIN places p ON p.network_id = $1 AND p.place_id = sp.place_id "
    "CROSS JOIN LATERAL (SELECT b.lot, b.on_hand, b.reserved FROM balances b WHERE b.place = p.number AND b.present "
    "AND b.ledger = (SELECT ledger FROM ledgers WHERE network_id = $1) OFFSET 0) b "
    "CROSS JOIN LATERAL (SELECT l.lot_id, l.code FROM lots l WHERE l.network_id = $1 AND l.number = b.lot OFFSET 0) l "
    "WHERE sp.network_id = $1 AND sp.stocktake_id = ANY($2::uuid[])) "
    "SELECT k.stocktake_id, k.place_id, p.code AS place_code, k.lot_id, "
    "coalesce(k.code, (SELECT l.code FROM lots l WHERE l.network_id = $1 AND l.lot_id = k.lot_id)) AS lot_code, "
    "coalesce(k.on_hand, 0) AS on_hand, coalesce(k.reserved, 0) AS reserved "
    "FROM (SELECT * FROM counted FULL JOIN standing USING (stocktake_id, place_id, lot_id) OFFSET 0) k "
    "JOIN places p ON p.network_id = $1 AND p.place_id = k.place_id"};
// What is noted of all lines, or of these ($3 places, $4 lots), each looked up: one half or the other finds nothing.
#define KUBARI_OF_LINES(table)                                                                                      \
  "FROM (SELECT x.* FROM " table                                                                                    \
  " x WHERE x.network_id = $1 "                                                                                     \
  "AND x.stocktake_id = ANY(CASE WHEN $3::uuid[] IS NULL THEN $2::uuid[] ELSE '{}' END) UNION ALL "                 \
  "SELECT x.* FROM unnest($3::uuid[], $4::uuid[]) AS k (place_id, lot_id) CROSS JOIN LATERAL (SELECT * FROM " table \
  " x WHERE x.network_id = $1 AND x.stocktake_id = ANY($2::uuid[]) AND x.place_id = k.place_id AND "                \
  "x.lot_id = k.lot_id OFFSET 0) x) "
constexpr pg::Statement kCounts{KUBARI_COUNT KUBARI_OF_LINES("stocktake_counts") "c"};
constexpr pg::Statement kDecisions{
    "SELECT DISTINCT ON (d.stocktake_id, d.place_id, d.lot_id) d.stocktake_id, d.place_id, d.lot_id, d.counted_items, "
    "d.reason, d.note, d.leave_out, d.basis_items, d.changes " KUBARI_OF_LINES(
        "stocktake_decisions") "d ORDER BY d.stocktake_id, d.place_id, d.lot_id, d.number DESC"};
// What LineFacts::changes asks for. `undone`: what each reversal takes back, and so on.
constexpr pg::Statement kChanges{
    "WITH RECURSIVE counted AS MATERIALIZED (SELECT c.stocktake_id, c.place_id, c.lot_id, p.number AS place, "
    "l.number AS lot, c.first FROM (SELECT stocktake_id, place_id, lot_id, min(counted_time) AS first " KUBARI_OF_LINES(
        "stocktake_counts") "c "
    "GROUP BY stocktake_id, place_id, lot_id) c "
    "JOIN places p ON p.network_id = $1 AND p.place_id = c.place_id "
    "CROSS JOIN LATERAL (SELECT l.number FROM lots l WHERE l.network_id = $1 AND l.lot_id = c.lot_id OFFSET 0) l), "
    "moved AS MATERIALIZED (SELECT c.stocktake_id, c.place_id, c.lot_id, m.position, "
    "CASE WHEN m.to_place = c.place THEN m.items ELSE -m.items END AS items, m.occurred_time, m.reason, m.reverses, "
    "coalesce(m.operation_id = c.stocktake_id, false) AS own FROM counted c "
    "CROSS JOIN LATERAL (SELECT m.* FROM movements m "
    "WHERE m.ledger = (SELECT ledger FROM ledgers WHERE network_id = $1) AND m.lot = c.lot "
    "AND m.position >= (SELECT min(read_from) FROM stocktakes WHERE network_id = $1 AND stocktake_id = "
    "ANY($2::uuid[])) "
    "OFFSET 0) m "
    "WHERE (m.from_place = c.place OR m.to_place = c.place) AND m.from_place <> m.to_place "
    "AND (m.occurred_time > c.first OR m.reverses IS NOT NULL OR m.operation_id = c.stocktake_id)), "
    "undone (reversal, depth, occurred_time, reason, reverses) AS ("
    "SELECT m.position, 1, o.* FROM (SELECT DISTINCT position, reverses FROM moved WHERE reverses IS NOT NULL) m "
    "CROSS JOIN LATERAL (SELECT o.occurred_time, o.reason, o.reverses FROM movements o "
    "WHERE o.ledger = (SELECT ledger FROM ledgers WHERE network_id = $1) AND o.position = m.reverses OFFSET 0) o "
    "UNION ALL SELECT u.reversal, u.depth + 1, o.* FROM undone u "
    "CROSS JOIN LATERAL (SELECT o.occurred_time, o.reason, o.reverses FROM movements o "
    "WHERE o.ledger = (SELECT ledger FROM ledgers WHERE network_id = $1) AND o.position = u.reverses OFFSET 0) o "
    "WHERE u.reverses IS NOT NULL) "
    "SELECT m.stocktake_id, m.place_id, m.lot_id, m.position, m.items, m.occurred_time, "
    "coalesce(m.reason, '') AS reason, m.own, u.times, u.reasons FROM moved m "
    "LEFT JOIN (SELECT reversal, array_agg(occurred_time ORDER BY depth) AS times, "
    "array_agg(coalesce(reason, '') ORDER BY depth) AS reasons FROM undone GROUP BY reversal) u "
    "ON u.reversal = m.position"};

constexpr pg::Statement kSetState{
    "UPDATE stocktakes SET state = $3, state_time = $4, posting_until = NULL WHERE network_id = $1 AND stocktake_id = "
    "$2"};
constexpr pg::Statement kSetPosting{
    "UPDATE stocktakes SET posting_until = $3 WHERE network_id = $1 AND stocktake_id = $2"};
constexpr pg::Statement kClose{
    "UPDATE stocktakes SET state = $3, state_time = $4, posting_until = NULL, figures = $5::jsonb "
    "WHERE network_id = $1 AND stocktake_id = $2"};
constexpr pg::Statement kLetPlacesGo{
    "UPDATE stocktake_places SET counting = false WHERE network_id = $1 AND stocktake_id = $2"};
constexpr pg::Statement kKeepLines{
    "INSERT INTO stocktake_lines (network_id, stocktake_id, place_code, lot_code, place_id, lot_id, state, facts) "
    "SELECT $1::uuid, $2::uuid, * "
    "FROM unnest($3::text[], $4::text[], $5::uuid[], $6::uuid[], $7::smallint[], $8::jsonb[])"};
constexpr pg::Statement kKeptLines{
    "SELECT k.place_id, k.place_code, k.lot_id, k.lot_code, k.facts FROM stocktake_lines k "
    "WHERE k.network_id = $1 AND k.stocktake_id = $2 AND (cardinality($3::smallint[]) = 0 OR k.state = ANY($3)) "
    "AND ($4::uuid IS NULL OR k.place_id = $4) AND (k.place_code, k.lot_code) > ($5, $6) "
    "ORDER BY k.place_code, k.lot_code LIMIT $7"};

Stocktake ReadStocktake(const pg::Row& row) {
  Stocktake stocktake{.id = row.Get<std::string>("stocktake_id"),
                      .title = row.Get<std::string>("title"),
                      .warehouse_id = row.Get<std::string>("warehouse_id"),
                      .warehouse_display_name = row.Get<std::string>("display_name"),
                      .organisation_id = row.Get<std::string>("organisation_id"),
                      .state = static_cast<pb::StocktakeState>(row.Get<int>("state")),
                      .open_time = row.Get<absl::Time>("open_time"),
                      .state_time = row.Get<absl::Time>("state_time"),
                      .opened_by = row.Get<std::string>("opened_by"),
                      .read_from = row.Get<int64_t>("read_from"),
                      .place_count = row.Get<int>("place_count")};
  stocktake.posting_until = row.Get<std::optional<absl::Time>>("posting_until").value_or(absl::InfinitePast());
  if (const auto figures = row.Get<std::optional<std::string>>("figures")) sql::FromJson(*figures, stocktake.figures);
  return stocktake;
}

Count ReadCount(const pg::Row& row) {
  return {.id = row.Get<std::string>("count_id"),
          .number = row.Get<int64_t>("number"),
          .mode = static_cast<pb::CountMode>(row.Get<int>("mode")),
          .cases = row.Get<int64_t>("cases"),
          .items_per_case = row.Get<int64_t>("items_per_case"),
          .loose_items = row.Get<int64_t>("loose_items"),
          .actor = row.Get<std::string>("actor"),
          .counted_time = row.Get<absl::Time>("counted_time"),
          .recorded_time = row.Get<absl::Time>("recorded_time"),
          .ledger_position = row.Get<int64_t>("ledger_position"),
          .retracted = row.Get<bool>("retracted"),
          .note = row.Get<std::string>("note")};
}

Decision ReadDecision(const pg::Row& row) {
  return {.counted_items = row.Get<std::optional<int64_t>>("counted_items"),
          .reason = row.Get<std::string>("reason"),
          .note = row.Get<std::string>("note"),
          .leave_out = row.Get<bool>("leave_out"),
          .basis_items = row.Get<int64_t>("basis_items"),
          .changes = row.Get<int>("changes")};
}

Change ReadChange(const pg::Row& row) {
  Change change{.position = row.Get<int64_t>("position"),
                .items = row.Get<int64_t>("items"),
                .occurred_time = row.Get<absl::Time>("occurred_time"),
                .reason = row.Get<std::string>("reason"),
                .own = row.Get<bool>("own")};
  const auto times = row.Get<std::optional<std::vector<absl::Time>>>("times");
  const auto reasons = row.Get<std::optional<std::vector<std::string>>>("reasons");
  for (size_t i = 0; times && reasons && i < times->size() && i < reasons->size(); ++i) {
    change.undoes.push_back({(*times)[i], (*reasons)[i]});
  }
  return change;
}

StocktakeLine ReadLine(const pg::Row& row) {
  return {.stocktake_id = row.Get<std::string>("stocktake_id"),
          .place_id = row.Get<std::string>("place_id"),
          .place_code = row.Get<std::string>("place_code"),
          .lot_id = row.Get<std::string>("lot_id"),
          .lot_code = row.Get<std::string>("lot_code")};
}

bool IsSelected(const StocktakeLine& line, const LineSelection& selection) {
  return (!selection.place_id || *selection.place_id == line.place_id) &&
         std::tie(line.place_code, line.lot_code) > std::tie(selection.after.first, selection.after.second);
}

// (stocktake, place, lot)
using LineKey = std::tuple<std::string, std::string, std::string>;
LineKey KeyOf(const pg::Row& row) {
  return {row.Get<std::string>("stocktake_id"), row.Get<std::string>("place_id"), row.Get<std::string>("lot_id")};
}

}  // namespace

absl::Status Insert(pg::Transaction& tx, const Stocktake& s, const std::vector<std::string>& place_ids) {
  const std::string& network = tx.network_id();
  // A movement recorded before the opening may bear a time after it, as phones' clocks may be ahead; and a count may
  // bear a time before it, as they may be behind.
  const absl::Time earliest = s.open_time - 2 * kClockTolerance;
  pg::Batch batch;
  batch.Add(kLockOpening, network)
      .Add(kIdTaken, network, s.id)
      .Add(kCountedBy, network, place_ids)
      .Add(kPositionAt, network, earliest);
  ASSIGN_OR_RETURN(const std::vector<pg::Result> found, tx.Pipeline(batch));
  if (found[1][0].Get<bool>("taken")) return refusals::StocktakeIdTaken(s.id);
  if (!found[2].empty()) {
    const pg::Row row = found[2][0];
    return refusals::PlaceBeingCounted(row.Get<std::string>("display_name"), row.Get<std::string>("stocktake_id"),
                                       row.Get<std::string>("title"));
  }
  const int64_t read_from = found[3].empty() ? 0 : found[3][0].Get<int64_t>("position");
  pg::Batch insert;
  insert
      .Add(kInsertStocktake, network, s.id, s.title, s.warehouse_id, s.organisation_id, s.open_time, s.opened_by,
           read_from)
      .Add(kInsertPlaces, network, s.id, place_ids);
  return tx.Pipeline(insert).status();
}

absl::StatusOr<Stocktake> Find(pg::Transaction& tx, const std::string& id, Hold hold) {
  const pg::Statement& statement = hold == Hold::kUpdate  ? kFindForUpdate
                                   : hold == Hold::kShare ? kFindForShare
                                                          : kFind;
  ASSIGN_OR_RETURN(const pg::Result rows, tx.Query(statement, tx.network_id(), id));
  if (rows.empty()) return refusals::StocktakeNotFound(ids::Name("stocktakes", id));
  return ReadStocktake(rows[0]);
}

absl::StatusOr<std::vector<Stocktake>> List(pg::Transaction& tx, const StocktakeFilter& filter,
                                            const std::optional<std::pair<absl::Time, std::string>>& after, int limit) {
  std::optional<absl::Time> time;
  std::optional<std::string> id;
  if (after) std::tie(time, id) = *after;
  tx.Defer(kPlanForValues);
  ASSIGN_OR_RETURN(const pg::Result rows,
                   tx.Query(kList, tx.network_id(), filter.warehouse, filter.state, time, id, limit));
  std::vector<Stocktake> found;
  for (const pg::Row row : rows) found.push_back(ReadStocktake(row));
  return found;
}

absl::StatusOr<std::vector<std::string>> PlacesOf(pg::Transaction& tx, const std::string& id) {
  ASSIGN_OR_RETURN(const pg::Result rows, tx.Query(kPlacesOf, tx.network_id(), id));
  std::vector<std::string> places;
  for (const pg::Row row : rows) places.push_back(row.Get<std::string>("place_id"));
  return places;
}

absl::StatusOr<std::optional<Place>> PlaceOf(pg::Transaction& tx, const std::string& id, const std::string& place_id) {
  ASSIGN_OR_RETURN(const pg::Result rows, tx.Query(kPlaceOf, tx.network_id(), id, place_id));
  return rows.empty() ? std::nullopt : std::optional(sql::ReadPlace(rows[0]));
}

absl::StatusOr<Lot> LotOf(pg::Transaction& tx, const std::string& lot_id) {
  ASSIGN_OR_RETURN(const pg::Result rows, tx.Query(kLotOf, tx.network_id(), lot_id));
  if (rows.empty()) return refusals::LotNotFound(ids::Name("lots", lot_id));
  return sql::ReadLot(rows[0]);
}

absl::StatusOr<int64_t> LedgerPosition(pg::Transaction& tx) {
  ASSIGN_OR_RETURN(const pg::Result rows, tx.Query(kLedgerPosition, tx.network_id()));
  return rows.empty() ? 0 : rows[0].Get<int64_t>("next_position");
}

absl::Status InsertCount(pg::Transaction& tx, const std::string& id, const std::string& place_id,
                         const std::string& lot_id, const Count& c) {
  return tx
      .Execute(kInsertCount, tx.network_id(), id, c.id, place_id, lot_id, static_cast<int>(c.mode), c.cases,
               c.items_per_case, c.loose_items, c.actor, c.counted_time, c.recorded_time, c.ledger_position, c.note)
      .status();
}

absl::StatusOr<std::optional<FoundCount>> FindCount(pg::Transaction& tx, const std::string& id,
                                                    const std::string& count_id) {
  ASSIGN_OR_RETURN(const pg::Result rows, tx.Query(kFindCount, tx.network_id(), id, count_id));
  if (rows.empty()) return std::nullopt;
  return FoundCount{rows[0].Get<std::string>("place_id"), rows[0].Get<std::string>("lot_id"), ReadCount(rows[0])};
}

absl::Status Retract(pg::Transaction& tx, const std::string& id, const std::string& count_id, const std::string& actor,
                     absl::Time now) {
  return tx.Execute(kRetract, tx.network_id(), id, count_id, now, actor).status();
}

absl::Status InsertDecision(pg::Transaction& tx, const std::string& id, const std::string& place_id,
                            const std::string& lot_id, const Decision& d, const std::string& actor, absl::Time now) {
  return tx
      .Execute(kInsertDecision, tx.network_id(), id, place_id, lot_id, d.counted_items, d.reason, d.note, d.leave_out,
               d.basis_items, d.changes, actor, now)
      .status();
}

absl::StatusOr<std::vector<StocktakeLine>> Lines(pg::Transaction& tx, const std::vector<std::string>& ids,
                                                 const LineSelection& selection) {
  const std::string& network = tx.network_id();
  const bool all = !selection.pair && !selection.place_id && !selection.limit;
  const int limit = selection.limit.value_or(std::numeric_limits<int>::max());
  std::optional<std::string> place = selection.place_id, lot;
  if (selection.pair) std::tie(place, lot) = *selection.pair;
  tx.Defer(kPlanForValues);
  ASSIGN_OR_RETURN(const pg::Result rows, all ? tx.Query(kAllLines, network, ids)
                                              : tx.Query(kLines, network, ids, place, lot, selection.after.first,
                                                         selection.after.second, limit));
  std::vector<StocktakeLine> lines;
  std::map<LineKey, LineFacts> facts;
  for (const pg::Row row : rows) {
    StocktakeLine line = ReadLine(row);
    if (all && !IsSelected(line, selection)) continue;
    facts[KeyOf(row)].now = {.on_hand = row.Get<int64_t>("on_hand"), .reserved = row.Get<int64_t>("reserved")};
    lines.push_back(std::move(line));
  }
  std::sort(lines.begin(), lines.end(), [](const StocktakeLine& a, const StocktakeLine& b) {
    return std::tie(a.place_code, a.lot_code) < std::tie(b.place_code, b.lot_code);
  });
  // The last place of a page is read as a whole.
  if (lines.size() > static_cast<size_t>(limit)) lines.erase(lines.begin() + limit, lines.end());
  std::optional<std::vector<std::string>> places, lots;
  if (!all) {
    places.emplace();
    lots.emplace();
    for (const StocktakeLine& line : lines) {
      places->push_back(line.place_id);
      lots->push_back(line.lot_id);
    }
  }
  pg::Batch batch;
  batch.Add(kCounts, network, ids, places, lots)
      .Add(kDecisions, network, ids, places, lots)
      .Add(kChanges, network, ids, places, lots);
  ASSIGN_OR_RETURN(const std::vector<pg::Result> found, tx.Pipeline(batch));
  for (const pg::Row row : found[0]) facts[KeyOf(row)].counts.push_back(ReadCount(row));
  for (const pg::Row row : found[1]) facts[KeyOf(row)].decision = ReadDecision(row);
  for (const pg::Row row : found[2]) facts[KeyOf(row)].changes.push_back(ReadChange(row));
  for (StocktakeLine& line : lines) line.line = JudgeLine(facts[{line.stocktake_id, line.place_id, line.lot_id}]);
  return lines;
}

absl::Status SetState(pg::Transaction& tx, const std::string& id, pb::StocktakeState state, absl::Time now) {
  return tx.Execute(kSetState, tx.network_id(), id, static_cast<int>(state), now).status();
}

absl::Status SetPosting(pg::Transaction& tx, const std::string& id, std::optional<absl::Time> until) {
  return tx.Execute(kSetPosting, tx.network_id(), id, until).status();
}

absl::Status Close(pg::Transaction& tx, const std::string& id, pb::StocktakeState state, absl::Time now,
                   const pb::Stocktake& figures, const std::vector<KeptLine>& lines) {
  std::vector<std::string> place_codes, lot_codes, places, lots, facts;
  std::vector<int> states;
  for (const KeptLine& line : lines) {
    place_codes.push_back(line.place_code);
    lot_codes.push_back(line.lot_code);
    places.push_back(line.place_id);
    lots.push_back(line.lot_id);
    states.push_back(line.facts.state());
    facts.push_back(sql::ToJson(line.facts));
  }
  const std::string& network = tx.network_id();
  pg::Batch batch;
  batch.Add(kClose, network, id, static_cast<int>(state), now, sql::ToJson(figures))
      .Add(kLetPlacesGo, network, id)
      .Add(kKeepLines, network, id, place_codes, lot_codes, places, lots, states, facts);
  return tx.Pipeline(batch).status();
}

absl::StatusOr<std::vector<KeptLine>> KeptLines(pg::Transaction& tx, const std::string& id,
                                                const std::vector<int>& states, const LineSelection& selection) {
  tx.Defer(kPlanForValues);
  ASSIGN_OR_RETURN(const pg::Result rows, tx.Query(kKeptLines, tx.network_id(), id, states, selection.place_id,
                                                   selection.after.first, selection.after.second, selection.limit));
  std::vector<KeptLine> lines;
  for (const pg::Row row : rows) {
    lines.push_back({.place_id = row.Get<std::string>("place_id"),
                     .place_code = row.Get<std::string>("place_code"),
                     .lot_id = row.Get<std::string>("lot_id"),
                     .lot_code = row.Get<std::string>("lot_code")});
    sql::FromJson(row.Get<std::string>("facts"), lines.back().facts);
  }
  return lines;
}

}  // namespace kubari::stock::stocktakes
