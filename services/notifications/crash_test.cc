// The real program, killed (kill -9) again and again while it works: every notice arrives, and none twice as far as can be told apart.
#include <absl/strings/str_cat.h>
#include <absl/time/clock.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <random>
#include <set>

#include "kubari/notifications/v1/notifications.grpc.pb.h"
#include "libs/errors/testing.h"
#include "libs/ids/ids.h"
#include "libs/outbox/notice.h"
#include "libs/pg/testing/database.h"
#include "libs/rpc/client.h"
#include "services/notifications/migrations/migrations.h"
#include "services/notifications/testing/parts.h"

namespace kubari::notifications {
namespace {

namespace pb = ::kubari::notifications::v1;

constexpr char kKey[] = "0123456789abcdef0123456789abcdef";
const std::string kNetwork = "00000000-0000-4000-8000-000000000001", kGroup = "00000000-0000-4000-8000-000000000021";

class Program {
 public:
  explicit Program(std::vector<std::string> command) : command_(std::move(command)) { Start(); }
  ~Program() { Kill(); }
  void Start() {
    std::vector<char*> arguments;
    for (std::string& word : command_) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    pid_ = fork();
    if (pid_ != 0) return;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    execv(arguments[0], arguments.data());
    _exit(127);
  }
  void Kill() {
    if (pid_ == 0) return;
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
    pid_ = 0;
  }

 private:
  std::vector<std::string> command_;
  pid_t pid_ = 0;
};

TEST(Crash, EveryNoticeArrivesAndNoneTwice) {
  const char* given = std::getenv("KUBARI_SEED");
  unsigned seed = std::random_device{}();
  if (given != nullptr) (void)absl::SimpleAtoi(given, &seed);
  std::printf("seed %u (KUBARI_SEED=%u repeats the pauses between the kills)\n", seed, seed);
  std::mt19937 random(seed);

  const pg::testing::Database database = pg::testing::CreateDatabase("notifications", kMigrations);
  People people;
  people.network_id = kNetwork;
  for (int i = 0; i < 3; ++i) {
    people.Add(absl::StrFormat("00000000-0000-4000-8000-%012d", 100 + i), absl::StrCat("p", i, "@group.example"), "ja", type::v1::ROLE_GROUP, kGroup);
  }
  grpc::ServerBuilder builder;
  int identity_port = 0;
  builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &identity_port);
  builder.RegisterService(&people);
  const auto identity = builder.BuildAndStart();
  MailServer mail;
  Receiver receiver([](const Called&, int time) { return time == 1 ? 503 : 200; });
  Folder folder;
  std::ofstream(folder.path() + "/smtp.conf") << mail.Settings();
  const int port = FreePort(), metrics = FreePort();
  Program program({absl::StrCat(KUBARI_BIN_FOLDER, "/kubari-notifications"), "--database-url", database.service, "--service-key", kKey, "--identity",
                   absl::StrCat("127.0.0.1:", identity_port), "--listen", absl::StrCat("127.0.0.1:", port), "--metrics-listen",
                   absl::StrCat("127.0.0.1:", metrics), "--encryption-key", std::string(64, 'a'), "--smtp-file", folder.path() + "/smtp.conf",
                   "--webhooks-to-private-addresses", "--retry-first", "200ms", "--claim", "3s", "--log-level", "error"});

  const auto stub = pb::NotificationsService::NewStub(rpc::Connect(absl::StrCat("127.0.0.1:", port)));
  const auto as_service = [&] { return rpc::AsService(kKey, kNetwork, "Asia/Tokyo", absl::Now() + absl::Seconds(30)); };
  // Repeats until it is heard, as the outbox does.
  const auto tell = [&](auto method, const auto& request) {
    for (const absl::Time give_up = absl::Now() + absl::Minutes(2);;) {
      auto answer = rpc::Invoke(method, *stub, as_service(), request);
      if (answer.ok()) return *answer;
      if (!absl::IsUnavailable(answer.status()) || absl::Now() > give_up) {
        ADD_FAILURE() << answer.status();
        std::abort();
      }
      absl::SleepFor(absl::Milliseconds(20));
    }
  };
  pb::CreateWebhookRequest webhook;
  webhook.set_request_id(ids::NewUuid());
  webhook.mutable_webhook()->set_display_name("hook");
  webhook.mutable_webhook()->set_url(receiver.url("/"));
  tell(&pb::NotificationsService::Stub::CreateWebhook, webhook);

  constexpr int kNotices = 120;
  std::set<std::string> ids;
  int kills = 0;
  for (int i = 0; i < kNotices; i += 10) {
    pb::AcceptNoticesRequest request;
    for (int j = 0; j < 10; ++j) {
      pb::Notice& notice = *request.add_notices() =
          outbox::Make(pb::NOTICE_KIND_RECALL, {.ja = absl::StrCat("回収 ", i + j), .en = "Recall"}, {.ja = "確認", .en = "Look"}, "", absl::Now());
      outbox::ToHolders(notice, type::v1::ROLE_GROUP, kGroup);
      ids.insert(notice.notice_id());
    }
    tell(&pb::NotificationsService::Stub::AcceptNotices, request);
    absl::SleepFor(absl::Milliseconds(std::uniform_int_distribution<int>(50, 700)(random)));
    program.Kill();
    ++kills;
    program.Start();
    tell(&pb::NotificationsService::Stub::AcceptNotices, request);  // whose answer was lost, say
  }
  const auto waiting = [&] {
    return pg::testing::Sql(database.superuser, "SELECT count(*) FROM notifications.notices WHERE audiences IS NOT NULL") != "0" ||
           pg::testing::Sql(database.superuser, "SELECT count(*) FROM notifications.deliveries WHERE state = 1") != "0";
  };
  for (const absl::Time give_up = absl::Now() + absl::Minutes(3); waiting() && absl::Now() < give_up;) absl::SleepFor(absl::Milliseconds(100));
  program.Kill();

  EXPECT_EQ(pg::testing::Sql(database.superuser, "SELECT count(*) FROM notifications.deliveries WHERE state = 3"), absl::StrCat(kNotices * 4));
  EXPECT_EQ(pg::testing::Sql(database.superuser, "SELECT count(*) FROM notifications.inbox"), absl::StrCat(kNotices * 3));
  std::set<std::string> message_ids, told;
  const std::vector<Received> mails = mail.Mails();
  for (const Received& received : mails) {
    message_ids.insert(received.headers.at("message-id"));
    told.insert(absl::StrCat(received.to, received.headers.at("subject")));
  }
  // Each person's mail of each notice has one Message-ID; copies only where a kill fell between the server's "yes" and the record, and each
  // of the two senders can have but one such mail at a time.
  EXPECT_EQ(message_ids.size(), static_cast<size_t>(kNotices * 3));
  EXPECT_EQ(told.size(), message_ids.size());
  EXPECT_LE(mails.size(), message_ids.size() + 2 * kills);
  std::set<std::string> webhook_ids;
  for (const Called& call : receiver.calls()) webhook_ids.insert(call.headers.at("webhook-id"));
  EXPECT_EQ(webhook_ids, ids);
  std::printf("%d kills; %zu mails, %zu copies; %zu calls for %zu notices\n", kills, mails.size(), mails.size() - message_ids.size(),
              receiver.calls().size(), ids.size());
  identity->Shutdown();
}

}  // namespace
}  // namespace kubari::notifications
