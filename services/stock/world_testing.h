// A world for tests of what spans many movements: two warehouses of two operators, a hub and a group that it serves,
// and the services of recalls and alerts beside the ledger's, over the wire and with a real database.
#pragma once

#include <string>
#include <type_traits>
#include <vector>

#include "services/stock/alert_metrics.h"
#include "services/stock/alerts_service.h"
#include "services/stock/attempt_log.h"
#include "services/stock/recalls_service.h"
#include "services/stock/service_testing.h"

namespace kubari::stock::testing {

using Recalls = v1::RecallsService::Stub;
using Alerts = v1::AlertsService::Stub;

// kGroup is a hub that serves kOtherGroup; the second warehouse belongs to kOtherOperator ("stranger").
class WorldTest : public ServiceTest {
 protected:
  WorldTest() {
    const auto add = [&](const char* token, const std::string& organisation, Role role, const char* locale = "ja") {
      auth::Principal who = rpc::Person(kNetwork, organisation, role);
      who.subject = Subject(token);
      who.locale = locale;
      beside_.authenticator().Add(token, who);
    };
    add("volunteer", kOperator, type::v1::ROLE_VOLUNTEER);
    add("manager", kOperator, type::v1::ROLE_WAREHOUSE_MANAGER);
    add("stranger", kOtherOperator, type::v1::ROLE_WAREHOUSE_MANAGER);
    add("coordinator", Id(2, 9), type::v1::ROLE_COORDINATOR);
    add("english coordinator", Id(2, 9), type::v1::ROLE_COORDINATOR, "en");
    add("auditor", Id(2, 8), type::v1::ROLE_AUDITOR);
    add("administrator", Id(2, 7), type::v1::ROLE_ADMINISTRATOR);
    add("group", kGroup, type::v1::ROLE_GROUP);
    add("other group", kOtherGroup, type::v1::ROLE_GROUP);
    add("donor", kDonor, type::v1::ROLE_DONOR);
    auth::Principal neighbour = rpc::Person(Id(1, 2), Id(2, 9), type::v1::ROLE_COORDINATOR);
    beside_.authenticator().Add("coordinator of another network", neighbour);
    beside_.Start({&movements_, &recalls_, &alerts_});
    recalls_stub_ = v1::RecallsService::NewStub(beside_.channel());
    alerts_stub_ = v1::AlertsService::NewStub(beside_.channel());
    watched_stub_ = v1::StockService::NewStub(beside_.channel());

    // A hub, and a donor who lets it hand goods on.
    registers_.groups[ids::Name("groups", kOtherGroup)].set_hub(ids::Name("groups", kGroup));
    registers_.offer.mutable_conditions()->set_onward_transfer_allowed(true);
    west_ = AddWest();
  }
  ~WorldTest() override { beside_.Stop(); }

  static std::string Subject(const std::string& token) { return "people/" + ids::DeriveV5(kNetwork, token); }

  // Recalls and alerts; movements as well, through a writer that notes attempts to take more than there is.
  template <typename Base, typename Request, typename Response>
  absl::StatusOr<Response> Ask(grpc::Status (Base::*method)(grpc::ClientContext*, const Request&, Response*),
                               const std::string& who, const Request& request) {
    const rpc::Outgoing as = beside_.As(who, who == "service" ? kNetwork : "");
    if constexpr (std::is_same_v<Base, Recalls>) {
      return rpc::Invoke(method, *recalls_stub_, as, request);
    } else if constexpr (std::is_same_v<Base, Alerts>) {
      return rpc::Invoke(method, *alerts_stub_, as, request);
    } else {
      return rpc::Invoke(method, *watched_stub_, as, request);
    }
  }
  // With a new request id.
  template <typename Base, typename Request, typename Response>
  absl::StatusOr<Response> Do(grpc::Status (Base::*method)(grpc::ClientContext*, const Request&, Response*),
                              const std::string& who, Request request) {
    request.set_request_id(ids::NewUuid());
    return Ask(method, who, request);
  }

  // Goods ------------------------------------------------------------------------------------------------------------

