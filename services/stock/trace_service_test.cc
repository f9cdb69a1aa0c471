// Traces over the wire: forward, backward and as files, through kits, splits, transfers, hubs and corrections; what
// each caller may learn of it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <regex>
#include <set>

#include "absl/strings/str_split.h"
#include "libs/tables/table.h"
#include "services/stock/world_testing.h"

namespace kubari::stock {
namespace {

using namespace testing;  // NOLINT
using errors::FailsBecause;
using errors::FailsWith;
using errors::Violates;
using Json = nlohmann::json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::StartsWith;
using ::testing::UnorderedElementsAre;

constexpr char kGtin[] = "09520000000004";

// The story that all traces below are of: noodles of two lots; the first is split, half of it goes into kits with the
// second, some of the rest to the other warehouse; kits go to the hub and on to the group that it serves; some noodles
// come straight from the donor. Mistakes are made, and undone.
class TraceTest : public WorldTest {
 protected:
  void Tell() {
    noodles_ = Bring(100, "X1");
    sauce_ = Bring(60, "X2");
    kit_product_ = AddProduct("夕食セット", "9520000000011", 280);
    // One receipt too many, undone.
    const auto twice = Call(&Stub::ReceiveStock, "coordinator", Bringing(5, "X1"));
    ASSERT_THAT(twice, IsOk());
    wrong_receipt_ = twice->movement().name();
    ASSERT_THAT(Undo(wrong_receipt_), IsOk());
    const auto split = Make(pb::TRANSFORMATION_KIND_SPLIT, {{noodles_, 40}}, {{"", 30}, {"", 10}});
    ASSERT_THAT(split.lots(), SizeIs(2));
    big_ = split.lots(0);
    small_ = split.lots(1);
    const auto kits = Make(pb::TRANSFORMATION_KIND_KIT, {{big_, 20}, {sauce_, 20}}, {{kit_product_, 20}});
    ASSERT_THAT(kits.lots(), SizeIs(1));
    kits_ = kits.lots(0);
    kitting_ = kits.transformation();
    // A split that was not wanted: nothing was made of it.
    const auto unwanted = Make(pb::TRANSFORMATION_KIND_SPLIT, {{sauce_, 6}}, {{"", 6}});
    ASSERT_THAT(unwanted.lots(), SizeIs(1));
    undone_ = unwanted.lots(0);
    ASSERT_THAT(Undo(unwanted.movements(0).name()), IsOk());
    Arrive(Send(small_, 10), small_, 7, 2);  // one still on its way, two broken
    clock_.Set(clock_.Now() + absl::Minutes(1));
    to_hub_ = Give(kits_, 12);
    Confirm(to_hub_);
    clock_.Set(clock_.Now() + absl::Minutes(1));
    onward_ = PassOn(kits_, 5);
    Confirm(onward_);
    const auto direct = Call(&Stub::DeliverDirect, "coordinator", Direct(8, "X1"));
    ASSERT_THAT(direct, IsOk());
    direct_ = direct->movement().delivery();
    ASSERT_THAT(Return(kits_, hub_, shelf_, 1), IsOk());
    // Thrown away; no, it was not; yes, it was.
    const auto thrown = Discard(noodles_, shelf_, 3);
    ASSERT_THAT(thrown, IsOk());
    const auto undone = Undo(thrown->movement().name());
    ASSERT_THAT(undone, IsOk());
    ASSERT_THAT(Undo(undone->movement().name()), IsOk());
    thrown_ = thrown->movement().name();
  }

