#include "services/identity/handlers/people.h"

#include <absl/strings/str_cat.h>

#include <algorithm>

#include "libs/errors/macros.h"
#include "libs/ids/ids.h"
#include "libs/paging/page.h"
#include "libs/pg/idempotency.h"
#include "services/identity/domain/grants.h"
#include "services/identity/domain/names.h"
#include "services/identity/store/invites.h"
#include "services/identity/store/people.h"

namespace kubari::identity {
namespace {

bool IsAdministrator(const pb::Person& person) {
  return std::any_of(person.grants().begin(), person.grants().end(),
                     [](const pb::Grant& grant) { return grant.role() == type::v1::ROLE_ADMINISTRATOR; });
}

absl::Status LastAdministrator(const pb::Person& person) {
  return errors::Make(
      absl::StatusCode::kFailedPrecondition, "LAST_ADMINISTRATOR",
      absl::StrCat(person.display_name(), " (", person.name(),
                   ") is the only administrator of this network. Make somebody else an administrator first."),
      absl::StrCat(person.display_name(), "さん（", person.name(),
                   "）はこのネットワークの唯一の管理者です。先に別の方を管理者にしてください。"),
      {{"resource", person.name()}});
}

}  // namespace

absl::StatusOr<pb::Person> PeopleHandler::CreatePerson(const rpc::Call& call, const pb::CreatePersonRequest& request) {
  errors::Violations violations;
  violations.RequestId("request_id", request.request_id());
  violations.Text("display_name", request.display_name(), 1, 200);
  CheckEmail(violations, "email", request.email());
  std::vector<auth::Grant> grants;
  for (int i = 0; i < request.grants_size(); ++i) {
    CheckGrantShape(violations, absl::StrCat("grants[", i, "]"), request.grants(i));
    grants.push_back(ToGrant(request.grants(i)));
  }
  const std::string locale = request.locale().empty() ? "ja" : request.locale();
  violations.Require(locale == "ja" || locale == "en", "locale", "UNKNOWN_VALUE",
                     absl::StrCat("The locale is \"", locale, "\"; \"ja\" or \"en\" was expected."),
                     absl::StrCat("言語が「", locale, "」です。「ja」か「en」を指定してください。"));
  RETURN_IF_ERROR(violations.status());

  ASSIGN_OR_RETURN(const pg::TxContext context, InNetwork(call));
  const absl::Time now = tools_.clock.Now();
  const auto create = [&](pg::Transaction& tx) -> absl::StatusOr<pb::Person> {
    const std::string id = ids::NewV7(now);
    RETURN_IF_ERROR(CheckGrantsInNetwork(tx, grants));
    RETURN_IF_ERROR(InsertPerson(tx, id, request.display_name(), request.email(), locale, now));
    for (const auth::Grant& grant : grants) RETURN_IF_ERROR(InsertGrant(tx, id, grant));
    return LoadPerson(tx, id);
  };
  return tools_.pool.Transact(context, [&](pg::Transaction& tx) {
    return pg::Idempotent<pb::Person>(tx, request.request_id(), call.method->full_name(), request, create);
  });
}

absl::StatusOr<pb::Person> PeopleHandler::GetPerson(const rpc::Call& call, const pb::GetPersonRequest& request) {
  errors::Violations violations;
  violations.Name("people", "name", request.name());
  RETURN_IF_ERROR(violations.status());
  ASSIGN_OR_RETURN(const pg::TxContext context, InNetwork(call));
  return tools_.pool.Read(context, [&](pg::Transaction& tx) { return LoadPerson(tx, IdOf(request.name())); });
}

absl::StatusOr<pb::ListPeopleResponse> PeopleHandler::ListPeople(const rpc::Call& call,
                                                                 const pb::ListPeopleRequest& request) {
  errors::Violations violations;
  CheckQuery(violations, request.query());
  if (request.role() != kubari::type::v1::ROLE_UNSPECIFIED) violations.Enum("role", request.role());
  RETURN_IF_ERROR(violations.status());
  PeopleFilter filter{.role = request.role(), .query = request.query()};
  ASSIGN_OR_RETURN(filter.organisation_id, OrganisationFilter(call, request.organisation()));
  ASSIGN_OR_RETURN(const pg::TxContext context, InNetwork(call));
  ASSIGN_OR_RETURN(const paging::Page page, paging::Page::Of(request, context.network_id, {"", kFirstId}));
  auto people = tools_.pool.Read(context, [&](pg::Transaction& tx) {
    return identity::ListPeople(tx, filter, page.key(0), page.key(1), page.limit());
  });
  RETURN_IF_ERROR(people);
  pb::ListPeopleResponse response;
  response.set_next_page_token(page.Cut(*people, [](const pb::Person& last) {
    return std::vector<std::string>{last.display_name(), IdOf(last.name())};
  }));
  Fill(response.mutable_people(), *std::move(people));
  return response;
}

absl::StatusOr<pb::Person> PeopleHandler::GrantRole(const rpc::Call& call, const pb::GrantRoleRequest& request) {
  errors::Violations violations;
  violations.RequestId("request_id", request.request_id());
  violations.Name("people", "person", request.person());
  CheckGrantShape(violations, "grant", request.grant());
  RETURN_IF_ERROR(violations.status());

  ASSIGN_OR_RETURN(const pg::TxContext context, InNetwork(call));
  const std::string id = IdOf(request.person());
  const auth::Grant grant = ToGrant(request.grant());
  const auto give = [&](pg::Transaction& tx) -> absl::StatusOr<pb::Person> {
    RETURN_IF_ERROR(LoadPerson(tx, id));
    RETURN_IF_ERROR(CheckGrantsInNetwork(tx, {grant}));
    RETURN_IF_ERROR(InsertGrant(tx, id, grant));
    if (EndsOpenInvites(grant.role)) RETURN_IF_ERROR(RevokeInvitesOf(tx, id));
    return LoadPerson(tx, id);
  };
  return tools_.pool.Transact(context, [&](pg::Transaction& tx) {
    return pg::Idempotent<pb::Person>(tx, request.request_id(), call.method->full_name(), request, give);
  });
}

absl::StatusOr<pb::Person> PeopleHandler::RevokeRole(const rpc::Call& call, const pb::RevokeRoleRequest& request) {
  errors::Violations violations;
  violations.RequestId("request_id", request.request_id());
  violations.Name("people", "person", request.person());
  CheckGrantShape(violations, "grant", request.grant());
  RETURN_IF_ERROR(violations.status());

  ASSIGN_OR_RETURN(const pg::TxContext context, InNetwork(call));
  const std::string id = IdOf(request.person());
  const auth::Grant grant = ToGrant(request.grant());
  const auto take = [&](pg::Transaction& tx) -> absl::StatusOr<pb::Person> {
    // The count locks, so that two administrators cannot remove each other at the same moment.
    ASSIGN_OR_RETURN(const int before, CountAdministrators(tx));
    ASSIGN_OR_RETURN(const pb::Person person, LoadPerson(tx, id));
    RETURN_IF_ERROR(DeleteGrant(tx, id, grant));
    ASSIGN_OR_RETURN(pb::Person after, LoadPerson(tx, id));
    if (before == 1 && IsAdministrator(person) && !IsAdministrator(after)) return LastAdministrator(person);
    return after;
  };
  return tools_.pool.Transact(context, [&](pg::Transaction& tx) {
    return pg::Idempotent<pb::Person>(tx, request.request_id(), call.method->full_name(), request, take);
  });
}

}  // namespace kubari::identity
