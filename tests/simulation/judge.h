// Judges one network when its phones have fallen silent: the ledger by itself (libs/ledger_audit adds it up again),
// against what the phones were told, and against everything the service derives from it. Pure, and shares no code with
// the service.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "tests/simulation/answers.h"
#include "tests/simulation/phones.h"

namespace kubari::simulation {

struct Verdict {
  // One sentence for each rule that does not hold; empty: all is well.
  std::vector<std::string> problems;
  int64_t movements = 0;
  // How often each kind was recorded: shows that the workload reaches all of them.
  std::map<pb::MovementKind, int64_t> kinds;
};

Verdict Judge(const Answers& answers, const Setting& setting, const Journal& journal);

}  // namespace kubari::simulation
