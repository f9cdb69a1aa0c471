// The whole service in this process over the real wire: PostgreSQL, its own authenticator, a clock that tests move.
#pragma once

#include <absl/strings/str_cat.h>
#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "kubari/identity/v1/identity.grpc.pb.h"
#include "libs/calendar/clock.h"
#include "libs/errors/testing.h"
#include "libs/ids/ids.h"
#include "libs/pg/testing/database.h"
#include "libs/rpc/client.h"
#include "libs/rpc/server.h"
#include "services/identity/authenticator.h"
#include "services/identity/migrations/migrations.h"
#include "services/identity/service.h"

namespace kubari::identity {

using Stub = pb::IdentityService::Stub;
inline constexpr char kServiceKey[] = "0123456789abcdef0123456789abcdef";

// A message from protobuf's text format.
template <typename Message>
Message Text(const std::string& text) {
  Message message;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &message)) << text;
  return message;
}

inline std::string RequestId() { return absl::StrCat("request_id: '", ids::NewUuid(), "' "); }

class IdentityTest : public ::testing::Test {
 protected:
  // A network with an administrator who is signed in.
  struct Network {
    std::string id;             // UUID
    std::string intermediary;   // organisations/…
    std::string administrator;  // people/…
    std::string token;
  };

  IdentityTest() {
    auto started = rpc::Server::Start({}, {&service_});
    EXPECT_THAT(started, errors::IsOk());
    server_ = *std::move(started);
    stub_ = pb::IdentityService::NewStub(rpc::Connect(absl::StrCat("127.0.0.1:", server_->bound_port())));
  }
  ~IdentityTest() override {
    server_->Shutdown();
    dispatcher_.Join();
  }

  // Calls as whoever has the token; a service names its network.
  template <typename Method, typename Request>
  auto Do(Method method, const std::string& token, const Request& request, const std::string& network = "") {
    const rpc::Outgoing outgoing{.deadline = absl::Now() + absl::Seconds(20), .token = token, .network = network};
    return rpc::Invoke(method, *stub_, outgoing, request);
  }

  // The same, for arranging: it must succeed.
  template <typename Method, typename Request>
  auto Must(Method method, const std::string& token, const Request& request, const std::string& network = "") {
    auto answer = Do(method, token, request, network);
    EXPECT_THAT(answer, errors::IsOk());
    if (!answer.ok()) std::abort();
    return *std::move(answer);
  }

  pb::SignInResponse Redeem(const std::string& code, const std::string& device = "倉庫スマホ") {
    return Must(&Stub::RedeemInvite, "",
                Text<pb::RedeemInviteRequest>(
                    absl::StrCat(RequestId(), "code: '", code, "' device_display_name: '", device, "'")));
  }

  Network MakeNetwork(const std::string& code) {
    const auto made = Must(&Stub::CreateNetwork, kServiceKey,
                           Text<pb::CreateNetworkRequest>(absl::StrCat(
                               RequestId(), "code: '", code, "' display_name: 'テスト' administrator_email: 'admin@",
                               code, ".example' administrator_display_name: '管理 花子'")));
    return {.id = IdOf(made.network().name()),
            .intermediary = made.organisation().name(),
            .administrator = made.administrator().name(),
            .token = Redeem(made.invite_code()).token()};
  }

  // Returns organisations/….
  std::string MakeOrganisation(const Network& network, const std::string& kind,
                               const std::string& display_name = "団体") {
    return Must(&Stub::CreateOrganisation, network.token,
                Text<pb::CreateOrganisationRequest>(
                    absl::StrCat(RequestId(), "kind: ORGANISATION_KIND_", kind, " display_name: '", display_name, "'")))
        .name();
  }

  pb::Person MakePerson(const Network& network, const std::string& email, const std::string& role,
                        const std::string& organisation) {
    return Must(&Stub::CreatePerson, network.token,
                Text<pb::CreatePersonRequest>(absl::StrCat(RequestId(), "display_name: '山田' email: '", email,
                                                           "' grants { organisation: '", organisation, "' role: ROLE_",
                                                           role, " }")));
  }

  // Signs the person in with an invite of the administrator; returns the token.
  std::string TokenOf(const Network& network, const std::string& person) {
    const auto invite = Must(&Stub::CreateInvite, network.token,
                             Text<pb::CreateInviteRequest>(absl::StrCat(RequestId(), "person: '", person, "'")));
    return Redeem(invite.code()).token();
  }

  static pb::CreateInviteRequest DeviceInvite(const std::string& organisation, const std::string& more = "") {
    return Text<pb::CreateInviteRequest>(
        absl::StrCat(RequestId(), "grant { organisation: '", organisation, "' role: ROLE_VOLUNTEER } ", more));
  }

  absl::StatusOr<pb::Session> Session(const std::string& token) {
    return Do(&Stub::GetSession, token, pb::GetSessionRequest());
  }

  const pg::testing::Database database_ = pg::testing::CreateDatabase("identity", kMigrations);
  calendar::FixedClock clock_{absl::FromUnixSeconds(1'790'000'000)};
  pg::Pool pool_{{.conninfo = database_.service, .schema = "identity", .size = 8}};
  // The weakest Argon2id there is: tests are about rules, not about work.
  PasswordHasher hasher_{{.waiting = 64, .passes = 1, .memory_bytes = 8192}};
  OwnAuthenticator authenticator_{pool_, clock_, kServiceKey};
  prometheus::Registry registry_;
  rpc::Dispatcher dispatcher_{authenticator_, registry_, {.workers = 8, .max_queue = 256}};
  IdentityService service_{dispatcher_, {pool_, clock_, hasher_, kServiceKey}};
  std::unique_ptr<rpc::Server> server_;
  std::unique_ptr<Stub> stub_;
};

}  // namespace kubari::identity
