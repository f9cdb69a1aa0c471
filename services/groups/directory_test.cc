// Applications, confirmations, needs, surveys and search over the wire, with a real database and a made-up identity service.
#include <gtest/gtest.h>

#include <memory>

#include "absl/strings/str_cat.h"
#include "libs/errors/macros.h"
#include "libs/errors/testing.h"
#include "libs/ids/ids.h"
#include "libs/pg/testing/database.h"
#include "libs/registry/testing/fake_identity.h"
#include "libs/rpc/testing.h"
#include "services/groups/daily.h"
#include "services/groups/migrations/migrations.h"
#include "services/groups/service.h"

namespace kubari::groups {
namespace {

using errors::FailsBecause;
using errors::IsOk;
using errors::Violates;
using Groups = v1::GroupsService::Stub;
using Applications = v1::ApplicationsService::Stub;
using Needs = v1::NeedsService::Stub;
using Surveys = v1::SurveysService::Stub;

const std::string kNetwork = "00000000-0000-7000-8000-0000000000a1";
const std::string kOtherNetwork = "00000000-0000-7000-8000-0000000000a2";
const std::string kOffice = "00000000-0000-7000-8000-0000000000e1";
const std::string kOwn = "00000000-0000-7000-8000-0000000000b1";
const std::string kOther = "00000000-0000-7000-8000-0000000000b2";
const std::string kServiceKey = "a service key of at least 32 characters";

class DirectoryTest : public ::testing::Test {
 protected:
  DirectoryTest()
      : database_(pg::testing::CreateDatabase("groups", kMigrations)),
        pool_({.conninfo = database_.service, .schema = "groups", .size = 8}) {
    identity::v1::Network network;
    network.set_name("networks/" + kNetwork);
    network.set_code("haru");
    network.set_display_name("はるネット");
    network.set_time_zone("Asia/Tokyo");
    identity_.networks.push_back(network);
    int port = 0;
    grpc::ServerBuilder builder;
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
    builder.RegisterService(&identity_);
    neighbours_ = builder.BuildAndStart();
    const auto channel = grpc::CreateChannel(absl::StrCat("127.0.0.1:", port), grpc::InsecureChannelCredentials());
    networks_ = std::make_unique<registry::Networks>(channel, kServiceKey, clock_);
    groups_ = std::make_unique<GroupsHandler>(pool_, channel, clock_, kServiceKey);
    applications_ = std::make_unique<ApplicationsHandler>(pool_, *networks_, clock_, kServiceKey);
    groups_service_ = std::make_unique<GroupsService>(server_.dispatcher(), *groups_);
    applications_service_ = std::make_unique<ApplicationsService>(server_.dispatcher(), *applications_);
    needs_service_ = std::make_unique<NeedsService>(server_.dispatcher(), needs_);
    surveys_service_ = std::make_unique<SurveysService>(server_.dispatcher(), surveys_);
    municipalities_service_ = std::make_unique<MunicipalitiesService>(server_.dispatcher(), municipalities_);
    rpc::FakeAuthenticator& known = server_.authenticator();
    known.Add("coordinator", rpc::Person(kNetwork, kOffice, type::v1::ROLE_COORDINATOR));
    known.Add("group", rpc::Person(kNetwork, kOwn, type::v1::ROLE_GROUP));
    known.Add("other group", rpc::Person(kNetwork, kOther, type::v1::ROLE_GROUP));
    known.Add("stranger", rpc::Person(kOtherNetwork, kOffice, type::v1::ROLE_COORDINATOR));
    auth::Principal both = rpc::Person(kNetwork, kOffice, type::v1::ROLE_COORDINATOR);
    both.grants.push_back({.organisation_id = kOwn, .role = type::v1::ROLE_GROUP});
    known.Add("both", both);
    known.Add("service", rpc::Service());
    server_.Start({groups_service_.get(), applications_service_.get(), needs_service_.get(), surveys_service_.get(),
                   municipalities_service_.get()});
    stub_ = v1::GroupsService::NewStub(server_.channel());
    application_stub_ = v1::ApplicationsService::NewStub(server_.channel());
    need_stub_ = v1::NeedsService::NewStub(server_.channel());
    survey_stub_ = v1::SurveysService::NewStub(server_.channel());
  }
  ~DirectoryTest() override { server_.Stop(); }

