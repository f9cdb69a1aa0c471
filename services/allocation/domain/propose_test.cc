#include "services/allocation/domain/propose.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "services/allocation/domain/explain.h"
#include "services/allocation/domain/group_story.h"
#include "services/allocation/domain/replay.h"
#include "services/allocation/test_network.h"

namespace kubari::allocation {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::Pair;
using ::testing::SizeIs;

// Two lots and three groups. The second group is twice as large; the third excludes egg, which the first lot contains.
pb::Snapshot SmallNetwork() {
  pb::Snapshot snapshot = EmptySnapshot();
  stock::v1::Lot& with_egg = *AddStock(snapshot, 1, 60).mutable_lot();
  with_egg.clear_allergens();
  with_egg.mutable_allergens()->add_contains(type::v1::ALLERGEN_EGG);
  AddStock(snapshot, 2, 43);
  AddGroup(snapshot, 1);
  AddGroup(snapshot, 2).mutable_group()->set_households(20);
  AddGroup(snapshot, 3).mutable_group()->add_excluded_allergens(type::v1::ALLERGEN_EGG);
  Canonicalise(snapshot);
  return snapshot;
}

Proposal ProposeOf(const pb::Snapshot& snapshot) {
  absl::StatusOr<Proposal> proposal = Propose(snapshot);
  EXPECT_TRUE(proposal.ok()) << proposal.status();
  return *std::move(proposal);
}

std::vector<std::string> Short(const Proposal& proposal) {
  std::vector<std::string> lines;
  for (const ProposedLine& line : proposal.lines) {
    lines.push_back(absl::StrCat(line.line.group_display_name(), " ", line.line.lot_code(), " ", line.line.items()));
  }
  return lines;
}

TEST(Propose, ASmallNetwork) {
  const pb::Snapshot snapshot = SmallNetwork();
  const Proposal proposal = ProposeOf(snapshot);
  // 103 items for 40 households, in tens and an opened case. The third group can have the second lot alone; 23, 50 and
  // 30 items are as even as cases allow.
  EXPECT_THAT(Short(proposal), ElementsAre("こども食堂001 LOT0001 10", "こども食堂001 LOT0002 13",
                                           "こども食堂002 LOT0001 50", "こども食堂003 LOT0002 30"));
  const pb::Line& line = proposal.lines[0].line;
  EXPECT_EQ(line.lot(), LotName(1));
  EXPECT_EQ(line.place(), kPlace);
  EXPECT_EQ(line.place_display_name(), "東倉庫 A-01");
  EXPECT_EQ(line.warehouse(), kWarehouse);
  EXPECT_EQ(line.product_display_name(), "米 1");
  EXPECT_EQ(line.proposed_items(), 10);
  EXPECT_EQ(line.items_per_case(), 10);
  EXPECT_NEAR(line.distance_metres(), 1'000, 5);
  EXPECT_EQ(line.name(), "");

  const pb::RunSummary& summary = proposal.summary;
  EXPECT_EQ(summary.lots(), 2);
  EXPECT_EQ(summary.groups(), 3);
  EXPECT_EQ(summary.lines(), 4);
  EXPECT_EQ(summary.groups_served(), 3);
  EXPECT_EQ(summary.free_items(), 103);
  EXPECT_EQ(summary.allocated_items(), 103);
  EXPECT_EQ(summary.allocated_grams(), 103 * 500);
  EXPECT_EQ(summary.least_served_before(), 0);
  EXPECT_EQ(summary.least_served_after(), 23 * 100 / 10);   // the first group: milli-person-days per household
  EXPECT_EQ(summary.least_served_bound(), 103 * 100 / 40);  // if cases could be divided
  EXPECT_EQ(summary.groups_eligible(), 3);
  EXPECT_EQ(summary.food_milli_person_days(), 10'300);
  EXPECT_EQ(summary.given_out_milli_person_days(), 10'300);
  EXPECT_EQ(summary.given_out_bound_milli_person_days(), 10'300);
  EXPECT_EQ(summary.gini_before_e6(), 0);
  EXPECT_GT(summary.gini_after_e6(), 0);
  EXPECT_EQ(summary.jain_before_e6(), 1'000'000);
  EXPECT_GT(summary.jain_after_e6(), 950'000);
  EXPECT_LT(summary.jain_after_e6(), 1'000'000);
  EXPECT_EQ(summary.case_kilometres(), 3 * 1 + 5 * 2 + 3 * 3);  // an opened case counts as one
  EXPECT_GT(summary.case_kilometres_bound(), 0);
  EXPECT_THAT(summary.unallocated(), IsEmpty());
}

TEST(Propose, ExplainsWithFacts) {
  pb::Snapshot snapshot = SmallNetwork();
  const Proposal proposal = ProposeOf(snapshot);
  const ProposedLine& second = proposal.lines[2];  // 50 of lot 1 to the second group
  EXPECT_THAT(second.line.explanation(), HasSubstr("50 of 60 free items (5 cases)"));
  EXPECT_THAT(second.line.explanation(),
              HasSubstr("2 groups may have this lot. It shares the food of 2 lots with 2 other groups"));
  EXPECT_THAT(second.line.explanation(), HasSubstr("from 0.00 to 0.25 person-days per household"));
  EXPECT_THAT(second.line.explanation_ja(), HasSubstr("空き在庫60点のうち50点（5ケース）"));
  EXPECT_THAT(second.line.explanation_ja(), HasSubstr("受け取れるのは2団体です。ほかの2団体と2ロットの食品を"));
  EXPECT_THAT(second.line.explanation_ja(), HasSubstr("0.00人日分が0.25人日分"));
  // Who would be next is kept apart, as not every reader may know of other groups.
  EXPECT_EQ(second.next_group, "こども食堂001");
  EXPECT_THAT(second.line.explanation(), Not(HasSubstr("こども食堂001")));
  const ProposedLine& opened = proposal.lines[1];
  EXPECT_THAT(opened.line.explanation(), HasSubstr("13 of 43 free items (1 case and 3 from an opened one)"));
  snapshot.mutable_stock(0)->mutable_lot()->set_min_lot_items(20);
  for (const ProposedLine& line : ProposeOf(snapshot).lines) {
    if (line.line.lot() == LotName(1)) {
      EXPECT_THAT(line.line.explanation(), HasSubstr("at least 20 items to one group"));
    }
  }
}

TEST(Propose, SaysWhyFoodStays) {
  pb::Snapshot snapshot = EmptySnapshot();
  AddStock(snapshot, 1, 50).mutable_lot()->clear_allergens();  // undeclared
  AddStock(snapshot, 2, 30).set_donor_agreement_in_force(false);
  AddStock(snapshot, 3, 20).mutable_lot()->set_min_lot_items(40);
  AddStock(snapshot, 4, 200);
  AddStock(snapshot, 5, 5).mutable_lot()->set_temperature_zone(type::v1::TEMPERATURE_ZONE_FROZEN);
  groups::v1::Group& group = *AddGroup(snapshot, 1).mutable_group();
  group.add_excluded_allergens(type::v1::ALLERGEN_EGG);
  group.mutable_sites(0)->set_ambient_items(100);
  Canonicalise(snapshot);
  std::vector<std::pair<std::string, int64_t>> reasons;
  const Proposal proposal = ProposeOf(snapshot);
  for (const pb::UnallocatedReason& reason : proposal.summary.unallocated()) {
    reasons.emplace_back(reason.reason(), reason.items());
    EXPECT_THAT(reason.message(), HasSubstr(absl::StrCat("(", reason.items(), " items) of ")));
    EXPECT_THAT(reason.message_ja(), HasSubstr("点）が残ります"));
    EXPECT_THAT(reason.message(), Not(HasSubstr(reason.reason())));  // a sentence, not a code
    EXPECT_EQ(reason.permille(), reason.items() * 1'000 / 305);
  }
  EXPECT_THAT(reasons,
              ElementsAre(Pair("NO_CAPACITY", 100), Pair("ALLERGEN_UNKNOWN", 50), Pair("NO_DONOR_AGREEMENT", 30),
                          Pair("BELOW_MINIMUM_LOT", 20), Pair("NO_STORAGE", 5)));
}

TEST(Propose, TheNetworksRulesAndRecallsCount) {
  pb::Snapshot snapshot = EmptySnapshot();
  AddStock(snapshot, 1, 10).mutable_lot()->mutable_good_until()->set_date("2026-12-01");
  pb::SnapshotStock& snack = AddStock(snapshot, 2, 10);
  snack.mutable_lot()->set_category(type::v1::FOOD_CATEGORY_SNACK);
  snack.mutable_lot()->mutable_good_until()->set_date("2026-12-01");
  AddStock(snapshot, 3, 10).mutable_lot()->set_recall("recalls/" + Uuid(7));
  AddGroup(snapshot, 1);
  Canonicalise(snapshot);
  EXPECT_THAT(Short(ProposeOf(snapshot)), SizeIs(2));
  const std::string free = ProposeOf(snapshot).result_hash;
  snapshot.mutable_stock_rules()->set_min_remaining_days_hand_over(14);
  stock::v1::CategoryRule& of_snacks = *snapshot.mutable_stock_rules()->add_categories();
  of_snacks.set_category(type::v1::FOOD_CATEGORY_SNACK);
  of_snacks.set_min_remaining_days_hand_over(13);
  const Proposal proposal = ProposeOf(snapshot);
  EXPECT_NE(proposal.result_hash, free);
  EXPECT_THAT(Short(proposal), ElementsAre("こども食堂001 LOT0002 10"));
  EXPECT_EQ(proposal.judgement.supplies()[1].days_left, 0);
  EXPECT_THAT(proposal.judgement.WhyNot(0, 0)[0].english, HasSubstr("at least 14 are asked for"));
  std::vector<std::string> reasons;
  for (const pb::UnallocatedReason& reason : proposal.summary.unallocated()) reasons.push_back(reason.reason());
  EXPECT_THAT(reasons, ElementsAre("LOT_RECALLED", "REMAINING_DAYS"));
}

// "312 cases of frozen food …": where the storage ends that would be needed.
TEST(Propose, SaysHowFarTheFullStorageReaches) {
  pb::Snapshot snapshot = EmptySnapshot();
  AddStock(snapshot, 1, 3'120).mutable_lot()->set_temperature_zone(type::v1::TEMPERATURE_ZONE_FROZEN);
  for (int group : {1, 7}) AddGroup(snapshot, group).mutable_group()->mutable_sites(0)->set_frozen_items(1);
  Canonicalise(snapshot);
  const Proposal proposal = ProposeOf(snapshot);
  ASSERT_THAT(proposal.summary.unallocated(), SizeIs(1));
  const pb::UnallocatedReason& reason = proposal.summary.unallocated(0);
  EXPECT_EQ(reason.reason(), "NO_CAPACITY");
  EXPECT_EQ(reason.cases(), 312);
  EXPECT_EQ(reason.temperature_zone(), type::v1::TEMPERATURE_ZONE_FROZEN);
  EXPECT_EQ(
      reason.message(),
      "312 cases (3120 items) of frozen goods stay: no group that may have them, up to 7 km away, has free frozen "
      "storage.");
  EXPECT_EQ(reason.message_ja(),
            "冷凍品312ケース（3120点）が残ります：受け取れる団体（7km以内）の冷凍の保管場所に空きがないため。");
  for (pb::SnapshotGroup& group : *snapshot.mutable_groups()) group.mutable_group()->set_max_distance_km(1);
  snapshot.mutable_groups()->DeleteSubrange(0, 1);
  EXPECT_THAT(ProposeOf(snapshot).summary.unallocated(0).message(), HasSubstr("could use them is 7 km away"));
}

TEST(Propose, PinsAreExplained) {
  pb::Snapshot snapshot = SmallNetwork();
  pb::Pin& pin = *snapshot.mutable_options()->add_pins();
  pin.set_lot(LotName(2));
  pin.set_place(kPlace);
  pin.set_group(GroupName(1));
  pin.set_items(30);
  pin.set_reason("誕生会のため");
  const Proposal proposal = ProposeOf(snapshot);
  const auto line = std::ranges::find_if(proposal.lines, [](const auto& l) { return l.line.pinned(); });
  ASSERT_NE(line, proposal.lines.end());
  EXPECT_EQ(line->line.items(), 30);
  EXPECT_EQ(line->line.reason(), "誕生会のため");
  EXPECT_THAT(line->line.explanation_ja(), HasSubstr("前もって決めました：誕生会のため"));
}

// Whoever changes what comes out of an equal snapshot gives the policy a new version: else runs of before look forged.
TEST(Replay, OneVersionHasOneResult) {
  ASSERT_STREQ(kPolicyVersion, "fair-share/6") << "a new version has a new hash here";
  std::mt19937 random(4);
  const auto to = [&](int most) { return static_cast<int>(random() % most); };
  pb::Snapshot snapshot = EmptySnapshot();
  for (int number = 1; number <= 60; ++number) {
    groups::v1::Group& group = *AddGroup(snapshot, number).mutable_group();
    group.set_households(5 + to(60));
    for (int category = 1; category <= 6; ++category) {
      if (to(3) > 0) group.add_accepted_categories(static_cast<type::v1::FoodCategory>(category));
    }
    if (number % 9 > 2) group.set_hub(GroupName(number - number % 9 + 1));
    snapshot.mutable_groups(number - 1)->set_history_milli_person_days(1'000 * to(300));
  }
  for (int number = 1; number <= 200; ++number) {
    stock::v1::Lot& lot = *AddStock(snapshot, number, 10 * (1 + to(40)) + to(4)).mutable_lot();
    lot.set_category(static_cast<type::v1::FoodCategory>(1 + to(6)));
    lot.set_items_per_case(5 + 5 * to(3));
    lot.set_milli_person_days(100 * (1 + to(9)));
    if (to(4) == 0) lot.mutable_good_until()->set_date("2026-11-30");
    if (to(5) == 0) lot.set_min_lot_items(40);
    if (to(2) == 0) lot.mutable_conditions()->set_onward_transfer_allowed(true);
  }
  Canonicalise(snapshot);
  EXPECT_EQ(ProposeOf(snapshot).result_hash, "ae1ad4556c229a6224ba3378627d72febedaa7a8c9c26a8c203c569aff69d903");
}

TEST(Replay, ComesOutTheSameInAnotherOrderAndKnowsItsEngine) {
  pb::Snapshot snapshot = SmallNetwork();
  const std::string bytes = CanonicalBytes(snapshot);
  const absl::StatusOr<Replay> replay = ReplaySnapshot(bytes);
  ASSERT_TRUE(replay.ok());
  EXPECT_EQ(replay->snapshot_hash, Sha256(bytes));
  EXPECT_EQ(replay->result_hash, ProposeOf(snapshot).result_hash);
  EXPECT_EQ(replay->permuted_hash, replay->result_hash);
  snapshot.set_policy_version("fair-share/1");
  EXPECT_EQ(ReplaySnapshot(CanonicalBytes(snapshot)).status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_FALSE(ReplaySnapshot("\x0f\xff").ok());
  pb::Snapshot strange;
  strange.set_policy_version(kPolicyVersion);
  strange.mutable_options()->set_horizon_weeks(-7);
  EXPECT_TRUE(ReplaySnapshot(CanonicalBytes(strange)).ok());
}

class GroupStoryTest : public ::testing::Test {
 protected:
  pb::ExplainGroupResponse Tell(const pb::Snapshot& snapshot, int number, bool all_groups = true) {
    solved_ = *Solve(CanonicalBytes(snapshot));
    const int group = *solved_->proposal.judgement.GroupNamed(GroupName(number));
    std::vector<pb::Line> lines;
    for (const ProposedLine& proposed : solved_->proposal.lines) {
      if (proposed.assignment.group != group) continue;
      lines.push_back(proposed.line);
      lines.back().set_state(pb::LINE_STATE_PROPOSED);
    }
    return TellGroup(*solved_, group, lines, all_groups);
  }
  std::shared_ptr<const Solved> solved_;
};

TEST_F(GroupStoryTest, ThoseWhoShareAreTiedTogether) {
  const pb::ExplainGroupResponse story = Tell(SmallNetwork(), 3);
  EXPECT_EQ(story.items(), 30);
  EXPECT_EQ(story.level_before(), 0);
  EXPECT_EQ(story.level_now(), 300);
  EXPECT_EQ(story.level_solved(), 300);
  EXPECT_EQ(story.level_fair(), 257);
  EXPECT_EQ(story.eligible_lots(), 1);
  EXPECT_EQ(story.tie().group_count(), 3);
  EXPECT_EQ(story.tie().lot_count(), 2);
  EXPECT_THAT(story.tie().groups(), ElementsAre("こども食堂001", "こども食堂002", "こども食堂003"));
  ASSERT_THAT(story.rules(), SizeIs(1));
  EXPECT_EQ(story.rules(0).code(), "ALLERGEN_CONTAINED");
  EXPECT_EQ(story.rules(0).items(), 60);
  EXPECT_THAT(story.text(), HasSubstr("30 items for 2026-11-18"));
  EXPECT_THAT(story.text_ja(), HasSubstr("こども食堂003様へ、2026年11月18日お渡し分として30点です。"));
  EXPECT_THAT(story.text_ja(), HasSubstr("ほかの2団体と2ロットを"));
  EXPECT_THAT(story.text(), Not(HasSubstr("こども食堂001")));
  EXPECT_THAT(Tell(SmallNetwork(), 3, /*all_groups=*/false).tie().groups(), IsEmpty());
}

TEST_F(GroupStoryTest, FullStorageAndTheNextInLine) {
  pb::Snapshot snapshot = SmallNetwork();
  snapshot.mutable_groups(0)->mutable_group()->mutable_sites(0)->set_ambient_items(10);
  const pb::ExplainGroupResponse full = Tell(snapshot, 1);
  ASSERT_THAT(full.full_storage(), SizeIs(1));
  EXPECT_EQ(full.full_storage(0).capacity_items(), 10);
  EXPECT_EQ(full.full_storage(0).used_items(), 10);
  ASSERT_FALSE(full.wishes().empty());
  EXPECT_EQ(full.wishes(0).kind(), "MORE_STORAGE");
  EXPECT_EQ(full.wishes(0).reference(), "AMBIENT");
  EXPECT_THAT(full.text_ja(), HasSubstr("常温の保管場所がもっとあれば"));
  int next = 0;
  for (int group : {1, 2, 3}) next += Tell(snapshot, group).next_for_size();
  EXPECT_GT(next, 0);
}

TEST_F(GroupStoryTest, WhyNothing) {
  pb::Snapshot snapshot = SmallNetwork();
  snapshot.mutable_groups(0)->set_history_milli_person_days(1'000'000);
  const pb::ExplainGroupResponse rich = Tell(snapshot, 1);
  EXPECT_EQ(rich.items(), 0);
  EXPECT_THAT(rich.text(), HasSubstr("There is nothing for こども食堂001 this time."));
  EXPECT_THAT(rich.text(), HasSubstr("100.00 person-days"));
  snapshot.mutable_groups(0)->mutable_group()->clear_agreements();
  const pb::ExplainGroupResponse without = Tell(snapshot, 1);
  EXPECT_EQ(without.eligible_lots(), 0);
  EXPECT_EQ(without.rules(0).code(), "NO_GROUP_AGREEMENT");
  EXPECT_EQ(without.rules(0).lots(), 2);
  EXPECT_EQ(without.wishes(0).kind(), "RULE");
  pb::LeftOut& left_out = *snapshot.mutable_options()->add_left_out();
  left_out.set_group(GroupName(2));
  left_out.set_reason("改装中");
  const pb::ExplainGroupResponse left = Tell(snapshot, 2);
  EXPECT_EQ(left.rules(0).code(), "LEFT_OUT");
  EXPECT_THAT(left.text_ja(), HasSubstr("改装中"));
  ASSERT_THAT(left.by_hand(), SizeIs(1));
  EXPECT_EQ(left.by_hand(0).kind(), "LEFT_OUT");
}

TEST_F(GroupStoryTest, ALotThatTwoRulesKeepAwayComesOnlyWithoutBoth) {
  pb::Snapshot snapshot = SmallNetwork();
  pb::LeftOut& left_out = *snapshot.mutable_options()->add_left_out();
  left_out.set_group(GroupName(2));
  left_out.set_reason("改装中");
  groups::v1::Group& group = *snapshot.mutable_groups(1)->mutable_group();
  ASSERT_EQ(group.name(), GroupName(2));
  snapshot.mutable_stock(0)->mutable_lot()->set_category(type::v1::FOOD_CATEGORY_DRINK);
  group.clear_accepted_categories();
  group.add_accepted_categories(type::v1::FOOD_CATEGORY_RICE);
  const pb::ExplainGroupResponse told = Tell(snapshot, 2);
  EXPECT_EQ(told.rules(0).code(), "LEFT_OUT");
  EXPECT_EQ(told.rules(0).lots(), 2);
  std::map<std::string, std::string> wishes;
  for (const pb::Wish& wish : told.wishes()) wishes[wish.reference()] = wish.message();
  ASSERT_THAT(wishes, SizeIs(2));
  EXPECT_THAT(wishes["LEFT_OUT"], HasSubstr("Without this, 1 more lot"));
  EXPECT_THAT(wishes["CATEGORY_NOT_ACCEPTED,LEFT_OUT"], HasSubstr("Without all of this, 1 more lot"));
}

TEST(Propose, EveryRuleHasASentence) {
  for (int code = 0; code < eligibility::kCodes; ++code) {
    const std::string_view name = eligibility::CodeName(static_cast<eligibility::Code>(code));
    EXPECT_THAT(ExplainStaying({.reason = std::string(name), .items = 2, .cases = 1}).english,
                Not(HasSubstr(std::string(name))));
  }
}

TEST(Propose, HistoryAndClaimsCount) {
  pb::Snapshot snapshot = EmptySnapshot();
  AddStock(snapshot, 1, 40);
  pb::SnapshotGroup& rich = AddGroup(snapshot, 1);
  rich.set_history_milli_person_days(100'000);
  pb::SnapshotGroup& full = AddGroup(snapshot, 2);
  full.set_claimed_ambient_items(985);
  AddGroup(snapshot, 3);
  EXPECT_THAT(Short(ProposeOf(snapshot)), ElementsAre("こども食堂002 LOT0001 10", "こども食堂003 LOT0001 30"));
}

TEST(Propose, TheOrderOfTheInputDoesNotMatter) {
  pb::Snapshot snapshot = EmptySnapshot();
  std::mt19937 random(20261121);
  for (int lot = 0; lot < 12; ++lot) AddStock(snapshot, lot, static_cast<int64_t>(random() % 300));
  for (int group = 0; group < 9; ++group) AddGroup(snapshot, group).mutable_group()->set_households(1 + random() % 40);
  Canonicalise(snapshot);
  const std::string bytes = CanonicalBytes(snapshot);
  const std::string hash = ProposeOf(snapshot).result_hash;
  EXPECT_THAT(hash, SizeIs(64));
  for (int round = 0; round < 20; ++round) {
    pb::Snapshot shuffled = snapshot;
    std::shuffle(shuffled.mutable_stock()->pointer_begin(), shuffled.mutable_stock()->pointer_end(), random);
    std::shuffle(shuffled.mutable_groups()->pointer_begin(), shuffled.mutable_groups()->pointer_end(), random);
    *shuffled.add_stock() = shuffled.stock(0);  // read twice while paging
    Canonicalise(shuffled);
    ASSERT_EQ(CanonicalBytes(shuffled), bytes);
    ASSERT_EQ(ProposeOf(shuffled).result_hash, hash);
  }
  snapshot.mutable_groups(0)->set_history_milli_person_days(1);
  EXPECT_NE(Sha256(CanonicalBytes(snapshot)), Sha256(bytes));
}

TEST(Propose, ExclusionsHoldAtEveryPlaceOfALot) {
  pb::Snapshot snapshot = EmptySnapshot();
  stock::v1::Warehouse& far = *snapshot.add_warehouses();
  far = MakeWarehouse();
  far.set_name("warehouses/" + Uuid(9));
  far.mutable_address()->mutable_position()->set_latitude_e6(43'000'000);
  AddStock(snapshot, 1, 10);
  pb::SnapshotStock& there = AddStock(snapshot, 1, 10);
  there.mutable_place()->set_name("places/" + Uuid(8));
  there.mutable_place()->set_warehouse(far.name());
  AddGroup(snapshot, 1).mutable_group()->set_max_distance_km(50);
  AddGroup(snapshot, 2).mutable_group()->set_max_distance_km(1);
  Canonicalise(snapshot);
  const Judgement judgement(snapshot);
  EXPECT_THAT(judgement.lots(), ElementsAre(LotName(1)));
  const uint32_t too_far = 1u << static_cast<int>(eligibility::Code::kTooFar);
  EXPECT_THAT(judgement.Exclusions(), ElementsAre(ElementsAre(0, too_far)));
  EXPECT_TRUE(judgement.May(0, 0) || judgement.May(1, 0));
  EXPECT_FALSE(judgement.May(0, 1) || judgement.May(1, 1));
}

TEST(Summarise, WhatWasTakenOutByHandIsSaid) {
  const pb::Snapshot snapshot = SmallNetwork();
  const Proposal proposal = ProposeOf(snapshot);
  std::vector<Assignment> rest;
  for (const ProposedLine& line : proposal.lines) rest.push_back(line.assignment);
  rest.pop_back();
  const pb::RunSummary summary = Summarise(snapshot, proposal, rest);
  EXPECT_EQ(summary.allocated_items(), 73);
  EXPECT_EQ(summary.groups_served(), 2);
  EXPECT_EQ(summary.least_served_after(), 0);
  ASSERT_THAT(summary.unallocated(), SizeIs(1));
  EXPECT_EQ(summary.unallocated(0).reason(), "ADJUSTED");
  EXPECT_EQ(summary.unallocated(0).items(), 30);
}

TEST(Propose, AHundredGroupsAndAThousandLots) {
  pb::Snapshot snapshot = EmptySnapshot();
  std::mt19937 random(11);
  for (int lot = 0; lot < 1'000; ++lot) {
    stock::v1::Lot& facts = *AddStock(snapshot, lot, 1 + static_cast<int64_t>(random() % 600)).mutable_lot();
    facts.mutable_good_until()->set_date(absl::StrFormat("2027-%02d", 1 + random() % 12));
    facts.set_items_per_case(1 + random() % 24);
    if (random() % 5 == 0) facts.clear_allergens();
  }
  for (int number = 0; number < 100; ++number) {
    groups::v1::Group& group = *AddGroup(snapshot, number).mutable_group();
    group.set_households(5 + random() % 60);
    group.mutable_sites(0)->set_ambient_items(static_cast<int64_t>(random() % 5'000));
    if (random() % 3 == 0) group.add_excluded_allergens(type::v1::ALLERGEN_EGG);
  }
  Canonicalise(snapshot);
  const Proposal proposal = ProposeOf(snapshot);
  int64_t free = 0, left = 0, given = 0;
  for (const pb::SnapshotStock& stock : snapshot.stock()) free += stock.free_items();
  for (const pb::UnallocatedReason& reason : proposal.summary.unallocated()) left += reason.items();
  for (const ProposedLine& line : proposal.lines) {
    given += line.line.items();
    ASSERT_THAT(proposal.judgement.WhyNot(line.assignment.supply, line.assignment.group), IsEmpty());
  }
  EXPECT_EQ(given + left, free);
  EXPECT_EQ(proposal.summary.allocated_items(), given);
  EXPECT_EQ(ProposeOf(snapshot).result_hash, proposal.result_hash);
}

}  // namespace
}  // namespace kubari::allocation