  absl::StatusOr<pb::TraceResponse> Forward(const pb::Goods& goods, const std::string& who = "auditor") {
    pb::TraceForwardRequest request;
    *request.mutable_goods() = goods;
    return Ask(&Recalls::TraceForward, who, request);
  }
  absl::StatusOr<pb::TraceResponse> Backward(const std::string& subject, const std::string& who = "auditor") {
    pb::TraceBackwardRequest request;
    request.set_subject(subject);
    return Ask(&Recalls::TraceBackward, who, request);
  }
  absl::StatusOr<pb::ExportTraceResponse> Export(const pb::Goods& goods, pb::TraceFormat format,
                                                 const std::string& who = "coordinator") {
    pb::ExportTraceRequest request;
    *request.mutable_goods() = goods;
    request.set_format(format);
    return Ask(&Recalls::ExportTrace, who, request);
  }
  static std::vector<std::string> Codes(const pb::TraceResponse& trace) {
    std::vector<std::string> codes;
    for (const pb::Lot& lot : trace.lots()) codes.push_back(lot.code());
    return codes;
  }
  static std::string Link(const pb::Lot& from, const pb::Lot& to, int64_t in, int64_t out) {
    return absl::StrCat(from.name(), ">", to.name(), " ", in, ">", out);
  }
  static std::vector<std::string> Links(const pb::TraceResponse& trace) {
    std::vector<std::string> links;
    for (const pb::LotLink& link : trace.links())
      links.push_back(absl::StrCat(link.from_lot(), ">", link.to_lot(), " ", link.from_items(), ">", link.to_items()));
    return links;
  }
  // "code kind party items"
  static std::vector<std::string> Holders(const pb::TraceResponse& trace) {
    std::vector<std::string> holders;
    for (const pb::LotHolder& holder : trace.holders()) {
      holders.push_back(absl::StrCat(holder.lot().code(), " ", pb::PlaceKind_Name(holder.place().kind()).substr(11),
                                     " ", holder.place().display_name(), " ", holder.items()));
    }
    return holders;
  }
  static std::vector<std::string> Deliveries(const pb::TraceResponse& trace) {
    std::vector<std::string> names;
    for (const pb::Delivery& delivery : trace.deliveries()) names.push_back(delivery.name());
    return names;
  }
  static std::string Urn(const std::string& name) { return "urn:uuid:" + name.substr(name.find('/') + 1); }

