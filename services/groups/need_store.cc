#include "services/groups/need_store.h"

#include "absl/strings/str_cat.h"
#include "libs/errors/errors.h"
#include "libs/errors/macros.h"
#include "libs/ids/ids.h"
#include "libs/pg/status.h"
#include "libs/registry/fields.h"
#include "libs/registry/mutation.h"
#include "libs/registry/search_table.h"
#include "services/groups/domain/need.h"

namespace kubari::groups {
namespace {

#define KUBARI_NEED "SELECT n.*, g.display_name FROM needs n JOIN groups g USING (network_id, group_id) WHERE n.network_id = $1 "
constexpr pg::Statement kFind{KUBARI_NEED "AND n.need_id = $2"};
constexpr pg::Statement kFindAndLock{KUBARI_NEED "AND n.need_id = $2 FOR UPDATE OF n"};
// $2 groups, $3 group, $4 states (4: open and over), $5 categories, $6 tags, $7 standing, $8 ends by, $9 to $11 what is searched for in it and
// in the group's name, $12 today; behind $13, $14; $15 so many.
#define KUBARI_NEEDS(key, type, behind, desc)                                                                        \
  {                                                                                                                  \
    "WITH found AS MATERIALIZED (SELECT id FROM " KUBARI_SEARCH_FOUND("'{needs,groups}'", "$9", "$10", "$11") ") "      \
    KUBARI_NEED "AND ($2::uuid[] IS NULL OR n.group_id = ANY($2::uuid[])) AND ($3::uuid IS NULL OR n.group_id = $3) " \
    "AND ($4::int[] IS NULL OR CASE WHEN n.state = 1 AND n.until_date < $12::date THEN 4 ELSE n.state END = ANY($4::int[])) " \
    "AND ($5::int[] IS NULL OR n.category = ANY($5::int[])) AND ($6::smallint[] IS NULL OR n.tags && $6) "           \
    "AND ($7::boolean IS NULL OR n.standing = $7) AND ($8::date IS NULL OR n.until_date <= $8) "                     \
    "AND ($9::text[] IS NULL OR n.need_id IN (SELECT id FROM found) OR n.group_id IN (SELECT id FROM found)) "       \
    "AND ($13::" type " IS NULL OR (" key ", n.need_id) " behind " ($13, $14::uuid)) "                               \
    "ORDER BY " key desc ", n.need_id" desc " LIMIT $15"                                                             \
  }
constexpr pg::Statement kNewestFirst KUBARI_NEEDS("n.create_time", "timestamptz", "<", " DESC");
constexpr pg::Statement kByEnd KUBARI_NEEDS("coalesce(n.until_date, '9999-12-31'::date)", "date", ">", "");
#undef KUBARI_NEEDS
#undef KUBARI_NEED
constexpr pg::Statement kCountOpen{
    "SELECT count(*) AS open FROM needs WHERE network_id = $1 AND group_id = $2 AND state = 1 AND broadcast_id IS NULL "
    "AND coalesce(until_date, 'infinity') >= $3"};
constexpr pg::Statement kInsert{
    "INSERT INTO needs (network_id, need_id, group_id, state, standing, category, tags, until_date, need, "
    "create_time, update_time, broadcast_id) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10, $11)"};
constexpr pg::Statement kSave{
    "UPDATE needs SET state = $3, standing = $4, category = $5, tags = $6, until_date = $7, need = $8, "
    "update_time = $9, version = version + 1 WHERE network_id = $1 AND need_id = $2"};

absl::StatusOr<v1::Need> FromRow(const pg::Row& row, absl::CivilDay today) {
  v1::Need need;
  if (!need.ParseFromString(row.Get<pg::Bytes>("need").value)) return absl::InternalError("needs.need does not parse");
  need.set_name(ids::Name("needs", row.Get<std::string>("need_id")));
  need.set_group(ids::Name("groups", row.Get<std::string>("group_id")));
  need.set_group_display_name(row.Get<std::string>("display_name"));
  need.set_state(static_cast<v1::NeedState>(row.Get<int>("state")));
  if (const auto until = row.Get<std::optional<absl::CivilDay>>("until_date"))
    need.set_until_date(absl::FormatCivilTime(*until));
  if (Expired(need, today)) need.set_state(v1::NEED_STATE_EXPIRED);
  *need.mutable_create_time() = registry::ToTimestamp(row.Get<absl::Time>("create_time"));
  *need.mutable_update_time() = registry::ToTimestamp(row.Get<absl::Time>("update_time"));
  need.set_etag(registry::EtagOf(row.Get<int64_t>("version")));
  if (const auto asked = row.Get<std::optional<std::string>>("broadcast_id")) need.set_broadcast(ids::Name("broadcasts", *asked));
  return need;
}

// What the columns do not hold.
std::string KeptOf(const v1::Need& need) {
  v1::Need kept = need;
  kept.clear_name();
  kept.clear_group();
  kept.clear_group_display_name();
  kept.clear_state();
  kept.clear_until_date();
  kept.clear_create_time();
  kept.clear_update_time();
  kept.clear_etag();
  kept.clear_broadcast();
  return kept.SerializeAsString();
}

std::vector<int> TagsOf(const v1::Need& need) { return {need.tags().begin(), need.tags().end()}; }
void PutSearchKeyOf(pg::Transaction& tx, const v1::Need& need) {
  registry::PutSearchKey(tx, "needs", *ids::IdFromName("needs", need.name()), {need.text(), need.note()});
}
std::optional<std::vector<int>> AnyIfEmpty(const std::vector<int>& values) {
  return values.empty() ? std::nullopt : std::optional(values);
}

}  // namespace

absl::StatusOr<v1::Need> LoadNeed(pg::Transaction& tx, const std::string& need_id, absl::CivilDay today, Lock lock) {
  ASSIGN_OR_RETURN(const pg::Result rows,
                   tx.Query(lock == Lock::kUpdate ? kFindAndLock : kFind, tx.network_id(), need_id));
  if (!rows.empty()) return FromRow(rows[0], today);
  const std::string name = ids::Name("needs", need_id);
  return errors::Make(absl::StatusCode::kNotFound, "NEED_NOT_FOUND", absl::StrCat("There is no need ", name, "."),
                      absl::StrCat("希望 ", name, " は見つかりません。"), {{"need", name}});
}

absl::StatusOr<std::vector<v1::Need>> ListNeeds(pg::Transaction& tx, const NeedFilter& filter) {
  const registry::SearchWords all = registry::SplitQuery(filter.query);
  const registry::SearchWords query = filter.only ? all.Exactly() : all;
  const auto ask = [&](const pg::Statement& list, const auto& after) {
    return tx.Query(list, tx.network_id(), filter.only, filter.group_id, AnyIfEmpty(filter.states),
                    AnyIfEmpty(filter.categories), AnyIfEmpty(filter.tags), filter.standing, filter.until,
                    query.any(), query.readings, query.similar,
                    filter.today, after, filter.after_id, filter.limit);
  };
  ASSIGN_OR_RETURN(const pg::Result rows,
                   filter.by_end ? ask(kByEnd, filter.after_day) : ask(kNewestFirst, filter.after_time));
  std::vector<v1::Need> needs;
  for (const pg::Row row : rows) {
    ASSIGN_OR_RETURN(v1::Need need, FromRow(row, filter.today));
    needs.push_back(std::move(need));
  }
  return needs;
}

absl::StatusOr<int64_t> CountOpenNeeds(pg::Transaction& tx, const std::string& group_id, absl::CivilDay today) {
  ASSIGN_OR_RETURN(const pg::Result rows, tx.Query(kCountOpen, tx.network_id(), group_id, today));
  return rows[0].Get<int64_t>("open");
}

absl::Status InsertNeed(pg::Transaction& tx, const v1::Need& need, absl::Time now) {
  const absl::Status status =
      tx.Query(kInsert, tx.network_id(), *ids::IdFromName("needs", need.name()), *ids::IdFromName("groups", need.group()),
               static_cast<int>(need.state()), need.standing(), static_cast<int>(need.category()), TagsOf(need),
               registry::ParseDay(need.until_date()), pg::Bytes{KeptOf(need)}, now, ids::IdFromName("broadcasts", need.broadcast()))
          .status();
  if (pg::ConstraintOf(status) == "needs_pkey") {
    return errors::Make(absl::StatusCode::kAlreadyExists, "NEED_EXISTS",
                        absl::StrCat("There is a need ", need.name(), " already; choose another id, or leave it empty."),
                        absl::StrCat("希望 ", need.name(), " はすでにあります。別の ID にするか、空にしてください。"),
                        {{"need", need.name()}});
  }
  PutSearchKeyOf(tx, need);
  return status;
}

absl::Status SaveNeed(pg::Transaction& tx, const v1::Need& need, absl::Time now) {
  const v1::NeedState state = need.state() == v1::NEED_STATE_EXPIRED ? v1::NEED_STATE_OPEN : need.state();
  PutSearchKeyOf(tx, need);
  return tx
      .Query(kSave, tx.network_id(), *ids::IdFromName("needs", need.name()), static_cast<int>(state), need.standing(),
             static_cast<int>(need.category()), TagsOf(need), registry::ParseDay(need.until_date()),
             pg::Bytes{KeptOf(need)}, now)
      .status();
}

}  // namespace kubari::groups
