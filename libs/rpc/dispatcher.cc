#include "libs/rpc/dispatcher.h"

#include <absl/strings/str_cat.h>
#include <absl/time/clock.h>
#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <exception>
#include <map>
#include <string_view>

#include "libs/auth/access.h"
#include "libs/errors/errors.h"
#include "libs/errors/macros.h"
#include "libs/log/log.h"
#include "libs/metrics/metrics.h"
#include "libs/rpc/client.h"

namespace kubari::rpc {
namespace {

std::string Metadata(const grpc::CallbackServerContext& context, const char* key) {
  const auto& all = context.client_metadata();
  const auto found = all.find(key);
  return found == all.end() ? "" : std::string(found->second.data(), found->second.size());
}

// The token of "Bearer {token}"; the scheme in any case (RFC 9110, section 11.1).
std::string BearerOf(const std::string& authorization) {
  constexpr std::string_view kScheme = "bearer ";
  if (authorization.size() < kScheme.size()) return "";
  for (size_t i = 0; i < kScheme.size(); ++i) {
    if (std::tolower(static_cast<unsigned char>(authorization[i])) != kScheme[i]) return "";
  }
  return authorization.substr(kScheme.size());
}

// A trace id comes from outside and goes into logs and headers, so only harmless ones are taken over.
std::string RequestIdOf(std::string id) {
  const bool harmless = !id.empty() && id.size() <= 64 && std::all_of(id.begin(), id.end(), [](unsigned char c) {
    return std::isalnum(c) || c == '-' || c == '_';
  });
  return harmless ? std::move(id) : NewRequestId();
}

absl::Status ServerBusy() {
  return errors::WithRetry(errors::Make(absl::StatusCode::kResourceExhausted, "SERVER_BUSY",
                                        "Too many calls are waiting already. Try again in a second; a retry with the same request_id is safe.",
                                        "混み合っています。少し待ってからもう一度お試しください。同じ操作が二重になることはありません。"),
                           absl::Seconds(1));
}

}  // namespace

// One call, from arrival to answer.
struct Dispatcher::Pending {
  grpc::CallbackServerContext* context = nullptr;
  grpc::ServerUnaryReactor* reactor = nullptr;
  const google::protobuf::MethodDescriptor* method = nullptr;
  Body body;
  absl::Time arrived;
  Call call;
  auth::Credentials credentials;
  bool answered = false;
};

// Names as the interceptors for Go and Java use them, so that existing dashboards fit.
struct Dispatcher::Series {
  explicit Series(prometheus::Registry& registry)
      : handled(prometheus::BuildCounter().Name("grpc_server_handled_total").Help("Calls answered, by method and code.").Register(registry)),
        seconds(prometheus::BuildHistogram()
                    .Name("grpc_server_handling_seconds")
                    .Help("From arrival to answer, waiting included.")
                    .Register(registry)),
        in_flight(prometheus::BuildGauge()
                      .Name("kubari_rpc_in_flight")
                      .Help("Calls that arrived and are not answered.")
                      .Register(registry)
                      .Add({})),
        queue_length(prometheus::BuildGauge()
                         .Name("kubari_rpc_queue_length")
                         .Help("Calls waiting for a worker.")
                         .Register(registry)
                         .Add({})),
        queue_wait(prometheus::BuildHistogram()
                       .Name("kubari_rpc_queue_wait_seconds")
                       .Help("How long calls waited for a worker.")
                       .Register(registry)
                       .Add({}, metrics::LatencyBuckets())) {}
  prometheus::Family<prometheus::Counter>& handled;
  prometheus::Family<prometheus::Histogram>& seconds;
  prometheus::Gauge& in_flight;
  prometheus::Gauge& queue_length;
  prometheus::Histogram& queue_wait;
};

struct Dispatcher::MethodSeries {
  prometheus::Histogram* seconds = nullptr;
  std::map<std::string, prometheus::Counter*> handled;  // by code; only codes that occurred
};

Dispatcher::Dispatcher(auth::Authenticator& authenticator, prometheus::Registry& registry, Options options)
    : authenticator_(authenticator),
      options_(options),
      series_(std::make_unique<Series>(registry)),
      workers_(options.workers, options.max_queue) {}

Dispatcher::~Dispatcher() { Join(); }

void Dispatcher::Join() { workers_.Join(); }

void Dispatcher::Record(const google::protobuf::MethodDescriptor& method, const std::string& code, double seconds) {
  prometheus::Labels labels = {{"grpc_service", method.service()->full_name()}, {"grpc_method", method.name()}};
  const std::lock_guard lock(mutex_);
  std::unique_ptr<MethodSeries>& series = by_method_[&method];
  if (series == nullptr) {
    series = std::make_unique<MethodSeries>();
    series->seconds = &series_->seconds.Add(labels, metrics::LatencyBuckets());
  }
  prometheus::Counter*& handled = series->handled[code];
  if (handled == nullptr) {
    labels["grpc_code"] = code;
    handled = &series_->handled.Add(labels);
  }
  handled->Increment();
  series->seconds->Observe(seconds);
}

grpc::ServerUnaryReactor* Dispatcher::Enqueue(grpc::CallbackServerContext* context,
                                              const google::protobuf::MethodDescriptor& method, Body body) {
  auto pending = std::make_shared<Pending>();
  pending->context = context;
  pending->reactor = context->DefaultReactor();
  pending->method = &method;
  pending->body = std::move(body);
  pending->arrived = absl::Now();

  Call& call = pending->call;
  call.method = &method;
  call.request_id = RequestIdOf(Metadata(*context, kRequestId));
  call.deadline = std::min(absl::FromChrono(context->deadline()), pending->arrived + options_.max_deadline);
  call.token = BearerOf(Metadata(*context, kAuthorization));
  call.cancelled = [context] { return context->IsCancelled(); };
  pending->credentials = {.token = call.token,
                          .network = Metadata(*context, kNetwork),
                          .time_zone = Metadata(*context, kTimeZone),
                          .subject = Metadata(*context, kSubject),
                          .request_id = call.request_id};
  context->AddInitialMetadata(kRequestId, call.request_id);

  grpc::ServerUnaryReactor* const reactor = pending->reactor;
  series_->in_flight.Increment();
  series_->queue_length.Increment();
  if (++in_flight_ > options_.max_in_flight || !workers_.Submit([this, pending] { Run(pending); })) {
    series_->queue_length.Decrement();
    const log::ScopedContext log_context({.request_id = call.request_id});
    Finish(*pending, ServerBusy());
  }
  return reactor;
}

void Dispatcher::Run(const std::shared_ptr<Pending>& pending) {
  series_->queue_length.Decrement();
  series_->queue_wait.Observe(absl::ToDoubleSeconds(absl::Now() - pending->arrived));
  Guarded(pending, [&] {
    const Call& call = pending->call;
    const log::ScopedContext before({.request_id = call.request_id});
    const absl::Status admitted = Admit(*pending);
    if (!admitted.ok()) return Finish(*pending, admitted);
    const log::ScopedContext after({.request_id = call.request_id, .network_id = call.principal.network_id});
    pending->body(call, Later(*this, pending));
  });
}

void Dispatcher::Guarded(const std::shared_ptr<Pending>& pending, absl::FunctionRef<void()> task) {
  absl::Status status;
  try {
    return task();
  } catch (const std::exception& e) {  // our own code throws nothing, but libraries do
    log::Error("a library threw an exception", {{"method", pending->method->full_name()}, {"exception", e.what()}});
    status = absl::InternalError("a library threw an exception");
  } catch (...) {
    log::Error("a library threw something unknown", {{"method", pending->method->full_name()}});
    status = absl::InternalError("a library threw something unknown");
  }
  if (!pending->answered) Finish(*pending, status);
}

absl::Status Dispatcher::Admit(Pending& pending) {
  Call& call = pending.call;
  // Nobody waits for these any more, so they cost nothing further.
  if (call.cancelled()) return absl::CancelledError("cancelled while waiting for a worker");
  if (absl::Now() >= call.deadline) return absl::DeadlineExceededError("expired while waiting for a worker");

  if (!auth::IsPublic(*pending.method)) {
    ASSIGN_OR_RETURN(call.principal, authenticator_.Authenticate(pending.credentials, call.deadline));
  }
  const log::ScopedContext log_context({.request_id = call.request_id, .network_id = call.principal.network_id});
  ASSIGN_OR_RETURN(call.scope, auth::Judge(*pending.method, &call.principal));
  return absl::OkStatus();
}

void Dispatcher::Finish(Pending& pending, const absl::Status& status) {
  const double seconds = absl::ToDoubleSeconds(absl::Now() - pending.arrived);
  const log::ScopedContext log_context(
      {.request_id = pending.call.request_id, .network_id = pending.call.principal.network_id});
  const grpc::Status wire = errors::ToGrpc(status);

  const std::string code = absl::StatusCodeToString(status.code());
  Record(*pending.method, code, seconds);
  series_->in_flight.Decrement();
  --in_flight_;
  log::Info("call", {{"method", pending.method->full_name()},
                     {"code", code},
                     {"reason", status.ok() ? "" : errors::ReasonOf(errors::FromGrpc(wire))},
                     {"milliseconds", static_cast<int64_t>(seconds * 1e6) / 1e3},
                     {"subject", pending.call.principal.subject}});
  // Nothing of the call may be touched after this: the reactor frees request, response and context.
  pending.answered = true;
  pending.reactor->Finish(wire);
}

void Later::Resume(std::function<void()> task) const {
  dispatcher_->workers_.Resume([dispatcher = dispatcher_, pending = pending_, task = std::move(task)] {
    const log::ScopedContext log_context(
        {.request_id = pending->call.request_id, .network_id = pending->call.principal.network_id});
    dispatcher->Guarded(pending, task);
  });
}

void Later::Answer(const absl::Status& status) const { dispatcher_->Finish(*pending_, status); }

const google::protobuf::MethodDescriptor& FindMethod(const char* service, const char* method) {
  const auto* found = google::protobuf::DescriptorPool::generated_pool()->FindMethodByName(absl::StrCat(service, ".", method));
  if (found == nullptr) {
    log::Error("the contract has no such method", {{"service", service}, {"method", method}});
    std::abort();
  }
  return *found;
}

}  // namespace kubari::rpc
