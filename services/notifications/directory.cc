#include "services/notifications/directory.h"

#include <absl/time/clock.h>

#include <utility>

#include "libs/errors/macros.h"
#include "libs/rpc/client.h"

namespace kubari::notifications {
namespace {

namespace id = kubari::identity::v1;

constexpr absl::Duration kTimeout = absl::Seconds(10);
constexpr absl::Duration kKept = absl::Minutes(1);

absl::TimeZone ZoneOf(const std::string& name) {
  absl::TimeZone zone;
  if (!absl::LoadTimeZone(name, &zone)) absl::LoadTimeZone("Asia/Tokyo", &zone);
  return zone;
}

}  // namespace

absl::StatusOr<Network> Directory::NetworkOf(const std::string& network_id) {
  {
    const std::lock_guard lock(mutex_);
    const auto found = networks_.find(network_id);
    if (found != networks_.end() && clock_.Now() - read_ < kKept) return found->second;
  }
  absl::StatusOr<std::map<std::string, Network>> read = ReadNetworks();
  const std::lock_guard lock(mutex_);
  if (read.ok()) {
    networks_ = *std::move(read);
    read_ = clock_.Now();
  }
  const auto found = networks_.find(network_id);
  // What was known a minute ago serves while identity is away.
  if (found != networks_.end()) return found->second;
  if (!read.ok()) return read.status();
  return Network{.display_name = "", .zone = ZoneOf("Asia/Tokyo")};
}

absl::StatusOr<std::map<std::string, Network>> Directory::ReadNetworks() const {
  std::map<std::string, Network> networks;
  id::ListNetworksRequest request;
  request.set_page_size(200);
  do {
    ASSIGN_OR_RETURN(const id::ListNetworksResponse page,
                     rpc::Invoke(&id::IdentityService::Stub::ListNetworks, *identity_,
                                 rpc::AsService(service_key_, "", "", absl::Now() + kTimeout), request));
    for (const id::Network& network : page.networks()) {
      networks[network.name().substr(network.name().find('/') + 1)] = {.display_name = network.display_name(), .zone = ZoneOf(network.time_zone())};
    }
    request.set_page_token(page.next_page_token());
  } while (!request.page_token().empty());
  return networks;
}

absl::StatusOr<std::vector<id::Recipient>> Directory::Recipients(const std::string& network_id, const std::vector<id::Grant>& holders,
                                                                 const std::vector<std::string>& people) const {
  std::vector<id::Recipient> recipients;
  if (holders.empty() && people.empty()) return recipients;
  id::ListRecipientsRequest request;
  for (const id::Grant& holder : holders) *request.add_holders() = holder;
  for (const std::string& person : people) request.add_people(person);
  do {
    ASSIGN_OR_RETURN(id::ListRecipientsResponse page,
                     rpc::Invoke(&id::IdentityService::Stub::ListRecipients, *identity_,
                                 rpc::AsService(service_key_, network_id, "", absl::Now() + kTimeout), request));
    for (id::Recipient& recipient : *page.mutable_recipients()) recipients.push_back(std::move(recipient));
    request.set_page_token(page.next_page_token());
  } while (!request.page_token().empty());
  return recipients;
}

}  // namespace kubari::notifications
