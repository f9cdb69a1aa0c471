// Groups and their agreements in PostgreSQL. All functions run inside a transaction of one network.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "kubari/groups/v1/applications.pb.h"
#include "kubari/groups/v1/groups.pb.h"
#include "libs/pg/transaction.h"

namespace kubari::groups {

// NOT_FOUND / GROUP_NOT_FOUND.
absl::Status GroupNotFound(const std::string& group_id);

// With `kUpdate` the row is locked until the transaction ends.
enum class Lock { kNone, kUpdate };

// With etag and with agreements as they count today; what else depends on the day (Derive) is not set. NOT_FOUND / GROUP_NOT_FOUND.
absl::StatusOr<v1::Group> LoadGroup(pg::Transaction& tx, const std::string& group_id, absl::CivilDay today,
                                    Lock lock = Lock::kNone);

struct GroupFilter {
  std::optional<std::vector<std::string>> only;  // ids; nothing: all
  std::string query;
  std::vector<int> states, kinds;  // empty: any
  std::string prefecture;          // two digits; empty: any
  std::optional<std::string> hub_id;
  std::optional<bool> in_force;  // with an agreement in force on `day`, or without
  absl::CivilDay day;            // today
  // With sections that count from `stale_day` or before, or without.
  std::optional<bool> stale;
  absl::CivilDay stale_day;
  std::optional<absl::CivilDay> review_due;     // by then
  std::optional<absl::CivilDay> evidence_ends;  // between `day` and then
  std::string municipality;                     // five digits; empty: any
  std::vector<int> activities, age_bands, legal_forms, wanted_help;  // empty: any
  enum class Order { kName, kHouseholds, kReview, kFit };
  Order order = Order::kName;
  bool descending = false;
  // Go on behind this one: its name (by fit: the fit and the name), households or review, whichever orders the list, and its id.
  std::optional<std::string> after_name, after_id;
  std::optional<int64_t> after_households;
  std::optional<absl::CivilDay> after_day;
  int limit = 0;
};
// What is equal comes by id. `fits`: what orders a list by fit, of each group.
absl::StatusOr<std::vector<v1::Group>> ListGroups(pg::Transaction& tx, const GroupFilter& filter,
                                                   std::vector<std::string>* fits = nullptr);

// ALREADY_EXISTS / CODE_TAKEN or GROUP_EXISTS.
absl::Status CheckGroupIsNew(pg::Transaction& tx, const std::string& group_id, const std::string& code);
// `group` with name and state; `application` without what the group says already.
absl::Status InsertGroup(pg::Transaction& tx, const v1::Group& group, absl::Time now,
                         const v1::Application& application = {});
// Writes everything and raises the version. ALREADY_EXISTS / CODE_TAKEN.
absl::Status SaveGroup(pg::Transaction& tx, const v1::Group& group, absl::Time now);

// That these sections were confirmed, for surveys; with the next statement or COMMIT.
void RecordConfirmations(pg::Transaction& tx, const std::string& group_id, const std::vector<v1::Section>& sections,
                         absl::Time now);

// The hubs of all groups that have one, by group id, held still until the transaction ends: two changes at once could
// make a cycle that neither of them sees.
absl::StatusOr<std::map<std::string, std::string>> LockHubs(pg::Transaction& tx);
// Display names, by id.
absl::StatusOr<std::map<std::string, std::string>> NamesOf(pg::Transaction& tx, const std::vector<std::string>& group_ids);
absl::StatusOr<std::map<std::string, std::string>> LoadHubs(pg::Transaction& tx);

// The ids of the groups that have one of these codes, by code.
absl::StatusOr<std::map<std::string, std::string>> FindGroupIds(pg::Transaction& tx,
                                                                const std::vector<std::string>& codes);

}  // namespace kubari::groups
