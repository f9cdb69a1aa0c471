#include "libs/errors/errors.h"

#include <gtest/gtest.h>

#include "kubari/type/v1/access.pb.h"
#include "libs/errors/macros.h"
#include "libs/errors/testing.h"
#include "libs/log/log.h"

namespace kubari::errors {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

absl::Status Insufficient() {
  return Make(absl::StatusCode::kFailedPrecondition, "INSUFFICIENT_STOCK", "Lot A has 12 free; 40 were asked for.",
              "ロットAの空きは12個です（40個の要求）。", {{"free", "12"}, {"requested", "40"}});
}

TEST(Errors, CarriesReasonFactsAndBothLanguages) {
  const absl::Status status = Insufficient();
  EXPECT_THAT(status, FailsBecause("INSUFFICIENT_STOCK"));
  EXPECT_THAT(status, FailsWith(absl::StatusCode::kFailedPrecondition));
  EXPECT_EQ(MetadataOf(status).at("free"), "12");
  EXPECT_EQ(MessageIn("ja", status), "ロットAの空きは12個です（40個の要求）。");
  EXPECT_EQ(MessageIn("en", status), std::string(status.message()));
  EXPECT_EQ(DetailsOf(status).details(0).type_url(), "type.googleapis.com/google.rpc.ErrorInfo");
}

TEST(Errors, TravelsOverSeveralServicesUnchanged) {
  Violations violations;
  violations.Range("items", 0, 1, 10);
  for (const absl::Status& status :
       {Insufficient(), WithRetry(Insufficient(), absl::Milliseconds(1500)), violations.status()}) {
    EXPECT_EQ(FromGrpc(ToGrpc(FromGrpc(ToGrpc(status)))), status);
  }
  EXPECT_THAT(FromGrpc(ToGrpc(absl::OkStatus())), IsOk());
}

TEST(Errors, RetryKeepsTheRest) {
  const absl::Status status = WithRetry(Insufficient(), absl::Milliseconds(1500));
  EXPECT_THAT(status, FailsBecause("INSUFFICIENT_STOCK"));
  google::rpc::RetryInfo retry;
  const google::rpc::Status details = DetailsOf(status);
  ASSERT_TRUE(details.details(details.details_size() - 1).UnpackTo(&retry));
  EXPECT_EQ(retry.retry_delay().seconds(), 1);
  EXPECT_EQ(retry.retry_delay().nanos(), 500'000'000);
}

TEST(Errors, AStrangersTextIsLoggedAndNotSent) {
  std::string logged;
  log::SetSinkForTesting([&](const std::string& line) { logged += line; });
  const grpc::Status wire = ToGrpc(absl::InternalError("relation \"secret\" at 10.0.0.5"));
  log::SetSinkForTesting(nullptr);
  EXPECT_THAT(logged, HasSubstr("10.0.0.5"));
  EXPECT_THAT(wire.error_message() + wire.error_details(), Not(HasSubstr("10.0.0.5")));
  EXPECT_THAT(FromGrpc(wire), FailsBecause("INTERNAL"));
  EXPECT_THAT(FromGrpc(ToGrpc(absl::UnavailableError("connect failed"))), FailsBecause("UNAVAILABLE"));
}

TEST(Errors, StrangeDetailsAreIgnored) {
  const absl::Status status = FromGrpc(grpc::Status(grpc::StatusCode::ABORTED, "busy", "\x01\x02garbage"));
  EXPECT_EQ(status, absl::AbortedError("busy"));
  EXPECT_EQ(ReasonOf(status), "");
}

constexpr char kUuid[] = "0190163d-8694-7000-8000-000000000001";

TEST(Violations, NothingWrongIsOk) {
  Violations violations;
  EXPECT_TRUE(violations.RequestId("request_id", kUuid));
  EXPECT_TRUE(violations.Name("lots", "lot", absl::StrCat("lots/", kUuid)));
  EXPECT_TRUE(violations.Text("display_name", "配り 🍙", 4, 4));
  EXPECT_TRUE(violations.Text("note", "", 0, 10));
  EXPECT_TRUE(violations.Text("note", "two\nlines", 0, 10));
  EXPECT_TRUE(violations.Range("items", 1, 1, 1));
  EXPECT_TRUE(violations.Enum("role", kubari::type::v1::ROLE_DONOR));
  EXPECT_THAT(violations.status(), IsOk());
}

TEST(Violations, EverythingWrongIsToldAtOnce) {
  Violations violations;
  violations.RequestId("request_id", "");
  violations.RequestId("request_id", "0190163D-8694-7000-8000-000000000001");
  violations.Name("lots", "lot", "");
  violations.Name("lots", "lot", absl::StrCat("donors/", kUuid));
  violations.Name("lots", "parent", absl::StrCat("lots/", kUuid, "x"));
  violations.Text("a", "五文字です", 1, 4);
  violations.Text("b", " \u3000", 1, 4);
  violations.Text("c", std::string_view("a\0b", 3), 0, 4);
  violations.Text("d", "\xC0\xAF", 0, 4);
  violations.Text("e", "x", 2, 4);
  violations.Range("items", 11, 1, 10);
  violations.Enum("role", kubari::type::v1::ROLE_UNSPECIFIED);
  violations.Enum("role", static_cast<kubari::type::v1::Role>(99));
  const absl::Status status = violations.status();
  EXPECT_THAT(status, FailsBecause("INVALID_REQUEST"));
  EXPECT_THAT(status, FailsWith(absl::StatusCode::kInvalidArgument));
  EXPECT_EQ(ViolationsOf(status).size(), 13u);
  EXPECT_EQ(MetadataOf(status).at("violations"), "13");
  EXPECT_THAT(status, Violates("request_id", "REQUIRED"));
  EXPECT_THAT(status, Violates("request_id", "NOT_A_UUID"));
  EXPECT_THAT(status, Violates("lot", "REQUIRED"));
  EXPECT_THAT(status, Violates("lot", "NOT_A_NAME"));
  EXPECT_THAT(status, Violates("parent", "NOT_A_NAME"));
  EXPECT_THAT(status, Violates("a", "TOO_LONG"));
  EXPECT_THAT(status, Violates("b", "REQUIRED"));
  EXPECT_THAT(status, Violates("c", "NOT_TEXT"));
  EXPECT_THAT(status, Violates("d", "NOT_TEXT"));
  EXPECT_THAT(status, Violates("e", "TOO_SHORT"));
  EXPECT_THAT(status, Violates("items", "OUT_OF_RANGE"));
  EXPECT_THAT(status, Violates("role", "REQUIRED"));
  EXPECT_THAT(status, Violates("role", "UNKNOWN_VALUE"));
  EXPECT_THAT(status, Not(Violates("items", "REQUIRED")));
  EXPECT_THAT(std::string(status.message()), HasSubstr("and 10 more"));
  EXPECT_THAT(MessageIn("ja", status), HasSubstr("ほか10件"));
}

absl::StatusOr<int> Half(int n) {
  if (n % 2 != 0) return Make(absl::StatusCode::kInvalidArgument, "ODD", "odd", "奇数");
  return n / 2;
}
absl::StatusOr<int> Quarter(int n) {
  ASSIGN_OR_RETURN(const int half, Half(n));
  ASSIGN_OR_RETURN(const int quarter, Half(half));
  RETURN_IF_ERROR(Half(n));
  return quarter;
}

TEST(Macros, LeaveWithTheErrorUnchanged) {
  EXPECT_THAT(Quarter(8), IsOkAndHolds(2));
  EXPECT_THAT(Quarter(6), FailsBecause("ODD"));
}

}  // namespace
}  // namespace kubari::errors
