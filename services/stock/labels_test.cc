// Papers over the wire: labels whose codes are scanned back, delivery sheets whose texts are read.
#include "libs/labels/labels.h"

#include "libs/labels/testing.h"
#include "services/stock/labels_service.h"
#include "services/stock/movements_testing.h"

namespace kubari::stock {
namespace {

using namespace testing;  // NOLINT
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;
using ::testing::StartsWith;
using Papers = v1::LabelsService::Stub;

class LabelsTest : public MovementsTest {
 protected:
  LabelsTest() {
    const auto add = [&](const char* token, const std::string& organisation, Role role) {
      papers_server_.authenticator().Add(token, rpc::Person(kNetwork, organisation, role));
    };
    add("volunteer", kOperator, type::v1::ROLE_VOLUNTEER);
    add("auditor", Id(2, 8), type::v1::ROLE_AUDITOR);
    add("group", kGroup, type::v1::ROLE_GROUP);
    add("other group", kOtherGroup, type::v1::ROLE_GROUP);
    add("donor", kDonor, type::v1::ROLE_DONOR);
    papers_server_.Start({&papers_});
    papers_stub_ = v1::LabelsService::NewStub(papers_server_.channel());
  }
  ~LabelsTest() override { papers_server_.Stop(); }

  absl::StatusOr<pb::PrintLabelsResponse> Print(const pb::PrintLabelsRequest& request,
                                                const std::string& who = "volunteer") {
    return rpc::Invoke(&Papers::PrintLabels, *papers_stub_, papers_server_.As(who), request);
  }
  absl::StatusOr<pb::PrintDeliverySheetResponse> PrintSheet(const std::string& delivery, const std::string& who,
                                                            pb::PaperLanguage language = {}) {
    pb::PrintDeliverySheetRequest request;
    request.set_delivery(delivery);
    request.set_language(language);
    return rpc::Invoke(&Papers::PrintDeliverySheet, *papers_stub_, papers_server_.As(who), request);
  }
  static pb::PrintLabelsRequest Order(const std::string& lot, pb::LabelFormat format, int copies = 0) {
    pb::PrintLabelsRequest request;
    request.set_format(format);
    request.add_labels()->set_lot(lot);
    request.mutable_labels(0)->set_copies(copies);
    return request;
  }
  // What the QR code of the first label says.
  static std::string Scan(const std::string& pdf, labels::Format format, int position = 0) {
    const std::vector<labels::Picture> pages = labels::PicturesOf(pdf, 300);
    if (pages.empty()) return "no page";
    const labels::Geometry& g = labels::GeometryOf(format);
    const int row = position / g.columns, column = position % g.columns;
    const double height = g.roll() ? pages[0].height / pages[0].dots_per_mm : g.label_height;
    return labels::ReadQr(pages[0], {g.left + column * g.pitch_x, g.top + row * g.pitch_y, g.label_width, height}).text;
  }

