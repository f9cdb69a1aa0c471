// What people are told. Never what a request says about people: only its code and where to look.
#pragma once

#include <string>
#include <vector>

#include "absl/time/time.h"
#include "libs/pg/transaction.h"
#include "services/support/request_store.h"

namespace kubari::support {

// Whoever acts for these organisations.
using Audience = std::vector<Organisation>;

// Each is written in the transaction of the fact, with the next statement or COMMIT.
void TellRequested(pg::Transaction& tx, const Request& request, const Organisation& to, absl::Time now);
void TellProposed(pg::Transaction& tx, const Request& request, const Organisation& to, absl::Time now);
void TellAnswered(pg::Transaction& tx, const Request& request, const Audience& to, bool acknowledged, absl::Time now);
// DONE, DECLINED or WITHDRAWN, by the state it has.
void TellClosed(pg::Transaction& tx, const Request& request, const Audience& to, absl::Time now);
void TellReopened(pg::Transaction& tx, const Request& request, const Audience& to, absl::Time now);
void TellOverdue(pg::Transaction& tx, const Request& request, const Audience& to, absl::Time now);
// It is closed and erased on `day` unless somebody takes a step before.
void TellToBeAbandoned(pg::Transaction& tx, const Request& request, const Audience& to, absl::CivilDay day,
                       absl::Time now);
// At most once a day for one campaign; `day` is today there.
void TellApplications(pg::Transaction& tx, const std::string& campaign_id, const std::string& title_ja,
                      const std::string& title_en, const Organisation& to, absl::CivilDay day, absl::Time now);

}  // namespace kubari::support
