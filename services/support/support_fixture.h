// The support service over the wire, with a real database and made-up neighbours.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "libs/errors/testing.h"
#include "libs/ids/ids.h"
#include "libs/pg/testing/database.h"
#include "libs/rpc/testing.h"
#include "services/support/migrations/migrations.h"
#include "services/support/service.h"
#include "services/support/upkeep.h"

namespace kubari::support {

inline const std::string kNetwork = "00000000-0000-7000-8000-0000000000a1";
inline const std::string kOtherNetwork = "00000000-0000-7000-8000-0000000000a2";
inline const std::string kOffice = "00000000-0000-7000-8000-0000000000e1";  // the intermediary
inline const std::string kCity = "00000000-0000-7000-8000-0000000000c1";    // partners
inline const std::string kCouncil = "00000000-0000-7000-8000-0000000000c2";
inline const std::string kPantry = "00000000-0000-7000-8000-0000000000b1";  // groups
inline const std::string kKitchen = "00000000-0000-7000-8000-0000000000b2";
inline const std::string kMaker = "00000000-0000-7000-8000-0000000000d1";     // a donor
inline const std::string kDelivery = "00000000-0000-7000-8000-0000000000f1";  // 10 items to the pantry, 2 of them short
inline const std::string kServiceKey = "a service key of more than thirty-two characters";

// What must be nowhere but in the boxes. Each is put into another text.
inline const std::map<std::string, std::string> kSecrets = {{"place_text", "ひみつの集合場所は青い倉庫"},
                                                            {"note", "ひみつのメモは三毛猫"},
                                                            {"partner_reference", "HIMITSU-REF-77"},
                                                            {"contact", "秘密の担当者 090-7777-1234"},
                                                            {"step", "ひみつの申し送りは夕方五時"}};

class FakeNeighbours final : public identity::v1::IdentityService::Service {
 public:
  FakeNeighbours() {
    Add(kOffice, identity::v1::ORGANISATION_KIND_INTERMEDIARY, "フードネットみなと");
    Add(kCity, identity::v1::ORGANISATION_KIND_PARTNER, "みなと市生活支援課");
    Add(kCouncil, identity::v1::ORGANISATION_KIND_PARTNER, "みなと市社協");
    Add(kPantry, identity::v1::ORGANISATION_KIND_GROUP, "海風パントリー");
    Add(kKitchen, identity::v1::ORGANISATION_KIND_GROUP, "だんらん食堂");
    Add(kMaker, identity::v1::ORGANISATION_KIND_DONOR, "白波食品");
  }
  grpc::Status GetOrganisation(grpc::ServerContext*, const identity::v1::GetOrganisationRequest* request,
                               identity::v1::Organisation* response) override {
    const auto found = organisations_.find(request->name());
    if (found == organisations_.end())
      return errors::ToGrpc(errors::Make(absl::StatusCode::kNotFound, "ORGANISATION_NOT_FOUND", "none", "ありません"));
    *response = found->second;
    return grpc::Status::OK;
  }
  grpc::Status ListOrganisations(grpc::ServerContext*, const identity::v1::ListOrganisationsRequest* request,
                                 identity::v1::ListOrganisationsResponse* response) override {
    for (const auto& [name, organisation] : organisations_) {
      if (organisation.kind() == request->kind()) *response->add_organisations() = organisation;
    }
    return grpc::Status::OK;
  }

