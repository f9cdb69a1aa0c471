// The whole service in this process over the real wire: PostgreSQL, and stock, groups and donors played by small fakes.
#pragma once

#include <gmock/gmock.h>
#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "kubari/donors/v1/donors.grpc.pb.h"
#include "kubari/groups/v1/groups.grpc.pb.h"
#include "kubari/groups/v1/needs.grpc.pb.h"
#include "kubari/stock/v1/stock.grpc.pb.h"
#include "libs/errors/testing.h"
#include "libs/ids/ids.h"
#include "libs/pg/testing/database.h"
#include "libs/rpc/testing.h"
#include "services/allocation/feed_effects.h"
#include "services/allocation/migrations/migrations.h"
#include "services/allocation/reoffer.h"
#include "services/allocation/service.h"
#include "services/allocation/test_network.h"

namespace kubari::allocation {

using Stub = pb::AllocationService::Stub;

inline constexpr char kServiceKey[] = "0123456789abcdef0123456789abcdef";
inline const std::string kNetwork = Uuid(90);
inline const std::string kOtherNetwork = Uuid(91);

// Items a page of a fake's list: small, so that paging is needed.
inline constexpr int kFakePage = 2;

template <typename Items, typename Add>
std::string FakePage(const std::string& token, const Items& items, Add add) {
  const size_t first = token.empty() ? 0 : std::stoul(token);
  for (size_t i = first; i < std::min<size_t>(items.size(), first + kFakePage); ++i) add(items[i]);
  return first + kFakePage < items.size() ? std::to_string(first + kFakePage) : "";
}

// A ledger with the real one's promises: request ids, free stock, reservations, a feed. It can be told to fail.
class FakeStock final : public stock::v1::StockService::Service {
 public:
  std::mutex mutex;
  std::vector<stock::v1::Balance> balances;
  stock::v1::StockRules rules;
  std::map<std::string, stock::v1::Reservation> reservations;
  feed::Entries entries;  // everything that happened
  std::vector<std::string> actors;
  int mutations = 0;                                     // calls that changed something
  int reserve_calls = 0;                                 // all of them
  int reachable_reserves = 1'000'000;                    // then UNAVAILABLE
  int lost_answers = 0;                                  // so many mutations happen, and their answers are lost
  bool extend_fails = false;                             // UNAVAILABLE
  std::set<std::string> departures;                      // lots that other lots, which expire earlier, should go before
  std::map<std::string, std::string> departure_reasons;  // reservation → what was said

  grpc::Status ListWarehouses(grpc::ServerContext*, const stock::v1::ListWarehousesRequest*,
                              stock::v1::ListWarehousesResponse* response) override {
    *response->add_warehouses() = MakeWarehouse();
    return grpc::Status::OK;
  }
  grpc::Status GetProduct(grpc::ServerContext*, const stock::v1::GetProductRequest* request,
                          stock::v1::Product* response) override {
    response->set_name(request->name());
    response->set_category(type::v1::FOOD_CATEGORY_RICE);
    response->set_milli_person_days(100);
    return grpc::Status::OK;
  }
  grpc::Status GetStockRules(grpc::ServerContext*, const stock::v1::GetStockRulesRequest*,
                             stock::v1::StockRules* response) override {
    const std::lock_guard lock(mutex);
    *response = rules;
    return grpc::Status::OK;
  }
  grpc::Status ListBalances(grpc::ServerContext*, const stock::v1::ListBalancesRequest* request,
                            stock::v1::ListBalancesResponse* response) override {
    const std::lock_guard lock(mutex);
    EXPECT_TRUE(request->free_only());
    response->set_next_page_token(
        FakePage(request->page_token(), balances, [&](const auto& b) { *response->add_balances() = b; }));
    return grpc::Status::OK;
  }

