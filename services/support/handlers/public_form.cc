// The public page of a campaign. Whoever calls is nobody: the campaign's code says in which network, and the receipt
// which application.
#include "absl/strings/str_cat.h"
#include "libs/auth/codes.h"
#include "libs/ids/ids.h"
#include "services/support/boxes.h"
#include "services/support/campaign_store.h"
#include "services/support/domain/campaign.h"
#include "services/support/handlers/campaigns.h"
#include "services/support/new_request.h"
#include "services/support/notices.h"
#include "services/support/settings.h"

namespace kubari::support {
namespace {

constexpr int kReceiptLength = 20;
constexpr int kGroup = 5;
// A program of the network may send so many times as much as the public page.
constexpr int kRelayFactor = 10;

// The call as if it came from the campaign's network, with that network's time zone.
absl::StatusOr<rpc::Call> Inside(const Tools& tools, const rpc::Call& call, const std::string& code) {
  ASSIGN_OR_RETURN(const std::optional<std::string> network_id, NetworkOfCampaign(tools.pool, code, call.deadline));
  if (!network_id) return CampaignNotFound(code);
  rpc::Call inside = call;
  inside.principal.network_id = *network_id;
  ASSIGN_OR_RETURN(const Network network, tools.keys.Find(*network_id, call.deadline));
  inside.principal.time_zone = network.time_zone;
  return inside;
}

// Of codes that people type from paper.
absl::Status CheckCode(const std::string& code) {
  errors::Violations violations;
  violations.Text("code", code, 1, 40);
  return violations.status();
}

std::string ReceiptOf(const Key& network_key, const std::string& request_id) {
  return CodeOf(Mac(network_key, "kubari.support.receipt", request_id), kReceiptLength);
}

absl::StatusOr<pb::PublicApplication> PublicOf(pg::Transaction& tx, const pb::Campaign& campaign,
                                               const ApplicationRow& row) {
  pb::PublicApplication shown;
  shown.set_state(row.shown.state());
  *shown.mutable_create_time() = row.shown.create_time();
  if (row.shown.state() == pb::APPLICATION_STATE_WAITING) {
    ASSIGN_OR_RETURN(const int64_t before, CountWaitingBefore(tx, row));
    shown.set_waiting_before(static_cast<int32_t>(before));
  }
  if (const auto made = ids::IdFromName("supportRequests", row.shown.support_request())) {
    ASSIGN_OR_RETURN(const Request request, LoadRequest(tx, *made, false));
    shown.set_support_state(request.standing.state);
  }
  shown.set_decline_reason(row.decline_reason);
  *shown.mutable_campaign_title() = campaign.title();
  shown.set_organisation_display_name(campaign.organisation_display_name());
  return shown;
}

// "" unless it can be a receipt.
std::string NormalReceipt(const std::string& typed) {
  const std::string receipt = auth::NormalCode(typed, kReceiptLength);
  return receipt.size() == kReceiptLength ? receipt : "";
}

}  // namespace

absl::StatusOr<v1::PublicCampaign> CampaignHandler::GetPublicCampaign(const rpc::Call& call,
                                                                      const v1::GetPublicCampaignRequest& request) {
  RETURN_IF_ERROR(CheckCode(request.code()));
  ASSIGN_OR_RETURN(const rpc::Call inside, Inside(tools_, call, request.code()));
  ASSIGN_OR_RETURN(const absl::CivilDay today, registry::TodayOf(inside, tools_.clock));
  return tools_.pool.Read(registry::TxOf(inside), [&](pg::Transaction& tx) -> absl::StatusOr<v1::PublicCampaign> {
    ActForAll(tx);  // counts only
    ASSIGN_OR_RETURN(const pb::Campaign campaign, LoadCampaignByCode(tx, request.code(), false));
    ASSIGN_OR_RETURN(const pb::SupportSettings settings, LoadSettings(tx));
    v1::PublicCampaign shown;
    shown.set_code(campaign.code());
    shown.set_state(PublicStateOf(campaign, today, campaign.received_count() + campaign.accepted_count(),
                                  campaign.waiting_count()));
    *shown.mutable_title() = campaign.title();
    *shown.mutable_text() = campaign.text();
    *shown.mutable_closing_text() = campaign.closing_text();
    *shown.mutable_questions() = campaign.questions();
    shown.set_opens_date(campaign.opens_date());
    shown.set_closes_date(campaign.closes_date());
    *shown.mutable_municipality_codes() = campaign.municipality_codes();
    shown.set_organisation_display_name(campaign.organisation_display_name());
    shown.set_retention_days(settings.retention_days());
    return shown;
  });
}

absl::StatusOr<v1::SubmitApplicationResponse> CampaignHandler::SubmitApplication(
    const rpc::Call& call, const v1::SubmitApplicationRequest& request) {
  RETURN_IF_ERROR(CheckCode(request.code()));
  ASSIGN_OR_RETURN(const rpc::Call inside, Inside(tools_, call, request.code()));
  ASSIGN_OR_RETURN(const Network network, tools_.keys.Find(inside.principal.network_id, call.deadline));
  return Submit(inside, network, request, /*relayed=*/false);
}

absl::StatusOr<v1::SubmitApplicationResponse> CampaignHandler::RelayApplication(
    const rpc::Call& call, const v1::SubmitApplicationRequest& request) {
  RETURN_IF_ERROR(CheckCode(request.code()));
  ASSIGN_OR_RETURN(const rpc::Call inside, Inside(tools_, call, request.code()));
  // Of another network: as if there were none.
  if (inside.principal.network_id != call.principal.network_id) return CampaignNotFound(request.code());
  ASSIGN_OR_RETURN(const Network network, NetworkOf(tools_, call));
  return Submit(inside, network, request, /*relayed=*/true);
}

absl::StatusOr<v1::SubmitApplicationResponse> CampaignHandler::Submit(const rpc::Call& call, const Network& network,
                                                                      const v1::SubmitApplicationRequest& request,
                                                                      bool relayed) {
  errors::Violations id;
  id.RequestId("request_id", request.request_id());
  RETURN_IF_ERROR(id.status());
  // A replay is answered even if the campaign asks something else by now, or is over.
  ASSIGN_OR_RETURN(auto first, FirstAnswer<v1::SubmitApplicationResponse>(tools_, call, network, request));
  const std::string receipt = ReceiptOf(network.key, request.request_id());
  if (!first) {
    ASSIGN_OR_RETURN(const absl::CivilDay today, registry::TodayOf(call, tools_.clock));
    ASSIGN_OR_RETURN(const pb::Campaign asked,
                     tools_.pool.Read(registry::TxOf(call), [&](pg::Transaction& tx) -> absl::StatusOr<pb::Campaign> {
                       ActForAll(tx);  // counts only
                       return LoadCampaignByCode(tx, request.code(), false);
                     }));
    RETURN_IF_ERROR(JudgeSubmission(
        asked, PublicStateOf(asked, today, asked.received_count() + asked.accepted_count(), asked.waiting_count())));
    errors::Violations violations;
    CheckApplication(violations, asked, request);
    RETURN_IF_ERROR(violations.status());
    const absl::Time now = tools_.clock.Now();
    const std::string organisation = *ids::IdFromName("organisations", asked.organisation());
    ASSIGN_OR_RETURN(
        first,
        Mutate<v1::SubmitApplicationResponse>(
            tools_, call, network, {organisation}, request,
            [&](pg::Transaction& tx) -> absl::StatusOr<v1::SubmitApplicationResponse> {
              // Locked: of two who take the last place at once one waits.
              ASSIGN_OR_RETURN(const pb::Campaign campaign, LoadCampaignByCode(tx, request.code(), true));
              const pb::PublicState state = PublicStateOf(
                  campaign, today, campaign.received_count() + campaign.accepted_count(), campaign.waiting_count());
              RETURN_IF_ERROR(JudgeSubmission(campaign, state));
              ApplicationRow row{.id = ids::NewV7(now), .campaign_id = *ids::IdFromName("campaigns", campaign.name())};
              ASSIGN_OR_RETURN(const int64_t recent, CountRecent(tx, row.campaign_id, relayed, now - absl::Hours(1)));
              if (recent >= int64_t{campaign.hourly_limit()} * (relayed ? kRelayFactor : 1)) {
                return errors::WithRetry(
                    errors::Make(
                        absl::StatusCode::kResourceExhausted, "CAMPAIGN_BUSY",
                        "Very many are applying at this moment. Nothing was stored; please try again in ten minutes.",
                        "ただいま申し込みが集中しています。内容は保存されていません。10分ほど待ってから、もう一度送信し"
                        "てください。"),
                    absl::Minutes(10));
              }
              row.shown.set_state(state == pb::PUBLIC_STATE_OPEN ? pb::APPLICATION_STATE_RECEIVED
                                                                 : pb::APPLICATION_STATE_WAITING);
              row.shown.set_relayed_by(relayed ? call.principal.subject : "");
              row.shown.set_urgency(request.urgency());
              row.shown.set_municipality_code(request.municipality_code());
              *row.shown.mutable_household() = request.household();
              *row.shown.mutable_create_time() = registry::ToTimestamp(now);
              RETURN_IF_ERROR(InsertApplication(tx, row, receipt, now));
              Boxes boxes(network.key, row.id);
              Request none;  // an application has no row of a request yet; only its boxes are the same
              none.id = row.id;
              PutDetails(tx, boxes, none, request.details());
              ASSIGN_OR_RETURN(const std::optional<Organisation> to, LoadOrganisation(tx, organisation));
              if (to) {
                TellApplications(tx, row.campaign_id, campaign.title().ja(), campaign.title().en(), *to, today, now);
              }
              v1::SubmitApplicationResponse response;
              ASSIGN_OR_RETURN(*response.mutable_application(), PublicOf(tx, campaign, row));
              return response;
            }));
  }
  // Not in the recorded answer: made again from the request's id.
  first->set_receipt(auth::FormatCode(receipt, kGroup));
  return *first;
}

absl::StatusOr<v1::PublicApplication> CampaignHandler::GetPublicApplication(
    const rpc::Call& call, const v1::GetPublicApplicationRequest& request) {
  RETURN_IF_ERROR(CheckCode(request.code()));
  ASSIGN_OR_RETURN(const rpc::Call inside, Inside(tools_, call, request.code()));
  const std::string receipt = NormalReceipt(request.receipt());
  if (receipt.empty()) return ApplicationNotFound("");
  return tools_.pool.Read(registry::TxOf(inside), [&](pg::Transaction& tx) -> absl::StatusOr<v1::PublicApplication> {
    ActForAll(tx);  // the receipt is the right
    ASSIGN_OR_RETURN(const pb::Campaign campaign, LoadCampaignByCode(tx, request.code(), false));
    ASSIGN_OR_RETURN(const ApplicationRow row,
                     LoadApplicationByReceipt(tx, *ids::IdFromName("campaigns", campaign.name()), receipt, false));
    return PublicOf(tx, campaign, row);
  });
}

absl::StatusOr<v1::PublicApplication> CampaignHandler::WithdrawApplication(
    const rpc::Call& call, const v1::WithdrawApplicationRequest& request) {
  errors::Violations violations;
  violations.RequestId("request_id", request.request_id());
  violations.Text("code", request.code(), 1, 40);
  RETURN_IF_ERROR(violations.status());
  ASSIGN_OR_RETURN(const rpc::Call inside, Inside(tools_, call, request.code()));
  const std::string receipt = NormalReceipt(request.receipt());
  if (receipt.empty()) return ApplicationNotFound("");
  ASSIGN_OR_RETURN(const Network network, tools_.keys.Find(inside.principal.network_id, call.deadline));
  const google::protobuf::BytesValue blinded = Blinded(network.key, "", request);
  return tools_.pool.Transact(
      registry::TxOf(inside), [&](pg::Transaction& tx) -> absl::StatusOr<v1::PublicApplication> {
        ActForAll(tx);  // the receipt is the right
        return pg::Idempotent<v1::PublicApplication>(
            tx, request.request_id(), call.method->full_name(), blinded,
            [&](pg::Transaction& tx) -> absl::StatusOr<v1::PublicApplication> {
              ASSIGN_OR_RETURN(const pb::Campaign campaign, LoadCampaignByCode(tx, request.code(), true));
              ASSIGN_OR_RETURN(
                  ApplicationRow row,
                  LoadApplicationByReceipt(tx, *ids::IdFromName("campaigns", campaign.name()), receipt, true));
              const pb::ApplicationState state = row.shown.state();
              if (state != pb::APPLICATION_STATE_RECEIVED && state != pb::APPLICATION_STATE_WAITING) {
                return errors::Make(
                    absl::StatusCode::kFailedPrecondition, "APPLICATION_STATE",
                    state == pb::APPLICATION_STATE_ACCEPTED ? "It was accepted already. To call it off, please tell "
                                                              "the organisation that runs this campaign."
                                                            : "It is closed already; there is nothing to withdraw.",
                    state == pb::APPLICATION_STATE_ACCEPTED
                        ? "すでに受け付けられています。取りやめる場合は、このキャンペーンの実施団体に連絡してください。"
                        : "この申し込みはすでに終了しています。",
                    {{"state", pb::ApplicationState_Name(state)}});
              }
              row.shown.set_state(pb::APPLICATION_STATE_WITHDRAWN);
              *row.shown.mutable_close_time() = registry::ToTimestamp(tools_.clock.Now());
              row.shown.set_erased(true);
              EraseAll(tx, row.id);
              SaveApplication(tx, row);
              RETURN_IF_ERROR(MoveUp(tx, campaign));
              return PublicOf(tx, campaign, row);
            });
      });
}

}  // namespace kubari::support
