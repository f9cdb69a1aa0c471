// Groups from a table.
#include "services/groups/groups_fixture.h"

namespace kubari::groups {
namespace {

using errors::IsOk;

TEST_F(GroupsTest, ImportsGroupsWithTheirHubsAndOnce) {
  ASSERT_THAT(Make(kHub, "HUB", "地域ハブ"), IsOk());
  const std::string rows =
      "G-1,ひまわり食堂,cafeteria,13101,35.69,139.69,30,45,rice;snack,egg;milk,low_salt,500,mon;Friday,hygiene,"
      "食品衛生責任者,2026-01-01,合意書,"
      "2026-04-01,G-2,14\n"
      "G-2,地区拠点,food_bank,13102,35.67,139.77,200,,,,,9000,,,,,,,HUB,\n";
  const auto dry = Import(rows, /*dry_run=*/true);
  ASSERT_THAT(dry, IsOk());
  EXPECT_EQ(dry->problems_size(), 0) << dry->DebugString();
  EXPECT_EQ(dry->created_count(), 2);
  EXPECT_EQ(Count(), 1);
  ASSERT_THAT(Import(rows), IsOk());
  EXPECT_EQ(Count(), 3);
  EXPECT_EQ(identity_.organisations().size(), 3u);
  const auto again = Import(rows);
  EXPECT_EQ(again->created_count(), 0);
  EXPECT_EQ(again->skipped_count(), 2);
  EXPECT_EQ(Count(), 3);
  v1::ListGroupsRequest list;
  list.set_query("g-");
  const auto groups = Do(&Stub::ListGroups, "coordinator", list);
  ASSERT_EQ(groups->groups_size(), 2);
  const v1::Group& hub = groups->groups(1).code() == "G-2" ? groups->groups(1) : groups->groups(0);
  const v1::Group& group = groups->groups(1).code() == "G-2" ? groups->groups(0) : groups->groups(1);
  EXPECT_EQ(group.hub(), hub.name());
  EXPECT_EQ(hub.hub(), "groups/" + kHub);
  EXPECT_EQ(group.state(), v1::GROUP_STATE_ACTIVE);
  EXPECT_EQ(hub.state(), v1::GROUP_STATE_APPLIED) << "without an agreement";
  EXPECT_TRUE(group.agreement_in_force());
  EXPECT_EQ(group.compliance_level(), type::v1::COMPLIANCE_LEVEL_HYGIENE);
  EXPECT_EQ(group.receiving_days_size(), 2);
  EXPECT_EQ(group.excluded_allergens_size(), 2);
  EXPECT_EQ(group.sites(0).address().position().latitude_e6(), 35690000);
}

TEST_F(GroupsTest, BadCellsAreToldAtOnceAndNothingIsWritten) {
  const auto result = Import(
      "G-1,良い食堂,cafeteria,13101,35.69,139.69,30,,,,,,,,,,,,,\n"
      ",,castle,x,91,x,0,-1,rice;gold,glue,x,many,someday,,y,z,,2026-04-01,NOBODY,-1\n"
      "G-1,二重,pantry,13101,35,139,1,,,,,,,,,,,,,\n"
      "A,a,pantry,13101,35,139,1,,,,,,,,,,,,B,\n"
      "B,b,pantry,13101,35,139,1,,,,,,,,,,,,A,\n"
      "C,c,pantry,13101,35,139,1,,,,,,,,,,,,NOBODY,\n");
  ASSERT_THAT(result, IsOk());
  std::multiset<std::string> problems;
  for (const type::v1::ImportProblem& problem : result->problems()) {
    EXPECT_FALSE(problem.message_ja().empty());
    problems.insert(absl::StrCat(problem.row(), " ", problem.column(), " ", problem.reason()));
  }
  EXPECT_EQ(problems, (std::multiset<std::string>{"3 code EMPTY",
                                                  "3 name EMPTY",
                                                  "3 kind NOT_A_CHOICE",
                                                  "3 municipality_code NOT_A_MUNICIPALITY",
                                                  "3 latitude NOT_DEGREES",
                                                  "3 longitude NOT_DEGREES",
                                                  "3 households OUT_OF_RANGE",
                                                  "3 children OUT_OF_RANGE",
                                                  "3 categories NOT_A_CHOICE",
                                                  "3 excluded_allergens NOT_A_CHOICE",
                                                  "3 wanted_tags NOT_A_CHOICE",
                                                  "3 ambient_items NOT_A_NUMBER",
                                                  "3 receiving_days NOT_A_CHOICE",
                                                  "3 compliance_level EMPTY",
                                                  "3 evidence_from NOT_A_DATE",
                                                  "3 agreement_title EMPTY",
                                                  "3 min_remaining_days OUT_OF_RANGE",
                                                  "4 code DUPLICATE",
                                                  "6 hub_code HUB_CYCLE",
                                                  "7 hub_code NOT_FOUND"}));
  EXPECT_EQ(result->created_count(), 0);
  EXPECT_EQ(Count(), 0);
  EXPECT_TRUE(identity_.organisations().empty());
}

TEST_F(GroupsTest, GoodRowsComeWithoutTheBadOnesAndThoseThatHangOnThem) {
  const auto result = ImportGood(
      "G-1,ひまわり食堂,こども食堂,13101,35.69,139.69,30,G-2,月、火曜,会食;学習支援,03-0000-0000\n"  // its hub is left out
      "G-2,地区拠点,フードバンク,13102,35.67,139.77,many,,,,\n"
      "G-3,つくし食堂,子ども食堂,13101,35.69,139.69,30,G-1,,,\n"  // and so is this one's
      "G-4,あおば,施設,13101,35.69,139.69,30,,土,,12\n"
      "G-5,もみじ,宅食,13101,35.69,139.69,30,G-5,,,\n"  // its own hub
      "G-6,すみれ,こども食堂,13101,35.69,139.69,30,G-7,,,\n"
      "G-7,みどり,パントリー,13101,35.69,139.69,30,,,居場所,090-0000-0000\n");
  ASSERT_THAT(result, IsOk());
  std::multiset<std::string> problems;
  for (const auto& problem : result->problems()) problems.insert(absl::StrCat(problem.row(), " ", problem.reason()));
  EXPECT_EQ(problems, (std::multiset<std::string>{"2 HUB_LEFT_OUT", "3 NOT_A_NUMBER", "4 HUB_LEFT_OUT", "5 NOT_A_PHONE", "6 HUB_CYCLE"}));
  EXPECT_EQ(result->created_count(), 2);
  EXPECT_EQ(result->reading().bad_row_count(), 5);
  EXPECT_EQ(Count(), 2);
  v1::ListGroupsRequest list;
  list.set_query("G-7");
  const auto found = Do(&Stub::ListGroups, "coordinator", list);
  ASSERT_EQ(found->groups_size(), 1);
  EXPECT_EQ(found->groups(0).activities(0).kind(), v1::ACTIVITY_KIND_PLACE_TO_BE);
  EXPECT_EQ(found->groups(0).contacts(0).phone(), "090-0000-0000");
  const auto again = ImportGood("G-2,地区拠点,フードバンク,13102,35.67,139.77,40,,,,\nG-1,ひまわり食堂,こども食堂,13101,35.69,139.69,30,G-2,,,\n");
  EXPECT_EQ(again->created_count(), 2);
}

TEST_F(GroupsTest, AThousandGroupsComeInOneImport) {
  std::string rows;
  for (int i = 0; i < 1000; ++i) {
    absl::StrAppend(&rows, "G-", i, ",食堂", i, ",cafeteria,13101,35,139,30,,,,,,,,,,合意書,2026-04-01,",
                    i % 10 == 0 ? "" : absl::StrCat("G-", i - i % 10), ",\n");
  }
  const absl::Time start = absl::Now();
  const auto result = Import(rows);
  ASSERT_THAT(result, IsOk());
  EXPECT_EQ(result->created_count(), 1000);
  RecordProperty("milliseconds", static_cast<int>(absl::ToInt64Milliseconds(absl::Now() - start)));
  EXPECT_EQ(Count(), 1000);
}

}  // namespace
}  // namespace kubari::groups
