#include "services/stock/handlers/reading.h"

#include <absl/strings/str_cat.h>
#include <absl/time/clock.h>

#include <algorithm>

#include "libs/auth/access.h"
#include "libs/errors/macros.h"
#include "libs/ids/ids.h"
#include "libs/paging/order.h"
#include "libs/paging/paging.h"
#include "libs/registry/fields.h"
#include "services/stock/domain/lot_code.h"
#include "services/stock/domain/refusals.h"
#include "services/stock/handlers/paged.h"
#include "services/stock/handlers/recall_view.h"
#include "services/stock/view.h"

namespace kubari::stock {
namespace {

constexpr int kTraceLimit = 10'000;
constexpr int kMaxQuery = 200;  // characters

GoodsQuery SearchFor(const std::string& query) {
  const kubari::registry::SearchWords words = kubari::registry::SplitQuery(query);
  const std::optional<std::string> lot_code = ReadLotCode(query);
  // With the right check character it is a lot's code, and no product's name spelt nearly so.
  return {.words = lot_code ? words.Exactly() : words, .lot_code = lot_code};
}

// Days of the network's time, the last one included, as moments.
struct Span {
  std::optional<absl::Time> from, before;
};
Span SpanOf(const registry::DayRange& days, const absl::TimeZone& zone) {
  Span span;
  if (days.first) span.from = absl::FromCivil(*days.first, zone);
  if (days.last) span.before = absl::FromCivil(*days.last + 1, zone);
  return span;
}

BalanceOrder OrderOf(const paging::Order& order) {
  if (order.field == "product") return BalanceOrder::kProduct;
  if (order.field == "place") return BalanceOrder::kPlace;
  if (order.field == "on_hand") return BalanceOrder::kOnHand;
  if (order.field == "free") return BalanceOrder::kFree;
  return BalanceOrder::kGoodUntil;
}

// To a donor's user: which groups of these movements agreed to be named. Others need no such leave.
absl::StatusOr<std::set<std::string>> NamedToDonors(const Context& context, const rpc::Call& call,
                                                    const std::vector<Movement>& movements) {
  std::set<std::string> groups, named;
  if (call.scope.whole_network || !call.principal.HasRole(kubari::type::v1::ROLE_DONOR)) return named;
  for (const Movement& movement : movements) {
    if (!movement.group_id.empty()) groups.insert(movement.group_id);
  }
  for (const std::string& group_id : groups) {
    const absl::StatusOr<groups::v1::Group> group = context.registers.GetGroup(call, ids::Name("groups", group_id));
    if (absl::IsNotFound(group.status())) continue;
    RETURN_IF_ERROR(group.status());
    if (group->may_be_named_to_donors()) named.insert(group_id);
  }
  return named;
}

// Whoever did something, by the name of the principal.
void CheckActor(const std::string& actor, errors::Violations& violations) {
  if (actor.empty()) return;
  const bool known =
      ids::IdFromName("people", actor) || ids::IdFromName("devices", actor) || ids::IdFromName("apiKeys", actor);
  violations.Require(known, "actor", "NOT_A_NAME", "Give people/{uuid}, devices/{uuid} or apiKeys/{uuid}.",
                     "people/{uuid}・devices/{uuid}・apiKeys/{uuid} のいずれかの形で指定してください。");
}

}  // namespace

absl::StatusOr<pb::Lot> ReadingHandler::GetLot(const rpc::Call& call, const pb::GetLotRequest& request) {
  ASSIGN_OR_RETURN(const Lot lot, FindLotByNameOrCode(context_, call, request.name()));
  ASSIGN_OR_RETURN(std::vector<pb::Lot> one, View(context_.catalogue, call).Lots({lot}));
  return std::move(one.front());
}

absl::StatusOr<pb::ListLotsResponse> ReadingHandler::ListLots(const rpc::Call& call,
                                                              const pb::ListLotsRequest& request) {
  errors::Violations violations;
  CheckOptionalName("donors", "donor", request.donor(), violations);
  CheckOptionalName("offers", "offer", request.offer(), violations);
  CheckOptionalName("products", "product", request.product(), violations);
  violations.Text("gtin", request.gtin(), 0, 14);
  violations.Text("donor_lot_number", request.donor_lot_number(), 0, 20);
  violations.Text("query", request.query(), 0, kMaxQuery);
  const paging::Order order = paging::ReadOrder(request.order_by(), {"good_until", "good_until desc"}, violations);
  RETURN_IF_ERROR(violations.status());
  ASSIGN_OR_RETURN(const Asked asked, Ask(call, request));
  LotFilter filter{.donor = ById(request.donor()),
                   .offer = ById(request.offer()),
                   .product = ById(request.product()),
                   .in_stock = request.in_stock(),
                   .query = SearchFor(request.query()),
                   .latest_first = order.descending};
  if (!request.gtin().empty()) filter.gtin = request.gtin();
  if (!request.donor_lot_number().empty()) filter.donor_lot_number = request.donor_lot_number();
  if (!call.scope.whole_network) filter.own_donors = call.scope.organisation_ids;
  ASSIGN_OR_RETURN(std::vector<Lot> lots,
                   context_.reading.Lots(call.principal.network_id, filter, asked.page, call.deadline));
  pb::ListLotsResponse response;
  Cut(asked, lots, response);
  ASSIGN_OR_RETURN(const std::vector<pb::Lot> described, View(context_.catalogue, call).Lots(lots));
  response.mutable_lots()->Assign(described.begin(), described.end());
  return response;
}

absl::StatusOr<pb::ListBalancesResponse> ReadingHandler::ListBalances(const rpc::Call& call,
                                                                      const pb::ListBalancesRequest& request) {
  errors::Violations violations;
  CheckOptionalName("warehouses", "warehouse", request.warehouse(), violations);
  CheckOptionalName("lots", "lot", request.lot(), violations);
  CheckOptionalName("products", "product", request.product(), violations);
  CheckOptionalName("places", "place", request.place(), violations);
  violations.Text("query", request.query(), 0, kMaxQuery);
  if (request.temperature_zone() != kubari::type::v1::TEMPERATURE_ZONE_UNSPECIFIED)
    violations.Enum("temperature_zone", request.temperature_zone());
  std::optional<absl::CivilDay> before;
  if (!request.good_until_before_date().empty())
    before = registry::CheckDay(violations, "good_until_before_date", request.good_until_before_date());
  const paging::Order by = paging::ReadOrder(request.order_by(),
                                             {"good_until", "good_until desc", "product", "product desc", "place",
                                              "place desc", "on_hand desc", "on_hand", "free desc", "free"},
                                             violations);
  RETURN_IF_ERROR(violations.status());
  ASSIGN_OR_RETURN(const Asked asked, Ask(call, request));
  const BalanceFilter filter{.warehouse = ById(request.warehouse()),
                             .lot = ById(request.lot()),
                             .product = ById(request.product()),
                             .place = ById(request.place()),
                             .free_only = request.free_only(),
                             .query = SearchFor(request.query()),
                             .good_until_before = before,
                             .zone = request.temperature_zone(),
                             .order = OrderOf(by),
                             .descending = by.descending};
  ASSIGN_OR_RETURN(std::vector<BalanceRow> rows,
                   context_.reading.Balances(call.principal.network_id, filter, asked.page, call.deadline));
  pb::ListBalancesResponse response;
  Cut(asked, rows, response, [&](const BalanceRow& last) { return KeyOf(last, filter.order); });
  const View view(context_.catalogue, call);
  std::vector<pb::Lot*> shown;
  for (const BalanceRow& row : rows) {
    *response.add_balances() = view.ToProto(row.lot, row.place, row.balance);
    shown.push_back(response.mutable_balances()->rbegin()->mutable_lot());
  }
  RETURN_IF_ERROR(view.TellRecalls(shown));
  return response;
}

absl::StatusOr<pb::ListHoldingsResponse> ReadingHandler::ListHoldings(const rpc::Call& call,
                                                                      const pb::ListHoldingsRequest& request) {
  std::string group = request.group();
  const std::vector<std::string> own = call.principal.OrganisationsWith(kubari::type::v1::ROLE_GROUP);
  if (group.empty() && !call.scope.whole_network && own.size() == 1) group = ids::Name("groups", own.front());
  errors::Violations violations;
  violations.Name("groups", "group", group);
  RETURN_IF_ERROR(violations.status());
  if (!call.scope.whole_network && !call.scope.Includes(IdOf(group))) return auth::NotYourOrganisation(group);
  ASSIGN_OR_RETURN(const Asked asked, Ask(call, request));
  const std::string place = StandInPlaceId(call.principal.network_id, pb::PLACE_KIND_GROUP, group);
  ASSIGN_OR_RETURN(std::vector<HoldingRow> rows,
                   context_.reading.Holdings(call.principal.network_id, place, asked.page, call.deadline));
  pb::ListHoldingsResponse response;
  Cut(asked, rows, response);
  const View view(context_.catalogue, call);
  std::vector<pb::Lot*> shown;
  for (const HoldingRow& row : rows) {
    pb::Holding& holding = *response.add_holdings();
    *holding.mutable_lot() = view.ToProto(row.lot);
    holding.set_items(row.items);
    shown.push_back(holding.mutable_lot());
  }
  RETURN_IF_ERROR(view.TellRecalls(shown));
  return response;
}

absl::StatusOr<pb::ListMovementsResponse> ReadingHandler::ListMovements(const rpc::Call& call,
                                                                        const pb::ListMovementsRequest& request) {
  errors::Violations violations;
  CheckOptionalName("lots", "lot", request.lot(), violations);
  CheckOptionalName("places", "place", request.place(), violations);
  CheckOptionalName("deliveries", "delivery", request.delivery(), violations);
  CheckOptionalName("groups", "group", request.group(), violations);
  CheckOptionalName("warehouses", "warehouse", request.warehouse(), violations);
  CheckActor(request.actor(), violations);
  violations.Require(request.actor().empty() || !request.mine(), "mine", "NOT_BOTH",
                     "Either your own movements or those of `actor`; leave one out.",
                     "mine と actor はどちらか一方だけを指定してください。");
  for (int i = 0; i < request.kinds_size(); ++i) violations.Enum(absl::StrCat("kinds[", i, "]"), request.kinds(i));
  const registry::DayRange days = registry::CheckDays(violations, "recorded_from_date", request.recorded_from_date(),
                                                      "recorded_to_date", request.recorded_to_date());
  const paging::Order order = paging::ReadOrder(request.order_by(), {"position desc", "position"}, violations);
  RETURN_IF_ERROR(violations.status());
  ASSIGN_OR_RETURN(const Asked asked, Ask(call, request));
  const Span recorded = SpanOf(days, ZoneOf(call));
  MovementFilter filter{.lot = ById(request.lot()),
                        .place = ById(request.place()),
                        .delivery = ById(request.delivery()),
                        .group = ById(request.group()),
                        .warehouse = ById(request.warehouse()),
                        .recorded_from = recorded.from,
                        .recorded_before = recorded.before,
                        .oldest_first = !order.descending};
  if (!request.actor().empty()) filter.actor = request.actor();
  if (request.mine()) filter.actor = call.principal.subject;
  if (request.kinds_size() > 0) filter.kinds.emplace(request.kinds().begin(), request.kinds().end());
  ASSIGN_OR_RETURN(MovementPage found,
                   context_.reading.Movements(call.principal.network_id, filter, asked.page, call.deadline));
  pb::ListMovementsResponse response;
  Cut(asked, found.movements, response);
  if (found.seen_to) response.set_next_page_token(paging::Encode(asked.fingerprint, {absl::StrCat(*found.seen_to)}));
  ASSIGN_OR_RETURN(const std::vector<pb::Movement> described,
                   View(context_.catalogue, call).Movements(found.movements));
  response.mutable_movements()->Assign(described.begin(), described.end());
  return response;
}

absl::StatusOr<pb::Delivery> ReadingHandler::GetDelivery(const rpc::Call& call, const pb::GetDeliveryRequest& request) {
  errors::Violations violations;
  violations.Name("deliveries", "name", request.name());
  RETURN_IF_ERROR(violations.status());
  Needs needs;
  needs.deliveries.insert(IdOf(request.name()));
  ASSIGN_OR_RETURN(const State state, context_.ledger.Peek(call.principal.network_id, needs, call.deadline));
  const auto found = state.deliveries.find(IdOf(request.name()));
  if (found == state.deliveries.end() || found->second.issued() == 0) return refusals::DeliveryNotFound(request.name());
  if (!call.scope.whole_network && !call.scope.Includes(found->second.group_id))
    return auth::NotYourOrganisation(request.name());
  ASSIGN_OR_RETURN(std::vector<pb::Delivery> one, ShowDeliveries(context_, call, {found->second}));
  return std::move(one.front());
}

absl::StatusOr<pb::ListDeliveriesResponse> ReadingHandler::ListDeliveries(const rpc::Call& call,
                                                                          const pb::ListDeliveriesRequest& request) {
  errors::Violations violations;
  CheckOptionalName("groups", "group", request.group(), violations);
  if (request.state() != pb::DELIVERY_STATE_UNSPECIFIED) violations.Enum("state", request.state());
  const registry::DayRange days = registry::CheckDays(violations, "ship_from_date", request.ship_from_date(),
                                                      "ship_to_date", request.ship_to_date());
  const paging::Order order = paging::ReadOrder(request.order_by(), {"ship_time desc", "ship_time"}, violations);
  RETURN_IF_ERROR(violations.status());
  ASSIGN_OR_RETURN(const Asked asked, Ask(call, request));
  const Span shipped = SpanOf(days, ZoneOf(call));
  DeliveryFilter filter{.group = ById(request.group()),
                        .shipped_from = shipped.from,
                        .shipped_before = shipped.before,
                        .oldest_first = !order.descending};
  if (request.state() != pb::DELIVERY_STATE_UNSPECIFIED) filter.open = request.state() == pb::DELIVERY_STATE_SHIPPED;
  if (!call.scope.whole_network) filter.own_groups = call.scope.organisation_ids;
  // Most act for one group only, which has an index of its own.
  if (filter.own_groups && filter.own_groups->size() == 1 && !filter.group) filter.group = filter.own_groups->front();
  ASSIGN_OR_RETURN(std::vector<Delivery> deliveries,
                   context_.reading.Deliveries(call.principal.network_id, filter, asked.page, call.deadline));
  pb::ListDeliveriesResponse response;
  Cut(asked, deliveries, response);
  ASSIGN_OR_RETURN(const std::vector<pb::Delivery> described, ShowDeliveries(context_, call, deliveries));
  response.mutable_deliveries()->Assign(described.begin(), described.end());
  return response;
}

absl::StatusOr<pb::Transfer> ReadingHandler::GetTransfer(const rpc::Call& call, const pb::GetTransferRequest& request) {
  errors::Violations violations;
  violations.Name("transfers", "name", request.name());
  RETURN_IF_ERROR(violations.status());
  Needs needs;
  needs.shipments.insert(IdOf(request.name()));
  ASSIGN_OR_RETURN(const State state, context_.ledger.Peek(call.principal.network_id, needs, call.deadline));
  const auto found = state.shipments.find(IdOf(request.name()));
  if (found == state.shipments.end() || found->second.sent() == 0) return refusals::TransferNotFound(request.name());
  ASSIGN_OR_RETURN(std::vector<pb::Transfer> one, View(context_.catalogue, call).Transfers({found->second}));
  return std::move(one.front());
}

absl::StatusOr<pb::ListTransfersResponse> ReadingHandler::ListTransfers(const rpc::Call& call,
                                                                        const pb::ListTransfersRequest& request) {
  errors::Violations violations;
  CheckOptionalName("warehouses", "warehouse", request.warehouse(), violations);
  if (request.state() != pb::TRANSFER_STATE_UNSPECIFIED) violations.Enum("state", request.state());
  RETURN_IF_ERROR(violations.status());
  ASSIGN_OR_RETURN(const Asked asked, Ask(call, request));
  TransferFilter filter{.warehouse = ById(request.warehouse())};
  if (request.state() != pb::TRANSFER_STATE_UNSPECIFIED) filter.open = request.state() == pb::TRANSFER_STATE_SENT;
  ASSIGN_OR_RETURN(std::vector<ShipmentRow> rows,
                   context_.reading.Transfers(call.principal.network_id, filter, asked.page, call.deadline));
  pb::ListTransfersResponse response;
  Cut(asked, rows, response);
  std::vector<Shipment> shipments;
  for (ShipmentRow& row : rows) shipments.push_back(std::move(row.shipment));
  ASSIGN_OR_RETURN(const std::vector<pb::Transfer> described, View(context_.catalogue, call).Transfers(shipments));
  response.mutable_transfers()->Assign(described.begin(), described.end());
  return response;
}

absl::StatusOr<pb::TraceLotResponse> ReadingHandler::TraceLot(const rpc::Call& call,
                                                              const pb::TraceLotRequest& request) {
  const std::string& network = call.principal.network_id;
  ASSIGN_OR_RETURN(const Lot lot, FindLotByNameOrCode(context_, call, request.lot()));
  if (!call.scope.whole_network && !call.scope.Includes(IdOf(lot.facts.donor()))) {
    ASSIGN_OR_RETURN(const bool received,
                     context_.reading.AnyReceived(network, lot.id, call.scope.organisation_ids, call.deadline));
    if (!received) return auth::NotYourOrganisation(lot.facts.name());
  }
  ASSIGN_OR_RETURN(const std::vector<Movement> movements,
                   context_.reading.LotHistory(network, lot.id, kTraceLimit, call.deadline));
  ASSIGN_OR_RETURN(const auto holders, context_.ledger.Holders(network, lot.id, call.deadline));
  std::set<std::string> place_ids;
  for (const auto& [place, balance] : holders) place_ids.insert(place);
  ASSIGN_OR_RETURN(const auto places, context_.catalogue.Places(network, place_ids, call.deadline));

  View view(context_.catalogue, call);
  ASSIGN_OR_RETURN(std::set<std::string> named, NamedToDonors(context_, call, movements));
  view.MayName(std::move(named));
  pb::TraceLotResponse response;
  *response.mutable_lot() = view.ToProto(lot);
  RETURN_IF_ERROR(view.TellRecalls({response.mutable_lot()}));
  if (!lot.facts.offer_line().empty()) {
    response.set_offer(lot.facts.offer_line().substr(0, lot.facts.offer_line().find("/lines/")));
    response.set_offer_title(lot.offer_title);
  }
  ASSIGN_OR_RETURN(const std::vector<pb::Movement> described, view.Movements(movements));
  response.mutable_movements()->Assign(described.begin(), described.end());
  for (const auto& [place_id, balance] : holders) {
    pb::Holder& holder = *response.add_holders();
    if (const auto place = places.find(place_id); place != places.end())
      *holder.mutable_place() = view.ToProto(place->second, &lot);
    holder.set_items(balance.on_hand);
  }
  return response;
}

absl::StatusOr<pb::ReadFeedResponse> ReadingHandler::ReadFeed(const rpc::Call& call,
                                                              const pb::ReadFeedRequest& request) {
  errors::Violations violations;
  violations.Require(request.position() >= 0, "position", "OUT_OF_RANGE", "Positions start at 0.", "位置は0以上です。");
  violations.Range("page_size", request.page_size(), 0, 1'000);
  violations.Range("wait_milliseconds", request.wait_milliseconds(), 0, 20'000);
  RETURN_IF_ERROR(violations.status());
  const int limit = request.page_size() == 0 ? 200 : request.page_size();
  ASSIGN_OR_RETURN(const std::vector<Movement> movements,
                   NextMovements(call, request.position(), limit, absl::Milliseconds(request.wait_milliseconds())));
  Needs needs;
  for (const Movement& movement : movements) {
    if (!movement.reverses.empty()) needs.movements.insert(movement.reverses);
  }
  State state;
  if (!needs.movements.empty()) {
    ASSIGN_OR_RETURN(state, context_.ledger.Peek(call.principal.network_id, needs, call.deadline));
  }
  ASSIGN_OR_RETURN(const std::vector<pb::FeedEntry> entries,
                   View(context_.catalogue, call).FeedEntries(movements, state.movements));
  pb::ReadFeedResponse response;
  response.mutable_entries()->Assign(entries.begin(), entries.end());
  response.set_next_position(movements.empty() ? request.position() : movements.back().position + 1);
  return response;
}

absl::StatusOr<std::vector<Movement>> ReadingHandler::NextMovements(const rpc::Call& call, int64_t position, int limit,
                                                                    absl::Duration wait) {
  // Another process may have written: without word from the own writer the database is asked this often.
  constexpr absl::Duration kStep = absl::Milliseconds(250);
  const std::string& network = call.principal.network_id;
  const absl::Time until = std::min(absl::Now() + wait, call.deadline - absl::Milliseconds(500));
  ASSIGN_OR_RETURN(std::vector<Movement> found, context_.ledger.Feed(network, position, limit, call.deadline));
  if (!found.empty() || wait == absl::ZeroDuration()) return found;
  if (waiting_.fetch_add(1) >= max_waiting_) {
    waiting_.fetch_sub(1);
    return found;
  }
  while (found.empty() && absl::Now() < until && !call.cancelled()) {
    context_.writer.WaitBeyond(network, position, std::min(until, absl::Now() + kStep));
    absl::StatusOr<std::vector<Movement>> next = context_.ledger.Feed(network, position, limit, call.deadline);
    if (!next.ok()) {
      waiting_.fetch_sub(1);
      return next;
    }
    found = *std::move(next);
  }
  waiting_.fetch_sub(1);
  return found;
}

}  // namespace kubari::stock
