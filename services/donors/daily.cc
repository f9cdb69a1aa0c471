#include "services/donors/daily.h"

#include <google/protobuf/util/time_util.h>

#include <vector>

#include "libs/calendar/clock.h"
#include "libs/errors/macros.h"
#include "libs/ids/ids.h"
#include "libs/registry/agreement_notices.h"
#include "services/donors/broadcast_store.h"
#include "services/donors/notices.h"
#include "services/donors/standing_handler.h"

namespace kubari::donors {

const registry::Parties kParties = {
    .collection = "donors",
    .lock = "SELECT FROM donors WHERE network_id = $1 AND donor_id = $2 FOR UPDATE",
    .touch = "UPDATE donors SET version = version + 1 WHERE network_id = $1 AND donor_id = $2",
    .list = KUBARI_AGREEMENT_LIST("donors", "donor_id"),
};

namespace {

// A broadcast whose time is over is closed at that time, and told.
absl::Status EndBroadcasts(pg::Transaction& tx, absl::Time now) {
  ASSIGN_OR_RETURN(const std::vector<v1::Broadcast> over, RanOut(tx, absl::UnixEpoch(), now));
  for (const v1::Broadcast& broadcast : over) {
    const absl::Time until = absl::FromUnixMicros(
        google::protobuf::util::TimeUtil::TimestampToMicroseconds(broadcast.answer_until_time()));
    CloseBroadcast(tx, *ids::IdFromName("broadcasts", broadcast.name()), until);
    TellBroadcastOver(tx, broadcast, now);
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status LookAfter(pg::Pool& pool, const std::string& network_id, const std::string& time_zone,
                       const calendar::Clock& clock) {
  ASSIGN_OR_RETURN(const absl::TimeZone zone, calendar::LoadZone(time_zone));
  const absl::Time now = clock.Now();
  const absl::CivilDay today = calendar::Today(now, zone);
  const pg::TxContext context{.network_id = network_id, .deadline = absl::Now() + absl::Seconds(60)};
  absl::Status first = pool.Transact(context, [&](pg::Transaction& tx) {
    return registry::TellAgreements(tx, kParties, type::v1::ROLE_DONOR, "/donor/agreement", today, now);
  });
  first.Update(RepeatStandingOffers(pool, network_id, today, now));
  first.Update(pool.Transact(context, [&](pg::Transaction& tx) { return EndBroadcasts(tx, now); }));
  return first;
}

absl::Status LookAfterAll(pg::Pool& pool, registry::Networks& networks, AnsweredNeeds& needs, const calendar::Clock& clock) {
  ASSIGN_OR_RETURN(const auto all, networks.All(absl::Now() + absl::Seconds(10)));
  absl::Status first;
  for (const identity::v1::Network& network : all) {
    const std::string id = *ids::IdFromName("networks", network.name());
    first.Update(LookAfter(pool, id, network.time_zone(), clock));
    first.Update(needs.TellAll(id, network.time_zone()));
  }
  return first;
}

}  // namespace kubari::donors
