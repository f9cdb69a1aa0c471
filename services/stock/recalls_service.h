// gRPC ⇄ handlers of recalls, one line per RPC.
#pragma once

#include "kubari/stock/v1/recalls.grpc.pb.h"
#include "libs/rpc/dispatcher.h"
#include "services/stock/handlers/notices.h"
#include "services/stock/handlers/recalls.h"
#include "services/stock/handlers/trace.h"

namespace kubari::stock {

class RecallsService final : public v1::RecallsService::CallbackService {
 public:
  // `dispatcher` must outlive it.
  RecallsService(rpc::Dispatcher& dispatcher, const Context& context)
      : dispatcher_(dispatcher), recalls_(context), notices_(context), trace_(context) {}

  KUBARI_RPC_TO(recalls_, v1::RecallsService, PreviewRecall)
  KUBARI_RPC_TO(recalls_, v1::RecallsService, OpenRecall)
  KUBARI_RPC_TO(recalls_, v1::RecallsService, GetRecall)
  KUBARI_RPC_TO(recalls_, v1::RecallsService, ListRecalls)
  KUBARI_RPC_TO(notices_, v1::RecallsService, ListRecallNotices)
  KUBARI_RPC_TO(notices_, v1::RecallsService, AcknowledgeNotice)
  KUBARI_RPC_TO(notices_, v1::RecallsService, AnswerNotice)
  KUBARI_RPC_TO(recalls_, v1::RecallsService, RemindHolders)
  KUBARI_RPC_TO(recalls_, v1::RecallsService, CloseRecall)
  KUBARI_RPC_TO(trace_, v1::RecallsService, TraceForward)
  KUBARI_RPC_TO(trace_, v1::RecallsService, TraceBackward)
  KUBARI_RPC_TO(trace_, v1::RecallsService, ExportTrace)

 private:
  rpc::Dispatcher& dispatcher_;
  RecallsHandler recalls_;
  NoticesHandler notices_;
  TraceHandler trace_;
};

}  // namespace kubari::stock
