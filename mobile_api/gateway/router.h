// Which part of the gateway serves a path.
#pragma once

#include "mobile_api/gateway/calls.h"
#include "mobile_api/gateway/http.h"
#include "mobile_api/gateway/static_files.h"
#include "mobile_api/gateway/upstream.h"

namespace kubari::gateway {

//   /kubari.….…Service/…  and every POST    calls.h
//   /healthz                                200: the gateway lives; its text tells which services answer
//   /readyz                                 the same, but 503 unless all services answer
//   anything else                           static_files.h
class Router final : public Application {
 public:
  // All must outlive it.
  Router(Calls& calls, Upstream& upstream, const MethodTable& methods, const TrustedProxies& proxies,
         const StaticFiles& files);

  net::awaitable<void> Serve(Exchange& exchange, Response& response) override;

 private:
  net::awaitable<void> Health(const Exchange& exchange, bool must_be_ready, Response& response);

  Calls& calls_;
  Upstream& upstream_;
  const MethodTable& methods_;
  const TrustedProxies& proxies_;
  const StaticFiles& files_;
};

}  // namespace kubari::gateway
