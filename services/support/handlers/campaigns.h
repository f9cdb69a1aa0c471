// CampaignService of the contract, as plain functions.
#pragma once

#include "absl/status/statusor.h"
#include "kubari/support/v1/campaigns.pb.h"
#include "libs/rpc/call.h"
#include "services/support/handlers/tools.h"

namespace kubari::support {

class CampaignHandler {
 public:
  explicit CampaignHandler(const Tools& tools) : tools_(tools) {}

  // campaigns.cc
  absl::StatusOr<v1::Campaign> CreateCampaign(const rpc::Call&, const v1::CreateCampaignRequest&);
  absl::StatusOr<v1::Campaign> GetCampaign(const rpc::Call&, const v1::GetCampaignRequest&);
  absl::StatusOr<v1::ListCampaignsResponse> ListCampaigns(const rpc::Call&, const v1::ListCampaignsRequest&);
  absl::StatusOr<v1::Campaign> UpdateCampaign(const rpc::Call&, const v1::UpdateCampaignRequest&);
  absl::StatusOr<v1::Campaign> PublishCampaign(const rpc::Call&, const v1::PublishCampaignRequest&);
  absl::StatusOr<v1::Campaign> CloseCampaign(const rpc::Call&, const v1::CloseCampaignRequest&);

  // applications.cc
  absl::StatusOr<v1::ListApplicationsResponse> ListApplications(const rpc::Call&, const v1::ListApplicationsRequest&);
  absl::StatusOr<v1::ReadApplicationResponse> ReadApplication(const rpc::Call&, const v1::ReadApplicationRequest&);
  absl::StatusOr<v1::AcceptApplicationsResponse> AcceptApplications(const rpc::Call&,
                                                                    const v1::AcceptApplicationsRequest&);
  absl::StatusOr<v1::Application> DeclineApplication(const rpc::Call&, const v1::DeclineApplicationRequest&);

  // public_form.cc
  absl::StatusOr<v1::PublicCampaign> GetPublicCampaign(const rpc::Call&, const v1::GetPublicCampaignRequest&);
  absl::StatusOr<v1::SubmitApplicationResponse> SubmitApplication(const rpc::Call&,
                                                                  const v1::SubmitApplicationRequest&);
  absl::StatusOr<v1::SubmitApplicationResponse> RelayApplication(const rpc::Call&, const v1::SubmitApplicationRequest&);
  absl::StatusOr<v1::PublicApplication> GetPublicApplication(const rpc::Call&, const v1::GetPublicApplicationRequest&);
  absl::StatusOr<v1::PublicApplication> WithdrawApplication(const rpc::Call&, const v1::WithdrawApplicationRequest&);

 private:
  absl::StatusOr<v1::SubmitApplicationResponse> Submit(const rpc::Call& call, const Network& network,
                                                       const v1::SubmitApplicationRequest& request, bool relayed);

  const Tools tools_;
};

// The caller's intermediary; PERMISSION_DENIED / NOT_YOUR_ORGANISATION for a service, which has none.
absl::StatusOr<std::string> IntermediaryOf(const rpc::Call& call);

}  // namespace kubari::support