 private:
  void Add(const std::string& id, identity::v1::OrganisationKind kind, const std::string& name) {
    identity::v1::Organisation& organisation = organisations_["organisations/" + id];
    organisation.set_name("organisations/" + id);
    organisation.set_kind(kind);
    organisation.set_display_name(name);
  }
  std::map<std::string, identity::v1::Organisation> organisations_;
};

class FakeStock final : public stock::v1::StockService::Service {
 public:
  grpc::Status GetDelivery(grpc::ServerContext*, const stock::v1::GetDeliveryRequest* request,
                           stock::v1::Delivery* response) override {
    if (request->name() != "deliveries/" + kDelivery)
      return errors::ToGrpc(errors::Make(absl::StatusCode::kNotFound, "DELIVERY_NOT_FOUND", "none", "ありません"));
    response->set_name(request->name());
    response->set_group("groups/" + kPantry);
    stock::v1::DeliveryLine& line = *response->add_lines();
    line.set_issued_items(12);
    line.set_confirmed_items(10);
    line.set_short_items(2);
    return grpc::Status::OK;
  }
};

class SupportTest : public ::testing::Test {
 protected:
  SupportTest()
      : database_(pg::testing::CreateDatabase("support", kMigrations)),
        pool_({.conninfo = database_.service, .schema = "support", .size = 8}),
        keys_(pool_, clock_, installation_, std::nullopt) {
    int port = 0;
    grpc::ServerBuilder builder;
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
    builder.RegisterService(&identity_);
    builder.RegisterService(&stock_);
    neighbours_ = builder.BuildAndStart();
    const auto channel = grpc::CreateChannel(absl::StrCat("127.0.0.1:", port), grpc::InsecureChannelCredentials());
    identity_stub_ = identity::v1::IdentityService::NewStub(channel);
    stock_stub_ = stock::v1::StockService::NewStub(channel);
    const Tools tools{.pool = pool_,
                      .keys = keys_,
                      .clock = clock_,
                      .identity = *identity_stub_,
                      .stock = *stock_stub_,
                      .service_key = kServiceKey};
    requests_ = std::make_unique<SupportHandler>(tools);
    campaigns_ = std::make_unique<CampaignHandler>(tools);
    support_service_ = std::make_unique<SupportService>(server_.dispatcher(), *requests_);
    campaign_service_ = std::make_unique<CampaignService>(server_.dispatcher(), *campaigns_);
    Know("city", kNetwork, kCity, type::v1::ROLE_PARTNER);
    Know("council", kNetwork, kCouncil, type::v1::ROLE_PARTNER);
    Know("pantry", kNetwork, kPantry, type::v1::ROLE_GROUP);
    Know("pantry 2", kNetwork, kPantry, type::v1::ROLE_GROUP);
    Know("kitchen", kNetwork, kKitchen, type::v1::ROLE_GROUP);
    Know("coordinator", kNetwork, kOffice, type::v1::ROLE_COORDINATOR);
    Know("administrator", kNetwork, kOffice, type::v1::ROLE_ADMINISTRATOR);
    Know("auditor", kNetwork, kOffice, type::v1::ROLE_AUDITOR);
    Know("manager", kNetwork, kOffice, type::v1::ROLE_WAREHOUSE_MANAGER);
    Know("volunteer", kNetwork, kOffice, type::v1::ROLE_VOLUNTEER);
    Know("maker", kNetwork, kMaker, type::v1::ROLE_DONOR);
    // The same organisations' ids in another network.
    Know("far city", kOtherNetwork, kCity, type::v1::ROLE_PARTNER);
    Know("far coordinator", kOtherNetwork, kOffice, type::v1::ROLE_COORDINATOR);
    server_.authenticator().Add("service", rpc::Service());
    server_.Start({support_service_.get(), campaign_service_.get()});
    stub_ = v1::SupportService::NewStub(server_.channel());
    campaign_stub_ = v1::CampaignService::NewStub(server_.channel());
  }
  ~SupportTest() override { server_.Stop(); }

  void Know(const std::string& token, const std::string& network, const std::string& organisation, auth::Role role) {
    auth::Principal person = rpc::Person(network, organisation, role);
    person.subject = absl::StrCat("people/0190163d-8694-7000-8000-0000000001", absl::Dec(++people_, absl::kZeroPad2));
    server_.authenticator().Add(token, person);
  }

  template <typename Base, typename Request, typename Response>
  absl::StatusOr<Response> Do(grpc::Status (Base::*method)(grpc::ClientContext*, const Request&, Response*),
                              const std::string& who, const Request& request) {
    if constexpr (std::is_base_of_v<Base, v1::SupportService::Stub>) {
      return rpc::Invoke(method, *stub_, server_.As(who, kNetwork), request);
    } else {
      return rpc::Invoke(method, *campaign_stub_, server_.As(who, kNetwork), request);
    }
  }
  static std::string NewId() { return ids::NewUuid(); }

