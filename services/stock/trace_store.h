// What a trace asks of the ledger: everything by lot, transformation or delivery, each of which has an index, so that it
// costs what the goods' own movements are. Functions of a transaction, so that all of a trace is one moment.
#pragma once

#include <absl/status/statusor.h>

#include <map>
#include <string>
#include <vector>

#include "libs/pg/transaction.h"
#include "services/stock/domain/trace.h"
#include "services/stock/domain/types.h"

namespace kubari::stock::trace {

// Follow() over the ledger.
absl::StatusOr<Lineage> FollowLots(pg::Transaction& tx, const std::vector<std::string>& seeds, Direction direction,
                                   int limit);

// Where items of these lots are now, most first; the donors' minus and the workshops are left out. kWithHolders: only what
// stands somewhere or is on its way there, not what was lost or thrown away.
enum class Where { kAnywhere, kWithHolders };
struct Holding {
  std::string lot_id;
  std::string place_id;
  int64_t on_hand = 0;
  int64_t reserved = 0;
};
absl::StatusOr<std::vector<Holding>> HoldingsOf(pg::Transaction& tx, const std::vector<std::string>& lots, Where where,
                                                int limit);

// By lot: what came in from its donor, and when first. Lots that were made from others are not there.
struct Arrival {
  int64_t items = 0;
  absl::Time first_time;
};
absl::StatusOr<std::map<std::string, Arrival>> ArrivalsOf(pg::Transaction& tx, const std::vector<std::string>& lots);

// Deliveries with something of these lots, newest first; without lines.
absl::StatusOr<std::vector<std::string>> DeliveriesOf(pg::Transaction& tx, const std::vector<std::string>& lots,
                                                      int limit);
// The delivery, and those by which the groups that gave its goods on had got these lots, and so on; newest first.
absl::StatusOr<std::vector<std::string>> DeliveriesBehind(pg::Transaction& tx, const std::string& delivery_id,
                                                          const std::vector<std::string>& lots, int limit);

// Movements of these lots, and all of the transformations that they were part of; in the order of the ledger.
absl::StatusOr<std::vector<Movement>> MovementsOf(pg::Transaction& tx, const std::vector<std::string>& lots, int limit);

}  // namespace kubari::stock::trace
