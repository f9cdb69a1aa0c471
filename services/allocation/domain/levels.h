// Levels: what groups have for each weighted household, and how even that is. Exact; rounded only to be shown.
#pragma once

#include <cstdint>
#include <vector>

#include "libs/fairflow/problem.h"

namespace kubari::allocation {

// Milli-person-days ÷ weight, with households × need percent as weight.
using Level = fairflow::Level;
using fairflow::Less;

// In thousandths of a person-day per household of need 100: what people are shown.
int64_t ShownLevel(const Level& level);

// Gini coefficient of the levels weighted by `weight`, in millionths (0: all equal); 0 if nobody has anything.
int64_t GiniE6(std::vector<Level> levels);

// Jain's index (Σ x)² ÷ (n Σ x²) of the shown levels, in millionths (1,000,000: all equal, also if nobody has anything;
// 1/n: one has all). R. Jain, D. Chiu, W. Hawe, DEC-TR-301, 1984.
int64_t JainE6(const std::vector<Level>& levels);

}  // namespace kubari::allocation
