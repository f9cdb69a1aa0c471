// Agreements, shapes of fields, search keys.
#include <gtest/gtest.h>

#include "libs/errors/testing.h"
#include "libs/registry/agreements.h"
#include "libs/registry/fields.h"
#include "libs/registry/mutation.h"
#include "libs/registry/parallel.h"
#include "libs/registry/search.h"

namespace kubari::registry {
namespace {

using errors::FailsBecause;
using errors::IsOk;
using errors::Violates;

type::v1::Agreement Signed(const std::string& from, const std::string& to, const std::string& ended = "") {
  type::v1::Agreement agreement;
  agreement.set_name("donors/a/agreements/b");
  agreement.set_title("合意書");
  agreement.set_valid_from_date(from);
  agreement.set_valid_to_date(to);
  agreement.set_state(ended.empty() ? type::v1::AGREEMENT_STATE_SIGNED : type::v1::AGREEMENT_STATE_TERMINATED);
  agreement.set_end_date(ended);
  return agreement;
}

TEST(AgreementTest, IsInForceFromItsFirstToItsLastDay) {
  Agreements agreements;
  *agreements.Add() = Signed("2026-04-01", "2027-03-31");
  *agreements.Add() = Signed("2025-04-01", "2026-03-31", "2025-09-30");
  EXPECT_EQ(InForceOn(agreements, absl::CivilDay(2026, 4, 1)), &agreements[0]);
  EXPECT_EQ(InForceOn(agreements, absl::CivilDay(2027, 3, 31)), &agreements[0]);
  EXPECT_EQ(InForceOn(agreements, absl::CivilDay(2027, 4, 1)), nullptr);
  EXPECT_EQ(InForceOn(agreements, absl::CivilDay(2025, 9, 30)), &agreements[1]);
  EXPECT_EQ(InForceOn(agreements, absl::CivilDay(2025, 10, 1)), nullptr) << "ended early";
}

TEST(AgreementTest, OverlapIsOneSharedDay) {
  struct Case {
    type::v1::Agreement before, added;
    bool overlaps;
  };
  const Case cases[] = {
      {Signed("2026-04-01", "2027-03-31"), Signed("2027-03-31", ""), true},
      {Signed("2026-04-01", "2027-03-31"), Signed("2027-04-01", ""), false},
      {Signed("2026-04-01", ""), Signed("2030-01-01", "2030-12-31"), true},
      {Signed("2026-04-01", ""), Signed("2020-01-01", "2026-03-31"), false},
      {Signed("2026-04-01", "", "2026-06-30"), Signed("2026-06-30", ""), true},
      {Signed("2026-04-01", "", "2026-06-30"), Signed("2026-07-01", ""), false},
      {Signed("2026-04-01", "", "2026-03-01"), Signed("2026-04-01", ""), false},  // ended before it began
  };
  for (const Case& c : cases) {
    Agreements before;
    *before.Add() = c.before;
    const absl::Status status = CheckOverlap(before, c.added);
    if (c.overlaps) {
      EXPECT_THAT(status, FailsBecause("AGREEMENT_OVERLAPS")) << c.before.DebugString() << c.added.DebugString();
    } else {
      EXPECT_THAT(status, IsOk()) << c.before.DebugString() << c.added.DebugString();
    }
  }
}

TEST(AgreementTest, EndsTodayOrLaterWithinItsDatesAndOnce) {
  const absl::CivilDay today(2026, 11, 21);
  const auto end = [&](type::v1::Agreement agreement, const std::string& day) {
    return Terminate(agreement, day, today);
  };
  EXPECT_THAT(end(Signed("2026-04-01", "2027-03-31"), "2026-11-20"), Violates("end_date", "OUT_OF_RANGE"));
  EXPECT_THAT(end(Signed("2026-04-01", "2027-03-31"), "2027-04-01"), Violates("end_date", "OUT_OF_RANGE"));
  EXPECT_THAT(end(Signed("2026-04-01", "2027-03-31"), "2027-01"), Violates("end_date", "NOT_A_DAY"));
  EXPECT_THAT(end(Signed("2026-04-01", "2027-03-31", "2026-12-31"), "2026-11-30"),
              FailsBecause("AGREEMENT_TERMINATED"));
  type::v1::Agreement agreement = Signed("2026-04-01", "");
  ASSERT_THAT(Terminate(agreement, "2026-11-21", today), IsOk());
  EXPECT_EQ(agreement.end_date(), "2026-11-21");
  EXPECT_EQ(agreement.state(), type::v1::AGREEMENT_STATE_TERMINATED);
}

TEST(AgreementTest, ARevisionCountsFromTodayAtTheEarliestAndWithinTheDates) {
  const absl::CivilDay today(2026, 11, 21);
  const auto revise = [&](const std::string& from, const std::string& to, const type::v1::Agreement& newest) {
    Agreements others;
    *others.Add() = Signed("2027-04-01", "2028-03-31");
    type::v1::Agreement revised = newest;
    revised.set_valid_to_date(to);
    return CheckRevision(newest, others, revised, from, today);
  };
  const type::v1::Agreement running = Signed("2026-04-01", "2027-03-31");
  EXPECT_THAT(revise("2026-11-21", "2027-03-31", running), IsOk());
  EXPECT_THAT(revise("2027-03-31", "2027-03-31", running), IsOk()) << "for its last day alone";
  EXPECT_THAT(revise("2026-11-20", "2027-03-31", running), Violates("from_date", "OUT_OF_RANGE"));
  EXPECT_THAT(revise("2027-04-01", "2027-03-31", running), Violates("from_date", "OUT_OF_RANGE"));
  EXPECT_THAT(revise("2027-02", "2027-03-31", running), Violates("from_date", "NOT_A_DAY"));
  EXPECT_THAT(revise("2026-12-01", "2026-11-30", running), Violates("agreement.valid_to_date", "OUT_OF_ORDER"));
  EXPECT_THAT(revise("2026-12-01", "2027-04-01", running), FailsBecause("AGREEMENT_OVERLAPS"));
  EXPECT_THAT(revise("2026-12-01", "", running), FailsBecause("AGREEMENT_OVERLAPS"));
  EXPECT_THAT(revise("2026-12-01", "2027-03-31", Signed("2026-04-01", "2027-03-31", "2026-12-31")),
              FailsBecause("AGREEMENT_TERMINATED"));
  EXPECT_THAT(revise("2026-11-21", "2027-03-31", Signed("2026-04-01", "2026-11-20")), FailsBecause("AGREEMENT_OVER"));
  EXPECT_THAT(revise("2026-11-21", "2026-12-31", Signed("2026-04-01", "2026-11-21")), IsOk()) << "on its last day";
  // One that has not begun is revised from its first day on.
  EXPECT_THAT(revise("2026-11-21", "2027-03-31", Signed("2026-12-01", "2027-03-31")),
              Violates("from_date", "OUT_OF_RANGE"));
  EXPECT_THAT(revise("2026-12-01", "2027-03-31", Signed("2026-12-01", "2027-03-31")), IsOk());
}

TEST(AgreementTest, APaperBeginsAndEndsAsAPdf) {
  const auto check = [](const std::string& content) {
    errors::Violations violations;
    CheckPdf(violations, "content", content);
    return violations.status();
  };
  EXPECT_THAT(check("%PDF-1.4\n...\n%%EOF"), IsOk());
  EXPECT_THAT(check("%PDF-2.0\n...\n%%EOF\n" + std::string(900, ' ')), IsOk());
  for (const std::string& bad :
       {std::string(), std::string("%PDF-1.4"), std::string("%PDF-1.4\n..."), std::string(" %PDF-1.4\n%%EOF"),
        std::string("%PDF-3.0\n%%EOF"), std::string("<script>%PDF-1.4 %%EOF"),
        "%PDF-1.4\n%%EOF" + std::string(2000, ' ')}) {
    EXPECT_THAT(check(bad), Violates("content", "NOT_A_PDF")) << bad.substr(0, 20);
  }
  EXPECT_THAT(check("%PDF-1.4" + std::string(kMaxDocumentBytes, ' ') + "%%EOF"), Violates("content", "TOO_LARGE"));
}

TEST(AgreementTest, DutiesHaveTheirLimits) {
  type::v1::Agreement agreement = Signed("2026-04-01", "2027-03-31");
  agreement.mutable_duties()->set_report_months(61);
  agreement.mutable_duties()->set_notice_days(-1);
  agreement.mutable_duties()->set_recall_contact(std::string(301, 'x'));
  errors::Violations violations;
  CheckAgreement(violations, "agreement", agreement, /*for_goods=*/false);
  EXPECT_THAT(violations.status(), Violates("agreement.duties.report_months", "OUT_OF_RANGE"));
  EXPECT_THAT(violations.status(), Violates("agreement.duties.notice_days", "OUT_OF_RANGE"));
  EXPECT_THAT(violations.status(), Violates("agreement.duties.recall_contact", "TOO_LONG"));
  agreement.clear_duties();
  agreement.mutable_conditions();
  errors::Violations of_a_group;
  CheckAgreement(of_a_group, "agreement", agreement, /*for_goods=*/false);
  EXPECT_THAT(of_a_group.status(), Violates("agreement.conditions", "NOT_EMPTY"));
}

TEST(AgreementTest, ShapeIsJudgedAllAtOnce) {
  type::v1::Agreement agreement = Signed("2027-04-01", "2027-03-31");
  agreement.clear_title();
  agreement.mutable_conditions()->add_excluded_prefectures("48");
  agreement.mutable_conditions()->add_excluded_prefectures("13");
  agreement.mutable_conditions()->add_excluded_prefectures("13");
  agreement.mutable_conditions()->add_only_groups("donors/x");
  agreement.mutable_conditions()->set_min_remaining_days(-1);
  errors::Violations violations;
  CheckAgreement(violations, "agreement", agreement, /*for_goods=*/true);
  const absl::Status status = violations.status();
  EXPECT_THAT(status, Violates("agreement.title", "REQUIRED"));
  EXPECT_THAT(status, Violates("agreement.valid_to_date", "OUT_OF_ORDER"));
  EXPECT_THAT(status, Violates("agreement.conditions.excluded_prefectures[0]", "NOT_A_PREFECTURE"));
  EXPECT_THAT(status, Violates("agreement.conditions.excluded_prefectures[2]", "DUPLICATE"));
  EXPECT_THAT(status, Violates("agreement.conditions.only_groups[0]", "NOT_A_NAME"));
  EXPECT_THAT(status, Violates("agreement.conditions.min_remaining_days", "OUT_OF_RANGE"));
}

TEST(FieldsTest, Codes) {
  for (const char* good : {"13101", "01100", "47382"}) EXPECT_TRUE(IsMunicipalityCode(good)) << good;
  for (const char* bad : {"", "00101", "48101", "1310", "131016", "1310a", "１３１０１"})
    EXPECT_FALSE(IsMunicipalityCode(bad)) << bad;
  for (const char* good : {"1000001", "100-0001"}) EXPECT_TRUE(IsPostalCode(good)) << good;
  for (const char* bad : {"", "100000", "10-00001", "100-000a", "100_0001"}) EXPECT_FALSE(IsPostalCode(bad)) << bad;
  EXPECT_TRUE(IsEmail("info@example.org"));
  for (const char* bad : {"", "@", "a@", "@b", "a b@c", "a@b@c"}) EXPECT_FALSE(IsEmail(bad)) << bad;
  EXPECT_FALSE(ParseDay("2027-03").has_value());
  EXPECT_FALSE(ParseDay("2027-02-29").has_value());
  EXPECT_EQ(ParseDay("2028-02-29"), absl::CivilDay(2028, 2, 29));
}

TEST(FieldsTest, NamesOfChildren) {
  const std::string a = "00000000-0000-7000-8000-000000000001", b = "00000000-0000-7000-8000-000000000002";
  EXPECT_EQ(ParseChildName("donors", "agreements", "donors/" + a + "/agreements/" + b), std::pair(a, b));
  for (const std::string& bad :
       {"donors/" + a, "donors/" + a + "/lines/" + b, "groups/" + a + "/agreements/" + b,
        "donors/" + a + "/agreements/" + b + "/", std::string("donors/x/agreements/y"), std::string()}) {
    EXPECT_FALSE(ParseChildName("donors", "agreements", bad).has_value()) << bad;
  }
}

TEST(SearchTest, WidthCaseKanaAndBlanksDoNotMatter) {
  EXPECT_EQ(Fold("ＡＢＣ　フーズ"), Fold("abcふーず"));
  EXPECT_EQ(Fold("ｶﾞｰﾃﾞﾝ"), Fold("がーでん"));
  EXPECT_EQ(Fold("株式会社 ヴィラ"), Fold("株式会社ゔぃら"));
  EXPECT_NE(Fold("はは"), Fold("ばば")) << "voiced marks do matter";
  EXPECT_EQ(FullSearchKey({"こども食堂", "コドモショクドウ", "K-1", ""}), "\nこども食堂\nこどもしょくどう\nk-1\nkodomosyokudo\nk1\n");
}

TEST(SearchTest, QueriesAreTakenLiterally) {
  EXPECT_TRUE(SplitQuery("").empty());
  EXPECT_FALSE(SplitQuery(" \t　").any().has_value());
  EXPECT_EQ(SplitQuery("10%_\\").words, std::vector<std::string>{"10\\%\\_\\\\"});
  EXPECT_EQ(SplitQuery("みどり").similar, "midori");
  EXPECT_EQ(SplitQuery("みどり").Exactly().similar, "");
  EXPECT_EQ(SplitQuery("みどり").Exactly().readings, std::vector<std::string>{"midori"});
}

TEST(MutationTest, AnEtagIsOfOneVersion) {
  EXPECT_THAT(CheckEtag("donors/x", EtagOf(3), "3"), IsOk());
  EXPECT_THAT(CheckEtag("donors/x", EtagOf(2), "3"), FailsBecause("STALE_ETAG"));
}

TEST(ParallelTest, RunsEachOnceAndReturnsTheFirstError) {
  std::vector<std::atomic<int>> runs(1000);
  EXPECT_THAT(ForEachInParallel(runs.size(), [&](size_t i) { return ++runs[i], absl::OkStatus(); }), IsOk());
  for (const auto& count : runs) EXPECT_EQ(count, 1);
  EXPECT_THAT(ForEachInParallel(1000, [&](size_t i) { return i == 17 ? absl::DataLossError("17") : absl::OkStatus(); }),
              errors::FailsWith(absl::StatusCode::kDataLoss));
}

}  // namespace
}  // namespace kubari::registry
