// People, their roles and passwords in the database.
#pragma once

#include <absl/status/statusor.h>

#include <optional>
#include <string>
#include <vector>

#include "libs/auth/principal.h"
#include "services/identity/store/rows.h"

namespace kubari::identity {

// Errors: ALREADY_EXISTS / EMAIL_TAKEN.
absl::Status InsertPerson(pg::Transaction& tx, const std::string& id, const std::string& display_name,
                          const std::string& email, const std::string& locale, absl::Time now);
// NOT_FOUND / PERSON_NOT_FOUND.
// Also EMAIL_TAKEN. All three are written.
absl::Status UpdatePerson(pg::Transaction& tx, const std::string& id, const std::string& display_name,
                          const std::string& email, const std::string& locale);
absl::Status UpdateLocale(pg::Transaction& tx, const std::string& id, const std::string& locale);
// People who hold one of the roles (an empty organisation: anywhere) or are named, each once, by id behind `after_id`.
absl::StatusOr<std::vector<pb::Recipient>> ListRecipients(pg::Transaction& tx, const std::vector<auth::Grant>& holders,
                                                          const std::vector<std::string>& person_ids,
                                                          const std::string& after_id, int limit);
absl::StatusOr<pb::Person> LoadPerson(pg::Transaction& tx, const std::string& id);
struct PeopleFilter {
  std::optional<std::string> organisation_id;                        // with a role in it
  kubari::type::v1::Role role = kubari::type::v1::ROLE_UNSPECIFIED;  // who hold it, in that organisation if it is set
  std::string query;                                                 // part of the name or the e-mail; empty: any
};
// By display name.
absl::StatusOr<std::vector<pb::Person>> ListPeople(pg::Transaction& tx, const PeopleFilter& filter,
                                                   const std::string& after_name, const std::string& after_id,
                                                   int limit);

// Both change nothing when repeated.
absl::Status InsertGrant(pg::Transaction& tx, const std::string& person_id, const auth::Grant& grant);
absl::Status DeleteGrant(pg::Transaction& tx, const std::string& person_id, const auth::Grant& grant);
// How many people have ROLE_ADMINISTRATOR. Until the transaction ends, nobody else can count.
absl::StatusOr<int> CountAdministrators(pg::Transaction& tx);

// What signing in needs.
struct Login {
  std::string person_id;
  std::string email_key;
  // Nothing: no password was ever set.
  std::optional<std::string> password_hash;
};
absl::StatusOr<std::optional<Login>> FindLogin(pg::Transaction& tx, const std::string& email_key);
// NOT_FOUND / PERSON_NOT_FOUND.
absl::StatusOr<Login> LoadLogin(pg::Transaction& tx, const std::string& person_id);
// Only if the hash is still `old_hash`; returns whether it was.
absl::StatusOr<bool> ReplacePasswordHash(pg::Transaction& tx, const std::string& person_id,
                                         const std::optional<std::string>& old_hash, const std::string& new_hash);

// Counts an attempt *before* the password is looked at, so that many attempts at the same moment count too.
// Errors: RESOURCE_EXHAUSTED / TOO_MANY_ATTEMPTS.
absl::Status BeginAttempt(pg::Transaction& tx, const std::string& email_key, absl::Time now);
// After the right password.
absl::Status ForgetAttempts(pg::Transaction& tx, const std::string& email_key);

}  // namespace kubari::identity
