// The shape and the states of a need. Pure.
//
//   OPEN ⇄ FULFILLED, WITHDRAWN; EXPIRED is what an open one is once its last day has passed
#pragma once

#include <string>
#include <vector>

#include "absl/time/civil_time.h"
#include "kubari/groups/v1/needs.pb.h"
#include "libs/errors/errors.h"

namespace kubari::groups {

inline constexpr int kMaxOpenNeeds = 50;
inline constexpr int64_t kMaxNeedQuantity = 1'000'000;

const std::vector<std::string>& NeedFields();
// Judges the fields named, of `need` as it is to become. A need that stands has no quantity and no last day.
void CheckNeed(errors::Violations& violations, const v1::Need& need, const std::vector<std::string>& fields,
               absl::CivilDay today);
// An open need whose last day has passed.
bool Expired(const v1::Need& need, absl::CivilDay today);
// FAILED_PRECONDITION / NEED_STATE (metadata "state").
absl::Status NeedStateRefused(const v1::Need& need);

}  // namespace kubari::groups
