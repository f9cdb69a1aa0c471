// What the handlers of recalls, traces and deliveries share on the way out.
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
// A group that got something by the hub it names is told the hub's name; of other groups it learns none.
absl::StatusOr<std::vector<pb::Delivery>> ShowDeliveries(const Context& context, const rpc::Call& call,
                                                         const std::vector<Delivery>& deliveries);

// Whom to call, as agreements in force today say (Duties.recall_contact). Read when it is asked for: a contact may change while goods are
// being looked for. Registers that do not answer soon keep nothing else from being shown.
// At the donors of the recall's lots; for callers who may know all donors.
void TellDonorContacts(const Context& context, const rpc::Call& call, pb::Recall& recall);
// At groups that have not acknowledged or have something open; for callers who see the whole network.
void TellHolderContacts(const Context& context, const rpc::Call& call, std::vector<pb::RecallNotice>& notices);

// Keys of lists by (time, id), newest first: before all others, of a row, and back. A key comes from outside:
// INVALID_ARGUMENT / PAGE_TOKEN_INVALID if it is no time.
std::vector<std::string> NewestFirst();
std::vector<std::string> KeyOfTime(absl::Time time, const std::string& id);
absl::StatusOr<absl::Time> TimeOfKey(const std::string& key);

}  // namespace kubari::stock
