// The decisions, without anything around them.
#include <gtest/gtest.h>

#include "libs/errors/testing.h"
#include "services/groups/domain/group.h"
#include "services/groups/domain/profile.h"

namespace kubari::groups {
namespace {

using errors::FailsBecause;
using errors::IsOk;
using errors::IsOkAndHolds;
using errors::Violates;

TEST(LifecycleTest, EveryStepInEveryState) {
  const auto in = [](v1::GroupState state) {
    v1::Group group;
    group.set_state(state);
    return group;
  };
  EXPECT_THAT(Next(in(v1::GROUP_STATE_APPLIED), Step::kApprove), IsOkAndHolds(v1::GROUP_STATE_ACTIVE));
  EXPECT_THAT(Next(in(v1::GROUP_STATE_SUSPENDED), Step::kApprove), IsOkAndHolds(v1::GROUP_STATE_ACTIVE));
  EXPECT_THAT(Next(in(v1::GROUP_STATE_ACTIVE), Step::kApprove), FailsBecause("GROUP_STATE"));
  EXPECT_THAT(Next(in(v1::GROUP_STATE_ACTIVE), Step::kSuspend), IsOkAndHolds(v1::GROUP_STATE_SUSPENDED));
  EXPECT_THAT(Next(in(v1::GROUP_STATE_APPLIED), Step::kSuspend), FailsBecause("GROUP_STATE"));
  EXPECT_THAT(Next(in(v1::GROUP_STATE_SUSPENDED), Step::kSuspend), FailsBecause("GROUP_STATE"));
}

TEST(ComplianceTest, TheHighestLevelWithEvidenceInForceCounts) {
  v1::Group group;
  const auto add = [&](type::v1::ComplianceLevel level, const std::string& from, const std::string& to) {
    type::v1::Evidence& evidence = *group.add_evidence();
    evidence.set_level(level);
    evidence.set_valid_from_date(from);
    evidence.set_valid_to_date(to);
  };
  add(type::v1::COMPLIANCE_LEVEL_BASIC, "2025-01-01", "");
  add(type::v1::COMPLIANCE_LEVEL_STORAGE_PROVEN, "2026-01-01", "2026-12-31");
  add(type::v1::COMPLIANCE_LEVEL_CERTIFIED, "2027-06-01", "");
  const auto on = [&](absl::CivilDay day) {
    Derive(group, day, {});
    return group.compliance_level();
  };
  EXPECT_EQ(on(absl::CivilDay(2024, 12, 31)), type::v1::COMPLIANCE_LEVEL_UNSPECIFIED);
  EXPECT_EQ(on(absl::CivilDay(2025, 1, 1)), type::v1::COMPLIANCE_LEVEL_BASIC);
  EXPECT_EQ(on(absl::CivilDay(2026, 12, 31)), type::v1::COMPLIANCE_LEVEL_STORAGE_PROVEN);
  EXPECT_EQ(on(absl::CivilDay(2027, 1, 1)), type::v1::COMPLIANCE_LEVEL_BASIC);
  EXPECT_EQ(on(absl::CivilDay(2027, 6, 1)), type::v1::COMPLIANCE_LEVEL_CERTIFIED);
}

TEST(HubTest, NoGroupIsItsOwnHub) {
  const std::map<std::string, std::string> hub_of = {{"b", "c"}, {"c", "d"}, {"x", "b"}};
  EXPECT_THAT(CheckHub("a", "b", hub_of), IsOk());
  EXPECT_THAT(CheckHub("a", "a", {}), FailsBecause("HUB_CYCLE"));
  EXPECT_THAT(CheckHub("c", "b", hub_of), FailsBecause("HUB_CYCLE"));
  EXPECT_THAT(CheckHub("b", "d", hub_of), IsOk()) << "its present hub does not matter";
  const absl::Status cycle = CheckHub("d", "x", hub_of);
  EXPECT_THAT(cycle, FailsBecause("HUB_CYCLE"));
  EXPECT_EQ(errors::MetadataOf(cycle)["path"], "d,x,b,c,d");
  EXPECT_EQ(errors::MessageIn("ja", CheckHub("c", "b", hub_of, {{"b", "みどり"}, {"c", "地域の拠点"}})),
            "ほかの団体を通じて自分自身がハブになってしまいます: 地域の拠点 → みどり → 地域の拠点。別のハブを選んでください。");
  EXPECT_EQ(errors::MessageIn("en", CheckHub("a", "a", {})), "A group cannot be its own hub. Choose another hub, or none.");
}

TEST(OwnFieldsTest, StandingIsTheCoordinators) {
  EXPECT_THAT(CheckOwnFields({"households", "sites", "receiving_days", "kind"}), IsOk());
  const absl::Status refused = CheckOwnFields({"households", "code", "evidence", "hub", "need_percent"});
  EXPECT_THAT(refused, FailsBecause("FIELD_NOT_YOURS"));
  EXPECT_EQ(errors::MetadataOf(refused)["fields"], "code,evidence,hub,need_percent");
}

TEST(ProfileTest, EveryFieldIsJudgedAllAtOnce) {
  v1::Group group;
  group.set_contact_email("nobody");
  group.set_need_percent(201);
  group.set_children(-1);
  group.add_accepted_categories(type::v1::FOOD_CATEGORY_RICE);
  group.add_accepted_categories(type::v1::FOOD_CATEGORY_RICE);
  group.add_excluded_allergens(static_cast<type::v1::Allergen>(99));
  group.add_receiving_days(v1::WEEKDAY_UNSPECIFIED);
  group.set_min_remaining_days(-1);
  group.set_max_distance_km(3001);
  group.set_hub("groups/x");
  group.add_sites()->set_id("x");
  group.mutable_sites(0)->set_ambient_items(-1);
  type::v1::Evidence& evidence = *group.add_evidence();
  evidence.set_valid_from_date("2027-02-01");
  evidence.set_valid_to_date("2027-01-01");
  errors::Violations violations;
  CheckProfile(violations, group, SettableFields());
  const absl::Status status = violations.status();
  const std::pair<const char*, const char*> expected[] = {{"group.code", "REQUIRED"},
                                                          {"group.display_name", "REQUIRED"},
                                                          {"group.kind", "REQUIRED"},
                                                          {"group.contact_email", "NOT_AN_EMAIL"},
                                                          {"group.households", "OUT_OF_RANGE"},
                                                          {"group.children", "OUT_OF_RANGE"},
                                                          {"group.need_percent", "OUT_OF_RANGE"},
                                                          {"group.accepted_categories[1]", "DUPLICATE"},
                                                          {"group.excluded_allergens[0]", "UNKNOWN_VALUE"},
                                                          {"group.receiving_days[0]", "REQUIRED"},
                                                          {"group.min_remaining_days", "OUT_OF_RANGE"},
                                                          {"group.max_distance_km", "OUT_OF_RANGE"},
                                                          {"group.hub", "NOT_A_NAME"},
                                                          {"group.sites[0].id", "NOT_A_UUID"},
                                                          {"group.sites[0].ambient_items", "OUT_OF_RANGE"},
                                                          {"group.sites[0].address.municipality_code", "REQUIRED"},
                                                          {"group.evidence[0].title", "REQUIRED"},
                                                          {"group.evidence[0].level", "REQUIRED"},
                                                          {"group.evidence[0].valid_to_date", "OUT_OF_ORDER"}};
  for (const auto& [field, reason] : expected) EXPECT_THAT(status, Violates(field, reason));
  EXPECT_EQ(errors::ViolationsOf(status).size(), std::size(expected));
}

}  // namespace
}  // namespace kubari::groups
