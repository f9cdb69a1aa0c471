#include "libs/rpc/testing.h"

#include <absl/strings/str_cat.h>
#include <absl/time/clock.h>

#include <cstdio>
#include <cstdlib>
#include <utility>

namespace kubari::rpc {

void FakeAuthenticator::Add(std::string token, auth::Principal principal) {
  const std::lock_guard lock(mutex_);
  principals_[std::move(token)] = std::move(principal);
}

absl::StatusOr<auth::Principal> FakeAuthenticator::Authenticate(const auth::Credentials& credentials, absl::Time) {
  if (credentials.token.empty()) return auth::TokenMissing();
  const std::lock_guard lock(mutex_);
  const auto found = principals_.find(credentials.token);
  if (found == principals_.end()) return auth::TokenInvalid();
  auth::Principal principal = found->second;
  if (principal.is_service) {
    if (!credentials.network.empty()) principal.network_id = credentials.network;
    if (!credentials.time_zone.empty()) principal.time_zone = credentials.time_zone;
    if (!credentials.subject.empty()) principal.subject = credentials.subject;
  }
  return principal;
}

auth::Principal Person(std::string network_id, std::string organisation_id, auth::Role role) {
  auth::Principal principal;
  principal.network_id = std::move(network_id);
  principal.network_code = "test";
  principal.subject = "people/0190163d-8694-7000-8000-0000000000ff";
  principal.display_name = kubari::type::v1::Role_Name(role);
  principal.grants = {{std::move(organisation_id), role}};
  return principal;
}

auth::Principal Service() {
  auth::Principal principal;
  principal.subject = auth::kServiceSubject;
  principal.is_service = true;
  return principal;
}

TestServer::TestServer(Dispatcher::Options options) : dispatcher_(authenticator_, registry_, options) {}

TestServer::~TestServer() { Stop(); }

void TestServer::Start(const std::vector<grpc::Service*>& services, absl::Duration drain) {
  auto server = Server::Start({.listen = "127.0.0.1:0", .drain = drain}, services);
  if (!server.ok()) {
    std::fprintf(stderr, "%s\n", server.status().ToString().c_str());
    std::abort();
  }
  server_ = *std::move(server);
  address_ = absl::StrCat("127.0.0.1:", server_->bound_port());
  channel_ = Connect(address_);
}

void TestServer::Stop() {
  if (server_ != nullptr) server_->Shutdown();
  server_.reset();
  dispatcher_.Join();
}

Outgoing TestServer::As(std::string token, std::string network) const {
  return {.deadline = absl::Now() + absl::Seconds(10), .token = std::move(token), .network = std::move(network)};
}

}  // namespace kubari::rpc
