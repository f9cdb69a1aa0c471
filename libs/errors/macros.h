// Leave the function with the error, or go on.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include <utility>

namespace kubari::errors::internal {
inline absl::Status StatusOf(absl::Status status) { return status; }
template <typename T>
absl::Status StatusOf(absl::StatusOr<T>&& result) {
  return std::move(result).status();
}
template <typename T>
absl::Status StatusOf(const absl::StatusOr<T>& result) {
  return result.status();
}
}  // namespace kubari::errors::internal

// RETURN_IF_ERROR(expression) where the expression is an absl::Status or an absl::StatusOr.
#define RETURN_IF_ERROR(...)                                                                                      \
  do {                                                                                                            \
    if (absl::Status kubari_status = ::kubari::errors::internal::StatusOf(__VA_ARGS__); !kubari_status.ok()) {    \
      return kubari_status;                                                                                       \
    }                                                                                                             \
  } while (false)

// ASSIGN_OR_RETURN(const Lot lot, store.Find(id)) where the expression is an absl::StatusOr. A declaration with a comma in it needs
// parentheses around the type: use `auto`.
#define ASSIGN_OR_RETURN(declaration, ...) \
  KUBARI_ASSIGN_OR_RETURN(KUBARI_JOIN(kubari_result_, __COUNTER__), declaration, __VA_ARGS__)
#define KUBARI_ASSIGN_OR_RETURN(result, declaration, ...) \
  auto result = (__VA_ARGS__);                            \
  if (!result.ok()) return std::move(result).status();    \
  declaration = *std::move(result)
#define KUBARI_JOIN(a, b) KUBARI_JOIN_AGAIN(a, b)
#define KUBARI_JOIN_AGAIN(a, b) a##b
