// What time does: erasing what was kept long enough, and telling of what is overdue.
#pragma once

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "libs/calendar/clock.h"
#include "libs/pg/pool.h"
#include "services/support/keys.h"

namespace kubari::support {

class Upkeep {
 public:
  Upkeep(pg::Pool& pool, Keys& keys, const calendar::Clock& clock) : pool_(pool), keys_(keys), clock_(clock) {}

  // All networks, in small transactions; what could not be done is done next time. For rpc::Periodic.
  absl::Status Run();

 private:
  // Each returns how much it did, at most kBatch.
  absl::StatusOr<int> EraseRequests(const std::string& network_id);
  absl::StatusOr<int> EraseApplications(const std::string& network_id, absl::CivilDay today);
  absl::StatusOr<int> TellOverdueOnes(const std::string& network_id, absl::CivilDay today);

  pg::Pool& pool_;
  Keys& keys_;
  const calendar::Clock& clock_;
};

}  // namespace kubari::support
