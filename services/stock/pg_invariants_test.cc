// What the database refuses even when the service's own role asks for it directly, past all code that decides.
#include <absl/strings/str_replace.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "libs/errors/testing.h"
#include "services/stock/domain/canonical.h"
#include "services/stock/migrations/migrations.h"
#include "services/stock/pg_ledger_store.h"
#include "services/stock/testing.h"

namespace kubari::stock {
namespace {

using namespace testing;  // NOLINT
using errors::IsOk;

const absl::Time kNow = absl::FromUnixSeconds(1'800'000'000);
const std::string kWest = kOtherWarehouse;

Place Donor() { return DonorPlace(); }
Place Transit(const std::string& warehouse) {
  return StandInPlace(kNetwork, pb::PLACE_KIND_TRANSIT, ids::Name("warehouses", warehouse), "西倉庫へ");
}
Place Workshop() { return StandInPlace(kNetwork, pb::PLACE_KIND_WORKSHOP, "", "作業場"); }
Place Western() { return Shelf(4); }

class PgInvariants : public ::testing::Test {
 protected:
  PgInvariants() : pool_({.conninfo = database_.service, .schema = "stock", .size = 2}), store_(pool_) {
    Furnish(database_);
    EXPECT_EQ(Record({Raw(pb::MOVEMENT_KIND_RECEIVE, Donor(), Shelf(1), 10)}), "");
  }

  // At the next position, unless said otherwise.
  Movement Raw(pb::MovementKind kind, const Place& from, const Place& to, int64_t items, int64_t position = -1) {
    Movement m{.network_id = kNetwork,
               .position = position < 0 ? next_ : position,
               .kind = kind,
               .lot_id = LotOf(1).id,
               .from_place = from.id,
               .to_place = to.id,
               .items = items,
               .effect_kind = kind,
               .actor = "people/" + Id(10, 1),
               .occurred_time = kNow,
               .recorded_time = kNow,
               .request_id = Id(21, ++requests_),
               .request_hash = std::string(16, 'h')};
    m.id = MovementId(kNetwork, m.position);
    m.leaf_hash = LeafHash(m);
    return m;
  }
  static Movement WithDelivery(Movement m, int delivery, int group) {
    m.delivery_id = Id(12, delivery);
    m.group_id = Group(group);
    return m;
  }
  static Movement WithOperation(Movement m, int operation) {
    m.operation_id = Id(13, operation);
    return m;
  }
  Movement IssueTo(int group, int64_t items, int delivery = 0) {
    return WithDelivery(Raw(pb::MOVEMENT_KIND_ISSUE, Shelf(1), DeliveryPlace(group), items),
                        delivery == 0 ? group : delivery, group);
  }
  Movement Undo(const Movement& original) {
    Movement m =
        Raw(pb::MOVEMENT_KIND_REVERSAL, {.id = original.to_place}, {.id = original.from_place}, original.items);
    m.reverses = original.id;
    m.effect_kind = original.effect_kind;
    m.takes_back = !original.takes_back;
    m.delivery_id = original.delivery_id;
    m.group_id = original.group_id;
    m.operation_id = original.operation_id;
    return m;
  }

  // Records what it is given, as it is. Returns the violated constraint, "" if it was taken.
  std::string Record(std::vector<Movement> movements, std::vector<Reservation> reservations = {},
                     std::vector<Lot> lots = {}) {
    if (next_ == 0) lots.push_back(LotOf(1));
    const absl::Status status = store_.Append(kNetwork, {}, Deadline(), [&](State&) {
      return Appendix{.places = {Donor(), DeliveryPlace(1), GroupPlace(1), DeliveryPlace(2), GroupPlace(2), Waste(),
                                 Adjustment(), Transit(kWest), Transit(kWarehouse), Workshop()},
                      .lots = lots,
                      .reservations = reservations,
                      .movements = movements};
    });
    if (status.ok()) {
      next_ += static_cast<int64_t>(movements.size());
      return "";
    }
    EXPECT_FALSE(pg::ConstraintOf(status).empty()) << pg::DetailOf(status);
    return pg::ConstraintOf(status);
  }
  static absl::Time Deadline() { return absl::Now() + absl::Seconds(20); }

  // The constraint that a statement of the service's role violates, else the SQLSTATE; "" if it ran. It is undone.
  std::string Try(const std::string& statement) {
    return pg::testing::Sql(
        database_.service,
        absl::StrCat("SET search_path = stock; SELECT set_config('kubari.network', '", kNetwork,
                     "', true), set_config('test.refused', '', true); DO $test$ DECLARE name text; BEGIN ", statement,
                     "; RAISE EXCEPTION USING ERRCODE = 'KB000'; EXCEPTION WHEN OTHERS THEN "
                     "GET STACKED DIAGNOSTICS name = CONSTRAINT_NAME; IF SQLSTATE <> 'KB000' THEN PERFORM "
                     "set_config('test.refused', coalesce(nullif(name, ''), SQLSTATE), true); END IF; END $test$; "
                     "SELECT current_setting('test.refused')"));
  }
  // An INSERT of one movement by number, with `columns` and `values` beside what every movement has.
  static std::string InsertByNumber(const std::string& columns, const std::string& values) {
    return absl::StrCat(
        "INSERT INTO movements (ledger, position, occurred_time, recorded_time, request_id, request_hash, leaf_hash, ",
        columns,
        ") SELECT ledger, next_position, now(), last_recorded_time, gen_random_uuid(), decode(repeat('00', 16), "
        "'hex'), ",
        "decode(repeat('00', 32), 'hex'), ", values, " FROM ledgers");
  }
  std::string Ask(const std::string& sql) {
    return pg::testing::Sql(
        database_.superuser,
        absl::StrCat("SET search_path = stock; SELECT set_config('kubari.network', '", kNetwork, "', false); ", sql));
  }

  int64_t next_ = 0;
  int requests_ = 0;
  pg::testing::Database database_ = pg::testing::CreateDatabase("stock", kMigrations);
  pg::Pool pool_;
  PgLedgerStore store_;
};

// Rights
// -----------------------------------------------------------------------------------------------------------------

TEST_F(PgInvariants, MovementsAreOnlyEverAdded) {
  for (const char* statement :
       {"UPDATE movements SET items = items + 1", "DELETE FROM movements", "TRUNCATE movements",
        "ALTER TABLE movements DISABLE TRIGGER ALL", "DROP TABLE movements", "UPDATE ledger_entries SET items = 1",
        "SELECT apply_movements()", "SET session_replication_role = replica"}) {
    EXPECT_THAT(Try(statement), ::testing::AnyOf("42501", "55000")) << statement;
  }
}

// All that the service's role may do with the tables of the ledger. A right that is not used is not there.
TEST_F(PgInvariants, TheServiceHasNoMoreRightsThanItUses) {
  EXPECT_EQ(Ask(R"(SELECT string_agg(name || ': ' || rights, E'\n' ORDER BY name) FROM (
      SELECT c.relname::text AS name, string_agg(p.privilege, ' ' ORDER BY p.privilege) AS rights
        FROM pg_class c, unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'REFERENCES', 'TRIGGER']) AS p (privilege)
       WHERE c.relnamespace = 'stock'::regnamespace AND c.relkind IN ('r', 'v') AND c.relname IN ('products', 'warehouses',
             'places', 'lots', 'stopped_lots', 'ledgers', 'actors', 'recipients', 'reservations', 'movements', 'balances',
             'deliveries', 'delivery_lines', 'transfers', 'transfer_lines', 'ledger_entries', 'stock_balances')
         AND CASE WHEN p.privilege IN ('SELECT', 'INSERT', 'UPDATE', 'REFERENCES')
                  THEN has_any_column_privilege('kubari_stock', c.oid, p.privilege)
                  ELSE has_table_privilege('kubari_stock', c.oid, p.privilege) END
       GROUP BY c.relname) r)"),
            "actors: INSERT SELECT\nbalances: SELECT\ndeliveries: SELECT\ndelivery_lines: SELECT\n"
            "ledger_entries: SELECT\nledgers: SELECT\nlots: INSERT SELECT\nmovements: INSERT SELECT\n"
            "places: INSERT SELECT\nproducts: INSERT SELECT\nrecipients: INSERT SELECT\n"
            "reservations: INSERT SELECT UPDATE\nstock_balances: SELECT\nstopped_lots: DELETE INSERT SELECT\n"
            "transfer_lines: SELECT\ntransfers: SELECT\nwarehouses: INSERT SELECT");
  // Of reservations only the time, and what is promised only by movements.
  EXPECT_EQ(Ask("SELECT string_agg(column_name, ' ' ORDER BY column_name) FROM information_schema.column_privileges "
                "WHERE table_schema = 'stock' AND table_name = 'reservations' AND grantee = 'kubari_stock' AND "
                "privilege_type = 'UPDATE'"),
            "expire_time");
  EXPECT_EQ(Try("UPDATE reservations SET open_items = 1000"), "42501");
  EXPECT_EQ(Try("INSERT INTO reservations (reservation_id, open_items) VALUES (gen_random_uuid(), 5)"), "42501");
  EXPECT_EQ(Try("UPDATE ledgers SET next_position = 0"), "42501");
  EXPECT_EQ(Try("UPDATE balances SET on_hand = 1000"), "42501");
}

