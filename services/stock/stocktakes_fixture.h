// What the tests of stocktakes share: phones, reviewers and the service over the wire, with a real database and the real
// ledger.
#pragma once

#include <gmock/gmock.h>
#include <google/protobuf/util/message_differencer.h>
#include <gtest/gtest.h>

#include "services/stock/service_testing.h"
#include "services/stock/stocktakes_service.h"

namespace kubari::stock {

using namespace testing;  // NOLINT: of tests alone
using errors::FailsBecause;
using errors::FailsWith;
using errors::Violates;
using google::protobuf::util::MessageDifferencer;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using Stocktakes = v1::StocktakesService::Stub;

class StocktakesTest : public ServiceTest {
 protected:
  StocktakesTest() {
    const auto add = [&](const char* token, const std::string& organisation, Role role) {
      auth::Principal who = rpc::Person(kNetwork, organisation, role);
      who.subject = Subject(token);
      counting_.authenticator().Add(token, who);
    };
    for (const char* volunteer : {"aki", "ben", "chie", "dai", "emi", "fumi", "gen", "hana"}) {
      add(volunteer, kOperator, type::v1::ROLE_VOLUNTEER);
    }
    add("manager", kOperator, type::v1::ROLE_WAREHOUSE_MANAGER);
    add("stranger", kOtherOperator, type::v1::ROLE_WAREHOUSE_MANAGER);
    add("strange volunteer", kOtherOperator, type::v1::ROLE_VOLUNTEER);
    add("coordinator", Id(2, 9), type::v1::ROLE_COORDINATOR);
    add("auditor", Id(2, 8), type::v1::ROLE_AUDITOR);
    add("group", kGroup, type::v1::ROLE_GROUP);
    counting_.Start({&stocktakes_});
    stocktakes_stub_ = v1::StocktakesService::NewStub(counting_.channel());
  }
  ~StocktakesTest() override { counting_.Stop(); }

  static std::string Subject(const std::string& token) { return "people/" + ids::DeriveV5(kNetwork, token); }

  template <typename Base, typename Request, typename Response>
  absl::StatusOr<Response> Ask(grpc::Status (Base::*method)(grpc::ClientContext*, const Request&, Response*),
                               const std::string& who, const Request& request) {
    return rpc::Invoke(method, *stocktakes_stub_, counting_.As(who), request);
  }
  // With a new request id.
  template <typename Base, typename Request, typename Response>
  absl::StatusOr<Response> Do(grpc::Status (Base::*method)(grpc::ClientContext*, const Request&, Response*),
                              const std::string& who, Request request) {
    request.set_request_id(ids::NewUuid());
    return Ask(method, who, request);
  }

  // Minutes after the clock's start; everything happens on one day.
  absl::Time At(int minute) const { return start_ + absl::Minutes(minute); }
  void SetMinute(int minute) { clock_.Set(At(minute)); }

  // A lot of its own.
  pb::Lot Stock(int64_t items, const std::string& number, const std::string& place = "") {
    pb::ReceiveStockRequest request = Receiving(items);
    request.set_donor_lot_number(number);
    if (!place.empty()) request.set_place(place);
    const auto response = Call(&Stub::ReceiveStock, "volunteer", request);
    EXPECT_THAT(response, IsOk());
    return response.ok() ? response->lot() : pb::Lot();
  }
  // Goods leave the shelf; `minute`: when, as their phone says.
  absl::StatusOr<pb::DiscardStockResponse> TakeAway(const pb::Lot& lot, int64_t items, int minute) {
    pb::DiscardStockRequest request;
    request.set_request_id(ids::NewUuid());
    request.set_lot(lot.name());
    request.set_place(shelf_);
    request.set_items(items);
    request.set_reason("DAMAGED");
    SetTime(At(minute), request.mutable_occurred_time());
    return Call(&Stub::DiscardStock, "volunteer", request);
  }
  absl::StatusOr<pb::ReverseMovementResponse> Undo(const std::string& movement, const std::string& reason) {
    pb::ReverseMovementRequest request;
    request.set_request_id(ids::NewUuid());
    request.set_movement(movement);
    request.set_reason(reason);
    return Call(&Stub::ReverseMovement, "manager", request);
  }
  int64_t OnHand(const pb::Lot& lot, const std::string& place = "") {
    pb::ListBalancesRequest request;
    request.set_lot(lot.name());
    const auto response = Call(&Stub::ListBalances, "auditor", request);
    EXPECT_THAT(response, IsOk());
    for (const pb::Balance& balance : response->balances()) {
      if (balance.place().name() == (place.empty() ? shelf_ : place)) return balance.on_hand();
    }
    return 0;
  }
  std::vector<pb::Movement> Adjustments(const pb::Lot& lot) {
    pb::ListMovementsRequest request;
    request.set_lot(lot.name());
    const auto response = Call(&Stub::ListMovements, "auditor", request);
    EXPECT_THAT(response, IsOk());
    std::vector<pb::Movement> found;
    for (const pb::Movement& movement : response->movements()) {
      if (movement.kind() == pb::MOVEMENT_KIND_ADJUST) found.push_back(movement);
    }
    return found;
  }

