// Counts over requests, as far as the transaction acts for their parties.
#pragma once

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/civil_time.h"
#include "kubari/support/v1/support.pb.h"
#include "libs/pg/transaction.h"

namespace kubari::support {

namespace pb = v1;

// Exact; see domain/statistics.h for what may be told to whom. Months are of `time_zone`, both inclusive.
absl::StatusOr<pb::SupportStatistics> CountRequests(pg::Transaction& tx, const std::string& time_zone,
                                                    std::optional<absl::CivilMonth> from,
                                                    std::optional<absl::CivilMonth> to, pb::SupportDimension dimension);

}  // namespace kubari::support
