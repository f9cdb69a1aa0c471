// Notices of recalls over the wire: who is told, wherever the goods went; that they have read it; what became of the
// goods. Recalls themselves: recalls_test.cc.
#include <gmock/gmock.h>
#include <google/protobuf/util/message_differencer.h>
#include <gtest/gtest.h>

#include "kubari/notifications/v1/notice.pb.h"
#include "libs/errors/macros.h"
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
using ::testing::UnorderedElementsAre;

class RecallNoticesTest : public WorldTest {
 protected:
  static std::vector<std::string> Holders(const std::vector<pb::RecallNotice>& notices) {
    std::vector<std::string> holders;
    for (const pb::RecallNotice& notice : notices) holders.push_back(notice.holder());
    return holders;
  }
  // "held+under way-recovered-discarded-consumed=open" of each line.
  static std::vector<std::string> Lines(const pb::RecallNotice& notice) {
    std::vector<std::string> lines;
    for (const pb::NoticeLine& line : notice.lines()) {
      lines.push_back(absl::StrCat(line.lot().code(), " ", line.held_items(), "+", line.under_way_items(), "-",
                                   line.recovered_items(), "-", line.discarded_items(), "-", line.consumed_items(), "=",
                                   line.open_items()));
    }
    return lines;
  }
  static std::string Line(const pb::Lot& lot, const char* figures) { return absl::StrCat(lot.code(), " ", figures); }
  absl::StatusOr<pb::RecallNotice> Acknowledge(const std::string& who, const pb::RecallNotice& notice) {
    pb::AcknowledgeNoticeRequest request;
    request.set_name(notice.name());
    return Do(&Recalls::AcknowledgeNotice, who, request);
  }
  std::vector<pb::RecallNotice> List(const std::string& who, const pb::ListRecallNoticesRequest& request) {
    const auto listed = Ask(&Recalls::ListRecallNotices, who, request);
    EXPECT_THAT(listed, IsOk());
    if (!listed.ok()) return {};
    return {listed->notices().begin(), listed->notices().end()};
  }
  int64_t Wasted(const pb::Lot& lot) {
    pb::TraceLotRequest request;
    request.set_lot(lot.name());
    const auto traced = Call(&Stub::TraceLot, "auditor", request);
    EXPECT_THAT(traced, IsOk());
    for (const pb::Holder& holder : traced->holders()) {
      if (holder.place().kind() == pb::PLACE_KIND_WASTE) return holder.items();
    }
    return 0;
  }
};

// Who is told --------------------------------------------------------------------------------------------------------

TEST_F(RecallNoticesTest, EveryHolderIsToldWhereverTheGoodsWent) {
  const pb::Lot lot = Bring(100, "X1"), good = Bring(20, "X2");
  const std::string kit = AddProduct("夕食セット", "9520000000011", 280);
  const auto split = Make(pb::TRANSFORMATION_KIND_SPLIT, {{lot, 40}}, {{"", 30}, {"", 10}});
  const pb::Lot &half = split.lots(0), &rest = split.lots(1);
  const pb::Lot kits = Make(pb::TRANSFORMATION_KIND_KIT, {{half, 20}, {good, 20}}, {{kit, 20}}).lots(0);
  Arrive(Send(rest, 10), rest, 7, 2);  // one still on its way, two broken
  Confirm(Give(kits, 12));
  PassOn(kits, 5);
  Confirm(Give(lot, 9, kOtherGroup));
  Give(lot, 1, kOtherGroup);
  const auto direct = Call(&Stub::DeliverDirect, "coordinator", Direct(8, "X1"));
  ASSERT_THAT(direct, IsOk());

  const pb::Recall recall = Open(GoodsOf({lot}));
  const std::vector<pb::RecallNotice> notices = Notices(recall);
  EXPECT_THAT(Holders(notices), UnorderedElementsAre(hub_, other_, east_house_, west_house_));
  const pb::RecallNotice east = NoticeTo(recall, east_house_), west = NoticeTo(recall, west_house_);
  EXPECT_THAT(Lines(east),
              UnorderedElementsAre(Line(lot, "50+0-0-0-0=50"), Line(half, "10+0-0-0-0=10"), Line(kits, "8+0-0-0-0=8")));
  EXPECT_EQ(east.open_items(), 68);
  EXPECT_EQ(east.holder_display_name(), "東倉庫");
  EXPECT_THAT(Lines(west), ElementsAre(Line(rest, "7+1-0-0-0=8")));
  const pb::RecallNotice hub = NoticeTo(recall, hub_), other = NoticeTo(recall, other_);
  EXPECT_THAT(Lines(hub), UnorderedElementsAre(Line(kits, "7+0-0-0-0=7"), Line(lot, "0+8-0-0-0=8")));
  EXPECT_THAT(Lines(other), UnorderedElementsAre(Line(kits, "0+5-0-0-0=5"), Line(lot, "9+1-0-0-0=10")));
  EXPECT_EQ(other.title(), "架空めんの回収");
  EXPECT_THAT(other.message(), HasSubstr("使わずに"));
  EXPECT_EQ(other.holder_display_name(), "きた食堂");
  EXPECT_EQ(other.recall_state(), pb::RECALL_STATE_OPEN);
  EXPECT_EQ(absl::FromUnixSeconds(other.send_time().seconds()), clock_.Now());
  EXPECT_FALSE(other.has_acknowledge_time());
  EXPECT_FALSE(other.has_answer_time());
  EXPECT_EQ(recall.figures().open_items(), 7 + 8 + 5 + 10 + 1);
  EXPECT_EQ(recall.notices(), 4);
}

