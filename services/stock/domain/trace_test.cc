#include "services/stock/domain/trace.h"

#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_split.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "services/stock/domain/trace_testing.h"

namespace kubari::stock {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;

// A network of transformations in memory, and how often it was asked.
struct Workshop {
  std::vector<Transformed> all;
  int asked = 0;

  absl::StatusOr<Lineage> Follow(const std::vector<std::string>& seeds, Direction direction, int limit = 100) {
    return stock::Follow(seeds, direction, limit, [&](const std::vector<std::string>& lots) {
      ++asked;
      std::set<std::string> which;
      for (const Transformed& one : all) {
        const bool near = direction == Direction::kForward ? one.consumed > 0 : one.produced > 0;
        if (near && std::find(lots.begin(), lots.end(), one.lot_id) != lots.end()) which.insert(one.transformation_id);
      }
      std::vector<Transformed> found;
      for (const Transformed& one : all) {
        if (which.count(one.transformation_id) > 0) found.push_back(one);
      }
      return absl::StatusOr<std::vector<Transformed>>(found);
    });
  }
};

// Rice is split; one part and soup become a kit; the kit is repacked.
Workshop Kitchen() {
  return {{{"split", "rice", 100, 0},
           {"split", "rice-a", 0, 60},
           {"split", "rice-b", 0, 40},
           {"kit", "rice-a", 20, 0},
           {"kit", "soup", 10, 0},
           {"kit", "meal", 0, 10},
           {"repack", "meal", 4, 0},
           {"repack", "box", 0, 2},
           // Undone: nothing was made.
           {"undone", "rice-b", 0, 0},
           {"undone", "ghost", 0, 0}}};
}

std::vector<std::string> Links(const Lineage& lineage) {
  std::vector<std::string> links;
  for (const LotLink& link : lineage.links)
    links.push_back(absl::StrCat(link.from_lot, ">", link.to_lot, " ", link.from_items, ":", link.to_items));
  return links;
}

TEST(Follow, ForwardThroughSplitKitAndRepack) {
  Workshop kitchen = Kitchen();
  const auto found = kitchen.Follow({"rice"}, Direction::kForward);
  ASSERT_TRUE(found.ok());
  EXPECT_THAT(found->lots, UnorderedElementsAre("rice", "rice-a", "rice-b", "meal", "box"));
  EXPECT_THAT(Links(*found),
              UnorderedElementsAre("rice>rice-a 100:60", "rice>rice-b 100:40", "rice-a>meal 20:10", "meal>box 4:2"));
  EXPECT_FALSE(found->incomplete);
  EXPECT_LE(kitchen.asked, 4);  // once a generation, not once a lot
}

TEST(Follow, BackwardToAllIngredients) {
  Workshop kitchen = Kitchen();
  const auto found = kitchen.Follow({"box"}, Direction::kBackward);
  ASSERT_TRUE(found.ok());
  EXPECT_THAT(found->lots, UnorderedElementsAre("box", "meal", "rice-a", "soup", "rice"));
  EXPECT_THAT(Links(*found),
              UnorderedElementsAre("meal>box 4:2", "rice-a>meal 20:10", "soup>meal 10:10", "rice>rice-a 100:60"));
}

TEST(Follow, LinksBetweenGenerationsAreNotLost) {
  // x is made of a, and of b, which is itself made of a.
  Workshop workshop{{{"1", "a", 5, 0}, {"1", "b", 0, 5}, {"0", "a", 1, 0}, {"0", "b", 1, 0}, {"0", "x", 0, 1}}};
  const auto found = workshop.Follow({"a"}, Direction::kForward);
  ASSERT_TRUE(found.ok());
  EXPECT_THAT(Links(*found), UnorderedElementsAre("a>b 5:5", "a>x 1:1", "b>x 1:1"));
}

TEST(Follow, SaysWhenItIsCut) {
  Workshop kitchen = Kitchen();
  const auto found = kitchen.Follow({"rice"}, Direction::kForward, 3);
  ASSERT_TRUE(found.ok());
  EXPECT_THAT(found->lots, SizeIs(3));
  EXPECT_TRUE(found->incomplete);
  for (const LotLink& link : found->links) {
    EXPECT_THAT(found->lots, ::testing::Contains(link.from_lot));
    EXPECT_THAT(found->lots, ::testing::Contains(link.to_lot));
  }
}

TEST(Follow, ALotThatNothingWasMadeOf) {
  Workshop kitchen = Kitchen();
  const auto found = kitchen.Follow({"soup"}, Direction::kBackward);
  ASSERT_TRUE(found.ok());
  EXPECT_THAT(found->lots, ElementsAre("soup"));
  EXPECT_THAT(found->links, IsEmpty());
}

TEST(LinksOf, AreThoseOfWholeTransformations) {
  const TraceFacts facts = testing::SomeFacts();
  std::vector<std::string> found, told;
  const auto text = [](const LotLink& l) {
    return absl::StrCat(l.from_lot, ">", l.to_lot, " ", l.from_items, ":", l.to_items, " ", l.transformation_id);
  };
  for (const LotLink& link : LinksOf(facts.movements)) found.push_back(text(link));
  for (const LotLink& link : facts.links) told.push_back(text(link));
  EXPECT_THAT(found, ::testing::UnorderedElementsAreArray(told));
  EXPECT_THAT(LinksOf({}), IsEmpty());
}

TEST(TraceCsv, ARowAMovementWithItsLotsKin) {
  const TraceFacts facts = testing::SomeFacts();
  const std::string table = TraceCsv(facts);
  EXPECT_TRUE(absl::StartsWith(table, "\xEF\xBB\xBF"));
  const std::vector<std::string> rows = absl::StrSplit(table, "\r\n", absl::SkipEmpty());
  ASSERT_THAT(rows, SizeIs(facts.movements.size() + 1));
  const auto columns = [](const std::string& row) { return std::vector<std::string>(absl::StrSplit(row, ',')); };
  for (const std::string& row : rows) EXPECT_THAT(columns(row), SizeIs(columns(rows[0]).size())) << row;
  EXPECT_THAT(rows[1], AllOf(HasSubstr("2026-12-01T10:00:00+09:00"), HasSubstr("入庫"), HasSubstr("架空めん")));
  // Of the kit's row: what it was made from, by code.
  const std::string kit = facts.lots.at(testing::KitId()).code();
  const auto produced = std::find_if(rows.begin(), rows.end(), [&](const std::string& row) {
    return absl::StrContains(row, "加工出来高") && absl::StrContains(row, kit);
  });
  ASSERT_NE(produced, rows.end());
  EXPECT_THAT(*produced, HasSubstr(facts.lots.at(testing::NoodlesId()).code()));
}

TEST(TraceCsv, AFormulaIsText) {
  TraceFacts facts = testing::SomeFacts();
  facts.movements[0].note = "=HYPERLINK(\"http://example.com\")";
  const std::string table = TraceCsv(facts);
  EXPECT_THAT(table, HasSubstr("'=HYPERLINK"));
  EXPECT_THAT(table, Not(HasSubstr(",=HYPERLINK")));
}

TEST(TraceCsv, InEnglish) {
  TraceFacts facts = testing::SomeFacts();
  facts.japanese = false;
  EXPECT_THAT(TraceCsv(facts), AllOf(HasSubstr("position,occurred"), HasSubstr("RECEIVE"), Not(HasSubstr("入庫"))));
}

}  // namespace
}  // namespace kubari::stock
