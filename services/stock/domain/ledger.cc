#include "services/stock/domain/ledger.h"

#include <absl/strings/str_cat.h>
#include <absl/strings/str_format.h>

#include <algorithm>

#include "libs/errors/errors.h"
#include "libs/errors/macros.h"
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

}  // namespace

void Needs::Add(const Command& command) {
  requests.insert(command.request_id);
  std::visit(Overloaded{
                 [&](const Receive& a) {
                   origins.emplace(a.lot.Origin(), a.lot);
                   balances.insert({a.lot.id, a.shelf.id});
                 },
                 [&](const Transfer& a) {
                   balances.insert({a.lot.id, a.from.id});
                   balances.insert({a.lot.id, a.to.id});
                 },
                 [&](const Reserve& a) {
                   balances.insert({a.lot.id, a.shelf.id});
                   reservations.insert(a.reservation_id);
                   deliveries.insert(a.delivery_id);
                 },
                 [&](const Release& a) { reservations.insert(a.reservation.id); },
                 [&](const Issue& a) {
                   balances.insert({a.lot.id, a.shelf.id});
                   if (!a.reservation_id.empty()) reservations.insert(a.reservation_id);
                   deliveries.insert(a.delivery_id);
                 },
                 [&](const Confirm& a) { deliveries.insert(a.delivery_id); },
                 [&](const Discard& a) {
                   balances.insert({a.lot.id, a.shelf.id});
                 },
                 [&](const Reverse& a) {
                   movements.insert(a.original.id);
                   balances.insert({a.lot.id, a.from.id});
                   balances.insert({a.lot.id, a.to.id});
                   if (!a.original.delivery_id.empty()) deliveries.insert(a.original.delivery_id);
                 },
             },
             command.action);
}

Decider::Decider(State& state, std::string network_id, absl::Time now, std::function<std::string()> new_id)
    : state_(state),
      network_id_(std::move(network_id)),
      now_(std::max(Micros(now), state.last_recorded_time)),
      new_id_(std::move(new_id)) {}

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

absl::StatusOr<Outcome> Decider::Run(const Command& command, const Receive& receive) {
  ASSIGN_OR_RETURN(Lot lot, FindOrMakeLot(receive.lot));
  Add(Begin(command, pb::MOVEMENT_KIND_RECEIVE, lot.id, receive.donor.id, receive.shelf.id, receive.items));
  return Outcome{.lot = std::move(lot)};
}

absl::StatusOr<Outcome> Decider::Run(const Command& command, const Transfer& transfer) {
  RETURN_IF_ERROR(NotFree(transfer.lot, transfer.from, transfer.items));
  Add(Begin(command, pb::MOVEMENT_KIND_TRANSFER, transfer.lot.id, transfer.from.id, transfer.to.id, transfer.items));
  return Outcome{};
}

absl::StatusOr<Outcome> Decider::Run(const Command& command, const Reserve& reserve) {
  RETURN_IF_ERROR(DeliveryIsFor(reserve.delivery_id, reserve.group_id));
  if (state_.reservations.count(reserve.reservation_id) > 0) return refusals::ReservationExists(reserve.reservation_id);
  RETURN_IF_ERROR(NotFree(reserve.lot, reserve.shelf, reserve.items));
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
  movement.reservation_id = reservation.id;
  movement.group_id = reservation.group_id;
  movement.delivery_id = reservation.delivery_id;
  Add(std::move(movement));
  return Outcome{};
}

absl::StatusOr<Outcome> Decider::Run(const Command& command, const Issue& issue) {
  RETURN_IF_ERROR(DeliveryIsFor(issue.delivery_id, issue.group_id));
  if (!issue.reservation_id.empty()) {
    const auto found = state_.reservations.find(issue.reservation_id);
    if (found == state_.reservations.end())
      return refusals::ReservationNotFound(absl::StrCat("reservations/", issue.reservation_id));
    const Reservation& reservation = found->second;
    if (reservation.open_items == 0) return refusals::ReservationClosed(reservation, /*expired=*/false);
    if (reservation.expire_time <= now_) return refusals::ReservationClosed(reservation, /*expired=*/true);
    if (issue.items > reservation.open_items) return refusals::ReservationExceeded(reservation, issue.items);
    const Balance balance = BalanceOf(issue.lot.id, issue.shelf.id);
    if (issue.items > balance.on_hand) return refusals::InsufficientStock(issue.lot, issue.shelf, balance, issue.items);
  } else {
    RETURN_IF_ERROR(NotFree(issue.lot, issue.shelf, issue.items));
  }
  Movement movement =
      Begin(command, pb::MOVEMENT_KIND_ISSUE, issue.lot.id, issue.shelf.id, issue.delivery_place.id, issue.items);
  movement.reservation_id = issue.reservation_id;
  movement.group_id = issue.group_id;
  movement.delivery_id = issue.delivery_id;
  movement.households = issue.households;
  movement.municipality_code = issue.municipality_code;
  Add(std::move(movement));
  return Outcome{};
}

