// UUIDs and resource names. An id is always the canonical text of a UUID: 36 characters, lower case.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "absl/time/time.h"

namespace kubari::ids {

// A new UUID version 7 (RFC 9562, section 5.7): 48 bits of `now` in milliseconds, then 74 random bits. Ids made later
// sort later, so rows inserted together lie together in an index. Ids made in the same millisecond have no order.
std::string NewV7(absl::Time now);

// NewV7 of the wall clock, for callers whose tests do not depend on it.
std::string NewUuid();

// The UUID version 5 (RFC 9562, section 5.5: SHA-1) of `name` in the namespace `namespace_uuid`: the same input gives
// the same id everywhere. `namespace_uuid` is a constant of the program; anything but a canonical UUID ends the
// process.
std::string DeriveV5(std::string_view namespace_uuid, std::string_view name);

// Whether `text` is a UUID in canonical form ("0190163d-8694-739b-aea5-966c26f8ad91"): hyphens in place, lower case,
// any version.
bool IsUuid(std::string_view text);

// The id in a resource name of this collection: ("lots", "lots/0190163d-…") → "0190163d-…". Nothing for any other text.
std::optional<std::string> IdFromName(std::string_view collection, std::string_view name);

// ("lots", "0190163d-…") → "lots/0190163d-…".
std::string Name(std::string_view collection, std::string_view id);

}  // namespace kubari::ids
