// Stocktakes as others see them: whose they are, what is refused, lists in pages, and what the database itself keeps.
#include <algorithm>
#include <thread>

#include "services/stock/stocktakes_fixture.h"

namespace kubari::stock {
namespace {

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
