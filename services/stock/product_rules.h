// What a product must be, whether it is typed in or imported.
#pragma once

#include <string_view>

#include "kubari/stock/v1/stock.pb.h"
#include "libs/errors/errors.h"

namespace kubari::stock {

// Checks every field and fills in what follows from others: GTINs as 14 digits, milli_person_days from the weight.
// Field paths start with `field`, for instance "product".
void CompleteProduct(v1::Product& product, std::string_view field, errors::Violations& violations);

// Food for one person's day weighs 1,400 g (contract): item_grams × 1000 ÷ 1400, at least 1.
int64_t MilliPersonDays(int64_t item_grams);

}  // namespace kubari::stock
