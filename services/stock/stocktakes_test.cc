// Stocktakes over the wire, with a real database and the real ledger: phones that are late, that repeat themselves and
// that disagree; reviewers; posting that is refused, interrupted or done twice.
#include <gmock/gmock.h>
#include <google/protobuf/util/message_differencer.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <thread>

#include "services/stock/service_testing.h"
#include "services/stock/stocktakes_service.h"

namespace kubari::stock {
namespace {

using namespace testing;  // NOLINT
using errors::FailsBecause;
using errors::FailsWith;
using errors::Violates;
using google::protobuf::util::MessageDifferencer;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using Stocktakes = v1::StocktakesService::Stub;

// A store whose connection is lost after so many appends, before or after the commit.
class FlakyStore final : public LedgerStore {
 public:
  explicit FlakyStore(LedgerStore& store) : store_(store) {}
  int healthy_appends = 1'000;
  bool after_commit = false;

  absl::Status Append(const std::string& network_id, const Needs& needs, absl::Time deadline, Decide decide) override {
    if (healthy_appends-- > 0) return store_.Append(network_id, needs, deadline, decide);
    if (after_commit) (void)store_.Append(network_id, needs, deadline, decide);
    return absl::UnavailableError("the connection was lost");
  }
  absl::StatusOr<State> Peek(const std::string& network_id, const Needs& needs, absl::Time deadline) override {
    return store_.Peek(network_id, needs, deadline);
  }
  absl::StatusOr<std::vector<Movement>> Feed(const std::string& network_id, int64_t position, int limit,
                                             absl::Time deadline) override {
    return store_.Feed(network_id, position, limit, deadline);
  }
  absl::StatusOr<std::map<std::string, Balance>> Holders(const std::string& network_id, const std::string& lot_id,
                                                         absl::Time deadline) override {
    return store_.Holders(network_id, lot_id, deadline);
  }
  absl::StatusOr<std::vector<Overdue>> OverdueReservations(absl::Time now, int limit, absl::Time deadline) override {
    return store_.OverdueReservations(now, limit, deadline);
  }

