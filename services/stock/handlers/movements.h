// The ledger's commands. Each is a pair of functions (see commands.h), by theme:
//   receive.cc      what comes in: ReceiveStock
//   deliveries.cc   what goes to groups: IssueStock, DeliverDirect, PassOn, ConfirmReceipt
//   transfers.cc    what goes from shelf to shelf: TransferStock, SendTransfer, ReceiveTransfer
//   transform.cc    what becomes other goods: TransformStock
//   corrections.cc  what was wrong, or is lost, or goes back: DiscardStock, AdjustStock, ReturnStock, ReverseMovement
//   batch.cc        many of them at once: RecordMovements
#pragma once

#include <absl/status/statusor.h>

#include "libs/rpc/call.h"
#include "services/stock/handlers/commands.h"

namespace kubari::stock {

// Prepare: errors are those of the method before the ledger decides. Answer: of what was recorded, now or before.
#define KUBARI_COMMAND(Method)                                                                      \
  absl::StatusOr<Command> Prepare(const Context&, const rpc::Call&, const pb::Method##Request&);    \
  absl::Status Answer(const Context&, const rpc::Call&, const pb::Method##Request&, const Outcome&, \
                      pb::Method##Response&);
KUBARI_COMMAND(ReceiveStock)
KUBARI_COMMAND(IssueStock)
KUBARI_COMMAND(DeliverDirect)
KUBARI_COMMAND(PassOn)
KUBARI_COMMAND(ConfirmReceipt)
KUBARI_COMMAND(TransferStock)
KUBARI_COMMAND(SendTransfer)
KUBARI_COMMAND(ReceiveTransfer)
KUBARI_COMMAND(TransformStock)
KUBARI_COMMAND(DiscardStock)
KUBARI_COMMAND(AdjustStock)
KUBARI_COMMAND(ReturnStock)
KUBARI_COMMAND(ReverseMovement)
#undef KUBARI_COMMAND

class MovementsHandler {
 public:
  explicit MovementsHandler(const Context& context) : context_(context) {}

#define KUBARI_RECORDED(Method)                                                                          \
  void Method(const rpc::Call& call, const pb::Method##Request& request, pb::Method##Response& response, \
              const rpc::Later& later) {                                                                 \
    RecordAndAnswer(context_, call, request, response, later);                                           \
  }
  KUBARI_RECORDED(ReceiveStock)
  KUBARI_RECORDED(IssueStock)
  KUBARI_RECORDED(DeliverDirect)
  KUBARI_RECORDED(PassOn)
  KUBARI_RECORDED(ConfirmReceipt)
  KUBARI_RECORDED(TransferStock)
  KUBARI_RECORDED(SendTransfer)
  KUBARI_RECORDED(ReceiveTransfer)
  KUBARI_RECORDED(TransformStock)
  KUBARI_RECORDED(DiscardStock)
  KUBARI_RECORDED(AdjustStock)
  KUBARI_RECORDED(ReturnStock)
  KUBARI_RECORDED(ReverseMovement)
#undef KUBARI_RECORDED

  absl::StatusOr<pb::RecordMovementsResponse> RecordMovements(const rpc::Call& call,
                                                              const pb::RecordMovementsRequest& request);

 private:
  const Context context_;
};

}  // namespace kubari::stock