  pb::OpenStocktakeRequest Opening(const std::vector<std::string>& places = {}) {
    pb::OpenStocktakeRequest request;
    request.set_request_id(ids::NewUuid());
    request.set_stocktake_id(ids::NewUuid());
    request.set_title("十二月の棚卸");
    request.set_warehouse(ids::Name("warehouses", kWarehouse));
    for (const std::string& place : places) request.add_places(place);
    return request;
  }
  std::string Open(const std::vector<std::string>& places = {}) {
    const auto opened = Ask(&Stocktakes::OpenStocktake, "manager", Opening(places));
    EXPECT_THAT(opened, IsOk());
    return opened.ok() ? opened->name() : "";
  }
  // Loose items on the first shelf; `minute`: when, as the phone says; −1: now.
  pb::RecordCountRequest Counting(const std::string& stocktake, const pb::Lot& lot, int64_t items, int minute = -1,
                                  pb::CountMode mode = pb::COUNT_MODE_UNSPECIFIED) {
    pb::RecordCountRequest request;
    request.set_request_id(ids::NewUuid());
    request.set_stocktake(stocktake);
    request.set_lot(lot.name());
    request.set_place(shelf_);
    request.set_loose_items(items);
    request.set_mode(mode);
    if (minute >= 0) SetTime(At(minute), request.mutable_counted_time());
    return request;
  }
  pb::StocktakeLine Count(const std::string& who, const pb::RecordCountRequest& request) {
    const auto line = Ask(&Stocktakes::RecordCount, who, request);
    EXPECT_THAT(line, IsOk());
    return line.ok() ? *line : pb::StocktakeLine();
  }
  pb::Stocktake Get(const std::string& stocktake) {
    pb::GetStocktakeRequest request;
    request.set_name(stocktake);
    const auto found = Ask(&Stocktakes::GetStocktake, "auditor", request);
    EXPECT_THAT(found, IsOk());
    return found.ok() ? *found : pb::Stocktake();
  }
  std::vector<pb::StocktakeLine> Lines(const std::string& stocktake, std::vector<pb::LineState> states = {}) {
    pb::ListStocktakeLinesRequest request;
    request.set_stocktake(stocktake);
    for (const pb::LineState state : states) request.add_states(state);
    const auto response = Ask(&Stocktakes::ListStocktakeLines, "auditor", request);
    EXPECT_THAT(response, IsOk());
    if (!response.ok()) return {};
    EXPECT_EQ(response->next_page_token(), "");
    return {response->lines().begin(), response->lines().end()};
  }
  pb::StocktakeLine LineOf(const std::string& stocktake, const pb::Lot& lot) {
    for (const pb::StocktakeLine& line : Lines(stocktake)) {
      if (line.lot().name() == lot.name()) return line;
    }
    ADD_FAILURE() << "no line of " << lot.code();
    return {};
  }
  template <typename Request>
  static Request Named(const std::string& stocktake) {
    Request request;
    request.set_request_id(ids::NewUuid());
    request.set_name(stocktake);
    return request;
  }
  absl::StatusOr<pb::Stocktake> Review(const std::string& stocktake) {
    return Ask(&Stocktakes::ReviewStocktake, "manager", Named<pb::ReviewStocktakeRequest>(stocktake));
  }
  absl::StatusOr<pb::Stocktake> Reopen(const std::string& stocktake) {
    return Ask(&Stocktakes::ReopenStocktake, "manager", Named<pb::ReopenStocktakeRequest>(stocktake));
  }
  absl::StatusOr<pb::Stocktake> Cancel(const std::string& stocktake) {
    return Ask(&Stocktakes::CancelStocktake, "manager", Named<pb::CancelStocktakeRequest>(stocktake));
  }
  absl::StatusOr<pb::PostStocktakeResponse> Post(const std::string& stocktake) {
    return Ask(&Stocktakes::PostStocktake, "manager", Named<pb::PostStocktakeRequest>(stocktake));
  }
  pb::SettleLineRequest Settling(const std::string& stocktake, const pb::Lot& lot, const std::string& reason) {
    pb::SettleLineRequest request;
    request.set_request_id(ids::NewUuid());
    request.set_stocktake(stocktake);
    request.set_lot(lot.name());
    request.set_place(shelf_);
    request.set_reason(reason);
    return request;
  }
  absl::StatusOr<pb::StocktakeLine> Settle(const pb::SettleLineRequest& request) {
    return Ask(&Stocktakes::SettleLine, "manager", request);
  }
  absl::StatusOr<pb::StocktakeLine> Retract(const std::string& who, const std::string& count) {
    return Ask(&Stocktakes::RetractCount, who, Named<pb::RetractCountRequest>(count));
  }
  Context ContextWith(LedgerWriter& writer) {
    return {pool_, ledger_, writer, catalogue_, reading_, registers_, clock_, rules_};
  }

  const absl::Time start_ = clock_.Now();
  rpc::TestServer counting_{{.workers = 8, .max_queue = 64}};
  StocktakesService stocktakes_{counting_.dispatcher(), ContextWith(writer_)};
  std::unique_ptr<Stocktakes> stocktakes_stub_;
};

}  // namespace kubari::stock
