// What ends, has ended, or is due under agreements, told to both sides (libs/outbox).
#pragma once

#include "absl/status/status.h"
#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "kubari/type/v1/access.pb.h"
#include "libs/pg/transaction.h"
#include "libs/registry/agreement_handler.h"

namespace kubari::registry {

// How many days ahead the end of an agreement is told: when the first of them is reached, and again at each later one.
inline constexpr int kEndingStages[] = {60, 14, 0};
// … and a report that is due.
inline constexpr int kReportDays = 14;

// Writes the notices of one network and day, to coordinators and to those who hold `party_role` at the party, whose page
// of agreements is `party_page`. Of a day that was looked through already nothing is written again, and each notice's id
// is made of the agreement and what is told, so a day that was missed is caught up without telling anything twice.
absl::Status TellAgreements(pg::Transaction& tx, const Parties& parties, type::v1::Role party_role,
                            std::string_view party_page, absl::CivilDay today, absl::Time now);

}  // namespace kubari::registry
