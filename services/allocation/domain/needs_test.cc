// What groups asked for: which goods answer it, and what it changes.
#include "services/allocation/domain/needs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "services/allocation/domain/group_story.h"
#include "services/allocation/domain/propose.h"
#include "services/allocation/domain/replay.h"
#include "services/allocation/test_network.h"

namespace kubari::allocation {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

groups::v1::Need MakeNeed(int number, type::v1::FoodCategory category, const std::string& text) {
  groups::v1::Need need;
  need.set_name("needs/" + Uuid(700 + number));
  need.set_text(text);
  need.set_category(category);
  return need;
}

stock::v1::Lot Noodles(int number) {
  stock::v1::Lot lot = MakeLot(number);
  lot.set_category(type::v1::FOOD_CATEGORY_NOODLES);
  lot.set_product_display_name("うどん");
  return lot;
}

TEST(Answers, ByProductCategoryAndAllTags) {
  stock::v1::Lot lot = MakeLot(1);
  lot.set_product("products/" + Uuid(5));
  lot.add_tags(type::v1::DIETARY_TAG_LOW_SALT);
  groups::v1::Need need;
  EXPECT_FALSE(IsForMatching(need));
  EXPECT_FALSE(Answers(lot, need)) << "for people to read";
  need.set_category(type::v1::FOOD_CATEGORY_RICE);
  EXPECT_TRUE(Answers(lot, need));
  need.add_tags(type::v1::DIETARY_TAG_LOW_SALT);
  EXPECT_TRUE(Answers(lot, need));
  need.add_tags(type::v1::DIETARY_TAG_HALAL);
  EXPECT_FALSE(Answers(lot, need)) << "all of its tags";
  need.clear_tags();
  need.set_category(type::v1::FOOD_CATEGORY_NOODLES);
  EXPECT_FALSE(Answers(lot, need));
  need.set_product(lot.product());
  EXPECT_TRUE(Answers(lot, need)) << "this very product, whatever its category";
  need.set_product("products/" + Uuid(6));
  EXPECT_FALSE(Answers(lot, need));
  need.Clear();
  need.add_tags(type::v1::DIETARY_TAG_LOW_SALT);
  EXPECT_TRUE(Answers(lot, need));
}

class NeedsOfGroups : public ::testing::Test {
 protected:
  groups::v1::Need& Ask(int group, int number, type::v1::FoodCategory category, const std::string& text) {
    return *snapshot_.mutable_groups(group)->add_needs() = MakeNeed(number, category, text);
  }
  void Solve() {
    Canonicalise(snapshot_);
    absl::StatusOr<Proposal> proposal = Propose(snapshot_);
    ASSERT_TRUE(proposal.ok()) << proposal.status();
    proposal_ = *std::move(proposal);
  }
  // Items of the lot, by group.
  std::vector<int64_t> Of(int lot) {
    std::vector<int64_t> items(snapshot_.groups_size());
    for (const ProposedLine& line : proposal_.lines) {
      if (line.line.lot() == LotName(lot)) items[line.assignment.group] += line.line.items();
    }
    return items;
  }

