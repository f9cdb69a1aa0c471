// A lot's short code, to be read aloud or typed: seven characters of A–Z and 2–9 without I and O, and one check
// character.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace kubari::stock {

inline constexpr int kLotCodeLength = 8;

// The n-th candidate (0, 1, …) for the lot with this id: drawn from a hash, so that trying again after a collision is
// deterministic.
std::string LotCode(std::string_view lot_id, int n);

// The code in `text` in upper case without spaces and hyphens, if it is one and its check character holds. Any single
// wrong character is found (Luhn's method, modulo 32).
std::optional<std::string> ReadLotCode(std::string_view text);

}  // namespace kubari::stock
