// For the gateway's tests: a gateway on a free port, services made up in this process, and a plain HTTP client.
#pragma once

#include <absl/strings/str_cat.h>
#include <absl/time/clock.h>
#include <google/protobuf/util/json_util.h>
#include <gtest/gtest.h>
#include <poll.h>

#include <atomic>
#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "kubari/identity/v1/identity.grpc.pb.h"
#include "kubari/notifications/v1/notifications.grpc.pb.h"
#include "kubari/stock/v1/stock.grpc.pb.h"
#include "libs/errors/errors.h"
#include "libs/rpc/client.h"
#include "libs/rpc/server.h"
#include "mobile_api/gateway/gateway.h"

namespace kubari::gateway {

namespace ipb = kubari::identity::v1;
namespace npb = kubari::notifications::v1;
namespace spb = kubari::stock::v1;

inline constexpr char kServiceKey[] = "the-service-key-of-these-tests-0123456789";
inline constexpr char kNetworkId[] = "0190163d-8694-7000-8000-000000000001";
inline constexpr char kOrganisation[] = "organisations/0190163d-8694-7000-8000-000000000002";

// Knows kbs_coordinator, kbs_volunteer and kbs_new. Remembers the metadata of the last call.
class FakeIdentity final : public ipb::IdentityService::Service {
 public:
  grpc::Status Authenticate(grpc::ServerContext* context, const ipb::AuthenticateRequest* request,
                            ipb::AuthenticateResponse* response) override {
    const auto key = context->client_metadata().find("authorization");
    if (key == context->client_metadata().end() || key->second != absl::StrCat("Bearer ", kServiceKey)) {
      return errors::ToGrpc(auth::TokenMissing());
    }
    static const std::map<std::string, kubari::type::v1::Role> kRoles = {
        {"kbs_coordinator", kubari::type::v1::ROLE_COORDINATOR},
        {"kbs_volunteer", kubari::type::v1::ROLE_VOLUNTEER},
        {"kbs_new", kubari::type::v1::ROLE_VOLUNTEER}};
    const auto role = kRoles.find(request->token());
    if (role == kRoles.end()) return errors::ToGrpc(auth::TokenInvalid());
    *response->mutable_session() = SessionOf(request->token(), role->second);
    return grpc::Status::OK;
  }
  grpc::Status SignIn(grpc::ServerContext* context, const ipb::SignInRequest* request,
                      ipb::SignInResponse* response) override {
    Remember(*context);
    if (request->password() != "correct horse battery") {
      return errors::ToGrpc(errors::Make(absl::StatusCode::kUnauthenticated, "SIGN_IN_FAILED",
                                         "E-mail or password is wrong.", "メールアドレスまたはパスワードが違います。"));
    }
    response->set_token("kbs_new");
    *response->mutable_session() = SessionOf("kbs_new", kubari::type::v1::ROLE_VOLUNTEER);
    return grpc::Status::OK;
  }
  grpc::Status SignOut(grpc::ServerContext* context, const ipb::SignOutRequest*, ipb::SignOutResponse*) override {
    Remember(*context);
    return grpc::Status::OK;
  }
  grpc::Status GetSession(grpc::ServerContext* context, const ipb::GetSessionRequest*,
                          ipb::Session* response) override {
    Remember(*context);
    *response = SessionOf("x", kubari::type::v1::ROLE_VOLUNTEER);
    return grpc::Status::OK;
  }

  // The value of one metadata key of the last call; "" if it was not there.
  std::string LastMetadata(const std::string& key) {
    const std::lock_guard lock(mutex_);
    return metadata_[key];
  }

