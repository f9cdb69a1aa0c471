#include "services/impact/domain/facts.h"

#include <absl/strings/str_cat.h>
#include <gmock/gmock.h>
#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

namespace kubari::impact {
namespace {

using ::testing::ElementsAre;

using stock::v1::PlaceKind;

const std::string kGroup = "00000000-0000-4000-8000-00000000000a", kGiver = "00000000-0000-4000-8000-00000000000b";

// 12 items of 250 g.
stock::v1::FeedEntry Entry(stock::v1::MovementKind kind, PlaceKind from = stock::v1::PLACE_KIND_SHELF,
                           PlaceKind to = stock::v1::PLACE_KIND_UNSPECIFIED) {
  stock::v1::FeedEntry entry;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(R"(
    movement {
      name: "movements/00000000-0000-4000-8000-000000000001" position: 7 items: 12
      group: "groups/00000000-0000-4000-8000-00000000000a" delivery: "deliveries/00000000-0000-4000-8000-00000000000d"
      from_place: "places/00000000-0000-4000-8000-0000000000f1" to_place: "places/00000000-0000-4000-8000-0000000000f2"
      households: 40 municipality_code: "13101"
      occurred_time { seconds: 1775055600 } recorded_time { seconds: 1775060000 }
    }
    lot {
      name: "lots/00000000-0000-4000-8000-000000000002" donor: "donors/00000000-0000-4000-8000-000000000003"
      item_grams: 250 category: FOOD_CATEGORY_RICE product_display_name: "米"
    }
    group_display_name: "例の会"
  )",
                                                            &entry));
  entry.mutable_movement()->set_kind(kind);
  entry.mutable_movement()->set_effect_kind(kind);
  entry.mutable_movement()->set_effect_items(12);
  entry.set_from_kind(from);
  entry.set_to_kind(to);
  return entry;
}

// What takes it back.
stock::v1::FeedEntry ReversalOf(stock::v1::FeedEntry entry) {
  stock::v1::Movement& movement = *entry.mutable_movement();
  movement.set_kind(stock::v1::MOVEMENT_KIND_REVERSAL);
  movement.set_effect_items(-movement.effect_items());
  movement.mutable_from_place()->swap(*movement.mutable_to_place());
  movement.clear_households();
  movement.clear_municipality_code();
  const PlaceKind from = entry.from_kind();
  entry.set_from_kind(entry.to_kind());
  entry.set_to_kind(from);
  return entry;
}

std::vector<Fact> Facts(const stock::v1::FeedEntry& entry) {
  KnownGroups known;
  known.groups[kGroup] = {"例の会", "13", "00000000-0000-4000-8000-0000000000f9"};
  known.groups[kGiver] = {"拠点の会", "27", "00000000-0000-4000-8000-0000000000f1"};
  known.group_at["00000000-0000-4000-8000-0000000000f1"] = kGiver;
  return FactsOf(entry, absl::FixedTimeZone(9 * 3600), known);
}

// "CONFIRM -12 of …a": what it adds up to, and whose it is.
std::vector<std::string> Told(const stock::v1::FeedEntry& entry) {
  std::vector<std::string> told;
  for (const Fact& fact : Facts(entry)) {
    told.push_back(absl::StrCat(KindName(fact.kind), " ", fact.items,
                                fact.group_id == kGroup   ? " of the group"
                                : fact.group_id == kGiver ? " of the giver"
                                                          : "",
                                fact.delivery_id.empty() ? "" : " in its delivery"));
  }
  return told;
}

