#include "services/support/domain/shapes.h"

#include <set>

#include "absl/strings/str_cat.h"
#include "libs/registry/fields.h"
#include "services/support/domain/personal_data.h"
#include "services/support/domain/states.h"

namespace kubari::support {
namespace {

constexpr int kMaxOfAge = 30;
constexpr int kMaxDays = 31;

// Declared values, each once.
template <typename E>
void CheckChoices(errors::Violations& violations, const std::string& field,
                  const google::protobuf::RepeatedField<int>& values) {
  std::set<int> seen;
  for (int i = 0; i < values.size(); ++i) {
    const std::string path = absl::StrCat(field, "[", i, "]");
    violations.Enum(path, static_cast<E>(values[i]));
    violations.Require(seen.insert(values[i]).second, path, "DUPLICATE", "is named twice; each is named once",
                       "が重複しています。同じものは一度だけ選んでください");
  }
}

}  // namespace

int64_t PeopleOf(const pb::Household& household) {
  return int64_t{household.age_0_to_2()} + household.age_3_to_5() + household.age_6_to_11() + household.age_12_to_17() +
         household.age_18_to_64() + household.age_65_and_over();
}

std::vector<int> AgesOf(const pb::Household& h) {
  return {h.age_0_to_2(), h.age_3_to_5(), h.age_6_to_11(), h.age_12_to_17(), h.age_18_to_64(), h.age_65_and_over()};
}

pb::Household HouseholdOf(const std::vector<int>& ages) {
  pb::Household household;
  if (ages.size() != 6) return household;
  household.set_age_0_to_2(ages[0]);
  household.set_age_3_to_5(ages[1]);
  household.set_age_6_to_11(ages[2]);
  household.set_age_12_to_17(ages[3]);
  household.set_age_18_to_64(ages[4]);
  household.set_age_65_and_over(ages[5]);
  return household;
}

void CheckHousehold(errors::Violations& violations, const std::string& field, const pb::Household& household) {
  bool ok = violations.Range(field + ".age_0_to_2", household.age_0_to_2(), 0, kMaxOfAge);
  ok = violations.Range(field + ".age_3_to_5", household.age_3_to_5(), 0, kMaxOfAge) && ok;
  ok = violations.Range(field + ".age_6_to_11", household.age_6_to_11(), 0, kMaxOfAge) && ok;
  ok = violations.Range(field + ".age_12_to_17", household.age_12_to_17(), 0, kMaxOfAge) && ok;
  ok = violations.Range(field + ".age_18_to_64", household.age_18_to_64(), 0, kMaxOfAge) && ok;
  ok = violations.Range(field + ".age_65_and_over", household.age_65_and_over(), 0, kMaxOfAge) && ok;
  if (ok) {
    violations.Require(PeopleOf(household) > 0, field, "REQUIRED",
                       "has nobody in it; say how many people of each age live there, at least one",
                       "の人数が0人です。年齢ごとの人数を、合わせて1人以上入れてください");
  }
}

void CheckDetails(errors::Violations& violations, const std::string& field, const pb::Details& details) {
  CheckChoices<type::v1::Allergen>(violations, field + ".allergens", details.allergens());
  CheckChoices<type::v1::DietaryTag>(violations, field + ".dietary_tags", details.dietary_tags());
  for (int i = 0; i < details.dietary_tags_size(); ++i) {
    violations.Require(
        details.dietary_tags(i) != type::v1::DIETARY_TAG_NEEDS_COOKING &&
            details.dietary_tags(i) != type::v1::DIETARY_TAG_STOCKPILE,
        absl::StrCat(field, ".dietary_tags[", i, "]"), "UNKNOWN_VALUE",
        "says something about goods, not about people; say under `cooking` with what food can be prepared",
        "は食品の区分で、世帯の希望ではありません。調理設備は「調理できる設備」で選んでください");
  }
  CheckChoices<pb::Cooking>(violations, field + ".cooking", details.cooking());
  bool none = false;
  for (const int cooking : details.cooking()) none = none || cooking == pb::COOKING_NONE;
  violations.Require(!none || details.cooking_size() == 1, field + ".cooking", "CONTRADICTION",
                     "names COOKING_NONE together with others; name either nothing to cook with, or what there is",
                     "で「調理設備なし」と他の設備が同時に選ばれています。どちらかにしてください");
  violations.Enum(field + ".place", details.place());
  CheckFreeText(violations, field + ".place_text", details.place_text(), 0, 200);
  violations.Range(field + ".days", details.days(), 1, kMaxDays);
  CheckFreeText(violations, field + ".note", details.note(), 0, kMaxNote);
  CheckFreeText(violations, field + ".partner_reference", details.partner_reference(), 0, 60);
  violations.Text(field + ".contact", details.contact(), 0, 200);
}

void CheckMunicipality(errors::Violations& violations, const std::string& field, const std::string& code) {
  violations.Require(
      registry::IsMunicipalityCode(code), field, code.empty() ? "REQUIRED" : "NOT_A_MUNICIPALITY",
      "is not a municipality code (JIS X 0402): five digits that begin with a prefecture, 01 to 47, such as 13101",
      "が市区町村コード（JIS X 0402）ではありません。都道府県 01〜47 で始まる5桁の数字（例: 13101）にしてください");
}

void CheckArea(errors::Violations& violations, const std::string& field, const std::string& code) {
  violations.Require(registry::IsMunicipalityCode(code) || registry::IsPrefectureCode(code), field,
                     "NOT_A_MUNICIPALITY",
                     "is neither a municipality code (five digits, JIS X 0402) nor a prefecture (two digits, 01 to 47)",
                     "が市区町村コード（5桁）でも都道府県コード（2桁、01〜47）でもありません");
}

bool LiesIn(const std::string& municipality_code, const std::string& area) {
  return municipality_code.starts_with(area);
}

std::optional<absl::CivilDay> CheckDue(errors::Violations& violations, const std::string& field,
                                       const std::string& due_date, pb::Urgency urgency, absl::CivilDay today) {
  if (due_date.empty()) return today + DaysFor(urgency);
  const std::optional<absl::CivilDay> day = registry::CheckDay(violations, field, due_date);
  if (!day) return std::nullopt;
  violations.Require(*day >= today && *day - today <= 366, field, "OUT_OF_RANGE",
                     absl::StrCat("is ", due_date, "; today or a day within a year was expected"),
                     absl::StrCat("が ", due_date, " です。今日から1年以内の日付にしてください"));
  return day;
}

void CheckReason(errors::Violations& violations, pb::DeclineReason reason) {
  violations.Enum("reason", reason);
  violations.Require(reason != pb::DECLINE_REASON_ABANDONED, "reason", "UNKNOWN_VALUE",
                     "is what time gives as the reason when nobody acts; choose another",
                     "は、対応がないまま保存期間が過ぎたときに自動で付く理由です。ほかの理由を選んでください");
}

void CheckNote(errors::Violations& violations, const std::string& note) {
  CheckFreeText(violations, "note", note, 0, kMaxNote);
}

}  // namespace kubari::support
