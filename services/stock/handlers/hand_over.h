// The wall that goods pass on their way to a group.
#pragma once

#include <absl/status/statusor.h>

#include <string>

#include "services/stock/handlers/commands.h"

namespace kubari::stock {

// May these goods go to this group on that day? Agreements, conditions and dates once more, right before they leave or
// are promised; preferences are allocation's business (libs/eligibility). Returns the group. Errors in this order:
// GROUP_NOT_FOUND, NO_AGREEMENT, CONDITION_NOT_MET, LOT_EXPIRED. Recalls are judged by the ledger itself.
absl::StatusOr<groups::v1::Group> PassTheWall(const Context& context, const rpc::Call& call, const Lot& lot,
                                              const std::string& group, absl::CivilDay day);

// GROUP_NOT_FOUND / as GetGroup.
absl::StatusOr<groups::v1::Group> FindGroup(const Context& context, const rpc::Call& call, const std::string& group);
// JIS X 0402 code of the group's first site; empty if unknown.
std::string MunicipalityOf(const groups::v1::Group& group);

// The place that stands for what a group holds, "groups/{uuid}". GROUP_NOT_FOUND.
absl::StatusOr<Place> FindGroupPlace(const Context& context, const rpc::Call& call, const std::string& group);

}  // namespace kubari::stock