  grpc::Status ReserveStock(grpc::ServerContext* context, const stock::v1::ReserveStockRequest* request,
                            stock::v1::ReserveStockResponse* response) override {
    {
      const std::lock_guard lock(mutex);
      if (++reserve_calls > reachable_reserves) return grpc::Status(grpc::StatusCode::UNAVAILABLE, "away");
    }
    return Once(context, *request, [&]() -> absl::Status {
      if (departures.contains(request->lot()) && request->departure_reason().empty()) {
        return errors::Make(absl::StatusCode::kFailedPrecondition, "FEFO_DEPARTURE", "Another expires earlier.",
                            "先に期限が来るロットがあります。");
      }
      departure_reasons["reservations/" + request->reservation_id()] = request->departure_reason();
      stock::v1::Balance& balance = BalanceOf(request->lot());
      if (balance.free() < request->items()) {
        return errors::Make(absl::StatusCode::kFailedPrecondition, "INSUFFICIENT_STOCK", "Not enough.",
                            "在庫が足りません。");
      }
      balance.set_reserved(balance.reserved() + request->items());
      balance.set_free(balance.free() - request->items());
      stock::v1::Reservation& made = reservations["reservations/" + request->reservation_id()];
      EXPECT_EQ(made.items(), 0) << "reserved twice";
      made.set_name("reservations/" + request->reservation_id());
      made.set_lot(request->lot());
      made.set_place(request->place());
      made.set_group(request->group());
      made.set_delivery(request->delivery());
      made.set_items(request->items());
      made.set_open_items(request->items());
      *made.mutable_expire_time() = request->expire_time();
      Record(stock::v1::MOVEMENT_KIND_RESERVE, made, request->items(), request->request_id());
      return absl::OkStatus();
    });
  }
  grpc::Status VoidReservation(grpc::ServerContext* context, const stock::v1::VoidReservationRequest* request,
                               stock::v1::VoidReservationResponse* response) override {
    return Once(context, *request, [&]() -> absl::Status {
      stock::v1::Reservation& reservation = reservations[request->name()];
      if (reservation.open_items() == 0) return Closed();
      Release(stock::v1::MOVEMENT_KIND_VOID, reservation,
              request->items() == 0 ? reservation.open_items() : request->items(), request->request_id());
      return absl::OkStatus();
    });
  }
  grpc::Status ExtendReservation(grpc::ServerContext* context, const stock::v1::ExtendReservationRequest* request,
                                 stock::v1::ExtendReservationResponse* response) override {
    if (extend_fails) return grpc::Status(grpc::StatusCode::UNAVAILABLE, "away");
    return Once(context, *request, [&]() -> absl::Status {
      stock::v1::Reservation& reservation = reservations[request->name()];
      if (reservation.open_items() == 0) return Closed();
      *reservation.mutable_expire_time() = request->expire_time();
      return absl::OkStatus();
    });
  }

