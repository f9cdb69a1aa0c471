#include "libs/eligibility/eligibility.h"

#include <gmock/gmock.h>
#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <random>

#include "absl/strings/str_cat.h"
#include "libs/eligibility/table.h"

namespace kubari::eligibility {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr char kLot[] = R"(
  category: FOOD_CATEGORY_NOODLES
  good_until { kind: DATE_KIND_BEST_BEFORE date: "2027-03-31" }
  temperature_zone: TEMPERATURE_ZONE_AMBIENT
  allergens { contains: [ALLERGEN_WHEAT] free_from: [ALLERGEN_EGG] }
  tags: [DIETARY_TAG_NEEDS_COOKING]
)";
constexpr char kGroup[] = R"(
  name: "groups/0190163d-8694-739b-aea5-966c26f8ad91"
  state: GROUP_STATE_ACTIVE
  sites { address { municipality_code: "13101" } ambient_items: 100 }
  agreements { state: AGREEMENT_STATE_SIGNED valid_from_date: "2026-04-01" valid_to_date: "2027-06-30" }
  evidence { level: COMPLIANCE_LEVEL_HYGIENE valid_from_date: "2026-04-01" valid_to_date: "2026-12-31" }
)";
const absl::CivilDay kDay(2026, 12, 1);

template <typename M>
M Parse(const char* text) {
  M message;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &message));
  return message;
}

stock::v1::CategoryRule Rule(type::v1::FoodCategory category, int days) {
  stock::v1::CategoryRule rule;
  rule.set_category(category);
  rule.set_min_remaining_days_hand_over(days);
  return rule;
}

struct Pair {
  stock::v1::Lot lot = Parse<stock::v1::Lot>(kLot);
  groups::v1::Group group = Parse<groups::v1::Group>(kGroup);
  bool donor_agreements = true;
  stock::v1::StockRules rules;
  absl::CivilDay day = kDay;
  std::optional<int64_t> metres;
};

std::vector<std::string> Names(const Pair& pair) {
  std::vector<std::string> names;
  const LotFacts lot = LotFactsOf(pair.lot, pair.donor_agreements);
  const HandOverRules rules = HandOverRulesOf(pair.rules);
  for (const Reason& reason : Judge(lot, GroupFactsOf(pair.group), rules, pair.day, pair.metres)) {
    EXPECT_FALSE(reason.english.empty());
    EXPECT_FALSE(reason.japanese.empty());
    names.emplace_back(CodeName(reason.code));
  }
  return names;
}

TEST(Eligibility, AnOrdinaryPairIsEligible) { EXPECT_THAT(Names({}), IsEmpty()); }

struct Case {
  const char* code;
  std::function<void(Pair&)> spoil;
};

