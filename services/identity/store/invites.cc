#include "services/identity/store/invites.h"

#include <google/protobuf/util/time_util.h>

#include "libs/auth/codes.h"
#include "libs/auth/tokens.h"
#include "libs/errors/macros.h"
#include "libs/ids/ids.h"
#include "services/identity/domain/invite_codes.h"

namespace kubari::identity {
namespace {

constexpr pg::Statement kNetworkOfInvite{"SELECT network_of_invite($1) AS network_id"};
constexpr pg::Statement kInsert{
    "INSERT INTO invites (network_id, invite_id, organisation_id, role, person_id, uses_left, expire_time, creator, "
    "create_time) "
    "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)"};
constexpr pg::Statement kGiveCode{"UPDATE invites SET code_hash = $3 WHERE network_id = $1 AND invite_id = $2"};
constexpr pg::Statement kLoad{
    "SELECT invite_id, organisation_id, role, person_id, uses_left, expire_time, revoked, creator, create_time "
    "FROM invites WHERE network_id = $1 AND invite_id = $2"};
constexpr pg::Statement kLockByCode{
    "SELECT invite_id, organisation_id, role, person_id, uses_left, expire_time, revoked, creator, create_time "
    "FROM invites WHERE network_id = $1 AND code_hash = $2 FOR UPDATE"};
constexpr pg::Statement kList{
    "SELECT invite_id, organisation_id, role, person_id, uses_left, expire_time, revoked, creator, create_time "
    "FROM invites WHERE network_id = $1 AND ($2::uuid IS NULL OR organisation_id = $2) AND invite_id < $3 "
    "ORDER BY invite_id DESC LIMIT $4"};
constexpr pg::Statement kTakeUse{
    "UPDATE invites SET uses_left = uses_left - 1 WHERE network_id = $1 AND invite_id = $2"};
constexpr pg::Statement kRevoke{"UPDATE invites SET revoked = true WHERE network_id = $1 AND invite_id = $2"};
constexpr pg::Statement kRevokeOfPerson{
    "UPDATE invites SET revoked = true WHERE network_id = $1 AND person_id = $2 AND ($3::text IS NULL OR creator = $3) "
    "AND NOT revoked"};

pb::Invite InviteOf(const pg::Row& row) {
  pb::Invite invite;
  invite.set_name(ids::Name("invites", row.Get<std::string>("invite_id")));
  if (const auto person = row.Get<std::optional<std::string>>("person_id")) {
    invite.set_person(ids::Name("people", *person));
  } else {
    *invite.mutable_grant() = GrantOf(row);
  }
  invite.set_uses_left(row.Get<int>("uses_left"));
  *invite.mutable_expire_time() = ToTimestamp(row.Get<absl::Time>("expire_time"));
  invite.set_revoked(row.Get<bool>("revoked"));
  invite.set_creator(row.Get<std::string>("creator"));
  *invite.mutable_create_time() = ToTimestamp(row.Get<absl::Time>("create_time"));
  return invite;
}

}  // namespace

absl::StatusOr<std::optional<std::string>> FindNetworkOfInvite(pg::Pool& pool, const std::string& code,
                                                               absl::Time deadline) {
  return pool.Read({.deadline = deadline}, [&](pg::Transaction& tx) -> absl::StatusOr<std::optional<std::string>> {
    ASSIGN_OR_RETURN(const pg::Result rows, tx.Query(kNetworkOfInvite, pg::Bytes{auth::HashToken(code)}));
    return rows[0].Get<std::optional<std::string>>("network_id");
  });
}

absl::Status InsertInvite(pg::Transaction& tx, const pb::Invite& invite, absl::Time now) {
  const std::optional<std::string> person = ids::IdFromName("people", invite.person());
  std::optional<int> role;
  if (!person) role = invite.grant().role();
  const absl::Time expires =
      absl::FromUnixMicros(google::protobuf::util::TimeUtil::TimestampToMicroseconds(invite.expire_time()));
  return tx
      .Execute(kInsert, tx.network_id(), ids::IdFromName("invites", invite.name()),
               ids::IdFromName("organisations", invite.grant().organisation()), role, person, invite.uses_left(),
               expires, invite.creator(), now)
      .status();
}

absl::StatusOr<std::string> GiveCode(pg::Transaction& tx, const std::string& invite_id) {
  const std::string code = auth::RandomCode(auth::kCodeAlphabet, kInviteCodeLength);
  RETURN_IF_ERROR(tx.Execute(kGiveCode, tx.network_id(), invite_id, pg::Bytes{auth::HashToken(code)}));
  return code;
}

absl::StatusOr<pb::Invite> LoadInvite(pg::Transaction& tx, const std::string& id) {
  ASSIGN_OR_RETURN(const pg::Result rows, tx.Query(kLoad, tx.network_id(), id));
  if (rows.empty()) return NotFound("INVITE_NOT_FOUND", ids::Name("invites", id));
  return InviteOf(rows[0]);
}

absl::StatusOr<std::optional<pb::Invite>> LockInviteByCode(pg::Transaction& tx, const std::string& code) {
  ASSIGN_OR_RETURN(const pg::Result rows, tx.Query(kLockByCode, tx.network_id(), pg::Bytes{auth::HashToken(code)}));
  if (rows.empty()) return std::nullopt;
  return InviteOf(rows[0]);
}

absl::StatusOr<std::vector<pb::Invite>> ListInvites(pg::Transaction& tx,
                                                    const std::optional<std::string>& organisation_id,
                                                    const std::string& before_id, int limit) {
  ASSIGN_OR_RETURN(const pg::Result rows, tx.Query(kList, tx.network_id(), organisation_id, before_id, limit));
  std::vector<pb::Invite> invites;
  for (const pg::Row row : rows) invites.push_back(InviteOf(row));
  return invites;
}

absl::Status TakeUse(pg::Transaction& tx, const std::string& id) {
  return tx.Execute(kTakeUse, tx.network_id(), id).status();
}

absl::Status RevokeInvite(pg::Transaction& tx, const std::string& id) {
  return tx.Execute(kRevoke, tx.network_id(), id).status();
}

absl::Status RevokeInvitesOf(pg::Transaction& tx, const std::string& person_id,
                             const std::optional<std::string>& creator) {
  return tx.Execute(kRevokeOfPerson, tx.network_id(), person_id, creator).status();
}

}  // namespace kubari::identity
