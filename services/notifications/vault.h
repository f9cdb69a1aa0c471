// What is kept encrypted: webhooks' secrets, the texts of confidential notices. XSalsa20-Poly1305 with the installation's key. And what goes out
// and must come back unchanged: BLAKE2b, with a key that is derived from it.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>

namespace kubari::notifications {

class Vault {
 public:
  // `key` as given by configuration: 64 hexadecimal digits; nothing for anything else.
  static std::optional<Vault> FromHex(std::string_view key);

  std::string Seal(std::string_view bytes) const;
  // Nothing if it was sealed with another key.
  std::optional<std::string> Open(std::string_view sealed) const;

  // A token, of letters, digits, - and _, from which everybody can read the text, but which nobody else can make.
  std::string Sign(std::string_view text) const;
  // The text; nothing if the token was not made here, with this key.
  std::optional<std::string> ReadSigned(std::string_view token) const;

 private:
  // Of `text`, 16 bytes.
  std::string MacOf(std::string_view text) const;
  explicit Vault(std::string_view key);
  std::array<unsigned char, 32> key_;
};

}  // namespace kubari::notifications
