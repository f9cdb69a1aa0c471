// An offer may tighten its agreement's conditions, never loosen them.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "kubari/type/v1/food.pb.h"

namespace kubari::donors {

// FAILED_PRECONDITION / CONDITIONS_WEAKENED if `offer` demands less than `agreement` in any field; metadata "fields"
// names all of them
// (","-separated), and the sentences say what each is and must be.
absl::Status CheckTightened(const type::v1::Conditions& agreement, const type::v1::Conditions& offer);

}  // namespace kubari::donors
