// The shape of what donors send.
#pragma once

#include <string>
#include <vector>

#include "kubari/donors/v1/donors.pb.h"
#include "libs/errors/errors.h"

namespace kubari::donors {

inline constexpr int kMaxLines = 200;
inline constexpr int64_t kMaxCases = 1'000'000;
inline constexpr int64_t kMaxItemsPerCase = 10'000;
inline constexpr int kMaxLotNumber = 20;
inline constexpr int kMaxRemarks = 500;

// Only the fields named in `fields` ("code", "display_name", "name_kana", "address", "contact_email").
void CheckDonor(errors::Violations& violations, const v1::Donor& donor, const std::vector<std::string>& fields);
// The fields of UpdateDonor: each known, at least one.
void CheckDonorMask(errors::Violations& violations, const google::protobuf::RepeatedPtrField<std::string>& mask);

// What a caller may set of an offer: code, title, lines, conditions, place, ready_date. An empty code and ready date
// are for the service to fill in, a line's unspecified zone is the product's.
void CheckOffer(errors::Violations& violations, const v1::Offer& offer);

}  // namespace kubari::donors
