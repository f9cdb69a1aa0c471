// Who makes a call.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "kubari/type/v1/access.pb.h"

namespace kubari::auth {

using Role = kubari::type::v1::Role;

// Of a service that acts for nobody in particular.
inline constexpr char kServiceSubject[] = "services/kubari";

struct Grant {
  // UUID in lower-case text, without "organisations/". The same id as the organisation's donor or group.
  std::string organisation_id;
  Role role = kubari::type::v1::ROLE_UNSPECIFIED;
};

struct Principal {
  // UUID. Empty for an anonymous caller of a public method, and for a service that names no network.
  std::string network_id;
  std::string network_code;
  // IANA name; decides what "today" is.
  std::string time_zone = "Asia/Tokyo";
  // "people/{uuid}", "devices/{uuid}", "apiKeys/{uuid}" or kServiceSubject; empty for an anonymous caller. With is_service it names the
  // one for whom the service acts. For the record only: rights come from `grants` and `is_service`.
  std::string subject;
  std::string display_name;
  // "ja" or "en".
  std::string locale = "ja";
  std::vector<Grant> grants;
  // Another service of this installation (or ops) with the service key.
  bool is_service = false;

  bool anonymous() const { return subject.empty(); }
  // In any organisation. A service holds ROLE_SERVICE only.
  bool HasRole(Role role) const;
  // In this organisation.
  bool HoldsIn(std::string_view organisation_id, Role role) const;
  // Sorted, without duplicates.
  std::vector<std::string> OrganisationsWith(Role role) const;
};

}  // namespace kubari::auth
