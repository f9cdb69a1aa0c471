// May this lot go to this group on this day? The only copy of these rules in the house: allocation asks before it
// proposes, the stock ledger asks once more when goods are promised and when they leave.
//
//   const LotFacts lot = LotFactsOf(proto_lot, donor_agreements);
//   const GroupFacts group = GroupFactsOf(proto_group);
//   for (const Reason& reason : Judge(lot, group, HandOverRulesOf(stock_rules), day)) …
//
// A kit is judged part by part: it may go where each of its parts may go.
// Pure: no clock, no I/O. Check() is for millions of pairs (no allocation); Judge() says the same in words.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/time/civil_time.h"
#include "kubari/groups/v1/groups.pb.h"
#include "kubari/stock/v1/stock.pb.h"
#include "kubari/type/v1/food.pb.h"
#include "libs/calendar/date.h"

namespace kubari::eligibility {

// Every rule, in the order in which reasons are given.
enum class Code {
  kNoGroupAgreement,     // hard: the network has no agreement in force with the group on that day
  kNoDonorAgreement,     // hard: … with the donor, or of a kit with each donor
  kGroupNotActive,       // hard: applied, rejected or suspended
  kGroupNotNamed,        // hard: the donor named the groups that may have it, and this is none of them
  kPrefectureExcluded,   // hard: the donor excludes the prefecture of the group's first site; an unknown prefecture
                         // counts as excluded
  kComplianceLevel,      // hard: no evidence in force on that day for the level the donor demands
  kUseByPassed,          // hard: 消費期限
  kBestBeforePassed,     // hard, unless the conditions and the network allow it: 賞味期限
  kRemainingDays,        // hard: fewer days left than the network, the donor or the group demands (the greatest holds)
  kNoStorage,            // soft: no site keeps this temperature zone
  kCategoryNotAccepted,  // soft
  kAllergenContained,    // hard: contains what the group excludes
  kAllergenUnknown,      // hard: does not declare what the group excludes; unknown is not "none"
  kTagExcluded,          // soft
  kTooFar,               // soft: farther than the group fetches or is delivered to
  kLotRecalled,          // hard: a recall stops the lot
  kProfileStale,         // soft: the network wants the group's profile confirmed first (Group.stopped_sections)
};
inline constexpr int kCodes = 17;

// "USE_BY_PASSED": stable, for programs.
std::string_view CodeName(Code code);
// A hard rule stops a hand-over; a soft one only keeps allocation from proposing it, a coordinator may decide
// otherwise.
bool IsHard(Code code);

// A set of codes.
class Codes {
 public:
  void Add(Code code) { bits_ |= 1u << static_cast<int>(code); }
  bool Has(Code code) const { return (bits_ >> static_cast<int>(code) & 1u) != 0; }
  bool empty() const { return bits_ == 0; }
  bool AnyHard() const;
  // In order.
  std::vector<Code> All() const;
  Codes Without(Codes other) const { return Codes(bits_ & ~other.bits_); }
  Codes And(Codes other) const { return Codes(bits_ & other.bits_); }
  Codes Or(Codes other) const { return Codes(bits_ | other.bits_); }
  // 1 << Code for each; for stores.
  uint32_t bits() const { return bits_; }
  friend bool operator==(Codes, Codes) = default;
  Codes() = default;

