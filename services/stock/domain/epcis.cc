#include "services/stock/domain/epcis.h"

#include <absl/strings/escaping.h>
#include <absl/strings/str_cat.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>

#include "libs/gs1/gs1.h"
#include "libs/ids/ids.h"

namespace kubari::stock {
namespace {

namespace type = kubari::type::v1;
using Json = nlohmann::ordered_json;

constexpr char kContext[] = "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld";
// Prefix of what the standard has no words for.
constexpr char kExtension[] = "urn:x-kubari:epcis:";

std::string Urn(const std::string& id) { return absl::StrCat("urn:uuid:", id); }
// "groups/{uuid}" …
std::string UrnOf(const std::string& name) { return Urn(name.substr(name.find('/') + 1)); }

// By what the goods are known outside of the network.
std::string ClassOf(const Lot& lot) {
  const std::string& gtin = lot.facts.gtin();
  const bool own_number = lot.transformation_id.empty() && !lot.facts.donor_lot_number().empty();
  if (!gtin.empty() && !gs1::IsRestricted(gtin)) {
    for (const std::string& number : {own_number ? lot.facts.donor_lot_number() : lot.code(), lot.code()}) {
      // Not every number that people write on a box is one by the standard.
      const auto link = gs1::DigitalLink("https://id.gs1.org", {{"01", gtin}, {"10", number}});
      if (link.ok()) return *link;
    }
  }
  return Urn(lot.id);
}

// Movements that make one event: one, or all of a transformation that were recorded together.
struct Group {
  std::vector<const Movement*> movements;

  const Movement& first() const { return *movements.front(); }
  bool transformation() const {
    return first().effect_kind == pb::MOVEMENT_KIND_CONSUME || first().effect_kind == pb::MOVEMENT_KIND_PRODUCE;
  }
};

class Document {
 public:
  explicit Document(const TraceFacts& facts) : facts_(facts) {}

  std::string Write();

 private:
  void Gather();
  // What happened, or nothing if this group only takes something back.
  std::optional<Json> EventOf(const Group& group);
  // The same, said to be wrong.
  std::optional<Json> DeclarationOf(const Group& group);
  // A reversal of goods that did come back.
  bool CameBack(const Movement& m) const;

  Json Begin(const char* type, const Group& group) const;
  void What(const Movement& m, const char* list, Json& event) const;
  void Why(const char* step, const char* disposition, Json& event) const;
  void ReadPoint(const std::string& place_id, Json& event);
  void Location(const std::string& place_id, Json& event);
  void Parties(const std::string& from_place, const std::string& to_place, Json& event);
  void AddParty(const char* list, const char* field, const std::string& place_id, Json& event);
  void Delivery(const Movement& m, Json& event) const;

  Json ObjectEvent(const Group& group);
  Json TransactionEvent(const Group& group);
  Json AggregationEvent(const Group& group);
  Json TransformationEvent(const Group& group);
  Json MasterData() const;

  pb::PlaceKind KindOf(const std::string& place_id) const;
  std::string ClassOfLot(const std::string& lot_id) const;
  std::string Time(absl::Time time) const { return absl::FormatTime("%Y-%m-%dT%H:%M:%E3S%Ez", time, facts_.zone); }

