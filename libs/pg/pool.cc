#include "libs/pg/pool.h"

#include <prometheus/counter.h>
#include <prometheus/family.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "absl/random/random.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "libs/log/log.h"
#include "libs/pg/connection.h"

namespace kubari::pg {
namespace {

constexpr int kTries = 6;
constexpr absl::Duration kFirstPause = absl::Milliseconds(5);

// Doubles with each try, and is random by half, so that those who met once do not meet again.
absl::Duration Pause(int tries) {
  thread_local absl::BitGen random;
  return kFirstPause * (1 << (tries - 1)) * absl::Uniform(random, 0.5, 1.5);
}

absl::Time Expiry(absl::Duration max_lifetime) {
  thread_local absl::BitGen random;
  return absl::Now() + max_lifetime * absl::Uniform(random, 0.8, 1.0);
}

}  // namespace

class Pool::Metrics {
 public:
  explicit Metrics(prometheus::Registry& registry)
      : connections_(
            prometheus::BuildGauge().Name("kubari_pg_connections").Help("Connections by state.").Register(registry)),
        transactions_(prometheus::BuildCounter()
                          .Name("kubari_pg_transactions_total")
                          .Help("Transactions by outcome.")
                          .Register(registry)),
        in_use(connections_.Add({{"state", "in_use"}})),
        idle(connections_.Add({{"state", "idle"}})),
        waiting(prometheus::BuildGauge()
                    .Name("kubari_pg_waiting")
                    .Help("Callers that wait for a connection.")
                    .Register(registry)
                    .Add({})),
        acquire_seconds(
            prometheus::BuildHistogram()
                .Name("kubari_pg_acquire_seconds")
                .Help("Time to get a connection, opening it included.")
                .Register(registry)
                .Add({}, prometheus::Histogram::BucketBoundaries{0.0001, 0.001, 0.005, 0.02, 0.1, 0.5, 2, 10})),
        opened(prometheus::BuildCounter()
                   .Name("kubari_pg_connections_opened_total")
                   .Help("Connections opened.")
                   .Register(registry)
                   .Add({})),
        committed(transactions_.Add({{"outcome", "committed"}})),
        rolled_back(transactions_.Add({{"outcome", "rolled_back"}})),
        retried(transactions_.Add({{"outcome", "retried"}})) {}

 private:
  prometheus::Family<prometheus::Gauge>& connections_;
  prometheus::Family<prometheus::Counter>& transactions_;

 public:
  prometheus::Gauge &in_use, &idle, &waiting;
  prometheus::Histogram& acquire_seconds;
  prometheus::Counter &opened, &committed, &rolled_back, &retried;
};

// Gives the connection back whatever happens.
class Pool::Lease {
 public:
  Lease(Pool& pool, std::unique_ptr<Connection> connection) : pool_(pool), connection_(std::move(connection)) {}
  ~Lease() { pool_.Release(std::move(connection_)); }
  Connection& operator*() { return *connection_; }

