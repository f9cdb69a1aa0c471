#include "services/groups/group_store.h"

#include "absl/strings/str_cat.h"
#include "libs/errors/errors.h"
#include "libs/errors/macros.h"
#include "libs/ids/ids.h"
#include "libs/pg/status.h"
#include "libs/registry/agreement_table.h"
#include "libs/registry/mutation.h"
#include "libs/registry/search.h"

namespace kubari::groups {
namespace {

constexpr pg::Statement kFind{"SELECT * FROM groups WHERE network_id = $1 AND group_id = $2"};
constexpr pg::Statement kFindAndLock{"SELECT * FROM groups WHERE network_id = $1 AND group_id = $2 FOR UPDATE"};
// $2 only these, $3 what is searched for, $4 states, $5 kinds, $6 prefecture, $7 hub, $8 in force on $9; behind $10,
// $11; $12 so many.
#define KUBARI_GROUPS(key, type, behind, desc)                                                                         \
  {                                                                                                                    \
    "SELECT * FROM groups g WHERE network_id = $1 AND ($2::uuid[] IS NULL OR group_id = ANY($2::uuid[])) "           \
   "AND search_key LIKE $3 AND ($4::int[] IS NULL OR state = ANY($4::int[])) "                                      \
   "AND ($5::int[] IS NULL OR kind = ANY($5::int[])) AND ($6::text = '' OR prefecture = $6) "                       \
   "AND ($7::uuid IS NULL OR hub_id = $7) "                                                                         \
   "AND ($8::boolean IS NULL OR $8 = " KUBARI_AGREEMENT_IN_FORCE("g.group_id", "$9") ") "                           \
   "AND ($10::" type " IS NULL OR (" key ", group_id) " behind " ($10, $11::uuid)) "                                \
   "ORDER BY " key desc ", group_id" desc " LIMIT $12" \
  }
constexpr pg::Statement kByName KUBARI_GROUPS("display_name", "text", ">", "");
constexpr pg::Statement kByNameLastFirst KUBARI_GROUPS("display_name", "text", "<", " DESC");
constexpr pg::Statement kByHouseholds KUBARI_GROUPS("households", "bigint", ">", "");
constexpr pg::Statement kByHouseholdsMostFirst KUBARI_GROUPS("households", "bigint", "<", " DESC");
#undef KUBARI_GROUPS
constexpr pg::Statement kFindTaken{
    "SELECT group_id FROM groups WHERE network_id = $1 AND (group_id = $2 OR code = $3)"};
constexpr pg::Statement kFindByCode{
    "SELECT code, group_id FROM groups WHERE network_id = $1 AND code = ANY($2::text[])"};
constexpr pg::Statement kInsert{
    "INSERT INTO groups (network_id, group_id, code, display_name, state, suspend_reason, hub_id, search_key, profile, "
    "create_time, update_time, kind, households, prefecture) "
    "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10, $11, $12, $13)"};
constexpr pg::Statement kUpdate{
    "UPDATE groups SET code = $3, display_name = $4, state = $5, suspend_reason = $6, hub_id = $7, search_key = $8, "
    "profile = $9, update_time = $10, kind = $11, households = $12, prefecture = $13, version = version + 1 WHERE "
    "network_id = $1 AND group_id = $2"};
constexpr pg::Statement kLockHubs{"SELECT pg_advisory_xact_lock(hashtextextended('kubari.groups.hubs.' || $1, 0))"};
constexpr pg::Statement kHubs{"SELECT group_id, hub_id FROM groups WHERE network_id = $1 AND hub_id IS NOT NULL"};

absl::Status GroupNotFound(const std::string& group_id) {
  const std::string name = ids::Name("groups", group_id);
  return errors::Make(absl::StatusCode::kNotFound, "GROUP_NOT_FOUND", absl::StrCat("There is no group ", name, "."),
                      absl::StrCat("団体 ", name, " は見つかりません。"), {{"group", name}});
}

absl::Status CodeTaken(const std::string& code) {
  return errors::Make(absl::StatusCode::kAlreadyExists, "CODE_TAKEN",
                      absl::StrCat("Another group has the code '", code, "'; choose another."),
                      absl::StrCat("コード「", code, "」は別の団体が使っています。別のコードにしてください。"),
                      {{"code", code}});
}

absl::Status GroupExists(const std::string& group_id) {
  return errors::Make(
      absl::StatusCode::kAlreadyExists, "GROUP_EXISTS",
      absl::StrCat("There is a group with the id ", group_id, " already; choose another, or leave group_id empty."),
      absl::StrCat("ID ", group_id, " の団体はすでにあります。別の ID にするか、group_id を空にしてください。"),
      {{"group", ids::Name("groups", group_id)}});
}

// What the other columns do not hold.
std::string ProfileOf(const v1::Group& group) {
  v1::Group profile = group;
  profile.clear_name();
  profile.clear_code();
  profile.clear_display_name();
  profile.clear_state();
  profile.clear_suspend_reason();
  profile.clear_hub();
  profile.clear_agreements();
  profile.clear_agreement_in_force();
  profile.clear_compliance_level();
  profile.clear_etag();
  profile.clear_create_time();
  profile.clear_update_time();
  return profile.SerializeAsString();
}

std::string SearchKeyOf(const v1::Group& group) {
  return registry::SearchKey({group.display_name(), group.name_kana(), group.code()});
}

// Of the first site, where deliveries go.
std::string PrefectureOf(const v1::Group& group) {
  return group.sites_size() == 0 ? "" : group.sites(0).address().municipality_code().substr(0, 2);
}

std::optional<std::vector<int>> AnyIfEmpty(const std::vector<int>& values) {
  return values.empty() ? std::nullopt : std::optional(values);
}

absl::StatusOr<v1::Group> FromRow(const pg::Row& row) {
  v1::Group group;
  if (!group.ParseFromString(row.Get<pg::Bytes>("profile").value))
    return absl::InternalError("groups.profile does not parse");
  group.set_name(ids::Name("groups", row.Get<std::string>("group_id")));
  group.set_code(row.Get<std::string>("code"));
  group.set_display_name(row.Get<std::string>("display_name"));
  group.set_state(static_cast<v1::GroupState>(row.Get<int>("state")));
  group.set_suspend_reason(row.Get<std::string>("suspend_reason"));
  if (const auto hub = row.Get<std::optional<std::string>>("hub_id")) group.set_hub(ids::Name("groups", *hub));
  group.set_etag(registry::EtagOf(row.Get<int64_t>("version")));
  *group.mutable_create_time() = registry::ToTimestamp(row.Get<absl::Time>("create_time"));
  *group.mutable_update_time() = registry::ToTimestamp(row.Get<absl::Time>("update_time"));
  return group;
}

absl::StatusOr<std::vector<v1::Group>> WithAgreements(pg::Transaction& tx, const pg::Result& rows) {
  std::vector<std::string> group_ids;
  for (const pg::Row row : rows) group_ids.push_back(row.Get<std::string>("group_id"));
  if (group_ids.empty()) return std::vector<v1::Group>();
  ASSIGN_OR_RETURN(auto agreements, registry::LoadAgreements(tx, "groups", group_ids));
  std::vector<v1::Group> groups;
  for (int i = 0; i < rows.size(); ++i) {
    ASSIGN_OR_RETURN(v1::Group group, FromRow(rows[i]));
    *group.mutable_agreements() = std::move(agreements[group_ids[i]]);
    groups.push_back(std::move(group));
  }
  return groups;
}

absl::StatusOr<std::map<std::string, std::string>> ToMap(const absl::StatusOr<pg::Result>& rows) {
  RETURN_IF_ERROR(rows);
  std::map<std::string, std::string> map;
  for (const pg::Row row : *rows) map[row.Get<std::string>(0)] = row.Get<std::string>(1);
  return map;
}

}  // namespace

absl::StatusOr<v1::Group> LoadGroup(pg::Transaction& tx, const std::string& group_id, Lock lock) {
  ASSIGN_OR_RETURN(const pg::Result rows,
                   tx.Query(lock == Lock::kUpdate ? kFindAndLock : kFind, tx.network_id(), group_id));
  if (rows.empty()) return GroupNotFound(group_id);
  ASSIGN_OR_RETURN(std::vector<v1::Group> groups, WithAgreements(tx, rows));
  return std::move(groups[0]);
}

absl::StatusOr<std::vector<v1::Group>> ListGroups(pg::Transaction& tx, const GroupFilter& filter) {
  const auto ask = [&](const pg::Statement& list, const auto& after) {
    return tx.Query(list, tx.network_id(), filter.only, registry::ContainsPattern(filter.query),
                    AnyIfEmpty(filter.states), AnyIfEmpty(filter.kinds), filter.prefecture, filter.hub_id,
                    filter.in_force, filter.day, after, filter.after_id, filter.limit);
  };
  ASSIGN_OR_RETURN(const pg::Result rows,
                   filter.by_households
                       ? ask(filter.descending ? kByHouseholdsMostFirst : kByHouseholds, filter.after_households)
                       : ask(filter.descending ? kByNameLastFirst : kByName, filter.after_name));
  return WithAgreements(tx, rows);
}

absl::Status CheckGroupIsNew(pg::Transaction& tx, const std::string& group_id, const std::string& code) {
  ASSIGN_OR_RETURN(const pg::Result rows, tx.Query(kFindTaken, tx.network_id(), group_id, code));
  for (const pg::Row row : rows) {
    if (row.Get<std::string>("group_id") == group_id) return GroupExists(group_id);
  }
  return rows.empty() ? absl::OkStatus() : CodeTaken(code);
}

absl::Status InsertGroup(pg::Transaction& tx, const v1::Group& group, absl::Time now) {
  const std::string group_id = *ids::IdFromName("groups", group.name());
  const absl::Status status =
      tx.Query(kInsert, tx.network_id(), group_id, group.code(), group.display_name(), static_cast<int>(group.state()),
               group.suspend_reason(), ids::IdFromName("groups", group.hub()), SearchKeyOf(group),
               pg::Bytes{ProfileOf(group)}, now, static_cast<int>(group.kind()), group.households(),
               PrefectureOf(group))
          .status();
  if (pg::ConstraintOf(status) == "groups_code_key") return CodeTaken(group.code());
  if (pg::ConstraintOf(status) == "groups_pkey") return GroupExists(group_id);
  return status;
}

absl::Status SaveGroup(pg::Transaction& tx, const v1::Group& group, absl::Time now) {
  const absl::Status status =
      tx.Query(kUpdate, tx.network_id(), *ids::IdFromName("groups", group.name()), group.code(), group.display_name(),
               static_cast<int>(group.state()), group.suspend_reason(), ids::IdFromName("groups", group.hub()),
               SearchKeyOf(group), pg::Bytes{ProfileOf(group)}, now, static_cast<int>(group.kind()), group.households(),
               PrefectureOf(group))
          .status();
  if (pg::ConstraintOf(status) == "groups_code_key") return CodeTaken(group.code());
  return status;
}

absl::StatusOr<std::map<std::string, std::string>> LockHubs(pg::Transaction& tx) {
  RETURN_IF_ERROR(tx.Query(kLockHubs, tx.network_id()));
  return LoadHubs(tx);
}

absl::StatusOr<std::map<std::string, std::string>> LoadHubs(pg::Transaction& tx) {
  return ToMap(tx.Query(kHubs, tx.network_id()));
}

absl::StatusOr<std::map<std::string, std::string>> FindGroupIds(pg::Transaction& tx,
                                                                const std::vector<std::string>& codes) {
  return ToMap(tx.Query(kFindByCode, tx.network_id(), codes));
}

}  // namespace kubari::groups
