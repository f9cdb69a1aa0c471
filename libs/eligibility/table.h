// Many lots against many groups. Those that the rules cannot tell apart are judged once: a country's 10,000 groups and
// 100,000 lots are a few thousand kinds each, and the pairs that are left cost an addition of bits.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "libs/eligibility/eligibility.h"

namespace kubari::eligibility {

class Table {
 public:
  // `days`: of the hand-over, by group.
  Table(const std::vector<LotFacts>& lots, const std::vector<GroupFacts>& groups, const HandOverRules& rules,
        const std::vector<absl::CivilDay>& days);

  // As Check() says, of lots[lot] and groups[group] on days[group].
  Codes Of(int lot, int group, std::optional<int64_t> metres = std::nullopt) const {
    Codes codes = rules_[static_cast<size_t>(lot_kind_[lot]) * group_kinds_ + group_kind_[group]].Or(
        dates_[static_cast<size_t>(lot_date_[lot]) * group_dates_ + group_date_[group]]);
    if (metres && limit_[group] > 0 && *metres > limit_[group]) codes.Add(Code::kTooFar);
    return codes;
  }

 private:
  size_t group_kinds_ = 0, group_dates_ = 0;
  std::vector<int32_t> lot_kind_, lot_date_, group_kind_, group_date_;
  std::vector<int64_t> limit_;  // metres, by group; 0: none
  std::vector<Codes> rules_;    // by kinds of lots, then of groups: without dates and distance
  std::vector<Codes> dates_;    // by dates of lots, then of groups
};

}  // namespace kubari::eligibility
