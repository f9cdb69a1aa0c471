// Deliveries: made, claimed, tried, ended. Functions that take a Transaction work in that transaction's network.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "kubari/notifications/v1/notifications.pb.h"
#include "libs/pg/pool.h"
#include "services/notifications/domain/letters.h"
#include "services/notifications/vault.h"

namespace kubari::notifications {

// A delivery to be made.
struct NewDelivery {
  std::string delivery_id;
  std::string notice_id;
  pb::Channel channel = pb::CHANNEL_UNSPECIFIED;
  std::string recipient;  // "people/{uuid}", "webhooks/{uuid}" or "mailto:{address}"
  std::string display_name;
  std::string email;
  std::string locale = "ja";
  std::optional<std::string> digest_id;
  absl::Time due;
};
// Those that are there already stay as they are.
void InsertDeliveries(pg::Transaction& tx, const std::vector<NewDelivery>& deliveries, absl::Time now);

// Networks in which something of this channel is due and not claimed.
absl::StatusOr<std::vector<std::string>> DueNetworks(pg::Pool& pool, pb::Channel channel, absl::Time now, absl::Time deadline);

// One claimed delivery with what it is to tell. Until claim_end nobody else tries it.
struct Claimed {
  std::string delivery_id;
  std::string notice_id;
  std::string recipient;
  std::string display_name;
  std::string email;
  std::string locale;
  int attempts = 0;  // before this one
  std::optional<absl::Time> first_attempt;
  absl::Time created;
  Told told;
  bool confidential = false;
  absl::Time occurred;
  std::map<std::string, std::string> facts;
};
struct Claim {
  std::string id;
  absl::Time now;
  absl::Time end;
};
// E-mails that go by themselves; those that have waited longest.
absl::StatusOr<std::vector<Claimed>> ClaimMail(pg::Transaction& tx, const Claim& claim, const Vault& vault, int limit);
// All that is due for one digest; empty if no digest is.
absl::StatusOr<std::vector<Claimed>> ClaimDigest(pg::Transaction& tx, const Claim& claim, const Vault& vault);
// One call of a webhook that none is under way to.
absl::StatusOr<std::vector<Claimed>> ClaimCall(pg::Transaction& tx, const Claim& claim, const Vault& vault);

// What became of claimed deliveries; those that are claimed by somebody else meanwhile are left alone.
void Delivered(pg::Transaction& tx, const std::string& claim_id, const std::vector<std::string>& ids, absl::Time now);
void TryLater(pg::Transaction& tx, const std::string& claim_id, const std::vector<std::string>& ids, const std::string& error, absl::Time now,
              absl::Time next);
void Failed(pg::Transaction& tx, const std::string& claim_id, const std::vector<std::string>& ids, const std::string& error, absl::Time now);
void Dropped(pg::Transaction& tx, const std::string& claim_id, const std::vector<std::string>& ids, const std::string& why, absl::Time now);
// Not tried after all.
void Release(pg::Transaction& tx, const std::string& claim_id, const std::vector<std::string>& ids);
// Erases the secret of a confidential notice that nobody waits for any more.
void EraseSecret(pg::Transaction& tx, const std::string& notice_id);

struct DeliveryFilter {
  pb::DeliveryState state = pb::DELIVERY_STATE_UNSPECIFIED;
  pb::Channel channel = pb::CHANNEL_UNSPECIFIED;
  std::string recipient;
  pb::NoticeKind kind = pb::NOTICE_KIND_UNSPECIFIED;
};
// Newest first. `email_works` decides which e-mails wait for settings.
absl::StatusOr<std::vector<pb::Delivery>> ListDeliveries(pg::Transaction& tx, const DeliveryFilter& filter, bool email_works,
                                                         const std::string& before_id, int limit);
// By id; those that are not there are missing. With `lock` nobody changes them until the transaction ends.
absl::StatusOr<std::map<std::string, pb::Delivery>> ReadDeliveries(pg::Transaction& tx, const std::vector<std::string>& ids, bool email_works,
                                                                   bool lock = false);
// FAILED → WAITING, now, as if it had never been tried. People's addresses as they are now, by "people/{uuid}".
void TryAgain(pg::Transaction& tx, const std::string& id, const std::optional<std::string>& email, const std::optional<std::string>& locale, absl::Time now);

struct MailStatus {
  std::optional<absl::Time> last_success, last_failure;
  std::string last_error;
  int waiting = 0, failed = 0;
};
absl::StatusOr<MailStatus> ReadMailStatus(pg::Transaction& tx);

// DELIVERY_NOT_FOUND.
absl::Status DeliveryNotFound(const std::string& id);

}  // namespace kubari::notifications
