// Who may call what, on a running installation: every role × every RPC, straight to the services and through the gateway; and what is
// one's own, another organisation's, and another network's.
#include <absl/strings/match.h>
#include <gtest/gtest.h>

#include <set>

#include "libs/contract/contract.h"
#include "ops/kubari/contract.h"
#include "tests/end_to_end/two_networks.h"

namespace kubari::end_to_end {
namespace {

using namespace kubari::type::v1;  // NOLINT: roles

const std::vector<Role>& Roles() {
  static const std::vector<Role> roles = {ROLE_VOLUNTEER, ROLE_WAREHOUSE_MANAGER, ROLE_COORDINATOR, ROLE_DONOR,
                                          ROLE_GROUP,     ROLE_AUDITOR,           ROLE_ADMINISTRATOR, ROLE_PARTNER};
  return roles;
}

bool Allows(const Access& access, Role role) {
  const auto names = [role](const auto& roles) { return std::find(roles.begin(), roles.end(), role) != roles.end(); };
  return access.public_() || access.any_role() || names(access.roles()) || names(access.own_roles());
}

std::string ServiceOf(const google::protobuf::MethodDescriptor& method) {
  const std::string name = cli::ShortName(method);
  return name.substr(0, name.find('.'));
}

class Matrix : public testing::TestWithParam<bool> {
 protected:
  // Straight to the service, or through the gateway.
  cli::Client To(const google::protobuf::MethodDescriptor& method, const std::string& token, const std::string& network = "") {
    Installation& installation = TwoNetworks().installation;
    return GetParam() ? installation.Gateway(token) : installation.Direct(ServiceOf(method), token, network);
  }
  absl::Status CallEmpty(const google::protobuf::MethodDescriptor& method, const std::string& token, const std::string& network = "") {
    return To(method, token, network)
        .Call(method, *cli::NewMessage(*method.input_type()), *cli::NewMessage(*method.output_type()));
  }
  template <typename F>
  void ForEachMethod(F f) {
    for (const auto* service : ContractServices()) {
      for (int i = 0; i < service->method_count(); ++i) f(*service->method(i), service->method(i)->options().GetExtension(kubari::type::v1::access));
    }
  }
};
INSTANTIATE_TEST_SUITE_P(Way, Matrix, testing::Bool(), [](const auto& info) { return info.param ? "ThroughTheGateway" : "StraightToTheService"; });

TEST_P(Matrix, NobodyGetsInWithoutSigningIn) {
  ForEachMethod([&](const auto& method, const Access& rule) {
    for (const std::string& token : {std::string(), std::string("kbs_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")}) {
      const absl::Status status = CallEmpty(method, token);
      if (rule.public_()) {
        EXPECT_NE(errors::ReasonOf(status), "TOKEN_MISSING") << method.full_name();
        EXPECT_NE(errors::ReasonOf(status), "TOKEN_INVALID") << method.full_name();
        continue;
      }
      EXPECT_EQ(status.code(), absl::StatusCode::kUnauthenticated) << method.full_name() << ": " << status;
      EXPECT_EQ(errors::ReasonOf(status), token.empty() ? "TOKEN_MISSING" : "TOKEN_INVALID") << method.full_name();
    }
  });
}

TEST_P(Matrix, EachRoleMayCallWhatTheContractSaysAndNothingElse) {
  int allowed = 0, refused = 0;
  ForEachMethod([&](const auto& method, const Access& rule) {
    for (const Role role : Roles()) {
      // Signing out ends the session that asks, so it gets one of its own.
      const std::string token = method.name() == "SignOut" ? TwoNetworks().first.NewToken(role, TwoNetworks().first.a)
                                                           : TwoNetworks().first.Token(role, TwoNetworks().first.a);
      const absl::Status status = CallEmpty(method, token);
      const std::string what = method.full_name() + " by " + Role_Name(role) + ": " + status.ToString();
      if (Allows(rule, role)) {
        ++allowed;
        EXPECT_NE(errors::ReasonOf(status), "ROLE_NOT_ALLOWED") << what;
        EXPECT_NE(errors::ReasonOf(status), "TOKEN_INVALID") << what;
        EXPECT_FALSE(absl::IsInternal(status) || absl::IsUnknown(status) || absl::IsUnimplemented(status) || absl::IsUnavailable(status)) << what;
      } else {
        ++refused;
        EXPECT_EQ(status.code(), absl::StatusCode::kPermissionDenied) << what;
        EXPECT_EQ(errors::ReasonOf(status), "ROLE_NOT_ALLOWED") << what;
      }
    }
  });
  std::printf("%d allowed, %d refused\n", allowed, refused);
  EXPECT_GT(allowed, 200);
  EXPECT_GT(refused, 200);
}

TEST_P(Matrix, TheServiceKeyWorksInsideAndNeverAtTheEdge) {
  ForEachMethod([&](const auto& method, const Access& rule) {
    if (rule.public_()) return;
    const absl::Status status = CallEmpty(method, TwoNetworks().installation.service_key(), TwoNetworks().first.network_id);
    if (GetParam()) {
      EXPECT_EQ(status.code(), absl::StatusCode::kUnauthenticated) << method.full_name() << ": " << status;
    } else {
      // Authenticate is asked about an empty token here, and says so.
      EXPECT_TRUE(status.code() != absl::StatusCode::kUnauthenticated || method.name() == "Authenticate") << method.full_name() << ": " << status;
      EXPECT_NE(errors::ReasonOf(status), "ROLE_NOT_ALLOWED") << method.full_name() << ": " << status;
    }
  });
}

// A call on a resource, by a role that may do so for its own organisation.
struct Own {
  const char* method;
  Role role;
  const char* request;
};

constexpr char kConfirm[] = R"({"requestId": "$uuid", "delivery": "$delivery"})";
const Own kOwn[] = {
    {"identity.GetOrganisation", ROLE_VOLUNTEER, R"({"name": "$operator"})"},
    {"identity.GetOrganisation", ROLE_DONOR, R"({"name": "$donor_organisation"})"},
    {"identity.GetOrganisation", ROLE_GROUP, R"({"name": "$group_organisation"})"},
    {"identity.GetOrganisation", ROLE_PARTNER, R"({"name": "$partner"})"},
    {"identity.CreateInvite", ROLE_WAREHOUSE_MANAGER, R"({"requestId": "$uuid", "grant": {"organisation": "$operator", "role": "ROLE_VOLUNTEER"}})"},
    {"identity.ListInvites", ROLE_WAREHOUSE_MANAGER, R"({"organisation": "$operator"})"},
    {"identity.RevokeInvite", ROLE_WAREHOUSE_MANAGER, R"({"requestId": "$uuid", "name": "$invite"})"},
    {"identity.ListDevices", ROLE_WAREHOUSE_MANAGER, R"({"organisation": "$operator"})"},
    {"identity.RevokeDevice", ROLE_WAREHOUSE_MANAGER, R"({"requestId": "$uuid", "name": "$device"})"},
    {"donors.GetDonor", ROLE_DONOR, R"({"name": "$donor"})"},
    {"donors.UpdateDonor", ROLE_DONOR,
     R"({"requestId": "$uuid", "donor": {"name": "$donor", "displayName": "別名", "etag": "stale"}, "updateMask": ["display_name"]})"},
    {"donors.CreateOffer", ROLE_DONOR, R"({"requestId": "$uuid", "offer": {"donor": "$donor", "title": "追加", "readyDate": "$today",
      "lines": [{"product": "$product", "cases": "1", "itemsPerCase": "12", "temperatureZone": "TEMPERATURE_ZONE_AMBIENT",
        "goodUntil": {"kind": "DATE_KIND_BEST_BEFORE", "date": "$later"}}]}})"},
    {"donors.GetOffer", ROLE_DONOR, R"({"name": "$offer"})"},
    {"donors.ListOffers", ROLE_DONOR, R"({"donor": "$donor"})"},
    {"donors.UpdateOffer", ROLE_DONOR, R"({"requestId": "$uuid", "offer": {"name": "$draft", "donor": "$donor", "title": "改", "readyDate": "$today",
      "etag": "stale", "lines": [{"product": "$product", "cases": "1", "itemsPerCase": "12", "temperatureZone": "TEMPERATURE_ZONE_AMBIENT",
        "goodUntil": {"kind": "DATE_KIND_BEST_BEFORE", "date": "$later"}}]}})"},
    {"donors.SubmitOffer", ROLE_DONOR, R"({"requestId": "$uuid", "name": "$draft", "etag": "stale"})"},
    {"donors.WithdrawOffer", ROLE_DONOR, R"({"requestId": "$uuid", "name": "$draft", "etag": "stale"})"},
    {"donors.ListAgreementVersions", ROLE_DONOR, R"({"name": "$donor_agreement"})"},
    {"donors.GetAgreementDocument", ROLE_DONOR, R"({"name": "$donor_agreement", "sha256": "$donor_paper"})"},
    {"donors.ListAgreements", ROLE_DONOR, R"({"party": "$donor"})"},
    {"donors.GetDonorProfile", ROLE_DONOR, R"({"donor": "$donor"})"},
    {"donors.UpdateDonorProfile", ROLE_DONOR, R"({"requestId": "$uuid", "profile": {"donor": "$donor", "etag": "stale"}})"},
    {"donors.AllowActing", ROLE_DONOR, R"({"requestId": "$uuid", "donor": "$donor", "actingDonor": "$acting"})"},
    {"donors.EndActing", ROLE_DONOR, R"({"requestId": "$uuid", "donor": "$donor", "actingDonor": "$acting"})"},
    {"donors.AnswerQuestion", ROLE_DONOR, R"({"requestId": "$uuid", "name": "$offer", "etag": "stale", "text": "はい"})"},
    {"donors.ListOfferMessages", ROLE_DONOR, R"({"offer": "$offer"})"},
    {"donors.CreateStandingOffer", ROLE_DONOR, R"({"requestId": "$uuid", "standingOffer": {"donor": "$donor", "title": "毎週",
      "weekday": "WEEKDAY_MONDAY", "fromDate": "$today", "lines": [{"product": "$product", "cases": "1", "itemsPerCase": "12",
        "dateKind": "DATE_KIND_NONE"}]}})"},
    {"donors.ListStandingOffers", ROLE_DONOR, R"({"donor": "$donor"})"},
    {"groups.ListAgreementVersions", ROLE_GROUP, R"({"name": "$group_agreement"})"},
    {"groups.GetAgreementDocument", ROLE_GROUP, R"({"name": "$group_agreement", "sha256": "$group_paper"})"},
    {"groups.ListAgreements", ROLE_GROUP, R"({"party": "$group"})"},
    {"groups.GetGroup", ROLE_GROUP, R"({"name": "$group"})"},
    {"groups.UpdateGroup", ROLE_GROUP,
     R"({"requestId": "$uuid", "group": {"name": "$group", "displayName": "別名", "etag": "stale"}, "updateMask": ["display_name"]})"},
    {"groups.ListHubGroups", ROLE_GROUP, R"({"hub": "$group"})"},
    {"groups.CreateNeed", ROLE_GROUP, R"({"requestId": "$uuid", "need": {"group": "$group", "text": "米"}})"},
    {"groups.ListNeeds", ROLE_GROUP, R"({"group": "$group"})"},
    {"stock.CreatePlace", ROLE_WAREHOUSE_MANAGER,
     R"({"requestId": "$uuid", "place": {"warehouse": "$warehouse", "code": "Z-01", "temperatureZone": "TEMPERATURE_ZONE_AMBIENT"}})"},
    {"stock.ReceiveStock", ROLE_VOLUNTEER, R"({"requestId": "$uuid", "place": "$shelf", "offerLine": "$line", "items": "12"})"},
    {"stock.ReceiveStock", ROLE_WAREHOUSE_MANAGER, R"({"requestId": "$uuid", "place": "$shelf", "offerLine": "$line", "items": "12"})"},
    {"stock.TransferStock", ROLE_VOLUNTEER, R"({"requestId": "$uuid", "lot": "$lot", "fromPlace": "$shelf", "toPlace": "$shelf2", "items": "1"})"},
    {"stock.DiscardStock", ROLE_VOLUNTEER, R"({"requestId": "$uuid", "lot": "$lot", "place": "$shelf", "items": "1", "reason": "DAMAGED"})"},
    {"stock.IssueStock", ROLE_VOLUNTEER, R"({"requestId": "$uuid", "reservation": "$reservation", "items": "1"})"},
    {"stock.ReverseMovement", ROLE_WAREHOUSE_MANAGER, R"({"requestId": "$uuid", "movement": "$receipt", "reason": "MISTAKE"})"},
    {"stock.DiscardStock", ROLE_GROUP, R"({"requestId": "$uuid", "lot": "$lot", "place": "$group", "items": "1", "reason": "DAMAGED"})"},
    {"stock.SendTransfer", ROLE_VOLUNTEER, R"({"requestId": "$uuid", "transferId": "$uuid", "toWarehouse": "$warehouse2",
      "goods": [{"lot": "$lot", "place": "$shelf", "items": "1"}]})"},
    {"stock.ReceiveTransfer", ROLE_VOLUNTEER,
     R"({"requestId": "$uuid", "transfer": "$transfer", "goods": [{"lot": "$lot", "place": "$shelf3", "items": "1"}]})"},
    {"stock.PassOn", ROLE_GROUP, R"({"requestId": "$uuid", "fromGroup": "$group", "toGroup": "$neighbour", "lot": "$lot", "items": "1",
      "delivery": "deliveries/$uuid", "consent": "電話で確認"})"},
    {"stock.ReturnStock", ROLE_VOLUNTEER,
     R"({"requestId": "$uuid", "lot": "$lot", "from": "$delivery", "to": "$shelf", "items": "1", "reason": "NOBODY_THERE"})"},
    {"stock.AdjustStock", ROLE_WAREHOUSE_MANAGER,
     R"({"requestId": "$uuid", "lot": "$lot", "place": "$shelf", "difference": "1", "reason": "FOUND"})"},
    {"stock.TransformStock", ROLE_VOLUNTEER, R"({"requestId": "$uuid", "transformationId": "$uuid", "kind": "TRANSFORMATION_KIND_SPLIT",
      "inputs": [{"lot": "$lot", "place": "$shelf", "items": "2"}],
      "outputs": [{"place": "$shelf", "items": "1", "donorLotNumber": "甲"}, {"place": "$shelf", "items": "1", "donorLotNumber": "乙"}]})"},
    {"stock.SetMinimum", ROLE_WAREHOUSE_MANAGER,
     R"({"requestId": "$uuid", "minimum": {"product": "$product", "warehouse": "$warehouse", "items": "5"}})"},
    {"stock.PrintDeliverySheet", ROLE_GROUP, R"({"delivery": "$delivery"})"},
    {"stock.TraceBackward", ROLE_GROUP, R"({"subject": "$delivery"})"},
    {"stock.ListRecallNotices", ROLE_GROUP, R"({"recall": "$recall"})"},
    {"stock.ListRecallNotices", ROLE_VOLUNTEER, R"({"recall": "$recall"})"},
    {"stock.AcknowledgeNotice", ROLE_GROUP, R"({"requestId": "$uuid", "name": "$group_notice"})"},
    {"stock.AcknowledgeNotice", ROLE_WAREHOUSE_MANAGER, R"({"requestId": "$uuid", "name": "$shelf_notice"})"},
    {"stock.AnswerNotice", ROLE_GROUP,
     R"({"requestId": "$uuid", "name": "$group_notice", "lines": [{"lot": "$lot", "consumedItems": "1"}]})"},
    {"stock.OpenStocktake", ROLE_WAREHOUSE_MANAGER,
     R"({"requestId": "$uuid", "stocktakeId": "$uuid", "title": "棚卸", "warehouse": "$warehouse2"})"},
    {"stock.RecordCount", ROLE_VOLUNTEER,
     R"({"requestId": "$uuid", "stocktake": "$stocktake", "lot": "$lot", "place": "$shelf", "looseItems": "1"})"},
    {"stock.RetractCount", ROLE_WAREHOUSE_MANAGER, R"({"requestId": "$uuid", "name": "$count"})"},
    {"stock.ReviewStocktake", ROLE_WAREHOUSE_MANAGER, R"({"requestId": "$uuid", "name": "$stocktake"})"},
    {"stock.SettleLine", ROLE_WAREHOUSE_MANAGER,
     R"({"requestId": "$uuid", "stocktake": "$stocktake", "lot": "$lot", "place": "$shelf", "leaveOut": true})"},
    {"stock.ReopenStocktake", ROLE_WAREHOUSE_MANAGER, R"({"requestId": "$uuid", "name": "$stocktake"})"},
    {"stock.PostStocktake", ROLE_WAREHOUSE_MANAGER, R"({"requestId": "$uuid", "name": "$stocktake"})"},
    {"stock.CancelStocktake", ROLE_WAREHOUSE_MANAGER, R"({"requestId": "$uuid", "name": "$stocktake"})"},
    {"stock.ListHoldings", ROLE_GROUP, R"({"group": "$group"})"},
    {"stock.ListLots", ROLE_DONOR, R"({"donor": "$donor"})"},
    {"stock.TraceLot", ROLE_DONOR, R"({"lot": "$lot"})"},
    {"stock.GetDelivery", ROLE_GROUP, R"({"name": "$delivery"})"},
    {"stock.ListDeliveries", ROLE_GROUP, R"({"group": "$group"})"},
    {"stock.TraceLot", ROLE_GROUP, R"({"lot": "$lot"})"},
    {"stock.ConfirmReceipt", ROLE_GROUP, kConfirm},
    {"allocation.ListLines", ROLE_GROUP, R"({"group": "$group"})"},
    {"allocation.ListExclusions", ROLE_GROUP, R"({"run": "$run", "group": "$group"})"},
    {"allocation.ExplainGroup", ROLE_GROUP, R"({"run": "$run", "group": "$group"})"},
    {"allocation.AcceptLine", ROLE_GROUP, R"({"requestId": "$uuid", "name": "$run_line"})"},
    {"allocation.RefuseLine", ROLE_GROUP, R"({"requestId": "$uuid", "name": "$run_line", "reason": "NO_SPACE"})"},
    {"allocation.ListMarkets", ROLE_GROUP, R"({"group": "$group"})"},
    {"allocation.GetMarket", ROLE_GROUP, R"({"run": "$market", "group": "$group"})"},
    {"allocation.ListMarketStock", ROLE_GROUP, R"({"run": "$market", "group": "$group"})"},
    {"allocation.Claim", ROLE_GROUP,
     R"({"requestId": "$uuid", "run": "$market", "group": "$group", "lot": "$market_lot", "place": "$market_place", "items": "1"})"},
    {"allocation.PlaceBid", ROLE_GROUP, R"({"requestId": "$uuid", "run": "$market", "group": "$group", "lot": "$market_lot",
      "place": "$market_place", "cases": "1", "milliSharesPerCase": "0"})"},
    {"allocation.JoinBid", ROLE_GROUP,
     R"({"requestId": "$uuid", "group": "$group", "joinCode": "$join_code", "cases": "1", "milliSharesPerCase": "0"})"},
    {"allocation.ChangeBid", ROLE_GROUP,
     R"({"requestId": "$uuid", "name": "$bid", "group": "$group", "etag": "stale", "cases": "1", "milliSharesPerCase": "0"})"},
    {"allocation.WithdrawBid", ROLE_GROUP, R"({"requestId": "$uuid", "name": "$bid", "group": "$group"})"},
    {"allocation.ListBids", ROLE_GROUP, R"({"run": "$market"})"},
    {"allocation.ListPrices", ROLE_GROUP, R"({"run": "$market"})"},
    {"allocation.ListShareAccounts", ROLE_GROUP, "{}"},
    {"allocation.ListShareEntries", ROLE_GROUP, R"({"group": "$group"})"},
    {"impact.GetImpact", ROLE_DONOR, R"({"filter": {"donor": "$donor"}})"},
    {"impact.GetImpact", ROLE_GROUP, R"({"filter": {"group": "$group"}})"},
    {"impact.ListImpactMovements", ROLE_DONOR, R"({"filter": {"donor": "$donor"}})"},
    {"impact.ListImpactMovements", ROLE_GROUP, R"({"filter": {"group": "$group"}})"},
};

