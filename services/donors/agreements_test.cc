// Agreements over time: versions, papers, and what ends when.
#include "kubari/type/v1/agreements.pb.h"
#include "libs/registry/agreement_notices.h"
#include "services/donors/handler_test.h"

namespace kubari::donors {
namespace {

using errors::FailsBecause;
using errors::IsOk;
using type::v1::Agreement;

constexpr char kPdf[] = "%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n%%EOF\n";

class AgreementsTest : public DonorsTest {
 protected:
  void SetUp() override {
    ASSERT_THAT(MakeDonor(kDonor, "A-1", "みどり食品"), IsOk());
    type::v1::Conditions conditions;
    conditions.set_onward_transfer_allowed(true);
    const auto signed_with = Sign(kDonor, "2026-04-01", "2027-03-31", conditions);
    ASSERT_THAT(signed_with, IsOk());
    name_ = signed_with->agreements(0).name();
  }
  type::v1::ListAgreementVersionsResponse Versions(const std::string& who = "coordinator") {
    type::v1::ListAgreementVersionsRequest request;
    request.set_name(name_);
    auto answer = Ask<v1::AgreementsService>(&v1::AgreementsService::Stub::ListAgreementVersions, who, request);
    EXPECT_THAT(answer, IsOk());
    return answer.ok() ? *answer : type::v1::ListAgreementVersionsResponse();
  }
  type::v1::ReviseAgreementRequest Revision(const std::string& from, const std::string& to = "2028-03-31") {
    type::v1::ReviseAgreementRequest request;
    request.set_request_id(NewId());
    *request.mutable_agreement() = Versions().versions(0);
    request.mutable_agreement()->set_title("寄付に関する合意書（改定）");
    request.mutable_agreement()->set_valid_to_date(to);
    request.mutable_agreement()->mutable_conditions()->set_onward_transfer_allowed(false);
    request.mutable_agreement()->mutable_conditions()->set_min_remaining_days(30);
    request.mutable_agreement()->mutable_duties()->set_report_months(6);
    request.set_from_date(from);
    return request;
  }
  absl::StatusOr<Agreement> Revise(const type::v1::ReviseAgreementRequest& request,
                                   const std::string& who = "coordinator") {
    return Ask<v1::AgreementsService>(&v1::AgreementsService::Stub::ReviseAgreement, who, request);
  }
  absl::StatusOr<Agreement> AddPaper(const std::string& content, const std::string& file_name = "合意書.pdf") {
    type::v1::AddAgreementDocumentRequest request;
    request.set_request_id(NewId());
    request.set_name(name_);
    request.set_file_name(file_name);
    request.set_content(content);
    return Ask<v1::AgreementsService>(&v1::AgreementsService::Stub::AddAgreementDocument, "coordinator", request);
  }
  absl::StatusOr<type::v1::GetAgreementDocumentResponse> GetPaper(const std::string& sha256, const std::string& who) {
    type::v1::GetAgreementDocumentRequest request;
    request.set_name(name_);
    request.set_sha256(sha256);
    return Ask<v1::AgreementsService>(&v1::AgreementsService::Stub::GetAgreementDocument, who, request);
  }
  absl::StatusOr<v1::Offer> SubmittedOffer() {
    const auto offer = MakeOffer();
    return offer.ok() ? Submit(*offer) : offer;
  }
  int64_t Waiting() {
    constexpr pg::Statement kCount{"SELECT count(*) FROM outbox WHERE network_id = $1"};
    const auto count = pool_.Read({.network_id = kNetwork}, [&](pg::Transaction& tx) -> absl::StatusOr<int64_t> {
      ASSIGN_OR_RETURN(const pg::Result rows, tx.Query(kCount, kNetwork));
      return rows[0].Get<int64_t>(0);
    });
    EXPECT_THAT(count, IsOk());
    return count.value_or(-1);
  }
  absl::Status Tell() { return LookAfter(pool_, kNetwork, "Asia/Tokyo", clock_); }

