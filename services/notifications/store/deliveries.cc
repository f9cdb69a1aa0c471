#include "services/notifications/store/deliveries.h"

#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>

#include <nlohmann/json.hpp>

#include "libs/errors/errors.h"
#include "libs/errors/macros.h"
#include "libs/ids/ids.h"
#include "services/notifications/store/notices.h"

namespace kubari::notifications {
namespace {

constexpr pg::Statement kInsert{
    "INSERT INTO deliveries (network_id, delivery_id, notice_id, channel, recipient, display_name, email, locale, state, digest_id, "
    "next_attempt_time, create_time) "
    "SELECT $1, d.delivery_id, d.notice_id, d.channel, d.recipient, d.display_name, d.email, d.locale, 1, d.digest_id, d.due, $11 "
    "FROM unnest($2::uuid[], $3::uuid[], $4::smallint[], $5::text[], $6::text[], $7::text[], $8::text[], $9::uuid[], $10::timestamptz[]) "
    "AS d(delivery_id, notice_id, channel, recipient, display_name, email, locale, digest_id, due) "
    "ON CONFLICT (network_id, notice_id, channel, recipient) DO NOTHING"};
constexpr pg::Statement kDue{"SELECT due_networks($1::smallint, $2) AS network_id"};

#define KUBARI_CLAIMED                                                                                                        \
  "d.delivery_id, d.notice_id, d.recipient, d.display_name, d.email, d.locale, d.attempts, d.first_attempt_time, d.create_time, " \
  "n.kind, n.subject_ja, n.subject_en, n.text_ja, n.text_en, n.sealed, n.confidential, n.link, n.facts, n.occurred_time "
#define KUBARI_TAKE                                                                                                           \
  "UPDATE deliveries d SET claim_id = $3, claim_end = $4 FROM due, notices n "                                                \
  "WHERE d.network_id = $1 AND d.delivery_id = due.delivery_id AND n.network_id = $1 AND n.notice_id = d.notice_id RETURNING " KUBARI_CLAIMED

constexpr pg::Statement kClaimMail{
    "WITH due AS (SELECT delivery_id FROM deliveries WHERE network_id = $1 AND state = 1 AND channel = 1 AND digest_id IS NULL "
    "AND next_attempt_time <= $2 AND (claim_end IS NULL OR claim_end <= $2) ORDER BY next_attempt_time, delivery_id LIMIT $5 "
    "FOR UPDATE SKIP LOCKED) " KUBARI_TAKE};
// Whoever comes second waits for the first to commit, and then finds the rows claimed.
constexpr pg::Statement kClaimDigest{
    "UPDATE deliveries d SET claim_id = $3, claim_end = $4 FROM notices n "
    "WHERE d.network_id = $1 AND d.state = 1 AND d.next_attempt_time <= $2 AND (d.claim_end IS NULL OR d.claim_end <= $2) "
    "AND d.digest_id = (SELECT digest_id FROM deliveries WHERE network_id = $1 AND state = 1 AND channel = 1 AND digest_id IS NOT NULL "
    "AND next_attempt_time <= $2 AND (claim_end IS NULL OR claim_end <= $2) ORDER BY next_attempt_time, digest_id LIMIT 1) "
    "AND n.network_id = $1 AND n.notice_id = d.notice_id RETURNING " KUBARI_CLAIMED};
constexpr pg::Statement kClaimCall{
    "WITH due AS (SELECT o.delivery_id FROM deliveries o JOIN webhooks w ON w.network_id = $1 AND o.recipient = 'webhooks/' || w.webhook_id "
    "JOIN notices k ON k.network_id = $1 AND k.notice_id = o.notice_id "
    "WHERE o.network_id = $1 AND o.state = 1 AND o.channel = 2 AND o.next_attempt_time <= $2 AND (o.claim_end IS NULL OR o.claim_end <= $2) "
    "AND (w.state = 1 OR k.kind = 102) "
    "AND NOT EXISTS (SELECT FROM deliveries b WHERE b.network_id = $1 AND b.recipient = o.recipient AND b.state = 1 AND b.claim_end > $2) "
    "ORDER BY o.next_attempt_time, o.delivery_id LIMIT 1 FOR UPDATE OF o SKIP LOCKED) " KUBARI_TAKE};

constexpr pg::Statement kDelivered{
    "UPDATE deliveries SET state = 3, end_time = $4, attempts = attempts + 1, first_attempt_time = coalesce(first_attempt_time, $4), last_error = '', "
    "claim_id = NULL, claim_end = NULL WHERE network_id = $1 AND claim_id = $2 AND delivery_id = ANY($3::uuid[])"};
constexpr pg::Statement kLater{
    "UPDATE deliveries SET next_attempt_time = $6, attempts = attempts + 1, first_attempt_time = coalesce(first_attempt_time, $5), "
    "last_error = $4, last_error_time = $5, claim_id = NULL, claim_end = NULL "
    "WHERE network_id = $1 AND claim_id = $2 AND delivery_id = ANY($3::uuid[])"};
constexpr pg::Statement kEnded{
    "UPDATE deliveries SET state = $6::smallint, end_time = $5, attempts = attempts + CASE $6 WHEN 4 THEN 1 ELSE 0 END, "
    "first_attempt_time = coalesce(first_attempt_time, $5), last_error = $4, last_error_time = $5, claim_id = NULL, claim_end = NULL "
    "WHERE network_id = $1 AND claim_id = $2 AND delivery_id = ANY($3::uuid[])"};
constexpr pg::Statement kRelease{
    "UPDATE deliveries SET claim_id = NULL, claim_end = NULL WHERE network_id = $1 AND claim_id = $2 AND delivery_id = ANY($3::uuid[])"};
constexpr pg::Statement kErase{
    "UPDATE notices n SET sealed = NULL WHERE network_id = $1 AND notice_id = $2 AND sealed IS NOT NULL AND audiences IS NULL "
    "AND NOT EXISTS (SELECT FROM deliveries d WHERE d.network_id = $1 AND d.notice_id = $2 AND d.state IN (1, 4))"};

#define KUBARI_SHOWN                                                                                                            \
  "SELECT d.delivery_id, n.kind, n.subject_ja, n.subject_en, d.channel, d.recipient, d.display_name, d.state, d.digest_id IS NOT NULL AS digest, " \
  "d.attempts, d.next_attempt_time, d.last_error, d.create_time, d.end_time "                                                  \
  "FROM deliveries d JOIN notices n ON n.network_id = d.network_id AND n.notice_id = d.notice_id "
constexpr pg::Statement kListAll{
    KUBARI_SHOWN
    "WHERE d.network_id = $1 AND d.delivery_id < $2::uuid AND ($3 = 0 OR d.channel = $3) AND ($4 = '' OR d.recipient = $4) "
    "AND ($5 = 0 OR n.kind = $5) ORDER BY d.delivery_id DESC LIMIT $6"};
constexpr pg::Statement kListByState{
    KUBARI_SHOWN
    "WHERE d.network_id = $1 AND d.delivery_id < $2::uuid AND ($3 = 0 OR d.channel = $3) AND ($4 = '' OR d.recipient = $4) "
    "AND ($5 = 0 OR n.kind = $5) AND d.state = $7 AND ($8 = 0 OR d.channel <> $8) ORDER BY d.delivery_id DESC LIMIT $6"};
constexpr pg::Statement kListByRecipient{
    KUBARI_SHOWN
    "WHERE d.network_id = $1 AND d.delivery_id < $2::uuid AND ($3 = 0 OR d.channel = $3) AND d.recipient = $4 "
    "AND ($5 = 0 OR n.kind = $5) AND ($7 = 0 OR d.state = $7) ORDER BY d.delivery_id DESC LIMIT $6"};
constexpr pg::Statement kRead{KUBARI_SHOWN "WHERE d.network_id = $1 AND d.delivery_id = ANY($2::uuid[])"};
constexpr pg::Statement kLock{KUBARI_SHOWN "WHERE d.network_id = $1 AND d.delivery_id = ANY($2::uuid[]) ORDER BY d.delivery_id FOR UPDATE OF d"};
constexpr pg::Statement kAgain{
    "UPDATE deliveries SET state = 1, end_time = NULL, attempts = 0, first_attempt_time = NULL, next_attempt_time = $3, digest_id = NULL, "
    "email = coalesce($4, email), locale = coalesce($5, locale) WHERE network_id = $1 AND delivery_id = $2 AND state = 4"};

constexpr pg::Statement kStatus{
    "SELECT (SELECT end_time FROM deliveries WHERE network_id = $1 AND channel = 1 AND state = 3 ORDER BY end_time DESC LIMIT 1) AS last_success, "
    "(SELECT count(*) FROM (SELECT FROM deliveries WHERE network_id = $1 AND channel = 1 AND state = 1 LIMIT 10000) AS w) AS waiting, "
    "(SELECT count(*) FROM (SELECT FROM deliveries WHERE network_id = $1 AND channel = 1 AND state = 4 LIMIT 10000) AS f) AS failed"};
constexpr pg::Statement kLastFailure{
    "SELECT last_error, last_error_time FROM deliveries WHERE network_id = $1 AND channel = 1 AND last_error_time IS NOT NULL "
    "ORDER BY last_error_time DESC LIMIT 1"};

pb::NoticeText TextOf(const pg::Row& row, const char* ja, const char* en) {
  pb::NoticeText text;
  text.set_ja(row.Get<std::string>(ja));
  text.set_en(row.Get<std::string>(en));
  return text;
}

absl::StatusOr<std::vector<Claimed>> ClaimedOf(const pg::Result& rows, const Vault& vault) {
  std::vector<Claimed> all;
  for (const pg::Row row : rows) {
    Claimed& claimed = all.emplace_back(Claimed{.delivery_id = row.Get<std::string>("delivery_id"),
                                                .notice_id = row.Get<std::string>("notice_id"),
                                                .recipient = row.Get<std::string>("recipient"),
                                                .display_name = row.Get<std::string>("display_name"),
                                                .email = row.Get<std::string>("email"),
                                                .locale = row.Get<std::string>("locale"),
                                                .attempts = row.Get<int>("attempts"),
                                                .first_attempt = row.Get<std::optional<absl::Time>>("first_attempt_time"),
                                                .created = row.Get<absl::Time>("create_time"),
                                                .confidential = row.Get<bool>("confidential"),
                                                .occurred = row.Get<absl::Time>("occurred_time")});
    claimed.told = {.kind = static_cast<pb::NoticeKind>(row.Get<int>("kind")),
                    .subject = TextOf(row, "subject_ja", "subject_en"),
                    .text = TextOf(row, "text_ja", "text_en"),
                    .link = row.Get<std::string>("link")};
    if (const auto sealed = row.Get<std::optional<pg::Bytes>>("sealed")) {
      const std::optional<std::string> opened = vault.Open(sealed->value);
      pb::Notice secret;
      if (!opened || !secret.ParseFromString(*opened)) return absl::InternalError("a sealed notice does not open with this encryption key");
      claimed.told.text = secret.text();
      claimed.told.link = secret.link();
    }
    const auto facts = nlohmann::json::parse(row.Get<std::string>("facts"), nullptr, false);
    if (facts.is_object()) {
      for (const auto& [key, value] : facts.items()) claimed.facts[key] = value.is_string() ? value.get<std::string>() : "";
    }
  }
  // RETURNING has no order of its own.
  std::ranges::sort(all, [](const Claimed& a, const Claimed& b) { return std::tie(a.occurred, a.delivery_id) < std::tie(b.occurred, b.delivery_id); });
  return all;
}

pb::Delivery DeliveryOf(const pg::Row& row, bool email_works) {
  pb::Delivery delivery;
  delivery.set_name(ids::Name("deliveries", row.Get<std::string>("delivery_id")));
  delivery.set_kind(static_cast<pb::NoticeKind>(row.Get<int>("kind")));
  *delivery.mutable_subject() = TextOf(row, "subject_ja", "subject_en");
  delivery.set_channel(static_cast<pb::Channel>(row.Get<int>("channel")));
  const auto recipient = row.Get<std::string>("recipient");
  if (!absl::StartsWith(recipient, "mailto:")) delivery.set_recipient(recipient);
  delivery.set_recipient_display_name(row.Get<std::string>("display_name"));
  const auto state = static_cast<pb::DeliveryState>(row.Get<int>("state"));
  const bool needs_settings = state == pb::DELIVERY_STATE_WAITING && delivery.channel() == pb::CHANNEL_EMAIL && !email_works;
  delivery.set_state(needs_settings ? pb::DELIVERY_STATE_WAITING_FOR_SETTINGS : state);
  delivery.set_digest(row.Get<bool>("digest"));
  delivery.set_attempts(row.Get<int>("attempts"));
  if (delivery.state() == pb::DELIVERY_STATE_WAITING) {
    const auto next = row.Get<absl::Time>("next_attempt_time");
    if (next != absl::InfiniteFuture()) *delivery.mutable_next_attempt_time() = ToTimestamp(next);
  }
  delivery.set_last_error(row.Get<std::string>("last_error"));
  *delivery.mutable_create_time() = ToTimestamp(row.Get<absl::Time>("create_time"));
  if (const auto end = row.Get<std::optional<absl::Time>>("end_time")) *delivery.mutable_end_time() = ToTimestamp(*end);
  return delivery;
}

}  // namespace

void InsertDeliveries(pg::Transaction& tx, const std::vector<NewDelivery>& deliveries, absl::Time now) {
  if (deliveries.empty()) return;
  std::vector<std::string> ids, notices, recipients, names, emails, locales;
  std::vector<int> channels;
  std::vector<std::optional<std::string>> digests;
  std::vector<absl::Time> due;
  for (const NewDelivery& delivery : deliveries) {
    ids.push_back(delivery.delivery_id);
    notices.push_back(delivery.notice_id);
    channels.push_back(delivery.channel);
    recipients.push_back(delivery.recipient);
    names.push_back(delivery.display_name);
    emails.push_back(delivery.email);
    locales.push_back(delivery.locale);
    digests.push_back(delivery.digest_id);
    due.push_back(delivery.due);
  }
  tx.Defer(kInsert, tx.network_id(), ids, notices, channels, recipients, names, emails, locales, digests, due, now);
}

absl::StatusOr<std::vector<std::string>> DueNetworks(pg::Pool& pool, pb::Channel channel, absl::Time now, absl::Time deadline) {
  return pool.Read({.deadline = deadline}, [&](pg::Transaction& tx) -> absl::StatusOr<std::vector<std::string>> {
    ASSIGN_OR_RETURN(const pg::Result rows, tx.Query(kDue, static_cast<int>(channel), now));
    std::vector<std::string> ids;
    for (const pg::Row row : rows) ids.push_back(row.Get<std::string>("network_id"));
    return ids;
  });
}

absl::StatusOr<std::vector<Claimed>> ClaimMail(pg::Transaction& tx, const Claim& claim, const Vault& vault, int limit) {
  ASSIGN_OR_RETURN(const pg::Result rows, tx.Query(kClaimMail, tx.network_id(), claim.now, claim.id, claim.end, limit));
  return ClaimedOf(rows, vault);
}

absl::StatusOr<std::vector<Claimed>> ClaimDigest(pg::Transaction& tx, const Claim& claim, const Vault& vault) {
  ASSIGN_OR_RETURN(const pg::Result rows, tx.Query(kClaimDigest, tx.network_id(), claim.now, claim.id, claim.end));
  return ClaimedOf(rows, vault);
}

absl::StatusOr<std::vector<Claimed>> ClaimCall(pg::Transaction& tx, const Claim& claim, const Vault& vault) {
  ASSIGN_OR_RETURN(const pg::Result rows, tx.Query(kClaimCall, tx.network_id(), claim.now, claim.id, claim.end));
  return ClaimedOf(rows, vault);
}

void Delivered(pg::Transaction& tx, const std::string& claim_id, const std::vector<std::string>& ids, absl::Time now) {
  tx.Defer(kDelivered, tx.network_id(), claim_id, ids, now);
}

void TryLater(pg::Transaction& tx, const std::string& claim_id, const std::vector<std::string>& ids, const std::string& error, absl::Time now,
              absl::Time next) {
  tx.Defer(kLater, tx.network_id(), claim_id, ids, error, now, next);
}

void Failed(pg::Transaction& tx, const std::string& claim_id, const std::vector<std::string>& ids, const std::string& error, absl::Time now) {
  tx.Defer(kEnded, tx.network_id(), claim_id, ids, error, now, static_cast<int>(pb::DELIVERY_STATE_FAILED));
}

void Dropped(pg::Transaction& tx, const std::string& claim_id, const std::vector<std::string>& ids, const std::string& why, absl::Time now) {
  tx.Defer(kEnded, tx.network_id(), claim_id, ids, why, now, static_cast<int>(pb::DELIVERY_STATE_DROPPED));
}

void Release(pg::Transaction& tx, const std::string& claim_id, const std::vector<std::string>& ids) {
  tx.Defer(kRelease, tx.network_id(), claim_id, ids);
}

void EraseSecret(pg::Transaction& tx, const std::string& notice_id) { tx.Defer(kErase, tx.network_id(), notice_id); }

absl::StatusOr<std::vector<pb::Delivery>> ListDeliveries(pg::Transaction& tx, const DeliveryFilter& filter, bool email_works,
                                                         const std::string& before_id, int limit) {
  std::vector<pb::Delivery> deliveries;
  int channel = filter.channel, state = filter.state, not_channel = 0;
  if (state == pb::DELIVERY_STATE_WAITING_FOR_SETTINGS) {
    if (email_works || channel == pb::CHANNEL_WEBHOOK) return deliveries;
    channel = pb::CHANNEL_EMAIL;
    state = pb::DELIVERY_STATE_WAITING;
  } else if (state == pb::DELIVERY_STATE_WAITING && !email_works) {
    if (channel == pb::CHANNEL_EMAIL) return deliveries;
    not_channel = pb::CHANNEL_EMAIL;
    if (!filter.recipient.empty()) channel = pb::CHANNEL_WEBHOOK;
  }
  const int kind = filter.kind;
  absl::StatusOr<pg::Result> rows;
  if (!filter.recipient.empty()) {
    rows = tx.Query(kListByRecipient, tx.network_id(), before_id, channel, filter.recipient, kind, limit, state);
  } else if (state != 0) {
    rows = tx.Query(kListByState, tx.network_id(), before_id, channel, filter.recipient, kind, limit, state, not_channel);
  } else {
    rows = tx.Query(kListAll, tx.network_id(), before_id, channel, filter.recipient, kind, limit);
  }
  RETURN_IF_ERROR(rows.status());
  for (const pg::Row row : *rows) deliveries.push_back(DeliveryOf(row, email_works));
  return deliveries;
}

absl::StatusOr<std::map<std::string, pb::Delivery>> ReadDeliveries(pg::Transaction& tx, const std::vector<std::string>& ids, bool email_works,
                                                                   bool lock) {
  ASSIGN_OR_RETURN(const pg::Result rows, lock ? tx.Query(kLock, tx.network_id(), ids) : tx.Query(kRead, tx.network_id(), ids));
  std::map<std::string, pb::Delivery> all;
  for (const pg::Row row : rows) all[row.Get<std::string>("delivery_id")] = DeliveryOf(row, email_works);
  return all;
}

void TryAgain(pg::Transaction& tx, const std::string& id, const std::optional<std::string>& email, const std::optional<std::string>& locale, absl::Time now) {
  tx.Defer(kAgain, tx.network_id(), id, now, email, locale);
}

absl::StatusOr<MailStatus> ReadMailStatus(pg::Transaction& tx) {
  ASSIGN_OR_RETURN(const std::vector<pg::Result> results,
                   tx.Pipeline(pg::Batch().Add(kStatus, tx.network_id()).Add(kLastFailure, tx.network_id())));
  const pg::Row row = results[0][0];
  MailStatus status{.last_success = row.Get<std::optional<absl::Time>>("last_success"),
                    .waiting = row.Get<int>("waiting"),
                    .failed = row.Get<int>("failed")};
  if (!results[1].empty()) {
    status.last_failure = results[1][0].Get<absl::Time>("last_error_time");
    status.last_error = results[1][0].Get<std::string>("last_error");
  }
  return status;
}

absl::Status DeliveryNotFound(const std::string& id) {
  const std::string name = ids::Name("deliveries", id);
  return errors::Make(absl::StatusCode::kNotFound, "DELIVERY_NOT_FOUND",
                      absl::StrCat("There is no ", name, " in this network; what was delivered is kept for 30 days. Look for it in the list."),
                      absl::StrCat("このネットワークに ", name, " はありません。送り終えたものは30日間だけ残ります。一覧でご確認ください。"), {{"resource", name}});
}

}  // namespace kubari::notifications
