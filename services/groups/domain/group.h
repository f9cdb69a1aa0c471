// What a group is and may become. Pure; the contract's messages serve as values.
//
//   UNCONFIRMED, APPLIED, REJECTED ─approve─▶ ACTIVE ─suspend─▶ SUSPENDED ─approve─▶ ACTIVE
//   UNCONFIRMED, APPLIED ─reject─▶ REJECTED
#pragma once

#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/civil_time.h"
#include "kubari/groups/v1/applications.pb.h"
#include "kubari/groups/v1/groups.pb.h"

namespace kubari::groups {

enum class Step { kApprove, kSuspend, kReject };

// The state after the step. FAILED_PRECONDITION / GROUP_STATE (metadata "state") if the group's state does not allow
// it.
absl::StatusOr<v1::GroupState> Next(const v1::Group& group, Step step);

// Fills in what depends on the day: compliance_level (the highest with evidence in force), agreement_in_force, and by the network's rules
// stale_sections and stopped_sections.
void Derive(v1::Group& group, absl::CivilDay today, const v1::GroupRules& rules);

// FAILED_PRECONDITION / HUB_CYCLE (metadata "path": the ids from the group to itself) if `hub_id` as the group's hub
// would make the group, directly or by others, its own hub. `hub_of` has the other groups' hubs, by group id; `names` what the sentence calls
// them, else it names their ids.
absl::Status CheckHub(const std::string& group_id, const std::string& hub_id, const std::map<std::string, std::string>& hub_of,
                      const std::map<std::string, std::string>& names = {});

// What a hub knows of a group that it serves.
v1::HubGroup AsHubSees(const v1::Group& group);

// Only what a caller may set.
v1::Group Settable(const v1::Group& given);
// Fields of Group that UpdateGroup can change.
const std::vector<std::string>& SettableFields();
// PERMISSION_DENIED / FIELD_NOT_YOURS (metadata "fields") if `fields` has some that only the network's staff may
// change: code, hub, evidence, and the weight in fair sharing.
absl::Status CheckOwnFields(const std::vector<std::string>& fields);

}  // namespace kubari::groups
