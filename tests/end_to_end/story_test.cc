// One lot's story through the gateway, as phones and browsers tell it: it is received in a batch, moved between
// warehouses, sent straight to a group and on to another, comes back, becomes part of a kit, is counted, labelled,
// exported and recalled. Each thing once, in order; then the auditor adds the ledger up.
#include <absl/strings/match.h>
#include <absl/time/clock.h>
#include <google/protobuf/struct.pb.h>
#include <google/protobuf/util/json_util.h>
#include <gtest/gtest.h>

#include "kubari/stock/v1/alerts.pb.h"
#include "kubari/stock/v1/labels.pb.h"
#include "kubari/stock/v1/recalls.pb.h"
#include "kubari/stock/v1/stock.pb.h"
#include "kubari/stock/v1/stocktakes.pb.h"
#include "libs/ids/ids.h"
#include "tests/end_to_end/auditor.h"
#include "tests/end_to_end/two_networks.h"

namespace kubari::end_to_end {
namespace {

namespace stock = kubari::stock::v1;
using namespace kubari::type::v1;  // NOLINT: roles

class Story : public testing::Test {
 protected:
  template <typename Response>
  Response Do(const cli::Client& client, const std::string& method, const std::string& json) {
    Response response;
    const auto answer = Try(client, method, *Request(method, json, names_));
    if (answer.ok()) {
      EXPECT_TRUE(google::protobuf::util::JsonStringToMessage(*answer, &response).ok()) << *answer;
    } else {
      ADD_FAILURE() << method << " failed: " << answer.status() << " / " << errors::ReasonOf(answer.status());
    }
    return response;
  }
  std::string Refused(const cli::Client& client, const std::string& method, const std::string& json) {
    return errors::ReasonOf(Try(client, method, *Request(method, json, names_)).status());
  }
  int64_t OnHand(const std::string& lot, const std::string& place) {
    int64_t on_hand = 0;
    stock::ListBalancesRequest request;
    request.set_lot(names_[lot]);
    const auto balances = Must<stock::ListBalancesResponse>(coordinator_, "stock.ListBalances", request);
    for (const stock::Balance& balance : balances.balances()) {
      if (balance.place().name() == names_[place]) on_hand += balance.on_hand();
    }
    return on_hand;
  }

  // An offer that may be passed on, accepted.
  void Offer();
  void ReceiveInABatch();
  void MoveToTheOtherWarehouse();
  void DeliverDirectAndPassOn();
  void PackKits();
  void CountWithTwoPhones();
  void PrintAndExport();
  void RecallAndClose();
  void LookAtAlerts();

  Setting setting_{TwoNetworks().installation, "story"};
  Names names_ = setting_.a;
  cli::Client coordinator_ = setting_.Coordinator();
  cli::Client volunteer_ = setting_.As(ROLE_VOLUNTEER, setting_.a);
  cli::Client group_ = setting_.As(ROLE_GROUP, setting_.a);
};

void Story::Offer() {
  names_["offer"] = Field(coordinator_, "donors.CreateOffer",
                          R"({"requestId": "$uuid", "offer": {"donor": "$donor", "title": "物語のごはん",
      "readyDate": "$today", "conditions": {"onwardTransferAllowed": true, "donorMayBeNamed": true},
      "lines": [{"product": "$product", "cases": "20", "itemsPerCase": "12", "temperatureZone": "TEMPERATURE_ZONE_AMBIENT",
        "donorLotNumber": "S1", "goodUntil": {"kind": "DATE_KIND_BEST_BEFORE", "date": "$later"}}]}})",
                          names_, "name");
  names_["line"] = Field(coordinator_, "donors.GetOffer", R"({"name": "$offer"})", names_, "lines.0.name");
  names_["etag"] = Field(coordinator_, "donors.GetOffer", R"({"name": "$offer"})", names_, "etag");
  names_["etag"] = Field(coordinator_, "donors.SubmitOffer",
                         R"({"requestId": "$uuid", "name": "$offer", "etag": "$etag"})", names_, "etag");
  Field(coordinator_, "donors.AcceptOffer",
        R"({"requestId": "$uuid", "name": "$offer", "etag": "$etag", "warehouse": "$warehouse"})", names_, "name");
}

