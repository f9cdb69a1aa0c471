#include "services/support/settings.h"

#include "absl/strings/numbers.h"
#include "libs/errors/macros.h"
#include "libs/registry/mutation.h"

namespace kubari::support {
namespace {

constexpr pg::Statement kLoad{
    "SELECT retention_days, answer_hours_today, answer_hours, version FROM networks WHERE network_id = $1"};
constexpr pg::Statement kSave{
    "UPDATE networks SET retention_days = $2, answer_hours_today = $3, answer_hours = $4, version = version + 1 "
    "WHERE network_id = $1 AND version = $5"};

}  // namespace

absl::StatusOr<pb::SupportSettings> LoadSettings(pg::Transaction& tx) {
  ASSIGN_OR_RETURN(const pg::Result rows, tx.Query(kLoad, tx.network_id()));
  pb::SupportSettings settings;
  settings.set_retention_days(rows.empty() ? 180 : rows[0].Get<int>("retention_days"));
  settings.set_answer_hours_today(rows.empty() ? 3 : rows[0].Get<int>("answer_hours_today"));
  settings.set_answer_hours(rows.empty() ? 24 : rows[0].Get<int>("answer_hours"));
  settings.set_etag(registry::EtagOf(rows.empty() ? 1 : rows[0].Get<int64_t>("version")));
  return settings;
}

absl::StatusOr<bool> SaveSettings(pg::Transaction& tx, const pb::SupportSettings& settings) {
  int64_t version = 0;
  if (!absl::SimpleAtoi(settings.etag(), &version)) return false;
  ASSIGN_OR_RETURN(const int64_t changed, tx.Execute(kSave, tx.network_id(), settings.retention_days(),
                                                     settings.answer_hours_today(), settings.answer_hours(), version));
  return changed == 1;
}

absl::Time AnswerDue(const pb::SupportSettings& settings, pb::Urgency urgency, absl::Time now) {
  return now + absl::Hours(urgency == pb::URGENCY_TODAY ? settings.answer_hours_today() : settings.answer_hours());
}

}  // namespace kubari::support
