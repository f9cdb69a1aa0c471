// The donors service over the wire, with a real database and made-up neighbours.
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <map>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "libs/errors/macros.h"
#include "libs/errors/testing.h"
#include "libs/ids/ids.h"
#include "libs/pg/testing/database.h"
#include "libs/registry/testing/fake_identity.h"
#include "libs/rpc/testing.h"
#include "services/donors/daily.h"
#include "services/donors/migrations/migrations.h"
#include "services/donors/service.h"

namespace kubari::donors {

inline const std::string kNetwork = "00000000-0000-7000-8000-0000000000a1";
inline const std::string kOtherNetwork = "00000000-0000-7000-8000-0000000000a2";
inline const std::string kDonor = "00000000-0000-7000-8000-0000000000d1";
inline const std::string kOtherDonor = "00000000-0000-7000-8000-0000000000d2";
inline const std::string kOffice = "00000000-0000-7000-8000-0000000000e1";
inline const std::string kWarehouse = "00000000-0000-7000-8000-0000000000f1";
inline const std::string kRice = "00000000-0000-7000-8000-0000000000c1";
inline const std::string kSoup = "00000000-0000-7000-8000-0000000000c2";
inline const std::string kGroup = "00000000-0000-7000-8000-0000000000b1";
inline const std::string kOtherGroup = "00000000-0000-7000-8000-0000000000b2";
inline const std::string kOsakaGroup = "00000000-0000-7000-8000-0000000000b3";
inline const std::string kUnknown = "00000000-0000-7000-8000-00000000dead";

// Rice with GTIN 09521234543213, its case 19521234543210 of 12; soup with GTIN 09524000059109.
class FakeStock final : public stock::v1::StockService::Service {
 public:
  FakeStock() {
    Add(kRice, "パックごはん", "09521234543213", 200, 24);
    Add(kSoup, "みそ汁", "09524000059109", 50, 10);
    products_["products/" + kRice].mutable_allergens()->add_free_from(type::v1::ALLERGEN_WHEAT);
  }
  grpc::Status GetProduct(grpc::ServerContext*, const stock::v1::GetProductRequest* request,
                          stock::v1::Product* response) override {
    const auto found = products_.find(request->name());
    if (found == products_.end()) {
      return errors::ToGrpc(
          errors::Make(absl::StatusCode::kNotFound, "PRODUCT_NOT_FOUND", "no such product", "ありません"));
    }
    *response = found->second;
    return grpc::Status::OK;
  }
  grpc::Status LookUpCode(grpc::ServerContext*, const stock::v1::LookUpCodeRequest* request,
                          stock::v1::LookUpCodeResponse* response) override {
    response->set_items(1);
    for (const auto& [name, product] : products_) {
      if (product.gtin() == request->code()) *response->mutable_product() = product;
    }
    if (request->code() == "19521234543210") {
      *response->mutable_product() = products_["products/" + kRice];
      response->set_items(12);
    }
    return grpc::Status::OK;
  }
  grpc::Status GetStockRules(grpc::ServerContext*, const stock::v1::GetStockRulesRequest*,
                             stock::v1::StockRules*) override {
    return grpc::Status::OK;
  }
  grpc::Status ListWarehouses(grpc::ServerContext*, const stock::v1::ListWarehousesRequest*,
                              stock::v1::ListWarehousesResponse* response) override {
    response->add_warehouses()->set_name("warehouses/" + kWarehouse);
    return grpc::Status::OK;
  }

