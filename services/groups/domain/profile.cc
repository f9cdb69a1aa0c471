#include "services/groups/domain/profile.h"

#include <algorithm>
#include <functional>
#include <map>
#include <optional>
#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "libs/ids/ids.h"
#include "libs/registry/fields.h"
#include "services/groups/domain/group.h"

namespace kubari::groups {
namespace {

using errors::Violations;

// Known values of an enum, each once.
template <typename E>
void CheckSet(Violations& violations, const std::string& field, const google::protobuf::RepeatedField<int>& values) {
  std::set<int> seen;
  for (int i = 0; i < values.size(); ++i) {
    const std::string path = absl::StrCat(field, "[", i, "]");
    violations.Enum(path, static_cast<E>(values[i]));
    violations.Require(seen.insert(values[i]).second, path, "DUPLICATE", "This value is given twice.",
                       "同じ値が二度書かれています。");
  }
}

void CheckSites(Violations& violations, const v1::Group& group) {
  violations.Range("group.sites", group.sites_size(), 1, 20);
  std::set<std::string> ids;
  for (int i = 0; i < std::min(group.sites_size(), 20); ++i) {
    const v1::Site& site = group.sites(i);
    const std::string path = absl::StrCat("group.sites[", i, "]");
    if (!site.id().empty() && violations.Uuid(path + ".id", site.id())) {
      violations.Require(ids.insert(site.id()).second, path + ".id", "DUPLICATE", "Another site has this id.",
                         "別の拠点が同じ ID を使っています。");
    }
    violations.Text(path + ".display_name", site.display_name(), 0, registry::kMaxName);
    // Donors may exclude prefectures, and reports count by municipality.
    registry::CheckAddress(violations, path + ".address", site.address(), /*municipality_required=*/true);
    violations.Range(path + ".ambient_items", site.ambient_items(), 0, kMaxStorage);
    violations.Range(path + ".chilled_items", site.chilled_items(), 0, kMaxStorage);
    violations.Range(path + ".frozen_items", site.frozen_items(), 0, kMaxStorage);
  }
}

void CheckEvidence(Violations& violations, const v1::Group& group) {
  violations.Range("group.evidence", group.evidence_size(), 0, 50);
  for (int i = 0; i < std::min(group.evidence_size(), 50); ++i) {
    const type::v1::Evidence& evidence = group.evidence(i);
    const std::string path = absl::StrCat("group.evidence[", i, "]");
    violations.Text(path + ".title", evidence.title(), 1, registry::kMaxName);
    violations.Enum(path + ".level", evidence.level());
    const auto from = registry::CheckDay(violations, path + ".valid_from_date", evidence.valid_from_date());
    if (evidence.valid_to_date().empty()) continue;
    const auto to = registry::CheckDay(violations, path + ".valid_to_date", evidence.valid_to_date());
    violations.Require(!from || !to || *from <= *to, path + ".valid_to_date", "OUT_OF_ORDER",
                       "The last day is before the first.", "終了日が開始日より前です。");
  }
}

void CheckAreas(Violations& violations, const v1::Group& group) {
  violations.Range("group.areas", group.areas_size(), 0, kMaxAreas);
  std::set<std::string> seen;
  for (int i = 0; i < std::min(group.areas_size(), kMaxAreas); ++i) {
    const std::string path = absl::StrCat("group.areas[", i, "]");
    registry::CheckMunicipality(violations, path, group.areas(i));
    violations.Require(seen.insert(group.areas(i)).second, path, "DUPLICATE", "This municipality is named twice.",
                       "同じ市区町村が二度書かれています。");
  }
}

void CheckActivities(Violations& violations, const v1::Group& group) {
  violations.Range("group.activities", group.activities_size(), 0, 20);
  std::set<int> seen;
  for (int i = 0; i < std::min(group.activities_size(), 20); ++i) {
    const v1::Activity& activity = group.activities(i);
    const std::string path = absl::StrCat("group.activities[", i, "]");
    violations.Enum(path + ".kind", activity.kind());
    violations.Require(seen.insert(activity.kind()).second, path + ".kind", "DUPLICATE", "This activity is given twice.",
                       "同じ活動が二度書かれています。");
    if (activity.period() != v1::PERIOD_UNSPECIFIED) violations.Enum(path + ".period", activity.period());
    const bool counted = activity.period() == v1::PERIOD_WEEK || activity.period() == v1::PERIOD_MONTH ||
                         activity.period() == v1::PERIOD_YEAR;
    violations.Range(path + ".times", activity.times(), counted ? 1 : 0, counted ? 366 : 0);
    violations.Range(path + ".meals_per_session", activity.meals_per_session(), 0, 100'000);
    violations.Text(path + ".note", activity.note(), 0, 300);
  }
}

void CheckAgeBands(Violations& violations, const v1::Group& group) {
  std::set<int> seen;
  for (int i = 0; i < group.age_bands_size(); ++i) {
    const std::string path = absl::StrCat("group.age_bands[", i, "]");
    violations.Enum(path + ".band", group.age_bands(i).band());
    violations.Require(seen.insert(group.age_bands(i).band()).second, path + ".band", "DUPLICATE",
                       "This age band is given twice.", "同じ年齢層が二度書かれています。");
    violations.Range(path + ".people", group.age_bands(i).people(), 0, kMaxChildren);
  }
}

void CheckDistricts(Violations& violations, const v1::Group& group) {
  violations.Range("group.school_districts", group.school_districts_size(), 0, kMaxDistricts);
  for (int i = 0; i < std::min(group.school_districts_size(), kMaxDistricts); ++i) {
    violations.Text(absl::StrCat("group.school_districts[", i, "]"), group.school_districts(i), 1, 100);
  }
}

void CheckIssues(Violations& violations, const v1::Group& group) {
  std::set<int> seen;
  for (int i = 0; i < group.issues_size(); ++i) {
    const std::string path = absl::StrCat("group.issues[", i, "]");
    violations.Enum(path + ".issue", group.issues(i).issue());
    violations.Enum(path + ".level", group.issues(i).level());
    violations.Require(seen.insert(group.issues(i).issue()).second, path + ".issue", "DUPLICATE",
                       "This issue is answered twice.", "同じ困りごとに二度答えています。");
  }
}

// "10:00" as minutes of the day; "24:00" is the end of it.
std::optional<int> Minutes(const std::string& text) {
  const auto digit = [&](size_t at) { return text[at] >= '0' && text[at] <= '9'; };
  if (text.size() != 5 || text[2] != ':' || !digit(0) || !digit(1) || !digit(3) || !digit(4)) return std::nullopt;
  const int hours = (text[0] - '0') * 10 + (text[1] - '0');
  const int minutes = (text[3] - '0') * 10 + (text[4] - '0');
  const int all = hours * 60 + minutes;
  return minutes < 60 && all <= 24 * 60 ? std::optional(all) : std::nullopt;
}

void CheckWindows(Violations& violations, const v1::Group& group) {
  violations.Range("group.receiving_windows", group.receiving_windows_size(), 0, 14);
  struct Taken {
    int weekday, from, to;
  };
  std::vector<Taken> taken;
  for (int i = 0; i < std::min(group.receiving_windows_size(), 14); ++i) {
    const v1::ReceivingWindow& window = group.receiving_windows(i);
    const std::string path = absl::StrCat("group.receiving_windows[", i, "]");
    violations.Enum(path + ".weekday", window.weekday());
    std::optional<int> ends[2];
    for (const bool last : {false, true}) {
      const std::string& text = last ? window.to_time() : window.from_time();
      ends[last] = Minutes(text);
      violations.Require(ends[last].has_value(), path + (last ? ".to_time" : ".from_time"), "NOT_A_TIME",
                         absl::StrCat("'", text, "' is not a time of day; write it as 10:00."),
                         absl::StrCat("「", text, "」は時刻ではありません。10:00 の形で書いてください。"));
    }
    if (!ends[0] || !ends[1]) continue;
    if (!violations.Require(*ends[0] < *ends[1], path + ".to_time", "OUT_OF_ORDER",
                            absl::StrCat("The end, ", window.to_time(), ", is not after the start, ", window.from_time(), "."),
                            absl::StrCat("終わり（", window.to_time(), "）が始まり（", window.from_time(), "）より後ではありません。"))) {
      continue;
    }
    const bool overlaps = std::any_of(taken.begin(), taken.end(), [&](const Taken& other) {
      return other.weekday == window.weekday() && *ends[0] < other.to && other.from < *ends[1];
    });
    violations.Require(!overlaps, path + ".from_time", "OVERLAPS", "Another window of the same day overlaps this one.",
                       "同じ曜日の別の時間帯と重なっています。");
    taken.push_back({window.weekday(), *ends[0], *ends[1]});
  }
}

using Check = std::function<void(Violations&, const v1::Group&)>;

// One check per settable field.
const std::map<std::string, Check>& Checks() {
  static const std::map<std::string, Check> checks = {
      {"code", [](Violations& v, const v1::Group& g) { registry::CheckCode(v, "group.code", g.code()); }},
      {"display_name",
       [](Violations& v, const v1::Group& g) {
         v.Text("group.display_name", g.display_name(), 1, registry::kMaxName);
       }},
      {"name_kana",
       [](Violations& v, const v1::Group& g) { v.Text("group.name_kana", g.name_kana(), 0, registry::kMaxName); }},
      {"kind", [](Violations& v, const v1::Group& g) { v.Enum("group.kind", g.kind()); }},
      {"contact_email",
       [](Violations& v, const v1::Group& g) { registry::CheckEmail(v, "group.contact_email", g.contact_email()); }},
      {"sites", CheckSites},
      {"households",
       [](Violations& v, const v1::Group& g) { v.Range("group.households", g.households(), 1, kMaxHouseholds); }},
      {"children", [](Violations& v, const v1::Group& g) { v.Range("group.children", g.children(), 0, kMaxChildren); }},
      {"need_percent",
       [](Violations& v, const v1::Group& g) { v.Range("group.need_percent", g.need_percent(), 50, 200); }},
      {"accepted_categories",
       [](Violations& v, const v1::Group& g) {
         CheckSet<type::v1::FoodCategory>(v, "group.accepted_categories", g.accepted_categories());
       }},
      {"excluded_allergens",
       [](Violations& v, const v1::Group& g) {
         CheckSet<type::v1::Allergen>(v, "group.excluded_allergens", g.excluded_allergens());
       }},
      {"wanted_tags",
       [](Violations& v, const v1::Group& g) {
         CheckSet<type::v1::DietaryTag>(v, "group.wanted_tags", g.wanted_tags());
       }},
      {"excluded_tags",
       [](Violations& v, const v1::Group& g) {
         CheckSet<type::v1::DietaryTag>(v, "group.excluded_tags", g.excluded_tags());
       }},
      {"receiving_days",
       [](Violations& v, const v1::Group& g) { CheckSet<v1::Weekday>(v, "group.receiving_days", g.receiving_days()); }},
      {"min_remaining_days",
       [](Violations& v, const v1::Group& g) {
         v.Range("group.min_remaining_days", g.min_remaining_days(), 0, kMaxDays);
       }},
      {"max_distance_km",
       [](Violations& v, const v1::Group& g) {
         v.Range("group.max_distance_km", g.max_distance_km(), 0, kMaxKilometres);
       }},
      {"evidence", CheckEvidence},
      {"hub",
       [](Violations& v, const v1::Group& g) {
         if (!g.hub().empty()) v.Name("groups", "group.hub", g.hub());
       }},
      {"may_be_named_to_donors", [](Violations&, const v1::Group&) {}},
      {"legal_form",
       [](Violations& v, const v1::Group& g) {
         if (g.legal_form() != v1::LEGAL_FORM_UNSPECIFIED) v.Enum("group.legal_form", g.legal_form());
       }},
      {"areas", CheckAreas},
      {"activities", CheckActivities},
      {"age_bands", CheckAgeBands},
      {"school_districts", CheckDistricts},
      {"issues", CheckIssues},
      {"wanted_help",
       [](Violations& v, const v1::Group& g) { CheckSet<v1::Help>(v, "group.wanted_help", g.wanted_help()); }},
      {"wanted_help_note",
       [](Violations& v, const v1::Group& g) { v.Text("group.wanted_help_note", g.wanted_help_note(), 0, 1'000); }},
      {"contacts",
       [](Violations& v, const v1::Group& g) { registry::CheckContacts(v, "group.contacts", g.contacts()); }},
      {"receiving_windows", CheckWindows},
      {"vehicle",
       [](Violations& v, const v1::Group& g) {
         if (g.vehicle() != v1::VEHICLE_UNSPECIFIED) v.Enum("group.vehicle", g.vehicle());
       }},
      {"vehicle_refrigerated", [](Violations&, const v1::Group&) {}},
  };
  return checks;
}

}  // namespace

void CheckProfile(errors::Violations& violations, const v1::Group& group, const std::vector<std::string>& fields) {
  for (const std::string& field : fields) {
    if (const auto check = Checks().find(field); check != Checks().end()) check->second(violations, group);
  }
}

void CheckSections(errors::Violations& violations, const std::string& field,
                   const google::protobuf::RepeatedField<int>& sections) {
  CheckSet<v1::Section>(violations, field, sections);
}

absl::Status CheckTogether(const v1::Group& group) {
  errors::Violations violations;
  for (int i = 0; i < group.receiving_windows_size() && group.receiving_days_size() > 0; ++i) {
    const v1::Weekday day = group.receiving_windows(i).weekday();
    violations.Require(std::find(group.receiving_days().begin(), group.receiving_days().end(), day) != group.receiving_days().end(),
                       absl::StrCat("group.receiving_windows[", i, "].weekday"), "NOT_A_RECEIVING_DAY",
                       "The group takes no deliveries on this day; add it to the receiving days, or leave the window out.",
                       "この曜日は受け取り日に入っていません。受け取り日に加えるか、時間帯を消してください。");
  }
  return violations.status();
}

void CheckMask(errors::Violations& violations, const google::protobuf::RepeatedPtrField<std::string>& mask,
               bool may_be_empty) {
  const std::vector<std::string>& known = SettableFields();
  const std::string list = absl::StrJoin(known, ", ");
  violations.Require(may_be_empty || !mask.empty(), "update_mask", "REQUIRED",
                     absl::StrCat("Name the fields to change, of: ", list, "."),
                     absl::StrCat("変更する項目を指定してください: ", list));
  for (int i = 0; i < mask.size(); ++i) {
    violations.Require(std::find(known.begin(), known.end(), mask[i]) != known.end(),
                       absl::StrCat("update_mask[", i, "]"), "UNKNOWN_FIELD",
                       absl::StrCat("'", mask[i], "' cannot be changed; these can: ", list, "."),
                       absl::StrCat("「", mask[i], "」は変更できません。変更できる項目: ", list));
  }
}

}  // namespace kubari::groups
