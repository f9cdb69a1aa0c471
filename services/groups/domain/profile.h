// The shape of a group's profile.
#pragma once

#include <string>
#include <vector>

#include "kubari/groups/v1/groups.pb.h"
#include "libs/errors/errors.h"

namespace kubari::groups {

inline constexpr int64_t kMaxHouseholds = 100'000;
inline constexpr int64_t kMaxChildren = 1'000'000;
inline constexpr int64_t kMaxStorage = 100'000'000;
inline constexpr int kMaxDays = 3'650;
inline constexpr int kMaxKilometres = 3'000;
inline constexpr int kMaxAreas = 100;
inline constexpr int kMaxDistricts = 50;

// Judges the fields named (of SettableFields()).
void CheckProfile(errors::Violations& violations, const v1::Group& group, const std::vector<std::string>& fields);
// At least one field (unless `may_be_empty`), all settable.
void CheckMask(errors::Violations& violations, const google::protobuf::RepeatedPtrField<std::string>& mask,
               bool may_be_empty = false);
// Known sections, each once.
void CheckSections(errors::Violations& violations, const std::string& field,
                   const google::protobuf::RepeatedField<int>& sections);
// What a change of one field may break in another: windows lie on receiving days. INVALID_ARGUMENT.
absl::Status CheckTogether(const v1::Group& group);

}  // namespace kubari::groups
