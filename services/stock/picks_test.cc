// Which lots to take, first to expire first, and the network's rules that decide about it; over the wire.
#include <gmock/gmock.h>
#include <google/protobuf/util/message_differencer.h>
#include <gtest/gtest.h>

#include "services/stock/world_testing.h"

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

class PicksTest : public WorldTest {
 protected:
  pb::SuggestPicksRequest Wanting(int64_t items, const std::string& group = "", const std::string& warehouse = "") {
    pb::SuggestPicksRequest request;
    request.set_product(ids::Name("products", kProduct));
    request.set_items(items);
    request.set_group(group);
    request.set_warehouse(warehouse);
    return request;
  }
  pb::SuggestPicksResponse Suggest(const pb::SuggestPicksRequest& request, const std::string& who = "volunteer") {
    const auto picks = Ask(&Stub::SuggestPicks, who, request);
    EXPECT_THAT(picks, IsOk());
    return picks.ok() ? *picks : pb::SuggestPicksResponse();
  }
  // "number shelf items of free"
  static std::vector<std::string> Picks(const pb::SuggestPicksResponse& response) {
    std::vector<std::string> picks;
    for (const pb::Pick& pick : response.picks()) {
      picks.push_back(absl::StrCat(pick.lot().donor_lot_number(), " ", pick.place().code(), " ", pick.items(), " of ",
                                   pick.free()));
    }
    return picks;
  }
  // "number shelf free: reasons"
  static std::vector<std::string> Passed(const pb::SuggestPicksResponse& response) {
    std::vector<std::string> passed;
    for (const pb::PassedOver& one : response.passed_over()) {
      passed.push_back(absl::StrCat(one.lot().donor_lot_number(), " ", one.place().code(), " ", one.free(), ":"));
      for (const std::string& reason : one.reasons()) absl::StrAppend(&passed.back(), " ", reason);
    }
    return passed;
  }
  pb::StockRules Rules(const std::string& who = "coordinator") {
    const auto rules = Ask(&Stub::GetStockRules, who, pb::GetStockRulesRequest());
    EXPECT_THAT(rules, IsOk());
    return rules.ok() ? *rules : pb::StockRules();
  }
  absl::StatusOr<pb::StockRules> Update(const pb::StockRules& rules, const std::string& who = "coordinator") {
    pb::UpdateStockRulesRequest request;
    *request.mutable_rules() = rules;
    return Do(&Stub::UpdateStockRules, who, request);
  }
};

// Picks --------------------------------------------------------------------------------------------------------------