TEST_F(PgInvariants, OtherNetworksAreInvisibleAlsoToTheOwner) {
  constexpr pg::Statement kCount{
      "SELECT (SELECT count(*) FROM movements) + (SELECT count(*) FROM balances) + (SELECT count(*) FROM lots) + "
      "(SELECT count(*) FROM ledgers) + (SELECT count(*) FROM ledger_entries) + (SELECT count(*) FROM stock_balances) "
      "AS n"};
  for (const std::string& network : {Id(1, 2), std::string()}) {
    const auto rows = pool_.Read({.network_id = network, .deadline = Deadline()},
                                 [&](pg::Transaction& tx) -> absl::StatusOr<int64_t> {
                                   const auto rows = tx.Query(kCount);
                                   if (!rows.ok()) return rows.status();
                                   return (*rows)[0].Get<int64_t>("n");
                                 });
    EXPECT_THAT(rows, errors::IsOkAndHolds(0));
  }
  EXPECT_EQ(pg::testing::Sql(database_.owner, "SELECT count(*) FROM stock.movements"), "0");
  EXPECT_EQ(Ask("SELECT count(*) FROM movements"), "1");
  // Nor can a movement be put into another network's ledger.
  Ask(absl::StrCat("INSERT INTO ledgers (network_id) VALUES ('", Id(1, 2), "')"));
  EXPECT_EQ(
      Try("INSERT INTO movements (ledger, position, occurred_time, recorded_time, request_id, request_hash, leaf_hash, "
          "lot, from_place, to_place, items, actor, kind) SELECT 2, 0, now(), now(), request_id, request_hash, "
          "leaf_hash, lot, from_place, to_place, items, actor, kind FROM movements"),
      "42501");
}

