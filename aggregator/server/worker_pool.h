// Threads that do the work of calls, so that gRPC's own never block.
#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "storage/env/clock.h"

namespace ora::aggregator {

struct WorkerPoolOptions {
  size_t threads = 4;
  size_t queue_max = 1'024;  // Calls that wait for a thread.
};

// Thread-safe. Does work in the order in which it came.
class WorkerPool {
 public:
  // `clock` must outlive the pool.
  WorkerPool(const WorkerPoolOptions& options, storage::Clock& clock);
  ~WorkerPool() { Stop(); }

  // RESOURCE_EXHAUSTED: `queue_max` wait already. UNAVAILABLE: it was stopped. On an error `work`
  // is never called.
  absl::Status Submit(std::function<void()> work) ABSL_LOCKS_EXCLUDED(mutex_);

  // Does what waits, then joins the threads. Call from one thread.
  void Stop() ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  void Run() ABSL_LOCKS_EXCLUDED(mutex_);
  bool HasNews() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return stopping_ || !queue_.empty();
  }

  const WorkerPoolOptions options_;
  storage::Clock& clock_;
  absl::Mutex mutex_;
  std::deque<std::function<void()>> queue_ ABSL_GUARDED_BY(mutex_);
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::vector<std::thread> threads_;
};

}  // namespace ora::aggregator
