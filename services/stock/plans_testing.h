// A network with years of history, and what questions about it cost: PostgreSQL itself counts what it reads. Each
// question is asked often enough for it to settle on its plans.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <string>

#include "absl/strings/str_replace.h"
#include "services/stock/world_testing.h"

namespace kubari::stock::testing {

inline constexpr int kLots = 10'000;              // of 100 products (a third of them of one), 20 movements each
inline constexpr int kHistoryShelves = 100;       // of the first warehouse, each with every hundredth of those lots
inline constexpr int kHistoryStocktakes = 2'000;  // of one shelf each
inline constexpr int kAtMost = 500;               // rows of a table that one answer may read

// Past years: each lot came in, went to eight groups, and the rest was thrown away; of every tenth some is left. Each
// shelf was counted again and again. Written without the triggers, which would take minutes; what they keep is written
// as they would.
inline constexpr char kHistory[] = R"(
SET session_replication_role = replica;
SET search_path = stock, public;
CREATE TEMP TABLE at AS
  SELECT g.network_id, g.ledger, g.next_position AS position, (SELECT min(number) FROM actors) AS actor,
         (SELECT min(number) FROM places WHERE kind = 2) AS donor, (SELECT min(number) FROM places WHERE kind = 5) AS waste,
         (SELECT min(warehouse_id::text)::uuid FROM warehouses) AS east, (SELECT max(warehouse_id::text)::uuid FROM warehouses) AS west,
         '$now'::timestamptz AS then
    FROM ledgers g;
CREATE FUNCTION pg_temp.product(n integer) RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT CASE WHEN n % 3 = 0 THEN 2 ELSE n % 100 END';
CREATE FUNCTION pg_temp.shelf(n integer) RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT 110001 + n / 10 % $shelves * 10';
INSERT INTO places (network_id, place_id, number, kind, warehouse_id, code, temperature_zone, display_name)
  SELECT network_id, md5('h' || n)::uuid, 110001 + n * 10, 1, east, 'H-' || lpad(n::text, 3, '0'), 1, 'H-' || n
    FROM at, generate_series(0, $shelves - 1) n;
INSERT INTO places (network_id, place_id, number, kind, party, display_name)
  SELECT network_id, gen_random_uuid(), 100000 + n * 10 + kind, kind, 'groups/' || md5('g' || n)::uuid, 'p' || n
    FROM at, generate_series(0, 99) n, (VALUES (3), (4)) k (kind);
INSERT INTO recipients SELECT network_id, 1000 + n, md5('g' || n)::uuid FROM at, generate_series(0, 99) n;
INSERT INTO products (network_id, product_id, gtin, display_name, facts)
  SELECT p.network_id, md5('p' || n)::uuid, (77000000000000 + n)::text, 'p' || n,
         p.facts || jsonb_build_object('name', 'products/' || md5('p' || n)::uuid, 'gtin', (77000000000000 + n)::text)
    FROM (SELECT * FROM products LIMIT 1) p, generate_series(0, 99) n;
INSERT INTO search SELECT network_id, 'products', md5('p' || n)::uuid, E'\np' || n || E'\n' || (77000000000000 + n) || E'\n'
  FROM at, generate_series(0, 99) n;
INSERT INTO lots (network_id, lot_id, number, code, product_id, origin_id, donor_id, date_kind, good_until, last_good_day, donor_lot_number,
                  gtin, offer_title, facts, create_time)
  SELECT l.network_id, md5('l' || n)::uuid, 1000 + n, 'H' || n, md5('p' || pg_temp.product(n))::uuid, l.origin_id, l.donor_id, 2,
         '2028-03-31', '2028-03-31', 'H' || n, (77000000000000 + pg_temp.product(n))::text, l.offer_title,
         l.facts || jsonb_build_object('name', 'lots/' || md5('l' || n)::uuid, 'code', 'H' || n, 'donorLotNumber', 'H' || n,
                                       'product', 'products/' || md5('p' || pg_temp.product(n))::uuid,
                                       'productDisplayName', 'p' || pg_temp.product(n)), l.create_time
    FROM (SELECT * FROM lots LIMIT 1) l, generate_series(0, $lots - 1) n;
INSERT INTO deliveries (network_id, delivery_id, group_id, issued_items, open_items, ship_position, ship_time, confirm_time)
  SELECT network_id, md5('d' || n / 10 || ' ' || t)::uuid, md5('g' || (n / 10 * 8 + t) % 100)::uuid, 120, 0, position + n * 20 + 2 + t,
         a.then - interval '1 year', a.then - interval '1 year'
    FROM at a, generate_series(0, $lots - 1, 10) n, generate_series(0, 7) t;
INSERT INTO delivery_lines (network_id, delivery_id, lot_id, issued_items, confirmed_items)
  SELECT network_id, md5('d' || n / 10 || ' ' || t)::uuid, md5('l' || n)::uuid, 12, 12
    FROM at, generate_series(0, $lots - 1) n, generate_series(0, 7) t;
INSERT INTO reservations (network_id, reservation_id, lot_id, place_id, group_id, delivery_id, items, open_items, expire_time, create_time)
  SELECT network_id, gen_random_uuid(), md5('l' || n)::uuid, gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), 12, 0, a.then, a.then
    FROM at a, generate_series(0, $lots - 1) n;
