#include "libs/ledger_audit/canonical.h"

#include <absl/strings/escaping.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_format.h>
#include <sodium.h>

#include <string_view>
#include <utility>

namespace kubari::ledger_audit {
namespace {

using stock::v1::Movement;
using stock::v1::MovementKind;

// "lots/0190…" → "0190…"
std::string Id(const std::string& name) { return name.substr(name.find('/') + 1); }

int64_t Micros(const google::protobuf::Timestamp& time) { return time.seconds() * 1'000'000 + time.nanos() / 1'000; }

// MOVEMENT_KIND_RECEIVE → RECEIVE. A kind that this program does not know is written as its number.
std::string KindName(MovementKind kind) {
  const std::string name = stock::v1::MovementKind_Name(kind);
  return name.empty() ? absl::StrCat(static_cast<int>(kind)) : name.substr(std::string_view("MOVEMENT_KIND_").size());
}

std::string Sha256(const std::string& bytes) {
  std::string hash(crypto_hash_sha256_BYTES, '\0');
  crypto_hash_sha256(reinterpret_cast<unsigned char*>(hash.data()),
                     reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size());
  return hash;
}

}  // namespace

std::string MovementNameAt(const std::string& network, int64_t position) {
  const std::string hex = absl::BytesToHexString(Sha256(network));
  const std::string tail = absl::StrFormat("%016x", position);
  // The first digit of the last 16 carries the variant's two bits, 10.
  return absl::StrCat("movements/", hex.substr(0, 8), "-", hex.substr(8, 4), "-8", hex.substr(12, 3), "-8",
                      tail.substr(1, 3), "-", tail.substr(4));
}

std::string CanonicalBytesOf(const Movement& m, const std::string& network) {
  const std::pair<const char*, std::string> fields[] = {{"network", network},
                                                        {"position", absl::StrCat(m.position())},
                                                        {"movement", Id(m.name())},
                                                        {"kind", KindName(m.kind())},
                                                        {"lot", Id(m.lot())},
                                                        {"from", Id(m.from_place())},
                                                        {"to", Id(m.to_place())},
                                                        {"items", absl::StrCat(m.items())},
                                                        {"reservation", Id(m.reservation())},
                                                        {"delivery", Id(m.delivery())},
                                                        {"group", Id(m.group())},
                                                        {"operation", m.operation()},
                                                        {"reverses", Id(m.reverses())},
                                                        {"effect", KindName(m.effect_kind())},
                                                        {"effect_items", absl::StrCat(m.effect_items())},
                                                        {"reason", m.reason()},
                                                        {"note", m.note()},
                                                        {"actor", m.actor()},
                                                        {"occurred", absl::StrCat(Micros(m.occurred_time()))},
                                                        {"recorded", absl::StrCat(Micros(m.recorded_time()))},
                                                        {"households", absl::StrCat(m.households())},
                                                        {"municipality", m.municipality_code()},
                                                        {"request", m.request_id()}};
  std::string bytes = "kubari.movement.v1\n";
  for (const auto& [name, value] : fields) {
    absl::StrAppend(&bytes, name, ":");
    for (const char c : value) {
      if (c == '\\') {
        bytes += "\\\\";
      } else if (c == '\n') {
        bytes += "\\n";
      } else {
        bytes += c;
      }
    }
    bytes += '\n';
  }
  return bytes;
}

std::string LeafHashOf(const Movement& movement, const std::string& network) {
  return Sha256(std::string(1, '\0') + CanonicalBytesOf(movement, network));
}

}  // namespace kubari::ledger_audit
