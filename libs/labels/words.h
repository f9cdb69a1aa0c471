// What the printed sheets say, in both languages.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "kubari/type/v1/food.pb.h"
#include "libs/calendar/date.h"
#include "libs/labels/labels.h"

namespace kubari::labels {

// The sentence of the wanted language.
inline std::string_view Say(Language language, std::string_view japanese, std::string_view english) {
  return language == Language::kJapanese ? japanese : english;
}

// 消費期限, "Best before", …; "期限" for a kind that is not known.
std::string_view DateCaption(type::v1::DateKind kind, Language language);

// The printed date with its precision: "2027年3月31日", "31 Mar 2027", "Mar 2027".
std::string DateText(const calendar::Date& date, Language language);
// The same as pango markup, with 年月日 small beside the figures.
std::string DateMarkup(const calendar::Date& date, Language language);

// 常温, "Frozen", …; "温度帯を確認", "Check storage" where it is not known.
std::string_view ZoneText(type::v1::TemperatureZone zone, Language language);

// "7KQ2 M9XP"
std::string SpacedCode(std::string_view code);

// 12,480
std::string Number(int64_t number);
// "24点/箱", "24 per case × 10 cases"; empty if nothing is said.
std::string CaseText(int64_t items_per_case, int64_t cases, Language language);
// "12箱 × 24点 ＋ 6点", "12 cases of 24 + 6"; empty for goods without cases.
std::string QuantityText(int64_t items, int64_t items_per_case, Language language);
// "1,234.5 kg", "800 g"
std::string WeightText(int64_t grams);

// The allergens in a sentence without a caption. Of those that must be declared by law (特定原材料), one on neither
// list is named as unknown. `brevity` 0 names everything; from 1 on it is only told that others are unknown; from 2 on
// the last `brevity - 1` of those contained are counted instead of named, with the hint to read the package: nothing is
// ever left out without a word.
std::string AllergenText(const type::v1::AllergenDeclaration& allergens, int brevity, Language language);

}  // namespace kubari::labels
