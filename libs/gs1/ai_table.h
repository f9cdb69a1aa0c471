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
  // 20; in [brackets] if it may be missing; then, after a colon, the rules of content.h that it keeps: "N14:digit".
  // Only the last part may vary in length.
  std::string_view format;
  std::string_view title;     // GS1's data title
  std::string_view japanese;  // for the AIs that food carries, else empty
};

// Nothing for an AI that is not assigned.
const AiRule* FindRule(std::string_view ai);

// How many digits the AI has that begins with these two digits; 0 if none does.
size_t AiLength(std::string_view first_two_digits);

// Elements whose AI begins so have a length that every reader knows, so that no separator follows them (General
// Specifications, "Element strings with predefined length using GS1 Application Identifiers").
bool HasPredefinedLength(std::string_view ai);

// Two different AIs for one measure or amount (31nn to 36nn, 39nn): their last digit counts the decimals. Both in one
// code contradict each other.
bool SayTheSame(std::string_view one_ai, std::string_view other_ai);

// A key of a GS1 Digital Link and what may follow it in the path: alternatives, each in its order.
struct LinkKey {
  std::string_view ai;
  std::vector<std::vector<std::string_view>> qualifiers;
};

// Nothing if the AI is not a primary key.
const LinkKey* FindLinkKey(std::string_view ai);

// May the AI be written as "?AI=value" of a link? Keys and qualifiers belong into the path.
bool MayStandInLinkQuery(std::string_view ai);

// For tests that go through all of it.
const std::vector<AiRule>& AllRules();

}  // namespace kubari::gs1
