// Canonical bytes, lot codes, and the order in which the ledger refuses.
#include <absl/strings/escaping.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "libs/errors/testing.h"
#include "services/stock/domain/canonical.h"
#include "services/stock/domain/ledger.h"
#include "services/stock/domain/lot_code.h"
#include "services/stock/testing.h"

namespace kubari::stock {
namespace {

using namespace testing;  // NOLINT
using errors::FailsBecause;
using errors::FailsWith;
using errors::IsOk;

TEST(Canonical, BytesAndHashAreForEver) {
  // The reversal of a reversal of a shortage in transit: it says everything that a movement can say.
  Movement m{.network_id = Id(1, 1),
             .position = 42,
             .id = MovementId(Id(1, 1), 42),
             .kind = pb::MOVEMENT_KIND_REVERSAL,
             .lot_id = Id(8, 1),
             .from_place = Id(6, 1),
             .to_place = Id(6, 2),
             .items = 12,
             .operation_id = Id(20, 3),
             .reverses = MovementId(Id(1, 1), 41),
             .effect_kind = pb::MOVEMENT_KIND_SHORTAGE,
             .takes_back = true,
             .reason = "MISTAKE",
             .note = "箱が\n濡れた \\ 全部",
             .actor = "people/" + Id(10, 1),
             .occurred_time = absl::FromUnixMicros(1'790'000'000'123'456),
             .recorded_time = absl::FromUnixMicros(1'790'000'001'000'000),
             .households = 0,
             .request_id = Id(13, 1)};
  EXPECT_EQ(CanonicalBytes(m),
            "kubari.movement.v1\n"
            "network:00000001-0000-4000-8000-000000000001\n"
            "position:42\n"
            "movement:d57d19d1-bc9e-83d9-8000-00000000002a\n"
            "kind:REVERSAL\n"
            "lot:00000008-0000-4000-8000-000000000001\n"
            "from:00000006-0000-4000-8000-000000000001\n"
            "to:00000006-0000-4000-8000-000000000002\n"
            "items:12\n"
            "reservation:\n"
            "delivery:\n"
            "group:\n"
            "operation:transfers/00000014-0000-4000-8000-000000000003\n"
            "reverses:d57d19d1-bc9e-83d9-8000-000000000029\n"
            "effect:SHORTAGE\n"
            "effect_items:-12\n"
            "reason:MISTAKE\n"
            "note:箱が\\n濡れた \\\\ 全部\n"
            "actor:people/0000000a-0000-4000-8000-000000000001\n"
            "occurred:1790000000123456\n"
            "recorded:1790000001000000\n"
            "households:0\n"
            "municipality:\n"
            "request:0000000d-0000-4000-8000-000000000001\n");
  EXPECT_EQ(absl::BytesToHexString(LeafHash(m)), "fd2289fc15adbbf29de542686ebb9f968488617e4989f118802ffcb837dc29a7");
  // RFC 6962: the leaf's prefix keeps it apart from inner nodes and from the plain hash.
  EXPECT_NE(LeafHash(m), Sha256(CanonicalBytes(m)));
}

TEST(MovementId, FollowsFromNetworkAndPosition) {
  // For ever, like the canonical bytes.
  EXPECT_EQ(MovementId(Id(1, 1), 0), "d57d19d1-bc9e-83d9-8000-000000000000");
  EXPECT_EQ(MovementId(Id(1, 1), 0x1fffffffffff), "d57d19d1-bc9e-83d9-8000-1fffffffffff");
  for (const int64_t position : {int64_t{0}, int64_t{1}, int64_t{42}, int64_t{1} << 40, (int64_t{1} << 62) - 1}) {
    const std::string id = MovementId(Id(1, 1), position);
    EXPECT_TRUE(ids::IsUuid(id)) << id;
    EXPECT_EQ(id[14], '8');  // the version
    EXPECT_NE(std::string("89ab").find(id[19]), std::string::npos);
    EXPECT_EQ(PositionOf(Id(1, 1), id), position);
    EXPECT_EQ(PositionOf(Id(1, 2), id), std::nullopt);
  }
  EXPECT_EQ(PositionOf(Id(1, 1), Id(9, 1)), std::nullopt);
  EXPECT_EQ(PositionOf(Id(1, 1), ""), std::nullopt);
  EXPECT_EQ(PositionOf(Id(1, 1), "movements"), std::nullopt);
}

TEST(Operation, IsNamedByItsEffect) {
  Movement m{.operation_id = Id(20, 1), .effect_kind = pb::MOVEMENT_KIND_SEND};
  EXPECT_EQ(OperationName(m), "transfers/" + Id(20, 1));
  m.effect_kind = pb::MOVEMENT_KIND_PRODUCE;
  EXPECT_EQ(OperationName(m), "transformations/" + Id(20, 1));
  m.effect_kind = pb::MOVEMENT_KIND_ADJUST;
  EXPECT_EQ(OperationName(m), "stocktakes/" + Id(20, 1));
  m.effect_kind = pb::MOVEMENT_KIND_DISCARD;
  EXPECT_EQ(OperationName(m), "recalls/" + Id(20, 1));
  m.operation_id.clear();
  EXPECT_EQ(OperationName(m), "");
}

TEST(LotCode, IsReadBackAndFindsAnyWrongCharacter) {
  const std::string alphabet = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ";
  for (int n = 0; n < 20; ++n) {
    const std::string code = LotCode(Id(8, n), 0);
    ASSERT_EQ(code.size(), 8u);
    EXPECT_EQ(ReadLotCode(code), code);
    std::string typed = code;
    typed.insert(4, " - ");
    typed[0] = static_cast<char>(tolower(typed[0]));
    EXPECT_EQ(ReadLotCode(typed), code);
    for (size_t at = 0; at < code.size(); ++at) {
      for (const char c : alphabet) {
        std::string wrong = code;
        wrong[at] = c;
        EXPECT_EQ(ReadLotCode(wrong).has_value(), c == code[at]) << wrong;
      }
    }
    EXPECT_NE(LotCode(Id(8, n), 0), LotCode(Id(8, n), 1));
  }
  EXPECT_FALSE(ReadLotCode("").has_value());
  EXPECT_FALSE(ReadLotCode("4901234567894").has_value());
}

class DeciderTest : public ::testing::Test {
 protected:
  absl::StatusOr<Outcome> Decide(decltype(Command::action) action, const std::string& request = "r") {
    Decider decider(state_, kNetwork, kNow);
    const auto outcome = decider.Decide({.request_id = request + std::to_string(++requests_),
                                         .request_hash = "h",
                                         .actor = "a",
                                         .occurred_time = absl::UnixEpoch(),
                                         .action = std::move(action)});
    appendix_ = decider.appendix();
    return outcome;
  }
  Balance& At(const Lot& lot, const Place& place) { return state_.balances[{lot.id, place.id}]; }
  Issue AnIssue(int64_t items) {
    return {.lot = LotOf(1),
            .shelf = Shelf(1),
            .delivery_place = DeliveryPlace(1),
            .reservation_id = Id(11, 1),
            .group_id = Group(1),
            .delivery_id = Id(12, 1),
            .items = items};
  }
  Reserve AReservation(int64_t items) {
    return {.reservation_id = Id(11, 1),
            .lot = LotOf(1),
            .shelf = Shelf(1),
            .group_id = Group(1),
            .delivery_id = Id(12, 1),
            .items = items,
            .expire_time = kNow + absl::Hours(1)};
  }
  // Lot 2 expires earlier than lot 1 and stands on shelf 2.
  FirstExpiring AnEarlierLot() {
    const std::pair<std::string, std::string> where(kWarehouse, kProduct);
    state_.earlier[where] = {
        {LotOf(2).id, LotOf(2).code(), Shelf(2).id, Shelf(2).display_name, absl::CivilDay(2027, 1, 31)}};
    return {.warehouse_id = kWarehouse, .product_id = kProduct, .before = absl::CivilDay(2027, 3, 31)};
  }
  Reverse::Original Made(const Movement& movement, const Place& from, const Place& to) {
    return {movement, LotOf(1), from, to};
  }
  inline static const absl::Time kNow = absl::UnixEpoch() + absl::Seconds(1'800'000'000);
  State state_;
  Appendix appendix_;
  int requests_ = 0;
};

TEST_F(DeciderTest, AnIssueIsRefusedInTheDocumentedOrder) {
  // Everything is wrong at once; each line mends the first problem.
  state_.deliveries[Id(12, 1)] = {.id = Id(12, 1), .group_id = Group(2)};
  state_.stopped[LotOf(1).id] = Id(21, 1);
  EXPECT_THAT(Decide(AnIssue(50)), FailsBecause("DELIVERY_NOT_FOUND"));
  state_.deliveries.clear();
  EXPECT_THAT(Decide(AnIssue(50)), FailsBecause("RESERVATION_NOT_FOUND"));
  Reservation& reservation = state_.reservations[Id(11, 1)];
  reservation = {.id = Id(11, 1), .items = 40, .open_items = 0, .expire_time = absl::UnixEpoch()};
  const auto recalled = Decide(AnIssue(50));
  EXPECT_THAT(recalled, FailsBecause("LOT_RECALLED"));
  EXPECT_EQ(errors::MetadataOf(recalled.status())["recall"], "recalls/" + Id(21, 1));
  state_.stopped.clear();
  EXPECT_THAT(Decide(AnIssue(50)), FailsBecause("RESERVATION_CLOSED"));
  reservation.open_items = 40;
  EXPECT_THAT(Decide(AnIssue(50)), FailsBecause("RESERVATION_CLOSED"));  // its time is over
  reservation.expire_time = absl::InfiniteFuture();
  EXPECT_THAT(Decide(AnIssue(50)), FailsBecause("RESERVATION_EXCEEDED"));
  EXPECT_THAT(Decide(AnIssue(40)), FailsBecause("INSUFFICIENT_STOCK"));
  EXPECT_TRUE(appendix_.movements.empty());
  EXPECT_EQ(state_.next_position, 0);
  At(LotOf(1), Shelf(1)) = {40, 40};
  EXPECT_THAT(Decide(AnIssue(40)), IsOk());
  EXPECT_EQ(state_.next_position, 1);
  EXPECT_EQ(appendix_.movements[0].id, MovementId(kNetwork, 0));
}

TEST_F(DeciderTest, AReservationIsRefusedInTheDocumentedOrder) {
  Reserve reserve = AReservation(50);
  reserve.first_expiring = AnEarlierLot();
  At(LotOf(2), Shelf(2)) = {5, 0};
  state_.deliveries[Id(12, 1)] = {.id = Id(12, 1), .group_id = Group(2)};
  state_.reservations[Id(11, 1)] = {.id = Id(11, 1)};
  state_.stopped[LotOf(1).id] = Id(21, 1);
  EXPECT_THAT(Decide(reserve), FailsBecause("DELIVERY_NOT_FOUND"));
  state_.deliveries.clear();
  EXPECT_THAT(Decide(reserve), FailsBecause("RESERVATION_EXISTS"));
  state_.reservations.clear();
  EXPECT_THAT(Decide(reserve), FailsBecause("LOT_RECALLED"));
  state_.stopped.clear();
  EXPECT_THAT(Decide(reserve), FailsBecause("LOTS_CHANGED"));  // nobody judged lot 2
  reserve.first_expiring->judged = {LotOf(2).id};
  const auto departure = Decide(reserve);
  ASSERT_THAT(departure, FailsBecause("FEFO_DEPARTURE"));
  EXPECT_EQ(
      errors::MetadataOf(departure.status()),
      (errors::Metadata{
          {"lot", "lots/" + LotOf(2).id}, {"place", "places/" + Shelf(2).id}, {"date", "2027-01-31"}, {"free", "5"}}));
  reserve.departure_reason = "組長の指示";
  EXPECT_THAT(Decide(reserve), FailsBecause("INSUFFICIENT_STOCK"));
  At(LotOf(1), Shelf(1)) = {50, 0};
  ASSERT_THAT(Decide(reserve), IsOk());
  EXPECT_EQ(appendix_.movements[0].reason, "組長の指示");
}

TEST_F(DeciderTest, FirstToExpireGoesFirstUnlessItMayNot) {
  const auto fresh = [&](auto change) {
    state_ = {};
    At(LotOf(1), Shelf(1)) = {50, 0};
    Reserve reserve = AReservation(10);
    reserve.first_expiring = AnEarlierLot();
    reserve.first_expiring->judged = {LotOf(2).id};
    At(LotOf(2), Shelf(2)) = {5, 0};
    change(reserve);
    return Decide(reserve);
  };
  EXPECT_THAT(fresh([](Reserve&) {}), FailsBecause("FEFO_DEPARTURE"));
  EXPECT_THAT(fresh([](Reserve& r) { r.first_expiring->passed_over = {LotOf(2).id}; }), IsOk());
  EXPECT_THAT(fresh([](Reserve& r) { r.first_expiring->before = absl::CivilDay(2027, 1, 31); }),
              IsOk());  // the same day
  EXPECT_THAT(fresh([](Reserve& r) { r.first_expiring->warehouse_id = kOtherWarehouse; }), IsOk());
  EXPECT_THAT(fresh([](Reserve& r) { r.first_expiring.reset(); }), IsOk());
  EXPECT_THAT(fresh([&](Reserve&) { At(LotOf(2), Shelf(2)) = {5, 5}; }), IsOk());  // all of it is promised
  EXPECT_THAT(fresh([&](Reserve&) { state_.stopped[LotOf(2).id] = Id(21, 1); }), IsOk());
}

TEST_F(DeciderTest, WhatComesInWithTheSameBatchIsSeen) {
  At(LotOf(1), Shelf(1)) = {50, 0};
  Reserve reserve = AReservation(10);
  reserve.first_expiring = AnEarlierLot();
  state_.earlier.begin()->second.clear();  // when the state was read, nothing earlier was there
  ASSERT_THAT(Decide(Receive{.lot = DatedLot(3, "2027-02-01"), .shelf = Shelf(3), .donor = DonorPlace(), .items = 4}),
              IsOk());
  EXPECT_THAT(Decide(reserve), FailsBecause("LOTS_CHANGED"));
  reserve.first_expiring->judged = {LotOf(3).id};
  EXPECT_THAT(Decide(reserve), FailsBecause("FEFO_DEPARTURE"));
}

TEST_F(DeciderTest, ATransferIsRefusedInTheDocumentedOrder) {
  const Send send{.transfer_id = Id(20, 1),
                  .from_warehouse_id = kWarehouse,
                  .to_warehouse_id = kOtherWarehouse,
                  .transit = Transit(),
                  .goods = {{LotOf(1), Shelf(1), 6}, {LotOf(1), Shelf(1), 5}, {LotOf(2), Shelf(2), 1}}};
  state_.shipments[Id(20, 1)] = {.id = Id(20, 1), .from_warehouse_id = kWarehouse, .to_warehouse_id = kWarehouse};
  EXPECT_THAT(Decide(send), FailsBecause("TRANSFER_CLOSED"));  // it goes elsewhere
  state_.shipments[Id(20, 1)].to_warehouse_id = kOtherWarehouse;
  state_.shipments[Id(20, 1)].lines[LotOf(3).id] = {.sent = 5, .missing = 1};
  EXPECT_THAT(Decide(send), FailsBecause("TRANSFER_CLOSED"));  // something of it is settled
  state_.shipments.clear();
  At(LotOf(1), Shelf(1)) = {10, 0};  // enough for each alone, not for both
  At(LotOf(2), Shelf(2)) = {1, 0};
  const auto short_of = Decide(send);
  ASSERT_THAT(short_of, FailsBecause("INSUFFICIENT_STOCK"));
  EXPECT_EQ(errors::MetadataOf(short_of.status())["requested"], "11");
  EXPECT_TRUE(appendix_.movements.empty() && appendix_.shipments.empty());
  At(LotOf(1), Shelf(1)) = {11, 0};
  ASSERT_THAT(Decide(send), IsOk());
  EXPECT_EQ(appendix_.movements.size(), 3u);
  EXPECT_EQ(appendix_.shipments.size(), 1u);

  Arrive arrive{.transfer_id = Id(20, 2), .transit = Transit(), .adjustment = Adjustment()};
  arrive.goods = {{LotOf(3), Shelf(4), 1, 0, ""}, {LotOf(1), Shelf(4), 8, 4, "MISSING"}};
  EXPECT_THAT(Decide(arrive), FailsBecause("TRANSFER_NOT_FOUND"));
  arrive.transfer_id = Id(20, 1);
  EXPECT_THAT(Decide(arrive), FailsBecause("LOT_NOT_FOUND"));
  arrive.goods[0].lot = LotOf(2);
  EXPECT_THAT(Decide(arrive), FailsBecause("INSUFFICIENT_STOCK"));
  arrive.goods[1].short_items = 3;
  ASSERT_THAT(Decide(arrive), IsOk());
  EXPECT_EQ(state_.shipments[Id(20, 1)].open(), 0);
}

TEST_F(DeciderTest, ATransformationIsAllOrNothing) {
  Transform kit{.transformation_id = Id(20, 1),
                .workshop = Workshop(),
                .inputs = {{LotOf(1), Shelf(1), 10}, {LotOf(2), Shelf(2), 20}},
                .outputs = {{MadeLot(Id(20, 1)), Shelf(3), 10}}};
  state_.transformations = {Id(20, 1)};
  state_.stopped[LotOf(2).id] = Id(21, 1);
  At(LotOf(1), Shelf(1)) = {10, 0};
  EXPECT_THAT(Decide(kit), FailsBecause("ID_TAKEN"));
  state_.transformations.clear();
  EXPECT_THAT(Decide(kit), FailsBecause("LOT_RECALLED"));
  state_.stopped.clear();
  EXPECT_THAT(Decide(kit), FailsBecause("INSUFFICIENT_STOCK"));
  EXPECT_TRUE(appendix_.movements.empty() && appendix_.lots.empty());
  At(LotOf(2), Shelf(2)) = {20, 0};
  const auto made = Decide(kit);
  ASSERT_THAT(made, IsOk());
  ASSERT_EQ(made->lots.size(), 1u);
  EXPECT_EQ(made->movements.back().kind, pb::MOVEMENT_KIND_PRODUCE);
  EXPECT_THAT(Decide(kit), FailsBecause("ID_TAKEN"));  // also within one batch

  // Taken back as a whole, and given again unless a recall has stopped something meanwhile.
  Reverse reverse{.reason = "MISTAKE"};
  reverse.originals = {{made->movements[0], LotOf(1), Shelf(1), Workshop()},
                       {made->movements[1], LotOf(2), Shelf(2), Workshop()},
                       {made->movements[2], made->lots[0], Workshop(), Shelf(3)}};
  const auto undone = Decide(reverse);
  ASSERT_THAT(undone, IsOk());
  EXPECT_EQ(At(LotOf(2), Shelf(2)), (Balance{20, 0}));
  Reverse again{.reason = "MISTAKE"};
  again.originals = {{undone->movements[0], made->lots[0], Shelf(3), Workshop()},
                     {undone->movements[1], LotOf(2), Workshop(), Shelf(2)},
                     {undone->movements[2], LotOf(1), Workshop(), Shelf(1)}};
  state_.stopped[LotOf(2).id] = Id(21, 1);
  EXPECT_THAT(Decide(again), FailsBecause("LOT_RECALLED"));
  state_.stopped.clear();
  At(LotOf(2), Shelf(2)) = {19, 0};
  EXPECT_THAT(Decide(again), FailsBecause("NOT_REVERSIBLE"));
  At(LotOf(2), Shelf(2)) = {20, 0};
  ASSERT_THAT(Decide(again), IsOk());
  EXPECT_EQ(At(made->lots[0], Shelf(3)), (Balance{10, 0}));
}

TEST_F(DeciderTest, RecallsStopHandOversAndNothingElse) {
  state_.stopped[LotOf(1).id] = Id(21, 1);
  for (const Place& place : {Shelf(1), GroupPlace(1)}) At(LotOf(1), place) = {100, 0};
  EXPECT_THAT(Decide(AReservation(1)), FailsBecause("LOT_RECALLED"));
  Issue issue = AnIssue(1);
  issue.reservation_id.clear();
  EXPECT_THAT(Decide(issue), FailsBecause("LOT_RECALLED"));
  EXPECT_THAT(Decide(Direct{.lot = LotOf(1),
                            .donor = DonorPlace(),
                            .delivery_place = DeliveryPlace(1),
                            .group_id = Group(1),
                            .delivery_id = Id(12, 1),
                            .items = 1}),
              FailsBecause("LOT_RECALLED"));
  EXPECT_THAT(Decide(PassOn{.lot = LotOf(1),
                            .from = GroupPlace(1),
                            .delivery_place = DeliveryPlace(2),
                            .group_id = Group(2),
                            .delivery_id = Id(12, 2),
                            .items = 1}),
              FailsBecause("LOT_RECALLED"));
  EXPECT_THAT(Decide(Discard{LotOf(1), Shelf(1), Waste(), 1, "RECALLED", Id(21, 1)}), IsOk());
  EXPECT_THAT(Decide(Discard{LotOf(1), GroupPlace(1), Waste(), 1, "RECALLED", Id(21, 1)}), IsOk());
  EXPECT_EQ(appendix_.movements[0].group_id, Group(1));
  EXPECT_EQ(OperationName(appendix_.movements[0]), "recalls/" + Id(21, 1));
  EXPECT_THAT(Decide(Return{.lot = LotOf(1), .from = GroupPlace(1), .to = Shelf(1), .group_id = Group(1), .items = 1}),
              IsOk());
  EXPECT_THAT(Decide(Return{.lot = LotOf(1), .from = Shelf(1), .to = DonorPlace(), .items = 1}), IsOk());
  EXPECT_THAT(Decide(Adjust{LotOf(1), Shelf(1), Adjustment(), -1, "", "LOST"}), IsOk());
  EXPECT_THAT(Decide(Transfer{LotOf(1), Shelf(1), Shelf(2), 1}), IsOk());
  EXPECT_THAT(Decide(Send{.transfer_id = Id(20, 1),
                          .from_warehouse_id = kWarehouse,
                          .to_warehouse_id = kOtherWarehouse,
                          .transit = Transit(),
                          .goods = {{LotOf(1), Shelf(1), 1}}}),
              IsOk());
}

TEST_F(DeciderTest, AReversalIsRefusedInTheDocumentedOrder) {
  At(LotOf(1), Shelf(1)) = {10, 0};
  const auto moved = Decide(Transfer{LotOf(1), Shelf(1), Shelf(2), 10});
  ASSERT_THAT(moved, IsOk());
  const Reverse reverse{.originals = {Made(moved->movements[0], Shelf(1), Shelf(2))}, .reason = "MISTAKE"};
  At(LotOf(1), Shelf(2)) = {10, 1};
  const auto moved_on = Decide(reverse);
  ASSERT_THAT(moved_on, FailsBecause("NOT_REVERSIBLE"));
  EXPECT_EQ(errors::MetadataOf(moved_on.status())["lot"], "lots/" + LotOf(1).id);
  At(LotOf(1), Shelf(2)) = {10, 0};
  const auto undone = Decide(reverse);
  ASSERT_THAT(undone, IsOk());
  EXPECT_EQ(undone->movements[0].effect_items(), -10);
  const auto twice = Decide(reverse);
  ASSERT_THAT(twice, FailsBecause("ALREADY_REVERSED"));
  EXPECT_EQ(errors::MetadataOf(twice.status())["by"], "a");
  EXPECT_EQ(errors::MetadataOf(twice.status())["reversal"], "movements/" + undone->movements[0].id);
  EXPECT_EQ(errors::MetadataOf(twice.status())["time"], "2027-01-15T08:00:00Z");
  const auto given_again =
      Decide(Reverse{.originals = {Made(undone->movements[0], Shelf(2), Shelf(1))}, .reason = "MISTAKE"});
  ASSERT_THAT(given_again, IsOk());
  EXPECT_EQ(given_again->movements[0].effect_kind, pb::MOVEMENT_KIND_TRANSFER);
  EXPECT_EQ(given_again->movements[0].effect_items(), 10);
  EXPECT_EQ(At(LotOf(1), Shelf(2)), (Balance{10, 0}));
  const auto reserved = Decide([&] {
    Reserve reserve = AReservation(1);
    reserve.shelf = Shelf(2);
    return reserve;
  }());
  ASSERT_THAT(reserved, IsOk());
  EXPECT_THAT(Decide(Reverse{.originals = {Made(reserved->movements[0], Shelf(2), Shelf(2))}, .reason = "MISTAKE"}),
              FailsBecause("NOT_REVERSIBLE"));
}

TEST_F(DeciderTest, ALotWithATakenCodeGetsTheNextOne) {
  state_.codes = {LotCode(LotOf(1).id, 0), LotCode(LotOf(1).id, 1)};
  const auto outcome = Decide(Receive{.lot = LotOf(1), .shelf = Shelf(1), .donor = DonorPlace(), .items = 5});
  ASSERT_THAT(outcome, IsOk());
  EXPECT_EQ(outcome->lot->code(), LotCode(LotOf(1).id, 2));
}

TEST_F(DeciderTest, AKnownValueIsNeverOverwrittenByALaterArrival) {
  Lot known = LotOf(1);
  known.facts.set_min_lot_items(24);
  state_.origins[known.Origin()] = known;
  const auto outcome = Decide(Receive{.lot = LotOf(1), .shelf = Shelf(1), .donor = DonorPlace(), .items = 5});
  ASSERT_THAT(outcome, IsOk());
  EXPECT_EQ(outcome->lot->facts.min_lot_items(), 24);
  EXPECT_TRUE(appendix_.lots.empty());
}

TEST_F(DeciderTest, WhatIsRefusedAtTheDoorIsOnRecordAndNowhereElse) {
  const auto outcome = Decide(Receive{.lot = LotOf(1),
                                      .shelf = Shelf(1),
                                      .donor = DonorPlace(),
                                      .items = 0,
                                      .refused = {{7, "OPENED", "袋が破れている"}, {2, "EXPIRED", ""}}});
  ASSERT_THAT(outcome, IsOk());
  ASSERT_EQ(outcome->movements.size(), 2u);
  EXPECT_EQ(outcome->movements[0].kind, pb::MOVEMENT_KIND_REFUSE);
  EXPECT_EQ(outcome->movements[0].from_place, outcome->movements[0].to_place);
  EXPECT_EQ(outcome->movements[0].reason, "OPENED");
  EXPECT_EQ(outcome->movements[0].note, "袋が破れている");
  EXPECT_EQ(appendix_.lots.size(), 1u);
  EXPECT_EQ(At(LotOf(1), Shelf(1)), Balance{});
  EXPECT_EQ(At(LotOf(1), DonorPlace()), Balance{});
  // A refusal that was a mistake is taken back like anything else.
  const auto undone =
      Decide(Reverse{.originals = {Made(outcome->movements[0], DonorPlace(), DonorPlace())}, .reason = "MISTAKE"});
  ASSERT_THAT(undone, IsOk());
  EXPECT_EQ(undone->movements[0].effect_kind, pb::MOVEMENT_KIND_REFUSE);
}

TEST_F(DeciderTest, GivingUpIsRefusedInTheDocumentedOrder) {
  Release release{.reservation = {.id = Id(11, 1)}, .items = 41};
  EXPECT_THAT(Decide(release), FailsBecause("RESERVATION_NOT_FOUND"));
  Reservation& reservation = state_.reservations[Id(11, 1)];
  reservation = {.id = Id(11, 1),
                 .lot_id = LotOf(1).id,
                 .place_id = Shelf(1).id,
                 .items = 40,
                 .open_items = 0,
                 .expire_time = kNow + absl::Seconds(1)};
  EXPECT_THAT(Decide(release), FailsBecause("RESERVATION_CLOSED"));
  reservation.open_items = 40;
  At(LotOf(1), Shelf(1)) = {40, 40};
  EXPECT_THAT(Decide(release), FailsBecause("RESERVATION_EXCEEDED"));
  // Found overdue, and extended before the ledger decided.
  release = {.reservation = {.id = Id(11, 1)}, .expire = true};
  EXPECT_THAT(Decide(release), FailsBecause("RESERVATION_NOT_DUE"));
  reservation.expire_time = kNow;
  const auto expired = Decide(release);
  ASSERT_THAT(expired, IsOk());
  EXPECT_EQ(expired->movements[0].kind, pb::MOVEMENT_KIND_EXPIRE);
  EXPECT_EQ(expired->movements[0].items, 40);
  EXPECT_EQ(At(LotOf(1), Shelf(1)), (Balance{40, 0}));
}

TEST_F(DeciderTest, ADeliveryIsConfirmedInRoundsAndEachRoundOnce) {
  Issue issue = AnIssue(10);
  issue.reservation_id.clear();
  At(LotOf(1), Shelf(1)) = At(LotOf(2), Shelf(1)) = {100, 0};
  Confirm confirm{.delivery_id = Id(12, 1),
                  .group_id = Group(1),
                  .lines = {{LotOf(1).id, 8, "DAMAGED"}},
                  .delivery_place = DeliveryPlace(1),
                  .group_place = GroupPlace(1),
                  .adjustment = Adjustment()};
  EXPECT_THAT(Decide(confirm), FailsBecause("DELIVERY_NOT_FOUND"));
  ASSERT_THAT(Decide(issue), IsOk());
  ASSERT_THAT(Decide(confirm), IsOk());
  // More of another lot follows; what was settled may be left out, or told as it was, and nothing else.
  issue.lot = LotOf(2);
  ASSERT_THAT(Decide(issue), IsOk());
  confirm.lines = {{LotOf(1).id, 9, "DAMAGED"}};
  EXPECT_THAT(Decide(confirm), FailsBecause("DELIVERY_CONFIRMED"));
  confirm.lines = {{LotOf(1).id, 8, "DAMAGED"}, {LotOf(3).id, 1, ""}};
  EXPECT_THAT(Decide(confirm), FailsBecause("LOT_NOT_FOUND"));
  confirm.lines.pop_back();
  const auto rest = Decide(confirm);
  ASSERT_THAT(rest, IsOk());
  ASSERT_EQ(rest->movements.size(), 1u);
  EXPECT_EQ(rest->movements[0].lot_id, LotOf(2).id);
  EXPECT_EQ(state_.deliveries[Id(12, 1)].open(), 0);
  const auto nothing_new = Decide(confirm);
  ASSERT_THAT(nothing_new, IsOk());
  EXPECT_TRUE(nothing_new->movements.empty());
  confirm.lines.clear();  // now "all arrived" would be wrong
  EXPECT_THAT(Decide(confirm), FailsBecause("DELIVERY_CONFIRMED"));
}

TEST_F(DeciderTest, AReturnFromADeliveryIsRefusedInTheDocumentedOrder) {
  Return back{.lot = LotOf(2),
              .from = DeliveryPlace(1),
              .to = Shelf(1),
              .delivery_id = Id(12, 1),
              .group_id = Group(1),
              .items = 11};
  EXPECT_THAT(Decide(back), FailsBecause("DELIVERY_NOT_FOUND"));
  Issue issue = AnIssue(10);
  issue.reservation_id.clear();
  At(LotOf(1), Shelf(1)) = {10, 0};
  ASSERT_THAT(Decide(issue), IsOk());
  EXPECT_THAT(Decide(back), FailsBecause("LOT_NOT_FOUND"));
  back.lot = LotOf(1);
  EXPECT_THAT(Decide(back), FailsBecause("INSUFFICIENT_STOCK"));
  back.items = 10;
  ASSERT_THAT(Decide(back), IsOk());
  EXPECT_EQ(state_.deliveries[Id(12, 1)].lines[LotOf(1).id], (DeliveryLine{10, 0, 0, 10}));
}

TEST_F(DeciderTest, ALotWithoutAnyCodeLeftIsNotMade) {
  for (int n = 0; n < kLotCodeCandidates; ++n) state_.codes.insert(LotCode(LotOf(1).id, n));
  EXPECT_THAT(Decide(Receive{.lot = LotOf(1), .shelf = Shelf(1), .donor = DonorPlace(), .items = 5}),
              FailsWith(absl::StatusCode::kInternal));
  EXPECT_TRUE(appendix_.movements.empty() && appendix_.lots.empty());
  EXPECT_EQ(At(LotOf(1), Shelf(1)), Balance{});
}

TEST(StandIns, AreTheSamePlaceEverywhere) {
  EXPECT_EQ(StandInPlaceId(Id(1, 1), pb::PLACE_KIND_WASTE, ""), StandInPlaceId(Id(1, 1), pb::PLACE_KIND_WASTE, ""));
  EXPECT_NE(StandInPlaceId(Id(1, 1), pb::PLACE_KIND_WASTE, ""), StandInPlaceId(Id(1, 2), pb::PLACE_KIND_WASTE, ""));
  EXPECT_NE(DeliveryPlace(1).id, GroupPlace(1).id);
  EXPECT_NE(GroupPlace(2).id, GroupPlace(1).id);
}

}  // namespace
}  // namespace kubari::stock
