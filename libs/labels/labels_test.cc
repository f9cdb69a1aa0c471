// Labels as a printer draws them: codes are decoded, texts read back, ink is looked for where none may be.
#include "libs/labels/labels.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "libs/errors/testing.h"
#include "libs/labels/checks.h"
#include "libs/labels/label_layout.h"
#include "libs/labels/qr.h"
#include "libs/labels/testing.h"
#include "libs/labels/words.h"

namespace kubari::labels {
namespace {

using errors::FailsBecause;
using errors::IsOk;
using errors::Violates;
using ::testing::AllOf;
using ::testing::AnyOf;
using ::testing::Combine;
using ::testing::Each;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;
using ::testing::ValuesIn;
using type::v1::Allergen;
using type::v1::DateKind;
using type::v1::TemperatureZone;

constexpr char kUri[] = "https://food.example.org/01/09521234543213/10/7KQ2M9XP";

type::v1::GoodUntil GoodUntil(DateKind kind, const std::string& date) {
  type::v1::GoodUntil good_until;
  good_until.set_kind(kind);
  good_until.set_date(date);
  return good_until;
}

Label Curry() {
  Label label;
  label.product = "レトルトカレー 中辛 200g";
  label.code = "7KQ2M9XP";
  label.qr = kUri;
  label.good_until = GoodUntil(type::v1::DATE_KIND_BEST_BEFORE, "2027-03-31");
  label.temperature_zone = type::v1::TEMPERATURE_ZONE_AMBIENT;
  label.allergens.add_contains(type::v1::ALLERGEN_WHEAT);
  label.allergens.add_contains(type::v1::ALLERGEN_MILK);
  label.conditions = "二次配布不可";
  label.place = "東京倉庫 A-03";
  label.donor_lot = "L240331";
  label.items_per_case = 24;
  return label;
}

// Everything as long as it may be, of letters that are `characters` long together.
Label Longest(const std::string& letters, int characters = 1) {
  std::string text;
  for (int i = 0; i < kMaxName / characters; ++i) absl::StrAppend(&text, letters);
  Label label = Curry();
  label.product = label.conditions = label.place = label.donor_lot = text;
  label.good_until = GoodUntil(type::v1::DATE_KIND_USE_BY, "2028-12-28");
  label.temperature_zone = type::v1::TEMPERATURE_ZONE_UNSPECIFIED;
  for (int i = 0; i <= type::v1::Allergen_MAX; ++i) {
    if (i > 0 && type::v1::Allergen_IsValid(i)) label.allergens.add_contains(static_cast<Allergen>(i));
  }
  label.items_per_case = label.cases = kMaxCount;
  return label;
}

Label Shortest() {
  Label label;
  label.product = "水";
  label.code = "22222222";
  label.qr = "x:";
  return label;
}

// Letters with so many accents that they would reach into other lines.
Label Stacked() {
  Label label = Curry();
  label.product = label.place = label.conditions = label.donor_lot = "Z̷̧̛͚̹̃a̴̱̓l̶̤̚g̸̳͑o̵͉͠";
  return label;
}

// What is hard to set: every script has its own trouble.
std::vector<Label> Hard() {
  std::vector<Label> labels = {Shortest(),   Longest("漢"),        Longest("W"), Longest("g j ", 4),
                               Longest("🍎"), Longest("مرحبا ", 6), Curry()};
  for (const char* name :
       {"👨‍👩‍👧‍👦🧃🍎", "مرحبا بالعالم 200g שלום", "a\n\t b\u202Ec", "<b>&amp;</b>", "ก็ที่ปั๊มน้ำ"}) {
    Label label = Curry();
    label.product = label.place = label.conditions = label.donor_lot = name;
    labels.push_back(label);
  }
  labels.back().good_until = GoodUntil(type::v1::DATE_KIND_NONE, "");
  return labels;
}

// The n-th label's box on its page, without its insets; `page_height` for rolls.
Area ContentOf(const Geometry& geometry, int position, double page_height) {
  const double height = geometry.roll() ? page_height : geometry.label_height;
  const int row = position / geometry.columns, column = position % geometry.columns;
  return {geometry.left + column * geometry.pitch_x + geometry.inset_x,
          geometry.top + row * geometry.pitch_y + geometry.inset_y, geometry.label_width - 2 * geometry.inset_x,
          height - 2 * geometry.inset_y};
}

// The number of pixels that are not white and lie in none of the areas.
int64_t InkOutside(const Picture& picture, const std::vector<Area>& areas) {
  constexpr double kTolerance = 0.2;  // mm; smoothed edges
  std::vector<bool> allowed(picture.grey.size());
  for (const Area& area : areas) {
    const auto pixel = [&](double mm, int most) {
      return std::clamp(static_cast<int>(mm * picture.dots_per_mm), 0, most);
    };
    const int left = pixel(area.x - kTolerance, picture.width),
              right = pixel(area.x + area.width + kTolerance, picture.width);
    for (int y = pixel(area.y - kTolerance, picture.height);
         y < pixel(area.y + area.height + kTolerance, picture.height); ++y) {
      std::fill_n(allowed.begin() + static_cast<int64_t>(y) * picture.width + left, right - left, true);
    }
  }
  int64_t outside = 0;
  for (size_t i = 0; i < picture.grey.size(); ++i) outside += picture.grey[i] < 250 && !allowed[i] ? 1 : 0;
  return outside;
}

int64_t Ink(const Picture& picture, const Area& area) {
  int64_t ink = 0;
  const double scale = picture.dots_per_mm;
  for (int y = static_cast<int>(area.y * scale); y < static_cast<int>((area.y + area.height) * scale); ++y) {
    for (int x = static_cast<int>(area.x * scale); x < static_cast<int>((area.x + area.width) * scale); ++x) {
      ink += picture.at(x, y) < 128 ? 1 : 0;
    }
  }
  return ink;
}

std::string Render(const std::vector<Label>& labels, const LabelOptions& options = {}) {
  const absl::StatusOr<std::string> pdf = RenderLabels(labels, options);
  EXPECT_THAT(pdf, IsOk());
  return pdf.value_or("");
}

std::string Squeezed(const std::string& text) { return absl::StrReplaceAll(text, {{" ", ""}, {"　", ""}}); }

// ---- every format in both languages ----

class EveryFormat : public ::testing::TestWithParam<std::tuple<Format, Language>> {
 protected:
  LabelOptions options() const { return {.format = std::get<0>(GetParam()), .language = std::get<1>(GetParam())}; }
  const Geometry& geometry() const { return GeometryOf(std::get<0>(GetParam())); }

