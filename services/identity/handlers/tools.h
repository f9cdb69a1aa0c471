// What the handlers share.
#pragma once

#include <absl/status/statusor.h>
#include <google/protobuf/repeated_ptr_field.h>

#include <optional>
#include <string>
#include <vector>

#include "kubari/identity/v1/identity.pb.h"
#include "libs/auth/principal.h"
#include "libs/calendar/clock.h"
#include "libs/errors/errors.h"
#include "libs/pg/pool.h"
#include "libs/rpc/call.h"
#include "services/identity/password_hasher.h"

namespace kubari::identity {

namespace pb = ::kubari::identity::v1;

// All must outlive the handlers.
struct Tools {
  pg::Pool& pool;
  const calendar::Clock& clock;
  PasswordHasher& hasher;
  // Seals what waits in the outbox and holds a secret.
  std::string service_key = "";
};

// A transaction in the caller's network. INVALID_ARGUMENT / METADATA_INVALID for a service that named none.
absl::StatusOr<pg::TxContext> InNetwork(const rpc::Call& call);

// "lots/{uuid}" → the UUID, of a name that was checked before.
std::string IdOf(std::string_view name);

auth::Grant ToGrant(const pb::Grant& grant);

// The shape of a grant that is to be given. Reasons NOT_A_NAME, REQUIRED, UNKNOWN_VALUE, ROLE_NOT_GRANTABLE.
void CheckGrantShape(errors::Violations& violations, const std::string& field, const pb::Grant& grant);

// Whether all of these can be given: ORGANISATION_NOT_FOUND, ROLE_DOES_NOT_FIT.
absl::Status CheckGrantsInNetwork(pg::Transaction& tx, const std::vector<auth::Grant>& grants);

// The organisation (UUID) a list is restricted to: nothing if the caller sees the whole network and asked for it.
// Errors: INVALID_ARGUMENT (not a name, or missing where the caller sees only some), PERMISSION_DENIED /
// NOT_YOUR_ORGANISATION.
absl::StatusOr<std::optional<std::string>> OrganisationFilter(const rpc::Call& call, const std::string& organisation);

// "ja" or "en". Reason UNKNOWN_VALUE.
void CheckLocale(errors::Violations& violations, const std::string& field, const std::string& locale);

// What a list is searched for: up to 200 characters.
void CheckQuery(errors::Violations& violations, const std::string& query);

// Moves the rows into the repeated field of an answer.
template <typename Message>
void Fill(google::protobuf::RepeatedPtrField<Message>* field, std::vector<Message> rows) {
  for (Message& row : rows) *field->Add() = std::move(row);
}

}  // namespace kubari::identity
