#include "services/notifications/domain/schedule.h"

#include <absl/time/civil_time.h>

#include <algorithm>

namespace kubari::notifications {

std::optional<absl::Time> NextAttempt(const Schedule& schedule, int failures, absl::Time first_attempt, absl::Time now) {
  // 2^20 minutes are two years: no pause overflows, and no schedule gets that far.
  const absl::Duration pause = std::min(schedule.first * (1 << std::clamp(failures - 1, 0, 20)), schedule.longest);
  const absl::Time last = first_attempt + schedule.give_up;
  if (now >= last) return std::nullopt;
  return std::min(now + pause, last);
}

absl::Time NextDigest(absl::Time now, int hour, absl::TimeZone zone) {
  absl::CivilDay day = absl::ToCivilDay(now, zone);
  for (;; ++day) {
    // An hour that a change to summer time leaves out becomes the moment after it.
    const absl::Time time = absl::FromCivil(absl::CivilHour(day.year(), day.month(), day.day(), hour), zone);
    if (time > now) return time;
  }
}

}  // namespace kubari::notifications
