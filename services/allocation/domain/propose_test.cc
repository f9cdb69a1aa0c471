#include "services/allocation/domain/propose.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "services/allocation/domain/explain.h"
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

std::vector<std::string> Short(const Proposal& proposal) {
  std::vector<std::string> lines;
  for (const ProposedLine& line : proposal.lines) {
    lines.push_back(absl::StrCat(line.line.group_display_name(), " ", line.line.lot_code(), " ", line.line.items()));
  }
  return lines;
}

TEST(Propose, ASmallNetwork) {
  const pb::Snapshot snapshot = SmallNetwork();
  const Proposal proposal = Propose(snapshot);
  // Both lots end on the same day; the first one, which fewer groups can use, is shared out by households (2 : 4
  // cases). After that the third group has nothing, so the cases of the second lot are its own until it has caught up.
  EXPECT_THAT(Short(proposal),
              ElementsAre("こども食堂001 LOT0001 20", "こども食堂001 LOT0002 10", "こども食堂002 LOT0001 40",
                          "こども食堂002 LOT0002 3", "こども食堂003 LOT0002 30"));
  const pb::Line& line = proposal.lines[0].line;
  EXPECT_EQ(line.lot(), LotName(1));
  EXPECT_EQ(line.place(), kPlace);
  EXPECT_EQ(line.place_display_name(), "東倉庫 A-01");
  EXPECT_EQ(line.warehouse(), kWarehouse);
  EXPECT_EQ(line.product_display_name(), "米 1");
  EXPECT_EQ(line.proposed_items(), 20);
  EXPECT_EQ(line.items_per_case(), 10);
  EXPECT_NEAR(line.distance_metres(), 1'000, 5);
  EXPECT_EQ(line.name(), "");

  const pb::RunSummary& summary = proposal.summary;
  EXPECT_EQ(summary.lots(), 2);
  EXPECT_EQ(summary.groups(), 3);
  EXPECT_EQ(summary.lines(), 5);
  EXPECT_EQ(summary.groups_served(), 3);
  EXPECT_EQ(summary.free_items(), 103);
  EXPECT_EQ(summary.allocated_items(), 103);
  EXPECT_EQ(summary.allocated_grams(), 103 * 500);
  EXPECT_EQ(summary.least_served_before(), 0);
  EXPECT_EQ(summary.least_served_after(), 43 * 100 / 20);  // the second group: milli-person-days per household
  EXPECT_EQ(summary.gini_before_e6(), 0);
  EXPECT_GT(summary.gini_after_e6(), 0);
  EXPECT_EQ(summary.case_kilometres(), 3 * 1 + 5 * 2 + 3 * 3);  // an opened case counts as one
  EXPECT_THAT(summary.unallocated(), IsEmpty());
}

TEST(Propose, ExplainsWithFacts) {
  pb::Snapshot snapshot = SmallNetwork();
  const Proposal proposal = Propose(snapshot);
  const ProposedLine& second = proposal.lines[2];  // 40 of lot 1 to the second group
  EXPECT_THAT(second.line.explanation(), HasSubstr("40 of 60 free items (4 cases)"));
  EXPECT_THAT(second.line.explanation(), HasSubstr("2 groups may have this lot; 0 of them had less"));
  EXPECT_THAT(second.line.explanation(), HasSubstr("from 0.00 to 0.20 person-days per household"));
  EXPECT_THAT(second.line.explanation_ja(), HasSubstr("空き在庫60点のうち40点（4ケース）"));
  EXPECT_THAT(second.line.explanation_ja(), HasSubstr("受け取れる2団体"));
  EXPECT_THAT(second.line.explanation_ja(), HasSubstr("0.00人日分が0.20人日分"));
  // Who would be next is kept apart, as not every reader may know of other groups.
  EXPECT_EQ(second.next_group, "こども食堂001");
  EXPECT_THAT(second.line.explanation(), Not(HasSubstr("こども食堂001")));
  // Both others had more than nothing when the second lot was shared out.
  EXPECT_THAT(proposal.lines[1].line.explanation(), HasSubstr("3 groups may have this lot; 1 of them had less"));
  const ProposedLine& opened = proposal.lines[3];
  EXPECT_THAT(opened.line.explanation(), HasSubstr("3 of 43 free items (an opened case)"));
  snapshot.mutable_stock(0)->mutable_lot()->set_min_lot_items(20);
  EXPECT_THAT(Propose(snapshot).lines[0].line.explanation(), HasSubstr("at least 20 items to one group"));
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
  const Proposal proposal = Propose(snapshot);
  for (const pb::UnallocatedReason& reason : proposal.summary.unallocated()) {
    reasons.emplace_back(reason.reason(), reason.items());
    EXPECT_THAT(reason.message(), HasSubstr(absl::StrCat(reason.items(), " items stay: ")));
    EXPECT_THAT(reason.message_ja(), HasSubstr("点が残ります"));
    EXPECT_THAT(reason.message(), Not(HasSubstr(reason.reason())));  // a sentence, not a code
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
  EXPECT_THAT(Short(Propose(snapshot)), SizeIs(2));
  const std::string free = Propose(snapshot).result_hash;
  snapshot.mutable_stock_rules()->set_min_remaining_days_hand_over(14);
  stock::v1::CategoryRule& of_snacks = *snapshot.mutable_stock_rules()->add_categories();
  of_snacks.set_category(type::v1::FOOD_CATEGORY_SNACK);
  of_snacks.set_min_remaining_days_hand_over(13);
  const Proposal proposal = Propose(snapshot);
  EXPECT_NE(proposal.result_hash, free);
  EXPECT_THAT(Short(proposal), ElementsAre("こども食堂001 LOT0002 10"));
  EXPECT_EQ(proposal.judgement.problem.supplies[1].last_day, absl::CivilDay(2026, 11, 18) - absl::CivilDay(1970, 1, 1));
  EXPECT_THAT(WhyNot(snapshot, proposal.judgement, 0, 0)[0].english, HasSubstr("at least 14 are asked for"));
  std::vector<std::string> reasons;
  for (const pb::UnallocatedReason& reason : proposal.summary.unallocated()) reasons.push_back(reason.reason());
  EXPECT_THAT(reasons, ElementsAre("LOT_RECALLED", "REMAINING_DAYS"));
}

TEST(Propose, EveryRuleHasASentence) {
  for (int code = 0; code < eligibility::kCodes; ++code) {
    const std::string_view name = eligibility::CodeName(static_cast<eligibility::Code>(code));
    EXPECT_THAT(ExplainLeftover(name, 2).english, Not(HasSubstr(std::string(name))));
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
  EXPECT_THAT(Short(Propose(snapshot)), ElementsAre("こども食堂002 LOT0001 10", "こども食堂003 LOT0001 30"));
}

TEST(Propose, TheOrderOfTheInputDoesNotMatter) {
  pb::Snapshot snapshot = EmptySnapshot();
  std::mt19937 random(20261121);
  for (int lot = 0; lot < 12; ++lot) AddStock(snapshot, lot, static_cast<int64_t>(random() % 300));
  for (int group = 0; group < 9; ++group) AddGroup(snapshot, group).mutable_group()->set_households(1 + random() % 40);
  Canonicalise(snapshot);
  const std::string bytes = CanonicalBytes(snapshot);
  const std::string hash = Propose(snapshot).result_hash;
  EXPECT_THAT(hash, SizeIs(64));
  for (int round = 0; round < 20; ++round) {
    pb::Snapshot shuffled = snapshot;
    std::shuffle(shuffled.mutable_stock()->pointer_begin(), shuffled.mutable_stock()->pointer_end(), random);
    std::shuffle(shuffled.mutable_groups()->pointer_begin(), shuffled.mutable_groups()->pointer_end(), random);
    *shuffled.add_stock() = shuffled.stock(0);  // read twice while paging
    Canonicalise(shuffled);
    ASSERT_EQ(CanonicalBytes(shuffled), bytes);
    ASSERT_EQ(Propose(shuffled).result_hash, hash);
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
  const Judgement judgement = JudgeAll(snapshot);
  EXPECT_THAT(judgement.lots, ElementsAre(LotName(1)));
  const uint16_t too_far = 1u << static_cast<int>(eligibility::Code::kTooFar);
  EXPECT_THAT(judgement.exclusions, ElementsAre(ElementsAre(0, too_far)));
  EXPECT_THAT(judgement.problem.arcs, ElementsAre(SizeIs(1), SizeIs(0)));
}

TEST(Summarise, WhatWasTakenOutByHandIsSaid) {
  const pb::Snapshot snapshot = SmallNetwork();
  const Proposal proposal = Propose(snapshot);
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
  const Proposal proposal = Propose(snapshot);
  int64_t free = 0, left = 0, given = 0;
  for (const pb::SnapshotStock& stock : snapshot.stock()) free += stock.free_items();
  for (const pb::UnallocatedReason& reason : proposal.summary.unallocated()) left += reason.items();
  for (const ProposedLine& line : proposal.lines) {
    given += line.line.items();
    ASSERT_THAT(WhyNot(snapshot, proposal.judgement, line.assignment.supply, line.assignment.group), IsEmpty());
  }
  EXPECT_EQ(given + left, free);
  EXPECT_EQ(proposal.summary.allocated_items(), given);
  EXPECT_EQ(Propose(snapshot).result_hash, proposal.result_hash);
}

}  // namespace
}  // namespace kubari::allocation
