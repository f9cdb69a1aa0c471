// Signing in and out, passwords, and what a token stands for.
#pragma once

#include "services/identity/handlers/tools.h"
#include "services/identity/store/people.h"

namespace kubari::identity {

class SessionsHandler {
 public:
  explicit SessionsHandler(const Tools& tools) : tools_(tools) {}

  absl::StatusOr<pb::SignInResponse> SignIn(const rpc::Call& call, const pb::SignInRequest& request);
  absl::StatusOr<pb::SignOutResponse> SignOut(const rpc::Call& call, const pb::SignOutRequest& request);
  absl::StatusOr<pb::SetPasswordResponse> SetPassword(const rpc::Call& call, const pb::SetPasswordRequest& request);
  absl::StatusOr<pb::SetLocaleResponse> SetLocale(const rpc::Call& call, const pb::SetLocaleRequest& request);
  absl::StatusOr<pb::Session> GetSession(const rpc::Call& call, const pb::GetSessionRequest& request);
  absl::StatusOr<pb::AuthenticateResponse> Authenticate(const rpc::Call& call, const pb::AuthenticateRequest& request);

 private:
  const Tools tools_;
};

}  // namespace kubari::identity
