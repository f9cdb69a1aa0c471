#include "services/allocation/feed_effects.h"

#include <algorithm>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "libs/errors/macros.h"
#include "libs/ids/ids.h"
#include "services/allocation/line_store.h"

namespace kubari::allocation {
namespace {

using stock::v1::FeedEntry;
using stock::v1::Movement;

std::string IdOf(const std::string& name) { return name.substr(name.find('/') + 1); }

absl::Time OccurredTime(const Movement& movement) {
  return absl::FromUnixSeconds(movement.occurred_time().seconds()) +
         absl::Nanoseconds(movement.occurred_time().nanos());
}

// The place of the group that gives goods to another one (or gets them back, by a reversal).
std::string GivingPlace(const Movement& movement) {
  if (movement.effect_kind() != stock::v1::MOVEMENT_KIND_PASS_ON) return "";
  return IdOf(movement.effect_items() < 0 ? movement.to_place() : movement.from_place());
}

// What one page of the feed does: to the lines that it concerns, and to what groups got without one.
class Page {
 public:
  Page(Concerned concerned, std::map<std::string, std::string> group_at)
      : lines_(std::move(concerned.lines)), shipments_(std::move(concerned.shipments)), group_at_(std::move(group_at)) {
    for (LineRow& line : lines_) {
      by_id_[line.id] = &line;
      by_reservation_[line.reservation_id] = &line;
      by_delivery_and_lot_[{line.delivery_id, line.facts.lot()}].push_back(&line);
    }
    for (HandOn& hand_on : concerned.hand_ons) Remember(std::move(hand_on));
  }

  // By its effect: a reversal takes back what its original did, the reversal of a reversal gives it again.
  void Apply(const FeedEntry& entry) {
    const Movement& movement = entry.movement();
    const bool back = movement.effect_items() < 0;
    const absl::Time when = OccurredTime(movement);
    switch (movement.effect_kind()) {
      case stock::v1::MOVEMENT_KIND_RESERVE:
      case stock::v1::MOVEMENT_KIND_VOID:
      case stock::v1::MOVEMENT_KIND_EXPIRE:
        if (LineRow* line = ByReservation(movement)) Promise(movement, *line);
        break;
      case stock::v1::MOVEMENT_KIND_ISSUE:
        Issue(entry);
        break;
      case stock::v1::MOVEMENT_KIND_DIRECT:
        Got(entry, IdOf(movement.group()), movement.effect_items());
        break;
      case stock::v1::MOVEMENT_KIND_PASS_ON:
        PassOn(entry);
        break;
      case stock::v1::MOVEMENT_KIND_CONFIRM:
        if (!back) {
          const std::string place = IdOf(movement.to_place()), group = IdOf(movement.group());
          if (group_at_.emplace(place, group).second) new_places_.emplace_back(place, group);
        }
        Share(movement, back ? ArrivalReversed : Arrived);
        break;
      case stock::v1::MOVEMENT_KIND_SHORTAGE: {
        if (movement.delivery().empty()) break;  // on the way to a warehouse
        const int64_t left = Share(movement, back ? MissReversed : Missed);
        Got(entry, IdOf(movement.group()), back ? left : -left);
        break;
      }
      case stock::v1::MOVEMENT_KIND_RETURN:
        if (movement.group().empty()) break;  // from a shelf to the donor
        if (movement.delivery().empty()) {
          Got(entry, IdOf(movement.group()), -movement.effect_items());
        } else {
          const int64_t left = Share(movement, [&](LineFacts& line, int64_t items, Leg leg) {
            return back ? ReturnReversed(line, items, when, leg) : Returned(line, items, leg);
          });
          Got(entry, IdOf(movement.group()), back ? left : -left);
        }
        break;
      default:
        break;
    }
  }

  absl::Status Write(pg::Transaction& tx) {
    std::vector<LineRow> changed;
    for (LineRow& line : lines_) {
      if (changed_.contains(line.id)) changed.push_back(std::move(line));
    }
    RETURN_IF_ERROR(UpdateLines(tx, changed));
    RETURN_IF_ERROR(AddHandedOut(tx, handed_out_));
    RETURN_IF_ERROR(InsertGroupPlaces(tx, new_places_));
    RETURN_IF_ERROR(InsertHandOns(tx, new_hand_ons_));
    return InsertShipments(tx, new_shipments_);
  }

