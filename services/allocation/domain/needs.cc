#include "services/allocation/domain/needs.h"

#include <absl/strings/str_cat.h>
#include <absl/strings/str_join.h>

#include <algorithm>
#include <map>
#include <tuple>

#include "libs/calendar/date.h"

namespace kubari::allocation {
namespace {

// All that a need reads of a lot.
std::string KindOf(const stock::v1::Lot& lot) {
  std::vector<int> tags(lot.tags().begin(), lot.tags().end());
  std::sort(tags.begin(), tags.end());
  return absl::StrCat(lot.category(), "|", lot.product(), "|", absl::StrJoin(tags, ","));
}

}  // namespace

absl::CivilDay LastDayOf(const groups::v1::Need& need) {
  if (need.until_date().empty()) return absl::CivilDay::max();
  const absl::StatusOr<calendar::Date> date = calendar::Date::Parse(need.until_date());
  return date.ok() ? date->LastGoodDay() : absl::CivilDay::min();
}

bool IsForMatching(const groups::v1::Need& need) {
  return need.category() != type::v1::FOOD_CATEGORY_UNSPECIFIED || !need.product().empty() || !need.tags().empty();
}

bool Answers(const stock::v1::Lot& lot, const groups::v1::Need& need) {
  if (!IsForMatching(need)) return false;
  if (!need.product().empty()) {
    if (need.product() != lot.product()) return false;
  } else if (need.category() != type::v1::FOOD_CATEGORY_UNSPECIFIED && need.category() != lot.category()) {
    return false;
  }
  return std::ranges::all_of(need.tags(), [&](int tag) { return std::ranges::count(lot.tags(), tag) > 0; });
}

Needs::Needs(const v1::Snapshot& snapshot, const std::vector<const stock::v1::Lot*>& lots)
    : kind_of_supply_(lots.size(), -1) {
  bool any = false;
  for (const v1::SnapshotGroup& group : snapshot.groups()) {
    std::vector<absl::CivilDay>& days = last_day_.emplace_back();
    for (const groups::v1::Need& need : group.needs()) days.push_back(LastDayOf(need));
    any = any || !days.empty();
  }
  if (!any) return;
  std::map<std::string, int> kinds;  // -1: nobody asked for it
  for (size_t supply = 0; supply < lots.size(); ++supply) {
    const auto [known, is_new] = kinds.try_emplace(KindOf(*lots[supply]), -1);
    if (is_new) {
      std::vector<int16_t> asked(last_day_.size(), -1);
      for (size_t g = 0; g < asked.size(); ++g) {
        const auto& needs = snapshot.groups(static_cast<int>(g)).needs();
        const auto rank = [&](int need) {
          const int64_t most = needs.Get(need).quantity();
          return std::tuple(last_day_[g][need], most == 0, most, -need);
        };
        for (int16_t need = 0; need < needs.size(); ++need) {
          if (Answers(*lots[supply], needs.Get(need)) && (asked[g] < 0 || rank(asked[g]) < rank(need))) asked[g] = need;
        }
      }
      if (std::ranges::any_of(asked, [](int16_t need) { return need >= 0; })) {
        known->second = static_cast<int>(by_kind_.size());
        by_kind_.push_back(std::move(asked));
      }
    }
    kind_of_supply_[supply] = known->second;
  }
}

}  // namespace kubari::allocation
