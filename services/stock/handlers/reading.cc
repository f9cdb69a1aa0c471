#include "services/stock/handlers/reading.h"

#include <absl/strings/str_cat.h>
#include <absl/time/clock.h>

#include <algorithm>

#include "libs/auth/access.h"
#include "libs/errors/macros.h"
#include "libs/ids/ids.h"
#include "libs/paging/paging.h"
#include "services/stock/domain/refusals.h"
#include "services/stock/handlers/paged.h"
#include "services/stock/view.h"

namespace kubari::stock {
namespace {

constexpr int kTraceLimit = 10'000;

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
  violations.Text("gtin", request.gtin(), 0, 14);
  violations.Text("donor_lot_number", request.donor_lot_number(), 0, 20);
  RETURN_IF_ERROR(violations.status());
  ASSIGN_OR_RETURN(const Asked asked, Ask(call, request));
  LotFilter filter{.donor = ById(request.donor()), .offer = ById(request.offer())};
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
  RETURN_IF_ERROR(violations.status());
  ASSIGN_OR_RETURN(const Asked asked, Ask(call, request));
  ASSIGN_OR_RETURN(std::vector<BalanceRow> rows, context_.reading.Balances(call.principal.network_id,
                                                                           {.warehouse = ById(request.warehouse()),
                                                                            .lot = ById(request.lot()),
                                                                            .product = ById(request.product()),
                                                                            .free_only = request.free_only()},
                                                                           asked.page, call.deadline));
  pb::ListBalancesResponse response;
  Cut(asked, rows, response);
  const View view(context_.catalogue, call);
  std::vector<pb::Lot*> shown;
  for (const BalanceRow& row : rows) {
    *response.add_balances() = view.ToProto(row.lot, row.place, row.balance);
    shown.push_back(response.mutable_balances()->rbegin()->mutable_lot());
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
  RETURN_IF_ERROR(violations.status());
  ASSIGN_OR_RETURN(const Asked asked, Ask(call, request));
  MovementFilter filter{.lot = ById(request.lot()),
                        .place = ById(request.place()),
                        .delivery = ById(request.delivery()),
                        .group = ById(request.group())};
  if (request.mine()) filter.actor = call.principal.subject;
  ASSIGN_OR_RETURN(MovementPage found,
                   context_.reading.Movements(call.principal.network_id, filter, asked.page, call.deadline));
  pb::ListMovementsResponse response;
  Cut(asked, found.movements, response);
  if (found.seen_down_to)
    response.set_next_page_token(paging::Encode(asked.fingerprint, {absl::StrCat(*found.seen_down_to)}));
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
  ASSIGN_OR_RETURN(std::vector<pb::Delivery> one, View(context_.catalogue, call).Deliveries({found->second}));
  return std::move(one.front());
}

absl::StatusOr<pb::ListDeliveriesResponse> ReadingHandler::ListDeliveries(const rpc::Call& call,
                                                                          const pb::ListDeliveriesRequest& request) {
  errors::Violations violations;
  CheckOptionalName("groups", "group", request.group(), violations);
  if (request.state() != pb::DELIVERY_STATE_UNSPECIFIED) violations.Enum("state", request.state());
  RETURN_IF_ERROR(violations.status());
  ASSIGN_OR_RETURN(const Asked asked, Ask(call, request));
  DeliveryFilter filter{.group = ById(request.group())};
  if (request.state() != pb::DELIVERY_STATE_UNSPECIFIED) filter.open = request.state() == pb::DELIVERY_STATE_SHIPPED;
  if (!call.scope.whole_network) filter.own_groups = call.scope.organisation_ids;
  ASSIGN_OR_RETURN(std::vector<DeliveryRow> rows,
                   context_.reading.Deliveries(call.principal.network_id, filter, asked.page, call.deadline));
  pb::ListDeliveriesResponse response;
  Cut(asked, rows, response);
  std::vector<Delivery> deliveries;
  for (DeliveryRow& row : rows) deliveries.push_back(std::move(row.delivery));
  ASSIGN_OR_RETURN(const std::vector<pb::Delivery> described, View(context_.catalogue, call).Deliveries(deliveries));
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

  const View view(context_.catalogue, call);
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
