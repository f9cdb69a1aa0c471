// What a password must be, and how often one may be tried.
#pragma once

#include <absl/status/status.h>
#include <absl/time/time.h>

#include <string_view>
#include <vector>

#include "libs/errors/errors.h"

namespace kubari::identity {

// 12 to 200 characters, at least 5 different ones. Length is what counts (NIST SP 800-63B, 5.1.1.2); no rule about
// kinds of characters. Reasons as of Violations::Text, and TOO_SIMPLE.
void CheckNewPassword(errors::Violations& violations, std::string_view field, std::string_view password);

// After 5 attempts that failed (or still run) within 15 minutes, the next must wait until the oldest of those 5 is 15
// minutes old.
inline constexpr int kMaxAttempts = 5;
inline constexpr absl::Duration kAttemptWindow = absl::Minutes(15);

// How long to wait; zero if a password may be tried now. `attempts` in any order.
absl::Duration WaitBeforeAttempt(std::vector<absl::Time> attempts, absl::Time now);

// RESOURCE_EXHAUSTED / TOO_MANY_ATTEMPTS with RetryInfo.
absl::Status TooManyAttempts(absl::Duration wait);

}  // namespace kubari::identity
