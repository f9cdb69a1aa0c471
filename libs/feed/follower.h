// Follows the stock ledger of every network and applies it to a service's own tables, each entry exactly once
// (README.md).
#pragma once

#include <google/protobuf/repeated_field.h>
#include <grpcpp/grpcpp.h>
#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/registry.h>

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "kubari/identity/v1/identity.grpc.pb.h"
#include "kubari/stock/v1/stock.grpc.pb.h"
#include "libs/pg/pool.h"
#include "libs/rpc/periodic.h"

namespace kubari::feed {

struct Network {
  std::string id;         // UUID
  std::string time_zone;  // IANA name
};

// In the order of positions, without a gap, at least one.
using Entries = google::protobuf::RepeatedPtrField<stock::v1::FeedEntry>;

// Writes the effects of `entries`, in the transaction that also moves the cursor. It may run more than once, so it has
// no effect outside of `tx`. An error rolls everything back, and the same entries come again later.
using Apply = std::function<absl::Status(pg::Transaction& tx, const Network& network, const Entries& entries)>;

struct FollowerOptions {
  std::string service_key;
  int threads = 2;
  int page_size = 200;
  // How long the stock service may hold a call while there is nothing new; at most 20 s.
  absl::Duration wait = absl::Seconds(10);
  // A network without news is asked again after this at the earliest. With more networks than threads nobody waits
  // there, and this is how often each is asked.
  absl::Duration poll = absl::Milliseconds(500);
  // How often the list of networks is read.
  absl::Duration refresh = absl::Seconds(3);
  // Pause after the first error of a network, doubled with each further one.
  absl::Duration first_retry = absl::Milliseconds(200);
  absl::Duration longest_retry = absl::Seconds(30);
};

class Follower {
 public:
  // Starts to follow. `pool` (its schema has the table feed_cursor) and `registry` must outlive it.
  Follower(FollowerOptions options, std::shared_ptr<grpc::ChannelInterface> identity,
           std::shared_ptr<grpc::ChannelInterface> stock, pg::Pool& pool, prometheus::Registry& registry, Apply apply);
  // Stops.
  ~Follower();
  Follower(const Follower&) = delete;
  Follower& operator=(const Follower&) = delete;

  // Cancels calls under way, lets a transaction under way end, and joins. Safe to call twice.
  void Stop();

 private:
  // One network's place in the schedule.
  struct Followed {
    Network network;
    absl::Time due = absl::InfinitePast();
    absl::Duration retry = absl::ZeroDuration();
    std::optional<int64_t> position;  // of the cursor, as far as is known; read from the database if not
    double lag_seconds = 0;
    bool busy = false;
    bool halted = false;
  };

  absl::Status RefreshNetworks();
  void Work();
  // The network whose turn it is, once it is due; nothing when stopping.
  Followed* Take();
  void PutBack(Followed& followed, absl::Time started, const absl::StatusOr<bool>& news);
  // Reads and applies one page. Was there anything in it?
  absl::StatusOr<bool> Step(Followed& followed, absl::Duration wait);
  absl::StatusOr<int64_t> ReadCursor(const Network& network);
  absl::StatusOr<stock::v1::ReadFeedResponse> ReadFeed(const Network& network, int64_t position, absl::Duration wait);
  // The cursor after the transaction: behind `page`, or where another instance has moved it.
  absl::StatusOr<int64_t> ApplyPage(const Network& network, int64_t position, const stock::v1::ReadFeedResponse& page);

  const FollowerOptions options_;
  const std::unique_ptr<identity::v1::IdentityService::Stub> identity_;
  const std::unique_ptr<stock::v1::StockService::Stub> stock_;
  pg::Pool& pool_;
  const Apply apply_;
  prometheus::Counter& applied_;
  prometheus::Gauge& lag_;
  prometheus::Gauge& halted_;
  prometheus::Counter& call_errors_;
  prometheus::Counter& apply_errors_;
  prometheus::Counter& gap_errors_;

  std::mutex mutex_;
  std::condition_variable changed_;
  bool stopping_ = false;
  std::map<std::string, std::unique_ptr<Followed>> networks_;  // by id; never removed, so pointers stay good
  std::set<grpc::ClientContext*> calls_;                       // under way, to be cancelled by Stop
  std::vector<std::thread> threads_;
  std::unique_ptr<rpc::Periodic> refresher_;
};

}  // namespace kubari::feed
