// From a notice to its deliveries: who is meant, by which way, and when.
#pragma once

#include <absl/status/status.h>

#include <functional>

#include "libs/calendar/clock.h"
#include "libs/pg/pool.h"
#include "services/notifications/directory.h"
#include "services/notifications/store/notices.h"

namespace kubari::notifications {

class Addressing {
 public:
  // All must outlive it.
  Addressing(pg::Pool& pool, Directory& directory, const calendar::Clock& clock) : pool_(pool), directory_(directory), clock_(clock) {}

  // Addresses every notice that waits for it. Safe to run at several places at once.
  absl::Status AddressAll(const std::function<bool()>& stopping);

 private:
  absl::Status Address(const std::string& network_id, const Unaddressed& notice);

  pg::Pool& pool_;
  Directory& directory_;
  const calendar::Clock& clock_;
};

}  // namespace kubari::notifications
