// How Kubari says that something failed: an absl::Status whose message is English and whose payload carries a google.rpc.Status with
// ErrorInfo (a stable reason and facts for programs) and LocalizedMessage (a sentence for people, Japanese and English). The payload
// travels through gRPC and the gateway unchanged. See https://google.aip.dev/193.
#pragma once

#include <absl/status/status.h>
#include <absl/time/time.h>
#include <google/protobuf/descriptor.h>
#include <google/protobuf/generated_enum_reflection.h>
#include <grpcpp/support/status.h>

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"

namespace kubari::errors {

// The facts of an error, for instance {{"lot", "lots/…"}, {"free", "12"}, {"requested", "40"}}. Never secrets or tokens.
using Metadata = std::map<std::string, std::string>;

// An error with all that the contract promises. `reason` is UPPER_SNAKE_CASE and stable; the two sentences name what is there, what was
// expected and what to do. `code` must not be kOk.
absl::Status Make(absl::StatusCode code, std::string_view reason, std::string_view english, std::string_view japanese,
                  Metadata metadata = {});

// The same error, telling the caller after what time the same call may be sent again (google.rpc.RetryInfo).
absl::Status WithRetry(const absl::Status& status, absl::Duration delay);

// ErrorInfo.reason; empty if the status is OK or carries none.
std::string ReasonOf(const absl::Status& status);
// ErrorInfo.metadata; empty if it carries none.
Metadata MetadataOf(const absl::Status& status);
// The sentence in `locale` ("ja" or "en"); the status's message if there is none.
std::string MessageIn(std::string_view locale, const absl::Status& status);
// Everything wrong with the shape of a request (BadRequest); empty if it carries none.
std::vector<google::rpc::BadRequest::FieldViolation> ViolationsOf(const absl::Status& status);
// The payload, with code and message filled in even where the status carries no payload.
google::rpc::Status DetailsOf(const absl::Status& status);

// To the wire and back, without loss: ToGrpc puts the serialized google.rpc.Status into error_details, FromGrpc takes it out again.
// A status that Make() did not make (a library's, a bug's) leaves with ErrorInfo whose reason is the code's name, for instance
// INTERNAL, and a neutral text: its own text may name hosts, SQL or paths, so that is only logged here.
grpc::Status ToGrpc(const absl::Status& status);
absl::Status FromGrpc(const grpc::Status& status);

// Collects everything that is wrong with the shape of a request, so that the caller hears all of it at once:
//
//   errors::Violations violations;
//   violations.RequestId("request_id", request.request_id());
//   violations.Range("items", request.items(), 1, 1'000'000);
//   RETURN_IF_ERROR(violations.status());
//
// `field` is the path from the request, for instance "lines[2].items". Each check returns whether the value passed.
class Violations {
 public:
  // `reason` is UPPER_SNAKE_CASE: REQUIRED, TOO_LONG, OUT_OF_RANGE, …
  void Add(std::string_view field, std::string_view reason, std::string_view english, std::string_view japanese);
  // Adds unless `ok`.
  bool Require(bool ok, std::string_view field, std::string_view reason, std::string_view english,
               std::string_view japanese);

  // A UUID in lower-case text. Reasons REQUIRED, NOT_A_UUID.
  bool Uuid(std::string_view field, std::string_view value);
  // A UUID, with the hint to make one and to keep it for retries.
  bool RequestId(std::string_view field, std::string_view value);
  // "{collection}/{uuid}", for instance Name("lots", "lot", request.lot()). Reasons REQUIRED, NOT_A_NAME.
  bool Name(std::string_view collection, std::string_view field, std::string_view value);
  // Between `min` and `max` characters (Unicode code points) of UTF-8 without control characters other than newline and tab;
  // when `min` > 0, not blanks alone. Reasons REQUIRED, TOO_SHORT, TOO_LONG, NOT_TEXT.
  bool Text(std::string_view field, std::string_view value, int min, int max);
  // lo <= value <= hi. Reason OUT_OF_RANGE.
  bool Range(std::string_view field, int64_t value, int64_t lo, int64_t hi);
  // A declared value of a proto enum other than the 0 that means "unspecified". Reasons REQUIRED, UNKNOWN_VALUE.
  template <typename E>
  bool Enum(std::string_view field, E value) {
    return EnumNumber(field, static_cast<int>(value), *google::protobuf::GetEnumDescriptor<E>());
  }

  bool empty() const { return bad_request_.field_violations().empty(); }
  // OK if nothing was added; else INVALID_ARGUMENT / INVALID_REQUEST with BadRequest; its text tells the first three.
  absl::Status status() const;

 private:
  bool EnumNumber(std::string_view field, int value, const google::protobuf::EnumDescriptor& type);

  google::rpc::BadRequest bad_request_;
};

}  // namespace kubari::errors
