// A group as the contract tells of it on a day.
#pragma once

#include "libs/errors/macros.h"
#include "services/groups/domain/group.h"
#include "services/groups/group_store.h"
#include "services/groups/rules_store.h"

namespace kubari::groups {

inline absl::StatusOr<v1::Group> LoadAsOf(pg::Transaction& tx, const std::string& group_id, absl::CivilDay today) {
  ASSIGN_OR_RETURN(v1::Group group, LoadGroup(tx, group_id, today));
  ASSIGN_OR_RETURN(const v1::GroupRules rules, LoadRules(tx));
  Derive(group, today, rules);
  return group;
}

}  // namespace kubari::groups
