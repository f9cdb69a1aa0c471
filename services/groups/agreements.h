// The agreements with groups: which rows they stand on (libs/registry/agreement_handler.h).
#pragma once

#include "libs/registry/agreement_handler.h"

namespace kubari::groups {

inline constexpr registry::Parties kParties = {
    .collection = "groups",
    .lock = "SELECT FROM groups WHERE network_id = $1 AND group_id = $2 FOR UPDATE",
    .touch = "UPDATE groups SET version = version + 1 WHERE network_id = $1 AND group_id = $2",
    .list = KUBARI_AGREEMENT_LIST("groups", "group_id"),
};

}  // namespace kubari::groups
