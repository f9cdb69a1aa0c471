// Finding a name however it is typed: kanji, hiragana, katakana or romaji, full or half width, upper or lower case.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kubari::registry {

// Unicode NFKC with case folded (ＡＢＣ, abc and ABC are one; ｱ is ア), katakana as hiragana, white space left out.
std::string Fold(std::string_view text);

// How kana or romaji sounds, in Latin letters in which the ways to write it are one: Hepburn and Kunrei (shi, si; chi, ti; fu, hu; ji, zi),
// long vowels (ō, ou, oo, oh, o), doubled consonants and n before b, m and p (Shinbashi, Shimbashi). For comparing, not for showing.
// "みどりのショクドウ" and "Midori no shokudō" give "midorinosyokudo". Empty for what has other letters (kanji).
std::string Reading(std::string_view text);

// For the key of search_table.h: the folded texts and their readings, each between line ends, so that no query matches across two of them.
std::string FullSearchKey(const std::vector<std::string>& texts);

// A query in the words that it is made of; all must be found. What LIKE reads as a pattern is escaped in `words`.
struct SearchWords {
  std::vector<std::string> words;     // folded, the longest first: it narrows the most
  std::vector<std::string> readings;  // of the same word; the word itself if it has none
  // To look for what is nearly so, when nothing is exactly so; empty: the query is too short for that. For who does not see all that is
  // searched it must be left out (Exactly): what is not found would tell that something unseen is called so.
  std::string similar;
  bool empty() const { return words.empty(); }
  // The words; nothing if nothing is searched for.
  std::optional<std::vector<std::string>> any() const { return empty() ? std::nullopt : std::optional(words); }
  SearchWords Exactly() const { return {words, readings, ""}; }
};
// At most eight words; what comes behind is not looked for.
SearchWords SplitQuery(std::string_view query);

// How well a key of FullSearchKey fits, as search_found of search_table.h judges it: 0 a whole line, 1 the beginning of one, 2 within one;
// -1 not at all (what is only similar is not asked).
int Rank(const std::string& full_key, const SearchWords& query);

}  // namespace kubari::registry
