// Group commit: the callers of one network queue their commands; one of them becomes the leader, takes what is queued
// and has it judged and recorded in one transaction; then each is answered with its own result. Networks do not wait
// for each other. Several processes may do this at once: the row lock on the ledger's head puts them in order.
#pragma once

#include <absl/status/statusor.h>
#include <absl/time/time.h>
#include <prometheus/registry.h>

#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "libs/calendar/clock.h"
#include "services/stock/ledger_store.h"

namespace kubari::stock {

class LedgerMetrics;

class LedgerWriter {
 public:
  struct Options {
    int max_batch = 256;
    // For one transaction. Callers are answered by then even if the database is slow.
    absl::Duration timeout = absl::Seconds(10);
    // Told of each command that was decided, and how, before its caller is answered; must not wait for anything.
    std::function<void(const std::string& network_id, const Command&, const absl::StatusOr<Outcome>&)> decided;
  };
  // All must outlive it.
  LedgerWriter(LedgerStore& store, const calendar::Clock& clock, prometheus::Registry& registry, Options options);
  LedgerWriter(LedgerStore& store, const calendar::Clock& clock, prometheus::Registry& registry);
  ~LedgerWriter();

  // Blocks until the command is recorded or refused. Errors: the refusals of Decider; DEADLINE_EXCEEDED if it was still
  // queued at `deadline` (then it was not recorded); UNAVAILABLE if the database was lost: repeat with the same
  // request_id.
  absl::StatusOr<Outcome> Submit(const std::string& network_id, const Command& command, absl::Time deadline);
  // Many at once from one thread; the results are in the order of the commands.
  std::vector<absl::StatusOr<Outcome>> SubmitAll(const std::string& network_id, const std::vector<Command>& commands,
                                                 absl::Time deadline);

  // The position after the last movement this process recorded in the network; waits until it passes `position` or
  // `until`.
  int64_t WaitBeyond(const std::string& network_id, int64_t position, absl::Time until);

 private:
  // A command in the queue or in a batch.
  struct Waiter {
    const Command* command;
    std::condition_variable* changed;  // of the thread that waits for it
    absl::StatusOr<Outcome> result;
    bool taken = false;  // in a batch
    bool done = false;
  };
  struct Queue {
    std::deque<Waiter*> waiting;
    bool busy = false;  // a batch is under way
  };

  // Both with `mutex_` held; Lead lets go of it while the database works.
  void Lead(const std::string& network_id, Queue& queue, std::unique_lock<std::mutex>& lock);
  void Leave(Queue& queue, std::deque<Waiter>& mine);
  // Judges and records; sets `result` of each.
  void Apply(const std::string& network_id, const std::vector<Waiter*>& batch);
  absl::Status TryApply(const std::string& network_id, const std::vector<Waiter*>& batch, absl::Time deadline);

  LedgerStore& store_;
  const calendar::Clock& clock_;
  const Options options_;
  const std::unique_ptr<LedgerMetrics> metrics_;
  std::mutex mutex_;
  std::map<std::string, Queue> queues_;  // by network; stays as small as the number of networks served
  std::map<std::string, int64_t> heads_;
  std::condition_variable appended_;
};

}  // namespace kubari::stock
