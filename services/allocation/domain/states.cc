#include "services/allocation/domain/states.h"

#include <algorithm>

namespace kubari::allocation {
namespace {

// The state of a line of which something was shipped.
void FollowGoods(LineFacts& line) {
  if (line.shipped == 0) return;
  if (line.state == v1::LINE_STATE_REFUSED || line.state == v1::LINE_STATE_EXPIRED) line.reason.clear();
  if (line.open > 0 && line.shipped < line.items) {
    line.state = v1::LINE_STATE_ACCEPTED;  // the rest is still to be picked
  } else {
    line.state = line.under_way() == 0 ? v1::LINE_STATE_CONFIRMED : v1::LINE_STATE_SHIPPED;
  }
}

// All that had left came back: the goods are free stock again and the promise is used up, unless part of it was still
// open.
void NothingLeft(LineFacts& line, const char* reason) {
  line.ship_time.reset();
  line.state = line.open > 0 ? v1::LINE_STATE_ACCEPTED : v1::LINE_STATE_EXPIRED;
  line.reason = line.open > 0 ? "" : reason;
}

}  // namespace

bool Allows(v1::RunState state, RunAction action) {
  switch (action) {
    case RunAction::kAdjust:
    case RunAction::kCancel:
      return state == v1::RUN_STATE_PROPOSED;
    case RunAction::kPublish:
      return state == v1::RUN_STATE_PROPOSED || state == v1::RUN_STATE_PUBLISHING;
  }
  return false;
}

bool Allows(v1::LineState state, LineAction action) {
  switch (action) {
    case LineAction::kAdjust:
      return state == v1::LINE_STATE_PROPOSED || state == v1::LINE_STATE_DROPPED;
    case LineAction::kAccept:
      return state == v1::LINE_STATE_OFFERED;
    case LineAction::kRefuse:
      return state == v1::LINE_STATE_OFFERED || state == v1::LINE_STATE_ACCEPTED;
  }
  return false;
}

void Accept(LineFacts& line, int64_t items) {
  line.items = items;
  if (line.state == v1::LINE_STATE_OFFERED) line.state = v1::LINE_STATE_ACCEPTED;
  FollowGoods(line);
}

void Refuse(LineFacts& line, const std::string& reason) {
  if (line.shipped > 0) return;  // the goods left meanwhile, and what happened counts
  line.state = v1::LINE_STATE_REFUSED;
  line.reason = reason;
}

void Reserved(LineFacts& line, int64_t items) {
  line.open += items;
  if (line.state == v1::LINE_STATE_PROPOSED) line.state = v1::LINE_STATE_OFFERED;
}

void Released(LineFacts& line, int64_t items, Release how) {
  line.open = std::max<int64_t>(0, line.open - items);
  if (how != Release::kOwn && line.shipped == 0) {
    if (line.open > 0) {
      line.items = line.open;
    } else if (line.state == v1::LINE_STATE_OFFERED || line.state == v1::LINE_STATE_ACCEPTED) {
      line.state = how == Release::kExpired ? v1::LINE_STATE_EXPIRED : v1::LINE_STATE_REFUSED;
      line.reason = how == Release::kExpired ? "" : "VOIDED";
    }
  }
  FollowGoods(line);
}

void Issued(LineFacts& line, int64_t items, absl::Time when) {
  line.open = std::max<int64_t>(0, line.open - items);
  line.shipped += items;
  line.ship_time = when;
  FollowGoods(line);
}

void IssueReversed(LineFacts& line, int64_t items) {
  line.shipped = std::max<int64_t>(0, line.shipped - items);
  line.confirmed = std::min(line.confirmed, line.shipped);
  line.missing = std::min(line.missing, line.shipped - line.confirmed);
  if (line.shipped == 0) {
    NothingLeft(line, "REVERSED");
  }
  FollowGoods(line);
}

void IssueRestored(LineFacts& line, int64_t items, absl::Time when) {
  line.shipped += items;
  line.ship_time = when;
  FollowGoods(line);
}

int64_t Returned(LineFacts& line, int64_t items) {
  const int64_t taken = std::min(items, line.under_way());
  line.shipped -= taken;
  if (taken > 0 && line.shipped == 0) NothingLeft(line, "RETURNED");
  FollowGoods(line);
  return taken;
}

int64_t ReturnReversed(LineFacts& line, int64_t items, absl::Time when) {
  const int64_t taken = std::min(items, std::max<int64_t>(0, line.items - line.open - line.shipped));
  if (taken > 0) IssueRestored(line, taken, when);
  return taken;
}

int64_t Arrived(LineFacts& line, int64_t items) {
  const int64_t taken = std::min(items, line.under_way());
  line.confirmed += taken;
  FollowGoods(line);
  return taken;
}

int64_t ArrivalReversed(LineFacts& line, int64_t items) {
  const int64_t taken = std::min(items, line.confirmed);
  line.confirmed -= taken;
  FollowGoods(line);
  return taken;
}

int64_t Missed(LineFacts& line, int64_t items) {
  const int64_t taken = std::min(items, line.under_way());
  line.missing += taken;
  FollowGoods(line);
  return taken;
}

int64_t MissReversed(LineFacts& line, int64_t items) {
  const int64_t taken = std::min(items, line.missing);
  line.missing -= taken;
  FollowGoods(line);
  return taken;
}

}  // namespace kubari::allocation
