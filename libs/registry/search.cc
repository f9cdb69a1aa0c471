#include "libs/registry/search.h"

#include <unicode/normalizer2.h>
#include <unicode/translit.h>
#include <unicode/uchar.h>
#include <unicode/unistr.h>

#include <algorithm>
#include <array>
#include <memory>
#include <set>
#include <utility>

namespace kubari::registry {
namespace {

icu::UnicodeString FromUtf8(std::string_view text) {
  return icu::UnicodeString::fromUTF8(icu::StringPiece(text.data(), static_cast<int32_t>(text.size())));
}

std::string ToUtf8(const icu::UnicodeString& text) {
  std::string out;
  text.toUTF8String(out);
  return out;
}

// Kana in Hepburn's letters; other letters stay. A transliterator may not be shared by threads.
void Romanise(icu::UnicodeString& text) {
  thread_local const std::unique_ptr<icu::Transliterator> hiragana_latin = [] {
    UErrorCode error = U_ZERO_ERROR;
    std::unique_ptr<icu::Transliterator> made(
        icu::Transliterator::createInstance("Hiragana-Latin; NFD; [:Nonspacing Mark:] Remove", UTRANS_FORWARD, error));
    if (U_FAILURE(error)) made.reset();
    return made;
  }();
  if (hiragana_latin != nullptr) hiragana_latin->transliterate(text);
}

bool IsVowel(char c) { return c == 'a' || c == 'i' || c == 'u' || c == 'e' || c == 'o'; }
bool IsLetter(char c) { return c >= 'a' && c <= 'z'; }

// Hepburn and its variants in Kunrei's letters; the longest first. Each is tried at each place, once.
constexpr std::array<std::pair<std::string_view, std::string_view>, 25> kSpellings = {{
    {"tch", "ty"}, {"cch", "ty"}, {"ssh", "sy"}, {"tts", "t"}, {"shi", "si"}, {"chi", "ti"}, {"tsu", "tu"}, {"dzu", "zu"},
    {"dji", "zi"}, {"sh", "sy"},  {"ch", "ty"},  {"ts", "t"},  {"ji", "zi"},  {"jy", "zy"},  {"di", "zi"},  {"du", "zu"},
    {"dy", "zy"},  {"dz", "z"},   {"j", "zy"},   {"f", "h"},   {"l", "r"},    {"v", "b"},    {"tyi", "ti"}, {"ph", "h"},
    {"wo", "o"},
}};

std::string Respell(std::string_view latin) {
  std::string out;
  for (size_t i = 0; i < latin.size();) {
    const auto spelling = std::find_if(kSpellings.begin(), kSpellings.end(), [&](const auto& each) {
      return latin.substr(i, each.first.size()) == each.first;
    });
    if (spelling == kSpellings.end()) {
      out += latin[i++];
    } else {
      out += spelling->second;
      i += spelling->first.size();
    }
  }
  return out;
}

// Long vowels as short ones, doubled consonants as single ones, n before b, m and p.
std::string Shorten(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const char before = out.empty() ? '\0' : out.back();
    const char next = i + 1 < text.size() ? text[i + 1] : '\0';
    if (IsLetter(c) && c == before) continue;
    if (c == 'u' && before == 'o') continue;                                                   // ou
    if (c == 'i' && before == 'e') continue;                                                   // ei
    if (c == 'h' && IsVowel(before) && !IsVowel(next) && next != 'y') continue;                // ohno, satoh
    if (c == 'm' && (next == 'b' || next == 'p' || next == 'm')) {
      if (before != 'n') out += 'n';
      continue;
    }
    // "syi", "tyi", "zyi" are si, ti, zi.
    if (c == 'y' && next == 'i') continue;
    out += c;
  }
  // The beginning of a syllable that is still being typed: "sapporosh".
  if (out.size() > 1 && out.back() == 'y' && (out[out.size() - 2] == 's' || out[out.size() - 2] == 't' || out[out.size() - 2] == 'z')) {
    out.pop_back();
  }
  return out;
}

std::string EscapeLike(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '%' || c == '_' || c == '\\') out += '\\';
    out += c;
  }
  return out;
}

std::string Unescape(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 1 < text.size()) ++i;
    out += text[i];
  }
  return out;
}

