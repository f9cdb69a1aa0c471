// Real PostgreSQL for tests.
//
//   const pg::testing::Database database = pg::testing::CreateDatabase("stock", kMigrations);
//   pg::Pool pool({.conninfo = database.service, .schema = "stock"});
//
// The first call in a process starts a private cluster in a temporary directory: Unix socket only, no fsync, as user
// postgres when the test runs as root. It ends with the process, however that ends. It has the roles of a real
// installation: kubari_owner, and kubari_<service> for each service, which are neither superusers nor owners and cannot
// bypass row-level security. Thread-safe; ends the process with a message if PostgreSQL cannot be started.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "libs/pg/migrations.h"

namespace kubari::pg::testing {

// Connection strings of one database. It is dropped with the cluster.
struct Database {
  std::string name;
  std::string owner;      // as kubari_owner
  std::string service;    // as kubari_<schema>
  std::string superuser;  // as postgres: for what only tests do, such as pg_terminate_backend
};

// A fresh database with this schema migrated. The first call for a (schema, migrations) pair runs Migrate; later ones
// copy its result (some 30 ms). `schema` is a service: identity, donors, groups, stock, allocation, impact, notifications
// or support.
Database CreateDatabase(std::string_view schema, std::span<const Migration> migrations);

// Runs SQL (several statements are one transaction) and returns the first column of the last result's first row, or "".
// Ends the process if it fails. For arranging and inspecting in tests.
std::string Sql(const std::string& conninfo, const std::string& sql);

}  // namespace kubari::pg::testing
