// The canonical bytes of a movement, from which its leaf hash is made. Described for everyone who wants to compute them
// in README.md; never changed: a new form gets a new first line.
#pragma once

#include <string>
#include <string_view>

#include "services/stock/domain/types.h"

namespace kubari::stock {

// Everything but leaf_hash and request_hash.
std::string CanonicalBytes(const Movement& movement);

// RFC 6962, section 2.1: SHA-256 of 0x00 and the canonical bytes; 32 bytes.
std::string LeafHash(const Movement& movement);

// 32 bytes.
std::string Sha256(std::string_view bytes);

}  // namespace kubari::stock
