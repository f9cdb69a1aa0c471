// proto ⇄ store: checks the filter, decides what the caller may see.
#pragma once

#include <absl/status/statusor.h>

#include <string>

#include "kubari/impact/v1/impact.pb.h"
#include "kubari/support/v1/support.grpc.pb.h"
#include "libs/feed/follower.h"
#include "libs/pg/pool.h"
#include "libs/rpc/call.h"

namespace kubari::impact {

class ImpactHandler {
 public:
  // Must outlive it.
  ImpactHandler(pg::Pool& pool, support::v1::SupportService::StubInterface& support, std::string service_key)
      : pool_(pool), support_(support), service_key_(std::move(service_key)) {}

  absl::StatusOr<v1::GetImpactResponse> GetImpact(const rpc::Call& call, const v1::GetImpactRequest& request);
  absl::StatusOr<v1::ListImpactMovementsResponse> ListImpactMovements(const rpc::Call& call,
                                                                      const v1::ListImpactMovementsRequest& request);

 private:
  // Reads on what the support service tells. That is quick if nothing is new; if it cannot be had now, what is known counts.
  absl::Status FollowSupport(const rpc::Call& call);

  pg::Pool& pool_;
  support::v1::SupportService::StubInterface& support_;
  const std::string service_key_;
};

// For feed::Follower: counts the entries.
absl::Status ApplyFeed(pg::Transaction& tx, const feed::Network& network, const feed::Entries& entries);

}  // namespace kubari::impact