bool Reads(const std::string& method) {
  const std::string name = method.substr(method.find('.') + 1);
  return absl::StartsWith(name, "Get") || absl::StartsWith(name, "List") || absl::StartsWith(name, "Trace");
}

bool Lists(const std::string& method) { return absl::StrContains(method, ".List"); }

TEST(OwnAndOthers, EveryMethodWithOwnRolesIsInTheTableOrSaysWhyNot) {
  // Lists without a filter and imports are judged below or by their service's own tests.
  const std::set<std::string> elsewhere = {"donors.ListDonors", "groups.ListGroups", "donors.ImportOffers",
                                         // donors_handler_test walks these with strangers: they need a standing offer or a broadcast of each side.
                                         "donors.GetStandingOffer", "donors.UpdateStandingOffer", "donors.GetBroadcast",
                                         "donors.ListBroadcasts", "donors.AnswerBroadcast",
                                         // groups_directory_test walks these with strangers: they need a need or a survey of each side.
                                         "groups.GetNeed", "groups.UpdateNeed", "groups.SetNeedState", "groups.GetSurvey",
                                         "groups.ListSurveys"};
  std::set<std::string> listed(elsewhere);
  for (const Own& row : kOwn) listed.insert(row.method);
  for (const auto* service : ContractServices()) {
    for (int i = 0; i < service->method_count(); ++i) {
      if (service->method(i)->options().GetExtension(kubari::type::v1::access).own_roles().empty()) continue;
      // A request for food support belongs to its parties and is NOT_FOUND for others: support_service_test walks every method and stranger.
      if (service->method(i)->file()->package() == "kubari.support.v1") continue;
      EXPECT_EQ(listed.count(cli::ShortName(*service->method(i))), 1u) << service->method(i)->full_name();
    }
  }
}

