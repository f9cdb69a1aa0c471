// From a proposal to what is stored of it.
#pragma once

#include <absl/status/status.h>
#include <absl/time/time.h>

#include <string>
#include <vector>

#include "libs/pg/transaction.h"
#include "services/allocation/domain/propose.h"
#include "services/allocation/line_store.h"
#include "services/allocation/run_store.h"

namespace kubari::allocation {

// What groups had in the 365 days before the hand-over date, what they were promised, and what claims their storage.
absl::Status AddPast(pg::Transaction& tx, absl::TimeZone zone, pb::Snapshot& snapshot);

// FAILED_PRECONDITION / RUN_TOO_LARGE: the reasons of so many pairs would not fit into memory, nor into a transaction.
absl::Status CheckPairs(int64_t lots, int64_t groups);

// Options, version, hashes and summary.
void Describe(const Solved& solved, const std::string& snapshot_hash, pb::Run& run);

// PROPOSED lines of the run.
std::vector<LineRow> RowsOf(const Solved& solved, const RunRow& run);

}  // namespace kubari::allocation
