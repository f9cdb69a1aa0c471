// gMock matchers for absl::Status and absl::StatusOr:
//
//   EXPECT_THAT(store.Issue(60), IsOk());
//   EXPECT_THAT(store.Free(), IsOkAndHolds(Gt(0)));
//   EXPECT_THAT(store.Issue(41), FailsBecause("INSUFFICIENT_STOCK"));
//   EXPECT_THAT(store.Issue(41), FailsWith(absl::StatusCode::kFailedPrecondition));
//   EXPECT_THAT(handler.Issue(request), Violates("items", "OUT_OF_RANGE"));
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>
#include <gmock/gmock.h>
#include <grpcpp/support/status.h>

#include <string>
#include <type_traits>

#include "libs/errors/errors.h"

namespace kubari::errors {

inline const absl::Status& TestedStatus(const absl::Status& status) { return status; }
template <typename T>
const absl::Status& TestedStatus(const absl::StatusOr<T>& result) {
  return result.status();
}
inline absl::Status TestedStatus(const grpc::Status& status) { return FromGrpc(status); }

MATCHER(IsOk, "is OK") {
  const absl::Status status = TestedStatus(arg);
  if (!status.ok()) *result_listener << status.ToString() << " / " << ReasonOf(status);
  return status.ok();
}

MATCHER_P(IsOkAndHolds, matcher, "is OK and holds what was expected") {
  if (!arg.ok()) {
    *result_listener << arg.status().ToString();
    return false;
  }
  using Value = typename std::decay_t<decltype(arg)>::value_type;
  return ::testing::ExplainMatchResult(::testing::SafeMatcherCast<const Value&>(matcher), *arg, result_listener);
}

MATCHER_P(FailsBecause, reason, "fails because " + ::testing::PrintToString(reason)) {
  const absl::Status status = TestedStatus(arg);
  *result_listener << status.ToString() << " / " << ReasonOf(status);
  return !status.ok() && ReasonOf(status) == std::string(reason);
}

MATCHER_P(FailsWith, code, "fails with " + absl::StatusCodeToString(code)) {
  const absl::Status status = TestedStatus(arg);
  *result_listener << status.ToString() << " / " << ReasonOf(status);
  return !status.ok() && status.code() == code;
}

// The request's shape is wrong in `field` for `reason` (perhaps among other things).
MATCHER_P2(Violates, field, reason, "violates " + ::testing::PrintToString(field) + " " + ::testing::PrintToString(reason)) {
  const absl::Status status = TestedStatus(arg);
  *result_listener << status.ToString();
  for (const auto& violation : ViolationsOf(status)) {
    if (violation.field() == std::string(field) && violation.reason() == std::string(reason)) return true;
  }
  return false;
}

}  // namespace kubari::errors