// Of a list that was asked for somebody else's things: it shows none of them.
void ExpectShowsNothingOf(const Names& side, const Names& except, const std::string& answer, const std::string& what) {
  for (const auto& [name, value] : side) {
    // Names of resources; what both sides share, such as the product, may be seen.
    if (value.size() <= 36 || (except.count(name) > 0 && except.at(name) == value)) continue;
    EXPECT_FALSE(absl::StrContains(answer, value)) << what << " shows the other's " << name << ": " << answer;
  }
}

TEST(OwnAndOthers, AnotherOrganisationsThingsAreRefused) {
  Setting& setting = TwoNetworks().first;
  for (const Own& row : kOwn) {
    const std::string what = std::string(row.method) + " by " + Role_Name(row.role);
    const auto answer = Try(setting.As(row.role, setting.a), row.method, *Request(row.method, row.request, setting.b));
    if (answer.ok() && Lists(row.method)) {
      ExpectShowsNothingOf(setting.b, setting.a, *answer, what);
      continue;
    }
    EXPECT_EQ(answer.status().code(), absl::StatusCode::kPermissionDenied) << what << ": " << answer.status();
    EXPECT_EQ(errors::ReasonOf(answer.status()), "NOT_YOUR_ORGANISATION") << what;
  }
}

TEST(OwnAndOthers, AnotherNetworksThingsAreNotThere) {
  Setting& setting = TwoNetworks().first;
  const Names& foreign = TwoNetworks().second.a;
  for (const Own& row : kOwn) {
    const std::string what = std::string(row.method) + " by " + Role_Name(row.role);
    const auto request = Request(row.method, row.request, foreign);
    const auto own_role = Try(setting.As(row.role, setting.a), row.method, *request);
    if (own_role.ok() && Lists(row.method)) {
      ExpectShowsNothingOf(foreign, {}, *own_role, what);
    } else {
      EXPECT_TRUE(absl::IsNotFound(own_role.status()) || errors::ReasonOf(own_role.status()) == "NOT_YOUR_ORGANISATION")
          << what << ": " << own_role.status();
    }
    const auto& rule = (*cli::FindMethod(row.method))->options().GetExtension(kubari::type::v1::access);
    if (std::find(rule.roles().begin(), rule.roles().end(), ROLE_COORDINATOR) == rule.roles().end()) continue;
    const auto whole = Try(setting.Coordinator(), row.method, *request);
    if (whole.ok()) {
      EXPECT_TRUE(Reads(row.method)) << row.method << " was done across networks";
      ExpectShowsNothingOf(foreign, {}, *whole, std::string(row.method) + " by the coordinator");
    } else {
      EXPECT_TRUE(absl::IsNotFound(whole.status())) << row.method << ": " << whole.status();
    }
  }
}

