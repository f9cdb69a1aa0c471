// What a group may: approval, suspension, agreements and evidence on their days.
#include "services/groups/groups_fixture.h"

namespace kubari::groups {
namespace {

using errors::FailsBecause;
using errors::IsOk;
using errors::Violates;

TEST_F(GroupsTest, ApprovalAndSuspension) {
  const v1::Group applied = Make(kOwn, "G-1", "ひまわり食堂").value();
  EXPECT_THAT(Suspend(applied), FailsBecause("GROUP_STATE"));
  const auto active = Approve(applied);
  ASSERT_THAT(active, IsOk());
  EXPECT_EQ(active->state(), v1::GROUP_STATE_ACTIVE);
  EXPECT_THAT(Approve(applied), FailsBecause("STALE_ETAG"));
  EXPECT_THAT(Approve(*active), FailsBecause("GROUP_STATE"));
  EXPECT_THAT(Suspend(*active, ""), Violates("reason", "REQUIRED"));
  const auto suspended = Suspend(*active);
  ASSERT_THAT(suspended, IsOk());
  EXPECT_EQ(suspended->state(), v1::GROUP_STATE_SUSPENDED);
  EXPECT_EQ(suspended->suspend_reason(), "連絡が取れません");
  const auto back = Approve(*suspended);
  ASSERT_THAT(back, IsOk());
  EXPECT_EQ(back->suspend_reason(), "");
  v1::ListGroupsRequest list;
  list.add_states(v1::GROUP_STATE_APPLIED);
  EXPECT_EQ(Do(&Stub::ListGroups, "coordinator", list)->groups_size(), 0);
  list.add_states(v1::GROUP_STATE_ACTIVE);
  EXPECT_EQ(Do(&Stub::ListGroups, "coordinator", list)->groups_size(), 1);
}

// A version that begins tomorrow does not count today: neither in what a group's own page says nor in what services ask for.
TEST_F(GroupsTest, AnAgreementsVersionCountsFromItsDay) {
  ASSERT_THAT(Make(kOwn, "G-1", "ひまわり食堂"), IsOk());
  v1::CreateAgreementRequest first;
  first.set_request_id(NewId());
  first.set_group("groups/" + kOwn);
  first.mutable_agreement()->set_title("合意書");
  first.mutable_agreement()->set_valid_from_date("2026-04-01");
  first.mutable_agreement()->mutable_duties()->set_recall_contact("事務局 03-0000-0001");
  ASSERT_THAT(Do(&Stub::CreateAgreement, "coordinator", first), IsOk());
  const auto agreements = v1::AgreementsService::NewStub(server_.channel());
  type::v1::ListAgreementVersionsRequest list;
  list.set_name(Read(kOwn)->agreements(0).name());
  const auto versions = rpc::Invoke(&v1::AgreementsService::Stub::ListAgreementVersions, *agreements, server_.As("coordinator"), list);
  ASSERT_THAT(versions, IsOk());
  type::v1::ReviseAgreementRequest revise;
  revise.set_request_id(NewId());
  *revise.mutable_agreement() = versions->versions(0);
  revise.mutable_agreement()->set_title("合意書（改定）");
  revise.mutable_agreement()->mutable_duties()->set_recall_contact("新しい窓口 03-0000-0002");
  revise.set_from_date("2026-11-22");
  ASSERT_THAT(rpc::Invoke(&v1::AgreementsService::Stub::ReviseAgreement, *agreements, server_.As("coordinator"), revise), IsOk());
  const auto expect = [&](const std::string& title, const std::string& contact, int version) {
    v1::GetGroupRequest get;
    get.set_name("groups/" + kOwn);
    const auto person = Do(&Stub::GetGroup, "volunteer", get);
    ASSERT_THAT(person, IsOk());
    EXPECT_EQ(person->agreements(0).title(), title);
    EXPECT_EQ(person->agreements(0).version(), version);
    EXPECT_FALSE(person->agreements(0).has_duties()) << "those are for the agreement's own readers";
    const auto service = Do(&Stub::GetGroup, "service", get);
    ASSERT_THAT(service, IsOk());
    EXPECT_EQ(service->agreements(0).duties().recall_contact(), contact);
    const auto listed = Do(&Stub::ListGroups, "coordinator", v1::ListGroupsRequest());
    ASSERT_THAT(listed, IsOk());
    EXPECT_EQ(listed->groups(0).agreements(0).title(), title);
  };
  expect("合意書", "事務局 03-0000-0001", 1);
  clock_.Advance(absl::Hours(24));
  expect("合意書（改定）", "新しい窓口 03-0000-0002", 2);
}

TEST_F(GroupsTest, AgreementsAndEvidenceCountOnTheirDays) {
  v1::Group group = Make(kOwn, "G-1", "ひまわり食堂").value();
  EXPECT_FALSE(group.agreement_in_force());
  group = Sign(kOwn, "2026-04-01", "2026-11-21").value();
  EXPECT_TRUE(group.agreement_in_force());
  EXPECT_THAT(Sign(kOwn, "2026-11-21"), FailsBecause("AGREEMENT_OVERLAPS"));
  EXPECT_THAT(Sign(kUnknown, "2026-11-21"), FailsBecause("GROUP_NOT_FOUND"));
  type::v1::Evidence& evidence = *group.add_evidence();
  evidence.set_title("保管温度記録");
  evidence.set_level(type::v1::COMPLIANCE_LEVEL_STORAGE_PROVEN);
  evidence.set_valid_from_date("2026-01-01");
  evidence.set_valid_to_date("2026-11-21");
  group = Update(group, {"evidence"}).value();
  EXPECT_EQ(group.compliance_level(), type::v1::COMPLIANCE_LEVEL_STORAGE_PROVEN);
  clock_.Advance(absl::Hours(6));  // 2026-11-22 in Tokyo
  EXPECT_FALSE(Read(kOwn)->agreement_in_force());
  EXPECT_EQ(Read(kOwn)->compliance_level(), type::v1::COMPLIANCE_LEVEL_UNSPECIFIED);
  const v1::Group renewed = Sign(kOwn, "2026-11-22").value();
  v1::TerminateAgreementRequest end;
  end.set_request_id(NewId());
  end.set_name(renewed.agreements(0).name());
  end.set_end_date("2026-11-30");
  const auto ended = Do(&Stub::TerminateAgreement, "coordinator", end);
  ASSERT_THAT(ended, IsOk());
  EXPECT_EQ(ended->agreements(0).end_date(), "2026-11-30");
  EXPECT_NE(ended->etag(), renewed.etag());
  end.set_request_id(NewId());
  EXPECT_THAT(Do(&Stub::TerminateAgreement, "coordinator", end), FailsBecause("AGREEMENT_TERMINATED"));
}

}  // namespace
}  // namespace kubari::groups
