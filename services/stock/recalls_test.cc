// Recalls over the wire: which goods are stopped and how soon, what a drill is, what it comes to, when it may end, and
// who may do and see what. Notices to holders: recall_notices_test.cc.
#include <gmock/gmock.h>
#include <google/protobuf/util/message_differencer.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "libs/gs1/gs1.h"
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

constexpr char kGtin[] = "09520000000004";

class RecallsTest : public WorldTest {
 protected:
  static std::vector<std::string> Codes(const google::protobuf::RepeatedPtrField<pb::Lot>& lots) {
    std::vector<std::string> codes;
    for (const pb::Lot& lot : lots) codes.push_back(lot.code());
    return codes;
  }
  // Codes of the lots that a recall of these goods would stop.
  std::vector<std::string> Fitting(const pb::Goods& goods) {
    pb::PreviewRecallRequest request;
    *request.mutable_goods() = goods;
    const auto preview = Ask(&Recalls::PreviewRecall, "manager", request);
    EXPECT_THAT(preview, IsOk());
    return preview.ok() ? Codes(preview->lots()) : std::vector<std::string>();
  }
  absl::Status PreviewFails(const pb::Goods& goods) {
    pb::PreviewRecallRequest request;
    *request.mutable_goods() = goods;
    return Ask(&Recalls::PreviewRecall, "coordinator", request).status();
  }
  pb::SuggestPicksResponse Picks(int64_t items) {
    pb::SuggestPicksRequest request;
    request.set_product(ids::Name("products", kProduct));
    request.set_group(hub_);
    request.set_items(items);
    const auto picks = Call(&Stub::SuggestPicks, "volunteer", request);
    EXPECT_THAT(picks, IsOk());
    return picks.ok() ? *picks : pb::SuggestPicksResponse();
  }
};

// Picking stops ------------------------------------------------------------------------------------------------------