TEST_F(PicksTest, WhatExpiresFirstGoesFirstAcrossShelves) {
  const pb::Lot late = Bring(30, "late", "2027-03-31"), early = Bring(10, "early", "2027-01-15");
  Bring(5, "early", "2027-01-15", second_);
  Bring(20, "month", "2027-02");
  pb::ReceiveStockRequest undated = Bringing(40, "undated");
  undated.mutable_good_until()->set_kind(type::v1::DATE_KIND_NONE);
  ASSERT_THAT(Call(&Stub::ReceiveStock, "coordinator", undated), IsOk());
  Arrive(Send(late, 10), late, 10);

  const pb::SuggestPicksResponse few = Suggest(Wanting(12));
  EXPECT_THAT(Picks(few), ElementsAre("early A-01 10 of 10", "early A-02 2 of 5"));
  EXPECT_EQ(few.missing_items(), 0);
  EXPECT_THAT(few.passed_over(), IsEmpty());
  EXPECT_EQ(few.picks(0).place().display_name(), "東倉庫 A-01");
  EXPECT_EQ(few.picks(0).lot().donor_display_name(), "");  // for volunteers
  const pb::SuggestPicksResponse all = Suggest(Wanting(1'000), "manager");
  EXPECT_THAT(Picks(all),
              ::testing::UnorderedElementsAre("early A-01 10 of 10", "early A-02 5 of 5", "month A-01 20 of 20",
                                              "late A-01 20 of 20", "late W-01 10 of 10", "undated A-01 40 of 40"));
  for (int i = 1; i < all.picks_size(); ++i) {
    const auto day = [&](int n) {
      const std::string& date = all.picks(n).lot().good_until().date();
      return date.empty() ? std::string("9999") : date;
    };
    EXPECT_LE(day(i - 1), day(i));
  }
  EXPECT_EQ(all.missing_items(), 895);
  EXPECT_EQ(all.picks(0).lot().donor_display_name(), "架空食品");
  // In one warehouse only.
  EXPECT_THAT(Picks(Suggest(Wanting(1'000, "", west_house_))), ElementsAre("late W-01 10 of 10"));
  // What is promised is not offered; what is left of it is.
  ASSERT_THAT(Call(&Stub::ReserveStock, "coordinator", Reserving(early, 10)), IsOk());
  EXPECT_THAT(Picks(Suggest(Wanting(6))), ElementsAre("early A-02 5 of 5", "month A-01 1 of 20"));
  // Taking them as suggested needs no reason.
  pb::IssueStockRequest issue = Giving(early, 5, kGroup, second_);
  issue.clear_departure_reason();
  EXPECT_THAT(Ask(&Stub::IssueStock, "manager", issue), IsOk());
}

TEST_F(PicksTest, WhatMayNotGoToTheGroupIsPassedOverWithItsReasons) {
  registers_.offer.mutable_conditions()->add_only_groups(other_);
  Bring(10, "named", "2027-01-10");
  registers_.offer.clear_conditions();
  Bring(10, "old", "2026-12-03");
  const pb::Lot bad = Bring(10, "bad", "2027-01-20");
  Bring(10, "good", "2027-02-01");
  const pb::Recall recall = Open(GoodsOf({bad}));
  clock_.Set(clock_.Now() + absl::Hours(24 * 5));
  const pb::SuggestPicksResponse picks = Suggest(Wanting(15, hub_));
  EXPECT_THAT(Picks(picks), ElementsAre("good A-01 10 of 10"));
  EXPECT_EQ(picks.missing_items(), 5);
  EXPECT_THAT(Passed(picks),
              ElementsAre("old A-01 10: LOT_EXPIRED", "named A-01 10: GROUP_NOT_NAMED", "bad A-01 10: LOT_RECALLED"));
  EXPECT_EQ(picks.passed_over(2).lot().recall(), recall.name());
  ASSERT_THAT(picks.passed_over(0).messages(), SizeIs(2));
  EXPECT_EQ(picks.passed_over(0).messages(0).locale(), "ja");
  EXPECT_EQ(picks.passed_over(0).messages(1).locale(), "en");
  EXPECT_THAT(picks.passed_over(0).messages(0).message(), HasSubstr("2026"));
  EXPECT_NE(picks.passed_over(0).messages(0).message(), picks.passed_over(0).messages(1).message());
  // The group that the donor named may have it; and nobody in particular is judged by dates and recalls alone.
  EXPECT_THAT(Picks(Suggest(Wanting(15, other_))), ElementsAre("named A-01 10 of 10", "good A-01 5 of 10"));
  EXPECT_THAT(Passed(Suggest(Wanting(30))), ElementsAre("old A-01 10: LOT_EXPIRED", "bad A-01 10: LOT_RECALLED"));
  // Nothing that comes after enough was found is looked at.
  EXPECT_THAT(Passed(Suggest(Wanting(1, other_))), ElementsAre("old A-01 10: LOT_EXPIRED"));
  // Without an agreement nothing may go anywhere.
  TheGroup().clear_agreements();
  const pb::SuggestPicksResponse none = Suggest(Wanting(15, hub_));
  EXPECT_THAT(none.picks(), IsEmpty());
  EXPECT_EQ(none.missing_items(), 15);
  ASSERT_THAT(none.passed_over(), SizeIs(4));
  for (const pb::PassedOver& one : none.passed_over())
    EXPECT_THAT(one.reasons(), ::testing::Contains("NO_GROUP_AGREEMENT"));
}

TEST_F(PicksTest, ManyShelvesAreReadPageByPage) {
  for (int i = 0; i < 60; ++i) Bring(1, absl::StrCat("old ", i), "2026-12-03");
  const pb::Lot lot = Bring(300, "X1");
  for (int i = 0; i < 205; ++i) {
    pb::TransferStockRequest move;
    move.set_request_id(ids::NewUuid());
    move.set_lot(lot.name());
    move.set_from_place(shelf_);
    move.set_to_place(AddShelf(absl::StrCat("B-", i), type::v1::TEMPERATURE_ZONE_AMBIENT));
    move.set_items(1);
    ASSERT_THAT(Call(&Stub::TransferStock, "volunteer", move), IsOk());
  }
  clock_.Set(clock_.Now() + absl::Hours(24 * 5));
  const pb::SuggestPicksResponse picks = Suggest(Wanting(300));
  EXPECT_THAT(picks.picks(), SizeIs(206));
  EXPECT_EQ(picks.missing_items(), 0);
  EXPECT_THAT(picks.passed_over(), SizeIs(50));
  std::set<std::string> places;
  for (const pb::Pick& pick : picks.picks()) places.insert(pick.place().name());
  EXPECT_THAT(places, SizeIs(206));
}

TEST_F(PicksTest, OddQuestionsGetTheirAnswer) {
  EXPECT_EQ(Suggest(Wanting(7)).missing_items(), 7);
  EXPECT_THAT(Ask(&Stub::SuggestPicks, "manager", pb::SuggestPicksRequest()), Violates("product", "REQUIRED"));
  EXPECT_THAT(Ask(&Stub::SuggestPicks, "manager", Wanting(0)), Violates("items", "OUT_OF_RANGE"));
  EXPECT_THAT(Ask(&Stub::SuggestPicks, "manager", Wanting(1, "みなみ食堂")), Violates("group", "NOT_A_NAME"));
  EXPECT_THAT(Ask(&Stub::SuggestPicks, "manager", Wanting(1, ids::Name("groups", Id(7, 9)))),
              FailsBecause("GROUP_NOT_FOUND"));
  EXPECT_THAT(Ask(&Stub::SuggestPicks, "manager", Wanting(1, "", ids::Name("warehouses", Id(3, 9)))),
              FailsBecause("WAREHOUSE_NOT_FOUND"));
  pb::SuggestPicksRequest unknown = Wanting(1);
  unknown.set_product(ids::Name("products", Id(4, 99)));
  EXPECT_THAT(Ask(&Stub::SuggestPicks, "manager", unknown), FailsBecause("PRODUCT_NOT_FOUND"));
  EXPECT_THAT(Ask(&Stub::SuggestPicks, "coordinator of another network", Wanting(1)),
              FailsBecause("PRODUCT_NOT_FOUND"));
  for (const char* who : {"group", "donor"})
    EXPECT_THAT(Ask(&Stub::SuggestPicks, who, Wanting(1)), FailsBecause("ROLE_NOT_ALLOWED")) << who;
}

// Rules --------------------------------------------------------------------------------------------------------------

TEST_F(PicksTest, RulesAreReplacedAsAWholeByWhoeverReadThemLast) {
  pb::StockRules rules = Rules("group");  // everyone may know them
  EXPECT_EQ(rules.near_expiry_days(), 30);
  EXPECT_EQ(rules.unconfirmed_days(), 3);
  EXPECT_EQ(rules.transit_days(), 3);
  EXPECT_EQ(rules.min_remaining_days_intake(), 0);
  EXPECT_FALSE(rules.best_before_is_a_wall());
  EXPECT_NE(rules.etag(), "");
  rules.set_min_remaining_days_intake(30);
  rules.set_min_remaining_days_hand_over(7);
  rules.set_near_expiry_days(14);
  for (const auto category : {type::v1::FOOD_CATEGORY_NOODLES, type::v1::FOOD_CATEGORY_RICE}) {
    pb::CategoryRule& rule = *rules.add_categories();
    rule.set_category(category);
    rule.set_min_remaining_days_hand_over(category);
  }
  pb::UpdateStockRulesRequest request;
  request.set_request_id(ids::NewUuid());
  *request.mutable_rules() = rules;
  const auto updated = Ask(&Stub::UpdateStockRules, "coordinator", request);
  ASSERT_THAT(updated, IsOk());
  EXPECT_NE(updated->etag(), rules.etag());
  EXPECT_LT(updated->categories(0).category(), updated->categories(1).category());  // in order
  EXPECT_TRUE(MessageDifferencer::Equals(Rules(), *updated));
  const auto replayed = Ask(&Stub::UpdateStockRules, "coordinator", request);
  ASSERT_THAT(replayed, IsOk());
  EXPECT_TRUE(MessageDifferencer::Equals(*replayed, *updated));
  request.mutable_rules()->set_near_expiry_days(15);
  EXPECT_THAT(Ask(&Stub::UpdateStockRules, "coordinator", request), FailsBecause("REQUEST_ID_REUSED"));
  // Somebody else had read them before.
  const auto stale = Update(rules, "administrator");
  EXPECT_THAT(stale, FailsBecause("STALE_ETAG"));
  EXPECT_THAT(stale, FailsWith(absl::StatusCode::kAborted));
  EXPECT_EQ(Rules().near_expiry_days(), 14);
  EXPECT_THAT(Update(*updated, "administrator"), IsOk());
  for (const char* who : {"volunteer", "manager", "auditor", "group", "donor"})
    EXPECT_THAT(Update(Rules(), who), FailsBecause("ROLE_NOT_ALLOWED")) << who;
  // Another network has its own.
  EXPECT_EQ(Rules("coordinator of another network").near_expiry_days(), 30);
}

TEST_F(PicksTest, RulesThatMakeNoSenseAreToldAllAtOnce) {
  pb::StockRules rules;
  rules.set_min_remaining_days_intake(-1);
  rules.set_min_remaining_days_hand_over(3'651);
  rules.set_transit_days(366);
  for (int i = 0; i < 2; ++i) rules.add_categories()->set_category(type::v1::FOOD_CATEGORY_RICE);
  rules.add_categories();
  const auto wrong = Update(rules);
  EXPECT_THAT(wrong, Violates("rules.etag", "REQUIRED"));
  EXPECT_THAT(wrong, Violates("rules.min_remaining_days_intake", "OUT_OF_RANGE"));
  EXPECT_THAT(wrong, Violates("rules.min_remaining_days_hand_over", "OUT_OF_RANGE"));
  EXPECT_THAT(wrong, Violates("rules.categories[1].category", "DUPLICATE"));
  EXPECT_THAT(wrong, Violates("rules.categories[2].category", "REQUIRED"));
  EXPECT_THAT(wrong, Violates("rules.near_expiry_days", "OUT_OF_RANGE"));
  EXPECT_THAT(wrong, Violates("rules.unconfirmed_days", "OUT_OF_RANGE"));
  EXPECT_THAT(wrong, Violates("rules.transit_days", "OUT_OF_RANGE"));
}

TEST_F(PicksTest, RulesHoldAtOnceWhereverGoodsAreJudged) {
  const pb::Lot near = Bring(10, "near", "2026-12-20");
  Bring(10, "far", "2027-03-01");
  pb::StockRules rules = Rules();
  rules.set_min_remaining_days_hand_over(20);
  ASSERT_THAT(Update(rules), IsOk());
  const pb::SuggestPicksResponse picks = Suggest(Wanting(15, hub_));
  EXPECT_THAT(Picks(picks), ElementsAre("far A-01 10 of 10"));
  EXPECT_THAT(Passed(picks), ElementsAre("near A-01 10: REMAINING_DAYS"));
  const auto refused = Ask(&Stub::IssueStock, "manager", Giving(near, 1));
  ASSERT_THAT(refused, FailsBecause("CONDITION_NOT_MET"));
  EXPECT_EQ(errors::MetadataOf(refused.status())["conditions"], "REMAINING_DAYS");
  // A category's own rule replaces the network's.
  rules = Rules();
  pb::CategoryRule& noodles = *rules.add_categories();
  noodles.set_category(type::v1::FOOD_CATEGORY_NOODLES);
  noodles.set_min_remaining_days_hand_over(19);
  ASSERT_THAT(Update(rules), IsOk());
  EXPECT_THAT(Ask(&Stub::IssueStock, "manager", Giving(near, 1)), IsOk());
}

}  // namespace
}  // namespace kubari::stock
