// An application is decided: who, when, and the word to the applicant.
#pragma once

#include <string>

#include "absl/time/time.h"
#include "kubari/groups/v1/applications.pb.h"
#include "libs/pg/transaction.h"
#include "libs/rpc/call.h"

namespace kubari::groups {

// Writes the application with the decision, and the notice, with the next statement or COMMIT. `state`: ACTIVE or REJECTED.
void Decide(pg::Transaction& tx, v1::Application& application, const rpc::Call& call, absl::Time now,
            v1::GroupState state, const std::string& reason);

}  // namespace kubari::groups
