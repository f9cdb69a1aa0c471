#include "libs/calendar/clock.h"

#include <algorithm>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"

namespace kubari::calendar {

absl::Time FixedClock::Now() const {
  std::lock_guard lock(mutex_);
  return now_;
}

void FixedClock::Set(absl::Time now) {
  std::lock_guard lock(mutex_);
  now_ = now;
}

void FixedClock::Advance(absl::Duration duration) {
  std::lock_guard lock(mutex_);
  now_ += duration;
}

absl::StatusOr<absl::TimeZone> LoadZone(std::string_view name) {
  // abseil would also open any file by path, and take "localtime", "libc:…" and fixed offsets. Names of the database
  // begin with a capital letter and have no dots, so this leaves only them.
  bool shaped = !name.empty() && name.size() <= 64 && name[0] >= 'A' && name[0] <= 'Z' && name.substr(0, 6) != "Fixed/";
  for (const char c : name) {
    shaped = shaped && (absl::ascii_isalnum(c) || c == '/' || c == '_' || c == '-' || c == '+');
  }
  absl::TimeZone zone;
  if (!shaped || !absl::LoadTimeZone(std::string(name), &zone)) {
    return absl::InvalidArgumentError(
        absl::StrCat("\"", absl::CHexEscape(absl::string_view(name.data(), std::min<size_t>(name.size(), 64))),
                     "\" is not a time zone; use an IANA name such as Asia/Tokyo."));
  }
  return zone;
}

absl::CivilDay Today(absl::Time now, absl::TimeZone zone) { return absl::ToCivilDay(now, zone); }

}  // namespace kubari::calendar
