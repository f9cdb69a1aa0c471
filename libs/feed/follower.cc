#include "libs/feed/follower.h"

#include <google/protobuf/util/time_util.h>

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "libs/errors/errors.h"
#include "libs/errors/macros.h"
#include "libs/log/log.h"
#include "libs/rpc/client.h"

namespace kubari::feed {
namespace {

constexpr char kGap[] = "FEED_GAP";
constexpr absl::Duration kCallTimeout = absl::Seconds(10);  // on top of the wait
constexpr absl::Duration kListTimeout = absl::Seconds(2);
constexpr absl::Duration kTransactionTimeout = absl::Seconds(30);

constexpr pg::Statement kReadCursor{"SELECT next_position FROM feed_cursor WHERE network_id = $1"};
constexpr pg::Statement kMakeCursor{
    "INSERT INTO feed_cursor (network_id, next_position) VALUES ($1, 0) ON CONFLICT (network_id) DO NOTHING"};
constexpr pg::Statement kLockCursor{"SELECT next_position FROM feed_cursor WHERE network_id = $1 FOR UPDATE"};
constexpr pg::Statement kMoveCursor{"UPDATE feed_cursor SET next_position = $2 WHERE network_id = $1"};

prometheus::Counter& ErrorCounter(prometheus::Registry& registry, const char* cause) {
  return prometheus::BuildCounter()
      .Name("kubari_feed_errors_total")
      .Help(
          "Failed attempts to follow the stock ledger: call (not reached), apply (not written), gap (positions "
          "missing).")
      .Register(registry)
      .Add({{"cause", cause}});
}

absl::Status Gap(int64_t expected, int64_t found) {
  return errors::Make(
      absl::StatusCode::kDataLoss, kGap,
      absl::StrCat("The stock ledger's feed goes on at position ", found, "; position ", expected,
                   " was expected. Nothing more is applied; compare the ledger with this service's tables, then start "
                   "it again."),
      absl::StrCat("在庫台帳のフィードは位置", found, "から続いていますが、位置", expected,
                   "が必要です。適用を止めました。台帳とこのサービスの表を見比べてから、起動し直してください。"),
      {{"expected", absl::StrCat(expected)}, {"found", absl::StrCat(found)}});
}

// A page must begin where it was asked for and have every position after that.
absl::Status CheckPositions(int64_t position, const stock::v1::ReadFeedResponse& page) {
  for (const stock::v1::FeedEntry& entry : page.entries()) {
    if (entry.movement().position() != position) return Gap(position, entry.movement().position());
    ++position;
  }
  if (page.next_position() != position) return Gap(position, page.next_position());
  return absl::OkStatus();
}

}  // namespace

Follower::Follower(FollowerOptions options, std::shared_ptr<grpc::ChannelInterface> identity,
                   std::shared_ptr<grpc::ChannelInterface> stock, pg::Pool& pool, prometheus::Registry& registry,
                   Apply apply)
    : options_(std::move(options)),
      identity_(identity::v1::IdentityService::NewStub(identity)),
      stock_(stock::v1::StockService::NewStub(stock)),
      pool_(pool),
      apply_(std::move(apply)),
      applied_(prometheus::BuildCounter()
                   .Name("kubari_feed_entries_applied_total")
                   .Help("Entries of the stock ledger that were applied.")
                   .Register(registry)
                   .Add({})),
      lag_(prometheus::BuildGauge()
               .Name("kubari_feed_lag_seconds")
               .Help("Age of the last entry applied while more are waiting, of the network that is furthest behind; 0: "
                     "nothing waits.")
               .Register(registry)
               .Add({})),
      halted_(prometheus::BuildGauge()
                  .Name("kubari_feed_halted_networks")
                  .Help("Networks whose feed has a gap and is not followed any more.")
                  .Register(registry)
                  .Add({})),
      call_errors_(ErrorCounter(registry, "call")),
      apply_errors_(ErrorCounter(registry, "apply")),
      gap_errors_(ErrorCounter(registry, "gap")) {
  for (int i = 0; i < options_.threads; ++i) threads_.emplace_back([this] { Work(); });
  refresher_ = std::make_unique<rpc::Periodic>("feed networks", options_.refresh, [this] { return RefreshNetworks(); });
}

Follower::~Follower() { Stop(); }

void Follower::Stop() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
    for (grpc::ClientContext* call : calls_) call->TryCancel();
  }
  changed_.notify_all();
  for (std::thread& thread : threads_) {
    if (thread.joinable()) thread.join();
  }
  refresher_->Stop();
}

