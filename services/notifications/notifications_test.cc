// The service over the real wire, with a real PostgreSQL, a real mail server and a webhook's receiver. The couriers are run by hand, so
// that tests decide what time it is.
#include <absl/strings/escaping.h>
#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>
#include <curl/curl.h>
#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>
#include <sodium.h>

#include <fstream>
#include <set>

#include "libs/errors/testing.h"
#include "libs/ids/ids.h"
#include "libs/outbox/notice.h"
#include "libs/pg/testing/database.h"
#include "libs/rpc/testing.h"
#include "services/notifications/addressing.h"
#include "services/notifications/courier.h"
#include "services/notifications/domain/stop_link.h"
#include "services/notifications/domain/webhook.h"
#include "services/notifications/migrations/migrations.h"
#include "services/notifications/service.h"
#include "services/notifications/testing/parts.h"

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
using Stub = pb::NotificationsService::Stub;

std::string Uuid(int number) { return absl::StrFormat("00000000-0000-4000-8000-%012d", number); }

const std::string kNetwork = Uuid(1), kOtherNetwork = Uuid(2);
const std::string kGroup = Uuid(21), kGroup2 = Uuid(22), kIntermediary = Uuid(30);
const std::string kTaro = Uuid(101), kJiro = Uuid(102), kHanako = Uuid(103), kEmily = Uuid(104);
constexpr char kEncryptionKey[] = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";

auth::Principal Someone(const std::string& person, const std::string& organisation, type::v1::Role role, const std::string& network = kNetwork) {
  auth::Principal principal = rpc::Person(network, organisation, role);
  principal.subject = ids::Name("people", person);
  return principal;
}

class NotificationsTest : public ::testing::Test {
 protected:
  NotificationsTest()
      : database_(pg::testing::CreateDatabase("notifications", kMigrations)), pool_({.conninfo = database_.service, .schema = "notifications", .size = 8}) {
    people_.network_id = kNetwork;
    people_.Add(kTaro, "taro@group.example", "ja", type::v1::ROLE_GROUP, kGroup);
    people_.Add(kJiro, "jiro@group.example", "ja", type::v1::ROLE_GROUP, kGroup2);
    people_.Add(kEmily, "emily@group.example", "en", type::v1::ROLE_GROUP, kGroup);
    people_.Add(kHanako, "hanako@npo.example", "ja", type::v1::ROLE_ADMINISTRATOR, kIntermediary);
    grpc::ServerBuilder builder;
    int port = 0;
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
    builder.RegisterService(&people_);
    identity_ = builder.BuildAndStart();
    directory_ = std::make_unique<Directory>(rpc::Connect(absl::StrCat("127.0.0.1:", port)), "key", clock_);
    addressing_ = std::make_unique<Addressing>(pool_, *directory_, clock_);
    courier_ = std::make_unique<Courier>(pool_, *directory_, smtp_file_, vault_, clock_, server_.registry(),
                                         CourierOptions{.public_url = "https://kubari.example", .allow_private = true});
    service_ = std::make_unique<NotificationsService>(
        server_.dispatcher(),
        Tools{.pool = pool_, .directory = *directory_, .smtp = smtp_file_, .vault = vault_, .clock = clock_, .allow_private = true});
    auto& known = server_.authenticator();
    known.Add("service", rpc::Service());
    known.Add("taro", Someone(kTaro, kGroup, type::v1::ROLE_GROUP));
    known.Add("emily", Someone(kEmily, kGroup, type::v1::ROLE_GROUP));
    known.Add("hanako", Someone(kHanako, kIntermediary, type::v1::ROLE_ADMINISTRATOR));
    known.Add("stranger", Someone(kTaro, kGroup, type::v1::ROLE_GROUP, kOtherNetwork));
    known.Add("other administrator", Someone(kHanako, kIntermediary, type::v1::ROLE_ADMINISTRATOR, kOtherNetwork));
    auth::Principal phone = rpc::Person(kNetwork, kIntermediary, type::v1::ROLE_VOLUNTEER);
    phone.subject = ids::Name("devices", Uuid(90));
    known.Add("phone", phone);
    server_.Start({service_.get()});
    stub_ = pb::NotificationsService::NewStub(server_.channel());
  }
  ~NotificationsTest() override {
    server_.Stop();
    identity_->Shutdown();
  }