 private:
  static ipb::Session SessionOf(const std::string& token, kubari::type::v1::Role role) {
    ipb::Session session;
    session.mutable_network()->set_name(absl::StrCat("networks/", kNetworkId));
    session.mutable_network()->set_code("test");
    session.set_subject(absl::StrCat("people/", token));
    session.set_display_name("配る人");
    session.mutable_expire_time()->set_seconds(absl::ToUnixSeconds(absl::Now() + absl::Hours(12)));
    auto* grant = session.add_grants();
    grant->set_organisation(kOrganisation);
    grant->set_role(role);
    return session;
  }
  void Remember(const grpc::ServerContext& context) {
    const std::lock_guard lock(mutex_);
    metadata_.clear();
    for (const auto& [key, value] : context.client_metadata()) {
      metadata_[std::string(key.data(), key.size())] = std::string(value.data(), value.size());
    }
  }
  std::mutex mutex_;
  std::map<std::string, std::string> metadata_;
};

// CreateProduct echoes; ListLots answers `page_size` lots; GetLot fails in the way its name says.
class FakeStock final : public spb::StockService::Service {
 public:
  grpc::Status CreateProduct(grpc::ServerContext*, const spb::CreateProductRequest* request,
                             spb::Product* response) override {
    *response = request->product();
    return grpc::Status::OK;
  }
  grpc::Status ListLots(grpc::ServerContext*, const spb::ListLotsRequest* request,
                        spb::ListLotsResponse* response) override {
    for (int i = 0; i < request->page_size(); ++i) response->add_lots()->set_code(absl::StrCat("LOT", i));
    return grpc::Status::OK;
  }
  grpc::Status GetLot(grpc::ServerContext* context, const spb::GetLotRequest* request, spb::Lot*) override {
    if (request->name() == "sleep") {
      ++sleeping_;
      while (!context->IsCancelled()) std::this_thread::sleep_for(std::chrono::milliseconds(5));
      return grpc::Status(grpc::StatusCode::CANCELLED, "cancelled");
    }
    if (request->name() == "crash")
      return grpc::Status(grpc::StatusCode::INTERNAL, "select * from secrets at 10.0.0.1");
    return errors::ToGrpc(errors::Make(absl::StatusCode::kFailedPrecondition, "INSUFFICIENT_STOCK",
                                       "Lot A has 3 free; 9 were asked for.", "ロット A の空きは 3 個です。",
                                       {{"free", "3"}, {"requested", "9"}}));
  }
  // Until a call has arrived that ends only with its deadline.
  void AwaitSleeper() {
    while (sleeping_ == 0) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }

 private:
  std::atomic<int> sleeping_ = 0;
};

// Remembers with which tokens e-mail was to be stopped.
class FakeNotifications final : public npb::NotificationsService::Service {
 public:
  grpc::Status StopEmails(grpc::ServerContext*, const npb::StopEmailsRequest* request,
                          npb::StopEmailsResponse* response) override {
    const std::lock_guard lock(mutex_);
    tokens_.push_back(request->token());
    response->add_kinds(npb::NOTICE_KIND_STOCK_ALERTS);
    return grpc::Status::OK;
  }
  std::vector<std::string> tokens() {
    const std::lock_guard lock(mutex_);
    return tokens_;
  }

