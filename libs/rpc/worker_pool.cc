#include "libs/rpc/worker_pool.h"

#include <utility>

namespace kubari::rpc {

WorkerPool::WorkerPool(int threads, int max_queue) : max_queue_(static_cast<size_t>(max_queue)) {
  threads_.reserve(static_cast<size_t>(threads));
  for (int i = 0; i < threads; ++i) threads_.emplace_back([this] { Work(); });
}

WorkerPool::~WorkerPool() { Join(); }

bool WorkerPool::Submit(std::function<void()> task) {
  const std::lock_guard lock(mutex_);
  if (stopping_ || queue_.size() >= max_queue_) return false;
  queue_.push_back(std::move(task));
  WakeOne();
  return true;
}

void WorkerPool::Resume(std::function<void()> task) {
  const std::lock_guard lock(mutex_);
  begun_.push_back(std::move(task));
  WakeOne();
}

void WorkerPool::Join() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  for (std::thread& thread : threads_) {
    if (thread.joinable()) thread.join();
  }
}

size_t WorkerPool::queued() const {
  const std::lock_guard lock(mutex_);
  return queue_.size();
}

void WorkerPool::WakeOne() {
  if (idle_ == 0 || waking_) return;
  waking_ = true;
  changed_.notify_one();
}

void WorkerPool::Work() {
  std::unique_lock lock(mutex_);
  for (;;) {
    while (!stopping_ && begun_.empty() && queue_.empty()) {
      ++idle_;
      changed_.wait(lock);
      --idle_;
      waking_ = false;
    }
    std::deque<std::function<void()>>& tasks = begun_.empty() ? queue_ : begun_;
    if (tasks.empty()) return;  // stopping, and nothing is left
    std::function<void()> task = std::move(tasks.front());
    tasks.pop_front();
    if (!begun_.empty() || !queue_.empty()) WakeOne();
    lock.unlock();
    task();
    task = nullptr;
    lock.lock();
  }
}

}  // namespace kubari::rpc