// What is written for the people (recall_announcements.h): "link role@organisation subject" of each notice, which are
// gone then.
std::vector<std::string> Written(pg::Pool& pool) {
  std::vector<std::string> written;
  const auto read = [&](pg::Transaction& tx) -> absl::Status {
    static constexpr pg::Statement kRead{"SELECT notice FROM outbox"};
    static constexpr pg::Statement kEmpty{"DELETE FROM outbox"};
    written.clear();
    ASSIGN_OR_RETURN(const pg::Result rows, tx.Query(kRead));
    for (const pg::Row row : rows) {
      kubari::notifications::v1::Notice notice;
      EXPECT_TRUE(notice.ParseFromString(row.Get<pg::Bytes>("notice").value));
      EXPECT_EQ(notice.kind(), kubari::notifications::v1::NOTICE_KIND_RECALL);
      EXPECT_EQ(notice.audiences_size(), 1);
      const auto& holders = notice.audiences(0).holders();
      written.push_back(absl::StrCat(
          notice.link().substr(0, notice.link().rfind('/') + 1), " ", kubari::type::v1::Role_Name(holders.role()), "@",
          holders.organisation().substr(holders.organisation().find('/') + 1), " ", notice.subject().ja()));
    }
    return tx.Execute(kEmpty).status();
  };
  EXPECT_THAT(pool.Transact({.network_id = kNetwork}, read), IsOk());
  return written;
}

TEST_F(RecallNoticesTest, HoldersTheDonorAndTheOfficeAreWrittenToOnce) {
  const pb::Lot lot = Bring(50, "X1");
  Confirm(Give(lot, 20));
  Written(pool_);
  const auto of = [](const std::string& name) { return name.substr(name.find('/') + 1); };
  const std::string operator_of_east = pg::testing::Sql(
      database_.superuser,
      absl::StrCat("SELECT organisation_id FROM stock.warehouses WHERE warehouse_id = '", of(east_house_), "'"));
  Open(GoodsOf({lot}));
  EXPECT_THAT(
      Written(pool_),
      UnorderedElementsAre(absl::StrCat("/ ROLE_GROUP@", of(hub_), " 回収: 架空めんの回収"),
                           absl::StrCat("/recalls/ ROLE_WAREHOUSE_MANAGER@", operator_of_east, " 回収: 架空めんの回収"),
                           "/recalls/ ROLE_COORDINATOR@ 回収: 架空めんの回収",
                           absl::StrCat("/donor/ ROLE_DONOR@", kDonor, " 回収: 架空めんの回収")));
  ASSERT_THAT(TellNewHolders(pool_, clock_), IsOk());
  EXPECT_THAT(Written(pool_), IsEmpty()) << "nobody is written to twice";
}

