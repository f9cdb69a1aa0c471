#include "mobile_api/gateway/server.h"

#include <absl/strings/numbers.h>
#include <absl/strings/str_cat.h>
#include <sys/resource.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <exception>

#include "libs/errors/errors.h"
#include "libs/log/log.h"
#include "mobile_api/gateway/connection.h"

namespace kubari::gateway {
namespace {

using boost::system::error_code;
using net::ip::tcp;

// Descriptors beside the connections: channels to the services, the log, metrics.
constexpr rlim_t kOtherFiles = 256;

void AllowOpenFiles(int connections) {
  rlimit limit = {};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  const rlim_t wanted = static_cast<rlim_t>(connections) + kOtherFiles;
  if (limit.rlim_cur >= wanted) return;
  limit.rlim_cur = std::min(wanted, limit.rlim_max);
  setrlimit(RLIMIT_NOFILE, &limit);
  if (limit.rlim_cur < wanted) {
    log::Warning("fewer connections than wanted: the system's limit of open files is lower",
                 {{"open_files", static_cast<int64_t>(limit.rlim_cur)}, {"wanted", static_cast<int64_t>(wanted)}});
  }
}

absl::StatusOr<tcp::endpoint> EndpointOf(const std::string& listen) {
  const size_t colon = listen.rfind(':');
  std::string host = listen.substr(0, colon);
  if (host.size() > 1 && host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
  if (host == "localhost") host = "127.0.0.1";
  error_code error;
  const net::ip::address address = net::ip::make_address(host, error);
  int port = -1;
  if (!error && colon != std::string::npos && absl::SimpleAtoi(listen.substr(colon + 1), &port) && port >= 0 &&
      port < 65536) {
    return tcp::endpoint(address, static_cast<unsigned short>(port));
  }
  return errors::Make(
      absl::StatusCode::kInvalidArgument, "LISTEN_INVALID",
      absl::StrCat("--listen is \"", listen,
                   "\"; expected an address of this machine and a port, for instance 0.0.0.0:8080."),
      absl::StrCat("--listen の「", listen, "」が正しくありません。0.0.0.0:8080 のように指定してください。"),
      {{"address", listen}});
}

template <typename Builder>
auto& Series(Builder&& builder, const char* name, const char* help, prometheus::Registry& registry,
             const std::map<std::string, std::string>& labels = {}) {
  return builder.Name(name).Help(help).Register(registry).Add(labels);
}

}  // namespace

absl::StatusOr<std::unique_ptr<Server>> Server::Listen(ServerOptions options, Application& application,
                                                       prometheus::Registry& registry) {
  auto endpoint = EndpointOf(options.listen);
  if (!endpoint.ok()) return endpoint.status();
  AllowOpenFiles(options.max_connections);
  auto server = std::unique_ptr<Server>(new Server(std::move(options), application, registry));
  error_code error;
  tcp::acceptor& acceptor = server->acceptor_;
  acceptor.open(endpoint->protocol(), error);
  if (!error) acceptor.set_option(tcp::acceptor::reuse_address(true), error);
  if (!error) acceptor.bind(*endpoint, error);
  if (!error) acceptor.listen(net::socket_base::max_listen_connections, error);
  if (error) {
    const std::string& address = server->options_.listen;
    return errors::Make(absl::StatusCode::kUnavailable, "LISTEN_FAILED",
                        absl::StrCat("Connections cannot be accepted on ", address, " (", error.message(),
                                     "). Choose another with --listen."),
                        absl::StrCat(address, " で待ち受けできません。--listen で別のアドレスを指定してください。"),
                        {{"address", address}});
  }
  server->port_ = acceptor.local_endpoint().port();
  return server;
}

Server::Server(ServerOptions options, Application& application, prometheus::Registry& registry)
    : options_(std::move(options)),
      application_(application),
      series_(new ServerSeries{
          Series(prometheus::BuildGauge(), "kubari_gateway_connections", "Open connections.", registry),
          Series(prometheus::BuildCounter(), "kubari_gateway_connections_refused_total", "Closed at once: too many.",
                 registry),
          Series(prometheus::BuildCounter(), "kubari_gateway_body_bytes_received_total", "Request bodies.", registry),
          Series(prometheus::BuildCounter(), "kubari_gateway_bytes_sent_total", "Answers with their heads.",
                 registry)}),
      body_memory_(options_.body_memory),
      io_(options_.threads),
      accept_strand_(net::make_strand(io_)),
      acceptor_(accept_strand_),
      work_(net::make_work_guard(io_)) {}

Server::~Server() { Stop(); }

void Server::Run() {
  net::co_spawn(accept_strand_, Accept(), [](std::exception_ptr) {});
  for (int i = 0; i < options_.threads; ++i) threads_.emplace_back([this] { io_.run(); });
}

net::awaitable<void> Server::Accept() {
  net::steady_timer pause(accept_strand_);
  while (!stopping_) {
    tcp::socket socket(net::make_strand(io_));
    error_code error;
    co_await acceptor_.async_accept(socket, net::redirect_error(net::use_awaitable, error));
    if (stopping_) break;
    if (!error) {
      Start(std::move(socket));
      continue;
    }
    // Out of descriptors or memory, most likely: the connection waits in the kernel's queue until somebody else is
    // gone.
    log::Warning("a connection cannot be accepted", {{"error", error.message()}});
    pause.expires_after(std::chrono::milliseconds(100));
    co_await pause.async_wait(net::redirect_error(net::use_awaitable, error));
  }
}

void Server::Start(tcp::socket socket) {
  std::shared_ptr<Connection> connection;
  {
    const std::lock_guard lock(mutex_);
    if (connections_.size() >= static_cast<size_t>(options_.max_connections)) {
      series_->refused.Increment();
      return;
    }
    connection = std::make_shared<Connection>(std::move(socket), *this);
    connections_.insert(connection);
  }
  series_->open.Increment();
  net::co_spawn(connection->executor(), connection->Run(), [this, connection](std::exception_ptr failure) {
    try {
      if (failure) std::rethrow_exception(failure);
    } catch (const std::exception& e) {
      log::Error("a connection ended by an exception", {{"error", e.what()}});
    }
    Ended(connection);
  });
}

void Server::Ended(const std::shared_ptr<Connection>& connection) {
  series_->open.Decrement();
  const std::lock_guard lock(mutex_);
  connections_.erase(connection);
  if (connections_.empty()) empty_.notify_all();
}

bool Server::ReserveBody(int64_t bytes) {
  if (body_memory_.fetch_sub(bytes) >= bytes) return true;
  body_memory_ += bytes;
  return false;
}

bool Server::WaitUntilEmpty(absl::Duration timeout) {
  std::unique_lock lock(mutex_);
  return empty_.wait_for(lock, absl::ToChronoMilliseconds(timeout), [this] { return connections_.empty(); });
}

bool Server::Drain(absl::Duration drain) {
  stopping_ = true;
  net::post(accept_strand_, [this] {
    error_code error;
    acceptor_.close(error);
  });
  {
    const std::lock_guard lock(mutex_);
    for (const auto& connection : connections_) connection->Close(false, connection);
  }
  return WaitUntilEmpty(drain);
}

void Server::Stop() {
  if (threads_.empty()) return;
  Drain(absl::ZeroDuration());
  {
    const std::lock_guard lock(mutex_);
    for (const auto& connection : connections_) connection->Close(true, connection);
  }
  WaitUntilEmpty(absl::Seconds(5));
  work_.reset();
  io_.stop();
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
}

}  // namespace kubari::gateway
