#include "services/identity/handlers/people.h"

#include <absl/strings/str_cat.h>

#include <algorithm>
#include <set>

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

// Of ListRecipients.
constexpr int kMaxRecipients = 1'000;

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
  CheckLocale(violations, "locale", locale);
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

absl::StatusOr<pb::Person> PeopleHandler::UpdatePerson(const rpc::Call& call, const pb::UpdatePersonRequest& request) {
  errors::Violations violations;
  violations.RequestId("request_id", request.request_id());
  violations.Name("people", "person.name", request.person().name());
  violations.Range("update_mask", request.update_mask_size(), 1, 3);
  std::set<std::string> mask;
  for (int i = 0; i < std::min(request.update_mask_size(), 3); ++i) {
    const std::string& field = request.update_mask(i);
    violations.Require(field == "display_name" || field == "email" || field == "locale",
                       absl::StrCat("update_mask[", i, "]"), "UNKNOWN_VALUE",
                       absl::StrCat("is \"", field, "\"; display_name, email or locale was expected"),
                       absl::StrCat("が「", field, "」です。display_name、email、locale のどれかにしてください"));
    mask.insert(field);
  }
  if (mask.contains("display_name")) violations.Text("person.display_name", request.person().display_name(), 1, 200);
  if (mask.contains("email")) CheckEmail(violations, "person.email", request.person().email());
  if (mask.contains("locale")) CheckLocale(violations, "person.locale", request.person().locale());
  RETURN_IF_ERROR(violations.status());

  ASSIGN_OR_RETURN(const pg::TxContext context, InNetwork(call));
  const std::string id = IdOf(request.person().name());
  const auto update = [&](pg::Transaction& tx) -> absl::StatusOr<pb::Person> {
    ASSIGN_OR_RETURN(pb::Person person, LoadPerson(tx, id));
    const bool moves = mask.contains("email") && request.person().email() != person.email();
    if (mask.contains("display_name")) person.set_display_name(request.person().display_name());
    if (mask.contains("email")) person.set_email(request.person().email());
    if (mask.contains("locale")) person.set_locale(request.person().locale());
    RETURN_IF_ERROR(identity::UpdatePerson(tx, id, person.display_name(), person.email(), person.locale()));
    // A link that went to the former address may lie in a stranger's mailbox.
    if (moves) RETURN_IF_ERROR(RevokeInvitesOf(tx, id));
    return person;
  };
  return tools_.pool.Transact(context, [&](pg::Transaction& tx) {
    return pg::Idempotent<pb::Person>(tx, request.request_id(), call.method->full_name(), request, update);
  });
}

absl::StatusOr<pb::ListRecipientsResponse> PeopleHandler::ListRecipients(const rpc::Call& call,
                                                                         const pb::ListRecipientsRequest& request) {
  errors::Violations violations;
  violations.Range("page_size", request.page_size(), 0, kMaxRecipients);
  violations.Range("holders", request.holders_size(), 0, kMaxRecipients);
  violations.Range("people", request.people_size(), 0, kMaxRecipients);
  std::vector<auth::Grant> holders;
  for (int i = 0; i < std::min(request.holders_size(), kMaxRecipients); ++i) {
    const std::string field = absl::StrCat("holders[", i, "]");
    const pb::Grant& holder = request.holders(i);
    violations.Enum(field + ".role", holder.role());
    const bool everywhere = holder.organisation().empty();
    if (!everywhere) violations.Name("organisations", field + ".organisation", holder.organisation());
    holders.push_back({.organisation_id = everywhere ? "" : IdOf(holder.organisation()), .role = holder.role()});
  }
  std::vector<std::string> people;
  for (int i = 0; i < std::min(request.people_size(), kMaxRecipients); ++i) {
    violations.Name("people", absl::StrCat("people[", i, "]"), request.people(i));
    people.push_back(IdOf(request.people(i)));
  }
  RETURN_IF_ERROR(violations.status());
  ASSIGN_OR_RETURN(const pg::TxContext context, InNetwork(call));
  const std::string fingerprint = paging::Fingerprint(request, context.network_id);
  ASSIGN_OR_RETURN(const std::vector<std::string> key, paging::Decode(request.page_token(), fingerprint));
  if (key.size() > 1 || (key.size() == 1 && !ids::IsUuid(key[0]))) return paging::InvalidToken();
  const int size = request.page_size() == 0 ? kMaxRecipients : request.page_size();
  ASSIGN_OR_RETURN(std::vector<pb::Recipient> recipients, tools_.pool.Read(context, [&](pg::Transaction& tx) {
    return identity::ListRecipients(tx, holders, people, key.empty() ? kFirstId : key[0], size + 1);
  }));
  pb::ListRecipientsResponse response;
  if (recipients.size() > static_cast<size_t>(size)) {
    recipients.resize(size);
    response.set_next_page_token(paging::Encode(fingerprint, {IdOf(recipients.back().person())}));
  }
  Fill(response.mutable_recipients(), std::move(recipients));
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
