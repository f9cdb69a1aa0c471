// Why not, and again: exclusions, the stored snapshot, the replay.
#pragma once

#include <absl/status/statusor.h>

#include "libs/rpc/call.h"
#include "services/allocation/handlers/tools.h"
#include "services/allocation/solved_cache.h"

namespace kubari::allocation {

class ReasonsHandler {
 public:
  ReasonsHandler(const Tools& tools, SolvedCache& solved) : tools_(tools), solved_(solved) {}

  absl::StatusOr<pb::ListExclusionsResponse> ListExclusions(const rpc::Call& call,
                                                            const pb::ListExclusionsRequest& request);
  absl::StatusOr<pb::ExplainGroupResponse> ExplainGroup(const rpc::Call& call, const pb::ExplainGroupRequest& request);
  absl::StatusOr<pb::GetSnapshotResponse> GetSnapshot(const rpc::Call& call, const pb::GetSnapshotRequest& request);
  absl::StatusOr<pb::ReplayRunResponse> ReplayRun(const rpc::Call& call, const pb::ReplayRunRequest& request);
  absl::StatusOr<pb::ExportRunResponse> ExportRun(const rpc::Call& call, const pb::ExportRunRequest& request);

 private:
  const Tools tools_;
  SolvedCache& solved_;
};

}  // namespace kubari::allocation
