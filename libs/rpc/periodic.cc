#include "libs/rpc/periodic.h"

#include <exception>
#include <utility>

#include "libs/errors/errors.h"
#include "libs/log/log.h"

namespace kubari::rpc {

Periodic::Periodic(std::string name, absl::Duration interval, std::function<absl::Status()> work)
    : name_(std::move(name)), interval_(interval), work_(std::move(work)), thread_([this] { Loop(); }) {}

Periodic::~Periodic() { Stop(); }

void Periodic::Wake() {
  {
    const std::lock_guard lock(mutex_);
    woken_ = true;
  }
  changed_.notify_all();
}

bool Periodic::stopping() const {
  const std::lock_guard lock(mutex_);
  return stopping_;
}

void Periodic::Stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void Periodic::Loop() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    woken_ = false;
    lock.unlock();
    try {
      const absl::Status status = work_();
      if (!status.ok()) {
        log::Warning("background work failed", {{"work", name_}, {"error", status.message()}, {"reason", errors::ReasonOf(status)}});
      }
    } catch (const std::exception& e) {  // of a library
      log::Error("background work threw an exception", {{"work", name_}, {"exception", e.what()}});
    }
    lock.lock();
    changed_.wait_for(lock, absl::ToChronoNanoseconds(interval_), [this] { return stopping_ || woken_; });
  }
}

}  // namespace kubari::rpc
