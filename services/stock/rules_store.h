// The network's rules for dates and alerts, kept in memory for a moment: hand-overs are judged by them, and must not
// pay a read for that.
#pragma once

#include <absl/status/statusor.h>
#include <absl/time/time.h>

#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "kubari/stock/v1/stock.pb.h"
#include "libs/eligibility/eligibility.h"
#include "libs/pg/pool.h"

namespace kubari::stock {

namespace pb = kubari::stock::v1;

struct Rules {
  pb::StockRules stock;  // with its etag
  eligibility::HandOverRules hand_over;
};

class RulesStore {
 public:
  // What another process changed is seen here after `stale_for` at the latest; what this one changed, at once.
  static constexpr absl::Duration kStaleFor = absl::Seconds(5);
  explicit RulesStore(pg::Pool& pool, absl::Duration stale_for = kStaleFor) : pool_(pool), stale_for_(stale_for) {}

  // At most `stale_for` old.
  absl::StatusOr<std::shared_ptr<const Rules>> Get(const std::string& network_id, absl::Time deadline);
  // As they are now.
  absl::StatusOr<pb::StockRules> Read(const std::string& network_id, absl::Time deadline);
  // Writes `rules` if theirs is the current etag, and gives them the next one. ABORTED / STALE_ETAG. Part of the
  // caller's transaction; call Forget() when it is committed.
  static absl::StatusOr<pb::StockRules> Replace(pg::Transaction& tx, pb::StockRules rules, const std::string& actor,
                                                absl::Time now);
  void Forget(const std::string& network_id);

 private:
  struct Entry {
    std::shared_ptr<const Rules> rules;
    absl::Time read_time;
  };

  pg::Pool& pool_;
  const absl::Duration stale_for_;
  std::mutex mutex_;
  std::map<std::string, Entry> entries_;  // by network
};

}  // namespace kubari::stock
