#include <absl/time/clock.h>

#include <algorithm>

#include "ops/kubari/demo/topics.h"

namespace kubari::cli {

namespace allocation = kubari::allocation::v1;
namespace stock = kubari::stock::v1;

absl::Status PlayHub(Cast& cast, const allocation::Run& run) {
  allocation::ListLinesRequest request;
  request.set_run(run.name());
  for (const auto state :
       {allocation::LINE_STATE_AT_HUB, allocation::LINE_STATE_HANDED_ON, allocation::LINE_STATE_CONFIRMED}) {
    request.add_states(state);
  }
  std::vector<allocation::Line> by_hub;
  const auto read = [&]() -> absl::Status {
    ASSIGN_OR_RETURN(by_hub, (All<allocation::ListLinesResponse>(cast.coordinator, kAllocation, "ListLines", request,
                                                                 [](const auto& page) { return page.lines(); })));
    std::erase_if(by_hub, [](const allocation::Line& line) { return line.hub().empty(); });
    std::ranges::sort(by_hub, {}, [](const allocation::Line& line) { return line.name(); });
    return absl::OkStatus();
  };
  // Lines follow the ledger a moment later.
  const absl::Time give_up = absl::Now() + absl::Seconds(20);
  for (;;) {
    RETURN_IF_ERROR(read());
    if (!by_hub.empty() || absl::Now() > give_up) break;
    absl::SleepFor(absl::Milliseconds(100));
  }
  if (by_hub.empty()) return absl::OkStatus();
  const std::string hub = by_hub.front().hub();
  std::erase_if(by_hub, [&](const allocation::Line& line) { return line.hub() != hub; });
  cast.hub = hub;
  ASSIGN_OR_RETURN(cast.hub_session,
                   cast.PersonSession("hub", absl::StrCat(by_hub.front().hub_display_name(), " 代表（例）"),
                                      Organisation(hub), kubari::type::v1::ROLE_GROUP));
  const size_t handed_on = std::min<size_t>(3, by_hub.size() / 2 + 1);
  for (size_t i = 0; i < handed_on; ++i) {
    const allocation::Line& line = by_hub[i];
    stock::PassOnRequest pass_on;
    pass_on.set_request_id(Id("hand on " + line.name()));
    pass_on.set_from_group(hub);
    pass_on.set_to_group(line.group());
    pass_on.set_lot(line.lot());
    pass_on.set_items(line.at_hub_items());
    pass_on.set_delivery(absl::StrCat("deliveries/", Id("handed on " + line.name())));
    ASSIGN_OR_RETURN(const auto passed, Ask<stock::PassOnResponse>(cast.hub_session, kStock, "PassOn", pass_on));
    cast.Acknowledged(passed.movement());
    // The first group has confirmed it; the others have not yet.
    if (i == 0) RETURN_IF_ERROR(cast.ConfirmOnce(cast.coordinator, pass_on.delivery()));
  }
  cast.Say(absl::StrCat(handed_on, " of ", by_hub.size(), " lines handed on by the hub ",
                        by_hub.front().hub_display_name()));
  return absl::OkStatus();
}

}  // namespace kubari::cli
