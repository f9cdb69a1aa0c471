// A mutation that may be asked twice and happens once.
//
//   return pool.Transact({network, deadline}, [&](pg::Transaction& tx) {
//     return pg::Idempotent<pb::IssueStockResponse>(tx, request.request_id(), "kubari.stock.v1.Stock/IssueStock",
//     request,
//         [&](pg::Transaction& tx) -> absl::StatusOr<pb::IssueStockResponse> { … });
//   });
//
// Answers are kept in the table `requests` of the service's schema, made by Migrate:
//   requests(network_id uuid, request_id uuid, method text, request_hash bytea, response bytea, recorded_time
//   timestamptz,
//            PRIMARY KEY (network_id, request_id))
// under row-level security, with SELECT and INSERT for the service's role. It is written in the mutation's own
// transaction, and only if that succeeds.
#pragma once

#include <google/protobuf/message.h>

#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "libs/pg/transaction.h"

namespace kubari::pg {

// SHA-256 (32 bytes) of the message in deterministic serialization. Two requests are the same if method and hash are.
std::string RequestHash(const google::protobuf::Message& request);

// The serialized first answer to this request, or nothing if it is new: then this transaction holds a lock on the
// request_id until it ends, and a second transaction with the same id waits here. ALREADY_EXISTS / REQUEST_ID_REUSED if
// the id was used for another method or content. `tx` must have a network; `request_id` must be a UUID.
absl::StatusOr<std::optional<std::string>> FindAnswer(Transaction& tx, const std::string& request_id,
                                                      std::string_view method, const std::string& request_hash);

// Records the answer; it travels with the next statement or with COMMIT.
void RecordAnswer(Transaction& tx, const std::string& request_id, std::string_view method,
                  const std::string& request_hash, const std::string& response);

// ALREADY_EXISTS / REQUEST_ID_REUSED, for code that reads `requests` itself (many requests in one transaction).
absl::Status RequestIdReused(const std::string& request_id, std::string_view recorded_method, std::string_view method);

// Runs `f(tx)`, which returns absl::StatusOr<Response>, unless this request was answered before; then returns that
// first answer. `method` is the full name, "package.Service/Method". Errors of `f` are returned and not recorded.
template <typename Response, typename F>
absl::StatusOr<Response> Idempotent(Transaction& tx, const std::string& request_id, std::string_view method,
                                    const google::protobuf::Message& request, F&& f) {
  const std::string hash = RequestHash(request);
  const absl::StatusOr<std::optional<std::string>> found = FindAnswer(tx, request_id, method, hash);
  if (!found.ok()) return found.status();
  if (found->has_value()) {
    Response first;
    if (!first.ParseFromString(**found))
      return internal::Mistake("requests.response does not parse as " + first.GetTypeName());
    return first;
  }
  absl::StatusOr<Response> answer = f(tx);
  if (answer.ok()) RecordAnswer(tx, request_id, method, hash, answer->SerializeAsString());
  return answer;
}

}  // namespace kubari::pg
