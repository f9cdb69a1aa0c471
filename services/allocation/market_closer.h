// Ends runs in which groups choose when their time is over, and gives back every night what was spent.
//
//   OPEN ─ time is over ─▶ CLOSING ─ settled from a snapshot that holds all claims or bids ─▶ SETTLED ─ what is urgent
//   of the rest goes out by fair share ─▶ CLOSED
//
// Each arrow is one transaction, so a process that stops anywhere leaves a run from which the next one goes on.
#pragma once

#include <absl/status/status.h>
#include <absl/time/time.h>

#include <memory>
#include <string>

#include "libs/calendar/clock.h"
#include "libs/pg/pool.h"
#include "services/allocation/follow_up.h"
#include "services/allocation/publisher.h"
#include "services/allocation/snapshot_reader.h"

namespace kubari::allocation {

class MarketCloser {
 public:
  // All must outlive it.
  MarketCloser(pg::Pool& pool, SnapshotReader& reader, Publisher& publisher, const calendar::Clock& clock,
               std::string service_key)
      : pool_(pool),
        reader_(reader),
        publisher_(publisher),
        clock_(clock),
        service_key_(service_key),
        follow_ups_(pool, reader, clock, std::move(service_key)) {}

  // In all networks. For rpc::Periodic; several processes may do it at once.
  absl::Status CloseWhatIsDue();
  // One run, as far as it goes; OK if there is nothing to do (yet).
  absl::Status Close(const std::string& network_id, const std::string& run_id);

  // In all networks, once for each local day. For rpc::Periodic, as above.
  absl::Status GiveBackShares();

 private:
  absl::Status Begin(const pg::TxContext& context, const std::string& run_id);
  absl::Status SettleRun(const pg::TxContext& context, const std::string& run_id);
  absl::Status WriteSettled(pg::Transaction& tx, RunRow& run, const Solved& solved, const std::string& bytes);
  absl::Status OfferRest(const pg::TxContext& context, const std::string& run_id);
  absl::Status ToLedger(const pg::TxContext& context, const std::string& run_id);
  absl::Status GiveBackSharesOf(const std::string& network_id, const std::string& time_zone);

  pg::Pool& pool_;
  SnapshotReader& reader_;
  Publisher& publisher_;
  const calendar::Clock& clock_;
  const std::string service_key_;
  const FollowUps follow_ups_;
};

}  // namespace kubari::allocation
