#include "libs/labels/words.h"

#include <algorithm>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/time/civil_time.h"
#include "libs/eligibility/eligibility.h"

namespace kubari::labels {
namespace {

using type::v1::Allergen;
using type::v1::AllergenDeclaration;

constexpr const char* kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

// 特定原材料 are numbered 1 to 9 in the contract.
bool DeclaredByLaw(int allergen) { return allergen >= 1 && allergen <= 9; }

bool Contains(const google::protobuf::RepeatedField<int>& list, int allergen) {
  return std::find(list.begin(), list.end(), allergen) != list.end();
}

std::string NameOf(int allergen, Language language) {
  const auto value = static_cast<Allergen>(allergen);
  return language == Language::kJapanese ? eligibility::JapaneseName(value) : eligibility::EnglishName(value);
}

std::string Join(const std::vector<int>& allergens, size_t count, Language language) {
  std::vector<std::string> names;
  for (size_t i = 0; i < count; ++i) names.push_back(NameOf(allergens[i], language));
  return absl::StrJoin(names, language == Language::kJapanese ? "・" : ", ");
}

struct Sorted {
  std::vector<int> contains, unknown;  // each allergen once; those declared by law first
};

Sorted Sort(const AllergenDeclaration& declaration) {
  Sorted sorted;
  for (int allergen = type::v1::Allergen_MIN + 1; allergen <= type::v1::Allergen_MAX; ++allergen) {
    if (!type::v1::Allergen_IsValid(allergen)) continue;
    if (Contains(declaration.contains(), allergen)) {
      sorted.contains.push_back(allergen);
    } else if (DeclaredByLaw(allergen) && !Contains(declaration.free_from(), allergen)) {
      sorted.unknown.push_back(allergen);
    }
  }
  return sorted;
}

std::string ContainedText(const std::vector<int>& contains, int counted, Language language) {
  const size_t left_out = std::min(contains.size(), static_cast<size_t>(counted));
  const size_t named = contains.size() - left_out;
  if (contains.empty()) return "";
  if (left_out == 0) return Join(contains, named, language);
  if (language == Language::kJapanese) {
    return absl::StrCat(Join(contains, named, language), named ? "・ほか" : "", left_out, "品目（表示を確認）");
  }
  return absl::StrCat(Join(contains, named, language), named ? " and " : "", left_out, named ? " more" : " allergens",
                      " (read the package)");
}

}  // namespace

std::string_view DateCaption(type::v1::DateKind kind, Language language) {
  switch (kind) {
    case type::v1::DATE_KIND_USE_BY:
      return Say(language, "消費期限", "USE BY");
    case type::v1::DATE_KIND_BEST_BEFORE:
      return Say(language, "賞味期限", "BEST BEFORE");
    default:
      return Say(language, "期限", "DATE");
  }
}

std::string DateText(const calendar::Date& date, Language language) {
  if (language == Language::kJapanese) return date.JapaneseText();
  const absl::CivilDay day = date.LastGoodDay();
  const std::string month = absl::StrCat(kMonths[day.month() - 1], " ", day.year());
  return date.month_precision() ? month : absl::StrCat(day.day(), " ", month);
}

std::string DateMarkup(const calendar::Date& date, Language language) {
  if (language == Language::kEnglish) return DateText(date, language);
  const absl::CivilDay day = date.LastGoodDay();
  const auto small = [](const char* unit) { return absl::StrCat("<span size=\"62%\">", unit, "</span>"); };
  std::string markup = absl::StrCat(day.year(), small("年"), day.month(), small("月"));
  if (!date.month_precision()) absl::StrAppend(&markup, day.day(), small("日"));
  return markup;
}

std::string_view ZoneText(type::v1::TemperatureZone zone, Language language) {
  switch (zone) {
    case type::v1::TEMPERATURE_ZONE_AMBIENT:
      return Say(language, "常温", "Ambient");
    case type::v1::TEMPERATURE_ZONE_CHILLED:
      return Say(language, "冷蔵", "Chilled");
    case type::v1::TEMPERATURE_ZONE_FROZEN:
      return Say(language, "冷凍", "Frozen");
    default:
      return Say(language, "温度帯を確認", "Check storage");
  }
}

std::string SpacedCode(std::string_view code) {
  const std::string text(code);
  return absl::StrCat(text.substr(0, 4), " ", text.substr(4));
}

std::string Number(int64_t number) {
  std::string digits = absl::StrCat(number);
  for (int at = static_cast<int>(digits.size()) - 3; at > (number < 0 ? 1 : 0); at -= 3) digits.insert(at, ",");
  return digits;
}

std::string CaseText(int64_t items_per_case, int64_t cases, Language language) {
  const bool japanese = language == Language::kJapanese;
  const std::string per_case = absl::StrCat(Number(items_per_case), japanese ? "点/箱" : " per case");
  const std::string count =
      japanese ? absl::StrCat(Number(cases), "箱") : absl::StrCat(Number(cases), cases == 1 ? " case" : " cases");
  if (items_per_case > 0 && cases > 0) return absl::StrCat(per_case, " × ", count);
  return items_per_case > 0 ? per_case : cases > 0 ? count : "";
}

std::string QuantityText(int64_t items, int64_t items_per_case, Language language) {
  if (items_per_case <= 0) return "";
  const bool japanese = language == Language::kJapanese;
  const int64_t cases = items / items_per_case, loose = items % items_per_case;
  std::vector<std::string> parts;
  if (cases > 0) {
    parts.push_back(japanese
                        ? absl::StrCat(Number(cases), "箱 × ", Number(items_per_case), "点")
                        : absl::StrCat(Number(cases), cases == 1 ? " case of " : " cases of ", Number(items_per_case)));
  }
  if (loose > 0)
    parts.push_back(japanese ? absl::StrCat("ばら ", Number(loose), "点") : absl::StrCat(Number(loose), " loose"));
  return absl::StrJoin(parts, " + ");
}

std::string WeightText(int64_t grams) {
  if (grams < 1000) return absl::StrCat(grams, " g");
  const int64_t tenths = grams / 100 + (grams % 100 >= 50 ? 1 : 0);
  return absl::StrCat(Number(tenths / 10), ".", tenths % 10, " kg");
}

std::string AllergenText(const AllergenDeclaration& allergens, int brevity, Language language) {
  const bool japanese = language == Language::kJapanese;
  const auto [contains, unknown] = Sort(allergens);
  if (contains.empty() && allergens.free_from().empty()) {
    if (brevity > 0) return std::string(Say(language, "不明", "not known"));
    return std::string(Say(language, "不明（表示を確認）", "not known: read the package"));
  }
  std::string text = ContainedText(contains, std::max(0, brevity - 1), language);
  if (unknown.empty()) {
    return !text.empty() ? text : std::string(Say(language, "特定原材料なし", "none of those declared by law"));
  }
  if (!text.empty()) absl::StrAppend(&text, japanese ? "／" : "; ");
  if (brevity == 0) {
    absl::StrAppend(&text, japanese ? "不明: " : "not known: ", Join(unknown, unknown.size(), language));
  } else if (contains.empty()) {
    absl::StrAppend(&text, japanese ? "一部不明" : "partly not known");
  } else {
    absl::StrAppend(&text, japanese ? "ほかは不明" : "others not known");
  }
  return text;
}

}  // namespace kubari::labels
