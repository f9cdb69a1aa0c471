#include "libs/metrics/metrics.h"

#include <absl/strings/str_cat.h>
#include <prometheus/metric_family.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <ctime>
#include <exception>
#include <filesystem>
#include <system_error>
#include <vector>

#include "libs/errors/errors.h"

namespace kubari::metrics {
namespace {

// Read when asked, so that they cost nothing in between. Names as Prometheus's own client libraries use them.
class Process final : public prometheus::Collectable {
 public:
  std::vector<prometheus::MetricFamily> Collect() const override {
    return {Gauge("process_start_time_seconds", "Start of the process since the Unix epoch.", started_),
            Gauge("process_resident_memory_bytes", "Memory in RAM.", ResidentBytes()),
            Gauge("process_open_fds", "Open file descriptors.", OpenFiles())};
  }

 private:
  static prometheus::MetricFamily Gauge(const char* name, const char* help, double value) {
    prometheus::ClientMetric metric;
    metric.gauge.value = value;
    return {name, help, prometheus::MetricType::Gauge, {metric}};
  }
  static double ResidentBytes() {
    long long pages = 0;
    if (std::FILE* file = std::fopen("/proc/self/statm", "r")) {
      if (std::fscanf(file, "%*s %lld", &pages) != 1) pages = 0;
      std::fclose(file);
    }
    return static_cast<double>(pages) * static_cast<double>(sysconf(_SC_PAGESIZE));
  }
  static double OpenFiles() {
    std::error_code error;
    double count = 0;
    for (auto it = std::filesystem::directory_iterator("/proc/self/fd", error);
         !error && it != std::filesystem::directory_iterator(); it.increment(error)) {
      ++count;
    }
    return count;
  }

  const double started_ = std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
};

}  // namespace

Metrics::Metrics() : registry_(std::make_shared<prometheus::Registry>()), process_(std::make_shared<Process>()) {}

absl::Status Metrics::Expose(const std::string& address) {
  try {
    exposer_ = std::make_unique<prometheus::Exposer>(address, 1);
    exposer_->RegisterCollectable(registry_);
    exposer_->RegisterCollectable(process_);
    return absl::OkStatus();
  } catch (const std::exception& e) {  // of the HTTP server inside prometheus-cpp
    return errors::Make(absl::StatusCode::kUnavailable, "METRICS_ADDRESS_IN_USE",
                        absl::StrCat("Metrics cannot be served on ", address, " (", e.what(),
                                     "); is the address in use or not of this machine? Choose another with --metrics-listen."),
                        absl::StrCat("メトリクスを ", address, " で公開できません。--metrics-listen で別のアドレスを指定してください。"),
                        {{"address", address}});
  }
}

int Metrics::port() const {
  if (exposer_ == nullptr) return 0;
  const std::vector<int> ports = exposer_->GetListeningPorts();
  return ports.empty() ? 0 : ports.front();
}

prometheus::Histogram::BucketBoundaries LatencyBuckets() {
  return {0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30};
}

prometheus::Histogram::BucketBoundaries PowersOfTwo(double max) {
  prometheus::Histogram::BucketBoundaries bounds = {1};
  while (bounds.back() < max) bounds.push_back(bounds.back() * 2);
  return bounds;
}

}  // namespace kubari::metrics
