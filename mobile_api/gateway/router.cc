#include "mobile_api/gateway/router.h"

#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>

#include <algorithm>
#include <atomic>
#include <map>
#include <memory>

#include "libs/log/log.h"
#include "mobile_api/gateway/await.h"

namespace kubari::gateway {
namespace {

constexpr absl::Duration kHealthTimeout = absl::Seconds(1);

// The address in every e-mail by which it is stopped (RFC 8058). Mail programs POST to it; people who open it see the
// app's page, which does nothing before they press its button, because mail programs and virus scanners open links by
// themselves.
void ShowStopEmails(const Exchange& exchange, Response& response) {
  const std::string token = Calls::StopEmailsToken(exchange);
  response.status = 303;
  response.Add("Location", absl::StrCat("/#/stop-emails/", token));
  response.Add("Cache-Control", "no-store");
}

}  // namespace

Router::Router(Calls& calls, Upstream& upstream, const MethodTable& methods, const TrustedProxies& proxies,
               const StaticFiles& files)
    : calls_(calls), upstream_(upstream), methods_(methods), proxies_(proxies), files_(files) {}

net::awaitable<void> Router::Serve(Exchange& exchange, Response& response) {
  const bool post = exchange.head.method() == http::verb::post;
  if (post || exchange.path.substr(0, 8) == "/kubari.") {
    co_await calls_.Serve(exchange, response);
    co_return;
  }
  if (exchange.path == kStopEmails) {
    ShowStopEmails(exchange, response);
    co_return;
  }
  if (exchange.path == "/healthz" || exchange.path == "/readyz") {
    co_await Health(exchange, exchange.path == "/readyz", response);
    co_return;
  }
  files_.Serve(exchange.head, exchange.path, response);
}

net::awaitable<void> Router::Health(const Exchange& exchange, bool must_be_ready, Response& response) {
  const std::string client = ClientKey(proxies_.ClientOf(exchange.peer, FieldOf(exchange.head, "x-forwarded-for")));
  if (const absl::Status status = calls_.Spend(calls_.limiter(), client, "address"); !status.ok()) {
    response = ErrorResponse(status);
    co_return;
  }
  struct Checks {
    std::atomic<size_t> left;
    std::map<std::string, bool> serving;  // its keys are all there before the checks begin
  };
  const auto checks = std::make_shared<Checks>();
  checks->left = methods_.services().size();
  for (const std::string& service : methods_.services()) checks->serving[service] = false;
  const std::function<void(Done)> check = [this, checks](Done done) {
    for (auto& [service, serving] : checks->serving) {
      upstream_.Check(service, kHealthTimeout, [checks, done, result = &serving](bool is_serving) {
        *result = is_serving;
        if (checks->left.fetch_sub(1) == 1) done();
      });
    }
  };
  co_await Until(check);

  bool ready = true;
  std::string services;
  for (const auto& [service, serving] : checks->serving) {
    ready = ready && serving;
    absl::StrAppend(&services, services.empty() ? "" : ",", "\"", service, "\":\"", serving ? "serving" : "unreachable",
                    "\"");
  }
  response.status = must_be_ready && !ready ? 503 : 200;
  response.Add("Content-Type", "application/json");
  response.Add("Cache-Control", "no-store");
  response.body = absl::StrCat("{\"ready\":", ready ? "true" : "false", ",\"services\":{", services, "}}\n");
}

}  // namespace kubari::gateway
