#include "services/notifications/store/notices.h"

#include <google/protobuf/util/time_util.h>

#include <nlohmann/json.hpp>
#include <utility>

#include "libs/errors/macros.h"
#include "libs/ids/ids.h"

namespace kubari::notifications {
namespace {

constexpr pg::Statement kInsert{
    "INSERT INTO notices (network_id, notice_id, kind, subject_ja, subject_en, text_ja, text_en, sealed, confidential, link, facts, "
    "occurred_time, accepted_time, audiences) "
    "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14) ON CONFLICT (network_id, notice_id) DO NOTHING"};
constexpr pg::Statement kNetworks{"SELECT unaddressed_networks() AS network_id"};
constexpr pg::Statement kUnaddressed{
    "SELECT notice_id, kind, confidential, occurred_time, audiences FROM notices WHERE network_id = $1 AND audiences IS NOT NULL "
    "ORDER BY accepted_time, notice_id LIMIT $2"};
constexpr pg::Statement kAddressed{"UPDATE notices SET audiences = NULL WHERE network_id = $1 AND notice_id = $2 AND audiences IS NOT NULL"};
constexpr pg::Statement kInsertInbox{
    "INSERT INTO inbox (network_id, person_id, notice_id, occurred_time) SELECT $1, person, $3, $4 FROM unnest($2::uuid[]) AS person "
    "ON CONFLICT (network_id, person_id, notice_id) DO NOTHING"};
constexpr pg::Statement kInbox{
    "SELECT i.notice_id, n.kind, n.subject_ja, n.subject_en, n.text_ja, n.text_en, n.link, i.occurred_time, i.read_time "
    "FROM inbox i JOIN notices n ON n.network_id = i.network_id AND n.notice_id = i.notice_id "
    "WHERE i.network_id = $1 AND i.person_id = $2 AND (i.occurred_time, i.notice_id) < ($3, $4::uuid) "
    "ORDER BY i.occurred_time DESC, i.notice_id DESC LIMIT $5"};
constexpr pg::Statement kInboxUnread{
    "SELECT i.notice_id, n.kind, n.subject_ja, n.subject_en, n.text_ja, n.text_en, n.link, i.occurred_time, i.read_time "
    "FROM inbox i JOIN notices n ON n.network_id = i.network_id AND n.notice_id = i.notice_id "
    "WHERE i.network_id = $1 AND i.person_id = $2 AND i.read_time IS NULL AND (i.occurred_time, i.notice_id) < ($3, $4::uuid) "
    "ORDER BY i.occurred_time DESC, i.notice_id DESC LIMIT $5"};
constexpr pg::Statement kCountUnread{
    "SELECT count(*) AS unread FROM (SELECT FROM inbox WHERE network_id = $1 AND person_id = $2 AND read_time IS NULL LIMIT 100) AS first"};
constexpr pg::Statement kMark{
    "UPDATE inbox SET read_time = $4 WHERE network_id = $1 AND person_id = $2 AND notice_id = ANY($3::uuid[]) "
    "AND (read_time IS NULL) <> ($4::timestamptz IS NULL)"};
constexpr pg::Statement kMarkAll{
    "UPDATE inbox SET read_time = $4 WHERE network_id = $1 AND person_id = $2 AND occurred_time <= $3 "
    "AND (read_time IS NULL) <> ($4::timestamptz IS NULL)"};
constexpr pg::Statement kChoices{
    "SELECT person_id, digest_hour, kinds, timings, version FROM preferences WHERE network_id = $1 AND person_id = ANY($2::uuid[])"};
constexpr pg::Statement kMakeChoices{
    "INSERT INTO preferences (network_id, person_id, digest_hour, kinds, timings, version) VALUES ($1, $2, 7, '{}', '{}', 0) "
    "ON CONFLICT (network_id, person_id) DO NOTHING"};
constexpr pg::Statement kLockChoices{
    "SELECT person_id, digest_hour, kinds, timings, version FROM preferences WHERE network_id = $1 AND person_id = $2 FOR UPDATE"};
constexpr pg::Statement kWriteChoices{
    "UPDATE preferences SET digest_hour = $3, kinds = $4::smallint[], timings = $5::smallint[], version = $6 "
    "WHERE network_id = $1 AND person_id = $2"};

Choices ChoicesOf(const pg::Row& row) {
  Choices choices{.digest_hour = row.Get<int>("digest_hour"), .version = row.Get<int64_t>("version")};
  const auto kinds = row.Get<std::vector<int>>("kinds"), timings = row.Get<std::vector<int>>("timings");
  for (size_t i = 0; i < kinds.size() && i < timings.size(); ++i) {
    choices.chosen[static_cast<pb::NoticeKind>(kinds[i])] = static_cast<pb::Timing>(timings[i]);
  }
  return choices;
}

pb::InboxNotice InboxNoticeOf(const pg::Row& row) {
  pb::InboxNotice notice;
  notice.set_name(ids::Name("notices", row.Get<std::string>("notice_id")));
  notice.set_kind(static_cast<pb::NoticeKind>(row.Get<int>("kind")));
  notice.mutable_subject()->set_ja(row.Get<std::string>("subject_ja"));
  notice.mutable_subject()->set_en(row.Get<std::string>("subject_en"));
  notice.mutable_text()->set_ja(row.Get<std::string>("text_ja"));
  notice.mutable_text()->set_en(row.Get<std::string>("text_en"));
  notice.set_link(row.Get<std::string>("link"));
  *notice.mutable_occurred_time() = ToTimestamp(row.Get<absl::Time>("occurred_time"));
  if (const auto read = row.Get<std::optional<absl::Time>>("read_time")) *notice.mutable_read_time() = ToTimestamp(*read);
  return notice;
}

}  // namespace

google::protobuf::Timestamp ToTimestamp(absl::Time time) {
  return google::protobuf::util::TimeUtil::MicrosecondsToTimestamp(absl::ToUnixMicros(time));
}

absl::Time FromTimestamp(const google::protobuf::Timestamp& time) {
  return absl::FromUnixMicros(google::protobuf::util::TimeUtil::TimestampToMicroseconds(time));
}

std::vector<int> Numbers(const std::vector<pb::NoticeKind>& kinds) { return {kinds.begin(), kinds.end()}; }

void InsertNotice(pg::Transaction& tx, const pb::Notice& notice, const Vault& vault, absl::Time now, bool addressed) {
  std::optional<pg::Bytes> sealed, audiences;
  if (notice.confidential()) {
    pb::Notice secret;
    *secret.mutable_text() = notice.text();
    secret.set_link(notice.link());
    sealed = pg::Bytes{vault.Seal(secret.SerializeAsString())};
  }
  if (!addressed) {
    pb::Notice who;
    *who.mutable_audiences() = notice.audiences();
    audiences = pg::Bytes{who.SerializeAsString()};
  }
  nlohmann::ordered_json facts = nlohmann::ordered_json::object();
  const std::map<std::string, std::string> sorted(notice.facts().begin(), notice.facts().end());
  for (const auto& [key, value] : sorted) facts[key] = value;
  const bool open = !notice.confidential();
  tx.Defer(kInsert, tx.network_id(), notice.notice_id(), static_cast<int>(notice.kind()), notice.subject().ja(), notice.subject().en(),
           open ? notice.text().ja() : std::string(), open ? notice.text().en() : std::string(), sealed, notice.confidential(),
           open ? notice.link() : std::string(), facts.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace),
           FromTimestamp(notice.occurred_time()), now, audiences);
}

