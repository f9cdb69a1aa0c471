// A fixed number of threads and a bounded queue: handlers may block here, gRPC's own threads never do.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace kubari::rpc {

class WorkerPool {
 public:
  // Both at least 1.
  WorkerPool(int threads, int max_queue);
  // Joins.
  ~WorkerPool();

  // False if the queue is full or the pool is stopping; the task is then not run. Tasks run in order of submission.
  bool Submit(std::function<void()> task);
  // Runs what is queued, then joins the threads. Safe to call twice.
  void Join();

  // Tasks waiting for a thread.
  size_t queued() const;
  int threads() const { return static_cast<int>(threads_.size()); }

 private:
  void Work();

  const size_t max_queue_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::function<void()>> queue_;
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace kubari::rpc
