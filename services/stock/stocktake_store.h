// Stocktakes, their counts and decisions, and what the ledger says about their lines. Functions of a transaction, so
// that one request is one transaction.
//
// Lines() compares balances with movements, so both must be of one moment: the transaction is repeatable read
// (Pool::Read is). A state that another transaction changed meanwhile is then a serialization failure, and the
// transaction runs again.
#pragma once

#include <absl/status/statusor.h>
#include <absl/time/time.h>

#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "libs/pg/transaction.h"
#include "services/stock/domain/stocktake.h"

namespace kubari::stock {

struct Stocktake {
  std::string id;
  std::string title;
  std::string warehouse_id;
  std::string warehouse_display_name;
  std::string organisation_id;  // the warehouse's operator
  pb::StocktakeState state = pb::STOCKTAKE_STATE_OPEN;
  absl::Time open_time;
  absl::Time state_time;
  std::string opened_by;
  int64_t read_from = 0;                            // position: what the ledger has before it is before every count
  absl::Time posting_until = absl::InfinitePast();  // InfinitePast: it is not being posted
  int place_count = 0;
  pb::Stocktake figures;  // of a closed one: nothing but its figures
};

// Whether a transaction is going to rely on the state (kShare) or to change it (kUpdate).
enum class Hold { kNothing, kShare, kUpdate };

// One lot at one place of one stocktake.
struct StocktakeLine {
  std::string stocktake_id;
  std::string place_id;
  std::string place_code;
  std::string lot_id;
  std::string lot_code;
  Line line;
};

// The same, of a closed stocktake: as it was shown last, without lot and place.
struct KeptLine {
  std::string place_id;
  std::string place_code;
  std::string lot_id;
  std::string lot_code;
  pb::StocktakeLine facts;
};

// Which lines, in the order of (place code, lot code): only of this place, or only these (place, lot) pairs; behind a
// key; at most so many.
struct LineSelection {
  std::optional<std::string> place_id;
  std::optional<std::pair<std::string, std::string>> pair;  // place id, lot id
  std::pair<std::string, std::string> after;                // place code, lot code; empty: from the start
  std::optional<int> limit;
};

namespace stocktakes {

// With all places of `place_ids`. read_from is found from open_time. Errors: ALREADY_EXISTS / ID_TAKEN,
// FAILED_PRECONDITION / PLACE_BEING_COUNTED.
absl::Status Insert(pg::Transaction& tx, const Stocktake& stocktake, const std::vector<std::string>& place_ids);

// Errors: STOCKTAKE_NOT_FOUND.
absl::StatusOr<Stocktake> Find(pg::Transaction& tx, const std::string& id, Hold hold);

// Newest first, by (open time, id). `after`: the key of the last one before.
struct StocktakeFilter {
  std::optional<std::string> warehouse;
  std::optional<int> state;
};
absl::StatusOr<std::vector<Stocktake>> List(pg::Transaction& tx, const StocktakeFilter& filter,
                                            const std::optional<std::pair<absl::Time, std::string>>& after, int limit);

// Ids, by code.
absl::StatusOr<std::vector<std::string>> PlacesOf(pg::Transaction& tx, const std::string& id);
// Nothing: the stocktake does not count it.
absl::StatusOr<std::optional<Place>> PlaceOf(pg::Transaction& tx, const std::string& id, const std::string& place_id);
// Errors: LOT_NOT_FOUND.
absl::StatusOr<Lot> LotOf(pg::Transaction& tx, const std::string& lot_id);

// The ledger's next position.
absl::StatusOr<int64_t> LedgerPosition(pg::Transaction& tx);

absl::Status InsertCount(pg::Transaction& tx, const std::string& id, const std::string& place_id,
                         const std::string& lot_id, const Count& count);
// A count with the line it belongs to.
struct FoundCount {
  std::string place_id;
  std::string lot_id;
  Count count;
};
absl::StatusOr<std::optional<FoundCount>> FindCount(pg::Transaction& tx, const std::string& id,
                                                    const std::string& count_id);
absl::Status Retract(pg::Transaction& tx, const std::string& id, const std::string& count_id, const std::string& actor,
                     absl::Time now);
absl::Status InsertDecision(pg::Transaction& tx, const std::string& id, const std::string& place_id,
                            const std::string& lot_id, const Decision& decision, const std::string& actor,
                            absl::Time now);

// What was counted and what stands there by the ledger, judged. For stocktakes that are not closed.
absl::StatusOr<std::vector<StocktakeLine>> Lines(pg::Transaction& tx, const std::vector<std::string>& ids,
                                                 const LineSelection& selection);

// OPEN, REVIEW.
absl::Status SetState(pg::Transaction& tx, const std::string& id, pb::StocktakeState state, absl::Time now);
absl::Status SetPosting(pg::Transaction& tx, const std::string& id, std::optional<absl::Time> until);
// POSTED, CANCELLED: lets the places go and keeps the lines, in the order given.
absl::Status Close(pg::Transaction& tx, const std::string& id, pb::StocktakeState state, absl::Time now,
                   const pb::Stocktake& figures, const std::vector<KeptLine>& lines);
// Of a closed stocktake. `states`: empty for all.
absl::StatusOr<std::vector<KeptLine>> KeptLines(pg::Transaction& tx, const std::string& id,
                                                const std::vector<int>& states, const LineSelection& selection);

}  // namespace stocktakes
}  // namespace kubari::stock
