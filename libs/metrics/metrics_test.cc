#include "libs/metrics/metrics.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include "libs/errors/testing.h"

namespace kubari::metrics {
namespace {

using errors::FailsBecause;
using errors::IsOk;
using ::testing::ContainsRegex;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

// What an HTTP client gets.
std::string Get(int port, const std::string& path) {
  const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(static_cast<uint16_t>(port))};
  inet_pton(AF_INET, "127.0.0.1", &address.sin_addr);
  EXPECT_EQ(::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
  const std::string request = "GET " + path + " HTTP/1.0\r\n\r\n";
  EXPECT_EQ(::write(fd, request.data(), request.size()), static_cast<ssize_t>(request.size()));
  std::string answer;
  char buffer[4096];
  for (ssize_t n; (n = ::read(fd, buffer, sizeof(buffer))) > 0;) answer.append(buffer, static_cast<size_t>(n));
  ::close(fd);
  return answer;
}

TEST(Metrics, ServesTheRegistryAndTheProcess) {
  Metrics metrics;
  prometheus::BuildCounter().Name("kubari_test_total").Help("h").Register(metrics.registry()).Add({{"kind", "a"}}).Increment(3);
  EXPECT_EQ(metrics.port(), 0);
  ASSERT_THAT(metrics.Expose("127.0.0.1:0"), IsOk());
  const std::string answer = Get(metrics.port(), "/metrics");
  EXPECT_THAT(answer, HasSubstr("kubari_test_total{kind=\"a\"} 3"));
  EXPECT_THAT(answer, ContainsRegex("process_resident_memory_bytes [1-9]"));
  EXPECT_THAT(answer, ContainsRegex("process_open_fds [1-9]"));
  EXPECT_THAT(answer, ContainsRegex("process_start_time_seconds [1-9]"));
}

TEST(Metrics, SaysThatTheAddressIsInUse) {
  Metrics first;
  ASSERT_THAT(first.Expose("127.0.0.1:0"), IsOk());
  Metrics second;
  EXPECT_THAT(second.Expose("127.0.0.1:" + std::to_string(first.port())), FailsBecause("METRICS_ADDRESS_IN_USE"));
}

TEST(Metrics, Buckets) { EXPECT_THAT(PowersOfTwo(5), ElementsAre(1, 2, 4, 8)); }

}  // namespace
}  // namespace kubari::metrics
