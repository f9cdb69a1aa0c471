#include <absl/strings/escaping.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <set>

#include "kubari/allocation/v1/snapshot.pb.h"
#include "kubari/stock/v1/stock.pb.h"
#include "kubari/type/v1/access.pb.h"
#include "kubari/type/v1/take_along.pb.h"
#include "libs/contract/contract.h"
#include "libs/errors/errors.h"
#include "ops/kubari/client.h"
#include "ops/kubari/commands.h"
#include "ops/kubari/contract.h"
#include "ops/kubari/tables.h"
#include "ops/kubari/take_along.h"
#include "services/allocation/domain/propose.h"

namespace kubari::cli {
namespace {

using ::testing::HasSubstr;

TEST(FindMethod, TakesEveryUsualWayToNameAMethod) {
  for (const char* name : {"kubari.stock.v1.StockService/TraceLot", "kubari.stock.v1.StockService.TraceLot",
                           "StockService/TraceLot", "stock.TraceLot", "TraceLot"}) {
    const auto method = FindMethod(name);
    ASSERT_TRUE(method.ok()) << name;
    EXPECT_EQ((*method)->full_name(), "kubari.stock.v1.StockService.TraceLot");
  }
}

TEST(FindMethod, AsksBackWhereTwoServicesHaveTheMethodOrNoneDoes) {
  EXPECT_THAT(std::string(FindMethod("CreateAgreement").status().message()),
              testing::AllOf(HasSubstr("donors.CreateAgreement"), HasSubstr("groups.CreateAgreement")));
  EXPECT_THAT(std::string(FindMethod("stock.Trace").status().message()), HasSubstr("stock.TraceLot"));
}

TEST(TakeAlong, TheContractSaysHowEverythingIsReached) {
  std::set<std::string> names;
  for (const Taken& taken : TakenAlong()) {
    const std::string name = ShortName(*taken.method);
    EXPECT_TRUE(names.insert(name).second) << name << " names two files";
    const auto& along = taken.method->options().GetExtension(type::v1::take_along);
    EXPECT_EQ(taken.each == nullptr, along.each().empty()) << name << ": no message " << along.each();
    for (const auto& [field, at] : taken.fields) {
      const auto* of_request = taken.method->input_type()->FindFieldByName(field);
      ASSERT_NE(of_request, nullptr) << name << ": the request has no " << field;
      EXPECT_EQ(of_request->type(), google::protobuf::FieldDescriptor::TYPE_STRING) << name << " " << field;
      const google::protobuf::Descriptor* type = taken.each;
      for (const auto part : absl::StrSplit(at, '.')) {
        ASSERT_NE(type, nullptr) << name << " " << at;
        const auto* in_message = type->FindFieldByName(std::string(part));
        ASSERT_NE(in_message, nullptr) << name << ": nothing at " << at;
        type = in_message->message_type();
      }
    }
    EXPECT_TRUE(taken.where.empty() || taken.each->FindFieldByName(taken.where) != nullptr) << name;
  }
  EXPECT_TRUE(names.contains("stock.ListLots"));
  EXPECT_FALSE(names.contains("identity.ListNetworks")) << "that is for services";
}

// Everything is everything: a method that reads for people is taken along, or stands here with what says the same. Who adds one decides.
TEST(TakeAlong, WhatReadsComesAlongOrIsSaidElsewhere) {
  const std::map<std::string, std::string> elsewhere = {
      // One row of a list that is taken.
      {"allocation.GetRun", "ListRuns, and the run's file by ExportRun"},
      {"donors.GetBroadcast", "ListBroadcasts"},
      {"donors.GetDonor", "ListDonors"},
      {"donors.GetOffer", "ListOffers"},
      {"donors.GetStandingOffer", "ListStandingOffers"},
      {"groups.GetApplication", "ListApplications"},
      {"groups.GetGroup", "ListGroups"},
      {"groups.GetNeed", "ListNeeds"},
      {"groups.GetSurvey", "ListSurveys, ListSurveyAnswers"},
      {"identity.GetOrganisation", "ListOrganisations"},
      {"identity.GetPerson", "ListPeople"},
      {"notifications.GetDelivery", "ListDeliveries"},
      {"stock.GetDelivery", "ListDeliveries"},
      {"stock.GetLot", "ListLots"},
      {"stock.GetProduct", "ListProducts"},
      {"stock.GetRecall", "ListRecalls, and the lots with ListRecallNotices"},
      {"stock.GetReservation", "ListReservations"},
      {"stock.GetStocktake", "ListStocktakes, ListStocktakeLines"},
      {"stock.GetTransfer", "ListTransfers"},
      {"support.GetCampaign", "ListCampaigns"},
      {"support.GetSupportRequest", "ListSupportRequests"},
      // Counted or judged from what is taken.
      {"allocation.ExplainGroup", "the run's file"},
      {"allocation.GetMarket", "ListMarkets"},
      {"allocation.GetPickList", "ListReservations"},
      {"allocation.GetSnapshot", "of now, from lots and groups; a run's own is in its file"},
      {"allocation.ReplayRun", "the run's file, and `kubari replay`"},
      {"allocation.TryOptions", "nothing is kept"},
      {"impact.GetImpact", "ListImpactMovements"},
      {"notifications.CountUnread", "ListNotices"},
      {"stock.CountAlerts", "ListBalances, ListLots"},
      {"stock.ExportTrace", "ListMovements"},
      {"stock.LookUpCode", "ListProducts, ListLots"},
      {"stock.PreviewRecall", "ListBalances, ListLots"},
      {"stock.PrintDeliverySheet", "ListDeliveries"},
      {"stock.PrintLabels", "ListLots"},
      {"stock.ReadFeed", "ListMovements with position and leaf hash; as auditors verify it: `kubari export ledger`"},
      {"stock.SuggestPicks", "ListBalances"},
      {"stock.TraceBackward", "ListMovements"},
      {"stock.TraceForward", "ListMovements"},
      {"stock.TraceLot", "ListMovements"},
      {"support.GetSupportStatistics", "ListSupportRequests"},
      // No record of the network.
      {"donors.GetImportTemplate", "an empty table"},
      {"groups.GetImportTemplate", "an empty table"},
      {"stock.GetImportTemplate", "an empty table"},
      {"identity.GetSession", "who asks: in manifest.json"},
      {"identity.SignOut", "reads nothing"},
      {"notifications.GetEmailStatus", "of the installation"},
      {"notifications.GetPreferences", "a person's own, not the network's"},
      {"stock.RecordMovements", "writes: each of its requests has its id"},
      // What is said about people is never taken along: each look at it is one person's, and recorded; it is erased after its time.
      {"support.ReadApplication", "stays where it is"},
      {"support.ReadDetails", "stays where it is"},
  };
  std::set<std::string> taken, reads;
  for (const Taken& each : TakenAlong()) taken.insert(ShortName(*each.method));
  for (const auto* service : ContractServices()) {
    for (int i = 0; i < service->method_count(); ++i) {
      const google::protobuf::MethodDescriptor& method = *service->method(i);
      const type::v1::Access access = method.options().GetExtension(type::v1::access);
      const bool for_people = access.any_role() || access.own_roles_size() > 0 ||
                              std::any_of(access.roles().begin(), access.roles().end(), [](int role) { return role != type::v1::ROLE_SERVICE; });
      const std::string name = ShortName(method);
      if (!for_people || method.input_type()->FindFieldByName("request_id") != nullptr) continue;
      if (taken.contains(name) || method.options().GetExtension(type::v1::take_along).left_out()) continue;
      reads.insert(name);
      EXPECT_TRUE(elsewhere.contains(name)) << name << " is not taken along: say so in the contract, or here what says the same";
    }
  }
  for (const auto& [name, why] : elsewhere) EXPECT_TRUE(reads.contains(name)) << name << " needs no excuse";
}

TEST(TakeAlong, ChildrenAndFilesOfWhatIsMet) {
  const auto taken = [](const std::string& name) {
    for (const Taken& each : TakenAlong()) {
      if (ShortName(*each.method) == name) return each;
    }
    return Taken();
  };
  stock::v1::ListProductsResponse page;
  page.add_products()->set_name("products/1");
  page.add_products()->set_name("products/2");
  page.mutable_products(1)->set_picture_hash("ab");
  EXPECT_EQ(CallsFor(taken("stock.GetProductPicture"), page), (std::vector<Arguments>{{{"product", "products/2"}}})) << "only where there is one";
  EXPECT_TRUE(CallsFor(taken("stock.ListPlaces"), page).empty());
  type::v1::Agreement agreement;
  agreement.set_name("donors/1/agreements/2");
  agreement.add_documents()->set_sha256("aa");
  agreement.add_documents()->set_sha256("bb");
  const auto documents = CallsFor(taken("donors.GetAgreementDocument"), agreement);
  ASSERT_EQ(documents.size(), 2u) << "through the repeated field";
  EXPECT_EQ(documents[1].at("sha256"), "bb");
}

TEST(Contract, EveryMethodSaysWhoMayCall) {
  for (const auto* service : ContractServices()) {
    for (int i = 0; i < service->method_count(); ++i)
      EXPECT_NE(DescribeAccess(*service->method(i)), "") << service->method(i)->full_name();
  }
}

TEST(Replay, JudgesAnExportWithoutAServer) {
  const std::string file = absl::StrCat(::testing::TempDir(), "/run.binpb");
  const auto replay = [&](const allocation::v1::RunExport& run) {
    std::ofstream(file, std::ios::binary) << run.SerializeAsString();
    return Replay(Client({}), {file});
  };
  allocation::v1::Snapshot snapshot;
  snapshot.set_policy_version(allocation::kPolicyVersion);
  snapshot.set_hand_over_date("2026-11-18");
  allocation::v1::RunExport run;
  run.set_snapshot(allocation::CanonicalBytes(snapshot));
  run.set_snapshot_hash(allocation::Sha256(run.snapshot()));
  run.set_result_hash(allocation::Propose(snapshot)->result_hash);
  EXPECT_EQ(replay(run), 0);
  allocation::v1::RunExport other_result = run;
  other_result.set_result_hash(run.snapshot_hash());
  EXPECT_EQ(replay(other_result), 1);
  snapshot.set_hand_over_date("2026-11-19");
  run.set_snapshot(allocation::CanonicalBytes(snapshot));  // not what the hash names
  EXPECT_EQ(replay(run), 1);
  snapshot.set_policy_version("fair-share/1");
  run.set_snapshot(allocation::CanonicalBytes(snapshot));
  EXPECT_EQ(replay(run), 1);
  EXPECT_EQ(Replay(Client({}), {file + ".none"}), 1);
  EXPECT_EQ(Replay(Client({}), {}), 2);
}

TEST(ConnectError, KeepsReasonFactsAndJapanese) {
  const absl::Status made = errors::Make(absl::StatusCode::kFailedPrecondition, "INSUFFICIENT_STOCK", "12 are free.",
                                         "残り12点です。", {{"free", "12"}});
  google::rpc::Status details = errors::DetailsOf(made);
  std::string json = R"({"code":"failed_precondition","message":"12 are free.","details":[)";
  for (int i = 0; i < details.details_size(); ++i) {
    std::string value = absl::Base64Escape(details.details(i).value());
    while (value.ends_with("=")) value.pop_back();
    const std::string type = details.details(i).type_url().substr(std::string("type.googleapis.com/").size());
    absl::StrAppend(&json, i > 0 ? "," : "", R"({"type":")", type, R"(","value":")", value, "\"}");
  }
  json += "]}";
  const absl::Status read = FromConnectError(400, json);
  EXPECT_EQ(read.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(errors::ReasonOf(read), "INSUFFICIENT_STOCK");
  EXPECT_EQ(errors::MetadataOf(read).at("free"), "12");
  EXPECT_EQ(errors::MessageIn("ja", read), "残り12点です。");
}

TEST(ConnectError, AnythingElseNamesTheHttpStatus) {
  EXPECT_EQ(FromConnectError(502, "<html>").code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(FromConnectError(404, "").message()), HasSubstr("404"));
}

TEST(TextTable, PadsJapaneseByWhatATerminalShows) {
  TextTable table({"who", "items"});
  table.Add({"東倉庫", "1"});
  table.Add({"x", "2"});
  EXPECT_EQ(table.Print(), "  who     items\n  ─────────────\n  東倉庫  1\n  x       2\n");
}

TEST(Tables, GroupsDigits) {
  EXPECT_EQ(Grouped(0), "0");
  EXPECT_EQ(Grouped(999), "999");
  EXPECT_EQ(Grouped(1'234'567), "1,234,567");
  EXPECT_EQ(Grouped(-100'000), "-100,000");
  EXPECT_EQ(Grouped(-100), "-100");
}

TEST(Csv, HasOneCellForEachColumn) {
  stock::v1::Balance balance;
  balance.mutable_lot()->set_code("ABC2345");
  balance.mutable_lot()->set_product_display_name("=1+1");
  balance.set_on_hand(-3);
  const std::vector<std::string> columns = CsvColumns(*stock::v1::Balance::descriptor());
  EXPECT_THAT(columns, testing::IsSupersetOf({"lot.code", "lot.good_until.date", "place.code", "on_hand", "free"}));
  tables::CsvWriter writer;
  WriteCsvRow(balance, writer);
  const std::string row = writer.Take();
  EXPECT_EQ(static_cast<size_t>(std::count(row.begin(), row.end(), ',')) + 1, columns.size());
  EXPECT_THAT(row, HasSubstr("'=1+1"));
  EXPECT_THAT(row, HasSubstr(",-3,"));
}

}  // namespace
}  // namespace kubari::cli
