// Attempts to take more from a shelf than the ledger says is on it: kept for alerts, since shelf and ledger may differ.
//
// The ledger's writer tells of every command it decided; what matters is queued in memory and written by Flush() in the
// background, so neither the refusal nor a commit waits for it. A process that is killed loses the last second of it.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>
#include <absl/time/time.h>
#include <prometheus/counter.h>
#include <prometheus/registry.h>

#include <mutex>
#include <string>
#include <vector>

#include "libs/calendar/clock.h"
#include "libs/pg/pool.h"
#include "services/stock/domain/ledger.h"

namespace kubari::stock {

class AttemptLog {
 public:
  // All must outlive it.
  AttemptLog(pg::Pool& pool, const calendar::Clock& clock, prometheus::Registry& registry);

  // For LedgerWriter::Options::decided. Goods that were to leave a shelf which had fewer of them are an attempt (a
  // promise takes nothing, so that is none); an adjustment of a shelf settles the attempts there. Never waits.
  void Decided(const std::string& network_id, const Command& command, const absl::StatusOr<Outcome>& result);

  // Writes what is queued. What cannot be written stays for the next time, as long as there is room for it.
  absl::Status Flush();
  // Forgets what is older than an alert looks back, and of each network all but the newest 10,000.
  absl::Status Prune();

 private:
  struct Event {
    std::string network_id;
    absl::Time time;
    std::string lot_id, place_id;
    // Of an attempt; without a request it is a settlement.
    std::string request_id, warehouse_id, actor;
    int64_t requested = 0, on_hand = 0, reserved = 0;
  };

  void Queue(Event event);
  absl::Status Write(const std::string& network_id, const std::vector<Event>& events);

  pg::Pool& pool_;
  const calendar::Clock& clock_;
  prometheus::Counter& dropped_;
  prometheus::Counter& failures_;
  std::mutex mutex_;
  std::vector<Event> queue_;
};

}  // namespace kubari::stock
