// For administrators: how e-mail fares, what was delivered, what was not.
#pragma once

#include "services/notifications/handlers/tools.h"

namespace kubari::notifications {

class DeliveriesHandler {
 public:
  explicit DeliveriesHandler(const Tools& tools) : tools_(tools) {}

  absl::StatusOr<pb::EmailStatus> GetEmailStatus(const rpc::Call& call, const pb::GetEmailStatusRequest& request);
  absl::StatusOr<pb::Delivery> SendTestEmail(const rpc::Call& call, const pb::SendTestEmailRequest& request);
  absl::StatusOr<pb::ListDeliveriesResponse> ListDeliveries(const rpc::Call& call, const pb::ListDeliveriesRequest& request);
  absl::StatusOr<pb::Delivery> GetDelivery(const rpc::Call& call, const pb::GetDeliveryRequest& request);
  absl::StatusOr<pb::RetryDeliveriesResponse> RetryDeliveries(const rpc::Call& call, const pb::RetryDeliveriesRequest& request);

 private:
  const Tools tools_;
};

}  // namespace kubari::notifications
