// Donors and agreements.
#include "services/donors/handler_test.h"

namespace kubari::donors {
namespace {

using errors::FailsBecause;
using errors::FailsWith;
using errors::IsOk;
using errors::Violates;
using Stub = v1::DonorsService::Stub;

v1::GetDonorRequest Named(const std::string& id) {
  v1::GetDonorRequest request;
  request.set_name("donors/" + id);
  return request;
}

TEST_F(DonorsTest, ADonorHasAnOrganisationOfTheSameId) {
  const auto donor = MakeDonor(kDonor, "D-1", "配り食品");
  ASSERT_THAT(donor, IsOk());
  EXPECT_EQ(donor->name(), "donors/" + kDonor);
  EXPECT_FALSE(donor->agreement_in_force());
  ASSERT_TRUE(identity_.organisations().contains(kDonor));
  EXPECT_EQ(identity_.organisations().at(kDonor).kind(), identity::v1::ORGANISATION_KIND_DONOR);
  EXPECT_THAT(Do(&Stub::GetDonor, "coordinator", Named(kDonor)), IsOk());
}

TEST_F(DonorsTest, ARepeatedRequestMakesOneDonorAndAChangedOneIsRefused) {
  v1::CreateDonorRequest request;
  request.set_request_id(NewId());
  request.mutable_donor()->set_code("D-1");
  request.mutable_donor()->set_display_name("配り食品");
  const auto first = Do(&Stub::CreateDonor, "coordinator", request);
  ASSERT_THAT(first, IsOk());
  identity_.away = true;  // a replay asks nobody
  const auto again = Do(&Stub::CreateDonor, "coordinator", request);
  ASSERT_THAT(again, IsOk());
  EXPECT_EQ(again->SerializeAsString(), first->SerializeAsString());
  request.mutable_donor()->set_display_name("別の名前");
  EXPECT_THAT(Do(&Stub::CreateDonor, "coordinator", request), FailsBecause("REQUEST_ID_REUSED"));
}

TEST_F(DonorsTest, GoesOnAfterTheOrganisationWasMadeAndTheDonorWasNot) {
  identity_.Add(kDonor, identity::v1::ORGANISATION_KIND_DONOR);
  EXPECT_THAT(MakeDonor(kDonor, "D-1", "配り食品"), IsOk());
  identity_.Add(kOtherDonor, identity::v1::ORGANISATION_KIND_GROUP);
  EXPECT_THAT(MakeDonor(kOtherDonor, "D-2", "別"), FailsBecause("ORGANISATION_EXISTS"));
}

TEST_F(DonorsTest, CodeAndIdAreUniqueAndARefusedDonorLeavesNoOrganisation) {
  ASSERT_THAT(MakeDonor(kDonor, "D-1", "配り食品"), IsOk());
  EXPECT_THAT(MakeDonor(kOtherDonor, "D-1", "別"), FailsBecause("CODE_TAKEN"));
  EXPECT_THAT(MakeDonor(kDonor, "D-2", "別"), FailsBecause("DONOR_EXISTS"));
  EXPECT_EQ(identity_.organisations().size(), 1u);
}

TEST_F(DonorsTest, ShapeErrorsComeAllAtOnce) {
  v1::CreateDonorRequest request;
  request.set_donor_id("x");
  request.mutable_donor()->set_contact_email("nobody");
  request.mutable_donor()->mutable_address()->set_municipality_code("99999");
  const auto result = Do(&Stub::CreateDonor, "coordinator", request);
  for (const char* field : {"request_id", "donor.code", "donor.display_name"})
    EXPECT_THAT(result, Violates(field, "REQUIRED")) << field;
  EXPECT_THAT(result, Violates("donor_id", "NOT_A_UUID"));
  EXPECT_THAT(result, Violates("donor.contact_email", "NOT_AN_EMAIL"));
  EXPECT_THAT(result, Violates("donor.address.municipality_code", "NOT_A_MUNICIPALITY"));
}

TEST_F(DonorsTest, WhoMayReadADonor) {
  ASSERT_THAT(MakeDonor(kDonor, "D-1", "配り食品"), IsOk());
  ASSERT_THAT(MakeDonor(kOtherDonor, "D-2", "別の食品"), IsOk());
  EXPECT_THAT(Do(&Stub::GetDonor, "donor", Named(kDonor)), IsOk());
  EXPECT_THAT(Do(&Stub::GetDonor, "donor", Named(kOtherDonor)), FailsBecause("NOT_YOUR_ORGANISATION"));
  EXPECT_THAT(Do(&Stub::GetDonor, "donor", Named(kUnknown)), FailsBecause("NOT_YOUR_ORGANISATION"));
  EXPECT_THAT(Do(&Stub::GetDonor, "coordinator", Named(kUnknown)), FailsBecause("DONOR_NOT_FOUND"));
  EXPECT_THAT(Do(&Stub::GetDonor, "volunteer", Named(kDonor)), FailsBecause("ROLE_NOT_ALLOWED"));
  EXPECT_THAT(Do(&Stub::GetDonor, "stranger", Named(kDonor)), FailsBecause("DONOR_NOT_FOUND"));
  EXPECT_THAT(Do(&Stub::GetDonor, "service", Named(kDonor)), IsOk());
  EXPECT_THAT(MakeDonor(NewId(), "D-3", "x", "donor"), FailsBecause("ROLE_NOT_ALLOWED"));
  const auto own = Do(&Stub::ListDonors, "donor", v1::ListDonorsRequest());
  ASSERT_THAT(own, IsOk());
  ASSERT_EQ(own->donors_size(), 1);
  EXPECT_EQ(own->donors(0).code(), "D-1");
}

TEST_F(DonorsTest, ListsByNamePageByPageAndFindsAnySpelling) {
  for (int i = 0; i < 5; ++i)
    ASSERT_THAT(MakeDonor(NewId(), absl::StrCat("D-", i), absl::StrCat("ガーデン", 9 - i)), IsOk());
  ASSERT_THAT(MakeDonor(NewId(), "X%", "ひまわり"), IsOk());
  v1::ListDonorsRequest request;
  request.set_query("ｶﾞｰﾃﾞﾝ");
  request.set_page_size(2);
  std::string names;
  int pages = 0;
  do {
    const auto page = Do(&Stub::ListDonors, "coordinator", request);
    ASSERT_THAT(page, IsOk());
    for (const v1::Donor& donor : page->donors()) names += donor.display_name() + " ";
    request.set_page_token(page->next_page_token());
    ++pages;
  } while (!request.page_token().empty());
  EXPECT_EQ(names, "ガーデン5 ガーデン6 ガーデン7 ガーデン8 ガーデン9 ");
  EXPECT_EQ(pages, 3);
  for (const char* query : {"がーでん", "gaden", "GĀDEN", "ｇａｄｅｎ", "gaadenn"}) {
    request.set_query(query);
    request.clear_page_token();
    const auto found = Do(&Stub::ListDonors, "coordinator", request);
    ASSERT_THAT(found, IsOk());
    EXPECT_EQ(found->donors_size(), 2) << query;
  }
  request.set_query("がーでん");
  request.set_page_token("eHh4");
  EXPECT_THAT(Do(&Stub::ListDonors, "coordinator", request), FailsBecause("PAGE_TOKEN_INVALID"));
  request.clear_page_token();
  request.set_query("%");
  const auto literal = Do(&Stub::ListDonors, "coordinator", request);
  ASSERT_THAT(literal, IsOk());
  ASSERT_EQ(literal->donors_size(), 1);
  EXPECT_EQ(literal->donors(0).display_name(), "ひまわり");
}

TEST_F(DonorsTest, ListsThoseWhoseAgreementIsInForceToday) {
  ASSERT_THAT(MakeDonor(kDonor, "D-1", "A"), IsOk());
  ASSERT_THAT(MakeDonor(kOtherDonor, "D-2", "B"), IsOk());
  const std::string third = NewId();
  ASSERT_THAT(MakeDonor(third, "D-3", "C"), IsOk());
  ASSERT_THAT(Sign(kDonor, "2026-04-01", "2026-11-21"), IsOk());
  const auto signed_by = Sign(kOtherDonor, "2026-04-01");
  ASSERT_THAT(signed_by, IsOk());
  ASSERT_THAT(Sign(third, "2026-11-22"), IsOk());
  const auto list = [&](bool in_force) {
    v1::ListDonorsRequest request;
    request.set_agreement_in_force(in_force);
    request.set_page_size(1);
    std::string names;
    do {
      const auto page = Do(&Stub::ListDonors, "coordinator", request);
      EXPECT_THAT(page, IsOk());
      if (!page.ok()) return names;
      for (const v1::Donor& donor : page->donors()) {
        EXPECT_EQ(donor.agreement_in_force(), in_force);
        names += donor.display_name();
      }
      request.set_page_token(page->next_page_token());
    } while (!request.page_token().empty());
    return names;
  };
  EXPECT_EQ(list(true), "AB");
  EXPECT_EQ(list(false), "C");
  v1::TerminateAgreementRequest end;  // today is its last day
  end.set_request_id(NewId());
  end.set_name(signed_by->agreements(0).name());
  end.set_end_date("2026-11-21");
  ASSERT_THAT(Do(&Stub::TerminateAgreement, "coordinator", end), IsOk());
  EXPECT_EQ(list(true), "AB");
  clock_.Advance(absl::Hours(24));
  EXPECT_EQ(list(true), "C");
  EXPECT_EQ(list(false), "AB");
}

TEST_F(DonorsTest, UpdateChangesTheNamedFieldsOfTheVersionThatWasRead) {
  const auto donor = MakeDonor(kDonor, "D-1", "配り食品");
  ASSERT_THAT(donor, IsOk());
  v1::UpdateDonorRequest request;
  request.set_request_id(NewId());
  *request.mutable_donor() = *donor;
  request.mutable_donor()->set_display_name("配り食品株式会社");
  request.mutable_donor()->set_contact_email("ignored@example.org");
  request.add_update_mask("display_name");
  EXPECT_THAT(Do(&Stub::UpdateDonor, "other donor", request), FailsBecause("NOT_YOUR_ORGANISATION"));
  const auto updated = Do(&Stub::UpdateDonor, "donor", request);
  ASSERT_THAT(updated, IsOk());
  EXPECT_EQ(updated->display_name(), "配り食品株式会社");
  EXPECT_EQ(updated->contact_email(), "");
  EXPECT_NE(updated->etag(), donor->etag());
  EXPECT_THAT(Do(&Stub::UpdateDonor, "donor", request), IsOk()) << "a replay is not stale";
  request.set_request_id(NewId());
  EXPECT_THAT(Do(&Stub::UpdateDonor, "donor", request), FailsBecause("STALE_ETAG"));
  request.add_update_mask("code");
  EXPECT_THAT(Do(&Stub::UpdateDonor, "coordinator", request), Violates("update_mask[1]", "UNKNOWN_FIELD"));
}

TEST_F(DonorsTest, AgreementsAreSignedOverlapAndEnd) {
  ASSERT_THAT(MakeDonor(kDonor, "D-1", "配り食品"), IsOk());
  ASSERT_THAT(Sign(kDonor, "2025-04-01", "2026-03-31"), IsOk());
  EXPECT_THAT(Sign(kDonor, "2026-03-31", ""), FailsBecause("AGREEMENT_OVERLAPS"));
  const auto signed_donor = Sign(kDonor, "2026-04-01", "2027-03-31");
  ASSERT_THAT(signed_donor, IsOk());
  ASSERT_EQ(signed_donor->agreements_size(), 2);
  EXPECT_EQ(signed_donor->agreements(0).valid_from_date(), "2026-04-01") << "newest first";
  EXPECT_TRUE(signed_donor->agreement_in_force());
  EXPECT_THAT(Sign(kUnknown), FailsBecause("DONOR_NOT_FOUND"));

  v1::TerminateAgreementRequest end;
  end.set_request_id(NewId());
  end.set_name(signed_donor->agreements(0).name());
  end.set_end_date("2026-11-20");
  EXPECT_THAT(Do(&Stub::TerminateAgreement, "coordinator", end), Violates("end_date", "OUT_OF_RANGE"));
  end.set_end_date("2026-11-21");
  EXPECT_THAT(Do(&Stub::TerminateAgreement, "donor", end), FailsBecause("ROLE_NOT_ALLOWED"));
  const auto ended = Do(&Stub::TerminateAgreement, "coordinator", end);
  ASSERT_THAT(ended, IsOk());
  EXPECT_TRUE(ended->agreement_in_force()) << "until the end of its last day";
  end.set_request_id(NewId());
  EXPECT_THAT(Do(&Stub::TerminateAgreement, "coordinator", end), FailsBecause("AGREEMENT_TERMINATED"));
  end.set_name("donors/" + kDonor + "/agreements/" + kUnknown);
  EXPECT_THAT(Do(&Stub::TerminateAgreement, "coordinator", end), FailsBecause("AGREEMENT_NOT_FOUND"));

  clock_.Advance(absl::Hours(4));  // 2026-11-21 23:00 in Tokyo
  EXPECT_TRUE(Do(&Stub::GetDonor, "donor", Named(kDonor))->agreement_in_force());
  clock_.Advance(absl::Hours(2));  // the next day in Tokyo, the same in UTC
  EXPECT_FALSE(Do(&Stub::GetDonor, "donor", Named(kDonor))->agreement_in_force());
}

TEST_F(DonorsTest, TheDatabaseItselfKeepsNetworksApart) {
  ASSERT_THAT(MakeDonor(kDonor, "D-1", "配り食品"), IsOk());
  const auto count = [&](const std::string& network) {
    return pool_.Read({.network_id = network}, [&](pg::Transaction& tx) -> absl::StatusOr<int64_t> {
      ASSIGN_OR_RETURN(const pg::Result rows, tx.Query("SELECT count(*) FROM donors"));
      return rows[0].Get<int64_t>(0);
    });
  };
  EXPECT_EQ(*count(kNetwork), 1);
  EXPECT_EQ(*count(kOtherNetwork), 0);
  EXPECT_EQ(*count(""), 0);
}

}  // namespace
}  // namespace kubari::donors
