// Codes that people read aloud and type from paper: invites, receipts, references.
#pragma once

#include <string>
#include <string_view>

namespace kubari::auth {

// 32 characters (5 bits each) without 0/O and 1/I, which people mix up.
inline constexpr char kCodeAlphabet[] = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789";

// ("ABCDEFGHJK…", 5) → "ABCDE-FGHJK-…".
std::string FormatCode(std::string_view code, int group);

// As typed → as made: upper case; without blanks and anything like a hyphen; full-width letters and digits of a
// Japanese keyboard become narrow ones. "" if anything else is in it, or if it is longer than `longest`.
std::string NormalCode(std::string_view typed, int longest);

}  // namespace kubari::auth
