// The same movement by pgbench: what PostgreSQL itself does when every movement is a transaction of its own.
#pragma once

#include <absl/time/time.h>

#include <map>
#include <string>

#include "ops/benchmarks/load.h"

namespace kubari::bench {

// Runs `script` with the variables; `folder` takes pgbench's log. `conninfo`: libpq, of the role that the service has.
// Ends the program if pgbench fails.
Measured Pgbench(const std::string& script, const std::map<std::string, std::string>& variables,
                 const std::string& conninfo, const std::string& folder, int clients, absl::Duration time);

}  // namespace kubari::bench
