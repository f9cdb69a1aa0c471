// SupportService of the contract, as plain functions. Each reads: shape → network → once → rights and state → write.
#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "kubari/support/v1/support.pb.h"
#include "libs/rpc/call.h"
#include "services/support/handlers/tools.h"

namespace kubari::support {

class SupportHandler {
 public:
  explicit SupportHandler(const Tools& tools) : tools_(tools) {}

  // requests.cc
  absl::StatusOr<v1::SupportRequest> CreateSupportRequest(const rpc::Call&, const v1::CreateSupportRequestRequest&);
  absl::StatusOr<v1::SupportRequest> GetSupportRequest(const rpc::Call&, const v1::GetSupportRequestRequest&);
  absl::StatusOr<v1::ListSupportRequestsResponse> ListSupportRequests(const rpc::Call&,
                                                                      const v1::ListSupportRequestsRequest&);
  absl::StatusOr<v1::SupportRequest> UpdateSupportRequest(const rpc::Call&, const v1::UpdateSupportRequestRequest&);
  absl::StatusOr<v1::ListAddresseesResponse> ListAddressees(const rpc::Call&, const v1::ListAddresseesRequest&);

  // reading.cc
  absl::StatusOr<v1::ReadDetailsResponse> ReadDetails(const rpc::Call&, const v1::ReadDetailsRequest&);
  absl::StatusOr<v1::ListJournalResponse> ListJournal(const rpc::Call&, const v1::ListJournalRequest&);
  absl::StatusOr<v1::ListLooksResponse> ListLooks(const rpc::Call&, const v1::ListLooksRequest&);

  // steps.cc
  absl::StatusOr<v1::SupportRequest> ProposeHandover(const rpc::Call&, const v1::ProposeHandoverRequest&);
  absl::StatusOr<v1::SupportRequest> CancelHandover(const rpc::Call&, const v1::CancelHandoverRequest&);
  absl::StatusOr<v1::SupportRequest> AcknowledgeHandover(const rpc::Call&, const v1::AcknowledgeHandoverRequest&);
  absl::StatusOr<v1::SupportRequest> RefuseHandover(const rpc::Call&, const v1::RefuseHandoverRequest&);
  absl::StatusOr<v1::SupportRequest> StartPreparing(const rpc::Call&, const v1::StartPreparingRequest&);
  absl::StatusOr<v1::SupportRequest> FulfilRequest(const rpc::Call&, const v1::FulfilRequestRequest&);
  absl::StatusOr<v1::SupportRequest> CompleteRequest(const rpc::Call&, const v1::CompleteRequestRequest&);
  absl::StatusOr<v1::SupportRequest> DeclineRequest(const rpc::Call&, const v1::DeclineRequestRequest&);
  absl::StatusOr<v1::SupportRequest> WithdrawRequest(const rpc::Call&, const v1::WithdrawRequestRequest&);
  absl::StatusOr<v1::SupportRequest> ReopenRequest(const rpc::Call&, const v1::ReopenRequestRequest&);

  // figures.cc
  absl::StatusOr<v1::SupportStatistics> GetSupportStatistics(const rpc::Call&, const v1::GetSupportStatisticsRequest&);
  absl::StatusOr<v1::SupportSettings> GetSupportSettings(const rpc::Call&, const v1::GetSupportSettingsRequest&);
  absl::StatusOr<v1::SupportSettings> UpdateSupportSettings(const rpc::Call&, const v1::UpdateSupportSettingsRequest&);
  absl::StatusOr<v1::ReadReachedResponse> ReadReached(const rpc::Call&, const v1::ReadReachedRequest&);

 private:
  const Tools tools_;
};

}  // namespace kubari::support
