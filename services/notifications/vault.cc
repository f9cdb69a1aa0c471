#include "services/notifications/vault.h"

#include <absl/strings/escaping.h>
#include <absl/strings/str_cat.h>
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

std::string Vault::MacOf(std::string_view text) const {
  constexpr std::string_view kUse = "kubari.notifications signed tokens";
  std::array<unsigned char, crypto_generichash_KEYBYTES> key;
  crypto_generichash(key.data(), key.size(), reinterpret_cast<const unsigned char*>(kUse.data()), kUse.size(), key_.data(), key_.size());
  std::string mac(crypto_generichash_BYTES_MIN, '\0');
  crypto_generichash(reinterpret_cast<unsigned char*>(mac.data()), mac.size(), reinterpret_cast<const unsigned char*>(text.data()), text.size(),
                     key.data(), key.size());
  return mac;
}

std::string Vault::Sign(std::string_view text) const {
  return absl::WebSafeBase64Escape(absl::StrCat(MacOf(text), absl::string_view(text.data(), text.size())));
}

std::optional<std::string> Vault::ReadSigned(std::string_view token) const {
  std::string bytes;
  if (!absl::WebSafeBase64Unescape(absl::string_view(token.data(), token.size()), &bytes) || bytes.size() < crypto_generichash_BYTES_MIN) {
    return std::nullopt;
  }
  const std::string text = bytes.substr(crypto_generichash_BYTES_MIN), mac = MacOf(text);
  if (sodium_memcmp(mac.data(), bytes.data(), mac.size()) != 0) return std::nullopt;
  return text;
}

}  // namespace kubari::notifications
