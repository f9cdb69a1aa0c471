#include "services/impact/domain/facts.h"

#include <gmock/gmock.h>
#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

namespace kubari::impact {
namespace {

stock::v1::FeedEntry Entry(stock::v1::MovementKind kind) {
  stock::v1::FeedEntry entry;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(R"(
    movement {
      name: "movements/00000000-0000-4000-8000-000000000001" position: 7 items: 12
      group: "groups/00000000-0000-4000-8000-00000000000a" delivery: "deliveries/00000000-0000-4000-8000-00000000000d"
      households: 40 municipality_code: "13101"
      occurred_time { seconds: 1775055600 } recorded_time { seconds: 1775060000 }
    }
    lot {
      name: "lots/00000000-0000-4000-8000-000000000002" donor: "donors/00000000-0000-4000-8000-000000000003"
      item_grams: 250 category: FOOD_CATEGORY_RICE product_display_name: "米"
    }
    group_display_name: "例の会"
  )", &entry));
  entry.mutable_movement()->set_kind(kind);
  return entry;
}

absl::TimeZone Tokyo() { return absl::FixedTimeZone(9 * 3600); }

TEST(FactOf, AConfirmationCountsForTheGroupOnTheNetworksDay) {
  // 2026-04-01 15:00 UTC is the 2nd in Tokyo.
  const std::optional<Fact> fact = FactOf(Entry(stock::v1::MOVEMENT_KIND_CONFIRM), Tokyo());
  ASSERT_TRUE(fact);
  EXPECT_EQ(fact->kind, Kind::kConfirm);
  EXPECT_EQ(fact->day, absl::CivilDay(2026, 4, 2));
  EXPECT_EQ(FactOf(Entry(stock::v1::MOVEMENT_KIND_CONFIRM), absl::UTCTimeZone())->day, absl::CivilDay(2026, 4, 1));
  EXPECT_EQ(fact->items, 12);
  EXPECT_EQ(fact->grams, 3'000);
  EXPECT_EQ(fact->households, 40);
  EXPECT_EQ(fact->prefecture, "13");
  EXPECT_EQ(fact->group_id, "00000000-0000-4000-8000-00000000000a");
  EXPECT_EQ(fact->donor_id, "00000000-0000-4000-8000-000000000003");
}

TEST(FactOf, AReversalTakesAwayWhatItUndoes) {
  stock::v1::FeedEntry entry = Entry(stock::v1::MOVEMENT_KIND_REVERSAL);
  entry.set_reversed_kind(stock::v1::MOVEMENT_KIND_CONFIRM);
  const std::optional<Fact> fact = FactOf(entry, Tokyo());
  ASSERT_TRUE(fact);
  EXPECT_EQ(fact->kind, Kind::kConfirm);
  EXPECT_EQ(fact->items, -12);
  EXPECT_EQ(fact->grams, -3'000);
  EXPECT_EQ(fact->households, 0);
}

TEST(FactOf, GoodsOnAShelfBelongToNoGroup) {
  for (const auto kind : {stock::v1::MOVEMENT_KIND_RECEIVE, stock::v1::MOVEMENT_KIND_DISCARD}) {
    const std::optional<Fact> fact = FactOf(Entry(kind), Tokyo());
    ASSERT_TRUE(fact);
    EXPECT_EQ(fact->group_id, "");
    EXPECT_EQ(fact->households, 0);
  }
}

TEST(FactOf, OtherMovementsDoNotCount) {
  for (const auto kind : {stock::v1::MOVEMENT_KIND_TRANSFER, stock::v1::MOVEMENT_KIND_RESERVE, stock::v1::MOVEMENT_KIND_VOID,
                          stock::v1::MOVEMENT_KIND_EXPIRE, stock::v1::MOVEMENT_KIND_SHORTAGE}) {
    EXPECT_FALSE(FactOf(Entry(kind), Tokyo())) << kind;
  }
  stock::v1::FeedEntry reversed_transfer = Entry(stock::v1::MOVEMENT_KIND_REVERSAL);
  reversed_transfer.set_reversed_kind(stock::v1::MOVEMENT_KIND_TRANSFER);
  EXPECT_FALSE(FactOf(reversed_transfer, Tokyo()));
}

}  // namespace
}  // namespace kubari::impact
