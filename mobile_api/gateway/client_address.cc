#include "mobile_api/gateway/client_address.h"

#include <absl/strings/ascii.h>
#include <absl/strings/numbers.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_split.h>

#include <algorithm>

#include "libs/errors/errors.h"

namespace kubari::gateway {
namespace {

namespace ip = boost::asio::ip;

// Dual-stack sockets show IPv4 clients as ::ffff:192.0.2.1.
ip::address Plain(const ip::address& address) {
  if (address.is_v6() && address.to_v6().is_v4_mapped()) return ip::make_address_v4(ip::v4_mapped, address.to_v6());
  return address;
}

bool SamePrefix(const unsigned char* a, const unsigned char* b, int bits) {
  for (int i = 0; i < bits; ++i) {
    const unsigned char mask = static_cast<unsigned char>(0x80 >> (i % 8));
    if ((a[i / 8] & mask) != (b[i / 8] & mask)) return false;
  }
  return true;
}

absl::Status Invalid(absl::string_view item) {
  return errors::Make(
      absl::StatusCode::kInvalidArgument, "TRUSTED_PROXY_INVALID",
      absl::StrCat("--trusted-proxy has \"", item,
                   "\"; expected addresses or networks separated by commas, for instance 127.0.0.1,10.0.0.0/8."),
      absl::StrCat("--trusted-proxy の「", item,
                   "」が正しくありません。127.0.0.1,10.0.0.0/8 のように指定してください。"),
      {{"value", std::string(item)}});
}

}  // namespace

absl::StatusOr<TrustedProxies> TrustedProxies::Parse(std::string_view text) {
  TrustedProxies proxies;
  for (absl::string_view item :
       absl::StrSplit(absl::string_view(text.data(), text.size()), ',', absl::SkipWhitespace())) {
    item = absl::StripAsciiWhitespace(item);
    const std::vector<std::string> parts = absl::StrSplit(item, absl::MaxSplits('/', 1));
    boost::system::error_code error;
    const ip::address address = ip::make_address(parts[0], error);
    if (error) return Invalid(item);
    const int all = address.is_v4() ? 32 : 128;
    int bits = all;
    if (parts.size() == 2 && (!absl::SimpleAtoi(parts[1], &bits) || bits < 0 || bits > all)) return Invalid(item);
    proxies.networks_.push_back({address, bits});
  }
  return proxies;
}

bool TrustedProxies::Trusts(const ip::address& address) const {
  return std::any_of(networks_.begin(), networks_.end(), [&](const Network& network) {
    if (network.address.is_v4() != address.is_v4()) return false;
    if (address.is_v4()) {
      return SamePrefix(address.to_v4().to_bytes().data(), network.address.to_v4().to_bytes().data(), network.bits);
    }
    return SamePrefix(address.to_v6().to_bytes().data(), network.address.to_v6().to_bytes().data(), network.bits);
  });
}

ip::address TrustedProxies::ClientOf(const ip::address& peer, std::string_view forwarded_for) const {
  ip::address client = Plain(peer);
  std::vector<absl::string_view> hops =
      absl::StrSplit(absl::string_view(forwarded_for.data(), forwarded_for.size()), ',', absl::SkipWhitespace());
  // From the nearest hop outwards: each address was written by the hop after it, so it counts only as far as that hop
  // is trusted.
  while (Trusts(client) && !hops.empty()) {
    boost::system::error_code error;
    const ip::address next = ip::make_address(std::string(absl::StripAsciiWhitespace(hops.back())), error);
    if (error) break;
    client = Plain(next);
    hops.pop_back();
  }
  return client;
}

std::string ClientKey(const ip::address& client) {
  const ip::address address = Plain(client);
  if (address.is_v4()) return address.to_string();
  ip::address_v6::bytes_type bytes = address.to_v6().to_bytes();
  std::fill(bytes.begin() + 8, bytes.end(), 0);
  return absl::StrCat(ip::make_address_v6(bytes).to_string(), "/64");
}

}  // namespace kubari::gateway
