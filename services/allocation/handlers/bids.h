// Sealed bids: place, join, change, take back, look at one's own.
#pragma once

#include <absl/status/statusor.h>

#include <string>

#include "kubari/allocation/v1/market.pb.h"
#include "libs/rpc/call.h"
#include "services/allocation/handlers/tools.h"
#include "services/allocation/market_store.h"
#include "services/allocation/solved_cache.h"

namespace kubari::allocation {

class BidsHandler {
 public:
  BidsHandler(const Tools& tools, SolvedCache& solved) : tools_(tools), solved_(solved) {}

  absl::StatusOr<pb::Bid> PlaceBid(const rpc::Call& call, const pb::PlaceBidRequest& request);
  absl::StatusOr<pb::Bid> JoinBid(const rpc::Call& call, const pb::JoinBidRequest& request);
  absl::StatusOr<pb::Bid> ChangeBid(const rpc::Call& call, const pb::ChangeBidRequest& request);
  absl::StatusOr<pb::Bid> WithdrawBid(const rpc::Call& call, const pb::WithdrawBidRequest& request);
  absl::StatusOr<pb::ListBidsResponse> ListBids(const rpc::Call& call, const pb::ListBidsRequest& request);

 private:
  const Tools tools_;
  SolvedCache& solved_;
};

}  // namespace kubari::allocation
