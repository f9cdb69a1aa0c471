// Where "now" and "today" come from. Everything that needs the time is given a Clock, so that tests decide what time it
// is.
#pragma once

#include <mutex>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/time/civil_time.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"

namespace kubari::calendar {

// Implementations may be called from any thread.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual absl::Time Now() const = 0;
};

class SystemClock final : public Clock {
 public:
  absl::Time Now() const override { return absl::Now(); }
};

// Stands still until it is told otherwise.
class FixedClock final : public Clock {
 public:
  explicit FixedClock(absl::Time now) : now_(now) {}
  absl::Time Now() const override;
  void Set(absl::Time now);
  void Advance(absl::Duration duration);

 private:
  mutable std::mutex mutex_;
  absl::Time now_;
};

// The zone of an IANA name such as "Asia/Tokyo" or "UTC". INVALID_ARGUMENT for a name that the time zone database does
// not have; fixed offsets and file paths are refused too. Cached by abseil, so cheap to call again.
absl::StatusOr<absl::TimeZone> LoadZone(std::string_view name);

// The civil day of an instant in a zone.
absl::CivilDay Today(absl::Time now, absl::TimeZone zone);

}  // namespace kubari::calendar
