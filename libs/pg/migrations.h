// Bringing a service's schema to the shape its binary expects. Forward only.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace kubari::pg {

// One step. Names are "NNNN_what" and sort in the order of their making; a released step never changes.
// kubari_migrations() in CMake makes a table of these, kMigrations, from a directory of .sql files.
struct Migration {
  const char* name;
  const char* sql;
};

// Runs the steps that `schema` does not have yet, as its owner: each in its own transaction with search_path = schema,
// all under an advisory lock, so several processes may start at once. Creates the schema and its table
// `migrations(name, sha256, applied_time)` if they are missing, and grants USAGE on the schema to the role
// kubari_<schema>, which must exist. Before the given steps come two built-in ones, "0000_outbox" and "0000_requests": the
// tables of libs/outbox and of idempotency.h with their rights.
//
// FAILED_PRECONDITION, naming every step concerned, what is recorded and what this binary has, and running nothing:
//   - a step was changed after it ran, or it was added before one that has run;
//   - the database has steps this binary does not know (it is newer);
//   - the server is older than PostgreSQL 15.
// INTERNAL with the server's message if a step fails; that step leaves nothing behind. UNAVAILABLE if there is no
// connection. Messages are for operators and name the schema and the file.
absl::Status Migrate(const std::string& conninfo_owner, std::string_view schema, std::span<const Migration> migrations);

// Whether `schema` has exactly these steps; changes nothing. Services call it at start-up with their own role.
// FAILED_PRECONDITION as above, and for steps that have not run.
absl::Status CheckMigrated(const std::string& conninfo, std::string_view schema, std::span<const Migration> migrations);

}  // namespace kubari::pg
