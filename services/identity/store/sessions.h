// Sessions (tokens that work now) in the database.
#pragma once

#include <absl/status/statusor.h>

#include <optional>
#include <string>

#include "services/identity/store/rows.h"

namespace kubari::identity {

// Whom a token stands for, across networks; notes that it was seen. Errors: UNAUTHENTICATED / TOKEN_INVALID.
absl::StatusOr<pb::Session> FindSession(pg::Pool& pool, const std::string& token, absl::Time now, absl::Time deadline);

struct NewSession {
  // people/{uuid}, devices/{uuid} or apiKeys/{uuid}.
  std::string subject;
  std::string display_name;
  // Of the invite that was redeemed, if one was.
  std::optional<std::string> invite_id;
  // Nothing: until it is revoked.
  std::optional<absl::Time> expire_time;
};
// Makes a token ("kbs_…", for API keys "kbk_…") and stores its hash. The token itself is in the answer only.
absl::StatusOr<std::string> StartSession(pg::Transaction& tx, const NewSession& session, absl::Time now);
// As FindSession, inside the network's transaction.
absl::StatusOr<pb::Session> LoadSession(pg::Transaction& tx, const std::string& token, absl::Time now);

// Ends the session with this token, if there is one.
absl::Status EndSession(pg::Transaction& tx, const std::string& token);
// Ends the sessions of people/…, devices/… or apiKeys/…, but not the one with token `but` (empty: all).
absl::Status EndSessionsOf(pg::Transaction& tx, const std::string& subject, const std::string& but = "");
// Ends what was begun with this invite by this subject.
absl::Status EndSessionsOfInvite(pg::Transaction& tx, const std::string& invite_id, const std::string& subject);

// Across networks: deletes expired sessions and old attempts; returns how many.
absl::StatusOr<int64_t> DeleteExpired(pg::Pool& pool, absl::Time now);

}  // namespace kubari::identity
