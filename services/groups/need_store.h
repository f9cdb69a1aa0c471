// Needs in PostgreSQL. All functions run inside a transaction of one network.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "kubari/groups/v1/needs.pb.h"
#include "libs/pg/transaction.h"
#include "services/groups/group_store.h"

namespace kubari::groups {

// As it stands on `today`. NOT_FOUND / NEED_NOT_FOUND.
absl::StatusOr<v1::Need> LoadNeed(pg::Transaction& tx, const std::string& need_id, absl::CivilDay today,
                                  Lock lock = Lock::kNone);

struct NeedFilter {
  std::optional<std::vector<std::string>> only;  // ids of groups; nothing: all
  std::optional<std::string> group_id;
  std::vector<int> states, categories, tags;  // empty: any
  std::optional<bool> standing;
  std::optional<absl::CivilDay> until;  // ends by then
  std::string query;
  absl::CivilDay today;
  bool by_end = false;  // those that end first; else newest first
  // Go on behind this one.
  std::optional<absl::Time> after_time;
  std::optional<absl::CivilDay> after_day;
  std::optional<std::string> after_id;
  int limit = 0;
};
absl::StatusOr<std::vector<v1::Need>> ListNeeds(pg::Transaction& tx, const NeedFilter& filter);
absl::StatusOr<int64_t> CountOpenNeeds(pg::Transaction& tx, const std::string& group_id, absl::CivilDay today);

// `need` with name, group and state. ALREADY_EXISTS / NEED_EXISTS; NOT_FOUND / GROUP_NOT_FOUND.
absl::Status InsertNeed(pg::Transaction& tx, const v1::Need& need, absl::Time now);
absl::Status SaveNeed(pg::Transaction& tx, const v1::Need& need, absl::Time now);

}  // namespace kubari::groups
