#include "services/stock/ledger_writer.h"

#include <absl/time/clock.h>

#include <algorithm>

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
    movements_.Add({{"kind", pb::MovementKind_Name(kind).substr(14)}}).Increment();
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
};

LedgerWriter::LedgerWriter(LedgerStore& store, const calendar::Clock& clock, prometheus::Registry& registry,
                           Options options)
    : store_(store), clock_(clock), options_(options), metrics_(std::make_unique<LedgerMetrics>(registry)) {}
LedgerWriter::LedgerWriter(LedgerStore& store, const calendar::Clock& clock, prometheus::Registry& registry)
    : LedgerWriter(store, clock, registry, Options()) {}
LedgerWriter::~LedgerWriter() = default;

absl::StatusOr<Outcome> LedgerWriter::Submit(const std::string& network_id, const Command& command,
                                             absl::Time deadline) {
  return std::move(SubmitAll(network_id, {command}, deadline).front());
}

std::vector<absl::StatusOr<Outcome>> LedgerWriter::SubmitAll(const std::string& network_id,
                                                             const std::vector<Command>& commands,
                                                             absl::Time deadline) {
  std::unique_lock lock(mutex_);
  Queue& queue = queues_[network_id];
  std::condition_variable changed;
  std::deque<Waiter> mine;
  for (const Command& command : commands) {
    mine.push_back({.command = &command, .changed = &changed, .result = absl::UnknownError("not decided")});
    queue.waiting.push_back(&mine.back());
  }
  const auto all_done = [&] { return std::all_of(mine.begin(), mine.end(), [](const Waiter& w) { return w.done; }); };
  while (!all_done()) {
    if (!queue.busy && queue.waiting.front()->changed == &changed) {
      Lead(network_id, queue, lock);
    } else if (changed.wait_until(lock, absl::ToChronoTime(deadline)) == std::cv_status::timeout) {
      Leave(queue, mine);
      // What is in a batch gets its answer: the leader has a timeout of its own.
      while (!all_done()) changed.wait(lock);
    }
  }
  std::vector<absl::StatusOr<Outcome>> results;
  for (Waiter& waiter : mine) results.push_back(std::move(waiter.result));
  return results;
}

void LedgerWriter::Leave(Queue& queue, std::deque<Waiter>& mine) {
  for (Waiter& waiter : mine) {
    if (waiter.taken) continue;
    queue.waiting.erase(std::find(queue.waiting.begin(), queue.waiting.end(), &waiter));
    waiter.result = absl::DeadlineExceededError("The ledger was busy until the deadline; nothing was recorded.");
    waiter.done = true;
  }
  if (!queue.busy && !queue.waiting.empty()) queue.waiting.front()->changed->notify_one();
}

void LedgerWriter::Lead(const std::string& network_id, Queue& queue, std::unique_lock<std::mutex>& lock) {
  std::vector<Waiter*> batch;
  while (!queue.waiting.empty() && static_cast<int>(batch.size()) < options_.max_batch) {
    batch.push_back(queue.waiting.front());
    batch.back()->taken = true;
    queue.waiting.pop_front();
  }
  queue.busy = true;
  lock.unlock();
  Apply(network_id, batch);
  lock.lock();
  queue.busy = false;
  bool appended = false;
  for (Waiter* waiter : batch) {
    if (waiter->result.ok() && !waiter->result->movements.empty()) {
      int64_t& head = heads_[network_id];
      head = std::max(head, waiter->result->movements.back().position + 1);
      appended = true;
    }
    waiter->done = true;
    waiter->changed->notify_one();
  }
  if (appended) {
    metrics_->Position(network_id, heads_[network_id]);
    appended_.notify_all();
  }
  if (!queue.waiting.empty()) queue.waiting.front()->changed->notify_one();
}

void LedgerWriter::Apply(const std::string& network_id, const std::vector<Waiter*>& batch) {
  const absl::Time deadline = absl::Now() + options_.timeout;
  absl::Status status = TryApply(network_id, batch, deadline);
  // Lost, perhaps after the commit: a second try finds what the first recorded, by its request ids.
  if (absl::IsUnavailable(status)) status = TryApply(network_id, batch, deadline);
  if (!status.ok() && !absl::IsUnavailable(status) && !absl::IsDeadlineExceeded(status) && batch.size() > 1) {
    // One of them breaks an invariant that the decider did not see. That is a bug, but the neighbours are not to
    // suffer.
    log::Error("a batch of the ledger failed; its commands are tried alone",
               {{"network", network_id}, {"commands", batch.size()}, {"problem", pg::DetailOf(status)}});
    for (Waiter* waiter : batch) {
      const absl::Status alone = TryApply(network_id, {waiter}, deadline);
      if (!alone.ok()) waiter->result = alone;
    }
  } else if (!status.ok()) {
    log::Error("the ledger could not be written", {{"network", network_id},
                                                   {"commands", batch.size()},
                                                   {"problem", status.ToString()},
                                                   {"detail", pg::DetailOf(status)}});
    for (Waiter* waiter : batch) waiter->result = status;
  }
  for (const Waiter* waiter : batch) {
    if (options_.decided) options_.decided(network_id, *waiter->command, waiter->result);
    if (!waiter->result.ok()) {
      metrics_->Refused(errors::ReasonOf(waiter->result.status()));
    } else if (waiter->result->replayed) {
      metrics_->Replayed();
    } else {
      for (const Movement& movement : waiter->result->movements) metrics_->Recorded(movement.kind);
    }
  }
}

absl::Status LedgerWriter::TryApply(const std::string& network_id, const std::vector<Waiter*>& batch,
                                    absl::Time deadline) {
  Needs needs;
  for (const Waiter* waiter : batch) needs.Add(*waiter->command);
  const absl::Time start = absl::Now();
  const absl::Status status = store_.Append(network_id, needs, deadline, [&](State& state) {
    Decider decider(state, network_id, clock_.Now());
    for (Waiter* waiter : batch) waiter->result = decider.Decide(*waiter->command);
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
