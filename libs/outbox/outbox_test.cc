// The outbox on a real PostgreSQL, against a notifications service that fails in all the ways a real one can.
#include "libs/outbox/outbox.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <mutex>
#include <set>
#include <vector>

#include "absl/time/clock.h"
#include "libs/errors/testing.h"
#include "libs/ids/ids.h"
#include "libs/outbox/pump.h"
#include "libs/pg/pool.h"
#include "libs/pg/testing/database.h"
#include "libs/rpc/testing.h"

namespace kubari::outbox {
namespace {

using errors::IsOk;
using notifications::v1::AcceptNoticesRequest;
using notifications::v1::AcceptNoticesResponse;
using notifications::v1::NotificationsService;
using ::testing::UnorderedElementsAre;

constexpr char kNetwork[] = "0190163d-8694-7000-8000-00000000000a", kOther[] = "0190163d-8694-7000-8000-00000000000b";
constexpr char kKey[] = "a service key of more than thirty-two characters";
constexpr pg::Migration kFacts[] = {{"0001_facts", R"(
CREATE TABLE facts (network_id uuid NOT NULL, fact text NOT NULL, PRIMARY KEY (network_id, fact));
GRANT SELECT, INSERT ON facts TO kubari_stock;
)"}};
constexpr pg::Statement kFact{"INSERT INTO facts (network_id, fact) VALUES ($1, $2)"};

// Takes what is well-formed, as the real one does; may be told to fail before or after taking.
class FakeNotifications final : public NotificationsService::CallbackService {
 public:
  explicit FakeNotifications(rpc::Dispatcher& dispatcher) : dispatcher_(dispatcher), handler_(*this) {}
  KUBARI_RPC(NotificationsService, AcceptNotices)

  struct Handler {
    explicit Handler(FakeNotifications& fake) : fake(fake) {}
    absl::StatusOr<AcceptNoticesResponse> AcceptNotices(const rpc::Call& call, const AcceptNoticesRequest& request) {
      const std::lock_guard lock(fake.mutex);
      ++fake.calls;
      if (fake.fail_before-- > 0) return absl::UnavailableError("down");
      errors::Violations violations;
      for (int i = 0; i < request.notices_size(); ++i) Check(violations, absl::StrCat("notices[", i, "]"), request.notices(i));
      if (!violations.empty()) return violations.status();
      for (const Notice& notice : request.notices()) {
        if (fake.seen.insert(notice.notice_id()).second) fake.taken.push_back({call.principal.network_id, notice});
      }
      if (fake.fail_after-- > 0) return absl::UnavailableError("the answer got lost");
      return AcceptNoticesResponse();
    }
    FakeNotifications& fake;
  };

  std::mutex mutex;
  int calls = 0, fail_before = 0, fail_after = 0;
  std::set<std::string> seen;
  std::vector<std::pair<std::string, Notice>> taken;

 private:
  rpc::Dispatcher& dispatcher_;
  Handler handler_;
};

class OutboxTest : public ::testing::Test {
 protected:
  OutboxTest()
      : database_(pg::testing::CreateDatabase("stock", kFacts)),
        pool_({.conninfo = database_.service, .schema = "stock", .size = 4}),
        service_(server_.dispatcher()) {
    server_.authenticator().Add(kKey, rpc::Service());
    server_.Start({&service_});
  }

  absl::Status Tell(const std::string& fact, const Notice& notice, const std::string& network = kNetwork) {
    return pool_.Transact({.network_id = network}, [&](pg::Transaction& tx) -> absl::Status {
      Write(tx, notice);
      return tx.Execute(kFact, network, fact).status();
    });
  }
  static Notice Shipped(const std::string& id = ids::NewUuid()) {
    Notice notice = Make(notifications::v1::NOTICE_KIND_DELIVERY_SHIPPED, {.ja = "発送しました", .en = "Shipped"},
                         {.ja = "缶詰 12点", .en = "Tins, 12 items"}, "/group", absl::Now());
    notice.set_notice_id(id);
    ToHolders(notice, type::v1::ROLE_GROUP, "0190163d-8694-7000-8000-00000000000c");
    return notice;
  }
  int Waiting() {
    int waiting = 0;
    (void)absl::SimpleAtoi(pg::testing::Sql(database_.superuser, "SELECT count(*) FROM stock.outbox WHERE refusal IS NULL"), &waiting);
    return waiting;
  }
  // Until nothing waits any more, for half a minute at most.
  void Drain() {
    Pump pump(pool_, server_.channel(), kKey, registry_, absl::Milliseconds(10));
    for (const absl::Time give_up = absl::Now() + absl::Seconds(30); Waiting() > 0 && absl::Now() < give_up;) absl::SleepFor(absl::Milliseconds(5));
    EXPECT_EQ(Waiting(), 0);
  }
  std::vector<std::string> TakenIds() {
    const std::lock_guard lock(service_.mutex);
    std::vector<std::string> ids;
    for (const auto& [network, notice] : service_.taken) ids.push_back(notice.notice_id());
    return ids;
  }

  pg::testing::Database database_;
  pg::Pool pool_;
  prometheus::Registry registry_;
  rpc::TestServer server_;
  FakeNotifications service_;
};

TEST_F(OutboxTest, WhatHappenedIsToldAndWhatDidNotIsNot) {
  const Notice told = Shipped(), rolled_back = Shipped();
  ASSERT_THAT(Tell("a", told), IsOk());
  EXPECT_FALSE(Tell("a", rolled_back).ok());  // the fact is there already
  Drain();
  EXPECT_THAT(TakenIds(), UnorderedElementsAre(told.notice_id()));
  EXPECT_EQ(service_.taken[0].first, kNetwork);
  EXPECT_EQ(service_.taken[0].second.SerializeAsString(), told.SerializeAsString());
}

TEST_F(OutboxTest, NothingIsLostOrDoubledWhenTheOtherSideFails) {
  std::set<std::string> ids;
  for (int i = 0; i < 450; ++i) {  // more than one call takes
    const Notice notice = Shipped();
    ids.insert(notice.notice_id());
    ASSERT_THAT(Tell(absl::StrCat(i), notice, i % 3 == 0 ? kOther : kNetwork), IsOk());
  }
  {
    const std::lock_guard lock(service_.mutex);
    service_.fail_before = 3;
    service_.fail_after = 3;
  }
  Drain();
  EXPECT_EQ(service_.seen, ids);
  EXPECT_EQ(service_.taken.size(), 450u);
}

TEST_F(OutboxTest, AMalformedNoticeHoldsUpNoOther) {
  Notice bad = Shipped();
  bad.set_link("javascript:alert(1)");
  const Notice before = Shipped(), after = Shipped();
  ASSERT_THAT(Tell("a", before), IsOk());
  ASSERT_THAT(Tell("b", bad), IsOk());
  ASSERT_THAT(Tell("c", after), IsOk());
  Drain();
  EXPECT_THAT(TakenIds(), UnorderedElementsAre(before.notice_id(), after.notice_id()));
  EXPECT_EQ(pg::testing::Sql(database_.superuser, "SELECT notice_id FROM stock.outbox WHERE refusal LIKE '%link%'"), bad.notice_id());
}

TEST_F(OutboxTest, WhatMayBeToldOnceHasOneId) {
  const std::string id = IdOf({"shipped", "delivery 1"});
  EXPECT_EQ(id, IdOf({"shipped", "delivery 1"}));
  EXPECT_NE(id, IdOf({"shippe", "ddelivery 1"}));
  EXPECT_TRUE(ids::IsUuid(id));
  ASSERT_THAT(Tell("a", Shipped(id)), IsOk());
  ASSERT_THAT(Tell("b", Shipped(id)), IsOk());
  EXPECT_EQ(Waiting(), 1);
  Drain();
  ASSERT_THAT(Tell("c", Shipped(id)), IsOk());  // after it was sent: the other side knows it
  Drain();
  EXPECT_EQ(service_.taken.size(), 1u);
}

TEST_F(OutboxTest, SecretsAreSealedWhileTheyWait) {
  Notice invite = Shipped();
  invite.mutable_text()->set_en("ABCDE-FGHJK");
  ASSERT_THAT(pool_.Transact({.network_id = kNetwork},
                             [&](pg::Transaction& tx) -> absl::Status {
                               WriteConfidential(tx, invite, kKey);
                               return absl::OkStatus();
                             }),
              IsOk());
  EXPECT_EQ(pg::testing::Sql(database_.superuser, "SELECT position('ABCDE'::bytea IN notice) FROM stock.outbox"), "0");
  Drain();
  ASSERT_EQ(service_.taken.size(), 1u);
  EXPECT_EQ(service_.taken[0].second.text().en(), "ABCDE-FGHJK");
  EXPECT_TRUE(service_.taken[0].second.confidential());
  const std::string sealed = internal::Seal(kKey, "x");
  EXPECT_EQ(internal::Open(kKey, sealed), "x");
  EXPECT_EQ(internal::Open("another", sealed), std::nullopt);
  EXPECT_EQ(internal::Open(kKey, sealed.substr(0, 10)), std::nullopt);
}

TEST_F(OutboxTest, NetworksAreApart) {
  ASSERT_THAT(Tell("a", Shipped()), IsOk());
  constexpr pg::Statement kCount{"SELECT count(*) AS n FROM outbox"};
  const auto seen = pool_.Read({.network_id = kOther}, [&](pg::Transaction& tx) -> absl::StatusOr<int64_t> {
    auto rows = tx.Query(kCount);
    if (!rows.ok()) return rows.status();
    return (*rows)[0].Get<int64_t>("n");
  });
  ASSERT_THAT(seen, IsOk());
  EXPECT_EQ(*seen, 0);
}

TEST(Notice, TextsAreCutAndCleaned) {
  std::string longer;
  for (int i = 0; i < 300; ++i) longer += "配";
  const Notice notice = Make(notifications::v1::NOTICE_KIND_TEST, {.ja = longer, .en = "a\nb\x01" "c\xff"}, {}, "", absl::Now());
  EXPECT_EQ(notice.subject().ja().size(), 200u * 3);
  EXPECT_EQ(notice.subject().en(), "a bc");
  errors::Violations violations;
  Check(violations, "notice", notice);
  EXPECT_THAT(violations.status(), IsOk());
}

TEST(Notice, AddressesThatCouldSmuggleSomethingAreNone) {
  for (const char* good : {"a@example.org", "taro.yamada+kubari@mail.example.co.jp"}) EXPECT_TRUE(IsMailAddress(good)) << good;
  for (const char* bad : {"", "a", "@example.org", "a@b", "a@example.org\r\nBcc: b@example.org", "a b@example.org", "<a@example.org>",
                          "a@b@example.org", "\"a\"@example.org", "a@.example.org", "a,b@example.org", "配@example.org"}) {
    EXPECT_FALSE(IsMailAddress(bad)) << bad;
  }
}

}  // namespace
}  // namespace kubari::outbox
