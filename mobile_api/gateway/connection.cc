#include "mobile_api/gateway/connection.h"

#include <absl/strings/ascii.h>
#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>
#include <absl/time/clock.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/serializer.hpp>
#include <boost/beast/http/span_body.hpp>
#include <boost/beast/http/write.hpp>
#include <chrono>
#include <limits>

#include "libs/errors/errors.h"
#include "libs/log/log.h"
#include "libs/rpc/client.h"
#include "mobile_api/gateway/connect_protocol.h"
#include "mobile_api/gateway/security_headers.h"

namespace kubari::gateway {
namespace {

namespace beast = boost::beast;
using boost::system::error_code;

constexpr size_t kReadAtOnce = 16 << 10;
// Writing may take this long plus the time the answer needs on a slow mobile link.
constexpr absl::Duration kWriteTimeout = absl::Seconds(30);
constexpr double kWriteBytesPerSecond = 8'192;
constexpr absl::Duration kLinger = absl::Seconds(2);
constexpr size_t kLingerBytes = 1 << 20;

std::chrono::steady_clock::duration Std(absl::Duration duration) {
  return std::chrono::duration_cast<std::chrono::steady_clock::duration>(absl::ToChronoNanoseconds(duration));
}

absl::Status BodyTooLarge(uint64_t limit) {
  return errors::Make(absl::StatusCode::kResourceExhausted, "BODY_TOO_LARGE",
                      absl::StrCat("The body is larger than ", limit, " bytes; send it in several calls."),
                      absl::StrCat("送信データが上限（", limit, " バイト）を超えています。分けて送ってください。"),
                      {{"limit_bytes", absl::StrCat(limit)}});
}

absl::Status TooManyBodies() {
  return errors::WithRetry(errors::Make(absl::StatusCode::kUnavailable, "GATEWAY_BUSY",
                                        "Too many large requests arrive at once. Try again shortly.",
                                        "大きなデータの送信が集中しています。しばらくしてからもう一度お試しください。"),
                           absl::Seconds(2));
}

absl::Status Gone() {
  return errors::Make(absl::StatusCode::kCancelled, "CLIENT_GONE", "The client is gone or too slow.",
                      "通信が途切れたか、遅すぎます。");
}

absl::Status BadRequest(std::string_view problem) {
  return errors::Make(
      absl::StatusCode::kInvalidArgument, "HTTP_INVALID",
      absl::StrCat("This is no HTTP/1.1 request: ", absl::string_view(problem.data(), problem.size()), "."),
      "HTTP/1.1 のリクエストとして読み取れません。");
}

absl::Status HeaderTooLarge(uint32_t limit) {
  return errors::Make(absl::StatusCode::kResourceExhausted, "HEADER_TOO_LARGE",
                      absl::StrCat("The header is larger than ", limit, " bytes."),
                      absl::StrCat("ヘッダーが上限（", limit, " バイト）を超えています。"),
                      {{"limit_bytes", absl::StrCat(limit)}});
}

// The client's, if it can travel in a header and a log line; a new one otherwise.
std::string RequestIdOf(const Head& head) {
  const std::string_view id = FieldOf(head, "x-request-id");
  const bool good = !id.empty() && id.size() <= 64 && std::all_of(id.begin(), id.end(), [](char c) {
    return absl::ascii_isalnum(c) || c == '-' || c == '_';
  });
  return good ? std::string(id) : rpc::NewRequestId();
}

}  // namespace

Connection::Connection(net::ip::tcp::socket socket, Server& server) : server_(server), stream_(std::move(socket)) {}

void Connection::Close(bool even_if_busy, std::shared_ptr<Connection> self) {
  net::post(stream_.get_executor(), [this, even_if_busy, self = std::move(self)] {
    if (idle_ || even_if_busy) stream_.close();
  });
}

net::awaitable<void> Connection::Run() {
  error_code error;
  stream_.socket().set_option(net::ip::tcp::no_delay(true), error);
  while (co_await ServeOne() == After::kNext) {
  }
  stream_.socket().shutdown(net::ip::tcp::socket::shutdown_both, error);
  stream_.close();
}

net::awaitable<Connection::After> Connection::ServeOne() {
  const ServerOptions& options = server_.options();
  error_code error;
  parser_.emplace();
  parser_->header_limit(options.header_limit);
  // Judged in Read(), where it can be answered. (boost::none would refuse every body with a length in Boost 1.74.)
  parser_->body_limit(std::numeric_limits<uint64_t>::max());
  body_wanted_ = false;
  received_ = 0;

  if (buffer_.size() == 0) {
    idle_ = true;
    if (server_.stopping()) co_return After::kClose;
    stream_.expires_after(Std(options.idle_timeout));
    const size_t bytes =
        co_await stream_.async_read_some(buffer_.prepare(kReadAtOnce), net::redirect_error(net::use_awaitable, error));
    if (error) co_return After::kClose;
    buffer_.commit(bytes);
    idle_ = false;
  }
  stream_.expires_after(Std(options.header_timeout));
  co_await http::async_read_header(stream_, buffer_, *parser_, net::redirect_error(net::use_awaitable, error));
  if (error) {
    // Anything but a broken request is a broken connection.
    if (error.category() != make_error_code(http::error::bad_method).category() ||
        error == http::error::end_of_stream || error == http::error::partial_message) {
      co_return After::kClose;
    }
    const bool too_large = error == http::error::header_limit;
    Response refusal = ErrorResponse(too_large ? HeaderTooLarge(options.header_limit) : BadRequest(error.message()),
                                     too_large ? 431 : 400);
    refusal.Add("X-Request-Id", rpc::NewRequestId());
    co_await Write(refusal, false, 11, false);
    co_await Linger();
    co_return After::kClose;
  }

  const Head& head = parser_->get().base();
  const beast::string_view target = head.target();
  error_code ignored;
  Exchange exchange = {.head = head,
                       .path = View(target.substr(0, target.find('?'))),
                       .peer = stream_.socket().remote_endpoint(ignored).address(),
                       .request_id = RequestIdOf(head),
                       .body = *this};
  Response response;
  co_await server_.application().Serve(exchange, response);
  response.Add("X-Request-Id", exchange.request_id);

  const bool is_head = head.method() == http::verb::head;
  const unsigned version = head.version();
  // An unread body is worth skipping if it is small, was not waited for by Expect, and ends where the head says.
  const auto length = parser_->content_length();
  const bool skippable = parser_->is_done() || (!body_wanted_ && length && *length <= options.small_body &&
                                                FieldOf(head, http::field::expect).empty());
  const bool keep_alive = parser_->keep_alive() && skippable && !server_.stopping();
  if (!co_await Write(response, is_head, version, keep_alive)) co_return After::kClose;
  if (keep_alive && co_await Skip()) {
    ReleaseBody();
    co_return After::kNext;
  }
  if (!parser_->is_done()) co_await Linger();
  co_return After::kClose;
}

net::awaitable<absl::Status> Connection::Read(std::string& into) {
  const ServerOptions& options = server_.options();
  body_wanted_ = true;
  if (!parser_->is_done()) {
    const auto length = parser_->content_length();
    if (length && *length > options.body_limit) co_return BodyTooLarge(options.body_limit);
    const uint64_t expected = length ? *length : options.body_limit;
    if (expected > options.small_body) {
      if (!server_.ReserveBody(static_cast<int64_t>(expected))) co_return TooManyBodies();
      reserved_ = static_cast<int64_t>(expected);
    }
    parser_->body_limit(options.body_limit);
  }
  error_code error;
  if (!parser_->is_done() &&
      absl::EqualsIgnoreCase(std::string(FieldOf(parser_->get().base(), http::field::expect)), "100-continue")) {
    static constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
    stream_.expires_after(Std(kWriteTimeout));
    co_await net::async_write(stream_, net::buffer(kContinue.data(), kContinue.size()),
                              net::redirect_error(net::use_awaitable, error));
    if (error) co_return Gone();
  }
  const absl::Time start = absl::Now();
  while (!parser_->is_done()) {
    // Each byte received buys time, so that trickling does not pay.
    const absl::Duration earned =
        options.body_grace + absl::Seconds(static_cast<double>(received_) / options.body_bytes_per_second);
    stream_.expires_after(Std(start + std::min(earned, options.body_timeout) - absl::Now()));
    received_ +=
        co_await http::async_read_some(stream_, buffer_, *parser_, net::redirect_error(net::use_awaitable, error));
    if (error == http::error::body_limit) co_return BodyTooLarge(options.body_limit);
    if (error && error.category() == make_error_code(http::error::bad_method).category() &&
        error != http::error::partial_message) {
      co_return BadRequest(error.message());
    }
    if (error) co_return Gone();
  }
  stream_.expires_never();
  received_ = parser_->get().body().size();
  into = std::move(parser_->get().body());
  co_return absl::OkStatus();
}

net::awaitable<bool> Connection::Skip() {
  if (parser_->is_done()) co_return true;
  std::string ignored;
  const absl::Status status = co_await Read(ignored);
  co_return status.ok();
}

net::awaitable<bool> Connection::Write(const Response& response, bool is_head, unsigned version, bool keep_alive) {
  http::response<http::span_body<const char>> message(static_cast<http::status>(response.status), version);
  const std::string_view content = response.content();
  message.body() = beast::span<const char>(content.data(), content.size());
  for (const auto& [name, value] : response.headers) message.insert(name, value);
  AddSecurityHeaders(server_.options().secure, message);
  message.set(http::field::date,
              std::string(absl::FormatTime("%a, %d %b %Y %H:%M:%S GMT", absl::Now(), absl::UTCTimeZone())));
  message.keep_alive(keep_alive);
  message.prepare_payload();

  http::response_serializer<http::span_body<const char>> serializer(message);
  const absl::Duration time = kWriteTimeout + absl::Seconds(static_cast<double>(content.size()) / kWriteBytesPerSecond);
  stream_.expires_after(Std(time));
  error_code error;
  size_t sent = 0;
  if (is_head) {
    sent = co_await http::async_write_header(stream_, serializer, net::redirect_error(net::use_awaitable, error));
  } else {
    sent = co_await http::async_write(stream_, serializer, net::redirect_error(net::use_awaitable, error));
  }
  server_.series().sent.Increment(static_cast<double>(sent));
  server_.series().received.Increment(static_cast<double>(received_));
  co_return !error;
}

net::awaitable<void> Connection::Linger() {
  error_code error;
  stream_.socket().shutdown(net::ip::tcp::socket::shutdown_send, error);
  stream_.expires_after(Std(kLinger));
  buffer_.clear();
  for (size_t bytes = 0; !error && bytes < kLingerBytes;) {
    bytes +=
        co_await stream_.async_read_some(buffer_.prepare(kReadAtOnce), net::redirect_error(net::use_awaitable, error));
  }
}

void Connection::ReleaseBody() {
  if (reserved_ > 0) server_.ReleaseBody(reserved_);
  reserved_ = 0;
}

}  // namespace kubari::gateway
