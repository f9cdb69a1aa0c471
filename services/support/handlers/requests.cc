// Making, finding and changing requests.
#include "services/support/handlers/requests.h"

#include <google/protobuf/util/time_util.h>

#include "absl/strings/str_cat.h"
#include "libs/auth/codes.h"
#include "libs/ids/ids.h"
#include "libs/paging/order.h"
#include "libs/paging/page.h"
#include "libs/registry/fields.h"
#include "services/support/boxes.h"
#include "services/support/domain/shapes.h"
#include "services/support/new_request.h"
#include "services/support/notices.h"
#include "services/support/settings.h"

namespace kubari::support {
namespace {

constexpr char kLastId[] = "ffffffff-ffff-ffff-ffff-ffffffffffff";
constexpr char kInstant[] = "%Y-%m-%dT%H:%M:%E6SZ";

// What may be said when a request is made and anew; `due` is set if it can be.
template <typename Message>
std::optional<absl::CivilDay> CheckContent(errors::Violations& violations, const Message& request,
                                           absl::CivilDay today) {
  violations.Enum("urgency", request.urgency());
  CheckMunicipality(violations, "municipality_code", request.municipality_code());
  CheckHousehold(violations, "household", request.household());
  CheckDetails(violations, "details", request.details());
  return CheckDue(violations, "due_date", request.due_date(), request.urgency(), today);
}

absl::Status AddresseeInvalid(const std::string& english, const std::string& japanese, const std::string& id) {
  return errors::Make(absl::StatusCode::kFailedPrecondition, "ADDRESSEE_INVALID", english, japanese,
                      {{"organisation", ids::Name("organisations", id)}});
}

// The organisation in whose name the caller asks: the one named, or the only one there is.
absl::StatusOr<std::string> RequesterOf(const rpc::Call& call, const std::string& name) {
  const std::vector<std::string>& own = OrganisationsOf(call);
  if (name.empty() && own.size() == 1) return own[0];
  if (name.empty() && own.size() > 1) {
    errors::Violations violations;
    violations.Add("requester", "REQUIRED", "is not set, and you act for several organisations; say for which one",
                   "が指定されていません。複数の団体に所属しているため、どの団体として依頼するかを選んでください");
    return violations.status();
  }
  const std::optional<std::string> id = ids::IdFromName("organisations", name);
  if (!id || !call.scope.Includes(*id) || own.empty())
    return auth::NotYourOrganisation(name.empty() ? "requester" : name);
  return *id;
}

}  // namespace

absl::StatusOr<Organisation> FindParty(const Tools& tools, const rpc::Call& call, const std::string& organisation_id) {
  identity::v1::GetOrganisationRequest request;
  request.set_name(ids::Name("organisations", organisation_id));
  const absl::StatusOr<identity::v1::Organisation> found =
      rpc::Invoke(&identity::v1::IdentityService::Stub::GetOrganisation, tools.identity,
                  rpc::AsService(tools.service_key, call), request);
  if (absl::IsNotFound(found.status())) {
    return AddresseeInvalid(
        absl::StrCat("There is no ", request.name(), " in this network; choose one of ListAddressees."),
        absl::StrCat("このネットワークに ", request.name(), " はありません。一覧から選んでください。"),
        organisation_id);
  }
  RETURN_IF_ERROR(found.status());
  if (found->kind() != identity::v1::ORGANISATION_KIND_INTERMEDIARY &&
      found->kind() != identity::v1::ORGANISATION_KIND_GROUP &&
      found->kind() != identity::v1::ORGANISATION_KIND_PARTNER) {
    return AddresseeInvalid(
        absl::StrCat(found->display_name(),
                     " cannot take requests: it is neither the intermediary nor a group nor a partner."),
        absl::StrCat(found->display_name(),
                     " は食支援依頼を担当できません。中間支援組織・受取団体・依頼機関から選んでください。"),
        organisation_id);
  }
  return Organisation{.id = organisation_id, .display_name = found->display_name(), .kind = found->kind()};
}

absl::StatusOr<v1::SupportRequest> SupportHandler::CreateSupportRequest(
    const rpc::Call& call, const v1::CreateSupportRequestRequest& request) {
  ASSIGN_OR_RETURN(const absl::CivilDay today, registry::TodayOf(call, tools_.clock));
  errors::Violations violations;
  violations.RequestId("request_id", request.request_id());
  if (!request.requester().empty()) violations.Name("organisations", "requester", request.requester());
  violations.Name("organisations", "addressee", request.addressee());
  const std::optional<absl::CivilDay> due = CheckContent(violations, request, today);
  RETURN_IF_ERROR(violations.status());
  ASSIGN_OR_RETURN(const std::string requester, RequesterOf(call, request.requester()));
  const std::string addressee = *ids::IdFromName("organisations", request.addressee());
  if (addressee == requester) {
    return AddresseeInvalid("A request goes to another organisation than the one that asks.",
                            "依頼先には、依頼する団体とは別の団体を選んでください。", addressee);
  }
  ASSIGN_OR_RETURN(const Network network, NetworkOf(tools_, call));
  ASSIGN_OR_RETURN(const auto first, FirstAnswer<v1::SupportRequest>(tools_, call, network, request));
  if (first) return *first;
  ASSIGN_OR_RETURN(const Organisation from, FindParty(tools_, call, requester));
  ASSIGN_OR_RETURN(const Organisation to, FindParty(tools_, call, addressee));
  const absl::Time now = tools_.clock.Now();
  return Mutate<v1::SupportRequest>(
      tools_, call, network, {requester}, request, [&](pg::Transaction& tx) -> absl::StatusOr<v1::SupportRequest> {
        SaveOrganisation(tx, from);
        SaveOrganisation(tx, to);
        ASSIGN_OR_RETURN(const pb::SupportSettings settings, LoadSettings(tx));
        Request made = NewRequest(from, now);
        made.urgency = request.urgency();
        made.due = *due;
        made.municipality_code = request.municipality_code();
        made.household = request.household();
        made.retention_days = settings.retention_days();
        RETURN_IF_ERROR(WriteNew(tx, network.key, made, request.details()));
        AddEntry(tx, made,
                 {.kind = pb::JOURNAL_KIND_REQUESTED, .actor = call.principal.subject, .organisation = requester}, now);
        Propose(made, to, call.principal.subject, settings, now);
        AddEntry(tx, made,
                 {.kind = pb::JOURNAL_KIND_PROPOSED,
                  .actor = call.principal.subject,
                  .organisation = requester,
                  .other = addressee},
                 now);
        SaveRequest(tx, made);
        TellRequested(tx, made, to, now);
        return Shown(made, OrganisationsOf(call), today, now);
      });
}

absl::StatusOr<v1::SupportRequest> SupportHandler::GetSupportRequest(const rpc::Call& call,
                                                                     const v1::GetSupportRequestRequest& request) {
  errors::Violations violations;
  violations.Name("supportRequests", "name", request.name());
  RETURN_IF_ERROR(violations.status());
  ASSIGN_OR_RETURN(const absl::CivilDay today, registry::TodayOf(call, tools_.clock));
  ASSIGN_OR_RETURN(const Request found,
                   tools_.pool.Read(registry::TxOf(call), [&](pg::Transaction& tx) -> absl::StatusOr<Request> {
                     ActFor(tx, OrganisationsOf(call));
                     return LoadRequest(tx, *ids::IdFromName("supportRequests", request.name()), false);
                   }));
  if (PartsOf(found.standing, OrganisationsOf(call)).empty()) return RequestNotFound(request.name());
  return Shown(found, OrganisationsOf(call), today, tools_.clock.Now());
}

absl::StatusOr<v1::ListSupportRequestsResponse> SupportHandler::ListSupportRequests(
    const rpc::Call& call, const v1::ListSupportRequestsRequest& request) {
  errors::Violations violations;
  for (int i = 0; i < request.states_size(); ++i) violations.Enum(absl::StrCat("states[", i, "]"), request.states(i));
  if (!request.municipality_code().empty()) CheckArea(violations, "municipality_code", request.municipality_code());
  const std::string code = auth::NormalCode(request.code(), 8);
  violations.Require(request.code().empty() || !code.empty(), "code", "NOT_A_CODE",
                     "is not the beginning of a code, such as K7PM-3QXN",
                     "が依頼番号（例: K7PM-3QXN）の形ではありません");
  const paging::Order order = paging::ReadOrder(request.order_by(), {"due_date", "create_time desc"}, violations);
  RETURN_IF_ERROR(violations.status());
  const bool newest_first = order.field == "create_time";
  ASSIGN_OR_RETURN(const paging::Page page,
                   paging::Page::Of(request, absl::StrCat(call.principal.network_id, "/", call.principal.subject),
                                    newest_first ? std::vector<std::string>{"infinity", kLastId}
                                                 : std::vector<std::string>{"-infinity", paging::kFirstId}));
  const bool first_page = page.key(0) == "infinity" || page.key(0) == "-infinity";
  absl::Time instant;
  std::string error;
  if (!first_page && !(newest_first ? absl::ParseTime(kInstant, page.key(0), &instant, &error)
                                    : registry::ParseDay(page.key(0)).has_value())) {
    return paging::InvalidToken();
  }
  ASSIGN_OR_RETURN(const absl::CivilDay today, registry::TodayOf(call, tools_.clock));
  RequestFilter filter{.parties = OrganisationsOf(call),
                       .states = {request.states().begin(), request.states().end()},
                       .proposed = request.proposed_to_me(),
                       .responsible = request.responsible_me(),
                       .overdue = request.overdue(),
                       .municipality_prefix = request.municipality_code(),
                       .code_prefix = code,
                       .today = today,
                       .now = tools_.clock.Now(),
                       .newest_first = newest_first,
                       .after_value = page.key(0),
                       .after_id = page.key(1),
                       .limit = page.limit()};
  ASSIGN_OR_RETURN(
      std::vector<Request> found,
      tools_.pool.Read(registry::TxOf(call), [&](pg::Transaction& tx) -> absl::StatusOr<std::vector<Request>> {
        ActFor(tx, filter.parties);
        return ListRequests(tx, filter);
      }));
  v1::ListSupportRequestsResponse response;
  response.set_next_page_token(page.Cut(found, [&](const Request& last) {
    return std::vector{newest_first ? absl::FormatTime(kInstant, last.create_time, absl::UTCTimeZone())
                                    : absl::FormatCivilTime(last.due),
                       last.id};
  }));
  for (const Request& each : found) *response.add_support_requests() = Shown(each, filter.parties, today, filter.now);
  return response;
}

absl::StatusOr<v1::SupportRequest> SupportHandler::UpdateSupportRequest(
    const rpc::Call& call, const v1::UpdateSupportRequestRequest& request) {
  ASSIGN_OR_RETURN(const absl::CivilDay today, registry::TodayOf(call, tools_.clock));
  errors::Violations violations;
  violations.RequestId("request_id", request.request_id());
  violations.Name("supportRequests", "name", request.name());
  violations.Text("etag", request.etag(), 1, 40);
  violations.Enum("urgency", request.urgency());
  CheckMunicipality(violations, "municipality_code", request.municipality_code());
  CheckHousehold(violations, "household", request.household());
  CheckDetails(violations, "details", request.details());
  // A due date that has passed may stay; whether it did is known below.
  const std::optional<absl::CivilDay> due = registry::CheckDay(violations, "due_date", request.due_date());
  RETURN_IF_ERROR(violations.status());
  ASSIGN_OR_RETURN(const Network network, NetworkOf(tools_, call));
  const std::vector<std::string>& own = OrganisationsOf(call);
  const absl::Time now = tools_.clock.Now();
  return Mutate<v1::SupportRequest>(
      tools_, call, network, own, request, [&](pg::Transaction& tx) -> absl::StatusOr<v1::SupportRequest> {
        ASSIGN_OR_RETURN(Request found, LoadRequest(tx, *ids::IdFromName("supportRequests", request.name()), true));
        RETURN_IF_ERROR(JudgeStep(found.standing, PartsOf(found.standing, own), pb::STEP_UPDATE, found.name()));
        RETURN_IF_ERROR(registry::CheckEtag(found.name(), request.etag(), registry::EtagOf(found.version)));
        if (*due != found.due) {
          errors::Violations late;
          CheckDue(late, "due_date", request.due_date(), request.urgency(), today);
          RETURN_IF_ERROR(late.status());
        }
        found.urgency = request.urgency();
        found.due = *due;
        found.municipality_code = request.municipality_code();
        found.household = request.household();
        ASSIGN_OR_RETURN(Boxes boxes, Boxes::Load(tx, network.key, found.id, found.name()));
        PutDetails(tx, boxes, found, request.details());
        AddEntry(tx, found,
                 {.kind = pb::JOURNAL_KIND_UPDATED,
                  .actor = call.principal.subject,
                  .organisation = found.standing.requester},
                 now);
        SaveRequest(tx, found);
        return Shown(found, own, today, now);
      });
}

absl::StatusOr<v1::ListAddresseesResponse> SupportHandler::ListAddressees(const rpc::Call& call,
                                                                          const v1::ListAddresseesRequest& request) {
  errors::Violations violations;
  violations.Enum("kind", request.kind());
  violations.Text("query", request.query(), 0, 200);
  RETURN_IF_ERROR(violations.status());
  identity::v1::ListOrganisationsRequest asked;
  asked.set_page_size(request.page_size());
  asked.set_page_token(request.page_token());
  asked.set_query(request.query());
  asked.set_kind(request.kind() == pb::ADDRESSEE_KIND_GROUP     ? identity::v1::ORGANISATION_KIND_GROUP
                 : request.kind() == pb::ADDRESSEE_KIND_PARTNER ? identity::v1::ORGANISATION_KIND_PARTNER
                                                                : identity::v1::ORGANISATION_KIND_INTERMEDIARY);
  ASSIGN_OR_RETURN(const identity::v1::ListOrganisationsResponse found,
                   rpc::Invoke(&identity::v1::IdentityService::Stub::ListOrganisations, tools_.identity,
                               rpc::AsService(tools_.service_key, call), asked));
  v1::ListAddresseesResponse response;
  response.set_next_page_token(found.next_page_token());
  for (const identity::v1::Organisation& organisation : found.organisations()) {
    pb::Addressee& addressee = *response.add_addressees();
    addressee.set_organisation(organisation.name());
    addressee.set_display_name(organisation.display_name());
    addressee.set_kind(request.kind());
  }
  return response;
}

}  // namespace kubari::support
