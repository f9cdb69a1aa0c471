// Applications in PostgreSQL: each is a column of its group. All functions run inside a transaction of one network.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "kubari/groups/v1/applications.pb.h"
#include "libs/pg/transaction.h"

namespace kubari::groups {

// With what the group says of it (names, state, etag, reason, review). NOT_FOUND / GROUP_NOT_FOUND. To change it, lock the group first.
absl::StatusOr<v1::Application> LoadApplication(pg::Transaction& tx, const std::string& group_id);

struct ApplicationFilter {
  std::vector<int> states;  // empty: any
  std::string query;
  absl::Time before_time = absl::InfiniteFuture();
  std::string before_id;
  int limit = 0;
};
// Those that came last first.
absl::StatusOr<std::vector<v1::Application>> ListApplications(pg::Transaction& tx, const ApplicationFilter& filter);

// With the next statement or COMMIT. What the group says is not written.
void SaveApplication(pg::Transaction& tx, const v1::Application& application);

// The codes of e-mails to applicants, by their hashes.
void InsertCode(pg::Transaction& tx, const std::string& code_hash, const std::string& group_id,
                const std::string& email, absl::Time now);
absl::StatusOr<std::optional<std::string>> FindByCode(pg::Transaction& tx, const std::string& code_hash);
struct RecentApplications {
  int64_t from_address = 0;
  int64_t in_network = 0;
};
absl::StatusOr<RecentApplications> CountApplications(pg::Transaction& tx, const std::string& email, absl::Time since);
// Erases what nobody has confirmed.
void EraseUnconfirmed(pg::Transaction& tx, absl::Time before);

}  // namespace kubari::groups
