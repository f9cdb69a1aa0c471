#include "services/donors/domain/standing.h"

#include <algorithm>
#include <optional>
#include <string>

#include "libs/registry/fields.h"

namespace kubari::donors {

groups::v1::Weekday WeekdayOf(absl::CivilDay day) {
  return static_cast<groups::v1::Weekday>(static_cast<int>(absl::GetWeekday(day)) + 1);  // both begin with Monday
}

std::vector<absl::CivilDay> NextDates(const v1::StandingOffer& offer, absl::CivilDay earliest, int count) {
  std::vector<absl::CivilDay> days;
  if (offer.paused()) return days;
  const std::optional<absl::CivilDay> from = registry::ParseDay(offer.from_date());
  const std::optional<absl::CivilDay> until = registry::ParseDay(offer.until_date());
  absl::CivilDay day = from ? std::max(*from, earliest) : earliest;
  day += (offer.weekday() - WeekdayOf(day) + 7) % 7;
  for (; static_cast<int>(days.size()) < count && (!until || day <= *until); day += 7) {
    const auto& skips = offer.skip_dates();
    if (std::find(skips.begin(), skips.end(), absl::FormatCivilTime(day)) == skips.end()) days.push_back(day);
  }
  return days;
}

std::vector<absl::CivilDay> DueDates(const v1::StandingOffer& offer, absl::CivilDay today) {
  std::vector<absl::CivilDay> days = NextDates(offer, today, offer.lead_days() / 7 + 1);
  std::erase_if(days, [&](absl::CivilDay day) { return day - offer.lead_days() > today; });
  return days;
}

v1::Offer OfferFor(const v1::StandingOffer& offer, const v1::Offer& lines, absl::CivilDay ready) {
  v1::Offer made;
  made.set_title(offer.title());
  made.set_ready_date(absl::FormatCivilTime(ready));
  if (offer.has_place()) *made.mutable_place() = offer.place();
  *made.mutable_lines() = lines.lines();
  for (int i = 0; i < made.lines_size() && i < offer.lines_size(); ++i) {
    type::v1::GoodUntil& good_until = *made.mutable_lines(i)->mutable_good_until();
    good_until.set_kind(offer.lines(i).date_kind());
    if (good_until.kind() != type::v1::DATE_KIND_NONE)
      good_until.set_date(absl::FormatCivilTime(ready + offer.lines(i).good_for_days()));
  }
  return made;
}

}  // namespace kubari::donors
