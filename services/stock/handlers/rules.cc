#include "services/stock/handlers/rules.h"

#include <algorithm>

#include "libs/errors/macros.h"
#include "libs/pg/idempotency.h"
#include "services/stock/domain/stock_rules.h"

namespace kubari::stock {

absl::StatusOr<pb::StockRules> RulesHandler::GetStockRules(const rpc::Call& call, const pb::GetStockRulesRequest&) {
  return context_.rules.Read(call.principal.network_id, call.deadline);
}

absl::StatusOr<pb::StockRules> RulesHandler::UpdateStockRules(const rpc::Call& call,
                                                              const pb::UpdateStockRulesRequest& request) {
  errors::Violations violations;
  violations.RequestId("request_id", request.request_id());
  violations.Text("rules.etag", request.rules().etag(), 1, 40);
  CheckStockRules(request.rules(), violations);
  RETURN_IF_ERROR(violations.status());
  pb::StockRules rules = request.rules();
  std::sort(rules.mutable_categories()->begin(), rules.mutable_categories()->end(),
            [](const pb::CategoryRule& a, const pb::CategoryRule& b) { return a.category() < b.category(); });
  const std::string& network = call.principal.network_id;
  absl::StatusOr<pb::StockRules> updated =
      context_.pool.Transact({.network_id = network, .deadline = call.deadline}, [&](pg::Transaction& tx) {
        return pg::Idempotent<pb::StockRules>(
            tx, request.request_id(), call.method->full_name(), request, [&](pg::Transaction& tx) {
              return RulesStore::Replace(tx, rules, call.principal.subject, context_.clock.Now());
            });
      });
  // Also after an error: it may have been committed all the same.
  context_.rules.Forget(network);
  return updated;
}

}  // namespace kubari::stock
