#include "libs/ids/ids.h"

#include <sys/random.h>

#include <array>
#include <boost/uuid/name_generator_sha1.hpp>
#include <boost/uuid/string_generator.hpp>
#include <boost/uuid/uuid_io.hpp>
#include <cstdint>
#include <cstdio>
#include <cstdlib>

#include "absl/time/clock.h"

namespace kubari::ids {
namespace {

constexpr size_t kLength = 36;

bool IsHyphenPlace(size_t i) { return i == 8 || i == 13 || i == 18 || i == 23; }

std::string ToText(const std::array<uint8_t, 16>& bytes) {
  constexpr char kHex[] = "0123456789abcdef";
  std::string text;
  text.reserve(kLength);
  for (const uint8_t byte : bytes) {
    if (IsHyphenPlace(text.size())) text += '-';
    text += kHex[byte >> 4];
    text += kHex[byte & 15];
  }
  return text;
}

[[noreturn]] void Die(const char* what) {
  std::fprintf(stderr, "ids: %s\n", what);
  std::abort();
}

}  // namespace

std::string NewV7(absl::Time now) {
  std::array<uint8_t, 16> bytes;
  // Up to 256 bytes getrandom is never cut short once the kernel's generator is seeded.
  if (getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size()))
    Die("the kernel gives no randomness");
  const uint64_t millis = static_cast<uint64_t>(absl::ToUnixMillis(now));
  for (int i = 0; i < 6; ++i) bytes[i] = static_cast<uint8_t>(millis >> (8 * (5 - i)));
  bytes[6] = static_cast<uint8_t>(0x70 | (bytes[6] & 0x0f));
  bytes[8] = static_cast<uint8_t>(0x80 | (bytes[8] & 0x3f));
  return ToText(bytes);
}

std::string NewUuid() { return NewV7(absl::Now()); }

std::string DeriveV5(std::string_view namespace_uuid, std::string_view name) {
  if (!IsUuid(namespace_uuid)) Die("DeriveV5 needs a canonical UUID as its namespace");
  const boost::uuids::uuid space = boost::uuids::string_generator()(namespace_uuid.begin(), namespace_uuid.end());
  return boost::uuids::to_string(boost::uuids::name_generator_sha1(space)(name.data(), name.size()));
}

bool IsUuid(std::string_view text) {
  if (text.size() != kLength) return false;
  for (size_t i = 0; i < kLength; ++i) {
    const char c = text[i];
    if (IsHyphenPlace(i) ? c != '-' : !((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'))) return false;
  }
  return true;
}

std::optional<std::string> IdFromName(std::string_view collection, std::string_view name) {
  if (name.size() != collection.size() + 1 + kLength) return std::nullopt;
  if (name.substr(0, collection.size()) != collection || name[collection.size()] != '/') return std::nullopt;
  const std::string_view id = name.substr(collection.size() + 1);
  if (!IsUuid(id)) return std::nullopt;
  return std::string(id);
}

std::string Name(std::string_view collection, std::string_view id) {
  std::string name(collection);
  name += '/';
  name += id;
  return name;
}

}  // namespace kubari::ids
