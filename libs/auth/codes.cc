#include "libs/auth/codes.h"

#include <absl/strings/ascii.h>

#include <array>

namespace kubari::auth {
namespace {

// What is left out: blanks, and all that looks like a hyphen, in UTF-8.
constexpr std::array<std::string_view, 15> kSeparators = {
    " ",      "\t",     "\r",     "\n",     "-",      "\u3000",  // ideographic space
    "\u2010", "\u2011", "\u2012", "\u2013", "\u2014", "\u2015",  // hyphens and dashes
    "\u2212", "\uFF0D", "\u30FC",                                // minus, full-width hyphen, the long vowel mark ー
};

// The ASCII character of a full-width one (U+FF01 to U+FF5E) at the beginning of `text`, or 0.
char NarrowOf(std::string_view text) {
  if (text.size() < 3 || text[0] != '\xEF') return 0;
  const int high = static_cast<unsigned char>(text[1]), low = static_cast<unsigned char>(text[2]);
  const int code_point = 0xF000 | (high & 0x3F) << 6 | (low & 0x3F);
  return code_point >= 0xFF01 && code_point <= 0xFF5E ? static_cast<char>(code_point - 0xFF01 + '!') : 0;
}

}  // namespace

std::string FormatCode(std::string_view code, int group) {
  std::string grouped;
  for (size_t i = 0; i < code.size(); ++i) {
    if (i > 0 && i % group == 0) grouped += '-';
    grouped += code[i];
  }
  return grouped;
}

std::string NormalCode(std::string_view typed, int longest) {
  std::string code;
  while (!typed.empty()) {
    size_t taken = 0;
    for (const std::string_view separator : kSeparators) {
      if (typed.starts_with(separator)) taken = separator.size();
    }
    if (taken == 0) {
      const char narrow = NarrowOf(typed);
      const char c = absl::ascii_toupper(narrow != 0 ? narrow : typed.front());
      if (std::string_view(kCodeAlphabet).find(c) == std::string_view::npos ||
          code.size() == static_cast<size_t>(longest))
        return "";
      code += c;
      taken = narrow != 0 ? 3 : 1;
    }
    typed.remove_prefix(taken);
  }
  return code;
}

}  // namespace kubari::auth
