#include "services/notifications/addressing.h"

#include <absl/strings/ascii.h>
#include <absl/strings/str_cat.h>
#include <absl/time/clock.h>

#include <set>

#include "libs/errors/macros.h"
#include "libs/ids/ids.h"
#include "libs/log/log.h"
#include "libs/outbox/notice.h"
#include "services/notifications/domain/schedule.h"
#include "services/notifications/store/deliveries.h"
#include "services/notifications/store/webhooks.h"

namespace kubari::notifications {
namespace {

constexpr int kPage = 50;
constexpr absl::Duration kTimeout = absl::Seconds(20);

// What is mailed to a person, if anything.
std::optional<NewDelivery> MailTo(const Unaddressed& notice, const identity::v1::Recipient& person, const Choices& choices,
                                  const Network& network, absl::Time now) {
  if (!outbox::IsMailAddress(person.email())) return std::nullopt;  // an inbox is all there is
  NewDelivery delivery{.delivery_id = ids::NewV7(now),
                       .notice_id = notice.notice_id,
                       .channel = pb::CHANNEL_EMAIL,
                       .recipient = person.person(),
                       .display_name = person.display_name(),
                       .email = person.email(),
                       .locale = person.locale() == "en" ? "en" : "ja",
                       .due = now};
  switch (TimingOf(notice.kind, choices.chosen)) {
    case pb::TIMING_NEVER:
      return std::nullopt;
    case pb::TIMING_DAILY:
      delivery.due = NextDigest(now, choices.digest_hour, network.zone);
      delivery.digest_id = outbox::IdOf({"digest", person.person(), absl::FormatTime(absl::RFC3339_sec, delivery.due, absl::UTCTimeZone())});
      return delivery;
    default:
      return delivery;
  }
}

}  // namespace

absl::Status Addressing::AddressAll(const std::function<bool()>& stopping) {
  ASSIGN_OR_RETURN(const std::vector<std::string> networks, UnaddressedNetworks(pool_, absl::Now() + kTimeout));
  absl::Status first;
  for (const std::string& network_id : networks) {
    const log::ScopedContext context({.request_id = "", .network_id = network_id});
    for (bool more = true; more && !stopping();) {
      ASSIGN_OR_RETURN(const std::vector<Unaddressed> notices,
                       pool_.Read({.network_id = network_id, .deadline = absl::Now() + kTimeout},
                                  [](pg::Transaction& tx) { return ReadUnaddressed(tx, kPage); }));
      more = notices.size() == kPage;
      for (const Unaddressed& notice : notices) {
        const absl::Status status = Address(network_id, notice);
        // One that cannot be addressed just now holds up no other network.
        if (!status.ok()) {
          if (first.ok()) first = status;
          more = false;
          break;
        }
      }
    }
  }
  return first;
}

absl::Status Addressing::Address(const std::string& network_id, const Unaddressed& notice) {
  std::vector<identity::v1::Grant> holders;
  std::vector<std::string> people;
  std::vector<pb::Mailbox> mailboxes;
  for (const pb::Audience& audience : notice.audiences) {
    if (audience.has_holders()) {
      identity::v1::Grant& grant = holders.emplace_back();
      grant.set_role(audience.holders().role());
      grant.set_organisation(audience.holders().organisation());
    } else if (audience.has_person()) {
      people.push_back(audience.person());
    } else if (audience.has_mailbox()) {
      mailboxes.push_back(audience.mailbox());
    }
  }
  // Asked before the transaction: no connection is held while another service answers.
  ASSIGN_OR_RETURN(const std::vector<identity::v1::Recipient> recipients, directory_.Recipients(network_id, holders, people));
  ASSIGN_OR_RETURN(const Network network, directory_.NetworkOf(network_id));
  std::vector<std::string> person_ids;
  std::set<std::string> known;  // addresses of people: they are told as people, by their own choices
  for (const identity::v1::Recipient& person : recipients) {
    person_ids.push_back(person.person().substr(person.person().find('/') + 1));
    known.insert(absl::AsciiStrToLower(person.email()));
  }

  const absl::Time now = clock_.Now();
  return pool_.Transact({.network_id = network_id, .deadline = absl::Now() + kTimeout}, [&](pg::Transaction& tx) -> absl::Status {
    ASSIGN_OR_RETURN(const bool ours, MarkAddressed(tx, notice.notice_id));
    if (!ours) return absl::OkStatus();  // another instance did it
    ASSIGN_OR_RETURN(const auto choices, ReadChoices(tx, person_ids));
    std::vector<NewDelivery> deliveries;
    for (size_t i = 0; i < recipients.size(); ++i) {
      const auto chosen = choices.find(person_ids[i]);
      std::optional<NewDelivery> mail = MailTo(notice, recipients[i], chosen == choices.end() ? Choices() : chosen->second, network, now);
      if (mail) deliveries.push_back(*std::move(mail));
    }
    for (const pb::Mailbox& mailbox : mailboxes) {
      const std::string address = absl::AsciiStrToLower(mailbox.email());
      if (!known.insert(address).second) continue;
      deliveries.push_back({.delivery_id = ids::NewV7(now),
                            .notice_id = notice.notice_id,
                            .channel = pb::CHANNEL_EMAIL,
                            .recipient = absl::StrCat("mailto:", address),
                            .display_name = mailbox.display_name(),
                            .email = mailbox.email(),
                            .locale = mailbox.locale() == "en" ? "en" : "ja",
                            .due = now});
    }
    if (!notice.confidential) {
      InsertInbox(tx, notice.notice_id, person_ids, notice.occurred);
      ASSIGN_OR_RETURN(const std::vector<Listener> listeners, ListenersFor(tx, notice.kind));
      for (const Listener& listener : listeners) {
        deliveries.push_back({.delivery_id = ids::NewV7(now),
                              .notice_id = notice.notice_id,
                              .channel = pb::CHANNEL_WEBHOOK,
                              .recipient = ids::Name("webhooks", listener.id),
                              .display_name = listener.display_name,
                              .due = now});
      }
    }
    InsertDeliveries(tx, deliveries, now);
    if (notice.confidential && deliveries.empty()) EraseSecret(tx, notice.notice_id);
    return absl::OkStatus();
  });
}

}  // namespace kubari::notifications
