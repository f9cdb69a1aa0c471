// A transaction as the function given to Pool::Transact or Pool::Read sees it.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "libs/pg/params.h"
#include "libs/pg/result.h"
#include "libs/pg/status.h"

namespace kubari::pg {

class Connection;

enum class Isolation { kReadCommitted, kRepeatableRead, kSerializable };

// For whom and until when.
struct TxContext {
  // The caller's network (UUID): row-level security shows this network's rows only. Empty: no network, so tables under
  // row-level security show nothing and take nothing.
  std::string network_id;
  // The transaction, the wait for a connection and all retries end by then; the server is told (statement_timeout).
  absl::Time deadline = absl::InfiniteFuture();
  // For Transact. Read always sees one snapshot (repeatable read).
  Isolation isolation = Isolation::kReadCommitted;
};

// Several statements for one round trip.
class Batch {
 public:
  template <typename... Args>
  Batch& Add(const Statement& statement, const Args&... args) {
    calls_.push_back({statement, MakeParams(args...)});
    return *this;
  }
  const std::vector<Call>& calls() const { return calls_; }
  bool empty() const { return calls_.empty(); }

 private:
  std::vector<Call> calls_;
};

// BEGIN and the settings of TxContext travel with the first statement, so a transaction of n round trips of work costs
// n + 1 (COMMIT), or n with PipelineAndCommit.
//
// After a failed statement the transaction can only end: further statements return the first failure, and OK from the
// function does not commit. Used by one thread.
class Transaction {
 public:
  Transaction(Connection& connection, const TxContext& context, bool read_only);
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;

  // Runs one statement; see MakeParams for the types of parameters.
  template <typename... Args>
  absl::StatusOr<Result> Query(const Statement& statement, const Args&... args) {
    return RunOne({statement, MakeParams(args...)});
  }

  // Runs one statement and returns how many rows it touched.
  template <typename... Args>
  absl::StatusOr<int64_t> Execute(const Statement& statement, const Args&... args) {
    absl::StatusOr<Result> result = RunOne({statement, MakeParams(args...)});
    if (!result.ok()) return result.status();
    return result->affected();
  }

  // Runs the statements in one round trip and returns their results in order. The first failure is returned; the
  // statements behind it have not run, and those before it are rolled back with the transaction.
  absl::StatusOr<std::vector<Result>> Pipeline(const Batch& batch);

  // The same together with COMMIT in one round trip; no statement may follow. OK means committed. Use it where no
  // result decides whether to commit.
  absl::StatusOr<std::vector<Result>> PipelineAndCommit(const Batch& batch);

  // Runs one statement without a round trip of its own: with the next statement or with COMMIT, whichever comes first;
  // a failure shows there.
  template <typename... Args>
  void Defer(const Statement& statement, const Args&... args) {
    deferred_.push_back({statement, MakeParams(args...)});
  }

  const TxContext& context() const { return context_; }
  const std::string& network_id() const { return context_.network_id; }
  absl::Time deadline() const { return context_.deadline; }

 private:
  friend class Pool;

  absl::StatusOr<Result> RunOne(Call call);
  // Sends what is due (BEGIN, settings, deferred statements), `calls` and perhaps COMMIT; returns the results of
  // `calls`.
  absl::StatusOr<std::vector<Result>> Run(std::vector<Call> calls, bool commit);
  absl::Status Fail(absl::Status status);
  // For Pool: ends the transaction. Commit sends nothing if there is nothing to commit.
  absl::Status Commit();
  void Rollback();
  // Whether running the function again from scratch may succeed.
  bool retryable() const;
  bool lost() const;

  Connection& connection_;
  const TxContext context_;
  const bool read_only_;
  bool begun_ = false;
  bool commit_sent_ = false;
  bool committed_ = false;
  absl::Time timeout_told_ = absl::InfinitePast();  // when the server last learned statement_timeout
  std::vector<Call> deferred_;
  absl::Status failure_;                   // of the first failed statement
  std::shared_ptr<absl::Status> misread_;  // of the first failed getter
};

}  // namespace kubari::pg
