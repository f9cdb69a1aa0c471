// For whom a transaction acts: what row-level security shows beside the network (migrations/0001_support.sql).
#pragma once

#include <string>
#include <vector>

#include "libs/pg/transaction.h"

namespace kubari::support {

// Travels with the next statement. Organisations are UUIDs; none: nothing is seen.
void ActFor(pg::Transaction& tx, const std::vector<std::string>& organisations);
// For the service's own work, never for what a caller asked to see: erasing, counting, what is overdue.
void ActForAll(pg::Transaction& tx);

}  // namespace kubari::support
