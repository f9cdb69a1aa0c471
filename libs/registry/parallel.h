// Many calls to another service for one of ours (imports).
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "absl/status/status.h"

namespace kubari::registry {

// Runs work(0) … work(count - 1), up to eight at a time; stops at the first error and returns it. Eight is half of what
// a service works on at once, so an import never takes another service for itself.
inline absl::Status ForEachInParallel(size_t count, const std::function<absl::Status(size_t)>& work) {
  std::atomic<size_t> next = 0;
  std::mutex mutex;
  absl::Status first;
  const auto run = [&] {
    for (size_t i = next++; i < count; i = next++) {
      if (const absl::Status status = work(i); !status.ok()) {
        std::lock_guard lock(mutex);
        if (first.ok()) first = status;
        next = count;
      }
    }
  };
  std::vector<std::thread> threads;
  for (size_t i = 1; i < std::min<size_t>(count, 8); ++i) threads.emplace_back(run);
  run();
  for (std::thread& thread : threads) thread.join();
  return first;
}

}  // namespace kubari::registry
