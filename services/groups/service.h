// gRPC ⇄ handler: one line per RPC.
#pragma once

#include "kubari/groups/v1/groups.grpc.pb.h"
#include "libs/rpc/dispatcher.h"
#include "services/groups/handler.h"

namespace kubari::groups {

class GroupsService final : public v1::GroupsService::CallbackService {
 public:
  GroupsService(rpc::Dispatcher& dispatcher, GroupsHandler& handler) : dispatcher_(dispatcher), handler_(handler) {}

  KUBARI_RPC(v1::GroupsService, CreateGroup)
  KUBARI_RPC(v1::GroupsService, GetGroup)
  KUBARI_RPC(v1::GroupsService, ListGroups)
  KUBARI_RPC(v1::GroupsService, ListHubGroups)
  KUBARI_RPC(v1::GroupsService, UpdateGroup)
  KUBARI_RPC(v1::GroupsService, ApproveGroup)
  KUBARI_RPC(v1::GroupsService, SuspendGroup)
  KUBARI_RPC(v1::GroupsService, CreateAgreement)
  KUBARI_RPC(v1::GroupsService, TerminateAgreement)
  KUBARI_RPC(v1::GroupsService, ImportGroups)
  KUBARI_RPC(v1::GroupsService, GetImportTemplate)

 private:
  rpc::Dispatcher& dispatcher_;
  GroupsHandler& handler_;
};

}  // namespace kubari::groups
