// Figures over the real wire and a real PostgreSQL, from feed entries made by hand.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numeric>

#include "libs/errors/testing.h"
#include "libs/pg/pool.h"
#include "libs/pg/testing/database.h"
#include "libs/rpc/client.h"
#include "libs/rpc/testing.h"
#include "services/impact/handler.h"
#include "services/impact/migrations/migrations.h"
#include "services/impact/service.h"

namespace kubari::impact {
namespace {

using errors::FailsBecause;
using errors::IsOk;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

std::string Uuid(int number) { return absl::StrFormat("00000000-0000-4000-8000-%012d", number); }

const std::string kNetwork = Uuid(1);
const std::string kOtherNetwork = Uuid(2);
const std::string kRiceDonor = Uuid(11);
const std::string kSoupDonor = Uuid(12);
const std::string kTokyoGroup = Uuid(21);
const std::string kOsakaGroup = Uuid(22);

// A line of the feed.
struct Line {
  stock::v1::MovementKind kind;
  std::string donor = kRiceDonor;
  std::string group;
  int64_t items = 1;
  int delivery = 0;
  const char* day = "2026-04-10";
  int64_t households = 0;
  stock::v1::MovementKind reversed = stock::v1::MOVEMENT_KIND_UNSPECIFIED;
  stock::v1::PlaceKind from = stock::v1::PLACE_KIND_SHELF;
  std::string giver = "";  // of a PASS_ON
  bool kit = false;        // one of each donor's
};

// Where what a group has got stands.
std::string PlaceOf(const std::string& group) { return "places/" + Uuid(group == kOsakaGroup ? 62 : 61); }

// Tells of food-support requests what a test has given it.
class FakeSupport final : public support::v1::SupportService::Service {
 public:
  void Tell(int request, int64_t households, const std::vector<int>& deliveries) {
    const std::string name = "supportRequests/" + Uuid(request);
    std::erase_if(told_, [&](const support::v1::Reached& one) { return one.support_request() == name; });
    support::v1::Reached& one = told_.emplace_back();
    one.set_position(++position_);
    one.set_support_request(name);
    one.set_households(households);
    for (const int delivery : deliveries) one.add_deliveries("deliveries/" + Uuid(delivery));
  }
  grpc::Status ReadReached(grpc::ServerContext*, const support::v1::ReadReachedRequest* request,
                           support::v1::ReadReachedResponse* response) override {
    if (away) return {grpc::StatusCode::UNAVAILABLE, "away"};
    ++asked;
    for (const support::v1::Reached& one : told_) {
      if (one.position() > request->after_position() && response->reached_size() < request->page_size()) *response->add_reached() = one;
    }
    return grpc::Status::OK;
  }
  bool away = false;
  int asked = 0;

 private:
  int64_t position_ = 0;
  std::vector<support::v1::Reached> told_;
};

std::unique_ptr<grpc::Server> Serve(grpc::Service& service, int& port) {
  grpc::ServerBuilder builder;
  builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
  builder.RegisterService(&service);
  return builder.BuildAndStart();
}

class ImpactTest : public testing::Test {
 protected:
  ImpactTest()
      : database_(pg::testing::CreateDatabase("impact", kMigrations)),
        pool_({.conninfo = database_.service, .schema = "impact"}),
        support_server_(Serve(support_, support_port_)),
        support_stub_(support::v1::SupportService::NewStub(rpc::Connect(absl::StrCat("127.0.0.1:", support_port_)))),
        handler_(pool_, *support_stub_, "a service key of more than thirty-two characters"),
        service_(server_.dispatcher(), handler_) {
    server_.authenticator().Add("auditor", rpc::Person(kNetwork, Uuid(3), type::v1::ROLE_AUDITOR));
    server_.authenticator().Add("stranger", rpc::Person(kOtherNetwork, Uuid(3), type::v1::ROLE_AUDITOR));
    server_.authenticator().Add("volunteer", rpc::Person(kNetwork, Uuid(3), type::v1::ROLE_VOLUNTEER));
    server_.authenticator().Add("rice donor", rpc::Person(kNetwork, kRiceDonor, type::v1::ROLE_DONOR));
    server_.authenticator().Add("tokyo group", rpc::Person(kNetwork, kTokyoGroup, type::v1::ROLE_GROUP));
    server_.Start({&service_});
    stub_ = v1::ImpactService::NewStub(server_.channel());
  }