  // What others do in the ledger. `reservation` is "reservations/{uuid}". Return the movement's name.
  std::string Issue(const std::string& reservation, int64_t items) {
    const std::lock_guard lock(mutex);
    stock::v1::Reservation& found = reservations.at(reservation);
    found.set_open_items(found.open_items() - items);
    return Record(stock::v1::MOVEMENT_KIND_ISSUE, found, items);
  }
  void Give(stock::v1::MovementKind kind, const std::string& reservation, int64_t items) {  // VOID, EXPIRE
    const std::lock_guard lock(mutex);
    Release(kind, reservations.at(reservation), items, ids::NewUuid());
  }
  // CONFIRM or SHORTAGE: by delivery and lot.
  std::string Arrive(stock::v1::MovementKind kind, const std::string& reservation, int64_t items) {
    const std::lock_guard lock(mutex);
    stock::v1::Reservation known = reservations.at(reservation);
    known.clear_name();
    return Record(kind, known, items);
  }
  void Reverse(const std::string& reservation, const std::string& movement, stock::v1::MovementKind kind,
               int64_t items) {
    const std::lock_guard lock(mutex);
    stock::v1::Reservation known = reservations.at(reservation);
    known.clear_name();
    Record(stock::v1::MOVEMENT_KIND_REVERSAL, known, items);
    TakesBack(movement, kind, -items);
  }
  // The reversal of a reversal, `movement`.
  void ReverseAgain(const std::string& reservation, const std::string& movement, stock::v1::MovementKind kind,
                    int64_t items) {
    Reverse(reservation, movement, kind, items);
    entries.rbegin()->mutable_movement()->set_effect_items(items);
  }
  // From one group to another: PASS_ON; then CONFIRM or SHORTAGE of that delivery.
  std::string PassOn(const std::string& lot, const std::string& from, const std::string& to, int64_t items,
                     const std::string& delivery) {
    const std::lock_guard lock(mutex);
    stock::v1::Reservation goods;
    goods.set_lot(lot);
    goods.set_group(to);
    goods.set_delivery(delivery);
    const std::string name = Record(stock::v1::MOVEMENT_KIND_PASS_ON, goods, items);
    entries.rbegin()->mutable_movement()->set_from_place("places/" + from.substr(from.find('/') + 1));
    return name;
  }
  std::string ArriveBy(stock::v1::MovementKind kind, const std::string& lot, const std::string& group, int64_t items,
                       const std::string& delivery) {
    const std::lock_guard lock(mutex);
    stock::v1::Reservation goods;
    goods.set_lot(lot);
    goods.set_group(group);
    goods.set_delivery(delivery);
    return Record(kind, goods, items);
  }
  // Of any movement.
  std::string ReverseMovement(const std::string& name) {
    const std::lock_guard lock(mutex);
    const stock::v1::Movement before =
        std::ranges::find_if(entries, [&](const auto& entry) { return entry.movement().name() == name; })->movement();
    stock::v1::Reservation goods;
    goods.set_lot(before.lot());
    goods.set_group(before.group());
    goods.set_delivery(before.delivery());
    const std::string reversal = Record(stock::v1::MOVEMENT_KIND_REVERSAL, goods, before.items());
    entries.rbegin()->mutable_movement()->set_from_place(before.to_place());
    entries.rbegin()->mutable_movement()->set_to_place(before.from_place());
    TakesBack(name, before.effect_kind(), -before.effect_items());
    return reversal;
  }
  std::string LastMovement() const { return entries.rbegin()->movement().name(); }
  // Without any line: goods of 100 milli-person-days an item; `place`: where a giving group has them.
  void HandOut(stock::v1::MovementKind kind, const std::string& group, int64_t items, const std::string& delivery = "",
               const std::string& place = "") {
    const std::lock_guard lock(mutex);
    stock::v1::Reservation none;
    none.set_lot("lots/" + Uuid(77));
    none.set_group(group);
    none.set_delivery(delivery);
    Record(kind, none, items);
    if (!place.empty()) entries.rbegin()->mutable_movement()->set_from_place(place);
  }

