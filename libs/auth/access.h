// Judges the rule that each method carries in the contract (proto/kubari/type/v1/access.proto).
#pragma once

#include <absl/status/statusor.h>
#include <google/protobuf/descriptor.h>

#include <string>
#include <string_view>
#include <vector>

#include "libs/auth/principal.h"

namespace kubari::auth {

// How far a permitted caller may see. Handlers of methods with `own_roles` must honour it.
struct AccessScope {
  // True: everything in the caller's network. False: only what belongs to `organisation_ids`, else PERMISSION_DENIED with
  // NotYourOrganisation().
  bool whole_network = false;
  // UUIDs, sorted: where the caller holds one of the method's own_roles. Empty if whole_network.
  std::vector<std::string> organisation_ids;

  bool Includes(std::string_view organisation_id) const;
};

// The method's rule; the default (nobody but services) if it has none.
const kubari::type::v1::Access& AccessOf(const google::protobuf::MethodDescriptor& method);
bool IsPublic(const google::protobuf::MethodDescriptor& method);

// May `principal` (null or anonymous: nobody signed in) call `method`, and how far does it see? `roles` and `any_role` give the whole
// network, `own_roles` the organisations in which one is held; a service sees the whole network; a public method gives an anonymous
// caller an empty scope.
// Errors: UNAUTHENTICATED / TOKEN_MISSING; PERMISSION_DENIED / ROLE_NOT_ALLOWED with metadata "method", "allowed_roles" and
// "held_roles".
absl::StatusOr<AccessScope> Judge(const google::protobuf::MethodDescriptor& method, const Principal* principal);

// PERMISSION_DENIED / NOT_YOUR_ORGANISATION. `what` is the resource asked for, for instance "groups/{uuid}".
absl::Status NotYourOrganisation(std::string_view what);

// "coordinator" / "コーディネーター".
std::string_view EnglishName(Role role);
std::string_view JapaneseName(Role role);

}  // namespace kubari::auth