 private:
  std::mutex mutex_;
  std::vector<std::string> tokens_;
};

using Reply = http::response<http::string_body>;
using Fields = std::map<std::string, std::string>;

// One connection, synchronous.
class Client {
 public:
  explicit Client(int port) : socket_(io_) {
    socket_.connect({net::ip::make_address("127.0.0.1"), static_cast<unsigned short>(port)});
  }
  Reply Send(http::verb verb, const std::string& target, const std::string& body, const Fields& fields) {
    http::request<http::string_body> request(verb, target, 11, body);
    request.set(http::field::host, "kubari.test");
    for (const auto& [name, value] : fields) request.set(name, value);
    if (verb == http::verb::post) request.prepare_payload();
    http::write(socket_, request);
    return Receive(verb == http::verb::head);
  }
  Reply Receive(bool is_head = false) {
    http::response_parser<http::string_body> parser;
    parser.body_limit(64 << 20);
    parser.skip(is_head);
    http::read(socket_, buffer_, parser);
    return parser.release();
  }
  void SendRaw(const std::string& bytes) {
    boost::system::error_code ignored;  // the other side may have hung up already, which is fine
    net::write(socket_, net::buffer(bytes), ignored);
  }
  // Fails the test unless the next thing that comes is "100 Continue".
  void AwaitContinue() {
    std::string bytes(25, '\0');
    net::read(socket_, net::buffer(bytes));
    EXPECT_EQ(bytes, "HTTP/1.1 100 Continue\r\n\r\n");
  }
  // Whether the other side hangs up within `seconds`; reads and forgets what comes before.
  bool HangsUpWithin(int seconds) {
    const absl::Time end = absl::Now() + absl::Seconds(seconds);
    while (absl::Now() < end) {
      pollfd poll_for = {.fd = socket_.native_handle(), .events = POLLIN};
      if (poll(&poll_for, 1, 100) <= 0) continue;
      char bytes[4096];
      boost::system::error_code error;
      socket_.read_some(net::buffer(bytes), error);
      if (error) return true;
    }
    return false;
  }
  net::ip::tcp::socket& socket() { return socket_; }

 private:
  net::io_context io_;
  net::ip::tcp::socket socket_;
  boost::beast::flat_buffer buffer_;
};

class GatewayTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto server = rpc::Server::Start({.listen = "127.0.0.1:0", .drain = absl::Seconds(1)},
                                     {&identity_, &stock_, &notifications_});
    ASSERT_TRUE(server.ok()) << server.status();
    services_ = *std::move(server);
    options_.calls.rate = 0;
    options_.calls.sign_in_rate = 0;
  }
  void TearDown() override {
    gateway_.reset();
    if (services_ != nullptr) services_->Shutdown();
  }

  // With options_ as they are now. donors is an address where nobody answers; the other services have no channel.
  void StartGateway() {
    const auto channel = rpc::Connect(absl::StrCat("127.0.0.1:", services_->bound_port()));
    authenticator_ = std::make_unique<auth::IdentityAuthenticator>(
        channel, auth::IdentityAuthenticator::Options{.service_key = kServiceKey, .accept_service_key = false});
    auto gateway = Gateway::Start(options_, *authenticator_,
                                  {{"identity", channel},
                                   {"stock", channel},
                                   {"notifications", channel},
                                   {"donors", rpc::Connect("127.0.0.1:1")}},
                                  registry_);
    ASSERT_TRUE(gateway.ok()) << gateway.status();
    gateway_ = *std::move(gateway);
  }
  int port() const { return gateway_->port(); }

  Reply Send(http::verb verb, const std::string& target, const std::string& body = "", const Fields& fields = {}) {
    return Client(port()).Send(verb, target, body, fields);
  }
  Reply Get(const std::string& target, const Fields& fields = {}) { return Send(http::verb::get, target, "", fields); }
  // A JSON call; `method` is "stock.v1.StockService/GetLot".
  Reply Call(const std::string& method, const std::string& json, Fields fields = {}) {
    fields.emplace("Content-Type", "application/json");
    return Send(http::verb::post, "/kubari." + method, json, fields);
  }
  static Fields Bearer(const std::string& token) { return {{"Authorization", "Bearer " + token}}; }

  prometheus::Registry registry_;
  FakeIdentity identity_;
  FakeStock stock_;
  FakeNotifications notifications_;
  std::unique_ptr<rpc::Server> services_;
  std::unique_ptr<auth::IdentityAuthenticator> authenticator_;
  GatewayOptions options_;
  std::unique_ptr<Gateway> gateway_;
};

// The field of an answer; "" if it is not there.
inline std::string Field(const Reply& reply, const std::string& name) {
  const auto value = reply[name];
  return {value.data(), value.size()};
}

}  // namespace kubari::gateway
