// Notices, inboxes and people's choices. Functions that take a Transaction work in that transaction's network.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "kubari/notifications/v1/notifications.pb.h"
#include "libs/pg/pool.h"
#include "services/notifications/domain/kinds.h"
#include "services/notifications/vault.h"

namespace kubari::notifications {

google::protobuf::Timestamp ToTimestamp(absl::Time time);
absl::Time FromTimestamp(const google::protobuf::Timestamp& time);
std::vector<int> Numbers(const std::vector<pb::NoticeKind>& kinds);

// Keeps the notice unless its id is there. Its audiences wait to be addressed, or, with `addressed`, the caller has done that.
void InsertNotice(pg::Transaction& tx, const pb::Notice& notice, const Vault& vault, absl::Time now, bool addressed = false);

// Networks with notices that wait to be addressed.
absl::StatusOr<std::vector<std::string>> UnaddressedNetworks(pg::Pool& pool, absl::Time deadline);

struct Unaddressed {
  std::string notice_id;
  pb::NoticeKind kind = pb::NOTICE_KIND_UNSPECIFIED;
  bool confidential = false;
  absl::Time occurred;
  std::vector<pb::Audience> audiences;
};
// Oldest first.
absl::StatusOr<std::vector<Unaddressed>> ReadUnaddressed(pg::Transaction& tx, int limit);
// Whether this transaction is the one that addresses it.
absl::StatusOr<bool> MarkAddressed(pg::Transaction& tx, const std::string& notice_id);

void InsertInbox(pg::Transaction& tx, const std::string& notice_id, const std::vector<std::string>& person_ids, absl::Time occurred);
// Behind (occurred, notice id), newest first.
absl::StatusOr<std::vector<pb::InboxNotice>> ReadInbox(pg::Transaction& tx, const std::string& person_id, bool unread_only, absl::Time before,
                                                       const std::string& before_id, int limit);
// Up to 100.
absl::StatusOr<int> CountUnread(pg::Transaction& tx, const std::string& person_id);
void MarkRead(pg::Transaction& tx, const std::string& person_id, const std::vector<std::string>& notice_ids, std::optional<absl::Time> read);
void MarkAllRead(pg::Transaction& tx, const std::string& person_id, absl::Time until, std::optional<absl::Time> read);

struct Choices {
  Chosen chosen;
  int digest_hour = 7;
  int64_t version = 0;  // 0: nothing was ever chosen
};
// By person's id; who never chose is not in it.
absl::StatusOr<std::map<std::string, Choices>> ReadChoices(pg::Transaction& tx, const std::vector<std::string>& person_ids);
// Locks them until the transaction ends.
absl::StatusOr<Choices> LockChoices(pg::Transaction& tx, const std::string& person_id);
void WriteChoices(pg::Transaction& tx, const std::string& person_id, const Choices& choices);

}  // namespace kubari::notifications