absl::StatusOr<std::vector<std::string>> UnaddressedNetworks(pg::Pool& pool, absl::Time deadline) {
  return pool.Read({.deadline = deadline}, [](pg::Transaction& tx) -> absl::StatusOr<std::vector<std::string>> {
    ASSIGN_OR_RETURN(const pg::Result rows, tx.Query(kNetworks));
    std::vector<std::string> ids;
    for (const pg::Row row : rows) ids.push_back(row.Get<std::string>("network_id"));
    return ids;
  });
}

absl::StatusOr<std::vector<Unaddressed>> ReadUnaddressed(pg::Transaction& tx, int limit) {
  ASSIGN_OR_RETURN(const pg::Result rows, tx.Query(kUnaddressed, tx.network_id(), limit));
  std::vector<Unaddressed> notices;
  for (const pg::Row row : rows) {
    Unaddressed& notice = notices.emplace_back(Unaddressed{.notice_id = row.Get<std::string>("notice_id"),
                                                           .kind = static_cast<pb::NoticeKind>(row.Get<int>("kind")),
                                                           .confidential = row.Get<bool>("confidential"),
                                                           .occurred = row.Get<absl::Time>("occurred_time")});
    pb::Notice who;
    if (!who.ParseFromString(row.Get<pg::Bytes>("audiences").value)) return absl::InternalError("notices.audiences does not parse");
    notice.audiences.assign(who.audiences().begin(), who.audiences().end());
  }
  return notices;
}

