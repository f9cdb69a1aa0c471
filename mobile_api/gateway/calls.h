// One RPC from HTTP to its service and back. This file's Serve() is the pipeline:
//
//   path → method → codec → timeout → credential → (own pages only, for cookies) → caller → rate → rights → body →
//   bytes → service
//        → (token into a cookie) → JSON or bytes → gzip → answer
#pragma once

#include <absl/status/statusor.h>
#include <absl/time/time.h>
#include <prometheus/counter.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>

#include <atomic>
#include <boost/asio/thread_pool.hpp>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "libs/auth/authenticator.h"
#include "mobile_api/gateway/client_address.h"
#include "mobile_api/gateway/connect_protocol.h"
#include "mobile_api/gateway/http.h"
#include "mobile_api/gateway/methods.h"
#include "mobile_api/gateway/rate_limit.h"
#include "mobile_api/gateway/session_cookie.h"
#include "mobile_api/gateway/upstream.h"

namespace kubari::gateway {

struct CallOptions {
  // Browsers reach us by https.
  bool secure = false;
  // Calls per second and at once of one signed-in subject, or of one address for calls without a valid credential. 0:
  // no limit.
  double rate = 200;
  double burst = 400;
  // The same for public calls that answer a session or change something (an application on a public form), per address.
  // A whole team may join behind one address.
  double sign_in_rate = 0.5;
  double sign_in_burst = 40;
  // Deadline of calls that bring none, and the longest one heard.
  absl::Duration default_timeout = absl::Seconds(30);
  absl::Duration max_timeout = absl::Seconds(60);
  // Threads that ask who a token belongs to, and callers that may wait for them.
  int authentication_threads = 8;
  int authentication_queue = 4'096;
  std::function<absl::Time()> now = absl::Now;
};

// The one path that is a method without being its path: mail programs can POST nothing but a fixed form to a fixed
// address.
inline constexpr std::string_view kStopEmails = "/stop-emails";

class Calls {
 public:
  // All must outlive it. `authenticator` must refuse the service key.
  Calls(const MethodTable& methods, const TrustedProxies& proxies, auth::Authenticator& authenticator,
        Upstream& upstream, prometheus::Registry& registry, CallOptions options);
  ~Calls();
  // Waits for look-ups of tokens under way; those that come later are never answered. To be called when the server's
  // threads have ended and before the server goes. Safe to call twice.
  void Stop();

  // What stands behind "t=" in the query of kStopEmails, if it can be a token; else empty.
  static std::string StopEmailsToken(const Exchange& exchange);

  net::awaitable<void> Serve(Exchange& exchange, Response& response);

  // Also for what is not a call (health): spends one of the address's budget. Errors: RESOURCE_EXHAUSTED /
  // TOO_MANY_REQUESTS.
  absl::Status Spend(RateLimiter& limiter, const std::string& key, const char* limit);
  RateLimiter& limiter() { return limiter_; }

 private:
  // What is known of a call so far; written into the access log at its end.
  struct Context {
    const Method* method = nullptr;
    Codec codec = Codec::kJson;
    std::string client;
    auth::Principal principal;
    std::string token;
    bool by_cookie = false;
    bool wants_cookie = false;
    absl::Time start;
    absl::Time deadline;
  };
  net::awaitable<absl::Status> Run(Exchange& exchange, Context& context, Response& response);
  // Everything that can be said from the head alone; `http_status` is set where it is not the code's own.
  absl::Status ReadHead(const Exchange& exchange, Context& context, Response& response, int& http_status);
  net::awaitable<absl::Status> Admit(Exchange& exchange, Context& context);
  net::awaitable<absl::Status> Authenticate(const std::string& request_id, Context& context);
  absl::Status Answer(const Exchange& exchange, Context& context, std::string bytes, Response& response);
  void Record(const Exchange& exchange, const Context& context, const absl::Status& status, const Response& response);

  struct Series;
  const MethodTable& methods_;
  const TrustedProxies& proxies_;
  auth::Authenticator& authenticator_;
  Upstream& upstream_;
  const CallOptions options_;
  const SessionCookie cookie_;
  RateLimiter limiter_;
  RateLimiter sign_in_limiter_;
  std::unique_ptr<Series> series_;
  std::atomic<int> waiting_ = 0;
  net::thread_pool authentication_;
};

}  // namespace kubari::gateway
