// The codes of invites, and when an invite works.
#pragma once

#include <absl/time/time.h>

#include <string>
#include <string_view>

namespace kubari::identity {

inline constexpr int kInviteCodeLength = 20;

// "ABCDEFGHJK…" → "ABCDE-FGHJK-…".
std::string FormatInviteCode(std::string_view code);

// As typed → as made: upper case; without blanks and anything like a hyphen; full-width letters and digits of a
// Japanese keyboard become narrow ones. What cannot be a code becomes "".
std::string NormalInviteCode(std::string_view typed);

enum class InviteState { kWorks, kRevoked, kExpired, kUsedUp };

// The first that holds of revoked, expired, used up.
InviteState JudgeInvite(bool revoked, absl::Time expire_time, int uses_left, absl::Time now);

}  // namespace kubari::identity
