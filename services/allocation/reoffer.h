// What comes back is offered again within the day: goods of a published run that groups refused, gave back in part, or
// let expire go to the next fairest groups, by a run of its own for the same hand-over (Run.follow_up_of).
#pragma once

#include <absl/status/status.h>
#include <absl/time/time.h>

#include <string>

#include "libs/calendar/clock.h"
#include "libs/pg/pool.h"
#include "services/allocation/follow_up.h"
#include "services/allocation/publisher.h"
#include "services/allocation/snapshot_reader.h"

namespace kubari::allocation {

class Reoffer {
 public:
  // All must outlive it.
  Reoffer(pg::Pool& pool, SnapshotReader& reader, Publisher& publisher, const calendar::Clock& clock,
          std::string service_key)
      : pool_(pool), publisher_(publisher), clock_(clock), follow_ups_(pool, reader, clock, std::move(service_key)) {}

  // Runs with RunOptions.offer_again in all networks; one run's goods at most once an hour, so that a day of answers
  // makes few runs. For rpc::Periodic; several processes may do it at once.
  absl::Status OfferWhatCameBack();

 private:
  absl::Status OfferAgain(const std::string& network_id, const std::string& run_id);

  pg::Pool& pool_;
  Publisher& publisher_;
  const calendar::Clock& clock_;
  const FollowUps follow_ups_;
};

}  // namespace kubari::allocation
