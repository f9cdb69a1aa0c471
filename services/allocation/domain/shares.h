// The arithmetic of shares: what a line costs as it stands, and how what was spent is given back. Pure; milli-shares,
// and integers only.
#pragma once

#include <cstdint>
#include <vector>

#include "services/allocation/domain/states.h"

namespace kubari::allocation {

// The first endowment for one unit of weight (households × need percent): ten shares for a household of need 100.
inline constexpr int64_t kGrantForWeight = 100;

// What a line of a bid costs its group as it stands, if it cost `paid` until now. `price`: for a case of `per_case`
// items. A price above zero is owed for what the group gets or is still to get, rounded in its favour; one below zero
// is earned by what it has confirmed, rounded against it. What was once given back or earned stays: the cost never
// rises.
int64_t CostOf(const LineFacts& line, int64_t price, int64_t per_case, int64_t paid);

// `pool` shared out in proportion to the weights, by largest remainders, of equal ones the first; Σ = pool if any
// weight is above zero and the pool too, else all zero. Weights ≥ 0.
std::vector<int64_t> GiveBack(int64_t pool, const std::vector<int64_t>& weights);

}  // namespace kubari::allocation
