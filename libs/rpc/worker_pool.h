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
  // A task that goes on with what was begun: it goes before those that wait, and is never refused. Not after Join().
  void Resume(std::function<void()> task);
  // Runs what is queued, then joins the threads. Safe to call twice.
  void Join();

  // Tasks waiting for a thread.
  size_t queued() const;
  int threads() const { return static_cast<int>(threads_.size()); }

 private:
  // With `mutex_` held. One thread at a time is on its way; when it takes a task and there are more, it wakes the next. So a burst of short
  // tasks is done by few threads, and costs few changes from one to another.
  void WakeOne();
  void Work();

  const size_t max_queue_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::function<void()>> begun_;
  std::deque<std::function<void()>> queue_;
  int idle_ = 0;         // threads that wait
  bool waking_ = false;  // one of them was notified and does not run yet
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace kubari::rpc