INSERT INTO transfers (network_id, transfer_id, from_warehouse_id, to_warehouse_id, sent_items, open_items, send_position, send_time)
  SELECT network_id, md5('t' || n)::uuid, east, west, 5, 0, n, a.then FROM at a, generate_series(1, $lots) n;
INSERT INTO transfer_lines (network_id, transfer_id, lot_id, sent_items, arrived_items)
  SELECT network_id, md5('t' || n)::uuid, md5('l' || n)::uuid, 5, 5 FROM at, generate_series(1, $lots) n;
INSERT INTO movements (ledger, position, occurred_time, recorded_time, lot, from_place, to_place, items, actor, kind, request_id, request_hash,
                       leaf_hash, recipient, delivery_id)
  SELECT a.ledger, a.position + n * 20 + s.step, a.then, a.then, 1000 + n,
         CASE s.kind WHEN 1 THEN a.donor WHEN 7 THEN 100003 + g * 10 ELSE pg_temp.shelf(n) END,
         CASE s.kind WHEN 1 THEN pg_temp.shelf(n) WHEN 6 THEN 100003 + g * 10 WHEN 7 THEN 100004 + g * 10 ELSE a.waste END,
         s.items, a.actor, s.kind, gen_random_uuid(), '\x00000000000000000000000000000000', sha256((n * 20 + s.step)::text::bytea),
         1000 + g, CASE WHEN s.turn IS NOT NULL THEN md5('d' || n / 10 || ' ' || s.turn)::uuid END
    FROM at a, generate_series(0, $lots - 1) n,
         (SELECT 0 AS step, 1 AS kind, 100 AS items, NULL::integer AS turn UNION ALL SELECT 1 + t, 6, 12, t FROM generate_series(0, 7) t
          UNION ALL SELECT 9 + t, 7, 12, t FROM generate_series(0, 7) t UNION ALL SELECT 17 + t, 9, 1, NULL FROM generate_series(0, 2) t) s,
         LATERAL (SELECT CASE WHEN s.turn IS NOT NULL THEN (n / 10 * 8 + s.turn) % 100 END AS g) r;
INSERT INTO balances (on_hand, reserved, ledger, lot, place, last_good_day, product_id, warehouse_id)
  SELECT CASE WHEN s.place % 10 = 1 AND n % 10 <> 0 THEN 0 ELSE s.on_hand END, 0, a.ledger, 1000 + n, s.place, '2028-03-31',
         md5('p' || pg_temp.product(n))::uuid, CASE WHEN s.place % 10 = 1 THEN a.east END
    FROM at a, generate_series(0, $lots - 1) n,
         LATERAL (SELECT a.donor AS place, -100 AS on_hand UNION ALL SELECT pg_temp.shelf(n), 1 UNION ALL SELECT a.waste, 3
                  UNION ALL SELECT 100004 + (n / 10 * 8 + t) % 100 * 10, 12 FROM generate_series(0, 7) t) s;
INSERT INTO stocktakes (network_id, stocktake_id, title, warehouse_id, organisation_id, state, open_time, state_time, opened_by, read_from, figures)
  SELECT network_id, md5('s' || n)::uuid, 's' || n, east, east, 3, a.then - n * interval '1 hour', a.then, 'people/1', 0, '{}'
    FROM at a, generate_series(1, $stocktakes) n;
INSERT INTO stocktake_places (network_id, stocktake_id, place_id, counting)
  SELECT network_id, md5('s' || n)::uuid, md5('h' || n % $shelves)::uuid, false FROM at, generate_series(1, $stocktakes) n;
CREATE TEMP TABLE counted AS
  SELECT a.network_id, md5('s' || s)::uuid AS stocktake_id, md5('h' || s % $shelves)::uuid AS place_id, md5('l' || n)::uuid AS lot_id,
         'H-' || lpad((s % $shelves)::text, 3, '0') AS place_code, 'H' || n AS lot_code, a.then
    FROM at a, generate_series(1, $stocktakes) s, generate_series(s % $shelves * 10, s % $shelves * 10 + 9) n;
INSERT INTO stocktake_counts (network_id, stocktake_id, count_id, place_id, lot_id, mode, cases, items_per_case, loose_items, actor,
                              counted_time, recorded_time, ledger_position, note)
  SELECT network_id, stocktake_id, gen_random_uuid(), place_id, lot_id, 1, 0, 1, 1, 'people/1', c.then, c.then, 0, '' FROM counted c;
INSERT INTO stocktake_decisions (network_id, stocktake_id, place_id, lot_id, reason, note, leave_out, basis_items, changes, actor, decide_time)
  SELECT network_id, stocktake_id, place_id, lot_id, 'LOST', '', false, 0, 1, 'people/1', c.then FROM counted c;
INSERT INTO stocktake_lines (network_id, stocktake_id, place_code, lot_code, place_id, lot_id, state, facts)
  SELECT network_id, stocktake_id, place_code, lot_code, place_id, lot_id, 2, '{}' FROM counted;
