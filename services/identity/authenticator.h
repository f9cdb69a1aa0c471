// How calls to the identity service itself are authenticated: the other services ask it, it looks for itself.
#pragma once

#include <string>

#include "libs/auth/authenticator.h"
#include "libs/calendar/clock.h"
#include "libs/pg/pool.h"

namespace kubari::identity {

class OwnAuthenticator final : public auth::Authenticator {
 public:
  // Both must outlive it.
  OwnAuthenticator(pg::Pool& pool, const calendar::Clock& clock, std::string service_key);

  absl::StatusOr<auth::Principal> Authenticate(const auth::Credentials& credentials, absl::Time deadline) override;

 private:
  pg::Pool& pool_;
  const calendar::Clock& clock_;
  const std::string service_key_;
};

}  // namespace kubari::identity
