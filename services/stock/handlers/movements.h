// The ledger's commands: shape, then what is there, whose it is, what the rules say, and then the ledger itself.
#pragma once

#include <absl/status/statusor.h>

#include "libs/rpc/call.h"
#include "services/stock/handlers/context.h"
#include "services/stock/handlers/hand_over.h"

namespace kubari::stock {

class MovementsHandler {
 public:
  explicit MovementsHandler(const Context& context) : context_(context) {}

  absl::StatusOr<pb::ReceiveStockResponse> ReceiveStock(const rpc::Call& call, const pb::ReceiveStockRequest& request);
  absl::StatusOr<pb::TransferStockResponse> TransferStock(const rpc::Call& call,
                                                          const pb::TransferStockRequest& request);
  absl::StatusOr<pb::DiscardStockResponse> DiscardStock(const rpc::Call& call, const pb::DiscardStockRequest& request);
  absl::StatusOr<pb::ReverseMovementResponse> ReverseMovement(const rpc::Call& call,
                                                              const pb::ReverseMovementRequest& request);
  absl::StatusOr<pb::IssueStockResponse> IssueStock(const rpc::Call& call, const pb::IssueStockRequest& request);
  absl::StatusOr<pb::ConfirmReceiptResponse> ConfirmReceipt(const rpc::Call& call,
                                                            const pb::ConfirmReceiptRequest& request);

 private:
  const Context context_;
};

}  // namespace kubari::stock
