// The tables of agreements (README.md), the same in both registries' schemas.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "kubari/type/v1/food.pb.h"
#include "libs/pg/transaction.h"
#include "libs/registry/agreements.h"

namespace kubari::registry {

// In SQL: has the party an agreement in force on the day (a parameter)? As libs/eligibility has it: an agreement that
// was ended early counts until its end date.
#define KUBARI_AGREEMENT_IN_FORCE(party, day)                                                                    \
  "EXISTS (SELECT FROM agreements a WHERE a.network_id = $1 AND a.party_id = " party " AND a.valid_from <= " day \
  "::date AND least(a.end_date, a.valid_to, 'infinity'::date) >= " day "::date) "

// By party's id, newest first, as the version has it that counts on `day` (of one that has not begun, on its first day);
// without a day the newest version. Only what rules ask for: without duties, papers and etag, which AgreementsHandler
// gives. `collection` is "donors" or "groups", for the names.
absl::StatusOr<std::map<std::string, Agreements>> LoadAgreements(pg::Transaction& tx, const std::string& collection,
                                                                 const std::vector<std::string>& party_ids,
                                                                 std::optional<absl::CivilDay> day = std::nullopt);

// Fills in the duties of these versions, for services that ask for a party; people read them by ListAgreementVersions.
absl::Status LoadDuties(pg::Transaction& tx, Agreements& agreements);

// Version 1. Written with the next statement or COMMIT. The dates must have been checked.
void InsertAgreement(pg::Transaction& tx, const std::string& agreement_id, const std::string& party_id,
                     const type::v1::Agreement& agreement);
// A later version, which counts from a day on; the agreement's last day becomes that of `agreement`.
void InsertVersion(pg::Transaction& tx, const std::string& agreement_id, int version, absl::CivilDay from_day,
                   const type::v1::Agreement& agreement);
void EndAgreement(pg::Transaction& tx, const std::string& agreement_id, const std::string& end_date);

// A version from columns title, valid_from, valid_to, end_date, version, from_date and conditions.
absl::Status ReadVersion(const pg::Row& row, const std::string& name, type::v1::Agreement& agreement);

}  // namespace kubari::registry