  const TraceFacts& facts_;
  std::vector<Group> groups_;
  std::map<std::string, size_t> group_of_;                // movement id → group
  std::map<size_t, std::vector<std::string>> corrected_;  // group of a reversal → events that give it again
  std::map<std::string, std::string> read_points_, locations_, parties_;  // URI → name, as far as used
};

// By kind of shortage, refusal or discard.
const char* DispositionOf(const std::string& reason) {
  if (reason == "DAMAGED" || reason == "OPENED") return "damaged";
  if (reason == "EXPIRED") return "expired";
  if (reason == "MISSING") return "mismatch_quantity";
  if (reason == "WRONG") return "mismatch_class";
  return "non_conformant";
}

std::string Document::Write() {
  Gather();
  Json events = Json::array();
  for (const Group& group : groups_) {
    if (std::optional<Json> event = EventOf(group)) events.push_back(*std::move(event));
    if (std::optional<Json> declaration = DeclarationOf(group)) events.push_back(*std::move(declaration));
  }
  Json document;
  document["@context"] = Json::array({kContext, Json{{"kubari", kExtension}}});
  document["type"] = "EPCISDocument";
  document["schemaVersion"] = "2.0";
  document["creationDate"] = Time(facts_.now);
  document["epcisHeader"]["epcisMasterData"]["vocabularyList"] = MasterData();
  document["epcisBody"]["eventList"] = std::move(events);
  return document.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
}

void Document::Gather() {
  std::map<std::pair<std::string, std::string>, size_t> transformations;  // (operation, request) → group
  for (const Movement& movement : facts_.movements) {
    const Group alone{{&movement}};
    size_t at = groups_.size();
    if (alone.transformation()) {
      at = transformations.try_emplace({movement.operation_id, movement.request_id}, at).first->second;
    }
    if (at == groups_.size()) {
      groups_.push_back(alone);
    } else {
      groups_[at].movements.push_back(&movement);
    }
    group_of_[movement.id] = at;
  }
  for (const Group& group : groups_) {
    const auto reversed = group_of_.find(group.first().reverses);
    if (reversed == group_of_.end() || group.first().takes_back) continue;
    corrected_[reversed->second].push_back(Urn(group.first().id));
  }
}

bool Document::CameBack(const Movement& m) const {
  if (m.kind != pb::MOVEMENT_KIND_REVERSAL || !m.takes_back || m.reason != "RETURNED") return false;
  const pb::PlaceKind from = KindOf(m.from_place), to = KindOf(m.to_place);
  return (from == pb::PLACE_KIND_DELIVERY && to == pb::PLACE_KIND_SHELF) ||
         (from == pb::PLACE_KIND_SHELF && to == pb::PLACE_KIND_DONOR);
}

std::optional<Json> Document::EventOf(const Group& group) {
  const Movement& m = group.first();
  if (m.kind == pb::MOVEMENT_KIND_REVERSAL && !CameBack(m)) {
    if (m.takes_back) return std::nullopt;
    // Gives again what was taken back, unless that was a return, whose event is declared wrong instead.
    const auto reversed = group_of_.find(m.reverses);
    if (reversed == group_of_.end() || CameBack(groups_[reversed->second].first())) return std::nullopt;
  }
  switch (m.effect_kind) {
    case pb::MOVEMENT_KIND_RECEIVE:
    case pb::MOVEMENT_KIND_REFUSE:
    case pb::MOVEMENT_KIND_TRANSFER:
    case pb::MOVEMENT_KIND_DISCARD:
    case pb::MOVEMENT_KIND_ADJUST:
      return ObjectEvent(group);
    case pb::MOVEMENT_KIND_RETURN:
      return m.delivery_id.empty() ? ObjectEvent(group) : TransactionEvent(group);
    case pb::MOVEMENT_KIND_ISSUE:
    case pb::MOVEMENT_KIND_DIRECT:
    case pb::MOVEMENT_KIND_PASS_ON:
    case pb::MOVEMENT_KIND_CONFIRM:
      return TransactionEvent(group);
    case pb::MOVEMENT_KIND_SHORTAGE:
      return m.delivery_id.empty() ? AggregationEvent(group) : TransactionEvent(group);
    case pb::MOVEMENT_KIND_SEND:
    case pb::MOVEMENT_KIND_ARRIVE:
      return AggregationEvent(group);
    case pb::MOVEMENT_KIND_CONSUME:
    case pb::MOVEMENT_KIND_PRODUCE:
      return TransformationEvent(group);
    default:
      return std::nullopt;
  }
}

std::optional<Json> Document::DeclarationOf(const Group& group) {
  const Movement& m = group.first();
  if (m.kind != pb::MOVEMENT_KIND_REVERSAL || CameBack(m)) return std::nullopt;
  const auto reversed = group_of_.find(m.reverses);
  if (reversed == group_of_.end()) return std::nullopt;
  std::optional<Json> event = EventOf(groups_[reversed->second]);
  if (!event) return std::nullopt;
  Json& declaration = (*event)["errorDeclaration"];
  declaration["declarationTime"] = Time(m.recorded_time);
  if (m.reason == "MISTAKE") declaration["reason"] = "did_not_occur";
  if (m.reason == "WRONG_LOT" || m.reason == "WRONG_QUANTITY") declaration["reason"] = "incorrect_data";
  if (const auto events = corrected_.find(group_of_.at(m.id)); events != corrected_.end())
    declaration["correctiveEventIDs"] = events->second;
  if (!m.note.empty()) declaration["kubari:note"] = m.note;
  return event;
}

// Parts of events ----------------------------------------------------------------------------------------------------

Json Document::Begin(const char* type, const Group& group) const {
  const Movement& m = group.first();
  Json event;
  event["type"] = type;
  event["eventID"] = Urn(m.id);
  event["eventTime"] = Time(m.occurred_time);
  event["eventTimeZoneOffset"] = absl::FormatTime("%Ez", m.occurred_time, facts_.zone);
  event["recordTime"] = Time(m.recorded_time);
  event["kubari:position"] = m.position;
  if (!m.reason.empty()) event["kubari:reason"] = m.reason;
  if (group.movements.size() == 1) event["kubari:leafHash"] = absl::BytesToHexString(m.leaf_hash);
  return event;
}

void Document::What(const Movement& m, const char* list, Json& event) const {
  // A transformation may take one lot from several shelves: the same class once, with the sum.
  const std::string epc_class = ClassOfLot(m.lot_id);
  for (Json& element : event[list]) {
    if (element["epcClass"] == epc_class) {
      element["quantity"] = element["quantity"].get<int64_t>() + m.items;
      return;
    }
  }
  event[list].push_back(Json{{"epcClass", epc_class}, {"quantity", m.items}});
}

void Document::Why(const char* step, const char* disposition, Json& event) const {
  event["bizStep"] = step;
  event["disposition"] = disposition;
}

void Document::ReadPoint(const std::string& place_id, Json& event) {
  event["readPoint"]["id"] = Urn(place_id);
  if (const auto place = facts_.places.find(place_id); place != facts_.places.end())
    read_points_[Urn(place_id)] = place->second.display_name;
}

void Document::Location(const std::string& place_id, Json& event) {
  event["bizLocation"]["id"] = Urn(place_id);
  if (const auto place = facts_.places.find(place_id); place != facts_.places.end())
    locations_[Urn(place_id)] = place->second.display_name;
}

// Who had the goods before, and who has them after; of a warehouse its operator.
void Document::Parties(const std::string& from_place, const std::string& to_place, Json& event) {
  AddParty("sourceList", "source", from_place, event);
  AddParty("destinationList", "destination", to_place, event);
}

void Document::AddParty(const char* list, const char* field, const std::string& place_id, Json& event) {
  const auto place = facts_.places.find(place_id);
  if (place == facts_.places.end()) return;
  std::string party, name = place->second.display_name;
  const bool transit = place->second.kind == pb::PLACE_KIND_TRANSIT;
  if (place->second.shelf() || transit) {
    const std::string& id = place->second.warehouse_id;
    const auto warehouse =
        facts_.warehouses.find(transit ? ids::IdFromName("warehouses", place->second.party).value_or("") : id);
    if (warehouse == facts_.warehouses.end()) return;
    party = UrnOf(warehouse->second.organisation());
    name = warehouse->second.display_name();
  } else if (!place->second.party.empty()) {
    party = UrnOf(place->second.party);
  } else {
    return;
  }
  event[list].push_back(Json{{"type", "possessing_party"}, {field, party}});
  // A delivery's place says "on its way"; the group's own name is better if it is known.
  if (place->second.kind == pb::PLACE_KIND_DELIVERY) {
    parties_.try_emplace(party, name);
  } else {
    parties_[party] = name;
  }
}

void Document::Delivery(const Movement& m, Json& event) const {
  event["bizTransactionList"].push_back(Json{{"type", "desadv"}, {"bizTransaction", Urn(m.delivery_id)}});
}

// Events -------------------------------------------------------------------------------------------------------------

Json Document::ObjectEvent(const Group& group) {
  const Movement& m = group.first();
  Json event = Begin("ObjectEvent", group);
  const bool discarded = m.effect_kind == pb::MOVEMENT_KIND_DISCARD;
  event["action"] = discarded ? "DELETE" : "OBSERVE";
  What(m, "quantityList", event);
  switch (m.effect_kind) {
    case pb::MOVEMENT_KIND_REFUSE:
      Why("inspecting", DispositionOf(m.reason), event);
      AddParty("sourceList", "source", m.from_place, event);
      break;
    case pb::MOVEMENT_KIND_TRANSFER:
      Why("storing", "in_progress", event);
      ReadPoint(m.to_place, event);
      Location(m.to_place, event);
      break;
    case pb::MOVEMENT_KIND_DISCARD:
      Why("destroying", "destroyed", event);
      ReadPoint(m.from_place, event);
      break;
    case pb::MOVEMENT_KIND_ADJUST: {
      // Nothing was made or destroyed: the count found more or less than the records say.
      const bool found = KindOf(m.to_place) == pb::PLACE_KIND_SHELF;
      const std::string& shelf = found ? m.to_place : m.from_place;
      Why("stock_taking", "mismatch_quantity", event);
      ReadPoint(shelf, event);
      Location(shelf, event);
      event["kubari:difference"] = found ? m.items : -m.items;
      break;
    }
    default: {
      // RECEIVE and RETURN: to a shelf, or back to the donor.
      const bool to_shelf = KindOf(m.to_place) == pb::PLACE_KIND_SHELF;
      const bool came_in = m.effect_kind == pb::MOVEMENT_KIND_RECEIVE && !m.takes_back;
      Why(to_shelf ? "receiving" : "shipping", came_in ? "in_progress" : "returned", event);
      ReadPoint(to_shelf ? m.to_place : m.from_place, event);
      if (to_shelf) Location(m.to_place, event);
      Parties(m.from_place, m.to_place, event);
    }
  }
  if (!m.operation_id.empty() && (discarded || m.effect_kind == pb::MOVEMENT_KIND_RETURN)) {
    // Because of a recall.
    event["persistentDisposition"]["set"] = Json::array({"recalled"});
    event["bizTransactionList"].push_back(Json{{"bizTransaction", Urn(m.operation_id)}});
  }
  return event;
}

Json Document::TransactionEvent(const Group& group) {
  const Movement& m = group.first();
  Json event = Begin("TransactionEvent", group);
  Delivery(m, event);
  if (m.effect_kind == pb::MOVEMENT_KIND_CONFIRM) {
    event["action"] = "OBSERVE";
    What(m, "quantityList", event);
    Why("receiving", "in_progress", event);
    ReadPoint(m.to_place, event);
    Location(m.to_place, event);
    AddParty("destinationList", "destination", m.to_place, event);
  } else if (m.effect_kind == pb::MOVEMENT_KIND_SHORTAGE) {
    event["action"] = "DELETE";
    What(m, "quantityList", event);
    Why("inspecting", DispositionOf(m.reason), event);
    AddParty("destinationList", "destination", m.from_place, event);
  } else if (KindOf(m.to_place) == pb::PLACE_KIND_SHELF) {
    // Came back: RETURN, or the reversal of an ISSUE.
    event["action"] = "DELETE";
    What(m, "quantityList", event);
    Why("receiving", "returned", event);
    ReadPoint(m.to_place, event);
    Location(m.to_place, event);
    Parties(m.from_place, m.to_place, event);
  } else {
    // No business location: the goods are on their way.
    event["action"] = "ADD";
    What(m, "quantityList", event);
    Why("shipping", "in_transit", event);
    ReadPoint(m.from_place, event);
    Parties(m.from_place, m.to_place, event);
  }
  return event;
}

Json Document::AggregationEvent(const Group& group) {
  const Movement& m = group.first();
  Json event = Begin("AggregationEvent", group);
  event["action"] = m.effect_kind == pb::MOVEMENT_KIND_SEND ? "ADD" : "DELETE";
  event["parentID"] = Urn(m.operation_id);
  What(m, "childQuantityList", event);
  if (m.effect_kind == pb::MOVEMENT_KIND_SEND) {
    Why("loading", "in_transit", event);
    ReadPoint(m.from_place, event);
    Parties(m.from_place, m.to_place, event);
  } else if (m.effect_kind == pb::MOVEMENT_KIND_ARRIVE) {
    Why("unloading", "in_progress", event);
    ReadPoint(m.to_place, event);
    Location(m.to_place, event);
  } else {
    Why("unloading", DispositionOf(m.reason), event);
  }
  return event;
}

Json Document::TransformationEvent(const Group& group) {
  Json event = Begin("TransformationEvent", group);
  std::set<std::string> inputs;
  std::string shelf;
  for (const Movement* m : group.movements) {
    const bool in = m->effect_kind == pb::MOVEMENT_KIND_CONSUME;
    What(*m, in ? "inputQuantityList" : "outputQuantityList", event);
    if (in) inputs.insert(m->lot_id);
    if (!in || shelf.empty()) shelf = in ? m->from_place : m->to_place;
  }
  event["transformationID"] = Urn(group.first().operation_id);
  Why(inputs.size() > 1 ? "assembling" : "repackaging", "in_progress", event);
  ReadPoint(shelf, event);
  Location(shelf, event);
  return event;
}

// Names --------------------------------------------------------------------------------------------------------------

Json Attribute(const char* id, const std::string& value) { return Json{{"id", id}, {"attribute", value}}; }

Json Vocabulary(const char* type, Json elements) {
  return Json{{"type", absl::StrCat("urn:epcglobal:epcis:vtype:", type)},
              {"vocabularyElementList", std::move(elements)}};
}

// What a lot is called, and until when it is good.
Json LotElement(const std::string& epc_class, const Lot& lot) {
  Json attributes =
      Json::array({Attribute("cbvmda:descriptionShort", lot.facts.product_display_name()),
                   Attribute("kubari:lot", ids::Name("lots", lot.id)), Attribute("kubari:lotCode", lot.code())});
  if (!lot.facts.donor_lot_number().empty())
    attributes.push_back(Attribute("cbvmda:lotNumber", lot.facts.donor_lot_number()));
  // A month is good to its last day.
  const std::string day = absl::FormatCivilTime(LastGoodDay(lot.facts));
  if (lot.facts.good_until().kind() == type::DATE_KIND_BEST_BEFORE)
    attributes.push_back(Attribute("cbvmda:bestBeforeDate", day));
  if (lot.facts.good_until().kind() == type::DATE_KIND_USE_BY)
    attributes.push_back(Attribute("cbvmda:itemExpirationDate", day));
  return Json{{"id", epc_class}, {"attributes", std::move(attributes)}};
}

Json Document::MasterData() const {
  // What the world knows as one lot may be several here: each offer line has lots of its own.
  std::map<std::string, Json> classes;
  for (const auto& [id, lot] : facts_.lots) {
    const std::string epc_class = ClassOf(lot);
    const auto [known, fresh] = classes.try_emplace(epc_class, LotElement(epc_class, lot));
    if (fresh) continue;
    const Json other = LotElement(epc_class, lot);
    Json& attributes = known->second["attributes"];
    for (const Json& attribute : other["attributes"]) {
      if (std::find(attributes.begin(), attributes.end(), attribute) == attributes.end())
        attributes.push_back(attribute);
    }
  }
  Json lots = Json::array();
  for (auto& [epc_class, element] : classes) lots.push_back(std::move(element));
  const auto named = [](const std::map<std::string, std::string>& names) {
    Json elements = Json::array();
    for (const auto& [uri, name] : names)
      elements.push_back(Json{{"id", uri}, {"attributes", Json::array({Attribute("cbvmda:name", name)})}});
    return elements;
  };
  return Json::array({Vocabulary("EPCClass", std::move(lots)), Vocabulary("ReadPoint", named(read_points_)),
                      Vocabulary("BusinessLocation", named(locations_)), Vocabulary("SourceDest", named(parties_))});
}

pb::PlaceKind Document::KindOf(const std::string& place_id) const {
  const auto place = facts_.places.find(place_id);
  return place == facts_.places.end() ? pb::PLACE_KIND_UNSPECIFIED : place->second.kind;
}

std::string Document::ClassOfLot(const std::string& lot_id) const {
  const auto lot = facts_.lots.find(lot_id);
  return lot == facts_.lots.end() ? Urn(lot_id) : ClassOf(lot->second);
}

}  // namespace

std::string TraceEpcis(const TraceFacts& facts) { return Document(facts).Write(); }

}  // namespace kubari::stock
