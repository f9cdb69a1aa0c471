// Campaigns, their public form, and what becomes of applications.
#include <atomic>
#include <functional>
#include <map>
#include <set>
#include <thread>

#include "services/support/support_fixture.h"

namespace kubari::support {
namespace {

using errors::FailsBecause;
using errors::IsOk;
using errors::Violates;
using ::testing::ElementsAre;
using Stub = v1::CampaignService::Stub;

class CampaignsTest : public SupportTest {
 protected:
  absl::StatusOr<v1::PublicCampaign> Page(const std::string& code) {
    v1::GetPublicCampaignRequest request;
    request.set_code(code);
    return Do(&Stub::GetPublicCampaign, "", request);
  }
  absl::StatusOr<v1::PublicApplication> StateOf(const std::string& code, const std::string& receipt) {
    v1::GetPublicApplicationRequest request;
    request.set_code(code);
    request.set_receipt(receipt);
    return Do(&Stub::GetPublicApplication, "", request);
  }
  absl::StatusOr<v1::PublicApplication> WithdrawIt(const std::string& code, const std::string& receipt) {
    v1::WithdrawApplicationRequest request;
    request.set_request_id(NewId());
    request.set_code(code);
    request.set_receipt(receipt);
    return Do(&Stub::WithdrawApplication, "", request);
  }
  absl::StatusOr<v1::ListApplicationsResponse> Applications(const std::string& campaign,
                                                            const std::string& who = "coordinator") {
    v1::ListApplicationsRequest request;
    request.set_campaign(campaign);
    return Do(&Stub::ListApplications, who, request);
  }
  absl::StatusOr<v1::AcceptApplicationsResponse> Accept(const std::vector<std::string>& names,
                                                        const std::string& who = "coordinator") {
    v1::AcceptApplicationsRequest request;
    request.set_request_id(NewId());
    for (const std::string& name : names) request.add_names(name);
    request.set_urgency(v1::URGENCY_WEEK);
    return Do(&Stub::AcceptApplications, who, request);
  }
};

TEST_F(CampaignsTest, AnApplicationBecomesARequest) {
  const v1::Campaign campaign = Published("youth");
  const auto page = Page("youth");
  ASSERT_THAT(page, IsOk());
  EXPECT_EQ(page->state(), v1::PUBLIC_STATE_OPEN);
  EXPECT_EQ(page->organisation_display_name(), "フードネットみなと");
  EXPECT_EQ(page->questions_size(), 3);
  const auto sent = Apply(Applying("youth"));
  ASSERT_THAT(sent, IsOk());
  EXPECT_EQ(sent->receipt().size(), 23u);
  EXPECT_EQ(StateOf("youth", absl::AsciiStrToLower(sent->receipt()))->state(), v1::APPLICATION_STATE_RECEIVED);

  const auto listed = Applications(campaign.name());
  ASSERT_EQ(listed->applications_size(), 1);
  const std::string name = listed->applications(0).name();
  v1::ReadApplicationRequest read;
  read.set_name(name);
  const auto content = Do(&Stub::ReadApplication, "coordinator", read);
  ASSERT_THAT(content, IsOk());
  EXPECT_EQ(content->details().contact(), kSecrets.at("contact"));
  EXPECT_EQ(Looks("administrator", name)->looks_size(), 1);

  const auto accepted = Accept({name});
  ASSERT_THAT(accepted, IsOk());
  const std::string request = accepted->applications(0).support_request();
  const auto made = Get("coordinator", request);
  ASSERT_THAT(made, IsOk());
  EXPECT_EQ(made->state(), v1::SUPPORT_STATE_ACKNOWLEDGED);
  EXPECT_EQ(made->campaign(), campaign.name());
  EXPECT_EQ(Read("coordinator", request)->details().note(), kSecrets.at("note"));
  EXPECT_EQ(Read("coordinator", request)->details().contact(), kSecrets.at("contact"));
  EXPECT_THAT(Do(&Stub::ReadApplication, "coordinator", read), FailsBecause("DETAILS_ERASED")) << "moved, not copied";
  EXPECT_EQ(Sql(absl::StrCat("SELECT count(*) FROM boxes WHERE owner_id = '", name.substr(13), "'")), "0");
  EXPECT_THAT(Accept({name}), FailsBecause("APPLICATION_STATE"));

  // What the applicant sees of it.
  ASSERT_THAT(Complete("coordinator", request), IsOk());
  const auto state = StateOf("youth", sent->receipt());
  EXPECT_EQ(state->state(), v1::APPLICATION_STATE_ACCEPTED);
  EXPECT_EQ(state->support_state(), v1::SUPPORT_STATE_DONE);
  EXPECT_THAT(WithdrawIt("youth", sent->receipt()), FailsBecause("APPLICATION_STATE"));
}

TEST_F(CampaignsTest, TheReceiptIsKeptNowhereAndAReplayGivesItAgain) {
  Published("youth");
  const v1::SubmitApplicationRequest request = Applying("youth");
  const auto first = Apply(request), again = Apply(request);
  ASSERT_THAT(first, IsOk());
  ASSERT_THAT(again, IsOk());
  EXPECT_EQ(first->receipt(), again->receipt());
  EXPECT_EQ(Sql("SELECT count(*) FROM applications"), "1");
  std::string plain = first->receipt();
  plain.erase(std::remove(plain.begin(), plain.end(), '-'), plain.end());
  const std::string everything = Everything();
  for (const std::string& form : {first->receipt(), plain}) {
    EXPECT_EQ(everything.find(form), std::string::npos);
    EXPECT_EQ(everything.find(absl::BytesToHexString(form)), std::string::npos);
  }
  v1::SubmitApplicationRequest changed = request;
  changed.mutable_details()->set_note("別の内容");
  EXPECT_THAT(Apply(changed), FailsBecause("REQUEST_ID_REUSED"));
  // Even after the campaign is over.
  clock_.Advance(absl::Hours(24 * 60));
  EXPECT_EQ(Apply(request)->receipt(), first->receipt());
  EXPECT_THAT(Apply(Applying("youth")), FailsBecause("CAMPAIGN_CLOSED"));
}

TEST_F(CampaignsTest, TheLastPlacesAreGivenOnceAndTheOthersWait) {
  const v1::Campaign campaign = Published("few", 4, true);
  std::atomic<int> received = 0, waiting = 0;
  std::vector<std::thread> threads;
  std::vector<std::string> receipts(12);
  for (int i = 0; i < 12; ++i) {
    threads.emplace_back([&, i] {
      const auto sent = Apply(Applying("few"));
      ASSERT_THAT(sent, IsOk());
      receipts[i] = sent->receipt();
      ++(sent->application().state() == v1::APPLICATION_STATE_RECEIVED ? received : waiting);
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(received, 4);
  EXPECT_EQ(waiting, 8);
  EXPECT_EQ(Page("few")->state(), v1::PUBLIC_STATE_WAITING_LIST);
  // One withdraws: its content is gone at once, and the first that waits moves up.
  std::string withdrawn, next;
  for (const std::string& receipt : receipts) {
    const auto state = StateOf("few", receipt);
    if (state->state() == v1::APPLICATION_STATE_RECEIVED) withdrawn = receipt;
    if (state->state() == v1::APPLICATION_STATE_WAITING && state->waiting_before() == 0) next = receipt;
  }
  ASSERT_THAT(WithdrawIt("few", withdrawn), IsOk());
  EXPECT_EQ(StateOf("few", next)->state(), v1::APPLICATION_STATE_RECEIVED);
  EXPECT_EQ(StateOf("few", withdrawn)->state(), v1::APPLICATION_STATE_WITHDRAWN);
  EXPECT_EQ(Sql("SELECT count(*) FROM boxes b JOIN applications a ON a.application_id = b.owner_id WHERE a.state = 5"),
            "0");
  v1::GetCampaignRequest get;
  get.set_name(campaign.name());
  const auto counts = Do(&Stub::GetCampaign, "administrator", get);
  EXPECT_EQ(counts->received_count(), 4);
  EXPECT_EQ(counts->waiting_count(), 7);
  EXPECT_EQ(counts->withdrawn_count(), 1);
  // Declining moves up as well.
  const auto listed = Applications(campaign.name());
  for (const v1::Application& application : listed->applications()) {
    if (application.state() != v1::APPLICATION_STATE_RECEIVED) continue;
    v1::DeclineApplicationRequest decline;
    decline.set_request_id(NewId());
    decline.set_name(application.name());
    decline.set_reason(v1::DECLINE_REASON_OUT_OF_AREA);
    ASSERT_THAT(Do(&Stub::DeclineApplication, "coordinator", decline), IsOk());
    break;
  }
  EXPECT_EQ(Do(&Stub::GetCampaign, "coordinator", get)->received_count(), 4);

  Published("full", 1, false);
  ASSERT_THAT(Apply(Applying("full")), IsOk());
  EXPECT_THAT(Apply(Applying("full")), FailsBecause("CAMPAIGN_FULL"));
  EXPECT_EQ(Page("full")->state(), v1::PUBLIC_STATE_FULL);
}

TEST_F(CampaignsTest, SoManyInAnHourAndNoMore) {
  v1::Campaign content = CampaignOf("busy", 100, false);
  content.set_hourly_limit(3);
  const auto made = MakeCampaign(content);
  ASSERT_THAT(Publish(made->name()), IsOk());
  for (int i = 0; i < 3; ++i) ASSERT_THAT(Apply(Applying("busy")), IsOk());
  EXPECT_THAT(Apply(Applying("busy")), FailsBecause("CAMPAIGN_BUSY"));
  // A program of the network has its own, higher one.
  const auto relayed = Do(&Stub::RelayApplication, "city", Applying("busy"));
  ASSERT_THAT(relayed, IsOk());
  EXPECT_EQ(Sql("SELECT count(*) FROM applications WHERE relayed_by <> ''"), "1");
  EXPECT_THAT(Do(&Stub::RelayApplication, "far coordinator", Applying("busy")), FailsBecause("CAMPAIGN_NOT_FOUND"));
  EXPECT_THAT(Do(&Stub::RelayApplication, "pantry", Applying("busy")), FailsBecause("ROLE_NOT_ALLOWED"));
  clock_.Advance(absl::Hours(1) + absl::Seconds(1));
  EXPECT_THAT(Apply(Applying("busy")), IsOk());
}

TEST_F(CampaignsTest, TheFormTellsAllThatIsWrong) {
  Published("youth");
  v1::SubmitApplicationRequest request;
  request.set_request_id(NewId());
  request.set_code("youth");
  request.set_municipality_code("1");
  request.mutable_details()->set_note("tel 03-1234-5678");
  request.mutable_details()->set_days(3);
  request.set_website("x");
  const auto refused = Apply(request);
  for (const auto& [field, reason] : std::map<std::string, std::string>{{"municipality_code", "NOT_A_MUNICIPALITY"},
                                                                        {"household", "REQUIRED"},
                                                                        {"details.note", "PERSONAL_DATA"},
                                                                        {"details.days", "NOT_ASKED"},
                                                                        {"consent", "REQUIRED"},
                                                                        {"website", "SPAM"}}) {
    EXPECT_THAT(refused, Violates(field, reason));
  }
  request.set_request_id("x");
  EXPECT_THAT(Apply(request), Violates("request_id", "NOT_A_UUID"));
  EXPECT_THAT(Apply(Applying("no-such")), FailsBecause("CAMPAIGN_NOT_FOUND"));
  EXPECT_THAT(StateOf("youth", "AAAAA-BBBBB-CCCCC-DDDDD"), FailsBecause("APPLICATION_NOT_FOUND"));
  EXPECT_THAT(StateOf("youth", "?"), FailsBecause("APPLICATION_NOT_FOUND"));
  EXPECT_EQ(Sql("SELECT count(*) FROM applications"), "0");
}

TEST_F(CampaignsTest, DraftsAreNotPublicAndCampaignsAreTheCoordinators) {
  const auto made = MakeCampaign(CampaignOf("quiet", 10, false));
  ASSERT_THAT(made, IsOk());
  EXPECT_THAT(Page("quiet"), FailsBecause("CAMPAIGN_NOT_FOUND"));
  EXPECT_THAT(Apply(Applying("quiet")), FailsBecause("CAMPAIGN_NOT_FOUND"));
  // Unique in the installation, as the address names no network.
  EXPECT_THAT(MakeCampaign(CampaignOf("quiet", 10, false), "far coordinator"), FailsBecause("CAMPAIGN_CODE_TAKEN"));
  for (const std::string who : {"city", "pantry", "auditor", "manager", "maker"})
    EXPECT_THAT(MakeCampaign(CampaignOf("other", 1, false), who), FailsBecause("ROLE_NOT_ALLOWED")) << who;
  EXPECT_THAT(MakeCampaign(CampaignOf("other", 1, false), "service"), FailsBecause("NOT_YOUR_ORGANISATION"));
  v1::GetCampaignRequest get;
  get.set_name(made->name());
  EXPECT_THAT(Do(&Stub::GetCampaign, "far coordinator", get), FailsBecause("CAMPAIGN_NOT_FOUND"));

  ASSERT_THAT(Publish(made->name()), IsOk());
  EXPECT_THAT(Publish(made->name()), FailsBecause("CAMPAIGN_STATE"));
  ASSERT_THAT(Apply(Applying("quiet")), IsOk());
  const std::string application = Applications(made->name())->applications(0).name();
  EXPECT_THAT(Applications(made->name(), "far coordinator"), FailsBecause("CAMPAIGN_NOT_FOUND"));
  EXPECT_THAT(Applications(made->name(), "administrator"), FailsBecause("ROLE_NOT_ALLOWED"));
  EXPECT_THAT(Accept({application}, "far coordinator"), FailsBecause("APPLICATION_NOT_FOUND"));
  v1::ReadApplicationRequest read;
  read.set_name(application);
  EXPECT_THAT(Do(&Stub::ReadApplication, "far coordinator", read), FailsBecause("APPLICATION_NOT_FOUND"));
  EXPECT_THAT(Do(&Stub::ReadApplication, "administrator", read), FailsBecause("ROLE_NOT_ALLOWED"));
  v1::CloseCampaignRequest close;
  close.set_request_id(NewId());
  close.set_name(made->name());
  ASSERT_THAT(Do(&Stub::CloseCampaign, "coordinator", close), IsOk());
  EXPECT_THAT(Apply(Applying("quiet")), FailsBecause("CAMPAIGN_CLOSED"));
  EXPECT_EQ(Page("quiet")->state(), v1::PUBLIC_STATE_CLOSED);

  v1::Campaign wrong;
  wrong.set_code("Nope!");
  wrong.mutable_title()->set_en("only English");
  wrong.set_opens_date("2026-12-02");
  wrong.set_closes_date("2026-12-01");
  wrong.add_questions()->set_item(v1::QUESTION_ITEM_NOTE);
  wrong.add_questions()->set_item(v1::QUESTION_ITEM_NOTE);
  wrong.add_municipality_codes("99");
  const auto refused = MakeCampaign(wrong);
  for (const auto& [field, reason] :
       std::map<std::string, std::string>{{"campaign.code", "NOT_A_CODE"},
                                          {"campaign.title.ja", "REQUIRED"},
                                          {"campaign.text.ja", "REQUIRED"},
                                          {"campaign.closes_date", "ENDS_EARLY"},
                                          {"campaign.questions[1].item", "DUPLICATE"},
                                          {"campaign.capacity", "OUT_OF_RANGE"},
                                          {"campaign.municipality_codes[0]", "NOT_A_MUNICIPALITY"}}) {
    EXPECT_THAT(refused, Violates(field, reason));
  }
}

TEST_F(CampaignsTest, EveryMethodByEveryKindOfStranger) {
  const v1::Campaign campaign = Published("door");
  ASSERT_THAT(Apply(Applying("door")), IsOk());
  const std::string application = Applications(campaign.name())->applications(0).name();
  using Try = std::function<absl::Status(const std::string& who)>;
  // About the campaign, about its application, and what needs neither.
  const std::map<std::string, Try> about_campaign = {
      {"GetCampaign",
       [&](const std::string& who) {
         v1::GetCampaignRequest request;
         request.set_name(campaign.name());
         return Do(&Stub::GetCampaign, who, request).status();
       }},
      {"UpdateCampaign",
       [&](const std::string& who) {
         v1::UpdateCampaignRequest request;
         request.set_request_id(NewId());
         *request.mutable_campaign() = campaign;
         request.mutable_campaign()->set_capacity(1);
         return Do(&Stub::UpdateCampaign, who, request).status();
       }},
      {"PublishCampaign",
       [&](const std::string& who) {
         v1::PublishCampaignRequest request;
         request.set_request_id(NewId());
         request.set_name(campaign.name());
         return Do(&Stub::PublishCampaign, who, request).status();
       }},
      {"CloseCampaign",
       [&](const std::string& who) {
         v1::CloseCampaignRequest request;
         request.set_request_id(NewId());
         request.set_name(campaign.name());
         return Do(&Stub::CloseCampaign, who, request).status();
       }},
      {"ListApplications", [&](const std::string& who) { return Applications(campaign.name(), who).status(); }},
  };
  const std::map<std::string, Try> about_application = {
      {"ReadApplication",
       [&](const std::string& who) {
         v1::ReadApplicationRequest request;
         request.set_name(application);
         return Do(&Stub::ReadApplication, who, request).status();
       }},
      {"AcceptApplications", [&](const std::string& who) { return Accept({application}, who).status(); }},
      {"DeclineApplication",
       [&](const std::string& who) {
         v1::DeclineApplicationRequest request;
         request.set_request_id(NewId());
         request.set_name(application);
         request.set_reason(v1::DECLINE_REASON_NO_STOCK);
         return Do(&Stub::DeclineApplication, who, request).status();
       }},
  };
  const Try create = [&](const std::string& who) { return MakeCampaign(CampaignOf("mine", 1, false), who).status(); };
  const Try list = [&](const std::string& who) {
    return Do(&Stub::ListCampaigns, who, v1::ListCampaignsRequest()).status();
  };
  const Try relay = [&](const std::string& who) { return Do(&Stub::RelayApplication, who, Applying("door")).status(); };
  const std::set<std::string> others = {"CreateCampaign",     "ListCampaigns",     "RelayApplication",
                                        "GetPublicCampaign",  "SubmitApplication", "GetPublicApplication",
                                        "WithdrawApplication"};
  const auto* service =
      google::protobuf::DescriptorPool::generated_pool()->FindServiceByName("kubari.support.v1.CampaignService");
  for (int m = 0; m < service->method_count(); ++m) {
    const std::string& method = service->method(m)->name();
    EXPECT_EQ(about_campaign.count(method) + about_application.count(method) + others.count(method), 1u)
        << method << " has no row";
  }

  // The same role in another network: as if there were none.
  for (const auto& [method, attempt] : about_campaign) {
    EXPECT_THAT(attempt("far coordinator"), FailsBecause("CAMPAIGN_NOT_FOUND")) << method;
  }
  for (const auto& [method, attempt] : about_application) {
    EXPECT_THAT(attempt("far coordinator"), FailsBecause("APPLICATION_NOT_FOUND")) << method;
  }
  // A service passes every rule of roles, but is nobody's coordinator; a campaign itself is no secret.
  for (const auto* methods : {&about_campaign, &about_application}) {
    for (const auto& [method, attempt] : *methods) {
      if (method == "GetCampaign") continue;
      EXPECT_THAT(attempt("service"), FailsBecause("NOT_YOUR_ORGANISATION")) << method;
    }
  }
  EXPECT_EQ(Do(&Stub::ListCampaigns, "far coordinator", v1::ListCampaignsRequest())->campaigns_size(), 0);
  EXPECT_THAT(create("service"), FailsBecause("NOT_YOUR_ORGANISATION"));
  EXPECT_THAT(relay("far coordinator"), FailsBecause("CAMPAIGN_NOT_FOUND")) << "relaying is within the network";
  EXPECT_THAT(relay("far city"), FailsBecause("CAMPAIGN_NOT_FOUND"));

  // Other roles of the network. An administrator sees campaigns, but nothing of who applies.
  for (const std::string who :
       {"city", "council", "pantry", "kitchen", "administrator", "auditor", "manager", "volunteer", "maker"}) {
    for (const auto& [method, attempt] : about_campaign) {
      if (who == "administrator" && method == "GetCampaign") {
        EXPECT_THAT(attempt(who), IsOk());
      } else {
        EXPECT_THAT(attempt(who), FailsBecause("ROLE_NOT_ALLOWED")) << who << " " << method;
      }
    }
    for (const auto& [method, attempt] : about_application) {
      EXPECT_THAT(attempt(who), FailsBecause("ROLE_NOT_ALLOWED")) << who << " " << method;
    }
    EXPECT_THAT(create(who), FailsBecause("ROLE_NOT_ALLOWED")) << who;
    if (who != "administrator") {
      EXPECT_THAT(list(who), FailsBecause("ROLE_NOT_ALLOWED")) << who;
    }
    // A partner's program may hand applications in, and learns nothing by it but its receipt.
    if (who != "city" && who != "council") {
      EXPECT_THAT(relay(who), FailsBecause("ROLE_NOT_ALLOWED")) << who;
    }
  }

  // Nobody at all: only the public page's methods answer, and those that are about an application need its receipt.
  for (const auto* methods : {&about_campaign, &about_application}) {
    for (const auto& [method, attempt] : *methods) {
      EXPECT_THAT(attempt(""), errors::FailsWith(absl::StatusCode::kUnauthenticated)) << method;
    }
  }
  for (const Try& attempt : {create, list, relay})
    EXPECT_THAT(attempt(""), errors::FailsWith(absl::StatusCode::kUnauthenticated));
  EXPECT_THAT(StateOf("door", "ABCDE-ABCDE-ABCDE-ABCDE"), FailsBecause("APPLICATION_NOT_FOUND"));
  EXPECT_THAT(WithdrawIt("door", "ABCDE-ABCDE-ABCDE-ABCDE"), FailsBecause("APPLICATION_NOT_FOUND"));
  EXPECT_THAT(Page("no-such-door"), FailsBecause("CAMPAIGN_NOT_FOUND"));

  // Nothing of all that changed anything, and no look is on record.
  EXPECT_EQ(Applications(campaign.name())->applications(0).state(), v1::APPLICATION_STATE_RECEIVED);
  EXPECT_EQ(Sql("SELECT count(*) FROM looks"), "0");
  EXPECT_EQ(Sql("SELECT count(*) FROM applications WHERE state = 1"), "1");
  EXPECT_EQ(Page("door")->state(), v1::PUBLIC_STATE_OPEN);
}

TEST_F(CampaignsTest, ApplicationsAreErasedInTime) {
  Published("youth");
  const auto never_looked_at = Apply(Applying("youth"));
  Upkeep upkeep(pool_, keys_, clock_);
  clock_.Set(absl::FromCivil(absl::CivilSecond(2027, 6, 29, 0, 0, 0), absl::UTCTimeZone()));  // 180 days after the end
  ASSERT_THAT(upkeep.Run(), IsOk());
  EXPECT_EQ(Sql("SELECT count(*) FROM boxes"), "2");
  clock_.Advance(absl::Hours(48));
  ASSERT_THAT(upkeep.Run(), IsOk());
  EXPECT_EQ(Sql("SELECT count(*) FROM boxes"), "0");
  EXPECT_EQ(Sql("SELECT count(*) FROM data_keys"), "0");
  EXPECT_EQ(StateOf("youth", never_looked_at->receipt())->state(), v1::APPLICATION_STATE_DECLINED);
}

}  // namespace
}  // namespace kubari::support