TEST(Eligibility, EachRuleSpeaksAlone) {
  const Case cases[] = {
      {"NO_GROUP_AGREEMENT", [](Pair& p) { p.group.clear_agreements(); }},
      {"NO_GROUP_AGREEMENT",
       [](Pair& p) {
         p.group.mutable_agreements(0)->set_state(type::v1::AGREEMENT_STATE_TERMINATED);
         p.group.mutable_agreements(0)->set_end_date("2026-11-30");
       }},
      {"NO_GROUP_AGREEMENT", [](Pair& p) { p.group.mutable_agreements(0)->set_valid_from_date("soon"); }},
      {"NO_DONOR_AGREEMENT", [](Pair& p) { p.donor_agreements = false; }},
      {"GROUP_NOT_ACTIVE", [](Pair& p) { p.group.set_state(groups::v1::GROUP_STATE_SUSPENDED); }},
      {"GROUP_NOT_NAMED",
       [](Pair& p) { p.lot.mutable_conditions()->add_only_groups("groups/11111111-8694-739b-aea5-966c26f8ad91"); }},
      {"PREFECTURE_EXCLUDED", [](Pair& p) { p.lot.mutable_conditions()->add_excluded_prefectures("13"); }},
      {"PREFECTURE_EXCLUDED",
       [](Pair& p) {
         p.lot.mutable_conditions()->add_excluded_prefectures("27");
         p.group.mutable_sites(0)->clear_address();
       }},
      {"COMPLIANCE_LEVEL",
       [](Pair& p) { p.lot.mutable_conditions()->set_min_compliance_level(type::v1::COMPLIANCE_LEVEL_CERTIFIED); }},
      {"COMPLIANCE_LEVEL",
       [](Pair& p) {
         p.lot.mutable_conditions()->set_min_compliance_level(type::v1::COMPLIANCE_LEVEL_HYGIENE);
         p.day = absl::CivilDay(2027, 1, 1);  // the evidence ended the day before
       }},
      {"USE_BY_PASSED",
       [](Pair& p) {
         p.lot.mutable_good_until()->set_kind(type::v1::DATE_KIND_USE_BY);
         p.lot.mutable_good_until()->set_date("2026-11-30");
         p.lot.mutable_conditions()->set_past_best_before_allowed(true);  // never for use-by
         p.group.set_min_remaining_days(3);                               // said once, not twice
       }},
      {"BEST_BEFORE_PASSED", [](Pair& p) { p.lot.mutable_good_until()->set_date("2026-11-30"); }},
      {"REMAINING_DAYS", [](Pair& p) { p.lot.mutable_conditions()->set_min_remaining_days(121); }},
      {"REMAINING_DAYS", [](Pair& p) { p.group.set_min_remaining_days(121); }},
      {"REMAINING_DAYS", [](Pair& p) { p.rules.set_min_remaining_days_hand_over(121); }},
      {"REMAINING_DAYS", [](Pair& p) { *p.rules.add_categories() = Rule(type::v1::FOOD_CATEGORY_NOODLES, 121); }},
      {"BEST_BEFORE_PASSED",
       [](Pair& p) {
         p.lot.mutable_good_until()->set_date("2026-11-30");
         p.lot.mutable_conditions()->set_past_best_before_allowed(true);
         p.rules.set_best_before_is_a_wall(true);
       }},
      {"NO_STORAGE", [](Pair& p) { p.lot.set_temperature_zone(type::v1::TEMPERATURE_ZONE_FROZEN); }},
      {"CATEGORY_NOT_ACCEPTED", [](Pair& p) { p.lot.set_category(type::v1::FOOD_CATEGORY_NON_FOOD); }},
      {"CATEGORY_NOT_ACCEPTED", [](Pair& p) { p.group.add_accepted_categories(type::v1::FOOD_CATEGORY_RICE); }},
      {"ALLERGEN_CONTAINED", [](Pair& p) { p.group.add_excluded_allergens(type::v1::ALLERGEN_WHEAT); }},
      {"ALLERGEN_UNKNOWN", [](Pair& p) { p.group.add_excluded_allergens(type::v1::ALLERGEN_CASHEW); }},
      {"TAG_EXCLUDED", [](Pair& p) { p.group.add_excluded_tags(type::v1::DIETARY_TAG_NEEDS_COOKING); }},
      {"TOO_FAR",
       [](Pair& p) {
         p.group.set_max_distance_km(30);
         p.metres = 30'500;
       }},
      {"LOT_RECALLED", [](Pair& p) { p.lot.set_recall("recalls/0190163d-8694-739b-aea5-966c26f8ad91"); }},
  };
  for (const Case& one : cases) {
    Pair pair;
    one.spoil(pair);
    EXPECT_THAT(Names(pair), ElementsAre(one.code));
  }
}

