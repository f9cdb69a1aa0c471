// The days of a standing offer. Pure; the contract's messages serve as values.
#pragma once

#include <vector>

#include "absl/time/civil_time.h"
#include "kubari/donors/v1/donors.pb.h"
#include "kubari/donors/v1/standing_offers.pb.h"

namespace kubari::donors {

groups::v1::Weekday WeekdayOf(absl::CivilDay day);

// The next days on which goods can be had, from `earliest` on, at most `count`: on its weekday, within its first and last
// day, not skipped; none while it is paused. Its dates must have been checked.
std::vector<absl::CivilDay> NextDates(const v1::StandingOffer& offer, absl::CivilDay earliest, int count);

// The days for which an offer is to be made on `today`, or was on a day before: they are at most lead_days away. Days that
// are past are not made up for.
std::vector<absl::CivilDay> DueDates(const v1::StandingOffer& offer, absl::CivilDay today);

// The content of the offer for one of its days: title, place, ready date, lines. `lines` are its lines as the products
// describe them, in the same order.
v1::Offer OfferFor(const v1::StandingOffer& offer, const v1::Offer& lines, absl::CivilDay ready);

}  // namespace kubari::donors
