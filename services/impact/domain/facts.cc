#include "services/impact/domain/facts.h"

#include <google/protobuf/util/time_util.h>

namespace kubari::impact {
namespace {

using stock::v1::MovementKind;

std::string IdOf(const std::string& name) { return name.substr(name.find('/') + 1); }

std::optional<Kind> Counted(MovementKind kind) {
  switch (kind) {
    case stock::v1::MOVEMENT_KIND_RECEIVE:
      return Kind::kReceive;
    case stock::v1::MOVEMENT_KIND_ISSUE:
      return Kind::kIssue;
    case stock::v1::MOVEMENT_KIND_CONFIRM:
      return Kind::kConfirm;
    case stock::v1::MOVEMENT_KIND_DISCARD:
      return Kind::kDiscard;
    default:
      return std::nullopt;
  }
}

absl::Time TimeOf(const google::protobuf::Timestamp& time) {
  return absl::FromUnixNanos(google::protobuf::util::TimeUtil::TimestampToNanoseconds(time));
}

}  // namespace

const char* KindName(Kind kind) {
  switch (kind) {
    case Kind::kReceive:
      return "RECEIVE";
    case Kind::kIssue:
      return "ISSUE";
    case Kind::kConfirm:
      return "CONFIRM";
    case Kind::kDiscard:
      return "DISCARD";
  }
  return "";
}

std::optional<Fact> FactOf(const stock::v1::FeedEntry& entry, absl::TimeZone zone) {
  const stock::v1::Movement& movement = entry.movement();
  const stock::v1::Lot& lot = entry.lot();
  const bool reversal = movement.kind() == stock::v1::MOVEMENT_KIND_REVERSAL;
  const std::optional<Kind> kind = Counted(reversal ? entry.reversed_kind() : movement.kind());
  if (!kind) return std::nullopt;
  Fact fact;
  fact.position = movement.position();
  fact.movement_id = IdOf(movement.name());
  fact.kind = *kind;
  fact.day = absl::ToCivilDay(TimeOf(movement.occurred_time()), zone);
  fact.recorded_time = TimeOf(movement.recorded_time());
  fact.donor_id = IdOf(lot.donor());
  fact.donor_display_name = lot.donor_display_name();
  fact.donor_may_be_named = lot.conditions().donor_may_be_named();
  fact.lot_id = IdOf(lot.name());
  fact.product_display_name = lot.product_display_name();
  fact.category = lot.category();
  fact.items = reversal ? -movement.items() : movement.items();
  fact.grams = fact.items * lot.item_grams();
  if (*kind == Kind::kIssue || *kind == Kind::kConfirm) {
    fact.group_id = IdOf(movement.group());
    fact.group_display_name = entry.group_display_name();
    fact.delivery_id = IdOf(movement.delivery());
    fact.prefecture = movement.municipality_code().substr(0, 2);
    if (*kind == Kind::kConfirm && !reversal) fact.households = movement.households();
  }
  return fact;
}

}  // namespace kubari::impact
