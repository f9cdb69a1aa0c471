#include "libs/auth/principal.h"

#include <algorithm>
#include <set>

namespace kubari::auth {

bool Principal::HasRole(Role role) const {
  if (role == kubari::type::v1::ROLE_SERVICE) return is_service;
  return std::any_of(grants.begin(), grants.end(), [&](const Grant& grant) { return grant.role == role; });
}

bool Principal::HoldsIn(std::string_view organisation_id, Role role) const {
  return std::any_of(grants.begin(), grants.end(), [&](const Grant& grant) {
    return grant.role == role && grant.organisation_id == organisation_id;
  });
}

std::vector<std::string> Principal::OrganisationsWith(Role role) const {
  std::set<std::string> ids;
  for (const Grant& grant : grants) {
    if (grant.role == role) ids.insert(grant.organisation_id);
  }
  return {ids.begin(), ids.end()};
}

}  // namespace kubari::auth
