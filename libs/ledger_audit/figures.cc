#include "libs/ledger_audit/figures.h"

#include <algorithm>

namespace kubari::ledger_audit {

using stock::v1::FeedEntry;
using stock::v1::Lot;
using stock::v1::PlaceKind;

namespace {

// Items that a consumer holds: of a kit its parts.
int64_t ItemsIn(const Lot& lot) {
  int64_t items = 0;
  for (const stock::v1::LotPart& part : lot.parts()) items += part.items();
  return lot.parts().empty() ? 1 : items;
}

int64_t GramsIn(const Lot& lot) {
  int64_t grams = 0;
  for (const stock::v1::LotPart& part : lot.parts()) grams += part.items() * part.item_grams();
  return lot.parts().empty() ? lot.item_grams() : grams;
}

}  // namespace

void Counter::Add(const FeedEntry& entry) {
  const stock::v1::Movement& movement = entry.movement();
  const int64_t effect = movement.effect_items();
  const Amount amount = {.items = effect * ItemsIn(entry.lot()), .grams = effect * GramsIn(entry.lot())};
  // Where the effect takes goods from and to; a reversal goes the other way.
  const PlaceKind from = effect < 0 ? entry.to_kind() : entry.from_kind();
  const PlaceKind to = effect < 0 ? entry.from_kind() : entry.to_kind();
  impact::v1::Figures& f = figures_;
  const auto received = [&](int64_t sign) {
    f.set_received_items(f.received_items() + sign * amount.items);
    f.set_received_grams(f.received_grams() + sign * amount.grams);
  };
  const auto shipped = [&](int64_t sign) {
    f.set_shipped_items(f.shipped_items() + sign * amount.items);
    f.set_shipped_grams(f.shipped_grams() + sign * amount.grams);
  };
  const auto delivered = [&](int64_t sign) {
    f.set_items(f.items() + sign * amount.items);
    f.set_grams(f.grams() + sign * amount.grams);
  };
  switch (movement.effect_kind()) {
    case stock::v1::MOVEMENT_KIND_RECEIVE:
      received(1);
      break;
    case stock::v1::MOVEMENT_KIND_ISSUE:
    case stock::v1::MOVEMENT_KIND_DIRECT:
      shipped(1);
      break;
    case stock::v1::MOVEMENT_KIND_CONFIRM:
      delivered(1);
      Deliver(entry, amount);
      break;
    case stock::v1::MOVEMENT_KIND_PASS_ON:
      delivered(-1);  // it is shipped already; it counts again when the other group confirms it
      break;
    case stock::v1::MOVEMENT_KIND_RETURN:
      if (to == stock::v1::PLACE_KIND_DONOR) received(-1);
      if (from != stock::v1::PLACE_KIND_SHELF) shipped(-1);
      if (from == stock::v1::PLACE_KIND_GROUP) delivered(-1);
      break;
    case stock::v1::MOVEMENT_KIND_DISCARD:
      f.set_discarded_items(f.discarded_items() + amount.items);
      f.set_discarded_grams(f.discarded_grams() + amount.grams);
      if (from == stock::v1::PLACE_KIND_GROUP) delivered(-1);
      break;
    default:
      break;
  }
}

void Counter::Deliver(const FeedEntry& entry, Amount amount) {
  const stock::v1::Movement& movement = entry.movement();
  Arrived& arrived = arrived_[movement.delivery()];
  arrived.items += amount.items;
  arrived.group = movement.group();
  arrived.households = std::max(arrived.households, movement.households());
  for (const stock::v1::LotPart& part : entry.lot().parts())
    donors_[part.donor()] += movement.effect_items() * part.items();
  if (entry.lot().parts().empty()) donors_[entry.lot().donor()] += amount.items;
}

impact::v1::Figures Counter::Total() const {
  impact::v1::Figures f = figures_;
  std::map<std::string, int64_t> largest;
  for (const auto& [delivery, arrived] : arrived_) {
    if (arrived.items <= 0) continue;
    f.set_deliveries(f.deliveries() + 1);
    f.set_households_cumulative(f.households_cumulative() + arrived.households);
    largest[arrived.group] = std::max(largest[arrived.group], arrived.households);
  }
  for (const auto& [group, households] : largest) f.set_households_distinct(f.households_distinct() + households);
  f.set_groups(static_cast<int64_t>(largest.size()));
  for (const auto& [donor, items] : donors_) f.set_donors(f.donors() + (items > 0 ? 1 : 0));
  return f;
}

}  // namespace kubari::ledger_audit
