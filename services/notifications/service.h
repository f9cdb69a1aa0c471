// NotificationsService of the contract, one line per RPC. Only libs/rpc knows about threads; the handlers are plain functions.
#pragma once

#include "kubari/notifications/v1/notifications.grpc.pb.h"
#include "libs/rpc/dispatcher.h"
#include "services/notifications/handlers/deliveries.h"
#include "services/notifications/handlers/inbox.h"
#include "services/notifications/handlers/webhooks.h"

namespace kubari::notifications {

class NotificationsService final : public pb::NotificationsService::CallbackService {
 public:
  // All must outlive it.
  NotificationsService(rpc::Dispatcher& dispatcher, const Tools& tools)
      : dispatcher_(dispatcher), inbox_(tools), deliveries_(tools), webhooks_(tools) {}

  KUBARI_RPC_TO(inbox_, pb::NotificationsService, AcceptNotices)
  KUBARI_RPC_TO(inbox_, pb::NotificationsService, ListNotices)
  KUBARI_RPC_TO(inbox_, pb::NotificationsService, CountUnread)
  KUBARI_RPC_TO(inbox_, pb::NotificationsService, MarkNotices)
  KUBARI_RPC_TO(inbox_, pb::NotificationsService, GetPreferences)
  KUBARI_RPC_TO(inbox_, pb::NotificationsService, UpdatePreferences)
  KUBARI_RPC_TO(inbox_, pb::NotificationsService, StopEmails)

  KUBARI_RPC_TO(deliveries_, pb::NotificationsService, GetEmailStatus)
  KUBARI_RPC_TO(deliveries_, pb::NotificationsService, SendTestEmail)
  KUBARI_RPC_TO(deliveries_, pb::NotificationsService, ListDeliveries)
  KUBARI_RPC_TO(deliveries_, pb::NotificationsService, GetDelivery)
  KUBARI_RPC_TO(deliveries_, pb::NotificationsService, RetryDeliveries)

  KUBARI_RPC_TO(webhooks_, pb::NotificationsService, ListWebhooks)
  KUBARI_RPC_TO(webhooks_, pb::NotificationsService, CreateWebhook)
  KUBARI_RPC_TO(webhooks_, pb::NotificationsService, UpdateWebhook)
  KUBARI_RPC_TO(webhooks_, pb::NotificationsService, DeleteWebhook)
  KUBARI_RPC_TO(webhooks_, pb::NotificationsService, RotateWebhookSecret)
  KUBARI_RPC_TO(webhooks_, pb::NotificationsService, TestWebhook)

 private:
  rpc::Dispatcher& dispatcher_;
  InboxHandler inbox_;
  DeliveriesHandler deliveries_;
  WebhooksHandler webhooks_;
};

}  // namespace kubari::notifications