TEST(Eligibility, EdgesThatPass) {
  const std::function<void(Pair&)> cases[] = {
      [](Pair& p) { p.day = absl::CivilDay(2027, 3, 31); },  // the last good day itself
      [](Pair& p) { p.lot.mutable_conditions()->set_min_remaining_days(120); },
      [](Pair& p) { p.lot.mutable_good_until()->set_date("2026-12"), p.day = absl::CivilDay(2026, 12, 31); },
      [](Pair& p) {
        p.lot.mutable_good_until()->set_date("2026-11-30");
        p.lot.mutable_conditions()->set_past_best_before_allowed(true);
      },
      [](Pair& p) {
        p.lot.mutable_good_until()->set_kind(type::v1::DATE_KIND_NONE);
        p.lot.mutable_good_until()->clear_date();
        p.group.set_min_remaining_days(60);
      },
      [](Pair& p) { p.rules.set_min_remaining_days_hand_over(120); },
      [](Pair& p) {  // the category's own stands in for the network's, also if it asks for less
        p.rules.set_min_remaining_days_hand_over(300);
        *p.rules.add_categories() = Rule(type::v1::FOOD_CATEGORY_NOODLES, 0);
      },
      [](Pair& p) { *p.rules.add_categories() = Rule(type::v1::FOOD_CATEGORY_RICE, 300); },
      [](Pair& p) { p.rules.set_best_before_is_a_wall(true), p.day = absl::CivilDay(2027, 3, 31); },
      [](Pair& p) { p.lot.mutable_conditions()->set_min_compliance_level(type::v1::COMPLIANCE_LEVEL_BASIC); },
      [](Pair& p) { p.lot.mutable_conditions()->add_only_groups(p.group.name()); },
      [](Pair& p) { p.group.add_excluded_allergens(type::v1::ALLERGEN_EGG); },  // declared free
      [](Pair& p) { p.metres = 5'000'000; },                                    // no limit
      [](Pair& p) {
        p.group.mutable_agreements(0)->set_state(type::v1::AGREEMENT_STATE_TERMINATED);
        p.group.mutable_agreements(0)->set_end_date("2026-12-01");
      },
  };
  int number = 0;
  for (const auto& change : cases) {
    Pair pair;
    change(pair);
    EXPECT_THAT(Names(pair), IsEmpty()) << "case " << number;
    ++number;
  }
}

TEST(Eligibility, AllReasonsAtOnceInOrder) {
  Pair pair;
  pair.group = groups::v1::Group();
  pair.group.add_excluded_allergens(type::v1::ALLERGEN_CASHEW);
  pair.group.add_excluded_allergens(type::v1::ALLERGEN_WHEAT);
  pair.donor_agreements = false;
  pair.lot.mutable_good_until()->set_date("2026-11");
  EXPECT_THAT(Names(pair), ElementsAre("NO_GROUP_AGREEMENT", "NO_DONOR_AGREEMENT", "GROUP_NOT_ACTIVE",
                                       "BEST_BEFORE_PASSED", "NO_STORAGE", "ALLERGEN_CONTAINED", "ALLERGEN_UNKNOWN"));
}

TEST(Eligibility, OnlyHardRulesStopAHandOver) {
  Codes soft;
  for (const Code code : {Code::kNoStorage, Code::kCategoryNotAccepted, Code::kTagExcluded, Code::kTooFar})
    soft.Add(code);
  EXPECT_FALSE(soft.AnyHard());
  soft.Add(Code::kAllergenUnknown);
  EXPECT_TRUE(soft.AnyHard());
  EXPECT_FALSE(Codes().AnyHard());
}

TEST(Eligibility, SentencesNameTheFigures) {
  Pair pair;
  pair.group.set_min_remaining_days(130);
  pair.rules.set_min_remaining_days_hand_over(125);
  const auto judge = [&] {
    return Judge(LotFactsOf(pair.lot, true), GroupFactsOf(pair.group), HandOverRulesOf(pair.rules), kDay);
  };
  std::vector<Reason> reasons = judge();
  ASSERT_EQ(reasons.size(), 1u);
  EXPECT_EQ(reasons[0].english, "120 days are left until 2027-03-31; at least 130 are asked for.");
  EXPECT_THAT(reasons[0].japanese, HasSubstr("残り120日"));
  EXPECT_EQ(reasons[0].facts.at("required"), "130");
  *pair.rules.add_categories() = Rule(type::v1::FOOD_CATEGORY_NOODLES, 140);
  EXPECT_EQ(judge()[0].facts.at("required"), "140");
}

