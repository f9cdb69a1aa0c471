// What must be known before a group is approved, and who may say so. Pure.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "kubari/groups/v1/applications.pb.h"
#include "libs/auth/principal.h"

namespace kubari::groups {

// What the rules require and nobody has ticked.
std::vector<v1::CheckKind> MissingChecks(const v1::Application& application, const v1::GroupRules& rules);

// May this caller approve the group? PERMISSION_DENIED / APPROVAL_BY_APPLICANT for whoever holds a role in it or has the
// applicant's e-mail address; PERMISSION_DENIED / FOUR_EYES for whoever entered it, if the rules ask for two;
// FAILED_PRECONDITION / CHECKS_MISSING (metadata "checks").
absl::Status JudgeApproval(const v1::Application& application, const v1::GroupRules& rules, const std::string& group_id,
                           const auth::Principal& caller, const std::string& caller_email);

std::string JapaneseName(v1::CheckKind kind);
std::string EnglishName(v1::CheckKind kind);

}  // namespace kubari::groups
