#include "services/stock/view.h"

#include <absl/strings/match.h>

#include "libs/errors/macros.h"
#include "libs/ids/ids.h"

namespace kubari::stock {
namespace {

using kubari::type::v1::ROLE_ADMINISTRATOR;
using kubari::type::v1::ROLE_AUDITOR;
using kubari::type::v1::ROLE_COORDINATOR;
using kubari::type::v1::ROLE_DONOR;
using kubari::type::v1::ROLE_GROUP;
using kubari::type::v1::ROLE_WAREHOUSE_MANAGER;

std::string NameOrEmpty(const char* collection, const std::string& id) {
  return id.empty() ? "" : ids::Name(collection, id);
}

}  // namespace

void SetTime(absl::Time time, google::protobuf::Timestamp* out) {
  const int64_t micros = absl::ToUnixMicros(time);
  int64_t seconds = micros / 1'000'000, rest = micros % 1'000'000;
  if (rest < 0) --seconds, rest += 1'000'000;
  out->set_seconds(seconds);
  out->set_nanos(static_cast<int32_t>(rest * 1'000));
}

View::View(Catalogue& catalogue, const rpc::Call& call) : catalogue_(catalogue), call_(call) {
  const auth::Principal& who = call.principal;
  sees_donors_ = who.is_service || who.HasRole(ROLE_COORDINATOR) || who.HasRole(ROLE_WAREHOUSE_MANAGER) ||
                 who.HasRole(ROLE_AUDITOR) || who.HasRole(ROLE_ADMINISTRATOR);
  sees_groups_ = call.scope.whole_network || !(who.HasRole(ROLE_GROUP) || who.HasRole(ROLE_DONOR));
}

pb::Lot View::ToProto(const Lot& lot) const {
  pb::Lot out = lot.facts;
  if (!DonorIsNamed(lot)) out.clear_donor_display_name();
  return out;
}

bool View::DonorIsNamed(const Lot& lot) const {
  if (sees_donors_ || lot.facts.conditions().donor_may_be_named()) return true;
  const std::string donor = ids::IdFromName("donors", lot.facts.donor()).value_or("");
  return call_.principal.HoldsIn(donor, kubari::type::v1::ROLE_DONOR);
}

absl::StatusOr<std::vector<pb::Lot>> View::Lots(const std::vector<Lot>& lots) const {
  std::vector<pb::Lot> all;
  for (const Lot& lot : lots) all.push_back(ToProto(lot));
  std::vector<pb::Lot*> each;
  for (pb::Lot& lot : all) each.push_back(&lot);
  RETURN_IF_ERROR(TellRecalls(each));
  return all;
}

absl::Status View::TellRecalls(const std::vector<pb::Lot*>& lots) const {
  std::set<std::string> ids;
  for (const pb::Lot* lot : lots) ids.insert(ids::IdFromName("lots", lot->name()).value_or(""));
  ids.erase("");
  ASSIGN_OR_RETURN(const auto stopped, catalogue_.Stopped(call_.principal.network_id, ids, call_.deadline));
  for (pb::Lot* lot : lots) {
    const auto recall = stopped.find(ids::IdFromName("lots", lot->name()).value_or(""));
    if (recall != stopped.end()) lot->set_recall(ids::Name("recalls", recall->second));
  }
  return absl::OkStatus();
}

bool View::Hidden(const Place& place, const Lot* lot) const {
  switch (place.kind) {
    case pb::PLACE_KIND_DONOR:
      return lot != nullptr && !DonorIsNamed(*lot);
    case pb::PLACE_KIND_GROUP:
    case pb::PLACE_KIND_DELIVERY:
      return !GroupIsNamed(ids::IdFromName("groups", place.party).value_or(""));
    default:
      return false;
  }
}

std::string View::DisplayName(const Place& place, const Lot* lot) const {
  if (!Hidden(place, lot)) return place.display_name;
  const bool japanese = call_.principal.locale != "en";
  if (place.kind == pb::PLACE_KIND_DONOR) return japanese ? "寄付者" : "a donor";
  const bool of_donor = !call_.principal.HasRole(ROLE_GROUP);
  return of_donor ? (japanese ? "受取団体" : "a group") : (japanese ? "他の団体" : "another group");
}

pb::Place View::ToProto(const Place& place, const Lot* lot) const {
  pb::Place out;
  out.set_name(ids::Name("places", place.id));
  out.set_kind(place.kind);
  out.set_warehouse(NameOrEmpty("warehouses", place.warehouse_id));
  out.set_code(place.code);
  out.set_temperature_zone(place.zone);
  if (!Hidden(place, lot)) out.set_party(place.party);
  out.set_display_name(DisplayName(place, lot));
  return out;
}

pb::Balance View::ToProto(const Lot& lot, const Place& place, const Balance& balance) const {
  pb::Balance out;
  *out.mutable_lot() = ToProto(lot);
  *out.mutable_place() = ToProto(place, &lot);
  out.set_on_hand(balance.on_hand);
  out.set_reserved(balance.reserved);
  out.set_free(balance.free());
  return out;
}

absl::StatusOr<View::Named> View::LookUp(const std::set<std::string>& lots, const std::set<std::string>& places) const {
  Named named;
  ASSIGN_OR_RETURN(named.lots, catalogue_.Lots(call_.principal.network_id, lots, call_.deadline));
  ASSIGN_OR_RETURN(named.places, catalogue_.Places(call_.principal.network_id, places, call_.deadline));
  return named;
}

std::string View::GroupPlaceId(const std::string& group_id) const {
  return group_id.empty()
             ? ""
             : StandInPlaceId(call_.principal.network_id, pb::PLACE_KIND_GROUP, ids::Name("groups", group_id));
}

bool View::GroupIsNamed(const std::string& group_id) const {
  return sees_groups_ || call_.scope.Includes(group_id) || named_groups_.contains(group_id);
}

std::string View::GroupName(const std::string& group_id, const Named& named) const {
  const auto place = named.places.find(GroupPlaceId(group_id));
  return place == named.places.end() ? "" : DisplayName(place->second, nullptr);
}

pb::Movement View::ToProto(const Movement& m, const Named& named) const {
  pb::Movement out;
  out.set_name(ids::Name("movements", m.id));
  out.set_position(m.position);
  out.set_kind(m.kind);
  out.set_lot(ids::Name("lots", m.lot_id));
  const auto found = named.lots.find(m.lot_id);
  const Lot* lot = found == named.lots.end() ? nullptr : &found->second;
  if (lot != nullptr) {
    out.set_lot_code(lot->code());
    out.set_product_display_name(lot->facts.product_display_name());
  }
  out.set_from_place(ids::Name("places", m.from_place));
  out.set_to_place(ids::Name("places", m.to_place));
  if (const auto place = named.places.find(m.from_place); place != named.places.end()) {
    out.set_from_display_name(DisplayName(place->second, lot));
    out.set_from_kind(place->second.kind);
  }
  if (const auto place = named.places.find(m.to_place); place != named.places.end()) {
    out.set_to_display_name(DisplayName(place->second, lot));
    out.set_to_kind(place->second.kind);
  }
  out.set_items(m.items);
  out.set_reservation(NameOrEmpty("reservations", m.reservation_id));
  out.set_delivery(NameOrEmpty("deliveries", m.delivery_id));
  if (GroupIsNamed(m.group_id)) out.set_group(NameOrEmpty("groups", m.group_id));
  out.set_reverses(NameOrEmpty("movements", m.reverses));
  out.set_reason(m.reason);
  out.set_note(m.note);
  out.set_actor(m.actor);
  SetTime(m.occurred_time, out.mutable_occurred_time());
  SetTime(m.recorded_time, out.mutable_recorded_time());
  out.set_households(m.households);
  out.set_municipality_code(m.municipality_code);
  out.set_leaf_hash(m.leaf_hash);
  out.set_request_id(m.request_id);
  out.set_operation(OperationName(m));
  out.set_effect_kind(m.effect_kind);
  out.set_effect_items(m.effect_items());
  return out;
}

absl::StatusOr<std::vector<pb::Movement>> View::Movements(const std::vector<Movement>& movements) const {
  std::set<std::string> lots, places;
  for (const Movement& m : movements) {
    lots.insert(m.lot_id);
    places.insert(m.from_place);
    places.insert(m.to_place);
  }
  ASSIGN_OR_RETURN(const Named named, LookUp(lots, places));
  std::vector<pb::Movement> out;
  out.reserve(movements.size());
  for (const Movement& m : movements) out.push_back(ToProto(m, named));
  return out;
}

absl::StatusOr<pb::Movement> View::OneMovement(const Movement& movement) const {
  ASSIGN_OR_RETURN(std::vector<pb::Movement> one, Movements({movement}));
  return std::move(one.front());
}

absl::StatusOr<std::vector<pb::FeedEntry>> View::FeedEntries(const std::vector<Movement>& movements,
                                                             const std::map<std::string, Movement>& originals) const {
  std::set<std::string> lots, places;
  for (const Movement& m : movements) {
    lots.insert(m.lot_id);
    places.insert({m.from_place, m.to_place, GroupPlaceId(m.group_id)});
  }
  ASSIGN_OR_RETURN(const Named named, LookUp(lots, places));
  std::vector<pb::FeedEntry> out;
  out.reserve(movements.size());
  for (const Movement& m : movements) {
    pb::FeedEntry& entry = out.emplace_back();
    *entry.mutable_movement() = ToProto(m, named);
    if (const auto lot = named.lots.find(m.lot_id); lot != named.lots.end())
      *entry.mutable_lot() = ToProto(lot->second);
    if (const auto from = named.places.find(m.from_place); from != named.places.end())
      entry.set_from_kind(from->second.kind);
    if (const auto to = named.places.find(m.to_place); to != named.places.end()) entry.set_to_kind(to->second.kind);
    if (const auto original = originals.find(m.reverses); original != originals.end())
      entry.set_reversed_kind(original->second.kind);
    entry.set_group_display_name(GroupName(m.group_id, named));
  }
  return out;
}

absl::StatusOr<std::vector<pb::Reservation>> View::Reservations(const std::vector<Reservation>& reservations) const {
  std::set<std::string> lots, places;
  for (const Reservation& r : reservations) {
    lots.insert(r.lot_id);
    places.insert({r.place_id, GroupPlaceId(r.group_id)});
  }
  ASSIGN_OR_RETURN(const Named named, LookUp(lots, places));
  std::vector<pb::Reservation> all;
  for (const Reservation& r : reservations) {
    pb::Reservation& out = all.emplace_back();
    out.set_name(ids::Name("reservations", r.id));
    out.set_lot(ids::Name("lots", r.lot_id));
    out.set_place(ids::Name("places", r.place_id));
    out.set_group(ids::Name("groups", r.group_id));
    out.set_delivery(ids::Name("deliveries", r.delivery_id));
    out.set_items(r.items);
    out.set_open_items(r.open_items);
    SetTime(r.expire_time, out.mutable_expire_time());
    SetTime(r.create_time, out.mutable_create_time());
    if (const auto lot = named.lots.find(r.lot_id); lot != named.lots.end())
      *out.mutable_lot_details() = ToProto(lot->second);
    if (const auto place = named.places.find(r.place_id); place != named.places.end()) {
      out.set_place_display_name(place->second.display_name);
    }
    out.set_group_display_name(GroupName(r.group_id, named));
  }
  std::vector<pb::Lot*> shown;
  for (pb::Reservation& reservation : all) shown.push_back(reservation.mutable_lot_details());
  RETURN_IF_ERROR(TellRecalls(shown));
  return all;
}

absl::StatusOr<std::vector<pb::Delivery>> View::Deliveries(const std::vector<Delivery>& deliveries) const {
  std::set<std::string> lots, places;
  for (const Delivery& d : deliveries) {
    for (const auto& [lot, line] : d.lines) lots.insert(lot);
    places.insert({GroupPlaceId(d.group_id), d.source_place});
  }
  ASSIGN_OR_RETURN(const Named named, LookUp(lots, places));
  std::vector<pb::Delivery> all;
  for (const Delivery& d : deliveries) {
    pb::Delivery& out = all.emplace_back();
    out.set_name(ids::Name("deliveries", d.id));
    out.set_group(ids::Name("groups", d.group_id));
    out.set_group_display_name(GroupName(d.group_id, named));
    out.set_state(d.open() > 0 ? pb::DELIVERY_STATE_SHIPPED : pb::DELIVERY_STATE_CONFIRMED);
    const Lot* first = nullptr;
    for (const auto& [lot_id, line] : d.lines) {
      if (line.issued == 0) continue;  // issued and reversed
      pb::DeliveryLine& one = *out.add_lines();
      if (const auto lot = named.lots.find(lot_id); lot != named.lots.end()) {
        *one.mutable_lot() = ToProto(lot->second);
        if (first == nullptr) first = &lot->second;
      }
      one.set_issued_items(line.issued);
      one.set_confirmed_items(line.confirmed);
      one.set_short_items(line.missing);
      one.set_returned_items(line.returned);
    }
    if (d.ship_time != absl::InfinitePast()) SetTime(d.ship_time, out.mutable_ship_time());
    if (d.open() == 0 && d.confirm_time != absl::InfinitePast()) SetTime(d.confirm_time, out.mutable_confirm_time());
    if (const auto source = named.places.find(d.source_place); source != named.places.end())
      *out.mutable_source() = ToProto(source->second, first);
  }
  std::vector<pb::Lot*> shown;
  for (pb::Delivery& delivery : all) {
    for (pb::DeliveryLine& line : *delivery.mutable_lines()) shown.push_back(line.mutable_lot());
  }
  RETURN_IF_ERROR(TellRecalls(shown));
  return all;
}

absl::StatusOr<std::vector<pb::Transfer>> View::Transfers(const std::vector<Shipment>& shipments) const {
  std::set<std::string> lot_ids, warehouse_ids;
  for (const Shipment& s : shipments) {
    for (const auto& [lot, line] : s.lines) lot_ids.insert(lot);
    warehouse_ids.insert({s.from_warehouse_id, s.to_warehouse_id});
  }
  const std::string& network = call_.principal.network_id;
  ASSIGN_OR_RETURN(const auto lots, catalogue_.Lots(network, lot_ids, call_.deadline));
  ASSIGN_OR_RETURN(const auto warehouses, catalogue_.Warehouses(network, warehouse_ids, call_.deadline));
  const auto name = [&](const std::string& id) {
    const auto found = warehouses.find(id);
    return found == warehouses.end() ? std::string() : found->second.display_name();
  };
  std::vector<pb::Transfer> all;
  std::vector<pb::Lot*> shown;
  for (const Shipment& s : shipments) {
    pb::Transfer& out = all.emplace_back();
    out.set_name(ids::Name("transfers", s.id));
    out.set_from_warehouse(ids::Name("warehouses", s.from_warehouse_id));
    out.set_from_display_name(name(s.from_warehouse_id));
    out.set_to_warehouse(ids::Name("warehouses", s.to_warehouse_id));
    out.set_to_display_name(name(s.to_warehouse_id));
    out.set_state(s.open() > 0 ? pb::TRANSFER_STATE_SENT : pb::TRANSFER_STATE_ARRIVED);
    for (const auto& [lot_id, line] : s.lines) {
      if (line.sent == 0) continue;  // sent and reversed
      pb::TransferLine& one = *out.add_lines();
      if (const auto lot = lots.find(lot_id); lot != lots.end()) *one.mutable_lot() = ToProto(lot->second);
      one.set_sent_items(line.sent);
      one.set_arrived_items(line.arrived);
      one.set_short_items(line.missing);
    }
    if (s.send_time != absl::InfinitePast()) SetTime(s.send_time, out.mutable_send_time());
    if (s.open() == 0 && s.arrive_time != absl::InfinitePast()) SetTime(s.arrive_time, out.mutable_arrive_time());
  }
  for (pb::Transfer& transfer : all) {
    for (pb::TransferLine& line : *transfer.mutable_lines()) shown.push_back(line.mutable_lot());
  }
  RETURN_IF_ERROR(TellRecalls(shown));
  return all;
}

}  // namespace kubari::stock
