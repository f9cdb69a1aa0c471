// How long a session works.
#pragma once

#include <absl/time/time.h>

namespace kubari::identity {

inline constexpr absl::Duration kPersonSession = absl::Hours(24 * 14);
// A warehouse phone should not stop in the middle of a season; a lost one is revoked.
inline constexpr absl::Duration kDeviceSession = absl::Hours(24 * 180);
// last_seen_time is this exact, so that most calls write nothing.
inline constexpr absl::Duration kSeenInterval = absl::Minutes(5);

}  // namespace kubari::identity
