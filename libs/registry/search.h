// Finding a name however it is typed.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace kubari::registry {

// Unicode NFKC with case folded (ＡＢＣ, abc and ABC are one; ｱ is ア), katakana as hiragana, white space left out.
std::string Fold(std::string_view text);

// For a column `search_key`: the folded texts, one a line, so that no query matches across two of them.
std::string SearchKey(const std::vector<std::string>& texts);

// For `search_key LIKE $n`: contains the query, whose own % and _ are taken literally. An empty query matches
// everything.
std::string ContainsPattern(std::string_view query);

}  // namespace kubari::registry
