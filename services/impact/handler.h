// proto ⇄ store: checks the filter, decides what the caller may see.
#pragma once

#include <absl/status/statusor.h>

#include "kubari/impact/v1/impact.pb.h"
#include "libs/feed/follower.h"
#include "libs/pg/pool.h"
#include "libs/rpc/call.h"

namespace kubari::impact {

class ImpactHandler {
 public:
  // Must outlive it.
  explicit ImpactHandler(pg::Pool& pool) : pool_(pool) {}

  absl::StatusOr<v1::GetImpactResponse> GetImpact(const rpc::Call& call, const v1::GetImpactRequest& request);
  absl::StatusOr<v1::ListImpactMovementsResponse> ListImpactMovements(const rpc::Call& call,
                                                                      const v1::ListImpactMovementsRequest& request);

 private:
  pg::Pool& pool_;
};

// For feed::Follower: counts the entries.
absl::Status ApplyFeed(pg::Transaction& tx, const feed::Network& network, const feed::Entries& entries);

}  // namespace kubari::impact
