#include "libs/eligibility/eligibility.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"

namespace kubari::eligibility {
namespace {

using namespace type::v1;  // NOLINT: enum values only

bool AgreementOn(const GroupFacts& group, absl::CivilDay day) {
  return std::any_of(group.agreements.begin(), group.agreements.end(),
                     [&](const Period& p) { return p.Contains(day); });
}

// The highest level with evidence in force.
ComplianceLevel LevelOn(const GroupFacts& group, absl::CivilDay day) {
  ComplianceLevel level = COMPLIANCE_LEVEL_UNSPECIFIED;
  for (const auto& [proven, period] : group.evidence) {
    if (period.Contains(day)) level = std::max(level, proven);
  }
  return level;
}

int RequiredDays(const LotFacts& lot, const GroupFacts& group, const HandOverRules& rules) {
  return std::max({lot.min_remaining_days, group.min_remaining_days, rules.MinRemainingDays(lot.categories)});
}

bool MayPassBestBefore(const LotFacts& lot, const HandOverRules& rules) {
  return lot.past_best_before_allowed && !rules.best_before_is_a_wall();
}

void CheckDates(const LotFacts& lot, const GroupFacts& group, const HandOverRules& rules, absl::CivilDay day,
                Codes& codes) {
  if (!lot.date || lot.date_kind == DATE_KIND_NONE) return;
  const int64_t left = lot.date->DaysUntil(day);
  if (left < 0 && lot.date_kind == DATE_KIND_USE_BY) return codes.Add(Code::kUseByPassed);
  if (left < 0 && !MayPassBestBefore(lot, rules)) return codes.Add(Code::kBestBeforePassed);
  const int required = RequiredDays(lot, group, rules);
  if (required > 0 && left < required) codes.Add(Code::kRemainingDays);
}

template <typename E>
std::string Join(const std::vector<E>& values, std::string (*name)(E), const char* separator) {
  return absl::StrJoin(values, separator, [&](std::string* out, E value) { out->append(name(value)); });
}

std::string Text(absl::CivilDay day) { return absl::FormatCivilTime(day); }

Reason Allergens(Code code, const EnumSet<Allergen>& named, const char* english, const char* japanese) {
  const std::vector<Allergen> all = named.All();
  return {
      code,
      absl::StrCat(english, Join(all, EnglishName, ", "), "."),
      absl::StrCat(japanese, Join(all, JapaneseName, "・"), "。"),
      {{"allergens", absl::StrJoin(all, ",", [](std::string* out, Allergen a) { out->append(Allergen_Name(a)); })}}};
}

Reason GroupNotNamed(const LotFacts& lot) {
  if (lot.only_groups.size() == 1 && lot.only_groups[0] == kNobody) {
    return {Code::kGroupNotNamed,
            "The donors of its parts each named the groups that may have them, and no group is named by all.",
            "構成品の寄付者がそれぞれ渡し先の団体を指定しており、すべてに共通する団体がありません。",
            {}};
  }
  return {Code::kGroupNotNamed,
          "The donor named the groups that may have these goods, and this group is not among them.",
          "寄付者が渡し先の団体を指定しており、この団体は含まれていません。",
          {}};
}

Reason BestBeforePassed(const LotFacts& lot) {
  const std::string date = lot.date->Format(), japanese = lot.date->JapaneseText();
  if (lot.past_best_before_allowed) {
    return {Code::kBestBeforePassed,
            absl::StrCat("Past its best-before date ", date, ", and the network hands nothing over after it."),
            absl::StrCat("賞味期限（", japanese, "）を過ぎており、このネットワークでは期限後の配布を行いません。"),
            {{"date", lot.date->Format()}}};
  }
  return {Code::kBestBeforePassed,
          absl::StrCat("Past its best-before date ", date, ", and the donor does not allow that."),
          absl::StrCat("賞味期限（", japanese, "）を過ぎており、寄付者の条件により渡せません。"),
          {{"date", date}}};
}

Reason ProfileStale(const GroupFacts& group) {
  const auto each = [&](const char* separator, const auto& words) {
    return absl::StrJoin(group.stopped, separator,
                         [&](std::string* out, const auto& stopped) { out->append(words(stopped)); });
  };
  return {Code::kProfileStale,
          absl::StrCat("The group's profile is too old to go by: ",
                       each(", ",
                            [](const auto& s) {
                              return absl::StrCat(EnglishName(s.first), " (not confirmed since ", s.second, ")");
                            }),
                       ". The group, or a coordinator who asked it, confirms this in the profile first."),
          absl::StrCat("団体の登録内容が古くなっています：",
                       each("、",
                            [](const auto& s) {
                              return absl::StrCat("「", JapaneseName(s.first), "」（", s.second, "から確認なし）");
                            }),
                       "。団体か、団体に確かめたコーディネーターが、先に登録内容を確認してください。"),
          {{"sections", each(",", [](const auto& s) { return groups::v1::Section_Name(s.first).substr(8); })}}};
}

Reason Explain(Code code, const LotFacts& lot, const GroupFacts& group, const HandOverRules& rules, absl::CivilDay day,
               std::optional<int64_t> metres) {
  const std::string on = Text(day);
  const std::string date = lot.date ? lot.date->Format() : "";
  const std::string date_ja = lot.date ? lot.date->JapaneseText() : "";
  switch (code) {
    case Code::kNoGroupAgreement:
      return {code,
              absl::StrCat("No agreement with the group is in force on ", on, "; record a signed one first."),
              absl::StrCat(on, " に有効な団体との合意書がありません。先に署名済みの合意書を登録してください。"),
              {{"day", on}}};
    case Code::kNoDonorAgreement:
      return {code,
              absl::StrCat("No agreement with the donor is in force on ", on, "; record a signed one first."),
              absl::StrCat(on, " に有効な寄付者との合意書がありません。先に署名済みの合意書を登録してください。"),
              {{"day", on}}};
    case Code::kGroupNotActive:
      if (group.suspended) {
        return {code,
                absl::StrCat("The group is suspended (", *group.suspended,
                             "); a coordinator can approve it again when the reason is gone."),
                absl::StrCat("団体は停止中です（", *group.suspended,
                             "）。理由がなくなれば、コーディネーターが承認し直せます。"),
                {{"state", "SUSPENDED"}}};
      }
      return {code,
              "The group is not active; approve it first.",
              "団体が承認されていないか、停止中です。先に承認してください。",
              {}};
    case Code::kProfileStale:
      return ProfileStale(group);
    case Code::kGroupNotNamed:
      return GroupNotNamed(lot);
    case Code::kPrefectureExcluded:
      return {code,
              group.prefecture.empty()
                  ? "The donor excludes some prefectures, and the group's prefecture is unknown; complete its address."
                  : absl::StrCat("The donor excludes prefecture ", group.prefecture, ", where the group is."),
              group.prefecture.empty()
                  ? "寄付者が除外している都道府県があり、団体の所在地が不明です。住所を登録してください。"
                  : absl::StrCat("寄付者が団体の所在する都道府県（", group.prefecture, "）を除外しています。"),
              {{"prefecture", group.prefecture}}};
    case Code::kComplianceLevel: {
      const ComplianceLevel proven = LevelOn(group, day);
      return {code,
              absl::StrFormat("The donor asks for compliance level %s; the group has evidence for %s on %s.",
                              EnglishName(lot.min_level),
                              proven == COMPLIANCE_LEVEL_UNSPECIFIED ? "none" : EnglishName(proven), on),
              absl::StrFormat("寄付者は法令遵守レベル「%s」を求めていますが、%s に団体が証明できるのは「%s」です。",
                              JapaneseName(lot.min_level), on, JapaneseName(proven)),
              {{"required", ComplianceLevel_Name(lot.min_level)}, {"proven", ComplianceLevel_Name(proven)}}};
    }
    case Code::kUseByPassed:
      return {code,
              absl::StrCat("Past its use-by date ", date, "; it is not handed over any more."),
              absl::StrCat("消費期限（", date_ja, "）を過ぎているため、お渡しできません。"),
              {{"date", date}}};
    case Code::kBestBeforePassed:
      return BestBeforePassed(lot);
    case Code::kRemainingDays: {
      const int required = RequiredDays(lot, group, rules);
      const int64_t left = lot.date->DaysUntil(day);
      return {code,
              absl::StrFormat("%d days are left until %s; at least %d are asked for.", left, date, required),
              absl::StrFormat("期限（%s）まで残り%d日で、必要な%d日に足りません。", date_ja, left, required),
              {{"left", absl::StrCat(left)}, {"required", absl::StrCat(required)}}};
    }
    case Code::kNoStorage:
      return {code,
              absl::StrCat("No site of the group keeps ", EnglishName(lot.zone), " goods."),
              absl::StrCat("団体に", JapaneseName(lot.zone), "の保管場所がありません。"),
              {{"zone", TemperatureZone_Name(lot.zone)}}};
    case Code::kCategoryNotAccepted: {
      const std::vector<FoodCategory> not_taken = lot.categories.Without(group.categories).All();
      return {code,
              absl::StrCat("The group does not take this category: ", Join(not_taken, EnglishName, ", "), "."),
              absl::StrCat("団体が受け取らない分類です：", Join(not_taken, JapaneseName, "・"), "。"),
              {{"category", absl::StrJoin(not_taken, ",", [](std::string* out, FoodCategory category) {
                  out->append(FoodCategory_Name(category));
                })}}};
    }
    case Code::kAllergenContained:
      return Allergens(code, group.excluded_allergens.And(lot.contains),
                       "It contains what the group excludes: ", "団体が除外しているアレルゲンを含みます：");
    case Code::kAllergenUnknown:
      return Allergens(code, group.excluded_allergens.Without(lot.contains).Without(lot.free_from),
                       "The label's declaration of these is not known, and the group excludes them: ",
                       "団体が除外しているアレルゲンの表示が確認できません：");
    case Code::kTagExcluded: {
      EnumSet<DietaryTag> both = group.excluded_tags.And(lot.tags);
      return {code,
              absl::StrCat("The group cannot use: ", Join(both.All(), EnglishName, ", "), "."),
              absl::StrCat("団体が利用できない特徴です：", Join(both.All(), JapaneseName, "・"), "。"),
              {}};
    }
    case Code::kLotRecalled:
      return {code, "A recall stops this lot.", "回収の対象になっているため、お渡しできません。", {}};
    case Code::kTooFar:
      break;
  }
  // Rounded up: what is just beyond the limit does not look like the limit.
  const std::string km = absl::StrCat((metres.value_or(0) + 999) / 1000);
  return {Code::kTooFar,
          absl::StrFormat("%s km away; the group's limit is %d km.", km, group.max_distance_km),
          absl::StrFormat("距離%skmで、団体の上限%dkmを超えています。", km, group.max_distance_km),
          {{"distance_km", km}, {"max_distance_km", absl::StrCat(group.max_distance_km)}}};
}

}  // namespace

std::string_view CodeName(Code code) {
  switch (code) {
    case Code::kNoGroupAgreement:
      return "NO_GROUP_AGREEMENT";
    case Code::kNoDonorAgreement:
      return "NO_DONOR_AGREEMENT";
    case Code::kGroupNotActive:
      return "GROUP_NOT_ACTIVE";
    case Code::kGroupNotNamed:
      return "GROUP_NOT_NAMED";
    case Code::kPrefectureExcluded:
      return "PREFECTURE_EXCLUDED";
    case Code::kComplianceLevel:
      return "COMPLIANCE_LEVEL";
    case Code::kUseByPassed:
      return "USE_BY_PASSED";
    case Code::kBestBeforePassed:
      return "BEST_BEFORE_PASSED";
    case Code::kRemainingDays:
      return "REMAINING_DAYS";
    case Code::kNoStorage:
      return "NO_STORAGE";
    case Code::kCategoryNotAccepted:
      return "CATEGORY_NOT_ACCEPTED";
    case Code::kAllergenContained:
      return "ALLERGEN_CONTAINED";
    case Code::kAllergenUnknown:
      return "ALLERGEN_UNKNOWN";
    case Code::kTagExcluded:
      return "TAG_EXCLUDED";
    case Code::kTooFar:
      return "TOO_FAR";
    case Code::kLotRecalled:
      return "LOT_RECALLED";
    case Code::kProfileStale:
      return "PROFILE_STALE";
  }
  return "UNKNOWN";
}

bool IsHard(Code code) {
  switch (code) {
    case Code::kNoStorage:
    case Code::kCategoryNotAccepted:
    case Code::kTagExcluded:
    case Code::kTooFar:
    case Code::kProfileStale:
      return false;
    default:
      return true;
  }
}

bool Codes::AnyHard() const {
  for (int i = 0; i < kCodes; ++i) {
    if (Has(static_cast<Code>(i)) && IsHard(static_cast<Code>(i))) return true;
  }
  return false;
}

std::vector<Code> Codes::All() const {
  std::vector<Code> all;
  for (int i = 0; i < kCodes; ++i) {
    if (Has(static_cast<Code>(i))) all.push_back(static_cast<Code>(i));
  }
  return all;
}

Codes Check(const LotFacts& lot, const GroupFacts& group, const HandOverRules& rules, absl::CivilDay day,
            std::optional<int64_t> metres) {
  Codes codes;
  const auto fail_if = [&](bool failed, Code code) {
    if (failed) codes.Add(code);
  };
  const auto among = [](const std::vector<std::string>& all, const std::string& one) {
    return std::find(all.begin(), all.end(), one) != all.end();
  };
  fail_if(!AgreementOn(group, day), Code::kNoGroupAgreement);
  fail_if(!lot.donor_agreements, Code::kNoDonorAgreement);
  fail_if(!group.active, Code::kGroupNotActive);
  fail_if(!lot.only_groups.empty() && (!among(lot.only_groups, group.name) || group.name == kNobody),
          Code::kGroupNotNamed);
  fail_if(!lot.excluded_prefectures.empty() &&
              (group.prefecture.empty() || among(lot.excluded_prefectures, group.prefecture)),
          Code::kPrefectureExcluded);
  fail_if(lot.min_level != COMPLIANCE_LEVEL_UNSPECIFIED && LevelOn(group, day) < lot.min_level, Code::kComplianceLevel);
  CheckDates(lot, group, rules, day, codes);
  fail_if(!group.zones.Has(lot.zone), Code::kNoStorage);
  fail_if(!lot.categories.Without(group.categories).empty(), Code::kCategoryNotAccepted);
  fail_if(!group.excluded_allergens.And(lot.contains).empty(), Code::kAllergenContained);
  fail_if(!group.excluded_allergens.Without(lot.contains).Without(lot.free_from).empty(), Code::kAllergenUnknown);
  fail_if(!group.excluded_tags.And(lot.tags).empty(), Code::kTagExcluded);
  fail_if(metres && group.max_distance_km > 0 && *metres > int64_t{1000} * group.max_distance_km, Code::kTooFar);
  fail_if(lot.recalled, Code::kLotRecalled);
  fail_if(!group.stopped.empty(), Code::kProfileStale);
  return codes;
}

std::vector<Reason> Judge(const LotFacts& lot, const GroupFacts& group, const HandOverRules& rules, absl::CivilDay day,
                          std::optional<int64_t> metres) {
  std::vector<Reason> reasons;
  for (const Code code : Check(lot, group, rules, day, metres).All())
    reasons.push_back(Explain(code, lot, group, rules, day, metres));
  return reasons;
}

std::optional<absl::CivilDay> LastHandOverDay(const LotFacts& lot, const GroupFacts& group,
                                              const HandOverRules& rules) {
  if (!lot.date || lot.date_kind == DATE_KIND_NONE) return std::nullopt;
  const int required = RequiredDays(lot, group, rules);
  // Past best-before is allowed and nobody asks for days: no end.
  if (lot.date_kind == DATE_KIND_BEST_BEFORE && MayPassBestBefore(lot, rules) && required == 0) return std::nullopt;
  return lot.date->LastGoodDay() - required;
}

}  // namespace kubari::eligibility