absl::Status Follower::RefreshNetworks() {
  identity::v1::ListNetworksRequest request;
  request.set_page_size(200);
  do {
    const rpc::Outgoing outgoing = rpc::AsService(options_.service_key, "", "", absl::Now() + kListTimeout);
    ASSIGN_OR_RETURN(const identity::v1::ListNetworksResponse page,
                     rpc::Invoke(&identity::v1::IdentityService::Stub::ListNetworks, *identity_, outgoing, request));
    {
      std::lock_guard lock(mutex_);
      if (stopping_) return absl::OkStatus();
      for (const identity::v1::Network& network : page.networks()) {
        const std::string id = network.name().substr(network.name().find('/') + 1);
        std::unique_ptr<Followed>& followed = networks_[id];
        if (followed == nullptr) {
          followed = std::make_unique<Followed>();
          followed->network = {.id = id, .time_zone = network.time_zone()};
        }
      }
    }
    request.set_page_token(page.next_page_token());
  } while (!request.page_token().empty());
  changed_.notify_all();
  return absl::OkStatus();
}

void Follower::Work() {
  while (Followed* followed = Take()) {
    bool wait = false;
    {
      std::lock_guard lock(mutex_);
      wait = networks_.size() <= threads_.size();
    }
    const absl::Time started = absl::Now();
    log::ScopedContext context({.request_id = "", .network_id = followed->network.id});
    PutBack(*followed, started, Step(*followed, wait ? options_.wait : absl::ZeroDuration()));
  }
}

Follower::Followed* Follower::Take() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    Followed* next = nullptr;
    for (const auto& [id, followed] : networks_) {
      if (followed->busy || followed->halted) continue;
      if (next == nullptr || followed->due < next->due) next = followed.get();
    }
    if (next == nullptr) {
      changed_.wait(lock);
    } else if (const absl::Time now = absl::Now(); next->due > now) {
      changed_.wait_for(lock, absl::ToChronoNanoseconds(next->due - now));
    } else {
      next->busy = true;
      return next;
    }
  }
  return nullptr;
}

void Follower::PutBack(Followed& followed, absl::Time started, const absl::StatusOr<bool>& news) {
  std::lock_guard lock(mutex_);
  followed.busy = false;
  if (news.ok()) {
    followed.retry = absl::ZeroDuration();
    // Without news the call has waited there; one that came back at once (the other side may be busy) is not repeated
    // at once.
    followed.due = *news ? absl::Now() : started + options_.poll;
  } else if (errors::ReasonOf(news.status()) == kGap) {
    followed.halted = true;
    halted_.Increment();
    gap_errors_.Increment();
    log::Error("the feed of a network has a gap and is not followed any more", {{"detail", news.status().message()}});
  } else if (!stopping_) {
    followed.position.reset();
    followed.retry = std::clamp(followed.retry * 2, options_.first_retry, options_.longest_retry);
    followed.due = absl::Now() + followed.retry;
    log::Warning("the feed could not be followed; trying again",
                 {{"code", absl::StatusCodeToString(news.status().code())},
                  {"detail", news.status().message()},
                  {"retry_seconds", absl::ToDoubleSeconds(followed.retry)}});
  }
  double lag = 0;
  for (const auto& [id, each] : networks_) lag = std::max(lag, each->lag_seconds);
  lag_.Set(lag);
  changed_.notify_one();
}