TEST_F(RecallNoticesTest, AnExerciseSaysSoAndDoesNotReachTheDonor) {
  const pb::Lot lot = Bring(50, "X1");
  Written(pool_);
  Open(GoodsOf({lot}), /*drill=*/true);
  const std::vector<std::string> written = Written(pool_);
  EXPECT_THAT(written, SizeIs(2)) << "the warehouse and the office";
  for (const std::string& one : written) {
    EXPECT_THAT(one, HasSubstr("【訓練】回収: "));
    EXPECT_THAT(one, ::testing::Not(HasSubstr("ROLE_DONOR")));
  }
}

TEST_F(RecallNoticesTest, WhoeverGetsSomeLaterIsToldThen) {
  const pb::Lot lot = Bring(50, "X1");
  Confirm(Give(lot, 20));
  const std::string way = Send(lot, 10);
  // What is on its way goes on; the hub's own goods stay, since they are stopped.
  const pb::Recall drill = Open(GoodsOf({lot}), /*drill=*/true);
  EXPECT_THAT(Holders(Notices(drill)), UnorderedElementsAre(hub_, east_house_, west_house_));
  const absl::Time begin = clock_.Now();
  clock_.Set(begin + absl::Hours(1));
  const std::string passed = PassOn(lot, 6);
  // Its own list shows it at once, though nobody else looked in between.
  pb::ListRecallNoticesRequest open;
  const std::vector<pb::RecallNotice> told = List("other group", open);
  ASSERT_THAT(told, SizeIs(1));
  EXPECT_EQ(absl::FromUnixSeconds(told[0].send_time().seconds()), begin + absl::Hours(1));
  EXPECT_THAT(Lines(told[0]), ElementsAre(Line(lot, "0+6-0-0-0=6")));
  Confirm(passed);
  EXPECT_THAT(Lines(NoticeTo(drill, other_)), ElementsAre(Line(lot, "6+0-0-0-0=6")));
  // Nobody is told twice.
  EXPECT_THAT(Notices(drill), SizeIs(4));
  EXPECT_EQ(Get(drill).notices(), 4);

  // Or the periodic task tells them, in whatever network.
  const auto none = TellNewHolders(pool_, clock_);
  ASSERT_THAT(none, IsOk());
  EXPECT_EQ(*none, 0);
  const pb::Lot more = Bring(30, "X2");
  const pb::Recall second = Open(GoodsBy("9520000000004"), /*drill=*/true);
  Confirm(Give(Bring(5, "X3"), 5, kOtherGroup));
  Give(more, 1, kOtherGroup);
  ASSERT_THAT(Ask(&Recalls::CloseRecall, "coordinator", Closing(drill, "終了")), IsOk());
  const int before = Get(second).notices();  // looks itself
  EXPECT_EQ(before, 4);
  const auto again = TellNewHolders(pool_, clock_);
  ASSERT_THAT(again, IsOk());
  EXPECT_EQ(*again, 0);
}

TEST_F(RecallNoticesTest, ThePeriodicTaskTellsWithoutAnyoneLooking) {
  const pb::Lot lot = Bring(50, "X1");
  const pb::Recall drill = Open(GoodsOf({lot}), /*drill=*/true);
  Give(lot, 5);
  Give(lot, 5, kOtherGroup);
  const auto told = TellNewHolders(pool_, clock_);
  ASSERT_THAT(told, IsOk());
  EXPECT_EQ(*told, 2);
  EXPECT_EQ(pg::testing::Sql(database_.superuser, "SELECT count(*) FROM stock.recall_notices"), "3");
  ASSERT_THAT(Ask(&Recalls::CloseRecall, "coordinator", Closing(drill, "終了")), IsOk());
  Arrive(Send(lot, 5), lot, 5);
  EXPECT_EQ(*TellNewHolders(pool_, clock_), 0);
}

