// What the benchmark works on: a network with goods to move about, and past years of it.
#pragma once

#include <string>
#include <vector>

#include "ops/benchmarks/callers.h"
#include "tests/end_to_end/setting.h"

namespace kubari::bench {

// So many lots, with 10,000 items of each on each of four shelves.
Goods MakeGoods(end_to_end::Setting& setting, int lots);

// Statements of the superuser, one after another; ends the program if one fails. Returns what they print.
std::string Psql(const end_to_end::Installation& installation, const std::vector<std::string>& arguments);

// Every row starts alike: no row versions left by the one before, nothing waiting to be written.
void CleanUp(const end_to_end::Installation& installation);

// Until impact has counted what is in the ledger, at most two minutes.
void WaitForFollowers(end_to_end::Setting& setting);

// Adds past movements (history.sql) until the ledger has `movements`. Returns up to 200 of the lots they are of, by
// name.
std::vector<std::string> AddHistory(end_to_end::Setting& setting, int64_t movements);

// Of the ledger's tables on disk, indexes included.
struct Sizes {
  int64_t movements = 0;             // how many
  double bytes_a_movement = 0;       // table `movements`
  double bytes_of_what_follows = 0;  // balances, deliveries and their lines, for each movement
};
Sizes MeasureSizes(const end_to_end::Installation& installation);

}  // namespace kubari::bench
