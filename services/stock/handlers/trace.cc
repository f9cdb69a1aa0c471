#include "services/stock/handlers/trace.h"

#include <absl/strings/str_cat.h>

#include <algorithm>
#include <set>

#include "libs/auth/access.h"
#include "libs/errors/macros.h"
#include "libs/ids/ids.h"
#include "services/stock/domain/epcis.h"
#include "services/stock/domain/lot_code.h"
#include "services/stock/domain/refusals.h"
#include "services/stock/handlers/asked_goods.h"
#include "services/stock/handlers/recall_view.h"
#include "services/stock/recall_store.h"
#include "services/stock/view.h"

namespace kubari::stock {
namespace {

constexpr int kMaxLots = 1'000;
constexpr int kMaxLinks = 5'000;
constexpr int kMaxHolders = 1'000;
constexpr int kMaxDeliveries = 1'000;
constexpr int kMaxMovements = 10'000;  // of a file: so it stays below the size of a message

pg::TxContext In(const rpc::Call& call) { return {.network_id = call.principal.network_id, .deadline = call.deadline}; }

// Takes what is too many off, and remembers that.
template <typename T>
void Cut(std::vector<T>& list, size_t limit, bool& incomplete) {
  if (list.size() <= limit) return;
  list.erase(list.begin() + static_cast<std::ptrdiff_t>(limit), list.end());
  incomplete = true;
}

}  // namespace

absl::StatusOr<pb::TraceResponse> TraceHandler::TraceForward(const rpc::Call& call,
                                                             const pb::TraceForwardRequest& request) {
  errors::Violations violations;
  CheckGoods(request.goods(), "goods", violations);
  RETURN_IF_ERROR(violations.status());
  ASSIGN_OR_RETURN(const AskedGoods asked, ReadGoods(context_, call, request.goods()));
  const auto look = [&](pg::Transaction& tx) -> absl::StatusOr<Found> {
    ASSIGN_OR_RETURN(const std::vector<std::string> seeds, recalls::LotsNamedBy(tx, asked.goods, kMaxLots + 1));
    if (seeds.empty()) return refusals::NoSuchGoods();
    Found found;
    ASSIGN_OR_RETURN(found.lineage, trace::FollowLots(tx, seeds, Direction::kForward, kMaxLots));
    const std::vector<std::string>& lots = found.lineage.lots;
    ASSIGN_OR_RETURN(found.holdings, trace::HoldingsOf(tx, lots, trace::Where::kAnywhere, kMaxHolders + 1));
    ASSIGN_OR_RETURN(found.arrivals, trace::ArrivalsOf(tx, lots));
    ASSIGN_OR_RETURN(found.deliveries, trace::DeliveriesOf(tx, lots, kMaxDeliveries + 1));
    return found;
  };
  ASSIGN_OR_RETURN(Found found, context_.pool.Read(In(call), look));
  return Describe(call, std::move(found));
}

absl::StatusOr<pb::TraceResponse> TraceHandler::TraceBackward(const rpc::Call& call,
                                                              const pb::TraceBackwardRequest& request) {
  if (ids::IdFromName("deliveries", request.subject())) return BehindDelivery(call, request.subject());
  errors::Violations violations;
  violations.Require(ids::IdFromName("lots", request.subject()) || ReadLotCode(request.subject()), "subject",
                     request.subject().empty() ? "REQUIRED" : "NOT_A_NAME",
                     "Expected deliveries/{uuid}, lots/{uuid} or a lot's code.",
                     "deliveries/{uuid}、lots/{uuid}、またはロットコードを指定してください。");
  RETURN_IF_ERROR(violations.status());
  return BehindLot(call, request.subject());
}

absl::StatusOr<pb::TraceResponse> TraceHandler::BehindDelivery(const rpc::Call& call, const std::string& name) {
  Needs needs;
  needs.deliveries.insert(IdOf(name));
  ASSIGN_OR_RETURN(const State state, context_.ledger.Peek(call.principal.network_id, needs, call.deadline));
  const auto delivery = state.deliveries.find(IdOf(name));
  if (delivery == state.deliveries.end() || delivery->second.issued() == 0) return refusals::DeliveryNotFound(name);
  if (!call.scope.whole_network && !call.scope.Includes(delivery->second.group_id))
    return auth::NotYourOrganisation(name);
  std::vector<std::string> seeds;
  for (const auto& [lot, line] : delivery->second.lines) {
    if (line.issued > 0) seeds.push_back(lot);
  }
  const auto look = [&](pg::Transaction& tx) -> absl::StatusOr<Found> {
    Found found;
    ASSIGN_OR_RETURN(found.lineage, trace::FollowLots(tx, seeds, Direction::kBackward, kMaxLots));
    ASSIGN_OR_RETURN(found.arrivals, trace::ArrivalsOf(tx, found.lineage.lots));
    ASSIGN_OR_RETURN(found.deliveries,
                     trace::DeliveriesBehind(tx, delivery->first, found.lineage.lots, kMaxDeliveries + 1));
    return found;
  };
  ASSIGN_OR_RETURN(Found found, context_.pool.Read(In(call), look));
  // Who received it, or will.
  const std::string group = ids::Name("groups", delivery->second.group_id);
  for (const auto& [lot, line] : delivery->second.lines) {
    const auto add = [&](pb::PlaceKind kind, int64_t items) {
      if (items > 0) found.holdings.push_back({lot, StandInPlaceId(call.principal.network_id, kind, group), items, 0});
    };
    add(pb::PLACE_KIND_GROUP, line.confirmed);
    add(pb::PLACE_KIND_DELIVERY, line.open());
  }
  return Describe(call, std::move(found));
}

absl::StatusOr<pb::TraceResponse> TraceHandler::BehindLot(const rpc::Call& call, const std::string& name) {
  const std::string& network = call.principal.network_id;
  ASSIGN_OR_RETURN(const Lot lot, FindLotByNameOrCode(context_, call, name));
  if (!call.scope.whole_network) {
    ASSIGN_OR_RETURN(const bool received,
                     context_.reading.AnyReceived(network, lot.id, call.scope.organisation_ids, call.deadline));
    if (!received) return auth::NotYourOrganisation(lot.facts.name());
  }
  const auto look = [&](pg::Transaction& tx) -> absl::StatusOr<Found> {
    Found found;
    ASSIGN_OR_RETURN(found.lineage, trace::FollowLots(tx, {lot.id}, Direction::kBackward, kMaxLots));
    ASSIGN_OR_RETURN(found.arrivals, trace::ArrivalsOf(tx, found.lineage.lots));
    return found;
  };
  ASSIGN_OR_RETURN(Found found, context_.pool.Read(In(call), look));
  return Describe(call, std::move(found));
}

absl::StatusOr<pb::TraceResponse> TraceHandler::Describe(const rpc::Call& call, Found found) {
  bool incomplete = found.lineage.incomplete;
  Cut(found.lineage.links, kMaxLinks, incomplete);
  Cut(found.holdings, kMaxHolders, incomplete);
  Cut(found.deliveries, kMaxDeliveries, incomplete);
  pb::TraceResponse response;
  response.set_incomplete(incomplete);
  ASSIGN_OR_RETURN(const std::vector<pb::Lot> lots, ShowLots(context_, call, found.lineage.lots));
  response.mutable_lots()->Assign(lots.begin(), lots.end());
  for (const LotLink& link : found.lineage.links) {
    pb::LotLink& out = *response.add_links();
    out.set_from_lot(ids::Name("lots", link.from_lot));
    out.set_to_lot(ids::Name("lots", link.to_lot));
    out.set_transformation(ids::Name("transformations", link.transformation_id));
    out.set_from_items(link.from_items);
    out.set_to_items(link.to_items);
  }
  ASSIGN_OR_RETURN(const std::vector<pb::LotHolder> holders, ShowHolders(context_, call, found.holdings));
  response.mutable_holders()->Assign(holders.begin(), holders.end());
  RETURN_IF_ERROR(AddSources(call, found, response));
  ASSIGN_OR_RETURN(const std::vector<Delivery> deliveries, DeliveriesOf(call, found.deliveries));
  ASSIGN_OR_RETURN(const std::vector<pb::Delivery> shown, ShowDeliveries(context_, call, deliveries));
  response.mutable_deliveries()->Assign(shown.begin(), shown.end());
  return response;
}

absl::Status TraceHandler::AddSources(const rpc::Call& call, const Found& found, pb::TraceResponse& response) {
  std::set<std::string> ids;
  for (const auto& [lot, arrival] : found.arrivals) ids.insert(lot);
  ASSIGN_OR_RETURN(const auto lots, context_.catalogue.Lots(call.principal.network_id, ids, call.deadline));
  const View view(context_.catalogue, call);
  for (const std::string& id : found.lineage.lots) {
    const auto arrival = found.arrivals.find(id);
    const auto lot = lots.find(id);
    if (arrival == found.arrivals.end() || lot == lots.end()) continue;
    const pb::Lot shown = view.ToProto(lot->second);
    pb::LotSource& source = *response.add_sources();
    source.set_lot(shown.name());
    source.set_donor_lot_number(shown.donor_lot_number());
    source.set_received_items(arrival->second.items);
    SetTime(arrival->second.first_time, source.mutable_first_receive_time());
    // Who may not know the donor's name may not guess it by the offer either.
    if (shown.donor_display_name().empty() && !lot->second.facts.donor_display_name().empty()) continue;
    source.set_donor(shown.donor());
    source.set_donor_display_name(shown.donor_display_name());
    if (shown.offer_line().empty()) continue;
    source.set_offer(shown.offer_line().substr(0, shown.offer_line().find("/lines/")));
    source.set_offer_title(lot->second.offer_title);
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<Delivery>> TraceHandler::DeliveriesOf(const rpc::Call& call,
                                                                 const std::vector<std::string>& deliveries) {
  std::vector<Delivery> found;
  if (deliveries.empty()) return found;
  Needs needs;
  needs.deliveries.insert(deliveries.begin(), deliveries.end());
  ASSIGN_OR_RETURN(State state, context_.ledger.Peek(call.principal.network_id, needs, call.deadline));
  for (const std::string& id : deliveries) {
    const auto delivery = state.deliveries.find(id);
    if (delivery == state.deliveries.end()) continue;
    if (call.scope.whole_network || call.scope.Includes(delivery->second.group_id))
      found.push_back(std::move(delivery->second));
  }
  return found;
}

// As a file ----------------------------------------------------------------------------------------------------------

absl::StatusOr<TraceFacts> TraceHandler::FactsOf(const rpc::Call& call, const Goods& goods) {
  TraceFacts facts{.now = context_.clock.Now(), .zone = ZoneOf(call), .japanese = call.principal.locale != "en"};
  const auto look = [&](pg::Transaction& tx) -> absl::Status {
    ASSIGN_OR_RETURN(const std::vector<std::string> seeds, recalls::LotsNamedBy(tx, goods, kMaxLots + 1));
    if (seeds.empty()) return refusals::NoSuchGoods();
    ASSIGN_OR_RETURN(const Lineage back, trace::FollowLots(tx, seeds, Direction::kBackward, kMaxLots));
    ASSIGN_OR_RETURN(const Lineage forth, trace::FollowLots(tx, seeds, Direction::kForward, kMaxLots));
    std::set<std::string> lots(back.lots.begin(), back.lots.end());
    lots.insert(forth.lots.begin(), forth.lots.end());
    ASSIGN_OR_RETURN(facts.movements, trace::MovementsOf(tx, {lots.begin(), lots.end()}, kMaxMovements + 1));
    if (back.incomplete || forth.incomplete || facts.movements.size() > kMaxMovements)
      return refusals::TraceTooLong(static_cast<int64_t>(lots.size()), static_cast<int64_t>(facts.movements.size()));
    return absl::OkStatus();
  };
  RETURN_IF_ERROR(context_.pool.Read(In(call), look));
  facts.links = LinksOf(facts.movements);

  std::set<std::string> lot_ids, place_ids, warehouse_ids;
  for (const Movement& movement : facts.movements) {
    lot_ids.insert(movement.lot_id);
    place_ids.insert({movement.from_place, movement.to_place});
  }
  const std::string& network = call.principal.network_id;
  ASSIGN_OR_RETURN(facts.lots, context_.catalogue.Lots(network, lot_ids, call.deadline));
  ASSIGN_OR_RETURN(facts.places, context_.catalogue.Places(network, place_ids, call.deadline));
  for (const auto& [id, place] : facts.places) {
    warehouse_ids.insert(place.warehouse_id);
    warehouse_ids.insert(ids::IdFromName("warehouses", place.party).value_or(""));
  }
  ASSIGN_OR_RETURN(facts.warehouses, context_.catalogue.Warehouses(network, warehouse_ids, call.deadline));
  return facts;
}

absl::StatusOr<pb::ExportTraceResponse> TraceHandler::ExportTrace(const rpc::Call& call,
                                                                  const pb::ExportTraceRequest& request) {
  errors::Violations violations;
  CheckGoods(request.goods(), "goods", violations);
  violations.Enum("format", request.format());
  RETURN_IF_ERROR(violations.status());
  ASSIGN_OR_RETURN(const AskedGoods asked, ReadGoods(context_, call, request.goods()));
  ASSIGN_OR_RETURN(const TraceFacts facts, FactsOf(call, asked.goods));
  // Named for one lot, or for the product.
  std::string what = asked.goods.gtin;
  if (asked.goods.lots.size() == 1 && asked.goods.gtin.empty()) what = facts.lots.at(asked.goods.lots[0]).code();
  if (what.empty()) what = "lots";
  pb::ExportTraceResponse response;
  const bool csv = request.format() == pb::TRACE_FORMAT_CSV;
  response.set_content(csv ? TraceCsv(facts) : TraceEpcis(facts));
  response.set_file_name(absl::StrCat("trace-", what, csv ? ".csv" : ".epcis.jsonld"));
  response.set_content_type(csv ? "text/csv; charset=utf-8" : "application/ld+json");
  return response;
}

}  // namespace kubari::stock
