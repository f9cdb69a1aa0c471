#include "services/identity/store/people.h"

#include <absl/strings/str_cat.h>

#include "libs/auth/tokens.h"
#include "libs/errors/errors.h"
#include "libs/errors/macros.h"
#include "libs/ids/ids.h"
#include "libs/registry/search_table.h"
#include "services/identity/domain/names.h"
#include "services/identity/domain/passwords.h"

namespace kubari::identity {
namespace {

constexpr pg::Statement kInsert{
    "INSERT INTO people (network_id, person_id, display_name, email, email_key, locale, create_time) "
    "VALUES ($1, $2, $3, $4, $5, $6, $7)"};
constexpr pg::Statement kLoad{
    "SELECT person_id, display_name, email, password_hash IS NOT NULL AS has_password, locale, create_time "
    "FROM people WHERE network_id = $1 AND person_id = $2"};
constexpr pg::Statement kList{
    "SELECT person_id, display_name, email, password_hash IS NOT NULL AS has_password, locale, create_time "
    "FROM people AS p WHERE network_id = $1 AND (display_name, person_id) > ($3, $4::uuid) "
    "AND (($2::uuid IS NULL AND $7::smallint = 0) OR EXISTS (SELECT FROM person_grants AS g "
    "     WHERE (g.network_id, g.person_id) = (p.network_id, p.person_id) "
    "     AND ($2 IS NULL OR g.organisation_id = $2) AND ($7 = 0 OR g.role = $7))) "
    "AND ($6::text[] IS NULL OR person_id IN (SELECT f.id FROM " KUBARI_SEARCH_FOUND("'{people}'", "$6", "$8", "$9") " f)) "
    "ORDER BY display_name, person_id LIMIT $5"};
constexpr pg::Statement kGrants{
    "SELECT person_id, organisation_id, role FROM person_grants WHERE network_id = $1 AND person_id = ANY ($2::uuid[]) "
    "ORDER BY organisation_id, role"};
constexpr pg::Statement kInsertGrant{
    "INSERT INTO person_grants (network_id, person_id, organisation_id, role) VALUES ($1, $2, $3, $4) ON CONFLICT DO "
    "NOTHING"};
constexpr pg::Statement kDeleteGrant{
    "DELETE FROM person_grants WHERE network_id = $1 AND person_id = $2 AND organisation_id = $3 AND role = $4"};
constexpr pg::Statement kLock{"SELECT pg_advisory_xact_lock(hashtextextended('kubari.identity.' || $1 || $2, 0))"};
constexpr pg::Statement kCountAdministrators{
    "SELECT count(DISTINCT person_id) FROM person_grants WHERE network_id = $1 AND role = $2"};

constexpr pg::Statement kUpdate{
    "UPDATE people SET display_name = $3, email = $4, email_key = $5, locale = $6 WHERE network_id = $1 AND person_id = $2"};
constexpr pg::Statement kUpdateLocale{"UPDATE people SET locale = $3 WHERE network_id = $1 AND person_id = $2"};
constexpr pg::Statement kRecipients{
    "WITH holders AS (SELECT * FROM unnest($2::uuid[], $3::smallint[]) AS h(organisation_id, role)), "
    "meant AS ("
    "  SELECT g.person_id FROM holders h JOIN person_grants g "
    "    ON g.network_id = $1 AND g.organisation_id = h.organisation_id AND g.role = h.role "
    "  UNION SELECT g.person_id FROM person_grants g "
    "    WHERE g.network_id = $1 AND g.role = ANY (SELECT h.role FROM holders h WHERE h.organisation_id IS NULL) "
    "  UNION SELECT unnest($4::uuid[])) "
    "SELECT p.person_id, p.display_name, p.email, p.locale FROM people p JOIN meant USING (person_id) "
    "WHERE p.network_id = $1 AND p.person_id > $5::uuid ORDER BY p.person_id LIMIT $6"};

constexpr pg::Statement kFindLogin{
    "SELECT person_id, email_key, password_hash FROM people WHERE network_id = $1 AND email_key = $2"};
constexpr pg::Statement kLoadLogin{
    "SELECT person_id, email_key, password_hash FROM people WHERE network_id = $1 AND person_id = $2"};
constexpr pg::Statement kReplacePasswordHash{
    "UPDATE people SET password_hash = $4 WHERE network_id = $1 AND person_id = $2 AND password_hash IS NOT DISTINCT "
    "FROM $3"};
constexpr pg::Statement kAttempts{
    "SELECT attempt_time FROM sign_in_attempts WHERE network_id = $1 AND email_hash = $2 AND attempt_time > $3"};
constexpr pg::Statement kInsertAttempt{
    "INSERT INTO sign_in_attempts (network_id, email_hash, attempt_id, attempt_time) VALUES ($1, $2, $3, $4)"};
constexpr pg::Statement kForgetAttempts{"DELETE FROM sign_in_attempts WHERE network_id = $1 AND email_hash = $2"};

// Without grants.
pb::Person PersonOf(const pg::Row& row) {
  pb::Person person;
  person.set_name(ids::Name("people", row.Get<std::string>("person_id")));
  person.set_display_name(row.Get<std::string>("display_name"));
  person.set_email(row.Get<std::string>("email"));
  person.set_has_password(row.Get<bool>("has_password"));
  person.set_locale(row.Get<std::string>("locale"));
  *person.mutable_create_time() = ToTimestamp(row.Get<absl::Time>("create_time"));
  return person;
}

absl::StatusOr<std::vector<pb::Person>> WithGrants(pg::Transaction& tx, const pg::Result& rows) {
  std::vector<std::string> ids;
  for (const pg::Row row : rows) ids.push_back(row.Get<std::string>("person_id"));
  ASSIGN_OR_RETURN(const pg::Result grants, tx.Query(kGrants, tx.network_id(), ids));
  std::map<std::string, std::vector<pb::Grant>> by_person;
  for (const pg::Row row : grants) by_person[row.Get<std::string>("person_id")].push_back(GrantOf(row));

  std::vector<pb::Person> people;
  for (const pg::Row row : rows) {
    pb::Person& person = people.emplace_back(PersonOf(row));
    for (const pb::Grant& grant : by_person[row.Get<std::string>("person_id")]) *person.add_grants() = grant;
  }
  return people;
}

Login LoginOf(const pg::Row& row) {
  return {.person_id = row.Get<std::string>("person_id"),
          .email_key = row.Get<std::string>("email_key"),
          .password_hash = row.Get<std::optional<std::string>>("password_hash")};
}

absl::Status EmailTaken(const std::string& email) {
  return errors::Make(
      absl::StatusCode::kAlreadyExists, "EMAIL_TAKEN",
      absl::StrCat("A person with the e-mail address ", email,
                   " is in this network already. Give that person the role."),
      absl::StrCat("メールアドレス ", email, " の方はすでに登録されています。その方に役割を付与してください。"),
      {{"email", email}});
}

// What writing a person came to; with it, what finds the person.
absl::Status Written(pg::Transaction& tx, const std::string& id, const std::string& display_name, const std::string& email,
                     const absl::Status& status) {
  if (pg::ConstraintOf(status) == "people_email_key") return EmailTaken(email);
  if (status.ok()) registry::PutSearchKey(tx, "people", id, {display_name, email});
  return status;
}

}  // namespace

absl::Status InsertPerson(pg::Transaction& tx, const std::string& id, const std::string& display_name,
                          const std::string& email, const std::string& locale, absl::Time now) {
  const absl::Status status =
      tx.Execute(kInsert, tx.network_id(), id, display_name, email, EmailKey(email), locale, now).status();
  return Written(tx, id, display_name, email, status);
}

absl::Status UpdatePerson(pg::Transaction& tx, const std::string& id, const std::string& display_name,
                          const std::string& email, const std::string& locale) {
  const absl::Status status =
      tx.Execute(kUpdate, tx.network_id(), id, display_name, email, EmailKey(email), locale).status();
  return Written(tx, id, display_name, email, status);
}

absl::Status UpdateLocale(pg::Transaction& tx, const std::string& id, const std::string& locale) {
  return tx.Execute(kUpdateLocale, tx.network_id(), id, locale).status();
}

absl::StatusOr<std::vector<pb::Recipient>> ListRecipients(pg::Transaction& tx, const std::vector<auth::Grant>& holders,
                                                          const std::vector<std::string>& person_ids,
                                                          const std::string& after_id, int limit) {
  std::vector<std::optional<std::string>> organisations;
  std::vector<int> roles;
  for (const auth::Grant& holder : holders) {
    organisations.push_back(holder.organisation_id.empty() ? std::nullopt : std::optional(holder.organisation_id));
    roles.push_back(static_cast<int>(holder.role));
  }
  ASSIGN_OR_RETURN(const pg::Result rows,
                   tx.Query(kRecipients, tx.network_id(), organisations, roles, person_ids, after_id, limit));
  std::vector<pb::Recipient> recipients;
  for (const pg::Row row : rows) {
    pb::Recipient& recipient = recipients.emplace_back();
    recipient.set_person(ids::Name("people", row.Get<std::string>("person_id")));
    recipient.set_display_name(row.Get<std::string>("display_name"));
    recipient.set_email(row.Get<std::string>("email"));
    recipient.set_locale(row.Get<std::string>("locale"));
  }
  return recipients;
}

absl::StatusOr<pb::Person> LoadPerson(pg::Transaction& tx, const std::string& id) {
  ASSIGN_OR_RETURN(const pg::Result rows, tx.Query(kLoad, tx.network_id(), id));
  if (rows.empty()) return NotFound("PERSON_NOT_FOUND", ids::Name("people", id));
  ASSIGN_OR_RETURN(const std::vector<pb::Person> people, WithGrants(tx, rows));
  return people[0];
}

absl::StatusOr<std::vector<pb::Person>> ListPeople(pg::Transaction& tx, const PeopleFilter& filter,
                                                   const std::string& after_name, const std::string& after_id,
                                                   int limit) {
  const registry::SearchWords all = registry::SplitQuery(filter.query);
  const registry::SearchWords query = filter.organisation_id ? all.Exactly() : all;
  ASSIGN_OR_RETURN(const pg::Result rows, tx.Query(kList, tx.network_id(), filter.organisation_id, after_name, after_id,
                                                   limit, query.any(), static_cast<int>(filter.role), query.readings,
                                                   query.similar));
  return WithGrants(tx, rows);
}

absl::Status InsertGrant(pg::Transaction& tx, const std::string& person_id, const auth::Grant& grant) {
  return tx.Execute(kInsertGrant, tx.network_id(), person_id, grant.organisation_id, static_cast<int>(grant.role))
      .status();
}

absl::Status DeleteGrant(pg::Transaction& tx, const std::string& person_id, const auth::Grant& grant) {
  return tx.Execute(kDeleteGrant, tx.network_id(), person_id, grant.organisation_id, static_cast<int>(grant.role))
      .status();
}

absl::StatusOr<int> CountAdministrators(pg::Transaction& tx) {
  RETURN_IF_ERROR(tx.Query(kLock, "administrators.", tx.network_id()));
  ASSIGN_OR_RETURN(const pg::Result rows,
                   tx.Query(kCountAdministrators, tx.network_id(), static_cast<int>(type::v1::ROLE_ADMINISTRATOR)));
  return rows[0].Get<int>(0);
}

absl::StatusOr<std::optional<Login>> FindLogin(pg::Transaction& tx, const std::string& email_key) {
  ASSIGN_OR_RETURN(const pg::Result rows, tx.Query(kFindLogin, tx.network_id(), email_key));
  if (rows.empty()) return std::nullopt;
  return LoginOf(rows[0]);
}

absl::StatusOr<Login> LoadLogin(pg::Transaction& tx, const std::string& person_id) {
  ASSIGN_OR_RETURN(const pg::Result rows, tx.Query(kLoadLogin, tx.network_id(), person_id));
  if (rows.empty()) return NotFound("PERSON_NOT_FOUND", ids::Name("people", person_id));
  return LoginOf(rows[0]);
}

absl::StatusOr<bool> ReplacePasswordHash(pg::Transaction& tx, const std::string& person_id,
                                         const std::optional<std::string>& old_hash, const std::string& new_hash) {
  ASSIGN_OR_RETURN(const int64_t changed,
                   tx.Execute(kReplacePasswordHash, tx.network_id(), person_id, old_hash, new_hash));
  return changed == 1;
}

absl::Status BeginAttempt(pg::Transaction& tx, const std::string& email_key, absl::Time now) {
  const pg::Bytes email_hash{auth::HashToken(email_key)};
  RETURN_IF_ERROR(tx.Query(kLock, absl::StrCat("attempts.", email_key), tx.network_id()));
  ASSIGN_OR_RETURN(const pg::Result rows, tx.Query(kAttempts, tx.network_id(), email_hash, now - kAttemptWindow));
  std::vector<absl::Time> attempts;
  for (const pg::Row row : rows) attempts.push_back(row.Get<absl::Time>("attempt_time"));
  if (const absl::Duration wait = WaitBeforeAttempt(attempts, now); wait > absl::ZeroDuration())
    return TooManyAttempts(wait);
  return tx.Execute(kInsertAttempt, tx.network_id(), email_hash, ids::NewV7(now), now).status();
}

absl::Status ForgetAttempts(pg::Transaction& tx, const std::string& email_key) {
  return tx.Execute(kForgetAttempts, tx.network_id(), pg::Bytes{auth::HashToken(email_key)}).status();
}

}  // namespace kubari::identity