  rpc::TestServer papers_server_;
  LabelsService papers_{papers_server_.dispatcher(),
                        Context{pool_, ledger_, writer_, catalogue_, reading_, registers_, clock_, rules_},
                        "https://food.example.org"};
  std::unique_ptr<Papers> papers_stub_;
};

TEST_F(LabelsTest, AnUnnamedPlaceIsWhereAllOfTheLotStands) {
  const pb::Lot lot = Receive(60);
  const auto text = [&] {
    const auto printed = Print(Order(lot.name(), pb::LABEL_FORMAT_ROLL_62));
    EXPECT_THAT(printed, IsOk());
    return labels::TextsOf(printed->pdf()).at(0);
  };
  EXPECT_THAT(text(), HasSubstr("東倉庫A-01"));
  pb::TransferStockRequest transfer;
  transfer.set_request_id(ids::NewUuid());
  transfer.set_lot(lot.name());
  transfer.set_from_place(shelf_);
  transfer.set_to_place(second_);
  transfer.set_items(20);
  ASSERT_THAT(Call(&Stub::TransferStock, "volunteer", transfer), IsOk());
  EXPECT_THAT(text(), HasSubstr("東倉庫"));
  EXPECT_THAT(text(), Not(HasSubstr("A-0")));
}

TEST_F(LabelsTest, EveryFormatNamesTheLotToPeopleAndToScanners) {
  const pb::Lot lot = Receive(60);
  const std::pair<pb::LabelFormat, labels::Format> formats[] = {
      {pb::LABEL_FORMAT_A4_24, labels::Format::kSheet24},
      {pb::LABEL_FORMAT_A4_12, labels::Format::kSheet12},
      {pb::LABEL_FORMAT_A4_21, labels::Format::kSheet21},
      {pb::LABEL_FORMAT_A4_24_MARGIN, labels::Format::kSheet24WithMargin},
      {pb::LABEL_FORMAT_ROLL_62, labels::Format::kRoll62}};
  for (const auto& [asked, format] : formats) {
    for (const pb::PaperLanguage language : {pb::PAPER_LANGUAGE_JAPANESE, pb::PAPER_LANGUAGE_ENGLISH}) {
      SCOPED_TRACE(pb::LabelFormat_Name(asked) + " " + pb::PaperLanguage_Name(language));
      pb::PrintLabelsRequest request = Order(lot.name(), asked);
      request.set_language(language);
      request.mutable_labels(0)->set_place(shelf_);
      const auto printed = Print(request);
      ASSERT_THAT(printed, IsOk());
      EXPECT_THAT(printed->pdf(), StartsWith("%PDF-"));
      EXPECT_EQ(printed->pages(), 1);
      EXPECT_EQ(printed->file_name(), "label-" + lot.code() + ".pdf");
      const std::vector<std::string> texts = labels::TextsOf(printed->pdf());
      ASSERT_THAT(texts, SizeIs(1));
      EXPECT_THAT(texts[0], HasSubstr(lot.code()));
      EXPECT_THAT(texts[0], HasSubstr("架空めん"));
      EXPECT_THAT(texts[0], HasSubstr("A-01"));
      const bool ja = language == pb::PAPER_LANGUAGE_JAPANESE;
      EXPECT_THAT(texts[0], HasSubstr(ja ? "2027年3月31日" : "31Mar2027"));
      EXPECT_THAT(texts[0], HasSubstr(ja ? "賞味期限" : "BESTBEFORE"));
      EXPECT_THAT(texts[0], HasSubstr(ja ? "常温" : "Ambient"));
      // The scanned code is a GS1 Digital Link, and means this lot and no other.
      const std::string link = Scan(printed->pdf(), format);
      EXPECT_EQ(link, "https://food.example.org/01/09520000000004/10/" + lot.code() + "?15=270331");
      pb::LookUpCodeRequest look_up;
      look_up.set_code(link);
      const auto meant = Call(&Stub::LookUpCode, "volunteer", look_up);
      ASSERT_THAT(meant, IsOk());
      ASSERT_THAT(meant->lots(), SizeIs(1));
      EXPECT_EQ(meant->lots(0).name(), lot.name());
      EXPECT_EQ(meant->product().display_name(), "架空めん");
    }
  }
}

TEST_F(LabelsTest, ManyLotsFillAStartedSheet) {
  const pb::Lot lot = Receive(60), other = ReceiveDated(10, "2027-05", "", "L7");
  pb::PrintLabelsRequest request = Order(lot.code(), pb::LABEL_FORMAT_A4_12, 9);
  request.add_labels()->set_lot(other.code());
  request.set_skip(3);
  const auto printed = Print(request);
  ASSERT_THAT(printed, IsOk());
  EXPECT_EQ(printed->pages(), 2);
  EXPECT_EQ(printed->file_name(), "labels.pdf");
  const std::vector<std::string> texts = labels::TextsOf(printed->pdf());
  ASSERT_THAT(texts, SizeIs(2));
  EXPECT_THAT(texts[0], Not(HasSubstr(other.code())));
  EXPECT_THAT(texts[1], HasSubstr(other.code()));
  EXPECT_THAT(texts[1], HasSubstr("2027年5月"));
  EXPECT_EQ(Scan(printed->pdf(), labels::Format::kSheet12, 0), "");  // gone already
  EXPECT_THAT(Scan(printed->pdf(), labels::Format::kSheet12, 3), HasSubstr(lot.code()));
}

TEST_F(LabelsTest, WhatCannotBePrintedIsSaid) {
  const pb::Lot lot = Receive(60);
  pb::PrintLabelsRequest bad = Order("", pb::LABEL_FORMAT_UNSPECIFIED, 501);
  bad.mutable_labels(0)->set_place("x");
  bad.set_skip(24);
  const auto shape = Print(bad);
  EXPECT_THAT(shape, Violates("labels[0].lot", "REQUIRED"));
  EXPECT_THAT(shape, Violates("labels[0].copies", "OUT_OF_RANGE"));
  EXPECT_THAT(shape, Violates("labels[0].place", "NOT_A_NAME"));
  EXPECT_THAT(shape, Violates("format", "REQUIRED"));
  EXPECT_THAT(shape, Violates("skip", "OUT_OF_RANGE"));
  pb::PrintLabelsRequest roll = Order(lot.name(), pb::LABEL_FORMAT_ROLL_62);
  roll.set_skip(1);
  EXPECT_THAT(Print(roll), Violates("skip", "OUT_OF_RANGE"));
  EXPECT_THAT(Print(pb::PrintLabelsRequest()), Violates("labels", "OUT_OF_RANGE"));
  pb::PrintLabelsRequest many = Order(lot.name(), pb::LABEL_FORMAT_A4_24, 500);
  for (int i = 0; i < 3; ++i) *many.add_labels() = many.labels(0);
  many.add_labels()->set_lot(lot.name());
  EXPECT_THAT(Print(many), Violates("labels", "TOO_MANY"));
  for (const std::string& unknown : {ids::Name("lots", Id(8, 99)), std::string("22222223"), std::string("なし")}) {
    const auto refused = Print(Order(unknown, pb::LABEL_FORMAT_A4_24));
    ASSERT_THAT(refused, FailsBecause("LOT_NOT_FOUND"));
    EXPECT_THAT(refused, SaysInBoth(unknown, unknown));
  }
  pb::PrintLabelsRequest nowhere = Order(lot.name(), pb::LABEL_FORMAT_A4_24);
  nowhere.mutable_labels(0)->set_place(ids::Name("places", Id(6, 99)));
  EXPECT_THAT(Print(nowhere), FailsBecause("PLACE_NOT_FOUND"));
  for (const char* who : {"donor", "group", "auditor"})
    EXPECT_THAT(Print(Order(lot.name(), pb::LABEL_FORMAT_A4_24), who), FailsBecause("ROLE_NOT_ALLOWED"));
}

TEST_F(LabelsTest, ADeliverySheetSaysWhatGoesAlong) {
  const pb::Lot lot = Receive(60), other = ReceiveDated(30, "2027-06-30", "", "L7");
  const pb::IssueStockRequest issue = Issuing(lot, 30);
  ASSERT_THAT(Call(&Stub::IssueStock, "manager", issue), IsOk());
  pb::IssueStockRequest second = Issuing(other, 25);
  second.set_departure_reason("味の指定");
  ASSERT_THAT(Call(&Stub::IssueStock, "manager", second), IsOk());
  // Part of it was not loaded after all.
  ASSERT_THAT(Call(&Stub::ReturnStock, "volunteer", Returning(other, 5, issue.delivery(), shelf_)), IsOk());
  const auto printed = PrintSheet(issue.delivery(), "group");
  ASSERT_THAT(printed, IsOk());
  EXPECT_THAT(printed->file_name(), StartsWith("delivery-"));
  const std::vector<std::string> texts = labels::TextsOf(printed->pdf());
  ASSERT_THAT(texts, SizeIs(1));
  for (const std::string& part :
       {std::string("納品書"), std::string("模擬ネットワーク"), std::string("みなみ食堂"), lot.code(), other.code(),
        std::string("架空めん"), std::string("2027年3月31日"), std::string("2026年12月1日")}) {
    EXPECT_THAT(texts[0], HasSubstr(part));
  }
  EXPECT_THAT(texts[0], HasSubstr("50"));  // in all
  EXPECT_THAT(texts[0], Not(HasSubstr("55")));
  const std::vector<labels::Picture> pages = labels::PicturesOf(printed->pdf(), 300);
  EXPECT_EQ(labels::ReadQr(pages[0], {0, 0, 210, 297}).text,
            "https://food.example.org/#/deliveries/" + issue.delivery().substr(11));
  const auto english = PrintSheet(issue.delivery(), "volunteer", pb::PAPER_LANGUAGE_ENGLISH);
  ASSERT_THAT(english, IsOk());
  EXPECT_THAT(labels::TextsOf(english->pdf())[0], Not(HasSubstr("納品書")));

  EXPECT_THAT(PrintSheet("x", "group"), Violates("delivery", "NOT_A_NAME"));
  EXPECT_THAT(PrintSheet(ids::Name("deliveries", Id(12, 99)), "group"), FailsBecause("DELIVERY_NOT_FOUND"));
  EXPECT_THAT(PrintSheet(issue.delivery(), "other group"), FailsBecause("NOT_YOUR_ORGANISATION"));
  EXPECT_THAT(PrintSheet(issue.delivery(), "donor"), FailsBecause("ROLE_NOT_ALLOWED"));
  EXPECT_THAT(PrintSheet(issue.delivery(), "auditor"), IsOk());
}

}  // namespace
}  // namespace kubari::stock