  template <typename Base, typename Stub, typename Request, typename Response>
  absl::StatusOr<Response> Do(grpc::Status (Base::*method)(grpc::ClientContext*, const Request&, Response*), Stub& stub,
                              const std::string& who, const Request& request) {
    return rpc::Invoke(method, stub, server_.As(who, kNetwork), request);
  }
  static v1::Group Usual(const std::string& code, const std::string& name, const std::string& kana) {
    v1::Group group;
    group.set_code(code);
    group.set_display_name(name);
    group.set_name_kana(kana);
    group.set_kind(v1::GROUP_KIND_CAFETERIA);
    group.set_households(30);
    group.add_sites()->mutable_address()->set_municipality_code("13101");
    return group;
  }
  absl::StatusOr<v1::Group> Make(const std::string& id, const v1::Group& group) {
    v1::CreateGroupRequest request;
    request.set_request_id(ids::NewUuid());
    request.set_group_id(id);
    *request.mutable_group() = group;
    return Do(&Groups::CreateGroup, *stub_, "coordinator", request);
  }
  absl::StatusOr<v1::Group> Approve(const v1::Group& group, const std::string& who = "coordinator") {
    v1::ApproveGroupRequest request;
    request.set_request_id(ids::NewUuid());
    request.set_name(group.name());
    request.set_etag(group.etag());
    return Do(&Groups::ApproveGroup, *stub_, who, request);
  }
  absl::StatusOr<v1::Group> Update(const v1::Group& group, const std::vector<std::string>& fields,
                                   const std::vector<v1::Section>& confirmed, const std::string& who) {
    v1::UpdateGroupRequest request;
    request.set_request_id(ids::NewUuid());
    *request.mutable_group() = group;
    for (const std::string& field : fields) request.add_update_mask(field);
    for (const v1::Section section : confirmed) request.add_confirm_sections(section);
    return Do(&Groups::UpdateGroup, *stub_, who, request);
  }
  std::vector<std::string> Found(const std::string& query, const std::string& who = "coordinator") {
    v1::ListGroupsRequest request;
    request.set_query(query);
    request.set_order_by("relevance");
    const auto listed = Do(&Groups::ListGroups, *stub_, who, request);
    EXPECT_THAT(listed, IsOk()) << query;
    std::vector<std::string> names;
    if (listed.ok()) {
      for (const v1::Group& group : listed->groups()) names.push_back(group.display_name());
    }
    return names;
  }
  v1::GroupRules Rules() { return Do(&Applications::GetGroupRules, *application_stub_, "coordinator", v1::GetGroupRulesRequest()).value(); }
  absl::Status SetRules(const v1::GroupRules& rules) {
    v1::UpdateGroupRulesRequest request;
    request.set_request_id(ids::NewUuid());
    *request.mutable_rules() = rules;
    return Do(&Applications::UpdateGroupRules, *application_stub_, "coordinator", request).status();
  }
  v1::SubmitApplicationRequest Applying(const std::string& email = "midori@example.org") {
    v1::SubmitApplicationRequest request;
    request.set_request_id(ids::NewUuid());
    request.set_network_code("haru");
    *request.mutable_group() = Usual("mine", "みどり食堂", "ミドリショクドウ");
    request.set_applicant_display_name("みどり食堂 事務局");
    request.set_applicant_email(email);
    return request;
  }
  std::string Sql(const std::string& sql) { return pg::testing::Sql(database_.superuser, sql); }
  int64_t Notices() { return std::stoll(Sql("SELECT count(*) FROM groups.outbox")); }

