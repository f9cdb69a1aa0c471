// Lines that come by a hub: one delivery for all, which the hub confirms and hands on.
#include <absl/strings/str_join.h>
#include <absl/strings/str_split.h>

#include "services/allocation/allocation_fixture.h"

namespace kubari::allocation {
namespace {

using errors::FailsBecause;
using errors::IsOk;
using errors::Violates;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

const std::string kHub = GroupName(1), kSmallest = "deliveries/" + Uuid(600), kSecond = "deliveries/" + Uuid(601);

// Group 1 breaks bulk for group 2 and for group 4; group 3 fetches for itself. Only lot 1 may be handed on.
class HubsTest : public AllocationTest {
 protected:
  HubsTest() {
    stock_.balances.resize(1);
    Lot1().mutable_conditions()->set_onward_transfer_allowed(true);
    Lot1().set_min_lot_items(50);
    groups_.groups[2].clear_excluded_allergens();
    groups_.groups.push_back(MakeGroup(4));
    groups_.groups[1].set_hub(kHub);
    groups_.groups[3].set_hub(kHub);
    // Group 3 takes nothing, so the three others share 60 items.
    groups_.groups[2].mutable_sites(0)->set_ambient_items(0);
  }
  stock::v1::Lot& Lot1() { return *stock_.balances[0].mutable_lot(); }

