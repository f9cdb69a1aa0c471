// Small things about UTF-8 text that the table, its cells and the writer share.
#pragma once

#include <string>
#include <string_view>

namespace kubari::tables {

// Well-formed UTF-8 (RFC 3629): no overlong forms, no surrogates, nothing above U+10FFFF.
bool IsUtf8(std::string_view bytes);

// Code points of well-formed UTF-8.
size_t CountCharacters(std::string_view text);
std::string FirstCharacters(std::string_view text, size_t count);

// Without white space on both sides: ASCII, no-break space and the ideographic space.
std::string_view Trim(std::string_view text);

// Full-width forms as ASCII ("１２－Ａ" → "12-A", the ideographic space → " "); everything else as it is.
std::string Narrow(std::string_view text);

// For comparing names and choices: narrow, trimmed, ASCII letters in lower case.
std::string Fold(std::string_view text);

// For comparing headers: also half-width kana and other compatibility forms are one (NFKC), and blanks, marks (＊ ※ ・ _ -) and what stands
// in brackets do not count: 「【必須】ケース 数（箱）」 is 「ケース数」.
std::string FoldHeader(std::string_view text);

// Would a spreadsheet run this text as a formula? Also true for such a text that already has the writer's quote (or
// more) before it, so that putting one on and taking one off are inverse.
bool LooksLikeFormula(std::string_view text);

}  // namespace kubari::tables
