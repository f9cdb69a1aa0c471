// What people type: e-mail addresses and network codes.
#pragma once

#include <string>
#include <string_view>

#include "libs/errors/errors.h"

namespace kubari::identity {

// Something before one "@" and a domain with a dot after it, 254 characters at most and no blanks. Whether mail arrives
// is another matter.
bool IsEmail(std::string_view email);

// Reason NOT_AN_EMAIL.
void CheckEmail(errors::Violations& violations, std::string_view field, std::string_view email);

// The form in which e-mail addresses are compared: without blanks around it, ASCII letters in lower case.
std::string EmailKey(std::string_view email);

// 2 to 40 of a–z, 0–9 and "-".
bool IsNetworkCode(std::string_view code);

// As typed at sign-in → as stored: without blanks around it, in lower case.
std::string NormalNetworkCode(std::string_view typed);

}  // namespace kubari::identity
