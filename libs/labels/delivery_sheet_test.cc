// Delivery sheets as a printer draws them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "libs/errors/testing.h"
#include "libs/labels/labels.h"
#include "libs/labels/testing.h"

namespace kubari::labels {
namespace {

using errors::IsOk;
using errors::Violates;
using ::testing::AllOf;
using ::testing::Each;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;
using ::testing::StartsWith;

constexpr char kUri[] = "https://food.example.org/#/deliveries/0190c5b0-7d1e-7a52-9c1e-0123456789ab";
constexpr Area kPaper = {0, 0, 210, 297};

DeliveryLine Line(const std::string& product, const std::string& code, int64_t items, int64_t items_per_case) {
  DeliveryLine line;
  line.product = product;
  line.code = code;
  line.good_until.set_kind(type::v1::DATE_KIND_BEST_BEFORE);
  line.good_until.set_date("2027-05");
  line.temperature_zone = type::v1::TEMPERATURE_ZONE_AMBIENT;
  line.allergens.add_contains(type::v1::ALLERGEN_WHEAT);
  line.items = items;
  line.items_per_case = items_per_case;
  line.grams = items * 200;
  return line;
}

DeliverySheet SheetOf(int lines) {
  DeliverySheet sheet;
  sheet.network = "フードバンクくばり";
  sheet.warehouse = "東京倉庫";
  sheet.contact = "03-0000-0000";
  sheet.group = "こどもひろば";
  sheet.address = "東京都足立区西新井";
  sheet.number = "D-0331";
  sheet.delivery_date = "2027-03-31";
  sheet.note = "冷凍品はすぐに冷凍庫へ。";
  sheet.qr = kUri;
  for (int i = 0; i < lines; ++i)
    sheet.lines.push_back(Line(absl::StrCat("カレー", i), absl::StrCat("7KQ2", 1000 + i), 294, 24));
  return sheet;
}

// Everything as long as it may be.
DeliverySheet Longest(const std::string& letter, int lines) {
  std::string name, note;
  for (int i = 0; i < kMaxName; ++i) name += letter;
  for (int i = 0; i < kMaxNote; ++i) note += letter;
  DeliverySheet sheet = SheetOf(0);
  sheet.network = sheet.warehouse = sheet.contact = sheet.group = sheet.address = sheet.number = name;
  sheet.note = note;
  for (int i = 0; i < lines; ++i) {
    DeliveryLine line = Line(name, absl::StrCat("7KQ2", 1000 + i), 999'999'999, 7);
    line.conditions = name;
    line.temperature_zone = static_cast<type::v1::TemperatureZone>(i % 4);
    for (int allergen = 1; allergen <= type::v1::Allergen_MAX; ++allergen) {
      if (type::v1::Allergen_IsValid(allergen)) line.allergens.add_contains(static_cast<type::v1::Allergen>(allergen));
    }
    sheet.lines.push_back(line);
  }
  return sheet;
}

std::string Render(const DeliverySheet& sheet, Language language = Language::kJapanese) {
  const absl::StatusOr<std::string> pdf = RenderDeliverySheet(sheet, language);
  EXPECT_THAT(pdf, IsOk());
  return pdf.value_or("");
}

TEST(DeliverySheets, SayEverythingInJapanese) {
  DeliverySheet sheet = SheetOf(1);
  sheet.lines[0].conditions = "二次配布不可";
  DeliveryLine milk = Line("牛乳", "22223333", 5, 0);
  milk.good_until.set_kind(type::v1::DATE_KIND_USE_BY);
  milk.good_until.set_date("2027-04-02");
  milk.temperature_zone = type::v1::TEMPERATURE_ZONE_CHILLED;
  milk.allergens.clear_contains();
  sheet.lines.push_back(milk);
  const std::vector<std::string> pages = TextsOf(Render(sheet));
  ASSERT_THAT(pages, SizeIs(1));
  for (const char* part : {"納品書", "番号D-0331", "フードバンクくばり", "東京倉庫", "03-0000-0000", "こどもひろば御中",
                           "東京都足立区西新井", "納品日2027年3月31日", "受領を確認してください", "カレー0", "7KQ21000",
                           "アレルギー小麦", "二次配布不可", "2027年5月", "賞味期限", "常温", "12箱×24点", "+ばら6点",
                           "294", "牛乳", "2027年4月2日", "消費期限", "冷蔵", "不明（表示を確認）",
                           // the totals: 294 + 5 items, 59.8 kg
                           "合計", "2品目59.8kg", "12箱+ばら11点", "299", "冷凍品はすぐに冷凍庫へ。", "受領日",
                           "受領者（署名）", "不足・破損など", "1/1ページ"}) {
    EXPECT_THAT(pages[0], HasSubstr(part));
  }
}

TEST(DeliverySheets, SayEverythingInEnglish) {
  const std::vector<std::string> pages = TextsOf(Render(SheetOf(1), Language::kEnglish));
  for (const char* part :
       {"Deliverynote", "No.D-0331", "Deliverydate31Mar2027", "scantoconfirmreceipt", "Allergenswheat", "May2027",
        "BESTBEFORE", "Ambient", "12casesof24", "+6loose", "Total", "1line,58.8kg", "12cases+6loose", "Receivedon",
        "(signature)", "Missing,damaged", "Page1of1"}) {
    EXPECT_THAT(pages.at(0), HasSubstr(part));
  }
  EXPECT_THAT(pages.at(0), Not(HasSubstr("御中")));
}

TEST(DeliverySheets, TheCodeOpensTheConfirmation) {
  const ReadCode code = ReadQr(PicturesOf(Render(SheetOf(1)), 150).at(0), kPaper);
  EXPECT_EQ(code.text, kUri);
}

TEST(DeliverySheets, WhatIsNotKnownIsLeftOutOrLeftToBeWritten) {
  DeliverySheet sheet;
  sheet.network = "くばり";
  sheet.group = "ひろば";
  sheet.lines.push_back(Line("米", "22223333", 3, 0));
  sheet.lines[0].good_until.Clear();
  sheet.lines[0].grams = 0;
  const std::string pdf = Render(sheet);
  EXPECT_EQ(ReadQr(PicturesOf(pdf, 150).at(0), kPaper).text, "");
  EXPECT_THAT(TextsOf(pdf).at(0),
              AllOf(HasSubstr("納品日年月日"), HasSubstr("表示なし"), HasSubstr("1品目"), Not(HasSubstr("kg")),
                    Not(HasSubstr("番号")), Not(HasSubstr("箱+")), Not(HasSubstr("確認してください"))));
}

// Every line once, in order, on pages that all have their head and their number; the closing on the last one alone.
TEST(DeliverySheets, BreakIntoPages) {
  for (const int lines : {12, 13, 14, 15, 16, 17, 40, 300}) {
    const std::vector<std::string> pages = TextsOf(Render(SheetOf(lines)));
    int next = 0;
    for (size_t page = 0; page < pages.size(); ++page) {
      EXPECT_THAT(pages[page],
                  AllOf(StartsWith("納品書"), HasSubstr("こどもひろば御中"), HasSubstr("D-0331"),
                        HasSubstr("品名・ロット"), HasSubstr(absl::StrCat(page + 1, "/", pages.size(), "ページ"))));
      const int first = next;
      while (next < lines && pages[page].find(absl::StrCat("7KQ2", 1000 + next)) != std::string::npos) ++next;
      EXPECT_GT(next, first) << "page " << page << " of " << lines << " lines has none";
      EXPECT_EQ(pages[page].find("受領者") != std::string::npos, page + 1 == pages.size());
    }
    EXPECT_EQ(next, lines);
  }
}

// Nothing is printed in the margins, and no two texts stand on each other, however long they are.
TEST(DeliverySheets, StayWithinTheirMarginsWhateverIsWritten) {
  for (const std::string letter : {"漢", "W", "م", "🍎"}) {
    for (const int lines : {1, 2, 9}) {
      SCOPED_TRACE(absl::StrCat(letter, " × ", lines));
      const std::string pdf = Render(Longest(letter, lines));
      for (const Picture& page : PicturesOf(pdf, 72)) {
        constexpr int kMargin = static_cast<int>(11.5 * 72 / 25.4);
        int64_t outside = 0;
        for (int y = 0; y < page.height; ++y) {
          for (int x = 0; x < page.width; ++x) {
            const bool margin =
                x < kMargin || y < kMargin || x >= page.width - kMargin || y >= page.height - kMargin * 3 / 4;
            outside += margin && page.at(x, y) < 250 ? 1 : 0;
          }
        }
        EXPECT_EQ(outside, 0);
      }
      const std::vector<Word> words = WordsOf(pdf);
      for (size_t a = 0; a < words.size(); ++a) {
        for (size_t b = a + 1; b < words.size(); ++b) {
          if (words[a].page == words[b].page) {
            EXPECT_FALSE(Overlap(words[a].box, words[b].box)) << words[a].text << " and " << words[b].text;
          }
        }
      }
    }
  }
}

TEST(DeliverySheets, AllergensAreNeverCut) {
  const std::vector<std::string> pages = TextsOf(Render(Longest("漢", 1)));
  std::string text;
  for (const std::string& page : pages) text += page;
  EXPECT_THAT(text, AllOf(HasSubstr("ゼラチン・ピスタチオ"), HasSubstr("7KQ21000"), HasSubstr("2027年5月")));
}

TEST(DeliverySheets, StaySmallAndTheSame) {
  const std::string pdf = Render(SheetOf(40));
  EXPECT_EQ(Render(SheetOf(40)), pdf);
  EXPECT_LT(pdf.size(), 150'000);
  EXPECT_THAT(InfoOf(pdf), AllOf(HasSubstr("納品書 D-0331"), Not(HasSubstr("CreationDate")), HasSubstr("A4")));
}

TEST(DeliverySheets, EveryProblemIsToldAtOnce) {
  DeliverySheet sheet = SheetOf(2);
  sheet.network = "";
  sheet.group = "";
  sheet.delivery_date = "31.3.2027";
  sheet.qr = "a b";
  sheet.note = std::string(kMaxNote + 1, 'a');
  sheet.lines[1].items = 0;
  sheet.lines[1].code = "7KQ2";
  sheet.lines[1].good_until.set_date("2027-13");
  const absl::Status status = RenderDeliverySheet(sheet, Language::kEnglish).status();
  for (const auto& [field, reason] :
       std::vector<std::pair<std::string, std::string>>{{"network", "REQUIRED"},
                                                        {"group", "REQUIRED"},
                                                        {"delivery_date", "NOT_A_DATE"},
                                                        {"qr", "NOT_A_URI"},
                                                        {"note", "TOO_LONG"},
                                                        {"lines[1].items", "OUT_OF_RANGE"},
                                                        {"lines[1].code", "NOT_A_LOT_CODE"},
                                                        {"lines[1].good_until.date", "NOT_A_DATE"}}) {
    EXPECT_THAT(status, Violates(field, reason));
  }
  EXPECT_THAT(errors::ViolationsOf(status), SizeIs(8));
}

TEST(DeliverySheets, HaveOneToManyLines) {
  EXPECT_THAT(RenderDeliverySheet(SheetOf(0), Language::kJapanese), Violates("lines", "REQUIRED"));
  EXPECT_THAT(RenderDeliverySheet(SheetOf(kMaxLines + 1), Language::kJapanese), Violates("lines", "TOO_MANY"));
}

}  // namespace
}  // namespace kubari::labels
