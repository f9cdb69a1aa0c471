// What every ledger keeps, whatever it is made of: promises, requests, deliveries, and many callers at once. The other
// kinds of movements: ledger_contract_kinds_test.cc.
#include <random>
#include <thread>

#include "services/stock/handlers/reservations.h"
#include "services/stock/ledger_contract_testing.h"

namespace kubari::stock {
namespace {

using namespace testing;  // NOLINT
using ::testing::Pair;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;

TEST_P(LedgerContract, AReceivedLotIsFree) {
  const auto outcome = Submit(ReceiveCommand(60));
  ASSERT_THAT(outcome, IsOk());
  ASSERT_TRUE(outcome->lot.has_value());
  EXPECT_EQ(outcome->lot->code(), LotOf(1).code());
  EXPECT_EQ(At(1), (Balance{60, 0}));
  // The same origin is the same lot.
  ASSERT_THAT(Submit(ReceiveCommand(40)), IsOk());
  EXPECT_EQ(At(1), (Balance{100, 0}));
  EXPECT_THAT(Holders(LotOf(1)),
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
  EXPECT_EQ(*ExpireOverdue(ledger_.store(), ledger_.writer(), clock_), 0);
  clock_.Advance(absl::Minutes(61));
  EXPECT_THAT(Submit(IssueCommand(1, 1)), FailsBecause("RESERVATION_CLOSED"));
  EXPECT_EQ(*ExpireOverdue(ledger_.store(), ledger_.writer(), clock_), 2);
  EXPECT_EQ(*ExpireOverdue(ledger_.store(), ledger_.writer(), clock_), 0);
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
  EXPECT_THAT(Holders(LotOf(1)), SizeIs(0));
}

TEST_P(LedgerContract, RecordedTimeNeverGoesBack) {
  ASSERT_THAT(Submit(ReceiveCommand(1)), IsOk());
  clock_.Advance(-absl::Hours(1));
  ASSERT_THAT(Submit(ReceiveCommand(1)), IsOk());
  EXPECT_EQ(All()[1].recorded_time, All()[0].recorded_time);
}

TEST_P(LedgerContract, NetworksDoNotSeeEachOther) {
  ASSERT_THAT(Submit(ReceiveCommand(10)), IsOk());
  EXPECT_THAT(*ledger_.store().Feed(Id(1, 2), 0, 10, Deadline()), SizeIs(0));
  EXPECT_THAT(*ledger_.store().Holders(Id(1, 2), LotOf(1).id, Deadline()), SizeIs(0));
}

TEST_P(LedgerContract, OneBadCommandDisturbsNobody) {
  ASSERT_THAT(Submit(ReceiveCommand(10)), IsOk());
  std::vector<Command> commands;
  for (int i = 0; i < 5; ++i) commands.push_back(TransferCommand(3));
  const auto results = ledger_.writer().SubmitAll(kNetwork, commands, Deadline());
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
  const auto holders = ledger_.store().Holders(kNetwork, LotOf(1).id, Deadline());
  ASSERT_THAT(holders, IsOk());
  for (const auto& [place, balance] : *holders) zero += balance.on_hand;
  EXPECT_EQ(zero, 0);
}

INSTANTIATE_TEST_SUITE_P(Stores, LedgerContract, ::testing::Values("memory", "postgres"),
                         [](const auto& info) { return info.param; });

}  // namespace
}  // namespace kubari::stock
