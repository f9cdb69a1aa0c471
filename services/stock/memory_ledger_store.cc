#include "services/stock/memory_ledger_store.h"

#include <absl/strings/str_cat.h>

#include <algorithm>
#include <tuple>

#include "libs/errors/errors.h"
#include "libs/errors/macros.h"
#include "services/stock/domain/lot_code.h"

namespace kubari::stock {
namespace {

// As PostgreSQL's CHECK constraints say it.
absl::Status Broken(std::string_view what) {
  return errors::Make(absl::StatusCode::kInternal, "DATABASE_ERROR",
                      absl::StrCat("An invariant is broken: ", std::string(what)), "記録の整合性が保てません。");
}

}  // namespace

void MemoryLedgerStore::AddShelf(const std::string& network_id, const Place& shelf) {
  const std::lock_guard lock(mutex_);
  ledgers_[network_id].places[shelf.id] = shelf;
}

void MemoryLedgerStore::Stop(const std::string& network_id, const std::string& lot_id, const std::string& recall_id) {
  const std::lock_guard lock(mutex_);
  ledgers_[network_id].stopped[lot_id] = recall_id;
}

State MemoryLedgerStore::Read(const Ledger& ledger, const Needs& needs) {
  State state;
  state.next_position = static_cast<int64_t>(ledger.movements.size());
  if (!ledger.movements.empty()) state.last_recorded_time = ledger.movements.back().recorded_time;
  std::set<std::string> candidates;
  for (const auto& [origin, lot] : needs.origins) {
    for (int n = 0; n < kLotCodeCandidates; ++n) candidates.insert(LotCode(lot.id, n));
  }
  for (const auto& [id, lot] : ledger.lots) {
    if (needs.origins.count(lot.Origin()) > 0) state.origins[lot.Origin()] = lot;
    if (candidates.count(lot.code()) > 0) state.codes.insert(lot.code());
  }
  for (const Movement& movement : ledger.movements) {
    if (needs.requests.count(movement.request_id) > 0) state.requests[movement.request_id].push_back(movement);
    if (needs.movements.count(movement.id) > 0) state.movements[movement.id] = movement;
    if (needs.movements.count(movement.reverses) > 0) state.reversed[movement.reverses] = movement;
    if (needs.transformations.count(movement.operation_id) > 0) state.transformations.insert(movement.operation_id);
  }
  const auto copy = [](const auto& keys, const auto& all, auto& out) {
    for (const auto& key : keys) {
      if (const auto found = all.find(key); found != all.end()) out.insert(*found);
    }
  };
  copy(needs.balances, ledger.balances, state.balances);
  copy(needs.reservations, ledger.reservations, state.reservations);
  copy(needs.deliveries, ledger.deliveries, state.deliveries);
  copy(needs.shipments, ledger.shipments, state.shipments);
  copy(needs.stops, ledger.stopped, state.stopped);
  ReadEarlier(ledger, needs, state);
  return state;
}

void MemoryLedgerStore::ReadEarlier(const Ledger& ledger, const Needs& needs, State& state) {
  for (const auto& [key, before] : needs.earlier) {
    std::vector<State::Candidate>& candidates = state.earlier[key];
    for (const auto& [where, balance] : ledger.balances) {
      const auto place = ledger.places.find(where.second);
      const auto lot = ledger.lots.find(where.first);
      if (balance.on_hand <= 0 || place == ledger.places.end() || place->second.warehouse_id != key.first ||
          lot == ledger.lots.end() || lot->second.facts.product() != "products/" + key.second ||
          LastGoodDay(lot->second.facts) >= before) {
        continue;
      }
      candidates.push_back({.lot_id = lot->first,
                            .lot_code = lot->second.code(),
                            .place_id = place->first,
                            .place_display_name = place->second.display_name,
                            .last_good_day = LastGoodDay(lot->second.facts)});
      state.balances[where] = balance;
      if (const auto recall = ledger.stopped.find(lot->first); recall != ledger.stopped.end())
        state.stopped.insert(*recall);
    }
    std::sort(candidates.begin(), candidates.end(), [](const auto& a, const auto& b) {
      return std::tie(a.last_good_day, a.lot_id, a.place_id) < std::tie(b.last_good_day, b.lot_id, b.place_id);
    });
  }
}

absl::Status MemoryLedgerStore::Record(Ledger& ledger, const Appendix& appendix) {
  for (const Place& place : appendix.places) ledger.places.emplace(place.id, place);
  for (const Lot& lot : appendix.lots) ledger.lots.emplace(lot.id, lot);
  for (const Reservation& reservation : appendix.reservations) ledger.reservations.emplace(reservation.id, reservation);
  for (const Shipment& shipment : appendix.shipments) ledger.shipments.emplace(shipment.id, shipment);
  for (const Movement& movement : appendix.movements) RETURN_IF_ERROR(Record(ledger, movement));
  for (const auto& [key, balance] : ledger.balances) {
    const auto place = ledger.places.find(key.second);
    if (place == ledger.places.end()) return Broken("an unknown place");
    switch (place->second.kind) {
      case pb::PLACE_KIND_SHELF:
        if (balance.on_hand < 0 || balance.reserved < 0 || balance.reserved > balance.on_hand)
          return Broken("a shelf's balance");
        break;
      case pb::PLACE_KIND_GROUP:
      case pb::PLACE_KIND_DELIVERY:
      case pb::PLACE_KIND_TRANSIT:
        if (balance.on_hand < 0 || balance.reserved != 0) return Broken("a balance below zero");
        break;
      default:
        if (balance.reserved != 0) return Broken("a promise without a shelf");
        break;
    }
  }
  return absl::OkStatus();
}

absl::Status MemoryLedgerStore::Record(Ledger& ledger, const Movement& m) {
  if (m.position != static_cast<int64_t>(ledger.movements.size())) return Broken("positions have a gap");
  if (ledger.lots.count(m.lot_id) == 0) return Broken("an unknown lot");
  if (!m.reverses.empty()) {
    const Movement* undone = nullptr;
    for (const Movement& other : ledger.movements) {
      if (other.id == m.reverses) undone = &other;
      if (other.reverses == m.reverses) return Broken("reversed twice");
    }
    if (undone == nullptr || undone->lot_id != m.lot_id || undone->items != m.items ||
        undone->from_place != m.to_place || undone->to_place != m.from_place || undone->effect_kind != m.effect_kind ||
        undone->takes_back == m.takes_back || undone->delivery_id != m.delivery_id ||
        undone->operation_id != m.operation_id) {
      return Broken("a reversal does not mirror its movement");
    }
  }
  ledger.balances[{m.lot_id, m.from_place}].on_hand -= m.items;
  ledger.balances[{m.lot_id, m.to_place}].on_hand += m.items;
  if (!m.reservation_id.empty()) {
    const int64_t promised = m.kind == pb::MOVEMENT_KIND_RESERVE ? m.items : -m.items;
    Reservation& reservation = ledger.reservations[m.reservation_id];
    ledger.balances[{m.lot_id, m.from_place}].reserved += promised;
    reservation.open_items += promised;
    if (reservation.open_items < 0 || reservation.open_items > reservation.items)
      return Broken("open items of a reservation");
  }
  if (!m.delivery_id.empty()) {
    Delivery& delivery = ledger.deliveries[m.delivery_id];
    if (!delivery.id.empty() && delivery.group_id != m.group_id) return Broken("a delivery of two groups");
    for (const std::string& id : {m.from_place, m.to_place}) {
      const auto place = ledger.places.find(id);
      if (place != ledger.places.end() && place->second.kind == pb::PLACE_KIND_DELIVERY &&
          place->second.party != "groups/" + m.group_id) {
        return Broken("a delivery to another group's place");
      }
    }
    delivery.id = m.delivery_id;
    delivery.group_id = m.group_id;
    delivery.Count(m);
    if (const auto line = delivery.lines.find(m.lot_id); line != delivery.lines.end() && line->second.open() < 0)
      return Broken("a delivery's line");
    switch (m.kind) {
      case pb::MOVEMENT_KIND_ISSUE:
      case pb::MOVEMENT_KIND_DIRECT:
      case pb::MOVEMENT_KIND_PASS_ON:
        if (delivery.ship_time == absl::InfinitePast()) {
          delivery.ship_time = m.occurred_time;
          delivery.source_place = m.from_place;
        }
        break;
      case pb::MOVEMENT_KIND_CONFIRM:
      case pb::MOVEMENT_KIND_SHORTAGE:
      case pb::MOVEMENT_KIND_RETURN:
        delivery.confirm_time = std::max(delivery.confirm_time, m.occurred_time);
        break;
      default:
        break;
    }
  } else if (const std::string id = ShipmentOf(m); !id.empty()) {
    Shipment& shipment = ledger.shipments[id];
    shipment.Count(m);
    if (shipment.lines[m.lot_id].open() < 0) return Broken("a transfer's line");
    if (m.kind == pb::MOVEMENT_KIND_SEND && shipment.send_time == absl::InfinitePast())
      shipment.send_time = m.occurred_time;
    if (m.kind == pb::MOVEMENT_KIND_ARRIVE || m.kind == pb::MOVEMENT_KIND_SHORTAGE)
      shipment.arrive_time = std::max(shipment.arrive_time, m.occurred_time);
  }
  ledger.movements.push_back(m);
  return absl::OkStatus();
}

absl::Status MemoryLedgerStore::Append(const std::string& network_id, const Needs& needs, absl::Time, Decide decide) {
  const std::lock_guard lock(mutex_);
  Ledger next = ledgers_[network_id];
  State state = Read(next, needs);
  const Appendix appendix = decide(state);
  RETURN_IF_ERROR(Record(next, appendix));
  ledgers_[network_id] = std::move(next);
  return absl::OkStatus();
}

absl::StatusOr<State> MemoryLedgerStore::Peek(const std::string& network_id, const Needs& needs, absl::Time) {
  const std::lock_guard lock(mutex_);
  return Read(ledgers_[network_id], needs);
}

absl::StatusOr<std::vector<Movement>> MemoryLedgerStore::Feed(const std::string& network_id, int64_t position,
                                                              int limit, absl::Time) {
  const std::lock_guard lock(mutex_);
  const std::vector<Movement>& all = ledgers_[network_id].movements;
  const int64_t size = static_cast<int64_t>(all.size());
  const int64_t first = std::clamp<int64_t>(position, 0, size), last = std::min(size, first + limit);
  return std::vector<Movement>(all.begin() + first, all.begin() + last);
}

absl::StatusOr<std::map<std::string, Balance>> MemoryLedgerStore::Holders(const std::string& network_id,
                                                                          const std::string& lot_id, absl::Time) {
  const std::lock_guard lock(mutex_);
  std::map<std::string, Balance> holders;
  for (const auto& [key, balance] : ledgers_[network_id].balances) {
    if (key.first == lot_id && balance.on_hand != 0) holders[key.second] = balance;
  }
  return holders;
}

absl::StatusOr<std::vector<LedgerStore::Overdue>> MemoryLedgerStore::OverdueReservations(absl::Time now, int limit,
                                                                                         absl::Time) {
  const std::lock_guard lock(mutex_);
  std::vector<std::pair<absl::Time, Overdue>> found;
  for (const auto& [network_id, ledger] : ledgers_) {
    for (const auto& [id, reservation] : ledger.reservations) {
      if (reservation.open_items > 0 && reservation.expire_time <= now)
        found.push_back({reservation.expire_time, {network_id, id}});
    }
  }
  std::sort(found.begin(), found.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<Overdue> overdue;
  for (const auto& [time, one] : found) {
    if (static_cast<int>(overdue.size()) < limit) overdue.push_back(one);
  }
  return overdue;
}

}  // namespace kubari::stock
