// Campaigns and applications in PostgreSQL.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "kubari/support/v1/campaigns.pb.h"
#include "libs/pg/pool.h"
#include "libs/pg/transaction.h"

namespace kubari::support {

namespace pb = v1;

// The network in which a published or closed campaign has this code.
absl::StatusOr<std::optional<std::string>> NetworkOfCampaign(pg::Pool& pool, const std::string& code,
                                                             absl::Time deadline);

absl::Status CampaignNotFound(const std::string& what);
absl::Status ApplicationNotFound(const std::string& what);

// With counts and all that is output only. NOT_FOUND / CAMPAIGN_NOT_FOUND. `lock`: nobody applies meanwhile.
absl::StatusOr<pb::Campaign> LoadCampaign(pg::Transaction& tx, const std::string& id, bool lock);
absl::StatusOr<pb::Campaign> LoadCampaignByCode(pg::Transaction& tx, const std::string& code, bool lock);
// Newest first, behind `before_id`.
absl::StatusOr<std::vector<pb::Campaign>> ListCampaigns(pg::Transaction& tx, const std::vector<int>& states,
                                                        const std::string& before_id, int limit);
// ALREADY_EXISTS / CAMPAIGN_CODE_TAKEN.
absl::Status InsertCampaign(pg::Transaction& tx, const std::string& id, const std::string& organisation_id,
                            const pb::Campaign& campaign, absl::Time now);
absl::Status SaveCampaign(pg::Transaction& tx, const pb::Campaign& campaign);

struct ApplicationRow {
  std::string id;
  std::string campaign_id;
  pb::Application shown;
  pb::DeclineReason decline_reason = pb::DECLINE_REASON_UNSPECIFIED;
};
// NOT_FOUND / APPLICATION_NOT_FOUND.
absl::StatusOr<ApplicationRow> LoadApplication(pg::Transaction& tx, const std::string& id, bool lock);
absl::StatusOr<ApplicationRow> LoadApplicationByReceipt(pg::Transaction& tx, const std::string& campaign_id,
                                                        const std::string& receipt, bool lock);
// Oldest first, behind (`after_time`, `after_id`).
absl::StatusOr<std::vector<ApplicationRow>> ListApplications(pg::Transaction& tx, const std::string& campaign_id,
                                                             const std::vector<int>& states,
                                                             const std::string& after_time, const std::string& after_id,
                                                             int limit);
absl::Status InsertApplication(pg::Transaction& tx, const ApplicationRow& row, const std::string& receipt,
                               absl::Time now);
// State, close_time, decline_reason, support request and `erased`.
void SaveApplication(pg::Transaction& tx, const ApplicationRow& row);
// From the public page, or by programs, since then.
absl::StatusOr<int64_t> CountRecent(pg::Transaction& tx, const std::string& campaign_id, bool relayed,
                                    absl::Time since);
absl::StatusOr<int64_t> CountWaitingBefore(pg::Transaction& tx, const ApplicationRow& row);
// The first that waits becomes RECEIVED, if there is room for it.
absl::Status MoveUp(pg::Transaction& tx, const pb::Campaign& campaign);

}  // namespace kubari::support