  // As Receiving, with a donor's lot number and a best-before date ("": as offered).
  pb::ReceiveStockRequest Bringing(int64_t items, const std::string& number, const std::string& date = "",
                                   const std::string& place = "") {
    pb::ReceiveStockRequest request = Receiving(items);
    request.set_donor_lot_number(number);
    if (!place.empty()) request.set_place(place);
    if (!date.empty()) {
      request.mutable_good_until()->set_kind(type::v1::DATE_KIND_BEST_BEFORE);
      request.mutable_good_until()->set_date(date);
    }
    return request;
  }
  pb::Lot Bring(int64_t items, const std::string& number, const std::string& date = "", const std::string& place = "") {
    const auto response = Call(&Stub::ReceiveStock, "coordinator", Bringing(items, number, date, place));
    EXPECT_THAT(response, IsOk());
    return response.ok() ? response->lot() : pb::Lot();
  }
  // Another product: products/{uuid}.
  std::string AddProduct(const std::string& name, const std::string& gtin, int64_t grams = 140,
                         const std::string& case_gtin = "") {
    pb::CreateProductRequest request;
    request.mutable_product()->set_gtin(gtin);
    request.mutable_product()->set_case_gtin(case_gtin);
    request.mutable_product()->set_display_name(name);
    request.mutable_product()->set_category(type::v1::FOOD_CATEGORY_NOODLES);
    request.mutable_product()->set_item_grams(grams);
    request.mutable_product()->set_items_per_case(12);
    request.mutable_product()->set_temperature_zone(type::v1::TEMPERATURE_ZONE_AMBIENT);
    const auto made = Do(&Stub::CreateProduct, "coordinator", request);
    EXPECT_THAT(made, IsOk());
    return made.ok() ? made->name() : "";
  }

  // Movements --------------------------------------------------------------------------------------------------------

