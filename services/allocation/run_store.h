// Runs, snapshots and exclusions in PostgreSQL. Everything is called inside a transaction of the network in question.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>
#include <absl/time/time.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "kubari/allocation/v1/allocation.pb.h"
#include "libs/pg/transaction.h"

namespace kubari::allocation {

namespace pb = kubari::allocation::v1;

// Of a run in which groups choose.
enum class MarketPhase {
  kNone = 0,  // they do not, or it is not published yet
  kOpen = 1,
  kClosing = 2,  // no more claims or bids
  kSettled = 3,  // what is urgent of the rest is still to be offered
  kClosed = 4,
};

struct RunRow {
  std::string id;  // UUID
  // As shown to people.
  pb::Run run;
  int answer_hours = 0;
  int pick_up_hours = 0;
  absl::Time create_time;
  std::optional<absl::Time> publish_time, answer_due_time, pick_up_due_time;
  // "people/{uuid}" …; empty before publishing.
  std::string publisher;
  std::string time_zone;  // IANA name
  int revision = 1;       // of its proposal
  // When goods that came back were last offered again.
  std::optional<absl::Time> offered_again_time;
  MarketPhase market = MarketPhase::kNone;
  int64_t version = 1;

  // Orders runs, newest first.
  int64_t newest() const { return -absl::ToUnixMicros(create_time); }
};

// ALREADY_EXISTS / ID_TAKEN. `exclusions`: by lot, then group, as in Judgement.
absl::Status InsertRun(pg::Transaction& tx, const RunRow& row, const std::string& snapshot,
                       const std::vector<std::vector<uint32_t>>& exclusions);
// NOT_FOUND / RUN_NOT_FOUND. `lock`: nobody else changes it until the transaction ends.
absl::StatusOr<RunRow> FindRun(pg::Transaction& tx, const std::string& run_id, bool lock = false);
// The one published last, second offers apart; NOT_FOUND / RUN_NOT_FOUND.
absl::StatusOr<RunRow> LastPublishedRun(pg::Transaction& tx);
struct RunFilter {
  std::vector<int> states;  // empty: all
  std::optional<std::string> follow_up_of;
};
// After (newest, run_id), newest first.
absl::StatusOr<std::vector<RunRow>> ListRuns(pg::Transaction& tx, const RunFilter& filter, int64_t newest,
                                             const std::string& run_id, int limit);
// Of runs in which groups choose, those that were published; as ListRuns.
absl::StatusOr<std::vector<RunRow>> ListMarkets(pg::Transaction& tx, bool open_only, int64_t newest,
                                                const std::string& run_id, int limit);
// Everything that may change: state, summary, times, publisher, time zone, and of a proposal what it was made from. The
// version grows by one here and in `row`.
absl::Status UpdateRun(pg::Transaction& tx, RunRow& row);

// Of the revision that counts.
absl::StatusOr<std::string> ReadSnapshot(pg::Transaction& tx, const std::string& run_id);
// Of another revision of a run.
absl::Status InsertSnapshot(pg::Transaction& tx, const std::string& run_id, int revision, const std::string& snapshot);
// By lot, then group.
absl::StatusOr<std::vector<std::vector<uint32_t>>> ReadExclusions(pg::Transaction& tx, const std::string& run_id);

// The right to make a PUBLISHING run's reservations, for `seconds`; renewed by asking again. False: another process has
// it, or there is nothing to do any more.
absl::StatusOr<bool> TakeLease(pg::Transaction& tx, const std::string& run_id, const std::string& owner, int seconds);
absl::Status GiveLeaseBack(pg::Transaction& tx, const std::string& run_id, const std::string& owner);

// What was left half way, in all networks. Needs no network.
struct Unfinished {
  std::string network_id;
  std::string id;  // of the run or line
};
absl::StatusOr<std::vector<Unfinished>> UnfinishedRuns(pg::Transaction& tx);
absl::StatusOr<std::vector<Unfinished>> UnfinishedAnswers(pg::Transaction& tx, absl::Time before);
// Published runs with goods to offer again, whose pick-up is due after `at`, and that offered some again before `due`
// or never.
absl::StatusOr<std::vector<Unfinished>> RunsToOfferAgain(pg::Transaction& tx, absl::Time at, absl::Time due);

// Display facts as JSON columns.
std::string ToJson(const google::protobuf::Message& message);
absl::Status FromJson(const std::string& json, google::protobuf::Message& message);

}  // namespace kubari::allocation
