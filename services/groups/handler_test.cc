// The groups service over the wire, with a real database and a made-up identity service.
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <span>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "libs/errors/macros.h"
#include "libs/errors/testing.h"
#include "libs/ids/ids.h"
#include "libs/pg/migrations.h"
#include "libs/pg/testing/database.h"
#include "libs/registry/testing/fake_identity.h"
#include "libs/rpc/testing.h"
#include "services/groups/agreements.h"
#include "services/groups/migrations/migrations.h"
#include "services/groups/service.h"

namespace kubari::groups {
namespace {

using errors::FailsBecause;
using errors::IsOk;
using errors::Violates;
using Stub = v1::GroupsService::Stub;

const std::string kNetwork = "00000000-0000-7000-8000-0000000000a1";
const std::string kOtherNetwork = "00000000-0000-7000-8000-0000000000a2";
const std::string kOffice = "00000000-0000-7000-8000-0000000000e1";
const std::string kOwn = "00000000-0000-7000-8000-0000000000b1";
const std::string kHub = "00000000-0000-7000-8000-0000000000b2";
const std::string kUnknown = "00000000-0000-7000-8000-00000000dead";

class GroupsTest : public ::testing::Test {
 protected:
  GroupsTest()
      : database_(pg::testing::CreateDatabase("groups", kMigrations)),
        pool_({.conninfo = database_.service, .schema = "groups", .size = 8}) {
    int port = 0;
    grpc::ServerBuilder builder;
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
    builder.RegisterService(&identity_);
    neighbours_ = builder.BuildAndStart();
    handler_ = std::make_unique<GroupsHandler>(
        pool_, grpc::CreateChannel(absl::StrCat("127.0.0.1:", port), grpc::InsecureChannelCredentials()), clock_);
    service_ = std::make_unique<GroupsService>(server_.dispatcher(), *handler_);
    rpc::FakeAuthenticator& known = server_.authenticator();
    known.Add("coordinator", rpc::Person(kNetwork, kOffice, type::v1::ROLE_COORDINATOR));
    known.Add("volunteer", rpc::Person(kNetwork, kOffice, type::v1::ROLE_VOLUNTEER));
    known.Add("group", rpc::Person(kNetwork, kOwn, type::v1::ROLE_GROUP));
    known.Add("other group", rpc::Person(kNetwork, kHub, type::v1::ROLE_GROUP));
    known.Add("donor", rpc::Person(kNetwork, kOffice, type::v1::ROLE_DONOR));
    known.Add("stranger", rpc::Person(kOtherNetwork, kOffice, type::v1::ROLE_COORDINATOR));
    known.Add("service", rpc::Service());
    server_.Start({service_.get(), &agreements_service_});
    stub_ = v1::GroupsService::NewStub(server_.channel());
  }
  ~GroupsTest() override { server_.Stop(); }

  template <typename Base, typename Request, typename Response>
  absl::StatusOr<Response> Do(grpc::Status (Base::*method)(grpc::ClientContext*, const Request&, Response*),
                              const std::string& who, const Request& request) {
    return rpc::Invoke(method, *stub_, server_.As(who, kNetwork), request);
  }
  static std::string NewId() { return ids::NewUuid(); }