absl::StatusOr<bool> MarkAddressed(pg::Transaction& tx, const std::string& notice_id) {
  ASSIGN_OR_RETURN(const int64_t changed, tx.Execute(kAddressed, tx.network_id(), notice_id));
  return changed == 1;
}

void InsertInbox(pg::Transaction& tx, const std::string& notice_id, const std::vector<std::string>& person_ids, absl::Time occurred) {
  if (!person_ids.empty()) tx.Defer(kInsertInbox, tx.network_id(), person_ids, notice_id, occurred);
}

absl::StatusOr<std::vector<pb::InboxNotice>> ReadInbox(pg::Transaction& tx, const std::string& person_id, bool unread_only, absl::Time before,
                                                       const std::string& before_id, int limit) {
  ASSIGN_OR_RETURN(const pg::Result rows, unread_only ? tx.Query(kInboxUnread, tx.network_id(), person_id, before, before_id, limit)
                                                      : tx.Query(kInbox, tx.network_id(), person_id, before, before_id, limit));
  std::vector<pb::InboxNotice> notices;
  for (const pg::Row row : rows) notices.push_back(InboxNoticeOf(row));
  return notices;
}

absl::StatusOr<int> CountUnread(pg::Transaction& tx, const std::string& person_id) {
  ASSIGN_OR_RETURN(const pg::Result rows, tx.Query(kCountUnread, tx.network_id(), person_id));
  return rows[0].Get<int>("unread");
}

void MarkRead(pg::Transaction& tx, const std::string& person_id, const std::vector<std::string>& notice_ids, std::optional<absl::Time> read) {
  tx.Defer(kMark, tx.network_id(), person_id, notice_ids, read);
}

void MarkAllRead(pg::Transaction& tx, const std::string& person_id, absl::Time until, std::optional<absl::Time> read) {
  tx.Defer(kMarkAll, tx.network_id(), person_id, until, read);
}

absl::StatusOr<std::map<std::string, Choices>> ReadChoices(pg::Transaction& tx, const std::vector<std::string>& person_ids) {
  std::map<std::string, Choices> all;
  if (person_ids.empty()) return all;
  ASSIGN_OR_RETURN(const pg::Result rows, tx.Query(kChoices, tx.network_id(), person_ids));
  for (const pg::Row row : rows) all[row.Get<std::string>("person_id")] = ChoicesOf(row);
  return all;
}

absl::StatusOr<Choices> LockChoices(pg::Transaction& tx, const std::string& person_id) {
  tx.Defer(kMakeChoices, tx.network_id(), person_id);
  ASSIGN_OR_RETURN(const pg::Result rows, tx.Query(kLockChoices, tx.network_id(), person_id));
  if (rows.empty()) return absl::InternalError("preferences has no row right after one was made");
  return ChoicesOf(rows[0]);
}

void WriteChoices(pg::Transaction& tx, const std::string& person_id, const Choices& choices) {
  std::vector<int> kinds, timings;
  for (const auto& [kind, timing] : choices.chosen) {
    kinds.push_back(kind);
    timings.push_back(timing);
  }
  tx.Defer(kWriteChoices, tx.network_id(), person_id, choices.digest_hour, kinds, timings, choices.version);
}

}  // namespace kubari::notifications
