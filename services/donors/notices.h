// What donors, groups and coordinators are told (libs/outbox). Each is written in the transaction of the fact that it tells.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "kubari/donors/v1/broadcasts.pb.h"
#include "kubari/donors/v1/donors.pb.h"
#include "kubari/donors/v1/standing_offers.pb.h"
#include "libs/pg/transaction.h"

namespace kubari::donors {

// To coordinators.
void TellSubmitted(pg::Transaction& tx, const v1::Offer& offer, absl::Time now);
void TellImported(pg::Transaction& tx, const v1::Donor& donor, int offers, absl::Time now);
void TellAnswered(pg::Transaction& tx, const v1::Offer& offer, std::string_view text, absl::Time now);
// To the donor and to who offered in its name.
void TellAsked(pg::Transaction& tx, const v1::Offer& offer, std::string_view text, absl::Time now);
void TellAccepted(pg::Transaction& tx, const v1::Offer& offer, absl::Time now);
void TellDeclined(pg::Transaction& tx, const v1::Offer& offer, absl::Time now);
// What arrived, line by line where it differs from what was accepted; once when everything is there and once when the
// offer is closed.
void TellReceived(pg::Transaction& tx, const v1::Offer& offer, absl::Time now);
// To the donor; to coordinators as well if the offer stayed a draft, `reason` being why.
void TellStandingMade(pg::Transaction& tx, const v1::StandingOffer& standing, const v1::Offer& offer, absl::Time now);
void TellStandingHalted(pg::Transaction& tx, const v1::StandingOffer& standing, absl::CivilDay ready,
                        const absl::Status& reason, absl::Time now);
// To the groups that are asked.
void TellBroadcast(pg::Transaction& tx, const v1::Broadcast& broadcast, const std::vector<std::string>& group_ids,
                   absl::Time now);
// To coordinators: answers have come; once a day.
void TellBroadcastAnswered(pg::Transaction& tx, const v1::Broadcast& broadcast, absl::CivilDay today, absl::Time now);
// To coordinators: it is over, with its sums; once.
void TellBroadcastOver(pg::Transaction& tx, const v1::Broadcast& broadcast, absl::Time now);

}  // namespace kubari::donors
