// Which movements count towards the impact, and as what. Pure; the definitions are those of proto/kubari/impact/v1/impact.proto.
#pragma once

#include <absl/time/civil_time.h>
#include <absl/time/time.h>

#include <cstdint>
#include <optional>
#include <string>

#include "kubari/stock/v1/stock.pb.h"
#include "kubari/type/v1/food.pb.h"

namespace kubari::impact {

enum class Kind { kReceive, kIssue, kConfirm, kDiscard };
// "RECEIVE", as it is stored and told.
const char* KindName(Kind kind);

// One movement that counts. The reversal of a movement counts as the same kind with a minus sign, on the day of the reversal, so that a
// past period changes only by movements that say they belong to it.
struct Fact {
  int64_t position = 0;
  std::string movement_id;  // UUIDs
  Kind kind = Kind::kReceive;
  absl::CivilDay day;  // when it happened, in the network's time zone
  absl::Time recorded_time;
  std::string donor_id;
  std::string donor_display_name;
  bool donor_may_be_named = false;
  std::string group_id;  // empty for RECEIVE and DISCARD
  std::string group_display_name;
  std::string delivery_id;
  std::string lot_id;
  std::string product_display_name;
  type::v1::FoodCategory category = type::v1::FOOD_CATEGORY_UNSPECIFIED;
  std::string prefecture;  // two digits, of the group; empty if there is none
  int64_t items = 0;       // negative for a reversal
  int64_t grams = 0;
  int64_t households = 0;  // of the group at that moment; CONFIRM only, 0 for its reversal
};

// Nothing for movements that do not count (transfers, reservations, shortages, …).
std::optional<Fact> FactOf(const stock::v1::FeedEntry& entry, absl::TimeZone zone);

}  // namespace kubari::impact
