// What questions cost beside years of history: whatever is asked about some goods, nothing else is read. PostgreSQL
// itself counts what it reads; each question is asked often enough for it to settle on its plans.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "absl/strings/str_replace.h"
#include "services/stock/world_testing.h"

namespace kubari::stock {
namespace {

using namespace testing;  // NOLINT

constexpr int kLots = 10'000;  // of 100 products, 20 movements each
constexpr int kAtMost = 500;   // rows of a table that one answer may read

// Past years: each lot came in, went to eight groups, and the rest was thrown away; of every tenth some is left.
// Written without the triggers, which would take minutes; what they keep is written as they would.
constexpr char kHistory[] = R"(
SET session_replication_role = replica;
SET search_path = stock, public;
CREATE TEMP TABLE at AS
  SELECT g.network_id, g.ledger, g.next_position AS position, (SELECT min(number) FROM actors) AS actor,
         (SELECT min(number) FROM places WHERE kind = 1) AS shelf, (SELECT min(number) FROM places WHERE kind = 2) AS donor,
         (SELECT min(number) FROM places WHERE kind = 5) AS waste
    FROM ledgers g;
INSERT INTO places (network_id, place_id, number, kind, party, display_name)
  SELECT network_id, gen_random_uuid(), 100000 + n * 10 + kind, kind, 'groups/' || md5('g' || n)::uuid, 'p' || n
    FROM at, generate_series(0, 99) n, (VALUES (3), (4)) k (kind);
INSERT INTO recipients SELECT network_id, 1000 + n, md5('g' || n)::uuid FROM at, generate_series(0, 99) n;
INSERT INTO products (network_id, product_id, gtin, display_name, facts)
  SELECT p.network_id, md5('p' || n)::uuid, (77000000000000 + n)::text, 'p' || n, p.facts FROM (SELECT * FROM products LIMIT 1) p, generate_series(0, 99) n;
INSERT INTO lots (network_id, lot_id, number, code, product_id, origin_id, donor_id, date_kind, good_until, last_good_day, donor_lot_number,
                  gtin, offer_title, facts, create_time)
  SELECT l.network_id, md5('l' || n)::uuid, 1000 + n, 'H' || n, md5('p' || n % 100)::uuid, l.origin_id, l.donor_id, 2, '2028-03-31',
         '2028-03-31', 'H' || n, (77000000000000 + n % 100)::text, l.offer_title, l.facts, l.create_time
    FROM (SELECT * FROM lots LIMIT 1) l, generate_series(0, $lots - 1) n;
INSERT INTO deliveries (network_id, delivery_id, group_id, issued_items, open_items, ship_position, ship_time, confirm_time)
  SELECT network_id, md5('d' || n / 10 || ' ' || t)::uuid, md5('g' || (n / 10 * 8 + t) % 100)::uuid, 120, 0, position + n * 20 + 2 + t,
         now() - interval '1 year', now() - interval '1 year'
    FROM at, generate_series(0, $lots - 1, 10) n, generate_series(0, 7) t;
INSERT INTO delivery_lines (network_id, delivery_id, lot_id, issued_items, confirmed_items)
  SELECT network_id, md5('d' || n / 10 || ' ' || t)::uuid, md5('l' || n)::uuid, 12, 12
    FROM at, generate_series(0, $lots - 1) n, generate_series(0, 7) t;
INSERT INTO reservations (network_id, reservation_id, lot_id, place_id, group_id, delivery_id, items, open_items, expire_time, create_time)
  SELECT network_id, gen_random_uuid(), md5('l' || n)::uuid, gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), 12, 0, now(), now()
    FROM at, generate_series(0, $lots - 1) n;
INSERT INTO transfers (network_id, transfer_id, from_warehouse_id, to_warehouse_id, sent_items, open_items, send_position, send_time)
  SELECT network_id, gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), 5, 0, n, now() FROM at, generate_series(1, $lots) n;
