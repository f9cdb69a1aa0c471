// The groups service over the wire, with a real database and a made-up identity service.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "libs/errors/testing.h"
#include "libs/ids/ids.h"
#include "libs/pg/testing/database.h"
#include "libs/registry/testing/fake_identity.h"
#include "libs/rpc/testing.h"
#include "services/groups/agreements.h"
#include "services/groups/migrations/migrations.h"
#include "services/groups/service.h"

namespace kubari::groups {

using Stub = v1::GroupsService::Stub;

inline const std::string kNetwork = "00000000-0000-7000-8000-0000000000a1";
inline const std::string kOtherNetwork = "00000000-0000-7000-8000-0000000000a2";
inline const std::string kOffice = "00000000-0000-7000-8000-0000000000e1";
inline const std::string kOwn = "00000000-0000-7000-8000-0000000000b1";
inline const std::string kHub = "00000000-0000-7000-8000-0000000000b2";
inline const std::string kUnknown = "00000000-0000-7000-8000-00000000dead";

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

}  // namespace kubari::groups
