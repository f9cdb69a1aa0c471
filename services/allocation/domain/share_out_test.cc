// The policy over small networks, one rule at a time, and over random ones.
#include "services/allocation/domain/share_out.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <map>
#include <random>

#include "services/allocation/domain/propose.h"
#include "services/allocation/test_network.h"

namespace kubari::allocation {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;

Outcome ShareOutOf(const pb::Snapshot& snapshot, int64_t many_pairs = kManyPairs) {
  const Judgement judgement(snapshot);
  absl::StatusOr<Outcome> outcome = ShareOut(snapshot, judgement, many_pairs);
  EXPECT_TRUE(outcome.ok()) << outcome.status();
  return *std::move(outcome);
}

// Items by group, of all supplies or of one.
std::vector<int64_t> Items(const pb::Snapshot& snapshot, const Outcome& outcome, int supply = -1) {
  std::vector<int64_t> items(snapshot.groups_size());
  for (const Share& share : outcome.shares) {
    if (supply < 0 || share.supply == supply) items[share.group] += share.items;
  }
  return items;
}
std::vector<int64_t> Items(const pb::Snapshot& snapshot, int supply = -1) {
  return Items(snapshot, ShareOutOf(snapshot), supply);
}

std::map<Leftover, int64_t> Left(const Outcome& outcome) {
  std::map<Leftover, int64_t> left;
  for (const Unallocated& rest : outcome.unallocated) left[rest.reason] += rest.items;
  return left;
}

// So many groups and one lot after the other.
pb::Snapshot Network(int groups, const std::vector<int64_t>& free_items) {
  pb::Snapshot snapshot = EmptySnapshot();
  for (int group = 1; group <= groups; ++group) AddGroup(snapshot, group);
  for (size_t lot = 0; lot < free_items.size(); ++lot) AddStock(snapshot, static_cast<int>(lot) + 1, free_items[lot]);
  Canonicalise(snapshot);
  return snapshot;
}

TEST(ShareOut, SharesByWeightedHouseholds) {
  pb::Snapshot snapshot = Network(2, {60});
  snapshot.mutable_groups(1)->mutable_group()->set_households(20);
  EXPECT_THAT(Items(snapshot), ElementsAre(20, 40));
  snapshot.mutable_groups(1)->mutable_group()->set_households(10);
  snapshot.mutable_groups(1)->mutable_group()->set_need_percent(200);
  EXPECT_THAT(Items(snapshot), ElementsAre(20, 40));
}

TEST(ShareOut, WhoGotLessBeforeGetsMoreNow) {
  pb::Snapshot snapshot = Network(2, {40});
  snapshot.mutable_groups(0)->set_history_milli_person_days(4'000);
  EXPECT_THAT(Items(snapshot), ElementsAre(0, 40));
}

TEST(ShareOut, WhatEndsFirstIsSavedFirst) {
  pb::Snapshot snapshot = Network(1, {10, 10});
  snapshot.mutable_groups(0)->mutable_group()->mutable_sites(0)->set_ambient_items(10);  // for one case
  snapshot.mutable_stock(1)->mutable_lot()->mutable_good_until()->set_date("2026-11-30");
  const Outcome outcome = ShareOutOf(snapshot);
  EXPECT_THAT(Items(snapshot, outcome, 1), ElementsAre(10));
  EXPECT_THAT(Left(outcome), ElementsAre(Pair(Leftover::kNoRoom, 10)));
  EXPECT_TRUE(outcome.groups[0].wanting[0]);
  EXPECT_FALSE(outcome.groups[0].wanting[1]);
}

TEST(ShareOut, TheNearerOfEqualsGetsTheOnlyCase) {
  pb::Snapshot snapshot = Network(2, {10});
  std::swap(*snapshot.mutable_groups(0)->mutable_group()->mutable_sites(),
            *snapshot.mutable_groups(1)->mutable_group()->mutable_sites());
  EXPECT_THAT(Items(snapshot), ElementsAre(0, 10));
}

TEST(ShareOut, WithATolerancePeopleNearbyGetMore) {
  pb::Snapshot snapshot = Network(2, {1'000});
  snapshot.mutable_groups(1)->mutable_group()->mutable_sites(0)->mutable_address()->mutable_position()->set_latitude_e6(
      39'000'000);
  EXPECT_THAT(Items(snapshot), ElementsAre(500, 500));
  snapshot.mutable_options()->set_tolerance_permille(100);
  EXPECT_THAT(Items(snapshot), ElementsAre(550, 450));
}

TEST(ShareOut, NobodyGetsLessThanTheSmallestQuantity) {
  pb::Snapshot snapshot = Network(3, {100});
  snapshot.mutable_stock(0)->mutable_lot()->set_min_lot_items(45);
  std::vector<int64_t> items = Items(snapshot);
  EXPECT_THAT(items, UnorderedElementsAre(0, 50, 50));
  // What is too little for a second share comes on top of the first, the opened case too.
  snapshot.mutable_stock(0)->set_free_items(83);
  EXPECT_THAT(Items(snapshot), UnorderedElementsAre(0, 0, 83));
  // Less than whole cases of it, but enough.
  snapshot.mutable_stock(0)->set_free_items(47);
  EXPECT_THAT(Items(snapshot), UnorderedElementsAre(0, 0, 47));
  snapshot.mutable_stock(0)->set_free_items(44);
  EXPECT_THAT(Left(ShareOutOf(snapshot)), ElementsAre(Pair(Leftover::kBelowMinimumLot, 44)));
}

TEST(ShareOut, AnOpenedCaseGoesToOneGroupWhole) {
  EXPECT_THAT(Items(Network(2, {13})), UnorderedElementsAre(10, 3));
  EXPECT_THAT(Items(Network(2, {3})), UnorderedElementsAre(0, 3));
}

TEST(ShareOut, GoodsWithoutFoodValueGoToWhoeverHadFewest) {
  pb::Snapshot snapshot = Network(2, {60, 40});
  snapshot.mutable_stock(0)->mutable_lot()->set_milli_person_days(0);
  snapshot.mutable_stock(1)->mutable_lot()->set_milli_person_days(0);
  snapshot.mutable_groups(0)->set_history_milli_person_days(50'000);  // says nothing about soap
  EXPECT_THAT(Items(snapshot), ElementsAre(50, 50));
}

TEST(ShareOut, SaysWhyFoodStays) {
  pb::Snapshot snapshot = Network(1, {5, 10, 2'000, 10});
  snapshot.mutable_stock(0)->mutable_lot()->clear_allergens();
  snapshot.mutable_stock(1)->mutable_lot()->set_min_lot_items(20);
  snapshot.mutable_groups(0)->mutable_group()->add_excluded_allergens(type::v1::ALLERGEN_EGG);
  pb::LeftOut& left_out = *snapshot.mutable_options()->add_left_out();
  left_out.set_lot(LotName(4));
  left_out.set_reason("行事用");
  EXPECT_THAT(Left(ShareOutOf(snapshot)),
              ElementsAre(Pair(Leftover::kNoEligibleGroup, 5), Pair(Leftover::kNoRoom, 1'000),
                          Pair(Leftover::kBelowMinimumLot, 10), Pair(Leftover::kLeftOut, 10)));
}

TEST(ShareOut, PinsAreKeptExactlyAndTheRestIsSolvedAroundThem) {
  pb::Snapshot snapshot = Network(3, {60, 60});
  const auto pin = [&](int lot, int group, int64_t items) {
    pb::Pin& made = *snapshot.mutable_options()->add_pins();
    made.set_lot(LotName(lot));
    made.set_place(kPlace);
    made.set_group(GroupName(group));
    made.set_items(items);
    made.set_reason("約束済み");
  };
  pin(1, 1, 50);
  pin(2, 1, 0);
  const Outcome outcome = ShareOutOf(snapshot);
  EXPECT_THAT(Items(snapshot, outcome, 0)[0], 50);
  EXPECT_THAT(Items(snapshot, outcome, 1)[0], 0);
  EXPECT_THAT(Items(snapshot, outcome), UnorderedElementsAre(50, 40, 30));
  EXPECT_EQ(outcome.shares[0].pin, 0);
  // Against storage: the coordinator knows.
  snapshot.mutable_groups(0)->mutable_group()->mutable_sites(0)->set_ambient_items(20);
  EXPECT_THAT(Items(snapshot)[0], 50);
}

TEST(ShareOut, WhatKeepsLongestIsHeldBackAndUrgentFoodNever) {
  pb::Snapshot snapshot = Network(2, {100, 100, 100});
  snapshot.mutable_stock(0)->mutable_lot()->mutable_good_until()->set_date("2026-11-25");  // urgent
  snapshot.mutable_stock(1)->mutable_lot()->mutable_good_until()->set_date("2027-03");
  pb::HoldBack& hold = *snapshot.mutable_options()->add_hold_backs();
  hold.set_items(125);
  hold.set_reason("災害用");
  std::vector<int64_t> held(3);
  for (const Unallocated& rest : ShareOutOf(snapshot).unallocated) {
    EXPECT_EQ(rest.reason, Leftover::kHeldBack);
    held[rest.supply] += rest.items;
  }
  EXPECT_THAT(held, ElementsAre(0, 20, 100));
  hold.clear_items();
  hold.set_permille(1'000);
  EXPECT_THAT(Left(ShareOutOf(snapshot)), ElementsAre(Pair(Leftover::kHeldBack, 200)));
  hold.set_permille(300);
  hold.set_temperature_zone(type::v1::TEMPERATURE_ZONE_FROZEN);
  EXPECT_THAT(Left(ShareOutOf(snapshot)), IsEmpty());
  hold.set_temperature_zone(type::v1::TEMPERATURE_ZONE_AMBIENT);
  hold.set_category(type::v1::FOOD_CATEGORY_RICE);
  EXPECT_THAT(Left(ShareOutOf(snapshot)), ElementsAre(Pair(Leftover::kHeldBack, 60)));
}

TEST(ShareOut, FloorsComeFirstAndCapsAreKept) {
  pb::Snapshot snapshot = Network(3, {90});
  const auto bound = [&](int group, int64_t floor, int64_t cap) {
    pb::GroupBound& made = *snapshot.mutable_options()->add_group_bounds();
    made.set_group(GroupName(group));
    made.set_floor(floor);
    made.set_cap(cap);
  };
  // Ten households: 500 thousandths of a person-day each are 50 items of a tenth.
  bound(1, 500, 0);
  bound(2, 0, 100);
  EXPECT_THAT(Items(snapshot), ElementsAre(50, 10, 30));
  snapshot.mutable_options()->mutable_group_bounds(0)->set_floor(0);
  bound(1, 0, 100);
  bound(3, 0, 100);
  snapshot.mutable_options()->mutable_group_bounds()->DeleteSubrange(0, 1);
  const Outcome outcome = ShareOutOf(snapshot);
  EXPECT_THAT(Items(snapshot, outcome), ElementsAre(10, 10, 10));
  EXPECT_THAT(Left(outcome), ElementsAre(Pair(Leftover::kAtCap, 60)));
}

TEST(ShareOut, WhoIsLeftOutGetsNothing) {
  pb::Snapshot snapshot = Network(2, {40, 40});
  pb::LeftOut& pair = *snapshot.mutable_options()->add_left_out();
  pair.set_lot(LotName(1));
  pair.set_group(GroupName(1));
  EXPECT_THAT(Items(snapshot, 0), ElementsAre(0, 40));
  EXPECT_THAT(Items(snapshot, 1), ElementsAre(40, 0));
  pair.clear_lot();
  EXPECT_THAT(Items(snapshot), ElementsAre(0, 80));
  EXPECT_EQ(ShareOutOf(snapshot).groups[0].tie, -1);
}

TEST(ShareOut, ACapacityOfThisTimeStandsInForTheProfile) {
  pb::Snapshot snapshot = Network(2, {100});
  snapshot.mutable_groups(0)->set_claimed_ambient_items(1'000);
  EXPECT_THAT(Items(snapshot), ElementsAre(0, 100));
  pb::CapacityOverride& own = *snapshot.mutable_options()->add_capacities();
  own.set_group(GroupName(1));
  own.set_temperature_zone(type::v1::TEMPERATURE_ZONE_AMBIENT);
  own.set_items(30);
  EXPECT_THAT(Items(snapshot), ElementsAre(30, 70));
}

// 2026-11-18 is a Wednesday.
TEST(ShareOut, AGroupIsJudgedForItsNextReceivingDay) {
  pb::Snapshot snapshot = Network(2, {40});
  groups::v1::Group& group = *snapshot.mutable_groups(0)->mutable_group();
  group.add_receiving_days(groups::v1::WEEKDAY_TUESDAY);
  group.add_receiving_days(groups::v1::WEEKDAY_MONDAY);
  EXPECT_EQ(Judgement(snapshot).DayOf(0), absl::CivilDay(2026, 11, 23));
  EXPECT_EQ(Judgement(snapshot).DayOf(1), absl::CivilDay(2026, 11, 18));
  EXPECT_THAT(Items(snapshot), ElementsAre(20, 20));
  snapshot.mutable_stock(0)->mutable_lot()->mutable_good_until()->set_date("2026-11-22");
  EXPECT_THAT(Items(snapshot), ElementsAre(0, 40));
  group.add_receiving_days(groups::v1::WEEKDAY_SUNDAY);
  EXPECT_THAT(Items(snapshot), ElementsAre(20, 20));
  group.clear_agreements();
  EXPECT_THAT(Items(snapshot), ElementsAre(0, 40));
}

// Only the first group may have what comes next week, so today's goods go to the second.
TEST(ShareOut, WhatIsExpectedCountsInTheHorizon) {
  pb::Snapshot snapshot = Network(2, {40});
  snapshot.mutable_groups(1)->mutable_group()->add_excluded_tags(type::v1::DIETARY_TAG_NEEDS_COOKING);
  pb::SnapshotExpected& expected = *snapshot.add_expected();
  *expected.mutable_lot() = MakeLot(9);
  expected.mutable_lot()->add_tags(type::v1::DIETARY_TAG_NEEDS_COOKING);
  expected.set_warehouse(kWarehouse);
  expected.set_items(40);
  expected.set_ready_date("2026-11-25");
  expected.set_donor_agreement_in_force(true);
  EXPECT_THAT(Items(snapshot), ElementsAre(20, 20));
  snapshot.mutable_options()->set_horizon_weeks(1);
  const Outcome outcome = ShareOutOf(snapshot);
  EXPECT_THAT(Items(snapshot, outcome), ElementsAre(0, 40));
  EXPECT_EQ(outcome.given_out, 8'000);  // with the plan for next week
  EXPECT_EQ(outcome.given_out_bound, 8'000);
  expected.set_ready_date("2026-11-26");  // in the week after next
  EXPECT_THAT(Items(snapshot), ElementsAre(20, 20));
  snapshot.mutable_options()->set_horizon_weeks(2);
  EXPECT_THAT(Items(snapshot), ElementsAre(0, 40));
}

TEST(ShareOut, WhatHasNoLaterChanceGoesNowAndTheRestWhenThereIsRoom) {
  pb::Snapshot snapshot = Network(1, {100, 100});
  snapshot.mutable_groups(0)->mutable_group()->mutable_sites(0)->set_ambient_items(100);
  snapshot.mutable_stock(1)->mutable_lot()->mutable_good_until()->set_date("2026-11-24");  // before the next week
  snapshot.mutable_options()->set_horizon_weeks(2);
  const Outcome outcome = ShareOutOf(snapshot);
  EXPECT_THAT(Items(snapshot, outcome, 1), ElementsAre(100));
  EXPECT_THAT(Left(outcome), ElementsAre(Pair(Leftover::kKeptForLater, 100)));
  EXPECT_EQ(outcome.case_metres_bound, 0);
}

TEST(ShareOut, ExtremeInputHasAnAnswer) {
  EXPECT_THAT(ShareOutOf(EmptySnapshot()).shares, IsEmpty());
  EXPECT_THAT(ShareOutOf(Network(0, {50})).shares, IsEmpty());
  EXPECT_THAT(ShareOutOf(Network(5, {})).groups, SizeIs(5));
  EXPECT_THAT(ShareOutOf(Network(2, {0})).shares, IsEmpty());

  pb::Snapshot giant = Network(2, {1'000'000'000});
  giant.mutable_stock(0)->mutable_lot()->set_milli_person_days(1'000'000);
  for (int group = 0; group < 2; ++group)
    giant.mutable_groups(group)->mutable_group()->mutable_sites(0)->set_ambient_items(2'000'000'000);
  giant.mutable_groups(1)->mutable_group()->set_households(100'000);
  const std::vector<int64_t> items = Items(giant);
  EXPECT_EQ(items[0] + items[1], 1'000'000'000);
  EXPECT_NEAR(static_cast<double>(items[0]), 1e9 / 10'001, 10);
  giant.mutable_stock(0)->mutable_lot()->set_milli_person_days(0);
  const std::vector<int64_t> soap = Items(giant);
  EXPECT_EQ(soap[0] + soap[1], 1'000'000'000);

  // More than can be counted: said, not guessed.
  pb::Snapshot beyond = Network(1, {int64_t{1} << 40, int64_t{1} << 40});
  for (int lot = 0; lot < 2; ++lot) beyond.mutable_stock(lot)->mutable_lot()->set_milli_person_days(1 << 20);
  EXPECT_FALSE(ShareOut(beyond, Judgement(beyond)).ok());

  pb::Snapshot full = Network(3, {70});
  for (int group = 0; group < 3; ++group)
    full.mutable_groups(group)->mutable_group()->mutable_sites(0)->set_ambient_items(1);
  EXPECT_THAT(Left(ShareOutOf(full)), ElementsAre(Pair(Leftover::kNoRoom, 70)));

  pb::Snapshot today = Network(4, {40, 80});
  for (int lot = 0; lot < 2; ++lot) {
    type::v1::GoodUntil& date = *today.mutable_stock(lot)->mutable_lot()->mutable_good_until();
    date.set_kind(type::v1::DATE_KIND_USE_BY);
    date.set_date(kToday);
  }
  EXPECT_THAT(Items(today), ElementsAre(30, 30, 30, 30));
}

// One lot, storage that does not bind: compared with every division of the cases there is. The sorted levels are the
// largest possible, lexicographically.
TEST(ShareOut, OneLotIsLeximinOptimal) {
  std::mt19937 random(20261121);
  const auto less = [](const Level& a, const Level& b) { return Less(a, b); };
  const auto sorted = [&](std::vector<Level> levels) {
    std::sort(levels.begin(), levels.end(), less);
    return levels;
  };
  for (int round = 0; round < 300; ++round) {
    SCOPED_TRACE(round);
    const int groups = 1 + static_cast<int>(random() % 4);
    const int cases = 1 + static_cast<int>(random() % 7);
    pb::Snapshot snapshot = Network(groups, {cases * 2});
    snapshot.mutable_stock(0)->mutable_lot()->set_items_per_case(2);
    std::vector<Level> levels, ours;
    for (int group = 0; group < groups; ++group) {
      snapshot.mutable_groups(group)->mutable_group()->set_households(1 + random() % 5);
      snapshot.mutable_groups(group)->set_history_milli_person_days(static_cast<int64_t>(random() % 20) * 50);
    }
    const Outcome outcome = ShareOutOf(snapshot);
    for (const GroupOutcome& group : outcome.groups) {
      levels.push_back(group.before);
      ours.push_back(group.after);
    }
    ours = sorted(ours);
    const std::function<void(int, int)> divide = [&](int group, int left) {
      if (group + 1 == groups) {
        std::vector<Level> all = levels;
        all[group].food += left * 200;
        all = sorted(all);
        ASSERT_FALSE(std::lexicographical_compare(ours.begin(), ours.end(), all.begin(), all.end(), less));
        return;
      }
      for (int give = 0; give <= left; ++give) {
        levels[group].food += give * 200;
        divide(group + 1, left - give);
        levels[group].food -= give * 200;
      }
    };
    divide(0, cases);
  }
}

pb::Snapshot RandomNetwork(std::mt19937& random, bool hubs = false) {
  const auto below = [&](int limit) { return static_cast<int>(random() % limit); };
  pb::Snapshot snapshot = EmptySnapshot();
  for (int number = 1; number <= 2 + below(10); ++number) {
    pb::SnapshotGroup& seen = AddGroup(snapshot, number);
    groups::v1::Group& group = *seen.mutable_group();
    group.set_households(1 + below(40));
    group.mutable_sites(0)->set_ambient_items(below(400));
    group.mutable_sites(0)->set_chilled_items(below(3) * below(100));
    if (below(4) == 0) group.add_excluded_tags(type::v1::DIETARY_TAG_STOCKPILE);
    if (below(4) == 0) group.set_max_distance_km(1 + below(8));
    if (below(3) == 0) group.add_receiving_days(static_cast<groups::v1::Weekday>(1 + below(7)));
    seen.set_history_milli_person_days(below(30'000));
    seen.set_claimed_ambient_items(below(3) * below(150));
    if (hubs && below(2) == 0) group.set_hub(GroupName(1 + below(3)));
    if (hubs && below(5) == 0) group.add_excluded_allergens(type::v1::ALLERGEN_WHEAT);  // which no lot declares
  }
  for (int number = 1; number <= 1 + below(12); ++number) {
    pb::SnapshotStock& stock = AddStock(snapshot, number, below(500));
    stock::v1::Lot& lot = *stock.mutable_lot();
    lot.set_items_per_case(1 + below(24));
    lot.set_milli_person_days(below(5) == 0 ? 0 : 20 + below(900));
    if (below(3) == 0) lot.set_min_lot_items(2 + below(60));
    if (below(4) == 0) lot.add_tags(type::v1::DIETARY_TAG_STOCKPILE);
    if (below(3) == 0) lot.set_temperature_zone(type::v1::TEMPERATURE_ZONE_CHILLED);
    if (below(2) == 0) lot.mutable_good_until()->set_date(absl::StrFormat("2026-11-%02d", 18 + below(12)));
    if (hubs && below(4) > 0) lot.mutable_conditions()->set_onward_transfer_allowed(true);
  }
  pb::RunOptions& options = *snapshot.mutable_options();
  if (below(3) == 0) options.set_tolerance_permille(below(200));
  if (below(3) == 0) options.set_horizon_weeks(1 + below(3));
  if (below(3) == 0) options.add_hold_backs()->set_permille(1 + below(400));
  if (below(3) == 0) {
    pb::GroupBound& bound = *options.add_group_bounds();
    bound.set_group(GroupName(1 + below(3)));
    bound.set_floor(below(500));
    bound.set_cap(500 + below(2'000));
  }
  if (below(3) == 0) {
    pb::LeftOut& left_out = *options.add_left_out();
    left_out.set_group(GroupName(1 + below(4)));
    if (below(2) == 0) left_out.set_lot(LotName(1 + below(4)));
  }
  Canonicalise(snapshot);
  return snapshot;
}

// What every outcome keeps: nothing is lost or made, nobody gets what it may not have, less than the smallest quantity,
// more than fits or than its cap; and no bound is exceeded.
void ExpectSound(const pb::Snapshot& snapshot, const Outcome& outcome) {
  const Judgement judgement(snapshot);
  std::vector<int64_t> left;
  std::vector<std::array<int64_t, kZones>> room;
  std::vector<int64_t> food(snapshot.groups_size());
  std::map<std::pair<int, int>, int64_t> through;  // supply, door
  for (int s = 0; s < judgement.stock(); ++s) left.push_back(judgement.supplies()[s].items);
  for (const Demand& demand : judgement.demands()) room.push_back(demand.room);
  for (const Share& share : outcome.shares) {
    const Supply& supply = judgement.supplies()[share.supply];
    EXPECT_TRUE(judgement.May(share.supply, share.group));
    EXPECT_GT(share.items, 0);
    const int door = share.hub < 0 ? share.group : share.hub;
    through[{share.supply, door}] += share.items;
    left[share.supply] -= share.items;
    food[share.group] += share.items * supply.value;
    room[share.group][supply.zone] -= share.items;
    if (share.hub >= 0) {
      EXPECT_EQ(snapshot.groups(share.group).group().hub(), snapshot.groups(share.hub).group().name());
      EXPECT_TRUE(supply.onward);
      EXPECT_GE(judgement.DayOf(share.supply, share.group), judgement.DayOf(share.hub));
      room[share.hub][supply.zone] -= share.items;
    }
    if (share.items % supply.items_per_case != 0) {
      EXPECT_EQ(share.items % supply.items_per_case, supply.items % supply.items_per_case);  // the opened case
    }
  }
  for (const auto& [door, items] : through) EXPECT_GE(items, judgement.supplies()[door.first].min_lot_items);
  for (const Share& share : outcome.shares)
    EXPECT_EQ(share.door_items, (through[{share.supply, share.hub < 0 ? share.group : share.hub}]));
  int64_t given_out = 0;
  for (const Unallocated& rest : outcome.unallocated) {
    left[rest.supply] -= rest.items;
    if (rest.reason == Leftover::kHeldBack) {
      EXPECT_FALSE(judgement.supplies()[rest.supply].urgent);
    }
    if (rest.reason == Leftover::kKeptForLater) given_out += rest.items * judgement.supplies()[rest.supply].value;
  }
  for (const int64_t items : left) EXPECT_EQ(items, 0);
  for (size_t group = 0; group < room.size(); ++group) {
    for (const int64_t items : room[group]) EXPECT_GE(items, 0);
    EXPECT_EQ(outcome.groups[group].after.food, outcome.groups[group].before.food + food[group]);
    given_out += food[group];
  }
  for (const pb::GroupBound& bound : snapshot.options().group_bounds()) {
    const std::optional<int> group = judgement.GroupNamed(bound.group());
    if (group) {
      EXPECT_LE(food[*group] * 100, bound.cap() * judgement.demands()[*group].weight);
    }
  }
  EXPECT_EQ(outcome.given_out, given_out);
  EXPECT_LE(outcome.given_out, outcome.given_out_bound);
  EXPECT_LE(outcome.given_out_bound, outcome.food);
  for (const GroupOutcome& group : outcome.groups) {
    EXPECT_LT(group.tie, static_cast<int>(outcome.ties.size()));
  }
  // A floor that ends in the middle of a case holds the others down in the bound alone.
  if (outcome.lowest_bound.weight > 0 && snapshot.options().group_bounds().empty()) {
    bool as_low = false;
    for (const GroupOutcome& group : outcome.groups)
      as_low = as_low || (group.eligible_supplies > 0 && !Less(outcome.lowest_bound, group.after));
    EXPECT_TRUE(as_low);
  }
}

TEST(ShareOut, KeepsEveryRuleOnRandomNetworks) {
  std::mt19937 random(20261121);
  int64_t lines = 0;
  for (int round = 0; round < 600; ++round) {
    SCOPED_TRACE(round);
    const pb::Snapshot snapshot = RandomNetwork(random);
    const Outcome outcome = ShareOutOf(snapshot);
    ExpectSound(snapshot, outcome);
    lines += static_cast<int64_t>(outcome.shares.size());
  }
  EXPECT_GT(lines, 3'000);
}

TEST(ShareOut, KeepsEveryRuleOnRandomNetworksWithHubs) {
  std::mt19937 random(20261122);
  int64_t by_hub = 0, together = 0, full = 0;
  for (int round = 0; round < 600; ++round) {
    SCOPED_TRACE(round);
    const pb::Snapshot snapshot = RandomNetwork(random, /*hubs=*/true);
    const Outcome outcome = ShareOutOf(snapshot);
    ExpectSound(snapshot, outcome);
    for (const Share& share : outcome.shares) {
      by_hub += share.hub >= 0;
      together += share.hub >= 0 && share.items < snapshot.stock(share.supply).lot().min_lot_items();
    }
    full += Left(outcome)[Leftover::kHubFull] > 0;
  }
  EXPECT_GT(by_hub, 300);
  EXPECT_GT(together, 10);
  EXPECT_GT(full, 20);
}

// With some pairs written down and the others on request the bounds are those over all pairs.
TEST(ShareOut, WithManyPairsTheBoundsAreTheSame) {
  std::mt19937 random(5);
  pb::Snapshot snapshot = EmptySnapshot();
  for (int number = 1; number <= 150; ++number) {
    groups::v1::Group& group = *AddGroup(snapshot, number).mutable_group();
    group.set_households(1 + random() % 60);
    group.mutable_sites(0)->set_ambient_items(static_cast<int64_t>(random() % 400));
    if (random() % 4 == 0) group.add_excluded_tags(type::v1::DIETARY_TAG_STOCKPILE);
  }
  for (int number = 1; number <= 60; ++number) {
    stock::v1::Lot& lot = *AddStock(snapshot, number, static_cast<int64_t>(random() % 900)).mutable_lot();
    lot.set_items_per_case(1 + random() % 24);
    if (random() % 3 == 0) lot.add_tags(type::v1::DIETARY_TAG_STOCKPILE);
  }
  Canonicalise(snapshot);
  const Outcome all = ShareOutOf(snapshot), some = ShareOutOf(snapshot, /*many_pairs=*/0);
  ExpectSound(snapshot, all);
  ExpectSound(snapshot, some);
  EXPECT_EQ(some.given_out_bound, all.given_out_bound);
  EXPECT_EQ(fairflow::Compare(some.lowest_bound, all.lowest_bound), 0);
  EXPECT_EQ(some.case_metres_bound / 1'000, all.case_metres_bound / 1'000);
}

}  // namespace
}  // namespace kubari::allocation
