#include "services/groups/group_store.h"

#include <set>

#include "absl/strings/str_cat.h"
#include "libs/errors/errors.h"
#include "libs/errors/macros.h"
#include "libs/ids/ids.h"
#include "libs/pg/status.h"
#include "libs/registry/agreement_table.h"
#include "libs/registry/fields.h"
#include "libs/registry/mutation.h"
#include "libs/registry/search_table.h"
#include "services/groups/domain/sections.h"

namespace kubari::groups {
namespace {

constexpr pg::Statement kFind{"SELECT * FROM groups WHERE network_id = $1 AND group_id = $2"};
constexpr pg::Statement kFindAndLock{"SELECT * FROM groups WHERE network_id = $1 AND group_id = $2 FOR UPDATE"};
// $2 only these; $3 to $5 what is searched for (no words: anything); $6 states, $7 kinds, $8 prefecture, $9 hub, $10 in force on $11;
// $12 with sections that count from $13 or before, or without; $14 review due by; $15 evidence that ends by; $16 municipality,
// $17 activities, $18 age bands, $19 legal forms, $20 wanted help; behind $21, $22; $23 so many.
#define KUBARI_GROUPS(from, key, type, behind, desc)                                                                   \
  {                                                                                                                    \
    "SELECT g.* FROM " from                                                                                          \
    "WHERE g.network_id = $1 AND ($2::uuid[] IS NULL OR g.group_id = ANY($2::uuid[])) "                              \
    "AND CASE WHEN $6::int[] IS NULL THEN g.state NOT IN (4, 5) ELSE g.state = ANY($6::int[]) END "                  \
    "AND ($7::int[] IS NULL OR g.kind = ANY($7::int[])) AND ($8::text = '' OR g.prefecture = $8) "                   \
    "AND ($9::uuid IS NULL OR g.hub_id = $9) "                                                                       \
    "AND ($10::boolean IS NULL OR $10 = " KUBARI_AGREEMENT_IN_FORCE("g.group_id", "$11") ") "                        \
    "AND ($12::boolean IS NULL OR $12 = (g.confirmed_from <= $13::date)) "                                           \
    "AND ($14::date IS NULL OR g.review_date <= $14) "                                                               \
    "AND ($15::date IS NULL OR EXISTS (SELECT FROM unnest(g.evidence_ends) e WHERE e BETWEEN $11::date AND $15)) "   \
    "AND ($16::text = '' OR g.municipalities @> ARRAY[$16::text]) "                                                  \
    "AND ($17::smallint[] IS NULL OR g.activities && $17) AND ($18::smallint[] IS NULL OR g.age_bands && $18) "      \
    "AND ($19::smallint[] IS NULL OR g.legal_form = ANY($19)) AND ($20::smallint[] IS NULL OR g.wanted_help && $20) " \
    "AND ($21::" type " IS NULL OR (" key ", g.group_id) " behind " ($21, $22::uuid)) "                              \
    "ORDER BY " key desc ", g.group_id" desc " LIMIT $23"                                                            \
  }
#define KUBARI_ANY_GROUP                                                                                     \
  "(SELECT * FROM groups g WHERE g.network_id = $1 AND ($3::text[] IS NULL OR g.group_id IN (SELECT f.id FROM " \
  KUBARI_SEARCH_FOUND("'{groups}'", "$3", "$4", "$5") " f))) g "
constexpr pg::Statement kByName KUBARI_GROUPS(KUBARI_ANY_GROUP, "g.display_name", "text", ">", "");
constexpr pg::Statement kByNameLastFirst KUBARI_GROUPS(KUBARI_ANY_GROUP, "g.display_name", "text", "<", " DESC");
constexpr pg::Statement kByHouseholds KUBARI_GROUPS(KUBARI_ANY_GROUP, "g.households", "bigint", ">", "");
constexpr pg::Statement kByHouseholdsMostFirst KUBARI_GROUPS(KUBARI_ANY_GROUP, "g.households", "bigint", "<", " DESC");
constexpr pg::Statement kByReview KUBARI_GROUPS(KUBARI_ANY_GROUP, "coalesce(g.review_date, '9999-12-31'::date)", "date", ">", "");
// One digit, so that it orders as text does.
constexpr pg::Statement kByFit KUBARI_GROUPS("(SELECT g.*, f.fit || g.display_name AS fit_and_name FROM "
                                             KUBARI_SEARCH_FOUND("'{groups}'", "$3", "$4", "$5")
                                             " f JOIN groups g ON g.network_id = $1 AND g.group_id = f.id) g ",
                                             "g.fit_and_name", "text", ">", "");
#undef KUBARI_GROUPS
#undef KUBARI_ANY_GROUP
constexpr pg::Statement kFindTaken{
    "SELECT group_id FROM groups WHERE network_id = $1 AND (group_id = $2 OR code = $3)"};
constexpr pg::Statement kFindByCode{
    "SELECT code, group_id FROM groups WHERE network_id = $1 AND code = ANY($2::text[])"};
constexpr pg::Statement kInsert{
    "INSERT INTO groups (network_id, group_id, code, display_name, state, suspend_reason, hub_id, profile, kind, "
    "households, prefecture, legal_form, municipalities, activities, age_bands, wanted_help, evidence_ends, "
    "confirmed_from, review_date, create_time, update_time, application) "
    "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $20, $21)"};
constexpr pg::Statement kUpdate{
    "UPDATE groups SET code = $3, display_name = $4, state = $5, suspend_reason = $6, hub_id = $7, profile = $8, "
    "kind = $9, households = $10, prefecture = $11, legal_form = $12, municipalities = $13, activities = $14, "
    "age_bands = $15, wanted_help = $16, evidence_ends = $17, confirmed_from = $18, review_date = $19, "
    "update_time = $20, version = version + 1 WHERE network_id = $1 AND group_id = $2"};
constexpr pg::Statement kRecordConfirmation{
    "INSERT INTO confirmations (network_id, group_id, section, confirm_time) VALUES ($1, $2, $3, $4) "
    "ON CONFLICT DO NOTHING"};
constexpr pg::Statement kLockHubs{"SELECT pg_advisory_xact_lock(hashtextextended('kubari.groups.hubs.' || $1, 0))"};
constexpr pg::Statement kNames{
    "SELECT group_id, display_name FROM groups WHERE network_id = $1 AND group_id = ANY($2::uuid[])"};
constexpr pg::Statement kHubs{"SELECT group_id, hub_id FROM groups WHERE network_id = $1 AND hub_id IS NOT NULL"};

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
  profile.clear_stale_sections();
  profile.clear_stopped_sections();
  profile.clear_review_date();
  return profile.SerializeAsString();
}

void PutSearchKeyOf(pg::Transaction& tx, const std::string& group_id, const v1::Group& group) {
  registry::PutSearchKey(tx, "groups", group_id, {group.display_name(), group.name_kana(), group.code()});
}

// Where it is active and where it has sites, each once.
std::vector<std::string> MunicipalitiesOf(const v1::Group& group) {
  std::set<std::string> all(group.areas().begin(), group.areas().end());
  for (const v1::Site& site : group.sites()) all.insert(site.address().municipality_code());
  all.erase("");
  return {all.begin(), all.end()};
}

std::vector<absl::CivilDay> EvidenceEndsOf(const v1::Group& group) {
  std::vector<absl::CivilDay> ends;
  for (const type::v1::Evidence& evidence : group.evidence()) {
    if (const auto day = registry::ParseDay(evidence.valid_to_date())) ends.push_back(*day);
  }
  return ends;
}

template <typename Messages, typename ValueOf>
std::vector<int> NumbersOf(const Messages& messages, ValueOf value_of) {
  std::vector<int> numbers;
  for (const auto& message : messages) numbers.push_back(static_cast<int>(value_of(message)));
  return numbers;
}

std::vector<int> ActivitiesOf(const v1::Group& group) {
  return NumbersOf(group.activities(), [](const v1::Activity& each) { return each.kind(); });
}
std::vector<int> AgeBandsOf(const v1::Group& group) {
  return NumbersOf(group.age_bands(), [](const v1::AgeBandCount& each) { return each.band(); });
}
std::vector<int> WantedHelpOf(const v1::Group& group) {
  return NumbersOf(group.wanted_help(), [](int each) { return each; });
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
  if (const auto review = row.Get<std::optional<absl::CivilDay>>("review_date")) group.set_review_date(absl::FormatCivilTime(*review));
  group.set_etag(registry::EtagOf(row.Get<int64_t>("version")));
  *group.mutable_create_time() = registry::ToTimestamp(row.Get<absl::Time>("create_time"));
  *group.mutable_update_time() = registry::ToTimestamp(row.Get<absl::Time>("update_time"));
  return group;
}

absl::StatusOr<std::vector<v1::Group>> WithAgreements(pg::Transaction& tx, const pg::Result& rows, absl::CivilDay today) {
  std::vector<std::string> group_ids;
  for (const pg::Row row : rows) group_ids.push_back(row.Get<std::string>("group_id"));
  if (group_ids.empty()) return std::vector<v1::Group>();
  ASSIGN_OR_RETURN(auto agreements, registry::LoadAgreements(tx, "groups", group_ids, today));
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

absl::Status GroupNotFound(const std::string& group_id) {
  const std::string name = ids::Name("groups", group_id);
  return errors::Make(absl::StatusCode::kNotFound, "GROUP_NOT_FOUND", absl::StrCat("There is no group ", name, "."),
                      absl::StrCat("団体 ", name, " は見つかりません。"), {{"group", name}});
}

absl::StatusOr<v1::Group> LoadGroup(pg::Transaction& tx, const std::string& group_id, absl::CivilDay today, Lock lock) {
  ASSIGN_OR_RETURN(const pg::Result rows,
                   tx.Query(lock == Lock::kUpdate ? kFindAndLock : kFind, tx.network_id(), group_id));
  if (rows.empty()) return GroupNotFound(group_id);
  ASSIGN_OR_RETURN(std::vector<v1::Group> groups, WithAgreements(tx, rows, today));
  return std::move(groups[0]);
}

absl::StatusOr<std::vector<v1::Group>> ListGroups(pg::Transaction& tx, const GroupFilter& filter,
                                                   std::vector<std::string>* fits) {
  const registry::SearchWords all = registry::SplitQuery(filter.query);
  const registry::SearchWords query = filter.only ? all.Exactly() : all;
  const std::optional<std::vector<std::string>> words = query.any();
  const auto ask = [&](const pg::Statement& list, const auto& after) {
    return tx.Query(list, tx.network_id(), filter.only, words, query.readings, query.similar,
                    AnyIfEmpty(filter.states), AnyIfEmpty(filter.kinds), filter.prefecture, filter.hub_id,
                    filter.in_force, filter.day, filter.stale, filter.stale_day, filter.review_due, filter.evidence_ends,
                    filter.municipality, AnyIfEmpty(filter.activities), AnyIfEmpty(filter.age_bands),
                    AnyIfEmpty(filter.legal_forms), AnyIfEmpty(filter.wanted_help), after, filter.after_id, filter.limit);
  };
  ASSIGN_OR_RETURN(const pg::Result rows, [&]() -> absl::StatusOr<pg::Result> {
    switch (filter.order) {
      case GroupFilter::Order::kHouseholds:
        return ask(filter.descending ? kByHouseholdsMostFirst : kByHouseholds, filter.after_households);
      case GroupFilter::Order::kReview:
        return ask(kByReview, filter.after_day);
      case GroupFilter::Order::kFit:
        if (words) return ask(kByFit, filter.after_name);
        break;
      case GroupFilter::Order::kName:
        break;
    }
    return ask(filter.descending ? kByNameLastFirst : kByName, filter.after_name);
  }());
  if (fits != nullptr && filter.order == GroupFilter::Order::kFit) {
    for (const pg::Row row : rows) fits->push_back(row.Get<std::string>(words ? "fit_and_name" : "display_name"));
  }
  return WithAgreements(tx, rows, filter.day);
}

absl::Status CheckGroupIsNew(pg::Transaction& tx, const std::string& group_id, const std::string& code) {
  ASSIGN_OR_RETURN(const pg::Result rows, tx.Query(kFindTaken, tx.network_id(), group_id, code));
  for (const pg::Row row : rows) {
    if (row.Get<std::string>("group_id") == group_id) return GroupExists(group_id);
  }
  return rows.empty() ? absl::OkStatus() : CodeTaken(code);
}

absl::Status InsertGroup(pg::Transaction& tx, const v1::Group& group, absl::Time now,
                         const v1::Application& application) {
  const std::string group_id = *ids::IdFromName("groups", group.name());
  v1::Group registered = group;
  *registered.mutable_create_time() = registry::ToTimestamp(now);
  const std::string about = application.SerializeAsString();
  const absl::Status status =
      tx.Query(kInsert, tx.network_id(), group_id, group.code(), group.display_name(), static_cast<int>(group.state()),
               group.suspend_reason(), ids::IdFromName("groups", group.hub()), pg::Bytes{ProfileOf(group)},
               static_cast<int>(group.kind()), group.households(), PrefectureOf(group),
               static_cast<int>(group.legal_form()), MunicipalitiesOf(group), ActivitiesOf(group), AgeBandsOf(group),
               WantedHelpOf(group), EvidenceEndsOf(group), ConfirmedFrom(registered),
               registry::ParseDay(group.review_date()), now,
               about.empty() ? std::nullopt : std::optional(pg::Bytes{about}))
          .status();
  if (pg::ConstraintOf(status) == "groups_code_key") return CodeTaken(group.code());
  if (pg::ConstraintOf(status) == "groups_pkey") return GroupExists(group_id);
  PutSearchKeyOf(tx, group_id, group);
  return status;
}

absl::Status SaveGroup(pg::Transaction& tx, const v1::Group& group, absl::Time now) {
  const std::string group_id = *ids::IdFromName("groups", group.name());
  const absl::Status status =
      tx.Query(kUpdate, tx.network_id(), group_id, group.code(), group.display_name(), static_cast<int>(group.state()),
               group.suspend_reason(), ids::IdFromName("groups", group.hub()), pg::Bytes{ProfileOf(group)},
               static_cast<int>(group.kind()), group.households(), PrefectureOf(group),
               static_cast<int>(group.legal_form()), MunicipalitiesOf(group), ActivitiesOf(group), AgeBandsOf(group),
               WantedHelpOf(group), EvidenceEndsOf(group), ConfirmedFrom(group),
               registry::ParseDay(group.review_date()), now)
          .status();
  if (pg::ConstraintOf(status) == "groups_code_key") return CodeTaken(group.code());
  PutSearchKeyOf(tx, group_id, group);
  return status;
}

void RecordConfirmations(pg::Transaction& tx, const std::string& group_id, const std::vector<v1::Section>& sections,
                         absl::Time now) {
  for (const v1::Section section : sections) {
    tx.Defer(kRecordConfirmation, tx.network_id(), group_id, static_cast<int>(section), now);
  }
}

absl::StatusOr<std::map<std::string, std::string>> LockHubs(pg::Transaction& tx) {
  RETURN_IF_ERROR(tx.Query(kLockHubs, tx.network_id()));
  return LoadHubs(tx);
}

absl::StatusOr<std::map<std::string, std::string>> NamesOf(pg::Transaction& tx, const std::vector<std::string>& group_ids) {
  return ToMap(tx.Query(kNames, tx.network_id(), group_ids));
}

absl::StatusOr<std::map<std::string, std::string>> LoadHubs(pg::Transaction& tx) {
  return ToMap(tx.Query(kHubs, tx.network_id()));
}

absl::StatusOr<std::map<std::string, std::string>> FindGroupIds(pg::Transaction& tx,
                                                                const std::vector<std::string>& codes) {
  return ToMap(tx.Query(kFindByCode, tx.network_id(), codes));
}

}  // namespace kubari::groups
