#include "aggregator/server/worker_pool.h"

#include <utility>

#include "absl/strings/str_cat.h"

namespace ora::aggregator {

WorkerPool::WorkerPool(const WorkerPoolOptions& options, storage::Clock& clock)
    : options_(options), clock_(clock) {
  threads_.reserve(options_.threads);
  for (size_t i = 0; i < options_.threads; ++i) threads_.emplace_back([this] { Run(); });
}

absl::Status WorkerPool::Submit(std::function<void()> work) {
  absl::MutexLock lock(&mutex_);
  if (stopping_) return absl::UnavailableError("aggregator is stopping; come again");
  if (queue_.size() >= options_.queue_max) {
    return absl::ResourceExhaustedError(absl::StrCat("call: ", queue_.size(),
                                                     " calls wait for a thread, of at most ",
                                                     options_.queue_max, "; come again later"));
  }
  queue_.push_back(std::move(work));
  return absl::OkStatus();
}

void WorkerPool::Stop() {
  {
    absl::MutexLock lock(&mutex_);
    stopping_ = true;
  }
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
}

void WorkerPool::Run() {
  for (;;) {
    std::function<void()> work;
    {
      absl::MutexLock lock(&mutex_);
      clock_.Await(mutex_, absl::Condition(this, &WorkerPool::HasNews), absl::InfiniteDuration());
      if (queue_.empty()) return;
      work = std::move(queue_.front());
      queue_.pop_front();
    }
    work();
  }
}

}  // namespace ora::aggregator
