// Makes a published run's reservations, and settles answers, also those that a stopped process left half way.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>
#include <absl/time/time.h>

#include <optional>
#include <string>

#include "libs/calendar/clock.h"
#include "libs/pg/pool.h"
#include "services/allocation/ledger.h"

namespace kubari::allocation {

class Publisher {
 public:
  // All must outlive it.
  Publisher(pg::Pool& pool, Ledger& ledger, const calendar::Clock& clock);

  // Reserves the lines of a PUBLISHING run that are still PROPOSED, eight at a time, until none is left: then the run
  // is PUBLISHED. A line that the ledger refuses is DROPPED and says why. OK also if another process is at it or
  // `deadline` (wall clock) nears; an error if the ledger cannot be reached: then the rest is done by the next call.
  absl::Status Publish(const std::string& network_id, const std::string& run_id, absl::Time deadline,
                       const std::string& trace_id);

  // Tells the ledger the line's pending answer and then writes it down. Nothing to do if there is none (any more).
  // Errors: FAILED_PRECONDITION / LINE_STATE if the ledger does not hold the items any more: the answer is then
  // forgotten, and the feed tells what became of the line. Others: it is tried again later.
  absl::Status Settle(const std::string& network_id, const std::string& line_id, absl::Time deadline,
                      const std::string& trace_id);

  // Runs that are PUBLISHING without a process, and answers older than half a minute. For rpc::Periodic.
  absl::Status FinishWhatIsLeft();

 private:
  absl::StatusOr<bool> PublishSome(const std::string& network_id, const std::string& run_id, absl::Time deadline,
                                   const std::string& trace_id);

  pg::Pool& pool_;
  Ledger& ledger_;
  const calendar::Clock& clock_;
  const std::string id_;  // of this process, as owner of leases
};

}  // namespace kubari::allocation
