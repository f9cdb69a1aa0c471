// Checking, rejecting and looking again.
#include <algorithm>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "libs/errors/macros.h"
#include "libs/ids/ids.h"
#include "libs/paging/page.h"
#include "libs/registry/fields.h"
#include "libs/registry/mutation.h"
#include "services/groups/application_handler.h"
#include "services/groups/application_store.h"
#include "services/groups/decision.h"
#include "services/groups/domain/application.h"
#include "services/groups/domain/group.h"
#include "services/groups/domain/profile.h"
#include "services/groups/domain/sections.h"
#include "services/groups/group_store.h"
#include "services/groups/rules_store.h"

namespace kubari::groups {
namespace {

constexpr int kMaxReviews = 20;

template <typename Request>
void CheckStep(errors::Violations& violations, const Request& request) {
  violations.RequestId("request_id", request.request_id());
  violations.Name("groups", "group", request.group());
  violations.Text("etag", request.etag(), 1, 40);
}

void AddMissing(v1::Application& application, const v1::GroupRules& rules) {
  application.clear_missing_checks();
  for (const v1::CheckKind kind : MissingChecks(application, rules)) application.add_missing_checks(kind);
}

// The application after all writes of this transaction.
absl::StatusOr<v1::Application> Reread(pg::Transaction& tx, const std::string& group_id) {
  ASSIGN_OR_RETURN(v1::Application application, groups::LoadApplication(tx, group_id));
  ASSIGN_OR_RETURN(const v1::GroupRules rules, LoadRules(tx));
  AddMissing(application, rules);
  return application;
}

// Locks the group and checks the etag; `change(tx, group, application)` then changes both, which are saved.
template <typename Request, typename F>
absl::StatusOr<v1::Application> Change(pg::Pool& pool, const calendar::Clock& clock, const rpc::Call& call,
                                       const Request& request, F change) {
  const std::string group_id = *ids::IdFromName("groups", request.group());
  ASSIGN_OR_RETURN(const absl::CivilDay today, registry::TodayOf(call, clock));
  return registry::Mutate<v1::Application>(
      pool, call, request, [&](pg::Transaction& tx) -> absl::StatusOr<v1::Application> {
        ASSIGN_OR_RETURN(v1::Group group, LoadGroup(tx, group_id, today, Lock::kUpdate));
        RETURN_IF_ERROR(registry::CheckEtag(group.name(), request.etag(), group.etag()));
        ASSIGN_OR_RETURN(v1::Application application, groups::LoadApplication(tx, group_id));
        RETURN_IF_ERROR(change(tx, group, application));
        SaveApplication(tx, application);
        RETURN_IF_ERROR(SaveGroup(tx, group, clock.Now()));
        return Reread(tx, group_id);
      });
}

}  // namespace

absl::StatusOr<v1::ListApplicationsResponse> ApplicationsHandler::ListApplications(
    const rpc::Call& call, const v1::ListApplicationsRequest& request) {
  errors::Violations violations;
  violations.Text("query", request.query(), 0, registry::kMaxName);
  for (int i = 0; i < request.states_size(); ++i) violations.Enum(absl::StrCat("states[", i, "]"), request.states(i));
  RETURN_IF_ERROR(violations.status());
  ASSIGN_OR_RETURN(const paging::Page page,
                   paging::Page::Of(request, call.principal.network_id, {"", paging::kFirstId}));
  ApplicationFilter filter{.states = {request.states().begin(), request.states().end()},
                           .query = request.query(),
                           .limit = page.limit()};
  if (!page.key(0).empty()) {
    int64_t micros = 0;
    if (!absl::SimpleAtoi(page.key(0), &micros)) return paging::InvalidToken();
    filter.before_time = absl::FromUnixMicros(micros);
    filter.before_id = page.key(1);
  }
  v1::GroupRules rules;
  ASSIGN_OR_RETURN(
      std::vector<v1::Application> applications,
      pool_.Read(registry::TxOf(call), [&](pg::Transaction& tx) -> absl::StatusOr<std::vector<v1::Application>> {
        ASSIGN_OR_RETURN(rules, LoadRules(tx));
        return groups::ListApplications(tx, filter);
      }));
  v1::ListApplicationsResponse response;
  response.set_next_page_token(page.Cut(applications, [](const v1::Application& last) {
    const int64_t micros = last.apply_time().seconds() * 1'000'000 + last.apply_time().nanos() / 1'000;
    return std::vector{absl::StrCat(micros), *ids::IdFromName("groups", last.group())};
  }));
  for (v1::Application& application : applications) {
    AddMissing(application, rules);
    *response.add_applications() = std::move(application);
  }
  return response;
}

absl::StatusOr<v1::Application> ApplicationsHandler::GetApplication(const rpc::Call& call,
                                                                    const v1::GetApplicationRequest& request) {
  errors::Violations violations;
  violations.Name("groups", "group", request.group());
  RETURN_IF_ERROR(violations.status());
  return pool_.Read(registry::TxOf(call),
                    [&](pg::Transaction& tx) { return Reread(tx, *ids::IdFromName("groups", request.group())); });
}

absl::StatusOr<v1::Application> ApplicationsHandler::RejectGroup(const rpc::Call& call,
                                                                 const v1::RejectGroupRequest& request) {
  errors::Violations violations;
  CheckStep(violations, request);
  violations.Text("reason", request.reason(), 1, 500);
  RETURN_IF_ERROR(violations.status());
  return Change(pool_, clock_, call, request,
                [&](pg::Transaction& tx, v1::Group& group, v1::Application& application) -> absl::Status {
                  ASSIGN_OR_RETURN(const v1::GroupState next, Next(group, Step::kReject));
                  group.set_state(next);
                  group.set_suspend_reason(request.reason());
                  Decide(tx, application, call, clock_.Now(), next, request.reason());
                  return absl::OkStatus();
                });
}

absl::StatusOr<v1::Application> ApplicationsHandler::SetCheck(const rpc::Call& call,
                                                              const v1::SetCheckRequest& request) {
  errors::Violations violations;
  CheckStep(violations, request);
  violations.Enum("kind", request.kind());
  violations.Text("note", request.note(), 0, 500);
  RETURN_IF_ERROR(violations.status());
  return Change(pool_, clock_, call, request,
                [&](pg::Transaction&, v1::Group& group, v1::Application& application) -> absl::Status {
                  auto& checks = *application.mutable_checks();
                  checks.erase(std::remove_if(checks.begin(), checks.end(),
                                              [&](const v1::Check& check) { return check.kind() == request.kind(); }),
                               checks.end());
                  if (!request.done()) return absl::OkStatus();
                  v1::Check& check = *checks.Add();
                  check.set_kind(request.kind());
                  check.set_note(request.note());
                  check.set_person(call.principal.subject);
                  check.set_person_display_name(call.principal.display_name);
                  *check.mutable_check_time() = registry::ToTimestamp(clock_.Now());
                  std::sort(checks.begin(), checks.end(),
                            [](const v1::Check& a, const v1::Check& b) { return a.kind() < b.kind(); });
                  if (request.kind() == v1::CHECK_KIND_CONTACT && group.state() == v1::GROUP_STATE_UNCONFIRMED)
                    group.set_state(v1::GROUP_STATE_APPLIED);
                  return absl::OkStatus();
                });
}

absl::StatusOr<v1::Application> ApplicationsHandler::RecordReview(const rpc::Call& call,
                                                                  const v1::RecordReviewRequest& request) {
  ASSIGN_OR_RETURN(const absl::CivilDay today, registry::TodayOf(call, clock_));
  errors::Violations violations;
  CheckStep(violations, request);
  violations.Text("note", request.note(), 0, 1'000);
  std::optional<absl::CivilDay> next;
  if (!request.next_review_date().empty()) {
    next = registry::CheckDay(violations, "next_review_date", request.next_review_date());
    violations.Require(!next || (*next > today && *next <= AddMonths(today, 60)), "next_review_date", "OUT_OF_RANGE",
                       absl::StrCat("The next review must lie after today, ", absl::FormatCivilTime(today),
                                    ", and within five years."),
                       absl::StrCat("次の見直しは、今日（", absl::FormatCivilTime(today), "）より後、5年以内の日にしてください。"));
  }
  RETURN_IF_ERROR(violations.status());
  return Change(pool_, clock_, call, request,
                [&](pg::Transaction& tx, v1::Group& group, v1::Application& application) -> absl::Status {
                  if (group.state() != v1::GROUP_STATE_ACTIVE && group.state() != v1::GROUP_STATE_SUSPENDED) {
                    return errors::Make(absl::StatusCode::kFailedPrecondition, "GROUP_STATE",
                                        "Only a group that was approved is reviewed.",
                                        "見直しを記録できるのは、承認された団体だけです。",
                                        {{"group", group.name()}, {"state", v1::GroupState_Name(group.state())}});
                  }
                  ASSIGN_OR_RETURN(const v1::GroupRules rules, LoadRules(tx));
                  group.set_review_date(absl::FormatCivilTime(next.value_or(AddMonths(today, rules.review_months()))));
                  std::vector<v1::Review> reviews(application.reviews().begin(), application.reviews().end());
                  v1::Review review;
                  review.set_date(absl::FormatCivilTime(today));
                  review.set_note(request.note());
                  review.set_person(call.principal.subject);
                  review.set_person_display_name(call.principal.display_name);
                  reviews.insert(reviews.begin(), review);
                  if (reviews.size() > kMaxReviews) reviews.resize(kMaxReviews);
                  application.mutable_reviews()->Assign(reviews.begin(), reviews.end());
                  return absl::OkStatus();
                });
}

absl::StatusOr<v1::GroupRules> ApplicationsHandler::GetGroupRules(const rpc::Call& call,
                                                                  const v1::GetGroupRulesRequest&) {
  return pool_.Read(registry::TxOf(call), [](pg::Transaction& tx) { return LoadRules(tx); });
}

absl::StatusOr<v1::GroupRules> ApplicationsHandler::UpdateGroupRules(const rpc::Call& call,
                                                                     const v1::UpdateGroupRulesRequest& request) {
  const v1::GroupRules& rules = request.rules();
  errors::Violations violations;
  violations.RequestId("request_id", request.request_id());
  violations.Range("rules.fact_months", rules.fact_months(), 1, 60);
  violations.Range("rules.review_months", rules.review_months(), 1, 60);
  // Asked before it is stopped.
  if (rules.stop_months() != 0)
    violations.Range("rules.stop_months", rules.stop_months(), std::clamp(rules.fact_months(), 1, 60), 120);
  violations.Range("rules.evidence_notice_days", rules.evidence_notice_days(), 1, 365);
  violations.Text("rules.application_note", rules.application_note(), 0, 2'000);
  violations.Text("rules.etag", rules.etag(), 1, 40);
  std::vector<int> seen;
  for (int i = 0; i < rules.required_checks_size(); ++i) {
    const std::string path = absl::StrCat("rules.required_checks[", i, "]");
    violations.Enum(path, rules.required_checks(i));
    violations.Require(std::find(seen.begin(), seen.end(), rules.required_checks(i)) == seen.end(), path, "DUPLICATE",
                       "This check is named twice.", "同じ確認が二度書かれています。");
    seen.push_back(rules.required_checks(i));
  }
  RETURN_IF_ERROR(violations.status());
  return registry::Mutate<v1::GroupRules>(pool_, call, request,
                                          [&](pg::Transaction& tx) -> absl::StatusOr<v1::GroupRules> {
                                            ASSIGN_OR_RETURN(const v1::GroupRules before, LoadRules(tx));
                                            RETURN_IF_ERROR(registry::CheckEtag("groupRules", rules.etag(), before.etag()));
                                            RETURN_IF_ERROR(SaveRules(tx, rules));
                                            return LoadRules(tx);
                                          });
}

}  // namespace kubari::groups
