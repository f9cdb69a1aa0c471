// gRPC ⇄ handlers of alerts, one line per RPC.
#pragma once

#include "kubari/stock/v1/alerts.grpc.pb.h"
#include "libs/rpc/dispatcher.h"
#include "services/stock/handlers/alerts.h"

namespace kubari::stock {

class AlertsService final : public v1::AlertsService::CallbackService {
 public:
  // `dispatcher` must outlive it.
  AlertsService(rpc::Dispatcher& dispatcher, const Context& context) : dispatcher_(dispatcher), alerts_(context) {}

  KUBARI_RPC_TO(alerts_, v1::AlertsService, ListAlerts)
  KUBARI_RPC_TO(alerts_, v1::AlertsService, CountAlerts)
  KUBARI_RPC_TO(alerts_, v1::AlertsService, SetMinimum)
  KUBARI_RPC_TO(alerts_, v1::AlertsService, ListMinimums)

 private:
  rpc::Dispatcher& dispatcher_;
  AlertsHandler alerts_;
};

}  // namespace kubari::stock
