// E-mail: what is written, when it waits, when it is tried again and when it is given up; what is confidential.
#include <map>
#include <thread>

#include "services/notifications/notifications_fixture.h"

namespace kubari::notifications {
namespace {

using errors::FailsBecause;
using errors::IsOk;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;

TEST_F(NotificationsTest, MailIsWrittenInItsReadersLanguageAndCanBeRead) {
  MailServer mail;
  Configure(mail.Settings());
  Deliver({ToGroup()});
  const std::vector<Received> mails = mail.Mails();
  ASSERT_THAT(Tos(mails), UnorderedElementsAre("taro@group.example", "emily@group.example"));
  for (const Received& one : mails) {
    const auto& h = one.headers;
    EXPECT_EQ(h.at("from"), "配る会 <kubari@example.org>");
    EXPECT_EQ(h.at("auto-submitted"), "auto-generated");
    EXPECT_THAT(h.at("list-unsubscribe"), ::testing::MatchesRegex("<https://kubari.example/stop-emails\\?t=[A-Za-z0-9_=-]+>"));
    EXPECT_EQ(h.at("list-unsubscribe-post"), "List-Unsubscribe=One-Click");
    EXPECT_THAT(one.text, HasSubstr("https://kubari.example/#/notices/settings\n"));
    EXPECT_EQ(h.at("content-type"), "text/plain; charset=UTF-8");
    EXPECT_THAT(h.at("message-id"), ::testing::MatchesRegex("<[0-9a-f-]{36}@example.org>"));
    EXPECT_THAT(one.text, HasSubstr("https://kubari.example/#/group\n"));
    if (one.to == "taro@group.example") {
      EXPECT_EQ(h.at("subject"), "【さくらネット】りんご 12箱が届きます");
      EXPECT_THAT(one.text, HasSubstr("ご確認ください。\n\nくわしく見る: "));
    } else {
      EXPECT_EQ(h.at("subject"), "[さくらネット] りんご 12箱 is coming");
      EXPECT_THAT(one.text, HasSubstr("Please look.\n\nSee it here: "));
    }
  }
  Send();
  EXPECT_THAT(mail.Mails(), SizeIs(2));
  EXPECT_THAT(Deliveries(pb::DELIVERY_STATE_DELIVERED), SizeIs(2));
}

TEST_F(NotificationsTest, PasswordAndEncryptionAreUsedAndInsistedOn) {
  MailServer mail({.secured = true});
  Configure(mail.Settings("user = kubari\npassword = a secret with = and blanks\n"));
  pb::Notice notice = Make(pb::NOTICE_KIND_RECALL);
  outbox::ToPerson(notice, kTaro);
  Deliver({notice});
  ASSERT_THAT(mail.Mails(), SizeIs(1));
  EXPECT_EQ(mail.Mails()[0].headers.at("x-encrypted"), "yes");
  EXPECT_EQ(mail.Mails()[0].headers.at("x-authenticated"), "yes");
  EXPECT_EQ(mail.Mails()[0].headers.count("list-unsubscribe"), 0u);  // a recall cannot be switched off

  // A wrong password is the operator's to mend: nothing fails, everything waits, and the reason is shown without the password.
  Configure(mail.Settings("user = kubari\npassword = wrong-password\n"));
  pb::Notice second = Make(pb::NOTICE_KIND_RECALL);
  outbox::ToPerson(second, kTaro);
  Deliver({second});
  EXPECT_THAT(mail.Mails(), SizeIs(1));
  const auto status = Must(&Stub::GetEmailStatus, "hanako", pb::GetEmailStatusRequest());
  EXPECT_TRUE(status.configured() && status.encrypted());
  EXPECT_EQ(status.waiting(), 1);
  EXPECT_THAT(status.last_error(), Not(IsEmpty()));
  EXPECT_THAT(status.last_error(), Not(HasSubstr("wrong-password")));
  Configure(mail.Settings("user = kubari\npassword = a secret with = and blanks\n"));
  clock_.Advance(absl::Minutes(5));
  Send();
  EXPECT_THAT(mail.Mails(), SizeIs(2));

  // A server that offers no encryption gets nothing.
  MailServer plain;
  Configure(absl::StrCat("url = smtp://127.0.0.1:", plain.port(), "\nfrom = kubari@example.org\n"));
  Deliver({ToGroup()});
  EXPECT_THAT(plain.Mails(), IsEmpty());
}

TEST_F(NotificationsTest, WithoutSettingsMailWaitsVisiblyAndThenLeaves) {
  Deliver({ToGroup()});
  EXPECT_FALSE(Must(&Stub::GetEmailStatus, "hanako", pb::GetEmailStatusRequest()).configured());
  EXPECT_THAT(Deliveries(pb::DELIVERY_STATE_WAITING_FOR_SETTINGS), SizeIs(2));
  EXPECT_THAT(Deliveries(pb::DELIVERY_STATE_WAITING), IsEmpty());
  EXPECT_THAT(Subjects("taro"), SizeIs(1));
  Configure("url = smtp://x\nfrom = nobody\nusr = x\n");
  EXPECT_THAT(Must(&Stub::GetEmailStatus, "hanako", pb::GetEmailStatusRequest()).last_error(), HasSubstr("from is no e-mail address"));
  MailServer mail;
  Configure(mail.Settings());
  clock_.Advance(absl::Hours(24 * 3));
  Send();
  EXPECT_THAT(mail.Mails(), SizeIs(2));
}

TEST_F(NotificationsTest, WhatIsAWeekOldWhenMailFirstLeavesIsDropped) {
  Deliver({ToGroup()});
  MailServer mail;
  Configure(mail.Settings());
  clock_.Advance(absl::Hours(24 * 8));
  Send();
  EXPECT_THAT(mail.Mails(), IsEmpty());
  EXPECT_THAT(Deliveries(pb::DELIVERY_STATE_DROPPED), SizeIs(2));
}

TEST_F(NotificationsTest, ARefusalForNowIsTriedAgainAndOneForGoodIsADeadLetterThatCanBeRetried) {
  MailServer mail;
  Configure(mail.Settings());
  pb::Notice notice = Make(pb::NOTICE_KIND_RECALL);
  people_.Move(kJiro, "never@group.example");
  outbox::ToPerson(notice, kJiro);
  outbox::ToMailbox(notice, "later@group.example", "あとで");
  outbox::ToMailbox(notice, "full@group.example", "いっぱい");
  Deliver({notice});
  EXPECT_THAT(mail.Mails(), IsEmpty());
  const auto failed = Deliveries(pb::DELIVERY_STATE_FAILED);
  ASSERT_THAT(failed, SizeIs(2));
  std::map<std::string, pb::Delivery> by_name;
  for (const auto& delivery : failed) by_name[delivery.recipient_display_name()] = delivery;
  EXPECT_THAT(by_name["jiro"].last_error(), HasSubstr("550 5.1.1"));
  EXPECT_THAT(by_name["いっぱい"].last_error(), HasSubstr("552"));
  EXPECT_EQ(by_name["いっぱい"].recipient(), "");

  const auto waiting = Deliveries(pb::DELIVERY_STATE_WAITING);
  ASSERT_THAT(waiting, SizeIs(1));
  EXPECT_THAT(waiting[0].last_error(), HasSubstr("451"));
  clock_.Advance(absl::Seconds(59));
  Send();
  EXPECT_EQ(Deliveries(pb::DELIVERY_STATE_WAITING)[0].attempts(), 1);
  clock_.Advance(absl::Seconds(1));
  Send();
  EXPECT_EQ(Deliveries(pb::DELIVERY_STATE_WAITING)[0].attempts(), 2);
  clock_.Advance(absl::Minutes(2));
  Send();
  EXPECT_THAT(Tos(mail.Mails()), ElementsAre("later@group.example"));

  // The address is mended, then the letter is tried again: it goes to the new one.
  people_.Move(kJiro, "jiro@new.example");
  pb::RetryDeliveriesRequest retry;
  retry.set_request_id(ids::NewUuid());
  retry.add_names(by_name["jiro"].name());
  EXPECT_EQ(Must(&Stub::RetryDeliveries, "hanako", retry).deliveries(0).state(), pb::DELIVERY_STATE_WAITING);
  EXPECT_EQ(Must(&Stub::RetryDeliveries, "hanako", retry).deliveries_size(), 1);  // a replay
  Send();
  EXPECT_THAT(Tos(mail.Mails()), ElementsAre("later@group.example", "jiro@new.example"));
  retry.set_request_id(ids::NewUuid());
  EXPECT_THAT(Do(&Stub::RetryDeliveries, "hanako", retry), FailsBecause("DELIVERY_NOT_FAILED"));
  EXPECT_THAT(Do(&Stub::RetryDeliveries, "other administrator", retry), FailsBecause("DELIVERY_NOT_FOUND"));
  retry.add_names("x");
  EXPECT_THAT(Do(&Stub::RetryDeliveries, "hanako", retry), FailsBecause("INVALID_REQUEST"));
}

TEST_F(NotificationsTest, AServerThatIsDownHoldsMailBackWithoutFailingIt) {
  MailServer mail;
  Configure(mail.Settings());
  mail.Stop();
  std::vector<pb::Notice> notices;
  for (int i = 0; i < 6; ++i) notices.push_back(ToGroup());
  Deliver(notices);
  // One attempt finds out; nobody else's is spent.
  int attempts = 0;
  for (const auto& delivery : Deliveries(pb::DELIVERY_STATE_WAITING)) attempts += delivery.attempts();
  EXPECT_EQ(attempts, 1);
  EXPECT_THAT(Deliveries(pb::DELIVERY_STATE_WAITING), SizeIs(12));
  mail.Start();
  clock_.Advance(absl::Minutes(5));
  Send();
  EXPECT_THAT(mail.Mails(), SizeIs(12));
  EXPECT_THAT(Deliveries(pb::DELIVERY_STATE_DELIVERED), SizeIs(12));
}

TEST_F(NotificationsTest, AnAnswerThatIsLostGivesASecondCopyWithTheSameMessageId) {
  MailServer mail;
  Configure(mail.Settings());
  pb::Notice notice = Make(pb::NOTICE_KIND_RECALL);
  outbox::ToMailbox(notice, "cut@group.example", "切れる");
  Deliver({notice});
  EXPECT_THAT(Deliveries(pb::DELIVERY_STATE_WAITING), SizeIs(1));
  clock_.Advance(absl::Minutes(1));
  Send();
  const auto mails = mail.Mails();
  ASSERT_THAT(mails, SizeIs(2));
  EXPECT_EQ(mails[0].headers.at("message-id"), mails[1].headers.at("message-id"));
  EXPECT_THAT(Deliveries(pb::DELIVERY_STATE_DELIVERED), SizeIs(1));
}

TEST_F(NotificationsTest, AfterThreeDaysItIsGivenUp) {
  MailServer mail;
  Configure(mail.Settings());
  mail.Stop();
  pb::Notice notice = Make(pb::NOTICE_KIND_RECALL);
  outbox::ToPerson(notice, kTaro);
  Deliver({notice});
  for (int hours = 0; hours < 71; ++hours) {
    clock_.Advance(absl::Hours(1));
    Send();
    ASSERT_THAT(Deliveries(pb::DELIVERY_STATE_WAITING), SizeIs(1)) << hours;
  }
  clock_.Advance(absl::Hours(2));
  Send();
  EXPECT_THAT(Deliveries(pb::DELIVERY_STATE_FAILED), SizeIs(1));
}

TEST_F(NotificationsTest, TwoCouriersNeverSendTheSameMail) {
  MailServer mail;
  Configure(mail.Settings());
  std::vector<pb::Notice> notices;
  for (int i = 0; i < 40; ++i) notices.push_back(ToGroup(i % 2 == 0 ? pb::NOTICE_KIND_RECALL : pb::NOTICE_KIND_LINE_EXPIRED));
  Accept(notices);
  Address();
  clock_.Advance(absl::Hours(24));
  std::vector<std::thread> couriers;
  for (int i = 0; i < 4; ++i) {
    couriers.emplace_back([&] {
      SmtpClient client;
      EXPECT_THAT(courier_->SendMail(client, [] { return false; }), IsOk());
    });
  }
  for (std::thread& courier : couriers) courier.join();
  EXPECT_THAT(mail.Mails(), SizeIs(20 * 2 + 2));  // at once for two people, and one digest each
  EXPECT_THAT(Deliveries(pb::DELIVERY_STATE_WAITING), IsEmpty());
}

TEST_F(NotificationsTest, AnAbandonedClaimIsTakenOver) {
  MailServer mail;
  Configure(mail.Settings());
  pb::Notice notice = Make(pb::NOTICE_KIND_RECALL);
  outbox::ToPerson(notice, kTaro);
  Accept({notice});
  Address();
  // As a process that died right after its claim.
  const Claim claim{.id = ids::NewUuid(), .now = clock_.Now(), .end = clock_.Now() + absl::Minutes(2)};
  ASSERT_THAT(pool_.Transact({.network_id = kNetwork}, [&](pg::Transaction& tx) { return ClaimMail(tx, claim, vault_, 5).status(); }), IsOk());
  Send();
  EXPECT_THAT(mail.Mails(), IsEmpty());
  clock_.Advance(absl::Minutes(2));
  Send();
  EXPECT_THAT(mail.Mails(), SizeIs(1));
}

TEST_F(NotificationsTest, AConfidentialNoticeIsMailedOnlyAndErasedThen) {
  MailServer mail;
  Configure(mail.Settings());
  Receiver receiver([](const Called&, int) { return 200; });
  Listen(receiver.url("/"));
  pb::Notice invite = Make(pb::NOTICE_KIND_INVITE);
  invite.set_link("/join/ABCDE-FGHJK");
  invite.set_confidential(true);
  outbox::ToPerson(invite, kTaro);
  Accept({invite});
  EXPECT_EQ(pg::testing::Sql(database_.superuser, "SELECT count(*) FROM notifications.notices WHERE notices::text LIKE '%ABCDE%'"), "0");
  Address();
  Send();
  ASSERT_THAT(mail.Mails(), SizeIs(1));
  EXPECT_THAT(mail.Mails()[0].text, HasSubstr("https://kubari.example/#/join/ABCDE-FGHJK\n"));
  EXPECT_THAT(Subjects("taro"), IsEmpty());
  EXPECT_THAT(receiver.calls(), IsEmpty());
  EXPECT_EQ(pg::testing::Sql(database_.superuser, "SELECT count(*) FROM notifications.notices WHERE sealed IS NOT NULL"), "0");
}

TEST_F(NotificationsTest, ATestMailIsSent) {
  MailServer mail;
  Configure(mail.Settings());
  pb::SendTestEmailRequest request;
  request.set_request_id(ids::NewUuid());
  const auto delivery = Must(&Stub::SendTestEmail, "hanako", request);
  EXPECT_EQ(Must(&Stub::SendTestEmail, "hanako", request).name(), delivery.name());
  Send();
  EXPECT_THAT(Tos(mail.Mails()), ElementsAre("hanako@npo.example"));
}

}  // namespace
}  // namespace kubari::notifications