 private:
  void TakesBack(const std::string& movement, stock::v1::MovementKind kind, int64_t effect_items) {
    stock::v1::FeedEntry& entry = *entries.rbegin();
    entry.mutable_movement()->set_reverses(movement);
    entry.mutable_movement()->set_effect_kind(kind);
    entry.mutable_movement()->set_effect_items(effect_items);
    entry.set_reversed_kind(kind);
  }
  static absl::Status Closed() {
    return errors::Make(absl::StatusCode::kFailedPrecondition, "RESERVATION_CLOSED", "It is closed.",
                        "引当は終了しています。");
  }
  stock::v1::Balance& BalanceOf(const std::string& lot) {
    return *std::ranges::find_if(balances, [&](const auto& balance) { return balance.lot().name() == lot; });
  }
  void Release(stock::v1::MovementKind kind, stock::v1::Reservation& reservation, int64_t items,
               const std::string& request_id) {
    reservation.set_open_items(reservation.open_items() - items);
    stock::v1::Balance& balance = BalanceOf(reservation.lot());
    balance.set_reserved(balance.reserved() - items);
    balance.set_free(balance.free() + items);
    Record(kind, reservation, items, request_id);
  }
  std::string Record(stock::v1::MovementKind kind, const stock::v1::Reservation& reservation, int64_t items,
                     std::string request_id = "") {
    stock::v1::FeedEntry& entry = *entries.Add();
    stock::v1::Movement& movement = *entry.mutable_movement();
    movement.set_name("movements/" + ids::NewUuid());
    movement.set_position(entries.size() - 1);
    movement.set_kind(kind);
    movement.set_lot(reservation.lot());
    movement.set_from_place("places/" + Uuid(50));
    // Where what a group has got stands.
    movement.set_to_place("places/" + reservation.group().substr(reservation.group().find('/') + 1));
    movement.set_items(items);
    movement.set_effect_kind(kind);
    movement.set_effect_items(items);
    entry.mutable_lot()->set_milli_person_days(100);
    movement.set_reservation(reservation.name());
    movement.set_delivery(reservation.delivery());
    movement.set_group(reservation.group());
    movement.set_request_id(request_id.empty() ? ids::NewUuid() : request_id);
    movement.mutable_occurred_time()->set_seconds(1'795'000'000);
    return movement.name();
  }
  // With the service key only; a known request id answers again; other content is refused.
  template <typename Request, typename F>
  grpc::Status Once(grpc::ServerContext* context, const Request& request, F f) {
    const std::lock_guard lock(mutex);
    const auto metadata = [&](const char* key) {
      const auto found = context->client_metadata().find(key);
      return found == context->client_metadata().end() ? "" : std::string(found->second.data(), found->second.size());
    };
    EXPECT_EQ(metadata(rpc::kAuthorization), absl::StrCat("Bearer ", kServiceKey));
    EXPECT_EQ(metadata(rpc::kNetwork), kNetwork);
    EXPECT_EQ(metadata(rpc::kTimeZone), "Asia/Tokyo");
    const std::string content = request.GetTypeName() + request.SerializeAsString();
    const auto [known, is_new] = requests_.try_emplace(request.request_id(), content);
    if (!is_new) {
      EXPECT_EQ(known->second, content) << "a request id was used for two things";
      return known->second == content ? grpc::Status::OK
                                      : grpc::Status(grpc::StatusCode::ALREADY_EXISTS, "REQUEST_ID_REUSED");
    }
    const absl::Status status = f();
    if (!status.ok()) {
      requests_.erase(request.request_id());
      return errors::ToGrpc(status);
    }
    ++mutations;
    actors.push_back(metadata(rpc::kSubject));
    if (lost_answers > 0) {
      --lost_answers;
      return grpc::Status(grpc::StatusCode::UNAVAILABLE, "the answer was lost");
    }
    return grpc::Status::OK;
  }
  std::map<std::string, std::string> requests_;
};

class FakeGroups final : public groups::v1::GroupsService::Service {
 public:
  std::vector<groups::v1::Group> groups;
  grpc::Status ListGroups(grpc::ServerContext* context, const groups::v1::ListGroupsRequest* request,
                          groups::v1::ListGroupsResponse* response) override {
    token = std::string(context->client_metadata().find(rpc::kAuthorization)->second.data(),
                        context->client_metadata().find(rpc::kAuthorization)->second.size());
    std::vector<groups::v1::Group> wanted;
    for (const groups::v1::Group& group : groups) {
      if (std::ranges::count(request->states(), group.state()) > 0) wanted.push_back(group);
    }
    response->set_next_page_token(
        FakePage(request->page_token(), wanted, [&](const auto& g) { *response->add_groups() = g; }));
    return grpc::Status::OK;
  }
  grpc::Status GetGroup(grpc::ServerContext*, const groups::v1::GetGroupRequest* request,
                        groups::v1::Group* response) override {
    for (const groups::v1::Group& group : groups) {
      if (group.name() != request->name()) continue;
      *response = group;
      return grpc::Status::OK;
    }
    return errors::ToGrpc(errors::Make(absl::StatusCode::kNotFound, "GROUP_NOT_FOUND", "There is no such group.",
                                       "団体が見つかりません。"));
  }
  std::string token;  // of the last call
};

class FakeNeeds final : public groups::v1::NeedsService::Service {
 public:
  std::vector<groups::v1::Need> needs;
  std::string token;  // of the last call
  grpc::Status ListNeeds(grpc::ServerContext* context, const groups::v1::ListNeedsRequest* request,
                         groups::v1::ListNeedsResponse* response) override {
    EXPECT_THAT(request->states(), ::testing::ElementsAre(groups::v1::NEED_STATE_OPEN));
    const grpc::string_ref key = context->client_metadata().find(rpc::kAuthorization)->second;
    token = std::string(key.data(), key.size());
    response->set_next_page_token(
        FakePage(request->page_token(), needs, [&](const auto& n) { *response->add_needs() = n; }));
    return grpc::Status::OK;
  }
};

class FakeDonors final : public donors::v1::DonorsService::Service {
 public:
  std::vector<donors::v1::Donor> donors;
  std::vector<donors::v1::Offer> offers;
  grpc::Status ListOffers(grpc::ServerContext*, const donors::v1::ListOffersRequest* request,
                          donors::v1::ListOffersResponse* response) override {
    EXPECT_THAT(request->states(), ::testing::ElementsAre(donors::v1::OFFER_STATE_ACCEPTED));
    response->set_next_page_token(
        FakePage(request->page_token(), offers, [&](const auto& o) { *response->add_offers() = o; }));
    return grpc::Status::OK;
  }
  grpc::Status ListDonors(grpc::ServerContext*, const donors::v1::ListDonorsRequest* request,
                          donors::v1::ListDonorsResponse* response) override {
    response->set_next_page_token(
        FakePage(request->page_token(), donors, [&](const auto& d) { *response->add_donors() = d; }));
    return grpc::Status::OK;
  }
};

class AllocationTest : public ::testing::Test {
 protected:
  AllocationTest() {
    const auto add = [&](const char* token, const std::string& network, const std::string& organisation,
                         type::v1::Role role) {
      server_.authenticator().Add(token, rpc::Person(network, organisation, role));
    };
    add("coordinator", kNetwork, Uuid(80), type::v1::ROLE_COORDINATOR);
    add("auditor", kNetwork, Uuid(80), type::v1::ROLE_AUDITOR);
    add("volunteer", kNetwork, Uuid(80), type::v1::ROLE_VOLUNTEER);
    add("group 1", kNetwork, GroupName(1).substr(7), type::v1::ROLE_GROUP);
    add("group 2", kNetwork, GroupName(2).substr(7), type::v1::ROLE_GROUP);
    add("stranger", kOtherNetwork, Uuid(80), type::v1::ROLE_COORDINATOR);
    donors::v1::Donor donor;
    donor.set_name(kDonor);
    type::v1::Agreement& agreement = *donor.add_agreements();
    agreement.set_state(type::v1::AGREEMENT_STATE_SIGNED);
    agreement.set_valid_from_date("2026-01-01");
    donors_.donors = {donor};
    for (int lot = 1; lot <= 3; ++lot) AddBalance(lot, 60);
    for (int group = 1; group <= 3; ++group) groups_.groups.push_back(WithColdRooms(MakeGroup(group), 30));
    groups_.groups[2].add_excluded_allergens(type::v1::ALLERGEN_WHEAT);  // which no lot declares
    server_.Start({&service_, &market_});
    stub_ = pb::AllocationService::NewStub(server_.channel());
    market_stub_ = pb::MarketService::NewStub(server_.channel());
  }

