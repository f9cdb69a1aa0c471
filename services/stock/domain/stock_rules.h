// What the network asks of dates (kubari.stock.v1.StockRules): its shape, and its rule for goods that come in. The rule
// for goods that leave is libs/eligibility's. Pure.
#pragma once

#include <absl/status/status.h>
#include <absl/time/civil_time.h>

#include <string>

#include "kubari/stock/v1/stock.pb.h"
#include "libs/errors/errors.h"
#include "services/stock/domain/types.h"

namespace kubari::stock {

// Until someone sets them: nothing is asked, and alerts come 30 days before a date, 3 days after shipping or sending.
pb::StockRules DefaultStockRules();

// Days 0 to 3,650, each category once, alerts 1 to 365 days.
void CheckStockRules(const pb::StockRules& rules, errors::Violations& violations);

// Days that must be left when goods of this category come in: the category's own, or else the network's. A date of
// today leaves 0, so goods past their date need a reason whatever the rules are.
int MinRemainingDaysAtIntake(const pb::StockRules& rules, kubari::type::v1::FoodCategory category);

// May goods come in on `day`? A date of a month counts to its end; goods without a date always may, and so do others if
// `reason` says why:
//   ASSIGN_OR_RETURN(const auto rules, context.rules.Get(network, call.deadline));
//   RETURN_IF_ERROR(CheckDaysAtIntake(rules->stock, lot, day, request.short_dated_reason()));
// FAILED_PRECONDITION / TOO_FEW_DAYS (metadata "left", "required", "date") otherwise.
absl::Status CheckDaysAtIntake(const pb::StockRules& rules, const Lot& lot, absl::CivilDay day,
                               const std::string& reason);

}  // namespace kubari::stock
