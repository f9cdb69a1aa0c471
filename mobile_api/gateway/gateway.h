// The whole gateway in one object: what main runs, and what tests run in their own process.
#pragma once

#include <absl/status/statusor.h>
#include <absl/time/time.h>
#include <grpcpp/channel.h>
#include <prometheus/registry.h>

#include <map>
#include <memory>
#include <string>

#include "mobile_api/gateway/calls.h"
#include "mobile_api/gateway/router.h"
#include "mobile_api/gateway/server.h"

namespace kubari::gateway {

struct GatewayOptions {
  ServerOptions server;
  CallOptions calls;
  // Comma-separated addresses and networks whose X-Forwarded-For is believed.
  std::string trusted_proxies;
  // Folder of the built web app; empty: no files.
  std::string web_root;
};

class Gateway {
 public:
  // Serves at once. `channels` by service name ("stock"); `authenticator` and `registry` must outlive it. Errors: those
  // of TrustedProxies::Parse, StaticFiles::Load and Server::Listen.
  static absl::StatusOr<std::unique_ptr<Gateway>> Start(GatewayOptions options, auth::Authenticator& authenticator,
                                                        std::map<std::string, std::shared_ptr<grpc::Channel>> channels,
                                                        prometheus::Registry& registry);
  ~Gateway();

  int port() const { return server_->port(); }
  const MethodTable& methods() const { return methods_; }
  // Accepts no more; calls under way may go on until `drain` has passed, then they are cancelled. Safe to call twice.
  void Stop(absl::Duration drain);

 private:
  Gateway(GatewayOptions options, TrustedProxies proxies, StaticFiles files, auth::Authenticator& authenticator,
          std::map<std::string, std::shared_ptr<grpc::Channel>> channels, prometheus::Registry& registry);

  const MethodTable methods_;
  const TrustedProxies proxies_;
  const StaticFiles files_;
  Upstream upstream_;
  Calls calls_;
  Router router_;
  std::unique_ptr<Server> server_;  // last: destroyed before what its connections use
};

}  // namespace kubari::gateway
