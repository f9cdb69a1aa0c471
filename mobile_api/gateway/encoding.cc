#include "mobile_api/gateway/encoding.h"

#include <absl/strings/ascii.h>
#include <absl/strings/match.h>
#include <absl/strings/numbers.h>
#include <absl/strings/str_split.h>
#include <zlib.h>

#include <vector>

namespace kubari::gateway {

bool Accepts(std::string_view accept_encoding, std::string_view coding) {
  for (absl::string_view item :
       absl::StrSplit(absl::string_view(accept_encoding.data(), accept_encoding.size()), ',')) {
    const std::vector<absl::string_view> parts = absl::StrSplit(item, ';');
    if (!absl::EqualsIgnoreCase(absl::StripAsciiWhitespace(parts[0]), absl::string_view(coding.data(), coding.size())))
      continue;
    if (parts.size() < 2) return true;
    absl::string_view weight = absl::StripAsciiWhitespace(parts[1]);
    double quality = 1;
    return !(absl::StartsWithIgnoreCase(weight, "q=") && absl::SimpleAtod(weight.substr(2), &quality) && quality <= 0);
  }
  return false;
}

std::string Gzip(std::string_view content, int level) {
  z_stream stream = {};
  // 15: the largest window; + 16: a gzip header instead of zlib's. It fails only without memory.
  if (deflateInit2(&stream, level, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK) throw std::bad_alloc();
  std::string result(deflateBound(&stream, content.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(content.data()));
  stream.avail_in = static_cast<uInt>(content.size());
  stream.next_out = reinterpret_cast<Bytef*>(result.data());
  stream.avail_out = static_cast<uInt>(result.size());
  deflate(&stream, Z_FINISH);
  result.resize(stream.total_out);
  deflateEnd(&stream);
  return result;
}

}  // namespace kubari::gateway