UPDATE ledgers SET next_position = next_position + $lots * 20, next_lot = 100000, next_place = 100000, next_recipient = 2000;
ANALYZE;
)";

class PlansTest : public WorldTest {
 protected:
  PlansTest() {
    lot_ = Bring(100, "X1");
    Bring(20, "near", "2026-12-20");
    kits_ = Make(pb::TRANSFORMATION_KIND_SPLIT, {{lot_, 40}}, {{"", 30}, {"", 10}}).lots(0);
    delivery_ = Give(kits_, 12);
    Confirm(delivery_);
    onward_ = PassOn(kits_, 5);
    Arrive(Send(lot_, 5), lot_, 3);
    Discard(lot_, shelf_, 1).IgnoreError();
    auto few = Reserving(lot_, 3);
    few.set_departure_reason("試験");
    EXPECT_THAT(Call(&Stub::ReserveStock, "coordinator", few), IsOk());
    recall_ = Open(GoodsOf({lot_}), /*drill=*/true);
    notice_ = NoticeTo(recall_, hub_);
    pb::SetMinimumRequest minimum;
    minimum.mutable_minimum()->set_product(ids::Name("products", kProduct));
    minimum.mutable_minimum()->set_items(1'000);
    EXPECT_THAT(Do(&Alerts::SetMinimum, "coordinator", minimum), IsOk());
    Sql(absl::StrReplaceAll(kHistory, {{"$lots", absl::StrCat(kLots)},
                                       {"$shelves", absl::StrCat(kHistoryShelves)},
                                       {"$stocktakes", absl::StrCat(kHistoryStocktakes)},
                                       {"$now", absl::FormatTime(clock_.Now())}}));
    clock_.Advance(absl::Hours(1));
    Settle();
  }

  // Ends all sessions, so that everything they read is counted; the pools connect again.
  void Settle() {
    Sql("SELECT count(pg_terminate_backend(pid, 10000)) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND "
        "datname = current_database()");
  }
  std::string Sql(const std::string& sql) { return pg::testing::Sql(database_.superuser, sql); }

  // Asks it many times over, and judges what was read for each.
  void Costs(const std::string& what, const std::function<absl::Status()>& ask, int at_most = kAtMost) {
    SCOPED_TRACE(what);
    constexpr int kTimes = 24;
    for (int i = 0; i < 8; ++i) ask().IgnoreError();
    Settle();
    Sql("SELECT pg_stat_reset()");
    for (int i = 0; i < kTimes; ++i) {
      const absl::Status status = ask();
      // The first calls find that their sessions have ended.
      if (i >= 8) {
        EXPECT_THAT(status, IsOk());
      }
    }
    Settle();
    // What grows with the years; all else has the size of the network. Rows read, or entries of its indexes.
    constexpr char kGrowing[] =
        "FROM pg_stat_user_tables t WHERE relname IN ('movements', 'balances', 'lots', 'deliveries', 'delivery_lines', "
        "'reservations', 'transfers', 'transfer_lines', 'stocktakes', 'stocktake_places', 'stocktake_counts', "
        "'stocktake_decisions', 'stocktake_lines')";
    EXPECT_EQ(Sql(absl::StrCat("SELECT string_agg(relname, ' ') ", kGrowing, " AND seq_scan > 0")), "")
        << "read from end to end";
    EXPECT_EQ(Sql(absl::StrCat("SELECT string_agg(relname || ' ' || n / ", kTimes, ", ', ') FROM (SELECT relname, ",
                               "greatest(coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0), (SELECT "
                               "sum(i.idx_tup_read) FROM pg_stat_user_indexes i WHERE i.relid = t.relid)) AS n ",
                               kGrowing, ") t WHERE n > ", at_most * kTimes)),
              "")
        << "rows for one answer";
  }
  // The name of something of the past.
  std::string Past(const char* collection, const std::string& what) {
    return ids::Name(collection, Sql(absl::StrCat("SELECT md5('", what, "')::uuid")));
  }
  // A method, called anew each time.
  template <typename Base, typename Request, typename Response>
  void Costs(const std::string& what, grpc::Status (Base::*method)(grpc::ClientContext*, const Request&, Response*),
             const std::string& who, Request request, int at_most = kAtMost) {
    Costs(
        what, [&] { return Try(method, who, request).status(); }, at_most);
  }
  template <typename Base, typename Request, typename Response>
  absl::StatusOr<Response> Try(grpc::Status (Base::*method)(grpc::ClientContext*, const Request&, Response*),
                               const std::string& who, Request& request) {
    if constexpr (requires { request.set_request_id(""); }) request.set_request_id(ids::NewUuid());
    if constexpr (requires { request.set_recall_id(""); }) request.set_recall_id(ids::NewUuid());
    return Ask(method, who, request);
  }

  pb::Lot lot_, kits_;
  std::string delivery_, onward_;
  pb::Recall recall_;
  pb::RecallNotice notice_;
};

}  // namespace kubari::stock::testing
