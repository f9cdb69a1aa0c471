// Listens, and keeps the connections: their number, their limits, their end.
#pragma once

#include <absl/status/statusor.h>
#include <absl/time/time.h>
#include <prometheus/registry.h>

#include <atomic>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/strand.hpp>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "mobile_api/gateway/http.h"

namespace kubari::gateway {

class Connection;

struct ServerOptions {
  // host:port; port 0 takes a free one.
  std::string listen = "127.0.0.1:0";
  int threads = 2;
  // More are closed as soon as they are accepted.
  int max_connections = 10'000;
  // Adds Strict-Transport-Security.
  bool secure = false;
  uint32_t header_limit = 16 << 10;
  // A table of 4 MiB (the largest that is imported) as base64 in JSON, with something around it.
  uint64_t body_limit = 6 << 20;
  // From the first byte of a request to the end of its head; of its body; between requests.
  absl::Duration header_timeout = absl::Seconds(10);
  absl::Duration body_timeout = absl::Seconds(30);
  absl::Duration idle_timeout = absl::Seconds(60);
  // A body is given up when it is slower than this, after a first grace.
  absl::Duration body_grace = absl::Seconds(5);
  double body_bytes_per_second = 1'024;
  // All bodies above `small_body` together; more are refused for the moment.
  uint64_t small_body = 64 << 10;
  int64_t body_memory = 256 << 20;
};

// What a server and its connections share.
struct ServerSeries;

class Server {
 public:
  // Listens, but accepts only after Run(). `application` and `registry` must outlive it.
  // Errors: UNAVAILABLE / LISTEN_FAILED; INVALID_ARGUMENT / LISTEN_INVALID.
  static absl::StatusOr<std::unique_ptr<Server>> Listen(ServerOptions options, Application& application,
                                                        prometheus::Registry& registry);
  // Ends everything at once; what Applications wait for must have ended before.
  ~Server();

  // Starts the threads; returns.
  void Run();
  int port() const { return port_; }

  // Accepts no more, closes idle connections, lets calls under way finish until `drain` has passed. True if all are
  // gone.
  bool Drain(absl::Duration drain);
  // Closes what is left, waits for it and joins the threads. Safe to call twice.
  void Stop();

  // For its connections.
  const ServerOptions& options() const { return options_; }
  ServerSeries& series() { return *series_; }
  Application& application() { return application_; }
  bool stopping() const { return stopping_; }
  bool ReserveBody(int64_t bytes);
  void ReleaseBody(int64_t bytes) { body_memory_ += bytes; }

 private:
  Server(ServerOptions options, Application& application, prometheus::Registry& registry);
  net::awaitable<void> Accept();
  void Start(net::ip::tcp::socket socket);
  void Ended(const std::shared_ptr<Connection>& connection);
  bool WaitUntilEmpty(absl::Duration timeout);

  const ServerOptions options_;
  Application& application_;
  std::unique_ptr<ServerSeries> series_;
  std::atomic<bool> stopping_ = false;
  std::atomic<int64_t> body_memory_;
  int port_ = 0;
  std::mutex mutex_;
  std::condition_variable empty_;
  std::set<std::shared_ptr<Connection>> connections_;
  net::io_context io_;
  net::strand<net::io_context::executor_type> accept_strand_;
  net::ip::tcp::acceptor acceptor_;
  net::executor_work_guard<net::io_context::executor_type> work_;
  std::vector<std::thread> threads_;
};

}  // namespace kubari::gateway
