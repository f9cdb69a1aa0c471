#include "services/donors/broadcast_store.h"

#include <google/protobuf/util/time_util.h>

#include "absl/strings/str_cat.h"
#include "libs/errors/errors.h"
#include "libs/errors/macros.h"
#include "libs/ids/ids.h"
#include "libs/pg/status.h"
#include "libs/registry/mutation.h"
#include "services/donors/domain/not_asked.h"

namespace kubari::donors {
namespace {

#define KUBARI_BROADCAST_COUNTS                                                                                     \
  "SELECT b.*, (SELECT donor_id FROM offers o WHERE o.network_id = b.network_id AND o.offer_id = b.offer_id), "    \
  "c.asked, c.yes, c.no, c.later, c.yes_cases FROM broadcasts b CROSS JOIN LATERAL (SELECT count(*) AS asked, "    \
  "count(*) FILTER (WHERE a.reply = 1) AS yes, count(*) FILTER (WHERE a.reply = 2) AS no, "                        \
  "count(*) FILTER (WHERE a.reply = 3) AS later, "                                                                 \
  "coalesce(sum(a.cases) FILTER (WHERE a.reply = 1), 0)::bigint AS yes_cases FROM broadcast_answers a "            \
  "WHERE a.network_id = b.network_id AND a.broadcast_id = b.broadcast_id) c WHERE b.network_id = $1 "
constexpr pg::Statement kLock{"SELECT FROM broadcasts WHERE network_id = $1 AND broadcast_id = $2 FOR UPDATE"};
constexpr pg::Statement kFind{KUBARI_BROADCAST_COUNTS "AND b.broadcast_id = $2"};
constexpr pg::Statement kList{
    KUBARI_BROADCAST_COUNTS
    "AND (($2::uuid[] IS NULL AND $3::uuid[] IS NULL) "
    "OR EXISTS (SELECT FROM broadcast_answers a WHERE a.network_id = b.network_id AND a.broadcast_id = b.broadcast_id "
    "AND a.group_id = ANY($2)) "
    "OR EXISTS (SELECT FROM offers o WHERE o.network_id = b.network_id AND o.offer_id = b.offer_id "
    "AND (o.donor_id = ANY($3) OR o.acting_donor_id = ANY($3)))) "
    "AND ($4::boolean IS NULL OR $4 = (b.close_time IS NULL AND b.answer_until > $5::timestamptz)) "
    "AND ($6::uuid IS NULL OR b.offer_id = $6) "
    "AND ($7::timestamptz IS NULL OR (b.create_time, b.broadcast_id) < ($7, $8::uuid)) "
    "ORDER BY b.create_time DESC, b.broadcast_id DESC LIMIT $9"};
constexpr pg::Statement kRanOut{
    KUBARI_BROADCAST_COUNTS "AND b.close_time IS NULL AND b.answer_until > $2 AND b.answer_until <= $3 "
                            "ORDER BY b.broadcast_id"};
constexpr pg::Statement kInsert{
    "INSERT INTO broadcasts (network_id, broadcast_id, offer_id, content, cases, answer_until, create_time) "
    "VALUES ($1, $2, $3, $4, $5, $6, $7)"};
constexpr pg::Statement kAsk{
    "INSERT INTO broadcast_answers (network_id, broadcast_id, group_id, group_display_name) "
    "SELECT $1::uuid, $2::uuid, g.id, g.name FROM unnest($3::uuid[], $4::text[]) g (id, name)"};
constexpr pg::Statement kClose{
    "UPDATE broadcasts SET close_time = $3, version = version + 1 WHERE network_id = $1 AND broadcast_id = $2"};
constexpr pg::Statement kAnswer{
    "UPDATE broadcast_answers SET reply = $4, cases = $5, note = $6, answer_time = $7, need_told = false "
    "WHERE network_id = $1 AND broadcast_id = $2 AND group_id = $3"};
constexpr pg::Statement kUntold{
    "SELECT broadcast_id, group_id FROM broadcast_answers WHERE network_id = $1 AND NOT need_told ORDER BY answer_time LIMIT $2"};
constexpr pg::Statement kLockUntold{
    "SELECT * FROM broadcast_answers WHERE network_id = $1 AND broadcast_id = $2 AND group_id = $3 AND NOT need_told "
    "FOR UPDATE SKIP LOCKED"};
constexpr pg::Statement kMarkTold{
    "UPDATE broadcast_answers SET need_told = true WHERE network_id = $1 AND broadcast_id = $2 AND group_id = $3"};
// YES, LATER, NO, no answer.
#define KUBARI_RANK "(CASE a.reply WHEN 1 THEN 0 WHEN 3 THEN 1 WHEN 2 THEN 2 ELSE 3 END)"
constexpr pg::Statement kAnswers{
    "SELECT a.*, " KUBARI_RANK
    " AS rank FROM broadcast_answers a WHERE a.network_id = $1 AND a.broadcast_id = $2 "
    "AND ($3::int[] = '{}' OR a.reply = ANY($3::int[])) AND ($4::uuid[] IS NULL OR a.group_id = ANY($4)) "
    "AND ($5::int IS NULL OR (" KUBARI_RANK
    ", -a.cases, a.group_id) > ($5, -$6::bigint, $7::uuid)) "
    "ORDER BY rank, -a.cases, a.group_id LIMIT $8"};
constexpr pg::Statement kAnswersOf{
    "SELECT a.*, 0 AS rank FROM broadcast_answers a WHERE a.network_id = $1 AND a.broadcast_id = ANY($2::uuid[]) "
    "AND a.group_id = ANY($3::uuid[]) ORDER BY a.broadcast_id, a.group_display_name, a.group_id"};

std::string IdOf(const std::string& name) { return name.substr(name.rfind('/') + 1); }

absl::StatusOr<v1::Broadcast> FromRow(const pg::Row& row, absl::Time now) {
  v1::Broadcast broadcast;
  if (!broadcast.ParseFromString(row.Get<pg::Bytes>("content").value))
    return absl::InternalError("broadcasts.content does not parse");
  broadcast.set_name(ids::Name("broadcasts", row.Get<std::string>("broadcast_id")));
  const auto until = row.Get<absl::Time>("answer_until");
  *broadcast.mutable_answer_until_time() = registry::ToTimestamp(until);
  const auto closed = row.Get<std::optional<absl::Time>>("close_time");
  if (closed) *broadcast.mutable_close_time() = registry::ToTimestamp(*closed);
  broadcast.set_open(!closed && now < until);
  broadcast.set_asked_count(row.Get<int>("asked"));
  broadcast.set_yes_count(row.Get<int>("yes"));
  broadcast.set_no_count(row.Get<int>("no"));
  broadcast.set_later_count(row.Get<int>("later"));
  broadcast.set_yes_cases(row.Get<int64_t>("yes_cases"));
  broadcast.set_etag(registry::EtagOf(row.Get<int64_t>("version")));
  *broadcast.mutable_create_time() = registry::ToTimestamp(row.Get<absl::Time>("create_time"));
  TellNotAsked(broadcast);
  return broadcast;
}

v1::BroadcastAnswer AnswerFromRow(const pg::Row& row) {
  v1::BroadcastAnswer answer;
  answer.set_group(ids::Name("groups", row.Get<std::string>("group_id")));
  answer.set_group_display_name(row.Get<std::string>("group_display_name"));
  answer.set_reply(static_cast<v1::BroadcastReply>(row.Get<int>("reply")));
  answer.set_cases(row.Get<int64_t>("cases"));
  answer.set_note(row.Get<std::string>("note"));
  if (const auto time = row.Get<std::optional<absl::Time>>("answer_time"))
    *answer.mutable_answer_time() = registry::ToTimestamp(*time);
  return answer;
}

}  // namespace

absl::StatusOr<v1::Broadcast> LoadBroadcast(pg::Transaction& tx, const std::string& id, absl::Time now, Lock lock) {
  // Locked before it is counted: what another transaction answered meanwhile is among the counts.
  if (lock == Lock::kUpdate) RETURN_IF_ERROR(tx.Query(kLock, tx.network_id(), id).status());
  ASSIGN_OR_RETURN(const pg::Result rows, tx.Query(kFind, tx.network_id(), id));
  if (!rows.empty()) return FromRow(rows[0], now);
  const std::string name = ids::Name("broadcasts", id);
  return errors::Make(absl::StatusCode::kNotFound, "BROADCAST_NOT_FOUND",
                      absl::StrCat("There is no broadcast ", name, "."),
                      absl::StrCat("問い合わせ ", name, " は見つかりません。"), {{"broadcast", name}});
}

absl::StatusOr<std::vector<v1::Broadcast>> ListBroadcasts(pg::Transaction& tx, const BroadcastFilter& filter) {
  ASSIGN_OR_RETURN(const pg::Result rows,
                   tx.Query(kList, tx.network_id(), filter.groups, filter.donors, filter.open, filter.now,
                            filter.offer_id, filter.after_time, filter.after_id, filter.limit));
  std::vector<v1::Broadcast> all;
  for (const pg::Row row : rows) {
    ASSIGN_OR_RETURN(all.emplace_back(), FromRow(row, filter.now));
  }
  return all;
}

absl::Status InsertBroadcast(pg::Transaction& tx, const v1::Broadcast& broadcast,
                             const std::vector<std::pair<std::string, std::string>>& groups, absl::Time now) {
  std::vector<std::string> ids, names;
  for (const auto& [id, name] : groups) {
    ids.push_back(id);
    names.push_back(name);
  }
  std::optional<std::string> offer_id;
  if (!broadcast.offer_line().empty()) offer_id = broadcast.offer_line().substr(7, 36);  // offers/{uuid}/lines/{uuid}
  const absl::Time until = absl::FromUnixMicros(
      google::protobuf::util::TimeUtil::TimestampToMicroseconds(broadcast.answer_until_time()));
  const absl::Status status = tx.Query(kInsert, tx.network_id(), IdOf(broadcast.name()), offer_id,
                                       pg::Bytes{broadcast.SerializeAsString()}, broadcast.cases(), until, now)
                                  .status();
  if (pg::ConstraintOf(status) == "broadcasts_pkey") {
    return errors::Make(absl::StatusCode::kAlreadyExists, "BROADCAST_EXISTS",
                        absl::StrCat("There is a ", broadcast.name(), " already; choose another id, or leave it empty."),
                        absl::StrCat(broadcast.name(), " はすでにあります。別の ID にするか、空にしてください。"),
                        {{"broadcast", broadcast.name()}});
  }
  RETURN_IF_ERROR(status);
  tx.Defer(kAsk, tx.network_id(), IdOf(broadcast.name()), ids, names);
  return absl::OkStatus();
}

void CloseBroadcast(pg::Transaction& tx, const std::string& id, absl::Time now) {
  tx.Defer(kClose, tx.network_id(), id, now);
}

absl::StatusOr<bool> Answer(pg::Transaction& tx, const std::string& id, const std::string& group_id,
                            const v1::BroadcastAnswer& answer, absl::Time now) {
  ASSIGN_OR_RETURN(const int64_t answered, tx.Execute(kAnswer, tx.network_id(), id, group_id,
                                                      static_cast<int>(answer.reply()), answer.cases(), answer.note(), now));
  return answered > 0;
}

absl::StatusOr<std::vector<RankedAnswer>> ListAnswers(pg::Transaction& tx, const std::string& id,
                                                      const AnswerFilter& filter) {
  const std::optional<std::string> after_group =
      filter.after_rank ? std::optional(filter.after_group) : std::nullopt;
  ASSIGN_OR_RETURN(const pg::Result rows,
                   tx.Query(kAnswers, tx.network_id(), id, filter.replies, filter.group_ids, filter.after_rank,
                            filter.after_cases, after_group, filter.limit));
  std::vector<RankedAnswer> all;
  for (const pg::Row row : rows) all.push_back({row.Get<int>("rank"), AnswerFromRow(row)});
  return all;
}

absl::StatusOr<std::vector<std::pair<std::string, v1::BroadcastAnswer>>> AnswersOf(
    pg::Transaction& tx, const std::vector<std::string>& broadcast_ids, const std::vector<std::string>& group_ids) {
  std::vector<std::pair<std::string, v1::BroadcastAnswer>> all;
  if (broadcast_ids.empty() || group_ids.empty()) return all;
  ASSIGN_OR_RETURN(const pg::Result rows, tx.Query(kAnswersOf, tx.network_id(), broadcast_ids, group_ids));
  for (const pg::Row row : rows)
    all.emplace_back(ids::Name("broadcasts", row.Get<std::string>("broadcast_id")), AnswerFromRow(row));
  return all;
}

absl::StatusOr<std::vector<std::pair<std::string, std::string>>> Untold(pg::Transaction& tx, int limit) {
  ASSIGN_OR_RETURN(const pg::Result rows, tx.Query(kUntold, tx.network_id(), limit));
  std::vector<std::pair<std::string, std::string>> untold;
  for (const pg::Row row : rows) untold.emplace_back(row.Get<std::string>("broadcast_id"), row.Get<std::string>("group_id"));
  return untold;
}

absl::StatusOr<std::optional<v1::BroadcastAnswer>> LockUntold(pg::Transaction& tx, const std::string& id,
                                                              const std::string& group_id) {
  ASSIGN_OR_RETURN(const pg::Result rows, tx.Query(kLockUntold, tx.network_id(), id, group_id));
  if (rows.empty()) return std::nullopt;
  return AnswerFromRow(rows[0]);
}

void MarkTold(pg::Transaction& tx, const std::string& id, const std::string& group_id) {
  tx.Defer(kMarkTold, tx.network_id(), id, group_id);
}

absl::StatusOr<std::vector<v1::Broadcast>> RanOut(pg::Transaction& tx, absl::Time since, absl::Time now) {
  ASSIGN_OR_RETURN(const pg::Result rows, tx.Query(kRanOut, tx.network_id(), since, now));
  std::vector<v1::Broadcast> all;
  for (const pg::Row row : rows) {
    ASSIGN_OR_RETURN(all.emplace_back(), FromRow(row, now));
  }
  return all;
}

}  // namespace kubari::donors
