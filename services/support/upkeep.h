// What time does: erasing what was kept long enough, ending what nobody ended, and telling of what is overdue.
#pragma once

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "libs/calendar/clock.h"
#include "libs/pg/pool.h"
#include "services/support/keys.h"

namespace kubari::support {

// So long before it is closed and erased, an open request is announced to be.
inline constexpr absl::Duration kAnnouncedBefore = absl::Hours(24 * 14);

class Upkeep {
 public:
  Upkeep(pg::Pool& pool, Keys& keys, const calendar::Clock& clock) : pool_(pool), keys_(keys), clock_(clock) {}

  // All networks, in small transactions; what could not be done is done next time. For rpc::Periodic.
  absl::Status Run();

 private:
  // Each returns how much it did, at most kBatch.
  absl::StatusOr<int> EraseRequests(const std::string& network_id);
  absl::StatusOr<int> EraseApplications(const std::string& network_id, absl::CivilDay today);
  absl::StatusOr<int> AnnounceAbandoned(const std::string& network_id, absl::CivilDay today);
  absl::StatusOr<int> EndAbandoned(const std::string& network_id);
  absl::StatusOr<int> TellOverdueOnes(const std::string& network_id, absl::CivilDay today);

  pg::Pool& pool_;
  Keys& keys_;
  const calendar::Clock& clock_;
};

}  // namespace kubari::support
