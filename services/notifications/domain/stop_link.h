// What stands in the link by which e-mail ends with one click (RFC 8058): whose, and which kinds. Pure; the vault signs
// it.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kubari/notifications/v1/notifications.pb.h"

namespace kubari::notifications {

namespace pb = ::kubari::notifications::v1;

struct StopLink {
  std::string network_id;
  std::string person_id;
  // Of the e-mail; those that are always sent are not among them.
  std::vector<pb::NoticeKind> kinds;
};

// What is signed. Begins with its purpose, so nothing that is signed for something else is ever taken for it.
std::string TextOf(const StopLink& link);
// Nothing for anything that TextOf did not make.
std::optional<StopLink> ReadStopLink(std::string_view text);

// Where the gateway takes a mail program's POST, and shows people the app's page instead.
std::string StopUrl(const std::string& public_url, const std::string& token);

}  // namespace kubari::notifications
