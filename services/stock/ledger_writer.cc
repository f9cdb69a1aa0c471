#include "services/stock/ledger_writer.h"

#include <absl/synchronization/blocking_counter.h>
#include <absl/synchronization/notification.h>
#include <absl/time/clock.h>

#include <algorithm>
#include <iterator>

#include "libs/errors/errors.h"
#include "libs/log/log.h"
#include "libs/metrics/metrics.h"
#include "libs/pg/status.h"

namespace kubari::stock {

// At most so many networks get a series of their own.
constexpr size_t kNetworksInMetrics = 50;

class LedgerMetrics {
 public:
  explicit LedgerMetrics(prometheus::Registry& registry)
      : movements_(prometheus::BuildCounter()
                       .Name("kubari_stock_movements_total")
                       .Help("Movements recorded, by kind.")
                       .Register(registry)),
        refused_(prometheus::BuildCounter()
                     .Name("kubari_stock_refused_total")
                     .Help("Commands refused, by reason.")
                     .Register(registry)),
        positions_(prometheus::BuildGauge()
                       .Name("kubari_stock_ledger_position")
                       .Help("Next position of a network's ledger, as this process last saw it.")
                       .Register(registry)),
        replayed_(prometheus::BuildCounter()
                      .Name("kubari_stock_replayed_total")
                      .Help("Commands answered from the record of their first time.")
                      .Register(registry)
                      .Add({})),
        batch_size_(prometheus::BuildHistogram()
                        .Name("kubari_stock_batch_commands")
                        .Help("Commands per transaction.")
                        .Register(registry)
                        .Add({}, metrics::PowersOfTwo(256))),
        commit_seconds_(prometheus::BuildHistogram()
                            .Name("kubari_stock_commit_seconds")
                            .Help("Time of one transaction: lock, read, decide, write, commit.")
                            .Register(registry)
                            .Add({}, metrics::LatencyBuckets())) {}

  void Recorded(pb::MovementKind kind) {
    // Looked up once: finding a series by its labels costs more than counting.
    const std::lock_guard lock(mutex_);
    prometheus::Counter*& counter = by_kind_[kind];
    if (counter == nullptr) counter = &movements_.Add({{"kind", pb::MovementKind_Name(kind).substr(14)}});
    counter->Increment();
  }
  void Refused(const std::string& reason) { refused_.Add({{"reason", reason.empty() ? "OTHER" : reason}}).Increment(); }
  void Replayed() { replayed_.Increment(); }
  void Batch(size_t commands, absl::Duration took) {
    batch_size_.Observe(static_cast<double>(commands));
    commit_seconds_.Observe(absl::ToDoubleSeconds(took));
  }
  // Called under LedgerWriter's mutex.
  void Position(const std::string& network_id, int64_t next) {
    if (seen_.size() >= kNetworksInMetrics && seen_.count(network_id) == 0) return;
    seen_.insert(network_id);
    positions_.Add({{"network", network_id}}).Set(static_cast<double>(next));
  }

 private:
  prometheus::Family<prometheus::Counter>& movements_;
  prometheus::Family<prometheus::Counter>& refused_;
  prometheus::Family<prometheus::Gauge>& positions_;
  prometheus::Counter& replayed_;
  prometheus::Histogram& batch_size_;
  prometheus::Histogram& commit_seconds_;
  std::set<std::string> seen_;
  std::mutex mutex_;
  std::map<pb::MovementKind, prometheus::Counter*> by_kind_;
};

LedgerWriter::LedgerWriter(LedgerStore& store, const calendar::Clock& clock, prometheus::Registry& registry,
                           Options options)
    : store_(store), clock_(clock), options_(options), metrics_(std::make_unique<LedgerMetrics>(registry)) {
  for (int i = 0; i < options_.committers; ++i) committers_.emplace_back([this] { Commit(); });
}
LedgerWriter::LedgerWriter(LedgerStore& store, const calendar::Clock& clock, prometheus::Registry& registry)
    : LedgerWriter(store, clock, registry, Options()) {}

LedgerWriter::~LedgerWriter() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  for (std::thread& committer : committers_) committer.join();
}

void LedgerWriter::Submit(const std::string& network_id, const Command& command, absl::Time deadline, Then then) {
  std::deque<Waiter> one;
  one.push_back({.command = &command, .deadline = deadline, .then = std::move(then)});
  Push(network_id, std::move(one));
}

absl::StatusOr<Outcome> LedgerWriter::Submit(const std::string& network_id, const Command& command,
                                             absl::Time deadline) {
  absl::StatusOr<Outcome> result = absl::UnknownError("not decided");
  absl::Notification done;
  Submit(network_id, command, deadline, [&](absl::StatusOr<Outcome> outcome) {
    result = std::move(outcome);
    done.Notify();
  });
  done.WaitForNotification();
  return result;
}

std::vector<absl::StatusOr<Outcome>> LedgerWriter::SubmitAll(const std::string& network_id,
                                                             const std::vector<Command>& commands,
                                                             absl::Time deadline) {
  std::vector<absl::StatusOr<Outcome>> results(commands.size(), absl::UnknownError("not decided"));
  absl::BlockingCounter open(static_cast<int>(commands.size()));
  std::deque<Waiter> waiters;
  for (size_t i = 0; i < commands.size(); ++i) {
    waiters.push_back(
        {.command = &commands[i], .deadline = deadline, .then = [&results, &open, i](absl::StatusOr<Outcome> outcome) {
           results[i] = std::move(outcome);
           open.DecrementCount();
         }});
  }
  Push(network_id, std::move(waiters));
  open.Wait();
  return results;
}

