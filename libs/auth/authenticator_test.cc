#include "libs/auth/authenticator.h"

#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

#include "libs/errors/testing.h"

namespace kubari::auth {
namespace {

namespace pb = kubari::identity::v1;
using errors::FailsBecause;
using errors::IsOk;

constexpr char kKey[] = "a-service-key-of-at-least-32-characters";
constexpr char kNetwork[] = "0190163d-8694-7000-8000-000000000001";

// Knows every token that begins with "good".
class Identity final : public pb::IdentityService::Service {
 public:
  grpc::Status Authenticate(grpc::ServerContext* context, const pb::AuthenticateRequest* request,
                            pb::AuthenticateResponse* response) override {
    ++calls;
    std::this_thread::sleep_for(std::chrono::milliseconds(delay_ms));
    const auto& metadata = context->client_metadata();
    const auto authorization = metadata.find("authorization");
    if (authorization == metadata.end() || authorization->second != std::string("Bearer ") + kKey) {
      return errors::ToGrpc(TokenMissing());
    }
    if (request->token().substr(0, 4) != "good") return errors::ToGrpc(TokenInvalid());
    auto* session = response->mutable_session();
    session->mutable_network()->set_name(std::string("networks/") + kNetwork);
    session->mutable_network()->set_code("demo");
    session->mutable_network()->set_time_zone("Europe/Paris");
    session->set_subject("people/p");
    session->set_locale("en");
    auto* grant = session->add_grants();
    grant->set_organisation("organisations/o");
    grant->set_role(kubari::type::v1::ROLE_DONOR);
    return grpc::Status::OK;
  }
  std::atomic<int> calls = 0;
  std::atomic<int> delay_ms = 0;
};

class AuthenticatorTest : public ::testing::Test {
 protected:
  AuthenticatorTest() {
    grpc::ServerBuilder builder;
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port_);
    builder.RegisterService(&identity_);
    server_ = builder.BuildAndStart();
    authenticator_ = Make({});
  }
  std::unique_ptr<IdentityAuthenticator> Make(IdentityAuthenticator::Options options) {
    if (options.service_key.empty()) options.service_key = kKey;
    options.now = [this] { return now_; };
    return std::make_unique<IdentityAuthenticator>(
        grpc::CreateChannel("127.0.0.1:" + std::to_string(port_), grpc::InsecureChannelCredentials()), options);
  }
  absl::StatusOr<Principal> Authenticate(const std::string& token) {
    return authenticator_->Authenticate({.token = token}, absl::Now() + absl::Seconds(5));
  }

