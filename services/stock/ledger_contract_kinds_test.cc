// What every ledger keeps, of every kind of movement: what it changes, how it is refused, and how it is taken back.
#include "libs/ids/ids.h"
#include "services/stock/ledger_contract_testing.h"

namespace kubari::stock {
namespace {

using namespace testing;  // NOLINT
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;

class LedgerKinds : public LedgerContract {
 protected:
  // What is said in a request is its hash here: none of these tests changes a replay.
  Command MakeWith(decltype(Command::action) action, std::vector<Place> new_places) {
    Command command = Make(0, std::move(action), "the same");
    command.new_places = std::move(new_places);
    return command;
  }
  void Arrived(int64_t items, int lot = 1, int shelf = 1) {
    ASSERT_THAT(Submit(ReceiveCommand(items, shelf, lot)), IsOk());
  }
  // What group 1 holds of lot 1.
  void GroupHas(int64_t items) {
    Arrived(items);
    ASSERT_THAT(Submit(IssueCommand(items)), IsOk());
    ASSERT_THAT(Submit(ConfirmCommand({})), IsOk());
    ASSERT_EQ(At(LotOf(1), GroupPlace(1)), (Balance{items, 0}));
  }
  Command SendCommand(int64_t items, int lot = 1, int transfer = 1) {
    return MakeWith(Send{.transfer_id = Id(20, transfer),
                         .from_warehouse_id = kWarehouse,
                         .to_warehouse_id = kOtherWarehouse,
                         .transit = Transit(),
                         .goods = {{LotOf(lot), Shelf(1), items}}},
                    {Transit()});
  }
  Command ArriveCommand(int64_t items, int64_t missing, int lot = 1, int transfer = 1) {
    return MakeWith(
        Arrive{.transfer_id = Id(20, transfer),
               .transit = Transit(),
               .adjustment = Adjustment(),
               .goods = {{LotOf(lot), items > 0 ? Shelf(4) : Place(), items, missing, missing > 0 ? "DAMAGED" : ""}}},
        {Transit(), Adjustment()});
  }
  Command DirectCommand(int64_t items, int group = 1, int delivery = 1) {
    return MakeWith(Direct{.lot = LotOf(1),
                           .donor = DonorPlace(),
                           .delivery_place = DeliveryPlace(group),
                           .group_id = Group(group),
                           .delivery_id = Id(12, delivery),
                           .items = items,
                           .households = 12,
                           .municipality_code = "13101"},
                    {DonorPlace(), DeliveryPlace(group), GroupPlace(group)});
  }
  Command PassOnCommand(int64_t items, int to = 2, int delivery = 2) {
    return MakeWith(PassOn{.lot = LotOf(1),
                           .from = GroupPlace(1),
                           .delivery_place = DeliveryPlace(to),
                           .group_id = Group(to),
                           .delivery_id = Id(12, delivery),
                           .items = items,
                           .consent = "寄付者 2027-01-10"},
                    {DeliveryPlace(to), GroupPlace(to)});
  }
  Command ReturnCommand(const Place& from, const Place& to, int64_t items, const std::string& delivery = "",
                        const std::string& group = "") {
    return MakeWith(Return{.lot = LotOf(1),
                           .from = from,
                           .to = to,
                           .delivery_id = delivery,
                           .group_id = group,
                           .items = items,
                           .reason = "NOT_NEEDED"},
                    {DonorPlace()});
  }
  Command AdjustCommand(int64_t difference, const std::string& stocktake = "") {
    return MakeWith(Adjust{LotOf(1), Shelf(1), Adjustment(), difference, stocktake, "COUNTED"}, {Adjustment()});
  }
  Command KitCommand(int transformation, std::vector<Send::Goods> inputs, int64_t kits, int shelf = 3) {
    const std::string id = Id(22, transformation);
    return MakeWith(Transform{.transformation_id = id,
                              .workshop = Workshop(),
                              .inputs = std::move(inputs),
                              .outputs = {{MadeLot(id), Shelf(shelf), kits}}},
                    {Workshop()});
  }
  // Takes a movement back. Where its goods came from and went to is found by id.
  absl::StatusOr<Outcome> TakeBack(const std::vector<Movement>& movements, const std::vector<Lot>& made = {}) {
    std::map<std::string, Place> places;
    for (const Place& place : {DonorPlace(), Waste(), Transit(), Workshop(), Adjustment()}) places[place.id] = place;
    for (int n = 1; n <= 4; ++n) places[Shelf(n).id] = Shelf(n);
    for (int n = 1; n <= 2; ++n) {
      places[DeliveryPlace(n).id] = DeliveryPlace(n);
      places[GroupPlace(n).id] = GroupPlace(n);
    }
    std::map<std::string, Lot> lots;
    for (int n = 1; n <= 4; ++n) lots[LotOf(n).id] = LotOf(n);
    for (const Lot& lot : made) lots[lot.id] = lot;
    Reverse reverse{.reason = "MISTAKE"};
    for (const Movement& one : movements)
      reverse.originals.push_back({one, lots[one.lot_id], places[one.from_place], places[one.to_place]});
    return Submit(MakeWith(std::move(reverse), {}));
  }
  // Everything back, given again, and back: each time the balances are what they were.
  void GoesBackAndForth(const std::vector<Movement>& movements, const Lot& lot, const std::vector<Lot>& made = {}) {
    const auto after = Holders(lot);
    const auto undone = TakeBack(movements, made);
    ASSERT_THAT(undone, IsOk());
    ASSERT_THAT(undone->movements, SizeIs(movements.size()));
    for (size_t i = 0; i < movements.size(); ++i) {
      const Movement& back = undone->movements[movements.size() - 1 - i];  // last in, first out
      EXPECT_EQ(back.reverses, movements[i].id);
      EXPECT_EQ(back.effect_kind, movements[i].kind);
      EXPECT_EQ(back.effect_items(), -movements[i].items);
      EXPECT_EQ(back.operation_id, movements[i].operation_id);
    }
    const auto before = Holders(lot);
    EXPECT_THAT(TakeBack(movements, made), FailsBecause("ALREADY_REVERSED"));
    const auto again = TakeBack(undone->movements, made);
    ASSERT_THAT(again, IsOk());
    EXPECT_EQ(again->movements.back().effect_items(), movements.back().items);
    EXPECT_EQ(Holders(lot), after);
    ASSERT_THAT(TakeBack(again->movements, made), IsOk());
    EXPECT_EQ(Holders(lot), before);
  }
};

TEST_P(LedgerKinds, WhatIsRefusedAtTheDoorIsOnRecordWithItsLot) {
  const auto refused = Submit(MakeWith(Receive{.lot = LotOf(1),
                                               .shelf = Shelf(1),
                                               .donor = DonorPlace(),
                                               .items = 0,
                                               .refused = {{7, "OPENED", "袋が破れている"}, {2, "EXPIRED", ""}}},
                                       {DonorPlace()}));
  ASSERT_THAT(refused, IsOk());
  ASSERT_TRUE(refused->lot.has_value());
  EXPECT_THAT(Holders(LotOf(1)), IsEmpty());
  const std::vector<Movement> all = All();
  ASSERT_THAT(all, SizeIs(2));
  EXPECT_EQ(all[0].reason, "OPENED");
  EXPECT_EQ(all[0].note, "袋が破れている");
  EXPECT_EQ(all[1].note, "");
  GoesBackAndForth({all[0]}, LotOf(1));
  // A receipt taken back after goods of the same lot came twice takes back its own items only.
  Arrived(10);
  const Movement second = Submit(ReceiveCommand(5, 2))->movements[0];
  GoesBackAndForth({second}, LotOf(1));
  EXPECT_EQ(At(1), (Balance{10, 0}));
}

TEST_P(LedgerKinds, GoodsBetweenShelvesGoBackAndForth) {
  Arrived(10);
  const auto moved = Submit(TransferCommand(4));
  ASSERT_THAT(moved, IsOk());
  EXPECT_EQ(At(2), (Balance{4, 0}));
  GoesBackAndForth(moved->movements, LotOf(1));
  EXPECT_EQ(At(1), (Balance{10, 0}));
}

TEST_P(LedgerKinds, ATransferIsInTransitUntilItArrivesOrIsShort) {
  Arrived(10);
  Arrived(6, 2);
  EXPECT_THAT(Submit(ArriveCommand(1, 0)), FailsBecause("TRANSFER_NOT_FOUND"));
  EXPECT_THAT(Submit(SendCommand(11)), FailsBecause("INSUFFICIENT_STOCK"));
  const auto sent = Submit(SendCommand(8));
  ASSERT_THAT(sent, IsOk());
  ASSERT_THAT(Submit(SendCommand(6, 2)), IsOk());  // more under the same id
  EXPECT_EQ(At(LotOf(1), Transit()), (Balance{8, 0}));
  EXPECT_EQ(ShipmentOf(1).from_warehouse_id, kWarehouse);
  EXPECT_EQ(ShipmentOf(1).to_warehouse_id, kOtherWarehouse);
  EXPECT_EQ(ShipmentOf(1).open(), 14);
  EXPECT_EQ(ShipmentOf(1).send_time, kStart);
  EXPECT_THAT(Submit(ArriveCommand(1, 0, 3)), FailsBecause("LOT_NOT_FOUND"));
  clock_.Advance(absl::Hours(2));
  EXPECT_THAT(Submit(ArriveCommand(6, 3)), FailsBecause("INSUFFICIENT_STOCK"));
  const auto arrived = Submit(ArriveCommand(5, 2));
  ASSERT_THAT(arrived, IsOk());
  ASSERT_THAT(arrived->movements, SizeIs(2));
  EXPECT_EQ(arrived->movements[1].kind, pb::MOVEMENT_KIND_SHORTAGE);
  EXPECT_EQ(arrived->movements[1].reason, "DAMAGED");
  EXPECT_EQ(At(LotOf(1), Shelf(4)), (Balance{5, 0}));
  EXPECT_EQ(At(LotOf(1), Adjustment()), (Balance{2, 0}));
  EXPECT_EQ(ShipmentOf(1).lines[LotOf(1).id], (ShipmentLine{8, 5, 2}));
  EXPECT_EQ(ShipmentOf(1).arrive_time, kStart + absl::Hours(2));
  EXPECT_THAT(Submit(SendCommand(1)), FailsBecause("TRANSFER_CLOSED"));
  // What is short need not name a shelf.
  ASSERT_THAT(Submit(ArriveCommand(0, 1)), IsOk());
  EXPECT_EQ(ShipmentOf(1).lines[LotOf(1).id].open(), 0);
  EXPECT_THAT(TakeBack(sent->movements), FailsBecause("NOT_REVERSIBLE"));  // all of it arrived
  GoesBackAndForth({arrived->movements[0]}, LotOf(1));
  GoesBackAndForth({arrived->movements[1]}, LotOf(1));
  EXPECT_EQ(ShipmentOf(1).lines[LotOf(1).id], (ShipmentLine{8, 0, 1}));
}

TEST_P(LedgerKinds, WhatWasSentByMistakeGoesBackUntilSomethingArrived) {
  Arrived(10);
  const auto sent = Submit(SendCommand(8));
  ASSERT_THAT(sent, IsOk());
  GoesBackAndForth(sent->movements, LotOf(1));
  EXPECT_EQ(At(1), (Balance{10, 0}));
  EXPECT_EQ(ShipmentOf(1).sent(), 0);
  EXPECT_THAT(Submit(ArriveCommand(1, 0)), FailsBecause("TRANSFER_NOT_FOUND"));
  // The id stays bound to its warehouses.
  ASSERT_THAT(Submit(SendCommand(3)), IsOk());
  Command elsewhere = SendCommand(1);
  std::get<Send>(elsewhere.action).from_warehouse_id = kOtherWarehouse;
  std::get<Send>(elsewhere.action).to_warehouse_id = kWarehouse;
  EXPECT_THAT(Submit(elsewhere), FailsBecause("TRANSFER_CLOSED"));
}

TEST_P(LedgerKinds, ADirectDeliveryNeverTouchesAShelf) {
  const auto direct = Submit(DirectCommand(60));
  ASSERT_THAT(direct, IsOk());
  ASSERT_TRUE(direct->lot.has_value());
  EXPECT_EQ(direct->movements[0].households, 12);
  EXPECT_THAT(Submit(DirectCommand(1, 2, 1)), FailsBecause("DELIVERY_NOT_FOUND"));  // of another group
  EXPECT_EQ(DeliveryOf(1).source_place, DonorPlace().id);
  GoesBackAndForth(direct->movements, LotOf(1));
  ASSERT_THAT(Submit(DirectCommand(20)), IsOk());
  ASSERT_THAT(Submit(ConfirmCommand({{LotOf(1).id, 18, "MISSING"}})), IsOk());
  EXPECT_THAT(Holders(LotOf(1)),
              UnorderedElementsAre(Pair(DonorPlace().id, Balance{-20, 0}), Pair(GroupPlace(1).id, Balance{18, 0}),
                                   Pair(Adjustment().id, Balance{2, 0})));
}

TEST_P(LedgerKinds, AGroupPassesOnWhatItHolds) {
  GroupHas(30);
  EXPECT_THAT(Submit(PassOnCommand(31)), FailsBecause("INSUFFICIENT_STOCK"));
  const auto passed = Submit(PassOnCommand(12));
  ASSERT_THAT(passed, IsOk());
  EXPECT_EQ(passed->movements[0].reason, "寄付者 2027-01-10");
  EXPECT_EQ(passed->movements[0].group_id, Group(2));
  EXPECT_EQ(DeliveryOf(2).source_place, GroupPlace(1).id);
  GoesBackAndForth(passed->movements, LotOf(1));
  ASSERT_THAT(Submit(PassOnCommand(12)), IsOk());
  ASSERT_THAT(Submit(ConfirmCommand({}, 2, 2)), IsOk());
  EXPECT_EQ(At(LotOf(1), GroupPlace(1)), (Balance{18, 0}));
  EXPECT_EQ(At(LotOf(1), GroupPlace(2)), (Balance{12, 0}));
  // The first receipt is not taken back while part of it is elsewhere.
  const std::vector<Movement> all = All();
  EXPECT_THAT(TakeBack({all[2]}), FailsBecause("NOT_REVERSIBLE"));
}

TEST_P(LedgerKinds, AConfirmationAndItsShortageAreTakenBackEach) {
  Arrived(10);
  ASSERT_THAT(Submit(IssueCommand(10)), IsOk());
  const auto confirmed = Submit(ConfirmCommand({{LotOf(1).id, 7, "DAMAGED"}}));
  ASSERT_THAT(confirmed, IsOk());
  GoesBackAndForth({confirmed->movements[0]}, LotOf(1));
  EXPECT_EQ(DeliveryOf(1).lines[LotOf(1).id], (DeliveryLine{10, 0, 3}));
  GoesBackAndForth({confirmed->movements[1]}, LotOf(1));
  EXPECT_EQ(DeliveryOf(1).lines[LotOf(1).id], (DeliveryLine{10, 0, 0}));
  EXPECT_EQ(At(LotOf(1), DeliveryPlace(1)), (Balance{10, 0}));
  EXPECT_THAT(Submit(ConfirmCommand({})), IsOk());
}

TEST_P(LedgerKinds, GoodsAreReturnedInThreeDirections) {
  Arrived(100);
  ASSERT_THAT(Submit(IssueCommand(40)), IsOk());
  // They did not arrive.
  EXPECT_THAT(Submit(ReturnCommand(DeliveryPlace(1), Shelf(2), 41, Id(12, 1), Group(1))),
              FailsBecause("INSUFFICIENT_STOCK"));
  EXPECT_THAT(Submit(ReturnCommand(DeliveryPlace(1), Shelf(2), 1, Id(12, 9), Group(1))),
              FailsBecause("DELIVERY_NOT_FOUND"));
  const auto undelivered = Submit(ReturnCommand(DeliveryPlace(1), Shelf(2), 10, Id(12, 1), Group(1)));
  ASSERT_THAT(undelivered, IsOk());
  EXPECT_EQ(DeliveryOf(1).lines[LotOf(1).id], (DeliveryLine{40, 0, 0, 10}));
  EXPECT_EQ(At(2), (Balance{10, 0}));
  GoesBackAndForth(undelivered->movements, LotOf(1));
  // The group gives them back.
  ASSERT_THAT(Submit(ConfirmCommand({})), IsOk());
  EXPECT_EQ(At(LotOf(1), GroupPlace(1)), (Balance{40, 0}));
  EXPECT_THAT(Submit(ReturnCommand(GroupPlace(1), Shelf(2), 41, "", Group(1))), FailsBecause("INSUFFICIENT_STOCK"));
  const auto given_back = Submit(ReturnCommand(GroupPlace(1), Shelf(2), 15, "", Group(1)));
  ASSERT_THAT(given_back, IsOk());
  EXPECT_EQ(given_back->movements[0].group_id, Group(1));
  GoesBackAndForth(given_back->movements, LotOf(1));
  // The warehouse gives them back.
  ASSERT_THAT(Submit(ReserveCommand(1, 50)), IsOk());
  EXPECT_THAT(Submit(ReturnCommand(Shelf(1), DonorPlace(), 11)), FailsBecause("INSUFFICIENT_STOCK"));
  const auto to_donor = Submit(ReturnCommand(Shelf(1), DonorPlace(), 10));
  ASSERT_THAT(to_donor, IsOk());
  EXPECT_EQ(At(LotOf(1), DonorPlace()), (Balance{-90, 0}));
  GoesBackAndForth(to_donor->movements, LotOf(1));
}

TEST_P(LedgerKinds, AnAdjustmentGoesUpAndDown) {
  Arrived(10);
  const auto up = Submit(AdjustCommand(3, Id(23, 1)));
  ASSERT_THAT(up, IsOk());
  EXPECT_EQ(At(1), (Balance{13, 0}));
  EXPECT_EQ(OperationName(All().back()), "stocktakes/" + Id(23, 1));
  ASSERT_THAT(Submit(ReserveCommand(1, 9)), IsOk());
  EXPECT_THAT(Submit(AdjustCommand(-5)), FailsBecause("INSUFFICIENT_STOCK"));  // promised items are not lost
  const auto down = Submit(AdjustCommand(-4));
  ASSERT_THAT(down, IsOk());
  EXPECT_EQ(At(1), (Balance{9, 9}));
  EXPECT_THAT(TakeBack(up->movements), FailsBecause("NOT_REVERSIBLE"));
  GoesBackAndForth(down->movements, LotOf(1));
  GoesBackAndForth(up->movements, LotOf(1));
  EXPECT_EQ(At(1), (Balance{10, 9}));
}

TEST_P(LedgerKinds, AShelfAndAGroupDiscard) {
  GroupHas(10);
  Arrived(10);
  const auto shelf = Submit(DiscardCommand(4));
  ASSERT_THAT(shelf, IsOk());
  EXPECT_EQ(shelf->movements[0].group_id, "");
  GoesBackAndForth(shelf->movements, LotOf(1));
  EXPECT_THAT(Submit(MakeWith(Discard{LotOf(1), GroupPlace(1), Waste(), 11, "EXPIRED", ""}, {Waste()})),
              FailsBecause("INSUFFICIENT_STOCK"));
  const auto group = Submit(MakeWith(Discard{LotOf(1), GroupPlace(1), Waste(), 3, "RECALLED", Id(21, 1)}, {Waste()}));
  ASSERT_THAT(group, IsOk());
  EXPECT_EQ(group->movements[0].group_id, Group(1));
  EXPECT_EQ(OperationName(group->movements[0]), "recalls/" + Id(21, 1));
  EXPECT_EQ(At(LotOf(1), GroupPlace(1)), (Balance{7, 0}));
  GoesBackAndForth(group->movements, LotOf(1));
}

TEST_P(LedgerKinds, AKitIsMadeTakenApartAndMadeAgain) {
  Arrived(10);
  Arrived(20, 2, 2);
  const Command kit = KitCommand(1, {{LotOf(1), Shelf(1), 10}, {LotOf(2), Shelf(2), 20}}, 10);
  const auto made = Submit(kit);
  ASSERT_THAT(made, IsOk());
  ASSERT_THAT(made->movements, SizeIs(3));
  const Lot lot = made->lots.front();
  EXPECT_EQ(lot.id, MadeLot(Id(22, 1)).id);
  EXPECT_EQ(At(lot, Shelf(3)), (Balance{10, 0}));
  EXPECT_EQ(At(LotOf(1), Workshop()), (Balance{10, 0}));
  EXPECT_EQ(At(lot, Workshop()), (Balance{-10, 0}));
  EXPECT_THAT(Submit(KitCommand(1, {{LotOf(2), Shelf(2), 1}}, 1)), FailsBecause("ID_TAKEN"));
  const auto replayed = Submit(kit);
  ASSERT_THAT(replayed, IsOk());
  EXPECT_TRUE(replayed->replayed);
  EXPECT_THAT(replayed->movements, SizeIs(3));
  GoesBackAndForth(made->movements, lot, {lot});
  EXPECT_EQ(At(1), (Balance{10, 0}));
  EXPECT_EQ(At(2, 2), (Balance{20, 0}));

  // A kit with a kit in it; then the inner one cannot be taken back, and the refusal says which lot moved on.
  const auto inner = Submit(KitCommand(2, {{LotOf(1), Shelf(1), 10}}, 5));
  ASSERT_THAT(inner, IsOk());
  const Lot inner_lot = inner->lots.front();
  const auto outer = Submit(KitCommand(3, {{inner_lot, Shelf(3), 2}, {LotOf(2), Shelf(2), 2}}, 2));
  ASSERT_THAT(outer, IsOk());
  const auto refused = TakeBack(inner->movements, {inner_lot});
  ASSERT_THAT(refused, FailsBecause("NOT_REVERSIBLE"));
  EXPECT_EQ(errors::MetadataOf(refused.status())["lot"], "lots/" + inner_lot.id);
  ASSERT_THAT(TakeBack(outer->movements, {inner_lot, outer->lots.front()}), IsOk());
  EXPECT_THAT(TakeBack(inner->movements, {inner_lot}), IsOk());
}

TEST_P(LedgerKinds, ARecallStopsWhatIsHandedOverOrMadeOfALot) {
  GroupHas(10);
  Arrived(20);
  const auto kit = Submit(KitCommand(1, {{LotOf(1), Shelf(1), 2}}, 2));
  ASSERT_THAT(kit, IsOk());
  const auto taken_back = TakeBack(kit->movements, kit->lots);
  ASSERT_THAT(taken_back, IsOk());
  ledger_.Stop(LotOf(1), Id(21, 1));
  EXPECT_THAT(Submit(ReserveCommand(1, 1)), FailsBecause("LOT_RECALLED"));
  EXPECT_THAT(Submit(IssueCommand(1)), FailsBecause("LOT_RECALLED"));
  EXPECT_THAT(Submit(DirectCommand(1)), FailsBecause("LOT_RECALLED"));
  EXPECT_THAT(Submit(PassOnCommand(1)), FailsBecause("LOT_RECALLED"));
  const auto stopped = Submit(KitCommand(2, {{LotOf(1), Shelf(1), 2}}, 2));
  ASSERT_THAT(stopped, FailsBecause("LOT_RECALLED"));
  EXPECT_EQ(errors::MetadataOf(stopped.status())["recall"], "recalls/" + Id(21, 1));
  EXPECT_THAT(TakeBack(taken_back->movements, kit->lots), FailsBecause("LOT_RECALLED"));
  // What keeps goods apart is never stopped.
  EXPECT_THAT(Submit(TransferCommand(1)), IsOk());
  EXPECT_THAT(Submit(ReturnCommand(GroupPlace(1), Shelf(1), 1, "", Group(1))), IsOk());
  EXPECT_THAT(Submit(ReturnCommand(Shelf(1), DonorPlace(), 1)), IsOk());
  EXPECT_THAT(Submit(AdjustCommand(-1)), IsOk());
  EXPECT_THAT(Submit(DiscardCommand(1)), IsOk());
  EXPECT_THAT(Submit(ReceiveCommand(1)), IsOk());
  EXPECT_THAT(Submit(SendCommand(1)), IsOk());
  EXPECT_THAT(Submit(ArriveCommand(1, 0)), IsOk());
}

TEST_P(LedgerKinds, FirstToExpireGoesFirstOnceItIsJudged) {
  Arrived(10);
  const Lot earlier = DatedLot(2, "2027-02-10");
  ASSERT_THAT(Submit(MakeWith(Receive{earlier, Shelf(2), DonorPlace(), 5}, {DonorPlace()})), IsOk());
  ASSERT_THAT(Submit(MakeWith(Receive{DatedLot(3, "2027-01-10"), Shelf(4), DonorPlace(), 5}, {})), IsOk());
  const auto with = [&](const FirstExpiring& first, const std::string& reason = "") {
    Command command = ReserveCommand(1, 3);
    std::get<Reserve>(command.action).first_expiring = first;
    std::get<Reserve>(command.action).departure_reason = reason;
    return command;
  };
  FirstExpiring first{.warehouse_id = kWarehouse, .product_id = kProduct, .before = absl::CivilDay(2027, 3, 31)};
  EXPECT_THAT(Submit(with(first)), FailsBecause("LOTS_CHANGED"));
  first.judged = {earlier.id};
  const auto departure = Submit(with(first));
  ASSERT_THAT(departure, FailsBecause("FEFO_DEPARTURE"));
  EXPECT_EQ(
      errors::MetadataOf(departure.status()),
      (errors::Metadata{
          {"lot", "lots/" + earlier.id}, {"place", "places/" + Shelf(2).id}, {"date", "2027-02-10"}, {"free", "5"}}));
  EXPECT_NE(errors::MessageIn("ja", departure.status()).find("東倉庫 A-2"), std::string::npos);
  // One recorded reason; one that may not go to this group; one that a recall stops; one that is promised already.
  ASSERT_THAT(Submit(with(first, "味の指定")), IsOk());
  EXPECT_EQ(All().back().reason, "味の指定");
  ASSERT_THAT(Submit(VoidCommand(1)), IsOk());
  FirstExpiring passed = first;
  passed.passed_over = {earlier.id};
  Command other = with(passed);
  std::get<Reserve>(other.action).reservation_id = Id(11, 2);
  ASSERT_THAT(Submit(other), IsOk());
  Command all = ReserveCommand(3, 5);
  std::get<Reserve>(all.action).lot = earlier;
  std::get<Reserve>(all.action).shelf = Shelf(2);
  ASSERT_THAT(Submit(all), IsOk());
  Command last = with(first);
  std::get<Reserve>(last.action).reservation_id = Id(11, 4);
  EXPECT_THAT(Submit(last), IsOk());
  ASSERT_THAT(Submit(VoidCommand(3)), IsOk());
  ledger_.Stop(earlier, Id(21, 1));
  std::get<Reserve>(last.action).reservation_id = Id(11, 5);
  last.request_id = Id(9, 7);
  EXPECT_THAT(Submit(last), IsOk());
}

TEST_P(LedgerKinds, AnIdInUseMakesNoTransformation) {
  Arrived(10);
  ASSERT_THAT(Submit(SendCommand(2)), IsOk());
  Command kit = KitCommand(1, {{LotOf(1), Shelf(1), 2}}, 2);
  std::get<Transform>(kit.action).transformation_id = Id(20, 1);
  EXPECT_THAT(Submit(kit), FailsBecause("ID_TAKEN"));
}

INSTANTIATE_TEST_SUITE_P(Stores, LedgerKinds, ::testing::Values("memory", "postgres"),
                         [](const auto& info) { return info.param; });

}  // namespace
}  // namespace kubari::stock