std::vector<std::string> SplitAtSpaces(std::string_view text) {
  const icu::UnicodeString source = FromUtf8(text);
  std::vector<std::string> parts;
  icu::UnicodeString part;
  for (int32_t i = 0; i <= source.length(); i = i < source.length() ? source.moveIndex32(i, 1) : i + 1) {
    if (i < source.length() && !u_isUWhiteSpace(source.char32At(i))) {
      part.append(source.char32At(i));
    } else if (!part.isEmpty()) {
      parts.push_back(ToUtf8(part));
      part.remove();
    }
  }
  return parts;
}

int64_t Characters(std::string_view text) {
  return std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; });
}

}  // namespace

std::string Fold(std::string_view text) {
  UErrorCode error = U_ZERO_ERROR;
  const icu::Normalizer2* normalizer = icu::Normalizer2::getNFKCCasefoldInstance(error);
  if (U_FAILURE(error)) return std::string(text);  // ICU without its data; the exact text can still be found
  const icu::UnicodeString normal = normalizer->normalize(FromUtf8(text), error);
  if (U_FAILURE(error)) return std::string(text);
  icu::UnicodeString folded;
  for (int32_t i = 0; i < normal.length(); i = normal.moveIndex32(i, 1)) {
    UChar32 c = normal.char32At(i);
    if (u_isUWhiteSpace(c)) continue;
    // Katakana ァ to ヶ lie 0x60 above their hiragana, and so do the iteration marks ヽ ヾ.
    if ((c >= 0x30A1 && c <= 0x30F6) || c == 0x30FD || c == 0x30FE) c -= 0x60;
    folded.append(c);
  }
  return ToUtf8(folded);
}

std::string Reading(std::string_view text) {
  icu::UnicodeString latin = FromUtf8(Fold(text));
  Romanise(latin);
  std::string letters;
  for (int32_t i = 0; i < latin.length(); i = latin.moveIndex32(i, 1)) {
    const UChar32 c = latin.char32At(i);
    if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')) {
      letters += static_cast<char>(c);
    } else if (u_isalpha(c) && c != 0x30FC) {  // ー after what has no vowel stays; it says nothing
      return "";
    }
  }
  return Shorten(Respell(letters));
}

std::string FullSearchKey(const std::vector<std::string>& texts) {
  std::string key = "\n";
  std::set<std::string> seen = {""};
  for (const bool readings : {false, true}) {
    for (const std::string& text : texts) {
      const std::string line = readings ? Reading(text) : Fold(text);
      if (seen.insert(line).second) key += line + '\n';
    }
  }
  return key;
}

SearchWords SplitQuery(std::string_view query) {
  SearchWords split;
  std::vector<std::pair<std::string, std::string>> words;
  for (const std::string& part : SplitAtSpaces(query)) {
    const std::string word = Fold(part);
    if (word.empty()) continue;
    const std::string reading = Reading(part);
    words.emplace_back(EscapeLike(word), reading.empty() ? EscapeLike(word) : reading);
    if (words.size() == 8) break;
  }
  std::stable_sort(words.begin(), words.end(), [](const auto& a, const auto& b) { return a.second.size() > b.second.size(); });
  for (auto& [word, reading] : words) {
    split.words.push_back(std::move(word));
    split.readings.push_back(std::move(reading));
  }
  // Of several words each says something of its own; what has only most of their letters is not what was meant.
  if (split.words.size() == 1) {
    const std::string word = Unescape(split.words[0]);
    const std::string reading = Unescape(split.readings[0]);
    if (reading != word ? reading.size() >= 5 : Characters(word) >= 4) split.similar = reading;
  }
  return split;
}

int Rank(const std::string& full_key, const SearchWords& query) {
  int rank = -1;
  for (size_t i = 0; i < query.words.size(); ++i) {
    const std::string word = Unescape(query.words[i]);
    const std::string reading = Unescape(query.readings[i]);
    const auto has = [&](const std::string& before, const std::string& after) {
      return full_key.find(before + word + after) != std::string::npos ||
             full_key.find(before + reading + after) != std::string::npos;
    };
    if (!has("", "")) return -1;
    if (i == 0) rank = has("\n", "\n") ? 0 : has("\n", "") ? 1 : 2;
  }
  return rank;
}

}  // namespace kubari::registry
