#include "services/stock/domain/ledger.h"

#include <absl/strings/str_cat.h>
#include <absl/strings/str_format.h>

#include <algorithm>

#include "libs/errors/errors.h"
#include "libs/errors/macros.h"
#include "libs/ids/ids.h"
#include "services/stock/domain/canonical.h"
#include "services/stock/domain/lot_code.h"
#include "services/stock/domain/refusals.h"

namespace kubari::stock {
namespace {

absl::Time Micros(absl::Time time) { return absl::FromUnixMicros(absl::ToUnixMicros(time)); }

template <typename... F>
struct Overloaded : F... {
  using F::operator()...;
};
template <typename... F>
Overloaded(F...) -> Overloaded<F...>;

// Adds to `earlier` what first-expiring-first asks for.
void AskForEarlier(const std::optional<FirstExpiring>& asked, const std::string& departure_reason, Needs& needs) {
  if (!asked || !departure_reason.empty()) return;
  absl::CivilDay& before =
      needs.earlier.try_emplace({asked->warehouse_id, asked->product_id}, asked->before).first->second;
  before = std::max(before, asked->before);
}

}  // namespace

void Needs::Add(const Command& command) {
  requests.insert(command.request_id);
  const auto balance = [&](const Lot& lot, const Place& place) { balances.insert({lot.id, place.id}); };
  const auto originating = [&](const Lot& lot) {
    origins.emplace(lot.Origin(), lot);
    stops.insert(lot.id);
  };
  std::visit(Overloaded{
                 [&](const Receive& a) {
                   origins.emplace(a.lot.Origin(), a.lot);
                   balance(a.lot, a.shelf);
                 },
                 [&](const Transfer& a) {
                   balance(a.lot, a.from);
                   balance(a.lot, a.to);
                 },
                 [&](const Reserve& a) {
                   balance(a.lot, a.shelf);
                   reservations.insert(a.reservation_id);
                   deliveries.insert(a.delivery_id);
                   stops.insert(a.lot.id);
                   AskForEarlier(a.first_expiring, a.departure_reason, *this);
                 },
                 [&](const Release& a) { reservations.insert(a.reservation.id); },
                 [&](const Issue& a) {
                   balance(a.lot, a.shelf);
                   deliveries.insert(a.delivery_id);
                   stops.insert(a.lot.id);
                   if (!a.reservation_id.empty()) {
                     reservations.insert(a.reservation_id);
                   } else {
                     AskForEarlier(a.first_expiring, a.departure_reason, *this);
                   }
                 },
                 [&](const Direct& a) {
                   originating(a.lot);
                   deliveries.insert(a.delivery_id);
                 },
                 [&](const PassOn& a) {
                   balance(a.lot, a.from);
                   deliveries.insert(a.delivery_id);
                   stops.insert(a.lot.id);
                 },
                 [&](const Confirm& a) { deliveries.insert(a.delivery_id); },
                 [&](const Return& a) {
                   balance(a.lot, a.from);
                   balance(a.lot, a.to);
                   if (!a.delivery_id.empty()) deliveries.insert(a.delivery_id);
                 },
                 [&](const Discard& a) { balance(a.lot, a.from); },
                 [&](const Adjust& a) { balance(a.lot, a.shelf); },
                 [&](const Send& a) {
                   shipments.insert(a.transfer_id);
                   for (const Send::Goods& goods : a.goods) balance(goods.lot, goods.shelf);
                 },
                 [&](const Arrive& a) {
                   shipments.insert(a.transfer_id);
                   for (const Arrive::Goods& goods : a.goods) {
                     if (goods.items > 0) balance(goods.lot, goods.shelf);  // what is short comes to no shelf
                   }
                 },
                 [&](const Transform& a) {
                   transformations.insert(a.transformation_id);
                   for (const Send::Goods& goods : a.inputs) {
                     balance(goods.lot, goods.shelf);
                     stops.insert(goods.lot.id);
                   }
                   for (const Send::Goods& goods : a.outputs) {
                     origins.emplace(goods.lot.Origin(), goods.lot);
                     balance(goods.lot, goods.shelf);
                   }
                 },
                 [&](const Reverse& a) {
                   for (const Reverse::Original& one : a.originals) {
                     movements.insert(one.movement.id);
                     balance(one.lot, one.from);
                     balance(one.lot, one.to);
                     if (!one.movement.delivery_id.empty()) deliveries.insert(one.movement.delivery_id);
                     if (const std::string id = ShipmentOf(one.movement); !id.empty()) shipments.insert(id);
                     if (one.movement.effect_kind == pb::MOVEMENT_KIND_CONSUME) stops.insert(one.lot.id);
                   }
                 },
             },
             command.action);
}

Decider::Decider(State& state, std::string network_id, absl::Time now)
    : state_(state), network_id_(std::move(network_id)), now_(std::max(Micros(now), state.last_recorded_time)) {}

absl::StatusOr<Outcome> Decider::Decide(const Command& command) {
  if (const auto known = state_.requests.find(command.request_id);
      known != state_.requests.end() && !known->second.empty()) {
    if (known->second.front().request_hash != command.request_hash)
      return refusals::RequestIdReused(command.request_id);
    return Outcome{.movements = known->second, .replayed = true};
  }
  const size_t before = appendix_.movements.size();
  absl::StatusOr<Outcome> outcome =
      std::visit([&](const auto& action) { return Run(command, action); }, command.action);
  if (!outcome.ok()) return outcome;
  outcome->movements.assign(appendix_.movements.begin() + before, appendix_.movements.end());
  if (!outcome->movements.empty()) {
    state_.requests[command.request_id] = outcome->movements;
    for (const Place& place : command.new_places) {
      if (places_added_.insert(place.id).second) appendix_.places.push_back(place);
    }
  }
  return outcome;
}

// Coming in and going on -------------------------------------------------------------------------------------------

absl::StatusOr<Outcome> Decider::Run(const Command& command, const Receive& receive) {
  ASSIGN_OR_RETURN(Lot lot, FindOrMakeLot(receive.lot));
  if (receive.items > 0) {
    Movement movement =
        Begin(command, pb::MOVEMENT_KIND_RECEIVE, lot.id, receive.donor.id, receive.shelf.id, receive.items);
    movement.reason = receive.reason;
    Add(std::move(movement));
    Shelved(lot, receive.shelf);
  }
  for (const Receive::Refused& refused : receive.refused) {
    Movement movement =
        Begin(command, pb::MOVEMENT_KIND_REFUSE, lot.id, receive.donor.id, receive.donor.id, refused.items);
    movement.reason = refused.reason;
    movement.note = refused.note;
    Add(std::move(movement));
  }
  return Outcome{.lot = std::move(lot)};
}

absl::StatusOr<Outcome> Decider::Run(const Command& command, const Transfer& transfer) {
  RETURN_IF_ERROR(AllFree({{transfer.lot, transfer.from, transfer.items}}));
  Add(Begin(command, pb::MOVEMENT_KIND_TRANSFER, transfer.lot.id, transfer.from.id, transfer.to.id, transfer.items));
  Shelved(transfer.lot, transfer.to);
  return Outcome{};
}

absl::StatusOr<Outcome> Decider::Run(const Command& command, const Send& send) {
  const auto known = state_.shipments.find(send.transfer_id);
  if (known != state_.shipments.end()) {
    const Shipment& shipment = known->second;
    if (shipment.anything_arrived() || shipment.from_warehouse_id != send.from_warehouse_id ||
        shipment.to_warehouse_id != send.to_warehouse_id) {
      return refusals::TransferClosed(shipment);
    }
  }
  std::vector<Take> takes;
  for (const Send::Goods& goods : send.goods) takes.push_back({goods.lot, goods.shelf, goods.items});
  RETURN_IF_ERROR(AllFree(takes));
  if (known == state_.shipments.end()) {
    const Shipment shipment{
        .id = send.transfer_id, .from_warehouse_id = send.from_warehouse_id, .to_warehouse_id = send.to_warehouse_id};
    state_.shipments[send.transfer_id] = shipment;
    appendix_.shipments.push_back(shipment);
  }
  for (const Send::Goods& goods : send.goods) {
    Movement movement =
        Begin(command, pb::MOVEMENT_KIND_SEND, goods.lot.id, goods.shelf.id, send.transit.id, goods.items);
    movement.operation_id = send.transfer_id;
    Add(std::move(movement));
  }
  return Outcome{};
}

absl::StatusOr<Outcome> Decider::Run(const Command& command, const Arrive& arrive) {
  const auto known = state_.shipments.find(arrive.transfer_id);
  if (known == state_.shipments.end() || known->second.sent() == 0) {
    return refusals::TransferNotFound(ids::Name("transfers", arrive.transfer_id));
  }
  std::map<std::string, int64_t> accounted;  // by lot: arrived or short
  for (const Arrive::Goods& goods : arrive.goods) {
    const auto line = known->second.lines.find(goods.lot.id);
    if (line == known->second.lines.end() || line->second.sent == 0)
      return refusals::LotNotFound(ids::Name("lots", goods.lot.id));
    accounted[goods.lot.id] += goods.items + goods.short_items;
  }
  for (const Arrive::Goods& goods : arrive.goods) {
    const int64_t open = known->second.lines.at(goods.lot.id).open();
    if (accounted[goods.lot.id] > open)
      return refusals::InsufficientStock(goods.lot, arrive.transit, {.on_hand = open}, accounted[goods.lot.id]);
  }
  const auto add = [&](pb::MovementKind kind, const Arrive::Goods& goods, const Place& to, int64_t items,
                       const std::string& reason) {
    if (items == 0) return;
    Movement movement = Begin(command, kind, goods.lot.id, arrive.transit.id, to.id, items);
    movement.operation_id = arrive.transfer_id;
    movement.reason = reason;
    Add(std::move(movement));
  };
  for (const Arrive::Goods& goods : arrive.goods) {
    add(pb::MOVEMENT_KIND_ARRIVE, goods, goods.shelf, goods.items, "");
    add(pb::MOVEMENT_KIND_SHORTAGE, goods, arrive.adjustment, goods.short_items, goods.reason);
    if (goods.items > 0) Shelved(goods.lot, goods.shelf);
  }
  return Outcome{};
}

absl::StatusOr<Outcome> Decider::Run(const Command& command, const Transform& transform) {
  if (state_.transformations.count(transform.transformation_id) > 0)
    return refusals::IdTaken(ids::Name("transformations", transform.transformation_id));
  for (const Send::Goods& input : transform.inputs) RETURN_IF_ERROR(NotStopped(input.lot));
  std::vector<Take> takes;
  for (const Send::Goods& input : transform.inputs) takes.push_back({input.lot, input.shelf, input.items});
  RETURN_IF_ERROR(AllFree(takes));
  // Lots first: running out of codes, however unlikely, must not leave half of it.
  Outcome outcome;
  for (const Send::Goods& output : transform.outputs) {
    ASSIGN_OR_RETURN(Lot lot, FindOrMakeLot(output.lot));
    outcome.lots.push_back(std::move(lot));
  }
  const auto add = [&](pb::MovementKind kind, const Lot& lot, const Place& from, const Place& to, int64_t items) {
    Movement movement = Begin(command, kind, lot.id, from.id, to.id, items);
    movement.operation_id = transform.transformation_id;
    Add(std::move(movement));
  };
  for (const Send::Goods& input : transform.inputs)
    add(pb::MOVEMENT_KIND_CONSUME, input.lot, input.shelf, transform.workshop, input.items);
  for (size_t i = 0; i < transform.outputs.size(); ++i) {
    const Send::Goods& output = transform.outputs[i];
    add(pb::MOVEMENT_KIND_PRODUCE, outcome.lots[i], transform.workshop, output.shelf, output.items);
    Shelved(outcome.lots[i], output.shelf);
  }
  state_.transformations.insert(transform.transformation_id);
  return outcome;
}

// Promises ---------------------------------------------------------------------------------------------------------

absl::StatusOr<Outcome> Decider::Run(const Command& command, const Reserve& reserve) {
  RETURN_IF_ERROR(DeliveryIsFor(reserve.delivery_id, reserve.group_id));
  if (state_.reservations.count(reserve.reservation_id) > 0) return refusals::ReservationExists(reserve.reservation_id);
  RETURN_IF_ERROR(NotStopped(reserve.lot));
  RETURN_IF_ERROR(FirstExpiringGoFirst(reserve.lot, reserve.departure_reason, reserve.first_expiring));
  RETURN_IF_ERROR(AllFree({{reserve.lot, reserve.shelf, reserve.items}}));
  const Reservation reservation{.id = reserve.reservation_id,
                                .lot_id = reserve.lot.id,
                                .place_id = reserve.shelf.id,
                                .group_id = reserve.group_id,
                                .delivery_id = reserve.delivery_id,
                                .items = reserve.items,
                                .open_items = 0,
                                .expire_time = Micros(reserve.expire_time),
                                .create_time = now_};
  state_.reservations[reservation.id] = reservation;
  appendix_.reservations.push_back(reservation);
  Movement movement =
      Begin(command, pb::MOVEMENT_KIND_RESERVE, reserve.lot.id, reserve.shelf.id, reserve.shelf.id, reserve.items);
  movement.reservation_id = reservation.id;
  movement.group_id = reservation.group_id;
  movement.delivery_id = reservation.delivery_id;
  movement.reason = reserve.departure_reason;
  Add(std::move(movement));
  return Outcome{.reservation = state_.reservations[reservation.id]};
}

absl::StatusOr<Outcome> Decider::Run(const Command& command, const Release& release) {
  const auto found = state_.reservations.find(release.reservation.id);
  if (found == state_.reservations.end())
    return refusals::ReservationNotFound(absl::StrCat("reservations/", release.reservation.id));
  const Reservation& reservation = found->second;
  if (reservation.open_items == 0) return refusals::ReservationClosed(reservation, /*expired=*/false);
  // It was extended after it was found overdue.
  if (release.expire && reservation.expire_time > now_) {
    return errors::Make(absl::StatusCode::kFailedPrecondition, "RESERVATION_NOT_DUE", "The reservation was extended.",
                        "引当の期限が延長されています。",
                        {{"reservation", absl::StrCat("reservations/", reservation.id)}});
  }
  const int64_t items = release.items == 0 ? reservation.open_items : release.items;
  if (items > reservation.open_items) return refusals::ReservationExceeded(reservation, items);
  Movement movement = Begin(command, release.expire ? pb::MOVEMENT_KIND_EXPIRE : pb::MOVEMENT_KIND_VOID,
                            reservation.lot_id, reservation.place_id, reservation.place_id, items);
  // However late it is found: what was promised until one moment ran out at one moment.
  if (release.expire) movement.occurred_time = Micros(reservation.expire_time);
  movement.reservation_id = reservation.id;
  movement.group_id = reservation.group_id;
  movement.delivery_id = reservation.delivery_id;
  Add(std::move(movement));
  return Outcome{};
}

// To groups, and back ----------------------------------------------------------------------------------------------

absl::StatusOr<Outcome> Decider::Run(const Command& command, const Issue& issue) {
  RETURN_IF_ERROR(DeliveryIsFor(issue.delivery_id, issue.group_id));
  if (!issue.reservation_id.empty() && state_.reservations.count(issue.reservation_id) == 0)
    return refusals::ReservationNotFound(ids::Name("reservations", issue.reservation_id));
  RETURN_IF_ERROR(NotStopped(issue.lot));
  if (!issue.reservation_id.empty()) {
    RETURN_IF_ERROR(ReservationCovers(issue));
  } else {
    RETURN_IF_ERROR(FirstExpiringGoFirst(issue.lot, issue.departure_reason, issue.first_expiring));
    RETURN_IF_ERROR(AllFree({{issue.lot, issue.shelf, issue.items}}));
  }
  Movement movement =
      Begin(command, pb::MOVEMENT_KIND_ISSUE, issue.lot.id, issue.shelf.id, issue.delivery_place.id, issue.items);
  movement.reservation_id = issue.reservation_id;
  movement.group_id = issue.group_id;
  movement.delivery_id = issue.delivery_id;
  movement.reason = issue.departure_reason;
  movement.households = issue.households;
  movement.municipality_code = issue.municipality_code;
  Add(std::move(movement));
  return Outcome{};
}

absl::StatusOr<Outcome> Decider::Run(const Command& command, const Direct& direct) {
  RETURN_IF_ERROR(DeliveryIsFor(direct.delivery_id, direct.group_id));
  RETURN_IF_ERROR(NotStopped(direct.lot));
  ASSIGN_OR_RETURN(Lot lot, FindOrMakeLot(direct.lot));
  Movement movement =
      Begin(command, pb::MOVEMENT_KIND_DIRECT, lot.id, direct.donor.id, direct.delivery_place.id, direct.items);
  movement.group_id = direct.group_id;
  movement.delivery_id = direct.delivery_id;
  movement.households = direct.households;
  movement.municipality_code = direct.municipality_code;
  Add(std::move(movement));
  return Outcome{.lot = std::move(lot)};
}

absl::StatusOr<Outcome> Decider::Run(const Command& command, const PassOn& pass_on) {
  RETURN_IF_ERROR(DeliveryIsFor(pass_on.delivery_id, pass_on.group_id));
  RETURN_IF_ERROR(NotStopped(pass_on.lot));
  RETURN_IF_ERROR(AllFree({{pass_on.lot, pass_on.from, pass_on.items}}));
  Movement movement = Begin(command, pb::MOVEMENT_KIND_PASS_ON, pass_on.lot.id, pass_on.from.id,
                            pass_on.delivery_place.id, pass_on.items);
  movement.group_id = pass_on.group_id;
  movement.delivery_id = pass_on.delivery_id;
  movement.reason = pass_on.consent;
  movement.households = pass_on.households;
  movement.municipality_code = pass_on.municipality_code;
  Add(std::move(movement));
  return Outcome{};
}

absl::StatusOr<Outcome> Decider::Run(const Command& command, const Return& back) {
  if (!back.delivery_id.empty()) {
    const auto delivery = state_.deliveries.find(back.delivery_id);
    if (delivery == state_.deliveries.end() || delivery->second.issued() == 0)
      return refusals::DeliveryNotFound(ids::Name("deliveries", back.delivery_id));
    const auto line = delivery->second.lines.find(back.lot.id);
    if (line == delivery->second.lines.end() || line->second.issued == 0)
      return refusals::LotNotFound(ids::Name("lots", back.lot.id));
    if (back.items > line->second.open())
      return refusals::InsufficientStock(back.lot, back.from, {.on_hand = line->second.open()}, back.items);
  } else {
    RETURN_IF_ERROR(AllFree({{back.lot, back.from, back.items}}));
  }
  Movement movement = Begin(command, pb::MOVEMENT_KIND_RETURN, back.lot.id, back.from.id, back.to.id, back.items);
  movement.delivery_id = back.delivery_id;
  movement.group_id = back.group_id;
  movement.operation_id = back.recall_id;
  movement.reason = back.reason;
  Add(std::move(movement));
  Shelved(back.lot, back.to);
  return Outcome{};
}

absl::StatusOr<Outcome> Decider::Run(const Command& command, const Confirm& confirm) {
  const auto found = state_.deliveries.find(confirm.delivery_id);
  if (found == state_.deliveries.end() || found->second.issued() == 0)
    return refusals::DeliveryNotFound(ids::Name("deliveries", confirm.delivery_id));
  const Delivery delivery = found->second;  // a copy: Add() changes the state
  std::map<std::string, const Confirm::Line*> named;
  for (const Confirm::Line& line : confirm.lines) {
    const auto issued = delivery.lines.find(line.lot_id);
    if (issued == delivery.lines.end() || issued->second.issued == 0)
      return refusals::LotNotFound(ids::Name("lots", line.lot_id));
    named[line.lot_id] = &line;
  }
  RETURN_IF_ERROR(CheckFigures(confirm, delivery));

  const auto add = [&](pb::MovementKind kind, const std::string& lot_id, const Place& to, int64_t items,
                       const std::string& reason) {
    if (items == 0) return;
    Movement movement = Begin(command, kind, lot_id, confirm.delivery_place.id, to.id, items);
    movement.delivery_id = delivery.id;
    movement.group_id = delivery.group_id;
    movement.reason = reason;
    if (kind == pb::MOVEMENT_KIND_CONFIRM) {
      movement.households = confirm.households;
      movement.municipality_code = confirm.municipality_code;
    }
    Add(std::move(movement));
  };
  for (const auto& [lot_id, line] : delivery.lines) {
    if (line.open() == 0) continue;
    const auto told = named.find(lot_id);
    const int64_t arrived = told == named.end() ? line.open() : told->second->items;
    add(pb::MOVEMENT_KIND_CONFIRM, lot_id, confirm.group_place, arrived, "");
    add(pb::MOVEMENT_KIND_SHORTAGE, lot_id, confirm.adjustment, line.open() - arrived,
        told == named.end() ? "" : told->second->reason);
  }
  return Outcome{};
}

// Corrections ------------------------------------------------------------------------------------------------------

absl::StatusOr<Outcome> Decider::Run(const Command& command, const Discard& discard) {
  RETURN_IF_ERROR(AllFree({{discard.lot, discard.from, discard.items}}));
  Movement movement =
      Begin(command, pb::MOVEMENT_KIND_DISCARD, discard.lot.id, discard.from.id, discard.waste.id, discard.items);
  if (discard.from.kind == pb::PLACE_KIND_GROUP)
    movement.group_id = ids::IdFromName("groups", discard.from.party).value_or("");
  movement.operation_id = discard.recall_id;
  movement.reason = discard.reason;
  Add(std::move(movement));
  return Outcome{};
}

absl::StatusOr<Outcome> Decider::Run(const Command& command, const Adjust& adjust) {
  const bool found = adjust.difference > 0;
  const int64_t items = found ? adjust.difference : -adjust.difference;
  if (!found) RETURN_IF_ERROR(AllFree({{adjust.lot, adjust.shelf, items}}));
  const Place& from = found ? adjust.adjustment : adjust.shelf;
  const Place& to = found ? adjust.shelf : adjust.adjustment;
  Movement movement = Begin(command, pb::MOVEMENT_KIND_ADJUST, adjust.lot.id, from.id, to.id, items);
  movement.operation_id = adjust.stocktake_id;
  movement.reason = adjust.reason;
  Add(std::move(movement));
  Shelved(adjust.lot, to);
  return Outcome{};
}

absl::StatusOr<Outcome> Decider::Run(const Command& command, const Reverse& reverse) {
  for (const Reverse::Original& one : reverse.originals) {
    // What a recall stops must not be made into goods that the recall does not know of.
    if (one.movement.effect_kind == pb::MOVEMENT_KIND_CONSUME && one.movement.takes_back)
      RETURN_IF_ERROR(NotStopped(one.lot));
  }
  for (const Reverse::Original& one : reverse.originals) {
    if (const auto by = state_.reversed.find(one.movement.id); by != state_.reversed.end())
      return refusals::AlreadyReversed(one.movement, by->second);
  }
  RETURN_IF_ERROR(StillThere(reverse.originals));
  // Last in, first out: what was made goes before what it was made of comes back.
  for (auto one = reverse.originals.rbegin(); one != reverse.originals.rend(); ++one) {
    const Movement& original = one->movement;
    Movement movement = Begin(command, pb::MOVEMENT_KIND_REVERSAL, original.lot_id, original.to_place,
                              original.from_place, original.items);
    movement.reverses = original.id;
    movement.effect_kind = original.effect_kind;
    movement.takes_back = !original.takes_back;
    movement.delivery_id = original.delivery_id;
    movement.group_id = original.group_id;
    movement.operation_id = original.operation_id;
    movement.reason = reverse.reason;
    Add(std::move(movement));
    Shelved(one->lot, one->from);
  }
  return Outcome{};
}

absl::Status Decider::StillThere(const std::vector<Reverse::Original>& originals) const {
  std::map<BalanceKey, int64_t> asked;
  for (const Reverse::Original& one : originals) {
    const Movement& original = one.movement;
    switch (original.effect_kind) {
      case pb::MOVEMENT_KIND_RESERVE:
      case pb::MOVEMENT_KIND_VOID:
      case pb::MOVEMENT_KIND_EXPIRE:
        return refusals::PromiseNotReversible(original);
      default:
        break;
    }
    int64_t there = 0;  // of what the original brought to `to`
    switch (one.to.kind) {
      case pb::PLACE_KIND_SHELF:
      case pb::PLACE_KIND_GROUP:
        there = BalanceOf(original.lot_id, original.to_place).free();
        break;
      case pb::PLACE_KIND_DELIVERY: {
        const auto delivery = state_.deliveries.find(original.delivery_id);
        if (delivery == state_.deliveries.end()) break;
        const auto line = delivery->second.lines.find(original.lot_id);
        there = line == delivery->second.lines.end() ? 0 : line->second.open();
        break;
      }
      case pb::PLACE_KIND_TRANSIT: {
        const auto shipment = state_.shipments.find(original.operation_id);
        if (shipment == state_.shipments.end()) break;
        const auto line = shipment->second.lines.find(original.lot_id);
        there = line == shipment->second.lines.end() ? 0 : line->second.open();
        break;
      }
      default:
        continue;  // donors, waste, adjustment and workshops give back what they got
    }
    int64_t& total = asked[{original.lot_id, original.to_place}];
    total += original.items;
    if (there < total)
      return refusals::MovedOn(original, one.lot, one.to, BalanceOf(original.lot_id, original.to_place), there, total);
  }
  return absl::OkStatus();
}

// What they share --------------------------------------------------------------------------------------------------

absl::Status Decider::DeliveryIsFor(const std::string& delivery_id, const std::string& group_id) const {
  const auto delivery = state_.deliveries.find(delivery_id);
  if (delivery == state_.deliveries.end() || delivery->second.group_id == group_id) return absl::OkStatus();
  return refusals::DeliveryOfOtherGroup(delivery_id, group_id);
}

absl::Status Decider::NotStopped(const Lot& lot) const {
  const auto recall = state_.stopped.find(lot.id);
  return recall == state_.stopped.end() ? absl::OkStatus() : refusals::LotRecalled(lot, recall->second);
}

absl::Status Decider::FirstExpiringGoFirst(const Lot& lot, const std::string& departure_reason,
                                           const std::optional<FirstExpiring>& first_expiring) const {
  if (!first_expiring || !departure_reason.empty()) return absl::OkStatus();
  const auto found = state_.earlier.find({first_expiring->warehouse_id, first_expiring->product_id});
  if (found == state_.earlier.end()) return absl::OkStatus();
  const State::Candidate* first = nullptr;
  for (const State::Candidate& candidate : found->second) {
    if (candidate.last_good_day >= first_expiring->before || first_expiring->passed_over.count(candidate.lot_id) > 0 ||
        state_.stopped.count(candidate.lot_id) > 0 || BalanceOf(candidate.lot_id, candidate.place_id).free() <= 0) {
      continue;
    }
    if (first_expiring->judged.count(candidate.lot_id) == 0) return refusals::LotsChanged(lot);
    if (first == nullptr || candidate.last_good_day < first->last_good_day) first = &candidate;
  }
  if (first == nullptr) return absl::OkStatus();
  return refusals::FefoDeparture(lot, *first, BalanceOf(first->lot_id, first->place_id).free());
}

absl::Status Decider::AllFree(const std::vector<Take>& takes) const {
  std::map<BalanceKey, int64_t> asked;
  for (const Take& take : takes) asked[{take.lot.id, take.place.id}] += take.items;
  for (const Take& take : takes) {
    const Balance balance = BalanceOf(take.lot.id, take.place.id);
    const int64_t total = asked[{take.lot.id, take.place.id}];
    if (total > balance.free()) return refusals::InsufficientStock(take.lot, take.place, balance, total);
  }
  return absl::OkStatus();
}

absl::Status Decider::ReservationCovers(const Issue& issue) const {
  const Reservation& reservation = state_.reservations.at(issue.reservation_id);
  if (reservation.open_items == 0) return refusals::ReservationClosed(reservation, /*expired=*/false);
  if (reservation.expire_time <= now_) return refusals::ReservationClosed(reservation, /*expired=*/true);
  if (issue.items > reservation.open_items) return refusals::ReservationExceeded(reservation, issue.items);
  const Balance balance = BalanceOf(issue.lot.id, issue.shelf.id);
  if (issue.items > balance.on_hand) return refusals::InsufficientStock(issue.lot, issue.shelf, balance, issue.items);
  return absl::OkStatus();
}

absl::Status Decider::CheckFigures(const Confirm& confirm, const Delivery& delivery) const {
  std::map<std::string, const Confirm::Line*> named;
  for (const Confirm::Line& line : confirm.lines) named[line.lot_id] = &line;
  // Lines that were settled before must be told the same way again; those under way must fit.
  errors::Violations violations;
  for (const auto& [lot_id, line] : delivery.lines) {
    const auto told = named.find(lot_id);
    if (line.open() == 0) {
      const bool same =
          told == named.end() ? line.missing == 0 || delivery.open() > 0 : told->second->items == line.confirmed;
      if (!same) return refusals::DeliveryConfirmed(delivery.id);
    } else if (told != named.end()) {
      const std::string field = absl::StrCat("lines[", told->second - confirm.lines.data(), "]");
      violations.Range(absl::StrCat(field, ".items"), told->second->items, 0, line.open());
      violations.Require(told->second->items >= line.open() || !told->second->reason.empty(),
                         absl::StrCat(field, ".reason"), "REQUIRED",
                         "Say why items are short: MISSING, DAMAGED, EXPIRED, WRONG or OTHER.",
                         "不足の理由（MISSING、DAMAGED、EXPIRED、WRONG、OTHER）を指定してください。");
    }
  }
  return violations.status();
}

absl::StatusOr<Lot> Decider::FindOrMakeLot(const Lot& candidate) {
  const std::string origin = candidate.Origin();
  if (const auto known = state_.origins.find(origin); known != state_.origins.end()) return known->second;
  Lot lot = candidate;
  for (int n = 0; n < kLotCodeCandidates; ++n) {
    lot.facts.set_code(LotCode(lot.id, n));
    if (!state_.codes.insert(lot.facts.code()).second) continue;
    lot.facts.mutable_create_time()->set_seconds(absl::ToUnixSeconds(now_));
    state_.origins[origin] = lot;
    appendix_.lots.push_back(lot);
    return lot;
  }
  return absl::InternalError("All candidates for a lot's code are taken.");
}

Balance Decider::BalanceOf(const std::string& lot_id, const std::string& place_id) const {
  const auto found = state_.balances.find({lot_id, place_id});
  return found == state_.balances.end() ? Balance{} : found->second;
}

Movement Decider::Begin(const Command& command, pb::MovementKind kind, const std::string& lot_id,
                        const std::string& from, const std::string& to, int64_t items) const {
  return {.network_id = network_id_,
          .kind = kind,
          .lot_id = lot_id,
          .from_place = from,
          .to_place = to,
          .items = items,
          .effect_kind = kind,
          .note = command.note,
          .actor = command.actor,
          .occurred_time = Micros(command.occurred_time),
          .request_id = command.request_id,
          .request_hash = command.request_hash};
}

void Decider::Add(Movement m) {
  m.position = state_.next_position++;
  m.id = MovementId(network_id_, m.position);
  m.recorded_time = now_;
  state_.last_recorded_time = now_;
  m.leaf_hash = LeafHash(m);

  state_.balances[{m.lot_id, m.from_place}].on_hand -= m.items;
  state_.balances[{m.lot_id, m.to_place}].on_hand += m.items;
  if (const int64_t promised = PromisedBy(m); promised != 0) {
    state_.balances[{m.lot_id, m.from_place}].reserved += promised;
    state_.reservations[m.reservation_id].open_items += promised;
  }
  if (!m.reverses.empty()) state_.reversed[m.reverses] = m;
  if (!m.delivery_id.empty()) {
    Delivery& delivery = state_.deliveries[m.delivery_id];
    delivery.id = m.delivery_id;
    delivery.group_id = m.group_id;
    delivery.Count(m);
  } else if (const std::string id = ShipmentOf(m); !id.empty()) {
    state_.shipments[id].Count(m);
  }
  appendix_.movements.push_back(std::move(m));
}

void Decider::Shelved(const Lot& lot, const Place& place) {
  if (!place.shelf()) return;
  const auto found =
      state_.earlier.find({place.warehouse_id, ids::IdFromName("products", lot.facts.product()).value_or("")});
  if (found == state_.earlier.end()) return;
  for (const State::Candidate& one : found->second) {
    if (one.lot_id == lot.id && one.place_id == place.id) return;
  }
  found->second.push_back({.lot_id = lot.id,
                           .lot_code = lot.code(),
                           .place_id = place.id,
                           .place_display_name = place.display_name,
                           .last_good_day = LastGoodDay(lot.facts)});
}

}  // namespace kubari::stock
