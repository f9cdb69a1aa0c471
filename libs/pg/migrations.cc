#include "libs/pg/migrations.h"

#include <sodium.h>

#include <map>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "libs/pg/connection.h"
#include "libs/pg/status.h"

namespace kubari::pg {
namespace {

constexpr int kOldestServer = 150000;

// What every service has; see idempotency.h. It grants to the role kubari_<schema>, whose name is not known here.
constexpr Migration kRequests{"0000_requests", R"(
CREATE TABLE requests (
  network_id    uuid        NOT NULL,
  request_id    uuid        NOT NULL,
  method        text        NOT NULL,
  request_hash  bytea       NOT NULL CHECK (length(request_hash) = 32),
  response      bytea       NOT NULL,
  recorded_time timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT requests_pkey PRIMARY KEY (network_id, request_id)
);
ALTER TABLE requests ENABLE ROW LEVEL SECURITY;
ALTER TABLE requests FORCE ROW LEVEL SECURITY;
CREATE POLICY network ON requests
  USING (network_id = nullif(current_setting('kubari.network', true), '')::uuid);
DO $$
BEGIN
  EXECUTE format('GRANT SELECT, INSERT ON requests TO %I', 'kubari_' || current_schema());
END
$$;
)"};

// What a service wants people to hear, until the notifications service has taken it; see libs/outbox. The function tells which
// networks have something waiting, and nothing else, across the line that row-level security draws: it runs as the owner, and the
// setting that it switches on opens the table to the owner alone.
constexpr Migration kOutbox{"0000_outbox", R"(
CREATE TABLE outbox (
  network_id   uuid        NOT NULL,
  notice_id    uuid        NOT NULL,
  notice       bytea       NOT NULL,
  sealed       boolean     NOT NULL,
  written_time timestamptz NOT NULL DEFAULT now(),
  refusal      text,
  CONSTRAINT outbox_pkey PRIMARY KEY (network_id, notice_id)
);
CREATE INDEX outbox_waiting ON outbox (network_id, written_time, notice_id) WHERE refusal IS NULL;
ALTER TABLE outbox ENABLE ROW LEVEL SECURITY;
ALTER TABLE outbox FORCE ROW LEVEL SECURITY;
CREATE POLICY network ON outbox
  USING (network_id = nullif(current_setting('kubari.network', true), '')::uuid);
CREATE POLICY across_networks ON outbox FOR SELECT TO CURRENT_USER
  USING (current_setting('kubari.across_networks', true) = 'on');
CREATE FUNCTION outbox_networks() RETURNS SETOF uuid LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
  PERFORM set_config('kubari.across_networks', 'on', true);
  RETURN QUERY SELECT DISTINCT o.network_id FROM outbox o WHERE o.refusal IS NULL;
END
$$;
REVOKE ALL ON FUNCTION outbox_networks() FROM PUBLIC;
DO $$
BEGIN
  EXECUTE format('ALTER FUNCTION outbox_networks() SET search_path = %I, pg_temp', current_schema());
  EXECUTE format('GRANT EXECUTE ON FUNCTION outbox_networks() TO %I', 'kubari_' || current_schema());
  EXECUTE format('GRANT SELECT, INSERT, UPDATE (refusal), DELETE ON outbox TO %I', 'kubari_' || current_schema());
END
$$;
)"};

std::string Sha256Hex(std::string_view text) {
  unsigned char hash[crypto_hash_sha256_BYTES];
  crypto_hash_sha256(hash, reinterpret_cast<const unsigned char*>(text.data()), text.size());
  return absl::BytesToHexString(absl::string_view(reinterpret_cast<const char*>(hash), sizeof(hash)));
}

absl::Status Precondition(std::string_view schema, const std::vector<std::string>& problems) {
  return absl::FailedPreconditionError(
      absl::StrCat("Schema ", std::string(schema), " does not fit this binary: ", absl::StrJoin(problems, " ")));
}

// Runs SQL outside of any pipeline; `what` is for the message.
absl::StatusOr<Result> Run(PGconn* session, const std::string& what, const std::string& sql,
                           const std::vector<std::string>& values = {}) {
  std::vector<const char*> parameters;
  for (const std::string& value : values) parameters.push_back(value.c_str());
  // Only the call without parameters takes several statements.
  PGresult* raw = values.empty() ? PQexec(session, sql.c_str())
                                 : PQexecParams(session, sql.c_str(), static_cast<int>(parameters.size()), nullptr,
                                                parameters.data(), nullptr, nullptr, 0);
  const Result result(raw, nullptr);
  const ExecStatusType state = PQresultStatus(raw);
  if (state == PGRES_COMMAND_OK || state == PGRES_TUPLES_OK) return result;
  if (PQstatus(session) != CONNECTION_OK)
    return absl::UnavailableError(absl::StrCat(what, ": ", PQerrorMessage(session)));
  return absl::InternalError(absl::StrCat(what, ": ", PQerrorMessage(session)));
}

absl::StatusOr<Session> OpenForMigrations(const std::string& conninfo, std::string_view schema) {
  if (schema.empty() || schema.find_first_not_of("abcdefghijklmnopqrstuvwxyz_") != std::string_view::npos) {
    return absl::InvalidArgumentError(
        absl::StrCat("A schema's name has lower-case letters and _ only; this is \"", std::string(schema), "\"."));
  }
  absl::StatusOr<Session> session = OpenSession(conninfo, schema, absl::InfiniteFuture());
  if (!session.ok())
    return absl::UnavailableError(absl::StrCat("Schema ", std::string(schema), ": ", DetailOf(session.status())));
  if (const int version = PQserverVersion(session->get()); version < kOldestServer) {
    return absl::FailedPreconditionError(
        absl::StrCat("The server is PostgreSQL ", version / 10000, "; Kubari needs 15 or newer."));
  }
  return session;
}

std::vector<Migration> WithBuiltIn(std::span<const Migration> migrations) {
  std::vector<Migration> all{kOutbox, kRequests};
  all.insert(all.end(), migrations.begin(), migrations.end());
  return all;
}

// Name → SHA-256 of what has run, or nothing at all if the table is missing.
absl::StatusOr<std::map<std::string, std::string>> Recorded(PGconn* session, const std::string& schema) {
  absl::StatusOr<Result> exists =
      Run(session, "looking for migrations", "SELECT to_regclass($1) IS NOT NULL", {schema + ".migrations"});
  if (!exists.ok()) return exists.status();
  std::map<std::string, std::string> recorded;
  if (!(*exists)[0].Get<bool>(0)) return recorded;
  absl::StatusOr<Result> rows = Run(session, absl::StrCat("reading ", schema, ".migrations"),
                                    absl::StrCat("SELECT name, sha256 FROM ", schema, ".migrations"));
  if (!rows.ok()) return rows.status();
  for (const Row row : *rows) recorded[row.Get<std::string>("name")] = row.Get<std::string>("sha256");
  return recorded;
}

// Everything that keeps this binary's steps from following what is recorded.
std::vector<std::string> Conflicts(const std::vector<Migration>& steps,
                                   const std::map<std::string, std::string>& recorded) {
  std::vector<std::string> problems;
  std::map<std::string, std::string> known;
  std::string last;
  for (const Migration& step : steps) {
    if (step.name <= last)
      problems.push_back(absl::StrCat(step.name, " stands behind ", last, " in this binary: names must ascend."));
    last = step.name;
    known[step.name] = Sha256Hex(step.sql);
    const auto found = recorded.find(step.name);
    if (found != recorded.end() && found->second != known[step.name]) {
      problems.push_back(absl::StrCat(step.name, " ran with SHA-256 ", found->second, "; this binary has ",
                                      known[step.name],
                                      ". A released step must not change: put the change into a new one."));
    }
    if (found == recorded.end() && !recorded.empty() && recorded.rbegin()->first > step.name) {
      problems.push_back(absl::StrCat(step.name, " never ran, but the later ", recorded.rbegin()->first,
                                      " did. Give it a number behind that one."));
    }
  }
  for (const auto& [name, sha256] : recorded) {
    if (!known.contains(name)) {
      problems.push_back(absl::StrCat(name, " (SHA-256 ", sha256, ") ran, and this binary, whose last step is ", last,
                                      ", does not know it. Use the newer binary."));
    }
  }
  return problems;
}

absl::Status Apply(PGconn* session, const std::string& schema, const Migration& step) {
  const std::string what = absl::StrCat("Migration ", schema, "/", step.name);
  const auto in_transaction = [&]() -> absl::Status {
    if (auto begun = Run(session, what, absl::StrCat("BEGIN; SET LOCAL search_path TO ", schema)); !begun.ok())
      return begun.status();
    if (auto done = Run(session, what, step.sql); !done.ok()) return done.status();
    if (PQtransactionStatus(session) != PQTRANS_INTRANS) {
      return absl::InternalError(what + " ended its transaction itself; leave out BEGIN, COMMIT and ROLLBACK.");
    }
    // search_path may be the step's own by now.
    auto noted = Run(session, what, absl::StrCat("INSERT INTO ", schema, ".migrations (name, sha256) VALUES ($1, $2)"),
                     {step.name, Sha256Hex(step.sql)});
    if (!noted.ok()) return noted.status();
    return Run(session, what, "COMMIT").status();
  };
  const absl::Status status = in_transaction();
  if (!status.ok() && PQtransactionStatus(session) != PQTRANS_IDLE) (void)Run(session, what, "ROLLBACK");
  return status;
}

}  // namespace

absl::Status Migrate(const std::string& conninfo_owner, std::string_view schema_name,
                     std::span<const Migration> migrations) {
  absl::StatusOr<Session> opened = OpenForMigrations(conninfo_owner, schema_name);
  if (!opened.ok()) return opened.status();
  PGconn* session = opened->get();
  const std::string schema(schema_name);
  // Held until the session ends.
  auto locked = Run(session, "waiting for other migrations",
                    "SELECT pg_advisory_lock(hashtextextended('kubari.migrations.' || $1, 0))", {schema});
  if (!locked.ok()) return locked.status();

  const std::vector<Migration> steps = WithBuiltIn(migrations);
  auto recorded = Recorded(session, schema);
  if (!recorded.ok()) return recorded.status();
  if (const std::vector<std::string> problems = Conflicts(steps, *recorded); !problems.empty())
    return Precondition(schema, problems);

  if (recorded->empty()) {
    auto made = Run(
        session, absl::StrCat("creating schema ", schema),
        absl::StrCat("CREATE SCHEMA IF NOT EXISTS ", schema, "; CREATE TABLE IF NOT EXISTS ", schema,
                     ".migrations (name text PRIMARY KEY, sha256 text NOT NULL, applied_time timestamptz NOT NULL "
                     "DEFAULT now()); "
                     "GRANT USAGE ON SCHEMA ",
                     schema, " TO kubari_", schema, "; GRANT SELECT ON ", schema, ".migrations TO kubari_", schema));
    if (!made.ok()) return made.status();
  }
  for (const Migration& step : steps) {
    if (recorded->contains(step.name)) continue;
    if (const absl::Status status = Apply(session, schema, step); !status.ok()) return status;
  }
  return absl::OkStatus();
}

absl::Status CheckMigrated(const std::string& conninfo, std::string_view schema,
                           std::span<const Migration> migrations) {
  const absl::StatusOr<Session> session = OpenForMigrations(conninfo, schema);
  if (!session.ok()) return session.status();
  auto recorded = Recorded(session->get(), std::string(schema));
  if (!recorded.ok()) return recorded.status();
  const std::vector<Migration> steps = WithBuiltIn(migrations);
  std::vector<std::string> problems = Conflicts(steps, *recorded);
  for (const Migration& step : steps) {
    if (!recorded->contains(step.name) && problems.empty()) {
      problems.push_back(absl::StrCat(
          step.name, " and later steps have not run here. Run this binary's migrations as the owner first."));
    }
  }
  return problems.empty() ? absl::OkStatus() : Precondition(schema, problems);
}

}  // namespace kubari::pg
