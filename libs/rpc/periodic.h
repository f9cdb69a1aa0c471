// Work that repeats in the background.
#pragma once

#include <absl/status/status.h>
#include <absl/time/time.h>

#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

namespace kubari::rpc {

// Runs `work` at once and then `interval` after each end, on a thread of its own, until destroyed. An error or exception is logged
// and the work goes on next time.
class Periodic {
 public:
  Periodic(std::string name, absl::Duration interval, std::function<absl::Status()> work);
  // Waits for the run under way, then joins.
  ~Periodic();
  Periodic(const Periodic&) = delete;
  Periodic& operator=(const Periodic&) = delete;

  // Runs again now instead of waiting for the interval.
  void Wake();
  // Long work should ask now and then, and end early.
  bool stopping() const;
  // As the destructor does. Safe to call twice.
  void Stop();

 private:
  void Loop();

  const std::string name_;
  const absl::Duration interval_;
  const std::function<absl::Status()> work_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  bool stopping_ = false;
  bool woken_ = false;
  std::thread thread_;
};

}  // namespace kubari::rpc
