// What coordinators do with applications.
#include <set>

#include "absl/strings/str_cat.h"
#include "libs/ids/ids.h"
#include "libs/paging/page.h"
#include "services/support/boxes.h"
#include "services/support/campaign_store.h"
#include "services/support/domain/campaign.h"
#include "services/support/domain/shapes.h"
#include "services/support/handlers/campaigns.h"
#include "services/support/new_request.h"
#include "services/support/settings.h"

namespace kubari::support {
namespace {

constexpr char kInstant[] = "%Y-%m-%dT%H:%M:%E6SZ";

bool IsOpen(pb::ApplicationState state) {
  return state == pb::APPLICATION_STATE_RECEIVED || state == pb::APPLICATION_STATE_WAITING;
}

absl::Status MustBeOpen(const pb::Application& application) {
  if (IsOpen(application.state())) return absl::OkStatus();
  return errors::Make(
      absl::StatusCode::kFailedPrecondition, "APPLICATION_STATE",
      absl::StrCat(application.name(), " is ", pb::ApplicationState_Name(application.state()),
                   "; only what was received or waits can be accepted or declined. Read the list again."),
      absl::StrCat(application.name(),
                   " はすでに処理されているか、取り下げられています。一覧を読み込み直してください。"),
      {{"application", application.name()}, {"state", pb::ApplicationState_Name(application.state())}});
}

}  // namespace

absl::StatusOr<v1::ListApplicationsResponse> CampaignHandler::ListApplications(
    const rpc::Call& call, const v1::ListApplicationsRequest& request) {
  errors::Violations violations;
  violations.Name("campaigns", "campaign", request.campaign());
  for (int i = 0; i < request.states_size(); ++i) violations.Enum(absl::StrCat("states[", i, "]"), request.states(i));
  RETURN_IF_ERROR(violations.status());
  ASSIGN_OR_RETURN(const paging::Page page,
                   paging::Page::Of(request, call.principal.network_id, {"-infinity", paging::kFirstId}));
  absl::Time instant;
  std::string error;
  if (page.key(0) != "-infinity" && !absl::ParseTime(kInstant, page.key(0), &instant, &error))
    return paging::InvalidToken();
  ASSIGN_OR_RETURN(const std::string organisation, IntermediaryOf(call));
  const std::string campaign_id = *ids::IdFromName("campaigns", request.campaign());
  ASSIGN_OR_RETURN(
      std::vector<ApplicationRow> found,
      tools_.pool.Read(registry::TxOf(call), [&](pg::Transaction& tx) -> absl::StatusOr<std::vector<ApplicationRow>> {
        ActFor(tx, {organisation});
        RETURN_IF_ERROR(LoadCampaign(tx, campaign_id, false));
        return support::ListApplications(tx, campaign_id, {request.states().begin(), request.states().end()},
                                         page.key(0), page.key(1), page.limit());
      }));
  v1::ListApplicationsResponse response;
  response.set_next_page_token(page.Cut(found, [](const ApplicationRow& last) {
    const auto& time = last.shown.create_time();
    return std::vector{
        absl::FormatTime(kInstant, absl::FromUnixSeconds(time.seconds()) + absl::Nanoseconds(time.nanos()),
                         absl::UTCTimeZone()),
        last.id};
  }));
  for (ApplicationRow& row : found) *response.add_applications() = std::move(row.shown);
  return response;
}

absl::StatusOr<v1::ReadApplicationResponse> CampaignHandler::ReadApplication(
    const rpc::Call& call, const v1::ReadApplicationRequest& request) {
  errors::Violations violations;
  violations.Name("applications", "name", request.name());
  RETURN_IF_ERROR(violations.status());
  ASSIGN_OR_RETURN(const Network network, NetworkOf(tools_, call));
  ASSIGN_OR_RETURN(const std::string organisation, IntermediaryOf(call));
  return tools_.pool.Transact(
      registry::TxOf(call), [&](pg::Transaction& tx) -> absl::StatusOr<v1::ReadApplicationResponse> {
        ActFor(tx, {organisation});
        ASSIGN_OR_RETURN(const ApplicationRow row,
                         LoadApplication(tx, *ids::IdFromName("applications", request.name()), false));
        if (row.shown.erased()) {
          return errors::Make(
              absl::StatusCode::kFailedPrecondition, "DETAILS_ERASED",
              absl::StrCat("The content of ", request.name(),
                           " was erased; if it was accepted, see the support request."),
              absl::StrCat(request.name(),
                           " の内容は消去されています。受け付けた申し込みは、食支援依頼の画面で確認してください。"),
              {{"application", request.name()}});
        }
        ASSIGN_OR_RETURN(const Boxes boxes, Boxes::Load(tx, network.key, row.id, request.name()));
        ASSIGN_OR_RETURN(const auto texts, boxes.OpenAll(tx, request.name()));
        v1::ReadApplicationResponse response;
        ASSIGN_OR_RETURN(*response.mutable_details(), TakeDetails(texts, true, request.name()));
        AddLook(tx, "applications", row.id, call.principal.subject, organisation, !response.details().contact().empty(),
                tools_.clock.Now());
        *response.mutable_application() = row.shown;
        return response;
      });
}

absl::StatusOr<v1::AcceptApplicationsResponse> CampaignHandler::AcceptApplications(
    const rpc::Call& call, const v1::AcceptApplicationsRequest& request) {
  errors::Violations violations;
  violations.RequestId("request_id", request.request_id());
  violations.Require(request.names_size() >= 1 && request.names_size() <= 100, "names", "OUT_OF_RANGE",
                     absl::StrCat("has ", request.names_size(), " applications; 1 to 100 were expected"),
                     absl::StrCat("が", request.names_size(), "件です。1〜100件にしてください"));
  std::set<std::string> seen;
  for (int i = 0; i < request.names_size() && i < 100; ++i) {
    const std::string field = absl::StrCat("names[", i, "]");
    violations.Name("applications", field, request.names(i));
    violations.Require(seen.insert(request.names(i)).second, field, "DUPLICATE", "is named twice", "が重複しています");
  }
  violations.Enum("urgency", request.urgency());
  RETURN_IF_ERROR(violations.status());
  ASSIGN_OR_RETURN(const absl::CivilDay today, registry::TodayOf(call, tools_.clock));
  ASSIGN_OR_RETURN(const Network network, NetworkOf(tools_, call));
  ASSIGN_OR_RETURN(const std::string organisation, IntermediaryOf(call));
  ASSIGN_OR_RETURN(const Organisation intermediary, FindParty(tools_, call, organisation));
  const absl::Time now = tools_.clock.Now();
  return Mutate<v1::AcceptApplicationsResponse>(
      tools_, call, network, {organisation}, request,
      [&](pg::Transaction& tx) -> absl::StatusOr<v1::AcceptApplicationsResponse> {
        SaveOrganisation(tx, intermediary);
        ASSIGN_OR_RETURN(const pb::SupportSettings settings, LoadSettings(tx));
        std::map<std::string, ApplicationRow> rows;
        // In order of id: two who accept the same applications lock them in the same order.
        for (const std::string& name : seen) {
          ASSIGN_OR_RETURN(ApplicationRow row, LoadApplication(tx, *ids::IdFromName("applications", name), true));
          RETURN_IF_ERROR(MustBeOpen(row.shown));
          rows.emplace(name, std::move(row));
        }
        for (auto& [name, row] : rows) {
          if (row.campaign_id != rows.begin()->second.campaign_id) {
            return errors::Make(absl::StatusCode::kFailedPrecondition, "APPLICATION_STATE",
                                absl::StrCat(name, " belongs to another campaign than the others; accept them apart."),
                                absl::StrCat(name, " は別のキャンペーンの申し込みです。分けて受け付けてください。"),
                                {{"application", name}});
          }
          ASSIGN_OR_RETURN(const Boxes boxes, Boxes::Load(tx, network.key, row.id, name));
          ASSIGN_OR_RETURN(const auto texts, boxes.OpenAll(tx, name));
          ASSIGN_OR_RETURN(const pb::Details details, TakeDetails(texts, true, name));
          Request made = NewRequest(intermediary, now);
          made.urgency = row.shown.urgency() != pb::URGENCY_UNSPECIFIED ? row.shown.urgency() : request.urgency();
          made.due = today + DaysFor(made.urgency);
          made.municipality_code = row.shown.municipality_code();
          made.household = row.shown.household();
          made.campaign_id = row.campaign_id;
          made.retention_days = settings.retention_days();
          RETURN_IF_ERROR(WriteNew(tx, network.key, made, WithDefaults(details)));
          AddEntry(tx, made,
                   {.kind = pb::JOURNAL_KIND_REQUESTED, .actor = call.principal.subject, .organisation = organisation},
                   now);
          // The campaign's intermediary takes what it accepts on itself.
          made.standing.state = pb::SUPPORT_STATE_ACKNOWLEDGED;
          made.acknowledge_time = now;
          made.acknowledged_by = call.principal.subject;
          AddEntry(
              tx, made,
              {.kind = pb::JOURNAL_KIND_ACKNOWLEDGED, .actor = call.principal.subject, .organisation = organisation},
              now);
          SaveRequest(tx, made);
          row.shown.set_state(pb::APPLICATION_STATE_ACCEPTED);
          row.shown.set_support_request(made.name());
          row.shown.set_erased(true);  // moved, not copied
          *row.shown.mutable_close_time() = registry::ToTimestamp(now);
          EraseAll(tx, row.id);
          SaveApplication(tx, row);
        }
        v1::AcceptApplicationsResponse response;
        for (const std::string& name : request.names()) *response.add_applications() = rows.at(name).shown;
        return response;
      });
}

absl::StatusOr<v1::Application> CampaignHandler::DeclineApplication(const rpc::Call& call,
                                                                    const v1::DeclineApplicationRequest& request) {
  errors::Violations violations;
  violations.RequestId("request_id", request.request_id());
  violations.Name("applications", "name", request.name());
  CheckReason(violations, request.reason());
  RETURN_IF_ERROR(violations.status());
  ASSIGN_OR_RETURN(const Network network, NetworkOf(tools_, call));
  ASSIGN_OR_RETURN(const std::string organisation, IntermediaryOf(call));
  return Mutate<v1::Application>(
      tools_, call, network, {organisation}, request, [&](pg::Transaction& tx) -> absl::StatusOr<v1::Application> {
        const std::string id = *ids::IdFromName("applications", request.name());
        // The campaign before the application, as in all that changes how many there are.
        ASSIGN_OR_RETURN(ApplicationRow row, LoadApplication(tx, id, false));
        ASSIGN_OR_RETURN(const pb::Campaign campaign, LoadCampaign(tx, row.campaign_id, true));
        ASSIGN_OR_RETURN(row, LoadApplication(tx, id, true));
        RETURN_IF_ERROR(MustBeOpen(row.shown));
        row.shown.set_state(pb::APPLICATION_STATE_DECLINED);
        row.decline_reason = request.reason();
        *row.shown.mutable_close_time() = registry::ToTimestamp(tools_.clock.Now());
        EraseContact(tx, row.id);
        SaveApplication(tx, row);
        RETURN_IF_ERROR(MoveUp(tx, campaign));
        return row.shown;
      });
}

}  // namespace kubari::support
