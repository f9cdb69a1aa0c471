// What lets a group receive: approval, suspension, agreements.
#include <algorithm>

#include "libs/errors/macros.h"
#include "libs/ids/ids.h"
#include "libs/registry/agreement_table.h"
#include "libs/registry/agreements.h"
#include "libs/registry/fields.h"
#include "libs/registry/mutation.h"
#include "services/groups/domain/group.h"
#include "services/groups/group_store.h"
#include "services/groups/handler.h"

namespace kubari::groups {
namespace {

// The group after all writes of this transaction.
absl::StatusOr<v1::Group> Saved(pg::Transaction& tx, const v1::Group& group, absl::Time now, absl::CivilDay today) {
  RETURN_IF_ERROR(SaveGroup(tx, group, now));
  ASSIGN_OR_RETURN(v1::Group saved, LoadGroup(tx, *ids::IdFromName("groups", group.name())));
  Derive(saved, today);
  return saved;
}

// Both steps: own shape, etag, state; `reason` is recorded with a suspension and cleared by an approval.
template <typename Request>
absl::StatusOr<v1::Group> Take(pg::Pool& pool, const calendar::Clock& clock, const rpc::Call& call,
                               const Request& request, Step step, const std::string& reason) {
  errors::Violations violations;
  violations.RequestId("request_id", request.request_id());
  violations.Name("groups", "name", request.name());
  violations.Text("etag", request.etag(), 1, 40);
  if (step == Step::kSuspend) violations.Text("reason", reason, 1, 500);
  RETURN_IF_ERROR(violations.status());
  const std::string group_id = *ids::IdFromName("groups", request.name());
  ASSIGN_OR_RETURN(const absl::CivilDay today, registry::TodayOf(call, clock));
  return registry::Mutate<v1::Group>(pool, call, request, [&](pg::Transaction& tx) -> absl::StatusOr<v1::Group> {
    ASSIGN_OR_RETURN(v1::Group group, LoadGroup(tx, group_id, Lock::kUpdate));
    RETURN_IF_ERROR(registry::CheckEtag(group.name(), request.etag(), group.etag()));
    ASSIGN_OR_RETURN(const v1::GroupState next, Next(group, step));
    group.set_state(next);
    group.set_suspend_reason(reason);
    return Saved(tx, group, clock.Now(), today);
  });
}

}  // namespace

absl::StatusOr<v1::Group> GroupsHandler::ApproveGroup(const rpc::Call& call, const v1::ApproveGroupRequest& request) {
  return Take(pool_, clock_, call, request, Step::kApprove, "");
}

absl::StatusOr<v1::Group> GroupsHandler::SuspendGroup(const rpc::Call& call, const v1::SuspendGroupRequest& request) {
  return Take(pool_, clock_, call, request, Step::kSuspend, request.reason());
}

absl::StatusOr<v1::Group> GroupsHandler::CreateAgreement(const rpc::Call& call,
                                                         const v1::CreateAgreementRequest& request) {
  errors::Violations violations;
  violations.RequestId("request_id", request.request_id());
  violations.Name("groups", "group", request.group());
  registry::CheckAgreement(violations, "agreement", request.agreement());
  violations.Require(!request.agreement().has_conditions(), "agreement.conditions", "NOT_EMPTY",
                     "Agreements with groups carry no conditions; leave them out.",
                     "団体との合意書には条件を付けられません。");
  RETURN_IF_ERROR(violations.status());
  const std::string group_id = *ids::IdFromName("groups", request.group());
  ASSIGN_OR_RETURN(const absl::CivilDay today, registry::TodayOf(call, clock_));
  return registry::Mutate<v1::Group>(pool_, call, request, [&](pg::Transaction& tx) -> absl::StatusOr<v1::Group> {
    ASSIGN_OR_RETURN(const v1::Group group, LoadGroup(tx, group_id, Lock::kUpdate));
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
    ASSIGN_OR_RETURN(v1::Group group, LoadGroup(tx, name.first, Lock::kUpdate));
    const auto agreement = std::find_if(group.mutable_agreements()->begin(), group.mutable_agreements()->end(),
                                        [&](const auto& each) { return each.name() == request.name(); });
    if (agreement == group.mutable_agreements()->end()) return registry::AgreementNotFound(request.name());
    RETURN_IF_ERROR(registry::Terminate(*agreement, request.end_date(), today));
    registry::EndAgreement(tx, name.second, request.end_date());
    return Saved(tx, group, clock_.Now(), today);
  });
}

}  // namespace kubari::groups
