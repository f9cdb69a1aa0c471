// The application identifiers (AIs) of the GS1 General Specifications, as data.
#pragma once

#include <string_view>
#include <vector>

namespace kubari::gs1 {

// One AI, or a run of AIs that differ in the last digit or two ("3100" to "3105").
struct AiRule {
  std::string_view first;
  std::string_view last;
  // Parts separated by blanks: N digits, X character set 82, Y character set 39, Z base64url; "6" exactly, "..20" 1 to
  // 20; in [brackets] if it may be missing; then c: the part ends with its check digit; d: YYMMDD where day 00 is the
  // month; D: YYMMDD. Only the last part may vary in length.
  std::string_view format;
  std::string_view title;     // GS1's data title
  std::string_view japanese;  // for the AIs that food carries, else empty
};

// Nothing for an AI that is not assigned.
const AiRule* FindRule(std::string_view ai);

// How many digits the AI has that begins with these two; 0 if none does.
size_t AiLength(std::string_view first_two_digits);

// Elements whose AI begins so have a length that every reader knows, so that no separator follows them (General
// Specifications, "Element strings with predefined length using GS1 Application Identifiers").
bool HasPredefinedLength(std::string_view ai);

// A key of a GS1 Digital Link and what may follow it in the path: alternatives, each in its order.
struct LinkKey {
  std::string_view ai;
  std::vector<std::vector<std::string_view>> qualifiers;
};

// Nothing if the AI is not a primary key.
const LinkKey* FindLinkKey(std::string_view ai);

// For tests that go through all of it.
const std::vector<AiRule>& AllRules();

}  // namespace kubari::gs1
