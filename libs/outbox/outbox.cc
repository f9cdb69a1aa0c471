#include "libs/outbox/outbox.h"

#include <sodium.h>

#include <array>
#include <string>

namespace kubari::outbox {
namespace {

constexpr pg::Statement kWrite{
    "INSERT INTO outbox (network_id, notice_id, notice, sealed) VALUES ($1, $2, $3, $4) ON CONFLICT (network_id, notice_id) DO NOTHING"};

using Key = std::array<unsigned char, crypto_secretbox_KEYBYTES>;

Key KeyOf(std::string_view service_key) {
  static constexpr char kPurpose[] = "kubari outbox 1";
  Key key;
  crypto_generichash_state state;
  crypto_generichash_init(&state, nullptr, 0, key.size());
  crypto_generichash_update(&state, reinterpret_cast<const unsigned char*>(kPurpose), sizeof(kPurpose));
  crypto_generichash_update(&state, reinterpret_cast<const unsigned char*>(service_key.data()), service_key.size());
  crypto_generichash_final(&state, key.data(), key.size());
  return key;
}

}  // namespace

void Write(pg::Transaction& tx, const Notice& notice) {
  tx.Defer(kWrite, tx.network_id(), notice.notice_id(), pg::Bytes{notice.SerializeAsString()}, false);
}

void WriteConfidential(pg::Transaction& tx, Notice notice, std::string_view service_key) {
  notice.set_confidential(true);
  tx.Defer(kWrite, tx.network_id(), notice.notice_id(), pg::Bytes{internal::Seal(service_key, notice.SerializeAsString())}, true);
}

namespace internal {

std::string Seal(std::string_view service_key, std::string_view bytes) {
  const Key key = KeyOf(service_key);
  std::string sealed(crypto_secretbox_NONCEBYTES + crypto_secretbox_MACBYTES + bytes.size(), '\0');
  auto* out = reinterpret_cast<unsigned char*>(sealed.data());
  randombytes_buf(out, crypto_secretbox_NONCEBYTES);
  crypto_secretbox_easy(out + crypto_secretbox_NONCEBYTES, reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), out, key.data());
  return sealed;
}

std::optional<std::string> Open(std::string_view service_key, std::string_view sealed) {
  constexpr size_t kExtra = crypto_secretbox_NONCEBYTES + crypto_secretbox_MACBYTES;
  if (sealed.size() < kExtra) return std::nullopt;
  const Key key = KeyOf(service_key);
  std::string bytes(sealed.size() - kExtra, '\0');
  const auto* in = reinterpret_cast<const unsigned char*>(sealed.data());
  if (crypto_secretbox_open_easy(reinterpret_cast<unsigned char*>(bytes.data()), in + crypto_secretbox_NONCEBYTES,
                                 sealed.size() - crypto_secretbox_NONCEBYTES, in, key.data()) != 0) {
    return std::nullopt;
  }
  return bytes;
}

}  // namespace internal
}  // namespace kubari::outbox
