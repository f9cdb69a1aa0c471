// The Connect protocol, unary: https://connectrpc.com/docs/protocol. Pure functions between HTTP's words and gRPC's.
#pragma once

#include <absl/status/statusor.h>
#include <absl/time/time.h>
#include <google/protobuf/descriptor.h>

#include <optional>
#include <string>
#include <string_view>

#include "mobile_api/gateway/http.h"

namespace kubari::gateway {

enum class Codec { kJson, kProto };

// Of a Content-Type field: application/json (charset=utf-8 or none) or application/proto.
std::optional<Codec> CodecOf(std::string_view content_type);
std::string_view ContentTypeOf(Codec codec);

// "invalid_argument" and 400.
std::string_view CodeName(absl::StatusCode code);
int HttpStatusOf(absl::StatusCode code);

// The message of type `type` in a request's body, as protobuf bytes. JSON: names in lowerCamelCase or as in the
// contract; binary: passed on unchanged. Errors: INVALID_ARGUMENT / INVALID_REQUEST with a BadRequest that names the
// field (as in the contract, "product.item_grams"; reasons UNKNOWN_FIELD, INVALID_VALUE), or "body" where it is no JSON
// or no such message at all (NOT_JSON, NOT_PROTO).
absl::StatusOr<std::string> DecodeMessage(Codec codec, const google::protobuf::Descriptor& type, std::string body);
// Protobuf bytes as the body of an answer. JSON leaves out fields with default values and writes int64 as strings.
// Errors: INTERNAL, when a service answers what the contract does not know.
absl::StatusOr<std::string> EncodeMessage(Codec codec, const google::protobuf::Descriptor& type, std::string bytes);

// Of the Connect-Timeout-Ms field: `none` if it is empty, never more than `most`. Errors: INVALID_ARGUMENT /
// INVALID_REQUEST.
absl::StatusOr<absl::Duration> TimeoutOf(std::string_view field, absl::Duration none, absl::Duration most);

// The error as Connect writes it: {"code", "message", "details": [{"type", "value", "debug"}]}, always JSON, whatever
// the codec. The details are those of the status (libs/errors), byte for byte. RetryInfo becomes Retry-After as well.
// `http_status` 0: by the code.
Response ErrorResponse(const absl::Status& status, int http_status = 0);

}  // namespace kubari::gateway
