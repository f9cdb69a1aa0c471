#include "services/identity/domain/invite_codes.h"

#include "libs/auth/codes.h"

namespace kubari::identity {

std::string FormatInviteCode(std::string_view code) { return auth::FormatCode(code, 5); }

std::string NormalInviteCode(std::string_view typed) {
  const std::string code = auth::NormalCode(typed, kInviteCodeLength);
  return code.size() == kInviteCodeLength ? code : "";
}

InviteState JudgeInvite(bool revoked, absl::Time expire_time, int uses_left, absl::Time now) {
  if (revoked) return InviteState::kRevoked;
  if (expire_time <= now) return InviteState::kExpired;
  if (uses_left <= 0) return InviteState::kUsedUp;
  return InviteState::kWorks;
}

}  // namespace kubari::identity
