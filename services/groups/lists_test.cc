// Lists of groups, and what a hub sees of those it serves.
#include <algorithm>
#include <functional>

#include "services/groups/groups_fixture.h"

namespace kubari::groups {
namespace {

using errors::FailsBecause;
using errors::IsOk;
using errors::Violates;

TEST_F(GroupsTest, ListsByNamePageByPageAndFindsAnySpelling) {
  for (int i = 0; i < 5; ++i) {
    v1::CreateGroupRequest request = Creating("", absl::StrCat("G-", i), absl::StrCat("向日葵", i));
    request.mutable_group()->set_name_kana("ヒマワリ");
    ASSERT_THAT(Do(&Stub::CreateGroup, "coordinator", request), IsOk());
  }
  v1::ListGroupsRequest request;
  request.set_page_size(2);
  request.set_query("ひまわり");
  std::string names;
  do {
    const auto page = Do(&Stub::ListGroups, "coordinator", request);
    ASSERT_THAT(page, IsOk());
    for (const v1::Group& group : page->groups()) names += group.display_name();
    request.set_page_token(page->next_page_token());
  } while (!request.page_token().empty());
  EXPECT_EQ(names, "向日葵0向日葵1向日葵2向日葵3向日葵4");
}

TEST_F(GroupsTest, ListsInEveryOrderAndByEveryFilter) {
  // Name, kind, households, municipality of the first site.
  const auto add = [&](const std::string& name, v1::GroupKind kind, int64_t households, const std::string& municipality,
                       const std::string& id = "") {
    v1::CreateGroupRequest request = Creating(id, name, name);
    request.mutable_group()->set_kind(kind);
    request.mutable_group()->set_households(households);
    request.mutable_group()->mutable_sites(0)->mutable_address()->set_municipality_code(municipality);
    v1::Site& other = *request.mutable_group()->add_sites();
    other.mutable_address()->set_municipality_code("47201");  // where deliveries do not go
    const auto made = Do(&Stub::CreateGroup, "coordinator", request);
    EXPECT_THAT(made, IsOk());
    return made.value_or(v1::Group());
  };
  add("A", v1::GROUP_KIND_CAFETERIA, 30, "13101", kOwn);
  add("B", v1::GROUP_KIND_PANTRY, 200, "27100", kHub);
  v1::Group c = add("C", v1::GROUP_KIND_CAFETERIA, 30, "13102");
  add("D", v1::GROUP_KIND_FACILITY, 5, "01100");
  c.set_hub("groups/" + kHub);
  ASSERT_THAT(Update(c, {"hub"}), IsOk());
  ASSERT_THAT(Sign(kOwn, "2026-04-01", "2026-11-21"), IsOk());
  ASSERT_THAT(Sign(kHub, "2026-04-01"), IsOk());

  const auto list = [&](const std::function<void(v1::ListGroupsRequest&)>& narrow, const std::string& order = "") {
    v1::ListGroupsRequest request;
    narrow(request);
    request.set_order_by(order);
    std::string all, paged;
    const auto whole = Do(&Stub::ListGroups, "coordinator", request);
    EXPECT_THAT(whole, IsOk());
    if (!whole.ok()) return all;
    for (const v1::Group& group : whole->groups()) all += group.display_name();
    request.set_page_size(1);
    do {
      const auto page = Do(&Stub::ListGroups, "coordinator", request);
      EXPECT_THAT(page, IsOk());
      if (!page.ok()) return all;
      for (const v1::Group& group : page->groups()) paged += group.display_name();
      request.set_page_token(page->next_page_token());
    } while (!request.page_token().empty());
    EXPECT_EQ(paged, all);
    return all;
  };
  const auto any = [](v1::ListGroupsRequest&) {};
  EXPECT_EQ(list(any), "ABCD");
  EXPECT_EQ(list(any, "display_name desc"), "DCBA");
  // A and C serve as many: the one that was made first has the smaller id, but A's is given.
  EXPECT_EQ(list(any, "households"), kOwn < *ids::IdFromName("groups", c.name()) ? "DACB" : "DCAB");
  EXPECT_EQ(list(any, "households desc"), kOwn < *ids::IdFromName("groups", c.name()) ? "BCAD" : "BACD");
  for (const std::string order : {"", "households"}) {
    SCOPED_TRACE(order);
    const auto sorted = [&](const std::function<void(v1::ListGroupsRequest&)>& narrow) {
      std::string names = list(narrow, order);
      std::sort(names.begin(), names.end());
      return names;
    };
    EXPECT_EQ(sorted([](auto& r) { r.add_kinds(v1::GROUP_KIND_CAFETERIA); }), "AC");
    EXPECT_EQ(sorted([](auto& r) {
                r.add_kinds(v1::GROUP_KIND_PANTRY);
                r.add_kinds(v1::GROUP_KIND_FACILITY);
              }),
              "BD");
    EXPECT_EQ(sorted([](auto& r) { r.set_prefecture("13"); }), "AC");
    EXPECT_EQ(sorted([](auto& r) { r.set_prefecture("47"); }), "");
    EXPECT_EQ(sorted([](auto& r) { r.set_hub("groups/" + kHub); }), "C");
    EXPECT_EQ(sorted([](auto& r) { r.set_agreement_in_force(true); }), "AB");
    EXPECT_EQ(sorted([](auto& r) { r.set_agreement_in_force(false); }), "CD");
    EXPECT_EQ(sorted([](auto& r) {
                r.set_agreement_in_force(false);
                r.set_prefecture("13");
                r.add_kinds(v1::GROUP_KIND_CAFETERIA);
                r.add_states(v1::GROUP_STATE_APPLIED);
                r.set_query("c");
              }),
              "C");
  }
  // What changes is found as it is now.
  c = Read(*ids::IdFromName("groups", c.name())).value();
  c.set_households(300);
  c.set_kind(v1::GROUP_KIND_OTHER);
  c.mutable_sites(0)->mutable_address()->set_municipality_code("02201");
  ASSERT_THAT(Update(c, {"households", "kind", "sites"}), IsOk());
  EXPECT_EQ(list(any, "households desc"), "CBAD");
  EXPECT_EQ(list([](auto& r) { r.set_prefecture("02"); }), "C");
  EXPECT_EQ(list([](auto& r) { r.add_kinds(v1::GROUP_KIND_OTHER); }), "C");
  clock_.Advance(absl::Hours(6));  // 2026-11-22 in Tokyo: A's agreement has ended
  EXPECT_EQ(list([](auto& r) { r.set_agreement_in_force(true); }), "B");

  v1::ListGroupsRequest wrong;
  wrong.set_order_by("code");
  wrong.set_prefecture("48");
  wrong.set_hub("hub");
  wrong.add_kinds(v1::GROUP_KIND_UNSPECIFIED);
  const auto refused = Do(&Stub::ListGroups, "coordinator", wrong);
  EXPECT_THAT(refused, Violates("order_by", "UNKNOWN_ORDER"));
  EXPECT_THAT(refused, Violates("prefecture", "NOT_A_PREFECTURE"));
  EXPECT_THAT(refused, Violates("hub", "NOT_A_NAME"));
  EXPECT_THAT(refused, Violates("kinds[0]", "REQUIRED"));
  v1::ListGroupsRequest paged;
  paged.set_page_size(1);
  paged.set_page_token(Do(&Stub::ListGroups, "coordinator", paged)->next_page_token());
  paged.set_order_by("households");
  EXPECT_THAT(Do(&Stub::ListGroups, "coordinator", paged), FailsBecause("PAGE_TOKEN_INVALID"));
}

TEST_F(GroupsTest, AHubKnowsTheGroupsItServesAndNoMoreOfThemThanItNeeds) {
  ASSERT_THAT(Make(kHub, "HUB", "地域ハブ"), IsOk());
  const auto served = [&](const std::string& who = "other group", const std::string& hub = kHub) {
    v1::ListHubGroupsRequest request;
    request.set_hub("groups/" + hub);
    request.set_page_size(1);
    std::vector<v1::HubGroup> groups;
    do {
      const auto page = Do(&Stub::ListHubGroups, who, request);
      EXPECT_THAT(page, IsOk());
      if (!page.ok()) return groups;
      groups.insert(groups.end(), page->groups().begin(), page->groups().end());
      request.set_page_token(page->next_page_token());
    } while (!request.page_token().empty());
    return groups;
  };
  EXPECT_TRUE(served().empty());
  for (const char* name : {"B", "A", "C"}) {
    v1::CreateGroupRequest request = Creating("", name, name);
    request.mutable_group()->set_contact_email("office@example.org");
    request.mutable_group()->set_children(12);
    request.mutable_group()->add_receiving_days(v1::WEEKDAY_TUESDAY);
    if (*name != 'C') request.mutable_group()->set_hub("groups/" + kHub);
    ASSERT_THAT(Do(&Stub::CreateGroup, "coordinator", request), IsOk());
  }
  const std::vector<v1::HubGroup> groups = served();
  ASSERT_EQ(groups.size(), 2u);
  EXPECT_EQ(groups[0].display_name(), "A");
  EXPECT_EQ(groups[1].display_name(), "B");
  EXPECT_EQ(groups[0].state(), v1::GROUP_STATE_APPLIED);
  EXPECT_EQ(groups[0].kind(), v1::GROUP_KIND_CAFETERIA);
  EXPECT_EQ(groups[0].sites(0).address().municipality_code(), "13101");
  EXPECT_EQ(groups[0].sites(0).ambient_items(), 500);
  EXPECT_EQ(groups[0].receiving_days(0), v1::WEEKDAY_TUESDAY);
  EXPECT_EQ(groups[0].DebugString().find("office@example.org"), std::string::npos);
  EXPECT_EQ(served("coordinator").size(), 2u);
  EXPECT_EQ(served("service").size(), 2u);

  v1::ListHubGroupsRequest request;
  EXPECT_THAT(Do(&Stub::ListHubGroups, "other group", request), Violates("hub", "REQUIRED"));
  request.set_hub("groups/" + kHub);
  EXPECT_THAT(Do(&Stub::ListHubGroups, "group", request), FailsBecause("NOT_YOUR_ORGANISATION"));
  EXPECT_THAT(Do(&Stub::ListHubGroups, "volunteer", request), FailsBecause("ROLE_NOT_ALLOWED"));
  EXPECT_EQ(Do(&Stub::ListHubGroups, "stranger", request)->groups_size(), 0);
}

}  // namespace
}  // namespace kubari::groups
