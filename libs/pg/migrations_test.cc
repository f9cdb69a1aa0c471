// Migrations against a real PostgreSQL.
#include <gmock/gmock.h>

#include <thread>
#include <vector>

#include "libs/pg/pg_fixture.h"

namespace kubari::pg {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

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

}  // namespace
}  // namespace kubari::pg
