#include "services/stock/domain/lot_code.h"

#include <absl/strings/str_cat.h>

#include "services/stock/domain/canonical.h"

namespace kubari::stock {
namespace {

constexpr std::string_view kAlphabet = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ";
static_assert(kAlphabet.size() == 32);

// Luhn modulo 32: every second character from the right counts twice, with its digits in base 32 added up.
char CheckCharacter(std::string_view payload) {
  int sum = 0;
  bool twice = true;
  for (auto c = payload.rbegin(); c != payload.rend(); ++c, twice = !twice) {
    const int value = static_cast<int>(kAlphabet.find(*c)) * (twice ? 2 : 1);
    sum += value / 32 + value % 32;
  }
  return kAlphabet[(32 - sum % 32) % 32];
}

}  // namespace

std::string LotCode(std::string_view lot_id, int n) {
  const std::string hash = Sha256(absl::StrCat(absl::string_view(lot_id.data(), lot_id.size()), "#", n));
  std::string code;
  for (int i = 0; i < kLotCodeLength - 1; ++i) code.push_back(kAlphabet[static_cast<unsigned char>(hash[i]) % 32]);
  code.push_back(CheckCharacter(code));
  return code;
}

std::optional<std::string> ReadLotCode(std::string_view text) {
  std::string code;
  for (const char c : text) {
    if (c == ' ' || c == '-') continue;
    const char upper = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    if (kAlphabet.find(upper) == std::string_view::npos || code.size() == kLotCodeLength) return std::nullopt;
    code.push_back(upper);
  }
  if (code.size() != kLotCodeLength ||
      CheckCharacter(std::string_view(code).substr(0, kLotCodeLength - 1)) != code.back()) {
    return std::nullopt;
  }
  return code;
}

}  // namespace kubari::stock
