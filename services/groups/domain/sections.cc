#include "services/groups/domain/sections.h"

#include <google/protobuf/util/time_util.h>

#include <algorithm>
#include <map>

#include "libs/registry/fields.h"
#include "libs/registry/mutation.h"

namespace kubari::groups {

const std::vector<v1::Section>& AllSections() {
  static const std::vector<v1::Section> all = {v1::SECTION_ORGANISATION, v1::SECTION_CONTACTS,  v1::SECTION_ACTIVITIES,
                                               v1::SECTION_PEOPLE,       v1::SECTION_SITES,     v1::SECTION_RECEIVING,
                                               v1::SECTION_FOOD,         v1::SECTION_ISSUES};
  return all;
}

const std::vector<std::string>& FieldsOf(v1::Section section) {
  static const std::map<v1::Section, std::vector<std::string>> fields = {
      {v1::SECTION_ORGANISATION, {"display_name", "name_kana", "kind", "legal_form", "may_be_named_to_donors"}},
      {v1::SECTION_CONTACTS, {"contact_email", "contacts"}},
      {v1::SECTION_ACTIVITIES, {"areas", "activities", "school_districts"}},
      {v1::SECTION_PEOPLE, {"households", "children", "age_bands"}},
      {v1::SECTION_SITES, {"sites"}},
      {v1::SECTION_RECEIVING,
       {"receiving_days", "receiving_windows", "vehicle", "vehicle_refrigerated", "max_distance_km"}},
      {v1::SECTION_FOOD,
       {"accepted_categories", "excluded_allergens", "wanted_tags", "excluded_tags", "min_remaining_days"}},
      {v1::SECTION_ISSUES, {"issues", "wanted_help", "wanted_help_note"}},
  };
  static const std::vector<std::string> none;
  const auto found = fields.find(section);
  return found == fields.end() ? none : found->second;
}

void Confirm(v1::Group& group, const std::vector<v1::Section>& sections, const Confirmer& who, absl::CivilDay today,
             absl::Time now) {
  std::map<v1::Section, v1::Confirmation> latest;
  for (const v1::Confirmation& each : group.confirmations()) latest[each.section()] = each;
  for (const v1::Section section : sections) {
    v1::Confirmation& confirmation = latest[section];
    confirmation.set_section(section);
    confirmation.set_date(absl::FormatCivilTime(today));
    confirmation.set_person(who.person);
    confirmation.set_person_display_name(who.display_name);
    confirmation.set_by_staff(who.by_staff);
    *confirmation.mutable_confirm_time() = registry::ToTimestamp(now);
  }
  group.clear_confirmations();
  for (const auto& [section, confirmation] : latest) *group.add_confirmations() = confirmation;
}

absl::CivilDay ConfirmedOn(const v1::Group& group, v1::Section section) {
  for (const v1::Confirmation& each : group.confirmations()) {
    if (each.section() != section) continue;
    if (const auto day = registry::ParseDay(each.date())) return *day;
  }
  // Months matter here, not hours: the day in UTC will do.
  return absl::ToCivilDay(absl::FromUnixSeconds(group.create_time().seconds()), absl::UTCTimeZone());
}

absl::CivilDay ConfirmedFrom(const v1::Group& group) {
  absl::CivilDay oldest = ConfirmedOn(group, AllSections().front());
  for (const v1::Section section : AllSections()) oldest = std::min(oldest, ConfirmedOn(group, section));
  return oldest;
}

absl::CivilDay StaleDay(absl::CivilDay today, int months) { return AddMonths(today, -months); }

std::vector<v1::Section> StaleSections(const v1::Group& group, absl::CivilDay today, int months) {
  const absl::CivilDay limit = StaleDay(today, months);
  std::vector<v1::Section> stale;
  for (const v1::Section section : AllSections()) {
    if (ConfirmedOn(group, section) <= limit) stale.push_back(section);
  }
  return stale;
}

std::vector<v1::StoppedSection> StoppedSections(const v1::Group& group, absl::CivilDay today, int months) {
  std::vector<v1::StoppedSection> stopped;
  if (months == 0) return stopped;
  const absl::CivilDay limit = StaleDay(today, months);
  for (const v1::Section section : {v1::SECTION_SITES, v1::SECTION_RECEIVING, v1::SECTION_FOOD}) {
    const absl::CivilDay day = ConfirmedOn(group, section);
    if (day > limit) continue;
    v1::StoppedSection& one = stopped.emplace_back();
    one.set_section(section);
    one.set_confirmed_date(absl::FormatCivilTime(day));
  }
  return stopped;
}

absl::CivilDay AddMonths(absl::CivilDay day, int months) {
  const absl::CivilMonth month = absl::CivilMonth(day) + months;
  const absl::CivilDay last = absl::CivilDay(month + 1) - 1;
  return std::min(absl::CivilDay(month.year(), month.month(), 1) + (day.day() - 1), last);
}

}  // namespace kubari::groups
