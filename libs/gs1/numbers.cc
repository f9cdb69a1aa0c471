// GTINs and check digits.
#include <cassert>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "libs/gs1/element.h"
#include "libs/gs1/gs1.h"

namespace kubari::gs1 {

int CheckDigit(std::string_view digits) {
  int sum = 0, weight = 3;
  for (size_t i = digits.size(); i-- > 0; weight = 4 - weight) {
    assert(digits[i] >= '0' && digits[i] <= '9');
    sum += weight * (digits[i] - '0');
  }
  return (10 - sum % 10) % 10;
}

bool CheckDigitHolds(std::string_view digits) {
  return digits.size() >= 2 && AllDigits(digits) &&
         CheckDigit(digits.substr(0, digits.size() - 1)) == digits.back() - '0';
}

absl::StatusOr<std::string> NormalizeGtin(std::string_view digits) {
  const size_t size = digits.size();
  Problems problems;
  if (!AllDigits(digits) || (size != 8 && size != 12 && size != 13 && size != 14)) {
    problems.Add("BARCODE_LENGTH", "01", 0,
                 absl::StrCat("An item number has 8, 12, 13 or 14 digits; this one has ", size, " characters."),
                 absl::StrCat("商品コードは8・12・13・14桁の数字ですが、", size, "文字あります。"));
  } else if (!CheckDigitHolds(digits)) {
    AddCheckDigitProblem(digits, "01", 0, problems);
  }
  if (!problems.empty()) return problems.status();
  return std::string(14 - size, '0').append(digits);
}

absl::StatusOr<std::string> ExpandUpcE(std::string_view digits) {
  Problems problems;
  if (!AllDigits(digits) || (digits.size() != 6 && digits.size() != 8) || (digits.size() == 8 && digits[0] > '1')) {
    problems.Add("BARCODE_LENGTH", "01", 0, "A UPC-E has 6 digits, or 8 of which the first is 0 or 1.",
                 "UPC-E は6桁か、0または1で始まる8桁です。");
    return problems.status();
  }
  const std::string_view six = digits.size() == 6 ? digits : digits.substr(1, 6);
  // General Specifications, "UPC-E barcodes": the last of the six says where the zeros were left out.
  std::string number(1, digits.size() == 6 ? '0' : digits[0]);
  switch (const char last = six[5]) {
    case '0':
    case '1':
    case '2':
      number.append(six.substr(0, 2)).append(1, last).append("0000").append(six.substr(2, 3));
      break;
    case '3':
      number.append(six.substr(0, 3)).append("00000").append(six.substr(3, 2));
      break;
    case '4':
      number.append(six.substr(0, 4)).append("00000").append(six.substr(4, 1));
      break;
    default:
      number.append(six.substr(0, 5)).append("0000").append(1, last);
  }
  number.push_back(static_cast<char>('0' + CheckDigit(number)));
  if (digits.size() == 8 && number.back() != digits.back()) {
    number.back() = digits.back();
    AddCheckDigitProblem(number, "01", 0, problems);
    return problems.status();
  }
  return number;
}

absl::StatusOr<std::string> Ean13(std::string_view twelve_digits) {
  if (twelve_digits.size() != 12 || !AllDigits(twelve_digits)) {
    Problems problems;
    problems.Add("BARCODE_LENGTH", "01", 0, "12 digits are needed to make an EAN-13.",
                 "EAN-13 を作るには12桁の数字が必要です。");
    return problems.status();
  }
  return std::string(twelve_digits) + static_cast<char>('0' + CheckDigit(twelve_digits));
}

bool IsRestricted(std::string_view gtin14) {
  if (gtin14.size() != 14 || !AllDigits(gtin14)) return false;
  if (gtin14.substr(1, 5) == "00000") return gtin14[6] == '0' || gtin14[6] == '2';  // a GTIN-8, or a case of it
  const std::string_view prefix = gtin14.substr(1, 2);
  return prefix == "02" || prefix == "04" || prefix[0] == '2';
}

std::string DateValue(const calendar::Date& date) {
  const absl::CivilDay day = date.LastGoodDay();
  return absl::StrFormat("%02d%02d%02d", day.year() % 100, day.month(), date.month_precision() ? 0 : day.day());
}

}  // namespace kubari::gs1
