#include "libs/rpc/server.h"

#include <absl/strings/str_cat.h>
#include <absl/synchronization/notification.h>
#include <absl/time/clock.h>
#include <google/protobuf/empty.pb.h>
#include <google/protobuf/wrappers.pb.h>
#include <grpcpp/generic/generic_stub.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <future>
#include <stdexcept>
#include <thread>

#include "kubari/identity/v1/identity.grpc.pb.h"
#include "libs/errors/testing.h"
#include "libs/rpc/periodic.h"
#include "libs/rpc/runtime.h"
#include "libs/rpc/testing.h"

namespace kubari::rpc {
namespace {

namespace pb = kubari::identity::v1;
using errors::FailsBecause;
using errors::FailsWith;
using errors::IsOk;
using ::testing::HasSubstr;

struct Handler {
  std::function<absl::StatusOr<pb::Network>()> get_network = [] { return pb::Network(); };
  absl::StatusOr<pb::Network> GetNetwork(const Call&, const pb::GetNetworkRequest&) { return get_network(); }
};

class NetworkService final : public pb::IdentityService::CallbackService {
 public:
  NetworkService(Dispatcher& dispatcher, Handler& handler) : dispatcher_(dispatcher), handler_(handler) {}
  KUBARI_RPC(pb::IdentityService, GetNetwork)

