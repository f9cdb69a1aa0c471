// Groups: making, reading and changing them, hubs, who may do what.
#include <algorithm>
#include <span>
#include <thread>

#include "absl/strings/escaping.h"
#include "libs/errors/macros.h"
#include "libs/pg/migrations.h"
#include "services/groups/groups_fixture.h"

namespace kubari::groups {
namespace {

using errors::FailsBecause;
using errors::IsOk;
using errors::Violates;

TEST_F(GroupsTest, AGroupStartsAsAppliedWithAnOrganisationOfItsId) {
  v1::CreateGroupRequest request = Creating("", "G-1", "ひまわり食堂");
  request.mutable_group()->set_state(v1::GROUP_STATE_ACTIVE);  // ignored
  request.mutable_group()->set_compliance_level(type::v1::COMPLIANCE_LEVEL_CERTIFIED);
  const auto made = Do(&Stub::CreateGroup, "coordinator", request);
  ASSERT_THAT(made, IsOk());
  EXPECT_EQ(made->state(), v1::GROUP_STATE_APPLIED);
  EXPECT_EQ(made->compliance_level(), type::v1::COMPLIANCE_LEVEL_UNSPECIFIED);
  EXPECT_EQ(made->need_percent(), 100);
  EXPECT_TRUE(ids::IsUuid(made->sites(0).id()));
  const std::string id = *ids::IdFromName("groups", made->name());
  EXPECT_EQ(identity_.organisations().at(id).kind(), identity::v1::ORGANISATION_KIND_GROUP);
  identity_.away = true;  // a replay asks nobody
  const auto again = Do(&Stub::CreateGroup, "coordinator", request);
  ASSERT_THAT(again, IsOk());
  EXPECT_EQ(again->SerializeAsString(), made->SerializeAsString());
  request.mutable_group()->set_households(31);
  EXPECT_THAT(Do(&Stub::CreateGroup, "coordinator", request), FailsBecause("REQUEST_ID_REUSED"));
}

TEST_F(GroupsTest, CodeIdAndHubAreJudgedBeforeAnOrganisationIsMade) {
  ASSERT_THAT(Make(kOwn, "G-1", "ひまわり食堂"), IsOk());
  EXPECT_THAT(Make(kHub, "G-1", "別"), FailsBecause("CODE_TAKEN"));
  EXPECT_THAT(Make(kOwn, "G-2", "別"), FailsBecause("GROUP_EXISTS"));
  v1::CreateGroupRequest request = Creating(kHub, "G-2", "別");
  request.mutable_group()->set_hub("groups/" + kUnknown);
  EXPECT_THAT(Do(&Stub::CreateGroup, "coordinator", request), FailsBecause("GROUP_NOT_FOUND"));
  request.mutable_group()->set_hub("groups/" + kHub);
  EXPECT_THAT(Do(&Stub::CreateGroup, "coordinator", request), FailsBecause("HUB_CYCLE"));
  EXPECT_EQ(identity_.organisations().size(), 1u);
}

TEST_F(GroupsTest, WhoMayReadAndWrite) {
  ASSERT_THAT(Make(kOwn, "G-1", "ひまわり食堂"), IsOk());
  ASSERT_THAT(Make(kHub, "G-2", "地域ハブ"), IsOk());
  EXPECT_THAT(Read(kOwn, "group"), IsOk());
  EXPECT_THAT(Read(kOwn, "volunteer"), IsOk());
  EXPECT_THAT(Read(kOwn, "service"), IsOk());
  EXPECT_THAT(Read(kHub, "group"), FailsBecause("NOT_YOUR_ORGANISATION"));
  EXPECT_THAT(Read(kUnknown, "group"), FailsBecause("NOT_YOUR_ORGANISATION"));
  EXPECT_THAT(Read(kOwn, "donor"), FailsBecause("ROLE_NOT_ALLOWED"));
  EXPECT_THAT(Read(kOwn, "stranger"), FailsBecause("GROUP_NOT_FOUND"));
  EXPECT_EQ(Do(&Stub::ListGroups, "group", v1::ListGroupsRequest())->groups_size(), 1);
  EXPECT_EQ(Do(&Stub::ListGroups, "coordinator", v1::ListGroupsRequest())->groups_size(), 2);
  EXPECT_EQ(Do(&Stub::ListGroups, "stranger", v1::ListGroupsRequest())->groups_size(), 0);

  v1::Group group = Read(kOwn, "group").value();
  group.set_households(45);
  EXPECT_THAT(Update(group, {"households"}, "other group"), FailsBecause("NOT_YOUR_ORGANISATION"));
  EXPECT_THAT(Update(group, {"households", "hub"}, "group"), FailsBecause("FIELD_NOT_YOURS"));
  EXPECT_THAT(Update(group, {"households"}, "volunteer"), FailsBecause("ROLE_NOT_ALLOWED"));
  const auto updated = Update(group, {"households"}, "group");
  ASSERT_THAT(updated, IsOk());
  EXPECT_EQ(updated->households(), 45);
}

TEST_F(GroupsTest, UpdateReplacesWhatTheMaskNamesAndNothingElse) {
  v1::Group group = Make(kOwn, "G-1", "ひまわり食堂").value();
  group.set_min_remaining_days(14);
  group.add_accepted_categories(type::v1::FOOD_CATEGORY_RICE);
  group.set_households(1);  // not in the mask
  group = Update(group, {"min_remaining_days", "accepted_categories"}).value();
  EXPECT_EQ(group.min_remaining_days(), 14);
  EXPECT_EQ(group.households(), 30);
  group.set_min_remaining_days(0);
  group.set_accepted_categories(0, type::v1::FOOD_CATEGORY_SNACK);
  group.mutable_sites(0)->set_ambient_items(0);
  group.mutable_sites(0)->set_frozen_items(20);
  const v1::Group replaced = Update(group, {"min_remaining_days", "accepted_categories", "sites"}).value();
  EXPECT_EQ(replaced.min_remaining_days(), 0);
  ASSERT_EQ(replaced.accepted_categories_size(), 1);
  EXPECT_EQ(replaced.accepted_categories(0), type::v1::FOOD_CATEGORY_SNACK);
  ASSERT_EQ(replaced.sites_size(), 1);
  EXPECT_EQ(replaced.sites(0).ambient_items(), 0);
  EXPECT_EQ(replaced.sites(0).id(), group.sites(0).id());
  EXPECT_THAT(Update(group, {"households"}), FailsBecause("STALE_ETAG"));
  EXPECT_THAT(Update(replaced, {"state", "households"}), Violates("update_mask[0]", "UNKNOWN_FIELD"));
  EXPECT_THAT(Update(replaced, {}), Violates("update_mask", "REQUIRED"));
  ASSERT_THAT(Make(kHub, "G-2", "地域ハブ"), IsOk());
  v1::Group taken = replaced;
  taken.set_code("G-2");
  EXPECT_THAT(Update(taken, {"code"}), FailsBecause("CODE_TAKEN"));
}

TEST_F(GroupsTest, HubsMakeNoCircle) {
  const std::string a = NewId(), b = NewId(), c = NewId();
  ASSERT_THAT(Make(a, "A", "a"), IsOk());
  ASSERT_THAT(Make(b, "B", "b"), IsOk());
  ASSERT_THAT(Make(c, "C", "c"), IsOk());
  EXPECT_THAT(SetHub(a, b), IsOk());
  EXPECT_THAT(SetHub(b, c), IsOk());
  const auto circle = SetHub(c, a);
  EXPECT_THAT(circle, FailsBecause("HUB_CYCLE"));
  EXPECT_EQ(errors::MessageIn("en", circle.status()), "The group would be its own hub by others: c → a → b → c. Choose another hub.");
  EXPECT_THAT(SetHub(a, a), FailsBecause("HUB_CYCLE"));
  EXPECT_THAT(SetHub(c, kUnknown), FailsBecause("GROUP_NOT_FOUND"));
  EXPECT_THAT(SetHub(a, ""), IsOk());
  EXPECT_EQ(Read(a)->hub(), "");
  EXPECT_THAT(SetHub(c, a), IsOk());
}

TEST_F(GroupsTest, TwoChangesAtOnceMakeNoCircleEither) {
  const std::string a = NewId(), b = NewId();
  ASSERT_THAT(Make(a, "A", "a"), IsOk());
  ASSERT_THAT(Make(b, "B", "b"), IsOk());
  for (int i = 0; i < 10; ++i) {
    absl::StatusOr<v1::Group> first, second;
    std::thread one([&] { first = SetHub(a, b); });
    std::thread two([&] { second = SetHub(b, a); });
    one.join();
    two.join();
    EXPECT_EQ(first.ok() + second.ok(), 1);
    EXPECT_THAT(first.ok() ? second : first, FailsBecause("HUB_CYCLE"));
    ASSERT_THAT(SetHub(a, ""), IsOk());
    ASSERT_THAT(SetHub(b, ""), IsOk());
  }
}

TEST_F(GroupsTest, AGroupDecidesWhetherDonorsAreToldItsName) {
  v1::Group group = Make(kOwn, "G-1", "ひまわり食堂").value();
  EXPECT_FALSE(group.may_be_named_to_donors());
  group.set_may_be_named_to_donors(true);
  const auto agreed = Update(group, {"may_be_named_to_donors"}, "group");
  ASSERT_THAT(agreed, IsOk());
  EXPECT_TRUE(agreed->may_be_named_to_donors());
  group = *agreed;
  group.set_may_be_named_to_donors(false);
  ASSERT_THAT(Update(group, {"may_be_named_to_donors"}, "group"), IsOk());
  EXPECT_FALSE(Read(kOwn)->may_be_named_to_donors());
}

// Groups written before there were columns for what lists ask.
TEST(GroupsMigration, WhatStoodThereBeforeIsFoundInItsProfile) {
  const auto first = std::find_if(std::begin(kMigrations), std::end(kMigrations),
                                  [](const pg::Migration& step) { return std::string_view(step.name) == "0001_groups"; });
  const pg::testing::Database database = pg::testing::CreateDatabase("groups", std::span(std::begin(kMigrations), first + 1));
  v1::Group profile;
  profile.set_name_kana("ふるい");
  profile.set_kind(v1::GROUP_KIND_HOME_DELIVERY);
  profile.set_contact_email("old@example.org");
  for (const char* municipality : {"27100", "13101"}) {
    v1::Site& site = *profile.add_sites();
    site.set_display_name("拠点");
    site.mutable_address()->set_postal_code("1000001");
    site.mutable_address()->set_municipality_code(municipality);
    site.set_ambient_items(100'000);
  }
  profile.set_households(1'234);
  const auto insert = [&](const std::string& id, const std::string& code, const v1::Group& group) {
    pg::testing::Sql(
        database.superuser,
        absl::StrCat("INSERT INTO groups.groups (network_id, group_id, code, display_name, state, profile, "
                     "create_time, update_time) VALUES ('",
                     kNetwork, "', '", id, "', '", code, "', 'old', 2, '\\x",
                     absl::BytesToHexString(group.SerializeAsString()), "', now(), now()); SELECT ''"));
  };
  insert(kOwn, "OLD", profile);
  profile.clear_sites();
  profile.set_households(7);
  insert(kHub, "NOWHERE", profile);
  ASSERT_THAT(pg::Migrate(database.owner, "groups", kMigrations), IsOk());
  EXPECT_EQ(
      pg::testing::Sql(database.superuser,
                       "SELECT string_agg(concat_ws(' ', code, kind, households, prefecture), '; ' ORDER BY code) "
                       "FROM groups.groups"),
      "NOWHERE 4 7 ; OLD 4 1234 27");
  EXPECT_EQ(pg::testing::Sql(database.superuser,
                             "SELECT relforcerowsecurity FROM pg_class WHERE oid = 'groups.groups'::regclass"),
            "t");
}

TEST_F(GroupsTest, TheDatabaseItselfKeepsNetworksApart) {
  ASSERT_THAT(Make(kOwn, "G-1", "ひまわり食堂"), IsOk());
  const auto count = [&](const std::string& network) {
    return pool_.Read({.network_id = network}, [&](pg::Transaction& tx) -> absl::StatusOr<int64_t> {
      ASSIGN_OR_RETURN(const pg::Result rows, tx.Query("SELECT count(*) FROM groups"));
      return rows[0].Get<int64_t>(0);
    });
  };
  EXPECT_EQ(*count(kNetwork), 1);
  EXPECT_EQ(*count(kOtherNetwork), 0);
}

}  // namespace
}  // namespace kubari::groups
