#include "services/stock/alert_metrics.h"

#include <absl/strings/ascii.h>
#include <absl/time/clock.h>

#include "libs/errors/macros.h"

namespace kubari::stock {
namespace {

// At most so many networks get series of their own, as with the ledger's position.
constexpr int kNetworksInMetrics = 50;

// ALERT_KIND_NEAR_EXPIRY → "near_expiry".
std::string Label(pb::AlertKind kind) {
  constexpr size_t kPrefix = sizeof("ALERT_KIND_") - 1;
  return absl::AsciiStrToLower(pb::AlertKind_Name(kind).substr(kPrefix));
}

}  // namespace

AlertMetrics::AlertMetrics(AlertStore& alerts, const calendar::Clock& clock, prometheus::Registry& registry)
    : alerts_(alerts),
      clock_(clock),
      counts_(prometheus::BuildGauge()
                  .Name("kubari_stock_alerts")
                  .Help("What in stock needs attention, by kind and network; as of the last refresh.")
                  .Register(registry)),
      refreshed_(prometheus::BuildGauge()
                     .Name("kubari_stock_alerts_refreshed_timestamp_seconds")
                     .Help("When kubari_stock_alerts were counted last; 0: never.")
                     .Register(registry)
                     .Add({})) {}

absl::Status AlertMetrics::Refresh() {
  const absl::Time now = clock_.Now();
  ASSIGN_OR_RETURN(const auto counts, alerts_.CountByNetwork(now, absl::FixedTimeZone(9 * 3600), kNetworksInMetrics,
                                                             absl::Now() + absl::Seconds(30)));
  for (const auto& [network_id, of_network] : counts) {
    for (const auto& [kind, count] : of_network)
      counts_.Add({{"kind", Label(kind)}, {"network", network_id}}).Set(static_cast<double>(count));
  }
  refreshed_.Set(absl::ToDoubleSeconds(now - absl::UnixEpoch()));
  return absl::OkStatus();
}

}  // namespace kubari::stock