TEST_F(RecallsTest, PickingStopsAtOnce) {
  const pb::Lot lot = Bring(120, "X1"), other = Bring(30, "X2");
  Confirm(Give(lot, 10));
  Give(lot, 5);
  const auto reserved = Call(&Stub::ReserveStock, "coordinator", Reserving(lot, 20));
  ASSERT_THAT(reserved, IsOk());

  const pb::OpenRecallRequest opening = Opening(GoodsOf({lot}));
  const auto recall = Ask(&Recalls::OpenRecall, "coordinator", opening);
  ASSERT_THAT(recall, IsOk());
  EXPECT_EQ(recall->name(), ids::Name("recalls", opening.recall_id()));
  EXPECT_EQ(recall->title(), opening.title());
  EXPECT_EQ(recall->message(), opening.message());
  EXPECT_EQ(recall->state(), pb::RECALL_STATE_OPEN);
  EXPECT_EQ(recall->opened_by(), Subject("coordinator"));
  EXPECT_EQ(absl::FromUnixSeconds(recall->open_time().seconds()), clock_.Now());
  EXPECT_FALSE(recall->has_close_time());
  EXPECT_FALSE(recall->drill());
  EXPECT_THAT(Codes(recall->lots()), ElementsAre(lot.code()));
  EXPECT_EQ(recall->lots(0).recall(), recall->name());
  EXPECT_EQ(recall->lot_count(), 1);
  EXPECT_EQ(recall->notices(), 2);  // the operator of the warehouse, and the hub
  EXPECT_EQ(recall->acknowledged(), 0);
  EXPECT_EQ(recall->settled(), 0);
  const pb::RecallFigures& figures = recall->figures();
  EXPECT_EQ(figures.received_items(), 120);
  EXPECT_EQ(figures.shelf_items(), 105);
  EXPECT_EQ(figures.reserved_items(), 20);
  EXPECT_EQ(figures.under_way_items(), 5);
  EXPECT_EQ(figures.group_items(), 10);
  EXPECT_EQ(figures.open_items(), 15);
  EXPECT_EQ(figures.recovered_items(), 0);
  EXPECT_EQ(figures.other_items(), 0);

  // Neither promised nor handed over, by whatever way; the error says what to do.
  const auto refused = Call(&Stub::ReserveStock, "coordinator", Reserving(lot, 1));
  ASSERT_THAT(refused, FailsBecause("LOT_RECALLED"));
  EXPECT_EQ(refused.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(errors::MetadataOf(refused.status())["recall"], recall->name());
  EXPECT_EQ(errors::MetadataOf(refused.status())["lot"], lot.name());
  EXPECT_THAT(errors::MessageIn("ja", refused.status()), HasSubstr(lot.code() + "（架空めん）は回収中"));
  EXPECT_THAT(errors::MessageIn("en", refused.status()), HasSubstr("is being recalled"));
  EXPECT_THAT(Call(&Stub::IssueStock, "manager", Giving(lot, 1)), FailsBecause("LOT_RECALLED"));
  pb::IssueStockRequest promised;
  promised.set_request_id(ids::NewUuid());
  promised.set_reservation(reserved->reservation().name());
  promised.set_items(20);
  EXPECT_THAT(Call(&Stub::IssueStock, "volunteer", promised), FailsBecause("LOT_RECALLED"));
  EXPECT_THAT(Call(&Stub::PassOn, "group", PassingOn(lot, 1)), FailsBecause("LOT_RECALLED"));
  EXPECT_THAT(Call(&Stub::DeliverDirect, "coordinator", Direct(1, "X1")), FailsBecause("LOT_RECALLED"));
  EXPECT_THAT(
      Call(&Stub::TransformStock, "manager", Making(pb::TRANSFORMATION_KIND_SPLIT, {{lot, 2}}, {{"", 1}, {"", 1}})),
      FailsBecause("LOT_RECALLED"));
  // Everything says so.
  EXPECT_EQ(Look(lot).recall(), recall->name());
  EXPECT_EQ(Look(other).recall(), "");
  const pb::SuggestPicksResponse picks = Picks(50);
  ASSERT_THAT(picks.picks(), SizeIs(1));
  EXPECT_EQ(picks.picks(0).lot().code(), other.code());
  EXPECT_EQ(picks.missing_items(), 20);
  ASSERT_THAT(picks.passed_over(), SizeIs(1));
  EXPECT_THAT(picks.passed_over(0).reasons(), ElementsAre("LOT_RECALLED"));
  pb::ListReservationsRequest open_reservations;
  const auto waiting = Call(&Stub::ListReservations, "volunteer", open_reservations);
  ASSERT_THAT(waiting, IsOk());
  ASSERT_THAT(waiting->reservations(), SizeIs(1));
  EXPECT_EQ(waiting->reservations(0).lot_details().recall(), recall->name());

  // What sets goods apart goes on, and so do the other lots.
  pb::VoidReservationRequest give_up;
  give_up.set_request_id(ids::NewUuid());
  give_up.set_name(reserved->reservation().name());
  EXPECT_THAT(Call(&Stub::VoidReservation, "coordinator", give_up), IsOk());
  pb::TransferStockRequest apart;
  apart.set_request_id(ids::NewUuid());
  apart.set_lot(lot.name());
  apart.set_from_place(shelf_);
  apart.set_to_place(second_);
  apart.set_items(100);
  EXPECT_THAT(Call(&Stub::TransferStock, "volunteer", apart), IsOk());
  EXPECT_THAT(Discard(lot, second_, 50), IsOk());
  EXPECT_THAT(Adjust(lot, shelf_, -1), IsOk());
  EXPECT_THAT(Return(lot, hub_, shelf_, 6, recall->name()), IsOk());
  EXPECT_THAT(Return(lot, second_, lot.donor(), 7, recall->name()), IsOk());
  Give(other, 1);
  const pb::Recall now = Get(*recall);
  EXPECT_EQ(now.figures().received_items(), 120);
  EXPECT_EQ(now.figures().shelf_items(), 53);
  EXPECT_EQ(now.figures().reserved_items(), 0);
  EXPECT_EQ(now.figures().under_way_items(), 5);
  EXPECT_EQ(now.figures().group_items(), 4);
  EXPECT_EQ(now.figures().recovered_items(), 6);
  EXPECT_EQ(now.figures().returned_to_donor_items(), 7);
  EXPECT_EQ(now.figures().discarded_items(), 50);
  EXPECT_EQ(now.figures().other_items(), 1);
  EXPECT_EQ(now.figures().open_items(), 9);
}

TEST_F(RecallsTest, NoPickSlipsThroughWhileARecallOpens) {
  const pb::Lot lot = Bring(10'000, "X1");
  std::atomic<bool> opened = false;
  std::atomic<int> taken = 0, refused = 0, late = 0;
  std::vector<std::thread> phones;
  for (int i = 0; i < 4; ++i) {
    phones.emplace_back([&] {
      for (int n = 0; n < 1'000; ++n) {
        const bool after = opened;
        const auto given = Call(&Stub::IssueStock, "coordinator", Giving(lot, 1));
        if (given.ok()) {
          ++taken;
          if (after) ++late;
        } else {
          EXPECT_THAT(given, FailsBecause("LOT_RECALLED"));
          ++refused;
          break;
        }
      }
    });
  }
  while (taken < 20) std::this_thread::yield();
  const pb::Recall recall = Open(GoodsOf({lot}));
  opened = true;
  for (std::thread& phone : phones) phone.join();
  EXPECT_EQ(refused, 4);
  EXPECT_EQ(late, 0);
  // None was recorded behind it, and all before it are counted.
  EXPECT_EQ(pg::testing::Sql(database_.superuser,
                             absl::StrCat("SET kubari.network = '", kNetwork,
                                          "'; SELECT count(*) FROM stock.ledger_entries e, "
                                          "stock.recalls r WHERE e.kind = 6 AND e.position >= r.open_position")),
            "0");
  EXPECT_EQ(recall.figures().under_way_items(), taken);
}

TEST_F(RecallsTest, GoodsAreNamedByNumberDateAndLotNumber) {
  const pb::Lot end = Bring(10, "X1", "2027-03-31"), day = Bring(10, "X1", "2027-03-15");
  const pb::Lot april = Bring(10, "X1", "2027-04-01"), other = Bring(10, "X2", "2027-03-31");
  const pb::Lot month = Bring(10, "X3", "2027-03");
  pb::ReceiveStockRequest use_by = Bringing(10, "X1", "2027-03-15");
  use_by.mutable_good_until()->set_kind(type::v1::DATE_KIND_USE_BY);
  const auto fresh = Call(&Stub::ReceiveStock, "coordinator", use_by);
  ASSERT_THAT(fresh, IsOk());

  EXPECT_THAT(Fitting(GoodsOf({april, day})), UnorderedElementsAre(april.code(), day.code()));
  EXPECT_THAT(Fitting(GoodsBy(kGtin)), SizeIs(6));
  EXPECT_THAT(Fitting(GoodsBy(kGtin, "2027-03-15")), UnorderedElementsAre(day.code(), fresh->lot().code()));
  pb::Goods best_before = GoodsBy(kGtin, "2027-03-15");
  best_before.mutable_good_until()->set_kind(type::v1::DATE_KIND_BEST_BEFORE);
  EXPECT_THAT(Fitting(best_before), ElementsAre(day.code()));
  // A month covers all its days, and what is printed as the month.
  EXPECT_THAT(Fitting(GoodsBy(kGtin, "2027-03")), SizeIs(5));
  EXPECT_THAT(Fitting(GoodsBy(kGtin, "2027-03", "X3")), ElementsAre(month.code()));
  EXPECT_THAT(Fitting(GoodsBy(kGtin, "2027-03-31", "X1")), ElementsAre(end.code()));
  EXPECT_THAT(Fitting(GoodsBy(kGtin, "", "X2")), ElementsAre(other.code()));
  // Lots by code, in addition to those of a number.
  pb::Goods both = GoodsBy(kGtin, "", "X2");
  both.add_lots(absl::AsciiStrToLower(april.code()));
  EXPECT_THAT(Fitting(both), UnorderedElementsAre(other.code(), april.code()));
  // A lot number is printed, so it is compared as it is.
  EXPECT_THAT(PreviewFails(GoodsBy(kGtin, "", "x1")), FailsBecause("NO_SUCH_GOODS"));
  EXPECT_THAT(PreviewFails(GoodsBy(kGtin, "2028-01-01")), FailsBecause("NO_SUCH_GOODS"));
}

TEST_F(RecallsTest, ANumberIsTakenInAnyFormThatAScannerGives) {
  const pb::Lot lot = Bring(10, "X1");
  std::string on_case = "1952000000000";
  on_case += static_cast<char>('0' + gs1::CheckDigit(on_case));
  for (const std::string& code : {
           std::string("9520000000004"),
           std::string("09520000000004"),
           std::string(" 9520000000004 "),
           std::string("(01)09520000000004(15)270331(10)OTHER"),
           std::string("]C1010952000000000410OTHER\x1d") + "15270331",
           std::string("\x1d"
                       "010952000000000415270331"
                       "10OTHER"),
           std::string("https://id.gs1.org/01/09520000000004/10/OTHER"),
           on_case,
       }) {
    SCOPED_TRACE(absl::CEscape(code));
    EXPECT_THAT(Fitting(GoodsBy(code)), ElementsAre(lot.code()));
    // The code's own date and lot number narrow nothing: what was said does.
    EXPECT_THAT(Fitting(GoodsBy(code, "", "X1")), ElementsAre(lot.code()));
  }
  // A case with a number of its own.
  const std::string soup = AddProduct("架空スープ", "9520000000011", 140, "19520000000018");
  pb::ReceiveStockRequest request = Bringing(5, "S1");
  request.clear_offer_line();
  request.set_donor(registers_.donor.name());
  request.set_product(soup);
  request.mutable_good_until()->set_kind(type::v1::DATE_KIND_NONE);
  const auto received = Call(&Stub::ReceiveStock, "coordinator", request);
  ASSERT_THAT(received, IsOk());
  EXPECT_THAT(Fitting(GoodsBy("19520000000018")), ElementsAre(received->lot().code()));
  const pb::Recall recall = Open(GoodsBy("(01)19520000000018"));
  EXPECT_EQ(recall.goods().gtin(), "19520000000018");
  EXPECT_THAT(Codes(recall.lots()), ElementsAre(received->lot().code()));

  for (const char* code : {"9520000000005", "(01)09520000000005", "nonsense", "(00)095200000000000015"}) {
    const absl::Status misread = PreviewFails(GoodsBy(code));
    EXPECT_THAT(misread, FailsWith(absl::StatusCode::kInvalidArgument)) << code;
    EXPECT_THAT(misread, FailsBecause("CODE_INVALID")) << code;
    EXPECT_EQ(errors::MetadataOf(misread)["field"], "goods.gtin");
    EXPECT_NE(errors::MessageIn("ja", misread), errors::MessageIn("en", misread));
  }
}

// Whom to call is read when it is asked, from the agreements that count then, and told to those who call.
TEST_F(RecallsTest, WhomToCallAtDonorsAndGroups) {
  registers_.donor.mutable_agreements(0)->mutable_duties()->set_recall_contact("架空食品 お客様相談室 03-0000-0001");
  type::v1::Agreement& over = *registers_.donor.add_agreements();
  over = registers_.donor.agreements(0);
  over.set_valid_to_date("2020-12-31");
  over.set_valid_from_date("2020-01-01");
  over.mutable_duties()->set_recall_contact("むかしの窓口");
  TheGroup().mutable_agreements(0)->mutable_duties()->set_recall_contact("みなみ食堂 事務局 03-0000-0002");
  const pb::Lot lot = Bring(120, "X1");
  Confirm(Give(lot, 10));
  const auto opened = Ask(&Recalls::OpenRecall, "coordinator", Opening(GoodsOf({lot})));
  ASSERT_THAT(opened, IsOk());
  pb::GetRecallRequest get;
  get.set_name(opened->name());
  for (const char* who : {"coordinator", "manager", "auditor"}) {
    const auto recall = Ask(&Recalls::GetRecall, who, get);
    ASSERT_THAT(recall, IsOk());
    ASSERT_THAT(recall->contacts(), SizeIs(1)) << who;
    EXPECT_EQ(recall->contacts(0).donor(), registers_.donor.name());
    EXPECT_EQ(recall->contacts(0).donor_display_name(), "架空食品");
    EXPECT_THAT(recall->contacts(0).contacts(), ElementsAre("架空食品 お客様相談室 03-0000-0001"));
    EXPECT_FALSE(recall->contacts_incomplete());
  }
  const auto volunteer = Ask(&Recalls::GetRecall, "volunteer", get);
  ASSERT_THAT(volunteer, IsOk());
  EXPECT_THAT(volunteer->contacts(), IsEmpty());
  const auto contact_of = [&](const std::string& who) -> std::string {
    pb::ListRecallNoticesRequest list;
    list.set_recall(opened->name());
    const auto notices = Ask(&Recalls::ListRecallNotices, who, list);
    EXPECT_THAT(notices, IsOk());
    std::string all;
    for (const pb::RecallNotice& notice : notices->notices()) {
      for (const std::string& contact : notice.holder_contacts()) all += notice.holder_display_name() + ": " + contact;
    }
    return all;
  };
  EXPECT_EQ(contact_of("coordinator"), "みなみ食堂: みなみ食堂 事務局 03-0000-0002");
  EXPECT_EQ(contact_of("group"), "") << "they know where they are";
  // A register that is away keeps nothing else from being shown.
  registers_.down = true;
  const auto without = Ask(&Recalls::GetRecall, "coordinator", get);
  ASSERT_THAT(without, IsOk());
  EXPECT_THAT(without->lots(), SizeIs(1));
  EXPECT_THAT(without->contacts(), IsEmpty());
  EXPECT_TRUE(without->contacts_incomplete());
  registers_.down = false;
  // The new number is told at once.
  registers_.donor.mutable_agreements(0)->mutable_duties()->set_recall_contact("03-0000-0009");
  EXPECT_THAT(Ask(&Recalls::GetRecall, "coordinator", get)->contacts(0).contacts(), ElementsAre("03-0000-0009"));
}

TEST_F(RecallsTest, WrongGoodsAreToldAllAtOnce) {
  EXPECT_THAT(PreviewFails({}), Violates("goods", "REQUIRED"));
  pb::Goods goods;
  goods.add_lots("lots/nothing");
  goods.set_donor_lot_number("123456789012345678901");
  goods.mutable_good_until()->set_date("2027-02-30");
  const absl::Status wrong = PreviewFails(goods);
  EXPECT_THAT(wrong, Violates("goods.lots[0]", "NOT_A_NAME"));
  EXPECT_THAT(wrong, Violates("goods.donor_lot_number", "TOO_LONG"));
  EXPECT_THAT(wrong, Violates("goods.gtin", "REQUIRED"));
  EXPECT_THAT(wrong, Violates("goods.good_until.date", "NOT_A_DATE"));
  goods = GoodsBy(kGtin);
  goods.mutable_good_until()->set_kind(type::v1::DATE_KIND_NONE);
  goods.mutable_good_until()->set_date("2027-03-31");
  EXPECT_THAT(PreviewFails(goods), FailsWith(absl::StatusCode::kInvalidArgument));
  goods.Clear();
  for (int i = 0; i < 101; ++i) goods.add_lots(ids::Name("lots", Id(8, i)));
  EXPECT_THAT(PreviewFails(goods), Violates("goods.lots", "TOO_MANY"));
  goods.Clear();
  goods.add_lots(ids::Name("lots", Id(8, 1)));
  EXPECT_THAT(PreviewFails(goods), FailsBecause("LOT_NOT_FOUND"));
  goods.add_lots(goods.lots(0));
  EXPECT_THAT(PreviewFails(goods), Violates("goods.lots[1]", "DUPLICATE"));
  pb::OpenRecallRequest opening;
  const auto empty = Ask(&Recalls::OpenRecall, "coordinator", opening);
  for (const char* field : {"request_id", "recall_id", "title", "message", "goods"})
    EXPECT_THAT(empty, Violates(field, "REQUIRED")) << field;
  // One lot under its name and under its code is one lot.
  const pb::Lot lot = Bring(10, "X1");
  goods = GoodsOf({lot});
  goods.add_lots(lot.code());
  EXPECT_THAT(Fitting(goods), ElementsAre(lot.code()));
}

TEST_F(RecallsTest, LotsThatComeInLaterAreStoppedToo) {
  Bring(10, "X1");
  const pb::Recall recall = Open(GoodsBy(kGtin, "2027-03", "X1"));
  ASSERT_EQ(recall.lot_count(), 1);
  const pb::Lot later = Bring(10, "X1", "2027-03-20"), elsewhere = Bring(10, "X2");
  EXPECT_EQ(later.recall(), recall.name());
  EXPECT_EQ(elsewhere.recall(), "");
  EXPECT_THAT(Call(&Stub::ReserveStock, "coordinator", Reserving(later, 1)), FailsBecause("LOT_RECALLED"));
  EXPECT_THAT(Call(&Stub::ReserveStock, "coordinator", Reserving(elsewhere, 1)), IsOk());
  // Straight from the donor to a group they would come in and be handed over in one: refused before their lot is there.
  pb::DeliverDirectRequest direct = Direct(10, "X1");
  direct.mutable_good_until()->set_kind(type::v1::DATE_KIND_BEST_BEFORE);
  direct.mutable_good_until()->set_date("2027-03-25");
  const auto refused = Call(&Stub::DeliverDirect, "coordinator", direct);
  ASSERT_THAT(refused, FailsBecause("LOT_RECALLED"));
  EXPECT_EQ(errors::MetadataOf(refused.status())["recall"], recall.name());
  const pb::Recall now = Get(recall);
  EXPECT_EQ(now.lot_count(), 2);
  EXPECT_EQ(now.figures().received_items(), 20);
  // What comes in after it was closed is not its business any more.
  ASSERT_THAT(Ask(&Recalls::CloseRecall, "coordinator", Closing(recall, "メーカーが取り下げた")), IsOk());
  const pb::Lot after = Bring(10, "X1", "2027-03-10");
  EXPECT_EQ(after.recall(), "");
  EXPECT_EQ(Get(recall).lot_count(), 2);
}

TEST_F(RecallsTest, WhatWasMadeOfTheGoodsIsStoppedWithThem) {
  const pb::Lot lot = Bring(60, "X1"), good = Bring(60, "X2");
  const std::string kit = AddProduct("夕食セット", "9520000000011", 280);
  const auto split = Make(pb::TRANSFORMATION_KIND_SPLIT, {{lot, 40}}, {{"", 30}, {"", 10}});
  const auto kits = Make(pb::TRANSFORMATION_KIND_KIT, {{split.lots(0), 20}, {good, 20}}, {{kit, 20}});
  const auto again = Make(pb::TRANSFORMATION_KIND_SPLIT, {{kits.lots(0), 4}}, {{"", 4}});
  const pb::Recall recall = Open(GoodsOf({lot}));
  EXPECT_THAT(Codes(recall.lots()), UnorderedElementsAre(lot.code(), split.lots(0).code(), split.lots(1).code(),
                                                         kits.lots(0).code(), again.lots(0).code()));
  for (const pb::Lot& made : {split.lots(1), kits.lots(0), again.lots(0)})
    EXPECT_THAT(Call(&Stub::IssueStock, "manager", Giving(made, 1)), FailsBecause("LOT_RECALLED"));
  Give(good, 40);  // its own fault it is not
  // Kits count by their own items; what went into them is neither here nor lost.
  EXPECT_EQ(recall.figures().received_items(), 60 + 40 + 20 + 4);
  EXPECT_EQ(recall.figures().shelf_items(), 20 + 10 + 10 + 16 + 4);
  EXPECT_EQ(recall.figures().other_items(), 40 + 20 + 4);
  // Undoing is a correction, and what it brings back is stopped as well.
  const auto undone = Undo(again.movements(0).name());
  ASSERT_THAT(undone, IsOk());
  EXPECT_EQ(Get(recall).figures().received_items(), 60 + 40 + 20);
}

TEST_F(RecallsTest, ALotMayBeStoppedTwice) {
  const pb::Lot lot = Bring(10, "X1");
  const pb::Recall by_lot = Open(GoodsOf({lot})), by_number = Open(GoodsBy(kGtin));
  ASSERT_THAT(Ask(&Recalls::CloseRecall, "coordinator", Closing(by_lot, "重複")), IsOk());
  EXPECT_THAT(Call(&Stub::ReserveStock, "coordinator", Reserving(lot, 1)), FailsBecause("LOT_RECALLED"));
  EXPECT_EQ(Look(lot).recall(), by_number.name());
  ASSERT_THAT(Ask(&Recalls::CloseRecall, "coordinator", Closing(by_number, "確認済み")), IsOk());
  EXPECT_THAT(Call(&Stub::ReserveStock, "coordinator", Reserving(lot, 1)), IsOk());
}

// Drills -------------------------------------------------------------------------------------------------------------

TEST_F(RecallsTest, ADrillStopsNothing) {
  const pb::Lot lot = Bring(60, "X1");
  Confirm(Give(lot, 10));
  const pb::Recall drill = Open(GoodsBy(kGtin), /*drill=*/true);
  EXPECT_TRUE(drill.drill());
  EXPECT_EQ(drill.lot_count(), 1);
  EXPECT_EQ(drill.notices(), 2);
  EXPECT_EQ(drill.lots(0).recall(), "");
  EXPECT_EQ(Look(lot).recall(), "");
  EXPECT_THAT(Call(&Stub::ReserveStock, "coordinator", Reserving(lot, 1)), IsOk());
  Give(lot, 5);
  PassOn(lot, 3);
  EXPECT_THAT(Call(&Stub::DeliverDirect, "coordinator", Direct(1, "X9")), IsOk());
  // What is made in the meantime belongs to the exercise, too.
  Make(pb::TRANSFORMATION_KIND_SPLIT, {{lot, 4}}, {{"", 4}});
  const pb::Recall now = Get(drill);
  EXPECT_EQ(now.lot_count(), 3);
  EXPECT_EQ(now.notices(), 3);  // the group that the hub serves
  pb::CloseRecallRequest closing = Closing(drill, "訓練を終わります");
  closing.set_keep_stopped(true);
  EXPECT_THAT(Ask(&Recalls::CloseRecall, "coordinator", closing), Violates("keep_stopped", "DRILL"));
  closing.set_keep_stopped(false);
  const auto closed = Ask(&Recalls::CloseRecall, "coordinator", closing);
  ASSERT_THAT(closed, IsOk());
  EXPECT_EQ(closed->state(), pb::RECALL_STATE_CLOSED);
  EXPECT_TRUE(closed->drill());
}

// The end ------------------------------------------------------------------------------------------------------------

TEST_F(RecallsTest, ItIsNotClosedWhileSomethingIsUnaccountedFor) {
  const pb::Lot lot = Bring(30, "X1");
  Confirm(Give(lot, 10));
  const pb::Recall recall = Open(GoodsOf({lot}));
  const auto refused = Ask(&Recalls::CloseRecall, "coordinator", Closing(recall));
  ASSERT_THAT(refused, FailsBecause("RECALL_UNSETTLED"));
  EXPECT_EQ(refused.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(errors::MetadataOf(refused.status())["items"], "30");
  EXPECT_EQ(errors::MetadataOf(refused.status())["holders"], "2");
  EXPECT_THAT(errors::MessageIn("ja", refused.status()), HasSubstr("2か所に30点"));
  EXPECT_THAT(errors::MessageIn("en", refused.status()), HasSubstr("30 items with 2 holders"));
  // Still stopped.
  EXPECT_THAT(Call(&Stub::ReserveStock, "coordinator", Reserving(lot, 1)), FailsBecause("LOT_RECALLED"));

  ASSERT_THAT(Discard(lot, shelf_, 20), IsOk());
  EXPECT_EQ(Get(recall).settled(), 1);
  ASSERT_THAT(Ask(&Recalls::AnswerNotice, "group", Answering(NoticeTo(recall, hub_), lot, 4, 6)), IsOk());
  const pb::Recall settled = Get(recall);
  EXPECT_EQ(settled.settled(), 2);
  EXPECT_EQ(settled.figures().open_items(), 0);
  EXPECT_EQ(settled.figures().consumed_items(), 6);
  EXPECT_EQ(settled.figures().discarded_items(), 24);
  clock_.Set(clock_.Now() + absl::Hours(5));
  const pb::CloseRecallRequest closing = Closing(recall);
  const auto closed = Ask(&Recalls::CloseRecall, "coordinator", closing);
  ASSERT_THAT(closed, IsOk());
  EXPECT_EQ(closed->state(), pb::RECALL_STATE_CLOSED);
  EXPECT_EQ(absl::FromUnixSeconds(closed->close_time().seconds()), clock_.Now());
  EXPECT_EQ(closed->close_note(), "");
  // Once; the same request again gives the same answer.
  const auto replayed = Ask(&Recalls::CloseRecall, "coordinator", closing);
  ASSERT_THAT(replayed, IsOk());
  EXPECT_TRUE(MessageDifferencer::Equals(*replayed, *closed));
  EXPECT_THAT(Ask(&Recalls::CloseRecall, "coordinator", Closing(recall)), FailsBecause("RECALL_CLOSED"));
  pb::RemindHoldersRequest remind;
  remind.set_name(recall.name());
  EXPECT_THAT(Do(&Recalls::RemindHolders, "coordinator", remind), FailsBecause("RECALL_CLOSED"));
}

TEST_F(RecallsTest, AClosedRecallFreesItsLotsUnlessTheyAreKeptStopped) {
  const pb::Lot lot = Bring(30, "X1"), bad = Bring(30, "X2");
  const pb::Recall harmless = Open(GoodsOf({lot})), serious = Open(GoodsOf({bad}));
  const auto freed = Ask(&Recalls::CloseRecall, "coordinator", Closing(harmless, "検査で問題なし"));
  ASSERT_THAT(freed, IsOk());
  EXPECT_EQ(freed->close_note(), "検査で問題なし");
  EXPECT_EQ(freed->lots(0).recall(), "");
  Give(lot, 1);
  pb::CloseRecallRequest closing = Closing(serious, "残りは廃棄待ち");
  closing.set_keep_stopped(true);
  const auto kept = Ask(&Recalls::CloseRecall, "coordinator", closing);
  ASSERT_THAT(kept, IsOk());
  EXPECT_EQ(kept->state(), pb::RECALL_STATE_CLOSED);
  EXPECT_EQ(kept->lots(0).recall(), serious.name());
  EXPECT_THAT(Call(&Stub::ReserveStock, "coordinator", Reserving(bad, 1)), FailsBecause("LOT_RECALLED"));
}

// Requests, lists, rights --------------------------------------------------------------------------------------------

TEST_F(RecallsTest, ARetriedOpeningOpensOnce) {
  const pb::Lot lot = Bring(10, "X1");
  pb::OpenRecallRequest opening = Opening(GoodsOf({lot}));
  const auto first = Ask(&Recalls::OpenRecall, "coordinator", opening);
  ASSERT_THAT(first, IsOk());
  const auto again = Ask(&Recalls::OpenRecall, "coordinator", opening);
  ASSERT_THAT(again, IsOk());
  EXPECT_TRUE(MessageDifferencer::Equals(*first, *again));
  opening.set_title("別の回収");
  EXPECT_THAT(Ask(&Recalls::OpenRecall, "coordinator", opening), FailsBecause("REQUEST_ID_REUSED"));
  opening.set_request_id(ids::NewUuid());
  const auto taken = Ask(&Recalls::OpenRecall, "coordinator", opening);
  EXPECT_THAT(taken, FailsWith(absl::StatusCode::kAlreadyExists));
  EXPECT_THAT(taken, FailsBecause("ID_TAKEN"));
  // What fits nothing opens nothing, and says how to look again.
  const auto nothing = Ask(&Recalls::OpenRecall, "coordinator", Opening(GoodsBy("9520000000011")));
  EXPECT_THAT(nothing, FailsBecause("NO_SUCH_GOODS"));
  EXPECT_THAT(errors::MessageIn("ja", nothing.status()), HasSubstr("印字どおり"));
  const auto listed = Ask(&Recalls::ListRecalls, "auditor", pb::ListRecallsRequest());
  ASSERT_THAT(listed, IsOk());
  EXPECT_THAT(listed->recalls(), SizeIs(1));
}

TEST_F(RecallsTest, TheyAreListedNewestFirst) {
  const pb::Lot lot = Bring(10, "X1");
  std::vector<std::string> names;
  for (int i = 0; i < 5; ++i) {
    // Two of them in the same moment.
    if (i != 2) clock_.Set(clock_.Now() + absl::Minutes(1));
    names.push_back(Open(GoodsOf({lot}), i == 3).name());
  }
  ASSERT_THAT(Ask(&Recalls::CloseRecall, "coordinator",
                  [&] {
                    pb::CloseRecallRequest request;
                    request.set_request_id(ids::NewUuid());
                    request.set_name(names[0]);
                    request.set_note("終了");
                    return request;
                  }()),
              IsOk());
  pb::ListRecallsRequest request;
  request.set_page_size(2);
  std::vector<std::string> seen;
  do {
    const auto page = Ask(&Recalls::ListRecalls, "volunteer", request);
    ASSERT_THAT(page, IsOk());
    EXPECT_LE(page->recalls_size(), 2);
    for (const pb::Recall& recall : page->recalls()) {
      seen.push_back(recall.name());
      EXPECT_THAT(recall.lots(), IsEmpty());
      EXPECT_EQ(recall.lot_count(), 1);
      EXPECT_EQ(recall.figures().shelf_items(), 10);
    }
    request.set_page_token(page->next_page_token());
  } while (!request.page_token().empty());
  ASSERT_THAT(seen, SizeIs(5));
  EXPECT_EQ(seen[0], names[4]);
  EXPECT_EQ(seen[1], names[3]);
  EXPECT_EQ(seen[4], names[0]);
  EXPECT_THAT(seen, ::testing::UnorderedElementsAreArray(names));
  request.Clear();
  request.set_state(pb::RECALL_STATE_CLOSED);
  const auto closed = Ask(&Recalls::ListRecalls, "manager", request);
  ASSERT_THAT(closed, IsOk());
  ASSERT_THAT(closed->recalls(), SizeIs(1));
  EXPECT_EQ(closed->recalls(0).name(), names[0]);
  request.set_state(pb::RECALL_STATE_OPEN);
  EXPECT_THAT(Ask(&Recalls::ListRecalls, "auditor", request)->recalls(), SizeIs(4));
  request.set_page_token("nonsense");
  EXPECT_THAT(Ask(&Recalls::ListRecalls, "auditor", request), FailsBecause("PAGE_TOKEN_INVALID"));
}

TEST_F(RecallsTest, RightsAreJudgedFirst) {
  const pb::Lot lot = Bring(10, "X1");
  const pb::Recall recall = Open(GoodsOf({lot}));
  for (const char* who : {"volunteer", "manager", "auditor", "administrator", "group", "donor"}) {
    EXPECT_THAT(Ask(&Recalls::OpenRecall, who, Opening(GoodsOf({lot}))), FailsBecause("ROLE_NOT_ALLOWED")) << who;
    EXPECT_THAT(Ask(&Recalls::CloseRecall, who, Closing(recall, "終了")), FailsBecause("ROLE_NOT_ALLOWED")) << who;
    pb::RemindHoldersRequest remind;
    remind.set_name(recall.name());
    EXPECT_THAT(Do(&Recalls::RemindHolders, who, remind), FailsBecause("ROLE_NOT_ALLOWED")) << who;
  }
  pb::GetRecallRequest get;
  get.set_name(recall.name());
  pb::PreviewRecallRequest preview;
  *preview.mutable_goods() = GoodsOf({lot});
  for (const char* who : {"group", "donor"}) {
    EXPECT_THAT(Ask(&Recalls::GetRecall, who, get), FailsBecause("ROLE_NOT_ALLOWED")) << who;
    EXPECT_THAT(Ask(&Recalls::ListRecalls, who, pb::ListRecallsRequest()), FailsBecause("ROLE_NOT_ALLOWED")) << who;
    EXPECT_THAT(Ask(&Recalls::PreviewRecall, who, preview), FailsBecause("ROLE_NOT_ALLOWED")) << who;
  }
  EXPECT_THAT(Ask(&Recalls::PreviewRecall, "volunteer", preview), FailsBecause("ROLE_NOT_ALLOWED"));
  // Every volunteer knows what is stopped, but not every donor's name.
  EXPECT_EQ(Get(recall, "volunteer").lots(0).donor_display_name(), "");
  EXPECT_EQ(Get(recall, "auditor").lots(0).donor_display_name(), "架空食品");
  // Another network has no such recall, and its goods are untouched by it.
  EXPECT_THAT(Ask(&Recalls::GetRecall, "coordinator of another network", get), FailsBecause("RECALL_NOT_FOUND"));
  EXPECT_THAT(Ask(&Recalls::CloseRecall, "coordinator of another network", Closing(recall, "終了")),
              FailsBecause("RECALL_NOT_FOUND"));
  EXPECT_THAT(Ask(&Recalls::OpenRecall, "coordinator of another network", Opening(GoodsBy(kGtin))),
              FailsBecause("NO_SUCH_GOODS"));
  get.set_name(ids::Name("recalls", ids::NewUuid()));
  const auto missing = Ask(&Recalls::GetRecall, "auditor", get);
  EXPECT_THAT(missing, FailsBecause("RECALL_NOT_FOUND"));
  EXPECT_THAT(missing, FailsWith(absl::StatusCode::kNotFound));
}

TEST_F(RecallsTest, APreviewShowsWhatWouldBeReached) {
  const pb::Lot lot = Bring(60, "X1");
  Confirm(Give(lot, 10));
  const std::string transfer = Send(lot, 20);
  ASSERT_THAT(Call(&Stub::ReserveStock, "coordinator", Reserving(lot, 3)), IsOk());
  ASSERT_THAT(Discard(lot, shelf_, 5), IsOk());
  pb::PreviewRecallRequest request;
  *request.mutable_goods() = GoodsBy(kGtin, "", "X1");
  const auto preview = Ask(&Recalls::PreviewRecall, "manager", request);
  ASSERT_THAT(preview, IsOk());
  ASSERT_THAT(preview->holders(), SizeIs(3));  // waste holds nothing that could be got back
  EXPECT_EQ(preview->holders(0).items(), 25);
  EXPECT_EQ(preview->holders(0).place().name(), shelf_);
  EXPECT_EQ(preview->holders(0).reserved(), 3);
  EXPECT_EQ(preview->holders(1).items(), 20);
  EXPECT_EQ(preview->holders(1).place().kind(), pb::PLACE_KIND_TRANSIT);
  EXPECT_EQ(preview->holders(1).place().party(), west_house_);
  EXPECT_EQ(preview->holders(2).items(), 10);
  EXPECT_EQ(preview->holders(2).place().party(), hub_);
  EXPECT_EQ(preview->holders(2).place().display_name(), "みなみ食堂");
  // It opens nothing.
  EXPECT_THAT(Call(&Stub::ReserveStock, "coordinator", Reserving(lot, 1)), IsOk());
  EXPECT_THAT(Ask(&Recalls::ListRecalls, "auditor", pb::ListRecallsRequest())->recalls(), IsEmpty());
}

}  // namespace
}  // namespace kubari::stock