  registry::FakeIdentity identity_;
  std::unique_ptr<grpc::Server> neighbours_;
  const pg::testing::Database database_;
  pg::Pool pool_;
  calendar::FixedClock clock_{absl::FromCivil(absl::CivilSecond(2026, 11, 21, 3, 0, 0), absl::UTCTimeZone())};
  std::unique_ptr<registry::Networks> networks_;
  std::unique_ptr<GroupsHandler> groups_;
  std::unique_ptr<ApplicationsHandler> applications_;
  NeedsHandler needs_{pool_, clock_};
  SurveysHandler surveys_{pool_, clock_};
  MunicipalitiesHandler municipalities_;
  std::unique_ptr<GroupsService> groups_service_;
  std::unique_ptr<ApplicationsService> applications_service_;
  std::unique_ptr<NeedsService> needs_service_;
  std::unique_ptr<SurveysService> surveys_service_;
  std::unique_ptr<MunicipalitiesService> municipalities_service_;
  rpc::TestServer server_;
  std::unique_ptr<Groups> stub_;
  std::unique_ptr<Applications> application_stub_;
  std::unique_ptr<Needs> need_stub_;
  std::unique_ptr<Surveys> survey_stub_;
};

TEST_F(DirectoryTest, AMunicipalityMergedOutOfExistenceIsToldWithItsSuccessor) {
  v1::Group group = Usual("g-1", "みどり食堂", "");
  group.mutable_sites(0)->mutable_address()->set_municipality_code("01339");
  const auto refused = Make(kOwn, group);
  EXPECT_THAT(refused, Violates("group.sites[0].address.municipality_code", "MUNICIPALITY_ABOLISHED"));
  const auto violations = errors::ViolationsOf(refused.status());
  ASSERT_EQ(violations.size(), 1u);
  EXPECT_NE(violations[0].description().find("函館市"), std::string::npos) << violations[0].description();
  group.mutable_sites(0)->mutable_address()->set_municipality_code("13999");
  EXPECT_THAT(Make(kOwn, group), Violates("group.sites[0].address.municipality_code", "MUNICIPALITY_UNKNOWN"));
  group.mutable_sites(0)->mutable_address()->set_municipality_code("13101");
  group.add_areas("22135");
  EXPECT_THAT(Make(kOwn, group), Violates("group.areas[0]", "MUNICIPALITY_ABOLISHED"));
}

TEST_F(DirectoryTest, ANetworkYoungerThanWhatIsKnownIsFoundAndGuessesAskOnceASecond) {
  const auto form = [&](const std::string& code) {
    v1::GetApplicationFormRequest request;
    request.set_network_code(code);
    return Do(&Applications::GetApplicationForm, *application_stub_, "", request);
  };
  EXPECT_THAT(form("haru"), IsOk());
  EXPECT_EQ(identity_.lists, 1);
  {
    identity::v1::Network network;
    network.set_name("networks/" + kOtherNetwork);
    network.set_code("natsu");
    network.set_time_zone("Asia/Tokyo");
    identity_.AddNetwork(network);
  }
  for (int i = 0; i < 20; ++i) EXPECT_THAT(form(absl::StrCat("guess-", i)), FailsBecause("NETWORK_NOT_FOUND"));
  EXPECT_THAT(form("natsu"), FailsBecause("NETWORK_NOT_FOUND")) << "asked this second";
  EXPECT_EQ(identity_.lists, 1);
  clock_.Advance(absl::Seconds(1));
  const auto young = form("Natsu");
  ASSERT_THAT(young, IsOk());
  EXPECT_EQ(young->network_code(), "natsu");
  EXPECT_EQ(identity_.lists, 2);
  EXPECT_THAT(form("natsu"), IsOk());
  EXPECT_THAT(form("fuyu"), FailsBecause("NETWORK_NOT_FOUND"));
  EXPECT_THAT(form(""), FailsBecause("NETWORK_NOT_FOUND")) << "there are two by now";
  EXPECT_EQ(identity_.lists, 2);
}

TEST_F(DirectoryTest, WhatIsWrittenSoKeepsOutWhatIsWrittenNearlySo) {
  for (const char* name : {"あおぞらひまわり食堂北", "あおぞらひまわり食道北"}) ASSERT_THAT(Make(ids::NewUuid(), Usual(ids::NewUuid(), name, "")), IsOk());
  EXPECT_EQ(Found("あおぞらひまわり食堂北"), std::vector<std::string>{"あおぞらひまわり食堂北"});
  EXPECT_EQ(Found("あおぞらひまわり食同北"), (std::vector<std::string>{"あおぞらひまわり食堂北", "あおぞらひまわり食道北"})) << "nobody is called so";
}

TEST_F(DirectoryTest, NamesAreFoundHoweverTheyAreTyped) {
  ASSERT_THAT(Make(kOwn, Usual("G-12", "みどりのこども食堂", "ミドリノコドモショクドウ")), IsOk());
  ASSERT_THAT(Make(kOther, Usual("H-7", "新橋フードバンク", "シンバシフードバンク")), IsOk());
  for (const char* query : {"みどり", "ミドリ", "ﾐﾄﾞﾘ", "midori", "ＭＩＤＯＲＩ", "こども食堂", "kodomo shokudou", "kodomo syokudo",
                            "Kodomo Shokudō", "食堂", "堂", "g-12", "ｇ－１２", "みどり 食堂", "shoku"}) {
    EXPECT_EQ(Found(query), std::vector<std::string>{"みどりのこども食堂"}) << query;
  }
  for (const char* query : {"shimbashi", "sinbasi", "しんばし", "フードバンク", "fuudobanku", "新橋"}) {
    EXPECT_EQ(Found(query), std::vector<std::string>{"新橋フードバンク"}) << query;
  }
  // One letter is wrong.
  EXPECT_EQ(Found("midorinokodamoshokudou"), std::vector<std::string>{"みどりのこども食堂"});
  EXPECT_EQ(Found("みどりのごども食堂"), std::vector<std::string>{"みどりのこども食堂"});
  for (const char* query : {"さくら", "100%", "_", "みどり 新橋"}) EXPECT_TRUE(Found(query).empty()) << query;
  EXPECT_TRUE(Found("みどり", "stranger").empty()) << "another network's";
}

// What fits best comes first, and pages follow each other.
TEST_F(DirectoryTest, TheBestFitComesFirst) {
  const char* names[] = {"あおぞら食堂", "食堂あおぞら", "あおぞら"};
  for (int i = 0; i < 3; ++i) ASSERT_THAT(Make(ids::NewUuid(), Usual(absl::StrCat("c", i), names[i], "")), IsOk());
  EXPECT_EQ(Found("あおぞら"), (std::vector<std::string>{"あおぞら", "あおぞら食堂", "食堂あおぞら"}));
  v1::ListGroupsRequest request;
  request.set_query("あおぞら");
  request.set_order_by("relevance");
  request.set_page_size(2);
  const auto first = Do(&Groups::ListGroups, *stub_, "coordinator", request);
  ASSERT_THAT(first, IsOk());
  request.set_page_token(first->next_page_token());
  const auto second = Do(&Groups::ListGroups, *stub_, "coordinator", request);
  ASSERT_THAT(second, IsOk());
  ASSERT_EQ(second->groups_size(), 1);
  EXPECT_EQ(second->groups(0).display_name(), "食堂あおぞら");
}

// The index is asked although row-level security is in force.
TEST_F(DirectoryTest, SearchUsesItsIndex) {
  Sql(absl::StrCat("INSERT INTO groups.search (network_id, kind, id, key) SELECT '", kNetwork,
                   "', 'groups', gen_random_uuid(), E'\\n団体' || n || E'\\ndantai' || n || E'\\n' FROM generate_series(1, 20000) n; "
                   "ANALYZE groups.search"));
  // As the function's owner sees it, without the policy and with the function's own settings.
  const std::string plan = pg::testing::Sql(
      database_.owner, absl::StrCat("SET search_path = groups; SET enable_seqscan = off; SET enable_indexscan = off; SELECT set_config('kubari.network', '", kNetwork,
                                    "', false); CREATE TEMP TABLE plan (line text); DO $$ DECLARE line text; BEGIN FOR line IN "
                                    "EXPLAIN SELECT id FROM search WHERE network_id = '", kNetwork,
                                    "' AND (key LIKE '%dantai12345%' OR key LIKE '%dantai1234x%') LOOP INSERT INTO plan VALUES "
                                    "(line); END LOOP; END $$; SELECT string_agg(line, E'\\n') FROM plan"));
  EXPECT_NE(plan.find("search_by_key"), std::string::npos) << plan;
  // And the service gets its answer by that function, of its own network only.
  EXPECT_EQ(pg::testing::Sql(database_.service,
                             absl::StrCat("SELECT set_config('kubari.network', '", kNetwork,
                                          "', false); SELECT count(*) FROM groups.search_found('{groups}', '{dantai12345}', '{dantai12345}', '')")),
            "1");
  EXPECT_EQ(pg::testing::Sql(database_.service,
                             absl::StrCat("SELECT set_config('kubari.network', '", kOtherNetwork,
                                          "', false); SELECT count(*) FROM groups.search_found('{groups}', '{dantai12345}', '{dantai12345}', '')")),
            "0");
  EXPECT_EQ(pg::testing::Sql(database_.service,
                             absl::StrCat("SELECT set_config('kubari.network', '", kNetwork,
                                          "', false); SELECT count(*) FROM groups.search_found('{needs}', '{dantai12345}', '{dantai12345}', '')")),
            "0") << "groups are no needs";
  EXPECT_EQ(pg::testing::Sql(database_.service, "SELECT count(*) FROM groups.search"), "0") << "no network, no rows";
}

TEST_F(DirectoryTest, AFactIsConfirmedByAPersonAndAskedAgainAfterAYear) {
  v1::Group group = Make(kOwn, Usual("g-1", "みどり食堂", "")).value();
  EXPECT_EQ(group.stale_sections_size(), 0) << "registered today";
  group = Update(group, {}, {v1::SECTION_PEOPLE, v1::SECTION_SITES}, "group").value();
  ASSERT_EQ(group.confirmations_size(), 2);
  EXPECT_EQ(group.confirmations(0).section(), v1::SECTION_PEOPLE);
  EXPECT_EQ(group.confirmations(0).date(), "2026-11-21");
  EXPECT_FALSE(group.confirmations(0).person().empty());
  EXPECT_FALSE(group.confirmations(0).by_staff());
  // A year on everything is old; one change and one "unchanged" later, all but six.
  clock_.Set(absl::FromCivil(absl::CivilSecond(2027, 11, 21, 3, 0, 0), absl::UTCTimeZone()));
  v1::GetGroupRequest get;
  get.set_name(group.name());
  group = Do(&Groups::GetGroup, *stub_, "group", get).value();
  EXPECT_EQ(group.stale_sections_size(), 8);
  v1::ListGroupsRequest stale;
  stale.set_stale(true);
  EXPECT_EQ(Do(&Groups::ListGroups, *stub_, "coordinator", stale)->groups_size(), 1);
  group.set_households(44);
  group = Update(group, {"households"}, {v1::SECTION_PEOPLE, v1::SECTION_FOOD}, "group").value();
  EXPECT_EQ(group.households(), 44);
  EXPECT_EQ(group.stale_sections_size(), 6);
  std::vector<v1::Section> rest;
  for (const int section : group.stale_sections()) rest.push_back(static_cast<v1::Section>(section));
  group = Update(group, {}, rest, "coordinator").value();
  EXPECT_EQ(group.stale_sections_size(), 0);
  EXPECT_TRUE(group.confirmations(0).by_staff());
  EXPECT_EQ(Do(&Groups::ListGroups, *stub_, "coordinator", stale)->groups_size(), 0);
  EXPECT_THAT(Update(group, {}, {}, "group"), Violates("update_mask", "REQUIRED"));
}

TEST_F(DirectoryTest, ANetworkMayStopWhatNobodyConfirmsForTooLong) {
  v1::Group group = Make(kOwn, Usual("g-1", "みどり食堂", "")).value();
  v1::GroupRules rules = Rules();
  EXPECT_EQ(rules.stop_months(), 0) << "never, unless somebody says so";
  rules.set_stop_months(rules.fact_months() - 1);
  EXPECT_THAT(SetRules(rules), Violates("rules.stop_months", "OUT_OF_RANGE")) << "asked again first";
  rules.set_stop_months(121);
  EXPECT_THAT(SetRules(rules), Violates("rules.stop_months", "OUT_OF_RANGE"));
  clock_.Set(absl::FromCivil(absl::CivilSecond(2028, 11, 21, 3, 0, 0), absl::UTCTimeZone()));
  v1::GetGroupRequest get;
  get.set_name(group.name());
  const auto stopped = [&] {
    std::vector<std::string> all;
    const auto now = Do(&Groups::GetGroup, *stub_, "group", get);
    EXPECT_THAT(now, IsOk());
    for (const v1::StoppedSection& each : now->stopped_sections())
      all.push_back(absl::StrCat(v1::Section_Name(each.section()), " ", each.confirmed_date()));
    return all;
  };
  EXPECT_THAT(stopped(), ::testing::IsEmpty());
  rules.set_stop_months(24);
  ASSERT_THAT(SetRules(rules), IsOk());
  EXPECT_THAT(stopped(), ::testing::ElementsAre("SECTION_SITES 2026-11-21", "SECTION_RECEIVING 2026-11-21", "SECTION_FOOD 2026-11-21"));
  ASSERT_EQ(Do(&Groups::ListGroups, *stub_, "coordinator", v1::ListGroupsRequest())->groups(0).stopped_sections_size(), 3);
  group = Do(&Groups::GetGroup, *stub_, "group", get).value();
  Update(group, {}, {v1::SECTION_SITES, v1::SECTION_FOOD}, "group").value();
  EXPECT_THAT(stopped(), ::testing::ElementsAre("SECTION_RECEIVING 2026-11-21"));
}

TEST_F(DirectoryTest, TheDirectorysFactsAreJudgedAllAtOnceAndListed) {
  v1::Group group = Usual("g-1", "みどり食堂", "");
  group.add_activities()->set_kind(v1::ACTIVITY_KIND_CAFETERIA);
  group.mutable_activities(0)->set_period(v1::PERIOD_MONTH);
  group.add_contacts()->set_role(type::v1::CONTACT_ROLE_GENERAL);
  v1::ReceivingWindow& window = *group.add_receiving_windows();
  window.set_weekday(v1::WEEKDAY_MONDAY);
  window.set_from_time("12:00");
  window.set_to_time("10:00");
  const auto refused = Make(kOwn, group);
  EXPECT_THAT(refused, Violates("group.activities[0].times", "OUT_OF_RANGE"));
  EXPECT_THAT(refused, Violates("group.contacts[0].office", "REQUIRED"));
  EXPECT_THAT(refused, Violates("group.contacts[0].phone", "REQUIRED"));
  EXPECT_THAT(refused, Violates("group.receiving_windows[0].to_time", "OUT_OF_ORDER"));
  group.mutable_activities(0)->set_times(2);
  group.mutable_contacts(0)->set_office("事務局");
  group.mutable_contacts(0)->set_phone("03-1234-5678");
  group.mutable_receiving_windows(0)->set_to_time("14:00");
  group.add_receiving_days(v1::WEEKDAY_TUESDAY);
  EXPECT_THAT(Make(kOwn, group), Violates("group.receiving_windows[0].weekday", "NOT_A_RECEIVING_DAY"));
  group.set_receiving_days(0, v1::WEEKDAY_MONDAY);
  group.add_areas("13102");
  ASSERT_THAT(Make(kOwn, group), IsOk());
  v1::ListGroupsRequest request;
  request.set_municipality("13102");
  request.add_activities(v1::ACTIVITY_KIND_CAFETERIA);
  EXPECT_EQ(Do(&Groups::ListGroups, *stub_, "coordinator", request)->groups_size(), 1);
  request.set_municipality("13103");
  EXPECT_EQ(Do(&Groups::ListGroups, *stub_, "coordinator", request)->groups_size(), 0);
}

TEST_F(DirectoryTest, FromThePublicFormToApproval) {
  EXPECT_THAT(Do(&Applications::SubmitApplication, *application_stub_, "", Applying()), FailsBecause("APPLICATIONS_CLOSED"));
  v1::GroupRules rules = Rules();
  rules.set_applications_open(true);
  rules.add_required_checks(v1::CHECK_KIND_CONTACT);
  rules.add_required_checks(v1::CHECK_KIND_SITE_VISIT);
  ASSERT_THAT(SetRules(rules), IsOk());
  // A machine fills in what people do not see: the same answer, and nothing is kept.
  v1::SubmitApplicationRequest machine = Applying();
  machine.set_website("http://example.org");
  ASSERT_THAT(Do(&Applications::SubmitApplication, *application_stub_, "", machine), IsOk());
  EXPECT_EQ(Sql("SELECT count(*) FROM groups.groups"), "0");

  const v1::SubmitApplicationRequest request = Applying();
  ASSERT_THAT(Do(&Applications::SubmitApplication, *application_stub_, "", request), IsOk());
  ASSERT_THAT(Do(&Applications::SubmitApplication, *application_stub_, "", request), IsOk()) << "a retry";
  EXPECT_EQ(Sql("SELECT count(*) FROM groups.groups WHERE state = 4"), "1");
  EXPECT_EQ(Notices(), 1) << "one e-mail";
  EXPECT_TRUE(Found("みどり").empty()) << "not in the directory yet";
  const auto listed = Do(&Applications::ListApplications, *application_stub_, "coordinator", v1::ListApplicationsRequest());
  ASSERT_THAT(listed, IsOk());
  ASSERT_EQ(listed->applications_size(), 1);
  v1::Application application = listed->applications(0);
  EXPECT_EQ(application.missing_checks_size(), 2);
  EXPECT_EQ(application.applicant_email(), "midori@example.org");
  v1::GetGroupRequest get;
  get.set_name(application.group());
  v1::Group group = Do(&Groups::GetGroup, *stub_, "coordinator", get).value();
  EXPECT_NE(group.code(), "mine") << "the code is the network's";
  EXPECT_THAT(Approve(group), FailsBecause("CHECKS_MISSING"));

  // The office called back, and went there.
  for (const v1::CheckKind kind : {v1::CHECK_KIND_CONTACT, v1::CHECK_KIND_SITE_VISIT}) {
    v1::SetCheckRequest check;
    check.set_request_id(ids::NewUuid());
    check.set_group(application.group());
    check.set_etag(application.etag());
    check.set_kind(kind);
    check.set_done(true);
    const auto ticked = Do(&Applications::SetCheck, *application_stub_, "coordinator", check);
    ASSERT_THAT(ticked, IsOk());
    application = *ticked;
  }
  EXPECT_EQ(application.state(), v1::GROUP_STATE_APPLIED);
  EXPECT_EQ(application.missing_checks_size(), 0);
  group.set_etag(application.etag());
  identity_.email = "MIDORI@example.org";
  EXPECT_THAT(Approve(group), FailsBecause("APPROVAL_BY_APPLICANT")) << "who applied with this address";
  identity_.email = "office@example.org";
  const auto approved = Approve(group);
  ASSERT_THAT(approved, IsOk());
  EXPECT_EQ(approved->state(), v1::GROUP_STATE_ACTIVE);
  EXPECT_EQ(approved->review_date(), "2027-11-21");
  EXPECT_EQ(identity_.organisations().size(), 1u) << "it has its organisation now";
  EXPECT_EQ(Notices(), 2) << "the applicant is told";
}

TEST_F(DirectoryTest, TheApplicantCannotApproveNorWhoEnteredItWhereTwoMustLook) {
  v1::Group group = Make(kOwn, Usual("g-1", "みどり食堂", "")).value();
  EXPECT_THAT(Approve(group, "both"), FailsBecause("APPROVAL_BY_APPLICANT"));
  v1::GroupRules rules = Rules();
  rules.set_four_eyes(true);
  ASSERT_THAT(SetRules(rules), IsOk());
  EXPECT_THAT(Approve(group), FailsBecause("FOUR_EYES"));
  EXPECT_THAT(SetRules(rules), FailsBecause("STALE_ETAG"));
  rules = Rules();
  rules.set_four_eyes(false);
  ASSERT_THAT(SetRules(rules), IsOk());
  EXPECT_THAT(Approve(group), IsOk());
}

TEST_F(DirectoryTest, RejectedWithAReasonAndTooManyFromOneAddress) {
  v1::GroupRules rules = Rules();
  rules.set_applications_open(true);
  ASSERT_THAT(SetRules(rules), IsOk());
  for (int i = 0; i < 3; ++i)
    ASSERT_THAT(Do(&Applications::SubmitApplication, *application_stub_, "", Applying()), IsOk());
  EXPECT_THAT(Do(&Applications::SubmitApplication, *application_stub_, "", Applying("Midori@Example.org")),
              FailsBecause("TOO_MANY_APPLICATIONS"));
  const auto listed = Do(&Applications::ListApplications, *application_stub_, "coordinator", v1::ListApplicationsRequest());
  v1::RejectGroupRequest reject;
  reject.set_request_id(ids::NewUuid());
  reject.set_group(listed->applications(0).group());
  reject.set_etag(listed->applications(0).etag());
  EXPECT_THAT(Do(&Applications::RejectGroup, *application_stub_, "coordinator", reject), Violates("reason", "REQUIRED"));
  reject.set_reason("活動地域の外です");
  const auto rejected = Do(&Applications::RejectGroup, *application_stub_, "coordinator", reject);
  ASSERT_THAT(rejected, IsOk());
  EXPECT_EQ(rejected->state(), v1::GROUP_STATE_REJECTED);
  EXPECT_EQ(rejected->reason(), "活動地域の外です");
  // What nobody confirms is erased after 30 days, when the next one comes; what was decided stays.
  clock_.Set(clock_.Now() + absl::Hours(24 * 31));
  ASSERT_THAT(Do(&Applications::SubmitApplication, *application_stub_, "", Applying()), IsOk());
  EXPECT_EQ(Sql("SELECT count(*) FROM groups.groups"), "2");
  v1::ConfirmApplicationRequest confirm;
  confirm.set_code("haru.AAAAAAAAAAAAAAAAAAAA");
  EXPECT_THAT(Do(&Applications::ConfirmApplication, *application_stub_, "", confirm), FailsBecause("APPLICATION_NOT_FOUND"));
  confirm.set_code("AAAA");
  EXPECT_THAT(Do(&Applications::ConfirmApplication, *application_stub_, "", confirm), FailsBecause("APPLICATION_NOT_FOUND"));
}

TEST_F(DirectoryTest, ANeedIsStatedSeenAndFulfilled) {
  const v1::Group group = Make(kOwn, Usual("g-1", "みどり食堂", "ミドリショクドウ")).value();
  ASSERT_THAT(Make(kOther, Usual("g-2", "あおぞら", "")), IsOk());
  v1::CreateNeedRequest request;
  request.set_request_id(ids::NewUuid());
  v1::Need& need = *request.mutable_need();
  need.set_group(group.name());
  need.set_text("おむつ Lサイズ");
  need.set_category(type::v1::FOOD_CATEGORY_NON_FOOD);
  need.set_quantity(10);
  need.set_until_date("2026-11-20");
  EXPECT_THAT(Do(&Needs::CreateNeed, *need_stub_, "group", request), Violates("need.until_date", "IN_THE_PAST"));
  need.set_until_date("2026-12-20");
  EXPECT_THAT(Do(&Needs::CreateNeed, *need_stub_, "other group", request), FailsBecause("NOT_YOUR_ORGANISATION"));
  const auto made = Do(&Needs::CreateNeed, *need_stub_, "group", request);
  ASSERT_THAT(made, IsOk());
  EXPECT_EQ(made->group_display_name(), "みどり食堂");
  EXPECT_EQ(Notices(), 1);
  v1::CreateNeedRequest standing;
  standing.set_request_id(ids::NewUuid());
  standing.mutable_need()->set_group("groups/" + kOther);
  standing.mutable_need()->set_text("米");
  standing.mutable_need()->set_standing(true);
  standing.mutable_need()->set_quantity(3);
  EXPECT_THAT(Do(&Needs::CreateNeed, *need_stub_, "coordinator", standing), Violates("need.quantity", "NOT_EMPTY"));
  standing.mutable_need()->set_quantity(0);
  ASSERT_THAT(Do(&Needs::CreateNeed, *need_stub_, "coordinator", standing), IsOk());

  const auto count = [&](const std::string& who, const v1::ListNeedsRequest& list) {
    const auto needs = Do(&Needs::ListNeeds, *need_stub_, who, list);
    EXPECT_THAT(needs, IsOk());
    return needs.ok() ? needs->needs_size() : -1;
  };
  v1::ListNeedsRequest list;
  EXPECT_EQ(count("coordinator", list), 2);
  EXPECT_EQ(count("group", list), 1);
  EXPECT_EQ(count("stranger", list), 0);
  for (const char* query : {"ｵﾑﾂ", "omutsu", "おむつ L"}) {
    list.set_query(query);
    EXPECT_EQ(count("coordinator", list), 1) << query;
  }
  list.set_query("midori");
  EXPECT_EQ(count("coordinator", list), 1) << "by the group's name";
  list.Clear();
  list.add_states(v1::NEED_STATE_EXPIRED);
  EXPECT_EQ(count("coordinator", list), 0);
  clock_.Set(absl::FromCivil(absl::CivilSecond(2026, 12, 21, 3, 0, 0), absl::UTCTimeZone()));
  EXPECT_EQ(count("coordinator", list), 1) << "its last day has passed";
  v1::GetNeedRequest get;
  get.set_name(made->name());
  EXPECT_THAT(Do(&Needs::GetNeed, *need_stub_, "group", get), IsOk());
  EXPECT_THAT(Do(&Needs::GetNeed, *need_stub_, "other group", get), FailsBecause("NOT_YOUR_ORGANISATION"));
  EXPECT_THAT(Do(&Needs::GetNeed, *need_stub_, "stranger", get), FailsBecause("NEED_NOT_FOUND"));
  v1::SetNeedStateRequest state;
  state.set_request_id(ids::NewUuid());
  state.set_name(made->name());
  state.set_etag(made->etag());
  state.set_state(v1::NEED_STATE_FULFILLED);
  EXPECT_THAT(Do(&Needs::SetNeedState, *need_stub_, "other group", state), FailsBecause("NOT_YOUR_ORGANISATION"));
  const auto fulfilled = Do(&Needs::SetNeedState, *need_stub_, "group", state);
  ASSERT_THAT(fulfilled, IsOk());
  v1::UpdateNeedRequest update;
  update.set_request_id(ids::NewUuid());
  *update.mutable_need() = *fulfilled;
  update.add_update_mask("note");
  EXPECT_THAT(Do(&Needs::UpdateNeed, *need_stub_, "other group", update), FailsBecause("NOT_YOUR_ORGANISATION"));
  EXPECT_THAT(Do(&Needs::UpdateNeed, *need_stub_, "group", update), FailsBecause("NEED_STATE"));
}

// What follows from an answer elsewhere is told by the service that asked, and by nobody else; it takes no room.
TEST_F(DirectoryTest, ANeedThatFollowsFromAnAnswerNamesTheQuestion) {
  const v1::Group group = Make(kOwn, Usual("g-1", "みどり食堂", "ミドリショクドウ")).value();
  const std::string question = ids::Name("broadcasts", ids::NewUuid());
  v1::CreateNeedRequest request;
  request.mutable_need()->set_group(group.name());
  request.mutable_need()->set_text("介護食");
  request.mutable_need()->set_quantity(3);
  request.mutable_need()->set_unit(v1::NEED_UNIT_CASES);
  request.mutable_need()->set_broadcast(question);
  const auto make = [&](const std::string& who) {
    request.set_request_id(ids::NewUuid());
    return Do(&Needs::CreateNeed, *need_stub_, who, request);
  };
  for (int i = 0; i < 50; ++i) EXPECT_EQ(make("group")->broadcast(), "") << "a group cannot say so";
  EXPECT_THAT(make("group"), FailsBecause("TOO_MANY_NEEDS"));
  const int64_t told = Notices();
  const auto made = make("service");
  ASSERT_THAT(made, IsOk());
  EXPECT_EQ(made->broadcast(), question);
  EXPECT_EQ(made->creator(), auth::kServiceSubject);
  EXPECT_EQ(Notices(), told) << "whoever asked tells the answers";
  v1::SetNeedStateRequest state;
  state.set_request_id(ids::NewUuid());
  state.set_name(made->name());
  state.set_etag(made->etag());
  state.set_state(v1::NEED_STATE_WITHDRAWN);
  const auto withdrawn = Do(&Needs::SetNeedState, *need_stub_, "service", state);
  ASSERT_THAT(withdrawn, IsOk());
  state.set_request_id(ids::NewUuid());
  state.set_etag(withdrawn->etag());
  state.set_state(v1::NEED_STATE_OPEN);
  EXPECT_EQ(Do(&Needs::SetNeedState, *need_stub_, "service", state)->broadcast(), question);
}

TEST_F(DirectoryTest, ASurveyIsAnsweredByConfirming) {
  v1::Group group = Approve(Make(kOwn, Usual("g-1", "みどり食堂", "")).value()).value();
  ASSERT_THAT(Approve(Make(kOther, Usual("g-2", "あおぞら", "")).value()), IsOk());
  v1::CreateSurveyRequest request;
  request.set_request_id(ids::NewUuid());
  v1::Survey& asked = *request.mutable_survey();
  asked.set_title("2026年度 年次調査");
  asked.add_sections(v1::SECTION_PEOPLE);
  asked.add_sections(v1::SECTION_ISSUES);
  asked.set_until_date("2026-12-20");
  const auto made = Do(&Surveys::CreateSurvey, *survey_stub_, "coordinator", request);
  ASSERT_THAT(made, IsOk());
  EXPECT_TRUE(made->open());
  EXPECT_EQ(made->asked_count(), 2);
  EXPECT_EQ(Notices(), 1);
  group = Update(group, {}, {v1::SECTION_PEOPLE}, "group").value();
  v1::GetSurveyRequest get;
  get.set_name(made->name());
  v1::Survey survey = Do(&Surveys::GetSurvey, *survey_stub_, "coordinator", get).value();
  EXPECT_EQ(survey.begun_count(), 1);
  EXPECT_EQ(survey.answered_count(), 0);
  v1::Survey seen = Do(&Surveys::GetSurvey, *survey_stub_, "group", get).value();
  ASSERT_EQ(seen.progress_size(), 1);
  EXPECT_EQ(seen.progress(0).answered_size(), 1);
  EXPECT_EQ(seen.asked_count(), 0) << "what the others do is not theirs to see";
  v1::IssueAnswer& issue = *group.add_issues();
  issue.set_issue(v1::ISSUE_STORAGE);
  issue.set_level(v1::ISSUE_LEVEL_GREAT);
  ASSERT_THAT(Update(group, {"issues"}, {v1::SECTION_ISSUES}, "group"), IsOk());
  // One that asks somebody else.
  request.set_request_id(ids::NewUuid());
  asked.add_groups("groups/" + kOther);
  const auto others = Do(&Surveys::CreateSurvey, *survey_stub_, "coordinator", request);
  ASSERT_THAT(others, IsOk());
  EXPECT_EQ(others->asked_count(), 1);
  get.set_name(others->name());
  EXPECT_THAT(Do(&Surveys::GetSurvey, *survey_stub_, "group", get), FailsBecause("NOT_YOUR_ORGANISATION"));
  EXPECT_THAT(Do(&Surveys::GetSurvey, *survey_stub_, "other group", get), IsOk());
  v1::ListSurveyAnswersRequest answers;
  answers.set_survey(made->name());
  answers.add_states(v1::SURVEY_ANSWER_STATE_COMPLETE);
  const auto complete = Do(&Surveys::ListSurveyAnswers, *survey_stub_, "coordinator", answers);
  ASSERT_THAT(complete, IsOk());
  ASSERT_EQ(complete->answers_size(), 1);
  EXPECT_EQ(complete->answers(0).group().issues(0).level(), v1::ISSUE_LEVEL_GREAT);
  v1::RemindSurveyRequest remind;
  remind.set_request_id(ids::NewUuid());
  remind.set_name(made->name());
  EXPECT_EQ(Do(&Surveys::RemindSurvey, *survey_stub_, "coordinator", remind)->reminded_count(), 1);
  remind.set_request_id(ids::NewUuid());
  EXPECT_THAT(Do(&Surveys::RemindSurvey, *survey_stub_, "coordinator", remind), FailsBecause("REMINDED_TODAY"));
  clock_.Set(absl::FromCivil(absl::CivilSecond(2026, 12, 21, 3, 0, 0), absl::UTCTimeZone()));
  EXPECT_THAT(Do(&Surveys::RemindSurvey, *survey_stub_, "coordinator", remind), FailsBecause("SURVEY_CLOSED"));
  EXPECT_EQ(Do(&Surveys::ListSurveys, *survey_stub_, "group", v1::ListSurveysRequest())->surveys_size(), 1);
}

TEST_F(DirectoryTest, WhatIsDueIsToldOnce) {
  v1::Group group = Approve(Make(kOwn, Usual("g-1", "みどり食堂", "")).value()).value();
  type::v1::Evidence& evidence = *group.add_evidence();
  evidence.set_title("食品衛生責任者");
  evidence.set_level(type::v1::COMPLIANCE_LEVEL_HYGIENE);
  evidence.set_valid_from_date("2026-01-01");
  evidence.set_valid_to_date("2027-01-21");
  ASSERT_THAT(Update(group, {"evidence"}, {}, "coordinator"), IsOk());
  const auto look = [&] { return LookAfter(pool_, kNetwork, "Asia/Tokyo", clock_); };
  ASSERT_THAT(look(), IsOk());
  EXPECT_EQ(Notices(), 0) << "60 days before is tomorrow";
  clock_.Set(absl::FromCivil(absl::CivilSecond(2026, 11, 22, 3, 0, 0), absl::UTCTimeZone()));
  ASSERT_THAT(look(), IsOk());
  ASSERT_THAT(look(), IsOk());
  EXPECT_EQ(Notices(), 1);
  // Nobody looked for a year: review, old facts and the evidence's end, once each.
  clock_.Set(absl::FromCivil(absl::CivilSecond(2027, 11, 22, 3, 0, 0), absl::UTCTimeZone()));
  ASSERT_THAT(look(), IsOk());
  ASSERT_THAT(look(), IsOk());
  EXPECT_EQ(Notices(), 4);
}

}  // namespace
}  // namespace kubari::groups