  // Where label number `i` of a document is: which page, and what part of it.
  std::pair<size_t, Area> Place(const std::vector<Picture>& pages, size_t i) const {
    const size_t page = i / geometry().per_sheet();
    return {page, ContentOf(geometry(), static_cast<int>(i) % geometry().per_sheet(),
                            pages[page].height / pages[page].dots_per_mm)};
  }
};

INSTANTIATE_TEST_SUITE_P(Labels, EveryFormat,
                         Combine(ValuesIn(kFormats), ::testing::Values(Language::kJapanese, Language::kEnglish)));

TEST_P(EveryFormat, LiesOnItsSheet) {
  const Geometry& g = geometry();
  EXPECT_GE(g.left, 0);
  EXPECT_GE(g.top, 0);
  EXPECT_LE(g.left + (g.columns - 1) * g.pitch_x + g.label_width, g.page_width);
  if (!g.roll()) {
    EXPECT_LE(g.top + (g.rows - 1) * g.pitch_y + g.label_height, g.page_height);
  }
  EXPECT_GE(g.pitch_x, g.label_width);
  EXPECT_GE(g.pitch_y, g.label_height);
}

// One more than a sheet, each with its own code, at the resolution of a modest scan.
TEST_P(EveryFormat, EveryCodeIsReadFromItsOwnLabel) {
  std::vector<Label> labels;
  const int count = geometry().roll() ? 4 : geometry().per_sheet() + 1;
  for (int i = 0; i < count; ++i) {
    labels.push_back(Curry());
    labels.back().code = absl::StrCat("7KQ2M9", 10 + i);
    labels.back().qr = absl::StrCat("https://food.example.org/01/09521234543213/10/", labels.back().code);
  }
  const std::vector<Picture> pages = PicturesOf(Render(labels, options()), 200);
  ASSERT_THAT(pages, SizeIs(geometry().roll() ? 4 : 2));
  for (int i = 0; i < count; ++i) {
    const auto [page, area] = Place(pages, i);
    EXPECT_EQ(ReadQr(pages[page], area).text, labels[i].qr) << "label " << i;
  }
}

TEST_P(EveryFormat, CodesAreLargeEnoughAndStandFree) {
  std::vector<Label> labels;
  std::string longest = kUri;
  while (EncodeQr(longest + "/2", MaxQrModules(geometry()))) longest += "/2";
  for (const std::string& uri : {std::string("x:"), std::string(kUri), longest}) {
    labels.push_back(Curry());
    labels.back().qr = uri;
  }
  const std::vector<Picture> pages = PicturesOf(Render(labels, options()), 300);
  for (size_t i = 0; i < labels.size(); ++i) {
    const auto [page, area] = Place(pages, i);
    const ReadCode code = ReadQr(pages[page], area);
    ASSERT_EQ(code.text, labels[i].qr);
    const int modules = EncodeQr(labels[i].qr, MaxQrModules(geometry()))->modules;
    const double module = code.box.width / modules;
    EXPECT_GT(module, kLeastModule * 0.98) << modules << " modules";
    // The code as it was found, and with its quiet zone; half a module of tolerance for where the decoder sees its
    // edges.
    const auto grown = [&](double by) {
      return Area{code.box.x - by, code.box.y - by, code.box.width + 2 * by, code.box.height + 2 * by};
    };
    const Area around = grown(module * (kQuietModules - 0.5));
    EXPECT_EQ(Ink(pages[page], around), Ink(pages[page], grown(module * 0.5)))
        << "ink in the quiet zone of " << labels[i].qr;
    EXPECT_LE(around.x + around.width, area.x + area.width + geometry().inset_x + 0.1)
        << "the quiet zone leaves the label";
    EXPECT_GE(around.y, area.y - geometry().inset_y - 0.1);
  }
}

TEST_P(EveryFormat, NothingLeavesItsLabel) {
  std::vector<Label> labels = Hard();
  labels.push_back(Stacked());
  const std::vector<Picture> pages = PicturesOf(Render(labels, options()), 150);
  std::vector<std::vector<Area>> areas(pages.size());
  for (size_t i = 0; i < labels.size(); ++i) {
    const auto [page, area] = Place(pages, i);
    areas[page].push_back(area);
    EXPECT_GT(Ink(pages[page], area), 1000) << "label " << i << " is empty";
  }
  for (size_t page = 0; page < pages.size(); ++page)
    EXPECT_EQ(InkOutside(pages[page], areas[page]), 0) << "page " << page;
}

TEST_P(EveryFormat, NothingOverlaps) {
  const std::vector<Label> labels = Hard();
  const std::string pdf = Render(labels, options());
  const std::vector<Picture> pages = PicturesOf(pdf, 200);
  std::vector<Word> words = WordsOf(pdf);
  ASSERT_GT(words.size(), labels.size() * 4);
  for (size_t i = 0; i < labels.size(); ++i) {
    const auto [page, area] = Place(pages, i);
    const ReadCode code = ReadQr(pages[page], area);
    ASSERT_EQ(code.text, labels[i].qr);
    // Shrunk as words are: so that it covers all of the code after that.
    words.push_back({static_cast<int>(page),
                     {code.box.x - code.box.width * 0.05, code.box.y - code.box.height * 0.5, code.box.width * 1.1,
                      code.box.height * 2},
                     "the QR code"});
  }
  for (size_t a = 0; a < words.size(); ++a) {
    for (size_t b = a + 1; b < words.size(); ++b) {
      if (words[a].page != words[b].page) continue;
      EXPECT_FALSE(Overlap(words[a].box, words[b].box))
          << words[a].text << " and " << words[b].text << " on page " << words[a].page;
    }
  }
}

TEST_P(EveryFormat, WhatMattersIsNeverCut) {
  for (const Label& label : {Longest("漢"), Longest("W")}) {
    const std::string text = TextsOf(Render({label}, options())).at(0);
    const auto [format, language] = GetParam();
    EXPECT_THAT(text, AnyOf(HasSubstr("…"), HasSubstr("..."))) << "the name was to be cut";
    EXPECT_THAT(text, HasSubstr("7KQ2M9XP"));
    EXPECT_THAT(text, HasSubstr(language == Language::kJapanese ? "2028年12月28日" : "28Dec2028"));
    EXPECT_THAT(text, HasSubstr(language == Language::kJapanese ? "消費期限" : "USEBY"));
    EXPECT_THAT(text, HasSubstr(language == Language::kJapanese ? "温度帯を確認" : "Checkstorage"));
  }
}

// With any number of allergens and a name of any length the label has one of the texts that leave nothing out.
TEST_P(EveryFormat, AllergensAreNamedOrCounted) {
  std::vector<Label> labels;
  for (int count = 0; count <= type::v1::Allergen_MAX; count += 3) {
    for (const int name : {5, 60}) {
      Label label = Curry();
      label.product.clear();
      for (int i = 0; i < name; ++i) label.product += "食";
      label.allergens.Clear();
      for (int i = 1; i <= count; ++i) {
        if (type::v1::Allergen_IsValid(i)) label.allergens.add_contains(static_cast<Allergen>(i));
      }
      labels.push_back(label);
    }
  }
  const std::vector<std::string> pages = TextsOf(Render(labels, options()));
  std::string text;
  for (const std::string& page : pages) text += page;
  for (const Label& label : labels) {
    bool found = false;
    for (int brevity = 0; brevity <= label.allergens.contains_size() + 1 && !found; ++brevity) {
      found = text.find(Squeezed(AllergenText(label.allergens, brevity, options().language))) != std::string::npos;
    }
    EXPECT_TRUE(found) << label.allergens.ShortDebugString();
  }
}

// ---- what a label says ----

TEST(Labels, SayEverythingInJapanese) {
  const std::string text = TextsOf(Render({Curry()}, {.format = Format::kRoll62})).at(0);
  for (const char* part : {"レトルトカレー中辛200g", "賞味期限", "2027年3月31日", "常温", "小麦・乳", "不明:えび",
                           "二次配布不可", "24点/箱", "東京倉庫A-03", "寄付者ロットL240331", "7KQ2M9XP"}) {
    EXPECT_THAT(text, HasSubstr(part));
  }
}

TEST(Labels, SayEverythingInEnglish) {
  const std::string text =
      TextsOf(Render({Curry()}, {.format = Format::kRoll62, .language = Language::kEnglish})).at(0);
  for (const char* part : {"レトルトカレー中辛200g", "BESTBEFORE", "31Mar2027", "Ambient",
                           "Allergenswheat,milk;notknown:shrimp", "24percase", "DonorlotL240331", "7KQ2M9XP"}) {
    EXPECT_THAT(text, HasSubstr(part));
  }
  EXPECT_THAT(text, Not(HasSubstr("期限")));
}

TEST(Labels, AMonthStaysAMonth) {
  Label label = Curry();
  label.good_until.set_date("2030-06");
  EXPECT_THAT(TextsOf(Render({label})).at(0), AllOf(HasSubstr("2030年6月"), Not(HasSubstr("30日"))));
  EXPECT_THAT(TextsOf(Render({label}, {.language = Language::kEnglish})).at(0),
              AllOf(HasSubstr("Jun2030"), Not(HasSubstr("30Jun"))));
}

TEST(Labels, SayThatNoDateIsPrinted) {
  Label label = Curry();
  label.good_until = GoodUntil(type::v1::DATE_KIND_NONE, "");
  EXPECT_THAT(TextsOf(Render({label})).at(0), AllOf(HasSubstr("期限の表示なし"), Not(HasSubstr("賞味"))));
}

// In black and white each storage has more ink than the one before.
TEST(Labels, StorageDiffersWithoutColour) {
  std::vector<int64_t> ink;
  for (const TemperatureZone zone :
       {type::v1::TEMPERATURE_ZONE_AMBIENT, type::v1::TEMPERATURE_ZONE_CHILLED, type::v1::TEMPERATURE_ZONE_FROZEN}) {
    Label label = Curry();
    label.temperature_zone = zone;
    const Picture page = PicturesOf(Render({label}), 300).at(0);
    ink.push_back(Ink(page, ContentOf(GeometryOf(Format::kSheet24), 0, 0)));
  }
  EXPECT_GT(ink[1], ink[0] + 500);
  EXPECT_GT(ink[2], ink[1] + 500);
}

TEST(Labels, MarkWhatNoFontHas) {
  Label label = Curry();
  label.product = "りんご\U000F0000\U000F0001\uFE0Fジュース";  // private use: no font has it
  EXPECT_THAT(TextsOf(Render({label})).at(0), HasSubstr("りんご〓ジュース"));
}

TEST(Labels, DirectionMarksDoNotTurnTheRestAround) {
  Label label = Curry();
  label.conditions = "\u202Eabc";
  EXPECT_THAT(TextsOf(Render({label}, {.format = Format::kRoll62})).at(0), HasSubstr("abc24点/箱"));
}

// ---- sheets ----

TEST(Labels, StartWhereTheSheetIsStillFull) {
  const std::vector<Picture> pages = PicturesOf(Render({Curry(), Curry()}, {.first_position = 24}), 150);
  const Geometry& geometry = GeometryOf(Format::kSheet24);
  ASSERT_THAT(pages, SizeIs(2));
  EXPECT_EQ(InkOutside(pages[0], {ContentOf(geometry, 23, 0)}), 0);
  EXPECT_GT(Ink(pages[0], ContentOf(geometry, 23, 0)), 500);
  EXPECT_EQ(InkOutside(pages[1], {ContentOf(geometry, 0, 0)}), 0);
}

TEST(Labels, AreCopiedOneAfterTheOther) {
  Label twice = Curry(), once = Curry();
  twice.copies = 2;
  once.qr = "https://food.example.org/other";
  const std::vector<Picture> pages = PicturesOf(Render({twice, once}), 200);
  const Geometry& geometry = GeometryOf(Format::kSheet24);
  EXPECT_EQ(ReadQr(pages[0], ContentOf(geometry, 0, 0)).text, kUri);
  EXPECT_EQ(ReadQr(pages[0], ContentOf(geometry, 1, 0)).text, kUri);
  EXPECT_EQ(ReadQr(pages[0], ContentOf(geometry, 2, 0)).text, once.qr);
  EXPECT_EQ(ReadQr(pages[0], ContentOf(geometry, 3, 0)).text, "");
}

TEST(Labels, AFullSheetIsOnePage) {
  Label label = Curry();
  label.copies = 24;
  EXPECT_THAT(PicturesOf(Render({label}), 30), SizeIs(1));
}

TEST(Labels, ARollIsCutToWhatEachLabelNeeds) {
  const std::vector<Picture> pages = PicturesOf(Render({Shortest(), Longest("漢")}, {.format = Format::kRoll62}), 100);
  ASSERT_THAT(pages, SizeIs(2));
  for (const Picture& page : pages) EXPECT_NEAR(page.width / page.dots_per_mm, 62, 0.5);
  EXPECT_LT(pages[0].height * 1.5, pages[1].height);
  EXPECT_LT(pages[1].height / pages[1].dots_per_mm, 160);
}

// ---- the document ----

TEST(Labels, TheDocumentTellsItsNameButNoTime) {
  const std::string info = InfoOf(Render({Curry()}));
  EXPECT_THAT(info, AllOf(HasSubstr("ロットのラベル"), Not(HasSubstr("CreationDate")), Not(HasSubstr("ModDate")),
                          HasSubstr("A4")));
}

TEST(Labels, ASheetStaysSmall) {
  std::vector<Label> labels;
  for (int i = 0; i < 24; ++i) {
    labels.push_back(Curry());
    labels.back().product = absl::StrCat("食品 ", i, " 年月日時分秒");
    labels.back().qr = absl::StrCat(kUri, i);
  }
  EXPECT_LT(Render(labels).size(), 150'000);
  Label many = Curry();
  many.copies = kMaxLabels;
  EXPECT_LT(Render({many}).size(), 150'000);
}

TEST(Labels, TheSameInputGivesTheSameBytesInEveryThread) {
  const std::vector<Label> labels = Hard();
  const LabelOptions roll = {.format = Format::kRoll62, .language = Language::kEnglish};
  const std::string sheet_pdf = Render(labels), roll_pdf = Render(labels, roll);
  std::vector<std::thread> threads;
  for (int i = 0; i < 6; ++i) {
    threads.emplace_back([&] {
      for (int round = 0; round < 4; ++round) {
        EXPECT_TRUE(Render(labels) == sheet_pdf);
        EXPECT_TRUE(Render(labels, roll) == roll_pdf);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

// ---- refusals ----

TEST(Labels, NothingToPrintIsRefused) { EXPECT_THAT(RenderLabels({}, {}), Violates("labels", "REQUIRED")); }

TEST(Labels, TooManyAreRefused) {
  Label label = Curry();
  label.copies = kMaxLabels;
  EXPECT_THAT(RenderLabels({label, Curry()}, {}), Violates("labels", "TOO_MANY"));
  EXPECT_THAT(RenderLabels(std::vector<Label>(kMaxLabels + 1, Curry()), {}), Violates("labels", "TOO_MANY"));
}

TEST(Labels, APositionBeyondTheSheetIsRefused) {
  EXPECT_THAT(RenderLabels({Curry()}, {.first_position = 25}), Violates("first_position", "OUT_OF_RANGE"));
  EXPECT_THAT(RenderLabels({Curry()}, {.first_position = 0}), Violates("first_position", "OUT_OF_RANGE"));
  EXPECT_THAT(RenderLabels({Curry()}, {.format = Format::kSheet12, .first_position = 13}),
              Violates("first_position", "OUT_OF_RANGE"));
  EXPECT_THAT(RenderLabels({Curry()}, {.format = Format::kRoll62, .first_position = 2}),
              Violates("first_position", "OUT_OF_RANGE"));
}

TEST(Labels, EveryProblemIsToldAtOnceInBothLanguages) {
  Label label = Curry();
  label.product = " ";
  label.code = "7kq2-m9x";
  label.qr = "https://food.example.org/食";
  label.good_until.set_date("2027-02-30");
  label.place = "\x80";
  label.conditions = "a\x01";
  label.items_per_case = -1;
  label.copies = 0;
  const absl::Status status = RenderLabels({Curry(), label}, {.first_position = 99}).status();
  EXPECT_THAT(status, FailsBecause("INVALID_REQUEST"));
  for (const auto& [field, reason] :
       std::vector<std::pair<std::string, std::string>>{{"first_position", "OUT_OF_RANGE"},
                                                        {"labels[1].product", "REQUIRED"},
                                                        {"labels[1].code", "NOT_A_LOT_CODE"},
                                                        {"labels[1].qr", "NOT_A_URI"},
                                                        {"labels[1].good_until.date", "NOT_A_DATE"},
                                                        {"labels[1].place", "NOT_TEXT"},
                                                        {"labels[1].conditions", "NOT_TEXT"},
                                                        {"labels[1].items_per_case", "OUT_OF_RANGE"},
                                                        {"labels[1].copies", "OUT_OF_RANGE"}}) {
    EXPECT_THAT(status, Violates(field, reason));
  }
  EXPECT_THAT(errors::ViolationsOf(status), SizeIs(9));
  for (const auto& violation : errors::ViolationsOf(status)) {
    EXPECT_FALSE(violation.description().empty());
    EXPECT_FALSE(violation.localized_message().message().empty());
  }
}

TEST(Labels, ADateNeedsItsKindAndAKindItsDate) {
  Label label = Curry();
  label.good_until = GoodUntil(type::v1::DATE_KIND_NONE, "2027-03-31");
  EXPECT_THAT(RenderLabels({label}, {}), Violates("labels[0].good_until.date", "NOT_EMPTY"));
  label.good_until = GoodUntil(type::v1::DATE_KIND_USE_BY, "");
  EXPECT_THAT(RenderLabels({label}, {}), Violates("labels[0].good_until.date", "REQUIRED"));
  label.good_until = GoodUntil(static_cast<DateKind>(9), "");
  EXPECT_THAT(RenderLabels({label}, {}), Violates("labels[0].good_until.kind", "UNKNOWN_VALUE"));
}

TEST(Labels, ACodeTooFineToScanIsRefused) {
  Label label = Curry();
  label.qr = absl::StrCat("https://food.example.org/", std::string(300, 'a'));
  EXPECT_THAT(RenderLabels({label}, {}), Violates("labels[0].qr", "QR_TOO_LONG"));
  label.qr = std::string(20'000, 'a');
  EXPECT_THAT(RenderLabels({label}, {}), Violates("labels[0].qr", "QR_TOO_LONG"));
  label.qr = "";
  EXPECT_THAT(RenderLabels({label}, {}), Violates("labels[0].qr", "REQUIRED"));
  // What labels.h promises.
  for (const Format format : kFormats) EXPECT_TRUE(EncodeQr(std::string(100, 'a'), MaxQrModules(GeometryOf(format))));
}

// ---- words ----

TEST(Words, AllergensNobodyDeclaredAreUnknownAndNotNone) {
  type::v1::AllergenDeclaration allergens;
  EXPECT_EQ(AllergenText(allergens, 0, Language::kJapanese), "不明（表示を確認）");
  EXPECT_EQ(AllergenText(allergens, 1, Language::kEnglish), "not known");
  for (int i = 1; i <= 9; ++i) allergens.add_free_from(static_cast<Allergen>(i));
  EXPECT_EQ(AllergenText(allergens, 0, Language::kJapanese), "特定原材料なし");
  EXPECT_EQ(AllergenText(allergens, 0, Language::kEnglish), "none of those declared by law");
  allergens.mutable_free_from()->RemoveLast();
  EXPECT_EQ(AllergenText(allergens, 0, Language::kJapanese), "不明: カシューナッツ");
  EXPECT_EQ(AllergenText(allergens, 1, Language::kJapanese), "一部不明");
  allergens.add_contains(type::v1::ALLERGEN_SOYBEAN);
  EXPECT_EQ(AllergenText(allergens, 0, Language::kEnglish), "soybean; not known: cashew");
  EXPECT_EQ(AllergenText(allergens, 1, Language::kEnglish), "soybean; others not known");
}

TEST(Words, AllergensThatHaveNoRoomAreCounted) {
  type::v1::AllergenDeclaration allergens;
  for (int i = 1; i <= 9; ++i) allergens.add_contains(static_cast<Allergen>(i));
  allergens.add_contains(type::v1::ALLERGEN_SHRIMP);  // said twice
  EXPECT_EQ(AllergenText(allergens, 8, Language::kJapanese), "えび・かに・ほか7品目（表示を確認）");
  EXPECT_EQ(AllergenText(allergens, 8, Language::kEnglish), "shrimp, crab and 7 more (read the package)");
  EXPECT_EQ(AllergenText(allergens, 99, Language::kJapanese), "9品目（表示を確認）");
}

TEST(Words, Quantities) {
  EXPECT_EQ(QuantityText(294, 24, Language::kJapanese), "12箱 × 24点 + ばら 6点");
  EXPECT_EQ(QuantityText(24, 24, Language::kEnglish), "1 case of 24");
  EXPECT_EQ(QuantityText(5, 24, Language::kEnglish), "5 loose");
  EXPECT_EQ(QuantityText(5, 0, Language::kJapanese), "");
  EXPECT_EQ(Number(1234567), "1,234,567");
  EXPECT_EQ(Number(-999), "-999");
  EXPECT_EQ(Number(-1000), "-1,000");
  EXPECT_EQ(WeightText(999), "999 g");
  EXPECT_EQ(WeightText(1949), "1.9 kg");
  EXPECT_EQ(WeightText(1950), "2.0 kg");
  EXPECT_EQ(CaseText(24, 1, Language::kEnglish), "24 per case × 1 case");
}

}  // namespace
}  // namespace kubari::labels