  pb::Lot noodles_, sauce_, big_, small_, kits_, undone_;
  std::string kit_product_, wrong_receipt_, thrown_, kitting_, to_hub_, onward_, direct_;
};

// Forward ------------------------------------------------------------------------------------------------------------

TEST_F(TraceTest, ForwardFindsEverythingMadeOfTheGoodsAndWhereItIs) {
  ASSERT_NO_FATAL_FAILURE(Tell());
  const auto trace = Forward(GoodsOf({noodles_}));
  ASSERT_THAT(trace, IsOk());
  EXPECT_EQ(Codes(*trace)[0], noodles_.code());
  EXPECT_THAT(Codes(*trace), UnorderedElementsAre(noodles_.code(), big_.code(), small_.code(), kits_.code()));
  EXPECT_THAT(Links(*trace), UnorderedElementsAre(Link(noodles_, big_, 40, 30), Link(noodles_, small_, 40, 10),
                                                  Link(big_, kits_, 20, 20)));
  for (const pb::LotLink& link : trace->links()) EXPECT_THAT(link.transformation(), StartsWith("transformations/"));
  EXPECT_THAT(
      Holders(*trace),
      UnorderedElementsAre(noodles_.code() + " SHELF 東倉庫 A-01 57", noodles_.code() + " WASTE 廃棄 3",
                           noodles_.code() + " DELIVERY みなみ食堂（配送中） 8", big_.code() + " SHELF 東倉庫 A-01 10",
                           small_.code() + " SHELF 西倉庫 W-01 7", small_.code() + " TRANSIT 西倉庫（移動中） 1",
                           small_.code() + " ADJUSTMENT 差異調整 2", kits_.code() + " SHELF 東倉庫 A-01 9",
                           kits_.code() + " GROUP みなみ食堂 6", kits_.code() + " GROUP きた食堂 5"));
  for (int i = 1; i < trace->holders_size(); ++i) EXPECT_GE(trace->holders(i - 1).items(), trace->holders(i).items());
  // All of it came from one donor; the receipt that was undone does not count.
  ASSERT_THAT(trace->sources(), SizeIs(1));
  const pb::LotSource& source = trace->sources(0);
  EXPECT_EQ(source.lot(), noodles_.name());
  EXPECT_EQ(source.donor_display_name(), "架空食品");
  EXPECT_EQ(source.offer(), registers_.offer.name());
  EXPECT_EQ(source.offer_title(), "春の寄付");
  EXPECT_EQ(source.donor_lot_number(), "X1");
  EXPECT_EQ(source.received_items(), 108);
  EXPECT_THAT(Deliveries(*trace), ElementsAre(direct_, onward_, to_hub_));
  EXPECT_EQ(trace->deliveries(1).source().display_name(), "みなみ食堂");
  EXPECT_FALSE(trace->incomplete());
  // The other ingredient, by number and date.
  const auto sauce = Forward(GoodsBy(kGtin, "2027-03", "X2"));
  ASSERT_THAT(sauce, IsOk());
  EXPECT_THAT(Codes(*sauce), ElementsAre(sauce_.code(), kits_.code()));
  EXPECT_THAT(Links(*sauce), ElementsAre(Link(sauce_, kits_, 20, 20)));
}

TEST_F(TraceTest, WhatWasUndoneWasNotMade) {
  ASSERT_NO_FATAL_FAILURE(Tell());
  const auto sauce = Forward(GoodsOf({sauce_}));
  ASSERT_THAT(sauce, IsOk());
  EXPECT_THAT(Codes(*sauce), ::testing::Not(::testing::Contains(undone_.code())));
  const auto undone = Forward(GoodsOf({undone_}));
  ASSERT_THAT(undone, IsOk());
  EXPECT_THAT(Codes(*undone), ElementsAre(undone_.code()));
  EXPECT_THAT(undone->holders(), IsEmpty());
  EXPECT_THAT(undone->sources(), IsEmpty());
  const auto back = Backward(undone_.name());
  ASSERT_THAT(back, IsOk());
  EXPECT_THAT(Codes(*back), ElementsAre(undone_.code()));
}

// Backward -----------------------------------------------------------------------------------------------------------

TEST_F(TraceTest, BackwardFindsWhatADeliveryCameFrom) {
  ASSERT_NO_FATAL_FAILURE(Tell());
  const auto trace = Backward(onward_);
  ASSERT_THAT(trace, IsOk());
  EXPECT_EQ(Codes(*trace)[0], kits_.code());
  EXPECT_THAT(Codes(*trace), UnorderedElementsAre(kits_.code(), big_.code(), sauce_.code(), noodles_.code()));
  EXPECT_THAT(Links(*trace), UnorderedElementsAre(Link(big_, kits_, 20, 20), Link(sauce_, kits_, 20, 20),
                                                  Link(noodles_, big_, 40, 30)));
  EXPECT_THAT(Holders(*trace), ElementsAre(kits_.code() + " GROUP きた食堂 5"));
  // By way of the hub.
  EXPECT_THAT(Deliveries(*trace), ElementsAre(onward_, to_hub_));
  ASSERT_THAT(trace->sources(), SizeIs(2));
  std::set<std::string> numbers;
  for (const pb::LotSource& source : trace->sources()) numbers.insert(source.donor_lot_number());
  EXPECT_THAT(numbers, ElementsAre("X1", "X2"));
  // What is still on its way is with whom it goes to.
  const auto straight = Backward(direct_);
  ASSERT_THAT(straight, IsOk());
  EXPECT_THAT(Holders(*straight), ElementsAre(noodles_.code() + " DELIVERY みなみ食堂（配送中） 8"));
  EXPECT_THAT(Deliveries(*straight), ElementsAre(direct_));
  EXPECT_EQ(straight->deliveries(0).source().kind(), pb::PLACE_KIND_DONOR);
}

TEST_F(TraceTest, BackwardFindsWhatALotCameFrom) {
  ASSERT_NO_FATAL_FAILURE(Tell());
  for (const std::string& subject : {kits_.name(), kits_.code(), absl::AsciiStrToLower(kits_.code())}) {
    const auto trace = Backward(subject, "manager");
    ASSERT_THAT(trace, IsOk());
    EXPECT_THAT(Codes(*trace), UnorderedElementsAre(kits_.code(), big_.code(), sauce_.code(), noodles_.code()));
    EXPECT_THAT(trace->holders(), IsEmpty());
    EXPECT_THAT(trace->deliveries(), IsEmpty());
    EXPECT_THAT(trace->sources(), SizeIs(2));
  }
  // Its sister is not what it was made of.
  const auto small = Backward(small_.name());
  ASSERT_THAT(small, IsOk());
  EXPECT_THAT(Codes(*small), ElementsAre(small_.code(), noodles_.code()));
}

TEST_F(TraceTest, AGroupTracesWhatItReceivedAndNoMore) {
  ASSERT_NO_FATAL_FAILURE(Tell());
  const auto trace = Backward(onward_, "other group");
  ASSERT_THAT(trace, IsOk());
  EXPECT_THAT(Codes(*trace), SizeIs(4));
  EXPECT_THAT(Deliveries(*trace), ElementsAre(onward_));  // not the hub's
  // Its own hub it knows.
  EXPECT_EQ(trace->deliveries(0).source().display_name(), "みなみ食堂");
  EXPECT_EQ(trace->deliveries(0).source().party(), hub_);
  // Where from, but not from whom.
  for (const pb::LotSource& source : trace->sources()) {
    EXPECT_EQ(source.donor_display_name(), "");
    EXPECT_EQ(source.donor(), "");
    EXPECT_EQ(source.offer(), "");
    EXPECT_EQ(source.offer_title(), "");
    EXPECT_NE(source.donor_lot_number(), "");
    EXPECT_GT(source.received_items(), 0);
  }
  for (const pb::Lot& lot : trace->lots()) EXPECT_EQ(lot.donor_display_name(), "");
  EXPECT_THAT(Backward(to_hub_, "other group"), FailsBecause("NOT_YOUR_ORGANISATION"));
  EXPECT_THAT(Backward(kits_.code(), "other group"), IsOk());
  EXPECT_THAT(Backward(small_.code(), "other group"), FailsBecause("NOT_YOUR_ORGANISATION"));
  EXPECT_THAT(Deliveries(*Backward(to_hub_, "group")), ElementsAre(to_hub_));
  for (const char* who : {"volunteer", "donor"})
    EXPECT_THAT(Backward(onward_, who), FailsBecause("ROLE_NOT_ALLOWED")) << who;
  for (const char* who : {"volunteer", "donor", "group"}) {
    EXPECT_THAT(Forward(GoodsOf({noodles_}), who), FailsBecause("ROLE_NOT_ALLOWED")) << who;
    EXPECT_THAT(Export(GoodsOf({noodles_}), pb::TRACE_FORMAT_CSV, who), FailsBecause("ROLE_NOT_ALLOWED")) << who;
  }
  EXPECT_THAT(Export(GoodsOf({noodles_}), pb::TRACE_FORMAT_CSV, "manager"), FailsBecause("ROLE_NOT_ALLOWED"));
  EXPECT_THAT(Forward(GoodsBy(kGtin), "coordinator of another network"), FailsBecause("NO_SUCH_GOODS"));
  EXPECT_THAT(Backward(onward_, "coordinator of another network"), FailsBecause("DELIVERY_NOT_FOUND"));
  EXPECT_THAT(Backward(kits_.code(), "coordinator of another network"), FailsBecause("LOT_NOT_FOUND"));
}

TEST_F(TraceTest, ADonorThatMayBeNamedIsNamed) {
  registers_.offer.mutable_conditions()->set_donor_may_be_named(true);
  const pb::Lot lot = Bring(10, "X1");
  const std::string delivery = Give(lot, 5);
  const auto trace = Backward(delivery, "group");
  ASSERT_THAT(trace, IsOk());
  ASSERT_THAT(trace->sources(), SizeIs(1));
  EXPECT_EQ(trace->sources(0).donor_display_name(), "架空食品");
  EXPECT_EQ(trace->sources(0).offer_title(), "春の寄付");
}

TEST_F(TraceTest, OddQuestionsGetTheirAnswer) {
  const pb::Lot lot = Bring(10, "X1");
  EXPECT_THAT(Backward(""), Violates("subject", "REQUIRED"));
  EXPECT_THAT(Backward("groups/" + kGroup), Violates("subject", "NOT_A_NAME"));
  EXPECT_THAT(Backward(ids::Name("deliveries", ids::NewUuid())), FailsBecause("DELIVERY_NOT_FOUND"));
  EXPECT_THAT(Backward(ids::Name("lots", ids::NewUuid())), FailsBecause("LOT_NOT_FOUND"));
  EXPECT_THAT(Forward({}), Violates("goods", "REQUIRED"));
  EXPECT_THAT(Forward(GoodsBy(kGtin, "", "X9")), FailsBecause("NO_SUCH_GOODS"));
  EXPECT_THAT(Export(GoodsBy(kGtin, "", "X9"), pb::TRACE_FORMAT_CSV), FailsBecause("NO_SUCH_GOODS"));
  EXPECT_THAT(Export(GoodsOf({lot}), pb::TRACE_FORMAT_UNSPECIFIED), Violates("format", "REQUIRED"));
  // A delivery of which everything was undone was none.
  const auto given = Call(&Stub::IssueStock, "coordinator", Giving(lot, 1));
  ASSERT_THAT(given, IsOk());
  ASSERT_THAT(Undo(given->movement().name()), IsOk());
  EXPECT_THAT(Backward(given->movement().delivery()), FailsBecause("DELIVERY_NOT_FOUND"));
  EXPECT_THAT(Forward(GoodsOf({lot}))->deliveries(), IsEmpty());
}

// Limits -------------------------------------------------------------------------------------------------------------

TEST_F(TraceTest, WhatIsTooMuchIsCutOrRefused) {
  // More than 1,000 lots of one product, made by the database itself to save a thousand calls.
  const pb::Lot lot = Bring(10, "X1");
  pg::testing::Sql(database_.superuser, absl::StrCat(R"(
    SET kubari.network = ')",
                                                     kNetwork, R"(';
    INSERT INTO stock.lots SELECT (jsonb_populate_record(NULL::stock.lots, to_jsonb(l) || jsonb_build_object(
      'lot_id', gen_random_uuid(), 'code', 'C' || n, 'donor_lot_number', 'N' || n, 'number', 1000 + n))).*
    FROM stock.lots l, generate_series(1, 1000) n WHERE l.donor_lot_number = 'X1')"));
  const auto trace = Forward(GoodsBy(kGtin));
  ASSERT_THAT(trace, IsOk());
  EXPECT_THAT(trace->lots(), SizeIs(1000));
  EXPECT_TRUE(trace->incomplete());
  const auto file = Export(GoodsBy(kGtin), pb::TRACE_FORMAT_CSV);
  ASSERT_THAT(file, FailsBecause("TRACE_TOO_LONG"));
  EXPECT_THAT(file, FailsWith(absl::StatusCode::kFailedPrecondition));
  EXPECT_EQ(errors::MetadataOf(file.status())["lots"], "1000");
  EXPECT_THAT(errors::MessageIn("ja", file.status()), HasSubstr("絞り込んで"));
  // A preview and a recall count all of them, and show a thousand.
  pb::PreviewRecallRequest preview;
  *preview.mutable_goods() = GoodsBy(kGtin);
  EXPECT_THAT(Ask(&Recalls::PreviewRecall, "coordinator", preview)->lots(), SizeIs(1000));
  const pb::Recall recall = Open(GoodsBy(kGtin));
  EXPECT_EQ(recall.lot_count(), 1001);
  EXPECT_THAT(recall.lots(), SizeIs(1000));
  EXPECT_THAT(Forward(GoodsOf({lot}))->lots(), SizeIs(1));
}

// As a file ----------------------------------------------------------------------------------------------------------

TEST_F(TraceTest, TheTableHasARowForEveryMovement) {
  ASSERT_NO_FATAL_FAILURE(Tell());
  const auto file = Export(GoodsOf({noodles_}), pb::TRACE_FORMAT_CSV);
  ASSERT_THAT(file, IsOk());
  EXPECT_EQ(file->file_name(), "trace-" + noodles_.code() + ".csv");
  EXPECT_EQ(file->content_type(), "text/csv; charset=utf-8");
  EXPECT_THAT(file->content(), StartsWith("\xEF\xBB\xBF"));
  tables::CellErrors wrong;
  const auto table = tables::Table::Read(file->content(),
                                      {{.name = "番号"},
                                       {.name = "種別"},
                                       {.name = "訂正した種別"},
                                       {.name = "訂正した番号"},
                                       {.name = "増減"},
                                       {.name = "ロット"},
                                       {.name = "元のロット"},
                                       {.name = "できたロット"},
                                       {.name = "から"},
                                       {.name = "へ"},
                                       {.name = "入出庫ID"},
                                       {.name = "寄付者"}},
                                      {}, wrong);
  ASSERT_TRUE(table.has_value());
  EXPECT_TRUE(wrong.empty());
  // Every movement of the lots, and of the transformations that they were part of: of the sauce what went into the
  // kits.
  std::set<std::string> lots;
  std::map<std::string, int64_t> sums;  // of each lot: what is somewhere now came from somewhere
  int64_t last = -1;
  int rows_of_wrong = 0;
  for (const tables::Row& row : table->rows()) {
    const auto cell = [&](const char* column) { return std::string(table->Cell(row, column)); };
    int64_t position = 0;
    ASSERT_TRUE(absl::SimpleAtoi(cell("番号"), &position));
    EXPECT_GT(position, last);
    last = position;
    lots.insert(cell("ロット"));
    if (cell("入出庫ID") == wrong_receipt_) {
      ++rows_of_wrong;
      EXPECT_EQ(cell("種別"), "入庫");
    }
    if (cell("種別") == "訂正" && cell("訂正した種別") == "入庫") {
      EXPECT_EQ(cell("増減"), "-5");
      ++rows_of_wrong;
    }
    if (cell("ロット") == kits_.code()) {
      // All that it was made of, whichever part was asked for.
      EXPECT_THAT(std::vector<std::string>(absl::StrSplit(cell("元のロット"), ' ')),
                  UnorderedElementsAre(big_.code(), sauce_.code()));
      EXPECT_EQ(cell("できたロット"), "");
    }
    if (cell("種別") == "二次配布") {
      EXPECT_EQ(cell("から"), "みなみ食堂");
      EXPECT_EQ(cell("へ"), "きた食堂（配送中）");
    }
    if (cell("ロット") == noodles_.code()) {
      EXPECT_EQ(cell("寄付者"), "架空食品");
    }
  }
  EXPECT_EQ(rows_of_wrong, 2);
  EXPECT_THAT(lots, UnorderedElementsAre(noodles_.code(), big_.code(), small_.code(), kits_.code(), sauce_.code()));
  const std::string counted = pg::testing::Sql(
      database_.superuser,
      absl::StrCat("SET kubari.network = '", kNetwork,
                   "'; SELECT count(*) FROM stock.ledger_entries e WHERE lot_id IN ('", noodles_.name().substr(5),
                   "', '", big_.name().substr(5), "', '", small_.name().substr(5), "', '", kits_.name().substr(5),
                   "') OR operation_id = '", kitting_.substr(16), "'"));
  EXPECT_EQ(absl::StrCat(table->rows().size()), counted);

  const auto english = Export(GoodsBy(kGtin, "", "X1"), pb::TRACE_FORMAT_CSV, "english coordinator");
  ASSERT_THAT(english, IsOk());
  EXPECT_THAT(english->content(), StartsWith("\xEF\xBB\xBFposition,occurred,"));
  EXPECT_THAT(english->content(), HasSubstr(",PASS_ON,"));
  EXPECT_EQ(english->file_name(), absl::StrCat("trace-", kGtin, ".csv"));
  EXPECT_EQ(Export(GoodsOf({noodles_, sauce_}), pb::TRACE_FORMAT_CSV)->file_name(), "trace-lots.csv");
}

// EPCIS
// ----------------------------------------------------------------------------------------------------------------

bool OneOf(const Json& value, const std::set<std::string>& known) { return known.count(value.get<std::string>()) > 0; }

void CheckQuantities(const Json& list) {
  std::set<std::string> classes;
  for (const Json& element : list) {
    EXPECT_TRUE(std::regex_match(element["epcClass"].get<std::string>(),
                                 std::regex("https://id\\.gs1\\.org/01/[0-9]{14}/10/.+|urn:uuid:[0-9a-f-]{36}")));
    EXPECT_GT(element["quantity"].get<int64_t>(), 0);
    EXPECT_TRUE(classes.insert(element["epcClass"]).second) << "a class twice: " << list.dump();
  }
  EXPECT_FALSE(list.empty());
}

// What EPCIS 2.0 (section 9, JSON) asks of an event: which fields are there, and values of the Core Business
// Vocabulary.
void CheckEvent(const Json& event) {
  SCOPED_TRACE(event.dump());
  static const std::set<std::string> kCommon = {"type",
                                                "eventID",
                                                "eventTime",
                                                "eventTimeZoneOffset",
                                                "recordTime",
                                                "bizStep",
                                                "disposition",
                                                "readPoint",
                                                "bizLocation",
                                                "errorDeclaration",
                                                "persistentDisposition",
                                                "bizTransactionList",
                                                "sourceList",
                                                "destinationList"};
  static const std::map<std::string, std::set<std::string>> kOwn = {
      {"ObjectEvent", {"action", "quantityList"}},
      {"AggregationEvent", {"action", "parentID", "childQuantityList"}},
      {"TransactionEvent", {"action", "quantityList"}},
      {"TransformationEvent", {"inputQuantityList", "outputQuantityList", "transformationID"}}};
  static const std::regex kTime("[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}\\.[0-9]{3}[+-][0-9]{2}:[0-9]{2}");
  static const std::regex kUri("urn:uuid:[0-9a-f-]{36}");
  const auto matches = [](const Json& value, const std::regex& form) {
    return std::regex_match(value.get<std::string>(), form);
  };
  const auto own = kOwn.find(event["type"]);
  ASSERT_NE(own, kOwn.end());
  for (const auto& [key, value] : event.items())
    EXPECT_TRUE(kCommon.count(key) + own->second.count(key) > 0 || absl::StartsWith(key, "kubari:")) << key;
  for (const std::string& key : own->second) {
    ASSERT_TRUE(event.contains(key)) << key;
    if (absl::EndsWith(key, "QuantityList") || key == "quantityList") CheckQuantities(event[key]);
  }
  EXPECT_TRUE(matches(event["eventTime"], kTime));
  EXPECT_TRUE(matches(event["recordTime"], kTime));
  EXPECT_TRUE(matches(event["eventTimeZoneOffset"], std::regex("[+-](0[0-9]|1[0-4]):[0-5][0-9]")));
  EXPECT_TRUE(matches(event["eventID"], kUri));
  EXPECT_TRUE(OneOf(event["bizStep"], {"receiving", "inspecting", "storing", "destroying", "stock_taking", "shipping",
                                       "loading", "unloading", "assembling", "repackaging"}));
  EXPECT_TRUE(OneOf(event["disposition"], {"in_progress", "in_transit", "returned", "destroyed", "damaged", "expired",
                                           "mismatch_quantity", "mismatch_class", "non_conformant"}));
  if (event.contains("action")) {
    EXPECT_TRUE(OneOf(event["action"], {"ADD", "OBSERVE", "DELETE"}));
  }
  if (event["type"] == "TransactionEvent") {
    EXPECT_TRUE(event.contains("bizTransactionList"));
  }
  for (const char* place : {"readPoint", "bizLocation"}) {
    if (event.contains(place)) {
      EXPECT_TRUE(matches(event[place]["id"], kUri));
    }
  }
  for (const auto& [list, field] : {std::pair("sourceList", "source"), std::pair("destinationList", "destination"),
                                    std::pair("bizTransactionList", "bizTransaction")}) {
    if (!event.contains(list)) continue;
    EXPECT_FALSE(event[list].empty());
    for (const Json& one : event[list]) {
      EXPECT_TRUE(matches(one[field], kUri));
      if (one.contains("type")) {
        EXPECT_TRUE(OneOf(one["type"], {"possessing_party", "desadv"}));
      }
    }
  }
  if (!event.contains("errorDeclaration")) return;
  const Json& declaration = event["errorDeclaration"];
  EXPECT_TRUE(matches(declaration["declarationTime"], kTime));
  if (declaration.contains("reason")) {
    EXPECT_TRUE(OneOf(declaration["reason"], {"did_not_occur", "incorrect_data"}));
  }
}

TEST_F(TraceTest, TheEpcisDocumentTellsTheWholeStory) {
  ASSERT_NO_FATAL_FAILURE(Tell());
  const auto file = Export(GoodsOf({noodles_}), pb::TRACE_FORMAT_EPCIS, "auditor");
  ASSERT_THAT(file, IsOk());
  EXPECT_EQ(file->content_type(), "application/ld+json");
  EXPECT_EQ(file->file_name(), "trace-" + noodles_.code() + ".epcis.jsonld");
  const Json document = Json::parse(file->content());
  EXPECT_EQ(document["@context"][0], "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld");
  EXPECT_EQ(document["type"], "EPCISDocument");
  EXPECT_EQ(document["schemaVersion"], "2.0");
  EXPECT_TRUE(document.contains("creationDate"));
  const Json& events = document["epcisBody"]["eventList"];
  std::map<std::string, int> types;
  std::set<std::string> ids;
  for (const Json& event : events) {
    CheckEvent(event);
    ++types[event["type"]];
    // An id comes again only to declare that event an error.
    EXPECT_TRUE(ids.insert(event["eventID"]).second != event.contains("errorDeclaration")) << event.dump();
  }
  EXPECT_EQ(types["TransformationEvent"], 2);
  EXPECT_EQ(types["AggregationEvent"], 3);  // loaded, unloaded, broken
  EXPECT_EQ(types["TransactionEvent"], 5);  // to the hub and there, on and there, straight
  // Kits: all that went in, whichever lot was asked for.
  for (const Json& event : events) {
    if (event["type"] != "TransformationEvent" || event["transformationID"] != Urn(kitting_)) continue;
    EXPECT_EQ(event["bizStep"], "assembling");
    EXPECT_THAT(event["inputQuantityList"], SizeIs(2));
    EXPECT_EQ(event["outputQuantityList"][0]["epcClass"], "https://id.gs1.org/01/09520000000011/10/" + kits_.code());
    EXPECT_EQ(event["outputQuantityList"][0]["quantity"], 20);
  }
  // The receipt too many: said, and then said to be wrong.
  std::vector<Json> receipts, thrown;
  for (const Json& event : events) {
    if (event["eventID"] == Urn(wrong_receipt_)) receipts.push_back(event);
    if (event["eventID"] == Urn(thrown_)) thrown.push_back(event);
  }
  ASSERT_THAT(receipts, SizeIs(2));
  EXPECT_EQ(receipts[0]["quantityList"][0]["quantity"], 5);
  EXPECT_FALSE(receipts[0].contains("errorDeclaration"));
  EXPECT_EQ(receipts[1]["errorDeclaration"]["reason"], "did_not_occur");
  EXPECT_FALSE(receipts[1]["errorDeclaration"].contains("correctiveEventIDs"));
  // Thrown away after all: the declaration names the event that holds.
  ASSERT_THAT(thrown, SizeIs(2));
  ASSERT_THAT(thrown[1]["errorDeclaration"]["correctiveEventIDs"], SizeIs(1));
  const std::string holds = thrown[1]["errorDeclaration"]["correctiveEventIDs"][0];
  const auto again = std::find_if(events.begin(), events.end(), [&](const Json& e) { return e["eventID"] == holds; });
  ASSERT_NE(again, events.end());
  EXPECT_EQ((*again)["bizStep"], "destroying");
  EXPECT_EQ((*again)["quantityList"][0]["quantity"], 3);
  // Asked again, the same but for the time of asking.
  EXPECT_EQ(Export(GoodsOf({noodles_}), pb::TRACE_FORMAT_EPCIS, "auditor")->content(), file->content());
}

TEST_F(TraceTest, AFullFileStillFitsIntoAMessage) {
  // 10,000 movements of one lot; written by the ledger's own rules, many at a time.
  const pb::Lot lot = Bring(10'000, std::string(20, 'X'));
  pb::RecordMovementsRequest batch;
  for (int sent = 1; sent < 10'000; sent += batch.requests_size()) {
    batch.clear_requests();
    for (int i = 0; i < std::min(500, 10'000 - sent); ++i) {
      pb::DiscardStockRequest& discard = *batch.add_requests()->mutable_discard();
      discard.set_request_id(ids::NewUuid());
      discard.set_lot(lot.name());
      discard.set_place(shelf_);
      discard.set_items(1);
      discard.set_reason("OTHER");
      discard.set_note("箱が濡れていた");
    }
    ASSERT_THAT(Call(&Stub::RecordMovements, "coordinator", batch), IsOk());
  }
  for (const pb::TraceFormat format : {pb::TRACE_FORMAT_CSV, pb::TRACE_FORMAT_EPCIS}) {
    const auto file = Export(GoodsOf({lot}), format);
    ASSERT_THAT(file, IsOk());
    EXPECT_LT(file->content().size(), 16u << 20);
    EXPECT_GT(file->content().size(), 1u << 20);
  }
  ASSERT_THAT(Discard(lot, shelf_, 1), IsOk());
  const auto refused = Export(GoodsOf({lot}), pb::TRACE_FORMAT_CSV);
  ASSERT_THAT(refused, FailsBecause("TRACE_TOO_LONG"));
  EXPECT_EQ(errors::MetadataOf(refused.status())["movements"], "10001");
}

}  // namespace
}  // namespace kubari::stock