TEST_F(RecallNoticesTest, GroupsAndOperatorsSeeTheirOwnOnly) {
  const pb::Lot lot = Bring(50, "X1");
  Give(lot, 10);
  Give(lot, 10, kOtherGroup);
  Send(lot, 5);
  const pb::Recall recall = Open(GoodsOf({lot}));
  EXPECT_THAT(Holders(Notices(recall, "group")), ElementsAre(hub_));
  EXPECT_THAT(Holders(Notices(recall, "other group")), ElementsAre(other_));
  EXPECT_THAT(Holders(Notices(recall, "manager")), ElementsAre(east_house_));
  EXPECT_THAT(Holders(Notices(recall, "volunteer")), ElementsAre(east_house_));
  EXPECT_THAT(Holders(Notices(recall, "stranger")), ElementsAre(west_house_));
  for (const char* who : {"coordinator", "auditor", "administrator"}) EXPECT_THAT(Notices(recall, who), SizeIs(4));
  // Of the goods a group learns what is printed on them, not who gave them.
  EXPECT_EQ(Notices(recall, "group")[0].lines(0).lot().donor_display_name(), "");
  EXPECT_EQ(Notices(recall, "group")[0].lines(0).lot().recall(), recall.name());
  EXPECT_EQ(Notices(recall, "coordinator")[0].lines(0).lot().donor_display_name(), "架空食品");
  pb::ListRecallNoticesRequest list;
  EXPECT_THAT(Ask(&Recalls::ListRecallNotices, "donor", list), FailsBecause("ROLE_NOT_ALLOWED"));

  const pb::RecallNotice hub = NoticeTo(recall, hub_), east = NoticeTo(recall, east_house_);
  for (const char* who : {"other group", "manager", "stranger"})
    EXPECT_THAT(Acknowledge(who, hub), FailsBecause("NOT_YOUR_ORGANISATION")) << who;
  for (const char* who : {"group", "stranger"}) {
    EXPECT_THAT(Acknowledge(who, east), FailsBecause("NOT_YOUR_ORGANISATION")) << who;
    EXPECT_THAT(Ask(&Recalls::AnswerNotice, who, Answering(east, lot, 1)), FailsBecause("NOT_YOUR_ORGANISATION"))
        << who;
  }
  for (const char* who : {"volunteer", "auditor", "administrator", "donor"}) {
    EXPECT_THAT(Acknowledge(who, east), FailsBecause("ROLE_NOT_ALLOWED")) << who;
    EXPECT_THAT(Ask(&Recalls::AnswerNotice, who, Answering(east, lot, 1)), FailsBecause("ROLE_NOT_ALLOWED")) << who;
  }
  EXPECT_THAT(Acknowledge("coordinator of another network", hub), FailsBecause("NOTICE_NOT_FOUND"));
  pb::RecallNotice nothing;
  nothing.set_name(absl::StrCat(recall.name(), "/notices/", ids::NewUuid()));
  const auto missing = Acknowledge("group", nothing);
  EXPECT_THAT(missing, FailsBecause("NOTICE_NOT_FOUND"));
  EXPECT_THAT(missing, FailsWith(absl::StatusCode::kNotFound));
  nothing.set_name("recalls/1/notices/2");
  EXPECT_THAT(Acknowledge("group", nothing), Violates("name", "NOT_A_NAME"));
  list.set_recall(ids::Name("recalls", ids::NewUuid()));
  EXPECT_THAT(Ask(&Recalls::ListRecallNotices, "group", list), FailsBecause("RECALL_NOT_FOUND"));
}

