// What the database refuses even when the service's own role asks for it directly, past all code that decides.
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

class PgInvariants : public ::testing::Test {
 protected:
  PgInvariants() : pool_({.conninfo = database_.service, .schema = "stock", .size = 2}), store_(pool_) {
    Furnish(database_);
    EXPECT_EQ(Record({Raw(0, pb::MOVEMENT_KIND_RECEIVE, DonorPlace(), Shelf(1), 10)}), "");
  }

  Movement Raw(int64_t position, pb::MovementKind kind, const Place& from, const Place& to, int64_t items) {
    Movement m{.network_id = kNetwork,
               .position = position,
               .id = Id(20, ++movements_),
               .kind = kind,
               .lot_id = LotOf(1).id,
               .from_place = from.id,
               .to_place = to.id,
               .items = items,
               .actor = "people/" + Id(10, 1),
               .occurred_time = kNow,
               .recorded_time = kNow,
               .request_id = Id(21, movements_),
               .request_hash = std::string(32, 'h')};
    m.leaf_hash = LeafHash(m);
    return m;
  }
  Movement WithDelivery(Movement m, int delivery, int group) {
    m.delivery_id = Id(12, delivery);
    m.group_id = Group(group);
    return m;
  }

  // Records what it is given, as it is. Returns the violated constraint, "" if it was taken.
  std::string Record(std::vector<Movement> movements, std::vector<Reservation> reservations = {}) {
    const absl::Status status = store_.Append(kNetwork, {}, Deadline(), [&](State&) {
      return Appendix{
          .places = {DonorPlace(), DeliveryPlace(1), GroupPlace(1), DeliveryPlace(2), Waste(), Adjustment()},
          .lots = movements_ == 1 ? std::vector<Lot>{LotOf(1)} : std::vector<Lot>{},
          .reservations = reservations,
          .movements = movements};
    });
    if (status.ok()) return "";
    EXPECT_FALSE(pg::ConstraintOf(status).empty()) << pg::DetailOf(status);
    return pg::ConstraintOf(status);
  }
  static absl::Time Deadline() { return absl::Now() + absl::Seconds(20); }

  // SQLSTATE of a statement as the service's role, "" if it ran.
  std::string Try(const pg::Statement& statement) {
    const absl::Status status =
        pool_.Transact({.network_id = kNetwork, .deadline = Deadline()},
                       [&](pg::Transaction& tx) -> absl::Status { return tx.Query(statement).status(); });
    return pg::SqlStateOf(status);
  }
  std::string Ask(const std::string& sql) {
    return pg::testing::Sql(database_.superuser, "SET search_path = stock; " + sql);
  }

  int movements_ = 0;
  pg::testing::Database database_ = pg::testing::CreateDatabase("stock", kMigrations);
  pg::Pool pool_;
  PgLedgerStore store_;
};

TEST_F(PgInvariants, MovementsAreOnlyEverAdded) {
  constexpr pg::Statement kUpdate{"UPDATE movements SET items = items + 1"};
  constexpr pg::Statement kDelete{"DELETE FROM movements"};
  constexpr pg::Statement kTruncate{"TRUNCATE movements"};
  constexpr pg::Statement kDisable{"ALTER TABLE movements DISABLE TRIGGER ALL"};
  EXPECT_EQ(Try(kUpdate), "42501");
  EXPECT_EQ(Try(kDelete), "42501");
  EXPECT_EQ(Try(kTruncate), "42501");
  EXPECT_EQ(Try(kDisable), "42501");
}

TEST_F(PgInvariants, WhatFollowsFromMovementsIsNotTheServicesToWrite) {
  constexpr pg::Statement kBalance{"UPDATE balances SET on_hand = 1000"};
  constexpr pg::Statement kInsert{"INSERT INTO balances SELECT * FROM balances"};
  constexpr pg::Statement kHead{"UPDATE ledger_heads SET next_position = 0"};
  constexpr pg::Statement kOpen{"UPDATE reservations SET open_items = 1000"};
  constexpr pg::Statement kDelivery{"UPDATE deliveries SET open_items = 0"};
  constexpr pg::Statement kLines{"UPDATE delivery_lines SET confirmed_items = 0"};
  constexpr pg::Statement kLot{"UPDATE lots SET facts = '{}'"};
  for (const pg::Statement* statement : {&kBalance, &kInsert, &kHead, &kOpen, &kDelivery, &kLines, &kLot}) {
    EXPECT_EQ(Try(*statement), "42501") << statement->text();
  }
}

TEST_F(PgInvariants, AShelfIsNeverBelowZero) {
  EXPECT_EQ(Record({WithDelivery(Raw(1, pb::MOVEMENT_KIND_ISSUE, Shelf(1), DeliveryPlace(1), 11), 1, 1)}),
            "balances_on_hand");
  EXPECT_EQ(Record({Raw(1, pb::MOVEMENT_KIND_TRANSFER, Shelf(2), Shelf(1), 1)}), "balances_on_hand");
  EXPECT_EQ(Record({Raw(1, pb::MOVEMENT_KIND_DISCARD, Shelf(1), Waste(), 10)}), "");
}

