#include "services/stock/handlers/movements.h"

#include <absl/strings/str_cat.h>

#include <algorithm>

#include "libs/auth/access.h"
#include "libs/errors/macros.h"
#include "libs/ids/ids.h"
#include "services/stock/domain/refusals.h"
#include "services/stock/view.h"

namespace kubari::stock {
namespace {

constexpr int64_t kMaxItems = 100'000'000;

void CheckReason(const std::string& reason, const std::vector<std::string>& known, std::string_view field,
                 errors::Violations& violations) {
  if (std::find(known.begin(), known.end(), reason) != known.end()) return;
  std::string all;
  for (const std::string& one : known) absl::StrAppend(&all, all.empty() ? "" : ", ", one);
  violations.Add(field, reason.empty() ? "REQUIRED" : "UNKNOWN_VALUE", absl::StrCat("Expected one of ", all, "."),
                 absl::StrCat("次のいずれかを指定してください：", all, "。"));
}

// A response of one movement.
template <typename Response>
absl::StatusOr<Response> Answer(const Context& context, const rpc::Call& call, const std::vector<Movement>& movements) {
  Response response;
  ASSIGN_OR_RETURN(*response.mutable_movement(), View(context.catalogue, call).OneMovement(movements.front()));
  return response;
}

}  // namespace

absl::StatusOr<pb::TransferStockResponse> MovementsHandler::TransferStock(const rpc::Call& call,
                                                                          const pb::TransferStockRequest& request) {
  errors::Violations violations;
  violations.RequestId("request_id", request.request_id());
  violations.Name("lots", "lot", request.lot());
  violations.Name("places", "from_place", request.from_place());
  violations.Name("places", "to_place", request.to_place());
  violations.Require(request.from_place() != request.to_place(), "to_place", "MISMATCH",
                     "The goods are on this shelf already.", "移動元と同じ棚です。");
  violations.Range("items", request.items(), 1, kMaxItems);
  violations.Text("note", request.note(), 0, 500);
  const absl::Time occurred = OccurredTime(request, context_.clock.Now(), violations);
  RETURN_IF_ERROR(violations.status());
  ASSIGN_OR_RETURN(const Before before, LookBefore(context_, call, request.request_id(), request));
  if (!before.recorded.empty()) return Answer<pb::TransferStockResponse>(context_, call, before.recorded);

  Transfer transfer{.items = request.items()};
  ASSIGN_OR_RETURN(transfer.from, FindShelf(context_, call, request.from_place()));
  ASSIGN_OR_RETURN(transfer.to, FindShelf(context_, call, request.to_place()));
  ASSIGN_OR_RETURN(transfer.lot, FindLot(context_, call, request.lot()));
  RETURN_IF_ERROR(CheckOwnShelf(context_, call, transfer.from));
  if (transfer.lot.facts.temperature_zone() != transfer.to.zone)
    return refusals::TemperatureMismatch(transfer.lot, transfer.to);
  Command command = BeginCommand(context_, call, request.request_id(), request, occurred, request.note());
  command.action = transfer;
  ASSIGN_OR_RETURN(const Outcome outcome, Submit(context_, call, command));
  return Answer<pb::TransferStockResponse>(context_, call, outcome.movements);
}

absl::StatusOr<pb::DiscardStockResponse> MovementsHandler::DiscardStock(const rpc::Call& call,
                                                                        const pb::DiscardStockRequest& request) {
  errors::Violations violations;
  violations.RequestId("request_id", request.request_id());
  violations.Name("lots", "lot", request.lot());
  violations.Name("places", "place", request.place());
  violations.Range("items", request.items(), 1, kMaxItems);
  CheckReason(request.reason(), {"EXPIRED", "DAMAGED", "TEMPERATURE", "RECALLED", "PEST", "LOST", "OTHER"}, "reason",
              violations);
  violations.Text("note", request.note(), 0, 500);
  const absl::Time occurred = OccurredTime(request, context_.clock.Now(), violations);
  RETURN_IF_ERROR(violations.status());
  ASSIGN_OR_RETURN(const Before before, LookBefore(context_, call, request.request_id(), request));
  if (!before.recorded.empty()) return Answer<pb::DiscardStockResponse>(context_, call, before.recorded);

  Discard discard{.items = request.items(), .reason = request.reason()};
  ASSIGN_OR_RETURN(discard.shelf, FindShelf(context_, call, request.place()));
  ASSIGN_OR_RETURN(discard.lot, FindLot(context_, call, request.lot()));
  RETURN_IF_ERROR(CheckOwnShelf(context_, call, discard.shelf));
  Command command = BeginCommand(context_, call, request.request_id(), request, occurred, request.note());
  ASSIGN_OR_RETURN(discard.waste, StandIn(context_, call, pb::PLACE_KIND_WASTE, "", "廃棄", command));
  command.action = discard;
  ASSIGN_OR_RETURN(const Outcome outcome, Submit(context_, call, command));
  return Answer<pb::DiscardStockResponse>(context_, call, outcome.movements);
}

absl::StatusOr<pb::ReverseMovementResponse> MovementsHandler::ReverseMovement(
    const rpc::Call& call, const pb::ReverseMovementRequest& request) {
  errors::Violations violations;
  violations.RequestId("request_id", request.request_id());
  violations.Name("movements", "movement", request.movement());
  CheckReason(request.reason(), {"MISTAKE", "WRONG_LOT", "WRONG_QUANTITY", "RETURNED", "OTHER"}, "reason", violations);
  violations.Text("note", request.note(), 0, 500);
  const absl::Time occurred = OccurredTime(request, context_.clock.Now(), violations);
  RETURN_IF_ERROR(violations.status());
  const std::string id = IdOf(request.movement());
  Needs needs;
  needs.movements.insert(id);
  ASSIGN_OR_RETURN(Before before, LookBefore(context_, call, request.request_id(), request, needs));
  if (!before.recorded.empty()) return Answer<pb::ReverseMovementResponse>(context_, call, before.recorded);

  const auto found = before.state.movements.find(id);
  if (found == before.state.movements.end()) return refusals::MovementNotFound(request.movement());
  Reverse reverse{.original = found->second, .reason = request.reason()};
  const std::string& network = call.principal.network_id;
  ASSIGN_OR_RETURN(auto places, context_.catalogue.Places(network, {found->second.from_place, found->second.to_place},
                                                          call.deadline));
  reverse.from = places[found->second.from_place];
  reverse.to = places[found->second.to_place];
  ASSIGN_OR_RETURN(reverse.lot, FindLot(context_, call, ids::Name("lots", found->second.lot_id)));
  // The shelf that the goods leave or come back to: of a transfer, where they are now.
  const Place& shelf = reverse.to.shelf() ? reverse.to : reverse.from;
  if (!shelf.shelf() && !call.scope.whole_network) return auth::NotYourOrganisation(request.movement());
  if (shelf.shelf()) {
    RETURN_IF_ERROR(CheckOwnShelf(context_, call, shelf));
    ASSIGN_OR_RETURN(const std::string operator_id, OperatorOf(context_, call, shelf));
    if (OnlyVolunteer(call, operator_id) && found->second.actor != call.principal.subject) {
      return refusals::NotYourMovement(request.movement());
    }
  }
  Command command = BeginCommand(context_, call, request.request_id(), request, occurred, request.note());
  command.action = reverse;
  ASSIGN_OR_RETURN(const Outcome outcome, Submit(context_, call, command));
  return Answer<pb::ReverseMovementResponse>(context_, call, outcome.movements);
}

absl::StatusOr<pb::IssueStockResponse> MovementsHandler::IssueStock(const rpc::Call& call,
                                                                    const pb::IssueStockRequest& request) {
  const bool reserved = !request.reservation().empty();
  errors::Violations violations;
  violations.RequestId("request_id", request.request_id());
  const auto name = [&](const char* collection, const char* field, const std::string& value) {
    if (!reserved || !value.empty()) violations.Name(collection, field, value);
  };
  CheckOptionalName("reservations", "reservation", request.reservation(), violations);
  name("lots", "lot", request.lot());
  name("places", "place", request.place());
  name("groups", "group", request.group());
  name("deliveries", "delivery", request.delivery());
  violations.Range("items", request.items(), 1, kMaxItems);
  violations.Text("note", request.note(), 0, 500);
  const absl::Time occurred = OccurredTime(request, context_.clock.Now(), violations);
  RETURN_IF_ERROR(violations.status());
  Needs needs;
  if (reserved) needs.reservations.insert(IdOf(request.reservation()));
  ASSIGN_OR_RETURN(Before before, LookBefore(context_, call, request.request_id(), request, needs));
  if (!before.recorded.empty()) return Answer<pb::IssueStockResponse>(context_, call, before.recorded);

  std::string lot = request.lot(), place = request.place(), group = request.group(), delivery = request.delivery();
  if (reserved) {
    const auto found = before.state.reservations.find(IdOf(request.reservation()));
    if (found == before.state.reservations.end()) return refusals::ReservationNotFound(request.reservation());
    const auto agree = [&](const char* field, std::string& value, const std::string& own) {
      violations.Require(value.empty() || value == own, field, "MISMATCH",
                         absl::StrCat("The reservation says ", own, "; leave it out."),
                         absl::StrCat("引当の内容（", own, "）と異なります。空にしてください。"));
      value = own;
    };
    agree("lot", lot, ids::Name("lots", found->second.lot_id));
    agree("place", place, ids::Name("places", found->second.place_id));
    agree("group", group, ids::Name("groups", found->second.group_id));
    agree("delivery", delivery, ids::Name("deliveries", found->second.delivery_id));
    RETURN_IF_ERROR(violations.status());
  }
  Issue issue{.group_id = IdOf(group), .delivery_id = IdOf(delivery), .items = request.items()};
  if (reserved) issue.reservation_id = IdOf(request.reservation());
  ASSIGN_OR_RETURN(issue.shelf, FindShelf(context_, call, place));
  ASSIGN_OR_RETURN(issue.lot, FindLot(context_, call, lot));
  RETURN_IF_ERROR(CheckOwnShelf(context_, call, issue.shelf));
  // The day on which the goods left, by the phone: an offline scan before midnight does not turn into an expired lot.
  ASSIGN_OR_RETURN(const groups::v1::Group receiver,
                   PassTheWall(context_, call, issue.lot, group, absl::ToCivilDay(occurred, ZoneOf(call))));
  if (!reserved) {
    ASSIGN_OR_RETURN(const std::string operator_id, OperatorOf(context_, call, issue.shelf));
    if (OnlyVolunteer(call, operator_id)) return refusals::ReservationRequired();
  }
  issue.households = receiver.households();
  issue.municipality_code = MunicipalityOf(receiver);
  Command command = BeginCommand(context_, call, request.request_id(), request, occurred, request.note());
  ASSIGN_OR_RETURN(issue.delivery_place, StandIn(context_, call, pb::PLACE_KIND_DELIVERY, group,
                                                 absl::StrCat(receiver.display_name(), "（配送中）"), command));
  // Where its name is kept.
  RETURN_IF_ERROR(StandIn(context_, call, pb::PLACE_KIND_GROUP, group, receiver.display_name(), command));
  command.action = issue;
  ASSIGN_OR_RETURN(const Outcome outcome, Submit(context_, call, command));
  return Answer<pb::IssueStockResponse>(context_, call, outcome.movements);
}

absl::StatusOr<pb::ConfirmReceiptResponse> MovementsHandler::ConfirmReceipt(const rpc::Call& call,
                                                                            const pb::ConfirmReceiptRequest& request) {
  errors::Violations violations;
  violations.RequestId("request_id", request.request_id());
  violations.Name("deliveries", "delivery", request.delivery());
  std::set<std::string> lots;
  for (int i = 0; i < request.lines_size(); ++i) {
    const std::string field = absl::StrCat("lines[", i, "]");
    const pb::ArrivedLine& line = request.lines(i);
    violations.Name("lots", field + ".lot", line.lot());
    violations.Require(lots.insert(line.lot()).second, field + ".lot", "DUPLICATE", "Each lot is named once.",
                       "同じロットが2回あります。");
    violations.Range(field + ".items", line.items(), 0, kMaxItems);
    if (!line.reason().empty()) {
      CheckReason(line.reason(), {"MISSING", "DAMAGED", "EXPIRED", "WRONG", "OTHER"}, field + ".reason", violations);
    }
  }
  violations.Text("note", request.note(), 0, 500);
  const absl::Time occurred = OccurredTime(request, context_.clock.Now(), violations);
  RETURN_IF_ERROR(violations.status());
  const std::string id = IdOf(request.delivery());
  Needs needs;
  needs.deliveries.insert(id);
  ASSIGN_OR_RETURN(Before before, LookBefore(context_, call, request.request_id(), request, needs));
  const View view(context_.catalogue, call);
  const auto answer = [&](const std::vector<Movement>& movements) -> absl::StatusOr<pb::ConfirmReceiptResponse> {
    ASSIGN_OR_RETURN(State now, context_.ledger.Peek(call.principal.network_id, needs, call.deadline));
    pb::ConfirmReceiptResponse response;
    ASSIGN_OR_RETURN(std::vector<pb::Delivery> deliveries, view.Deliveries({now.deliveries[id]}));
    *response.mutable_delivery() = std::move(deliveries.front());
    ASSIGN_OR_RETURN(const std::vector<pb::Movement> described, view.Movements(movements));
    for (const pb::Movement& movement : described) *response.add_movements() = movement;
    return response;
  };
  if (!before.recorded.empty()) return answer(before.recorded);

  const auto found = before.state.deliveries.find(id);
  if (found == before.state.deliveries.end() || found->second.issued() == 0)
    return refusals::DeliveryNotFound(request.delivery());
  const std::string group = ids::Name("groups", found->second.group_id);
  if (!call.scope.whole_network && !call.scope.Includes(found->second.group_id))
    return auth::NotYourOrganisation(request.delivery());
  ASSIGN_OR_RETURN(const groups::v1::Group receiver, FindGroup(context_, call, group));

  Confirm confirm{.delivery_id = id, .group_id = found->second.group_id};
  for (const pb::ArrivedLine& line : request.lines())
    confirm.lines.push_back({IdOf(line.lot()), line.items(), line.reason()});
  confirm.households = receiver.households();
  confirm.municipality_code = MunicipalityOf(receiver);
  Command command = BeginCommand(context_, call, request.request_id(), request, occurred, request.note());
  confirm.delivery_place = StandInPlace(call.principal.network_id, pb::PLACE_KIND_DELIVERY, group, "");
  ASSIGN_OR_RETURN(confirm.group_place,
                   StandIn(context_, call, pb::PLACE_KIND_GROUP, group, receiver.display_name(), command));
  ASSIGN_OR_RETURN(confirm.adjustment, StandIn(context_, call, pb::PLACE_KIND_ADJUSTMENT, "", "差異調整", command));
  command.action = confirm;
  ASSIGN_OR_RETURN(const Outcome outcome, Submit(context_, call, command));
  return answer(outcome.movements);
}

}  // namespace kubari::stock
