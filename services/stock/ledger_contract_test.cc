// What every ledger keeps, whatever it is made of: one suite for the store in memory and for PostgreSQL, through the
// writer.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <random>
#include <thread>

#include "libs/errors/testing.h"
#include "services/stock/domain/canonical.h"
#include "services/stock/handlers/reservations.h"
#include "services/stock/ledger_writer.h"
#include "services/stock/memory_ledger_store.h"
#include "services/stock/migrations/migrations.h"
#include "services/stock/pg_ledger_store.h"
#include "services/stock/testing.h"

namespace kubari::stock {
namespace {

using namespace testing;  // NOLINT
using errors::FailsBecause;
using errors::IsOk;
using ::testing::ElementsAre;
using ::testing::Pair;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;

const absl::Time kStart = absl::FromUnixSeconds(1'800'000'000);

class LedgerContract : public ::testing::TestWithParam<const char*> {
 protected:
  LedgerContract() {
    if (std::string(GetParam()) == "postgres") {
      database_ = pg::testing::CreateDatabase("stock", kMigrations);
      Furnish(database_);
      pool_ = std::make_unique<pg::Pool>(pg::PoolOptions{.conninfo = database_.service, .schema = "stock", .size = 4});
      store_ = std::make_unique<PgLedgerStore>(*pool_);
    } else {
      store_ = std::make_unique<MemoryLedgerStore>();
    }
    writer_ = std::make_unique<LedgerWriter>(*store_, clock_, registry_);
  }

  static absl::Time Deadline() { return absl::Now() + absl::Seconds(20); }

  // `request` numbers requests; 0 takes the next one. The hash covers what the caller says, so a changed replay has
  // another.
  Command Make(int request, decltype(Command::action) action, const std::string& content) {
    if (request == 0) request = ++next_request_;
    return {.request_id = Id(9, request),
            .request_hash = Sha256(content),
            .actor = "people/" + Id(10, 1),
            .occurred_time = clock_.Now(),
            .action = std::move(action)};
  }
  absl::StatusOr<Outcome> Submit(const Command& command) { return writer_->Submit(kNetwork, command, Deadline()); }

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
    const auto state = store_->Peek(kNetwork, needs, Deadline());
    EXPECT_THAT(state, IsOk());
    const auto found = state->reservations.find(Id(11, reservation));
    return found == state->reservations.end() ? Reservation{.id = Id(11, reservation)} : found->second;
  }
  Balance At(int shelf, int lot = 1) {
    Needs needs;
    needs.balances.insert({LotOf(lot).id, Shelf(shelf).id});
    const auto state = store_->Peek(kNetwork, needs, Deadline());
    EXPECT_THAT(state, IsOk());
    return state->balances.empty() ? Balance{} : state->balances.begin()->second;
  }
  Delivery DeliveryOf(int delivery) {
    Needs needs;
    needs.deliveries.insert(Id(12, delivery));
    return store_->Peek(kNetwork, needs, Deadline())->deliveries[Id(12, delivery)];
  }
  std::vector<Movement> All() { return *store_->Feed(kNetwork, 0, 100'000, Deadline()); }

  calendar::FixedClock clock_{kStart};
  prometheus::Registry registry_;
  pg::testing::Database database_;
  std::unique_ptr<pg::Pool> pool_;
  std::unique_ptr<LedgerStore> store_;
  std::unique_ptr<LedgerWriter> writer_;
  std::atomic<int> next_request_{1000};
};

TEST_P(LedgerContract, AReceivedLotIsFree) {
  const auto outcome = Submit(ReceiveCommand(60));
  ASSERT_THAT(outcome, IsOk());
  ASSERT_TRUE(outcome->lot.has_value());
  EXPECT_EQ(outcome->lot->code(), LotOf(1).code());
  EXPECT_EQ(At(1), (Balance{60, 0}));
  // The same origin is the same lot.
  ASSERT_THAT(Submit(ReceiveCommand(40)), IsOk());
  EXPECT_EQ(At(1), (Balance{100, 0}));
  EXPECT_THAT(*store_->Holders(kNetwork, LotOf(1).id, Deadline()),
              UnorderedElementsAre(Pair(Shelf(1).id, Balance{100, 0}), Pair(DonorPlace().id, Balance{-100, 0})));
}

TEST_P(LedgerContract, ARetriedRequestHappensOnce) {
  const auto first = Submit(ReceiveCommand(60, 1, 1, 1));
  ASSERT_THAT(first, IsOk());
  const auto again = Submit(ReceiveCommand(60, 1, 1, 1));
  ASSERT_THAT(again, IsOk());
  EXPECT_TRUE(again->replayed);
  ASSERT_THAT(again->movements, SizeIs(1));
  EXPECT_EQ(again->movements[0].id, first->movements[0].id);
  EXPECT_EQ(again->movements[0].leaf_hash, LeafHash(again->movements[0]));
  EXPECT_THAT(Submit(ReceiveCommand(61, 1, 1, 1)), FailsBecause("REQUEST_ID_REUSED"));
  EXPECT_EQ(At(1), (Balance{60, 0}));
  EXPECT_THAT(All(), SizeIs(1));
  // A refused request is not recorded: the same id may succeed later.
  EXPECT_THAT(Submit(IssueCommand(61, 0, 1, 1, 2)), FailsBecause("INSUFFICIENT_STOCK"));
  ASSERT_THAT(Submit(ReceiveCommand(1)), IsOk());
  EXPECT_THAT(Submit(IssueCommand(61, 0, 1, 1, 2)), IsOk());
}

TEST_P(LedgerContract, ReservedItemsAreNotFree) {
  ASSERT_THAT(Submit(ReceiveCommand(100)), IsOk());
  ASSERT_THAT(Submit(ReserveCommand(1, 70)), IsOk());
  EXPECT_EQ(At(1), (Balance{100, 70}));
  const auto refused = Submit(TransferCommand(31));
  ASSERT_THAT(refused, FailsBecause("INSUFFICIENT_STOCK"));
  const errors::Metadata facts = errors::MetadataOf(refused.status());
  EXPECT_EQ(facts.at("on_hand"), "100");
  EXPECT_EQ(facts.at("reserved"), "70");
  EXPECT_EQ(facts.at("free"), "30");
  EXPECT_EQ(facts.at("requested"), "31");
  EXPECT_THAT(Submit(DiscardCommand(31)), FailsBecause("INSUFFICIENT_STOCK"));
  EXPECT_THAT(Submit(IssueCommand(31)), FailsBecause("INSUFFICIENT_STOCK"));
  EXPECT_THAT(Submit(ReserveCommand(2, 31)), FailsBecause("INSUFFICIENT_STOCK"));
  EXPECT_THAT(Submit(TransferCommand(30)), IsOk());
  EXPECT_EQ(At(1), (Balance{70, 70}));
  EXPECT_EQ(At(2), (Balance{30, 0}));
}

TEST_P(LedgerContract, AReservationIsPostedInPartsOrGivenUp) {
  ASSERT_THAT(Submit(ReceiveCommand(100)), IsOk());
  ASSERT_THAT(Submit(ReserveCommand(1, 70)), IsOk());
  EXPECT_THAT(Submit(ReserveCommand(1, 5)), FailsBecause("RESERVATION_EXISTS"));
  ASSERT_THAT(Submit(IssueCommand(20, 1)), IsOk());
  EXPECT_EQ(At(1), (Balance{80, 50}));
  EXPECT_THAT(Submit(IssueCommand(51, 1)), FailsBecause("RESERVATION_EXCEEDED"));
  EXPECT_THAT(Submit(VoidCommand(1, 51)), FailsBecause("RESERVATION_EXCEEDED"));
  ASSERT_THAT(Submit(VoidCommand(1, 10)), IsOk());
  EXPECT_EQ(At(1), (Balance{80, 40}));
  ASSERT_THAT(Submit(VoidCommand(1)), IsOk());
  EXPECT_EQ(At(1), (Balance{80, 0}));
  EXPECT_EQ(Peek(1).open_items, 0);
  EXPECT_THAT(Submit(IssueCommand(1, 1)), FailsBecause("RESERVATION_CLOSED"));
  EXPECT_THAT(Submit(VoidCommand(1)), FailsBecause("RESERVATION_CLOSED"));
  EXPECT_THAT(Submit(VoidCommand(99)), FailsBecause("RESERVATION_NOT_FOUND"));
}

TEST_P(LedgerContract, AForgottenReservationExpires) {
  ASSERT_THAT(Submit(ReceiveCommand(100)), IsOk());
  ASSERT_THAT(Submit(ReserveCommand(1, 70)), IsOk());
  ASSERT_THAT(Submit(ReserveCommand(2, 5)), IsOk());
  EXPECT_EQ(*ExpireOverdue(*store_, *writer_, clock_), 0);
  clock_.Advance(absl::Minutes(61));
  EXPECT_THAT(Submit(IssueCommand(1, 1)), FailsBecause("RESERVATION_CLOSED"));
  EXPECT_EQ(*ExpireOverdue(*store_, *writer_, clock_), 2);
  EXPECT_EQ(*ExpireOverdue(*store_, *writer_, clock_), 0);
  EXPECT_EQ(At(1), (Balance{100, 0}));
  EXPECT_EQ(All().back().kind, pb::MOVEMENT_KIND_EXPIRE);
  EXPECT_EQ(All().back().actor, "services/kubari");
}

TEST_P(LedgerContract, ADeliveryIsConfirmedWithShortage) {
  ASSERT_THAT(Submit(ReceiveCommand(100)), IsOk());
  ASSERT_THAT(Submit(IssueCommand(60)), IsOk());
  EXPECT_THAT(Submit(IssueCommand(1, 0, /*group=*/2, /*delivery=*/1)), FailsBecause("DELIVERY_NOT_FOUND"));
  EXPECT_THAT(Submit(ConfirmCommand({{LotOf(2).id, 1, "MISSING"}})), FailsBecause("LOT_NOT_FOUND"));
  EXPECT_THAT(Submit(ConfirmCommand({{LotOf(1).id, 61, ""}})), errors::Violates("lines[0].items", "OUT_OF_RANGE"));
  EXPECT_THAT(Submit(ConfirmCommand({{LotOf(1).id, 59, ""}})), errors::Violates("lines[0].reason", "REQUIRED"));
  const auto outcome = Submit(ConfirmCommand({{LotOf(1).id, 55, "DAMAGED"}}, 1, 1, /*request=*/7));
  ASSERT_THAT(outcome, IsOk());
  ASSERT_THAT(outcome->movements, SizeIs(2));
  EXPECT_EQ(outcome->movements[0].kind, pb::MOVEMENT_KIND_CONFIRM);
  EXPECT_EQ(outcome->movements[1].kind, pb::MOVEMENT_KIND_SHORTAGE);
  EXPECT_EQ(outcome->movements[1].reason, "DAMAGED");
  EXPECT_EQ(DeliveryOf(1).lines[LotOf(1).id], (DeliveryLine{60, 55, 5}));
  // A replay gives both movements again; the same figures by another request add nothing; other figures are refused.
  const auto replay = Submit(ConfirmCommand({{LotOf(1).id, 55, "DAMAGED"}}, 1, 1, 7));
  ASSERT_THAT(replay, IsOk());
  EXPECT_THAT(replay->movements, SizeIs(2));
  EXPECT_THAT(Submit(ConfirmCommand({{LotOf(1).id, 55, "DAMAGED"}}))->movements, SizeIs(0));
  EXPECT_THAT(Submit(ConfirmCommand({})), FailsBecause("DELIVERY_CONFIRMED"));
  EXPECT_THAT(Submit(ConfirmCommand({}, 9)), FailsBecause("DELIVERY_NOT_FOUND"));
}

TEST_P(LedgerContract, AMovementIsReversedOnceAndOnlyWhileTheGoodsAreThere) {
  const auto received = Submit(ReceiveCommand(100));
  ASSERT_THAT(received, IsOk());
  ASSERT_THAT(Submit(ReserveCommand(1, 10)), IsOk());
  EXPECT_THAT(Submit(ReverseCommand(received->movements[0], DonorPlace(), Shelf(1))), FailsBecause("NOT_REVERSIBLE"));
  const auto reserved = All().back();
  EXPECT_THAT(Submit(ReverseCommand(reserved, Shelf(1), Shelf(1))), FailsBecause("NOT_REVERSIBLE"));
  const auto issued = Submit(IssueCommand(10, 1));
  ASSERT_THAT(issued, IsOk());
  const auto confirmed = Submit(ConfirmCommand({}));
  ASSERT_THAT(confirmed, IsOk());
  EXPECT_THAT(Submit(ReverseCommand(issued->movements[0], Shelf(1), DeliveryPlace(1))), FailsBecause("NOT_REVERSIBLE"));
  const auto undone = Submit(ReverseCommand(confirmed->movements[0], DeliveryPlace(1), GroupPlace(1)));
  ASSERT_THAT(undone, IsOk());
  EXPECT_EQ(DeliveryOf(1).lines[LotOf(1).id], (DeliveryLine{10, 0, 0}));
  ASSERT_THAT(Submit(ReverseCommand(issued->movements[0], Shelf(1), DeliveryPlace(1))), IsOk());
  EXPECT_EQ(At(1), (Balance{100, 0}));  // back as free stock
  EXPECT_THAT(Submit(ReverseCommand(issued->movements[0], Shelf(1), DeliveryPlace(1))),
              FailsBecause("ALREADY_REVERSED"));
  EXPECT_THAT(Submit(ReverseCommand(undone->movements[0], GroupPlace(1), DeliveryPlace(1))),
              FailsBecause("NOT_REVERSIBLE"));
  EXPECT_THAT(Submit(ConfirmCommand({})), FailsBecause("DELIVERY_NOT_FOUND"));
  ASSERT_THAT(Submit(ReverseCommand(received->movements[0], DonorPlace(), Shelf(1))), IsOk());
  EXPECT_EQ(At(1), (Balance{0, 0}));
  EXPECT_THAT(*store_->Holders(kNetwork, LotOf(1).id, Deadline()), SizeIs(0));
}

TEST_P(LedgerContract, RecordedTimeNeverGoesBack) {
  ASSERT_THAT(Submit(ReceiveCommand(1)), IsOk());
  clock_.Advance(-absl::Hours(1));
  ASSERT_THAT(Submit(ReceiveCommand(1)), IsOk());
  EXPECT_EQ(All()[1].recorded_time, All()[0].recorded_time);
}

TEST_P(LedgerContract, NetworksDoNotSeeEachOther) {
  ASSERT_THAT(Submit(ReceiveCommand(10)), IsOk());
  EXPECT_THAT(*store_->Feed(Id(1, 2), 0, 10, Deadline()), SizeIs(0));
  EXPECT_THAT(*store_->Holders(Id(1, 2), LotOf(1).id, Deadline()), SizeIs(0));
}

TEST_P(LedgerContract, OneBadCommandDisturbsNobody) {
  ASSERT_THAT(Submit(ReceiveCommand(10)), IsOk());
  std::vector<Command> commands;
  for (int i = 0; i < 5; ++i) commands.push_back(TransferCommand(3));
  const auto results = writer_->SubmitAll(kNetwork, commands, Deadline());
  for (int i = 0; i < 3; ++i) EXPECT_THAT(results[i], IsOk());
  for (int i = 3; i < 5; ++i) EXPECT_THAT(results[i], FailsBecause("INSUFFICIENT_STOCK"));
  EXPECT_EQ(At(1), (Balance{1, 0}));
  EXPECT_THAT(All(), SizeIs(4));
}

TEST_P(LedgerContract, EightThreadsNeverOversellNorLeaveAGap) {
  ASSERT_THAT(Submit(ReceiveCommand(500)), IsOk());
  std::atomic<int> issued{0}, refused{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&, t] {
      std::mt19937 random(t);
      for (int i = 0; i < 40; ++i) {
        const Command command = IssueCommand(1 + static_cast<int>(random() % 5), 0, 1, 1);
        const auto first = Submit(command);
        if (!first.ok()) {
          EXPECT_THAT(first, FailsBecause("INSUFFICIENT_STOCK"));
        }
        const auto again = Submit(command);  // phones repeat themselves
        EXPECT_EQ(first.ok() && again.ok() ? first->movements[0].id : "",
                  first.ok() && again.ok() ? again->movements[0].id : "");
        (first.ok() ? issued : refused) += first.ok() ? static_cast<int>(first->movements[0].items) : 1;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_GT(refused, 0);
  EXPECT_EQ(At(1).on_hand, 500 - issued);
  EXPECT_GE(At(1).on_hand, 0);
  const std::vector<Movement> all = All();
  int64_t sum = 0;
  for (size_t i = 0; i < all.size(); ++i) {
    EXPECT_EQ(all[i].position, static_cast<int64_t>(i));
    EXPECT_EQ(all[i].leaf_hash, LeafHash(all[i]));
    if (all[i].kind == pb::MOVEMENT_KIND_ISSUE) sum += all[i].items;
  }
  EXPECT_EQ(sum, issued);
  int64_t zero = 0;
  const auto holders = store_->Holders(kNetwork, LotOf(1).id, Deadline());
  ASSERT_THAT(holders, IsOk());
  for (const auto& [place, balance] : *holders) zero += balance.on_hand;
  EXPECT_EQ(zero, 0);
}

INSTANTIATE_TEST_SUITE_P(Stores, LedgerContract, ::testing::Values("memory", "postgres"),
                         [](const auto& info) { return info.param; });

}  // namespace
}  // namespace kubari::stock
