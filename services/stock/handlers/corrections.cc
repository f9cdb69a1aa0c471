// What was wrong, what is lost, what goes back.
#include <absl/strings/str_cat.h>

#include <algorithm>

#include "libs/auth/access.h"
#include "libs/errors/macros.h"
#include "libs/ids/ids.h"
#include "services/stock/domain/refusals.h"
#include "services/stock/handlers/hand_over.h"
#include "services/stock/handlers/movements.h"

namespace kubari::stock {
namespace {

// The movement named, and with it all of its transformation: made, or taken back, by the same request.
absl::StatusOr<std::vector<Movement>> FindOriginals(const Context& context, const rpc::Call& call,
                                                    const std::string& name) {
  const std::string& network = call.principal.network_id;
  Needs needs;
  needs.movements.insert(IdOf(name));
  ASSIGN_OR_RETURN(State state, context.ledger.Peek(network, needs, call.deadline));
  const auto found = state.movements.find(IdOf(name));
  if (found == state.movements.end()) return refusals::MovementNotFound(name);
  const Movement& named = found->second;
  if (named.effect_kind != pb::MOVEMENT_KIND_CONSUME && named.effect_kind != pb::MOVEMENT_KIND_PRODUCE)
    return std::vector<Movement>{named};
  Needs others;
  others.requests.insert(named.request_id);
  ASSIGN_OR_RETURN(State whole, context.ledger.Peek(network, others, call.deadline));
  return std::move(whole.requests[named.request_id]);
}

// Facts of what is to be undone.
absl::StatusOr<std::vector<Reverse::Original>> Describe(const Context& context, const rpc::Call& call,
                                                        const std::vector<Movement>& movements) {
  std::set<std::string> lot_ids, place_ids;
  for (const Movement& movement : movements) {
    lot_ids.insert(movement.lot_id);
    place_ids.insert({movement.from_place, movement.to_place});
  }
  const std::string& network = call.principal.network_id;
  ASSIGN_OR_RETURN(auto lots, context.catalogue.Lots(network, lot_ids, call.deadline));
  ASSIGN_OR_RETURN(auto places, context.catalogue.Places(network, place_ids, call.deadline));
  std::vector<Reverse::Original> originals;
  for (const Movement& movement : movements) {
    originals.push_back({.movement = movement,
                         .lot = lots[movement.lot_id],
                         .from = places[movement.from_place],
                         .to = places[movement.to_place]});
  }
  return originals;
}

// The shelf that the goods leave or come back to is the caller's; a volunteer undoes only what they did themselves.
absl::Status CheckMayUndo(const Context& context, const rpc::Call& call, const std::string& name,
                          const std::vector<Reverse::Original>& originals) {
  if (call.scope.whole_network) return absl::OkStatus();
  for (const Reverse::Original& original : originals) {
    // Of a transfer, where the goods are now.
    const Place& shelf = original.to.shelf() ? original.to : original.from;
    if (!shelf.shelf()) {
      // What was refused at the door came to no shelf: whoever said so may take it back.
      const bool refused = original.movement.effect_kind == pb::MOVEMENT_KIND_REFUSE;
      if (refused && original.movement.actor == call.principal.subject) continue;
      return auth::NotYourOrganisation(name);
    }
    RETURN_IF_ERROR(CheckOwnShelf(context, call, shelf));
    ASSIGN_OR_RETURN(const std::string operator_id, OperatorOf(context, call, shelf));
    if (OnlyVolunteer(call, operator_id) && original.movement.actor != call.principal.subject)
      return refusals::NotYourMovement(name);
  }
  return absl::OkStatus();
}

}  // namespace

// DiscardStock -------------------------------------------------------------------------------------------------------

absl::StatusOr<Command> Prepare(const Context& context, const rpc::Call& call, const pb::DiscardStockRequest& request) {
  errors::Violations violations;
  const absl::Time occurred = CheckCommand(context, request, violations);
  violations.Name("lots", "lot", request.lot());
  const std::string_view from = CheckNameOf({"places", "groups"}, "place", request.place(), violations);
  violations.Range("items", request.items(), 1, kMaxItems);
  CheckReason(request.reason(), {"EXPIRED", "DAMAGED", "TEMPERATURE", "RECALLED", "PEST", "LOST", "OTHER"}, "reason",
              violations);
  RETURN_IF_ERROR(violations.status());

  Discard discard{.items = request.items(), .reason = request.reason()};
  if (from == "groups") {
    ASSIGN_OR_RETURN(discard.from, FindGroupPlace(context, call, request.place()));
  } else {
    ASSIGN_OR_RETURN(discard.from, FindShelf(context, call, request.place()));
  }
  ASSIGN_OR_RETURN(discard.lot, FindLot(context, call, request.lot()));
  if (from == "places") {
    RETURN_IF_ERROR(CheckOwnShelf(context, call, discard.from));
  } else if (!call.scope.whole_network && !call.scope.Includes(IdOf(request.place()))) {
    return auth::NotYourOrganisation(request.place());
  }
  Command command = BeginCommand(context, call, request.request_id(), request, occurred, request.note());
  ASSIGN_OR_RETURN(discard.waste, StandIn(context, call, pb::PLACE_KIND_WASTE, "", "廃棄", command));
  command.action = std::move(discard);
  return command;
}

absl::Status Answer(const Context& context, const rpc::Call& call, const pb::DiscardStockRequest&,
                    const Outcome& outcome, pb::DiscardStockResponse& response) {
  return AnswerOne(context, call, outcome, response);
}

// AdjustStock --------------------------------------------------------------------------------------------------------

absl::StatusOr<Command> Prepare(const Context& context, const rpc::Call& call, const pb::AdjustStockRequest& request) {
  errors::Violations violations;
  const absl::Time occurred = CheckCommand(context, request, violations);
  violations.Name("lots", "lot", request.lot());
  violations.Name("places", "place", request.place());
  if (violations.Range("difference", request.difference(), -kMaxItems, kMaxItems)) {
    violations.Require(request.difference() != 0, "difference", "OUT_OF_RANGE", "A difference of 0 is none.",
                       "差異が0の場合、調整は不要です。");
  }
  CheckReason(request.reason(), {"COUNTED", "FOUND", "LOST", "MISLABELLED", "OTHER"}, "reason", violations);
  RETURN_IF_ERROR(violations.status());

  Adjust adjust{.difference = request.difference(), .reason = request.reason()};
  ASSIGN_OR_RETURN(adjust.shelf, FindShelf(context, call, request.place()));
  ASSIGN_OR_RETURN(adjust.lot, FindLot(context, call, request.lot()));
  RETURN_IF_ERROR(CheckOwnShelf(context, call, adjust.shelf));
  Command command = BeginCommand(context, call, request.request_id(), request, occurred, request.note());
  ASSIGN_OR_RETURN(adjust.adjustment, StandIn(context, call, pb::PLACE_KIND_ADJUSTMENT, "", "差異調整", command));
  command.action = std::move(adjust);
  return command;
}

absl::Status Answer(const Context& context, const rpc::Call& call, const pb::AdjustStockRequest&,
                    const Outcome& outcome, pb::AdjustStockResponse& response) {
  return AnswerOne(context, call, outcome, response);
}

// ReturnStock --------------------------------------------------------------------------------------------------------

absl::StatusOr<Command> Prepare(const Context& context, const rpc::Call& call, const pb::ReturnStockRequest& request) {
  errors::Violations violations;
  const absl::Time occurred = CheckCommand(context, request, violations);
  violations.Name("lots", "lot", request.lot());
  const std::string_view from = CheckNameOf({"deliveries", "groups", "places"}, "from", request.from(), violations);
  if (from == "places") {
    violations.Name("donors", "to", request.to());
  } else {
    violations.Name("places", "to", request.to());
  }
  violations.Range("items", request.items(), 1, kMaxItems);
  CheckReason(request.reason(), {"REFUSED", "NOT_NEEDED", "NOBODY_THERE", "DAMAGED", "RECALLED", "AGREED", "OTHER"},
              "reason", violations);
  CheckOptionalName("recalls", "recall", request.recall(), violations);
  RETURN_IF_ERROR(violations.status());

  Return back{.items = request.items(), .reason = request.reason()};
  if (!request.recall().empty()) back.recall_id = IdOf(request.recall());
  Command command = BeginCommand(context, call, request.request_id(), request, occurred, request.note());
  const std::string& network = call.principal.network_id;
  if (from == "places") {
    ASSIGN_OR_RETURN(back.from, FindShelf(context, call, request.from()));
    ASSIGN_OR_RETURN(back.lot, FindLot(context, call, request.lot()));
    violations.Require(request.to() == back.lot.facts.donor(), "to", "MISMATCH",
                       "Goods go back to the donor they came from; a kit of several donors' goods cannot go back.",
                       "返品できるのは元の寄付者だけです。複数の寄付者の品物を含むセットは返品できません。");
    RETURN_IF_ERROR(violations.status());
    ASSIGN_OR_RETURN(back.to, StandIn(context, call, pb::PLACE_KIND_DONOR, request.to(),
                                      back.lot.facts.donor_display_name(), command));
  } else {
    ASSIGN_OR_RETURN(back.to, FindShelf(context, call, request.to()));
    ASSIGN_OR_RETURN(back.lot, FindLot(context, call, request.lot()));
    if (from == "deliveries") {
      Needs needs;
      needs.deliveries.insert(IdOf(request.from()));
      ASSIGN_OR_RETURN(const State state, context.ledger.Peek(network, needs, call.deadline));
      const auto delivery = state.deliveries.find(IdOf(request.from()));
      if (delivery == state.deliveries.end()) return refusals::DeliveryNotFound(request.from());
      back.delivery_id = delivery->first;
      back.group_id = delivery->second.group_id;
      ASSIGN_OR_RETURN(const Place group, FindGroupPlace(context, call, ids::Name("groups", back.group_id)));
      ASSIGN_OR_RETURN(back.from, StandIn(context, call, pb::PLACE_KIND_DELIVERY, group.party,
                                          absl::StrCat(group.display_name, "（配送中）"), command));
    } else {
      ASSIGN_OR_RETURN(back.from, FindGroupPlace(context, call, request.from()));
      back.group_id = IdOf(request.from());
    }
  }
  const Place& shelf = from == "places" ? back.from : back.to;
  RETURN_IF_ERROR(CheckOwnShelf(context, call, shelf));
  if (from != "places" && back.lot.facts.temperature_zone() != shelf.zone)
    return refusals::TemperatureMismatch(back.lot, shelf);
  command.action = std::move(back);
  return command;
}

absl::Status Answer(const Context& context, const rpc::Call& call, const pb::ReturnStockRequest&,
                    const Outcome& outcome, pb::ReturnStockResponse& response) {
  return AnswerOne(context, call, outcome, response);
}

// ReverseMovement ----------------------------------------------------------------------------------------------------

absl::StatusOr<Command> Prepare(const Context& context, const rpc::Call& call,
                                const pb::ReverseMovementRequest& request) {
  errors::Violations violations;
  const absl::Time occurred = CheckCommand(context, request, violations);
  violations.Name("movements", "movement", request.movement());
  CheckReason(request.reason(), {"MISTAKE", "WRONG_LOT", "WRONG_QUANTITY", "RETURNED", "OTHER"}, "reason", violations);
  RETURN_IF_ERROR(violations.status());

  ASSIGN_OR_RETURN(const std::vector<Movement> movements, FindOriginals(context, call, request.movement()));
  Reverse reverse{.reason = request.reason()};
  ASSIGN_OR_RETURN(reverse.originals, Describe(context, call, movements));
  RETURN_IF_ERROR(CheckMayUndo(context, call, request.movement(), reverse.originals));
  Command command = BeginCommand(context, call, request.request_id(), request, occurred, request.note());
  command.action = std::move(reverse);
  return command;
}

absl::Status Answer(const Context& context, const rpc::Call& call, const pb::ReverseMovementRequest& request,
                    const Outcome& outcome, pb::ReverseMovementResponse& response) {
  RETURN_IF_ERROR(AnswerAll(context, call, outcome, response));
  // The one that takes back the movement named.
  for (const pb::Movement& movement : response.movements()) {
    if (movement.reverses() == request.movement()) *response.mutable_movement() = movement;
  }
  return absl::OkStatus();
}

}  // namespace kubari::stock
