// Webhooks: calls and their signatures, refusals, secrets, settings.
#include <absl/strings/escaping.h>
#include <absl/strings/match.h>
#include <sodium.h>

#include <set>
#include <thread>

#include "services/notifications/domain/webhook.h"
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

}  // namespace
}  // namespace kubari::notifications
