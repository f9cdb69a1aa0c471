#include "libs/municipalities/municipalities.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <set>
#include <string>
#include <vector>

namespace kubari::municipalities {
namespace {

TEST(MunicipalitiesTest, HasEveryMunicipalityAndEveryWard) {
  // 1,741 municipalities (the special wards of Tokyo among them), the 6 villages of the northern territories, and the
  // 171 wards of the designated cities since Hamamatsu has three.
  EXPECT_EQ(All().size(), 1'918u);
  EXPECT_TRUE(std::is_sorted(All().begin(), All().end(), [](const auto& a, const auto& b) { return a.code < b.code; }));
  for (const Municipality& each : All()) {
    EXPECT_EQ(each.code.size(), 5u) << each.code;
    EXPECT_TRUE(std::all_of(each.code.begin(), each.code.end(), [](char c) { return std::isdigit(c) != 0; }))
        << each.code;
    EXPECT_FALSE(PrefectureName(each.code.substr(0, 2)).empty()) << each.code;
    EXPECT_FALSE(each.name.empty() || each.kana.empty()) << each.code;
  }
}

TEST(MunicipalitiesTest, FindsByCode) {
  ASSERT_NE(Find("13101"), nullptr);
  EXPECT_EQ(Find("13101")->name, "千代田区");
  EXPECT_EQ(Find("13101")->kana, "ちよだく");
  EXPECT_EQ(FullName("01101"), "北海道札幌市中央区");
  for (const char* code : {"", "1", "13", "13000", "131016", "99999", "千代田区"})
    EXPECT_EQ(Find(code), nullptr) << code;
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

// A line from every part of the country, each with another way to end.
TEST(MunicipalitiesTest, KnowsThemInEveryPrefecture) {
  struct Case {
    const char* code;
    const char* date;
    std::vector<std::string> now;
  };
  const Case cases[] = {
      {"04423", "2016-10-10", {"宮城県富谷市"}},      // a town that became a city
      {"05447", "2005-10-01", {"秋田県横手市"}},      // merged into one that kept its code
      {"08404", "1995-09-01", {"茨城県鹿嶋市"}},      // part of a town that became a city on the same day
      {"09381", "1982-04-01", {"栃木県那須塩原市"}},  // into another district, then a city
      {"11204", "2001-05-01", {"埼玉県さいたま市"}},  // a new city, designated since
      {"13217", "2001-01-21", {"東京都西東京市"}},
      {"14209", "2010-04-01", {"神奈川県相模原市"}},  // the code before it had wards
      {"15601", "2004-03-01", {"新潟県佐渡市"}},
      {"19341", "2006-03-01", {"山梨県甲府市", "山梨県富士河口湖町"}},  // divided
      {"20431", "2005-02-13", {"岐阜県中津川市"}},                      // across the border of the prefecture
      {"22201", "2005-04-01", {"静岡県静岡市"}},
      {"26381", "2005-04-01", {"京都府京都市右京区"}},  // part of a ward
      {"27105", "1989-02-13", {"大阪府大阪市中央区"}},  // two wards united
      {"28661", "1999-04-01", {"兵庫県丹波篠山市"}},    // called otherwise since
      {"30407", "2005-04-01", {"和歌山県串本町"}},      // the same name, another code
      {"33201", "2009-04-01", {"岡山県岡山市"}},
      {"34301", "1974-11-01", {"広島県広島市"}},  // into the city's code before it had wards
      {"38322", "1971-01-01", {"愛媛県西条市"}},  // a town, a city, another city
      {"40102", "1974-04-01", {"福岡県北九州市小倉北区", "福岡県北九州市小倉南区"}},
      {"40321", "1975-03-01", {"福岡県福岡市早良区"}},  // part of a ward that was divided
      {"43201", "2012-04-01", {"熊本県熊本市"}},
      {"47206", "2005-10-01", {"沖縄県宮古島市"}},
  };
  for (const Case& each : cases) {
    const Abolished* gone = FindAbolished(each.code);
    ASSERT_NE(gone, nullptr) << each.code;
    EXPECT_EQ(gone->date, each.date) << each.code;
    std::vector<std::string> now;
    for (const std::string_view successor : gone->successors) now.push_back(FullName(successor));
    EXPECT_EQ(now, each.now) << each.code;
  }
}

// Cities are numbered from 201 on in every prefecture, and a number is not given twice: each is a city's or was one's.
TEST(MunicipalitiesTest, NoNumberOfACityIsMissing) {
  for (int prefecture = 1; prefecture <= 47; ++prefecture) {
    const std::string begin = (prefecture < 10 ? "0" : "") + std::to_string(prefecture);
    std::vector<int> missing;
    bool later = false;
    for (int number = 299; number > 200; --number) {
      const std::string code = begin + std::to_string(number);
      if (Find(code) != nullptr || FindAbolished(code) != nullptr) {
        later = true;
      } else if (later) {
        missing.push_back(number);
      }
    }
    EXPECT_TRUE(later) << begin;
    // Given in 1968 and gone the year after, before the record begins.
    EXPECT_EQ(missing, prefecture == 33 ? std::vector<int>{206} : std::vector<int>{}) << begin;
  }
}

// What is told as gone must be gone, and lead to what is in force.
TEST(MunicipalitiesTest, TheTwoTablesAgree) {
  int gone = 0;
  std::set<std::string> prefectures;
  for (int number = 1'000; number < 48'000; ++number) {
    const std::string code = (number < 10'000 ? "0" : "") + std::to_string(number);
    const Abolished* abolished = FindAbolished(code);
    if (abolished == nullptr) continue;
    ++gone;
    EXPECT_EQ(Find(code), nullptr) << code;
    EXPECT_FALSE(abolished->successors.empty()) << code;
    EXPECT_EQ(abolished->date.size(), 10u) << code;
    EXPECT_GE(abolished->date, "1970-04-01") << code;
    prefectures.insert(code.substr(0, 2));
    for (const std::string_view successor : abolished->successors) {
      EXPECT_NE(Find(successor), nullptr) << code;
      // Only the village of Yamaguchi changed its prefecture.
      EXPECT_EQ(successor.substr(0, 2), code == "20431" ? "21" : code.substr(0, 2)) << code;
    }
  }
  EXPECT_GE(gone, 2'066);
  EXPECT_EQ(prefectures.size(), 47u);
}

}  // namespace
}  // namespace kubari::municipalities
