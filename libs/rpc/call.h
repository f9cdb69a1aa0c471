// What a handler knows about the call it serves.
#pragma once

#include <absl/status/statusor.h>
#include <absl/time/time.h>
#include <google/protobuf/descriptor.h>

#include <functional>
#include <string>

#include "libs/auth/access.h"
#include "libs/auth/principal.h"

namespace kubari::rpc {

// Metadata keys of the wire.
inline constexpr char kAuthorization[] = "authorization";      // Bearer {token}
inline constexpr char kRequestId[] = "kubari-request-id";      // the trace: the same through all services; also sent back
inline constexpr char kNetwork[] = "kubari-network";           // from services only: UUID
inline constexpr char kTimeZone[] = "kubari-time-zone";        // from services only: IANA name
inline constexpr char kSubject[] = "kubari-subject";           // from services only: for whom, "people/{uuid}"

// A handler is a plain synchronous function `absl::StatusOr<Response> (const Call&, const Request&)`. When it runs, the caller is
// authenticated and its role permits the method; what belongs to whom is the handler's to judge, with `scope`.
struct Call {
  // Anonymous (empty) for public methods: tokens are not looked at there.
  auth::Principal principal;
  auth::AccessScope scope;
  // The trace id: 1 to 64 of A–Z a–z 0–9 - _. Not the idempotency key `request_id` of a mutation.
  std::string request_id;
  // Always finite: the client's, but at most Dispatcher::Options::max_deadline away.
  absl::Time deadline = absl::InfiniteFuture();
  // To act on behalf of the caller in other services (OnBehalfOf). Never log it.
  std::string token;
  // Never null in a handler.
  const google::protobuf::MethodDescriptor* method = nullptr;
  // Whether the client went away; worth asking before long work.
  std::function<bool()> cancelled = [] { return false; };
};

// The network (UUID) in which this call works. Errors: INVALID_ARGUMENT / METADATA_INVALID for a service that named none.
absl::StatusOr<std::string> NetworkOf(const Call& call);

}  // namespace kubari::rpc