  pb::IssueStockRequest Giving(const pb::Lot& lot, int64_t items, const std::string& group = kGroup,
                               const std::string& place = "") {
    pb::IssueStockRequest request;
    request.set_request_id(ids::NewUuid());
    request.set_lot(lot.name());
    request.set_place(place.empty() ? shelf_ : place);
    request.set_items(items);
    request.set_group(ids::Name("groups", group));
    request.set_delivery(ids::Name("deliveries", ids::NewUuid()));
    request.set_departure_reason("試験");
    return request;
  }
  // Returns the delivery.
  std::string Give(const pb::Lot& lot, int64_t items, const std::string& group = kGroup,
                   const std::string& place = "") {
    const auto given = Call(&Stub::IssueStock, "coordinator", Giving(lot, items, group, place));
    EXPECT_THAT(given, IsOk());
    return given.ok() ? given->movement().delivery() : "";
  }
  void Confirm(const std::string& delivery) {
    pb::ConfirmReceiptRequest request;
    request.set_request_id(ids::NewUuid());
    request.set_delivery(delivery);
    EXPECT_THAT(Call(&Stub::ConfirmReceipt, "coordinator", request), IsOk());
  }
  pb::PassOnRequest PassingOn(const pb::Lot& lot, int64_t items) {
    pb::PassOnRequest request;
    request.set_request_id(ids::NewUuid());
    request.set_from_group(ids::Name("groups", kGroup));
    request.set_to_group(ids::Name("groups", kOtherGroup));
    request.set_lot(lot.name());
    request.set_items(items);
    request.set_delivery(ids::Name("deliveries", ids::NewUuid()));
    return request;
  }
  // From the hub to the group that it serves. Returns the delivery.
  std::string PassOn(const pb::Lot& lot, int64_t items) {
    const auto passed = Call(&Stub::PassOn, "group", PassingOn(lot, items));
    EXPECT_THAT(passed, IsOk());
    return passed.ok() ? passed->movement().delivery() : "";
  }
  pb::DeliverDirectRequest Direct(int64_t items, const std::string& number) {
    pb::DeliverDirectRequest request;
    request.set_request_id(ids::NewUuid());
    request.set_offer_line(registers_.offer.lines(0).name());
    request.set_donor_lot_number(number);
    request.set_items(items);
    request.set_group(ids::Name("groups", kGroup));
    request.set_delivery(ids::Name("deliveries", ids::NewUuid()));
    return request;
  }
  // To the second warehouse. Returns the transfer.
  std::string Send(const pb::Lot& lot, int64_t items) {
    pb::SendTransferRequest request;
    request.set_request_id(ids::NewUuid());
    request.set_transfer_id(ids::NewUuid());
    request.set_to_warehouse(ids::Name("warehouses", kOtherWarehouse));
    pb::TransferGoods& goods = *request.add_goods();
    goods.set_lot(lot.name());
    goods.set_place(shelf_);
    goods.set_items(items);
    const auto sent = Call(&Stub::SendTransfer, "coordinator", request);
    EXPECT_THAT(sent, IsOk());
    return sent.ok() ? sent->transfer().name() : "";
  }
  void Arrive(const std::string& transfer, const pb::Lot& lot, int64_t items, int64_t short_items = 0) {
    pb::ReceiveTransferRequest request;
    request.set_request_id(ids::NewUuid());
    request.set_transfer(transfer);
    pb::ArrivedGoods& goods = *request.add_goods();
    goods.set_lot(lot.name());
    goods.set_place(west_);
    goods.set_items(items);
    goods.set_short_items(short_items);
    if (short_items > 0) goods.set_reason("DAMAGED");
    EXPECT_THAT(Call(&Stub::ReceiveTransfer, "coordinator", request), IsOk());
  }
  // From and onto the first shelf: each lot with the items that go in; each output's product ("": the input's) and
  // items.
  pb::TransformStockRequest Making(pb::TransformationKind kind, const std::vector<std::pair<pb::Lot, int64_t>>& inputs,
                                   const std::vector<std::pair<std::string, int64_t>>& outputs) {
    pb::TransformStockRequest request;
    request.set_request_id(ids::NewUuid());
    request.set_transformation_id(ids::NewUuid());
    request.set_kind(kind);
    for (const auto& [lot, items] : inputs) {
      pb::TransferGoods& input = *request.add_inputs();
      input.set_lot(lot.name());
      input.set_place(shelf_);
      input.set_items(items);
    }
    for (const auto& [product, items] : outputs) {
      pb::TransformationOutput& output = *request.add_outputs();
      output.set_product(product);
      output.set_place(shelf_);
      output.set_items(items);
      // Parts of a split are told apart by their numbers.
      if (kind == pb::TRANSFORMATION_KIND_SPLIT) output.set_donor_lot_number(absl::StrCat("S", request.outputs_size()));
    }
    return request;
  }
  pb::TransformStockResponse Make(pb::TransformationKind kind, const std::vector<std::pair<pb::Lot, int64_t>>& inputs,
                                  const std::vector<std::pair<std::string, int64_t>>& outputs) {
    const auto made = Call(&Stub::TransformStock, "manager", Making(kind, inputs, outputs));
    EXPECT_THAT(made, IsOk());
    return made.ok() ? *made : pb::TransformStockResponse();
  }
  absl::StatusOr<pb::DiscardStockResponse> Discard(const pb::Lot& lot, const std::string& place, int64_t items) {
    pb::DiscardStockRequest request;
    request.set_request_id(ids::NewUuid());
    request.set_lot(lot.name());
    request.set_place(place);
    request.set_items(items);
    request.set_reason("DAMAGED");
    return Call(&Stub::DiscardStock, "coordinator", request);
  }
  absl::StatusOr<pb::ReturnStockResponse> Return(const pb::Lot& lot, const std::string& from, const std::string& to,
                                                 int64_t items, const std::string& recall = "") {
    pb::ReturnStockRequest request;
    request.set_request_id(ids::NewUuid());
    request.set_lot(lot.name());
    request.set_from(from);
    request.set_to(to);
    request.set_items(items);
    request.set_reason(recall.empty() ? "NOT_NEEDED" : "RECALLED");
    request.set_recall(recall);
    return Call(&Stub::ReturnStock, "coordinator", request);
  }
  absl::StatusOr<pb::AdjustStockResponse> Adjust(const pb::Lot& lot, const std::string& place, int64_t difference) {
    pb::AdjustStockRequest request;
    request.set_request_id(ids::NewUuid());
    request.set_lot(lot.name());
    request.set_place(place);
    request.set_difference(difference);
    request.set_reason("COUNTED");
    return Ask(&Stub::AdjustStock, "manager", request);
  }
  absl::StatusOr<pb::ReverseMovementResponse> Undo(const std::string& movement, const std::string& reason = "MISTAKE") {
    pb::ReverseMovementRequest request;
    request.set_request_id(ids::NewUuid());
    request.set_movement(movement);
    request.set_reason(reason);
    return Call(&Stub::ReverseMovement, "coordinator", request);
  }
  pb::Lot Look(const pb::Lot& lot) {
    pb::GetLotRequest request;
    request.set_name(lot.name());
    const auto found = Call(&Stub::GetLot, "auditor", request);
    EXPECT_THAT(found, IsOk());
    return found.ok() ? *found : pb::Lot();
  }

  // Recalls ----------------------------------------------------------------------------------------------------------