  template <typename Method, typename Request>
  auto Do(Method method, const std::string& who, const Request& request) {
    return rpc::Invoke(method, *stub_, server_.As(who, who == "service" ? kNetwork : ""), request);
  }
  template <typename Method, typename Request>
  auto Must(Method method, const std::string& who, const Request& request) {
    auto answer = Do(method, who, request);
    EXPECT_THAT(answer, IsOk());
    if (!answer.ok()) std::abort();
    return *std::move(answer);
  }

  pb::Notice Make(pb::NoticeKind kind, const std::string& about = "りんご 12箱") {
    pb::Notice notice = outbox::Make(kind, {.ja = about + "が届きます", .en = about + " is coming"}, {.ja = "ご確認ください。", .en = "Please look."},
                                     "/group", clock_.Now());
    (*notice.mutable_facts())["about"] = about;
    return notice;
  }
  pb::Notice ToGroup(pb::NoticeKind kind = pb::NOTICE_KIND_LINES_OFFERED) {
    pb::Notice notice = Make(kind);
    outbox::ToHolders(notice, type::v1::ROLE_GROUP, kGroup);
    return notice;
  }
  void Accept(const std::vector<pb::Notice>& notices) {
    pb::AcceptNoticesRequest request;
    for (const pb::Notice& notice : notices) *request.add_notices() = notice;
    ASSERT_THAT(Do(&Stub::AcceptNotices, "service", request), IsOk());
  }
  void Address() { ASSERT_THAT(addressing_->AddressAll([] { return false; }), IsOk()); }
  void Send() {
    ASSERT_THAT(courier_->SendMail(client_, [] { return false; }), IsOk());
    ASSERT_THAT(courier_->SendCalls(poster_, [] { return false; }), IsOk());
  }
  void Deliver(const std::vector<pb::Notice>& notices) {
    Accept(notices);
    Address();
    Send();
  }
  void Configure(const std::string& settings) {
    std::ofstream(settings_folder_.path() + "/smtp.conf", std::ios::trunc) << settings << "# " << ++configured_ << "\n";
  }
  std::vector<pb::Delivery> Deliveries(pb::DeliveryState state = pb::DELIVERY_STATE_UNSPECIFIED) {
    pb::ListDeliveriesRequest request;
    request.set_state(state);
    const auto answer = Must(&Stub::ListDeliveries, "hanako", request);
    return {answer.deliveries().begin(), answer.deliveries().end()};
  }
  std::vector<std::string> Subjects(const std::string& who, bool unread_only = false) {
    pb::ListNoticesRequest request;
    request.set_unread_only(unread_only);
    std::vector<std::string> subjects;
    const auto answer = Must(&Stub::ListNotices, who, request);
    for (const pb::InboxNotice& notice : answer.notices()) subjects.push_back(notice.subject().ja());
    return subjects;
  }
  static std::vector<std::string> Tos(const std::vector<Received>& mails) {
    std::vector<std::string> tos;
    for (const Received& mail : mails) tos.push_back(mail.to);
    return tos;
  }
  pb::CreateWebhookResponse Listen(const std::string& url, const std::vector<pb::NoticeKind>& kinds = {}) {
    pb::CreateWebhookRequest request;
    request.set_request_id(ids::NewUuid());
    request.mutable_webhook()->set_display_name("集計システム");
    request.mutable_webhook()->set_url(url);
    for (const pb::NoticeKind kind : kinds) request.mutable_webhook()->add_kinds(kind);
    return Must(&Stub::CreateWebhook, "hanako", request);
  }
  pb::Webhook TheWebhook() { return Must(&Stub::ListWebhooks, "hanako", pb::ListWebhooksRequest()).webhooks(0); }

