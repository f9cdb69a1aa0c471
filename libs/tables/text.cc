#include "libs/tables/text.h"

#include <algorithm>
#include <cstdint>

#include <unicode/normalizer2.h>
#include <unicode/uchar.h>
#include <unicode/unistr.h>

#include "absl/strings/ascii.h"

namespace kubari::tables {
namespace {

bool Continues(char c) { return (static_cast<uint8_t>(c) & 0xC0) == 0x80; }

// The bytes of the well-formed character at the beginning; 0 if it is not one.
size_t CharacterSize(std::string_view text) {
  const auto byte = [text](size_t i) { return static_cast<uint8_t>(text[i]); };
  const uint8_t first = byte(0);
  if (first < 0x80) return 1;
  const size_t size = first >= 0xC2 && first <= 0xDF   ? 2
                      : (first & 0xF0) == 0xE0         ? 3
                      : first >= 0xF0 && first <= 0xF4 ? 4
                                                       : 0;
  if (size == 0 || text.size() < size) return 0;
  for (size_t i = 1; i < size; ++i) {
    if (!Continues(text[i])) return 0;
  }
  const uint8_t second = byte(1);
  if (first == 0xE0 && second < 0xA0) return 0;  // overlong
  if (first == 0xED && second > 0x9F) return 0;  // surrogate
  if (first == 0xF0 && second < 0x90) return 0;  // overlong
  if (first == 0xF4 && second > 0x8F) return 0;  // above U+10FFFF
  return size;
}

// The bytes of white space at the beginning.
size_t LeadingSpace(std::string_view text) {
  if (text.empty()) return 0;
  if (absl::ascii_isspace(text[0])) return 1;
  if (text.substr(0, 2) == "\u00A0") return 2;
  return text.substr(0, 3) == "\u3000" ? 3 : 0;
}

size_t TrailingSpace(std::string_view text) {
  if (text.empty()) return 0;
  if (absl::ascii_isspace(text.back())) return 1;
  if (text.size() >= 2 && text.substr(text.size() - 2) == "\u00A0") return 2;
  return text.size() >= 3 && text.substr(text.size() - 3) == "\u3000" ? 3 : 0;
}

}  // namespace

bool IsUtf8(std::string_view bytes) {
  while (!bytes.empty()) {
    const size_t size = CharacterSize(bytes);
    if (size == 0) return false;
    bytes.remove_prefix(size);
  }
  return true;
}

size_t CountCharacters(std::string_view text) {
  return std::count_if(text.begin(), text.end(), [](char c) { return !Continues(c); });
}

std::string FirstCharacters(std::string_view text, size_t count) {
  size_t end = 0;
  for (; end < text.size(); ++end) {
    if (!Continues(text[end]) && count-- == 0) break;
  }
  return std::string(text.substr(0, end));
}

std::string_view Trim(std::string_view text) {
  while (const size_t size = LeadingSpace(text)) text.remove_prefix(size);
  while (const size_t size = TrailingSpace(text)) text.remove_suffix(size);
  return text;
}

std::string Narrow(std::string_view text) {
  // U+FF01 to U+FF5E stand for ! to ~; in UTF-8 they are EF BC 81 … EF BC BF and EF BD 80 … EF BD 9E.
  std::string narrow;
  for (size_t i = 0; i < text.size();) {
    const std::string_view three = text.substr(i, 3);
    if (three == "\u3000") {
      narrow.push_back(' ');
      i += 3;
    } else if (three >= "\uFF01" && three <= "\uFF5E" && three.size() == 3) {
      const int code = (static_cast<uint8_t>(three[1]) & 0x3F) << 6 | (static_cast<uint8_t>(three[2]) & 0x3F);
      narrow.push_back(static_cast<char>(code - 0xF01 + '!'));
      i += 3;
    } else {
      narrow.push_back(text[i++]);
    }
  }
  return narrow;
}

std::string Fold(std::string_view text) {
  std::string folded = Narrow(Trim(text));
  absl::AsciiStrToLower(&folded);
  return folded;
}

std::string FoldHeader(std::string_view text) {
  UErrorCode code = U_ZERO_ERROR;
  const icu::Normalizer2* const nfkc = icu::Normalizer2::getNFKCCasefoldInstance(code);
  const icu::UnicodeString whole = icu::UnicodeString::fromUTF8(icu::StringPiece(text.data(), static_cast<int32_t>(text.size())));
  const icu::UnicodeString folded = U_SUCCESS(code) ? nfkc->normalize(whole, code) : whole;
  icu::UnicodeString kept;
  int depth = 0;
  for (int32_t i = 0; i < folded.length(); i = folded.moveIndex32(i, 1)) {
    const UChar32 c = folded.char32At(i);
    if (c == '(' || c == '[' || c == 0x3010) {
      ++depth;
    } else if ((c == ')' || c == ']' || c == 0x3011) && depth > 0) {
      --depth;
    } else if (depth == 0 && !u_isUWhiteSpace(c) && std::u32string_view(U"_・*※:.-/").find(c) == std::u32string_view::npos) {
      kept.append(c);
    }
  }
  std::string out;
  // Brackets around everything are part of the name.
  return (kept.isEmpty() ? folded : kept).toUTF8String(out);
}

bool LooksLikeFormula(std::string_view text) {
  while (!text.empty() && text[0] == '\'') text.remove_prefix(1);
  if (text.empty()) return false;
  const char first = Narrow(text.substr(0, 3))[0];  // some spreadsheets take the full-width signs too
  return first == '=' || first == '+' || first == '-' || first == '@' || (first >= 0 && first < ' ');
}

}  // namespace kubari::tables
