// gRPC ⇄ handler, one line per RPC.
#pragma once

#include "kubari/stock/v1/labels.grpc.pb.h"
#include "libs/rpc/dispatcher.h"
#include "services/stock/handlers/labels.h"

namespace kubari::stock {

class LabelsService final : public v1::LabelsService::CallbackService {
 public:
  // `dispatcher` must outlive it.
  LabelsService(rpc::Dispatcher& dispatcher, const Context& context, std::string public_url)
      : dispatcher_(dispatcher), labels_(context, std::move(public_url)) {}

  KUBARI_RPC_TO(labels_, v1::LabelsService, PrintLabels)
  KUBARI_RPC_TO(labels_, v1::LabelsService, PrintDeliverySheet)

 private:
  rpc::Dispatcher& dispatcher_;
  LabelsHandler labels_;
};

}  // namespace kubari::stock
