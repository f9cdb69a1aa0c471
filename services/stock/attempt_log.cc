#include "services/stock/attempt_log.h"

#include <absl/strings/numbers.h>
#include <absl/time/clock.h>

#include <map>

#include "libs/errors/errors.h"
#include "libs/errors/macros.h"
#include "libs/ids/ids.h"

namespace kubari::stock {
namespace {

constexpr size_t kMaxQueued = 10'000;
constexpr int kKept = 10'000;
constexpr absl::Duration kLooksBack = absl::Hours(24 * 7);
constexpr absl::Duration kTimeout = absl::Seconds(10);

constexpr pg::Statement kInsert{
    "INSERT INTO short_attempts (network_id, request_id, lot_id, place_id, warehouse_id, requested, on_hand, reserved, "
    "actor, attempt_time) SELECT $1, * FROM unnest($2::uuid[], $3::uuid[], $4::uuid[], $5::uuid[], $6::bigint[], "
    "$7::bigint[], $8::bigint[], $9::text[], $10::timestamptz[]) ON CONFLICT DO NOTHING"};
constexpr pg::Statement kSettle{
    "DELETE FROM short_attempts a USING unnest($2::uuid[], $3::uuid[], $4::timestamptz[]) AS s (lot_id, place_id, "
    "time) WHERE a.network_id = $1 AND a.lot_id = s.lot_id AND a.place_id = s.place_id AND a.attempt_time <= s.time"};
constexpr pg::Statement kPrune{"SELECT prune_short_attempts($1, $2)"};

// The shelf of this id that the command takes goods from; null: it takes none from there.
const Place* ShelfLeft(const Command& command, const std::string& place_id) {
  const Place* found = nullptr;
  const auto look = [&](const Place& place) {
    if (place.shelf() && place.id == place_id) found = &place;
  };
  if (const auto* issue = std::get_if<Issue>(&command.action)) look(issue->shelf);
  if (const auto* transfer = std::get_if<Transfer>(&command.action)) look(transfer->from);
  if (const auto* discard = std::get_if<Discard>(&command.action)) look(discard->from);
  if (const auto* returned = std::get_if<Return>(&command.action)) look(returned->from);
  if (const auto* adjust = std::get_if<Adjust>(&command.action)) look(adjust->shelf);
  if (const auto* send = std::get_if<Send>(&command.action)) {
    for (const Send::Goods& goods : send->goods) look(goods.shelf);
  }
  if (const auto* transform = std::get_if<Transform>(&command.action)) {
    for (const Send::Goods& goods : transform->inputs) look(goods.shelf);
  }
  return found;
}

prometheus::Counter& Count(prometheus::Registry& registry, const char* name, const char* help) {
  return prometheus::BuildCounter().Name(name).Help(help).Register(registry).Add({});
}

}  // namespace

AttemptLog::AttemptLog(pg::Pool& pool, const calendar::Clock& clock, prometheus::Registry& registry)
    : pool_(pool),
      clock_(clock),
      dropped_(Count(registry, "kubari_stock_attempts_dropped_total",
                     "Attempts to take more than a shelf has that were not kept, because too many waited.")),
      failures_(Count(registry, "kubari_stock_attempts_failed_total",
                      "Times that such attempts could not be written or pruned; they are tried again.")) {}

void AttemptLog::Decided(const std::string& network_id, const Command& command, const absl::StatusOr<Outcome>& result) {
  if (result.ok()) {
    const auto* adjust = std::get_if<Adjust>(&command.action);
    if (adjust == nullptr || result->replayed) return;
    Queue({.network_id = network_id, .time = clock_.Now(), .lot_id = adjust->lot.id, .place_id = adjust->shelf.id});
    return;
  }
  if (errors::ReasonOf(result.status()) != "INSUFFICIENT_STOCK") return;
  errors::Metadata facts = errors::MetadataOf(result.status());
  Event event{.network_id = network_id,
              .time = clock_.Now(),
              .lot_id = ids::IdFromName("lots", facts["lot"]).value_or(""),
              .place_id = ids::IdFromName("places", facts["place"]).value_or(""),
              .request_id = command.request_id,
              .actor = command.actor};
  const Place* shelf = ShelfLeft(command, event.place_id);
  const bool told = absl::SimpleAtoi(facts["requested"], &event.requested) &&
                    absl::SimpleAtoi(facts["on_hand"], &event.on_hand) &&
                    absl::SimpleAtoi(facts["reserved"], &event.reserved);
  // What is there but promised to others is no difference between shelf and ledger.
  if (shelf == nullptr || !told || event.requested <= event.on_hand) return;
  event.warehouse_id = shelf->warehouse_id;
  Queue(std::move(event));
}

void AttemptLog::Queue(Event event) {
  const std::lock_guard lock(mutex_);
  if (queue_.size() >= kMaxQueued) {
    dropped_.Increment();
  } else {
    queue_.push_back(std::move(event));
  }
}

absl::Status AttemptLog::Flush() {
  std::map<std::string, std::vector<Event>> by_network;
  {
    const std::lock_guard lock(mutex_);
    for (Event& event : queue_) by_network[event.network_id].push_back(std::move(event));
    queue_.clear();
  }
  absl::Status first;
  for (auto& [network_id, events] : by_network) {
    const absl::Status written = Write(network_id, events);
    if (written.ok()) continue;
    failures_.Increment();
    first.Update(written);
    for (Event& event : events) Queue(std::move(event));
  }
  return first;
}

absl::Status AttemptLog::Write(const std::string& network_id, const std::vector<Event>& events) {
  std::vector<std::string> request, lot, place, warehouse, actor, settled_lot, settled_place;
  std::vector<int64_t> requested, on_hand, reserved;
  std::vector<absl::Time> time, settled_time;
  for (const Event& event : events) {
    if (event.request_id.empty()) {
      settled_lot.push_back(event.lot_id);
      settled_place.push_back(event.place_id);
      settled_time.push_back(event.time);
      continue;
    }
    request.push_back(event.request_id);
    lot.push_back(event.lot_id);
    place.push_back(event.place_id);
    warehouse.push_back(event.warehouse_id);
    actor.push_back(event.actor);
    requested.push_back(event.requested);
    on_hand.push_back(event.on_hand);
    reserved.push_back(event.reserved);
    time.push_back(event.time);
  }
  return pool_.Transact({.network_id = network_id, .deadline = absl::Now() + kTimeout}, [&](pg::Transaction& tx) {
    pg::Batch batch;
    if (!request.empty()) {
      batch.Add(kInsert, network_id, request, lot, place, warehouse, requested, on_hand, reserved, actor, time);
    }
    if (!settled_lot.empty()) batch.Add(kSettle, network_id, settled_lot, settled_place, settled_time);
    return tx.PipelineAndCommit(batch).status();
  });
}

absl::Status AttemptLog::Prune() {
  const absl::Status pruned = pool_.Transact(
      {.deadline = absl::Now() + kTimeout},
      [&](pg::Transaction& tx) -> absl::Status { return tx.Query(kPrune, clock_.Now() - kLooksBack, kKept).status(); });
  if (!pruned.ok()) failures_.Increment();
  return pruned;
}

}  // namespace kubari::stock
