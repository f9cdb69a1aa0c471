// A database with shelves, and a pool on it: what the tests of this room share.
#pragma once

#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "libs/errors/macros.h"
#include "libs/pg/migrations.h"
#include "libs/pg/pool.h"
#include "libs/pg/status.h"
#include "libs/pg/testing/database.h"

namespace kubari::pg {

inline constexpr char kNetwork[] = "00000000-0000-4000-8000-000000000001";
inline constexpr char kOther[] = "00000000-0000-4000-8000-000000000002";

inline constexpr Migration kSchema[] = {{"0001_shelves", R"(
CREATE TABLE shelves (
  network_id uuid NOT NULL, name text NOT NULL, items bigint NOT NULL CONSTRAINT shelves_items_not_negative CHECK (items >= 0),
  CONSTRAINT shelves_pkey PRIMARY KEY (network_id, name));
ALTER TABLE shelves ENABLE ROW LEVEL SECURITY;
ALTER TABLE shelves FORCE ROW LEVEL SECURITY;
CREATE POLICY network ON shelves USING (network_id = nullif(current_setting('kubari.network', true), '')::uuid);
GRANT SELECT, INSERT, UPDATE ON shelves TO kubari_stock;
)"}};

inline constexpr Statement kPut{"INSERT INTO shelves (network_id, name, items) VALUES ($1, $2, $3)"};
inline constexpr Statement kItems{"SELECT items FROM shelves WHERE name = $1"};
inline constexpr Statement kSet{"UPDATE shelves SET items = $2 WHERE name = $1"};
inline constexpr Statement kAdd{"UPDATE shelves SET items = items + $2 WHERE name = $1"};
inline constexpr Statement kCount{"SELECT count(*) AS n FROM shelves"};
inline constexpr Statement kPid{"SELECT pg_backend_pid()"};
inline constexpr Statement kSleep{"SELECT pg_sleep($1)"};

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

}  // namespace kubari::pg
