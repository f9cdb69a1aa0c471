// What every handler of the registries does around its own decision.
#pragma once

#include <google/protobuf/message.h>
#include <google/protobuf/timestamp.pb.h>

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "libs/calendar/clock.h"
#include "libs/errors/macros.h"
#include "libs/pg/idempotency.h"
#include "libs/pg/pool.h"
#include "libs/rpc/call.h"

namespace kubari::registry {

inline pg::TxContext TxOf(const rpc::Call& call) {
  return {.network_id = call.principal.network_id, .deadline = call.deadline};
}

// Today in the caller's network.
absl::StatusOr<absl::CivilDay> TodayOf(const rpc::Call& call, const calendar::Clock& clock);

google::protobuf::Timestamp ToTimestamp(absl::Time time);

// A row's version as an etag, and ABORTED / STALE_ETAG if `etag` is of another version. `what` is the resource's name.
std::string EtagOf(int64_t version);
absl::Status CheckEtag(const std::string& what, const std::string& etag, const std::string& current_etag);

// The first answer to this very request, if it was answered before. For mutations that ask other services before they
// write: a replay needs none of them.
template <typename Response, typename Request>
absl::StatusOr<std::optional<Response>> FirstAnswer(pg::Pool& pool, const rpc::Call& call, const Request& request) {
  return pool.Transact(TxOf(call), [&](pg::Transaction& tx) -> absl::StatusOr<std::optional<Response>> {
    ASSIGN_OR_RETURN(const std::optional<std::string> found,
                     pg::FindAnswer(tx, request.request_id(), call.method->full_name(), pg::RequestHash(request)));
    if (!found) return std::nullopt;
    Response first;
    if (!first.ParseFromString(*found)) return absl::InternalError("requests.response does not parse");
    return first;
  });
}

// Runs `f(tx)`, which returns absl::StatusOr<Response>, in one transaction with the record of its answer.
template <typename Response, typename Request, typename F>
absl::StatusOr<Response> Mutate(pg::Pool& pool, const rpc::Call& call, const Request& request, F&& f) {
  return pool.Transact(TxOf(call), [&](pg::Transaction& tx) -> absl::StatusOr<Response> {
    return pg::Idempotent<Response>(tx, request.request_id(), call.method->full_name(), request, f);
  });
}

}  // namespace kubari::registry
