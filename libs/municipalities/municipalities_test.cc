#include "libs/municipalities/municipalities.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>

namespace kubari::municipalities {
namespace {

TEST(MunicipalitiesTest, HasEveryMunicipalityAndEveryWard) {
  // 1,741 municipalities (the special wards of Tokyo among them), the 6 villages of the northern territories, and the 171 wards of the
  // designated cities since Hamamatsu has three.
  EXPECT_EQ(All().size(), 1'918u);
  EXPECT_TRUE(std::is_sorted(All().begin(), All().end(), [](const auto& a, const auto& b) { return a.code < b.code; }));
  for (const Municipality& each : All()) {
    EXPECT_EQ(each.code.size(), 5u) << each.code;
    EXPECT_TRUE(std::all_of(each.code.begin(), each.code.end(), [](char c) { return std::isdigit(c) != 0; })) << each.code;
    EXPECT_FALSE(PrefectureName(each.code.substr(0, 2)).empty()) << each.code;
    EXPECT_FALSE(each.name.empty() || each.kana.empty()) << each.code;
  }
}

TEST(MunicipalitiesTest, FindsByCode) {
  ASSERT_NE(Find("13101"), nullptr);
  EXPECT_EQ(Find("13101")->name, "千代田区");
  EXPECT_EQ(Find("13101")->kana, "ちよだく");
  EXPECT_EQ(FullName("01101"), "北海道札幌市中央区");
  for (const char* code : {"", "1", "13", "13000", "131016", "99999", "千代田区"}) EXPECT_EQ(Find(code), nullptr) << code;
  EXPECT_EQ(FullName("99999"), "");
  EXPECT_EQ(PrefectureName("13"), "東京都");
  EXPECT_EQ(PrefectureName("48"), "");
}

TEST(MunicipalitiesTest, KnowsWhatBecameOfThoseThatAreGone) {
  ASSERT_NE(FindAbolished("01339"), nullptr);
  EXPECT_EQ(FindAbolished("01339")->date, "2004-12-01");
  EXPECT_EQ(FindAbolished("01339")->successors, std::vector<std::string_view>{"01202"});
  // Divided: the north ward of Hamamatsu went to two.
  ASSERT_NE(FindAbolished("22135"), nullptr);
  EXPECT_EQ(FindAbolished("22135")->successors, (std::vector<std::string_view>{"22138", "22139"}));
  // A town that became a city which was merged: told as it is today.
  ASSERT_NE(FindAbolished("01338"), nullptr);
  EXPECT_EQ(FindAbolished("01338")->successors, std::vector<std::string_view>{"01202"});
  EXPECT_EQ(FindAbolished("13101"), nullptr);
  EXPECT_EQ(FindAbolished("99999"), nullptr);
}

// What is told as gone must be gone, and lead to what is in force.
TEST(MunicipalitiesTest, TheTwoTablesAgree) {
  int gone = 0;
  for (int number = 1'000; number < 48'000; ++number) {
    const std::string code = (number < 10'000 ? "0" : "") + std::to_string(number);
    const Abolished* abolished = FindAbolished(code);
    if (abolished == nullptr) continue;
    ++gone;
    EXPECT_EQ(Find(code), nullptr) << code;
    EXPECT_FALSE(abolished->successors.empty()) << code;
    EXPECT_EQ(abolished->date.size(), 10u) << code;
    for (const std::string_view successor : abolished->successors) EXPECT_NE(Find(successor), nullptr) << code;
  }
  EXPECT_GT(gone, 60);
}

}  // namespace
}  // namespace kubari::municipalities
