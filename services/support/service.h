// gRPC ⇄ handlers: one line per RPC.
#pragma once

#include "kubari/support/v1/campaigns.grpc.pb.h"
#include "kubari/support/v1/support.grpc.pb.h"
#include "libs/rpc/dispatcher.h"
#include "services/support/handlers/campaigns.h"
#include "services/support/handlers/requests.h"

namespace kubari::support {

class SupportService final : public v1::SupportService::CallbackService {
 public:
  SupportService(rpc::Dispatcher& dispatcher, SupportHandler& handler) : dispatcher_(dispatcher), handler_(handler) {}

  KUBARI_RPC(v1::SupportService, CreateSupportRequest)
  KUBARI_RPC(v1::SupportService, GetSupportRequest)
  KUBARI_RPC(v1::SupportService, ListSupportRequests)
  KUBARI_RPC(v1::SupportService, ReadDetails)
  KUBARI_RPC(v1::SupportService, UpdateSupportRequest)
  KUBARI_RPC(v1::SupportService, ProposeHandover)
  KUBARI_RPC(v1::SupportService, CancelHandover)
  KUBARI_RPC(v1::SupportService, AcknowledgeHandover)
  KUBARI_RPC(v1::SupportService, RefuseHandover)
  KUBARI_RPC(v1::SupportService, StartPreparing)
  KUBARI_RPC(v1::SupportService, FulfilRequest)
  KUBARI_RPC(v1::SupportService, CompleteRequest)
  KUBARI_RPC(v1::SupportService, DeclineRequest)
  KUBARI_RPC(v1::SupportService, WithdrawRequest)
  KUBARI_RPC(v1::SupportService, ReopenRequest)
  KUBARI_RPC(v1::SupportService, ListJournal)
  KUBARI_RPC(v1::SupportService, ListLooks)
  KUBARI_RPC(v1::SupportService, ListAddressees)
  KUBARI_RPC(v1::SupportService, GetSupportStatistics)
  KUBARI_RPC(v1::SupportService, GetSupportSettings)
  KUBARI_RPC(v1::SupportService, UpdateSupportSettings)
  KUBARI_RPC(v1::SupportService, ReadReached)

 private:
  rpc::Dispatcher& dispatcher_;
  SupportHandler& handler_;
};

class CampaignService final : public v1::CampaignService::CallbackService {
 public:
  CampaignService(rpc::Dispatcher& dispatcher, CampaignHandler& handler) : dispatcher_(dispatcher), handler_(handler) {}

  KUBARI_RPC(v1::CampaignService, CreateCampaign)
  KUBARI_RPC(v1::CampaignService, GetCampaign)
  KUBARI_RPC(v1::CampaignService, ListCampaigns)
  KUBARI_RPC(v1::CampaignService, UpdateCampaign)
  KUBARI_RPC(v1::CampaignService, PublishCampaign)
  KUBARI_RPC(v1::CampaignService, CloseCampaign)
  KUBARI_RPC(v1::CampaignService, ListApplications)
  KUBARI_RPC(v1::CampaignService, ReadApplication)
  KUBARI_RPC(v1::CampaignService, AcceptApplications)
  KUBARI_RPC(v1::CampaignService, DeclineApplication)
  KUBARI_RPC(v1::CampaignService, GetPublicCampaign)
  KUBARI_RPC(v1::CampaignService, SubmitApplication)
  KUBARI_RPC(v1::CampaignService, RelayApplication)
  KUBARI_RPC(v1::CampaignService, GetPublicApplication)
  KUBARI_RPC(v1::CampaignService, WithdrawApplication)

 private:
  rpc::Dispatcher& dispatcher_;
  CampaignHandler& handler_;
};

}  // namespace kubari::support