// Every table of the schema is under row-level security, the owner included.
TEST_F(PgInvariants, NoTableIsLeftOpen) {
  EXPECT_EQ(
      Ask("SELECT coalesce(string_agg(relname, ' '), '') FROM pg_class WHERE relnamespace = 'stock'::regnamespace "
          "AND relkind = 'r' AND relname <> 'migrations' AND NOT (relrowsecurity AND relforcerowsecurity)"),
      "");
}

// Positions
// ---------------------------------------------------------------------------------------------------------------

TEST_F(PgInvariants, PositionsFollowTheHeadAndTimeDoesNotGoBack) {
  EXPECT_EQ(Record({Raw(pb::MOVEMENT_KIND_TRANSFER, Shelf(1), Shelf(2), 1, 2)}), "movements_position");
  EXPECT_EQ(Record({Raw(pb::MOVEMENT_KIND_TRANSFER, Shelf(1), Shelf(2), 1, 0)}), "movements_pkey");
  EXPECT_EQ(Record({Raw(pb::MOVEMENT_KIND_TRANSFER, Shelf(1), Shelf(2), 1, 1),
                    Raw(pb::MOVEMENT_KIND_TRANSFER, Shelf(1), Shelf(2), 1, 3)}),
            "movements_position");
  Movement early = Raw(pb::MOVEMENT_KIND_TRANSFER, Shelf(1), Shelf(2), 1);
  early.recorded_time = kNow - absl::Seconds(1);
  EXPECT_EQ(Record({early}), "movements_recorded_time");
  // What is recorded together has one time.
  Movement late = Raw(pb::MOVEMENT_KIND_TRANSFER, Shelf(1), Shelf(2), 1, 2);
  late.recorded_time = kNow + absl::Seconds(1);
  EXPECT_EQ(Record({Raw(pb::MOVEMENT_KIND_TRANSFER, Shelf(1), Shelf(2), 1), late}), "movements_recorded_time");
}

// Places
// ------------------------------------------------------------------------------------------------------------------

