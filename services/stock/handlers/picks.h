// What to take from which shelf.
#pragma once

#include <absl/status/statusor.h>

#include "libs/rpc/call.h"
#include "services/stock/handlers/context.h"

namespace kubari::stock {

class PicksHandler {
 public:
  explicit PicksHandler(const Context& context) : context_(context) {}

  absl::StatusOr<pb::SuggestPicksResponse> SuggestPicks(const rpc::Call& call, const pb::SuggestPicksRequest& request);

 private:
  const Context context_;
};

}  // namespace kubari::stock
