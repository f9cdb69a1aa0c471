// Which role may be held where, and who may give whom what.
#pragma once

#include <absl/status/status.h>

#include <map>
#include <string>
#include <vector>

#include "kubari/identity/v1/identity.pb.h"
#include "libs/auth/principal.h"

namespace kubari::identity {

namespace pb = ::kubari::identity::v1;

// Whether the role may be held in an organisation of this kind: DONOR in a donor, GROUP in a group, VOLUNTEER and
// WAREHOUSE_MANAGER in an operator or the intermediary, COORDINATOR and ADMINISTRATOR in the intermediary, AUDITOR in
// an auditor or the intermediary. ROLE_SERVICE nowhere.
bool RoleFits(auth::Role role, pb::OrganisationKind kind);

// All grants at once. `kinds`: of the organisations that exist, by id.
// Errors: NOT_FOUND / ORGANISATION_NOT_FOUND, FAILED_PRECONDITION / ROLE_DOES_NOT_FIT; each names all that are
// concerned.
absl::Status CheckGrants(const std::vector<auth::Grant>& grants,
                         const std::map<std::string, pb::OrganisationKind>& kinds);

// Whoever makes a person's invite can sign in as that person. So an administrator may invite anyone, a coordinator
// those who may do no more than a coordinator: nobody who is an administrator or auditor. Others invite no people.
// Errors: PERMISSION_DENIED / INVITEE_HAS_MORE_RIGHTS.
absl::Status CheckMayInvitePerson(const auth::Principal& caller, const std::vector<auth::Grant>& invitee);

// Whether giving this role makes a person's open invites too strong for a coordinator who may have made them.
bool EndsOpenInvites(auth::Role role);

}  // namespace kubari::identity
