// What a failed statement leaves in its absl::Status.
//
// The code and the message are for the outside and say nothing of SQL or data:
//   ABORTED            serialization failure, deadlock (after Transact has retried)
//   DEADLINE_EXCEEDED  statement timeout, or no connection became free in time
//   UNAVAILABLE        the connection was lost or could not be opened; after a lost COMMIT the outcome is unknown,
//   repeat with the same request_id RESOURCE_EXHAUSTED too many callers wait for a connection, or the server is out of
//   connections, memory or disk INTERNAL           everything else, reason DATABASE_ERROR: constraint violations too,
//   which a store turns into an error of its
//                      domain by ConstraintOf
// The rest is in a payload that stays inside the process; these functions read it. Pool logs it when such a status
// leaves Transact or Read, so a store logs nothing and only returns it, or returns an error of its own.
#pragma once

#include <libpq-fe.h>

#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace kubari::pg {

// The five characters of SQLSTATE ("23505"), or "" if the status does not come from a statement.
std::string SqlStateOf(const absl::Status& status);

// The violated constraint or unique index ("lots_code_key"), or "".
std::string ConstraintOf(const absl::Status& status);

// For logs only: the server's message (not its DETAIL, which quotes rows) and the statement.
std::string DetailOf(const absl::Status& status);

namespace internal {

// `detail` is for DetailOf.
absl::Status MakeStatus(std::string_view sql_state, std::string_view constraint, std::string_view detail);
absl::Status FromResult(const PGresult* result, std::string_view statement);
absl::Status Lost(std::string_view detail);            // UNAVAILABLE: nothing was committed
absl::Status UnknownOutcome(std::string_view detail);  // UNAVAILABLE: lost while committing
absl::Status TimedOut(std::string_view detail);
absl::Status Mistake(std::string_view detail);  // INTERNAL: the program is wrong

// 40001 or 40P01: the same transaction may succeed when run again.
bool IsRetryable(std::string_view sql_state);
// The session is gone or going (class 08, 57P01 …).
bool IsLost(std::string_view sql_state);

}  // namespace internal
}  // namespace kubari::pg
