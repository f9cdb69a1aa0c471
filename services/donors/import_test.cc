// Imports over the wire.
#include "libs/tables/encoding.h"
#include "libs/tables/xlsx_writer.h"
#include "services/donors/handler_test.h"

namespace kubari::donors {
namespace {

using errors::FailsBecause;
using errors::IsOk;
using errors::Violates;
using Stub = v1::DonorsService::Stub;

constexpr char kDonorHeader[] =
    "code,name,municipality_code,agreement_title,agreement_from,agreement_to,min_compliance_level,"
    "min_remaining_days,excluded_prefectures,may_be_named,latitude,longitude,contact_email\n";
constexpr char kOfferHeader[] =
    "offer_code,donor_code,title,ready_date,barcode,cases,items_per_case,date_kind,date,lot_number,"
    "min_lot_cases,temperature,remarks\n";

class ImportsTest : public DonorsTest {
 protected:
  absl::StatusOr<v1::ImportDonorsResponse> Donors(const std::string& rows, bool dry_run = false,
                                                  const std::string& request_id = NewId()) {
    v1::ImportDonorsRequest request;
    request.set_request_id(request_id);
    request.set_table(kDonorHeader + rows);
    request.set_dry_run(dry_run);
    return Do(&Stub::ImportDonors, "coordinator", request);
  }
  absl::StatusOr<v1::ImportOffersResponse> Offers(const std::string& rows, const std::string& who = "coordinator",
                                                  bool dry_run = false) {
    v1::ImportOffersRequest request;
    request.set_request_id(NewId());
    request.set_table(kOfferHeader + rows);
    request.set_dry_run(dry_run);
    return Do(&Stub::ImportOffers, who, request);
  }
  template <typename Response>
  static std::multiset<std::string> Problems(const Response& response) {
    std::multiset<std::string> all;
    for (const type::v1::ImportProblem& problem : response.problems()) {
      EXPECT_FALSE(problem.message().empty());
      EXPECT_FALSE(problem.message_ja().empty());
      all.insert(absl::StrCat(problem.row(), " ", problem.column(), " ", problem.reason()));
    }
    return all;
  }
  int64_t Count(const std::string& table) {
    return std::stoll(pg::testing::Sql(database_.superuser, "SELECT count(*) FROM donors." + table));
  }
};
using Set = std::multiset<std::string>;

TEST_F(ImportsTest, DonorsComeWithTheirAgreementsAndOnce) {
  const std::string rows =
      "D-1,配り食品,13101,合意書,2026/4/1,,hygiene,30,1;13,○,35.68,139.76,info@example.org\n"
      "D-2,別の食品,27100,合意書,2026-04-01,2027-03-31,,,,,,,\n";
  auto dry = Donors(rows, /*dry_run=*/true);
  ASSERT_THAT(dry, IsOk());
  EXPECT_EQ(dry->created_count(), 2);
  EXPECT_EQ(Count("donors"), 0);
  EXPECT_TRUE(identity_.organisations().empty());
  const std::string request_id = NewId();
  const auto made = Donors(rows, false, request_id);
  ASSERT_THAT(made, IsOk());
  EXPECT_EQ(made->created_count(), 2);
  EXPECT_EQ(identity_.organisations().size(), 2u);
  EXPECT_EQ(Donors(rows, false, request_id)->created_count(), 2) << "a replay gives the first answer";
  const auto again = Donors(rows + "D-3,三番,01100,合意書,2026-04-01,,,,,,,,\n");
  ASSERT_THAT(again, IsOk());
  EXPECT_EQ(again->created_count(), 1);
  EXPECT_EQ(again->skipped_count(), 2);
  EXPECT_EQ(Count("donors"), 3);
  EXPECT_EQ(Count("agreements"), 3);
  v1::ListDonorsRequest list;
  list.set_query("d-1");
  const auto found = Do(&Stub::ListDonors, "coordinator", list);
  ASSERT_EQ(found->donors_size(), 1);
  const v1::Donor& donor = found->donors(0);
  EXPECT_TRUE(donor.agreement_in_force());
  EXPECT_EQ(donor.agreements(0).conditions().excluded_prefectures(0), "01");
  EXPECT_EQ(donor.agreements(0).conditions().min_compliance_level(), type::v1::COMPLIANCE_LEVEL_HYGIENE);
  EXPECT_TRUE(donor.agreements(0).conditions().donor_may_be_named());
  EXPECT_EQ(donor.address().position().latitude_e6(), 35680000);
}

TEST_F(ImportsTest, TwentyBadCellsAreToldAtOnceAndNothingIsWritten) {
  const auto result = Donors(
      "D-1,配り食品,13101,合意書,2026-04-01,,,,,,,,\n"
      ",,99999,,yesterday,x,best,many,48;xx,maybe,91,x,nobody\n"
      "D-1,二重,131,合意書,2026-04,2026-03-01,basic,-1,0,2,,12.5,a@b\n");
  ASSERT_THAT(result, IsOk());
  EXPECT_EQ(Problems(*result), (Set{"3 code EMPTY",
                                    "3 name EMPTY",
                                    "3 municipality_code NOT_A_MUNICIPALITY",
                                    "3 agreement_title EMPTY",
                                    "3 agreement_from NOT_A_DATE",
                                    "3 agreement_to NOT_A_DATE",
                                    "3 min_compliance_level NOT_A_CHOICE",
                                    "3 min_remaining_days NOT_A_NUMBER",
                                    "3 excluded_prefectures NOT_A_PREFECTURE",
                                    "3 excluded_prefectures NOT_A_PREFECTURE",
                                    "3 may_be_named NOT_YES_OR_NO",
                                    "3 latitude NOT_DEGREES",
                                    "3 longitude NOT_DEGREES",
                                    "3 contact_email NOT_AN_EMAIL",
                                    "4 code DUPLICATE",
                                    "4 municipality_code NOT_A_MUNICIPALITY",
                                    "4 agreement_from NOT_A_DAY",
                                    "4 min_remaining_days OUT_OF_RANGE",
                                    "4 excluded_prefectures NOT_A_PREFECTURE",
                                    "4 may_be_named NOT_YES_OR_NO",
                                    "4 latitude EMPTY"}));
  EXPECT_EQ(result->created_count(), 0);
  EXPECT_EQ(Count("donors"), 0);
  EXPECT_TRUE(identity_.organisations().empty());
}

TEST_F(ImportsTest, ATableThatIsNone) {
  v1::ImportDonorsRequest request;
  request.set_request_id(NewId());
  EXPECT_THAT(Do(&Stub::ImportDonors, "coordinator", request), Violates("table", "REQUIRED"));
  request.set_table("code,name\nD-1,x\n");
  const auto result = Do(&Stub::ImportDonors, "coordinator", request);
  ASSERT_THAT(result, IsOk());
  EXPECT_GE(result->problems_size(), 3) << "the missing columns";
  EXPECT_THAT(Do(&Stub::ImportDonors, "donor", request), FailsBecause("ROLE_NOT_ALLOWED"));
}

TEST_F(ImportsTest, AnyTableThatPeopleHave) {
  const std::string header = "コード,会社名,市区町村コード,合意書,合意書の開始日,二次配布,備考\n";
  const auto import = [this](const std::string& table, const type::v1::TableOptions& options = {}) {
    v1::ImportDonorsRequest request;
    request.set_request_id(NewId());
    request.set_table(table);
    *request.mutable_options() = options;
    return Do(&Stub::ImportDonors, "coordinator", request);
  };
  // Shift_JIS with Japanese headings and words.
  const auto shift_jis = import(tables::EncodeShiftJis(header + "D-1,髙橋食品,13101,合意書,2026年4月1日,可,\n").bytes);
  ASSERT_THAT(shift_jis, IsOk());
  EXPECT_EQ(shift_jis->created_count(), 1) << shift_jis->DebugString();
  EXPECT_EQ(shift_jis->reading().encoding(), "Shift_JIS");
  EXPECT_EQ(shift_jis->reading().columns(1), "name");
  EXPECT_EQ(shift_jis->reading().columns(6), "");
  // A spreadsheet, with a title above.
  tables::XlsxWriter sheet;
  sheet.Sheet("寄付者", {10}).TextRow({"寄付者の一覧"}).EndRow();
  sheet.TextRow({"コード", "会社名", "市区町村コード", "合意書", "合意書の開始日"}).TextRow({"D-2", "別の食品", "13101", "合意書", "2026-04-01"});
  const auto xlsx = import(*sheet.Take());
  ASSERT_THAT(xlsx, IsOk());
  EXPECT_EQ(xlsx->created_count(), 1) << xlsx->DebugString();
  EXPECT_EQ(xlsx->reading().header_row(), 3);
  // Headings that nobody could know.
  type::v1::TableOptions options;
  (*options.mutable_columns())["甲"] = "code";
  (*options.mutable_columns())["乙"] = "name";
  const auto mapped = import("甲;乙;市区町村コード;合意書;合意書の開始日\nD-3;三番;13101;合意書;2026-04-01\n", options);
  ASSERT_THAT(mapped, IsOk());
  EXPECT_EQ(mapped->created_count(), 1) << mapped->DebugString();
  EXPECT_EQ(Count("donors"), 3);
  // Formulas in cells of a CSV are text, and nothing runs; too many rows are told early.
  EXPECT_EQ(import(header + "D-4,=HYPERLINK(\"\"x\"\"),13101,合意書,2026-04-01,,\n")->created_count(), 1);
  std::string long_table = header;
  for (int i = 0; i < 200'000; ++i) absl::StrAppend(&long_table, i, ",x\n");
  EXPECT_EQ(Problems(*import(long_table)), (Set{"0  TOO_MANY_ROWS"}));
  EXPECT_EQ(Count("donors"), 4);
}

TEST_F(ImportsTest, GoodRowsWithoutTheBadOnesAndTheMendedOnesLater) {
  v1::ImportDonorsRequest request;
  request.set_request_id(NewId());
  const std::string good = "D-1,配り食品,13101,合意書,2026-04-01,,,,,,,,\n", bad = "D-2,別の食品,13101,合意書,soon,,,,,,,,\n";
  request.set_table(kDonorHeader + good + bad + "D-3,三番,13101,合意書,2026-04-01,,,,,,,,\n");
  request.mutable_options()->set_skip_bad_rows(true);
  request.set_dry_run(true);
  EXPECT_EQ(Do(&Stub::ImportDonors, "coordinator", request)->created_count(), 2);
  EXPECT_EQ(Count("donors"), 0);
  request.set_dry_run(false);
  request.set_request_id(NewId());
  const auto made = Do(&Stub::ImportDonors, "coordinator", request);
  ASSERT_THAT(made, IsOk());
  EXPECT_EQ(made->created_count(), 2);
  EXPECT_EQ(Problems(*made), (Set{"3 agreement_from NOT_A_DATE"}));
  EXPECT_EQ(made->reading().bad_row_count(), 1);
  EXPECT_EQ(Count("donors"), 2);
  EXPECT_EQ(identity_.organisations().size(), 2u);
  EXPECT_EQ(Do(&Stub::ImportDonors, "coordinator", request)->created_count(), 2) << "a replay gives the first answer";
  // Mended, the whole table again.
  const auto again = Donors(good + "D-2,別の食品,13101,合意書,2026-05-01,,,,,,,,\nD-3,三番,13101,合意書,2026-04-01,,,,,,,,\n");
  ASSERT_THAT(again, IsOk());
  EXPECT_EQ(again->created_count(), 1);
  EXPECT_EQ(again->skipped_count(), 2);
  EXPECT_EQ(Count("donors"), 3);
}

TEST_F(ImportsTest, AnOfferWithABadRowIsLeftOutAsAWhole) {
  ASSERT_THAT(MakeDonor(kDonor, "D-1", "配り食品"), IsOk());
  ASSERT_THAT(Sign(kDonor), IsOk());
  v1::ImportOffersRequest request;
  request.set_request_id(NewId());
  request.set_table(std::string(kOfferHeader) +
                    "O-1,D-1,春,2026-12-01,9521234543213,10,,best_before,2027-03,,,,\n"
                    "O-1,D-1,春,2026-12-01,9524000059116,1,,none,,,,,\n"  // no such product
                    "O-2,D-1,夏,2026-12-01,9521234543213,10,,best_before,2027-03,,,,\n");
  request.mutable_options()->set_skip_bad_rows(true);
  const auto made = Do(&Stub::ImportOffers, "donor", request);
  ASSERT_THAT(made, IsOk());
  EXPECT_EQ(made->created_count(), 1);
  EXPECT_EQ(Problems(*made), (Set{"3 barcode PRODUCT_NOT_FOUND", "2 offer_code OFFER_NOT_WHOLE"}));
  EXPECT_EQ(made->reading().bad_row_count(), 2);
  EXPECT_EQ(Count("offers"), 1);
}

TEST_F(ImportsTest, TemplatesForBothTables) {
  type::v1::GetImportTemplateRequest request;
  request.set_table("offers");
  request.set_format(type::v1::TABLE_FORMAT_XLSX);
  const auto offers = Do(&Stub::GetImportTemplate, "donor", request);
  ASSERT_THAT(offers, IsOk());
  EXPECT_EQ(offers->file_name(), "寄付申出_ひな形.xlsx");
  EXPECT_EQ(offers->columns(0).name(), "barcode");
  EXPECT_EQ(offers->content().substr(0, 2), "PK");
  request.set_table("groups");
  EXPECT_THAT(Do(&Stub::GetImportTemplate, "donor", request), Violates("table", "NOT_ONE_OF"));
}

TEST_F(ImportsTest, GoesOnAfterItBrokeBetweenIdentityAndDatabase) {
  const std::string rows = "D-1,配り食品,13101,合意書,2026-04-01,,,,,,,,\n";
  pg::testing::Sql(database_.superuser, "ALTER TABLE donors.donors ADD CONSTRAINT broken CHECK (code <> 'D-1')");
  EXPECT_FALSE(Donors(rows).ok());
  EXPECT_EQ(identity_.organisations().size(), 1u);
  pg::testing::Sql(database_.superuser, "ALTER TABLE donors.donors DROP CONSTRAINT broken");
  EXPECT_EQ(Donors(rows)->created_count(), 1);
  EXPECT_EQ(identity_.organisations().size(), 1u);
}

TEST_F(ImportsTest, OffersAreReadFromBarcodesAndSubmitted) {
  ASSERT_THAT(MakeDonor(kDonor, "D-1", "配り食品"), IsOk());
  ASSERT_THAT(Sign(kDonor), IsOk());
  const std::string rows =
      "O-1,D-1,春の在庫,2026-12-01,9521234543213,10,,best_before,2027-03,,,,\n"
      "O-1,D-1,春の在庫,2026-12-01,19521234543210,3,,best_before,2027/3/31,L7,2,,\n"
      "O-2,D-1,夏の在庫,2026-12-02,(01)09524000059109(17)270630(10)AB-1,5,6,,,,,chilled,要冷蔵\n";
  const auto dry = Offers(rows, "donor", /*dry_run=*/true);
  ASSERT_THAT(dry, IsOk());
  EXPECT_EQ(dry->problems_size(), 0) << dry->DebugString();
  EXPECT_EQ(Count("offers"), 0);
  const auto made = Offers(rows, "donor");
  ASSERT_THAT(made, IsOk());
  EXPECT_EQ(made->created_count(), 2);
  v1::ListOffersRequest list;
  const auto offers = Do(&Stub::ListOffers, "coordinator", list);
  ASSERT_EQ(offers->offers_size(), 2);
  for (const v1::Offer& offer : offers->offers()) {
    EXPECT_EQ(offer.state(), v1::OFFER_STATE_SUBMITTED);
    EXPECT_FALSE(offer.agreement().empty());
    if (offer.code() == "O-1") {
      ASSERT_EQ(offer.lines_size(), 2);
      EXPECT_EQ(offer.lines(0).items_per_case(), 24) << "the product's";
      EXPECT_EQ(offer.lines(0).good_until().date(), "2027-03");
      EXPECT_EQ(offer.lines(1).items_per_case(), 12) << "the case's";
      EXPECT_EQ(offer.lines(1).donor_lot_number(), "L7");
    } else {
      EXPECT_EQ(offer.lines(0).good_until().kind(), type::v1::DATE_KIND_USE_BY);
      EXPECT_EQ(offer.lines(0).good_until().date(), "2027-06-30");
      EXPECT_EQ(offer.lines(0).donor_lot_number(), "AB-1");
      EXPECT_EQ(offer.lines(0).items_per_case(), 6);
      EXPECT_EQ(offer.lines(0).temperature_zone(), type::v1::TEMPERATURE_ZONE_CHILLED);
    }
  }
  const auto again = Offers(rows, "donor");
  ASSERT_THAT(again, IsOk());
  EXPECT_EQ(again->created_count(), 0);
  EXPECT_EQ(again->skipped_count(), 2);
  EXPECT_EQ(Count("offers"), 2);
}

TEST_F(ImportsTest, BadOffersTellEverything) {
  ASSERT_THAT(MakeDonor(kDonor, "D-1", "配り食品"), IsOk());
  ASSERT_THAT(Sign(kDonor), IsOk());
  ASSERT_THAT(MakeDonor(kOtherDonor, "D-2", "別の食品"), IsOk());
  const std::string rows =
      "O-1,D-1,春,2026-12-01,9521234543213,10,,best_before,2027-03,,,,\n"  // good
      "O-1,D-1,夏,2026-12-02,9521234543214,0,0,eternal,never,,,warm,\n"    // check digit and more
      "O-2,D-2,春,2026-12-01,9521234543213,1,,none,2027-03,,9,,\n"  // not the donor's; date with none; more than cases
      "O-3,D-1,春,2026-12-01,9524000059116,1,,none,,,,,\n"          // no such product
      "O-4,D-1,春,2026-12-01,(01)09521234543213(15)270300(10)A,1,,best_before,2027-04,B,,,\n"
      "O-5,D-1,春,2026-12-01,9521234543213,1,,,,,,,\n"
      ",,,,,,,,,,,,x\n";
  const auto result = Offers(rows, "donor");
  ASSERT_THAT(result, IsOk());
  EXPECT_EQ(Problems(*result), (Set{"3 title CONFLICT",
                                    "3 ready_date CONFLICT",
                                    "3 barcode BARCODE_CHECK_DIGIT",
                                    "3 cases OUT_OF_RANGE",
                                    "3 items_per_case OUT_OF_RANGE",
                                    "3 date_kind NOT_A_CHOICE",
                                    "3 date NOT_A_DATE",
                                    "3 temperature NOT_A_CHOICE",
                                    "4 donor_code NOT_FOUND",
                                    "4 date NOT_EMPTY",
                                    "4 min_lot_cases OUT_OF_RANGE",
                                    "5 barcode PRODUCT_NOT_FOUND",
                                    "6 date CONFLICT",
                                    "6 lot_number CONFLICT",
                                    "7 date_kind EMPTY",
                                    "8 offer_code EMPTY",
                                    "8 donor_code EMPTY",
                                    "8 title EMPTY",
                                    "8 ready_date EMPTY",
                                    "8 barcode EMPTY",
                                    "8 cases EMPTY",
                                    "8 date_kind EMPTY"}));
  EXPECT_EQ(Count("offers"), 0);
  const auto seen_by_coordinator = Offers("O-2,D-2,春,2026-12-01,9521234543213,1,,none,,,,,\n");
  EXPECT_EQ(Problems(*seen_by_coordinator), (Set{"2 donor_code NO_AGREEMENT"}));
}

}  // namespace
}  // namespace kubari::donors
