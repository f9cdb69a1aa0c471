// The RPCs of kubari.groups.v1.ApplicationsService.
#pragma once

#include <grpcpp/grpcpp.h>

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "kubari/groups/v1/applications.pb.h"
#include "libs/calendar/clock.h"
#include "libs/pg/pool.h"
#include "libs/registry/networks.h"
#include "libs/rpc/call.h"

namespace kubari::groups {

class ApplicationsHandler {
 public:
  // `service_key` seals what the e-mails to applicants hold. All must outlive it.
  ApplicationsHandler(pg::Pool& pool, registry::Networks& networks, const calendar::Clock& clock, std::string service_key)
      : pool_(pool), networks_(networks), clock_(clock), service_key_(std::move(service_key)) {}

  // application_handlers.cc: the office
  absl::StatusOr<v1::ListApplicationsResponse> ListApplications(const rpc::Call& call,
                                                                const v1::ListApplicationsRequest& request);
  absl::StatusOr<v1::Application> GetApplication(const rpc::Call& call, const v1::GetApplicationRequest& request);
  absl::StatusOr<v1::Application> RejectGroup(const rpc::Call& call, const v1::RejectGroupRequest& request);
  absl::StatusOr<v1::Application> SetCheck(const rpc::Call& call, const v1::SetCheckRequest& request);
  absl::StatusOr<v1::Application> RecordReview(const rpc::Call& call, const v1::RecordReviewRequest& request);
  absl::StatusOr<v1::GroupRules> GetGroupRules(const rpc::Call& call, const v1::GetGroupRulesRequest& request);
  absl::StatusOr<v1::GroupRules> UpdateGroupRules(const rpc::Call& call, const v1::UpdateGroupRulesRequest& request);

  // public_form.cc: whoever applies
  absl::StatusOr<v1::ApplicationForm> GetApplicationForm(const rpc::Call& call,
                                                         const v1::GetApplicationFormRequest& request);
  absl::StatusOr<v1::SubmitApplicationResponse> SubmitApplication(const rpc::Call& call,
                                                                  const v1::SubmitApplicationRequest& request);
  absl::StatusOr<v1::ConfirmApplicationResponse> ConfirmApplication(const rpc::Call& call,
                                                                    const v1::ConfirmApplicationRequest& request);

 private:
  pg::Pool& pool_;
  registry::Networks& networks_;
  const calendar::Clock& clock_;
  const std::string service_key_;
};

}  // namespace kubari::groups
