#include "services/support/sealing.h"

#include <sodium.h>

#include <cstdlib>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "libs/auth/codes.h"

namespace kubari::support {
namespace {

constexpr char kVersion = 1;
constexpr size_t kNonce = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES;
constexpr size_t kTag = crypto_aead_xchacha20poly1305_ietf_ABYTES;
static_assert(crypto_aead_xchacha20poly1305_ietf_KEYBYTES == 32);

// Without a source of randomness nothing here is safe, so the program ends.
void NeedSodium() {
  static const bool ready = sodium_init() >= 0;
  if (!ready) std::abort();
}

const unsigned char* Raw(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }
unsigned char* Raw(std::string& text) { return reinterpret_cast<unsigned char*>(text.data()); }

std::string Hash(std::string_view text, std::string_view key, size_t size) {
  NeedSodium();
  std::string hash(size, '\0');
  crypto_generichash(Raw(hash), hash.size(), Raw(text), text.size(), Raw(key), key.size());
  return hash;
}

}  // namespace

Key Key::Random() {
  NeedSodium();
  std::string bytes(32, '\0');
  randombytes_buf(bytes.data(), bytes.size());
  return Key(bytes);
}

Key Key::Of(std::string_view bytes) {
  if (bytes.size() != 32) std::abort();  // a mistake of the program
  return Key(bytes);
}

absl::StatusOr<Key> Key::FromHex(std::string_view hex) {
  bool digits = hex.size() == 64;
  for (const char c : hex) digits = digits && absl::ascii_isxdigit(static_cast<unsigned char>(c));
  if (!digits) {
    return absl::InvalidArgumentError(absl::StrCat(
        "has ", hex.size(), " characters; expected 64 hexadecimal digits, for instance from: openssl rand -hex 32"));
  }
  return Key(absl::HexStringToBytes(absl::string_view(hex.data(), hex.size())));
}

Key::~Key() { sodium_memzero(bytes_.data(), bytes_.size()); }

std::string Key::Fingerprint() const {
  const std::string hash = Hash("kubari.support.fingerprint", bytes_, 16);
  return absl::BytesToHexString(absl::string_view(hash.data(), 8));
}

std::string Seal(const Key& key, std::string_view context, std::string_view text) {
  NeedSodium();
  std::string box(1 + kNonce + text.size() + kTag, '\0');
  box[0] = kVersion;
  unsigned char* const nonce = Raw(box) + 1;
  randombytes_buf(nonce, kNonce);
  crypto_aead_xchacha20poly1305_ietf_encrypt(nonce + kNonce, nullptr, Raw(text), text.size(), Raw(context),
                                             context.size(), nullptr, nonce, Raw(key.bytes()));
  return box;
}

absl::StatusOr<std::string> Open(const Key& key, std::string_view context, std::string_view box) {
  NeedSodium();
  const absl::Status damaged = absl::DataLossError("a sealed text does not open");
  if (box.size() < 1 + kNonce + kTag || box[0] != kVersion) return damaged;
  std::string text(box.size() - 1 - kNonce - kTag, '\0');
  const unsigned char* const nonce = Raw(box) + 1;
  if (crypto_aead_xchacha20poly1305_ietf_decrypt(Raw(text), nullptr, nullptr, nonce + kNonce, text.size() + kTag,
                                                 Raw(context), context.size(), nonce, Raw(key.bytes())) != 0) {
    return damaged;
  }
  return text;
}

std::string ContextOf(std::string_view network, std::string_view owner, std::string_view field) {
  return absl::StrCat(std::string(network), "/", std::string(owner), "/", std::string(field));
}

std::string Mac(const Key& key, std::string_view purpose, std::string_view text) {
  const Key derived = Key::Of(Hash(purpose, key.bytes(), 32));
  return Hash(text, derived.bytes(), 32);
}

std::string CodeOf(std::string_view mac, int count) {
  // 32 characters: five bits of each byte, drawn evenly.
  std::string code;
  for (int i = 0; i < count; ++i) code += auth::kCodeAlphabet[static_cast<unsigned char>(mac.at(i)) & 31];
  return code;
}

}  // namespace kubari::support
