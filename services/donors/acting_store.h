// Profiles of donors, and who may act for whom, in PostgreSQL.
#pragma once

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/civil_time.h"
#include "kubari/donors/v1/donors.pb.h"
#include "kubari/donors/v1/profile.pb.h"
#include "libs/pg/transaction.h"
#include "services/donors/donor_store.h"

namespace kubari::donors {

// With who may act for it today and for whom it may act. NOT_FOUND / DONOR_NOT_FOUND.
absl::StatusOr<v1::DonorProfile> LoadProfile(pg::Transaction& tx, const std::string& donor_id, absl::CivilDay today,
                                             Lock lock = Lock::kNone);
// Branches and contacts; raises the donor's version.
void SaveProfile(pg::Transaction& tx, const std::string& donor_id, const v1::DonorProfile& profile);

// From `today` on, up to and with `until`; both donors must exist.
void Allow(pg::Transaction& tx, const std::string& donor_id, const std::string& acting_donor_id, absl::CivilDay today,
           const std::optional<absl::CivilDay>& until);
// Up to yesterday. Returns whether there was a consent in force.
absl::StatusOr<bool> Disallow(pg::Transaction& tx, const std::string& donor_id, const std::string& acting_donor_id,
                              absl::CivilDay today);
absl::StatusOr<bool> MayAct(pg::Transaction& tx, const std::string& donor_id, const std::string& acting_donor_id,
                            absl::CivilDay today);

// FAILED_PRECONDITION / NO_CONSENT if `offer` (an Offer or a StandingOffer) is made for a donor that did not consent, or no
// longer.
absl::Status CheckConsent(pg::Transaction& tx, const std::string& donor, const std::string& acting_donor,
                          absl::CivilDay today);
template <typename Offered>
absl::Status CheckConsent(pg::Transaction& tx, const Offered& offer, absl::CivilDay today) {
  return CheckConsent(tx, offer.donor(), offer.acting_donor(), today);
}

}  // namespace kubari::donors
