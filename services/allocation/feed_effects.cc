#include "services/allocation/feed_effects.h"

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

// The lines that one page of the feed concerns, and what it does to them.
class Page {
 public:
  explicit Page(Concerned concerned) : lines_(std::move(concerned.lines)), shipments_(std::move(concerned.shipments)) {
    for (LineRow& line : lines_) {
      by_id_[line.id] = &line;
      by_reservation_[line.reservation_id] = &line;
      by_delivery_and_lot_[{line.delivery_id, line.facts.lot()}].push_back(&line);
    }
  }

  void Apply(const FeedEntry& entry) {
    const Movement& movement = entry.movement();
    switch (movement.kind()) {
      case stock::v1::MOVEMENT_KIND_RESERVE:
        if (LineRow* line = ByReservation(movement)) Reserved(line->now, movement.items());
        break;
      case stock::v1::MOVEMENT_KIND_VOID:
        if (LineRow* line = ByReservation(movement)) {
          const bool own = movement.request_id() == RequestIdOf(line->id, "rest") ||
                           movement.request_id() == RequestIdOf(line->id, "refuse");
          Released(line->now, movement.items(), own ? Release::kOwn : Release::kVoided);
        }
        break;
      case stock::v1::MOVEMENT_KIND_EXPIRE:
        if (LineRow* line = ByReservation(movement)) Released(line->now, movement.items(), Release::kExpired);
        break;
      case stock::v1::MOVEMENT_KIND_ISSUE:
        if (LineRow* line = ByReservation(movement)) {
          Issued(line->now, movement.items(), OccurredTime(movement));
          shipments_[IdOf(movement.name())] = line->id;
          new_shipments_.emplace_back(IdOf(movement.name()), line->id);
        }
        break;
      case stock::v1::MOVEMENT_KIND_CONFIRM:
        Share(movement, &Arrived);
        break;
      case stock::v1::MOVEMENT_KIND_SHORTAGE:
        Share(movement, &Missed);
        break;
      case stock::v1::MOVEMENT_KIND_REVERSAL:
        Reverse(entry);
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
    return InsertShipments(tx, new_shipments_);
  }

 private:
  static absl::Time OccurredTime(const Movement& movement) {
    return absl::FromUnixSeconds(movement.occurred_time().seconds()) +
           absl::Nanoseconds(movement.occurred_time().nanos());
  }

  LineRow* ByReservation(const Movement& movement) {
    if (movement.reservation().empty()) return nullptr;
    const auto found = by_reservation_.find(IdOf(movement.reservation()));
    if (found == by_reservation_.end()) return nullptr;
    changed_.insert(found->second->id);
    return found->second;
  }

  // What arrives is known by delivery and lot only: it is shared among the lines in the order of their ids.
  void Share(const Movement& movement, int64_t (*take)(LineFacts&, int64_t)) {
    int64_t left = movement.items();
    const auto found = by_delivery_and_lot_.find({IdOf(movement.delivery()), movement.lot()});
    if (found == by_delivery_and_lot_.end()) return;
    for (LineRow* line : found->second) {
      const int64_t taken = take(line->now, left);
      if (taken > 0) changed_.insert(line->id);
      left -= taken;
    }
  }

  void Reverse(const FeedEntry& entry) {
    const Movement& movement = entry.movement();
    switch (entry.reversed_kind()) {
      case stock::v1::MOVEMENT_KIND_ISSUE:
        if (const auto shipment = shipments_.find(IdOf(movement.reverses())); shipment != shipments_.end()) {
          IssueReversed(by_id_.at(shipment->second)->now, movement.items());
          changed_.insert(shipment->second);
        }
        break;
      case stock::v1::MOVEMENT_KIND_CONFIRM:
        Share(movement, &ArrivalReversed);
        break;
      case stock::v1::MOVEMENT_KIND_SHORTAGE:
        Share(movement, &MissReversed);
        break;
      default:
        break;
    }
  }

  std::vector<LineRow> lines_;
  std::map<std::string, std::string> shipments_;
  std::map<std::string, LineRow*> by_id_, by_reservation_;
  std::map<std::pair<std::string, std::string>, std::vector<LineRow*>> by_delivery_and_lot_;
  std::set<std::string> changed_;
  std::vector<std::pair<std::string, std::string>> new_shipments_;
};

}  // namespace

absl::Status ApplyFeed(pg::Transaction& tx, const feed::Network&, const feed::Entries& entries) {
  std::set<std::string> reservations, deliveries, reversed;
  for (const FeedEntry& entry : entries) {
    const Movement& movement = entry.movement();
    if (!movement.reservation().empty()) reservations.insert(IdOf(movement.reservation()));
    if (!movement.delivery().empty() && movement.reservation().empty()) deliveries.insert(IdOf(movement.delivery()));
    if (!movement.reverses().empty()) reversed.insert(IdOf(movement.reverses()));
  }
  if (reservations.empty() && deliveries.empty() && reversed.empty()) return absl::OkStatus();
  ASSIGN_OR_RETURN(Concerned concerned,
                   LinesConcerned(tx, {reservations.begin(), reservations.end()},
                                  {deliveries.begin(), deliveries.end()}, {reversed.begin(), reversed.end()}));
  Page page(std::move(concerned));
  for (const FeedEntry& entry : entries) page.Apply(entry);
  return page.Write(tx);
}

}  // namespace kubari::allocation
