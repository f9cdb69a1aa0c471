// Tells people once a day what in stock needs attention (libs/outbox): coordinators of the whole network, warehouse
// managers of their own warehouses. How many of each kind; the screen has the rest.
#pragma once

#include <absl/status/status.h>

#include <string>

#include "libs/calendar/clock.h"
#include "libs/pg/pool.h"
#include "libs/registry/networks.h"
#include "services/stock/alert_store.h"
#include "services/stock/rules_store.h"

namespace kubari::stock {

// From this hour of the network's day on; before the hour at which people's digests leave unless they chose an earlier
// one.
inline constexpr int kAlertsHour = 6;

class AlertDigest {
 public:
  // All must outlive it.
  AlertDigest(pg::Pool& pool, AlertStore& alerts, RulesStore& rules, const calendar::Clock& clock)
      : pool_(pool), alerts_(alerts), rules_(rules), clock_(clock) {}

  // One look at one network: once for each of its days, in however many processes it runs. A day without alerts is
  // silent.
  absl::Status Tell(const std::string& network_id, const std::string& time_zone);
  // At all networks; what fails in one holds up no other.
  absl::Status TellAll(registry::Networks& networks);

 private:
  pg::Pool& pool_;
  AlertStore& alerts_;
  RulesStore& rules_;
  const calendar::Clock& clock_;
};

}  // namespace kubari::stock