  std::string name_;
};

TEST_F(AgreementsTest, AVersionCountsFromItsDayAndWhatWasOfferedBeforeKeepsTheOldOne) {
  const auto before = SubmittedOffer();
  ASSERT_THAT(before, IsOk());
  EXPECT_EQ(before->agreement_version(), 1);
  const auto request = Revision("2026-11-23");
  const auto revised = Revise(request);
  ASSERT_THAT(revised, IsOk());
  EXPECT_EQ(revised->version(), 2);
  EXPECT_EQ(revised->version_from_date(), "2026-11-23");
  EXPECT_EQ(revised->valid_from_date(), "2026-04-01") << "the first day is the agreement's";
  EXPECT_THAT(Revise(request), IsOk()) << "a replay";
  EXPECT_EQ(Versions().versions_size(), 2);

  // The day before, the first version counts.
  const auto still = SubmittedOffer();
  ASSERT_THAT(still, IsOk());
  EXPECT_EQ(still->agreement_version(), 1);
  EXPECT_TRUE(still->conditions().onward_transfer_allowed());
  v1::GetDonorRequest donor;
  donor.set_name("donors/" + kDonor);
  EXPECT_EQ(Do(&v1::DonorsService::Stub::GetDonor, "service", donor)->agreements(0).duties().report_months(), 0);
  EXPECT_FALSE(Do(&v1::DonorsService::Stub::GetDonor, "coordinator", donor)->agreements(0).has_duties());
  clock_.Advance(absl::Hours(48));
  const auto after = SubmittedOffer();
  ASSERT_THAT(after, IsOk());
  EXPECT_EQ(after->agreement_version(), 2);
  EXPECT_EQ(Do(&v1::DonorsService::Stub::GetDonor, "service", donor)->agreements(0).duties().report_months(), 6);
  EXPECT_FALSE(after->conditions().onward_transfer_allowed());
  EXPECT_EQ(after->conditions().min_remaining_days(), 30);
  v1::GetOfferRequest get;
  get.set_name(before->name());
  const auto kept = Do(&v1::DonorsService::Stub::GetOffer, "donor", get);
  ASSERT_THAT(kept, IsOk());
  EXPECT_TRUE(kept->conditions().onward_transfer_allowed());
  EXPECT_EQ(kept->agreement_version(), 1);
  // The old text stays readable.
  EXPECT_EQ(Versions("donor").versions(1).title(), "寄付に関する合意書");
  EXPECT_EQ(Versions("auditor").versions(0).duties().report_months(), 6);
}

TEST_F(AgreementsTest, ARevisionKeepsToItsDays) {
  EXPECT_THAT(Revise(Revision("2026-11-20")), FailsBecause("INVALID_REQUEST")) << "yesterday";
  EXPECT_THAT(Revise(Revision("2027-04-01")), FailsBecause("INVALID_REQUEST")) << "after the last day";
  EXPECT_THAT(Revise(Revision("2026-12-01", "2026-11-30")), FailsBecause("INVALID_REQUEST")) << "ends before it counts";
  EXPECT_THAT(Revise(Revision("not a day")), FailsBecause("INVALID_REQUEST"));
  ASSERT_THAT(Sign(kDonor, "2027-04-01", "2028-03-31"), IsOk());
  EXPECT_THAT(Revise(Revision("2026-12-01", "2027-04-01")), FailsBecause("AGREEMENT_OVERLAPS"));
  EXPECT_THAT(Revise(Revision("2026-12-01", "")), FailsBecause("AGREEMENT_OVERLAPS")) << "no end";
  auto stale = Revision("2026-12-01", "2027-03-31");
  ASSERT_THAT(Revise(Revision("2026-11-21", "2027-03-30")), IsOk());
  EXPECT_THAT(Revise(stale), FailsBecause("STALE_ETAG"));
  EXPECT_THAT(Revise(Revision("2026-12-01", "2027-03-31"), "donor"), FailsBecause("ROLE_NOT_ALLOWED"));

  v1::TerminateAgreementRequest end;
  end.set_request_id(NewId());
  end.set_name(name_);
  end.set_end_date("2026-12-31");
  ASSERT_THAT(Do(&v1::DonorsService::Stub::TerminateAgreement, "coordinator", end), IsOk());
  EXPECT_THAT(Revise(Revision("2026-12-01", "2027-03-30")), FailsBecause("AGREEMENT_TERMINATED"));
  auto unknown = Revision("2026-12-01");
  unknown.mutable_agreement()->set_name("donors/" + kDonor + "/agreements/" + kUnknown);
  EXPECT_THAT(Revise(unknown), FailsBecause("AGREEMENT_NOT_FOUND"));
}

TEST_F(AgreementsTest, AnAgreementThatEndsTodayCountsTodayAndNotTomorrow) {
  ASSERT_THAT(Revise(Revision("2026-11-21", "2026-11-21")), IsOk());
  EXPECT_THAT(SubmittedOffer(), IsOk());
  clock_.Advance(absl::Hours(24));
  const auto offer = MakeOffer();
  ASSERT_THAT(offer, IsOk());
  EXPECT_THAT(Submit(*offer), FailsBecause("NO_AGREEMENT"));
  EXPECT_THAT(Revise(Revision("2026-11-22")), FailsBecause("AGREEMENT_OVER"));
}

TEST_F(AgreementsTest, PapersAreKeptAsTheyAre) {
  const auto added = AddPaper(kPdf);
  ASSERT_THAT(added, IsOk());
  ASSERT_EQ(added->documents_size(), 1);
  EXPECT_EQ(added->documents(0).size_bytes(), static_cast<int64_t>(std::string(kPdf).size()));
  const std::string sha256 = added->documents(0).sha256();
  EXPECT_EQ(sha256.size(), 64u);
  for (const char* who : {"coordinator", "donor", "auditor"}) {
    const auto got = GetPaper(sha256, who);
    ASSERT_THAT(got, IsOk()) << who;
    EXPECT_EQ(got->content(), kPdf);
    EXPECT_EQ(got->document().file_name(), "合意書.pdf");
  }
  EXPECT_THAT(AddPaper(kPdf), FailsBecause("DOCUMENT_EXISTS"));
  EXPECT_THAT(GetPaper(std::string(64, '0'), "donor"), FailsBecause("DOCUMENT_NOT_FOUND"));
  EXPECT_THAT(GetPaper("../../etc/passwd", "donor"), FailsBecause("INVALID_REQUEST"));
  EXPECT_THAT(GetPaper(sha256, "other donor"), FailsBecause("NOT_YOUR_ORGANISATION"));
  EXPECT_THAT(GetPaper(sha256, "manager"), FailsBecause("ROLE_NOT_ALLOWED"));
  // A later version has its own papers.
  ASSERT_THAT(Revise(Revision("2026-11-22", "2027-03-31")), IsOk());
  EXPECT_EQ(Versions().versions(0).documents_size(), 0);
  EXPECT_EQ(Versions().versions(1).documents_size(), 1);
}

TEST_F(AgreementsTest, WhatIsNoPdfIsNotKept) {
  for (const std::string& bad :
       {std::string(), std::string("%PDF-1.7"), std::string("<html>%PDF-1.7 %%EOF"), std::string("PK\x03\x04 %%EOF"),
        std::string("%PDF-1.7\n") + std::string(5000, 'x'), "%PDF-9.9\n%%EOF" + std::string()}) {
    EXPECT_THAT(AddPaper(bad), FailsBecause("INVALID_REQUEST")) << bad.substr(0, 20);
  }
  EXPECT_THAT(AddPaper(std::string("%PDF-1.7\n") + std::string(4 << 20, 'x') + "%%EOF"), FailsBecause("INVALID_REQUEST"));
  EXPECT_THAT(AddPaper(kPdf, "../合意書.pdf"), FailsBecause("INVALID_REQUEST"));
  EXPECT_THAT(AddPaper(kPdf, ""), FailsBecause("INVALID_REQUEST"));
  EXPECT_EQ(Versions().versions(0).documents_size(), 0);
}

TEST_F(AgreementsTest, ListsWhatEndsFirst) {
  ASSERT_THAT(MakeDonor(kOtherDonor, "A-2", "あおぞら商店"), IsOk());
  ASSERT_THAT(Sign(kOtherDonor, "2026-04-01", "2026-12-31"), IsOk());
  ASSERT_THAT(Sign(kOtherDonor, "2027-01-01"), IsOk());
  const auto list = [&](const std::string& who, std::optional<int> within, int page_size = 0) {
    std::vector<std::string> last_days;
    type::v1::ListAgreementsRequest request;
    request.set_page_size(page_size);
    if (within) request.set_ending_within_days(*within);
    do {
      const auto page = Ask<v1::AgreementsService>(&v1::AgreementsService::Stub::ListAgreements, who, request);
      EXPECT_THAT(page, IsOk());
      if (!page.ok()) break;
      for (const auto& each : page->agreements()) last_days.push_back(each.last_date());
      request.set_page_token(page->next_page_token());
    } while (!request.page_token().empty());
    return last_days;
  };
  using ::testing::ElementsAre;
  EXPECT_THAT(list("coordinator", std::nullopt), ElementsAre("2026-12-31", "2027-03-31", ""));
  EXPECT_THAT(list("coordinator", std::nullopt, 1), ElementsAre("2026-12-31", "2027-03-31", ""));
  EXPECT_THAT(list("auditor", 60), ElementsAre("2026-12-31"));
  EXPECT_THAT(list("coordinator", 39), ElementsAre());
  EXPECT_THAT(list("coordinator", 40), ElementsAre("2026-12-31"));
  EXPECT_THAT(list("donor", std::nullopt), ElementsAre("2027-03-31"));
  type::v1::ListAgreementsRequest request;
  request.set_report_within_days(3650);
  const auto due = Ask<v1::AgreementsService>(&v1::AgreementsService::Stub::ListAgreements, "coordinator", request);
  ASSERT_THAT(due, IsOk());
  EXPECT_EQ(due->agreements_size(), 0) << "no report was agreed";
}

TEST_F(AgreementsTest, ReportsAreDueByTheMonthsOfTheAgreement) {
  ASSERT_THAT(Revise(Revision("2026-11-21", "2027-10-01")), IsOk());
  const auto next = [&] {
    const auto page = Ask<v1::AgreementsService>(&v1::AgreementsService::Stub::ListAgreements, "coordinator",
                                                 type::v1::ListAgreementsRequest());
    EXPECT_THAT(page, IsOk());
    return page.ok() && page->agreements_size() == 1 ? page->agreements(0).next_report_date() : "?";
  };
  // Signed on 1 April 2026, every six months.
  EXPECT_EQ(next(), "2027-04-01");
  clock_.Set(absl::FromCivil(absl::CivilSecond(2027, 4, 1, 3, 0, 0), absl::UTCTimeZone()));
  EXPECT_EQ(next(), "2027-04-01") << "on its day";
  clock_.Advance(absl::Hours(24));
  EXPECT_EQ(next(), "2027-10-01") << "on the last day in force";
  clock_.Set(absl::FromCivil(absl::CivilSecond(2027, 10, 1, 3, 0, 0), absl::UTCTimeZone()));
  EXPECT_EQ(next(), "2027-10-01");
}

TEST_F(AgreementsTest, TheEndIsToldAheadOnceAtEachStage) {
  ASSERT_THAT(Tell(), IsOk());
  EXPECT_EQ(Waiting(), 0) << "130 days are left";
  clock_.Set(absl::FromCivil(absl::CivilSecond(2027, 1, 30, 3, 0, 0), absl::UTCTimeZone()));
  ASSERT_THAT(Tell(), IsOk());
  EXPECT_EQ(Waiting(), 2) << "60 days: to the office and to the donor";
  ASSERT_THAT(Tell(), IsOk());
  clock_.Advance(absl::Hours(24));
  ASSERT_THAT(Tell(), IsOk());
  EXPECT_EQ(Waiting(), 2) << "not again";
  clock_.Set(absl::FromCivil(absl::CivilSecond(2027, 3, 20, 3, 0, 0), absl::UTCTimeZone()));
  ASSERT_THAT(Tell(), IsOk());
  EXPECT_EQ(Waiting(), 4) << "two weeks";
  clock_.Set(absl::FromCivil(absl::CivilSecond(2027, 4, 1, 3, 0, 0), absl::UTCTimeZone()));
  ASSERT_THAT(Tell(), IsOk());
  EXPECT_EQ(Waiting(), 6) << "it has ended";
}

}  // namespace
}  // namespace kubari::donors
