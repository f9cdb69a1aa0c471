#include "libs/pg/idempotency.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <sodium.h>

#include "absl/strings/str_cat.h"
#include "libs/errors/errors.h"

namespace kubari::pg {
namespace {

// Two transactions with one request_id go one after the other from the start. Without that the second would run against
// the first's uncommitted effects, and could fail on them instead of returning the first's answer.
constexpr Statement kLock{"SELECT pg_advisory_xact_lock(hashtextextended('kubari.request.' || $1 || $2, 0))"};
constexpr Statement kFind{
    "SELECT method, request_hash, response FROM requests WHERE network_id = $1 AND request_id = $2"};
constexpr Statement kRecord{
    "INSERT INTO requests (network_id, request_id, method, request_hash, response) VALUES ($1, $2, $3, $4, $5)"};

}  // namespace

std::string RequestHash(const google::protobuf::Message& request) {
  std::string bytes;
  {
    google::protobuf::io::StringOutputStream sink(&bytes);
    google::protobuf::io::CodedOutputStream stream(&sink);
    stream.SetSerializationDeterministic(true);
    request.SerializeToCodedStream(&stream);
  }
  std::string hash(crypto_hash_sha256_BYTES, '\0');
  crypto_hash_sha256(reinterpret_cast<unsigned char*>(hash.data()),
                     reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size());
  return hash;
}

absl::Status RequestIdReused(const std::string& request_id, std::string_view recorded_method, std::string_view method) {
  return errors::Make(
      absl::StatusCode::kAlreadyExists, "REQUEST_ID_REUSED",
      absl::StrCat("request_id ", request_id, " was already used for another request (", std::string(recorded_method),
                   "). Send a new request_id with a new request; repeat the same content with the same one."),
      absl::StrCat("request_id ", request_id, " は別の依頼（", std::string(recorded_method),
                   "）ですでに使われています。新しい依頼には新しい request_id "
                   "を付けてください。再送の場合は同じ内容で送ってください。"),
      {{"request_id", request_id}, {"recorded_method", std::string(recorded_method)}, {"method", std::string(method)}});
}

absl::StatusOr<std::optional<std::string>> FindAnswer(Transaction& tx, const std::string& request_id,
                                                      std::string_view method, const std::string& request_hash) {
  Batch batch;
  batch.Add(kLock, tx.network_id(), request_id).Add(kFind, tx.network_id(), request_id);
  const absl::StatusOr<std::vector<Result>> results = tx.Pipeline(batch);
  if (!results.ok()) return results.status();
  const Result& found = (*results)[1];
  if (found.empty()) return std::nullopt;
  const auto recorded_method = found[0].Get<std::string>("method");
  if (recorded_method != method || found[0].Get<std::string>("request_hash") != request_hash) {
    return RequestIdReused(request_id, recorded_method, method);
  }
  return found[0].Get<std::string>("response");
}

void RecordAnswer(Transaction& tx, const std::string& request_id, std::string_view method,
                  const std::string& request_hash, const std::string& response) {
  tx.Defer(kRecord, tx.network_id(), request_id, method, Bytes{request_hash}, Bytes{response});
}

}  // namespace kubari::pg
