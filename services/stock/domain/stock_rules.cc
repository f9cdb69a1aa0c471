#include "services/stock/domain/stock_rules.h"

#include <absl/strings/str_cat.h>

#include <set>

#include "libs/calendar/date.h"
#include "services/stock/domain/refusals.h"

namespace kubari::stock {
namespace {

constexpr int kMaxDays = 3'650;
constexpr int kMaxAlertDays = 365;

}  // namespace

pb::StockRules DefaultStockRules() {
  pb::StockRules rules;
  rules.set_near_expiry_days(30);
  rules.set_unconfirmed_days(3);
  rules.set_transit_days(3);
  return rules;
}

void CheckStockRules(const pb::StockRules& rules, errors::Violations& violations) {
  violations.Range("rules.min_remaining_days_intake", rules.min_remaining_days_intake(), 0, kMaxDays);
  violations.Range("rules.min_remaining_days_hand_over", rules.min_remaining_days_hand_over(), 0, kMaxDays);
  std::set<int> seen;
  for (int i = 0; i < rules.categories_size(); ++i) {
    const pb::CategoryRule& rule = rules.categories(i);
    const std::string field = absl::StrCat("rules.categories[", i, "]");
    if (violations.Enum(field + ".category", rule.category())) {
      violations.Require(seen.insert(rule.category()).second, field + ".category", "DUPLICATE",
                         "Each category is named once.", "同じ分類が2回あります。");
    }
    violations.Range(field + ".min_remaining_days_intake", rule.min_remaining_days_intake(), 0, kMaxDays);
    violations.Range(field + ".min_remaining_days_hand_over", rule.min_remaining_days_hand_over(), 0, kMaxDays);
  }
  violations.Range("rules.near_expiry_days", rules.near_expiry_days(), 1, kMaxAlertDays);
  violations.Range("rules.unconfirmed_days", rules.unconfirmed_days(), 1, kMaxAlertDays);
  violations.Range("rules.transit_days", rules.transit_days(), 1, kMaxAlertDays);
}

int MinRemainingDaysAtIntake(const pb::StockRules& rules, kubari::type::v1::FoodCategory category) {
  for (const pb::CategoryRule& rule : rules.categories()) {
    if (rule.category() == category) return rule.min_remaining_days_intake();
  }
  return rules.min_remaining_days_intake();
}

absl::Status CheckDaysAtIntake(const pb::StockRules& rules, const Lot& lot, absl::CivilDay day,
                               const std::string& reason) {
  const type::v1::GoodUntil& good_until = lot.facts.good_until();
  if (!reason.empty() || good_until.kind() == type::v1::DATE_KIND_NONE) return absl::OkStatus();
  const absl::StatusOr<calendar::Date> date = calendar::Date::Parse(good_until.date());
  if (!date.ok()) return absl::OkStatus();  // the shape is judged elsewhere
  const int required = MinRemainingDaysAtIntake(rules, lot.facts.category());
  const int64_t left = date->DaysUntil(day);
  return left >= required ? absl::OkStatus() : refusals::TooFewDays(lot, left, required);
}

}  // namespace kubari::stock
