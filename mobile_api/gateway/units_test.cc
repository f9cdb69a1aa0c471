// The parts that need no socket.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "libs/auth/access.h"
#include "libs/errors/testing.h"
#include "mobile_api/gateway/client_address.h"
#include "mobile_api/gateway/connect_protocol.h"
#include "mobile_api/gateway/encoding.h"
#include "mobile_api/gateway/methods.h"
#include "mobile_api/gateway/rate_limit.h"

namespace kubari::gateway {
namespace {

using ::testing::ElementsAre;

TEST(Methods, AreThoseOfTheContract) {
  const MethodTable methods;
  EXPECT_THAT(methods.services(), ElementsAre("allocation", "donors", "groups", "identity", "impact", "notifications",
                                              "stock", "support"));
  const Method* method = methods.Find("/kubari.stock.v1.StockService/IssueStock");
  ASSERT_NE(method, nullptr);
  EXPECT_EQ(method->service, "stock");
  EXPECT_TRUE(methods.Find("/kubari.identity.v1.IdentityService/RedeemInvite")->gives_session);
  EXPECT_TRUE(methods.Find("/kubari.identity.v1.IdentityService/SignOut")->ends_session);
  EXPECT_EQ(methods.Find("/kubari.stock.v1.StockService/issueStock"), nullptr);
  EXPECT_EQ(methods.Find("kubari.stock.v1.StockService/IssueStock"), nullptr);
}

TEST(Methods, EachDeclaresWhoMayCallIt) {
  const MethodTable methods;
  for (const Method& method : methods.all()) {
    const auto& access = auth::AccessOf(*method.descriptor);
    EXPECT_TRUE(access.public_() || access.any_role() || access.roles_size() + access.own_roles_size() > 0)
        << method.path;
  }
}

TEST(RateLimiter, SpendsABurstThenWhatIsRegained) {
  absl::Time now = absl::FromUnixSeconds(1'000);
  RateLimiter limiter(2, 3, [&] { return now; });
  for (int i = 0; i < 3; ++i) EXPECT_EQ(limiter.Take("a"), absl::ZeroDuration());
  EXPECT_EQ(limiter.Take("a"), absl::Milliseconds(500));
  EXPECT_EQ(limiter.Take("b"), absl::ZeroDuration());
  EXPECT_EQ(limiter.Ask("a"), absl::Milliseconds(500));
  now += absl::Milliseconds(500);
  EXPECT_EQ(limiter.Ask("a"), absl::ZeroDuration());
  EXPECT_EQ(limiter.Take("a"), absl::ZeroDuration());
  EXPECT_EQ(limiter.Take("a"), absl::Milliseconds(500));
  now += absl::Hours(1);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(limiter.Take("a"), absl::ZeroDuration());
  EXPECT_GT(limiter.Take("a"), absl::ZeroDuration());
}

TEST(RateLimiter, ForgetsThoseWhoseBucketIsFullAgain) {
  absl::Time now = absl::FromUnixSeconds(1'000);
  RateLimiter limiter(1, 2, [&] { return now; });
  for (int i = 0; i < 10'000; ++i) limiter.Take(std::to_string(i));
  EXPECT_EQ(limiter.size(), 10'000u);
  now += absl::Seconds(10);
  limiter.Take("one more");
  EXPECT_EQ(limiter.size(), 1u);
}

TEST(RateLimiter, ZeroIsNoLimit) {
  RateLimiter limiter(0, 1, absl::Now);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(limiter.Take("a"), absl::ZeroDuration());
}

std::string ClientOf(const std::string& trusted, const std::string& peer, const std::string& forwarded_for) {
  return TrustedProxies::Parse(trusted)->ClientOf(net::ip::make_address(peer), forwarded_for).to_string();
}

TEST(TrustedProxies, BelieveOnlyWhatATrustedHopWrote) {
  EXPECT_EQ(ClientOf("", "192.0.2.1", "203.0.113.9"), "192.0.2.1");
  EXPECT_EQ(ClientOf("192.0.2.0/24", "192.0.2.1", "203.0.113.9"), "203.0.113.9");
  EXPECT_EQ(ClientOf("192.0.2.0/24", "192.0.2.1", "1.1.1.1, 203.0.113.9"), "203.0.113.9");
  EXPECT_EQ(ClientOf("192.0.2.0/24", "192.0.2.1", "203.0.113.9, 192.0.2.7"), "203.0.113.9");
  EXPECT_EQ(ClientOf("192.0.2.0/24", "192.0.2.1", "nonsense"), "192.0.2.1");
  EXPECT_EQ(ClientOf("192.0.2.0/24", "192.0.2.1", ""), "192.0.2.1");
  EXPECT_EQ(ClientOf("192.0.2.0/24", "::ffff:192.0.2.1", "203.0.113.9"), "203.0.113.9");
  EXPECT_EQ(ClientOf("::1,10.0.0.0/8", "::1", "2001:db8::7"), "2001:db8::7");
}

TEST(TrustedProxies, RefuseWhatIsNoAddress) {
  EXPECT_THAT(TrustedProxies::Parse("127.0.0.1, proxy.example.org").status(),
              errors::FailsBecause("TRUSTED_PROXY_INVALID"));
  EXPECT_THAT(TrustedProxies::Parse("10.0.0.0/33").status(), errors::FailsBecause("TRUSTED_PROXY_INVALID"));
}

TEST(ClientKey, IsTheHouseholdForIpv6) {
  EXPECT_EQ(ClientKey(net::ip::make_address("203.0.113.9")), "203.0.113.9");
  EXPECT_EQ(ClientKey(net::ip::make_address("::ffff:203.0.113.9")), "203.0.113.9");
  EXPECT_EQ(ClientKey(net::ip::make_address("2001:db8:1:2:3:4:5:6")), "2001:db8:1:2::/64");
}

TEST(Encoding, HearsNamesAndQualities) {
  EXPECT_TRUE(Accepts("gzip, deflate, br", "br"));
  EXPECT_TRUE(Accepts("GZIP;q=0.1", "gzip"));
  EXPECT_FALSE(Accepts("gzip;q=0", "gzip"));
  EXPECT_FALSE(Accepts("gzip;q=0.000", "gzip"));
  EXPECT_FALSE(Accepts("", "gzip"));
  EXPECT_FALSE(Accepts("xgzip", "gzip"));
}

TEST(Connect, CodesAsInItsSpecification) {
  using C = absl::StatusCode;
  const std::vector<std::tuple<C, const char*, int>> table = {{C::kCancelled, "canceled", 499},
                                                              {C::kUnknown, "unknown", 500},
                                                              {C::kInvalidArgument, "invalid_argument", 400},
                                                              {C::kDeadlineExceeded, "deadline_exceeded", 504},
                                                              {C::kNotFound, "not_found", 404},
                                                              {C::kAlreadyExists, "already_exists", 409},
                                                              {C::kPermissionDenied, "permission_denied", 403},
                                                              {C::kResourceExhausted, "resource_exhausted", 429},
                                                              {C::kFailedPrecondition, "failed_precondition", 400},
                                                              {C::kAborted, "aborted", 409},
                                                              {C::kOutOfRange, "out_of_range", 400},
                                                              {C::kUnimplemented, "unimplemented", 501},
                                                              {C::kInternal, "internal", 500},
                                                              {C::kUnavailable, "unavailable", 503},
                                                              {C::kDataLoss, "data_loss", 500},
                                                              {C::kUnauthenticated, "unauthenticated", 401}};
  for (const auto& [code, name, http] : table) {
    EXPECT_EQ(CodeName(code), name);
    EXPECT_EQ(HttpStatusOf(code), http);
  }
}

TEST(Connect, TimeoutsAreAtMostTheLongest) {
  const auto none = absl::Seconds(30), most = absl::Seconds(60);
  EXPECT_EQ(*TimeoutOf("", none, most), none);
  EXPECT_EQ(*TimeoutOf("1500", none, most), absl::Milliseconds(1500));
  EXPECT_EQ(*TimeoutOf("9999999999", none, most), most);
  EXPECT_THAT(TimeoutOf("1.5", none, most).status(), errors::Violates("Connect-Timeout-Ms", "INVALID_VALUE"));
}

}  // namespace
}  // namespace kubari::gateway
