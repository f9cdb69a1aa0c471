// After publishing the truth is the ledger: its feed moves the lines.
#pragma once

#include <absl/status/status.h>

#include "libs/feed/follower.h"

namespace kubari::allocation {

// For feed::Follower: writes what the movements did to the lines of this service (domain/states.h).
absl::Status ApplyFeed(pg::Transaction& tx, const feed::Network& network, const feed::Entries& entries);

}  // namespace kubari::allocation