  v1::Snapshot snapshot_ = EmptySnapshot();
  Proposal proposal_;
};

TEST_F(NeedsOfGroups, DecideBetweenEqualWays) {
  AddStock(snapshot_, 1, 60);
  *AddStock(snapshot_, 2, 60).mutable_lot() = Noodles(2);
  AddGroup(snapshot_, 3);
  AddGroup(snapshot_, 4);
  for (const int of_rice : {0, 1}) {
    for (v1::SnapshotGroup& group : *snapshot_.mutable_groups()) group.clear_needs();
    Ask(of_rice, 1, type::v1::FOOD_CATEGORY_RICE, "お米 5kg").set_standing(true);
    Ask(1 - of_rice, 2, type::v1::FOOD_CATEGORY_NOODLES, "乾麺");
    Solve();
    EXPECT_EQ(Of(1)[of_rice], 60) << of_rice;
    EXPECT_EQ(Of(2)[1 - of_rice], 60) << of_rice;
    EXPECT_EQ(proposal_.summary.items_asked_for(), 120);
    for (const ProposedLine& line : proposal_.lines) {
      const bool rice = line.line.lot() == LotName(1);
      EXPECT_EQ(line.line.asked_for(), rice ? "お米 5kg" : "乾麺");
      EXPECT_THAT(line.line.explanation(),
                  HasSubstr(rice ? "The group had asked for it: \"お米 5kg\"." : "asked for it: \"乾麺\""));
      EXPECT_THAT(line.line.explanation_ja(), HasSubstr(rice ? "団体の希望「お米 5kg」に合う品です。" : "「乾麺」"));
    }
  }
}

// Four cases of rice or two of noodles are as much food. The far group asked for the rice; on the shortest way it gets
// the noodles: two cases go 31 km and four go 1 km, against four and two, which is 60 case-kilometres more. That is as
// much as four cases of which each goes 15 km farther.
TEST_F(NeedsOfGroups, CountSoManyKilometres) {
  AddStock(snapshot_, 1, 40);
  stock::v1::Lot& noodles = *AddStock(snapshot_, 2, 40).mutable_lot();
  noodles = Noodles(2);
  noodles.set_items_per_case(20);
  AddGroup(snapshot_, 1);
  AddGroup(snapshot_, 31);
  const auto near_and_far = [&] {
    Solve();
    return Of(1);
  };
  EXPECT_THAT(near_and_far(), ElementsAre(40, 0)) << "nobody asked";
  const int64_t shortest = proposal_.summary.case_kilometres();
  EXPECT_EQ(proposal_.summary.case_kilometres_bound(), shortest);
  Ask(1, 1, type::v1::FOOD_CATEGORY_RICE, "お米");
  EXPECT_THAT(near_and_far(), ElementsAre(0, 40)) << "20 km unless it is said";
  EXPECT_EQ(proposal_.summary.case_kilometres(), shortest + 60);
  EXPECT_EQ(proposal_.summary.case_kilometres_bound(), shortest + 60) << "of ways that heed as much";
  for (const auto& [kilometres, heeded] : {std::pair(0, false), {14, false}, {16, true}, {1'000, true}}) {
    snapshot_.mutable_options()->set_need_kilometres(kilometres);
    EXPECT_THAT(near_and_far(), heeded ? ElementsAre(0, 40) : ElementsAre(40, 0)) << kilometres;
    EXPECT_EQ(proposal_.summary.items_asked_for(), heeded ? 40 : 0);
    EXPECT_EQ(proposal_.summary.case_kilometres_bound(), proposal_.summary.case_kilometres()) << kilometres;
  }
}

TEST_F(NeedsOfGroups, EndOnTheirLastDay) {
  AddStock(snapshot_, 1, 60);
  *AddStock(snapshot_, 2, 60).mutable_lot() = Noodles(2);
  AddGroup(snapshot_, 3);
  AddGroup(snapshot_, 4);
  snapshot_.mutable_groups(1)->mutable_group()->add_receiving_days(groups::v1::WEEKDAY_FRIDAY);  // two days on
  for (const auto& [until, heeded] : {std::pair("2026-11-19", false), {"2026-11-20", true}, {"20xx", false}}) {
    for (const auto category : {type::v1::FOOD_CATEGORY_RICE, type::v1::FOOD_CATEGORY_NOODLES}) {
      snapshot_.mutable_groups(1)->clear_needs();
      Ask(1, 1, category, "今週だけ").set_until_date(until);
      Solve();
      EXPECT_EQ(proposal_.summary.items_asked_for(), heeded ? 60 : 0) << until;
      if (heeded) {
        EXPECT_EQ(Of(category == type::v1::FOOD_CATEGORY_RICE ? 1 : 2)[1], 60) << until;
      }
    }
  }
}

// Three lots of rice and three of noodles; the group asked for as much as one of them.
TEST_F(NeedsOfGroups, CountUpToTheirQuantity) {
  for (int lot = 1; lot <= 3; ++lot) {
    AddStock(snapshot_, lot, 20);
    stock::v1::Lot& noodles = *AddStock(snapshot_, lot + 3, 20).mutable_lot();
    noodles = Noodles(lot + 3);
    noodles.set_items_per_case(20);
  }
  AddGroup(snapshot_, 1);
  AddGroup(snapshot_, 15);  // the rice is the longer way for it: 14 km for a case more than with noodles
  const auto rice = [&] {
    Solve();
    return Of(1)[1] + Of(2)[1] + Of(3)[1];
  };
  EXPECT_EQ(rice(), 0);
  Ask(1, 1, type::v1::FOOD_CATEGORY_RICE, "お米");
  EXPECT_EQ(rice(), 60);
  snapshot_.mutable_groups(1)->mutable_needs(0)->set_quantity(20);
  EXPECT_EQ(rice(), 20);
  snapshot_.mutable_groups(1)->mutable_needs(0)->set_quantity(3);
  snapshot_.mutable_groups(1)->mutable_needs(0)->set_unit(groups::v1::NEED_UNIT_CASES);
  EXPECT_EQ(rice(), 40) << "three cases of ten: one lot and half of the next, which is not divided on purpose";
  // What is pinned counts.
  snapshot_.mutable_groups(1)->mutable_needs(0)->set_quantity(2);
  pb::Pin& pin = *snapshot_.mutable_options()->add_pins();
  pin.set_lot(LotName(3));
  pin.set_place(kPlace);
  pin.set_group(GroupName(15));
  pin.set_items(20);
  pin.set_reason("電話で約束");
  EXPECT_EQ(rice(), 20);
}

TEST_F(NeedsOfGroups, OfGoodsWithoutFoodValueComeFirst) {
  stock::v1::Lot& nappies = *AddStock(snapshot_, 1, 60).mutable_lot();
  nappies.set_category(type::v1::FOOD_CATEGORY_NON_FOOD);
  nappies.set_milli_person_days(0);
  for (int number = 1; number <= 3; ++number) {
    AddGroup(snapshot_, number).mutable_group()->add_accepted_categories(type::v1::FOOD_CATEGORY_NON_FOOD);
  }
  Solve();
  EXPECT_THAT(Of(1), ElementsAre(20, 20, 20));
  Ask(2, 1, type::v1::FOOD_CATEGORY_NON_FOOD, "おむつ").set_quantity(40);
  Solve();
  EXPECT_THAT(Of(1), ElementsAre(10, 10, 40));
  snapshot_.mutable_groups(2)->mutable_needs(0)->clear_quantity();
  Solve();
  EXPECT_THAT(Of(1), ElementsAre(0, 0, 60)) << "it can use any number, nobody else asked";
  Ask(0, 2, type::v1::FOOD_CATEGORY_NON_FOOD, "おむつ");
  Solve();
  EXPECT_THAT(Of(1), ElementsAre(30, 0, 30));
  snapshot_.mutable_options()->set_need_kilometres(0);
  Solve();
  EXPECT_THAT(Of(1), ElementsAre(20, 20, 20));
}

TEST_F(NeedsOfGroups, AreToldToTheGroup) {
  AddStock(snapshot_, 1, 60);
  stock::v1::Lot& salty = *AddStock(snapshot_, 2, 60).mutable_lot();
  salty = Noodles(2);
  salty.add_tags(type::v1::DIETARY_TAG_NEEDS_COOKING);
  AddGroup(snapshot_, 1);
  Ask(0, 1, type::v1::FOOD_CATEGORY_RICE, "お米");
  Ask(0, 2, type::v1::FOOD_CATEGORY_NOODLES, "乾麺");
  Ask(0, 3, type::v1::FOOD_CATEGORY_BABY, "離乳食");
  Ask(0, 4, type::v1::FOOD_CATEGORY_RICE, "先月のお米").set_until_date("2026-10-31");
  snapshot_.mutable_groups(0)->mutable_group()->add_excluded_tags(type::v1::DIETARY_TAG_NEEDS_COOKING);
  Canonicalise(snapshot_);
  const auto solved = *allocation::Solve(CanonicalBytes(snapshot_));
  std::vector<pb::Line> lines;
  for (const ProposedLine& line : solved->proposal.lines) lines.push_back(line.line);
  const pb::ExplainGroupResponse told = TellGroup(*solved, 0, lines, /*all_groups=*/false);
  ASSERT_EQ(told.asked_for_size(), 3);
  EXPECT_EQ(told.asked_for(0).text(), "お米");
  EXPECT_EQ(told.asked_for(0).items(), 60);
  EXPECT_EQ(told.asked_for(1).lots(), 1);
  EXPECT_EQ(told.asked_for(1).eligible_lots(), 0);
  EXPECT_EQ(told.asked_for(2).lots(), 0);
  EXPECT_THAT(told.text(), HasSubstr("It had asked for \"お米\": 60 items."));
  EXPECT_THAT(told.text(), HasSubstr("\"乾麺\": there is some, and rules keep it from the group."));
  EXPECT_THAT(told.text(), HasSubstr("\"離乳食\": there is none of it this time."));
  EXPECT_THAT(told.text_ja(), HasSubstr("ご希望の「お米」：60点です。"));
  EXPECT_THAT(told.text_ja(), Not(HasSubstr("先月")));
}

// Networks by chance: needs change who gets what, and never how much is saved or how even it is.
TEST_F(NeedsOfGroups, CostNoFoodAndNoFairness) {
  std::mt19937 random(7);
  const auto to = [&](int most) { return static_cast<int>(random() % most); };
  int differ = 0;
  int64_t heeded = 0, by_chance = 0;
  for (int round = 0; round < 60; ++round) {
    snapshot_ = EmptySnapshot();
    for (int lot = 1; lot <= 8; ++lot) {
      v1::SnapshotStock& stock = AddStock(snapshot_, lot, 10 * (1 + to(8)));
      stock.mutable_lot()->set_category(static_cast<type::v1::FoodCategory>(1 + to(4)));
      if (to(4) == 0) stock.mutable_lot()->mutable_good_until()->set_date("2026-11-25");
    }
    for (int number = 1; number <= 6; ++number) {
      groups::v1::Group& group = *AddGroup(snapshot_, 1 + 7 * number).mutable_group();
      group.set_households(5 + to(20));
      for (int category = 1; category <= 4; ++category) {
        if (to(3) > 0) group.add_accepted_categories(static_cast<type::v1::FoodCategory>(category));
      }
    }
    Solve();
    const Proposal without = std::move(proposal_);
    const int asking = 1 + to(6);
    for (int i = 0; i < asking; ++i) {
      groups::v1::Need& need = Ask(to(6), i, static_cast<type::v1::FoodCategory>(1 + to(4)), "希望");
      if (to(2) == 0) need.set_quantity(1 + to(40));
    }
    Solve();
    EXPECT_EQ(proposal_.summary.given_out_milli_person_days(), without.summary.given_out_milli_person_days()) << round;
    EXPECT_EQ(proposal_.summary.given_out_bound_milli_person_days(),
              without.summary.given_out_bound_milli_person_days());
    EXPECT_EQ(proposal_.summary.least_served_bound(), without.summary.least_served_bound()) << round;
    for (size_t g = 0; g < without.outcome.groups.size(); ++g) {
      const GroupOutcome &now = proposal_.outcome.groups[g], &before = without.outcome.groups[g];
      EXPECT_EQ(fairflow::Compare(now.fair, before.fair), 0) << round << ": group " << g;
      // Whole cases are rounded on another way: a case here or there.
      EXPECT_LE(std::abs(now.after.food - before.after.food), 1'000) << round << ": group " << g;
    }
    differ += proposal_.result_hash != without.result_hash;
    heeded += proposal_.summary.items_asked_for();

    // Equal bytes in whatever order the needs were read.
    const absl::StatusOr<Replay> replay = ReplaySnapshot(CanonicalBytes(snapshot_));
    ASSERT_TRUE(replay.ok()) << replay.status();
    EXPECT_EQ(replay->result_hash, proposal_.result_hash);
    EXPECT_EQ(replay->permuted_hash, proposal_.result_hash);

    // Where they do not count, it is as if nobody had asked, but for the words.
    snapshot_.mutable_options()->set_need_kilometres(0);
    Solve();
    ASSERT_EQ(proposal_.lines.size(), without.lines.size()) << round;
    for (size_t i = 0; i < without.lines.size(); ++i) {
      EXPECT_EQ(proposal_.lines[i].line.lot(), without.lines[i].line.lot());
      EXPECT_EQ(proposal_.lines[i].line.items(), without.lines[i].line.items());
    }
    by_chance += proposal_.summary.items_asked_for();
  }
  EXPECT_GT(differ, 30);
  EXPECT_GT(heeded, by_chance * 5 / 4);
}

}  // namespace
}  // namespace kubari::allocation
