// What the mains of all services share, so that a main is config → wiring → serve:
//
//   int main(int argc, char** argv) {
//     rpc::CommonOptions common("stock");
//     std::string donors = "127.0.0.1:7102";
//     config::Options options("kubari-stock", "The ledger of all movements.");
//     common.Declare(options);
//     options.HostPort("donors", &donors, "address of the donors service");
//     if (std::optional<int> exit = options.ReadOrExit(argc, argv)) return *exit;
//     if (common.migrate) return rpc::ExitCode(pg::Migrate(common.migration_database_url, "stock", kMigrations));
//     rpc::Runtime runtime(common, options);
//     … pool, handler …
//     StockService service(runtime.dispatcher(), handler);
//     return runtime.Serve({&service});
//   }
#pragma once

#include <absl/status/status.h>
#include <grpcpp/grpcpp.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "libs/auth/authenticator.h"
#include "libs/config/config.h"
#include "libs/metrics/metrics.h"
#include "libs/rpc/client.h"
#include "libs/rpc/dispatcher.h"
#include "libs/rpc/server.h"

namespace kubari::rpc {

// Options that every service has. Each is a flag and an environment variable, see libs/config.
struct CommonOptions {
  // `service` is "identity", "donors", "groups", "stock", "allocation", "impact", "notifications" or "support"; it decides the default
  // ports 7101–7109 and 7201–7209 (metrics).
  explicit CommonOptions(std::string service);
  void Declare(config::Options& options);

  std::string service;
  std::string listen;                   // --listen
  std::string metrics_listen;           // --metrics-listen
  std::string database_url;             // --database-url (secret): the service's own role
  std::string migration_database_url;   // --migration-database-url (secret): the owner's role, for --migrate only
  bool migrate = false;                 // --migrate: bring the schema up to date, then exit
  std::string identity = "127.0.0.1:7101";       // --identity
  std::string notifications = "127.0.0.1:7108";  // --notifications: where what people are to hear goes (libs/outbox)
  std::string service_key;              // --service-key (secret), --service-key-file: at least 32 characters
  int workers = 16;                     // --workers: threads and database connections
  int queue = 1'024;                    // --queue: calls waiting for a worker
  std::string log_level = "info";       // --log-level
  absl::Duration drain = absl::Seconds(10);  // --drain
  std::string tls_certificate_file;     // --tls-certificate
  std::string tls_key_file;             // --tls-key
  std::string tls_ca_file;              // --tls-ca: how the other services' certificates are checked; empty: not encrypted
};

// 0 for OK; else logs the error and returns 1.
int ExitCode(const absl::Status& status);

// Log, metrics, authenticator, dispatcher and server of one process. Make it in main before any thread is started.
class Runtime {
 public:
  // Logs the options in use.
  Runtime(const CommonOptions& common, const config::Options& options);

  // Callers are authenticated by `authenticator`, not by asking the identity service at common.identity. For the identity service
  // itself; call it before dispatcher().
  void AuthenticateWith(auth::Authenticator& authenticator) { authenticator_ = &authenticator; }

  // Made by the first call.
  Dispatcher& dispatcher();
  prometheus::Registry& registry() { return metrics_.registry(); }
  // A channel to another service, with this service's TLS settings.
  std::shared_ptr<grpc::Channel> Connect(const std::string& address) const;

  // Serves until SIGTERM or SIGINT, then drains: health NOT_SERVING → calls under way finish → workers joined. When it returns no
  // handler runs any more. Returns the code to exit with.
  int Serve(const std::vector<grpc::Service*>& services);

 private:
  const CommonOptions common_;
  StopSignal stop_;
  metrics::Metrics metrics_;
  std::unique_ptr<auth::Authenticator> own_authenticator_;
  auth::Authenticator* authenticator_ = nullptr;
  std::unique_ptr<Dispatcher> dispatcher_;
};

}  // namespace kubari::rpc
