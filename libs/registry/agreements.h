// 合意書: the signed terms between the network and a donor or a group.
#pragma once

#include <google/protobuf/repeated_field.h>

#include <string>

#include "absl/status/status.h"
#include "absl/time/civil_time.h"
#include "kubari/type/v1/food.pb.h"
#include "libs/errors/errors.h"

namespace kubari::registry {

using Agreements = google::protobuf::RepeatedPtrField<type::v1::Agreement>;

// Title 1 to 200 characters, days of the calendar, the last not before the first; the duties; the conditions, which
// agreements about goods have (`for_goods`: with donors) and others do not (NOT_EMPTY).
void CheckAgreement(errors::Violations& violations, const std::string& field, const type::v1::Agreement& agreement,
                    bool for_goods);
// Known level, names of groups, prefectures 01 to 47 each once, 0 to 3,650 days.
void CheckConditions(errors::Violations& violations, const std::string& field, const type::v1::Conditions& conditions);

// The one in force on `day`; null if there is none. They do not overlap, so there is at most one.
const type::v1::Agreement* InForceOn(const Agreements& agreements, absl::CivilDay day);

// FAILED_PRECONDITION / AGREEMENT_OVERLAPS (metadata "agreement") if `added` shares a day with one that was signed
// before. One that was ended early counts until its end date.
absl::Status CheckOverlap(const Agreements& signed_before, const type::v1::Agreement& added);

// Ends `agreement` early, `end_date` (a day) being the last day in force. INVALID_ARGUMENT if that is before today or
// after the agreement's own last day; FAILED_PRECONDITION / AGREEMENT_TERMINATED if it was ended before.
absl::Status Terminate(type::v1::Agreement& agreement, const std::string& end_date, absl::CivilDay today);

// May `revised` take the place of `newest`, the agreement's newest version, from `from_date` on? `others` are the party's
// other agreements. INVALID_ARGUMENT if that day is past or outside of the agreement's dates, or the new last day is
// before it; FAILED_PRECONDITION / AGREEMENT_TERMINATED, AGREEMENT_OVER or AGREEMENT_OVERLAPS.
absl::Status CheckRevision(const type::v1::Agreement& newest, const Agreements& others,
                           const type::v1::Agreement& revised, const std::string& from_date, absl::CivilDay today);

// Adds NOT_A_PDF or TOO_LARGE: up to 4 MiB that begin as a PDF does and end as one does (ISO 32000-2, 7.5.2 and 7.5.5).
inline constexpr size_t kMaxDocumentBytes = 4 << 20;
void CheckPdf(errors::Violations& violations, const std::string& field, const std::string& content);
// 1 to 200 characters without "/" and "\\".
void CheckFileName(errors::Violations& violations, const std::string& field, const std::string& name);

// NOT_FOUND / AGREEMENT_NOT_FOUND.
absl::Status AgreementNotFound(const std::string& name);

}  // namespace kubari::registry
