// One session of PostgreSQL, always in libpq's pipeline mode. Only Pool and Transaction use it. Used by one thread at a
// time.
#pragma once

#include <libpq-fe.h>

#include <memory>
#include <string>
#include <unordered_set>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "libs/pg/params.h"
#include "libs/pg/result.h"

namespace kubari::pg {

// Connects until `deadline`, for 10 seconds at most. Session: ISO dates, UTC, search_path = `schema` unless that is
// empty. Also for migrations, which use libpq's plain calls.
struct CloseSession {
  void operator()(PGconn* session) const { PQfinish(session); }
};
using Session = std::unique_ptr<PGconn, CloseSession>;
absl::StatusOr<Session> OpenSession(const std::string& conninfo, std::string_view schema, absl::Time deadline);

class Connection {
 public:
  static absl::StatusOr<std::unique_ptr<Connection>> Open(const std::string& conninfo, std::string_view schema,
                                                          absl::Time deadline, absl::Time expires);

  // Sends the statements, preparing what is new to this session, and one Sync; returns their results in order. The
  // first failure is returned, and the statements behind it have not run. Gives up (and is broken) if there is no
  // answer a while after `deadline`: the server itself stops at statement_timeout, this is for a server or network that
  // is gone without a word. `misread` goes into the results (Result).
  absl::StatusOr<std::vector<Result>> Run(const std::vector<Call>& calls, absl::Time deadline,
                                          const std::shared_ptr<absl::Status>& misread);

  // Of no more use: lost, or in a state nobody knows.
  bool broken() const { return broken_ || PQstatus(session_.get()) != CONNECTION_OK; }
  void Break() { broken_ = true; }
  // Looks, without waiting, whether the server closed the session while it was idle.
  bool AliveWhileIdle();
  bool in_transaction() const { return PQtransactionStatus(session_.get()) != PQTRANS_IDLE; }
  absl::Time expires() const { return expires_; }

 private:
  Connection(Session session, absl::Time expires) : session_(std::move(session)), expires_(expires) {}

  // An answer that is due: to PREPARE of a statement, or to its execution.
  struct Due {
    const Call* call;
    bool prepare;
  };
  absl::Status Send(const std::vector<Call>& calls, std::vector<Due>& due);
  // The next result, or nullptr at the end of a statement's results. Waits; a status only if the session is lost or out
  // of time.
  absl::StatusOr<PGresult*> Next(absl::Time deadline);
  absl::Status Gone();

  Session session_;
  const absl::Time expires_;
  bool broken_ = false;
  std::unordered_set<uint64_t> prepared_;  // Statement::hash
};

}  // namespace kubari::pg
