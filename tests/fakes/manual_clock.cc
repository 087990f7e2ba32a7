#include "tests/fakes/manual_clock.h"

namespace ora::fakes {
namespace {

// A waiter looks at the manual time this often in real time; a mutex only wakes its own waiters.
constexpr absl::Duration kLook = absl::Milliseconds(1);
constexpr absl::Duration kAwaitWaitersMax = absl::Seconds(10);

}  // namespace

absl::Time ManualClock::Now() {
  absl::MutexLock lock(&mutex_);
  return now_;
}

absl::Duration ManualClock::Monotonic() {
  absl::MutexLock lock(&mutex_);
  return monotonic_;
}

bool ManualClock::Await(absl::Mutex& mutex, const absl::Condition& condition,
                        absl::Duration limit) {
  absl::Duration deadline;
  {
    absl::MutexLock lock(&mutex_);
    deadline = monotonic_ + limit;
    if (limit != absl::InfiniteDuration() && limit > absl::ZeroDuration()) ++waiters_;
  }
  bool holds = condition.Eval();
  bool in_time = limit > absl::ZeroDuration();
  while (!holds && in_time) {
    holds = mutex.AwaitWithTimeout(condition, kLook);
    in_time = Monotonic() < deadline;
  }
  absl::MutexLock lock(&mutex_);
  if (limit != absl::InfiniteDuration() && limit > absl::ZeroDuration()) --waiters_;
  return holds;
}

void ManualClock::Advance(absl::Duration by) {
  absl::MutexLock lock(&mutex_);
  now_ += by;
  monotonic_ += by;
}

bool ManualClock::AwaitWaiters(int threads) {
  absl::MutexLock lock(&mutex_);
  const auto enough = [this, threads]()
                          ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return waiters_ >= threads; };
  return mutex_.AwaitWithTimeout(absl::Condition(&enough), kAwaitWaitersMax);
}

}  // namespace ora::fakes
