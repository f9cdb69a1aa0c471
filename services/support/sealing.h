// Encryption of what requests say about people. XChaCha20-Poly1305 (libsodium), with what the text belongs to as
// associated data, so that a box can neither be changed nor put in another's place unnoticed.
//
//   installation key (a file, not in the database)
//     └─ seals the key of each network        networks.sealed_key
//          └─ seals two keys of each request  data_keys: one for the contact, one for all else
//               └─ seal its texts             boxes
//
// Erasing deletes a request's keys as well as its boxes: what a copy of the boxes alone holds is unreadable then.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace kubari::support {

// 32 bytes; wiped from memory when it goes.
class Key {
 public:
  static Key Random();
  // Of exactly 32 bytes.
  static Key Of(std::string_view bytes);
  // 64 hexadecimal digits (openssl rand -hex 32). INVALID_ARGUMENT without repeating the text.
  static absl::StatusOr<Key> FromHex(std::string_view hex);
  ~Key();
  Key(const Key&) = default;
  Key& operator=(const Key&) = default;

  std::string_view bytes() const { return bytes_; }
  // Tells keys apart without giving one away: 16 hexadecimal digits of a BLAKE2b hash.
  std::string Fingerprint() const;

 private:
  explicit Key(std::string_view bytes) : bytes_(bytes) {}
  std::string bytes_;
};

// version (1 byte) ‖ nonce (24) ‖ ciphertext and tag. `context`: what it belongs to; the same is needed to open it.
std::string Seal(const Key& key, std::string_view context, std::string_view text);
// The text; DATA_LOSS without any detail if the box, the key or the context is another.
absl::StatusOr<std::string> Open(const Key& key, std::string_view context, std::string_view box);

// "network/owner/field".
std::string ContextOf(std::string_view network, std::string_view owner, std::string_view field);

// 32 bytes that only who has the key can compute: BLAKE2b with a key derived from it for this purpose.
std::string Mac(const Key& key, std::string_view purpose, std::string_view text);

// `count` characters of libs/auth's code alphabet, from the first bytes of a Mac; at most 32.
std::string CodeOf(std::string_view mac, int count);

}  // namespace kubari::support
