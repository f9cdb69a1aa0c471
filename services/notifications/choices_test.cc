// What each person chooses to hear by which way and when.
#include <absl/strings/escaping.h>

#include <set>

#include "services/notifications/domain/stop_link.h"
#include "services/notifications/notifications_fixture.h"

namespace kubari::notifications {
namespace {

using errors::FailsBecause;
using errors::IsOk;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

TEST_F(NotificationsTest, EachPersonChoosesForEachKind) {
  MailServer mail;
  Configure(mail.Settings());
  const auto before = Must(&Stub::GetPreferences, "taro", pb::GetPreferencesRequest());
  EXPECT_EQ(before.email(), "taro@group.example");
  EXPECT_TRUE(before.email_works());
  EXPECT_EQ(before.digest_hour(), 7);
  std::set<pb::NoticeKind> kinds;
  for (const auto& kind : before.kinds()) kinds.insert(kind.kind());
  EXPECT_TRUE(kinds.contains(pb::NOTICE_KIND_LINES_OFFERED));
  EXPECT_FALSE(kinds.contains(pb::NOTICE_KIND_OFFER_SUBMITTED));  // a group never gets it

  pb::UpdatePreferencesRequest update;
  update.set_request_id(ids::NewUuid());
  update.set_etag(before.etag());
  auto* never = update.add_kinds();
  never->set_kind(pb::NOTICE_KIND_LINES_OFFERED);
  never->set_timing(pb::TIMING_NEVER);
  auto* daily = update.add_kinds();
  daily->set_kind(pb::NOTICE_KIND_DELIVERY_SHIPPED);
  daily->set_timing(pb::TIMING_DAILY);
  update.set_digest_hour(18);
  const auto after = Must(&Stub::UpdatePreferences, "taro", update);
  EXPECT_EQ(after.digest_hour(), 18);
  EXPECT_EQ(Must(&Stub::UpdatePreferences, "taro", update).etag(), after.etag());
  update.set_request_id(ids::NewUuid());
  EXPECT_THAT(Do(&Stub::UpdatePreferences, "taro", update), FailsBecause("STALE_ETAG"));

  Deliver({ToGroup(), ToGroup(pb::NOTICE_KIND_DELIVERY_SHIPPED), ToGroup(pb::NOTICE_KIND_RECALL)});
  EXPECT_THAT(Subjects("taro"), SizeIs(3));                                                   // the inbox has everything
  EXPECT_EQ(std::ranges::count(Tos(mail.Mails()), "taro@group.example"), 1);                  // the recall
  EXPECT_EQ(std::ranges::count(Tos(mail.Mails()), "emily@group.example"), 3);

  pb::UpdatePreferencesRequest forbidden;
  forbidden.set_request_id(ids::NewUuid());
  forbidden.add_kinds()->set_kind(pb::NOTICE_KIND_RECALL);
  forbidden.mutable_kinds(0)->set_timing(pb::TIMING_NEVER);
  EXPECT_THAT(Do(&Stub::UpdatePreferences, "taro", forbidden), FailsBecause("KIND_IS_FIXED"));
  forbidden.mutable_kinds(0)->set_kind(static_cast<pb::NoticeKind>(9999));
  forbidden.set_digest_hour(24);
  EXPECT_THAT(Do(&Stub::UpdatePreferences, "taro", forbidden), FailsBecause("INVALID_REQUEST"));

  // Back to the default.
  pb::UpdatePreferencesRequest back;
  back.set_request_id(ids::NewUuid());
  back.add_kinds()->set_kind(pb::NOTICE_KIND_LINES_OFFERED);
  const auto as_before = Must(&Stub::UpdatePreferences, "taro", back);
  for (const auto& kind : as_before.kinds()) {
    EXPECT_TRUE(kind.kind() != pb::NOTICE_KIND_LINES_OFFERED || kind.timing() == pb::TIMING_AT_ONCE);
  }
}

// RFC 8058: whoever has the e-mail can stop its kind, and do nothing else with it.
TEST_F(NotificationsTest, OneClickStopsEmailOfThatKindAndNothingElse) {
  MailServer mail;
  Configure(mail.Settings());
  Deliver({ToGroup(), ToGroup(pb::NOTICE_KIND_RECALL)});
  std::string token;
  for (const Received& one : mail.Mails()) {
    const bool of_lines = one.headers.count("list-unsubscribe") > 0;
    EXPECT_EQ(one.headers.count("list-unsubscribe-post") > 0, of_lines) << "a recall cannot be switched off";
    if (!of_lines || one.to != "taro@group.example") continue;
    const std::string& link = one.headers.at("list-unsubscribe");
    token = link.substr(link.find("t=") + 2, link.size() - link.find("t=") - 3);
  }
  ASSERT_FALSE(token.empty());
  const auto stop = [&](const std::string& with, const std::string& who = "") {
    pb::StopEmailsRequest request;
    request.set_token(with);
    return Do(&Stub::StopEmails, who, request);
  };
  // Every changed token, and none.
  for (size_t i = 0; i < token.size(); i += 7) {
    std::string other = token;
    other[i] = other[i] == 'A' ? 'B' : 'A';
    EXPECT_THAT(stop(other), FailsBecause("LINK_INVALID")) << i;
  }
  EXPECT_THAT(stop(""), FailsBecause("LINK_INVALID"));
  EXPECT_THAT(stop(vault_.Sign("something else")), FailsBecause("LINK_INVALID"));
  EXPECT_THAT(stop(absl::WebSafeBase64Escape(TextOf({kNetwork, kTaro, {pb::NOTICE_KIND_LINES_OFFERED}}))), FailsBecause("LINK_INVALID"));

  // Without signing in, and again.
  for (int i = 0; i < 2; ++i) {
    const auto stopped = stop(token);
    ASSERT_THAT(stopped, IsOk());
    ASSERT_EQ(stopped->kinds_size(), 1);
    EXPECT_EQ(stopped->kinds(0), pb::NOTICE_KIND_LINES_OFFERED);
  }
  const auto after = Must(&Stub::GetPreferences, "taro", pb::GetPreferencesRequest());
  EXPECT_EQ(after.etag(), "1") << "the second time changed nothing";
  for (const auto& kind : after.kinds()) {
    EXPECT_EQ(kind.timing() == pb::TIMING_NEVER, kind.kind() == pb::NOTICE_KIND_LINES_OFFERED) << pb::NoticeKind_Name(kind.kind());
  }
  const auto emilys = Must(&Stub::GetPreferences, "emily", pb::GetPreferencesRequest());
  for (const auto& kind : emilys.kinds()) EXPECT_NE(kind.timing(), pb::TIMING_NEVER);

  const size_t before = mail.Mails().size();
  Deliver({ToGroup()});
  EXPECT_THAT(Subjects("taro"), SizeIs(3)) << "the inbox has it as before";
  ASSERT_THAT(mail.Mails(), SizeIs(before + 1));
  EXPECT_EQ(mail.Mails().back().to, "emily@group.example");
  // What is fixed stays, even if it were signed.
  EXPECT_EQ(stop(vault_.Sign(TextOf({kNetwork, kTaro, {pb::NOTICE_KIND_RECALL}})))->kinds_size(), 0);
}

TEST_F(NotificationsTest, ADaysNoticesComeInOneMailAtTheChosenHour) {
  MailServer mail;
  Configure(mail.Settings());
  std::vector<pb::Notice> notices;
  for (int i = 0; i < 3; ++i) {
    notices.push_back(Make(pb::NOTICE_KIND_LINE_EXPIRED, absl::StrCat("品", i)));
    outbox::ToPerson(notices.back(), kTaro);
    clock_.Advance(absl::Minutes(1));
  }
  Deliver(notices);
  EXPECT_THAT(mail.Mails(), IsEmpty());
  clock_.Set(absl::FromUnixSeconds(1'790'809'200) + absl::Hours(23) - absl::Seconds(1));  // 06:59:59 the next day
  Send();
  EXPECT_THAT(mail.Mails(), IsEmpty());
  clock_.Advance(absl::Seconds(1));
  Send();
  const auto mails = mail.Mails();
  ASSERT_THAT(mails, SizeIs(1));
  EXPECT_EQ(mails[0].headers.at("subject"), "【さくらネット】お知らせ3件：品0が届きます ほか");
  EXPECT_THAT(mails[0].text, HasSubstr("1. 品0が届きます\n"));
  EXPECT_EQ(mails[0].headers.at("list-unsubscribe-post"), "List-Unsubscribe=One-Click");
  EXPECT_THAT(mails[0].text, HasSubstr("3. 品2が届きます\n"));
  EXPECT_THAT(Deliveries(pb::DELIVERY_STATE_DELIVERED), SizeIs(3));
  Send();
  EXPECT_THAT(mail.Mails(), SizeIs(1));
}

}  // namespace
}  // namespace kubari::notifications
