#include "libs/fairflow/problem.h"

#include <algorithm>
#include <set>
#include <string_view>
#include <utility>

#include "absl/strings/str_format.h"

namespace kubari::fairflow {
namespace {

using Wide = __int128;

template <typename... Args>
absl::Status Bad(const absl::FormatSpec<Args...>& format, const Args&... args) {
  return absl::InvalidArgumentError(absl::StrFormat(format, args...));
}

template <typename Items>
absl::Status IdsDiffer(const char* what, const Items& items) {
  std::vector<std::string_view> ids;
  for (const auto& item : items) ids.push_back(item.id);
  std::sort(ids.begin(), ids.end());
  const auto twice = std::adjacent_find(ids.begin(), ids.end());
  if (twice == ids.end()) return absl::OkStatus();
  return Bad("%s has the id '%s' twice.", what, *twice);
}

absl::Status ValidateGroups(const Problem& problem) {
  Wide weights = 0;
  for (size_t i = 0; i < problem.groups.size(); ++i) {
    const Group& group = problem.groups[i];
    if (group.weight < 1) return Bad("groups[%d].weight is %d; it is at least 1.", i, group.weight);
    if (group.history < 0) return Bad("groups[%d].history is %d; it is at least 0.", i, group.history);
    if (group.floor < 0 || group.floor > group.cap)
      return Bad("groups[%d].floor is %d; it is between 0 and the cap.", i, group.floor);
    weights += group.weight;
  }
  if (weights > kMostWeight) return Bad("The weights add up to more than %d.", kMostWeight);
  std::set<std::pair<int32_t, int32_t>> keys;
  for (size_t i = 0; i < problem.bins.size(); ++i) {
    const Bin& bin = problem.bins[i];
    if (bin.group < 0 || static_cast<size_t>(bin.group) >= problem.groups.size())
      return Bad("bins[%d].group is %d; there is no such group.", i, bin.group);
    if (bin.capacity < 0 || bin.capacity > kMostFood)
      return Bad("bins[%d].capacity is %d; it is between 0 and %d.", i, bin.capacity, kMostFood);
    if (!keys.emplace(bin.group, bin.key).second) return Bad("bins[%d] has the same group and key as another bin.", i);
  }
  return IdsDiffer("groups", problem.groups);
}

absl::Status ValidateLots(const Problem& problem) {
  Wide food = 0, cases = 0;
  for (const Group& group : problem.groups) food += group.history;
  for (size_t i = 0; i < problem.lots.size(); ++i) {
    const Lot& lot = problem.lots[i];
    if (lot.cases < 0) return Bad("lots[%d].cases is %d; it is at least 0.", i, lot.cases);
    if (lot.value < 1) return Bad("lots[%d].value is %d; it is at least 1.", i, lot.value);
    if (lot.min_cases < 1) return Bad("lots[%d].min_cases is %d; it is at least 1.", i, lot.min_cases);
    if (lot.held_back < 0 || lot.held_back > lot.cases)
      return Bad("lots[%d].held_back is %d; it is between 0 and the cases.", i, lot.held_back);
    food += Wide{lot.cases} * lot.value;
    cases += lot.cases;
  }
  if (cases > kMostCases) return Bad("The cases of all lots add up to more than %d.", kMostCases);
  if (food > kMostFood) return Bad("Lots and history add up to more than %d.", kMostFood);
  return IdsDiffer("lots", problem.lots);
}

absl::Status ValidateArcs(const Problem& problem) {
  const std::vector<int64_t>& begin = problem.arc_begin;
  if (begin.size() != problem.lots.size() + 1 || begin.front() != 0 ||
      begin.back() != static_cast<int64_t>(problem.arcs.size()) || !std::is_sorted(begin.begin(), begin.end())) {
    return Bad("arc_begin has one entry for each lot and one more, rising from 0 to the number of arcs.");
  }
  if (problem.arcs.size() > static_cast<size_t>(std::numeric_limits<int32_t>::max()))
    return Bad("There are more than 2^31 - 1 arcs.");
  std::vector<int64_t> seen(problem.bins.size(), -1);
  for (size_t lot = 0; lot < problem.lots.size(); ++lot) {
    for (int64_t i = begin[lot]; i < begin[lot + 1]; ++i) {
      const Arc& arc = problem.arcs[i];
      if (arc.bin < 0 || static_cast<size_t>(arc.bin) >= problem.bins.size())
        return Bad("arcs[%d].bin is %d; there is no such bin.", i, arc.bin);
      if (arc.metres < 0 || arc.metres > kFarthest)
        return Bad("arcs[%d].metres is %d; it is between 0 and %d.", i, arc.metres, kFarthest);
      if (arc.door < -1) return Bad("arcs[%d].door is %d; it is at least -1.", i, arc.door);
      if (std::exchange(seen[arc.bin], static_cast<int64_t>(lot)) == static_cast<int64_t>(lot))
        return Bad("arcs[%d] leads to the same bin as another arc of its lot.", i);
    }
  }
  return absl::OkStatus();
}

absl::Status ValidatePins(const Problem& problem) {
  std::vector<int64_t> cases(problem.lots.size(), 0);
  std::vector<Wide> food(problem.bins.size(), 0);
  for (size_t i = 0; i < problem.pins.size(); ++i) {
    const Pin& pin = problem.pins[i];
    if (pin.lot < 0 || static_cast<size_t>(pin.lot) >= problem.lots.size() || pin.bin < 0 ||
        static_cast<size_t>(pin.bin) >= problem.bins.size()) {
      return Bad("pins[%d] names a lot or a bin that is not there.", i);
    }
    const Lot& lot = problem.lots[pin.lot];
    if (pin.cases < 0 || pin.cases > lot.cases - lot.held_back - cases[pin.lot])
      return Bad("pins[%d].cases is %d; the lot has not so many.", i, pin.cases);
    cases[pin.lot] += pin.cases;
    food[pin.bin] += Wide{pin.cases} * lot.value;
    if (food[pin.bin] > problem.bins[pin.bin].capacity) return Bad("pins[%d] is more than fits into its bin.", i);
  }
  return absl::OkStatus();
}

}  // namespace

int Compare(const Level& a, const Level& b) {
  const Wide left = static_cast<Wide>(a.food) * b.weight;
  const Wide right = static_cast<Wide>(b.food) * a.weight;
  return left < right ? -1 : left > right ? 1 : 0;
}

absl::Status Validate(const Problem& problem) {
  if (problem.groups.size() + problem.bins.size() + problem.lots.size() > static_cast<size_t>(kMostNodes))
    return Bad("There are more than %d groups, bins and lots.", kMostNodes);
  for (const auto check : {&ValidateGroups, &ValidateLots, &ValidateArcs, &ValidatePins}) {
    if (absl::Status status = check(problem); !status.ok()) return status;
  }
  return absl::OkStatus();
}

}  // namespace kubari::fairflow
