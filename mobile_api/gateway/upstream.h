// Calls to the services, asynchronous and by bytes: the gateway knows no generated stub.
#pragma once

#include <absl/status/status.h>
#include <grpcpp/channel.h>
#include <grpcpp/generic/generic_stub.h>

#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>

#include "libs/rpc/client.h"

namespace kubari::gateway {

class Upstream {
 public:
  // By the services' names ("stock").
  explicit Upstream(std::map<std::string, std::shared_ptr<grpc::Channel>> channels);
  // Shuts down.
  ~Upstream();

  struct Answer {
    // Of the service, with its details; SERVICE_UNAVAILABLE with RetryInfo if it cannot be reached; without details
    // where gRPC itself failed.
    absl::Status status;
    // Protobuf bytes, if OK.
    std::string bytes;
  };
  // Calls "/package.Service/Method" and tells `done` on a thread of gRPC. Does not wait for a connection: a service
  // that is away is an error at once.
  void Call(const std::string& service, const std::string& path, const std::string& bytes,
            const rpc::Outgoing& outgoing, std::function<void(Answer)> done);
  // Asks grpc.health.v1: true if the service says SERVING within `timeout`.
  void Check(const std::string& service, absl::Duration timeout, std::function<void(bool)> done);

  // Cancels what is under way and waits until all have been told: SERVICE_UNAVAILABLE, as for all later calls.
  void Shutdown();

 private:
  struct Pending;
  void Finish(Pending* call, const grpc::Status& status);

  const std::map<std::string, std::unique_ptr<grpc::GenericStub>> stubs_;
  std::mutex mutex_;
  std::condition_variable idle_;
  bool stopped_ = false;
  std::set<Pending*> pending_;
};

}  // namespace kubari::gateway
