// What an e-mail says: one notice, or a day's digest.
#pragma once

#include <string>
#include <vector>

#include "kubari/notifications/v1/notifications.pb.h"
#include "services/notifications/domain/kinds.h"

namespace kubari::notifications {

struct Told {
  pb::NoticeKind kind = pb::NOTICE_KIND_UNSPECIFIED;
  pb::NoticeText subject;
  pb::NoticeText text;
  std::string link;
};

struct Letter {
  std::string subject;
  std::string text;
};

// In which language, of which network, and where the web app is ("https://kubari.example.org").
struct Setting {
  std::string locale;
  std::string network;
  std::string public_url;
  // Whether the recipient has an account, and so choices to change.
  bool has_account = true;
};

Letter LetterOf(const Told& notice, const Setting& setting);
// At least one; in the given order.
Letter DigestOf(const std::vector<Told>& notices, const Setting& setting);

// Where a reader changes what comes.
std::string SettingsUrl(const Setting& setting);
// The web app's address of a route; empty for an empty one.
std::string UrlOf(const Setting& setting, const std::string& link);

}  // namespace kubari::notifications
