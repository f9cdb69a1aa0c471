// Movements over the wire: requests that a test changes where it matters, and what every method promises alike.
#pragma once

#include <google/protobuf/util/message_differencer.h>

#include <string>
#include <utility>
#include <vector>

#include "services/stock/service_testing.h"

namespace kubari::stock::testing {

using errors::FailsBecause;
using errors::FailsWith;
using errors::Violates;

MATCHER_P2(SaysInBoth, english, japanese, "") {
  const absl::Status status = errors::TestedStatus(arg);
  const std::string en = errors::MessageIn("en", status), ja = errors::MessageIn("ja", status);
  *result_listener << en << " / " << ja;
  return en.find(english) != std::string::npos && ja.find(japanese) != std::string::npos;
}

inline bool Same(const google::protobuf::Message& a, const google::protobuf::Message& b) {
  return google::protobuf::util::MessageDifferencer::Equals(a, b);
}

// Beside ServiceTest's warehouse of kOperator a second one, WEST, which kOtherOperator ("stranger") runs.
class MovementsTest : public ServiceTest {
 protected:
  MovementsTest() { west_ = AddWest(); }

  // Requests
  // -----------------------------------------------------------------------------------------------------------

  // Goods of the offer line that say another date, "" for that of the offer, and lot number.
  pb::Lot ReceiveDated(int64_t items, const std::string& date, const std::string& place = "",
                       const std::string& number = "") {
    pb::ReceiveStockRequest request = Receiving(items);
    if (!place.empty()) request.set_place(place);
    if (!date.empty()) *request.mutable_good_until() = BestBefore(date);
    request.set_donor_lot_number(number);
    const auto received = Call(&Stub::ReceiveStock, "coordinator", request);
    EXPECT_THAT(received, IsOk());
    return received.ok() ? received->lot() : pb::Lot();
  }
  static type::v1::GoodUntil BestBefore(const std::string& date) {
    type::v1::GoodUntil good_until;
    good_until.set_kind(type::v1::DATE_KIND_BEST_BEFORE);
    good_until.set_date(date);
    return good_until;
  }
  static type::v1::GoodUntil UseBy(const std::string& date) {
    type::v1::GoodUntil good_until = BestBefore(date);
    good_until.set_kind(type::v1::DATE_KIND_USE_BY);
    return good_until;
  }
  pb::TransferStockRequest Moving(const pb::Lot& lot, int64_t items) {
    pb::TransferStockRequest request = Begin<pb::TransferStockRequest>(lot, items);
    request.set_from_place(shelf_);
    request.set_to_place(second_);
    return request;
  }
  pb::SendTransferRequest Sending(const pb::Lot& lot, int64_t items) {
    pb::SendTransferRequest request;
    request.set_request_id(ids::NewUuid());
    request.set_transfer_id(ids::NewUuid());
    request.set_to_warehouse(ids::Name("warehouses", kOtherWarehouse));
    AddGoods(*request.mutable_goods(), lot, shelf_, items);
    return request;
  }
  pb::ReceiveTransferRequest Arriving(const std::string& transfer, const pb::Lot& lot, int64_t items,
                                      int64_t short_items = 0) {
    pb::ReceiveTransferRequest request;
    request.set_request_id(ids::NewUuid());
    request.set_transfer(transfer);
    pb::ArrivedGoods& goods = *request.add_goods();
    goods.set_lot(lot.name());
    if (items > 0) goods.set_place(west_);
    goods.set_items(items);
    goods.set_short_items(short_items);
    if (short_items > 0) goods.set_reason("DAMAGED");
    return request;
  }
  pb::DeliverDirectRequest Directly(int64_t items) {
    pb::DeliverDirectRequest request;
    request.set_request_id(ids::NewUuid());
    request.set_offer_line(registers_.offer.lines(0).name());
    request.set_items(items);
    request.set_group(ids::Name("groups", kGroup));
    request.set_delivery(ids::Name("deliveries", ids::NewUuid()));
    return request;
  }
  pb::PassOnRequest PassingOn(const pb::Lot& lot, int64_t items) {
    pb::PassOnRequest request = Begin<pb::PassOnRequest>(lot, items);
    request.set_from_group(ids::Name("groups", kGroup));
    request.set_to_group(ids::Name("groups", kOtherGroup));
    request.set_delivery(ids::Name("deliveries", ids::NewUuid()));
    return request;
  }
  pb::ReturnStockRequest Returning(const pb::Lot& lot, int64_t items, const std::string& from, const std::string& to) {
    pb::ReturnStockRequest request = Begin<pb::ReturnStockRequest>(lot, items);
    request.set_from(from);
    request.set_to(to);
    request.set_reason("NOT_NEEDED");
    return request;
  }
  pb::DiscardStockRequest Discarding(const pb::Lot& lot, int64_t items, const std::string& place) {
    pb::DiscardStockRequest request = Begin<pb::DiscardStockRequest>(lot, items);
    request.set_place(place);
    request.set_reason("DAMAGED");
    return request;
  }
  pb::AdjustStockRequest Adjusting(const pb::Lot& lot, int64_t difference) {
    pb::AdjustStockRequest request;
    request.set_request_id(ids::NewUuid());
    request.set_lot(lot.name());
    request.set_place(shelf_);
    request.set_difference(difference);
    request.set_reason("COUNTED");
    return request;
  }
  pb::ReverseMovementRequest Reversing(const pb::Movement& movement) {
    pb::ReverseMovementRequest request;
    request.set_request_id(ids::NewUuid());
    request.set_movement(movement.name());
    request.set_reason("MISTAKE");
    return request;
  }
  pb::ConfirmReceiptRequest Confirming(const std::string& delivery) {
    pb::ConfirmReceiptRequest request;
    request.set_request_id(ids::NewUuid());
    request.set_delivery(delivery);
    return request;
  }
  // Kits of the first product; say what goes in.
  pb::TransformStockRequest Kitting(const std::vector<std::pair<pb::Lot, int64_t>>& inputs, int64_t kits,
                                    const std::string& product) {
    pb::TransformStockRequest request;
    request.set_request_id(ids::NewUuid());
    request.set_transformation_id(ids::NewUuid());
    request.set_kind(pb::TRANSFORMATION_KIND_KIT);
    for (const auto& [lot, items] : inputs) AddGoods(*request.mutable_inputs(), lot, shelf_, items);
    AddOutput(request, product, kits);
    return request;
  }
  void AddOutput(pb::TransformStockRequest& request, const std::string& product, int64_t items) {
    pb::TransformationOutput& output = *request.add_outputs();
    output.set_product(product);
    output.set_place(shelf_);
    output.set_items(items);
  }
  template <typename Goods>
  static void AddGoods(Goods& all, const pb::Lot& lot, const std::string& place, int64_t items) {
    auto& goods = *all.Add();
    goods.set_lot(lot.name());
    goods.set_place(place);
    goods.set_items(items);
  }
  // products/{uuid}
  std::string AddProduct(const std::string& name, const std::string& gtin, int64_t grams,
                         type::v1::TemperatureZone zone = type::v1::TEMPERATURE_ZONE_AMBIENT) {
    pb::CreateProductRequest request;
    request.set_request_id(ids::NewUuid());
    request.mutable_product()->set_gtin(gtin);
    request.mutable_product()->set_display_name(name);
    request.mutable_product()->set_category(type::v1::FOOD_CATEGORY_PREPARED);
    request.mutable_product()->set_item_grams(grams);
    request.mutable_product()->set_items_per_case(6);
    request.mutable_product()->set_temperature_zone(zone);
    const auto made = Call(&Stub::CreateProduct, "coordinator", request);
    EXPECT_THAT(made, IsOk());
    return made.ok() ? made->name() : "";
  }

