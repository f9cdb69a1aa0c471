// Codes, lists, the feed, tables and registers over the wire.
#include <gmock/gmock.h>
#include <google/protobuf/util/message_differencer.h>
#include <gtest/gtest.h>

#include <thread>

#include "services/stock/service_testing.h"

namespace kubari::stock {
namespace {

using namespace testing;  // NOLINT
using errors::FailsBecause;
using errors::FailsWith;
using errors::Violates;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

TEST_F(ServiceTest, CodesAreLookedUp) {
  const pb::Lot lot = Receive(24);
  const auto look = [&](const std::string& code) {
    pb::LookUpCodeRequest request;
    request.set_code(code);
    return Call(&Stub::LookUpCode, "volunteer", request);
  };
  const auto item = look("9520000000004");
  ASSERT_THAT(item, IsOk());
  EXPECT_EQ(item->product().name(), ids::Name("products", kProduct));
  EXPECT_EQ(item->items(), 1);
  ASSERT_THAT(item->lots(), SizeIs(1));
  const auto scanned_case = look("19520000000001");  // an ITF-14 made from the item's number
  ASSERT_THAT(scanned_case, IsOk());
  EXPECT_EQ(scanned_case->items(), 12);
  const auto element = look("]C1010952000000000417280101");
  ASSERT_THAT(element, IsOk());
  EXPECT_EQ(element->good_until().kind(), type::v1::DATE_KIND_USE_BY);
  EXPECT_THAT(element->lots(), IsEmpty());  // another date
  for (const std::string& own : {lot.code(), "https://example.org/#/lots/" + lot.code()}) {
    const auto found = look(own);
    ASSERT_THAT(found, IsOk());
    ASSERT_THAT(found->lots(), SizeIs(1));
    EXPECT_EQ(found->lots(0).name(), lot.name());
  }
  EXPECT_THAT(look("9520000000005"), FailsBecause("CODE_INVALID"));
  const auto unknown = look("9520000000011");
  ASSERT_THAT(unknown, IsOk());
  EXPECT_FALSE(unknown->has_product());
}

TEST_F(ServiceTest, ListsArePagedAndScoped) {
  const pb::Lot lot = Receive(10);
  pb::ReceiveStockRequest other = Receiving(10);
  other.set_donor_lot_number("X2");
  other.mutable_good_until()->set_kind(type::v1::DATE_KIND_BEST_BEFORE);
  other.mutable_good_until()->set_date("2027-02");
  ASSERT_THAT(Call(&Stub::ReceiveStock, "volunteer", other), IsOk());
  pb::ListBalancesRequest balances;
  balances.set_page_size(1);
  const auto first = Call(&Stub::ListBalances, "volunteer", balances);
  ASSERT_THAT(first, IsOk());
  ASSERT_THAT(first->balances(), SizeIs(1));
  EXPECT_EQ(first->balances(0).lot().good_until().date(), "2027-02");  // first to expire first
  balances.set_page_token(first->next_page_token());
  const auto second = Call(&Stub::ListBalances, "volunteer", balances);
  ASSERT_THAT(second, IsOk());
  EXPECT_EQ(second->balances(0).lot().name(), lot.name());
  EXPECT_EQ(second->next_page_token(), "");
  balances.set_free_only(true);
  EXPECT_THAT(Call(&Stub::ListBalances, "volunteer", balances), FailsBecause("PAGE_TOKEN_INVALID"));
  pb::ListLotsRequest lots;
  EXPECT_THAT(Call(&Stub::ListLots, "donor", lots)->lots(), SizeIs(2));
  lots.set_donor_lot_number("X1");
  EXPECT_THAT(Call(&Stub::ListLots, "coordinator", lots)->lots(), SizeIs(1));
  pb::ListMovementsRequest movements;
  movements.set_place(shelf_);
  EXPECT_THAT(Call(&Stub::ListMovements, "auditor", movements)->movements(), SizeIs(2));
  pb::ListProductsRequest products;
  products.set_query("架空");
  EXPECT_THAT(Call(&Stub::ListProducts, "group", products)->products(), SizeIs(1));
  products.set_query("架 空メン");
  EXPECT_THAT(Call(&Stub::ListProducts, "group", products)->products(), SizeIs(1));
  products.set_query("%");
  EXPECT_THAT(Call(&Stub::ListProducts, "group", products)->products(), IsEmpty());
  pb::GetLotRequest get;
  get.set_name(lot.code());
  EXPECT_THAT(Call(&Stub::GetLot, "volunteer", get), IsOk());
  get.set_name("nothing");
  EXPECT_THAT(Call(&Stub::GetLot, "volunteer", get), FailsBecause("LOT_NOT_FOUND"));
  pb::IssueStockRequest issue = Issuing(lot, 4);  // another lot expires earlier
  issue.set_departure_reason("OTHER");
  ASSERT_THAT(Call(&Stub::IssueStock, "manager", issue), IsOk());
  pb::ListDeliveriesRequest deliveries;
  EXPECT_THAT(Call(&Stub::ListDeliveries, "group", deliveries)->deliveries(), SizeIs(1));
  EXPECT_THAT(Call(&Stub::ListDeliveries, "other group", deliveries)->deliveries(), IsEmpty());
}

TEST_F(ServiceTest, TheFeedWaitsForNews) {
  pb::ReadFeedRequest feed;
  feed.set_wait_milliseconds(5'000);
  std::thread later([&] {
    absl::SleepFor(absl::Milliseconds(150));
    Receive(5);
  });
  const absl::Time start = absl::Now();
  const auto read = Call(&Stub::ReadFeed, "service", feed);
  later.join();
  ASSERT_THAT(read, IsOk());
  EXPECT_THAT(read->entries(), SizeIs(1));
  EXPECT_LT(absl::Now() - start, absl::Seconds(4));
}

TEST_F(ServiceTest, TablesAreImportedOnce) {
  pb::ImportProductsRequest request;
  request.set_request_id(ids::NewUuid());
  request.set_table(
      "barcode,name,category,grams,items_per_case,temperature,allergens_contained,allergens_free\n"
      "9520000000011,架空カレー,retort,200,24,ambient,wheat;milk,egg\n"
      "9520000000004,架空めん,noodles,140,12,ambient,,\n");
  const auto imported = Call(&Stub::ImportProducts, "coordinator", request);
  ASSERT_THAT(imported, IsOk());
  EXPECT_THAT(imported->problems(), IsEmpty());
  EXPECT_EQ(imported->created_count(), 1);
  EXPECT_EQ(imported->skipped_count(), 1);
  request.set_request_id(ids::NewUuid());
  EXPECT_EQ(Call(&Stub::ImportProducts, "coordinator", request)->created_count(), 0);
  request.set_request_id(ids::NewUuid());
  request.set_table("barcode,name,category,grams,items_per_case,temperature\n9520000000012,,nothing,0,24,warm\n");
  const auto bad = Call(&Stub::ImportProducts, "coordinator", request);
  ASSERT_THAT(bad, IsOk());
  EXPECT_EQ(bad->problems_size(), 5);

  pb::ImportWarehousesRequest warehouses;
  warehouses.set_request_id(ids::NewUuid());
  warehouses.set_table(
      "warehouse_code,warehouse_name,operator_name,place_code,temperature\nEAST,東倉庫,ひがし,A-01,ambient\n"
      "WEST,西倉庫,にし運営,W-01,ambient\nWEST,西倉庫,にし運営,W-02,chilled\n");
  const auto places = Call(&Stub::ImportWarehouses, "coordinator", warehouses);
  ASSERT_THAT(places, IsOk());
  EXPECT_THAT(places->problems(), IsEmpty());
  EXPECT_EQ(places->created_count(), 2);
  EXPECT_EQ(places->skipped_count(), 1);
  ASSERT_THAT(registers_.operators, SizeIs(1));
  EXPECT_EQ(registers_.operators.begin()->second, "にし運営");
  EXPECT_THAT(Call(&Stub::ImportWarehouses, "coordinator", warehouses), IsOk());
}

TEST_F(ServiceTest, TakenNumbersAndCodesAreRefused) {
  pb::CreateProductRequest product;
  product.set_request_id(ids::NewUuid());
  *product.mutable_product() = *Call(&Stub::GetProduct, "donor", [] {
    pb::GetProductRequest get;
    get.set_name(ids::Name("products", kProduct));
    return get;
  }());
  const auto taken = Call(&Stub::CreateProduct, "coordinator", product);
  ASSERT_THAT(taken, FailsBecause("GTIN_TAKEN"));
  EXPECT_EQ(errors::MetadataOf(taken.status())["product"], ids::Name("products", kProduct));
  product.mutable_product()->set_gtin("9520000000005");
  product.mutable_product()->set_item_grams(0);
  const auto shape = Call(&Stub::CreateProduct, "coordinator", product);
  EXPECT_THAT(shape, Violates("product.gtin", "NOT_A_GTIN"));
  EXPECT_THAT(shape, Violates("product.item_grams", "OUT_OF_RANGE"));
  pb::CreatePlaceRequest place;
  place.set_request_id(ids::NewUuid());
  place.mutable_place()->set_warehouse(ids::Name("warehouses", kWarehouse));
  place.mutable_place()->set_code("A-01");
  place.mutable_place()->set_temperature_zone(type::v1::TEMPERATURE_ZONE_AMBIENT);
  EXPECT_THAT(Call(&Stub::CreatePlace, "stranger", place), FailsBecause("NOT_YOUR_ORGANISATION"));
  EXPECT_THAT(Call(&Stub::CreatePlace, "manager", place), FailsBecause("PLACE_CODE_TAKEN"));
}

}  // namespace
}  // namespace kubari::stock
