// The RPCs of kubari.groups.v1.NeedsService.
#pragma once

#include "absl/status/statusor.h"
#include "kubari/groups/v1/needs.pb.h"
#include "libs/calendar/clock.h"
#include "libs/pg/pool.h"
#include "libs/rpc/call.h"

namespace kubari::groups {

class NeedsHandler {
 public:
  NeedsHandler(pg::Pool& pool, const calendar::Clock& clock) : pool_(pool), clock_(clock) {}

  absl::StatusOr<v1::Need> CreateNeed(const rpc::Call& call, const v1::CreateNeedRequest& request);
  absl::StatusOr<v1::Need> GetNeed(const rpc::Call& call, const v1::GetNeedRequest& request);
  absl::StatusOr<v1::ListNeedsResponse> ListNeeds(const rpc::Call& call, const v1::ListNeedsRequest& request);
  absl::StatusOr<v1::Need> UpdateNeed(const rpc::Call& call, const v1::UpdateNeedRequest& request);
  absl::StatusOr<v1::Need> SetNeedState(const rpc::Call& call, const v1::SetNeedStateRequest& request);

 private:
  pg::Pool& pool_;
  const calendar::Clock& clock_;
};

}  // namespace kubari::groups
