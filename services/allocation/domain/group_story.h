// Why one group gets this much of a run, or nothing: facts, and a letter that can be sent to it.
#pragma once

#include <vector>

#include "kubari/allocation/v1/allocation.pb.h"
#include "services/allocation/domain/propose.h"

namespace kubari::allocation {

// `group`: index into snapshot.groups. `lines`: the group's lines as they stand, with state, items, proposed_items,
// reason and pinned. `all_groups`: the reader may know of other groups.
pb::ExplainGroupResponse TellGroup(const Solved& solved, int group, const std::vector<pb::Line>& lines,
                                   bool all_groups);

}  // namespace kubari::allocation
