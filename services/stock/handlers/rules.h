// The network's rules for dates and alerts.
#pragma once

#include <absl/status/statusor.h>

#include "libs/rpc/call.h"
#include "services/stock/handlers/context.h"

namespace kubari::stock {

class RulesHandler {
 public:
  explicit RulesHandler(const Context& context) : context_(context) {}

  absl::StatusOr<pb::StockRules> GetStockRules(const rpc::Call& call, const pb::GetStockRulesRequest& request);
  absl::StatusOr<pb::StockRules> UpdateStockRules(const rpc::Call& call, const pb::UpdateStockRulesRequest& request);

 private:
  const Context context_;
};

}  // namespace kubari::stock