  static groups::v1::Group WithColdRooms(groups::v1::Group group, int64_t items) {
    group.mutable_sites(0)->set_chilled_items(items);
    group.mutable_sites(0)->set_frozen_items(items);
    return group;
  }

  // Lots are ambient, chilled, frozen, ambient …: with cold rooms for half of a lot, the first two groups share every
  // lot in halves.
  void AddBalance(int lot, int64_t free) {
    stock::v1::Balance balance;
    *balance.mutable_lot() = MakeLot(lot);
    balance.mutable_lot()->set_temperature_zone(static_cast<type::v1::TemperatureZone>((lot - 1) % 3 + 1));
    *balance.mutable_place() = MakePlace();
    balance.set_on_hand(free);
    balance.set_free(free);
    stock_.balances.push_back(balance);
  }

  // Calls as whoever has the token.
  template <typename Method, typename Request>
  auto Do(Method method, const std::string& token, const Request& request) {
    return rpc::Invoke(method, *stub_, server_.As(token), request);
  }
  // The same, for arranging: it must succeed.
  template <typename Method, typename Request>
  auto Must(Method method, const std::string& token, const Request& request) {
    auto answer = Do(method, token, request);
    EXPECT_THAT(answer, errors::IsOk());
    if (!answer.ok()) std::abort();
    return *std::move(answer);
  }

