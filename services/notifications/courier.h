// Brings deliveries to where they belong: claim (commit) → send → record (commit).
//
// The place where something can arrive twice: the other side has said yes, and this process or its database dies before the record is
// committed. Nothing is done between the two. The second copy has the same Message-ID or webhook-id.
#pragma once

#include <absl/status/status.h>
#include <prometheus/registry.h>

#include <algorithm>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "libs/calendar/clock.h"
#include "libs/pg/pool.h"
#include "services/notifications/directory.h"
#include "services/notifications/domain/schedule.h"
#include "services/notifications/http_post.h"
#include "services/notifications/smtp.h"
#include "services/notifications/store/deliveries.h"
#include "services/notifications/vault.h"

namespace kubari::notifications {

struct CourierOptions {
  Schedule schedule;
  // How long a claim holds. Nobody else tries meanwhile; after a crash this is how long a delivery waits.
  absl::Duration claim = absl::Minutes(2);
  // E-mail that could not be tried for so long, because there was no mail server, is not worth sending any more.
  absl::Duration stale = absl::Hours(24 * 7);
  std::string public_url;
  bool allow_private = false;
};

class Courier {
 public:
  // All must outlive it.
  Courier(pg::Pool& pool, Directory& directory, SmtpFile& smtp, const Vault& vault, const calendar::Clock& clock, prometheus::Registry& registry,
          CourierOptions options);

  // Send everything that is due now. `stopping` is asked between two. Each caller has a client of its own; callers may run at once.
  absl::Status SendMail(SmtpClient& client, const std::function<bool()>& stopping);
  absl::Status SendCalls(HttpPoster& poster, const std::function<bool()>& stopping);

 private:
  Claim NewClaim() const;
  // How long before the end of a claim nothing new is begun.
  absl::Duration Margin(absl::Duration attempt) const { return std::min(attempt, options_.claim / 2); }
  absl::StatusOr<bool> SendSomeMail(const std::string& network_id, const SmtpSettings& settings, SmtpClient& client,
                                    const std::function<bool()>& stopping);
  absl::StatusOr<bool> SendOneDigest(const std::string& network_id, const SmtpSettings& settings, SmtpClient& client);
  // One e-mail that carries all of `parts`, and the record of it. Whether the server can be reached.
  absl::StatusOr<bool> SendOne(const std::string& network_id, const Claim& claim, const std::vector<Claimed>& parts, bool digest,
                               const SmtpSettings& settings, SmtpClient& client);
  absl::StatusOr<bool> SendOneCall(const std::string& network_id, HttpPoster& poster);
  absl::Status Record(const std::string& network_id, const std::function<absl::Status(pg::Transaction&)>& write);
  void Count(const char* channel, const char* outcome, int times = 1);
  // Where one click ends e-mail of these kinds; empty if none of them can be switched off, or the recipient has no account.
  std::string StopUrlOf(const std::string& network_id, const std::string& recipient, const std::vector<Told>& told) const;

  bool MailIsPaused(const SmtpSettings& settings);
  void MailWent();
  // Until when nobody's mail is tried.
  absl::Time MailFailed();

  pg::Pool& pool_;
  Directory& directory_;
  SmtpFile& smtp_;
  const Vault& vault_;
  const calendar::Clock& clock_;
  prometheus::Registry& registry_;
  const CourierOptions options_;

  std::mutex mutex_;
  std::optional<SmtpSettings> paused_settings_;
  absl::Time paused_until_ = absl::InfinitePast();
  absl::Duration pause_ = absl::ZeroDuration();
};

}  // namespace kubari::notifications
