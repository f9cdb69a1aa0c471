// Goods between warehouses over the wire: sent, on their way, arrived or short.
#include "services/stock/movements_testing.h"

namespace kubari::stock {
namespace {

using namespace testing;  // NOLINT
using ::testing::IsEmpty;
using ::testing::SizeIs;

class TransfersTest : public MovementsTest {
 protected:
  pb::Transfer Get(const std::string& name) {
    pb::GetTransferRequest request;
    request.set_name(name);
    const auto transfer = Call(&Stub::GetTransfer, "auditor", request);
    EXPECT_THAT(transfer, IsOk());
    return transfer.ok() ? *transfer : pb::Transfer();
  }
  int Listed(const std::string& warehouse, pb::TransferState state) {
    pb::ListTransfersRequest request;
    if (!warehouse.empty()) request.set_warehouse(ids::Name("warehouses", warehouse));
    request.set_state(state);
    const auto listed = Call(&Stub::ListTransfers, "volunteer", request);
    EXPECT_THAT(listed, IsOk());
    return listed.ok() ? listed->transfers_size() : -1;
  }
};

TEST_F(TransfersTest, GoodsAreInTransitUntilTheyArriveOrAreShort) {
  const pb::Lot lot = Receive(60);
  const pb::SendTransferRequest send = Sending(lot, 20);
  const auto sent = Call(&Stub::SendTransfer, "volunteer", send);
  ASSERT_THAT(sent, IsOk());
  const pb::Transfer& transfer = sent->transfer();
  EXPECT_EQ(transfer.name(), ids::Name("transfers", send.transfer_id()));
  EXPECT_EQ(transfer.from_display_name(), "東倉庫");
  EXPECT_EQ(transfer.to_display_name(), "西倉庫");
  EXPECT_EQ(transfer.state(), pb::TRANSFER_STATE_SENT);
  EXPECT_EQ(transfer.lines(0).sent_items(), 20);
  ASSERT_THAT(sent->movements(), SizeIs(1));
  EXPECT_EQ(sent->movements(0).operation(), transfer.name());
  EXPECT_EQ(sent->movements(0).to_kind(), pb::PLACE_KIND_TRANSIT);
  RepeatsAlike(&Stub::SendTransfer, "volunteer", send, *sent);
  EXPECT_EQ(On(shelf_, lot), (Balance{40, 0}));
  EXPECT_EQ(Held(lot, pb::PLACE_KIND_TRANSIT), 20);
  EXPECT_EQ(Listed(kWarehouse, pb::TRANSFER_STATE_SENT), 1);
  EXPECT_EQ(Listed(kOtherWarehouse, pb::TRANSFER_STATE_SENT), 1);
  EXPECT_EQ(Listed("", pb::TRANSFER_STATE_ARRIVED), 0);

  const pb::ReceiveTransferRequest receive = Arriving(transfer.name(), lot, 15, 2);
  const auto arrived = Call(&Stub::ReceiveTransfer, "stranger", receive);
  ASSERT_THAT(arrived, IsOk());
  EXPECT_EQ(arrived->transfer().state(), pb::TRANSFER_STATE_SENT);  // three are still on their way
  EXPECT_EQ(arrived->transfer().lines(0).arrived_items(), 15);
  EXPECT_EQ(arrived->transfer().lines(0).short_items(), 2);
  ASSERT_THAT(arrived->movements(), SizeIs(2));
  EXPECT_EQ(arrived->movements(1).kind(), pb::MOVEMENT_KIND_SHORTAGE);
  EXPECT_EQ(arrived->movements(1).reason(), "DAMAGED");
  RepeatsAlike(&Stub::ReceiveTransfer, "stranger", receive, *arrived);
  EXPECT_EQ(On(west_, lot), (Balance{15, 0}));
  // What will not come any more is said without a shelf.
  const auto rest = Call(&Stub::ReceiveTransfer, "stranger", Arriving(transfer.name(), lot, 0, 3));
  ASSERT_THAT(rest, IsOk());
  EXPECT_EQ(rest->transfer().state(), pb::TRANSFER_STATE_ARRIVED);
  EXPECT_EQ(Held(lot, pb::PLACE_KIND_TRANSIT), 0);
  EXPECT_EQ(Held(lot, pb::PLACE_KIND_ADJUSTMENT), 5);
  EXPECT_EQ(Listed("", pb::TRANSFER_STATE_ARRIVED), 1);
  EXPECT_TRUE(Same(Get(transfer.name()), rest->transfer()));
  // The sender's request, repeated late, is answered and changes nothing.
  const auto late = Call(&Stub::SendTransfer, "volunteer", send);
  ASSERT_THAT(late, IsOk());
  EXPECT_TRUE(Same(late->movements(0), sent->movements(0)));
}

TEST_F(TransfersTest, ManyLotsGoTogetherAllOrNothing) {
  const pb::Lot lot = Receive(10), other = ReceiveDated(10, "2027-05-31", second_);
  pb::SendTransferRequest send = Sending(lot, 10);
  AddGoods(*send.mutable_goods(), other, second_, 11);
  const auto too_many = Call(&Stub::SendTransfer, "volunteer", send);
  ASSERT_THAT(too_many, FailsBecause("INSUFFICIENT_STOCK"));
  EXPECT_THAT(too_many, SaysInBoth("Lot " + other.code(), "ロット" + other.code()));
  EXPECT_EQ(On(shelf_, lot), (Balance{10, 0}));
  send.mutable_goods(1)->set_items(10);
  const auto sent = Call(&Stub::SendTransfer, "volunteer", send);
  ASSERT_THAT(sent, IsOk());
  EXPECT_THAT(sent->transfer().lines(), SizeIs(2));
  // More may follow, until something has arrived.
  ASSERT_THAT(Call(&Stub::ReceiveStock, "volunteer", Receiving(5)), IsOk());
  pb::SendTransferRequest more = Sending(lot, 5);
  more.set_transfer_id(send.transfer_id());
  ASSERT_THAT(Call(&Stub::SendTransfer, "manager", more), IsOk());
  pb::ReceiveTransferRequest receive = Arriving(sent->transfer().name(), lot, 15);
  ASSERT_THAT(Call(&Stub::ReceiveTransfer, "stranger", receive), IsOk());
  ASSERT_THAT(Call(&Stub::ReceiveStock, "volunteer", Receiving(5)), IsOk());
  more.set_request_id(ids::NewUuid());
  const auto closed = Call(&Stub::SendTransfer, "manager", more);
  ASSERT_THAT(closed, FailsBecause("TRANSFER_CLOSED"));
  EXPECT_THAT(closed, SaysInBoth("start a new one", "新しい移動"));
}

TEST_F(TransfersTest, SendingIsRefusedInTheDocumentedOrder) {
  const pb::Lot lot = Receive(10);
  pb::SendTransferRequest send = Sending(lot, 11);
  send.set_transfer_id("x");
  send.clear_goods();
  EXPECT_THAT(Call(&Stub::SendTransfer, "volunteer", send), Violates("transfer_id", "NOT_A_UUID"));
  EXPECT_THAT(Call(&Stub::SendTransfer, "volunteer", send), Violates("goods", "OUT_OF_RANGE"));
  send = Sending(lot, 5);
  AddGoods(*send.mutable_goods(), lot, shelf_, 0);
  EXPECT_THAT(Call(&Stub::SendTransfer, "volunteer", send), Violates("goods[1]", "DUPLICATE"));
  EXPECT_THAT(Call(&Stub::SendTransfer, "volunteer", send), Violates("goods[1].items", "OUT_OF_RANGE"));
  send = Sending(lot, 11);
  AddGoods(*send.mutable_goods(), lot, west_, 1);
  send.set_to_warehouse(ids::Name("warehouses", Id(3, 99)));
  EXPECT_THAT(Call(&Stub::SendTransfer, "group", send), FailsBecause("ROLE_NOT_ALLOWED"));
  EXPECT_THAT(Call(&Stub::SendTransfer, "stranger", send), FailsBecause("WAREHOUSE_NOT_FOUND"));
  send.set_to_warehouse(ids::Name("warehouses", kOtherWarehouse));
  EXPECT_THAT(Call(&Stub::SendTransfer, "stranger", send), FailsBecause("NOT_YOUR_ORGANISATION"));
  EXPECT_THAT(Call(&Stub::SendTransfer, "volunteer", send), FailsBecause("OTHER_WAREHOUSE"));
  send.mutable_goods()->RemoveLast();
  send.set_to_warehouse(ids::Name("warehouses", kWarehouse));
  EXPECT_THAT(Call(&Stub::SendTransfer, "volunteer", send), Violates("to_warehouse", "MISMATCH"));
  send.set_to_warehouse(ids::Name("warehouses", kOtherWarehouse));
  EXPECT_THAT(Call(&Stub::SendTransfer, "volunteer", send), FailsBecause("INSUFFICIENT_STOCK"));
}

TEST_F(TransfersTest, ArrivalIsRefusedInTheDocumentedOrder) {
  const pb::Lot lot = Receive(10), other = ReceiveDated(10, "2027-05-31");
  pb::ReceiveTransferRequest receive = Arriving(ids::Name("transfers", Id(20, 9)), lot, 0);
  receive.mutable_goods(0)->set_short_items(-1);
  const auto shape = Call(&Stub::ReceiveTransfer, "stranger", receive);
  EXPECT_THAT(shape, Violates("goods[0].items", "OUT_OF_RANGE"));
  EXPECT_THAT(shape, Violates("goods[0].short_items", "OUT_OF_RANGE"));
  receive = Arriving(receive.transfer(), lot, 0, 1);
  receive.mutable_goods(0)->clear_reason();
  EXPECT_THAT(Call(&Stub::ReceiveTransfer, "stranger", receive), Violates("goods[0].reason", "REQUIRED"));
  receive.mutable_goods(0)->set_reason("TIRED");
  EXPECT_THAT(Call(&Stub::ReceiveTransfer, "stranger", receive), Violates("goods[0].reason", "UNKNOWN_VALUE"));

  receive = Arriving(receive.transfer(), other, 8, 3);
  receive.mutable_goods(0)->set_place(frozen_);
  const auto unknown = Call(&Stub::ReceiveTransfer, "volunteer", receive);
  ASSERT_THAT(unknown, FailsBecause("TRANSFER_NOT_FOUND"));
  EXPECT_THAT(unknown, SaysInBoth(receive.transfer(), receive.transfer()));
  const auto sent = Call(&Stub::SendTransfer, "volunteer", Sending(lot, 10));
  ASSERT_THAT(sent, IsOk());
  receive.set_transfer(sent->transfer().name());
  EXPECT_THAT(Call(&Stub::ReceiveTransfer, "volunteer", receive), FailsBecause("NOT_YOUR_ORGANISATION"));
  EXPECT_THAT(Call(&Stub::ReceiveTransfer, "group", receive), FailsBecause("ROLE_NOT_ALLOWED"));
  EXPECT_THAT(Call(&Stub::ReceiveTransfer, "stranger", receive), FailsBecause("TEMPERATURE_MISMATCH"));
  receive.mutable_goods(0)->set_place(shelf_);
  const auto elsewhere = Call(&Stub::ReceiveTransfer, "stranger", receive);
  ASSERT_THAT(elsewhere, FailsBecause("OTHER_WAREHOUSE"));
  EXPECT_THAT(elsewhere, SaysInBoth("sent to 西倉庫; 東倉庫 A-01", "西倉庫宛てです。東倉庫 A-01"));
  receive.mutable_goods(0)->set_place(west_);
  EXPECT_THAT(Call(&Stub::ReceiveTransfer, "stranger", receive), FailsBecause("LOT_NOT_FOUND"));  // was not sent
  receive.mutable_goods(0)->set_lot(lot.name());
  const auto too_many = Call(&Stub::ReceiveTransfer, "stranger", receive);
  ASSERT_THAT(too_many, FailsBecause("INSUFFICIENT_STOCK"));
  EXPECT_THAT(too_many, SaysInBoth("西倉庫（移動中）", "西倉庫（移動中）"));
}

TEST_F(TransfersTest, EachEndTakesBackItsOwn) {
  const pb::Lot lot = Receive(10);
  const auto sent = Call(&Stub::SendTransfer, "volunteer", Sending(lot, 10));
  ASSERT_THAT(sent, IsOk());
  const auto arrived = Call(&Stub::ReceiveTransfer, "stranger", Arriving(sent->transfer().name(), lot, 10));
  ASSERT_THAT(arrived, IsOk());
  // The sender not, while they are there; the receiver does.
  const auto refused = Call(&Stub::ReverseMovement, "manager", Reversing(sent->movements(0)));
  ASSERT_THAT(refused, FailsBecause("NOT_REVERSIBLE"));
  EXPECT_EQ(errors::MetadataOf(refused.status())["went_to"], west_ + "=10");
  EXPECT_THAT(refused, SaysInBoth("西倉庫 W-01 10", "西倉庫 W-01 10点"));
  EXPECT_THAT(Call(&Stub::ReverseMovement, "manager", Reversing(arrived->movements(0))),
              FailsBecause("NOT_YOUR_ORGANISATION"));
  ASSERT_THAT(Call(&Stub::ReverseMovement, "stranger", Reversing(arrived->movements(0))), IsOk());
  EXPECT_EQ(Get(sent->transfer().name()).lines(0).arrived_items(), 0);
  ASSERT_THAT(Call(&Stub::ReverseMovement, "manager", Reversing(sent->movements(0))), IsOk());
  EXPECT_EQ(On(shelf_, lot), (Balance{10, 0}));
  pb::GetTransferRequest get;
  get.set_name(sent->transfer().name());
  EXPECT_THAT(Call(&Stub::GetTransfer, "manager", get), FailsBecause("TRANSFER_NOT_FOUND"));
  EXPECT_EQ(Listed("", pb::TRANSFER_STATE_UNSPECIFIED), 0);
}

TEST_F(TransfersTest, ListsArePagedNewestFirst) {
  const pb::Lot lot = Receive(30);
  std::vector<std::string> names;
  for (int i = 0; i < 3; ++i) {
    const auto sent = Call(&Stub::SendTransfer, "volunteer", Sending(lot, 1 + i));
    ASSERT_THAT(sent, IsOk());
    names.insert(names.begin(), sent->transfer().name());
  }
  pb::ListTransfersRequest request;
  request.set_page_size(2);
  auto page = Call(&Stub::ListTransfers, "manager", request);
  ASSERT_THAT(page, IsOk());
  ASSERT_THAT(page->transfers(), SizeIs(2));
  EXPECT_EQ(page->transfers(0).name(), names[0]);
  EXPECT_EQ(page->transfers(1).name(), names[1]);
  request.set_page_token(page->next_page_token());
  page = Call(&Stub::ListTransfers, "manager", request);
  ASSERT_THAT(page, IsOk());
  ASSERT_THAT(page->transfers(), SizeIs(1));
  EXPECT_EQ(page->transfers(0).name(), names[2]);
  EXPECT_THAT(page->next_page_token(), IsEmpty());
  EXPECT_THAT(Call(&Stub::ListTransfers, "donor", request), FailsBecause("ROLE_NOT_ALLOWED"));
}

}  // namespace
}  // namespace kubari::stock