 private:
  Dispatcher& dispatcher_;
  Handler& handler_;
};

absl::StatusOr<pb::Network> GetNetwork(const std::shared_ptr<grpc::Channel>& channel) {
  const auto stub = pb::IdentityService::NewStub(channel);
  return Invoke(&pb::IdentityService::Stub::GetNetwork, *stub, {.deadline = absl::Now() + absl::Seconds(5), .token = "t"},
                pb::GetNetworkRequest());
}

class ServerTest : public ::testing::Test {
 protected:
  ServerTest() : service_(server_.dispatcher(), handler_) {
    server_.authenticator().Add("t", Person("0190163d-8694-7000-8000-000000000001", "o", kubari::type::v1::ROLE_AUDITOR));
  }
  Handler handler_;
  TestServer server_;
  NetworkService service_;
};

TEST_F(ServerTest, ShutdownLetsCallsFinish) {
  absl::Notification entered;
  handler_.get_network = [&] {
    entered.Notify();
    absl::SleepFor(absl::Milliseconds(400));
    return pb::Network();
  };
  server_.Start({&service_});
  auto call = std::async(std::launch::async, [&] { return GetNetwork(server_.channel()); });
  entered.WaitForNotification();
  server_.Stop();
  EXPECT_THAT(call.get(), IsOk());
}

TEST_F(ServerTest, ShutdownCancelsCallsThatTakeTooLong) {
  absl::Notification entered;
  handler_.get_network = [&] {
    entered.Notify();
    absl::SleepFor(absl::Seconds(1));
    return pb::Network();
  };
  server_.Start({&service_}, absl::Milliseconds(100));
  auto call = std::async(std::launch::async, [&] { return GetNetwork(server_.channel()); });
  entered.WaitForNotification();
  server_.Stop();
  EXPECT_FALSE(call.get().ok());
}

// grpc.health.v1.HealthCheckResponse has the same bytes as an Int32Value: field 1, 1 = SERVING.
absl::StatusOr<int> Health(const std::shared_ptr<grpc::Channel>& channel) {
  grpc::TemplatedGenericStub<google::protobuf::Empty, google::protobuf::Int32Value> stub(channel);
  grpc::ClientContext context;
  Prepare({.deadline = absl::Now() + absl::Seconds(5)}, context);
  google::protobuf::Int32Value response;
  grpc::Status status;
  std::promise<void> done;
  google::protobuf::Empty request;
  stub.UnaryCall(&context, "/grpc.health.v1.Health/Check", {}, &request, &response, [&](grpc::Status s) {
    status = std::move(s);
    done.set_value();
  });
  done.get_future().wait();
  if (!status.ok()) return errors::FromGrpc(status);
  return response.value();
}

TEST_F(ServerTest, HealthIsServing) {
  server_.Start({&service_});
  EXPECT_THAT(Health(server_.channel()), errors::IsOkAndHolds(1));
}

TEST_F(ServerTest, LargeMessagesPass) {
  handler_.get_network = [] {
    pb::Network network;
    network.set_display_name(std::string(10 << 20, 'x'));
    return network;
  };
  server_.Start({&service_});
  const auto network = GetNetwork(server_.channel());
  ASSERT_THAT(network, IsOk());
  EXPECT_EQ(network->display_name().size(), 10u << 20);
}

TEST_F(ServerTest, AnAddressInUseIsSaid) {
  server_.Start({&service_});
  const auto second = Server::Start({.listen = server_.address()}, {});
  EXPECT_THAT(second, FailsBecause("LISTEN_FAILED"));
}

TEST_F(ServerTest, AChannelFindsAServerThatComesBack) {
  auto first = Server::Start({.listen = "127.0.0.1:0"}, {&service_});
  ASSERT_THAT(first, IsOk());
  const std::string address = absl::StrCat("127.0.0.1:", (*first)->bound_port());
  const auto channel = Connect(address);
  ASSERT_THAT(GetNetwork(channel), IsOk());
  first->reset();
  NetworkService again(server_.dispatcher(), handler_);
  std::unique_ptr<Server> second;
  auto restart = std::async(std::launch::async, [&] {
    absl::SleepFor(absl::Milliseconds(700));
    second = *Server::Start({.listen = address}, {&again});
  });
  EXPECT_THAT(GetNetwork(channel), IsOk());  // waits for it
  restart.get();
}

TEST_F(ServerTest, Tls) {
  const std::string directory = ::testing::TempDir() + "kubari_tls";
  ASSERT_EQ(std::system(("mkdir -p " + directory + " && openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost "
                         "-addext subjectAltName=IP:127.0.0.1 -keyout " + directory + "/key.pem -out " + directory +
                         "/certificate.pem 2>/dev/null").c_str()),
            0);
  auto server = Server::Start({.listen = "127.0.0.1:0",
                               .tls_certificate_file = directory + "/certificate.pem",
                               .tls_key_file = directory + "/key.pem"},
                              {&service_});
  ASSERT_THAT(server, IsOk());
  EXPECT_THAT(GetNetwork(Connect(absl::StrCat("127.0.0.1:", (*server)->bound_port()), directory + "/certificate.pem")), IsOk());
  const auto stub = pb::IdentityService::NewStub(Connect(absl::StrCat("127.0.0.1:", (*server)->bound_port())));
  EXPECT_FALSE(Invoke(&pb::IdentityService::Stub::GetNetwork, *stub, {.deadline = absl::Now() + absl::Seconds(1), .token = "t"},
                      pb::GetNetworkRequest())
                   .ok());
  EXPECT_THAT(Server::Start({.tls_certificate_file = directory + "/certificate.pem", .tls_key_file = "/none"}, {}),
              FailsBecause("TLS_FILES_INVALID"));
}

TEST(Client, ValuesThatNoHeaderCanCarryAreLeftOut) {
  TestServer server;
  server.Start({});
  // gRPC would end the program when such a call is sent.
  const auto stub = pb::IdentityService::NewStub(server.channel());
  EXPECT_THAT(Invoke(&pb::IdentityService::Stub::GetNetwork, *stub, {.deadline = absl::Now() + absl::Seconds(5), .token = "配り\n"},
                     pb::GetNetworkRequest()),
              FailsWith(absl::StatusCode::kUnimplemented));
}

TEST(PeriodicTest, RepeatsAfterErrorsAndExceptionsUntilStopped) {
  std::atomic<int> runs = 0;
  Periodic periodic("test", absl::Milliseconds(1), [&]() -> absl::Status {
    if (++runs % 2 == 0) throw std::runtime_error("of a library");
    return absl::InternalError("again");
  });
  while (runs < 5) absl::SleepFor(absl::Milliseconds(1));
  periodic.Stop();
  const int stopped = runs;
  absl::SleepFor(absl::Milliseconds(20));
  EXPECT_EQ(runs, stopped);
}

TEST(PeriodicTest, WakesAndStopsAtOnce) {
  std::atomic<int> runs = 0;
  Periodic periodic("test", absl::Hours(1), [&] {
    ++runs;
    return absl::OkStatus();
  });
  while (runs < 1) absl::SleepFor(absl::Milliseconds(1));
  periodic.Wake();
  while (runs < 2) absl::SleepFor(absl::Milliseconds(1));
  EXPECT_FALSE(periodic.stopping());
}  // the destructor does not wait for an hour

TEST(WorkerPoolTest, RunsWhatIsQueuedBeforeItJoins) {
  std::atomic<int> runs = 0;
  WorkerPool pool(2, 100);
  for (int i = 0; i < 50; ++i) EXPECT_TRUE(pool.Submit([&] { ++runs; }));
  pool.Join();
  EXPECT_EQ(runs, 50);
  EXPECT_FALSE(pool.Submit([] {}));
}

class CommonOptionsTest : public ::testing::Test {
 protected:
  absl::Status Read(const std::vector<std::string>& arguments) {
    common_.Declare(options_);
    return options_.Read(arguments, [](const char*) -> const char* { return nullptr; });
  }
  CommonOptions common_{"stock"};
  config::Options options_{"kubari-stock", "test"};
};

TEST_F(CommonOptionsTest, DefaultsFollowTheConvention) {
  ASSERT_THAT(Read({"--database-url=postgresql:///x", "--service-key", std::string(32, 'k')}), IsOk());
  EXPECT_EQ(common_.listen, "127.0.0.1:7104");
  EXPECT_EQ(common_.metrics_listen, "127.0.0.1:7204");
  EXPECT_EQ(common_.identity, "127.0.0.1:7101");
}

TEST_F(CommonOptionsTest, SayWhatIsMissing) {
  const std::string message(Read({"--service-key=short"}).message());
  EXPECT_THAT(message, HasSubstr("--database-url (KUBARI_DATABASE_URL) is missing"));
  EXPECT_THAT(message, HasSubstr("has 5 characters; expected at least 32"));
}

TEST_F(CommonOptionsTest, MigratingNeedsTheOwnersAddressOnly) {
  EXPECT_THAT(Read({"--migrate", "--migration-database-url=postgresql:///x"}), IsOk());
}

}  // namespace
}  // namespace kubari::rpc

namespace {

// What a main does, in a process of its own: serves, is told to stop, exits with 0.
TEST(RuntimeDeathTest, ServesUntilSigterm) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(
      {
        kubari::rpc::CommonOptions common("test");
        kubari::config::Options options("kubari-test", "test");
        common.Declare(options);
        kubari::rpc::Runtime runtime(common, options);
        std::thread killer([] {
          std::this_thread::sleep_for(std::chrono::milliseconds(500));
          ::kill(::getpid(), SIGTERM);
        });
        const int code = runtime.Serve({});
        killer.join();
        std::exit(code);
      },
      ::testing::ExitedWithCode(0), "\"serving\".*\"stopping\",\"signal\":15.*\"stopped\"");
}

}  // namespace
