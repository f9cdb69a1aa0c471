// What a webhook is sent, and where it may lead. Standard Webhooks (standardwebhooks.com).
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include <absl/time/time.h>

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "libs/errors/errors.h"
#include "services/notifications/domain/letters.h"

namespace kubari::notifications {

// The JSON body. `occurred` in RFC 3339, UTC.
std::string WebhookBody(const std::string& notice_id, const std::string& network_id, const Told& notice, const std::string& public_url,
                        const std::map<std::string, std::string>& facts, absl::Time occurred);

// "v1,…" for each secret (raw bytes), parted by blanks.
std::string WebhookSignature(const std::vector<std::string>& secrets, std::string_view id, int64_t timestamp, std::string_view body);

// "whsec_" + base64.
std::string ShownSecret(std::string_view secret);

// Whether a connection to this address may be made. Never: this host, link-local, multicast, unspecified and reserved ones. Private ones
// (RFC 1918, RFC 6598, unique local) only if the installation allows it; so does this host then.
bool AddressAllowed(const sockaddr& address, bool allow_private);

// Adds what is wrong with a webhook's address: not https (http only if private addresses are allowed), a user name or password, a
// fragment, too long, or an address written as a number that is not allowed. Names are judged when they are connected to.
void CheckUrl(errors::Violations& violations, std::string_view field, const std::string& url, bool allow_private);
// The host of a literal address or "localhost" that is not allowed; empty if nothing speaks against it so far.
std::string ForbiddenHost(const std::string& url, bool allow_private);

}  // namespace kubari::notifications
