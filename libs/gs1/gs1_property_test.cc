// Random codes written and read back, and random damage. The seed is fixed and printed with every failure.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>

#include "libs/errors/testing.h"
#include "libs/gs1/element.h"
#include "libs/gs1/gs1.h"

namespace kubari::gs1 {
namespace {

constexpr uint32_t kSeed = 20261121;
constexpr int kYear = 2026;

class Random {
 public:
  size_t Below(size_t n) { return std::uniform_int_distribution<size_t>(0, n - 1)(engine_); }
  char Of(std::string_view alphabet) { return alphabet[Below(alphabet.size())]; }

  std::string Digits(size_t count) {
    std::string digits;
    while (digits.size() < count) digits.push_back(Of("0123456789"));
    return digits;
  }

  // For the rules that need more than random characters.
  std::string Example(std::string_view content) {
    if (content == "date0") return Digits(2) + (Below(2) ? "0600" : "1231");
    if (content == "date") return Digits(2) + "0228";
    static const std::map<std::string_view, std::string> kExamples = {
        {"birthday", "19870630"},
        {"time", "2359"},
        {"hour", "23"},
        {"minute", "59"},
        {"second", "59"},
        {"zero", "0"},
        {"winding", "9"},
        {"yesno", "1"},
        {"sex", "9"},
        {"minus", "-"},
        {"pieces", "0212"},
        {"order", "1/2"},
        {"importer", "_"},
        {"media", "80"},
        {"iban", "GB82WEST12345698765432"},
        {"pair,prefix", "1987654Ad4X4bL5ttr2310c2K"},
        {"pair,prefix,nondigit", "1987654Ad4X4bL5ttr2310c2K"},
    };
    const auto found = kExamples.find(content);
    return found == kExamples.end() ? "" : found->second;
  }

  // A good value for the AI, made from the table's format string without the code under test.
  std::string Value(const AiRule& rule) {
    std::string value;
    const std::string format(rule.format);
    for (size_t at = 0; at < format.size();) {
      size_t end = std::min(format.find(' ', at), format.size());
      std::string part = format.substr(at, end - at);
      at = end + 1;
      if (part[0] == '[') {
        if (Below(2) == 0) break;
        part = part.substr(1, part.size() - 2);
      }
      const bool variable = part[1] == '.';
      const size_t max = std::stoul(part.substr(variable ? 3 : 1));
      const size_t value_size_before = value.size();
      const size_t size = variable ? 1 + Below(max) : max;
      // What follows the colon names rules; a value that keeps them is given here, or made below.
      const std::string content = part.find(':') == std::string::npos ? "" : part.substr(part.find(':') + 1);
      if (content == "digit") {
        const std::string body = Digits(size - 1);
        value += body + static_cast<char>('0' + CheckDigit(body));
      } else if (const std::string example = Example(content); !example.empty()) {
        value += example;
      } else {
        if (content == "prefix") value += "9521";
        if (content == "nolead0" || content == "nonzero") value += "1";
        if (content == "latitude" || content == "longitude") value += "0";
        const std::string_view alphabet = part[0] == 'N'         ? "0123456789"
                                          : content == "percent" ? "019AZaz!&'()*+,-./:;<=>?_"
                                          : part[0] == 'X'       ? "019AZaz!\"%&'()*+,-./:;<=>?_("
                                          : part[0] == 'Y'       ? "019AZ#-/"
                                                                 : "019AZaz-_=";
        const size_t goal = value_size_before + std::max<size_t>(size, content == "prefix" ? 4 : 1);
        while (value.size() < goal) value.push_back(Of(alphabet));
      }
    }
    return value;
  }

  // Up to `count` different AIs, none of them a key of a Digital Link.
  std::vector<Element> Attributes(size_t count) {
    std::vector<Element> elements;
    while (elements.size() < count) {
      const AiRule& rule = AllRules()[Below(AllRules().size())];
      std::string ai(rule.first);
      ai.back() = static_cast<char>(rule.first.back() + Below(rule.last.back() - rule.first.back() + 1));
      const auto same = [&ai](const Element& element) { return element.ai == ai; };
      const auto clashes = [&ai](const Element& element) { return SayTheSame(element.ai, ai); };
      if (FindLinkKey(ai) != nullptr || std::any_of(elements.begin(), elements.end(), same) ||
          std::any_of(elements.begin(), elements.end(), clashes)) {
        continue;
      }
      elements.push_back({ai, Value(rule)});
    }
    return elements;
  }

