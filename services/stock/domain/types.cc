#include "services/stock/domain/types.h"

#include <absl/strings/escaping.h>
#include <absl/strings/numbers.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_format.h>

#include "libs/calendar/date.h"
#include "libs/ids/ids.h"
#include "services/stock/domain/canonical.h"

namespace kubari::stock {
namespace {

// The namespace of stand-in places; a constant for ever, since ids derived from it are in ledgers.
constexpr char kPlaceNamespace[] = "6f1c3f0e-52b7-4c5b-9d0e-8f1f5f2f7a10";
// Likewise of lots.
constexpr char kLotNamespace[] = "0f9f2c7e-3f56-4bd5-8a55-2d0f1a6c9b31";

// The first 15 hexadecimal digits that the ids of a network's movements share: twelve, and three behind the version.
std::string MovementPrefix(const std::string& network_id) {
  return absl::BytesToHexString(Sha256(network_id).substr(0, 8)).substr(0, 15);
}

}  // namespace

std::string Lot::Origin() const {
  const std::string& from = !facts.transformation().empty() ? facts.transformation()
                            : !facts.offer_line().empty()   ? facts.offer_line()
                                                            : facts.donor();
  return absl::StrCat(facts.product(), "|", from, "|", static_cast<int>(facts.good_until().kind()), "|",
                      facts.good_until().date(), "|", facts.donor_lot_number());
}

std::string LotId(const std::string& network_id, const Lot& lot) {
  return ids::DeriveV5(kLotNamespace, absl::StrCat(network_id, "|", lot.Origin()));
}

absl::CivilDay LastGoodDay(const pb::Lot& facts) {
  const auto date = calendar::Date::Parse(facts.good_until().date());
  return date.ok() ? date->LastGoodDay() : absl::CivilDay(9999, 12, 31);
}

std::string MovementId(const std::string& network_id, int64_t position) {
  const std::string prefix = MovementPrefix(network_id);
  // The variant's two bits, 10, and 62 of the position.
  const std::string last = absl::StrFormat("%016x", uint64_t{1} << 63 | static_cast<uint64_t>(position));
  return absl::StrCat(prefix.substr(0, 8), "-", prefix.substr(8, 4), "-8", prefix.substr(12, 3), "-", last.substr(0, 4),
                      "-", last.substr(4));
}

std::optional<int64_t> PositionOf(const std::string& network_id, const std::string& movement_id) {
  uint64_t bits = 0;
  if (!ids::IsUuid(movement_id) ||
      !absl::SimpleHexAtoi(absl::StrCat(movement_id.substr(19, 4), movement_id.substr(24)), &bits)) {
    return std::nullopt;
  }
  const int64_t position = static_cast<int64_t>(bits & ~(uint64_t{3} << 62));
  return MovementId(network_id, position) == movement_id ? std::optional(position) : std::nullopt;
}

std::string OperationName(const Movement& movement) {
  if (movement.operation_id.empty()) return "";
  switch (movement.effect_kind) {
    case pb::MOVEMENT_KIND_SEND:
    case pb::MOVEMENT_KIND_ARRIVE:
    case pb::MOVEMENT_KIND_SHORTAGE:
      return ids::Name("transfers", movement.operation_id);
    case pb::MOVEMENT_KIND_CONSUME:
    case pb::MOVEMENT_KIND_PRODUCE:
      return ids::Name("transformations", movement.operation_id);
    case pb::MOVEMENT_KIND_ADJUST:
      return ids::Name("stocktakes", movement.operation_id);
    default:
      return ids::Name("recalls", movement.operation_id);
  }
}

int64_t PromisedBy(const Movement& movement) {
  switch (movement.kind) {
    case pb::MOVEMENT_KIND_RESERVE:
      return movement.items;
    case pb::MOVEMENT_KIND_VOID:
    case pb::MOVEMENT_KIND_EXPIRE:
      return -movement.items;
    case pb::MOVEMENT_KIND_ISSUE:
      return movement.reservation_id.empty() ? 0 : -movement.items;
    default:
      return 0;  // the reversal of an issue brings the goods back as free stock
  }
}

std::string ShipmentOf(const Movement& movement) {
  switch (movement.effect_kind) {
    case pb::MOVEMENT_KIND_SEND:
    case pb::MOVEMENT_KIND_ARRIVE:
    case pb::MOVEMENT_KIND_SHORTAGE:
      return movement.operation_id;
    default:
      return "";
  }
}

int64_t Delivery::issued() const {
  int64_t sum = 0;
  for (const auto& [lot, line] : lines) sum += line.issued;
  return sum;
}

int64_t Delivery::open() const {
  int64_t sum = 0;
  for (const auto& [lot, line] : lines) sum += line.open();
  return sum;
}

void Delivery::Count(const Movement& movement) {
  switch (movement.effect_kind) {
    case pb::MOVEMENT_KIND_ISSUE:
    case pb::MOVEMENT_KIND_DIRECT:
    case pb::MOVEMENT_KIND_PASS_ON:
      lines[movement.lot_id].issued += movement.effect_items();
      break;
    case pb::MOVEMENT_KIND_CONFIRM:
      lines[movement.lot_id].confirmed += movement.effect_items();
      break;
    case pb::MOVEMENT_KIND_SHORTAGE:
      lines[movement.lot_id].missing += movement.effect_items();
      break;
    case pb::MOVEMENT_KIND_RETURN:
      lines[movement.lot_id].returned += movement.effect_items();
      break;
    default:
      break;  // promises
  }
}

int64_t Shipment::sent() const {
  int64_t sum = 0;
  for (const auto& [lot, line] : lines) sum += line.sent;
  return sum;
}

int64_t Shipment::open() const {
  int64_t sum = 0;
  for (const auto& [lot, line] : lines) sum += line.open();
  return sum;
}

bool Shipment::anything_arrived() const {
  for (const auto& [lot, line] : lines) {
    if (line.arrived + line.missing > 0) return true;
  }
  return false;
}

void Shipment::Count(const Movement& movement) {
  switch (movement.effect_kind) {
    case pb::MOVEMENT_KIND_SEND:
      lines[movement.lot_id].sent += movement.effect_items();
      break;
    case pb::MOVEMENT_KIND_ARRIVE:
      lines[movement.lot_id].arrived += movement.effect_items();
      break;
    case pb::MOVEMENT_KIND_SHORTAGE:
      lines[movement.lot_id].missing += movement.effect_items();
      break;
    default:
      break;
  }
}

std::string StandInPlaceId(const std::string& network_id, pb::PlaceKind kind, const std::string& party) {
  return ids::DeriveV5(kPlaceNamespace, absl::StrCat(network_id, "/", pb::PlaceKind_Name(kind), "/", party));
}

Place StandInPlace(const std::string& network_id, pb::PlaceKind kind, const std::string& party,
                   const std::string& display_name) {
  return {.id = StandInPlaceId(network_id, kind, party), .kind = kind, .party = party, .display_name = display_name};
}

}  // namespace kubari::stock