INSERT INTO movements (ledger, position, occurred_time, recorded_time, lot, from_place, to_place, items, actor, kind, request_id, request_hash,
                       leaf_hash, recipient, delivery_id)
  SELECT a.ledger, a.position + n * 20 + s.step, now(), now(), 1000 + n,
         CASE s.kind WHEN 1 THEN a.donor WHEN 7 THEN 100003 + g * 10 ELSE a.shelf END,
         CASE s.kind WHEN 1 THEN a.shelf WHEN 6 THEN 100003 + g * 10 WHEN 7 THEN 100004 + g * 10 ELSE a.waste END,
         s.items, a.actor, s.kind, gen_random_uuid(), '\x00000000000000000000000000000000', sha256((n * 20 + s.step)::text::bytea),
         1000 + g, CASE WHEN s.turn IS NOT NULL THEN md5('d' || n / 10 || ' ' || s.turn)::uuid END
    FROM at a, generate_series(0, $lots - 1) n,
         (SELECT 0 AS step, 1 AS kind, 100 AS items, NULL::integer AS turn UNION ALL SELECT 1 + t, 6, 12, t FROM generate_series(0, 7) t
          UNION ALL SELECT 9 + t, 7, 12, t FROM generate_series(0, 7) t UNION ALL SELECT 17 + t, 9, 1, NULL FROM generate_series(0, 2) t) s,
         LATERAL (SELECT CASE WHEN s.turn IS NOT NULL THEN (n / 10 * 8 + s.turn) % 100 END AS g) r;
