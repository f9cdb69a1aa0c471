// What the stock ledger's feed says that people want to hear: goods shipped to a group, short deliveries, promises that ran out.
#pragma once

#include <absl/time/time.h>

#include <vector>

#include "kubari/notifications/v1/notice.pb.h"
#include "libs/feed/follower.h"

namespace kubari::notifications {

// Entries that were recorded before `since` are history and are passed over, as are corrections. Of one delivery, and of what
// ran out at one moment, a group is told once, whatever number of lots, warehouses and pages of the feed it comes in.
std::vector<v1::Notice> NewsOf(const feed::Entries& entries, absl::Time since);

}  // namespace kubari::notifications
