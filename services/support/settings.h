// A network's settings.
#pragma once

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "kubari/support/v1/support.pb.h"
#include "libs/pg/transaction.h"

namespace kubari::support {

namespace pb = v1;

// Those of the transaction's network; what holds unless set if it has none yet.
absl::StatusOr<pb::SupportSettings> LoadSettings(pg::Transaction& tx);
// False if somebody else changed them since `settings.etag`.
absl::StatusOr<bool> SaveSettings(pg::Transaction& tx, const pb::SupportSettings& settings);

// When an answer to what is proposed now is due.
absl::Time AnswerDue(const pb::SupportSettings& settings, pb::Urgency urgency, absl::Time now);

}  // namespace kubari::support
