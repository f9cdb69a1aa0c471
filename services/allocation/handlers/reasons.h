// Why not, and again: exclusions, the stored snapshot, the replay.
#pragma once

#include <absl/status/statusor.h>

#include "libs/rpc/call.h"
#include "services/allocation/handlers/tools.h"

namespace kubari::allocation {

class ReasonsHandler {
 public:
  explicit ReasonsHandler(const Tools& tools) : tools_(tools) {}

  absl::StatusOr<pb::ListExclusionsResponse> ListExclusions(const rpc::Call& call,
                                                            const pb::ListExclusionsRequest& request);
  absl::StatusOr<pb::GetSnapshotResponse> GetSnapshot(const rpc::Call& call, const pb::GetSnapshotRequest& request);
  absl::StatusOr<pb::ReplayRunResponse> ReplayRun(const rpc::Call& call, const pb::ReplayRunRequest& request);

 private:
  const Tools tools_;
};

}  // namespace kubari::allocation
