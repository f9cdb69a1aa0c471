// A run that the service makes by itself: goods of a published run that are free again go out by fair share, for the
// same hand-over (Run.follow_up_of). Proposed outside of a transaction, written inside of the one that says why.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>
#include <absl/time/time.h>

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "libs/calendar/clock.h"
#include "libs/pg/pool.h"
#include "services/allocation/domain/propose.h"
#include "services/allocation/run_store.h"
#include "services/allocation/snapshot_reader.h"

namespace kubari::allocation {

// With less time than this until the goods must be picked up, nobody could answer any more.
inline constexpr absl::Duration kShortestFollowUp = absl::Hours(2);

struct FollowUp {
  RunRow row;
  std::string snapshot;  // canonical bytes
  std::shared_ptr<const Solved> solved;

  // Is there anybody to offer it to?
  bool anybody() const { return solved != nullptr && !solved->proposal.lines.empty(); }
};

class FollowUps {
 public:
  // All must outlive it.
  FollowUps(pg::Pool& pool, SnapshotReader& reader, const calendar::Clock& clock, std::string service_key)
      : pool_(pool), reader_(reader), clock_(clock), service_key_(std::move(service_key)) {}

  // `items`: so many of them at most, by "lots/…" and "places/…". `options`: what it names and is gone by now is left
  // out.
  absl::StatusOr<FollowUp> Propose(const std::string& network_id, const RunRow& first,
                                   const std::map<std::pair<std::string, std::string>, int64_t>& items,
                                   pb::RunOptions options, std::string_view title_before, absl::Time deadline) const;
  // Writes it as PUBLISHING; Publisher::Publish goes on from there. `anybody` must hold.
  absl::Status Insert(pg::Transaction& tx, const RunRow& first, FollowUp& follow_up) const;

 private:
  pg::Pool& pool_;
  SnapshotReader& reader_;
  const calendar::Clock& clock_;
  const std::string service_key_;
};

}  // namespace kubari::allocation
