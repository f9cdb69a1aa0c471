#include "services/groups/rules_store.h"

#include "libs/errors/macros.h"
#include "libs/registry/mutation.h"

namespace kubari::groups {
namespace {

constexpr pg::Statement kFind{"SELECT rules, version FROM group_rules WHERE network_id = $1"};
constexpr pg::Statement kSave{
    "INSERT INTO group_rules AS old (network_id, rules) VALUES ($1, $2) "
    "ON CONFLICT (network_id) DO UPDATE SET rules = excluded.rules, version = old.version + 1"};

}  // namespace

absl::StatusOr<v1::GroupRules> LoadRules(pg::Transaction& tx) {
  ASSIGN_OR_RETURN(const pg::Result rows, tx.Query(kFind, tx.network_id()));
  v1::GroupRules rules;
  int64_t version = 0;
  if (!rows.empty()) {
    if (!rules.ParseFromString(rows[0].Get<pg::Bytes>("rules").value))
      return absl::InternalError("group_rules.rules does not parse");
    version = rows[0].Get<int64_t>("version");
  }
  if (rules.fact_months() == 0) rules.set_fact_months(12);
  if (rules.review_months() == 0) rules.set_review_months(12);
  if (rules.evidence_notice_days() == 0) rules.set_evidence_notice_days(60);
  rules.set_etag(registry::EtagOf(version));
  return rules;
}

absl::Status SaveRules(pg::Transaction& tx, const v1::GroupRules& rules) {
  v1::GroupRules kept = rules;
  kept.clear_etag();
  return tx.Query(kSave, tx.network_id(), pg::Bytes{kept.SerializeAsString()}).status();
}

}  // namespace kubari::groups