  static v1::Details Details() {
    v1::Details details;
    details.add_allergens(type::v1::ALLERGEN_EGG);
    details.add_dietary_tags(type::v1::DIETARY_TAG_LOW_SALT);
    details.add_cooking(v1::COOKING_KETTLE);
    details.set_place(v1::HANDOVER_PLACE_FETCH);
    details.set_place_text(kSecrets.at("place_text"));
    details.set_days(7);
    details.set_note(kSecrets.at("note"));
    details.set_partner_reference(kSecrets.at("partner_reference"));
    details.set_contact(kSecrets.at("contact"));
    return details;
  }
  static v1::CreateSupportRequestRequest Asking(const std::string& addressee = kPantry) {
    v1::CreateSupportRequestRequest request;
    request.set_request_id(NewId());
    request.set_addressee("organisations/" + addressee);
    request.set_urgency(v1::URGENCY_WEEK);
    request.set_municipality_code("13104");
    request.mutable_household()->set_age_0_to_2(1);
    request.mutable_household()->set_age_18_to_64(2);
    *request.mutable_details() = Details();
    return request;
  }
  absl::StatusOr<v1::SupportRequest> Ask(const std::string& who = "city", const std::string& addressee = kPantry) {
    return Do(&v1::SupportService::Stub::CreateSupportRequest, who, Asking(addressee));
  }
  absl::StatusOr<v1::SupportRequest> Get(const std::string& who, const std::string& name) {
    v1::GetSupportRequestRequest request;
    request.set_name(name);
    return Do(&v1::SupportService::Stub::GetSupportRequest, who, request);
  }
  absl::StatusOr<v1::ReadDetailsResponse> Read(const std::string& who, const std::string& name) {
    v1::ReadDetailsRequest request;
    request.set_name(name);
    return Do(&v1::SupportService::Stub::ReadDetails, who, request);
  }
  absl::StatusOr<v1::ListJournalResponse> Journal(const std::string& who, const std::string& name) {
    v1::ListJournalRequest request;
    request.set_name(name);
    return Do(&v1::SupportService::Stub::ListJournal, who, request);
  }
  absl::StatusOr<v1::ListLooksResponse> Looks(const std::string& who, const std::string& resource) {
    v1::ListLooksRequest request;
    request.set_resource(resource);
    return Do(&v1::SupportService::Stub::ListLooks, who, request);
  }
  absl::StatusOr<v1::ListSupportRequestsResponse> List(const std::string& who,
                                                       const v1::ListSupportRequestsRequest& request = {}) {
    return Do(&v1::SupportService::Stub::ListSupportRequests, who, request);
  }
  // Any step; `more` fills in what else it needs.
  template <typename Request, typename Base>
  absl::StatusOr<v1::SupportRequest> Step(
      grpc::Status (Base::*method)(grpc::ClientContext*, const Request&, v1::SupportRequest*), const std::string& who,
      const std::string& name, const std::function<void(Request&)>& more = [](Request&) {}) {
    Request request;
    request.set_request_id(NewId());
    request.set_name(name);
    more(request);
    return Do(method, who, request);
  }
  absl::StatusOr<v1::SupportRequest> Propose(const std::string& who, const std::string& name, const std::string& to) {
    return Step<v1::ProposeHandoverRequest>(&v1::SupportService::Stub::ProposeHandover, who, name, [&](auto& request) {
      request.set_to("organisations/" + to);
      request.set_note(kSecrets.at("step"));
    });
  }
  absl::StatusOr<v1::SupportRequest> Acknowledge(const std::string& who, const std::string& name) {
    return Step<v1::AcknowledgeHandoverRequest>(&v1::SupportService::Stub::AcknowledgeHandover, who, name);
  }
  absl::StatusOr<v1::SupportRequest> Refuse(const std::string& who, const std::string& name) {
    return Step<v1::RefuseHandoverRequest>(&v1::SupportService::Stub::RefuseHandover, who, name, [](auto& request) {
      request.set_reason(v1::DECLINE_REASON_NO_CAPACITY);
      request.set_note(kSecrets.at("step"));
    });
  }
  absl::StatusOr<v1::SupportRequest> Cancel(const std::string& who, const std::string& name) {
    return Step<v1::CancelHandoverRequest>(&v1::SupportService::Stub::CancelHandover, who, name);
  }
  absl::StatusOr<v1::SupportRequest> Fulfil(const std::string& who, const std::string& name, int64_t items,
                                            const std::string& delivery = kDelivery) {
    return Step<v1::FulfilRequestRequest>(&v1::SupportService::Stub::FulfilRequest, who, name, [&](auto& request) {
      request.add_deliveries()->set_delivery("deliveries/" + delivery);
      request.mutable_deliveries(0)->set_items(items);
    });
  }
  absl::StatusOr<v1::SupportRequest> Complete(const std::string& who, const std::string& name) {
    return Step<v1::CompleteRequestRequest>(&v1::SupportService::Stub::CompleteRequest, who, name, [](auto& request) {
      request.set_households_reached(1);
      request.set_note(kSecrets.at("step"));
    });
  }
  absl::StatusOr<v1::SupportRequest> Decline(const std::string& who, const std::string& name) {
    return Step<v1::DeclineRequestRequest>(&v1::SupportService::Stub::DeclineRequest, who, name, [](auto& request) {
      request.set_reason(v1::DECLINE_REASON_NO_STOCK);
      request.set_note(kSecrets.at("step"));
    });
  }
  absl::StatusOr<v1::SupportRequest> Withdraw(const std::string& who, const std::string& name) {
    return Step<v1::WithdrawRequestRequest>(&v1::SupportService::Stub::WithdrawRequest, who, name);
  }
  absl::StatusOr<v1::SupportRequest> Reopen(const std::string& who, const std::string& name) {
    return Step<v1::ReopenRequestRequest>(&v1::SupportService::Stub::ReopenRequest, who, name);
  }