// All kinds between all kinds of places: exactly what the contract names gets past this constraint (kind, from, to in
// digits), and fails only because there are no such places. Everything else is as the other constraints want it.
TEST_F(PgInvariants, EachKindHasItsEnds) {
  EXPECT_EQ(pg::testing::Sql(database_.service,
                             absl::StrCat("SET search_path = stock; SELECT set_config('kubari.network', '", kNetwork,
                                          "', true), set_config('test.let_through', '', true);", R"(
      DO $$ DECLARE k integer; f integer; t integer; stays boolean; name text; BEGIN
        FOR k IN 1..19 LOOP FOR f IN 1..8 LOOP FOR t IN 1..8 LOOP
          stays := k IN (3, 4, 5, 11) AND f = t;
          BEGIN
            INSERT INTO movements (ledger, position, occurred_time, recorded_time, request_id, request_hash, leaf_hash,
                                   lot, items, actor, kind, from_place, to_place, delivery_id, recipient, reservation_id, operation_id)
            SELECT ledger, next_position, now(), last_recorded_time, gen_random_uuid(), decode(repeat('00', 16), 'hex'),
                   decode(repeat('00', 32), 'hex'), 1, 1, 1, k, 99990 + f, CASE WHEN stays THEN 99990 ELSE 99980 END + t,
                   CASE WHEN k IN (3, 4, 5) OR f = 3 OR t = 3 THEN gen_random_uuid() END, 1,
                   CASE WHEN k IN (3, 4, 5) THEN gen_random_uuid() END, gen_random_uuid() FROM ledgers;
          EXCEPTION WHEN OTHERS THEN
            GET STACKED DIAGNOSTICS name = CONSTRAINT_NAME;
            IF name <> 'movements_places' THEN
              PERFORM set_config('test.let_through', concat(current_setting('test.let_through'), ' ', k * 100 + f * 10 + t,
                                 CASE WHEN name <> 'movements_known' THEN ' ' || name END), true);
            END IF;
          END;
        END LOOP; END LOOP; END LOOP;
      END $$; SELECT current_setting('test.let_through'))")),
            " 121 211 311 411 511 613 734 836 876 915 945 1122 1217 1371 1423 1543 1612 1631 1641 1716 1761 1818 1981");
}

TEST_F(PgInvariants, WhatMovesAndWhatStays) {
  EXPECT_EQ(Record({Raw(pb::MOVEMENT_KIND_TRANSFER, Shelf(1), Shelf(1), 1)}), "movements_stay");
  // Refused at the door: on record, and in no balance.
  EXPECT_EQ(Record({Raw(pb::MOVEMENT_KIND_REFUSE, Donor(), Donor(), 7)}), "");
  EXPECT_EQ(
      Ask("SELECT sum(on_hand) FILTER (WHERE place_kind = 1) || '/' || sum(on_hand) FILTER (WHERE place_kind = 2) "
          "FROM stock_balances"),
      "10/-10");
  // Also of a lot that never came in.
  Movement only = Raw(pb::MOVEMENT_KIND_REFUSE, Donor(), Donor(), 7);
  only.lot_id = LotOf(2).id;
  EXPECT_EQ(Record({only}, {}, {LotOf(2)}), "");
  EXPECT_EQ(Ask(absl::StrCat("SELECT on_hand FROM stock_balances WHERE lot_id = '", LotOf(2).id, "'")), "0");
  EXPECT_EQ(Record({Raw(pb::MOVEMENT_KIND_TRANSFER, Shelf(1), Shelf(2), 0)}), "movements_items_check");
  EXPECT_EQ(Record({Raw(pb::MOVEMENT_KIND_TRANSFER, Shelf(1), Shelf(2), 100'000'001)}), "movements_items_check");
}

TEST_F(PgInvariants, WhatIsNamedExists) {
  const std::string columns = "kind, items, lot, from_place, to_place, actor, recipient";
  const std::string shelf1 = Ask(absl::StrCat("SELECT number FROM places WHERE place_id = '", Shelf(1).id, "'"));
  const std::string shelf2 = Ask(absl::StrCat("SELECT number FROM places WHERE place_id = '", Shelf(2).id, "'"));
  const auto move = [&](const std::string& lot, const std::string& from, const std::string& to,
                        const std::string& actor, const std::string& recipient) {
    return Try(
        InsertByNumber(columns, absl::StrCat("2, 1, ", lot, ", ", from, ", ", to, ", ", actor, ", ", recipient)));
  };
  EXPECT_EQ(move("1", shelf1, shelf2, "1", "NULL::integer"), "");
  EXPECT_EQ(move("2", shelf1, shelf2, "1", "NULL::integer"), "movements_known");
  EXPECT_EQ(move("1", "9991", shelf2, "1", "NULL::integer"), "movements_known");
  EXPECT_EQ(move("1", shelf1, "9991", "1", "NULL::integer"), "movements_known");
  EXPECT_EQ(move("1", shelf1, shelf2, "2", "NULL::integer"), "movements_known");
  EXPECT_EQ(move("1", shelf1, shelf2, "1", "9"), "movements_known");
}

TEST_F(PgInvariants, WhatStandsOrIsUnderWayIsNeverBelowZero) {
  EXPECT_EQ(Record({IssueTo(1, 11)}), "balances_on_hand");
  EXPECT_EQ(Record({Raw(pb::MOVEMENT_KIND_TRANSFER, Shelf(2), Shelf(1), 1)}), "balances_on_hand");
  EXPECT_EQ(Record({Raw(pb::MOVEMENT_KIND_ADJUST, Shelf(1), Adjustment(), 11)}), "balances_on_hand");
  // On its way to a group.
  EXPECT_EQ(Record({WithDelivery(Raw(pb::MOVEMENT_KIND_CONFIRM, DeliveryPlace(1), GroupPlace(1), 1), 1, 1)}),
            "balances_on_hand");
  // With a group.
  EXPECT_EQ(Record({Raw(pb::MOVEMENT_KIND_DISCARD, GroupPlace(1), Waste(), 1)}), "balances_on_hand");
  EXPECT_EQ(Record({WithDelivery(Raw(pb::MOVEMENT_KIND_PASS_ON, GroupPlace(1), DeliveryPlace(2), 1), 2, 2)}),
            "balances_on_hand");
  // In transit.
  EXPECT_EQ(Record({WithOperation(Raw(pb::MOVEMENT_KIND_ARRIVE, Transit(kWest), Western(), 1), 1)}),
            "balances_on_hand");
  // All of it may go; donors, waste, adjustment and workshops have either sign.
  EXPECT_EQ(Record({Raw(pb::MOVEMENT_KIND_DISCARD, Shelf(1), Waste(), 10)}), "");
  EXPECT_EQ(Record({Raw(pb::MOVEMENT_KIND_ADJUST, Adjustment(), Shelf(1), 5)}), "");
  EXPECT_EQ(Record({WithOperation(Raw(pb::MOVEMENT_KIND_PRODUCE, Workshop(), Shelf(1), 5), 3)}), "");
}

TEST_F(PgInvariants, ABatchIsJudgedByItsSum) {
  // Within one batch the order is the decider's business; what is left must be right.
  EXPECT_EQ(Record({Raw(pb::MOVEMENT_KIND_TRANSFER, Shelf(1), Shelf(2), 10, 1),
                    Raw(pb::MOVEMENT_KIND_TRANSFER, Shelf(2), Shelf(3), 10, 2),
                    Raw(pb::MOVEMENT_KIND_TRANSFER, Shelf(3), Shelf(1), 4, 3)}),
            "");
  EXPECT_EQ(Ask("SELECT string_agg(on_hand::text, ' ' ORDER BY place) FROM balances WHERE place % 10 = 1"), "4 0 6");
  EXPECT_EQ(Record({Raw(pb::MOVEMENT_KIND_TRANSFER, Shelf(1), Shelf(2), 1, 4),
                    Raw(pb::MOVEMENT_KIND_TRANSFER, Shelf(3), Shelf(1), 7, 5)}),
            "balances_on_hand");
}

// Promises
// ----------------------------------------------------------------------------------------------------------------

TEST_F(PgInvariants, NoMoreIsPromisedThanIsThere) {
  const auto reserve = [&](int n, int64_t items) {
    Movement m = WithDelivery(Raw(pb::MOVEMENT_KIND_RESERVE, Shelf(1), Shelf(1), items), 1, 1);
    m.reservation_id = Id(11, n);
    const Reservation reservation{.id = m.reservation_id,
                                  .lot_id = m.lot_id,
                                  .place_id = m.from_place,
                                  .group_id = m.group_id,
                                  .delivery_id = m.delivery_id,
                                  .items = items,
                                  .expire_time = kNow,
                                  .create_time = kNow};
    return Record({m}, {reservation});
  };
  EXPECT_EQ(reserve(1, 11), "balances_reserved");
  EXPECT_EQ(reserve(2, 8), "");
  // Taking promised items as if they were free.
  EXPECT_EQ(Record({Raw(pb::MOVEMENT_KIND_DISCARD, Shelf(1), Waste(), 3)}), "balances_reserved");
  // Giving up more than the reservation holds, or more than was promised at all.
  const auto with = [](Movement m, int reservation) {
    m.reservation_id = Id(11, reservation);
    return m;
  };
  const auto give_up = [&](int64_t items, int reservation, const Place& shelf = Shelf(1)) {
    return with(WithDelivery(Raw(pb::MOVEMENT_KIND_VOID, shelf, shelf, items), 1, 1), reservation);
  };
  EXPECT_EQ(Record({give_up(9, 2)}), "balances_reserved");
  EXPECT_EQ(reserve(3, 2), "");
  EXPECT_EQ(Record({give_up(9, 2)}), "reservations_open");
  // A reservation that is not there; of another place, lot, group or delivery.
  EXPECT_EQ(Record({give_up(1, 4)}), "movements_promise");
  EXPECT_EQ(Record({Raw(pb::MOVEMENT_KIND_TRANSFER, Shelf(1), Shelf(2), 0)}), "movements_items_check");
  EXPECT_EQ(Record({with(IssueTo(2, 1), 2)}), "movements_promise");
  EXPECT_EQ(Record({with(IssueTo(1, 1, 3), 2)}), "movements_promise");
  // Nothing else may name one, and promises always do.
  EXPECT_EQ(Record({with(Raw(pb::MOVEMENT_KIND_DISCARD, Shelf(1), Waste(), 1), 2)}), "movements_reservation");
  EXPECT_EQ(Record({WithDelivery(Raw(pb::MOVEMENT_KIND_VOID, Shelf(1), Shelf(1), 1), 1, 1)}), "movements_reservation");
  // Posting it takes from what is promised and from what is there.
  EXPECT_EQ(Record({with(IssueTo(1, 5), 2)}), "");
  EXPECT_EQ(Ask("SELECT on_hand || '/' || reserved FROM stock_balances WHERE reserved > 0"), "5/5");
  EXPECT_EQ(Ask(absl::StrCat("SELECT open_items FROM reservations WHERE reservation_id = '", Id(11, 2), "'")), "3");
}

// Reversals
// ---------------------------------------------------------------------------------------------------------------

TEST_F(PgInvariants, AReversalMirrorsItsMovementOnce) {
  const Movement original = IssueTo(1, 4);
  ASSERT_EQ(Record({original}), "");
  const std::vector<std::pair<const char*, std::function<void(Movement&)>>> differences = {
      {"items", [](Movement& m) { m.items = 3; }},
      {"delivery", [](Movement& m) { m.delivery_id = Id(12, 9); }},
      {"group", [](Movement& m) { m.group_id = Group(2); }},
      {"operation", [](Movement& m) { m.operation_id = Id(13, 1); }},
      {"to", [](Movement& m) { m.to_place = Shelf(2).id; }},
      {"sense",
       [](Movement& m) {
         m.takes_back = false;
         std::swap(m.from_place, m.to_place);
       }},
  };
  for (const auto& [what, change] : differences) {
    Movement m = Undo(original);
    change(m);
    EXPECT_EQ(Record({m}), "movements_mirror") << what;
  }
  Movement other_effect = Undo(original);
  other_effect.effect_kind = pb::MOVEMENT_KIND_DIRECT;
  EXPECT_EQ(Record({other_effect}), "movements_places");
  Movement nothing = Undo(original);
  nothing.reverses = MovementId(kNetwork, 99);
  EXPECT_EQ(Record({nothing}), "movements_reversal");  // not before it

  const Movement undone = Undo(original);
  EXPECT_EQ(Record({undone}), "");
  EXPECT_EQ(Record({Undo(original)}), "movements_reverses");
  // The reversal of the reversal gives again, and is itself reversed once.
  const Movement again = Undo(undone);
  EXPECT_EQ(again.takes_back, false);
  EXPECT_EQ(Record({again}), "");
  EXPECT_EQ(Record({Undo(undone)}), "movements_reverses");
  EXPECT_EQ(Ask("SELECT issued_items || '/' || open_items FROM deliveries"), "4/4");
  EXPECT_EQ(Ask("SELECT string_agg(effect_kind || CASE WHEN takes_back THEN '-' ELSE '+' END, ' ' ORDER BY position) "
                "FROM ledger_entries WHERE position > 0"),
            "6+ 6- 6+");
}

TEST_F(PgInvariants, PromisesAreGivenUpNotReversed) {
  EXPECT_EQ(Try(InsertByNumber("lot, items, actor, kind, effect_kind, takes_back, reverses, from_place, to_place",
                               "1, 1, 1, 10, 3, true, 0, 11, 11")),
            "movements_reversal");
  // A reversal says what of, and nothing else does.
  EXPECT_EQ(Try(InsertByNumber("lot, items, actor, kind, from_place, to_place", "1, 1, 1, 10, 11, 12")),
            "movements_places");
  EXPECT_EQ(Try(InsertByNumber("lot, items, actor, kind, effect_kind, takes_back, from_place, to_place",
                               "1, 1, 1, 10, 2, true, 11, 21")),
            "movements_reversal");
  EXPECT_EQ(Try(InsertByNumber("lot, items, actor, kind, effect_kind, takes_back, from_place, to_place",
                               "1, 1, 1, 2, 2, false, 11, 21")),
            "movements_reversal");
}

// Deliveries and transfers
// --------------------------------------------------------------------------------------------------

TEST_F(PgInvariants, ADeliveryHasOneGroupAndNoMoreArrivesThanLeft) {
  EXPECT_EQ(Record({Raw(pb::MOVEMENT_KIND_ISSUE, Shelf(1), DeliveryPlace(1), 1)}), "movements_delivery");
  EXPECT_EQ(Record({WithDelivery(Raw(pb::MOVEMENT_KIND_TRANSFER, Shelf(1), Shelf(2), 1), 1, 1)}), "movements_delivery");
  EXPECT_EQ(Record({IssueTo(1, 4)}), "");
  EXPECT_EQ(Record({IssueTo(2, 1, /*delivery=*/1)}), "deliveries_group");
  // For this group, but on its way to another.
  EXPECT_EQ(Record({WithDelivery(Raw(pb::MOVEMENT_KIND_ISSUE, Shelf(1), DeliveryPlace(2), 1), 1, 1)}),
            "deliveries_group");
  // Two deliveries to one group: what is under way would do, what this one holds does not.
  EXPECT_EQ(Record({IssueTo(1, 3, /*delivery=*/3)}), "");
  const auto arrive = [&](int64_t items) {
    return WithDelivery(Raw(pb::MOVEMENT_KIND_CONFIRM, DeliveryPlace(1), GroupPlace(1), items), 1, 1);
  };
  EXPECT_EQ(Record({arrive(5)}), "delivery_lines_sum");
  EXPECT_EQ(Record({WithDelivery(Raw(pb::MOVEMENT_KIND_RETURN, DeliveryPlace(1), Shelf(1), 1), 1, 1)}), "");
  EXPECT_EQ(Record({WithDelivery(Raw(pb::MOVEMENT_KIND_SHORTAGE, DeliveryPlace(1), Adjustment(), 1), 1, 1)}), "");
  EXPECT_EQ(Record({arrive(3)}), "delivery_lines_sum");
  EXPECT_EQ(Record({arrive(2)}), "");
  EXPECT_EQ(Ask("SELECT d.open_items || '/' || d.issued_items || ' ' || l.confirmed_items || l.short_items || "
                "l.returned_items FROM deliveries d JOIN delivery_lines l USING (delivery_id) WHERE d.delivery_id = '" +
                Id(12, 1) + "'"),
            "0/4 211");
  // Where the first of it came from.
  EXPECT_EQ(Ask("SELECT source_place FROM deliveries WHERE delivery_id = '" + Id(12, 1) + "'"), Shelf(1).id);
}

TEST_F(PgInvariants, ATransferGoesBetweenTwoWarehouses) {
  const auto send = [&](const Place& from, const Place& transit, int64_t items, int transfer = 1) {
    return WithOperation(Raw(pb::MOVEMENT_KIND_SEND, from, transit, items), transfer);
  };
  EXPECT_EQ(Record({Raw(pb::MOVEMENT_KIND_SEND, Shelf(1), Transit(kWest), 1)}), "movements_operation");
  EXPECT_EQ(Record({send(Shelf(1), Transit(kWarehouse), 1)}), "transfers_two_warehouses");
  EXPECT_EQ(Record({send(Shelf(1), Transit(kWest), 6)}), "");
  EXPECT_EQ(Record({send(Shelf(1), Transit(kWest), 2, /*transfer=*/2)}), "");
  // What it brings comes to a shelf of the receiver's; nothing else goes by its name.
  EXPECT_EQ(Record({WithOperation(Raw(pb::MOVEMENT_KIND_ARRIVE, Transit(kWest), Shelf(1), 1), 1)}),
            "transfers_warehouses");
  EXPECT_EQ(Record({WithOperation(Raw(pb::MOVEMENT_KIND_ARRIVE, Transit(kWest), Western(), 1), 9)}),
            "transfers_warehouses");
  EXPECT_EQ(Record({WithOperation(Raw(pb::MOVEMENT_KIND_ARRIVE, Transit(kWest), Western(), 7), 1)}),
            "transfer_lines_sum");
  EXPECT_EQ(Record({WithOperation(Raw(pb::MOVEMENT_KIND_ARRIVE, Transit(kWest), Western(), 4), 1),
                    WithOperation(Raw(pb::MOVEMENT_KIND_SHORTAGE, Transit(kWest), Adjustment(), 1, next_ + 1), 1)}),
            "");
  EXPECT_EQ(Record({send(Western(), Transit(kWarehouse), 1)}), "transfers_warehouses");
  EXPECT_EQ(Ask("SELECT open_items || '/' || sent_items FROM transfers WHERE transfer_id = '" + Id(13, 1) + "'"),
            "1/6");
}

TEST_F(PgInvariants, WhatIsMadeBelongsToATransformation) {
  EXPECT_EQ(Record({Raw(pb::MOVEMENT_KIND_CONSUME, Shelf(1), Workshop(), 1)}), "movements_operation");
  EXPECT_EQ(Record({WithOperation(Raw(pb::MOVEMENT_KIND_CONSUME, Shelf(1), Workshop(), 1), 5)}), "");
}

// Registers
// -----------------------------------------------------------------------------------------------------------------

TEST_F(PgInvariants, ALotOfOneOriginIsOneLot) {
  const std::string copy =
      "INSERT INTO lots SELECT (jsonb_populate_record(l, jsonb_build_object('lot_id', gen_random_uuid(), 'number', 99, "
      "'code', 'X'))).* FROM lots l";
  EXPECT_EQ(Try(copy), "lots_origin");
  EXPECT_EQ(Try(absl::StrReplaceAll(copy, {{"'code', 'X'", "'code', 'X', 'donor_lot_number', 'other'"}})), "");
  // Made by a transformation: that is its origin.
  const std::string made = absl::StrReplaceAll(copy, {{"'code', 'X'", "'code', 'X', 'transformation_id', '$1'"}});
  EXPECT_EQ(Try(absl::StrReplaceAll(made, {{"$1", Id(13, 1)}})), "lots_made");
  EXPECT_EQ(Try(absl::StrReplaceAll(made, {{"$1'", absl::StrCat(Id(13, 1), "', 'origin_id', '", Id(13, 1), "'")}})),
            "");
  EXPECT_EQ(
      Try(absl::StrReplaceAll(copy, {{"'number', 99", "'number', 1"}, {"'code', 'X'", "'code', 'X', 'gtin', '1'"}})),
      "lots_number");
  EXPECT_EQ(Try("UPDATE lots SET facts = '{}'"), "42501");
}

TEST_F(PgInvariants, APlacesNumberTellsItsKind) {
  const std::string waste =
      "INSERT INTO places (network_id, place_id, number, kind, display_name) SELECT network_id, "
      "gen_random_uuid(), $1, 8, '' FROM ledgers";
  EXPECT_EQ(Ask("SELECT count(*) FROM places WHERE number % 10 <> kind"), "0");
  EXPECT_EQ(Try(absl::StrReplaceAll(waste, {{"$1", "99991"}})), "places_number_kind");
  EXPECT_EQ(Try(absl::StrReplaceAll(waste, {{"$1", "99998"}})), "places_party");  // there is one workshop
}

// The numbers of what the store makes follow each other, and the head knows the next ones.
TEST_F(PgInvariants, NumbersAreGivenOutOnce) {
  EXPECT_EQ(
      Ask("SELECT next_lot || ' ' || next_actor || ' ' || (next_place - 1 = (SELECT max(number) / 10 FROM places)) "
          "FROM ledgers"),
      "2 2 true");
  EXPECT_EQ(Ask("SELECT count(*) - count(DISTINCT number / 10) FROM places"), "0");
  PgLedgerStore other(pool_);  // another process, which knows no numbers yet
  Movement m = IssueTo(1, 1);
  m.actor = "devices/" + Id(10, 2);
  EXPECT_THAT(other.Append(kNetwork, {}, Deadline(),
                           [&](State&) { return Appendix{.places = {DeliveryPlace(1)}, .movements = {m}}; }),
              IsOk());
  ++next_;
  EXPECT_EQ(Ask("SELECT next_actor || ' ' || next_recipient FROM ledgers"), "3 2");
  EXPECT_EQ(Record({IssueTo(1, 1)}), "");
  EXPECT_EQ(
      Ask("SELECT string_agg(actor || ' ' || group_id, ', ' ORDER BY position) FROM ledger_entries WHERE kind = 6"),
      absl::StrCat("devices/", Id(10, 2), " ", Group(1), ", people/", Id(10, 1), " ", Group(1)));
}

}  // namespace
}  // namespace kubari::stock
