// AllocationService of the contract, one line per RPC. Only libs/rpc knows about threads; the handlers are plain
// functions.
#pragma once

#include "kubari/allocation/v1/allocation.grpc.pb.h"
#include "kubari/allocation/v1/market.grpc.pb.h"
#include "libs/rpc/dispatcher.h"
#include "services/allocation/handlers/bids.h"
#include "services/allocation/handlers/lines.h"
#include "services/allocation/handlers/market.h"
#include "services/allocation/handlers/reasons.h"
#include "services/allocation/handlers/runs.h"

namespace kubari::allocation {

class AllocationService final : public pb::AllocationService::CallbackService {
 public:
  // All must outlive it.
  AllocationService(rpc::Dispatcher& dispatcher, const Tools& tools)
      : dispatcher_(dispatcher), runs_(tools, solved_), lines_(tools, solved_), reasons_(tools, solved_) {}

  KUBARI_RPC_TO(runs_, pb::AllocationService, CreateRun)
  KUBARI_RPC_TO(runs_, pb::AllocationService, TryOptions)
  KUBARI_RPC_TO(runs_, pb::AllocationService, ReviseRun)
  KUBARI_RPC_TO(runs_, pb::AllocationService, GetRun)
  KUBARI_RPC_TO(runs_, pb::AllocationService, ListRuns)
  KUBARI_RPC_TO(runs_, pb::AllocationService, PublishRun)
  KUBARI_RPC_TO(runs_, pb::AllocationService, CancelRun)

  KUBARI_RPC_TO(lines_, pb::AllocationService, AdjustLine)
  KUBARI_RPC_TO(lines_, pb::AllocationService, ListLines)
  KUBARI_RPC_TO(lines_, pb::AllocationService, AcceptLine)
  KUBARI_RPC_TO(lines_, pb::AllocationService, RefuseLine)
  KUBARI_RPC_TO(lines_, pb::AllocationService, GetPickList)

  KUBARI_RPC_TO(reasons_, pb::AllocationService, ListExclusions)
  KUBARI_RPC_TO(reasons_, pb::AllocationService, ExplainGroup)
  KUBARI_RPC_TO(reasons_, pb::AllocationService, ExportRun)
  KUBARI_RPC_TO(reasons_, pb::AllocationService, GetSnapshot)
  KUBARI_RPC_TO(reasons_, pb::AllocationService, ReplayRun)

 private:
  rpc::Dispatcher& dispatcher_;
  SolvedCache solved_;
  RunsHandler runs_;
  LinesHandler lines_;
  ReasonsHandler reasons_;
};

// MarketService of the contract: runs in which groups choose.
class MarketService final : public pb::MarketService::CallbackService {
 public:
  // All must outlive it.
  MarketService(rpc::Dispatcher& dispatcher, const Tools& tools, MarketCloser& closer)
      : dispatcher_(dispatcher), market_(tools, solved_, closer), bids_(tools, solved_) {}

  KUBARI_RPC_TO(market_, pb::MarketService, ListMarkets)
  KUBARI_RPC_TO(market_, pb::MarketService, GetMarket)
  KUBARI_RPC_TO(market_, pb::MarketService, ListMarketStock)
  KUBARI_RPC_TO(market_, pb::MarketService, Claim)
  KUBARI_RPC_TO(market_, pb::MarketService, ListPrices)
  KUBARI_RPC_TO(market_, pb::MarketService, CloseMarket)
  KUBARI_RPC_TO(market_, pb::MarketService, ListShareAccounts)
  KUBARI_RPC_TO(market_, pb::MarketService, ListShareEntries)

  KUBARI_RPC_TO(bids_, pb::MarketService, PlaceBid)
  KUBARI_RPC_TO(bids_, pb::MarketService, JoinBid)
  KUBARI_RPC_TO(bids_, pb::MarketService, ChangeBid)
  KUBARI_RPC_TO(bids_, pb::MarketService, WithdrawBid)
  KUBARI_RPC_TO(bids_, pb::MarketService, ListBids)

 private:
  rpc::Dispatcher& dispatcher_;
  SolvedCache solved_;
  MarketHandler market_;
  BidsHandler bids_;
};

}  // namespace kubari::allocation
