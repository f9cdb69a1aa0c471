#include "services/allocation/publisher.h"

#include <absl/time/clock.h>

#include <mutex>
#include <vector>

#include "libs/errors/errors.h"
#include "libs/errors/macros.h"
#include "libs/ids/ids.h"
#include "libs/log/log.h"
#include "libs/registry/parallel.h"
#include "services/allocation/line_store.h"
#include "services/allocation/refusals.h"
#include "services/allocation/run_store.h"
#include "services/allocation/telling.h"

namespace kubari::allocation {
namespace {

constexpr int kBatch = 160;
// A process that stops in the middle holds up a run for so long at most; each batch renews it.
constexpr int kLeaseSeconds = 30;
constexpr absl::Duration kCallTimeout = absl::Seconds(10);
constexpr absl::Duration kMargin = absl::Seconds(2);
constexpr absl::Duration kAnswerIsLeft = absl::Seconds(30);

}  // namespace

Publisher::Publisher(pg::Pool& pool, Ledger& ledger, const calendar::Clock& clock)
    : pool_(pool), ledger_(ledger), clock_(clock), id_(ids::NewUuid()) {}

absl::Status Publisher::Publish(const std::string& network_id, const std::string& run_id, absl::Time deadline,
                                const std::string& trace_id) {
  absl::StatusOr<bool> more = true;
  while (more.ok() && *more && absl::Now() + kMargin < deadline)
    more = PublishSome(network_id, run_id, deadline, trace_id);
  if (more.ok() && !*more) return absl::OkStatus();  // done, or another process is at it
  // Somebody else may go on at once.
  const absl::Status given_back = pool_.Transact({.network_id = network_id, .deadline = absl::Now() + kCallTimeout},
                                                 [&](pg::Transaction& tx) { return GiveLeaseBack(tx, run_id, id_); });
  return more.ok() ? given_back : more.status();
}

// One batch. Is there more to do?
absl::StatusOr<bool> Publisher::PublishSome(const std::string& network_id, const std::string& run_id,
                                            absl::Time deadline, const std::string& trace_id) {
  const pg::TxContext context{.network_id = network_id, .deadline = std::min(deadline, absl::Now() + kCallTimeout)};
  std::vector<LineRow> lines;
  const absl::StatusOr<bool> ours = pool_.Transact(context, [&](pg::Transaction& tx) -> absl::StatusOr<bool> {
    ASSIGN_OR_RETURN(const bool taken, TakeLease(tx, run_id, id_, kLeaseSeconds));
    if (!taken) return false;
    ASSIGN_OR_RETURN(lines, LinesToReserve(tx, run_id, kBatch));
    if (!lines.empty()) return true;
    ASSIGN_OR_RETURN(RunRow run, FindRun(tx, run_id, /*lock=*/true));
    run.run.set_state(pb::RUN_STATE_PUBLISHED);
    RETURN_IF_ERROR(UpdateRun(tx, run));
    RETURN_IF_ERROR(TellOffered(tx, run_id, clock_.Now()));
    return false;
  });
  RETURN_IF_ERROR(ours);
  if (!*ours) return false;

  std::mutex mutex;
  std::vector<std::string> offered, dropped, reasons;
  const absl::Status reached = registry::ForEachInParallel(lines.size(), [&](size_t i) -> absl::Status {
    const LineRow& line = lines[i];
    if (absl::Now() + kMargin >= deadline) return absl::DeadlineExceededError("the caller's time is nearly over");
    const absl::Status reserved = ledger_.Reserve({.network_id = network_id,
                                                   .time_zone = line.time_zone,
                                                   .subject = line.publisher,
                                                   .deadline = std::min(deadline, absl::Now() + kCallTimeout),
                                                   .trace_id = trace_id},
                                                  line);
    const std::lock_guard lock(mutex);
    if (reserved.ok()) {
      offered.push_back(line.id);
    } else if (Ledger::IsFinal(reserved)) {
      dropped.push_back(line.id);
      reasons.push_back(refusals::InWords(reserved));
    } else {
      return reserved;
    }
    return absl::OkStatus();
  });
  RETURN_IF_ERROR(pool_.Transact({.network_id = network_id, .deadline = absl::Now() + kCallTimeout},
                                 [&](pg::Transaction& tx) -> absl::Status {
                                   RETURN_IF_ERROR(MarkOffered(tx, offered));
                                   return MarkDropped(tx, dropped, reasons);
                                 }));
  RETURN_IF_ERROR(reached);
  return true;
}

absl::Status Publisher::Settle(const std::string& network_id, const std::string& line_id, absl::Time deadline,
                               const std::string& trace_id) {
  ASSIGN_OR_RETURN(const LineRow line, pool_.Read({.network_id = network_id, .deadline = deadline},
                                                  [&](pg::Transaction& tx) { return FindLine(tx, line_id); }));
  if (!line.answer) return absl::OkStatus();
  const Ledger::Actor actor{.network_id = network_id,
                            .time_zone = line.time_zone,
                            .subject = line.answer->subject,
                            .deadline = deadline,
                            .trace_id = trace_id};
  // What a group chose itself was accepted before it is reserved.
  const bool chosen = line.now.state == pb::LINE_STATE_PROPOSED;
  const absl::Status told = chosen ? ledger_.Reserve(actor, line) : ledger_.Settle(actor, line);
  if (!told.ok() && !Ledger::IsFinal(told)) return told;
  pb::LineState state = line.now.state;
  RETURN_IF_ERROR(pool_.Transact({.network_id = network_id, .deadline = absl::Now() + kCallTimeout},
                                 [&](pg::Transaction& tx) -> absl::Status {
                                   ASSIGN_OR_RETURN(LineRow now, FindLine(tx, line_id, /*lock=*/true));
                                   state = now.now.state;
                                   // Settled by another process or call at the same time.
                                   if (!now.answer || !(*now.answer == *line.answer)) return absl::OkStatus();
                                   const bool still_chosen = now.now.state == pb::LINE_STATE_PROPOSED;
                                   if (still_chosen) now.now.state = pb::LINE_STATE_OFFERED;
                                   if (told.ok()) {
                                     if (now.answer->items > 0)
                                       Accept(now.now, now.answer->items), now.given_back = now.answer->rest;
                                     else
                                       Refuse(now.now, now.answer->reason);
                                   } else {
                                     now.answer_request.clear();
                                     if (still_chosen) {
                                       now.now.state = pb::LINE_STATE_DROPPED;
                                       now.now.reason = refusals::InWords(told);
                                     }
                                   }
                                   now.answer.reset();
                                   RETURN_IF_ERROR(UpdateLine(tx, now));
                                   return told.ok() && now.now.state == pb::LINE_STATE_REFUSED
                                              ? TellRefused(tx, now, clock_.Now())
                                              : absl::OkStatus();
                                 }));
  return told.ok() ? absl::OkStatus() : refusals::ReservationGone(line.name(), state, told);
}

absl::Status Publisher::FinishWhatIsLeft() {
  std::vector<Unfinished> runs, answers;
  RETURN_IF_ERROR(pool_.Read({.deadline = absl::Now() + kCallTimeout}, [&](pg::Transaction& tx) -> absl::Status {
    ASSIGN_OR_RETURN(runs, UnfinishedRuns(tx));
    ASSIGN_OR_RETURN(answers, UnfinishedAnswers(tx, clock_.Now() - kAnswerIsLeft));
    return absl::OkStatus();
  }));
  // One network's trouble does not hold up the others; what fails comes again.
  const auto note = [](const char* what, const Unfinished& left, const absl::Status& status) {
    if (status.ok()) return;
    log::ScopedContext context({.request_id = "", .network_id = left.network_id});
    log::Warning(what,
                 {{"id", left.id}, {"code", absl::StatusCodeToString(status.code())}, {"detail", status.message()}});
  };
  for (const Unfinished& left : runs) {
    note("a run's reservations could not be finished; trying again", left,
         Publish(left.network_id, left.id, absl::Now() + absl::Minutes(1), ""));
  }
  for (const Unfinished& left : answers) {
    note("an answer could not be settled; trying again", left,
         Settle(left.network_id, left.id, absl::Now() + kCallTimeout, ""));
  }
  return absl::OkStatus();
}

}  // namespace kubari::allocation
