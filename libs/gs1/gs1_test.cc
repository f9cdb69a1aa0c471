#include "libs/gs1/gs1.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "libs/errors/testing.h"
#include "libs/gs1/ai_table.h"
#include "libs/gs1/element.h"

namespace kubari::gs1 {
namespace {

using errors::FailsBecause;
using errors::IsOk;
using errors::IsOkAndHolds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr int kYear = 2026;

Scan Good(std::string_view raw) {
  auto scan = Parse(raw, kYear);
  EXPECT_THAT(scan, IsOk()) << raw;
  return scan.ok() ? *scan : Scan{};
}

std::string Text(const std::optional<calendar::Date>& date) { return date ? date->Format() : "none"; }

TEST(CheckDigit, PublishedNumbers) {
  for (const char* good :
       {"6291041500213", "4006381333931", "036000291452", "96385074", "376104250021234569", "9501101530003"}) {
    EXPECT_TRUE(CheckDigitHolds(good)) << good;
  }
  for (const char* bad : {"", "0", "6291041500214", "629104150021x"}) EXPECT_FALSE(CheckDigitHolds(bad)) << bad;
  EXPECT_EQ(CheckDigit("629104150021"), 3);
}

TEST(Gtin, NormalisesToFourteenDigits) {
  EXPECT_THAT(NormalizeGtin("96385074"), IsOkAndHolds("00000096385074"));
  EXPECT_THAT(NormalizeGtin("036000291452"), IsOkAndHolds("00036000291452"));
  EXPECT_THAT(NormalizeGtin("4006381333931"), IsOkAndHolds("04006381333931"));
  EXPECT_THAT(NormalizeGtin("95012345678903"), IsOkAndHolds("95012345678903"));
  EXPECT_THAT(NormalizeGtin("4006381333932"), FailsBecause("BARCODE_CHECK_DIGIT"));
  EXPECT_THAT(NormalizeGtin("400638133393"), FailsBecause("BARCODE_CHECK_DIGIT"));
  for (const char* bad : {"", "123", "40063813339310", "400638133393100", "４００６381333931"}) {
    EXPECT_FALSE(NormalizeGtin(bad).ok()) << bad;
  }
  EXPECT_THAT(Ean13("400638133393"), IsOkAndHolds("4006381333931"));
  EXPECT_THAT(Ean13("40063813339"), FailsBecause("BARCODE_LENGTH"));
}

TEST(Gtin, RestrictedCirculation) {
  const auto restricted = [](std::string_view twelve) { return IsRestricted("0" + Ean13(twelve).value()); };
  EXPECT_TRUE(restricted("021234567890"));
  EXPECT_TRUE(restricted("200000000001"));
  EXPECT_TRUE(restricted("291234567890"));
  EXPECT_TRUE(restricted("041234567890"));
  EXPECT_FALSE(restricted("952123454321"));
  EXPECT_FALSE(restricted("490123456789"));
  EXPECT_FALSE(restricted("031234567890"));
  EXPECT_THAT(NormalizeGtin("20000004"), IsOkAndHolds("00000020000004"));
  EXPECT_TRUE(IsRestricted("00000020000004")) << "a shop's own EAN-8";
  EXPECT_FALSE(IsRestricted("00000096385074"));
  EXPECT_FALSE(IsRestricted("2"));
}

TEST(Parse, ItemNumbers) {
  EXPECT_EQ(Good("4006381333931").gtin14, "04006381333931");
  EXPECT_EQ(Good("96385074").gtin14, "00000096385074");
  EXPECT_EQ(Good("036000291452").gtin14, "00036000291452");
  EXPECT_EQ(Good("95012345678903").gtin14, "95012345678903");
  EXPECT_EQ(Good("]E04006381333931\r\n").gtin14, "04006381333931");
  EXPECT_EQ(Good("]E496385074").gtin14, "00000096385074");
  EXPECT_EQ(Good("]I195012345678903").gtin14, "95012345678903");
  EXPECT_EQ(Good("4006381333931").form, Scan::Form::kItemNumber);
  EXPECT_THAT(Parse("4006381333930", kYear), FailsBecause("BARCODE_CHECK_DIGIT"));
  EXPECT_THAT(Parse("40063813339", kYear), FailsBecause("BARCODE_LENGTH")) << "a digit was left out while typing";
  EXPECT_THAT(Parse("]E0400638133393", kYear), FailsBecause("BARCODE_CHECK_DIGIT"));
  EXPECT_THAT(Parse("]E0ABC", kYear), FailsBecause("BARCODE_LENGTH"));
}

TEST(Parse, ElementStrings) {
  const Scan scan = Good(
      "]C1010952123454321310ABC123\x1D"
      "1727033137024\x1D"
      "3103001250"
      "21SN-1");
  EXPECT_EQ(scan.form, Scan::Form::kElementString);
  EXPECT_THAT(scan.elements,
              ElementsAre(Element{"01", "09521234543213"}, Element{"10", "ABC123"}, Element{"17", "270331"},
                          Element{"37", "024"}, Element{"3103", "001250"}, Element{"21", "SN-1"}));
  EXPECT_EQ(scan.gtin14, "09521234543213");
  EXPECT_EQ(scan.lot, "ABC123");
  EXPECT_EQ(Text(scan.use_by), "2027-03-31");
  EXPECT_EQ(scan.count, 24);
  EXPECT_EQ(scan.net_weight_grams, 1250);
  EXPECT_EQ(scan.serial, "SN-1");
}

TEST(Parse, EveryWayAScannerMayHandOverTheSeparator) {
  const std::string_view body =
      "01095212345432131527030010L1\x1D"
      "2142";
  const Scan scan = Good(body);
  EXPECT_EQ(scan.lot, "L1");
  for (const std::string& same : {"\x1D" + std::string(body), "]d2" + std::string(body), "]Q3" + std::string(body),
                                  "]e0" + std::string(body) + "\x1D",
                                  std::string("0109521234543213\x1D"
                                              "15270300\x1D"
                                              "10L1\x1D"
                                              "2142")}) {
    EXPECT_EQ(Good(same).elements, scan.elements);
  }
}

TEST(Parse, LogisticLabel) {
  const Scan scan = Good(
      "]C100376104250021234569"
      "0295012345678903"
      "3748");
  EXPECT_EQ(scan.sscc, "376104250021234569");
  EXPECT_EQ(scan.content_gtin14, "95012345678903");
  EXPECT_EQ(scan.gtin14, std::nullopt);
  EXPECT_EQ(scan.count, 48);
}

TEST(Parse, Bracketed) {
  const Scan scan = Good("(01)95012345678903(3103)000123");
  EXPECT_EQ(scan.form, Scan::Form::kBracketed);
  EXPECT_EQ(scan.gtin14, "95012345678903");
  EXPECT_EQ(scan.net_weight_grams, 123);
  EXPECT_EQ(Good("(01) 95012345678903 (10) A(B)1").lot, "A(B)1");
  EXPECT_EQ(Good("(01)95012345678903(10)A\\(21)B").lot, "A(21)B");
  EXPECT_EQ(Good("(30)7").count, 7);
  EXPECT_THAT(Parse("(01)95012345678903(1)x", kYear), FailsBecause("BARCODE_LENGTH"));
  EXPECT_THAT(Parse("(xx)95012345678903", kYear), FailsBecause("BARCODE_FORMAT"));
  EXPECT_THAT(Parse("(01)4006381333931", kYear), FailsBecause("BARCODE_LENGTH"));
}

TEST(Parse, DigitalLinks) {
  const Scan scan = Good(
      "https://example.com/some/path/01/09521234543213/10/ABC%2F1/21/12345?17=270331&linkType=gs1:pip&15=270300#top");
  EXPECT_EQ(scan.form, Scan::Form::kDigitalLink);
  EXPECT_THAT(scan.elements, ElementsAre(Element{"01", "09521234543213"}, Element{"10", "ABC/1"},
                                         Element{"21", "12345"}, Element{"17", "270331"}, Element{"15", "270300"}));
  EXPECT_EQ(Good("HTTP://example.com/01/4006381333931/").gtin14, "04006381333931")
      << "without leading zeros, as once allowed";
  EXPECT_EQ(Good("]Q1https://example.com/00/376104250021234569").sscc, "376104250021234569");
  EXPECT_THAT(Parse("https://example.com/", kYear), FailsBecause("BARCODE_FORMAT"));
  EXPECT_THAT(Parse("https://", kYear), FailsBecause("BARCODE_FORMAT"));
  EXPECT_THAT(Parse("https://example.com/shop?item=1", kYear), FailsBecause("BARCODE_FORMAT"));
  EXPECT_THAT(Parse("https://example.com/01/09521234543213/21/1/10/A", kYear), FailsBecause("BARCODE_FORMAT"))
      << "the order of qualifiers";
  EXPECT_THAT(Parse("https://example.com/01/09521234543213/10/A%2", kYear), FailsBecause("BARCODE_FORMAT"));
  EXPECT_THAT(Parse("https://example.com/01/09521234543213?18=1", kYear), FailsBecause("BARCODE_UNKNOWN_AI"));
  EXPECT_THAT(Parse("https://example.com/01/09521234543214", kYear), FailsBecause("BARCODE_CHECK_DIGIT"));
}

TEST(Parse, DatesAndTheirCentury) {
  const auto best_before = [](const std::string& yymmdd, int year) {
    return Text(Parse("(15)" + yymmdd, year)->best_before);
  };
  EXPECT_EQ(best_before("270300", 2026), "2027-03") << "day 00 is the month";
  EXPECT_EQ(best_before("270331", 2026), "2027-03-31");
  EXPECT_EQ(best_before("280229", 2026), "2028-02-29");
  // 49 years back, 50 ahead.
  EXPECT_EQ(best_before("760101", 2026), "2076-01-01");
  EXPECT_EQ(best_before("770101", 2026), "1977-01-01");
  EXPECT_EQ(best_before("000101", 1999), "2000-01-01");
  EXPECT_EQ(best_before("490101", 1999), "2049-01-01");
  EXPECT_EQ(best_before("500101", 1999), "1950-01-01");
  EXPECT_EQ(best_before("990101", 2000), "1999-01-01");
  EXPECT_EQ(best_before("510101", 2000), "1951-01-01");
  EXPECT_EQ(best_before("500101", 2000), "2050-01-01");
  EXPECT_EQ(best_before("490101", 2148), "2149-01-01");
  for (const char* bad : {"(15)271301", "(15)270001", "(15)270332", "(15)270229", "(15)270431", "(7003)2703001200"}) {
    EXPECT_THAT(Parse(bad, kYear), FailsBecause("BARCODE_DATE")) << bad;
  }
  EXPECT_THAT(Parse("(15)000229", 2099), FailsBecause("BARCODE_DATE")) << "2100 is no leap year";
  EXPECT_EQ(best_before("000229", 2026), "2000-02-29");
  EXPECT_EQ(DateValue(calendar::Date::Parse("2027-03").value()), "270300");
  EXPECT_EQ(DateValue(calendar::Date::Parse("2027-03-31").value()), "270331");
  EXPECT_FALSE(Parse("(15)270331", 1800).ok());
}

TEST(Parse, NetWeightInGrams) {
  const auto grams = [](const char* code) { return Good(code).net_weight_grams; };
  EXPECT_EQ(grams("(3100)000012"), 12'000);
  EXPECT_EQ(grams("(3101)000012"), 1'200);
  EXPECT_EQ(grams("(3102)000012"), 120);
  EXPECT_EQ(grams("(3103)000012"), 12);
  EXPECT_EQ(grams("(3104)000012"), 1);
  EXPECT_EQ(grams("(3104)000015"), 2) << "half up";
  EXPECT_EQ(grams("(3105)000049"), 0);
  EXPECT_EQ(grams("(3100)999999"), 999'999'000);
  EXPECT_THAT(Parse("(3106)000012", kYear), FailsBecause("BARCODE_UNKNOWN_AI"));
}

TEST(Parse, ErrorsNameTheIdentifierThePositionAndWhy) {
  const auto error = [](std::string_view raw) { return Parse(raw, kYear).status(); };
  EXPECT_THAT(error(" \n"), FailsBecause("BARCODE_EMPTY"));
  EXPECT_THAT(error("]C1"), FailsBecause("BARCODE_EMPTY"));
  EXPECT_THAT(error("\x1D"), FailsBecause("BARCODE_EMPTY"));
  EXPECT_THAT(error("hello"), FailsBecause("BARCODE_UNKNOWN_AI"));
  EXPECT_THAT(error(std::string(3000, '1')), FailsBecause("BARCODE_FORMAT"));
  EXPECT_THAT(error("]C1010952123"), FailsBecause("BARCODE_LENGTH"));
  EXPECT_THAT(error("]C110"), FailsBecause("BARCODE_LENGTH"));
  EXPECT_THAT(error("]C110ABCDEFGHIJKLMNOPQRSTU"), FailsBecause("BARCODE_LENGTH"));
  EXPECT_THAT(error("(10)米"), FailsBecause("BARCODE_CHARACTER"));
  EXPECT_THAT(error("(10)A(10)B"), FailsBecause("BARCODE_CONFLICT"));
  EXPECT_THAT(Good("(10)A(10)A").elements, ElementsAre(Element{"10", "A"}));
  EXPECT_THAT(error("(18)1"), FailsBecause("BARCODE_UNKNOWN_AI"));

  const absl::Status status = error("]C1010952123454321415271332");
  EXPECT_EQ(errors::ReasonOf(status), "BARCODE_CHECK_DIGIT");
  EXPECT_EQ(errors::MetadataOf(status), (errors::Metadata{{"ai", "01"}, {"position", "6"}}));
  EXPECT_THAT(errors::MessageIn("en", status), HasSubstr("it must be 3"));
  EXPECT_THAT(errors::MessageIn("en", status), HasSubstr("(15) BEST BEFORE at position 22 is no date: 271332"));
  EXPECT_THAT(errors::MessageIn("ja", status), HasSubstr("3のはずです"));
  EXPECT_THAT(errors::MessageIn("ja", status), HasSubstr("賞味期限（22文字目）"));
}

TEST(Write, SeparatorsOnlyWhereNeeded) {
  const std::vector<Element> elements = {
      {"01", "09521234543213"}, {"10", "A(1"}, {"422", "392"}, {"17", "270331"}, {"21", "7"}};
  EXPECT_THAT(ElementString(elements), IsOkAndHolds("010952123454321310A(1\x1D"
                                                    "422392\x1D"
                                                    "17270331217"));
  EXPECT_THAT(Bracketed(elements), IsOkAndHolds("(01)09521234543213(10)A\\(1(422)392(17)270331(21)7"));
  EXPECT_THAT(DigitalLink("https://example.org/q", elements),
              IsOkAndHolds("https://example.org/q/01/09521234543213/10/A%281/21/7?422=392&17=270331"));
}

TEST(Write, ChecksWhatItWrites) {
  EXPECT_THAT(ElementString({}), FailsBecause("BARCODE_EMPTY"));
  EXPECT_THAT(ElementString({{"01", "09521234543214"}}), FailsBecause("BARCODE_CHECK_DIGIT"));
  EXPECT_THAT(Bracketed({{"10", "A"}, {"10", "A"}}), FailsBecause("BARCODE_CONFLICT"));
  EXPECT_THAT(Bracketed({{"10", std::string("A\x1D", 2)}}), FailsBecause("BARCODE_CHARACTER"));
  EXPECT_THAT(DigitalLink("https://example.org", {{"10", "A"}}), FailsBecause("BARCODE_FORMAT"));
  EXPECT_THAT(DigitalLink("https://example.org", {{"01", "09521234543213"}, {"00", "376104250021234569"}}),
              FailsBecause("BARCODE_FORMAT"));
  for (const char* base : {"", "example.org", "https://example.org/", "https://example.org?x"}) {
    EXPECT_THAT(DigitalLink(base, {{"01", "09521234543213"}}), FailsBecause("BARCODE_FORMAT")) << base;
  }
}

TEST(AiTable, IsWellFormed) {
  std::string_view last;
  for (const AiRule& rule : AllRules()) {
    EXPECT_LT(last, rule.first) << "in order, no overlap";
    EXPECT_EQ(rule.first.size(), rule.last.size());
    EXPECT_LE(rule.first, rule.last);
    EXPECT_EQ(AiLength(rule.first.substr(0, 2)), rule.first.size())
        << "two digits tell how long the identifier is: " << rule.first;
    last = rule.last;
  }
  // The specification's figure of predefined lengths, identifier included.
  const std::vector<std::pair<std::string_view, size_t>> predefined = {
      {"00", 20}, {"01", 16}, {"02", 16}, {"03", 16}, {"11", 8},  {"12", 8},  {"13", 8},  {"15", 8},  {"16", 8},
      {"17", 8},  {"20", 4},  {"31", 10}, {"32", 10}, {"33", 10}, {"34", 10}, {"35", 10}, {"36", 10}, {"41", 16}};
  for (const AiRule& rule : AllRules()) {
    const auto found = std::find_if(predefined.begin(), predefined.end(),
                                    [&](const auto& entry) { return entry.first == rule.first.substr(0, 2); });
    EXPECT_EQ(HasPredefinedLength(rule.first), found != predefined.end()) << rule.first;
    if (found == predefined.end()) continue;
    EXPECT_EQ(LengthOf(rule).min + rule.first.size(), found->second) << rule.first;
    EXPECT_EQ(LengthOf(rule).max + rule.first.size(), found->second) << rule.first;
  }
  EXPECT_EQ(FindRule("310"), nullptr);
  EXPECT_EQ(FindRule("3106"), nullptr);
  EXPECT_EQ(FindRule("14"), nullptr);
  EXPECT_EQ(FindRule(""), nullptr);
  EXPECT_NE(FindRule("3915"), nullptr);
}

}  // namespace
}  // namespace kubari::gs1
