// Donors and their agreements in PostgreSQL. All functions run inside a transaction of one network.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "kubari/donors/v1/donors.pb.h"
#include "libs/pg/transaction.h"

namespace kubari::donors {

// With `kUpdate` the row is locked until the transaction ends.
enum class Lock { kNone, kUpdate };

absl::Status DonorNotFound(const std::string& donor_id);

// With etag and with agreements as they count today; agreement_in_force is not set. NOT_FOUND / DONOR_NOT_FOUND.
absl::StatusOr<v1::Donor> LoadDonor(pg::Transaction& tx, const std::string& donor_id, absl::CivilDay today,
                                    Lock lock = Lock::kNone);

struct DonorFilter {
  std::optional<std::vector<std::string>> only;  // ids; nothing: all
  std::string query;
  std::optional<int> kind;
  std::optional<bool> in_force;  // with an agreement in force on `day`, or without
  absl::CivilDay day;
  std::optional<std::string> after_name, after_id;  // both or neither
  int limit = 0;
};
// By display name, then id.
absl::StatusOr<std::vector<v1::Donor>> ListDonors(pg::Transaction& tx, const DonorFilter& filter);

// ALREADY_EXISTS / CODE_TAKEN or DONOR_EXISTS.
absl::Status CheckDonorIsNew(pg::Transaction& tx, const std::string& donor_id, const std::string& code);
absl::Status InsertDonor(pg::Transaction& tx, const std::string& donor_id, const v1::Donor& donor, absl::Time now);
// Writes all settable fields and raises the version.
absl::Status UpdateDonor(pg::Transaction& tx, const v1::Donor& donor);
// Raises the version alone: its agreements changed.
void TouchDonor(pg::Transaction& tx, const std::string& donor_id);

// The ids of the donors that have one of these codes, by code.
absl::StatusOr<std::map<std::string, std::string>> FindDonorIds(pg::Transaction& tx,
                                                                const std::vector<std::string>& codes);

}  // namespace kubari::donors