 private:
  void Add(const std::string& id, const std::string& display_name, const std::string& gtin, int64_t grams,
           int64_t per_case) {
    stock::v1::Product& product = products_["products/" + id];
    product.set_name("products/" + id);
    product.set_display_name(display_name);
    product.set_gtin(gtin);
    product.set_item_grams(grams);
    product.set_items_per_case(per_case);
    product.set_temperature_zone(type::v1::TEMPERATURE_ZONE_AMBIENT);
    product.set_category(type::v1::FOOD_CATEGORY_RICE);
  }
  std::map<std::string, stock::v1::Product> products_;
};

// Two active groups in Tokyo that may have everything, and one in Osaka without storage for what is frozen.
class FakeGroups final : public groups::v1::GroupsService::Service {
 public:
  grpc::Status ListGroups(grpc::ServerContext*, const groups::v1::ListGroupsRequest*,
                          groups::v1::ListGroupsResponse* response) override {
    for (const auto& [id, name, municipality] :
         {std::tuple(kGroup, "ひまわり食堂", "13101"), std::tuple(kOtherGroup, "つくし食堂", "13102"),
          std::tuple(kOsakaGroup, "なにわ宅食", "27102")}) {
      groups::v1::Group& group = *response->add_groups();
      group.set_name("groups/" + id);
      group.set_display_name(name);
      group.set_kind(groups::v1::GROUP_KIND_CAFETERIA);
      group.set_state(groups::v1::GROUP_STATE_ACTIVE);
      groups::v1::Site& site = *group.add_sites();
      site.mutable_address()->set_municipality_code(municipality);
      site.set_ambient_items(1000);
      group.add_agreements()->set_valid_from_date("2026-01-01");
      group.mutable_agreements(0)->set_state(type::v1::AGREEMENT_STATE_SIGNED);
    }
    return grpc::Status::OK;
  }
};

// Needs in memory; can be away.
class FakeNeeds final : public groups::v1::NeedsService::Service {
 public:
  grpc::Status GetNeed(grpc::ServerContext*, const groups::v1::GetNeedRequest* request, groups::v1::Need* response) override {
    if (away) return {grpc::StatusCode::UNAVAILABLE, "away"};
    const auto found = needs.find(request->name());
    if (found == needs.end())
      return errors::ToGrpc(errors::Make(absl::StatusCode::kNotFound, "NEED_NOT_FOUND", "no such need", "ありません"));
    *response = found->second;
    return grpc::Status::OK;
  }
  grpc::Status CreateNeed(grpc::ServerContext*, const groups::v1::CreateNeedRequest* request, groups::v1::Need* response) override {
    groups::v1::Need& need = needs[ids::Name("needs", request->need_id())];
    EXPECT_EQ(need.name(), "") << "made once";
    need = request->need();
    need.set_name(ids::Name("needs", request->need_id()));
    need.set_state(groups::v1::NEED_STATE_OPEN);
    return Keep(need, response);
  }
  grpc::Status UpdateNeed(grpc::ServerContext*, const groups::v1::UpdateNeedRequest* request, groups::v1::Need* response) override {
    groups::v1::Need& need = needs.at(request->need().name());
    EXPECT_EQ(need.etag(), request->need().etag());
    EXPECT_EQ(need.state(), groups::v1::NEED_STATE_OPEN);
    need.set_quantity(request->need().quantity());
    need.set_note(request->need().note());
    return Keep(need, response);
  }
  grpc::Status SetNeedState(grpc::ServerContext*, const groups::v1::SetNeedStateRequest* request, groups::v1::Need* response) override {
    groups::v1::Need& need = needs.at(request->name());
    EXPECT_EQ(need.etag(), request->etag());
    need.set_state(request->state());
    return Keep(need, response);
  }

  std::map<std::string, groups::v1::Need> needs;
  std::atomic<bool> away = false;
  int changes = 0;

