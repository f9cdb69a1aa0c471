// Asked twice, done once: against a real PostgreSQL.
#include <gmock/gmock.h>
#include <google/protobuf/wrappers.pb.h>

#include <atomic>
#include <thread>
#include <vector>

#include "google/rpc/error_details.pb.h"
#include "libs/errors/errors.h"
#include "libs/ids/ids.h"
#include "libs/pg/idempotency.h"
#include "libs/pg/pg_fixture.h"

namespace kubari::pg {
namespace {

using ::testing::HasSubstr;

class IdempotencyTest : public PgTest {
 protected:
  using Text = google::protobuf::StringValue;
  using Number = google::protobuf::Int64Value;

  static Text Request(const std::string& text) {
    Text request;
    request.set_value(text);
    return request;
  }

  // Adds one to shelf A and answers how many it has.
  absl::StatusOr<Number> AddOne(const std::string& id, const Text& request,
                                const std::string& method = "test.Shelves/AddOne",
                                const std::string& network = kNetwork) {
    return pool_.Transact({.network_id = network, .deadline = absl::Now() + absl::Seconds(20)}, [&](Transaction& tx) {
      return Idempotent<Number>(tx, id, method, request, [&](Transaction& tx) -> absl::StatusOr<Number> {
        ++runs_;
        constexpr Statement kAddOne{"UPDATE shelves SET items = items + 1 WHERE name = 'A' RETURNING items"};
        ASSIGN_OR_RETURN(const Result rows, tx.Query(kAddOne));
        Number answer;
        if (rows.empty()) return answer;
        answer.set_value(rows[0].Get<int64_t>(0));
        if (answer.value() > 10) return absl::FailedPreconditionError("the shelf is full");
        return answer;
      });
    });
  }

  void SetUp() override { ASSERT_TRUE(Put("A", 0).ok()); }

  std::atomic<int> runs_ = 0;
};

TEST_F(IdempotencyTest, ARepeatedRequestGetsTheFirstAnswer) {
  const std::string id = ids::NewUuid();
  for (int i = 0; i < 3; ++i) {
    const absl::StatusOr<Number> answer = AddOne(id, Request("x"));
    ASSERT_TRUE(answer.ok()) << answer.status() << DetailOf(answer.status());
    EXPECT_EQ(answer->value(), 1);
  }
  EXPECT_EQ(runs_, 1);
  EXPECT_EQ(Items("A"), 1);
}

TEST_F(IdempotencyTest, AnotherContentOrMethodIsRefused) {
  const std::string id = ids::NewUuid();
  ASSERT_TRUE(AddOne(id, Request("x")).ok());
  for (const absl::Status& status :
       {AddOne(id, Request("y")).status(), AddOne(id, Request("x"), "test.Shelves/Other").status()}) {
    EXPECT_EQ(status.code(), absl::StatusCode::kAlreadyExists);
    EXPECT_EQ(errors::ReasonOf(status), "REQUEST_ID_REUSED");
    EXPECT_EQ(errors::MetadataOf(status)["request_id"], id);
    EXPECT_THAT(errors::MessageIn("ja", status), HasSubstr("新しい"));
  }
  EXPECT_EQ(Items("A"), 1);
}

TEST_F(IdempotencyTest, NetworksDoNotShareIds) {
  const std::string id = ids::NewUuid();
  ASSERT_TRUE(AddOne(id, Request("x")).ok());
  EXPECT_TRUE(AddOne(id, Request("y"), "test.Shelves/AddOne", kOther).ok());
}

TEST_F(IdempotencyTest, OnlySuccessesAreRecorded) {
  ASSERT_TRUE(pool_.Transact(Here(), [](Transaction& tx) { return tx.Execute(kSet, "A", 10).status(); }).ok());
  const std::string id = ids::NewUuid();
  EXPECT_EQ(AddOne(id, Request("x")).status().code(), absl::StatusCode::kFailedPrecondition);
  ASSERT_TRUE(pool_.Transact(Here(), [](Transaction& tx) { return tx.Execute(kSet, "A", 5).status(); }).ok());
  EXPECT_EQ(AddOne(id, Request("x"))->value(), 6);
}

TEST_F(IdempotencyTest, ThreadsWithOneIdDoItOnceAndHearTheSame) {
  for (int round = 0; round < 10; ++round) {
    const std::string id = ids::NewUuid();
    runs_ = 0;
    int64_t answers[4] = {};
    std::vector<std::thread> threads;
    for (int64_t& answer : answers) {
      threads.emplace_back([&] {
        const absl::StatusOr<Number> number = AddOne(id, Request("x"));
        EXPECT_TRUE(number.ok()) << number.status() << DetailOf(number.status());
        if (number.ok()) answer = number->value();
      });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_THAT(answers, ::testing::Each(round + 1));
    EXPECT_EQ(runs_, 1);
  }
}

TEST_F(IdempotencyTest, ARecordThatAppearsWithoutTheLockIsFoundByTheNextRun) {
  // As by a writer that records many requests at once and does not take the lock: the primary key is the last word.
  const std::string id = ids::NewUuid();
  int runs = 0;
  Number first;
  first.set_value(42);
  const absl::StatusOr<Number> answer = pool_.Transact(Here(), [&](Transaction& tx) {
    return Idempotent<Number>(tx, id, "m", Request("x"), [&](Transaction& tx) -> absl::StatusOr<Number> {
      ++runs;
      EXPECT_TRUE(pool_
                      .Transact(Here(),
                                [&](Transaction& other) -> absl::Status {
                                  RecordAnswer(other, id, "m", RequestHash(Request("x")), first.SerializeAsString());
                                  return absl::OkStatus();
                                })
                      .ok());
      return Number();
    });
  });
  ASSERT_TRUE(answer.ok()) << answer.status() << DetailOf(answer.status());
  EXPECT_EQ(answer->value(), 42);
  EXPECT_EQ(runs, 1);
}

TEST_F(IdempotencyTest, MapsHashAlikeWhateverTheirOrder) {
  google::rpc::ErrorInfo a, b;
  for (int i = 0; i < 50; ++i) (*a.mutable_metadata())[absl::StrCat(i)] = "x";
  for (int i = 49; i >= 0; --i) (*b.mutable_metadata())[absl::StrCat(i)] = "x";
  EXPECT_EQ(RequestHash(a), RequestHash(b));
  (*b.mutable_metadata())["7"] = "y";
  EXPECT_NE(RequestHash(a), RequestHash(b));
}

}  // namespace
}  // namespace kubari::pg