void LedgerWriter::Push(const std::string& network_id, std::deque<Waiter> waiters) {
  {
    const std::lock_guard lock(mutex_);
    Queue& queue = queues_[network_id];
    std::move(waiters.begin(), waiters.end(), std::back_inserter(queue.waiting));
    if (queue.scheduled || queue.waiting.empty()) return;
    queue.scheduled = true;
    ready_.push_back(network_id);
  }
  changed_.notify_one();
}

std::vector<LedgerWriter::Waiter> LedgerWriter::TakeBatch(Queue& queue) const {
  std::vector<Waiter> batch;
  while (!queue.waiting.empty() && static_cast<int>(batch.size()) < options_.max_batch) {
    batch.push_back(std::move(queue.waiting.front()));
    queue.waiting.pop_front();
  }
  return batch;
}

void LedgerWriter::Commit() {
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [this] { return stopping_ || !ready_.empty(); });
    if (ready_.empty()) return;  // stopping, and nothing is left
    const std::string network_id = std::move(ready_.front());
    ready_.pop_front();
    Queue& queue = queues_[network_id];
    std::vector<Waiter> batch = TakeBatch(queue);
    lock.unlock();
    Apply(network_id, batch);
    lock.lock();
    bool appended = false;
    for (const Waiter& waiter : batch) {
      if (!waiter.result.ok() || waiter.result->movements.empty()) continue;
      int64_t& head = heads_[network_id];
      head = std::max(head, waiter.result->movements.back().position + 1);
      appended = true;
    }
    if (appended) {
      metrics_->Position(network_id, heads_[network_id]);
      appended_.notify_all();
    }
    queue.scheduled = !queue.waiting.empty();
    if (queue.scheduled) {
      ready_.push_back(network_id);
      changed_.notify_one();
    }
    lock.unlock();
    for (Waiter& waiter : batch) waiter.then(std::move(waiter.result));
    lock.lock();
  }
}

void LedgerWriter::Apply(const std::string& network_id, std::vector<Waiter>& all) {
  const absl::Time now = absl::Now(), deadline = now + options_.timeout;
  // Those whose time ran out while they waited go to the end, and are not recorded.
  const auto late = std::stable_partition(all.begin(), all.end(), [&](const Waiter& w) { return w.deadline > now; });
  for (auto waiter = late; waiter != all.end(); ++waiter)
    waiter->result = absl::DeadlineExceededError("The ledger was busy until the deadline; nothing was recorded.");
  const absl::Span<Waiter> batch(all.data(), static_cast<size_t>(late - all.begin()));
  if (batch.empty()) return;
  absl::Status status = TryApply(network_id, batch, deadline);
  // Lost, perhaps after the commit: a second try finds what the first recorded, by its request ids.
  if (absl::IsUnavailable(status)) status = TryApply(network_id, batch, deadline);
  if (!status.ok() && !absl::IsUnavailable(status) && !absl::IsDeadlineExceeded(status) && batch.size() > 1) {
    // One of them breaks an invariant that the decider did not see. That is a bug, but the neighbours are not to
    // suffer.
    log::Error("a batch of the ledger failed; its commands are tried alone",
               {{"network", network_id}, {"commands", batch.size()}, {"problem", pg::DetailOf(status)}});
    for (Waiter& waiter : batch) {
      const absl::Status alone = TryApply(network_id, absl::Span<Waiter>(&waiter, 1), deadline);
      if (!alone.ok()) waiter.result = alone;
    }
  } else if (!status.ok()) {
    log::Error("the ledger could not be written", {{"network", network_id},
                                                   {"commands", batch.size()},
                                                   {"problem", status.ToString()},
                                                   {"detail", pg::DetailOf(status)}});
    for (Waiter& waiter : batch) waiter.result = status;
  }
  for (const Waiter& waiter : batch) {
    if (options_.decided) options_.decided(network_id, *waiter.command, waiter.result);
    if (!waiter.result.ok()) {
      metrics_->Refused(errors::ReasonOf(waiter.result.status()));
    } else if (waiter.result->replayed) {
      metrics_->Replayed();
    } else {
      for (const Movement& movement : waiter.result->movements) metrics_->Recorded(movement.kind);
    }
  }
}

absl::Status LedgerWriter::TryApply(const std::string& network_id, absl::Span<Waiter> batch, absl::Time deadline) {
  Needs needs;
  for (const Waiter& waiter : batch) needs.Add(*waiter.command);
  const absl::Time start = absl::Now();
  const absl::Status status = store_.Append(network_id, needs, deadline, [&](State& state) {
    Decider decider(state, network_id, clock_.Now());
    for (Waiter& waiter : batch) waiter.result = decider.Decide(*waiter.command);
    return decider.appendix();
  });
  metrics_->Batch(batch.size(), absl::Now() - start);
  return status;
}

int64_t LedgerWriter::WaitBeyond(const std::string& network_id, int64_t position, absl::Time until) {
  std::unique_lock lock(mutex_);
  appended_.wait_until(lock, absl::ToChronoTime(until), [&] {
    const auto head = heads_.find(network_id);
    return head != heads_.end() && head->second > position;
  });
  const auto head = heads_.find(network_id);
  return head == heads_.end() ? 0 : head->second;
}

}  // namespace kubari::stock
