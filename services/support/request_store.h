// Requests, their journal and fulfilments in PostgreSQL. All statements name the network, and row-level security shows
// only what the transaction acts for (acting.h).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "kubari/support/v1/support.pb.h"
#include "libs/pg/transaction.h"
#include "services/support/domain/states.h"

namespace kubari::support {

// One row of support_requests, with names as they were last told.
struct Request {
  std::string id;
  std::string code;
  Standing standing;
  std::string requester_name, responsible_name, proposed_name;
  absl::Time responsible_time;
  std::string acknowledged_by;
  std::optional<absl::Time> acknowledge_time;
  // Set together with standing.proposed.
  std::optional<absl::Time> propose_time, answer_due_time;
  std::optional<std::string> proposed_by;
  pb::Urgency urgency = pb::URGENCY_MONTH;
  absl::CivilDay due;
  std::string municipality_code;
  pb::Household household;
  std::string campaign_id;  // may be empty
  absl::Time create_time;
  std::optional<absl::Time> close_time;
  // The last step that somebody took; and, of an open request that was announced to be abandoned, when it is closed and
  // erased.
  absl::Time activity_time;
  std::optional<absl::Time> abandon_time;
  bool has_contact = false;
  int households_reached = 0;
  pb::DeclineReason decline_reason = pb::DECLINE_REASON_UNSPECIFIED;
  int journal_count = 0;
  int64_t version = 1;
  // 0: impact was never told of it.
  int64_t reached_position = 0;
  int retention_days = 0;  // the network's
  std::vector<pb::Fulfilment> fulfilments;

  std::string name() const;
};

// What one step adds to the journal. Organisations may be empty.
struct Entry {
  pb::JournalKind kind;
  std::string actor;
  std::string organisation;
  std::string other;
  pb::DeclineReason reason = pb::DECLINE_REASON_UNSPECIFIED;
  int64_t items = 0;
  int households = 0;
  bool has_note = false;
};

// As the contract shows it to members of these organisations.
pb::SupportRequest Shown(const Request& request, const std::vector<std::string>& organisations, absl::CivilDay today,
                         absl::Time now);

// NOT_FOUND / REQUEST_NOT_FOUND, also for strangers. `lock`: until the transaction ends.
absl::StatusOr<Request> LoadRequest(pg::Transaction& tx, const std::string& id, bool lock);

struct RequestFilter {
  // The caller's; row-level security says the same.
  std::vector<std::string> parties;
  std::vector<int> states;
  bool proposed = false, responsible = false, overdue = false;
  std::string municipality_prefix;
  std::string code_prefix;
  absl::CivilDay today;
  absl::Time now;
  // Keyset: by due date from early to late, or by the time it was made from late to early.
  bool newest_first = false;
  std::string after_value, after_id;
  int limit = 0;
};
absl::StatusOr<std::vector<Request>> ListRequests(pg::Transaction& tx, const RequestFilter& filter);

// False if another request of the network has the code.
absl::StatusOr<bool> InsertRequest(pg::Transaction& tx, const Request& request);
// Writes all that changes, under the next version; `request` must be locked. With the next statement or COMMIT.
void SaveRequest(pg::Transaction& tx, Request& request);
// Adds the next entry with the request's state as it is then, and returns its number. SaveRequest counts it, so it
// comes first. A step of somebody ends what was announced (abandon_time).
int AddEntry(pg::Transaction& tx, Request& request, const Entry& entry, absl::Time now);
void AddFulfilment(pg::Transaction& tx, const Request& request, int number, const std::string& delivery_id,
                   int64_t items, const std::string& organisation_id, absl::Time now);
// Items of this delivery that were recorded for any request of the network; holds a lock on the delivery.
absl::StatusOr<int64_t> RecordedOf(pg::Transaction& tx, const std::string& delivery_id);

// What impact is to know of it has changed: it moves to the end of what ReadReached tells. Before SaveRequest.
absl::Status TellReached(pg::Transaction& tx, Request& request);
// Behind a position, in order.
absl::StatusOr<std::vector<pb::Reached>> LoadReached(pg::Transaction& tx, int64_t after_position, int limit);

absl::StatusOr<std::vector<pb::JournalEntry>> LoadJournal(pg::Transaction& tx, const std::string& id, int after,
                                                          int limit);

struct LookRow {
  std::string look_id;
  pb::Look look;
};
void AddLook(pg::Transaction& tx, const std::string& collection, const std::string& owner_id, const std::string& actor,
             const std::string& organisation_id, bool contact, absl::Time now);
// Of one owner, or of all with an empty id; behind `before_id`, newest first.
absl::StatusOr<std::vector<LookRow>> LoadLooks(pg::Transaction& tx, const std::string& owner_id,
                                               const std::string& before_id, int limit);

// An organisation as identity told it.
struct Organisation {
  std::string id;
  std::string display_name;
  int kind = 0;
};
void SaveOrganisation(pg::Transaction& tx, const Organisation& organisation);
// Nothing for one that was never told.
absl::StatusOr<std::optional<Organisation>> LoadOrganisation(pg::Transaction& tx, const std::string& id);

}  // namespace kubari::support
