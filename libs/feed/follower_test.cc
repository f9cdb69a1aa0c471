// The follower against made-up identity and stock services and a real database.
#include "libs/feed/follower.h"

#include <google/protobuf/util/time_util.h>
#include <gtest/gtest.h>

#include <atomic>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "libs/errors/macros.h"
#include "libs/pg/testing/database.h"

namespace kubari::feed {
namespace {

constexpr char kKey[] = "0123456789abcdef0123456789abcdef";
const std::string kTokyo = "00000000-0000-7000-8000-000000000001";
const std::string kOsaka = "00000000-0000-7000-8000-000000000002";

constexpr pg::Migration kTestMigrations[] = {{"0001_test", R"(
CREATE TABLE feed_cursor (
  network_id uuid PRIMARY KEY,
  next_position bigint NOT NULL CHECK (next_position >= 0)
);
ALTER TABLE feed_cursor ENABLE ROW LEVEL SECURITY;
ALTER TABLE feed_cursor FORCE ROW LEVEL SECURITY;
CREATE POLICY one_network ON feed_cursor USING (network_id = nullif(current_setting('kubari.network', true), '')::uuid);
GRANT SELECT, INSERT, UPDATE ON feed_cursor TO kubari_impact;
CREATE TABLE seen (network_id uuid, position bigint, order_seen bigserial);
GRANT SELECT, INSERT ON seen TO kubari_impact;
GRANT USAGE ON seen_order_seen_seq TO kubari_impact;
)"}};

class FakeIdentity final : public identity::v1::IdentityService::Service {
 public:
  grpc::Status ListNetworks(grpc::ServerContext*, const identity::v1::ListNetworksRequest*,
                            identity::v1::ListNetworksResponse* response) override {
    std::lock_guard lock(mutex_);
    for (const std::string& id : networks_) {
      response->add_networks()->set_name("networks/" + id);
      response->mutable_networks()->rbegin()->set_time_zone("Asia/Tokyo");
    }
    return grpc::Status::OK;
  }
  void Add(const std::string& network) {
    std::lock_guard lock(mutex_);
    networks_.push_back(network);
  }

 private:
  std::mutex mutex_;
  std::vector<std::string> networks_;
};

// A ledger per network. `skip` leaves a position out.
class FakeStock final : public stock::v1::StockService::Service {
 public:
  grpc::Status ReadFeed(grpc::ServerContext* context, const stock::v1::ReadFeedRequest* request,
                        stock::v1::ReadFeedResponse* response) override {
    ++calls;
    if (failures > 0) {
      --failures;
      return {grpc::StatusCode::UNAVAILABLE, "away"};
    }
    const auto& metadata = context->client_metadata();
    const auto key = metadata.find("authorization");
    const auto network = metadata.find("kubari-network");
    if (key == metadata.end() || std::string(key->second.data(), key->second.size()) != absl::StrCat("Bearer ", kKey)) {
      return {grpc::StatusCode::UNAUTHENTICATED, "no key"};
    }
    const absl::Time until = absl::Now() + absl::Milliseconds(request->wait_milliseconds());
    const std::string id(network->second.data(), network->second.size());
    while (!busy && absl::Now() < until && size(id) <= request->position() && !context->IsCancelled())
      absl::SleepFor(absl::Milliseconds(5));
    int64_t position = request->position();
    for (; position < size(id) && response->entries_size() < request->page_size(); ++position) {
      if (position == skip) continue;
      stock::v1::Movement& movement = *response->add_entries()->mutable_movement();
      movement.set_position(position);
      *movement.mutable_recorded_time() = google::protobuf::util::TimeUtil::SecondsToTimestamp(1'700'000'000);
    }
    response->set_next_position(position);
    return grpc::Status::OK;
  }
  void Grow(const std::string& network, int64_t by) {
    std::lock_guard lock(mutex_);
    sizes_[network] += by;
  }
  int64_t size(const std::string& network) {
    std::lock_guard lock(mutex_);
    return sizes_[network];
  }

  std::atomic<int> calls = 0;
  std::atomic<int> failures = 0;
  std::atomic<bool> busy = false;  // answers at once instead of waiting
  std::atomic<int64_t> skip = -1;

 private:
  std::mutex mutex_;
  std::map<std::string, int64_t> sizes_;
};

class FollowerTest : public ::testing::Test {
 protected:
  FollowerTest()
      : database_(pg::testing::CreateDatabase("impact", kTestMigrations)),
        pool_({.conninfo = database_.service, .schema = "impact", .size = 8}) {
    int port = 0;
    grpc::ServerBuilder builder;
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
    builder.RegisterService(&identity_);
    builder.RegisterService(&stock_);
    server_ = builder.BuildAndStart();
    channel_ = grpc::CreateChannel(absl::StrCat("127.0.0.1:", port), grpc::InsecureChannelCredentials());
  }

  std::unique_ptr<Follower> Follow(Apply apply, FollowerOptions options = {}) {
    options.service_key = kKey;
    options.page_size = 7;
    options.wait = wait_;
    options.refresh = absl::Milliseconds(50);
    options.poll = absl::Milliseconds(20);
    options.first_retry = absl::Milliseconds(10);
    options.longest_retry = absl::Milliseconds(50);
    return std::make_unique<Follower>(options, channel_, channel_, pool_, *registry_, std::move(apply));
  }
  static absl::Status Record(pg::Transaction& tx, const Network& network, const Entries& entries) {
    for (const stock::v1::FeedEntry& entry : entries) {
      tx.Defer("INSERT INTO seen (network_id, position) VALUES ($1, $2)", network.id, entry.movement().position());
    }
    return absl::OkStatus();
  }
  std::string Sql(const std::string& sql) {
    return pg::testing::Sql(database_.superuser, "SET search_path = impact; " + sql);
  }
  // Positions seen, in the order in which they were written.
  std::string Seen(const std::string& network) {
    return Sql(absl::StrCat("SELECT string_agg(position::text, ' ' ORDER BY order_seen) FROM seen WHERE network_id = '",
                            network, "'"));
  }
  static std::string UpTo(int64_t count) {
    std::string all;
    for (int64_t i = 0; i < count; ++i) absl::StrAppend(&all, i == 0 ? "" : " ", i);
    return all;
  }
  bool Eventually(const std::function<bool()>& holds) {
    for (const absl::Time until = absl::Now() + absl::Seconds(15); absl::Now() < until;
         absl::SleepFor(absl::Milliseconds(20))) {
      if (holds()) return true;
    }
    return false;
  }
  double Metric(const std::string& name, const std::string& label = "") {
    for (const auto& family : registry_->Collect()) {
      if (family.name != name) continue;
      for (const auto& metric : family.metric) {
        if (!label.empty() && (metric.label.empty() || metric.label[0].value != label)) continue;
        return family.type == prometheus::MetricType::Gauge ? metric.gauge.value : metric.counter.value;
      }
    }
    return -1;
  }

  absl::Duration wait_ = absl::Milliseconds(300);
  FakeIdentity identity_;
  FakeStock stock_;
  std::unique_ptr<grpc::Server> server_;
  std::shared_ptr<grpc::Channel> channel_;
  std::shared_ptr<prometheus::Registry> registry_ = std::make_shared<prometheus::Registry>();
  const pg::testing::Database database_;
  pg::Pool pool_;
};

TEST_F(FollowerTest, AppliesEveryEntryOnceInOrder) {
  identity_.Add(kTokyo);
  stock_.Grow(kTokyo, 23);
  auto follower = Follow(&Record);
  ASSERT_TRUE(Eventually([&] { return Seen(kTokyo) == UpTo(23); })) << Seen(kTokyo);
  stock_.Grow(kTokyo, 4);
  ASSERT_TRUE(Eventually([&] { return Seen(kTokyo) == UpTo(27); })) << Seen(kTokyo);
  follower->Stop();
  EXPECT_EQ(Sql("SELECT next_position FROM feed_cursor"), "27");
  EXPECT_EQ(Metric("kubari_feed_entries_applied_total"), 27);
}

TEST_F(FollowerTest, FollowsNetworksThatAppearLaterAndMoreThanItHasThreads) {
  identity_.Add(kTokyo);
  stock_.Grow(kTokyo, 9);
  auto follower = Follow(&Record, {.threads = 1});
  ASSERT_TRUE(Eventually([&] { return Seen(kTokyo) == UpTo(9); }));
  identity_.Add(kOsaka);
  stock_.Grow(kOsaka, 11);
  ASSERT_TRUE(Eventually([&] { return Seen(kOsaka) == UpTo(11); }));
  stock_.Grow(kTokyo, 1);
  ASSERT_TRUE(Eventually([&] { return Seen(kTokyo) == UpTo(10); }));
}

TEST_F(FollowerTest, AGapStopsThatNetworkOnly) {
  identity_.Add(kTokyo);
  stock_.skip = 10;
  stock_.Grow(kTokyo, 20);
  auto follower = Follow(&Record);
  ASSERT_TRUE(Eventually([&] { return Metric("kubari_feed_halted_networks") == 1; }));
  EXPECT_EQ(Seen(kTokyo), UpTo(7)) << "the page with the gap must not be applied";
  EXPECT_EQ(Metric("kubari_feed_errors_total", "gap"), 1);
  stock_.skip = -1;
  identity_.Add(kOsaka);
  stock_.Grow(kOsaka, 3);
  ASSERT_TRUE(Eventually([&] { return Seen(kOsaka) == UpTo(3); }));
  EXPECT_EQ(Seen(kTokyo), UpTo(7));
}

TEST_F(FollowerTest, WhatFailedIsRolledBackAndComesAgain) {
  identity_.Add(kTokyo);
  stock_.Grow(kTokyo, 20);
  stock_.failures = 2;
  std::atomic<int> runs = 0;
  auto follower = Follow([&](pg::Transaction& tx, const Network& network, const Entries& entries) -> absl::Status {
    RETURN_IF_ERROR(Record(tx, network, entries));
    RETURN_IF_ERROR(tx.Query("SELECT 1"));  // the rows are in the database when it fails
    return ++runs % 2 == 1 ? absl::InternalError("crash between effects and cursor") : absl::OkStatus();
  });
  ASSERT_TRUE(Eventually([&] { return Seen(kTokyo) == UpTo(20); })) << Seen(kTokyo);
  EXPECT_GE(Metric("kubari_feed_errors_total", "apply"), 2);
  EXPECT_GE(Metric("kubari_feed_errors_total", "call"), 2);
}

TEST_F(FollowerTest, GoesOnWhereAnEarlierProcessStopped) {
  identity_.Add(kTokyo);
  stock_.Grow(kTokyo, 10);
  Follow(&Record);  // stopped at once, at any point
  stock_.Grow(kTokyo, 10);
  auto follower = Follow(&Record);
  ASSERT_TRUE(Eventually([&] { return Seen(kTokyo) == UpTo(20); })) << Seen(kTokyo);
}

TEST_F(FollowerTest, TwoFollowersTogetherApplyEachEntryOnce) {
  identity_.Add(kTokyo);
  auto other_registry = std::make_shared<prometheus::Registry>();
  std::swap(registry_, other_registry);
  auto first = Follow(&Record);
  std::swap(registry_, other_registry);
  auto second = Follow(&Record);
  for (int i = 0; i < 60; ++i) {
    stock_.Grow(kTokyo, 5);
    absl::SleepFor(absl::Milliseconds(3));
  }
  ASSERT_TRUE(Eventually([&] { return Seen(kTokyo) == UpTo(300); })) << Seen(kTokyo);
  first->Stop();
  second->Stop();
  EXPECT_EQ(Seen(kTokyo), UpTo(300));
}

TEST_F(FollowerTest, DoesNotHammerAServiceThatIsTooBusyToWait) {
  identity_.Add(kTokyo);
  stock_.busy = true;
  auto follower = Follow(&Record);  // polls every 20 ms
  ASSERT_TRUE(Eventually([&] { return stock_.calls > 0; }));
  const int before = stock_.calls;
  absl::SleepFor(absl::Milliseconds(500));
  EXPECT_LE(stock_.calls - before, 30);
}

TEST_F(FollowerTest, StopsAtOnceWhileTheOtherSideWaits) {
  wait_ = absl::Seconds(20);
  identity_.Add(kTokyo);
  auto follower = Follow(&Record);
  ASSERT_TRUE(Eventually([&] { return stock_.calls > 0; }));
  const absl::Time start = absl::Now();
  follower->Stop();
  EXPECT_LT(absl::Now() - start, absl::Seconds(2));
}

}  // namespace
}  // namespace kubari::feed
