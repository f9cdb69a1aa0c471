// The shape of what donors send.
#pragma once

#include <string>
#include <vector>

#include "kubari/donors/v1/donors.pb.h"
#include "kubari/donors/v1/profile.pb.h"
#include "kubari/donors/v1/standing_offers.pb.h"
#include "libs/errors/errors.h"

namespace kubari::donors {

inline constexpr int kMaxLines = 200;
inline constexpr int64_t kMaxCases = 1'000'000;
inline constexpr int64_t kMaxItemsPerCase = 10'000;
inline constexpr int kMaxLotNumber = 20;
inline constexpr int kMaxRemarks = 500;
inline constexpr int kMaxBranches = 200;
inline constexpr int kMaxContacts = 50;
inline constexpr int kMaxSkips = 100;

// Only the fields named in `fields` ("code", "display_name", "name_kana", "address", "contact_email", "kind").
void CheckDonor(errors::Violations& violations, const v1::Donor& donor, const std::vector<std::string>& fields);
// The fields of UpdateDonor: each known, at least one.
void CheckDonorMask(errors::Violations& violations, const google::protobuf::RepeatedPtrField<std::string>& mask);

// What a caller may set of an offer: code, title, lines, conditions, place, ready_date. An empty code and ready date
// are for the service to fill in, a line's unspecified zone is the product's; a line names its product or a barcode.
void CheckOffer(errors::Violations& violations, const v1::Offer& offer);

// Branches and contacts of a profile.
void CheckProfile(errors::Violations& violations, const v1::DonorProfile& profile);

// What a caller may set of a standing offer.
void CheckStandingOffer(errors::Violations& violations, const v1::StandingOffer& offer);

// Also of broadcasts.
void CheckGoodUntil(errors::Violations& violations, const std::string& field, const type::v1::GoodUntil& good_until);

}  // namespace kubari::donors
