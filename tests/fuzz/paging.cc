#include "libs/paging/paging.h"

#include <string>
#include <vector>

#include "libs/errors/errors.h"
#include "tests/fuzz/targets.h"

namespace kubari::fuzz {

void Paging(std::string_view bytes) {
  const std::string fingerprint(32, 'f');
  // As a token that somebody sends.
  const auto key = paging::Decode(bytes, fingerprint);
  if (!key.ok()) {
    Require(errors::ReasonOf(key.status()) == "PAGE_TOKEN_INVALID", "the error has its reason");
  } else if (!bytes.empty()) {
    Require(paging::Encode(fingerprint, *key) == bytes, "a key has one token", bytes);
  }

  // As a key, split at the line breaks, that goes into a token and comes back.
  std::vector<std::string> parts(1);
  for (const char c : bytes) {
    if (c == '\n') {
      parts.emplace_back();
    } else {
      parts.back().push_back(c);
    }
  }
  if (bytes.size() > 500 || parts.size() > 8) return;  // no list has such keys, and tokens have a bound
  const std::string token = paging::Encode(fingerprint, parts);
  const auto back = paging::Decode(token, fingerprint);
  Require(back.ok() && *back == parts, "a token gives its key back", token);
  Require(!paging::Decode(token, std::string(32, 'g')).ok(), "a token is of one list", token);
  std::string damaged = token;
  char& letter = damaged[bytes.size() % damaged.size()];
  letter = letter == 'A' ? 'B' : 'A';
  Require(!paging::Decode(damaged, fingerprint).ok(), "a damaged token is refused", damaged);
}

}  // namespace kubari::fuzz
