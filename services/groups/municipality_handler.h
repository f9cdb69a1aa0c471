// The RPCs of kubari.groups.v1.MunicipalitiesService: a table of the program's own, without a database.
#pragma once

#include "absl/status/statusor.h"
#include "kubari/groups/v1/municipalities.pb.h"
#include "libs/rpc/call.h"

namespace kubari::groups {

class MunicipalitiesHandler {
 public:
  absl::StatusOr<v1::ListMunicipalitiesResponse> ListMunicipalities(const rpc::Call& call,
                                                                    const v1::ListMunicipalitiesRequest& request);
};

}  // namespace kubari::groups