 private:
  LedgerStore& store_;
};

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

TEST_F(StocktakesTest, FromOpeningToTheLedger) {
  const pb::Lot noodles = Stock(100, "N"), rice = Stock(50, "R"), tea = Stock(30, "T", second_);
  SetMinute(1);
  const auto opened = Ask(&Stocktakes::OpenStocktake, "manager", Opening());
  ASSERT_THAT(opened, IsOk());
  EXPECT_EQ(opened->state(), pb::STOCKTAKE_STATE_OPEN);
  EXPECT_EQ(opened->title(), "十二月の棚卸");
  EXPECT_EQ(opened->warehouse_display_name(), "東倉庫");
  EXPECT_EQ(opened->opened_by(), Subject("manager"));
  EXPECT_EQ(opened->place_count(), 3);
  ASSERT_THAT(opened->places(), SizeIs(3));
  EXPECT_EQ(opened->places(0).display_name(), "東倉庫 A-01");
  EXPECT_EQ(opened->places(2).code(), "F-01");
  EXPECT_EQ(opened->uncounted_lines(), 3);
  EXPECT_EQ(opened->counted_lines(), 0);
  const std::string stocktake = opened->name();

  SetMinute(5);
  pb::RecordCountRequest cases = Counting(stocktake, noodles, 1);
  cases.set_cases(8);
  cases.set_note("一箱は破れ");
  const pb::StocktakeLine line = Count("aki", cases);
  EXPECT_EQ(line.lot().code(), noodles.code());
  EXPECT_EQ(line.lot().donor_display_name(), "");  // volunteers do not see who may not be named
  EXPECT_EQ(line.place().display_name(), "東倉庫 A-01");
  EXPECT_EQ(line.state(), pb::LINE_STATE_DIFFERENT);
  EXPECT_EQ(line.counted_items(), 97);
  EXPECT_EQ(line.expected_items(), 100);
  EXPECT_EQ(line.difference_items(), -3);
  ASSERT_THAT(line.counts(), SizeIs(1));
  EXPECT_EQ(line.counts(0).items_per_case(), 12);
  EXPECT_EQ(line.counts(0).items(), 97);
  EXPECT_EQ(line.counts(0).actor(), Subject("aki"));
  EXPECT_EQ(line.counts(0).mode(), pb::COUNT_MODE_WHOLE);
  EXPECT_EQ(line.counts(0).ledger_position(), 3);
  EXPECT_EQ(line.counts(0).expected_items(), 100);
  EXPECT_EQ(line.counts(0).note(), "一箱は破れ");
  EXPECT_EQ(absl::FromUnixSeconds(line.counted_time().seconds()), At(5));
  EXPECT_EQ(Count("ben", Counting(stocktake, rice, 50)).state(), pb::LINE_STATE_EQUAL);

  EXPECT_THAT(Post(stocktake), FailsBecause("STOCKTAKE_CLOSED"));
  const auto reviewed = Review(stocktake);
  ASSERT_THAT(reviewed, IsOk());
  EXPECT_EQ(reviewed->state(), pb::STOCKTAKE_STATE_REVIEW);
  EXPECT_EQ(reviewed->counted_lines(), 2);
  EXPECT_EQ(reviewed->equal_lines(), 1);
  EXPECT_EQ(reviewed->different_lines(), 1);
  EXPECT_EQ(reviewed->uncounted_lines(), 1);
  EXPECT_EQ(reviewed->unsettled_lines(), 1);
  EXPECT_EQ(reviewed->counted_places(), 1);
  const auto unsettled = Post(stocktake);
  ASSERT_THAT(unsettled, FailsBecause("NOT_SETTLED"));
  EXPECT_EQ(errors::MetadataOf(unsettled.status())["lines"], "1");
  EXPECT_EQ(errors::MetadataOf(unsettled.status())["lot"], noodles.name());
  EXPECT_THAT(errors::MessageIn("ja", unsettled.status()), HasSubstr(noodles.code()));

  // Goods leave while it is reviewed.
  SetMinute(20);
  ASSERT_THAT(TakeAway(noodles, 40, 19), IsOk());
  pb::SettleLineRequest settle = Settling(stocktake, noodles, "LOST");
  settle.set_note("見つからない");
  const auto settled = Settle(settle);
  ASSERT_THAT(settled, IsOk());
  EXPECT_EQ(settled->reason(), "LOST");
  EXPECT_EQ(settled->difference_items(), -3);
  const auto posted = Post(stocktake);
  ASSERT_THAT(posted, IsOk());
  EXPECT_THAT(posted->errors(), IsEmpty());
  EXPECT_EQ(posted->stocktake().state(), pb::STOCKTAKE_STATE_POSTED);
  EXPECT_EQ(posted->stocktake().posted_lines(), 1);
  EXPECT_EQ(posted->stocktake().different_lines(), 1);
  EXPECT_EQ(posted->stocktake().uncounted_lines(), 1);

  EXPECT_EQ(OnHand(noodles), 57);
  EXPECT_EQ(OnHand(rice), 50);
  EXPECT_EQ(OnHand(tea, second_), 30);
  const std::vector<pb::Movement> adjustments = Adjustments(noodles);
  ASSERT_THAT(adjustments, SizeIs(1));
  EXPECT_EQ(adjustments[0].items(), 3);
  EXPECT_EQ(adjustments[0].from_place(), shelf_);
  EXPECT_EQ(adjustments[0].reason(), "LOST");
  EXPECT_EQ(adjustments[0].note(), "見つからない");
  EXPECT_EQ(adjustments[0].operation(), stocktake);
  EXPECT_EQ(adjustments[0].actor(), Subject("manager"));
  EXPECT_EQ(absl::FromUnixSeconds(adjustments[0].occurred_time().seconds()), At(5));
  EXPECT_THAT(Adjustments(rice), IsEmpty());
  EXPECT_THAT(Adjustments(tea), IsEmpty());

  // What it found stays what it found.
  ASSERT_THAT(TakeAway(noodles, 57, 19), IsOk());
  ASSERT_THAT(TakeAway(rice, 50, 4), IsOk());
  const pb::StocktakeLine kept = LineOf(stocktake, noodles);
  EXPECT_EQ(kept.state(), pb::LINE_STATE_POSTED);
  EXPECT_EQ(kept.expected_items(), 100);
  EXPECT_EQ(kept.counted_items(), 97);
  EXPECT_EQ(kept.difference_items(), -3);
  EXPECT_EQ(kept.movement(), adjustments[0].name());
  EXPECT_EQ(kept.lot().donor_display_name(), "架空食品");
  EXPECT_EQ(LineOf(stocktake, rice).state(), pb::LINE_STATE_EQUAL);
  EXPECT_EQ(LineOf(stocktake, tea).state(), pb::LINE_STATE_UNCOUNTED);
  EXPECT_TRUE(MessageDifferencer::Equals(Get(stocktake), posted->stocktake()));

  EXPECT_THAT(Ask(&Stocktakes::RecordCount, "aki", Counting(stocktake, rice, 1)), FailsBecause("STOCKTAKE_CLOSED"));
  EXPECT_THAT(Post(stocktake), FailsBecause("STOCKTAKE_CLOSED"));
  EXPECT_THAT(Cancel(stocktake), FailsBecause("STOCKTAKE_CLOSED"));
  EXPECT_THAT(Reopen(stocktake), FailsBecause("STOCKTAKE_CLOSED"));
  EXPECT_THAT(Settle(Settling(stocktake, noodles, "LOST")), FailsBecause("STOCKTAKE_CLOSED"));
  EXPECT_EQ(Get(Open()).state(), pb::STOCKTAKE_STATE_OPEN);  // the shelves are free for the next one
}

// A shelf has 100 and 95 are really there. One phone reports an issue of before the count, one an issue of after it,
// and a third the count, each whenever it has a signal again.
TEST_F(StocktakesTest, LatePhonesMayReportInAnyOrder) {
  std::vector<int> order = {0, 1, 2, 3};
  int number = 0;
  do {
    SCOPED_TRACE(absl::StrCat(order[0], order[1], order[2], order[3]));
    SetMinute(10 * number);
    const int minute = 10 * number;
    const pb::Lot lot = Stock(100, absl::StrCat("L", ++number));
    const std::string stocktake = Open({shelf_});
    SetMinute(minute + 9);
    for (const int step : order) {
      switch (step) {
        case 0:
          EXPECT_THAT(TakeAway(lot, 10, minute + 1), IsOk());
          break;
        case 1:
          Count("aki", Counting(stocktake, lot, 85, minute + 2));
          break;
        case 2:
          EXPECT_THAT(TakeAway(lot, 20, minute + 3), IsOk());
          break;
        case 3:
          Count("ben", Counting(stocktake, lot, 65, minute + 4));
          break;
      }
    }
    const pb::StocktakeLine line = LineOf(stocktake, lot);
    EXPECT_EQ(line.state(), pb::LINE_STATE_DIFFERENT);
    EXPECT_EQ(line.counted_items(), 65);
    EXPECT_EQ(line.expected_items(), 70);
    EXPECT_EQ(line.counts(0).expected_items(), 90);
    EXPECT_THAT(Review(stocktake), IsOk());
    EXPECT_THAT(Settle(Settling(stocktake, lot, "LOST")), IsOk());
    const auto posted = Post(stocktake);
    ASSERT_THAT(posted, IsOk());
    EXPECT_EQ(posted->stocktake().state(), pb::STOCKTAKE_STATE_POSTED);
    EXPECT_EQ(OnHand(lot), 65);
  } while (std::next_permutation(order.begin(), order.end()));
}

// A phone's clock is five minutes ahead: its movement, recorded before the opening, happened after the count by its
// time.
TEST_F(StocktakesTest, MovementsOfAFastClockAreReadFromBeforeTheOpening) {
  const pb::Lot lot = Stock(100, "L");
  for (int i = 0; i < 20; ++i) Stock(1, absl::StrCat("before ", i));
  SetMinute(60);
  ASSERT_THAT(TakeAway(lot, 10, 65), IsOk());
  SetMinute(61);
  const std::string stocktake = Open({shelf_});
  SetMinute(63);
  EXPECT_EQ(Count("aki", Counting(stocktake, lot, 100)).state(), pb::LINE_STATE_EQUAL);
  SetMinute(66);
  EXPECT_EQ(Count("aki", Counting(stocktake, lot, 90)).state(), pb::LINE_STATE_EQUAL);
  // Nothing older than both tolerances is read.
  const std::string read_from = pg::testing::Sql(database_.superuser, "SELECT read_from FROM stock.stocktakes");
  EXPECT_EQ(read_from, "21");
}

TEST_F(StocktakesTest, CountsAreMergedAndShown) {
  const pb::Lot lot = Stock(100, "L");
  const std::string stocktake = Open();
  SetMinute(60);
  Count("aki", Counting(stocktake, lot, 90, 10));
  // The same person again: not 187.
  pb::StocktakeLine line = Count("aki", Counting(stocktake, lot, 97, 11));
  EXPECT_EQ(line.counted_items(), 97);
  // Another person, the same figure: not 194.
  line = Count("ben", Counting(stocktake, lot, 97, 12));
  EXPECT_EQ(line.counted_items(), 97);
  EXPECT_EQ(line.state(), pb::LINE_STATE_DIFFERENT);
  ASSERT_THAT(line.counts(), SizeIs(3));
  EXPECT_TRUE(line.counts(0).void_());
  EXPECT_FALSE(line.counts(1).void_());
  EXPECT_FALSE(line.counts(2).void_());
  // Another pile.
  line = Count("ben", Counting(stocktake, lot, 3, 13, pb::COUNT_MODE_ADDITION));
  EXPECT_EQ(line.state(), pb::LINE_STATE_CONFLICT);
  EXPECT_EQ(line.conflict(), pb::LINE_CONFLICT_COUNTS_DIFFER);
  EXPECT_EQ(line.counted_items(), 0);
  EXPECT_EQ(line.expected_items(), 100);
  EXPECT_EQ(Get(stocktake).conflict_lines(), 1);
  line = Count("aki", Counting(stocktake, lot, 3, 14, pb::COUNT_MODE_ADDITION));
  EXPECT_EQ(line.state(), pb::LINE_STATE_EQUAL);
  // A count that comes late is put where it was made; one that is made again stands for all before it.
  line = Count("chie", Counting(stocktake, lot, 99, 20, pb::COUNT_MODE_AGAIN));
  EXPECT_EQ(line.counted_items(), 99);
  line = Count("dai", Counting(stocktake, lot, 50, 15));
  EXPECT_EQ(line.counted_items(), 99);
  ASSERT_THAT(line.counts(), SizeIs(7));
  EXPECT_EQ(line.counts(5).actor(), Subject("dai"));
  EXPECT_TRUE(line.counts(5).void_());

  // Taken back: what it replaced counts again.
  const std::string again = line.counts(6).name(), late = line.counts(5).name();
  EXPECT_THAT(Retract("dai", again), FailsBecause("NOT_YOUR_COUNT"));
  const auto retracted = Retract("manager", again);
  ASSERT_THAT(retracted, IsOk());
  EXPECT_EQ(retracted->state(), pb::LINE_STATE_CONFLICT);
  EXPECT_TRUE(retracted->counts(6).void_());
  EXPECT_THAT(Retract("dai", late), IsOk());
  EXPECT_THAT(Retract("dai", late), IsOk());  // it is taken back, as was asked
  EXPECT_EQ(LineOf(stocktake, lot).state(), pb::LINE_STATE_EQUAL);
  EXPECT_THAT(LineOf(stocktake, lot).counts(), SizeIs(7));
  EXPECT_THAT(Retract("dai", absl::StrCat(stocktake, "/counts/", ids::NewUuid())), FailsBecause("COUNT_NOT_FOUND"));
  ASSERT_THAT(Review(stocktake), IsOk());
  EXPECT_THAT(Retract("dai", late), FailsBecause("STOCKTAKE_CLOSED"));
}

TEST_F(StocktakesTest, ALotThatTheLedgerDoesNotKnowThere) {
  const pb::Lot lot = Stock(10, "L", second_), other = Stock(10, "O", second_);
  const std::string stocktake = Open({shelf_});
  EXPECT_THAT(Lines(stocktake), IsEmpty());
  pb::StocktakeLine line = Count("aki", Counting(stocktake, lot, 4));
  EXPECT_EQ(line.state(), pb::LINE_STATE_DIFFERENT);
  EXPECT_EQ(line.difference_items(), 4);
  EXPECT_EQ(Count("aki", Counting(stocktake, other, 0)).state(), pb::LINE_STATE_EQUAL);
  // Taken back, it is only there to be seen.
  const auto retracted = Retract("aki", LineOf(stocktake, other).counts(0).name());
  ASSERT_THAT(retracted, IsOk());
  EXPECT_EQ(retracted->state(), pb::LINE_STATE_UNCOUNTED);
  EXPECT_EQ(Get(stocktake).uncounted_lines(), 0);
  EXPECT_THAT(Lines(stocktake), SizeIs(2));
  ASSERT_THAT(Review(stocktake), IsOk());
  ASSERT_THAT(Settle(Settling(stocktake, lot, "FOUND")), IsOk());
  EXPECT_THAT(Post(stocktake), IsOk());
  EXPECT_EQ(OnHand(lot), 4);
  EXPECT_EQ(OnHand(lot, second_), 10);
  EXPECT_EQ(Adjustments(lot).at(0).to_place(), shelf_);
}

TEST_F(StocktakesTest, SeveralPhonesAtOnce) {
  const std::vector<std::string> people = {"aki", "ben", "chie", "dai", "emi", "fumi", "gen", "hana"};
  const pb::Lot common = Stock(100, "common");
  std::vector<pb::Lot> lots;
  for (const std::string& who : people) lots.push_back(Stock(50, who));
  const std::string stocktake = Open();
  SetMinute(10);
  std::vector<std::thread> phones;
  for (size_t i = 0; i < people.size(); ++i) {
    phones.emplace_back([&, i] {
      // All of them the same lot, and each a lot of their own; a bad signal sends everything twice, at once.
      const pb::RecordCountRequest same = Counting(stocktake, common, 97), own = Counting(stocktake, lots[i], 49);
      std::thread twin([&] {
        EXPECT_THAT(Ask(&Stocktakes::RecordCount, people[i], same), IsOk());
        EXPECT_THAT(Ask(&Stocktakes::RecordCount, people[i], own), IsOk());
      });
      EXPECT_THAT(Ask(&Stocktakes::RecordCount, people[i], same), IsOk());
      EXPECT_THAT(Ask(&Stocktakes::RecordCount, people[i], own), IsOk());
      twin.join();
    });
  }
  for (std::thread& phone : phones) phone.join();
  const pb::StocktakeLine line = LineOf(stocktake, common);
  EXPECT_THAT(line.counts(), SizeIs(people.size()));
  EXPECT_EQ(line.state(), pb::LINE_STATE_DIFFERENT);
  EXPECT_EQ(line.counted_items(), 97);
  for (const pb::Lot& lot : lots) {
    EXPECT_THAT(LineOf(stocktake, lot).counts(), SizeIs(1));
    EXPECT_EQ(LineOf(stocktake, lot).difference_items(), -1);
  }
  EXPECT_EQ(Get(stocktake).counted_lines(), 9);
}

TEST_F(StocktakesTest, EveryRequestIsDoneOnce) {
  const pb::Lot lot = Stock(100, "L");
  SetMinute(1);
  // The answer, twice; and the same id for something else is refused.
  const auto twice = [&](auto method, const std::string& who, auto request, auto change) {
    const auto first = Ask(method, who, request);
    EXPECT_THAT(first, IsOk());
    const auto again = Ask(method, who, request);
    EXPECT_THAT(again, IsOk());
    if (first.ok() && again.ok()) {
      EXPECT_TRUE(MessageDifferencer::Equals(*first, *again)) << first->DebugString() << again->DebugString();
    }
    auto changed = request;
    change(changed);
    EXPECT_THAT(Ask(method, who, changed), FailsBecause("REQUEST_ID_REUSED"));
    return first;
  };
  const pb::OpenStocktakeRequest opening = Opening();
  const std::string stocktake = ids::Name("stocktakes", opening.stocktake_id());
  const std::string other = Open({AddShelf("Z-09", type::v1::TEMPERATURE_ZONE_AMBIENT)});
  const auto rename = [&](auto& request) { request.set_name(other); };
  // The new shelf is being counted already.
  EXPECT_THAT(Ask(&Stocktakes::OpenStocktake, "manager", opening), FailsBecause("PLACE_BEING_COUNTED"));
  ASSERT_THAT(Cancel(other), IsOk());
  (void)twice(&Stocktakes::OpenStocktake, "manager", opening, [](auto& request) { request.set_title("別の棚卸"); });

  (void)twice(&Stocktakes::RecordCount, "aki", Counting(stocktake, lot, 90), [](auto& r) { r.set_loose_items(91); });
  const auto counted = twice(&Stocktakes::RecordCount, "ben", Counting(stocktake, lot, 97),
                             [](auto& request) { request.set_mode(pb::COUNT_MODE_ADDITION); });
  EXPECT_THAT(counted->counts(), SizeIs(2));
  (void)twice(&Stocktakes::RetractCount, "aki", Named<pb::RetractCountRequest>(counted->counts(0).name()),
              [&](auto& request) { request.set_name(counted->counts(1).name()); });
  (void)twice(&Stocktakes::ReviewStocktake, "manager", Named<pb::ReviewStocktakeRequest>(stocktake), rename);
  (void)twice(&Stocktakes::ReopenStocktake, "manager", Named<pb::ReopenStocktakeRequest>(stocktake), rename);
  EXPECT_EQ(Get(stocktake).state(), pb::STOCKTAKE_STATE_OPEN);
  ASSERT_THAT(Review(stocktake), IsOk());
  (void)twice(&Stocktakes::SettleLine, "manager", Settling(stocktake, lot, "LOST"),
              [](auto& request) { request.set_note("x"); });
  const pb::PostStocktakeRequest post = Named<pb::PostStocktakeRequest>(stocktake);
  const auto posted = twice(&Stocktakes::PostStocktake, "manager", post, rename);
  EXPECT_EQ(posted->stocktake().state(), pb::STOCKTAKE_STATE_POSTED);
  EXPECT_EQ(OnHand(lot), 97);
  EXPECT_THAT(Adjustments(lot), SizeIs(1));
  const std::string next = Open();
  (void)twice(&Stocktakes::CancelStocktake, "manager", Named<pb::CancelStocktakeRequest>(next), rename);
  EXPECT_THAT(LineOf(stocktake, lot).counts(), SizeIs(2));
}

TEST_F(StocktakesTest, WhatIsPromisedStays) {
  const pb::Lot promised = Stock(100, "P"), free = Stock(100, "F");
  const auto reservation = Call(&Stub::ReserveStock, "coordinator", Reserving(promised, 60));
  ASSERT_THAT(reservation, IsOk());
  const std::string stocktake = Open();
  SetMinute(5);
  const pb::StocktakeLine line = Count("aki", Counting(stocktake, promised, 50));
  EXPECT_EQ(line.reserved_items(), 60);
  Count("aki", Counting(stocktake, free, 90));
  ASSERT_THAT(Review(stocktake), IsOk());
  ASSERT_THAT(Settle(Settling(stocktake, promised, "LOST")), IsOk());
  ASSERT_THAT(Settle(Settling(stocktake, free, "DAMAGED")), IsOk());
  const pb::PostStocktakeRequest request = Named<pb::PostStocktakeRequest>(stocktake);
  const auto first = Ask(&Stocktakes::PostStocktake, "manager", request);
  ASSERT_THAT(first, IsOk());
  ASSERT_THAT(first->errors(), SizeIs(1));
  EXPECT_EQ(first->errors(0).lot(), promised.name());
  EXPECT_EQ(first->errors(0).place(), shelf_);
  EXPECT_EQ(first->errors(0).error().code(), static_cast<int>(absl::StatusCode::kFailedPrecondition));
  EXPECT_THAT(first->errors(0).error().message(), HasSubstr(promised.code()));
  EXPECT_EQ(first->stocktake().state(), pb::STOCKTAKE_STATE_REVIEW);
  EXPECT_EQ(first->stocktake().posted_lines(), 1);
  EXPECT_EQ(OnHand(promised), 100);
  EXPECT_EQ(OnHand(free), 90);
  EXPECT_EQ(LineOf(stocktake, free).state(), pb::LINE_STATE_POSTED);
  EXPECT_EQ(LineOf(stocktake, promised).state(), pb::LINE_STATE_DIFFERENT);
  EXPECT_EQ(LineOf(stocktake, promised).reason(), "LOST");

  pb::VoidReservationRequest give_up;
  give_up.set_request_id(ids::NewUuid());
  give_up.set_name(reservation->reservation().name());
  ASSERT_THAT(Call(&Stub::VoidReservation, "coordinator", give_up), IsOk());
  // The same request is the same answer; a new one goes on with what is left.
  const auto replayed = Ask(&Stocktakes::PostStocktake, "manager", request);
  ASSERT_THAT(replayed, IsOk());
  EXPECT_TRUE(MessageDifferencer::Equals(*first, *replayed));
  const auto rest = Post(stocktake);
  ASSERT_THAT(rest, IsOk());
  EXPECT_THAT(rest->errors(), IsEmpty());
  EXPECT_EQ(rest->stocktake().state(), pb::STOCKTAKE_STATE_POSTED);
  EXPECT_EQ(rest->stocktake().posted_lines(), 2);
  EXPECT_EQ(OnHand(promised), 50);
  EXPECT_EQ(OnHand(free), 90);
  EXPECT_THAT(Adjustments(free), SizeIs(1));
}

// The process dies, or the database goes, at some point of posting; whoever repeats the request finishes it.
TEST_F(StocktakesTest, PostingInterruptedIsPostedOnce) {
  for (const bool after_commit : {false, true}) {
    SCOPED_TRACE(after_commit);
    std::vector<pb::Lot> lots;
    for (int i = 0; i < 12; ++i) lots.push_back(Stock(100, absl::StrCat("L", after_commit, i)));
    const std::string stocktake = Open({shelf_});
    for (const pb::Lot& lot : lots) Count("aki", Counting(stocktake, lot, 98));
    ASSERT_THAT(Review(stocktake), IsOk());
    for (const pb::Lot& lot : lots) ASSERT_THAT(Settle(Settling(stocktake, lot, "LOST")), IsOk());

    FlakyStore flaky(ledger_);
    flaky.healthy_appends = 1;  // of batches of four; the writer tries a lost one twice
    flaky.after_commit = after_commit;
    prometheus::Registry metrics;
    LedgerWriter writer(flaky, clock_, metrics, {.max_batch = 4});
    rpc::TestServer server;
    auth::Principal manager = rpc::Person(kNetwork, kOperator, type::v1::ROLE_WAREHOUSE_MANAGER);
    manager.subject = Subject("manager");
    server.authenticator().Add("manager", manager);
    StocktakesService service(server.dispatcher(), ContextWith(writer));
    server.Start({&service});
    const auto stub = v1::StocktakesService::NewStub(server.channel());
    const pb::PostStocktakeRequest request = Named<pb::PostStocktakeRequest>(stocktake);
    const auto lost = rpc::Invoke(&Stocktakes::PostStocktake, *stub, server.As("manager"), request);
    server.Stop();
    EXPECT_THAT(lost, FailsWith(absl::StatusCode::kUnavailable));
    const pb::Stocktake half = Get(stocktake);
    EXPECT_EQ(half.state(), pb::STOCKTAKE_STATE_REVIEW);
    EXPECT_EQ(half.posted_lines(), after_commit ? 12 : 4);
    // While it may still be under way it is not taken away from under it.
    EXPECT_THAT(Cancel(stocktake), FailsBecause("STOCKTAKE_CLOSED"));
    EXPECT_THAT(Reopen(stocktake), FailsBecause("STOCKTAKE_CLOSED"));

    const auto posted = Ask(&Stocktakes::PostStocktake, "manager", request);
    ASSERT_THAT(posted, IsOk());
    EXPECT_EQ(posted->stocktake().state(), pb::STOCKTAKE_STATE_POSTED);
    EXPECT_EQ(posted->stocktake().posted_lines(), 12);
    for (const pb::Lot& lot : lots) {
      EXPECT_EQ(OnHand(lot), 98);
      EXPECT_THAT(Adjustments(lot), SizeIs(1));
    }
  }
}

TEST_F(StocktakesTest, AnInterruptedPostingLetsGo) {
  const pb::Lot lot = Stock(100, "L");
  const std::string stocktake = Open();
  Count("aki", Counting(stocktake, lot, 98));
  ASSERT_THAT(Review(stocktake), IsOk());
  pg::testing::Sql(database_.superuser, absl::StrCat("UPDATE stock.stocktakes SET posting_until = '",
                                                     absl::FormatTime(At(1), absl::UTCTimeZone()), "'"));
  EXPECT_THAT(Cancel(stocktake), FailsBecause("STOCKTAKE_CLOSED"));
  SetMinute(2);
  EXPECT_THAT(Reopen(stocktake), IsOk());
}

TEST_F(StocktakesTest, ManagersWhoPostAtOncePostOnce) {
  std::vector<pb::Lot> lots;
  for (int i = 0; i < 10; ++i) lots.push_back(Stock(100, absl::StrCat("L", i)));
  const std::string stocktake = Open();
  for (const pb::Lot& lot : lots) Count("aki", Counting(stocktake, lot, 103));
  ASSERT_THAT(Review(stocktake), IsOk());
  for (const pb::Lot& lot : lots) ASSERT_THAT(Settle(Settling(stocktake, lot, "FOUND")), IsOk());
  std::vector<std::thread> managers;
  std::atomic<int> done = 0;
  for (int i = 0; i < 6; ++i) {
    managers.emplace_back([&, i] {
      const auto posted = Do(&Stocktakes::PostStocktake, i % 2 == 0 ? "manager" : "coordinator",
                             Named<pb::PostStocktakeRequest>(stocktake));
      // Whoever came too late to plan finds it posted.
      if (posted.ok() && posted->errors().empty()) {
        EXPECT_EQ(posted->stocktake().state(), pb::STOCKTAKE_STATE_POSTED);
        ++done;
      } else {
        EXPECT_THAT(posted, FailsBecause("STOCKTAKE_CLOSED"));
      }
    });
  }
  for (std::thread& manager : managers) manager.join();
  EXPECT_GE(done, 1);
  for (const pb::Lot& lot : lots) {
    EXPECT_EQ(OnHand(lot), 103);
    EXPECT_THAT(Adjustments(lot), SizeIs(1));
  }
}

TEST_F(StocktakesTest, ReviewersDecide) {
  const pb::Lot conflict = Stock(100, "C"), wrong = Stock(100, "W"), left = Stock(100, "L"), uncounted = Stock(7, "U");
  const std::string stocktake = Open();
  SetMinute(5);
  Count("aki", Counting(stocktake, conflict, 97));
  Count("ben", Counting(stocktake, conflict, 98));
  Count("aki", Counting(stocktake, wrong, 10));
  Count("aki", Counting(stocktake, left, 1));
  EXPECT_THAT(Settle(Settling(stocktake, wrong, "LOST")), FailsBecause("STOCKTAKE_CLOSED"));
  ASSERT_THAT(Review(stocktake), IsOk());
  EXPECT_EQ(Get(stocktake).unsettled_lines(), 3);

  EXPECT_THAT(Settle(Settling(stocktake, conflict, "LOST")), Violates("counted_items", "REQUIRED"));
  pb::SettleLineRequest settle = Settling(stocktake, conflict, "");
  settle.set_counted_items(98);
  auto line = Settle(settle);
  ASSERT_THAT(line, IsOk());
  EXPECT_EQ(line->state(), pb::LINE_STATE_DIFFERENT);
  EXPECT_EQ(line->difference_items(), -2);
  EXPECT_EQ(Get(stocktake).unsettled_lines(), 3);        // no reason yet
  line = Settle(Settling(stocktake, conflict, "LOST"));  // the figure stays
  ASSERT_THAT(line, IsOk());
  EXPECT_EQ(line->difference_items(), -2);
  EXPECT_EQ(line->reason(), "LOST");

  settle = Settling(stocktake, wrong, "");
  settle.set_counted_items(100);
  line = Settle(settle);
  ASSERT_THAT(line, IsOk());
  EXPECT_EQ(line->state(), pb::LINE_STATE_EQUAL);
  settle = Settling(stocktake, left, "");
  settle.set_leave_out(true);
  line = Settle(settle);
  ASSERT_THAT(line, IsOk());
  EXPECT_EQ(line->state(), pb::LINE_STATE_LEFT_OUT);
  EXPECT_THAT(Settle(Settling(stocktake, uncounted, "LOST")), FailsBecause("COUNT_NOT_FOUND"));
  EXPECT_EQ(Get(stocktake).left_out_lines(), 1);
  EXPECT_EQ(Get(stocktake).unsettled_lines(), 0);

  const auto posted = Post(stocktake);
  ASSERT_THAT(posted, IsOk());
  EXPECT_EQ(posted->stocktake().left_out_lines(), 1);
  EXPECT_EQ(OnHand(conflict), 98);
  EXPECT_EQ(OnHand(wrong), 100);
  EXPECT_EQ(OnHand(left), 100);
  EXPECT_EQ(OnHand(uncounted), 7);
}

TEST_F(StocktakesTest, AReasonHoldsForTheDifferenceItWasGivenFor) {
  const pb::Lot lot = Stock(100, "L");
  const std::string stocktake = Open();
  SetMinute(10);
  Count("aki", Counting(stocktake, lot, 95, 9));
  ASSERT_THAT(Review(stocktake), IsOk());
  ASSERT_THAT(Settle(Settling(stocktake, lot, "LOST")), IsOk());
  // Two of the five were not lost: a phone had not yet said that they left.
  ASSERT_THAT(TakeAway(lot, 2, 8), IsOk());
  const auto unsettled = Post(stocktake);
  ASSERT_THAT(unsettled, FailsBecause("NOT_SETTLED"));
  EXPECT_EQ(LineOf(stocktake, lot).difference_items(), -3);
  EXPECT_EQ(LineOf(stocktake, lot).reason(), "");
  // Nor the other three.
  ASSERT_THAT(TakeAway(lot, 3, 7), IsOk());
  EXPECT_EQ(LineOf(stocktake, lot).state(), pb::LINE_STATE_EQUAL);
  ASSERT_THAT(Post(stocktake), IsOk());
  EXPECT_EQ(OnHand(lot), 95);
  EXPECT_THAT(Adjustments(lot), IsEmpty());
}

TEST_F(StocktakesTest, CorrectionsSinceTheCount) {
  const pb::Lot undone = Stock(100, "U"), anew = Stock(100, "A"), returned = Stock(100, "R");
  SetMinute(1);
  // Each is said to have left; only the last did.
  std::vector<std::string> movements;
  for (const pb::Lot& lot : {undone, anew, returned}) {
    const auto moved = TakeAway(lot, 10, 1);
    ASSERT_THAT(moved, IsOk());
    movements.push_back(moved->movement().name());
  }
  const std::string stocktake = Open();
  SetMinute(5);
  EXPECT_EQ(Count("aki", Counting(stocktake, undone, 100)).difference_items(), 10);
  EXPECT_EQ(Count("aki", Counting(stocktake, anew, 90)).state(), pb::LINE_STATE_EQUAL);
  EXPECT_EQ(Count("aki", Counting(stocktake, returned, 90)).state(), pb::LINE_STATE_EQUAL);
  SetMinute(10);
  // The cause of the difference was found and corrected: so there is none.
  ASSERT_THAT(Undo(movements[0], "MISTAKE"), IsOk());
  EXPECT_EQ(LineOf(stocktake, undone).state(), pb::LINE_STATE_EQUAL);
  // Corrected and booked once more, with the time of that: which of them is right nobody can tell.
  ASSERT_THAT(Undo(movements[1], "WRONG_QUANTITY"), IsOk());
  ASSERT_THAT(TakeAway(anew, 10, 10), IsOk());
  EXPECT_EQ(LineOf(stocktake, anew).state(), pb::LINE_STATE_CONFLICT);
  EXPECT_EQ(LineOf(stocktake, anew).conflict(), pb::LINE_CONFLICT_CORRECTED_SINCE);
  // It came back after the count.
  ASSERT_THAT(Undo(movements[2], "RETURNED"), IsOk());
  EXPECT_EQ(LineOf(stocktake, returned).state(), pb::LINE_STATE_EQUAL);
  // And that was a mistake, twice.
  const auto wrong = Undo(movements[2], "RETURNED");
  EXPECT_THAT(wrong, FailsBecause("ALREADY_REVERSED"));
  SetMinute(11);
  EXPECT_EQ(Count("ben", Counting(stocktake, anew, 90, -1, pb::COUNT_MODE_AGAIN)).state(), pb::LINE_STATE_EQUAL);
  ASSERT_THAT(Review(stocktake), IsOk());
  ASSERT_THAT(Post(stocktake), IsOk());
  EXPECT_EQ(OnHand(undone), 100);
  EXPECT_EQ(OnHand(anew), 90);
  EXPECT_EQ(OnHand(returned), 100);
}

TEST_F(StocktakesTest, ReopenedAndPostedAgain) {
  const pb::Lot lot = Stock(100, "L"), promised = Stock(100, "P");
  ASSERT_THAT(Call(&Stub::ReserveStock, "coordinator", Reserving(promised, 100)), IsOk());
  const std::string stocktake = Open();
  SetMinute(5);
  Count("aki", Counting(stocktake, lot, 90));
  Count("aki", Counting(stocktake, promised, 99));
  ASSERT_THAT(Review(stocktake), IsOk());
  ASSERT_THAT(Settle(Settling(stocktake, lot, "LOST")), IsOk());
  ASSERT_THAT(Settle(Settling(stocktake, promised, "LOST")), IsOk());
  auto posted = Post(stocktake);
  ASSERT_THAT(posted, IsOk());
  ASSERT_THAT(posted->errors(), SizeIs(1));
  EXPECT_EQ(OnHand(lot), 90);

  // One was wrong, so they count again: four more turn up.
  ASSERT_THAT(Reopen(stocktake), IsOk());
  SetMinute(9);
  Count("aki", Counting(stocktake, promised, 100));
  EXPECT_EQ(Count("aki", Counting(stocktake, lot, 94)).difference_items(), 4);
  ASSERT_THAT(Review(stocktake), IsOk());
  EXPECT_THAT(Post(stocktake), FailsBecause("NOT_SETTLED"));
  ASSERT_THAT(Settle(Settling(stocktake, lot, "FOUND")), IsOk());
  posted = Post(stocktake);
  ASSERT_THAT(posted, IsOk());
  EXPECT_EQ(posted->stocktake().state(), pb::STOCKTAKE_STATE_POSTED);
  EXPECT_EQ(OnHand(lot), 94);
  EXPECT_EQ(OnHand(promised), 100);
  const std::vector<pb::Movement> adjustments = Adjustments(lot);  // newest first
  ASSERT_THAT(adjustments, SizeIs(2));
  EXPECT_EQ(adjustments[0].items(), 4);
  EXPECT_EQ(adjustments[1].items(), 10);
  const pb::StocktakeLine line = LineOf(stocktake, lot);
  EXPECT_EQ(line.expected_items(), 100);
  EXPECT_EQ(line.counted_items(), 94);
  EXPECT_EQ(line.movement(), adjustments[0].name());
}

// An adjustment that someone reverses in the ledger is not booked again behind their back.
TEST_F(StocktakesTest, AReversedAdjustmentWantsAnotherDecision) {
  const pb::Lot lot = Stock(100, "L"), promised = Stock(100, "P");
  const auto reservation = Call(&Stub::ReserveStock, "coordinator", Reserving(promised, 100));
  ASSERT_THAT(reservation, IsOk());
  const std::string stocktake = Open();
  Count("aki", Counting(stocktake, lot, 90));
  Count("aki", Counting(stocktake, promised, 99));
  ASSERT_THAT(Review(stocktake), IsOk());
  ASSERT_THAT(Settle(Settling(stocktake, lot, "LOST")), IsOk());
  ASSERT_THAT(Settle(Settling(stocktake, promised, "LOST")), IsOk());
  ASSERT_THAT(Post(stocktake), IsOk());
  SetMinute(5);
  ASSERT_THAT(Undo(Adjustments(lot).at(0).name(), "MISTAKE"), IsOk());
  EXPECT_EQ(OnHand(lot), 100);
  EXPECT_EQ(LineOf(stocktake, lot).state(), pb::LINE_STATE_DIFFERENT);
  EXPECT_THAT(Post(stocktake), FailsBecause("NOT_SETTLED"));
  EXPECT_EQ(OnHand(lot), 100);
  ASSERT_THAT(Settle(Settling(stocktake, lot, "MISLABELLED")), IsOk());
  pb::SettleLineRequest leave = Settling(stocktake, promised, "");
  leave.set_leave_out(true);
  ASSERT_THAT(Settle(leave), IsOk());
  const auto posted = Post(stocktake);
  ASSERT_THAT(posted, IsOk());
  EXPECT_EQ(posted->stocktake().state(), pb::STOCKTAKE_STATE_POSTED);
  EXPECT_EQ(OnHand(lot), 90);
}

TEST_F(StocktakesTest, CancelledNothingIsPosted) {
  const pb::Lot lot = Stock(100, "L"), other = Stock(5, "O");
  const std::string stocktake = Open();
  Count("aki", Counting(stocktake, lot, 90));
  const auto cancelled = Cancel(stocktake);
  ASSERT_THAT(cancelled, IsOk());
  EXPECT_EQ(cancelled->state(), pb::STOCKTAKE_STATE_CANCELLED);
  EXPECT_EQ(cancelled->different_lines(), 1);
  EXPECT_EQ(OnHand(lot), 100);
  ASSERT_THAT(TakeAway(lot, 100, 0), IsOk());
  EXPECT_EQ(LineOf(stocktake, lot).state(), pb::LINE_STATE_DIFFERENT);
  EXPECT_EQ(LineOf(stocktake, lot).expected_items(), 100);
  EXPECT_EQ(LineOf(stocktake, other).state(), pb::LINE_STATE_UNCOUNTED);
  EXPECT_TRUE(MessageDifferencer::Equals(Get(stocktake), *cancelled));
  EXPECT_THAT(Review(stocktake), FailsBecause("STOCKTAKE_CLOSED"));
  EXPECT_THAT(Reopen(stocktake), FailsBecause("STOCKTAKE_CLOSED"));
  EXPECT_THAT(Cancel(stocktake), FailsBecause("STOCKTAKE_CLOSED"));
  // In review too.
  const std::string reviewed = Open();
  ASSERT_THAT(Review(reviewed), IsOk());
  EXPECT_THAT(Review(reviewed), FailsBecause("STOCKTAKE_CLOSED"));
  EXPECT_THAT(Cancel(reviewed), IsOk());
}

TEST_F(StocktakesTest, OneStocktakeAtATimeOnAShelf) {
  const std::string first = Open({shelf_});
  const auto refused = Ask(&Stocktakes::OpenStocktake, "coordinator", Opening());
  ASSERT_THAT(refused, FailsBecause("PLACE_BEING_COUNTED"));
  EXPECT_EQ(errors::MetadataOf(refused.status())["stocktake"], first);
  EXPECT_THAT(errors::MessageIn("ja", refused.status()), HasSubstr("東倉庫 A-01"));
  const std::string second = Open({second_, second_});
  EXPECT_EQ(Get(second).place_count(), 1);
  const pb::Lot lot = Stock(10, "L");
  EXPECT_THAT(Ask(&Stocktakes::RecordCount, "aki", Counting(second, lot, 10)), FailsBecause("PLACE_NOT_IN_STOCKTAKE"));
  ASSERT_THAT(Review(first), IsOk());
  EXPECT_THAT(Ask(&Stocktakes::OpenStocktake, "manager", Opening({shelf_})), FailsBecause("PLACE_BEING_COUNTED"));
  ASSERT_THAT(Cancel(first), IsOk());
  ASSERT_THAT(Cancel(second), IsOk());

  // Of many that want the same shelves at once, one gets them.
  std::vector<std::thread> managers;
  std::atomic<int> opened = 0;
  for (int i = 0; i < 8; ++i) {
    managers.emplace_back([&] {
      const auto mine = Ask(&Stocktakes::OpenStocktake, "manager", Opening({second_, shelf_}));
      opened += mine.ok() ? 1 : 0;
      if (!mine.ok()) {
        EXPECT_THAT(mine, FailsBecause("PLACE_BEING_COUNTED"));
      }
    });
  }
  for (std::thread& manager : managers) manager.join();
  EXPECT_EQ(opened, 1);
  pb::OpenStocktakeRequest taken = Opening({frozen_});
  taken.set_stocktake_id(IdOf(first));
  EXPECT_THAT(Ask(&Stocktakes::OpenStocktake, "manager", taken), FailsBecause("ID_TAKEN"));
}

TEST_F(StocktakesTest, OwnWarehousesOnly) {
  const pb::Lot lot = Stock(100, "L");
  EXPECT_THAT(Ask(&Stocktakes::OpenStocktake, "stranger", Opening()), FailsBecause("NOT_YOUR_ORGANISATION"));
  EXPECT_THAT(Ask(&Stocktakes::OpenStocktake, "aki", Opening()), FailsBecause("ROLE_NOT_ALLOWED"));
  const std::string stocktake = Open();
  for (const char* who : {"stranger", "strange volunteer"}) {
    EXPECT_THAT(Ask(&Stocktakes::RecordCount, who, Counting(stocktake, lot, 1)), FailsBecause("NOT_YOUR_ORGANISATION"));
  }
  EXPECT_THAT(Ask(&Stocktakes::RecordCount, "auditor", Counting(stocktake, lot, 1)), FailsBecause("ROLE_NOT_ALLOWED"));
  const std::string count = Count("aki", Counting(stocktake, lot, 90)).counts(0).name();
  EXPECT_THAT(Retract("stranger", count), FailsBecause("NOT_YOUR_ORGANISATION"));
  EXPECT_THAT(Retract("ben", count), FailsBecause("NOT_YOUR_COUNT"));
  const auto as = [&](const std::string& who) {
    return std::vector<absl::Status>{
        Do(&Stocktakes::ReviewStocktake, who, Named<pb::ReviewStocktakeRequest>(stocktake)).status(),
        Do(&Stocktakes::ReopenStocktake, who, Named<pb::ReopenStocktakeRequest>(stocktake)).status(),
        Do(&Stocktakes::CancelStocktake, who, Named<pb::CancelStocktakeRequest>(stocktake)).status(),
        Do(&Stocktakes::PostStocktake, who, Named<pb::PostStocktakeRequest>(stocktake)).status(),
        Do(&Stocktakes::SettleLine, who, Settling(stocktake, lot, "LOST")).status()};
  };
  for (const absl::Status& status : as("stranger")) EXPECT_THAT(status, FailsBecause("NOT_YOUR_ORGANISATION"));
  for (const std::string who : {"aki", "auditor", "group"}) {
    for (const absl::Status& status : as(who)) EXPECT_THAT(status, FailsBecause("ROLE_NOT_ALLOWED"));
  }
  EXPECT_EQ(Get(stocktake).state(), pb::STOCKTAKE_STATE_OPEN);
  EXPECT_EQ(OnHand(lot), 100);

  // Everybody who works in the network may look; groups and donors may not.
  pb::GetStocktakeRequest get;
  get.set_name(stocktake);
  pb::ListStocktakeLinesRequest lines;
  lines.set_stocktake(stocktake);
  for (const char* who : {"stranger", "strange volunteer", "auditor", "coordinator"}) {
    EXPECT_THAT(Ask(&Stocktakes::GetStocktake, who, get), IsOk());
    EXPECT_THAT(Ask(&Stocktakes::ListStocktakes, who, pb::ListStocktakesRequest()), IsOk());
    EXPECT_THAT(Ask(&Stocktakes::ListStocktakeLines, who, lines), IsOk());
  }
  EXPECT_THAT(Ask(&Stocktakes::GetStocktake, "group", get), FailsBecause("ROLE_NOT_ALLOWED"));
  // A coordinator counts, and takes back what others counted.
  EXPECT_THAT(Ask(&Stocktakes::RecordCount, "coordinator", Counting(stocktake, lot, 1)), IsOk());
  EXPECT_THAT(Retract("coordinator", count), IsOk());
}

TEST_F(StocktakesTest, WhatIsNotThereIsNotFound) {
  const pb::Lot lot = Stock(100, "L");
  const std::string nowhere = ids::Name("stocktakes", ids::NewUuid()), stocktake = Open();
  pb::GetStocktakeRequest get;
  get.set_name(nowhere);
  EXPECT_THAT(Ask(&Stocktakes::GetStocktake, "manager", get), FailsBecause("STOCKTAKE_NOT_FOUND"));
  pb::ListStocktakeLinesRequest lines;
  lines.set_stocktake(nowhere);
  EXPECT_THAT(Ask(&Stocktakes::ListStocktakeLines, "manager", lines), FailsBecause("STOCKTAKE_NOT_FOUND"));
  EXPECT_THAT(Ask(&Stocktakes::RecordCount, "aki", Counting(nowhere, lot, 1)), FailsBecause("STOCKTAKE_NOT_FOUND"));
  EXPECT_THAT(Retract("aki", nowhere + "/counts/" + ids::NewUuid()), FailsBecause("STOCKTAKE_NOT_FOUND"));
  EXPECT_THAT(Review(nowhere), FailsBecause("STOCKTAKE_NOT_FOUND"));
  EXPECT_THAT(Reopen(nowhere), FailsBecause("STOCKTAKE_NOT_FOUND"));
  EXPECT_THAT(Cancel(nowhere), FailsBecause("STOCKTAKE_NOT_FOUND"));
  EXPECT_THAT(Post(nowhere), FailsBecause("STOCKTAKE_NOT_FOUND"));
  EXPECT_THAT(Settle(Settling(nowhere, lot, "LOST")), FailsBecause("STOCKTAKE_NOT_FOUND"));
  pb::Lot unknown;
  unknown.set_name(ids::Name("lots", ids::NewUuid()));
  EXPECT_THAT(Ask(&Stocktakes::RecordCount, "aki", Counting(stocktake, unknown, 1)), FailsBecause("LOT_NOT_FOUND"));
  pb::RecordCountRequest elsewhere = Counting(stocktake, lot, 1);
  elsewhere.set_place(ids::Name("places", ids::NewUuid()));
  EXPECT_THAT(Ask(&Stocktakes::RecordCount, "aki", elsewhere), FailsBecause("PLACE_NOT_IN_STOCKTAKE"));
  pb::OpenStocktakeRequest opening = Opening({ids::Name("places", ids::NewUuid())});
  EXPECT_THAT(Ask(&Stocktakes::OpenStocktake, "manager", opening), FailsBecause("PLACE_NOT_FOUND"));
  opening = Opening();
  opening.set_warehouse(ids::Name("warehouses", ids::NewUuid()));
  EXPECT_THAT(Ask(&Stocktakes::OpenStocktake, "manager", opening), FailsBecause("WAREHOUSE_NOT_FOUND"));
}

TEST_F(StocktakesTest, ShapesAreToldAllAtOnce) {
  const pb::Lot lot = Stock(100, "L");
  pb::OpenStocktakeRequest opening;
  opening.add_places("A-01");
  auto opened = Ask(&Stocktakes::OpenStocktake, "manager", opening);
  EXPECT_THAT(opened, Violates("request_id", "REQUIRED"));
  EXPECT_THAT(opened, Violates("stocktake_id", "REQUIRED"));
  EXPECT_THAT(opened, Violates("title", "REQUIRED"));
  EXPECT_THAT(opened, Violates("warehouse", "REQUIRED"));
  EXPECT_THAT(opened, Violates("places[0]", "NOT_A_NAME"));
  // A shelf of another warehouse, and a warehouse without shelves.
  pb::CreateWarehouseRequest west;
  west.set_request_id(ids::NewUuid());
  west.set_warehouse_id(Id(3, 2));
  west.mutable_warehouse()->set_code("WEST");
  west.mutable_warehouse()->set_display_name("西倉庫");
  west.mutable_warehouse()->set_organisation(ids::Name("organisations", kOperator));
  ASSERT_THAT(Call(&Stub::CreateWarehouse, "coordinator", west), IsOk());
  opening = Opening({shelf_});
  opening.set_warehouse(ids::Name("warehouses", Id(3, 2)));
  EXPECT_THAT(Ask(&Stocktakes::OpenStocktake, "manager", opening), Violates("places[0]", "MISMATCH"));
  opening.clear_places();
  EXPECT_THAT(Ask(&Stocktakes::OpenStocktake, "manager", opening), Violates("warehouse", "EMPTY"));

  SetMinute(10);
  const std::string stocktake = Open();
  pb::RecordCountRequest count = Counting(stocktake, lot, -1);
  count.set_cases(1'000'001);
  count.set_items_per_case(10'001);
  count.set_mode(static_cast<pb::CountMode>(9));
  count.set_note(std::string(501, 'x'));
  SetTime(At(16), count.mutable_counted_time());
  auto counted = Ask(&Stocktakes::RecordCount, "aki", count);
  EXPECT_THAT(counted, Violates("cases", "OUT_OF_RANGE"));
  EXPECT_THAT(counted, Violates("items_per_case", "OUT_OF_RANGE"));
  EXPECT_THAT(counted, Violates("loose_items", "OUT_OF_RANGE"));
  EXPECT_THAT(counted, Violates("mode", "UNKNOWN_VALUE"));
  EXPECT_THAT(counted, Violates("note", "TOO_LONG"));
  EXPECT_THAT(counted, Violates("counted_time", "OUT_OF_RANGE"));
  count = Counting(stocktake, lot, 0);
  count.set_cases(1'000'000);
  count.set_items_per_case(101);
  EXPECT_THAT(Ask(&Stocktakes::RecordCount, "aki", count), Violates("cases", "OUT_OF_RANGE"));
  // Phones' clocks may be five minutes off, either way.
  EXPECT_THAT(Ask(&Stocktakes::RecordCount, "aki", Counting(stocktake, lot, 1, 4)),
              Violates("counted_time", "OUT_OF_RANGE"));
  EXPECT_THAT(Ask(&Stocktakes::RecordCount, "aki", Counting(stocktake, lot, 1, 5)), IsOk());
  EXPECT_THAT(Ask(&Stocktakes::RecordCount, "aki", Counting(stocktake, lot, 1, 15)), IsOk());
  EXPECT_THAT(Retract("aki", "counts/1"), Violates("name", "NOT_A_NAME"));
  EXPECT_THAT(Review("stocktake"), Violates("name", "NOT_A_NAME"));
  pb::SettleLineRequest settle = Settling(stocktake, lot, "BECAUSE");
  settle.set_counted_items(-1);
  settle.set_leave_out(true);
  auto settled = Settle(settle);
  EXPECT_THAT(settled, Violates("reason", "UNKNOWN_VALUE"));
  EXPECT_THAT(settled, Violates("counted_items", "OUT_OF_RANGE"));
  EXPECT_THAT(settled, Violates("leave_out", "MISMATCH"));
  EXPECT_THAT(Settle(Settling(stocktake, lot, "")), Violates("reason", "REQUIRED"));
  pb::ListStocktakeLinesRequest lines;
  lines.set_stocktake(stocktake);
  lines.add_states(pb::LINE_STATE_UNSPECIFIED);
  lines.set_place("A-01");
  const auto listed = Ask(&Stocktakes::ListStocktakeLines, "aki", lines);
  EXPECT_THAT(listed, Violates("states[0]", "REQUIRED"));
  EXPECT_THAT(listed, Violates("place", "NOT_A_NAME"));
}

// By place code, then lot code; the same while it is open and after.
TEST_F(StocktakesTest, LinesComeInPages) {
  std::vector<pb::Lot> lots;
  for (int i = 0; i < 7; ++i) lots.push_back(Stock(10, absl::StrCat("L", i)));
  for (int i = 0; i < 4; ++i) lots.push_back(Stock(10, absl::StrCat("M", i), second_));
  const std::string stocktake = Open();
  SetMinute(1);
  Count("aki", Counting(stocktake, lots[2], 10));
  Count("aki", Counting(stocktake, lots[5], 9));
  // One lot on both shelves.
  pb::RecordCountRequest found = Counting(stocktake, lots[0], 1);
  found.set_place(second_);
  Count("aki", found);

  const auto walk = [&](pb::ListStocktakeLinesRequest request, int size) {
    request.set_stocktake(stocktake);
    request.set_page_size(size);
    std::vector<std::string> seen;
    do {
      const auto page = Ask(&Stocktakes::ListStocktakeLines, "auditor", request);
      EXPECT_THAT(page, IsOk());
      if (!page.ok()) break;
      EXPECT_LE(page->lines_size(), size);
      for (const pb::StocktakeLine& line : page->lines()) seen.push_back(line.place().code() + "/" + line.lot().code());
      request.set_page_token(page->next_page_token());
    } while (!request.page_token().empty());
    return seen;
  };
  const auto check = [&] {
    const std::vector<std::string> all = walk({}, 200);
    EXPECT_THAT(all, SizeIs(12));
    EXPECT_TRUE(std::is_sorted(all.begin(), all.end()));
    for (const int size : {1, 3, 5, 11, 12}) EXPECT_EQ(walk({}, size), all);
    pb::ListStocktakeLinesRequest on_second;
    on_second.set_place(second_);
    EXPECT_THAT(walk(on_second, 2), SizeIs(5));
    pb::ListStocktakeLinesRequest uncounted;
    uncounted.add_states(pb::LINE_STATE_UNCOUNTED);
    EXPECT_THAT(walk(uncounted, 4), SizeIs(9));
    uncounted.set_place(shelf_);
    EXPECT_THAT(walk(uncounted, 2), SizeIs(5));
    pb::ListStocktakeLinesRequest counted;
    counted.add_states(pb::LINE_STATE_EQUAL);
    counted.add_states(pb::LINE_STATE_DIFFERENT);
    EXPECT_EQ(walk(counted, 1), walk(counted, 3));
    EXPECT_THAT(walk(counted, 1), SizeIs(3));
  };
  check();
  pb::ListStocktakeLinesRequest first;
  first.set_stocktake(stocktake);
  first.set_page_size(1);
  const auto page = Ask(&Stocktakes::ListStocktakeLines, "auditor", first);
  ASSERT_THAT(page, IsOk());
  first.set_page_token(page->next_page_token());
  first.set_place(second_);
  EXPECT_THAT(Ask(&Stocktakes::ListStocktakeLines, "auditor", first), FailsBecause("PAGE_TOKEN_INVALID"));
  ASSERT_THAT(Cancel(stocktake), IsOk());
  check();
}

TEST_F(StocktakesTest, StocktakesComeNewestFirst) {
  const pb::Lot lot = Stock(10, "L");
  const std::string cancelled = Open();
  ASSERT_THAT(Cancel(cancelled), IsOk());
  SetMinute(1);
  const std::string first = Open({shelf_});
  SetMinute(2);
  const std::string second = Open({second_}), third = Open({frozen_});  // at the same moment
  Count("aki", Counting(first, lot, 9));
  ASSERT_THAT(Review(second), IsOk());
  pb::ListStocktakesRequest request;
  request.set_page_size(1);
  std::vector<pb::Stocktake> seen;
  do {
    const auto page = Ask(&Stocktakes::ListStocktakes, "auditor", request);
    ASSERT_THAT(page, IsOk());
    ASSERT_THAT(page->stocktakes(), SizeIs(1));
    seen.push_back(page->stocktakes(0));
    request.set_page_token(page->next_page_token());
  } while (!request.page_token().empty());
  ASSERT_THAT(seen, SizeIs(4));
  EXPECT_EQ(seen[0].name(), std::max(second, third));
  EXPECT_EQ(seen[1].name(), std::min(second, third));
  EXPECT_EQ(seen[2].name(), first);
  EXPECT_EQ(seen[3].name(), cancelled);
  EXPECT_EQ(seen[2].different_lines(), 1);
  EXPECT_EQ(seen[2].place_count(), 1);
  EXPECT_THAT(seen[2].places(), IsEmpty());
  EXPECT_EQ(seen[3].uncounted_lines(), 1);
  EXPECT_EQ(seen[3].place_count(), 3);
  // With all figures in one page as in single ones.
  request.set_page_size(0);
  const auto all = Ask(&Stocktakes::ListStocktakes, "auditor", request);
  ASSERT_THAT(all, IsOk());
  ASSERT_THAT(all->stocktakes(), SizeIs(4));
  for (int i = 0; i < 4; ++i) EXPECT_TRUE(MessageDifferencer::Equals(all->stocktakes(i), seen[i]));

  request.set_state(pb::STOCKTAKE_STATE_REVIEW);
  const auto reviewed = Ask(&Stocktakes::ListStocktakes, "auditor", request);
  ASSERT_THAT(reviewed, IsOk());
  ASSERT_THAT(reviewed->stocktakes(), SizeIs(1));
  EXPECT_EQ(reviewed->stocktakes(0).name(), second);
  request.clear_state();
  request.set_warehouse(ids::Name("warehouses", Id(3, 9)));
  const auto none = Ask(&Stocktakes::ListStocktakes, "auditor", request);
  ASSERT_THAT(none, IsOk());
  EXPECT_THAT(none->stocktakes(), IsEmpty());
}

// What the database itself refuses the service's role, whatever the program does.
TEST_F(StocktakesTest, TheDatabaseKeepsTheRecord) {
  const pb::Lot lot = Stock(100, "L");
  const std::string stocktake = Open();
  const std::string count = Count("aki", Counting(stocktake, lot, 90)).counts(0).name();
  ASSERT_THAT(Retract("aki", count), IsOk());
  Count("aki", Counting(stocktake, lot, 90));
  const auto attempt = [&](const std::string& sql) {
    const pg::TxContext context{.network_id = kNetwork, .deadline = absl::Now() + absl::Seconds(10)};
    return pool_.Transact(context, [&](pg::Transaction& tx) -> absl::Status {
      constexpr pg::Statement kDo{"SELECT run_as_told($1)"};
      return tx.Query(kDo, sql).status();
    });
  };
  pg::testing::Sql(
      database_.superuser,
      "CREATE FUNCTION stock.run_as_told(sql text) RETURNS void LANGUAGE plpgsql AS 'BEGIN EXECUTE sql; END';"
      "GRANT EXECUTE ON FUNCTION stock.run_as_told(text) TO kubari_stock");
  for (const char* forbidden : {
           "UPDATE stocktake_counts SET loose_items = 1",
           "UPDATE stocktake_counts SET counted_time = now()",
           "DELETE FROM stocktake_counts",
           "UPDATE stocktake_decisions SET reason = 'x'",
           "DELETE FROM stocktake_decisions",
           "DELETE FROM stocktakes",
           "UPDATE stocktakes SET title = 'x'",
           "UPDATE stocktake_lines SET state = 1",
           "DELETE FROM stocktake_lines",
           "DELETE FROM stocktake_places",
           "UPDATE stocktake_places SET place_id = place_id",
       }) {
    EXPECT_EQ(pg::SqlStateOf(attempt(forbidden)), "42501") << forbidden;
  }
  const auto breaks = [&](const std::string& sql) { return pg::ConstraintOf(attempt(sql)); };
  EXPECT_EQ(breaks("UPDATE stocktake_counts SET retract_time = now(), retracted_by = 'x'"), "stocktake_counts_once");
  EXPECT_EQ(breaks("UPDATE stocktakes SET state = 3, figures = '{}'"), "stocktakes_step");
  EXPECT_EQ(breaks("UPDATE stocktakes SET state = 4"), "stocktakes_closed");
  EXPECT_EQ(breaks("UPDATE stocktakes SET posting_until = now()"), "stocktakes_posting");
  const std::string decision = absl::StrCat(
      "INSERT INTO stocktake_decisions (network_id, stocktake_id, place_id, lot_id, reason, note, leave_out, "
      "basis_items, "
      "changes, actor, decide_time) SELECT network_id, stocktake_id, place_id, lot_id, '', '', false, 0, 1, 'x', now() "
      "FROM "
      "stocktake_counts LIMIT 1");
  EXPECT_EQ(breaks(decision), "stocktakes_state");
  ASSERT_THAT(Review(stocktake), IsOk());
  EXPECT_THAT(attempt(decision), IsOk());
  EXPECT_EQ(
      breaks("INSERT INTO stocktake_counts (network_id, stocktake_id, count_id, place_id, lot_id, mode, cases, "
             "items_per_case, loose_items, actor, counted_time, recorded_time, ledger_position, note) SELECT "
             "network_id, stocktake_id, gen_random_uuid(), place_id, lot_id, 1, 0, 0, 1, 'x', now(), now(), 0, '' "
             "FROM stocktake_counts LIMIT 1"),
      "stocktakes_state");
  EXPECT_EQ(breaks("UPDATE stocktake_counts SET retract_time = now(), retracted_by = 'x' WHERE retract_time IS NULL"),
            "stocktakes_state");
  ASSERT_THAT(Cancel(stocktake), IsOk());
  EXPECT_EQ(breaks("UPDATE stocktakes SET state = 1, figures = NULL"), "stocktakes_step");
  // Another network sees and does nothing.
  for (const char* table :
       {"stocktakes", "stocktake_places", "stocktake_counts", "stocktake_decisions", "stocktake_lines"}) {
    const std::string seen = pg::testing::Sql(
        database_.service, absl::StrCat("SET search_path = stock; SELECT set_config('kubari.network', '", Id(1, 2),
                                        "', false); SELECT count(*) FROM ", table));
    EXPECT_EQ(seen, "0") << table;
  }
}

}  // namespace
}  // namespace kubari::stock
