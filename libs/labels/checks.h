// Shapes that labels and delivery sheets have in common.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "kubari/type/v1/food.pb.h"
#include "libs/calendar/date.h"
#include "libs/errors/errors.h"
#include "libs/labels/qr.h"

namespace kubari::labels {

inline constexpr int64_t kMaxCount = 1'000'000'000;  // of items, cases, grams: more has no place on paper

// Reason NOT_A_LOT_CODE.
void CheckLotCode(const std::string& field, const std::string& code, errors::Violations& violations);

// The date, if there is one. Reasons REQUIRED, NOT_A_DATE, NOT_EMPTY, UNKNOWN_VALUE, in `field`.kind and `field`.date.
std::optional<calendar::Date> CheckDate(const std::string& field, const type::v1::GoodUntil& good_until,
                                        errors::Violations& violations);

// The code for `uri`. Reasons REQUIRED, NOT_A_URI, QR_TOO_LONG.
std::optional<Qr> CheckQr(const std::string& field, const std::string& uri, int max_modules,
                          errors::Violations& violations);

}  // namespace kubari::labels
