// What may happen to runs and lines, and what the ledger does to a line. Pure.
//
//   PROPOSED ─ publish ─▶ OFFERED ─ accept ─▶ ACCEPTED ─ shipped ─▶ SHIPPED ─ confirmed ─▶ CONFIRMED
//      └─▶ DROPPED           └─ refuse, void, expire ─▶ REFUSED / EXPIRED ◀─┘
//
// By hub, between SHIPPED and CONFIRMED: ─ the hub confirmed ─▶ AT_HUB ─ handed on ─▶ HANDED_ON ─ the group confirmed
// ─▶
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "absl/time/time.h"
#include "kubari/allocation/v1/allocation.pb.h"

namespace kubari::allocation {

// PUBLISHING may be published again: it goes on where it stopped.
enum class RunAction { kAdjust, kPublish, kCancel };
bool Allows(v1::RunState state, RunAction action);

enum class LineAction { kAdjust, kAccept, kRefuse };
bool Allows(v1::LineState state, LineAction action);

// Of a published line: what is asked for, and what the ledger says.
struct LineFacts {
  v1::LineState state = v1::LINE_STATE_UNSPECIFIED;
  int64_t items = 0;      // offered, then accepted
  int64_t open = 0;       // still reserved
  int64_t shipped = 0;    // issued and not reversed
  int64_t confirmed = 0;  // by the group: of shipped, or of handed_on
  int64_t missing = 0;    // of shipped: booked as short on the way to the door
  std::string reason;
  std::optional<absl::Time> ship_time;
  bool by_hub = false;
  int64_t at_hub = 0;      // of shipped: confirmed by the hub
  int64_t handed_on = 0;   // of at_hub
  int64_t missing_on = 0;  // of handed_on: booked as short on the way from the hub

  // On its way to the door; stands at the hub; on its way from there.
  int64_t under_way() const { return shipped - missing - (by_hub ? at_hub : confirmed); }
  int64_t standing() const { return at_hub - handed_on; }
  int64_t on_its_way_on() const { return handed_on - confirmed - missing_on; }
};

// The door is the group's own, or its hub's.
enum class Leg { kToDoor, kFromHub };

// The group takes so many; the rest is free again.
void Accept(LineFacts& line, int64_t items);
void Refuse(LineFacts& line, const std::string& reason);

// Effects of the ledger's movements on the line, in their order. Each takes as many of `items` as the line has and
// returns that number: what is over belongs to another line of the same delivery and lot.
enum class Release {
  kOwn,      // by this service, whose own step follows: AcceptLine, RefuseLine
  kVoided,   // by somebody straight in the ledger
  kExpired,  // its time ran out
};
void Reserved(LineFacts& line, int64_t items);
void Released(LineFacts& line, int64_t items, Release how);
void Issued(LineFacts& line, int64_t items, absl::Time when);
void IssueReversed(LineFacts& line, int64_t items);
// The reversal was a mistake: they did leave. The promise was used up the first time.
void IssueRestored(LineFacts& line, int64_t items, absl::Time when);
// Came back from the way there, as free stock; and the reversal of that.
int64_t Returned(LineFacts& line, int64_t items, Leg leg);
int64_t ReturnReversed(LineFacts& line, int64_t items, absl::Time when, Leg leg);
int64_t Arrived(LineFacts& line, int64_t items, Leg leg);
int64_t ArrivalReversed(LineFacts& line, int64_t items, Leg leg);
int64_t Missed(LineFacts& line, int64_t items, Leg leg);
int64_t MissReversed(LineFacts& line, int64_t items, Leg leg);
// By the hub to the group.
int64_t HandedOn(LineFacts& line, int64_t items);
int64_t HandOnReversed(LineFacts& line, int64_t items);

// What was short of a hub's delivery is booked to its lines in some order; the hub decides who goes without. So many
// items that were short of `to` arrived after all, and were short of `from`, another line of the delivery and lot.
int64_t Exchange(LineFacts& to, LineFacts& from, int64_t items);

}  // namespace kubari::allocation
