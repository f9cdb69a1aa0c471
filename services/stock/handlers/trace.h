// Traces: forward, backward, and as a file.
#pragma once

#include <absl/status/statusor.h>

#include <string>
#include <vector>

#include "libs/pg/transaction.h"
#include "libs/rpc/call.h"
#include "services/stock/domain/recall.h"
#include "services/stock/domain/trace_file.h"
#include "services/stock/handlers/context.h"
#include "services/stock/trace_store.h"

namespace kubari::stock {

class TraceHandler {
 public:
  explicit TraceHandler(const Context& context) : context_(context) {}

  absl::StatusOr<pb::TraceResponse> TraceForward(const rpc::Call& call, const pb::TraceForwardRequest& request);
  absl::StatusOr<pb::TraceResponse> TraceBackward(const rpc::Call& call, const pb::TraceBackwardRequest& request);
  absl::StatusOr<pb::ExportTraceResponse> ExportTrace(const rpc::Call& call, const pb::ExportTraceRequest& request);

 private:
  // What was found, before it is described: all of one moment.
  struct Found {
    Lineage lineage;
    std::vector<trace::Holding> holdings;
    std::map<std::string, trace::Arrival> arrivals;
    std::vector<std::string> deliveries;  // newest first
    bool incomplete = false;
  };
  absl::StatusOr<pb::TraceResponse> Describe(const rpc::Call& call, Found found);
  absl::Status AddSources(const rpc::Call& call, const Found& found, pb::TraceResponse& response);
  // Own ones only, unless the caller sees the whole network.
  absl::StatusOr<std::vector<Delivery>> DeliveriesOf(const rpc::Call& call, const std::vector<std::string>& deliveries);
  absl::StatusOr<pb::TraceResponse> BehindDelivery(const rpc::Call& call, const std::string& name);
  absl::StatusOr<pb::TraceResponse> BehindLot(const rpc::Call& call, const std::string& name);
  absl::StatusOr<TraceFacts> FactsOf(const rpc::Call& call, const Goods& goods);

  const Context context_;
};

}  // namespace kubari::stock
