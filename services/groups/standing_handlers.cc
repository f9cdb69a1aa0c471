// What lets a group receive: approval, suspension, agreements.
#include <algorithm>

#include "libs/errors/macros.h"
#include "libs/ids/ids.h"
#include "libs/registry/agreement_table.h"
#include "libs/registry/agreements.h"
#include "libs/registry/fields.h"
#include "libs/registry/mutation.h"
#include "libs/registry/organisations.h"
#include "libs/rpc/client.h"
#include "services/groups/application_store.h"
#include "services/groups/decision.h"
#include "services/groups/domain/application.h"
#include "services/groups/domain/group.h"
#include "services/groups/domain/sections.h"
#include "services/groups/group_store.h"
#include "services/groups/handler.h"
#include "services/groups/reading.h"
#include "services/groups/rules_store.h"

namespace kubari::groups {
namespace {

// The group after all writes of this transaction.
absl::StatusOr<v1::Group> Saved(pg::Transaction& tx, const v1::Group& group, absl::Time now, absl::CivilDay today) {
  RETURN_IF_ERROR(SaveGroup(tx, group, now));
  return LoadAsOf(tx, *ids::IdFromName("groups", group.name()), today);
}

// Shape of both.
template <typename Request>
void CheckStep(errors::Violations& violations, const Request& request) {
  violations.RequestId("request_id", request.request_id());
  violations.Name("groups", "name", request.name());
  violations.Text("etag", request.etag(), 1, 40);
}

}  // namespace

absl::StatusOr<v1::Group> GroupsHandler::ApproveGroup(const rpc::Call& call, const v1::ApproveGroupRequest& request) {
  errors::Violations violations;
  CheckStep(violations, request);
  RETURN_IF_ERROR(violations.status());
  ASSIGN_OR_RETURN(const auto first, registry::FirstAnswer<v1::Group>(pool_, call, request));
  if (first) return *first;
  const std::string group_id = *ids::IdFromName("groups", request.name());
  ASSIGN_OR_RETURN(const absl::CivilDay today, registry::TodayOf(call, clock_));
  v1::Application application;
  ASSIGN_OR_RETURN(const v1::Group before,
                   pool_.Read(registry::TxOf(call), [&](pg::Transaction& tx) -> absl::StatusOr<v1::Group> {
                     ASSIGN_OR_RETURN(application, LoadApplication(tx, group_id));
                     return LoadGroup(tx, group_id, today);
                   }));
  // A group that was suspended applied long ago.
  const bool applied = before.state() != v1::GROUP_STATE_SUSPENDED;
  std::string email;
  if (applied && !application.applicant_email().empty()) {
    ASSIGN_OR_RETURN(email, EmailOf(call));
  }
  if (applied) {
    // One that came by the public form has none yet.
    RETURN_IF_ERROR(registry::EnsureOrganisations(*identity_, call, identity::v1::ORGANISATION_KIND_GROUP,
                                                  {{.id = group_id, .display_name = before.display_name()}}));
  }
  return registry::Mutate<v1::Group>(pool_, call, request, [&](pg::Transaction& tx) -> absl::StatusOr<v1::Group> {
    ASSIGN_OR_RETURN(v1::Group group, LoadGroup(tx, group_id, today, Lock::kUpdate));
    RETURN_IF_ERROR(registry::CheckEtag(group.name(), request.etag(), group.etag()));
    ASSIGN_OR_RETURN(const v1::GroupState next, Next(group, Step::kApprove));
    ASSIGN_OR_RETURN(const v1::GroupRules rules, LoadRules(tx));
    const absl::Time now = clock_.Now();
    if (group.state() != v1::GROUP_STATE_SUSPENDED) {
      ASSIGN_OR_RETURN(application, LoadApplication(tx, group_id));
      RETURN_IF_ERROR(JudgeApproval(application, rules, group_id, call.principal, email));
      Decide(tx, application, call, now, next, "");
      group.set_review_date(absl::FormatCivilTime(AddMonths(today, rules.review_months())));
    }
    group.set_state(next);
    group.set_suspend_reason("");
    return Saved(tx, group, now, today);
  });
}

absl::StatusOr<std::string> GroupsHandler::EmailOf(const rpc::Call& call) {
  identity::v1::GetPersonRequest request;
  request.set_name(call.principal.subject);
  if (!ids::IdFromName("people", request.name())) return "";
  ASSIGN_OR_RETURN(const identity::v1::Person person,
                   rpc::Invoke(&identity::v1::IdentityService::Stub::GetPerson, *identity_,
                               rpc::AsService(service_key_, call), request));
  return person.email();
}

absl::StatusOr<v1::Group> GroupsHandler::SuspendGroup(const rpc::Call& call, const v1::SuspendGroupRequest& request) {
  errors::Violations violations;
  CheckStep(violations, request);
  violations.Text("reason", request.reason(), 1, 500);
  RETURN_IF_ERROR(violations.status());
  const std::string group_id = *ids::IdFromName("groups", request.name());
  ASSIGN_OR_RETURN(const absl::CivilDay today, registry::TodayOf(call, clock_));
  return registry::Mutate<v1::Group>(pool_, call, request, [&](pg::Transaction& tx) -> absl::StatusOr<v1::Group> {
    ASSIGN_OR_RETURN(v1::Group group, LoadGroup(tx, group_id, today, Lock::kUpdate));
    RETURN_IF_ERROR(registry::CheckEtag(group.name(), request.etag(), group.etag()));
    ASSIGN_OR_RETURN(const v1::GroupState next, Next(group, Step::kSuspend));
    group.set_state(next);
    group.set_suspend_reason(request.reason());
    return Saved(tx, group, clock_.Now(), today);
  });
}

absl::StatusOr<v1::Group> GroupsHandler::CreateAgreement(const rpc::Call& call,
                                                         const v1::CreateAgreementRequest& request) {
  errors::Violations violations;
  violations.RequestId("request_id", request.request_id());
  violations.Name("groups", "group", request.group());
  registry::CheckAgreement(violations, "agreement", request.agreement(), /*for_goods=*/false);
  RETURN_IF_ERROR(violations.status());
  const std::string group_id = *ids::IdFromName("groups", request.group());
  ASSIGN_OR_RETURN(const absl::CivilDay today, registry::TodayOf(call, clock_));
  return registry::Mutate<v1::Group>(pool_, call, request, [&](pg::Transaction& tx) -> absl::StatusOr<v1::Group> {
    ASSIGN_OR_RETURN(const v1::Group group, LoadGroup(tx, group_id, today, Lock::kUpdate));
    RETURN_IF_ERROR(registry::CheckOverlap(group.agreements(), request.agreement()));
    registry::InsertAgreement(tx, ids::NewV7(clock_.Now()), group_id, request.agreement());
    return Saved(tx, group, clock_.Now(), today);
  });
}

absl::StatusOr<v1::Group> GroupsHandler::TerminateAgreement(const rpc::Call& call,
                                                            const v1::TerminateAgreementRequest& request) {
  errors::Violations violations;
  violations.RequestId("request_id", request.request_id());
  registry::CheckChildName(violations, "groups", "agreements", "name", request.name());
  registry::CheckDay(violations, "end_date", request.end_date());
  RETURN_IF_ERROR(violations.status());
  const auto name = *registry::ParseChildName("groups", "agreements", request.name());
  ASSIGN_OR_RETURN(const absl::CivilDay today, registry::TodayOf(call, clock_));
  return registry::Mutate<v1::Group>(pool_, call, request, [&](pg::Transaction& tx) -> absl::StatusOr<v1::Group> {
    ASSIGN_OR_RETURN(v1::Group group, LoadGroup(tx, name.first, today, Lock::kUpdate));
    const auto agreement = std::find_if(group.mutable_agreements()->begin(), group.mutable_agreements()->end(),
                                        [&](const auto& each) { return each.name() == request.name(); });
    if (agreement == group.mutable_agreements()->end()) return registry::AgreementNotFound(request.name());
    RETURN_IF_ERROR(registry::Terminate(*agreement, request.end_date(), today));
    registry::EndAgreement(tx, name.second, request.end_date());
    return Saved(tx, group, clock_.Now(), today);
  });
}

}  // namespace kubari::groups
