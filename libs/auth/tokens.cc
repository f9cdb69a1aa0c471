#include "libs/auth/tokens.h"

#include <absl/strings/escaping.h>
#include <sodium.h>

#include <cstdlib>

namespace kubari::auth {
namespace {

// Without a source of randomness nothing here is safe, so the program ends.
void NeedSodium() {
  static const bool ready = sodium_init() >= 0;
  if (!ready) std::abort();
}

}  // namespace

std::string NewToken(std::string_view prefix) {
  NeedSodium();
  std::string bytes(32, '\0');
  randombytes_buf(bytes.data(), bytes.size());
  return std::string(prefix) + absl::WebSafeBase64Escape(bytes);
}

std::string RandomCode(std::string_view alphabet, int count) {
  NeedSodium();
  std::string code;
  for (int i = 0; i < count; ++i) code += alphabet[randombytes_uniform(static_cast<uint32_t>(alphabet.size()))];
  return code;
}

std::string HashToken(std::string_view token) {
  std::string hash(crypto_hash_sha256_BYTES, '\0');
  crypto_hash_sha256(reinterpret_cast<unsigned char*>(hash.data()), reinterpret_cast<const unsigned char*>(token.data()),
                     token.size());
  return hash;
}

bool EqualSecrets(std::string_view a, std::string_view b) {
  return !a.empty() && a.size() == b.size() && sodium_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace kubari::auth
