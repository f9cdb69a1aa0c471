#include "services/groups/application_store.h"

#include "absl/strings/ascii.h"
#include "libs/errors/macros.h"
#include "libs/ids/ids.h"
#include "libs/registry/mutation.h"
#include "libs/registry/search_table.h"
#include "services/groups/group_store.h"

namespace kubari::groups {
namespace {

#define KUBARI_APPLICATION                                                                                   \
  "SELECT group_id, display_name, state, suspend_reason, review_date, version, create_time, application FROM " \
  "groups g WHERE network_id = $1 "
constexpr pg::Statement kFind{KUBARI_APPLICATION "AND group_id = $2"};
constexpr pg::Statement kList{
    KUBARI_APPLICATION
    "AND ($2::int[] IS NULL OR state = ANY($2::int[])) "
    "AND ($3::text[] IS NULL OR group_id IN (SELECT f.id FROM " KUBARI_SEARCH_FOUND("'{groups}'", "$3", "$4", "$5") " f)) "
    "AND ($7::uuid IS NULL OR (create_time, group_id) < ($6::timestamptz, $7::uuid)) "
    "ORDER BY create_time DESC, group_id DESC LIMIT $8"};
#undef KUBARI_APPLICATION
constexpr pg::Statement kSave{"UPDATE groups SET application = $3 WHERE network_id = $1 AND group_id = $2"};
constexpr pg::Statement kInsertCode{
    "INSERT INTO application_codes (network_id, code_hash, group_id, email_key, create_time) VALUES ($1, $2, $3, $4, $5)"};
constexpr pg::Statement kFindByCode{
    "SELECT group_id FROM application_codes WHERE network_id = $1 AND code_hash = $2"};
constexpr pg::Statement kCount{
    "SELECT count(*) FILTER (WHERE email_key = $2) AS from_address, count(*) AS in_network FROM application_codes "
    "WHERE network_id = $1 AND create_time > $3"};
constexpr pg::Statement kErase{
    "WITH gone AS (DELETE FROM groups WHERE network_id = $1 AND state = 4 AND create_time < $2 RETURNING group_id) "
    "DELETE FROM search WHERE network_id = $1 AND kind = 'groups' AND id IN (SELECT group_id FROM gone)"};

absl::StatusOr<v1::Application> FromRow(const pg::Row& row) {
  v1::Application application;
  if (const auto kept = row.Get<std::optional<pg::Bytes>>("application")) {
    if (!application.ParseFromString(kept->value)) return absl::InternalError("groups.application does not parse");
  }
  application.set_group(ids::Name("groups", row.Get<std::string>("group_id")));
  application.set_group_display_name(row.Get<std::string>("display_name"));
  application.set_state(static_cast<v1::GroupState>(row.Get<int>("state")));
  if (application.state() == v1::GROUP_STATE_REJECTED) application.set_reason(row.Get<std::string>("suspend_reason"));
  if (const auto day = row.Get<std::optional<absl::CivilDay>>("review_date"))
    application.set_review_date(absl::FormatCivilTime(*day));
  application.set_etag(registry::EtagOf(row.Get<int64_t>("version")));
  *application.mutable_apply_time() = registry::ToTimestamp(row.Get<absl::Time>("create_time"));
  return application;
}

}  // namespace

absl::StatusOr<v1::Application> LoadApplication(pg::Transaction& tx, const std::string& group_id) {
  ASSIGN_OR_RETURN(const pg::Result rows, tx.Query(kFind, tx.network_id(), group_id));
  if (rows.empty()) return GroupNotFound(group_id);
  return FromRow(rows[0]);
}

absl::StatusOr<std::vector<v1::Application>> ListApplications(pg::Transaction& tx, const ApplicationFilter& filter) {
  const registry::SearchWords query = registry::SplitQuery(filter.query);
  ASSIGN_OR_RETURN(
      const pg::Result rows,
      tx.Query(kList, tx.network_id(), filter.states.empty() ? std::nullopt : std::optional(filter.states),
               query.any(), query.readings, query.similar,
               filter.before_id.empty() ? std::nullopt : std::optional(filter.before_time),
               filter.before_id.empty() ? std::nullopt : std::optional(filter.before_id), filter.limit));
  std::vector<v1::Application> applications;
  for (const pg::Row row : rows) {
    ASSIGN_OR_RETURN(v1::Application application, FromRow(row));
    applications.push_back(std::move(application));
  }
  return applications;
}

void SaveApplication(pg::Transaction& tx, const v1::Application& application) {
  v1::Application kept = application;
  kept.clear_group();
  kept.clear_group_display_name();
  kept.clear_state();
  kept.clear_etag();
  kept.clear_reason();
  kept.clear_review_date();
  kept.clear_apply_time();
  kept.clear_missing_checks();
  tx.Defer(kSave, tx.network_id(), *ids::IdFromName("groups", application.group()), pg::Bytes{kept.SerializeAsString()});
}

void InsertCode(pg::Transaction& tx, const std::string& code_hash, const std::string& group_id,
                const std::string& email, absl::Time now) {
  tx.Defer(kInsertCode, tx.network_id(), pg::Bytes{code_hash}, group_id, absl::AsciiStrToLower(email), now);
}

absl::StatusOr<std::optional<std::string>> FindByCode(pg::Transaction& tx, const std::string& code_hash) {
  ASSIGN_OR_RETURN(const pg::Result rows, tx.Query(kFindByCode, tx.network_id(), pg::Bytes{code_hash}));
  if (rows.empty()) return std::nullopt;
  return rows[0].Get<std::string>("group_id");
}

absl::StatusOr<RecentApplications> CountApplications(pg::Transaction& tx, const std::string& email, absl::Time since) {
  ASSIGN_OR_RETURN(const pg::Result rows, tx.Query(kCount, tx.network_id(), absl::AsciiStrToLower(email), since));
  return RecentApplications{.from_address = rows[0].Get<int64_t>("from_address"),
                            .in_network = rows[0].Get<int64_t>("in_network")};
}

void EraseUnconfirmed(pg::Transaction& tx, absl::Time before) { tx.Defer(kErase, tx.network_id(), before); }

}  // namespace kubari::groups
