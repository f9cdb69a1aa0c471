// ReceiveStock: what comes in, and what is refused at the door.
#include <absl/strings/str_cat.h>

#include "libs/errors/macros.h"
#include "services/stock/domain/refusals.h"
#include "services/stock/domain/stock_rules.h"
#include "services/stock/handlers/given_goods.h"
#include "services/stock/handlers/movements.h"

namespace kubari::stock {
namespace {

void CheckRefused(const pb::ReceiveStockRequest& request, errors::Violations& violations) {
  violations.Require(request.refused_size() <= 50, "refused", "TOO_MANY", "At most 50.", "50件までです。");
  for (int i = 0; i < request.refused_size(); ++i) {
    const std::string field = absl::StrCat("refused[", i, "]");
    violations.Range(field + ".items", request.refused(i).items(), 1, kMaxItems);
    CheckReason(request.refused(i).reason(),
                {"EXPIRED", "TOO_SHORT", "OPENED", "DAMAGED", "ALCOHOL", "HOME_MADE", "NO_JAPANESE_LABEL",
                 "TEMPERATURE", "NOT_EXPECTED", "OTHER"},
                field + ".reason", violations);
    violations.Text(field + ".note", request.refused(i).note(), 0, 500);
  }
}

}  // namespace

absl::StatusOr<Command> Prepare(const Context& context, const rpc::Call& call, const pb::ReceiveStockRequest& request) {
  errors::Violations violations;
  const absl::Time occurred = CheckCommand(context, request, violations);
  violations.Name("places", "place", request.place());
  violations.Range("items", request.items(), request.refused().empty() ? 1 : 0, kMaxItems);
  violations.Text("short_dated_reason", request.short_dated_reason(), 0, 200);
  CheckRefused(request, violations);
  CheckGoods(GoodsIn(request), violations);
  RETURN_IF_ERROR(violations.status());

  const absl::CivilDay day = absl::ToCivilDay(occurred, ZoneOf(call));
  ASSIGN_OR_RETURN(const OfferedGoods goods, FindGoods(context, call, GoodsIn(request)));
  Receive receive{.items = request.items(), .reason = request.short_dated_reason()};
  ASSIGN_OR_RETURN(receive.shelf, FindShelf(context, call, request.place()));
  RETURN_IF_ERROR(CheckOwnShelf(context, call, receive.shelf));
  ASSIGN_OR_RETURN(GivenLot given, LotOfGoods(context, call, GoodsIn(request), goods, day));
  receive.lot = std::move(given.lot);
  if (request.items() > 0) {
    if (receive.lot.facts.temperature_zone() != receive.shelf.zone)
      return refusals::TemperatureMismatch(receive.lot, receive.shelf);
    ASSIGN_OR_RETURN(const auto rules, context.rules.Get(call.principal.network_id, call.deadline));
    RETURN_IF_ERROR(CheckDaysAtIntake(rules->stock, receive.lot, day, request.short_dated_reason()));
  }
  for (const pb::RefusedGoods& refused : request.refused())
    receive.refused.push_back({refused.items(), refused.reason(), refused.note()});

  Command command = BeginCommand(context, call, request.request_id(), request, occurred, request.note());
  ASSIGN_OR_RETURN(receive.donor, StandIn(context, call, pb::PLACE_KIND_DONOR, given.donor.name(),
                                          given.donor.display_name(), command));
  command.action = std::move(receive);
  return command;
}

absl::Status Answer(const Context& context, const rpc::Call& call, const pb::ReceiveStockRequest& request,
                    const Outcome& outcome, pb::ReceiveStockResponse& response) {
  ASSIGN_OR_RETURN(const std::vector<pb::Movement> all, View(context.catalogue, call).Movements(outcome.movements));
  for (const pb::Movement& movement : all) {
    if (movement.kind() == pb::MOVEMENT_KIND_RECEIVE) {
      *response.mutable_movement() = movement;
    } else {
      *response.add_refusals() = movement;
    }
  }
  return AnswerGoods(context, call, request.offer_line(), outcome, response);
}

}  // namespace kubari::stock
