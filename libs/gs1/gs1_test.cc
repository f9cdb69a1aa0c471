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
using ::testing::AllOf;
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
  EXPECT_TRUE(IsRestricted("10000020000001")) << "a case of it";
  EXPECT_FALSE(IsRestricted("2"));
}

TEST(Gtin, UpcEStandsForTwelveDigits) {
  // One number of each row of the table of zero suppression.
  const std::vector<std::pair<std::string_view, std::string_view>> rows = {
      {"123450", "01200000345"}, {"123451", "01210000345"}, {"123452", "01220000345"}, {"123453", "01230000045"},
      {"123454", "01234000005"}, {"123455", "01234500005"}, {"123459", "01234500009"}};
  for (const auto& [six, eleven] : rows) {
    const std::string twelve = std::string(eleven) + std::to_string(CheckDigit(eleven));
    EXPECT_THAT(ExpandUpcE(six), IsOkAndHolds(twelve));
    EXPECT_THAT(ExpandUpcE("0" + std::string(six) + twelve.back()), IsOkAndHolds(twelve));
    EXPECT_THAT(ExpandUpcE("0" + std::string(six) + (twelve.back() == '0' ? '1' : '0')),
                FailsBecause("BARCODE_CHECK_DIGIT"));
  }
  EXPECT_THAT(ExpandUpcE("06543217"), IsOkAndHolds("065100004327")) << "as published";
  EXPECT_THAT(ExpandUpcE("16543214"), IsOkAndHolds("165100004324")) << "number system 1";
  for (const char* bad : {"", "1234", "26543217", "0654321", "x6543217"}) {
    EXPECT_THAT(ExpandUpcE(bad), FailsBecause("BARCODE_LENGTH")) << bad;
  }
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

TEST(Parse, UpcEOnlyWhereItCannotBeAnEan8) {
  EXPECT_EQ(Good("]E006543217").gtin14, "00065100004327");
  EXPECT_EQ(Good("]E0654321").gtin14, "00065100004327") << "the six digits of the symbol";
  EXPECT_EQ(Good("]E0065100004327").gtin14, "00065100004327");
  EXPECT_THAT(Parse("]E006543218", kYear), FailsBecause("BARCODE_CHECK_DIGIT"));
  EXPECT_THAT(Parse("]E00654321", kYear), FailsBecause("BARCODE_LENGTH")) << "7 digits: with or without check digit?";
  EXPECT_EQ(Good("]E096385074").gtin14, "00000096385074") << "9 is no number system of UPC-E";
  // Good as both: what the scanner says decides, and typed digits are an EAN-8.
  EXPECT_EQ(Good("]E001234558").gtin14, "00012345000058");
  EXPECT_EQ(Good("]E401234558").gtin14, "00000001234558");
  EXPECT_EQ(Good("01234558").gtin14, "00000001234558");
  // Good as UPC-E alone: not guessed, but told.
  const absl::Status typed = Parse("01234611", kYear).status();
  EXPECT_THAT(typed, FailsBecause("BARCODE_CHECK_DIGIT"));
  EXPECT_THAT(errors::MessageIn("en", typed), HasSubstr("If it is a UPC-E code, type its long form: 012100003461."));
  EXPECT_THAT(errors::MessageIn("ja", typed), HasSubstr("012100003461"));
}

TEST(Parse, WhatTheSymbologySays) {
  EXPECT_EQ(Good("]E3952123454321312").gtin14, "09521234543213") << "an add-on of two digits";
  EXPECT_EQ(Good("]E3952123454321312345").gtin14, "09521234543213") << "of five";
  EXPECT_THAT(Parse("]E112", kYear), FailsBecause("BARCODE_FORMAT"));
  EXPECT_THAT(Parse("]E49521234543213", kYear), FailsBecause("BARCODE_LENGTH"));
  EXPECT_THAT(Parse("]I19521234543213", kYear), FailsBecause("BARCODE_LENGTH"));
  EXPECT_EQ(Good("]C19521234543213").elements, (std::vector<Element>{{"95", "21234543213"}})) << "an element string";
  EXPECT_EQ(Good("]C09521234543213").gtin14, "09521234543213") << "plain Code 128 promises nothing";
}

TEST(Parse, DigitsAsPeopleTypeThem) {
  EXPECT_EQ(Good("9 521234 543213").gtin14, "09521234543213");
  EXPECT_EQ(Good("(00) 3 76104250 021234 569").sscc, "376104250021234569");
  EXPECT_THAT(Parse("(10)A B", kYear), FailsBecause("BARCODE_CHARACTER")) << "a batch has no blanks";
  const absl::Status bare = Parse("376104250021234569", kYear).status();
  EXPECT_THAT(errors::MessageIn("en", bare), HasSubstr("(SSCC), type (00) before it"));
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

TEST(Parse, DigitalLinksThatAreNone) {
  const auto text = [](std::string_view link) { return errors::MessageIn("en", Parse(link, kYear).status()); };
  EXPECT_THAT(text("https://example.com/DBHKVAdpQgqrEg"), HasSubstr("If it is a compressed link: those are not read."));
  EXPECT_THAT(text("https://example.com/gtin/09521234543213"), HasSubstr("/gtin/ is of an old version"));
  EXPECT_THAT(text("https://example.com/01/09521234543213/lot/A"), HasSubstr("at position 39 there is something else"));
  EXPECT_THAT(text("https://example.com/01/09521234543213/21/1/10/A"),
              HasSubstr("After (01) the path of a Digital Link may hold (22) (10) (21), or (235) in this order"));
  EXPECT_THAT(text("https://example.com/00/376104250021234569/10/A"), HasSubstr("may hold nothing else"));
  EXPECT_THAT(text("https:///01/09521234543213"), HasSubstr("is no GS1 Digital Link"));
  EXPECT_EQ(Good("https://example.com/01/shelf/00/01/09521234543213").gtin14, "09521234543213")
      << "the last key counts; before it anything may stand";
  EXPECT_EQ(Good("https://example.com/01/09521234543213?10=A+B%2BC;21=7&utm=1&10x=2").elements,
            (std::vector<Element>{{"01", "09521234543213"}, {"10", "A+B+C"}, {"21", "7"}}))
      << "read from the query though it belongs into the path";
  EXPECT_EQ(errors::MetadataOf(Parse("https://example.com/01/09521234543213/10/A%2Fé", kYear).status()).at("position"),
            "46")
      << "escapes are counted as they stand";
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

TEST(Parse, DayZeroAndTimesByIdentifier) {
  for (const char* month : {"(11)270300", "(12)270300", "(13)270300", "(15)270300", "(16)270300", "(17)270300",
                            "(4324)2703000900", "(4325)2703000900"}) {
    EXPECT_THAT(Parse(month, kYear), IsOk()) << month;
  }
  for (const char* day : {"(7003)2703000900", "(7006)270300", "(7007)270300", "(7007)270301270300", "(7011)270300",
                          "(4326)270300", "(8008)27030009", "(7003)2703012400", "(7003)2703010960", "(7011)2703012400",
                          "(8008)27030124", "(8008)2703010060", "(8008)270301000060", "(7250)20270229"}) {
    EXPECT_THAT(Parse(day, kYear), FailsBecause("BARCODE_DATE")) << day;
  }
  EXPECT_EQ(Text(Good("(7003)2703010930").use_by), "2027-03-01") << "the day of the expiry time";
  EXPECT_EQ(Text(Good("(7003)2703010930(17)270302").use_by), "2027-03-02") << "(17) goes before it";
  EXPECT_EQ(Good("(7007)270301270302").elements.size(), 1u);
  EXPECT_THAT(Parse("(7007)27030127030", kYear), FailsBecause("BARCODE_LENGTH")) << "half a second date";
  EXPECT_THAT(Parse("(423)3920", kYear), FailsBecause("BARCODE_LENGTH")) << "a country and a third";
}

TEST(Parse, RulesOfContent) {
  for (const char* good : {"(8013)1987654Ad4X4bL5ttr2310c2K", "(8007)GB82WEST12345698765432", "(8003)01234567890128",
                           "(8006)095212345432130102", "(8004)9521A", "(4330)000123-", "(7258)1/2", "(4300)A%20B",
                           "(8011)10", "(7041)1A", "(716)123"}) {
    EXPECT_THAT(Parse(good, kYear), IsOk()) << good;
  }
  for (const char* bad : {"(8013)1987654Ad4X4bL5ttr2310c2J", "(8007)GB82WEST12345698765431",
                          "(8007)GB82west12345698765432", "(8003)11234567890128", "(8006)095212345432130302",
                          "(8006)095212345432130002", "(8004)952A", "(4330)000123A", "(7258)2/1", "(4300)A%2",
                          "(8011)01", "(4321)2", "(7241)11", "(4309)18000000010000000000", "(8001)00000000100190"}) {
    EXPECT_THAT(Parse(bad, kYear), FailsBecause("BARCODE_VALUE")) << bad;
  }
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
  EXPECT_THAT(errors::MessageIn("en", status),
              HasSubstr("(15) BEST BEFORE or BEST BY at position 22 has 271332, which should be a date"));
  EXPECT_THAT(errors::MessageIn("ja", status), HasSubstr("3のはずです"));
  EXPECT_THAT(errors::MessageIn("ja", status), HasSubstr("賞味期限（22文字目）"));
}

TEST(Parse, NamesAllProblemsAtOnce) {
  const auto text = [](std::string_view raw) { return errors::MessageIn("en", Parse(raw, kYear).status()); };
  // What follows the next separator is read again.
  EXPECT_THAT(text("]C118X\x1D"
                   "010952123454321415279901\x1D"
                   "10\x1D"),
              AllOf(HasSubstr("At position 4 an application identifier should begin, but there is \"18\""),
                    HasSubstr("its check digit is 4, but it must be 3"), HasSubstr("(15) BEST BEFORE or BEST BY at"),
                    HasSubstr("(10) BATCH/LOT at position 35 has 0 characters")));
  EXPECT_THAT(text("(xx)1(01)09521234543214(15)279901"),
              AllOf(HasSubstr("At position 1 there should be an identifier"), HasSubstr("it must be 3"),
                    HasSubstr("279901, which should be a date")));
  EXPECT_THAT(text("https://example.com/01/09521234543214?17=279901&10=A%2"),
              AllOf(HasSubstr("it must be 3"), HasSubstr("279901"), HasSubstr("broken %-sequence")));
  EXPECT_THAT(text("]C110ABCDEFGHIJKL1727033121SN12345"), HasSubstr("set the scanner to send the separator"));
  EXPECT_THAT(text("(3102)000125(3103)001250"), HasSubstr("say the same thing twice"));
  EXPECT_THAT(Parse("(3102)000125(3103)001250", kYear), FailsBecause("BARCODE_CONFLICT"));
  EXPECT_THAT(text("(10)米"), HasSubstr("the character \"米\" at position 5"));
  EXPECT_THAT(text("(10)\xE7"), HasSubstr("\"0xE7\""));
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
  EXPECT_THAT(DigitalLink("https://example.org", {{"01", "09521234543213"}, {"10", "A"}, {"235", "B"}, {"8200", "C"}}),
              FailsBecause("BARCODE_FORMAT"))
      << "(235) excludes (10), and (8200) is never in a link";
  EXPECT_THAT(ElementString({{"3102", "000125"}, {"3103", "001250"}}), FailsBecause("BARCODE_CONFLICT"));
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
