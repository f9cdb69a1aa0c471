// For administrators: the network's webhooks.
#pragma once

#include "services/notifications/handlers/tools.h"

namespace kubari::notifications {

class WebhooksHandler {
 public:
  explicit WebhooksHandler(const Tools& tools) : tools_(tools) {}

  absl::StatusOr<pb::ListWebhooksResponse> ListWebhooks(const rpc::Call& call, const pb::ListWebhooksRequest& request);
  absl::StatusOr<pb::CreateWebhookResponse> CreateWebhook(const rpc::Call& call, const pb::CreateWebhookRequest& request);
  absl::StatusOr<pb::Webhook> UpdateWebhook(const rpc::Call& call, const pb::UpdateWebhookRequest& request);
  absl::StatusOr<pb::DeleteWebhookResponse> DeleteWebhook(const rpc::Call& call, const pb::DeleteWebhookRequest& request);
  absl::StatusOr<pb::CreateWebhookResponse> RotateWebhookSecret(const rpc::Call& call, const pb::RotateWebhookSecretRequest& request);
  absl::StatusOr<pb::Delivery> TestWebhook(const rpc::Call& call, const pb::TestWebhookRequest& request);

 private:
  const Tools tools_;
};

}  // namespace kubari::notifications
