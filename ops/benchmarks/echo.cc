#include "ops/benchmarks/echo.h"

#include "kubari/stock/v1/stock.grpc.pb.h"
#include "libs/auth/authenticator.h"
#include "libs/metrics/metrics.h"
#include "libs/rpc/client.h"
#include "libs/rpc/dispatcher.h"
#include "libs/rpc/runtime.h"
#include "libs/rpc/server.h"

namespace kubari::bench {
namespace {

namespace pb = kubari::stock::v1;

class EchoHandler {
 public:
  absl::StatusOr<pb::Lot> GetLot(const rpc::Call& call, const pb::GetLotRequest& request) {
    pb::Lot lot;
    lot.set_name(request.name());
    return lot;
  }
};

class EchoService final : public pb::StockService::CallbackService {
 public:
  EchoService(rpc::Dispatcher& dispatcher, EchoHandler& handler) : dispatcher_(dispatcher), handler_(handler) {}
  KUBARI_RPC(pb::StockService, GetLot)

 private:
  rpc::Dispatcher& dispatcher_;
  EchoHandler& handler_;
};

}  // namespace

int ServeEcho(const std::string& listen, const std::string& identity, const std::string& service_key) {
  rpc::StopSignal stop;  // before any thread
  metrics::Metrics metrics;
  auth::IdentityAuthenticator authenticator(rpc::Connect(identity), {.service_key = service_key});
  rpc::Dispatcher dispatcher(authenticator, metrics.registry(), {});
  EchoHandler handler;
  EchoService service(dispatcher, handler);
  auto server = rpc::Server::Start({.listen = listen}, {&service});
  if (!server.ok()) return rpc::ExitCode(server.status());
  stop.Wait();
  (*server)->Shutdown();
  dispatcher.Join();
  return 0;
}

}  // namespace kubari::bench
