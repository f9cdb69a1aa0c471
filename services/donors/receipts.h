// What has arrived of each offer, by the stock ledger.
#pragma once

#include "libs/calendar/clock.h"
#include "libs/feed/follower.h"

namespace kubari::donors {

// For feed::Follower: RECEIVE adds to its lot's offer line, the REVERSAL of a RECEIVE takes away; then the offer's
// state follows (AfterReceipts). Lots that came without an offer are not counted here.
absl::Status ApplyReceipts(pg::Transaction& tx, const feed::Network& network, const feed::Entries& entries,
                           const calendar::Clock& clock);

}  // namespace kubari::donors