  static pb::CreateRunRequest NewRun() {
    pb::CreateRunRequest request;
    request.set_request_id(ids::NewUuid());
    request.set_title("11月の配分");
    return request;
  }
  pb::Run MakeRun() { return Must(&Stub::CreateRun, "coordinator", NewRun()); }
  static pb::PublishRunRequest Publish(const pb::Run& run) {
    pb::PublishRunRequest request;
    request.set_request_id(ids::NewUuid());
    request.set_name(run.name());
    request.set_etag(run.etag());
    return request;
  }
  pb::Run Published() {
    const pb::Run run = Must(&Stub::PublishRun, "coordinator", Publish(MakeRun()));
    EXPECT_EQ(run.state(), pb::RUN_STATE_PUBLISHED);
    Follow();
    return run;
  }
  std::vector<pb::Line> Lines(const pb::Run& run, const std::string& token = "coordinator") {
    pb::ListLinesRequest request;
    request.set_run(run.name());
    const pb::ListLinesResponse response = Must(&Stub::ListLines, token, request);
    return {response.lines().begin(), response.lines().end()};
  }
  pb::Line LineOf(const pb::Run& run, int group, int lot) {
    for (const pb::Line& line : Lines(run)) {
      if (line.group() == GroupName(group) && line.lot() == LotName(lot)) return line;
    }
    ADD_FAILURE() << "no line of group " << group << " and lot " << lot;
    return {};
  }
  pb::Line Again(const pb::Line& line) {
    pb::ListLinesRequest request;
    request.set_run(line.name().substr(0, line.name().find("/lines/")));
    const pb::ListLinesResponse lines = Must(&Stub::ListLines, "coordinator", request);
    for (const pb::Line& found : lines.lines()) {
      if (found.name() == line.name()) return found;
    }
    ADD_FAILURE() << "no line " << line.name();
    return {};
  }
  static pb::AcceptLineRequest Accept(const pb::Line& line, int64_t items = 0) {
    pb::AcceptLineRequest request;
    request.set_request_id(ids::NewUuid());
    request.set_name(line.name());
    request.set_items(items);
    return request;
  }
  static pb::RefuseLineRequest Refuse(const pb::Line& line, const std::string& reason = "NO_SPACE") {
    pb::RefuseLineRequest request;
    request.set_request_id(ids::NewUuid());
    request.set_name(line.name());
    request.set_reason(reason);
    return request;
  }
  static pb::AdjustLineRequest Adjust(const pb::Run& run, int group, int lot, int64_t items) {
    pb::AdjustLineRequest request;
    request.set_request_id(ids::NewUuid());
    request.set_run(run.name());
    request.set_group(GroupName(group));
    request.set_lot(LotName(lot));
    request.set_place(kPlace);
    request.set_items(items);
    request.set_reason("電話で確認");
    return request;
  }

  // Applies what is new in the ledger, as feed::Follower does.
  void Follow() {
    feed::Entries fresh;
    {
      const std::lock_guard lock(stock_.mutex);
      for (; followed_ < stock_.entries.size(); ++followed_) *fresh.Add() = stock_.entries[followed_];
    }
    if (fresh.empty()) return;
    ASSERT_THAT(pool_.Transact({.network_id = kNetwork},
                               [&](pg::Transaction& tx) {
                                 return ApplyFeed(tx, {.id = kNetwork, .time_zone = "Asia/Tokyo"}, fresh);
                               }),
                errors::IsOk());
  }

  FakeStock stock_;
  FakeGroups groups_;
  FakeNeeds needs_;
  FakeDonors donors_;
  const std::unique_ptr<rpc::Server> others_ = *rpc::Server::Start({}, {&stock_, &groups_, &needs_, &donors_});
  const std::shared_ptr<grpc::Channel> channel_ = rpc::Connect(absl::StrCat("127.0.0.1:", others_->bound_port()));
  const pg::testing::Database database_ = pg::testing::CreateDatabase("allocation", kMigrations);
  pg::Pool pool_{{.conninfo = database_.service, .schema = "allocation", .size = 8}};
  calendar::FixedClock clock_{absl::FromUnixSeconds(1'795'000'000)};  // 2026-11-18 in Tokyo
  SnapshotReader reader_{channel_, channel_, channel_};
  Ledger ledger_{channel_, kServiceKey};
  Publisher publisher_{pool_, ledger_, clock_};
  Reoffer reoffer_{pool_, reader_, publisher_, clock_, kServiceKey};
  rpc::TestServer server_;
  AllocationService service_{server_.dispatcher(), {pool_, reader_, publisher_, clock_}};
  MarketCloser closer_{pool_, reader_, publisher_, clock_, kServiceKey};
  MarketService market_{server_.dispatcher(), {pool_, reader_, publisher_, clock_}, closer_};
  std::unique_ptr<Stub> stub_;
  std::unique_ptr<pb::MarketService::Stub> market_stub_;
  int followed_ = 0;
};

}  // namespace kubari::allocation