TEST(OwnAndOthers, ListsShowOnlyOnesOwn) {
  Setting& setting = TwoNetworks().first;
  const auto donors = Try(setting.As(ROLE_DONOR, setting.a), "donors.ListDonors", *Request("donors.ListDonors", "{}"));
  ASSERT_TRUE(donors.ok()) << donors.status();
  EXPECT_TRUE(absl::StrContains(*donors, setting.a.at("donor"))) << *donors;
  EXPECT_FALSE(absl::StrContains(*donors, setting.b.at("donor"))) << *donors;
  const auto groups = Try(setting.As(ROLE_GROUP, setting.a), "groups.ListGroups", *Request("groups.ListGroups", "{}"));
  ASSERT_TRUE(groups.ok()) << groups.status();
  EXPECT_TRUE(absl::StrContains(*groups, setting.a.at("group"))) << *groups;
  EXPECT_FALSE(absl::StrContains(*groups, setting.b.at("group"))) << *groups;
  // The coordinator sees both, and neither sees the other network's.
  const auto all = Try(setting.Coordinator(), "groups.ListGroups", *Request("groups.ListGroups", "{}"));
  ASSERT_TRUE(all.ok()) << all.status();
  EXPECT_TRUE(absl::StrContains(*all, setting.a.at("group")) && absl::StrContains(*all, setting.b.at("group"))) << *all;
  EXPECT_FALSE(absl::StrContains(*all, TwoNetworks().second.a.at("group"))) << *all;
}

// Last, as it changes things.
TEST(OwnAndOthersEnd, OnesOwnThingsAreReached) {
  Setting& setting = TwoNetworks().first;
  for (const Own& row : kOwn) {
    const auto answer = Try(setting.As(row.role, setting.a), row.method, *Request(row.method, row.request, setting.a));
    const std::string what = std::string(row.method) + " by " + Role_Name(row.role) + ": " + answer.status().ToString();
    if (Reads(row.method)) {
      EXPECT_TRUE(answer.ok()) << what;
      continue;
    }
    // It may be refused for its content (a stale etag on purpose, goods that have moved on), but neither for rights nor for shape.
    const absl::StatusCode code = answer.status().code();
    EXPECT_TRUE(answer.ok() || code == absl::StatusCode::kAborted || code == absl::StatusCode::kFailedPrecondition) << what;
  }
}

}  // namespace
}  // namespace kubari::end_to_end
