// What the registers say of groups, as runs see it: what they asked for, who is suspended, whose profile is too old;
// and registers in which there is nothing, or far too much.
#include "services/allocation/allocation_fixture.h"
#include "services/allocation/domain/propose.h"
#include "services/allocation/proposal_rows.h"

namespace kubari::allocation {
namespace {

using errors::FailsBecause;
using errors::IsOk;
using errors::Violates;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class RegistersTest : public AllocationTest {
 protected:
  groups::v1::Need& Ask(int group, const std::string& text) {
    groups::v1::Need& need = needs_.needs.emplace_back();
    need.set_name(absl::StrCat("needs/", Uuid(700 + static_cast<int>(needs_.needs.size()))));
    need.set_group(GroupName(group));
    need.set_group_display_name("こども食堂");
    need.set_text(text);
    need.set_standing(true);
    need.set_note("担当: 山田");
    need.set_state(groups::v1::NEED_STATE_OPEN);
    need.set_creator("people/" + Uuid(1));
    need.set_creator_display_name("山田花子");
    need.set_etag("7");
    return need;
  }
  pb::Snapshot SnapshotOf(const pb::Run& run) {
    pb::GetSnapshotRequest request;
    request.set_run(run.name());
    pb::Snapshot snapshot;
    EXPECT_TRUE(snapshot.ParseFromString(Must(&Stub::GetSnapshot, "auditor", request).snapshot()));
    return snapshot;
  }
  std::vector<pb::Exclusion> ExclusionsOf(const pb::Run& run, int group) {
    pb::ListExclusionsRequest request;
    request.set_run(run.name());
    request.set_group(GroupName(group));
    const pb::ListExclusionsResponse found = Must(&Stub::ListExclusions, "auditor", request);
    return {found.exclusions().begin(), found.exclusions().end()};
  }
  pb::ExplainGroupResponse Explained(const pb::Run& run, int group, const std::string& token = "coordinator") {
    pb::ExplainGroupRequest request;
    request.set_run(run.name());
    request.set_group(GroupName(group));
    return Must(&Stub::ExplainGroup, token, request);
  }
  void ExpectReplays(const pb::Run& run) {
    pb::ReplayRunRequest request;
    request.set_run(run.name());
    EXPECT_TRUE(Must(&Stub::ReplayRun, "auditor", request).identical());
  }
  pb::Run Run(const pb::Run& run) {
    pb::GetRunRequest request;
    request.set_name(run.name());
    return Must(&Stub::GetRun, "coordinator", request);
  }
};

TEST_F(RegistersTest, WhatGroupsAskedForIsReadAsTheCallerAndDecidesAmongEquals) {
  for (int lot = 0; lot < 2; ++lot) {  // two ambient lots that two groups can share in any way
    stock_.balances[lot].mutable_lot()->set_temperature_zone(type::v1::TEMPERATURE_ZONE_AMBIENT);
    stock_.balances[lot].mutable_lot()->set_product("products/" + Uuid(10 + lot));
  }
  stock_.balances.resize(2);
  Ask(2, "乾麺").set_product("products/" + Uuid(11));
  Ask(1, "人手");  // for people to read
  Ask(1, "うちの米").set_product("products/" + Uuid(10));
  const pb::Run run = MakeRun();
  EXPECT_EQ(needs_.token, "Bearer coordinator");
  EXPECT_EQ(LineOf(run, 1, 1).items(), 60);
  EXPECT_EQ(LineOf(run, 2, 2).items(), 60);
  EXPECT_EQ(run.summary().items_asked_for(), 120);
  const pb::Line line = LineOf(run, 2, 2);
  EXPECT_EQ(line.asked_for(), "乾麺");
  EXPECT_THAT(line.explanation(), HasSubstr("The group had asked for it: \"乾麺\"."));
  EXPECT_THAT(line.explanation_ja(), HasSubstr("団体の希望「乾麺」に合う品です。"));
  ExpectReplays(run);

  // The snapshot keeps what the matching reads, and nobody's name.
  const pb::Snapshot seen = SnapshotOf(run);
  ASSERT_THAT(seen.groups(0).needs(), SizeIs(1));
  const groups::v1::Need& need = seen.groups(0).needs(0);
  EXPECT_EQ(need.text(), "うちの米");
  EXPECT_TRUE(need.standing());
  for (const std::string* gone :
       {&need.note(), &need.creator(), &need.creator_display_name(), &need.etag(), &need.group()})
    EXPECT_EQ(*gone, "");
  const pb::ExplainGroupResponse told = Explained(run, 1);
  ASSERT_THAT(told.asked_for(), SizeIs(1));
  EXPECT_EQ(told.asked_for(0).items(), 60);

  pb::CreateRunRequest wrong = NewRun();
  wrong.mutable_options()->set_need_kilometres(1'001);
  EXPECT_THAT(Do(&Stub::CreateRun, "coordinator", wrong), Violates("options.need_kilometres", "OUT_OF_RANGE"));
  pb::TryOptionsRequest without;
  without.set_run(run.name());
  without.mutable_options()->set_need_kilometres(0);
  EXPECT_LE(Must(&Stub::TryOptions, "coordinator", without).after().items_asked_for(), 120);
}

TEST_F(RegistersTest, ASuspendedGroupGetsNothingAndIsToldWhy) {
  groups_.groups[1].set_state(groups::v1::GROUP_STATE_SUSPENDED);
  groups_.groups[1].set_suspend_reason("連絡が取れません");
  groups_.groups[2].set_state(groups::v1::GROUP_STATE_APPLIED);  // no member yet
  const pb::Run run = Published();
  EXPECT_EQ(run.summary().groups(), 1);
  EXPECT_EQ(run.summary().groups_eligible(), 1);
  for (const pb::Line& line : Lines(run)) EXPECT_EQ(line.group(), GroupName(1));
  const std::vector<pb::Exclusion> why = ExclusionsOf(run, 2);
  ASSERT_THAT(why, SizeIs(3)) << "every lot";
  EXPECT_EQ(why[0].reasons(0).code(), "GROUP_NOT_ACTIVE");
  EXPECT_THAT(why[0].reasons(0).message(), HasSubstr("suspended (連絡が取れません)"));
  EXPECT_THAT(why[0].reasons(0).message_ja(), HasSubstr("停止中です（連絡が取れません）"));
  const pb::ExplainGroupResponse told = Explained(run, 2, "group 2");
  EXPECT_EQ(told.items(), 0);
  EXPECT_EQ(told.rules(0).code(), "GROUP_NOT_ACTIVE");
  EXPECT_THAT(told.text(), HasSubstr("suspended (連絡が取れません)"));
  EXPECT_THAT(ExclusionsOf(run, 3), IsEmpty());
  ExpectReplays(run);
}

TEST_F(RegistersTest, AProfileThatNobodyConfirmedStopsTheProposalAndNotTheCoordinator) {
  for (const auto& [section, day] :
       {std::pair(groups::v1::SECTION_SITES, "2024-04-01"), {groups::v1::SECTION_FOOD, "2024-06-15"}}) {
    groups::v1::StoppedSection& stopped = *groups_.groups[1].add_stopped_sections();
    stopped.set_section(section);
    stopped.set_confirmed_date(day);
  }
  const pb::Run run = MakeRun();
  for (const pb::Line& line : Lines(run)) EXPECT_EQ(line.group(), GroupName(1));
  const std::vector<pb::Exclusion> why = ExclusionsOf(run, 2);
  ASSERT_THAT(why, SizeIs(3));
  ASSERT_THAT(why[0].reasons(), SizeIs(1));
  EXPECT_EQ(why[0].reasons(0).code(), "PROFILE_STALE");
  EXPECT_THAT(
      why[0].reasons(0).message(),
      HasSubstr("sites and storage (not confirmed since 2024-04-01), food that can be used (not confirmed since "
                "2024-06-15)"));
  EXPECT_THAT(why[0].reasons(0).message(), HasSubstr("confirms this in the profile first"));
  EXPECT_THAT(why[0].reasons(0).message_ja(), HasSubstr("「拠点と保管場所」（2024-04-01から確認なし）"));
  EXPECT_THAT(Explained(run, 2).text_ja(), HasSubstr("登録内容が古くなっています"));
  // Who has talked to the group may decide otherwise.
  Must(&Stub::AdjustLine, "coordinator", Adjust(run, 1, 1, 30));
  const pb::Line line = Must(&Stub::AdjustLine, "coordinator", Adjust(run, 2, 1, 30));
  EXPECT_THAT(line.explanation(), HasSubstr("too old to go by"));
}

TEST_F(RegistersTest, AStandingIsThatOfAGroupThatThereIs) {
  pb::CreateRunRequest claims = NewRun();
  claims.set_policy(pb::POLICY_CLAIMS);
  Must(&Stub::PublishRun, "coordinator", Publish(Must(&Stub::CreateRun, "coordinator", claims)));
  const auto list = [&](const std::string& token, const std::string& group) {
    pb::ListMarketsRequest request;
    request.set_group(group);
    return rpc::Invoke(&pb::MarketService::Stub::ListMarkets, *market_stub_, server_.As(token), request);
  };
  ASSERT_THAT(list("coordinator", GroupName(1)), IsOk());
  EXPECT_EQ(list("coordinator", GroupName(1))->markets(0).standing().group(), GroupName(1));
  EXPECT_THAT(list("coordinator", GroupName(77)), FailsBecause("GROUP_NOT_FOUND"));
  EXPECT_THAT(list("group 1", GroupName(77)), FailsBecause("NOT_YOUR_ORGANISATION"));
  EXPECT_FALSE(list("coordinator", "")->markets(0).has_standing());
  EXPECT_EQ(list("group 1", "")->markets(0).standing().group(), GroupName(1));
  pb::GetMarketRequest one;
  one.set_run(list("coordinator", "")->markets(0).run());
  one.set_group(GroupName(77));
  EXPECT_THAT(rpc::Invoke(&pb::MarketService::Stub::GetMarket, *market_stub_, server_.As("coordinator"), one),
              FailsBecause("GROUP_NOT_FOUND"));
}

TEST_F(RegistersTest, WhatMayBeClaimedSaysWhoAskedForIt) {
  Ask(1, "お米").set_category(type::v1::FOOD_CATEGORY_RICE);
  pb::CreateRunRequest claims = NewRun();
  claims.set_policy(pb::POLICY_CLAIMS);
  const pb::Run run = Must(&Stub::PublishRun, "coordinator", Publish(Must(&Stub::CreateRun, "coordinator", claims)));
  pb::ListMarketStockRequest stock;
  stock.set_run(run.name());
  const auto first = [&](const std::string& token) {
    return rpc::Invoke(&pb::MarketService::Stub::ListMarketStock, *market_stub_, server_.As(token), stock)->stock(0);
  };
  EXPECT_EQ(first("group 1").asked_for(), "お米");
  EXPECT_EQ(first("group 2").asked_for(), "");
  pb::ClaimRequest claim;
  claim.set_request_id(ids::NewUuid());
  claim.set_run(run.name());
  claim.set_lot(LotName(1));
  claim.set_place(kPlace);
  claim.set_items(30);
  const auto claimed = rpc::Invoke(&pb::MarketService::Stub::Claim, *market_stub_, server_.As("group 1"), claim);
  ASSERT_THAT(claimed, IsOk());
  EXPECT_EQ(claimed->asked_for(), "お米");
  EXPECT_THAT(claimed->explanation(), HasSubstr("The group had asked for it: \"お米\"."));
}

// ── Nothing, or far too much.

TEST_F(RegistersTest, WithoutGroupsARunSaysThatNobodyIsThere) {
  groups_.groups.clear();
  const pb::Run run = MakeRun();
  EXPECT_THAT(Lines(run), IsEmpty());
  EXPECT_EQ(run.summary().groups(), 0);
  ASSERT_THAT(run.summary().unallocated(), SizeIs(3)) << "by zone";
  for (const pb::UnallocatedReason& reason : run.summary().unallocated()) {
    EXPECT_EQ(reason.reason(), "GROUP_NOT_ACTIVE");
    EXPECT_THAT(reason.message(), HasSubstr("no group is active"));
  }
  ExpectReplays(run);
  EXPECT_EQ(Must(&Stub::PublishRun, "coordinator", Publish(run)).state(), pb::RUN_STATE_PUBLISHED);
  pb::ListExclusionsRequest exclusions;
  exclusions.set_run(run.name());
  EXPECT_THAT(Must(&Stub::ListExclusions, "auditor", exclusions).exclusions(), IsEmpty());
}

TEST_F(RegistersTest, WithoutFreeStockThereIsNoRun) {
  stock_.balances.clear();
  const auto nothing = Do(&Stub::CreateRun, "coordinator", NewRun());
  ASSERT_THAT(nothing, FailsBecause("NOTHING_TO_ALLOCATE"));
  EXPECT_THAT(nothing.status().message(), HasSubstr("free"));
}

TEST_F(RegistersTest, WhatExpiresTodayGoesTodayAndWhatExpiredStays) {
  for (const bool use_by : {true, false}) {
    for (const auto& [day, lines] : {std::pair(kToday, 6), {"2026-11-17", 0}}) {
      for (stock::v1::Balance& balance : stock_.balances) {
        type::v1::GoodUntil& until = *balance.mutable_lot()->mutable_good_until();
        until.set_kind(use_by ? type::v1::DATE_KIND_USE_BY : type::v1::DATE_KIND_BEST_BEFORE);
        until.set_date(day);
      }
      const pb::Run run = MakeRun();
      EXPECT_EQ(run.summary().lines(), lines) << day;
      if (lines > 0) continue;
      EXPECT_EQ(run.summary().unallocated(0).reason(), use_by ? "USE_BY_PASSED" : "BEST_BEFORE_PASSED");
    }
  }
}

TEST_F(RegistersTest, WithoutStorageEverythingStaysAndSaysSo) {
  for (groups::v1::Group& group : groups_.groups) {
    group.mutable_sites(0)->clear_ambient_items();
    group.mutable_sites(0)->clear_chilled_items();
    group.mutable_sites(0)->clear_frozen_items();
  }
  pb::Run run = MakeRun();
  EXPECT_THAT(Lines(run), IsEmpty());
  EXPECT_EQ(run.summary().unallocated(0).reason(), "NO_STORAGE");
  for (groups::v1::Group& group : groups_.groups) group.clear_sites();
  run = MakeRun();
  EXPECT_THAT(Lines(run), IsEmpty());
  // Storage for one item, and cases of ten.
  for (groups::v1::Group& group : groups_.groups) {
    group.add_sites()->set_ambient_items(1);
    group.mutable_sites(0)->set_chilled_items(1);
    group.mutable_sites(0)->set_frozen_items(1);
  }
  run = MakeRun();
  EXPECT_THAT(Lines(run), IsEmpty());
  EXPECT_EQ(run.summary().unallocated(0).reason(), "NO_CAPACITY");
  ExpectReplays(run);
}

TEST_F(RegistersTest, AThousandMillionItemsAreSharedOutOrRefusedInWords) {
  constexpr int64_t kMany = 1'000'000'000;
  for (stock::v1::Balance& balance : stock_.balances) {
    balance.set_on_hand(kMany);
    balance.set_free(kMany);
  }
  for (groups::v1::Group& group : groups_.groups) group = WithColdRooms(std::move(group), kMany);
  for (groups::v1::Group& group : groups_.groups) group.mutable_sites(0)->set_ambient_items(kMany);
  const pb::Run run = MakeRun();
  EXPECT_EQ(run.summary().allocated_items(), 3 * kMany);
  std::map<std::string, int64_t> items;
  for (const pb::Line& line : Lines(run)) items[line.group()] += line.items();
  EXPECT_THAT(items,
              ElementsAre(::testing::Pair(GroupName(1), kMany * 3 / 2), ::testing::Pair(GroupName(2), kMany * 3 / 2)));
  ExpectReplays(run);
  // More than anybody can count exactly.
  for (stock::v1::Balance& balance : stock_.balances) {
    balance.set_free(std::numeric_limits<int64_t>::max());
    balance.mutable_lot()->set_milli_person_days(std::numeric_limits<int64_t>::max());
    balance.mutable_lot()->set_items_per_case(1);
  }
  const auto too_large = Do(&Stub::CreateRun, "coordinator", NewRun());
  ASSERT_THAT(too_large, FailsBecause("RUN_TOO_LARGE"));
  EXPECT_THAT(too_large.status().message(), HasSubstr("Choose fewer warehouses"));
}

TEST(CheckPairs, ARunThatWouldNotFitIsRefusedInWords) {
  EXPECT_THAT(CheckPairs(10'000, 10'000), IsOk());
  EXPECT_THAT(CheckPairs(100'000, 1'000), IsOk());
  const absl::Status refused = CheckPairs(100'000, 10'000);
  ASSERT_THAT(refused, FailsBecause("RUN_TOO_LARGE"));
  EXPECT_THAT(refused.message(), HasSubstr("100000 lots for each of 10000 groups"));
}

TEST_F(RegistersTest, EveryWeightAndNumberMayBeAtItsEdge) {
  groups_.groups[0].set_households(0);
  groups_.groups[0].set_need_percent(-5);
  groups_.groups[1].set_households(std::numeric_limits<int64_t>::max());
  groups_.groups[1].set_need_percent(200);
  groups_.groups[1].mutable_sites(0)->set_ambient_items(std::numeric_limits<int64_t>::max());
  stock_.balances[0].mutable_lot()->set_items_per_case(0);
  stock_.balances[1].mutable_lot()->set_min_lot_items(std::numeric_limits<int64_t>::max());
  stock_.balances[2].mutable_lot()->set_items_per_case(std::numeric_limits<int64_t>::max());
  stock_.balances[2].mutable_lot()->clear_good_until();
  stock_.balances[2].mutable_lot()->set_milli_person_days(-1);
  const auto run = Do(&Stub::CreateRun, "coordinator", NewRun());
  ASSERT_THAT(run, IsOk());
  for (const pb::Line& line : Lines(*run)) EXPECT_NE(line.lot(), LotName(2)) << "below its smallest quantity";
  ExpectReplays(*run);
}

}  // namespace
}  // namespace kubari::allocation