 private:
  LineRow* ByReservation(const Movement& movement) {
    if (movement.reservation().empty()) return nullptr;
    const auto found = by_reservation_.find(IdOf(movement.reservation()));
    return found == by_reservation_.end() ? nullptr : Changed(found->second);
  }
  LineRow* Changed(LineRow* line) {
    changed_.insert(line->id);
    return line;
  }

  void Promise(const Movement& movement, LineRow& line) {
    if (movement.kind() == stock::v1::MOVEMENT_KIND_RESERVE) {
      Reserved(line.now, movement.items());
    } else if (movement.kind() == stock::v1::MOVEMENT_KIND_EXPIRE) {
      Released(line.now, movement.items(), Release::kExpired);
    } else {
      const bool own = movement.request_id() == RequestIdOf(line.id, "rest") ||
                       movement.request_id() == RequestIdOf(line.id, "refuse");
      Released(line.now, movement.items(), own ? Release::kOwn : Release::kVoided);
    }
  }

  // Of a line, or without one. Reversals follow the shipment that they undo or give again.
  void Issue(const FeedEntry& entry) {
    const Movement& movement = entry.movement();
    LineRow* line = ByReservation(movement);
    if (const auto before = shipments_.find(IdOf(movement.reverses())); before != shipments_.end())
      line = Changed(by_id_.at(before->second));
    if (line == nullptr) {
      Got(entry, IdOf(movement.group()), movement.effect_items());
      return;
    }
    if (movement.effect_items() < 0) {
      IssueReversed(line->now, movement.items());
    } else if (movement.reverses().empty()) {
      Issued(line->now, movement.items(), OccurredTime(movement));
    } else {
      IssueRestored(line->now, movement.items(), OccurredTime(movement));
    }
    shipments_[IdOf(movement.name())] = line->id;
    new_shipments_.emplace_back(IdOf(movement.name()), line->id);
  }

  // By a hub to a group for which it received them: these lines go on, the longest waiting first. What is more than
  // they have, a group gives to another one.
  void PassOn(const FeedEntry& entry) {
    const Movement& movement = entry.movement();
    const bool back = movement.effect_items() < 0;
    const std::string giver = group_at_[GivingPlace(movement)], receiver = IdOf(movement.group());
    int64_t left = movement.items();
    const auto take = [&](LineRow* line, int64_t items) {
      const int64_t taken = back ? HandOnReversed(line->now, items) : HandedOn(line->now, items);
      if (taken == 0) return;
      left -= taken;
      Changed(line);
      new_hand_ons_.push_back({.movement_id = IdOf(movement.name()),
                               .line_id = line->id,
                               .delivery_id = IdOf(movement.delivery()),
                               .items = taken});
      Remember(new_hand_ons_.back());
    };
    if (!movement.reverses().empty()) {
      const std::vector<HandOn> undone = hand_ons_[IdOf(movement.reverses())];
      for (const HandOn& hand_on : undone) take(by_id_.at(hand_on.line_id), std::min(left, hand_on.items));
    } else {
      for (LineRow* line : Waiting(giver, receiver, movement.lot())) {
        TakeOver(*line, left);
        take(line, left);
      }
    }
    Got(entry, receiver, back ? -left : left);
    Got(entry, giver, back ? left : -left);
  }
  void Remember(HandOn hand_on) {
    LineRow* line = by_id_.at(hand_on.line_id);
    std::vector<LineRow*>& lines = handed_on_[{hand_on.delivery_id, line->facts.lot()}];
    if (std::ranges::find(lines, line) == lines.end()) lines.push_back(line);
    hand_ons_[hand_on.movement_id].push_back(std::move(hand_on));
  }
  std::vector<LineRow*> Waiting(const std::string& hub, const std::string& group, const std::string& lot) {
    std::vector<LineRow*> waiting;
    for (LineRow& line : lines_) {
      if (IdOf(line.facts.hub()) == hub && IdOf(line.facts.group()) == group && line.facts.lot() == lot &&
          line.now.standing() + line.now.missing > 0) {
        waiting.push_back(&line);
      }
    }
    std::ranges::stable_sort(waiting, [](const LineRow* a, const LineRow* b) { return a->newest > b->newest; });
    return waiting;
  }
  // What the ledger booked as short of this line was short of another one, the hub's own first: the hub has given it.
  void TakeOver(LineRow& line, int64_t items) {
    std::vector<LineRow*> others = by_delivery_and_lot_[{line.delivery_id, line.facts.lot()}];
    std::ranges::stable_sort(others, {}, [](const LineRow* other) { return other->now.by_hub; });
    for (LineRow* other : others) {
      const int64_t lacking = items - line.now.standing();
      if (other != &line && lacking > 0 && Exchange(line.now, other->now, lacking) > 0) Changed(other);
    }
  }

