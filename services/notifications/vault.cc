#include "services/notifications/vault.h"

#include <sodium.h>

#include <algorithm>

namespace kubari::notifications {

static_assert(crypto_secretbox_KEYBYTES == 32);

Vault::Vault(std::string_view key) { std::copy_n(key.begin(), key_.size(), key_.begin()); }

std::optional<Vault> Vault::FromHex(std::string_view key) {
  std::string bytes(crypto_secretbox_KEYBYTES, '\0');
  size_t length = 0;
  const char* end = nullptr;
  if (key.size() != 2 * bytes.size() || sodium_hex2bin(reinterpret_cast<unsigned char*>(bytes.data()), bytes.size(), key.data(), key.size(), nullptr,
                                                       &length, &end) != 0 ||
      length != bytes.size()) {
    return std::nullopt;
  }
  return Vault(bytes);
}

std::string Vault::Seal(std::string_view bytes) const {
  std::string sealed(crypto_secretbox_NONCEBYTES + crypto_secretbox_MACBYTES + bytes.size(), '\0');
  auto* out = reinterpret_cast<unsigned char*>(sealed.data());
  randombytes_buf(out, crypto_secretbox_NONCEBYTES);
  crypto_secretbox_easy(out + crypto_secretbox_NONCEBYTES, reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), out, key_.data());
  return sealed;
}

std::optional<std::string> Vault::Open(std::string_view sealed) const {
  constexpr size_t kExtra = crypto_secretbox_NONCEBYTES + crypto_secretbox_MACBYTES;
  if (sealed.size() < kExtra) return std::nullopt;
  std::string bytes(sealed.size() - kExtra, '\0');
  const auto* in = reinterpret_cast<const unsigned char*>(sealed.data());
  if (crypto_secretbox_open_easy(reinterpret_cast<unsigned char*>(bytes.data()), in + crypto_secretbox_NONCEBYTES,
                                 sealed.size() - crypto_secretbox_NONCEBYTES, in, key_.data()) != 0) {
    return std::nullopt;
  }
  return bytes;
}

}  // namespace kubari::notifications
