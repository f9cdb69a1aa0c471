// When what has failed is tried again, and when a day's digest leaves. Without chance: the same failures give the same times.
#pragma once

#include <absl/time/time.h>

#include <optional>

namespace kubari::notifications {

struct Schedule {
  // Pause after the first failure, doubled with each further one.
  absl::Duration first = absl::Minutes(1);
  absl::Duration longest = absl::Hours(4);
  // After the first attempt.
  absl::Duration give_up = absl::Hours(72);
};

// `failures` counts the one just now. Nothing: it has been tried for long enough.
std::optional<absl::Time> NextAttempt(const Schedule& schedule, int failures, absl::Time first_attempt, absl::Time now);

// The next full `hour` (0 to 23) of that time zone after `now`.
absl::Time NextDigest(absl::Time now, int hour, absl::TimeZone zone);

}  // namespace kubari::notifications
