// What the handlers of recalls and traces share on the way out.
#pragma once

#include <absl/status/statusor.h>
#include <absl/time/time.h>

#include <string>
#include <vector>

#include "services/stock/domain/recall.h"
#include "services/stock/handlers/context.h"
#include "services/stock/trace_store.h"

namespace kubari::stock {

// As far as the caller may know them, in this order.
absl::StatusOr<std::vector<pb::Lot>> ShowLots(const Context& context, const rpc::Call& call,
                                              const std::vector<std::string>& lots);
absl::StatusOr<std::vector<pb::LotHolder>> ShowHolders(const Context& context, const rpc::Call& call,
                                                       const std::vector<trace::Holding>& holdings);

// Keys of lists by (time, id), newest first: before all others, of a row, and back. A key comes from outside:
// INVALID_ARGUMENT / PAGE_TOKEN_INVALID if it is no time.
std::vector<std::string> NewestFirst();
std::vector<std::string> KeyOfTime(absl::Time time, const std::string& id);
absl::StatusOr<absl::Time> TimeOfKey(const std::string& key);

}  // namespace kubari::stock
