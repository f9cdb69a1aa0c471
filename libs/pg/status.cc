#include "libs/pg/status.h"

#include <optional>
#include <utility>

#include "absl/strings/cord.h"
#include "absl/strings/str_cat.h"
#include "libs/errors/errors.h"

namespace kubari::pg {
namespace {

// One payload, "sqlstate\nconstraint\ndetail"; the errors library does not send it out.
constexpr char kPayload[] = "kubari.pg/failure";

struct Failure {
  std::string sql_state, constraint, detail;
};

Failure FailureOf(const absl::Status& status) {
  const absl::optional<absl::Cord> payload = status.GetPayload(kPayload);
  if (!payload) return {};
  const std::string text(*payload);
  const size_t first = text.find('\n');
  const size_t second = text.find('\n', first + 1);
  return {text.substr(0, first), text.substr(first + 1, second - first - 1), text.substr(second + 1)};
}

absl::Status WithFailure(absl::Status status, std::string_view sql_state, std::string_view constraint,
                         std::string_view detail) {
  std::string payload(sql_state);
  payload.append("\n").append(constraint).append("\n").append(detail);
  status.SetPayload(kPayload, absl::Cord(payload));
  return status;
}

absl::Status Aborted() {
  return errors::Make(absl::StatusCode::kAborted, "CONCURRENT_CHANGE",
                      "Others changed the same data at the same time. Please try again.",
                      "同じデータが同時に変更されました。もう一度お試しください。");
}

absl::Status DeadlineExceeded() {
  return errors::Make(absl::StatusCode::kDeadlineExceeded, "DATABASE_TIMEOUT",
                      "The database did not answer in the time the call allows. Please try again.",
                      "時間内にデータベースの応答がありませんでした。もう一度お試しください。");
}

absl::Status Unavailable() {
  return errors::Make(absl::StatusCode::kUnavailable, "DATABASE_UNAVAILABLE",
                      "The database cannot be reached now. Please try again with the same request_id.",
                      "現在データベースに接続できません。同じ request_id でもう一度お試しください。");
}

absl::Status Exhausted() {
  return errors::Make(absl::StatusCode::kResourceExhausted, "DATABASE_BUSY",
                      "The database has too much to do now. Please try again in a few seconds.",
                      "現在データベースが混み合っています。数秒後にもう一度お試しください。");
}

absl::Status DatabaseError() {
  return errors::Make(absl::StatusCode::kInternal, "DATABASE_ERROR",
                      "The database refused an operation; this is a fault of the system and has been noted.",
                      "データベースが操作を拒否しました。システムの不具合として記録されました。");
}

absl::Status ForSqlState(std::string_view state) {
  if (internal::IsRetryable(state) || state == "55P03") return Aborted();  // 55P03: lock_timeout, NOWAIT
  if (state == "57014") return DeadlineExceeded();                         // statement_timeout or a cancel
  if (internal::IsLost(state)) return Unavailable();
  if (state.substr(0, 2) == "53") return Exhausted();
  return DatabaseError();
}

}  // namespace

std::string SqlStateOf(const absl::Status& status) { return FailureOf(status).sql_state; }
std::string ConstraintOf(const absl::Status& status) { return FailureOf(status).constraint; }
std::string DetailOf(const absl::Status& status) { return FailureOf(status).detail; }

namespace internal {

absl::Status MakeStatus(std::string_view sql_state, std::string_view constraint, std::string_view detail) {
  return WithFailure(ForSqlState(sql_state), sql_state, constraint, detail);
}

absl::Status FromResult(const PGresult* result, std::string_view statement) {
  const auto field = [result](int code) {
    const char* text = PQresultErrorField(result, code);
    return std::string_view(text == nullptr ? "" : text);
  };
  // Without PG_DIAG_MESSAGE_DETAIL: it quotes rows, which do not belong into a log.
  std::string detail(field(PG_DIAG_MESSAGE_PRIMARY));
  if (detail.empty()) detail = PQresultErrorMessage(result);
  if (!field(PG_DIAG_CONTEXT).empty()) detail.append(" | ").append(field(PG_DIAG_CONTEXT));
  detail.append(" | in: ").append(statement);
  // Every answer of the server has a state. Without one it is libpq that found the connection gone.
  if (field(PG_DIAG_SQLSTATE).empty()) return Lost(detail);
  return MakeStatus(field(PG_DIAG_SQLSTATE), field(PG_DIAG_CONSTRAINT_NAME), detail);
}

absl::Status Lost(std::string_view detail) { return WithFailure(Unavailable(), "08006", "", detail); }

absl::Status UnknownOutcome(std::string_view detail) {
  return WithFailure(
      errors::Make(
          absl::StatusCode::kUnavailable, "OUTCOME_UNKNOWN",
          "The connection to the database was lost while committing, so the change may or may not be saved. Repeat "
          "the call with the same request_id to learn its outcome.",
          "保存の確定中にデータベースとの接続が切れたため、結果が不明です。同じ request_id "
          "で再度呼び出すと結果を確認できます。"),
      "08007", "", detail);
}

absl::Status TimedOut(std::string_view detail) { return WithFailure(DeadlineExceeded(), "57014", "", detail); }

absl::Status Mistake(std::string_view detail) { return WithFailure(DatabaseError(), "", "", detail); }

bool IsRetryable(std::string_view sql_state) { return sql_state == "40001" || sql_state == "40P01"; }

bool IsLost(std::string_view sql_state) {
  // 57P01…57P05: the server shuts down, has crashed, is starting, the database was dropped, the session idled too long.
  return sql_state.substr(0, 2) == "08" || sql_state.substr(0, 4) == "57P0";
}

}  // namespace internal
}  // namespace kubari::pg
