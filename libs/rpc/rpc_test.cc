#include <absl/strings/str_cat.h>
#include <absl/synchronization/notification.h>
#include <absl/time/clock.h>
#include <gtest/gtest.h>
#include <prometheus/text_serializer.h>

#include <atomic>
#include <future>
#include <mutex>
#include <sstream>
#include <stdexcept>
#include <thread>

#include "kubari/identity/v1/identity.grpc.pb.h"
#include "libs/errors/macros.h"
#include "libs/errors/testing.h"
#include "libs/log/log.h"
#include "libs/rpc/testing.h"

namespace kubari::rpc {
namespace {

namespace pb = kubari::identity::v1;
using errors::FailsBecause;
using errors::FailsWith;
using errors::IsOk;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using namespace kubari::type::v1;  // NOLINT: the roles

constexpr char kNetwork[] = "0190163d-8694-7000-8000-000000000001";
constexpr char kOrganisation[] = "0190163d-8694-7000-8000-000000000002";

// A handler that does what each test says.
struct Handler {
  std::function<absl::StatusOr<pb::Network>(const Call&)> get_network = [](const Call&) { return pb::Network(); };
  std::function<void(const Call&)> seen = [](const Call&) {};

  absl::StatusOr<pb::Network> GetNetwork(const Call& call, const pb::GetNetworkRequest&) { return get_network(call); }
  absl::StatusOr<pb::Organisation> GetOrganisation(const Call& call, const pb::GetOrganisationRequest& request) {
    seen(call);
    pb::Organisation organisation;
    organisation.set_name(request.name());
    return organisation;
  }
  absl::StatusOr<pb::SignInResponse> SignIn(const Call& call, const pb::SignInRequest&) {
    seen(call);
    return pb::SignInResponse();
  }
};

class Service final : public pb::IdentityService::CallbackService {
 public:
  Service(Dispatcher& dispatcher, Handler& handler) : dispatcher_(dispatcher), handler_(handler) {}
  KUBARI_RPC(pb::IdentityService, GetNetwork)
  KUBARI_RPC(pb::IdentityService, GetOrganisation)
  KUBARI_RPC(pb::IdentityService, SignIn)

 private:
  Dispatcher& dispatcher_;
  Handler& handler_;
};

// One server with one service.
struct Node {
  explicit Node(Dispatcher::Options options = {.workers = 4, .max_queue = 64})
      : server(options), service(server.dispatcher(), handler) {
    server.authenticator().Add("coordinator", Person(kNetwork, kOrganisation, ROLE_COORDINATOR));
    server.authenticator().Add("donor", Person(kNetwork, kOrganisation, ROLE_DONOR));
    server.authenticator().Add("key", rpc::Service());
    server.Start({&service});
    stub = pb::IdentityService::NewStub(server.channel());
  }
  absl::StatusOr<pb::Network> GetNetwork(const Outgoing& outgoing) {
    return Invoke(&pb::IdentityService::Stub::GetNetwork, *stub, outgoing, pb::GetNetworkRequest());
  }
  absl::StatusOr<pb::Network> GetNetwork() { return GetNetwork(server.As("coordinator")); }
  std::string Metrics() { return prometheus::TextSerializer().Serialize(server.registry().Collect()); }