 private:
  grpc::Status Keep(groups::v1::Need& need, groups::v1::Need* response) {
    need.set_etag(absl::StrCat(++changes));
    *response = need;
    return grpc::Status::OK;
  }
};

class DonorsTest : public ::testing::Test {
 protected:
  DonorsTest()
      : database_(pg::testing::CreateDatabase("donors", kMigrations)),
        pool_({.conninfo = database_.service, .schema = "donors", .size = 8}) {
    int port = 0;
    grpc::ServerBuilder builder;
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
    builder.RegisterService(&identity_);
    builder.RegisterService(&stock_);
    builder.RegisterService(&groups_);
    builder.RegisterService(&needs_);
    neighbours_ = builder.BuildAndStart();
    const auto channel = grpc::CreateChannel(absl::StrCat("127.0.0.1:", port), grpc::InsecureChannelCredentials());
    handler_ = std::make_unique<DonorsHandler>(pool_, channel, channel, clock_);
    service_ = std::make_unique<DonorsService>(server_.dispatcher(), *handler_);
    standing_handler_ = std::make_unique<StandingOffersHandler>(pool_, channel, clock_);
    answered_needs_ = std::make_unique<AnsweredNeeds>(pool_, channel, "service key", clock_);
    broadcasts_handler_ = std::make_unique<BroadcastsHandler>(pool_, channel, channel, *answered_needs_, clock_);
    more_.push_back(std::make_unique<AgreementsService>(server_.dispatcher(), agreements_handler_));
    more_.push_back(std::make_unique<DonorProfilesService>(server_.dispatcher(), profiles_handler_));
    more_.push_back(std::make_unique<OfferQuestionsService>(server_.dispatcher(), questions_handler_));
    more_.push_back(std::make_unique<StandingOffersService>(server_.dispatcher(), *standing_handler_));
    more_.push_back(std::make_unique<BroadcastsService>(server_.dispatcher(), *broadcasts_handler_));
    rpc::FakeAuthenticator& known = server_.authenticator();
    known.Add("coordinator", rpc::Person(kNetwork, kOffice, type::v1::ROLE_COORDINATOR));
    known.Add("manager", rpc::Person(kNetwork, kOffice, type::v1::ROLE_WAREHOUSE_MANAGER));
    known.Add("volunteer", rpc::Person(kNetwork, kOffice, type::v1::ROLE_VOLUNTEER));
    known.Add("donor", rpc::Person(kNetwork, kDonor, type::v1::ROLE_DONOR));
    known.Add("other donor", rpc::Person(kNetwork, kOtherDonor, type::v1::ROLE_DONOR));
    known.Add("group", rpc::Person(kNetwork, kGroup, type::v1::ROLE_GROUP));
    known.Add("other group", rpc::Person(kNetwork, kOtherGroup, type::v1::ROLE_GROUP));
    known.Add("auditor", rpc::Person(kNetwork, kOffice, type::v1::ROLE_AUDITOR));
    auth::Principal both = rpc::Person(kNetwork, kOffice, type::v1::ROLE_COORDINATOR);
    both.grants.push_back({.organisation_id = kDonor, .role = type::v1::ROLE_DONOR});
    known.Add("coordinator of the donor", both);
    known.Add("stranger", rpc::Person(kOtherNetwork, kOffice, type::v1::ROLE_COORDINATOR));
    known.Add("service", rpc::Service());
    std::vector<grpc::Service*> services = {service_.get()};
    for (const auto& each : more_) services.push_back(each.get());
    server_.Start(services);
    stub_ = v1::DonorsService::NewStub(server_.channel());
  }
  ~DonorsTest() override { server_.Stop(); }

  template <typename Base, typename Request, typename Response>
  absl::StatusOr<Response> Do(grpc::Status (Base::*method)(grpc::ClientContext*, const Request&, Response*),
                              const std::string& who, const Request& request) {
    return rpc::Invoke(method, *stub_, server_.As(who, kNetwork), request);
  }
  // Of another service of the process: Ask<v1::AgreementsService>(&…::Stub::ReviseAgreement, who, request).
  template <typename Service, typename Base, typename Request, typename Response>
  absl::StatusOr<Response> Ask(grpc::Status (Base::*method)(grpc::ClientContext*, const Request&, Response*),
                               const std::string& who, const Request& request) {
    const auto stub = Service::NewStub(server_.channel());
    return rpc::Invoke(method, *stub, server_.As(who, kNetwork), request);
  }
  static std::string NewId() { return ids::NewUuid(); }

