// Handler tests over the real wire: a service in this process on a free port, with made-up callers.
//
//   rpc::TestServer server;
//   server.authenticator().Add("coordinator", rpc::Person(kNetwork, kOrganisation, ROLE_COORDINATOR));
//   StockService service(server.dispatcher(), handler);
//   server.Start({&service});
//   auto stub = pb::StockService::NewStub(server.channel());
//   EXPECT_THAT(rpc::Invoke(&pb::StockService::Stub::GetLot, *stub, server.As("coordinator"), request), IsOk());
#pragma once

#include <grpcpp/grpcpp.h>
#include <prometheus/registry.h>

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "libs/auth/authenticator.h"
#include "libs/rpc/client.h"
#include "libs/rpc/dispatcher.h"
#include "libs/rpc/server.h"

namespace kubari::rpc {

// Knows the tokens it was told; any other is TOKEN_INVALID. A principal with is_service takes network, time zone and subject from the metadata.
class FakeAuthenticator final : public auth::Authenticator {
 public:
  void Add(std::string token, auth::Principal principal);
  absl::StatusOr<auth::Principal> Authenticate(const auth::Credentials& credentials, absl::Time deadline) override;

 private:
  std::mutex mutex_;
  std::map<std::string, auth::Principal> principals_;
};

// A person with one role in one organisation (UUIDs).
auth::Principal Person(std::string network_id, std::string organisation_id, auth::Role role);
// Another service; its network comes with each call.
auth::Principal Service();

class TestServer {
 public:
  explicit TestServer(Dispatcher::Options options = {.workers = 4, .max_queue = 64});
  ~TestServer();

  FakeAuthenticator& authenticator() { return authenticator_; }
  Dispatcher& dispatcher() { return dispatcher_; }
  prometheus::Registry& registry() { return registry_; }
  // Ends the test program if it cannot. The services must outlive Stop() or this object.
  void Start(const std::vector<grpc::Service*>& services, absl::Duration drain = absl::Seconds(5));
  // Shuts down, drains and joins, as Runtime does.
  void Stop();

  std::shared_ptr<grpc::Channel> channel() const { return channel_; }
  // host:port.
  const std::string& address() const { return address_; }
  // A call with this token, within 10 seconds. `network` is for services.
  Outgoing As(std::string token, std::string network = "") const;

 private:
  prometheus::Registry registry_;
  FakeAuthenticator authenticator_;
  Dispatcher dispatcher_;
  std::unique_ptr<Server> server_;
  std::string address_;
  std::shared_ptr<grpc::Channel> channel_;
};

}  // namespace kubari::rpc
