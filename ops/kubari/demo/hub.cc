#include <absl/time/clock.h>

#include <algorithm>

#include "ops/kubari/demo/topics.h"

namespace kubari::cli {

namespace allocation = kubari::allocation::v1;
namespace stock = kubari::stock::v1;

namespace {

absl::StatusOr<std::vector<allocation::Line>> LinesByHub(const Cast& cast, const allocation::Run& run) {
  allocation::ListLinesRequest request;
  request.set_run(run.name());
  for (const auto state :
       {allocation::LINE_STATE_ACCEPTED, allocation::LINE_STATE_SHIPPED, allocation::LINE_STATE_AT_HUB,
        allocation::LINE_STATE_HANDED_ON, allocation::LINE_STATE_CONFIRMED}) {
    request.add_states(state);
  }
  ASSIGN_OR_RETURN(auto lines, (All<allocation::ListLinesResponse>(cast.coordinator, kAllocation, "ListLines", request,
                                                                   [](const auto& page) { return page.lines(); })));
  std::erase_if(lines, [&](const allocation::Line& line) {
    // Left for later, forgotten or torn in the main job; so the choice is the same whenever it is made.
    return line.hub().empty() || OneIn(25, "later " + line.delivery()) || OneIn(30, line.hub()) ||
           OneIn(20, line.hub());
  });
  std::ranges::sort(lines, {}, [](const allocation::Line& line) { return line.name(); });
  return lines;
}

}  // namespace

absl::Status PlayHub(Cast& cast, const allocation::Run& run) {
  ASSIGN_OR_RETURN(std::vector<allocation::Line> lines, LinesByHub(cast, run));
  // The hub of the most lines.
  std::map<std::string, int> counts;
  for (const allocation::Line& line : lines) ++counts[line.hub()];
  if (counts.empty()) return absl::OkStatus();
  const std::string hub =
      std::ranges::max_element(counts, [](const auto& a, const auto& b) { return a.second < b.second; })->first;
  std::erase_if(lines, [&](const allocation::Line& line) { return line.hub() != hub; });
  cast.hub = hub;
  ASSIGN_OR_RETURN(cast.hub_session,
                   cast.PersonSession("hub", absl::StrCat(lines.front().hub_display_name(), " 代表（例）"),
                                      Organisation(hub), kubari::type::v1::ROLE_GROUP));
  // One line stays there, if there are several.
  const size_t handed_on = std::clamp<size_t>(lines.size() - 1, 1, 3);
  for (size_t i = 0; i < handed_on; ++i) {
    const allocation::Line& line = lines[i];
    stock::PassOnRequest pass_on;
    pass_on.set_request_id(Id("hand on " + line.name()));
    pass_on.set_from_group(hub);
    pass_on.set_to_group(line.group());
    pass_on.set_lot(line.lot());
    pass_on.set_items(line.items());
    pass_on.set_delivery(absl::StrCat("deliveries/", Id("handed on " + line.name())));
    ASSIGN_OR_RETURN(const auto passed, Ask<stock::PassOnResponse>(cast.hub_session, kStock, "PassOn", pass_on));
    cast.Acknowledged(passed.movement());
    // One group has confirmed it; the others have not yet.
    if (i == 1) RETURN_IF_ERROR(cast.ConfirmOnce(cast.coordinator, pass_on.delivery()));
  }
  cast.Say(
      absl::StrCat(handed_on, " of ", lines.size(), " lines handed on by the hub ", lines.front().hub_display_name()));
  return absl::OkStatus();
}

}  // namespace kubari::cli
