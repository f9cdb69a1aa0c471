#include "libs/gs1/content.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <cstdint>

#include "absl/strings/ascii.h"
#include "absl/time/civil_time.h"

namespace kubari::gs1 {
namespace {

int64_t Number(std::string_view digits) {
  int64_t number = 0;
  for (const char c : digits) number = number * 10 + (c - '0');
  return number;
}

bool IsDigit(char c) { return absl::ascii_isdigit(c); }
bool AreDigits(std::string_view text) { return !text.empty() && std::all_of(text.begin(), text.end(), IsDigit); }
bool IsZero(std::string_view digits) { return digits.find_first_not_of('0') == std::string_view::npos; }

bool IsDayOrMonth(std::string_view part, int current_year) { return ReadDate(part, current_year).has_value(); }

bool IsDay(std::string_view part, int current_year) {
  const auto date = ReadDate(part, current_year);
  return date && !date->month_precision();
}

// YYYYMMDD of any year: a birthday may lie before those that calendar::Date knows.
bool IsBirthday(std::string_view part, int) {
  const absl::CivilDay day(Number(part.substr(0, 4)), Number(part.substr(4, 2)), Number(part.substr(6)));
  return day.month() == Number(part.substr(4, 2)) && day.day() == Number(part.substr(6));
}

// The last two characters stand for a sum over the others, modulo 1021 (General Specifications, "Check character
// pair").
bool HasGoodCheckPair(std::string_view part, int) {
  static constexpr std::string_view kCharacters =
      "!\"%&'()*+,-./0123456789:;<=>?ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz";
  static constexpr std::string_view kPairCharacters = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ";
  // The weights are the primes, from the right.
  static constexpr std::array<int, 23> kPrimes = {2,  3,  5,  7,  11, 13, 17, 19, 23, 29, 31, 37,
                                                  41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83};
  if (part.size() < 3 || part.size() > kPrimes.size() + 2) return false;
  const size_t high = kPairCharacters.find(part[part.size() - 2]), low = kPairCharacters.find(part.back());
  if (high == std::string_view::npos || low == std::string_view::npos) return false;
  const std::string_view body = part.substr(0, part.size() - 2);
  size_t sum = 0;
  for (size_t i = 0; i < body.size(); ++i) sum += kPrimes[body.size() - 1 - i] * kCharacters.find(body[i]);
  return sum % 1021 == high * 32 + low;
}

// ISO 13616: the first four characters behind the others, letters as 10 to 35, modulo 97.
bool IsIban(std::string_view part, int) {
  if (part.size() < 5 || !absl::ascii_isupper(part[0]) || !absl::ascii_isupper(part[1])) return false;
  int remainder = 0;
  for (size_t i = 0; i < part.size(); ++i) {
    const char c = part[(i + 4) % part.size()];
    if (IsDigit(c)) {
      remainder = (remainder * 10 + (c - '0')) % 97;
    } else if (absl::ascii_isupper(c)) {
      remainder = (remainder * 100 + (c - 'A' + 10)) % 97;
    } else {
      return false;
    }
  }
  return remainder == 1;
}

bool BeginsWithCompanyPrefix(std::string_view part, int) { return part.size() >= 4 && AreDigits(part.substr(0, 4)); }

bool IsPieceOfTotal(std::string_view part, int) {
  const int64_t piece = Number(part.substr(0, 2)), total = Number(part.substr(2));
  return 1 <= piece && piece <= total;
}

// "2/3": the second of three births.
bool IsPlaceInOrder(std::string_view part, int) {
  return part.size() == 3 && part[1] == '/' && IsDigit(part[0]) && IsDigit(part[2]) && '1' <= part[0] &&
         part[0] <= part[2];
}

bool HasWholeEscapes(std::string_view part, int) {
  for (size_t at = part.find('%'); at != std::string_view::npos; at = part.find('%', at + 3)) {
    if (at + 2 >= part.size() || !absl::ascii_isxdigit(part[at + 1]) || !absl::ascii_isxdigit(part[at + 2]))
      return false;
  }
  return true;
}

bool IsMedia(std::string_view part, int) {
  const int64_t number = Number(part);
  return (1 <= number && number <= 10) || number >= 80;
}

constexpr std::string_view kDate = "BARCODE_DATE", kValue = "BARCODE_VALUE";

constexpr ContentRule kRules[] = {
    {"date0", kDate, IsDayOrMonth, "a date of the calendar: year, month and day, or day 00 for the whole month",
     "暦にある日付（年2桁・月・日。日が00なら月末まで）"},
    {"date", kDate, IsDay, "a date of the calendar: year, month and day", "暦にある日付（年2桁・月・日）"},
    {"birthday", kDate, IsBirthday, "a date of the calendar: year in four digits, month and day",
     "暦にある日付（年4桁・月・日）"},
    {"time", kDate,
     [](std::string_view part, int) { return Number(part.substr(0, 2)) <= 23 && Number(part.substr(2)) <= 59; },
     "a time of day, 0000 to 2359", "時刻（0000から2359まで）"},
    {"hour", kDate, [](std::string_view part, int) { return Number(part) <= 23; }, "an hour, 00 to 23",
     "時（00から23まで）"},
    {"minute", kDate, [](std::string_view part, int) { return Number(part) <= 59; }, "a minute, 00 to 59",
     "分（00から59まで）"},
    {"second", kDate, [](std::string_view part, int) { return Number(part) <= 59; }, "a second, 00 to 59",
     "秒（00から59まで）"},
    {"pair", kValue, HasGoodCheckPair, "a number with its two check characters",
     "末尾2文字のチェックキャラクターが合う番号"},
    {"prefix", kValue, BeginsWithCompanyPrefix, "a number that begins with a company prefix of 4 digits or more",
     "4桁以上の事業者コードで始まる番号"},
    {"nondigit", kValue, [](std::string_view part, int) { return !AreDigits(part); }, "a number with a letter or sign",
     "数字以外の文字を含む番号"},
    {"iban", kValue, IsIban, "an IBAN", "IBAN（国際銀行口座番号）"},
    {"zero", kValue, [](std::string_view part, int) { return IsZero(part); }, "0", "0"},
    {"nonzero", kValue, [](std::string_view part, int) { return !IsZero(part); }, "more than 0", "0より大きい数"},
    {"nolead0", kValue, [](std::string_view part, int) { return part.size() == 1 || part[0] != '0'; },
     "a number without leading zeros", "先頭に0のない数"},
    {"winding", kValue, [](std::string_view part, int) { return part == "0" || part == "1" || part == "9"; },
     "0, 1 or 9", "0・1・9のどれか"},
    {"yesno", kValue, [](std::string_view part, int) { return part == "0" || part == "1"; }, "0 or 1", "0か1"},
    {"sex", kValue, [](std::string_view part, int) { return part == "0" || part == "1" || part == "2" || part == "9"; },
     "0, 1, 2 or 9", "0・1・2・9のどれか"},
    {"minus", kValue, [](std::string_view part, int) { return part == "-"; }, "a minus sign", "マイナス記号"},
    {"pieces", kValue, IsPieceOfTotal, "a piece and the total of pieces", "何個目と総数（2桁ずつ）"},
    {"order", kValue, IsPlaceInOrder, "a place and a total such as 1/2", "1/2 のような順番と総数"},
    {"percent", kValue, HasWholeEscapes, "text whose % are followed by two hexadecimal digits",
     "% の後に16進数2桁が続く文字列"},
    {"latitude", kValue, [](std::string_view part, int) { return Number(part) <= 1'800'000'000; },
     "a latitude, 0 to 1800000000", "緯度（0から1800000000まで）"},
    {"longitude", kValue, [](std::string_view part, int) { return Number(part) <= 3'600'000'000; },
     "a longitude, 0 to 3600000000", "経度（0から3600000000まで）"},
    {"importer", kValue,
     [](std::string_view part, int) { return absl::ascii_isalnum(part[0]) || part == "-" || part == "_"; },
     "a letter, a digit, - or _", "英数字・-・_ のどれか"},
    {"media", kValue, IsMedia, "01 to 10 or 80 to 99", "01から10まで、または80から99まで"},
};

}  // namespace

const ContentRule* FindContentRule(std::string_view name) {
  if (name == "digit") return nullptr;
  const auto rule =
      std::find_if(std::begin(kRules), std::end(kRules), [name](const ContentRule& one) { return one.name == name; });
  assert(rule != std::end(kRules));
  return rule;
}

std::optional<calendar::Date> ReadDate(std::string_view yymmdd, int current_year) {
  const int64_t yy = Number(yymmdd.substr(0, 2)), month = Number(yymmdd.substr(2, 2)), day = Number(yymmdd.substr(4));
  // General Specifications, "Determination of century in dates".
  int64_t century = current_year == 0 ? 20 : current_year / 100;
  if (current_year != 0) {
    const int64_t difference = yy - current_year % 100;
    if (difference >= 51) --century;
    if (difference <= -50) ++century;
  }
  const int64_t year = century * 100 + yy;
  if (month < 1 || month > 12) return std::nullopt;
  if (day == 0) return calendar::Date::Month(absl::CivilMonth(year, month));
  const absl::CivilDay civil(year, month, day);
  if (civil.month() != month || civil.day() != day) return std::nullopt;  // 31 April became 1 May
  return calendar::Date::Day(civil);
}

}  // namespace kubari::gs1