  // A kit of one bag of rice and two soups.
  static void AddParts(stock::v1::Lot& kit) {
    kit.clear_donor();
    kit.set_product_display_name("詰め合わせ");
    for (const bool rice : {true, false}) {
      stock::v1::LotPart& part = *kit.add_parts();
      part.set_donor("donors/" + (rice ? kRiceDonor : kSoupDonor));
      part.set_items(rice ? 1 : 2);
      part.set_item_grams(rice ? 1'000 : 200);
      part.set_category(rice ? type::v1::FOOD_CATEGORY_RICE : type::v1::FOOD_CATEGORY_RETORT);
      part.set_product_display_name(rice ? "米" : "スープ");
      part.mutable_conditions()->set_donor_may_be_named(rice);
    }
  }

  // Applies the lines as one page of the feed.
  void Feed(const std::vector<Line>& lines, const std::string& network = kNetwork) {
    feed::Entries entries;
    for (const Line& line : lines) {
      stock::v1::FeedEntry& entry = *entries.Add();
      stock::v1::Movement& movement = *entry.mutable_movement();
      movement.set_position(next_position_);
      movement.set_name("movements/" + Uuid(1'000 + static_cast<int>(next_position_++)));
      movement.set_kind(line.kind);
      movement.set_items(line.items);
      movement.set_households(line.households);
      if (!line.group.empty()) movement.set_group("groups/" + line.group);
      if (line.delivery > 0) movement.set_delivery("deliveries/" + Uuid(line.delivery));
      movement.set_municipality_code(line.group == kOsakaGroup ? "27127" : line.group.empty() ? "" : "13101");
      absl::CivilDay day;
      EXPECT_TRUE(absl::ParseCivilTime(line.day, &day));
      movement.mutable_occurred_time()->set_seconds(absl::ToUnixSeconds(absl::FromCivil(day, absl::FixedTimeZone(9 * 3600))) + 3'600);
      *movement.mutable_recorded_time() = movement.occurred_time();
      const bool reversal = line.reversed != stock::v1::MOVEMENT_KIND_UNSPECIFIED;
      movement.set_effect_kind(reversal ? line.reversed : line.kind);
      movement.set_effect_items(reversal ? -line.items : line.items);
      entry.set_reversed_kind(line.reversed);
      entry.set_from_kind(line.from);
      entry.set_to_kind(stock::v1::PLACE_KIND_SHELF);
      movement.set_from_place(line.giver.empty() ? "places/" + Uuid(60) : PlaceOf(line.giver));
      movement.set_to_place(line.kind == stock::v1::MOVEMENT_KIND_CONFIRM ? PlaceOf(line.group) : "places/" + Uuid(60));
      entry.set_group_display_name(line.group == kOsakaGroup ? "大阪の会" : "東京の会");
      const bool rice = line.donor == kRiceDonor;
      entry.mutable_lot()->set_name("lots/" + Uuid(rice ? 31 : 32));
      entry.mutable_lot()->set_donor("donors/" + line.donor);
      entry.mutable_lot()->set_donor_display_name(rice ? "例示米穀" : "例示スープ");
      entry.mutable_lot()->mutable_conditions()->set_donor_may_be_named(rice);
      entry.mutable_lot()->set_item_grams(rice ? 1'000 : 200);
      entry.mutable_lot()->set_category(rice ? type::v1::FOOD_CATEGORY_RICE : type::v1::FOOD_CATEGORY_RETORT);
      entry.mutable_lot()->set_product_display_name(rice ? "米" : "スープ");
      if (line.kit) AddParts(*entry.mutable_lot());
    }
    const absl::Status applied = pool_.Transact({.network_id = network}, [&](pg::Transaction& tx) {
      return ApplyFeed(tx, {.id = network, .time_zone = "Asia/Tokyo"}, entries);
    });
    ASSERT_THAT(applied, IsOk());
  }

  // April: both donors' goods reach both groups; the second delivery carries goods of both. May: one more to Tokyo.
  void FeedASpring() {
    using namespace stock::v1;
    Feed({{.kind = MOVEMENT_KIND_RECEIVE, .items = 100},
          {.kind = MOVEMENT_KIND_RECEIVE, .donor = kSoupDonor, .items = 500},
          {.kind = MOVEMENT_KIND_RESERVE, .group = kTokyoGroup, .items = 10, .delivery = 41},
          {.kind = MOVEMENT_KIND_ISSUE, .group = kTokyoGroup, .items = 10, .delivery = 41},
          {.kind = MOVEMENT_KIND_ISSUE, .group = kOsakaGroup, .items = 20, .delivery = 42},
          {.kind = MOVEMENT_KIND_ISSUE, .donor = kSoupDonor, .group = kOsakaGroup, .items = 50, .delivery = 42},
          {.kind = MOVEMENT_KIND_CONFIRM, .group = kTokyoGroup, .items = 10, .delivery = 41, .households = 30}});
    Feed({{.kind = MOVEMENT_KIND_CONFIRM, .group = kOsakaGroup, .items = 20, .delivery = 42, .households = 50},
          {.kind = MOVEMENT_KIND_CONFIRM, .donor = kSoupDonor, .group = kOsakaGroup, .items = 48, .delivery = 42, .households = 50},
          {.kind = MOVEMENT_KIND_SHORTAGE, .donor = kSoupDonor, .group = kOsakaGroup, .items = 2, .delivery = 42},
          {.kind = MOVEMENT_KIND_DISCARD, .items = 5, .day = "2026-05-01"},
          {.kind = MOVEMENT_KIND_ISSUE, .group = kTokyoGroup, .items = 4, .delivery = 43, .day = "2026-05-02"},
          {.kind = MOVEMENT_KIND_CONFIRM, .group = kTokyoGroup, .items = 4, .delivery = 43, .day = "2026-05-03", .households = 35}});
  }

  absl::StatusOr<v1::GetImpactResponse> Impact(const std::string& who, v1::ImpactFilter filter = {},
                                               v1::Dimension dimension = v1::DIMENSION_UNSPECIFIED) {
    v1::GetImpactRequest request;
    *request.mutable_filter() = std::move(filter);
    request.set_dimension(dimension);
    return rpc::Invoke(&v1::ImpactService::Stub::GetImpact, *stub_, server_.As(who), request);
  }

  std::vector<v1::ImpactMovement> AllMovements(const std::string& who, const v1::ImpactFilter& filter, int page_size) {
    std::vector<v1::ImpactMovement> all;
    v1::ListImpactMovementsRequest request;
    *request.mutable_filter() = filter;
    request.set_page_size(page_size);
    for (;;) {
      const auto page = rpc::Invoke(&v1::ImpactService::Stub::ListImpactMovements, *stub_, server_.As(who), request);
      EXPECT_THAT(page, IsOk());
      if (!page.ok()) return all;
      all.insert(all.end(), page->movements().begin(), page->movements().end());
      if (page->next_page_token().empty()) return all;
      request.set_page_token(page->next_page_token());
    }
  }

  int64_t next_position_ = 0;
  pg::testing::Database database_;
  pg::Pool pool_;
  FakeSupport support_;
  int support_port_ = 0;
  const std::unique_ptr<grpc::Server> support_server_;
  const std::unique_ptr<support::v1::SupportService::StubInterface> support_stub_;
  ImpactHandler handler_;
  rpc::TestServer server_;
  ImpactService service_;
  std::unique_ptr<v1::ImpactService::Stub> stub_;
};

v1::ImpactFilter Period(const std::string& from, const std::string& to) {
  v1::ImpactFilter filter;
  filter.set_from_date(from);
  filter.set_to_date(to);
  return filter;
}

TEST_F(ImpactTest, NothingYetIsZeroNotAnError) {
  const auto impact = Impact("auditor", {}, v1::DIMENSION_DONOR);
  ASSERT_THAT(impact, IsOk());
  EXPECT_EQ(impact->total().items(), 0);
  EXPECT_THAT(impact->rows(), IsEmpty());
  EXPECT_EQ(impact->ledger_position(), 0);
}

TEST_F(ImpactTest, CountsTheWholeNetwork) {
  FeedASpring();
  const auto impact = Impact("auditor");
  ASSERT_THAT(impact, IsOk());
  const v1::Figures& total = impact->total();
  EXPECT_EQ(total.deliveries(), 3);
  EXPECT_EQ(total.items(), 10 + 20 + 48 + 4);
  EXPECT_EQ(total.grams(), 34 * 1'000 + 48 * 200);
  EXPECT_EQ(total.households_cumulative(), 30 + 50 + 35);
  EXPECT_EQ(total.households_distinct(), 35 + 50);
  EXPECT_EQ(total.groups(), 2);
  EXPECT_EQ(total.donors(), 2);
  EXPECT_EQ(total.shipped_items(), 84);
  EXPECT_EQ(total.received_items(), 600);
  EXPECT_EQ(total.received_grams(), 200'000);
  EXPECT_EQ(total.discarded_items(), 5);
}

TEST_F(ImpactTest, ByEachDimension) {
  FeedASpring();
  const auto donors = Impact("auditor", {}, v1::DIMENSION_DONOR);
  ASSERT_THAT(donors, IsOk());
  ASSERT_THAT(donors->rows(), SizeIs(2));
  EXPECT_EQ(donors->rows(0).key(), "donors/" + kRiceDonor);
  EXPECT_EQ(donors->rows(0).display_name(), "例示米穀");
  EXPECT_EQ(donors->rows(0).figures().deliveries(), 3);
  EXPECT_EQ(donors->rows(1).figures().deliveries(), 1);
  EXPECT_EQ(donors->rows(1).figures().items(), 48);

  const auto months = Impact("auditor", {}, v1::DIMENSION_MONTH);
  ASSERT_THAT(months, IsOk());
  ASSERT_THAT(months->rows(), SizeIs(2));
  EXPECT_EQ(months->rows(0).key(), "2026-04");
  EXPECT_EQ(months->rows(0).figures().households_distinct(), 80);
  EXPECT_EQ(months->rows(1).key(), "2026-05");
  EXPECT_EQ(months->rows(1).figures().discarded_items(), 5);

  const auto prefectures = Impact("auditor", {}, v1::DIMENSION_PREFECTURE);
  ASSERT_THAT(prefectures, IsOk());
  ASSERT_THAT(prefectures->rows(), SizeIs(2));
  EXPECT_EQ(prefectures->rows(0).key(), "27");

  const auto categories = Impact("auditor", {}, v1::DIMENSION_CATEGORY);
  ASSERT_THAT(categories, IsOk());
  EXPECT_EQ(categories->rows(0).key(), "FOOD_CATEGORY_RICE");

  const auto groups = Impact("auditor", Period("2026-05-01", "2026-05-31"), v1::DIMENSION_GROUP);
  ASSERT_THAT(groups, IsOk());
  ASSERT_THAT(groups->rows(), SizeIs(1));
  EXPECT_EQ(groups->rows(0).display_name(), "東京の会");
  EXPECT_EQ(groups->rows(0).figures().items(), 4);
}

TEST_F(ImpactTest, AReversedConfirmationNoLongerCounts) {
  FeedASpring();
  Feed({{.kind = stock::v1::MOVEMENT_KIND_REVERSAL, .group = kTokyoGroup, .items = 4, .delivery = 43, .day = "2026-05-04",
         .reversed = stock::v1::MOVEMENT_KIND_CONFIRM}});
  const auto impact = Impact("auditor", Period("2026-05-01", "2026-05-31"));
  ASSERT_THAT(impact, IsOk());
  EXPECT_EQ(impact->total().deliveries(), 0);
  EXPECT_EQ(impact->total().items(), 0);
  EXPECT_EQ(impact->total().households_cumulative(), 0);
  // The days before the reversal keep what was true then.
  EXPECT_EQ(Impact("auditor", Period("2026-05-01", "2026-05-03"))->total().deliveries(), 1);
}

TEST_F(ImpactTest, AReversalCountsInThePrefectureOfItsGroup) {
  FeedASpring();
  Feed({{.kind = stock::v1::MOVEMENT_KIND_REVERSAL, .group = kOsakaGroup, .items = 48, .delivery = 42,
         .reversed = stock::v1::MOVEMENT_KIND_CONFIRM}});
  v1::ImpactFilter osaka;
  osaka.set_prefecture("27");
  EXPECT_EQ(Impact("auditor", osaka)->total().items(), 68 - 48);
}

// 10 kg to Tokyo's group, which is a hub for Osaka's: what it passes on counts there, once it has arrived.
TEST_F(ImpactTest, WhatAHubPassesOnCountsOnceAndWithTheGroupThatGotIt) {
  FeedASpring();
  Feed({{.kind = stock::v1::MOVEMENT_KIND_PASS_ON, .group = kOsakaGroup, .items = 6, .delivery = 44, .day = "2026-06-01",
         .from = stock::v1::PLACE_KIND_GROUP, .giver = kTokyoGroup}});
  EXPECT_EQ(Impact("auditor")->total().items(), 82 - 6);
  EXPECT_EQ(Impact("auditor")->total().shipped_items(), 84);
  Feed({{.kind = stock::v1::MOVEMENT_KIND_CONFIRM, .group = kOsakaGroup, .items = 6, .delivery = 44, .day = "2026-06-02",
         .households = 50}});
  const auto impact = Impact("auditor", {}, v1::DIMENSION_GROUP);
  ASSERT_THAT(impact, IsOk());
  EXPECT_EQ(impact->total().items(), 82);
  EXPECT_EQ(impact->total().deliveries(), 4);
  std::map<std::string, v1::Figures> of;
  for (const v1::ImpactRow& row : impact->rows()) of[row.key()] = row.figures();
  EXPECT_EQ(of["groups/" + kTokyoGroup].items(), 14 - 6);
  EXPECT_EQ(of["groups/" + kTokyoGroup].shipped_items(), 14 - 6);
  EXPECT_EQ(of["groups/" + kOsakaGroup].items(), 68 + 6);
  EXPECT_EQ(of["groups/" + kOsakaGroup].shipped_items(), 70 + 6);
}

TEST_F(ImpactTest, WhatComesBackOrIsThrownAwayByAGroupIsNoHelp) {
  FeedASpring();
  Feed({{.kind = stock::v1::MOVEMENT_KIND_RETURN, .group = kTokyoGroup, .items = 3, .from = stock::v1::PLACE_KIND_GROUP},
        {.kind = stock::v1::MOVEMENT_KIND_DISCARD, .group = kTokyoGroup, .items = 1, .from = stock::v1::PLACE_KIND_GROUP}});
  const auto impact = Impact("auditor");
  ASSERT_THAT(impact, IsOk());
  EXPECT_EQ(impact->total().items(), 82 - 3 - 1);
  EXPECT_EQ(impact->total().shipped_items(), 84 - 3);
  EXPECT_EQ(impact->total().discarded_items(), 5 + 1);
  EXPECT_EQ(impact->total().deliveries(), 3);
}

TEST_F(ImpactTest, AKitCountsForTheDonorsOfItsParts) {
  FeedASpring();
  Feed({{.kind = stock::v1::MOVEMENT_KIND_CONFIRM, .group = kTokyoGroup, .items = 5, .delivery = 45, .day = "2026-06-01",
         .households = 30, .kit = true}});
  const auto impact = Impact("auditor", Period("2026-06-01", "2026-06-30"), v1::DIMENSION_DONOR);
  ASSERT_THAT(impact, IsOk());
  EXPECT_EQ(impact->total().deliveries(), 1);
  EXPECT_EQ(impact->total().items(), 5 * 3);
  EXPECT_EQ(impact->total().grams(), 5 * 1'400);
  EXPECT_EQ(impact->total().donors(), 2);
  ASSERT_THAT(impact->rows(), SizeIs(2));
  EXPECT_EQ(impact->rows(0).display_name(), "例示米穀");  // told when it came in, not by the kit
  EXPECT_EQ(impact->rows(0).figures().grams(), 5'000);
  EXPECT_EQ(impact->rows(1).figures().items(), 10);
  // One movement, two lines, also across pages.
  EXPECT_THAT(AllMovements("auditor", Period("2026-06-01", "2026-06-30"), 1), SizeIs(2));
}

TEST_F(ImpactTest, EveryFigureIsTheSumOfItsMovements) {
  FeedASpring();
  for (const std::string& donor : {std::string(), kRiceDonor, kSoupDonor}) {
    v1::ImpactFilter filter = Period("2026-04-01", "2026-05-02");
    if (!donor.empty()) filter.set_donor("donors/" + donor);
    const auto impact = Impact("auditor", filter);
    ASSERT_THAT(impact, IsOk());
    std::map<std::string, int64_t> items;
    int64_t before = -1;
    for (const v1::ImpactMovement& movement : AllMovements("auditor", filter, 2)) {
      items[movement.kind()] += movement.items();
      EXPECT_GT(movement.position(), before);
      before = movement.position();
    }
    EXPECT_EQ(items["CONFIRM"], impact->total().items());
    EXPECT_EQ(items["ISSUE"], impact->total().shipped_items());
    EXPECT_EQ(items["RECEIVE"], impact->total().received_items());
    EXPECT_EQ(items["DISCARD"], impact->total().discarded_items());
  }
}

TEST_F(ImpactTest, ADonorSeesItsOwnGoodsAndNoGroupsNames) {
  FeedASpring();
  const auto impact = Impact("rice donor", {}, v1::DIMENSION_GROUP);
  ASSERT_THAT(impact, IsOk());
  EXPECT_EQ(impact->total().items(), 34);
  EXPECT_EQ(impact->total().received_items(), 100);
  ASSERT_THAT(impact->rows(), SizeIs(2));
  EXPECT_EQ(impact->rows(0).display_name(), "");
  v1::ImpactFilter other;
  other.set_donor("donors/" + kSoupDonor);
  EXPECT_THAT(Impact("rice donor", other), FailsBecause("NOT_YOUR_ORGANISATION"));
  for (const v1::ImpactMovement& movement : AllMovements("rice donor", {}, 50)) {
    EXPECT_EQ(movement.donor(), "donors/" + kRiceDonor);
    EXPECT_EQ(movement.group_display_name(), "");
  }
}

TEST_F(ImpactTest, AGroupSeesWhatItReceivedAndOnlyDonorsThatMayBeNamed) {
  FeedASpring();
  const auto impact = Impact("tokyo group", {}, v1::DIMENSION_DONOR);
  ASSERT_THAT(impact, IsOk());
  EXPECT_EQ(impact->total().items(), 14);
  EXPECT_EQ(impact->total().received_items(), 0);
  ASSERT_THAT(impact->rows(), SizeIs(1));
  EXPECT_EQ(impact->rows(0).display_name(), "例示米穀");
}

TEST_F(ImpactTest, NetworksAreApart) {
  FeedASpring();
  EXPECT_EQ(Impact("stranger")->total().items(), 0);
  Feed({{.kind = stock::v1::MOVEMENT_KIND_RECEIVE, .items = 7}}, kOtherNetwork);
  EXPECT_EQ(Impact("stranger")->total().received_items(), 7);
  EXPECT_EQ(Impact("auditor")->total().received_items(), 600);
}

TEST_F(ImpactTest, SaysAllThatIsWrongWithAFilter) {
  v1::ImpactFilter filter;
  filter.set_from_date("2026-02-30");
  filter.set_to_date("2026-03");
  filter.set_donor("donors/x");
  filter.set_prefecture("48");
  const auto impact = Impact("auditor", filter);
  ASSERT_THAT(impact, FailsBecause("INVALID_REQUEST"));
  std::vector<std::string> fields;
  for (const auto& violation : errors::ViolationsOf(impact.status())) {
    fields.push_back(violation.field());
    EXPECT_NE(violation.localized_message().message(), "");
  }
  EXPECT_THAT(fields, ElementsAre("filter.from_date", "filter.to_date", "filter.donor", "filter.prefecture"));
  EXPECT_THAT(Impact("auditor", Period("2026-05-02", "2026-05-01")), FailsBecause("INVALID_REQUEST"));
  EXPECT_THAT(Impact("auditor", Period("2026-05-02", "")), FailsBecause("INVALID_REQUEST"));
  EXPECT_THAT(Impact("volunteer"), FailsBecause("ROLE_NOT_ALLOWED"));
}

TEST_F(ImpactTest, FactsCannotBeChanged) {
  FeedASpring();
  for (const char* sql : {"UPDATE facts SET items = 0", "DELETE FROM facts"}) {
    const absl::Status status = pool_.Transact({.network_id = kNetwork}, [&](pg::Transaction& tx) {
      static constexpr pg::Statement kUpdate{"UPDATE facts SET items = 0"};
      static constexpr pg::Statement kDelete{"DELETE FROM facts"};
      return tx.Execute(sql[0] == 'U' ? kUpdate : kDelete).status();
    });
    EXPECT_FALSE(status.ok()) << sql;
  }
}

TEST_F(ImpactTest, HouseholdsOfFoodSupportRequestsCountOnceWhereTheirDeliveriesCount) {
  FeedASpring();
  EXPECT_EQ(Impact("auditor")->total().support_households(), 0);
  support_.Tell(71, 4, {41});
  support_.Tell(72, 9, {41, 42});  // of two deliveries: once
  support_.Tell(73, 6, {43});
  support_.Tell(74, 0, {42});      // not done
  support_.Tell(75, 20, {49});     // a delivery that is not confirmed
  support_.Tell(76, 30, {});       // nothing of the ledger was given
  const auto total = [&](const std::string& who, const v1::ImpactFilter& filter) {
    const auto impact = Impact(who, filter);
    EXPECT_THAT(impact, IsOk());
    return impact.ok() ? impact->total().support_households() : -2;
  };
  EXPECT_EQ(total("auditor", {}), 4 + 9 + 6);
  EXPECT_EQ(Impact("auditor")->total().households_cumulative(), 30 + 50 + 35) << "not added to the groups' households";
  EXPECT_EQ(total("auditor", Period("2026-04-01", "2026-04-30")), 4 + 9);
  EXPECT_EQ(total("auditor", Period("2026-05-01", "2026-05-31")), 6);
  v1::ImpactFilter of_soup;
  of_soup.set_donor("donors/" + kSoupDonor);
  EXPECT_EQ(total("auditor", of_soup), 9);
  EXPECT_EQ(total("tokyo group", {}), 4 + 9 + 6);
  EXPECT_EQ(total("stranger", {}), 0);
  // Taken back, as its request was opened again.
  support_.Tell(73, 0, {43});
  EXPECT_EQ(total("auditor", {}), 4 + 9);
  // A delivery that is taken back takes its households along.
  using namespace stock::v1;
  Feed({{.kind = MOVEMENT_KIND_REVERSAL, .group = kTokyoGroup, .items = 10, .delivery = 41, .reversed = MOVEMENT_KIND_CONFIRM}});
  EXPECT_EQ(total("auditor", {}), 9);
  // While the other service is away, what is known counts.
  support_.Tell(77, 50, {42});
  support_.away = true;
  EXPECT_EQ(total("auditor", {}), 9);
  support_.away = false;
  EXPECT_EQ(total("auditor", {}), 9 + 50);
}

TEST_F(ImpactTest, FewHouseholdsOfRequestsAreNotTold) {
  FeedASpring();
  support_.Tell(71, 4, {41});
  EXPECT_EQ(Impact("auditor")->total().support_households(), -1) << "fewer than five";
  support_.Tell(72, 7, {42});
  support_.Tell(73, 6, {43});
  const auto by_month = Impact("auditor", {}, v1::DIMENSION_MONTH);
  ASSERT_THAT(by_month->rows(), SizeIs(2));
  EXPECT_EQ(by_month->rows(0).figures().support_households(), 11);
  EXPECT_EQ(by_month->rows(1).figures().support_households(), 6);
  v1::ImpactFilter april = Period("2026-04-01", "2026-04-30");
  const auto by_group = Impact("auditor", april, v1::DIMENSION_GROUP);
  EXPECT_EQ(by_group->total().support_households(), 11);
  ASSERT_THAT(by_group->rows(), SizeIs(2));
  for (const v1::ImpactRow& row : by_group->rows()) {
    EXPECT_EQ(row.figures().support_households(), -1) << "the small row, and the one from which it would follow";
  }
}

TEST_F(ImpactTest, ManyRequestsAreReadInPages) {
  FeedASpring();
  for (int i = 0; i < 2'001; ++i) support_.Tell(10'000 + i, 1, {41});
  EXPECT_EQ(Impact("auditor")->total().support_households(), 2'001);
  EXPECT_EQ(support_.asked, 3);
  EXPECT_EQ(Impact("auditor")->total().support_households(), 2'001);
  EXPECT_EQ(support_.asked, 4) << "only whether there is more";
}

}  // namespace
}  // namespace kubari::impact
