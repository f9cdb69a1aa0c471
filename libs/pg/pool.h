// Connections to one PostgreSQL database, and transactions on them. Thread-safe.
//
//   absl::StatusOr<Lot> lot = pool.Read({.network_id = network, .deadline = deadline},
//       [&](pg::Transaction& tx) -> absl::StatusOr<Lot> {
//         ASSIGN_OR_RETURN(const pg::Result rows, tx.Query(kFindLot, network, lot_id));
//         if (rows.empty()) return LotNotFound(lot_id);
//         return Lot{.code = rows[0].Get<std::string>("code"), .use_by =
//         rows[0].Get<std::optional<absl::CivilDay>>("use_by")};
//       });
#pragma once

#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <type_traits>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "libs/pg/transaction.h"

namespace prometheus {
class Registry;
}

namespace kubari::pg {

struct PoolOptions {
  // A libpq connection string or URI; host is a directory (Unix socket) or a name (TCP):
  // "host=/run/kubari dbname=kubari user=kubari_stock",
  // "postgresql://kubari_stock@db1,db2/kubari?target_session_attrs=read-write".
  std::string conninfo;
  // search_path of every connection. Empty: as the server has it.
  std::string schema;
  // Connections at most. Choose as many as the service has workers, so that nobody queues twice.
  int size = 8;
  // Callers that may wait for a connection; the next one gets RESOURCE_EXHAUSTED at once.
  int max_waiters = 256;
  // A connection is replaced after 80 to 100 % of this, by chance, so that connections opened together do not close
  // together.
  absl::Duration max_lifetime = absl::Minutes(30);
  // Where to export metrics (kubari_pg_…); must outlive the pool. May be null.
  prometheus::Registry* registry = nullptr;
};

// Numbers since the pool was made (totals) or at this moment.
struct PoolStats {
  int in_use = 0;
  int idle = 0;
  int waiting = 0;
  int64_t connections_opened = 0;
  int64_t committed = 0;
  int64_t rolled_back = 0;
  int64_t retried = 0;
};

class Pool {
 public:
  // Connects when it is first used.
  explicit Pool(PoolOptions options);
  // No transaction may be running.
  ~Pool();
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;

  // Runs `f(Transaction&)`, which returns absl::Status or absl::StatusOr<T>, in a transaction; commits if it returns OK
  // and rolls back otherwise. Returns what `f` returned, or why the database did not do it (status.h).
  //
  // `f` may run more than once, so it keeps nothing from one run to the next and has no effect outside the transaction:
  //   - serialization failure or deadlock: up to 6 runs, with growing random pauses, while the deadline allows;
  //   - connection lost before COMMIT was sent: once more, on a fresh connection.
  // A connection lost during COMMIT is UNAVAILABLE: it may be committed or not; the caller repeats with the same
  // request_id.
  //
  // Do not call Transact or Read inside `f`: it would wait for a second connection while holding one.
  template <typename F>
  auto Transact(const TxContext& context, F&& f) {
    return RunTyped(context, /*read_only=*/false, f);
  }

  // The same for reading only: all statements see one snapshot; writing fails.
  template <typename F>
  auto Read(const TxContext& context, F&& f) {
    return RunTyped(context, /*read_only=*/true, f);
  }

  PoolStats stats() const;

 private:
  class Metrics;
  class Lease;

  template <typename F>
  auto RunTyped(const TxContext& context, bool read_only, F& f) -> std::invoke_result_t<F&, Transaction&> {
    using Answer = std::invoke_result_t<F&, Transaction&>;
    if constexpr (std::is_same_v<Answer, absl::Status>) {
      return Run(context, read_only, f);
    } else {
      Answer answer = absl::UnknownError("The transaction did not run.");
      const absl::Status status = Run(context, read_only, [&](Transaction& tx) -> absl::Status {
        answer = f(tx);
        return answer.status();
      });
      if (!status.ok()) return status;
      return answer;
    }
  }
  absl::Status Run(const TxContext& context, bool read_only, absl::FunctionRef<absl::Status(Transaction&)> f);
  absl::Status RunTries(const TxContext& context, bool read_only, absl::FunctionRef<absl::Status(Transaction&)> f);

  absl::StatusOr<std::unique_ptr<Connection>> Acquire(absl::Time deadline);
  void Release(std::unique_ptr<Connection> connection);

  const PoolOptions options_;
  const std::unique_ptr<Metrics> metrics_;
  mutable std::mutex mutex_;
  std::condition_variable freed_;
  std::vector<std::unique_ptr<Connection>> idle_;  // the last one back is the first one out
  int open_ = 0;                                   // idle, in use, or being opened
  PoolStats totals_;
};

}  // namespace kubari::pg