  static v1::CreateGroupRequest Creating(const std::string& id, const std::string& code, const std::string& name) {
    v1::CreateGroupRequest request;
    request.set_request_id(NewId());
    request.set_group_id(id);
    v1::Group& group = *request.mutable_group();
    group.set_code(code);
    group.set_display_name(name);
    group.set_kind(v1::GROUP_KIND_CAFETERIA);
    group.set_households(30);
    v1::Site& site = *group.add_sites();
    site.mutable_address()->set_municipality_code("13101");
    site.set_ambient_items(500);
    return request;
  }
  absl::StatusOr<v1::Group> Make(const std::string& id, const std::string& code, const std::string& name) {
    return Do(&Stub::CreateGroup, "coordinator", Creating(id, code, name));
  }
  absl::StatusOr<v1::Group> Read(const std::string& id, const std::string& who = "coordinator") {
    v1::GetGroupRequest request;
    request.set_name("groups/" + id);
    return Do(&Stub::GetGroup, who, request);
  }
  absl::StatusOr<v1::Group> Update(const v1::Group& group, const std::vector<std::string>& fields,
                                   const std::string& who = "coordinator") {
    v1::UpdateGroupRequest request;
    request.set_request_id(NewId());
    *request.mutable_group() = group;
    for (const std::string& field : fields) request.add_update_mask(field);
    return Do(&Stub::UpdateGroup, who, request);
  }
  absl::StatusOr<v1::Group> SetHub(const std::string& id, const std::string& hub_id) {
    v1::Group group = Read(id).value();
    group.set_hub(hub_id.empty() ? "" : "groups/" + hub_id);
    return Update(group, {"hub"});
  }
  absl::StatusOr<v1::Group> Approve(const v1::Group& group) {
    v1::ApproveGroupRequest request;
    request.set_request_id(NewId());
    request.set_name(group.name());
    request.set_etag(group.etag());
    return Do(&Stub::ApproveGroup, "coordinator", request);
  }
  absl::StatusOr<v1::Group> Suspend(const v1::Group& group, const std::string& reason = "連絡が取れません") {
    v1::SuspendGroupRequest request;
    request.set_request_id(NewId());
    request.set_name(group.name());
    request.set_etag(group.etag());
    request.set_reason(reason);
    return Do(&Stub::SuspendGroup, "coordinator", request);
  }
  absl::StatusOr<v1::Group> Sign(const std::string& id, const std::string& from, const std::string& to = "") {
    v1::CreateAgreementRequest request;
    request.set_request_id(NewId());
    request.set_group("groups/" + id);
    request.mutable_agreement()->set_title("受取に関する合意書");
    request.mutable_agreement()->set_valid_from_date(from);
    request.mutable_agreement()->set_valid_to_date(to);
    return Do(&Stub::CreateAgreement, "coordinator", request);
  }
  absl::StatusOr<v1::ImportGroupsResponse> Import(const std::string& rows, bool dry_run = false) {
    v1::ImportGroupsRequest request;
    request.set_request_id(NewId());
    request.set_table(
        "code,name,kind,municipality_code,latitude,longitude,households,children,categories,excluded_allergens,wanted_"
        "tags,ambient_items,"
        "receiving_days,compliance_level,evidence_title,evidence_from,agreement_title,agreement_from,hub_code,min_"
        "remaining_days\n" +
        rows);
    request.set_dry_run(dry_run);
    return Do(&Stub::ImportGroups, "coordinator", request);
  }
  absl::StatusOr<v1::ImportGroupsResponse> ImportGood(const std::string& rows) {
    v1::ImportGroupsRequest request;
    request.set_request_id(NewId());
    request.set_table("コード,団体名,種別,市区町村コード,緯度,経度,世帯数,拠点,受取曜日,活動,電話番号\n" + rows);
    request.mutable_options()->set_skip_bad_rows(true);
    return Do(&Stub::ImportGroups, "coordinator", request);
  }
  int64_t Count() { return std::stoll(pg::testing::Sql(database_.superuser, "SELECT count(*) FROM groups.groups")); }

