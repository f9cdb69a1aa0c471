// All of libs/pg against a real PostgreSQL.
#include <gmock/gmock.h>
#include <google/protobuf/wrappers.pb.h>
#include <gtest/gtest.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "google/rpc/error_details.pb.h"
#include "libs/errors/errors.h"
#include "libs/errors/macros.h"
#include "libs/ids/ids.h"
#include "libs/log/log.h"
#include "libs/pg/idempotency.h"
#include "libs/pg/migrations.h"
#include "libs/pg/pool.h"
#include "libs/pg/status.h"
#include "libs/pg/testing/database.h"

namespace kubari::pg {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kNetwork[] = "00000000-0000-4000-8000-000000000001";
constexpr char kOther[] = "00000000-0000-4000-8000-000000000002";

constexpr Migration kSchema[] = {{"0001_shelves", R"(
CREATE TABLE shelves (
  network_id uuid NOT NULL, name text NOT NULL, items bigint NOT NULL CONSTRAINT shelves_items_not_negative CHECK (items >= 0),
  CONSTRAINT shelves_pkey PRIMARY KEY (network_id, name));
ALTER TABLE shelves ENABLE ROW LEVEL SECURITY;
ALTER TABLE shelves FORCE ROW LEVEL SECURITY;
CREATE POLICY network ON shelves USING (network_id = nullif(current_setting('kubari.network', true), '')::uuid);
GRANT SELECT, INSERT, UPDATE ON shelves TO kubari_stock;
)"}};

constexpr Statement kPut{"INSERT INTO shelves (network_id, name, items) VALUES ($1, $2, $3)"};
constexpr Statement kItems{"SELECT items FROM shelves WHERE name = $1"};
constexpr Statement kSet{"UPDATE shelves SET items = $2 WHERE name = $1"};
constexpr Statement kAdd{"UPDATE shelves SET items = items + $2 WHERE name = $1"};
constexpr Statement kCount{"SELECT count(*) AS n FROM shelves"};
constexpr Statement kPid{"SELECT pg_backend_pid()"};
constexpr Statement kSleep{"SELECT pg_sleep($1)"};

class PgTest : public ::testing::Test {
 protected:
  PoolOptions Options(int size = 4) { return {.conninfo = database_.service, .schema = "stock", .size = size}; }
  TxContext Here(absl::Duration time = absl::Seconds(20)) {
    return {.network_id = kNetwork, .deadline = absl::Now() + time};
  }
  absl::Status Put(const std::string& name, int64_t items) {
    return pool_.Transact(Here(), [&](Transaction& tx) { return tx.Execute(kPut, kNetwork, name, items).status(); });
  }
  int64_t Items(const std::string& name) {
    const absl::StatusOr<int64_t> items = pool_.Read(Here(), [&](Transaction& tx) -> absl::StatusOr<int64_t> {
      ASSIGN_OR_RETURN(const Result rows, tx.Query(kItems, name));
      return rows.empty() ? -1 : rows[0].Get<int64_t>("items");
    });
    EXPECT_TRUE(items.ok()) << items.status() << DetailOf(items.status());
    return items.value_or(-2);
  }
  void Kill(int pid) {
    testing::Sql(database_.superuser, absl::StrCat("SELECT pg_terminate_backend(", pid, ", 5000)"));
  }

  const testing::Database database_ = testing::CreateDatabase("stock", kSchema);
  Pool pool_{Options()};
};

TEST_F(PgTest, ValuesGoThereAndComeBack) {
  constexpr Statement kEcho{
      "SELECT $1::text AS t, $2::bigint AS i, $3::int AS i4, $4::boolean AS b, $5::timestamptz AS at, $6::date AS d, "
      "$7::bytea AS raw, "
      "$8::text[] AS texts, $9::bigint[] AS ints, $10::boolean[] AS bools, $11::text[] AS maybe, $12::text AS nothing, "
      "$13::bytea[] AS raws, "
      "$14::uuid[] AS ids, $15::text[] AS empty, $16::double precision AS f, $17::timestamptz AS never, "
      "$18::timestamptz[] AS times"};
  const std::string nasty = "配り \"quoted\" \\back{slash},NULL";
  const std::string raw("\0\x01\xff\\x", 5);
  const absl::Time at = absl::FromUnixMicros(1'800'000'000'123'456);
  const std::vector<std::string> texts = {nasty, "", "NULL", "a,b"};
  const std::vector<std::optional<std::string>> maybe = {"x", std::nullopt, "NULL", ""};
  const std::string id = ids::NewUuid();
  const absl::Status status = pool_.Read(Here(), [&](Transaction& tx) -> absl::Status {
    ASSIGN_OR_RETURN(
        const Result rows,
        tx.Query(kEcho, nasty, int64_t{-9'000'000'000}, int32_t{7}, true, at, absl::CivilDay(2027, 3, 31), Bytes{raw},
                 texts, std::vector<int64_t>{1, -2}, std::vector<bool>{true, false}, maybe,
                 std::optional<std::string>(), std::vector<Bytes>{{raw}, {""}}, std::vector<std::string>{id},
                 std::vector<std::string>{}, 0.1, absl::InfiniteFuture(), std::vector<absl::Time>{at}));
    EXPECT_EQ(rows.size(), 1);
    const Row row = rows[0];
    EXPECT_EQ(row.Get<std::string>("t"), nasty);
    EXPECT_EQ(row.Get<std::string_view>("t"), nasty);
    EXPECT_EQ(row.Get<int64_t>("i"), -9'000'000'000);
    EXPECT_EQ(row.Get<int32_t>(2), 7);
    EXPECT_TRUE(row.Get<bool>("b"));
    EXPECT_EQ(row.Get<absl::Time>("at"), at);
    EXPECT_EQ(row.Get<absl::CivilDay>("d"), absl::CivilDay(2027, 3, 31));
    EXPECT_EQ(row.Get<std::string>("raw"), raw);
    EXPECT_EQ(row.Get<Bytes>("raw"), Bytes{raw});
    EXPECT_EQ(row.Get<std::vector<std::string>>("texts"), texts);
    EXPECT_THAT(row.Get<std::vector<int64_t>>("ints"), ElementsAre(1, -2));
    EXPECT_THAT(row.Get<std::vector<bool>>("bools"), ElementsAre(true, false));
    EXPECT_EQ(row.Get<std::vector<std::optional<std::string>>>("maybe"), maybe);
    EXPECT_TRUE(row.IsNull("nothing"));
    EXPECT_EQ(row.Get<std::optional<std::string>>("nothing"), std::nullopt);
    EXPECT_EQ(row.Get<std::optional<int64_t>>("i"), -9'000'000'000);
    EXPECT_THAT(row.Get<std::vector<std::string>>("raws"), ElementsAre(raw, ""));
    EXPECT_THAT(row.Get<std::vector<std::string>>("ids"), ElementsAre(id));
    EXPECT_TRUE(row.Get<std::vector<std::string>>("empty").empty());
    EXPECT_EQ(row.Get<double>("f"), 0.1);
    EXPECT_EQ(row.Get<absl::Time>("never"), absl::InfiniteFuture());
    EXPECT_THAT(row.Get<std::vector<absl::Time>>("times"), ElementsAre(at));
    return absl::OkStatus();
  });
  EXPECT_TRUE(status.ok()) << status << DetailOf(status);
}

TEST_F(PgTest, AMisreadColumnDoesNotCommit) {
  for (const char* column : {"nothing", "absent"}) {
    const absl::Status status = pool_.Transact(Here(), [&](Transaction& tx) -> absl::Status {
      RETURN_IF_ERROR(tx.Execute(kPut, kNetwork, "A", 1));
      ASSIGN_OR_RETURN(const Result rows, tx.Query("SELECT NULL::bigint AS nothing"));
      EXPECT_EQ(rows[0].Get<int64_t>(column), 0);
      return absl::OkStatus();
    });
    EXPECT_EQ(status.code(), absl::StatusCode::kInternal);
    EXPECT_THAT(DetailOf(status), HasSubstr(column));
    EXPECT_EQ(Items("A"), -1);
  }
}

TEST_F(PgTest, CommitsOnOkAndRollsBackOnError) {
  EXPECT_TRUE(Put("A", 3).ok());
  EXPECT_EQ(Items("A"), 3);
  const absl::StatusOr<int64_t> refused = pool_.Transact(Here(), [&](Transaction& tx) -> absl::StatusOr<int64_t> {
    RETURN_IF_ERROR(tx.Execute(kSet, "A", 99));
    return absl::FailedPreconditionError("no");
  });
  EXPECT_EQ(refused.status().message(), "no");
  EXPECT_EQ(Items("A"), 3);
  EXPECT_EQ(pool_.stats().connections_opened, 1) << "a rolled-back connection is used again";
  EXPECT_EQ(pool_.stats().rolled_back, 1);
  EXPECT_EQ(pool_.stats().idle, 1);
  EXPECT_EQ(pool_.stats().in_use, 0);
}

TEST_F(PgTest, ReadSeesOneSnapshotAndCannotWrite) {
  ASSERT_TRUE(Put("A", 1).ok());
  const absl::Status status = pool_.Read(Here(), [&](Transaction& tx) -> absl::Status {
    ASSIGN_OR_RETURN(const Result first, tx.Query(kItems, "A"));
    EXPECT_TRUE(pool_.Transact(Here(), [](Transaction& other) { return other.Execute(kSet, "A", 2).status(); }).ok());
    ASSIGN_OR_RETURN(const Result second, tx.Query(kItems, "A"));
    EXPECT_EQ(second[0].Get<int64_t>(0), 1);
    return tx.Execute(kSet, "A", 5).status();
  });
  EXPECT_EQ(SqlStateOf(status), "25006");
  EXPECT_EQ(Items("A"), 2);
}

TEST_F(PgTest, WithoutItsNetworkATransactionSeesNothingAndWritesNothing) {
  ASSERT_TRUE(Put("A", 1).ok());
  for (const char* network : {"", kOther}) {
    const absl::Status status = pool_.Transact({.network_id = network}, [](Transaction& tx) -> absl::Status {
      ASSIGN_OR_RETURN(const Result rows, tx.Query(kCount));
      EXPECT_EQ(rows[0].Get<int64_t>("n"), 0);
      return tx.Execute(kPut, kNetwork, "B", 1).status();
    });
    EXPECT_EQ(SqlStateOf(status), "42501") << network;
  }
  // The setting ended with its transaction: the same connection is clean for the next caller.
  EXPECT_EQ(pool_.stats().connections_opened, 1);
  EXPECT_EQ(Items("A"), 1);
}

TEST_F(PgTest, AViolationNamesItsConstraintInsideAndNothingOutside) {
  ASSERT_TRUE(Put("secret-name", 1).ok());
  std::vector<std::string> lines;
  log::SetSinkForTesting([&](const std::string& line) { lines.push_back(line); });
  const absl::Status twice = Put("secret-name", 1);
  log::SetSinkForTesting(nullptr);
  EXPECT_THAT(lines, ElementsAre(AllOf(HasSubstr("shelves_pkey"), HasSubstr("INSERT INTO shelves"),
                                       Not(HasSubstr("secret-name")))));
  EXPECT_EQ(twice.code(), absl::StatusCode::kInternal);
  EXPECT_EQ(errors::ReasonOf(twice), "DATABASE_ERROR");
  EXPECT_EQ(SqlStateOf(twice), "23505");
  EXPECT_EQ(ConstraintOf(twice), "shelves_pkey");
  EXPECT_THAT(DetailOf(twice), AllOf(HasSubstr("INSERT INTO shelves"), Not(HasSubstr("secret-name"))));
  const grpc::Status outside = errors::ToGrpc(twice);
  EXPECT_THAT(outside.error_message(), Not(HasSubstr("shelves")));
  EXPECT_THAT(outside.error_details(), AllOf(Not(HasSubstr("shelves")), Not(HasSubstr("secret-name"))));
  EXPECT_EQ(ConstraintOf(Put("B", -1)), "shelves_items_not_negative");
  EXPECT_EQ(ConstraintOf(absl::OkStatus()), "");
}

TEST_F(PgTest, AFunctionThatOverlooksAFailureDoesNotCommit) {
  ASSERT_TRUE(Put("A", 1).ok());
  const absl::Status status = pool_.Transact(Here(), [](Transaction& tx) -> absl::Status {
    RETURN_IF_ERROR(tx.Execute(kSet, "A", 2));
    (void)tx.Execute(kPut, kNetwork, "A", 1);
    EXPECT_EQ(SqlStateOf(tx.Query(kCount).status()), "23505");
    return absl::OkStatus();
  });
  EXPECT_EQ(SqlStateOf(status), "23505");
  EXPECT_EQ(Items("A"), 1);
}

TEST_F(PgTest, AZeroByteInTextIsRefusedBeforeItIsSent) {
  EXPECT_EQ(Put(std::string("a\0b", 3), 1).code(), absl::StatusCode::kInternal);
  EXPECT_EQ(Items("a"), -1);
}

// --- Pipelines
// ------------------------------------------------------------------------------------------------------------------------

TEST_F(PgTest, APipelineReturnsResultsInOrder) {
  const absl::Status status = pool_.Transact(Here(), [](Transaction& tx) -> absl::Status {
    Batch batch;
    batch.Add(kPut, kNetwork, "A", 1).Add(kPut, kNetwork, "B", 2).Add(kItems, "B").Add(kCount);
    ASSIGN_OR_RETURN(const std::vector<Result> results, tx.Pipeline(batch));
    EXPECT_EQ(results.size(), 4u);
    EXPECT_EQ(results[0].affected(), 1);
    EXPECT_EQ(results[2][0].Get<int64_t>(0), 2);
    EXPECT_EQ(results[3][0].Get<int64_t>("n"), 2);
    return absl::OkStatus();
  });
  EXPECT_TRUE(status.ok()) << DetailOf(status);
}

TEST_F(PgTest, AFailureInsideAPipelineRollsAllBackAndTheConnectionGoesOn) {
  ASSERT_TRUE(Put("A", 1).ok());
  for (const bool commit : {false, true}) {
    const absl::Status status = pool_.Transact(Here(), [&](Transaction& tx) -> absl::Status {
      Batch batch;
      // The statement behind the failure is new to the session: it must be prepared again when it is used next.
      batch.Add(kAdd, "A", 10).Add(kPut, kNetwork, "A", 1).Add("SELECT 'never prepared by the first try'");
      return (commit ? tx.PipelineAndCommit(batch) : tx.Pipeline(batch)).status();
    });
    EXPECT_EQ(ConstraintOf(status), "shelves_pkey");
    EXPECT_EQ(Items("A"), 1);
  }
  const absl::Status status =
      pool_.Read(Here(), [](Transaction& tx) { return tx.Query("SELECT 'never prepared by the first try'").status(); });
  EXPECT_TRUE(status.ok()) << DetailOf(status);
  EXPECT_EQ(pool_.stats().connections_opened, 1);
}

TEST_F(PgTest, PipelineAndCommitCommitsAtOnceAndEndsTheTransaction) {
  const absl::Status status = pool_.Transact(Here(), [&](Transaction& tx) -> absl::Status {
    Batch batch;
    batch.Add(kPut, kNetwork, "A", 1);
    RETURN_IF_ERROR(tx.PipelineAndCommit(batch));
    EXPECT_EQ(Items("A"), 1) << "another connection sees it";
    return tx.Execute(kSet, "A", 2).status();
  });
  EXPECT_EQ(status.code(), absl::StatusCode::kInternal);
  EXPECT_EQ(Items("A"), 1);
}

TEST_F(PgTest, ALongPipelineDoesNotBlockItself) {
  const std::string text(100'000, 'x');
  const absl::Status status = pool_.Read(Here(), [&](Transaction& tx) -> absl::Status {
    Batch batch;
    for (int i = 0; i < 300; ++i) batch.Add("SELECT $1::text", text);
    ASSIGN_OR_RETURN(const std::vector<Result> results, tx.Pipeline(batch));
    EXPECT_EQ(results.size(), 300u);
    EXPECT_EQ(results[299][0].Get<std::string>(0), text);
    return absl::OkStatus();
  });
  EXPECT_TRUE(status.ok()) << DetailOf(status);
}

TEST_F(PgTest, DeferredStatementsTravelWithTheNextOneOrWithCommit) {
  const absl::Status status = pool_.Transact(Here(), [](Transaction& tx) -> absl::Status {
    tx.Defer(kPut, kNetwork, "A", 1);
    ASSIGN_OR_RETURN(const Result rows, tx.Query(kItems, "A"));
    EXPECT_EQ(rows[0].Get<int64_t>(0), 1);
    tx.Defer(kPut, kNetwork, "B", 2);
    return absl::OkStatus();
  });
  EXPECT_TRUE(status.ok()) << DetailOf(status);
  EXPECT_EQ(Items("B"), 2);
  const absl::Status refused = pool_.Transact(Here(), [](Transaction& tx) -> absl::Status {
    tx.Defer(kPut, kNetwork, "C", 1);
    tx.Defer(kPut, kNetwork, "A", 1);
    return absl::OkStatus();
  });
  EXPECT_EQ(ConstraintOf(refused), "shelves_pkey");
  EXPECT_EQ(Items("C"), -1);
}

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

// --- Migrations
// -----------------------------------------------------------------------------------------------------------------------

TEST_F(PgTest, MigrationsRunOnceInOrderAndAreChecked) {
  constexpr Migration kTwo[] = {kSchema[0], {"0002_more", "ALTER TABLE shelves ADD COLUMN note text; SELECT 1"}};
  const absl::Status before = CheckMigrated(database_.service, "stock", kTwo);
  EXPECT_EQ(before.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(before.message(), HasSubstr("0002_more"));
  EXPECT_TRUE(Migrate(database_.owner, "stock", kTwo).ok());
  EXPECT_TRUE(Migrate(database_.owner, "stock", kTwo).ok());
  EXPECT_TRUE(CheckMigrated(database_.service, "stock", kTwo).ok());
  EXPECT_EQ(testing::Sql(database_.owner, "SELECT string_agg(name, ' ' ORDER BY name) FROM stock.migrations"),
            "0000_outbox 0000_requests 0001_shelves 0002_more");
  // A binary from before does not know the last step.
  const absl::Status older = Migrate(database_.owner, "stock", kSchema);
  EXPECT_EQ(older.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(older.message(), AllOf(HasSubstr("0002_more"), HasSubstr("newer binary")));
}

TEST_F(PgTest, AllProblemsOfMigrationsAreToldAndNothingRuns) {
  constexpr Migration kChanged[] = {
      {"0000_zero", "CREATE TABLE zero ()"}, {"0001_shelves", "SELECT 1"}, {"0002_more", "CREATE TABLE more ()"}};
  const absl::Status status = Migrate(database_.owner, "stock", kChanged);
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(status.message(),
              AllOf(HasSubstr("0001_shelves ran with SHA-256"), HasSubstr("0000_zero never ran"), HasSubstr("stock")));
  EXPECT_EQ(testing::Sql(database_.owner, "SELECT to_regclass('stock.more') IS NULL"), "t");
}

TEST_F(PgTest, AFailingMigrationLeavesNothingAndNamesItself) {
  constexpr Migration kBad[] = {
      kSchema[0], {"0002_good", "CREATE TABLE good ()"}, {"0003_bad", "CREATE TABLE half (); SELECT nonsense"}};
  const absl::Status status = Migrate(database_.owner, "stock", kBad);
  EXPECT_EQ(status.code(), absl::StatusCode::kInternal);
  EXPECT_THAT(status.message(), AllOf(HasSubstr("stock/0003_bad"), HasSubstr("nonsense")));
  EXPECT_EQ(testing::Sql(database_.owner,
                         "SELECT to_regclass('stock.half') IS NULL AND to_regclass('stock.good') IS NOT NULL"),
            "t");
  constexpr Migration kOwnCommit[] = {kSchema[0], {"0002_good", "CREATE TABLE good ()"}, {"0003_commit", "COMMIT"}};
  EXPECT_THAT(Migrate(database_.owner, "stock", kOwnCommit).message(), HasSubstr("leave out"));
}

TEST_F(PgTest, MigrationsStartedTogetherRunOnce) {
  constexpr Migration kMore[] = {kSchema[0], {"0002_slow", "CREATE TABLE slow (); SELECT pg_sleep(0.2)"}};
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      const absl::Status status = Migrate(database_.owner, "stock", kMore);
      EXPECT_TRUE(status.ok()) << status;
    });
  }
  for (std::thread& thread : threads) thread.join();
}

TEST_F(PgTest, TheServicesRoleOwnsNothing) {
  EXPECT_EQ(Migrate(database_.service, "donors", {}).code(), absl::StatusCode::kInternal);
  EXPECT_EQ(Migrate(database_.owner, "Stock; DROP", {}).code(), absl::StatusCode::kInvalidArgument);
  const absl::Status dropped =
      pool_.Transact(Here(), [](Transaction& tx) { return tx.Query("DROP TABLE shelves").status(); });
  EXPECT_EQ(SqlStateOf(dropped), "42501");
}

// --- Idempotency
// ----------------------------------------------------------------------------------------------------------------------

class IdempotencyTest : public PgTest {
 protected:
  using Text = google::protobuf::StringValue;
  using Number = google::protobuf::Int64Value;

  static Text Request(const std::string& text) {
    Text request;
    request.set_value(text);
    return request;
  }

  // Adds one to shelf A and answers how many it has.
  absl::StatusOr<Number> AddOne(const std::string& id, const Text& request,
                                const std::string& method = "test.Shelves/AddOne",
                                const std::string& network = kNetwork) {
    return pool_.Transact({.network_id = network, .deadline = absl::Now() + absl::Seconds(20)}, [&](Transaction& tx) {
      return Idempotent<Number>(tx, id, method, request, [&](Transaction& tx) -> absl::StatusOr<Number> {
        ++runs_;
        constexpr Statement kAddOne{"UPDATE shelves SET items = items + 1 WHERE name = 'A' RETURNING items"};
        ASSIGN_OR_RETURN(const Result rows, tx.Query(kAddOne));
        Number answer;
        if (rows.empty()) return answer;
        answer.set_value(rows[0].Get<int64_t>(0));
        if (answer.value() > 10) return absl::FailedPreconditionError("the shelf is full");
        return answer;
      });
    });
  }

  void SetUp() override { ASSERT_TRUE(Put("A", 0).ok()); }

  std::atomic<int> runs_ = 0;
};

TEST_F(IdempotencyTest, ARepeatedRequestGetsTheFirstAnswer) {
  const std::string id = ids::NewUuid();
  for (int i = 0; i < 3; ++i) {
    const absl::StatusOr<Number> answer = AddOne(id, Request("x"));
    ASSERT_TRUE(answer.ok()) << answer.status() << DetailOf(answer.status());
    EXPECT_EQ(answer->value(), 1);
  }
  EXPECT_EQ(runs_, 1);
  EXPECT_EQ(Items("A"), 1);
}

TEST_F(IdempotencyTest, AnotherContentOrMethodIsRefused) {
  const std::string id = ids::NewUuid();
  ASSERT_TRUE(AddOne(id, Request("x")).ok());
  for (const absl::Status& status :
       {AddOne(id, Request("y")).status(), AddOne(id, Request("x"), "test.Shelves/Other").status()}) {
    EXPECT_EQ(status.code(), absl::StatusCode::kAlreadyExists);
    EXPECT_EQ(errors::ReasonOf(status), "REQUEST_ID_REUSED");
    EXPECT_EQ(errors::MetadataOf(status)["request_id"], id);
    EXPECT_THAT(errors::MessageIn("ja", status), HasSubstr("新しい"));
  }
  EXPECT_EQ(Items("A"), 1);
}

TEST_F(IdempotencyTest, NetworksDoNotShareIds) {
  const std::string id = ids::NewUuid();
  ASSERT_TRUE(AddOne(id, Request("x")).ok());
  EXPECT_TRUE(AddOne(id, Request("y"), "test.Shelves/AddOne", kOther).ok());
}

TEST_F(IdempotencyTest, OnlySuccessesAreRecorded) {
  ASSERT_TRUE(pool_.Transact(Here(), [](Transaction& tx) { return tx.Execute(kSet, "A", 10).status(); }).ok());
  const std::string id = ids::NewUuid();
  EXPECT_EQ(AddOne(id, Request("x")).status().code(), absl::StatusCode::kFailedPrecondition);
  ASSERT_TRUE(pool_.Transact(Here(), [](Transaction& tx) { return tx.Execute(kSet, "A", 5).status(); }).ok());
  EXPECT_EQ(AddOne(id, Request("x"))->value(), 6);
}

TEST_F(IdempotencyTest, ThreadsWithOneIdDoItOnceAndHearTheSame) {
  for (int round = 0; round < 10; ++round) {
    const std::string id = ids::NewUuid();
    runs_ = 0;
    int64_t answers[4] = {};
    std::vector<std::thread> threads;
    for (int64_t& answer : answers) {
      threads.emplace_back([&] {
        const absl::StatusOr<Number> number = AddOne(id, Request("x"));
        EXPECT_TRUE(number.ok()) << number.status() << DetailOf(number.status());
        if (number.ok()) answer = number->value();
      });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_THAT(answers, ::testing::Each(round + 1));
    EXPECT_EQ(runs_, 1);
  }
}

TEST_F(IdempotencyTest, ARecordThatAppearsWithoutTheLockIsFoundByTheNextRun) {
  // As by a writer that records many requests at once and does not take the lock: the primary key is the last word.
  const std::string id = ids::NewUuid();
  int runs = 0;
  Number first;
  first.set_value(42);
  const absl::StatusOr<Number> answer = pool_.Transact(Here(), [&](Transaction& tx) {
    return Idempotent<Number>(tx, id, "m", Request("x"), [&](Transaction& tx) -> absl::StatusOr<Number> {
      ++runs;
      EXPECT_TRUE(pool_
                      .Transact(Here(),
                                [&](Transaction& other) -> absl::Status {
                                  RecordAnswer(other, id, "m", RequestHash(Request("x")), first.SerializeAsString());
                                  return absl::OkStatus();
                                })
                      .ok());
      return Number();
    });
  });
  ASSERT_TRUE(answer.ok()) << answer.status() << DetailOf(answer.status());
  EXPECT_EQ(answer->value(), 42);
  EXPECT_EQ(runs, 1);
}

TEST_F(IdempotencyTest, MapsHashAlikeWhateverTheirOrder) {
  google::rpc::ErrorInfo a, b;
  for (int i = 0; i < 50; ++i) (*a.mutable_metadata())[absl::StrCat(i)] = "x";
  for (int i = 49; i >= 0; --i) (*b.mutable_metadata())[absl::StrCat(i)] = "x";
  EXPECT_EQ(RequestHash(a), RequestHash(b));
  (*b.mutable_metadata())["7"] = "y";
  EXPECT_NE(RequestHash(a), RequestHash(b));
}

}  // namespace
}  // namespace kubari::pg
