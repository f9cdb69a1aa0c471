// Shapes of what a request and an application say.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/time/civil_time.h"
#include "kubari/support/v1/support.pb.h"
#include "libs/errors/errors.h"

namespace kubari::support {

namespace pb = v1;

inline constexpr int kMaxNote = 500;

int64_t PeopleOf(const pb::Household& household);
// People by band, in the contract's order: the form of the columns `ages`.
std::vector<int> AgesOf(const pb::Household& household);
pb::Household HouseholdOf(const std::vector<int>& ages);

// 0 to 30 people of each age, at least one in all.
void CheckHousehold(errors::Violations& violations, const std::string& field, const pb::Household& household);
void CheckDetails(errors::Violations& violations, const std::string& field, const pb::Details& details);
// Five digits that begin with a prefecture.
void CheckMunicipality(errors::Violations& violations, const std::string& field, const std::string& code);
// Five digits, or two for a prefecture.
void CheckArea(errors::Violations& violations, const std::string& field, const std::string& code);
// Whether the municipality lies in the area.
bool LiesIn(const std::string& municipality_code, const std::string& area);

// The due date: the one that was said (today to a year ahead), or from the urgency.
std::optional<absl::CivilDay> CheckDue(errors::Violations& violations, const std::string& field,
                                       const std::string& due_date, pb::Urgency urgency, absl::CivilDay today);

// `reason`: any that people may give.
void CheckReason(errors::Violations& violations, pb::DeclineReason reason);

// A note of a step: up to 500 characters, PERSONAL_DATA.
void CheckNote(errors::Violations& violations, const std::string& note);

}  // namespace kubari::support
