#include "libs/eligibility/table.h"

#include <map>
#include <set>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace kubari::eligibility {
namespace {

// Kinds are numbered as they appear; `first` has one member of each.
struct Kinds {
  std::map<std::string, int32_t> numbers;
  std::vector<int> first;

  int32_t Of(const std::string& key, int member) {
    const auto [found, is_new] = numbers.try_emplace(key, static_cast<int32_t>(first.size()));
    if (is_new) first.push_back(member);
    return found->second;
  }
};

Codes DateCodes() {
  Codes codes;
  for (const Code code : {Code::kUseByPassed, Code::kBestBeforePassed, Code::kRemainingDays}) codes.Add(code);
  return codes;
}

// All that the rules read of a lot, dates apart.
std::string KeyOf(const LotFacts& lot) {
  return absl::StrCat(lot.zone, "|", lot.categories.bits(), "|", lot.contains.bits(), "|", lot.free_from.bits(), "|",
                      lot.tags.bits(), "|", lot.min_level, "|", absl::StrJoin(lot.only_groups, ","), "|",
                      absl::StrJoin(lot.excluded_prefectures, ","), "|", lot.recalled, lot.donor_agreements);
}
std::string DateKeyOf(const LotFacts& lot, const HandOverRules& rules) {
  return absl::StrCat(lot.date_kind, "|", lot.date ? lot.date->Format() : "", "|", lot.min_remaining_days, "|",
                      rules.MinRemainingDays(lot.categories), "|", lot.past_best_before_allowed);
}

// And of a group on its day; its name only where a donor's list has it.
std::string KeyOf(const GroupFacts& group, absl::CivilDay day, const std::set<std::string>& named) {
  bool agreement = false;
  for (const Period& period : group.agreements) agreement = agreement || period.Contains(day);
  int level = 0;
  for (const auto& [proven, period] : group.evidence) {
    if (period.Contains(day)) level = std::max<int>(level, proven);
  }
  return absl::StrCat(group.active, !group.stopped.empty(), agreement, level, "|", group.prefecture, "|", group.zones.bits(), "|",
                      group.categories.bits(), "|", group.excluded_allergens.bits(), "|", group.excluded_tags.bits(),
                      "|", named.contains(group.name) ? group.name : "");
}

}  // namespace

Table::Table(const std::vector<LotFacts>& lots, const std::vector<GroupFacts>& groups, const HandOverRules& rules,
             const std::vector<absl::CivilDay>& days) {
  Kinds lot_kinds, lot_dates, group_kinds, group_dates;
  std::set<std::string> named;
  for (size_t i = 0; i < lots.size(); ++i) {
    lot_kind_.push_back(lot_kinds.Of(KeyOf(lots[i]), static_cast<int>(i)));
    lot_date_.push_back(lot_dates.Of(DateKeyOf(lots[i], rules), static_cast<int>(i)));
    named.insert(lots[i].only_groups.begin(), lots[i].only_groups.end());
  }
  for (size_t i = 0; i < groups.size(); ++i) {
    group_kind_.push_back(group_kinds.Of(KeyOf(groups[i], days[i], named), static_cast<int>(i)));
    group_date_.push_back(group_dates.Of(
        absl::StrCat(groups[i].min_remaining_days, "|", absl::FormatCivilTime(days[i])), static_cast<int>(i)));
    limit_.push_back(int64_t{1000} * groups[i].max_distance_km);
  }
  group_kinds_ = group_kinds.first.size();
  group_dates_ = group_dates.first.size();
  const Codes dates = DateCodes();
  for (const int lot : lot_kinds.first) {
    for (const int group : group_kinds.first)
      rules_.push_back(Check(lots[lot], groups[group], rules, days[group]).Without(dates));
  }
  for (const int lot : lot_dates.first) {
    for (const int group : group_dates.first)
      dates_.push_back(Check(lots[lot], groups[group], rules, days[group]).And(dates));
  }
}

}  // namespace kubari::eligibility
