#include "services/stock/handlers/first_expiring.h"

#include "libs/errors/macros.h"
#include "libs/ids/ids.h"
#include "services/stock/handlers/hand_over.h"
#include "services/stock/handlers/wall.h"

namespace kubari::stock {

FirstExpiring ExpiringBefore(const Lot& lot, const Place& shelf) {
  return {
      .warehouse_id = shelf.warehouse_id, .product_id = IdOf(lot.facts.product()), .before = LastGoodDay(lot.facts)};
}

absl::Status JudgeFirstExpiring(const Context& context, const rpc::Call& call, Command& command) {
  FirstExpiring* first = nullptr;
  std::string group_id;
  if (Reserve* reserve = std::get_if<Reserve>(&command.action); reserve != nullptr && reserve->first_expiring) {
    first = &*reserve->first_expiring;
    group_id = reserve->group_id;
  } else if (Issue* issue = std::get_if<Issue>(&command.action); issue != nullptr && issue->first_expiring) {
    first = &*issue->first_expiring;
    group_id = issue->group_id;
  }
  if (first == nullptr) return absl::OkStatus();

  const std::string& network = call.principal.network_id;
  Needs needs;
  const std::pair<std::string, std::string> where(first->warehouse_id, first->product_id);
  needs.earlier.emplace(where, first->before);
  ASSIGN_OR_RETURN(const State state, context.ledger.Peek(network, needs, call.deadline));
  std::set<std::string> ids;
  if (const auto found = state.earlier.find(where); found != state.earlier.end()) {
    for (const State::Candidate& candidate : found->second) ids.insert(candidate.lot_id);
  }
  ASSIGN_OR_RETURN(const auto lots, context.catalogue.Lots(network, ids, call.deadline));
  ASSIGN_OR_RETURN(groups::v1::Group group, FindGroup(context, call, ids::Name("groups", group_id)));
  ASSIGN_OR_RETURN(Wall wall,
                   Wall::For(context, call, std::move(group), absl::ToCivilDay(command.occurred_time, ZoneOf(call))));
  first->judged.clear();
  first->passed_over.clear();
  for (const auto& [id, lot] : lots) {
    ASSIGN_OR_RETURN(const Wall::Verdict verdict, wall.Judge(lot));
    first->judged.insert(id);
    if (!verdict.reasons.empty()) first->passed_over.insert(id);
  }
  return absl::OkStatus();
}

}  // namespace kubari::stock
