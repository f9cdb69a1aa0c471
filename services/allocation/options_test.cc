// Options over the real wire: what a coordinator decides beforehand, what-if, revisions, explanations, export.
#include "services/allocation/allocation_fixture.h"
#include "services/allocation/domain/propose.h"
#include "services/allocation/domain/replay.h"

namespace kubari::allocation {
namespace {

using errors::FailsBecause;
using errors::IsOk;
using errors::Violates;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

class OptionsTest : public AllocationTest {
 protected:
  static void Pin(pb::RunOptions& options, int lot, int group, int64_t items, const std::string& reason = "約束") {
    pb::Pin& pin = *options.add_pins();
    pin.set_lot(LotName(lot));
    pin.set_place(kPlace);
    pin.set_group(GroupName(group));
    pin.set_items(items);
    pin.set_reason(reason);
  }
  static pb::ReviseRunRequest Revise(const pb::Run& run, const pb::RunOptions& options, bool keep = false) {
    pb::ReviseRunRequest request;
    request.set_request_id(ids::NewUuid());
    request.set_name(run.name());
    request.set_etag(run.etag());
    *request.mutable_options() = options;
    request.set_keep_adjustments(keep);
    return request;
  }
  pb::TryOptionsResponse Try(const pb::Run& run, const pb::RunOptions& options, bool keep = false) {
    pb::TryOptionsRequest request;
    request.set_run(run.name());
    *request.mutable_options() = options;
    request.set_keep_adjustments(keep);
    return Must(&Stub::TryOptions, "auditor", request);
  }
  pb::Run Get(const pb::Run& run) {
    pb::GetRunRequest request;
    request.set_name(run.name());
    return Must(&Stub::GetRun, "coordinator", request);
  }
  auto CreateWith(const pb::RunOptions& options) {
    pb::CreateRunRequest request = NewRun();
    *request.mutable_options() = options;
    return Do(&Stub::CreateRun, "coordinator", request);
  }
  int64_t ItemsOf(const pb::Run& run, int group) {
    int64_t items = 0;
    for (const pb::Line& line : Lines(run)) {
      if (line.group() == GroupName(group) && line.state() != pb::LINE_STATE_DROPPED) items += line.items();
    }
    return items;
  }
};

TEST_F(OptionsTest, OptionsAreKeptWithTheRunAndItsSnapshot) {
  pb::RunOptions options;
  Pin(options, 2, 1, 50);
  Pin(options, 1, 2, 60);
  options.set_urgent_days(7);
  const absl::StatusOr<pb::Run> run = CreateWith(options);
  ASSERT_THAT(run, IsOk());
  EXPECT_EQ(run->options().urgent_days(), 7);
  ASSERT_THAT(run->options().pins(), SizeIs(2));
  EXPECT_EQ(run->options().pins(0).lot(), LotName(1));  // in their canonical order
  EXPECT_EQ(Get(*run).options().SerializeAsString(), run->options().SerializeAsString());
  const pb::Line pinned = LineOf(*run, 2, 1);
  EXPECT_EQ(pinned.items(), 60);
  EXPECT_TRUE(pinned.pinned());
  EXPECT_EQ(pinned.reason(), "約束");
  EXPECT_EQ(pinned.hand_over_date(), kToday);
  EXPECT_EQ(run->summary().given_out_milli_person_days(), 18'000);
  EXPECT_EQ(run->summary().given_out_bound_milli_person_days(), 18'000);
  EXPECT_GE(run->summary().least_served_bound(), run->summary().least_served_after());
}

TEST_F(OptionsTest, TellsEverythingWrongWithOptions) {
  pb::RunOptions options;
  options.set_tolerance_permille(201);
  options.set_horizon_weeks(13);
  options.set_urgent_days(-1);
  Pin(options, 1, 1, -5, "");
  Pin(options, 1, 1, 10);
  options.mutable_pins(1)->set_group("こども食堂");
  options.add_hold_backs()->set_reason("予備");
  pb::GroupBound& bound = *options.add_group_bounds();
  bound.set_group(GroupName(1));
  bound.set_floor(10);
  bound.set_cap(5);
  options.add_capacities();
  options.add_left_out()->set_reason("休み");
  const auto refused = CreateWith(options);
  for (const char* field :
       {"options.tolerance_permille", "options.horizon_weeks", "options.urgent_days", "options.pins[0].items"}) {
    EXPECT_THAT(refused, Violates(field, "OUT_OF_RANGE"));
  }
  EXPECT_THAT(refused, Violates("options.pins[0].reason", "REQUIRED"));
  EXPECT_THAT(refused, Violates("options.pins[1].group", "NOT_A_NAME"));
  EXPECT_THAT(refused, Violates("options.hold_backs[0]", "EXACTLY_ONE"));
  EXPECT_THAT(refused, Violates("options.group_bounds[0].cap", "BELOW_FLOOR"));
  EXPECT_THAT(refused, Violates("options.capacities[0].group", "REQUIRED"));
  EXPECT_THAT(refused, Violates("options.left_out[0]", "REQUIRED"));
  pb::RunOptions twice;
  Pin(twice, 1, 1, 10);
  Pin(twice, 1, 1, 20);
  EXPECT_THAT(CreateWith(twice), Violates("options.pins[1]", "TWICE"));
}

TEST_F(OptionsTest, OptionsMustFitWhatTheRunSees) {
  const auto with_pin = [&](int lot, int group, int64_t items) {
    pb::RunOptions options;
    Pin(options, lot, group, items);
    return CreateWith(options);
  };
  EXPECT_THAT(with_pin(9, 1, 10), Violates("options.pins[0].lot", "LOT_NOT_SEEN"));
  EXPECT_THAT(with_pin(1, 9, 10), Violates("options.pins[0].group", "GROUP_NOT_SEEN"));
  EXPECT_THAT(with_pin(1, 3, 10), Violates("options.pins[0].group", "GROUP_NOT_ELIGIBLE"));
  EXPECT_THAT(with_pin(1, 3, 0), IsOk());
  EXPECT_THAT(with_pin(1, 1, 70), Violates("options.pins[0].items", "QUANTITY_TOO_LARGE"));
  EXPECT_THAT(with_pin(1, 1, 15), Violates("options.pins[0].items", "NOT_WHOLE_CASES"));

  // All of it at once, at the fields as they were sent; what one pin takes is not there for the next.
  pb::RunOptions options;
  Pin(options, 1, 2, 20);
  Pin(options, 1, 1, 50);
  Pin(options, 9, 9, 10);
  pb::LeftOut& left_out = *options.add_left_out();
  left_out.set_lot(LotName(9));
  left_out.set_reason("なし");
  pb::GroupBound& bound = *options.add_group_bounds();
  bound.set_group(GroupName(9));
  bound.set_cap(1);
  bound.set_reason("なし");
  const auto refused = CreateWith(options);
  EXPECT_THAT(refused, Violates("options.pins[1].items", "QUANTITY_TOO_LARGE"));
  EXPECT_THAT(refused, Violates("options.pins[2].lot", "LOT_NOT_SEEN"));
  EXPECT_THAT(refused, Violates("options.pins[2].group", "GROUP_NOT_SEEN"));
  EXPECT_THAT(refused, Violates("options.left_out[0].lot", "LOT_NOT_SEEN"));
  EXPECT_THAT(refused, Violates("options.group_bounds[0].group", "GROUP_NOT_SEEN"));
}

TEST_F(OptionsTest, WhatIfHasNoEffect) {
  const pb::Run run = MakeRun();
  pb::RunOptions options;
  Pin(options, 1, 1, 60, "行事");
  pb::GroupBound& cap = *options.add_group_bounds();
  cap.set_group(GroupName(2));
  cap.set_cap(500);  // 50 items
  cap.set_reason("倉庫が改装中");
  const pb::TryOptionsResponse tried = Try(run, options);
  EXPECT_EQ(tried.before().SerializeAsString(), run.summary().SerializeAsString());
  EXPECT_EQ(tried.after().least_served_after(), 500);
  ASSERT_THAT(tried.groups(), SizeIs(2));
  EXPECT_EQ(tried.groups(0).group(), GroupName(2));  // the largest loss first
  EXPECT_EQ(tried.groups(0).items_before(), 90);
  EXPECT_EQ(tried.groups(0).items_after(), 50);
  EXPECT_EQ(tried.groups(0).level_before(), 900);
  EXPECT_EQ(tried.groups(0).level_after(), 500);
  EXPECT_EQ(tried.groups(1).items_after(), 120);  // its cold rooms are full
  EXPECT_GT(tried.changed_lines(), 0);
  EXPECT_EQ(Get(run).SerializeAsString(), run.SerializeAsString());
  EXPECT_EQ(ItemsOf(run, 2), 90);
  EXPECT_THAT(Try(run, {}).groups(), IsEmpty());
  EXPECT_EQ(Try(run, {}).changed_lines(), 0);
}

TEST_F(OptionsTest, WhatIfCanKeepWhatWasChangedByHand) {
  const pb::Run run = MakeRun();
  Must(&Stub::AdjustLine, "coordinator", Adjust(run, 1, 1, 0));
  const pb::TryOptionsResponse kept = Try(run, {}, /*keep=*/true);
  ASSERT_THAT(kept.groups(), SizeIs(1));  // the other group gets lot 1
  EXPECT_EQ(kept.groups(0).group(), GroupName(2));
  EXPECT_EQ(kept.groups(0).items_after(), 120);
  const pb::TryOptionsResponse forgotten = Try(run, {});
  ASSERT_THAT(forgotten.groups(), SizeIs(1));
  EXPECT_EQ(forgotten.groups(0).items_before(), 60);
  EXPECT_EQ(forgotten.groups(0).items_after(), 90);
}

TEST_F(OptionsTest, ARevisionReplacesTheLinesAndKeepsTheOldSnapshot) {
  const pb::Run run = MakeRun();
  Must(&Stub::AdjustLine, "coordinator", Adjust(run, 1, 1, 10));
  pb::RunOptions options;
  Pin(options, 2, 2, 60, "行事");
  EXPECT_THAT(Do(&Stub::ReviseRun, "coordinator", Revise(run, options)), FailsBecause("STALE_ETAG"));
  EXPECT_THAT(Do(&Stub::ReviseRun, "auditor", Revise(run, options)), FailsBecause("ROLE_NOT_ALLOWED"));
  const pb::ReviseRunRequest request = Revise(Get(run), options, /*keep=*/true);
  const pb::Run revised = Must(&Stub::ReviseRun, "coordinator", request);
  EXPECT_EQ(Must(&Stub::ReviseRun, "coordinator", request).SerializeAsString(), revised.SerializeAsString());
  EXPECT_NE(revised.snapshot_hash(), run.snapshot_hash());
  EXPECT_NE(revised.result_hash(), run.result_hash());
  EXPECT_NE(revised.etag(), run.etag());
  ASSERT_THAT(revised.options().pins(), SizeIs(2));
  EXPECT_EQ(revised.options().pins(0).reason(), "電話で確認");
  EXPECT_EQ(LineOf(revised, 1, 1).items(), 10);
  EXPECT_TRUE(LineOf(revised, 1, 1).pinned());
  EXPECT_EQ(LineOf(revised, 2, 2).items(), 60);
  EXPECT_EQ(ItemsOf(revised, 1) + ItemsOf(revised, 2), 180);
  pb::ReplayRunRequest replay;
  replay.set_run(run.name());
  EXPECT_TRUE(Must(&Stub::ReplayRun, "auditor", replay).identical());
  EXPECT_EQ(pg::testing::Sql(database_.superuser, "SELECT count(*) FROM allocation.snapshots"), "2");
  // Without what was changed by hand.
  const pb::Run plain = Must(&Stub::ReviseRun, "coordinator", Revise(revised, {}));
  EXPECT_THAT(plain.options().pins(), IsEmpty());
  EXPECT_EQ(plain.result_hash(), run.result_hash());
  EXPECT_EQ(ItemsOf(plain, 1), 90);
  const pb::Run published = Must(&Stub::PublishRun, "coordinator", Publish(plain));
  EXPECT_THAT(Do(&Stub::ReviseRun, "coordinator", Revise(published, {})), FailsBecause("RUN_STATE"));
}

TEST_F(OptionsTest, TheServiceItselfCannotDeletePublishedLines) {
  Published();
  static constexpr pg::Statement kDelete{"DELETE FROM lines"};
  ASSERT_THAT(
      pool_.Transact({.network_id = kNetwork}, [&](pg::Transaction& tx) { return tx.Execute(kDelete).status(); }),
      IsOk());
  EXPECT_EQ(pg::testing::Sql(database_.superuser, "SELECT count(*) FROM allocation.lines"), "6");
}

TEST_F(OptionsTest, AcceptedOffersCountInTheHorizon) {
  donors::v1::Offer offer;
  offer.set_name("offers/" + Uuid(70));
  offer.set_donor(kDonor);
  offer.set_state(donors::v1::OFFER_STATE_ACCEPTED);
  offer.set_warehouse(kWarehouse);
  offer.set_ready_date("2026-11-24");
  donors::v1::OfferLine& line = *offer.add_lines();
  line.set_name(offer.name() + "/lines/" + Uuid(71));
  line.set_product("products/" + Uuid(72));
  line.set_product_display_name("カレー");
  line.set_cases(60);
  line.set_accepted_cases(50);
  line.set_items_per_case(10);
  line.set_received_items(320);
  line.set_temperature_zone(type::v1::TEMPERATURE_ZONE_AMBIENT);
  line.mutable_good_until()->set_kind(type::v1::DATE_KIND_BEST_BEFORE);
  line.mutable_good_until()->set_date("2027-06");
  offer.mutable_conditions()->add_only_groups(GroupName(1));
  donors_.offers = {offer};
  const pb::Run myopic = MakeRun();
  EXPECT_EQ(ItemsOf(myopic, 1), 90);
  pb::RunOptions options;
  options.set_horizon_weeks(2);
  // 180 items are coming, for the first group alone: what is here goes to the second, as soon as it has room.
  EXPECT_EQ(Try(myopic, options).groups_size(), 2);
  const absl::StatusOr<pb::Run> run = CreateWith(options);
  ASSERT_THAT(run, IsOk());
  EXPECT_EQ(ItemsOf(*run, 1), 0);
  EXPECT_EQ(ItemsOf(*run, 2), 120);
  EXPECT_EQ(run->summary().kept_for_later_items(), 60);
  EXPECT_EQ(run->summary().food_milli_person_days(), 36'000);
  EXPECT_EQ(run->summary().free_items(), 180);
}

TEST_F(OptionsTest, AGroupIsToldWhy) {
  const pb::Run run = MakeRun();
  pb::ExplainGroupRequest request;
  request.set_run(run.name());
  request.set_group(GroupName(1));
  EXPECT_THAT(Do(&Stub::ExplainGroup, "group 1", request), FailsBecause("RUN_NOT_FOUND"));  // nothing is offered yet
  Must(&Stub::AdjustLine, "coordinator", Adjust(run, 1, 1, 10));
  pb::ExplainGroupResponse told = Must(&Stub::ExplainGroup, "coordinator", request);
  EXPECT_EQ(told.items(), 70);
  EXPECT_EQ(told.level_before(), 0);
  EXPECT_EQ(told.level_solved(), 900);
  EXPECT_EQ(told.level_now(), 700);
  EXPECT_THAT(told.tie().groups(), ElementsAre("こども食堂001", "こども食堂002"));
  ASSERT_THAT(told.by_hand(), SizeIs(1));
  EXPECT_EQ(told.by_hand(0).kind(), "ADJUSTED");
  EXPECT_EQ(told.by_hand(0).items(), 10);
  EXPECT_THAT(told.text_ja(), HasSubstr("コーディネーターの判断：電話で確認"));
  Must(&Stub::PublishRun, "coordinator", Publish(Get(run)));
  told = Must(&Stub::ExplainGroup, "group 1", request);
  EXPECT_EQ(told.tie().group_count(), 2);
  EXPECT_THAT(told.tie().groups(), IsEmpty());
  EXPECT_THAT(told.text(), Not(HasSubstr("こども食堂002")));
  EXPECT_THAT(Do(&Stub::ExplainGroup, "group 2", request), FailsBecause("NOT_YOUR_ORGANISATION"));
  request.set_group(GroupName(3));
  const pb::ExplainGroupResponse nothing = Must(&Stub::ExplainGroup, "auditor", request);
  EXPECT_EQ(nothing.items(), 0);
  EXPECT_EQ(nothing.rules(0).code(), "ALLERGEN_UNKNOWN");
  EXPECT_EQ(nothing.rules(0).lots(), 3);
  request.set_group(GroupName(9));
  EXPECT_THAT(Do(&Stub::ExplainGroup, "auditor", request), FailsBecause("GROUP_NOT_SEEN"));
  // A group that got nothing knows of no run, and asks about the last one.
  pb::ExplainGroupRequest last;
  last.set_group(GroupName(3));
  server_.authenticator().Add("group 3", rpc::Person(kNetwork, GroupName(3).substr(7), type::v1::ROLE_GROUP));
  const pb::ExplainGroupResponse of_last = Must(&Stub::ExplainGroup, "group 3", last);
  EXPECT_EQ(of_last.run(), run.name());
  EXPECT_EQ(of_last.run_title(), "11月の配分");
  EXPECT_EQ(of_last.items(), 0);
  EXPECT_THAT(Do(&Stub::ExplainGroup, "stranger", last), FailsBecause("RUN_NOT_FOUND"));
}

TEST_F(OptionsTest, AnExportIsReplayedElsewhere) {
  const pb::Run run = MakeRun();
  pb::ExportRunRequest request;
  request.set_run(run.name());
  const pb::ExportRunResponse response = Must(&Stub::ExportRun, "auditor", request);
  EXPECT_THAT(response.file_name(), HasSubstr("kubari-run-"));
  pb::RunExport out;
  ASSERT_TRUE(out.ParseFromString(response.export_()));
  EXPECT_EQ(out.run(), run.name());
  const absl::StatusOr<Replay> replay = ReplaySnapshot(out.snapshot());
  ASSERT_THAT(replay, IsOk());
  EXPECT_EQ(replay->snapshot_hash, out.snapshot_hash());
  EXPECT_EQ(replay->result_hash, out.result_hash());
  EXPECT_EQ(replay->permuted_hash, out.result_hash());
}

TEST_F(OptionsTest, ARunOfAnotherEngineIsNotGuessedAt) {
  const pb::Run run = MakeRun();
  pg::testing::Sql(database_.superuser, "UPDATE allocation.runs SET policy_version = 'fair-share/1'");
  EXPECT_THAT(Do(&Stub::AdjustLine, "coordinator", Adjust(run, 1, 1, 10)), FailsBecause("OTHER_ENGINE"));
  pb::TryOptionsRequest request;
  request.set_run(run.name());
  EXPECT_THAT(Do(&Stub::TryOptions, "auditor", request), FailsBecause("OTHER_ENGINE"));
}

}  // namespace
}  // namespace kubari::allocation