TEST_F(RecallNoticesTest, AcknowledgedIsWhoReadItFirst) {
  const pb::Lot lot = Bring(50, "X1");
  Give(lot, 10);
  const pb::Recall recall = Open(GoodsOf({lot}));
  const absl::Time begin = clock_.Now();
  clock_.Set(begin + absl::Minutes(10));
  pb::AcknowledgeNoticeRequest request;
  request.set_request_id(ids::NewUuid());
  request.set_name(NoticeTo(recall, hub_).name());
  const auto read = Ask(&Recalls::AcknowledgeNotice, "group", request);
  ASSERT_THAT(read, IsOk());
  EXPECT_EQ(read->acknowledged_by(), Subject("group"));
  EXPECT_EQ(absl::FromUnixSeconds(read->acknowledge_time().seconds()), clock_.Now());
  EXPECT_EQ(read->open_items(), 10);
  clock_.Set(begin + absl::Minutes(20));
  const auto again = Ask(&Recalls::AcknowledgeNotice, "group", request);
  ASSERT_THAT(again, IsOk());
  EXPECT_TRUE(MessageDifferencer::Equals(*again, *read));
  const auto later = Acknowledge("coordinator", *read);
  ASSERT_THAT(later, IsOk());
  EXPECT_EQ(later->acknowledged_by(), Subject("group"));
  EXPECT_EQ(Get(recall).acknowledged(), 1);

  // Reminders go to the others.
  pb::RemindHoldersRequest remind;
  remind.set_request_id(ids::NewUuid());
  remind.set_name(recall.name());
  ASSERT_THAT(Ask(&Recalls::RemindHolders, "coordinator", remind), IsOk());
  ASSERT_THAT(Ask(&Recalls::RemindHolders, "coordinator", remind), IsOk());  // the same once more
  const pb::RecallNotice east = NoticeTo(recall, east_house_);
  EXPECT_EQ(east.reminders(), 1);
  EXPECT_EQ(absl::FromUnixSeconds(east.remind_time().seconds()), clock_.Now());
  EXPECT_EQ(NoticeTo(recall, hub_).reminders(), 0);
  EXPECT_FALSE(NoticeTo(recall, hub_).has_remind_time());
  ASSERT_THAT(Do(&Recalls::RemindHolders, "coordinator", remind), IsOk());
  EXPECT_EQ(NoticeTo(recall, east_house_).reminders(), 2);

  pb::ListRecallNoticesRequest list;
  list.set_unacknowledged_only(true);
  EXPECT_THAT(Holders(List("coordinator", list)), ElementsAre(east_house_));
  ASSERT_THAT(Acknowledge("manager", east), IsOk());
  EXPECT_THAT(List("coordinator", list), IsEmpty());
  EXPECT_EQ(Get(recall).acknowledged(), 2);
}

// What became of the goods -------------------------------------------------------------------------------------------

TEST_F(RecallNoticesTest, AGroupTellsWhatItAteThrewAwayAndGaveBack) {
  const pb::Lot lot = Bring(60, "X1");
  Confirm(Give(lot, 30));
  Give(lot, 10);
  const pb::Recall recall = Open(GoodsOf({lot}));
  const pb::RecallNotice notice = NoticeTo(recall, hub_);
  pb::AnswerNoticeRequest request = Answering(notice, lot, 4, 20);
  request.set_note("残りは日曜に返します");
  const auto answered = Ask(&Recalls::AnswerNotice, "group", request);
  ASSERT_THAT(answered, IsOk());
  EXPECT_THAT(Lines(*answered), ElementsAre(Line(lot, "26+10-0-4-20=16")));
  EXPECT_EQ(answered->open_items(), 16);
  EXPECT_EQ(answered->answered_by(), Subject("group"));
  EXPECT_EQ(answered->answer_note(), "残りは日曜に返します");
  EXPECT_EQ(absl::FromUnixSeconds(answered->answer_time().seconds()), clock_.Now());
  EXPECT_EQ(answered->acknowledged_by(), Subject("group"));  // who answers has read it
  EXPECT_EQ(Wasted(lot), 4);
  // Sent again: once.
  const auto again = Ask(&Recalls::AnswerNotice, "group", request);
  ASSERT_THAT(again, IsOk());
  EXPECT_TRUE(MessageDifferencer::Equals(*again, *answered));
  EXPECT_EQ(Wasted(lot), 4);
  request.set_note("別の内容");
  EXPECT_THAT(Ask(&Recalls::AnswerNotice, "group", request), FailsBecause("REQUEST_ID_REUSED"));

  // The booked movement names the recall.
  pb::ListMovementsRequest movements;
  movements.set_lot(lot.name());
  const auto listed = Call(&Stub::ListMovements, "auditor", movements);
  ASSERT_THAT(listed, IsOk());
  EXPECT_EQ(listed->movements(0).kind(), pb::MOVEMENT_KIND_DISCARD);
  EXPECT_EQ(listed->movements(0).operation(), recall.name());
  EXPECT_EQ(listed->movements(0).reason(), "RECALLED");
  EXPECT_EQ(listed->movements(0).actor(), Subject("group"));

  // What comes back is booked at the shelf.
  ASSERT_THAT(Return(lot, hub_, shelf_, 6, recall.name()), IsOk());
  EXPECT_THAT(Lines(NoticeTo(recall, hub_)), ElementsAre(Line(lot, "20+10-6-4-20=10")));
  // The figure that was told is replaced, and what is not named stays.
  const auto corrected = Ask(&Recalls::AnswerNotice, "group", Answering(notice, lot, 2, 18));
  ASSERT_THAT(corrected, IsOk());
  EXPECT_THAT(Lines(*corrected), ElementsAre(Line(lot, "18+10-6-6-18=10")));
  // Refused on arrival: what was on its way is back as well, and nothing is open any more.
  pb::ListDeliveriesRequest deliveries;
  deliveries.set_state(pb::DELIVERY_STATE_SHIPPED);
  const auto way = Call(&Stub::ListDeliveries, "group", deliveries);
  ASSERT_THAT(way, IsOk());
  ASSERT_THAT(way->deliveries(), SizeIs(1));
  ASSERT_THAT(Return(lot, way->deliveries(0).name(), shelf_, 10, recall.name()), IsOk());
  EXPECT_THAT(Lines(NoticeTo(recall, hub_)), ElementsAre(Line(lot, "18+0-16-6-18=0")));
  EXPECT_EQ(Get(recall).settled(), 1);
  EXPECT_EQ(Get(recall).figures().recovered_items(), 16);
  EXPECT_EQ(Get(recall).figures().consumed_items(), 18);
  EXPECT_EQ(Get(recall).figures().open_items(), 0);
  pb::ListRecallNoticesRequest list;
  list.set_open_only(true);
  EXPECT_THAT(Holders(List("coordinator", list)), ElementsAre(east_house_));
}

