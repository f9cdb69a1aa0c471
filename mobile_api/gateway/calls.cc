#include "mobile_api/gateway/calls.h"

#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_split.h>

#include <algorithm>
#include <optional>
#include <vector>

#include "kubari/identity/v1/identity.pb.h"
#include "libs/auth/access.h"
#include "libs/errors/errors.h"
#include "libs/errors/macros.h"
#include "libs/log/log.h"
#include "libs/metrics/metrics.h"
#include "mobile_api/gateway/await.h"
#include "mobile_api/gateway/encoding.h"

namespace kubari::gateway {
namespace {

absl::string_view Abseil(std::string_view text) { return {text.data(), text.size()}; }

// Smaller answers gain nothing.
constexpr size_t kCompressAbove = 1'024;
constexpr int kCompressLevel = 4;

absl::Status MethodUnknown(std::string_view path) {
  return errors::Make(
      absl::StatusCode::kUnimplemented, "METHOD_UNKNOWN",
      absl::StrCat("There is no method ", Shown(path), "; expected /{package.Service}/{Method} of the contract."),
      absl::StrCat("操作 ", Shown(path), " はありません。アプリを最新版にしてください。"));
}

absl::Status NotPost() {
  return errors::Make(absl::StatusCode::kUnimplemented, "METHOD_NOT_POST", "Calls are made with POST.",
                      "呼び出しには POST を使ってください。");
}

absl::Status ContentTypeUnsupported(std::string_view found) {
  return errors::Make(
      absl::StatusCode::kInvalidArgument, "CONTENT_TYPE_UNSUPPORTED",
      absl::StrCat("Content-Type is \"", Shown(found), "\"; expected application/json or application/proto."),
      absl::StrCat("Content-Type「", Shown(found),
                   "」には対応していません。application/json か application/proto を使ってください。"));
}

absl::Status EncodingUnsupported(std::string_view found) {
  return errors::Make(
      absl::StatusCode::kUnimplemented, "CONTENT_ENCODING_UNSUPPORTED",
      absl::StrCat("Content-Encoding is \"", Shown(found), "\"; expected identity (none)."),
      absl::StrCat("Content-Encoding「", Shown(found), "」には対応していません。圧縮せずに送ってください。"));
}

absl::Status VersionUnsupported(std::string_view found) {
  errors::Violations violations;
  violations.Add("Connect-Protocol-Version", "INVALID_VALUE",
                 absl::StrCat("is \"", Shown(found), "\"; \"1\" was expected"),
                 absl::StrCat("が「", Shown(found), "」です。「1」を指定してください"));
  return violations.status();
}

absl::Status AuthenticationBusy() {
  return errors::WithRetry(errors::Make(absl::StatusCode::kUnavailable, "GATEWAY_BUSY",
                                        "Too many callers wait to be recognised. Try again shortly.",
                                        "混み合っています。しばらくしてからもう一度お試しください。"),
                           absl::Seconds(1));
}

absl::Status TooManyRequests(absl::Duration wait) {
  // Rounded up to tenths of a second, so that nobody comes back a moment too early.
  wait = absl::Ceil(wait, absl::Milliseconds(100));
  return errors::WithRetry(
      errors::Make(absl::StatusCode::kResourceExhausted, "TOO_MANY_REQUESTS",
                   absl::StrCat("Too many requests; the next one is welcome in ", absl::FormatDuration(wait), "."),
                   "短時間に操作が集中しています。少し待ってからもう一度お試しください。"),
      wait);
}

std::string BearerOf(const Head& head) {
  absl::string_view field = Abseil(FieldOf(head, http::field::authorization));
  if (!absl::StartsWithIgnoreCase(field, "bearer ")) return "";
  field.remove_prefix(7);
  return std::string(absl::StripAsciiWhitespace(field));
}

}  // namespace

struct Calls::Series {
  explicit Series(prometheus::Registry& registry)
      : requests(prometheus::BuildCounter()
                     .Name("kubari_gateway_requests_total")
                     .Help("Calls by method and Connect code.")
                     .Register(registry)),
        seconds(prometheus::BuildHistogram()
                    .Name("kubari_gateway_request_seconds")
                    .Help("From the head to the answer.")
                    .Register(registry)),
        limited(prometheus::BuildCounter()
                    .Name("kubari_gateway_rate_limited_total")
                    .Help("Refused by a rate limit.")
                    .Register(registry)),
        upstream(prometheus::BuildCounter()
                     .Name("kubari_gateway_upstream_errors_total")
                     .Help("UNAVAILABLE, DEADLINE_EXCEEDED, INTERNAL or UNKNOWN from a service.")
                     .Register(registry)) {}
  // Add() finds the series again if it is there; its lock is short beside a call to a service.
  prometheus::Family<prometheus::Counter>& requests;
  prometheus::Family<prometheus::Histogram>& seconds;
  prometheus::Family<prometheus::Counter>& limited;
  prometheus::Family<prometheus::Counter>& upstream;
};

Calls::Calls(const MethodTable& methods, const TrustedProxies& proxies, auth::Authenticator& authenticator,
             Upstream& upstream, prometheus::Registry& registry, CallOptions options)
    : methods_(methods),
      proxies_(proxies),
      authenticator_(authenticator),
      upstream_(upstream),
      options_(std::move(options)),
      cookie_(options_.secure),
      limiter_(options_.rate, options_.burst, options_.now),
      sign_in_limiter_(options_.sign_in_rate, options_.sign_in_burst, options_.now),
      series_(std::make_unique<Series>(registry)),
      authentication_(static_cast<size_t>(options_.authentication_threads)) {}

Calls::~Calls() { Stop(); }
void Calls::Stop() { authentication_.join(); }

net::awaitable<void> Calls::Serve(Exchange& exchange, Response& response) {
  Context context;
  context.start = absl::Now();
  context.client = ClientKey(proxies_.ClientOf(exchange.peer, FieldOf(exchange.head, "x-forwarded-for")));
  int http_status = 0;
  absl::Status status = ReadHead(exchange, context, response, http_status);
  if (status.ok()) status = co_await Run(exchange, context, response);
  if (!status.ok()) {
    if (errors::ReasonOf(status) == "BODY_TOO_LARGE") http_status = 413;
    // Texts that nobody wrote for people (gRPC's own) are replaced by neutral ones here.
    Response error = ErrorResponse(errors::FromGrpc(errors::ToGrpc(status)), http_status);
    for (auto& header : response.headers) error.headers.push_back(std::move(header));
    response = std::move(error);
  }
  Record(exchange, context, status, response);
}

std::string Calls::StopEmailsToken(const Exchange& exchange) {
  const absl::string_view target(exchange.head.target().data(), exchange.head.target().size());
  const std::vector<absl::string_view> parts = absl::StrSplit(target, absl::MaxSplits('?', 1));
  for (const absl::string_view parameter : absl::StrSplit(parts.size() == 2 ? parts[1] : "", '&')) {
    if (!absl::StartsWith(parameter, "t=") || parameter.size() > 8'000) continue;
    const absl::string_view token = parameter.substr(2);
    const bool fits = std::all_of(token.begin(), token.end(),
                                  [](char c) { return absl::ascii_isalnum(c) || c == '-' || c == '_' || c == '='; });
    if (fits) return std::string(token);
  }
  return "";
}

absl::Status Calls::ReadHead(const Exchange& exchange, Context& context, Response& response, int& http_status) {
  const Head& head = exchange.head;
  const bool stop_emails = exchange.path == kStopEmails;
  context.method =
      methods_.Find(stop_emails ? "/kubari.notifications.v1.NotificationsService/StopEmails" : exchange.path);
  if (context.method == nullptr) {
    http_status = 404;
    return MethodUnknown(exchange.path);
  }
  if (head.method() != http::verb::post) {
    http_status = 405;
    response.Add("Allow", "POST");
    return NotPost();
  }
  const std::string_view type = FieldOf(head, http::field::content_type);
  // Of a mail program the form's content says nothing that its address does not say (RFC 8058, 3.1).
  const std::optional<Codec> codec = stop_emails ? Codec::kJson : CodecOf(type);
  if (!codec.has_value()) {
    http_status = 415;
    response.Add("Accept-Post", "application/json, application/proto");
    return ContentTypeUnsupported(type);
  }
  context.codec = *codec;
  const std::string_view encoding = FieldOf(head, http::field::content_encoding);
  if (!encoding.empty() && encoding != "identity") return EncodingUnsupported(encoding);
  const std::string_view version = FieldOf(head, "connect-protocol-version");
  if (!version.empty() && version != "1") return VersionUnsupported(version);
  ASSIGN_OR_RETURN(const absl::Duration timeout,
                   TimeoutOf(FieldOf(head, "connect-timeout-ms"), options_.default_timeout, options_.max_timeout));
  context.deadline = context.start + timeout;
  return absl::OkStatus();
}

net::awaitable<absl::Status> Calls::Run(Exchange& exchange, Context& context, Response& response) {
  absl::Status status = co_await Admit(exchange, context);
  // The browser's session is over as far as we can tell; a cookie that no longer works must not stay. (Not after
  // CROSS_SITE_REQUEST: a stranger's page may not sign anybody out.)
  if (context.method->ends_session && context.by_cookie && (status.ok() || absl::IsUnauthenticated(status))) {
    response.Add("Set-Cookie", cookie_.Clear());
  }
  if (!status.ok()) co_return status;

  std::string body;
  status = co_await exchange.body.Read(body);
  if (!status.ok()) co_return status;
  if (exchange.path == kStopEmails) body = absl::StrCat("{\"token\":\"", StopEmailsToken(exchange), "\"}");
  absl::StatusOr<std::string> request =
      DecodeMessage(context.codec, *context.method->descriptor->input_type(), std::move(body));
  if (!request.ok()) co_return request.status();

  rpc::Outgoing outgoing;
  outgoing.deadline = context.deadline;
  outgoing.token = context.token;
  outgoing.request_id = exchange.request_id;
  const auto answer = std::make_shared<Upstream::Answer>();
  const std::function<void(Done)> call = [&, answer](Done done) {
    upstream_.Call(context.method->service, context.method->path, *request, outgoing,
                   [answer, done](Upstream::Answer result) {
                     *answer = std::move(result);
                     done();
                   });
  };
  co_await Until(call);
  if (!answer->status.ok()) {
    if (HttpStatusOf(answer->status.code()) >= 500) {
      series_->upstream
          .Add({{"service", context.method->service}, {"code", std::string(CodeName(answer->status.code()))}})
          .Increment();
    }
    co_return answer->status;
  }
  co_return Answer(exchange, context, std::move(answer->bytes), response);
}

net::awaitable<absl::Status> Calls::Admit(Exchange& exchange, Context& context) {
  const Method& method = *context.method;
  const bool is_public = auth::IsPublic(*method.descriptor);
  context.wants_cookie =
      method.gives_session && absl::EqualsIgnoreCase(Abseil(FieldOf(exchange.head, "kubari-session")), "cookie");
  if (!is_public) {
    context.token = BearerOf(exchange.head);
    if (context.token.empty()) {
      context.token = cookie_.TokenIn(exchange.head);
      context.by_cookie = !context.token.empty();
    }
  }
  if (context.by_cookie || context.wants_cookie) {
    const absl::Status same_origin = cookie_.CheckSameOrigin(exchange.head);
    if (!same_origin.ok()) {
      context.by_cookie = false;
      co_return same_origin;
    }
  }

  if (context.token.empty()) {
    absl::Status status = Spend(limiter_, context.client, "address");
    if (status.ok() && method.scarce) status = Spend(sign_in_limiter_, context.client, "sign_in");
    if (status.ok() && !is_public) status = auth::TokenMissing();
    co_return status;
  }

  // Bad tokens are paid for by the address, and looked up only while it can pay.
  if (const absl::Duration wait = limiter_.Ask(context.client); wait > absl::ZeroDuration()) {
    series_->limited.Add({{"limit", "address"}}).Increment();
    co_return TooManyRequests(wait);
  }
  absl::Status status = co_await Authenticate(exchange.request_id, context);
  if (!status.ok()) {
    if (absl::IsUnauthenticated(status)) {
      const absl::Status paid = Spend(limiter_, context.client, "address");
      if (!paid.ok()) co_return paid;
    }
    co_return status;
  }
  status = Spend(limiter_, context.principal.subject, "subject");
  if (!status.ok()) co_return status;
  co_return auth::Judge(*method.descriptor, &context.principal).status();
}

net::awaitable<absl::Status> Calls::Authenticate(const std::string& request_id, Context& context) {
  if (waiting_.fetch_add(1) >= options_.authentication_queue) {
    waiting_.fetch_sub(1);
    co_return AuthenticationBusy();
  }
  auth::Credentials credentials;
  credentials.token = context.token;
  credentials.request_id = request_id;
  const absl::Time deadline = context.deadline;
  const auto result = std::make_shared<std::optional<absl::StatusOr<auth::Principal>>>();
  // The authenticator is synchronous (libs/auth); it runs on threads of its own so that those of the sockets never
  // wait.
  const std::function<void(Done)> look_up = [&](Done done) {
    net::post(authentication_, [this, credentials, deadline, result, done] {
      *result = authenticator_.Authenticate(credentials, deadline);
      waiting_.fetch_sub(1);
      done();
    });
  };
  co_await Until(look_up);
  if (!(*result)->ok()) co_return (*result)->status();
  context.principal = ***result;
  co_return absl::OkStatus();
}

absl::Status Calls::Spend(RateLimiter& limiter, const std::string& key, const char* limit) {
  const absl::Duration wait = limiter.Take(key);
  if (wait == absl::ZeroDuration()) return absl::OkStatus();
  series_->limited.Add({{"limit", limit}}).Increment();
  return TooManyRequests(wait);
}

absl::Status Calls::Answer(const Exchange& exchange, Context& context, std::string bytes, Response& response) {
  if (context.wants_cookie) {
    kubari::identity::v1::SignInResponse answer;
    if (!answer.ParseFromString(bytes)) return absl::InternalError("identity's answer is not a SignInResponse");
    const absl::Time expires = absl::FromUnixSeconds(answer.session().expire_time().seconds());
    response.Add("Set-Cookie", cookie_.Set(answer.token(), expires - options_.now()));
    answer.clear_token();
    bytes = answer.SerializeAsString();
  }
  ASSIGN_OR_RETURN(response.body,
                   EncodeMessage(context.codec, *context.method->descriptor->output_type(), std::move(bytes)));
  response.Add("Content-Type", ContentTypeOf(context.codec));
  response.Add("Cache-Control", "no-store");
  response.Add("Vary", "Accept-Encoding");
  if (response.body.size() > kCompressAbove && Accepts(FieldOf(exchange.head, http::field::accept_encoding), "gzip")) {
    response.body = Gzip(response.body, kCompressLevel);
    response.Add("Content-Encoding", "gzip");
  }
  return absl::OkStatus();
}

void Calls::Record(const Exchange& exchange, const Context& context, const absl::Status& status,
                   const Response& response) {
  const double seconds = absl::ToDoubleSeconds(absl::Now() - context.start);
  const std::string method = context.method == nullptr ? "unknown" : context.method->path.substr(1);
  const std::string code(CodeName(status.code()));
  series_->requests.Add({{"method", method}, {"code", code}}).Increment();
  series_->seconds.Add({{"method", method}}, metrics::LatencyBuckets()).Observe(seconds);

  const log::ScopedContext log_context({.request_id = exchange.request_id, .network_id = context.principal.network_id});
  log::Info("call", {{"method", method},
                     {"code", code},
                     {"reason", errors::ReasonOf(status)},
                     {"status", response.status},
                     {"milliseconds", seconds * 1e3},
                     {"received", exchange.body.received()},
                     {"sent", response.content().size()},
                     {"client", context.client},
                     {"subject", context.principal.subject}});
}

}  // namespace kubari::gateway
