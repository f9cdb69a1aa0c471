// Who is at the other end, when proxies stand in between.
#pragma once

#include <absl/status/statusor.h>

#include <boost/asio/ip/address.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace kubari::gateway {

class TrustedProxies {
 public:
  // Comma-separated addresses or networks: "127.0.0.1, 10.0.0.0/8, ::1". Errors: INVALID_ARGUMENT /
  // TRUSTED_PROXY_INVALID.
  static absl::StatusOr<TrustedProxies> Parse(std::string_view text);

  // `peer` itself, unless it is a trusted proxy: then the last address of X-Forwarded-For that is not a trusted proxy.
  boost::asio::ip::address ClientOf(const boost::asio::ip::address& peer, std::string_view forwarded_for) const;

 private:
  struct Network {
    boost::asio::ip::address address;
    int bits;
  };
  bool Trusts(const boost::asio::ip::address& address) const;
  std::vector<Network> networks_;
};

// What a client is counted by: the IPv4 address, or the /64 of an IPv6 address, which one household owns whole.
std::string ClientKey(const boost::asio::ip::address& client);

}  // namespace kubari::gateway