TEST_F(RecallNoticesTest, AnAnswerIsNoMoreThanWhatIsThere) {
  const pb::Lot lot = Bring(60, "X1"), other = Bring(10, "X2");
  Confirm(Give(lot, 10));
  Give(lot, 5);
  const pb::Recall recall = Open(GoodsOf({lot}));
  const pb::RecallNotice hub = NoticeTo(recall, hub_);
  const auto more = Ask(&Recalls::AnswerNotice, "group", Answering(hub, lot, 4, 7));
  ASSERT_THAT(more, FailsBecause("MORE_THAN_HELD"));
  EXPECT_EQ(errors::MetadataOf(more.status())["held"], "10");
  EXPECT_EQ(errors::MetadataOf(more.status())["answered"], "11");
  EXPECT_THAT(errors::MessageIn("ja", more.status()), HasSubstr("記録上10点"));
  EXPECT_THAT(errors::MessageIn("en", more.status()), HasSubstr("10 are there by the ledger"));
  EXPECT_EQ(Wasted(lot), 0);
  // What was eaten cannot be thrown away as well.
  ASSERT_THAT(Ask(&Recalls::AnswerNotice, "group", Answering(hub, lot, 0, 7)), IsOk());
  EXPECT_THAT(Ask(&Recalls::AnswerNotice, "group", Answering(hub, lot, 4)), FailsBecause("MORE_THAN_HELD"));
  EXPECT_THAT(Ask(&Recalls::AnswerNotice, "group", Answering(hub, lot, 3)), IsOk());
  EXPECT_THAT(Ask(&Recalls::AnswerNotice, "group", Answering(hub, lot, 1, 6)), IsOk());
  EXPECT_THAT(Lines(NoticeTo(recall, hub_)), ElementsAre(Line(lot, "6+5-0-4-6=5")));
  // All or nothing: a lot that is not the notice's, or not there, spoils the answer.
  pb::AnswerNoticeRequest two = Answering(hub, lot, 1, 5);
  two.add_lines()->set_lot(other.name());
  two.mutable_lines(1)->set_discarded_items(1);
  EXPECT_THAT(Ask(&Recalls::AnswerNotice, "group", two), FailsBecause("LOT_NOT_FOUND"));
  EXPECT_EQ(Wasted(lot), 4);

  pb::AnswerNoticeRequest wrong;
  const auto empty = Ask(&Recalls::AnswerNotice, "group", wrong);
  EXPECT_THAT(empty, Violates("request_id", "REQUIRED"));
  EXPECT_THAT(empty, Violates("name", "REQUIRED"));
  EXPECT_THAT(empty, Violates("lines", "OUT_OF_RANGE"));
  wrong = Answering(hub, lot, -1, 100'000'001);
  *wrong.add_lines() = wrong.lines(0);
  const auto figures = Ask(&Recalls::AnswerNotice, "group", wrong);
  EXPECT_THAT(figures, Violates("lines[0].discarded_items", "OUT_OF_RANGE"));
  EXPECT_THAT(figures, Violates("lines[0].consumed_items", "OUT_OF_RANGE"));
  EXPECT_THAT(figures, Violates("lines[1].lot", "DUPLICATE"));
  EXPECT_THAT(Ask(&Recalls::AnswerNotice, "group", Answering(hub, lot, 0)), Violates("lines[0]", "REQUIRED"));
  ASSERT_THAT(Ask(&Recalls::CloseRecall, "coordinator", Closing(recall, "終了")), IsOk());
  EXPECT_THAT(Ask(&Recalls::AnswerNotice, "group", Answering(hub, lot, 1)), FailsBecause("RECALL_CLOSED"));
  EXPECT_THAT(Acknowledge("group", hub), FailsBecause("RECALL_CLOSED"));
}

