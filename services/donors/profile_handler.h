// The RPCs of kubari.donors.v1.DonorProfilesService, as plain functions.
#pragma once

#include "absl/status/statusor.h"
#include "kubari/donors/v1/profile.pb.h"
#include "libs/calendar/clock.h"
#include "libs/pg/pool.h"
#include "libs/rpc/call.h"

namespace kubari::donors {

class ProfilesHandler {
 public:
  ProfilesHandler(pg::Pool& pool, const calendar::Clock& clock) : pool_(pool), clock_(clock) {}

  absl::StatusOr<v1::DonorProfile> GetDonorProfile(const rpc::Call& call, const v1::GetDonorProfileRequest& request);
  absl::StatusOr<v1::DonorProfile> UpdateDonorProfile(const rpc::Call& call,
                                                      const v1::UpdateDonorProfileRequest& request);
  absl::StatusOr<v1::DonorProfile> AllowActing(const rpc::Call& call, const v1::AllowActingRequest& request);
  absl::StatusOr<v1::DonorProfile> EndActing(const rpc::Call& call, const v1::EndActingRequest& request);
  absl::StatusOr<v1::ListWholesalersResponse> ListWholesalers(const rpc::Call& call,
                                                              const v1::ListWholesalersRequest& request);

 private:
  pg::Pool& pool_;
  const calendar::Clock& clock_;
};

}  // namespace kubari::donors
