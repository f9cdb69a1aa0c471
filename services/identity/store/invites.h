// Invites in the database.
#pragma once

#include <absl/status/statusor.h>

#include <optional>
#include <string>
#include <vector>

#include "services/identity/store/rows.h"

namespace kubari::identity {

// Across networks: the network of the invite with this code (normal form), if there is one.
absl::StatusOr<std::optional<std::string>> FindNetworkOfInvite(pg::Pool& pool, const std::string& code,
                                                               absl::Time deadline);

// Without a code: it works once GiveCode has given it one. Takes person or grant, uses_left, expire_time and creator
// from `invite`; `invite.name` is "invites/{id}".
absl::Status InsertInvite(pg::Transaction& tx, const pb::Invite& invite, absl::Time now);
// Makes a code, in place of a former one, and returns it in normal form. Only its hash is stored.
absl::StatusOr<std::string> GiveCode(pg::Transaction& tx, const std::string& invite_id);

// NOT_FOUND / INVITE_NOT_FOUND.
absl::StatusOr<pb::Invite> LoadInvite(pg::Transaction& tx, const std::string& id);
// Locked until the transaction ends. Nothing if no invite of this network has that code.
absl::StatusOr<std::optional<pb::Invite>> LockInviteByCode(pg::Transaction& tx, const std::string& code);
// Newest first; only those for devices of `organisation_id`, if given.
absl::StatusOr<std::vector<pb::Invite>> ListInvites(pg::Transaction& tx,
                                                    const std::optional<std::string>& organisation_id,
                                                    const std::string& before_id, int limit);

absl::Status TakeUse(pg::Transaction& tx, const std::string& id);
absl::Status RevokeInvite(pg::Transaction& tx, const std::string& id);
// All that would sign in this person; only those by `creator`, if given.
absl::Status RevokeInvitesOf(pg::Transaction& tx, const std::string& person_id,
                             const std::optional<std::string>& creator = {});

}  // namespace kubari::identity
