// Runs: propose, publish, cancel, look at.
#pragma once

#include <absl/status/statusor.h>

#include "libs/rpc/call.h"
#include "services/allocation/handlers/tools.h"

namespace kubari::allocation {

class RunsHandler {
 public:
  explicit RunsHandler(const Tools& tools) : tools_(tools) {}

  absl::StatusOr<pb::Run> CreateRun(const rpc::Call& call, const pb::CreateRunRequest& request);
  absl::StatusOr<pb::Run> GetRun(const rpc::Call& call, const pb::GetRunRequest& request);
  absl::StatusOr<pb::ListRunsResponse> ListRuns(const rpc::Call& call, const pb::ListRunsRequest& request);
  absl::StatusOr<pb::Run> PublishRun(const rpc::Call& call, const pb::PublishRunRequest& request);
  absl::StatusOr<pb::Run> CancelRun(const rpc::Call& call, const pb::CancelRunRequest& request);

 private:
  absl::StatusOr<pb::Run> Read(const rpc::Call& call, const std::string& run_id);

  const Tools tools_;
};

}  // namespace kubari::allocation
