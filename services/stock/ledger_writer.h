// Group commit: commands of one network queue; what is queued is judged and recorded in one transaction, while the next
// ones queue up behind it; then each is answered with its own result. Networks do not wait for each other. Several
// processes may do this at once: the row lock on the ledger's head puts them in order.
#pragma once

#include <absl/status/statusor.h>
#include <absl/time/time.h>
#include <absl/types/span.h>
#include <prometheus/registry.h>

#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "libs/calendar/clock.h"
#include "services/stock/ledger_store.h"

namespace kubari::stock {

class LedgerMetrics;

class LedgerWriter {
 public:
  struct Options {
    int max_batch = 256;
    // So many networks commit at the same time.
    int committers = 4;
    // For one transaction. Callers are answered by then even if the database is slow.
    absl::Duration timeout = absl::Seconds(10);
    // Told of each command that was decided, and how, before its caller is answered; must not wait for anything.
    std::function<void(const std::string& network_id, const Command&, const absl::StatusOr<Outcome>&)> decided;
  };
  // All must outlive it.
  LedgerWriter(LedgerStore& store, const calendar::Clock& clock, prometheus::Registry& registry, Options options);
  LedgerWriter(LedgerStore& store, const calendar::Clock& clock, prometheus::Registry& registry);
  // Commits what is queued.
  ~LedgerWriter();

  // Queues the command, which must be there until `then` is called: once, on a thread of the writer's, which it must
  // not keep. Errors: the refusals of Decider; DEADLINE_EXCEEDED if it was still queued at `deadline` (then it was not
  // recorded); UNAVAILABLE if the database was lost: repeat with the same request_id.
  using Then = std::function<void(absl::StatusOr<Outcome>)>;
  void Submit(const std::string& network_id, const Command& command, absl::Time deadline, Then then);
  // Waits for the outcome.
  absl::StatusOr<Outcome> Submit(const std::string& network_id, const Command& command, absl::Time deadline);
  // Of many at once; the results are in the order of the commands.
  std::vector<absl::StatusOr<Outcome>> SubmitAll(const std::string& network_id, const std::vector<Command>& commands,
                                                 absl::Time deadline);

  // The position after the last movement this process recorded in the network; waits until it passes `position` or
  // `until`.
  int64_t WaitBeyond(const std::string& network_id, int64_t position, absl::Time until);

 private:
  // A command in the queue or in a batch.
  struct Waiter {
    const Command* command;
    absl::Time deadline;
    Then then;
    absl::StatusOr<Outcome> result = absl::UnknownError("not decided");
  };
  struct Queue {
    std::deque<Waiter> waiting;
    bool scheduled = false;  // in `ready_`, or with a committer
  };

  // With `mutex_` held.
  void Push(const std::string& network_id, std::deque<Waiter> waiters);
  std::vector<Waiter> TakeBatch(Queue& queue) const;
  // A committer's life.
  void Commit();
  // Judges and records; sets `result` of each.
  void Apply(const std::string& network_id, std::vector<Waiter>& batch);
  absl::Status TryApply(const std::string& network_id, absl::Span<Waiter> batch, absl::Time deadline);

  LedgerStore& store_;
  const calendar::Clock& clock_;
  const Options options_;
  const std::unique_ptr<LedgerMetrics> metrics_;
  std::mutex mutex_;
  std::map<std::string, Queue> queues_;  // by network; stays as small as the number of networks served
  std::deque<std::string> ready_;        // networks with commands that no committer has
  bool stopping_ = false;
  std::condition_variable changed_;
  std::map<std::string, int64_t> heads_;
  std::condition_variable appended_;
  std::vector<std::thread> committers_;  // last: they use all of the above
};

}  // namespace kubari::stock