  const pg::testing::Database database_;
  // 2026-10-01 08:00 in Japan.
  calendar::FixedClock clock_{absl::FromUnixSeconds(1'790'809'200)};
  pg::Pool pool_;
  People people_;
  std::unique_ptr<grpc::Server> identity_;
  const Vault vault_ = *Vault::FromHex(kEncryptionKey);
  Folder settings_folder_;
  int configured_ = 0;
  SmtpFile smtp_file_{settings_folder_.path() + "/smtp.conf"};
  rpc::TestServer server_;
  std::unique_ptr<Directory> directory_;
  std::unique_ptr<Addressing> addressing_;
  std::unique_ptr<Courier> courier_;
  std::unique_ptr<NotificationsService> service_;
  std::unique_ptr<Stub> stub_;
  SmtpClient client_;
  HttpPoster poster_{true};
};

// --- Inbox

TEST_F(NotificationsTest, ANoticeReachesTheInboxOfThoseItIsMeantFor) {
  Deliver({ToGroup()});
  EXPECT_THAT(Subjects("taro"), ElementsAre("りんご 12箱が届きます"));
  EXPECT_THAT(Subjects("emily"), SizeIs(1));
  EXPECT_THAT(Subjects("hanako"), IsEmpty());
  EXPECT_THAT(Subjects("stranger"), IsEmpty());  // the same id in another network
  EXPECT_EQ(Must(&Stub::CountUnread, "taro", pb::CountUnreadRequest()).unread(), 1);
  EXPECT_EQ(Must(&Stub::CountUnread, "phone", pb::CountUnreadRequest()).unread(), 0);
  EXPECT_THAT(Do(&Stub::ListNotices, "phone", pb::ListNoticesRequest()), FailsBecause("NOT_A_PERSON"));
  EXPECT_THAT(Do(&Stub::AcceptNotices, "hanako", pb::AcceptNoticesRequest()), FailsBecause("ROLE_NOT_ALLOWED"));
}

TEST_F(NotificationsTest, RepeatingANoticeOrMeaningSomebodyTwiceTellsOnce) {
  pb::Notice notice = ToGroup();
  outbox::ToHolders(notice, type::v1::ROLE_GROUP);
  outbox::ToPerson(notice, kTaro);
  outbox::ToMailbox(notice, "Taro@group.example", "太郎");
  Deliver({notice});
  Deliver({notice, notice});
  EXPECT_THAT(Subjects("taro"), SizeIs(1));
  EXPECT_THAT(Deliveries(), SizeIs(3));  // taro, jiro, emily
}

TEST_F(NotificationsTest, NoticesAreReadOneByOneOrAllTogetherAndUnreadAgain) {
  for (int i = 0; i < 5; ++i) {
    pb::Notice notice = Make(pb::NOTICE_KIND_LINES_OFFERED, absl::StrCat("品", i));
    outbox::ToPerson(notice, kTaro);
    Accept({notice});
    clock_.Advance(absl::Minutes(1));
  }
  Address();
  pb::ListNoticesRequest list;
  list.set_page_size(2);
  std::vector<std::string> names, subjects;
  do {
    const auto page = Must(&Stub::ListNotices, "taro", list);
    for (const auto& notice : page.notices()) {
      names.push_back(notice.name());
      subjects.push_back(notice.subject().en());
    }
    list.set_page_token(page.next_page_token());
  } while (!list.page_token().empty());
  EXPECT_THAT(subjects, ElementsAre("品4 is coming", "品3 is coming", "品2 is coming", "品1 is coming", "品0 is coming"));

  pb::MarkNoticesRequest mark;
  mark.set_request_id(ids::NewUuid());
  mark.add_names(names[1]);
  mark.add_names(ids::Name("notices", Uuid(999)));
  EXPECT_EQ(Must(&Stub::MarkNotices, "taro", mark).unread(), 4);
  EXPECT_EQ(Must(&Stub::MarkNotices, "taro", mark).unread(), 4);
  EXPECT_THAT(Subjects("taro", true), SizeIs(4));
  mark.set_request_id(ids::NewUuid());
  mark.set_unread(true);
  EXPECT_EQ(Must(&Stub::MarkNotices, "taro", mark).unread(), 5);
  pb::MarkNoticesRequest all;
  all.set_request_id(ids::NewUuid());
  all.mutable_all_until_time()->set_seconds(absl::ToUnixSeconds(clock_.Now()));
  EXPECT_EQ(Must(&Stub::MarkNotices, "taro", all).unread(), 0);
  mark.set_request_id(ids::NewUuid());
  EXPECT_EQ(Must(&Stub::MarkNotices, "emily", mark).unread(), 0);  // not hers
  EXPECT_EQ(Must(&Stub::CountUnread, "taro", pb::CountUnreadRequest()).unread(), 0);
  all.add_names(names[0]);
  all.set_request_id(ids::NewUuid());
  EXPECT_THAT(Do(&Stub::MarkNotices, "taro", all), FailsBecause("INVALID_REQUEST"));
}

TEST_F(NotificationsTest, WhileIdentityIsAwayNoticesWait) {
  people_.away = true;
  Accept({ToGroup()});
  EXPECT_FALSE(addressing_->AddressAll([] { return false; }).ok());
  EXPECT_THAT(Subjects("taro"), IsEmpty());
  people_.away = false;
  Address();
  EXPECT_THAT(Subjects("taro"), SizeIs(1));
}

// --- E-mail

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

// --- Choices

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

// --- Secrets

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

// --- Webhooks

TEST_F(NotificationsTest, AWebhookIsCalledWithASignatureThatCanBeChecked) {
  Receiver receiver([](const Called&, int) { return 204; });
  const auto made = Listen(receiver.url("/hook"), {pb::NOTICE_KIND_RECALL});
  const pb::Notice recall = ToGroup(pb::NOTICE_KIND_RECALL);
  Deliver({recall, ToGroup(pb::NOTICE_KIND_LINES_OFFERED)});
  ASSERT_THAT(receiver.calls(), SizeIs(1));
  const Called call = receiver.calls()[0];
  EXPECT_EQ(call.headers.at("webhook-id"), recall.notice_id());
  // As a receiver that knows the specification alone would do it.
  ASSERT_TRUE(absl::StartsWith(made.secret(), "whsec_"));
  std::string key;
  ASSERT_TRUE(absl::Base64Unescape(made.secret().substr(6), &key));
  const std::string content = absl::StrCat(call.headers.at("webhook-id"), ".", call.headers.at("webhook-timestamp"), ".", call.body);
  std::array<unsigned char, 32> hash;
  crypto_auth_hmacsha256_state state;
  crypto_auth_hmacsha256_init(&state, reinterpret_cast<const unsigned char*>(key.data()), key.size());
  crypto_auth_hmacsha256_update(&state, reinterpret_cast<const unsigned char*>(content.data()), content.size());
  crypto_auth_hmacsha256_final(&state, hash.data());
  EXPECT_EQ(call.headers.at("webhook-signature"),
            "v1," + absl::Base64Escape(absl::string_view(reinterpret_cast<const char*>(hash.data()), hash.size())));
  EXPECT_THAT(call.body, HasSubstr(R"("type":"RECALL")"));
  EXPECT_THAT(call.body, HasSubstr(R"("facts":{"about":"りんご 12箱"})"));
  EXPECT_EQ(TheWebhook().state(), pb::WEBHOOK_STATE_ENABLED);
  EXPECT_TRUE(TheWebhook().has_last_success_time());
  // Sealed: nonce, tag and 32 bytes.
  EXPECT_EQ(pg::testing::Sql(database_.superuser, "SELECT length(secret) FROM notifications.webhooks"), "72");
}

TEST_F(NotificationsTest, ARefusedCallIsRepeatedUnderTheSameIdUntilItIsTaken) {
  Receiver receiver([](const Called&, int time) { return time < 3 ? 500 : 200; });
  Listen(receiver.url("/"));
  Deliver({ToGroup(), ToGroup()});
  EXPECT_THAT(receiver.calls(), SizeIs(2));
  EXPECT_EQ(TheWebhook().last_error(), "answered with status 500");
  clock_.Advance(absl::Minutes(1));
  Send();
  clock_.Advance(absl::Minutes(2));
  Send();
  clock_.Advance(absl::Hours(9));
  Send();
  const auto calls = receiver.calls();
  EXPECT_THAT(calls, SizeIs(6));
  std::set<std::string> ids;
  for (const Called& call : calls) ids.insert(call.headers.at("webhook-id"));
  EXPECT_THAT(ids, SizeIs(2));
  EXPECT_EQ(TheWebhook().last_error(), "");
}

TEST_F(NotificationsTest, ARedirectIsNoSuccessAndIsNotFollowed) {
  Receiver receiver([](const Called&, int) { return 302; });
  Listen(receiver.url("/"));
  Deliver({ToGroup()});
  ASSERT_THAT(receiver.calls(), SizeIs(1));
  EXPECT_EQ(TheWebhook().last_error(), "answered with status 302");
}

TEST_F(NotificationsTest, AWebhookThatFailsForThreeDaysIsSwitchedOffAndTold) {
  int status = 500;
  Receiver receiver([&](const Called&, int) { return status; });
  Listen(receiver.url("/"));
  Deliver({ToGroup()});
  for (int hours = 0; hours < 80; hours += 4) {
    clock_.Advance(absl::Hours(4));
    Send();
  }
  EXPECT_EQ(TheWebhook().state(), pb::WEBHOOK_STATE_DISABLED_AFTER_FAILURES);
  Address();
  EXPECT_THAT(Subjects("hanako"), ElementsAre("Webhook「集計システム」を止めました"));
  const size_t calls = receiver.calls().size();
  Deliver({ToGroup()});
  EXPECT_EQ(receiver.calls().size(), calls);  // nothing goes there any more

  status = 200;
  pb::UpdateWebhookRequest on;
  on.set_request_id(ids::NewUuid());
  *on.mutable_webhook() = TheWebhook();
  on.mutable_webhook()->set_state(pb::WEBHOOK_STATE_ENABLED);
  on.add_update_mask("state");
  EXPECT_EQ(Must(&Stub::UpdateWebhook, "hanako", on).state(), pb::WEBHOOK_STATE_ENABLED);
  Deliver({ToGroup()});
  EXPECT_EQ(receiver.calls().size(), calls + 1);
}

TEST_F(NotificationsTest, GoneMeansGone) {
  Receiver receiver([](const Called&, int) { return 410; });
  Listen(receiver.url("/"));
  Deliver({ToGroup(), ToGroup()});
  EXPECT_THAT(receiver.calls(), SizeIs(1));
  EXPECT_EQ(TheWebhook().state(), pb::WEBHOOK_STATE_DISABLED_AFTER_FAILURES);
}

TEST_F(NotificationsTest, AHangingWebhookHoldsUpNoOther) {
  Receiver receiver([](const Called& call, int) { return call.path == "/hang" ? 0 : 200; });
  Listen(receiver.url("/hang"));
  Listen(receiver.url("/good"));
  std::vector<pb::Notice> notices;
  for (int i = 0; i < 10; ++i) notices.push_back(ToGroup());
  Accept(notices);
  Address();
  std::vector<std::thread> couriers;
  for (int i = 0; i < 2; ++i) {
    couriers.emplace_back([&] {
      HttpPoster poster(true);
      EXPECT_THAT(courier_->SendCalls(poster, [] { return false; }), IsOk());
    });
  }
  const auto good = [&] {
    const auto calls = receiver.calls();
    return std::ranges::count_if(calls, [](const Called& call) { return call.path == "/good"; });
  };
  for (int i = 0; i < 3'000 && good() < 10; ++i) absl::SleepFor(absl::Milliseconds(5));
  EXPECT_EQ(good(), 10);
  receiver.LetGo();
  for (std::thread& courier : couriers) courier.join();
}

TEST_F(NotificationsTest, SecretsAreReplacedWithoutAGap) {
  Receiver receiver([](const Called&, int) { return 200; });
  Listen(receiver.url("/"));
  pb::RotateWebhookSecretRequest rotate;
  rotate.set_request_id(ids::NewUuid());
  rotate.set_name(TheWebhook().name());
  const auto first = Must(&Stub::RotateWebhookSecret, "hanako", rotate), second = Must(&Stub::RotateWebhookSecret, "hanako", rotate);
  EXPECT_NE(first.secret(), second.secret());
  Deliver({ToGroup()});
  const std::vector<std::string> both = absl::StrSplit(receiver.calls()[0].headers.at("webhook-signature"), ' ');
  EXPECT_THAT(both, SizeIs(2));
  std::string key;
  absl::Base64Unescape(second.secret().substr(6), &key);
  const Called call = receiver.calls()[0];
  int64_t timestamp = 0;
  (void)absl::SimpleAtoi(call.headers.at("webhook-timestamp"), &timestamp);
  EXPECT_EQ(both[0], WebhookSignature({key}, call.headers.at("webhook-id"), timestamp, call.body));
  clock_.Advance(absl::Hours(25));
  Deliver({ToGroup()});
  EXPECT_THAT(receiver.calls()[1].headers.at("webhook-signature"), Not(HasSubstr(" ")));
}

TEST_F(NotificationsTest, AWebhookIsTestedChangedAndRemoved) {
  Receiver receiver([](const Called&, int) { return 200; });
  Listen(receiver.url("/a"));
  pb::UpdateWebhookRequest off;
  off.set_request_id(ids::NewUuid());
  *off.mutable_webhook() = TheWebhook();
  off.mutable_webhook()->set_state(pb::WEBHOOK_STATE_DISABLED);
  off.mutable_webhook()->set_url(receiver.url("/b"));
  off.add_update_mask("state");
  off.add_update_mask("url");
  Must(&Stub::UpdateWebhook, "hanako", off);
  Deliver({ToGroup()});
  EXPECT_THAT(receiver.calls(), IsEmpty());
  pb::TestWebhookRequest test;
  test.set_request_id(ids::NewUuid());
  test.set_name(TheWebhook().name());
  const auto delivery = Must(&Stub::TestWebhook, "hanako", test);
  Send();
  ASSERT_THAT(receiver.calls(), SizeIs(1));
  EXPECT_EQ(receiver.calls()[0].path, "/b");
  pb::GetDeliveryRequest get;
  get.set_name(delivery.name());
  EXPECT_EQ(Must(&Stub::GetDelivery, "hanako", get).state(), pb::DELIVERY_STATE_DELIVERED);
  EXPECT_THAT(Do(&Stub::GetDelivery, "other administrator", get), FailsBecause("DELIVERY_NOT_FOUND"));

  off.set_request_id(ids::NewUuid());  // with the etag of before
  EXPECT_THAT(Do(&Stub::UpdateWebhook, "hanako", off), FailsBecause("STALE_ETAG"));
  pb::DeleteWebhookRequest remove;
  remove.set_request_id(ids::NewUuid());
  remove.set_name(TheWebhook().name());
  EXPECT_THAT(Do(&Stub::DeleteWebhook, "other administrator", remove), FailsBecause("WEBHOOK_NOT_FOUND"));
  Must(&Stub::DeleteWebhook, "hanako", remove);
  EXPECT_EQ(Must(&Stub::ListWebhooks, "hanako", pb::ListWebhooksRequest()).webhooks_size(), 0);
  EXPECT_THAT(Do(&Stub::ListWebhooks, "taro", pb::ListWebhooksRequest()), FailsBecause("ROLE_NOT_ALLOWED"));
}

TEST_F(NotificationsTest, AtMostTwentyAndAllMistakesAtOnce) {
  for (int i = 0; i < 20; ++i) Listen("https://hook.example/");
  pb::CreateWebhookRequest request;
  request.set_request_id(ids::NewUuid());
  request.mutable_webhook()->set_display_name("x");
  request.mutable_webhook()->set_url("https://hook.example/");
  EXPECT_THAT(Do(&Stub::CreateWebhook, "hanako", request), FailsBecause("TOO_MANY_WEBHOOKS"));
  request.mutable_webhook()->set_display_name("");
  request.mutable_webhook()->set_url("ftp://user:pass@hook.example/#x");
  request.mutable_webhook()->add_kinds(static_cast<pb::NoticeKind>(4000));
  const auto wrong = Do(&Stub::CreateWebhook, "hanako", request);
  std::vector<std::string> fields;
  for (const auto& violation : errors::ViolationsOf(wrong.status())) fields.push_back(violation.field());
  EXPECT_THAT(fields, ElementsAre("webhook.display_name", "webhook.url", "webhook.url", "webhook.url", "webhook.kinds[0]"));
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

TEST_F(NotificationsTest, OldThingsAreForgotten) {
  MailServer mail;
  Configure(mail.Settings());
  Deliver({ToGroup()});
  const auto prune = [&] {
    constexpr pg::Statement kPrune{"SELECT prune($1)"};
    ASSERT_THAT(pool_.Transact({}, [&](pg::Transaction& tx) { return tx.Query(kPrune, clock_.Now()).status(); }), IsOk());
  };
  prune();
  EXPECT_THAT(Deliveries(), SizeIs(2));
  clock_.Advance(absl::Hours(24 * 31));
  prune();
  EXPECT_THAT(Deliveries(), IsEmpty());
  EXPECT_THAT(Subjects("taro"), SizeIs(1));
  clock_.Advance(absl::Hours(24 * 150));
  prune();
  EXPECT_THAT(Subjects("taro"), IsEmpty());
}

}  // namespace
}  // namespace kubari::notifications