  static pb::Goods GoodsOf(const std::vector<pb::Lot>& lots) {
    pb::Goods goods;
    for (const pb::Lot& lot : lots) goods.add_lots(lot.name());
    return goods;
  }
  // "2027-03-31", "2027-03" or "": any; of any kind.
  static pb::Goods GoodsBy(const std::string& gtin, const std::string& date = "", const std::string& number = "") {
    pb::Goods goods;
    goods.set_gtin(gtin);
    if (!date.empty()) goods.mutable_good_until()->set_date(date);
    goods.set_donor_lot_number(number);
    return goods;
  }
  pb::OpenRecallRequest Opening(const pb::Goods& goods, bool drill = false) {
    pb::OpenRecallRequest request;
    request.set_request_id(ids::NewUuid());
    request.set_recall_id(ids::NewUuid());
    request.set_title("架空めんの回収");
    request.set_message("異物のおそれがあります。使わずに分けて保管してください。");
    *request.mutable_goods() = goods;
    request.set_drill(drill);
    return request;
  }
  pb::Recall Open(const pb::Goods& goods, bool drill = false) {
    const auto opened = Ask(&Recalls::OpenRecall, "coordinator", Opening(goods, drill));
    EXPECT_THAT(opened, IsOk());
    return opened.ok() ? *opened : pb::Recall();
  }
  pb::Recall Get(const pb::Recall& recall, const std::string& who = "auditor") {
    pb::GetRecallRequest request;
    request.set_name(recall.name());
    const auto found = Ask(&Recalls::GetRecall, who, request);
    EXPECT_THAT(found, IsOk());
    return found.ok() ? *found : pb::Recall();
  }
  // As this caller sees them.
  std::vector<pb::RecallNotice> Notices(const pb::Recall& recall, const std::string& who = "coordinator") {
    pb::ListRecallNoticesRequest request;
    request.set_recall(recall.name());
    const auto listed = Ask(&Recalls::ListRecallNotices, who, request);
    EXPECT_THAT(listed, IsOk());
    if (!listed.ok()) return {};
    EXPECT_EQ(listed->next_page_token(), "");
    return {listed->notices().begin(), listed->notices().end()};
  }
  // To groups/{uuid} or warehouses/{uuid}.
  pb::RecallNotice NoticeTo(const pb::Recall& recall, const std::string& holder) {
    for (const pb::RecallNotice& notice : Notices(recall)) {
      if (notice.holder() == holder) return notice;
    }
    ADD_FAILURE() << "no notice to " << holder;
    return {};
  }
  pb::AnswerNoticeRequest Answering(const pb::RecallNotice& notice, const pb::Lot& lot, int64_t discarded,
                                    int64_t consumed = -1) {
    pb::AnswerNoticeRequest request;
    request.set_request_id(ids::NewUuid());
    request.set_name(notice.name());
    pb::NoticeAnswer& line = *request.add_lines();
    line.set_lot(lot.name());
    line.set_discarded_items(discarded);
    if (consumed >= 0) line.set_consumed_items(consumed);
    return request;
  }
  pb::CloseRecallRequest Closing(const pb::Recall& recall, const std::string& note = "") {
    pb::CloseRecallRequest request;
    request.set_request_id(ids::NewUuid());
    request.set_name(recall.name());
    request.set_note(note);
    return request;
  }

  const std::string hub_ = ids::Name("groups", kGroup), other_ = ids::Name("groups", kOtherGroup);
  const std::string east_house_ = ids::Name("warehouses", kWarehouse);
  const std::string west_house_ = ids::Name("warehouses", kOtherWarehouse);
  std::string west_;

  rpc::TestServer beside_{{.workers = 8, .max_queue = 64}};
  prometheus::Registry beside_metrics_;
  AttemptLog attempts_{pool_, clock_, beside_metrics_};
  LedgerWriter watched_writer_{ledger_,
                               clock_,
                               beside_metrics_,
                               {.decided = [this](const auto& network, const auto& command, const auto& result) {
                                 attempts_.Decided(network, command, result);
                               }}};
  const Context context_{pool_, ledger_, watched_writer_, catalogue_, reading_, registers_, clock_, rules_};
  StockService movements_{beside_.dispatcher(), context_, 2};
  RecallsService recalls_{beside_.dispatcher(), context_};
  AlertsService alerts_{beside_.dispatcher(), context_};
  std::unique_ptr<Recalls> recalls_stub_;
  std::unique_ptr<Alerts> alerts_stub_;
  std::unique_ptr<Stub> watched_stub_;
};

}  // namespace kubari::stock::testing
