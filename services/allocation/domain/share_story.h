// What came of a sharing, for people: shares, what stays and why, levels, ties and bounds.
#pragma once

#include "services/allocation/domain/books.h"
#include "services/allocation/domain/food_problem.h"
#include "services/allocation/domain/share_out.h"

namespace kubari::allocation {

Outcome TellOutcome(const Books& books, const FoodProblem& problem);

}  // namespace kubari::allocation