TEST_F(PgInvariants, NoMoreIsPromisedThanIsThere) {
  const auto reserve = [&](int n, int64_t position, int64_t items) {
    Movement m = WithDelivery(Raw(position, pb::MOVEMENT_KIND_RESERVE, Shelf(1), Shelf(1), items), 1, 1);
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
  EXPECT_EQ(reserve(1, 1, 11), "balances_reserved");
  EXPECT_EQ(reserve(2, 1, 8), "");
  // Taking promised items as if they were free.
  EXPECT_EQ(Record({Raw(2, pb::MOVEMENT_KIND_DISCARD, Shelf(1), Waste(), 3)}), "balances_reserved");
  // Giving up more than the reservation holds, or for another group.
  Movement more = WithDelivery(Raw(2, pb::MOVEMENT_KIND_VOID, Shelf(1), Shelf(1), 9), 1, 1);
  more.reservation_id = Id(11, 2);
  EXPECT_EQ(Record({more}), "balances_reserved");
  Movement other = WithDelivery(Raw(2, pb::MOVEMENT_KIND_ISSUE, Shelf(1), DeliveryPlace(2), 1), 2, 2);
  other.reservation_id = Id(11, 2);
  EXPECT_EQ(Record({other}), "movements_promise");
}

TEST_F(PgInvariants, PositionsFollowTheHeadAndTimeDoesNotGoBack) {
  EXPECT_EQ(Record({Raw(2, pb::MOVEMENT_KIND_TRANSFER, Shelf(1), Shelf(2), 1)}), "movements_position");
  EXPECT_EQ(Record({Raw(0, pb::MOVEMENT_KIND_TRANSFER, Shelf(1), Shelf(2), 1)}), "movements_pkey");
  EXPECT_EQ(Record({Raw(1, pb::MOVEMENT_KIND_TRANSFER, Shelf(1), Shelf(2), 1),
                    Raw(3, pb::MOVEMENT_KIND_TRANSFER, Shelf(1), Shelf(2), 1)}),
            "movements_position");
  Movement early = Raw(1, pb::MOVEMENT_KIND_TRANSFER, Shelf(1), Shelf(2), 1);
  early.recorded_time = kNow - absl::Seconds(1);
  EXPECT_EQ(Record({early}), "movements_recorded_time");
}

TEST_F(PgInvariants, EachKindHasItsEnds) {
  EXPECT_EQ(Record({Raw(1, pb::MOVEMENT_KIND_RECEIVE, Shelf(1), Shelf(2), 1)}), "movements_places");
  EXPECT_EQ(Record({Raw(1, pb::MOVEMENT_KIND_DISCARD, Shelf(1), Adjustment(), 1)}), "movements_places");
  EXPECT_EQ(Record({Raw(1, pb::MOVEMENT_KIND_TRANSFER, Shelf(1), Shelf(1), 1)}), "movements_stay");
  EXPECT_EQ(Record({Raw(1, pb::MOVEMENT_KIND_ISSUE, Shelf(1), DeliveryPlace(1), 1)}), "movements_delivery");
  EXPECT_EQ(Record({Raw(1, pb::MOVEMENT_KIND_REVERSAL, Shelf(1), DonorPlace(), 1)}), "movements_reversal");
}

TEST_F(PgInvariants, AReversalMirrorsItsMovementOnce) {
  const std::string original = Id(20, 1);
  Movement part = Raw(1, pb::MOVEMENT_KIND_REVERSAL, Shelf(1), DonorPlace(), 4);
  part.reverses = original;
  EXPECT_EQ(Record({part}), "movements_mirror");
  Movement whole = Raw(1, pb::MOVEMENT_KIND_REVERSAL, Shelf(1), DonorPlace(), 10);
  whole.reverses = original;
  EXPECT_EQ(Record({whole}), "");
  Movement again = Raw(2, pb::MOVEMENT_KIND_REVERSAL, Shelf(1), DonorPlace(), 10);
  again.reverses = original;
  EXPECT_EQ(Record({again}), "movements_reverses");
}

TEST_F(PgInvariants, ADeliveryHasOneGroupAndNoMoreArrivesThanLeft) {
  EXPECT_EQ(Record({WithDelivery(Raw(1, pb::MOVEMENT_KIND_ISSUE, Shelf(1), DeliveryPlace(1), 4), 1, 1)}), "");
  EXPECT_EQ(Record({WithDelivery(Raw(2, pb::MOVEMENT_KIND_ISSUE, Shelf(1), DeliveryPlace(2), 1), 1, 2)}),
            "deliveries_group");
  EXPECT_EQ(Record({WithDelivery(Raw(2, pb::MOVEMENT_KIND_CONFIRM, DeliveryPlace(1), GroupPlace(1), 5), 1, 1)}),
            "delivery_lines_sum");
  EXPECT_EQ(Record({WithDelivery(Raw(2, pb::MOVEMENT_KIND_CONFIRM, DeliveryPlace(1), GroupPlace(1), 4), 1, 1)}), "");
  EXPECT_EQ(Ask("SELECT open_items || '/' || issued_items FROM deliveries"), "0/4");
}

TEST_F(PgInvariants, OtherNetworksAreInvisibleAlsoToTheOwner) {
  constexpr pg::Statement kCount{"SELECT count(*)::bigint AS n FROM movements"};
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
}

}  // namespace
}  // namespace kubari::stock
