#include "services/notifications/store/webhooks.h"

#include <absl/strings/str_cat.h>

#include "libs/errors/errors.h"
#include "libs/errors/macros.h"
#include "libs/ids/ids.h"
#include "services/notifications/store/notices.h"

namespace kubari::notifications {
namespace {

#define KUBARI_WEBHOOK                                                                                                        \
  "SELECT webhook_id, display_name, url, kinds, state, create_time, last_success_time, failing_since_time, last_error, version " \
  "FROM webhooks WHERE network_id = $1 "
constexpr pg::Statement kList{KUBARI_WEBHOOK "ORDER BY webhook_id"};
constexpr pg::Statement kLock{KUBARI_WEBHOOK "AND webhook_id = $2 FOR UPDATE"};
constexpr pg::Statement kLockList{"SELECT pg_advisory_xact_lock(hashtextextended('kubari.webhooks.' || $1, 0))"};
constexpr pg::Statement kCount{"SELECT count(*) AS webhooks FROM webhooks WHERE network_id = $1"};
constexpr pg::Statement kInsert{
    "INSERT INTO webhooks (network_id, webhook_id, display_name, url, kinds, state, secret, create_time) "
    "VALUES ($1, $2, $3, $4, $5::smallint[], 1, $6, $7)"};
constexpr pg::Statement kWrite{
    "UPDATE webhooks SET display_name = $3, url = $4, kinds = $5::smallint[], state = $6::smallint, version = version + 1, "
    "failing_since_time = CASE WHEN $6 = 1 AND state <> 1 THEN NULL ELSE failing_since_time END, "
    "last_error = CASE WHEN $6 = 1 AND state <> 1 THEN '' ELSE last_error END WHERE network_id = $1 AND webhook_id = $2"};
constexpr pg::Statement kDrop{
    "UPDATE deliveries SET state = 5, end_time = $3, last_error = 'the webhook was removed', last_error_time = $3, claim_id = NULL, claim_end = NULL "
    "WHERE network_id = $1 AND recipient = 'webhooks/' || $2::uuid AND state = 1"};
constexpr pg::Statement kDelete{"DELETE FROM webhooks WHERE network_id = $1 AND webhook_id = $2"};
constexpr pg::Statement kSecret{
    "UPDATE webhooks SET old_secret = CASE WHEN $4::timestamptz IS NULL THEN NULL ELSE secret END, old_secret_end = $4, secret = $3 "
    "WHERE network_id = $1 AND webhook_id = $2"};
constexpr pg::Statement kNewestSecret{"UPDATE webhooks SET secret = $3 WHERE network_id = $1 AND webhook_id = $2"};
constexpr pg::Statement kTarget{
    "SELECT display_name, url, secret, CASE WHEN old_secret_end > $3 THEN old_secret END AS old_secret FROM webhooks "
    "WHERE network_id = $1 AND webhook_id = $2"};
constexpr pg::Statement kListeners{
    "SELECT webhook_id, display_name FROM webhooks WHERE network_id = $1 AND state = 1 AND (kinds = '{}' OR $2 = ANY(kinds))"};
constexpr pg::Statement kSuccess{
    "UPDATE webhooks SET last_success_time = $3, failing_since_time = NULL, last_error = '' WHERE network_id = $1 AND webhook_id = $2"};
constexpr pg::Statement kFailure{
    "UPDATE webhooks SET failing_since_time = coalesce(failing_since_time, $3), last_error = $4 WHERE network_id = $1 AND webhook_id = $2 "
    "RETURNING failing_since_time"};
constexpr pg::Statement kDisable{"UPDATE webhooks SET state = 3, version = version + 1 WHERE network_id = $1 AND webhook_id = $2 AND state = 1"};
constexpr pg::Statement kHold{
    "UPDATE deliveries SET next_attempt_time = $3, attempts = 0, first_attempt_time = NULL "
    "WHERE network_id = $1 AND recipient = 'webhooks/' || $2::uuid AND state = 1"};

pb::Webhook WebhookOf(const pg::Row& row) {
  pb::Webhook webhook;
  webhook.set_name(ids::Name("webhooks", row.Get<std::string>("webhook_id")));
  webhook.set_display_name(row.Get<std::string>("display_name"));
  webhook.set_url(row.Get<std::string>("url"));
  for (const int kind : row.Get<std::vector<int>>("kinds")) webhook.add_kinds(static_cast<pb::NoticeKind>(kind));
  webhook.set_state(static_cast<pb::WebhookState>(row.Get<int>("state")));
  *webhook.mutable_create_time() = ToTimestamp(row.Get<absl::Time>("create_time"));
  if (const auto time = row.Get<std::optional<absl::Time>>("last_success_time")) *webhook.mutable_last_success_time() = ToTimestamp(*time);
  if (const auto time = row.Get<std::optional<absl::Time>>("failing_since_time")) *webhook.mutable_failing_since_time() = ToTimestamp(*time);
  webhook.set_last_error(row.Get<std::string>("last_error"));
  webhook.set_etag(absl::StrCat(row.Get<int64_t>("version")));
  return webhook;
}

std::vector<int> KindsOf(const pb::Webhook& webhook) { return {webhook.kinds().begin(), webhook.kinds().end()}; }

std::string IdOf(const pb::Webhook& webhook) { return webhook.name().substr(webhook.name().find('/') + 1); }

}  // namespace

absl::StatusOr<std::vector<pb::Webhook>> ReadWebhooks(pg::Transaction& tx) {
  ASSIGN_OR_RETURN(const pg::Result rows, tx.Query(kList, tx.network_id()));
  std::vector<pb::Webhook> webhooks;
  for (const pg::Row row : rows) webhooks.push_back(WebhookOf(row));
  return webhooks;
}

absl::StatusOr<pb::Webhook> LockWebhook(pg::Transaction& tx, const std::string& id) {
  ASSIGN_OR_RETURN(const pg::Result rows, tx.Query(kLock, tx.network_id(), id));
  if (rows.empty()) {
    const std::string name = ids::Name("webhooks", id);
    return errors::Make(absl::StatusCode::kNotFound, "WEBHOOK_NOT_FOUND", absl::StrCat("There is no ", name, " in this network. Look for it in the list."),
                        absl::StrCat("このネットワークに ", name, " はありません。一覧でご確認ください。"), {{"resource", name}});
  }
  return WebhookOf(rows[0]);
}

absl::StatusOr<int> CountWebhooks(pg::Transaction& tx) {
  tx.Defer(kLockList, tx.network_id());
  ASSIGN_OR_RETURN(const pg::Result rows, tx.Query(kCount, tx.network_id()));
  return rows[0].Get<int>("webhooks");
}

void InsertWebhook(pg::Transaction& tx, const pb::Webhook& webhook, const std::string& secret, const Vault& vault, absl::Time now) {
  tx.Defer(kInsert, tx.network_id(), IdOf(webhook), webhook.display_name(), webhook.url(), KindsOf(webhook), pg::Bytes{vault.Seal(secret)}, now);
}

void WriteWebhook(pg::Transaction& tx, const pb::Webhook& webhook) {
  tx.Defer(kWrite, tx.network_id(), IdOf(webhook), webhook.display_name(), webhook.url(), KindsOf(webhook), static_cast<int>(webhook.state()));
}

void DeleteWebhook(pg::Transaction& tx, const std::string& id, absl::Time now) {
  tx.Defer(kDrop, tx.network_id(), id, now);
  tx.Defer(kDelete, tx.network_id(), id);
}

void ReplaceSecret(pg::Transaction& tx, const std::string& id, const std::string& secret, const Vault& vault, absl::Time now, absl::Duration overlap) {
  std::optional<absl::Time> end;
  if (overlap > absl::ZeroDuration()) end = now + overlap;
  tx.Defer(kSecret, tx.network_id(), id, pg::Bytes{vault.Seal(secret)}, end);
}

void ReplaceNewestSecret(pg::Transaction& tx, const std::string& id, const std::string& secret, const Vault& vault) {
  tx.Defer(kNewestSecret, tx.network_id(), id, pg::Bytes{vault.Seal(secret)});
}

absl::StatusOr<std::optional<Target>> ReadTarget(pg::Transaction& tx, const std::string& id, const Vault& vault, absl::Time now) {
  ASSIGN_OR_RETURN(const pg::Result rows, tx.Query(kTarget, tx.network_id(), id, now));
  if (rows.empty()) return std::nullopt;
  Target target{.id = id, .display_name = rows[0].Get<std::string>("display_name"), .url = rows[0].Get<std::string>("url")};
  for (const auto& sealed : {std::optional<pg::Bytes>(rows[0].Get<pg::Bytes>("secret")), rows[0].Get<std::optional<pg::Bytes>>("old_secret")}) {
    if (!sealed) continue;
    const std::optional<std::string> secret = vault.Open(sealed->value);
    if (!secret) return absl::InternalError("a webhook's secret does not open with this encryption key");
    target.secrets.push_back(*secret);
  }
  return target;
}

absl::StatusOr<std::vector<Listener>> ListenersFor(pg::Transaction& tx, pb::NoticeKind kind) {
  ASSIGN_OR_RETURN(const pg::Result rows, tx.Query(kListeners, tx.network_id(), static_cast<int>(kind)));
  std::vector<Listener> listeners;
  for (const pg::Row row : rows) {
    listeners.push_back({.id = row.Get<std::string>("webhook_id"), .display_name = row.Get<std::string>("display_name")});
  }
  return listeners;
}

void NoteSuccess(pg::Transaction& tx, const std::string& id, absl::Time now) { tx.Defer(kSuccess, tx.network_id(), id, now); }

absl::StatusOr<std::optional<absl::Time>> NoteFailure(pg::Transaction& tx, const std::string& id, const std::string& error, absl::Time now) {
  ASSIGN_OR_RETURN(const pg::Result rows, tx.Query(kFailure, tx.network_id(), id, now, error));
  if (rows.empty()) return std::nullopt;
  return rows[0].Get<absl::Time>("failing_since_time");
}

absl::StatusOr<bool> DisableAfterFailures(pg::Transaction& tx, const std::string& id) {
  ASSIGN_OR_RETURN(const int64_t changed, tx.Execute(kDisable, tx.network_id(), id));
  if (changed == 0) return false;
  tx.Defer(kHold, tx.network_id(), id, absl::InfiniteFuture());
  return true;
}

void TryWaitingNow(pg::Transaction& tx, const std::string& id, absl::Time now) { tx.Defer(kHold, tx.network_id(), id, now); }

}  // namespace kubari::notifications