void Story::ReceiveInABatch() {
  const auto first =
      Do<stock::ReceiveStockResponse>(volunteer_, "stock.ReceiveStock", R"({"requestId": "$uuid", "place": "$shelf",
      "offerLine": "$line", "items": "60", "refused": [{"items": "2", "reason": "DAMAGED"}]})");
  names_["story"] = first.lot().name();
  EXPECT_EQ(first.refusals_size(), 1);
  EXPECT_EQ(first.progress().difference_items(), 62 - 240);
  const auto batch = Do<stock::RecordMovementsResponse>(volunteer_, "stock.RecordMovements", R"({"requests": [
      {"receive": {"requestId": "$uuid", "place": "$shelf", "offerLine": "$line", "items": "60"}},
      {"transfer": {"requestId": "$uuid", "lot": "$story", "fromPlace": "$shelf", "toPlace": "$shelf2", "items": "20"}},
      {"transfer": {"requestId": "$uuid", "lot": "$story", "fromPlace": "$shelf2", "toPlace": "$shelf", "items": "1000000"}}]})");
  ASSERT_EQ(batch.outcomes_size(), 3);
  EXPECT_EQ(batch.outcomes(0).lot().name(), names_["story"]);
  EXPECT_EQ(batch.outcomes(1).movements_size(), 1);
  EXPECT_NE(batch.outcomes(2).error().code(), 0);
  EXPECT_EQ(OnHand("story", "shelf"), 100);
  EXPECT_EQ(OnHand("story", "shelf2"), 20);

  const auto picks = Do<stock::SuggestPicksResponse>(
      volunteer_, "stock.SuggestPicks",
      R"({"product": "$product", "warehouse": "$warehouse", "group": "$neighbour", "items": "110"})");
  EXPECT_EQ(picks.missing_items(), 0);
  for (const stock::Pick& pick : picks.picks()) EXPECT_EQ(pick.lot().name(), names_["story"]);
  EXPECT_GT(picks.passed_over_size(), 0) << "the setting's own lot is for another group alone";
}

void Story::MoveToTheOtherWarehouse() {
  const auto sent =
      Do<stock::SendTransferResponse>(volunteer_, "stock.SendTransfer", R"({"requestId": "$uuid", "transferId": "$uuid",
      "toWarehouse": "$warehouse2", "goods": [{"lot": "$story", "place": "$shelf2", "items": "10"}]})");
  EXPECT_EQ(sent.transfer().state(), stock::TRANSFER_STATE_SENT);
  names_["story_transfer"] = sent.transfer().name();
  const auto arrived = Do<stock::ReceiveTransferResponse>(volunteer_, "stock.ReceiveTransfer", R"({"requestId": "$uuid",
      "transfer": "$story_transfer", "goods": [{"lot": "$story", "place": "$shelf3", "items": "9", "shortItems": "1", "reason": "MISSING"}]})");
  EXPECT_EQ(arrived.transfer().state(), stock::TRANSFER_STATE_ARRIVED);
  EXPECT_EQ(arrived.movements_size(), 2);
  EXPECT_EQ(OnHand("story", "shelf3"), 9);
}

void Story::DeliverDirectAndPassOn() {
  names_["direct"] = "deliveries/" + ids::NewUuid();
  names_["onward"] = "deliveries/" + ids::NewUuid();
  const auto direct = Do<stock::DeliverDirectResponse>(coordinator_, "stock.DeliverDirect",
                                                       R"({"requestId": "$uuid", "offerLine": "$line",
      "items": "24", "group": "$group", "delivery": "$direct"})");
  EXPECT_EQ(direct.lot().name(), names_["story"]);
  EXPECT_EQ(Do<stock::ConfirmReceiptResponse>(group_, "stock.ConfirmReceipt",
                                              R"({"requestId": "$uuid", "delivery": "$direct"})")
                .delivery()
                .state(),
            stock::DELIVERY_STATE_CONFIRMED);
  const std::string pass_on =
      R"({"requestId": "$uuid", "fromGroup": "$group", "toGroup": "$neighbour", "lot": "$story", "items": "5",
      "delivery": "$onward")";
  EXPECT_EQ(Refused(group_, "stock.PassOn", pass_on + "}"), "ONWARD_NOT_ALLOWED");
  Do<stock::PassOnResponse>(group_, "stock.PassOn", pass_on + R"(, "consent": "担当者、電話で"})");
  Do<stock::ConfirmReceiptResponse>(coordinator_, "stock.ConfirmReceipt",
                                    R"({"requestId": "$uuid", "delivery": "$onward"})");
  Do<stock::ReturnStockResponse>(
      volunteer_, "stock.ReturnStock",
      R"({"requestId": "$uuid", "lot": "$story", "from": "$group", "to": "$shelf", "items": "2", "reason": "NOT_NEEDED"})");
  EXPECT_EQ(OnHand("story", "shelf"), 102);
}

