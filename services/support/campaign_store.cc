#include "services/support/campaign_store.h"

#include <google/protobuf/util/time_util.h>

#include "absl/strings/str_cat.h"
#include "libs/auth/tokens.h"
#include "libs/errors/errors.h"
#include "libs/errors/macros.h"
#include "libs/ids/ids.h"
#include "libs/pg/status.h"
#include "libs/registry/mutation.h"
#include "services/support/domain/shapes.h"

namespace kubari::support {
namespace {

constexpr pg::Statement kNetworkOf{"SELECT network_of_campaign($1) AS network_id"};

#define KUBARI_CAMPAIGN_COLUMNS                                                                                     \
  "SELECT c.campaign_id, c.code, c.state, c.organisation_id, c.content, c.create_time, c.version, o.display_name, " \
  "  (SELECT array_agg(s.n ORDER BY s.state) FROM (SELECT g.state, (SELECT count(*) FROM applications a "           \
  "     WHERE a.network_id = c.network_id AND a.campaign_id = c.campaign_id AND a.state = g.state) AS n "           \
  "     FROM generate_series(1, 5) AS g(state)) s) AS counts "                                                      \
  "FROM campaigns c LEFT JOIN organisations o ON o.network_id = c.network_id AND o.organisation_id = "              \
  "c.organisation_id "

constexpr pg::Statement kFind{KUBARI_CAMPAIGN_COLUMNS "WHERE c.network_id = $1 AND c.campaign_id = $2"};
constexpr pg::Statement kFindByCode{KUBARI_CAMPAIGN_COLUMNS "WHERE c.network_id = $1 AND c.code = $2 AND c.state > 1"};
// Taken before counting, in a statement of its own: what others committed while this one waited is counted then.
constexpr pg::Statement kLock{"SELECT FROM campaigns WHERE network_id = $1 AND campaign_id = $2 FOR UPDATE"};
constexpr pg::Statement kLockByCode{"SELECT FROM campaigns WHERE network_id = $1 AND code = $2 FOR UPDATE"};
constexpr pg::Statement kList{KUBARI_CAMPAIGN_COLUMNS
                              "WHERE c.network_id = $1 AND (cardinality($2::int[]) = 0 OR c.state = ANY ($2::int[])) "
                              "AND ($3::uuid IS NULL OR c.campaign_id < $3) ORDER BY c.campaign_id DESC LIMIT $4"};
constexpr pg::Statement kInsert{
    "INSERT INTO campaigns (network_id, campaign_id, code, state, organisation_id, closes_date, content, create_time) "
    "VALUES ($1, $2, $3, $4, $5, $6::date, $7, $8)"};
constexpr pg::Statement kSave{
    "UPDATE campaigns SET state = $3, closes_date = $4::date, content = $5, version = version + 1 "
    "WHERE network_id = $1 AND campaign_id = $2"};

#define KUBARI_APPLICATION_COLUMNS                                                                                     \
  "SELECT application_id, campaign_id, state, relayed_by, urgency, municipality_code, ages, create_time, close_time, " \
  "erased, decline_reason, support_request_id FROM applications "

constexpr pg::Statement kFindApplication{KUBARI_APPLICATION_COLUMNS "WHERE network_id = $1 AND application_id = $2"};
constexpr pg::Statement kFindAndLockApplication{KUBARI_APPLICATION_COLUMNS
                                                "WHERE network_id = $1 AND application_id = $2 FOR UPDATE"};
constexpr pg::Statement kFindByReceipt{KUBARI_APPLICATION_COLUMNS
                                       "WHERE network_id = $1 AND receipt_hash = $2 AND campaign_id = $3"};
constexpr pg::Statement kFindAndLockByReceipt{
    KUBARI_APPLICATION_COLUMNS "WHERE network_id = $1 AND receipt_hash = $2 AND campaign_id = $3 FOR UPDATE"};
constexpr pg::Statement kListApplications{
    KUBARI_APPLICATION_COLUMNS
    "WHERE network_id = $1 AND campaign_id = $2 AND (cardinality($3::int[]) = 0 OR state = ANY ($3::int[])) "
    "AND (create_time, application_id) > ($4::timestamptz, $5::uuid) ORDER BY create_time, application_id LIMIT $6"};
constexpr pg::Statement kInsertApplication{
    "INSERT INTO applications (network_id, application_id, campaign_id, state, receipt_hash, relayed_by, urgency, "
    "municipality_code, ages, create_time) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9::smallint[], $10)"};
constexpr pg::Statement kSaveApplication{
    "UPDATE applications SET state = $3, close_time = $4, decline_reason = $5, support_request_id = $6, erased = $7 "
    "WHERE network_id = $1 AND application_id = $2"};
constexpr pg::Statement kCountRecent{
    "SELECT count(*) AS n FROM applications WHERE network_id = $1 AND campaign_id = $2 AND create_time > $3 "
    "AND (relayed_by <> '') = $4"};
constexpr pg::Statement kCountWaitingBefore{
    "SELECT count(*) AS n FROM applications a JOIN applications b ON b.network_id = a.network_id AND b.campaign_id = "
    "a.campaign_id AND b.state = 2 AND (b.create_time, b.application_id) < (a.create_time, a.application_id) "
    "WHERE a.network_id = $1 AND a.application_id = $2"};
constexpr pg::Statement kMoveUp{
    "UPDATE applications SET state = 1 WHERE network_id = $1 AND application_id = ("
    "  SELECT application_id FROM applications WHERE network_id = $1 AND campaign_id = $2 AND state = 2 "
    "  ORDER BY create_time, application_id LIMIT 1) "
    "AND (SELECT count(*) FROM applications WHERE network_id = $1 AND campaign_id = $2 AND state IN (1, 3)) < $3"};

absl::StatusOr<pb::Campaign> FromRow(const pg::Row& row) {
  pb::Campaign campaign;
  if (!campaign.ParseFromString(row.Get<pg::Bytes>("content").value)) {
    return absl::InternalError("campaigns.content does not parse");
  }
  campaign.set_name(ids::Name("campaigns", row.Get<std::string>("campaign_id")));
  campaign.set_code(row.Get<std::string>("code"));
  campaign.set_state(static_cast<pb::CampaignState>(row.Get<int>("state")));
  campaign.set_organisation(ids::Name("organisations", row.Get<std::string>("organisation_id")));
  campaign.set_organisation_display_name(row.Get<std::optional<std::string>>("display_name").value_or(""));
  const std::vector<int> counts = row.Get<std::vector<int>>("counts");
  if (counts.size() == 5) {
    campaign.set_received_count(counts[0]);
    campaign.set_waiting_count(counts[1]);
    campaign.set_accepted_count(counts[2]);
    campaign.set_declined_count(counts[3]);
    campaign.set_withdrawn_count(counts[4]);
  }
  *campaign.mutable_create_time() = registry::ToTimestamp(row.Get<absl::Time>("create_time"));
  campaign.set_etag(registry::EtagOf(row.Get<int64_t>("version")));
  return campaign;
}

// What a coordinator says; columns and counts are not kept twice.
std::string ContentOf(pb::Campaign campaign) {
  campaign.clear_name();
  campaign.clear_code();
  campaign.clear_state();
  campaign.clear_organisation();
  campaign.clear_organisation_display_name();
  campaign.clear_received_count();
  campaign.clear_waiting_count();
  campaign.clear_accepted_count();
  campaign.clear_declined_count();
  campaign.clear_withdrawn_count();
  campaign.clear_create_time();
  campaign.clear_etag();
  return campaign.SerializeAsString();
}

ApplicationRow ApplicationOf(const pg::Row& row) {
  ApplicationRow application{.id = row.Get<std::string>("application_id"),
                             .campaign_id = row.Get<std::string>("campaign_id"),
                             .decline_reason = static_cast<pb::DeclineReason>(row.Get<int>("decline_reason"))};
  pb::Application& shown = application.shown;
  shown.set_name(ids::Name("applications", application.id));
  shown.set_campaign(ids::Name("campaigns", application.campaign_id));
  shown.set_state(static_cast<pb::ApplicationState>(row.Get<int>("state")));
  *shown.mutable_create_time() = registry::ToTimestamp(row.Get<absl::Time>("create_time"));
  if (const auto closed = row.Get<std::optional<absl::Time>>("close_time"))
    *shown.mutable_close_time() = registry::ToTimestamp(*closed);
  shown.set_municipality_code(row.Get<std::string>("municipality_code"));
  *shown.mutable_household() = HouseholdOf(row.Get<std::vector<int>>("ages"));
  shown.set_urgency(static_cast<pb::Urgency>(row.Get<int>("urgency")));
  shown.set_relayed_by(row.Get<std::string>("relayed_by"));
  if (const auto made = row.Get<std::optional<std::string>>("support_request_id"))
    shown.set_support_request(ids::Name("supportRequests", *made));
  shown.set_erased(row.Get<bool>("erased"));
  return application;
}

std::optional<absl::Time> CloseTimeOf(const pb::Application& application) {
  if (!application.has_close_time()) return std::nullopt;
  return absl::FromUnixMicros(google::protobuf::util::TimeUtil::TimestampToMicroseconds(application.close_time()));
}

}  // namespace

absl::StatusOr<std::optional<std::string>> NetworkOfCampaign(pg::Pool& pool, const std::string& code,
                                                             absl::Time deadline) {
  return pool.Read({.deadline = deadline}, [&](pg::Transaction& tx) -> absl::StatusOr<std::optional<std::string>> {
    ASSIGN_OR_RETURN(const pg::Result rows, tx.Query(kNetworkOf, code));
    return rows[0].Get<std::optional<std::string>>("network_id");
  });
}

absl::Status CampaignNotFound(const std::string& what) {
  return errors::Make(absl::StatusCode::kNotFound, "CAMPAIGN_NOT_FOUND",
                      absl::StrCat("There is no campaign ", what, ". Look at the address once more."),
                      absl::StrCat("キャンペーン「", what, "」は見つかりません。アドレスをもう一度確認してください。"),
                      {{"campaign", what}});
}

absl::Status ApplicationNotFound(const std::string& what) {
  return errors::Make(absl::StatusCode::kNotFound, "APPLICATION_NOT_FOUND",
                      what.empty() ? "There is no application with this receipt. Look at its 20 characters once more."
                                   : absl::StrCat("There is no ", what, "."),
                      what.empty()
                          ? "この受付番号の申し込みは見つかりません。20文字の受付番号をもう一度確認してください。"
                          : absl::StrCat("申し込み ", what, " は見つかりません。"),
                      what.empty() ? errors::Metadata{} : errors::Metadata{{"application", what}});
}

absl::StatusOr<pb::Campaign> LoadCampaign(pg::Transaction& tx, const std::string& id, bool lock) {
  if (lock) RETURN_IF_ERROR(tx.Query(kLock, tx.network_id(), id));
  ASSIGN_OR_RETURN(const pg::Result rows, tx.Query(kFind, tx.network_id(), id));
  if (rows.empty()) return CampaignNotFound(ids::Name("campaigns", id));
  return FromRow(rows[0]);
}

absl::StatusOr<pb::Campaign> LoadCampaignByCode(pg::Transaction& tx, const std::string& code, bool lock) {
  if (lock) RETURN_IF_ERROR(tx.Query(kLockByCode, tx.network_id(), code));
  ASSIGN_OR_RETURN(const pg::Result rows, tx.Query(kFindByCode, tx.network_id(), code));
  if (rows.empty()) return CampaignNotFound(code);
  return FromRow(rows[0]);
}

absl::StatusOr<std::vector<pb::Campaign>> ListCampaigns(pg::Transaction& tx, const std::vector<int>& states,
                                                        const std::string& before_id, int limit) {
  ASSIGN_OR_RETURN(const pg::Result rows, tx.Query(kList, tx.network_id(), states,
                                                   before_id.empty() ? std::nullopt : std::optional(before_id), limit));
  std::vector<pb::Campaign> campaigns;
  for (const pg::Row row : rows) {
    ASSIGN_OR_RETURN(pb::Campaign campaign, FromRow(row));
    campaigns.push_back(std::move(campaign));
  }
  return campaigns;
}

absl::Status InsertCampaign(pg::Transaction& tx, const std::string& id, const std::string& organisation_id,
                            const pb::Campaign& campaign, absl::Time now) {
  const absl::Status status =
      tx.Execute(kInsert, tx.network_id(), id, campaign.code(), static_cast<int>(campaign.state()), organisation_id,
                 campaign.closes_date(), pg::Bytes{ContentOf(campaign)}, now)
          .status();
  if (pg::ConstraintOf(status) == "campaigns_code_key") {
    return errors::Make(
        absl::StatusCode::kAlreadyExists, "CAMPAIGN_CODE_TAKEN",
        absl::StrCat("Another campaign has the address '", campaign.code(), "'; choose another."),
        absl::StrCat("公開ページの番号「", campaign.code(), "」はすでに使われています。別の番号にしてください。"),
        {{"code", campaign.code()}});
  }
  return status;
}

absl::Status SaveCampaign(pg::Transaction& tx, const pb::Campaign& campaign) {
  return tx
      .Execute(kSave, tx.network_id(), *ids::IdFromName("campaigns", campaign.name()),
               static_cast<int>(campaign.state()), campaign.closes_date(), pg::Bytes{ContentOf(campaign)})
      .status();
}

absl::StatusOr<ApplicationRow> LoadApplication(pg::Transaction& tx, const std::string& id, bool lock) {
  ASSIGN_OR_RETURN(const pg::Result rows,
                   tx.Query(lock ? kFindAndLockApplication : kFindApplication, tx.network_id(), id));
  if (rows.empty()) return ApplicationNotFound(ids::Name("applications", id));
  return ApplicationOf(rows[0]);
}

absl::StatusOr<ApplicationRow> LoadApplicationByReceipt(pg::Transaction& tx, const std::string& campaign_id,
                                                        const std::string& receipt, bool lock) {
  ASSIGN_OR_RETURN(const pg::Result rows, tx.Query(lock ? kFindAndLockByReceipt : kFindByReceipt, tx.network_id(),
                                                   pg::Bytes{auth::HashToken(receipt)}, campaign_id));
  if (rows.empty()) return ApplicationNotFound("");
  return ApplicationOf(rows[0]);
}

absl::StatusOr<std::vector<ApplicationRow>> ListApplications(pg::Transaction& tx, const std::string& campaign_id,
                                                             const std::vector<int>& states,
                                                             const std::string& after_time, const std::string& after_id,
                                                             int limit) {
  ASSIGN_OR_RETURN(const pg::Result rows,
                   tx.Query(kListApplications, tx.network_id(), campaign_id, states, after_time, after_id, limit));
  std::vector<ApplicationRow> applications;
  for (const pg::Row row : rows) applications.push_back(ApplicationOf(row));
  return applications;
}

absl::Status InsertApplication(pg::Transaction& tx, const ApplicationRow& row, const std::string& receipt,
                               absl::Time now) {
  return tx
      .Execute(kInsertApplication, tx.network_id(), row.id, row.campaign_id, static_cast<int>(row.shown.state()),
               pg::Bytes{auth::HashToken(receipt)}, row.shown.relayed_by(), static_cast<int>(row.shown.urgency()),
               row.shown.municipality_code(), AgesOf(row.shown.household()), now)
      .status();
}

void SaveApplication(pg::Transaction& tx, const ApplicationRow& row) {
  const auto made = ids::IdFromName("supportRequests", row.shown.support_request());
  tx.Defer(kSaveApplication, tx.network_id(), row.id, static_cast<int>(row.shown.state()), CloseTimeOf(row.shown),
           static_cast<int>(row.decline_reason), made, row.shown.erased());
}

absl::StatusOr<int64_t> CountRecent(pg::Transaction& tx, const std::string& campaign_id, bool relayed,
                                    absl::Time since) {
  ASSIGN_OR_RETURN(const pg::Result rows, tx.Query(kCountRecent, tx.network_id(), campaign_id, since, relayed));
  return rows[0].Get<int64_t>("n");
}

absl::StatusOr<int64_t> CountWaitingBefore(pg::Transaction& tx, const ApplicationRow& row) {
  ASSIGN_OR_RETURN(const pg::Result rows, tx.Query(kCountWaitingBefore, tx.network_id(), row.id));
  return rows[0].Get<int64_t>("n");
}

absl::Status MoveUp(pg::Transaction& tx, const pb::Campaign& campaign) {
  return tx.Execute(kMoveUp, tx.network_id(), *ids::IdFromName("campaigns", campaign.name()), campaign.capacity())
      .status();
}

}  // namespace kubari::support
