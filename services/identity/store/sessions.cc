#include "services/identity/store/sessions.h"

#include "libs/auth/authenticator.h"
#include "libs/auth/tokens.h"
#include "libs/errors/macros.h"
#include "libs/ids/ids.h"
#include "libs/log/log.h"
#include "services/identity/domain/sessions.h"

namespace kubari::identity {
namespace {

constexpr pg::Statement kNetworkOfToken{"SELECT network_of_token($1) AS network_id"};
// One row: the session, whose it is, the network, and the grants as two arrays of equal length.
constexpr pg::Statement kLoad{R"(
  SELECT s.session_id, s.person_id, s.device_id, s.api_key_id, s.expire_time, s.last_seen_time,
         coalesce(p.display_name, d.display_name, k.display_name) AS display_name, coalesce(p.locale, 'ja') AS locale,
         n.network_id, n.code, n.display_name AS network_display_name, n.time_zone, n.create_time,
         g.organisation_ids, g.roles
  FROM sessions AS s
  JOIN networks AS n USING (network_id)
  LEFT JOIN people AS p USING (network_id, person_id)
  LEFT JOIN devices AS d USING (network_id, device_id)
  LEFT JOIN api_keys AS k USING (network_id, api_key_id)
  CROSS JOIN LATERAL (
    SELECT coalesce(array_agg(organisation_id ORDER BY organisation_id, role), '{}') AS organisation_ids,
           coalesce(array_agg(role ORDER BY organisation_id, role), '{}') AS roles
    FROM (SELECT pg.organisation_id, pg.role FROM person_grants AS pg WHERE (pg.network_id, pg.person_id) = (s.network_id, s.person_id)
          UNION ALL SELECT d.organisation_id, d.role WHERE d.device_id IS NOT NULL
          UNION ALL SELECT k.organisation_id, k.role WHERE k.api_key_id IS NOT NULL) AS held) AS g
  WHERE s.network_id = $1 AND s.token_hash = $2 AND (s.expire_time IS NULL OR s.expire_time > $3)
    AND NOT coalesce(d.revoked, k.revoked, false))"};
constexpr pg::Statement kSeenSession{
    "UPDATE sessions SET last_seen_time = $3 WHERE network_id = $1 AND session_id = $2"};
constexpr pg::Statement kSeenDevice{"UPDATE devices SET last_seen_time = $3 WHERE network_id = $1 AND device_id = $2"};
constexpr pg::Statement kSeenApiKey{
    "UPDATE api_keys SET last_seen_time = $3 WHERE network_id = $1 AND api_key_id = $2"};

constexpr pg::Statement kInsert{
    "INSERT INTO sessions (network_id, session_id, token_hash, person_id, device_id, api_key_id, invite_id, "
    "display_name, "
    "create_time, expire_time, last_seen_time) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $9)"};
constexpr pg::Statement kEnd{"DELETE FROM sessions WHERE network_id = $1 AND token_hash = $2"};
constexpr pg::Statement kEndOf{
    "DELETE FROM sessions WHERE network_id = $1 AND (person_id = $2 OR device_id = $3 OR api_key_id = $4) AND "
    "token_hash <> $5"};
constexpr pg::Statement kEndOfInvite{
    "DELETE FROM sessions WHERE network_id = $1 AND (person_id = $2 OR device_id = $3 OR api_key_id = $4) AND "
    "invite_id = $5"};
constexpr pg::Statement kDeleteExpired{"SELECT delete_expired($1)"};

// people/…, devices/… or apiKeys/… as three columns, of which one is set.
struct Owner {
  explicit Owner(const std::string& subject)
      : person_id(ids::IdFromName("people", subject)),
        device_id(ids::IdFromName("devices", subject)),
        api_key_id(ids::IdFromName("apiKeys", subject)) {}
  explicit Owner(const pg::Row& row)
      : person_id(row.Get<std::optional<std::string>>("person_id")),
        device_id(row.Get<std::optional<std::string>>("device_id")),
        api_key_id(row.Get<std::optional<std::string>>("api_key_id")) {}
  std::string Subject() const {
    if (person_id) return ids::Name("people", *person_id);
    if (device_id) return ids::Name("devices", *device_id);
    return ids::Name("apiKeys", *api_key_id);
  }
  std::optional<std::string> person_id, device_id, api_key_id;
};

struct Found {
  pb::Session session;
  std::string session_id;
  absl::Time last_seen_time;
};

pb::Session SessionOf(const pg::Row& row) {
  pb::Session session;
  pb::Network& network = *session.mutable_network();
  network.set_name(ids::Name("networks", row.Get<std::string>("network_id")));
  network.set_code(row.Get<std::string>("code"));
  network.set_display_name(row.Get<std::string>("network_display_name"));
  network.set_time_zone(row.Get<std::string>("time_zone"));
  *network.mutable_create_time() = ToTimestamp(row.Get<absl::Time>("create_time"));
  session.set_subject(Owner(row).Subject());
  session.set_display_name(row.Get<std::string>("display_name"));
  session.set_locale(row.Get<std::string>("locale"));
  if (const auto expire = row.Get<std::optional<absl::Time>>("expire_time"))
    *session.mutable_expire_time() = ToTimestamp(*expire);
  const auto organisation_ids = row.Get<std::vector<std::string>>("organisation_ids");
  const auto roles = row.Get<std::vector<int>>("roles");
  for (size_t i = 0; i < organisation_ids.size() && i < roles.size(); ++i) {
    pb::Grant& grant = *session.add_grants();
    grant.set_organisation(ids::Name("organisations", organisation_ids[i]));
    grant.set_role(static_cast<type::v1::Role>(roles[i]));
  }
  return session;
}

absl::StatusOr<Found> Load(pg::Transaction& tx, const std::string& token, absl::Time now) {
  ASSIGN_OR_RETURN(const pg::Result rows, tx.Query(kLoad, tx.network_id(), pg::Bytes{auth::HashToken(token)}, now));
  if (rows.empty()) return auth::TokenInvalid();
  return Found{.session = SessionOf(rows[0]),
               .session_id = rows[0].Get<std::string>("session_id"),
               .last_seen_time = rows[0].Get<absl::Time>("last_seen_time")};
}

// A failure to note it is no reason to turn the caller away.
void NoteSeen(pg::Pool& pool, const pg::TxContext& context, const Found& found, absl::Time now) {
  const absl::Status status = pool.Transact(context, [&](pg::Transaction& tx) {
    const Owner owner(found.session.subject());
    pg::Batch batch;
    batch.Add(kSeenSession, tx.network_id(), found.session_id, now);
    if (owner.device_id) batch.Add(kSeenDevice, tx.network_id(), *owner.device_id, now);
    if (owner.api_key_id) batch.Add(kSeenApiKey, tx.network_id(), *owner.api_key_id, now);
    return tx.PipelineAndCommit(batch).status();
  });
  if (!status.ok()) log::Warning("last_seen_time was not written", {{"error", status.message()}});
}

}  // namespace

absl::StatusOr<pb::Session> FindSession(pg::Pool& pool, const std::string& token, absl::Time now, absl::Time deadline) {
  const pg::Bytes token_hash{auth::HashToken(token)};
  const auto network_id =
      pool.Read({.deadline = deadline}, [&](pg::Transaction& tx) -> absl::StatusOr<std::optional<std::string>> {
        ASSIGN_OR_RETURN(const pg::Result rows, tx.Query(kNetworkOfToken, token_hash));
        return rows[0].Get<std::optional<std::string>>("network_id");
      });
  if (!network_id.ok()) return network_id.status();
  if (!network_id->has_value()) return auth::TokenInvalid();
  const pg::TxContext context{.network_id = **network_id, .deadline = deadline};
  ASSIGN_OR_RETURN(Found found, pool.Read(context, [&](pg::Transaction& tx) { return Load(tx, token, now); }));
  if (now - found.last_seen_time >= kSeenInterval) NoteSeen(pool, context, found, now);
  return std::move(found.session);
}

absl::StatusOr<pb::Session> LoadSession(pg::Transaction& tx, const std::string& token, absl::Time now) {
  ASSIGN_OR_RETURN(Found found, Load(tx, token, now));
  return std::move(found.session);
}

absl::StatusOr<std::string> StartSession(pg::Transaction& tx, const NewSession& session, absl::Time now) {
  const Owner owner(session.subject);
  const std::string token = auth::NewToken(owner.api_key_id ? "kbk_" : "kbs_");
  RETURN_IF_ERROR(tx.Execute(kInsert, tx.network_id(), ids::NewV7(now), pg::Bytes{auth::HashToken(token)},
                             owner.person_id, owner.device_id, owner.api_key_id, session.invite_id,
                             session.display_name, now, session.expire_time));
  return token;
}

absl::Status EndSession(pg::Transaction& tx, const std::string& token) {
  return tx.Execute(kEnd, tx.network_id(), pg::Bytes{auth::HashToken(token)}).status();
}

absl::Status EndSessionsOf(pg::Transaction& tx, const std::string& subject, const std::string& but) {
  const Owner owner(subject);
  return tx
      .Execute(kEndOf, tx.network_id(), owner.person_id, owner.device_id, owner.api_key_id,
               pg::Bytes{auth::HashToken(but)})
      .status();
}

absl::Status EndSessionsOfInvite(pg::Transaction& tx, const std::string& invite_id, const std::string& subject) {
  const Owner owner(subject);
  return tx.Execute(kEndOfInvite, tx.network_id(), owner.person_id, owner.device_id, owner.api_key_id, invite_id)
      .status();
}

absl::StatusOr<int64_t> DeleteExpired(pg::Pool& pool, absl::Time now) {
  return pool.Transact({.deadline = absl::Now() + absl::Minutes(1)},
                       [&](pg::Transaction& tx) -> absl::StatusOr<int64_t> {
                         ASSIGN_OR_RETURN(const pg::Result rows, tx.Query(kDeleteExpired, now));
                         return rows[0].Get<int64_t>(0);
                       });
}

}  // namespace kubari::identity
