// What is kept encrypted: webhooks' secrets, the texts of confidential notices. XSalsa20-Poly1305 with the installation's key.
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

 private:
  explicit Vault(std::string_view key);
  std::array<unsigned char, 32> key_;
};

}  // namespace kubari::notifications