 private:
  Pool& pool_;
  std::unique_ptr<Connection> connection_;
};

Pool::Pool(PoolOptions options)
    : options_(std::move(options)),
      metrics_(options_.registry ? std::make_unique<Metrics>(*options_.registry) : nullptr) {}

Pool::~Pool() = default;

PoolStats Pool::stats() const {
  const std::lock_guard lock(mutex_);
  PoolStats stats = totals_;
  stats.idle = static_cast<int>(idle_.size());
  stats.in_use = open_ - stats.idle;
  return stats;
}

absl::StatusOr<std::unique_ptr<Connection>> Pool::Acquire(absl::Time deadline) {
  const absl::Time start = absl::Now();
  if (start >= deadline) return internal::TimedOut("the deadline passed before a connection was asked for");
  std::vector<std::unique_ptr<Connection>> dead;  // closed after the lock is gone
  std::unique_ptr<Connection> connection;
  {
    std::unique_lock lock(mutex_);
    while (true) {
      while (!idle_.empty() && connection == nullptr) {
        connection = std::move(idle_.back());
        idle_.pop_back();
        if (connection->expires() > start && connection->AliveWhileIdle()) break;
        dead.push_back(std::move(connection));
        --open_;
      }
      if (connection != nullptr) break;
      if (open_ < options_.size) {
        ++open_;  // the place is ours while we connect
        break;
      }
      if (totals_.waiting >= options_.max_waiters) {
        return internal::MakeStatus("53300", "",
                                    absl::StrCat("more than ", options_.max_waiters, " callers wait for a connection"));
      }
      const absl::Time now = absl::Now();
      if (now >= deadline) return internal::TimedOut("no connection became free in time");
      ++totals_.waiting;
      if (metrics_) metrics_->waiting.Set(totals_.waiting);
      // An infinite deadline has no std::chrono form; the loop waits again.
      freed_.wait_until(lock, absl::ToChronoTime(std::min(deadline, now + absl::Minutes(1))));
      --totals_.waiting;
      if (metrics_) metrics_->waiting.Set(totals_.waiting);
    }
  }
  if (connection == nullptr) {
    absl::StatusOr<std::unique_ptr<Connection>> opened =
        Connection::Open(options_.conninfo, options_.schema, deadline, Expiry(options_.max_lifetime));
    const std::lock_guard lock(mutex_);
    if (!opened.ok()) {
      --open_;
      freed_.notify_one();
      return opened.status();
    }
    connection = *std::move(opened);
    ++totals_.connections_opened;
    if (metrics_) metrics_->opened.Increment();
  }
  if (metrics_) {
    metrics_->acquire_seconds.Observe(absl::ToDoubleSeconds(absl::Now() - start));
    const PoolStats now = stats();
    metrics_->in_use.Set(now.in_use);
    metrics_->idle.Set(now.idle);
  }
  return connection;
}

void Pool::Release(std::unique_ptr<Connection> connection) {
  const bool keep = !connection->broken() && !connection->in_transaction() && connection->expires() > absl::Now();
  if (!keep) connection.reset();
  {
    const std::lock_guard lock(mutex_);
    if (keep) {
      idle_.push_back(std::move(connection));
    } else {
      --open_;
    }
    if (metrics_) {
      metrics_->in_use.Set(open_ - static_cast<int>(idle_.size()));
      metrics_->idle.Set(static_cast<double>(idle_.size()));
    }
  }
  freed_.notify_one();
}

absl::Status Pool::Run(const TxContext& context, bool read_only, absl::FunctionRef<absl::Status(Transaction&)> f) {
  const absl::Status status = RunTries(context, read_only, f);
  // The database's own words are for the log; an error that `f` made of them has none any more.
  if (const std::string detail = DetailOf(status); !detail.empty()) {
    (status.code() == absl::StatusCode::kInternal ? log::Error : log::Warning)(
        "database", {{"sqlstate", SqlStateOf(status)}, {"constraint", ConstraintOf(status)}, {"detail", detail}});
  }
  return status;
}

absl::Status Pool::RunTries(const TxContext& context, bool read_only, absl::FunctionRef<absl::Status(Transaction&)> f) {
  bool lost_before = false;
  for (int tries = 1;; ++tries) {
    absl::Status status;
    bool committed = false, retryable = false, lost = false;
    {
      absl::StatusOr<std::unique_ptr<Connection>> connection = Acquire(context.deadline);
      if (!connection.ok()) return connection.status();
      Lease lease(*this, *std::move(connection));
      Transaction tx(*lease, context, read_only);
      status = f(tx);
      // A function that overlooked a failure must not commit.
      if (status.ok()) status = tx.Commit();
      if (!status.ok()) tx.Rollback();
      // Committed by PipelineAndCommit, even if the function found fault afterwards.
      committed = status.ok() || tx.committed_;
      retryable = !committed && tx.retryable();
      lost = !committed && tx.lost();
      // When retries end, the caller hears of the database's reason and not of what the function made of it.
      if (retryable) status = tx.failure_;
    }
    const absl::Duration pause = lost ? absl::ZeroDuration() : Pause(tries);
    const bool again =
        ((retryable && tries < kTries) || (lost && !lost_before)) && absl::Now() + pause < context.deadline;
    {
      const std::lock_guard lock(mutex_);
      ++(committed ? totals_.committed : again ? totals_.retried : totals_.rolled_back);
    }
    if (metrics_) (committed ? metrics_->committed : again ? metrics_->retried : metrics_->rolled_back).Increment();
    if (!again) return status;
    lost_before = lost_before || lost;
    absl::SleepFor(pause);
  }
}

}  // namespace kubari::pg
