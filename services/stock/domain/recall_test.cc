#include "services/stock/domain/recall.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "libs/errors/errors.h"

namespace kubari::stock {
namespace {

using ::testing::ElementsAre;
using ::testing::Optional;
using ::testing::Pair;

Lot SomeLot() {
  Lot lot{.id = "00000008-0000-4000-8000-000000000001"};
  lot.facts.set_code("7KQ2M9XP");
  lot.facts.set_product_display_name("架空めん");
  return lot;
}

TEST(RecallFigures, AddUpToWhatCameIn) {
  const auto figures = FiguresOf(
      {
          {.effect = pb::MOVEMENT_KIND_RECEIVE, .items = 100},
          {.effect = pb::MOVEMENT_KIND_DIRECT, .items = 20},
          {.effect = pb::MOVEMENT_KIND_PRODUCE, .items = 30},
          {.effect = pb::MOVEMENT_KIND_RETURN,
           .from = pb::PLACE_KIND_GROUP,
           .to = pb::PLACE_KIND_SHELF,
           .since_open = true,
           .items = 7},
          // Before the recall began: back on the shelf, but not because of it.
          {.effect = pb::MOVEMENT_KIND_RETURN, .from = pb::PLACE_KIND_DELIVERY, .to = pb::PLACE_KIND_SHELF, .items = 5},
          {.effect = pb::MOVEMENT_KIND_RETURN, .from = pb::PLACE_KIND_SHELF, .to = pb::PLACE_KIND_DONOR, .items = 4},
          {.effect = pb::MOVEMENT_KIND_DISCARD, .from = pb::PLACE_KIND_GROUP, .items = 6},
      },
      {{pb::PLACE_KIND_SHELF, 60, 10},
       {pb::PLACE_KIND_DELIVERY, 15, 0},
       {pb::PLACE_KIND_TRANSIT, 5, 0},
       {pb::PLACE_KIND_GROUP, 40, 0}},
      12);
  EXPECT_EQ(figures.received_items(), 150);
  EXPECT_EQ(figures.shelf_items(), 60);
  EXPECT_EQ(figures.reserved_items(), 10);
  EXPECT_EQ(figures.under_way_items(), 20);
  EXPECT_EQ(figures.group_items(), 40);
  EXPECT_EQ(figures.recovered_items(), 7);
  EXPECT_EQ(figures.returned_to_donor_items(), 4);
  EXPECT_EQ(figures.discarded_items(), 6);
  EXPECT_EQ(figures.consumed_items(), 12);
  EXPECT_EQ(figures.open_items(), 40 + 20 - 12);
  EXPECT_EQ(figures.other_items(), 150 - 60 - 20 - 40 - 4 - 6);
}

TEST(NoticeLine, WhatWasToldCountsUpToWhatIsHeld) {
  NoticeLine line{.held = 10, .under_way = 5, .told = 4};
  EXPECT_EQ(line.open(), 11);
  // Four were told; then nine of the ten came back after all.
  line.held = 1;
  EXPECT_EQ(line.consumed(), 1);
  EXPECT_EQ(line.open(), 5);
}

TEST(CheckAnswer, AccountsForNoMoreThanIsHeld) {
  EXPECT_TRUE(CheckAnswer(SomeLot(), {.discarded = 4, .consumed = 6}, 10, 9).ok());
  EXPECT_TRUE(CheckAnswer(SomeLot(), {.consumed = 0}, 0, 5).ok());
  const absl::Status refused = CheckAnswer(SomeLot(), {.discarded = 5, .consumed = 6}, 10, 0);
  EXPECT_EQ(errors::ReasonOf(refused), "MORE_THAN_HELD");
  EXPECT_EQ(errors::MetadataOf(refused)["held"], "10");
  EXPECT_EQ(errors::MetadataOf(refused)["answered"], "11");
  // What was told before still counts, as far as it can.
  EXPECT_TRUE(CheckAnswer(SomeLot(), {.discarded = 3}, 10, 7).ok());
  EXPECT_EQ(errors::ReasonOf(CheckAnswer(SomeLot(), {.discarded = 4}, 10, 7)), "MORE_THAN_HELD");
  EXPECT_EQ(errors::MetadataOf(CheckAnswer(SomeLot(), {.discarded = 1}, 3, 7))["answered"], "4");
}

TEST(TakeFrom, EmptiesPlacesInTheirOrder) {
  EXPECT_THAT(TakeFrom({{"a", 3}, {"b", 0}, {"c", 9}}, {}, 5), Optional(ElementsAre(Pair("a", 3), Pair("c", 2))));
  EXPECT_THAT(TakeFrom({{"a", 3}}, {}, 0), Optional(ElementsAre()));
  EXPECT_EQ(TakeFrom({{"a", 3}}, {}, 4), std::nullopt);
}

TEST(TakeFrom, ARepeatedAnswerGoesOnWhereItStopped) {
  // Three of five were booked from "a" before the connection was lost; what is free there now is somebody else's.
  EXPECT_THAT(TakeFrom({{"a", 8}, {"b", 4}}, {{"a", 3}}, 5), Optional(ElementsAre(Pair("a", 3), Pair("b", 2))));
  EXPECT_THAT(TakeFrom({{"a", 0}}, {{"a", 5}}, 5), Optional(ElementsAre(Pair("a", 5))));
}

TEST(NoticeTitle, ADrillSaysSo) {
  Recall recall{.title = "異物混入"};
  EXPECT_EQ(NoticeTitle(recall, true), "異物混入");
  recall.drill = true;
  EXPECT_EQ(NoticeTitle(recall, true), "【訓練】異物混入");
  EXPECT_EQ(NoticeTitle(recall, false), "[DRILL] 異物混入");
}

}  // namespace
}  // namespace kubari::stock
