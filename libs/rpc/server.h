// A gRPC server with what every service has: health (grpc.health.v1), reflection, message limit, TLS if wanted, clean shutdown.
#pragma once

#include <absl/status/statusor.h>
#include <absl/time/time.h>
#include <grpcpp/grpcpp.h>

#include <csignal>
#include <memory>
#include <string>
#include <vector>

namespace kubari::rpc {

struct ServerOptions {
  // host:port; port 0 takes a free one, see bound_port().
  std::string listen = "127.0.0.1:0";
  // PEM files; both or neither. Without them the wire is not encrypted: then listen on 127.0.0.1 or a private network only.
  std::string tls_certificate_file;
  std::string tls_key_file;
  int max_message_bytes = 16 << 20;
  // How long calls under way may go on after Shutdown() began; then they are cancelled.
  absl::Duration drain = absl::Seconds(10);
};

class Server {
 public:
  // Starts to serve. The services must outlive it.
  // Errors: UNAVAILABLE / LISTEN_FAILED (address in use, no such host); INVALID_ARGUMENT / TLS_FILES_INVALID.
  static absl::StatusOr<std::unique_ptr<Server>> Start(const ServerOptions& options, const std::vector<grpc::Service*>& services);
  // Shuts down.
  ~Server();

  int bound_port() const { return port_; }
  // Health says NOT_SERVING, new calls are refused, calls under way get up to `drain` to finish. Blocks until all are answered.
  // Safe to call twice.
  void Shutdown();

 private:
  Server(ServerOptions options) : options_(std::move(options)) {}

  const ServerOptions options_;
  int port_ = 0;
  std::unique_ptr<grpc::Server> server_;
};

// Waits for SIGTERM or SIGINT. Make it in main before any thread is started: it blocks the two signals, and threads inherit that.
class StopSignal {
 public:
  StopSignal();
  // The signal's number.
  int Wait();

 private:
  sigset_t signals_;
};

}  // namespace kubari::rpc
