// Hubs, one rule at a time.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "services/allocation/domain/group_story.h"
#include "services/allocation/domain/propose.h"
#include "services/allocation/domain/replay.h"
#include "services/allocation/test_network.h"

namespace kubari::allocation {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

// Three groups, the first of which is the hub of the others, and one lot that may be handed on.
class Hubs : public ::testing::Test {
 protected:
  Hubs() {
    for (int number = 1; number <= 3; ++number) {
      AddGroup(snapshot_, number);
      if (number > 1) Group(number).set_hub(GroupName(1));
    }
    AddStock(snapshot_, 1, 60);
    Lot().mutable_conditions()->set_onward_transfer_allowed(true);
  }
  groups::v1::Group& Group(int number) { return *snapshot_.mutable_groups(number - 1)->mutable_group(); }
  stock::v1::Lot& Lot() { return *snapshot_.mutable_stock(0)->mutable_lot(); }
  void Room(int number, int64_t items) { Group(number).mutable_sites(0)->set_ambient_items(items); }

  void Solve() {
    Canonicalise(snapshot_);
    absl::StatusOr<Proposal> proposal = Propose(snapshot_);
    ASSERT_TRUE(proposal.ok()) << proposal.status();
    proposal_ = *std::move(proposal);
  }
  // Items by group; what comes by the hub below zero.
  std::vector<int64_t> Items() {
    Solve();
    std::vector<int64_t> items(snapshot_.groups_size());
    for (const Share& share : proposal_.outcome.shares) items[share.group] = share.hub < 0 ? share.items : -share.items;
    return items;
  }
  const pb::Line& Line(int number) {
    for (const ProposedLine& proposed : proposal_.lines) {
      if (proposed.line.group() == GroupName(number)) return proposed.line;
    }
    ADD_FAILURE() << "no line of group " << number;
    static const pb::Line none;
    return none;
  }