 private:
  static_assert(kCodes <= 32);
  explicit Codes(uint32_t bits) : bits_(bits) {}
  uint32_t bits_ = 0;
};

// First and last day; no last day: no end.
struct Period {
  absl::CivilDay from;
  std::optional<absl::CivilDay> to;
  bool Contains(absl::CivilDay day) const { return from <= day && (!to || day <= *to); }
};

// Values of a small proto enum as a set; every enum here has values below 64.
template <typename E>
class EnumSet {
 public:
  void Add(E value) { bits_ |= uint64_t{1} << (static_cast<int>(value) & 63); }
  bool Has(E value) const { return (bits_ >> (static_cast<int>(value) & 63) & 1) != 0; }
  bool empty() const { return bits_ == 0; }
  EnumSet And(EnumSet other) const { return EnumSet(bits_ & other.bits_); }
  EnumSet Without(EnumSet other) const { return EnumSet(bits_ & ~other.bits_); }
  uint64_t bits() const { return bits_; }
  std::vector<E> All() const {
    std::vector<E> all;
    ForEach([&](E value) { all.push_back(value); });
    return all;
  }
  // In order of value.
  template <typename F>
  void ForEach(F&& f) const {
    for (uint64_t bits = bits_; bits != 0; bits &= bits - 1) f(static_cast<E>(std::countr_zero(bits)));
  }
  EnumSet() = default;

 private:
  explicit EnumSet(uint64_t bits) : bits_(bits) {}
  uint64_t bits_ = 0;
};

// What the network itself asks of a hand-over.
class HandOverRules {
 public:
  // No demands.
  HandOverRules() { by_category_.fill(kAsNetwork); }

  void SetDefault(int min_remaining_days) { default_ = min_remaining_days; }
  // Stands in for the default.
  void SetCategory(type::v1::FoodCategory category, int min_remaining_days) {
    if (type::v1::FoodCategory_IsValid(category)) by_category_[category] = min_remaining_days;
  }
  void SetBestBeforeIsAWall(bool wall) { best_before_is_a_wall_ = wall; }

  // The greatest of what holds for these categories.
  int MinRemainingDays(EnumSet<type::v1::FoodCategory> categories) const {
    int days = 0;
    categories.ForEach([&](type::v1::FoodCategory category) {
      const int own = category < type::v1::FoodCategory_ARRAYSIZE ? by_category_[category] : kAsNetwork;
      days = std::max(days, own == kAsNetwork ? default_ : own);
    });
    return days;
  }
  // No hand-over past best-before, even where the donor allows it.
  bool best_before_is_a_wall() const { return best_before_is_a_wall_; }

