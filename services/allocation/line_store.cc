#include "services/allocation/line_store.h"

#include <absl/strings/str_cat.h>
#include <absl/time/clock.h>

#include "libs/calendar/date.h"
#include "libs/errors/macros.h"
#include "libs/ids/ids.h"
#include "libs/paging/page.h"
#include "libs/registry/mutation.h"
#include "services/allocation/domain/explain.h"
#include "services/allocation/domain/shares.h"
#include "services/allocation/refusals.h"
#include "services/allocation/run_store.h"
#include "services/allocation/share_store.h"

namespace kubari::allocation {
namespace {

#define KUBARI_LINES                                                                                                  \
  "SELECT l.line_id, l.run_id, l.newest, l.state, l.facts, l.next_group, l.min_lot_items, l.milli_person_days, "      \
  "l.items, l.reason, "                                                                                               \
  "l.reservation_id, l.delivery_id, l.open_items, l.shipped_items, l.confirmed_items, l.missing_items, l.ship_time, " \
  "l.hub_id, l.at_hub_items, l.handed_on_items, l.missing_on_items, l.answer_items, "                                 \
  "l.answer_rest, l.answer_reason, l.answer_subject, l.answer_time, l.answer_request, l.given_back, "                 \
  "l.offered_again_in, l.claim_ended, l.shares_paid, l.version, r.answer_due_time, "                                  \
  "r.pick_up_due_time, r.time_zone, "                                                                                 \
  "r.publisher FROM lines l JOIN runs r USING (network_id, run_id) "

constexpr pg::Statement kInsert{
    "INSERT INTO lines (network_id, line_id, run_id, newest, state, group_id, group_name, lot_id, place_id, "
    "warehouse_id, last_day, facts, "
    "next_group, items, items_per_case, min_lot_items, milli_person_days, zone, reason, reservation_id, delivery_id, "
    "answer_items, answer_subject, answer_time, answer_request, claim_number, shares_paid, hub_id) "
    "SELECT $1, * FROM unnest($2::uuid[], $3::uuid[], $4::bigint[], $5::smallint[], $6::uuid[], $7::text[], "
    "$8::uuid[], $9::uuid[], "
    "$10::uuid[], $11::date[], $12::jsonb[], $13::text[], $14::bigint[], $15::bigint[], $16::bigint[], $17::bigint[], "
    "$18::smallint[], "
    "$19::text[], $20::uuid[], $21::uuid[], $22::bigint[], $23::text[], $24::timestamptz[], $25::uuid[], "
    "$26::integer[], "
    "$27::bigint[], $28::uuid[])"};
constexpr pg::Statement kExplain{"UPDATE lines SET facts = $3 WHERE network_id = $1 AND line_id = $2"};
constexpr pg::Statement kFind{KUBARI_LINES "WHERE l.network_id = $1 AND l.line_id = $2"};
constexpr pg::Statement kFindLocked{KUBARI_LINES "WHERE l.network_id = $1 AND l.line_id = $2 FOR UPDATE OF l"};
constexpr pg::Statement kUpdate{
    "UPDATE lines l SET state = u.state, items = u.items, reason = u.reason, reservation_id = u.reservation_id, "
    "delivery_id = u.delivery_id, open_items = u.open_items, shipped_items = u.shipped, confirmed_items = u.confirmed, "
    "missing_items = u.missing, ship_time = u.ship_time, answer_items = u.answer_items, answer_rest = u.answer_rest, "
    "answer_reason = u.answer_reason, answer_subject = u.answer_subject, answer_time = u.answer_time, answer_request = "
    "u.answer_request, "
    "given_back = u.given_back, offered_again_in = u.offered_again_in, shares_paid = u.shares_paid, at_hub_items = "
    "u.at_hub, "
    "handed_on_items = u.handed_on, missing_on_items = u.missing_on, version = u.version "
    "FROM unnest($2::uuid[], $3::smallint[], $4::bigint[], $5::text[], $6::uuid[], $7::uuid[], $8::bigint[], "
    "$9::bigint[], $10::bigint[], "
    "$11::bigint[], $12::timestamptz[], $13::bigint[], $14::bigint[], $15::text[], $16::text[], $17::timestamptz[], "
    "$18::uuid[], $19::bigint[], $20::bigint[], $21::uuid[], $22::bigint[], $23::bigint[], $24::bigint[], "
    "$25::bigint[]) "
    "AS u (line_id, state, items, reason, reservation_id, delivery_id, open_items, shipped, confirmed, missing, "
    "ship_time, answer_items, "
    "answer_rest, answer_reason, answer_subject, answer_time, answer_request, version, given_back, offered_again_in, "
    "shares_paid, at_hub, handed_on, missing_on) "
    "WHERE l.network_id = $1 AND "
    "l.line_id = u.line_id"};
// A group sees its lines once they were offered; a hub, if it asks for those, what comes by it and was not refused.
#define KUBARI_WANTED                                                                                          \
  "WHERE l.network_id = $1 AND ($2::uuid IS NULL OR l.run_id = $2) AND ($3::uuid IS NULL OR l.group_id = $3) " \
  "AND ($4::uuid IS NULL OR l.lot_id = $4) AND (cardinality($5::smallint[]) = 0 OR l.state = ANY($5)) "        \
  "AND ($7::uuid IS NULL OR l.hub_id = $7) AND ($6::uuid[] IS NULL "                                           \
  "OR (l.group_id = ANY($6) AND l.state NOT IN (1, 8)) "                                                       \
  "OR (l.hub_id = $7 AND l.hub_id = ANY($6) AND l.state IN (2, 3, 6, 7, 9, 10))) "
constexpr pg::Statement kList{KUBARI_LINES KUBARI_WANTED
                              "AND (l.newest, l.run_id, l.group_name, l.line_id) > ($8, $9::uuid, $10, $11::uuid) "
                              "ORDER BY l.newest, l.run_id, l.group_name, l.line_id LIMIT $12"};
// As KeyOf() says it of a row.
#define KUBARI_NUMBER                                                    \
  "CASE $8 WHEN 'items' THEN l.items WHEN 'state' THEN l.state::bigint " \
  "WHEN 'good_until' THEN coalesce(l.last_day - DATE '1970-01-01', 10000000)::bigint ELSE 0 END"
#define KUBARI_TEXT                                             \
  "CASE $8 WHEN 'group' THEN l.group_name WHEN 'product' THEN " \
  "coalesce(l.facts->>'productDisplayName', '') || E'\\n' || coalesce(l.facts->>'lotCode', '') ELSE '' END"
#define KUBARI_LINE_KEY "(" KUBARI_NUMBER ", " KUBARI_TEXT ", l.line_id)"
constexpr pg::Statement kListBy{KUBARI_LINES KUBARI_WANTED "AND ($9 OR " KUBARI_LINE_KEY
                                                           " > ($10::bigint, $11::text, $12::uuid)) "
                                                           "ORDER BY " KUBARI_NUMBER ", " KUBARI_TEXT
                                                           ", l.line_id LIMIT $13"};
constexpr pg::Statement kListByDescending{KUBARI_LINES KUBARI_WANTED "AND ($9 OR " KUBARI_LINE_KEY
                                                                     " < ($10::bigint, $11::text, $12::uuid)) "
                                                                     "ORDER BY " KUBARI_NUMBER " DESC, " KUBARI_TEXT
                                                                     " DESC, l.line_id DESC LIMIT $13"};
constexpr pg::Statement kDelete{"DELETE FROM lines WHERE network_id = $1 AND run_id = $2"};
constexpr pg::Statement kToOfferAgain{
    KUBARI_LINES
    "WHERE l.network_id = $1 AND l.run_id = $2 AND (l.state IN (4, 5) OR l.given_back > 0) "
    "AND l.offered_again_in IS NULL AND l.reason NOT IN ('VOIDED', 'REVERSED', 'RETURNED') AND l.answer_items IS NULL "
    "ORDER BY l.line_id FOR UPDATE OF l"};
constexpr pg::Statement kOfRun{KUBARI_LINES "WHERE l.network_id = $1 AND l.run_id = $2 ORDER BY l.line_id"};
constexpr pg::Statement kOfRunLocked{KUBARI_LINES
                                     "WHERE l.network_id = $1 AND l.run_id = $2 ORDER BY l.line_id FOR UPDATE OF l"};
constexpr pg::Statement kOfRunAndGroup{
    KUBARI_LINES "WHERE l.network_id = $1 AND l.run_id = $2 AND l.group_id = $3 ORDER BY l.line_id"};
// By receiver, lot and shelf. OFFERED, ACCEPTED; what has left (6, 7, 9, 10) was decided.
constexpr pg::Statement kShortDeliveries{
    "SELECT max(hub_id::text) AS hub_id, lot_id::text AS lot_id, place_id::text AS place_id, sum(items)::bigint AS items, "
    "max(min_lot_items) AS minimum, max(facts->>'hubDisplayName') AS hub, max(facts->>'lotCode') AS code, "
    "max(facts->>'productDisplayName') AS product FROM lines "
    "WHERE network_id = $1 AND run_id = $2 AND min_lot_items > 1 AND state IN (2, 3, 6, 7, 9, 10) "
    "GROUP BY coalesce(hub_id, group_id), lot_id, place_id "
    "HAVING max(hub_id::text) IS NOT NULL AND bool_and(state IN (2, 3)) AND sum(items) < max(min_lot_items) "
    "ORDER BY hub, product, code, hub_id, lot_id, place_id"};
// First to expire first, so that what a run gives to somebody is no earlier lot that was passed over.
constexpr pg::Statement kToReserve{KUBARI_LINES
                                   "WHERE l.network_id = $1 AND l.run_id = $2 AND l.state = 1 "
                                   "ORDER BY l.last_day, l.line_id LIMIT $3"};
constexpr pg::Statement kMarkOffered{
    "UPDATE lines SET state = 2, version = version + 1 WHERE network_id = $1 AND line_id = ANY($2::uuid[]) AND state = "
    "1"};
constexpr pg::Statement kMarkDropped{
    "UPDATE lines l SET state = 8, reason = u.reason, version = version + 1 FROM unnest($2::uuid[], $3::text[]) AS u "
    "(line_id, reason) "
    "WHERE l.network_id = $1 AND l.line_id = u.line_id AND l.state = 1"};
constexpr pg::Statement kToPick{KUBARI_LINES
                                "WHERE l.network_id = $1 AND l.warehouse_id = $2 AND l.state = 3 AND l.items > "
                                "l.shipped_items AND l.answer_items IS NULL "
                                "AND ($3::uuid IS NULL OR l.delivery_id = $3) "
                                "ORDER BY r.pick_up_due_time, l.delivery_id, l.last_day, l.line_id LIMIT $4"};
constexpr pg::Statement kShipmentsOf{
    "SELECT movement_id, line_id FROM shipments WHERE network_id = $1 AND movement_id = ANY($2::uuid[])"};
constexpr pg::Statement kConcerned{
    KUBARI_LINES
    "WHERE l.network_id = $1 AND l.line_id IN (SELECT line_id FROM lines WHERE network_id = $1 AND reservation_id = "
    "ANY($2::uuid[]) "
    "UNION SELECT line_id FROM lines WHERE network_id = $1 AND delivery_id = ANY($3::uuid[]) "
    "UNION SELECT line_id FROM shipments WHERE network_id = $1 AND movement_id = ANY($4::uuid[]) "
    "UNION SELECT line_id FROM hand_ons WHERE network_id = $1 AND (movement_id = ANY($4::uuid[]) OR delivery_id = "
    "ANY($3::uuid[])) "
    "UNION SELECT line_id FROM lines WHERE network_id = $1 AND lot_id = ANY($5::uuid[]) AND state IN (3, 6, 7, 9, 10) "
    "AND (hub_id = ANY($6::uuid[]) OR group_id = ANY($6::uuid[]))) ORDER BY l.line_id "
    "FOR UPDATE OF l"};
constexpr pg::Statement kHandOnsOf{
    "SELECT movement_id, line_id, delivery_id, items FROM hand_ons WHERE network_id = $1 "
    "AND (movement_id = ANY($2::uuid[]) OR delivery_id = ANY($3::uuid[])) ORDER BY movement_id, line_id"};
constexpr pg::Statement kInsertHandOns{
    "INSERT INTO hand_ons (network_id, movement_id, line_id, delivery_id, items) "
    "SELECT $1, * FROM unnest($2::uuid[], $3::uuid[], $4::uuid[], $5::bigint[])"};
constexpr pg::Statement kInsertShipments{
    "INSERT INTO shipments (network_id, movement_id, line_id) SELECT $1, * FROM unnest($2::uuid[], $3::uuid[])"};
// States: 2 OFFERED, 3 ACCEPTED, 6 SHIPPED, 7 CONFIRMED, 9 AT_HUB, 10 HANDED_ON. What comes by a hub claims its
// storage, too, until it is handed on.
constexpr pg::Statement kPast{
    "SELECT group_id, sum(milli_person_days)::bigint AS milli_person_days, sum(ambient)::bigint AS ambient, "
    "sum(chilled)::bigint AS chilled, sum(frozen)::bigint AS frozen FROM ("
    "SELECT group_id, "
    "coalesce(sum(CASE WHEN state IN (2, 3) THEN greatest(items - missing_items - missing_on_items, 0) "
    "ELSE shipped_items - missing_items - missing_on_items END "
    "             * milli_person_days) FILTER (WHERE state IN (2, 3) OR ship_time >= $2), 0) AS milli_person_days, "
    "coalesce(sum(claimed) FILTER (WHERE zone = 1), 0) AS ambient, "
    "coalesce(sum(claimed) FILTER (WHERE zone = 2), 0) AS chilled, "
    "coalesce(sum(claimed) FILTER (WHERE zone = 3), 0) AS frozen "
    "FROM (SELECT *, greatest(CASE WHEN state IN (2, 3) THEN items WHEN state IN (6, 9, 10) THEN shipped_items ELSE 0 "
    "                         END - confirmed_items - missing_items - missing_on_items, 0) AS claimed FROM lines "
    "      WHERE network_id = $1 AND (state IN (2, 3, 6, 9, 10) OR (state = 7 AND ship_time >= $2))) AS l "
    "GROUP BY group_id "
    "UNION ALL "
    "SELECT hub_id, 0, coalesce(sum(claimed) FILTER (WHERE zone = 1), 0), "
    "coalesce(sum(claimed) FILTER (WHERE zone = 2), 0), coalesce(sum(claimed) FILTER (WHERE zone = 3), 0) "
    "FROM (SELECT hub_id, zone, greatest(CASE WHEN state IN (2, 3) THEN items ELSE shipped_items END "
    "                                    - handed_on_items - missing_items, 0) AS claimed FROM lines "
    "      WHERE network_id = $1 AND hub_id IS NOT NULL AND state IN (2, 3, 6, 9)) AS through GROUP BY hub_id "
    "UNION ALL "
    "SELECT group_id, sum(milli_person_days), 0, 0, 0 FROM handed_out "
    "WHERE network_id = $1 AND day >= ($2::timestamptz AT TIME ZONE 'UTC')::date GROUP BY group_id"
    ") AS got GROUP BY group_id"};

constexpr pg::Statement kAddHandedOut{
    "INSERT INTO handed_out AS old (network_id, group_id, day, milli_person_days) "
    "SELECT $1::uuid, * FROM unnest($2::uuid[], $3::date[], $4::bigint[]) "
    "ON CONFLICT (network_id, group_id, day) DO UPDATE SET milli_person_days = old.milli_person_days + "
    "excluded.milli_person_days"};
constexpr pg::Statement kGroupsAt{
    "SELECT place_id::text AS place_id, group_id::text AS group_id FROM group_places "
    "WHERE network_id = $1 AND place_id = ANY($2::uuid[])"};
constexpr pg::Statement kInsertGroupPlaces{
    "INSERT INTO group_places (network_id, place_id, group_id) SELECT $1::uuid, * FROM unnest($2::uuid[], $3::uuid[]) "
    "ON CONFLICT DO NOTHING"};

std::string IdIn(const char* collection, const std::string& name) {
  return ids::IdFromName(collection, name).value_or("");
}

std::optional<absl::CivilDay> LastDayOf(const pb::Line& facts) {
  const absl::StatusOr<calendar::Date> date = calendar::Date::Parse(facts.good_until().date());
  return date.ok() ? std::optional(date->LastGoodDay()) : std::nullopt;
}

std::optional<std::string> IfSet(const std::string& text) { return text.empty() ? std::nullopt : std::optional(text); }

absl::StatusOr<LineRow> ReadLine(const pg::Row& row) {
  LineRow line;
  line.id = row.Get<std::string>("line_id");
  line.run_id = row.Get<std::string>("run_id");
  line.newest = row.Get<int64_t>("newest");
  RETURN_IF_ERROR(FromJson(row.Get<std::string>("facts"), line.facts));
  line.next_group = row.Get<std::string>("next_group");
  line.min_lot_items = row.Get<int64_t>("min_lot_items");
  line.milli_person_days = row.Get<int64_t>("milli_person_days");
  line.now = {.state = static_cast<pb::LineState>(row.Get<int>("state")),
              .items = row.Get<int64_t>("items"),
              .open = row.Get<int64_t>("open_items"),
              .shipped = row.Get<int64_t>("shipped_items"),
              .confirmed = row.Get<int64_t>("confirmed_items"),
              .missing = row.Get<int64_t>("missing_items"),
              .reason = row.Get<std::string>("reason"),
              .ship_time = row.Get<std::optional<absl::Time>>("ship_time"),
              .by_hub = row.Get<std::optional<std::string>>("hub_id").has_value(),
              .at_hub = row.Get<int64_t>("at_hub_items"),
              .handed_on = row.Get<int64_t>("handed_on_items"),
              .missing_on = row.Get<int64_t>("missing_on_items")};
  line.reservation_id = row.Get<std::optional<std::string>>("reservation_id").value_or("");
  line.delivery_id = row.Get<std::optional<std::string>>("delivery_id").value_or("");
  if (const auto items = row.Get<std::optional<int64_t>>("answer_items")) {
    line.answer = Answer{.items = *items,
                         .rest = row.Get<int64_t>("answer_rest"),
                         .reason = row.Get<std::string>("answer_reason"),
                         .subject = row.Get<std::string>("answer_subject"),
                         .time = row.Get<absl::Time>("answer_time")};
  }
  line.answer_request = row.Get<std::optional<std::string>>("answer_request").value_or("");
  line.given_back = row.Get<int64_t>("given_back");
  line.offered_again_in = row.Get<std::optional<std::string>>("offered_again_in").value_or("");
  line.claim_ended = row.Get<int>("claim_ended");
  line.shares_paid = row.Get<int64_t>("shares_paid");
  line.version = row.Get<int64_t>("version");
  line.answer_due_time = row.Get<std::optional<absl::Time>>("answer_due_time");
  line.pick_up_due_time = row.Get<std::optional<absl::Time>>("pick_up_due_time");
  line.time_zone = row.Get<std::string>("time_zone");
  line.publisher = row.Get<std::string>("publisher");
  return line;
}

// What lines of bids cost less by now.
absl::Status BookCosts(pg::Transaction& tx, std::vector<LineRow>& rows) {
  std::vector<ShareEntry> entries;
  for (LineRow& row : rows) {
    const int64_t price = row.facts.milli_shares_per_case();
    const int64_t cost = CostOf(row.now, price, row.facts.items_per_case(), row.shares_paid);
    if (price == 0 || cost == row.shares_paid) continue;
    const absl::Time now = absl::FromUnixMicros(absl::ToUnixMicros(absl::Now()));
    entries.push_back({.id = ids::NewV7(now),
                       .group_id = IdIn("groups", row.facts.group()),
                       .kind = price > 0 ? pb::SHARE_ENTRY_KIND_RETURNED : pb::SHARE_ENTRY_KIND_WON,
                       .amount = row.shares_paid - cost,
                       .run_id = row.run_id,
                       .line_id = row.id,
                       .product = row.facts.product_display_name(),
                       .create_time = now});
    row.shares_paid = cost;
  }
  return Post(tx, std::move(entries));
}

absl::StatusOr<std::vector<LineRow>> ReadLines(const absl::StatusOr<pg::Result>& rows) {
  RETURN_IF_ERROR(rows);
  std::vector<LineRow> lines;
  for (const pg::Row row : *rows) {
    ASSIGN_OR_RETURN(LineRow line, ReadLine(row));
    lines.push_back(std::move(line));
  }
  return lines;
}

}  // namespace

std::string LineRow::name() const { return absl::StrCat("runs/", run_id, "/lines/", id); }

pb::Line Shown(const LineRow& row, bool all_groups) {
  pb::Line line = row.facts;
  line.set_name(row.name());
  line.set_state(row.now.state);
  line.set_items(row.now.items);
  if (all_groups && line.proposed_items() > 0) AppendNext(row.next_group, line);
  line.set_reason(row.now.reason);
  if (row.now.state != pb::LINE_STATE_PROPOSED && row.now.state != pb::LINE_STATE_DROPPED) {
    line.set_reservation(ids::Name("reservations", row.reservation_id));
    line.set_delivery(ids::Name("deliveries", row.delivery_id));
    if (row.answer_due_time) *line.mutable_answer_due_time() = registry::ToTimestamp(*row.answer_due_time);
    if (row.pick_up_due_time) *line.mutable_pick_up_due_time() = registry::ToTimestamp(*row.pick_up_due_time);
  }
  if (!row.offered_again_in.empty() && row.offered_again_in != kNobodyCould)
    line.set_offered_again_in(ids::Name("runs", row.offered_again_in));
  line.set_shipped_items(row.now.shipped);
  line.set_confirmed_items(row.now.confirmed);
  line.set_at_hub_items(row.now.at_hub);
  line.set_handed_on_items(row.now.handed_on);
  line.set_etag(registry::EtagOf(row.version));
  return line;
}

pb::Line ShownToHub(const LineRow& row) {
  pb::Line line = Shown(row, /*all_groups=*/false);
  line.clear_explanation();
  line.clear_explanation_ja();
  line.clear_asked_for();
  line.clear_reason();
  line.clear_proposed_items();
  line.clear_pinned();
  line.clear_offered_again_in();
  line.clear_distance_metres();
  line.clear_milli_shares_per_case();
  line.clear_claim_number();
  return line;
}

std::string LineId(const std::string& run_id, const pb::Line& line) {
  return ids::DeriveV5(run_id, absl::StrCat("line ", line.group(), " ", line.lot(), " ", line.place()));
}
const std::string& ReceiverOf(const pb::Line& line) { return line.hub().empty() ? line.group() : line.hub(); }
std::string ReservationId(const std::string& line_id) { return ids::DeriveV5(line_id, "reservation"); }
std::string DeliveryId(const std::string& run_id, const pb::Line& line) {
  return ids::DeriveV5(run_id, absl::StrCat("delivery ", ReceiverOf(line), " ", line.warehouse()));
}
std::string RequestIdOf(const std::string& line_id, const std::string& step) { return ids::DeriveV5(line_id, step); }

absl::Status InsertLines(pg::Transaction& tx, const std::vector<LineRow>& rows) {
  if (rows.empty()) return absl::OkStatus();
  std::vector<std::string> line, run, group, group_name, lot, place, warehouse, facts, next, reason, answer_subject;
  std::vector<int64_t> newest, items, per_case, minimum, value, paid;
  std::vector<int> state, zone, claim;
  std::vector<std::optional<std::string>> reservation, delivery, answer_request, hub;
  std::vector<std::optional<int64_t>> answer;
  std::vector<std::optional<absl::Time>> answer_time;
  std::vector<std::optional<absl::CivilDay>> last_day;
  for (const LineRow& row : rows) {
    line.push_back(row.id);
    run.push_back(row.run_id);
    newest.push_back(row.newest);
    state.push_back(row.now.state);
    group.push_back(IdIn("groups", row.facts.group()));
    group_name.push_back(row.facts.group_display_name());
    lot.push_back(IdIn("lots", row.facts.lot()));
    place.push_back(IdIn("places", row.facts.place()));
    warehouse.push_back(IdIn("warehouses", row.facts.warehouse()));
    last_day.push_back(LastDayOf(row.facts));
    hub.push_back(ids::IdFromName("groups", row.facts.hub()));
    facts.push_back(ToJson(row.facts));
    next.push_back(row.next_group);
    items.push_back(row.now.items);
    per_case.push_back(row.facts.items_per_case());
    minimum.push_back(row.min_lot_items);
    value.push_back(row.milli_person_days);
    zone.push_back(row.facts.temperature_zone());
    reason.push_back(row.now.reason);
    reservation.push_back(IfSet(row.reservation_id));
    delivery.push_back(IfSet(row.delivery_id));
    answer.push_back(row.answer ? std::optional(row.answer->items) : std::nullopt);
    answer_subject.push_back(row.answer ? row.answer->subject : "");
    answer_time.push_back(row.answer ? std::optional(row.answer->time) : std::nullopt);
    answer_request.push_back(IfSet(row.answer_request));
    claim.push_back(row.facts.claim_number());
    paid.push_back(row.shares_paid);
  }
  return tx
      .Execute(kInsert, tx.network_id(), line, run, newest, state, group, group_name, lot, place, warehouse, last_day,
               facts, next, items, per_case, minimum, value, zone, reason, reservation, delivery, answer,
               answer_subject, answer_time, answer_request, claim, paid, hub)
      .status();
}

absl::StatusOr<LineRow> FindLine(pg::Transaction& tx, const std::string& line_id, bool lock) {
  ASSIGN_OR_RETURN(const pg::Result rows, tx.Query(lock ? kFindLocked : kFind, tx.network_id(), line_id));
  if (rows.empty()) return refusals::LineNotFound(line_id);
  return ReadLine(rows[0]);
}

absl::Status UpdateLines(pg::Transaction& tx, std::vector<LineRow>& rows) {
  if (rows.empty()) return absl::OkStatus();
  RETURN_IF_ERROR(BookCosts(tx, rows));
  std::vector<std::string> line, reason, answer_reason, answer_subject;
  std::vector<int> state;
  std::vector<int64_t> items, open, shipped, confirmed, missing, rest, version, paid;
  std::vector<int64_t> given_back, at_hub, handed_on, missing_on;
  std::vector<std::optional<std::string>> reservation, delivery, request, again;
  std::vector<std::optional<absl::Time>> ship_time, answer_time;
  std::vector<std::optional<int64_t>> answer;
  for (LineRow& row : rows) {
    line.push_back(row.id);
    state.push_back(row.now.state);
    items.push_back(row.now.items);
    reason.push_back(row.now.reason);
    reservation.push_back(IfSet(row.reservation_id));
    delivery.push_back(IfSet(row.delivery_id));
    open.push_back(row.now.open);
    shipped.push_back(row.now.shipped);
    confirmed.push_back(row.now.confirmed);
    missing.push_back(row.now.missing);
    ship_time.push_back(row.now.ship_time);
    answer.push_back(row.answer ? std::optional(row.answer->items) : std::nullopt);
    rest.push_back(row.answer ? row.answer->rest : 0);
    answer_reason.push_back(row.answer ? row.answer->reason : "");
    answer_subject.push_back(row.answer ? row.answer->subject : "");
    answer_time.push_back(row.answer ? std::optional(row.answer->time) : std::nullopt);
    request.push_back(IfSet(row.answer_request));
    given_back.push_back(row.given_back);
    again.push_back(IfSet(row.offered_again_in));
    version.push_back(++row.version);
    paid.push_back(row.shares_paid);
    at_hub.push_back(row.now.at_hub);
    handed_on.push_back(row.now.handed_on);
    missing_on.push_back(row.now.missing_on);
  }
  return tx
      .Execute(kUpdate, tx.network_id(), line, state, items, reason, reservation, delivery, open, shipped, confirmed,
               missing, ship_time, answer, rest, answer_reason, answer_subject, answer_time, request, version,
               given_back, again, paid, at_hub, handed_on, missing_on)
      .status();
}

absl::Status UpdateLine(pg::Transaction& tx, LineRow& row) {
  std::vector<LineRow> rows{std::move(row)};
  const absl::Status status = UpdateLines(tx, rows);
  row = std::move(rows.front());
  return status;
}

absl::Status UpdateExplanation(pg::Transaction& tx, const LineRow& row) {
  return tx.Execute(kExplain, tx.network_id(), row.id, ToJson(row.facts)).status();
}

absl::StatusOr<std::vector<LineRow>> ListLines(pg::Transaction& tx, const LineFilter& filter, const LineKey& key,
                                               int limit) {
  return ReadLines(tx.Query(kList, tx.network_id(), filter.run_id, filter.group_id, filter.lot_id, filter.states,
                            filter.own_groups, filter.hub_id, key.newest, key.run_id, key.group_name, key.line_id,
                            limit));
}

absl::StatusOr<std::vector<LineRow>> ListLines(pg::Transaction& tx, const LineFilter& filter,
                                               const paging::Order& order, const std::optional<OrderKey>& key,
                                               int limit) {
  const OrderKey behind = key.value_or(OrderKey{.line_id = paging::kFirstId});
  return ReadLines(tx.Query(order.descending ? kListByDescending : kListBy, tx.network_id(), filter.run_id,
                            filter.group_id, filter.lot_id, filter.states, filter.own_groups, filter.hub_id,
                            order.field, !key, behind.number, behind.text, behind.line_id, limit));
}

OrderKey KeyOf(const LineRow& row, const paging::Order& order) {
  constexpr int64_t kNoDate = 10'000'000;
  OrderKey key{.line_id = row.id};
  if (order.field == "items") key.number = row.now.items;
  if (order.field == "state") key.number = row.now.state;
  if (order.field == "good_until") {
    const std::optional<absl::CivilDay> day = LastDayOf(row.facts);
    key.number = day ? *day - absl::CivilDay(1970, 1, 1) : kNoDate;
  }
  if (order.field == "group") key.text = row.facts.group_display_name();
  if (order.field == "product") key.text = absl::StrCat(row.facts.product_display_name(), "\n", row.facts.lot_code());
  return key;
}

absl::StatusOr<std::vector<LineRow>> LinesOfRun(pg::Transaction& tx, const std::string& run_id, bool lock) {
  return ReadLines(tx.Query(lock ? kOfRunLocked : kOfRun, tx.network_id(), run_id));
}

absl::StatusOr<std::vector<LineRow>> LinesOfRunAndGroup(pg::Transaction& tx, const std::string& run_id,
                                                        const std::string& group_id) {
  return ReadLines(tx.Query(kOfRunAndGroup, tx.network_id(), run_id, group_id));
}

absl::StatusOr<std::vector<pb::ShortDelivery>> ShortDeliveries(pg::Transaction& tx, const std::string& run_id) {
  ASSIGN_OR_RETURN(const pg::Result rows, tx.Query(kShortDeliveries, tx.network_id(), run_id));
  std::vector<pb::ShortDelivery> deliveries;
  for (const pg::Row row : rows) {
    pb::ShortDelivery& delivery = deliveries.emplace_back();
    delivery.set_hub(ids::Name("groups", row.Get<std::string>("hub_id")));
    delivery.set_hub_display_name(row.Get<std::string>("hub"));
    delivery.set_lot(ids::Name("lots", row.Get<std::string>("lot_id")));
    delivery.set_lot_code(row.Get<std::string>("code"));
    delivery.set_product_display_name(row.Get<std::string>("product"));
    delivery.set_place(ids::Name("places", row.Get<std::string>("place_id")));
    delivery.set_items(row.Get<int64_t>("items"));
    delivery.set_minimum_items(row.Get<int64_t>("minimum"));
  }
  return deliveries;
}

absl::Status DeleteLines(pg::Transaction& tx, const std::string& run_id) {
  return tx.Execute(kDelete, tx.network_id(), run_id).status();
}

absl::StatusOr<std::vector<LineRow>> LinesToOfferAgain(pg::Transaction& tx, const std::string& run_id) {
  return ReadLines(tx.Query(kToOfferAgain, tx.network_id(), run_id));
}

absl::StatusOr<std::vector<LineRow>> LinesToReserve(pg::Transaction& tx, const std::string& run_id, int limit) {
  return ReadLines(tx.Query(kToReserve, tx.network_id(), run_id, limit));
}

absl::Status MarkOffered(pg::Transaction& tx, const std::vector<std::string>& line_ids) {
  return tx.Execute(kMarkOffered, tx.network_id(), line_ids).status();
}

absl::Status MarkDropped(pg::Transaction& tx, const std::vector<std::string>& line_ids,
                         const std::vector<std::string>& reasons) {
  return tx.Execute(kMarkDropped, tx.network_id(), line_ids, reasons).status();
}

absl::StatusOr<std::vector<LineRow>> LinesToPick(pg::Transaction& tx, const std::string& warehouse_id,
                                                 const std::optional<std::string>& delivery_id, int limit) {
  return ReadLines(tx.Query(kToPick, tx.network_id(), warehouse_id, delivery_id, limit));
}

absl::StatusOr<Concerned> LinesConcerned(pg::Transaction& tx, const Concern& of) {
  Concerned concerned;
  ASSIGN_OR_RETURN(const std::vector<pg::Result> results,
                   tx.Pipeline(pg::Batch()
                                   .Add(kConcerned, tx.network_id(), of.reservation_ids, of.delivery_ids,
                                        of.movement_ids, of.lot_ids, of.giver_ids)
                                   .Add(kShipmentsOf, tx.network_id(), of.movement_ids)
                                   .Add(kHandOnsOf, tx.network_id(), of.movement_ids, of.delivery_ids)));
  ASSIGN_OR_RETURN(concerned.lines, ReadLines(results[0]));
  for (const pg::Row row : results[1])
    concerned.shipments[row.Get<std::string>("movement_id")] = row.Get<std::string>("line_id");
  for (const pg::Row row : results[2]) {
    concerned.hand_ons.push_back({.movement_id = row.Get<std::string>("movement_id"),
                                  .line_id = row.Get<std::string>("line_id"),
                                  .delivery_id = row.Get<std::string>("delivery_id"),
                                  .items = row.Get<int64_t>("items")});
  }
  return concerned;
}

absl::Status InsertHandOns(pg::Transaction& tx, const std::vector<HandOn>& hand_ons) {
  if (hand_ons.empty()) return absl::OkStatus();
  std::vector<std::string> movements, lines, deliveries;
  std::vector<int64_t> items;
  for (const HandOn& one : hand_ons) {
    movements.push_back(one.movement_id);
    lines.push_back(one.line_id);
    deliveries.push_back(one.delivery_id);
    items.push_back(one.items);
  }
  return tx.Execute(kInsertHandOns, tx.network_id(), movements, lines, deliveries, items).status();
}

absl::Status InsertShipments(pg::Transaction& tx,
                             const std::vector<std::pair<std::string, std::string>>& movement_and_line_ids) {
  if (movement_and_line_ids.empty()) return absl::OkStatus();
  std::vector<std::string> movements, lines;
  for (const auto& [movement, line] : movement_and_line_ids) {
    movements.push_back(movement);
    lines.push_back(line);
  }
  return tx.Execute(kInsertShipments, tx.network_id(), movements, lines).status();
}

absl::Status AddHandedOut(pg::Transaction& tx, const HandedOut& handed_out) {
  if (handed_out.empty()) return absl::OkStatus();
  std::vector<std::string> groups, days;
  std::vector<int64_t> amounts;
  for (const auto& [group_and_day, amount] : handed_out) {
    groups.push_back(group_and_day.first);
    days.push_back(absl::FormatCivilTime(group_and_day.second));
    amounts.push_back(amount);
  }
  return tx.Execute(kAddHandedOut, tx.network_id(), groups, days, amounts).status();
}

absl::StatusOr<std::map<std::string, std::string>> GroupsAt(pg::Transaction& tx,
                                                            const std::vector<std::string>& places) {
  ASSIGN_OR_RETURN(const pg::Result rows, tx.Query(kGroupsAt, tx.network_id(), places));
  std::map<std::string, std::string> groups;
  for (const pg::Row row : rows) groups[row.Get<std::string>("place_id")] = row.Get<std::string>("group_id");
  return groups;
}

absl::Status InsertGroupPlaces(pg::Transaction& tx,
                               const std::vector<std::pair<std::string, std::string>>& place_and_group_ids) {
  if (place_and_group_ids.empty()) return absl::OkStatus();
  std::vector<std::string> places, groups;
  for (const auto& [place, group] : place_and_group_ids) {
    places.push_back(place);
    groups.push_back(group);
  }
  return tx.Execute(kInsertGroupPlaces, tx.network_id(), places, groups).status();
}

absl::StatusOr<std::map<std::string, Past>> ReadPast(pg::Transaction& tx, absl::Time since) {
  ASSIGN_OR_RETURN(const pg::Result rows, tx.Query(kPast, tx.network_id(), since));
  std::map<std::string, Past> past;
  for (const pg::Row row : rows) {
    past[ids::Name("groups", row.Get<std::string>("group_id"))] = {
        .milli_person_days = row.Get<int64_t>("milli_person_days"),
        .claimed_items = {row.Get<int64_t>("ambient"), row.Get<int64_t>("chilled"), row.Get<int64_t>("frozen")}};
  }
  return past;
}

}  // namespace kubari::allocation
