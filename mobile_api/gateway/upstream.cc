#include "mobile_api/gateway/upstream.h"

#include <absl/strings/str_cat.h>
#include <absl/time/clock.h>
#include <grpcpp/client_context.h>
#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/slice.h>

#include <utility>
#include <vector>

#include "libs/errors/errors.h"

namespace kubari::gateway {
namespace {

grpc::ByteBuffer ToBuffer(const std::string& bytes) {
  const grpc::Slice slice(bytes);
  return grpc::ByteBuffer(&slice, 1);
}

std::string ToString(const grpc::ByteBuffer& buffer) {
  std::vector<grpc::Slice> slices;
  std::string bytes;
  if (!buffer.Dump(&slices).ok()) return bytes;
  bytes.reserve(buffer.Length());
  for (const grpc::Slice& slice : slices) bytes.append(reinterpret_cast<const char*>(slice.begin()), slice.size());
  return bytes;
}

// What gRPC itself says of a lost connection names addresses; callers get this instead.
absl::Status Unavailable(const std::string& service) {
  return errors::WithRetry(
      errors::Make(
          absl::StatusCode::kUnavailable, "SERVICE_UNAVAILABLE",
          absl::StrCat(
              "The ", service,
              " service cannot be reached just now. Try again shortly; a retry with the same request_id is safe."),
          "ただいまサーバーに接続できません。しばらくしてからもう一度お試しください。同じ操作が二重になることはありませ"
          "ん。",
          {{"service", service}}),
      absl::Seconds(1));
}

std::map<std::string, std::unique_ptr<grpc::GenericStub>> StubsOf(
    const std::map<std::string, std::shared_ptr<grpc::Channel>>& channels) {
  std::map<std::string, std::unique_ptr<grpc::GenericStub>> stubs;
  for (const auto& [service, channel] : channels) stubs[service] = std::make_unique<grpc::GenericStub>(channel);
  return stubs;
}

}  // namespace

struct Upstream::Pending {
  grpc::ClientContext context;
  grpc::ByteBuffer request;
  grpc::ByteBuffer response;
  std::string service;
  std::function<void(Answer)> done;
};

Upstream::Upstream(std::map<std::string, std::shared_ptr<grpc::Channel>> channels) : stubs_(StubsOf(channels)) {}

Upstream::~Upstream() { Shutdown(); }

void Upstream::Call(const std::string& service, const std::string& path, const std::string& bytes,
                    const rpc::Outgoing& outgoing, std::function<void(Answer)> done) {
  const auto stub = stubs_.find(service);
  if (stub == stubs_.end()) return done({.status = Unavailable(service)});
  auto pending = std::make_unique<Pending>();
  rpc::Prepare(outgoing, pending->context);
  pending->context.set_wait_for_ready(false);
  pending->request = ToBuffer(bytes);
  {
    const std::lock_guard lock(mutex_);
    if (stopped_) return done({.status = Unavailable(service)});
    pending_.insert(pending.get());
  }
  Pending* const call = pending.release();
  call->service = service;
  call->done = std::move(done);
  stub->second->UnaryCall(&call->context, path, {}, &call->request, &call->response,
                          [this, call](grpc::Status status) { Finish(call, status); });
}

void Upstream::Finish(Pending* call, const grpc::Status& status) {
  Answer answer = {.status = errors::FromGrpc(status)};
  if (status.ok()) answer.bytes = ToString(call->response);
  {
    const std::lock_guard lock(mutex_);
    const bool by_us = stopped_ && absl::IsCancelled(answer.status);
    const bool by_grpc = absl::IsUnavailable(answer.status) && errors::ReasonOf(answer.status).empty();
    if (by_us || by_grpc) answer.status = Unavailable(call->service);
  }
  call->done(std::move(answer));
  // What the caller captured must be gone before Shutdown() may return.
  call->done = nullptr;
  const std::lock_guard lock(mutex_);
  pending_.erase(call);
  delete call;
  if (pending_.empty()) idle_.notify_all();
}

void Upstream::Check(const std::string& service, absl::Duration timeout, std::function<void(bool)> done) {
  // HealthCheckRequest {} asks about the whole server; HealthCheckResponse {status: SERVING} is the field 1, varint 1.
  Call(
      service, "/grpc.health.v1.Health/Check", "", {.deadline = absl::Now() + timeout},
      [done = std::move(done)](Answer answer) { done(answer.status.ok() && answer.bytes == std::string("\x08\x01")); });
}

void Upstream::Shutdown() {
  std::unique_lock lock(mutex_);
  stopped_ = true;
  for (Pending* call : pending_) call->context.TryCancel();
  idle_.wait(lock, [this] { return pending_.empty(); });
}

}  // namespace kubari::gateway
