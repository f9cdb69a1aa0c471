// What the handlers of stocktakes share: transactions, whose it is, and answers.
//
// Answers are made in two steps. In the transaction, where a replay finds it again, an answer names lots and places
// only; after it, they are shown as far as this caller may know them.
#pragma once

#include <absl/status/statusor.h>

#include <string>
#include <vector>

#include "libs/pg/idempotency.h"
#include "services/stock/handlers/context.h"
#include "services/stock/stocktake_store.h"

namespace kubari::stock {

// One snapshot for all statements: see stocktake_store.h.
inline pg::TxContext SnapshotOf(const rpc::Call& call) {
  return {
      .network_id = call.principal.network_id, .deadline = call.deadline, .isolation = pg::Isolation::kRepeatableRead};
}

// Runs `f(tx)`, which returns absl::StatusOr<Response>, once for each request_id.
template <typename Response, typename Request, typename F>
absl::StatusOr<Response> Once(const Context& context, const rpc::Call& call, const pg::TxContext& tx_context,
                              const Request& request, F f) {
  return context.pool.Transact(tx_context, [&](pg::Transaction& tx) -> absl::StatusOr<Response> {
    return pg::Idempotent<Response>(tx, request.request_id(), call.method->full_name(), request, f);
  });
}

// NOT_YOUR_ORGANISATION unless its warehouse is within the caller's scope.
absl::Status CheckOwn(const rpc::Call& call, const Stocktake& stocktake);
// STOCKTAKE_NOT_FOUND, NOT_YOUR_ORGANISATION.
absl::StatusOr<Stocktake> FindOwn(pg::Transaction& tx, const rpc::Call& call, const std::string& name, Hold hold);

// Without places and figures; of a closed one with its figures.
pb::Stocktake ToProto(const Stocktake& stocktake);
// Figures of a stocktake that is not closed, from all its lines.
void SetFigures(const std::vector<StocktakeLine>& lines, pb::Stocktake& out);
// First step: all of it, with the names of its places. Reads the lines of one that is not closed.
absl::StatusOr<pb::Stocktake> Describe(pg::Transaction& tx, const Stocktake& stocktake);
// Second step.
absl::Status ShowPlaces(const Context& context, const rpc::Call& call, pb::Stocktake& stocktake);

// First step: with the names of lot and place.
pb::StocktakeLine ToProto(const std::string& network_id, const StocktakeLine& line);
// Second step, for all lines together.
absl::Status ShowLines(const Context& context, const rpc::Call& call, const std::vector<pb::StocktakeLine*>& lines);

// Closes it: its lines are kept as they are.
absl::Status CloseStocktake(pg::Transaction& tx, Stocktake& stocktake, pb::StocktakeState state, absl::Time now,
                            const std::vector<StocktakeLine>& lines);

}  // namespace kubari::stock