  // Accepted, picked as one delivery, confirmed by the hub but for `missing` items.
  pb::Run AtHub(int64_t missing = 0) {
    const pb::Run run = Published();
    for (const int group : {1, 2, 4}) Must(&Stub::AcceptLine, "coordinator", Accept(LineOf(run, group, 1)));
    for (const int group : {1, 2, 4}) stock_.Issue(LineOf(run, group, 1).reservation(), 20);
    stock_.Arrive(stock::v1::MOVEMENT_KIND_CONFIRM, LineOf(run, 1, 1).reservation(), 60 - missing);
    if (missing > 0) stock_.Arrive(stock::v1::MOVEMENT_KIND_SHORTAGE, LineOf(run, 1, 1).reservation(), missing);
    Follow();
    return run;
  }
  pb::SnapshotGroup Seen(int group) {
    if (stock_.balances.size() == 1) AddBalance(9, 10);  // for a run there must be something
    pb::GetSnapshotRequest request;
    request.set_run(MakeRun().name());
    pb::Snapshot snapshot;
    snapshot.ParseFromString(Must(&Stub::GetSnapshot, "auditor", request).snapshot());
    for (const pb::SnapshotGroup& seen : snapshot.groups()) {
      if (seen.group().name() == GroupName(group)) return seen;
    }
    return {};
  }
  pb::ListLinesRequest ByHub() {
    pb::ListLinesRequest request;
    request.set_hub(kHub);
    return request;
  }
};

TEST_F(HubsTest, OneDeliveryForTheHubWithTheLinesOfAll) {
  AddBalance(2, 10);
  stock_.balances[1].mutable_lot()->mutable_conditions()->add_only_groups(GroupName(2));
  const pb::Run run = Published();
  EXPECT_EQ(run.summary().hubs(), 1);
  const pb::Line own = LineOf(run, 1, 1), second = LineOf(run, 2, 1), fourth = LineOf(run, 4, 1);
  EXPECT_EQ(own.items() + second.items() + fourth.items(), 60);
  EXPECT_EQ(second.hub(), kHub);
  EXPECT_EQ(second.hub_display_name(), "こども食堂001");
  EXPECT_EQ(second.delivery(), own.delivery());
  EXPECT_EQ(fourth.delivery(), own.delivery());
  EXPECT_NE(LineOf(run, 2, 2).delivery(), own.delivery());  // may not be handed on: it comes straight
  // The ledger promises the goods to the hub; each group answers for itself.
  EXPECT_EQ(stock_.reservations.at(second.reservation()).group(), kHub);
  EXPECT_EQ(stock_.reservations.at(LineOf(run, 2, 2).reservation()).group(), GroupName(2));
  EXPECT_THAT(Do(&Stub::AcceptLine, "group 1", Accept(second)), FailsBecause("NOT_YOUR_ORGANISATION"));
  for (const pb::Line& line : {own, second, fourth}) Must(&Stub::AcceptLine, "coordinator", Accept(line));
  Must(&Stub::AcceptLine, "group 2", Accept(LineOf(run, 2, 2)));
  pb::GetPickListRequest request;
  request.set_warehouse(kWarehouse);
  const pb::GetPickListResponse list = Must(&Stub::GetPickList, "volunteer", request);
  ASSERT_THAT(list.deliveries(), SizeIs(2));
  const pb::PickDelivery& to_hub = list.deliveries(list.deliveries(0).group() == kHub ? 0 : 1);
  EXPECT_EQ(to_hub.group(), kHub);
  EXPECT_EQ(to_hub.group_display_name(), "こども食堂001");
  EXPECT_THAT(to_hub.lines(), SizeIs(3));
}

TEST_F(HubsTest, ALineIsThereWhenTheGroupHasConfirmedIt) {
  const pb::Run run = AtHub();
  const pb::Line own = LineOf(run, 1, 1), line = LineOf(run, 2, 1);
  EXPECT_EQ(own.state(), pb::LINE_STATE_CONFIRMED);
  EXPECT_EQ(line.state(), pb::LINE_STATE_AT_HUB);
  EXPECT_EQ(line.at_hub_items(), 20);
  EXPECT_EQ(line.confirmed_items(), 0);
  stock_.PassOn(LotName(1), kHub, GroupName(2), 15, kSmallest);
  Follow();
  EXPECT_EQ(Again(line).state(), pb::LINE_STATE_AT_HUB);
  stock_.PassOn(LotName(1), kHub, GroupName(2), 5, kSecond);
  Follow();
  EXPECT_EQ(Again(line).state(), pb::LINE_STATE_HANDED_ON);
  EXPECT_EQ(Again(line).handed_on_items(), 20);
  stock_.ArriveBy(stock::v1::MOVEMENT_KIND_CONFIRM, LotName(1), GroupName(2), 14, kSmallest);
  stock_.ArriveBy(stock::v1::MOVEMENT_KIND_SHORTAGE, LotName(1), GroupName(2), 1, kSmallest);
  Follow();
  EXPECT_EQ(Again(line).state(), pb::LINE_STATE_HANDED_ON);
  stock_.ArriveBy(stock::v1::MOVEMENT_KIND_CONFIRM, LotName(1), GroupName(2), 5, kSecond);
  Follow();
  EXPECT_EQ(Again(line).state(), pb::LINE_STATE_CONFIRMED);
  EXPECT_EQ(Again(line).confirmed_items(), 19);
  EXPECT_EQ(LineOf(run, 4, 1).state(), pb::LINE_STATE_AT_HUB);
}

TEST_F(HubsTest, EverythingInOnePageOfTheFeedAndBackAgain) {
  const pb::Run run = Published();
  const pb::Line line = LineOf(run, 4, 1);
  for (const int group : {1, 2, 4}) Must(&Stub::AcceptLine, "coordinator", Accept(LineOf(run, group, 1)));
  for (const int group : {1, 2, 4}) stock_.Issue(LineOf(run, group, 1).reservation(), 20);
  stock_.Arrive(stock::v1::MOVEMENT_KIND_CONFIRM, LineOf(run, 1, 1).reservation(), 60);
  const std::string passed = stock_.PassOn(LotName(1), kHub, GroupName(4), 20, kSmallest);
  const std::string arrived =
      stock_.ArriveBy(stock::v1::MOVEMENT_KIND_CONFIRM, LotName(1), GroupName(4), 20, kSmallest);
  Follow();
  EXPECT_EQ(Again(line).state(), pb::LINE_STATE_CONFIRMED);
  stock_.ReverseMovement(arrived);
  const std::string back = stock_.ReverseMovement(passed);
  Follow();
  EXPECT_EQ(Again(line).state(), pb::LINE_STATE_AT_HUB);
  EXPECT_EQ(Again(line).handed_on_items(), 0);
  stock_.ReverseMovement(back);
  Follow();
  EXPECT_EQ(Again(line).state(), pb::LINE_STATE_HANDED_ON);
}

TEST_F(HubsTest, TheHubDecidesWhoGoesWithoutWhatWasShort) {
  const pb::Run run = AtHub(/*missing=*/20);
  // The ledger's shortage is booked to one of the lines. Whoever gets its share has it.
  stock_.PassOn(LotName(1), kHub, GroupName(2), 20, kSmallest);
  stock_.PassOn(LotName(1), kHub, GroupName(4), 20, kSecond);
  Follow();
  EXPECT_EQ(LineOf(run, 2, 1).state(), pb::LINE_STATE_HANDED_ON);
  EXPECT_EQ(LineOf(run, 4, 1).state(), pb::LINE_STATE_HANDED_ON);
  EXPECT_EQ(LineOf(run, 1, 1).confirmed_items(), 0);
  // And is history: 20 items of 100 for two of them, none for the hub.
  for (const int group : {2, 4}) EXPECT_EQ(Seen(group).history_milli_person_days(), 2'000);
  EXPECT_EQ(Seen(1).history_milli_person_days(), 0);
}

TEST_F(HubsTest, WhatIsMoreThanTheLineIsAGiftOfTheHub) {
  const pb::Run run = AtHub();
  const int64_t before = Seen(1).history_milli_person_days(), second = Seen(2).history_milli_person_days();
  stock_.PassOn(LotName(1), kHub, GroupName(2), 25, kSmallest);
  Follow();
  EXPECT_EQ(LineOf(run, 2, 1).handed_on_items(), 20);
  EXPECT_EQ(Seen(2).history_milli_person_days(), second + 500);
  EXPECT_EQ(Seen(1).history_milli_person_days(), before - 500);
}

TEST_F(HubsTest, WhatComesByAHubClaimsItsStorageUntilItIsHandedOn) {
  AtHub();
  // Its own 20 have arrived. 40 stand there for others.
  const pb::SnapshotGroup hub = Seen(1), second = Seen(2);
  stock_.PassOn(LotName(1), kHub, GroupName(2), 20, kSmallest);
  Follow();
  EXPECT_EQ(Seen(1).claimed_ambient_items(), hub.claimed_ambient_items() - 20);
  EXPECT_EQ(Seen(2).claimed_ambient_items(), second.claimed_ambient_items());
  stock_.ArriveBy(stock::v1::MOVEMENT_KIND_CONFIRM, LotName(1), GroupName(2), 20, kSmallest);
  Follow();
  EXPECT_EQ(Seen(2).claimed_ambient_items(), second.claimed_ambient_items() - 20);
}

TEST_F(HubsTest, TheHubSeesWhatComesForWhomAndNoMore) {
  const pb::Run run = AtHub();
  const pb::ListLinesResponse seen = Must(&Stub::ListLines, "group 1", ByHub());
  ASSERT_THAT(seen.lines(), SizeIs(2));
  for (const pb::Line& line : seen.lines()) {
    EXPECT_EQ(line.hub(), kHub);
    EXPECT_EQ(line.at_hub_items(), 20);
    EXPECT_NE(line.group_display_name(), "");
    EXPECT_EQ(line.explanation(), "");
    EXPECT_EQ(line.explanation_ja(), "");
    EXPECT_EQ(line.reason(), "");
    EXPECT_EQ(line.distance_metres(), 0);
  }
  // Without asking for them it sees its own alone; who is no hub of these, none.
  for (const pb::Line& line : Lines(run, "group 1")) EXPECT_EQ(line.group(), kHub);
  EXPECT_THAT(Do(&Stub::ListLines, "group 2", ByHub()), FailsBecause("NOT_YOUR_ORGANISATION"));
  EXPECT_THAT(Must(&Stub::ListLines, "coordinator", ByHub()).lines(), SizeIs(2));
  pb::ListLinesRequest standing = ByHub();
  standing.add_states(pb::LINE_STATE_HANDED_ON);
  EXPECT_THAT(Must(&Stub::ListLines, "group 1", standing).lines(), IsEmpty());
  pb::ListLinesRequest other = ByHub();
  other.set_group(GroupName(3));
  EXPECT_THAT(Must(&Stub::ListLines, "group 1", other).lines(), IsEmpty());
}

TEST_F(HubsTest, WhatAGroupRefusesTheHubDoesNotSee) {
  const pb::Run run = Published();
  Must(&Stub::RefuseLine, "group 2", Refuse(LineOf(run, 2, 1)));
  const pb::ListLinesResponse seen = Must(&Stub::ListLines, "group 1", ByHub());
  ASSERT_THAT(seen.lines(), SizeIs(1));
  EXPECT_EQ(seen.lines(0).group(), GroupName(4));
}

TEST_F(HubsTest, ADeliveryThatRefusalsLeftTooSmallIsForTheCoordinatorToDecide) {
  const pb::Run run = Published();
  const auto short_ones = [&] {
    pb::GetRunRequest request;
    request.set_name(run.name());
    return Must(&Stub::GetRun, "coordinator", request).short_deliveries();
  };
  EXPECT_THAT(short_ones(), IsEmpty()) << "60 of at least 50";
  Must(&Stub::AcceptLine, "coordinator", Accept(LineOf(run, 1, 1)));
  EXPECT_THAT(short_ones(), IsEmpty()) << "what was offered may still be taken";
  Must(&Stub::RefuseLine, "coordinator", Refuse(LineOf(run, 4, 1)));
  ASSERT_THAT(short_ones(), SizeIs(1));
  const pb::ShortDelivery one = short_ones()[0];
  EXPECT_EQ(one.hub(), kHub);
  EXPECT_EQ(one.hub_display_name(), "こども食堂001");
  EXPECT_EQ(one.lot(), LotName(1));
  EXPECT_EQ(one.lot_code(), "LOT0001");
  EXPECT_EQ(one.product_display_name(), "米 1");
  EXPECT_EQ(one.place(), kPlace);
  EXPECT_EQ(one.items(), 40);
  EXPECT_EQ(one.minimum_items(), 50);
  EXPECT_EQ(pg::testing::Sql(database_.service,
                             absl::StrCat("SELECT set_config('kubari.network', '", kNetwork,
                                          "', false); SELECT count(*) FROM allocation.outbox WHERE position(convert_to("
                                          "'now gets 40 of it, and the donor gives at least 50', 'UTF8') IN notice) > 0")),
            "1");
  // It goes all the same: nothing to decide any more.
  Must(&Stub::AcceptLine, "coordinator", Accept(LineOf(run, 2, 1)));
  EXPECT_THAT(short_ones(), SizeIs(1));
  stock_.Issue(LineOf(run, 1, 1).reservation(), 20);
  Follow();
  EXPECT_THAT(short_ones(), IsEmpty());
}

TEST_F(HubsTest, WhoTakesBackTheRestHasDecided) {
  const pb::Run run = Published();
  for (const int group : {4, 1, 2}) Must(&Stub::RefuseLine, "coordinator", Refuse(LineOf(run, group, 1)));
  pb::GetRunRequest request;
  request.set_name(run.name());
  EXPECT_THAT(Must(&Stub::GetRun, "coordinator", request).short_deliveries(), IsEmpty());
}

TEST_F(HubsTest, ChangesByHandMustLeaveTheSmallestQuantity) {
  pb::Run run = MakeRun();
  Must(&Stub::AdjustLine, "coordinator", Adjust(run, 2, 1, 0));
  Must(&Stub::AdjustLine, "coordinator", Adjust(run, 4, 1, 10));
  const auto publish = [&] {
    pb::GetRunRequest request;
    request.set_name(run.name());
    return Do(&Stub::PublishRun, "coordinator", Publish(Must(&Stub::GetRun, "coordinator", request)));
  };
  const auto refused = publish();
  ASSERT_THAT(refused, FailsBecause("BELOW_MINIMUM_LOT"));
  EXPECT_THAT(std::string(refused.status().message()),
              HasSubstr("30 items of 米 1 (LOT0001) come to the hub こども食堂001 for its groups"));
  EXPECT_EQ(errors::MetadataOf(refused.status())["minimum"], "50");
  Must(&Stub::AdjustLine, "coordinator", Adjust(run, 1, 1, 40));
  EXPECT_THAT(publish(), IsOk());
}

TEST_F(HubsTest, LinesInAnyOrder) {
  AddBalance(2, 60);
  AddBalance(3, 50);
  const pb::Run run = Published();
  const auto by = [&](const std::string& order) {
    std::vector<std::string> keys;
    pb::ListLinesRequest request;
    request.set_run(run.name());
    request.set_order_by(order);
    request.set_page_size(2);  // so that every page but the first begins behind a key
    do {
      const pb::ListLinesResponse page = Must(&Stub::ListLines, "coordinator", request);
      for (const pb::Line& line : page.lines()) {
        keys.push_back(absl::StrCat(line.group_display_name(), "/", line.lot_code(), "/", line.items()));
      }
      request.set_page_token(page.next_page_token());
    } while (!request.page_token().empty());
    return keys;
  };
  const std::vector<std::string> all = by("");
  const auto sorted = [&](const auto& key_of, bool descending) {
    std::vector<std::string> keys;
    for (const std::string& line : by(descending ? absl::StrCat(key_of.first, " desc") : key_of.first)) {
      const std::vector<std::string> parts = absl::StrSplit(line, '/');
      keys.push_back(parts[key_of.second]);
    }
    EXPECT_EQ(keys.size(), all.size()) << key_of.first;
    const auto less = [&](const std::string& a, const std::string& b) {
      return key_of.second == 2 ? std::stoi(a) < std::stoi(b) : a < b;
    };
    if (descending) std::ranges::reverse(keys);
    EXPECT_TRUE(std::ranges::is_sorted(keys, less)) << key_of.first << " " << absl::StrJoin(keys, " ");
  };
  for (const bool descending : {false, true}) {
    sorted(std::pair("group", 0), descending);
    sorted(std::pair("product", 1), descending);
    sorted(std::pair("items", 2), descending);
  }
  EXPECT_THAT(by("good_until"), SizeIs(all.size()));
  EXPECT_THAT(by("state desc"), SizeIs(all.size()));
  pb::ListLinesRequest request;
  request.set_order_by("lot");
  EXPECT_THAT(Do(&Stub::ListLines, "coordinator", request), Violates("order_by", "UNKNOWN_ORDER"));
}

TEST_F(HubsTest, LargeExportsComeInParts) {
  const pb::Run run = MakeRun();
  pb::ExportRunRequest request;
  request.set_run(run.name());
  const pb::ExportRunResponse whole = Must(&Stub::ExportRun, "auditor", request);
  EXPECT_EQ(whole.total_bytes(), static_cast<int64_t>(whole.export_().size()));
  std::string bytes;
  request.set_max_bytes(1'000);
  do {
    request.set_offset(static_cast<int64_t>(bytes.size()));
    const pb::ExportRunResponse part = Must(&Stub::ExportRun, "auditor", request);
    EXPECT_LE(part.export_().size(), 1'000u);
    bytes += part.export_();
  } while (static_cast<int64_t>(bytes.size()) < whole.total_bytes());
  EXPECT_EQ(bytes, whole.export_());
  request.set_offset(whole.total_bytes());
  EXPECT_EQ(Must(&Stub::ExportRun, "auditor", request).export_(), "");
  request.set_offset(-1);
  EXPECT_THAT(Do(&Stub::ExportRun, "auditor", request), Violates("offset", "OUT_OF_RANGE"));
  pb::GetSnapshotRequest snapshot;
  snapshot.set_run(run.name());
  const pb::GetSnapshotResponse all = Must(&Stub::GetSnapshot, "auditor", snapshot);
  snapshot.set_offset(10);
  snapshot.set_max_bytes(20);
  EXPECT_EQ(Must(&Stub::GetSnapshot, "auditor", snapshot).snapshot(), all.snapshot().substr(10, 20));
}

}  // namespace
}  // namespace kubari::allocation
