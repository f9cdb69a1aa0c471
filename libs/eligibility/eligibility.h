// May this lot go to this group on this day? The only copy of these rules in the house: allocation asks before it
// proposes, the stock ledger asks once more when goods are promised and when they leave.
//
//   const LotFacts lot = LotFactsOf(proto_lot, donor_agreement);
//   const GroupFacts group = GroupFactsOf(proto_group);
//   for (const Reason& reason : Judge(lot, group, day)) …
//
// Pure: no clock, no I/O. Check() is for millions of pairs (no allocation); Judge() says the same in words.
#pragma once

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
  kNoDonorAgreement,     // hard: … with the donor
  kGroupNotActive,       // hard: applied or suspended
  kGroupNotNamed,        // hard: the donor named the groups that may have it, and this is none of them
  kPrefectureExcluded,   // hard: the donor excludes the prefecture of the group's first site; an unknown prefecture
                         // counts as excluded
  kComplianceLevel,      // hard: no evidence in force on that day for the level the donor demands
  kUseByPassed,          // hard: 消費期限
  kBestBeforePassed,     // hard, unless the conditions allow it: 賞味期限
  kRemainingDays,        // hard: fewer days left than the donor or the group demands (the greater of both)
  kNoStorage,            // soft: no site keeps this temperature zone
  kCategoryNotAccepted,  // soft
  kAllergenContained,    // hard: contains what the group excludes
  kAllergenUnknown,      // hard: does not declare what the group excludes; unknown is not "none"
  kTagExcluded,          // soft
  kTooFar,               // soft: farther than the group fetches or is delivered to
};
inline constexpr int kCodes = 15;

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
  friend bool operator==(Codes, Codes) = default;

 private:
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
  std::vector<E> All() const {
    std::vector<E> all;
    for (int i = 0; i < 64; ++i) {
      if ((bits_ >> i & 1) != 0) all.push_back(static_cast<E>(i));
    }
    return all;
  }
  EnumSet() = default;

 private:
  explicit EnumSet(uint64_t bits) : bits_(bits) {}
  uint64_t bits_ = 0;
};

// What the rules need to know of a lot.
struct LotFacts {
  type::v1::DateKind date_kind = type::v1::DATE_KIND_NONE;
  std::optional<calendar::Date> date;  // none with DATE_KIND_NONE
  type::v1::TemperatureZone zone = type::v1::TEMPERATURE_ZONE_UNSPECIFIED;
  type::v1::FoodCategory category = type::v1::FOOD_CATEGORY_UNSPECIFIED;
  EnumSet<type::v1::Allergen> contains, free_from;
  EnumSet<type::v1::DietaryTag> tags;
  // The donor's conditions.
  type::v1::ComplianceLevel min_level = type::v1::COMPLIANCE_LEVEL_UNSPECIFIED;
  std::vector<std::string> only_groups;           // "groups/{uuid}"; empty: any
  std::vector<std::string> excluded_prefectures;  // two digits
  int min_remaining_days = 0;
  bool past_best_before_allowed = false;
  // Is an agreement with the donor in force on the day of the hand-over?
  bool donor_agreement = false;
};

// What the rules need to know of a group.
struct GroupFacts {
  std::string name;  // "groups/{uuid}"
  bool active = false;
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

// All rules that fail; `distance_km` from the warehouse to the group, if known.
Codes Check(const LotFacts& lot, const GroupFacts& group, absl::CivilDay hand_over_day,
            std::optional<double> distance_km = std::nullopt);

// The same in words, all reasons at once, in the order of Code. Empty: eligible.
std::vector<Reason> Judge(const LotFacts& lot, const GroupFacts& group, absl::CivilDay hand_over_day,
                          std::optional<double> distance_km = std::nullopt);

// The last day on which the goods may be handed over to the group, as far as dates alone decide; nothing: no end.
std::optional<absl::CivilDay> LastHandOverDay(const LotFacts& lot, const GroupFacts& group);

// From the contract. Dates in it are taken as valid: their services checked them; one that is not counts as the strict
// answer (no agreement, no evidence).
LotFacts LotFactsOf(const stock::v1::Lot& lot, bool donor_agreement);
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

// Great-circle distance (haversine, sphere of 6371 km); nothing if one of the two is 0/0, unknown.
std::optional<double> DistanceKm(const type::v1::Position& a, const type::v1::Position& b);

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

}  // namespace kubari::eligibility