TEST(Eligibility, WhoDoesNotAllowItAfterTheDate) {
  Pair pair;
  pair.lot.mutable_good_until()->set_date("2026-11-30");
  const auto sentence = [&] {
    return Judge(LotFactsOf(pair.lot, true), GroupFactsOf(pair.group), HandOverRulesOf(pair.rules), kDay)[0].english;
  };
  EXPECT_THAT(sentence(), HasSubstr("the donor does not allow that"));
  pair.rules.set_best_before_is_a_wall(true);
  EXPECT_THAT(sentence(), HasSubstr("the donor does not allow that"));
  pair.lot.mutable_conditions()->set_past_best_before_allowed(true);
  EXPECT_THAT(sentence(), HasSubstr("the network hands nothing over after it"));
}

TEST(Eligibility, LastHandOverDayAgreesWithCheck) {
  for (const char* date : {"2027-03-31", "2027-02"}) {
    for (const int days : {0, 1, 30}) {
      for (const int network : {0, 7, 45}) {
        for (const bool allowed : {false, true}) {
          for (const bool wall : {false, true}) {
            Pair pair;
            pair.lot.mutable_good_until()->set_date(date);
            pair.lot.mutable_conditions()->set_past_best_before_allowed(allowed);
            pair.group.set_min_remaining_days(days);
            *pair.rules.add_categories() = Rule(type::v1::FOOD_CATEGORY_NOODLES, network);
            pair.rules.set_best_before_is_a_wall(wall);
            const LotFacts lot = LotFactsOf(pair.lot, true);
            const GroupFacts group = GroupFactsOf(pair.group);
            const HandOverRules rules = HandOverRulesOf(pair.rules);
            const std::optional<absl::CivilDay> last = LastHandOverDay(lot, group, rules);
            ASSERT_EQ(last.has_value(), !allowed || wall || days > 0 || network > 0);
            if (!last) continue;
            EXPECT_TRUE(Check(lot, group, rules, *last).empty());
            EXPECT_FALSE(Check(lot, group, rules, *last + 1).empty());
          }
        }
      }
    }
  }
}

type::v1::Conditions Of(const char* text) { return Parse<type::v1::Conditions>(text); }

