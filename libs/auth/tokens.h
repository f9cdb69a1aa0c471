// Bearer tokens: made, hashed, compared.
#pragma once

#include <string>
#include <string_view>

namespace kubari::auth {

// `prefix` ("kbs_" for sessions, "kbk_" for keys of programs) and 256 random bits in base64url without padding (43 characters).
std::string NewToken(std::string_view prefix);

// `count` characters drawn evenly from `alphabet` (at least 2 characters).
std::string RandomCode(std::string_view alphabet, int count);

// SHA-256 of the token: 32 raw bytes. This is what is stored and what caches are keyed by; tokens have 256 random bits, so no salt
// and no slow hash is needed.
std::string HashToken(std::string_view token);

// In time that depends on the lengths only. False if either is empty.
bool EqualSecrets(std::string_view a, std::string_view b);

}  // namespace kubari::auth
