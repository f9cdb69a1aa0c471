#include "services/support/request_store.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "libs/auth/codes.h"
#include "libs/errors/macros.h"
#include "libs/ids/ids.h"
#include "libs/registry/mutation.h"
#include "services/support/domain/shapes.h"

namespace kubari::support {
namespace {

#define KUBARI_REQUEST_COLUMNS                                                                                      \
  "SELECT r.support_request_id, r.code, r.state, r.requester_id, r.responsible_id, r.responsible_time, "            \
  "r.acknowledged_by, r.acknowledge_time, r.proposed_id, r.propose_time, r.proposed_by, r.answer_due_time, "        \
  "r.former_ids, r.urgency, r.due_date, r.municipality_code, r.ages, r.campaign_id, r.create_time, r.close_time, "  \
  "r.erased, r.has_contact, r.households_reached, r.decline_reason, r.journal_count, r.version, n.retention_days, " \
  "r.activity_time, r.abandon_time, coalesce(r.reached_position, 0) AS reached_position, "                          \
  "a.display_name AS requester_name, b.display_name AS responsible_name, c.display_name AS proposed_name "          \
  "FROM support_requests r JOIN networks n ON n.network_id = r.network_id "                                         \
  "LEFT JOIN organisations a ON a.network_id = r.network_id AND a.organisation_id = r.requester_id "                \
  "LEFT JOIN organisations b ON b.network_id = r.network_id AND b.organisation_id = r.responsible_id "              \
  "LEFT JOIN organisations c ON c.network_id = r.network_id AND c.organisation_id = r.proposed_id "
// Beside row-level security, which says the same.
#define KUBARI_REQUEST_OF_PARTIES                                                                                  \
  "(r.requester_id = ANY ($2::uuid[]) OR r.responsible_id = ANY ($2::uuid[]) OR r.proposed_id = ANY ($2::uuid[]) " \
  "OR r.former_ids && $2::uuid[]) "
#define KUBARI_REQUEST_FILTER                                                                                   \
  "WHERE r.network_id = $1 AND " KUBARI_REQUEST_OF_PARTIES                                                      \
  "AND (cardinality($3::int[]) = 0 OR r.state = ANY ($3::int[])) "                                              \
  "AND (NOT $4::boolean OR r.proposed_id = ANY ($2::uuid[])) AND (NOT $5::boolean OR r.responsible_id = ANY "   \
  "($2::uuid[])) "                                                                                              \
  "AND (NOT $6::boolean OR (r.state <= 3 AND (r.due_date < $7::date OR r.answer_due_time < $8::timestamptz))) " \
  "AND starts_with(r.municipality_code, $9) AND starts_with(r.code, $10) "

constexpr pg::Statement kFind{KUBARI_REQUEST_COLUMNS "WHERE r.network_id = $1 AND r.support_request_id = $2"};
constexpr pg::Statement kFindAndLock{KUBARI_REQUEST_COLUMNS
                                     "WHERE r.network_id = $1 AND r.support_request_id = $2 FOR UPDATE OF r"};
constexpr pg::Statement kListByDue{KUBARI_REQUEST_COLUMNS KUBARI_REQUEST_FILTER
                                   "AND (r.due_date, r.support_request_id) > ($11::date, $12::uuid) "
                                   "ORDER BY r.due_date, r.support_request_id LIMIT $13"};
constexpr pg::Statement kListNewest{KUBARI_REQUEST_COLUMNS KUBARI_REQUEST_FILTER
                                    "AND (r.create_time, r.support_request_id) < ($11::timestamptz, $12::uuid) "
                                    "ORDER BY r.create_time DESC, r.support_request_id DESC LIMIT $13"};
constexpr pg::Statement kInsert{
    "INSERT INTO support_requests (network_id, support_request_id, code, state, requester_id, responsible_id, "
    "responsible_time, acknowledged_by, acknowledge_time, proposed_id, propose_time, proposed_by, answer_due_time, "
    "urgency, due_date, municipality_code, ages, campaign_id, create_time, has_contact, journal_count, activity_time) "
    "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17::smallint[], $18, $19, $20, "
    "$21, $19) "
    "ON CONFLICT (network_id, code) DO NOTHING"};
constexpr pg::Statement kSave{
    "UPDATE support_requests SET state = $3, responsible_id = $4, responsible_time = $5, acknowledged_by = $6, "
    "acknowledge_time = $7, proposed_id = $8, propose_time = $9, proposed_by = $10, answer_due_time = $11, "
    "former_ids = $12::uuid[], urgency = $13, due_date = $14, municipality_code = $15, ages = $16::smallint[], "
    "close_time = $17, erased = $18, has_contact = $19, households_reached = $20, decline_reason = $21, "
    "journal_count = $22, activity_time = $23, abandon_time = $24, reached_position = nullif($25::bigint, 0), "
    "told_overdue_time = NULL, version = version + 1 "
    "WHERE network_id = $1 AND support_request_id = $2"};
constexpr pg::Statement kAddEntry{
    "INSERT INTO journal (network_id, support_request_id, number, kind, time, actor, organisation_id, other_id, state, "
    "reason, items, households, has_note) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)"};
constexpr pg::Statement kJournal{
    "SELECT j.number, j.kind, j.time, j.actor, j.organisation_id, o.display_name, j.other_id, p.display_name AS "
    "other_name, j.state, j.reason, j.items, j.households, j.has_note FROM journal j "
    "LEFT JOIN organisations o ON o.network_id = j.network_id AND o.organisation_id = j.organisation_id "
    "LEFT JOIN organisations p ON p.network_id = j.network_id AND p.organisation_id = j.other_id "
    "WHERE j.network_id = $1 AND j.support_request_id = $2 AND j.number > $3 ORDER BY j.number LIMIT $4"};
constexpr pg::Statement kAddFulfilment{
    "INSERT INTO fulfilments (network_id, support_request_id, number, delivery_id, items, organisation_id, "
    "record_time) "
    "VALUES ($1, $2, $3, $4, $5, $6, $7)"};
constexpr pg::Statement kFulfilments{
    "SELECT support_request_id, delivery_id, items, organisation_id, record_time FROM fulfilments "
    "WHERE network_id = $1 AND support_request_id = ANY ($2::uuid[]) ORDER BY support_request_id, number, delivery_id"};
constexpr pg::Statement kLockDelivery{"SELECT pg_advisory_xact_lock(hashtextextended($1 || '/' || $2, 0))"};
constexpr pg::Statement kRecordedOf{
    "SELECT coalesce(sum(items), 0)::bigint AS items FROM fulfilments WHERE network_id = $1 AND delivery_id = $2"};
constexpr pg::Statement kNextReached{
    "UPDATE networks SET reached_count = reached_count + 1 WHERE network_id = $1 RETURNING reached_count"};
constexpr pg::Statement kReached{
    "SELECT r.reached_position, r.support_request_id, CASE WHEN r.state = 4 THEN r.households_reached ELSE 0 END AS "
    "households, ARRAY(SELECT DISTINCT f.delivery_id FROM fulfilments f WHERE f.network_id = r.network_id "
    "  AND f.support_request_id = r.support_request_id ORDER BY f.delivery_id) AS deliveries "
    "FROM support_requests r WHERE r.network_id = $1 AND r.reached_position > $2 ORDER BY r.reached_position LIMIT $3"};
constexpr pg::Statement kAddLook{
    "INSERT INTO looks (network_id, look_id, collection, owner_id, actor, organisation_id, time, contact) "
    "VALUES ($1, $2, $3, $4, $5, $6, $7, $8)"};
constexpr pg::Statement kLooks{
    "SELECT l.look_id, l.collection, l.owner_id, l.actor, l.organisation_id, o.display_name, l.time, l.contact "
    "FROM looks l LEFT JOIN organisations o ON o.network_id = l.network_id AND o.organisation_id = l.organisation_id "
    "WHERE l.network_id = $1 AND ($2::uuid IS NULL OR l.owner_id = $2) AND ($3::uuid IS NULL OR l.look_id < $3) "
    "ORDER BY l.look_id DESC LIMIT $4"};
constexpr pg::Statement kSaveOrganisation{
    "INSERT INTO organisations (network_id, organisation_id, display_name, kind) VALUES ($1, $2, $3, $4) "
    "ON CONFLICT (network_id, organisation_id) DO UPDATE SET display_name = excluded.display_name, kind = "
    "excluded.kind"};
constexpr pg::Statement kLoadOrganisation{
    "SELECT display_name, kind FROM organisations WHERE network_id = $1 AND organisation_id = $2"};

std::optional<std::string> OrNull(const std::string& id) {
  return id.empty() ? std::nullopt : std::optional<std::string>(id);
}

std::string OrganisationName(const std::string& id) { return id.empty() ? "" : ids::Name("organisations", id); }

Request FromRow(const pg::Row& row) {
  Request r;
  r.id = row.Get<std::string>("support_request_id");
  r.code = row.Get<std::string>("code");
  r.standing.state = static_cast<pb::SupportState>(row.Get<int>("state"));
  r.standing.requester = row.Get<std::string>("requester_id");
  r.standing.responsible = row.Get<std::string>("responsible_id");
  r.standing.proposed = row.Get<std::optional<std::string>>("proposed_id").value_or("");
  r.standing.former = row.Get<std::vector<std::string>>("former_ids");
  r.standing.erased = row.Get<bool>("erased");
  r.requester_name = row.Get<std::optional<std::string>>("requester_name").value_or("");
  r.responsible_name = row.Get<std::optional<std::string>>("responsible_name").value_or("");
  r.proposed_name = row.Get<std::optional<std::string>>("proposed_name").value_or("");
  r.responsible_time = row.Get<absl::Time>("responsible_time");
  r.acknowledged_by = row.Get<std::string>("acknowledged_by");
  r.acknowledge_time = row.Get<std::optional<absl::Time>>("acknowledge_time");
  r.propose_time = row.Get<std::optional<absl::Time>>("propose_time");
  r.proposed_by = row.Get<std::optional<std::string>>("proposed_by");
  r.answer_due_time = row.Get<std::optional<absl::Time>>("answer_due_time");
  r.urgency = static_cast<pb::Urgency>(row.Get<int>("urgency"));
  r.due = row.Get<absl::CivilDay>("due_date");
  r.municipality_code = row.Get<std::string>("municipality_code");
  r.household = HouseholdOf(row.Get<std::vector<int>>("ages"));
  r.campaign_id = row.Get<std::optional<std::string>>("campaign_id").value_or("");
  r.create_time = row.Get<absl::Time>("create_time");
  r.close_time = row.Get<std::optional<absl::Time>>("close_time");
  r.activity_time = row.Get<absl::Time>("activity_time");
  r.abandon_time = row.Get<std::optional<absl::Time>>("abandon_time");
  r.reached_position = row.Get<int64_t>("reached_position");
  r.has_contact = row.Get<bool>("has_contact");
  r.households_reached = row.Get<int>("households_reached");
  r.decline_reason = static_cast<pb::DeclineReason>(row.Get<int>("decline_reason"));
  r.journal_count = row.Get<int>("journal_count");
  r.version = row.Get<int64_t>("version");
  r.retention_days = row.Get<int>("retention_days");
  return r;
}

absl::StatusOr<std::vector<Request>> WithFulfilments(pg::Transaction& tx, const pg::Result& rows) {
  std::vector<Request> requests;
  std::vector<std::string> ids;
  for (const pg::Row row : rows) {
    requests.push_back(FromRow(row));
    ids.push_back(requests.back().id);
  }
  if (ids.empty()) return requests;
  ASSIGN_OR_RETURN(const pg::Result parts, tx.Query(kFulfilments, tx.network_id(), ids));
  for (const pg::Row row : parts) {
    const std::string id = row.Get<std::string>("support_request_id");
    pb::Fulfilment fulfilment;
    fulfilment.set_delivery(ids::Name("deliveries", row.Get<std::string>("delivery_id")));
    fulfilment.set_items(row.Get<int64_t>("items"));
    fulfilment.set_organisation(OrganisationName(row.Get<std::string>("organisation_id")));
    *fulfilment.mutable_record_time() = registry::ToTimestamp(row.Get<absl::Time>("record_time"));
    const auto of = std::find_if(requests.begin(), requests.end(), [&](const Request& r) { return r.id == id; });
    if (of != requests.end()) of->fulfilments.push_back(std::move(fulfilment));
  }
  return requests;
}

}  // namespace

std::string Request::name() const { return ids::Name("supportRequests", id); }

pb::SupportRequest Shown(const Request& request, const std::vector<std::string>& organisations, absl::CivilDay today,
                         absl::Time now) {
  const Standing& standing = request.standing;
  pb::SupportRequest shown;
  shown.set_name(request.name());
  shown.set_code(auth::FormatCode(request.code, 4));
  shown.set_state(standing.state);
  shown.set_requester(OrganisationName(standing.requester));
  shown.set_requester_display_name(request.requester_name);
  shown.set_responsible(OrganisationName(standing.responsible));
  shown.set_responsible_display_name(request.responsible_name);
  *shown.mutable_responsible_time() = registry::ToTimestamp(request.responsible_time);
  shown.set_acknowledged_by(request.acknowledged_by);
  if (request.acknowledge_time) *shown.mutable_acknowledge_time() = registry::ToTimestamp(*request.acknowledge_time);
  if (!standing.proposed.empty()) {
    pb::Handover& handover = *shown.mutable_handover();
    handover.set_to(OrganisationName(standing.proposed));
    handover.set_to_display_name(request.proposed_name);
    *handover.mutable_propose_time() = registry::ToTimestamp(request.propose_time.value_or(absl::UnixEpoch()));
    handover.set_proposed_by(request.proposed_by.value_or(""));
    *handover.mutable_answer_due_time() = registry::ToTimestamp(request.answer_due_time.value_or(absl::UnixEpoch()));
  }
  shown.set_urgency(request.urgency);
  shown.set_due_date(absl::FormatCivilTime(request.due));
  shown.set_municipality_code(request.municipality_code);
  *shown.mutable_household() = request.household;
  shown.set_overdue(
      IsOverdue(standing.state, request.due, request.answer_due_time.value_or(absl::InfiniteFuture()), today, now));
  *shown.mutable_create_time() = registry::ToTimestamp(request.create_time);
  if (request.close_time) {
    *shown.mutable_close_time() = registry::ToTimestamp(*request.close_time);
    *shown.mutable_erase_time() = registry::ToTimestamp(*request.close_time + absl::Hours(24) * request.retention_days);
  } else if (request.abandon_time) {
    *shown.mutable_erase_time() = registry::ToTimestamp(*request.abandon_time);
  }
  shown.set_erased(standing.erased);
  for (const pb::Fulfilment& fulfilment : request.fulfilments) *shown.add_fulfilments() = fulfilment;
  shown.set_households_reached(request.households_reached);
  shown.set_decline_reason(request.decline_reason);
  const std::set<pb::Part> parts = PartsOf(standing, organisations);
  if (!parts.empty()) shown.set_part(*parts.begin());
  for (const pb::Step step : StepsOf(standing, parts)) shown.add_steps(step);
  shown.set_etag(registry::EtagOf(request.version));
  if (!request.campaign_id.empty()) shown.set_campaign(ids::Name("campaigns", request.campaign_id));
  return shown;
}

absl::StatusOr<Request> LoadRequest(pg::Transaction& tx, const std::string& id, bool lock) {
  ASSIGN_OR_RETURN(const pg::Result rows, tx.Query(lock ? kFindAndLock : kFind, tx.network_id(), id));
  if (rows.empty()) return RequestNotFound(ids::Name("supportRequests", id));
  ASSIGN_OR_RETURN(std::vector<Request> requests, WithFulfilments(tx, rows));
  return std::move(requests[0]);
}

absl::StatusOr<std::vector<Request>> ListRequests(pg::Transaction& tx, const RequestFilter& filter) {
  ASSIGN_OR_RETURN(
      const pg::Result rows,
      tx.Query(filter.newest_first ? kListNewest : kListByDue, tx.network_id(), filter.parties, filter.states,
               filter.proposed, filter.responsible, filter.overdue, filter.today, filter.now,
               filter.municipality_prefix, filter.code_prefix, filter.after_value, filter.after_id, filter.limit));
  return WithFulfilments(tx, rows);
}

absl::StatusOr<bool> InsertRequest(pg::Transaction& tx, const Request& r) {
  ASSIGN_OR_RETURN(
      const int64_t inserted,
      tx.Execute(kInsert, tx.network_id(), r.id, r.code, static_cast<int>(r.standing.state), r.standing.requester,
                 r.standing.responsible, r.responsible_time, r.acknowledged_by, r.acknowledge_time,
                 OrNull(r.standing.proposed), r.propose_time, r.proposed_by, r.answer_due_time,
                 static_cast<int>(r.urgency), r.due, r.municipality_code, AgesOf(r.household), OrNull(r.campaign_id),
                 r.create_time, r.has_contact, r.journal_count));
  return inserted == 1;
}

void SaveRequest(pg::Transaction& tx, Request& r) {
  ++r.version;
  tx.Defer(kSave, tx.network_id(), r.id, static_cast<int>(r.standing.state), r.standing.responsible, r.responsible_time,
           r.acknowledged_by, r.acknowledge_time, OrNull(r.standing.proposed), r.propose_time, r.proposed_by,
           r.answer_due_time, r.standing.former, static_cast<int>(r.urgency), r.due, r.municipality_code,
           AgesOf(r.household), r.close_time, r.standing.erased, r.has_contact, r.households_reached,
           static_cast<int>(r.decline_reason), r.journal_count, r.activity_time, r.abandon_time, r.reached_position);
}

int AddEntry(pg::Transaction& tx, Request& request, const Entry& entry, absl::Time now) {
  const int number = ++request.journal_count;
  if (!entry.actor.empty()) request.activity_time = now;
  request.abandon_time.reset();
  tx.Defer(kAddEntry, tx.network_id(), request.id, number, static_cast<int>(entry.kind), now, entry.actor,
           OrNull(entry.organisation), OrNull(entry.other), static_cast<int>(request.standing.state),
           static_cast<int>(entry.reason), entry.items, entry.households, entry.has_note);
  return number;
}

void AddFulfilment(pg::Transaction& tx, const Request& request, int number, const std::string& delivery_id,
                   int64_t items, const std::string& organisation_id, absl::Time now) {
  tx.Defer(kAddFulfilment, tx.network_id(), request.id, number, delivery_id, items, organisation_id, now);
}

absl::StatusOr<int64_t> RecordedOf(pg::Transaction& tx, const std::string& delivery_id) {
  tx.Defer(kLockDelivery, tx.network_id(), delivery_id);
  ASSIGN_OR_RETURN(const pg::Result rows, tx.Query(kRecordedOf, tx.network_id(), delivery_id));
  return rows[0].Get<int64_t>("items");
}

absl::Status TellReached(pg::Transaction& tx, Request& request) {
  ASSIGN_OR_RETURN(const pg::Result rows, tx.Query(kNextReached, tx.network_id()));
  request.reached_position = rows[0].Get<int64_t>("reached_count");
  return absl::OkStatus();
}

absl::StatusOr<std::vector<pb::Reached>> LoadReached(pg::Transaction& tx, int64_t after_position, int limit) {
  ASSIGN_OR_RETURN(const pg::Result rows, tx.Query(kReached, tx.network_id(), after_position, limit));
  std::vector<pb::Reached> all;
  for (const pg::Row row : rows) {
    pb::Reached& reached = all.emplace_back();
    reached.set_position(row.Get<int64_t>("reached_position"));
    reached.set_support_request(ids::Name("supportRequests", row.Get<std::string>("support_request_id")));
    reached.set_households(row.Get<int64_t>("households"));
    for (const std::string& id : row.Get<std::vector<std::string>>("deliveries")) {
      reached.add_deliveries(ids::Name("deliveries", id));
    }
  }
  return all;
}

absl::StatusOr<std::vector<pb::JournalEntry>> LoadJournal(pg::Transaction& tx, const std::string& id, int after,
                                                          int limit) {
  ASSIGN_OR_RETURN(const pg::Result rows, tx.Query(kJournal, tx.network_id(), id, after, limit));
  std::vector<pb::JournalEntry> entries;
  for (const pg::Row row : rows) {
    pb::JournalEntry entry;
    entry.set_number(row.Get<int>("number"));
    entry.set_kind(static_cast<pb::JournalKind>(row.Get<int>("kind")));
    *entry.mutable_time() = registry::ToTimestamp(row.Get<absl::Time>("time"));
    entry.set_actor(row.Get<std::string>("actor"));
    entry.set_organisation(OrganisationName(row.Get<std::optional<std::string>>("organisation_id").value_or("")));
    entry.set_organisation_display_name(row.Get<std::optional<std::string>>("display_name").value_or(""));
    entry.set_other_organisation(OrganisationName(row.Get<std::optional<std::string>>("other_id").value_or("")));
    entry.set_other_display_name(row.Get<std::optional<std::string>>("other_name").value_or(""));
    entry.set_state(static_cast<pb::SupportState>(row.Get<int>("state")));
    entry.set_reason(static_cast<pb::DeclineReason>(row.Get<int>("reason")));
    entry.set_items(row.Get<int64_t>("items"));
    entry.set_households(row.Get<int>("households"));
    entry.set_has_note(row.Get<bool>("has_note"));
    entries.push_back(std::move(entry));
  }
  return entries;
}

void AddLook(pg::Transaction& tx, const std::string& collection, const std::string& owner_id, const std::string& actor,
             const std::string& organisation_id, bool contact, absl::Time now) {
  tx.Defer(kAddLook, tx.network_id(), ids::NewV7(now), collection, owner_id, actor, organisation_id, now, contact);
}

absl::StatusOr<std::vector<LookRow>> LoadLooks(pg::Transaction& tx, const std::string& owner_id,
                                               const std::string& before_id, int limit) {
  ASSIGN_OR_RETURN(const pg::Result rows,
                   tx.Query(kLooks, tx.network_id(), OrNull(owner_id), OrNull(before_id), limit));
  std::vector<LookRow> looks;
  for (const pg::Row row : rows) {
    LookRow look{.look_id = row.Get<std::string>("look_id")};
    look.look.set_actor(row.Get<std::string>("actor"));
    look.look.set_organisation(OrganisationName(row.Get<std::string>("organisation_id")));
    look.look.set_organisation_display_name(row.Get<std::optional<std::string>>("display_name").value_or(""));
    *look.look.mutable_time() = registry::ToTimestamp(row.Get<absl::Time>("time"));
    look.look.set_resource(ids::Name(row.Get<std::string>("collection"), row.Get<std::string>("owner_id")));
    look.look.set_contact(row.Get<bool>("contact"));
    looks.push_back(std::move(look));
  }
  return looks;
}

void SaveOrganisation(pg::Transaction& tx, const Organisation& organisation) {
  tx.Defer(kSaveOrganisation, tx.network_id(), organisation.id, organisation.display_name, organisation.kind);
}

absl::StatusOr<std::optional<Organisation>> LoadOrganisation(pg::Transaction& tx, const std::string& id) {
  ASSIGN_OR_RETURN(const pg::Result rows, tx.Query(kLoadOrganisation, tx.network_id(), id));
  if (rows.empty()) return std::nullopt;
  return Organisation{
      .id = id, .display_name = rows[0].Get<std::string>("display_name"), .kind = rows[0].Get<int>("kind")};
}

}  // namespace kubari::support