TEST(Strictest, TakesEachDemandFromWhoeverMakesIt) {
  struct Row {
    std::vector<const char*> all;
    const char* strictest;
  };
  const Row rows[] = {
      {{}, ""},
      {{""}, ""},
      {{"min_compliance_level: COMPLIANCE_LEVEL_BASIC", "min_compliance_level: COMPLIANCE_LEVEL_CERTIFIED"},
       "min_compliance_level: COMPLIANCE_LEVEL_CERTIFIED"},
      {{"min_remaining_days: 7", "", "min_remaining_days: 30"}, "min_remaining_days: 30"},
      {{"onward_transfer_allowed: true", "onward_transfer_allowed: true"}, "onward_transfer_allowed: true"},
      {{"onward_transfer_allowed: true", ""}, ""},
      {{"past_best_before_allowed: true", ""}, ""},
      {{"past_best_before_allowed: true", "past_best_before_allowed: true"}, "past_best_before_allowed: true"},
      {{"donor_may_be_named: true", "donor_may_be_named: true", ""}, ""},
      {{"donor_may_be_named: true"}, "donor_may_be_named: true"},
      {{"photos_allowed: true", "photos_allowed: true"}, "photos_allowed: true"},
      {{"photos_allowed: true", ""}, ""},
      {{"excluded_prefectures: '47'", "excluded_prefectures: ['13', '47']"}, "excluded_prefectures: ['13', '47']"},
      {{"only_groups: ['groups/b', 'groups/a']"}, "only_groups: ['groups/a', 'groups/b']"},
      {{"only_groups: ['groups/a', 'groups/b']", ""}, "only_groups: ['groups/a', 'groups/b']"},
      {{"only_groups: ['groups/a', 'groups/b']", "only_groups: ['groups/c', 'groups/b']"}, "only_groups: 'groups/b'"},
      // Nobody is not anybody, and stays nobody whatever comes after it.
      {{"only_groups: 'groups/a'", "only_groups: 'groups/b'"},
       "only_groups: 'groups/00000000-0000-0000-0000-000000000000'"},
      {{"only_groups: 'groups/a'", "only_groups: 'groups/b'", "only_groups: 'groups/b'", ""},
       "only_groups: 'groups/00000000-0000-0000-0000-000000000000'"},
      {{"only_groups: 'groups/00000000-0000-0000-0000-000000000000'", "only_groups: 'groups/b'"},
       "only_groups: 'groups/00000000-0000-0000-0000-000000000000'"},
  };
  for (const Row& row : rows) {
    std::vector<type::v1::Conditions> all;
    for (const char* text : row.all) all.push_back(Of(text));
    EXPECT_EQ(Strictest(all).ShortDebugString(), Of(row.strictest).ShortDebugString());
    std::reverse(all.begin(), all.end());
    EXPECT_EQ(Strictest(all).ShortDebugString(), Of(row.strictest).ShortDebugString()) << "whatever the order";
  }
}

TEST(Strictest, NobodyIsNoGroupAtAll) {
  Pair pair;
  *pair.lot.mutable_conditions() = Strictest({Of("only_groups: 'groups/a'"), Of("only_groups: 'groups/b'")});
  for (const std::string& name : {pair.group.name(), std::string("groups/a"), std::string(kNobody)}) {
    pair.group.set_name(name);
    EXPECT_THAT(Names(pair), ElementsAre("GROUP_NOT_NAMED")) << name;
  }
  const std::vector<Reason> reasons =
      Judge(LotFactsOf(pair.lot, true), GroupFactsOf(pair.group), HandOverRules(), kDay);
  EXPECT_THAT(reasons[0].english, HasSubstr("no group is named by all"));
}

// The kit's own date, allergens and tags; each part's conditions and category.
TEST(Kits, MayGoWhereEachPartMayGo) {
  const char* conditions[] = {
      "",
      "min_compliance_level: COMPLIANCE_LEVEL_HYGIENE",
      "min_compliance_level: COMPLIANCE_LEVEL_CERTIFIED",
      "only_groups: ['groups/0190163d-8694-739b-aea5-966c26f8ad91', 'groups/a']",
      "only_groups: 'groups/a'",
      "excluded_prefectures: '13'",
      "excluded_prefectures: '47'",
      "min_remaining_days: 121",
      "past_best_before_allowed: true",
  };
  const type::v1::FoodCategory categories[] = {type::v1::FOOD_CATEGORY_RICE, type::v1::FOOD_CATEGORY_DRINK,
                                               type::v1::FOOD_CATEGORY_NON_FOOD};
  for (const char* date : {"2027-03-31", "2026-11-30"}) {
    for (const char* one : conditions) {
      for (const char* other : conditions) {
        for (const auto category : categories) {
          Pair kit;
          kit.lot.mutable_good_until()->set_date(date);
          *kit.rules.add_categories() = Rule(type::v1::FOOD_CATEGORY_DRINK, 200);
          Codes of_parts;
          for (const auto& [text, of] : {std::pair(one, type::v1::FOOD_CATEGORY_RICE), std::pair(other, category)}) {
            stock::v1::LotPart& part = *kit.lot.add_parts();
            *part.mutable_conditions() = Of(text);
            part.set_category(of);
            stock::v1::Lot alone = kit.lot;
            alone.clear_parts();
            *alone.mutable_conditions() = part.conditions();
            alone.set_category(of);
            const Codes codes =
                Check(LotFactsOf(alone, true), GroupFactsOf(kit.group), HandOverRulesOf(kit.rules), kDay);
            for (const Code code : codes.All()) of_parts.Add(code);
          }
          Codes of_kit = Check(LotFactsOf(kit.lot, true), GroupFactsOf(kit.group), HandOverRulesOf(kit.rules), kDay);
          // "Passed" is said instead of "too few days", so the two are one here.
          if (of_parts.Has(Code::kBestBeforePassed)) of_parts.Add(Code::kRemainingDays);
          if (of_kit.Has(Code::kBestBeforePassed)) of_kit.Add(Code::kRemainingDays);
          EXPECT_EQ(of_kit, of_parts) << one << " + " << other << ", " << date;
        }
      }
    }
  }
}

