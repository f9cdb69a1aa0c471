#include "libs/ledger_audit/books.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kubari::ledger_audit {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr char kNetwork[] = "00000000-0000-4000-8000-000000000001";

stock::v1::FeedEntry Entry(int64_t position, stock::v1::MovementKind kind, const std::string& from, stock::v1::PlaceKind from_kind,
                           const std::string& to, stock::v1::PlaceKind to_kind, int64_t items) {
  stock::v1::FeedEntry entry;
  stock::v1::Movement& movement = *entry.mutable_movement();
  movement.set_name("movements/00000000-0000-4000-8000-00000000010" + std::to_string(position));
  movement.set_position(position);
  movement.set_kind(kind);
  movement.set_lot("lots/00000000-0000-4000-8000-000000000002");
  movement.set_lot_code("ABC");
  movement.set_from_place("places/" + from);
  movement.set_to_place("places/" + to);
  movement.set_items(items);
  movement.set_actor("people/x");
  movement.mutable_recorded_time()->set_seconds(1'000 + position);
  movement.set_leaf_hash(LeafHashOf(movement, kNetwork));
  entry.mutable_lot()->set_name(movement.lot());
  entry.mutable_lot()->set_code("ABC");
  entry.set_from_kind(from_kind);
  entry.set_to_kind(to_kind);
  return entry;
}

// 10 arrive, 4 are thrown away.
std::vector<stock::v1::FeedEntry> Ledger() {
  using namespace stock::v1;
  return {Entry(0, MOVEMENT_KIND_RECEIVE, "donor", PLACE_KIND_DONOR, "shelf", PLACE_KIND_SHELF, 10),
          Entry(1, MOVEMENT_KIND_DISCARD, "shelf", PLACE_KIND_SHELF, "waste", PLACE_KIND_WASTE, 4)};
}

std::vector<std::string> Problems(const std::vector<stock::v1::FeedEntry>& ledger) {
  Books books;
  std::vector<std::string> problems;
  Adder adder(kNetwork, books, problems);
  for (const stock::v1::FeedEntry& entry : ledger) adder.Add(entry);
  adder.Finish();
  return problems;
}

TEST(LedgerAudit, ASoundLedgerHolds) { EXPECT_THAT(Problems(Ledger()), IsEmpty()); }

TEST(LedgerAudit, AChangedQuantityBreaksTheHash) {
  auto ledger = Ledger();
  ledger[1].mutable_movement()->set_items(3);
  EXPECT_THAT(Problems(ledger), Contains(HasSubstr("leaf hash")));
}

TEST(LedgerAudit, AMissingMovementLeavesAGap) {
  auto ledger = Ledger();
  ledger.erase(ledger.begin());
  EXPECT_THAT(Problems(ledger), Contains(HasSubstr("position 0 was expected")));
}

TEST(LedgerAudit, AShelfBelowZeroIsNamedEvenWithRightHashes) {
  auto ledger = Ledger();
  ledger[1].mutable_movement()->set_items(11);
  ledger[1].mutable_movement()->set_leaf_hash(LeafHashOf(ledger[1].movement(), kNetwork));
  EXPECT_THAT(Problems(ledger), Contains(HasSubstr("the shelf holds -1")));
}

TEST(LedgerAudit, AReversalOfNothingIsNamed) {
  auto ledger = Ledger();
  ledger.push_back(Entry(2, stock::v1::MOVEMENT_KIND_REVERSAL, "waste", stock::v1::PLACE_KIND_WASTE, "shelf", stock::v1::PLACE_KIND_SHELF, 4));
  EXPECT_THAT(Problems(ledger), Contains(HasSubstr("undoes what is not there")));
}

TEST(LedgerAudit, AnotherNetworksLedgerDoesNotPass) {
  Books books;
  std::vector<std::string> problems;
  Adder adder("00000000-0000-4000-8000-000000000009", books, problems);
  adder.Add(Ledger()[0]);
  EXPECT_THAT(problems, Contains(HasSubstr("leaf hash")));
}

}  // namespace
}  // namespace kubari::ledger_audit
