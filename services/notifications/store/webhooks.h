// Webhooks. Functions work in their transaction's network.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "kubari/notifications/v1/notifications.pb.h"
#include "libs/pg/pool.h"
#include "services/notifications/vault.h"

namespace kubari::notifications {

namespace pb = ::kubari::notifications::v1;

inline constexpr int kMaxWebhooks = 20;

// Oldest first.
absl::StatusOr<std::vector<pb::Webhook>> ReadWebhooks(pg::Transaction& tx);
// WEBHOOK_NOT_FOUND. It is locked until the transaction ends.
absl::StatusOr<pb::Webhook> LockWebhook(pg::Transaction& tx, const std::string& id);
// Also locks the network's list, so that nobody counts at the same time.
absl::StatusOr<int> CountWebhooks(pg::Transaction& tx);
void InsertWebhook(pg::Transaction& tx, const pb::Webhook& webhook, const std::string& secret, const Vault& vault, absl::Time now);
// display_name, url, kinds, state; switching on forgets the failures. Makes a new version.
void WriteWebhook(pg::Transaction& tx, const pb::Webhook& webhook);
// What waits for it is dropped.
void DeleteWebhook(pg::Transaction& tx, const std::string& id, absl::Time now);
// The secret in use until now goes on for `overlap`; zero ends it at once.
void ReplaceSecret(pg::Transaction& tx, const std::string& id, const std::string& secret, const Vault& vault, absl::Time now, absl::Duration overlap);
// Without touching the former one.
void ReplaceNewestSecret(pg::Transaction& tx, const std::string& id, const std::string& secret, const Vault& vault);

// Where a call goes, and what signs it.
struct Target {
  std::string id;
  std::string display_name;
  std::string url;
  std::vector<std::string> secrets;
};
absl::StatusOr<std::optional<Target>> ReadTarget(pg::Transaction& tx, const std::string& id, const Vault& vault, absl::Time now);
// Of the switched-on webhooks, those that want notices of this kind.
struct Listener {
  std::string id;
  std::string display_name;
};
absl::StatusOr<std::vector<Listener>> ListenersFor(pg::Transaction& tx, pb::NoticeKind kind);

void NoteSuccess(pg::Transaction& tx, const std::string& id, absl::Time now);
// Since when it has failed, this time included; nothing if it is gone.
absl::StatusOr<std::optional<absl::Time>> NoteFailure(pg::Transaction& tx, const std::string& id, const std::string& error, absl::Time now);
// Whether this switched it off. What waits for it waits until it is switched on again.
absl::StatusOr<bool> DisableAfterFailures(pg::Transaction& tx, const std::string& id);
// What waits for it is tried at once.
void TryWaitingNow(pg::Transaction& tx, const std::string& id, absl::Time now);

}  // namespace kubari::notifications
