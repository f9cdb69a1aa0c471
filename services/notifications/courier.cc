#include "services/notifications/courier.h"

#include <absl/strings/str_cat.h>
#include <absl/strings/str_join.h>
#include <absl/time/clock.h>
#include <prometheus/counter.h>

#include <algorithm>

#include "libs/errors/macros.h"
#include "libs/ids/ids.h"
#include "libs/log/log.h"
#include "libs/outbox/notice.h"
#include "services/notifications/domain/stop_link.h"
#include "services/notifications/domain/webhook.h"
#include "services/notifications/store/notices.h"
#include "services/notifications/store/webhooks.h"

namespace kubari::notifications {
namespace {

constexpr absl::Duration kTimeout = absl::Seconds(20);
constexpr absl::Duration kLongestPause = absl::Minutes(5);
constexpr int kMailsPerClaim = 5;

std::vector<std::string> IdsOf(const std::vector<Claimed>& parts) {
  std::vector<std::string> ids;
  for (const Claimed& part : parts) ids.push_back(part.delivery_id);
  return ids;
}

std::string HostOf(const Mailbox& mailbox) { return mailbox.email.substr(mailbox.email.rfind('@') + 1); }

// The same for the same content, so that a second copy can be recognised; another one when a digest has grown meanwhile, so that nothing in
// it is taken for a copy.
std::string MessageId(const std::vector<Claimed>& parts, const Mailbox& from) {
  if (parts.size() == 1) return absl::StrCat(parts[0].delivery_id, "@", HostOf(from));
  std::vector<std::string> ids = IdsOf(parts);
  std::ranges::sort(ids);
  return absl::StrCat(outbox::IdOf({"digest mail", absl::StrJoin(ids, ",")}), "@", HostOf(from));
}

}  // namespace

Courier::Courier(pg::Pool& pool, Directory& directory, SmtpFile& smtp, const Vault& vault, const calendar::Clock& clock,
                 prometheus::Registry& registry, CourierOptions options)
    : pool_(pool), directory_(directory), smtp_(smtp), vault_(vault), clock_(clock), registry_(registry), options_(std::move(options)) {}

Claim Courier::NewClaim() const {
  const absl::Time now = clock_.Now();
  return {.id = ids::NewUuid(), .now = now, .end = now + options_.claim};
}

absl::Status Courier::Record(const std::string& network_id, const std::function<absl::Status(pg::Transaction&)>& write) {
  return pool_.Transact({.network_id = network_id, .deadline = absl::Now() + kTimeout}, [&](pg::Transaction& tx) { return write(tx); });
}

void Courier::Count(const char* channel, const char* outcome, int times) {
  prometheus::BuildCounter()
      .Name("kubari_notifications_attempts_total")
      .Help("Deliveries tried, by what became of them: delivered, later, failed, dropped.")
      .Register(registry_)
      .Add({{"channel", channel}, {"outcome", outcome}})
      .Increment(times);
}

// --- E-mail

std::string Courier::StopUrlOf(const std::string& network_id, const std::string& recipient, const std::vector<Told>& told) const {
  const std::optional<std::string> person_id = ids::IdFromName("people", recipient);
  if (!person_id) return "";
  StopLink link{.network_id = network_id, .person_id = *person_id, .kinds = {}};
  for (const Told& one : told) {
    if (!RuleOf(one.kind).fixed && std::ranges::count(link.kinds, one.kind) == 0) link.kinds.push_back(one.kind);
  }
  return link.kinds.empty() ? "" : StopUrl(options_.public_url, vault_.Sign(TextOf(link)));
}

absl::Status Courier::SendMail(SmtpClient& client, const std::function<bool()>& stopping) {
  const std::optional<SmtpSettings> settings = smtp_.Current();
  if (!settings || MailIsPaused(*settings)) return absl::OkStatus();
  ASSIGN_OR_RETURN(const std::vector<std::string> networks, DueNetworks(pool_, pb::CHANNEL_EMAIL, clock_.Now(), absl::Now() + kTimeout));
  absl::Status first;
  for (const std::string& network_id : networks) {
    const log::ScopedContext context({.request_id = "", .network_id = network_id});
    for (bool more = true; more && !stopping() && !MailIsPaused(*settings);) {
      absl::StatusOr<bool> sent = SendSomeMail(network_id, *settings, client, stopping);
      if (sent.ok()) {
        const absl::StatusOr<bool> digest = SendOneDigest(network_id, *settings, client);
        if (digest.ok()) {
          sent = *sent || *digest;
        } else {
          sent = digest.status();
        }
      }
      if (!sent.ok() && first.ok()) first = sent.status();
      more = sent.ok() && *sent;
    }
  }
  return first;
}

absl::StatusOr<bool> Courier::SendSomeMail(const std::string& network_id, const SmtpSettings& settings, SmtpClient& client,
                                           const std::function<bool()>& stopping) {
  const Claim claim = NewClaim();
  ASSIGN_OR_RETURN(const std::vector<Claimed> mails,
                   pool_.Transact({.network_id = network_id, .deadline = absl::Now() + kTimeout},
                                  [&](pg::Transaction& tx) { return ClaimMail(tx, claim, vault_, kMailsPerClaim); }));
  // From `i` on: for later, or for somebody else.
  const auto release = [&](size_t i) -> absl::Status {
    std::vector<std::string> rest;
    for (; i < mails.size(); ++i) rest.push_back(mails[i].delivery_id);
    if (rest.empty()) return absl::OkStatus();
    return Record(network_id, [&](pg::Transaction& tx) {
      Release(tx, claim.id, rest);
      return absl::OkStatus();
    });
  };
  const absl::Time last_start = claim.end - Margin(absl::Seconds(SmtpClient::kTimeoutSeconds + 5));
  for (size_t i = 0; i < mails.size(); ++i) {
    if (stopping() || clock_.Now() > last_start) {
      RETURN_IF_ERROR(release(i));
      return !stopping();
    }
    ASSIGN_OR_RETURN(const bool reachable, SendOne(network_id, claim, {mails[i]}, /*digest=*/false, settings, client));
    if (!reachable) {
      RETURN_IF_ERROR(release(i + 1));
      return false;
    }
  }
  return !mails.empty();
}

absl::StatusOr<bool> Courier::SendOneDigest(const std::string& network_id, const SmtpSettings& settings, SmtpClient& client) {
  if (MailIsPaused(settings)) return false;
  const Claim claim = NewClaim();
  ASSIGN_OR_RETURN(const std::vector<Claimed> parts,
                   pool_.Transact({.network_id = network_id, .deadline = absl::Now() + kTimeout},
                                  [&](pg::Transaction& tx) { return ClaimDigest(tx, claim, vault_); }));
  if (parts.empty()) return false;
  return SendOne(network_id, claim, parts, /*digest=*/true, settings, client);
}

absl::StatusOr<bool> Courier::SendOne(const std::string& network_id, const Claim& claim, const std::vector<Claimed>& parts, bool digest,
                                      const SmtpSettings& settings, SmtpClient& client) {
  const Claimed& first = parts.front();
  const std::vector<std::string> ids = IdsOf(parts);
  const absl::Time begun = clock_.Now();
  if (!first.first_attempt && begun - first.created > options_.stale + (digest ? absl::Hours(24) : absl::ZeroDuration())) {
    Count("email", "dropped", static_cast<int>(parts.size()));
    RETURN_IF_ERROR(Record(network_id, [&](pg::Transaction& tx) {
      Dropped(tx, claim.id, ids, "too old by the time e-mail could be sent", begun);
      for (const Claimed& part : parts) EraseSecret(tx, part.notice_id);
      return absl::OkStatus();
    }));
    return true;
  }
  ASSIGN_OR_RETURN(const Network network, directory_.NetworkOf(network_id));
  const Setting setting{.locale = first.locale,
                        .network = network.display_name,
                        .public_url = options_.public_url,
                        .has_account = first.recipient.starts_with("people/")};
  std::vector<Told> told;
  for (const Claimed& part : parts) told.push_back(part.told);
  const Letter letter = digest ? DigestOf(told, setting) : LetterOf(told[0], setting);
  const std::string message = Compose({.from = settings.from,
                                       .to = {.name = first.display_name, .email = first.email},
                                       .reply_to = settings.reply_to,
                                       .subject = letter.subject,
                                       .text = letter.text,
                                       .locale = first.locale,
                                       .message_id = MessageId(parts, settings.from),
                                       .stop_url = StopUrlOf(network_id, first.recipient, told),
                                       .date = begun});

  const SendResult result = client.Send(settings, first.email, message);
  const absl::Time now = clock_.Now();
  absl::Time next = now;
  const char* outcome = "delivered";
  bool reachable = true;
  if (result.outcome == SendResult::Outcome::kSent) {
    MailWent();
  } else if (result.outcome == SendResult::Outcome::kPermanent) {
    outcome = "failed";
  } else {
    reachable = result.outcome != SendResult::Outcome::kUnreachable;
    const std::optional<absl::Time> again = NextAttempt(options_.schedule, first.attempts + 1, first.first_attempt.value_or(now), now);
    outcome = again ? "later" : "failed";
    // A server that is away is asked again soon: its return is not this mail's fault.
    next = reachable ? again.value_or(now) : MailFailed();
  }
  RETURN_IF_ERROR(Record(network_id, [&](pg::Transaction& tx) {
    if (outcome[0] == 'd') {
      Delivered(tx, claim.id, ids, now);
    } else if (outcome[0] == 'l') {
      TryLater(tx, claim.id, ids, result.error, now, next);
    } else {
      Failed(tx, claim.id, ids, result.error, now);
    }
    if (outcome[0] == 'd') {
      for (const Claimed& part : parts) {
        if (part.confidential) EraseSecret(tx, part.notice_id);
      }
    }
    return absl::OkStatus();
  }));
  Count("email", outcome, static_cast<int>(parts.size()));
  // Addresses are personal data; the delivery's id leads an administrator to them. What the server said may hold one, so it is not logged.
  log::Info("e-mail", {{"delivery", ids[0]}, {"notices", static_cast<int>(parts.size())}, {"outcome", outcome}, {"attempt", first.attempts + 1}});
  if (!reachable) log::Warning("the mail server cannot be used", {{"server", settings.Server()}, {"detail", result.error}});
  return reachable;
}

bool Courier::MailIsPaused(const SmtpSettings& settings) {
  const std::lock_guard lock(mutex_);
  if (paused_settings_ != settings) {
    // Settings that are new may be right.
    paused_settings_ = settings;
    paused_until_ = absl::InfinitePast();
    pause_ = absl::ZeroDuration();
  }
  return clock_.Now() < paused_until_;
}

void Courier::MailWent() {
  const std::lock_guard lock(mutex_);
  paused_until_ = absl::InfinitePast();
  pause_ = absl::ZeroDuration();
}

absl::Time Courier::MailFailed() {
  const std::lock_guard lock(mutex_);
  pause_ = std::clamp(pause_ * 2, std::min(options_.schedule.first / 4, kLongestPause), kLongestPause);
  paused_until_ = clock_.Now() + pause_;
  return paused_until_;
}

// --- Webhooks

absl::Status Courier::SendCalls(HttpPoster& poster, const std::function<bool()>& stopping) {
  ASSIGN_OR_RETURN(const std::vector<std::string> networks, DueNetworks(pool_, pb::CHANNEL_WEBHOOK, clock_.Now(), absl::Now() + kTimeout));
  absl::Status first;
  for (const std::string& network_id : networks) {
    const log::ScopedContext context({.request_id = "", .network_id = network_id});
    for (bool more = true; more && !stopping();) {
      const absl::StatusOr<bool> sent = SendOneCall(network_id, poster);
      if (!sent.ok() && first.ok()) first = sent.status();
      more = sent.ok() && *sent;
    }
  }
  return first;
}

absl::StatusOr<bool> Courier::SendOneCall(const std::string& network_id, HttpPoster& poster) {
  const Claim claim = NewClaim();
  std::optional<Target> target;
  ASSIGN_OR_RETURN(const std::vector<Claimed> claimed,
                   pool_.Transact({.network_id = network_id, .deadline = absl::Now() + kTimeout},
                                  [&](pg::Transaction& tx) -> absl::StatusOr<std::vector<Claimed>> {
                                    target.reset();
                                    ASSIGN_OR_RETURN(std::vector<Claimed> calls, ClaimCall(tx, claim, vault_));
                                    if (!calls.empty()) {
                                      const std::string& recipient = calls[0].recipient;
                                      ASSIGN_OR_RETURN(target, ReadTarget(tx, recipient.substr(recipient.find('/') + 1), vault_, claim.now));
                                    }
                                    return calls;
                                  }));
  if (claimed.empty() || !target) return false;
  const Claimed& call = claimed[0];
  const std::string body = WebhookBody(call.notice_id, network_id, call.told, options_.public_url, call.facts, call.occurred);
  const int64_t timestamp = absl::ToUnixSeconds(clock_.Now());
  const PostResult result = poster.Post(target->url,
                                        {"Content-Type: application/json; charset=utf-8", absl::StrCat("webhook-id: ", call.notice_id),
                                         absl::StrCat("webhook-timestamp: ", timestamp),
                                         absl::StrCat("webhook-signature: ", WebhookSignature(target->secrets, call.notice_id, timestamp, body))},
                                        body);
  const absl::Time now = clock_.Now();
  const bool gone = result.status == 410;
  const bool done = result.status >= 200 && result.status < 300;
  const std::string error = result.status == 0 ? result.error : absl::StrCat("answered with status ", result.status);
  const std::optional<absl::Time> again = NextAttempt(options_.schedule, call.attempts + 1, call.first_attempt.value_or(now), now);
  const char* outcome = done ? "delivered" : again && !gone ? "later" : "failed";
  RETURN_IF_ERROR(Record(network_id, [&](pg::Transaction& tx) -> absl::Status {
    if (done) {
      Delivered(tx, claim.id, {call.delivery_id}, now);
      NoteSuccess(tx, target->id, now);
      return absl::OkStatus();
    }
    if (outcome[0] == 'l') {
      TryLater(tx, claim.id, {call.delivery_id}, error, now, *again);
    } else {
      Failed(tx, claim.id, {call.delivery_id}, error, now);
    }
    ASSIGN_OR_RETURN(const std::optional<absl::Time> since, NoteFailure(tx, target->id, error, now));
    if (!since || (!gone && now - *since < options_.schedule.give_up)) return absl::OkStatus();
    ASSIGN_OR_RETURN(const bool disabled, DisableAfterFailures(tx, target->id));
    if (!disabled) return absl::OkStatus();
    pb::Notice notice = outbox::Make(
        pb::NOTICE_KIND_WEBHOOK_DISABLED,
        {.ja = absl::StrCat("Webhook「", target->display_name, "」を止めました"), .en = absl::StrCat("Webhook \"", target->display_name, "\" was switched off")},
        {.ja = absl::StrCat("「", target->display_name, "」への送信が失敗し続けたため、自動で止めました。最後の結果: ", error,
                            "\n送り先を確認して、管理画面からもう一度有効にしてください。送れていないお知らせは、そのとき送られます。"),
         .en = absl::StrCat("Sending to \"", target->display_name, "\" kept failing, so it was switched off. The last result: ", error,
                            "\nCheck the receiver and switch it on again; what could not be sent is sent then.")},
        "/admin/notifications", now);
    outbox::ToHolders(notice, type::v1::ROLE_ADMINISTRATOR);
    (*notice.mutable_facts())["webhook"] = ids::Name("webhooks", target->id);
    InsertNotice(tx, notice, vault_, now);
    return absl::OkStatus();
  }));
  Count("webhook", outcome);
  log::Info("webhook", {{"delivery", call.delivery_id}, {"webhook", target->id}, {"outcome", outcome}, {"status", result.status}, {"attempt", call.attempts + 1}});
  return true;
}

}  // namespace kubari::notifications
