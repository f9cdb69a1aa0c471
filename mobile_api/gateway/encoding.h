// Content codings: what the client takes, and gzip.
#pragma once

#include <string>
#include <string_view>

namespace kubari::gateway {

// Whether the Accept-Encoding field names `coding` ("gzip", "br") with a quality above 0. "*" is not heard: nobody
// sends it alone.
bool Accepts(std::string_view accept_encoding, std::string_view coding);

// `level` 1 (fast) to 9 (small).
std::string Gzip(std::string_view content, int level);

}  // namespace kubari::gateway
