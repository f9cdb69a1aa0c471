// Who may do what with a request, and what state it is in then. Pure.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "kubari/support/v1/support.pb.h"

namespace kubari::support {

namespace pb = v1;

// What decides about a request. Organisations are UUIDs; no proposal: `proposed` is empty.
struct Standing {
  pb::SupportState state = pb::SUPPORT_STATE_REQUESTED;
  std::string requester;
  std::string responsible;
  std::string proposed;
  std::vector<std::string> former;
  bool erased = false;
};

bool IsOpen(pb::SupportState state);

// The parts that these organisations have in it; empty: they are strangers.
std::set<pb::Part> PartsOf(const Standing& standing, const std::vector<std::string>& organisations);

// What they may do next, in the order of pb::Step.
std::vector<pb::Step> StepsOf(const Standing& standing, const std::set<pb::Part>& parts);

// OK if `step` is one of them. Else, rights before state: PERMISSION_DENIED / NOT_RESPONSIBLE (metadata "responsible"),
// NOT_PROPOSED_TO_YOU, NOT_REQUESTER; FAILED_PRECONDITION / DETAILS_ERASED, REQUEST_STATE, HANDOVER_OPEN, NO_HANDOVER.
absl::Status JudgeStep(const Standing& standing, const std::set<pb::Part>& parts, pb::Step step,
                       const std::string& name);

// The organisation for which the caller acts with this step.
const std::string& ActingFor(const Standing& standing, pb::Step step, const std::set<pb::Part>& parts);

// Days until a request of this urgency is due, if its due date was not said.
int DaysFor(pb::Urgency urgency);

bool IsOverdue(pb::SupportState state, absl::CivilDay due, absl::Time answer_due, absl::CivilDay today, absl::Time now);

// NOT_FOUND / REQUEST_NOT_FOUND: the same for strangers and for what does not exist.
absl::Status RequestNotFound(const std::string& name);

// "依頼中" / "requested".
std::string StateInJapanese(pb::SupportState state);
std::string StateInEnglish(pb::SupportState state);

}  // namespace kubari::support
