#include "services/identity/handlers/networks.h"

#include <absl/strings/str_cat.h>

#include "libs/auth/access.h"
#include "libs/errors/macros.h"
#include "libs/ids/ids.h"
#include "libs/paging/page.h"
#include "libs/pg/idempotency.h"
#include "services/identity/domain/invite_codes.h"
#include "services/identity/domain/names.h"
#include "services/identity/store/invites.h"
#include "services/identity/store/networks.h"
#include "services/identity/store/people.h"

namespace kubari::identity {
namespace {

// A network's id is derived from the request that makes it: so the answer can be recorded under that network's own
// row-level security, and a repeated request finds it there.
constexpr char kNetworksOfRequests[] = "6f1d1f0a-5a0e-4f6e-9d0b-3c1b0c6a7e21";

constexpr absl::Duration kFirstInvite = absl::Hours(24);

absl::Status CheckShape(const pb::CreateNetworkRequest& request, const std::string& time_zone) {
  errors::Violations violations;
  violations.RequestId("request_id", request.request_id());
  violations.Require(
      IsNetworkCode(request.code()), "code", "NOT_A_CODE",
      absl::StrCat("The code is \"", request.code(), "\"; 2 to 40 of a–z, 0–9 and \"-\" were expected."),
      absl::StrCat("コードが「", request.code(), "」です。英小文字・数字・ハイフンで2〜40文字にしてください。"));
  violations.Text("display_name", request.display_name(), 1, 200);
  violations.Require(
      calendar::LoadZone(time_zone).ok(), "time_zone", "UNKNOWN_TIME_ZONE",
      absl::StrCat("The time zone \"", time_zone, "\" is unknown; an IANA name such as Asia/Tokyo was expected."),
      absl::StrCat("タイムゾーン「", time_zone, "」は不明です。Asia/Tokyo のような IANA 名を指定してください。"));
  CheckEmail(violations, "administrator_email", request.administrator_email());
  violations.Text("administrator_display_name", request.administrator_display_name(), 1, 200);
  return violations.status();
}

// The network with its intermediary and administrator, without an invite.
absl::StatusOr<pb::CreateNetworkResponse> MakeNetwork(pg::Transaction& tx, const pb::CreateNetworkRequest& request,
                                                      const std::string& time_zone, absl::Time now) {
  const std::string organisation_id = ids::NewV7(now), person_id = ids::NewV7(now);
  RETURN_IF_ERROR(InsertNetwork(tx, request.code(), request.display_name(), time_zone, now));
  RETURN_IF_ERROR(
      InsertOrganisation(tx, organisation_id, pb::ORGANISATION_KIND_INTERMEDIARY, request.display_name(), now));
  RETURN_IF_ERROR(
      InsertPerson(tx, person_id, request.administrator_display_name(), request.administrator_email(), "ja", now));
  RETURN_IF_ERROR(InsertGrant(tx, person_id, {organisation_id, type::v1::ROLE_ADMINISTRATOR}));

  pb::CreateNetworkResponse response;
  ASSIGN_OR_RETURN(*response.mutable_network(), LoadNetwork(tx));
  ASSIGN_OR_RETURN(*response.mutable_organisation(), LoadOrganisation(tx, organisation_id));
  ASSIGN_OR_RETURN(*response.mutable_administrator(), LoadPerson(tx, person_id));
  return response;
}

absl::Status OrganisationExists(const pb::Organisation& there) {
  return errors::Make(
      absl::StatusCode::kAlreadyExists, "ORGANISATION_EXISTS",
      absl::StrCat(there.name(), " is taken by \"", there.display_name(), "\" (",
                   pb::OrganisationKind_Name(there.kind()), "). Leave organisation_id empty to get a new one."),
      absl::StrCat(there.name(), " はすでに「", there.display_name(),
                   "」で使われています。新しい団体を登録する場合は organisation_id を空にしてください。"),
      {{"resource", there.name()}, {"display_name", there.display_name()}});
}

}  // namespace

absl::StatusOr<pb::CreateNetworkResponse> NetworksHandler::CreateNetwork(const rpc::Call& call,
                                                                         const pb::CreateNetworkRequest& request) {
  const std::string time_zone = request.time_zone().empty() ? "Asia/Tokyo" : request.time_zone();
  RETURN_IF_ERROR(CheckShape(request, time_zone));
  const absl::Time now = tools_.clock.Now();
  const pg::TxContext context{.network_id = ids::DeriveV5(kNetworksOfRequests, request.request_id()),
                              .deadline = call.deadline};
  return tools_.pool.Transact(context, [&](pg::Transaction& tx) -> absl::StatusOr<pb::CreateNetworkResponse> {
    ASSIGN_OR_RETURN(pb::CreateNetworkResponse response,
                     pg::Idempotent<pb::CreateNetworkResponse>(
                         tx, request.request_id(), call.method->full_name(), request,
                         [&](pg::Transaction& tx) { return MakeNetwork(tx, request, time_zone, now); }));
    // The first time and each time again: a new invite in place of the former. So the service key is also the way back
    // in when all administrators have lost theirs.
    RETURN_IF_ERROR(RevokeInvitesOf(tx, IdOf(response.administrator().name()), call.principal.subject));
    pb::Invite invite;
    const std::string invite_id = ids::NewV7(now);
    invite.set_name(ids::Name("invites", invite_id));
    invite.set_person(response.administrator().name());
    invite.set_uses_left(1);
    *invite.mutable_expire_time() = ToTimestamp(now + kFirstInvite);
    invite.set_creator(call.principal.subject);
    RETURN_IF_ERROR(InsertInvite(tx, invite, now));
    ASSIGN_OR_RETURN(const std::string code, GiveCode(tx, invite_id));
    response.set_invite_code(FormatInviteCode(code));
    return response;
  });
}

absl::StatusOr<pb::ListNetworksResponse> NetworksHandler::ListNetworks(const rpc::Call& call,
                                                                       const pb::ListNetworksRequest& request) {
  ASSIGN_OR_RETURN(const paging::Page page, paging::Page::Of(request, "", {"", kFirstId}));
  ASSIGN_OR_RETURN(std::vector<pb::Network> networks,
                   identity::ListNetworks(tools_.pool, page.key(0), page.limit(), call.deadline));
  pb::ListNetworksResponse response;
  response.set_next_page_token(page.Cut(networks, [](const pb::Network& last) {
    return std::vector<std::string>{last.code(), IdOf(last.name())};
  }));
  Fill(response.mutable_networks(), std::move(networks));
  return response;
}

absl::StatusOr<pb::Network> NetworksHandler::GetNetwork(const rpc::Call& call, const pb::GetNetworkRequest&) {
  ASSIGN_OR_RETURN(const pg::TxContext context, InNetwork(call));
  return tools_.pool.Read(context, [&](pg::Transaction& tx) { return LoadNetwork(tx); });
}

absl::StatusOr<pb::Organisation> NetworksHandler::CreateOrganisation(const rpc::Call& call,
                                                                     const pb::CreateOrganisationRequest& request) {
  errors::Violations violations;
  violations.RequestId("request_id", request.request_id());
  if (!request.organisation_id().empty()) violations.Uuid("organisation_id", request.organisation_id());
  violations.Enum("kind", request.kind());
  violations.Text("display_name", request.display_name(), 1, 200);
  RETURN_IF_ERROR(violations.status());

  ASSIGN_OR_RETURN(const pg::TxContext context, InNetwork(call));
  const absl::Time now = tools_.clock.Now();
  const auto create = [&](pg::Transaction& tx) -> absl::StatusOr<pb::Organisation> {
    const std::string id = request.organisation_id().empty() ? ids::NewV7(now) : request.organisation_id();
    RETURN_IF_ERROR(InsertOrganisation(tx, id, request.kind(), request.display_name(), now));
    ASSIGN_OR_RETURN(pb::Organisation there, LoadOrganisation(tx, id));
    // Another request may have made the same organisation already: a registry that starts again. That is no conflict.
    if (there.kind() != request.kind() || there.display_name() != request.display_name())
      return OrganisationExists(there);
    return there;
  };
  return tools_.pool.Transact(context, [&](pg::Transaction& tx) {
    return pg::Idempotent<pb::Organisation>(tx, request.request_id(), call.method->full_name(), request, create);
  });
}

absl::StatusOr<pb::Organisation> NetworksHandler::GetOrganisation(const rpc::Call& call,
                                                                  const pb::GetOrganisationRequest& request) {
  errors::Violations violations;
  violations.Name("organisations", "name", request.name());
  RETURN_IF_ERROR(violations.status());
  ASSIGN_OR_RETURN(const pg::TxContext context, InNetwork(call));
  if (!call.scope.Includes(IdOf(request.name()))) return auth::NotYourOrganisation(request.name());
  return tools_.pool.Read(context, [&](pg::Transaction& tx) { return LoadOrganisation(tx, IdOf(request.name())); });
}

absl::StatusOr<pb::ListOrganisationsResponse> NetworksHandler::ListOrganisations(
    const rpc::Call& call, const pb::ListOrganisationsRequest& request) {
  errors::Violations violations;
  if (request.kind() != pb::ORGANISATION_KIND_UNSPECIFIED) violations.Enum("kind", request.kind());
  CheckQuery(violations, request.query());
  RETURN_IF_ERROR(violations.status());
  ASSIGN_OR_RETURN(const pg::TxContext context, InNetwork(call));
  ASSIGN_OR_RETURN(const paging::Page page, paging::Page::Of(request, context.network_id, {"", kFirstId}));
  auto organisations = tools_.pool.Read(context, [&](pg::Transaction& tx) {
    return identity::ListOrganisations(tx, request.kind(), request.query(), page.key(0), page.key(1), page.limit());
  });
  RETURN_IF_ERROR(organisations);
  pb::ListOrganisationsResponse response;
  response.set_next_page_token(page.Cut(*organisations, [](const pb::Organisation& last) {
    return std::vector<std::string>{last.display_name(), IdOf(last.name())};
  }));
  Fill(response.mutable_organisations(), *std::move(organisations));
  return response;
}

}  // namespace kubari::identity
