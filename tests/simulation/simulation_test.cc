// Many phones on a bad network against the real service, which is killed while it works; judged by an auditor that
// shares no code with it. One seed is one network.
//
//   KUBARI_SEED=7 …     one seed, as a failure printed it
//   KUBARI_SEEDS=2000 … so many new seeds (the nightly mode); a dozen without it
#include <absl/strings/str_cat.h>
#include <absl/strings/str_join.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <iostream>
#include <random>

#include "tests/simulation/day.h"
#include "tests/simulation/judge.h"

namespace kubari::simulation {
namespace {

// What a dozen seeds must have met, or the workload is too tame.
constexpr pb::MovementKind kKinds[] = {
    pb::MOVEMENT_KIND_RECEIVE, pb::MOVEMENT_KIND_TRANSFER, pb::MOVEMENT_KIND_RESERVE, pb::MOVEMENT_KIND_VOID,
    pb::MOVEMENT_KIND_EXPIRE,  pb::MOVEMENT_KIND_ISSUE,    pb::MOVEMENT_KIND_CONFIRM, pb::MOVEMENT_KIND_SHORTAGE,
    pb::MOVEMENT_KIND_DISCARD, pb::MOVEMENT_KIND_REVERSAL, pb::MOVEMENT_KIND_REFUSE,  pb::MOVEMENT_KIND_SEND,
    pb::MOVEMENT_KIND_ARRIVE,  pb::MOVEMENT_KIND_DIRECT,   pb::MOVEMENT_KIND_PASS_ON, pb::MOVEMENT_KIND_RETURN,
    pb::MOVEMENT_KIND_ADJUST,  pb::MOVEMENT_KIND_CONSUME,  pb::MOVEMENT_KIND_PRODUCE,
};
constexpr const char* kRefusals[] = {
    "ALREADY_REVERSED",
    "DATE_TOO_LATE",
    "DELIVERY_NOT_FOUND",
    "FEFO_DEPARTURE",
    "ID_TAKEN",
    "INSUFFICIENT_STOCK",
    "LOT_EXPIRED",
    "LOT_NOT_FOUND",
    "LOT_RECALLED",
    "NOT_REVERSIBLE",
    "NOT_YOUR_MOVEMENT",
    "NOT_YOUR_ORGANISATION",
    "NO_AGREEMENT",
    "ONWARD_NOT_ALLOWED",
    "OTHER_WAREHOUSE",
    "REQUEST_ID_REUSED",
    "RESERVATION_CLOSED",
    "RESERVATION_EXCEEDED",
    "RESERVATION_EXISTS",
    "RESERVATION_REQUIRED",
    "TEMPERATURE_MISMATCH",
    "TOO_FEW_DAYS",
    "TRANSFER_CLOSED",
    "UNEVEN_KIT",
    "WEIGHT_EXCEEDED",
    "DELIVERY_CONFIRMED",
};

std::vector<unsigned> Seeds() {
  if (const char* one = std::getenv("KUBARI_SEED")) return {static_cast<unsigned>(std::strtoul(one, nullptr, 10))};
  const char* many = std::getenv("KUBARI_SEEDS");
  std::vector<unsigned> seeds;
  // New ones each time; what fails is printed and can be repeated.
  const unsigned first = std::random_device{}() % 1'000'000'000;
  for (int n = 0; n < (many != nullptr ? std::atoi(many) : 12); ++n) seeds.push_back(first + n);
  return seeds;
}

// What a day has become, whatever names the things in it have: for each request in order the kinds and items.
std::vector<std::string> Shape(const Answers& answers) {
  std::map<std::string, std::multiset<std::string>> by_request;
  std::vector<std::string> order, shape;
  for (const pb::FeedEntry& entry : answers.feed) {
    const pb::Movement& m = entry.movement();
    // The service's own requests are new every time.
    const std::string request = m.kind() == pb::MOVEMENT_KIND_EXPIRE ? "time" : m.request_id();
    if (by_request.count(request) == 0) order.push_back(request);
    by_request[request].insert(absl::StrCat(pb::MovementKind_Name(m.kind()), " ", m.items()));
  }
  for (const std::string& request : order)
    shape.push_back(absl::StrCat(request, ": ", absl::StrJoin(by_request[request], ", ")));
  return shape;
}

// One for all: days do not touch each other.
House& TheHouse() {
  static House house;
  return house;
}

TEST(Simulation, TheAuditorFindsNothing) {
  House& house = TheHouse();
  const std::vector<unsigned> seeds = Seeds();
  std::map<pb::MovementKind, int64_t> kinds;
  std::map<std::string, int64_t> refusals;
  int64_t movements = 0;
  for (const unsigned seed : seeds) {
    const Day day = LiveOneDay(house, seed);
    const Verdict verdict = Judge(day.answers, day.setting, *day.journal);
    movements += verdict.movements;
    for (const auto& [kind, count] : verdict.kinds) kinds[kind] += count;
    for (const auto& [reason, count] : day.journal->refusals()) refusals[reason] += count;
    EXPECT_TRUE(verdict.problems.empty())
        << "KUBARI_SEED=" << seed << " finds:\n  " << absl::StrJoin(verdict.problems, "\n  ");
    EXPECT_GT(verdict.movements, 10) << "KUBARI_SEED=" << seed << ": too little happened";
    if (::testing::Test::HasFailure()) break;
  }
  std::cout << seeds.size() << " seeds, " << movements << " movements, " << house.kills() << " kills, " << house.cuts()
            << " connections cut\n";
  for (const auto& [kind, count] : kinds) std::cout << " " << pb::MovementKind_Name(kind).substr(14) << " " << count;
  std::cout << "\n " << absl::StrJoin(refusals, " ", absl::PairFormatter(" ")) << std::endl;
  if (seeds.size() < 12 || ::testing::Test::HasFailure()) return;
  EXPECT_GT(house.kills(), 0);
  EXPECT_GT(house.cuts(), 0);
  for (const pb::MovementKind kind : kKinds)
    EXPECT_GT(kinds[kind], 0) << pb::MovementKind_Name(kind) << " never happened";
  for (const char* refusal : kRefusals) EXPECT_GT(refusals[refusal], 0) << refusal << " never happened";
}

TEST(Simulation, ASeedWithOnePhoneAtATimeRepeatsItself) {
  constexpr unsigned kSeed = 3;
  ASSERT_TRUE(RepeatsItself(kSeed));
  // Ids follow from the network's, and of goods alike in all else the order of ids decides; so each day has a house of
  // its own, and both networks the same name.
  const std::string network = "0a0a0a0a-0000-4000-8000-000000000003";
  const auto shape = [&] {
    House house;
    return Shape(LiveOneDay(house, kSeed, network).answers);
  };
  EXPECT_EQ(shape(), shape());
}

// The judge judges ---------------------------------------------------------------------------------------------------

class TheJudge : public ::testing::Test {
 protected:
  static void SetUpTestSuite() { day_ = new Day(LiveOneDay(TheHouse(), /*seed=*/6)); }
  static void TearDownTestSuite() { delete day_; }
  void SetUp() override {
    ASSERT_TRUE(Problems(day_->answers).empty()) << absl::StrJoin(Problems(day_->answers), "\n");
  }
  static std::vector<std::string> Problems(const Answers& answers) {
    return Judge(answers, day_->setting, *day_->journal).problems;
  }
  // What it says of answers that were changed so.
  std::string Of(const std::function<void(Answers&)>& change) {
    Answers answers = day_->answers;
    change(answers);
    return absl::StrJoin(Problems(answers), "\n");
  }
  static size_t Find(const Answers& answers, pb::MovementKind kind) {
    for (size_t i = 0; i < answers.feed.size(); ++i) {
      if (answers.feed[i].movement().kind() == kind) return i;
    }
    ADD_FAILURE() << "no " << pb::MovementKind_Name(kind);
    return 0;
  }
  static Day* day_;
};
Day* TheJudge::day_ = nullptr;

// With the rest of the ledger numbered and signed as if it had never been there: only the phones know better.
TEST_F(TheJudge, NamesAMovementThatIsMissing) {
  const auto without_last = [](Answers& a) {
    a.feed.pop_back();
    a.in_short_steps.pop_back();
  };
  EXPECT_NE(Of(without_last).find("but recorded nothing"), std::string::npos) << Of(without_last);
  const auto without_one = [](Answers& a) { a.feed.erase(a.feed.begin() + 5); };
  EXPECT_NE(Of(without_one).find("position 5 was expected"), std::string::npos) << Of(without_one);
}

TEST_F(TheJudge, NamesACountThatIsWrong) {
  const auto item_more = [](Answers& a) {
    pb::Movement& m = *a.feed[4].mutable_movement();
    m.set_items(m.items() + 1);
  };
  EXPECT_NE(Of(item_more).find("position 4 "), std::string::npos);
  EXPECT_NE(Of(item_more).find("differs when it is read again"), std::string::npos);
  const auto balance = [](Answers& a) { a.balances.front().set_on_hand(a.balances.front().on_hand() + 1); };
  EXPECT_NE(Of(balance).find("by the movements"), std::string::npos);
  const auto twice = [](Answers& a) { a.balances.push_back(a.balances.front()); };
  EXPECT_NE(Of(twice).find("should not be listed, or not again"), std::string::npos);
  const auto unlisted = [](Answers& a) { a.balances.erase(a.balances.begin()); };
  EXPECT_NE(Of(unlisted).find("is not listed"), std::string::npos);
  const auto reservation = [](Answers& a) { a.reservations.begin()->second.set_open_items(99); };
  EXPECT_NE(Of(reservation).find("told 99 of"), std::string::npos);
}

TEST_F(TheJudge, NamesAPaperThatDiffers) {
  const auto delivery = [](Answers& a) { a.deliveries.begin()->second.mutable_lines(0)->set_short_items(77); };
  EXPECT_NE(Of(delivery).find("77 short"), std::string::npos);
  const auto transfer = [](Answers& a) { a.transfers.begin()->second.mutable_lines(0)->set_arrived_items(77); };
  EXPECT_NE(Of(transfer).find("77 arrived"), std::string::npos);
  const auto lost = [](Answers& a) { a.deliveries.erase(a.deliveries.begin()); };
  EXPECT_NE(Of(lost).find("is not known"), std::string::npos);
}

TEST_F(TheJudge, NamesATraceThatIsIncomplete) {
  const auto holder = [](Answers& a) {
    for (auto& [lot, trace] : a.forward) trace.clear_holders();
  };
  EXPECT_NE(Of(holder).find("told 0"), std::string::npos);
  const auto backward = [](Answers& a) {
    for (auto& [lot, trace] : a.backward) trace.clear_lots();
  };
  EXPECT_NE(Of(backward).find("backward from"), std::string::npos);
}

TEST_F(TheJudge, NamesAnEffectThatNobodyAskedForAndOneThatHappenedTwice) {
  Journal nobody;
  const std::vector<std::string> problems = Judge(day_->answers, day_->setting, nobody).problems;
  EXPECT_NE(absl::StrJoin(problems, "\n").find("nobody asked for"), std::string::npos);
  const auto twice = [](Answers& a) {
    const size_t at = Find(a, pb::MOVEMENT_KIND_RECEIVE);
    a.feed.push_back(a.feed[at]);
    a.feed.back().mutable_movement()->set_position(static_cast<int64_t>(a.feed.size()) - 1);
  };
  EXPECT_NE(Of(twice).find("its request was recorded before"), std::string::npos);
}

TEST_F(TheJudge, NamesAQuestionWithoutAnAnswer) {
  EXPECT_EQ(Of([](Answers& a) { a.unanswered.push_back("ReadFeed: no answer"); }), "ReadFeed: no answer");
}

}  // namespace
}  // namespace kubari::simulation