void Story::PackKits() {
  names_["kit_product"] =
      Field(coordinator_, "stock.CreateProduct", R"({"requestId": "$uuid", "product": {"displayName": "詰め合わせ",
      "category": "FOOD_CATEGORY_RICE", "itemGrams": "600", "itemsPerCase": "1", "temperatureZone": "TEMPERATURE_ZONE_AMBIENT", "allergens": {}}})",
            {}, "name");
  const auto kit = Do<stock::TransformStockResponse>(volunteer_, "stock.TransformStock",
                                                     R"({"requestId": "$uuid", "transformationId": "$uuid",
      "kind": "TRANSFORMATION_KIND_KIT",
      "inputs": [{"lot": "$story", "place": "$shelf", "items": "8"}, {"lot": "$lot", "place": "$shelf", "items": "4"}],
      "outputs": [{"product": "$kit_product", "place": "$shelf", "items": "4"}]})");
  ASSERT_EQ(kit.lots_size(), 1);
  EXPECT_EQ(kit.lots(0).parts_size(), 2);
  EXPECT_EQ(kit.lots(0).item_grams(), 600);
  EXPECT_TRUE(kit.lots(0).conditions().only_groups_size() == 1) << "the strictest of its parts' conditions";
  names_["kit"] = kit.lots(0).name();
}

void Story::CountWithTwoPhones() {
  // A shelf is counted by one stocktake at a time.
  EXPECT_EQ(Refused(coordinator_, "stock.OpenStocktake",
                    R"({"requestId": "$uuid", "stocktakeId": "$uuid", "title": "物語の棚卸",
      "warehouse": "$warehouse", "places": ["$shelf2"]})"),
            "PLACE_BEING_COUNTED");
  Do<stock::Stocktake>(coordinator_, "stock.CancelStocktake", R"({"requestId": "$uuid", "name": "$stocktake"})");
  names_["count_of"] =
      Do<stock::Stocktake>(coordinator_, "stock.OpenStocktake", R"({"requestId": "$uuid", "stocktakeId": "$uuid",
      "title": "物語の棚卸", "warehouse": "$warehouse", "places": ["$shelf2"]})")
          .name();
  const std::string count =
      R"({"requestId": "$uuid", "stocktake": "$count_of", "lot": "$story", "place": "$shelf2", "looseItems": "8"})";
  const cli::Client other = setting_.installation().Gateway(setting_.NewToken(ROLE_VOLUNTEER, setting_.a));
  EXPECT_EQ(Do<stock::StocktakeLine>(volunteer_, "stock.RecordCount", count).state(), stock::LINE_STATE_DIFFERENT);
  const auto agreed = Do<stock::StocktakeLine>(other, "stock.RecordCount", count);
  EXPECT_EQ(agreed.counts_size(), 2);
  EXPECT_EQ(agreed.state(), stock::LINE_STATE_DIFFERENT);
  EXPECT_EQ(agreed.difference_items(), -2);
  Do<stock::Stocktake>(coordinator_, "stock.ReviewStocktake", R"({"requestId": "$uuid", "name": "$count_of"})");
  Do<stock::StocktakeLine>(coordinator_, "stock.SettleLine",
                           R"({"requestId": "$uuid", "stocktake": "$count_of", "lot": "$story",
      "place": "$shelf2", "reason": "LOST"})");
  const auto posted = Do<stock::PostStocktakeResponse>(coordinator_, "stock.PostStocktake",
                                                       R"({"requestId": "$uuid", "name": "$count_of"})");
  EXPECT_EQ(posted.stocktake().state(), stock::STOCKTAKE_STATE_POSTED);
  EXPECT_EQ(posted.errors_size(), 0);
  EXPECT_EQ(OnHand("story", "shelf2"), 8);
}

void Story::PrintAndExport() {
  const auto labels = Do<stock::PrintLabelsResponse>(
      volunteer_, "stock.PrintLabels",
      R"({"labels": [{"lot": "$story", "copies": 3}, {"lot": "$kit"}], "format": "LABEL_FORMAT_A4_24"})");
  EXPECT_TRUE(absl::StartsWith(labels.pdf(), "%PDF-"));
  EXPECT_EQ(labels.pages(), 1);
  const auto sheet =
      Do<stock::PrintDeliverySheetResponse>(group_, "stock.PrintDeliverySheet", R"({"delivery": "$direct"})");
  EXPECT_TRUE(absl::StartsWith(sheet.pdf(), "%PDF-"));

  const auto epcis = Do<stock::ExportTraceResponse>(
      coordinator_, "stock.ExportTrace", R"({"goods": {"lots": ["$story"]}, "format": "TRACE_FORMAT_EPCIS"})");
  google::protobuf::Value document;
  ASSERT_TRUE(google::protobuf::util::JsonStringToMessage(epcis.content(), &document).ok());
  EXPECT_EQ(document.struct_value().fields().at("type").string_value(), "EPCISDocument");
  for (const char* type : {"ObjectEvent", "TransactionEvent", "TransformationEvent"})
    EXPECT_TRUE(absl::StrContains(epcis.content(), type)) << type;
  const auto backward = Do<stock::TraceResponse>(coordinator_, "stock.TraceBackward", R"({"subject": "$kit"})");
  EXPECT_EQ(backward.lots_size(), 3);
}

