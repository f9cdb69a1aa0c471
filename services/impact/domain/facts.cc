#include "services/impact/domain/facts.h"

#include <google/protobuf/util/time_util.h>

namespace kubari::impact {
namespace {

using stock::v1::Movement;
using stock::v1::PlaceKind;

std::string IdOf(const std::string& name) { return name.substr(name.find('/') + 1); }

absl::Time TimeOf(const google::protobuf::Timestamp& time) {
  return absl::FromUnixNanos(google::protobuf::util::TimeUtil::TimestampToNanoseconds(time));
}

// What a movement does to the figures, and whose they are.
enum class Whose {
  kNobody,
  kReceiver,  // of the movement's group, in its delivery
  kOwn,       // of the movement's group, out of what it has got
  kGiver,     // of the group that passes goods on
};
struct Effect {
  Kind kind;
  int sign;
  Whose whose;
};

// The definitions of impact.proto. What is taken back has a negative effect, so it needs no rules of its own.
std::vector<Effect> EffectsOf(const stock::v1::FeedEntry& entry) {
  const bool back = entry.movement().effect_items() < 0;
  const PlaceKind from = back ? entry.to_kind() : entry.from_kind();
  const PlaceKind to = back ? entry.from_kind() : entry.to_kind();
  switch (entry.movement().effect_kind()) {
    case stock::v1::MOVEMENT_KIND_RECEIVE:
      return {{Kind::kReceive, 1, Whose::kNobody}};
    case stock::v1::MOVEMENT_KIND_ISSUE:
    case stock::v1::MOVEMENT_KIND_DIRECT:
      return {{Kind::kIssue, 1, Whose::kReceiver}};
    case stock::v1::MOVEMENT_KIND_CONFIRM:
      return {{Kind::kConfirm, 1, Whose::kReceiver}};
    case stock::v1::MOVEMENT_KIND_PASS_ON:
      // Sent to one group instead of the other; the other has got it when it says so.
      return {
          {Kind::kConfirm, -1, Whose::kGiver}, {Kind::kIssue, -1, Whose::kGiver}, {Kind::kIssue, 1, Whose::kReceiver}};
    case stock::v1::MOVEMENT_KIND_RETURN:
      if (to == stock::v1::PLACE_KIND_DONOR) return {{Kind::kReceive, -1, Whose::kNobody}};
      if (from == stock::v1::PLACE_KIND_DELIVERY) return {{Kind::kIssue, -1, Whose::kReceiver}};
      return {{Kind::kConfirm, -1, Whose::kOwn}, {Kind::kIssue, -1, Whose::kOwn}};
    case stock::v1::MOVEMENT_KIND_DISCARD:
      if (from == stock::v1::PLACE_KIND_SHELF) return {{Kind::kDiscard, 1, Whose::kNobody}};
      return {{Kind::kDiscard, 1, Whose::kOwn}, {Kind::kConfirm, -1, Whose::kOwn}};
    default:
      return {};
  }
}

// Of a part whose donor nobody knows.
constexpr char kNobody[] = "00000000-0000-0000-0000-000000000000";

// What one item of a lot holds, as consumers hold it: of a kit its parts.
struct Part {
  int64_t items, item_grams;
  std::string donor, donor_display_name, product_display_name;
  bool donor_may_be_named;
  type::v1::FoodCategory category;
};
std::vector<Part> PartsOf(const stock::v1::Lot& lot) {
  std::vector<Part> parts;
  for (const stock::v1::LotPart& part : lot.parts()) {
    parts.push_back({part.items(), part.item_grams(), IdOf(part.donor()), "", part.product_display_name(),
                     part.conditions().donor_may_be_named(), part.category()});
  }
  if (!parts.empty()) return parts;
  return {{1, lot.item_grams(), IdOf(lot.donor()), lot.donor_display_name(), lot.product_display_name(),
           lot.conditions().donor_may_be_named(), lot.category()}};
}

// What a movement tells of its group.
void Learn(const stock::v1::FeedEntry& entry, KnownGroups& known) {
  const Movement& movement = entry.movement();
  if (movement.group().empty()) return;
  KnownGroups::Group& group = known.groups[IdOf(movement.group())];
  if (!entry.group_display_name().empty()) group.display_name = entry.group_display_name();
  if (!movement.municipality_code().empty()) group.prefecture = movement.municipality_code().substr(0, 2);
  if (movement.kind() != stock::v1::MOVEMENT_KIND_CONFIRM) return;
  group.place_id = IdOf(movement.to_place());
  known.group_at[group.place_id] = IdOf(movement.group());
}

Fact Begin(const stock::v1::FeedEntry& entry, const Part& part, absl::TimeZone zone) {
  const Movement& movement = entry.movement();
  Fact fact;
  fact.position = movement.position();
  fact.movement_id = IdOf(movement.name());
  fact.day = absl::ToCivilDay(TimeOf(movement.occurred_time()), zone);
  fact.recorded_time = TimeOf(movement.recorded_time());
  fact.donor_id = part.donor.empty() ? kNobody : part.donor;
  fact.donor_display_name = part.donor_display_name;
  fact.donor_may_be_named = part.donor_may_be_named;
  fact.lot_id = IdOf(entry.lot().name());
  fact.product_display_name = part.product_display_name;
  fact.category = part.category;
  return fact;
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

std::string GivingPlace(const Movement& movement) {
  if (movement.effect_kind() != stock::v1::MOVEMENT_KIND_PASS_ON) return "";
  return IdOf(movement.effect_items() < 0 ? movement.to_place() : movement.from_place());
}

std::vector<Fact> FactsOf(const stock::v1::FeedEntry& entry, absl::TimeZone zone, KnownGroups& known) {
  const Movement& movement = entry.movement();
  Learn(entry, known);
  std::vector<Fact> facts;
  for (const Effect& effect : EffectsOf(entry)) {
    std::string group = IdOf(movement.group());
    if (effect.whose == Whose::kGiver) group = known.group_at[GivingPlace(movement)];
    for (const Part& part : PartsOf(entry.lot())) {
      Fact fact = Begin(entry, part, zone);
      fact.part = static_cast<int>(facts.size());
      fact.kind = effect.kind;
      fact.items = effect.sign * movement.effect_items() * part.items;
      fact.grams = fact.items * part.item_grams;
      if (effect.whose != Whose::kNobody && !group.empty()) {
        const KnownGroups::Group& known_group = known.groups[group];
        fact.group_id = group;
        fact.group_display_name = known_group.display_name;
        fact.prefecture = known_group.prefecture;
        if (effect.whose == Whose::kReceiver) fact.delivery_id = IdOf(movement.delivery());
      }
      if (effect.kind == Kind::kConfirm && fact.items > 0) fact.households = movement.households();
      facts.push_back(std::move(fact));
    }
  }
  return facts;
}

}  // namespace kubari::impact
