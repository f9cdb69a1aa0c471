#include "services/groups/domain/profile.h"

#include <algorithm>
#include <functional>
#include <map>
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
  };
  return checks;
}

}  // namespace

void CheckProfile(errors::Violations& violations, const v1::Group& group, const std::vector<std::string>& fields) {
  for (const std::string& field : fields) {
    if (const auto check = Checks().find(field); check != Checks().end()) check->second(violations, group);
  }
}

void CheckMask(errors::Violations& violations, const google::protobuf::RepeatedPtrField<std::string>& mask) {
  const std::vector<std::string>& known = SettableFields();
  const std::string list = absl::StrJoin(known, ", ");
  violations.Require(!mask.empty(), "update_mask", "REQUIRED",
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
