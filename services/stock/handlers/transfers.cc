// What goes from shelf to shelf: within a warehouse in one step, to another warehouse in two.
#include <absl/strings/str_cat.h>

#include "libs/auth/access.h"
#include "libs/errors/macros.h"
#include "libs/ids/ids.h"
#include "services/stock/domain/refusals.h"
#include "services/stock/handlers/movements.h"

namespace kubari::stock {
namespace {

constexpr int kMaxGoods = 200;

absl::StatusOr<Shipment> FindTransfer(const Context& context, const rpc::Call& call, const std::string& name) {
  Needs needs;
  needs.shipments.insert(IdOf(name));
  ASSIGN_OR_RETURN(State state, context.ledger.Peek(call.principal.network_id, needs, call.deadline));
  const auto found = state.shipments.find(IdOf(name));
  if (found == state.shipments.end() || found->second.sent() == 0) return refusals::TransferNotFound(name);
  return std::move(found->second);
}

template <typename Response>
absl::Status AnswerTransfer(const Context& context, const rpc::Call& call, const std::string& name,
                            const Outcome& outcome, Response& response) {
  Needs needs;
  needs.shipments.insert(IdOf(name));
  ASSIGN_OR_RETURN(State state, context.ledger.Peek(call.principal.network_id, needs, call.deadline));
  ASSIGN_OR_RETURN(const std::vector<pb::Transfer> transfers,
                   View(context.catalogue, call).Transfers({state.shipments[IdOf(name)]}));
  *response.mutable_transfer() = transfers.front();
  return AnswerAll(context, call, outcome, response);
}

}  // namespace

// TransferStock ------------------------------------------------------------------------------------------------------

absl::StatusOr<Command> Prepare(const Context& context, const rpc::Call& call,
                                const pb::TransferStockRequest& request) {
  errors::Violations violations;
  const absl::Time occurred = CheckCommand(context, request, violations);
  violations.Name("lots", "lot", request.lot());
  violations.Name("places", "from_place", request.from_place());
  if (violations.Name("places", "to_place", request.to_place())) {
    violations.Require(request.from_place() != request.to_place(), "to_place", "MISMATCH",
                       "The goods are on this shelf already.", "移動元と同じ棚です。");
  }
  violations.Range("items", request.items(), 1, kMaxItems);
  RETURN_IF_ERROR(violations.status());

  Transfer transfer{.items = request.items()};
  ASSIGN_OR_RETURN(transfer.from, FindShelf(context, call, request.from_place()));
  ASSIGN_OR_RETURN(transfer.to, FindShelf(context, call, request.to_place()));
  ASSIGN_OR_RETURN(transfer.lot, FindLot(context, call, request.lot()));
  RETURN_IF_ERROR(CheckOwnShelf(context, call, transfer.from));
  if (transfer.lot.facts.temperature_zone() != transfer.to.zone)
    return refusals::TemperatureMismatch(transfer.lot, transfer.to);
  if (transfer.from.warehouse_id != transfer.to.warehouse_id)
    return refusals::OtherWarehouse(transfer.from, transfer.to);
  Command command = BeginCommand(context, call, request.request_id(), request, occurred, request.note());
  command.action = std::move(transfer);
  return command;
}

absl::Status Answer(const Context& context, const rpc::Call& call, const pb::TransferStockRequest&,
                    const Outcome& outcome, pb::TransferStockResponse& response) {
  return AnswerOne(context, call, outcome, response);
}

// SendTransfer -------------------------------------------------------------------------------------------------------

absl::StatusOr<Command> Prepare(const Context& context, const rpc::Call& call, const pb::SendTransferRequest& request) {
  errors::Violations violations;
  const absl::Time occurred = CheckCommand(context, request, violations);
  violations.Uuid("transfer_id", request.transfer_id());
  violations.Name("warehouses", "to_warehouse", request.to_warehouse());
  violations.Range("goods", request.goods_size(), 1, kMaxGoods);
  CheckEachGoods(request.goods(), "goods", violations);
  RETURN_IF_ERROR(violations.status());

  Send send{.transfer_id = request.transfer_id(), .to_warehouse_id = IdOf(request.to_warehouse())};
  ASSIGN_OR_RETURN(const pb::Warehouse to, FindWarehouse(context, call, request.to_warehouse()));
  ASSIGN_OR_RETURN(send.goods, FindEachGoods(context, call, request.goods()));
  const Place& first = send.goods.front().shelf;
  send.from_warehouse_id = first.warehouse_id;
  RETURN_IF_ERROR(CheckOwnShelf(context, call, first));
  RETURN_IF_ERROR(CheckOneWarehouse(first, send.goods));
  violations.Require(send.from_warehouse_id != send.to_warehouse_id, "to_warehouse", "MISMATCH",
                     "The goods are in this warehouse already; use TransferStock.",
                     "移動先が同じ倉庫です。棚の移動（格納・移動）を使ってください。");
  RETURN_IF_ERROR(violations.status());
  Command command = BeginCommand(context, call, request.request_id(), request, occurred, request.note());
  ASSIGN_OR_RETURN(send.transit, StandIn(context, call, pb::PLACE_KIND_TRANSIT, to.name(),
                                         absl::StrCat(to.display_name(), "（移動中）"), command));
  command.action = std::move(send);
  return command;
}

absl::Status Answer(const Context& context, const rpc::Call& call, const pb::SendTransferRequest& request,
                    const Outcome& outcome, pb::SendTransferResponse& response) {
  return AnswerTransfer(context, call, ids::Name("transfers", request.transfer_id()), outcome, response);
}

// ReceiveTransfer ----------------------------------------------------------------------------------------------------

absl::StatusOr<Command> Prepare(const Context& context, const rpc::Call& call,
                                const pb::ReceiveTransferRequest& request) {
  errors::Violations violations;
  const absl::Time occurred = CheckCommand(context, request, violations);
  violations.Name("transfers", "transfer", request.transfer());
  violations.Range("goods", request.goods_size(), 1, kMaxGoods);
  for (int i = 0; i < request.goods_size(); ++i) {
    const std::string field = absl::StrCat("goods[", i, "]");
    const pb::ArrivedGoods& goods = request.goods(i);
    violations.Name("lots", field + ".lot", goods.lot());
    if (goods.items() > 0) violations.Name("places", field + ".place", goods.place());
    violations.Range(field + ".items", goods.items(), goods.short_items() > 0 ? 0 : 1, kMaxItems);
    violations.Range(field + ".short_items", goods.short_items(), 0, kMaxItems);
    if (goods.short_items() > 0)
      CheckReason(goods.reason(), {"MISSING", "DAMAGED", "EXPIRED", "WRONG", "OTHER"}, field + ".reason", violations);
  }
  RETURN_IF_ERROR(violations.status());

  ASSIGN_OR_RETURN(const Shipment shipment, FindTransfer(context, call, request.transfer()));
  ASSIGN_OR_RETURN(const pb::Warehouse to,
                   FindWarehouse(context, call, ids::Name("warehouses", shipment.to_warehouse_id)));
  Arrive arrive{.transfer_id = shipment.id};
  for (const pb::ArrivedGoods& one : request.goods()) {
    Arrive::Goods goods{.items = one.items(), .short_items = one.short_items(), .reason = one.reason()};
    ASSIGN_OR_RETURN(goods.lot, FindLot(context, call, one.lot()));
    if (one.items() > 0) {
      ASSIGN_OR_RETURN(goods.shelf, FindShelf(context, call, one.place()));
    }
    arrive.goods.push_back(std::move(goods));
  }
  if (!call.scope.whole_network && !call.scope.Includes(IdOf(to.organisation())))
    return auth::NotYourOrganisation(request.transfer());
  for (const Arrive::Goods& goods : arrive.goods) {
    if (goods.items > 0 && goods.lot.facts.temperature_zone() != goods.shelf.zone)
      return refusals::TemperatureMismatch(goods.lot, goods.shelf);
  }
  for (const Arrive::Goods& goods : arrive.goods) {
    if (goods.items > 0 && goods.shelf.warehouse_id != shipment.to_warehouse_id)
      return refusals::ArrivesElsewhere(to, goods.shelf);
  }
  Command command = BeginCommand(context, call, request.request_id(), request, occurred, request.note());
  ASSIGN_OR_RETURN(arrive.transit, StandIn(context, call, pb::PLACE_KIND_TRANSIT, to.name(),
                                           absl::StrCat(to.display_name(), "（移動中）"), command));
  ASSIGN_OR_RETURN(arrive.adjustment, StandIn(context, call, pb::PLACE_KIND_ADJUSTMENT, "", "差異調整", command));
  command.action = std::move(arrive);
  return command;
}

absl::Status Answer(const Context& context, const rpc::Call& call, const pb::ReceiveTransferRequest& request,
                    const Outcome& outcome, pb::ReceiveTransferResponse& response) {
  return AnswerTransfer(context, call, request.transfer(), outcome, response);
}

}  // namespace kubari::stock
