// What goes to groups: from a shelf, straight from the donor, from one group to another; and what arrived of it.
#include <absl/strings/str_cat.h>

#include "libs/auth/access.h"
#include "libs/errors/macros.h"
#include "libs/ids/ids.h"
#include "services/stock/domain/refusals.h"
#include "services/stock/handlers/first_expiring.h"
#include "services/stock/handlers/given_goods.h"
#include "services/stock/handlers/hand_over.h"
#include "services/stock/handlers/movements.h"

namespace kubari::stock {
namespace {

// The day on which the goods left, by the phone: an offline scan before midnight does not turn into an expired lot.
absl::CivilDay DayOf(absl::Time occurred, const rpc::Call& call) { return absl::ToCivilDay(occurred, ZoneOf(call)); }

// What every hand-over says about its receiver, and the places that stand for it.
template <typename Action>
absl::Status GoTo(const Context& context, const rpc::Call& call, const groups::v1::Group& receiver, Action& action,
                  Command& command) {
  action.group_id = IdOf(receiver.name());
  action.households = receiver.households();
  action.municipality_code = MunicipalityOf(receiver);
  ASSIGN_OR_RETURN(action.delivery_place, StandIn(context, call, pb::PLACE_KIND_DELIVERY, receiver.name(),
                                                  absl::StrCat(receiver.display_name(), "（配送中）"), command));
  // Where its name is kept.
  return StandIn(context, call, pb::PLACE_KIND_GROUP, receiver.name(), receiver.display_name(), command).status();
}

// The delivery, as it is now. DELIVERY_NOT_FOUND if nothing of it is, or was, on its way.
absl::StatusOr<Delivery> FindDelivery(const Context& context, const rpc::Call& call, const std::string& name) {
  Needs needs;
  needs.deliveries.insert(IdOf(name));
  ASSIGN_OR_RETURN(State state, context.ledger.Peek(call.principal.network_id, needs, call.deadline));
  const auto found = state.deliveries.find(IdOf(name));
  if (found == state.deliveries.end() || found->second.issued() == 0) return refusals::DeliveryNotFound(name);
  return std::move(found->second);
}

// Lot, place, group and delivery that are meant: the request's own, or its reservation's.
absl::StatusOr<pb::IssueStockRequest> FillFromReservation(const Context& context, const rpc::Call& call,
                                                          const pb::IssueStockRequest& request) {
  pb::IssueStockRequest filled = request;
  if (request.reservation().empty()) return filled;
  Needs needs;
  needs.reservations.insert(IdOf(request.reservation()));
  ASSIGN_OR_RETURN(const State state, context.ledger.Peek(call.principal.network_id, needs, call.deadline));
  const auto found = state.reservations.find(IdOf(request.reservation()));
  if (found == state.reservations.end()) return refusals::ReservationNotFound(request.reservation());
  errors::Violations violations;
  const auto agree = [&](const char* field, std::string& value, const std::string& own) {
    violations.Require(value.empty() || value == own, field, "MISMATCH",
                       absl::StrCat("The reservation says ", own, "; leave it out."),
                       absl::StrCat("引当の内容（", own, "）と異なります。空にしてください。"));
    value = own;
  };
  agree("lot", *filled.mutable_lot(), ids::Name("lots", found->second.lot_id));
  agree("place", *filled.mutable_place(), ids::Name("places", found->second.place_id));
  agree("group", *filled.mutable_group(), ids::Name("groups", found->second.group_id));
  agree("delivery", *filled.mutable_delivery(), ids::Name("deliveries", found->second.delivery_id));
  RETURN_IF_ERROR(violations.status());
  return filled;
}

}  // namespace

// IssueStock ---------------------------------------------------------------------------------------------------------

absl::StatusOr<Command> Prepare(const Context& context, const rpc::Call& call, const pb::IssueStockRequest& request) {
  const bool reserved = !request.reservation().empty();
  errors::Violations violations;
  const absl::Time occurred = CheckCommand(context, request, violations);
  const auto name = [&](const char* collection, const char* field, const std::string& value) {
    if (!reserved || !value.empty()) violations.Name(collection, field, value);
  };
  CheckOptionalName("reservations", "reservation", request.reservation(), violations);
  name("lots", "lot", request.lot());
  name("places", "place", request.place());
  name("groups", "group", request.group());
  name("deliveries", "delivery", request.delivery());
  violations.Range("items", request.items(), 1, kMaxItems);
  violations.Text("departure_reason", request.departure_reason(), 0, 200);
  RETURN_IF_ERROR(violations.status());

  ASSIGN_OR_RETURN(const pb::IssueStockRequest filled, FillFromReservation(context, call, request));
  Issue issue{.delivery_id = IdOf(filled.delivery()), .items = request.items()};
  if (reserved) issue.reservation_id = IdOf(request.reservation());
  ASSIGN_OR_RETURN(issue.shelf, FindShelf(context, call, filled.place()));
  ASSIGN_OR_RETURN(issue.lot, FindLot(context, call, filled.lot()));
  RETURN_IF_ERROR(FindGroup(context, call, filled.group()));
  RETURN_IF_ERROR(CheckOwnShelf(context, call, issue.shelf));
  ASSIGN_OR_RETURN(const groups::v1::Group receiver,
                   PassTheWall(context, call, issue.lot, filled.group(), DayOf(occurred, call)));
  if (!reserved) {
    ASSIGN_OR_RETURN(const std::string operator_id, OperatorOf(context, call, issue.shelf));
    if (OnlyVolunteer(call, operator_id)) return refusals::ReservationRequired();
    issue.departure_reason = request.departure_reason();
    issue.first_expiring = ExpiringBefore(issue.lot, issue.shelf);
  }
  Command command = BeginCommand(context, call, request.request_id(), request, occurred, request.note());
  RETURN_IF_ERROR(GoTo(context, call, receiver, issue, command));
  command.action = std::move(issue);
  return command;
}

absl::Status Answer(const Context& context, const rpc::Call& call, const pb::IssueStockRequest&, const Outcome& outcome,
                    pb::IssueStockResponse& response) {
  return AnswerOne(context, call, outcome, response);
}

// DeliverDirect ------------------------------------------------------------------------------------------------------

absl::StatusOr<Command> Prepare(const Context& context, const rpc::Call& call,
                                const pb::DeliverDirectRequest& request) {
  errors::Violations violations;
  const absl::Time occurred = CheckCommand(context, request, violations);
  CheckGoods(GoodsIn(request), violations);
  violations.Range("items", request.items(), 1, kMaxItems);
  violations.Name("groups", "group", request.group());
  violations.Name("deliveries", "delivery", request.delivery());
  RETURN_IF_ERROR(violations.status());

  ASSIGN_OR_RETURN(const OfferedGoods goods, FindGoods(context, call, GoodsIn(request)));
  RETURN_IF_ERROR(FindGroup(context, call, request.group()));
  ASSIGN_OR_RETURN(GivenLot given, LotOfGoods(context, call, GoodsIn(request), goods, DayOf(occurred, call)));
  Direct direct{.lot = std::move(given.lot), .delivery_id = IdOf(request.delivery()), .items = request.items()};
  // A lot that is known already goes by what it was when its first goods came.
  ASSIGN_OR_RETURN(auto known, context.catalogue.Lots(call.principal.network_id, {direct.lot.id}, call.deadline));
  if (!known.empty()) direct.lot = std::move(known.begin()->second);
  ASSIGN_OR_RETURN(const groups::v1::Group receiver,
                   PassTheWall(context, call, direct.lot, request.group(), DayOf(occurred, call)));
  Command command = BeginCommand(context, call, request.request_id(), request, occurred, request.note());
  ASSIGN_OR_RETURN(direct.donor, StandIn(context, call, pb::PLACE_KIND_DONOR, given.donor.name(),
                                         given.donor.display_name(), command));
  RETURN_IF_ERROR(GoTo(context, call, receiver, direct, command));
  command.action = std::move(direct);
  return command;
}

absl::Status Answer(const Context& context, const rpc::Call& call, const pb::DeliverDirectRequest& request,
                    const Outcome& outcome, pb::DeliverDirectResponse& response) {
  RETURN_IF_ERROR(AnswerOne(context, call, outcome, response));
  return AnswerGoods(context, call, request.offer_line(), outcome, response);
}

// PassOn -------------------------------------------------------------------------------------------------------------

absl::StatusOr<Command> Prepare(const Context& context, const rpc::Call& call, const pb::PassOnRequest& request) {
  errors::Violations violations;
  const absl::Time occurred = CheckCommand(context, request, violations);
  violations.Name("groups", "from_group", request.from_group());
  if (violations.Name("groups", "to_group", request.to_group())) {
    violations.Require(request.from_group() != request.to_group(), "to_group", "MISMATCH",
                       "The group has the goods already.", "渡す団体と受け取る団体が同じです。");
  }
  violations.Name("lots", "lot", request.lot());
  violations.Range("items", request.items(), 1, kMaxItems);
  violations.Name("deliveries", "delivery", request.delivery());
  violations.Text("consent", request.consent(), 0, 200);
  RETURN_IF_ERROR(violations.status());

  PassOn pass_on{.delivery_id = IdOf(request.delivery()), .items = request.items(), .consent = request.consent()};
  ASSIGN_OR_RETURN(pass_on.lot, FindLot(context, call, request.lot()));
  ASSIGN_OR_RETURN(pass_on.from, FindGroupPlace(context, call, request.from_group()));
  RETURN_IF_ERROR(FindGroup(context, call, request.to_group()));
  if (!call.scope.whole_network && !call.scope.Includes(IdOf(request.from_group())))
    return auth::NotYourOrganisation(request.from_group());
  ASSIGN_OR_RETURN(const groups::v1::Group receiver,
                   PassTheWall(context, call, pass_on.lot, request.to_group(), DayOf(occurred, call)));
  // What the donor forbids, nobody hands on: a hub that received such goods received them for itself.
  if (!pass_on.lot.facts.conditions().onward_transfer_allowed())
    return refusals::OnwardNotAllowed(pass_on.lot, /*by_donor=*/true);
  // A hub breaks bulk for the groups that name it: the network agreed to that when it made it their hub.
  if (receiver.hub() != request.from_group() && request.consent().empty())
    return refusals::OnwardNotAllowed(pass_on.lot, /*by_donor=*/false);
  Command command = BeginCommand(context, call, request.request_id(), request, occurred, request.note());
  RETURN_IF_ERROR(GoTo(context, call, receiver, pass_on, command));
  command.action = std::move(pass_on);
  return command;
}

absl::Status Answer(const Context& context, const rpc::Call& call, const pb::PassOnRequest&, const Outcome& outcome,
                    pb::PassOnResponse& response) {
  return AnswerOne(context, call, outcome, response);
}

// ConfirmReceipt -----------------------------------------------------------------------------------------------------

absl::StatusOr<Command> Prepare(const Context& context, const rpc::Call& call,
                                const pb::ConfirmReceiptRequest& request) {
  errors::Violations violations;
  const absl::Time occurred = CheckCommand(context, request, violations);
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
  RETURN_IF_ERROR(violations.status());

  ASSIGN_OR_RETURN(const Delivery delivery, FindDelivery(context, call, request.delivery()));
  const std::string group = ids::Name("groups", delivery.group_id);
  if (!call.scope.whole_network && !call.scope.Includes(delivery.group_id))
    return auth::NotYourOrganisation(request.delivery());
  ASSIGN_OR_RETURN(const groups::v1::Group receiver, FindGroup(context, call, group));

  Confirm confirm{.delivery_id = delivery.id, .group_id = delivery.group_id};
  for (const pb::ArrivedLine& line : request.lines())
    confirm.lines.push_back({IdOf(line.lot()), line.items(), line.reason()});
  confirm.households = receiver.households();
  confirm.municipality_code = MunicipalityOf(receiver);
  Command command = BeginCommand(context, call, request.request_id(), request, occurred, request.note());
  confirm.delivery_place = StandInPlace(call.principal.network_id, pb::PLACE_KIND_DELIVERY, group, "");
  ASSIGN_OR_RETURN(confirm.group_place,
                   StandIn(context, call, pb::PLACE_KIND_GROUP, group, receiver.display_name(), command));
  ASSIGN_OR_RETURN(confirm.adjustment, StandIn(context, call, pb::PLACE_KIND_ADJUSTMENT, "", "差異調整", command));
  command.action = std::move(confirm);
  return command;
}

absl::Status Answer(const Context& context, const rpc::Call& call, const pb::ConfirmReceiptRequest& request,
                    const Outcome& outcome, pb::ConfirmReceiptResponse& response) {
  // As it is now, and even if all of it was taken back since: what was recorded has its answer.
  Needs needs;
  needs.deliveries.insert(IdOf(request.delivery()));
  ASSIGN_OR_RETURN(State state, context.ledger.Peek(call.principal.network_id, needs, call.deadline));
  ASSIGN_OR_RETURN(std::vector<pb::Delivery> deliveries,
                   View(context.catalogue, call).Deliveries({state.deliveries[IdOf(request.delivery())]}));
  *response.mutable_delivery() = std::move(deliveries.front());
  return AnswerAll(context, call, outcome, response);
}

}  // namespace kubari::stock
