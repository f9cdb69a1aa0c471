// RunOptions from outside: their shape, whether they fit what a run sees, and adjustments by hand as pins.
#pragma once

#include <absl/status/status.h>

#include <string>
#include <vector>

#include "kubari/allocation/v1/allocation.pb.h"
#include "libs/errors/errors.h"
#include "services/allocation/domain/judge.h"
#include "services/allocation/line_store.h"

namespace kubari::allocation {

// Everything wrong with their shape, as "options.pins[2].items".
void CheckOptions(const pb::RunOptions& options, errors::Violations& violations);

// What the policy does not know (NOT_WITH_POLICY).
void CheckOptionsOf(pb::Policy policy, const pb::RunOptions& options, errors::Violations& violations);

// Everything that is named must be in the snapshot, and pins must be possible. INVALID_ARGUMENT with everything that is
// not so, each at its field of `options`: LOT_NOT_SEEN, GROUP_NOT_SEEN, GROUP_NOT_ELIGIBLE (hard rules),
// QUANTITY_TOO_LARGE, NOT_WHOLE_CASES or BELOW_MINIMUM_LOT. `judgement` is that of the snapshot, whose own options are
// these in canonical order.
absl::Status CheckOptionsFit(const pb::RunOptions& options, const pb::Snapshot& snapshot, const Judgement& judgement);

// Lines that were changed by hand become pins, unless there is one for the same lot, place and group.
void KeepAdjustments(const std::vector<LineRow>& lines, pb::RunOptions& options);

}  // namespace kubari::allocation
