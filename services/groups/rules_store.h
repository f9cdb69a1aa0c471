// How a network keeps its register of groups.
#pragma once

#include "absl/status/statusor.h"
#include "kubari/groups/v1/applications.pb.h"
#include "libs/pg/transaction.h"

namespace kubari::groups {

// With what is not set filled in, and the etag.
absl::StatusOr<v1::GroupRules> LoadRules(pg::Transaction& tx);
// Raises the version.
absl::Status SaveRules(pg::Transaction& tx, const v1::GroupRules& rules);

}  // namespace kubari::groups
