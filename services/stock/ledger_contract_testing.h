// What every ledger keeps, whatever it is made of: the fixture of one suite for the store in memory and for PostgreSQL,
// through the writer.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "libs/errors/testing.h"
#include "services/stock/domain/canonical.h"
#include "services/stock/ledger_writer.h"
#include "services/stock/memory_ledger_store.h"
#include "services/stock/migrations/migrations.h"
#include "services/stock/pg_ledger_store.h"
#include "services/stock/testing.h"

namespace kubari::stock::testing {

using errors::FailsBecause;
using errors::IsOk;

inline const absl::Time kStart = absl::FromUnixSeconds(1'800'000'000);

// One of the two, with a writer of its own.
class StoreUnderTest {
 public:
  StoreUnderTest(bool postgres, const calendar::Clock& clock) {
    if (postgres) {
      database_ = pg::testing::CreateDatabase("stock", kMigrations);
      Furnish(database_);
      pool_ = std::make_unique<pg::Pool>(pg::PoolOptions{.conninfo = database_.service, .schema = "stock", .size = 4});
      store_ = std::make_unique<PgLedgerStore>(*pool_);
    } else {
      auto memory = std::make_unique<MemoryLedgerStore>();
      memory_ = memory.get();
      for (int n = 1; n <= 4; ++n) memory->AddShelf(kNetwork, Shelf(n));
      store_ = std::move(memory);
    }
    writer_ = std::make_unique<LedgerWriter>(*store_, clock, registry_);
  }

  static absl::Time Deadline() { return absl::Now() + absl::Seconds(20); }

  LedgerStore& store() { return *store_; }
  LedgerWriter& writer() { return *writer_; }
  absl::StatusOr<Outcome> Submit(const Command& command) { return writer_->Submit(kNetwork, command, Deadline()); }
  // As an open recall does; the lot must be there.
  void Stop(const Lot& lot, const std::string& recall_id) {
    if (memory_ != nullptr) return memory_->Stop(kNetwork, lot.id, recall_id);
    pg::testing::Sql(database_.superuser, absl::StrCat("INSERT INTO stock.stopped_lots VALUES ('", kNetwork, "', '",
                                                       lot.id, "', '", recall_id, "')"));
  }
  State Peek(const Needs& needs) {
    absl::StatusOr<State> state = store_->Peek(kNetwork, needs, Deadline());
    EXPECT_THAT(state, IsOk());
    return state.ok() ? *std::move(state) : State();
  }
  Balance At(const Lot& lot, const Place& place) {
    Needs needs;
    needs.balances.insert({lot.id, place.id});
    const State state = Peek(needs);
    return state.balances.empty() ? Balance{} : state.balances.begin()->second;
  }
  std::vector<Movement> All() { return *store_->Feed(kNetwork, 0, 100'000, Deadline()); }

 private:
  prometheus::Registry registry_;
  pg::testing::Database database_;
  std::unique_ptr<pg::Pool> pool_;
  std::unique_ptr<LedgerStore> store_;
  std::unique_ptr<LedgerWriter> writer_;
  MemoryLedgerStore* memory_ = nullptr;
};

class LedgerContract : public ::testing::TestWithParam<const char*> {
 protected:
  static absl::Time Deadline() { return StoreUnderTest::Deadline(); }

  // `request` numbers requests; 0 takes the next one. The hash covers what the caller says, so a changed replay has
  // another.
  Command Make(int request, decltype(Command::action) action, const std::string& content) {
    if (request == 0) request = ++next_request_;
    return {.request_id = Id(9, request),
            .request_hash = Sha256(content).substr(0, 16),
            .actor = "people/" + Id(10, 1),
            .occurred_time = clock_.Now(),
            .action = std::move(action)};
  }
  absl::StatusOr<Outcome> Submit(const Command& command) { return ledger_.Submit(command); }

  Command ReceiveCommand(int64_t items, int shelf = 1, int lot = 1, int request = 0) {
    Command command = Make(request, Receive{LotOf(lot), Shelf(shelf), DonorPlace(), items},
                           absl::StrCat("receive", items, shelf, lot));
    command.new_places = {DonorPlace()};
    return command;
  }
  Command ReserveCommand(int reservation, int64_t items, int group = 1, int delivery = 1, int request = 0) {
    Command command = Make(request,
                           Reserve{Id(11, reservation), LotOf(1), Shelf(1), Group(group), Id(12, delivery), items,
                                   clock_.Now() + absl::Hours(1)},
                           absl::StrCat("reserve", reservation, items));
    command.new_places = {GroupPlace(group)};
    return command;
  }
  Command IssueCommand(int64_t items, int reservation = 0, int group = 1, int delivery = 1, int request = 0) {
    Command command = Make(request,
                           Issue{.lot = LotOf(1),
                                 .shelf = Shelf(1),
                                 .delivery_place = DeliveryPlace(group),
                                 .reservation_id = reservation == 0 ? "" : Id(11, reservation),
                                 .group_id = Group(group),
                                 .delivery_id = Id(12, delivery),
                                 .items = items,
                                 .households = 30,
                                 .municipality_code = "13101"},
                           absl::StrCat("issue", items, reservation));
    command.new_places = {DeliveryPlace(group), GroupPlace(group)};
    return command;
  }
  Command ConfirmCommand(std::vector<Confirm::Line> lines, int delivery = 1, int group = 1, int request = 0) {
    std::string content = "confirm";
    for (const auto& line : lines) absl::StrAppend(&content, line.lot_id, line.items);
    Command command = Make(request,
                           Confirm{.delivery_id = Id(12, delivery),
                                   .group_id = Group(group),
                                   .lines = std::move(lines),
                                   .delivery_place = DeliveryPlace(group),
                                   .group_place = GroupPlace(group),
                                   .adjustment = Adjustment()},
                           content);
    command.new_places = {GroupPlace(group), Adjustment()};
    return command;
  }
  Command DiscardCommand(int64_t items) {
    Command command = Make(0, Discard{LotOf(1), Shelf(1), Waste(), items, "DAMAGED"}, absl::StrCat("discard", items));
    command.new_places = {Waste()};
    return command;
  }
  Command TransferCommand(int64_t items, int from = 1, int to = 2) {
    return Make(0, Transfer{LotOf(1), Shelf(from), Shelf(to), items}, absl::StrCat("transfer", items));
  }
  Command ReverseCommand(const Movement& movement, const Place& from, const Place& to) {
    return Make(0, Reverse{{{movement, LotOf(1), from, to}}, "MISTAKE"}, absl::StrCat("reverse", movement.id));
  }
  Command VoidCommand(int reservation, int64_t items = 0) {
    return Make(0, Release{.reservation = Peek(reservation), .items = items}, absl::StrCat("void", reservation));
  }

  Reservation Peek(int reservation) {
    Needs needs;
    needs.reservations.insert(Id(11, reservation));
    const State state = ledger_.Peek(needs);
    const auto found = state.reservations.find(Id(11, reservation));
    return found == state.reservations.end() ? Reservation{.id = Id(11, reservation)} : found->second;
  }
  Balance At(int shelf, int lot = 1) { return ledger_.At(LotOf(lot), Shelf(shelf)); }
  Balance At(const Lot& lot, const Place& place) { return ledger_.At(lot, place); }
  Delivery DeliveryOf(int delivery) {
    Needs needs;
    needs.deliveries.insert(Id(12, delivery));
    return ledger_.Peek(needs).deliveries[Id(12, delivery)];
  }
  Shipment ShipmentOf(int transfer) {
    Needs needs;
    needs.shipments.insert(Id(20, transfer));
    return ledger_.Peek(needs).shipments[Id(20, transfer)];
  }
  std::vector<Movement> All() { return ledger_.All(); }
  std::map<std::string, Balance> Holders(const Lot& lot) {
    return *ledger_.store().Holders(kNetwork, lot.id, Deadline());
  }

  calendar::FixedClock clock_{kStart};
  StoreUnderTest ledger_{std::string(GetParam()) == "postgres", clock_};
  std::atomic<int> next_request_{1000};
};

}  // namespace kubari::stock::testing
