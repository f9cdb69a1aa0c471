// Stocktakes (棚卸): from what people counted and what the ledger says to what is to be booked. Pure: no clock, no I/O.
//
// A count is a fact about one lot at one place at one moment t. It is compared with what the ledger says for t:
//
//   expected(t) = on hand now − everything that happened to it after t
//
// and what is booked is the difference, counted − expected(t), on top of whatever is on hand by then. "Happened" goes
// by Movement.occurred_time, not by when the ledger heard of it. So an issue made before the count and reported after
// it is not counted twice, one made after the count does not look like a loss, and counts and movements may come in in
// any order: in the end the same movements are after t.
//
// Corrections happen when what they correct happened: an issue that was booked by mistake never was, also not at the
// time of the count. Goods that really came back (reason RETURNED) moved when they came back.
#pragma once

#include <absl/time/time.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "kubari/stock/v1/stocktakes.pb.h"
#include "services/stock/domain/types.h"

namespace kubari::stock {

// One person's count of one lot at one place; never changes, but may be taken back.
struct Count {
  std::string id;
  int64_t number = 0;  // in the order of recording
  pb::CountMode mode = pb::COUNT_MODE_WHOLE;
  int64_t cases = 0;
  int64_t items_per_case = 0;
  int64_t loose_items = 0;
  std::string actor;  // "people/{uuid}" …
  absl::Time counted_time;
  absl::Time recorded_time;
  int64_t ledger_position = 0;  // the ledger's next one when it was recorded
  bool retracted = false;
  std::string note;

  int64_t items() const { return cases * items_per_case + loose_items; }
};

// A movement of the lot onto the place (items > 0) or away from it (items < 0).
struct Change {
  int64_t position = 0;
  int64_t items = 0;
  absl::Time occurred_time;
  std::string reason;
  // Of a reversal: what it reverses, then, if that is a reversal too, what that one reverses, and so on.
  struct Undone {
    absl::Time occurred_time;
    std::string reason;
  };
  std::vector<Undone> undoes;
  // An adjustment made by this very stocktake, or (with `undoes`) a reversal of one.
  bool own = false;

  // When it happened; see above.
  absl::Time happened() const;
};

// A reviewer's decision about one line. It was made for certain counts and a certain expected figure, and holds only
// for them, as what came in later was not known to whoever decided; leaving the line out holds for the counts alone.
struct Decision {
  std::optional<int64_t> counted_items;
  std::string reason;
  std::string note;
  bool leave_out = false;
  int64_t basis_items = 0;  // of the line, when it was decided
  int changes = 0;          // likewise
};

// All that is known of one lot at one place.
struct LineFacts {
  std::vector<Count> counts;  // in any order
  Balance now;
  // Of one snapshot with `now`: everything that happened after the first of the counts, corrections of what happened
  // before it, and this stocktake's own adjustments; more does no harm. In any order.
  std::vector<Change> changes;
  std::optional<Decision> decision;  // the last one
};

struct Line {
  struct Counted {
    Count count;
    bool is_void = false;  // taken back, or replaced by a later one
    int64_t expected_items = 0;
  };
  pb::LineState state = pb::LINE_STATE_UNCOUNTED;
  pb::LineConflict conflict = pb::LINE_CONFLICT_UNSPECIFIED;
  std::vector<Counted> counts;  // by counted_time, then in the order of recording
  int64_t counted_items = 0;    // with these three as in the contract
  int64_t expected_items = 0;
  int64_t difference_items = 0;
  int64_t reserved_items = 0;
  absl::Time counted_time = absl::InfinitePast();  // of the last count that is not void; InfinitePast: there is none
  std::string reason;                              // of the decision, if it holds
  std::string note;
  int64_t last_adjustment = -1;  // position of this stocktake's last one here; −1: none

  // What is still to be booked; 0 unless DIFFERENT.
  int64_t open_items = 0;
  // How many adjustments this stocktake has booked here, reversed ones too. Part of the next one's request id: whoever
  // books number n has seen that n are there, so n + 1 cannot come of not knowing them.
  int adjustments = 0;
  // What a decision is made for: expected(counted_time) without this stocktake's own adjustments, and how often a count
  // was recorded or taken back, or such an adjustment reversed. And the figure of the decision that holds.
  int64_t basis_items = 0;
  int changes = 0;
  std::optional<int64_t> settled_items;

  bool counted() const { return counted_time != absl::InfinitePast(); }
  // Stands in the way of posting.
  bool unsettled() const {
    return state == pb::LINE_STATE_CONFLICT || (state == pb::LINE_STATE_DIFFERENT && reason.empty());
  }
};

// How counts become one figure:
//   AGAIN stands in for everybody's earlier counts; WHOLE for the same person's; ADDITION adds to the same person's.
//   What is left is one figure for each person. If the ledger says that goods were moved between the first and the last
//   of what one person added up, it is in conflict (MOVED_MEANWHILE). Else each figure has a difference to the ledger
//   of its own moment. If all of them are the same, the people agree, even if they counted at different times; else the
//   line is in conflict (COUNTS_DIFFER). If they agree that there is a difference, and something that happened before
//   the count was corrected after it, the line is in conflict too (CORRECTED_SINCE): perhaps the difference is that
//   mistake, booked anew with a later time. If they agree with the ledger, all is well however that came about.
// "Earlier" goes by counted_time: phones send late. A decision that holds goes before all of this.
Line JudgeLine(const LineFacts& facts);

// What the ledger says for the moment `t`, without this stocktake's own adjustments, whenever they happened.
int64_t ExpectedAt(absl::Time t, const Balance& now, const std::vector<Change>& changes);

// The request of adjustment number `number` (from 0) of a line: the same wherever and however often it is made.
std::string AdjustmentRequestId(const std::string& stocktake_id, const std::string& lot_id, const std::string& place_id,
                                int number);

// Of a stocktake, over its lines.
struct Figures {
  int counted = 0;
  int equal = 0;
  int different = 0;
  int conflict = 0;
  int uncounted = 0;
  int posted = 0;
  int left_out = 0;
  int unsettled = 0;

  void Add(const Line& line);
};

// The states in which each of these may be done.
bool MayCount(pb::StocktakeState state);
bool MayReview(pb::StocktakeState state);  // review
bool MayDecide(pb::StocktakeState state);  // settle, post, reopen
bool MayCancel(pb::StocktakeState state);
bool IsClosed(pb::StocktakeState state);

}  // namespace kubari::stock
