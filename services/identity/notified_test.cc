// What the notifications service lives on: who is meant, in which language and where; and invites that go by e-mail.
#include <gmock/gmock.h>

#include "libs/outbox/outbox.h"
#include "services/identity/identity_fixture.h"

namespace kubari::identity {
namespace {

using errors::FailsBecause;
using errors::IsOk;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::UnorderedElementsAre;

class NotifiedTest : public IdentityTest {
 protected:
  std::vector<std::string> Recipients(const std::string& request, int page_size = 0) {
    std::vector<std::string> names;
    auto page = Text<pb::ListRecipientsRequest>(request);
    page.set_page_size(page_size);
    do {
      const auto answer = Must(&Stub::ListRecipients, kServiceKey, page, network_.id);
      for (const pb::Recipient& recipient : answer.recipients()) names.push_back(recipient.person());
      page.set_page_token(answer.next_page_token());
    } while (!page.page_token().empty());
    return names;
  }

  const Network network_ = MakeNetwork("sakura");
  const std::string donor_ = MakeOrganisation(network_, "DONOR"), group_ = MakeOrganisation(network_, "GROUP"),
                    group2_ = MakeOrganisation(network_, "GROUP");
  const std::string taro_ = MakePerson(network_, "taro@group.example", "GROUP", group_).name();
  const std::string jiro_ = MakePerson(network_, "jiro@group.example", "GROUP", group2_).name();
  const std::string hana_ = MakePerson(network_, "hana@donor.example", "DONOR", donor_).name();
};

TEST_F(NotifiedTest, RecipientsAreHoldersOfARoleOrNamedOnceEach) {
  EXPECT_THAT(Recipients(absl::StrCat("holders { organisation: '", group_, "' role: ROLE_GROUP }")), ElementsAre(taro_));
  EXPECT_THAT(Recipients("holders { role: ROLE_GROUP }"), UnorderedElementsAre(taro_, jiro_));
  EXPECT_THAT(Recipients(absl::StrCat("holders { role: ROLE_GROUP } holders { organisation: '", group_, "' role: ROLE_GROUP } people: '", taro_,
                                      "' people: '", hana_, "' people: 'people/0190163d-8694-7000-8000-0000000000ff'")),
              UnorderedElementsAre(taro_, jiro_, hana_));
  EXPECT_THAT(Recipients("holders { role: ROLE_GROUP } holders { role: ROLE_DONOR } holders { role: ROLE_ADMINISTRATOR }", 1),
              UnorderedElementsAre(taro_, jiro_, hana_, network_.administrator));
  EXPECT_THAT(Recipients(absl::StrCat("holders { organisation: '", donor_, "' role: ROLE_GROUP }")), ElementsAre());

  const Network other = MakeNetwork("momiji");
  const auto elsewhere = Must(&Stub::ListRecipients, kServiceKey, Text<pb::ListRecipientsRequest>(absl::StrCat("people: '", taro_, "'")), other.id);
  EXPECT_EQ(elsewhere.recipients_size(), 0);
  EXPECT_THAT(Do(&Stub::ListRecipients, network_.token, Text<pb::ListRecipientsRequest>("holders { role: ROLE_GROUP }")),
              FailsBecause("ROLE_NOT_ALLOWED"));
  EXPECT_THAT(Do(&Stub::ListRecipients, kServiceKey, Text<pb::ListRecipientsRequest>("holders { organisation: 'x' } people: 'y'"), network_.id),
              FailsBecause("INVALID_REQUEST"));
}

TEST_F(NotifiedTest, NameAddressAndLanguageCanBeChanged) {
  const auto update = Text<pb::UpdatePersonRequest>(
      absl::StrCat(RequestId(), "person { name: '", taro_,
                   "' display_name: '新しい名前' email: 'Taro@new.example' locale: 'en' } update_mask: 'email' update_mask: 'locale'"));
  const pb::Person changed = Must(&Stub::UpdatePerson, network_.token, update);
  EXPECT_EQ(changed.email(), "Taro@new.example");
  EXPECT_EQ(changed.locale(), "en");
  EXPECT_EQ(changed.display_name(), "山田");  // not in the mask
  EXPECT_EQ(Must(&Stub::UpdatePerson, network_.token, update).email(), "Taro@new.example");

  EXPECT_THAT(Do(&Stub::UpdatePerson, network_.token,
                 Text<pb::UpdatePersonRequest>(absl::StrCat(RequestId(), "person { name: '", jiro_, "' email: 'taro@NEW.example' } update_mask: 'email'"))),
              FailsBecause("EMAIL_TAKEN"));
  EXPECT_THAT(Do(&Stub::UpdatePerson, network_.token,
                 Text<pb::UpdatePersonRequest>(absl::StrCat(
                     RequestId(), "person { name: '", jiro_, "' email: 'none' locale: 'fr' } update_mask: 'email' update_mask: 'locale' update_mask: 'grants'"))),
              FailsBecause("INVALID_REQUEST"));
  EXPECT_THAT(Do(&Stub::UpdatePerson, TokenOf(network_, taro_), update), FailsBecause("ROLE_NOT_ALLOWED"));
}

TEST_F(NotifiedTest, AnOpenLinkEndsWhenTheAddressChanges) {
  const auto invite = Must(&Stub::CreateInvite, network_.token, Text<pb::CreateInviteRequest>(absl::StrCat(RequestId(), "person: '", taro_, "'")));
  Must(&Stub::UpdatePerson, network_.token,
       Text<pb::UpdatePersonRequest>(absl::StrCat(RequestId(), "person { name: '", taro_, "' email: 'taro@new.example' } update_mask: 'email'")));
  EXPECT_THAT(Do(&Stub::RedeemInvite, "", Text<pb::RedeemInviteRequest>(absl::StrCat(RequestId(), "code: '", invite.code(), "'"))),
              FailsBecause("INVITE_INVALID"));
}

TEST_F(NotifiedTest, EverybodyChoosesTheOwnLanguage) {
  const std::string token = TokenOf(network_, taro_);
  Must(&Stub::SetLocale, token, Text<pb::SetLocaleRequest>(RequestId() + "locale: 'en'"));
  EXPECT_EQ(Session(token)->locale(), "en");
  EXPECT_THAT(Do(&Stub::SetLocale, token, Text<pb::SetLocaleRequest>(RequestId() + "locale: 'xx'")), FailsBecause("INVALID_REQUEST"));
  EXPECT_THAT(Do(&Stub::SetLocale, kServiceKey, Text<pb::SetLocaleRequest>(RequestId() + "locale: 'en'"), network_.id), FailsBecause("NOT_A_PERSON"));
}

TEST_F(NotifiedTest, AnInviteByMailIsSealedAndItsCodeIsTheOneThatWorks) {
  // As the pump will open them.
  const auto waiting = [&] {
    std::vector<outbox::Notice> notices;
    constexpr pg::Statement kRead{"SELECT notice, sealed FROM outbox ORDER BY written_time"};
    EXPECT_THAT(pool_.Read({.network_id = network_.id},
                           [&](pg::Transaction& tx) -> absl::Status {
                             const auto rows = tx.Query(kRead);
                             if (!rows.ok()) return rows.status();
                             for (const pg::Row row : *rows) {
                               EXPECT_TRUE(row.Get<bool>("sealed"));
                               const auto opened = outbox::internal::Open(kServiceKey, row.Get<pg::Bytes>("notice").value);
                               EXPECT_TRUE(opened.has_value() && notices.emplace_back().ParseFromString(*opened));
                             }
                             return absl::OkStatus();
                           }),
                IsOk());
    return notices;
  };
  Must(&Stub::CreateInvite, network_.token, Text<pb::CreateInviteRequest>(absl::StrCat(RequestId(), "person: '", taro_, "'")));
  EXPECT_TRUE(waiting().empty());  // only if asked for

  const auto request = Text<pb::CreateInviteRequest>(absl::StrCat(RequestId(), "person: '", taro_, "' send_by_email: true"));
  Must(&Stub::CreateInvite, network_.token, request);
  const auto again = Must(&Stub::CreateInvite, network_.token, request);  // its answer got lost, say
  const auto notices = waiting();
  ASSERT_EQ(notices.size(), 2u);
  EXPECT_EQ(notices[1].link(), "/join/" + again.code());
  EXPECT_TRUE(notices[1].confidential());
  EXPECT_EQ(notices[1].audiences(0).person(), taro_);
  EXPECT_THAT(notices[1].text().en(), HasSubstr("within 24 hours"));
  EXPECT_FALSE(Redeem(notices[1].link().substr(6)).token().empty());

  EXPECT_THAT(Do(&Stub::CreateInvite, network_.token, DeviceInvite(network_.intermediary, "send_by_email: true")), FailsBecause("INVALID_REQUEST"));
}

}  // namespace
}  // namespace kubari::identity