  absl::StatusOr<v1::Donor> MakeDonor(const std::string& id, const std::string& code, const std::string& name,
                                      const std::string& who = "coordinator") {
    v1::CreateDonorRequest request;
    request.set_request_id(NewId());
    request.set_donor_id(id);
    request.mutable_donor()->set_code(code);
    request.mutable_donor()->set_display_name(name);
    return Do(&v1::DonorsService::Stub::CreateDonor, who, request);
  }
  absl::StatusOr<v1::Donor> Sign(const std::string& donor_id, const std::string& from = "2026-04-01",
                                 const std::string& to = "", const type::v1::Conditions& conditions = {}) {
    v1::CreateAgreementRequest request;
    request.set_request_id(NewId());
    request.set_donor("donors/" + donor_id);
    request.mutable_agreement()->set_title("寄付に関する合意書");
    request.mutable_agreement()->set_valid_from_date(from);
    request.mutable_agreement()->set_valid_to_date(to);
    *request.mutable_agreement()->mutable_conditions() = conditions;
    return Do(&v1::DonorsService::Stub::CreateAgreement, "coordinator", request);
  }
  // Ten cases of rice and five of soup.
  static v1::Offer Content(const std::string& donor_id = kDonor) {
    v1::Offer offer;
    offer.set_donor("donors/" + donor_id);
    offer.set_title("春の在庫");
    offer.set_ready_date("2026-12-01");
    for (const auto& [product, cases] : {std::pair(kRice, 10), std::pair(kSoup, 5)}) {
      v1::OfferLine& line = *offer.add_lines();
      line.set_product("products/" + product);
      line.set_cases(cases);
      line.set_items_per_case(10);
      line.mutable_good_until()->set_kind(type::v1::DATE_KIND_BEST_BEFORE);
      line.mutable_good_until()->set_date("2027-03");
    }
    return offer;
  }
  absl::StatusOr<v1::Offer> MakeOffer(const v1::Offer& content = Content(), const std::string& who = "coordinator") {
    v1::CreateOfferRequest request;
    request.set_request_id(NewId());
    *request.mutable_offer() = content;
    return Do(&v1::DonorsService::Stub::CreateOffer, who, request);
  }
  absl::StatusOr<v1::Offer> ReadOffer(const std::string& name, const std::string& who = "coordinator") {
    v1::GetOfferRequest request;
    request.set_name(name);
    return Do(&v1::DonorsService::Stub::GetOffer, who, request);
  }
  template <typename Request, typename Base>
  absl::StatusOr<v1::Offer> Step(
      grpc::Status (Base::*method)(grpc::ClientContext*, const Request&, v1::Offer*), const v1::Offer& offer,
      const std::string& who = "coordinator", const std::function<void(Request&)>& more = [](Request&) {}) {
    Request request;
    request.set_request_id(NewId());
    request.set_name(offer.name());
    request.set_etag(offer.etag());
    more(request);
    return Do(method, who, request);
  }
  absl::StatusOr<v1::Offer> Submit(const v1::Offer& offer, const std::string& who = "coordinator") {
    return Step<v1::SubmitOfferRequest>(&v1::DonorsService::Stub::SubmitOffer, offer, who);
  }
  absl::StatusOr<v1::Offer> Accept(const v1::Offer& offer,
                                   const std::vector<std::pair<std::string, int64_t>>& lines = {},
                                   const std::string& warehouse = kWarehouse) {
    return Step<v1::AcceptOfferRequest>(&v1::DonorsService::Stub::AcceptOffer, offer, "coordinator",
                                        [&](v1::AcceptOfferRequest& request) {
                                          request.set_warehouse("warehouses/" + warehouse);
                                          for (const auto& [line, cases] : lines) {
                                            request.add_lines()->set_line(line);
                                            request.mutable_lines()->rbegin()->set_cases(cases);
                                          }
                                        });
  }
  absl::StatusOr<v1::Offer> Decline(const v1::Offer& offer) {
    return Step<v1::DeclineOfferRequest>(
        &v1::DonorsService::Stub::DeclineOffer, offer, "coordinator",
        [](v1::DeclineOfferRequest& request) { request.set_reason("置き場がありません"); });
  }
  absl::StatusOr<v1::Offer> Withdraw(const v1::Offer& offer, const std::string& who = "coordinator") {
    return Step<v1::WithdrawOfferRequest>(&v1::DonorsService::Stub::WithdrawOffer, offer, who);
  }
  absl::StatusOr<v1::Offer> Close(const v1::Offer& offer, const std::string& who = "manager") {
    return Step<v1::CloseOfferRequest>(&v1::DonorsService::Stub::CloseOffer, offer, who);
  }

  calendar::FixedClock clock_{absl::FromCivil(absl::CivilSecond(2026, 11, 21, 10, 0, 0), absl::UTCTimeZone())};
  registry::FakeIdentity identity_;
  FakeStock stock_;
  FakeGroups groups_;
  FakeNeeds needs_;
  std::unique_ptr<grpc::Server> neighbours_;
  const pg::testing::Database database_;
  pg::Pool pool_;
  rpc::TestServer server_;
  std::unique_ptr<DonorsHandler> handler_;
  std::unique_ptr<DonorsService> service_;
  registry::AgreementsHandler agreements_handler_{pool_, kParties, clock_};
  ProfilesHandler profiles_handler_{pool_, clock_};
  QuestionsHandler questions_handler_{pool_, clock_};
  std::unique_ptr<StandingOffersHandler> standing_handler_;
  std::unique_ptr<AnsweredNeeds> answered_needs_;
  std::unique_ptr<BroadcastsHandler> broadcasts_handler_;
  std::vector<std::unique_ptr<grpc::Service>> more_;
  std::unique_ptr<v1::DonorsService::Stub> stub_;
};

}  // namespace kubari::donors
