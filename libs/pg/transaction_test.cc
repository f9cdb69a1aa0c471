// Transactions against a real PostgreSQL: values, commit and rollback, networks, violations, pipelines.
#include <gmock/gmock.h>

#include <optional>
#include <vector>

#include "libs/errors/errors.h"
#include "libs/ids/ids.h"
#include "libs/log/log.h"
#include "libs/pg/pg_fixture.h"

namespace kubari::pg {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

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

}  // namespace
}  // namespace kubari::pg
