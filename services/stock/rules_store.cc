#include "services/stock/rules_store.h"

#include <absl/time/clock.h>

#include "libs/errors/macros.h"
#include "libs/registry/mutation.h"
#include "services/stock/domain/stock_rules.h"
#include "services/stock/sql.h"

namespace kubari::stock {
namespace {

// In errors.
constexpr char kName[] = "stockRules";

constexpr pg::Statement kFind{"SELECT facts, version FROM stock_rules WHERE network_id = $1"};
// A change that was made since the version was read touches no row.
constexpr pg::Statement kReplace{
    "INSERT INTO stock_rules (network_id, facts, near_expiry_days, unconfirmed_days, transit_days, actor, update_time, "
    "version) VALUES ($1, $2, $3, $4, $5, $6, $7, $8::bigint + 1) ON CONFLICT (network_id) DO UPDATE SET facts = "
    "excluded.facts, near_expiry_days = excluded.near_expiry_days, unconfirmed_days = excluded.unconfirmed_days, "
    "transit_days = excluded.transit_days, actor = excluded.actor, update_time = excluded.update_time, version = "
    "excluded.version WHERE stock_rules.version = $8"};

struct Versioned {
  pb::StockRules rules;  // with its etag
  int64_t version = 0;   // 0: nobody has set any
};
absl::StatusOr<Versioned> ReadRules(pg::Transaction& tx) {
  ASSIGN_OR_RETURN(const pg::Result rows, tx.Query(kFind, tx.network_id()));
  Versioned found{.rules = DefaultStockRules()};
  if (!rows.empty()) {
    sql::FromJson(rows[0].Get<std::string>("facts"), found.rules);
    found.version = rows[0].Get<int64_t>("version");
  }
  found.rules.set_etag(registry::EtagOf(found.version));
  return found;
}

}  // namespace

absl::StatusOr<pb::StockRules> RulesStore::Read(const std::string& network_id, absl::Time deadline) {
  return pool_.Read({.network_id = network_id, .deadline = deadline},
                    [](pg::Transaction& tx) -> absl::StatusOr<pb::StockRules> {
                      ASSIGN_OR_RETURN(Versioned found, ReadRules(tx));
                      return std::move(found.rules);
                    });
}

absl::StatusOr<std::shared_ptr<const Rules>> RulesStore::Get(const std::string& network_id, absl::Time deadline) {
  {
    const std::lock_guard lock(mutex_);
    const auto known = entries_.find(network_id);
    if (known != entries_.end() && absl::Now() - known->second.read_time < stale_for_) return known->second.rules;
  }
  // As old as the moment before it was read.
  const absl::Time read_time = absl::Now();
  ASSIGN_OR_RETURN(pb::StockRules stock, Read(network_id, deadline));
  eligibility::HandOverRules hand_over = eligibility::HandOverRulesOf(stock);
  auto rules = std::make_shared<const Rules>(Rules{std::move(stock), hand_over});
  const std::lock_guard lock(mutex_);
  Entry& entry = entries_[network_id];
  if (entry.rules == nullptr || entry.read_time < read_time) entry = {rules, read_time};
  return rules;
}

absl::StatusOr<pb::StockRules> RulesStore::Replace(pg::Transaction& tx, pb::StockRules rules, const std::string& actor,
                                                   absl::Time now) {
  const std::string etag = rules.etag();
  ASSIGN_OR_RETURN(const Versioned current, ReadRules(tx));
  RETURN_IF_ERROR(registry::CheckEtag(kName, etag, current.rules.etag()));
  rules.clear_etag();
  ASSIGN_OR_RETURN(const int64_t written,
                   tx.Execute(kReplace, tx.network_id(), sql::ToJson(rules), rules.near_expiry_days(),
                              rules.unconfirmed_days(), rules.transit_days(), actor, now, current.version));
  rules.set_etag(registry::EtagOf(current.version + 1));
  if (written == 0) return registry::CheckEtag(kName, etag, rules.etag());  // somebody else was faster
  return rules;
}

void RulesStore::Forget(const std::string& network_id) {
  const std::lock_guard lock(mutex_);
  entries_.erase(network_id);
}

}  // namespace kubari::stock