INSERT INTO balances (on_hand, reserved, ledger, lot, place, last_good_day, product_id, warehouse_id)
  SELECT CASE WHEN s.place % 10 = 1 AND n % 10 <> 0 THEN 0 ELSE s.on_hand END, 0, a.ledger, 1000 + n, s.place, '2028-03-31',
         md5('p' || n % 100)::uuid, CASE WHEN s.place % 10 = 1 THEN (SELECT min(warehouse_id::text)::uuid FROM warehouses) END
    FROM at a, generate_series(0, $lots - 1) n,
         LATERAL (SELECT a.donor AS place, -100 AS on_hand UNION ALL SELECT a.shelf, 1 UNION ALL SELECT a.waste, 3
                  UNION ALL SELECT 100004 + (n / 10 * 8 + t) % 100 * 10, 12 FROM generate_series(0, 7) t) s;
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
    pg::testing::Sql(database_.superuser, absl::StrReplaceAll(kHistory, {{"$lots", absl::StrCat(kLots)}}));
    Settle();
  }

  // Ends all sessions, so that everything they read is counted; the pools connect again.
  void Settle() {
    Sql("SELECT count(pg_terminate_backend(pid, 10000)) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND "
        "datname = current_database()");
  }
  std::string Sql(const std::string& sql) { return pg::testing::Sql(database_.superuser, sql); }

  // Asks it many times over, and judges what was read for each.
  void Costs(const std::string& what, const std::function<absl::Status()>& ask) {
    SCOPED_TRACE(what);
    constexpr int kTimes = 16;
    // The first calls find that their sessions have ended.
    for (int i = 0; i < 8; ++i) ask().IgnoreError();
    Settle();
    for (int i = 0; i < 8; ++i) ask().IgnoreError();
    Sql("SELECT pg_stat_reset()");
    for (int i = 0; i < kTimes; ++i) EXPECT_THAT(ask(), IsOk());
    Settle();
    // What grows with the years; all else has the size of the network.
    constexpr char kGrowing[] =
        "relname IN ('movements', 'balances', 'lots', 'deliveries', 'delivery_lines', 'reservations', 'transfers', "
        "'transfer_lines')";
    EXPECT_EQ(
        Sql(absl::StrCat("SELECT string_agg(relname, ' ') FROM pg_stat_user_tables WHERE seq_scan > 0 AND ", kGrowing)),
        "")
        << "read from end to end";
    EXPECT_EQ(Sql(absl::StrCat("SELECT string_agg(relname || ' ' || n / ", kTimes,
                               ", ', ') FROM (SELECT relname, coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0) "
                               "AS n FROM pg_stat_user_tables WHERE ",
                               kGrowing, ") t WHERE n > ", kAtMost * kTimes)),
              "")
        << "rows for one answer";
  }
  // A method, called anew each time.
  template <typename Base, typename Request, typename Response>
  void Costs(const std::string& what, grpc::Status (Base::*method)(grpc::ClientContext*, const Request&, Response*),
             const std::string& who, Request request) {
    Costs(what, [&] { return Try(method, who, request).status(); });
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

TEST_F(PlansTest, NoQuestionAboutRecalledGoodsReadsOthers) {
  const pb::Goods by_number = GoodsBy("09520000000004", "2027-03", "X1");
  pb::PreviewRecallRequest preview;
  *preview.mutable_goods() = by_number;
  Costs("PreviewRecall", &Recalls::PreviewRecall, "coordinator", preview);
  pb::GetRecallRequest get;
  get.set_name(recall_.name());
  Costs("GetRecall", &Recalls::GetRecall, "coordinator", get);
  Costs("ListRecalls", &Recalls::ListRecalls, "auditor", pb::ListRecallsRequest());
  Costs("ListRecallNotices", &Recalls::ListRecallNotices, "coordinator", pb::ListRecallNoticesRequest());
  Costs("ListRecallNotices of a group", &Recalls::ListRecallNotices, "group", pb::ListRecallNoticesRequest());
  pb::AcknowledgeNoticeRequest acknowledge;
  acknowledge.set_name(notice_.name());
  Costs("AcknowledgeNotice", &Recalls::AcknowledgeNotice, "group", acknowledge);
  Costs("AnswerNotice", &Recalls::AnswerNotice, "group", Answering(notice_, kits_, 0, 3));
  pb::RemindHoldersRequest remind;
  remind.set_name(recall_.name());
  Costs("RemindHolders", &Recalls::RemindHolders, "coordinator", remind);
  Costs("TellNewHolders", [&] { return TellNewHolders(pool_, clock_).status(); });
  Costs("OpenRecall", &Recalls::OpenRecall, "coordinator", Opening(by_number, /*drill=*/true));
  const pb::RecallNotice east = NoticeTo(Open(GoodsOf({lot_})), east_house_);
  Costs("AnswerNotice of a warehouse", &Recalls::AnswerNotice, "manager", Answering(east, lot_, 1));
}

TEST_F(PlansTest, NoTraceReadsOtherGoods) {
  pb::TraceForwardRequest forward;
  *forward.mutable_goods() = GoodsBy("09520000000004", "", "X1");
  Costs("TraceForward", &Recalls::TraceForward, "auditor", forward);
  pb::TraceBackwardRequest backward;
  backward.set_subject(onward_);
  Costs("TraceBackward of a delivery", &Recalls::TraceBackward, "auditor", backward);
  backward.set_subject(kits_.name());
  Costs("TraceBackward of a lot", &Recalls::TraceBackward, "group", backward);
  pb::ExportTraceRequest file;
  *file.mutable_goods() = GoodsOf({lot_});
  file.set_format(pb::TRACE_FORMAT_EPCIS);
  Costs("ExportTrace", &Recalls::ExportTrace, "auditor", file);
}

TEST_F(PlansTest, AlertsAndPicksReadWhatIsInStock) {
  for (int kind = pb::ALERT_KIND_EXPIRED; kind <= pb::ALERT_KIND_RECALLED_STOCK; ++kind) {
    pb::ListAlertsRequest list;
    list.set_kind(static_cast<pb::AlertKind>(kind));
    Costs(pb::AlertKind_Name(list.kind()), &Alerts::ListAlerts, "auditor", list);
    if (kind == pb::ALERT_KIND_UNCONFIRMED_DELIVERY) continue;
    list.set_warehouse(east_house_);
    Costs(pb::AlertKind_Name(list.kind()) + " of a warehouse", &Alerts::ListAlerts, "auditor", list);
  }
  Costs("CountAlerts", &Alerts::CountAlerts, "auditor", pb::CountAlertsRequest());
  AlertStore store(pool_);
  AlertMetrics metrics(store, clock_, beside_metrics_);
  Costs("the metrics of alerts", [&] { return metrics.Refresh(); });
  Costs("ListMinimums", &Alerts::ListMinimums, "auditor", pb::ListMinimumsRequest());
  pb::SuggestPicksRequest picks;
  picks.set_product(ids::Name("products", kProduct));
  picks.set_group(hub_);
  picks.set_items(50);
  Costs("SuggestPicks", &Stub::SuggestPicks, "volunteer", picks);
}

}  // namespace
}  // namespace kubari::stock
