// The words the parts of the gateway share: a request under way, its answer, and who serves it.
#pragma once

#include <absl/status/status.h>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/beast/http/fields.hpp>
#include <boost/beast/http/message.hpp>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kubari::gateway {

namespace net = boost::asio;
namespace http = boost::beast::http;

// Request line and header fields.
using Head = http::request_header<http::fields>;

// Never null inside: absl::StrSplit makes no part at all of a null view, but one of an empty one.
inline std::string_view View(boost::beast::string_view text) {
  return text.data() == nullptr ? std::string_view("") : std::string_view(text.data(), text.size());
}
// What a client sent, fit to be shown in an error and a log line: visible ASCII (else "?"), at most 100 characters.
inline std::string Shown(std::string_view text) {
  std::string shown(text.substr(0, 100));
  for (char& c : shown) c = c >= 0x20 && c < 0x7F ? c : '?';
  return text.size() > 100 ? shown + "..." : shown;
}
// The field's value; empty if there is none.
inline std::string_view FieldOf(const Head& head, http::field name) { return View(head[name]); }
inline std::string_view FieldOf(const Head& head, std::string_view name) {
  return View(head[boost::beast::string_view(name.data(), name.size())]);
}

struct Response {
  int status = 200;
  std::vector<std::pair<std::string, std::string>> headers;
  // The content is either owned or borrowed from something that lives as long as the gateway.
  std::string body;
  std::string_view borrowed;

  std::string_view content() const { return borrowed.empty() ? std::string_view(body) : borrowed; }
  void Add(std::string_view name, std::string_view value) { headers.emplace_back(name, value); }
};

// The request's body, read only if somebody wants it, so that a refused caller cannot make us hold megabytes.
class Body {
 public:
  virtual ~Body() = default;
  // Call it once. Errors: RESOURCE_EXHAUSTED / BODY_TOO_LARGE; UNAVAILABLE / GATEWAY_BUSY (too many large bodies at
  // once); CANCELLED (the client is gone or too slow; nobody hears the answer).
  virtual net::awaitable<absl::Status> Read(std::string& into) = 0;
  // Bytes read so far.
  virtual size_t received() const = 0;
};

struct Exchange {
  const Head& head;
  // Target without query, not decoded.
  std::string_view path;
  // The other end of the connection; see client_address.h for who is behind a proxy.
  net::ip::address peer;
  // 1 to 64 of A–Z a–z 0–9 - _.
  std::string request_id;
  Body& body;
};

// Serves one request at a time per connection, many connections at once, on the server's threads; must not block.
class Application {
 public:
  virtual ~Application() = default;
  virtual net::awaitable<void> Serve(Exchange& exchange, Response& response) = 0;
};

}  // namespace kubari::gateway
