// IdentityService of the contract, one line per RPC. Only libs/rpc knows about threads; the handlers are plain
// functions.
#pragma once

#include "kubari/identity/v1/identity.grpc.pb.h"
#include "libs/rpc/dispatcher.h"
#include "services/identity/handlers/devices.h"
#include "services/identity/handlers/invites.h"
#include "services/identity/handlers/networks.h"
#include "services/identity/handlers/people.h"
#include "services/identity/handlers/sessions.h"

namespace kubari::identity {

class IdentityService final : public pb::IdentityService::CallbackService {
 public:
  // All must outlive it.
  IdentityService(rpc::Dispatcher& dispatcher, const Tools& tools)
      : dispatcher_(dispatcher), networks_(tools), people_(tools), sessions_(tools), invites_(tools), devices_(tools) {}

  KUBARI_RPC_TO(networks_, pb::IdentityService, CreateNetwork)
  KUBARI_RPC_TO(networks_, pb::IdentityService, ListNetworks)
  KUBARI_RPC_TO(networks_, pb::IdentityService, GetNetwork)
  KUBARI_RPC_TO(networks_, pb::IdentityService, CreateOrganisation)
  KUBARI_RPC_TO(networks_, pb::IdentityService, GetOrganisation)
  KUBARI_RPC_TO(networks_, pb::IdentityService, ListOrganisations)

  KUBARI_RPC_TO(people_, pb::IdentityService, CreatePerson)
  KUBARI_RPC_TO(people_, pb::IdentityService, GetPerson)
  KUBARI_RPC_TO(people_, pb::IdentityService, ListPeople)
  KUBARI_RPC_TO(people_, pb::IdentityService, UpdatePerson)
  KUBARI_RPC_TO(people_, pb::IdentityService, ListRecipients)
  KUBARI_RPC_TO(people_, pb::IdentityService, GrantRole)
  KUBARI_RPC_TO(people_, pb::IdentityService, RevokeRole)

  KUBARI_RPC_TO(sessions_, pb::IdentityService, SetPassword)
  KUBARI_RPC_TO(sessions_, pb::IdentityService, SetLocale)
  KUBARI_RPC_TO(sessions_, pb::IdentityService, SignIn)
  KUBARI_RPC_TO(sessions_, pb::IdentityService, SignOut)
  KUBARI_RPC_TO(sessions_, pb::IdentityService, GetSession)
  KUBARI_RPC_TO(sessions_, pb::IdentityService, Authenticate)

  KUBARI_RPC_TO(invites_, pb::IdentityService, CreateInvite)
  KUBARI_RPC_TO(invites_, pb::IdentityService, ListInvites)
  KUBARI_RPC_TO(invites_, pb::IdentityService, RevokeInvite)
  KUBARI_RPC_TO(invites_, pb::IdentityService, RedeemInvite)

  KUBARI_RPC_TO(devices_, pb::IdentityService, ListDevices)
  KUBARI_RPC_TO(devices_, pb::IdentityService, RevokeDevice)
  KUBARI_RPC_TO(devices_, pb::IdentityService, CreateApiKey)
  KUBARI_RPC_TO(devices_, pb::IdentityService, ListApiKeys)
  KUBARI_RPC_TO(devices_, pb::IdentityService, RevokeApiKey)

 private:
  rpc::Dispatcher& dispatcher_;
  NetworksHandler networks_;
  PeopleHandler people_;
  SessionsHandler sessions_;
  InvitesHandler invites_;
  DevicesHandler devices_;
};

}  // namespace kubari::identity
