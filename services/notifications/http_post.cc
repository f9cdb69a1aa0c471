#include "services/notifications/http_post.h"

#include <curl/curl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "services/notifications/domain/webhook.h"

namespace kubari::notifications {
namespace {

constexpr size_t kMaxAnswer = 16 << 10;

struct Attempt {
  bool allow_private = false;
  bool forbidden = false;
  size_t read = 0;
};

curl_socket_t Open(void* attempt_of, curlsocktype, curl_sockaddr* address) {
  auto& attempt = *static_cast<Attempt*>(attempt_of);
  if (!AddressAllowed(address->addr, attempt.allow_private)) {
    attempt.forbidden = true;
    return CURL_SOCKET_BAD;
  }
  return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

size_t Discard(char*, size_t size, size_t count, void* attempt_of) {
  auto& attempt = *static_cast<Attempt*>(attempt_of);
  attempt.read += size * count;
  return attempt.read > kMaxAnswer ? 0 : size * count;
}

}  // namespace

HttpPoster::HttpPoster(bool allow_private) : allow_private_(allow_private), curl_(curl_easy_init()) {}

HttpPoster::~HttpPoster() { curl_easy_cleanup(static_cast<CURL*>(curl_)); }

PostResult HttpPoster::Post(const std::string& url, const std::vector<std::string>& headers, const std::string& body) {
  auto* curl = static_cast<CURL*>(curl_);
  curl_easy_reset(curl);
  Attempt attempt{.allow_private = allow_private_};
  curl_slist* list = curl_slist_append(nullptr, "Expect:");  // no pause before the body
  for (const std::string& header : headers) list = curl_slist_append(list, header.c_str());
  char error[CURL_ERROR_SIZE] = "";
  curl_easy_setopt(curl, CURLOPT_URL, url.c_str());
  curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, allow_private_ ? "https,http" : "https");
  curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
  curl_easy_setopt(curl, CURLOPT_PROXY, "");
  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, 5L);
  curl_easy_setopt(curl, CURLOPT_TIMEOUT, static_cast<long>(kTimeoutSeconds));
  curl_easy_setopt(curl, CURLOPT_USERAGENT, "Kubari-Webhook/1");
  curl_easy_setopt(curl, CURLOPT_OPENSOCKETFUNCTION, &Open);
  curl_easy_setopt(curl, CURLOPT_OPENSOCKETDATA, &attempt);
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, &Discard);
  curl_easy_setopt(curl, CURLOPT_WRITEDATA, &attempt);
  curl_easy_setopt(curl, CURLOPT_HTTPHEADER, list);
  curl_easy_setopt(curl, CURLOPT_POST, 1L);
  curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(body.size()));
  curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body.c_str());
  curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, error);
  const CURLcode code = curl_easy_perform(curl);
  curl_slist_free_all(list);
  long status = 0;
  curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
  // A long answer is cut off, but its status stands.
  if (code == CURLE_OK || (code == CURLE_WRITE_ERROR && attempt.read > kMaxAnswer)) return {.status = static_cast<int>(status)};
  if (attempt.forbidden) return {.error = "the name leads to an address inside this installation or its network, which is not allowed"};
  return {.error = error[0] != '\0' ? error : curl_easy_strerror(code)};
}

}  // namespace kubari::notifications
