// Lots, balances, movements, deliveries, traces, and the feed.
#pragma once

#include <absl/status/statusor.h>

#include <atomic>

#include "libs/rpc/call.h"
#include "services/stock/handlers/context.h"

namespace kubari::stock {

class ReadingHandler {
 public:
  // At most `max_waiting_readers` calls of ReadFeed wait for news at once, so that workers stay free; others are
  // answered at once.
  ReadingHandler(const Context& context, int max_waiting_readers)
      : context_(context), max_waiting_(max_waiting_readers) {}

  absl::StatusOr<pb::Lot> GetLot(const rpc::Call& call, const pb::GetLotRequest& request);
  absl::StatusOr<pb::ListLotsResponse> ListLots(const rpc::Call& call, const pb::ListLotsRequest& request);
  absl::StatusOr<pb::ListBalancesResponse> ListBalances(const rpc::Call& call, const pb::ListBalancesRequest& request);
  absl::StatusOr<pb::ListHoldingsResponse> ListHoldings(const rpc::Call& call, const pb::ListHoldingsRequest& request);
  absl::StatusOr<pb::ListMovementsResponse> ListMovements(const rpc::Call& call,
                                                          const pb::ListMovementsRequest& request);
  absl::StatusOr<pb::Delivery> GetDelivery(const rpc::Call& call, const pb::GetDeliveryRequest& request);
  absl::StatusOr<pb::ListDeliveriesResponse> ListDeliveries(const rpc::Call& call,
                                                            const pb::ListDeliveriesRequest& request);
  absl::StatusOr<pb::Transfer> GetTransfer(const rpc::Call& call, const pb::GetTransferRequest& request);
  absl::StatusOr<pb::ListTransfersResponse> ListTransfers(const rpc::Call& call,
                                                          const pb::ListTransfersRequest& request);
  absl::StatusOr<pb::TraceLotResponse> TraceLot(const rpc::Call& call, const pb::TraceLotRequest& request);
  absl::StatusOr<pb::ReadFeedResponse> ReadFeed(const rpc::Call& call, const pb::ReadFeedRequest& request);

 private:
  // The next entries, waiting for them if the caller wants that and there is room.
  absl::StatusOr<std::vector<Movement>> NextMovements(const rpc::Call& call, int64_t position, int limit,
                                                      absl::Duration wait);

  const Context context_;
  const int max_waiting_;
  std::atomic<int> waiting_{0};
};

}  // namespace kubari::stock
