#include "ops/benchmarks/load.h"

#include <absl/time/clock.h>

#include <algorithm>
#include <cmath>
#include <mutex>
#include <thread>

namespace kubari::bench {

double Percentile(std::vector<double>& values, double p) {
  if (values.empty()) return 0;
  const size_t rank = std::min(values.size() - 1, static_cast<size_t>(std::ceil(p * static_cast<double>(values.size()))));
  std::nth_element(values.begin(), values.begin() + rank, values.end());
  return values[rank];
}

Measured Load(int callers, absl::Duration time, const MakeCall& make_call, double rate) {
  const absl::Time begin = absl::Now(), counted_from = begin + absl::Milliseconds(500), end = counted_from + time;
  const absl::Duration between = rate > 0 ? absl::Seconds(callers / rate) : absl::ZeroDuration();
  std::mutex mutex;
  Measured measured;
  std::vector<double> milliseconds;
  std::vector<std::thread> threads;
  for (int caller = 0; caller < callers; ++caller) {
    threads.emplace_back([&, caller] {
      const Call call = make_call(caller);
      std::vector<double> mine;
      int64_t failed = 0;
      std::string first_failure;
      absl::Time turn = begin + between * caller / callers;
      for (absl::Time start = absl::Now(); start < end; start = absl::Now()) {
        if (rate > 0) {
          start = turn;
          turn += between;
          if (start >= end) break;
          absl::SleepFor(start - absl::Now());
        }
        const absl::Status status = call();
        const absl::Time answered = absl::Now();
        if (start < counted_from || answered > end) continue;
        if (status.ok()) {
          mine.push_back(absl::ToDoubleMilliseconds(answered - start));
        } else if (++failed == 1) {
          first_failure = status.ToString();
        }
      }
      const std::lock_guard lock(mutex);
      milliseconds.insert(milliseconds.end(), mine.begin(), mine.end());
      measured.failed += failed;
      if (measured.first_failure.empty()) measured.first_failure = first_failure;
    });
  }
  for (std::thread& thread : threads) thread.join();
  measured.calls = static_cast<int64_t>(milliseconds.size());
  measured.calls_per_second = static_cast<double>(measured.calls) / absl::ToDoubleSeconds(time);
  measured.p50 = Percentile(milliseconds, 0.5);
  measured.p99 = Percentile(milliseconds, 0.99);
  return measured;
}

}  // namespace kubari::bench
