#include "mobile_api/gateway/gateway.h"

#include <utility>

#include "libs/errors/macros.h"

namespace kubari::gateway {

absl::StatusOr<std::unique_ptr<Gateway>> Gateway::Start(GatewayOptions options, auth::Authenticator& authenticator,
                                                        std::map<std::string, std::shared_ptr<grpc::Channel>> channels,
                                                        prometheus::Registry& registry) {
  ASSIGN_OR_RETURN(TrustedProxies proxies, TrustedProxies::Parse(options.trusted_proxies));
  ASSIGN_OR_RETURN(StaticFiles files, StaticFiles::Load(options.web_root));
  const ServerOptions server_options = options.server;
  auto gateway = std::unique_ptr<Gateway>(new Gateway(std::move(options), std::move(proxies), std::move(files),
                                                      authenticator, std::move(channels), registry));
  ASSIGN_OR_RETURN(gateway->server_, Server::Listen(server_options, gateway->router_, registry));
  gateway->server_->Run();
  return gateway;
}

Gateway::Gateway(GatewayOptions options, TrustedProxies proxies, StaticFiles files, auth::Authenticator& authenticator,
                 std::map<std::string, std::shared_ptr<grpc::Channel>> channels, prometheus::Registry& registry)
    : proxies_(std::move(proxies)),
      files_(std::move(files)),
      upstream_(std::move(channels)),
      calls_(methods_, proxies_, authenticator, upstream_, registry, std::move(options.calls)),
      router_(calls_, upstream_, methods_, proxies_, files_) {}

Gateway::~Gateway() { Stop(absl::ZeroDuration()); }

void Gateway::Stop(absl::Duration drain) {
  if (server_ == nullptr) return;
  server_->Drain(drain);
  // Calls still under way end now, with SERVICE_UNAVAILABLE; their connections get to say so before the sockets go.
  upstream_.Shutdown();
  server_->Stop();
  calls_.Stop();
}

}  // namespace kubari::gateway
