// Posting a stocktake, which is done in three steps, as the ledger writes in transactions of its own:
//
//   Plan     what is to be booked, by one snapshot of counts and ledger; all of it settled, or nothing is booked
//   Post     an adjustment for each difference; what the ledger refuses stays
//   Finish   looks once more, by a new snapshot: nothing left to book → POSTED, its lines are kept
//
// Whatever happens in between, each difference is booked once. An adjustment is dated at the moment of the count, so
// once it is in the ledger, the ledger says for that moment what was counted, and there is no difference to plan any
// more: so it is after a process died, and so when someone posts again. Two who post at once plan the same adjustments
// under the same request ids, and the ledger takes each once. What comes in between Plan and Finish and changes a
// difference is seen by Finish and left for the reviewer.
#include <absl/strings/str_cat.h>

#include <algorithm>

#include "libs/errors/macros.h"
#include "libs/ids/ids.h"
#include "services/stock/domain/canonical.h"
#include "services/stock/domain/stocktake_refusals.h"
#include "services/stock/handlers/commands.h"
#include "services/stock/handlers/stocktake_answers.h"
#include "services/stock/handlers/stocktakes.h"

namespace kubari::stock {
namespace {

// Commands for the ledger at once, so that phones do not wait behind a whole warehouse.
constexpr size_t kCommandsAtOnce = 200;
// How long a stocktake is held for posting; longer than a call may take.
constexpr absl::Duration kHold = absl::Seconds(60);

absl::Status NotSettled(int lines, const StocktakeLine& first) {
  return refusals::NotSettled(lines, first.lot_code, first.lot_id, first.place_code, first.place_id, first.line);
}

absl::Status CheckSettled(const std::vector<StocktakeLine>& lines) {
  const auto unsettled = [](const StocktakeLine& line) { return line.line.unsettled(); };
  const auto first = std::find_if(lines.begin(), lines.end(), unsettled);
  if (first == lines.end()) return absl::OkStatus();
  return NotSettled(static_cast<int>(std::count_if(lines.begin(), lines.end(), unsettled)), *first);
}

// Its content does not belong to the request's hash: if the same adjustment is made again, it is the first that counts.
Command AdjustmentOf(const rpc::Call& call, const StocktakeLine& line, const Lot& lot, const Place& shelf) {
  const std::string request = AdjustmentRequestId(line.stocktake_id, line.lot_id, line.place_id, line.line.adjustments);
  Adjust adjust{.lot = lot,
                .shelf = shelf,
                .difference = std::clamp(line.line.open_items, -kMaxItems, kMaxItems),
                .stocktake_id = line.stocktake_id,
                .reason = line.line.reason};
  return {.request_id = request,
          .request_hash = Sha256(request).substr(0, 16),
          .actor = call.principal.subject,
          .occurred_time = line.line.counted_time,
          .note = line.line.note,
          .action = std::move(adjust)};
}

pb::LineError ErrorOf(const StocktakeLine& line, const absl::Status& status) {
  pb::LineError error;
  error.set_lot(ids::Name("lots", line.lot_id));
  error.set_place(ids::Name("places", line.place_id));
  *error.mutable_error() = errors::DetailsOf(status);
  return error;
}

}  // namespace

absl::StatusOr<pb::PostStocktakeResponse> StocktakesHandler::PostStocktake(const rpc::Call& call,
                                                                           const pb::PostStocktakeRequest& request) {
  errors::Violations violations;
  violations.RequestId("request_id", request.request_id());
  violations.Name("stocktakes", "name", request.name());
  RETURN_IF_ERROR(violations.status());
  ASSIGN_OR_RETURN(Plan plan, PlanPosting(call, request));
  absl::StatusOr<pb::PostStocktakeResponse> response;
  if (plan.first_answer) {
    response = *std::move(plan.first_answer);
  } else {
    ASSIGN_OR_RETURN(const Refusals refusals, Post(call, IdOf(request.name()), plan.lines));
    response = FinishPosting(call, request, refusals);
    RETURN_IF_ERROR(response);
  }
  RETURN_IF_ERROR(ShowPlaces(context_, call, *response->mutable_stocktake()));
  return response;
}

absl::StatusOr<StocktakesHandler::Plan> StocktakesHandler::PlanPosting(const rpc::Call& call,
                                                                       const pb::PostStocktakeRequest& request) {
  return context_.pool.Transact(SnapshotOf(call), [&](pg::Transaction& tx) -> absl::StatusOr<Plan> {
    Plan plan;
    ASSIGN_OR_RETURN(const auto first,
                     pg::FindAnswer(tx, request.request_id(), call.method->full_name(), pg::RequestHash(request)));
    if (first) {
      if (!plan.first_answer.emplace().ParseFromString(*first)) return absl::InternalError("requests.response");
      return plan;
    }
    ASSIGN_OR_RETURN(const Stocktake stocktake, FindOwn(tx, call, request.name(), Hold::kUpdate));
    if (!MayDecide(stocktake.state)) return refusals::StocktakeClosed(stocktake.id, stocktake.state);
    ASSIGN_OR_RETURN(std::vector<StocktakeLine> lines, stocktakes::Lines(tx, {stocktake.id}, {}));
    RETURN_IF_ERROR(CheckSettled(lines));
    for (StocktakeLine& line : lines) {
      if (line.line.open_items != 0) plan.lines.push_back(std::move(line));
    }
    RETURN_IF_ERROR(stocktakes::SetPosting(tx, stocktake.id, context_.clock.Now() + kHold));
    return plan;
  });
}

absl::StatusOr<StocktakesHandler::Refusals> StocktakesHandler::Post(const rpc::Call& call,
                                                                    const std::string& stocktake_id,
                                                                    const std::vector<StocktakeLine>& lines) {
  const std::string& network = call.principal.network_id;
  std::set<std::string> lot_ids, place_ids;
  for (const StocktakeLine& line : lines) {
    lot_ids.insert(line.lot_id);
    place_ids.insert(line.place_id);
  }
  ASSIGN_OR_RETURN(const auto lots, context_.catalogue.Lots(network, lot_ids, call.deadline));
  ASSIGN_OR_RETURN(const auto places, context_.catalogue.Places(network, place_ids, call.deadline));
  Command common;
  ASSIGN_OR_RETURN(const Place adjustment, StandIn(context_, call, pb::PLACE_KIND_ADJUSTMENT, "", "差異調整", common));
  Refusals refusals;
  for (size_t begin = 0; begin < lines.size(); begin += kCommandsAtOnce) {
    const size_t end = std::min(lines.size(), begin + kCommandsAtOnce);
    std::vector<Command> commands;
    for (size_t i = begin; i < end; ++i) {
      commands.push_back(AdjustmentOf(call, lines[i], lots.at(lines[i].lot_id), places.at(lines[i].place_id)));
      std::get<Adjust>(commands.back().action).adjustment = adjustment;
      commands.back().new_places = common.new_places;
    }
    const auto outcomes = context_.writer.SubmitAll(network, commands, call.deadline);
    for (size_t i = begin; i < end; ++i) {
      const absl::Status& status = outcomes[i - begin].status();
      if (absl::IsFailedPrecondition(status)) {
        refusals[{lines[i].place_id, lines[i].lot_id}] = status;
      } else if (!status.ok()) {
        return status;  // not a "no" of the ledger: the caller tries again, and the rest is posted then
      }
    }
  }
  return refusals;
}

absl::StatusOr<pb::PostStocktakeResponse> StocktakesHandler::FinishPosting(const rpc::Call& call,
                                                                           const pb::PostStocktakeRequest& request,
                                                                           const Refusals& refusals) {
  return Once<pb::PostStocktakeResponse>(
      context_, call, SnapshotOf(call), request, [&](pg::Transaction& tx) -> absl::StatusOr<pb::PostStocktakeResponse> {
        ASSIGN_OR_RETURN(Stocktake stocktake, FindOwn(tx, call, request.name(), Hold::kUpdate));
        pb::PostStocktakeResponse response;
        // Someone else who posted it at the same time may have been faster.
        if (stocktake.state == pb::STOCKTAKE_STATE_REVIEW) {
          ASSIGN_OR_RETURN(const std::vector<StocktakeLine> lines, stocktakes::Lines(tx, {stocktake.id}, {}));
          for (const StocktakeLine& line : lines) {
            if (line.line.open_items == 0 && !line.line.unsettled()) continue;
            const auto refused = refusals.find({line.place_id, line.lot_id});
            *response.add_errors() = ErrorOf(line, refused != refusals.end() ? refused->second : NotSettled(1, line));
          }
          RETURN_IF_ERROR(response.errors().empty()
                              ? CloseStocktake(tx, stocktake, pb::STOCKTAKE_STATE_POSTED, context_.clock.Now(), lines)
                              : stocktakes::SetPosting(tx, stocktake.id, std::nullopt));
        } else if (stocktake.state != pb::STOCKTAKE_STATE_POSTED) {
          return refusals::StocktakeClosed(stocktake.id, stocktake.state);
        }
        ASSIGN_OR_RETURN(*response.mutable_stocktake(), Describe(tx, stocktake));
        return response;
      });
}

}  // namespace kubari::stock