TEST(Kits, EveryDonorsAgreementCounts) {
  stock::v1::Lot lot;
  lot.set_donor("donors/a");
  EXPECT_THAT(DonorsOf(lot), ElementsAre("donors/a"));
  for (const char* donor : {"donors/c", "donors/b", "donors/c"}) lot.add_parts()->set_donor(donor);
  EXPECT_THAT(DonorsOf(lot), ElementsAre("donors/b", "donors/c"));
  lot.add_parts();
  EXPECT_THAT(DonorsOf(lot), ElementsAre("", "donors/b", "donors/c"));
}

TEST(Eligibility, Distance) {
  const auto at = [](int32_t latitude, int32_t longitude) {
    type::v1::Position position;
    position.set_latitude_e6(latitude), position.set_longitude_e6(longitude);
    return position;
  };
  EXPECT_FALSE(DistanceMetres(at(35'681'236, 139'767'125), at(0, 0)).has_value());
  // Everywhere on Earth, as floating point has it, to the metre.
  std::mt19937 random(7);
  for (int i = 0; i < 2'000; ++i) {
    const auto a = at(static_cast<int32_t>(random() % 180'000'001) - 90'000'000,
                      static_cast<int32_t>(random() % 360'000'000) - 180'000'000);
    const bool near = i % 2 == 0;  // a few kilometres away
    const auto b = near ? at(std::clamp(a.latitude_e6() + static_cast<int32_t>(random() % 40'000) - 20'000, -90'000'000,
                                        90'000'000),
                             a.longitude_e6() + static_cast<int32_t>(random() % 40'000))
                        : at(static_cast<int32_t>(random() % 180'000'001) - 90'000'000,
                             static_cast<int32_t>(random() % 360'000'000));
    const double lat_a = a.latitude_e6() * M_PI / 180e6, lat_b = b.latitude_e6() * M_PI / 180e6;
    const double sin_lat = std::sin((lat_b - lat_a) / 2),
                 sin_lon = std::sin((b.longitude_e6() - a.longitude_e6()) * M_PI / 360e6);
    const double h = sin_lat * sin_lat + std::cos(lat_a) * std::cos(lat_b) * sin_lon * sin_lon;
    const double metres = 2 * 6'371'000 * std::asin(std::sqrt(std::min(1.0, h)));
    ASSERT_NEAR(static_cast<double>(*DistanceMetres(a, b)), metres, 0.51)
        << a.ShortDebugString() << " " << b.ShortDebugString();
    ASSERT_EQ(DistanceMetres(a, b), DistanceMetres(b, a));
  }
  EXPECT_EQ(DistanceMetres(at(35'681'236, 139'767'125), at(35'681'236, 139'767'125)), 0);
  EXPECT_EQ(DistanceMetres(at(90'000'000, 0), at(-90'000'000, 0)), 20'015'087);  // from pole to pole
}

// Lots and groups that the rules cannot tell apart are judged once; the answers are those of judging each pair.
TEST(Eligibility, TheTableAgreesWithJudgingEachPair) {
  std::mt19937 random(20261121);
  const auto one_in = [&](int n) { return random() % n == 0; };
  const absl::CivilDay today(2026, 11, 18);
  HandOverRules rules;
  rules.SetDefault(5);
  rules.SetCategory(type::v1::FOOD_CATEGORY_SNACK, 12);
  std::vector<LotFacts> lots(80);
  for (LotFacts& lot : lots) {
    lot.date_kind = static_cast<type::v1::DateKind>(1 + random() % 3);
    if (lot.date_kind != type::v1::DATE_KIND_NONE)
      lot.date = calendar::Date::Day(today + (static_cast<int>(random() % 60) - 10));
    lot.zone = static_cast<type::v1::TemperatureZone>(1 + random() % 3);
    lot.categories.Add(static_cast<type::v1::FoodCategory>(1 + random() % 15));
    if (one_in(2)) lot.free_from.Add(type::v1::ALLERGEN_EGG);
    if (one_in(3)) lot.contains.Add(type::v1::ALLERGEN_MILK);
    if (one_in(4)) lot.tags.Add(type::v1::DIETARY_TAG_STOCKPILE);
    lot.min_level = static_cast<type::v1::ComplianceLevel>(random() % 4);
    if (one_in(4)) lot.only_groups = {"groups/1", "groups/2"};
    if (one_in(4)) lot.excluded_prefectures = {"13"};
    lot.min_remaining_days = static_cast<int>(random() % 3) * 7;
    lot.past_best_before_allowed = one_in(2);
    lot.recalled = one_in(9);
    lot.donor_agreements = !one_in(9);
  }
  std::vector<GroupFacts> groups(60);
  std::vector<absl::CivilDay> days;
  for (size_t g = 0; g < groups.size(); ++g) {
    GroupFacts& group = groups[g];
    group.name = absl::StrCat("groups/", g);
    group.active = !one_in(9);
    if (!one_in(5)) group.agreements.push_back({today - 100, one_in(2) ? std::optional(today + 3) : std::nullopt});
    if (one_in(2))
      group.evidence.emplace_back(static_cast<type::v1::ComplianceLevel>(1 + random() % 4),
                                  Period{today + (one_in(3) ? 2 : -9), std::nullopt});
    group.prefecture = one_in(5) ? "" : one_in(2) ? "13" : "27";
    group.min_remaining_days = static_cast<int>(random() % 2) * 10;
    group.max_distance_km = static_cast<int>(random() % 3) * 20;
    for (int zone = 1; zone <= 3; ++zone) {
      if (one_in(2)) group.zones.Add(static_cast<type::v1::TemperatureZone>(zone));
    }
    for (int category = 1; category <= 15; ++category) {
      if (!one_in(4)) group.categories.Add(static_cast<type::v1::FoodCategory>(category));
    }
    if (one_in(3)) group.excluded_allergens.Add(type::v1::ALLERGEN_EGG);
    if (one_in(3)) group.excluded_tags.Add(type::v1::DIETARY_TAG_STOCKPILE);
    days.push_back(today + static_cast<int>(random() % 7));
  }
  const Table table(lots, groups, rules, days);
  int eligible = 0;
  for (int lot = 0; lot < 80; ++lot) {
    for (int group = 0; group < 60; ++group) {
      const std::optional<int64_t> metres = one_in(4) ? std::nullopt : std::optional<int64_t>(random() % 60'000);
      ASSERT_EQ(table.Of(lot, group, metres), Check(lots[lot], groups[group], rules, days[group], metres))
          << lot << " " << group;
      eligible += table.Of(lot, group, metres).empty();
    }
  }
  EXPECT_GT(eligible, 10);
}

}  // namespace
}  // namespace kubari::eligibility