 private:
  static constexpr int kAsNetwork = -1;
  int default_ = 0;
  std::array<int, type::v1::FoodCategory_ARRAYSIZE> by_category_;
  bool best_before_is_a_wall_ = false;
};

// What the rules need to know of a lot. Of a kit: what holds for all of its parts together.
struct LotFacts {
  type::v1::DateKind date_kind = type::v1::DATE_KIND_NONE;
  std::optional<calendar::Date> date;  // none with DATE_KIND_NONE
  type::v1::TemperatureZone zone = type::v1::TEMPERATURE_ZONE_UNSPECIFIED;
  EnumSet<type::v1::FoodCategory> categories;  // of a kit those of its parts; never empty
  EnumSet<type::v1::Allergen> contains, free_from;
  EnumSet<type::v1::DietaryTag> tags;
  // The donor's conditions.
  type::v1::ComplianceLevel min_level = type::v1::COMPLIANCE_LEVEL_UNSPECIFIED;
  std::vector<std::string> only_groups;           // "groups/{uuid}"; empty: any
  std::vector<std::string> excluded_prefectures;  // two digits
  int min_remaining_days = 0;
  bool past_best_before_allowed = false;
  bool recalled = false;
  // Is an agreement with every donor in force on the day of the hand-over?
  bool donor_agreements = false;
};

// What the rules need to know of a group.
struct GroupFacts {
  std::string name;  // "groups/{uuid}"
  bool active = false;
  std::optional<std::string> suspended;  // why, in the coordinator's words
  // Sections of the profile that must be confirmed first, and since when they have not been ("2025-04-01").
  std::vector<std::pair<groups::v1::Section, std::string>> stopped;
  std::vector<Period> agreements;
  std::vector<std::pair<type::v1::ComplianceLevel, Period>> evidence;
  std::string prefecture;  // two digits, of the first site; empty: unknown
  int min_remaining_days = 0;
  int max_distance_km = 0;                   // 0: no limit
  EnumSet<type::v1::TemperatureZone> zones;  // kept at any site
  EnumSet<type::v1::FoodCategory> categories;
  EnumSet<type::v1::Allergen> excluded_allergens;
  EnumSet<type::v1::DietaryTag> excluded_tags;
};

// Why not, for programs and for people.
struct Reason {
  Code code;
  std::string english;
  std::string japanese;
  // For instance {"required", "30"}, {"left", "12"}.
  std::map<std::string, std::string> facts;
};

// All rules that fail; `metres` from the warehouse to the group, if known.
Codes Check(const LotFacts& lot, const GroupFacts& group, const HandOverRules& rules, absl::CivilDay hand_over_day,
            std::optional<int64_t> metres = std::nullopt);

// The same in words, all reasons at once, in the order of Code. Empty: eligible.
std::vector<Reason> Judge(const LotFacts& lot, const GroupFacts& group, const HandOverRules& rules,
                          absl::CivilDay hand_over_day, std::optional<int64_t> metres = std::nullopt);

// The last day on which the goods may be handed over to the group, as far as dates alone decide; nothing: no end.
std::optional<absl::CivilDay> LastHandOverDay(const LotFacts& lot, const GroupFacts& group, const HandOverRules& rules);

// A list of groups with this name alone is an empty one: what several donors' lists have in common may be nobody, and
// Conditions.only_groups says "any" when it is empty.
inline constexpr char kNobody[] = "groups/00000000-0000-0000-0000-000000000000";

// What satisfies all of them: the conditions of goods that are made of several. Lists are sorted and without
// repetitions; of no conditions: none.
type::v1::Conditions Strictest(const std::vector<type::v1::Conditions>& all);

// With whom agreements must be in force before the goods may go: "donors/{uuid}", each once, sorted. An empty name
// among them stands for a donor that is not known, with whom no agreement can be in force.
std::vector<std::string> DonorsOf(const stock::v1::Lot& lot);

// From the contract. Dates in it are taken as valid: their services checked them; one that is not counts as the strict
// answer (no agreement, no evidence). `donor_agreements`: with all of DonorsOf(lot).
LotFacts LotFactsOf(const stock::v1::Lot& lot, bool donor_agreements);
HandOverRules HandOverRulesOf(const stock::v1::StockRules& rules);
GroupFacts GroupFactsOf(const groups::v1::Group& group);
// The days on which a signed agreement counts; a terminated one until its end date.
std::optional<Period> PeriodOf(const type::v1::Agreement& agreement);
// Is one of them in force on that day?
template <typename Agreements>
bool InForce(const Agreements& agreements, absl::CivilDay day) {
  for (const type::v1::Agreement& agreement : agreements) {
    const std::optional<Period> period = PeriodOf(agreement);
    if (period && period->Contains(day)) return true;
  }
  return false;
}

// Great-circle distance in whole metres on a sphere of 6371 km; nothing if one of the two is 0/0, unknown. In integers,
// so that it is the same on every machine (distance.cc).
std::optional<int64_t> DistanceMetres(const type::v1::Position& a, const type::v1::Position& b);

// "えび", "shrimp"; for sentences.
std::string JapaneseName(type::v1::Allergen allergen);
std::string EnglishName(type::v1::Allergen allergen);
std::string JapaneseName(type::v1::FoodCategory category);
std::string EnglishName(type::v1::FoodCategory category);
std::string JapaneseName(type::v1::TemperatureZone zone);
std::string EnglishName(type::v1::TemperatureZone zone);
std::string JapaneseName(type::v1::DietaryTag tag);
std::string EnglishName(type::v1::DietaryTag tag);
std::string JapaneseName(type::v1::ComplianceLevel level);
std::string EnglishName(type::v1::ComplianceLevel level);
std::string JapaneseName(groups::v1::Section section);
std::string EnglishName(groups::v1::Section section);

}  // namespace kubari::eligibility
