// One POST to a webhook, by libcurl.
#pragma once

#include <string>
#include <vector>

namespace kubari::notifications {

struct PostResult {
  // HTTP status, 0 if there was none.
  int status = 0;
  // Why there was none; one line in English.
  std::string error;
};

// Not thread-safe; keeps its connections open between calls.
class HttpPoster {
 public:
  // `allow_private`: this host and private networks may be connected to, and http is allowed.
  explicit HttpPoster(bool allow_private);
  ~HttpPoster();
  HttpPoster(const HttpPoster&) = delete;
  HttpPoster& operator=(const HttpPoster&) = delete;

  static constexpr int kTimeoutSeconds = 15;
  // `headers` as "name: value". No redirects, no proxy; the address that the name leads to is judged when it is connected to, so that a
  // name cannot lead somewhere else meanwhile. The answer's body is not read beyond 16 kB.
  PostResult Post(const std::string& url, const std::vector<std::string>& headers, const std::string& body);

 private:
  const bool allow_private_;
  void* curl_;
};

}  // namespace kubari::notifications
