#include "services/notifications/domain/webhook.h"

#include <absl/strings/ascii.h>
#include <absl/strings/escaping.h>
#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>
#include <arpa/inet.h>
#include <curl/curl.h>
#include <sodium.h>

#include <cstring>
#include <memory>
#include <nlohmann/json.hpp>

namespace kubari::notifications {
namespace {

using Json = nlohmann::ordered_json;

bool Ipv4Allowed(uint32_t address, bool allow_private) {
  const auto in = [address](uint32_t network, int bits) { return address >> (32 - bits) == network >> (32 - bits); };
  if (in(0x00000000, 8) || in(0xA9FE0000, 16) || in(0xC0000000, 24) || in(0xE0000000, 3)) return false;  // 0/8, 169.254/16, 192.0.0/24, 224/3
  if (in(0x7F000000, 8)) return allow_private;                                                          // 127/8
  if (in(0x0A000000, 8) || in(0xAC100000, 12) || in(0xC0A80000, 16) || in(0x64400000, 10)) return allow_private;
  return true;
}

bool Ipv6Allowed(const in6_addr& address, bool allow_private) {
  const auto* bytes = address.s6_addr;
  const auto embedded = [&](int at) {
    return static_cast<uint32_t>(bytes[at]) << 24 | static_cast<uint32_t>(bytes[at + 1]) << 16 | static_cast<uint32_t>(bytes[at + 2]) << 8 |
           static_cast<uint32_t>(bytes[at + 3]);
  };
  if (IN6_IS_ADDR_V4MAPPED(&address)) return Ipv4Allowed(embedded(12), allow_private);
  if (IN6_IS_ADDR_LOOPBACK(&address)) return allow_private;
  // Unspecified and IPv4-compatible (::/96), multicast, link-local, site-local.
  if (IN6_IS_ADDR_UNSPECIFIED(&address) || IN6_IS_ADDR_V4COMPAT(&address) || IN6_IS_ADDR_MULTICAST(&address) || IN6_IS_ADDR_LINKLOCAL(&address) ||
      IN6_IS_ADDR_SITELOCAL(&address)) {
    return false;
  }
  if ((bytes[0] & 0xFE) == 0xFC) return allow_private;  // fc00::/7
  static constexpr unsigned char kNat64[12] = {0x00, 0x64, 0xFF, 0x9B};
  if (std::memcmp(bytes, kNat64, sizeof(kNat64)) == 0) return Ipv4Allowed(embedded(12), allow_private);  // 64:ff9b::/96
  if (bytes[0] == 0x20 && bytes[1] == 0x02) return Ipv4Allowed(embedded(2), allow_private);              // 2002::/16, 6to4
  return true;
}

struct Url {
  bool valid = false;
  std::string scheme, host;
  bool has_user = false, has_fragment = false;
};

std::string Part(CURLU* url, CURLUPart part) {
  char* text = nullptr;
  if (curl_url_get(url, part, &text, 0) != CURLUE_OK || text == nullptr) return "";
  std::string value = text;
  curl_free(text);
  return value;
}

Url Parse(const std::string& text) {
  const std::unique_ptr<CURLU, void (*)(CURLU*)> url(curl_url(), &curl_url_cleanup);
  Url parsed;
  if (curl_url_set(url.get(), CURLUPART_URL, text.c_str(), CURLU_NON_SUPPORT_SCHEME) != CURLUE_OK) return parsed;
  parsed.valid = true;
  parsed.scheme = absl::AsciiStrToLower(Part(url.get(), CURLUPART_SCHEME));
  parsed.host = absl::AsciiStrToLower(Part(url.get(), CURLUPART_HOST));
  parsed.has_user = !Part(url.get(), CURLUPART_USER).empty() || !Part(url.get(), CURLUPART_PASSWORD).empty();
  parsed.has_fragment = !Part(url.get(), CURLUPART_FRAGMENT).empty();
  return parsed;
}

}  // namespace

std::string WebhookBody(const std::string& notice_id, const std::string& network_id, const Told& notice, const std::string& public_url,
                        const std::map<std::string, std::string>& facts, absl::Time occurred) {
  Json data = {{"notice", notice_id},
               {"network", network_id},
               {"subject", {{"ja", notice.subject.ja()}, {"en", notice.subject.en()}}},
               {"text", {{"ja", notice.text.ja()}, {"en", notice.text.en()}}},
               {"link", UrlOf({.public_url = public_url}, notice.link)}};
  Json& facts_json = data["facts"] = Json::object();
  for (const auto& [key, value] : facts) facts_json[key] = value;
  const Json body = {{"type", NameOf(notice.kind)},
                     {"timestamp", absl::FormatTime("%Y-%m-%dT%H:%M:%E6SZ", occurred, absl::UTCTimeZone())},
                     {"data", std::move(data)}};
  return body.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string WebhookSignature(const std::vector<std::string>& secrets, std::string_view id, int64_t timestamp, std::string_view body) {
  const std::string content = absl::StrCat(std::string(id), ".", timestamp, ".", std::string(body));
  std::string signatures;
  for (const std::string& secret : secrets) {
    std::string hash(crypto_auth_hmacsha256_BYTES, '\0');
    crypto_auth_hmacsha256_state state;
    crypto_auth_hmacsha256_init(&state, reinterpret_cast<const unsigned char*>(secret.data()), secret.size());
    crypto_auth_hmacsha256_update(&state, reinterpret_cast<const unsigned char*>(content.data()), content.size());
    crypto_auth_hmacsha256_final(&state, reinterpret_cast<unsigned char*>(hash.data()));
    absl::StrAppend(&signatures, signatures.empty() ? "" : " ", "v1,", absl::Base64Escape(hash));
  }
  return signatures;
}

std::string ShownSecret(std::string_view secret) {
  return absl::StrCat("whsec_", absl::Base64Escape(absl::string_view(secret.data(), secret.size())));
}

bool AddressAllowed(const sockaddr& address, bool allow_private) {
  if (address.sa_family == AF_INET) {
    return Ipv4Allowed(ntohl(reinterpret_cast<const sockaddr_in&>(address).sin_addr.s_addr), allow_private);
  }
  if (address.sa_family == AF_INET6) return Ipv6Allowed(reinterpret_cast<const sockaddr_in6&>(address).sin6_addr, allow_private);
  return false;
}

void CheckUrl(errors::Violations& violations, std::string_view field, const std::string& text, bool allow_private) {
  if (!violations.Text(field, text, 1, 500)) return;
  const Url url = Parse(text);
  if (!violations.Require(url.valid && !url.host.empty(), field, "NOT_A_URL", absl::StrCat("is \"", text, "\"; https://host/path was expected"),
                          absl::StrCat("が「", text, "」です。https://ホスト名/パス の形で入れてください"))) {
    return;
  }
  violations.Require(url.scheme == "https" || (url.scheme == "http" && allow_private), field, "NOT_HTTPS",
                     absl::StrCat("begins with \"", url.scheme, "://\"; https:// was expected"),
                     absl::StrCat("が「", url.scheme, "://」で始まっています。https:// で始まるアドレスにしてください"));
  violations.Require(!url.has_user, field, "HAS_PASSWORD", "holds a user name or password; leave it out: requests are signed instead",
                     "にユーザー名かパスワードが含まれています。署名で確認できるので、外してください");
  violations.Require(!url.has_fragment, field, "HAS_FRAGMENT", "has a part behind \"#\", which is never sent; leave it out",
                     "に「#」以降があります。送信されない部分なので外してください");
}

std::string ForbiddenHost(const std::string& text, bool allow_private) {
  const Url url = Parse(text);
  std::string host = url.host;
  if (absl::StartsWith(host, "[") && absl::EndsWith(host, "]")) host = host.substr(1, host.size() - 2);
  const std::string name = absl::EndsWith(host, ".") ? host.substr(0, host.size() - 1) : host;
  if (!allow_private && (name == "localhost" || absl::EndsWith(name, ".localhost"))) return url.host;
  sockaddr_in v4{.sin_family = AF_INET};
  sockaddr_in6 v6{.sin6_family = AF_INET6};
  if (inet_pton(AF_INET, host.c_str(), &v4.sin_addr) == 1) {
    return AddressAllowed(reinterpret_cast<const sockaddr&>(v4), allow_private) ? "" : url.host;
  }
  if (inet_pton(AF_INET6, host.substr(0, host.find('%')).c_str(), &v6.sin6_addr) == 1) {
    return AddressAllowed(reinterpret_cast<const sockaddr&>(v6), allow_private) ? "" : url.host;
  }
  return "";
}

}  // namespace kubari::notifications
