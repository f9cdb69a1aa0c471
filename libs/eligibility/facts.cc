// From the contract to facts, and names for sentences.
#include <algorithm>
#include <set>

#include "absl/strings/ascii.h"
#include "absl/strings/str_replace.h"
#include "libs/eligibility/eligibility.h"

namespace kubari::eligibility {
namespace {

using namespace type::v1;  // NOLINT: enum values only

static_assert(Allergen_MAX < 64 && DietaryTag_MAX < 64 && FoodCategory_MAX < 64 && TemperatureZone_MAX < 64);

std::optional<absl::CivilDay> DayOf(const std::string& text) {
  const absl::StatusOr<calendar::Date> date = calendar::Date::Parse(text);
  if (!date.ok() || date->month_precision()) return std::nullopt;
  return date->LastGoodDay();
}

// The days from `from` to `to`; an empty `to` means no end. Nothing if a date cannot be read.
std::optional<Period> PeriodOf(const std::string& from, const std::string& to) {
  const std::optional<absl::CivilDay> first = DayOf(from);
  const std::optional<absl::CivilDay> last = DayOf(to);
  if (!first || (!to.empty() && !last)) return std::nullopt;
  return Period{*first, last};
}

// FOOD_CATEGORY_BREAD_CEREAL → "bread cereal".
std::string Words(const std::string& enum_name, std::string_view prefix) {
  return absl::StrReplaceAll(absl::AsciiStrToLower(enum_name.substr(std::min(prefix.size(), enum_name.size()))),
                             {{"_", " "}});
}

}  // namespace

Conditions Strictest(const std::vector<Conditions>& all) {
  Conditions strictest;
  if (all.empty()) return strictest;
  const auto each = [&](auto allows) { return std::all_of(all.begin(), all.end(), allows); };
  strictest.set_onward_transfer_allowed(each([](const Conditions& c) { return c.onward_transfer_allowed(); }));
  strictest.set_past_best_before_allowed(each([](const Conditions& c) { return c.past_best_before_allowed(); }));
  strictest.set_donor_may_be_named(each([](const Conditions& c) { return c.donor_may_be_named(); }));
  strictest.set_photos_allowed(each([](const Conditions& c) { return c.photos_allowed(); }));
  std::optional<std::set<std::string>> groups;
  std::set<std::string> prefectures;
  for (const Conditions& one : all) {
    strictest.set_min_compliance_level(std::max(strictest.min_compliance_level(), one.min_compliance_level()));
    strictest.set_min_remaining_days(std::max(strictest.min_remaining_days(), one.min_remaining_days()));
    prefectures.insert(one.excluded_prefectures().begin(), one.excluded_prefectures().end());
    if (one.only_groups().empty()) continue;  // any
    std::set<std::string> named(one.only_groups().begin(), one.only_groups().end());
    if (groups) std::erase_if(named, [&](const std::string& group) { return !groups->contains(group); });
    groups = std::move(named);
  }
  if (groups && groups->empty()) groups->insert(kNobody);
  if (groups) strictest.mutable_only_groups()->Assign(groups->begin(), groups->end());
  strictest.mutable_excluded_prefectures()->Assign(prefectures.begin(), prefectures.end());
  return strictest;
}

std::vector<std::string> DonorsOf(const stock::v1::Lot& lot) {
  std::set<std::string> donors;
  for (const stock::v1::LotPart& part : lot.parts()) donors.insert(part.donor());
  if (lot.parts().empty()) donors.insert(lot.donor());
  return {donors.begin(), donors.end()};
}

LotFacts LotFactsOf(const stock::v1::Lot& lot, bool donor_agreements) {
  LotFacts facts;
  facts.date_kind = lot.good_until().kind();
  if (const auto date = calendar::Date::Parse(lot.good_until().date()); date.ok()) facts.date = *date;
  facts.zone = lot.temperature_zone();
  for (const int allergen : lot.allergens().contains()) facts.contains.Add(static_cast<Allergen>(allergen));
  for (const int allergen : lot.allergens().free_from()) facts.free_from.Add(static_cast<Allergen>(allergen));
  for (const int tag : lot.tags()) facts.tags.Add(static_cast<DietaryTag>(tag));
  // A demand that one part does not meet is not met by the kit, and the other way round: so the strictest of all,
  // judged once, is each part judged by itself.
  const auto take = [&](const Conditions& conditions) {
    facts.min_level = conditions.min_compliance_level();
    facts.only_groups.assign(conditions.only_groups().begin(), conditions.only_groups().end());
    facts.excluded_prefectures.assign(conditions.excluded_prefectures().begin(),
                                      conditions.excluded_prefectures().end());
    facts.min_remaining_days = conditions.min_remaining_days();
    facts.past_best_before_allowed = conditions.past_best_before_allowed();
  };
  if (lot.parts().empty()) {
    facts.categories.Add(lot.category());
    take(lot.conditions());
  } else {
    std::vector<Conditions> all;
    if (lot.has_conditions()) all.push_back(lot.conditions());
    for (const stock::v1::LotPart& part : lot.parts()) {
      all.push_back(part.conditions());
      facts.categories.Add(part.category());
    }
    take(Strictest(all));
  }
  facts.recalled = !lot.recall().empty();
  facts.donor_agreements = donor_agreements;
  return facts;
}

HandOverRules HandOverRulesOf(const stock::v1::StockRules& rules) {
  HandOverRules own;
  own.SetDefault(rules.min_remaining_days_hand_over());
  for (const stock::v1::CategoryRule& rule : rules.categories())
    own.SetCategory(rule.category(), rule.min_remaining_days_hand_over());
  own.SetBestBeforeIsAWall(rules.best_before_is_a_wall());
  return own;
}

GroupFacts GroupFactsOf(const groups::v1::Group& group) {
  GroupFacts facts;
  facts.name = group.name();
  facts.active = group.state() == groups::v1::GROUP_STATE_ACTIVE;
  if (group.state() == groups::v1::GROUP_STATE_SUSPENDED) facts.suspended = group.suspend_reason();
  for (const groups::v1::StoppedSection& stopped : group.stopped_sections())
    facts.stopped.emplace_back(stopped.section(), stopped.confirmed_date());
  for (const Agreement& agreement : group.agreements()) {
    if (const auto period = PeriodOf(agreement)) facts.agreements.push_back(*period);
  }
  for (const Evidence& evidence : group.evidence()) {
    if (const auto period = PeriodOf(evidence.valid_from_date(), evidence.valid_to_date())) {
      facts.evidence.emplace_back(evidence.level(), *period);
    }
  }
  if (group.sites_size() > 0) facts.prefecture = group.sites(0).address().municipality_code().substr(0, 2);
  facts.min_remaining_days = group.min_remaining_days();
  facts.max_distance_km = group.max_distance_km();
  for (const groups::v1::Site& site : group.sites()) {
    if (site.ambient_items() > 0) facts.zones.Add(TEMPERATURE_ZONE_AMBIENT);
    if (site.chilled_items() > 0) facts.zones.Add(TEMPERATURE_ZONE_CHILLED);
    if (site.frozen_items() > 0) facts.zones.Add(TEMPERATURE_ZONE_FROZEN);
  }
  for (const int category : group.accepted_categories()) facts.categories.Add(static_cast<FoodCategory>(category));
  if (group.accepted_categories().empty()) {
    for (int i = FOOD_CATEGORY_UNSPECIFIED + 1; i <= FoodCategory_MAX; ++i) {
      if (FoodCategory_IsValid(i) && i != FOOD_CATEGORY_NON_FOOD) facts.categories.Add(static_cast<FoodCategory>(i));
    }
  }
  for (const int allergen : group.excluded_allergens()) facts.excluded_allergens.Add(static_cast<Allergen>(allergen));
  for (const int tag : group.excluded_tags()) facts.excluded_tags.Add(static_cast<DietaryTag>(tag));
  return facts;
}

std::optional<Period> PeriodOf(const Agreement& agreement) {
  std::optional<Period> period = PeriodOf(agreement.valid_from_date(), agreement.valid_to_date());
  if (!period) return std::nullopt;
  switch (agreement.state()) {
    case AGREEMENT_STATE_SIGNED:
      return period;
    case AGREEMENT_STATE_TERMINATED: {
      const std::optional<absl::CivilDay> end = DayOf(agreement.end_date());
      if (!end) return std::nullopt;
      period->to = period->to ? std::min(*period->to, *end) : *end;
      return period;
    }
    default:
      return std::nullopt;
  }
}

std::string EnglishName(Allergen allergen) { return Words(Allergen_Name(allergen), "ALLERGEN_"); }
std::string EnglishName(FoodCategory category) { return Words(FoodCategory_Name(category), "FOOD_CATEGORY_"); }
std::string EnglishName(TemperatureZone zone) { return Words(TemperatureZone_Name(zone), "TEMPERATURE_ZONE_"); }
std::string EnglishName(DietaryTag tag) { return Words(DietaryTag_Name(tag), "DIETARY_TAG_"); }
std::string EnglishName(ComplianceLevel level) { return Words(ComplianceLevel_Name(level), "COMPLIANCE_LEVEL_"); }

std::string JapaneseName(Allergen allergen) {
  switch (allergen) {
    case ALLERGEN_SHRIMP:
      return "えび";
    case ALLERGEN_CRAB:
      return "かに";
    case ALLERGEN_WALNUT:
      return "くるみ";
    case ALLERGEN_WHEAT:
      return "小麦";
    case ALLERGEN_BUCKWHEAT:
      return "そば";
    case ALLERGEN_EGG:
      return "卵";
    case ALLERGEN_MILK:
      return "乳";
    case ALLERGEN_PEANUT:
      return "落花生";
    case ALLERGEN_CASHEW:
      return "カシューナッツ";
    case ALLERGEN_ALMOND:
      return "アーモンド";
    case ALLERGEN_ABALONE:
      return "あわび";
    case ALLERGEN_SQUID:
      return "いか";
    case ALLERGEN_SALMON_ROE:
      return "いくら";
    case ALLERGEN_ORANGE:
      return "オレンジ";
    case ALLERGEN_KIWIFRUIT:
      return "キウイフルーツ";
    case ALLERGEN_BEEF:
      return "牛肉";
    case ALLERGEN_SESAME:
      return "ごま";
    case ALLERGEN_SALMON:
      return "さけ";
    case ALLERGEN_MACKEREL:
      return "さば";
    case ALLERGEN_SOYBEAN:
      return "大豆";
    case ALLERGEN_CHICKEN:
      return "鶏肉";
    case ALLERGEN_BANANA:
      return "バナナ";
    case ALLERGEN_PORK:
      return "豚肉";
    case ALLERGEN_MACADAMIA:
      return "マカダミアナッツ";
    case ALLERGEN_PEACH:
      return "もも";
    case ALLERGEN_YAM:
      return "やまいも";
    case ALLERGEN_APPLE:
      return "りんご";
    case ALLERGEN_GELATIN:
      return "ゼラチン";
    case ALLERGEN_PISTACHIO:
      return "ピスタチオ";
    default:
      return "不明なアレルゲン";
  }
}

std::string JapaneseName(FoodCategory category) {
  switch (category) {
    case FOOD_CATEGORY_RICE:
      return "米";
    case FOOD_CATEGORY_NOODLES:
      return "めん類";
    case FOOD_CATEGORY_BREAD_CEREAL:
      return "パン・シリアル";
    case FOOD_CATEGORY_CANNED:
      return "缶詰";
    case FOOD_CATEGORY_RETORT:
      return "レトルト";
    case FOOD_CATEGORY_SEASONING:
      return "調味料";
    case FOOD_CATEGORY_SNACK:
      return "菓子";
    case FOOD_CATEGORY_DRINK:
      return "飲料";
    case FOOD_CATEGORY_DAIRY_EGG:
      return "乳製品・卵";
    case FOOD_CATEGORY_MEAT_FISH:
      return "肉・魚";
    case FOOD_CATEGORY_FRUIT_VEGETABLE:
      return "青果";
    case FOOD_CATEGORY_PREPARED:
      return "惣菜・弁当";
    case FOOD_CATEGORY_BABY:
      return "ベビーフード";
    case FOOD_CATEGORY_CARE:
      return "介護食";
    case FOOD_CATEGORY_NON_FOOD:
      return "食品以外";
    default:
      return "不明な分類";
  }
}

std::string JapaneseName(TemperatureZone zone) {
  switch (zone) {
    case TEMPERATURE_ZONE_AMBIENT:
      return "常温";
    case TEMPERATURE_ZONE_CHILLED:
      return "冷蔵";
    case TEMPERATURE_ZONE_FROZEN:
      return "冷凍";
    default:
      return "不明な温度帯";
  }
}

std::string JapaneseName(DietaryTag tag) {
  switch (tag) {
    case DIETARY_TAG_CARE_FOOD:
      return "介護食";
    case DIETARY_TAG_LOW_SALT:
      return "塩分控えめ";
    case DIETARY_TAG_BABY_FOOD:
      return "ベビーフード";
    case DIETARY_TAG_HALAL:
      return "ハラール";
    case DIETARY_TAG_VEGETARIAN:
      return "ベジタリアン";
    case DIETARY_TAG_NEEDS_COOKING:
      return "要調理";
    case DIETARY_TAG_STOCKPILE:
      return "備蓄品";
    default:
      return "不明な特徴";
  }
}

std::string JapaneseName(ComplianceLevel level) {
  switch (level) {
    case COMPLIANCE_LEVEL_BASIC:
      return "基本";
    case COMPLIANCE_LEVEL_HYGIENE:
      return "衛生管理";
    case COMPLIANCE_LEVEL_STORAGE_PROVEN:
      return "保管実証";
    case COMPLIANCE_LEVEL_CERTIFIED:
      return "認証";
    default:
      return "なし";
  }
}

std::string JapaneseName(groups::v1::Section section) {
  switch (section) {
    case groups::v1::SECTION_ORGANISATION:
      return "団体について";
    case groups::v1::SECTION_CONTACTS:
      return "連絡先";
    case groups::v1::SECTION_ACTIVITIES:
      return "活動";
    case groups::v1::SECTION_PEOPLE:
      return "支援している人数";
    case groups::v1::SECTION_SITES:
      return "拠点と保管場所";
    case groups::v1::SECTION_RECEIVING:
      return "受け取り";
    case groups::v1::SECTION_FOOD:
      return "使える食品";
    case groups::v1::SECTION_ISSUES:
      return "困りごと";
    default:
      return "不明";
  }
}

std::string EnglishName(groups::v1::Section section) {
  switch (section) {
    case groups::v1::SECTION_ORGANISATION:
      return "the organisation";
    case groups::v1::SECTION_CONTACTS:
      return "contacts";
    case groups::v1::SECTION_ACTIVITIES:
      return "activities";
    case groups::v1::SECTION_PEOPLE:
      return "people served";
    case groups::v1::SECTION_SITES:
      return "sites and storage";
    case groups::v1::SECTION_RECEIVING:
      return "receiving";
    case groups::v1::SECTION_FOOD:
      return "food that can be used";
    case groups::v1::SECTION_ISSUES:
      return "issues";
    default:
      return "unknown";
  }
}

}  // namespace kubari::eligibility
