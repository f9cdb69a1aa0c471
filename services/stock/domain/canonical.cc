#include "services/stock/domain/canonical.h"

#include <absl/strings/str_cat.h>
#include <sodium.h>

namespace kubari::stock {
namespace {

// "\" and line feed are the only characters that could be taken for structure.
void AppendField(std::string& out, std::string_view name, std::string_view value) {
  out.append(name).push_back(':');
  for (const char c : value) {
    if (c == '\\') {
      out += "\\\\";
    } else if (c == '\n') {
      out += "\\n";
    } else {
      out.push_back(c);
    }
  }
  out.push_back('\n');
}

// MOVEMENT_KIND_RECEIVE → RECEIVE.
std::string KindName(pb::MovementKind kind) {
  constexpr std::string_view kPrefix = "MOVEMENT_KIND_";
  return pb::MovementKind_Name(kind).substr(kPrefix.size());
}

}  // namespace

std::string CanonicalBytes(const Movement& m) {
  std::string out = "kubari.movement.v1\n";
  AppendField(out, "network", m.network_id);
  AppendField(out, "position", absl::StrCat(m.position));
  AppendField(out, "movement", m.id);
  AppendField(out, "kind", KindName(m.kind));
  AppendField(out, "lot", m.lot_id);
  AppendField(out, "from", m.from_place);
  AppendField(out, "to", m.to_place);
  AppendField(out, "items", absl::StrCat(m.items));
  AppendField(out, "reservation", m.reservation_id);
  AppendField(out, "delivery", m.delivery_id);
  AppendField(out, "group", m.group_id);
  AppendField(out, "operation", OperationName(m));
  AppendField(out, "reverses", m.reverses);
  AppendField(out, "effect", KindName(m.effect_kind));
  AppendField(out, "effect_items", absl::StrCat(m.effect_items()));
  AppendField(out, "reason", m.reason);
  AppendField(out, "note", m.note);
  AppendField(out, "actor", m.actor);
  AppendField(out, "occurred", absl::StrCat(absl::ToUnixMicros(m.occurred_time)));
  AppendField(out, "recorded", absl::StrCat(absl::ToUnixMicros(m.recorded_time)));
  AppendField(out, "households", absl::StrCat(m.households));
  AppendField(out, "municipality", m.municipality_code);
  AppendField(out, "request", m.request_id);
  return out;
}

std::string LeafHash(const Movement& movement) { return Sha256(std::string(1, '\0') + CanonicalBytes(movement)); }

std::string Sha256(std::string_view bytes) {
  std::string hash(crypto_hash_sha256_BYTES, '\0');
  crypto_hash_sha256(reinterpret_cast<unsigned char*>(hash.data()),
                     reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size());
  return hash;
}

}  // namespace kubari::stock
