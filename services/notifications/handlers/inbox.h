// Notices in, and each person's inbox.
#pragma once

#include "services/notifications/handlers/tools.h"

namespace kubari::notifications {

class InboxHandler {
 public:
  explicit InboxHandler(const Tools& tools) : tools_(tools) {}

  absl::StatusOr<pb::AcceptNoticesResponse> AcceptNotices(const rpc::Call& call, const pb::AcceptNoticesRequest& request);
  absl::StatusOr<pb::ListNoticesResponse> ListNotices(const rpc::Call& call, const pb::ListNoticesRequest& request);
  absl::StatusOr<pb::CountUnreadResponse> CountUnread(const rpc::Call& call, const pb::CountUnreadRequest& request);
  absl::StatusOr<pb::MarkNoticesResponse> MarkNotices(const rpc::Call& call, const pb::MarkNoticesRequest& request);
  absl::StatusOr<pb::Preferences> GetPreferences(const rpc::Call& call, const pb::GetPreferencesRequest& request);
  absl::StatusOr<pb::Preferences> UpdatePreferences(const rpc::Call& call, const pb::UpdatePreferencesRequest& request);
  absl::StatusOr<pb::StopEmailsResponse> StopEmails(const rpc::Call& call, const pb::StopEmailsRequest& request);

 private:
  const Tools tools_;
};

}  // namespace kubari::notifications
