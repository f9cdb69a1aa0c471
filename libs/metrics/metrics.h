// Prometheus metrics of one process, served on http://host:port/metrics.
#pragma once

#include <absl/status/statusor.h>
#include <prometheus/counter.h>
#include <prometheus/exposer.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>

#include <memory>
#include <string>

namespace kubari::metrics {

// Owns the registry. Everybody who records gets `metrics.registry()` by reference:
//
//   prometheus::BuildCounter().Name("kubari_stock_movements_total").Help("…").Register(registry).Add({{"kind", "issue"}}).Increment();
//
// Keep the reference that Add() returns: Add() takes a lock. Labels must have few values: never ids.
class Metrics {
 public:
  Metrics();

  prometheus::Registry& registry() { return *registry_; }

  // Serves /metrics on `address` (host:port; port 0 takes a free one). Keep it on 127.0.0.1 or a private network: it has no password.
  // Errors: UNAVAILABLE / METRICS_ADDRESS_IN_USE.
  absl::Status Expose(const std::string& address);
  // The port in use; 0 before Expose().
  int port() const;

 private:
  std::shared_ptr<prometheus::Registry> registry_;
  std::shared_ptr<prometheus::Collectable> process_;  // process_start_time_seconds, process_resident_memory_bytes, process_open_fds
  std::unique_ptr<prometheus::Exposer> exposer_;
};

// Bounds in seconds for what should take milliseconds: 0.5 ms to 30 s.
prometheus::Histogram::BucketBoundaries LatencyBuckets();
// Bounds 1, 2, 4, … up to `max` (inclusive, then the next power) for counts and sizes of batches.
prometheus::Histogram::BucketBoundaries PowersOfTwo(double max);

}  // namespace kubari::metrics