TEST(FactsOf, AConfirmationCountsForTheGroupOnTheNetworksDay) {
  // 2026-04-01 15:00 UTC is the 2nd in Tokyo.
  const std::vector<Fact> facts = Facts(Entry(stock::v1::MOVEMENT_KIND_CONFIRM));
  ASSERT_EQ(facts.size(), 1u);
  const Fact& fact = facts[0];
  EXPECT_EQ(fact.kind, Kind::kConfirm);
  EXPECT_EQ(fact.day, absl::CivilDay(2026, 4, 2));
  KnownGroups none;
  EXPECT_EQ(FactsOf(Entry(stock::v1::MOVEMENT_KIND_CONFIRM), absl::UTCTimeZone(), none)[0].day,
            absl::CivilDay(2026, 4, 1));
  EXPECT_EQ(fact.items, 12);
  EXPECT_EQ(fact.grams, 3'000);
  EXPECT_EQ(fact.households, 40);
  EXPECT_EQ(fact.prefecture, "13");
  EXPECT_EQ(fact.group_id, kGroup);
  EXPECT_EQ(fact.group_display_name, "例の会");
  EXPECT_EQ(fact.donor_id, "00000000-0000-4000-8000-000000000003");
}

TEST(FactsOf, AReversalTakesAwayWhatItUndoesWhereItWasCounted) {
  const std::vector<Fact> facts = Facts(ReversalOf(Entry(stock::v1::MOVEMENT_KIND_CONFIRM)));
  ASSERT_EQ(facts.size(), 1u);
  EXPECT_EQ(facts[0].kind, Kind::kConfirm);
  EXPECT_EQ(facts[0].items, -12);
  EXPECT_EQ(facts[0].grams, -3'000);
  EXPECT_EQ(facts[0].households, 0);
  EXPECT_EQ(facts[0].prefecture, "13");  // as the group's last movement said
  // And the reversal of the reversal gives it back.
  EXPECT_THAT(Told(ReversalOf(ReversalOf(Entry(stock::v1::MOVEMENT_KIND_CONFIRM)))),
              ElementsAre("CONFIRM 12 of the group in its delivery"));
}

TEST(FactsOf, WhatGoesToGroupsIsSentWhereverItComesFrom) {
  using namespace stock::v1;  // NOLINT
  EXPECT_THAT(Told(Entry(MOVEMENT_KIND_ISSUE)), ElementsAre("ISSUE 12 of the group in its delivery"));
  EXPECT_THAT(Told(Entry(MOVEMENT_KIND_DIRECT, PLACE_KIND_DONOR, PLACE_KIND_DELIVERY)),
              ElementsAre("ISSUE 12 of the group in its delivery"));
}

TEST(FactsOf, WhatAGroupPassesOnCountsForTheOtherOneInstead) {
  using namespace stock::v1;  // NOLINT
  const FeedEntry entry = Entry(MOVEMENT_KIND_PASS_ON, PLACE_KIND_GROUP, PLACE_KIND_DELIVERY);
  EXPECT_THAT(Told(entry), ElementsAre("CONFIRM -12 of the giver", "ISSUE -12 of the giver",
                                       "ISSUE 12 of the group in its delivery"));
  EXPECT_THAT(Told(ReversalOf(entry)), ElementsAre("CONFIRM 12 of the giver", "ISSUE 12 of the giver",
                                                   "ISSUE -12 of the group in its delivery"));
  EXPECT_EQ(Facts(entry)[0].prefecture, "27");
  EXPECT_EQ(Facts(entry)[0].group_display_name, "拠点の会");
}

TEST(FactsOf, WhatComesBackNoLongerCounts) {
  using namespace stock::v1;  // NOLINT
  EXPECT_THAT(Told(Entry(MOVEMENT_KIND_RETURN, PLACE_KIND_DELIVERY, PLACE_KIND_SHELF)),
              ElementsAre("ISSUE -12 of the group in its delivery"));
  EXPECT_THAT(Told(Entry(MOVEMENT_KIND_RETURN, PLACE_KIND_GROUP, PLACE_KIND_SHELF)),
              ElementsAre("CONFIRM -12 of the group", "ISSUE -12 of the group"));
  EXPECT_THAT(Told(Entry(MOVEMENT_KIND_RETURN, PLACE_KIND_SHELF, PLACE_KIND_DONOR)), ElementsAre("RECEIVE -12"));
}

TEST(FactsOf, WhatAGroupThrowsAwayIsDiscardedAndNotHelp) {
  using namespace stock::v1;  // NOLINT
  const FeedEntry entry = Entry(MOVEMENT_KIND_DISCARD, PLACE_KIND_GROUP, PLACE_KIND_WASTE);
  EXPECT_THAT(Told(entry), ElementsAre("DISCARD 12 of the group", "CONFIRM -12 of the group"));
  EXPECT_THAT(Told(ReversalOf(entry)), ElementsAre("DISCARD -12 of the group", "CONFIRM 12 of the group"));
}

TEST(FactsOf, GoodsOnAShelfBelongToNoGroup) {
  for (const auto kind : {stock::v1::MOVEMENT_KIND_RECEIVE, stock::v1::MOVEMENT_KIND_DISCARD}) {
    const std::vector<Fact> facts = Facts(Entry(kind));
    ASSERT_EQ(facts.size(), 1u);
    EXPECT_EQ(facts[0].group_id, "");
    EXPECT_EQ(facts[0].households, 0);
  }
}

TEST(FactsOf, AKitCountsByItsParts) {
  stock::v1::FeedEntry entry = Entry(stock::v1::MOVEMENT_KIND_CONFIRM);
  entry.mutable_lot()->clear_donor();
  for (int n = 1; n <= 2; ++n) {
    stock::v1::LotPart& part = *entry.mutable_lot()->add_parts();
    part.set_items(n);
    part.set_item_grams(100);
    part.set_donor(absl::StrCat("donors/00000000-0000-4000-8000-00000000003", n));
    part.set_category(n == 1 ? type::v1::FOOD_CATEGORY_RICE : type::v1::FOOD_CATEGORY_RETORT);
    part.set_product_display_name(n == 1 ? "米" : "スープ");
  }
  const std::vector<Fact> facts = Facts(entry);
  ASSERT_EQ(facts.size(), 2u);
  EXPECT_EQ(facts[0].items, 12);
  EXPECT_EQ(facts[1].items, 24);
  EXPECT_EQ(facts[1].grams, 2'400);
  EXPECT_EQ(facts[1].donor_id, "00000000-0000-4000-8000-000000000032");
  EXPECT_EQ(facts[1].category, type::v1::FOOD_CATEGORY_RETORT);
  EXPECT_EQ(facts[1].product_display_name, "スープ");
  EXPECT_EQ(facts[1].part, 1);
}

TEST(FactsOf, OtherMovementsDoNotCount) {
  for (const auto kind :
       {stock::v1::MOVEMENT_KIND_TRANSFER, stock::v1::MOVEMENT_KIND_RESERVE, stock::v1::MOVEMENT_KIND_VOID,
        stock::v1::MOVEMENT_KIND_EXPIRE, stock::v1::MOVEMENT_KIND_SHORTAGE, stock::v1::MOVEMENT_KIND_REFUSE,
        stock::v1::MOVEMENT_KIND_SEND, stock::v1::MOVEMENT_KIND_ARRIVE, stock::v1::MOVEMENT_KIND_ADJUST,
        stock::v1::MOVEMENT_KIND_CONSUME, stock::v1::MOVEMENT_KIND_PRODUCE}) {
    EXPECT_TRUE(Facts(Entry(kind)).empty()) << kind;
    EXPECT_TRUE(Facts(ReversalOf(Entry(kind))).empty()) << kind;
  }
}

}  // namespace
}  // namespace kubari::impact