  int port_ = 0;
  Identity identity_;
  std::unique_ptr<grpc::Server> server_;
  absl::Time now_ = absl::FromUnixSeconds(1'800'000'000);
  std::unique_ptr<IdentityAuthenticator> authenticator_;
};

TEST_F(AuthenticatorTest, AsksIdentity) {
  const auto principal = Authenticate("good");
  ASSERT_THAT(principal, IsOk());
  EXPECT_EQ(principal->network_id, kNetwork);
  EXPECT_EQ(principal->network_code, "demo");
  EXPECT_EQ(principal->time_zone, "Europe/Paris");
  EXPECT_EQ(principal->locale, "en");
  EXPECT_TRUE(principal->HoldsIn("o", kubari::type::v1::ROLE_DONOR));
  EXPECT_FALSE(principal->is_service);
}

TEST_F(AuthenticatorTest, KeepsPositiveAnswersForAWhileOnly) {
  EXPECT_THAT(Authenticate("good"), IsOk());
  now_ += absl::Seconds(4);
  EXPECT_THAT(Authenticate("good"), IsOk());
  EXPECT_EQ(identity_.calls, 1);
  now_ += absl::Seconds(2);
  EXPECT_THAT(Authenticate("good"), IsOk());
  EXPECT_EQ(identity_.calls, 2);
  EXPECT_THAT(Authenticate("bad"), FailsBecause("TOKEN_INVALID"));
  EXPECT_THAT(Authenticate("bad"), FailsBecause("TOKEN_INVALID"));
  EXPECT_EQ(identity_.calls, 4);
}

TEST_F(AuthenticatorTest, KeepsTheMostRecentlyUsed) {
  authenticator_ = Make({.cache_size = 2});
  EXPECT_THAT(Authenticate("good1"), IsOk());
  EXPECT_THAT(Authenticate("good2"), IsOk());
  EXPECT_THAT(Authenticate("good1"), IsOk());
  EXPECT_THAT(Authenticate("good3"), IsOk());  // good2 goes
  EXPECT_THAT(Authenticate("good1"), IsOk());
  EXPECT_EQ(identity_.calls, 3);
  EXPECT_THAT(Authenticate("good2"), IsOk());
  EXPECT_EQ(identity_.calls, 4);
}

TEST_F(AuthenticatorTest, OneCallForManyAtOnce) {
  identity_.delay_ms = 300;
  std::vector<std::thread> threads;
  std::atomic<int> ok = 0;
  for (int i = 0; i < 8; ++i) threads.emplace_back([&] { ok += Authenticate("good").ok(); });
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(ok, 8);
  EXPECT_EQ(identity_.calls, 1);
}

TEST_F(AuthenticatorTest, NoTokenAndImpossibleTokens) {
  EXPECT_THAT(Authenticate(""), FailsBecause("TOKEN_MISSING"));
  EXPECT_THAT(Authenticate("good\r\nx: y"), FailsBecause("TOKEN_INVALID"));
  EXPECT_THAT(Authenticate("配り"), FailsBecause("TOKEN_INVALID"));
  EXPECT_EQ(identity_.calls, 0);
}

TEST_F(AuthenticatorTest, TheServiceKeyIsJudgedHere) {
  const auto service = authenticator_->Authenticate({.token = kKey, .network = kNetwork}, absl::Now() + absl::Seconds(1));
  ASSERT_THAT(service, IsOk());
  EXPECT_TRUE(service->is_service);
  EXPECT_EQ(service->network_id, kNetwork);
  authenticator_ = Make({.accept_service_key = false});
  EXPECT_THAT(Authenticate(kKey), FailsBecause("TOKEN_INVALID"));
  EXPECT_EQ(identity_.calls, 0);
  EXPECT_THAT(Authenticate("good"), IsOk());  // the key is still sent to identity
}

TEST_F(AuthenticatorTest, AServiceMayNameForWhomItActs) {
  const auto as = [&](const std::string& token, const std::string& subject) {
    return authenticator_->Authenticate({.token = token, .network = kNetwork, .subject = subject}, absl::Now() + absl::Seconds(5));
  };
  const std::string person = std::string("people/") + kNetwork;
  EXPECT_EQ(as(kKey, "")->subject, kServiceSubject);
  const auto service = as(kKey, person);
  ASSERT_THAT(service, IsOk());
  EXPECT_EQ(service->subject, person);
  EXPECT_TRUE(service->is_service);
  EXPECT_TRUE(service->grants.empty());
  EXPECT_THAT(as(kKey, "people/root"), FailsBecause("METADATA_INVALID"));
  EXPECT_THAT(as(kKey, kServiceSubject), FailsBecause("METADATA_INVALID"));
  EXPECT_EQ(as("good", person)->subject, "people/p");  // a person is who the token says
}

TEST_F(AuthenticatorTest, IdentityAwayIsNotTheCallersFault) {
  server_->Shutdown();
  const auto principal = authenticator_->Authenticate({.token = "good"}, absl::Now() + absl::Milliseconds(300));
  EXPECT_THAT(principal, FailsBecause("IDENTITY_UNAVAILABLE"));
  EXPECT_THAT(principal, errors::FailsWith(absl::StatusCode::kUnavailable));
}

TEST_F(AuthenticatorTest, AWrongServiceKeyIsNotTheCallersFault) {
  authenticator_ = Make({.service_key = "another-key-of-at-least-32-characters"});
  EXPECT_THAT(Authenticate("good"), FailsBecause("IDENTITY_UNAVAILABLE"));
}

}  // namespace
}  // namespace kubari::auth