  pb::Snapshot snapshot_ = EmptySnapshot();
  Proposal proposal_;
};

TEST_F(Hubs, AreTheDoorsOfTheGroupsThatNameThem) {
  EXPECT_THAT(Items(), ElementsAre(20, -20, -20));
  EXPECT_EQ(Line(1).hub(), "");
  EXPECT_EQ(Line(2).hub(), GroupName(1));
  EXPECT_EQ(Line(2).hub_display_name(), "こども食堂001");
  EXPECT_EQ(Line(2).hub_date(), kToday);
  // One kilometre to the hub and one on.
  EXPECT_NEAR(static_cast<double>(Line(1).distance_metres()), 1'000, 5);
  EXPECT_NEAR(static_cast<double>(Line(2).distance_metres()), 2'000, 5);
  EXPECT_EQ(proposal_.summary.items_by_hub(), 40);
  EXPECT_EQ(proposal_.summary.hubs(), 1);
  EXPECT_THAT(Line(2).explanation(), HasSubstr("It comes by the hub こども食堂001, which hands it on."));
  EXPECT_THAT(Line(2).explanation_ja(), HasSubstr("拠点「こども食堂001」を通して届きます。"));
  EXPECT_THAT(Line(1).explanation(), Not(HasSubstr("hub")));
}

TEST_F(Hubs, MeetTheSmallestQuantityTogether) {
  Lot().set_min_lot_items(50);
  for (int number = 1; number <= 3; ++number) Room(number, 20);
  Room(1, 60);
  EXPECT_THAT(Items(), ElementsAre(20, -20, -20));
  EXPECT_THAT(Line(2).explanation(),
              HasSubstr("The donor gives at least 50 items at once; together with 2 other groups, "
                        "60 come to the hub."));
  EXPECT_THAT(Line(2).explanation_ja(),
              HasSubstr("一度に50点以上です。拠点でほかの2団体の分とまとめて60点になります。"));
  // The names of the other groups are nobody's business.
  EXPECT_THAT(Line(2).explanation_ja(), Not(HasSubstr("003")));
  // Without the hub it is too much for any of them.
  Group(2).clear_hub();
  Group(3).clear_hub();
  Room(1, 20);
  EXPECT_THAT(Items(), ElementsAre(0, 0, 0));
  EXPECT_EQ(proposal_.summary.unallocated(0).reason(), "BELOW_MINIMUM_LOT");
}

TEST_F(Hubs, NeedTheDonorsConsent) {
  Lot().mutable_conditions()->set_onward_transfer_allowed(false);
  EXPECT_THAT(Items(), ElementsAre(20, 20, 20));
  EXPECT_FALSE(proposal_.judgement.WhyNotByHub(0, 0).has_value());  // it has none
  EXPECT_EQ(proposal_.judgement.WhyNotByHub(0, 1)->english,
            "By its hub (こども食堂001) it cannot come either: The donor does not let it be handed on.");
}

TEST_F(Hubs, ReachFartherThanTheGroup) {
  Group(3).set_max_distance_km(2);  // three from the warehouse, two from the hub
  EXPECT_THAT(Items(), ElementsAre(20, -20, -20));
  Group(3).clear_hub();
  EXPECT_THAT(Items(), ElementsAre(30, -30, 0));
  Group(3).set_hub(GroupName(1));
  Group(1).set_max_distance_km(0);
  Group(1).mutable_sites(0)->mutable_address()->mutable_position()->set_latitude_e6(36'000'000);
  Solve();
  EXPECT_EQ(proposal_.judgement.WhyNot(0, 2).size(), 1u);  // the hub has moved away
}

TEST_F(Hubs, MustBeAllowedToReceiveTheGoodsThemselves) {
  // What it does not eat itself it hands on.
  Group(1).add_excluded_tags(type::v1::DIETARY_TAG_HALAL);
  Lot().add_tags(type::v1::DIETARY_TAG_HALAL);
  EXPECT_THAT(Items(), ElementsAre(0, -30, -30));
  // What must not be in its rooms does not come by it.
  Group(1).add_excluded_allergens(type::v1::ALLERGEN_WHEAT);
  EXPECT_THAT(Items(), ElementsAre(0, 30, 30));
  EXPECT_THAT(proposal_.judgement.WhyNotByHub(0, 1)->japanese,
              HasSubstr("拠点（こども食堂001）経由でも受け取れません："));
  Group(1).clear_excluded_allergens();
  Lot().mutable_conditions()->set_min_compliance_level(type::v1::COMPLIANCE_LEVEL_BASIC);
  for (const int number : {2, 3}) {
    type::v1::Evidence& evidence = *Group(number).add_evidence();
    evidence.set_level(type::v1::COMPLIANCE_LEVEL_BASIC);
    evidence.set_valid_from_date("2026-01-01");
  }
  EXPECT_THAT(Items(), ElementsAre(0, 30, 30));
  // Left out of the run, or of the lot.
  Lot().clear_conditions();
  Lot().mutable_conditions()->set_onward_transfer_allowed(true);
  snapshot_.mutable_options()->add_left_out()->set_group(GroupName(1));
  EXPECT_THAT(Items(), ElementsAre(0, 30, 30));
}

TEST_F(Hubs, HandOnBeforeItIsTooLate) {
  // Today is a Wednesday. The hub receives on Fridays, the groups on Wednesdays.
  Group(1).add_receiving_days(groups::v1::WEEKDAY_FRIDAY);
  Group(2).add_receiving_days(groups::v1::WEEKDAY_WEDNESDAY);
  Group(3).add_receiving_days(groups::v1::WEEKDAY_SATURDAY);
  Lot().mutable_good_until()->set_date("2026-11-30");
  EXPECT_THAT(Items(), ElementsAre(20, -20, -20));
  EXPECT_EQ(Line(1).hand_over_date(), "2026-11-20");
  EXPECT_EQ(Line(2).hub_date(), "2026-11-20");
  EXPECT_EQ(Line(2).hand_over_date(), "2026-11-25");
  EXPECT_EQ(Line(3).hand_over_date(), "2026-11-21");
  Lot().mutable_good_until()->set_date("2026-11-22");
  EXPECT_THAT(Items(), ElementsAre(20, 20, -20));  // on the 25th it is too late for the second
  EXPECT_EQ(Line(2).hand_over_date(), kToday);
}

TEST_F(Hubs, StorageHoldsForAllThatComesByThem) {
  snapshot_.mutable_stock(0)->set_free_items(100);
  Room(1, 30);
  EXPECT_THAT(Items(), ElementsAre(10, -10, -10));
  EXPECT_EQ(proposal_.summary.unallocated(0).reason(), "HUB_FULL");
  EXPECT_EQ(proposal_.summary.unallocated(0).items(), 70);
  EXPECT_TRUE(proposal_.outcome.groups[1].wanting_at_hub[0]);
  EXPECT_FALSE(proposal_.outcome.groups[1].wanting[0]);
  EXPECT_TRUE(proposal_.outcome.groups[0].wanting[0]);
  // Who had more goes without first.
  snapshot_.mutable_groups(1)->set_history_milli_person_days(5'000);
  EXPECT_THAT(Items(), ElementsAre(20, 0, -10));
  // What is under way to its groups claims it, and a capacity of this time stands in for all of it.
  snapshot_.mutable_groups(0)->set_claimed_ambient_items(30);
  EXPECT_THAT(Items(), ElementsAre(0, 0, 0));
  pb::CapacityOverride& own = *snapshot_.mutable_options()->add_capacities();
  own.set_group(GroupName(1));
  own.set_temperature_zone(type::v1::TEMPERATURE_ZONE_AMBIENT);
  own.set_items(100);
  EXPECT_EQ(proposal_.lines.size(), 0u);
  EXPECT_THAT(Items(), ElementsAre(50, 0, -50));
}

TEST_F(Hubs, AHubThatIsNotThereIsNone) {
  Group(2).set_hub(GroupName(9));
  Group(3).set_hub(GroupName(3));
  EXPECT_THAT(Items(), ElementsAre(20, 20, 20));
  // Nothing goes by two hubs: what a hub hands on it gets straight from the warehouse.
  Group(2).set_hub(GroupName(1));
  Group(1).set_hub(GroupName(3));
  EXPECT_THAT(Items(), ElementsAre(-20, -20, 20));
  EXPECT_EQ(Line(1).hub(), GroupName(3));
  EXPECT_EQ(Line(2).hub(), GroupName(1));
}

TEST_F(Hubs, GroupsAreToldOfTheirHubAlone) {
  Room(1, 30);
  Solve();
  const auto solved = std::make_shared<Solved>();
  solved->snapshot = snapshot_;
  solved->proposal = *Propose(solved->snapshot);
  std::vector<pb::Line> lines;
  for (const ProposedLine& proposed : solved->proposal.lines) {
    if (proposed.line.group() == GroupName(2)) lines.push_back(proposed.line);
  }
  const pb::ExplainGroupResponse told = TellGroup(*solved, 1, lines, /*all_groups=*/false);
  EXPECT_EQ(told.hub(), GroupName(1));
  EXPECT_EQ(told.items_by_hub(), 10);
  ASSERT_EQ(told.full_storage_size(), 1);
  EXPECT_TRUE(told.full_storage(0).at_hub());
  EXPECT_EQ(told.full_storage(0).capacity_items(), 0);  // how much stands there for others is not told
  EXPECT_THAT(told.text(), HasSubstr("10 of the items come by the hub こども食堂001, which hands them on."));
  EXPECT_THAT(told.text_ja(), HasSubstr("拠点の常温の保管場所がいっぱいです。"));
  EXPECT_THAT(told.text_ja(), Not(HasSubstr("003")));
}

TEST_F(Hubs, ReplayInAnyOrder) {
  Lot().set_min_lot_items(50);
  Room(1, 50);
  Canonicalise(snapshot_);
  const absl::StatusOr<Replay> replay = ReplaySnapshot(CanonicalBytes(snapshot_));
  ASSERT_TRUE(replay.ok()) << replay.status();
  EXPECT_EQ(replay->permuted_hash, replay->result_hash);
  Solve();
  EXPECT_EQ(proposal_.result_hash, replay->result_hash);
}

}  // namespace
}  // namespace kubari::allocation