absl::StatusOr<Outcome> Decider::Run(const Command& command, const Confirm& confirm) {
  const auto found = state_.deliveries.find(confirm.delivery_id);
  if (found == state_.deliveries.end() || found->second.issued() == 0) {
    return refusals::DeliveryNotFound(absl::StrCat("deliveries/", confirm.delivery_id));
  }
  const Delivery delivery = found->second;  // a copy: Add() changes the state
  std::map<std::string, const Confirm::Line*> named;
  for (const Confirm::Line& line : confirm.lines) {
    const auto issued = delivery.lines.find(line.lot_id);
    if (issued == delivery.lines.end() || issued->second.issued == 0)
      return refusals::LotNotFound(absl::StrCat("lots/", line.lot_id));
    named[line.lot_id] = &line;
  }

  // Lines that were settled before must be told the same way again; those under way must fit.
  errors::Violations violations;
  for (const auto& [lot_id, line] : delivery.lines) {
    const auto told = named.find(lot_id);
    const std::string field =
        absl::StrCat("lines[", told == named.end() ? 0 : told->second - confirm.lines.data(), "]");
    if (line.open() == 0) {
      const bool same =
          told == named.end() ? line.missing == 0 || delivery.open() > 0 : told->second->items == line.confirmed;
      if (!same) return refusals::DeliveryConfirmed(delivery.id);
    } else if (told != named.end()) {
      violations.Range(absl::StrCat(field, ".items"), told->second->items, 0, line.open());
      violations.Require(told->second->items >= line.open() || !told->second->reason.empty(),
                         absl::StrCat(field, ".reason"), "REQUIRED",
                         "Say why items are short: MISSING, DAMAGED, EXPIRED, WRONG or OTHER.",
                         "不足の理由（MISSING、DAMAGED、EXPIRED、WRONG、OTHER）を指定してください。");
    }
  }
  RETURN_IF_ERROR(violations.status());

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

absl::StatusOr<Outcome> Decider::Run(const Command& command, const Discard& discard) {
  RETURN_IF_ERROR(NotFree(discard.lot, discard.shelf, discard.items));
  Movement movement =
      Begin(command, pb::MOVEMENT_KIND_DISCARD, discard.lot.id, discard.shelf.id, discard.waste.id, discard.items);
  movement.reason = discard.reason;
  Add(std::move(movement));
  return Outcome{};
}

absl::StatusOr<Outcome> Decider::Run(const Command& command, const Reverse& reverse) {
  const Movement& original = reverse.original;
  if (state_.reversed.count(original.id) > 0) return refusals::AlreadyReversed(original);
  switch (original.kind) {
    case pb::MOVEMENT_KIND_RECEIVE:
    case pb::MOVEMENT_KIND_TRANSFER: {
      const Balance balance = BalanceOf(original.lot_id, original.to_place);
      if (balance.free() < original.items) {
        return refusals::NotReversible(
            original,
            absl::StrFormat("Of the %d items of lot %s, %d are on %s and %d of those are promised; bring them back or "
                            "void the promise first.",
                            original.items, reverse.lot.code(), balance.on_hand, reverse.to.display_name,
                            balance.reserved),
            absl::StrFormat(
                "ロット%sの%d点のうち%sにあるのは%d点（うち引当%d点）です。戻すか引当を解除してから訂正してください。",
                reverse.lot.code(), original.items, reverse.to.display_name, balance.on_hand, balance.reserved));
      }
      break;
    }
    case pb::MOVEMENT_KIND_ISSUE: {
      const Delivery& delivery = state_.deliveries[original.delivery_id];
      const auto line = delivery.lines.find(original.lot_id);
      const DeliveryLine counts = line == delivery.lines.end() ? DeliveryLine{} : line->second;
      if (counts.open() < original.items) {
        return refusals::NotReversible(
            original,
            absl::StrFormat("%d items of lot %s are still on the way; %d arrived and %d were short. Reverse the "
                            "confirmation first.",
                            counts.open(), reverse.lot.code(), counts.confirmed, counts.missing),
            absl::StrFormat(
                "ロット%sの配送中は%d点で、%d点は受領済み、%d点は不足です。先に受領確認を訂正してください。",
                reverse.lot.code(), counts.open(), counts.confirmed, counts.missing));
      }
      break;
    }
    // Groups, adjustment and waste give back what they got; nothing else takes from them.
    case pb::MOVEMENT_KIND_CONFIRM:
    case pb::MOVEMENT_KIND_SHORTAGE:
    case pb::MOVEMENT_KIND_DISCARD:
      break;
    default:
      return refusals::NotReversible(original,
                                     "Only goods that moved can be reversed: not a reservation, nor a reversal.",
                                     "訂正できるのは品物の移動だけです。引当や訂正そのものは訂正できません。");
  }
  Movement movement = Begin(command, pb::MOVEMENT_KIND_REVERSAL, original.lot_id, original.to_place,
                            original.from_place, original.items);
  movement.reverses = original.id;
  movement.delivery_id = original.delivery_id;
  movement.group_id = original.group_id;
  movement.reason = reverse.reason;
  state_.movements[original.id] = original;
  Add(std::move(movement));
  return Outcome{};
}

absl::Status Decider::DeliveryIsFor(const std::string& delivery_id, const std::string& group_id) const {
  const auto delivery = state_.deliveries.find(delivery_id);
  if (delivery == state_.deliveries.end() || delivery->second.group_id == group_id) return absl::OkStatus();
  return refusals::DeliveryOfOtherGroup(delivery_id, group_id);
}

absl::Status Decider::NotFree(const Lot& lot, const Place& place, int64_t items) const {
  const Balance balance = BalanceOf(lot.id, place.id);
  return items <= balance.free() ? absl::OkStatus() : refusals::InsufficientStock(lot, place, balance, items);
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
                        const std::string& from, const std::string& to, int64_t items) {
  return {.network_id = network_id_,
          .id = new_id_(),
          .kind = kind,
          .lot_id = lot_id,
          .from_place = from,
          .to_place = to,
          .items = items,
          .note = command.note,
          .actor = command.actor,
          .occurred_time = Micros(command.occurred_time),
          .request_id = command.request_id,
          .request_hash = command.request_hash};
}

const Movement& Decider::Add(Movement movement) {
  movement.position = state_.next_position++;
  movement.recorded_time = now_;
  state_.last_recorded_time = now_;
  movement.leaf_hash = LeafHash(movement);
  const bool undoes = movement.kind == pb::MOVEMENT_KIND_REVERSAL;
  Apply(movement, undoes ? state_.movements.at(movement.reverses).kind : pb::MOVEMENT_KIND_UNSPECIFIED);
  appendix_.movements.push_back(std::move(movement));
  return appendix_.movements.back();
}

void Decider::Apply(const Movement& m, pb::MovementKind undone) {
  if (m.from_place != m.to_place) {
    Balance& from = state_.balances[{m.lot_id, m.from_place}];
    from.on_hand -= m.items;
    if (m.kind == pb::MOVEMENT_KIND_ISSUE && !m.reservation_id.empty()) from.reserved -= m.items;
    state_.balances[{m.lot_id, m.to_place}].on_hand += m.items;
  } else {
    state_.balances[{m.lot_id, m.from_place}].reserved += m.kind == pb::MOVEMENT_KIND_RESERVE ? m.items : -m.items;
  }
  if (!m.reservation_id.empty()) {
    state_.reservations[m.reservation_id].open_items += m.kind == pb::MOVEMENT_KIND_RESERVE ? m.items : -m.items;
  }
  if (!m.reverses.empty()) state_.reversed.insert(m.reverses);
  if (!m.delivery_id.empty()) {
    Delivery& delivery = state_.deliveries[m.delivery_id];
    delivery.id = m.delivery_id;
    delivery.group_id = m.group_id;
    const pb::MovementKind kind = undone == pb::MOVEMENT_KIND_UNSPECIFIED ? m.kind : undone;
    const int64_t items = undone == pb::MOVEMENT_KIND_UNSPECIFIED ? m.items : -m.items;
    switch (kind) {
      case pb::MOVEMENT_KIND_ISSUE:
        delivery.lines[m.lot_id].issued += items;
        break;
      case pb::MOVEMENT_KIND_CONFIRM:
        delivery.lines[m.lot_id].confirmed += items;
        break;
      case pb::MOVEMENT_KIND_SHORTAGE:
        delivery.lines[m.lot_id].missing += items;
        break;
      default:
        break;
    }
  }
}

}  // namespace kubari::stock
