// One connection: reads a request, has it served, writes the answer, and again. Limits and timeouts are kept here.
#pragma once

#include <prometheus/counter.h>
#include <prometheus/gauge.h>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <optional>
#include <string>
#include <utility>

#include "mobile_api/gateway/server.h"

namespace kubari::gateway {

struct ServerSeries {
  prometheus::Gauge& open;
  prometheus::Counter& refused;  // above max_connections
  prometheus::Counter& received;
  prometheus::Counter& sent;
};

class Connection final : public Body {
 public:
  // The socket's executor must be a strand: everything below runs on it.
  Connection(net::ip::tcp::socket socket, Server& server);
  ~Connection() override { ReleaseBody(); }

  net::any_io_executor executor() { return stream_.get_executor(); }
  net::awaitable<void> Run();
  // From any thread: closes it if it is between requests, or in any case.
  void Close(bool even_if_busy, std::shared_ptr<Connection> self);

  net::awaitable<absl::Status> Read(std::string& into) override;
  size_t received() const override { return received_; }

 private:
  enum class After { kNext, kClose };
  net::awaitable<After> ServeOne();
  // Reads what is left of a small body, so that the next request can follow.
  net::awaitable<bool> Skip();
  net::awaitable<bool> Write(const Response& response, bool is_head, unsigned version, bool keep_alive);
  // After an answer to a request that was not read to its end: closing at once would let the kernel throw the answer
  // away.
  net::awaitable<void> Linger();
  void ReleaseBody();

  Server& server_;
  boost::beast::tcp_stream stream_;
  boost::beast::flat_buffer buffer_;
  std::optional<http::request_parser<http::string_body>> parser_;
  bool idle_ = true;
  bool body_wanted_ = false;
  size_t received_ = 0;
  int64_t reserved_ = 0;
};

}  // namespace kubari::gateway