  Handler handler;
  TestServer server;
  Service service;
  std::unique_ptr<pb::IdentityService::Stub> stub;
};

// Blocks the handler until told, and counts how often it ran.
struct Gate {
  absl::StatusOr<pb::Network> operator()(const Call&) {
    if (++runs == 1) {
      entered.Notify();
      open.WaitForNotification();
    }
    return pb::Network();
  }
  std::atomic<int> runs = 0;
  absl::Notification entered;
  absl::Notification open;
};

absl::Status NetworkNotFound() {
  return errors::Make(absl::StatusCode::kNotFound, "NETWORK_NOT_FOUND", "There is no such network.", "ネットワークがありません。",
                      {{"network", "x"}});
}

TEST(Rpc, AHandlerSeesWhoCalls) {
  Node node;
  node.handler.get_network = [](const Call& call) {
    pb::Network network;
    network.set_name("networks/" + call.principal.network_id);
    network.set_code(absl::StrCat(call.principal.HasRole(ROLE_COORDINATOR), call.scope.whole_network, " ", call.token));
    network.set_display_name(call.method->full_name());
    return network;
  };
  const auto network = node.GetNetwork();
  ASSERT_THAT(network, IsOk());
  EXPECT_EQ(network->name(), std::string("networks/") + kNetwork);
  EXPECT_EQ(network->code(), "11 coordinator");
  EXPECT_EQ(network->display_name(), "kubari.identity.v1.IdentityService.GetNetwork");
}

TEST(Rpc, ErrorsTravelThroughSeveralServicesWithDetails) {
  Node far;
  far.handler.get_network = [](const Call&) { return errors::WithRetry(NetworkNotFound(), absl::Seconds(2)); };
  Node near;
  near.handler.get_network = [&](const Call& call) { return far.GetNetwork(OnBehalfOf(call)); };
  EXPECT_EQ(near.GetNetwork().status(), errors::WithRetry(NetworkNotFound(), absl::Seconds(2)));
}

TEST(Rpc, AccessIsJudgedBeforeTheHandlerRuns) {
  Node node;
  Gate gate;
  node.handler.get_network = [&](const Call& call) { return gate(call); };
  EXPECT_THAT(node.GetNetwork(node.server.As("")), FailsBecause("TOKEN_MISSING"));
  EXPECT_THAT(node.GetNetwork(node.server.As("stranger")), FailsBecause("TOKEN_INVALID"));
  EXPECT_EQ(gate.runs, 0);
  EXPECT_THAT(Invoke(&pb::IdentityService::Stub::ListNetworks, *node.stub, node.server.As("coordinator"), pb::ListNetworksRequest()),
              FailsWith(absl::StatusCode::kUnimplemented));
}

TEST(Rpc, OwnRolesComeWithTheirOrganisations) {
  Node node;
  std::vector<std::string> own;
  bool whole = true;
  node.handler.seen = [&](const Call& call) {
    own = call.scope.organisation_ids;
    whole = call.scope.whole_network;
  };
  ASSERT_THAT(Invoke(&pb::IdentityService::Stub::GetOrganisation, *node.stub, node.server.As("donor"), pb::GetOrganisationRequest()), IsOk());
  EXPECT_FALSE(whole);
  EXPECT_THAT(own, ElementsAre(kOrganisation));
}

TEST(Rpc, PublicMethodsDoNotLookAtTokens) {
  Node node;
  bool anonymous = false;
  node.handler.seen = [&](const Call& call) { anonymous = call.principal.anonymous(); };
  EXPECT_THAT(Invoke(&pb::IdentityService::Stub::SignIn, *node.stub, node.server.As("expired"), pb::SignInRequest()), IsOk());
  EXPECT_TRUE(anonymous);
}

TEST(Rpc, AServiceNamesItsNetworkAndTimeZone) {
  Node node;
  node.handler.get_network = [](const Call& call) {
    pb::Network network;
    network.set_name(call.principal.network_id);
    network.set_time_zone(call.principal.time_zone);
    return network;
  };
  const auto network = node.GetNetwork(AsService("key", kNetwork, "Europe/Berlin", absl::Now() + absl::Seconds(5)));
  ASSERT_THAT(network, IsOk());
  EXPECT_EQ(network->name(), kNetwork);
  EXPECT_EQ(network->time_zone(), "Europe/Berlin");
}

TEST(Rpc, AServiceActsForTheCallerItServes) {
  Node far;
  std::string subject;
  bool is_service = false;
  far.handler.get_network = [&](const Call& call) {
    subject = call.principal.subject;
    is_service = call.principal.is_service;
    return pb::Network();
  };
  Node near;
  near.handler.get_network = [&](const Call& call) { return far.GetNetwork(AsService("key", call)); };
  ASSERT_THAT(near.GetNetwork(near.server.As("coordinator")), IsOk());
  EXPECT_EQ(subject, Person(kNetwork, kOrganisation, ROLE_COORDINATOR).subject);
  EXPECT_TRUE(is_service);
  ASSERT_THAT(near.GetNetwork(near.server.As("key")), IsOk());
  EXPECT_EQ(subject, auth::kServiceSubject);
  Outgoing pretender = near.server.As("coordinator");
  pretender.subject = "people/0190163d-8694-7000-8000-0000000000aa";
  ASSERT_THAT(near.GetNetwork(pretender), IsOk());
  EXPECT_EQ(subject, Person(kNetwork, kOrganisation, ROLE_COORDINATOR).subject);
}

TEST(Rpc, TheTraceIdGoesThroughAllServicesAndBack) {
  Node far;
  std::string heard;
  far.handler.get_network = [&](const Call& call) {
    heard = call.request_id;
    return pb::Network();
  };
  Node near;
  near.handler.get_network = [&](const Call& call) { return far.GetNetwork(OnBehalfOf(call)); };
  Outgoing outgoing = near.server.As("coordinator");
  outgoing.request_id = "trace-1";

  grpc::ClientContext context;
  Prepare(outgoing, context);
  pb::Network network;
  ASSERT_THAT(near.stub->GetNetwork(&context, pb::GetNetworkRequest(), &network), IsOk());
  EXPECT_EQ(heard, "trace-1");
  ASSERT_EQ(context.GetServerInitialMetadata().count(kRequestId), 1u);
  EXPECT_EQ(context.GetServerInitialMetadata().find(kRequestId)->second, "trace-1");

  outgoing.request_id = "two words\"";  // harmful in a log
  ASSERT_THAT(near.GetNetwork(outgoing), IsOk());
  EXPECT_EQ(heard.size(), 32u);
}

TEST(Rpc, ExceptionsOfLibrariesAreInternalAndDoNotLeak) {
  Node node;
  node.handler.get_network = [](const Call&) -> absl::StatusOr<pb::Network> { throw std::runtime_error("at 10.0.0.5"); };
  const auto network = node.GetNetwork();
  EXPECT_THAT(network, FailsBecause("INTERNAL"));
  EXPECT_THAT(std::string(network.status().message()), Not(HasSubstr("10.0.0.5")));
}

TEST(Rpc, AFullQueueRefusesAndSaysWhenToComeBack) {
  Gate gate;
  Node node({.workers = 1, .max_queue = 1});
  node.handler.get_network = [&](const Call& call) { return gate(call); };
  auto running = std::async(std::launch::async, [&] { return node.GetNetwork(); });
  gate.entered.WaitForNotification();
  auto waiting = std::async(std::launch::async, [&] { return node.GetNetwork(); });
  while (node.Metrics().find("kubari_rpc_queue_length 1") == std::string::npos) absl::SleepFor(absl::Milliseconds(5));
  const auto refused = node.GetNetwork();
  EXPECT_THAT(refused, FailsBecause("SERVER_BUSY"));
  EXPECT_THAT(refused, FailsWith(absl::StatusCode::kResourceExhausted));
  bool has_retry = false;
  const google::rpc::Status details = errors::DetailsOf(refused.status());
  for (const auto& any : details.details()) has_retry = has_retry || any.Is<google::rpc::RetryInfo>();
  EXPECT_TRUE(has_retry);
  gate.open.Notify();
  EXPECT_THAT(running.get(), IsOk());
  EXPECT_THAT(waiting.get(), IsOk());
}

TEST(Rpc, CancelledAndExpiredCallsAreDroppedBeforeTheyRun) {
  Gate gate;
  Node node({.workers = 1, .max_queue = 8});
  node.handler.get_network = [&](const Call& call) { return gate(call); };
  auto running = std::async(std::launch::async, [&] { return node.GetNetwork(); });
  gate.entered.WaitForNotification();

  Outgoing hasty = node.server.As("coordinator");
  hasty.deadline = absl::Now() + absl::Milliseconds(150);
  EXPECT_THAT(node.GetNetwork(hasty), FailsWith(absl::StatusCode::kDeadlineExceeded));

  grpc::ClientContext context;
  Prepare(node.server.As("coordinator"), context);
  auto cancelled = std::async(std::launch::async, [&] {
    pb::Network network;
    return node.stub->GetNetwork(&context, pb::GetNetworkRequest(), &network);
  });
  while (node.Metrics().find("kubari_rpc_queue_length 2") == std::string::npos) absl::SleepFor(absl::Milliseconds(5));
  context.TryCancel();
  EXPECT_THAT(cancelled.get(), FailsWith(absl::StatusCode::kCancelled));
  absl::SleepFor(absl::Milliseconds(100));  // the cancellation travels to the server

  gate.open.Notify();
  EXPECT_THAT(running.get(), IsOk());
  EXPECT_THAT(node.GetNetwork(), IsOk());  // behind both in the queue
  EXPECT_EQ(gate.runs, 2);
}

TEST(Rpc, DeadlinesAreTheClientsButBounded) {
  Node node({.workers = 1, .max_queue = 8, .max_deadline = absl::Seconds(3)});
  absl::Time deadline;
  node.handler.get_network = [&](const Call& call) {
    deadline = call.deadline;
    return pb::Network();
  };
  Outgoing outgoing = node.server.As("coordinator");
  outgoing.deadline = absl::InfiniteFuture();
  ASSERT_THAT(node.GetNetwork(outgoing), IsOk());
  EXPECT_LE(deadline, absl::Now() + absl::Seconds(3));
  EXPECT_GT(deadline, absl::Now() + absl::Seconds(1));
  outgoing.deadline = absl::Now() + absl::Seconds(1);
  ASSERT_THAT(node.GetNetwork(outgoing), IsOk());
  EXPECT_LE(deadline, outgoing.deadline + absl::Milliseconds(100));
}

TEST(Rpc, CallsAreCountedAndLoggedWithoutSecrets) {
  std::mutex mutex;
  std::string logged;
  log::SetSinkForTesting([&](const std::string& line) {
    const std::lock_guard lock(mutex);
    logged += line + "\n";
  });
  {
    Node node;
    node.handler.get_network = [](const Call&) { return NetworkNotFound(); };
    EXPECT_THAT(node.GetNetwork(), FailsBecause("NETWORK_NOT_FOUND"));
    EXPECT_THAT(node.GetNetwork(), FailsBecause("NETWORK_NOT_FOUND"));
    pb::SignInRequest request;
    request.set_password("correct horse");
    EXPECT_THAT(Invoke(&pb::IdentityService::Stub::SignIn, *node.stub, node.server.As("secret-token"), request), IsOk());
    const std::string metrics = node.Metrics();
    EXPECT_THAT(metrics, HasSubstr("grpc_server_handled_total{grpc_code=\"NOT_FOUND\",grpc_method=\"GetNetwork\","
                                   "grpc_service=\"kubari.identity.v1.IdentityService\"} 2"));
    EXPECT_THAT(metrics, HasSubstr("grpc_server_handling_seconds_count{grpc_method=\"SignIn\""));
    EXPECT_THAT(metrics, HasSubstr("kubari_rpc_queue_wait_seconds_count 3"));
    EXPECT_THAT(metrics, HasSubstr("kubari_rpc_in_flight 0"));
  }
  log::SetSinkForTesting(nullptr);
  EXPECT_THAT(logged, AllOf(HasSubstr("\"method\":\"kubari.identity.v1.IdentityService.GetNetwork\",\"code\":\"NOT_FOUND\","
                                      "\"reason\":\"NETWORK_NOT_FOUND\""),
                            HasSubstr(absl::StrCat("\"network\":\"", kNetwork, "\"")), HasSubstr("\"milliseconds\":")));
  EXPECT_THAT(logged, Not(HasSubstr("secret-token")));
  EXPECT_THAT(logged, Not(HasSubstr("correct horse")));
}

TEST(Rpc, ManyCallersAtOnce) {
  Node node({.workers = 4, .max_queue = 256});
  std::atomic<int> most = 0, now = 0;
  node.handler.get_network = [&](const Call&) {
    const int running = ++now;
    for (int seen = most; running > seen && !most.compare_exchange_weak(seen, running);) {
    }
    absl::SleepFor(absl::Milliseconds(2));
    --now;
    return pb::Network();
  };
  std::vector<std::thread> threads;
  std::atomic<int> ok = 0;
  for (int i = 0; i < 32; ++i) {
    threads.emplace_back([&] {
      for (int j = 0; j < 20; ++j) ok += node.GetNetwork().ok();
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(ok, 640);
  EXPECT_LE(most, 4);
  EXPECT_GT(most, 1);
}

}  // namespace
}  // namespace kubari::rpc
