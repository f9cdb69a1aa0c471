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
using errors::IsOk;

TEST(Canonical, BytesAndHashAreForEver) {
  Movement m{.network_id = Id(1, 1),
             .position = 42,
             .id = Id(9, 7),
             .kind = pb::MOVEMENT_KIND_DISCARD,
             .lot_id = Id(8, 1),
             .from_place = Id(6, 1),
             .to_place = Id(6, 2),
             .items = 12,
             .reason = "DAMAGED",
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
            "movement:00000009-0000-4000-8000-000000000007\n"
            "kind:DISCARD\n"
            "lot:00000008-0000-4000-8000-000000000001\n"
            "from:00000006-0000-4000-8000-000000000001\n"
            "to:00000006-0000-4000-8000-000000000002\n"
            "items:12\n"
            "reservation:\n"
            "delivery:\n"
            "group:\n"
            "reverses:\n"
            "reason:DAMAGED\n"
            "note:箱が\\n濡れた \\\\ 全部\n"
            "actor:people/0000000a-0000-4000-8000-000000000001\n"
            "occurred:1790000000123456\n"
            "recorded:1790000001000000\n"
            "households:0\n"
            "municipality:\n"
            "request:0000000d-0000-4000-8000-000000000001\n");
  EXPECT_EQ(absl::BytesToHexString(LeafHash(m)), "c848e457c542d3c6594c8fca2046015bba15356b18f18bde0240a0eac45bb558");
  // RFC 6962: the leaf's prefix keeps it apart from inner nodes and from the plain hash.
  EXPECT_NE(LeafHash(m), Sha256(CanonicalBytes(m)));
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
    Decider decider(state_, kNetwork, absl::FromUnixSeconds(1'800'000'000), [this] { return Id(14, ++ids_); });
    const auto outcome = decider.Decide({.request_id = request + std::to_string(++requests_),
                                         .request_hash = "h",
                                         .actor = "a",
                                         .occurred_time = absl::UnixEpoch(),
                                         .action = std::move(action)});
    appendix_ = decider.appendix();
    return outcome;
  }
  Issue AnIssue(int64_t items) {
    return {.lot = LotOf(1),
            .shelf = Shelf(1),
            .delivery_place = DeliveryPlace(1),
            .reservation_id = Id(11, 1),
            .group_id = Group(1),
            .delivery_id = Id(12, 1),
            .items = items};
  }
  State state_;
  Appendix appendix_;
  int ids_ = 0, requests_ = 0;
};

TEST_F(DeciderTest, RefusesInTheDocumentedOrder) {
  // Everything is wrong at once; each line mends the first problem.
  state_.deliveries[Id(12, 1)] = {.id = Id(12, 1), .group_id = Group(2)};
  EXPECT_THAT(Decide(AnIssue(50)), FailsBecause("DELIVERY_NOT_FOUND"));
  state_.deliveries.clear();
  EXPECT_THAT(Decide(AnIssue(50)), FailsBecause("RESERVATION_NOT_FOUND"));
  Reservation& reservation = state_.reservations[Id(11, 1)];
  reservation = {.id = Id(11, 1), .items = 40, .open_items = 0, .expire_time = absl::UnixEpoch()};
  EXPECT_THAT(Decide(AnIssue(50)), FailsBecause("RESERVATION_CLOSED"));
  reservation.open_items = 40;
  EXPECT_THAT(Decide(AnIssue(50)), FailsBecause("RESERVATION_CLOSED"));  // its time is over
  reservation.expire_time = absl::InfiniteFuture();
  EXPECT_THAT(Decide(AnIssue(50)), FailsBecause("RESERVATION_EXCEEDED"));
  EXPECT_THAT(Decide(AnIssue(40)), FailsBecause("INSUFFICIENT_STOCK"));
  EXPECT_TRUE(appendix_.movements.empty());
  EXPECT_EQ(state_.next_position, 0);
  state_.balances[{LotOf(1).id, Shelf(1).id}] = {40, 40};
  EXPECT_THAT(Decide(AnIssue(40)), IsOk());
  EXPECT_EQ(state_.next_position, 1);
}

TEST_F(DeciderTest, ALotWithATakenCodeGetsTheNextOne) {
  state_.codes = {LotCode(LotOf(1).id, 0), LotCode(LotOf(1).id, 1)};
  const auto outcome = Decide(Receive{LotOf(1), Shelf(1), DonorPlace(), 5});
  ASSERT_THAT(outcome, IsOk());
  EXPECT_EQ(outcome->lot->code(), LotCode(LotOf(1).id, 2));
}

TEST_F(DeciderTest, AKnownValueIsNeverOverwrittenByALaterArrival) {
  Lot known = LotOf(1);
  known.facts.set_min_lot_items(24);
  state_.origins[known.Origin()] = known;
  const auto outcome = Decide(Receive{LotOf(1), Shelf(1), DonorPlace(), 5});
  ASSERT_THAT(outcome, IsOk());
  EXPECT_EQ(outcome->lot->facts.min_lot_items(), 24);
  EXPECT_TRUE(appendix_.lots.empty());
}

TEST(StandIns, AreTheSamePlaceEverywhere) {
  EXPECT_EQ(StandInPlaceId(Id(1, 1), pb::PLACE_KIND_WASTE, ""), StandInPlaceId(Id(1, 1), pb::PLACE_KIND_WASTE, ""));
  EXPECT_NE(StandInPlaceId(Id(1, 1), pb::PLACE_KIND_WASTE, ""), StandInPlaceId(Id(1, 2), pb::PLACE_KIND_WASTE, ""));
  EXPECT_NE(DeliveryPlace(1).id, GroupPlace(1).id);
  EXPECT_NE(GroupPlace(2).id, GroupPlace(1).id);
}

}  // namespace
}  // namespace kubari::stock
