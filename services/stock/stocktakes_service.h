// gRPC ⇄ handlers of stocktakes, one line per RPC.
#pragma once

#include "kubari/stock/v1/stocktakes.grpc.pb.h"
#include "libs/rpc/dispatcher.h"
#include "services/stock/handlers/stocktakes.h"

namespace kubari::stock {

class StocktakesService final : public v1::StocktakesService::CallbackService {
 public:
  // `dispatcher` must outlive it.
  StocktakesService(rpc::Dispatcher& dispatcher, const Context& context) : dispatcher_(dispatcher), handler_(context) {}

  KUBARI_RPC(v1::StocktakesService, OpenStocktake)
  KUBARI_RPC(v1::StocktakesService, GetStocktake)
  KUBARI_RPC(v1::StocktakesService, ListStocktakes)
  KUBARI_RPC(v1::StocktakesService, ListStocktakeLines)
  KUBARI_RPC(v1::StocktakesService, RecordCount)
  KUBARI_RPC(v1::StocktakesService, RetractCount)
  KUBARI_RPC(v1::StocktakesService, ReviewStocktake)
  KUBARI_RPC(v1::StocktakesService, ReopenStocktake)
  KUBARI_RPC(v1::StocktakesService, SettleLine)
  KUBARI_RPC(v1::StocktakesService, PostStocktake)
  KUBARI_RPC(v1::StocktakesService, CancelStocktake)

 private:
  rpc::Dispatcher& dispatcher_;
  StocktakesHandler handler_;
};

}  // namespace kubari::stock
