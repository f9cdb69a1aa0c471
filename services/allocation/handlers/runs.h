// Runs: propose, try other options, revise, publish, cancel, look at.
#pragma once

#include <absl/status/statusor.h>

#include "libs/rpc/call.h"
#include "services/allocation/handlers/tools.h"
#include "services/allocation/run_store.h"
#include "services/allocation/solved_cache.h"

namespace kubari::allocation {

class RunsHandler {
 public:
  RunsHandler(const Tools& tools, SolvedCache& solved) : tools_(tools), solved_(solved) {}

  absl::StatusOr<pb::Run> CreateRun(const rpc::Call& call, const pb::CreateRunRequest& request);
  absl::StatusOr<pb::TryOptionsResponse> TryOptions(const rpc::Call& call, const pb::TryOptionsRequest& request);
  absl::StatusOr<pb::Run> ReviseRun(const rpc::Call& call, const pb::ReviseRunRequest& request);
  absl::StatusOr<pb::Run> GetRun(const rpc::Call& call, const pb::GetRunRequest& request);
  absl::StatusOr<pb::ListRunsResponse> ListRuns(const rpc::Call& call, const pb::ListRunsRequest& request);
  absl::StatusOr<pb::Run> PublishRun(const rpc::Call& call, const pb::PublishRunRequest& request);
  absl::StatusOr<pb::Run> CancelRun(const rpc::Call& call, const pb::CancelRunRequest& request);

 private:
  // A run in which groups choose begins: nothing is reserved yet.
  absl::StatusOr<pb::Run> OpenRound(pg::Transaction& tx, RunRow& run);
  absl::StatusOr<pb::Run> Read(const rpc::Call& call, const std::string& run_id);

  const Tools tools_;
  SolvedCache& solved_;
};

}  // namespace kubari::allocation
