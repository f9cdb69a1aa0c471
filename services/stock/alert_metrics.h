// Alerts as gauges, for Prometheus: kubari_stock_alerts{kind,network}, for the first networks of the installation.
#pragma once

#include <absl/status/status.h>
#include <prometheus/gauge.h>
#include <prometheus/registry.h>

#include "libs/calendar/clock.h"
#include "services/stock/alert_store.h"

namespace kubari::stock {

class AlertMetrics {
 public:
  // All must outlive it.
  AlertMetrics(AlertStore& alerts, const calendar::Clock& clock, prometheus::Registry& registry);

  // Counts again. If that fails the gauges keep their values, and the time of the last success (another gauge) tells
  // how old they are. Days begin as in Japan, since no network's zone is known here.
  absl::Status Refresh();

 private:
  AlertStore& alerts_;
  const calendar::Clock& clock_;
  prometheus::Family<prometheus::Gauge>& counts_;
  prometheus::Gauge& refreshed_;
};

}  // namespace kubari::stock
