// What the handlers of commands share: the beginning of each, and the wall that goods pass on their way to a group.
#pragma once

#include <absl/status/statusor.h>
#include <google/protobuf/message.h>

#include <string>
#include <vector>

#include "services/stock/handlers/context.h"

namespace kubari::stock {

// Of the request's method and content: what a replay must repeat.
std::string HashOf(const google::protobuf::Message& request);

// The state before the command, and what the same request made before, if it was recorded (else empty).
// Errors: ALREADY_EXISTS / REQUEST_ID_REUSED.
struct Before {
  State state;
  std::vector<Movement> recorded;
};
absl::StatusOr<Before> LookBefore(const Context& context, const rpc::Call& call, const std::string& request_id,
                                  const google::protobuf::Message& request, Needs needs = {});

// Who, when, and by which request; the action is still to be filled in.
Command BeginCommand(const Context& context, const rpc::Call& call, const std::string& request_id,
                     const google::protobuf::Message& request, absl::Time occurred_time, const std::string& note);

// The instant a phone gave, or now. Adds to `violations` unless it is at most 90 days ago and 5 minutes ahead.
template <typename Request>
absl::Time OccurredTime(const Request& request, absl::Time now, errors::Violations& violations);
absl::Time CheckOccurred(const google::protobuf::Timestamp& time, absl::Time now, errors::Violations& violations);
template <typename Request>
absl::Time OccurredTime(const Request& request, absl::Time now, errors::Violations& violations) {
  return request.has_occurred_time() ? CheckOccurred(request.occurred_time(), now, violations) : now;
}

// The place that stands for a party; if it is not known yet, it is added to `command.new_places`.
absl::StatusOr<Place> StandIn(const Context& context, const rpc::Call& call, pb::PlaceKind kind,
                              const std::string& party, const std::string& display_name, Command& command);

// May these goods go to this group on that day? Agreements, conditions and dates once more, right before they leave or
// are promised; preferences are allocation's business (libs/eligibility). Returns the group. Errors in this order:
// GROUP_NOT_FOUND, NO_AGREEMENT, CONDITION_NOT_MET, LOT_EXPIRED.
absl::StatusOr<groups::v1::Group> PassTheWall(const Context& context, const rpc::Call& call, const Lot& lot,
                                              const std::string& group, absl::CivilDay day);

// GROUP_NOT_FOUND / as GetGroup.
absl::StatusOr<groups::v1::Group> FindGroup(const Context& context, const rpc::Call& call, const std::string& group);
// JIS X 0402 code of the group's first site; empty if unknown.
std::string MunicipalityOf(const groups::v1::Group& group);

// Records it and remembers what was made.
absl::StatusOr<Outcome> Submit(const Context& context, const rpc::Call& call, const Command& command);

}  // namespace kubari::stock
