// The service over the real wire, with a real PostgreSQL, a real mail server and a webhook's receiver. The couriers are run by hand, so
// that tests decide what time it is.
#pragma once

#include <absl/strings/str_cat.h>
#include <absl/strings/str_format.h>
#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "libs/errors/testing.h"
#include "libs/ids/ids.h"
#include "libs/outbox/notice.h"
#include "libs/pg/testing/database.h"
#include "libs/rpc/testing.h"
#include "services/notifications/addressing.h"
#include "services/notifications/courier.h"
#include "services/notifications/migrations/migrations.h"
#include "services/notifications/service.h"
#include "services/notifications/testing/parts.h"

namespace kubari::notifications {

using Stub = pb::NotificationsService::Stub;

inline std::string Uuid(int number) { return absl::StrFormat("00000000-0000-4000-8000-%012d", number); }

inline const std::string kNetwork = Uuid(1), kOtherNetwork = Uuid(2);
inline const std::string kGroup = Uuid(21), kGroup2 = Uuid(22), kIntermediary = Uuid(30);
inline const std::string kTaro = Uuid(101), kJiro = Uuid(102), kHanako = Uuid(103), kEmily = Uuid(104);
inline constexpr char kEncryptionKey[] = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";

inline auth::Principal Someone(const std::string& person, const std::string& organisation, type::v1::Role role, const std::string& network = kNetwork) {
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
    EXPECT_THAT(answer, errors::IsOk());
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
    ASSERT_THAT(Do(&Stub::AcceptNotices, "service", request), errors::IsOk());
  }
  void Address() { ASSERT_THAT(addressing_->AddressAll([] { return false; }), errors::IsOk()); }
  void Send() {
    ASSERT_THAT(courier_->SendMail(client_, [] { return false; }), errors::IsOk());
    ASSERT_THAT(courier_->SendCalls(poster_, [] { return false; }), errors::IsOk());
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

}  // namespace kubari::notifications