 private:
  std::mt19937 engine_{kSeed};
};

std::vector<Element> Sorted(std::vector<Element> elements) {
  std::sort(elements.begin(), elements.end(), [](const Element& a, const Element& b) { return a.ai < b.ai; });
  return elements;
}

TEST(Property, WhatIsWrittenIsReadBack) {
  Random random;
  for (int round = 0; round < 20'000; ++round) {
    SCOPED_TRACE(testing::Message() << "seed " << kSeed << " round " << round);
    std::vector<Element> elements = random.Attributes(1 + random.Below(6));
    elements.insert(elements.begin() + random.Below(elements.size() + 1), {"01", random.Value(*FindRule("01"))});

    const auto bracketed = Bracketed(elements);
    ASSERT_THAT(bracketed, errors::IsOk());
    const auto from_brackets = Parse(*bracketed, kYear);
    ASSERT_THAT(from_brackets, errors::IsOk()) << *bracketed;
    ASSERT_EQ(from_brackets->elements, elements) << *bracketed;

    const auto raw = ElementString(elements);
    ASSERT_THAT(raw, errors::IsOk());
    const auto from_raw = Parse("]C1" + *raw, kYear);
    ASSERT_THAT(from_raw, errors::IsOk()) << *bracketed;
    ASSERT_EQ(from_raw->elements, elements) << *bracketed;
    ASSERT_EQ(from_raw->form, Scan::Form::kElementString);

    // A link has no place for some of them.
    const auto has = [&elements](std::string_view ai) {
      return std::any_of(elements.begin(), elements.end(), [ai](const Element& element) { return element.ai == ai; });
    };
    const bool first_alternative = has("22") || has("10") || has("21");
    const auto in_link = [first_alternative](const Element& element) {
      const std::string& ai = element.ai;
      return MayStandInLinkQuery(ai) || ai == "01" || ai == "22" || ai == "21" || (ai == "235" && !first_alternative);
    };
    const bool fits = std::all_of(elements.begin(), elements.end(), in_link);
    ASSERT_EQ(DigitalLink("https://example.org/q", elements).ok(), fits) << *bracketed;
    std::erase_if(elements, [&](const Element& element) { return !in_link(element); });
    const auto link = DigitalLink("https://example.org/q", elements);
    ASSERT_THAT(link, errors::IsOk());
    const auto from_link = Parse(*link, kYear);
    ASSERT_THAT(from_link, errors::IsOk()) << *link;
    ASSERT_EQ(Sorted(from_link->elements), Sorted(elements)) << *link;
    ASSERT_EQ(from_link->form, Scan::Form::kDigitalLink);
  }
}

TEST(Property, OneWrongDigitOfAnItemNumberIsNoticed) {
  Random random;
  for (int round = 0; round < 5000; ++round) {
    const size_t size = std::vector<size_t>{8, 12, 13, 14}[random.Below(4)];
    std::string number = random.Digits(size - 1);
    number += static_cast<char>('0' + CheckDigit(number));
    ASSERT_THAT(Parse(number, kYear), errors::IsOk()) << number;
    std::string misread = number;
    char& digit = misread[random.Below(size)];
    digit = static_cast<char>('0' + (digit - '0' + 1 + random.Below(9)) % 10);
    ASSERT_THAT(Parse(misread, kYear), errors::FailsBecause("BARCODE_CHECK_DIGIT")) << misread;
  }
}

TEST(Property, DamageNeverCrashesAndIsAlwaysExplained) {
  Random random;
  const std::vector<std::string> seeds = {
      "4901234567894",
      "]C1010952123454321310ABC\x1D"
      "1727033137100",
      "(01)09521234543213(10)A\\(1)(15)270300",
      "https://example.org/01/09521234543213/10/A%2FB/21/7?17=270331&linkType=all#x",
      "00095212345000000018",
      "]d2010952123454321331030012343922500"};
  const std::string alphabet = "0123456789ABab()[]%/?&=#;:\\ ]\x1D\x80\xE7.";
  int refused = 0;
  for (int round = 0; round < 100'000; ++round) {
    std::string code = seeds[random.Below(seeds.size())];
    for (size_t changes = 1 + random.Below(4); changes > 0 && !code.empty(); --changes) {
      switch (random.Below(5)) {
        case 0:
          code[random.Below(code.size())] = random.Of(alphabet);
          break;
        case 1:
          code.insert(random.Below(code.size() + 1), 1, random.Of(alphabet));
          break;
        case 2:
          code.erase(random.Below(code.size()), 1 + random.Below(3));
          break;
        case 3:
          code.resize(random.Below(code.size() + 1));
          break;
        default:
          code += code.substr(random.Below(code.size()));
          break;
      }
    }
    const auto scan = Parse(code, kYear);
    if (scan.ok()) {
      ASSERT_FALSE(scan->elements.empty()) << code;
      ASSERT_THAT(ElementString(scan->elements), errors::IsOk()) << code;
      continue;
    }
    ++refused;
    ASSERT_EQ(errors::ReasonOf(scan.status()).substr(0, 8), "BARCODE_") << code;
    ASSERT_FALSE(errors::MessageIn("en", scan.status()).empty());
    ASSERT_FALSE(errors::MessageIn("ja", scan.status()).empty());
  }
  EXPECT_GT(refused, 50'000);
}

}  // namespace
}  // namespace kubari::gs1
