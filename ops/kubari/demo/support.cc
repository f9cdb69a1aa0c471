#include "kubari/support/v1/campaigns.pb.h"
#include "kubari/support/v1/support.pb.h"
#include "libs/ids/ids.h"
#include "ops/kubari/demo/topics.h"

namespace kubari::cli {
namespace {

namespace identity = kubari::identity::v1;
namespace support = kubari::support::v1;
namespace type = kubari::type::v1;

constexpr char kSupport[] = "kubari.support.v1.SupportService/";
constexpr char kCampaigns[] = "kubari.support.v1.CampaignService/";

struct Asked {
  const char* step;  // names it among the demo's steps
  support::Urgency urgency;
  const char* municipality;
  int adults, children;
  const char* note;
};
// The office waits for the group's answer; the network's own office has taken it on; …
constexpr Asked kOpen{"open", support::URGENCY_THREE_DAYS, "13121", 1, 2, "朝食になるものを希望。台所は共用。"};
constexpr Asked kTaken{"taken", support::URGENCY_WEEK, "13104", 2, 1, "電子レンジのみ。"};
// … and these are done, out of one delivery from stock.
constexpr Asked kDone[] = {
    {"done 1", support::URGENCY_WEEK, "13121", 1, 1, ""},
    {"done 2", support::URGENCY_TODAY, "13121", 2, 3, "主食を多めに。"},
    {"done 3", support::URGENCY_WEEK, "13123", 1, 0, ""},
    {"done 4", support::URGENCY_THREE_DAYS, "13121", 1, 2, ""},
    {"done 5", support::URGENCY_WEEK, "13122", 2, 2, ""},
    {"done 6", support::URGENCY_MONTH, "13121", 3, 0, ""},
};

absl::StatusOr<support::SupportRequest> Step(const Client& who, const char* method,
                                             const google::protobuf::Message& request) {
  return Ask<support::SupportRequest>(who, kSupport, method, request);
}

absl::StatusOr<support::SupportRequest> Request(const Client& partner, const Asked& asked,
                                                const std::string& addressee) {
  support::CreateSupportRequestRequest request;
  request.set_request_id(Id(absl::StrCat("support ", asked.step)));
  request.set_addressee(addressee);
  request.set_urgency(asked.urgency);
  request.set_municipality_code(asked.municipality);
  request.mutable_household()->set_age_18_to_64(asked.adults);
  request.mutable_household()->set_age_6_to_11(asked.children);
  support::Details& details = *request.mutable_details();
  details.add_allergens(type::ALLERGEN_EGG);
  details.add_cooking(support::COOKING_MICROWAVE);
  details.set_place(support::HANDOVER_PLACE_OFFICE);
  details.set_place_text("平日の午後、相談窓口");
  details.set_days(7);
  details.set_note(asked.note);
  return Step(partner, "CreateSupportRequest", request);
}

template <typename Message>
Message Of(const support::SupportRequest& request, const char* step) {
  Message message;
  message.set_request_id(Id(absl::StrCat("support ", step, " ", request.name())));
  message.set_name(request.name());
  return message;
}

absl::Status Take(const Client& who, const support::SupportRequest& request) {
  return Step(who, "AcknowledgeHandover", Of<support::AcknowledgeHandoverRequest>(request, "take")).status();
}

}  // namespace

absl::Status PlaySupport(Cast& cast) {
  identity::CreateOrganisationRequest office;
  office.set_request_id(Id("partner"));
  office.set_organisation_id(Id("partner organisation"));
  office.set_kind(identity::ORGANISATION_KIND_PARTNER);
  office.set_display_name("ほしぞら区社会福祉協議会（例）");
  ASSIGN_OR_RETURN(const auto partner,
                   Ask<identity::Organisation>(cast.administrator, kIdentity, "CreateOrganisation", office));
  ASSIGN_OR_RETURN(const Client asking,
                   cast.PersonSession("partner", absl::StrCat(partner.display_name(), " 担当（例）"), partner.name(),
                                      type::ROLE_PARTNER));
  const std::string pantry = Organisation(cast.group);
  RETURN_IF_ERROR(Request(asking, kOpen, pantry).status());
  ASSIGN_OR_RETURN(const auto taken, Request(asking, kTaken, cast.intermediary));
  RETURN_IF_ERROR(Take(cast.coordinator, taken));

  std::vector<support::SupportRequest> done;
  for (const Asked& asked : kDone) {
    ASSIGN_OR_RETURN(done.emplace_back(), Request(asking, asked, pantry));
    RETURN_IF_ERROR(Take(cast.group_session, done.back()));
  }
  // The goods come like all others: issued from a shelf, confirmed by the group; then each request gets its part.
  const std::string delivery_id = Id("delivery for support");
  ASSIGN_OR_RETURN(const int64_t items, cast.IssueOnce(delivery_id, cast.group, static_cast<int64_t>(done.size()) * 10,
                                                       done.front().name()));
  RETURN_IF_ERROR(cast.ConfirmOnce(cast.group_session, absl::StrCat("deliveries/", delivery_id)));
  for (const support::SupportRequest& request : done) {
    auto fulfil = Of<support::FulfilRequestRequest>(request, "fulfil");
    support::FulfilledDelivery& part = *fulfil.add_deliveries();
    part.set_delivery(absl::StrCat("deliveries/", delivery_id));
    part.set_items(std::max<int64_t>(1, items / static_cast<int64_t>(done.size())));
    RETURN_IF_ERROR(Step(cast.group_session, "FulfilRequest", fulfil).status());
    auto complete = Of<support::CompleteRequestRequest>(request, "complete");
    complete.set_households_reached(1);
    RETURN_IF_ERROR(Step(cast.group_session, "CompleteRequest", complete).status());
  }
  cast.Say(absl::StrCat(2 + done.size(), " requests for food support by ", partner.display_name(),
                        ": 1 open, 1 taken on, ", done.size(), " fulfilled with ", items, " items"));
  return absl::OkStatus();
}

absl::Status PlayCampaign(Cast& cast) {
  support::CreateCampaignRequest create;
  create.set_request_id(Id("campaign"));
  support::Campaign& campaign = *create.mutable_campaign();
  campaign.set_code("hajimari-box");
  campaign.mutable_title()->set_ja("はじまりの食品箱（施設などを出て暮らす若者へ）");
  campaign.mutable_title()->set_en("Starter box for young people who left care");
  campaign.mutable_text()->set_ja(
      "児童養護施設や里親家庭などを離れて一人で暮らす、おおむね18〜29歳の方に、1週間分の食品をお届けします。\n\n名前は"
      "要りません。受付番号で、届け方をご案内します。");
  campaign.mutable_text()->set_en(
      "For people of about 18 to 29 who left a children's home or foster family and live on their own: food for a "
      "week.\n\nWe need no names; a "
      "receipt number tells you how it goes on.");
  for (const auto item : {support::QUESTION_ITEM_ALLERGENS, support::QUESTION_ITEM_COOKING,
                          support::QUESTION_ITEM_PLACE, support::QUESTION_ITEM_CONTACT, support::QUESTION_ITEM_NOTE}) {
    campaign.add_questions()->set_item(item);
  }
  campaign.set_opens_date(cast.Day(0));
  campaign.set_closes_date(cast.Day(45));
  campaign.set_capacity(30);
  campaign.set_waiting_list(true);
  ASSIGN_OR_RETURN(const auto made, Ask<support::Campaign>(cast.coordinator, kCampaigns, "CreateCampaign", create));
  support::PublishCampaignRequest publish;
  publish.set_request_id(Id("publish campaign"));
  publish.set_name(made.name());
  RETURN_IF_ERROR(Ask<support::Campaign>(cast.coordinator, kCampaigns, "PublishCampaign", publish).status());
  constexpr const char* kFrom[] = {"13104", "13121", "11203", "27127"};
  for (const char* municipality : kFrom) {
    support::SubmitApplicationRequest submit;
    submit.set_request_id(Id(absl::StrCat("application from ", municipality)));
    submit.set_code(campaign.code());
    submit.set_municipality_code(municipality);
    submit.mutable_household()->set_age_18_to_64(1);
    submit.set_consent(true);
    support::Details& details = *submit.mutable_details();
    details.add_cooking(support::COOKING_KETTLE);
    details.set_place(support::HANDOVER_PLACE_OFFICE);
    details.set_contact("チャットで連絡できます");
    // As a chatbot does it.
    RETURN_IF_ERROR(
        Ask<support::SubmitApplicationResponse>(cast.coordinator, kCampaigns, "RelayApplication", submit).status());
  }
  // The first became a request, for which the network's office is responsible.
  support::ListApplicationsRequest list;
  list.set_campaign(made.name());
  ASSIGN_OR_RETURN(const auto applications,
                   (All<support::ListApplicationsResponse>(cast.coordinator, kCampaigns, "ListApplications", list,
                                                           [](const auto& page) { return page.applications(); })));
  if (applications.empty()) return absl::NotFoundError("The campaign has no applications.");
  support::AcceptApplicationsRequest accept;
  accept.set_request_id(Id("accept application"));
  accept.add_names(applications.front().name());
  accept.set_urgency(support::URGENCY_WEEK);
  RETURN_IF_ERROR(
      Ask<support::AcceptApplicationsResponse>(cast.coordinator, kCampaigns, "AcceptApplications", accept).status());
  cast.Say(absl::StrCat("a campaign with a public form: ", applications.size(), " applications, 1 accepted"));
  return absl::OkStatus();
}

}  // namespace kubari::cli
