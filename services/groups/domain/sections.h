// Sections of a group's profile: what is confirmed as one, and when it is to be asked again. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "kubari/groups/v1/groups.pb.h"

namespace kubari::groups {

// In the order in which they are asked.
const std::vector<v1::Section>& AllSections();
// Fields of Group that a section consists of; those in none are the network's.
const std::vector<std::string>& FieldsOf(v1::Section section);

struct Confirmer {
  std::string person;  // people/{uuid} or apiKeys/{uuid}
  std::string display_name;
  bool by_staff = false;
};
// The sections hold as they stand: one confirmation each, the latest, in the order of sections.
void Confirm(v1::Group& group, const std::vector<v1::Section>& sections, const Confirmer& who, absl::CivilDay today,
             absl::Time now);

// The day from which a section counts: that of its confirmation, else the one on which the group was registered.
absl::CivilDay ConfirmedOn(const v1::Group& group, v1::Section section);
// The oldest of them.
absl::CivilDay ConfirmedFrom(const v1::Group& group);
// A section that counts from this day or an earlier one is asked again.
absl::CivilDay StaleDay(absl::CivilDay today, int months);
std::vector<v1::Section> StaleSections(const v1::Group& group, absl::CivilDay today, int months);
// Of those that decide what a group may be given: where it keeps, when it receives, and what it can eat. None with 0 months.
std::vector<v1::StoppedSection> StoppedSections(const v1::Group& group, absl::CivilDay today, int months);

// `months` later (or earlier), on the same day of the month or its last.
absl::CivilDay AddMonths(absl::CivilDay day, int months);

}  // namespace kubari::groups
