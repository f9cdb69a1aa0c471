#include "services/stock/recall_store.h"

#include "libs/errors/errors.h"
#include "libs/errors/macros.h"
#include "services/stock/recall_announcements.h"
#include "services/stock/sql.h"

namespace kubari::stock::recalls {
namespace {

// Plans are made for the actual values: a recall of two lots is not one of two thousand.
constexpr pg::Statement kPlanForValues{"SET LOCAL plan_cache_mode = force_custom_plan"};

constexpr pg::Statement kLotsOf{
    "SELECT m.lot_id FROM with_lots_made_from($1, ARRAY(SELECT lots_of_goods($1, $2::uuid[], $3::text, "
    "$4::smallint, $5::text, $6::text))) m JOIN lots l ON l.network_id = $1 AND l.lot_id = m.lot_id "
    "ORDER BY l.number LIMIT $7"};
constexpr pg::Statement kLotsNamedBy{
    "SELECT l.lot_id FROM lots l WHERE l.network_id = $1 AND l.lot_id = ANY(ARRAY(SELECT lots_of_goods($1, $2::uuid[], "
    "$3::text, $4::smallint, $5::text, $6::text))) ORDER BY l.number LIMIT $7"};

constexpr pg::Statement kLock{"SELECT next_position FROM lock_head($1)"};
constexpr pg::Statement kInsertRecall{
    "INSERT INTO recalls (network_id, recall_id, title, message, goods, gtin, date_kind, good_until, donor_lot_number, "
    "drill, opened_by, open_time, open_position) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)"};
constexpr pg::Statement kInsertLots{
    "INSERT INTO recall_lots (network_id, recall_id, lot_id, from_lot) SELECT $1, $2, m.lot_id, m.from_lot "
    "FROM with_lots_made_from($1, ARRAY(SELECT lots_of_goods($1, $3::uuid[], $4::text, $5::smallint, $6::text, "
    "$7::text))) m"};
constexpr pg::Statement kStop{
    "INSERT INTO stopped_lots (network_id, lot_id, recall_id) SELECT l.network_id, l.lot_id, l.recall_id "
    "FROM recall_lots l WHERE l.network_id = $1 AND l.recall_id = $2"};
constexpr pg::Statement kTellHolders{
    "INSERT INTO recall_notices (network_id, recall_id, notice_id, holder_kind, holder_id, send_time) "
    "SELECT $1::uuid, h.recall_id, gen_random_uuid(), h.holder_kind, h.holder_id, $3::timestamptz "
    "FROM (SELECT DISTINCT r.recall_id, o.holder_kind, o.holder_id FROM recalls r "
    "JOIN recall_lots l ON l.network_id = r.network_id AND l.recall_id = r.recall_id "
    "JOIN recall_holdings o ON o.network_id = l.network_id AND o.lot_id = l.lot_id "
    "WHERE r.network_id = $1 AND r.state = 1 AND ($2::uuid IS NULL OR r.recall_id = $2)) h "
    "WHERE NOT EXISTS (SELECT FROM recall_notices n WHERE n.network_id = $1 AND n.recall_id = h.recall_id "
    "AND n.holder_kind = h.holder_kind AND n.holder_id = h.holder_id) ON CONFLICT DO NOTHING "
    "RETURNING recall_id, notice_id, holder_kind, holder_id, reminders"};
constexpr pg::Statement kClose{
    "UPDATE recalls SET state = 2, close_time = $3, closed_by = $4, close_note = $5, keep_stopped = $6 "
    "WHERE network_id = $1 AND recall_id = $2 AND state = 1"};
constexpr pg::Statement kFree{"DELETE FROM stopped_lots WHERE network_id = $1 AND recall_id = $2"};
constexpr pg::Statement kNetworks{"SELECT network_id FROM networks_with_open_recalls()"};

#define KUBARI_RECALL_COLUMNS \
  "r.recall_id, r.title, r.message, r.goods, r.drill, r.state, r.opened_by, r.open_time, r.close_time, r.close_note "
constexpr pg::Statement kFind{"SELECT " KUBARI_RECALL_COLUMNS
                              "FROM recalls r WHERE r.network_id = $1 AND r.recall_id = $2"};
constexpr pg::Statement kList{"SELECT " KUBARI_RECALL_COLUMNS
                              "FROM recalls r WHERE r.network_id = $1 AND ($2::smallint = 0 OR r.state = $2) "
                              "AND (r.open_time, r.recall_id) < ($3, $4::uuid) "
                              "ORDER BY r.open_time DESC, r.recall_id DESC LIMIT $5"};
constexpr pg::Statement kLotsOfRecall{
    "SELECT r.lot_id FROM recall_lots r JOIN lots l ON l.network_id = r.network_id AND l.lot_id = r.lot_id "
    "WHERE r.network_id = $1 AND r.recall_id = $2 ORDER BY l.number LIMIT $3"};

// Of RECEIVE, DISCARD, DIRECT, RETURN and PRODUCE: what figures are made of.
constexpr pg::Statement kFlows{
    "SELECT r.recall_id, e.effect_kind, e.from_place % 10 AS from_kind, e.to_place % 10 AS to_kind, "
    "e.is_since AS since_open, sum(e.items)::bigint AS items FROM recalls r "
    "JOIN recall_lots c ON c.network_id = r.network_id AND c.recall_id = r.recall_id "
    "JOIN lots l ON l.network_id = c.network_id AND l.lot_id = c.lot_id "
    "JOIN ledgers g ON g.network_id = r.network_id "
    "CROSS JOIN LATERAL effects_of_lot(g.ledger, l.number, r.open_position) e "
    "WHERE r.network_id = $1 AND r.recall_id = ANY($2::uuid[]) AND e.effect_kind IN (1, 9, 14, 16, 19) "
    "GROUP BY 1, 2, 3, 4, 5"};
constexpr pg::Statement kStands{
    "SELECT l.recall_id, h.place_kind, sum(h.on_hand)::bigint AS on_hand, sum(h.reserved)::bigint AS reserved "
    "FROM recall_lots l JOIN recall_holdings h ON h.network_id = l.network_id AND h.lot_id = l.lot_id "
    "WHERE l.network_id = $1 AND l.recall_id = ANY($2::uuid[]) GROUP BY 1, 2"};
constexpr pg::Statement kCounts{
    "SELECT r.recall_id, (SELECT count(*) FROM recall_lots l WHERE l.network_id = $1 AND l.recall_id = r.recall_id) "
    "AS lots, count(n.notice_id) AS notices, count(n.acknowledge_time) AS acknowledged "
    "FROM recalls r LEFT JOIN recall_notices n ON n.network_id = r.network_id AND n.recall_id = r.recall_id "
    "WHERE r.network_id = $1 AND r.recall_id = ANY($2::uuid[]) GROUP BY r.recall_id"};
constexpr pg::Statement kUnsettled{
    "SELECT x.recall_id, count(DISTINCT x.notice_id) FILTER (WHERE x.open_items > 0) AS notices, "
    "sum(x.open_items)::bigint AS open_items, sum(x.told)::bigint AS told "
    "FROM recall_lines($1, $2::uuid[]) x GROUP BY x.recall_id"};

#define KUBARI_NOTICE_COLUMNS                                                                                   \
  "n.notice_id, n.recall_id, n.holder_kind, n.holder_id, n.send_time, n.remind_time, n.reminders, "             \
  "n.acknowledge_time, n.acknowledged_by, a.answer_time, a.answered_by, a.note AS answer_note "                 \
  "FROM recall_notices n LEFT JOIN LATERAL (SELECT s.answer_time, s.answered_by, s.note FROM recall_answers s " \
  "WHERE s.network_id = n.network_id AND s.notice_id = n.notice_id ORDER BY s.answer DESC LIMIT 1) a ON true "
constexpr pg::Statement kNotices{
    "WITH asked AS (SELECT ARRAY(SELECT r.recall_id FROM recalls r WHERE r.network_id = $1 "
    "AND CASE WHEN $2::uuid IS NULL THEN r.state = 1 ELSE r.recall_id = $2 END) AS recalls) "
    "SELECT " KUBARI_NOTICE_COLUMNS
    "WHERE n.network_id = $1 AND n.recall_id = ANY((SELECT recalls FROM asked)::uuid[]) "
    "AND ($3::uuid[] IS NULL OR (n.holder_kind = 1 AND n.holder_id = ANY($3)) "
    "OR (n.holder_kind = 2 AND EXISTS (SELECT FROM warehouses w WHERE w.network_id = n.network_id "
    "AND w.warehouse_id = n.holder_id AND w.organisation_id = ANY($3)))) "
    "AND (NOT $4::boolean OR n.acknowledge_time IS NULL) "
    "AND (NOT $5::boolean OR n.notice_id IN (SELECT x.notice_id FROM asked, recall_lines($1, asked.recalls) x "
    "WHERE x.open_items > 0)) AND (n.send_time, n.notice_id) < ($6, $7::uuid) "
    "ORDER BY n.send_time DESC, n.notice_id DESC LIMIT $8"};
constexpr pg::Statement kFindNotice{"SELECT " KUBARI_NOTICE_COLUMNS
                                    "WHERE n.network_id = $1 AND n.recall_id = $2 AND n.notice_id = $3"};
constexpr pg::Statement kLines{
    "SELECT x.notice_id, x.lot_id, x.held, x.under_way, x.reserved FROM recall_lines($1, $2::uuid[]) x "
    "WHERE x.notice_id = ANY($3::uuid[])"};
// What left the holder since the recall began: DISCARD, and RETURN to a shelf or, of a warehouse, to the donor.
constexpr pg::Statement kLeft{
    "WITH asked AS MATERIALIZED (SELECT n.notice_id, n.recall_id, n.holder_kind, n.holder_id, r.open_position, "
    "g.ledger "
    "FROM recall_notices n JOIN recalls r ON r.network_id = n.network_id AND r.recall_id = n.recall_id "
    "JOIN ledgers g ON g.network_id = n.network_id WHERE n.network_id = $1 AND n.notice_id = ANY($2::uuid[])) "
    "SELECT n.notice_id, l.lot_id, e.effect_kind, sum(e.items)::bigint AS items FROM asked n "
    "JOIN recall_lots c ON c.network_id = $1 AND c.recall_id = n.recall_id "
    "JOIN lots l ON l.network_id = $1 AND l.lot_id = c.lot_id "
    "CROSS JOIN LATERAL effects_of_lot(n.ledger, l.number, n.open_position) e "
    "JOIN places p ON p.network_id = $1 AND p.number = e.from_place WHERE e.is_since "
    "AND CASE n.holder_kind WHEN 1 THEN p.party = 'groups/' || n.holder_id ELSE p.warehouse_id = n.holder_id END "
    "AND (e.effect_kind = 9 OR (e.effect_kind = 16 AND e.to_place % 10 = CASE n.holder_kind WHEN 1 THEN 1 ELSE 2 END)) "
    "GROUP BY n.notice_id, l.lot_id, e.effect_kind"};
constexpr pg::Statement kTold{
    "SELECT notice_id, lot_id, consumed_items FROM recall_consumed WHERE network_id = $1 AND notice_id = "
    "ANY($2::uuid[])"};

// Kind 1: shelves.
constexpr pg::Statement kShelvesOf{
    "SELECT b.lot_id, b.place_id, b.on_hand - b.reserved AS free FROM stock_balances b "
    "JOIN places p ON p.network_id = b.network_id AND p.place_id = b.place_id WHERE b.network_id = $1 "
    "AND b.lot_id = ANY($3::uuid[]) AND b.warehouse_id = $2 AND b.place_kind = 1 ORDER BY p.code, b.place_id"};

constexpr pg::Statement kAcknowledge{
    "UPDATE recall_notices SET acknowledge_time = $3, acknowledged_by = $4 "
    "WHERE network_id = $1 AND notice_id = $2 AND acknowledge_time IS NULL"};
constexpr pg::Statement kAddAnswer{
    "INSERT INTO recall_answers (network_id, notice_id, lot_id, consumed_items, discarded_items, note, answered_by, "
    "answer_time) SELECT $1, $2, t.lot, t.consumed, t.discarded, $6, $7, $8 "
    "FROM unnest($3::uuid[], $4::bigint[], $5::bigint[]) AS t (lot, consumed, discarded)"};
constexpr pg::Statement kRemind{
    "UPDATE recall_notices SET remind_time = $3, reminders = reminders + 1 "
    "WHERE network_id = $1 AND recall_id = $2 AND acknowledge_time IS NULL "
    "RETURNING recall_id, notice_id, holder_kind, holder_id, reminders"};

// What `goods` asks for as parameters; what is not set is NULL.
std::optional<int> KindOf(const Goods& goods) {
  return goods.date_kind ? std::optional<int>(*goods.date_kind) : std::nullopt;
}

std::vector<std::string> Ids(const pg::Result& rows, const char* column) {
  std::vector<std::string> found;
  for (const pg::Row row : rows) found.push_back(row.Get<std::string>(column));
  return found;
}

std::vector<ToAnnounce> ReadAnnounced(const pg::Result& rows) {
  std::vector<ToAnnounce> holders;
  for (const pg::Row row : rows) {
    holders.push_back({.recall_id = row.Get<std::string>("recall_id"),
                       .notice_id = row.Get<std::string>("notice_id"),
                       .holder_kind = static_cast<HolderKind>(row.Get<int>("holder_kind")),
                       .holder_id = row.Get<std::string>("holder_id"),
                       .reminders = row.Get<int>("reminders")});
  }
  return holders;
}

Recall ReadRecall(const pg::Row& row) {
  Recall recall{.id = row.Get<std::string>("recall_id"),
                .title = row.Get<std::string>("title"),
                .message = row.Get<std::string>("message"),
                .drill = row.Get<bool>("drill"),
                .state = static_cast<pb::RecallState>(row.Get<int>("state")),
                .opened_by = row.Get<std::string>("opened_by"),
                .open_time = row.Get<absl::Time>("open_time"),
                .close_time = row.Get<std::optional<absl::Time>>("close_time"),
                .close_note = row.Get<std::string>("close_note")};
  sql::FromJson(row.Get<std::string>("goods"), recall.goods);
  return recall;
}

Notice ReadNotice(const pg::Row& row) {
  return {.id = row.Get<std::string>("notice_id"),
          .recall_id = row.Get<std::string>("recall_id"),
          .holder_kind = static_cast<HolderKind>(row.Get<int>("holder_kind")),
          .holder_id = row.Get<std::string>("holder_id"),
          .send_time = row.Get<absl::Time>("send_time"),
          .remind_time = row.Get<std::optional<absl::Time>>("remind_time"),
          .reminders = row.Get<int>("reminders"),
          .acknowledge_time = row.Get<std::optional<absl::Time>>("acknowledge_time"),
          .acknowledged_by = row.Get<std::optional<std::string>>("acknowledged_by").value_or(""),
          .answer_time = row.Get<std::optional<absl::Time>>("answer_time"),
          .answered_by = row.Get<std::optional<std::string>>("answered_by").value_or(""),
          .answer_note = row.Get<std::optional<std::string>>("answer_note").value_or("")};
}

}  // namespace

namespace {

absl::StatusOr<std::vector<std::string>> AskForLots(pg::Transaction& tx, const pg::Statement& statement,
                                                    const Goods& goods, int limit) {
  tx.Defer(kPlanForValues);
  ASSIGN_OR_RETURN(const pg::Result rows,
                   tx.Query(statement, tx.network_id(), goods.lots, sql::OrNull(goods.gtin), KindOf(goods),
                            sql::OrNull(goods.good_until), sql::OrNull(goods.donor_lot_number), limit));
  return Ids(rows, "lot_id");
}

}  // namespace

absl::StatusOr<std::vector<std::string>> LotsOf(pg::Transaction& tx, const Goods& goods, int limit) {
  return AskForLots(tx, kLotsOf, goods, limit);
}

absl::StatusOr<std::vector<std::string>> LotsNamedBy(pg::Transaction& tx, const Goods& goods, int limit) {
  return AskForLots(tx, kLotsNamedBy, goods, limit);
}

absl::Status LockLedger(pg::Transaction& tx) { return tx.Query(kLock, tx.network_id()).status(); }

absl::StatusOr<int64_t> Open(pg::Transaction& tx, const Recall& recall, const Goods& goods) {
  const std::string& network = tx.network_id();
  tx.Defer(kPlanForValues);
  ASSIGN_OR_RETURN(const pg::Result head, tx.Query(kLock, network));
  const absl::StatusOr<int64_t> inserted = tx.Execute(
      kInsertRecall, network, recall.id, recall.title, recall.message, sql::ToJson(recall.goods),
      sql::OrNull(goods.gtin), KindOf(goods), sql::OrNull(goods.good_until), sql::OrNull(goods.donor_lot_number),
      recall.drill, recall.opened_by, recall.open_time, head[0].Get<int64_t>("next_position"));
  if (pg::ConstraintOf(inserted.status()) == "recalls_pkey") {
    return errors::Make(absl::StatusCode::kAlreadyExists, "ID_TAKEN",
                        "This id belongs to another recall; make a new one.",
                        "このIDは別の回収で使われています。新しいIDを作ってください。", {{"recall", recall.id}});
  }
  RETURN_IF_ERROR(inserted);
  ASSIGN_OR_RETURN(const int64_t lots,
                   tx.Execute(kInsertLots, network, recall.id, goods.lots, sql::OrNull(goods.gtin), KindOf(goods),
                              sql::OrNull(goods.good_until), sql::OrNull(goods.donor_lot_number)));
  if (!recall.drill) RETURN_IF_ERROR(tx.Execute(kStop, network, recall.id));
  RETURN_IF_ERROR(TellHolders(tx, recall.id, recall.open_time));
  if (lots > 0) RETURN_IF_ERROR(AnnounceOpening(tx, recall));
  return lots;
}

absl::Status Close(pg::Transaction& tx, const std::string& recall_id, const std::string& closed_by, absl::Time now,
                   const std::string& note, bool keep_stopped) {
  RETURN_IF_ERROR(tx.Execute(kClose, tx.network_id(), recall_id, now, closed_by, note, keep_stopped));
  return keep_stopped ? absl::OkStatus() : tx.Execute(kFree, tx.network_id(), recall_id).status();
}

absl::StatusOr<int64_t> TellHolders(pg::Transaction& tx, const std::string& recall_id, absl::Time now) {
  tx.Defer(kPlanForValues);
  ASSIGN_OR_RETURN(const pg::Result told, tx.Query(kTellHolders, tx.network_id(), sql::OrNull(recall_id), now));
  RETURN_IF_ERROR(AnnounceToHolders(tx, ReadAnnounced(told), now));
  return told.size();
}

absl::StatusOr<std::vector<std::string>> Networks(pg::Transaction& tx) {
  ASSIGN_OR_RETURN(const pg::Result rows, tx.Query(kNetworks));
  return Ids(rows, "network_id");
}

absl::StatusOr<std::optional<Recall>> Find(pg::Transaction& tx, const std::string& recall_id) {
  ASSIGN_OR_RETURN(const pg::Result rows, tx.Query(kFind, tx.network_id(), recall_id));
  return rows.empty() ? std::nullopt : std::optional(ReadRecall(rows[0]));
}

absl::StatusOr<std::vector<Recall>> List(pg::Transaction& tx, pb::RecallState state, absl::Time before,
                                         const std::string& before_id, int limit) {
  tx.Defer(kPlanForValues);
  ASSIGN_OR_RETURN(const pg::Result rows,
                   tx.Query(kList, tx.network_id(), static_cast<int>(state), before, before_id, limit));
  std::vector<Recall> found;
  for (const pg::Row row : rows) found.push_back(ReadRecall(row));
  return found;
}

absl::StatusOr<std::vector<std::string>> LotsOfRecall(pg::Transaction& tx, const std::string& recall_id, int limit) {
  ASSIGN_OR_RETURN(const pg::Result rows, tx.Query(kLotsOfRecall, tx.network_id(), recall_id, limit));
  return Ids(rows, "lot_id");
}

absl::StatusOr<std::map<std::string, Summary>> Summaries(pg::Transaction& tx, const std::vector<std::string>& recalls) {
  std::map<std::string, Summary> summaries;
  if (recalls.empty()) return summaries;
  tx.Defer(kPlanForValues);
  pg::Batch questions;
  for (const pg::Statement& question : {kCounts, kUnsettled, kFlows, kStands})
    questions.Add(question, tx.network_id(), recalls);
  ASSIGN_OR_RETURN(const std::vector<pg::Result> answers, tx.Pipeline(questions));

  for (const pg::Row row : answers[0]) {
    Summary& summary = summaries[row.Get<std::string>("recall_id")];
    summary.lots = row.Get<int>("lots");
    summary.notices = summary.settled = row.Get<int>("notices");
    summary.acknowledged = row.Get<int>("acknowledged");
  }
  std::map<std::string, int64_t> told;
  for (const pg::Row row : answers[1]) {
    const std::string recall = row.Get<std::string>("recall_id");
    summaries[recall].settled -= row.Get<int>("notices");
    summaries[recall].open_items = row.Get<int64_t>("open_items");
    told[recall] = row.Get<int64_t>("told");
  }
  std::map<std::string, std::vector<Flow>> flows;
  for (const pg::Row row : answers[2]) {
    flows[row.Get<std::string>("recall_id")].push_back(
        {.effect = static_cast<pb::MovementKind>(row.Get<int>("effect_kind")),
         .from = static_cast<pb::PlaceKind>(row.Get<int>("from_kind")),
         .to = static_cast<pb::PlaceKind>(row.Get<int>("to_kind")),
         .since_open = row.Get<bool>("since_open"),
         .items = row.Get<int64_t>("items")});
  }
  std::map<std::string, std::vector<Stand>> stands;
  for (const pg::Row row : answers[3]) {
    stands[row.Get<std::string>("recall_id")].push_back({static_cast<pb::PlaceKind>(row.Get<int>("place_kind")),
                                                         row.Get<int64_t>("on_hand"), row.Get<int64_t>("reserved")});
  }
  for (auto& [recall, summary] : summaries) summary.figures = FiguresOf(flows[recall], stands[recall], told[recall]);
  return summaries;
}

absl::StatusOr<std::vector<Notice>> Notices(pg::Transaction& tx, const NoticeFilter& filter, absl::Time before,
                                            const std::string& before_id, int limit) {
  tx.Defer(kPlanForValues);
  ASSIGN_OR_RETURN(const pg::Result rows,
                   tx.Query(kNotices, tx.network_id(), sql::OrNull(filter.recall_id), filter.organisations,
                            filter.unacknowledged_only, filter.open_only, before, before_id, limit));
  std::vector<Notice> notices;
  for (const pg::Row row : rows) notices.push_back(ReadNotice(row));
  return notices;
}

absl::StatusOr<std::optional<Notice>> FindNotice(pg::Transaction& tx, const std::string& recall_id,
                                                 const std::string& notice_id) {
  ASSIGN_OR_RETURN(const pg::Result rows, tx.Query(kFindNotice, tx.network_id(), recall_id, notice_id));
  return rows.empty() ? std::nullopt : std::optional(ReadNotice(rows[0]));
}

absl::StatusOr<Lines> LinesOf(pg::Transaction& tx, const std::vector<Notice>& notices) {
  Lines lines;
  if (notices.empty()) return lines;
  std::vector<std::string> notice_ids, recall_ids;
  for (const Notice& notice : notices) {
    notice_ids.push_back(notice.id);
    recall_ids.push_back(notice.recall_id);
  }
  tx.Defer(kPlanForValues);
  pg::Batch questions;
  questions.Add(kLines, tx.network_id(), recall_ids, notice_ids);
  questions.Add(kLeft, tx.network_id(), notice_ids);
  questions.Add(kTold, tx.network_id(), notice_ids);
  ASSIGN_OR_RETURN(const std::vector<pg::Result> answers, tx.Pipeline(questions));
  const auto line_of = [&](const pg::Row& row) -> NoticeLine& {
    return lines[row.Get<std::string>("notice_id")][row.Get<std::string>("lot_id")];
  };
  for (const pg::Row row : answers[0]) {
    NoticeLine& line = line_of(row);
    line.held = row.Get<int64_t>("held");
    line.under_way = row.Get<int64_t>("under_way");
    line.reserved = row.Get<int64_t>("reserved");
  }
  for (const pg::Row row : answers[1]) {
    NoticeLine& line = line_of(row);
    const bool discard = row.Get<int>("effect_kind") == pb::MOVEMENT_KIND_DISCARD;
    (discard ? line.discarded : line.recovered) += row.Get<int64_t>("items");
  }
  for (const pg::Row row : answers[2]) line_of(row).told = row.Get<int64_t>("consumed_items");
  return lines;
}

absl::StatusOr<std::map<std::string, std::vector<std::pair<std::string, int64_t>>>> ShelvesOf(
    pg::Transaction& tx, const std::string& warehouse_id, const std::vector<std::string>& lots) {
  ASSIGN_OR_RETURN(const pg::Result rows, tx.Query(kShelvesOf, tx.network_id(), warehouse_id, lots));
  std::map<std::string, std::vector<std::pair<std::string, int64_t>>> shelves;
  for (const pg::Row row : rows) {
    shelves[row.Get<std::string>("lot_id")].emplace_back(row.Get<std::string>("place_id"), row.Get<int64_t>("free"));
  }
  return shelves;
}

absl::Status Acknowledge(pg::Transaction& tx, const std::string& notice_id, const std::string& who, absl::Time now) {
  return tx.Execute(kAcknowledge, tx.network_id(), notice_id, now, who).status();
}

absl::Status AddAnswer(pg::Transaction& tx, const std::string& notice_id,
                       const std::map<std::string, HolderAnswer>& by_lot, const std::string& note,
                       const std::string& who, absl::Time now) {
  std::vector<std::string> lots;
  std::vector<std::optional<int64_t>> consumed;
  std::vector<int64_t> discarded;
  for (const auto& [lot, answer] : by_lot) {
    lots.push_back(lot);
    consumed.push_back(answer.consumed);
    discarded.push_back(answer.discarded);
  }
  return tx.Execute(kAddAnswer, tx.network_id(), notice_id, lots, consumed, discarded, note, who, now).status();
}

absl::Status Remind(pg::Transaction& tx, const std::string& recall_id, absl::Time now) {
  ASSIGN_OR_RETURN(const pg::Result reminded, tx.Query(kRemind, tx.network_id(), recall_id, now));
  return AnnounceToHolders(tx, ReadAnnounced(reminded), now);
}

}  // namespace kubari::stock::recalls
