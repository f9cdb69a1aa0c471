// What in stock needs someone's attention, and how much of what should be there.
#pragma once

#include <absl/status/statusor.h>

#include "kubari/stock/v1/alerts.pb.h"
#include "libs/rpc/call.h"
#include "services/stock/alert_store.h"
#include "services/stock/handlers/context.h"

namespace kubari::stock {

class AlertsHandler {
 public:
  explicit AlertsHandler(const Context& context) : context_(context), alerts_(context.pool) {}

  absl::StatusOr<pb::ListAlertsResponse> ListAlerts(const rpc::Call& call, const pb::ListAlertsRequest& request);
  absl::StatusOr<pb::CountAlertsResponse> CountAlerts(const rpc::Call& call, const pb::CountAlertsRequest& request);
  absl::StatusOr<pb::Minimum> SetMinimum(const rpc::Call& call, const pb::SetMinimumRequest& request);
  absl::StatusOr<pb::ListMinimumsResponse> ListMinimums(const rpc::Call& call, const pb::ListMinimumsRequest& request);

 private:
  absl::StatusOr<AlertMoment> Moment(const rpc::Call& call) const;
  absl::StatusOr<std::vector<pb::Alert>> Describe(const rpc::Call& call, pb::AlertKind kind, const AlertMoment& moment,
                                                  const std::vector<AlertRow>& rows) const;

  const Context context_;
  AlertStore alerts_;
};

}  // namespace kubari::stock
