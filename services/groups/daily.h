// What is told as days go by: reviews that are due, facts that are old, evidence and agreements that end.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "libs/calendar/clock.h"
#include "libs/pg/pool.h"
#include "libs/registry/networks.h"

namespace kubari::groups {

// One look at one network: of every day that has passed since the last look, each thing once, however often and in however many processes it
// runs. The first look tells of its own day.
absl::Status LookAfter(pg::Pool& pool, const std::string& network_id, const std::string& time_zone,
                       const calendar::Clock& clock);
// At all networks; what fails in one holds up no other.
absl::Status LookAfterAll(pg::Pool& pool, registry::Networks& networks, const calendar::Clock& clock);

}  // namespace kubari::groups
