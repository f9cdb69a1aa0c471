// TransformStock: goods become other goods, all or nothing. What they become is settled in domain/transformation.h.
#include <absl/strings/str_cat.h>

#include "libs/errors/macros.h"
#include "libs/ids/ids.h"
#include "services/stock/domain/refusals.h"
#include "services/stock/domain/transformation.h"
#include "services/stock/handlers/movements.h"

namespace kubari::stock {
namespace {

constexpr int kMaxGoods = 50;

void CheckOutputs(const pb::TransformStockRequest& request, errors::Violations& violations) {
  violations.Range("outputs", request.outputs_size(), 1, kMaxGoods);
  for (int i = 0; i < request.outputs_size(); ++i) {
    const std::string field = absl::StrCat("outputs[", i, "]");
    const pb::TransformationOutput& output = request.outputs(i);
    if (request.kind() == pb::TRANSFORMATION_KIND_SPLIT) {
      CheckOptionalName("products", field + ".product", output.product(), violations);
    } else {
      violations.Name("products", field + ".product", output.product());
    }
    violations.Name("places", field + ".place", output.place());
    violations.Range(field + ".items", output.items(), 1, kMaxItems);
    if (output.has_good_until()) CheckGoodUntil(output.good_until(), field + ".good_until", violations);
    violations.Text(field + ".donor_lot_number", output.donor_lot_number(), 0, 20);
  }
}

}  // namespace

absl::StatusOr<Command> Prepare(const Context& context, const rpc::Call& call,
                                const pb::TransformStockRequest& request) {
  errors::Violations violations;
  const absl::Time occurred = CheckCommand(context, request, violations);
  violations.Uuid("transformation_id", request.transformation_id());
  violations.Enum("kind", request.kind());
  violations.Range("inputs", request.inputs_size(), 1, kMaxGoods);
  CheckEachGoods(request.inputs(), "inputs", violations);
  CheckOutputs(request, violations);
  RETURN_IF_ERROR(violations.status());

  Transform transform{.transformation_id = request.transformation_id()};
  ASSIGN_OR_RETURN(transform.inputs, FindEachGoods(context, call, request.inputs()));
  const Place& first = transform.inputs.front().shelf;
  Recipe recipe{.kind = request.kind(), .transformation_id = request.transformation_id(), .inputs = transform.inputs};
  for (const pb::TransformationOutput& one : request.outputs()) {
    Recipe::Output output{.items = one.items(), .donor_lot_number = one.donor_lot_number()};
    if (one.has_good_until()) output.good_until = one.good_until();
    ASSIGN_OR_RETURN(output.product,
                     FindProduct(context, call,
                                 one.product().empty() ? transform.inputs.front().lot.facts.product() : one.product()));
    Send::Goods goods{.items = one.items()};
    ASSIGN_OR_RETURN(goods.shelf, FindShelf(context, call, one.place()));
    recipe.outputs.push_back(std::move(output));
    transform.outputs.push_back(std::move(goods));
  }
  RETURN_IF_ERROR(CheckOwnShelf(context, call, first));
  ASSIGN_OR_RETURN(std::vector<Lot> made, LotsMadeBy(call.principal.network_id, recipe));
  for (size_t i = 0; i < made.size(); ++i) {
    transform.outputs[i].lot = std::move(made[i]);
    if (transform.outputs[i].lot.facts.temperature_zone() != transform.outputs[i].shelf.zone)
      return refusals::TemperatureMismatch(transform.outputs[i].lot, transform.outputs[i].shelf);
  }
  RETURN_IF_ERROR(CheckOneWarehouse(first, transform.inputs));
  RETURN_IF_ERROR(CheckOneWarehouse(first, transform.outputs));
  Command command = BeginCommand(context, call, request.request_id(), request, occurred, request.note());
  ASSIGN_OR_RETURN(transform.workshop, StandIn(context, call, pb::PLACE_KIND_WORKSHOP, "", "加工", command));
  command.action = std::move(transform);
  return command;
}

absl::Status Answer(const Context& context, const rpc::Call& call, const pb::TransformStockRequest& request,
                    const Outcome& outcome, pb::TransformStockResponse& response) {
  response.set_transformation(ids::Name("transformations", request.transformation_id()));
  RETURN_IF_ERROR(AnswerAll(context, call, outcome, response));
  std::vector<Lot> lots;
  for (const Movement& movement : outcome.movements) {
    if (movement.kind != pb::MOVEMENT_KIND_PRODUCE) continue;
    ASSIGN_OR_RETURN(Lot lot, FindLot(context, call, ids::Name("lots", movement.lot_id)));
    lots.push_back(std::move(lot));
  }
  ASSIGN_OR_RETURN(const std::vector<pb::Lot> described, View(context.catalogue, call).Lots(lots));
  response.mutable_lots()->Assign(described.begin(), described.end());
  return absl::OkStatus();
}

}  // namespace kubari::stock
