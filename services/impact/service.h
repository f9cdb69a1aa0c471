// ImpactService of the contract, one line per RPC. Only libs/rpc knows about threads; the handler is plain functions.
#pragma once

#include "kubari/impact/v1/impact.grpc.pb.h"
#include "libs/rpc/dispatcher.h"
#include "services/impact/handler.h"

namespace kubari::impact {

class ImpactService final : public v1::ImpactService::CallbackService {
 public:
  // Both must outlive it.
  ImpactService(rpc::Dispatcher& dispatcher, ImpactHandler& handler) : dispatcher_(dispatcher), handler_(handler) {}

  KUBARI_RPC(v1::ImpactService, GetImpact)
  KUBARI_RPC(v1::ImpactService, ListImpactMovements)

 private:
  rpc::Dispatcher& dispatcher_;
  ImpactHandler& handler_;
};

}  // namespace kubari::impact
