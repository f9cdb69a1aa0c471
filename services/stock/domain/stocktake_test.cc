// What counts come to, what the ledger says for their moment, and what is to be booked.
#include "services/stock/domain/stocktake.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "libs/ids/ids.h"

namespace kubari::stock {
namespace {

using ::testing::ElementsAre;

// Minutes of a day on which nothing else happens.
absl::Time At(int minute) { return absl::FromUnixSeconds(1'800'000'000) + absl::Minutes(minute); }

Count Counted(const std::string& actor, int minute, int64_t items, pb::CountMode mode) {
  static int64_t number = 0;
  return {.number = ++number, .mode = mode, .loose_items = items, .actor = actor, .counted_time = At(minute)};
}
Count Whole(const std::string& actor, int minute, int64_t items) {
  return Counted(actor, minute, items, pb::COUNT_MODE_WHOLE);
}
Count Pile(const std::string& actor, int minute, int64_t items) {
  return Counted(actor, minute, items, pb::COUNT_MODE_ADDITION);
}
Count Again(const std::string& actor, int minute, int64_t items) {
  return Counted(actor, minute, items, pb::COUNT_MODE_AGAIN);
}
Count Retracted(Count count) {
  count.retracted = true;
  return count;
}
Change Moved(int minute, int64_t items) { return {.position = minute, .items = items, .occurred_time = At(minute)}; }
// The reversal, at `minute`, of `change`.
Change Undo(const Change& change, int minute, const std::string& reason = "MISTAKE") {
  Change undo{.position = minute, .items = -change.items, .occurred_time = At(minute), .reason = reason};
  undo.own = change.own;
  undo.undoes.push_back({change.occurred_time, change.reason});
  undo.undoes.insert(undo.undoes.end(), change.undoes.begin(), change.undoes.end());
  return undo;
}
Change Own(int minute, int64_t items) {
  Change change = Moved(minute, items);
  change.own = true;
  return change;
}
// Which counts are void, oldest first.
std::vector<bool> Voids(const Line& line) {
  std::vector<bool> voids;
  for (const Line::Counted& counted : line.counts) voids.push_back(counted.is_void);
  return voids;
}

// What is to come out.
struct Verdict {
  pb::LineState state;
  int64_t expected;
  int64_t difference = 0;
  pb::LineConflict conflict = pb::LINE_CONFLICT_UNSPECIFIED;
};
Verdict Uncounted(int64_t expected) { return {pb::LINE_STATE_UNCOUNTED, expected}; }
Verdict Equal(int64_t expected) { return {pb::LINE_STATE_EQUAL, expected}; }
Verdict Different(int64_t expected, int64_t difference) { return {pb::LINE_STATE_DIFFERENT, expected, difference}; }
Verdict Posted(int64_t expected, int64_t difference) { return {pb::LINE_STATE_POSTED, expected, difference}; }
Verdict Differ(int64_t expected) { return {pb::LINE_STATE_CONFLICT, expected, 0, pb::LINE_CONFLICT_COUNTS_DIFFER}; }
Verdict Meanwhile(int64_t expected) {
  return {pb::LINE_STATE_CONFLICT, expected, 0, pb::LINE_CONFLICT_MOVED_MEANWHILE};
}
Verdict Since(int64_t expected) { return {pb::LINE_STATE_CONFLICT, expected, 0, pb::LINE_CONFLICT_CORRECTED_SINCE}; }

struct Case {
  const char* what;
  std::vector<Count> counts;
  int64_t on_hand;
  std::vector<Change> changes;
  Verdict verdict;
};

void ExpectLines(const std::vector<Case>& cases) {
  std::mt19937 random(1);
  for (Case c : cases) {
    SCOPED_TRACE(c.what);
    // In whatever order they come.
    std::shuffle(c.counts.begin(), c.counts.end(), random);
    std::shuffle(c.changes.begin(), c.changes.end(), random);
    const Line line = JudgeLine({.counts = c.counts, .now = {.on_hand = c.on_hand}, .changes = c.changes});
    EXPECT_EQ(line.state, c.verdict.state) << pb::LineState_Name(line.state);
    EXPECT_EQ(line.conflict, c.verdict.conflict) << pb::LineConflict_Name(line.conflict);
    EXPECT_EQ(line.expected_items, c.verdict.expected);
    EXPECT_EQ(line.difference_items, c.verdict.difference);
    EXPECT_EQ(line.open_items, line.state == pb::LINE_STATE_DIFFERENT ? c.verdict.difference : 0);
    const bool figure = line.counted() && line.conflict == pb::LINE_CONFLICT_UNSPECIFIED;
    EXPECT_EQ(line.counted_items, figure ? c.verdict.expected + c.verdict.difference : 0);
  }
}

// clang-format off
TEST(Stocktake, CountsOfOneLineBecomeOneFigure) {
  ExpectLines({
      {"nobody counted: the ledger stays", {}, 100, {}, Uncounted(100)},
      {"as the ledger says", {Whole("a", 10, 100)}, 100, {}, Equal(100)},
      {"some are missing", {Whole("a", 10, 97)}, 100, {}, Different(100, -3)},
      {"not there at all", {Whole("a", 10, 0)}, 100, {}, Different(100, -100)},
      {"the ledger knows nothing of it", {Whole("a", 10, 5)}, 0, {}, Different(0, 5)},
      {"neither does anybody", {Whole("a", 10, 0)}, 0, {}, Equal(0)},
      {"two who find the same are not added up", {Whole("a", 10, 97), Whole("b", 20, 97)}, 100, {}, Different(100, -3)},
      {"two who differ", {Whole("a", 10, 97), Whole("b", 20, 98)}, 100, {}, Differ(100)},
      {"one against two", {Whole("a", 10, 97), Whole("b", 20, 98), Whole("c", 30, 97)}, 100, {}, Differ(100)},
      {"the same person scans the pile again", {Whole("a", 10, 90), Whole("a", 12, 97)}, 100, {}, Different(100, -3)},
      {"another pile", {Whole("a", 10, 60), Pile("a", 12, 37)}, 100, {}, Different(100, -3)},
      {"piles only", {Pile("a", 10, 60), Pile("a", 12, 30), Pile("a", 13, 10)}, 100, {}, Equal(100)},
      {"all of it replaces the piles", {Whole("a", 10, 60), Pile("a", 12, 37), Whole("a", 14, 100)}, 100, {},
       Equal(100)},
      {"somebody else's pile is not added", {Whole("a", 10, 60), Pile("b", 12, 40)}, 100, {}, Differ(100)},
      {"counted again by one of them", {Whole("a", 10, 97), Whole("b", 20, 98), Again("b", 30, 99)}, 100, {},
       Different(100, -1)},
      {"counted again by a third, and a pile more",
       {Whole("a", 10, 97), Whole("b", 20, 98), Again("c", 30, 90), Pile("c", 31, 10)}, 100, {}, Equal(100)},
      {"counted again twice: the last", {Again("a", 10, 97), Again("b", 20, 98)}, 100, {}, Different(100, -2)},
      {"who counts after that may differ", {Again("a", 10, 97), Whole("b", 20, 98)}, 100, {}, Differ(100)},
      {"taken back", {Retracted(Whole("a", 10, 90))}, 100, {}, Uncounted(100)},
      {"the pile taken back, not the rest", {Whole("a", 10, 60), Retracted(Pile("a", 12, 37))}, 60, {}, Equal(60)},
      {"counting again taken back: the others count again",
       {Whole("a", 10, 97), Retracted(Again("b", 30, 99))}, 100, {},
       Different(100, -3)},
  });
}

TEST(Stocktake, TheLedgerIsAskedForTheMomentOfTheCount) {
  const Change issue = Moved(15, -40), wrong = Moved(5, -10), back = Undo(wrong, 20, "RETURNED"), own = Own(10, -3);
  ExpectLines({
      {"issued after the count: no loss", {Whole("a", 10, 100)}, 60, {issue}, Equal(100)},
      {"issued before the count", {Whole("a", 20, 60)}, 60, {issue}, Equal(60)},
      {"at the very moment: before", {Whole("a", 15, 60)}, 60, {issue}, Equal(60)},
      {"a loss stays what it is while goods leave", {Whole("a", 10, 97)}, 60, {issue}, Different(100, -3)},
      {"before and after an issue, agreeing", {Whole("a", 10, 97), Whole("b", 20, 57)}, 60, {issue}, Different(60, -3)},
      {"the same figure before and after: one is wrong", {Whole("a", 10, 60), Whole("b", 20, 60)}, 60, {issue},
       Differ(60)},
      {"the same person again, after the issue", {Whole("a", 10, 97), Whole("a", 20, 60)}, 60, {issue}, Equal(60)},
      {"moved between two piles", {Whole("a", 10, 60), Pile("a", 20, 40)}, 60, {issue}, Meanwhile(60)},
      {"moved after both piles", {Whole("a", 10, 60), Pile("a", 12, 40)}, 60, {issue}, Equal(100)},
      {"in and out between two piles: of which pile?",
       {Whole("a", 10, 60), Pile("a", 20, 40)}, 100, {issue, Moved(17, 40)},
       Meanwhile(100)},
      {"booked between two piles and taken back",
       {Whole("a", 10, 60), Pile("a", 20, 40)}, 100, {issue, Undo(issue, 30)},
       Equal(100)},
      {"received after the count", {Whole("a", 10, 0)}, 24, {Moved(30, 24)}, Equal(0)},

      {"an issue that never was, taken back after the count", {Whole("a", 10, 100)}, 100, {Undo(wrong, 20)},
       Equal(100)},
      {"taken back before the count", {Whole("a", 30, 100)}, 100, {Undo(wrong, 20)}, Equal(100)},
      {"what came back, came back after the count", {Whole("a", 10, 90)}, 100, {back}, Equal(90)},
      {"taken back, and booked anew with a later time", {Whole("a", 10, 90)}, 90, {Undo(wrong, 20), Moved(21, -10)},
       Since(100)},
      {"counted once more after that", {Whole("a", 10, 90), Whole("a", 30, 90)}, 90, {Undo(wrong, 20), Moved(21, -10)},
       Equal(90)},
      {"taken back, and the count differs all the same", {Whole("a", 10, 95)}, 100, {Undo(wrong, 20)}, Since(100)},
      {"taken back, and that taken back", {Whole("a", 10, 85)}, 90, {Undo(wrong, 20), Undo(Undo(wrong, 20), 25)},
       Different(90, -5)},
      {"a return that never was", {Whole("a", 10, 85)}, 90, {back, Undo(back, 25)}, Different(90, -5)},

      {"posted: found, booked, nothing left to do", {Whole("a", 10, 97)}, 97, {own}, Posted(100, -3)},
      {"posted, and goods left since", {Whole("a", 10, 97)}, 57, {own, issue}, Posted(100, -3)},
      {"posted, then a phone reports an issue of before", {Whole("a", 10, 97)}, 94, {own}, Different(94, 3)},
      {"posted, then counted again", {Whole("a", 10, 97), Again("a", 20, 95)}, 97, {own}, Different(97, -2)},
      {"posted, all found, posted again", {Whole("a", 10, 97), Again("a", 20, 100)}, 100, {own, Own(20, 3)},
       Equal(100)},
      {"posted, then an earlier count holds", {Whole("a", 5, 97), Retracted(Whole("b", 10, 97))}, 97, {own},
       Posted(100, -3)},
      {"posted and reversed", {Whole("a", 10, 97)}, 100, {own, Undo(own, 30)}, Different(100, -3)},
  });
}
// clang-format on

TEST(Stocktake, VoidIsWhatDoesNotCount) {
  const auto voids = [](std::vector<Count> counts) { return Voids(JudgeLine({.counts = std::move(counts)})); };
  EXPECT_THAT(voids({Whole("a", 10, 9), Whole("b", 11, 9), Pile("a", 12, 1)}), ElementsAre(false, false, false));
  EXPECT_THAT(voids({Whole("a", 10, 9), Pile("a", 11, 1), Whole("a", 12, 9)}), ElementsAre(true, true, false));
  EXPECT_THAT(voids({Whole("a", 10, 9), Whole("b", 11, 9), Again("c", 12, 9), Whole("a", 13, 9)}),
              ElementsAre(true, true, false, false));
  EXPECT_THAT(voids({Whole("a", 10, 9), Retracted(Whole("a", 11, 9))}), ElementsAre(false, true));
  // A count that comes in late is put where it was made.
  const Count again = Again("b", 20, 9), late = Whole("a", 10, 8);
  EXPECT_THAT(voids({again, late}), ElementsAre(true, false));
  // Of the same moment the one that was recorded later is later.
  const Count first = Whole("a", 10, 8), second = Whole("a", 10, 9);
  EXPECT_THAT(voids({second, first}), ElementsAre(true, false));
}

LineFacts Facts(int64_t on_hand, std::vector<Count> counts, std::vector<Change> changes = {}) {
  return {.counts = std::move(counts), .now = {.on_hand = on_hand}, .changes = std::move(changes)};
}
// As the reviewer sees the line now.
Decision Decide(const LineFacts& facts, std::optional<int64_t> counted, const std::string& reason,
                bool leave_out = false) {
  const Line line = JudgeLine(facts);
  return {.counted_items = counted,
          .reason = reason,
          .leave_out = leave_out,
          .basis_items = line.basis_items,
          .changes = line.changes};
}

TEST(Stocktake, ADecisionGoesBeforeTheCounts) {
  LineFacts facts = Facts(100, {Whole("a", 10, 97), Whole("b", 20, 98)});
  EXPECT_TRUE(JudgeLine(facts).unsettled());
  facts.decision = Decide(facts, 98, "LOST");
  Line line = JudgeLine(facts);
  EXPECT_EQ(line.state, pb::LINE_STATE_DIFFERENT);
  EXPECT_EQ(line.open_items, -2);
  EXPECT_EQ(line.counted_items, 98);
  EXPECT_EQ(line.reason, "LOST");
  EXPECT_FALSE(line.unsettled());
  EXPECT_EQ(line.conflict, pb::LINE_CONFLICT_UNSPECIFIED);

  // Without a reason nothing is booked.
  facts.decision = Decide(facts, 98, "");
  EXPECT_TRUE(JudgeLine(facts).unsettled());
  // As the ledger says: nothing to give a reason for.
  facts.decision = Decide(facts, 100, "");
  EXPECT_EQ(JudgeLine(facts).state, pb::LINE_STATE_EQUAL);
  EXPECT_FALSE(JudgeLine(facts).unsettled());

  facts.decision = Decide(facts, std::nullopt, "", /*leave_out=*/true);
  line = JudgeLine(facts);
  EXPECT_EQ(line.state, pb::LINE_STATE_LEFT_OUT);
  EXPECT_EQ(line.open_items, 0);
  EXPECT_FALSE(line.unsettled());
}

TEST(Stocktake, ADecisionHoldsForWhatItWasMadeFor) {
  LineFacts facts = Facts(100, {Whole("a", 10, 98)});
  facts.decision = Decide(facts, std::nullopt, "LOST");
  ASSERT_EQ(JudgeLine(facts).reason, "LOST");

  // A phone reports an issue of before the count: they were not lost.
  LineFacts late = facts;
  late.now.on_hand = 98;
  EXPECT_EQ(JudgeLine(late).state, pb::LINE_STATE_EQUAL);
  late.now.on_hand = 95;
  EXPECT_EQ(JudgeLine(late).open_items, 3);
  EXPECT_EQ(JudgeLine(late).reason, "");
  EXPECT_TRUE(JudgeLine(late).unsettled());
  // Goods that leave after the count change nothing.
  LineFacts after = facts;
  after.now.on_hand = 60;
  after.changes = {Moved(15, -40)};
  EXPECT_EQ(JudgeLine(after).open_items, -2);
  EXPECT_EQ(JudgeLine(after).reason, "LOST");

  LineFacts counted = facts;
  counted.counts.push_back(Whole("b", 20, 98));
  EXPECT_TRUE(JudgeLine(counted).unsettled());
  LineFacts retracted = counted;
  retracted.decision = Decide(counted, std::nullopt, "LOST");
  EXPECT_FALSE(JudgeLine(retracted).unsettled());
  retracted.counts.back().retracted = true;
  EXPECT_TRUE(JudgeLine(retracted).unsettled());

  // What was booked does not take its own reason away; who reverses it wants another decision.
  LineFacts posted = facts;
  posted.now.on_hand = 98;
  posted.changes = {Own(10, -2)};
  EXPECT_EQ(JudgeLine(posted).state, pb::LINE_STATE_POSTED);
  EXPECT_EQ(JudgeLine(posted).reason, "LOST");
  EXPECT_EQ(JudgeLine(posted).last_adjustment, 10);
  EXPECT_EQ(JudgeLine(posted).adjustments, 1);
  posted.now.on_hand = 100;
  posted.changes.push_back(Undo(posted.changes[0], 30));
  EXPECT_EQ(JudgeLine(posted).open_items, -2);
  EXPECT_TRUE(JudgeLine(posted).unsettled());
  EXPECT_EQ(JudgeLine(posted).adjustments, 1);

  // Left out stays left out, until somebody counts.
  LineFacts left = facts;
  left.decision = Decide(left, std::nullopt, "", /*leave_out=*/true);
  left.now.on_hand = 95;
  EXPECT_EQ(JudgeLine(left).state, pb::LINE_STATE_LEFT_OUT);
  left.counts.push_back(Whole("a", 20, 97));
  EXPECT_EQ(JudgeLine(left).state, pb::LINE_STATE_DIFFERENT);
}

TEST(Stocktake, ACorrectionSinceTheCountIsForTheReviewer) {
  const Change wrong = Moved(5, -10);
  LineFacts facts = Facts(90, {Whole("a", 10, 90)}, {Undo(wrong, 20), Moved(21, -10)});
  ASSERT_EQ(JudgeLine(facts).conflict, pb::LINE_CONFLICT_CORRECTED_SINCE);
  facts.decision = Decide(facts, 100, "");
  EXPECT_EQ(JudgeLine(facts).state, pb::LINE_STATE_EQUAL);
  facts.decision = Decide(facts, 90, "LOST");
  EXPECT_EQ(JudgeLine(facts).open_items, -10);
}

TEST(Stocktake, EachAdjustmentHasItsOwnRequest) {
  const std::string stocktake = ids::NewUuid(), lot = ids::NewUuid(), place = ids::NewUuid();
  const std::string request = AdjustmentRequestId(stocktake, lot, place, 0);
  EXPECT_TRUE(ids::IsUuid(request));
  EXPECT_EQ(AdjustmentRequestId(stocktake, lot, place, 0), request);
  EXPECT_NE(AdjustmentRequestId(stocktake, lot, place, 1), request);
  EXPECT_NE(AdjustmentRequestId(stocktake, place, lot, 0), request);
  EXPECT_NE(AdjustmentRequestId(ids::NewUuid(), lot, place, 0), request);
}

// A shelf, and a ledger that is wrong by some items from the start. Movements happen to the shelf and are reported at
// any later time, in any order; some are booked by mistake and taken back. People count what is really there. When
// everything has been reported and the difference is booked, the ledger says what is really there.
TEST(Stocktake, WhateverTheOrderTheLedgerIsRightInTheEnd) {
  std::mt19937 random(20261201);
  const auto pick = [&](int from, int to) { return std::uniform_int_distribution<int>(from, to)(random); };
  for (int round = 0; round < 2'000; ++round) {
    SCOPED_TRACE(round);
    const int wrong_by = pick(-2, 2);
    const int64_t at_first = 1'000;
    std::vector<Change> happened, mistakes;
    for (int i = pick(0, 6); i > 0; --i) happened.push_back(Moved(2 * pick(0, 50), pick(-5, 5)));
    if (wrong_by == 0) {
      for (int i = pick(0, 2); i > 0; --i) mistakes.push_back(Moved(2 * pick(0, 50), pick(1, 9)));
    }
    const auto there = [&](int minute) {
      int64_t items = at_first;
      for (const Change& change : happened) items += change.occurred_time <= At(minute) ? change.items : 0;
      return items;
    };
    LineFacts facts;
    for (int i = pick(1, 3); i > 0; --i) {
      const int minute = 2 * pick(0, 50) + 1;
      facts.counts.push_back(Whole(std::string(1, static_cast<char>('a' + i)), minute, there(minute)));
    }
    // What the ledger gets to hear, one by one.
    std::vector<Change> reports = happened;
    for (const Change& mistake : mistakes) reports.insert(reports.end(), {mistake, Undo(mistake, pick(100, 110))});
    std::shuffle(reports.begin(), reports.end(), random);
    facts.now.on_hand = at_first + wrong_by;
    for (const Change& report : reports) {
      facts.now.on_hand += report.items;
      facts.changes.push_back(report);
    }
    const Line line = JudgeLine(facts);
    ASSERT_EQ(line.state, wrong_by == 0 ? pb::LINE_STATE_EQUAL : pb::LINE_STATE_DIFFERENT)
        << pb::LineState_Name(line.state);
    EXPECT_EQ(line.open_items, -wrong_by);
    // Booked at whatever time: done, and not to be done again.
    facts.now.on_hand += line.open_items;
    facts.changes.push_back(Own(pick(0, 120), line.open_items));
    EXPECT_EQ(facts.now.on_hand, there(1'000));
    EXPECT_EQ(JudgeLine(facts).state, wrong_by == 0 ? pb::LINE_STATE_EQUAL : pb::LINE_STATE_POSTED);
    EXPECT_EQ(JudgeLine(facts).open_items, 0);
  }
}

TEST(Stocktake, FiguresAddUp) {
  Figures figures;
  LineFacts settled = Facts(100, {Whole("a", 10, 98)});
  settled.decision = Decide(settled, std::nullopt, "LOST");
  LineFacts left = Facts(100, {Whole("a", 10, 98)});
  left.decision = Decide(left, std::nullopt, "", /*leave_out=*/true);
  for (const LineFacts& facts :
       {Facts(5, {}), Facts(0, {Retracted(Whole("a", 10, 3))}), Facts(7, {Retracted(Whole("a", 10, 3))}),
        Facts(5, {Whole("a", 10, 5)}), Facts(5, {Whole("a", 10, 4)}), settled, left,
        Facts(5, {Whole("a", 10, 4), Whole("b", 10, 3)}), Facts(97, {Whole("a", 10, 97)}, {Own(10, -3)})}) {
    figures.Add(JudgeLine(facts));
  }
  EXPECT_EQ(figures.counted, 6);
  EXPECT_EQ(figures.equal, 1);
  EXPECT_EQ(figures.different, 3);
  EXPECT_EQ(figures.posted, 1);
  EXPECT_EQ(figures.conflict, 1);
  EXPECT_EQ(figures.left_out, 1);
  EXPECT_EQ(figures.uncounted, 2);
  EXPECT_EQ(figures.unsettled, 2);
}

TEST(Stocktake, EachStateAllowsItsOwn) {
  struct {
    pb::StocktakeState state;
    bool count, review, decide, cancel, closed;
  } const table[] = {{pb::STOCKTAKE_STATE_OPEN, true, true, false, true, false},
                     {pb::STOCKTAKE_STATE_REVIEW, false, false, true, true, false},
                     {pb::STOCKTAKE_STATE_POSTED, false, false, false, false, true},
                     {pb::STOCKTAKE_STATE_CANCELLED, false, false, false, false, true}};
  for (const auto& row : table) {
    SCOPED_TRACE(pb::StocktakeState_Name(row.state));
    EXPECT_EQ(MayCount(row.state), row.count);
    EXPECT_EQ(MayReview(row.state), row.review);
    EXPECT_EQ(MayDecide(row.state), row.decide);
    EXPECT_EQ(MayCancel(row.state), row.cancel);
    EXPECT_EQ(IsClosed(row.state), row.closed);
  }
}

}  // namespace
}  // namespace kubari::stock