  // What arrives is known by delivery and lot only: it is shared among the lines in the order of their ids. Returns
  // what no line took.
  int64_t Share(const Movement& movement, const std::function<int64_t(LineFacts&, int64_t, Leg)>& take) {
    int64_t left = movement.items();
    const std::pair key(IdOf(movement.delivery()), movement.lot());
    const auto share = [&](const auto& lines, Leg leg) {
      const auto found = lines.find(key);
      if (found == lines.end()) return;
      for (LineRow* line : found->second) {
        const int64_t taken = take(line->now, left, leg);
        if (taken > 0) Changed(line);
        left -= taken;
      }
    };
    share(by_delivery_and_lot_, Leg::kToDoor);
    share(handed_on_, Leg::kFromHub);
    return left;
  }

  // A group got so many items more (or fewer) without a line.
  void Got(const FeedEntry& entry, const std::string& group, int64_t items) {
    const int64_t milli_person_days = items * entry.lot().milli_person_days();
    if (group.empty() || milli_person_days == 0) return;
    handed_out_[{group, absl::ToCivilDay(OccurredTime(entry.movement()), absl::UTCTimeZone())}] += milli_person_days;
  }

  std::vector<LineRow> lines_;
  std::map<std::string, std::string> shipments_, group_at_;
  std::map<std::string, LineRow*> by_id_, by_reservation_;
  // By delivery and lot: to the door, and from a hub.
  std::map<std::pair<std::string, std::string>, std::vector<LineRow*>> by_delivery_and_lot_, handed_on_;
  std::map<std::string, std::vector<HandOn>> hand_ons_;  // by movement
  std::vector<HandOn> new_hand_ons_;
  std::set<std::string> changed_;
  HandedOut handed_out_;
  std::vector<std::pair<std::string, std::string>> new_shipments_, new_places_;
};

}  // namespace

absl::Status ApplyFeed(pg::Transaction& tx, const feed::Network&, const feed::Entries& entries) {
  std::set<std::string> reservations, deliveries, reversed, places;
  for (const FeedEntry& entry : entries) {
    const Movement& movement = entry.movement();
    if (!movement.reservation().empty()) reservations.insert(IdOf(movement.reservation()));
    if (!movement.delivery().empty() && movement.reservation().empty()) deliveries.insert(IdOf(movement.delivery()));
    if (!movement.reverses().empty()) reversed.insert(IdOf(movement.reverses()));
    if (const std::string place = GivingPlace(movement); !place.empty()) places.insert(place);
    if (movement.kind() == stock::v1::MOVEMENT_KIND_CONFIRM) places.insert(IdOf(movement.to_place()));
  }
  std::map<std::string, std::string> group_at;
  if (!places.empty()) {
    ASSIGN_OR_RETURN(group_at, GroupsAt(tx, {places.begin(), places.end()}));
  }
  // Who gives something on may have got it in this page.
  std::map<std::string, std::string> known = group_at;
  for (const FeedEntry& entry : entries) {
    if (entry.movement().kind() == stock::v1::MOVEMENT_KIND_CONFIRM)
      known.emplace(IdOf(entry.movement().to_place()), IdOf(entry.movement().group()));
  }
  std::set<std::string> lots, givers;
  for (const FeedEntry& entry : entries) {
    const auto giver = known.find(GivingPlace(entry.movement()));
    if (giver == known.end()) continue;
    lots.insert(IdOf(entry.movement().lot()));
    givers.insert(giver->second);
  }
  Concerned concerned;
  if (!reservations.empty() || !deliveries.empty() || !reversed.empty()) {
    ASSIGN_OR_RETURN(concerned, LinesConcerned(tx, {.reservation_ids = {reservations.begin(), reservations.end()},
                                                    .delivery_ids = {deliveries.begin(), deliveries.end()},
                                                    .movement_ids = {reversed.begin(), reversed.end()},
                                                    .lot_ids = {lots.begin(), lots.end()},
                                                    .giver_ids = {givers.begin(), givers.end()}}));
  }
  Page page(std::move(concerned), std::move(group_at));
  for (const FeedEntry& entry : entries) page.Apply(entry);
  return page.Write(tx);
}

}  // namespace kubari::allocation
