// Making and running campaigns.
#include "services/support/handlers/campaigns.h"

#include "absl/strings/str_cat.h"
#include "libs/ids/ids.h"
#include "libs/paging/page.h"
#include "services/support/campaign_store.h"
#include "services/support/domain/campaign.h"

namespace kubari::support {
namespace {

constexpr int kHourlyLimit = 100;

absl::Status CampaignState(const pb::Campaign& campaign, const std::string& english, const std::string& japanese) {
  return errors::Make(absl::StatusCode::kFailedPrecondition, "CAMPAIGN_STATE",
                      absl::StrCat("'", campaign.code(), "' ", english),
                      absl::StrCat("「", campaign.code(), "」", japanese),
                      {{"campaign", campaign.name()}, {"state", pb::CampaignState_Name(campaign.state())}});
}

void FillIn(pb::Campaign& campaign) {
  if (campaign.hourly_limit() == 0) campaign.set_hourly_limit(kHourlyLimit);
}

// One step of a campaign's life, with its row held.
template <typename Message, typename Change>
absl::StatusOr<v1::Campaign> Take(const Tools& tools, const rpc::Call& call, const Message& request,
                                  const std::string& name, Change change) {
  ASSIGN_OR_RETURN(const Network network, NetworkOf(tools, call));
  ASSIGN_OR_RETURN(const std::string organisation, IntermediaryOf(call));
  return Mutate<v1::Campaign>(tools, call, network, {organisation}, request,
                              [&](pg::Transaction& tx) -> absl::StatusOr<v1::Campaign> {
                                const std::string id = *ids::IdFromName("campaigns", name);
                                ASSIGN_OR_RETURN(pb::Campaign campaign, LoadCampaign(tx, id, true));
                                RETURN_IF_ERROR(change(campaign));
                                RETURN_IF_ERROR(SaveCampaign(tx, campaign));
                                return LoadCampaign(tx, id, false);
                              });
}

}  // namespace

absl::StatusOr<std::string> IntermediaryOf(const rpc::Call& call) {
  const std::vector<std::string> own = call.principal.OrganisationsWith(type::v1::ROLE_COORDINATOR);
  if (own.empty()) return auth::NotYourOrganisation("organisations/");
  return own[0];
}

absl::StatusOr<v1::Campaign> CampaignHandler::CreateCampaign(const rpc::Call& call,
                                                             const v1::CreateCampaignRequest& request) {
  errors::Violations violations;
  violations.RequestId("request_id", request.request_id());
  CheckCampaign(violations, "campaign", request.campaign());
  RETURN_IF_ERROR(violations.status());
  ASSIGN_OR_RETURN(const Network network, NetworkOf(tools_, call));
  ASSIGN_OR_RETURN(const std::string organisation, IntermediaryOf(call));
  ASSIGN_OR_RETURN(const Organisation intermediary, FindParty(tools_, call, organisation));
  return Mutate<v1::Campaign>(tools_, call, network, {organisation}, request,
                              [&](pg::Transaction& tx) -> absl::StatusOr<v1::Campaign> {
                                pb::Campaign campaign = request.campaign();
                                campaign.set_state(pb::CAMPAIGN_STATE_DRAFT);
                                FillIn(campaign);
                                SaveOrganisation(tx, intermediary);
                                const std::string id = ids::NewV7(tools_.clock.Now());
                                RETURN_IF_ERROR(InsertCampaign(tx, id, organisation, campaign, tools_.clock.Now()));
                                return LoadCampaign(tx, id, false);
                              });
}

absl::StatusOr<v1::Campaign> CampaignHandler::GetCampaign(const rpc::Call& call,
                                                          const v1::GetCampaignRequest& request) {
  errors::Violations violations;
  violations.Name("campaigns", "name", request.name());
  RETURN_IF_ERROR(violations.status());
  return tools_.pool.Read(registry::TxOf(call), [&](pg::Transaction& tx) {
    ActForAll(tx);  // counts only
    return LoadCampaign(tx, *ids::IdFromName("campaigns", request.name()), false);
  });
}

absl::StatusOr<v1::ListCampaignsResponse> CampaignHandler::ListCampaigns(const rpc::Call& call,
                                                                         const v1::ListCampaignsRequest& request) {
  errors::Violations violations;
  for (int i = 0; i < request.states_size(); ++i) violations.Enum(absl::StrCat("states[", i, "]"), request.states(i));
  RETURN_IF_ERROR(violations.status());
  ASSIGN_OR_RETURN(const paging::Page page, paging::Page::Of(request, call.principal.network_id, {paging::kFirstId}));
  const std::string before = page.key(0) == paging::kFirstId ? "" : page.key(0);
  ASSIGN_OR_RETURN(
      std::vector<pb::Campaign> found,
      tools_.pool.Read(registry::TxOf(call), [&](pg::Transaction& tx) -> absl::StatusOr<std::vector<pb::Campaign>> {
        ActForAll(tx);  // counts only
        return support::ListCampaigns(tx, {request.states().begin(), request.states().end()}, before, page.limit());
      }));
  v1::ListCampaignsResponse response;
  response.set_next_page_token(page.Cut(
      found, [](const pb::Campaign& last) { return std::vector{*ids::IdFromName("campaigns", last.name())}; }));
  for (pb::Campaign& campaign : found) *response.add_campaigns() = std::move(campaign);
  return response;
}

absl::StatusOr<v1::Campaign> CampaignHandler::UpdateCampaign(const rpc::Call& call,
                                                             const v1::UpdateCampaignRequest& request) {
  const pb::Campaign& said = request.campaign();
  errors::Violations violations;
  violations.RequestId("request_id", request.request_id());
  violations.Name("campaigns", "campaign.name", said.name());
  violations.Text("campaign.etag", said.etag(), 1, 40);
  CheckCampaign(violations, "campaign", said);
  RETURN_IF_ERROR(violations.status());
  return Take(tools_, call, request, said.name(), [&](pb::Campaign& campaign) -> absl::Status {
    RETURN_IF_ERROR(registry::CheckEtag(campaign.name(), said.etag(), campaign.etag()));
    if (said.code() != campaign.code()) {
      return CampaignState(campaign,
                           "keeps its address: links and printed codes lead there. Make another campaign instead.",
                           "の公開ページの番号は変更できません（配布したリンクやQRコードが使えなくなるため）。新しいキ"
                           "ャンペーンを作成してください。");
    }
    const pb::CampaignState state = campaign.state();
    const std::string name = campaign.name();
    campaign = said;
    campaign.set_name(name);
    campaign.set_state(state);
    FillIn(campaign);
    return absl::OkStatus();
  });
}

absl::StatusOr<v1::Campaign> CampaignHandler::PublishCampaign(const rpc::Call& call,
                                                              const v1::PublishCampaignRequest& request) {
  errors::Violations violations;
  violations.RequestId("request_id", request.request_id());
  violations.Name("campaigns", "name", request.name());
  RETURN_IF_ERROR(violations.status());
  return Take(tools_, call, request, request.name(), [&](pb::Campaign& campaign) -> absl::Status {
    if (campaign.state() == pb::CAMPAIGN_STATE_PUBLISHED)
      return CampaignState(campaign, "is published already.", "はすでに公開されています。");
    campaign.set_state(pb::CAMPAIGN_STATE_PUBLISHED);
    return absl::OkStatus();
  });
}

absl::StatusOr<v1::Campaign> CampaignHandler::CloseCampaign(const rpc::Call& call,
                                                            const v1::CloseCampaignRequest& request) {
  errors::Violations violations;
  violations.RequestId("request_id", request.request_id());
  violations.Name("campaigns", "name", request.name());
  RETURN_IF_ERROR(violations.status());
  return Take(tools_, call, request, request.name(), [&](pb::Campaign& campaign) -> absl::Status {
    if (campaign.state() != pb::CAMPAIGN_STATE_PUBLISHED)
      return CampaignState(campaign, "is not published.", "は公開されていません。");
    campaign.set_state(pb::CAMPAIGN_STATE_CLOSED);
    return absl::OkStatus();
  });
}

}  // namespace kubari::support
