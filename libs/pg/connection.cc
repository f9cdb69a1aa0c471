#include "libs/pg/connection.h"

#include <poll.h>

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "libs/pg/status.h"

namespace kubari::pg {
namespace {

constexpr absl::Duration kConnectAtMost = absl::Seconds(10);
// How much longer than its own statement_timeout the server may take to say that it stopped.
constexpr absl::Duration kGrace = absl::Seconds(2);

// Waits for the socket; false when `deadline` has passed.
bool WaitFor(PGconn* session, short events, absl::Time deadline) {
  while (true) {
    const absl::Duration left = std::clamp(deadline - absl::Now(), absl::ZeroDuration(), absl::Minutes(1));
    pollfd entry{PQsocket(session), events, 0};
    // One millisecond more, as the conversion cuts off what is below one.
    const int ready = poll(&entry, 1, static_cast<int>(absl::ToInt64Milliseconds(left)) + 1);
    if (ready > 0) return true;
    if (absl::Now() >= deadline) return false;
  }
}

std::string PreparedName(const Statement& statement) {
  return absl::StrCat("s", absl::Hex(statement.hash(), absl::kZeroPad16));
}

// Notices ("relation exists, skipping") would go to stderr.
void IgnoreNotice(void*, const PGresult*) {}

}  // namespace

absl::StatusOr<Session> OpenSession(const std::string& conninfo, std::string_view schema, absl::Time deadline) {
  const absl::Time give_up = std::min(deadline, absl::Now() + kConnectAtMost);
  const char* keywords[] = {"dbname", "client_encoding", "fallback_application_name", nullptr};
  const char* values[] = {conninfo.c_str(), "UTF8", "kubari", nullptr};
  Session session(PQconnectStartParams(keywords, values, /*expand_dbname=*/1));
  if (session == nullptr) return internal::Lost("out of memory");
  PQsetNoticeReceiver(session.get(), IgnoreNotice, nullptr);
  for (PostgresPollingStatusType state = PGRES_POLLING_WRITING; state != PGRES_POLLING_OK;
       state = PQconnectPoll(session.get())) {
    if (state == PGRES_POLLING_FAILED || PQstatus(session.get()) == CONNECTION_BAD) {
      return internal::Lost(absl::StrCat("cannot connect: ", PQerrorMessage(session.get())));
    }
    if (!WaitFor(session.get(), state == PGRES_POLLING_READING ? POLLIN : POLLOUT, give_up)) {
      constexpr char kSilence[] = "cannot connect: the server did not answer in time";
      return give_up == deadline ? internal::TimedOut(kSilence) : internal::Lost(kSilence);
    }
  }
  const std::string path(schema);
  const char* parameters[] = {path.c_str()};
  // No JIT: our statements read few rows, and compiling one whose cost is estimated high takes longer than running it.
  PGresult* set =
      PQexecParams(session.get(),
                   "SELECT set_config('datestyle', 'ISO, YMD', false), set_config('timezone', 'UTC', false), "
                   "set_config('bytea_output', 'hex', false), set_config('jit', 'off', false), "
                   "CASE WHEN $1 <> '' THEN set_config('search_path', quote_ident($1), false) END",
                   1, nullptr, parameters, nullptr, nullptr, 0);
  const absl::Status status =
      PQresultStatus(set) == PGRES_TUPLES_OK ? absl::OkStatus() : internal::FromResult(set, "set-up of a session");
  PQclear(set);
  if (!status.ok()) return status;
  return session;
}

absl::StatusOr<std::unique_ptr<Connection>> Connection::Open(const std::string& conninfo, std::string_view schema,
                                                             absl::Time deadline, absl::Time expires) {
  absl::StatusOr<Session> session = OpenSession(conninfo, schema, deadline);
  if (!session.ok()) return session.status();
  // Non-blocking, so that a long pipeline cannot deadlock with a server that waits for us to read.
  if (PQsetnonblocking(session->get(), 1) != 0 || PQenterPipelineMode(session->get()) != 1) {
    return internal::Lost(PQerrorMessage(session->get()));
  }
  return std::unique_ptr<Connection>(new Connection(*std::move(session), expires));
}

bool Connection::AliveWhileIdle() {
  if (broken()) return false;
  pollfd entry{PQsocket(session_.get()), POLLIN, 0};
  if (poll(&entry, 1, 0) == 0) return true;
  // Something came unasked: a changed setting, or the end of the session.
  return PQconsumeInput(session_.get()) == 1 && PQisBusy(session_.get()) == 0 && !broken() && poll(&entry, 1, 0) == 0;
}

absl::Status Connection::Gone() {
  broken_ = true;
  return internal::Lost(absl::StrCat("connection lost: ", PQerrorMessage(session_.get())));
}

absl::Status Connection::Send(const std::vector<Call>& calls, std::vector<Due>& due) {
  // Nothing is sent if a parameter cannot be.
  for (const Call& call : calls) {
    for (const Param& param : call.params) {
      if (param.text && !param.binary && param.text->find('\0') != std::string::npos) {
        return internal::Mistake(absl::StrCat("a text parameter contains a zero byte | in: ", call.statement.text()));
      }
    }
  }
  std::unordered_set<uint64_t> preparing;
  std::vector<const char*> values;
  std::vector<int> lengths, formats;
  for (const Call& call : calls) {
    const std::string name = PreparedName(call.statement);
    if (!prepared_.contains(call.statement.hash()) && preparing.insert(call.statement.hash()).second) {
      if (PQsendPrepare(session_.get(), name.c_str(), call.statement.text(), 0, nullptr) != 1) return Gone();
      due.push_back({&call, /*prepare=*/true});
    }
    values.clear();
    lengths.clear();
    formats.clear();
    for (const Param& param : call.params) {
      values.push_back(param.text ? param.text->c_str() : nullptr);
      lengths.push_back(param.text ? static_cast<int>(param.text->size()) : 0);
      formats.push_back(param.binary ? 1 : 0);
    }
    if (PQsendQueryPrepared(session_.get(), name.c_str(), static_cast<int>(values.size()), values.data(),
                            lengths.data(), formats.data(),
                            /*resultFormat=*/0) != 1) {
      return Gone();
    }
    due.push_back({&call, /*prepare=*/false});
  }
  return PQpipelineSync(session_.get()) == 1 ? absl::OkStatus() : Gone();
}

absl::StatusOr<PGresult*> Connection::Next(absl::Time deadline) {
  while (PQisBusy(session_.get()) != 0) {
    const int unsent = PQflush(session_.get());
    if (unsent < 0) return Gone();
    if (!WaitFor(session_.get(), unsent != 0 ? POLLIN | POLLOUT : POLLIN, deadline)) {
      broken_ = true;
      return internal::TimedOut("no answer from the server long after statement_timeout");
    }
    if (PQconsumeInput(session_.get()) != 1) return Gone();
  }
  return PQgetResult(session_.get());
}

absl::StatusOr<std::vector<Result>> Connection::Run(const std::vector<Call>& calls, absl::Time deadline,
                                                    const std::shared_ptr<absl::Status>& misread) {
  std::vector<Due> due;
  if (const absl::Status sent = Send(calls, due); !sent.ok()) return sent;

  std::vector<Result> results;
  absl::Status failure;
  for (const Due& one : due) {
    // Each answer is a result and then nullptr.
    while (true) {
      absl::StatusOr<PGresult*> next = Next(deadline + kGrace);
      if (!next.ok()) return failure.ok() ? next.status() : failure;
      if (*next == nullptr) break;
      const Result result(*next, misread);
      switch (PQresultStatus(*next)) {
        case PGRES_COMMAND_OK:
        case PGRES_TUPLES_OK:
          if (one.prepare) {
            prepared_.insert(one.call->statement.hash());
          } else {
            results.push_back(result);
          }
          break;
        case PGRES_PIPELINE_ABORTED:
          break;
        default:
          if (failure.ok()) failure = internal::FromResult(*next, one.call->statement.text());
          // A plan of before a migration; the next session prepares it anew.
          if (const std::string state = SqlStateOf(failure); state == "0A000" || state == "26000") broken_ = true;
          if (internal::IsLost(SqlStateOf(failure))) broken_ = true;
      }
      if (PQstatus(session_.get()) != CONNECTION_OK) return failure.ok() ? Gone() : failure;
    }
  }
  // The Sync.
  const absl::StatusOr<PGresult*> sync = Next(deadline + kGrace);
  if (!sync.ok()) return failure.ok() ? sync.status() : failure;
  const bool in_step = PQresultStatus(*sync) == PGRES_PIPELINE_SYNC;
  PQclear(*sync);
  if (!in_step) return failure.ok() ? Gone() : failure;
  if (!failure.ok()) return failure;
  return results;
}

}  // namespace kubari::pg