TEST_F(RecallNoticesTest, AWarehouseThrowsAwayShelfByShelf) {
  const pb::Lot lot = Bring(10, "X1");
  Bring(8, "X1", "", second_);
  const auto reserved = Call(&Stub::ReserveStock, "coordinator", Reserving(lot, 4));
  ASSERT_THAT(reserved, IsOk());
  const pb::Recall recall = Open(GoodsOf({lot}));
  const pb::RecallNotice east = NoticeTo(recall, east_house_);
  ASSERT_THAT(east.lines(), SizeIs(1));
  EXPECT_EQ(east.lines(0).reserved_items(), 4);
  EXPECT_THAT(Ask(&Recalls::AnswerNotice, "manager", Answering(east, lot, 0, 1)),
              Violates("lines[0].consumed_items", "NOT_A_GROUP"));
  EXPECT_THAT(Ask(&Recalls::AnswerNotice, "manager", Answering(east, lot, 19)), FailsBecause("MORE_THAN_HELD"));
  // 14 are free; what is promised is given up first.
  const auto promised = Ask(&Recalls::AnswerNotice, "manager", Answering(east, lot, 15));
  ASSERT_THAT(promised, FailsBecause("INSUFFICIENT_STOCK"));
  EXPECT_EQ(errors::MetadataOf(promised.status())["reserved"], "4");
  EXPECT_EQ(Wasted(lot), 0);
  const auto first = Ask(&Recalls::AnswerNotice, "manager", Answering(east, lot, 9));
  ASSERT_THAT(first, IsOk());
  EXPECT_THAT(Lines(*first), ElementsAre(Line(lot, "9+0-0-9-0=9")));
  pb::VoidReservationRequest give_up;
  give_up.set_request_id(ids::NewUuid());
  give_up.set_name(reserved->reservation().name());
  ASSERT_THAT(Call(&Stub::VoidReservation, "coordinator", give_up), IsOk());
  ASSERT_THAT(Return(lot, second_, lot.donor(), 2, recall.name()), IsOk());
  EXPECT_THAT(Lines(NoticeTo(recall, east_house_)), ElementsAre(Line(lot, "7+0-2-9-0=7")));
  const auto rest = Ask(&Recalls::AnswerNotice, "manager", Answering(east, lot, 7));
  ASSERT_THAT(rest, IsOk());
  EXPECT_THAT(Lines(*rest), ElementsAre(Line(lot, "0+0-2-16-0=0")));
  EXPECT_EQ(Wasted(lot), 16);
  EXPECT_EQ(Get(recall).settled(), 1);
  EXPECT_THAT(Ask(&Recalls::CloseRecall, "coordinator", Closing(recall)), IsOk());
}

