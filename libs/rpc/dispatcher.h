// The adapter between gRPC's callback API and plain synchronous handlers; the only place that knows threads.
//
// A service is one line per RPC:
//
//   class StockService final : public pb::StockService::CallbackService {
//    public:
//     StockService(rpc::Dispatcher& dispatcher, StockHandler& handler) : dispatcher_(dispatcher), handler_(handler) {}
//     KUBARI_RPC(pb::StockService, IssueStock)
//     KUBARI_RPC(pb::StockService, GetLot)
//    private:
//     rpc::Dispatcher& dispatcher_;
//     StockHandler& handler_;
//   };
//
// The way of one call: gRPC thread → queue (full: RESOURCE_EXHAUSTED / SERVER_BUSY with RetryInfo) → worker thread: dropped if cancelled
// or expired → authenticated → access judged → handler → error converted → recorded and logged → answered.
//
// A handler that would only wait for others (the ledger's commit, say) gives its worker back meanwhile: KUBARI_RPC_LATER_TO and Later.
#pragma once

#include <absl/functional/function_ref.h>
#include <absl/status/statusor.h>
#include <absl/time/time.h>
#include <google/protobuf/descriptor.h>
#include <grpcpp/grpcpp.h>
#include <prometheus/registry.h>

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <utility>

#include "libs/auth/authenticator.h"
#include "libs/rpc/call.h"
#include "libs/rpc/worker_pool.h"

namespace kubari::rpc {

class Later;

class Dispatcher {
 public:
  struct Options {
    // As many as database connections, so that nobody queues twice.
    int workers = 16;
    // Calls waiting for a worker; more are refused.
    int max_queue = 1'024;
    // Calls that arrived and are not answered; more are refused.
    int max_in_flight = 4'096;
    // Also the deadline of calls that bring none.
    absl::Duration max_deadline = absl::Seconds(30);
  };
  // `authenticator` and `registry` must outlive it.
  Dispatcher(auth::Authenticator& authenticator, prometheus::Registry& registry, Options options);
  ~Dispatcher();

  // Serves one call with `handler`, an absl::StatusOr<Response>(const Call&, const Request&). Use KUBARI_RPC.
  template <typename Request, typename Response, typename Handler>
  grpc::ServerUnaryReactor* Unary(grpc::CallbackServerContext* context, const Request* request, Response* response,
                                  const google::protobuf::MethodDescriptor& method, Handler handler) {
    return UnaryLater(context, request, response, method,
                      [handler = std::move(handler)](const Call& call, const Request& asked, Response& answer, const auto& later) {
                        absl::StatusOr<Response> result = handler(call, asked);
                        if (result.ok()) answer = *std::move(result);
                        later.Answer(result.status());
                      });
  }
  // The same for a handler that says later what the answer is: void(const Call&, const Request&, Response&, Later). The three live until it
  // does.
  template <typename Request, typename Response, typename Handler>
  grpc::ServerUnaryReactor* UnaryLater(grpc::CallbackServerContext* context, const Request* request, Response* response,
                                       const google::protobuf::MethodDescriptor& method, Handler handler) {
    return Enqueue(context, method, [request, response, handler = std::move(handler)](const Call& call, const Later& later) {
      handler(call, *request, *response, later);
    });
  }

  // Runs what is queued, then joins the workers. Call it after the server's shutdown.
  void Join();

 private:
  struct MethodSeries;
  struct Pending;
  using Body = std::function<void(const Call&, const Later&)>;
  friend class Later;

  grpc::ServerUnaryReactor* Enqueue(grpc::CallbackServerContext* context, const google::protobuf::MethodDescriptor& method,
                                    Body body);
  void Run(const std::shared_ptr<Pending>& pending);
  // Up to the handler.
  absl::Status Admit(Pending& pending);
  // Runs it; the call is answered with an error if a library throws.
  void Guarded(const std::shared_ptr<Pending>& pending, absl::FunctionRef<void()> task);
  void Finish(Pending& pending, const absl::Status& status);
  void Record(const google::protobuf::MethodDescriptor& method, const std::string& code, double seconds);

  struct Series;
  auth::Authenticator& authenticator_;
  const Options options_;
  std::unique_ptr<Series> series_;
  std::atomic<int> in_flight_ = 0;
  std::mutex mutex_;
  std::unordered_map<const google::protobuf::MethodDescriptor*, std::unique_ptr<MethodSeries>> by_method_;
  WorkerPool workers_;  // last: its threads use all of the above
};

// A call whose handler has returned and whose answer is still to come. As long as there is a copy of it, the call is there.
class Later {
 public:
  // Runs `task` on a worker, before calls that wait for one.
  void Resume(std::function<void()> task) const;
  // Once; nothing of the call may be touched after it.
  void Answer(const absl::Status& status) const;

 private:
  friend class Dispatcher;
  Later(Dispatcher& dispatcher, std::shared_ptr<Dispatcher::Pending> pending)
      : dispatcher_(&dispatcher), pending_(std::move(pending)) {}
  Dispatcher* dispatcher_;
  std::shared_ptr<Dispatcher::Pending> pending_;
};

// The descriptor of "{service}.{method}"; ends the program if the contract has none, which only a wrong build can cause.
const google::protobuf::MethodDescriptor& FindMethod(const char* service, const char* method);

// Request and response of a method of a generated stub.
template <typename>
struct MethodTypes;
template <typename Stub, typename Req, typename Resp>
struct MethodTypes<grpc::Status (Stub::*)(grpc::ClientContext*, const Req&, Resp*)> {
  using Request = Req;
  using Response = Resp;
};

}  // namespace kubari::rpc

// Implements one RPC in the body of a class that has `dispatcher_`, by calling `handler.Method(call, request)`.
#define KUBARI_RPC_TO(handler, Service, Method)                                                                           \
  grpc::ServerUnaryReactor* Method(                                                                                       \
      grpc::CallbackServerContext* context,                                                                               \
      const ::kubari::rpc::MethodTypes<decltype(&Service::StubInterface::Method)>::Request* request,                      \
      ::kubari::rpc::MethodTypes<decltype(&Service::StubInterface::Method)>::Response* response) override {               \
    static const auto& method = ::kubari::rpc::FindMethod(Service::service_full_name(), #Method);                         \
    return dispatcher_.Unary(context, request, response, method,                                                          \
                             [this](const ::kubari::rpc::Call& call, const auto& r) { return handler.Method(call, r); }); \
  }
// The same, by calling `handler.Method(call, request, response, later)`.
#define KUBARI_RPC_LATER_TO(handler, Service, Method)                                                                    \
  grpc::ServerUnaryReactor* Method(                                                                                      \
      grpc::CallbackServerContext* context,                                                                              \
      const ::kubari::rpc::MethodTypes<decltype(&Service::StubInterface::Method)>::Request* request,                     \
      ::kubari::rpc::MethodTypes<decltype(&Service::StubInterface::Method)>::Response* response) override {              \
    static const auto& method = ::kubari::rpc::FindMethod(Service::service_full_name(), #Method);                        \
    return dispatcher_.UnaryLater(context, request, response, method,                                                    \
                                  [this](const ::kubari::rpc::Call& call, const auto& r, auto& answer,                   \
                                         ::kubari::rpc::Later later) { handler.Method(call, r, answer, std::move(later)); }); \
  }
// KUBARI_RPC_TO with the class's `handler_`.
#define KUBARI_RPC(Service, Method) KUBARI_RPC_TO(handler_, Service, Method)
