// Invites: made, listed, revoked, redeemed.
#pragma once

#include "services/identity/handlers/tools.h"

namespace kubari::identity {

class InvitesHandler {
 public:
  explicit InvitesHandler(const Tools& tools) : tools_(tools) {}

  absl::StatusOr<pb::CreateInviteResponse> CreateInvite(const rpc::Call& call, const pb::CreateInviteRequest& request);
  absl::StatusOr<pb::ListInvitesResponse> ListInvites(const rpc::Call& call, const pb::ListInvitesRequest& request);
  absl::StatusOr<pb::Invite> RevokeInvite(const rpc::Call& call, const pb::RevokeInviteRequest& request);
  absl::StatusOr<pb::SignInResponse> RedeemInvite(const rpc::Call& call, const pb::RedeemInviteRequest& request);

 private:
  const Tools tools_;
};

}  // namespace kubari::identity
