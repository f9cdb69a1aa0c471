#include "services/stock/domain/stocktake.h"

#include <absl/strings/str_cat.h>

#include <algorithm>
#include <tuple>

#include "libs/ids/ids.h"

namespace kubari::stock {
namespace {

// Goods came back, so this reversal is a movement of its own; every other reason says that something was booked
// wrongly.
constexpr char kReturned[] = "RETURNED";

// What one person says is there.
struct Finding {
  int64_t items = 0;
  absl::Time first, last;  // of the counts it is the sum of
};

// Marks what is taken back or replaced as void, and returns what is left: one finding for each person.
std::map<std::string, Finding> Merge(std::vector<Line::Counted>& counts) {
  size_t again = 0;
  for (size_t i = 0; i < counts.size(); ++i) {
    if (!counts[i].count.retracted && counts[i].count.mode == pb::COUNT_MODE_AGAIN) again = i;
  }
  std::map<std::string, Finding> findings;
  std::map<std::string, std::vector<Line::Counted*>> live;  // what each finding is made of
  for (size_t i = 0; i < counts.size(); ++i) {
    const Count& count = counts[i].count;
    counts[i].is_void = count.retracted || i < again;
    if (counts[i].is_void) continue;
    Finding& finding = findings[count.actor];
    std::vector<Line::Counted*>& parts = live[count.actor];
    if (count.mode != pb::COUNT_MODE_ADDITION) {
      for (Line::Counted* replaced : parts) replaced->is_void = true;
      parts.clear();
    }
    if (parts.empty()) finding = {.items = 0, .first = count.counted_time};
    finding.items += count.items();
    finding.last = count.counted_time;
    parts.push_back(&counts[i]);
  }
  return findings;
}

// Whether anything happened to the goods in (first, last]. What was booked by mistake and taken back did not.
bool MovedBetween(absl::Time first, absl::Time last, const std::vector<Change>& changes) {
  std::map<absl::Time, int64_t> moved;
  for (const Change& change : changes) {
    const absl::Time happened = change.happened();
    if (!change.own && happened > first && happened <= last) moved[happened] += change.items;
  }
  return std::any_of(moved.begin(), moved.end(), [](const auto& m) { return m.second != 0; });
}

// Whether what happened until `t` was booked otherwise at `t` than it is now.
bool CorrectedSince(absl::Time t, const std::vector<Change>& changes) {
  int64_t net = 0;
  for (const Change& change : changes) {
    if (!change.own && change.occurred_time > t && change.happened() <= t)
      net += change.undoes.empty() ? 0 : change.items;
  }
  return net != 0;
}

// What this stocktake's adjustments come to.
int64_t OwnItems(const std::vector<Change>& changes) {
  int64_t items = 0;
  for (const Change& change : changes) items += change.own ? change.items : 0;
  return items;
}

void LookAtChanges(const std::vector<Change>& changes, Line& line) {
  for (const Change& change : changes) {
    if (!change.own) continue;
    if (change.undoes.empty()) {
      ++line.adjustments;
      line.last_adjustment = std::max(line.last_adjustment, change.position);
    } else {
      ++line.changes;
    }
  }
}

void LookAtCounts(const LineFacts& facts, Line& line) {
  for (const Count& count : facts.counts) {
    line.counts.push_back({.count = count, .expected_items = ExpectedAt(count.counted_time, facts.now, facts.changes)});
    line.changes += count.retracted ? 2 : 1;
  }
  std::sort(line.counts.begin(), line.counts.end(), [](const Line::Counted& a, const Line::Counted& b) {
    return std::tie(a.count.counted_time, a.count.number) < std::tie(b.count.counted_time, b.count.number);
  });
}

// The figure that all findings come to at the line's counted_time; nothing, and why, if they do not come to one.
std::optional<int64_t> Agreed(const std::map<std::string, Finding>& findings, const LineFacts& facts, Line& line) {
  std::optional<int64_t> difference;
  for (const auto& [actor, finding] : findings) {
    if (MovedBetween(finding.first, finding.last, facts.changes)) {
      line.conflict = pb::LINE_CONFLICT_MOVED_MEANWHILE;
      return std::nullopt;
    }
    const int64_t mine = finding.items - ExpectedAt(finding.last, facts.now, facts.changes);
    if (difference && *difference != mine) line.conflict = pb::LINE_CONFLICT_COUNTS_DIFFER;
    difference = mine;
  }
  if (line.conflict != pb::LINE_CONFLICT_UNSPECIFIED) return std::nullopt;
  return line.basis_items + *difference;
}

bool Holds(const Decision& decision, const Line& line) {
  return decision.changes == line.changes && (decision.leave_out || decision.basis_items == line.basis_items);
}

// EQUAL, DIFFERENT or POSTED, and its figures.
void Compare(int64_t counted, int64_t own, Line& line) {
  line.counted_items = counted;
  line.open_items = counted - line.basis_items - own;
  if (line.open_items != 0) {
    line.state = pb::LINE_STATE_DIFFERENT;
    line.expected_items = line.basis_items + own;
  } else {
    // What it was before the adjustment; else it would seem that there had been nothing to post.
    line.state = own != 0 ? pb::LINE_STATE_POSTED : pb::LINE_STATE_EQUAL;
    line.expected_items = line.basis_items;
  }
  line.difference_items = counted - line.expected_items;
}

}  // namespace

absl::Time Change::happened() const {
  absl::Time time = occurred_time;
  std::string_view why = reason;
  for (const Undone& undone : undoes) {
    if (why == kReturned) break;
    time = undone.occurred_time;
    why = undone.reason;
  }
  return time;
}

int64_t ExpectedAt(absl::Time t, const Balance& now, const std::vector<Change>& changes) {
  int64_t items = now.on_hand;
  for (const Change& change : changes) {
    if (change.own || change.happened() > t) items -= change.items;
  }
  return items;
}

Line JudgeLine(const LineFacts& facts) {
  Line line{.reserved_items = facts.now.reserved};
  LookAtChanges(facts.changes, line);
  LookAtCounts(facts, line);
  const std::map<std::string, Finding> findings = Merge(line.counts);
  for (const auto& [actor, finding] : findings) line.counted_time = std::max(line.counted_time, finding.last);
  if (!line.counted()) {
    line.expected_items = facts.now.on_hand;
    return line;
  }
  const int64_t own = OwnItems(facts.changes);
  line.basis_items = ExpectedAt(line.counted_time, facts.now, facts.changes);
  const Decision* decision = facts.decision && Holds(*facts.decision, line) ? &*facts.decision : nullptr;
  if (decision != nullptr) {
    line.reason = decision->reason;
    line.note = decision->note;
    line.settled_items = decision->counted_items;
  }
  const std::optional<int64_t> counted = line.settled_items ? line.settled_items : Agreed(findings, facts, line);
  if (counted) Compare(*counted, own, line);
  if (line.state == pb::LINE_STATE_DIFFERENT && !line.settled_items &&
      CorrectedSince(line.counted_time, facts.changes)) {
    line.conflict = pb::LINE_CONFLICT_CORRECTED_SINCE;
  }
  if (line.conflict != pb::LINE_CONFLICT_UNSPECIFIED) {
    line.state = pb::LINE_STATE_CONFLICT;
    line.counted_items = line.difference_items = line.open_items = 0;
    line.expected_items = line.basis_items + own;
  }
  if (decision != nullptr && decision->leave_out) {
    line.state = pb::LINE_STATE_LEFT_OUT;
    line.open_items = 0;
  }
  return line;
}

std::string AdjustmentRequestId(const std::string& stocktake_id, const std::string& lot_id, const std::string& place_id,
                                int number) {
  return ids::DeriveV5(stocktake_id, absl::StrCat("adjustment ", lot_id, " ", place_id, " ", number));
}

void Figures::Add(const Line& line) {
  // A line whose only counts were taken back, where nothing stands, is only there to show them.
  uncounted += line.state == pb::LINE_STATE_UNCOUNTED && line.expected_items > 0 ? 1 : 0;
  counted += line.counted() ? 1 : 0;
  equal += line.state == pb::LINE_STATE_EQUAL ? 1 : 0;
  posted += line.state == pb::LINE_STATE_POSTED ? 1 : 0;
  different += line.state == pb::LINE_STATE_DIFFERENT || line.state == pb::LINE_STATE_POSTED ? 1 : 0;
  conflict += line.state == pb::LINE_STATE_CONFLICT ? 1 : 0;
  left_out += line.state == pb::LINE_STATE_LEFT_OUT ? 1 : 0;
  unsettled += line.unsettled() ? 1 : 0;
}

bool MayCount(pb::StocktakeState state) { return state == pb::STOCKTAKE_STATE_OPEN; }
bool MayReview(pb::StocktakeState state) { return state == pb::STOCKTAKE_STATE_OPEN; }
bool MayDecide(pb::StocktakeState state) { return state == pb::STOCKTAKE_STATE_REVIEW; }
bool MayCancel(pb::StocktakeState state) { return !IsClosed(state); }
bool IsClosed(pb::StocktakeState state) {
  return state == pb::STOCKTAKE_STATE_POSTED || state == pb::STOCKTAKE_STATE_CANCELLED;
}

}  // namespace kubari::stock
