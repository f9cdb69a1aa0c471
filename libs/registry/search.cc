#include "libs/registry/search.h"

#include <unicode/normalizer2.h>
#include <unicode/uchar.h>
#include <unicode/unistr.h>

namespace kubari::registry {

std::string Fold(std::string_view text) {
  UErrorCode error = U_ZERO_ERROR;
  const icu::Normalizer2* normalizer = icu::Normalizer2::getNFKCCasefoldInstance(error);
  if (U_FAILURE(error)) return std::string(text);  // ICU without its data; the exact text can still be found
  const icu::UnicodeString source =
      icu::UnicodeString::fromUTF8(icu::StringPiece(text.data(), static_cast<int32_t>(text.size())));
  const icu::UnicodeString normal = normalizer->normalize(source, error);
  if (U_FAILURE(error)) return std::string(text);
  icu::UnicodeString folded;
  for (int32_t i = 0; i < normal.length(); i = normal.moveIndex32(i, 1)) {
    UChar32 c = normal.char32At(i);
    if (u_isUWhiteSpace(c)) continue;
    // Katakana ァ to ヶ lie 0x60 above their hiragana, and so do the iteration marks ヽ ヾ.
    if ((c >= 0x30A1 && c <= 0x30F6) || c == 0x30FD || c == 0x30FE) c -= 0x60;
    folded.append(c);
  }
  std::string out;
  folded.toUTF8String(out);
  return out;
}

std::string SearchKey(const std::vector<std::string>& texts) {
  std::string key;
  for (const std::string& text : texts) {
    if (!key.empty()) key += '\n';
    key += Fold(text);
  }
  return key;
}

std::string ContainsPattern(std::string_view query) {
  std::string pattern = "%";
  for (const char c : Fold(query)) {
    if (c == '%' || c == '_' || c == '\\') pattern += '\\';
    pattern += c;
  }
  if (pattern.size() > 1) pattern += '%';
  return pattern;
}

}  // namespace kubari::registry