  // What is so
  // ---------------------------------------------------------------------------------------------------------

  // On hand and reserved of a lot on a shelf.
  Balance On(const std::string& place, const pb::Lot& lot) {
    pb::ListBalancesRequest request;
    request.set_lot(lot.name());
    const auto listed = Call(&Stub::ListBalances, "coordinator", request);
    EXPECT_THAT(listed, IsOk());
    if (!listed.ok()) return {};
    for (const pb::Balance& one : listed->balances()) {
      if (one.place().name() == place) return {one.on_hand(), one.reserved()};
    }
    return {};
  }
  // Of a place by its kind, as the trace tells.
  int64_t Held(const pb::Lot& lot, pb::PlaceKind kind) {
    pb::TraceLotRequest request;
    request.set_lot(lot.name());
    const auto traced = Call(&Stub::TraceLot, "coordinator", request);
    EXPECT_THAT(traced, IsOk());
    int64_t held = 0;
    if (!traced.ok()) return held;
    for (const pb::Holder& holder : traced->holders()) held += holder.place().kind() == kind ? holder.items() : 0;
    return held;
  }
  // Goods that kGroup has received and holds.
  pb::Lot GroupHolds(int64_t items) {
    const pb::Lot lot = Receive(items);
    pb::IssueStockRequest issue = Issuing(lot, items);
    issue.set_delivery(ids::Name("deliveries", ids::NewUuid()));
    EXPECT_THAT(Call(&Stub::IssueStock, "manager", issue), IsOk());
    EXPECT_THAT(Call(&Stub::ConfirmReceipt, "group", Confirming(issue.delivery())), IsOk());
    return lot;
  }

  // Promises
  // -----------------------------------------------------------------------------------------------------------

  // The same request again gives the same answer and does nothing; with another content it is refused.
  template <typename Method, typename Request, typename Response>
  void RepeatsAlike(Method method, const std::string& who, Request request, const Response& first) {
    const auto again = Call(method, who, request);
    ASSERT_THAT(again, IsOk());
    EXPECT_TRUE(Same(*again, first)) << again->DebugString() << "\ninstead of\n" << first.DebugString();
    request.set_note("別の内容");
    EXPECT_THAT(Call(method, who, request), FailsBecause("REQUEST_ID_REUSED"));
  }

  std::string west_;

 private:
  template <typename Request>
  static Request Begin(const pb::Lot& lot, int64_t items) {
    Request request;
    request.set_request_id(ids::NewUuid());
    request.set_lot(lot.name());
    request.set_items(items);
    return request;
  }
};

}  // namespace kubari::stock::testing
