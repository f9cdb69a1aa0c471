// Stocktakes while they are counted: phones that are late, that repeat themselves and that disagree.
#include <thread>

#include "services/stock/stocktakes_fixture.h"

namespace kubari::stock {
namespace {

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

}  // namespace
}  // namespace kubari::stock