  calendar::FixedClock clock_{absl::FromCivil(absl::CivilSecond(2026, 11, 21, 10, 0, 0), absl::UTCTimeZone())};
  registry::FakeIdentity identity_;
  std::unique_ptr<grpc::Server> neighbours_;
  const pg::testing::Database database_;
  pg::Pool pool_;
  rpc::TestServer server_;
  std::unique_ptr<GroupsHandler> handler_;
  std::unique_ptr<GroupsService> service_;
  registry::AgreementsHandler agreements_{pool_, kParties, clock_};
  AgreementsService agreements_service_{server_.dispatcher(), agreements_};
  std::unique_ptr<v1::GroupsService::Stub> stub_;
};

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

TEST_F(GroupsTest, ApprovalAndSuspension) {
  const v1::Group applied = Make(kOwn, "G-1", "ひまわり食堂").value();
  EXPECT_THAT(Suspend(applied), FailsBecause("GROUP_STATE"));
  const auto active = Approve(applied);
  ASSERT_THAT(active, IsOk());
  EXPECT_EQ(active->state(), v1::GROUP_STATE_ACTIVE);
  EXPECT_THAT(Approve(applied), FailsBecause("STALE_ETAG"));
  EXPECT_THAT(Approve(*active), FailsBecause("GROUP_STATE"));
  EXPECT_THAT(Suspend(*active, ""), Violates("reason", "REQUIRED"));
  const auto suspended = Suspend(*active);
  ASSERT_THAT(suspended, IsOk());
  EXPECT_EQ(suspended->state(), v1::GROUP_STATE_SUSPENDED);
  EXPECT_EQ(suspended->suspend_reason(), "連絡が取れません");
  const auto back = Approve(*suspended);
  ASSERT_THAT(back, IsOk());
  EXPECT_EQ(back->suspend_reason(), "");
  v1::ListGroupsRequest list;
  list.add_states(v1::GROUP_STATE_APPLIED);
  EXPECT_EQ(Do(&Stub::ListGroups, "coordinator", list)->groups_size(), 0);
  list.add_states(v1::GROUP_STATE_ACTIVE);
  EXPECT_EQ(Do(&Stub::ListGroups, "coordinator", list)->groups_size(), 1);
}

// A version that begins tomorrow does not count today: neither in what a group's own page says nor in what services ask for.
TEST_F(GroupsTest, AnAgreementsVersionCountsFromItsDay) {
  ASSERT_THAT(Make(kOwn, "G-1", "ひまわり食堂"), IsOk());
  v1::CreateAgreementRequest first;
  first.set_request_id(NewId());
  first.set_group("groups/" + kOwn);
  first.mutable_agreement()->set_title("合意書");
  first.mutable_agreement()->set_valid_from_date("2026-04-01");
  first.mutable_agreement()->mutable_duties()->set_recall_contact("事務局 03-0000-0001");
  ASSERT_THAT(Do(&Stub::CreateAgreement, "coordinator", first), IsOk());
  const auto agreements = v1::AgreementsService::NewStub(server_.channel());
  type::v1::ListAgreementVersionsRequest list;
  list.set_name(Read(kOwn)->agreements(0).name());
  const auto versions = rpc::Invoke(&v1::AgreementsService::Stub::ListAgreementVersions, *agreements, server_.As("coordinator"), list);
  ASSERT_THAT(versions, IsOk());
  type::v1::ReviseAgreementRequest revise;
  revise.set_request_id(NewId());
  *revise.mutable_agreement() = versions->versions(0);
  revise.mutable_agreement()->set_title("合意書（改定）");
  revise.mutable_agreement()->mutable_duties()->set_recall_contact("新しい窓口 03-0000-0002");
  revise.set_from_date("2026-11-22");
  ASSERT_THAT(rpc::Invoke(&v1::AgreementsService::Stub::ReviseAgreement, *agreements, server_.As("coordinator"), revise), IsOk());
  const auto expect = [&](const std::string& title, const std::string& contact, int version) {
    v1::GetGroupRequest get;
    get.set_name("groups/" + kOwn);
    const auto person = Do(&Stub::GetGroup, "volunteer", get);
    ASSERT_THAT(person, IsOk());
    EXPECT_EQ(person->agreements(0).title(), title);
    EXPECT_EQ(person->agreements(0).version(), version);
    EXPECT_FALSE(person->agreements(0).has_duties()) << "those are for the agreement's own readers";
    const auto service = Do(&Stub::GetGroup, "service", get);
    ASSERT_THAT(service, IsOk());
    EXPECT_EQ(service->agreements(0).duties().recall_contact(), contact);
    const auto listed = Do(&Stub::ListGroups, "coordinator", v1::ListGroupsRequest());
    ASSERT_THAT(listed, IsOk());
    EXPECT_EQ(listed->groups(0).agreements(0).title(), title);
  };
  expect("合意書", "事務局 03-0000-0001", 1);
  clock_.Advance(absl::Hours(24));
  expect("合意書（改定）", "新しい窓口 03-0000-0002", 2);
}

TEST_F(GroupsTest, AgreementsAndEvidenceCountOnTheirDays) {
  v1::Group group = Make(kOwn, "G-1", "ひまわり食堂").value();
  EXPECT_FALSE(group.agreement_in_force());
  group = Sign(kOwn, "2026-04-01", "2026-11-21").value();
  EXPECT_TRUE(group.agreement_in_force());
  EXPECT_THAT(Sign(kOwn, "2026-11-21"), FailsBecause("AGREEMENT_OVERLAPS"));
  EXPECT_THAT(Sign(kUnknown, "2026-11-21"), FailsBecause("GROUP_NOT_FOUND"));
  type::v1::Evidence& evidence = *group.add_evidence();
  evidence.set_title("保管温度記録");
  evidence.set_level(type::v1::COMPLIANCE_LEVEL_STORAGE_PROVEN);
  evidence.set_valid_from_date("2026-01-01");
  evidence.set_valid_to_date("2026-11-21");
  group = Update(group, {"evidence"}).value();
  EXPECT_EQ(group.compliance_level(), type::v1::COMPLIANCE_LEVEL_STORAGE_PROVEN);
  clock_.Advance(absl::Hours(6));  // 2026-11-22 in Tokyo
  EXPECT_FALSE(Read(kOwn)->agreement_in_force());
  EXPECT_EQ(Read(kOwn)->compliance_level(), type::v1::COMPLIANCE_LEVEL_UNSPECIFIED);
  const v1::Group renewed = Sign(kOwn, "2026-11-22").value();
  v1::TerminateAgreementRequest end;
  end.set_request_id(NewId());
  end.set_name(renewed.agreements(0).name());
  end.set_end_date("2026-11-30");
  const auto ended = Do(&Stub::TerminateAgreement, "coordinator", end);
  ASSERT_THAT(ended, IsOk());
  EXPECT_EQ(ended->agreements(0).end_date(), "2026-11-30");
  EXPECT_NE(ended->etag(), renewed.etag());
  end.set_request_id(NewId());
  EXPECT_THAT(Do(&Stub::TerminateAgreement, "coordinator", end), FailsBecause("AGREEMENT_TERMINATED"));
}

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
  const pg::testing::Database database =
      pg::testing::CreateDatabase("groups", std::span<const pg::Migration>(kMigrations).first(1));
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
        absl::StrCat("INSERT INTO groups.groups (network_id, group_id, code, display_name, state, search_key, "
                     "profile, create_time, update_time) VALUES ('",
                     kNetwork, "', '", id, "', '", code, "', 'old', 2, 'old', '\\x",
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

TEST_F(GroupsTest, ImportsGroupsWithTheirHubsAndOnce) {
  ASSERT_THAT(Make(kHub, "HUB", "地域ハブ"), IsOk());
  const std::string rows =
      "G-1,ひまわり食堂,cafeteria,13101,35.69,139.69,30,45,rice;snack,egg;milk,low_salt,500,mon;Friday,hygiene,"
      "食品衛生責任者,2026-01-01,合意書,"
      "2026-04-01,G-2,14\n"
      "G-2,地区拠点,food_bank,13102,35.67,139.77,200,,,,,9000,,,,,,,HUB,\n";
  const auto dry = Import(rows, /*dry_run=*/true);
  ASSERT_THAT(dry, IsOk());
  EXPECT_EQ(dry->problems_size(), 0) << dry->DebugString();
  EXPECT_EQ(dry->created_count(), 2);
  EXPECT_EQ(Count(), 1);
  ASSERT_THAT(Import(rows), IsOk());
  EXPECT_EQ(Count(), 3);
  EXPECT_EQ(identity_.organisations().size(), 3u);
  const auto again = Import(rows);
  EXPECT_EQ(again->created_count(), 0);
  EXPECT_EQ(again->skipped_count(), 2);
  EXPECT_EQ(Count(), 3);
  v1::ListGroupsRequest list;
  list.set_query("g-");
  const auto groups = Do(&Stub::ListGroups, "coordinator", list);
  ASSERT_EQ(groups->groups_size(), 2);
  const v1::Group& hub = groups->groups(1).code() == "G-2" ? groups->groups(1) : groups->groups(0);
  const v1::Group& group = groups->groups(1).code() == "G-2" ? groups->groups(0) : groups->groups(1);
  EXPECT_EQ(group.hub(), hub.name());
  EXPECT_EQ(hub.hub(), "groups/" + kHub);
  EXPECT_EQ(group.state(), v1::GROUP_STATE_ACTIVE);
  EXPECT_EQ(hub.state(), v1::GROUP_STATE_APPLIED) << "without an agreement";
  EXPECT_TRUE(group.agreement_in_force());
  EXPECT_EQ(group.compliance_level(), type::v1::COMPLIANCE_LEVEL_HYGIENE);
  EXPECT_EQ(group.receiving_days_size(), 2);
  EXPECT_EQ(group.excluded_allergens_size(), 2);
  EXPECT_EQ(group.sites(0).address().position().latitude_e6(), 35690000);
}

TEST_F(GroupsTest, BadCellsAreToldAtOnceAndNothingIsWritten) {
  const auto result = Import(
      "G-1,良い食堂,cafeteria,13101,35.69,139.69,30,,,,,,,,,,,,,\n"
      ",,castle,x,91,x,0,-1,rice;gold,glue,x,many,someday,,y,z,,2026-04-01,NOBODY,-1\n"
      "G-1,二重,pantry,13101,35,139,1,,,,,,,,,,,,,\n"
      "A,a,pantry,13101,35,139,1,,,,,,,,,,,,B,\n"
      "B,b,pantry,13101,35,139,1,,,,,,,,,,,,A,\n"
      "C,c,pantry,13101,35,139,1,,,,,,,,,,,,NOBODY,\n");
  ASSERT_THAT(result, IsOk());
  std::multiset<std::string> problems;
  for (const type::v1::ImportProblem& problem : result->problems()) {
    EXPECT_FALSE(problem.message_ja().empty());
    problems.insert(absl::StrCat(problem.row(), " ", problem.column(), " ", problem.reason()));
  }
  EXPECT_EQ(problems, (std::multiset<std::string>{"3 code EMPTY",
                                                  "3 name EMPTY",
                                                  "3 kind NOT_A_CHOICE",
                                                  "3 municipality_code NOT_A_MUNICIPALITY",
                                                  "3 latitude NOT_DEGREES",
                                                  "3 longitude NOT_DEGREES",
                                                  "3 households OUT_OF_RANGE",
                                                  "3 children OUT_OF_RANGE",
                                                  "3 categories NOT_A_CHOICE",
                                                  "3 excluded_allergens NOT_A_CHOICE",
                                                  "3 wanted_tags NOT_A_CHOICE",
                                                  "3 ambient_items NOT_A_NUMBER",
                                                  "3 receiving_days NOT_A_CHOICE",
                                                  "3 compliance_level EMPTY",
                                                  "3 evidence_from NOT_A_DATE",
                                                  "3 agreement_title EMPTY",
                                                  "3 min_remaining_days OUT_OF_RANGE",
                                                  "4 code DUPLICATE",
                                                  "6 hub_code HUB_CYCLE",
                                                  "7 hub_code NOT_FOUND"}));
  EXPECT_EQ(result->created_count(), 0);
  EXPECT_EQ(Count(), 0);
  EXPECT_TRUE(identity_.organisations().empty());
}

TEST_F(GroupsTest, GoodRowsComeWithoutTheBadOnesAndThoseThatHangOnThem) {
  const auto result = ImportGood(
      "G-1,ひまわり食堂,こども食堂,13101,35.69,139.69,30,G-2,月、火曜,会食;学習支援,03-0000-0000\n"  // its hub is left out
      "G-2,地区拠点,フードバンク,13102,35.67,139.77,many,,,,\n"
      "G-3,つくし食堂,子ども食堂,13101,35.69,139.69,30,G-1,,,\n"  // and so is this one's
      "G-4,あおば,施設,13101,35.69,139.69,30,,土,,12\n"
      "G-5,もみじ,宅食,13101,35.69,139.69,30,G-5,,,\n"  // its own hub
      "G-6,すみれ,こども食堂,13101,35.69,139.69,30,G-7,,,\n"
      "G-7,みどり,パントリー,13101,35.69,139.69,30,,,居場所,090-0000-0000\n");
  ASSERT_THAT(result, IsOk());
  std::multiset<std::string> problems;
  for (const auto& problem : result->problems()) problems.insert(absl::StrCat(problem.row(), " ", problem.reason()));
  EXPECT_EQ(problems, (std::multiset<std::string>{"2 HUB_LEFT_OUT", "3 NOT_A_NUMBER", "4 HUB_LEFT_OUT", "5 NOT_A_PHONE", "6 HUB_CYCLE"}));
  EXPECT_EQ(result->created_count(), 2);
  EXPECT_EQ(result->reading().bad_row_count(), 5);
  EXPECT_EQ(Count(), 2);
  v1::ListGroupsRequest list;
  list.set_query("G-7");
  const auto found = Do(&Stub::ListGroups, "coordinator", list);
  ASSERT_EQ(found->groups_size(), 1);
  EXPECT_EQ(found->groups(0).activities(0).kind(), v1::ACTIVITY_KIND_PLACE_TO_BE);
  EXPECT_EQ(found->groups(0).contacts(0).phone(), "090-0000-0000");
  const auto again = ImportGood("G-2,地区拠点,フードバンク,13102,35.67,139.77,40,,,,\nG-1,ひまわり食堂,こども食堂,13101,35.69,139.69,30,G-2,,,\n");
  EXPECT_EQ(again->created_count(), 2);
}

TEST_F(GroupsTest, AThousandGroupsComeInOneImport) {
  std::string rows;
  for (int i = 0; i < 1000; ++i) {
    absl::StrAppend(&rows, "G-", i, ",食堂", i, ",cafeteria,13101,35,139,30,,,,,,,,,,合意書,2026-04-01,",
                    i % 10 == 0 ? "" : absl::StrCat("G-", i - i % 10), ",\n");
  }
  const absl::Time start = absl::Now();
  const auto result = Import(rows);
  ASSERT_THAT(result, IsOk());
  EXPECT_EQ(result->created_count(), 1000);
  RecordProperty("milliseconds", static_cast<int>(absl::ToInt64Milliseconds(absl::Now() - start)));
  EXPECT_EQ(Count(), 1000);
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
