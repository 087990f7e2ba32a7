// A clock that moves only when the test says so.
#pragma once

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_set.h"
#include "absl/synchronization/mutex.h"
#include "storage/env/clock.h"

namespace ora::fakes {

// Thread-safe. Now and Monotonic move together, by Advance alone. A thread in Await with a finite
// limit wakes when time has moved past it.
class ManualClock final : public storage::Clock {
 public:
  // 2026-01-01T00:00:00Z unless told otherwise.
  explicit ManualClock(absl::Time start = absl::FromUnixSeconds(1'767'225'600)) : now_(start) {}

  absl::Time Now() override ABSL_LOCKS_EXCLUDED(mutex_);
  absl::Duration Monotonic() override ABSL_LOCKS_EXCLUDED(mutex_);
  bool Await(absl::Mutex& mutex, const absl::Condition& condition, absl::Duration limit) override
      ABSL_LOCKS_EXCLUDED(mutex_);

  // Moves time on and wakes those who waited for it.
  void Advance(absl::Duration by) ABSL_LOCKS_EXCLUDED(mutex_);

  // Waits (in real time, at most 10 s) until `threads` threads wait in Await with a finite limit
  // that has not passed; false if they do not.
  bool AwaitWaiters(int threads) ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  absl::Mutex mutex_;
  absl::Time now_ ABSL_GUARDED_BY(mutex_);
  absl::Duration monotonic_ ABSL_GUARDED_BY(mutex_);
  int waiters_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace ora::fakes