void Story::RecallAndClose() {
  names_["story_recall"] =
      Do<stock::Recall>(coordinator_, "stock.OpenRecall", R"({"requestId": "$uuid", "recallId": "$uuid",
      "title": "物語の回収", "message": "食べずにお待ちください。", "goods": {"lots": ["$story"]}})")
          .name();
  names_["too_late"] = "deliveries/" + ids::NewUuid();
  EXPECT_EQ(Refused(coordinator_, "stock.IssueStock",
                    R"({"requestId": "$uuid", "lot": "$story", "place": "$shelf", "items": "1",
      "group": "$group", "delivery": "$too_late"})"),
            "LOT_RECALLED");
  EXPECT_EQ(Refused(coordinator_, "stock.CloseRecall", R"({"requestId": "$uuid", "name": "$story_recall"})"),
            "RECALL_UNSETTLED");
  const auto notices =
      Do<stock::ListRecallNoticesResponse>(coordinator_, "stock.ListRecallNotices", R"({"recall": "$story_recall"})");
  EXPECT_EQ(notices.notices_size(), 4) << "two warehouses, two groups";
  for (const stock::RecallNotice& notice : notices.notices()) {
    stock::AnswerNoticeRequest answer;
    answer.set_request_id(ids::NewUuid());
    answer.set_name(notice.name());
    for (const stock::NoticeLine& line : notice.lines()) {
      stock::NoticeAnswer& told = *answer.add_lines();
      told.set_lot(line.lot().name());
      if (absl::StartsWith(notice.holder(), "groups/")) {
        told.set_consumed_items(line.held_items());
      } else {
        told.set_discarded_items(line.held_items());
      }
    }
    EXPECT_EQ(Must<stock::RecallNotice>(coordinator_, "stock.AnswerNotice", answer).open_items(), 0)
        << notice.holder_display_name();
  }
  const auto closed =
      Do<stock::Recall>(coordinator_, "stock.CloseRecall", R"({"requestId": "$uuid", "name": "$story_recall"})");
  EXPECT_EQ(closed.state(), stock::RECALL_STATE_CLOSED);
  EXPECT_EQ(closed.figures().open_items(), 0);
  EXPECT_EQ(closed.settled(), 4);
  EXPECT_EQ(OnHand("story", "shelf") + OnHand("kit", "shelf"), 0);
}

void Story::LookAtAlerts() {
  // Attempts are kept a moment after they were made.
  int64_t attempts = 0;
  for (const absl::Time give_up = absl::Now() + absl::Seconds(20); attempts == 0 && absl::Now() < give_up;
       absl::SleepFor(absl::Milliseconds(200))) {
    const auto counts = Do<stock::CountAlertsResponse>(volunteer_, "stock.CountAlerts", "{}");
    for (const auto& count : counts.counts()) {
      if (count.kind() == stock::ALERT_KIND_NEGATIVE_ATTEMPT) attempts = count.count();
    }
  }
  const auto alerts =
      Do<stock::ListAlertsResponse>(volunteer_, "stock.ListAlerts", R"({"kind": "ALERT_KIND_NEGATIVE_ATTEMPT"})");
  ASSERT_EQ(alerts.alerts_size(), 1) << "someone wanted a million of a shelf";
  EXPECT_EQ(alerts.alerts(0).wanted(), 1'000'000);
  EXPECT_EQ(alerts.alerts(0).lot().name(), names_["story"]);
}

TEST_F(Story, OfOneLot) {
  Offer();
  ReceiveInABatch();
  LookAtAlerts();
  MoveToTheOtherWarehouse();
  DeliverDirectAndPassOn();
  PackKits();
  CountWithTwoPhones();
  PrintAndExport();
  RecallAndClose();
  const Books books = Auditor(setting_.Auditing()).Audit();
  EXPECT_EQ(books.transformations.size(), 1u);
}

}  // namespace
}  // namespace kubari::end_to_end
