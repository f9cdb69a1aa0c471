#include "services/allocation/run_store.h"

#include <google/protobuf/util/json_util.h>

#include "libs/errors/macros.h"
#include "libs/ids/ids.h"
#include "libs/registry/mutation.h"
#include "services/allocation/refusals.h"

namespace kubari::allocation {
namespace {

#define KUBARI_RUN_COLUMNS                                                                                            \
  "run_id, title, state, policy, policy_version, hand_over_date::text AS hand_over_date, warehouses, snapshot_hash, " \
  "result_hash, "                                                                                                     \
  "summary, answer_hours, pick_up_hours, answer_due_time, pick_up_due_time, create_time, publish_time, creator, "     \
  "publisher, "                                                                                                       \
  "time_zone, options, revision, follow_up_of, offered_again_time, market_state, version "

constexpr pg::Statement kInsert{
    "INSERT INTO runs (network_id, run_id, newest, title, state, policy, policy_version, hand_over_date, warehouses, "
    "snapshot_hash, "
    "result_hash, summary, answer_hours, pick_up_hours, answer_due_time, pick_up_due_time, create_time, publish_time, "
    "creator, publisher, time_zone, options, offer_again, follow_up_of) "
    "VALUES ($1, $2, $3, $4, $5, $6, $7, $8::text::date, $9::uuid[], $10, $11, $12::jsonb, $13, $14, $15, $16, $17, "
    "$18, $19, $20, $21, $22::jsonb, $23, $24)"};
constexpr pg::Statement kInsertSnapshot{
    "INSERT INTO snapshots (network_id, run_id, revision, snapshot) VALUES ($1, $2, $3, $4)"};
constexpr pg::Statement kInsertExclusions{
    "INSERT INTO exclusions (network_id, run_id, lot_index, codes) "
    "SELECT $1, $2, e.n - 1, e.codes FROM unnest($3::bytea[]) WITH ORDINALITY AS e (codes, n)"};
constexpr pg::Statement kFind{"SELECT " KUBARI_RUN_COLUMNS "FROM runs WHERE network_id = $1 AND run_id = $2"};
constexpr pg::Statement kFindLocked{"SELECT " KUBARI_RUN_COLUMNS
                                    "FROM runs WHERE network_id = $1 AND run_id = $2 FOR UPDATE"};
constexpr pg::Statement kLastPublished{
    "SELECT " KUBARI_RUN_COLUMNS
    "FROM runs WHERE network_id = $1 AND state IN (2, 3) AND follow_up_of IS NULL ORDER BY newest, run_id LIMIT 1"};
constexpr pg::Statement kList{"SELECT " KUBARI_RUN_COLUMNS
                              "FROM runs WHERE network_id = $1 AND (newest, run_id) > ($2, $3::uuid) AND "
                              "(cardinality($4::int[]) = 0 OR state = ANY($4)) "
                              "AND ($5::uuid IS NULL OR follow_up_of = $5) ORDER BY newest, run_id LIMIT $6"};
constexpr pg::Statement kListMarkets{"SELECT " KUBARI_RUN_COLUMNS
                                     "FROM runs WHERE network_id = $1 AND market_state > 0 AND (NOT $2 OR market_state "
                                     "= 1) AND (newest, run_id) > ($3, $4::uuid) "
                                     "ORDER BY newest, run_id LIMIT $5"};
constexpr pg::Statement kUpdate{
    "UPDATE runs SET state = $3, summary = $4::jsonb, answer_due_time = $5, pick_up_due_time = $6, publish_time = $7, "
    "publisher = $8, "
    "time_zone = $9, snapshot_hash = $10, result_hash = $11, options = $12::jsonb, offer_again = $13, revision = $14, "
    "offered_again_time = $15, version = $16, market_state = $17 WHERE network_id = $1 AND run_id = $2"};
constexpr pg::Statement kSnapshot{
    "SELECT snapshot FROM snapshots JOIN runs USING (network_id, run_id, revision) "
    "WHERE network_id = $1 AND run_id = $2"};
constexpr pg::Statement kExclusions{
    "SELECT codes FROM exclusions WHERE network_id = $1 AND run_id = $2 ORDER BY lot_index"};
constexpr pg::Statement kTakeLease{
    "UPDATE runs SET lease_owner = $3, lease_until = clock_timestamp() + make_interval(secs => $4) "
    "WHERE network_id = $1 AND run_id = $2 AND state = 2 "
    "AND (lease_until IS NULL OR lease_until < clock_timestamp() OR lease_owner = $3)"};
constexpr pg::Statement kGiveLeaseBack{
    "UPDATE runs SET lease_owner = NULL, lease_until = NULL WHERE network_id = $1 AND run_id = $2 AND lease_owner = "
    "$3"};
constexpr pg::Statement kUnfinishedRuns{"SELECT network_id, run_id AS id FROM unfinished_runs()"};
constexpr pg::Statement kRunsToOfferAgain{"SELECT network_id, run_id AS id FROM runs_to_offer_again($1, $2)"};
constexpr pg::Statement kUnfinishedAnswers{"SELECT network_id, line_id AS id FROM unfinished_answers($1)"};

absl::StatusOr<RunRow> ReadRun(const pg::Row& row) {
  RunRow found;
  found.id = row.Get<std::string>("run_id");
  found.answer_hours = row.Get<int>("answer_hours");
  found.pick_up_hours = row.Get<int>("pick_up_hours");
  found.create_time = row.Get<absl::Time>("create_time");
  found.publish_time = row.Get<std::optional<absl::Time>>("publish_time");
  found.answer_due_time = row.Get<std::optional<absl::Time>>("answer_due_time");
  found.pick_up_due_time = row.Get<std::optional<absl::Time>>("pick_up_due_time");
  found.publisher = row.Get<std::string>("publisher");
  found.time_zone = row.Get<std::string>("time_zone");
  found.version = row.Get<int64_t>("version");
  pb::Run& run = found.run;
  run.set_name(ids::Name("runs", found.id));
  run.set_title(row.Get<std::string>("title"));
  run.set_state(static_cast<pb::RunState>(row.Get<int>("state")));
  run.set_policy(static_cast<pb::Policy>(row.Get<int>("policy")));
  run.set_policy_version(row.Get<std::string>("policy_version"));
  run.set_hand_over_date(row.Get<std::string>("hand_over_date"));
  for (const std::string& id : row.Get<std::vector<std::string>>("warehouses"))
    run.add_warehouses(ids::Name("warehouses", id));
  run.set_snapshot_hash(row.Get<std::string>("snapshot_hash"));
  run.set_result_hash(row.Get<std::string>("result_hash"));
  RETURN_IF_ERROR(FromJson(row.Get<std::string>("summary"), *run.mutable_summary()));
  RETURN_IF_ERROR(FromJson(row.Get<std::string>("options"), *run.mutable_options()));
  if (const auto first = row.Get<std::optional<std::string>>("follow_up_of"))
    run.set_follow_up_of(ids::Name("runs", *first));
  found.revision = row.Get<int>("revision");
  found.offered_again_time = row.Get<std::optional<absl::Time>>("offered_again_time");
  found.market = static_cast<MarketPhase>(row.Get<int>("market_state"));
  *run.mutable_create_time() = registry::ToTimestamp(found.create_time);
  if (found.publish_time) *run.mutable_publish_time() = registry::ToTimestamp(*found.publish_time);
  if (found.answer_due_time) *run.mutable_answer_due_time() = registry::ToTimestamp(*found.answer_due_time);
  if (found.pick_up_due_time) *run.mutable_pick_up_due_time() = registry::ToTimestamp(*found.pick_up_due_time);
  run.set_creator(row.Get<std::string>("creator"));
  run.set_etag(registry::EtagOf(found.version));
  return found;
}

std::vector<Unfinished> ReadUnfinished(const pg::Result& rows) {
  std::vector<Unfinished> unfinished;
  for (const pg::Row row : rows) unfinished.push_back({row.Get<std::string>("network_id"), row.Get<std::string>("id")});
  return unfinished;
}

}  // namespace

absl::Status InsertRun(pg::Transaction& tx, const RunRow& row, const std::string& snapshot,
                       const std::vector<std::vector<uint32_t>>& exclusions) {
  const pb::Run& run = row.run;
  std::vector<std::string> warehouses;
  for (const std::string& name : run.warehouses()) warehouses.push_back(*ids::IdFromName("warehouses", name));
  std::vector<pg::Bytes> codes;
  for (const std::vector<uint32_t>& of_lot : exclusions) {
    std::string& bytes = codes.emplace_back().value;
    for (const uint32_t bits : of_lot) {
      for (int shift = 24; shift >= 0; shift -= 8) bytes.push_back(static_cast<char>(bits >> shift & 0xFF));
    }
  }
  pg::Batch batch;
  batch.Add(kInsert, tx.network_id(), row.id, row.newest(), run.title(), static_cast<int>(run.state()),
            static_cast<int>(run.policy()), run.policy_version(), run.hand_over_date(), warehouses, run.snapshot_hash(),
            run.result_hash(), ToJson(run.summary()), row.answer_hours, row.pick_up_hours, row.answer_due_time,
            row.pick_up_due_time, row.create_time, row.publish_time, run.creator(), row.publisher, row.time_zone,
            ToJson(run.options()), run.options().offer_again(), ids::IdFromName("runs", run.follow_up_of()));
  batch.Add(kInsertSnapshot, tx.network_id(), row.id, row.revision, pg::Bytes{snapshot});
  batch.Add(kInsertExclusions, tx.network_id(), row.id, codes);
  const absl::Status status = tx.Pipeline(batch).status();
  if (pg::ConstraintOf(status) == "runs_pkey") return refusals::RunIdTaken(run.name());
  return status;
}

absl::StatusOr<RunRow> FindRun(pg::Transaction& tx, const std::string& run_id, bool lock) {
  ASSIGN_OR_RETURN(const pg::Result rows, tx.Query(lock ? kFindLocked : kFind, tx.network_id(), run_id));
  if (rows.empty()) return refusals::RunNotFound(ids::Name("runs", run_id));
  return ReadRun(rows[0]);
}

absl::StatusOr<RunRow> LastPublishedRun(pg::Transaction& tx) {
  ASSIGN_OR_RETURN(const pg::Result rows, tx.Query(kLastPublished, tx.network_id()));
  if (rows.empty()) return refusals::RunNotFound("runs/-");
  return ReadRun(rows[0]);
}

absl::StatusOr<std::vector<RunRow>> ListRuns(pg::Transaction& tx, const RunFilter& filter, int64_t newest,
                                             const std::string& run_id, int limit) {
  ASSIGN_OR_RETURN(const pg::Result rows,
                   tx.Query(kList, tx.network_id(), newest, run_id, filter.states, filter.follow_up_of, limit));
  std::vector<RunRow> runs;
  for (const pg::Row row : rows) {
    ASSIGN_OR_RETURN(RunRow run, ReadRun(row));
    runs.push_back(std::move(run));
  }
  return runs;
}

absl::StatusOr<std::vector<RunRow>> ListMarkets(pg::Transaction& tx, bool open_only, int64_t newest,
                                                const std::string& run_id, int limit) {
  ASSIGN_OR_RETURN(const pg::Result rows, tx.Query(kListMarkets, tx.network_id(), open_only, newest, run_id, limit));
  std::vector<RunRow> runs;
  for (const pg::Row row : rows) {
    ASSIGN_OR_RETURN(RunRow run, ReadRun(row));
    runs.push_back(std::move(run));
  }
  return runs;
}

absl::Status UpdateRun(pg::Transaction& tx, RunRow& row) {
  ++row.version;
  row.run.set_etag(registry::EtagOf(row.version));
  if (row.publish_time) *row.run.mutable_publish_time() = registry::ToTimestamp(*row.publish_time);
  if (row.answer_due_time) *row.run.mutable_answer_due_time() = registry::ToTimestamp(*row.answer_due_time);
  if (row.pick_up_due_time) *row.run.mutable_pick_up_due_time() = registry::ToTimestamp(*row.pick_up_due_time);
  return tx
      .Execute(kUpdate, tx.network_id(), row.id, static_cast<int>(row.run.state()), ToJson(row.run.summary()),
               row.answer_due_time, row.pick_up_due_time, row.publish_time, row.publisher, row.time_zone,
               row.run.snapshot_hash(), row.run.result_hash(), ToJson(row.run.options()),
               row.run.options().offer_again(), row.revision, row.offered_again_time, row.version,
               static_cast<int>(row.market))
      .status();
}

absl::Status InsertSnapshot(pg::Transaction& tx, const std::string& run_id, int revision, const std::string& snapshot) {
  return tx.Execute(kInsertSnapshot, tx.network_id(), run_id, revision, pg::Bytes{snapshot}).status();
}

absl::StatusOr<std::string> ReadSnapshot(pg::Transaction& tx, const std::string& run_id) {
  ASSIGN_OR_RETURN(const pg::Result rows, tx.Query(kSnapshot, tx.network_id(), run_id));
  if (rows.empty()) return refusals::RunNotFound(ids::Name("runs", run_id));
  return rows[0].Get<std::string>("snapshot");
}

absl::StatusOr<std::vector<std::vector<uint32_t>>> ReadExclusions(pg::Transaction& tx, const std::string& run_id) {
  ASSIGN_OR_RETURN(const pg::Result rows, tx.Query(kExclusions, tx.network_id(), run_id));
  std::vector<std::vector<uint32_t>> exclusions;
  for (const pg::Row row : rows) {
    const std::string bytes = row.Get<std::string>("codes");
    std::vector<uint32_t>& of_lot = exclusions.emplace_back();
    for (size_t i = 0; i + 3 < bytes.size(); i += 4) {
      uint32_t& bits = of_lot.emplace_back(0);
      for (size_t b = 0; b < 4; ++b) bits = bits << 8 | static_cast<unsigned char>(bytes[i + b]);
    }
  }
  return exclusions;
}

absl::StatusOr<bool> TakeLease(pg::Transaction& tx, const std::string& run_id, const std::string& owner, int seconds) {
  ASSIGN_OR_RETURN(const int64_t taken, tx.Execute(kTakeLease, tx.network_id(), run_id, owner, seconds));
  return taken == 1;
}

absl::Status GiveLeaseBack(pg::Transaction& tx, const std::string& run_id, const std::string& owner) {
  return tx.Execute(kGiveLeaseBack, tx.network_id(), run_id, owner).status();
}

absl::StatusOr<std::vector<Unfinished>> UnfinishedRuns(pg::Transaction& tx) {
  ASSIGN_OR_RETURN(const pg::Result rows, tx.Query(kUnfinishedRuns));
  return ReadUnfinished(rows);
}

absl::StatusOr<std::vector<Unfinished>> RunsToOfferAgain(pg::Transaction& tx, absl::Time at, absl::Time due) {
  ASSIGN_OR_RETURN(const pg::Result rows, tx.Query(kRunsToOfferAgain, at, due));
  return ReadUnfinished(rows);
}

absl::StatusOr<std::vector<Unfinished>> UnfinishedAnswers(pg::Transaction& tx, absl::Time before) {
  ASSIGN_OR_RETURN(const pg::Result rows, tx.Query(kUnfinishedAnswers, before));
  return ReadUnfinished(rows);
}

std::string ToJson(const google::protobuf::Message& message) {
  std::string json;
  const auto status = google::protobuf::util::MessageToJsonString(message, &json);
  return status.ok() ? json : "{}";
}

absl::Status FromJson(const std::string& json, google::protobuf::Message& message) {
  const auto status = google::protobuf::util::JsonStringToMessage(json, &message);
  return status.ok() ? absl::OkStatus() : absl::InternalError("a JSON column does not parse");
}

}  // namespace kubari::allocation
