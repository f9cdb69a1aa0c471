#include "libs/registry/organisations.h"

#include "absl/strings/str_cat.h"
#include "libs/errors/errors.h"
#include "libs/errors/macros.h"
#include "libs/ids/ids.h"
#include "libs/registry/parallel.h"
#include "libs/rpc/client.h"

namespace kubari::registry {
namespace {

// Namespace of the derived request ids; made once at random.
constexpr char kRequests[] = "6f1d0d53-6f0c-4d0e-9c4e-0d1c0a3b7a11";

absl::Status Ensure(identity::v1::IdentityService::Stub& identity, const rpc::Call& call,
                    identity::v1::OrganisationKind kind, const NewOrganisation& organisation) {
  identity::v1::CreateOrganisationRequest request;
  request.set_request_id(ids::DeriveV5(kRequests, absl::StrCat(call.principal.network_id, "/", organisation.id, "/",
                                                               kind, "/", organisation.display_name)));
  request.set_organisation_id(organisation.id);
  request.set_kind(kind);
  request.set_display_name(organisation.display_name);
  const absl::Status created =
      rpc::Invoke(&identity::v1::IdentityService::Stub::CreateOrganisation, identity, rpc::OnBehalfOf(call), request)
          .status();
  if (created.ok() || errors::ReasonOf(created) != "ORGANISATION_EXISTS") return created;
  identity::v1::GetOrganisationRequest get;
  get.set_name(ids::Name("organisations", organisation.id));
  ASSIGN_OR_RETURN(
      const identity::v1::Organisation existing,
      rpc::Invoke(&identity::v1::IdentityService::Stub::GetOrganisation, identity, rpc::OnBehalfOf(call), get));
  return existing.kind() == kind ? absl::OkStatus() : created;
}

}  // namespace

absl::Status EnsureOrganisations(identity::v1::IdentityService::Stub& identity, const rpc::Call& call,
                                 identity::v1::OrganisationKind kind,
                                 const std::vector<NewOrganisation>& organisations) {
  return ForEachInParallel(organisations.size(),
                           [&](size_t i) { return Ensure(identity, call, kind, organisations[i]); });
}

}  // namespace kubari::registry
