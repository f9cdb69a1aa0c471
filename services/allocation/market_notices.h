// What groups are told of runs in which they choose.
#pragma once

#include "libs/pg/transaction.h"
#include "services/allocation/run_store.h"

namespace kubari::allocation {

// A round begins (it is open), or has ended: once each, in the transaction of that.
void TellGroups(pg::Transaction& tx, const RunRow& run);

}  // namespace kubari::allocation
