// What the store's files share. A row is read straight into the contract's message; there is no third shape in between.
//
// Functions that take a Transaction work in that transaction's network, and row-level security holds them to it.
#pragma once

#include <absl/status/status.h>
#include <absl/time/time.h>
#include <google/protobuf/timestamp.pb.h>

#include <string>
#include <string_view>

#include "kubari/identity/v1/identity.pb.h"
#include "libs/paging/page.h"
#include "libs/pg/pool.h"

namespace kubari::identity {

namespace pb = ::kubari::identity::v1;

// Where the lists begin: every key is behind (or, for the newest first, before) this one.
using paging::kFirstId;
inline constexpr char kLastId[] = "ffffffff-ffff-ffff-ffff-ffffffffffff";

// To the microsecond, as PostgreSQL keeps it.
google::protobuf::Timestamp ToTimestamp(absl::Time time);

// The columns organisation_id and role.
pb::Grant GrantOf(const pg::Row& row);

// NOT_FOUND / `reason`. `name` is the resource name asked for.
absl::Status NotFound(std::string_view reason, std::string_view name);

}  // namespace kubari::identity