  static v1::Campaign CampaignOf(const std::string& code, int capacity, bool waiting_list) {
    v1::Campaign campaign;
    campaign.set_code(code);
    campaign.mutable_title()->set_ja("若者応援パック");
    campaign.mutable_title()->set_en("Starter box");
    campaign.mutable_text()->set_ja("一人暮らしを始める若者に食品を届けます。");
    campaign.set_opens_date("2026-11-01");
    campaign.set_closes_date("2026-12-31");
    campaign.set_capacity(capacity);
    campaign.set_waiting_list(waiting_list);
    campaign.set_hourly_limit(1000);
    for (const v1::QuestionItem item : {v1::QUESTION_ITEM_NOTE, v1::QUESTION_ITEM_CONTACT, v1::QUESTION_ITEM_ALLERGENS})
      campaign.add_questions()->set_item(item);
    return campaign;
  }
  absl::StatusOr<v1::Campaign> MakeCampaign(const v1::Campaign& campaign, const std::string& who = "coordinator") {
    v1::CreateCampaignRequest request;
    request.set_request_id(NewId());
    *request.mutable_campaign() = campaign;
    return Do(&v1::CampaignService::Stub::CreateCampaign, who, request);
  }
  absl::StatusOr<v1::Campaign> Publish(const std::string& name) {
    v1::PublishCampaignRequest request;
    request.set_request_id(NewId());
    request.set_name(name);
    return Do(&v1::CampaignService::Stub::PublishCampaign, "coordinator", request);
  }
  v1::Campaign Published(const std::string& code, int capacity = 5, bool waiting_list = true) {
    const auto made = MakeCampaign(CampaignOf(code, capacity, waiting_list));
    EXPECT_THAT(made, errors::IsOk());
    const auto published = Publish(made->name());
    EXPECT_THAT(published, errors::IsOk());
    return *published;
  }
  static v1::SubmitApplicationRequest Applying(const std::string& code) {
    v1::SubmitApplicationRequest request;
    request.set_request_id(NewId());
    request.set_code(code);
    request.set_municipality_code("13104");
    request.mutable_household()->set_age_18_to_64(1);
    request.mutable_details()->set_note(kSecrets.at("note"));
    request.mutable_details()->set_contact(kSecrets.at("contact"));
    request.set_consent(true);
    return request;
  }
  absl::StatusOr<v1::SubmitApplicationResponse> Apply(const v1::SubmitApplicationRequest& request) {
    return Do(&v1::CampaignService::Stub::SubmitApplication, "", request);
  }

  std::string Sql(const std::string& sql) {
    return pg::testing::Sql(database_.superuser, absl::StrCat("SET search_path = support; ", sql));
  }
  // Everything in every table of the schema, as text; bytes as hexadecimal digits.
  std::string Everything() {
    return Sql(
        "DO $$ DECLARE t text; all_text text := ''; part text; BEGIN "
        "FOR t IN SELECT tablename FROM pg_tables WHERE schemaname = 'support' LOOP "
        "EXECUTE format('SELECT string_agg(x::text, E''\\n'') FROM support.%I x', t) INTO part; "
        "all_text := all_text || t || E'\\n' || coalesce(part, '') || E'\\n'; END LOOP; "
        "CREATE TEMP TABLE dump AS SELECT all_text AS text; END $$; SELECT text FROM dump");
  }

  calendar::FixedClock clock_{absl::FromCivil(absl::CivilSecond(2026, 11, 21, 10, 0, 0), absl::UTCTimeZone())};
  int people_ = 10;
  FakeNeighbours identity_;
  FakeStock stock_;
  std::unique_ptr<grpc::Server> neighbours_;
  std::unique_ptr<identity::v1::IdentityService::Stub> identity_stub_;
  std::unique_ptr<stock::v1::StockService::Stub> stock_stub_;
  const pg::testing::Database database_;
  pg::Pool pool_;
  const Key installation_ = Key::Random();
  Keys keys_;
  rpc::TestServer server_;
  std::unique_ptr<SupportHandler> requests_;
  std::unique_ptr<CampaignHandler> campaigns_;
  std::unique_ptr<SupportService> support_service_;
  std::unique_ptr<CampaignService> campaign_service_;
  std::unique_ptr<v1::SupportService::Stub> stub_;
  std::unique_ptr<v1::CampaignService::Stub> campaign_stub_;
};

}  // namespace kubari::support
