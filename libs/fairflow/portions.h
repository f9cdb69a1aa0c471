// Lots with a smallest quantity: their parts in the relaxed solution, rounded to portions that are allowed.
#pragma once

#include <vector>

#include "libs/fairflow/network.h"
#include "libs/fairflow/transport.h"

namespace kubari::fairflow {

// Pins, in indexes of the problem, for every lot with min_cases > 1. What goes through a door (Arc::door) is never
// below its lot's smallest quantity; nothing needs more room than there is.
std::vector<Pin> Portions(const Problem& problem, const Network& network, const Shared& shared, const Carried& carried);

}  // namespace kubari::fairflow