absl::StatusOr<bool> Follower::Step(Followed& followed, absl::Duration wait) {
  if (!followed.position) {
    ASSIGN_OR_RETURN(followed.position, ReadCursor(followed.network));
  }
  const int64_t position = *followed.position;
  absl::StatusOr<stock::v1::ReadFeedResponse> page = ReadFeed(followed.network, position, wait);
  if (!page.ok()) {
    call_errors_.Increment();
    return page.status();
  }
  RETURN_IF_ERROR(CheckPositions(position, *page));
  const bool full = page->entries_size() >= options_.page_size;
  if (page->entries_size() > 0) {
    const absl::StatusOr<int64_t> moved = ApplyPage(followed.network, position, *page);
    if (!moved.ok()) {
      apply_errors_.Increment();
      return moved.status();
    }
    followed.position = *moved;
    const auto& last = page->entries(page->entries_size() - 1).movement().recorded_time();
    const absl::Duration age =
        absl::Now() - absl::FromUnixMicros(google::protobuf::util::TimeUtil::TimestampToMicroseconds(last));
    std::lock_guard lock(mutex_);
    followed.lag_seconds = full ? std::max(0.0, absl::ToDoubleSeconds(age)) : 0;
  } else {
    std::lock_guard lock(mutex_);
    followed.lag_seconds = 0;
  }
  return page->entries_size() > 0;
}

absl::StatusOr<int64_t> Follower::ReadCursor(const Network& network) {
  return pool_.Read({.network_id = network.id, .deadline = absl::Now() + kTransactionTimeout},
                    [&](pg::Transaction& tx) -> absl::StatusOr<int64_t> {
                      ASSIGN_OR_RETURN(const pg::Result rows, tx.Query(kReadCursor, network.id));
                      return rows.empty() ? 0 : rows[0].Get<int64_t>("next_position");
                    });
}

absl::StatusOr<stock::v1::ReadFeedResponse> Follower::ReadFeed(const Network& network, int64_t position,
                                                               absl::Duration wait) {
  stock::v1::ReadFeedRequest request;
  request.set_position(position);
  request.set_page_size(options_.page_size);
  request.set_wait_milliseconds(static_cast<int32_t>(absl::ToInt64Milliseconds(wait)));
  grpc::ClientContext context;
  rpc::Prepare(rpc::AsService(options_.service_key, network.id, network.time_zone, absl::Now() + wait + kCallTimeout),
               context);
  {
    std::lock_guard lock(mutex_);
    if (stopping_) return absl::CancelledError("stopping");
    calls_.insert(&context);
  }
  stock::v1::ReadFeedResponse response;
  const grpc::Status status = stock_->ReadFeed(&context, request, &response);
  {
    std::lock_guard lock(mutex_);
    calls_.erase(&context);
  }
  if (!status.ok()) return errors::FromGrpc(status);
  return response;
}

absl::StatusOr<int64_t> Follower::ApplyPage(const Network& network, int64_t position,
                                            const stock::v1::ReadFeedResponse& page) {
  bool applied = false;
  absl::StatusOr<int64_t> cursor = pool_.Transact(
      {.network_id = network.id, .deadline = absl::Now() + kTransactionTimeout},
      [&](pg::Transaction& tx) -> absl::StatusOr<int64_t> {
        applied = false;
        ASSIGN_OR_RETURN(const std::vector<pg::Result> rows,
                         tx.Pipeline(pg::Batch().Add(kMakeCursor, network.id).Add(kLockCursor, network.id)));
        if (rows[1].empty()) return absl::InternalError("feed_cursor has no row right after one was made");
        const int64_t now_at = rows[1][0].Get<int64_t>("next_position");
        if (now_at != position) return now_at;  // another instance was faster, or our position was out of date
        RETURN_IF_ERROR(apply_(tx, network, page.entries()));
        tx.Defer(kMoveCursor, network.id, page.next_position());
        applied = true;
        return page.next_position();
      });
  if (cursor.ok() && applied) applied_.Increment(page.entries_size());
  return cursor;
}

}  // namespace kubari::feed
