// Campaigns: their shape, whether they take applications today, and whether an application says what was asked. Pure.
#pragma once

#include "absl/status/status.h"
#include "absl/time/civil_time.h"
#include "kubari/support/v1/campaigns.pb.h"
#include "libs/errors/errors.h"

namespace kubari::support {

namespace pb = v1;

// All that a coordinator may say; `field` is "campaign".
void CheckCampaign(errors::Violations& violations, const std::string& field, const pb::Campaign& campaign);

// What the public page says. `taken`: applications that count against the capacity, RECEIVED and ACCEPTED; `waiting`
// those that wait: while somebody waits, nobody is put before them.
pb::PublicState PublicStateOf(const pb::Campaign& campaign, absl::CivilDay today, int64_t taken, int64_t waiting);

// FAILED_PRECONDITION / CAMPAIGN_NOT_OPEN, CAMPAIGN_CLOSED, CAMPAIGN_FULL; OK with OPEN and WAITING_LIST.
absl::Status JudgeSubmission(const pb::Campaign& campaign, pb::PublicState state);

// The shape of an application, and that it says what the campaign requires and nothing that it does not ask.
void CheckApplication(errors::Violations& violations, const pb::Campaign& campaign,
                      const pb::SubmitApplicationRequest& request);

// What is left open becomes what a support request needs: days 3, place FETCH.
pb::Details WithDefaults(pb::Details details);

}  // namespace kubari::support
