#include "services/identity/authenticator.h"

#include <utility>

#include "libs/errors/macros.h"
#include "services/identity/store/sessions.h"

namespace kubari::identity {

OwnAuthenticator::OwnAuthenticator(pg::Pool& pool, const calendar::Clock& clock, std::string service_key)
    : pool_(pool), clock_(clock), service_key_(std::move(service_key)) {}

absl::StatusOr<auth::Principal> OwnAuthenticator::Authenticate(const auth::Credentials& credentials,
                                                               absl::Time deadline) {
  if (credentials.token.empty()) return auth::TokenMissing();
  ASSIGN_OR_RETURN(std::optional<auth::Principal> service, auth::AuthenticateService(service_key_, credentials));
  if (service) return *std::move(service);
  ASSIGN_OR_RETURN(const pb::Session session, FindSession(pool_, credentials.token, clock_.Now(), deadline));
  return auth::PrincipalOf(session);
}

}  // namespace kubari::identity
