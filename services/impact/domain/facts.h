// Which movements count towards the impact, and as what. Pure; the definitions are those of
// proto/kubari/impact/v1/impact.proto.
#pragma once

#include <absl/time/civil_time.h>
#include <absl/time/time.h>

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "kubari/stock/v1/stock.pb.h"
#include "kubari/type/v1/food.pb.h"

namespace kubari::impact {

// The figure that a fact belongs to: what came in, what was sent to groups, what they have got, what was thrown away.
enum class Kind { kReceive, kIssue, kConfirm, kDiscard };
// "RECEIVE", as it is stored and told.
const char* KindName(Kind kind);

// A part of a movement that counts. What is taken back, and what goes the other way (returns, what a group passes on),
// counts as the same kind with a minus sign, on its own day, so that a past period changes only by movements that say
// they belong to it.
struct Fact {
  int64_t position = 0;
  int part = 0;             // of the movement, from 0: a kit counts by its parts, a pass-on for both groups
  std::string movement_id;  // UUIDs
  Kind kind = Kind::kReceive;
  absl::CivilDay day;  // when it happened, in the network's time zone
  absl::Time recorded_time;
  std::string donor_id;
  std::string donor_display_name;  // empty for a kit's parts: it was told when they came in
  bool donor_may_be_named = false;
  std::string group_id;  // empty for what concerns no group
  std::string group_display_name;
  std::string delivery_id;  // empty for what a group has got and gives away
  std::string lot_id;       // that of the movement
  std::string product_display_name;
  type::v1::FoodCategory category = type::v1::FOOD_CATEGORY_UNSPECIFIED;
  std::string prefecture;  // two digits, of the group; empty if there is none
  int64_t items = 0;       // as a consumer holds them; negative if taken back
  int64_t grams = 0;
  int64_t households = 0;  // of the group at that moment; CONFIRM only, 0 for its reversal
};

// What earlier movements told of groups: whose place is which, and where the group is.
struct KnownGroups {
  struct Group {
    std::string display_name;
    std::string prefecture;
    std::string place_id;  // where what it has got stands
  };
  std::map<std::string, Group> groups;          // by id
  std::map<std::string, std::string> group_at;  // place → group
};

// The place of the group that gives goods to another one by this movement (or gets them back by its reversal); or "".
std::string GivingPlace(const stock::v1::Movement& movement);

// Nothing for movements that do not count (transfers, reservations, shortages, transformations, …). Adds to `known`
// what the movement tells.
std::vector<Fact> FactsOf(const stock::v1::FeedEntry& entry, absl::TimeZone zone, KnownGroups& known);

}  // namespace kubari::impact
