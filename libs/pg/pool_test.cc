// The pool against a real PostgreSQL: retries, lost connections, deadlines, waiters.
#include <gmock/gmock.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>

#include "libs/errors/errors.h"
#include "libs/pg/pg_fixture.h"

namespace kubari::pg {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

// --- Retries
// --------------------------------------------------------------------------------------------------------------------------

TEST_F(PgTest, ASerializationFailureRunsTheFunctionAgain) {
  ASSERT_TRUE(Put("A", 0).ok());
  int runs = 0;
  TxContext context = Here();
  context.isolation = Isolation::kSerializable;
  const absl::Status status = pool_.Transact(context, [&](Transaction& tx) -> absl::Status {
    ASSIGN_OR_RETURN(const Result rows, tx.Query(kItems, "A"));
    if (++runs == 1) {
      EXPECT_TRUE(
          pool_.Transact(Here(), [](Transaction& other) { return other.Execute(kAdd, "A", 10).status(); }).ok());
    }
    return tx.Execute(kSet, "A", rows[0].Get<int64_t>(0) + 1).status();
  });
  EXPECT_TRUE(status.ok()) << DetailOf(status);
  EXPECT_EQ(runs, 2);
  EXPECT_EQ(Items("A"), 11);
  EXPECT_EQ(pool_.stats().retried, 1);
}

TEST_F(PgTest, RetriesEndAfterSixRunsWithAborted) {
  ASSERT_TRUE(Put("A", 0).ok());
  int runs = 0;
  TxContext context = Here();
  context.isolation = Isolation::kRepeatableRead;
  const absl::Status status = pool_.Transact(context, [&](Transaction& tx) -> absl::Status {
    ++runs;
    RETURN_IF_ERROR(tx.Query(kItems, "A"));
    EXPECT_TRUE(pool_.Transact(Here(), [](Transaction& other) { return other.Execute(kAdd, "A", 1).status(); }).ok());
    RETURN_IF_ERROR(tx.Execute(kSet, "A", 100));
    return absl::OkStatus();
  });
  EXPECT_EQ(status.code(), absl::StatusCode::kAborted);
  EXPECT_EQ(runs, 6);
  EXPECT_EQ(Items("A"), 6);
}

TEST_F(PgTest, DeadlocksResolveThemselves) {
  ASSERT_TRUE(Put("A", 0).ok());
  ASSERT_TRUE(Put("B", 0).ok());
  std::atomic<int> arrived = 0;
  const auto add_both = [&](const char* first, const char* second) {
    return pool_.Transact(Here(), [&](Transaction& tx) -> absl::Status {
      RETURN_IF_ERROR(tx.Execute(kAdd, first, 1));
      // In the first run both hold one row before either asks for the other.
      ++arrived;
      while (arrived < 2) std::this_thread::yield();
      return tx.Execute(kAdd, second, 1).status();
    });
  };
  absl::Status other;
  std::thread thread([&] { other = add_both("B", "A"); });
  const absl::Status mine = add_both("A", "B");
  thread.join();
  EXPECT_TRUE(mine.ok() && other.ok()) << mine << other;
  EXPECT_EQ(Items("A"), 2);
  EXPECT_EQ(Items("B"), 2);
  EXPECT_GE(pool_.stats().retried, 1);
}

TEST_F(PgTest, AConnectionKilledBeforeCommitIsReplacedAndTheFunctionRunsOnceMore) {
  int runs = 0;
  const auto kill_first = [&](int times) {
    runs = 0;
    return pool_.Transact(Here(), [&, times](Transaction& tx) -> absl::Status {
      RETURN_IF_ERROR(tx.Execute(kPut, kNetwork, absl::StrCat("killed ", times), 1));
      ASSIGN_OR_RETURN(const Result rows, tx.Query(kPid));
      if (++runs <= times) Kill(rows[0].Get<int>(0));
      return tx.Query(kCount).status();
    });
  };
  EXPECT_TRUE(kill_first(1).ok());
  EXPECT_EQ(runs, 2);
  EXPECT_EQ(Items("killed 1"), 1);
  EXPECT_EQ(kill_first(2).code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(runs, 2);
  EXPECT_EQ(Items("killed 2"), -1);
}

TEST_F(PgTest, AConnectionLostWithCommitIsAnUnknownOutcomeAndNotRepeated) {
  int runs = 0;
  const absl::Status status = pool_.Transact(Here(), [&](Transaction& tx) -> absl::Status {
    ++runs;
    RETURN_IF_ERROR(tx.Execute(kPut, kNetwork, "A", 1));
    ASSIGN_OR_RETURN(const Result rows, tx.Query(kPid));
    Kill(rows[0].Get<int>(0));
    return absl::OkStatus();
  });
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(errors::ReasonOf(status), "OUTCOME_UNKNOWN");
  EXPECT_EQ(runs, 1);
  EXPECT_EQ(pool_.stats().in_use + pool_.stats().idle, 0);
}

TEST_F(PgTest, WhatLibpqSaysByItselfIsALostConnection) {
  // "server closed the connection unexpectedly": an error without a state.
  PGresult* made_by_libpq = PQmakeEmptyPGresult(nullptr, PGRES_FATAL_ERROR);
  const absl::Status status = internal::FromResult(made_by_libpq, "SELECT 1");
  PQclear(made_by_libpq);
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
  EXPECT_TRUE(internal::IsLost(SqlStateOf(status)));
}

TEST_F(PgTest, AnIdleConnectionThatDiedIsNotHandedOut) {
  ASSERT_TRUE(Put("A", 1).ok());
  testing::Sql(database_.superuser,
               "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = current_database() AND "
               "usename = 'kubari_stock'");
  int runs = 0;
  EXPECT_TRUE(pool_
                  .Transact(Here(),
                            [&](Transaction& tx) {
                              ++runs;
                              return tx.Execute(kSet, "A", 2).status();
                            })
                  .ok());
  EXPECT_EQ(runs, 1);
  EXPECT_EQ(pool_.stats().connections_opened, 2);
}

// --- Pool
// -----------------------------------------------------------------------------------------------------------------------------

TEST_F(PgTest, TheDeadlineStopsAStatementAndTheConnectionGoesOn) {
  const absl::Time start = absl::Now();
  const absl::Status status =
      pool_.Transact(Here(absl::Milliseconds(300)), [](Transaction& tx) { return tx.Query(kSleep, 30).status(); });
  EXPECT_EQ(status.code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_EQ(SqlStateOf(status), "57014");
  EXPECT_LT(absl::Now() - start, absl::Seconds(2));
  EXPECT_EQ(Items("A"), -1);
  EXPECT_EQ(pool_.stats().connections_opened, 1);
}

TEST_F(PgTest, TheTimeLeftShrinksFromStatementToStatement) {
  const absl::Time start = absl::Now();
  const absl::Status status = pool_.Transact(Here(absl::Milliseconds(600)), [](Transaction& tx) -> absl::Status {
    RETURN_IF_ERROR(tx.Query(kSleep, 0.3));
    return tx.Query(kSleep, 0.5).status();
  });
  EXPECT_EQ(status.code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_LT(absl::Now() - start, absl::Milliseconds(780)) << "the second sleep alone would end at 800 ms";
}

TEST_F(PgTest, APassedDeadlineSendsNothing) {
  const absl::Status status =
      pool_.Transact(Here(-absl::Seconds(1)), [](Transaction& tx) { return tx.Query(kCount).status(); });
  EXPECT_EQ(status.code(), absl::StatusCode::kDeadlineExceeded);
}

TEST_F(PgTest, WaitersAreBoundedAndHaveDeadlines) {
  PoolOptions options = Options(1);
  options.max_waiters = 1;
  Pool pool(options);
  std::mutex mutex;
  std::condition_variable changed;
  bool held = false, release = false;
  std::thread holder([&] {
    EXPECT_TRUE(pool.Transact(Here(),
                              [&](Transaction& tx) {
                                std::unique_lock lock(mutex);
                                held = true;
                                changed.notify_all();
                                changed.wait(lock, [&] { return release; });
                                return absl::OkStatus();
                              })
                    .ok());
  });
  {
    std::unique_lock lock(mutex);
    changed.wait(lock, [&] { return held; });
  }
  const auto query = [](Transaction& tx) { return tx.Query(kCount).status(); };
  EXPECT_EQ(pool.Read(Here(absl::Milliseconds(50)), query).code(), absl::StatusCode::kDeadlineExceeded);
  std::thread waiter([&] { EXPECT_TRUE(pool.Read(Here(), query).ok()) << "gets the connection when it is free"; });
  while (pool.stats().waiting < 1) std::this_thread::yield();
  const absl::Status refused = pool.Read(Here(), query);
  EXPECT_EQ(refused.code(), absl::StatusCode::kResourceExhausted);
  {
    const std::lock_guard lock(mutex);
    release = true;
    changed.notify_all();
  }
  holder.join();
  waiter.join();
  EXPECT_EQ(pool.stats().connections_opened, 1);
}

TEST_F(PgTest, ManyThreadsShareFewConnections) {
  ASSERT_TRUE(Put("A", 0).ok());
  std::vector<std::thread> threads;
  for (int i = 0; i < 12; ++i) {
    threads.emplace_back([&] {
      for (int n = 0; n < 25; ++n) {
        EXPECT_TRUE(pool_.Transact(Here(), [](Transaction& tx) { return tx.Execute(kAdd, "A", 1).status(); }).ok());
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(Items("A"), 300);
  EXPECT_LE(pool_.stats().connections_opened, 4);
}

TEST_F(PgTest, AnExpiredConnectionIsReplaced) {
  PoolOptions options = Options();
  options.max_lifetime = absl::Milliseconds(1);
  Pool pool(options);
  for (int i = 0; i < 3; ++i) {
    EXPECT_TRUE(pool.Read(Here(), [](Transaction& tx) { return tx.Query(kSleep, 0.01).status(); }).ok());
  }
  EXPECT_EQ(pool.stats().connections_opened, 3);
}

TEST_F(PgTest, NoServerIsUnavailable) {
  Pool pool({.conninfo = "host=/nonexistent dbname=x"});
  const auto query = [](Transaction& tx) { return tx.Query(kCount).status(); };
  for (int i = 0; i < 2; ++i) {
    const absl::Status status = pool.Read(Here(), query);
    EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
    EXPECT_THAT(DetailOf(status), HasSubstr("/nonexistent"));
  }
  EXPECT_EQ(pool.stats().in_use, 0);
}

TEST_F(PgTest, MetricsTellWhatHappened) {
  PoolOptions options = Options();
  prometheus::Registry registry;
  options.registry = &registry;
  Pool pool(options);
  EXPECT_TRUE(pool.Transact(Here(), [](Transaction& tx) { return tx.Execute(kPut, kNetwork, "A", 1).status(); }).ok());
  EXPECT_FALSE(pool.Transact(Here(), [](Transaction& tx) { return tx.Execute(kPut, kNetwork, "A", 1).status(); }).ok());
  const std::string text = prometheus::TextSerializer().Serialize(registry.Collect());
  EXPECT_THAT(text,
              AllOf(HasSubstr("kubari_pg_transactions_total{outcome=\"committed\"} 1"),
                    HasSubstr("kubari_pg_transactions_total{outcome=\"rolled_back\"} 1"),
                    HasSubstr("kubari_pg_connections{state=\"idle\"} 1"),
                    HasSubstr("kubari_pg_connections{state=\"in_use\"} 0"),
                    HasSubstr("kubari_pg_acquire_seconds_count 2"), HasSubstr("kubari_pg_connections_opened_total 1")));
}

}  // namespace
}  // namespace kubari::pg
