// What groups and coordinators hear of a run (libs/outbox).
#pragma once

#include <absl/status/status.h>
#include <absl/time/time.h>

#include <string>

#include "libs/calendar/clock.h"
#include "libs/pg/pool.h"
#include "services/allocation/line_store.h"

namespace kubari::allocation {

// When a run has become PUBLISHED, in that transaction: each group whose answer is asked for, once for the run.
absl::Status TellOffered(pg::Transaction& tx, const std::string& run_id, absl::Time now);
// Coordinators, in the transaction that has recorded the refusal; also if a hub now gets less of it than it may.
absl::Status TellRefused(pg::Transaction& tx, const LineRow& line, absl::Time now);
// Groups that have not answered and whose time is nearly over, once for each run. For rpc::Periodic.
absl::Status RemindGroups(pg::Pool& pool, const calendar::Clock& clock);

}  // namespace kubari::allocation
