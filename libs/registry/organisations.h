// The organisations that stand behind donors and groups.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "kubari/identity/v1/identity.grpc.pb.h"
#include "libs/rpc/call.h"

namespace kubari::registry {

struct NewOrganisation {
  std::string id;  // UUID
  std::string display_name;
};

// Makes them in the identity service on behalf of the caller, several at a time, before the registry writes its own
// rows: if that fails afterwards, a repeated request finds them there. The request ids are derived from the content, so
// repeating is always safe. One that exists already is taken as it is, if it is of this kind; otherwise ALREADY_EXISTS
// / ORGANISATION_EXISTS.
absl::Status EnsureOrganisations(identity::v1::IdentityService::Stub& identity, const rpc::Call& call,
                                 identity::v1::OrganisationKind kind,
                                 const std::vector<NewOrganisation>& organisations);

}  // namespace kubari::registry
