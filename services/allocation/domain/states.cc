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
  } else if (line.under_way() > 0) {
    line.state = v1::LINE_STATE_SHIPPED;
  } else if (line.by_hub && line.standing() > 0) {
    line.state = v1::LINE_STATE_AT_HUB;
  } else if (line.by_hub && line.on_its_way_on() > 0) {
    line.state = v1::LINE_STATE_HANDED_ON;
  } else {
    line.state = v1::LINE_STATE_CONFIRMED;
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
  line.at_hub = std::min(line.at_hub, line.shipped);
  line.handed_on = std::min(line.handed_on, line.at_hub);
  line.confirmed = std::min(line.confirmed, line.by_hub ? line.handed_on : line.shipped);
  line.missing_on = std::min(line.missing_on, line.handed_on - (line.by_hub ? line.confirmed : 0));
  line.missing = std::min(line.missing, line.shipped - (line.by_hub ? line.at_hub : line.confirmed));
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

int64_t Returned(LineFacts& line, int64_t items, Leg leg) {
  const int64_t taken = std::min(items, leg == Leg::kToDoor ? line.under_way() : line.on_its_way_on());
  line.shipped -= taken;
  if (leg == Leg::kFromHub) {
    line.handed_on -= taken;
    line.at_hub -= taken;
  }
  if (taken > 0 && line.shipped == 0) NothingLeft(line, "RETURNED");
  FollowGoods(line);
  return taken;
}

int64_t ReturnReversed(LineFacts& line, int64_t items, absl::Time when, Leg leg) {
  const int64_t taken = std::min(items, std::max<int64_t>(0, line.items - line.open - line.shipped));
  if (taken == 0) return 0;
  if (leg == Leg::kFromHub) {
    line.at_hub += taken;
    line.handed_on += taken;
  }
  IssueRestored(line, taken, when);
  return taken;
}

int64_t Arrived(LineFacts& line, int64_t items, Leg leg) {
  const int64_t taken = std::min(items, leg == Leg::kToDoor ? line.under_way() : line.on_its_way_on());
  (leg == Leg::kToDoor && line.by_hub ? line.at_hub : line.confirmed) += taken;
  FollowGoods(line);
  return taken;
}

int64_t ArrivalReversed(LineFacts& line, int64_t items, Leg leg) {
  const bool at_hub = leg == Leg::kToDoor && line.by_hub;
  const int64_t taken = std::min(items, at_hub ? line.standing() : line.confirmed);
  (at_hub ? line.at_hub : line.confirmed) -= taken;
  FollowGoods(line);
  return taken;
}

int64_t Missed(LineFacts& line, int64_t items, Leg leg) {
  const int64_t taken = std::min(items, leg == Leg::kToDoor ? line.under_way() : line.on_its_way_on());
  (leg == Leg::kToDoor ? line.missing : line.missing_on) += taken;
  FollowGoods(line);
  return taken;
}

int64_t MissReversed(LineFacts& line, int64_t items, Leg leg) {
  int64_t& missing = leg == Leg::kToDoor ? line.missing : line.missing_on;
  const int64_t taken = std::min(items, missing);
  missing -= taken;
  FollowGoods(line);
  return taken;
}

int64_t HandedOn(LineFacts& line, int64_t items) {
  const int64_t taken = std::min(items, line.standing());
  line.handed_on += taken;
  FollowGoods(line);
  return taken;
}

int64_t HandOnReversed(LineFacts& line, int64_t items) {
  const int64_t taken = std::min(items, line.on_its_way_on());
  line.handed_on -= taken;
  FollowGoods(line);
  return taken;
}

int64_t Exchange(LineFacts& to, LineFacts& from, int64_t items) {
  const int64_t moved = std::min({items, to.missing, from.by_hub ? from.standing() : from.confirmed});
  to.missing -= moved;
  to.at_hub += moved;
  from.missing += moved;
  (from.by_hub ? from.at_hub : from.confirmed) -= moved;
  FollowGoods(to);
  FollowGoods(from);
  return moved;
}

}  // namespace kubari::allocation
