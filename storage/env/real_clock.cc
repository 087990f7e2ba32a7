#include "storage/env/real_clock.h"

#include <ctime>

#include "absl/time/clock.h"

namespace ora::storage {

absl::Time RealClock::Now() { return absl::Now(); }

absl::Duration RealClock::Monotonic() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return absl::DurationFromTimespec(now);
}

bool RealClock::Await(absl::Mutex& mutex, const absl::Condition& condition, absl::Duration limit) {
  return mutex.AwaitWithTimeout(condition, limit);
}

}  // namespace ora::storage
