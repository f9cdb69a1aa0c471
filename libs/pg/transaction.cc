#include "libs/pg/transaction.h"

#include <algorithm>
#include <iterator>

#include "absl/time/clock.h"
#include "libs/pg/connection.h"

namespace kubari::pg {
namespace {

constexpr Statement kBegin{"BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE"};
constexpr Statement kBeginRepeatable{"BEGIN ISOLATION LEVEL REPEATABLE READ READ WRITE"};
constexpr Statement kBeginSerializable{"BEGIN ISOLATION LEVEL SERIALIZABLE READ WRITE"};
constexpr Statement kBeginReadOnly{"BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"};
constexpr Statement kSettings{
    "SELECT set_config('kubari.network', $1, true), set_config('statement_timeout', $2, true)"};
constexpr Statement kTimeout{"SELECT set_config('statement_timeout', $1, true)"};
constexpr Statement kCommit{"COMMIT"};
constexpr Statement kRollback{"ROLLBACK"};

// The server's statement_timeout is told again when it is older than this, so short transactions tell it once.
constexpr absl::Duration kTimeoutStale = absl::Milliseconds(100);

Statement Begin(bool read_only, Isolation isolation) {
  if (read_only) return kBeginReadOnly;
  switch (isolation) {
    case Isolation::kRepeatableRead:
      return kBeginRepeatable;
    case Isolation::kSerializable:
      return kBeginSerializable;
    case Isolation::kReadCommitted:
      break;
  }
  return kBegin;
}

// Milliseconds; "0" is no limit.
std::string TimeoutText(absl::Time now, absl::Time deadline) {
  if (deadline == absl::InfiniteFuture()) return "0";
  const int64_t millis = absl::ToInt64Milliseconds(deadline - now);
  return std::to_string(std::clamp<int64_t>(millis, 1, 24 * 3600 * 1000));
}

}  // namespace

Transaction::Transaction(Connection& connection, const TxContext& context, bool read_only)
    : connection_(connection), context_(context), read_only_(read_only), misread_(std::make_shared<absl::Status>()) {}

absl::StatusOr<Result> Transaction::RunOne(Call call) {
  std::vector<Call> calls;
  calls.push_back(std::move(call));
  absl::StatusOr<std::vector<Result>> results = Run(std::move(calls), /*commit=*/false);
  if (!results.ok()) return results.status();
  return std::move(results->front());
}

absl::StatusOr<std::vector<Result>> Transaction::Pipeline(const Batch& batch) {
  if (batch.empty()) return std::vector<Result>();
  return Run(batch.calls(), /*commit=*/false);
}

absl::StatusOr<std::vector<Result>> Transaction::PipelineAndCommit(const Batch& batch) {
  return Run(batch.calls(), /*commit=*/true);
}

absl::StatusOr<std::vector<Result>> Transaction::Run(std::vector<Call> calls, bool commit) {
  if (!failure_.ok()) return failure_;
  if (committed_) return Fail(internal::Mistake("a statement after PipelineAndCommit"));
  if (commit && !misread_->ok()) return Fail(*misread_);
  const absl::Time now = absl::Now();
  if (now >= context_.deadline) return Fail(internal::TimedOut("the deadline passed before the statement was sent"));

  std::vector<Call> all;
  if (!begun_) {
    all.push_back({Begin(read_only_, context_.isolation), {}});
    all.push_back({kSettings, MakeParams(context_.network_id, TimeoutText(now, context_.deadline))});
    timeout_told_ = now;
  } else if (context_.deadline != absl::InfiniteFuture() && now - timeout_told_ > kTimeoutStale) {
    all.push_back({kTimeout, MakeParams(TimeoutText(now, context_.deadline))});
    timeout_told_ = now;
  }
  std::move(deferred_.begin(), deferred_.end(), std::back_inserter(all));
  deferred_.clear();
  const size_t before = all.size(), asked = calls.size();
  std::move(calls.begin(), calls.end(), std::back_inserter(all));
  if (commit) all.push_back({kCommit, {}});

  begun_ = true;
  commit_sent_ = commit;
  absl::StatusOr<std::vector<Result>> results = connection_.Run(all, context_.deadline, misread_);
  if (!results.ok()) {
    // The server's own "no" to a statement comes before COMMIT could run; silence leaves the outcome open.
    const bool silence = connection_.broken() && commit;
    return Fail(silence ? internal::UnknownOutcome(DetailOf(results.status())) : results.status());
  }
  committed_ = commit;
  return std::vector<Result>(results->begin() + before, results->begin() + before + asked);
}

absl::Status Transaction::Fail(absl::Status status) {
  if (failure_.ok()) failure_ = status;
  return status;
}

absl::Status Transaction::Commit() {
  if (!failure_.ok()) return failure_;
  if (!misread_->ok()) return Fail(*misread_);
  if (committed_ || (!begun_ && deferred_.empty())) return absl::OkStatus();
  return Run({}, /*commit=*/true).status();
}

void Transaction::Rollback() {
  if (!begun_ || committed_ || connection_.broken()) return;
  if (!connection_.in_transaction()) return;
  const absl::Status status = connection_.Run({{kRollback, {}}}, absl::Now() + absl::Seconds(5), misread_).status();
  if (!status.ok()) connection_.Break();
}

bool Transaction::retryable() const {
  if (internal::IsRetryable(SqlStateOf(failure_))) return true;
  // Another transaction recorded the same request_id first: run again, and find its answer (idempotency.h).
  return SqlStateOf(failure_) == "23505" && ConstraintOf(failure_) == "requests_pkey";
}

bool Transaction::lost() const {
  return connection_.broken() && !commit_sent_ && internal::IsLost(SqlStateOf(failure_));
}

}  // namespace kubari::pg