// The process died when the goods were booked and the answer was not recorded yet: the phone sends it again.
TEST_F(RecallNoticesTest, AnInterruptedAnswerIsFinishedByItsRepetition) {
  const pb::Lot lot = Bring(10, "X1");
  Bring(8, "X1", "", second_);
  const pb::Recall recall = Open(GoodsOf({lot}));
  const pb::AnswerNoticeRequest request = Answering(NoticeTo(recall, east_house_), lot, 15);
  ASSERT_THAT(Ask(&Recalls::AnswerNotice, "manager", request), IsOk());
  pg::testing::Sql(database_.superuser,
                   "DELETE FROM stock.recall_answers; DELETE FROM stock.requests "
                   "WHERE request_id = '" +
                       request.request_id() + "'");
  pb::ListMovementsRequest list;
  list.set_lot(lot.name());
  list.set_place(second_);
  const auto booked = Call(&Stub::ListMovements, "auditor", list);
  ASSERT_THAT(booked, IsOk());
  ASSERT_EQ(booked->movements(0).kind(), pb::MOVEMENT_KIND_DISCARD);
  EXPECT_EQ(booked->movements(0).items(), 5);
  const auto repeated = Ask(&Recalls::AnswerNotice, "manager", request);
  ASSERT_THAT(repeated, IsOk());
  EXPECT_THAT(Lines(*repeated), ElementsAre(Line(lot, "3+0-0-15-0=3")));
  EXPECT_EQ(Wasted(lot), 15);
}

// Drills, pages ------------------------------------------------------------------------------------------------------

TEST_F(RecallNoticesTest, ADrillsNoticeSaysSoAndThrowsNothingAway) {
  const pb::Lot lot = Bring(20, "X1");
  Confirm(Give(lot, 10));
  const pb::Recall drill = Open(GoodsOf({lot}), /*drill=*/true);
  const pb::RecallNotice notice = NoticeTo(drill, hub_);
  EXPECT_TRUE(notice.drill());
  EXPECT_EQ(notice.title(), "【訓練】架空めんの回収");
  EXPECT_EQ(Notices(drill, "english coordinator")[0].title(), "[DRILL] 架空めんの回収");
  EXPECT_EQ(drill.title(), "架空めんの回収");
  EXPECT_THAT(Ask(&Recalls::AnswerNotice, "group", Answering(notice, lot, 1, 2)),
              Violates("lines[0].discarded_items", "DRILL"));
  const auto answered = Ask(&Recalls::AnswerNotice, "group", Answering(notice, lot, 0, 4));
  ASSERT_THAT(answered, IsOk());
  EXPECT_THAT(Lines(*answered), ElementsAre(Line(lot, "10+0-0-0-4=6")));
  EXPECT_EQ(Wasted(lot), 0);
}

TEST_F(RecallNoticesTest, TheyAreListedNewestFirstInPages) {
  const pb::Lot lot = Bring(40, "X1");
  Give(lot, 5);
  std::vector<pb::Recall> recalls;
  for (int i = 0; i < 3; ++i) {
    clock_.Set(clock_.Now() + absl::Minutes(1));
    recalls.push_back(Open(GoodsOf({lot}), i == 0));
  }
  ASSERT_THAT(Ask(&Recalls::CloseRecall, "coordinator", Closing(recalls[1], "終了")), IsOk());
  pb::ListRecallNoticesRequest request;
  request.set_page_size(3);
  const auto first = Ask(&Recalls::ListRecallNotices, "auditor", request);
  ASSERT_THAT(first, IsOk());
  ASSERT_THAT(first->notices(), SizeIs(3));
  EXPECT_THAT(first->notices(0).name(), HasSubstr(recalls[2].name()));
  EXPECT_THAT(first->notices(1).name(), HasSubstr(recalls[2].name()));
  EXPECT_THAT(first->notices(2).name(), HasSubstr(recalls[0].name()));  // of open recalls only
  request.set_page_token(first->next_page_token());
  const auto second = Ask(&Recalls::ListRecallNotices, "auditor", request);
  ASSERT_THAT(second, IsOk());
  ASSERT_THAT(second->notices(), SizeIs(1));
  EXPECT_NE(second->notices(0).holder(), first->notices(2).holder());
  EXPECT_EQ(second->next_page_token(), "");
  // A token is of its own list.
  request.set_open_only(true);
  EXPECT_THAT(Ask(&Recalls::ListRecallNotices, "auditor", request), FailsBecause("PAGE_TOKEN_INVALID"));
  // A closed recall's are still to be read.
  EXPECT_THAT(Notices(recalls[1]), SizeIs(2));
  EXPECT_EQ(Notices(recalls[1])[0].recall_state(), pb::RECALL_STATE_CLOSED);
}

}  // namespace
}  // namespace kubari::stock
